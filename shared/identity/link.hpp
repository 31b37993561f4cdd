// Linking a new device to an account: a handshake between the new device and an old one, by way of
// a server that neither trusts.
//
//     new  -> old   offer    01 01, commitment (32)
//     old  -> new   answer   01 02, X25519 key (32), proof (32)
//     new  -> old   reveal   01 03, X25519 key (32), nonce (32), device (16), signing key (32),
//                            device X25519 key (32)
//     old  -> new   bundle   01 04, length (varint), sealed LinkBundle
//
// The LinkBundle is user (16), account secret key (32, the seed), vault key (32), credential (161),
// length (varint) and device list.
//
// The commitment is SHA-256("Parley link commitment 1" | mode (1) | the reveal after its two
// bytes); the proof is HMAC-SHA256(commitment, "Parley link answer 1" | old device's X25519 key).
// With T = SHA-256("Parley link transcript 1" | offer | answer | reveal) and K = HKDF-Extract(salt
// T, X25519 result): the emoji are the first 42 bits of HKDF-Expand(K, "emoji", 6), and the bundle
// is sealed once with ChaCha20-Poly1305 under HKDF-Expand(K, "bundle", 32), nonce zero, associated
// data T.
//
// kEmoji: the offer travels by way of the server; people compare seven emoji on both screens.
// Since the new device is committed before it sees the old one's key, and shows its own key only
// afterwards, somebody between the two has one try with a chance of 2^-42.
// kQr: the offer is shown as a code and read by the old device's camera, and never goes to the
// server. The commitment then proves the new device to the old one, and the proof, which needs the
// commitment, the old device to the new one: nothing is compared.
//
// Anything wrong from the peer ends a handshake for good, with a cause; start again with new keys.
#pragma once

#include <array>
#include <string_view>

#include "shared/identity/credential.hpp"
#include "shared/identity/device_list.hpp"

namespace parley::identity {

enum class LinkMode : std::uint8_t { kEmoji = 0, kQr = 1 };

enum class LinkFault : std::uint8_t {
  kNone = 0,
  kWrongOrder = 1,  // a message that is not due, came before, or comes after the end
  kMalformed = 2,
  kWrongCommitment = 3,   // the reveal is not what was committed to: somebody is in between
  kWrongProof = 4,        // the answer is not by who knows the offer
  kKeyInvalid = 5,        // an X25519 key of small order
  kDecryptionFailed = 6,  // the bundle was not sealed in this handshake
  kWrongBundle = 7,       // it was, and its parts do not belong together or to this device
  kRefused = 8,           // the person said that the emoji differ
};
std::string_view describe(LinkFault fault);  // a full sentence for people

inline constexpr std::size_t kLinkEmoji = 7;
using EmojiCode =
    std::array<std::uint8_t, kLinkEmoji>;  // each below 64: a place in a table of emoji

// A device that asks to be linked.
struct LinkRequest {
  DeviceId device;
  crypto::SignaturePublicKey signing_key{};
  crypto::KemPublicKey device_key{};

  bool operator==(const LinkRequest&) const = default;
};

// What makes it a device of the account.
struct LinkBundle {
  UserId user;
  crypto::SigningKey account;
  crypto::Secret vault_key;
  DeviceCredential credential;
  DeviceList list;  // names the new device already
};

// What both sides share, used by the two classes below.
struct LinkSecrets {
  crypto::Digest transcript{};
  EmojiCode emoji{};
  crypto::Secret bundle_key;
};

// Where a side of the handshake is. A fault ends it: keys are wiped, all later calls fail. What
// comes after a handshake that was done is refused and changes nothing.
class LinkSide {
 public:
  // Only after the keys were exchanged.
  const EmojiCode& emoji() const { return secrets_.emoji; }
  // What the person says about the emoji; same with kQr, where confirming is not needed.
  Status confirm();
  void refuse() { end(LinkFault::kRefused); }

  bool confirmed() const { return state_ == State::kConfirmed; }
  bool done() const { return state_ == State::kDone; }
  LinkFault fault() const { return fault_; }

 protected:
  enum class State : std::uint8_t { kWaiting, kComparing, kConfirmed, kDone, kFailed };

  explicit LinkSide(LinkMode mode) : mode_(mode) {}
  Error end(LinkFault fault);
  void exchanged(LinkSecrets secrets);

  State state_ = State::kWaiting;
  LinkMode mode_;
  crypto::KemKeyPair keys_;
  LinkSecrets secrets_;

 private:
  LinkFault fault_ = LinkFault::kNone;
};

// Calls in order: offer, handle_answer, (confirm), handle_bundle.
class NewDevice : public LinkSide {
 public:
  NewDevice(Rng& rng, LinkMode mode, const LinkRequest& request);

  // To be sent with kEmoji, to be shown as a code and nowhere else with kQr.
  Bytes offer() const;
  // Gives the reveal, to be sent.
  Result<Bytes> handle_answer(ByteView answer);
  // Keep a bundle that comes before the person confirmed; until then kInvalidArgument, which ends
  // nothing.
  Result<LinkBundle> handle_bundle(ByteView bundle);

 private:
  LinkRequest request_;
  std::array<std::uint8_t, 32> nonce_{};
};

// Calls in order: read_offer, answer, handle_reveal, (confirm), seal_bundle.
class OldDevice : public LinkSide {
 public:
  // kMalformed when it is no offer.
  static Result<OldDevice> read_offer(Rng& rng, LinkMode mode, ByteView offer);

  Bytes answer() const;
  Status handle_reveal(ByteView reveal);
  // Who asks, after handle_reveal: goes into the account's next device list.
  const LinkRequest& request() const { return request_; }
  // `list` is signed by `account` and names the new device; kInvalidArgument if not, or before the
  // person confirmed, which ends nothing. Gives the bundle, to be sent.
  Result<Bytes> seal_bundle(const crypto::SigningKey& account, const crypto::Secret& vault_key,
                            const DeviceList& list);

 private:
  explicit OldDevice(LinkMode mode) : LinkSide(mode) {}

  Bytes offer_;
  LinkRequest request_;
};

}  // namespace parley::identity
