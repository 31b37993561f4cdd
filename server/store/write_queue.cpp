#include "server/store/write_queue.hpp"

#include <chrono>

namespace parley::store {
namespace {

struct BytesOf {
  std::size_t operator()(const RoomItem& item) const {
    std::size_t bytes = item.write.members.size() * sizeof(MemberRecord);
    for (const NewEvent& event : item.write.events) {
      bytes += sizeof(NewEvent) + event.body.size() + event.mentions.size() * sizeof(UserId);
    }
    if (item.write.group) {
      bytes += item.write.group->group_info.size() + item.write.group->tree.size();
    }
    if (item.write.inbox) bytes += inbox_bytes(*item.write.inbox);
    return bytes;
  }
  std::size_t operator()(const MarkersItem& item) const {
    return item.markers.size() * sizeof(MarkerWrite);
  }
  std::size_t operator()(const UserItem& item) const {
    return item.user.name.size() + item.user.status_text.size();
  }
  std::size_t operator()(const DeviceItem& item) const { return item.device.name.size(); }
  std::size_t operator()(const SettingItem& item) const {
    return item.key.size() + item.value.size();
  }
  std::size_t operator()(const CallItem& item) const { return item.bytes; }
  std::size_t operator()(const TrimItem&) const { return 0; }
};

}  // namespace

std::size_t WriteQueue::bytes_of(const WriteItem& item) {
  return sizeof(WriteItem) + std::visit(BytesOf{}, item);
}

Status WriteQueue::push(WriteItem& item) {
  const std::size_t bytes = bytes_of(item);
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return ErrorCode::kShuttingDown;
    if (held_items_ >= max_items_ || held_bytes_ + bytes > max_bytes_) {
      return ErrorCode::kOverloaded;
    }
    ++held_items_;
    held_bytes_ += bytes;
    items_.push_back(std::move(item));
    wake = std::exchange(waiting_, false);
  }
  if (wake) filled_.notify_one();
  return {};
}

bool WriteQueue::take(std::vector<WriteItem>& out, Duration timeout) {
  std::unique_lock lock(mutex_);
  waiting_ = true;
  filled_.wait_for(lock, std::chrono::milliseconds(timeout.ms),
                   [this] { return closed_ || !items_.empty(); });
  waiting_ = false;
  out.swap(items_);
  return !out.empty() || !closed_;
}

void WriteQueue::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  filled_.notify_one();
}

void WriteQueue::release(std::size_t items, std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  held_items_ -= items;
  held_bytes_ -= bytes;
}

std::size_t WriteQueue::size() const {
  const std::lock_guard lock(mutex_);
  return held_items_;
}

}  // namespace parley::store
