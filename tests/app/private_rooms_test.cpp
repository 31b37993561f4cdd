// Groups of private rooms: commits in order, checked, and their Welcomes.
#include "tests/app/secure_device.hpp"

using namespace parley;
using namespace parley::testing;

namespace {

// Ada has a private room; Ben and Eve have devices with key packages.
struct House {
  Server server{3};
  Account ada_account{server.rng}, ben_account{server.rng}, eve_account{server.rng};
  SecureDevice ada{server, ada_account, "Ada"};
  SecureDevice ben{server, ben_account, "Ben", 1};
  SecureDevice eve{server, eve_account, "Eve", 2};
  RoomId room = ada.create_private();

  House() {
    ben.publish(3);
    eve.publish(3);
  }
  std::uint64_t epoch() { return ada.ask<wire::GroupState>(wire::GetGroup{room, 0}).epoch; }
  std::vector<wire::EventKind> log() {
    wire::History all;
    all.room_id = room;
    std::vector<wire::EventKind> kinds;
    for (const auto& event : ada.ask<wire::HistoryPage>(all).events) kinds.push_back(event.kind);
    return kinds;
  }
  std::size_t commits() {
    const auto kinds = log();
    return static_cast<std::size_t>(std::ranges::count(kinds, wire::EventKind::kCommit));
  }
};

bool same_epoch(const SecureDevice& a, const SecureDevice& b) {
  return a.group->epoch() == b.group->epoch() &&
         std::ranges::equal(a.group->epoch_authenticator().expose(),
                            b.group->epoch_authenticator().expose());
}

}  // namespace

TEST_CASE("a private room begins with its creator's device alone") {
  House house;
  SecureDevice& ada = house.ada;
  const auto rooms = ada.ask<wire::RoomList>(wire::ListRooms{}).rooms;
  const auto found = std::ranges::find(rooms, house.room, &wire::RoomSummary::room_id);
  REQUIRE(found != rooms.end());
  CHECK(found->settings.kind == wire::RoomKind::kPrivate);
  CHECK(found->settings.name.empty());
  for (const auto& listed : house.ben.ask<wire::RoomPage>(wire::SearchRooms{}).rooms) {
    CHECK(listed.room_id != house.room);
  }
  const auto state = ada.ask<wire::GroupState>(wire::GetGroup{house.room, 0});
  CHECK(state.epoch == 0);
  CHECK(state.seq == Seq{1});
  CHECK(state.tree_size == state.tree.size());
  CHECK(ada.ask<wire::GroupState>(wire::GetGroup{house.room, 10}).tree ==
        Bytes(state.tree.begin() + 10, state.tree.end()));
  CHECK(house.ben.refusal(wire::GetGroup{house.room, 0}) == ErrorCode::kNotAMember);

  const auto refused = [&](auto change) {
    wire::CreateRoom command = ada.creation();
    change(command);
    return ada.refusal(command);
  };
  CHECK(refused([](auto& c) { c.name = "Plans"; }) == ErrorCode::kInvalidArgument);
  CHECK(refused([](auto& c) { c.topic = "for all"; }) == ErrorCode::kInvalidArgument);
  CHECK(refused([](auto& c) { c.access = wire::RoomAccess::kPublic; }) ==
        ErrorCode::kInvalidArgument);
  CHECK(refused([](auto& c) { c.group_info.clear(); }) == ErrorCode::kMlsInvalid);
  CHECK(refused([](auto& c) { c.group_info.back() ^= 1; }) == ErrorCode::kMlsInvalid);
  CHECK(refused([&](auto& c) { c.client_id.uuid.bytes[15] ^= 1; }) == ErrorCode::kMlsInvalid);
  CHECK(house.ben.refusal(ada.creation()) == ErrorCode::kCredentialInvalid);
  wire::UpdateRoom rename;
  rename.room_id = house.room;
  rename.version = 1;
  rename.name = "Plans";
  CHECK(ada.refusal(rename) == ErrorCode::kInvalidArgument);
}

