#include "server/net/loop_pool.hpp"

#include <algorithm>
#include <thread>

namespace parley::net {

LoopPool::LoopPool(std::uint16_t shards, ShardLoop::FaultHandler on_fault) {
  if (shards == 0) {
    shards = static_cast<std::uint16_t>(std::clamp(std::thread::hardware_concurrency(), 1u, 256u));
  }
  for (std::uint16_t i = 0; i < shards; ++i) {
    loops_.push_back(std::make_unique<ShardLoop>(i, on_fault));
  }
}

void LoopPool::start() {
  for (const auto& loop : loops_) loop->start();
}

void LoopPool::stop() {
  for (const auto& loop : loops_) loop->stop();
}

}  // namespace parley::net
