// What devices renew by themselves: key packages that run low, and the keys of their rooms.
#include "client/e2ee/impl.hpp"
#include "tests/e2ee/world.hpp"

using namespace parley;
using namespace parley::testing;

namespace {

template <class T>
T answer(World& world, Device& device, wire::Command command) {
  std::optional<T> out;
  device.request(std::move(command), [&](const app::Reply& reply) {
    out = std::get<T>(std::get<wire::Response>(reply));
  });
  world.run(seconds(1));  // requests are counted by the minute
  REQUIRE(out);
  return *std::move(out);
}

// Ben, who has a room of his own, takes Ada's key packages and does nothing with them.
struct Hall {
  Hall() { world.run(seconds(5)); }
  void claim(std::size_t count) {
    for (; count > 0; --count) {
      const auto taken =
          answer<wire::KeyPackages>(world, ben, wire::ClaimKeyPackages{room, {ada.user()}});
      REQUIRE(taken.packages.size() == 1);
    }
  }
  World world;
  Device& ada = world.add("Ada");
  Device& ben = world.add("Ben");
  RoomId room = *ben.engine->create_room(ben.now(), "Hall", "", {}, wire::HistoryAccess::kAll, 0);
};

}  // namespace

TEST_CASE("a device publishes key packages again when few are left", "[e2ee]") {
  Hall hall;
  const auto left = [&] {
    return answer<wire::KeyPackageCount>(hall.world, hall.ada, wire::PublishKeyPackages{}).count;
  };
  CHECK(left() == wire::kMaxKeyPackages);
  hall.claim(wire::kMaxKeyPackages - e2ee::kLowPackages);
  CHECK(left() == e2ee::kLowPackages);
  hall.claim(1);
  hall.world.run(seconds(5));
  CHECK(left() == wire::kMaxKeyPackages);
}

TEST_CASE("who was let in by the last key package turns the epoch at once", "[e2ee]") {
  Hall hall;
  hall.ada.disconnect();
  hall.claim(wire::kMaxKeyPackages);  // only the one that is not used up is left
  REQUIRE(hall.ben.engine->invite(hall.ben.now(), hall.room, {hall.ada.user()}).ok());
  hall.world.run(seconds(5));
  const std::uint64_t invited = hall.ben.epoch(hall.room);
  hall.ada.connect();
  hall.world.run(seconds(5));
  CHECK(hall.ada.epoch(hall.room) == invited + 1);
  CHECK(hall.ben.epoch(hall.room) == invited + 1);
  hall.ben.say(hall.room, "welcome");
  hall.world.run(seconds(2));
  CHECK(hall.ada.read(hall.room) == std::vector<std::string>{"welcome"});
}

TEST_CASE("a device that says much renews its keys", "[e2ee]") {
  Hall hall;
  REQUIRE(hall.ben.engine->invite(hall.ben.now(), hall.room, {hall.ada.user()}).ok());
  hall.world.run(minutes(3));  // newcomers renew theirs soon after they came
  const std::uint64_t before = hall.ada.epoch(hall.room);
  for (std::uint32_t i = 0; i + 1 < e2ee::kRenewAfterSeals; ++i) hall.ada.say(hall.room, "so");
  hall.world.wait([&] { return hall.ada.unsent() == 0; });
  CHECK(hall.ada.epoch(hall.room) == before);
  hall.ada.say(hall.room, "and so on");
  hall.world.run(minutes(1));
  CHECK(hall.ada.epoch(hall.room) == before + 1);
  CHECK(hall.ben.epoch(hall.room) == before + 1);
}
