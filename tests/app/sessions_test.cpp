#include "shared/identity/sign_in.hpp"
#include "tests/app/secure_device.hpp"

using namespace parley;
using namespace parley::testing;

namespace {

wire::Authenticate with_token(const wire::Welcome& welcome) {
  wire::Authenticate hello;
  hello.token = welcome.session.token;
  return hello;
}

template <class T>
const T* last_notice(const Person& person) {
  const T* found = nullptr;
  for (const auto& notice : person.peer.notices) {
    if (const auto* one = std::get_if<T>(&notice)) found = one;
  }
  return found;
}

}  // namespace

TEST_CASE("a connection does nothing before it has signed in, and signs in once") {
  Server server;
  Person nobody(server, "");
  CHECK(nobody.refusal(wire::ListRooms{}) == ErrorCode::kNotAuthenticated);
  wire::Authenticate hello;
  hello.guest_name = "   ";
  CHECK(nobody.refusal(hello) == ErrorCode::kInvalidArgument);
  hello.guest_name = "Ada";
  hello.protocol = 99;
  CHECK(nobody.refusal(hello) == ErrorCode::kVersionUnsupported);
  hello.protocol = wire::kProtocolVersion;
  CHECK(nobody.ask<wire::Welcome>(hello).session.user.name == "Ada");
  CHECK(nobody.refusal(hello) == ErrorCode::kAlreadyAuthenticated);
}

TEST_CASE("a guest cannot bring another's device id") {
  Server server;
  Person ada(server, "Ada");
  wire::Authenticate hello;
  hello.guest_name = "Eve";
  hello.device_id = ada.welcome.session.device_id;
  Person eve(server, hello);
  CHECK(eve.welcome.session.device_id != ada.welcome.session.device_id);
}

TEST_CASE("a token brings the same user back after a restart, until it ends") {
  Server server;
  wire::Welcome welcome;
  RoomId room;
  {
    Person ada(server, "Ada");
    room = ada.create_room("Room");
    ada.say(room, "kept");
    welcome = ada.welcome;
  }
  server.restart();
  {
    Person ada(server, with_token(welcome), 2);
    CHECK(ada.id() == welcome.session.user.user_id);
    CHECK(ada.welcome.rooms.size() == 2);
    const auto page =
        ada.ask<wire::HistoryPage>(wire::History{room, wire::HistoryFrom::kNewest, {}, {}, 50});
    REQUIRE(page.events.size() == 3);
    CHECK(page.users.size() == 1);
    CHECK(page.users[0].name == "Ada");
  }
  server.advance(hours(2));
  Person late(server, "");
  CHECK(late.refusal(with_token(welcome)) == ErrorCode::kTokenExpired);
  auto forged = with_token(welcome);
  forged.token[forged.token.size() / 2] ^= 1;
  CHECK(late.refusal(forged) == ErrorCode::kTokenInvalid);
}

