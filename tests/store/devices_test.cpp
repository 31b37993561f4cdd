// What every store must do for private rooms: groups, key packages, inboxes, identities, vaults.
#include <catch2/catch_template_test_macros.hpp>

#include "tests/store/backends.hpp"

using namespace parley;
using namespace parley::store;
using namespace parley::store::testing;

namespace {

constexpr std::int64_t kDay = 86'400'000;

// Users 1 to 3 with the devices 11, 12; 21; 31.
template <class Backend>
struct Fixture {
  Fixture() {
    backend.open();
    for (std::uint64_t n = 1; n <= 3; ++n) REQUIRE(call().put(user_record(n)).ok());
    for (const std::uint64_t n : {11, 12, 21, 31}) {
      REQUIRE(call().put(device_record(n, n / 10)).ok());
    }
  }
  Calls call() { return Calls(*backend.store); }
  wire::DeviceRef device(std::uint64_t n) { return {user_id(n / 10), device_id(n)}; }
  NewKeyPackage package(std::uint8_t n, std::int64_t days = 90) {
    return {Bytes(32, n), Bytes(100, n), backend.clock.now() + days_of(days)};
  }
  static Duration days_of(std::int64_t days) { return {days * kDay}; }
  std::vector<std::uint8_t> claim(std::uint64_t user) {
    const auto claimed = call().claim({{user_id(user)}, device_id(99), 1u << 20});
    REQUIRE(claimed.ok());
    std::vector<std::uint8_t> firsts;
    for (const auto& one : claimed->packages) firsts.push_back(one.key_package.at(0));
    return firsts;
  }
  RoomWrite private_room(std::uint64_t n) {
    RoomWrite write = creation(n, {1});
    write.room_record->settings = {.version = 1,
                                   .kind = wire::RoomKind::kPrivate,
                                   .access = wire::RoomAccess::kInviteOnly,
                                   .direct = true,
                                   .history = wire::HistoryAccess::kSinceInvited,
                                   .disappear_after_s = 60};
    write.events = {message(1, n)};
    write.group = GroupRecord{0, Bytes{1}, Bytes{2, 3, 4}};
    return write;
  }
  RoomWrite commit(std::uint64_t room, std::uint64_t epoch, std::uint64_t client) {
    NewEvent event = message(1, client);
    event.kind = wire::EventKind::kCommit;
    event.counts = false;
    RoomWrite write = append(room, {event});
    write.group = GroupRecord{epoch, Bytes{9, static_cast<std::uint8_t>(epoch)}, Bytes(300, 7)};
    return write;
  }
  InboxWrite item(std::vector<std::uint64_t> to, std::string body) {
    InboxWrite write;
    for (const std::uint64_t n : to) write.to.push_back(device(n));
    write.item.kind = 3;
    write.item.room_id = room_id(1);
    write.item.sender = user_id(1);
    write.item.device = device_id(11);
    write.item.body = to_bytes(as_bytes(body));
    return write;
  }
  std::vector<std::string> bodies(std::uint64_t device, std::uint64_t after = 0,
                                  std::size_t max_bytes = 1u << 20) {
    const auto items = call().inbox(device_id(device), after, max_bytes);
    REQUIRE(items.ok());
    std::vector<std::string> out;
    for (const auto& one : *items) out.emplace_back(as_text(one.body));
    return out;
  }
  Backend backend;
};

using Strings = std::vector<std::string>;
using Numbers = std::vector<std::uint8_t>;

}  // namespace

