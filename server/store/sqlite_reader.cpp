#include "server/store/sqlite_reader.hpp"

#include <algorithm>

#include "server/store/sqlite_rows.hpp"

namespace parley::store {
namespace {

constexpr std::size_t kCachedKeys = 100'000;
constexpr std::uint32_t kMaxRows = 10'000;
constexpr char kLikeEscape = '\\';

UserRecord user_row(const Query& row, int column) {
  UserRecord user;
  user.id = row.id<UserId>(column);
  user.name = row.text(column + 1);
  user.guest = row.boolean(column + 2);
  user.created = row.time(column + 3);
  user.last_seen = row.time(column + 4);
  user.presence = row.enumerated<wire::PresenceStatus>(column + 5);
  user.status_text = row.text(column + 6);
  return user;
}

InviteRecord invite_row(const Query& row) {
  InviteRecord invite;
  invite.info.invite_id = row.id<InviteId>(0);
  invite.info.room_id = row.id<RoomId>(1);
  invite.info.code = row.text(2);
  invite.info.expires = row.time(3);
  invite.info.max_uses = row.natural32(4);
  invite.info.uses = row.natural32(5);
  invite.info.created_by = row.id<UserId>(6);
  invite.revoked = row.boolean(7);
  return invite;
}

// The words of a search as LIKE patterns.
std::vector<std::string> like_patterns(std::string_view query) {
  std::vector<std::string> patterns;
  std::string word;
  const auto end_word = [&] {
    if (!word.empty()) patterns.push_back("%" + word + "%");
    word.clear();
  };
  for (const char c : query) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      end_word();
      continue;
    }
    if (c == '%' || c == '_' || c == kLikeEscape) word.push_back(kLikeEscape);
    word.push_back(c);
  }
  end_word();
  return patterns;
}

}  // namespace

Result<RoomKey> SqliteReader::find_room(const RoomId& id) {
  const auto cached = keys_.find(id);
  if (cached != keys_.end()) return cached->second;
  Query query = database_->query("SELECT key FROM rooms WHERE id = ?1");
  query.bind(id);
  if (!query.next()) {
    PARLEY_TRY(query.finish());
    return ErrorCode::kRoomNotFound;
  }
  if (keys_.size() >= kCachedKeys) keys_.clear();
  const RoomKey key{query.integer(0)};
  keys_.emplace(id, key);
  return key;
}

Result<RoomHead> SqliteReader::table_head(RoomKey room) {
  Query query = database_->query(kSelectHead);
  query.bind(room.value);
  RoomHead head;
  if (query.next()) head = head_row(query, 0);
  PARLEY_TRY(query.finish());
  return head;
}

Result<Seq> SqliteReader::log_start(RoomKey room) {
  Query query = database_->query("SELECT first FROM room_heads WHERE room_key = ?1");
  query.bind(room.value);
  Seq first{1};
  if (query.next()) first = query.seq(0);
  PARLEY_TRY(query.finish());
  return first;
}

Result<std::vector<StoredEvent>> SqliteReader::table_events(RoomKey room, Range range) {
  std::vector<StoredEvent> events;
  if (range.first > range.last) return events;
  Query query = database_->query(kSelectEvents);
  query.bind(event_id(room, range.first)).bind(event_id(room, range.last));
  events.reserve(static_cast<std::size_t>(range.last.value - range.first.value + 1));
  while (query.next()) events.push_back(event_row(query));
  PARLEY_TRY(query.finish());
  return events;
}

