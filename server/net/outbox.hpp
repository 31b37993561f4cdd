// What waits to be written to one connection: bounded in bytes by its owner, drained in the order
// of priority (FEATURES B7), first come first served within one.
//
// Items are immutable and shared; a drained outbox holds no memory. An item that was written in
// part goes on before anything else. Thread rule: one shard.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "server/app/peer.hpp"

namespace parley::net {

class Outbox {
 public:
  void push(app::SharedBytes item, app::Priority priority);

  // Fills `out` with what goes next; returns how many entries it used. Nothing moves until
  // consume().
  std::size_t gather(std::span<iovec> out) const;
  // `bytes` of what was gathered have been written; returns how many items that completed.
  std::size_t consume(std::size_t bytes);
  // Drops all but an item written in part; returns how many were dropped.
  std::size_t drop_unsent();

  bool empty() const { return bytes_ == 0; }
  std::size_t bytes() const { return bytes_; }
  std::size_t items() const;

 private:
  // A vector with a moving front: a deque keeps half a KiB even when empty.
  class Queue {
   public:
    void push(app::SharedBytes item) { items_.push_back(std::move(item)); }
    app::SharedBytes pop();
    void clear();
    std::span<const app::SharedBytes> view() const { return std::span(items_).subspan(front_); }

   private:
    std::vector<app::SharedBytes> items_;
    std::uint32_t front_ = 0;
  };

  std::array<Queue, 3> queues_;
  app::SharedBytes partial_;  // the item written in part, no longer in its queue
  std::size_t partial_offset_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace parley::net
