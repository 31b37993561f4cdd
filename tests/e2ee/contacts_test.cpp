// What a person decides about somebody's account key holds on all devices of the person.
#include "client/e2ee/records.hpp"
#include "shared/sealing/vault.hpp"
#include "tests/e2ee/world.hpp"

using namespace parley;
using namespace parley::testing;

namespace {

// Ada, her phone, and Ben, who talk to each other.
struct Home {
  Home() {
    room = *ada.engine->start_direct(ada.now(), ben.user());
    world.run(seconds(3));
    ada.say(room, "one");
    world.run(seconds(3));
    REQUIRE(phone.read(room).size() == 1);
  }
  const identity::PinnedIdentity& ben_on(Device& device) {
    const auto* pin = device.engine->identity(ben.user());
    REQUIRE(pin);
    return *pin;
  }
  bool told_of_change(const Device& device) {
    return std::ranges::any_of(device.changes, [&](const e2ee::Change& change) {
      const auto* changed = std::get_if<e2ee::IdentityChanged>(&change);
      return changed != nullptr && changed->user == ben.user();
    });
  }
  void decide(Device& device, bool verified) {
    device.engine->accept_identity(device.now(), ben.user(), verified);
    world.run(seconds(3));
  }
  void meet_again(Device& device) {
    device.disconnect();
    world.settle();
    device.connect();
    world.run(seconds(3));
  }
  void ben_starts_afresh() {
    ben.disk().clear();
    ben.restart();
    ben.connect();
    world.run(seconds(5));
    ben.engine->start_afresh(ben.now());
    world.run(seconds(10));
    REQUIRE(ben.ready());
  }
  World world;
  Device& ada = world.add("Ada");
  Device& ben = world.add("Ben");
  Device& phone = world.link(ada, "Ada's phone");
  RoomId room;
};

}  // namespace

TEST_CASE("who was verified on one device is verified on the others", "[e2ee]") {
  Home home;
  CHECK_FALSE(home.ben_on(home.phone).verified());
  const bool interrupted = GENERATE(false, true);
  if (interrupted) {
    // Decided without a connection, and the process ends before there is one.
    home.ada.disconnect();
    home.decide(home.ada, true);
    home.ada.restart();
    home.ada.connect();
    home.world.run(seconds(3));
  } else {
    home.decide(home.ada, true);
  }
  home.meet_again(home.phone);
  CHECK(home.ben_on(home.phone).verified());
  CHECK_FALSE(home.told_of_change(home.phone));
  Device& tablet = home.world.link(home.ada, "Ada's tablet");
  home.world.run(seconds(5));
  CHECK(home.ben_on(tablet).verified());
  // What each device keeps of it is done with.
  for (Device* device : {&home.ada, &home.phone, &tablet}) {
    for (const auto& [key, value] : device->disk()) {
      if (!key.starts_with("e2ee/decision/")) continue;
      const auto record = e2ee::unpack<e2ee::DecisionRecord>(value);
      REQUIRE(record);
      CHECK(record->told);
      CHECK(record->followed);
      CHECK(record->number == 1);
    }
    CHECK(device->disk().contains("e2ee/decision/" + home.ben.user().to_string()));
  }
  // The server knows that something was decided, and not about whom.
  std::size_t decisions = 0;
  home.ada.request(wire::GetVault{0, 200}, [&](const app::Reply& reply) {
    const auto page = std::get<wire::VaultPage>(std::get<wire::Response>(reply));
    for (const wire::VaultEntry& entry : page.entries) {
      const auto name = sealing::decode_name(entry.key);
      REQUIRE(name);
      if (!std::holds_alternative<sealing::ContactEntry>(*name)) continue;
      ++decisions;
      const Bytes user = to_bytes(home.ben.user().view());
      CHECK(std::ranges::search(entry.key, user).empty());
      CHECK(std::ranges::search(entry.sealed, user).empty());
    }
  });
  home.world.settle();
  CHECK(decisions == 1);
}