TEMPLATE_LIST_TEST_CASE("a group's epochs follow each other, with their event", "[store]",
                        Backends) {
  Fixture<TestType> f;
  REQUIRE(f.call().write(f.private_room(1)).ok());
  CHECK(f.call().room(room_id(1))->group_epoch == 0);
  REQUIRE(f.call().write(append(1, {message(1, 50)})).ok());
  const auto won = f.call().write(f.commit(1, 1, 51));
  REQUIRE(won.ok());
  CHECK(won->seqs == std::vector<Seq>{{3}});

  // Another commit for the same epoch changes nothing, whatever comes with it.
  RoomWrite late = f.commit(1, 1, 52);
  late.members.push_back(member(2));
  late.inbox = f.item({21}, "of the loser");
  CHECK(f.call().write(late).error().code == ErrorCode::kConflict);
  CHECK(f.call().write(f.commit(1, 3, 53)).error().code == ErrorCode::kConflict);
  CHECK(f.call().write(f.commit(1, 1, 51))->duplicate);

  for (int opened = 0; opened < 2; ++opened) {
    const auto room = f.call().room(room_id(1));
    REQUIRE(room.ok());
    CHECK(room->head == Seq{3});
    CHECK(room->group_epoch == 1);
    CHECK(room->members.size() == 1);
    CHECK(room->room == *f.private_room(1).room_record);
    CHECK(f.bodies(21).empty());
    const auto group = f.call().group(room_id(1));
    REQUIRE(group.ok());
    CHECK(group->group == *f.commit(1, 1, 51).group);
    CHECK(group->seq == Seq{3});
    const auto commits = f.call().commits(room_id(1), 0);
    REQUIRE(commits.ok());
    REQUIRE(commits->size() == 1);
    CHECK(commits->front().seq == Seq{3});
    CHECK(commits->front().kind == wire::EventKind::kCommit);
    CHECK(f.call().commits(room_id(1), 1)->empty());
    f.backend.open();
  }
  const auto piece = f.call().group(room_id(1), 299, 10);
  CHECK(piece->tree_size == 300);
  CHECK(piece->group.tree == Bytes{7});
  CHECK(f.call().group(room_id(1), UINT64_MAX, 10)->group.tree.empty());

  CHECK(f.call().room(room_id(1))->last_message->seq == Seq{2});
  for (std::uint64_t epoch = 2; epoch <= 5; ++epoch) {
    REQUIRE(f.call().write(append(1, {message(1, 70 + epoch)})).ok());
    REQUIRE(f.call().write(f.commit(1, epoch, 60 + epoch)).ok());
  }
  const auto seqs = [&](std::uint64_t epoch, std::uint32_t limit, std::size_t max_bytes) {
    std::vector<std::uint64_t> out;
    const auto found = f.call().commits(room_id(1), epoch, limit, max_bytes);
    for (const auto& event : found.value()) out.push_back(event.seq.value);
    return out;
  };
  using Seqs = std::vector<std::uint64_t>;
  CHECK(seqs(0, 100, 1u << 20) == Seqs{3, 5, 7, 9, 11});
  CHECK(seqs(1, 2, 1u << 20) == Seqs{5, 7});
  CHECK(seqs(4, 100, 1) == Seqs{11});
  CHECK(seqs(1, 100, 1) == Seqs{5});
  CHECK(seqs(UINT64_MAX >> 1, 100, 1).empty());
  RoomWrite deletion = append(1, {});
  deletion.room_record = f.private_room(1).room_record;
  deletion.room_record->deleted = true;
  REQUIRE(f.call().write(deletion).ok());
  CHECK(f.call().group(room_id(1)).error().code == ErrorCode::kRoomNotFound);
  CHECK(f.call().commits(room_id(1), 0)->empty());
}

TEMPLATE_LIST_TEST_CASE("a sealed message that counts is a room's last message", "[store]",
                        Backends) {
  Fixture<TestType> f;
  REQUIRE(f.call().write(f.private_room(1)).ok());
  NewEvent sealed = message(1, 60);
  sealed.kind = wire::EventKind::kSealed;
  REQUIRE(f.call().write(append(1, {sealed})).ok());
  sealed.client_id = client_id(61);
  sealed.counts = false;
  REQUIRE(f.call().write(append(1, {sealed})).ok());
  CHECK(f.call().room(room_id(1))->last_message->seq == Seq{2});
  f.backend.open();
  CHECK(f.call().room(room_id(1))->last_message->seq == Seq{2});
  CHECK(f.call().room(room_id(1))->ordinal == 2);
}

