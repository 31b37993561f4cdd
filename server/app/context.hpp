// What every use case needs: the shards and what is shared between them.
//
// Rooms and users are each owned by one shard, picked by their id; connections live where they were
// accepted. A use case runs on one shard at a time and hops to whoever owns what it needs
// (task.hpp).
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "server/app/config.hpp"
#include "server/app/executor.hpp"
#include "server/app/metrics.hpp"
#include "server/app/peer.hpp"
#include "server/app/task.hpp"
#include "server/app/token.hpp"
#include "server/store/store.hpp"

namespace parley::app {

class Fanout;
class Rooms;
class Users;
class Sessions;

using ShardIndex = std::uint16_t;

// One shard's parts; only touched on its thread.
struct Shard {
  explicit Shard(ShardIndex own_index);
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  ShardIndex index;
  std::unique_ptr<Fanout> fanout;
  std::unique_ptr<Rooms> rooms;
  std::unique_ptr<Users> users;
  std::unique_ptr<Sessions> sessions;
};

struct Context {
  Executor& executor;
  store::Store& store;
  AppConfig config;
  Encoders encoders;
  Rng& rng;  // thread-safe
  TokenKey token_key;
  std::string store_name;  // random, made with the store: sync tokens of another store do not count
  RoomId lobby;            // nil: none
  std::function<void(const char* where, std::exception_ptr)> on_fault;
  Metrics metrics{};
  std::atomic<bool> draining{false};
  std::atomic<std::uint32_t> commands_in_flight{0};
  // Newest position whose events were handed to their rooms. See Sessions::barrier.
  std::atomic<store::Position> written{0};
  std::vector<std::unique_ptr<Shard>> shards{};

  ShardIndex shard_of(RoomId id) const { return pick(id.uuid); }
  ShardIndex shard_of(UserId id) const { return pick(id.uuid); }
  Shard& shard(ShardIndex index) { return *shards[index]; }

  // Runs `task` with the shard's parts, on its thread.
  template <class F>
  void tell(ShardIndex to, F task) {
    executor.post(to, [this, to, task = std::move(task)]() mutable { task(shard(to)); });
  }
  ShardHop hop(ShardIndex from, ShardIndex to) { return on(executor, from, to); }

  void start(const char* where, Task<void> task) {
    spawn(std::move(task), [this, where](std::exception_ptr fault) { on_fault(where, fault); });
  }

 private:
  ShardIndex pick(const Uuid& id) const {
    // The last byte of a UUIDv7 is random; ids of other origin are at worst uneven.
    return static_cast<ShardIndex>((id.bytes[15] ^ id.bytes[14]) % shards.size());
  }
};

// Waits for several tasks that all end on the same shard.
class TaskGroup {
 public:
  TaskGroup(Context& context, const char* where) : context_(context), where_(where) {}
  void add(Task<void> task) {
    ++running_;
    context_.start(where_, run(std::move(task)));
  }
  bool await_ready() const noexcept { return running_ == 0; }
  void await_suspend(std::coroutine_handle<> waiting) { waiting_ = waiting; }
  void await_resume() const noexcept {}

 private:
  Task<void> run(Task<void> task) {
    std::exception_ptr fault;
    try {
      co_await std::move(task);
    } catch (...) {
      fault = std::current_exception();
    }
    if (fault) context_.on_fault(where_, fault);
    if (--running_ == 0 && waiting_) std::exchange(waiting_, nullptr).resume();
  }
  Context& context_;
  const char* where_;
  std::size_t running_ = 0;
  std::coroutine_handle<> waiting_;
};

// What a command ends in.
using Reply = std::variant<wire::Response, wire::ErrorReply>;

inline wire::ErrorReply to_error_reply(const Error& error) {
  wire::ErrorReply reply;
  reply.code = static_cast<std::uint16_t>(error.code);
  reply.detail = error.detail;
  reply.retry_after_ms = static_cast<std::uint32_t>(
      std::min<std::int64_t>(std::max<std::int64_t>(error.retry_after.ms, 0), UINT32_MAX));
  return reply;
}
inline Reply fail(const Error& error) { return to_error_reply(error); }
inline Reply fail(ErrorCode code, std::string detail = {}) {
  return to_error_reply(Error{code, std::move(detail), {}});
}

}  // namespace parley::app
