// Loading a whole room.
#include <algorithm>
#include <chrono>
#include <thread>

#include "server/store/sqlite_reader.hpp"
#include "server/store/sqlite_rows.hpp"

namespace parley::store {
namespace {

// How long a commit may take between being visible in the database and being published.
constexpr int kMaxAttempts = 2000;
constexpr std::chrono::microseconds kBetweenAttempts{500};
constexpr std::uint32_t kMaxTail = 10'000;

}  // namespace

Result<RoomSnapshot> SqliteReader::load_room(const RoomId& id, std::uint32_t tail) {
  const auto key = find_room(id);
  if (!key.ok()) return key.error();
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    auto room = try_load_room(*key, std::min(tail, kMaxTail));
    if (!room.ok()) return room.error();
    if (*room) return std::move(**room);
    std::this_thread::sleep_for(kBetweenAttempts);
  }
  return Error{ErrorCode::kStorageFailed, "a room changes faster than it can be read", {}};
}

Result<std::optional<RoomSnapshot>> SqliteReader::try_load_room(RoomKey key, std::uint32_t tail) {
  const RecentCopy recent = copy_recent(key, tail);
  Transaction snapshot(*database_, Transaction::Kind::kRead);
  PARLEY_TRY(snapshot.began());
  RoomSnapshot room;
  const auto consistent = load_record(key, recent.published, room);
  if (!consistent.ok()) return consistent.error();
  if (!*consistent) return std::optional<RoomSnapshot>();
  PARLEY_TRY(load_log(key, recent, tail, room));
  const auto columns = load_members(key, room);
  if (!columns.ok()) return columns.error();
  PARLEY_TRY(load_mentions(key, *columns, room));
  PARLEY_TRY(apply_markers(key, recent, *columns, room));
  return std::optional<RoomSnapshot>(std::move(room));
}

SqliteReader::RecentCopy SqliteReader::copy_recent(RoomKey key, std::uint32_t tail) const {
  return recent_.with_room(key, [&](const RecentRoom* room, Position published) {
    RecentCopy copy;
    copy.published = published;
    if (room == nullptr) return copy;
    copy.markers = room->markers;
    if (room->events.empty()) return copy;
    copy.has_events = true;
    copy.head = room->head;
    copy.first = room->first();
    copy.ordinals.reserve(room->events.size());
    for (const StoredEvent& stored : room->events) copy.ordinals.push_back(stored.ordinal);
    const std::size_t count = std::min<std::size_t>(tail, room->events.size());
    copy.tail.assign(room->events.end() - static_cast<std::ptrdiff_t>(count), room->events.end());
    if (const StoredEvent* message = room->find(room->head.last_message)) {
      copy.last_message = message->event;
    }
    return copy;
  });
}

Result<bool> SqliteReader::load_record(RoomKey key, Position published, RoomSnapshot& room) {
  Query query = database_->query(
      "SELECT r.id, r.created, r.deleted, r.version, r.kind, r.access, r.name, r.topic, r.changed, "
      "r.direct, r.history, r.disappear_after_s, g.epoch "
      "FROM rooms r LEFT JOIN groups g ON g.room_key = r.key WHERE r.key = ?1");
  query.bind(key.value);
  if (!query.next()) {
    PARLEY_TRY(query.finish());
    return ErrorCode::kRoomNotFound;
  }
  room.room.id = query.id<RoomId>(0);
  room.room.created = query.time(1);
  room.room.deleted = query.boolean(2);
  wire::RoomSettings& settings = room.room.settings;
  settings.version = query.natural32(3);
  settings.kind = query.enumerated<wire::RoomKind>(4);
  settings.access = query.enumerated<wire::RoomAccess>(5);
  settings.name = query.text(6);
  settings.topic = query.text(7);
  settings.direct = query.boolean(9);
  settings.history = query.enumerated<wire::HistoryAccess>(10);
  settings.disappear_after_s = query.natural32(11);
  if (!query.is_null(12)) room.group_epoch = query.natural(12);
  // Rows of a commit whose events are not published yet: this snapshot and the copy do not match.
  room.position = query.natural(8);
  return room.position <= published;
}

