// Hybrid public key encryption (RFC 9180): DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and
// ChaCha20-Poly1305, or export only; all four modes.
//
// A sender makes a context for a recipient's public key, sends `encapsulated` along, and both sides
// then seal and open in the same order. MLS uses the single-shot forms at the end.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "shared/base/result.hpp"
#include "shared/base/rng.hpp"
#include "shared/crypto/aead.hpp"

namespace parley::crypto {

using KemPublicKey = std::array<std::uint8_t, 32>;

// X25519 (RFC 7748). kKeyInvalid when the result is all zeros: the point had a small order.
Result<Secret> x25519(const Secret& secret_key, const KemPublicKey& public_key);

struct KemKeyPair {
  Secret secret_key;
  KemPublicKey public_key{};

  static KemKeyPair generate(Rng& rng);
  // DeriveKeyPair of section 7.1.3: the same key for the same material.
  static KemKeyPair derive(ByteView material);
  static KemKeyPair from_secret(Secret secret_key);
  KemKeyPair clone() const { return {secret_key.clone(), public_key}; }
};

// kKeyInvalid unless the bytes are a public key that somebody can have made in good faith: of the
// right size and not of small order. A poisoned key in a ratchet tree breaks every later path.
Result<KemPublicKey> parse_kem_public_key(ByteView bytes);

enum class HpkeAead : std::uint16_t { kChaCha20Poly1305 = 3, kExportOnly = 0xffff };

// What both sides know beside the recipient's key; empty for mode_base.
struct HpkePsk {  // at least 32 random bytes, and their name
  ByteView secret;
  ByteView id;
};

// What a message is bound to, hashed: once for all recipients of the same.
class HpkeInfo {
 public:
  explicit HpkeInfo(ByteView info, HpkeAead aead = HpkeAead::kChaCha20Poly1305);

 private:
  friend struct HpkeSchedule;
  std::array<std::uint8_t, 32> hash_{};
};

class HpkeContext {
 public:
  // kInvalidArgument with kExportOnly, and after 2^64 - 1 messages.
  Result<Bytes> seal(ByteView aad, ByteView plaintext);
  // A failure leaves the context as it was.
  Result<SecretBytes> open(ByteView aad, ByteView sealed);
  // Section 5.3, at most 255 * 32 bytes.
  Result<SecretBytes> export_secret(ByteView exporter_context, std::size_t size) const;
  // Messages sealed or opened so far.
  std::uint64_t sequence() const { return sequence_; }

 private:
  friend struct HpkeSchedule;
  HpkeContext() = default;
  ChaChaNonce next_nonce() const;

  HpkeAead aead_ = HpkeAead::kChaCha20Poly1305;
  Secret key_;
  SecretArray<12> base_nonce_;
  Secret exporter_secret_;
  std::uint64_t sequence_ = 0;
};

struct HpkeSender {
  KemPublicKey encapsulated{};
  HpkeContext context;
};

struct HpkeOptions {
  HpkeAead aead = HpkeAead::kChaCha20Poly1305;
  std::optional<HpkePsk> psk;  // mode_psk
};

// `sender`: authenticates itself (mode_auth, mode_auth_psk). kKeyInvalid for a bad recipient key.
Result<HpkeSender> hpke_setup_sender(Rng& rng, const KemPublicKey& recipient, const HpkeInfo& info,
                                     const HpkeOptions& options = {},
                                     const KemKeyPair* sender = nullptr);
Result<HpkeContext> hpke_setup_recipient(ByteView encapsulated, const KemKeyPair& recipient,
                                         ByteView info, const HpkeOptions& options = {},
                                         const KemPublicKey* sender = nullptr);

// One message (section 6.1, mode_base).
struct HpkeCiphertext {
  KemPublicKey encapsulated{};
  Bytes sealed;
};
Result<HpkeCiphertext> hpke_seal(Rng& rng, const KemPublicKey& recipient, const HpkeInfo& info,
                                 ByteView aad, ByteView plaintext);
Result<SecretBytes> hpke_open(ByteView encapsulated, const KemKeyPair& recipient, ByteView info,
                              ByteView aad, ByteView sealed);

}  // namespace parley::crypto
