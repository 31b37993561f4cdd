// Who gets which history, from whom, when the vault has none.
#include <catch2/generators/catch_generators.hpp>

#include "client/e2ee/records.hpp"
#include "shared/sealing/bundle.hpp"
#include "shared/sealing/history_request.hpp"
#include "shared/sealing/invite_key.hpp"
#include "tests/e2ee/world.hpp"

using namespace parley;
using namespace parley::testing;

namespace {

using Texts = std::vector<std::string>;

// Of an epoch whose secret is looked for, or is kept to those who were there.
bool is_closed(const std::string& text) { return text == "?0" || text == "?2"; }

// The server shows no history secrets of the vault.
void hide_vault(wire::Response& response) {
  if (auto* page = std::get_if<wire::VaultPage>(&response)) {
    std::erase_if(page->entries, [](const auto& entry) { return entry.key[0] == 1; });
  }
}
void garble_bundles(wire::InboxItem& item) {
  if (item.kind == 2) item.body.assign(10, 1);
}
// The device keeps its groups and loses all history.
void lose_history(Device& device, RoomId room) {
  device.disconnect();
  std::erase_if(device.disk(),
                [](const auto& entry) { return entry.first.starts_with("e2ee/epoch/"); });
  device.change_response = hide_vault;
  device.restart();
  device.read_again(room);
  device.connect();
}

// Ada's room with Ben. In its epochs is said "one", "two" ...; Cal comes before "three".
struct House {
  explicit House(wire::HistoryAccess history) {
    room = *ada.engine->create_room(ada.now(), "Plans", "", {ben.user()}, history);
    world.run(seconds(3));
    say("one");
    renew();
    say("two");
  }
  void say(const std::string& text) {
    ada.say(room, text);
    world.run(seconds(1));
  }
  void renew() {
    REQUIRE(ada.engine->renew_keys(ada.now(), room).ok());
    world.run(seconds(1));
  }
  void invite_cal() {
    REQUIRE(ada.engine->invite(ada.now(), room, {cal.user()}).ok());
    world.run(seconds(3));
    say("three");
    renew();
    say("four");
  }
  // What Cal reads of what was said; the rest is closed.
  Texts cal_reads() {
    Texts texts = cal.read(room);
    std::erase_if(texts, is_closed);
    return texts;
  }
  World world;
  Device& ada = world.add("Ada");
  Device& ben = world.add("Ben");
  Device& cal = world.add("Cal");
  RoomId room;
};

const Texts kAll = {"one", "two", "three", "four"};

}  // namespace

TEST_CASE("what no vault has is asked of members, who answer what the room allows", "[e2ee]") {
  struct Row {
    wire::HistoryAccess history;
    Texts reads;
  };
  const Row rows[] = {{wire::HistoryAccess::kAll, kAll},
                      {wire::HistoryAccess::kSinceInvited, {"three", "four"}},
                      {wire::HistoryAccess::kNone, {"four"}}};
  for (const Row& row : rows) {
    INFO(static_cast<int>(row.history));
    House house(row.history);
    house.cal.change_item = garble_bundles;
    house.invite_cal();
    house.cal.change_item = nullptr;
    lose_history(house.cal, house.room);
    house.world.run(minutes(5));
    CHECK(house.cal_reads() == row.reads);
    CHECK(house.cal.alerts.empty());
    // Then it is at rest: nobody is asked for ever.
    house.world.run(minutes(60));
    const auto requests = house.cal.requests;
    house.world.run(minutes(10));
    CHECK(house.cal.requests - requests <= 2);
  }
}

TEST_CASE("own devices answer everything, also where newcomers get nothing", "[e2ee]") {
  House house(wire::HistoryAccess::kNone);
  Device& phone = house.world.link(house.ben, "Ben's phone");
  house.world.run(seconds(5));
  house.ada.disconnect();
  lose_history(phone, house.room);
  house.world.run(minutes(1));
  CHECK(phone.read(house.room) == Texts{"one", "two"});
}

TEST_CASE("who was away when it was asked is asked again", "[e2ee]") {
  House house(wire::HistoryAccess::kAll);
  house.ben.disconnect();
  house.cal.change_item = garble_bundles;
  house.invite_cal();
  house.ada.disconnect();
  house.cal.change_item = nullptr;
  lose_history(house.cal, house.room);
  house.world.run(minutes(1));
  CHECK(house.cal_reads() == Texts{"four"});
  house.ben.connect();
  house.world.run(minutes(4));
  CHECK(house.cal_reads() == kAll);
}

