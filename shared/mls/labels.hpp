// The ciphersuite's operations with MLS's labels (RFC 9420 sections 5.1, 5.2, 8, 9.1).
#pragma once

#include <string_view>

#include "shared/crypto/hash.hpp"
#include "shared/crypto/hpke.hpp"
#include "shared/crypto/signature.hpp"
#include "shared/mls/messages.hpp"

namespace parley::mls {

inline constexpr std::size_t kHashSize = 32;
inline constexpr std::size_t kKeySize = 32;    // of the AEAD
inline constexpr std::size_t kNonceSize = 12;  // of the AEAD

using crypto::Secret;

// ExpandWithLabel: fills `out`.
void expand_with_label(const Secret& secret, std::string_view label, ByteView context,
                       std::span<std::uint8_t> out);
template <std::size_t N = kHashSize>
crypto::SecretArray<N> expand_with_label(const Secret& secret, std::string_view label,
                                         ByteView context) {
  crypto::SecretArray<N> out;
  expand_with_label(secret, label, context, out.write());
  return out;
}
Secret derive_secret(const Secret& secret, std::string_view label);
// DeriveTreeSecret of section 9.
void derive_tree_secret(const Secret& secret, std::string_view label, std::uint32_t generation,
                        std::span<std::uint8_t> out);

crypto::Signature sign_with_label(const crypto::SigningKey& key, std::string_view label,
                                  ByteView content);
Status verify_with_label(ByteView public_key, std::string_view label, ByteView content,
                         ByteView signature);

// EncryptWithLabel in two steps, since many recipients get messages of the same label and context.
// kKeyInvalid for a public key of a wrong size or of small order.
crypto::HpkeInfo encryption_info(std::string_view label, ByteView context);
Result<HpkeCiphertext> encrypt_with_info(Rng& rng, ByteView public_key,
                                         const crypto::HpkeInfo& info, ByteView plaintext);
Result<crypto::SecretBytes> decrypt_with_label(const crypto::KemKeyPair& key,
                                               std::string_view label, ByteView context,
                                               const HpkeCiphertext& ciphertext);

Bytes ref_hash(std::string_view label, ByteView value);
Bytes key_package_ref(const KeyPackage& key_package);
ProposalRef proposal_ref(const AuthenticatedContent& proposal);

// DeriveKeyPair from a node secret (section 7.4) or the external secret.
inline crypto::KemKeyPair derive_key_pair(const Secret& secret) {
  return crypto::KemKeyPair::derive(secret.expose());
}

}  // namespace parley::mls