TEMPLATE_LIST_TEST_CASE("two people have one direct room", "[store]", Backends) {
  Fixture<TestType> f;
  RoomWrite first = f.private_room(1);
  first.direct = {user_id(1), user_id(2)};
  RoomWrite second = f.private_room(2);
  second.direct = {user_id(2), user_id(1)};
  CHECK(f.call().direct(user_id(1), user_id(2))->is_nil());
  REQUIRE(f.call().write(first).ok());
  CHECK(f.call().write(second).error().code == ErrorCode::kConflict);
  CHECK(f.call().room(room_id(2)).error().code == ErrorCode::kRoomNotFound);
  CHECK(*f.call().direct(user_id(2), user_id(1)) == room_id(1));
  CHECK(f.call().direct(user_id(1), user_id(3))->is_nil());

  first.room_record->deleted = true;
  first.events.clear();
  first.group.reset();
  first.direct.reset();
  REQUIRE(f.call().write(first).ok());
  CHECK(f.call().direct(user_id(1), user_id(2))->is_nil());
  REQUIRE(f.call().write(second).ok());
  CHECK(*f.call().direct(user_id(1), user_id(2)) == room_id(2));
}

TEMPLATE_LIST_TEST_CASE("key packages are used once, the last resort always", "[store]", Backends) {
  Fixture<TestType> f;
  CHECK(*f.call().put(KeyPackagesWrite{f.device(11), {f.package(1), f.package(2)}, f.package(9)}) ==
        2);
  CHECK(*f.call().put(KeyPackagesWrite{f.device(12), {f.package(3)}, {}}) == 1);
  CHECK(f.claim(1) == Numbers{1, 3});
  f.backend.open();
  // A repeated publication does not bring back what was used.
  CHECK(*f.call().put(KeyPackagesWrite{f.device(11), {f.package(1), f.package(2)}, {}}) == 1);

  const auto claimed = f.call().claim({{user_id(1), user_id(1)}, device_id(99), 1u << 20});
  REQUIRE(claimed.ok());
  REQUIRE(claimed->packages.size() == 1);
  CHECK(claimed->packages[0] ==
        wire::ClaimedKeyPackage{user_id(1), device_id(11), Bytes(100, 2), false});
  CHECK(claimed->left == std::vector<std::uint32_t>{0});
  CHECK(claimed->missing == std::vector{f.device(12)});
  CHECK(f.claim(1) == Numbers{9});
  CHECK(f.claim(1) == Numbers{9});
  CHECK(f.call().claim({{user_id(1)}, device_id(11), 1u << 20})->packages.empty());

  CHECK(*f.call().put(KeyPackagesWrite{f.device(11), {f.package(4, 1), f.package(5)}, {}}) == 2);
  f.backend.clock.advance(2 * kDay);
  CHECK(f.claim(1) == Numbers{5});  // 4 has expired
  CHECK(f.call().put(KeyPackagesWrite{{user_id(2), device_id(11)}, {}, {}}).error().code ==
        ErrorCode::kDeviceRevoked);
}

TEMPLATE_LIST_TEST_CASE("a device keeps its newest hundred key packages", "[store]", Backends) {
  Fixture<TestType> f;
  KeyPackagesWrite write{f.device(21), {}, {}};
  for (std::uint8_t n = 1; n <= 100; ++n) write.packages.push_back(f.package(n));
  CHECK(*f.call().put(write) == 100);
  CHECK(*f.call().put(KeyPackagesWrite{f.device(21), {f.package(101), f.package(102)}, {}}) == 100);
  CHECK(f.claim(2) == Numbers{3});
  // A claim ends where its frame is full.
  CHECK(f.call().claim({{user_id(2), user_id(1)}, device_id(99), 50})->missing.empty());
}

