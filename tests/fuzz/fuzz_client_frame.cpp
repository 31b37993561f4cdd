// What a server reads from a client: any bytes are a frame or a fault, and a frame has one form.
#include <algorithm>

#include "shared/wire/frame.hpp"
#include "tests/fuzz/fuzz_require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley;
  const ByteView input(data, size);
  const auto got = wire::decode_client_frame(input);
  if (const auto* frame = std::get_if<wire::ClientFrame>(&got)) {
    const Bytes again = wire::encode_frame(*frame);
    test::fuzz_require(std::equal(again.begin(), again.end(), input.begin(), input.end()),
                       "an accepted frame is not canonical");
  } else {
    test::fuzz_require(error_info(std::get<wire::FrameFault>(got).error.code).name != "unknown",
                       "a fault without a known code");
  }
  return 0;
}
