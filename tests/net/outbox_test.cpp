#include <catch2/catch_get_random_seed.hpp>
#include <catch2/catch_test_macros.hpp>

#include <deque>

#include "server/net/outbox.hpp"
#include "shared/base/rng.hpp"

namespace parley::test {
namespace {

using app::Priority;
using net::Outbox;

app::SharedBytes item(std::string_view text) {
  return std::make_shared<const Bytes>(to_bytes(as_bytes(text)));
}

// Writes at most `most` bytes, as a socket would, and returns them.
std::string write_some(Outbox& outbox, std::size_t most) {
  std::array<iovec, 8> entries;
  const std::size_t used = outbox.gather(entries);
  std::string out;
  for (std::size_t i = 0; i < used && out.size() < most; ++i) {
    const auto* start = static_cast<const char*>(entries[i].iov_base);
    out.append(start, std::min(entries[i].iov_len, most - out.size()));
  }
  outbox.consume(out.size());
  return out;
}

TEST_CASE("priorities go first, and within one the order is kept") {
  Outbox outbox;
  outbox.push(item("p1 "), Priority::kPresence);
  outbox.push(item("m1 "), Priority::kMessage);
  outbox.push(item("c1 "), Priority::kControl);
  outbox.push(item("m2 "), Priority::kMessage);
  CHECK(outbox.bytes() == 12);
  CHECK(write_some(outbox, 100) == "c1 m1 m2 p1 ");
  CHECK(outbox.empty());
}

TEST_CASE("an item written in part goes on before a more important one") {
  Outbox outbox;
  outbox.push(item("presence"), Priority::kPresence);
  CHECK(write_some(outbox, 3) == "pre");
  outbox.push(item("control"), Priority::kControl);
  CHECK(outbox.items() == 2);
  CHECK(outbox.drop_unsent() == 1);
  CHECK(outbox.bytes() == 5);
  outbox.push(item("!"), Priority::kControl);
  CHECK(write_some(outbox, 100) == "sence!");
}

TEST_CASE("any partial writes give the same stream in each priority") {
  SeededRng rng(Catch::getSeed());
  INFO("seed " << Catch::getSeed());
  Outbox outbox;
  std::array<std::deque<std::string>, 3> expected;
  std::string current;  // what is left of the item that was begun
  std::size_t bytes = 0;
  for (int step = 0; step < 20'000; ++step) {
    if (rng.below(2) == 0) {
      const std::size_t priority = rng.below(3);
      std::string text(1 + rng.below(9), static_cast<char>('a' + rng.below(26)));
      outbox.push(item(text), static_cast<Priority>(priority));
      bytes += text.size();
      expected[priority].push_back(std::move(text));
    } else {
      for (const char c : write_some(outbox, rng.below(40))) {
        for (std::size_t p = 0; current.empty() && p < 3; ++p) {
          if (expected[p].empty()) continue;
          current = expected[p].front();
          expected[p].pop_front();
        }
        REQUIRE_FALSE(current.empty());
        REQUIRE(c == current.front());
        current.erase(0, 1);
        --bytes;
      }
    }
    REQUIRE(outbox.bytes() == bytes);
  }
}

}  // namespace
}  // namespace parley::test
