// Responses to commands, and notices: ephemeral, latest-wins state that is never logged.
#pragma once

#include "shared/wire/encryption.hpp"

namespace parley::wire {

// ---- responses ---------------------------------------------------------------------------------

struct Done {
  static constexpr std::uint16_t kKind = 1;
  static constexpr const char* kName = "done";
  bool operator==(const Done&) const = default;
  template <class Archive>
  void serialize(Archive&) {}
};

struct Session {
  static constexpr std::uint16_t kKind = 2;
  static constexpr const char* kName = "session";
  UserInfo user;
  DeviceId device_id;
  std::string token;  // bearer secret; JWT
  Timestamp expires;
  bool operator==(const Session&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("user", user), field("device_id", device_id), field("token", token, kMaxTokenBytes),
       field("expires", expires));
  }
};

// The initial state in one batch: the rooms whose head, markers or membership moved since the sync
// token, or all of them (`complete`) when there was none.
struct Welcome {
  static constexpr std::uint16_t kKind = 3;
  static constexpr const char* kName = "welcome";
  Session session;
  Timestamp server_time;
  std::string server_name;
  std::string sync_token;
  bool complete = true;
  std::vector<RoomSummary> rooms;
  std::vector<RoomId> gone;  // rooms left or deleted since the token
  PresenceInfo presence;     // the user's own choice
  bool operator==(const Welcome&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("session", session), field("server_time", server_time),
       field("server_name", server_name, kMaxNameBytes),
       field("sync_token", sync_token, kMaxCodeBytes), field("complete", complete),
       field("rooms", rooms, kMaxListItems), field("gone", gone, kMaxListItems),
       field("presence", presence));
  }
};

struct Challenge {
  static constexpr std::uint16_t kKind = 6;
  static constexpr const char* kName = "challenge";
  Bytes challenge;  // random
  bool operator==(const Challenge&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("challenge", challenge, kChallengeBytes));
  }
};

struct DeviceList {
  static constexpr std::uint16_t kKind = 4;
  static constexpr const char* kName = "devices";
  std::vector<DeviceInfo> devices;
  bool operator==(const DeviceList&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("devices", devices, kMaxListItems));
  }
};

struct UserList {
  static constexpr std::uint16_t kKind = 5;
  static constexpr const char* kName = "users";
  std::vector<UserInfo> users;
  bool operator==(const UserList&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("users", users, kMaxListItems));
  }
};

struct RoomState {
  static constexpr std::uint16_t kKind = 10;
  static constexpr const char* kName = "room";
  RoomSummary room;
  bool operator==(const RoomState&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("room", room));
  }
};

struct RoomList {
  static constexpr std::uint16_t kKind = 11;
  static constexpr const char* kName = "rooms";
  std::vector<RoomSummary> rooms;
  bool operator==(const RoomList&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("rooms", rooms, kMaxListItems));
  }
};

struct RoomPage {
  static constexpr std::uint16_t kKind = 12;
  static constexpr const char* kName = "room_page";
  std::vector<RoomListing> rooms;
  bool more = false;
  bool operator==(const RoomPage&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("rooms", rooms, kMaxPageSize), field("more", more));
  }
};

struct MemberPage {
  static constexpr std::uint16_t kKind = 13;
  static constexpr const char* kName = "members";
  RoomId room_id;
  std::vector<MemberInfo> members;
  std::vector<PresenceInfo> presence;  // of these members, those not offline
  bool more = false;
  bool operator==(const MemberPage&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("room_id", room_id), field("members", members, kMaxPageSize),
       field("presence", presence, kMaxPageSize), field("more", more));
  }
};

struct InviteState {
  static constexpr std::uint16_t kKind = 14;
  static constexpr const char* kName = "invite";
  InviteInfo invite;
  bool operator==(const InviteState&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("invite", invite));
  }
};

struct InviteList {
  static constexpr std::uint16_t kKind = 15;
  static constexpr const char* kName = "invites";
  std::vector<InviteInfo> invites;
  bool operator==(const InviteList&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("invites", invites, kMaxListItems));
  }
};

struct Posted {  // the event is on disk at this place
  static constexpr std::uint16_t kKind = 30;
  static constexpr const char* kName = "posted";
  RoomId room_id;
  ClientId client_id;
  Seq seq;
  Timestamp at;
  bool operator==(const Posted&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("room_id", room_id), field("client_id", client_id), field("seq", seq),
       field("at", at));
  }
};

struct HistoryPage {
  static constexpr std::uint16_t kKind = 31;
  static constexpr const char* kName = "history";
  RoomId room_id;
  Seq head;                     // the room's newest event then
  bool start = false;           // the first event of the room is here (or nothing is before these)
  std::vector<Event> events;    // ascending, dense
  std::vector<UserInfo> users;  // the senders
  bool operator==(const HistoryPage&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("room_id", room_id), field("head", head), field("start", start),
       field("events", events, kMaxEventsPerFrame), field("users", users, kMaxListItems));
  }
};

