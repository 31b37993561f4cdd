// Text from a JSON client: a command that is accepted is valid in binary as well, so that whatever
// stands behind the gateways needs one kind of care.
#include "shared/wire/json.hpp"
#include "shared/wire/json_tree.hpp"
#include "tests/fuzz/fuzz_require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley;
  ClientId fresh;
  fresh.uuid.bytes[0] = 1;
  const auto got = wire::command_from_json(as_text(ByteView(data, size)), fresh);
  std::string answer;
  if (const auto* command = std::get_if<wire::JsonCommand>(&got)) {
    const Bytes bytes = wire::encode_frame(wire::CommandFrame{1, command->command});
    const auto frame = wire::decode_client_frame(bytes);
    test::fuzz_require(std::holds_alternative<wire::ClientFrame>(frame),
                       "a JSON command is not valid in binary");
    answer = wire::to_json(wire::Response{wire::Done{}}, command->id);
  } else {
    const auto& fault = std::get<wire::JsonFault>(got);
    answer = wire::to_json(
        wire::ErrorReply{static_cast<std::uint16_t>(fault.error.code), fault.error.detail, 0, {}},
        fault.id);
  }
  test::fuzz_require(wire::JsonTree::parse(answer).ok(), "an answer is not JSON");
  return 0;
}
