#include <catch2/catch_get_random_seed.hpp>
#include <catch2/catch_test_macros.hpp>

#include "shared/base/rng.hpp"
#include "shared/base/time.hpp"

namespace parley::test {
namespace {

TEST_CASE("moments are written in UTC with milliseconds") {
  const std::pair<std::int64_t, std::string> cases[] = {
      {0, "1970-01-01T00:00:00.000Z"},
      {-1, "1969-12-31T23:59:59.999Z"},
      {951'782'400'000, "2000-02-29T00:00:00.000Z"},
      {951'868'800'000, "2000-03-01T00:00:00.000Z"},
      {1'700'000'000'123, "2023-11-14T22:13:20.123Z"},
      {4'107'542'400'000, "2100-03-01T00:00:00.000Z"},
      {-2'203'891'200'000, "1900-03-01T00:00:00.000Z"},
      {-62'167'219'200'000, "0000-01-01T00:00:00.000Z"},
      {253'402'300'799'999, "9999-12-31T23:59:59.999Z"},
  };
  for (const auto& [ms, text] : cases) {
    CHECK(to_iso8601({ms}) == text);
    CHECK(from_iso8601(text) == Timestamp{ms});
  }
  CHECK(to_iso8601({INT64_MIN}) == "0000-01-01T00:00:00.000Z");
  CHECK(to_iso8601({INT64_MAX}) == "9999-12-31T23:59:59.999Z");
}

TEST_CASE("every day of 400 years follows the one before") {
  constexpr std::int64_t kDay = 86'400'000;
  std::string before = to_iso8601({-kDay});
  for (std::int64_t day = 0; day < 146'097; ++day) {
    const std::string text = to_iso8601({day * kDay});
    if (text <= before || from_iso8601(text) != Timestamp{day * kDay}) FAIL(text);
    before = text;
  }
  CHECK(before == "2369-12-31T00:00:00.000Z");
}

TEST_CASE("any moment comes back") {
  SeededRng rng(Catch::getSeed());
  INFO("seed " << Catch::getSeed());
  for (int i = 0; i < 10'000; ++i) {
    const Timestamp at{static_cast<std::int64_t>(rng.below(315'569'520'000'000)) -
                       62'167'219'200'000};
    if (from_iso8601(to_iso8601(at)) != at) FAIL(at.ms);
  }
}

TEST_CASE("the forms people write are read") {
  const Timestamp moment{1'772'368'496'000};  // 2026-03-01T12:34:56Z
  const std::pair<std::string, Timestamp> cases[] = {
      {"2026-03-01T12:34:56Z", moment},
      {"2026-03-01t12:34:56z", moment},
      {"2026-03-01 12:34:56Z", moment},
      {"2026-03-01T13:34:56+01:00", moment},
      {"2026-03-01T07:04:56-05:30", moment},
      {"2026-03-01T12:34:56-00:00", moment},
      {"2026-03-01T12:34:56.7Z", {moment.ms + 700}},
      {"2026-03-01T12:34:56.78Z", {moment.ms + 780}},
      {"2026-03-01T12:34:56,789Z", {moment.ms + 789}},
      {"2026-03-01T12:34:56.789999999Z", {moment.ms + 789}},
      {"2026-03-01T12:34Z", {moment.ms - 56'000}},
      {"2026-03-01", {1'772'323'200'000}},
      {"2016-12-31T23:59:60Z", {1'483'228'800'000}},
      {"2026-02-28T23:30:00-01:00", {1'772'325'000'000}},
  };
  for (const auto& [text, at] : cases) {
    INFO(text);
    CHECK(from_iso8601(text) == at);
  }
}

TEST_CASE("every other form of time is refused") {
  for (const char* text :
       {"", "2026", "2026-03", "2026-3-1", "26-03-01", "2026-00-01", "2026-13-01", "2026-02-29",
        "1900-02-29", "2026-04-31", "2026-03-00", "2026-03-01T", "2026-03-01T12Z",
        "2026-03-01T12:34", "2026-03-01T12:34:56", "2026-03-01T24:00:00Z", "2026-03-01T12:60:00Z",
        "2026-03-01T12:34:61Z", "2026-03-01T12:34:56.Z", "2026-03-01T12:34:56.1234567890Z",
        "2026-03-01T12:34:56Zx", "2026-03-01T12:34:56+1:00", "2026-03-01T12:34:56+24:00",
        "2026-03-01T12:34:56+0100", "+2026-03-01", "2026/03/01", " 2026-03-01", "2026-03-01 ",
        "-026-03-01", "1772368496000", "2026-03-01T1-:34:56Z"}) {
    INFO(text);
    CHECK(!from_iso8601(text).has_value());
  }
  CHECK(from_iso8601("2000-02-29").has_value());
  CHECK(from_iso8601("2024-02-29").has_value());
}

TEST_CASE("distances add up") {
  CHECK(MonoTime{5} + seconds(1) - MonoTime{5} == milliseconds(1000));
  CHECK(minutes(2) * 3 == seconds(360));
  CHECK(days(1) == hours(24));
}

}  // namespace
}  // namespace parley::test
