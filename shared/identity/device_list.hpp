// The devices of an account, as the account key signs them, and what a client remembers about the
// account key of somebody else.
//
// Lists form a chain: versions rise by one from 1, and each list names the hash of the one before.
// A server that shows an old list, or two lists of one version, is found out by whoever kept the
// newest (version, hash).
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "shared/base/id.hpp"
#include "shared/crypto/hash.hpp"
#include "shared/crypto/hpke.hpp"
#include "shared/crypto/signature.hpp"
#include "shared/identity/codec.hpp"

namespace parley::identity {

inline constexpr std::size_t kMaxDevices = 100;
// More than the largest list takes.
inline constexpr std::size_t kMaxDeviceListBytes = 16 * 1024;

struct DeviceEntry {
  DeviceId device;
  crypto::SignaturePublicKey signing_key{};  // the signature key of its leaves
  crypto::KemPublicKey device_key{};         // X25519
  Timestamp added_at;

  bool operator==(const DeviceEntry&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(device, fixed(signing_key), fixed(device_key), added_at);
  }
};

// Why a list is not taken. Rolled back, forked and a broken chain mean that somebody lies.
enum class ListVerdict : std::uint8_t {
  kValid = 0,
  kRolledBack = 1,   // an older version than the one known
  kForked = 2,       // the same version with other contents
  kBrokenChain = 3,  // does not name the list before it, or is not the version after it
  kOtherUser = 4,
  kOtherAccountKey = 5,
  kSignatureInvalid = 6,
  kDuplicateDevice = 7,
  kDuplicateKey = 8,  // two devices with one key, or a device that signs with the account key
  kKeyInvalid = 9,    // an X25519 key of small order
  kTooManyDevices = 10,
};
std::string_view describe(ListVerdict verdict);  // a full sentence for people

struct DeviceList {
  static constexpr std::uint8_t kFormat = 1;

  UserId user;
  crypto::SignaturePublicKey account_key{};
  std::uint32_t version = 1;
  crypto::Digest before{};  // hash() of version - 1; zeros for version 1
  std::vector<DeviceEntry> devices;
  crypto::Signature signature{};

  bool operator==(const DeviceList&) const = default;

  // Format (1), user (16), account key (32), version (varint), before (32), number of devices
  // (varint), each: device (16), signing key (32), X25519 key (32), added_at (zigzag varint,
  // milliseconds); signature (64).
  Bytes encode() const;
  // kMalformed (also for nil ids and version 0) and kVersionUnsupported. Nothing is verified.
  static Result<DeviceList> decode(ByteView bytes);

  // SHA-256 of what is signed: "Parley device list 1" and the encoding without the signature.
  crypto::Digest hash() const;
  // nullptr when the list does not name it.
  const DeviceEntry* find(const DeviceId& device) const;
};

struct ListChange {
  std::vector<DeviceEntry> added;
  std::vector<DeviceId> removed;
};

// kInvalidArgument (the detail says what) when the result would not verify: too many or repeated
// devices, keys that are not valid, a device that is not there to be removed, another account key.
Result<DeviceList> make_first(const crypto::SigningKey& account, const UserId& user,
                              std::vector<DeviceEntry> devices);
Result<DeviceList> make_next(const crypto::SigningKey& account, const DeviceList& before,
                             const ListChange& change);
// The account goes on under another key, with this device alone. kInvalidArgument as above, and for
// the same account key.
Result<DeviceList> make_afresh(const crypto::SigningKey& account, const DeviceList& before,
                               const DeviceEntry& device);

// One list for itself: its devices and its signature.
ListVerdict verify(const DeviceList& list);
// Version 1 of an account.
ListVerdict verify_first(const DeviceList& list);
// The successor of a list that was verified, under the same account key.
ListVerdict verify_next(const DeviceList& before, const DeviceList& next);
// ... or under another one: kOtherAccountKey when it is the same.
ListVerdict verify_afresh(const DeviceList& before, const DeviceList& next);

// What a client keeps about a user: the account key seen first and the newest list under it.
// Serialisable (encode, decode) for the client's store.
class PinnedIdentity {
 public:
  enum class Seen : std::uint8_t {
    kSame,        // the list that is known
    kNewer,       // a later list of the same account key
    kFirstSeen,   // now pinned
    kKeyChanged,  // another account key: pinned in the place of the old one, and to be shown
    kRefused,     // see Sighting::why; nothing changed
  };
  struct Sighting {
    Seen seen = Seen::kRefused;
    ListVerdict why = ListVerdict::kValid;
  };

  explicit PinnedIdentity(const UserId& user) : user_(user) {}

  // Judges a fetched list. A list more than one version ahead is taken on its signature alone:
  // those between may be gone. A return to the previous account key counts as a change too, and
  // is held to the newest list that was known of it.
  Sighting observe(const DeviceList& list);

  // The newest decision of the person on any device (verified, or accepted a change), as that
  // device had it. Nothing while none is known here: start with `decided` then. A change from a
  // verified key that it knows nothing of blocks. True: the key that is known here is another one
  // without such a change, which is one then, as observe() finds them.
  bool follow(const PinnedIdentity& decided);

  // The people compared safety numbers and they were the same.
  void mark_verified();
  // The person was shown the change of key and goes on without comparing.
  void accept_change() { blocked_ = false; }

  const UserId& user() const { return user_; }
  bool known() const { return current_.version > 0; }
  const crypto::SignaturePublicKey& account_key() const { return current_.account_key; }
  std::uint32_t version() const { return current_.version; }
  const crypto::Digest& list_hash() const { return current_.hash; }
  bool verified() const { return verified_; }
  // The key of a verified user changed: nothing is sent until mark_verified or accept_change.
  bool blocked() const { return blocked_; }
  // The account key before the last change, if there was one.
  std::optional<crypto::SignaturePublicKey> previous_key() const;

  bool operator==(const PinnedIdentity&) const = default;
  // Format 1 (1), user (16), flags (1: verified, 2: blocked, 4: a previous key), then one or two
  // of: account key (32), version (varint), hash (32).
  Bytes encode() const;
  static Result<PinnedIdentity> decode(ByteView bytes);

 private:
  struct Pin {
    crypto::SignaturePublicKey account_key{};
    std::uint32_t version = 0;  // 0: none
    crypto::Digest hash{};

    bool operator==(const Pin&) const = default;
    template <class Archive>
    void serialize(Archive& ar) {
      ar(fixed(account_key), version, fixed(hash));
    }
  };
  static ListVerdict judge(const Pin& pin, const DeviceList& list);

  UserId user_;
  Pin current_;
  Pin previous_;
  bool verified_ = false;
  bool blocked_ = false;
};

}  // namespace parley::identity
