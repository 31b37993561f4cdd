// Durable events: what a room's log is made of, and their bodies.
//
// A room is an append-only log of events with dense sequence numbers given by the server; the room's
// state is a fold over it. The envelope (Event) is read by everybody; the body is opaque to whoever
// need not read it: a private room's body is ciphertext. Event kinds that a reader does not know are
// kept and skipped.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "shared/wire/archive.hpp"

namespace parley::wire {

enum class RoomKind : std::uint8_t {
  kOpen = 0,     // readable by the server: bots, REST, server search
  kPrivate = 1,  // end-to-end encrypted
};
enum class RoomAccess : std::uint8_t {
  kPublic = 0,      // listed; anybody may join
  kInviteOnly = 1,  // not listed; joined by invitation
};
// Which earlier messages somebody who comes to a private room may read; kept by its members.
enum class HistoryAccess : std::uint8_t { kAll = 0, kSinceInvited = 1, kNone = 2 };
enum class Role : std::uint8_t { kNone = 0, kInvited = 1, kMember = 2, kModerator = 3, kOwner = 4 };

enum class EventKind : std::uint16_t {
  kNone = 0,
  kMessage = 1,
  kEdit = 2,
  kDeletion = 3,
  kReaction = 4,
  kMembership = 10,
  kRoomSettings = 11,
  kRoomDeleted = 12,
  kSealed = 20,  // body of a private room: ciphertext
  kCommit = 21,  // MLS handshake of a private room
  kDevicesChanged = 22,
};

// Whether a room counts as active by it. What devices settle among themselves is seen by nobody.
constexpr bool is_activity(EventKind kind) {
  return kind != EventKind::kCommit && kind != EventKind::kDevicesChanged;
}

struct Event {
  Seq seq;
  Timestamp at;  // the server's clock when it took the event
  UserId sender;
  DeviceId device;
  ClientId client_id;  // the sender's name for it; reconciles optimistic copies, dedupes retries
  EventKind kind = EventKind::kNone;
  Bytes body;  // one of the structs below, encoded

  bool operator==(const Event&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("seq", seq), field("at", at), field("sender", sender), field("device", device),
       field("client_id", client_id), field("kind", kind), field("body", body, kMaxBodyBytes));
  }
};

enum class MessageType : std::uint8_t { kText = 0, kNotice = 1, kAction = 2 };

struct Message {
  static constexpr EventKind kKind = EventKind::kMessage;
  MessageType message_type = MessageType::kText;
  std::string content;           // markdown subset, not blank, at most 4096 characters
  Seq reply_to;                  // 0: not a reply
  std::vector<UserId> mentions;  // users named in the content

  bool operator==(const Message&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("message_type", message_type), field("content", content, kMaxContentBytes),
       field("reply_to", reply_to), field("mentions", mentions, kMaxMentions));
  }
};

struct Edit {
  static constexpr EventKind kKind = EventKind::kEdit;
  Seq target;
  std::string content;
  std::vector<UserId> mentions;

  bool operator==(const Edit&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("target", target), field("content", content, kMaxContentBytes),
       field("mentions", mentions, kMaxMentions));
  }
};

struct Deletion {
  static constexpr EventKind kKind = EventKind::kDeletion;
  Seq target;

  bool operator==(const Deletion&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("target", target));
  }
};

struct Reaction {
  static constexpr EventKind kKind = EventKind::kReaction;
  Seq target;
  std::string emoji;
  bool on = true;  // false takes it back

  bool operator==(const Reaction&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("target", target), field("emoji", emoji, kMaxEmojiBytes), field("on", on));
  }
};

enum class MemberChange : std::uint8_t {
  kJoined = 0,
  kLeft = 1,
  kInvited = 2,
  kRemoved = 3,
  kBanned = 4,
  kRoleChanged = 5,
  kUnbanned = 6,
};

struct Membership {
  static constexpr EventKind kKind = EventKind::kMembership;
  UserId user;
  MemberChange change = MemberChange::kJoined;
  Role role = Role::kMember;  // after the change
  std::string name;           // the user's display name then

  bool operator==(const Membership&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("user", user), field("change", change), field("role", role),
       field("name", name, kMaxNameBytes));
  }
};

// All settings of a room after a change (or at its creation), so that a reader needs only the last.
struct RoomSettings {
  static constexpr EventKind kKind = EventKind::kRoomSettings;
  std::uint32_t version = 0;  // counts changes; commands carry the one they saw
  RoomKind kind = RoomKind::kOpen;
  RoomAccess access = RoomAccess::kPublic;
  std::string name;
  std::string topic;
  // Of private rooms, whose name and topic are empty here: their members have them sealed.
  bool direct = false;  // between two people
  HistoryAccess history = HistoryAccess::kAll;
  std::uint32_t disappear_after_s = 0;  // 0: messages stay

  bool operator==(const RoomSettings&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("version", version), field("kind", kind), field("access", access),
       field("name", name, kMaxNameBytes), field("topic", topic, kMaxTopicBytes));
    // Open rooms stay as frames and logs have them from before there were others.
    if (kind != RoomKind::kPrivate) return;
    ar(field("direct", direct), field("history", history),
       field("disappear_after_s", disappear_after_s));
  }
};

struct RoomDeleted {
  static constexpr EventKind kKind = EventKind::kRoomDeleted;
  bool operator==(const RoomDeleted&) const = default;
  template <class Archive>
  void serialize(Archive&) {}
};

// A message, edit, reaction ... of a private room. The server reads the epoch and whether it counts.
struct SealedBody {
  static constexpr EventKind kKind = EventKind::kSealed;
  static constexpr std::uint8_t kVersion = 1;
  static constexpr std::uint8_t kDisappearing = 2;  // in rooms where messages disappear
  std::uint8_t version = kVersion;
  std::uint64_t epoch = 0;  // of the group, whose history secret opens it
  bool counts = false;      // raises unread counts
  Bytes nonce;              // kSealNonceBytes; none in version 2
  Bytes ciphertext;         // version 2: an MLSMessage with a PrivateMessage

  bool operator==(const SealedBody&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("version", version), field("epoch", epoch), field("counts", counts),
       field("nonce", nonce, kSealNonceBytes), field("ciphertext", ciphertext, kMaxBodyBytes));
  }
};

// A member lost a device: the next commit removes it from the group.
struct DevicesChanged {
  static constexpr EventKind kKind = EventKind::kDevicesChanged;
  UserId user;
  std::uint32_t version = 0;  // of the user's device list then

  bool operator==(const DevicesChanged&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("user", user), field("version", version));
  }
};

// A body of a kind this reader cannot read: newer, or an MLS commit.
struct OpaqueBody {
  EventKind kind = EventKind::kNone;
  bool operator==(const OpaqueBody&) const = default;
};

using EventBody = std::variant<OpaqueBody, Message, Edit, Deletion, Reaction, Membership,
                               RoomSettings, RoomDeleted, SealedBody, DevicesChanged>;

// Unknown kinds give OpaqueBody; a known kind with a bad body is an error.
Result<EventBody> decode_body(EventKind kind, ByteView body);

}  // namespace parley::wire
