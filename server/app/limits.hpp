// Rate limits of one user (FEATURES L1), shared by all of the user's connections.
//
// Thread rule: any thread; each limit is one atomic, so no lock is on the message path.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "server/app/config.hpp"
#include "shared/base/result.hpp"

namespace parley::app {

// "n per period" as a token bucket of n, kept as the one moment at which it would be full again
// (GCRA): taking a token moves that moment on by period / n.
class TokenBucket {
 public:
  TokenBucket(std::uint32_t count, Duration period);

  // Nothing when a token was there; else how long until there is one.
  Duration take(MonoTime now);

 private:
  std::int64_t step_us_;
  std::int64_t period_us_;
  std::atomic<std::int64_t> full_at_us_{0};
};

// At most n within any window: remembers the moments of the last n (n <= kMost).
class SlidingWindow {
 public:
  static constexpr std::uint32_t kMost = 64;
  SlidingWindow(std::uint32_t count, Duration window);
  Duration take(MonoTime now);

 private:
  std::uint32_t count_;
  std::int64_t window_ms_;
  std::atomic<std::uint32_t> next_{0};
  std::array<std::atomic<std::int64_t>, kMost> taken_at_ms_;
};

class UserLimits {
 public:
  explicit UserLimits(const AppConfig& config)
      : requests_(config.requests_per_minute, minutes(1)),
        burst_(config.messages_per_second, seconds(1)),
        sustained_(config.messages_per_minute, minutes(1)),
        rooms_(config.rooms_per_day, days(1)) {}

  Status take_request(MonoTime now) { return limited(requests_.take(now), "requests"); }
  Status take_message(MonoTime now) {
    PARLEY_TRY(limited(burst_.take(now), "messages per second"));
    return limited(sustained_.take(now), "messages per minute");
  }
  Status take_room(MonoTime now) {
    const Duration wait = rooms_.take(now);
    if (wait.ms == 0) return {};
    return Error{ErrorCode::kQuotaReached, "new rooms per day", wait};
  }

 private:
  static Status limited(Duration wait, const char* what) {
    if (wait.ms == 0) return {};
    return Error{ErrorCode::kRateLimited, what, wait};
  }
  TokenBucket requests_;
  SlidingWindow burst_;
  TokenBucket sustained_;
  TokenBucket rooms_;
};

}  // namespace parley::app