TEST_CASE("a commit adds people, and their devices find the Welcome when they come") {
  House house;
  const wire::Session session = house.ben.welcome.session;
  house.ben.disconnect();
  house.server.settle();
  const auto posted = house.ada.add(house.room, {house.ben.id(), house.eve.id()});
  CHECK(house.log() == std::vector{wire::EventKind::kRoomSettings, wire::EventKind::kMembership,
                                   wire::EventKind::kCommit, wire::EventKind::kMembership,
                                   wire::EventKind::kMembership});
  CHECK(posted.seq == Seq{3});
  CHECK(house.epoch() == 1);
  CHECK(house.ada.ask<wire::GroupState>(wire::GetGroup{house.room, 0}).seq == Seq{3});

  house.eve.join();  // was connected
  CHECK(same_epoch(house.ada, house.eve));
  wire::Authenticate again;
  again.token = session.token;
  {
    Person later(house.server, again, 1);
    CHECK(std::ranges::any_of(later.welcome.rooms,
                              [&](const auto& r) { return r.room_id == house.room; }));
    house.ben.peer.notices = later.peer.notices;
    const auto item = house.ben.inbox().at(0);
    CHECK(item.sender == house.ada.id());
    CHECK(item.room_id == house.room);
    later.ask<wire::Done>(wire::AckInbox{item.number});
  }
  Person once_more(house.server, again, 1);
  CHECK(std::ranges::none_of(once_more.peer.notices, [](const auto& notice) {
    return std::holds_alternative<wire::InboxNotice>(notice);
  }));
}

TEST_CASE("what devices settle among themselves makes no room look active") {
  House house;
  const wire::Session session = house.ada.welcome.session;
  const auto active = [&](Person& person) {
    const auto rooms = person.ask<wire::RoomList>(wire::ListRooms{}).rooms;
    return std::ranges::find(rooms, house.room, &wire::RoomSummary::room_id)->last_activity;
  };
  const Timestamp before = active(house.ada);
  house.server.advance(minutes(5));
  house.ada.send(house.ada.commit(house.room, {}));
  CHECK(active(house.ada) == before);
  house.ada.disconnect();
  house.ben.disconnect();
  house.eve.disconnect();
  house.server.restart();
  wire::Authenticate again;
  again.token = session.token;
  Person ada(house.server, again, 1);
  CHECK(active(ada) == before);
}

TEST_CASE("of two commits for one epoch the first wins") {
  House house;
  SecureDevice &winner = house.ben, &loser = house.ada;
  loser.add(house.room, {winner.id()});
  winner.join();
  const auto won = winner.commit(house.room, {});
  // With a Welcome, which nobody gets.
  const auto lost =
      loser.commit(house.room, loser.additions(house.room, {house.eve.id()}), {house.eve.id()});
  const auto first = winner.start(won);
  const auto second = loser.start(lost);
  house.server.settle();
  REQUIRE(std::holds_alternative<wire::Response>(winner.peer.replies[first]));
  const auto& refused = std::get<wire::ErrorReply>(loser.peer.replies[second]);
  CHECK(refused.code == static_cast<std::uint16_t>(ErrorCode::kConflict));
  CHECK(refused.room->room_id == house.room);
  winner.group = std::move(winner.pending->next);
  winner.pending.reset();
  CHECK(house.commits() == 2);
  CHECK(std::ranges::none_of(house.eve.peer.notices, [](const auto& notice) {
    return std::holds_alternative<wire::InboxNotice>(notice);
  }));
  CHECK(house.eve.refusal(wire::GetGroup{house.room, 0}) == ErrorCode::kNotAMember);

  // The loser follows the winner and tries again; the answer to a repeat is the first one.
  loser.pending.reset();
  loser.follow(house.room);
  CHECK(same_epoch(winner, loser));
  const auto retry = loser.commit(house.room, {});
  const auto posted = loser.send(retry);
  CHECK(loser.ask<wire::Posted>(retry) == posted);
  CHECK(loser.ask<wire::Posted>(retry) == posted);
  CHECK(loser.refusal(lost) == ErrorCode::kConflict);
  auto ahead = loser.commit(house.room, {});
  ahead.epoch += 5;
  CHECK(loser.refusal(ahead) == ErrorCode::kConflict);
  CHECK(house.epoch() == 3);
  CHECK(house.commits() == 3);
}

