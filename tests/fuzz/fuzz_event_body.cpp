// Bodies of events, and their JSON. The first byte is the event's kind.
#include <algorithm>

#include "shared/wire/json.hpp"
#include "shared/wire/json_archive.hpp"
#include "tests/fuzz/fuzz_require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley;
  if (size == 0 || size > wire::kMaxBodyBytes) return 0;
  wire::Event event;
  event.kind = wire::EventKind{data[0]};
  event.body.assign(data + 1, data + size);

  if (const auto body = wire::decode_body(event.kind, event.body)) {
    std::visit(
        [&](const auto& known) {
          if constexpr (wire::Declared<std::decay_t<decltype(known)>, wire::BinaryWriter>) {
            test::fuzz_require(wire::encode(known) == event.body, "a body is not canonical");
          }
        },
        *body);
  }
  const std::string json = wire::to_json(RoomId{}, event);
  const auto back = wire::decode_json<wire::Event>(json);
  test::fuzz_require(back.ok(), "an event's JSON cannot be read");
  // An empty body of a kind that needs one is the only thing JSON does not keep.
  if (!event.body.empty()) test::fuzz_require(*back == event, "JSON changed an event");
  return 0;
}