TEMPLATE_LIST_TEST_CASE("inbox items wait for each device until it has them", "[store]", Backends) {
  Fixture<TestType> f;
  REQUIRE(f.call().put(f.item({11, 21}, "one")).ok());
  InboxWrite strangers = f.item({21}, "not for it");
  strangers.to = {{user_id(1), device_id(21)}, {user_id(1), device_id(77)}};
  REQUIRE(f.call().put(strangers).ok());
  REQUIRE(f.call().put(f.item({21}, "two")).ok());
  f.backend.open();
  CHECK(f.bodies(11) == Strings{"one"});
  CHECK(f.bodies(21) == Strings{"one", "two"});
  CHECK(f.bodies(21, 0, 4) == Strings{"one"});
  const auto items = f.call().inbox(device_id(21));
  CHECK(items->at(0).at == f.backend.clock.now());
  CHECK(items->at(0).number < items->at(1).number);
  CHECK(items->at(0).kind == 3);
  CHECK(items->at(0).sender == user_id(1));
  CHECK(f.bodies(21, items->at(0).number) == Strings{"two"});

  REQUIRE(f.call().ack(device_id(21), items->at(0).number).ok());
  CHECK(f.bodies(21) == Strings{"two"});
  CHECK(f.bodies(11) == Strings{"one"});  // the content that both shared
  REQUIRE(f.call().ack(device_id(11), UINT64_MAX >> 1).ok());
  REQUIRE(f.call().ack(device_id(21), UINT64_MAX >> 1).ok());
  // Numbers are not given again.
  REQUIRE(f.call().put(f.item({21}, "three")).ok());
  CHECK(f.call().inbox(device_id(21))->at(0).number > items->at(1).number);
}

TEMPLATE_LIST_TEST_CASE("a full inbox loses its oldest items", "[store]", Backends) {
  Fixture<TestType> f;
  for (std::uint32_t n = 0; n < kMaxInboxItems + 5; ++n) {
    f.backend.store->put_inbox(f.item({21}, std::to_string(n)), [](Status) {});
  }
  REQUIRE(f.call().put(f.item({11}, "last")).ok());
  const auto page = f.bodies(21);
  CHECK(page.size() == wire::kMaxPageSize);
  CHECK(page.front() == "5");
}

TEMPLATE_LIST_TEST_CASE("device lists rise by one version", "[store]", Backends) {
  Fixture<TestType> f;
  const auto list = [](std::uint32_t version) {
    return wire::Identity{user_id(1), version, Bytes(3, static_cast<std::uint8_t>(version))};
  };
  CHECK(f.call().put(list(2)).error().code == ErrorCode::kConflict);
  REQUIRE(f.call().put(list(1)).ok());
  CHECK(f.call().put(list(1)).error().code == ErrorCode::kConflict);
  CHECK(f.call().put(list(3)).error().code == ErrorCode::kConflict);
  REQUIRE(f.call().put(list(2)).ok());
  f.backend.open();
  const auto read = f.call().identities({user_id(2), user_id(1), user_id(77), user_id(1)});
  REQUIRE(read.ok());
  REQUIRE(read->size() == 2);
  CHECK(read->at(0).identity == wire::Identity{user_id(2), 0, {}});
  CHECK(read->at(1).identity == list(2));
  CHECK(read->at(1).devices == std::vector{device_id(11), device_id(12)});
}