struct PresenceList {
  static constexpr std::uint16_t kKind = 35;
  static constexpr const char* kName = "presence_list";
  std::vector<PresenceInfo> presence;
  bool operator==(const PresenceList&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("presence", presence, kMaxListItems));
  }
};

using Response =
    std::variant<Done, Session, Welcome, DeviceList, UserList, RoomState, RoomList, RoomPage,
                 MemberPage, InviteState, InviteList, Posted, HistoryPage, PresenceList,
                 KeyPackageCount, KeyPackages, GroupState, Identities, VaultPosition, VaultPage,
                 VaultWraps, Commits, InviteBundle, Challenge>;

// An error instead of a response. A conflict carries the room's present state.
struct ErrorReply {
  std::uint16_t code = 0;  // ErrorCode; unknown ones are kept
  std::string detail;
  std::uint32_t retry_after_ms = 0;
  std::optional<RoomSummary> room;
  bool operator==(const ErrorReply&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("code", code), field("detail", detail, kMaxDetailBytes),
       field("retry_after_ms", retry_after_ms), field("room", room));
  }
};

// ---- events and notices ------------------------------------------------------------------------

// Consecutive events of one room, encoded once for all members.
struct EventBatch {
  RoomId room_id;
  std::vector<Event> events;  // ascending, dense
  bool operator==(const EventBatch&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("room_id", room_id), field("events", events, kMaxEventsPerFrame));
  }
};

struct TypingNotice {
  static constexpr std::uint16_t kKind = 1;
  static constexpr const char* kName = "typing";
  RoomId room_id;
  UserId user_id;
  bool on = true;  // ends by itself 5 s after the last one
  bool operator==(const TypingNotice&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("room_id", room_id), field("user_id", user_id), field("on", on));
  }
};

// In rooms of more than 64 members only the markers that lead are told.
struct MarkersNotice {
  static constexpr std::uint16_t kKind = 2;
  static constexpr const char* kName = "markers";
  RoomId room_id;
  std::vector<Marker> markers;
  bool operator==(const MarkersNotice&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("room_id", room_id), field("markers", markers, kMaxListItems));
  }
};

struct PresenceNotice {
  static constexpr std::uint16_t kKind = 3;
  static constexpr const char* kName = "presence";
  std::vector<PresenceInfo> presence;
  bool operator==(const PresenceNotice&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("presence", presence, kMaxListItems));
  }
};

// The user's view of one room changed by something that is not in its events: joined or invited
// (also by another device), counts after a marker moved.
struct RoomNotice {
  static constexpr std::uint16_t kKind = 4;
  static constexpr const char* kName = "room_changed";
  RoomSummary room;
  bool operator==(const RoomNotice&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("room", room));
  }
};

struct RoomGoneNotice {
  static constexpr std::uint16_t kKind = 5;
  static constexpr const char* kName = "room_gone";
  RoomId room_id;
  MemberChange reason = MemberChange::kLeft;
  bool deleted = false;
  bool operator==(const RoomGoneNotice&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("room_id", room_id), field("reason", reason), field("deleted", deleted));
  }
};

// A renewed token, sent before the old one ends.
struct SessionNotice {
  static constexpr std::uint16_t kKind = 6;
  static constexpr const char* kName = "session_renewed";
  Session session;
  bool operator==(const SessionNotice&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("session", session));
  }
};

struct UsersNotice {  // display names changed
  static constexpr std::uint16_t kKind = 7;
  static constexpr const char* kName = "users_changed";
  std::vector<UserInfo> users;
  bool operator==(const UsersNotice&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("users", users, kMaxListItems));
  }
};

// Where to resume from; sent now and then, after the events it covers.
struct SyncNotice {
  static constexpr std::uint16_t kKind = 8;
  static constexpr const char* kName = "sync";
  std::string sync_token;
  bool operator==(const SyncNotice&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("sync_token", sync_token, kMaxCodeBytes));
  }
};

// Behind the Welcome, where messages are deleted some time after they were sent. Devices delete
// them as well, and the keys they were sealed with.
struct RetentionNotice {
  static constexpr std::uint16_t kKind = 12;
  static constexpr const char* kName = "retention";
  std::uint32_t seconds = 0;
  bool operator==(const RetentionNotice&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("seconds", seconds));
  }
};

using Notice = std::variant<TypingNotice, MarkersNotice, PresenceNotice, RoomNotice, RoomGoneNotice,
                            SessionNotice, UsersNotice, SyncNotice, InboxNotice,
                            KeyPackagesLowNotice, IdentityChangedNotice, RetentionNotice>;

// The last frame before the server closes: why, and when to come back.
struct Goodbye {
  std::uint16_t code = 0;  // ErrorCode
  std::string detail;
  std::uint32_t retry_after_ms = 0;
  bool operator==(const Goodbye&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("code", code), field("detail", detail, kMaxDetailBytes),
       field("retry_after_ms", retry_after_ms));
  }
};

}  // namespace parley::wire
