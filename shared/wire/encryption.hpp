// What devices keep at the server for private rooms, and how they reach each other: key packages,
// groups, inboxes, device lists, the vault.
//
// The server reads of it what ordering and access need: commits, group infos and key packages are
// MLS structures (RFC 9420) in the clear; everything called sealed, wrapped or body is ciphertext
// to it.
#pragma once

#include "shared/wire/records.hpp"

namespace parley::wire {

// ---- records -----------------------------------------------------------------------------------

struct DeviceRef {
  UserId user_id;
  DeviceId device_id;
  auto operator<=>(const DeviceRef&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("user_id", user_id), field("device_id", device_id));
  }
};

struct OfferedKeyPackage {
  Bytes key_package;
  bool operator==(const OfferedKeyPackage&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("key_package", key_package, kMaxKeyPackageBytes));
  }
};

struct ClaimedKeyPackage {
  UserId user_id;
  DeviceId device_id;
  Bytes key_package;
  bool last_resort = false;  // others may have been given the same one
  bool operator==(const ClaimedKeyPackage&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("user_id", user_id), field("device_id", device_id),
       field("key_package", key_package, kMaxKeyPackageBytes), field("last_resort", last_resort));
  }
};

struct Identity {
  UserId user_id;
  std::uint32_t version = 0;
  Bytes list;  // the signed device list
  bool operator==(const Identity&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("user_id", user_id), field("version", version), field("list", list, kMaxBodyBytes));
  }
};

struct InboxItem {
  static constexpr std::uint8_t kWelcome = 1;  // kinds from 2 on are the clients'
  std::uint64_t number = 0;                    // rises; what `ack_inbox` names
  std::uint8_t kind = kWelcome;
  RoomId room_id;  // nil: of no room
  UserId sender;
  DeviceId device;
  Timestamp at;
  Bytes body;
  Bytes tree;  // of a welcome: the ratchet tree; empty when it is larger than kMaxTreeChunkBytes
  bool operator==(const InboxItem&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("number", number), field("kind", kind), field("room_id", room_id),
       field("sender", sender), field("device", device), field("at", at),
       field("body", body, kMaxWelcomeBytes), field("tree", tree, kMaxTreeChunkBytes));
  }
};

struct VaultEntry {
  std::uint64_t number = 0;  // rises in the order of arrival; ignored in `put_vault`
  Bytes key;
  Bytes sealed;
  bool operator==(const VaultEntry&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("number", number), field("key", key, kMaxVaultKeyBytes),
       field("sealed", sealed, kMaxVaultEntryBytes));
  }
};

enum class VaultWrapKind : std::uint8_t { kDevice = 1, kRecovery = 2, kPassword = 3 };

struct VaultWrap {
  VaultWrapKind kind = VaultWrapKind::kDevice;
  DeviceId device_id;  // nil but for kDevice
  Bytes sealed;
  bool operator==(const VaultWrap&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("kind", kind), field("device_id", device_id),
       field("sealed", sealed, kMaxVaultWrapBytes));
  }
};

// ---- commands ----------------------------------------------------------------------------------

// For this device. At most 100 one-time packages are kept; the oldest go. -> KeyPackageCount
struct PublishKeyPackages {
  static constexpr std::uint16_t kKind = 40;
  static constexpr const char* kName = "publish_key_packages";
  std::vector<OfferedKeyPackage> packages;
  Bytes last_resort;  // empty: the present one stays
  bool operator==(const PublishKeyPackages&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("packages", packages, kMaxKeyPackages),
       field("last_resort", last_resort, kMaxKeyPackageBytes));
  }
};

// One package of each device of these users, but the asking one, to add them to the room's group.
// -> KeyPackages
struct ClaimKeyPackages {
  static constexpr std::uint16_t kKind = 41;
  static constexpr const char* kName = "claim_key_packages";
  RoomId room_id;
  std::vector<UserId> user_ids;
  bool operator==(const ClaimKeyPackages&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("room_id", room_id), field("user_ids", user_ids, kMaxPageSize));
  }
};

// Moves the room's group from `epoch` to the next one. Of the commits for one epoch the first wins;
// the others get kConflict with the room. Idempotent by client_id. -> Posted
struct CommitGroup {
  static constexpr std::uint16_t kKind = 42;
  static constexpr const char* kName = "commit_group";
  RoomId room_id;
  ClientId client_id;
  std::uint64_t epoch = 0;
  Bytes commit;      // MLSMessage with a PublicMessage
  Bytes welcome;     // MLSMessage with a Welcome for exactly those who are added; empty: nobody is
  Bytes group_info;  // GroupInfo of the next epoch with external_pub and without ratchet_tree
  std::vector<UserId> add_members;  // who become members of the room by it
  bool operator==(const CommitGroup&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("room_id", room_id), field("client_id", client_id), field("epoch", epoch),
       field("commit", commit, kMaxBodyBytes), field("welcome", welcome, kMaxWelcomeBytes),
       field("group_info", group_info, kMaxGroupInfoBytes),
       field("add_members", add_members, kMaxPageSize));
  }
};

