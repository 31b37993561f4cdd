// Ed25519 signatures (RFC 8032), checked strictly: S below the group's order, no points of small
// order.
#pragma once

#include <array>

#include "shared/base/result.hpp"
#include "shared/base/rng.hpp"
#include "shared/crypto/secret.hpp"

namespace parley::crypto {

inline constexpr std::size_t kSignatureSize = 64;

using SignaturePublicKey = std::array<std::uint8_t, 32>;
using Signature = std::array<std::uint8_t, kSignatureSize>;

class SigningKey {
 public:
  static SigningKey generate(Rng& rng);
  // `seed`: the private key of RFC 8032, what is kept on disk.
  static SigningKey from_seed(const Secret& seed);

  Signature sign(ByteView message) const;
  const SignaturePublicKey& public_key() const { return public_key_; }
  Secret seed() const;
  SigningKey clone() const;

 private:
  SigningKey() = default;
  SecretArray<64> key_;  // the seed, then the public key: what libsodium signs with
  SignaturePublicKey public_key_{};
};

// kSignatureInvalid also for keys and signatures of a wrong size.
Status verify_signature(ByteView public_key, ByteView message, ByteView signature);

}  // namespace parley::crypto