TEST_CASE("a device whose session has ended comes back by its key, and no other does") {
  Server server;
  Account account(server.rng), other(server.rng);
  SecureDevice ada(server, account, "Ada");
  SecureDevice eve(server, other, "Eve", 1);
  const wire::DeviceRef device = ada.ref();
  ada.disconnect();
  server.advance(hours(3));
  const auto challenge_of = [](Person& person) {
    return person.ask<wire::Challenge>(wire::GetChallenge{}).challenge;
  };
  const auto proof_of = [&](const SecureDevice& who, const wire::DeviceRef& named,
                            const Bytes& challenge) {
    return wire::AuthenticateDevice{
        named.user_id, named.device_id,
        to_bytes(
            identity::sign_in_proof(who.signing_key(), named.user_id, named.device_id, challenge)),
        ""};
  };
  Person back(server, "", 2);
  CHECK(back.refusal(with_token(ada.welcome)) == ErrorCode::kTokenExpired);

  SECTION("with what it left") {
    const Bytes challenge = challenge_of(back);
    CHECK(challenge.size() == wire::kChallengeBytes);
    const auto welcome = back.ask<wire::Welcome>(proof_of(ada, device, challenge));
    CHECK(welcome.session.user.user_id == device.user_id);
    CHECK(welcome.session.device_id == device.device_id);
    CHECK(welcome.rooms.size() == 1);
    CHECK(back.refusal(wire::GetChallenge{}) == ErrorCode::kAlreadyAuthenticated);
    Person again(server, with_token(welcome));
    CHECK(again.id() == device.user_id);
  }
  SECTION("not without a challenge, nor with one of another connection or one that was used") {
    CHECK(back.refusal(proof_of(ada, device, {})) == ErrorCode::kNotAuthenticated);
    Person elsewhere(server, "", 1);
    const Bytes theirs = challenge_of(elsewhere);
    const Bytes own = challenge_of(back);
    CHECK(own != theirs);
    CHECK(back.refusal(proof_of(ada, device, theirs)) == ErrorCode::kTokenInvalid);
    CHECK(back.refusal(proof_of(ada, device, own)) == ErrorCode::kNotAuthenticated);
    wire::GetChallenge future;
    future.protocol = 99;
    CHECK(back.refusal(future) == ErrorCode::kVersionUnsupported);
  }
  SECTION("not with another's key, for another device, or with half a signature") {
    CHECK(back.refusal(proof_of(eve, device, challenge_of(back))) == ErrorCode::kTokenInvalid);
    const wire::DeviceRef mixed{device.user_id, eve.ref().device_id};
    CHECK(back.refusal(proof_of(ada, mixed, challenge_of(back))) == ErrorCode::kTokenInvalid);
    const wire::DeviceRef nobody{{}, device.device_id};
    CHECK(back.refusal(proof_of(ada, nobody, challenge_of(back))) == ErrorCode::kTokenInvalid);
    auto half = proof_of(ada, device, challenge_of(back));
    half.signature.resize(32);
    CHECK(back.refusal(half) == ErrorCode::kTokenInvalid);
  }
  SECTION("nor once the device was signed out") {
    SecureDevice phone(server, account, 1);
    phone.ask<wire::Done>(wire::RevokeDevice{device.device_id});
    CHECK(back.refusal(proof_of(ada, device, challenge_of(back))) == ErrorCode::kDeviceRevoked);
    identity::ListChange change;
    change.removed.push_back(device.device_id);
    phone.ask<wire::Done>(account.next_list(change, phone.id()));
    CHECK(back.refusal(proof_of(ada, device, challenge_of(back))) == ErrorCode::kTokenInvalid);
  }
}

TEST_CASE("tries to come back by a key are counted with an address's other sign-ins") {
  Server server;
  Person nobody(server, "");
  std::optional<ErrorCode> last;
  for (int i = 0; i < 100 && last != ErrorCode::kRateLimited; ++i) {
    nobody.ask<wire::Challenge>(wire::GetChallenge{});
    last = nobody.refusal(wire::AuthenticateDevice{});
  }
  CHECK(last == ErrorCode::kRateLimited);
}

TEST_CASE("tokens are renewed while connected") {
  Server server;
  Person ada(server, "Ada");
  server.advance(minutes(100));
  const auto* renewed = last_notice<wire::SessionNotice>(ada);
  REQUIRE(renewed);
  CHECK(renewed->session.expires > ada.welcome.session.expires);
  server.advance(minutes(110));
  wire::Welcome present = ada.welcome;
  present.session = last_notice<wire::SessionNotice>(ada)->session;
  ada.say(ada.welcome.rooms[0].room_id, "still here");
  Person again(server, with_token(present), 1);
  CHECK(again.id() == ada.id());
}