TEMPLATE_LIST_TEST_CASE("an account that starts afresh keeps nothing of the keys before", "[store]",
                        Backends) {
  Fixture<TestType> f;
  using enum wire::VaultWrapKind;
  for (const std::uint64_t n : {1, 2}) {
    const auto byte = static_cast<std::uint8_t>(n);
    REQUIRE(f.call().put({user_id(n), 1, Bytes{1}}).ok());
    REQUIRE(f.call().put(user_id(n), {{0, {1}, {10}}}).ok());
    REQUIRE(f.call().put(user_id(n), {{kRecovery, {}, {2}}}, Bytes(32, byte)).ok());
    REQUIRE(f.call()
                .put_link_code(user_id(n), Bytes(32, byte), f.backend.clock.now() + minutes(10))
                .ok());
    KeyPackagesWrite packages;
    packages.device = f.device(n * 10 + 1);
    packages.packages = {f.package(byte)};
    packages.last_resort = f.package(static_cast<std::uint8_t>(byte + 100));
    REQUIRE(f.call().put(packages).ok());
  }
  // A list that does not follow is refused, with everything as it was.
  CHECK(f.call().put({user_id(1), 3, Bytes{3}}, true).error().code == ErrorCode::kConflict);
  CHECK(f.call().vault(user_id(1))->size() == 1);
  REQUIRE(f.call().put({user_id(1), 2, Bytes{3}}, true).ok());
  f.backend.open();
  CHECK(f.call().identities({user_id(1)})->at(0).identity ==
        wire::Identity{user_id(1), 2, Bytes{3}});
  CHECK(f.call().vault(user_id(1))->empty());
  CHECK(f.call().wraps(user_id(1))->empty());
  CHECK(f.call().recovery(Bytes(32, 1)).error().code == ErrorCode::kUserNotFound);
  CHECK(f.call().take_link_code(Bytes(32, 1)).error().code == ErrorCode::kUserNotFound);
  CHECK(f.claim(1).empty());
  // Nobody else's.
  CHECK(f.call().vault(user_id(2))->size() == 1);
  CHECK(f.call().wraps(user_id(2))->size() == 1);
  CHECK(*f.call().recovery(Bytes(32, 2)) == user_id(2));
  CHECK(*f.call().take_link_code(Bytes(32, 2)) == user_id(2));
  CHECK(f.claim(2) == std::vector<std::uint8_t>{2});
  // The vault is empty and its numbers go on: whoever read up to one of them misses nothing.
  CHECK(*f.call().put(user_id(1), {{0, {1}, {11}}}) == 2);
  CHECK(f.call().vault(user_id(1))->size() == 1);
}

TEMPLATE_LIST_TEST_CASE("the first vault entry for a key stays", "[store]", Backends) {
  Fixture<TestType> f;
  CHECK(*f.call().put(user_id(1), {{0, {1}, {10}}, {0, {2}, {20}}}) == 2);
  CHECK(*f.call().put(user_id(1), {{0, {2}, {21}}, {0, {3}, {30}}, {0, {3}, {31}}}) == 3);
  CHECK(*f.call().put(user_id(2), {{0, {1}, {99}}}) == 1);
  f.backend.open();
  CHECK(*f.call().vault(user_id(1)) ==
        std::vector<wire::VaultEntry>{{1, {1}, {10}}, {2, {2}, {20}}, {3, {3}, {30}}});
  CHECK(*f.call().vault(user_id(1), 1, 1) == std::vector<wire::VaultEntry>{{2, {2}, {20}}});
  CHECK(f.call().put(user_id(77), {{0, {1}, {1}}}).error().code == ErrorCode::kUserNotFound);
}

TEMPLATE_LIST_TEST_CASE("vault wraps replace each other by kind and device", "[store]", Backends) {
  Fixture<TestType> f;
  using enum wire::VaultWrapKind;
  REQUIRE(f.call()
              .put(user_id(1), {{kDevice, device_id(11), {1}}, {kRecovery, {}, {2}}}, Bytes(32, 1))
              .ok());
  REQUIRE(f.call().put(user_id(1), {{kDevice, device_id(12), {3}}, {kRecovery, {}, {4}}}).ok());
  CHECK(f.call()
            .put(user_id(1), {{kPassword, {}, {5}}, {kDevice, device_id(21), {6}}})
            .error()
            .code == ErrorCode::kInvalidArgument);
  CHECK(f.call().put(user_id(2), {{kPassword, {}, {7}}}, Bytes(32, 1)).error().code ==
        ErrorCode::kConflict);
  f.backend.open();
  CHECK(*f.call().wraps(user_id(1)) == std::vector<wire::VaultWrap>{{kDevice, device_id(11), {1}},
                                                                    {kDevice, device_id(12), {3}},
                                                                    {kRecovery, {}, {4}}});
  CHECK(f.call().wraps(user_id(2))->empty());
  CHECK(*f.call().recovery(Bytes(32, 1)) == user_id(1));
  REQUIRE(f.call().put(user_id(1), std::vector<wire::VaultWrap>{}, Bytes(32, 2)).ok());
  CHECK(f.call().recovery(Bytes(32, 1)).error().code == ErrorCode::kUserNotFound);
}

