// The WebSocket reader: any bytes, in any pieces, give the same messages or the same fault, and
// memory taken stays within what came.
#include <algorithm>

#include "server/net/ws_codec.hpp"
#include "shared/base/utf8.hpp"
#include "tests/fuzz/fuzz_require.hpp"
#include "tests/net/ws_frames.hpp"

namespace {

constexpr std::size_t kLimit = 4096;

struct Outcome {
  parley::test::RecordingSink sink;
  std::optional<parley::net::WsFault> fault;
};

Outcome read(parley::Bytes stream, std::size_t step) {
  Outcome outcome;
  parley::net::WsReader reader(kLimit);
  std::span<std::uint8_t> left(stream);
  while (!left.empty() && !outcome.fault) {
    const std::size_t size = std::min(step, left.size());
    outcome.fault = reader.feed(left.first(size), outcome.sink);
    left = left.subspan(size);
    // Vectors grow by doubling, so they may hold twice their content.
    parley::test::fuzz_require(reader.held_bytes() <= 2 * (kLimit + 125),
                               "more memory than allowed");
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley;
  if (size == 0) return 0;
  const Bytes stream(data + 1, data + size);
  const Outcome whole = read(stream, stream.size());
  const Outcome pieces = read(stream, std::size_t{1} + data[0]);
  test::fuzz_require(whole.sink.seen == pieces.sink.seen, "messages depend on the pieces");
  test::fuzz_require(whole.sink.closed == pieces.sink.closed, "the close depends on the pieces");
  test::fuzz_require(whole.fault.has_value() == pieces.fault.has_value(),
                     "the fault depends on the pieces");
  for (const test::ServerFrame& frame : whole.sink.seen) {
    test::fuzz_require(frame.payload.size() <= kLimit, "a message over the limit");
    test::fuzz_require(
        frame.opcode != net::WsOpcode::kText || is_valid_utf8(as_text(frame.payload)),
        "text that is not UTF-8");
  }
  return 0;
}
