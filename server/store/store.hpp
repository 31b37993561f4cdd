// The storage interface: batches of writes, point reads and ranges.
//
// Every call returns at once; its callback runs later, once, on a thread of the store's (callers
// post it on to where they need it), also after stop() for what was taken before. Writes are
// durable when their callback says so: they survive kill -9 and, with the default settings, power
// loss. Writes are grouped: many calls share one transaction and one flush; each call stands or
// falls alone. Writes of one caller thread to one room are applied in call order, and callbacks
// come in that order too.
//
// Errors: kStorageFull (disk), kStorageFailed (anything else the storage reports), kRoomNotFound,
// kRoomDeleted (writes to a deleted room), kUserNotFound, kInviteInvalid, kConflict (an invite code
// that another invite has, an epoch that has passed, and as said below), kTooLarge and
// kInvalidArgument (broken bounds), kOverloaded (the queue bound is reached: nothing was taken),
// kShuttingDown. The last two come before the call returns, on its thread.
#pragma once

#include <functional>
#include <memory>

#include "server/store/records.hpp"
#include "shared/base/result.hpp"

namespace parley::store {

template <class T>
using Callback = std::function<void(Result<T>)>;
using StatusCallback = std::function<void(Status)>;

struct StoreStats {
  std::uint64_t commits = 0;
  std::uint64_t events = 0;  // appended
  std::uint64_t queued = 0;  // writes waiting now
  double last_commit_ms = 0;
  bool writable = true;  // false after a failed commit until one succeeds
};

class Store {
 public:
  virtual ~Store() = default;

  // Writes.
  virtual void write_room(RoomWrite write, Callback<RoomWritten> done) = 0;
  // Coalesced; answers with the position after which they are visible.
  virtual void write_markers(std::vector<MarkerWrite> markers, Callback<Position> done) = 0;
  virtual void put_user(UserRecord user, StatusCallback done) = 0;
  virtual void put_device(DeviceRecord device, StatusCallback done) = 0;

  // What devices keep at the server. `put_device` of a revoked one deletes all of its own in the
  // same transaction. Each of these is one transaction's part like any other write.
  //
  // Answers with the one-time packages that are there now; kDeviceRevoked.
  virtual void put_key_packages(KeyPackagesWrite write, Callback<std::uint32_t> done) = 0;
  virtual void claim_key_packages(KeyPackageClaim claim, Callback<ClaimedKeyPackages> done) = 0;
  virtual void put_inbox(InboxWrite write, StatusCallback done) = 0;
  virtual void ack_inbox(DeviceId device, std::uint64_t number, StatusCallback done) = 0;
  // kConflict unless the version follows the present one. `afresh`: what the user's devices kept
  // under the keys before goes in the same transaction: vault, wraps, recovery token, link code,
  // key packages.
  virtual void put_identity(wire::Identity identity, bool afresh, StatusCallback done) = 0;
  // The first entry for a key stays. Answers with the newest number; kTooLarge past
  // kMaxVaultEntries.
  virtual void put_vault(UserId user, std::vector<wire::VaultEntry> entries,
                         Callback<std::uint64_t> done) = 0;
  // An empty hash leaves the present one; kConflict when somebody else has it.
  virtual void put_vault_wraps(UserId user, std::vector<wire::VaultWrap> wraps,
                               Bytes recovery_token_hash, StatusCallback done) = 0;
  // In the place of the user's code before; an empty hash leaves none. kConflict when somebody else
  // has it.
  virtual void put_link_code(UserId user, Bytes hash, Timestamp expires, StatusCallback done) = 0;
  // Whose code it is; it works once. kUserNotFound when nobody's, or too late.
  virtual void take_link_code(Bytes hash, Callback<UserId> done) = 0;
  // Replaces the one before; kInviteInvalid when the room has no such invite that still holds.
  virtual void put_invite_bundle(RoomId room, InviteId invite, Bytes bundle,
                                 StatusCallback done) = 0;
  // Deletes what is too old: events with their mentions, and from the members' vaults the history
  // secrets of epochs that nothing is left of. To be called again with `next` until `done`.
  virtual void trim(TrimQuery query, Callback<Trimmed> done) = 0;

  // Reads. They see every write whose callback has run.
  virtual void load_room(RoomId room, std::uint32_t tail, Callback<RoomSnapshot> done) = 0;
  virtual void load_user(UserId user, Callback<UserSnapshot> done) = 0;
  virtual void read_events(EventQuery query, Callback<std::vector<StoredEvent>> done) = 0;
  virtual void read_users(std::vector<UserId> users, Callback<std::vector<UserRecord>> done) = 0;
  // Public, not deleted rooms whose name or topic contains every word of `query` (case-insensitive
  // for ASCII and as the database folds it otherwise); most members first. `joined` is left false.
  virtual void search_rooms(std::string query, std::uint32_t offset, std::uint32_t limit,
                            Callback<std::vector<wire::RoomListing>> done) = 0;
  virtual void find_invite(std::string code, Callback<InviteRecord> done) = 0;
  virtual void list_invites(RoomId room, Callback<std::vector<InviteRecord>> done) = 0;
  // Empty without one; kInviteInvalid when the code is not of this room.
  virtual void read_invite_bundle(RoomId room, std::string code, Callback<Bytes> done) = 0;

  // The group with the piece of its tree from `offset` on; kRoomNotFound without one.
  virtual void read_group(RoomId room, std::uint64_t offset, std::uint64_t limit,
                          Callback<GroupPiece> done) = 0;
  // The events that begin the epochs after `epoch`, ascending without gaps, at most `limit`; stops
  // past `max_bytes`.
  virtual void read_commits(RoomId room, std::uint64_t epoch, std::uint32_t limit,
                            std::size_t max_bytes, Callback<std::vector<wire::Event>> done) = 0;
  // Nil: the two have no room.
  virtual void find_direct(UserId one, UserId other, Callback<RoomId> done) = 0;
  // In the order asked, each user once; unknown ones are left out.
  virtual void read_identities(std::vector<UserId> users,
                               Callback<std::vector<IdentityRecord>> done) = 0;
  // Ascending, at most kMaxPageSize; stops past `max_bytes`.
  virtual void read_inbox(DeviceId device, std::uint64_t after, std::size_t max_bytes,
                          Callback<std::vector<wire::InboxItem>> done) = 0;
  virtual void read_vault(UserId user, std::uint64_t after, std::uint32_t limit,
                          Callback<std::vector<wire::VaultEntry>> done) = 0;
  virtual void read_vault_wraps(UserId user, Callback<std::vector<wire::VaultWrap>> done) = 0;
  virtual void find_recovery(Bytes token_hash, Callback<UserId> done) = 0;  // kUserNotFound

  // Server-wide secrets and settings that the server made itself (for example the token key).
  virtual void get_setting(std::string key, Callback<std::optional<Bytes>> done) = 0;
  virtual void put_setting(std::string key, Bytes value, StatusCallback done) = 0;

  virtual StoreStats stats() const = 0;  // from any thread
  // Writes what was taken, then ends the threads. Later calls answer kShuttingDown. Not to be
  // called from a callback.
  virtual void stop() = 0;
};

}  // namespace parley::store
