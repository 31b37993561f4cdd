#include "shared/identity/recovery.hpp"

#include <algorithm>
#include <string>

#include "shared/crypto/hkdf.hpp"

namespace parley::identity {
namespace {

constexpr std::size_t kShortestWord = 4;
constexpr std::string_view kSeparators = " ,\t\r\n";

std::uint8_t checksum(const RecoverySecret& secret) {
  crypto::Sha256 hash;
  hash.update(as_bytes("Parley recovery checksum 1")).update(secret.expose());
  return hash.finish()[0];
}

// The place of a word in the list, from its first four letters or more; 256 for none.
std::size_t find_word(std::string_view typed) {
  std::array<char, 8> lower{};
  if (typed.size() < kShortestWord || typed.size() > lower.size()) return kWordList.size();
  std::ranges::transform(typed, lower.begin(), [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  });
  const std::string_view word(lower.data(), typed.size());
  const auto found = std::ranges::lower_bound(kWordList, word);
  if (found == kWordList.end() || !found->starts_with(word)) return kWordList.size();
  return static_cast<std::size_t>(found - kWordList.begin());
}

}  // namespace

RecoverySecret make_recovery_secret(Rng& rng) {
  RecoverySecret secret;
  rng.fill(secret.write());
  return secret;
}

std::array<std::string_view, kRecoveryWords> recovery_words(const RecoverySecret& secret) {
  std::array<std::string_view, kRecoveryWords> words;
  std::ranges::transform(secret.expose(), words.begin(),
                         [](std::uint8_t byte) { return kWordList[byte]; });
  words.back() = kWordList[checksum(secret)];
  return words;
}

std::variant<RecoverySecret, RecoveryFault> parse_recovery_words(std::string_view text) {
  using Kind = RecoveryFault::Kind;
  if (text.size() > kMaxRecoveryText) return RecoveryFault{Kind::kTooLong};
  crypto::SecretArray<kRecoveryWords> bytes;
  std::size_t count = 0;
  while (true) {
    const auto start = text.find_first_not_of(kSeparators);
    if (start == std::string_view::npos) break;
    text.remove_prefix(start);
    const std::string_view typed = text.substr(0, text.find_first_of(kSeparators));
    text.remove_prefix(typed.size());
    const std::size_t index = find_word(typed);
    ++count;
    if (index == kWordList.size()) return RecoveryFault{Kind::kUnknownWord, count};
    if (count <= kRecoveryWords) bytes.write()[count - 1] = static_cast<std::uint8_t>(index);
  }
  if (count != kRecoveryWords) return RecoveryFault{Kind::kWordCount, count};
  RecoverySecret secret(bytes.expose().first<16>());
  if (checksum(secret) != bytes.expose().back()) return RecoveryFault{Kind::kChecksum};
  return secret;
}

RecoveryKeys derive_recovery_keys(const RecoverySecret& secret) {
  using crypto::HkdfSha256;
  const crypto::Secret key = HkdfSha256::extract(as_bytes("Parley recovery 1"), secret.expose());
  return {HkdfSha256::expand<32>(key.expose(), {as_bytes("vault key")}),
          HkdfSha256::expand<32>(key.expose(), {as_bytes("sign in")})};
}

crypto::Digest sign_in_verifier(ByteView sign_in_token) { return crypto::sha256(sign_in_token); }

}  // namespace parley::identity