Result<Seq> SqliteReader::last_before(RoomKey room, Range range, Timestamp time) {
  // Sequence numbers are dense and times never go back within a room: a binary search. The answer
  // is in [low, high].
  std::uint64_t low = range.first.value - 1, high = std::max(low, range.last.value);
  while (low < high) {
    const std::uint64_t middle = low + (high - low + 1) / 2;
    Query query = database_->query("SELECT at FROM events WHERE id = ?1");
    query.bind(event_id(room, {middle}));
    const bool before = query.next() && query.time(0) < time;
    PARLEY_TRY(query.finish());
    if (before) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return Seq{low};
}

Result<std::vector<StoredEvent>> SqliteReader::read_events(const EventQuery& query) {
  const auto key = find_room(query.room);
  if (!key.ok()) return key.error();
  const std::uint64_t limit = std::min(query.limit, kMaxRows);
  if (limit == 0) return std::vector<StoredEvent>{};

  // The log as this read sees it, and where the time of the query divides it.
  const auto range_for = [&](Seq start, Seq head, Seq before_time) -> Range {
    const auto ending_at = [&](std::uint64_t last) -> Range {
      return {{std::max(start.value, last >= limit ? last - limit + 1 : 1)}, {last}};
    };
    switch (query.from) {
      case wire::HistoryFrom::kBefore:
        return ending_at(std::min(query.seq.value, head.value + 1) - (query.seq.value > 0 ? 1 : 0));
      case wire::HistoryFrom::kAfter: {
        if (query.seq >= head) return {{1}, {0}};
        const Seq first = std::max(query.seq.next(), start);
        return {first, {std::min(head.value, first.value + limit - 1)}};
      }
      case wire::HistoryFrom::kAround: {
        const std::uint64_t half = limit / 2;
        const std::uint64_t centre =
            std::max(start.value, std::min(query.seq.value, head.value));
        const std::uint64_t first = std::max(start.value, centre > half ? centre - half : 1);
        return ending_at(std::min(head.value, first + limit - 1));
      }
      case wire::HistoryFrom::kTime:
        return ending_at(before_time.value);
      case wire::HistoryFrom::kNewest:
        break;
    }
    return ending_at(head.value);
  };

  struct Copy {
    bool any = false;
    Seq head;
    Seq first;                       // of what was recent
    std::optional<Seq> before_time;  // if it is decided by what is recent
    std::vector<StoredEvent> events;
  };
  const auto copy = recent_.with_room(*key, [&](const RecentRoom* recent, Position) {
    Copy taken;
    if (recent == nullptr || recent->events.empty()) return taken;
    taken.any = true;
    taken.head = recent->head.seq;
    taken.first = recent->first();
    if (query.from == wire::HistoryFrom::kTime && recent->events.front().event.at < query.time) {
      const auto end = std::partition_point(
          recent->events.begin(), recent->events.end(),
          [&](const StoredEvent& stored) { return stored.event.at < query.time; });
      taken.before_time =
          Seq{taken.first.value - 1 + static_cast<std::uint64_t>(end - recent->events.begin())};
    }
    if (query.from == wire::HistoryFrom::kTime && !taken.before_time) return taken;
    const Range range = range_for({1}, taken.head, taken.before_time.value_or(Seq{}));
    for (Seq seq = std::max(range.first, taken.first); seq <= range.last; seq = seq.next()) {
      if (const StoredEvent* stored = recent->find(seq)) taken.events.push_back(*stored);
    }
    return taken;
  });

  Transaction snapshot(*database_, Transaction::Kind::kRead);
  PARLEY_TRY(snapshot.began());
  Seq head = copy.head;
  Seq table_end{copy.first.value - 1};
  if (!copy.any) {
    const auto stored = table_head(*key);
    if (!stored.ok()) return stored.error();
    head = table_end = stored->seq;
  }
  const auto start = log_start(*key);
  if (!start.ok()) return start.error();
  Seq before_time = copy.before_time.value_or(Seq{});
  if (query.from == wire::HistoryFrom::kTime && !copy.before_time) {
    const auto found = last_before(*key, {*start, table_end}, query.time);
    if (!found.ok()) return found.error();
    before_time = *found;
  }
  Range range = range_for(*start, head, before_time);
  range.last = std::min(range.last, table_end);
  auto events = table_events(*key, range);
  if (!events.ok()) return events.error();
  events->insert(events->end(), copy.events.begin(), copy.events.end());
  return events;
}

Result<UserSnapshot> SqliteReader::load_user(const UserId& id) {
  Transaction snapshot(*database_, Transaction::Kind::kRead);
  PARLEY_TRY(snapshot.began());
  UserSnapshot user;
  UserKey key;
  {
    Query query = database_->query(
        "SELECT key, id, name, guest, created, last_seen, presence, status_text "
        "FROM users WHERE id = ?1");
    query.bind(id);
    if (!query.next()) {
      PARLEY_TRY(query.finish());
      return ErrorCode::kUserNotFound;
    }
    key = {query.integer(0)};
    user.user = user_row(query, 1);
  }
  Query devices = database_->query(
      "SELECT id, name, created, last_seen, revoked FROM devices WHERE user_key = ?1 ORDER BY id");
  devices.bind(key.value);
  while (devices.next()) {
    user.devices.push_back({.id = devices.id<DeviceId>(0),
                            .user = id,
                            .name = devices.text(1),
                            .created = devices.time(2),
                            .last_seen = devices.time(3),
                            .revoked = devices.boolean(4)});
  }
  PARLEY_TRY(devices.finish());
  Query rooms = database_->query(
      "SELECT r.id, m.role, r.deleted, m.changed, m.room_key FROM members m "
      "JOIN rooms r ON r.key = m.room_key WHERE m.user_key = ?1 ORDER BY m.room_key");
  rooms.bind(key.value);
  while (rooms.next()) {
    // Newer than the snapshot perhaps; `changed` then only rises earlier.
    const auto marker = recent_.marker({rooms.integer(4)}, key);
    user.rooms.push_back({.room = rooms.id<RoomId>(0),
                          .role = rooms.enumerated<wire::Role>(1),
                          .room_deleted = rooms.boolean(2),
                          .changed = std::max(rooms.natural(3), marker ? marker->changed : 0)});
  }
  PARLEY_TRY(rooms.finish());
  return user;
}

Result<std::vector<UserRecord>> SqliteReader::read_users(const std::vector<UserId>& users) {
  Transaction snapshot(*database_, Transaction::Kind::kRead);
  PARLEY_TRY(snapshot.began());
  std::vector<UserRecord> records;
  records.reserve(users.size());
  for (const UserId& id : users) {
    Query query = database_->query(
        "SELECT id, name, guest, created, last_seen, presence, status_text "
        "FROM users WHERE id = ?1");
    query.bind(id);
    if (query.next()) records.push_back(user_row(query, 0));
    PARLEY_TRY(query.finish());
  }
  return records;
}

Result<std::vector<wire::RoomListing>> SqliteReader::search_rooms(const std::string& words,
                                                                  std::uint32_t offset,
                                                                  std::uint32_t limit) {
  if (words.size() > wire::kMaxQueryBytes) return ErrorCode::kInvalidArgument;
  const std::vector<std::string> patterns = like_patterns(words);
  std::string sql =
      "SELECT id, name, topic, members FROM rooms WHERE deleted = 0 AND access = 0 "
      "AND kind = 0";
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    const std::string parameter = "?" + std::to_string(i + 1);
    sql += " AND (name LIKE " + parameter + " ESCAPE '\\' OR topic LIKE " + parameter +
           " ESCAPE '\\')";
  }
  const std::string next = std::to_string(patterns.size() + 1);
  const std::string after = std::to_string(patterns.size() + 2);
  sql += " ORDER BY members DESC, key LIMIT ?" + next + " OFFSET ?" + after;
  Query query = database_->dynamic_query(sql);
  for (const std::string& pattern : patterns) query.bind_text(pattern);
  query.bind(std::min(limit, kMaxRows)).bind(offset);
  std::vector<wire::RoomListing> rooms;
  while (query.next()) {
    rooms.push_back({.room_id = query.id<RoomId>(0),
                     .name = query.text(1),
                     .topic = query.text(2),
                     .members = query.natural32(3)});
  }
  PARLEY_TRY(query.finish());
  return rooms;
}