TEST_CASE("a commit that breaks a rule leaves the group as it was") {
  House house;
  SecureDevice& ada = house.ada;
  ada.add(house.room, {house.ben.id()});
  house.ben.join();
  const auto refused = [&](wire::CommitGroup command, ErrorCode code) {
    CHECK(error_info(ada.refusal(command)).name == error_info(code).name);
    CHECK(house.epoch() == 1);
    CHECK(house.commits() == 1);
  };
  const auto changed = [&](auto change) {
    auto command = ada.commit(house.room, {});
    change(command);
    return command;
  };
  refused(changed([](auto& c) { c.commit.clear(); }), ErrorCode::kMlsInvalid);
  refused(changed([](auto& c) { c.commit.push_back(0); }), ErrorCode::kMlsInvalid);
  refused(changed([](auto& c) { c.group_info.clear(); }), ErrorCode::kMlsInvalid);
  refused(changed([](auto& c) { c.group_info.back() ^= 1; }), ErrorCode::kMlsInvalid);
  refused(changed([](auto& c) { c.welcome = Bytes(10); }), ErrorCode::kMlsInvalid);
  refused(changed([&](auto& c) { c.group_info = mls::encode(ada.group->group_info(false)); }),
          ErrorCode::kMlsInvalid);
  refused(changed([&](auto& c) { c.group_info = mls::encode(ada.pending->next.group_info(true)); }),
          ErrorCode::kMlsInvalid);
  // One bit of the signature: it stands before the confirmation tag and the membership tag.
  refused(changed([](auto& c) { c.commit[c.commit.size() - 80] ^= 1; }), ErrorCode::kMlsInvalid);
  refused(house.ben.commit(house.room, {}), ErrorCode::kCredentialInvalid);  // another's commit
  refused(ada.commit(house.room, {ada.removal(house.ben)}), ErrorCode::kAccessDenied);

  // Who comes in: a member's device with a welcome, and nobody else.
  const auto eve = [&] {
    return std::vector{
        SecureDevice::addition(mls::encode(house.eve.make_key_package().key_package))};
  };
  refused(ada.commit(house.room, eve()), ErrorCode::kCredentialInvalid);
  auto unwelcome = ada.commit(house.room, eve(), {house.eve.id()});
  unwelcome.welcome.clear();
  refused(unwelcome, ErrorCode::kMlsInvalid);
  auto stranger = ada.commit(house.room, {}, {UserId::make({}, house.server.rng)});
  refused(stranger, ErrorCode::kUserNotFound);
  mls::Identity ghost = house.ben.mls_identity();
  const auto ghost_key = crypto::SigningKey::generate(house.server.rng);
  const auto ghost_package =
      mls::make_key_package(house.server.rng, ghost_key, ghost, {0, UINT64_MAX}).key_package;
  auto add_ghost = ada.commit(
      house.room,
      {{mls::Add{std::make_shared<const mls::KeyPackage>(ghost_package)}}, ada.removal(house.ben)});
  refused(add_ghost, ErrorCode::kAccessDenied);
  refused(ada.commit(house.room, {{mls::GroupContextExtensions{}}}), ErrorCode::kMlsInvalid);

  CHECK(house.ben.refusal(house.ben.commit(house.room, eve(), {house.eve.id()})) ==
        ErrorCode::kAccessDenied);  // a plain member brings nobody in
  CHECK(house.eve.refusal(ada.commit(house.room, {})) == ErrorCode::kNotAMember);

  ada.send(ada.commit(house.room, {}));
  house.ben.follow(house.room);
  CHECK(same_epoch(ada, house.ben));
}

