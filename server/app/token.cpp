#include "server/app/token.hpp"

#include <sodium.h>

#include <charconv>

#include "shared/wire/limits.hpp"

namespace parley::app {
namespace {

// {"alg":"HS256","typ":"JWT"}: the only header there is, so it is compared, never parsed.
constexpr std::string_view kHeader = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

using Mac = std::array<std::uint8_t, crypto_auth_hmacsha256_BYTES>;

Mac mac_of(ByteView key, std::string_view text) {
  Mac mac;
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, key.data(), key.size());
  crypto_auth_hmacsha256_update(&state, as_bytes(text).data(), text.size());
  crypto_auth_hmacsha256_final(&state, mac.data());
  sodium_memzero(&state, sizeof state);
  return mac;
}

Error invalid() {
  return Error{ErrorCode::kTokenInvalid, "the token is not one of this server", {}};
}

// The payload has one writer, so its fields stand in one order.
struct PayloadReader {
  std::string_view rest;
  bool ok = true;

  void expect(std::string_view text) {
    ok = ok && rest.starts_with(text);
    if (ok) rest.remove_prefix(text.size());
  }
  std::string_view until(char end) {
    const std::size_t at = rest.find(end);
    if (at == std::string_view::npos) {
      ok = false;
      return {};
    }
    const auto found = rest.substr(0, at);
    rest.remove_prefix(at);
    return found;
  }
  std::int64_t number(char end) {
    const auto digits = until(end);
    std::int64_t value = 0;
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    ok = ok && !digits.empty() && parsed.ec == std::errc{} &&
         parsed.ptr == digits.data() + digits.size();
    return value;
  }
};

}  // namespace

Result<TokenKey> TokenKey::from_bytes(ByteView raw) {
  if (raw.size() != kBytes) return Error{ErrorCode::kInternal, "token key of the wrong size", {}};
  TokenKey key;
  std::copy(raw.begin(), raw.end(), key.key_.begin());
  return key;
}

TokenKey::~TokenKey() { sodium_memzero(key_.data(), key_.size()); }

std::string TokenKey::sign(const TokenClaims& claims) const {
  const std::string payload = "{\"sub\":\"" + claims.user.to_string() + "\",\"dev\":\"" +
                              claims.device.to_string() +
                              "\",\"iat\":" + std::to_string(claims.issued.ms / 1000) +
                              ",\"exp\":" + std::to_string(claims.expires.ms / 1000) + "}";
  std::string token(kHeader);
  token += '.';
  token += to_base64url(as_bytes(payload));
  const Mac mac = mac_of(key_, token);
  token += '.';
  token += to_base64url(mac);
  return token;
}

Result<TokenClaims> TokenKey::verify(std::string_view token, Timestamp now) const {
  if (token.size() > wire::kMaxTokenBytes) return invalid();
  const std::size_t last_dot = token.rfind('.');
  if (last_dot == std::string_view::npos || !token.starts_with(kHeader)) return invalid();
  const auto signed_part = token.substr(0, last_dot);
  Bytes mac;
  if (!from_base64url(token.substr(last_dot + 1), mac)) return invalid();
  const Mac wanted = mac_of(key_, signed_part);
  if (mac.size() != wanted.size() || sodium_memcmp(mac.data(), wanted.data(), mac.size()) != 0) {
    return invalid();
  }
  if (signed_part.size() <= kHeader.size() + 1 || signed_part[kHeader.size()] != '.') {
    return invalid();
  }
  Bytes payload;
  if (!from_base64url(signed_part.substr(kHeader.size() + 1), payload)) return invalid();
  PayloadReader reader{as_text(payload)};
  TokenClaims claims;
  reader.expect("{\"sub\":\"");
  const auto user = UserId::parse(reader.until('"'));
  reader.expect("\",\"dev\":\"");
  const auto device = DeviceId::parse(reader.until('"'));
  reader.expect("\",\"iat\":");
  claims.issued.ms = reader.number(',') * 1000;
  reader.expect(",\"exp\":");
  claims.expires.ms = reader.number('}') * 1000;
  reader.expect("}");
  if (!reader.ok || !reader.rest.empty() || !user || !device) return invalid();
  claims.user = *user;
  claims.device = *device;
  if (claims.expires <= now) return Error{ErrorCode::kTokenExpired, "the session has ended", {}};
  return claims;
}

}  // namespace parley::app