Result<InviteRecord> SqliteReader::find_invite(const std::string& code) {
  Query query = database_->query(
      "SELECT i.id, r.id, i.code, i.expires, i.max_uses, i.uses, i.created_by, i.revoked "
      "FROM invites i JOIN rooms r ON r.key = i.room_key WHERE i.code = ?1");
  query.bind_text(code);
  if (query.next()) return invite_row(query);
  PARLEY_TRY(query.finish());
  return ErrorCode::kInviteInvalid;
}

Result<std::vector<InviteRecord>> SqliteReader::list_invites(const RoomId& room) {
  const auto key = find_room(room);
  if (!key.ok()) return key.error();
  Query query = database_->query(
      "SELECT i.id, r.id, i.code, i.expires, i.max_uses, i.uses, i.created_by, i.revoked "
      "FROM invites i JOIN rooms r ON r.key = i.room_key WHERE i.room_key = ?1 ORDER BY i.id");
  query.bind(key->value);
  std::vector<InviteRecord> invites;
  while (query.next()) invites.push_back(invite_row(query));
  PARLEY_TRY(query.finish());
  return invites;
}

Result<std::optional<Bytes>> SqliteReader::get_setting(const std::string& key) {
  Query query = database_->query("SELECT value FROM settings WHERE key = ?1");
  query.bind_text(key);
  std::optional<Bytes> value;
  if (query.next()) value = to_bytes(query.blob(0));
  PARLEY_TRY(query.finish());
  return value;
}

}  // namespace parley::store
