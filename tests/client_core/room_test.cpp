#include "tests/client_core/rig.hpp"

namespace parley::client {
namespace {

const RoomItemView& row(Rig& rig, std::uint8_t room) {
  for (const auto& item : rig.view().rooms) {
    if (item.room_id == room_id(room)) return item;
  }
  FAIL("no such room");
  return rig.view().rooms.front();
}

}  // namespace

TEST_CASE("Rooms are listed by activity, invitations on top") {
  Rig rig;
  rig.settle_in();
  CHECK(rig.view().rooms[0].room_id == room_id(2));
  rig.live(1, {rig.text(4, 2, "hi **all**")});
  CHECK(rig.view().rooms[0].room_id == room_id(1));
  CHECK(row(rig, 1).preview == "Grace: hi all");
  auto invited = Rig::summary(3, 0);
  invited.role = wire::Role::kInvited;
  rig.notice(wire::RoomNotice{invited});
  CHECK(rig.view().rooms[0].room_id == room_id(3));
  rig.notice(wire::RoomGoneNotice{room_id(3), wire::MemberChange::kRemoved, false});
  CHECK(rig.view().rooms.size() == 2);
  REQUIRE(rig.view().toasts.size() == 1);
}

TEST_CASE("Unread and mentions are counted live in rooms out of view, and cleared by reading") {
  Rig rig;
  rig.settle_in();
  rig.live(2, {rig.text(6, 2, "a"), rig.text(7, 2, "b @Ada", {user_id(1)}), rig.text(8, 1, "me")});
  CHECK(row(rig, 2).unread == 0);  // writing there means having read
  rig.live(2, {rig.text(9, 2, "c @Ada", {user_id(1)}), rig.text(10, 2, "d")});
  CHECK(row(rig, 2).unread == 2);
  CHECK(row(rig, 2).mentions == 1);
  CHECK(rig.view().total_unread == 2);
  rig.live(2, {rig.text(10, 2, "d")});  // told twice, counted once
  CHECK(row(rig, 2).unread == 2);
  SECTION("by another device of the same user") {
    rig.notice(wire::MarkersNotice{room_id(2), {{user_id(1), {9}, {9}}}});
    CHECK(row(rig, 2).unread == 1);
    CHECK(row(rig, 2).mentions == 0);
  }
  SECTION("here") {
    rig.call([&](Client& c) { c.open_room(rig.now, room_id(2)); });
    rig.call([&](Client& c) { c.mark_seen(rig.now, {10}); });
    CHECK(row(rig, 2).unread == 0);
    REQUIRE(rig.last<wire::Mark>());
    CHECK(rig.last<wire::Mark>()->read == Seq{10});
  }
}

TEST_CASE("Read markers are coalesced to one a second and wait for the window") {
  Rig rig;
  rig.settle_in();
  for (std::uint64_t seq = 4; seq < 24; ++seq) {
    rig.live(1, {rig.text(seq, 2, "x")});
    rig.call([&](Client& c) { c.mark_seen(rig.now, {seq}); });
    if (rig.last<wire::Mark>()) rig.reply<wire::Mark>(wire::Done{});
    rig.pass(milliseconds(100));
  }
  rig.pass(seconds(1));
  CHECK(rig.count<wire::Mark>() >= 2);
  CHECK(rig.count<wire::Mark>() <= 5);
  CHECK(rig.last<wire::Mark>()->read == Seq{23});
  rig.sent.clear();
  rig.call([&](Client& c) { c.handle_focus(rig.now, false); });
  rig.live(1, {rig.text(24, 2, "y")});
  rig.call([&](Client& c) { c.mark_seen(rig.now, {24}); });
  rig.pass(seconds(5));
  REQUIRE(rig.last<wire::Mark>());
  CHECK(rig.last<wire::Mark>()->read < Seq{24});
  rig.call([&](Client& c) { c.handle_focus(rig.now, true); });
  rig.pass(seconds(2));
  CHECK(rig.last<wire::Mark>()->read == Seq{24});
}

TEST_CASE("Read markers are kept to oneself when the person wants so") {
  Rig rig;
  rig.settle_in();
  Settings settings;
  settings.send_read_markers = false;
  rig.call([&](Client& c) { c.set_settings(rig.now, settings); });
  rig.live(1, {rig.text(4, 2, "x")});
  rig.call([&](Client& c) { c.mark_seen(rig.now, {4}); });
  rig.pass(seconds(3));
  REQUIRE(rig.last<wire::Mark>());
  CHECK(rig.last<wire::Mark>()->read == Seq{});
  CHECK(rig.last<wire::Mark>()->delivered == Seq{4});
  CHECK(row(rig, 1).unread == 0);
}

TEST_CASE("A message goes from sending over sent and delivered to read") {
  Rig rig;
  rig.settle_in();
  rig.call([&](Client& c) { c.set_draft(rig.now, "hello"); });
  CHECK(rig.last<wire::Typing>()->on);
  CHECK(rig.call([&](Client& c) { return c.send_draft(rig.now); }));
  CHECK(rig.view().composer.text.empty());
  REQUIRE(rig.messages().size() == 4);
  CHECK(rig.messages()[3].state == SendState::kSending);
  CHECK(rig.view().connection.waiting_messages == 1);
  const ClientId id = rig.last<wire::Post>()->client_id;
  rig.reply<wire::Post>(wire::Posted{room_id(1), id, {4}, rig.base + seconds(4)});
  REQUIRE(rig.messages().size() == 4);
  CHECK(rig.messages()[3].state == SendState::kSent);
  CHECK(rig.messages()[3].seq == Seq{4});
  REQUIRE(rig.finished.size() == 1);
  CHECK(rig.finished[0].client_id == id);
  auto echo = rig.text(4, 1, "hello");
  echo.client_id = id;
  rig.live(1, {echo});
  CHECK(rig.messages().size() == 4);
  rig.notice(wire::MarkersNotice{room_id(1), {{user_id(2), {4}, {}}}});
  CHECK(rig.messages()[3].state == SendState::kDelivered);
  rig.notice(wire::MarkersNotice{room_id(1), {{user_id(2), {4}, {4}}}});
  CHECK(rig.messages()[3].state == SendState::kRead);
  CHECK(rig.arrived.size() == 1);
}

TEST_CASE(
    "The event may come before the confirmation, and the confirmation before earlier events") {
  Rig rig;
  rig.settle_in();
  const auto first = rig.call([&](Client& c) { return c.send_text(rig.now, room_id(1), "a"); });
  auto echo = rig.text(4, 1, "a");
  echo.client_id = *first;
  rig.live(1, {echo});
  CHECK(rig.messages().back().seq == Seq{4});
  CHECK(rig.view().connection.waiting_messages == 0);
  const auto second = rig.call([&](Client& c) { return c.send_text(rig.now, room_id(1), "c"); });
  rig.reply<wire::Post>(wire::Posted{room_id(1), *second, {6}, rig.base + seconds(6)});
  CHECK(rig.messages().size() == 5);  // in view although number 5 is missing
  CHECK(rig.messages().back().state == SendState::kSent);
  rig.live(1, {rig.text(5, 2, "b")});
  REQUIRE(rig.messages().size() == 6);
  CHECK(rig.messages()[4].content == "b");
  CHECK(rig.messages()[5].content == "c");
}

TEST_CASE("A failed message says why and can be sent again or discarded") {
  Rig rig;
  rig.settle_in();
  const auto id = rig.call([&](Client& c) { return c.send_text(rig.now, room_id(1), "a"); });
  rig.refuse<wire::Post>(ErrorCode::kMessageTooLong);
  CHECK(rig.messages().back().state == SendState::kFailed);
  CHECK(rig.messages().back().failure.find("4096") != std::string::npos);
  CHECK(!rig.finished.back().result.ok());
  CHECK(rig.finished.back().client_id == *id);
  rig.sent.clear();
  rig.call([&](Client& c) { c.retry_message(rig.now, *id); });
  CHECK(rig.last<wire::Post>()->client_id == *id);
  rig.refuse<wire::Post>(ErrorCode::kMessageTooLong);
  rig.call([&](Client& c) { c.discard_message(rig.now, *id); });
  CHECK(rig.messages().size() == 3);
}

TEST_CASE("What is written offline is kept over a restart and sent in order") {
  Rig rig;
  rig.settle_in();
  rig.lose();
  for (const char* text : {"a", "b", "c"}) {
    REQUIRE(rig.call([&](Client& c) { return c.send_text(rig.now, room_id(1), text); }));
  }
  rig.pass(seconds(1));
  Rig next(rig.store);
  REQUIRE(next.messages().size() == 6);
  CHECK(next.messages()[3].state == SendState::kSending);
  next.open_transport();
  auto hello = next.welcome();
  hello.complete = false;
  next.reply<wire::Authenticate>(hello);
  for (std::uint64_t i = 0; i < 3; ++i) {
    REQUIRE(next.count<wire::Post>() == static_cast<int>(i) + 1);
    const auto post = *next.last<wire::Post>();
    CHECK(wire::decode<wire::Message>(post.body)->content ==
          std::string(1, static_cast<char>('a' + i)));
    next.reply<wire::Post>(wire::Posted{room_id(1), post.client_id, {4 + i}, next.base});
  }
  CHECK(next.messages().size() == 6);
  CHECK(next.view().connection.waiting_messages == 0);
}

TEST_CASE("Edits, deletions and reactions show at once and follow the log") {
  Rig rig;
  rig.settle_in();
  rig.live(1, {rig.text(4, 1, "mine")});
  rig.call([&](Client& c) { c.set_draft(rig.now, "unfinished"); });
  rig.call([&](Client& c) { c.start_edit_last(rig.now); });
  REQUIRE(rig.view().composer.editing.has_value());
  CHECK(rig.view().composer.text == "mine");
  rig.call([&](Client& c) { c.set_draft(rig.now, "mine, better"); });
  CHECK(rig.call([&](Client& c) { return c.send_draft(rig.now); }));
  CHECK(rig.view().composer.text == "unfinished");
  CHECK(rig.messages()[3].content == "mine, better");
  CHECK(rig.messages()[3].edited);
  rig.refuse<wire::Post>(ErrorCode::kMessageNotFound);
  CHECK(rig.messages()[3].content == "mine");  // taken back, and told
  CHECK(rig.view().toasts.size() == 1);
  rig.live(1, {rig.event(5, 2, wire::Edit{{4}, "not yours", {}})});
  CHECK(rig.messages()[3].content == "mine");

  rig.call([&](Client& c) { c.toggle_reaction(rig.now, {1}, "+"); });
  REQUIRE(rig.messages()[0].reactions.size() == 1);
  CHECK(rig.messages()[0].reactions[0].mine);
  rig.reply<wire::Post>(wire::Posted{room_id(1), rig.last<wire::Post>()->client_id, {6}, rig.base});
  rig.live(1, {rig.event(7, 2, wire::Reaction{{1}, "+", true})});
  CHECK(rig.messages()[0].reactions[0].count == 2);
  CHECK(rig.messages()[0].reactions[0].names == "You and Grace");
  rig.live(1, {rig.event(8, 2, wire::Deletion{{1}})});
  CHECK(rig.messages()[0].deleted);
  CHECK(rig.messages()[0].content.empty());
}

TEST_CASE("Replies quote, and follow what becomes of the quoted") {
  Rig rig;
  rig.settle_in();
  rig.call([&](Client& c) { c.start_reply(rig.now, {2}); });
  REQUIRE(rig.view().composer.replying.has_value());
  CHECK(rig.view().composer.replying->excerpt == "two");
  rig.live(1, {rig.event(4, 2, wire::Message{wire::MessageType::kText, "re", {2}, {}})});
  REQUIRE(rig.messages()[3].reply.has_value());
  CHECK(rig.messages()[3].reply->excerpt == "two");
  rig.live(1, {rig.event(5, 2, wire::Edit{{2}, "zwei", {}})});
  CHECK(rig.messages()[3].reply->excerpt == "zwei");
  rig.live(1, {rig.event(6, 2, wire::Deletion{{2}})});
  CHECK(!rig.messages()[3].reply->available);
}

TEST_CASE("Mentions name the longest name that fits") {
  Rig rig;
  rig.settle_in();
  const auto mentioned = [&](const char* text) {
    REQUIRE(rig.call([&](Client& c) { return c.send_text(rig.now, room_id(1), text); }));
    const auto body = wire::decode<wire::Message>(rig.last<wire::Post>()->body);
    rig.reply<wire::Post>(wire::Posted{room_id(1),
                                       rig.last<wire::Post>()->client_id,
                                       {rig.view().room->head.value + 1},
                                       rig.base});
    return body->mentions;
  };
  CHECK(mentioned("hi @Grace Hopper!") == std::vector{user_id(3)});
  CHECK(mentioned("hi @grace, @Grace and @Ada") == std::vector{user_id(2), user_id(1)});
  CHECK(mentioned("a@Grace @Graceful").empty());
}

TEST_CASE("Messages group by sender and time, days and the unread line stand between") {
  Rig rig;
  rig.settle_in();
  auto late = rig.text(6, 2, "much later");
  late.at = late.at + days(1);
  auto soon = rig.text(5, 2, "ten minutes on");
  soon.at = soon.at + minutes(10);
  rig.live(1, {rig.text(4, 3, "another"), soon, late});
  const auto messages = rig.messages();
  CHECK(messages[0].starts_group);
  CHECK(!messages[1].starts_group);
  CHECK(messages[3].starts_group);
  CHECK(messages[4].starts_group);
  CHECK(messages[5].starts_group);
  const auto& items = rig.view().room->items;
  CHECK(std::holds_alternative<DayView>(items[0]));
  CHECK(std::holds_alternative<DayView>(items[items.size() - 2]));
  // The line is put where reading stopped when the room is opened, and stays there.
  rig.live(2, {rig.text(6, 2, "x")});
  rig.call([&](Client& c) { c.open_room(rig.now, room_id(2)); });
  rig.call([&](Client& c) { c.mark_seen(rig.now, {6}); });
  int lines = 0;
  for (const auto& item : rig.view().room->items) {
    lines += std::holds_alternative<UnreadLineView>(item) ? 1 : 0;
  }
  CHECK(lines == 1);
}

TEST_CASE("Typing is told at most every three seconds, shown for five, ended by the message") {
  Rig rig;
  rig.settle_in();
  for (int i = 0; i < 20; ++i) {
    rig.call([&](Client& c) {
      c.set_draft(rig.now, std::string(static_cast<std::size_t>(i) + 1, 'x'));
    });
    rig.pass(milliseconds(200));
  }
  CHECK(rig.count<wire::Typing>() == 2);
  rig.notice(wire::TypingNotice{room_id(1), user_id(2), true});
  REQUIRE(rig.view().room->typists.size() == 1);
  CHECK(rig.view().room->typists[0].name == "Grace");
  CHECK(row(rig, 1).preview == "Grace is typing");
  rig.live(1, {rig.text(4, 2, "done")});
  CHECK(rig.view().room->typists.empty());
  rig.notice(wire::TypingNotice{room_id(1), user_id(2), true});
  rig.pass(seconds(5));
  CHECK(rig.view().room->typists.empty());
}

TEST_CASE("Mentions elsewhere raise a toast for five seconds; notifications when wanted") {
  Rig rig;
  rig.settle_in();
  rig.live(2, {rig.text(6, 2, "ping @Ada", {user_id(1)})});
  REQUIRE(rig.view().toasts.size() == 1);
  CHECK(rig.view().toasts[0].room == room_id(2));
  CHECK(rig.notified.empty());
  rig.pass(seconds(5));
  CHECK(rig.view().toasts.empty());
  Settings settings;
  settings.notifications = true;
  rig.call([&](Client& c) { c.set_settings(rig.now, settings); });
  rig.live(2, {rig.text(7, 2, "more")});
  rig.live(1, {rig.text(4, 2, "in view")});
  REQUIRE(rig.notified.size() == 1);
  CHECK(rig.notified[0].title == "Grace in Room 2");
  rig.call([&](Client& c) { c.handle_focus(rig.now, false); });
  rig.live(1, {rig.text(5, 2, "out of view")});
  CHECK(rig.notified.size() == 2);
}

TEST_CASE("A change that met another one is merged by field and said again, once") {
  Rig rig;
  rig.settle_in();
  rig.call([&](Client& c) {
    return c.update_room(rig.now, room_id(1), std::string("New name"), {}, {});
  });
  auto theirs = Rig::summary(1, 3, 3);
  theirs.settings.version = 7;
  theirs.settings.topic = "their topic";
  rig.refuse<wire::UpdateRoom>(ErrorCode::kConflict, 0, theirs);
  CHECK(rig.count<wire::UpdateRoom>() == 2);
  CHECK(rig.last<wire::UpdateRoom>()->version == 7);
  CHECK(rig.last<wire::UpdateRoom>()->name == "New name");
  CHECK(!rig.last<wire::UpdateRoom>()->topic);
  CHECK(rig.view().room->settings.topic == "their topic");
  rig.refuse<wire::UpdateRoom>(ErrorCode::kConflict, 0, theirs);
  CHECK(rig.count<wire::UpdateRoom>() == 2);
  CHECK(rig.view().toasts.size() == 1);
}

TEST_CASE("Joining opens the room; the directory pages; refusals are said in words") {
  Rig rig;
  rig.settle_in();
  rig.call([&](Client& c) { return c.search_directory(rig.now, "cats"); });
  CHECK(rig.view().directory.loading);
  rig.reply<wire::SearchRooms>(wire::RoomPage{{{room_id(7), "Cats", "", 3, false}}, true});
  CHECK(rig.view().directory.rooms.size() == 1);
  rig.call([&](Client& c) { return c.load_more_directory(rig.now); });
  CHECK(rig.last<wire::SearchRooms>()->offset == 1);
  rig.refuse<wire::SearchRooms>(ErrorCode::kRateLimited, 3000);
  CHECK(rig.view().directory.error ==
        "Too fast. It can be sent again shortly. Try again in 3 seconds.");
  const auto token = rig.call([&](Client& c) { return c.join_room(rig.now, room_id(7)); });
  rig.reply<wire::JoinRoom>(wire::RoomState{Rig::summary(7, 4, 4)});
  CHECK(rig.finished.back().token == token);
  REQUIRE(rig.view().room.has_value());
  CHECK(rig.view().room->room_id == room_id(7));
  CHECK(rig.view().directory.rooms[0].joined);
  rig.call([&](Client& c) { return c.join_by_code(rig.now, "used-up"); });
  rig.refuse<wire::JoinRoom>(ErrorCode::kInviteInvalid);
  CHECK(rig.view().toasts.back().kind == ToastKind::kError);
}

TEST_CASE("A room that is asked for again after its answer was lost keeps its id") {
  Rig rig;
  rig.settle_in();
  const auto create = [&](const char* name) {
    rig.call([&](Client& c) { return c.create_room(rig.now, name, "", wire::RoomAccess::kPublic); });
    return rig.last<wire::CreateRoom>()->client_id;
  };
  const auto reconnect = [&] {
    rig.lose();
    rig.pass(seconds(1));
    rig.open_transport();
    rig.reply<wire::Authenticate>(rig.welcome());
  };
  const ClientId first = create("Kitchen");
  reconnect();
  CHECK(rig.finished.back().result.error().code == ErrorCode::kNotConnected);
  CHECK(create("Kitchen") == first);
  rig.refuse<wire::CreateRoom>(ErrorCode::kQuotaReached);
  const ClientId refused = create("Kitchen");
  CHECK(refused != first);
  reconnect();
  CHECK(create("Garden") != refused);
}

TEST_CASE(
    "A view is built only when something changed, and what did not change keeps its revision") {
  Rig rig;
  rig.settle_in();
  const Revision before = rig.view().revision;
  const Revision items = rig.view().room->items_revision;
  CHECK(rig.view().revision == before);
  rig.call([&](Client& c) { c.set_draft(rig.now, "x"); });
  CHECK(rig.view().revision > before);
  CHECK(rig.view().room->items_revision == items);
  rig.live(1, {rig.text(4, 2, "y")});
  CHECK(rig.view().room->items_revision > items);
}

TEST_CASE("Built piece by piece or at once, the items are the same") {
  Rig rig, plain;
  rig.settle_in();
  plain.settle_in();
  SeededRng dice(11);
  std::vector<wire::Event> log;
  for (std::uint64_t seq = 4; seq < 400; ++seq) {
    const auto sender = static_cast<std::uint8_t>(1 + dice.below(3));
    const Seq target{1 + dice.below(seq - 1)};
    switch (dice.below(6)) {
      case 0:
        log.push_back(rig.event(seq, sender, wire::Edit{target, "edit", {}}));
        break;
      case 1:
        log.push_back(rig.event(seq, sender, wire::Reaction{target, "+", dice.below(2) == 0}));
        break;
      case 2:
        log.push_back(rig.event(seq, sender, wire::Deletion{target}));
        break;
      case 3:
        log.push_back(
            rig.event(seq, sender, wire::Message{wire::MessageType::kText, "re", target, {}}));
        break;
      default:
        log.push_back(rig.text(seq, sender, "text"));
        break;
    }
    rig.live(1, {log.back()});
    if (seq % 7 == 0) rig.notice(wire::MarkersNotice{room_id(1), {{user_id(2), {seq}, {seq - 2}}}});
    if (seq % 3 == 0) (void)rig.view();
  }
  plain.live(1, log);
  plain.notice(wire::MarkersNotice{room_id(1), {{user_id(2), {399}, {397}}}});
  rig.notice(wire::MarkersNotice{room_id(1), {{user_id(2), {399}, {397}}}});
  const auto a = rig.messages(), b = plain.messages();
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    CHECK(a[i].seq == b[i].seq);
    CHECK(a[i].content == b[i].content);
    CHECK(a[i].deleted == b[i].deleted);
    CHECK(a[i].state == b[i].state);
    CHECK(a[i].starts_group == b[i].starts_group);
    CHECK(a[i].reactions.size() == b[i].reactions.size());
    CHECK(a[i].reply.has_value() == b[i].reply.has_value());
    if (a[i].reply && b[i].reply) CHECK(a[i].reply->excerpt == b[i].reply->excerpt);
  }
}

}  // namespace parley::client
