#include "server/store/sqlite_applier.hpp"

#include <algorithm>

#include "server/store/sqlite_rows.hpp"

namespace parley::store {
namespace {

constexpr std::size_t kCachedUsers = 100'000;
constexpr std::size_t kMaxEventsPerWrite = wire::kMaxEventsPerFrame;

bool has_rows(const RoomWrite& write) {
  return write.room_record || !write.members.empty() || write.invite || write.use_invite ||
         write.group || write.direct || write.inbox;
}

}  // namespace

void SqliteApplier::begin(Timestamp now) {
  ++transaction_;
  now_ = now;
  position_ = recent_.published();
  devices_.begin(now);
  pending_journal_id_ = journal_id_;
}

Result<RoomWritten> SqliteApplier::write_room(RoomWrite& write) {
  const auto found = find_room(write.room);
  if (!found.ok()) return found.error();
  RoomState* room = *found;
  if (room == nullptr && !write.room_record) return ErrorCode::kRoomNotFound;
  PARLEY_TRY(check(write));
  if (room != nullptr) {
    auto earlier = find_earlier(*room, write);
    if (!earlier.ok()) return earlier.error();
    if (*earlier) return std::move(**earlier);
    if (room->deleted) return ErrorCode::kRoomDeleted;
    if (write.events.size() > kMaxSeq.value - room->head.seq.value) return ErrorCode::kRoomFull;
  }
  const Position before = position_++;
  if (has_rows(write)) {
    const auto with_rows = write_rows(room, write);
    if (!with_rows.ok()) {
      position_ = before;
      return with_rows.error();
    }
    room = *with_rows;
  }
  RoomWritten written;
  PARLEY_TRY(append(*room, write, written));
  return written;
}

Status SqliteApplier::check(const RoomWrite& write) {
  if (write.events.size() > kMaxEventsPerWrite) return ErrorCode::kTooLarge;
  senders_.clear();
  member_users_.clear();
  for (const NewEvent& event : write.events) {
    if (event.body.size() > wire::kMaxBodyBytes) return ErrorCode::kTooLarge;
    if (event.sender.is_nil()) {
      senders_.push_back(UserKey{});
      continue;
    }
    const auto user = find_user(event.sender);
    if (!user.ok()) return user.error();
    if (!*user) return ErrorCode::kUserNotFound;
    senders_.push_back(**user);
  }
  for (const MemberRecord& member : write.members) {
    const auto user = find_user(member.user);
    if (!user.ok()) return user.error();
    if (!*user) return ErrorCode::kUserNotFound;
    member_users_.push_back(**user);
  }
  const bool other_room = (write.room_record && write.room_record->id != write.room) ||
                          (write.invite && write.invite->info.room_id != write.room);
  if (other_room) return ErrorCode::kInvalidArgument;
  return {};
}

Result<std::optional<RoomWritten>> SqliteApplier::find_earlier(const RoomState& room,
                                                               const RoomWrite& write) {
  using Found = std::optional<RoomWritten>;
  if (write.events.empty() || write.events.front().client_id.is_nil()) return Found{};
  const EventName name{write.events.front().client_id, room.key, senders_.front()};
  std::optional<Seq> seq = ids_.find(name);
  if (!seq) {
    Query query = database_.query(
        "SELECT seq FROM event_ids WHERE client_id = ?1 AND room_key = ?2 AND sender_key = ?3");
    query.bind(name.client_id).bind(name.room.value).bind(name.sender.value);
    if (query.next()) seq = query.seq(0);
    PARLEY_TRY(query.finish());
  }
  if (!seq) return Found{};
  const auto stored = load_event(room.key, *seq);
  if (!stored.ok()) return stored.error();
  RoomWritten written;
  written.position = room.head.position;
  written.at = *stored ? (*stored)->event.at : room.head.at;
  written.ordinal = *stored ? (*stored)->ordinal : room.head.ordinal;
  // A write is all or none: the events that came with it follow it.
  for (std::size_t i = 0; i < write.events.size(); ++i) written.seqs.push_back({seq->value + i});
  written.duplicate = true;
  return Found(std::move(written));
}

Result<std::optional<StoredEvent>> SqliteApplier::load_event(RoomKey room, Seq seq) {
  using Found = std::optional<StoredEvent>;
  const RecentRoom* recent = recent_.find(room);
  if (recent != nullptr) {
    if (const StoredEvent* stored = recent->find(seq)) return Found(*stored);
  }
  const auto pending = std::find_if(events_.begin(), events_.end(), [&](const PendingEvent& event) {
    return event.room == room && event.stored.event.seq == seq;
  });
  if (pending != events_.end()) return Found(pending->stored);
  Query query = database_.query(kSelectEvents);
  query.bind(event_id(room, seq)).bind(event_id(room, seq));
  if (query.next()) return Found(event_row(query));
  PARLEY_TRY(query.finish());
  return Found{};
}

Status SqliteApplier::append(RoomState& room, RoomWrite& write, RoomWritten& written) {
  // The clock may be set back; a room's log must stay sorted by time, for queries by time.
  const Timestamp at = std::max(now_, room.head.at);
  written.position = position_;
  written.at = at;
  written.seqs.reserve(write.events.size());
  for (std::size_t i = 0; i < write.events.size(); ++i) {
    NewEvent& event = write.events[i];
    RoomHead& head = room.head;
    head.seq = head.seq.next();
    head.ordinal += event.counts ? 1 : 0;
    head.position = position_;
    head.at = at;
    if (is_message(event.kind, event.counts)) head.last_message = head.seq;
    for (const UserId& mentioned : event.mentions) {
      const auto user = find_user(mentioned);
      if (!user.ok()) return user.error();
      if (!*user) continue;  // somebody made the id up: nobody is to be told
      PARLEY_TRY(database_
                     .query("INSERT OR IGNORE INTO mentions(room_key, user_key, seq) "
                            "VALUES(?1, ?2, ?3)")
                     .bind(room.key.value)
                     .bind((*user)->value)
                     .bind(head.seq)
                     .run());
    }
    StoredEvent stored{{.seq = head.seq,
                        .at = at,
                        .sender = event.sender,
                        .device = event.device,
                        .client_id = event.client_id,
                        .kind = event.kind,
                        .body = std::move(event.body)},
                       head.ordinal};
    journal_.add_event(room.key, senders_[i], position_, stored);
    if (!event.client_id.is_nil()) {
      const EventName name{event.client_id, room.key, senders_[i]};
      if (ids_.add(name, head.seq)) names_.push_back(name);
    }
    written.seqs.push_back(head.seq);
    events_.push_back({room.key, head, std::move(stored)});
  }
  written.ordinal = room.head.ordinal;
  return {};
}

Result<Position> SqliteApplier::write_markers(const std::vector<MarkerWrite>& markers) {
  bool any_moved = false;
  for (const MarkerWrite& write : markers) {
    const auto room = find_room(write.room);
    if (!room.ok()) return room.error();
    const auto user = find_user(write.user);
    if (!user.ok()) return user.error();
    if (*room == nullptr || !*user) continue;
    const RoomKey key = (*room)->key;
    const auto current = current_marker(key, **user);
    if (!current.ok()) return current.error();
    if (!*current) continue;
    const Seq head = (*room)->head.seq;
    const Seq delivered = std::max((*current)->delivered, std::min(write.delivered, head));
    const Seq read = std::max((*current)->read, std::min(write.read, head));
    if (delivered == (*current)->delivered && read == (*current)->read) continue;
    if (!any_moved) ++position_;
    any_moved = true;
    PendingMarker& pending = markers_[{key, **user}];
    pending.marker = {delivered, read, position_};
    pending.moved = true;
  }
  return position_;
}

Result<std::optional<Marker>> SqliteApplier::current_marker(RoomKey room, UserKey user) {
  const auto pending = markers_.find({room, user});
  if (pending != markers_.end()) return std::optional<Marker>(pending->second.marker);
  if (const RecentRoom* recent = recent_.find(room)) {
    const auto found = recent->markers.find(user);
    if (found != recent->markers.end()) return std::optional<Marker>(found->second);
  }
  Query query = database_.query(
      "SELECT delivered, read, changed FROM members WHERE room_key = ?1 AND user_key = ?2");
  query.bind(room.value).bind(user.value);
  std::optional<Marker> marker;
  if (query.next()) marker = Marker{query.seq(0), query.seq(1), query.natural(2)};
  PARLEY_TRY(query.finish());
  return marker;
}

Result<SqliteApplier::RoomState*> SqliteApplier::find_room(const RoomId& id) {
  const auto cached = rooms_.find(id);
  if (cached != rooms_.end()) {
    cached->second.last_used = transaction_;
    return &cached->second;
  }
  Query query = database_.query(
      "SELECT r.key, r.deleted, h.head, h.ordinal, h.position, h.last_at, h.last_message "
      "FROM rooms r JOIN room_heads h ON h.room_key = r.key WHERE r.id = ?1");
  query.bind(id);
  if (!query.next()) {
    PARLEY_TRY(query.finish());
    return static_cast<RoomState*>(nullptr);
  }
  RoomState state{.key = {query.integer(0)},
                  .deleted = query.boolean(1),
                  .head = head_row(query, 2),
                  .last_used = transaction_};
  const RecentRoom* recent = recent_.find(state.key);
  if (recent != nullptr && !recent->events.empty()) state.head = recent->head;
  return &rooms_.emplace(id, state).first->second;
}

Result<std::optional<UserKey>> SqliteApplier::find_user(const UserId& id) {
  const auto cached = users_.find(id);
  if (cached != users_.end()) return std::optional<UserKey>(cached->second);
  Query query = database_.query("SELECT key FROM users WHERE id = ?1");
  query.bind(id);
  std::optional<UserKey> key;
  if (query.next()) key = UserKey{query.integer(0)};
  PARLEY_TRY(query.finish());
  if (key) users_.emplace(id, *key);
  return key;
}

Status SqliteApplier::put_user(const UserRecord& user) {
  Query query = database_.query(
      "INSERT INTO users(id, name, guest, created, last_seen, presence, status_text) "
      "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT(id) DO UPDATE SET name = excluded.name, "
      "guest = excluded.guest, created = excluded.created, last_seen = excluded.last_seen, "
      "presence = excluded.presence, status_text = excluded.status_text");
  return query.bind(user.id)
      .bind_text(user.name)
      .bind(user.guest)
      .bind(user.created)
      .bind(user.last_seen)
      .bind_enum(user.presence)
      .bind_text(user.status_text)
      .run();
}

Status SqliteApplier::put_device(const DeviceRecord& device) {
  const auto user = find_user(device.user);
  if (!user.ok()) return user.error();
  if (!*user) return ErrorCode::kUserNotFound;
  if (device.revoked) PARLEY_TRY(devices_.forget(device.id));
  Query query = database_.query(
      "INSERT INTO devices(id, user_key, name, created, last_seen, revoked) "
      "VALUES(?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT(id) DO UPDATE SET user_key = excluded.user_key, "
      "name = excluded.name, created = excluded.created, last_seen = excluded.last_seen, "
      "revoked = excluded.revoked");
  return query.bind(device.id)
      .bind((*user)->value)
      .bind_text(device.name)
      .bind(device.created)
      .bind(device.last_seen)
      .bind(device.revoked)
      .run();
}

Status SqliteApplier::run(const DeviceCall& call) {
  PARLEY_TRY(database_.query("SAVEPOINT device_call").run());
  const Status status = call(devices_);
  if (!status.ok()) {
    if (!is_local_failure(status.error())) return status;
    PARLEY_TRY(database_.query("ROLLBACK TO device_call").run());
  }
  PARLEY_TRY(database_.query("RELEASE device_call").run());
  return status;
}

Status SqliteApplier::put_setting(const std::string& key, const Bytes& value) {
  Query query = database_.query(
      "INSERT INTO settings(key, value) VALUES(?1, ?2) "
      "ON CONFLICT(key) DO UPDATE SET value = excluded.value");
  return query.bind_text(key).bind(value).run();
}

Status SqliteApplier::write_journal(bool always) {
  for (const auto& [member, pending] : markers_) {
    if (pending.moved) journal_.add_marker(member.room, member.user, pending.marker);
  }
  // Also without records when the position moved: the newest row is where the counter is kept.
  if (journal_.empty() && position_ == recent_.published() && !always) return {};
  pending_journal_id_ = journal_id_ + 1;
  Query query = database_.query("INSERT INTO journal(id, position, data) VALUES(?1, ?2, ?3)");
  return query.bind(pending_journal_id_).bind(position_).bind(journal_.data()).run();
}

void SqliteApplier::publish() {
  for (PendingEvent& event : events_) {
    recent_.append(event.room, event.head, std::move(event.stored));
  }
  for (const auto& [member, pending] : markers_) {
    if (pending.row_written) recent_.drop_marker(member.room, member.user);
    if (pending.moved) recent_.set_marker(member.room, member.user, pending.marker);
  }
  recent_.set_published(position_);
  journal_id_ = pending_journal_id_;
  events_.clear();
  names_.clear();
  markers_.clear();
  journal_.clear();
  trim_caches();
}

void SqliteApplier::abandon() {
  for (const EventName& name : names_) ids_.remove(name);
  events_.clear();
  names_.clear();
  markers_.clear();
  journal_.clear();
  // Heads and keys of the rolled-back transaction are in there: read them again.
  rooms_.clear();
  users_.clear();
}

void SqliteApplier::trim_caches() {
  if (users_.size() > kCachedUsers) users_.clear();
  if (rooms_.size() <= cached_rooms_) return;
  // The older half goes, so that this runs once in many transactions.
  std::vector<std::uint64_t> ages;
  ages.reserve(rooms_.size());
  for (const auto& entry : rooms_) ages.push_back(entry.second.last_used);
  const auto middle = ages.begin() + static_cast<std::ptrdiff_t>(ages.size() / 2);
  std::nth_element(ages.begin(), middle, ages.end());
  const std::uint64_t oldest_kept = *middle;
  std::erase_if(rooms_, [&](const auto& entry) { return entry.second.last_used <= oldest_kept; });
}

}  // namespace parley::store
