// A server that lies: what it can do is seen and shown.
#include "tests/e2ee/world.hpp"

using namespace parley;
using namespace parley::testing;

namespace {

struct Pair {
  Pair() {
    room = *ada.engine->start_direct(ada.now(), ben.user());
    world.run(seconds(5));
    ada.say(room, "one");
    world.run(seconds(1));
    ada.say(room, "two");
    world.run(seconds(1));
    ada.say(room, "three");
    world.run(seconds(1));
    for (const wire::Event& event : ben.log(room)) {
      if (event.kind == wire::EventKind::kSealed) sealed.push_back(event);
    }
    REQUIRE(sealed.size() == 3);
  }
  std::optional<e2ee::OpenFault> fault(const wire::Event& event) {
    auto opened = ben.engine->open(ben.now(), room, event);
    const auto* fault = std::get_if<e2ee::OpenFault>(&opened);
    return fault == nullptr ? std::nullopt : std::optional(*fault);
  }
  bool warned(Device& device, e2ee::AlertKind kind) {
    return std::ranges::any_of(device.alerts, [&](const auto& a) { return a.kind == kind; });
  }
  World world;
  Device& ada = world.add("Ada");
  Device& ben = world.add("Ben");
  RoomId room;
  std::vector<wire::Event> sealed;
};

// Answers about this user stay as they were at first.
auto freeze(UserId user, wire::Identity old) {
  return [user, old](wire::Response& response) {
    auto* answer = std::get_if<wire::Identities>(&response);
    if (answer == nullptr) return;
    for (wire::Identity& identity : answer->identities) {
      if (identity.user_id == user) identity = old;
    }
  };
}

}  // namespace

TEST_CASE("messages that were changed, moved, repeated or dropped do not pass", "[e2ee]") {
  Pair pair;
  CHECK_FALSE(pair.fault(pair.sealed[1]));  // read again, it is what it was

  wire::Event changed = pair.sealed[1];
  changed.body.back() ^= 1;
  CHECK(pair.fault(changed) == e2ee::OpenFault::kWrongKey);
  changed = pair.sealed[1];
  changed.sender = pair.ben.user();
  CHECK(pair.fault(changed) == e2ee::OpenFault::kWrongKey);
  changed = pair.sealed[1];
  changed.client_id = pair.sealed[2].client_id;
  CHECK(pair.fault(changed) == e2ee::OpenFault::kWrongKey);
  changed = pair.sealed[1];
  changed.body.clear();
  CHECK(pair.fault(changed) == e2ee::OpenFault::kMalformed);

  wire::Event repeated = pair.sealed[1];
  repeated.seq.value += 1000;
  CHECK(pair.fault(repeated) == e2ee::OpenFault::kRepeated);

  // Ben's phone is shown the first and the third alone.
  Device& phone = pair.world.link(pair.ben, "Ben's phone");
  pair.world.run(seconds(5));
  for (auto& [key, value] : phone.disk()) {
    if (key.starts_with("e2ee/chain/")) value.clear();
  }
  phone.restart();
  CHECK(std::holds_alternative<e2ee::Opened>(
      phone.engine->open(phone.now(), pair.room, pair.sealed[0])));
  const auto third = phone.engine->open(phone.now(), pair.room, pair.sealed[2]);
  REQUIRE(std::holds_alternative<e2ee::Opened>(third));
  CHECK(std::get<e2ee::Opened>(third).chain ==
        sealing::ChainJudgement{sealing::ChainVerdict::kGap, 1});
}

TEST_CASE("an old device list is seen through", "[e2ee]") {
  Pair pair;
  wire::Identity first;
  pair.ada.change_response = [&](wire::Response& response) {
    if (auto* answer = std::get_if<wire::Identities>(&response)) {
      for (const auto& identity : answer->identities) {
        if (identity.user_id == pair.ben.user()) first = identity;
      }
    }
  };
  pair.ada.disconnect();
  pair.ada.connect();
  REQUIRE(pair.ada.engine->invite(pair.ada.now(), pair.room, {pair.ben.user()}).ok());
  pair.world.run(seconds(3));
  REQUIRE(first.version == 1);
  pair.ada.change_response = nullptr;
  pair.world.link(pair.ben, "Ben's phone");
  pair.world.run(seconds(5));
  CHECK(pair.ada.alerts.empty());
  pair.ada.change_response = freeze(pair.ben.user(), first);
  pair.world.link(pair.ben, "Ben's tablet");
  pair.world.run(seconds(5));
  CHECK(pair.warned(pair.ada, e2ee::AlertKind::kListRolledBack));
}

