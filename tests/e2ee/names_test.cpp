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

// Counts in what somebody's device is sent the history secrets that it can open.
std::function<void(wire::InboxItem&)> count_secrets(Device& device, std::size_t& secrets) {
  return [&](wire::InboxItem& item) {
    if (item.kind != 2) return;
    const auto record = e2ee::unpack<e2ee::AccountRecord>(device.disk().at("e2ee/account"));
    const auto key = crypto::KemKeyPair::from_secret(record->device_secret.clone());
    for (const auto purpose :
         {sealing::BundlePurpose::kNewMember, sealing::BundlePurpose::kRequested}) {
      const auto opened = sealing::open_bundle(key, {item.room_id, purpose}, item.body);
      if (opened) secrets += opened->bundle.secrets.size();
    }
  };
}
void lose_bundles(wire::InboxItem& item) {
  if (item.kind == 2) item.body.assign(10, 1);
}

}  // namespace

TEST_CASE("a device that let itself in learns the name when a member is there", "[e2ee]") {
  const Kind& kind = GENERATE(from_range(kKinds));
  INFO(static_cast<int>(kind.history) << " " << kind.disappear_after_s);
  Cabin cabin(kind);
  SECTION("from the beginning") { CHECK(cabin.name_on(cabin.laptop()) == "Cabin"); }
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

TEST_CASE("a device that was not told the name asks for it", "[e2ee]") {
  const Kind& kind = GENERATE(from_range(kKinds));
  INFO(static_cast<int>(kind.history) << " " << kind.disappear_after_s);
  Cabin cabin(kind);
  cabin.ada.disconnect();
  Device& laptop = cabin.laptop();
  laptop.change_item = lose_bundles;
  cabin.ada.connect();
  cabin.world.run(seconds(3));
  CHECK(cabin.name_on(laptop).empty());
  SECTION("members, who answer when they are there") {
    cabin.ada.disconnect();
    laptop.change_item = nullptr;
    cabin.world.run(minutes(1));
    cabin.ada.restart();
    cabin.ada.connect();
    cabin.world.run(seconds(5));
  }
  SECTION("the vault, when another own device knows it") {
    cabin.ivan.connect();
    cabin.world.run(seconds(10));
    REQUIRE(cabin.name_on(cabin.ivan) == "Cabin");
    cabin.ivan.disconnect();
    cabin.ada.disconnect();
    laptop.disconnect();
    laptop.restart();
    laptop.connect();
    cabin.world.run(seconds(20));
  }
  CHECK(cabin.name_on(laptop) == "Cabin");
  cabin.world.run(minutes(3));  // it renews its keys, too
  const auto requests = laptop.requests;
  cabin.world.run(minutes(10));
  CHECK(laptop.requests - requests <= 2);  // it does not go on asking
}

TEST_CASE("with the name goes no history to whom it is not for", "[e2ee]") {
  const Kind& kind = GENERATE(from_range(kKinds));
  INFO(static_cast<int>(kind.history) << " " << kind.disappear_after_s);
  Cabin cabin(kind);
  Device& cal = cabin.world.add("Cal");
  wire::CreateInvite create;
  create.room_id = cabin.room;
  std::string code;
  cabin.ada.request(create, [&](const app::Reply& reply) {
    code = std::get<wire::InviteState>(std::get<wire::Response>(reply)).invite.code;
  });
  cabin.world.settle();
  cabin.ada.disconnect();
  std::size_t secrets = 0;
  cal.change_item = count_secrets(cal, secrets);
  cal.request(wire::JoinRoom{{}, code});
  cabin.world.run(seconds(30));
  REQUIRE(cal.epoch(cabin.room) > 0);
  CHECK(cabin.name_on(cal).empty());
  cabin.ada.connect();  // tells it, and answers what was asked meanwhile
  cabin.world.run(seconds(30));
  CHECK(cabin.name_on(cal) == "Cabin");
  CHECK((secrets > 0) == (kind.history == wire::HistoryAccess::kAll));
}
