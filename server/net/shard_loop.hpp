// One shard: a thread with its event loop, mailbox and timers.
//
// A turn of the loop runs whatever is ready (sockets, tasks, timers) and ends with one flush of
// every connection that has something to send, so that all it was given in a turn leaves in one
// write.
//
// Thread rule: post() and call_after() from any thread; the rest from the loop's own thread, or
// before start(). Lifetime: made and destroyed by LoopPool; destruction stops and joins.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "shared/base/time.hpp"

namespace boost::asio {
class io_context;
}

namespace parley::net {

Now clock_now();

// Something that wants a call at the end of the turn.
class Flushable {
 public:
  virtual ~Flushable() = default;
  virtual void flush() = 0;
};

class ShardLoop {
 public:
  using Task = std::function<void()>;
  // Called with what() of an exception that left a task: always a bug, never fatal to the loop.
  using FaultHandler = std::function<void(std::string_view)>;

  ShardLoop(std::uint16_t index, FaultHandler on_fault);
  ~ShardLoop();
  ShardLoop(const ShardLoop&) = delete;
  ShardLoop& operator=(const ShardLoop&) = delete;

  void start();
  // Ends the loop after the running task and joins its thread.
  void stop();

  void post(Task task);
  void call_after(Duration delay, Task task);

  std::uint16_t index() const { return index_; }
  bool is_current() const;
  // Until then `flushable` must live, or be handed to bury().
  void flush_soon(Flushable& flushable);
  // Keeps `object` until the present turn's flush is over.
  void bury(std::shared_ptr<Flushable> object);
  // Shared by all reads of the shard: an idle connection owns no buffer. Contents end with the
  // turn.
  std::span<std::uint8_t> scratch();
  boost::asio::io_context& io();

 private:
  struct Impl;
  std::uint16_t index_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace parley::net