TEST_CASE("nothing is sent to a device that its user's list does not name", "[e2ee]") {
  Pair pair;
  wire::Identity first;
  pair.ada.change_response = [&](wire::Response& response) {
    if (auto* answer = std::get_if<wire::Identities>(&response)) {
      for (const auto& identity : answer->identities) {
        if (identity.user_id == pair.ben.user()) first = identity;
      }
    }
  };
  REQUIRE(pair.ada.engine->invite(pair.ada.now(), pair.room, {pair.ben.user()}).ok());
  pair.ada.disconnect();
  pair.ada.connect();
  pair.world.run(seconds(3));
  REQUIRE(first.version == 1);
  pair.ada.change_response = freeze(pair.ben.user(), first);
  pair.world.link(pair.ben, "somebody else's");
  pair.world.run(seconds(5));
  CHECK(pair.warned(pair.ada, e2ee::AlertKind::kGhostDevice));
  pair.ada.say(pair.room, "not for that one");
  pair.world.run(seconds(5));
  CHECK(pair.ada.unsent() == 1);
  CHECK(pair.ada.engine->room(pair.room)->not_ready == e2ee::NotReady::kGhostDevice);
}

TEST_CASE("a commit that is kept back is missed", "[e2ee]") {
  Pair pair;
  pair.ada.withhold = [](const wire::Event& event) {
    return event.kind == wire::EventKind::kCommit;
  };
  const std::uint64_t epoch = pair.ada.epoch(pair.room);
  pair.ada.change_response = [epoch](wire::Response& response) {
    if (auto* answer = std::get_if<wire::Commits>(&response)) {
      answer->events.clear();
      answer->epoch = epoch;
    }
  };
  REQUIRE(pair.ben.engine->renew_keys(pair.ben.now(), pair.room).ok());
  pair.world.run(seconds(1));
  pair.ben.say(pair.room, "in the new epoch");
  pair.world.run(seconds(5));
  CHECK(pair.warned(pair.ada, e2ee::AlertKind::kGroupRolledBack));
  // When the server tells the truth again, nothing is lost.
  pair.ada.change_response = nullptr;
  pair.ada.withhold = nullptr;
  pair.ben.say(pair.room, "still");
  pair.world.run(seconds(40));
  CHECK(pair.ada.read(pair.room) ==
        std::vector<std::string>{"one", "two", "three", "in the new epoch", "still"});
}

TEST_CASE("who is shown another commit than the others reads nothing of theirs as true", "[e2ee]") {
  World world;
  Device& ada = world.add("Ada");
  Device& ben = world.add("Ben");
  Device& cid = world.add("Cid");
  const RoomId room = *ada.engine->create_room(ada.now(), "Three", "", {ben.user(), cid.user()},
                                               wire::HistoryAccess::kAll, 0);
  world.run(minutes(3));  // newcomers renew their keys
  const std::uint64_t epoch = cid.epoch(room);
  std::optional<wire::CommitGroup> lost;
  ben.overhear = [&](const wire::Command& command) {
    const auto* commit = std::get_if<wire::CommitGroup>(&command);
    if (commit != nullptr && commit->epoch == epoch) lost = *commit;
  };
  // Cid is shown Ben's commit in the place of Ada's, and none after it.
  bool lies = true;
  std::size_t commits = 0;
  const auto forge = [&](wire::Event& event) {
    event.sender = ben.user();
    event.device = ben.device();
    event.client_id = lost->client_id;
    event.body = lost->commit;
  };
  cid.change_events = [&](std::vector<std::pair<RoomId, wire::Event>>& events) {
    for (auto& [id, event] : events) {
      if (lies && event.kind == wire::EventKind::kCommit && ++commits == 1) forge(event);
    }
  };
  cid.withhold = [&](const wire::Event& event) {
    return lies && event.kind == wire::EventKind::kCommit && commits > 1;
  };
  cid.change_response = [&](wire::Response& response) {
    auto* answer = std::get_if<wire::Commits>(&response);
    if (!lies || answer == nullptr) return;
    answer->events.clear();
    answer->epoch = epoch + 1;
  };
  // Both commit at the same moment; the server takes Ada's.
  REQUIRE(ada.engine->renew_keys(ada.now(), room).ok());
  REQUIRE(ben.engine->renew_keys(ben.now(), room).ok());
  while (ada.pump()) {
  }
  ben.pump();
  REQUIRE(lost);
  world.run(seconds(5));
  CHECK(cid.epoch(room) == epoch + 1);
  CHECK(ben.epoch(room) > epoch);
  ada.say(room, "in which epoch?");
  world.run(seconds(5));
  CHECK(ben.read(room) == std::vector<std::string>{"in which epoch?"});
  CHECK(cid.read(room).at(0).starts_with("?"));
  const auto faults = cid.closed(room);
  REQUIRE(faults.size() == 1);
  INFO(e2ee::describe(faults.begin()->second));
  CHECK(faults.begin()->second == e2ee::OpenFault::kUnknownEpoch);
  CHECK_FALSE(cid.alerts.empty());
  // What was hidden is found when the server tells the truth again.
  lies = false;
  cid.withhold = nullptr;
  cid.change_events = nullptr;
  cid.change_response = nullptr;
  ada.say(room, "and now?");
  world.run(minutes(1));
  CHECK(cid.epoch(room) == ada.epoch(room));
  CHECK(cid.read(room) == ada.read(room));
}