TEST_CASE("a change that was accepted on one device does not stop the others", "[e2ee]") {
  Home home;
  home.decide(home.ada, true);
  home.meet_again(home.phone);
  REQUIRE(home.ben_on(home.phone).verified());
  const bool away = GENERATE(false, true);
  if (away) home.phone.disconnect();
  home.ben_starts_afresh();
  REQUIRE(home.ben_on(home.ada).blocked());
  const bool verified = GENERATE(false, true);
  home.decide(home.ada, verified);
  CHECK_FALSE(home.ben_on(home.ada).blocked());
  if (away) home.phone.connect();
  home.world.run(seconds(5));
  if (!away) {
    CHECK(home.ben_on(home.phone).blocked());
    home.meet_again(home.phone);
  }
  CHECK_FALSE(home.ben_on(home.phone).blocked());
  CHECK(home.ben_on(home.phone).verified() == verified);
  CHECK(home.told_of_change(home.phone));
  // What was decided first is no news to a device that comes last.
  Device& tablet = home.world.link(home.ada, "Ada's tablet");
  home.world.run(seconds(5));
  CHECK_FALSE(home.ben_on(tablet).blocked());
  CHECK(home.ben_on(tablet).verified() == verified);
}

TEST_CASE("a new device that is shown another key than was verified says so", "[e2ee]") {
  Home home;
  home.decide(home.ada, true);
  const auto words = home.world.recovery_of(home.ada);
  const auto key = home.ben_on(home.ada).account_key();
  home.ada.disconnect();
  home.phone.disconnect();
  home.ben_starts_afresh();
  Device& other = home.world.restore(words, 601);
  CHECK(home.ben_on(other).account_key() != key);
  CHECK(home.ben_on(other).previous_key() == key);
  CHECK(home.ben_on(other).blocked());
  CHECK(home.told_of_change(other));
  other.say(home.room, "nobody hears this");
  home.world.run(seconds(5));
  CHECK(other.unsent() == 1);
  home.decide(other, false);
  home.world.run(seconds(5));
  CHECK(other.unsent() == 0);
  // The others follow, though they learn of the key only now.
  home.ada.connect();
  home.world.run(seconds(5));
  CHECK_FALSE(home.ben_on(home.ada).blocked());
  CHECK(home.told_of_change(home.ada));
}

TEST_CASE("a verification that was not told yet is told as it was made", "[e2ee]") {
  Home home;
  const auto words = home.world.recovery_of(home.ada);
  const auto key = home.ben_on(home.ada).account_key();
  home.ada.disconnect();
  home.decide(home.ada, true);
  home.phone.disconnect();
  home.ben_starts_afresh();
  // What the server shows before anything can be told stops this device, and is no decision.
  home.ada.connect();
  home.world.run(seconds(5));
  CHECK(home.ben_on(home.ada).blocked());
  home.phone.connect();
  home.world.run(seconds(5));
  CHECK(home.ben_on(home.phone).blocked());
  Device& other = home.world.restore(words, 601);
  CHECK(home.ben_on(other).blocked());
  CHECK(home.ben_on(other).previous_key() == key);
}

TEST_CASE("an old decision that the server shows again decides nothing", "[e2ee]") {
  Home home;
  home.decide(home.ada, true);
  wire::VaultEntry old;
  home.ada.request(wire::GetVault{0, 200}, [&](const app::Reply& reply) {
    for (const auto& entry : std::get<wire::VaultPage>(std::get<wire::Response>(reply)).entries) {
      const auto name = sealing::decode_name(entry.key);
      if (name && std::holds_alternative<sealing::ContactEntry>(*name)) old = entry;
    }
  });
  home.world.settle();
  REQUIRE_FALSE(old.sealed.empty());
  home.ben_starts_afresh();
  home.decide(home.ada, true);  // the new key
  const auto key = home.ben_on(home.ada).account_key();
  home.ada.change_response = [&](wire::Response& response) {
    auto* page = std::get_if<wire::VaultPage>(&response);
    if (page == nullptr) return;
    old.number = page->entries.empty() ? 1'000'000 : page->entries.back().number;
    page->entries.push_back(old);
  };
  home.meet_again(home.ada);
  CHECK(home.ben_on(home.ada).account_key() == key);
  CHECK(home.ben_on(home.ada).verified());
  // The newest decision is what new devices begin with, in whatever order entries come.
  home.ada.change_response = {};
  Device& tablet = home.world.link(home.ada, "Ada's tablet");
  home.world.run(seconds(5));
  CHECK(home.ben_on(tablet).account_key() == key);
  CHECK(home.ben_on(tablet).verified());
}

