// Argon2id (RFC 9106) with one lane, for secrets that a person can remember.
#pragma once

#include <array>

#include "shared/base/result.hpp"
#include "shared/crypto/secret.hpp"

namespace parley::crypto {

using PasswordSalt = std::array<std::uint8_t, 16>;

struct PasswordCost {
  // libsodium's "moderate": about 0.7 s and 256 MiB natively. A phone's browser can still do it.
  std::uint32_t passes = 3;
  std::uint32_t memory_kib = 256 * 1024;
};

// kInvalidArgument for costs outside of what Argon2id allows, or when the memory cannot be had.
Result<Secret> hash_password(ByteView password, const PasswordSalt& salt, PasswordCost cost = {});

}  // namespace parley::crypto
