// What a client reads from a server: whatever is accepted can be written and read again.
#include "shared/wire/json.hpp"
#include "tests/fuzz/fuzz_require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley;
  const auto frame = wire::decode_server_frame(ByteView(data, size));
  if (!frame || std::holds_alternative<wire::UnknownFrame>(*frame)) return 0;
  const Bytes first = wire::encode_frame(*frame);
  const auto again = wire::decode_server_frame(first);
  test::fuzz_require(again.ok(), "an accepted frame cannot be read again");
  test::fuzz_require(again->index() == frame->index(), "a frame changed its type");
  test::fuzz_require(wire::encode_frame(*again) == first, "a frame changed");
  return 0;
}
