// What a room is called, on devices that came into it by themselves.
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "client/e2ee/records.hpp"
#include "shared/sealing/bundle.hpp"
#include "tests/e2ee/world.hpp"

using namespace parley;
using namespace parley::testing;

namespace {

struct Kind {
  wire::HistoryAccess history;
  std::uint32_t disappear_after_s;
};
const Kind kKinds[] = {{wire::HistoryAccess::kNone, 3600},
                       {wire::HistoryAccess::kNone, 0},
                       {wire::HistoryAccess::kAll, 0}};

// Ada's room with Ivan, who is away; then Ivan's laptop lets itself in, with the recovery words.
struct Cabin {
  explicit Cabin(const Kind& kind, std::vector<UserId> others = {}) {
    secret = world.recovery_of(ivan);
    ivan.disconnect();
    others.push_back(ivan.user());
    room = *ada.engine->create_room(ada.now(), "Cabin", "by the lake", others, kind.history,
                                    kind.disappear_after_s);
    world.run(seconds(5));
  }
  Device& laptop() {
    Device& device = *world.devices().emplace_back(
        std::make_unique<Device>(world.server, "Ivan's laptop", 77, secret));
    device.connect();
    world.settle();
    device.engine->recover(device.now(), secret);
    world.run(seconds(10));
    REQUIRE(device.ready());
    REQUIRE(device.epoch(room) > 0);
    return device;
  }
  std::string name_on(Device& device) const { return device.engine->room(room)->name; }

  World world;
  Device& ada = world.add("Ada");
  Device& ivan = world.add("Ivan");
  identity::RecoverySecret secret;
  RoomId room;
};

}  // namespace

TEST_CASE("a device that let itself in learns the name when a member is there", "[e2ee]") {
  const Kind& kind = GENERATE(from_range(kKinds));
  INFO(static_cast<int>(kind.history) << " " << kind.disappear_after_s);
  Cabin cabin(kind);
  SECTION("from the beginning") {
    CHECK(cabin.name_on(cabin.laptop()) == "Cabin");
  }
  SECTION("later, after restarts") {
    cabin.ada.disconnect();
    Device& laptop = cabin.laptop();
    CHECK(cabin.name_on(laptop).empty());
    laptop.disconnect();
    cabin.ada.restart();
    cabin.ada.connect();
    cabin.world.run(seconds(1));
    cabin.ada.restart();  // whom it owes the name is kept
    cabin.ada.connect();
    cabin.world.run(seconds(5));
    cabin.ada.disconnect();
    laptop.restart();
    laptop.connect();
    cabin.world.run(seconds(5));
    CHECK(cabin.name_on(laptop) == "Cabin");
    laptop.restart();
    CHECK(cabin.name_on(laptop) == "Cabin");
  }
}