TEST_CASE("another account key of a verified person stops the room until it is accepted",
          "[e2ee]") {
  Pair pair;
  pair.ada.engine->accept_identity(pair.ada.now(), pair.ben.user(), true);
  pair.world.run(seconds(1));
  REQUIRE_FALSE(pair.ada.engine->room(pair.room)->not_ready);
  SeededRng rng(77);
  const auto account = crypto::SigningKey::generate(rng);
  const auto list =
      identity::make_first(account, pair.ben.user(),
                           {{pair.ben.device(), crypto::SigningKey::generate(rng).public_key(),
                             crypto::KemKeyPair::generate(rng).public_key, pair.ada.now().wall}});
  REQUIRE(list.ok());
  pair.ada.change_response =
      freeze(pair.ben.user(), {pair.ben.user(), list->version, list->encode()});
  pair.ada.engine->handle_notice(pair.ada.now(),
                                 wire::IdentityChangedNotice{pair.ben.user(), list->version});
  pair.world.run(seconds(2));
  REQUIRE(pair.ada.engine->room(pair.room)->not_ready);
  pair.ada.say(pair.room, "is it you?");
  pair.world.run(seconds(2));
  CHECK(pair.ada.unsent() == 1);
  // Ben's own key again: nothing of it was remembered for the group.
  pair.ada.change_response = nullptr;
  pair.ada.engine->handle_notice(pair.ada.now(),
                                 wire::IdentityChangedNotice{pair.ben.user(), list->version});
  pair.world.run(seconds(2));
  CHECK(pair.ada.engine->room(pair.room)->not_ready == e2ee::NotReady::kIdentityChanged);
  pair.ada.engine->accept_identity(pair.ada.now(), pair.ben.user(), false);
  pair.world.run(seconds(2));
  CHECK_FALSE(pair.ada.engine->room(pair.room)->not_ready);
  CHECK(pair.ada.unsent() == 0);
}

TEST_CASE("an answer about somebody else does not pass for one's own identity", "[e2ee]") {
  World world;
  Device& ben = world.add("Ben");
  Person eve(world.server, "Eve");
  const auto bens = eve.ask<wire::Identities>(wire::GetIdentities{{ben.user()}});
  Device& cal = *world.devices().emplace_back(std::make_unique<Device>(world.server, "Cal", 77));
  int answers = 0;
  cal.change_response = [&](wire::Response& response) {
    // The first one tells that the account is new.
    if (auto* answer = std::get_if<wire::Identities>(&response); answer && ++answers > 1) {
      *answer = bens;
    }
  };
  cal.connect();
  world.run(seconds(3));
  CHECK(answers > 1);
  CHECK_FALSE(cal.ready());
  CHECK(std::ranges::any_of(
      cal.alerts, [](const auto& a) { return a.kind == e2ee::AlertKind::kOwnIdentityReplaced; }));
}