// What an external commit starts from; the tree in pieces from `offset` on. -> GroupState
struct GetGroup {
  static constexpr std::uint16_t kKind = 43;
  static constexpr const char* kName = "get_group";
  RoomId room_id;
  std::uint64_t offset = 0;
  bool operator==(const GetGroup&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("room_id", room_id), field("offset", offset));
  }
};

// Into the inboxes of devices of the room's members, or of one's own. -> Done
struct SendToDevices {
  static constexpr std::uint16_t kKind = 44;
  static constexpr const char* kName = "send_to_devices";
  std::vector<DeviceRef> devices;
  RoomId room_id;  // nil: own devices only
  std::uint8_t kind = 2;
  Bytes body;
  bool operator==(const SendToDevices&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("devices", devices, kMaxPageSize), field("room_id", room_id), field("kind", kind),
       field("body", body, kMaxBodyBytes));
  }
};

// The device has taken over everything up to `number`, and is sent what comes after it. -> Done
struct AckInbox {
  static constexpr std::uint16_t kKind = 45;
  static constexpr const char* kName = "ack_inbox";
  std::uint64_t number = 0;
  bool operator==(const AckInbox&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("number", number));
  }
};

// kConflict unless `version` follows the present one (the first is 1); 0: starts afresh. -> Done
struct PutDeviceList {
  static constexpr std::uint16_t kKind = 46;
  static constexpr const char* kName = "put_device_list";
  std::uint32_t version = 0;
  Bytes list;
  bool operator==(const PutDeviceList&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("version", version), field("list", list, kMaxBodyBytes));
  }
};

struct GetIdentities {  // -> Identities, in the order asked; users without one are left out
  static constexpr std::uint16_t kKind = 47;
  static constexpr const char* kName = "get_identities";
  std::vector<UserId> user_ids;
  bool operator==(const GetIdentities&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("user_ids", user_ids, kMaxPageSize));
  }
};

// Append-only: the first entry for a key stays, later ones are ignored. -> VaultPosition
struct PutVault {
  static constexpr std::uint16_t kKind = 48;
  static constexpr const char* kName = "put_vault";
  std::vector<VaultEntry> entries;
  bool operator==(const PutVault&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("entries", entries, kMaxPageSize));
  }
};

struct GetVault {  // -> VaultPage
  static constexpr std::uint16_t kKind = 49;
  static constexpr const char* kName = "get_vault";
  std::uint64_t after = 0;
  std::uint32_t limit = 200;
  bool operator==(const GetVault&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("after", after), field("limit", limit));
  }
};

// Each replaces the one of the same kind and device. -> Done
struct PutVaultWraps {
  static constexpr std::uint16_t kKind = 50;
  static constexpr const char* kName = "put_vault_wraps";
  std::vector<VaultWrap> wraps;
  Bytes recovery_token_hash;  // SHA-256 of what `authenticate.recovery` takes; empty: as it is
  bool operator==(const PutVaultWraps&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("wraps", wraps, kMaxPageSize),
       field("recovery_token_hash", recovery_token_hash, kRecoveryTokenBytes));
  }
};

struct GetVaultWraps {  // -> VaultWraps
  static constexpr std::uint16_t kKind = 51;
  static constexpr const char* kName = "get_vault_wraps";
  bool operator==(const GetVaultWraps&) const = default;
  template <class Archive>
  void serialize(Archive&) {}
};

// The commits that follow `epoch`, for a device that missed some. -> Commits
struct ListCommits {
  static constexpr std::uint16_t kKind = 52;
  static constexpr const char* kName = "list_commits";
  RoomId room_id;
  std::uint64_t epoch = 0;
  std::uint32_t limit = 50;
  bool operator==(const ListCommits&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("room_id", room_id), field("epoch", epoch), field("limit", limit));
  }
};

// Lets one new device sign in within ten minutes, with what has this SHA-256 as
// `authenticate.recovery`. Takes the place of the user's code before; empty: withdraws it. -> Done
struct PutLinkCode {
  static constexpr std::uint16_t kKind = 53;
  static constexpr const char* kName = "put_link_code";
  Bytes hash;
  bool operator==(const PutLinkCode&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("hash", hash, kRecoveryTokenBytes));
  }
};

// The history that comes with an invitation, sealed to the key in its link; replaces the one
// before. kInviteInvalid when the invitation is over: its bundle is gone with it. -> Done
struct PutInviteBundle {
  static constexpr std::uint16_t kKind = 54;
  static constexpr const char* kName = "put_invite_bundle";
  RoomId room_id;
  InviteId invite_id;
  Bytes bundle;
  bool operator==(const PutInviteBundle&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("room_id", room_id), field("invite_id", invite_id),
       field("bundle", bundle, kMaxBodyBytes));
  }
};