TEST_CASE("who was removed leaves the group with the next commit") {
  House house;
  house.ada.add(house.room, {house.ben.id(), house.eve.id()});
  house.ben.join();
  house.eve.join();
  house.ada.ask<wire::Done>(wire::RemoveMember{house.room, house.ben.id(), false});
  house.eve.follow(house.room);

  CHECK(house.ada.refusal(house.ada.commit(house.room, {})) == ErrorCode::kRemovalPending);
  CHECK(house.ben.refusal(house.ben.commit(house.room, {})) == ErrorCode::kNotAMember);
  CHECK(house.epoch() == 1);
  const auto heard = house.ben.peer.events.size();
  // Any member may: it only carries out what was decided.
  house.eve.send(house.eve.commit(house.room, {house.eve.removal(house.ben)}));
  house.ada.follow(house.room);
  CHECK(same_epoch(house.ada, house.eve));
  house.ada.ask<wire::Posted>(house.ada.sealed(house.room, 2));
  CHECK(house.ben.peer.events.size() == heard);
  CHECK(house.ben.refusal(house.ben.sealed(house.room, 2)) == ErrorCode::kNotAMember);
}

TEST_CASE("who missed commits asks for them, and learns who is to be removed") {
  House house;
  SecureDevice& ada = house.ada;
  ada.add(house.room, {house.ben.id()});
  ada.add(house.room, {house.eve.id()});
  house.ben.join();
  for (int i = 0; i < 3; ++i) ada.send(ada.commit(house.room, {}));
  const auto all = house.ben.ask<wire::Commits>(wire::ListCommits{house.room, 1, 100});
  CHECK(all.epoch == 5);
  CHECK(all.stale.empty());
  CHECK_FALSE(all.more);
  REQUIRE(all.events.size() == 4);
  for (const wire::Event& event : all.events) {
    CHECK(event.kind == wire::EventKind::kCommit);
    must(house.ben.group->process(event.body, mls::no_psk));
  }
  CHECK(same_epoch(ada, house.ben));
  const auto page = house.ben.ask<wire::Commits>(wire::ListCommits{house.room, 1, 2});
  CHECK(page.events.size() == 2);
  CHECK(page.more);
  CHECK(house.ben.ask<wire::Commits>(wire::ListCommits{house.room, 5, 0}).events.empty());
  CHECK(house.ben.ask<wire::Commits>(wire::ListCommits{house.room, UINT64_MAX, 9}).events.empty());

  const auto rooms = house.ben.ask<wire::RoomList>(wire::ListRooms{}).rooms;
  CHECK(std::ranges::find(rooms, house.room, &wire::RoomSummary::room_id)->epoch == 5);
  ada.ask<wire::Done>(wire::RemoveMember{house.room, house.eve.id(), false});
  CHECK(house.ben.ask<wire::Commits>(wire::ListCommits{house.room, 5, 9}).stale ==
        std::vector{house.eve.ref()});
  CHECK(house.eve.refusal(wire::ListCommits{house.room, 0, 9}) == ErrorCode::kNotAMember);
}

TEST_CASE("a revoked device leaves every group, and its things are gone") {
  House house;
  SecureDevice phone(house.server, house.ben_account, 2);
  phone.publish(2, true);
  house.ada.add(house.room, {house.ben.id()});
  house.ben.join();
  phone.join();
  CHECK(same_epoch(house.ben, phone));

  house.ben.ask<wire::Done>(wire::RevokeDevice{phone.ref().device_id});
  REQUIRE(phone.peer.closed);
  CHECK(phone.peer.closed->code == ErrorCode::kDeviceRevoked);
  const auto& [where, event] = house.ada.peer.events.back();
  CHECK(where == house.room);
  REQUIRE(event.kind == wire::EventKind::kDevicesChanged);
  CHECK(wire::decode<wire::DevicesChanged>(event.body)->user == house.ben.id());
  CHECK(house.ada.refusal(house.ada.commit(house.room, {})) == ErrorCode::kRemovalPending);
  CHECK(house.ada.additions(house.room, {house.ben.id()}).size() == 1);
  house.ada.send(house.ada.commit(house.room, {house.ada.removal(phone)}));
  house.ben.follow(house.room);
  CHECK(same_epoch(house.ada, house.ben));

  // Any member may bring in a member's new device.
  SecureDevice tablet(house.server, house.ben_account, 0);
  tablet.publish(1);
  const auto packages =
      house.ada.ask<wire::KeyPackages>(wire::ClaimKeyPackages{house.room, {house.ben.id()}})
          .packages;
  const auto of_tablet =
      std::ranges::find(packages, tablet.ref().device_id, &wire::ClaimedKeyPackage::device_id);
  REQUIRE(of_tablet != packages.end());
  const auto addition = SecureDevice::addition(of_tablet->key_package);
  // Not one that its user's list does not name any more, although it is signed in.
  house.ben.ask<wire::Done>(
      house.ben_account.next_list({{}, {tablet.ref().device_id}}, house.ben.id()));
  CHECK(house.ada.refusal(house.ada.commit(house.room, {addition})) ==
        ErrorCode::kCredentialInvalid);
  SecureDevice laptop(house.server, house.ben_account, 1);
  house.ada.send(house.ada.commit(
      house.room, {SecureDevice::addition(mls::encode(
                      laptop.packages.emplace_back(laptop.make_key_package()).key_package))}));
  laptop.join();
  CHECK(same_epoch(house.ada, laptop));
}

