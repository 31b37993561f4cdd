// Private rooms through whole client cores: what a person sees, with a real server in between.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "client/core/stored.hpp"
#include "shared/identity/recovery.hpp"
#include "tests/sim/private_world.hpp"

namespace parley::sim {
namespace {

TEST_CASE("people talk in a private room") {
  Private world;
  SimClient& ada = world.person("Ada");
  SimClient& grace = world.person("Grace");
  const RoomId room = world.room(ada, "Plans", {&grace});

  REQUIRE(ada.view().room);
  CHECK(ada.view().room->room_id == room);
  CHECK(ada.view().room->name == "Plans");
  CHECK(ada.view().room->topic == "a topic");
  CHECK(ada.view().room->encryption.protection == client::Protection::kEncrypted);
  REQUIRE(grace.view().rooms.size() == 1);
  CHECK(grace.view().rooms[0].name == "Plans");

  ada.say(room, "hello Grace");
  world.run_for(seconds(3));
  CHECK(grace.view().rooms[0].preview == "Ada: hello Grace");
  CHECK(grace.view().rooms[0].unread == 1);
  world.open(grace, room);
  CHECK(texts(grace) == Texts{"hello Grace"});
  grace.say(room, "hello Ada");
  world.run_for(seconds(3));
  CHECK(texts(ada) == Texts{"hello Grace", "hello Ada"});
  CHECK(texts(grace) == Texts{"hello Grace", "hello Ada"});

  SECTION("edits, reactions and deletions") {
    const Seq first =
        std::get<MessageView>(*std::ranges::find_if(ada.view().room->items, [](const auto& item) {
          return std::holds_alternative<MessageView>(item);
        })).seq;
    grace.core().toggle_reaction(world.now(), first, "👍");
    grace.drain();
    ada.core().start_edit(world.now(), first);
    ada.core().set_draft(world.now(), "hello, Grace!");
    REQUIRE(ada.core().send_draft(world.now()));
    ada.drain();
    world.run_for(seconds(3));
    CHECK(texts(grace) == Texts{"hello, Grace!", "hello Ada"});
    for (const auto& item : ada.view().room->items) {
      const auto* message = std::get_if<MessageView>(&item);
      if (message && message->seq == first) CHECK(message->reactions.size() == 1);
    }
    ada.core().delete_message(world.now(), first);
    ada.drain();
    world.run_for(seconds(3));
    CHECK(texts(grace) == Texts{"", "hello Ada"});
  }
  SECTION("the server's log has nothing of it") {
    for (const wire::Event& event : world.server().log(room)) {
      const std::string body(as_text(event.body));
      CHECK(body.find("hello") == std::string::npos);
      CHECK(body.find("Plans") == std::string::npos);
      CHECK(body.find("a topic") == std::string::npos);
    }
  }
  SECTION("everything is there after a restart, also without a connection") {
    world.run_for(seconds(2));
    grace.crash();
    grace.boot();
    CHECK(texts(grace) == Texts{"hello Grace", "hello Ada"});
    CHECK(grace.view().room->name == "Plans");
    world.run_for(seconds(5));
    ada.say(room, "still there?");
    world.run_for(seconds(3));
    CHECK(texts(grace) == Texts{"hello Grace", "hello Ada", "still there?"});
  }
  SECTION("a device that missed nothing while it was off goes on where it was") {
    for (const char* text : {"back", "and again"}) {
      world.run_for(seconds(40));
      grace.crash();
      grace.boot();
      world.run_for(seconds(40));
      CHECK(grace.view().room->encryption.waiting.empty());
      grace.say(room, text);
      world.run_for(seconds(5));
      CHECK(texts(ada).back() == text);
    }
  }
  SECTION("a message that waits for the connection is sealed when it is back") {
    ada.cut();
    ada.say(room, "from the tunnel");
    CHECK(texts(ada).back() == "from the tunnel");
    world.run_for(seconds(20));
    CHECK(texts(grace).back() == "from the tunnel");
  }
}

TEST_CASE("a conversation of two is named after the other, and there is one") {
  Private world;
  SimClient& ada = world.person("Ada");
  SimClient& grace = world.person("Grace");
  const auto token = ada.core().start_direct(world.now(), grace.view().self.user);
  ada.drain();
  world.run_for(seconds(5));
  REQUIRE(ada.answers.contains(token));
  REQUIRE(ada.answers.at(token).ok());
  REQUIRE(ada.view().room);
  const RoomId room = ada.view().room->room_id;
  CHECK(ada.view().room->name == "Grace");
  CHECK(ada.view().room->direct_with == grace.view().self.user);
  REQUIRE(grace.view().rooms.size() == 1);
  CHECK(grace.view().rooms[0].name == "Ada");
  ada.say(room, "just us");
  world.run_for(seconds(3));
  CHECK(grace.view().rooms[0].preview == "just us");

  grace.core().start_direct(world.now(), ada.view().self.user);
  grace.drain();
  world.run_for(seconds(3));
  REQUIRE(grace.view().room);
  CHECK(grace.view().room->room_id == room);
  CHECK(texts(grace) == Texts{"just us"});
}

TEST_CASE("somebody who comes later reads what was said before") {
  Private world;
  SimClient& ada = world.person("Ada");
  SimClient& grace = world.person("Grace");
  const RoomId room = world.room(ada, "Plans", {&grace});
  ada.say(room, "before Edsger");
  world.run_for(seconds(3));
  SimClient& edsger = world.person("Edsger");
  const auto token = ada.core().invite_member(world.now(), room, edsger.view().self.user);
  ada.drain();
  world.run_for(seconds(10));
  REQUIRE(ada.answers.contains(token));
  CHECK(ada.answers.at(token).ok());
  world.open(edsger, room);
  CHECK(texts(edsger) == Texts{"before Edsger"});
  edsger.say(room, "I read it");
  world.run_for(seconds(3));
  CHECK(texts(ada).back() == "I read it");
}

bool is_stored(SimClient& client, std::string_view text) {
  return std::ranges::any_of(client.store, [&](const auto& entry) {
    return as_text(entry.second).find(text) != std::string_view::npos;
  });
}

TEST_CASE("messages disappear at their time, from everything that a client has") {
  Private world;
  SimClient& ada = world.person("Ada");
  SimClient& grace = world.person("Grace");
  const RoomId room = world.room(ada, "Den", {&grace}, wire::HistoryAccess::kNone, 3600);
  world.open(grace, room);
  CHECK(grace.view().room->encryption.disappear_after == "1 hour");
  ada.say(room, "violet evening");
  world.run_for(seconds(3));
  grace.say(room, "amber morning");
  world.run_for(seconds(5));
  const Texts both{"violet evening", "amber morning"};
  CHECK(texts(ada) == both);
  CHECK(texts(grace) == both);
  CHECK(is_stored(grace, "violet evening"));

  SECTION("in rooms that are open, and where later ones stay until theirs") {
    world.run_for(minutes(40));
    ada.say(room, "a later one");
    world.run_for(minutes(19));
    CHECK(texts(grace) == Texts{"violet evening", "amber morning", "a later one"});
    world.run_for(minutes(2));
    CHECK(texts(ada) == Texts{"a later one"});
    CHECK(texts(grace) == Texts{"a later one"});
    CHECK(is_stored(grace, "a later one"));
    grace.say(room, "and one more");
    world.run_for(seconds(5));
    CHECK(texts(ada) == Texts{"a later one", "and one more"});
  }
  SECTION("in rooms that are closed, with what the list says of them") {
    grace.core().close_room(world.now());
    grace.drain();
    ada.say(room, "unread");
    world.run_for(seconds(5));
    CHECK(grace.view().rooms[0].unread == 1);
    CHECK(grace.view().rooms[0].preview == "Ada: unread");
    world.run_for(minutes(61));
    CHECK(grace.view().rooms[0].unread == 0);
    CHECK(grace.view().rooms[0].preview.empty());
    CHECK_FALSE(is_stored(grace, "unread"));
    ada.say(room, "again");
    world.run_for(seconds(5));
    CHECK(grace.view().rooms[0].unread == 1);
    world.open(grace, room);
    CHECK(texts(grace) == Texts{"again"});
  }
  SECTION("while a client is off, with its next start") {
    grace.crash();
    world.run_for(minutes(61));
    grace.boot();
    CHECK(texts(grace).empty());
    world.run_for(seconds(10));
    CHECK(texts(grace).empty());
    ada.say(room, "again");
    world.run_for(seconds(5));
    CHECK(texts(grace) == Texts{"again"});
  }
  world.run_for(minutes(1));
  for (SimClient* client : {&ada, &grace}) {
    INFO(client->name);
    CHECK_FALSE(is_stored(*client, "violet evening"));
    CHECK_FALSE(is_stored(*client, "amber morning"));
  }
}

TEST_CASE("what is older than the server keeps it leaves the devices") {
  Private world(7, make_forgetful_server);
  SimClient& ada = world.person("Ada");
  SimClient& grace = world.person("Grace");
  const RoomId room = world.room(ada, "Plans", {&grace});
  world.open(ada, room);
  world.open(grace, room);
  ada.say(room, "old");
  world.run_for(minutes(100));
  CHECK(texts(grace) == Texts{"old"});
  ada.say(room, "newer");
  world.run_for(minutes(150));
  CHECK(texts(ada) == Texts{"newer"});
  CHECK(texts(grace) == Texts{"newer"});
  // And nobody asks for what was there.
  world.run_for(minutes(240));
  CHECK(texts(ada).empty());
  CHECK_FALSE(grace.view().room->loading_older);
  grace.say(room, "on we go");
  world.run_for(seconds(5));
  CHECK(texts(ada) == Texts{"on we go"});
}

TEST_CASE("where earlier messages are kept from who comes later, one line says so") {
  const bool disappears = GENERATE(false, true);
  const std::string said =
      disappears ? "only by the devices that were here" : "those who were here";
  Private world;
  SimClient& ada = world.person("Ada");
  SimClient& grace = world.person("Grace");
  const RoomId room =
      world.room(ada, "Den", {&grace}, wire::HistoryAccess::kNone, disappears ? 86'400 : 0);
  ada.say(room, "one");
  ada.say(room, "two");
  world.run_for(seconds(3));
  SimClient& edsger = world.person("Edsger");
  ada.core().invite_member(world.now(), room, edsger.view().self.user);
  ada.drain();
  world.run_for(seconds(10));
  ada.say(room, "three");
  world.run_for(seconds(3));
  world.open(edsger, room);
  world.run_for(seconds(60));
  CHECK(texts(edsger) == Texts{"three"});
  CHECK(edsger.view().room->name == "Den");
  const auto lines = std::ranges::count_if(edsger.view().room->items, [&](const auto& item) {
    const auto* line = std::get_if<client::SystemLineView>(&item);
    return line && line->text.find(said) != std::string::npos;
  });
  CHECK(lines == 1);
}

TEST_CASE("who joins by a link reads what was said before, with nobody else there") {
  Private world;
  SimClient& ada = world.person("Ada");
  const RoomId room = world.room(ada, "Plans", {});
  ada.say(room, "long ago");
  world.run_for(seconds(3));
  const auto token = ada.core().create_invite(world.now(), room, 3600, 0);
  ada.drain();
  world.run_for(seconds(5));
  REQUIRE(ada.answers.contains(token));
  REQUIRE(ada.answers.at(token).ok());
  const std::string code = std::get<wire::InviteState>(*ada.answers.at(token)).invite.code;
  REQUIRE(code.find('#') != std::string::npos);
  CHECK(ada.view().keys.rooms_settled);
  // The dialog has the whole link later as well, and after a restart.
  ada.crash();
  ada.boot();
  world.run_for(seconds(5));
  ada.core().load_invites(world.now(), room);
  ada.drain();
  world.run_for(seconds(2));
  REQUIRE(ada.view().invites.invites.size() == 1);
  CHECK(ada.view().invites.invites[0].code == code);
  ada.crash();

  SimClient& edsger = world.person("Edsger");
  edsger.core().join_by_code(world.now(), code);
  edsger.drain();
  world.run_for(seconds(20));
  REQUIRE(edsger.view().room);
  CHECK(edsger.view().room->name == "Plans");
  CHECK(texts(edsger) == Texts{"long ago"});
  for (const wire::Event& event : world.server().log(room)) {
    CHECK(as_text(event.body).find(code.substr(code.find('#') + 1)) == std::string_view::npos);
  }
}

TEST_CASE("a wiped device has everything again with the recovery words") {
  Private world;
  SimClient& ada = world.person("Ada");
  SimClient& grace = world.person("Grace");
  CHECK_FALSE(ada.view().keys.has_recovery);
  const RoomId room = world.room(ada, "Plans", {&grace});
  ada.say(room, "one");
  world.run_for(seconds(3));
  grace.say(room, "two");
  world.run_for(seconds(3));

  ada.core().make_recovery_words(world.now());
  ada.drain();
  world.run_for(seconds(2));
  std::string words;
  for (const auto& word : ada.view().keys.recovery_words) words += word + " ";
  CHECK(ada.view().keys.has_recovery);
  if (GENERATE(false, true)) {  // nobody has said that they are written down
    ada.crash();
    ada.boot();
    world.run_for(seconds(3));
    CHECK(ada.view().keys.recovery_words.empty());
    CHECK_FALSE(ada.view().keys.has_recovery);
    CHECK_FALSE(ada.view().keys.recovery_outdated);
  } else {
    ada.core().hide_recovery_words(world.now());
    CHECK(ada.view().keys.recovery_words.empty());
    ada.drain();
    ada.crash();
    ada.boot();
    world.run_for(seconds(3));
    CHECK(ada.view().keys.has_recovery);
  }
  ada.crash();
  ada.store.clear();
  grace.crash();  // nobody else is there

  SimClient& again = world.add_client("Ada's new device");
  SECTION("with the right ones") {
    again.core().sign_in_recovery(world.now(), words);
    again.drain();
    world.run_for(seconds(20));
    CHECK(again.view().login.error.empty());
    REQUIRE(again.view().keys.state == client::AccountKeys::kReady);
    REQUIRE(again.view().rooms.size() == 1);
    CHECK(again.view().rooms[0].name == "Plans");
    CHECK(again.view().rooms[0].preview == "Grace: two");
    world.open(again, room);
    CHECK(texts(again) == Texts{"one", "two"});
    again.say(room, "three");
    world.run_for(seconds(5));
    grace.boot();
    world.run_for(seconds(5));
    world.open(grace, room);
    CHECK(texts(grace) == Texts{"one", "two", "three"});
  }
  SECTION("with a misspelt one") {
    again.core().sign_in_recovery(world.now(), "x" + words);
    CHECK(again.view().login.error.starts_with("Word 1 is not"));
  }
  SECTION("with those of nobody") {
    SeededRng rng(99);
    std::string others;
    for (const auto word : identity::recovery_words(identity::make_recovery_secret(rng))) {
      others += std::string(word) + " ";
    }
    again.core().sign_in_recovery(world.now(), others);
    again.drain();
    world.run_for(seconds(5));
    CHECK(again.view().screen == client::Screen::kLogin);
    CHECK_FALSE(again.view().login.error.empty());
  }
}

TEST_CASE("who comes back after the session has ended goes on as if it had not") {
  Private world;
  SimClient& ada = world.person("Ada");
  SimClient& grace = world.person("Grace");
  const RoomId room = world.room(ada, "Plans", {&grace});
  ada.say(room, "one");
  world.run_for(seconds(3));
  const client::SelfView self = ada.view().self;
  ada.crash();
  grace.say(room, "two");
  const bool token_is_gone = GENERATE(false, true);  // it was refused before
  if (token_is_gone) {
    auto stored = client::unpack<client::StoredSession>(ada.store.at("session"));
    REQUIRE(stored);
    stored->session.token.clear();
    ada.store["session"] = client::pack(*stored);
  } else {
    world.run_for(hours(3));
  }
  ada.boot();
  world.run_for(seconds(5));
  CHECK(ada.view().screen == client::Screen::kMain);
  CHECK(ada.view().self.user == self.user);
  CHECK(ada.view().self.device == self.device);
  world.open(ada, room);
  CHECK(texts(ada) == Texts{"one", "two"});
  ada.say(room, "three");
  world.run_for(seconds(3));
  world.open(grace, room);
  CHECK(texts(grace) == Texts{"one", "two", "three"});
}

TEST_CASE("the keys of an account give way to another only when the person says so") {
  Private world;
  SimClient& ada = world.person("Ada");
  const RoomId room = world.room(ada, "Plans", {});
  ada.say(room, "one");
  ada.core().make_recovery_words(world.now());
  ada.drain();
  world.run_for(seconds(3));
  std::string words;
  for (const auto& word : ada.view().keys.recovery_words) words += word + " ";
  ada.core().hide_recovery_words(world.now());
  const UserId user = ada.view().self.user;
  const DeviceId device = ada.view().self.device;

  SECTION("a name typed before the device has found who was signed in") {
    ada.crash();
    ada.boot();
    ada.core().sign_in_guest(world.now(), "Somebody");
    ada.drain();
    world.run_for(seconds(5));
    CHECK(ada.view().self.user == user);
    CHECK(ada.view().keys.state == client::AccountKeys::kReady);
  }
  SECTION("after the device was signed out from another one") {
    SimClient& other = world.add_client("Ada's phone");
    other.core().sign_in_recovery(world.now(), words);
    other.drain();
    world.run_for(seconds(20));
    REQUIRE(other.view().keys.state == client::AccountKeys::kReady);
    other.core().revoke_device(world.now(), device);
    other.drain();
    world.run_for(seconds(10));
    REQUIRE(ada.view().screen == client::Screen::kLogin);
    CHECK_FALSE(ada.view().login.asks_to_replace);
    const bool before_it_is_read = GENERATE(false, true);
    if (before_it_is_read) {
      ada.crash();
      ada.boot();
    }
    const auto press = [&](auto what) {
      what(ada.core());
      ada.drain();
      world.run_for(milliseconds(100));
    };
    const auto as_guest = [&](client::Client& core) { core.sign_in_guest(world.now(), "Ada"); };
    press(as_guest);
    if (!before_it_is_read) press(as_guest);  // a double click
    world.run_for(seconds(2));
    REQUIRE(ada.view().login.asks_to_replace);
    CHECK(ada.view().login.error.find("keys of Ada") != std::string::npos);
    CHECK(ada.view().screen == client::Screen::kLogin);
    CHECK(ada.store.contains("e2ee/account"));
    SECTION("not when the person turned to something else meanwhile") {
      ada.core().reset_login(world.now());
      CHECK(ada.view().login.error.empty());
      CHECK_FALSE(ada.view().login.asks_to_replace);
      press(as_guest);
      CHECK(ada.view().login.asks_to_replace);
      CHECK(ada.store.contains("e2ee/account"));
      ada.core().reset_login(world.now());
    }
    SECTION("as somebody new") {
      press(as_guest);
      world.run_for(seconds(10));
      CHECK(ada.view().screen == client::Screen::kMain);
      CHECK(ada.view().self.user != user);
      CHECK(ada.view().keys.state == client::AccountKeys::kReady);
      CHECK(std::ranges::none_of(ada.view().rooms,
                                 [&](const auto& item) { return item.room_id == room; }));
    }
    SECTION("into the same account with the recovery words") {
      const auto recover = [&](client::Client& core) { core.sign_in_recovery(world.now(), words); };
      press(recover);  // another question
      CHECK(ada.view().login.asks_to_replace);
      CHECK(ada.view().login.error.find("replaced") != std::string::npos);
      world.run_for(seconds(2));
      press(recover);
      world.run_for(seconds(20));
      CHECK(ada.view().self.user == user);
      CHECK(ada.view().self.device != device);
      REQUIRE(ada.view().keys.state == client::AccountKeys::kReady);
      world.open(ada, room);
      CHECK(texts(ada) == Texts{"one"});
    }
    CHECK_FALSE(ada.view().login.asks_to_replace);
  }
}

TEST_CASE("a page that waits for keys has what could be opened already") {
  Private world;
  SimClient& ada = world.person("Ada");
  SimClient& ivan = world.person("Ivan");
  const UserId user = ivan.view().self.user;
  ivan.core().make_recovery_words(world.now());
  ivan.drain();
  world.run_for(seconds(2));
  std::string words;
  for (const auto& word : ivan.view().keys.recovery_words) words += word + " ";
  ivan.crash();
  const auto made = ada.core().create_private_room(world.now(), "Later", "", {user},
                                                   wire::HistoryAccess::kAll, 0);
  ada.drain();
  world.run_for(seconds(5));
  REQUIRE(ada.answers.contains(made));
  const RoomId room = std::get<wire::RoomState>(*ada.answers.at(made)).room.room_id;
  ada.say(room, "early");
  world.run_for(seconds(3));
  ada.crash();  // the only one with the key of that

  SimClient& again = world.add_client("Ivan's new device");
  again.core().sign_in_recovery(world.now(), words);
  again.drain();
  world.run_for(seconds(20));
  again.say(room, "mine");
  world.run_for(seconds(5));
  // As in a program that keeps no messages.
  again.crash();
  std::erase_if(again.store, [](const auto& entry) { return entry.first.starts_with("events/"); });
  again.boot();
  world.run_for(seconds(5));
  const auto asked = again.core().request(world.now(), wire::History{.room_id = room});
  again.drain();
  world.run_for(seconds(30));
  REQUIRE(again.answers.contains(asked));
  std::vector<wire::EventKind> kinds;
  for (const auto& event : std::get<wire::HistoryPage>(*again.answers.at(asked)).events) {
    if (event.kind == wire::EventKind::kSealed || event.kind == wire::EventKind::kMessage) {
      kinds.push_back(event.kind);
    }
  }
  REQUIRE(kinds.size() >= 2);
  CHECK(kinds.front() == wire::EventKind::kSealed);
  CHECK(kinds.back() == wire::EventKind::kMessage);

  ada.boot();  // whose device gives the key, in time for the next page
  const auto later = again.core().request(world.now(), wire::History{.room_id = room});
  again.drain();
  world.run_for(seconds(30));
  REQUIRE(again.answers.contains(later));
  for (const auto& event : std::get<wire::HistoryPage>(*again.answers.at(later)).events) {
    CHECK(event.kind != wire::EventKind::kSealed);
  }
}

TEST_CASE("a new device is linked with the code that an old one shows") {
  Private world;
  SimClient& ada = world.person("Ada");
  SimClient& grace = world.person("Grace");
  const RoomId room = world.room(ada, "Plans", {&grace});
  ada.say(room, "one");
  world.run_for(seconds(3));
  ada.core().start_direct(world.now(), grace.view().self.user);
  ada.drain();
  world.run_for(seconds(5));
  REQUIRE(ada.view().room);
  const RoomId direct = ada.view().room->room_id;
  REQUIRE(direct != room);
  world.open(grace, direct);
  grace.say(direct, "just us");
  world.run_for(seconds(3));
  grace.crash();

  ada.core().start_link(world.now());
  ada.drain();
  world.run_for(seconds(2));
  REQUIRE(ada.view().link.step == client::LinkStep::kCode);
  const std::string code = ada.view().link.code;
  CHECK(ada.view().link.url.starts_with("http://sim/#link="));
  SimClient& phone = world.add_client("Ada's phone");
  SECTION("a wrong code says so") {
    phone.core().sign_in_link(world.now(), "hello");
    CHECK_FALSE(phone.view().login.error.empty());
    std::string other = code;
    other[0] = other[0] == 'A' ? 'B' : 'A';
    phone.core().sign_in_link(world.now(), other);
    phone.drain();
    world.run_for(seconds(3));
    CHECK(phone.view().screen == client::Screen::kLogin);
    CHECK_FALSE(phone.view().login.error.empty());
  }
  SECTION("who cancels is not told of it") {
    phone.core().sign_in_link(world.now(), code);
    phone.drain();
    world.run_for(seconds(3));
    ada.core().cancel_link(world.now());
    ada.drain();
    CHECK(ada.view().link.step == client::LinkStep::kNone);
    world.run_for(seconds(3));
    CHECK(phone.view().link.step == client::LinkStep::kFailed);
  }
  SECTION("pictures that differ end it") {
    phone.core().sign_in_link(world.now(), code);
    phone.drain();
    world.run_for(seconds(3));
    ada.core().confirm_link(world.now(), false);
    ada.drain();
    world.run_for(seconds(3));
    CHECK(ada.view().link.step == client::LinkStep::kFailed);
    CHECK(phone.view().link.step == client::LinkStep::kFailed);
    CHECK(phone.view().keys.state == client::AccountKeys::kLocked);
  }
  SECTION("the same pictures on both") {
    phone.core().sign_in_link(world.now(), code);
    phone.drain();
    world.run_for(seconds(3));
    REQUIRE(ada.view().link.step == client::LinkStep::kCompare);
    REQUIRE(phone.view().link.step == client::LinkStep::kCompare);
    REQUIRE(ada.view().link.emoji.size() == 7);
    for (std::size_t i = 0; i < 7; ++i) {
      CHECK(ada.view().link.emoji[i].name == phone.view().link.emoji[i].name);
    }
    ada.core().confirm_link(world.now(), true);
    ada.drain();
    world.run_for(seconds(10));
    CHECK(ada.view().link.step == client::LinkStep::kDone);
    CHECK(phone.view().link.step == client::LinkStep::kDone);
    REQUIRE(phone.view().keys.state == client::AccountKeys::kReady);
    CHECK(phone.view().devices.trusted.size() == 2);
    REQUIRE(phone.view().rooms.size() == 2);
    CHECK(phone.view().rooms[0].name == "Grace");
    CHECK(phone.view().rooms[0].preview == "just us");
    CHECK(phone.view().rooms[1].name == "Plans");
    CHECK(phone.view().rooms[1].preview == "You: one");
    world.open(phone, room);
    CHECK(texts(phone) == Texts{"one"});
    phone.say(room, "from the phone");
    world.open(ada, room);
    world.run_for(seconds(3));
    CHECK(texts(ada).back() == "from the phone");

    // And is removed again: it reads nothing that is said afterwards.
    ada.core().revoke_device(world.now(), phone.view().self.device);
    ada.drain();
    world.run_for(seconds(10));
    ada.say(room, "without the phone");
    world.run_for(seconds(5));
    CHECK(phone.view().screen == client::Screen::kLogin);
    const auto seen = texts(phone);
    CHECK(std::ranges::find(seen, "without the phone") == seen.end());
  }
}

TEST_CASE("an account that lost everything but its session starts afresh") {
  Private world;
  SimClient& ada = world.person("Ada");
  SimClient& grace = world.person("Grace");
  const UserId grace_id = grace.view().self.user;
  const RoomId room = world.room(ada, "Plans", {&grace});
  ada.say(room, "one");
  world.run_for(seconds(3));
  const bool verified = GENERATE(false, true);
  if (verified) ada.core().accept_identity(world.now(), grace_id, true);
  const auto lose_keys = [&] {
    grace.crash();
    std::erase_if(grace.store, [](const auto& entry) {
      return entry.first.starts_with("e2ee/") || entry.first.starts_with("events/");
    });
    grace.boot();
    world.run_for(seconds(20));
    REQUIRE(grace.view().keys.state == client::AccountKeys::kLocked);
    CHECK(grace.view().keys.text.find("start afresh") != std::string::npos);
    grace.core().start_afresh(world.now());
    grace.drain();
    world.run_for(seconds(20));
    REQUIRE(grace.view().keys.state == client::AccountKeys::kReady);
  };
  lose_keys();
  CHECK_FALSE(grace.view().keys.has_recovery);
  const auto says = [](SimClient& client, std::string_view words) {
    return std::ranges::count_if(client.view().room->items, [&](const auto& item) {
      const auto* line = std::get_if<client::SystemLineView>(&item);
      return line && line->text.find(words) != std::string::npos;
    });
  };
  world.open(grace, room);
  CHECK(says(ada, "The identity of Grace has changed") == 1);
  CHECK(ada.notes[room].size() == 1);
  CHECK(says(grace, "Your account was started afresh") == 1);
  CHECK(ada.core().attention_of(room).empty() == !verified);
  if (verified) {
    CHECK(ada.view().room->encryption.protection == client::Protection::kAttention);
    CHECK(ada.view().room->encryption.changed == std::vector{grace_id});
    ada.say(room, "is it you?");
    world.run_for(seconds(10));
    CHECK(texts(grace) == Texts{"?"});
    ada.core().accept_identity(world.now(), grace_id, false);
    ada.drain();
    world.run_for(minutes(3));
    CHECK(texts(grace) == Texts{"one", "is it you?"});
  } else {
    world.run_for(seconds(20));
    CHECK(texts(grace) == Texts{"one"});
  }
  CHECK(ada.view().room->encryption.protection == client::Protection::kEncrypted);
  grace.say(room, "here I am");
  ada.say(room, "welcome back");
  world.run_for(seconds(5));
  const auto seen = texts(ada);
  CHECK(std::ranges::count(seen, "here I am") == 1);
  CHECK(texts(grace) == seen);
  // What she says under the new keys begins a count of its own.
  CHECK(says(ada, "missing") == 0);
  CHECK(says(ada, "contradicts") == 0);
  // Each change is told, however soon it follows.
  lose_keys();
  CHECK(says(ada, "The identity of Grace has changed") == 2);
}

TEST_CASE("people compare safety numbers") {
  Private world;
  SimClient& ada = world.person("Ada");
  SimClient& grace = world.person("Grace");
  const RoomId room = world.room(ada, "Plans", {&grace});
  const UserId ada_id = ada.view().self.user, grace_id = grace.view().self.user;
  world.open(grace, room);
  ada.core().look_at_identity(world.now(), grace_id);
  ada.drain();
  grace.core().look_at_identity(world.now(), ada_id);
  grace.drain();
  world.run_for(seconds(2));
  REQUIRE(ada.view().identity);
  CHECK(ada.view().identity->state == client::IdentityState::kNew);
  CHECK(ada.view().identity->safety_number.size() == 71);
  CHECK(ada.view().identity->safety_number == grace.view().identity->safety_number);

  // What Grace's screen shows is opened on Ada's device, which asks before it counts.
  const std::string link = grace.view().identity->url;
  ada.core().close_identity(world.now());
  ada.core().open_safety_code(world.now(), link);
  ada.drain();
  REQUIRE(ada.view().identity);
  const Bytes code = ada.view().identity->scanned;
  CHECK(ada.view().identity->user == grace_id);
  CHECK(ada.view().identity->state == client::IdentityState::kNew);
  ada.core().check_safety_code(world.now(), grace_id, code);
  ada.drain();
  CHECK(ada.view().identity->scanned.empty());
  CHECK(ada.view().identity->state == client::IdentityState::kVerified);
  CHECK(ada.view().room->encryption.protection == client::Protection::kVerified);
  CHECK(grace.view().room->encryption.protection == client::Protection::kEncrypted);
  Bytes wrong = code;
  wrong[40] ^= 1;
  grace.core().check_safety_code(world.now(), ada_id, wrong);
  CHECK(grace.view().identity->state == client::IdentityState::kNew);
  // Her own code, and what is none, open nothing.
  grace.core().close_identity(world.now());
  for (const std::string& text : {link, std::string("#verify=AAAA"), std::string("  ")}) {
    grace.core().open_safety_code(world.now(), text);
    grace.drain();
    CHECK_FALSE(grace.view().identity);
    CHECK(grace.view().toasts.back().title == "Not verified");
  }
}

}  // namespace
}  // namespace parley::sim
