// A new vault key after a device was removed.
#include "client/e2ee/records.hpp"
#include "shared/sealing/vault.hpp"
#include "tests/e2ee/world.hpp"

using namespace parley;
using namespace parley::testing;

namespace {

using Texts = std::vector<std::string>;

crypto::Secret vault_key_of(Device& device) {
  auto record = e2ee::unpack<e2ee::AccountRecord>(device.disk().at("e2ee/account"));
  REQUIRE(record);
  return std::move(record->vault_key);
}

// Ada has a phone and a tablet, and says "one" to Ben before the tablet is lost.
struct House {
  House() {
    room = *ada.engine->start_direct(ada.now(), ben.user());
    world.run(seconds(3));
    say("one");
  }
  void say(const std::string& text) {
    ada.say(room, text);
    world.run(seconds(2));
  }
  void lose_tablet() {
    tablet.disconnect();
    ada.engine->remove_device(ada.now(), tablet.device());
    ada.request(wire::RevokeDevice{tablet.device()});
    world.run(seconds(10));
  }
  // Which history secrets of the vault this key opens.
  std::set<std::uint64_t> opened_by(const crypto::Secret& key) {
    std::set<std::uint64_t> epochs;
    ada.request(wire::GetVault{0, 200}, [&](const app::Reply& reply) {
      const auto page = std::get<wire::VaultPage>(std::get<wire::Response>(reply));
      REQUIRE_FALSE(page.more);
      for (const wire::VaultEntry& entry : page.entries) {
        const auto name = sealing::decode_name(entry.key);
        const auto* history = std::get_if<sealing::HistoryEntry>(&*name);
        if (history && sealing::open_entry(key, ada.user(), *name, entry.sealed)) {
          epochs.insert(history->epoch);
        }
      }
    });
    world.settle();
    return epochs;
  }
  // A device of Ada's with these words, with nobody else there.
  Device& restore(const identity::RecoverySecret& words, std::uint64_t seed) {
    for (Device* device : {&ada, &phone, &ben}) device->disconnect();
    return world.restore(words, seed);
  }
  World world;
  Device& ada = world.add("Ada");
  Device& ben = world.add("Ben");
  Device& phone = world.link(ada, "Ada's phone");
  Device& tablet = world.link(ada, "Ada's tablet");
  RoomId room;
};

}  // namespace

TEST_CASE("what comes into the vault after a device was removed is under another key", "[e2ee]") {
  House house;
  const auto old_key = vault_key_of(house.tablet);
  REQUIRE_FALSE(house.opened_by(old_key).empty());
  CHECK_FALSE(house.ada.engine->recovery_is_stale());
  house.lose_tablet();
  const std::uint64_t epoch = house.ada.epoch(house.room);
  house.say("two");
  // Also what the phone puts there, which was not asked for anything.
  REQUIRE(house.phone.engine->renew_keys(house.phone.now(), house.room).ok());
  house.world.run(seconds(3));
  house.say("three");
  REQUIRE(house.ada.epoch(house.room) > epoch);
  CHECK(house.phone.read(house.room) == Texts{"one", "two", "three"});
  const auto old_epochs = house.opened_by(old_key);
  const auto new_epochs = house.opened_by(vault_key_of(house.ada));
  CHECK(vault_key_of(house.ada).expose().size() == 32);
  CHECK(std::ranges::equal(vault_key_of(house.ada).expose(), vault_key_of(house.phone).expose()));
  CHECK(old_epochs.contains(0));
  CHECK_FALSE(old_epochs.contains(epoch + 1));
  CHECK(new_epochs.contains(epoch + 1));

  // The words have to be made anew, and then give everything back with nobody there.
  CHECK(house.ada.engine->recovery_is_stale());
  house.ada.restart();
  house.ada.connect();
  house.world.run(seconds(3));
  CHECK(house.ada.engine->recovery_is_stale());
  const auto words = house.ada.engine->make_recovery(house.ada.now());
  REQUIRE(words.ok());
  house.world.run(seconds(1));
  CHECK_FALSE(house.ada.engine->recovery_is_stale());
  Device& restored = house.restore(*words, 501);
  CHECK(restored.read(house.room) == Texts{"one", "two", "three"});
}

TEST_CASE("a device that was away learns the new vault key when it comes", "[e2ee]") {
  House house;
  house.phone.disconnect();
  house.lose_tablet();
  house.say("two");
  house.phone.connect();
  house.world.run(seconds(5));
  CHECK(house.phone.read(house.room) == Texts{"one", "two"});
  CHECK(std::ranges::equal(vault_key_of(house.ada).expose(), vault_key_of(house.phone).expose()));
  // The wrap from before, shown again, changes nothing.
  const auto key = vault_key_of(house.phone);
  wire::VaultWraps old;
  house.phone.change_response = [&](wire::Response& response) {
    auto* answer = std::get_if<wire::VaultWraps>(&response);
    if (answer == nullptr) return;
    SeededRng rng(3);
    const auto record = e2ee::unpack<e2ee::AccountRecord>(house.phone.disk().at("e2ee/account"));
    const auto device = crypto::KemKeyPair::from_secret(record->device_secret.clone());
    answer->wraps = {
        {wire::VaultWrapKind::kDevice, house.phone.device(),
         *sealing::wrap_for_device(rng, crypto::SigningKey::from_seed(record->account_seed),
                                   house.phone.user(), house.phone.device(), device.public_key,
                                   vault_key_of(house.tablet))}};
  };
  house.phone.disconnect();
  house.phone.connect();
  house.world.run(seconds(5));
  CHECK(std::ranges::equal(vault_key_of(house.phone).expose(), key.expose()));
}

TEST_CASE("old recovery words give back the account and what was said before", "[e2ee]") {
  House house;
  const auto words = house.ada.engine->make_recovery(house.ada.now());
  REQUIRE(words.ok());
  house.world.run(seconds(1));
  house.lose_tablet();
  house.say("two");
  Device& restored = house.restore(*words, 502);
  Texts texts = restored.read(house.room);
  CHECK(std::ranges::count(texts, "one") == 1);
  // It makes a key of its own, and the others lead it to theirs.
  CHECK_FALSE(
      std::ranges::equal(vault_key_of(restored).expose(), vault_key_of(house.tablet).expose()));
  house.phone.connect();
  house.world.run(seconds(20));
  restored.disconnect();
  restored.connect();
  restored.read_again(house.room);
  house.world.run(seconds(20));
  CHECK(restored.read(house.room) == Texts{"one", "two"});
  CHECK(std::ranges::equal(vault_key_of(restored).expose(), vault_key_of(house.phone).expose()));
}