TEST_CASE("a device of a member joins by external commit, replacing its old leaf") {
  House house;
  house.ada.add(house.room, {house.ben.id()});
  house.ben.join();
  SecureDevice phone(house.server, house.ben_account, 2);
  phone.send(phone.external_commit(house.room));
  house.ada.follow(house.room);
  house.ben.follow(house.room);
  CHECK(same_epoch(house.ada, phone));
  CHECK(same_epoch(house.ben, phone));

  const auto leaf = phone.group->own_leaf();
  phone.send(phone.external_commit(house.room, leaf));
  house.ada.follow(house.room);
  CHECK(same_epoch(house.ada, phone));
  CHECK(house.ada.group->public_group().tree().member_count() == 3);

  // As somebody else, without being a member. (Being twice in a group is refused where the commit
  // would be made.)
  const auto own_leaf = house.ada.group->own_leaf();
  CHECK(phone.refusal(house.ada.external_commit(house.room, own_leaf)) ==
        ErrorCode::kCredentialInvalid);
  CHECK(house.eve.refusal(phone.external_commit(house.room, leaf)) == ErrorCode::kNotAMember);
  CHECK(house.epoch() == 3);

  // Somebody has to go, which a joiner cannot do: it comes in all the same, and the next commit
  // does it.
  house.ben.ask<wire::Done>(wire::LeaveRoom{house.room});
  house.ada.send(house.ada.external_commit(house.room, own_leaf));
  CHECK(house.ada.refusal(house.ada.commit(house.room, {})) == ErrorCode::kRemovalPending);
  house.ada.send(
      house.ada.commit(house.room, {house.ada.removal(house.ben), house.ada.removal(phone)}));
  CHECK(house.epoch() == 5);
}

TEST_CASE("private rooms take what is sealed for a recent epoch, open rooms do not") {
  House house;
  house.ada.add(house.room, {house.ben.id()});
  house.ben.join();
  CHECK(house.ada.refusal(house.ada.message(house.room, "in the clear")) ==
        ErrorCode::kInvalidArgument);
  CHECK(house.ada.refusal(house.ada.event(house.room, wire::Deletion{{1}})) ==
        ErrorCode::kInvalidArgument);
  const RoomId open = house.ada.create_room("Open");
  CHECK(house.ada.refusal(house.ada.sealed(open, 0)) == ErrorCode::kInvalidArgument);
  wire::Post odd = house.ada.sealed(house.room, 1);
  odd.body = wire::encode(wire::SealedBody{1, 1, true, Bytes(23), Bytes(9)});
  CHECK(house.ada.refusal(odd) == ErrorCode::kInvalidArgument);

  house.ada.ask<wire::Posted>(house.ada.sealed(house.room, 1));
  house.ada.ask<wire::Posted>(house.ada.sealed(house.room, 1, false));
  CHECK(house.ada.refusal(house.ada.sealed(house.room, 2)) == ErrorCode::kConflict);
  for (int i = 0; i < 3; ++i) house.ada.send(house.ada.commit(house.room, {}));
  house.ada.ask<wire::Posted>(house.ada.sealed(house.room, 1));
  house.ada.send(house.ada.commit(house.room, {}));
  CHECK(house.ada.refusal(house.ada.sealed(house.room, 1)) == ErrorCode::kConflict);
  house.ada.ask<wire::Posted>(house.ada.sealed(house.room, 2));

  const auto rooms = house.ben.ask<wire::RoomList>(wire::ListRooms{}).rooms;
  const auto found = std::ranges::find(rooms, house.room, &wire::RoomSummary::room_id);
  REQUIRE(found != rooms.end());
  CHECK(found->unread == 3);
  CHECK(found->last_message->kind == wire::EventKind::kSealed);
}

