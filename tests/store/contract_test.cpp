// What every store must do, whatever it is made of.
#include <catch2/catch_template_test_macros.hpp>

#include <thread>

#include "tests/store/backends.hpp"

using namespace parley;
using namespace parley::store;
using namespace parley::store::testing;

namespace {

template <class Backend>
struct Fixture {
  Fixture() {
    backend.open();
    for (std::uint64_t n = 1; n <= 4; ++n) REQUIRE(call().put(user_record(n)).ok());
  }
  Calls call() { return Calls(*backend.store); }
  void make_room(std::uint64_t room, std::vector<std::uint64_t> members) {
    REQUIRE(call().write(creation(room, std::move(members))).ok());
  }
  RoomWritten must_write(RoomWrite write) {
    auto written = call().write(std::move(write));
    REQUIRE(written.ok());
    return *written;
  }
  ErrorCode refusal(RoomWrite write) {
    const auto written = call().write(std::move(write));
    REQUIRE(!written.ok());
    return written.error().code;
  }
  Backend backend;
};

}  // namespace

TEMPLATE_LIST_TEST_CASE("appends give dense sequence numbers, all or none", "[store]", Backends) {
  Fixture<TestType> f;
  f.make_room(1, {1, 2});
  const auto first = f.must_write(append(1, {message(1, 1), reaction(2, 2), message(1, 3)}));
  CHECK(first.seqs == std::vector<Seq>{{1}, {2}, {3}});
  CHECK(first.ordinal == 2);
  CHECK(first.at == f.backend.clock.now());
  CHECK_FALSE(first.duplicate);

  auto with_stranger = append(1, {message(1, 4), message(77, 5)});
  CHECK(f.refusal(with_stranger) == ErrorCode::kUserNotFound);
  const auto second = f.must_write(append(1, {message(1, 6, "after")}));
  CHECK(second.seqs == std::vector<Seq>{{4}});
  CHECK(second.position > first.position);

  const auto events = f.call().events({.room = room_id(1)});
  REQUIRE(events.ok());
  REQUIRE(events->size() == 4);
  const StoredEvent& last = events->back();
  CHECK(last.ordinal == 3);
  CHECK(last.event == wire::Event{.seq = {4},
                                  .at = second.at,
                                  .sender = user_id(1),
                                  .device = device_id(1),
                                  .client_id = client_id(6),
                                  .kind = wire::EventKind::kMessage,
                                  .body = to_bytes(as_bytes("after"))});
}

