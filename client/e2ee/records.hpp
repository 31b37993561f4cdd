// What the engine keeps on the device, by key:
//
//   e2ee/account                the device's own keys
//   e2ee/afresh                 there while the account is to go on under its new key
//   e2ee/link                   a link under way, which a restart ends
//   e2ee/vaultkeys              vault keys before the present one
//   e2ee/user/<user>            what is known of a user: pin and newest device list
//   e2ee/decision/<user>        what the person decided last about a user's account key
//   e2ee/package/<ref>          a key package with its private keys
//   e2ee/epoch/<room>/<epoch>   a history secret
//   e2ee/room/<room>            what is to be done in a room, own place in the sender chain
//   e2ee/group/<room>           the group (mls/state.hpp)
//   e2ee/pending/<room>         a commit that may have been sent, with the group after it
//   e2ee/chain/<room>/<key>     the sender chain of a device, by its signing key
//   e2ee/invite/<room>          the key of the link that one came by, until its history is here
//   e2ee/invites/<room>         what this device owes the links of others' and its own invitations
//   e2ee/invitekey/<room>/<invite>  the key in a link that this device made
//   e2ee/since/<room>           since when each user is in the group, as this device saw it
//   e2ee/ages/<room>            when epochs began, for the room's retention
//
// Of rooms where messages disappear, whose groups are kept without message keys:
//
//   e2ee/keys/<room>/<epoch>         message keys that belong to no leaf yet (mls/state.hpp)
//   e2ee/keys/<room>/<epoch>/<leaf>  ... of a leaf
//   e2ee/ends/<room>                 when each epoch ended here
//   e2ee/said/<room>/<device>/<client id>  a message, until its end
//
// Each value begins with its format.
#pragma once

#include <map>

#include "shared/identity/codec.hpp"
#include "shared/identity/device_list.hpp"
#include "shared/sealing/author.hpp"
#include "shared/sealing/sender_chain.hpp"
#include "shared/wire/commands.hpp"

namespace parley::e2ee {

using crypto::Secret;
using crypto::SecretBytes;
using identity::fixed;
using wire::field;

inline constexpr std::size_t kMaxStoredBytes = 64u << 20;  // of a group with its tree
inline constexpr std::size_t kMaxListed = 100'000;

// A list of at most `most` byte strings of at most `cap` bytes.
template <class Archive>
void blobs(Archive& ar, std::vector<Bytes>& list, std::size_t most, std::size_t cap) {
  std::uint64_t count = list.size();
  ar(count);
  if constexpr (Archive::is_loading::value) {
    if (count > most) ar.fail("longer than allowed");
    list.resize(ar.ok() ? static_cast<std::size_t>(count) : 0);
  }
  for (Bytes& blob : list) ar(field("", blob, cap));
}

struct AccountRecord {
  static constexpr std::uint8_t kFormat = 1;
  std::uint8_t format = kFormat;
  UserId user;
  DeviceId device;
  Secret account_seed, signing_seed, device_secret, vault_key;
  Secret state_key;         // of mls::seal_state
  bool listed = false;      // the server's list names this device
  bool wrapped = false;     // the vault key is wrapped for it, the account key is in the vault
  bool read_vault = false;  // once to its end
  std::uint64_t vault_position = 0;
  std::vector<DeviceId> to_remove;  // from the list

  template <class Archive>
  void serialize(Archive& ar) {
    ar(format, user, device, fixed(account_seed), fixed(signing_seed), fixed(device_secret),
       fixed(vault_key), fixed(state_key), listed, wrapped, read_vault, vault_position,
       field("", to_remove, identity::kMaxDevices));
  }
};

struct LinkMark {
  static constexpr std::uint8_t kFormat = 2;
  std::uint8_t format = kFormat;
  bool is_new = false;          // this device is
  DeviceId listing;             // may be in the account's list, and has no keys
  std::vector<DeviceId> peers;  // who waits for this device
  Bytes last_word;              // what they are told after a restart, as link.hpp marks it
  template <class Archive>
  void serialize(Archive& ar) {
    ar(format, is_new, listing, field("", peers, identity::kMaxDevices),
       field("", last_word, kMaxLastWordBytes));
  }
  static constexpr std::size_t kMaxLastWordBytes = 64;
};

struct VaultKeysRecord {
  static constexpr std::uint8_t kFormat = 1;
  static constexpr std::size_t kMost = 64;
  struct Key {
    Secret secret;
    template <class Archive>
    void serialize(Archive& ar) {
      ar(fixed(secret));
    }
  };
  std::uint8_t format = kFormat;
  bool renew = false;           // a new one is to be made
  bool recovery_stale = false;  // the recovery words open an earlier one
  std::vector<Key> earlier;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(format, renew, recovery_stale, field("", earlier, kMost));
  }
};

struct UserRecord {
  static constexpr std::uint8_t kFormat = 1;
  std::uint8_t format = kFormat;
  Bytes pin, list;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(format, field("", pin, wire::kMaxBodyBytes), field("", list, wire::kMaxBodyBytes));
  }
};

