// The bounded queue in front of the write thread: any thread pushes, the write thread takes
// everything that has gathered.
#pragma once

#include <condition_variable>
#include <mutex>
#include <variant>
#include <vector>

#include "server/store/sqlite_devices.hpp"
#include "server/store/store.hpp"

namespace parley::store {

struct RoomItem {
  RoomWrite write;
  Callback<RoomWritten> done;
  Result<RoomWritten> result{ErrorCode::kInternal};
};
struct MarkersItem {
  std::vector<MarkerWrite> markers;
  Callback<Position> done;
  Result<Position> result{ErrorCode::kInternal};
};
struct UserItem {
  UserRecord user;
  StatusCallback done;
  Status result;
};
struct DeviceItem {
  DeviceRecord device;
  StatusCallback done;
  Status result;
};
struct SettingItem {
  std::string key;
  Bytes value;
  StatusCallback done;
  Status result;
};
// A write of what devices keep; it holds its own answer.
struct CallItem {
  std::size_t bytes = 0;
  DeviceCall call;
  StatusCallback done;
  Status result;
};
struct TrimItem {
  TrimQuery query;
  Callback<Trimmed> done;
  Result<Trimmed> result{ErrorCode::kInternal};
};
using WriteItem =
    std::variant<RoomItem, MarkersItem, UserItem, DeviceItem, SettingItem, CallItem, TrimItem>;

class WriteQueue {
 public:
  WriteQueue(std::size_t max_items, std::size_t max_bytes)
      : max_items_(max_items), max_bytes_(max_bytes) {}

  // kOverloaded or kShuttingDown when the item was not taken (it is then untouched).
  Status push(WriteItem& item);
  // Waits until there is something, the queue closes, or `timeout` passes. Swaps what there is into
  // `out`, which must be empty. False when the queue is closed and empty.
  bool take(std::vector<WriteItem>& out, Duration timeout);
  void close();

  // The taken items were written; they count against the bounds until then.
  void release(std::size_t items, std::size_t bytes);
  std::size_t size() const;
  static std::size_t bytes_of(const WriteItem& item);

 private:
  const std::size_t max_items_;
  const std::size_t max_bytes_;
  mutable std::mutex mutex_;
  std::condition_variable filled_;
  bool waiting_ = false;
  bool closed_ = false;
  std::vector<WriteItem> items_;
  std::size_t held_items_ = 0;  // queued or being written
  std::size_t held_bytes_ = 0;
};

}  // namespace parley::store
