// Counters, rendered as Prometheus text (FEATURES N1).
//
// Our own registry, not prometheus-cpp: each shard owns a cache line of relaxed atomics that it
// alone writes, so counting costs one uncontended add; the library shares doubles between all
// threads and keeps them behind maps and locks, and is one more dependency for 60 lines of
// rendering.
//
// Thread rule: a ShardMetrics is written by its shard; reading and rendering from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace parley::ops {

// A number that one thread writes and others read.
class Counter {
 public:
  void add(std::uint64_t n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  void subtract(std::uint64_t n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) - n, std::memory_order_relaxed);
  }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// X(member, kind, metric name, help)
#define PARLEY_SHARD_METRICS(X) \
  X(connections_active, gauge, "parley_connections_active", "Open connections") \
  X(connections_total, counter, "parley_connections_total", "Connections accepted") \
  X(connection_errors, counter, "parley_connection_errors_total", \
    "Connections that broke the rules or died") \
  X(websockets_active, gauge, "parley_websockets_active", "Open WebSocket conversations") \
  X(refused_connections, counter, "parley_connections_refused_total", \
    "Connections turned away by a limit") \
  X(http_requests, counter, "parley_http_requests_total", "HTTP requests answered") \
  X(messages_in, counter, "parley_messages_in_total", "WebSocket messages received") \
  X(messages_out, counter, "parley_messages_out_total", "WebSocket messages sent") \
  X(bytes_in, counter, "parley_bytes_in_total", "Bytes received") \
  X(bytes_out, counter, "parley_bytes_out_total", "Bytes sent") \
  X(writes, counter, "parley_writes_total", "Write calls to sockets") \
  X(outbox_bytes, gauge, "parley_outbox_bytes", "Bytes waiting for connections") \
  X(slow_readers, counter, "parley_slow_readers_total", \
    "Connections ended because they could not keep up") \
  X(dropped_messages, counter, "parley_messages_dropped_total", \
    "Messages not sent to connections that ended")

struct alignas(64) ShardMetrics {
#define PARLEY_METRIC(member, kind, name, help) Counter member;
  PARLEY_SHARD_METRICS(PARLEY_METRIC)
#undef PARLEY_METRIC
};

// Appends metrics in the text format; `labels` without braces, may be empty.
class MetricsText {
 public:
  void family(std::string_view name, std::string_view kind, std::string_view help);
  void sample(std::string_view name, std::string_view labels, double value);
  void gauge(std::string_view name, std::string_view help, double value);
  void counter(std::string_view name, std::string_view help, double value);
  // Of seconds. `counts` has one more entry than `bounds_us`, for what is above the last bound;
  // they are not cumulative yet.
  void histogram(std::string_view name, std::string_view help,
                 std::span<const std::uint32_t> bounds_us, std::span<const std::uint64_t> counts,
                 std::uint64_t sum_us);
  std::string take() && { return std::move(out_); }

 private:
  std::string out_;
};

class Metrics {
 public:
  explicit Metrics(std::uint16_t shard_count) : shards_(shard_count) {}

  ShardMetrics& shard(std::uint16_t index) { return shards_[index]; }
  const ShardMetrics& shard(std::uint16_t index) const { return shards_[index]; }
  // A part that is computed when asked for; it must be callable from any thread.
  void add_source(std::function<void(MetricsText&)> source);
  std::string render() const;

 private:
  std::deque<ShardMetrics> shards_;
  mutable std::mutex sources_mutex_;
  std::vector<std::function<void(MetricsText&)>> sources_;
};

// Process resources and build information, as a source.
void render_process(MetricsText& text);

}  // namespace parley::ops