TEST_CASE("a wrong answer spoils nothing", "[e2ee]") {
  House house(wire::HistoryAccess::kAll);
  house.cal.change_item = garble_bundles;
  house.invite_cal();
  // Ben answers first, with secrets that he made up.
  const auto keys = e2ee::unpack<e2ee::AccountRecord>(house.ben.disk().at("e2ee/account"));
  REQUIRE(keys);
  const auto account = crypto::SigningKey::from_seed(keys->account_seed);
  const auto signing = crypto::SigningKey::from_seed(keys->signing_seed);
  const auto device = crypto::KemKeyPair::from_secret(keys->device_secret.clone());
  const auto credential = identity::make_credential(account, keys->user, keys->device,
                                                    signing.public_key(), device.public_key);
  const auto receiver = e2ee::unpack<e2ee::AccountRecord>(house.cal.disk().at("e2ee/account"));
  REQUIRE(receiver);
  const auto receiver_key = crypto::KemKeyPair::from_secret(receiver->device_secret.clone());
  SeededRng rng(5);
  int lies = 0;
  house.cal.change_item = [&](wire::InboxItem& item) {
    if (item.kind != 2 || lies == 3) return;
    ++lies;
    sealing::HistoryBundle bundle;
    for (std::uint64_t epoch = 0; epoch < 5; ++epoch) {
      bundle.secrets.push_back({epoch, {}});
      rng.fill(bundle.secrets.back().secret.write());
    }
    item.body = *sealing::seal_bundle(rng, receiver_key.public_key,
                                      {house.room, sealing::BundlePurpose::kRequested},
                                      {credential, signing}, bundle);
  };
  lose_history(house.cal, house.room);
  house.world.run(minutes(5));
  CHECK(lies == 3);
  CHECK(house.cal_reads() == kAll);
  // Nor is anything wrong in the vault, which keeps what comes first.
  Device& phone = house.world.link(house.cal, "Cal's phone");
  phone.change_item = garble_bundles;
  house.ada.disconnect();
  house.ben.disconnect();
  house.cal.disconnect();
  std::erase_if(phone.disk(),
                [](const auto& entry) { return entry.first.starts_with("e2ee/epoch/"); });
  phone.restart();
  phone.connect();
  house.world.run(minutes(1));
  phone.read_again(house.room);
  house.world.run(minutes(1));
  CHECK(phone.read(house.room) == kAll);
}

TEST_CASE("a request by somebody who is not in the group is not answered", "[e2ee]") {
  House house(wire::HistoryAccess::kAll);
  house.invite_cal();
  const auto keys = e2ee::unpack<e2ee::AccountRecord>(house.cal.disk().at("e2ee/account"));
  REQUIRE(keys);
  const auto account = crypto::SigningKey::from_seed(keys->account_seed);
  const auto signing = crypto::SigningKey::from_seed(keys->signing_seed);
  const auto device = crypto::KemKeyPair::from_secret(keys->device_secret.clone());
  const auto credential = identity::make_credential(account, keys->user, keys->device,
                                                    signing.public_key(), device.public_key);
  int answers = 0;
  house.cal.change_item = [&](wire::InboxItem& item) { answers += item.kind == 2; };
  const auto ask = [&] {
    wire::SendToDevices request;
    request.devices.push_back({house.ada.user(), house.ada.device()});
    request.room_id = house.room;
    request.kind = 3;
    request.body = *sealing::make_history_request(house.room, {credential, signing}, {0, 1});
    house.cal.request(request);
    house.world.settle();
  };
  ask();
  CHECK(answers == 1);
  ask();  // too soon after the first
  CHECK(answers == 1);
  house.world.run(seconds(10));
  house.ada.request(wire::RemoveMember{house.room, house.cal.user(), false});
  house.world.run(seconds(5));
  // The server, which is in league with Cal, hands it over all the same.
  wire::InboxItem item;
  item.number = 1;
  item.kind = 3;
  item.room_id = house.room;
  item.sender = house.cal.user();
  item.device = house.cal.device();
  item.body = *sealing::make_history_request(house.room, {credential, signing}, {0, 1});
  const auto sent = house.ada.requests;
  house.ada.engine->handle_notice(house.ada.now(), wire::InboxNotice{{item}});
  house.world.settle();
  CHECK(house.ada.requests - sent == 1);  // the acknowledgement
}

