// Writes what devices keep at the server: key packages, inboxes, device lists, vaults.
//
// Plain rows, inside the write thread's transaction; whoever calls guards each call with a
// savepoint.
#pragma once

#include <functional>

#include "server/store/records.hpp"
#include "server/store/sqlite_db.hpp"

namespace parley::store {

class SqliteDevices {
 public:
  explicit SqliteDevices(Database& database) : database_(database) {}

  void begin(Timestamp now) { now_ = now; }  // of each transaction

  Result<std::uint32_t> put_key_packages(const KeyPackagesWrite& write);
  Result<ClaimedKeyPackages> claim_key_packages(const KeyPackageClaim& claim);
  Status put_inbox(const InboxWrite& write);
  Status ack_inbox(const DeviceId& device, std::uint64_t number);
  Status put_identity(const wire::Identity& identity, bool afresh);
  Result<std::uint64_t> put_vault(const UserId& user, const std::vector<wire::VaultEntry>& entries);
  Status put_vault_wraps(const UserId& user, const std::vector<wire::VaultWrap>& wraps,
                         const Bytes& recovery_token_hash);
  Status put_link_code(const UserId& user, const Bytes& hash, Timestamp expires);
  Result<UserId> take_link_code(const Bytes& hash);
  Status put_invite_bundle(const RoomId& room, const InviteId& invite, const Bytes& bundle);
  // All that a device has: it was revoked. A link code may be its doing.
  Status forget(const DeviceId& device);

 private:
  struct Package {
    std::int64_t key = 0;
    Bytes data;
  };

  Result<bool> is_active(const wire::DeviceRef& device);
  Result<std::vector<DeviceId>> active_devices(const UserId& user);
  Result<std::int64_t> user_key(const UserId& user);  // kUserNotFound
  Status put_key_package(const DeviceId& device, const NewKeyPackage& package, bool last_resort);
  Result<std::uint32_t> count_key_packages(const DeviceId& device);
  Result<std::optional<Package>> next_key_package(const DeviceId& device, bool last_resort);

  Database& database_;
  Timestamp now_;
};

// A call that the write thread makes in its transaction.
using DeviceCall = std::function<Status(SqliteDevices&)>;

inline std::size_t inbox_bytes(const InboxWrite& write) {
  return write.to.size() * sizeof(wire::DeviceRef) + write.item.body.size() +
         write.item.tree.size();
}

}  // namespace parley::store
