// The newest part of the rooms' logs, which is in the journal but not yet in the tables.
//
// The write thread is the only one that changes it, and reads it without the lock; it changes it
// under the lock after each commit, before the callbacks. Readers copy what they need under the
// lock and start their database snapshot afterwards: what leaves this table has been committed to
// the tables before, so nothing can be missed in between.
#pragma once

#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "server/store/journal.hpp"

namespace parley::store {

// The end of a room's log.
struct RoomHead {
  Seq seq;
  std::uint64_t ordinal = 0;
  Position position = 0;
  Timestamp at;      // of the newest event; never goes back within a room
  Seq last_message;  // newest message, open or sealed
};

struct RecentRoom {
  RoomHead head;
  std::vector<StoredEvent> events;  // dense, the last one is the head's; may be empty
  std::unordered_map<UserKey, Marker> markers;

  // The first sequence number that is not in the tables.
  Seq first() const { return {head.seq.value + 1 - events.size()}; }
  // Null when `seq` is not among `events`.
  const StoredEvent* find(Seq seq) const;
};

class RecentTable {
 public:
  // Readers: runs `use(const RecentRoom*, Position published)` under the lock.
  template <class Use>
  auto with_room(RoomKey room, Use use) const {
    const std::lock_guard lock(mutex_);
    return use(find(room), published_);
  }
  std::optional<Marker> marker(RoomKey room, UserKey user) const;

  // Everything below belongs to the write thread.
  const RecentRoom* find(RoomKey room) const;
  std::vector<RoomKey> rooms() const;
  std::size_t event_count() const { return event_count_; }
  std::size_t body_bytes() const { return body_bytes_; }
  std::size_t marker_count() const { return marker_count_; }
  Position published() const { return published_; }

  // Changes; the caller holds the lock while it makes a commit's worth of them.
  [[nodiscard]] std::unique_lock<std::mutex> lock() { return std::unique_lock(mutex_); }
  void set_published(Position position) { published_ = position; }
  void append(RoomKey room, const RoomHead& head, StoredEvent stored);
  void set_marker(RoomKey room, UserKey user, const Marker& marker);
  void drop_marker(RoomKey room, UserKey user);
  void drop_room(RoomKey room);

 private:
  mutable std::mutex mutex_;
  std::unordered_map<RoomKey, RecentRoom> rooms_;
  Position published_ = 0;
  std::size_t event_count_ = 0;
  std::size_t body_bytes_ = 0;
  std::size_t marker_count_ = 0;
};

}  // namespace parley::store
