// Where and when the use cases run: shards (one thread each), and time. Implemented by server/net
// over io_contexts, and by tests as one deterministic queue.
#pragma once

#include <cstdint>
#include <functional>

#include "shared/base/time.hpp"

namespace parley::app {

class Executor {
 public:
  virtual ~Executor() = default;

  virtual std::uint16_t shard_count() const = 0;  // constant, at least 1

  // Any thread. Runs `task` on the shard's thread; tasks posted by one thread to one shard keep
  // their order. Never runs it inside the call.
  virtual void post(std::uint16_t shard, std::function<void()> task) = 0;

  // Only on the shard's own thread. Runs `task` there after the delay; dropped at shutdown.
  virtual void call_after(std::uint16_t shard, Duration delay, std::function<void()> task) = 0;

  virtual Now now() const = 0;  // any thread
};

}  // namespace parley::app