TEST_CASE("a sync token is answered with what changed since, and misses nothing") {
  Server server;
  Person ada(server, "Ada");
  Person grace(server, "Grace", 1);
  const RoomId quiet = ada.create_room("Quiet");
  const RoomId busy = ada.create_room("Busy");
  for (const RoomId room : {quiet, busy}) grace.ask<wire::RoomState>(wire::JoinRoom{room, ""});
  server.advance(seconds(5));
  const auto* sync = last_notice<wire::SyncNotice>(grace);
  REQUIRE(sync);
  wire::Authenticate back = with_token(grace.welcome);
  back.sync_token = sync->sync_token;
  grace.disconnect();
  server.settle();
  ada.say(busy, "while you were away");

  Person again(server, back, 2);
  CHECK(!again.welcome.complete);
  REQUIRE(again.welcome.rooms.size() == 1);
  CHECK(again.welcome.rooms[0].room_id == busy);
  CHECK(again.welcome.rooms[0].unread == 1);

  // A room left on another device is named; a token of another store counts as none.
  again.ask<wire::Done>(wire::LeaveRoom{quiet});
  Person third(server, back, 0);
  CHECK(std::count(third.welcome.gone.begin(), third.welcome.gone.end(), quiet) == 1);
  back.sync_token = "0000000000000000-9";
  Person fourth(server, back, 0);
  CHECK(fourth.welcome.complete);
}

TEST_CASE("a sync token never runs ahead of what was sent") {
  Server server(4);
  Person ada(server, "Ada");
  Person grace(server, "Grace", 3);
  const RoomId room = ada.create_room("Room");
  grace.ask<wire::RoomState>(wire::JoinRoom{room, ""});
  // Tokens given out while messages flow; each must leave everything not yet heard to a resume.
  for (int round = 0; round < 20; ++round) {
    ada.start(ada.message(room, std::to_string(round)));
    server.executor.advance(milliseconds(700));
    if (round % 3 == 0) server.store.commit();
    if (const auto* sync = last_notice<wire::SyncNotice>(grace)) {
      const std::size_t heard = grace.heard(room).size();
      wire::Authenticate back = with_token(grace.welcome);
      back.sync_token = sync->sync_token;
      Person probe(server, back, 1);  // settles the server
      const std::size_t said = grace.heard(room).size();
      const bool named = std::any_of(probe.welcome.rooms.begin(), probe.welcome.rooms.end(),
                                     [&](const auto& r) { return r.room_id == room; });
      // What Grace had not heard yet is announced to the resumed connection, or comes live on it.
      CHECK((named || probe.heard(room).size() >= said - heard));
    }
  }
  server.settle();
}

TEST_CASE("joining on one device shows on the others") {
  Server server;
  Person ada(server, "Ada");
  Person grace(server, "Grace", 1);
  Person phone(server, with_token(grace.welcome), 2);
  const RoomId room = ada.create_room("Room");
  grace.ask<wire::RoomState>(wire::JoinRoom{room, ""});
  const auto* joined = last_notice<wire::RoomNotice>(phone);
  REQUIRE(joined);
  CHECK(joined->room.room_id == room);
  ada.say(room, "to all devices");
  CHECK(phone.heard(room) == std::vector<std::string>{"to all devices"});
  CHECK(grace.heard(room) == std::vector<std::string>{"to all devices"});
}

TEST_CASE("a revoked device is cut off and cannot come back") {
  Server server;
  Person ada(server, "Ada");
  Person other(server, "", 1);
  wire::Authenticate hello;
  hello.guest_name = "Grace";
  Person grace(server, hello, 1);
  CHECK(ada.refusal(wire::RevokeDevice{grace.welcome.session.device_id}) ==
        ErrorCode::kInvalidArgument);
  const auto devices = grace.ask<wire::DeviceList>(wire::ListDevices{}).devices;
  REQUIRE(devices.size() == 1);
  CHECK(devices[0].current);
  CHECK(devices[0].connected);
  grace.ask<wire::Done>(wire::RevokeDevice{grace.welcome.session.device_id});
  server.settle();
  REQUIRE(grace.peer.closed);
  CHECK(grace.peer.closed->code == ErrorCode::kDeviceRevoked);
  CHECK(other.refusal(with_token(grace.welcome)) == ErrorCode::kDeviceRevoked);
}

