// Latencies in nanoseconds, counted in buckets 3 % wide: constant memory, any number of samples.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>

namespace parley::bench {

class Histogram {
 public:
  void record(std::int64_t ns) {
    const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(ns, 0));
    ++buckets_[bucket_of(value)];
    ++count_;
    sum_ += static_cast<double>(value);
    max_ = std::max(max_, value);
    min_ = std::min(min_, value);
  }

  std::uint64_t count() const { return count_; }
  double mean_ms() const { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_) / 1e6; }
  double max_ms() const { return static_cast<double>(max_) / 1e6; }
  double min_ms() const { return count_ == 0 ? 0 : static_cast<double>(min_) / 1e6; }

  // The upper edge of the bucket that holds the `percent` quantile.
  double percentile_ms(double percent) const {
    if (count_ == 0) return 0;
    const double wanted = static_cast<double>(count_) * percent / 100.0;
    double seen = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      seen += static_cast<double>(buckets_[i]);
      if (seen >= wanted) {
        return static_cast<double>(std::min(upper_edge(i), max_)) / 1e6;
      }
    }
    return max_ms();
  }

 private:
  static constexpr int kSubBits = 5;  // 32 buckets for each power of two
  static constexpr std::uint64_t kSub = 1u << kSubBits;

  static std::size_t bucket_of(std::uint64_t value) {
    if (value < kSub) return static_cast<std::size_t>(value);
    const int exponent = 63 - std::countl_zero(value);
    const std::uint64_t within = (value >> (exponent - kSubBits)) - kSub;
    return static_cast<std::size_t>(
        (static_cast<std::uint64_t>(exponent - kSubBits + 1) << kSubBits) + within);
  }
  static std::uint64_t upper_edge(std::size_t bucket) {
    const std::uint64_t row = bucket >> kSubBits;
    const std::uint64_t within = bucket & (kSub - 1);
    if (row == 0) return within;
    return ((kSub + within + 1) << (row - 1)) - 1;
  }

  std::array<std::uint64_t, (64 - kSubBits + 1) * kSub> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
  std::uint64_t min_ = std::numeric_limits<std::uint64_t>::max();
  double sum_ = 0;
};

}  // namespace parley::bench
