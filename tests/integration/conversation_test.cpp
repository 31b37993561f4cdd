// Two people in one room see each other: messages, changes, ephemeral state; and JSON sees the
// same.
#include "tests/integration/fixture.hpp"

namespace parley::test {
namespace {

template <class Body>
struct Seen {
  wire::Event event;
  Body body;
};

// The next event of this kind; others are passed over.
template <class Body>
Seen<Body> next_of(TestClient& client) {
  while (auto next = client.next_event()) {
    if (next->second.kind != Body::kKind) continue;
    const auto body = wire::decode_body(next->second.kind, next->second.body);
    REQUIRE(body.ok());
    return {next->second, std::get<Body>(*body)};
  }
  FAIL("the event did not arrive");
  return {};
}

struct Pair {
  Served served;
  TestClient ada, bob;
  RoomId room;

  Pair() : ada(served.guest("Ada")), bob(served.guest("Bob")) {
    room = require_ok(ada.create_room("Garden")).room_id;
    const auto joined = require_ok(bob.join(room));
    CHECK(joined.settings.name == "Garden");
    CHECK(joined.role == wire::Role::kMember);
    CHECK(joined.members == 2);
    // Ada hears of herself first, then of Bob.
    while (next_of<wire::Membership>(ada).body.user != bob.user) {
    }
  }
};

}  // namespace

TEST_CASE("messages, replies, edits, reactions and deletions reach the other one") {
  Pair pair;
  const auto posted = require_ok(pair.ada.post(pair.room, "hello, **Bob**"));

  const auto message = next_of<wire::Message>(pair.bob);
  CHECK(message.event.seq == posted.seq);
  CHECK(message.event.sender == pair.ada.user);
  CHECK(message.body.content == "hello, **Bob**");

  wire::Message reply;
  reply.content = "hello, Ada";
  reply.reply_to = posted.seq;
  require_ok(pair.bob.post_body(pair.room, reply));
  CHECK(next_of<wire::Message>(pair.ada).body.content == "hello, **Bob**");  // her own, echoed
  const auto answered = next_of<wire::Message>(pair.ada);
  CHECK(answered.body.content == "hello, Ada");
  CHECK(answered.body.reply_to == posted.seq);
  CHECK(answered.event.sender == pair.bob.user);

  require_ok(pair.ada.post_body(pair.room, wire::Edit{posted.seq, "hello, Bob!", {}}));
  const auto edited = next_of<wire::Edit>(pair.bob);
  CHECK(edited.body.target == posted.seq);
  CHECK(edited.body.content == "hello, Bob!");

  require_ok(pair.bob.post_body(pair.room, wire::Reaction{posted.seq, "👍", true}));
  CHECK(next_of<wire::Reaction>(pair.ada).body.emoji == "👍");
  require_ok(pair.bob.post_body(pair.room, wire::Reaction{posted.seq, "👍", false}));
  CHECK_FALSE(next_of<wire::Reaction>(pair.ada).body.on);

  require_ok(pair.ada.post_body(pair.room, wire::Deletion{posted.seq}));
  CHECK(next_of<wire::Deletion>(pair.bob).body.target == posted.seq);

  SECTION("only the author changes a message") {
    const auto other = require_ok(pair.ada.post(pair.room, "mine"));
    CHECK(require_error(pair.bob.post_body(pair.room, wire::Edit{other.seq, "yours", {}})) ==
          ErrorCode::kNotTheAuthor);
  }
  SECTION("both read the same log") {
    const auto of_ada = require_ok(pair.ada.read_all(pair.room));
    const auto of_bob = require_ok(pair.bob.read_all(pair.room));
    CHECK(of_ada == of_bob);
    CHECK(of_ada.size() >= 8);
  }
}

TEST_CASE("a repeated command has the first one's place and is there once") {
  Pair pair;
  wire::Message message;
  message.content = "once";
  const wire::Post post{pair.room, pair.ada.next_client_id(), wire::EventKind::kMessage,
                        wire::encode(message)};
  const auto first = require_ok(pair.ada.call_for<wire::Posted>(wire::Command{post}));
  const auto second = require_ok(pair.ada.call_for<wire::Posted>(wire::Command{post}));
  CHECK(first.seq == second.seq);
  std::size_t copies = 0;
  for (const wire::Event& event : require_ok(pair.bob.read_all(pair.room))) {
    copies += event.client_id == post.client_id;
  }
  CHECK(copies == 1);
}

TEST_CASE("typing, presence and read markers reach the other one") {
  Pair pair;
  const auto posted = require_ok(pair.ada.post(pair.room, "are you there?"));

  pair.bob.send(wire::Command{wire::Typing{pair.room, true}});
  const auto typing = pair.ada.next_notice<wire::TypingNotice>();
  REQUIRE(typing);
  CHECK(typing->user_id == pair.bob.user);
  CHECK(typing->on);

  require_ok(
      pair.bob.call_for<wire::Done>(wire::Command{wire::Mark{pair.room, posted.seq, posted.seq}}));
  const auto read =
      pair.ada.next_notice<wire::MarkersNotice>([&](const wire::MarkersNotice& notice) {
        return !notice.markers.empty() && notice.markers.back().user_id == pair.bob.user &&
               notice.markers.back().read == posted.seq;
      });
  CHECK(read);

  const auto says = [&](wire::PresenceStatus status, const std::string& text) {
    return [status, text, bob = pair.bob.user](const wire::PresenceNotice& notice) {
      for (const wire::PresenceInfo& info : notice.presence) {
        if (info.user_id == bob && info.status == status && info.status_text == text) return true;
      }
      return false;
    };
  };
  require_ok(pair.bob.call_for<wire::Done>(
      wire::Command{wire::PresenceUpdate{wire::PresenceStatus::kBusy, "in the garden", false}}));
  CHECK(pair.ada.next_notice<wire::PresenceNotice>(
      says(wire::PresenceStatus::kBusy, "in the garden")));
  pair.bob.socket().close();
  CHECK(pair.ada.next_notice<wire::PresenceNotice>([&](const wire::PresenceNotice& notice) {
    for (const wire::PresenceInfo& info : notice.presence) {
      if (info.user_id == pair.bob.user && info.status == wire::PresenceStatus::kOffline)
        return true;
    }
    return false;
  }));
}

TEST_CASE("what happened while one was away is counted and fetched by cursor") {
  Pair pair;
  const auto seen = require_ok(pair.ada.post(pair.room, "before"));
  require_ok(
      pair.bob.call_for<wire::Done>(wire::Command{wire::Mark{pair.room, seen.seq, seen.seq}}));
  pair.bob.socket().close();
  for (int i = 0; i < 5; ++i) require_ok(pair.ada.post(pair.room, "away " + std::to_string(i)));

  TestClient back;
  REQUIRE(back.open(pair.served.server.port()));
  const auto welcome = require_ok(back.resume(pair.bob.token, pair.bob.sync_token));
  REQUIRE(welcome.rooms.size() == 1);
  CHECK(welcome.rooms[0].unread == 5);
  const auto missed = require_ok(back.read_all(pair.room, seen.seq));
  REQUIRE(missed.size() == 5);
  CHECK(text_of(missed.front()) == "away 0");
  CHECK(text_of(missed.back()) == "away 4");
}

TEST_CASE("rooms by invitation are closed to others") {
  Served served;
  TestClient ada = served.guest("Ada"), bob = served.guest("Bob"), eve = served.guest("Eve");
  const RoomId room = require_ok(ada.create_room("Cellar", wire::RoomAccess::kInviteOnly)).room_id;

  const ErrorCode refused = require_error(eve.join(room));
  CHECK((refused == ErrorCode::kInviteRequired || refused == ErrorCode::kRoomNotFound));
  CHECK_FALSE(eve.post(room, "let me in").ok());
  CHECK_FALSE(eve.read_all(room).ok());
  const auto invite =
      require_ok(ada.call_for<wire::InviteState>(wire::Command{wire::CreateInvite{room, 3600, 1}}));
  const auto joined = require_ok(
      bob.call_for<wire::RoomState>(wire::Command{wire::JoinRoom{{}, invite.invite.code}}));
  CHECK(joined.room.room_id == room);
  CHECK(require_error(eve.call_for<wire::RoomState>(
            wire::Command{wire::JoinRoom{{}, invite.invite.code}})) == ErrorCode::kInviteInvalid);
  require_ok(bob.post(room, "thank you"));

  require_ok(ada.call_for<wire::Done>(wire::Command{wire::RemoveMember{room, bob.user, true}}));
  CHECK(bob.next_notice<wire::RoomGoneNotice>());
  CHECK_FALSE(bob.post(room, "still here?").ok());
}

TEST_CASE("a plain JSON client talks in the same room") {
  Served served;
  TestClient ada = served.guest("Ada");
  const auto room = require_ok(ada.create_room("Square"));

  WsSocket json;
  WsOptions options;
  options.port = served.server.port();
  options.subprotocol.clear();
  REQUIRE(json.connect(options));
  REQUIRE(json.upgrade(options));
  const auto ask = [&](const std::string& text, const std::string& expected) {
    REQUIRE(json.send_text(text));
    for (int i = 0; i < 50; ++i) {
      const auto message = json.receive();
      REQUIRE(message);
      REQUIRE(message->kind == WsMessage::Kind::kText);
      const std::string line(as_text(message->bytes));
      if (line.find(expected) != std::string::npos) return line;
    }
    FAIL("no answer with " << expected);
    return std::string();
  };
  ask(R"({"type":"authenticate","id":1,"guest_name":"Wes"})", "\"welcome\"");
  ask(R"({"type":"join_room","id":2,"room_id":")" + room.room_id.to_string() + "\"}", "\"id\":2");
  ask(R"({"type":"send_message","id":3,"message_type":"text","content":"from JSON","room_id":")" +
          room.room_id.to_string() + "\"}",
      "\"posted\"");
  bool seen = false;
  while (const auto next = ada.next_event()) {
    if (text_of(next->second) != "from JSON") continue;
    seen = true;
    break;
  }
  CHECK(seen);
  require_ok(ada.post(room.room_id, "from binary"));
  ask(R"({"type":"list_rooms","id":4})", "\"id\":4");
  CHECK(ask(R"({"type":"no_such_thing","id":5})", "\"id\":5").find("unknown_command") !=
        std::string::npos);
}

}  // namespace parley::test
