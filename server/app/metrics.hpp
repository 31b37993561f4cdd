// Counters of the use cases: relaxed atomics, read by server/ops for /metrics.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace parley::app {

using Counter = std::atomic<std::uint64_t>;

struct Metrics {
  // Upper bounds of the acknowledgement latency buckets, microseconds; a last one is unbounded.
  static constexpr std::array<std::uint32_t, 12> kLatencyBoundsUs = {
      500,    1'000,   2'500,   5'000,   10'000,    25'000,
      50'000, 100'000, 250'000, 500'000, 1'000'000, 5'000'000};

  Counter commands{0};
  Counter messages_accepted{0};
  Counter messages_duplicate{0};
  Counter commands_refused{0};
  Counter rate_limited{0};
  Counter sign_ins{0};
  Counter sign_ins_refused{0};
  Counter events_published{0};
  Counter rooms_active{0};
  Counter users_active{0};
  std::array<Counter, kLatencyBoundsUs.size() + 1> ack_latency{};
  Counter ack_latency_sum_us{0};

  static void add(Counter& counter, std::uint64_t n = 1) {
    counter.fetch_add(n, std::memory_order_relaxed);
  }
  void observe_ack(std::uint64_t us) {
    std::size_t bucket = 0;
    while (bucket < kLatencyBoundsUs.size() && us > kLatencyBoundsUs[bucket]) ++bucket;
    add(ack_latency[bucket]);
    add(ack_latency_sum_us, us);
  }
};

}  // namespace parley::app
