#include "server/store/sqlite_devices.hpp"

#include <string_view>
#include <unordered_set>

namespace parley::store {

using namespace std::string_view_literals;

Result<bool> SqliteDevices::is_active(const wire::DeviceRef& device) {
  Query query = database_.query(
      "SELECT 1 FROM devices d JOIN users u ON u.key = d.user_key "
      "WHERE d.id = ?1 AND u.id = ?2 AND d.revoked = 0");
  const bool found = query.bind(device.device_id).bind(device.user_id).next();
  PARLEY_TRY(query.finish());
  return found;
}

Result<std::vector<DeviceId>> SqliteDevices::active_devices(const UserId& user) {
  Query query = database_.query(
      "SELECT d.id FROM devices d JOIN users u ON u.key = d.user_key "
      "WHERE u.id = ?1 AND d.revoked = 0 ORDER BY d.id");
  query.bind(user);
  std::vector<DeviceId> devices;
  while (query.next()) devices.push_back(query.id<DeviceId>(0));
  PARLEY_TRY(query.finish());
  return devices;
}

Result<std::int64_t> SqliteDevices::user_key(const UserId& user) {
  Query query = database_.query("SELECT key FROM users WHERE id = ?1");
  query.bind(user);
  if (query.next()) return query.integer(0);
  PARLEY_TRY(query.finish());
  return ErrorCode::kUserNotFound;
}

// ---- key packages ------------------------------------------------------------------------------

Result<std::uint32_t> SqliteDevices::put_key_packages(const KeyPackagesWrite& write) {
  const DeviceId& device = write.device.device_id;
  const auto active = is_active(write.device);
  if (!active.ok()) return active.error();
  if (!*active) return ErrorCode::kDeviceRevoked;
  PARLEY_TRY(database_.query("DELETE FROM key_packages WHERE device = ?1 AND expires <= ?2")
                 .bind(device)
                 .bind(now_)
                 .run());
  for (const NewKeyPackage& package : write.packages) {
    PARLEY_TRY(put_key_package(device, package, false));
  }
  PARLEY_TRY(database_
                 .query("DELETE FROM key_packages WHERE device = ?1 AND last_resort = 0 "
                        "AND used = 0 AND key <= (SELECT key FROM key_packages WHERE device = ?1 "
                        "AND last_resort = 0 AND used = 0 ORDER BY key DESC LIMIT 1 OFFSET ?2)")
                 .bind(device)
                 .bind(static_cast<std::uint64_t>(wire::kMaxKeyPackages))
                 .run());
  if (write.last_resort) {
    PARLEY_TRY(database_.query("DELETE FROM key_packages WHERE device = ?1 AND last_resort = 1")
                   .bind(device)
                   .run());
    PARLEY_TRY(put_key_package(device, *write.last_resort, true));
  }
  return count_key_packages(device);
}

Status SqliteDevices::put_key_package(const DeviceId& device, const NewKeyPackage& package,
                                      bool last_resort) {
  return database_
      .query(
          "INSERT INTO key_packages(device, ref, last_resort, used, expires, data) "
          "VALUES(?1, ?2, ?3, 0, ?4, ?5) ON CONFLICT(ref) DO NOTHING")
      .bind(device)
      .bind(package.ref)
      .bind(last_resort)
      .bind(package.expires)
      .bind(package.data)
      .run();
}

Result<std::uint32_t> SqliteDevices::count_key_packages(const DeviceId& device) {
  Query query = database_.query(
      "SELECT count(*) FROM key_packages "
      "WHERE device = ?1 AND last_resort = 0 AND used = 0 AND expires > ?2");
  query.bind(device).bind(now_);
  const std::uint32_t count = query.next() ? query.natural32(0) : 0;
  PARLEY_TRY(query.finish());
  return count;
}

Result<std::optional<SqliteDevices::Package>> SqliteDevices::next_key_package(
    const DeviceId& device, bool last_resort) {
  Query query = database_.query(
      "SELECT key, data FROM key_packages WHERE device = ?1 AND last_resort = ?2 AND used = 0 "
      "AND expires > ?3 ORDER BY key LIMIT 1");
  query.bind(device).bind(last_resort).bind(now_);
  std::optional<Package> package;
  if (query.next()) package = Package{query.integer(0), to_bytes(query.blob(1))};
  PARLEY_TRY(query.finish());
  return package;
}

Result<ClaimedKeyPackages> SqliteDevices::claim_key_packages(const KeyPackageClaim& claim) {
  ClaimedKeyPackages claimed;
  std::unordered_set<UserId> seen;
  std::size_t bytes = 0;
  for (const UserId& user : claim.users) {
    if (!seen.insert(user).second) continue;
    const auto devices = active_devices(user);
    if (!devices.ok()) return devices.error();
    for (const DeviceId& device : *devices) {
      if (device == claim.asking) continue;
      if (bytes > claim.max_bytes) return claimed;
      auto package = next_key_package(device, false);
      if (!package.ok()) return package.error();
      const bool last_resort = !package->has_value();
      if (last_resort) {
        package = next_key_package(device, true);
        if (!package.ok()) return package.error();
      } else {
        // Its hash stays: see put_key_packages.
        PARLEY_TRY(database_.query("UPDATE key_packages SET used = 1, data = x'' WHERE key = ?1")
                       .bind((*package)->key)
                       .run());
      }
      if (!package->has_value()) {
        claimed.missing.push_back({user, device});
        continue;
      }
      const auto left = count_key_packages(device);
      if (!left.ok()) return left.error();
      bytes += (*package)->data.size();
      claimed.packages.push_back({user, device, std::move((*package)->data), last_resort});
      claimed.left.push_back(*left);
    }
  }
  return claimed;
}

// ---- inboxes -----------------------------------------------------------------------------------

Status SqliteDevices::put_inbox(const InboxWrite& write) {
  std::optional<std::int64_t> content;
  for (const wire::DeviceRef& device : write.to) {
    const auto active = is_active(device);
    if (!active.ok()) return active.error();
    if (!*active) continue;
    if (!content) {
      PARLEY_TRY(
          database_
              .query("INSERT INTO inbox_contents(kind, room, sender, device, at, body, tree) "
                     "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)")
              .bind(std::uint32_t{write.item.kind})
              .bind(write.item.room_id)
              .bind(write.item.sender)
              .bind(write.item.device)
              .bind(now_)
              .bind(write.item.body)
              .bind(write.item.tree)
              .run());
      content = database_.last_key();
    }
    PARLEY_TRY(database_.query("INSERT INTO inbox(device, content) VALUES(?1, ?2)")
                   .bind(device.device_id)
                   .bind(*content)
                   .run());
    PARLEY_TRY(database_
                   .query("DELETE FROM inbox WHERE device = ?1 AND number <= (SELECT number "
                          "FROM inbox WHERE device = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2)")
                   .bind(device.device_id)
                   .bind(kMaxInboxItems)
                   .run());
  }
  return {};
}

Status SqliteDevices::ack_inbox(const DeviceId& device, std::uint64_t number) {
  return database_.query("DELETE FROM inbox WHERE device = ?1 AND number <= ?2")
      .bind(device)
      .bind(number)
      .run();
}

// ---- identities and vaults ---------------------------------------------------------------------

Status SqliteDevices::put_identity(const wire::Identity& identity, bool afresh) {
  const auto user = user_key(identity.user_id);
  if (!user.ok()) return user.error();
  Query query = identity.version == 1
                    ? database_.query(
                          "INSERT INTO device_lists(user_key, version, list) VALUES(?1, ?2, ?3) "
                          "ON CONFLICT DO NOTHING")
                    : database_.query(
                          "UPDATE device_lists SET version = ?2, list = ?3 "
                          "WHERE user_key = ?1 AND version = ?2 - 1");
  PARLEY_TRY(query.bind(*user).bind(identity.version).bind(identity.list).run());
  if (database_.changes() == 0) {
    return Error{ErrorCode::kConflict, "the device list has another version", {}};
  }
  if (!afresh) return {};
  for (const std::string_view sql :
       {"DELETE FROM vault WHERE user_key = ?1"sv, "DELETE FROM vault_wraps WHERE user_key = ?1"sv,
        "DELETE FROM recovery_tokens WHERE user_key = ?1"sv,
        "DELETE FROM link_codes WHERE user_key = ?1"sv}) {
    PARLEY_TRY(database_.query(sql).bind(*user).run());
  }
  return database_
      .query(
          "DELETE FROM key_packages WHERE device IN (SELECT id FROM devices WHERE user_key = ?1)")
      .bind(*user)
      .run();
}

Result<std::uint64_t> SqliteDevices::put_vault(const UserId& user,
                                               const std::vector<wire::VaultEntry>& entries) {
  const auto owner = user_key(user);
  if (!owner.ok()) return owner.error();
  std::uint64_t before = 0;
  {
    Query query = database_.query("SELECT newest FROM vault_heads WHERE user_key = ?1");
    query.bind(*owner);
    if (query.next()) before = query.natural(0);
    PARLEY_TRY(query.finish());
  }
  std::uint64_t number = before;
  for (const wire::VaultEntry& entry : entries) {
    PARLEY_TRY(database_
                   .query("INSERT INTO vault(user_key, number, key, sealed) "
                          "VALUES(?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING")
                   .bind(*owner)
                   .bind(number + 1)
                   .bind(entry.key)
                   .bind(entry.sealed)
                   .run());
    number += database_.changes() > 0 ? 1 : 0;
  }
  if (number == before) return number;
  if (number > kMaxVaultEntries) {  // else it cannot be full: no need to count
    Query count = database_.query("SELECT count(*) FROM vault WHERE user_key = ?1");
    count.bind(*owner);
    const bool full = count.next() && count.natural(0) > kMaxVaultEntries;
    PARLEY_TRY(count.finish());
    if (full) return Error{ErrorCode::kTooLarge, "the vault is full", {}};
  }
  PARLEY_TRY(database_
                 .query("INSERT INTO vault_heads(user_key, newest) VALUES(?1, ?2) "
                        "ON CONFLICT(user_key) DO UPDATE SET newest = excluded.newest")
                 .bind(*owner)
                 .bind(number)
                 .run());
  return number;
}

Status SqliteDevices::put_vault_wraps(const UserId& user, const std::vector<wire::VaultWrap>& wraps,
                                      const Bytes& recovery_token_hash) {
  const auto owner = user_key(user);
  if (!owner.ok()) return owner.error();
  for (const wire::VaultWrap& wrap : wraps) {
    if (!wrap.device_id.is_nil()) {
      const auto active = is_active({user, wrap.device_id});
      if (!active.ok()) return active.error();
      if (!*active) return Error{ErrorCode::kInvalidArgument, "not a device of this user", {}};
    }
    PARLEY_TRY(database_
                   .query("INSERT INTO vault_wraps(user_key, kind, device, sealed) "
                          "VALUES(?1, ?2, ?3, ?4) "
                          "ON CONFLICT DO UPDATE SET sealed = excluded.sealed")
                   .bind(*owner)
                   .bind_enum(wrap.kind)
                   .bind(wrap.device_id)
                   .bind(wrap.sealed)
                   .run());
  }
  if (recovery_token_hash.empty()) return {};
  return database_
      .query(
          "INSERT INTO recovery_tokens(user_key, hash) VALUES(?1, ?2) "
          "ON CONFLICT(user_key) DO UPDATE SET hash = excluded.hash")
      .bind(*owner)
      .bind(recovery_token_hash)
      .run();
}

Status SqliteDevices::put_link_code(const UserId& user, const Bytes& hash, Timestamp expires) {
  const auto owner = user_key(user);
  if (!owner.ok()) return owner.error();
  if (hash.empty()) {
    return database_.query("DELETE FROM link_codes WHERE user_key = ?1").bind(*owner).run();
  }
  return database_
      .query(
          "INSERT INTO link_codes(user_key, hash, expires) VALUES(?1, ?2, ?3) "
          "ON CONFLICT(user_key) DO UPDATE SET hash = excluded.hash, expires = excluded.expires")
      .bind(*owner)
      .bind(hash)
      .bind(expires)
      .run();
}

Result<UserId> SqliteDevices::take_link_code(const Bytes& hash) {
  Query query = database_.query(
      "SELECT u.id FROM link_codes c JOIN users u ON u.key = c.user_key "
      "WHERE c.hash = ?1 AND c.expires > ?2");
  query.bind(hash).bind(now_);
  const bool found = query.next();
  const UserId user = found ? query.id<UserId>(0) : UserId{};
  PARLEY_TRY(query.finish());
  if (!found) return ErrorCode::kUserNotFound;
  PARLEY_TRY(database_.query("DELETE FROM link_codes WHERE hash = ?1").bind(hash).run());
  return user;
}

Status SqliteDevices::put_invite_bundle(const RoomId& room, const InviteId& invite,
                                        const Bytes& bundle) {
  PARLEY_TRY(database_
                 .query("UPDATE invites SET bundle = ?3 WHERE id = ?2 AND revoked = 0 "
                        "AND (expires = 0 OR expires > ?4) AND (max_uses = 0 OR uses < max_uses) "
                        "AND room_key = (SELECT key FROM rooms WHERE id = ?1 AND deleted = 0)")
                 .bind(room)
                 .bind(invite)
                 .bind(bundle)
                 .bind(now_)
                 .run());
  if (database_.changes() == 0) return ErrorCode::kInviteInvalid;
  return {};
}

Status SqliteDevices::forget(const DeviceId& device) {
  PARLEY_TRY(database_
                 .query("DELETE FROM link_codes WHERE user_key = "
                        "(SELECT user_key FROM devices WHERE id = ?1)")
                 .bind(device)
                 .run());
  PARLEY_TRY(database_.query("DELETE FROM key_packages WHERE device = ?1").bind(device).run());
  PARLEY_TRY(database_.query("DELETE FROM inbox WHERE device = ?1").bind(device).run());
  return database_
      .query(
          "DELETE FROM vault_wraps WHERE device = ?1 "
          "AND user_key = (SELECT user_key FROM devices WHERE id = ?1)")
      .bind(device)
      .run();
}

}  // namespace parley::store
