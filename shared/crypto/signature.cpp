#include "shared/crypto/signature.hpp"

#include <sodium.h>

#include <algorithm>

namespace parley::crypto {

static_assert(kSignatureSize == crypto_sign_BYTES);
static_assert(std::tuple_size_v<SignaturePublicKey> == crypto_sign_PUBLICKEYBYTES);

SigningKey SigningKey::generate(Rng& rng) {
  Secret seed;
  rng.fill(seed.write());
  return from_seed(seed);
}

SigningKey SigningKey::from_seed(const Secret& seed) {
  SigningKey key;
  crypto_sign_seed_keypair(key.public_key_.data(), key.key_.write().data(), seed.expose().data());
  return key;
}

Signature SigningKey::sign(ByteView message) const {
  Signature signature;
  crypto_sign_detached(signature.data(), nullptr, message.data(), message.size(),
                       key_.expose().data());
  return signature;
}

Secret SigningKey::seed() const { return Secret(key_.expose().first<32>()); }

SigningKey SigningKey::clone() const {
  SigningKey copy;
  copy.key_ = key_.clone();
  copy.public_key_ = public_key_;
  return copy;
}

Status verify_signature(ByteView public_key, ByteView message, ByteView signature) {
  if (public_key.size() != crypto_sign_PUBLICKEYBYTES || signature.size() != crypto_sign_BYTES ||
      crypto_sign_verify_detached(signature.data(), message.data(), message.size(),
                                  public_key.data()) != 0) {
    return ErrorCode::kSignatureInvalid;
  }
  return {};
}

}  // namespace parley::crypto
