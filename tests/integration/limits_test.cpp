// FEATURES L1 and A6: typed errors that say when to come back.
#include <thread>

#include "tests/integration/fixture.hpp"

namespace parley::test {
namespace {

ServerOptions with_limits(std::vector<std::string> flags = {}) {
  ServerOptions options;
  options.limits = true;
  options.flags = std::move(flags);
  return options;
}

}  // namespace

TEST_CASE(
    "the eleventh message within a second waits, and goes through after the time it was told") {
  Served served(with_limits());
  TestClient ada = served.guest("Ada");
  const RoomId room = require_ok(ada.create_room("Hurry")).room_id;
  std::vector<wire::RequestId> requests;
  for (int i = 0; i < 12; ++i) {
    wire::Message message;
    message.content = "message " + std::to_string(i);
    requests.push_back(ada.send(wire::Command{
        wire::Post{room, ada.next_client_id(), wire::EventKind::kMessage, wire::encode(message)}}));
  }
  int accepted = 0;
  std::optional<Error> limited;
  for (const wire::RequestId request : requests) {
    const auto answer = ada.wait_answer(request);
    if (answer) {
      ++accepted;
    } else {
      limited = answer.error();
    }
  }
  CHECK(accepted == 10);
  REQUIRE(limited);
  CHECK(limited->code == ErrorCode::kRateLimited);
  CHECK(limited->retry_after.ms > 0);
  CHECK(limited->retry_after.ms <= 1000);
  std::this_thread::sleep_for(Milliseconds(limited->retry_after.ms + 50));
  require_ok(ada.post(room, "patient"));
}

TEST_CASE("sixty messages a minute are the sustained limit") {
  Served served(with_limits({"--limits.messages_per_second_burst=0"}));
  TestClient ada = served.guest("Ada");
  const RoomId room = require_ok(ada.create_room("Flood")).room_id;
  int accepted = 0;
  std::optional<Error> limited;
  while (!limited && accepted < 200) {
    const auto posted = ada.post(room, "drop");
    if (posted) {
      ++accepted;
    } else {
      limited = posted.error();
    }
  }
  CHECK(accepted >= 60);
  CHECK(accepted <= 65);  // some come back while the others are sent
  REQUIRE(limited);
  CHECK(limited->code == ErrorCode::kRateLimited);
  CHECK(limited->retry_after.ms > 0);
}

TEST_CASE("requests, rooms and sign-ins have limits of their own") {
  Served served(with_limits());
  TestClient ada = served.guest("Ada");

  SECTION("one hundred requests a minute") {
    int accepted = 0;
    std::optional<Error> limited;
    while (!limited && accepted < 300) {
      const auto answer = ada.call_for<wire::RoomList>(wire::Command{wire::ListRooms{}});
      if (answer) {
        ++accepted;
      } else {
        limited = answer.error();
      }
    }
    CHECK(accepted >= 99);
    CHECK(accepted <= 105);
    REQUIRE(limited);
    CHECK(limited->code == ErrorCode::kRateLimited);
    CHECK(limited->retry_after.ms > 0);
  }
  SECTION("five rooms a day") {
    for (int i = 0; i < 5; ++i) require_ok(ada.create_room("Room " + std::to_string(i)));
    const auto sixth = ada.create_room("Room 6");
    CHECK(require_error(sixth) == ErrorCode::kQuotaReached);
    CHECK(sixth.error().retry_after.ms > 60'000);
  }
  SECTION("thirty new guests a minute from one address") {
    std::optional<Error> limited;
    int accepted = 1;
    while (!limited && accepted < 100) {
      TestClient guest;
      REQUIRE(guest.open(served.server.port()));
      const auto welcome = guest.sign_in("Guest");
      if (welcome) {
        ++accepted;
      } else {
        limited = welcome.error();
      }
    }
    CHECK(accepted >= 30);
    CHECK(accepted <= 35);
    REQUIRE(limited);
    CHECK(limited->code == ErrorCode::kRateLimited);
    CHECK(limited->retry_after.ms > 0);
  }
}

TEST_CASE("the eleventh connection of a user is refused until another one is closed") {
  Served served;
  TestClient first = served.guest("Ada");
  std::vector<TestClient> more;
  for (int i = 0; i < 9; ++i) more.push_back(served.again(first));

  TestClient eleventh;
  REQUIRE(eleventh.open(served.server.port()));
  CHECK(require_error(eleventh.resume(first.token)) == ErrorCode::kTooManyConnections);

  more.pop_back();
  bool welcomed = false;
  for (int i = 0; i < 100 && !welcomed; ++i) {
    TestClient next;
    REQUIRE(next.open(served.server.port()));
    welcomed = next.resume(first.token).ok();
    if (!welcomed) std::this_thread::sleep_for(Milliseconds(20));
  }
  CHECK(welcomed);
  require_ok(first.call_for<wire::RoomList>(wire::Command{wire::ListRooms{}}));
}

TEST_CASE("messages that are blank, too long or not text are refused by name") {
  Served served;
  TestClient ada = served.guest("Ada");
  const RoomId room = require_ok(ada.create_room("Rules")).room_id;
  CHECK(require_error(ada.post(room, " \n\t ")) == ErrorCode::kMessageBlank);
  CHECK(require_error(ada.post(room, std::string(4097, 'x'))) == ErrorCode::kMessageTooLong);
  require_ok(ada.post(room, std::string(4096, 'x')));
  CHECK(require_error(ada.create_room("  ")) == ErrorCode::kInvalidArgument);
  CHECK(require_error(ada.join(RoomId{ada.user.uuid})) == ErrorCode::kRoomNotFound);
}

}  // namespace parley::test
