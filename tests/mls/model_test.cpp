// Random histories of a group against the plain model in history.hpp.
#include <catch2/catch_test_macros.hpp>

#include "tests/mls/history.hpp"

namespace parley::mls::test {
namespace {

void run(std::size_t seed, History::Options options, int steps) {
  INFO("seed " << seed);
  SeededRng choices(seed);
  History history(
      options, [&](std::size_t bound) { return static_cast<std::size_t>(choices.below(bound)); },
      [](bool holds, const char* what) {
        INFO(what);
        REQUIRE(holds);
      });
  for (int i = 0; i < steps; ++i) {
    INFO("step " << i);
    history.step();
  }
}

}  // namespace

TEST_CASE("members of small groups agree, whatever happens") {
  for (std::size_t seed = 1; seed <= 160; ++seed) {
    const auto format = seed % 4 == 0 ? WireFormat::kPrivateMessage : WireFormat::kPublicMessage;
    run(seed, {static_cast<std::size_t>(2 + seed % 9), format}, 25);
  }
}

TEST_CASE("members of larger groups agree, whatever happens") {
  for (std::size_t seed = 1001; seed <= 1008; ++seed) run(seed, {24}, 50);
}

}  // namespace parley::mls::test