Status SqliteReader::load_log(RoomKey key, const RecentCopy& recent, std::uint32_t tail,
                              RoomSnapshot& room) {
  auto stored = table_head(key);
  if (!stored.ok()) return stored.error();
  const RoomHead head = recent.has_events ? recent.head : *stored;
  room.head = head.seq;
  room.ordinal = head.ordinal;
  room.position = std::max(room.position, head.position);
  room.last_activity = head.at;
  if (room.last_activity.ms == 0) room.last_activity = room.room.created;

  {
    Query query = database_->query("SELECT first, trimmed FROM room_heads WHERE room_key = ?1");
    query.bind(key.value);
    if (query.next()) {
      room.first = query.seq(0);
      room.trimmed = query.natural(1);
    }
    PARLEY_TRY(query.finish());
  }
  const Seq first{
      std::max(room.first.value, head.seq.value >= tail ? head.seq.value - tail + 1 : 1)};
  const Seq table_end = recent.has_events ? Seq{recent.first.value - 1} : head.seq;
  auto events = table_events(key, {first, table_end});
  if (!events.ok()) return events.error();
  room.tail = std::move(*events);
  room.tail.insert(room.tail.end(), recent.tail.begin(), recent.tail.end());

  if (head.last_message.value == 0) return {};
  if (recent.last_message) {
    room.last_message = recent.last_message;
    return {};
  }
  auto message = table_events(key, {head.last_message, head.last_message});
  if (!message.ok()) return message.error();
  if (!message->empty()) room.last_message = std::move(message->front().event);
  return {};
}

Result<SqliteReader::MemberColumns> SqliteReader::load_members(RoomKey key, RoomSnapshot& room) {
  Query query = database_->query(
      "SELECT m.user_key, u.id, u.name, m.role, m.banned, m.delivered, m.read, m.changed, "
      "(SELECT e.ordinal FROM events e WHERE e.id = (?1 << 32) | m.read) "
      "FROM members m JOIN users u ON u.key = m.user_key WHERE m.room_key = ?1 "
      "ORDER BY m.user_key");
  query.bind(key.value);
  MemberColumns columns;
  while (query.next()) {
    columns.keys.push_back({query.integer(0)});
    columns.row_markers.push_back({query.seq(5), query.seq(6), query.natural(7)});
    room.members.push_back({.user = query.id<UserId>(1),
                            .role = query.enumerated<wire::Role>(3),
                            .banned = query.boolean(4),
                            .delivered = query.seq(5),
                            .read = query.seq(6),
                            .changed = query.natural(7)});
    room.names.push_back(query.text(2));
    room.read_ordinals.push_back(query.natural(8));
  }
  PARLEY_TRY(query.finish());
  room.mentions.assign(room.members.size(), 0);
  return columns;
}

Status SqliteReader::load_mentions(RoomKey key, const MemberColumns& columns, RoomSnapshot& room) {
  Query query = database_->query(
      "SELECT m.user_key, count(*) FROM members m JOIN mentions x ON x.room_key = m.room_key "
      "AND x.user_key = m.user_key AND x.seq > m.read WHERE m.room_key = ?1 "
      "GROUP BY m.user_key ORDER BY m.user_key");
  query.bind(key.value);
  std::size_t at = 0;
  while (query.next()) {
    const UserKey user{query.integer(0)};
    while (at < columns.keys.size() && columns.keys[at] < user) ++at;
    if (at < columns.keys.size() && columns.keys[at] == user) {
      room.mentions[at] = query.natural32(1);
    }
  }
  return query.finish();
}

Status SqliteReader::apply_markers(RoomKey key, const RecentCopy& recent,
                                   const MemberColumns& columns, RoomSnapshot& room) {
  for (std::size_t i = 0; i < room.members.size(); ++i) {
    MemberRecord& member = room.members[i];
    const auto found = recent.markers.find(columns.keys[i]);
    const bool moved =
        found != recent.markers.end() && found->second.changed > columns.row_markers[i].changed;
    if (moved) {
      member.delivered = found->second.delivered;
      member.read = found->second.read;
      member.changed = found->second.changed;
      Query mentions = database_->query(
          "SELECT count(*) FROM mentions WHERE room_key = ?1 AND user_key = ?2 AND seq > ?3");
      mentions.bind(key.value).bind(columns.keys[i].value).bind(member.read);
      if (mentions.next()) room.mentions[i] = mentions.natural32(0);
      PARLEY_TRY(mentions.finish());
    }
    if (member.read >= room.head) {
      room.read_ordinals[i] = room.ordinal;
    } else if (recent.has_events && member.read >= recent.first) {
      const std::uint64_t index = member.read.value - recent.first.value;
      room.read_ordinals[i] = recent.ordinals[static_cast<std::size_t>(index)];
    } else if (moved) {
      Query ordinal = database_->query("SELECT ordinal FROM events WHERE id = ?1");
      ordinal.bind(event_id(key, member.read));
      room.read_ordinals[i] = ordinal.next() ? ordinal.natural(0) : 0;
      PARLEY_TRY(ordinal.finish());
    }
    // What is gone is not unread.
    room.read_ordinals[i] = std::max(room.read_ordinals[i], room.trimmed);
  }
  return {};
}

}  // namespace parley::store
