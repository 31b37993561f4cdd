// Commands: what a client asks. Each names the response it gets; every command may get an error
// instead. Numbers and names are stable.
#pragma once

#include "shared/wire/encryption.hpp"

namespace parley::wire {

// Signs the connection in; the first command on every connection. -> Welcome
struct Authenticate {
  static constexpr std::uint16_t kKind = 1;
  static constexpr const char* kName = "authenticate";
  std::uint32_t protocol = kProtocolVersion;
  std::string token;       // of an earlier session; empty: a new guest session is made
  std::string guest_name;  // display name of a new guest
  DeviceId device_id;      // nil: the server makes one
  std::string device_name;
  std::string sync_token;  // of the last Welcome or SyncToken; empty: everything
  // Without token and name: a bearer secret of kRecoveryTokenBytes that signs a new device of its
  // user in (see PutVaultWraps and PutLinkCode).
  Bytes recovery;

  bool operator==(const Authenticate&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("protocol", protocol), field("token", token, kMaxTokenBytes),
       field("guest_name", guest_name, kMaxNameBytes), field("device_id", device_id),
       field("device_name", device_name, kMaxNameBytes),
       field("sync_token", sync_token, kMaxCodeBytes));
    // Other frames stay as they were before there was recovery.
    if (token.empty() && guest_name.empty()) ar(field("recovery", recovery, kRecoveryTokenBytes));
  }
};

// A fresh token before the present one ends. -> Session
struct RefreshSession {
  static constexpr std::uint16_t kKind = 2;
  static constexpr const char* kName = "refresh_session";
  bool operator==(const RefreshSession&) const = default;
  template <class Archive>
  void serialize(Archive&) {}
};

// Ends this device's session everywhere. -> Done, then the connection closes
struct SignOut {
  static constexpr std::uint16_t kKind = 3;
  static constexpr const char* kName = "sign_out";
  bool operator==(const SignOut&) const = default;
  template <class Archive>
  void serialize(Archive&) {}
};

struct ListDevices {  // -> DeviceList
  static constexpr std::uint16_t kKind = 4;
  static constexpr const char* kName = "list_devices";
  bool operator==(const ListDevices&) const = default;
  template <class Archive>
  void serialize(Archive&) {}
};

struct RevokeDevice {  // -> Done
  static constexpr std::uint16_t kKind = 5;
  static constexpr const char* kName = "revoke_device";
  DeviceId device_id;
  bool operator==(const RevokeDevice&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("device_id", device_id));
  }
};

// What AuthenticateDevice signs, once and on this connection; before it is signed in. -> Challenge
struct GetChallenge {
  static constexpr std::uint16_t kKind = 8;
  static constexpr const char* kName = "get_challenge";
  std::uint32_t protocol = kProtocolVersion;
  bool operator==(const GetChallenge&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("protocol", protocol));
  }
};

// Signs the connection in where the session has ended: the device shows that it has the signing key
// of its entry in the user's device list. -> Welcome
struct AuthenticateDevice {
  static constexpr std::uint16_t kKind = 9;
  static constexpr const char* kName = "authenticate_device";
  UserId user_id;
  DeviceId device_id;
  Bytes signature;         // Ed25519, of the challenge (shared/identity/sign_in.hpp)
  std::string sync_token;  // as in Authenticate
  bool operator==(const AuthenticateDevice&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("user_id", user_id), field("device_id", device_id),
       field("signature", signature, kSignatureBytes),
       field("sync_token", sync_token, kMaxCodeBytes));
  }
};

struct SetProfile {  // -> Done
  static constexpr std::uint16_t kKind = 6;
  static constexpr const char* kName = "set_profile";
  std::string name;
  bool operator==(const SetProfile&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("name", name, kMaxNameBytes));
  }
};

struct GetUsers {  // -> UserList; users that are not there are left out
  static constexpr std::uint16_t kKind = 7;
  static constexpr const char* kName = "get_users";
  std::vector<UserId> user_ids;
  bool operator==(const GetUsers&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("user_ids", user_ids, kMaxPageSize));
  }
};

