// What a device shows for itself: whose it is and which keys it has, signed by the account key. It
// is the identity of the MLS basic credential in each of the device's leaves (RFC 9420
// section 5.3).
//
// 161 bytes: version (1), user (16), device (16), account public key (32), device X25519 key (32),
// signature (64). The account key signs, without lengths between: "Parley device 1", user, device,
// device signing key (32), device X25519 key. The device signing key is the leaf's signature key,
// so it is not repeated: a credential in the leaf of another key does not verify.
#pragma once

#include <set>

#include "shared/base/id.hpp"
#include "shared/crypto/hash.hpp"
#include "shared/crypto/hpke.hpp"
#include "shared/crypto/signature.hpp"

namespace parley::identity {

struct DeviceCredential {
  static constexpr std::uint8_t kVersion = 1;
  static constexpr std::size_t kSize = 1 + 16 + 16 + 32 + 32 + 64;

  UserId user;
  DeviceId device;
  crypto::SignaturePublicKey account_key{};
  crypto::KemPublicKey device_key{};  // X25519, for what is sealed to this device
  crypto::Signature signature{};

  bool operator==(const DeviceCredential&) const = default;

  Bytes encode() const;
  // kMalformed for another size or a nil id, kVersionUnsupported, kKeyInvalid for a device key of
  // small order. The signature is not looked at: see verify.
  static Result<DeviceCredential> decode(ByteView identity);

  // kSignatureInvalid unless account_key signed this credential for this signing key. That the
  // account key is the user's own is for the caller to know (device_list.hpp, PinnedIdentity).
  Status verify(ByteView signing_key) const;
};

DeviceCredential make_credential(const crypto::SigningKey& account, const UserId& user,
                                 const DeviceId& device,
                                 const crypto::SignaturePublicKey& signing_key,
                                 const crypto::KemPublicKey& device_key);

// Remembers what verified, so that a device's many messages cost one check of its credential.
// Bounded: a full one begins anew.
class VerifiedCredentials {
 public:
  static constexpr std::size_t kMost = 4096;

  // As DeviceCredential::verify.
  Status verify(const DeviceCredential& credential, const crypto::SignaturePublicKey& signing_key);

 private:
  std::set<crypto::Digest> known_;  // of credential and signing key
};

}  // namespace parley::identity
