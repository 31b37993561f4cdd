// All shards of the process, as the use cases see them.
//
// Thread rule: the Executor's methods from any thread; start() and stop() from the one that made
// it.
#pragma once

#include <memory>
#include <vector>

#include "server/app/executor.hpp"
#include "server/net/shard_loop.hpp"

namespace parley::net {

class LoopPool final : public app::Executor {
 public:
  // 0 shards: one for each core.
  LoopPool(std::uint16_t shards, ShardLoop::FaultHandler on_fault);
  ~LoopPool() override { stop(); }

  void start();
  // No task runs afterwards. Call it when connections are gone and before what tasks refer to is.
  void stop();

  ShardLoop& loop(std::uint16_t shard) { return *loops_[shard]; }

  void post(std::uint16_t shard, std::function<void()> task) override {
    loops_[shard]->post(std::move(task));
  }
  std::uint16_t shard_count() const override { return static_cast<std::uint16_t>(loops_.size()); }
  void call_after(std::uint16_t shard, Duration delay, std::function<void()> task) override {
    loops_[shard]->call_after(delay, std::move(task));
  }
  Now now() const override { return clock_now(); }

 private:
  std::vector<std::unique_ptr<ShardLoop>> loops_;
};

}  // namespace parley::net
