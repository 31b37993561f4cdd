// Row formats that more than one part of the SQLite store reads or writes.
#pragma once

#include "server/store/journal.hpp"
#include "server/store/recent_table.hpp"
#include "server/store/sqlite_db.hpp"

namespace parley::store {

// events.id: the room's key in the upper half, the sequence number in the lower one.
inline constexpr int kSeqBits = 32;
inline constexpr Seq kMaxSeq{(std::uint64_t{1} << kSeqBits) - 1};

inline std::int64_t event_id(RoomKey room, Seq seq) {
  return (room.value << kSeqBits) | static_cast<std::int64_t>(seq.value);
}
inline Seq seq_of_event(std::int64_t id) {
  return {static_cast<std::uint64_t>(id) & kMaxSeq.value};
}

inline constexpr std::string_view kSelectEvents =
    "SELECT id, at, ordinal, kind, sender, device, client_id, body FROM events "
    "WHERE id BETWEEN ?1 AND ?2 ORDER BY id";

inline StoredEvent event_row(const Query& row) {
  StoredEvent stored;
  stored.event.seq = seq_of_event(row.integer(0));
  stored.event.at = row.time(1);
  stored.ordinal = row.natural(2);
  stored.event.kind = row.enumerated<wire::EventKind>(3);
  stored.event.sender = row.id<UserId>(4);
  stored.event.device = row.id<DeviceId>(5);
  stored.event.client_id = row.id<ClientId>(6);
  stored.event.body = to_bytes(row.blob(7));
  return stored;
}

inline constexpr std::string_view kSelectHead =
    "SELECT head, ordinal, position, last_at, last_message FROM room_heads WHERE room_key = ?1";

inline RoomHead head_row(const Query& row, int first_column) {
  return {.seq = row.seq(first_column),
          .ordinal = row.natural(first_column + 1),
          .position = row.natural(first_column + 2),
          .at = row.time(first_column + 3),
          .last_message = row.seq(first_column + 4)};
}

// What a room's preview shows.
inline bool is_message(wire::EventKind kind, bool counts) {
  return kind == wire::EventKind::kMessage || (kind == wire::EventKind::kSealed && counts);
}

// Who is counted as a member of a room.
inline bool is_counted(wire::Role role, bool banned) {
  return role >= wire::Role::kMember && !banned;
}

}  // namespace parley::store