TEST_CASE("a history longer than a bundle arrives in parts", "[e2ee]") {
  House house(wire::HistoryAccess::kAll);
  while (house.ada.epoch(house.room) < sealing::kMaxBundleSecrets + 5) {
    REQUIRE(house.ada.engine->renew_keys(house.ada.now(), house.room).ok());
    house.world.run(seconds(1));
  }
  house.world.run(minutes(1));  // the server's limit of requests is used up
  int bundles = 0;
  house.cal.change_item = [&](wire::InboxItem& item) { bundles += item.kind == 2; };
  house.invite_cal();
  CHECK(house.cal_reads() == kAll);
  CHECK(bundles == 2);
}

TEST_CASE("a person's further device is told what the person may read", "[e2ee]") {
  const auto history = GENERATE(wire::HistoryAccess::kAll, wire::HistoryAccess::kSinceInvited,
                                wire::HistoryAccess::kNone);
  INFO(static_cast<int>(history));
  House house(history);
  house.invite_cal();
  for (Device* device : {&house.ada, &house.ben}) {
    device->restart();  // since when Cal is there is kept
    device->connect();
  }
  house.world.run(seconds(2));
  // Cal's phone, with Cal's other device away and nothing in the vault.
  const auto secret = house.cal.engine->make_recovery(house.cal.now());
  REQUIRE(secret.ok());
  house.world.settle();
  house.cal.disconnect();
  Device& phone = *house.world.devices().emplace_back(
      std::make_unique<Device>(house.world.server, "Cal's phone", 99, *secret));
  phone.change_response = hide_vault;
  phone.connect();
  house.world.settle();
  phone.engine->recover(phone.now(), *secret);
  house.world.run(minutes(1));
  REQUIRE(phone.ready());
  house.say("five");
  Texts texts = phone.read(house.room);
  std::erase_if(texts, is_closed);
  if (history == wire::HistoryAccess::kAll) {
    CHECK(texts == Texts{"one", "two", "three", "four", "five"});
  } else if (history == wire::HistoryAccess::kSinceInvited) {
    CHECK(texts == Texts{"three", "four", "five"});
  } else {
    CHECK(texts == Texts{"five"});
  }
  // And all of it once the vault is there.
  phone.change_response = nullptr;
  phone.disconnect();
  phone.connect();
  house.world.run(seconds(5));
  phone.read_again(house.room);
  house.world.run(seconds(5));
  texts = phone.read(house.room);
  std::erase_if(texts, is_closed);
  if (history == wire::HistoryAccess::kAll) {
    CHECK(texts == Texts{"one", "two", "three", "four", "five"});
  } else {
    CHECK(texts == Texts{"three", "four", "five"});
  }
}

TEST_CASE("what is forgotten is not kept, given or fetched again", "[e2ee]") {
  House house(wire::HistoryAccess::kAll);
  const std::uint64_t kept = house.ada.epoch(house.room);
  for (Device* device : {&house.ada, &house.ben}) {
    device->engine->forget_before(device->now(), house.room, kept);
  }
  house.world.run(seconds(1));
  const auto kept_epochs = [&](Device& device) {
    return std::ranges::count_if(
        device.disk(), [](const auto& entry) { return entry.first.starts_with("e2ee/epoch/"); });
  };
  CHECK(kept_epochs(house.ada) == 1);
  house.invite_cal();
  CHECK(house.cal_reads() == Texts{"two", "three", "four"});
  // The vault has them, and they are not taken from there when it is read for another one.
  house.ada.disconnect();
  const std::string other = "e2ee/epoch/" + house.room.to_string() + "/" + std::to_string(kept);
  REQUIRE(house.ada.disk().erase(other) == 1);
  house.ada.restart();
  house.ada.connect();
  house.ada.read_again(house.room);
  house.world.run(minutes(2));
  Texts texts = house.ada.read(house.room);
  std::erase_if(texts, is_closed);
  CHECK(texts == Texts{"two", "three", "four"});
  CHECK(house.ada.disk().contains(other));
  CHECK_FALSE(house.ada.disk().contains("e2ee/epoch/" + house.room.to_string() + "/0"));
  // Never the present one.
  house.ada.engine->forget_before(house.ada.now(), house.room, UINT64_MAX);
  house.say("five");
  CHECK(house.ben.read(house.room).back() == "five");
}