TEST_CASE("whether messages disappear is chosen at creation and agreed by the group") {
  House house;
  SecureDevice& ada = house.ada;
  const auto refused = [&](std::uint32_t group, std::uint32_t told) {
    wire::CreateRoom command = ada.creation({}, group);
    command.disappear_after_s = told;
    return ada.refusal(command);
  };
  CHECK(refused(0, 3600) == ErrorCode::kMlsInvalid);
  CHECK(refused(3600, 0) == ErrorCode::kMlsInvalid);
  CHECK(refused(3600, 7200) == ErrorCode::kMlsInvalid);
  CHECK(refused(59, 59) == ErrorCode::kInvalidArgument);
  CHECK(refused(31'536'001, 31'536'001) == ErrorCode::kInvalidArgument);
  const auto made = ada.ask<wire::RoomState>(ada.creation({}, 60)).room;
  CHECK(made.settings.disappear_after_s == 60);

  wire::Post passes = ada.sealed(made.room_id, 0);
  CHECK(ada.refusal(passes) == ErrorCode::kInvalidArgument);
  passes.body = wire::encode(wire::SealedBody{2, 0, true, {}, Bytes(64)});
  ada.ask<wire::Posted>(passes);
  passes.room_id = house.room;
  CHECK(ada.refusal(passes) == ErrorCode::kInvalidArgument);
  for (const auto& odd :
       {wire::SealedBody{2, 0, true, Bytes(24), Bytes(64)}, wire::SealedBody{2, 0, true, {}, {}},
        wire::SealedBody{3, 0, true, {}, Bytes(64)}}) {
    passes = ada.sealed(made.room_id, 0);
    passes.body = wire::encode(odd);
    CHECK(ada.refusal(passes) == ErrorCode::kInvalidArgument);
  }
}

TEST_CASE("the server goes on with a group after a restart") {
  House house;
  house.ada.add(house.room, {house.ben.id()});
  house.ben.join();
  const auto token = house.ada.welcome.session.token;
  const auto commit = house.ada.commit(house.room, {});
  const auto wrong = house.ben.commit(house.room, {});
  house.ada.disconnect();
  house.ben.disconnect();
  house.eve.disconnect();
  house.server.restart();

  wire::Authenticate hello;
  hello.token = token;
  Person ada(house.server, hello, 1);
  CHECK(ada.refusal(wrong) == ErrorCode::kCredentialInvalid);
  ada.ask<wire::Posted>(commit);
  CHECK(ada.ask<wire::GroupState>(wire::GetGroup{house.room, 0}).epoch == 2);
}

TEST_CASE("a commit that the disk refuses has not happened") {
  House house;
  const auto proposals = house.ada.additions(house.room, {house.ben.id()});
  const auto command = house.ada.commit(house.room, proposals, {house.ben.id()});
  house.server.store.fault = Error{ErrorCode::kStorageFull, {}, {}};
  CHECK(house.ada.refusal(command) == ErrorCode::kStorageFull);
  house.server.store.fault.reset();
  CHECK(house.epoch() == 0);
  CHECK(house.ben.inbox().empty());
  CHECK(house.ben.refusal(wire::GetGroup{house.room, 0}) == ErrorCode::kNotAMember);
  house.ada.send(command);
  house.ben.join();
  CHECK(same_epoch(house.ada, house.ben));
}

