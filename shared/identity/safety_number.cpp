#include "shared/identity/safety_number.hpp"

#include "shared/crypto/hash.hpp"
#include "shared/identity/codec.hpp"

namespace parley::identity {
namespace {

constexpr std::uint8_t kCodeVersion = 1;

std::string digits_of(const Side& side) {
  constexpr std::array<std::uint8_t, 2> kVersion = {0, 1};
  crypto::Digest512 hash = crypto::sha512(concat({kVersion, side.user.view(), side.account_key}));
  for (int round = 1; round < kSafetyNumberRounds; ++round) {
    hash = crypto::sha512(concat({hash, side.account_key}));
  }
  std::string digits;
  for (std::size_t group = 0; group < 6; ++group) {
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < 5; ++i) number = number << 8 | hash[5 * group + i];
    std::string text = std::to_string(number % 100'000);
    digits += std::string(5 - text.size(), '0') + text;
  }
  return digits;
}

struct Code {
  std::uint8_t version = kCodeVersion;
  Side own;
  Side other;

  template <class Archive>
  void serialize(Archive& ar) {
    ar(version, own.user, fixed(own.account_key), other.user, fixed(other.account_key));
  }
};

}  // namespace

std::string safety_number(const Side& one, const Side& other) {
  std::string first = digits_of(one);
  std::string second = digits_of(other);
  if (second < first) std::swap(first, second);
  return first + second;
}

std::string in_groups(std::string_view digits) {
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && i % 5 == 0) text += ' ';
    text += digits[i];
  }
  return text;
}

Bytes make_safety_code(const Side& mine, const Side& theirs) {
  return wire::encode(Code{kCodeVersion, mine, theirs});
}

std::optional<SafetyCode> read_safety_code(ByteView code) {
  const auto read = wire::decode<Code>(code);
  if (!read || read->version != kCodeVersion) return std::nullopt;
  return SafetyCode{read->own, read->other};
}

SafetyCheck check_safety_code(ByteView code, const Side& mine, const Side& theirs) {
  if (!code.empty() && code[0] > kCodeVersion) return SafetyCheck::kNewerVersion;
  const auto read = read_safety_code(code);
  if (!read) return SafetyCheck::kNotACode;
  if (read->own.user != theirs.user || read->other.user != mine.user) {
    return SafetyCheck::kOtherPeople;
  }
  return read->own == theirs && read->other == mine ? SafetyCheck::kMatch
                                                    : SafetyCheck::kKeysDiffer;
}

}  // namespace parley::identity