TEST_CASE("signing out answers, closes and ends the token") {
  Server server;
  Person ada(server, "Ada");
  ada.ask<wire::Done>(wire::SignOut{});
  REQUIRE(ada.peer.closed);
  Person back(server, "");
  CHECK(back.refusal(with_token(ada.welcome)) == ErrorCode::kDeviceRevoked);
}

TEST_CASE(
    "presence: online while any connection is, away when all are idle, invisible is offline") {
  Server server;
  Person ada(server, "Ada");
  Person grace(server, "Grace", 1);
  const auto seen = [&] {
    server.advance(seconds(1));
    return ada.ask<wire::PresenceList>(wire::GetPresence{{}, {grace.id()}}).presence.at(0).status;
  };
  CHECK(seen() == wire::PresenceStatus::kOnline);
  {
    Person phone(server, with_token(grace.welcome), 2);
    grace.ask<wire::Done>(wire::PresenceUpdate{wire::PresenceStatus::kOnline, "", true});
    CHECK(seen() == wire::PresenceStatus::kOnline);
  }
  grace.ask<wire::Done>(wire::PresenceUpdate{wire::PresenceStatus::kOnline, "", true});
  CHECK(seen() == wire::PresenceStatus::kAway);
  grace.ask<wire::Done>(wire::PresenceUpdate{wire::PresenceStatus::kBusy, "compiling", false});
  CHECK(seen() == wire::PresenceStatus::kBusy);
  const auto* notice = last_notice<wire::PresenceNotice>(ada);
  REQUIRE(notice);
  CHECK(notice->presence.at(0).status_text == "compiling");
  grace.ask<wire::Done>(wire::PresenceUpdate{wire::PresenceStatus::kInvisible, "", false});
  CHECK(seen() == wire::PresenceStatus::kOffline);
  grace.ask<wire::Done>(wire::PresenceUpdate{wire::PresenceStatus::kOnline, "", false});
  CHECK(seen() == wire::PresenceStatus::kOnline);
  grace.disconnect();
  CHECK(seen() == wire::PresenceStatus::kOffline);
}

TEST_CASE("typing reaches the others of the room only") {
  Server server;
  Person ada(server, "Ada");
  Person grace(server, "Grace", 1);
  const RoomId room = ada.create_room("Room");
  grace.start(wire::Typing{room, true});
  server.settle();
  CHECK(!last_notice<wire::TypingNotice>(ada));
  grace.ask<wire::RoomState>(wire::JoinRoom{room, ""});
  grace.start(wire::Typing{room, true});
  server.settle();
  REQUIRE(last_notice<wire::TypingNotice>(ada));
  CHECK(last_notice<wire::TypingNotice>(ada)->user_id == grace.id());
}

TEST_CASE("limits: connections, messages, requests, rooms") {
  Server server;
  Person ada(server, "Ada");
  SECTION("at most 10 connections a user") {
    std::vector<std::unique_ptr<Person>> more;
    for (int i = 0; i < 9; ++i) {
      more.push_back(std::make_unique<Person>(server, with_token(ada.welcome)));
    }
    Person eleventh(server, "");
    CHECK(eleventh.refusal(with_token(ada.welcome)) == ErrorCode::kTooManyConnections);
    more.pop_back();
    server.settle();
    CHECK(eleventh.ask<wire::Welcome>(with_token(ada.welcome)).session.user.name == "Ada");
  }
  SECTION("10 messages a second, 60 a minute, over all connections") {
    Person phone(server, with_token(ada.welcome), 2);
    const RoomId room = ada.welcome.rooms[0].room_id;
    for (int i = 0; i < 10; ++i) (i % 2 ? ada : phone).say(room, "x");
    const auto refused = ada.reply(ada.message(room, "eleventh"));
    const auto* error = std::get_if<wire::ErrorReply>(&refused);
    REQUIRE(error);
    CHECK(error->code == static_cast<std::uint16_t>(ErrorCode::kRateLimited));
    CHECK(error->retry_after_ms > 0);
    CHECK(error->retry_after_ms <= 1000);
    server.advance(milliseconds(error->retry_after_ms));
    ada.say(room, "after the wait");
  }
  SECTION("5 rooms a day") {
    for (int i = 0; i < 5; ++i) ada.create_room("Room");
    wire::CreateRoom sixth;
    sixth.client_id = ClientId::make(server.executor.now().wall, server.rng);
    sixth.name = "Sixth";
    CHECK(ada.refusal(sixth) == ErrorCode::kQuotaReached);
  }
  SECTION("100 requests a minute") {
    for (int i = 0; i < 100; ++i) ada.ask<wire::RoomList>(wire::ListRooms{});
    CHECK(ada.refusal(wire::ListRooms{}) == ErrorCode::kRateLimited);
    server.advance(seconds(1));
    ada.ask<wire::RoomList>(wire::ListRooms{});
  }
}