TEST_CASE("two people have one direct room, whoever asks and when") {
  House house;
  SecureDevice& ada = house.ada;
  SecureDevice& ben = house.ben;
  const auto from_ada = ada.creation(ben.id());
  const auto from_ben = ben.creation(ada.id());
  const auto first = ada.start(from_ada);
  const auto second = ben.start(from_ben);
  house.server.settle();
  const auto room_of = [](const app::Reply& reply) {
    return std::get<wire::RoomState>(std::get<wire::Response>(reply)).room;
  };
  const auto room = room_of(ada.peer.replies[first]);
  CHECK(room_of(ben.peer.replies[second]).room_id == room.room_id);
  CHECK(room.settings.direct);
  const bool ada_won = room.room_id.uuid == from_ada.client_id.uuid;
  CHECK((ada_won || room.room_id.uuid == from_ben.client_id.uuid));
  SecureDevice& winner = ada_won ? ada : ben;
  SecureDevice& loser = ada_won ? ben : ada;
  CHECK(ada.ask<wire::RoomState>(ada.creation(ben.id())).room.room_id == room.room_id);
  CHECK(ben.ask<wire::RoomState>(ben.creation(ada.id())).room.room_id == room.room_id);

  // Whoever came second is a member and lets its device in.
  loser.send(loser.external_commit(room.room_id));
  CHECK(loser.group->public_group().tree().member_count() == 2);

  // It is for these two.
  const UserId eve = house.eve.id();
  CHECK(loser.refusal(wire::ClaimKeyPackages{room.room_id, {eve}}) == ErrorCode::kAccessDenied);
  CHECK(loser.refusal(loser.commit(room.room_id, {}, {eve})) == ErrorCode::kAccessDenied);
  CHECK(winner.refusal(wire::InviteMember{room.room_id, eve}) == ErrorCode::kAccessDenied);
  CHECK(winner.refusal(wire::CreateInvite{room.room_id}) == ErrorCode::kAccessDenied);
  CHECK(winner.refusal(wire::RemoveMember{room.room_id, loser.id(), true}) ==
        ErrorCode::kAccessDenied);
  CHECK(house.eve.ask<wire::RoomState>(house.eve.creation(ben.id())).room.room_id != room.room_id);
  CHECK(ada.refusal(ada.creation(ada.id())) == ErrorCode::kInvalidArgument);
  CHECK(ada.refusal(ada.creation(UserId::make({}, house.server.rng))) == ErrorCode::kUserNotFound);

  // Who left comes back to the same room.
  winner.ask<wire::Done>(wire::LeaveRoom{room.room_id});
  CHECK(winner.refusal(wire::GetGroup{room.room_id, 0}) == ErrorCode::kNotAMember);
  CHECK(winner.ask<wire::RoomState>(winner.creation(loser.id())).room.role == wire::Role::kOwner);
}

TEST_CASE("the first one adds the other to a direct room") {
  House house;
  const RoomId room =
      house.ada.ask<wire::RoomState>(house.ada.creation(house.ben.id())).room.room_id;
  house.ada.add(room, {house.ben.id()});
  house.ben.join();
  CHECK(same_epoch(house.ada, house.ben));
  house.ben.ask<wire::Posted>(house.ben.sealed(room, 1));
  CHECK(house.ada.peer.events.back().second.kind == wire::EventKind::kSealed);
}

TEST_CASE("who comes by a link lets its own device in, with nobody else there") {
  House house;
  wire::CreateInvite link;
  link.room_id = house.room;
  const auto invite = house.ada.ask<wire::InviteState>(link).invite;
  house.ada.disconnect();
  CHECK(house.eve.refusal(wire::JoinRoom{house.room, ""}) == ErrorCode::kInviteRequired);
  house.eve.ask<wire::RoomState>(wire::JoinRoom{{}, invite.code});
  house.eve.send(house.eve.external_commit(house.room));
  CHECK(house.eve.group->public_group().tree().member_count() == 2);
  house.eve.ask<wire::Posted>(house.eve.sealed(house.room, 1));
}

