#include "server/app/token.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

using namespace parley;
using namespace parley::app;

namespace {

TokenKey key_of(std::uint8_t byte) { return *TokenKey::from_bytes(Bytes(TokenKey::kBytes, byte)); }

TokenClaims claims() {
  SeededRng rng(3);
  return {UserId::make({1'000}, rng), DeviceId::make({2'000}, rng), Timestamp{10'000},
          Timestamp{20'000}};
}

}  // namespace

TEST_CASE("a token says what was signed, until it ends") {
  const std::string token = key_of(1).sign(claims());
  CHECK(std::count(token.begin(), token.end(), '.') == 2);
  const auto verified = key_of(1).verify(token, Timestamp{19'999});
  REQUIRE(verified.ok());
  CHECK(*verified == claims());
  CHECK(key_of(1).verify(token, Timestamp{20'000}).error().code == ErrorCode::kTokenExpired);
  CHECK(key_of(2).verify(token, Timestamp{10'000}).error().code == ErrorCode::kTokenInvalid);
}

TEST_CASE("no changed token is taken") {
  const std::string token = key_of(1).sign(claims());
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    if (changed == token) continue;
    CAPTURE(i);
    CHECK(!key_of(1).verify(changed, Timestamp{10'000}).ok());
    CHECK(!key_of(1).verify(token.substr(0, i), Timestamp{10'000}).ok());
  }
  CHECK(!key_of(1).verify(token + "A", Timestamp{10'000}).ok());
}

TEST_CASE("other algorithms do not exist") {
  const std::string token = key_of(1).sign(claims());
  const std::string payload = token.substr(token.find('.'), token.rfind('.') - token.find('.'));
  // {"alg":"none","typ":"JWT"}
  const std::string none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0" + payload + ".";
  CHECK(key_of(1).verify(none, Timestamp{10'000}).error().code == ErrorCode::kTokenInvalid);
  CHECK(key_of(1).verify("", Timestamp{}).error().code == ErrorCode::kTokenInvalid);
  CHECK(key_of(1).verify(std::string(100'000, '.'), Timestamp{}).error().code ==
        ErrorCode::kTokenInvalid);
}
