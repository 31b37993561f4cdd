// What a person decides about somebody's account key holds on all devices of the person.
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
  Device& restore(const identity::RecoverySecret& words) {
    Device& device = *world.devices().emplace_back(
        std::make_unique<Device>(world.server, "another", 601, words));
    device.connect();
    world.settle();
    device.engine->recover(device.now(), words);
    world.run(seconds(20));
    REQUIRE(device.ready());
    return device;
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
      CHECK_FALSE(key.starts_with("e2ee/untold/"));
      CHECK_FALSE(key.starts_with("e2ee/decided/"));
    }
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
  Device& other = home.restore(words);
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
