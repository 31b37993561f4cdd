// How long to wait before the next try: at once, then 1, 2, 4 ... 30 s with full jitter; longer
// when the server keeps failing (circuit breaker) or says so itself (retry-after).
#pragma once

#include <algorithm>

#include "shared/base/rng.hpp"
#include "shared/base/time.hpp"

namespace parley::sync {

struct BackoffConfig {
  Duration first = seconds(1);
  Duration longest = seconds(30);
  int breaker_after = 10;               // failures in a row that open the breaker
  Duration breaker_wait = seconds(60);  // then: half of it to all of it, and one probe
};

class Backoff {
 public:
  Backoff(BackoffConfig config, Rng& rng) : config_(config), rng_(rng) {}

  // One more failure; returns the wait before the next try.
  Duration failed(Duration retry_after = {}) {
    const Duration own = breaker_open() ? probe_wait() : Duration{jitter(ceiling())};
    ++failures_;
    if (retry_after.ms <= 0) return own;
    // Everybody was told the same moment: spread over a quarter of it.
    return std::max(own, retry_after + Duration{jitter(retry_after.ms / 4)});
  }
  void succeeded() { failures_ = 0; }

  int failures() const { return failures_; }
  // Open from the failure that filled the count until a success; each try meanwhile is a probe.
  bool breaker_open() const { return failures_ >= config_.breaker_after; }

  // The longest wait that the next failed() may return by itself.
  std::int64_t ceiling() const {
    if (failures_ == 0) return 0;
    std::int64_t wait = config_.first.ms;
    for (int i = 1; i < failures_ && wait < config_.longest.ms; ++i) wait *= 2;
    return std::min(wait, config_.longest.ms);
  }

 private:
  std::int64_t jitter(std::int64_t bound) {
    return static_cast<std::int64_t>(rng_.below(static_cast<std::uint64_t>(bound) + 1));
  }
  Duration probe_wait() {
    const std::int64_t half = config_.breaker_wait.ms / 2;
    return {half + jitter(half)};
  }

  BackoffConfig config_;
  Rng& rng_;
  int failures_ = 0;
};

}  // namespace parley::sync
