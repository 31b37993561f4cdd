// What is too old leaves a store: from the beginning of a log, and nothing else with it.
#include <set>

#include <catch2/catch_template_test_macros.hpp>

#include "tests/store/backends.hpp"

using namespace parley;
using namespace parley::store;
using namespace parley::store::testing;

namespace {

constexpr std::int64_t kDay = 86'400'000;

// Users 1 and 2 in room 1, where one message a day is said, each naming user 2: the one with
// sequence number n on day n. It is the end of day `days` then.
template <class Backend>
struct Fixture {
  explicit Fixture(std::uint64_t days, RoomWrite first = creation(1, {1, 2})) {
    backend.open();
    for (std::uint64_t n = 1; n <= 2; ++n) REQUIRE(call().put(user_record(n)).ok());
    backend.clock.advance(kDay);
    first.events = {said(1)};
    REQUIRE(call().write(std::move(first)).ok());
    for (std::uint64_t n = 2; n <= days; ++n) {
      backend.clock.advance(kDay);
      REQUIRE(call().write(append(1, {said(n)})).ok());
    }
    backend.clock.advance(kDay - 1);
  }
  Calls call() { return Calls(*backend.store); }
  NewEvent said(std::uint64_t n) {
    NewEvent event = message(1, n, "on day " + std::to_string(n));
    event.mentions = {user_id(2)};
    return event;
  }
  TrimQuery after_days(std::int64_t days) {
    return {.now = backend.clock.now(), .retention = {days * kDay}};
  }
  std::vector<std::uint64_t> seqs(wire::HistoryFrom from, std::uint64_t seq = 0,
                                  std::uint32_t limit = 50, Timestamp time = {}) {
    const auto events = call().events({room_id(1), from, {seq}, time, limit});
    REQUIRE(events.ok());
    return seqs_of(*events);
  }
  Backend backend;
};

using Seqs = std::vector<std::uint64_t>;
using wire::HistoryFrom;

}  // namespace

TEMPLATE_LIST_TEST_CASE("old events go and the rest of the log stays as it was", "[store]",
                        Backends) {
  Fixture<TestType> f(10);
  REQUIRE(f.call().markers({{room_id(1), user_id(2), {2}, {2}}}).ok());
  const Timestamp day_eight = f.call().events({room_id(1), HistoryFrom::kAfter, {7}, {}, 1})
                                  ->front()
                                  .event.at;
  CHECK(f.call().trim(f.after_days(0)).empty());   // for ever
  CHECK(f.call().trim(f.after_days(20)).empty());  // nothing is as old
  const auto trimmed = f.call().trim(f.after_days(4));
  REQUIRE(trimmed.size() >= 1);
  CHECK(trimmed.back().room == room_id(1));
  CHECK(trimmed.back().first == Seq{7});
  CHECK(trimmed.back().ordinal == 6);
  CHECK(f.call().trim(f.after_days(4)).empty());

  for (int opened = 0; opened < 2; ++opened) {
    CHECK(f.seqs(HistoryFrom::kNewest) == Seqs{7, 8, 9, 10});
    CHECK(f.seqs(HistoryFrom::kNewest, 0, 2) == Seqs{9, 10});
    CHECK(f.seqs(HistoryFrom::kBefore, 9) == Seqs{7, 8});
    CHECK(f.seqs(HistoryFrom::kBefore, 7).empty());
    CHECK(f.seqs(HistoryFrom::kBefore, 3).empty());
    // A reader who was away goes on with what there is.
    CHECK(f.seqs(HistoryFrom::kAfter, 2, 2) == Seqs{7, 8});
    CHECK(f.seqs(HistoryFrom::kAfter, 8) == Seqs{9, 10});
    CHECK(f.seqs(HistoryFrom::kAround, 1, 2) == Seqs{7, 8});
    CHECK(f.seqs(HistoryFrom::kAround, 9, 2) == Seqs{8, 9});
    CHECK(f.seqs(HistoryFrom::kTime, 0, 50, day_eight) == Seqs{7});
    CHECK(f.seqs(HistoryFrom::kTime, 0, 50, {1}).empty());

    const auto room = f.call().room(room_id(1), 100);
    REQUIRE(room.ok());
    CHECK(room->first == Seq{7});
    CHECK(room->head == Seq{10});
    CHECK(room->ordinal == 10);
    CHECK(room->trimmed == 6);
    CHECK(seqs_of(room->tail) == Seqs{7, 8, 9, 10});
    CHECK(room->last_message->seq == Seq{10});
    REQUIRE(room->members.size() == 2);
    CHECK(room->members[1].read == Seq{2});
    CHECK(room->read_ordinals[1] == 6);  // four messages are unread, not eight
    CHECK(room->mentions[1] == 4);
    f.backend.open();
  }
  // Names are free, numbers are not given out again.
  const auto again = f.call().write(append(1, {message(1, 3)}));
  REQUIRE(again.ok());
  CHECK_FALSE(again->duplicate);
  CHECK(again->seqs == std::vector<Seq>{{11}});
  CHECK(f.call().write(append(1, {message(1, 9)}))->duplicate);
}