// Idempotent by client_id, which becomes the room's id. A private room is invite_only, its name and
// topic are empty here. -> RoomSummary; of the existing one for two people who have a room
struct CreateRoom {
  static constexpr std::uint16_t kKind = 10;
  static constexpr const char* kName = "create_room";
  ClientId client_id;
  RoomKind kind = RoomKind::kOpen;
  RoomAccess access = RoomAccess::kPublic;
  std::string name;
  std::string topic;
  // Of private rooms: epoch 0 of the group with the creator's leaf alone. Its id is the room's.
  Bytes group_info;
  Bytes tree;
  UserId direct_with;  // not nil: the room of these two people, which exists once
  HistoryAccess history = HistoryAccess::kAll;
  std::uint32_t disappear_after_s = 0;
  bool operator==(const CreateRoom&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("client_id", client_id), field("kind", kind), field("access", access),
       field("name", name, kMaxNameBytes), field("topic", topic, kMaxTopicBytes));
    if (kind != RoomKind::kPrivate) return;
    ar(field("group_info", group_info, kMaxGroupInfoBytes),
       field("tree", tree, kMaxKeyPackageBytes), field("direct_with", direct_with),
       field("history", history), field("disappear_after_s", disappear_after_s));
  }
};

// Changes the fields that are there. kConflict when `version` is not the room's present one.
// -> RoomSummary
struct UpdateRoom {
  static constexpr std::uint16_t kKind = 11;
  static constexpr const char* kName = "update_room";
  RoomId room_id;
  std::uint32_t version = 0;
  std::optional<std::string> name;
  std::optional<std::string> topic;
  std::optional<RoomAccess> access;
  bool operator==(const UpdateRoom&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("room_id", room_id), field("version", version), field("name", name, kMaxNameBytes),
       field("topic", topic, kMaxTopicBytes), field("access", access));
  }
};

struct DeleteRoom {  // owners only -> Done
  static constexpr std::uint16_t kKind = 12;
  static constexpr const char* kName = "delete_room";
  RoomId room_id;
  bool operator==(const DeleteRoom&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("room_id", room_id));
  }
};

struct JoinRoom {  // by id (public, or invited), or by an invitation's code alone -> RoomSummary
  static constexpr std::uint16_t kKind = 13;
  static constexpr const char* kName = "join_room";
  RoomId room_id;
  std::string invite_code;
  bool operator==(const JoinRoom&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("room_id", room_id), field("invite_code", invite_code, kMaxCodeBytes));
  }
};

struct LeaveRoom {  // -> Done
  static constexpr std::uint16_t kKind = 14;
  static constexpr const char* kName = "leave_room";
  RoomId room_id;
  bool operator==(const LeaveRoom&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("room_id", room_id));
  }
};

struct ListRooms {  // the user's own rooms -> RoomList
  static constexpr std::uint16_t kKind = 15;
  static constexpr const char* kName = "list_rooms";
  bool operator==(const ListRooms&) const = default;
  template <class Archive>
  void serialize(Archive&) {}
};

struct SearchRooms {  // public rooms by words of name and topic -> RoomPage
  static constexpr std::uint16_t kKind = 16;
  static constexpr const char* kName = "search_rooms";
  std::string query;  // empty: all
  std::uint32_t offset = 0;
  std::uint32_t limit = 50;
  bool operator==(const SearchRooms&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("query", query, kMaxQueryBytes), field("offset", offset), field("limit", limit));
  }
};

struct ListMembers {  // -> MemberPage, by user id
  static constexpr std::uint16_t kKind = 17;
  static constexpr const char* kName = "list_members";
  RoomId room_id;
  UserId after;  // nil: from the first
  std::uint32_t limit = 200;
  bool operator==(const ListMembers&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("room_id", room_id), field("after", after), field("limit", limit));
  }
};

struct InviteMember {  // the user then sees the room as invited -> Done
  static constexpr std::uint16_t kKind = 18;
  static constexpr const char* kName = "invite_member";
  RoomId room_id;
  UserId user_id;
  bool operator==(const InviteMember&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("room_id", room_id), field("user_id", user_id));
  }
};

struct SetRole {  // -> Done
  static constexpr std::uint16_t kKind = 19;
  static constexpr const char* kName = "set_role";
  RoomId room_id;
  UserId user_id;
  Role role = Role::kMember;
  bool operator==(const SetRole&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("room_id", room_id), field("user_id", user_id), field("role", role));
  }
};

struct RemoveMember {  // -> Done
  static constexpr std::uint16_t kKind = 20;
  static constexpr const char* kName = "remove_member";
  RoomId room_id;
  UserId user_id;
  bool ban = false;  // a banned user cannot join again
  bool operator==(const RemoveMember&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("room_id", room_id), field("user_id", user_id), field("ban", ban));
  }
};

struct CreateInvite {  // -> InviteInfo
  static constexpr std::uint16_t kKind = 21;
  static constexpr const char* kName = "create_invite";
  RoomId room_id;
  std::uint32_t expires_in_s = 7 * 86'400;  // 0: never
  std::uint32_t max_uses = 0;               // 0: any number
  bool operator==(const CreateInvite&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("room_id", room_id), field("expires_in_s", expires_in_s), field("max_uses", max_uses));
  }
};

