// SHA-256 and SHA-512 (FIPS 180-4) and their HMAC (RFC 2104).
#pragma once

#include <sodium.h>

#include <array>

#include "shared/crypto/secret.hpp"

namespace parley::crypto {

using Digest = std::array<std::uint8_t, crypto_hash_sha256_BYTES>;

// A hash of parts: update as often as needed, then finish once. Copy it to go on from a prefix.
class Sha256 {
 public:
  Sha256() { crypto_hash_sha256_init(&state_); }
  Sha256& update(ByteView bytes) {
    crypto_hash_sha256_update(&state_, bytes.data(), bytes.size());
    return *this;
  }
  Digest finish() {
    Digest digest;
    crypto_hash_sha256_final(&state_, digest.data());
    return digest;
  }

 private:
  crypto_hash_sha256_state state_;
};

inline Digest sha256(ByteView bytes) { return Sha256().update(bytes).finish(); }

using Digest512 = std::array<std::uint8_t, crypto_hash_sha512_BYTES>;

inline Digest512 sha512(ByteView bytes) {
  Digest512 digest;
  crypto_hash_sha512(digest.data(), bytes.data(), bytes.size());
  return digest;
}

// The MAC is treated as a secret, since most of them become keys. Keys may have any size.
class HmacSha256 {
 public:
  static constexpr std::size_t kSize = crypto_auth_hmacsha256_BYTES;

  explicit HmacSha256(ByteView key) {
    crypto_auth_hmacsha256_init(&state_, key.data(), key.size());
  }
  HmacSha256(const HmacSha256&) = default;
  HmacSha256& operator=(const HmacSha256&) = default;
  ~HmacSha256() { sodium_memzero(&state_, sizeof state_); }

  HmacSha256& update(ByteView bytes) {
    crypto_auth_hmacsha256_update(&state_, bytes.data(), bytes.size());
    return *this;
  }
  SecretArray<kSize> finish() {
    SecretArray<kSize> mac;
    crypto_auth_hmacsha256_final(&state_, mac.write().data());
    return mac;
  }

 private:
  crypto_auth_hmacsha256_state state_;
};

class HmacSha512 {
 public:
  static constexpr std::size_t kSize = crypto_auth_hmacsha512_BYTES;

  explicit HmacSha512(ByteView key) {
    crypto_auth_hmacsha512_init(&state_, key.data(), key.size());
  }
  HmacSha512(const HmacSha512&) = default;
  HmacSha512& operator=(const HmacSha512&) = default;
  ~HmacSha512() { sodium_memzero(&state_, sizeof state_); }

  HmacSha512& update(ByteView bytes) {
    crypto_auth_hmacsha512_update(&state_, bytes.data(), bytes.size());
    return *this;
  }
  SecretArray<kSize> finish() {
    SecretArray<kSize> mac;
    crypto_auth_hmacsha512_final(&state_, mac.write().data());
    return mac;
  }

 private:
  crypto_auth_hmacsha512_state state_;
};

}  // namespace parley::crypto