TEST_CASE("two devices decide without knowing of each other", "[e2ee]") {
  Home home;
  home.decide(home.ada, true);
  home.meet_again(home.phone);
  home.ben_starts_afresh();
  // One compares, the other one only accepts.
  home.ada.disconnect();
  home.phone.disconnect();
  const bool ada_first = GENERATE(false, true);
  home.decide(home.ada, true);
  home.decide(home.phone, false);
  Device& one = ada_first ? home.ada : home.phone;
  Device& other = ada_first ? home.phone : home.ada;
  one.connect();
  home.world.run(seconds(3));
  other.connect();
  home.world.run(seconds(3));
  home.meet_again(one);
  Device& tablet = home.world.link(home.ada, "Ada's tablet");
  home.world.run(seconds(5));
  for (Device* device : {&home.ada, &home.phone, &tablet}) {
    CHECK(home.ben_on(*device).verified());
    CHECK_FALSE(home.ben_on(*device).blocked());
  }
}

TEST_CASE("a change that a device saw before it heard of the verification stops it then",
          "[e2ee]") {
  Home home;
  home.decide(home.ada, true);
  home.ben_starts_afresh();
  CHECK(home.ben_on(home.ada).blocked());
  CHECK_FALSE(home.ben_on(home.phone).blocked());  // it has not heard yet
  if (GENERATE(false, true)) home.phone.restart();
  home.meet_again(home.phone);
  CHECK(home.ben_on(home.phone).blocked());
  home.decide(home.phone, false);
  home.meet_again(home.ada);
  CHECK_FALSE(home.ben_on(home.ada).blocked());
  CHECK_FALSE(home.ben_on(home.phone).blocked());
}

TEST_CASE("decisions of devices that know different ones before come to the same", "[e2ee]") {
  Home home;
  home.decide(home.phone, true);  // its first; the other device has not heard
  home.ben_starts_afresh();
  home.decide(home.ada, true);     // also a first one, about the key after it
  home.decide(home.phone, false);  // its second
  for (int i = 0; i < 3; ++i) {
    home.meet_again(home.ada);
    home.meet_again(home.phone);
  }
  Device& tablet = home.world.link(home.ada, "Ada's tablet");
  home.world.run(seconds(5));
  for (Device* device : {&home.ada, &home.phone, &tablet}) {
    CHECK(home.ben_on(*device).verified());
    CHECK_FALSE(home.ben_on(*device).blocked());
    const auto record = e2ee::unpack<e2ee::DecisionRecord>(
        device->disk().at("e2ee/decision/" + home.ben.user().to_string()));
    REQUIRE(record);
    CHECK(record->told);
  }
}

TEST_CASE("a list older than the one that was verified is not gone by", "[e2ee]") {
  Home home;
  const Bytes old = home.phone.engine->devices(home.ben.user())->encode();
  home.phone.disconnect();
  home.world.link(home.ben, "Ben's laptop");
  home.world.run(seconds(5));
  REQUIRE(home.ben_on(home.ada).version() == 2);
  home.decide(home.ada, true);
  home.phone.change_response = [&](wire::Response& response) {
    auto* answer = std::get_if<wire::Identities>(&response);
    if (answer == nullptr) return;
    for (wire::Identity& identity : answer->identities) {
      if (identity.user_id == home.ben.user()) identity.list = old;
    }
  };
  home.phone.connect();
  home.world.run(seconds(10));
  CHECK(home.phone.engine->identity(home.ben.user()) == nullptr);
  CHECK(std::ranges::any_of(home.phone.alerts, [](const e2ee::Alert& alert) {
    return alert.kind == e2ee::AlertKind::kListRolledBack;
  }));
  home.phone.restart();
  home.phone.connect();
  home.world.run(seconds(10));
  CHECK(home.phone.engine->identity(home.ben.user()) == nullptr);
  home.phone.say(home.room, "to whom?");
  home.world.run(seconds(5));
  CHECK(home.phone.unsent() == 1);
  home.phone.change_response = {};
  home.meet_again(home.phone);
  CHECK(home.ben_on(home.phone).verified());
  CHECK(home.ben_on(home.phone).version() == 2);
  CHECK(home.phone.unsent() == 0);
}
