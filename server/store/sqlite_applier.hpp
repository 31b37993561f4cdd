// Applies writes to the database inside the write thread's transaction.
//
// Holds the caches of rooms and users and, until publish() or abandon(), everything the open
// transaction changed but readers must not see yet. Events and markers go to the journal and the
// recent table only; room records, members, invites and mentions go to their tables at once.
//
// A write that fails with a local failure (is_local_failure) has changed nothing; after any other
// failure the whole transaction must be rolled back and abandon() called.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "server/store/recent_ids.hpp"
#include "server/store/recent_table.hpp"
#include "server/store/sqlite_devices.hpp"

namespace parley::store {

class SqliteApplier {
 public:
  SqliteApplier(Database& database, RecentTable& recent, RecentIds& ids, std::size_t cached_rooms)
      : database_(database),
        recent_(recent),
        ids_(ids),
        devices_(database),
        cached_rooms_(cached_rooms) {}

  // Reads the journal into the recent table and names; once, before the first transaction.
  Status recover();

  void begin(Timestamp now);
  Result<RoomWritten> write_room(RoomWrite& write);
  Result<Position> write_markers(const std::vector<MarkerWrite>& markers);
  Status put_user(const UserRecord& user);
  Status put_device(const DeviceRecord& device);
  Status put_setting(const std::string& key, const Bytes& value);
  Status run(const DeviceCall& call);
  // Writes the journal row, if there is something to journal or `always`. The last thing in the
  // transaction.
  Status write_journal(bool always);

  // After the commit, under the recent table's lock.
  void publish();
  // After a rollback: forgets everything that came from the transaction.
  void abandon();

  std::int64_t last_journal_id() const { return journal_id_; }
  std::size_t pending_events() const { return events_.size(); }

 private:
  struct RoomState {
    RoomKey key;
    bool deleted = false;
    RoomHead head;
    std::uint64_t last_used = 0;  // number of the transaction
  };
  struct PendingEvent {
    RoomKey room;
    RoomHead head;  // after it
    StoredEvent stored;
  };
  struct MemberKey {
    RoomKey room;
    UserKey user;
    auto operator<=>(const MemberKey&) const = default;
  };
  struct MemberKeyHash {
    std::size_t operator()(const MemberKey& key) const noexcept {
      return std::hash<UserKey>{}(key.user) * 0x9e3779b97f4a7c15ull ^
             std::hash<RoomKey>{}(key.room);
    }
  };
  struct PendingMarker {
    Marker marker;
    bool row_written = false;  // the members row was: what the recent table says is outdated
    bool moved = false;        // after that, if so
  };

  Result<RoomState*> find_room(const RoomId& id);  // null: no such room
  Result<std::optional<UserKey>> find_user(const UserId& id);
  Result<std::optional<Marker>> current_marker(RoomKey room, UserKey user);
  Status check(const RoomWrite& write);  // fills `senders_`, `member_users_`
  Result<std::optional<RoomWritten>> find_earlier(const RoomState& room, const RoomWrite& write);
  Result<std::optional<StoredEvent>> load_event(RoomKey room, Seq seq);  // nothing: was trimmed

  // The rows of a write, inside a savepoint.
  Result<RoomState*> write_rows(RoomState* room, const RoomWrite& write);
  Result<RoomState*> write_rows_unguarded(RoomState* room, const RoomWrite& write);
  Status insert_room(const RoomRecord& record, RoomState& state);
  Status update_room(RoomKey key, const RoomRecord& record);
  Status put_member(RoomKey room, UserKey user, const MemberRecord& member, std::int64_t& counted);
  Status put_invite(RoomKey room, const InviteRecord& invite);
  Status use_invite(RoomKey room, const InviteId& id);
  Status put_group(const RoomState& room, const GroupRecord& group);
  Status put_direct(RoomKey room, const std::pair<UserId, UserId>& pair);

  Status append(RoomState& room, RoomWrite& write, RoomWritten& written);
  Status recover_event(JournalEvent event, std::unordered_map<RoomKey, RoomHead>& heads);
  Status recover_marker(const JournalMarker& record);
  void trim_caches();

  Database& database_;
  RecentTable& recent_;
  RecentIds& ids_;
  SqliteDevices devices_;
  const std::size_t cached_rooms_;

  std::unordered_map<RoomId, RoomState> rooms_;
  std::unordered_map<UserId, UserKey> users_;
  std::uint64_t transaction_ = 0;
  std::int64_t journal_id_ = 0;
  std::int64_t pending_journal_id_ = 0;

  // Of the open transaction.
  Timestamp now_;
  Position position_ = 0;
  JournalWriter journal_;
  std::vector<PendingEvent> events_;
  std::vector<EventName> names_;
  std::unordered_map<MemberKey, PendingMarker, MemberKeyHash> markers_;

  // Of the write being applied; members so that their memory is reused.
  std::vector<UserKey> senders_;
  std::vector<UserKey> member_users_;
};

}  // namespace parley::store
