#include "server/app/limits.hpp"

#include <algorithm>

namespace parley::app {

TokenBucket::TokenBucket(std::uint32_t count, Duration period)
    : step_us_(count == 0 ? 0 : period.ms * 1000 / count), period_us_(period.ms * 1000) {}

Duration TokenBucket::take(MonoTime now) {
  if (step_us_ == 0) return {};
  const std::int64_t now_us = now.ms * 1000;
  std::int64_t full_at = full_at_us_.load(std::memory_order_relaxed);
  for (;;) {
    const std::int64_t next = std::max(full_at, now_us) + step_us_;
    const std::int64_t over = next - now_us - period_us_;
    if (over > 0) return {(over + 999) / 1000};
    if (full_at_us_.compare_exchange_weak(full_at, next, std::memory_order_relaxed)) return {};
  }
}

SlidingWindow::SlidingWindow(std::uint32_t count, Duration window)
    : count_(std::min(count, kMost)), window_ms_(window.ms) {
  for (auto& moment : taken_at_ms_) moment.store(INT64_MIN / 2, std::memory_order_relaxed);
}

Duration SlidingWindow::take(MonoTime now) {
  if (count_ == 0) return {};
  const std::uint32_t slot = next_.load(std::memory_order_relaxed) % count_;
  const std::int64_t age_ms = now.ms - taken_at_ms_[slot].load(std::memory_order_relaxed);
  if (age_ms < window_ms_) return {window_ms_ - age_ms};
  // Two devices of a user in the same instant may share a slot: at most one message too many.
  taken_at_ms_[slot].store(now.ms, std::memory_order_relaxed);
  next_.store((slot + 1) % count_, std::memory_order_relaxed);
  return {};
}

}  // namespace parley::app