TEST_CASE("the secrets of what is too old are forgotten, also after a restart", "[e2ee]") {
  House house(wire::HistoryAccess::kAll);
  std::vector<std::uint64_t> epochs;  // of each day
  for (int day = 0; day < 8; ++day) {
    REQUIRE(house.ada.engine->renew_keys(house.ada.now(), house.room).ok());
    house.world.run(minutes(1));
    house.say("day " + std::to_string(day));
    epochs.push_back(house.ada.epoch(house.room));
    house.world.run(hours(24));
  }
  for (Device* device : {&house.ada, &house.ben}) {
    const auto kept = [&] {
      std::uint64_t first = UINT64_MAX;
      const std::string prefix = "e2ee/epoch/" + house.room.to_string() + "/";
      for (const auto& [key, value] : device->disk()) {
        if (!key.starts_with(prefix)) continue;
        first = std::min<std::uint64_t>(first, std::stoull(key.substr(prefix.size())));
      }
      return first;
    };
    device->engine->forget_older(device->now(), house.room, device->now().wall - hours(24 * 100));
    house.world.run(seconds(1));
    CHECK(kept() == 0);
    if (device == &house.ben) device->restart();  // its session is over by now: it stays offline
    device->engine->forget_older(device->now(), house.room, device->now().wall - hours(48));
    house.world.run(seconds(1));
    // Of the epoch then, and of those of which messages may have come late.
    CHECK(kept() > epochs[2]);
    CHECK(kept() <= epochs[5]);
    CHECK(device->read(house.room).back() == "day 7");
  }
  house.say("and on");
  CHECK(house.ada.read(house.room).back() == "and on");
}

namespace {

wire::InviteInfo make_invite(House& house) {
  wire::CreateInvite create;
  create.room_id = house.room;
  wire::InviteInfo invite;
  house.ada.request(create, [&](const app::Reply& reply) {
    invite = std::get<wire::InviteState>(std::get<wire::Response>(reply)).invite;
  });
  house.world.settle();
  REQUIRE_FALSE(invite.code.empty());
  return invite;
}
// With nobody else there.
void join_by(House& house, Device& who, const wire::InviteInfo& invite, const crypto::Secret& key) {
  for (auto& device : house.world.devices()) {
    if (device.get() != &who) device->disconnect();
  }
  who.request(wire::JoinRoom{{}, invite.code});
  who.engine->use_invite_key(who.now(), house.room, invite.code, key);
  house.world.run(seconds(10));
  REQUIRE(who.rooms().contains(house.room));
}
void join_by(House& house, const wire::InviteInfo& invite, const crypto::Secret& key) {
  join_by(house, house.cal, invite, key);
}

}  // namespace

TEST_CASE("who comes by a link reads with nobody online what the room allows", "[e2ee]") {
  const auto history = GENERATE(wire::HistoryAccess::kAll, wire::HistoryAccess::kSinceInvited,
                                wire::HistoryAccess::kNone);
  INFO(static_cast<int>(history));
  House house(history);
  const auto invite = make_invite(house);
  const auto key = house.ada.engine->make_invite_key(house.ada.now(), house.room, invite.invite_id);
  REQUIRE(key.ok());
  house.world.run(seconds(1));
  // Somebody else begins the next epoch.
  REQUIRE(house.ben.engine->renew_keys(house.ben.now(), house.room).ok());
  house.world.run(seconds(1));
  house.say("three");
  join_by(house, invite, *key);
  const bool all = history == wire::HistoryAccess::kAll;
  CHECK(house.cal_reads() == (all ? Texts{"one", "two", "three"} : Texts{}));
  CHECK(house.cal.engine->room(house.room)->name == "Plans");
  CHECK(house.cal.alerts.empty());

  // And whoever comes after, by the link that Cal has learnt of by it.
  Device& dan = house.world.add("Dan");
  house.cal.say(house.room, "four");
  house.world.run(seconds(1));
  house.cal.disconnect();
  dan.request(wire::JoinRoom{{}, invite.code});
  dan.engine->use_invite_key(dan.now(), house.room, invite.code, *key);
  house.world.run(seconds(10));
  Texts texts = dan.read(house.room);
  std::erase_if(texts, is_closed);
  CHECK(texts == (all ? kAll : Texts{}));
}

TEST_CASE("a link's key holds as long as the one who made it is in the room", "[e2ee]") {
  House house(wire::HistoryAccess::kAll);
  const auto invite = make_invite(house);
  const auto key = house.ben.engine->make_invite_key(house.ben.now(), house.room, invite.invite_id);
  REQUIRE(key.ok());
  house.world.run(seconds(1));
  house.renew();
  house.ada.request(wire::RemoveMember{house.room, house.ben.user(), false});
  house.world.run(seconds(5));
  house.say("without Ben");
  house.renew();
  join_by(house, invite, *key);
  CHECK(house.cal_reads() == Texts{"one", "two"});
}

