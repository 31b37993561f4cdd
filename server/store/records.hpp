// What the store keeps, as plain structs.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shared/wire/commands.hpp"
#include "shared/wire/records.hpp"

namespace parley::store {

// Position in the whole server's commit order: rises with every append and marker change. Sync
// tokens are made of it.
using Position = std::uint64_t;

struct UserRecord {
  UserId id;
  std::string name;
  bool guest = true;
  Timestamp created;
  Timestamp last_seen;
  wire::PresenceStatus presence = wire::PresenceStatus::kOnline;  // the user's choice
  std::string status_text;
  bool operator==(const UserRecord&) const = default;
};

struct DeviceRecord {
  DeviceId id;
  UserId user;
  std::string name;
  Timestamp created;
  Timestamp last_seen;
  bool revoked = false;
  bool operator==(const DeviceRecord&) const = default;
};

struct RoomRecord {
  RoomId id;
  wire::RoomSettings settings;
  Timestamp created;
  bool deleted = false;
  bool operator==(const RoomRecord&) const = default;
};

// One user's relation to one room. Kept with Role::kNone after leaving, so that other devices of
// the user learn of it; `banned` likewise. A row may put `read` back, but not the mentions that
// were read: they may be forgotten already.
struct MemberRecord {
  UserId user;
  wire::Role role = wire::Role::kNone;
  bool banned = false;
  Seq delivered;
  Seq read;
  Position changed = 0;  // set by the store whenever the row is written
  bool operator==(const MemberRecord&) const = default;
};

struct InviteRecord {
  wire::InviteInfo info;
  bool revoked = false;
  bool operator==(const InviteRecord&) const = default;
};

// An event as the log holds it. `ordinal` counts the messages up to and with this event, so unread
// counts are a subtraction.
struct StoredEvent {
  wire::Event event;
  std::uint64_t ordinal = 0;
  bool operator==(const StoredEvent&) const = default;
};

struct NewEvent {
  UserId sender;  // known to the store, or nil for the server itself
  DeviceId device;
  ClientId client_id;  // nil: no retry is recognised
  wire::EventKind kind = wire::EventKind::kNone;
  Bytes body;
  bool counts = false;           // a message: raises unread counts
  std::vector<UserId> mentions;  // raises their mention counts
};

// The public part of a private room's group: what checks the next commit and lets others join.
struct GroupRecord {
  std::uint64_t epoch = 0;
  Bytes group_info;  // GroupInfo of the epoch, without tree
  Bytes tree;        // ratchet tree, encoded
  bool operator==(const GroupRecord&) const = default;
};

// One thing for the inboxes of several devices, kept once. Devices that are revoked or somebody
// else's are left out; an inbox that is full loses its oldest item.
struct InboxWrite {
  std::vector<wire::DeviceRef> to;
  wire::InboxItem item;  // the store sets `number` and `at`
};

inline constexpr std::uint32_t kMaxInboxItems = 1000;
inline constexpr std::uint64_t kMaxVaultEntries = 100'000;

// Everything that changes together in one room, in one transaction.
struct RoomWrite {
  RoomId room;
  std::vector<NewEvent> events;           // appended in this order, all or none
  std::optional<RoomRecord> room_record;  // created or replaced
  std::vector<MemberRecord> members;      // created or replaced (`changed` is ignored)
  std::optional<InviteRecord> invite;     // created or replaced
  std::optional<InviteId> use_invite;     // uses + 1; kInviteInvalid when used up or revoked
  // Follows the group of the epoch before (0: is the first); kConflict when another one is there.
  std::optional<GroupRecord> group;
  // Makes this the room of the two; kConflict when they have one that is not deleted.
  std::optional<std::pair<UserId, UserId>> direct;
  std::optional<InboxWrite> inbox;
};

struct RoomWritten {
  Position position = 0;
  Timestamp at;               // the moment given to all events of the write
  std::vector<Seq> seqs;      // one for each event
  std::uint64_t ordinal = 0;  // after the last of them
  // The (sender, client_id) of the first event is in this room's log already: nothing was written,
  // `seqs`, `at` and `ordinal` are those of the earlier event (events that came with it follow it).
  bool duplicate = false;
};

struct MarkerWrite {
  RoomId room;
  UserId user;
  Seq delivered;  // markers only move forward; smaller values change nothing, larger ones than the
  Seq read;       // room's head count as the head; unknown rooms and members are skipped
};

// A room as its actor starts from it.
struct RoomSnapshot {
  RoomRecord room;
  Seq first{1};  // the log begins here; one past the head when nothing is left of it
  Seq head;
  std::uint64_t ordinal = 0;  // messages up to the head, also those before `first`
  std::uint64_t trimmed = 0;  // messages before `first`
  Position position = 0;      // of the last write other than markers
  Timestamp last_activity;
  std::vector<MemberRecord> members;         // all rows, Role::kNone too
  std::vector<std::string> names;            // display names, parallel to `members`
  std::vector<std::uint64_t> read_ordinals;  // ordinal at each member's read marker, parallel
  std::vector<std::uint32_t> mentions;       // mentions after each member's read marker, parallel
  std::vector<StoredEvent> tail;             // the newest events, ascending
  std::optional<wire::Event> last_message;   // newest message, even if not in the tail
  std::optional<std::uint64_t> group_epoch;  // of a private room
};

// A group, or a piece of its tree.
struct GroupPiece {
  GroupRecord group;
  Seq seq;  // the first event of the write that made it
  std::uint64_t tree_size = 0;
};

struct NewKeyPackage {
  Bytes ref;  // its hash: known ones, also used ones, are not taken again
  Bytes data;
  Timestamp expires;
};

struct KeyPackagesWrite {
  wire::DeviceRef device;
  std::vector<NewKeyPackage> packages;
  std::optional<NewKeyPackage> last_resort;  // replaces
};

struct KeyPackageClaim {
  std::vector<UserId> users;
  DeviceId asking;            // is left out
  std::size_t max_bytes = 0;  // of the packages; what is beyond is not claimed
};

struct ClaimedKeyPackages {
  std::vector<wire::ClaimedKeyPackage> packages;
  std::vector<std::uint32_t> left;  // one-time packages that the device has after it, parallel
  std::vector<wire::DeviceRef> missing;
};

// A user's devices as others see them; version 0: no list yet.
struct IdentityRecord {
  wire::Identity identity;
  std::vector<DeviceId> devices;  // not revoked
};

struct UserRoom {
  RoomId room;
  wire::Role role = wire::Role::kNone;
  bool room_deleted = false;
  Position changed = 0;
};

struct UserSnapshot {
  UserRecord user;
  std::vector<DeviceRecord> devices;
  std::vector<UserRoom> rooms;
};

// What is too old is deleted from the beginning of the rooms' logs, a piece with each call.
struct TrimQuery {
  Timestamp now;
  Duration retention{};        // of rooms whose messages do not disappear earlier; 0: for ever
  bool only_disappearing = false;
  std::int64_t after = 0;      // what the call before answered as `next`
};

struct TrimmedRoom {
  RoomId room;
  Seq first;                  // the log begins here now; one past its end when nothing is left
  std::uint64_t ordinal = 0;  // messages before `first`
};

struct Trimmed {
  std::vector<TrimmedRoom> rooms;
  std::int64_t next = 0;
  bool done = false;  // all rooms were looked at
};

struct EventQuery {
  RoomId room;
  wire::HistoryFrom from = wire::HistoryFrom::kNewest;
  Seq seq;
  Timestamp time;
  std::uint32_t limit = 50;
};

}  // namespace parley::store