TEMPLATE_LIST_TEST_CASE("a room's time never goes back", "[store]", Backends) {
  Fixture<TestType> f;
  f.make_room(1, {1});
  const auto before = f.must_write(append(1, {message(1, 1)}));
  f.backend.clock.advance(-60'000);
  const auto after = f.must_write(append(1, {message(1, 2)}));
  CHECK(after.at == before.at);
}

TEMPLATE_LIST_TEST_CASE("a retry finds the earlier event", "[store]", Backends) {
  Fixture<TestType> f;
  f.make_room(1, {1, 2});
  f.make_room(2, {1});
  const auto first = f.must_write(append(1, {message(1, 1, "one")}));
  f.must_write(append(1, {message(2, 2, "two")}));
  f.backend.clock.advance(1000);

  const auto check_retry = [&] {
    const auto again = f.must_write(append(1, {message(1, 1, "one")}));
    CHECK(again.duplicate);
    CHECK(again.seqs == first.seqs);
    CHECK(again.at == first.at);
    CHECK(again.ordinal == 1);
  };
  check_retry();
  // The same name by somebody else, or in another room, is another event.
  CHECK_FALSE(f.must_write(append(1, {message(2, 1)})).duplicate);
  CHECK_FALSE(f.must_write(append(2, {message(1, 1)})).duplicate);
  for (int i = 0; i < 20; ++i) f.must_write(append(1, {message(1, 100 + i)}));
  check_retry();
  f.backend.open();
  check_retry();
  CHECK(f.call().room(room_id(1))->head == Seq{23});
}

TEMPLATE_LIST_TEST_CASE("retries in flight together are one event", "[store]", Backends) {
  Fixture<TestType> f;
  f.make_room(1, {1});
  constexpr int kCopies = 50;
  std::vector<std::future<Result<RoomWritten>>> answers;
  for (int i = 0; i < kCopies; ++i) {
    auto promise = std::make_shared<std::promise<Result<RoomWritten>>>();
    answers.push_back(promise->get_future());
    f.backend.store->write_room(append(1, {message(1, 9)}),
                                [promise](auto result) { promise->set_value(std::move(result)); });
  }
  int fresh = 0;
  for (auto& answer : answers) {
    const auto written = answer.get();
    REQUIRE(written.ok());
    CHECK(written->seqs == std::vector<Seq>{{1}});
    if (!written->duplicate) ++fresh;
  }
  CHECK(fresh == 1);
}

TEMPLATE_LIST_TEST_CASE("events without a name are never retries", "[store]", Backends) {
  Fixture<TestType> f;
  f.make_room(1, {1});
  NewEvent nameless = message(1, 0);
  nameless.sender = {};
  CHECK_FALSE(f.must_write(append(1, {nameless})).duplicate);
  CHECK_FALSE(f.must_write(append(1, {nameless})).duplicate);
}

TEMPLATE_LIST_TEST_CASE("rooms that are not there, or deleted, take no writes", "[store]",
                        Backends) {
  Fixture<TestType> f;
  CHECK(f.refusal(append(1, {message(1, 1)})) == ErrorCode::kRoomNotFound);
  f.make_room(1, {1});
  RoomWrite deletion = append(1, {message(1, 2)});
  deletion.room_record = room_record(1);
  deletion.room_record->deleted = true;
  const auto deleted = f.must_write(deletion);
  CHECK(f.refusal(append(1, {message(1, 3)})) == ErrorCode::kRoomDeleted);
  const auto again = f.must_write(deletion);
  CHECK(again.duplicate);
  CHECK(again.seqs == deleted.seqs);
  f.backend.open();
  CHECK(f.refusal(append(1, {message(1, 3)})) == ErrorCode::kRoomDeleted);
  CHECK(f.call().room(room_id(1))->room.deleted);
  CHECK(f.call().search("")->empty());
  CHECK(f.call().room(room_id(9)).error().code == ErrorCode::kRoomNotFound);
  CHECK(f.call().events({.room = room_id(9)}).error().code == ErrorCode::kRoomNotFound);
}

TEMPLATE_LIST_TEST_CASE("writes that break bounds are refused alone", "[store]", Backends) {
  Fixture<TestType> f;
  f.make_room(1, {1});
  NewEvent huge = message(1, 1);
  huge.body.resize(wire::kMaxBodyBytes + 1);
  CHECK(f.refusal(append(1, {huge})) == ErrorCode::kTooLarge);
  RoomWrite stranger = append(1, {message(1, 2)});
  stranger.room_record = room_record(2);
  CHECK(f.refusal(stranger) == ErrorCode::kInvalidArgument);
  RoomWrite unknown_member = append(1, {message(1, 3)});
  unknown_member.members = {member(2), member(99)};
  CHECK(f.refusal(unknown_member) == ErrorCode::kUserNotFound);
  const auto room = f.call().room(room_id(1));
  CHECK(room->head == Seq{0});
  CHECK(room->members.size() == 1);
}

TEMPLATE_LIST_TEST_CASE("a loaded room says everything", "[store]", Backends) {
  Fixture<TestType> f;
  f.make_room(1, {1, 2, 3});
  NewEvent for_two = message(1, 1, "look");
  for_two.mentions = {user_id(2), user_id(99)};
  f.must_write(append(1, {for_two}));                    // seq 1
  f.must_write(append(1, {message(2, 2, "last one")}));  // seq 2
  f.backend.clock.advance(5);
  const auto newest = f.must_write(append(1, {reaction(3, 3), reaction(3, 4)}));  // seq 3, 4
  REQUIRE(f.call().markers({{room_id(1), user_id(3), {4}, {2}}}).ok());
  RoomWrite leaving = append(1, {});
  leaving.members = {member(1, wire::Role::kNone)};
  leaving.members[0].banned = true;
  leaving.members[0].read = {1};
  const auto left = f.must_write(leaving);

  const auto check = [&] {
    const auto room = f.call().room(room_id(1), 2);
    REQUIRE(room.ok());
    CHECK(room->room == room_record(1));
    CHECK(room->head == Seq{4});
    CHECK(room->ordinal == 2);
    CHECK(room->position == left.position);
    CHECK(room->last_activity == newest.at);
    CHECK(seqs_of(room->tail) == std::vector<std::uint64_t>{3, 4});
    REQUIRE(room->last_message.has_value());
    CHECK(room->last_message->seq == Seq{2});
    REQUIRE(room->members.size() == 3);
    CHECK(room->names == std::vector<std::string>{"user 1", "user 2", "user 3"});
    CHECK(room->members[0].role == wire::Role::kNone);
    CHECK(room->members[0].banned);
    CHECK(room->members[0].changed == left.position);
    CHECK(room->members[2].delivered == Seq{4});
    CHECK(room->members[2].read == Seq{2});
    CHECK(room->members[2].changed > newest.position);
    CHECK(room->read_ordinals == std::vector<std::uint64_t>{1, 0, 2});
    CHECK(room->mentions == std::vector<std::uint32_t>{0, 1, 0});
  };
  check();
  f.backend.open();
  check();
  REQUIRE(f.call().markers({{room_id(1), user_id(2), {1}, {1}}}).ok());
  CHECK(f.call().room(room_id(1))->mentions == std::vector<std::uint32_t>{0, 0, 0});
  CHECK(f.call().room(room_id(1))->read_ordinals == std::vector<std::uint64_t>{1, 1, 2});
}

TEMPLATE_LIST_TEST_CASE("markers only move forward", "[store]", Backends) {
  Fixture<TestType> f;
  f.make_room(1, {1});
  for (std::uint64_t i = 1; i <= 10; ++i) f.must_write(append(1, {message(1, i)}));
  const auto moved = f.call().markers({{room_id(1), user_id(1), {8}, {5}}});
  REQUIRE(moved.ok());
  const auto marks = [&] {
    const auto room = f.call().room(room_id(1));
    return std::pair(room->members[0].delivered.value, room->members[0].read.value);
  };
  CHECK(marks() == std::pair<std::uint64_t, std::uint64_t>(8, 5));
  const auto back = f.call().markers({{room_id(1), user_id(1), {3}, {6}}});
  CHECK(*back > *moved);
  CHECK(marks() == std::pair<std::uint64_t, std::uint64_t>(8, 6));
  // Nothing moves: unknown room, unknown member, smaller values.
  CHECK(*f.call().markers({{room_id(7), user_id(1), {1}, {1}},
                           {room_id(1), user_id(2), {9}, {9}},
                           {room_id(1), user_id(1), {1}, {1}}}) == *back);
  CHECK(*f.call().markers({}) == *back);
  f.backend.open();
  CHECK(marks() == std::pair<std::uint64_t, std::uint64_t>(8, 6));
  REQUIRE(f.call().markers({{room_id(1), user_id(1), {UINT64_MAX}, {UINT64_MAX}}}).ok());
  CHECK(marks() == std::pair<std::uint64_t, std::uint64_t>(10, 10));
  // A member's row replaces markers, too.
  RoomWrite rejoin = append(1, {});
  rejoin.members = {member(1)};
  rejoin.members[0].read = {2};
  f.must_write(rejoin);
  CHECK(marks() == std::pair<std::uint64_t, std::uint64_t>(0, 2));
  REQUIRE(f.call().markers({{room_id(1), user_id(1), {4}, {0}}}).ok());
  CHECK(marks() == std::pair<std::uint64_t, std::uint64_t>(4, 2));
  f.backend.open();
  CHECK(marks() == std::pair<std::uint64_t, std::uint64_t>(4, 2));
}

TEMPLATE_LIST_TEST_CASE("history is read from every side", "[store]", Backends) {
  Fixture<TestType> f;
  f.make_room(1, {1});
  const Timestamp start = f.backend.clock.now();
  for (std::uint64_t i = 1; i <= 20; ++i) {
    f.must_write(append(1, {message(1, i)}));
    f.backend.clock.advance(10);
  }
  using From = wire::HistoryFrom;
  struct Row {
    const char* what;
    From from;
    std::uint64_t seq;
    std::int64_t time;  // after `start`
    std::uint32_t limit;
    std::uint64_t first, last;  // 0, 0: nothing
  };
  const Row rows[] = {
      {"newest", From::kNewest, 0, 0, 5, 16, 20},
      {"newest, all", From::kNewest, 0, 0, 50, 1, 20},
      {"newest, none", From::kNewest, 0, 0, 0, 0, 0},
      {"before", From::kBefore, 10, 0, 3, 7, 9},
      {"before, at the beginning", From::kBefore, 3, 0, 5, 1, 2},
      {"before the first", From::kBefore, 1, 0, 5, 0, 0},
      {"before nothing", From::kBefore, 0, 0, 5, 0, 0},
      {"before, past the end", From::kBefore, 1000, 0, 2, 19, 20},
      {"before, very far", From::kBefore, UINT64_MAX, 0, 2, 19, 20},
      {"after", From::kAfter, 10, 0, 3, 11, 13},
      {"after the beginning", From::kAfter, 0, 0, 3, 1, 3},
      {"after, at the end", From::kAfter, 19, 0, 3, 20, 20},
      {"after the end", From::kAfter, 20, 0, 3, 0, 0},
      {"after, very far", From::kAfter, UINT64_MAX, 0, 3, 0, 0},
      {"around", From::kAround, 10, 0, 5, 8, 12},
      {"around the beginning", From::kAround, 1, 0, 5, 1, 5},
      {"around the end", From::kAround, 20, 0, 5, 16, 20},
      {"time", From::kTime, 0, 45, 2, 4, 5},
      {"time, exactly", From::kTime, 0, 40, 2, 3, 4},
      {"time, before everything", From::kTime, 0, 0, 2, 0, 0},
      {"time, after everything", From::kTime, 0, 100'000, 2, 19, 20},
  };
  for (int reopened = 0; reopened < 2; ++reopened) {
    for (const Row& row : rows) {
      INFO(row.what << (reopened ? ", reopened" : ""));
      const auto events = f.call().events({.room = room_id(1),
                                           .from = row.from,
                                           .seq = {row.seq},
                                           .time = {start.ms + row.time},
                                           .limit = row.limit});
      REQUIRE(events.ok());
      std::vector<std::uint64_t> expected;
      for (std::uint64_t seq = row.first; seq != 0 && seq <= row.last; ++seq) {
        expected.push_back(seq);
      }
      CHECK(seqs_of(*events) == expected);
    }
    f.backend.open();
  }
}

TEMPLATE_LIST_TEST_CASE("a room without events is readable", "[store]", Backends) {
  Fixture<TestType> f;
  f.make_room(1, {1});
  for (const auto from :
       {wire::HistoryFrom::kNewest, wire::HistoryFrom::kBefore, wire::HistoryFrom::kAfter,
        wire::HistoryFrom::kAround, wire::HistoryFrom::kTime}) {
    CHECK(f.call().events({.room = room_id(1), .from = from, .seq = {3}, .time = {9}})->empty());
  }
  const auto room = f.call().room(room_id(1));
  CHECK(room->tail.empty());
  CHECK_FALSE(room->last_message.has_value());
  CHECK(room->last_activity == room_record(1).created);
}

TEMPLATE_LIST_TEST_CASE("invitations are counted and refused", "[store]", Backends) {
  Fixture<TestType> f;
  f.make_room(1, {1});
  f.make_room(2, {1});
  const auto put = [&](InviteRecord invite) {
    RoomWrite write{.room = invite.info.room_id, .invite = std::move(invite)};
    return f.call().write(std::move(write));
  };
  const auto use = [&](std::uint64_t room, std::uint64_t invite, std::uint64_t user,
                       std::uint64_t client) {
    RoomWrite write = append(room, {message(user, client)});
    write.members = {member(user)};
    write.use_invite = invite_id(invite);
    return f.call().write(std::move(write));
  };
  InviteRecord limited = invite_record(1, 1);
  limited.info.max_uses = 2;
  REQUIRE(put(limited).ok());
  CHECK(use(1, 1, 2, 1).ok());
  CHECK(use(1, 1, 3, 2).ok());
  CHECK(use(1, 1, 4, 3).error().code == ErrorCode::kInviteInvalid);
  // The refused write left nothing: no member, no event, no name.
  CHECK(f.call().room(room_id(1))->members.size() == 3);
  CHECK(f.call().room(room_id(1))->head == Seq{2});
  CHECK(f.must_write(append(1, {message(4, 3)})).seqs == std::vector<Seq>{{3}});
  limited.info.uses = 2;
  CHECK(*f.call().invite("code-1") == limited);

  InviteRecord brief = invite_record(2, 1);
  brief.info.expires = {f.backend.clock.now().ms + 100};
  REQUIRE(put(brief).ok());
  CHECK(use(1, 2, 2, 11).ok());
  f.backend.clock.advance(100);
  CHECK(use(1, 2, 2, 12).error().code == ErrorCode::kInviteInvalid);

  InviteRecord open = invite_record(3, 1);
  REQUIRE(put(open).ok());
  CHECK(use(2, 3, 2, 21).error().code == ErrorCode::kInviteInvalid);  // another room's
  CHECK(use(1, 3, 2, 22).ok());
  open.revoked = true;
  REQUIRE(put(open).ok());
  CHECK(use(1, 3, 2, 23).error().code == ErrorCode::kInviteInvalid);
  CHECK(use(1, 9, 2, 24).error().code == ErrorCode::kInviteInvalid);

  InviteRecord same_code = invite_record(4, 1);
  same_code.info.code = "code-1";
  CHECK(put(same_code).error().code == ErrorCode::kConflict);
  CHECK(f.call().invites(room_id(1))->size() == 3);

  // What comes with an invite: the newest, until it is revoked.
  InviteRecord fresh = invite_record(5, 1);
  REQUIRE(put(fresh).ok());
  const Bytes bundle{1, 2, 3};
  CHECK(f.call().invite_bundle(room_id(1), "code-5")->empty());
  REQUIRE(f.call().put_invite_bundle(room_id(1), invite_id(5), {9}).ok());
  REQUIRE(f.call().put_invite_bundle(room_id(1), invite_id(5), bundle).ok());
  CHECK(*f.call().invite_bundle(room_id(1), "code-5") == bundle);
  const auto over = [](const auto& result) {
    return !result.ok() && result.error().code == ErrorCode::kInviteInvalid;
  };
  CHECK(over(f.call().invite_bundle(room_id(2), "code-5")));
  CHECK(over(f.call().put_invite_bundle(room_id(2), invite_id(5), bundle)));
  CHECK(over(f.call().put_invite_bundle(room_id(1), invite_id(1), bundle)));  // used up
  fresh.revoked = true;
  REQUIRE(put(fresh).ok());
  CHECK(over(f.call().invite_bundle(room_id(1), "code-5")));
  CHECK(over(f.call().put_invite_bundle(room_id(1), invite_id(5), bundle)));
  CHECK(f.call().invites(room_id(2))->empty());
  CHECK(f.call().invites(room_id(5)).error().code == ErrorCode::kRoomNotFound);
  CHECK(f.call().invite("nothing").error().code == ErrorCode::kInviteInvalid);
}

TEMPLATE_LIST_TEST_CASE("the directory finds public rooms by their words", "[store]", Backends) {
  Fixture<TestType> f;
  const auto make = [&](std::uint64_t n, std::string name, std::string topic,
                        std::vector<std::uint64_t> members) {
    RoomWrite write = creation(n, std::move(members));
    write.room_record->settings.name = std::move(name);
    write.room_record->settings.topic = std::move(topic);
    f.must_write(std::move(write));
  };
  make(1, "Garden", "vegetables and 100% compost", {1});
  make(2, "Kitchen", "what the garden gives", {1, 2, 3});
  make(3, "Snake_case", "naming", {1, 2});
  RoomWrite hidden = creation(4, {1, 2, 3, 4});
  hidden.room_record->settings.name = "Secret garden";
  hidden.room_record->settings.access = wire::RoomAccess::kInviteOnly;
  f.must_write(hidden);

  const auto names = [&](std::string words) {
    const auto found = f.call().search(std::move(words));
    REQUIRE(found.ok());
    std::vector<std::string> result;
    for (const auto& listing : *found) result.push_back(listing.name);
    return result;
  };
  using Names = std::vector<std::string>;
  CHECK(names("") == Names{"Kitchen", "Snake_case", "Garden"});
  CHECK(names("GARDEN") == Names{"Kitchen", "Garden"});
  CHECK(names("  garden   compost ") == Names{"Garden"});
  CHECK(names("100%") == Names{"Garden"});
  CHECK(names("0% c") == Names{"Garden"});
  CHECK(names("%") == Names{"Garden"});
  CHECK(names("_") == Names{"Snake_case"});
  CHECK(names("\\").empty());
  CHECK(names("'; DROP TABLE rooms; --").empty());
  const auto page = f.call().search("", 1, 1);
  REQUIRE(page->size() == 1);
  CHECK(page->front() ==
        wire::RoomListing{
            .room_id = room_id(3), .name = "Snake_case", .topic = "naming", .members = 2});
  CHECK(f.call().search(std::string(wire::kMaxQueryBytes + 1, 'a')).error().code ==
        ErrorCode::kInvalidArgument);
  CHECK(f.call().search(std::string(wire::kMaxQueryBytes, 'a')).ok());

  // Member counts follow joining, leaving, bans and roles.
  const auto count = [&] { return f.call().search("Garden compost")->front().members; };
  const auto set = [&](wire::Role role, bool banned) {
    RoomWrite write = append(1, {});
    write.members = {member(2, role)};
    write.members[0].banned = banned;
    f.must_write(write);
  };
  CHECK(count() == 1);
  set(wire::Role::kInvited, false);
  CHECK(count() == 1);
  set(wire::Role::kMember, false);
  set(wire::Role::kModerator, false);
  CHECK(count() == 2);
  set(wire::Role::kNone, true);
  CHECK(count() == 1);
}

TEMPLATE_LIST_TEST_CASE("users and devices are kept", "[store]", Backends) {
  Fixture<TestType> f;
  f.make_room(1, {1, 2});
  f.make_room(2, {2});
  REQUIRE(f.call().put(device_record(1, 1)).ok());
  REQUIRE(f.call().put(device_record(2, 1)).ok());
  DeviceRecord revoked = device_record(2, 1);
  revoked.revoked = true;
  REQUIRE(f.call().put(revoked).ok());
  CHECK(f.call().put(device_record(3, 99)).error().code == ErrorCode::kUserNotFound);
  UserRecord renamed = user_record(1);
  renamed.name = "Zo\u00eb";
  renamed.status_text = "";
  REQUIRE(f.call().put(renamed).ok());
  RoomWrite leaving = append(1, {});
  leaving.members = {member(1, wire::Role::kNone)};
  const auto left = f.must_write(leaving);

  for (int reopened = 0; reopened < 2; ++reopened) {
    const auto user = f.call().user(user_id(1));
    REQUIRE(user.ok());
    CHECK(user->user == renamed);
    CHECK(user->devices == std::vector<DeviceRecord>{device_record(1, 1), revoked});
    REQUIRE(user->rooms.size() == 1);
    CHECK(user->rooms[0].room == room_id(1));
    CHECK(user->rooms[0].role == wire::Role::kNone);
    CHECK(user->rooms[0].changed == left.position);
    CHECK(f.call().user(user_id(99)).error().code == ErrorCode::kUserNotFound);
    CHECK(*f.call().users({user_id(2), user_id(99), user_id(1)}) ==
          std::vector<UserRecord>{user_record(2), renamed});
    f.backend.open();
  }
  f.must_write(append(2, {message(2, 1)}));
  const auto moved = f.call().markers({{room_id(2), user_id(2), {1}, {1}}});
  CHECK(f.call().user(user_id(2))->rooms[1].changed == *moved);
}

TEMPLATE_LIST_TEST_CASE("settings are kept", "[store]", Backends) {
  Fixture<TestType> f;
  CHECK(*f.call().setting("key") == std::nullopt);
  REQUIRE(f.call().put_setting("key", {1, 0, 255}).ok());
  REQUIRE(f.call().put_setting("empty", {}).ok());
  f.backend.open();
  CHECK(*f.call().setting("key") == Bytes{1, 0, 255});
  CHECK(*f.call().setting("empty") == Bytes{});
  REQUIRE(f.call().put_setting("key", {2}).ok());
  CHECK(*f.call().setting("key") == Bytes{2});
}

TEMPLATE_LIST_TEST_CASE("positions rise across restarts", "[store]", Backends) {
  Fixture<TestType> f;
  f.make_room(1, {1});
  Position last = 0;
  for (std::uint64_t i = 1; i <= 5; ++i) {
    const auto written = f.must_write(append(1, {message(1, i)}));
    CHECK(written.position > last);
    const auto moved = f.call().markers({{room_id(1), user_id(1), {i}, {i}}});
    CHECK(*moved > written.position);
    last = *moved;
    f.backend.open();
    CHECK(*f.call().markers({}) == last);
  }
}

TEMPLATE_LIST_TEST_CASE("writers on many threads keep their order", "[store]", Backends) {
  Fixture<TestType> f;
  constexpr std::uint64_t kThreads = 4, kWrites = 200;
  for (std::uint64_t t = 1; t <= kThreads; ++t) f.make_room(t, {t});
  f.make_room(9, {1, 2, 3, 4});
  std::vector<std::vector<std::uint64_t>> answered(kThreads);  // by the store's write thread only
  std::atomic<std::uint64_t> failed{0}, shared_events{0};
  std::vector<std::thread> threads;
  for (std::uint64_t t = 1; t <= kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (std::uint64_t i = 1; i <= kWrites; ++i) {
        f.backend.store->write_room(append(t, {message(t, i)}), [&, t](auto result) {
          if (result.ok()) {
            answered[t - 1].push_back(result->seqs.front().value);
          } else {
            ++failed;
          }
        });
        f.backend.store->write_room(append(9, {message(t, i)}), [&](auto result) {
          if (result.ok()) shared_events += result->seqs.size();
        });
      }
    });
  }
  for (auto& thread : threads) thread.join();
  f.backend.store->stop();
  CHECK(failed == 0);
  CHECK(shared_events == kThreads * kWrites);
  for (const auto& seqs : answered) {
    REQUIRE(seqs.size() == kWrites);
    for (std::uint64_t i = 0; i < kWrites; ++i) CHECK(seqs[i] == i + 1);
  }
  f.backend.open();
  const auto log = f.call().events({.room = room_id(9), .limit = 10'000});
  REQUIRE(log->size() == kThreads * kWrites);
  for (std::size_t i = 0; i < log->size(); ++i) CHECK((*log)[i].event.seq.value == i + 1);
}

TEMPLATE_LIST_TEST_CASE("stop answers what was taken and refuses the rest", "[store]", Backends) {
  Fixture<TestType> f;
  f.make_room(1, {1});
  std::atomic<int> answered{0};
  for (std::uint64_t i = 1; i <= 100; ++i) {
    f.backend.store->write_room(append(1, {message(1, i)}), [&](auto result) {
      if (result.ok()) ++answered;
    });
  }
  f.backend.store->stop();
  CHECK(answered == 100);
  CHECK(f.refusal(append(1, {message(1, 101)})) == ErrorCode::kShuttingDown);
  CHECK(f.call().room(room_id(1)).error().code == ErrorCode::kShuttingDown);
  f.backend.store->stop();
  f.backend.open();
  CHECK(f.call().room(room_id(1))->head == Seq{100});
}

TEMPLATE_LIST_TEST_CASE("destroying a store drains it", "[store]", Backends) {
  Fixture<TestType> f;
  f.make_room(1, {1});
  for (std::uint64_t i = 1; i <= 100; ++i) {
    f.backend.store->write_room(append(1, {message(1, i)}), [](auto) {});
  }
  f.backend.store.reset();
  f.backend.open();
  CHECK(f.call().room(room_id(1))->head == Seq{100});
}
