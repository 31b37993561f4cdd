#include "tests/client_core/rig.hpp"

#include <catch2/generators/catch_generators.hpp>

namespace parley::client {

TEST_CASE("Without a session there is a login, and a blank name is told so") {
  Rig rig;
  CHECK(rig.view().screen == Screen::kLogin);
  CHECK(rig.view().login.server == "chat.example.org");
  rig.call([&](Client& c) { c.sign_in_guest(rig.now, "  "); });
  CHECK(!rig.view().login.error.empty());
  CHECK(rig.opened == 0);
}

TEST_CASE("A guest signs in with a name and keeps the session") {
  Rig rig;
  rig.call([&](Client& c) { c.sign_in_guest(rig.now, "Ada"); });
  CHECK(rig.view().login.busy);
  rig.open_transport();
  CHECK(rig.last<wire::Authenticate>()->guest_name == "Ada");
  CHECK(rig.last<wire::Authenticate>()->token.empty());
  rig.reply<wire::Authenticate>(rig.welcome());
  CHECK(rig.view().screen == Screen::kMain);
  CHECK(rig.view().self.name == "Ada");
  CHECK(rig.view().connection.state == LinkState::kConnected);
  rig.pass(seconds(1));
  REQUIRE(rig.store.contains("session"));

  Rig next(rig.store);
  CHECK(next.view().screen == Screen::kMain);
  next.open_transport();
  CHECK(next.last<wire::Authenticate>()->token == "token");
  CHECK(next.last<wire::Authenticate>()->sync_token == "s1");
}

TEST_CASE("A login that does not get through says why and waits for the person") {
  Rig rig;
  rig.call([&](Client& c) { c.sign_in_guest(rig.now, "Ada"); });
  rig.lose();
  CHECK(!rig.view().login.busy);
  CHECK(rig.view().login.error.find("the link broke") != std::string::npos);
  rig.pass(minutes(5));
  CHECK(rig.opened == 1);
  CHECK(rig.view().login.suggested_name == "Ada");
}

TEST_CASE("The stored state is shown before the network answers") {
  Rig rig;
  rig.settle_in();
  rig.live(1, {rig.text(4, 2, "four")});
  rig.call([&](Client& c) { c.set_draft(rig.now, "half a thou"); });
  rig.pass(seconds(2));
  Rig next(rig.store);
  REQUIRE(next.view().room.has_value());
  CHECK(next.messages().size() == 4);
  CHECK(next.messages()[3].content == "four");
  CHECK(next.messages()[3].sender_name == "Grace");
  CHECK(next.view().rooms.size() == 2);
  CHECK(next.view().composer.text == "half a thou");
  CHECK(next.view().connection.state == LinkState::kConnecting);
}

TEST_CASE("What was sent is no draft after a restart, however soon") {
  Rig rig;
  rig.settle_in();
  rig.call([&](Client& c) { c.set_draft(rig.now, "once"); });
  rig.pass(seconds(2));
  CHECK(rig.call([&](Client& c) { return c.send_draft(rig.now); }));
  Rig next(rig.store);
  CHECK(next.view().composer.text.empty());
  REQUIRE(next.messages().size() == 4);
  CHECK(next.messages()[3].content == "once");
}

TEST_CASE(
    "A session that ended leads to the login with the name, the reason, and the outbox kept") {
  Rig rig;
  rig.settle_in();
  rig.lose();
  REQUIRE(rig.call([&](Client& c) { return c.send_text(rig.now, room_id(1), "later"); }));
  rig.pass(seconds(2));
  rig.open_transport();
  rig.refuse<wire::Authenticate>(ErrorCode::kTokenExpired);
  CHECK(rig.view().screen == Screen::kLogin);
  CHECK(rig.view().login.suggested_name == "Ada");
  CHECK(rig.view().login.error.find("Sign in again") != std::string::npos);
  rig.pass(minutes(2));
  CHECK(rig.opened == 2);
  // Another guest does not say it without being told to.
  rig.call([&](Client& c) { c.sign_in_guest(rig.now, "Ada"); });
  rig.open_transport();
  auto hello = rig.welcome();
  hello.session.user.user_id = user_id(50);
  hello.rooms = {Rig::summary(1, 3, 3)};
  rig.sent.clear();
  rig.request = 0;
  rig.core->handle_transport_bytes(
      rig.now, rig.attempt, wire::encode_frame(wire::ServerFrame{wire::ResponseFrame{0, hello}}));
  rig.drain();
  CHECK(rig.count<wire::Post>() == 0);
}

TEST_CASE("Sign out erases what is stored, tells the server, and shows the login at once") {
  Rig rig;
  rig.settle_in();
  rig.call([&](Client& c) { c.sign_out(rig.now); });
  CHECK(rig.view().screen == Screen::kLogin);
  CHECK(rig.view().rooms.empty());
  CHECK(rig.cleared == 1);
  REQUIRE(rig.last<wire::SignOut>());
  rig.reply<wire::SignOut>(wire::Done{});
  rig.pass(minutes(1));
  CHECK(rig.opened == 1);
  CHECK(!rig.store.contains("session"));
}

TEST_CASE("A renewed token is kept, and asked for when the server forgets") {
  Rig rig;
  rig.settle_in();
  auto session = rig.welcome().session;
  session.token = "fresh";
  rig.notice(wire::SessionNotice{session});
  for (int i = 0; i < 116 * 60; i += 20) {
    rig.hear(wire::PingFrame{1});
    rig.pass(seconds(20));
  }
  CHECK(rig.count<wire::RefreshSession>() == 1);
  Rig next(rig.store);
  next.open_transport();
  CHECK(next.last<wire::Authenticate>()->token == "fresh");
}

TEST_CASE("Losing the connection is said in words, with the next try") {
  Rig rig;
  rig.settle_in();
  rig.lose();
  rig.lose();
  CHECK(rig.view().connection.state == LinkState::kReconnecting);
  CHECK(rig.view().connection.text == "Reconnecting: the link broke.");
  CHECK(rig.view().connection.can_retry);
  CHECK(rig.view().connection.next_try.has_value());
}

TEST_CASE("Five minutes without a touch are told, and the touch that ends them") {
  Rig rig;
  rig.settle_in();
  for (int i = 0; i < 12; ++i) {
    rig.pass(seconds(25));
    rig.hear(wire::PingFrame{1});
  }
  REQUIRE(rig.last<wire::PresenceUpdate>());
  CHECK(rig.last<wire::PresenceUpdate>()->idle);
  rig.call([&](Client& c) { c.handle_activity(rig.now); });
  CHECK(!rig.last<wire::PresenceUpdate>()->idle);
  CHECK(rig.count<wire::PresenceUpdate>() == 2);
}

TEST_CASE("A complete welcome forgets rooms it does not name, once it is really complete") {
  Rig rig;
  rig.settle_in();
  rig.pass(seconds(1));
  rig.lose();
  rig.pass({});
  rig.open_transport();
  auto hello = rig.welcome();
  hello.rooms = {Rig::summary(2, 5, 5)};
  SECTION("with a resume token") {
    rig.reply<wire::Authenticate>(hello);
    CHECK(rig.view().rooms.size() == 1);
    CHECK(!rig.view().room.has_value());
  }
  SECTION("the list goes on in notices") {
    hello.sync_token.clear();
    rig.reply<wire::Authenticate>(hello);
    CHECK(rig.view().rooms.size() == 2);
    const bool named = GENERATE(true, false);
    if (named) rig.notice(wire::RoomNotice{Rig::summary(1, 3, 3)});
    rig.notice(wire::SyncNotice{"s2"});
    CHECK(rig.view().rooms.size() == (named ? 2u : 1u));
    CHECK(rig.view().room.has_value() == named);
  }
}

TEST_CASE("Stored values of any kind of damage are taken as not there") {
  Rig rig;
  rig.settle_in();
  REQUIRE(rig.call([&](Client& c) { return c.send_text(rig.now, room_id(1), "kept"); }));
  rig.pass(seconds(2));
  for (const auto& [key, value] : rig.store) {
    auto damaged = rig.store;
    damaged[key].resize(value.size() / 2);
    Rig cut(damaged);
    damaged[key] = Bytes(value.size(), 0xff);
    Rig scribbled(damaged);
    CHECK(cut.view().screen != Screen::kStarting);
    CHECK(scribbled.view().screen != Screen::kStarting);
  }
}

}  // namespace parley::client
