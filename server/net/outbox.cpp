#include "server/net/outbox.hpp"

#include <utility>

namespace parley::net {
namespace {

// Kept across bursts, so that a lively connection does not allocate for each.
constexpr std::size_t kKeptCapacity = 16;

iovec entry(const Bytes& bytes, std::size_t offset) {
  // writev takes mutable pointers but only reads.
  return {const_cast<std::uint8_t*>(bytes.data()) + offset, bytes.size() - offset};
}

}  // namespace

app::SharedBytes Outbox::Queue::pop() {
  app::SharedBytes item = std::move(items_[front_]);
  ++front_;
  if (front_ == items_.size()) {
    items_.clear();
    if (items_.capacity() > kKeptCapacity) items_.shrink_to_fit();
    front_ = 0;
  } else if (front_ >= 1024 && front_ * 2 >= items_.size()) {
    items_.erase(items_.begin(), items_.begin() + front_);
    front_ = 0;
  }
  return item;
}

void Outbox::Queue::clear() {
  items_ = {};
  front_ = 0;
}

void Outbox::push(app::SharedBytes item, app::Priority priority) {
  if (item == nullptr || item->empty()) return;
  bytes_ += item->size();
  queues_[static_cast<std::size_t>(priority)].push(std::move(item));
}

std::size_t Outbox::gather(std::span<iovec> out) const {
  std::size_t used = 0;
  if (partial_ != nullptr && used < out.size()) out[used++] = entry(*partial_, partial_offset_);
  for (const Queue& queue : queues_) {
    for (const app::SharedBytes& item : queue.view()) {
      if (used == out.size()) return used;
      out[used++] = entry(*item, 0);
    }
  }
  return used;
}

std::size_t Outbox::consume(std::size_t bytes) {
  bytes_ -= bytes;
  std::size_t completed = 0;
  if (partial_ != nullptr) {
    const std::size_t left = partial_->size() - partial_offset_;
    if (bytes < left) {
      partial_offset_ += bytes;
      return 0;
    }
    bytes -= left;
    partial_.reset();
    partial_offset_ = 0;
    ++completed;
  }
  for (Queue& queue : queues_) {
    while (bytes > 0 && !queue.view().empty()) {
      app::SharedBytes item = queue.pop();
      if (bytes < item->size()) {
        partial_ = std::move(item);
        partial_offset_ = bytes;
        return completed;
      }
      bytes -= item->size();
      ++completed;
    }
  }
  return completed;
}

std::size_t Outbox::drop_unsent() {
  const std::size_t dropped = items() - (partial_ != nullptr ? 1 : 0);
  for (Queue& queue : queues_) queue.clear();
  bytes_ = partial_ != nullptr ? partial_->size() - partial_offset_ : 0;
  return dropped;
}

std::size_t Outbox::items() const {
  std::size_t count = partial_ != nullptr ? 1 : 0;
  for (const Queue& queue : queues_) count += queue.view().size();
  return count;
}

}  // namespace parley::net
