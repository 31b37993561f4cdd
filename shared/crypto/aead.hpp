// Authenticated encryption: ChaCha20-Poly1305 (RFC 8439) and XChaCha20-Poly1305, which has a nonce
// long enough to be random.
#pragma once

#include <array>

#include "shared/base/result.hpp"
#include "shared/crypto/secret.hpp"

namespace parley::crypto {

inline constexpr std::size_t kAeadTagSize = 16;

using ChaChaNonce = std::array<std::uint8_t, 12>;
using XChaChaNonce = std::array<std::uint8_t, 24>;

// Ciphertext followed by its tag: kAeadTagSize bytes more than the plaintext.
Bytes chacha_seal(const Secret& key, const ChaChaNonce& nonce, ByteView aad, ByteView plaintext);
Bytes xchacha_seal(const Secret& key, const XChaChaNonce& nonce, ByteView aad, ByteView plaintext);

// kDecryptionFailed when the key, the nonce, the associated data or any byte differs.
Result<SecretBytes> chacha_open(const Secret& key, const ChaChaNonce& nonce, ByteView aad,
                                ByteView sealed);
Result<SecretBytes> xchacha_open(const Secret& key, const XChaChaNonce& nonce, ByteView aad,
                                 ByteView sealed);

}  // namespace parley::crypto
