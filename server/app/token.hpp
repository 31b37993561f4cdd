// Session tokens: JSON Web Tokens (RFC 7519) with HS256 and no other algorithm.
//
// Bearer secrets: never log one. Thread rule: const after construction, any thread.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "shared/base/id.hpp"
#include "shared/base/result.hpp"

namespace parley::app {

struct TokenClaims {
  UserId user;
  DeviceId device;
  Timestamp issued;
  Timestamp expires;
  bool operator==(const TokenClaims&) const = default;
};

class TokenKey {
 public:
  static constexpr std::size_t kBytes = 32;
  // Exactly kBytes.
  static Result<TokenKey> from_bytes(ByteView raw);
  ~TokenKey();
  TokenKey(const TokenKey&) = default;
  TokenKey& operator=(const TokenKey&) = default;

  std::string sign(const TokenClaims& claims) const;
  // kTokenInvalid for anything but a token of this key; kTokenExpired after its end.
  Result<TokenClaims> verify(std::string_view token, Timestamp now) const;

 private:
  TokenKey() = default;
  std::array<std::uint8_t, kBytes> key_{};
};

}  // namespace parley::app