TEST_CASE("an invitation's bundle is for members who know its code, while it holds") {
  House house;
  wire::CreateInvite link;
  link.room_id = house.room;
  link.expires_in_s = 3600;
  const auto invite = house.ada.ask<wire::InviteState>(link).invite;
  const auto bundle_of = [&](SecureDevice& device, const std::string& code) {
    return device.ask<wire::InviteBundle>(wire::GetInviteBundle{house.room, code}).bundle;
  };
  const auto put = [&](Bytes bundle) {
    return wire::PutInviteBundle{house.room, invite.invite_id, std::move(bundle)};
  };
  const wire::GetInviteBundle get{house.room, invite.code};
  CHECK(bundle_of(house.ada, invite.code).empty());
  house.ada.ask<wire::Done>(put({1, 2, 3}));
  house.ada.ask<wire::Done>(put({4, 5}));
  CHECK(house.ada.refusal(put({})) == ErrorCode::kInvalidArgument);
  // Not for those outside, nor for another code or room.
  CHECK(house.eve.refusal(get) == ErrorCode::kNotAMember);
  CHECK(house.eve.refusal(put({6})) == ErrorCode::kNotAMember);
  house.eve.ask<wire::RoomState>(wire::JoinRoom{{}, invite.code});
  CHECK(bundle_of(house.eve, invite.code) == Bytes{4, 5});
  CHECK(house.eve.refusal(wire::GetInviteBundle{house.room, "another"}) ==
        ErrorCode::kInviteInvalid);
  const RoomId other = house.ada.create_private();
  CHECK(house.ada.refusal(wire::GetInviteBundle{other, invite.code}) == ErrorCode::kInviteInvalid);
  CHECK(house.ada.refusal(wire::PutInviteBundle{other, invite.invite_id, {1}}) ==
        ErrorCode::kInviteInvalid);
  // It goes with the invitation.
  house.ada.ask<wire::Done>(wire::RevokeInvite{house.room, invite.invite_id});
  CHECK(house.eve.refusal(get) == ErrorCode::kInviteInvalid);
  CHECK(house.ada.refusal(put({7})) == ErrorCode::kInviteInvalid);
  const auto brief = house.ada.ask<wire::InviteState>(link).invite;
  const wire::PutInviteBundle late{house.room, brief.invite_id, {8}};
  house.ada.ask<wire::Done>(late);
  house.server.advance(seconds(3601));
  CHECK(house.ada.refusal(late) == ErrorCode::kInviteInvalid);
}

TEST_CASE("devices that all commit at once converge") {
  House house;
  SecureDevice phone(house.server, house.ben_account, 2);
  phone.publish(1);
  house.ada.add(house.room, {house.ben.id(), house.eve.id()});
  std::vector<SecureDevice*> devices{&house.ada, &house.ben, &house.eve, &phone};
  for (SecureDevice* device : devices) {
    if (device != &house.ada) device->join();
  }
  // In each round the first one wins and is done; the others follow it and try again.
  std::vector<SecureDevice*> waiting = devices;
  for (std::uint64_t epoch = 1; !waiting.empty(); ++epoch) {
    std::vector<wire::RequestId> requests;
    for (SecureDevice* device : waiting) {
      requests.push_back(device->start(device->commit(house.room, {})));
    }
    house.server.settle();
    std::vector<SecureDevice*> losers;
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      const app::Reply& reply = waiting[i]->peer.replies[requests[i]];
      if (std::holds_alternative<wire::Response>(reply)) {
        waiting[i]->group = std::move(waiting[i]->pending->next);
      } else {
        CHECK(std::get<wire::ErrorReply>(reply).code ==
              static_cast<std::uint16_t>(ErrorCode::kConflict));
        losers.push_back(waiting[i]);
      }
      waiting[i]->pending.reset();
    }
    REQUIRE(losers.size() + 1 == waiting.size());
    REQUIRE(house.epoch() == epoch + 1);
    for (SecureDevice* device : devices) {
      device->follow(house.room);
      CHECK(same_epoch(*device, house.ada));
    }
    waiting = std::move(losers);
  }
  CHECK(house.commits() == 5);
}
