// How two people make sure that the server did not put itself between them: both read the same 60
// digits, or one scans the other's code.
#pragma once

#include <optional>
#include <string>

#include "shared/base/id.hpp"
#include "shared/crypto/signature.hpp"

namespace parley::identity {

// A user and the account key that is known for it.
struct Side {
  UserId user;
  crypto::SignaturePublicKey account_key{};

  bool operator==(const Side&) const = default;
};

// 5 200 times SHA-512 for a side: finding another key with the same 30 digits (2^99 of them) costs
// that much more for each try, and comparing costs a few milliseconds.
inline constexpr int kSafetyNumberRounds = 5200;

// 60 digits, 30 for each side, the smaller ones first, so that both see the same.
// h1 = SHA-512(00 01 | user | account key), h(n) = SHA-512(h(n-1) | account key) up to h(5200); six
// times five bytes of it, each as a big-endian number modulo 100 000, are six times five digits.
std::string safety_number(const Side& one, const Side& other);

// For display: groups of five with a space between.
std::string in_groups(std::string_view digits);

// What a client shows for the other to scan: version 1 (1), its own side and the other side as it
// knows it, each user (16), account key (32). 97 bytes.
Bytes make_safety_code(const Side& mine, const Side& theirs);

// Who shows it and whom it is for; nothing when it is no code of this version.
struct SafetyCode {
  Side own, other;
};
std::optional<SafetyCode> read_safety_code(ByteView code);

enum class SafetyCheck : std::uint8_t {
  kMatch,
  kKeysDiffer,    // somebody is between the two, or a key was changed and not yet seen
  kOtherPeople,   // the code is about other users
  kNewerVersion,  // made by a later version of the app
  kNotACode,
};
// `code` is what was scanned from the other's screen.
SafetyCheck check_safety_code(ByteView code, const Side& mine, const Side& theirs);

}  // namespace parley::identity
