#include "server/store/sqlite_flusher.hpp"

#include <algorithm>

#include "server/store/sqlite_rows.hpp"

namespace parley::store {
namespace {

constexpr std::size_t kPressingFactor = 4;  // times the bounds

}  // namespace

void SqliteFlusher::begin_round_if_due(std::int64_t last_journal_id, bool always) {
  if (in_round_) return;
  const std::size_t rows = std::max(recent_.event_count() + recent_.marker_count(), ids_.size());
  if (!always && rows < bounds_.events && recent_.body_bytes() < bounds_.body_bytes) return;
  in_round_ = true;
  barrier_ = last_journal_id;
  rooms_ = recent_.rooms();
  std::sort(rooms_.begin(), rooms_.end());
  next_room_ = 0;
  names_ = ids_.freeze();
  next_name_ = 0;
}

bool SqliteFlusher::is_pressing() const {
  return recent_.event_count() + recent_.marker_count() > kPressingFactor * bounds_.events ||
         recent_.body_bytes() > kPressingFactor * bounds_.body_bytes;
}

Status SqliteFlusher::write_slice(std::size_t budget) {
  slice_ = {};
  std::size_t written = 0;
  while (written < budget && next_room_ + slice_.rooms < rooms_.size()) {
    const auto rows = write_room(rooms_[next_room_ + slice_.rooms]);
    if (!rows.ok()) return rows.error();
    written += *rows;
    ++slice_.rooms;
  }
  while (written < budget && next_name_ + slice_.names < names_.size()) {
    const auto& [name, seq] = names_[next_name_ + slice_.names];
    PARLEY_TRY(write_name(name, seq));
    ++written;
    ++slice_.names;
  }
  if (next_room_ + slice_.rooms == rooms_.size() && next_name_ + slice_.names == names_.size()) {
    slice_.ends_round = true;
    return database_.query("DELETE FROM journal WHERE id <= ?1").bind(barrier_).run();
  }
  return {};
}

Result<std::size_t> SqliteFlusher::write_room(RoomKey key) {
  const RecentRoom* recent = recent_.find(key);
  if (recent == nullptr) return std::size_t{0};
  for (const StoredEvent& stored : recent->events) {
    const wire::Event& event = stored.event;
    PARLEY_TRY(
        database_
            .query("INSERT INTO events(id, at, ordinal, kind, sender, device, client_id, body) "
                   "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")
            .bind(event_id(key, event.seq))
            .bind(event.at)
            .bind(stored.ordinal)
            .bind_enum(event.kind)
            .bind(event.sender)
            .bind(event.device)
            .bind(event.client_id)
            .bind(event.body)
            .run());
  }
  if (!recent->events.empty()) {
    const RoomHead& head = recent->head;
    PARLEY_TRY(database_
                   .query("UPDATE room_heads SET head = ?2, ordinal = ?3, position = ?4, "
                          "last_at = ?5, last_message = ?6 WHERE room_key = ?1")
                   .bind(key.value)
                   .bind(head.seq)
                   .bind(head.ordinal)
                   .bind(head.position)
                   .bind(head.at)
                   .bind(head.last_message)
                   .run());
  }
  for (const auto& [user, marker] : recent->markers) {
    PARLEY_TRY(database_
                   .query("UPDATE members SET delivered = ?3, read = ?4, changed = ?5 "
                          "WHERE room_key = ?1 AND user_key = ?2 AND changed < ?5")
                   .bind(key.value)
                   .bind(user.value)
                   .bind(marker.delivered)
                   .bind(marker.read)
                   .bind(marker.changed)
                   .run());
    // What was read counts for nobody any more.
    PARLEY_TRY(database_
                   .query("DELETE FROM mentions WHERE room_key = ?1 AND user_key = ?2 "
                          "AND seq <= ?3")
                   .bind(key.value)
                   .bind(user.value)
                   .bind(marker.read)
                   .run());
  }
  return recent->events.size() + recent->markers.size();
}

Status SqliteFlusher::write_name(const EventName& name, Seq seq) {
  // Recovery may offer names again that the table has.
  return database_
      .query(
          "INSERT OR IGNORE INTO event_ids(client_id, room_key, sender_key, seq) "
          "VALUES(?1, ?2, ?3, ?4)")
      .bind(name.client_id)
      .bind(name.room.value)
      .bind(name.sender.value)
      .bind(seq)
      .run();
}

void SqliteFlusher::publish() {
  for (std::size_t i = 0; i < slice_.rooms; ++i) recent_.drop_room(rooms_[next_room_ + i]);
  next_room_ += slice_.rooms;
  next_name_ += slice_.names;
  if (slice_.ends_round) {
    in_round_ = false;
    rooms_.clear();
    names_.clear();
    ids_.drop_frozen();
  }
  slice_ = {};
}

}  // namespace parley::store
