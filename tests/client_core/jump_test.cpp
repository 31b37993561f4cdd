// Opening a room at a message.
#include <catch2/generators/catch_generators.hpp>

#include "tests/client_core/rig.hpp"

namespace parley::client {
namespace {

std::vector<wire::Event> run(Rig& rig, std::uint64_t first, std::uint64_t last) {
  std::vector<wire::Event> out;
  for (std::uint64_t seq = first; seq <= last; ++seq)
    out.push_back(rig.text(seq, 2, "text " + std::to_string(seq)));
  return out;
}

// Signed in, one room of 1000 messages that is not open.
void sign_in(Rig& rig) {
  rig.call([&](Client& c) { c.sign_in_guest(rig.now, "Ada"); });
  rig.open_transport();
  auto hello = rig.welcome();
  hello.rooms = {Rig::summary(1, 1000, 1000)};
  rig.reply<wire::Authenticate>(hello);
}

}  // namespace

TEST_CASE("A message that is here is scrolled to at once, each time it is named") {
  Rig rig;
  rig.settle_in();
  CHECK(rig.view().room->scroll_to == Seq{});
  CHECK(rig.view().room->scroll_revision == 0);
  rig.call([&](Client& c) { c.open_room(rig.now, room_id(1), {2}); });
  CHECK(rig.view().room->scroll_to == Seq{2});
  const Revision first = rig.view().room->scroll_revision;
  CHECK(first > 0);
  rig.live(1, {rig.text(4, 2, "more")});
  CHECK(rig.view().room->scroll_revision == first);
  rig.call([&](Client& c) { c.open_room(rig.now, room_id(1), {2}); });
  CHECK(rig.view().room->scroll_revision > first);
  CHECK(rig.count<wire::History>() == 0);
}

TEST_CASE("A message that is not here is fetched with what is around it, then scrolled to") {
  Rig rig;
  sign_in(rig);
  const bool cold = GENERATE(true, false);
  if (!cold) {
    rig.call([&](Client& c) { c.open_room(rig.now, room_id(1)); });
    rig.page(1, run(rig, 951, 1000), false);
  }
  rig.call([&](Client& c) { c.open_room(rig.now, room_id(1), {500}); });
  REQUIRE(rig.last<wire::History>());
  CHECK(rig.last<wire::History>()->from == wire::HistoryFrom::kAround);
  CHECK(rig.last<wire::History>()->seq == Seq{500});
  CHECK(rig.view().room->scroll_revision == 0);
  rig.page(1, run(rig, 475, 524), false);
  CHECK(rig.view().room->scroll_to == Seq{500});
  CHECK(rig.view().room->scroll_revision > 0);
  CHECK(rig.view().toasts.empty());
}

TEST_CASE("A message named before its room is known is scrolled to when it is") {
  Rig rig;
  rig.settle_in();
  rig.call([&](Client& c) { c.open_room(rig.now, room_id(7), {2}); });
  CHECK_FALSE(rig.view().room);
  rig.notice(wire::RoomNotice{Rig::summary(7, 3, 3)});
  REQUIRE(rig.last<wire::History>());
  CHECK(rig.last<wire::History>()->from == wire::HistoryFrom::kAround);
  rig.page(7, run(rig, 1, 3), true);
  REQUIRE(rig.view().room);
  CHECK(rig.view().room->scroll_to == Seq{2});
}

TEST_CASE("A message that the room does not have is told, and nothing scrolls later") {
  Rig rig;
  rig.settle_in();
  rig.call([&](Client& c) { c.open_room(rig.now, room_id(1), {90}); });
  rig.page(1, run(rig, 1, 3), true);
  REQUIRE(rig.view().toasts.size() == 1);
  CHECK(rig.view().toasts[0].title == "The message was not found");
  rig.live(1, run(rig, 4, 100));
  CHECK(rig.view().room->scroll_revision == 0);
}

TEST_CASE("Another room forgets what was to be scrolled to") {
  Rig rig;
  sign_in(rig);
  rig.call([&](Client& c) { c.open_room(rig.now, room_id(1), {500}); });
  rig.call([&](Client& c) { c.close_room(rig.now); });
  rig.call([&](Client& c) { c.open_room(rig.now, room_id(1)); });
  rig.page(1, run(rig, 475, 524), false);
  CHECK(rig.view().room->scroll_revision == 0);
}

TEST_CASE("The gap that a jump leaves is filled from the side that is asked for") {
  Rig rig;
  sign_in(rig);
  rig.call([&](Client& c) { c.open_room(rig.now, room_id(1)); });
  rig.page(1, run(rig, 951, 1000), false);
  rig.call([&](Client& c) { c.open_room(rig.now, room_id(1), {500}); });
  rig.page(1, run(rig, 475, 524), false);
  rig.call([&](Client& c) { c.load_gap(rig.now, {951}, true); });
  CHECK(rig.last<wire::History>()->from == wire::HistoryFrom::kAfter);
  CHECK(rig.last<wire::History>()->seq == Seq{524});
  rig.page(1, run(rig, 525, 574), false);
  rig.call([&](Client& c) { c.load_gap(rig.now, {951}); });
  CHECK(rig.last<wire::History>()->from == wire::HistoryFrom::kBefore);
  CHECK(rig.last<wire::History>()->seq == Seq{951});
}

}  // namespace parley::client
