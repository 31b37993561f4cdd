// Places in a room: addresses of messages, quotes, gaps.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "tests/ui/live_room.hpp"

namespace parley::test {

using ui::Key;
using ui::SemanticRole;

TEST_CASE("the address of a message opens the room there, and stays the address") {
  LiveRoom room(1000);
  REQUIRE(room.place(1000));
  const auto pushed = room.h.platform.urls.size();
  room.h.app->navigate(room.h.now, room.path() + "/700");
  room.h.settle();
  REQUIRE(room.rig.last<wire::History>());
  CHECK(room.rig.last<wire::History>()->from == wire::HistoryFrom::kAround);
  CHECK(room.rig.last<wire::History>()->seq == Seq{700});
  room.page(675, 724);
  REQUIRE(room.place(700));
  CHECK(*room.place(700) > 150);
  CHECK(*room.place(700) < 500);
  CHECK_FALSE(room.place(1000));
  CHECK(room.h.platform.urls.size() == pushed);
  // Held by now: no fetch, and it goes there again after the reader moved away.
  room.h.key(Key::kEnd, {false, true, false});
  CHECK_FALSE(room.place(700));
  const int fetched = room.rig.count<wire::History>();
  room.h.app->navigate(room.h.now, room.path() + "/700");
  room.h.settle();
  CHECK(room.place(700));
  CHECK(room.rig.count<wire::History>() == fetched);
}

TEST_CASE("the address of a room that one is not in offers to join it") {
  LiveRoom room(1000);
  room.h.app->navigate(room.h.now, "/");
  room.h.settle();
  const RoomId other = client::room_id(9);
  const auto pushed = room.h.platform.urls.size();
  room.h.app->navigate(room.h.now, "/r/" + other.to_string());
  room.h.settle();
  CHECK(room.h.platform.urls.size() == pushed);
  REQUIRE(room.h.click(SemanticRole::kButton, "Join the room"));
  room.h.settle();
  REQUIRE(room.rig.last<wire::JoinRoom>());
  CHECK(room.rig.last<wire::JoinRoom>()->room_id == other);
}

TEST_CASE("an address with something else behind the room opens the room alone") {
  LiveRoom room(1000);
  for (const char* odd : {"/", "/x", "/12x", "/-3", "/99999999999999999999999", "/0"}) {
    room.h.app->navigate(room.h.now, room.path() + odd);
    room.h.settle();
    CHECK(room.place(1000));
    CHECK(room.rig.view().room->scroll_revision == 0);
  }
}

TEST_CASE("an event that is not shown leads to the message before it") {
  LiveRoom room(1000);
  const auto mark = [&](std::uint64_t seq) {
    return room.rig.event(seq, 2, wire::Reaction{{960}, "\xf0\x9f\x91\x8d", true});
  };
  room.rig.live(1, {mark(1001), mark(1002)});
  room.h.settle();
  room.h.key(Key::kHome, {false, true, false});
  CHECK_FALSE(room.place(1000));
  room.h.app->navigate(room.h.now, room.path() + "/1002");
  room.h.settle();
  CHECK(room.place(1000));
}

TEST_CASE("a quote leads to the message, also when it has to be fetched") {
  LiveRoom room(1000);
  REQUIRE(room.h.click(SemanticRole::kButton, "Go to the message replied to"));
  const auto* query = room.rig.last<wire::History>();
  REQUIRE(query);
  CHECK(query->from == wire::HistoryFrom::kAround);
  const std::uint64_t seq = query->seq.value;
  CHECK(seq % 10 == 0);
  room.page(seq - 25, seq + 24);
  CHECK(room.place(seq));
}

TEST_CASE("a message's menu copies its address") {
  LiveRoom room(1000);
  const auto* row = room.h.find(SemanticRole::kArticle, "text 1000.");
  REQUIRE(row);
  room.h.app->handle_semantic_action(room.h.now, {ui::SemanticActionKind::kShowMenu, row->id, {}});
  room.h.settle();
  if (!room.h.find(SemanticRole::kMenu, "Actions")) {
    room.h.app->handle_pointer(room.h.now,
                               {ui::PointerAction::kDown,
                                ui::PointerKind::kMouse,
                                ui::PointerButton::kSecondary,
                                room.h.find(SemanticRole::kArticle, "text 1000.")->rect.centre(),
                                {}});
    room.h.settle();
  }
  REQUIRE(room.h.click(SemanticRole::kMenuItem, "Copy link"));
  CHECK(room.h.platform.clipboard == "https://chat.example.org" + room.path() + "/1000");
}

TEST_CASE("a gap that comes into view is fetched next to the reader, who stays in place") {
  LiveRoom room(1000);
  room.h.app->navigate(room.h.now, room.path() + "/500");
  room.h.settle();
  int answered = room.rig.count<wire::History>();
  room.page(475, 524);
  REQUIRE(room.place(500));
  const bool from_above = GENERATE(true, false);
  if (!from_above) room.h.key(Key::kEnd, {false, true, false});
  const auto gap_fetch = [&]() -> const wire::History* {
    const auto* query = room.rig.last<wire::History>();
    const Seq edge{from_above ? 524u : 951u};
    return query && query->seq == edge ? query : nullptr;
  };
  for (int i = 0; i < 200 && !gap_fetch(); ++i) {
    // What is fetched ahead at the upper end is not of interest here.
    if (room.rig.count<wire::History>() > answered) {
      ++answered;
      const Seq before = room.rig.last<wire::History>()->seq;
      room.page(before.value - 50, before.value - 1);
    }
    room.h.key(from_above ? Key::kDown : Key::kUp);
  }
  const auto* query = gap_fetch();
  REQUIRE(query);
  CHECK(query->from == (from_above ? wire::HistoryFrom::kAfter : wire::HistoryFrom::kBefore));
  CHECK(room.h.find(SemanticRole::kStatus, "Loading older messages"));
  const std::uint64_t seen = from_above ? 523 : 953;
  const auto before = room.place(seen);
  REQUIRE(before);
  if (from_above)
    room.page(525, 574);
  else
    room.page(901, 950);
  CHECK(room.place(seen) == before);
}

}  // namespace parley::test
