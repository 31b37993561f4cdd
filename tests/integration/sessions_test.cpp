// Tokens: only those this server gave out, unchanged, for a device that is not signed out.
#include <future>

#include "server/app/token.hpp"
#include "server/store/sqlite_store.hpp"
#include "tests/integration/fixture.hpp"

namespace parley::test {
namespace {

Timestamp wall_now() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<Milliseconds>(since).count()};
}

// The key a stopped server signs with, so that a test can hold a token whose time is over.
app::TokenKey token_key_of(const std::string& database) {
  store::SqliteOptions options;
  options.path = database;
  options.clock = wall_now;
  auto opened = store::open_sqlite_store(std::move(options));
  REQUIRE(opened.ok());
  std::promise<Result<std::optional<Bytes>>> found;
  (*opened)->get_setting("token_key", [&](auto result) { found.set_value(std::move(result)); });
  const auto raw = found.get_future().get();
  (*opened)->stop();
  REQUIRE(raw.ok());
  REQUIRE(raw.value().has_value());
  const auto key = app::TokenKey::from_bytes(**raw);
  REQUIRE(key.ok());
  return *key;
}

ErrorCode refused(Served& served, const std::string& token) {
  TestClient client;
  REQUIRE(client.open(served.server.port()));
  return require_error(client.resume(token));
}

std::string base64url(std::string_view text) { return to_base64url(as_bytes(text)); }

}  // namespace

TEST_CASE("tokens that were changed, made up or taken from elsewhere are refused") {
  Served served;
  TestClient ada = served.guest("Ada");
  const std::string& token = ada.token;
  const std::size_t first = token.find('.'), second = token.find('.', first + 1);
  REQUIRE(second != std::string::npos);
  const std::string head = token.substr(0, first);
  const std::string claims = token.substr(first + 1, second - first - 1);
  const std::string signature = token.substr(second + 1);

  const auto changed = [](std::string text, std::size_t at) {
    text[at] = text[at] == 'A' ? 'B' : 'A';
    return text;
  };
  Served elsewhere;
  const std::string foreign = elsewhere.guest("Ada").token;

  const std::vector<std::string> bad = {
      "x",
      "..",
      std::string(2000, '.'),
      head + "." + claims,
      head + "." + claims + ".",
      head + "." + claims + "." + changed(signature, 0),
      head + "." + claims + "." + changed(signature, signature.size() / 2),
      head + "." + changed(claims, claims.size() / 2) + "." + signature,
      changed(head, 2) + "." + claims + "." + signature,
      base64url(R"({"alg":"none","typ":"JWT"})") + "." + claims + ".",
      base64url(R"({"alg":"none","typ":"JWT"})") + "." + claims + "." + signature,
      token + "A",
      " " + token,
      token + "." + signature,
      foreign,
  };
  for (const std::string& one : bad) {
    INFO("token " << one.substr(0, 60));
    CHECK(refused(served, one) == ErrorCode::kTokenInvalid);
  }
  // The good one is still good.
  TestClient again = served.again(ada);
  CHECK(again.user == ada.user);
}

TEST_CASE("a session outlives its connection and the server's restart, and ends with signing out") {
  Served served;
  TestClient ada = served.guest("Ada");
  const RoomId room = require_ok(ada.create_room("Home")).room_id;
  ada.socket().close();
  REQUIRE(served.server.stop() == 0);
  REQUIRE(served.server.start());

  TestClient back = served.again(ada);
  CHECK(back.user == ada.user);
  CHECK(back.device == ada.device);
  require_ok(back.post(room, "back"));

  require_ok(back.call_for<wire::Done>(wire::Command{wire::SignOut{}}));
  back.wait_goodbye();
  CHECK(back.ended());
  TestClient after;
  REQUIRE(after.open(served.server.port()));
  const auto refused_now = after.resume(ada.token);
  REQUIRE_FALSE(refused_now.ok());
  CHECK(error_info(refused_now.error().code).action == ErrorAction::kReauthenticate);
}

TEST_CASE("a token is good until its time is over, and not a moment longer") {
  Served served;
  TestClient ada = served.guest("Ada");
  ada.socket().close();
  REQUIRE(served.server.stop() == 0);
  const app::TokenKey key = token_key_of(served.server.database());
  REQUIRE(served.server.start());

  const Timestamp now = wall_now();
  const app::TokenClaims ended{ada.user, ada.device, now - hours(2), now - milliseconds(1)};
  CHECK(refused(served, key.sign(ended)) == ErrorCode::kTokenExpired);

  TestClient client;
  REQUIRE(client.open(served.server.port()));
  const app::TokenClaims good{ada.user, ada.device, now - hours(1), now + hours(1)};
  require_ok(client.resume(key.sign(good)));
  CHECK(client.user == ada.user);
}

TEST_CASE("signing out elsewhere ends this connection too") {
  Served served;
  TestClient ada = served.guest("Ada");
  TestClient second = served.again(ada);
  ada.send(wire::Command{wire::RevokeDevice{ada.device}});  // which ends this connection as well
  const wire::Goodbye goodbye = second.wait_goodbye();
  CHECK(goodbye.code == static_cast<std::uint16_t>(ErrorCode::kDeviceRevoked));
}

TEST_CASE("commands before signing in, and signing in twice, are refused") {
  Served served;
  TestClient client;
  REQUIRE(client.open(served.server.port()));
  CHECK(require_error(client.call(wire::Command{wire::ListRooms{}})) ==
        ErrorCode::kNotAuthenticated);
  CHECK(require_error(client.sign_in("")) == ErrorCode::kInvalidArgument);
  CHECK(require_error(client.sign_in("\xff\xfe")) == ErrorCode::kMalformed);
  wire::Authenticate newer;
  newer.guest_name = "Ada";
  newer.protocol = 1000;
  CHECK(require_error(client.call(wire::Command{newer})) == ErrorCode::kVersionUnsupported);
  require_ok(client.sign_in("Ada"));
  CHECK(require_error(client.sign_in("Ada")) == ErrorCode::kAlreadyAuthenticated);
}

}  // namespace parley::test
