#include <catch2/catch_test_macros.hpp>
#include <unordered_set>

#include "shared/base/id.hpp"

namespace parley::test {
namespace {

TEST_CASE("a new id is a version 7 UUID of its moment") {
  SeededRng rng(1);
  // The example of RFC 9562, appendix A.6: 2022-02-22T19:22:22Z.
  const Timestamp at{0x017F22E279B0};
  for (int i = 0; i < 100; ++i) {
    const Uuid id = Uuid::make_v7(at, rng);
    const std::string text = id.to_string();
    INFO(text);
    CHECK(text.substr(0, 15) == "017f22e2-79b0-7");
    CHECK((id.bytes[8] & 0xc0) == 0x80);
    CHECK(Uuid::parse(text) == id);
  }
}

TEST_CASE("ids sort by their age") {
  SeededRng rng(2);
  Uuid before = Uuid::make_v7({1000}, rng);
  for (std::int64_t ms = 1001; ms < 100'000'000'000; ms = ms * 3 / 2) {
    const Uuid after = Uuid::make_v7({ms}, rng);
    CHECK(before < after);
    before = after;
  }
}

TEST_CASE("ids of one moment differ") {
  SeededRng rng(3);
  std::unordered_set<Uuid> seen;
  for (int i = 0; i < 10'000; ++i) CHECK(seen.insert(Uuid::make_v7({5}, rng)).second);
}

TEST_CASE("an id's text is read in either case and in no other form") {
  const std::string good = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f";
  REQUIRE(Uuid::parse(good).has_value());
  CHECK(Uuid::parse(good)->to_string() == good);
  CHECK(Uuid::parse("017F22E2-79B0-7CC3-98C4-DC0C0C07398F") == Uuid::parse(good));
  const std::string bad[] = {
      "",
      good.substr(1),
      good + "0",
      "{017f22e2-79b0-7cc3-98c4-dc0c0c07398}",
      "017f22e279b07cc398c4dc0c0c07398f",
      "017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
      "017f22e2_79b0_7cc3_98c4_dc0c0c07398f",
      "-17f22e2079b0-7cc3-98c4-dc0c0c07398f",
      "017f22e2-79b0-7cc3-98c4-dc0c0c0739-f",
  };
  for (const auto& text : bad) {
    INFO(text);
    CHECK(!Uuid::parse(text).has_value());
  }
}

TEST_CASE("ids are made of 16 bytes") {
  const Bytes raw(16, 7);
  REQUIRE(RoomId::from_bytes(raw).has_value());
  CHECK(to_bytes(RoomId::from_bytes(raw)->view()) == raw);
  CHECK(!RoomId::from_bytes(Bytes(15)).has_value());
  CHECK(!RoomId::from_bytes(Bytes(17)).has_value());
  CHECK(RoomId{}.is_nil());
  CHECK(!RoomId::from_bytes(raw)->is_nil());
}

TEST_CASE("the seeded source repeats itself and fills any length") {
  SeededRng one(42), two(42), other(43);
  Bytes a(37), b(37), c(37);
  one.fill(a), two.fill(b), other.fill(c);
  CHECK(a == b);
  CHECK(a != c);
  CHECK(one.below(0) == 0);
  for (int i = 0; i < 1000; ++i) CHECK(one.below(7) < 7);
}

}  // namespace
}  // namespace parley::test