// What the person decided about a user's account key, as it is in the vault. Each decision about a
// user has a higher number than the ones its device knew of.
struct DecidedPin {
  static constexpr std::uint8_t kFormat = 1;
  std::uint8_t format = kFormat;
  std::uint64_t number = 0;
  Bytes pin;  // identity::PinnedIdentity
  template <class Archive>
  void serialize(Archive& ar) {
    ar(format, number, field("", pin, wire::kMaxBodyBytes));
  }
};
// The newest one on this device.
struct DecisionRecord {
  static constexpr std::uint8_t kFormat = 1;
  std::uint8_t format = kFormat;
  std::uint64_t number = 0;
  Bytes pin;
  bool told = false;      // it is in the vault
  bool followed = false;  // this device goes by it
  template <class Archive>
  void serialize(Archive& ar) {
    ar(format, number, field("", pin, wire::kMaxBodyBytes), told, followed);
  }
};

struct PackageRecord {
  static constexpr std::uint8_t kFormat = 1;
  std::uint8_t format = kFormat;
  bool last_resort = false;
  Timestamp expires;
  Bytes key_package;
  Secret init_key, leaf_key;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(format, last_resort, expires, field("", key_package, wire::kMaxKeyPackageBytes),
       fixed(init_key), fixed(leaf_key));
  }
};

struct EpochRecord {
  static constexpr std::uint8_t kFormat = 1;
  std::uint8_t format = kFormat;
  bool in_vault = false;
  Secret secret;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(format, in_vault, fixed(secret));
  }
};

// The newest message that was sealed.
struct LastSeal {
  ClientId client_id;
  sealing::MessageId id{};
  std::uint64_t counter = 0;
  crypto::Digest previous{}, hash{};
  bool in_log = false;     // the log has it, with this hash
  bool ambiguous = false;  // sealed more than once: the log may have either
  template <class Archive>
  void serialize(Archive& ar) {
    ar(client_id, fixed(id), counter, fixed(previous), fixed(hash), in_log, ambiguous);
  }
};

// A device that was let in and is owed history bundles, the newest epochs first.
struct Newcomer {
  wire::DeviceRef device;
  crypto::KemPublicKey key{};
  std::uint64_t below = UINT64_MAX;  // the epochs from here on were sent
  template <class Archive>
  void serialize(Archive& ar) {
    ar(device, fixed(key), below);
  }
};

// Name and topic, as members have them sealed.
struct Naming {
  std::string name, topic;
  Seq seq;  // of the event that set them

  // Else it could be written and not read again.
  bool fits() const {
    return name.size() <= wire::kMaxNameBytes && topic.size() <= wire::kMaxTopicBytes &&
           is_valid_utf8(name) && is_valid_utf8(topic);
  }
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("", name, wire::kMaxNameBytes), field("", topic, wire::kMaxTopicBytes), seq);
  }
};

// What bundles carry beside secrets.
struct RoomState {
  Naming naming;
  std::vector<Bytes> invites;  // keys of links (sealing/invite_key.hpp), as they were announced
  static constexpr std::size_t kMostInvites = 32;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(naming);
    blobs(ar, invites, kMostInvites, kMaxInviteBytes);
  }
  static constexpr std::size_t kMaxInviteBytes = 400;
};

// A change of the name by somebody whose right to it is not known yet.
struct Claim {
  Naming naming;
  UserId user;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(naming, user);
  }
};

struct InviteRecord {  // see Engine::use_invite_key
  static constexpr std::uint8_t kFormat = 1;
  std::uint8_t format = kFormat;
  std::string code;
  Secret key;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(format, field("", code, wire::kMaxCodeBytes), fixed(key));
  }
};

// What is to be done for invitations' links.
struct InvitesRecord {
  static constexpr std::uint8_t kFormat = 1;
  struct Announcement {
    Bytes body;
    std::vector<wire::DeviceRef> to;  // who were not told yet
    template <class Archive>
    void serialize(Archive& ar) {
      ar(field("", body, RoomState::kMaxInviteBytes), field("", to, kMaxListed));
    }
  };
  std::uint8_t format = kFormat;
  bool own_epoch = false;     // this device began the present one
  std::vector<InviteId> due;  // whose bundles it is to leave at the server
  std::vector<Announcement> announcements;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(format, own_epoch, field("", due, kMaxListed), field("", announcements, kMaxListed));
  }
};

struct InviteKeyRecord {
  static constexpr std::uint8_t kFormat = 1;
  std::uint8_t format = kFormat;
  Secret key;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(format, fixed(key));
  }
};

