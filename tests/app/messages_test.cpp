#include "tests/app/harness.hpp"

using namespace parley;
using namespace parley::testing;

TEST_CASE("a message reaches every member once, in the log's order, over shards") {
  const auto shards = static_cast<std::uint16_t>(GENERATE(1, 2, 5));
  Server server(shards);
  Person ada(server, "Ada", 0);
  Person grace(server, "Grace", static_cast<std::uint16_t>(shards - 1));
  const RoomId room = ada.create_room("Engines");
  grace.ask<wire::RoomState>(wire::JoinRoom{room, ""});

  // Several are under way before the disk answers: they come as one commit, in order.
  std::vector<std::string> said;
  for (int i = 0; i < 8; ++i) {
    said.push_back("message " + std::to_string(i));
    (i % 2 ? grace : ada).start((i % 2 ? grace : ada).message(room, said.back()));
    server.executor.run();
  }
  server.settle();
  CHECK(ada.heard(room) == grace.heard(room));
  auto heard = ada.heard(room);
  std::sort(heard.begin(), heard.end());
  CHECK(heard == said);
  std::uint64_t last = 0;
  for (const auto& [where, event] : grace.peer.events) {
    if (where != room) continue;
    CHECK(event.seq.value > last);
    last = event.seq.value;
  }
}

TEST_CASE("nothing is acknowledged before the disk has it") {
  Server server;
  Person ada(server, "Ada");
  const RoomId room = ada.create_room("Room");
  const auto request = ada.start(ada.message(room, "hello"));
  server.executor.run();
  CHECK(!ada.peer.replies.contains(request));
  CHECK(ada.heard(room).empty());
  server.settle();
  CHECK(ada.peer.replies.contains(request));
  CHECK(ada.heard(room) == std::vector<std::string>{"hello"});
}

TEST_CASE("a repeated post is answered with the first one's place") {
  Server server;
  Person ada(server, "Ada");
  const RoomId room = ada.create_room("Room");
  const wire::Post post = ada.message(room, "once");
  const auto first = ada.ask<wire::Posted>(post);
  ada.say(room, "between");
  const auto again = ada.ask<wire::Posted>(post);
  CHECK(again.seq == first.seq);
  CHECK(again.at == first.at);
  CHECK(ada.heard(room) == std::vector<std::string>{"once", "between"});
}

TEST_CASE("a full disk is a typed error and the room goes on afterwards") {
  Server server;
  Person ada(server, "Ada");
  const RoomId room = ada.create_room("Room");
  server.store.fault = Error{ErrorCode::kStorageFull, {}, {}};
  CHECK(ada.refusal(ada.message(room, "lost?")) == ErrorCode::kStorageFull);
  server.store.fault.reset();
  const auto posted = ada.say(room, "kept");
  CHECK(posted.seq == Seq{3});  // settings, join, this: no hole
  CHECK(ada.heard(room) == std::vector<std::string>{"kept"});
}

TEST_CASE("edits, deletions and reactions need a message and the right person") {
  Server server;
  Person ada(server, "Ada");
  Person grace(server, "Grace", 1);
  Person eve(server, "Eve", 2);
  const RoomId room = ada.create_room("Room");
  grace.ask<wire::RoomState>(wire::JoinRoom{room, ""});
  const Seq mine = grace.say(room, "draft").seq;

  grace.ask<wire::Posted>(grace.event(room, wire::Edit{mine, "final", {}}));
  CHECK(ada.refusal(ada.event(room, wire::Edit{mine, "forged", {}})) == ErrorCode::kNotTheAuthor);
  ada.ask<wire::Posted>(ada.event(room, wire::Reaction{mine, "👍", true}));
  CHECK(eve.refusal(eve.event(room, wire::Reaction{mine, "👍", true})) == ErrorCode::kNotAMember);
  CHECK(ada.refusal(ada.event(room, wire::Reaction{Seq{1}, "👍", true})) ==
        ErrorCode::kMessageNotFound);
  CHECK(ada.refusal(ada.event(room, wire::Edit{Seq{999}, "x", {}})) == ErrorCode::kMessageNotFound);
  // An owner moderates; a member does not.
  const Seq hers = ada.say(room, "from the owner").seq;
  CHECK(grace.refusal(grace.event(room, wire::Deletion{hers})) == ErrorCode::kNotTheAuthor);
  ada.ask<wire::Posted>(ada.event(room, wire::Deletion{mine}));
}

