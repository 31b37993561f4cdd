// Answers reads from one connection, merging the tables with the recent table.
//
// Order matters in every method: first what is recent is copied, then the database snapshot begins.
// Belongs to one reader thread.
#pragma once

#include <unordered_map>

#include "server/store/recent_table.hpp"
#include "server/store/sqlite_db.hpp"

namespace parley::store {

class SqliteReader {
 public:
  SqliteReader(std::unique_ptr<Database> database, const RecentTable& recent)
      : database_(std::move(database)), recent_(recent) {}

  Result<RoomSnapshot> load_room(const RoomId& id, std::uint32_t tail);
  Result<UserSnapshot> load_user(const UserId& id);
  Result<std::vector<StoredEvent>> read_events(const EventQuery& query);
  Result<std::vector<UserRecord>> read_users(const std::vector<UserId>& users);
  Result<std::vector<wire::RoomListing>> search_rooms(const std::string& words,
                                                      std::uint32_t offset, std::uint32_t limit);
  Result<InviteRecord> find_invite(const std::string& code);
  Result<std::vector<InviteRecord>> list_invites(const RoomId& room);
  Result<std::optional<Bytes>> get_setting(const std::string& key);

  // What devices keep, in sqlite_reader_devices.cpp.
  Result<GroupPiece> read_group(const RoomId& room, std::uint64_t offset, std::uint64_t limit);
  Result<std::vector<wire::Event>> read_commits(const RoomId& room, std::uint64_t epoch,
                                                std::uint32_t limit, std::size_t max_bytes);
  Result<RoomId> find_direct(const UserId& one, const UserId& other);
  Result<std::vector<IdentityRecord>> read_identities(const std::vector<UserId>& users);
  Result<std::vector<wire::InboxItem>> read_inbox(const DeviceId& device, std::uint64_t after,
                                                  std::size_t max_bytes);
  Result<std::vector<wire::VaultEntry>> read_vault(const UserId& user, std::uint64_t after,
                                                   std::uint32_t limit);
  Result<Bytes> read_invite_bundle(const RoomId& room, const std::string& code);
  Result<std::vector<wire::VaultWrap>> read_vault_wraps(const UserId& user);
  Result<UserId> find_recovery(const Bytes& token_hash);

 private:
  struct Range {
    Seq first;  // empty when first > last
    Seq last;
  };
  // What load_room needs of the recent table; bodies of the tail only.
  struct RecentCopy {
    Position published = 0;
    bool has_events = false;
    RoomHead head;
    Seq first;
    std::vector<std::uint64_t> ordinals;  // from `first` on
    std::vector<StoredEvent> tail;
    std::optional<wire::Event> last_message;
    std::unordered_map<UserKey, Marker> markers;
  };
  // The members of a room as columns, in the order of their keys.
  struct MemberColumns {
    std::vector<UserKey> keys;
    std::vector<Marker> row_markers;
  };

  RecentCopy copy_recent(RoomKey key, std::uint32_t tail) const;
  Result<RoomKey> find_room(const RoomId& id);
  Result<RoomHead> table_head(RoomKey room);
  Result<Seq> log_start(RoomKey room);  // the first event that is kept
  Result<std::vector<StoredEvent>> table_events(RoomKey room, Range range);
  // The last event of `range` before `time`; the one before the range when there is none.
  Result<Seq> last_before(RoomKey room, Range range, Timestamp time);
  // Nothing when the snapshot is newer than what was copied from the recent table before it.
  Result<std::optional<RoomSnapshot>> try_load_room(RoomKey key, std::uint32_t tail);
  Result<bool> load_record(RoomKey key, Position published, RoomSnapshot& room);
  Result<MemberColumns> load_members(RoomKey key, RoomSnapshot& room);
  Status load_mentions(RoomKey key, const MemberColumns& columns, RoomSnapshot& room);
  Status apply_markers(RoomKey key, const RecentCopy& recent, const MemberColumns& columns,
                       RoomSnapshot& room);
  Status load_log(RoomKey key, const RecentCopy& recent, std::uint32_t tail, RoomSnapshot& room);

  std::unique_ptr<Database> database_;
  const RecentTable& recent_;
  std::unordered_map<RoomId, RoomKey> keys_;  // never change, so they are cached without care
};

}  // namespace parley::store
