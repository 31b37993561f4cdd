// An account whose devices and words are all lost goes on with new keys.
#include "tests/e2ee/world.hpp"

using namespace parley;
using namespace parley::testing;

namespace {

using Strings = std::vector<std::string>;

bool saw_change(const Device& device, UserId user) {
  return std::ranges::any_of(device.changes, [&](const e2ee::Change& change) {
    const auto* changed = std::get_if<e2ee::IdentityChanged>(&change);
    return changed != nullptr && changed->user == user;
  });
}

struct Home {
  explicit Home(wire::HistoryAccess history = wire::HistoryAccess::kAll) {
    room = *ada.engine->create_room(ada.now(), "Home", "", {ben.user()}, history);
    world.run(seconds(5));
    ada.say(room, "one");
    ben.say(room, "two");
    world.run(seconds(3));
    REQUIRE(ada.read(room).size() == 2);
  }
  // Ben's session is there and his keys are not.
  void lose_keys() {
    ben.disk().clear();
    ben.restart();
    ben.connect();
    world.run(seconds(5));
    REQUIRE(ben.engine->account() == e2ee::AccountState::kLocked);
    ben.read_again(room);
  }
  void start_afresh() {
    ben.engine->start_afresh(ben.now());
    world.run(seconds(10));
    REQUIRE(ben.ready());
  }
  World world;
  Device& ada = world.add("Ada");
  Device& ben = world.add("Ben");
  RoomId room;
};

}  // namespace

TEST_CASE("a device without keys makes no others unless it is told to", "[e2ee]") {
  Home home;
  const auto before = home.ada.engine->identity(home.ben.user())->account_key();
  home.lose_keys();
  home.world.run(minutes(10));
  home.ben.restart();
  home.ben.connect();
  home.world.run(minutes(1));
  CHECK(home.ben.engine->account() == e2ee::AccountState::kLocked);
  CHECK(home.ada.engine->identity(home.ben.user())->account_key() == before);
  // A device that has keys keeps them.
  home.ada.engine->start_afresh(home.ada.now());
  home.world.run(seconds(5));
  CHECK(home.ada.ready());
  CHECK(home.ada.engine->identity(home.ada.user())->version() == 1);
}

TEST_CASE("an engine that was locked starts over with whoever signs in next", "[e2ee]") {
  Home home;
  home.lose_keys();
  const auto another = DeviceId::make(home.ben.now().wall, home.world.server.rng);
  home.ben.engine->handle_signed_in(home.ben.now(), home.ben.user(), another);
  CHECK(home.ben.engine->account() == e2ee::AccountState::kStarting);
  CHECK(home.ben.engine->identity(home.ada.user()) == nullptr);
}

TEST_CASE("an account that starts afresh is back in its rooms, and everybody sees that it did",
          "[e2ee]") {
  Home home;
  const auto before = home.ada.engine->identity(home.ben.user())->account_key();
  home.lose_keys();
  const bool interrupted = GENERATE(false, true);
  if (interrupted) {
    // The wish outlives the process: what was begun is finished.
    home.ben.engine->start_afresh(home.ben.now());
    home.ben.pump();
    home.ben.restart();
    home.ben.connect();
    home.world.run(seconds(10));
    REQUIRE(home.ben.ready());
  } else {
    home.start_afresh();
  }
  home.world.run(seconds(10));
  CHECK(home.ada.engine->identity(home.ben.user())->account_key() != before);
  CHECK(home.ada.engine->identity(home.ben.user())->previous_key() == before);
  CHECK(saw_change(home.ada, home.ben.user()));
  CHECK(home.ada.alerts.empty());
  CHECK(home.ben.alerts.empty());
  home.ada.say(home.room, "three");
  home.ben.say(home.room, "four");
  home.world.run(seconds(10));
  const Strings all{"one", "two", "three", "four"};
  auto seen = home.ada.read(home.room);
  std::ranges::sort(seen);
  auto wanted = all;
  std::ranges::sort(wanted);
  CHECK(seen == wanted);
  // The room's history is for all: Ada's device gave it back.
  CHECK(home.ben.read(home.room) == home.ada.read(home.room));
  CHECK(home.ben.engine->devices(home.ben.user())->devices.size() == 1);
}

