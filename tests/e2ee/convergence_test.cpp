// Many devices, rooms, people who come and go, connections that drop and devices that restart at
// any moment: in the end everybody has the same groups and reads everything.
//
// PARLEY_E2EE_OPERATIONS and PARLEY_E2EE_SEED choose how much of it and which.
#include <cstdlib>

#include "tests/e2ee/world.hpp"

using namespace parley;
using namespace parley::testing;

namespace {

std::uint64_t chosen(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

class Simulation {
 public:
  explicit Simulation(std::uint64_t seed) : rng_(seed), world_(seed) {
    for (int user = 0; user < kUsers; ++user) {
      Device& first = world_.add("user " + std::to_string(user));
      if (user % 2 == 0) world_.link(first, "second of " + std::to_string(user));
    }
    for (int i = 0; i < kRooms; ++i) {
      Device& owner = any();
      const auto room =
          owner.engine->create_room(owner.now(), "room " + std::to_string(i), "",
                                    {any().user(), any().user()}, wire::HistoryAccess::kAll);
      REQUIRE(room.ok());
      rooms_.push_back({*room, owner.user()});
    }
    world_.run(seconds(10));
  }

  void step() {
    Device& device = any();
    const auto& [room, owner] = rooms_[rng_.below(rooms_.size())];
    const bool member = device.rooms().contains(room);
    switch (rng_.below(14)) {
      case 0:
        device.disconnect();
        break;
      case 1:
        device.restart();
        break;
      case 2:
        device.lose_writes = true;  // the disk stops, then the device
        for (int i = 0; i < 2; ++i) {
          device.pump();
          world_.server.settle();
        }
        device.lose_writes = false;
        device.restart();
        break;
      case 3:
        if (device.user() == owner) {
          std::ignore = device.engine->invite(device.now(), room, {any().user()});
        }
        break;
      case 4:
        if (device.user() == owner && device.connected() && rng_.below(3) == 0) {
          const UserId user = any().user();
          if (user != owner) device.request(wire::RemoveMember{room, user, false});
        }
        break;
      case 5:
        if (member && device.user() != owner && device.connected() && rng_.below(4) == 0) {
          device.request(wire::LeaveRoom{room});
        }
        break;
      case 6:
        if (member) std::ignore = device.engine->renew_keys(device.now(), room);
        break;
      case 7:
      case 8:
        device.connect();
        break;
      case 9:
        if (device.connected() && device.ready() && rng_.below(20) == 0) change_devices(device);
        break;
      default:
        if (member) device.say(room, "message " + std::to_string(++said_));
        break;
    }
    switch (rng_.below(4)) {
      case 0:
        world_.run(milliseconds(static_cast<std::int64_t>(rng_.below(1000))));
        break;
      case 1:
        world_.settle();
        break;
      default:  // in the middle of what goes on
        for (auto& each : world_.devices()) {
          if (rng_.below(2) == 0) each->pump();
        }
        if (rng_.below(2) == 0) world_.server.settle();
    }
  }

  void check() {
    for (auto& device : world_.devices()) {
      if (!device->connected() && !lost_.contains(device.get())) device->connect();
    }
    world_.run(minutes(5));
    std::size_t members = 0, messages = 0;
    for (const auto& [room, owner] : rooms_) {
      Device* reference = nullptr;
      for (auto& device : world_.devices()) {
        if (!device->rooms().contains(room) || lost_.contains(device.get())) continue;
        ++members;
        if (reference == nullptr) reference = device.get();
        INFO("room " << room.to_string() << " device " << device->device().to_string());
        const auto status = device->engine->room(room);
        REQUIRE(status);
        CHECK_FALSE(status->not_ready);
        CHECK(status->epoch == reference->epoch(room));
        CHECK(status->name == reference->engine->room(room)->name);
        const auto texts = device->read(room);
        for (std::size_t i = 0; i < texts.size(); ++i) {
          INFO(i << " of " << texts.size() << ": " << texts[i]);
          CHECK(texts[i][0] != '?');
        }
        CHECK(texts == reference->read(room));
        messages = std::max(messages, texts.size());
      }
    }
    for (auto& device : world_.devices()) {
      if (lost_.contains(device.get())) continue;
      INFO("device " << device->device().to_string());
      CHECK(device->alerts.empty());
      CHECK(device->unsent() == 0);
      CHECK(as_text(device->sent).find("message ") == std::string_view::npos);
    }
    CHECK(members > 0);
    CHECK(messages > 0);
  }

 private:
  static constexpr int kUsers = 5, kRooms = 3;
  static constexpr std::size_t kDevices = 12;
  Device& any() {
    for (;;) {
      Device& device = *world_.devices()[rng_.below(world_.devices().size())];
      if (!lost_.contains(&device)) return device;
    }
  }
  // A new one of its user, or another one is lost and revoked.
  void change_devices(Device& device) {
    if (world_.devices().size() - lost_.size() < kDevices && rng_.below(2) == 0) {
      world_.link(device, "another of " + device.user().to_string());
      return;
    }
    Device& other = any();
    if (&other == &device || other.user() != device.user()) return;
    other.disconnect();
    lost_.insert(&other);
    device.engine->remove_device(device.now(), other.device());
    device.request(wire::RevokeDevice{other.device()});
  }

  SeededRng rng_;
  World world_;
  std::vector<std::pair<RoomId, UserId>> rooms_;
  std::set<const Device*> lost_;
  std::uint64_t said_ = 0;
};

}  // namespace

TEST_CASE("whatever happens, devices converge and read everything", "[e2ee][simulation]") {
  const std::uint64_t seed = chosen("PARLEY_E2EE_SEED", 1);
  const std::uint64_t operations = chosen("PARLEY_E2EE_OPERATIONS", 1500);
  INFO("seed " << seed << ", operations " << operations);
  Simulation simulation(seed);
  for (std::uint64_t i = 0; i < operations; ++i) {
    simulation.step();
    if (i % 500 == 499) simulation.check();
  }
  simulation.check();
}