TEST_CASE("new sessions of one address are limited, on whichever shards they come") {
  app::AppConfig config;
  config.sign_ins_per_minute_per_address = 4;
  Server server(3, config);
  std::vector<std::unique_ptr<Person>> guests;
  for (std::uint16_t i = 0; i < 4; ++i) {
    guests.push_back(std::make_unique<Person>(server, "Guest", static_cast<std::uint16_t>(i % 3)));
  }
  Person fifth(server, "", 1);
  wire::Authenticate hello;
  hello.guest_name = "Fifth";
  CHECK(fifth.refusal(hello) == ErrorCode::kRateLimited);
  server.advance(seconds(15));
  fifth.ask<wire::Welcome>(hello);
}

TEST_CASE("a draining server refuses new work and finishes what it took") {
  Server server;
  Person ada(server, "Ada");
  const RoomId room = ada.welcome.rooms[0].room_id;
  const auto request = ada.start(ada.message(room, "just in time"));
  server.executor.run();
  CHECK(server.app->in_flight() == 1);
  server.app->begin_drain();
  CHECK(ada.refusal(ada.message(room, "too late")) == ErrorCode::kShuttingDown);
  CHECK(server.app->in_flight() == 0);
  CHECK(std::holds_alternative<wire::Response>(ada.peer.replies[request]));
}

TEST_CASE("a new name is told to everybody who can see it") {
  Server server;
  Person ada(server, "Ada");
  Person grace(server, "Grace", 1);
  grace.ask<wire::Done>(wire::SetProfile{"Admiral Hopper"});
  server.settle();
  const auto* renamed = last_notice<wire::UsersNotice>(ada);
  REQUIRE(renamed);
  CHECK(renamed->users.at(0).name == "Admiral Hopper");
  CHECK(ada.ask<wire::UserList>(wire::GetUsers{{grace.id()}}).users.at(0).name == "Admiral Hopper");
}

TEST_CASE("a welcome with more rooms than fit a frame goes on in notices") {
  app::AppConfig config;
  config.rooms_per_day = config.requests_per_minute = 0;
  config.messages_per_minute = config.messages_per_second = 0;
  Server server(2, config);
  Person ada(server, "Ada");
  const std::string long_text(4096, 'x');
  for (int i = 0; i < 150; ++i) ada.say(ada.create_room("Room"), long_text);
  Person again(server, with_token(ada.welcome), 1);
  CHECK(again.welcome.rooms.size() < 151);
  CHECK(again.welcome.sync_token.empty());
  CHECK(wire::encode(again.welcome).size() < wire::kMaxFrameBytes);
  const auto later = std::count_if(
      again.peer.notices.begin(), again.peer.notices.end(),
      [](const auto& notice) { return std::holds_alternative<wire::RoomNotice>(notice); });
  CHECK(again.welcome.rooms.size() + static_cast<std::size_t>(later) == 151);
}
