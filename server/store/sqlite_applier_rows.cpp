// The parts of a room write that are rows at once: room record, members, invites, the group.
#include <algorithm>

#include "server/store/sqlite_applier.hpp"
#include "server/store/sqlite_rows.hpp"

namespace parley::store {

Result<SqliteApplier::RoomState*> SqliteApplier::write_rows(RoomState* room,
                                                            const RoomWrite& write) {
  PARLEY_TRY(database_.query("SAVEPOINT room_write").run());
  auto written = write_rows_unguarded(room, write);
  if (!written.ok()) {
    if (is_local_failure(written.error())) {
      PARLEY_TRY(database_.query("ROLLBACK TO room_write").run());
      PARLEY_TRY(database_.query("RELEASE room_write").run());
    }
    return written.error();
  }
  PARLEY_TRY(database_.query("RELEASE room_write").run());
  // Nothing can fail any more: the caches may follow.
  RoomState* state = *written;
  for (std::size_t i = 0; i < write.members.size(); ++i) {
    const MemberRecord& member = write.members[i];
    markers_[{state->key, member_users_[i]}] = {
        .marker = {member.delivered, member.read, position_}, .row_written = true, .moved = false};
  }
  return state;
}

Result<SqliteApplier::RoomState*> SqliteApplier::write_rows_unguarded(RoomState* room,
                                                                      const RoomWrite& write) {
  RoomState state;
  if (room != nullptr) {
    state = *room;
    if (write.room_record) PARLEY_TRY(update_room(state.key, *write.room_record));
  } else {
    state.last_used = transaction_;
    PARLEY_TRY(insert_room(*write.room_record, state));
  }
  if (write.room_record) state.deleted = write.room_record->deleted;
  std::int64_t counted = 0;
  for (std::size_t i = 0; i < write.members.size(); ++i) {
    PARLEY_TRY(put_member(state.key, member_users_[i], write.members[i], counted));
  }
  if (write.invite) PARLEY_TRY(put_invite(state.key, *write.invite));
  if (write.use_invite) PARLEY_TRY(use_invite(state.key, *write.use_invite));
  if (write.direct) PARLEY_TRY(put_direct(state.key, *write.direct));
  if (write.group) PARLEY_TRY(put_group(state, *write.group));
  if (write.inbox) PARLEY_TRY(devices_.put_inbox(*write.inbox));
  PARLEY_TRY(database_.query("UPDATE rooms SET members = members + ?2, changed = ?3 WHERE key = ?1")
                 .bind(state.key.value)
                 .bind(counted)
                 .bind(position_)
                 .run());
  return &rooms_.insert_or_assign(write.room, state).first->second;
}

Status SqliteApplier::insert_room(const RoomRecord& record, RoomState& state) {
  const wire::RoomSettings& settings = record.settings;
  PARLEY_TRY(database_
                 .query("INSERT INTO rooms(id, created, deleted, version, kind, access, name, "
                        "topic, direct, history, disappear_after_s, members, changed) "
                        "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 0, ?12)")
                 .bind(record.id)
                 .bind(record.created)
                 .bind(record.deleted)
                 .bind(settings.version)
                 .bind_enum(settings.kind)
                 .bind_enum(settings.access)
                 .bind_text(settings.name)
                 .bind_text(settings.topic)
                 .bind(settings.direct)
                 .bind_enum(settings.history)
                 .bind(settings.disappear_after_s)
                 .bind(position_)
                 .run());
  state.key = {database_.last_key()};
  return database_.query("INSERT INTO room_heads VALUES(?1, 0, 0, 0, 0, 0, 1, 0)")
      .bind(state.key.value)
      .run();
}

Status SqliteApplier::update_room(RoomKey key, const RoomRecord& record) {
  const wire::RoomSettings& settings = record.settings;
  if (record.deleted) {
    PARLEY_TRY(database_.query("DELETE FROM groups WHERE room_key = ?1").bind(key.value).run());
    PARLEY_TRY(database_.query("DELETE FROM commits WHERE room_key = ?1").bind(key.value).run());
    PARLEY_TRY(database_.query("UPDATE invites SET bundle = NULL WHERE room_key = ?1")
                   .bind(key.value)
                   .run());
  }
  return database_
      .query(
          "UPDATE rooms SET created = ?2, deleted = ?3, version = ?4, kind = ?5, access = ?6, "
          "name = ?7, topic = ?8, direct = ?9, history = ?10, disappear_after_s = ?11 "
          "WHERE key = ?1")
      .bind(key.value)
      .bind(record.created)
      .bind(record.deleted)
      .bind(settings.version)
      .bind_enum(settings.kind)
      .bind_enum(settings.access)
      .bind_text(settings.name)
      .bind_text(settings.topic)
      .bind(settings.direct)
      .bind_enum(settings.history)
      .bind(settings.disappear_after_s)
      .run();
}

Status SqliteApplier::put_member(RoomKey room, UserKey user, const MemberRecord& member,
                                 std::int64_t& counted) {
  Query before =
      database_.query("SELECT role, banned FROM members WHERE room_key = ?1 AND user_key = ?2");
  before.bind(room.value).bind(user.value);
  if (before.next() && is_counted(before.enumerated<wire::Role>(0), before.boolean(1))) --counted;
  PARLEY_TRY(before.finish());
  if (is_counted(member.role, member.banned)) ++counted;
  return database_
      .query(
          "INSERT INTO members(room_key, user_key, role, banned, delivered, read, changed) "
          "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT(room_key, user_key) DO UPDATE SET "
          "role = excluded.role, banned = excluded.banned, delivered = excluded.delivered, "
          "read = excluded.read, changed = excluded.changed")
      .bind(room.value)
      .bind(user.value)
      .bind_enum(member.role)
      .bind(member.banned)
      .bind(member.delivered)
      .bind(member.read)
      .bind(position_)
      .run();
}

Status SqliteApplier::put_invite(RoomKey room, const InviteRecord& invite) {
  const wire::InviteInfo& info = invite.info;
  return database_
      .query(
          "INSERT INTO invites(id, room_key, code, expires, max_uses, uses, created_by, revoked) "
          "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT(id) DO UPDATE SET "
          "room_key = excluded.room_key, code = excluded.code, expires = excluded.expires, "
          "max_uses = excluded.max_uses, uses = excluded.uses, "
          "created_by = excluded.created_by, revoked = excluded.revoked, "
          "bundle = CASE excluded.revoked WHEN 0 THEN bundle END")
      .bind(info.invite_id)
      .bind(room.value)
      .bind_text(info.code)
      .bind(info.expires)
      .bind(info.max_uses)
      .bind(info.uses)
      .bind(info.created_by)
      .bind(invite.revoked)
      .run();
}

Status SqliteApplier::use_invite(RoomKey room, const InviteId& id) {
  PARLEY_TRY(database_
                 .query("UPDATE invites SET uses = uses + 1 WHERE id = ?1 AND room_key = ?2 "
                        "AND revoked = 0 AND (expires = 0 OR expires > ?3) "
                        "AND (max_uses = 0 OR uses < max_uses)")
                 .bind(id)
                 .bind(room.value)
                 .bind(now_)
                 .run());
  if (database_.changes() == 0) return ErrorCode::kInviteInvalid;
  return {};
}

Status SqliteApplier::put_group(const RoomState& room, const GroupRecord& group) {
  const Seq seq = room.head.seq.next();
  Query query = group.epoch == 0
                    ? database_.query(
                          "INSERT INTO groups(room_key, epoch, seq, group_info, tree) "
                          "VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING")
                    : database_.query(
                          "UPDATE groups SET epoch = ?2, seq = ?3, group_info = ?4, tree = ?5 "
                          "WHERE room_key = ?1 AND epoch = ?2 - 1");
  PARLEY_TRY(query.bind(room.key.value)
                 .bind(group.epoch)
                 .bind(seq)
                 .bind(group.group_info)
                 .bind(group.tree)
                 .run());
  if (database_.changes() == 0) return Error{ErrorCode::kConflict, "the epoch has passed", {}};
  if (group.epoch == 0) return {};
  return database_.query("INSERT INTO commits(room_key, epoch, seq) VALUES(?1, ?2, ?3)")
      .bind(room.key.value)
      .bind(group.epoch)
      .bind(seq)
      .run();
}

Status SqliteApplier::put_direct(RoomKey room, const std::pair<UserId, UserId>& pair) {
  const auto one = find_user(pair.first);
  if (!one.ok()) return one.error();
  const auto other = find_user(pair.second);
  if (!other.ok()) return other.error();
  if (!*one || !*other) return ErrorCode::kUserNotFound;
  const auto [lower, upper] = std::minmax(**one, **other);
  PARLEY_TRY(database_
                 .query("INSERT INTO direct_rooms(lower_user, upper_user, room_key) "
                        "VALUES(?1, ?2, ?3) ON CONFLICT DO UPDATE SET room_key = excluded.room_key "
                        "WHERE (SELECT deleted FROM rooms WHERE key = direct_rooms.room_key)")
                 .bind(lower.value)
                 .bind(upper.value)
                 .bind(room.value)
                 .run());
  if (database_.changes() == 0) return Error{ErrorCode::kConflict, "the two have a room", {}};
  return {};
}

}  // namespace parley::store