struct RoomRecord {
  static constexpr std::uint8_t kFormat = 4;
  std::uint8_t format = kFormat;
  bool creating = false;
  UserId direct_with;
  wire::HistoryAccess history = wire::HistoryAccess::kAll;
  std::vector<UserId> to_add;
  bool renew = false;               // the epoch is to be turned
  std::optional<Naming> to_post;    // name and topic to be told
  ClientId posting;                 // the name of that event
  std::vector<Newcomer> newcomers;  // who are owed a bundle
  std::vector<Bytes> bundles;       // that came before the group was there
  Timestamp renew_at;               // 0: nothing planned
  bool just_joined = false;         // renews then also when nobody says anything
  RoomState state;
  bool direct = false;  // between two people: both may name it
  std::vector<Claim> claims;
  std::uint64_t forgotten_before = 0;  // no secret of these epochs is kept
  Seq naming_in_vault;  // up to this one the account's other devices know what the room is called
  LastSeal last_seal;
  std::uint32_t sealed = 0;  // messages since the own keys were renewed
  template <class Archive>
  void serialize(Archive& ar) {
    ar(format, creating, direct_with, history, field("", to_add, kMaxListed), renew, to_post,
       posting, field("", newcomers, kMaxListed));
    blobs(ar, bundles, kMaxBundlesKept, wire::kMaxBodyBytes);
    ar(renew_at, just_joined, state, direct, field("", claims, kMostClaims), forgotten_before,
       naming_in_vault, last_seal, sealed);
  }
  static constexpr std::size_t kMaxBundlesKept = 16;
  static constexpr std::size_t kMostClaims = 16;
};

struct PendingRecord {
  static constexpr std::uint8_t kFormat = 2;
  std::uint8_t format = kFormat;
  wire::CommitGroup command;
  Bytes next;  // sealed
  std::vector<Newcomer> added;
  bool external = false;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(format, command, field("", next, kMaxStoredBytes), field("", added, kMaxListed), external);
  }
};

struct SinceRecord {
  static constexpr std::uint8_t kFormat = 1;
  struct Entry {
    UserId user;
    std::uint64_t epoch = 0;
    template <class Archive>
    void serialize(Archive& ar) {
      ar(user, epoch);
    }
  };
  std::uint8_t format = kFormat;
  std::vector<Entry> users;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(format, field("", users, kMaxListed));
  }
};

// When epochs began, or when they ended.
struct TimesRecord {
  static constexpr std::uint8_t kFormat = 1;
  struct Entry {
    std::uint64_t epoch = 0;
    Timestamp at;
    template <class Archive>
    void serialize(Archive& ar) {
      ar(epoch, at);
    }
  };
  std::uint8_t format = kFormat;
  std::vector<Entry> times;
  TimesRecord() = default;
  explicit TimesRecord(const std::map<std::uint64_t, Timestamp>& map) {
    for (const auto& [epoch, at] : map) times.push_back({epoch, at});
  }
  template <class Archive>
  void serialize(Archive& ar) {
    ar(format, field("", times, kMaxListed));
  }
};

// A message of a room where they disappear, opened or sealed here: its key is gone.
using SaidKey = std::pair<DeviceId, ClientId>;
struct SaidRecord {
  static constexpr std::uint8_t kFormat = 1;
  std::uint8_t format = kFormat;
  Seq seq;  // 0: an own one that the log does not have yet
  Timestamp expires;
  std::uint8_t fault = 0;   // 1 + OpenFault: what was opened is not to be taken
  std::uint64_t epoch = 0;  // that it was sealed for
  Bytes sealed;             // an own one, as it leaves
  sealing::AuthorFields author;
  crypto::Digest hash{};
  sealing::MessageId id{};
  std::uint64_t counter = 0;
  crypto::Digest previous{};
  wire::EventKind kind = wire::EventKind::kNone;
  Bytes body;
  std::size_t size() const { return sealed.size() + body.size(); }
  template <class Archive>
  void serialize(Archive& ar) {
    ar(format, seq, expires, fault, epoch, field("", sealed, wire::kMaxBodyBytes), author,
       fixed(hash), fixed(id), counter, fixed(previous), kind,
       field("", body, wire::kMaxBodyBytes));
  }
};

// A chain with the places of its links, so that the same event read again is no repeat.
struct ChainRecord {
  static constexpr std::uint8_t kFormat = 2;
  struct Place {
    crypto::Digest hash{};
    std::uint64_t counter = 0;
    Seq seq;
    template <class Archive>
    void serialize(Archive& ar) {
      ar(fixed(hash), counter, seq);
    }
  };
  std::uint8_t format = kFormat;
  Bytes chain;
  Seq first;                  // what comes before is not judged
  std::vector<Place> places;  // by counter
  template <class Archive>
  void serialize(Archive& ar) {
    ar(format, field("", chain, wire::kMaxBodyBytes), first, field("", places, kMaxListed));
  }
};

template <class T>
SecretBytes pack(const T& value, std::size_t most = 4096) {
  return identity::encode_secret(value, most);
}
template <class T>
std::optional<T> unpack(ByteView bytes) {
  auto value = wire::decode<T>(bytes);
  if (!value || value->format != T::kFormat) return std::nullopt;
  return *std::move(value);
}

}  // namespace parley::e2ee