TEST_CASE("targets older than what is in memory are found in the store") {
  app::AppConfig config;
  config.tail_events = 4;
  config.messages_per_minute = config.messages_per_second = 0;
  Server server(2, config);
  Person ada(server, "Ada");
  const RoomId room = ada.create_room("Room");
  const Seq old = ada.say(room, "old").seq;
  for (int i = 0; i < 10; ++i) ada.say(room, "newer");
  ada.ask<wire::Posted>(ada.event(room, wire::Edit{old, "old, edited", {}}));
  const auto page =
      ada.ask<wire::HistoryPage>(wire::History{room, wire::HistoryFrom::kAfter, Seq{}, {}, 3});
  REQUIRE(page.events.size() == 3);
  CHECK(page.start);
  CHECK(page.events[2].seq == old);
}

TEST_CASE("content is checked") {
  Server server;
  Person ada(server, "Ada");
  const RoomId room = ada.create_room("Room");
  CHECK(ada.refusal(ada.message(room, " \n\t\u200b")) == ErrorCode::kMessageBlank);
  CHECK(ada.refusal(ada.message(room, std::string(4097, 'x'))) == ErrorCode::kMessageTooLong);
  ada.say(room, std::string(4096, 'x'));
  auto forged = ada.message(room, "x");
  forged.kind = wire::EventKind::kMembership;
  forged.body = wire::encode(wire::Membership{ada.id(), {}, wire::Role::kOwner, "Ada"});
  CHECK(ada.refusal(forged) == ErrorCode::kInvalidArgument);
  forged.kind = wire::EventKind::kMessage;
  CHECK(ada.refusal(forged) == ErrorCode::kInvalidArgument);
}

TEST_CASE("history pages meet without gap or overlap") {
  app::AppConfig config;
  config.tail_events = 16;
  config.messages_per_minute = config.messages_per_second = config.requests_per_minute = 0;
  Server server(2, config);
  Person ada(server, "Ada");
  const RoomId room = ada.create_room("Room");
  for (int i = 0; i < 70; ++i) ada.say(room, std::to_string(i));
  std::vector<std::uint64_t> seqs;
  Seq before{UINT64_MAX};
  for (;;) {
    const auto page =
        ada.ask<wire::HistoryPage>(wire::History{room, wire::HistoryFrom::kBefore, before, {}, 13});
    REQUIRE(!page.events.empty());
    for (auto it = page.events.rbegin(); it != page.events.rend(); ++it) {
      seqs.push_back(it->seq.value);
    }
    before = page.events.front().seq;
    if (page.start) break;
  }
  REQUIRE(seqs.size() == 72);
  for (std::size_t i = 0; i < seqs.size(); ++i) CHECK(seqs[i] == 72 - i);
}

TEST_CASE("unread and mention counts follow messages and markers") {
  Server server;
  Person ada(server, "Ada");
  Person grace(server, "Grace", 1);
  const RoomId room = ada.create_room("Room");
  grace.ask<wire::RoomState>(wire::JoinRoom{room, ""});
  const Seq first = ada.say(room, "one").seq;
  wire::Post mention = ada.message(room, "");
  mention.body =
      wire::encode(wire::Message{wire::MessageType::kText, "@Grace two", {}, {grace.id()}});
  ada.ask<wire::Posted>(mention);

  const auto mine = [&](Person& person) {
    for (const auto& summary : person.ask<wire::RoomList>(wire::ListRooms{}).rooms) {
      if (summary.room_id == room) return summary;
    }
    FAIL("room not listed");
    return wire::RoomSummary{};
  };
  CHECK(mine(grace).unread == 2);
  CHECK(mine(grace).mentions == 1);
  CHECK(mine(ada).unread == 0);
  grace.ask<wire::Done>(wire::Mark{room, first, first});
  CHECK(mine(grace).unread == 1);
  CHECK(mine(grace).mentions == 1);
  grace.ask<wire::Done>(wire::Mark{room, Seq{99}, Seq{99}});
  CHECK(mine(grace).unread == 0);
  CHECK(mine(grace).mentions == 0);
  grace.ask<wire::Done>(wire::Mark{room, first, first});  // markers do not go back
  CHECK(mine(grace).unread == 0);

  server.advance(seconds(1));
  bool told = false;
  for (const auto& notice : ada.peer.notices) {
    const auto* markers = std::get_if<wire::MarkersNotice>(&notice);
    if (!markers) continue;
    for (const auto& marker : markers->markers) {
      told = told || (marker.user_id == grace.id() && marker.read == mine(ada).head);
    }
  }
  CHECK(told);
}