// For a member who came by the invitation. -> InviteBundle
struct GetInviteBundle {
  static constexpr std::uint16_t kKind = 55;
  static constexpr const char* kName = "get_invite_bundle";
  RoomId room_id;
  std::string code;
  bool operator==(const GetInviteBundle&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("room_id", room_id), field("code", code, kMaxCodeBytes));
  }
};

// ---- responses ---------------------------------------------------------------------------------

struct KeyPackageCount {
  static constexpr std::uint16_t kKind = 40;
  static constexpr const char* kName = "key_package_count";
  std::uint32_t count = 0;  // one-time packages of this device
  bool operator==(const KeyPackageCount&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("count", count));
  }
};

struct KeyPackages {
  static constexpr std::uint16_t kKind = 41;
  static constexpr const char* kName = "key_packages";
  std::vector<ClaimedKeyPackage> packages;
  std::vector<DeviceRef> missing;  // devices that have none
  bool operator==(const KeyPackages&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("packages", packages, kMaxListItems), field("missing", missing, kMaxListItems));
  }
};

struct GroupState {
  static constexpr std::uint16_t kKind = 43;
  static constexpr const char* kName = "group";
  std::uint64_t epoch = 0;
  Seq seq;  // of the event that began the epoch
  Bytes group_info;
  std::uint64_t tree_size = 0;
  Bytes tree;  // from the offset asked about
  bool operator==(const GroupState&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("epoch", epoch), field("seq", seq),
       field("group_info", group_info, kMaxGroupInfoBytes), field("tree_size", tree_size),
       field("tree", tree, kMaxTreeChunkBytes));
  }
};

struct Identities {
  static constexpr std::uint16_t kKind = 47;
  static constexpr const char* kName = "identities";
  std::vector<Identity> identities;
  bool more = false;  // the frame was full: ask again for those after the last one
  bool operator==(const Identities&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("identities", identities, kMaxPageSize), field("more", more));
  }
};

struct VaultPosition {
  static constexpr std::uint16_t kKind = 48;
  static constexpr const char* kName = "vault_position";
  std::uint64_t number = 0;  // of the newest entry
  bool operator==(const VaultPosition&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("number", number));
  }
};

struct VaultPage {
  static constexpr std::uint16_t kKind = 49;
  static constexpr const char* kName = "vault_page";
  std::vector<VaultEntry> entries;
  bool more = false;
  bool operator==(const VaultPage&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("entries", entries, kMaxPageSize), field("more", more));
  }
};

struct VaultWraps {
  static constexpr std::uint16_t kKind = 51;
  static constexpr const char* kName = "vault_wraps";
  std::vector<VaultWrap> wraps;
  bool operator==(const VaultWraps&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("wraps", wraps, kMaxListItems));
  }
};

struct Commits {
  static constexpr std::uint16_t kKind = 52;
  static constexpr const char* kName = "commits";
  std::vector<Event> events;     // that begin the epoch after the one asked about, and so on
  std::uint64_t epoch = 0;       // the group's present one
  std::vector<DeviceRef> stale;  // whose leaves the next commit removes
  bool more = false;
  bool operator==(const Commits&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("events", events, kMaxEventsPerFrame), field("epoch", epoch),
       field("stale", stale, kMaxListItems), field("more", more));
  }
};

struct InviteBundle {
  static constexpr std::uint16_t kKind = 55;
  static constexpr const char* kName = "invite_bundle";
  Bytes bundle;  // empty: there is none
  bool operator==(const InviteBundle&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("bundle", bundle, kMaxBodyBytes));
  }
};

// ---- notices -----------------------------------------------------------------------------------

// After the Welcome and as things come; the next items follow when these have been acknowledged.
struct InboxNotice {
  static constexpr std::uint16_t kKind = 9;
  static constexpr const char* kName = "inbox";
  std::vector<InboxItem> items;
  bool operator==(const InboxNotice&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("items", items, kMaxPageSize));
  }
};

struct KeyPackagesLowNotice {  // after a claim that left fewer than 30
  static constexpr std::uint16_t kKind = 10;
  static constexpr const char* kName = "key_packages_low";
  std::uint32_t count = 0;
  bool operator==(const KeyPackagesLowNotice&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("count", count));
  }
};

// To the user's devices and to the members of private rooms shared with the user.
struct IdentityChangedNotice {
  static constexpr std::uint16_t kKind = 11;
  static constexpr const char* kName = "identity_changed";
  UserId user_id;
  std::uint32_t version = 0;
  bool operator==(const IdentityChangedNotice&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("user_id", user_id), field("version", version));
  }
};

}  // namespace parley::wire