struct ListInvites {  // -> InviteList
  static constexpr std::uint16_t kKind = 22;
  static constexpr const char* kName = "list_invites";
  RoomId room_id;
  bool operator==(const ListInvites&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("room_id", room_id));
  }
};

struct RevokeInvite {  // -> Done
  static constexpr std::uint16_t kKind = 23;
  static constexpr const char* kName = "revoke_invite";
  RoomId room_id;
  InviteId invite_id;
  bool operator==(const RevokeInvite&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("room_id", room_id), field("invite_id", invite_id));
  }
};

// Appends one user-made event: message, edit, deletion, reaction; in private rooms sealed.
// Idempotent by client_id: a repeat answers with the first one's place. -> Posted, when it is on
// disk
struct Post {
  static constexpr std::uint16_t kKind = 30;
  static constexpr const char* kName = "post";
  RoomId room_id;
  ClientId client_id;
  EventKind kind = EventKind::kMessage;
  Bytes body;
  bool operator==(const Post&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("room_id", room_id), field("client_id", client_id), field("kind", kind),
       field("body", body, kMaxBodyBytes));
  }
};

enum class HistoryFrom : std::uint8_t {
  kNewest = 0,  // the last `limit` events
  kBefore = 1,  // the last `limit` with seq < `seq`
  kAfter = 2,   // the first `limit` with seq > `seq`
  kAround = 3,  // about half of `limit` on each side of `seq`
  kTime = 4,    // the last `limit` before the moment `time`
};

struct History {  // -> HistoryPage
  static constexpr std::uint16_t kKind = 31;
  static constexpr const char* kName = "history";
  RoomId room_id;
  HistoryFrom from = HistoryFrom::kNewest;
  Seq seq;
  Timestamp time;
  std::uint32_t limit = 50;
  bool operator==(const History&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("room_id", room_id), field("from", from), field("seq", seq), field("time", time),
       field("limit", limit));
  }
};

// Markers only move forward; smaller values are ignored. -> Done
struct Mark {
  static constexpr std::uint16_t kKind = 32;
  static constexpr const char* kName = "mark_read";
  RoomId room_id;
  Seq delivered;
  Seq read;
  bool operator==(const Mark&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("room_id", room_id), field("delivered", delivered), field("read", read));
  }
};

struct Typing {  // -> no response
  static constexpr std::uint16_t kKind = 33;
  static constexpr const char* kName = "typing";
  RoomId room_id;
  bool on = true;
  bool operator==(const Typing&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("room_id", room_id), field("on", on));
  }
};

// The user's choice, kept over sessions; and whether this device has been idle. -> Done
struct PresenceUpdate {
  static constexpr std::uint16_t kKind = 34;
  static constexpr const char* kName = "presence_update";
  PresenceStatus status = PresenceStatus::kOnline;
  std::string status_text;
  bool idle = false;  // this device: nobody has touched it for 5 minutes
  bool operator==(const PresenceUpdate&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("status", status), field("status_text", status_text, kMaxStatusTextBytes),
       field("idle", idle));
  }
};

struct GetPresence {  // of users or of a room's members (at most kMaxPageSize) -> PresenceList
  static constexpr std::uint16_t kKind = 35;
  static constexpr const char* kName = "get_presence";
  RoomId room_id;  // nil: the users below
  std::vector<UserId> user_ids;
  bool operator==(const GetPresence&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("room_id", room_id), field("user_ids", user_ids, kMaxPageSize));
  }
};

using Command =
    std::variant<Authenticate, RefreshSession, SignOut, ListDevices, RevokeDevice, SetProfile,
                 GetUsers, CreateRoom, UpdateRoom, DeleteRoom, JoinRoom, LeaveRoom, ListRooms,
                 SearchRooms, ListMembers, InviteMember, SetRole, RemoveMember, CreateInvite,
                 ListInvites, RevokeInvite, Post, History, Mark, Typing, PresenceUpdate,
                 GetPresence, PublishKeyPackages, ClaimKeyPackages, CommitGroup, GetGroup,
                 SendToDevices, AckInbox, PutDeviceList, GetIdentities, PutVault, GetVault,
                 PutVaultWraps, GetVaultWraps, ListCommits, PutLinkCode, PutInviteBundle,
                 GetInviteBundle, GetChallenge, AuthenticateDevice>;

}  // namespace parley::wire