TEMPLATE_LIST_TEST_CASE("a log of which nothing is left goes on with the next number", "[store]",
                        Backends) {
  Fixture<TestType> f(3);
  f.backend.clock.advance(100 * kDay);
  REQUIRE_FALSE(f.call().trim(f.after_days(90)).empty());
  f.backend.open();
  CHECK(f.seqs(HistoryFrom::kNewest).empty());
  CHECK(f.seqs(HistoryFrom::kAfter, 1).empty());
  const auto room = f.call().room(room_id(1));
  REQUIRE(room.ok());
  CHECK(room->first == Seq{4});
  CHECK(room->head == Seq{3});
  CHECK_FALSE(room->last_message);
  CHECK(room->read_ordinals[1] == 3);
  CHECK(room->mentions[1] == 0);
  CHECK(f.call().write(append(1, {message(1, 50)}))->seqs == std::vector<Seq>{{4}});
  CHECK(f.seqs(HistoryFrom::kAfter, 1) == Seqs{4});
}

TEMPLATE_LIST_TEST_CASE("many rooms and events are trimmed piece by piece", "[store]", Backends) {
  Fixture<TestType> f(1);
  constexpr std::uint64_t kRooms = 1100, kEvents = 2500;
  for (std::uint64_t n = 2; n <= kRooms; ++n) {
    RoomWrite room = creation(n, {1});
    room.events = {message(1, 10'000 + n)};
    REQUIRE(f.call().write(std::move(room)).ok());
  }
  for (std::uint64_t n = 0; n < kEvents; n += 500) {
    std::vector<NewEvent> events;
    for (std::uint64_t i = 0; i < 500; ++i) events.push_back(message(1, 20'000 + n + i));
    REQUIRE(f.call().write(append(700, std::move(events))).ok());
  }
  f.backend.clock.advance(kDay * 10);
  REQUIRE(f.call().write(append(2, {message(1, 99)})).ok());
  std::set<RoomId> seen;
  for (const TrimmedRoom& room : f.call().trim(f.after_days(5))) seen.insert(room.room);
  CHECK(seen.size() == kRooms);
  CHECK(f.call().room(room_id(700))->first == Seq{kEvents + 2});
  CHECK(f.call().room(room_id(2))->first == Seq{2});
  CHECK(seqs_of(f.call().room(room_id(2))->tail) == Seqs{2});
}

TEMPLATE_LIST_TEST_CASE("where messages disappear they go earlier, and old secrets leave the vault",
                        "[store]", Backends) {
  RoomWrite first = creation(1, {1, 2});
  first.room_record->settings.kind = wire::RoomKind::kPrivate;
  first.room_record->settings.disappear_after_s = 2 * 86'400;
  first.group = GroupRecord{0, Bytes{1}, Bytes{2}};
  Fixture<TestType> f(4, first);
  REQUIRE(f.call().write(creation(2, {1})).ok());
  REQUIRE(f.call().write(append(2, {message(1, 80)})).ok());
  const auto secret = [&](std::uint64_t room, std::uint64_t epoch) {
    Bytes key{1};
    const auto& id = room_id(room).uuid.bytes;
    key.insert(key.end(), id.begin(), id.end());
    for (int shift = 56; shift >= 0; shift -= 8) {
      key.push_back(static_cast<std::uint8_t>(epoch >> shift));
    }
    return wire::VaultEntry{0, key, Bytes(50, static_cast<std::uint8_t>(epoch))};
  };
  std::vector<wire::VaultEntry> entries;
  for (std::uint64_t epoch = 0; epoch <= 8; ++epoch) entries.push_back(secret(1, epoch));
  entries.push_back(secret(3, 0));
  REQUIRE(f.call().put(user_id(2), entries).value() == 10);
  for (std::uint64_t epoch = 1; epoch <= 8; ++epoch) {
    NewEvent event = message(1, 200 + epoch);
    event.kind = wire::EventKind::kCommit;
    event.counts = false;
    RoomWrite commit = append(1, {event});
    commit.group = GroupRecord{epoch, Bytes{9}, Bytes(300, 7)};
    REQUIRE(f.call().write(std::move(commit)).ok());
    if (epoch == 6) f.backend.clock.advance(2 * kDay + 1);
  }
  TrimQuery query{.now = f.backend.clock.now(), .retention = {}, .only_disappearing = true};
  const auto trimmed = f.call().trim(query);
  REQUIRE_FALSE(trimmed.empty());
  for (const TrimmedRoom& room : trimmed) CHECK(room.room == room_id(1));
  CHECK(trimmed.back().first == Seq{11});  // in epoch 6: what is late may be of epoch 3

  std::vector<std::uint8_t> left;
  const auto vault = f.call().vault(user_id(2));
  for (const auto& entry : vault.value()) left.push_back(entry.sealed.front());
  const std::vector<std::uint8_t> expected{3, 4, 5, 6, 7, 8, 0};
  CHECK(left == expected);
  // Devices that read up to 10 find what comes later.
  CHECK(f.call().put(user_id(2), {secret(4, 5)}).value() == 11);
  CHECK(f.call().commits(room_id(1), 2).value().empty());
  CHECK(f.call().commits(room_id(1), 6).value().size() == 2);
  CHECK(f.call().room(room_id(2))->first == Seq{1});
}