TEST_CASE("what the room does not give to newcomers is not given to a new key", "[e2ee]") {
  const auto history = GENERATE(wire::HistoryAccess::kNone, wire::HistoryAccess::kSinceInvited);
  Home home(history);
  home.lose_keys();
  home.start_afresh();
  home.world.run(seconds(30));
  home.ada.say(home.room, "three");
  home.world.run(seconds(10));
  const std::string closed =
      "?" + std::to_string(static_cast<int>(e2ee::OpenFault::kBeforeJoining));
  // The room's name is one of the three.
  CHECK(home.ben.read(home.room) == Strings{closed, closed, closed, "three"});
}

TEST_CASE("of a verified person nothing is sent to the new key until it is accepted", "[e2ee]") {
  Home home;
  home.ada.engine->accept_identity(home.ada.now(), home.ben.user(), true);
  home.world.run(seconds(1));
  home.lose_keys();
  home.start_afresh();
  home.world.run(seconds(30));
  CHECK(home.ada.engine->room(home.room)->not_ready == e2ee::NotReady::kIdentityChanged);
  home.ada.say(home.room, "is it you?");
  home.world.run(seconds(30));
  CHECK(home.ada.unsent() == 1);
  for (const std::string& text : home.ben.read(home.room)) CHECK(text.starts_with("?"));
  home.ada.engine->accept_identity(home.ada.now(), home.ben.user(), false);
  home.world.run(minutes(2));
  CHECK(home.ben.read(home.room) == Strings{"one", "two", "is it you?"});
}

TEST_CASE("other devices of an account that started afresh are no part of it any more", "[e2ee]") {
  Home home;
  Device& phone = home.world.link(home.ben, "Ben's phone");
  home.lose_keys();
  phone.disconnect();
  home.start_afresh();
  phone.connect();
  home.world.run(seconds(20));
  CHECK(phone.engine->account() == e2ee::AccountState::kRevoked);
  home.ada.say(home.room, "without the phone");
  home.world.run(seconds(10));
  CHECK(home.ben.read(home.room).back() == "without the phone");
  for (const std::string& text : phone.read(home.room)) CHECK(text != "without the phone");
  // Its leaf is out of the group.
  home.ada.say(home.room, "still");
  home.world.run(seconds(10));
  CHECK(home.ada.unsent() == 0);
  // And the account's new keys are good for another device.
  Device& tablet = home.world.link(home.ben, "Ben's tablet");
  home.world.run(seconds(10));
  CHECK(home.ben.read(home.room) == Strings{"one", "two", "without the phone", "still"});
  // It has never seen the key that Ben had when he wrote "two".
  const std::string other = "?" + std::to_string(static_cast<int>(e2ee::OpenFault::kOtherIdentity));
  CHECK(tablet.read(home.room) == Strings{"one", other, "without the phone", "still"});
}

TEST_CASE("who starts afresh on another device is back where nobody else is, without the past",
          "[e2ee]") {
  World world;
  Device& ada = world.add("Ada");
  const RoomId room =
      *ada.engine->create_room(ada.now(), "Notes", "", {}, wire::HistoryAccess::kAll);
  world.run(seconds(5));
  ada.say(room, "a note");
  world.run(seconds(5));
  const auto code = ada.engine->start_link(ada.now());
  REQUIRE(code.ok());
  world.run(seconds(2));
  Device& phone = world.arrive("Ada's phone", *code);
  world.run(seconds(2));
  REQUIRE(phone.engine->account() == e2ee::AccountState::kLocked);
  ada.disconnect();
  phone.engine->start_afresh(phone.now());
  world.run(seconds(30));
  REQUIRE(phone.ready());
  phone.say(room, "another");
  world.run(seconds(10));
  phone.read_again(room);
  const std::string closed =
      "?" + std::to_string(static_cast<int>(e2ee::OpenFault::kBeforeJoining));
  // The name that the room had, the note, and what is new.
  CHECK(phone.read(room) == Strings{closed, closed, "another"});
  ada.connect();
  world.run(seconds(10));
  CHECK(ada.engine->account() == e2ee::AccountState::kRevoked);
}
