// The recovery secret: 128 random bits that a person keeps on paper as 17 words, and what follows
// from them. With it, a wiped or lost device costs nothing; who else has it has the account.
#pragma once

#include <array>
#include <string_view>
#include <variant>

#include "shared/base/rng.hpp"
#include "shared/crypto/hash.hpp"
#include "shared/crypto/secret.hpp"

namespace parley::identity {

using RecoverySecret = crypto::SecretArray<16>;

// A word for each byte and one for the checksum: the first byte of SHA-256("Parley recovery
// checksum 1" | secret).
inline constexpr std::size_t kRecoveryWords = 17;
inline constexpr std::size_t kMaxRecoveryText = 1024;  // bytes that are looked at

// 256 words of 4 to 7 letters, sorted, no two of them with the same first four.
extern const std::array<std::string_view, 256> kWordList;

RecoverySecret make_recovery_secret(Rng& rng);
std::array<std::string_view, kRecoveryWords> recovery_words(const RecoverySecret& secret);

struct RecoveryFault {
  enum class Kind : std::uint8_t {
    kUnknownWord,  // the one at `position`, from 1
    kWordCount,    // there are `position` words instead of 17
    kChecksum,     // all words are known, and one or more is not the right one
    kTooLong,
  };
  Kind kind;
  std::size_t position = 0;

  bool operator==(const RecoveryFault&) const = default;
};

// Takes words in any case, with spaces, commas or line breaks between, and shortened to no less
// than their first four letters.
std::variant<RecoverySecret, RecoveryFault> parse_recovery_words(std::string_view text);

// HKDF-SHA256 with salt "Parley recovery 1"; info "vault key" and "sign in".
struct RecoveryKeys {
  crypto::Secret wrap_key;       // seals the vault key (shared/sealing/vault.hpp)
  crypto::Secret sign_in_token;  // shown to the server to sign in
};
RecoveryKeys derive_recovery_keys(const RecoverySecret& secret);

// What the server keeps of the token: SHA-256. Both are as hard to guess as the secret.
crypto::Digest sign_in_verifier(ByteView sign_in_token);

}  // namespace parley::identity
