#include <catch2/catch_get_random_seed.hpp>
#include <catch2/catch_test_macros.hpp>

#include "server/net/ws_codec.hpp"
#include "shared/base/rng.hpp"
#include "tests/net/ws_frames.hpp"

namespace parley::test {
namespace {

using net::WsClose;
using net::WsOpcode;
using net::WsReader;

constexpr std::size_t kLimit = 1 << 20;

Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

struct Outcome {
  RecordingSink sink;
  std::optional<net::WsFault> fault;
  std::size_t held = 0;
};

Outcome read_all(Bytes stream, std::size_t limit = kLimit) {
  Outcome outcome;
  WsReader reader(limit);
  outcome.fault = reader.feed(stream, outcome.sink);
  outcome.held = reader.held_bytes();
  return outcome;
}

std::optional<WsClose> close_of(Bytes stream, std::size_t limit = kLimit) {
  const Outcome outcome = read_all(std::move(stream), limit);
  return outcome.fault ? std::optional(outcome.fault->close) : std::nullopt;
}

Bytes close_payload(std::uint16_t code, std::string_view reason = {}) {
  Bytes payload = {static_cast<std::uint8_t>(code >> 8), static_cast<std::uint8_t>(code & 0xff)};
  const ByteView text = as_bytes(reason);
  payload.insert(payload.end(), text.begin(), text.end());
  return payload;
}

TEST_CASE("the examples of RFC 6455 section 5.7") {
  const Bytes masked_hello = {0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58};
  const Outcome one = read_all(masked_hello);
  REQUIRE_FALSE(one.fault);
  REQUIRE(one.sink.seen.size() == 1);
  CHECK(as_text(one.sink.seen[0].payload) == "Hello");
  CHECK(client_frame(WsOpcode::kText, "Hello") == masked_hello);

  CHECK(*net::make_ws_frame(WsOpcode::kText, to_bytes(as_bytes("Hello"))) ==
        Bytes{0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f});
  const auto big = net::make_ws_frame(WsOpcode::kBinary, Bytes(256));
  CHECK(Bytes(big->begin(), big->begin() + 4) == Bytes{0x82, 0x7e, 0x01, 0x00});
  const auto huge = net::make_ws_frame(WsOpcode::kBinary, Bytes(65536));
  CHECK(Bytes(huge->begin(), huge->begin() + 10) == Bytes{0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0});
}

TEST_CASE("fragments become one message, with control frames between them") {
  const Outcome outcome = read_all(joined({
      client_frame(WsOpcode::kText, "Hel", {.final = false}),
      client_frame(WsOpcode::kPing, "are you there"),
      client_frame(WsOpcode::kContinuation, "lo ", {.final = false}),
      client_frame(WsOpcode::kContinuation, "", {.final = false}),
      client_frame(WsOpcode::kContinuation, "world"),
      client_frame(WsOpcode::kBinary, ""),
  }));
  REQUIRE_FALSE(outcome.fault);
  REQUIRE(outcome.sink.seen.size() == 3);
  CHECK(outcome.sink.seen[0].opcode == WsOpcode::kPing);
  CHECK(as_text(outcome.sink.seen[0].payload) == "are you there");
  CHECK(as_text(outcome.sink.seen[1].payload) == "Hello world");
  CHECK(outcome.sink.seen[2] == ServerFrame{WsOpcode::kBinary, {}});
  CHECK(outcome.held == 0);
}

TEST_CASE("what breaks the rules ends with the right close code") {
  const std::string long_text(200, 'x');
  struct Case {
    const char* what;
    Bytes stream;
    WsClose close;
  };
  const Case cases[] = {
      {"no mask", client_frame(WsOpcode::kText, "x", {.masked = false}), WsClose::kProtocolError},
      {"reserved bit", client_frame(WsOpcode::kText, "x", {.reserved = 0x40}),
       WsClose::kProtocolError},
      {"unknown data opcode", client_frame(static_cast<WsOpcode>(3), "x"), WsClose::kProtocolError},
      {"unknown control opcode", client_frame(static_cast<WsOpcode>(11), "x"),
       WsClose::kProtocolError},
      {"fragmented ping", client_frame(WsOpcode::kPing, "x", {.final = false}),
       WsClose::kProtocolError},
      {"long ping", client_frame(WsOpcode::kPing, long_text), WsClose::kProtocolError},
      {"continuation of nothing", client_frame(WsOpcode::kContinuation, "x"),
       WsClose::kProtocolError},
      {"message in a message",
       joined({client_frame(WsOpcode::kText, "x", {.final = false}),
               client_frame(WsOpcode::kText, "x")}),
       WsClose::kProtocolError},
      {"length in two bytes without need", client_frame(WsOpcode::kText, "x", {.length_bytes = 2}),
       WsClose::kProtocolError},
      {"length in eight bytes without need",
       client_frame(WsOpcode::kText, long_text, {.length_bytes = 8}), WsClose::kProtocolError},
      {"text that is not UTF-8", client_frame(WsOpcode::kText, "\xc3\x28"),
       WsClose::kInvalidPayload},
      {"surrogate", client_frame(WsOpcode::kText, "\xed\xa0\x80"), WsClose::kInvalidPayload},
      {"cut character over two fragments",
       joined({client_frame(WsOpcode::kText, "\xe2\x82", {.final = false}),
               client_frame(WsOpcode::kContinuation, "x")}),
       WsClose::kInvalidPayload},
      {"close of one byte", client_frame(WsOpcode::kClose, "\x03"), WsClose::kProtocolError},
      {"close reason not UTF-8", client_frame(WsOpcode::kClose, close_payload(1000, "\xff")),
       WsClose::kInvalidPayload},
  };
  for (const Case& c : cases) {
    INFO(c.what);
    CHECK(close_of(c.stream) == c.close);
  }
}

TEST_CASE("a character may be cut by fragments") {
  const Outcome outcome = read_all(joined({
      client_frame(WsOpcode::kText, "\xe2\x82", {.final = false}),
      client_frame(WsOpcode::kContinuation, "\xac"),
  }));
  CHECK_FALSE(outcome.fault);
  REQUIRE(outcome.sink.seen.size() == 1);
  CHECK(as_text(outcome.sink.seen[0].payload) == "\xe2\x82\xac");
}

TEST_CASE("close codes") {
  for (const int good : {1000, 1001, 1002, 1003, 1007, 1008, 1011, 1012, 1014, 3000, 4999}) {
    INFO(good);
    const Outcome outcome =
        read_all(client_frame(WsOpcode::kClose, close_payload(static_cast<std::uint16_t>(good))));
    CHECK_FALSE(outcome.fault);
    CHECK(outcome.sink.closed == static_cast<WsClose>(good));
  }
  for (const int bad : {0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535}) {
    INFO(bad);
    CHECK(
        close_of(client_frame(WsOpcode::kClose, close_payload(static_cast<std::uint16_t>(bad)))) ==
        WsClose::kProtocolError);
  }
  CHECK(read_all(client_frame(WsOpcode::kClose, "")).sink.closed == WsClose::kNoStatus);
}

TEST_CASE("nothing is read after a close, a fault or a stop") {
  const Bytes message = client_frame(WsOpcode::kText, "late");
  CHECK(read_all(joined({client_frame(WsOpcode::kClose, ""), message})).sink.seen.empty());

  RecordingSink sink;
  sink.stop_after_message = true;
  WsReader reader(kLimit);
  Bytes two = joined({message, message});
  CHECK_FALSE(reader.feed(two, sink));
  CHECK(reader.finished());
  CHECK(sink.seen.size() == 1);
}

TEST_CASE("sizes are bounded before memory is taken") {
  CHECK_FALSE(close_of(client_frame(WsOpcode::kBinary, Bytes(1000)), 1000));
  CHECK(close_of(client_frame(WsOpcode::kBinary, Bytes(1001)), 1000) == WsClose::kTooLarge);
  CHECK(close_of(joined({client_frame(WsOpcode::kBinary, Bytes(600), {.final = false}),
                         client_frame(WsOpcode::kContinuation, Bytes(401))}),
                 1000) == WsClose::kTooLarge);

  // Headers that promise up to 2^64 - 1 bytes.
  for (const std::uint8_t top : Bytes{0x01, 0x7f, 0xff}) {
    const Bytes header = {0x82, 0xff, top, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4};
    const Outcome outcome = read_all(header);
    REQUIRE(outcome.fault);
    CHECK(outcome.fault->close == WsClose::kTooLarge);
    CHECK(outcome.held == 0);
  }
  // A promise within the limit takes only what has come.
  const Bytes large = client_frame(WsOpcode::kBinary, Bytes(900'000));
  const Outcome outcome = read_all(Bytes(large.begin(), large.begin() + 100));
  CHECK_FALSE(outcome.fault);
  CHECK(outcome.held < 1000);
}

TEST_CASE("any chunking gives the same messages") {
  SeededRng rng(Catch::getSeed());
  INFO("seed " << Catch::getSeed());
  for (int round = 0; round < 300; ++round) {
    Bytes stream;
    for (std::uint64_t frames = 1 + rng.below(5); frames > 0; --frames) {
      Bytes payload(rng.below(10) == 0 ? rng.below(70'000) : rng.below(300));
      rng.fill(payload);
      FrameOptions options;
      rng.fill(options.mask);
      const std::size_t cut = rng.below(payload.size() + 1);
      const ByteView whole = payload;
      if (rng.below(2) == 0) {
        const Bytes frame = client_frame(WsOpcode::kBinary, whole, options);
        stream.insert(stream.end(), frame.begin(), frame.end());
      } else {
        options.final = false;
        const Bytes head = client_frame(WsOpcode::kBinary, whole.first(cut), options);
        options.final = true;
        const Bytes ping = client_frame(WsOpcode::kPing, "p", options);
        const Bytes tail = client_frame(WsOpcode::kContinuation, whole.subspan(cut), options);
        for (const Bytes* part : {&head, &ping, &tail}) {
          stream.insert(stream.end(), part->begin(), part->end());
        }
      }
    }
    // Sometimes damaged, so that faults are met in pieces as well.
    if (rng.below(3) == 0) {
      std::uint8_t& byte = stream[rng.below(stream.size())];
      byte = static_cast<std::uint8_t>(byte ^ (1 + rng.below(255)));
    }

    const Outcome whole = read_all(stream);
    RecordingSink sink;
    WsReader reader(kLimit);
    std::optional<net::WsFault> fault;
    Bytes rest = stream;
    std::span<std::uint8_t> left(rest);
    while (!left.empty() && !fault) {
      const std::size_t size =
          std::min<std::size_t>(1 + rng.below(rng.below(2) == 0 ? 3 : 5000), left.size());
      fault = reader.feed(left.first(size), sink);
      left = left.subspan(size);
    }
    REQUIRE(sink.seen == whole.sink.seen);
    REQUIRE(sink.closed == whole.sink.closed);
    REQUIRE(fault.has_value() == whole.fault.has_value());
    if (fault) REQUIRE(fault->close == whole.fault->close);
  }
}

}  // namespace
}  // namespace parley::test
