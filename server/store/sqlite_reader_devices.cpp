// Reading groups and what devices keep.
#include <algorithm>
#include <unordered_set>

#include "server/store/sqlite_reader.hpp"

namespace parley::store {

Result<GroupPiece> SqliteReader::read_group(const RoomId& room, std::uint64_t offset,
                                            std::uint64_t limit) {
  Query query = database_->query(
      "SELECT g.epoch, g.seq, g.group_info, length(g.tree), substr(g.tree, ?2 + 1, ?3) "
      "FROM groups g JOIN rooms r ON r.key = g.room_key WHERE r.id = ?1");
  // More than a blob can have is nothing to SQLite's arithmetic either.
  constexpr std::uint64_t kMostBytes = 1u << 30;
  query.bind(room).bind(std::min(offset, kMostBytes)).bind(std::min(limit, kMostBytes));
  if (query.next()) {
    GroupPiece piece;
    piece.group.epoch = query.natural(0);
    piece.seq = query.seq(1);
    piece.group.group_info = to_bytes(query.blob(2));
    piece.tree_size = query.natural(3);
    piece.group.tree = to_bytes(query.blob(4));
    return piece;
  }
  PARLEY_TRY(query.finish());
  return ErrorCode::kRoomNotFound;
}

Result<std::vector<wire::Event>> SqliteReader::read_commits(const RoomId& room, std::uint64_t epoch,
                                                            std::uint32_t limit,
                                                            std::size_t max_bytes) {
  std::vector<Seq> seqs;
  {
    Query query = database_->query(
        "SELECT c.epoch, c.seq FROM commits c JOIN rooms r ON r.key = c.room_key "
        "WHERE r.id = ?1 AND c.epoch > ?2 ORDER BY c.epoch LIMIT ?3");
    query.bind(room).bind(epoch).bind(limit);
    while (query.next()) {
      if (query.natural(0) != epoch + seqs.size() + 1) break;  // of before there was this table
      seqs.push_back(query.seq(1));
    }
    PARLEY_TRY(query.finish());
  }
  std::vector<wire::Event> commits;
  std::size_t bytes = 0;
  for (const Seq seq : seqs) {
    EventQuery one;
    one.room = room;
    one.from = wire::HistoryFrom::kAfter;
    one.seq = {seq.value - 1};
    one.limit = 1;
    auto found = read_events(one);
    if (!found) return found.error();
    if (found->empty()) break;
    bytes += found->front().event.body.size();
    if (!commits.empty() && bytes > max_bytes) break;
    commits.push_back(std::move(found->front().event));
  }
  return commits;
}

Result<RoomId> SqliteReader::find_direct(const UserId& one, const UserId& other) {
  Query query = database_->query(
      "SELECT r.id FROM users a, users b JOIN direct_rooms d ON d.lower_user = min(a.key, b.key) "
      "AND d.upper_user = max(a.key, b.key) JOIN rooms r ON r.key = d.room_key "
      "WHERE a.id = ?1 AND b.id = ?2 AND r.deleted = 0");
  query.bind(one).bind(other);
  RoomId room;
  if (query.next()) room = query.id<RoomId>(0);
  PARLEY_TRY(query.finish());
  return room;
}

Result<std::vector<IdentityRecord>> SqliteReader::read_identities(
    const std::vector<UserId>& users) {
  Transaction snapshot(*database_, Transaction::Kind::kRead);
  PARLEY_TRY(snapshot.began());
  std::vector<IdentityRecord> records;
  std::unordered_set<UserId> seen;
  for (const UserId& user : users) {
    if (!seen.insert(user).second) continue;
    IdentityRecord record;
    record.identity.user_id = user;
    {
      Query query = database_->query(
          "SELECT l.version, l.list FROM users u LEFT JOIN device_lists l ON l.user_key = u.key "
          "WHERE u.id = ?1");
      query.bind(user);
      if (!query.next()) {
        PARLEY_TRY(query.finish());
        continue;
      }
      record.identity.version = query.natural32(0);
      record.identity.list = to_bytes(query.blob(1));
    }
    Query devices = database_->query(
        "SELECT d.id FROM devices d JOIN users u ON u.key = d.user_key "
        "WHERE u.id = ?1 AND d.revoked = 0 ORDER BY d.id");
    devices.bind(user);
    while (devices.next()) record.devices.push_back(devices.id<DeviceId>(0));
    PARLEY_TRY(devices.finish());
    records.push_back(std::move(record));
  }
  return records;
}

Result<std::vector<wire::InboxItem>> SqliteReader::read_inbox(const DeviceId& device,
                                                              std::uint64_t after,
                                                              std::size_t max_bytes) {
  Query query = database_->query(
      "SELECT i.number, c.kind, c.room, c.sender, c.device, c.at, c.body, c.tree FROM inbox i "
      "JOIN inbox_contents c ON c.key = i.content WHERE i.device = ?1 AND i.number > ?2 "
      "ORDER BY i.number LIMIT ?3");
  query.bind(device).bind(after).bind(static_cast<std::uint64_t>(wire::kMaxPageSize));
  std::vector<wire::InboxItem> items;
  std::size_t bytes = 0;
  while (query.next()) {
    bytes += query.blob(6).size() + query.blob(7).size();
    if (!items.empty() && bytes > max_bytes) return items;
    items.push_back({.number = query.natural(0),
                     .kind = static_cast<std::uint8_t>(query.integer(1)),
                     .room_id = query.id<RoomId>(2),
                     .sender = query.id<UserId>(3),
                     .device = query.id<DeviceId>(4),
                     .at = query.time(5),
                     .body = to_bytes(query.blob(6)),
                     .tree = to_bytes(query.blob(7))});
  }
  PARLEY_TRY(query.finish());
  return items;
}

Result<std::vector<wire::VaultEntry>> SqliteReader::read_vault(const UserId& user,
                                                               std::uint64_t after,
                                                               std::uint32_t limit) {
  Query query = database_->query(
      "SELECT v.number, v.key, v.sealed FROM vault v JOIN users u ON u.key = v.user_key "
      "WHERE u.id = ?1 AND v.number > ?2 ORDER BY v.number LIMIT ?3");
  query.bind(user).bind(after).bind(limit);
  std::vector<wire::VaultEntry> entries;
  while (query.next()) {
    entries.push_back({.number = query.natural(0),
                       .key = to_bytes(query.blob(1)),
                       .sealed = to_bytes(query.blob(2))});
  }
  PARLEY_TRY(query.finish());
  return entries;
}

Result<std::vector<wire::VaultWrap>> SqliteReader::read_vault_wraps(const UserId& user) {
  Query query = database_->query(
      "SELECT w.kind, w.device, w.sealed FROM vault_wraps w JOIN users u ON u.key = w.user_key "
      "WHERE u.id = ?1 ORDER BY w.kind, w.device");
  query.bind(user);
  std::vector<wire::VaultWrap> wraps;
  while (query.next()) {
    wraps.push_back({.kind = query.enumerated<wire::VaultWrapKind>(0),
                     .device_id = query.id<DeviceId>(1),
                     .sealed = to_bytes(query.blob(2))});
  }
  PARLEY_TRY(query.finish());
  return wraps;
}

Result<Bytes> SqliteReader::read_invite_bundle(const RoomId& room, const std::string& code) {
  Query query = database_->query(
      "SELECT ifnull(i.bundle, x'') FROM invites i JOIN rooms r ON r.key = i.room_key "
      "WHERE i.code = ?1 AND r.id = ?2 AND i.revoked = 0");
  query.bind_text(code).bind(room);
  if (query.next()) return to_bytes(query.blob(0));
  PARLEY_TRY(query.finish());
  return ErrorCode::kInviteInvalid;
}

Result<UserId> SqliteReader::find_recovery(const Bytes& token_hash) {
  Query query = database_->query(
      "SELECT u.id FROM recovery_tokens t JOIN users u ON u.key = t.user_key WHERE t.hash = ?1");
  query.bind(token_hash);
  if (query.next()) return query.id<UserId>(0);
  PARLEY_TRY(query.finish());
  return ErrorCode::kUserNotFound;
}

}  // namespace parley::store
