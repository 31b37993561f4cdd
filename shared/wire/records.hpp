// Records that several commands, responses and notices share.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "shared/wire/event.hpp"

namespace parley::wire {

enum class PresenceStatus : std::uint8_t {
  kOffline = 0,
  kOnline = 1,
  kAway = 2,
  kBusy = 3,
  kInvisible = 4,  // what its owner chose; others are told kOffline
};

struct UserInfo {
  UserId user_id;
  std::string name;
  bool guest = true;

  bool operator==(const UserInfo&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("user_id", user_id), field("name", name, kMaxNameBytes), field("guest", guest));
  }
};

struct PresenceInfo {
  UserId user_id;
  PresenceStatus status = PresenceStatus::kOffline;
  std::string status_text;
  Timestamp last_seen;  // when status is not kOffline: now

  bool operator==(const PresenceInfo&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("user_id", user_id), field("status", status),
       field("status_text", status_text, kMaxStatusTextBytes), field("last_seen", last_seen));
  }
};

struct DeviceInfo {
  DeviceId device_id;
  std::string name;  // what the client calls itself, for example "Chromium on Linux"
  Timestamp created;
  Timestamp last_seen;
  bool connected = false;
  bool current = false;  // the device that asks

  bool operator==(const DeviceInfo&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("device_id", device_id), field("name", name, kMaxNameBytes),
       field("created", created), field("last_seen", last_seen), field("connected", connected),
       field("current", current));
  }
};

// A room as one of its members sees it.
struct RoomSummary {
  RoomId room_id;
  RoomSettings settings;
  Role role = Role::kNone;
  Seq head;                  // newest event
  Seq read;                  // this user's read marker
  std::uint32_t unread = 0;  // messages of others after `read`
  std::uint32_t mentions = 0;
  std::uint32_t members = 0;
  Timestamp last_activity;
  std::optional<Event> last_message;
  std::string last_sender;  // display name for the line under the room's name
  std::uint64_t epoch = 0;  // of a private room's group

  bool operator==(const RoomSummary&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("room_id", room_id), field("settings", settings), field("role", role),
       field("head", head), field("read", read), field("unread", unread),
       field("mentions", mentions), field("members", members),
       field("last_activity", last_activity), field("last_message", last_message),
       field("last_sender", last_sender, kMaxNameBytes));
    // Open rooms stay as frames have them from before there were others.
    if (settings.kind == RoomKind::kPrivate) ar(field("epoch", epoch));
  }
};

// A public room as the directory shows it.
struct RoomListing {
  RoomId room_id;
  std::string name;
  std::string topic;
  std::uint32_t members = 0;
  bool joined = false;

  bool operator==(const RoomListing&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("room_id", room_id), field("name", name, kMaxNameBytes),
       field("topic", topic, kMaxTopicBytes), field("members", members),
       field("joined", joined));
  }
};

struct MemberInfo {
  UserInfo user;
  Role role = Role::kMember;
  Seq delivered;
  Seq read;

  bool operator==(const MemberInfo&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("user", user), field("role", role), field("delivered", delivered),
       field("read", read));
  }
};

struct Marker {
  UserId user_id;
  Seq delivered;
  Seq read;

  bool operator==(const Marker&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("user_id", user_id), field("delivered", delivered), field("read", read));
  }
};

struct InviteInfo {
  InviteId invite_id;
  RoomId room_id;
  std::string code;      // what a link carries; a bearer secret
  Timestamp expires;     // 0: never
  std::uint32_t max_uses = 0;  // 0: any number
  std::uint32_t uses = 0;
  UserId created_by;

  bool operator==(const InviteInfo&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("invite_id", invite_id), field("room_id", room_id),
       field("code", code, kMaxCodeBytes), field("expires", expires),
       field("max_uses", max_uses), field("uses", uses), field("created_by", created_by));
  }
};

}  // namespace parley::wire