TEST_CASE("pages and batches stay below the frame limit") {
  app::AppConfig config;
  config.messages_per_minute = config.messages_per_second = 0;
  Server server(1, config);
  Person ada(server, "Ada");
  const RoomId room = ada.create_room("Room");
  const std::string wide(16'000, 'x');  // 4000 code points of four bytes would be as large
  std::string text;
  for (int i = 0; i < 4000; ++i) text += "\U0001F600";
  REQUIRE(text.size() == wide.size());
  for (int i = 0; i < 80; ++i) ada.start(ada.message(room, text));
  server.settle();
  CHECK(ada.heard(room).size() == 80);
  std::uint64_t next = 0;
  std::size_t seen = 0;
  while (seen < 82) {
    const auto page = ada.ask<wire::HistoryPage>(
        wire::History{room, wire::HistoryFrom::kAfter, Seq{next}, {}, 200});
    REQUIRE(!page.events.empty());
    CHECK(page.events.front().seq.value == next + 1);
    CHECK(wire::encode(page).size() < wire::kMaxFrameBytes);
    next = page.events.back().seq.value;
    seen += page.events.size();
  }
  CHECK(next == 82);
}

TEST_CASE("messages are deleted when they are too old, and their room stays") {
  app::AppConfig config;
  config.retention = hours(2);
  Server server(2, config);
  Person ada(server, "Ada");
  Person grace(server, "Grace", 1);
  const bool told = std::ranges::any_of(grace.peer.notices, [](const wire::Notice& notice) {
    const auto* retention = std::get_if<wire::RetentionNotice>(&notice);
    return retention && *retention == wire::RetentionNotice{7200};
  });
  CHECK(told);
  const RoomId room = ada.create_room("Room");
  grace.ask<wire::RoomState>(wire::JoinRoom{room, ""});
  ada.say(room, "old");
  server.advance(minutes(90));
  ada.say(room, "newer");
  const auto page = [&](wire::HistoryFrom from, Seq seq) {
    wire::History query;
    query.room_id = room;
    query.from = from;
    query.seq = seq;
    return ada.ask<wire::HistoryPage>(query);
  };
  const Seq newer = page(wire::HistoryFrom::kNewest, {}).events.back().seq;
  CHECK(page(wire::HistoryFrom::kNewest, {}).events.front().seq == Seq{1});
  server.advance(minutes(92));  // the sweep of all rooms comes once an hour

  for (int restarted = 0; restarted < 2; ++restarted) {
    const auto newest = page(wire::HistoryFrom::kNewest, {});
    REQUIRE(newest.events.size() == 1);
    CHECK(newest.events.front().seq == newer);
    CHECK(newest.start);
    CHECK(newest.head == newer);
    CHECK(page(wire::HistoryFrom::kAfter, {1}).events.size() == 1);
    CHECK(page(wire::HistoryFrom::kBefore, newer).events.empty());
    CHECK(page(wire::HistoryFrom::kBefore, newer).start);
    // Loaded anew it is the same.
    server.advance(minutes(20));
  }
  Person again(server, "Grace");
  again.ask<wire::RoomState>(wire::JoinRoom{room, ""});
  ada.say(room, "newest");
  CHECK(again.heard(room) == std::vector<std::string>{"newest"});
}
