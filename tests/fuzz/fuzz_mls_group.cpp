// The state machine by a list of operations: the bytes are the choices of a history
// (tests/mls/history.hpp), which compares the group with a plain model after every commit.
#include "tests/fuzz/fuzz_require.hpp"
#include "tests/mls/history.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley::mls;
  constexpr std::size_t kMaxSteps = 16;
  std::size_t used = 0;
  const auto next = [&]() -> std::size_t { return used < size ? data[used++] : 0; };
  const auto choose = [&](std::size_t bound) {
    const std::size_t low = next();
    return (bound <= 256 ? low : low | next() << 8) % bound;
  };
  test::History::Options options;
  options.devices = 2 + choose(4);
  options.handshakes = choose(4) == 0 ? WireFormat::kPrivateMessage : WireFormat::kPublicMessage;
  test::History history(options, choose, parley::test::fuzz_require);
  for (std::size_t step = 0; step < kMaxSteps && used < size; ++step) history.step();
  return 0;
}
