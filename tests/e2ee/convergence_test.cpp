// Many devices, rooms, people who come and go, links that drop and reorder, connections that break
// and devices that restart at any moment: in the end everybody has the same groups and reads
// everything.
//
// 20 devices of 8 users in 5 rooms. PARLEY_E2EE_EVENTS (of all logs together) and PARLEY_E2EE_SEED
// choose how much of it and which; in CI it is 100 000 events.
#include <cstdio>
#include <cstdlib>

#include "shared/identity/credential.hpp"
#include "shared/mls/messages.hpp"
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
                                    {any().user(), any().user()}, wire::HistoryAccess::kAll,
                                    i + 1 == kRooms ? kDisappearAfter_s : 0);
      REQUIRE(room.ok());
      rooms_.push_back({*room, owner.user()});
    }
    world_.run(seconds(10));
    for (auto& device : world_.devices()) prepare(*device);
    calm_ = false;
  }

  // Events of all rooms.
  std::uint64_t events() {
    std::uint64_t sum = 0;
    for (const auto& [room, owner] : rooms_) {
      std::uint64_t most = 0;
      for (auto& device : world_.devices()) {
        const auto& log = device->log(room);
        if (!log.empty()) most = std::max(most, log.back().seq.value);
      }
      sum += most;
    }
    return sum;
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
        if (!member) break;
        for (std::uint64_t n = 1 + rng_.below(kBurst); n > 0; --n) {
          device.say(room, "message " + std::to_string(++said_));
        }
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
    connect_all();
    calm_ = true;
    world_.run(minutes(5));
    // What was lost last shows with the next connection.
    for (auto& device : world_.devices()) {
      if (!lost_.contains(device.get())) device->disconnect();
      if (!lost_.contains(device.get())) device->connect();
    }
    world_.run(minutes(1));
    // Much was said at once: the server's limits spread it over time.
    const auto waits = [this] {
      return std::ranges::any_of(world_.devices(), [this](auto& device) {
        return !lost_.contains(device.get()) && (device->unsent() > 0 || !device->connected());
      });
    };
    for (int minute = 0; minute < 30 && waits(); ++minute) {
      connect_all();  // the server refuses those whom it takes for too many of one user
      world_.run(minutes(1));
    }
    calm_ = false;
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
        if (status->disappear_after_s > 0) {
          check_disappearing(*device, *reference, room);
          CHECK(device->log(room).back().seq == reference->log(room).back().seq);
          continue;
        }
        const auto texts = device->read(room);
        for (std::size_t i = 0; i < texts.size(); ++i) {
          if (texts[i][0] != '?') continue;
          INFO(i << " of " << texts.size() << ": " << texts[i]);
          CHECK(texts[i] == "");
        }
        // A device that came late has the end of what the others have.
        const auto all = reference->read(room);
        const std::size_t common = std::min(all.size(), texts.size());
        CHECK(std::equal(texts.end() - static_cast<std::ptrdiff_t>(common), texts.end(),
                         all.end() - static_cast<std::ptrdiff_t>(common)));
        CHECK(device->log(room).back().seq == reference->log(room).back().seq);
        messages = std::max(messages, texts.size());
      }
    }
    for (auto& device : world_.devices()) {
      for (const auto& [room, owner] : rooms_) device->forget(room, kPast);
    }
    for (auto& device : world_.devices()) {
      if (lost_.contains(device.get())) continue;
      INFO("device " << device->device().to_string());
      CHECK(device->alerts.empty());
      INFO(device->describe_unsent());
      CHECK(device->unsent() == 0);
      CHECK(as_text(device->sent).find("message ") == std::string_view::npos);
      device->sent.clear();
    }
    CHECK(members > 0);
    CHECK(messages > 0);
  }

 private:
  static constexpr int kUsers = 8, kRooms = 5;
  static constexpr std::uint32_t kDisappearAfter_s = 365 * 86'400;  // of the last room
  static constexpr std::size_t kDevices = 20;
  static constexpr std::ptrdiff_t kOfUser = 8;  // the server takes ten connections of one
  static constexpr std::uint64_t kBurst = 30;  // messages said at once
  static constexpr std::size_t kPast = 200;    // events that a device keeps and fetches

  // Where messages disappear a device reads what was said since it came, the last time it did.
  static void check_disappearing(Device& device, Device& reference, RoomId room) {
    const std::uint64_t joined = joined_at(device, device.log(room));
    for (const wire::Event& event : device.log(room)) {
      if (event.kind != wire::EventKind::kSealed) continue;
      const auto mine = device.opened(room).find(event.seq);
      if (mine == device.opened(room).end()) {
        INFO(event.seq.value << " of epoch " << wire::decode<wire::SealedBody>(event.body)->epoch);
        CHECK(wire::decode<wire::SealedBody>(event.body)->epoch < joined);
        continue;
      }
      const auto other = reference.opened(room).find(event.seq);
      if (other != reference.opened(room).end()) CHECK(mine->second.body == other->second.body);
    }
  }
  // The first epoch of the device's present stay, as far back as the log goes.
  static std::uint64_t joined_at(Device& device, const std::deque<wire::Event>& log) {
    const auto is_it = [&](const mls::LeafNode& leaf) {
      const auto credential = identity::DeviceCredential::decode(leaf.credential.identity);
      return credential && credential->user == device.user() &&
             credential->device == device.device();
    };
    std::uint64_t joined = 0;
    for (const wire::Event& event : log) {
      if (event.kind != wire::EventKind::kCommit) continue;
      const auto message = mls::decode<mls::Message>(event.body);
      const auto& content = std::get<mls::PublicMessage>(message->body).content;
      const auto& commit = std::get<mls::Commit>(content.content);
      bool joins = content.sender.type == mls::SenderType::kNewMemberCommit && commit.path &&
                   is_it(commit.path->leaf_node);
      for (const mls::ProposalOrRef& entry : commit.proposals) {
        const auto* proposal = std::get_if<mls::Proposal>(&entry.body);
        const auto* add = proposal ? std::get_if<mls::Add>(&proposal->body) : nullptr;
        joins = joins || (add != nullptr && is_it(add->key_package->leaf_node));
      }
      if (joins) joined = content.epoch + 1;
    }
    return joined;
  }

  // Batches that are lost, doubled or come in another order.
  void spoil(std::vector<std::pair<RoomId, wire::Event>>& events) {
    if (calm_ || events.empty()) return;
    switch (rng_.below(20)) {
      case 0:
        events.clear();
        break;
      case 1:
        events.insert(events.end(), events.begin(), events.end());
        break;
      case 2:
        for (std::size_t i = events.size(); i > 1; --i) {
          std::swap(events[i - 1], events[static_cast<std::size_t>(rng_.below(i))]);
        }
        break;
      default:
        break;
    }
  }
  void connect_all() {
    for (auto& device : world_.devices()) {
      if (!lost_.contains(device.get())) device->connect();
    }
  }
  Device& any() {
    for (;;) {
      Device& device = *world_.devices()[rng_.below(world_.devices().size())];
      if (!lost_.contains(&device)) return device;
    }
  }
  void prepare(Device& device) {
    device.longest_past = kPast;
    device.change_events = [this](auto& events) { spoil(events); };
  }
  // A new one of its user, or another one is lost and revoked.
  void change_devices(Device& device) {
    const auto own = std::ranges::count_if(world_.devices(), [&](auto& other) {
      return other->user() == device.user() && !lost_.contains(other.get());
    });
    if (world_.devices().size() - lost_.size() < kDevices && own < kOfUser &&
        rng_.below(2) == 0) {
      prepare(world_.link(device, "another of " + device.user().to_string()));
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
  bool calm_ = true;
};

}  // namespace

TEST_CASE("whatever happens, devices converge and read everything", "[e2ee][simulation]") {
  const std::uint64_t seed = chosen("PARLEY_E2EE_SEED", 1);
  const std::uint64_t wanted =
      chosen("PARLEY_E2EE_EVENTS", std::getenv("CI") == nullptr ? 5'000 : 100'000);
  INFO("seed " << seed << ", events " << wanted);
  Simulation simulation(seed);
  for (std::uint64_t i = 0; simulation.events() < wanted; ++i) {
    simulation.step();
    if (i % 500 != 499) continue;
    simulation.check();
    std::fprintf(stderr, "  %llu of %llu events\n",
                 static_cast<unsigned long long>(simulation.events()),
                 static_cast<unsigned long long>(wanted));
  }
  simulation.check();
}