TEST_CASE("what a device owes a link it still owes after a restart", "[e2ee]") {
  House house(wire::HistoryAccess::kAll);
  const auto first = make_invite(house);
  const auto key = house.ada.engine->make_invite_key(house.ada.now(), house.room, first.invite_id);
  REQUIRE(key.ok());
  house.world.run(seconds(1));
  join_by(house, first, *key);
  CHECK(house.cal_reads() == Texts{"one", "two"});
  house.say("three");  // by Ada, when she is there again
  house.cal.disconnect();

  house.ada.connect();
  house.world.run(seconds(5));
  const auto second = make_invite(house);
  const auto other =
      house.ada.engine->make_invite_key(house.ada.now(), house.room, second.invite_id);
  REQUIRE(other.ok());
  CHECK(house.ada.engine->room(house.room)->invites_due);
  // Stored, and nothing of it sent.
  house.ada.disconnect();
  house.world.settle();
  house.ada.restart();
  const auto same_key = [&] {
    const auto* kept = house.ada.engine->invite_key(house.room, second.invite_id);
    return kept != nullptr && std::ranges::equal(kept->expose(), other->expose());
  };
  CHECK(same_key());
  house.ada.connect();
  house.world.run(seconds(1));
  CHECK_FALSE(house.ada.engine->room(house.room)->invites_due);
  Device& dan = house.world.add("Dan");
  join_by(house, dan, second, *other);
  CHECK(dan.engine->room(house.room)->name == "Plans");
  Texts texts = dan.read(house.room);
  std::erase_if(texts, is_closed);
  CHECK(texts == Texts{"one", "two", "three"});

  // The others were told of its key: who begins an epoch leaves a new bundle, after a restart too.
  dan.disconnect();
  house.ben.connect();
  house.world.run(seconds(5));
  REQUIRE(house.ben.engine->renew_keys(house.ben.now(), house.room).ok());
  const auto before = house.ben.epoch(house.room);
  for (int i = 0; i < 1000 && house.ben.epoch(house.room) == before; ++i) {
    house.world.server.settle();
    house.ben.pump();
  }
  CHECK(house.ben.epoch(house.room) > before);
  CHECK(house.ben.engine->room(house.room)->invites_due);
  house.ben.disconnect();
  house.world.settle();
  house.ben.restart();
  house.ben.connect();
  house.ben.say(house.room, "four");
  house.world.run(seconds(5));
  Device& eve = house.world.add("Eve");
  join_by(house, eve, second, *other);
  texts = eve.read(house.room);
  std::erase_if(texts, is_closed);
  CHECK(texts == kAll);

  // The key goes with the invitation.
  eve.disconnect();
  house.ada.connect();
  house.world.run(seconds(5));
  CHECK(same_key());
  house.ada.request(wire::RevokeInvite{house.room, second.invite_id});
  house.world.run(seconds(1));
  REQUIRE(house.ada.engine->renew_keys(house.ada.now(), house.room).ok());
  house.world.run(seconds(5));
  CHECK_FALSE(same_key());
  house.ada.restart();
  CHECK_FALSE(same_key());
}

TEST_CASE("nobody outside of the group announces keys of links", "[e2ee]") {
  House house(wire::HistoryAccess::kAll);
  const auto invite = make_invite(house);
  SeededRng rng(8);
  const auto account = crypto::SigningKey::generate(rng),
             signing = crypto::SigningKey::generate(rng);
  const auto device = crypto::KemKeyPair::generate(rng);
  const auto credential = identity::make_credential(account, house.ben.user(), house.ben.device(),
                                                    signing.public_key(), device.public_key);
  crypto::Secret key;
  rng.fill(key.write());
  wire::InboxItem item;
  item.number = 1;
  item.kind = 5;
  item.room_id = house.room;
  item.body = sealing::announce_invite_key(house.room, {credential, signing}, invite.invite_id,
                                           sealing::invite_key_pair(key).public_key);
  house.ada.engine->handle_notice(house.ada.now(), wire::InboxNotice{{item}});
  house.renew();
  join_by(house, invite, key);
  CHECK(house.cal_reads() == Texts{});
}