TEMPLATE_LIST_TEST_CASE("a link code works once, for its user, until it ends", "[store]",
                        Backends) {
  Fixture<TestType> f;
  const auto put = [&](std::uint64_t user, Bytes hash) {
    return f.call().put_link_code(user_id(user), std::move(hash),
                                  f.backend.clock.now() + minutes(10));
  };
  const auto taken = [&](std::uint8_t n) {
    const auto user = f.call().take_link_code(Bytes(32, n));
    return user.ok() ? std::optional(*user) : std::nullopt;
  };
  REQUIRE(put(1, Bytes(32, 1)).ok());
  REQUIRE(put(2, Bytes(32, 2)).ok());
  CHECK(put(3, Bytes(32, 2)).error().code == ErrorCode::kConflict);
  CHECK(put(9, Bytes(32, 9)).error().code == ErrorCode::kUserNotFound);
  f.backend.open();
  CHECK(f.call().take_link_code(Bytes(32, 3)).error().code == ErrorCode::kUserNotFound);
  CHECK(taken(1) == user_id(1));
  CHECK_FALSE(taken(1));
  f.backend.open();
  CHECK_FALSE(taken(1));

  REQUIRE(put(2, Bytes(32, 4)).ok());
  CHECK_FALSE(taken(2));
  CHECK(taken(4) == user_id(2));
  REQUIRE(put(2, Bytes(32, 5)).ok());
  REQUIRE(put(2, {}).ok());
  CHECK_FALSE(taken(5));
  REQUIRE(put(2, Bytes(32, 6)).ok());
  f.backend.clock.advance(minutes(10).ms);
  CHECK_FALSE(taken(6));
}

TEMPLATE_LIST_TEST_CASE("a revoked device leaves nothing behind", "[store]", Backends) {
  Fixture<TestType> f;
  using enum wire::VaultWrapKind;
  REQUIRE(f.call().put(KeyPackagesWrite{f.device(11), {f.package(1)}, f.package(2)}).ok());
  REQUIRE(f.call().put(KeyPackagesWrite{f.device(12), {f.package(3)}, {}}).ok());
  REQUIRE(f.call().put(f.item({11, 12}, "both")).ok());
  REQUIRE(f.call()
              .put(user_id(1), {{kDevice, device_id(11), {1}}, {kDevice, device_id(12), {2}}})
              .ok());
  REQUIRE(
      f.call().put_link_code(user_id(1), Bytes(32, 1), f.backend.clock.now() + minutes(1)).ok());
  REQUIRE(
      f.call().put_link_code(user_id(2), Bytes(32, 2), f.backend.clock.now() + minutes(1)).ok());
  DeviceRecord revoked = device_record(11, 1);
  revoked.revoked = true;
  REQUIRE(f.call().put(revoked).ok());
  REQUIRE(f.call().put(f.item({11}, "too late")).ok());
  f.backend.open();
  CHECK(f.bodies(11).empty());
  CHECK(f.bodies(12) == Strings{"both"});
  CHECK(f.claim(1) == Numbers{3});
  CHECK(f.call().wraps(user_id(1))->size() == 1);
  CHECK_FALSE(f.call().take_link_code(Bytes(32, 1)).ok());
  CHECK(f.call().take_link_code(Bytes(32, 2)).ok());
  CHECK(f.call().identities({user_id(1)})->at(0).devices == std::vector{device_id(12)});
  CHECK(f.call().put(KeyPackagesWrite{f.device(11), {f.package(4)}, {}}).error().code ==
        ErrorCode::kDeviceRevoked);
}
