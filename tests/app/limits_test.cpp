#include "server/app/limits.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace parley;
using namespace parley::app;

TEST_CASE("a token bucket gives its count at once, then one each step") {
  TokenBucket bucket(3, seconds(3));
  const MonoTime start{50'000};
  for (int i = 0; i < 3; ++i) CHECK(bucket.take(start).ms == 0);
  CHECK(bucket.take(start).ms == 1000);
  CHECK(bucket.take(start + milliseconds(999)).ms == 1);
  CHECK(bucket.take(start + milliseconds(1000)).ms == 0);
  CHECK(bucket.take(start + milliseconds(1000)).ms == 1000);
}

TEST_CASE("a sliding window allows n in any window, not n a calendar second") {
  SlidingWindow window(2, seconds(1));
  const MonoTime start{50'000};
  CHECK(window.take(start).ms == 0);
  CHECK(window.take(start + milliseconds(900)).ms == 0);
  CHECK(window.take(start + milliseconds(950)).ms == 50);
  CHECK(window.take(start + milliseconds(1000)).ms == 0);
  CHECK(window.take(start + milliseconds(1001)).ms == 899);
}

TEST_CASE("zero switches a limit off") {
  TokenBucket bucket(0, seconds(1));
  SlidingWindow window(0, seconds(1));
  for (int i = 0; i < 1000; ++i) {
    CHECK(bucket.take({}).ms == 0);
    CHECK(window.take({}).ms == 0);
  }
}
