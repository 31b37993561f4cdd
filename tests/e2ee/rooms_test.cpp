// Private rooms between devices at a real server.
#include <catch2/generators/catch_generators_range.hpp>

#include "tests/e2ee/world.hpp"

using namespace parley;
using namespace parley::testing;

namespace {

using Texts = std::vector<std::string>;

bool contains(const Bytes& haystack, std::string_view needle) {
  return as_text(haystack).find(needle) != std::string_view::npos;
}

}  // namespace

TEST_CASE("a direct room between two people with two devices each", "[e2ee]") {
  World world;
  Device& ada = world.add("Ada");
  Device& ada_phone = world.link(ada, "Ada's phone");
  Device& ben = world.add("Ben");
  Device& ben_phone = world.link(ben, "Ben's phone");

  const auto room = ada.engine->start_direct(ada.now(), ben.user());
  REQUIRE(room.ok());
  ada.say(*room, "violet evening");
  world.run(seconds(10));
  for (Device* device : {&ada, &ada_phone, &ben, &ben_phone}) {
    INFO(device->device().to_string());
    CHECK(device->rooms() == std::set{*room});
    CHECK(device->read(*room) == Texts{"violet evening"});
  }
  ben_phone.say(*room, "amber morning");
  ben.say(*room, "amber noon");
  world.run(seconds(2));
  for (Device* device : {&ada, &ada_phone, &ben, &ben_phone}) {
    auto texts = device->read(*room);
    std::ranges::sort(texts);
    CHECK(texts == Texts{"amber morning", "amber noon", "violet evening"});
    CHECK(device->alerts.empty());
    CHECK_FALSE(contains(device->sent, "violet evening"));
    CHECK_FALSE(contains(device->sent, "amber"));
  }
}

namespace {

// Ada, Ben and Cal, in a room of Ada's with Ben.
struct House {
  explicit House(wire::HistoryAccess history = wire::HistoryAccess::kAll) {
    room = *ada.engine->create_room(ada.now(), "Plans", "for the summer", {ben.user()}, history);
    world.run(seconds(5));
  }
  void expect(std::initializer_list<Device*> devices, const Texts& texts) {
    for (Device* device : devices) {
      INFO(device->user().to_string());
      CHECK(device->read(room) == texts);
      CHECK(device->alerts.empty());
    }
  }
  World world;
  Device& ada = world.add("Ada");
  Device& ben = world.add("Ben");
  Device& cal = world.add("Cal");
  RoomId room;
};

}  // namespace

TEST_CASE("a room's name and topic are known to its members and to nobody else", "[e2ee]") {
  House house;
  CHECK(house.ben.engine->room(house.room)->name == "Plans");
  CHECK(house.ben.engine->room(house.room)->topic == "for the summer");
  CHECK_FALSE(contains(house.ada.sent, "Plans"));
  const auto rename = [&](Device& device, const std::string& name) {
    const Status status = device.engine->rename(device.now(), house.room, name, "by train");
    house.world.run(seconds(2));
    return status.ok();
  };
  // Members may not, but those whom the owner has made moderators.
  CHECK_FALSE(rename(house.ben, "Mutiny"));
  // Nor when they ask before the server has told that they may not.
  house.ben.restart();
  REQUIRE(rename(house.ben, "Mutiny"));
  house.ben.connect();
  house.world.run(seconds(5));
  CHECK(house.ben.engine->room(house.room)->name == "Plans");
  CHECK(house.ada.engine->room(house.room)->name == "Plans");
  house.ada.request(wire::SetRole{house.room, house.ben.user(), wire::Role::kModerator});
  house.world.run(seconds(1));
  REQUIRE(rename(house.ben, "Journeys"));
  CHECK(house.ada.engine->room(house.room)->name == "Journeys");
  CHECK_FALSE(contains(house.ben.sent, "Journeys"));
  // A name that a client sets all the same is not taken.
  house.ada.withhold = [](const wire::Event& event) {
    return event.kind == wire::EventKind::kSealed;
  };
  REQUIRE(rename(house.ben, "Mutiny"));
  house.ada.request(wire::SetRole{house.room, house.ben.user(), wire::Role::kMember});
  house.world.run(seconds(1));
  house.ada.withhold = nullptr;
  house.ada.read_again(house.room);
  house.world.run(seconds(2));
  CHECK(house.ada.engine->room(house.room)->name == "Journeys");
  REQUIRE(rename(house.ada, "Journeys"));
  CHECK(house.ben.engine->room(house.room)->name == "Journeys");
  REQUIRE(house.ada.engine->invite(house.ada.now(), house.room, {house.cal.user()}).ok());
  house.world.run(seconds(3));
  CHECK(house.cal.engine->room(house.room)->name == "Journeys");
}

TEST_CASE("what a device is asked for stays in records that it can read again", "[e2ee]") {
  House house;
  const auto& settings = house.ada.engine->room(house.room);
  const auto refused = [&](std::string name, std::string topic) {
    const auto renamed = house.ada.engine->rename(house.ada.now(), house.room, name, topic);
    const auto made = house.ada.engine->create_room(house.ada.now(), name, topic,
                                                    {house.ben.user()}, wire::HistoryAccess::kAll);
    return !renamed && renamed.error().code == ErrorCode::kInvalidArgument && !made &&
           made.error().code == ErrorCode::kInvalidArgument;
  };
  CHECK(refused(std::string(wire::kMaxNameBytes + 1, 'x'), ""));
  CHECK(refused("name", std::string(wire::kMaxTopicBytes + 1, 'x')));
  CHECK(refused("\xff", ""));
  CHECK(refused("name", "\xff"));
  // A person without a connection removes devices over and over.
  house.ada.disconnect();
  SeededRng rng(1);
  for (std::size_t i = 0; i < 2 * identity::kMaxDevices; ++i) {
    DeviceId device;
    rng.fill(device.uuid.bytes);
    house.ada.engine->remove_device(house.ada.now(), device);
    house.ada.engine->remove_device(house.ada.now(), device);
  }
  house.world.settle();
  house.ada.restart();
  house.ada.connect();
  house.world.run(seconds(5));
  CHECK(house.ada.ready());
  CHECK(house.ada.engine->room(house.room)->name == settings->name);
  CHECK(house.ada.engine->room(house.room)->topic == settings->topic);
}

TEST_CASE("who is invited reads what the room's history allows", "[e2ee]") {
  const auto history = GENERATE(wire::HistoryAccess::kAll, wire::HistoryAccess::kSinceInvited);
  House house(history);
  house.ada.say(house.room, "before");
  house.world.run(seconds(1));
  REQUIRE(house.ada.engine->invite(house.ada.now(), house.room, {house.cal.user()}).ok());
  house.world.run(seconds(5));
  house.ada.say(house.room, "after");
  house.world.run(seconds(5));
  house.expect({&house.ada, &house.ben}, {"before", "after"});
  const auto texts = house.cal.read(house.room);
  if (history == wire::HistoryAccess::kAll) {
    CHECK(texts == Texts{"before", "after"});
  } else {
    CHECK(texts == Texts{"?2", "?2", "after"});  // the room's name and what was said before
    CHECK(house.cal.engine->room(house.room)->name == "Plans");
  }
}

TEST_CASE("a device that is away finds its Welcome and the commits it missed", "[e2ee]") {
  House house;
  house.cal.disconnect();
  house.ben.disconnect();
  REQUIRE(house.ada.engine->invite(house.ada.now(), house.room, {house.cal.user()}).ok());
  house.ada.say(house.room, "one");
  house.world.run(seconds(3));
  REQUIRE(house.ada.engine->renew_keys(house.ada.now(), house.room).ok());
  house.world.run(seconds(1));
  house.ada.say(house.room, "two");
  house.world.run(seconds(3));
  house.cal.connect();
  house.ben.connect();
  house.world.run(seconds(5));
  house.expect({&house.ada, &house.ben, &house.cal}, {"one", "two"});
  CHECK(house.cal.epoch(house.room) == house.ada.epoch(house.room));
  CHECK(house.ben.epoch(house.room) == house.ada.epoch(house.room));
}

TEST_CASE("who was removed cannot read what comes after", "[e2ee]") {
  House house;
  REQUIRE(house.ada.engine->invite(house.ada.now(), house.room, {house.cal.user()}).ok());
  house.world.run(seconds(5));
  house.ada.say(house.room, "for Cal too");
  house.world.run(seconds(2));
  const auto epoch = house.cal.epoch(house.room);
  house.ada.request(wire::RemoveMember{house.room, house.cal.user(), false});
  house.world.settle();
  house.ada.say(house.room, "without Cal");
  house.world.run(seconds(5));
  CHECK(house.ada.epoch(house.room) > epoch);
  house.expect({&house.ada, &house.ben}, {"for Cal too", "without Cal"});
  CHECK(house.cal.rooms().empty());
  // Even if somebody passes the ciphertext on.
  for (const wire::Event& event : house.ada.log(house.room)) {
    if (event.kind != wire::EventKind::kSealed ||
        event.seq <= house.cal.log(house.room).back().seq) {
      continue;
    }
    const auto opened = house.cal.engine->open(house.cal.now(), house.room, event);
    REQUIRE(std::holds_alternative<e2ee::OpenFault>(opened));
    CHECK(std::get<e2ee::OpenFault>(opened) == e2ee::OpenFault::kUnknownEpoch);
  }
}

TEST_CASE("a device that is revoked leaves the rooms", "[e2ee]") {
  House house;
  Device& phone = house.world.link(house.ben, "Ben's phone");
  house.world.run(seconds(5));
  house.ada.say(house.room, "to all three");
  house.world.run(seconds(2));
  house.expect({&house.ada, &house.ben, &phone}, {"to all three"});
  const DeviceId lost = phone.device();
  phone.disconnect();
  house.ben.engine->remove_device(house.ben.now(), lost);
  house.ben.request(wire::RevokeDevice{lost});
  house.world.settle();
  house.ada.say(house.room, "to two");
  house.world.run(seconds(10));
  house.expect({&house.ada, &house.ben}, {"to all three", "to two"});
  const auto sealed_for = house.ada.log(house.room).back();
  const auto opened = phone.engine->open(phone.now(), house.room, sealed_for);
  CHECK(std::holds_alternative<e2ee::OpenFault>(opened));
}

TEST_CASE("nobody is accused by a device that starts before a revoked one has left", "[e2ee]") {
  const int moment = GENERATE(range(0, 10));
  House house;
  Device& phone = house.world.link(house.ben, "Ben's phone");
  house.world.run(seconds(5));
  phone.disconnect();
  house.ben.engine->remove_device(house.ben.now(), phone.device());
  house.world.run(milliseconds(moment * 200));
  for (Device* device : {&house.ada, &house.ben}) {
    device->restart();
    device->connect();
  }
  house.world.run(milliseconds(100));
  house.ben.say(house.room, "after");
  house.world.run(seconds(30));
  CHECK(house.ada.alerts.empty());
  CHECK(house.ben.alerts.empty());
  house.expect({&house.ada, &house.ben}, {"after"});
}

TEST_CASE("devices that commit at the same moment end in the same epoch", "[e2ee]") {
  House house;
  REQUIRE(house.ada.engine->invite(house.ada.now(), house.room, {house.cal.user()}).ok());
  house.world.run(seconds(5));
  const auto epoch = house.ada.epoch(house.room);
  for (Device* device : {&house.ada, &house.ben, &house.cal}) {
    REQUIRE(device->engine->renew_keys(device->now(), house.room).ok());
    device->say(house.room, "hello");
  }
  house.world.run(seconds(10));
  CHECK(house.ada.epoch(house.room) == epoch + 3);
  CHECK(house.ben.epoch(house.room) == epoch + 3);
  CHECK(house.cal.epoch(house.room) == epoch + 3);
  house.expect({&house.ada, &house.ben, &house.cal}, {"hello", "hello", "hello"});
}

TEST_CASE("a crash at any moment of a commit loses nothing", "[e2ee]") {
  // The device restarts after each of the steps that a commit takes, and does it once more.
  const int steps = GENERATE(Catch::Generators::range(0, 14));
  House house;
  REQUIRE(house.ada.engine->invite(house.ada.now(), house.room, {house.cal.user()}).ok());
  house.ada.say(house.room, "from before");
  for (int i = 0; i < steps; ++i) {
    if (i % 2 == 0) {
      house.ada.pump();
    } else {
      house.world.server.settle();
    }
  }
  const bool before_write = GENERATE(false, true);
  house.ada.lose_writes = before_write;
  if (before_write) house.ada.pump();
  house.ada.lose_writes = false;
  house.ada.restart();
  house.ada.connect();
  house.world.run(seconds(20));
  // The wish itself may have been lost with the write.
  if (!house.cal.rooms().contains(house.room)) {
    REQUIRE(house.ada.engine->invite(house.ada.now(), house.room, {house.cal.user()}).ok());
    house.world.run(seconds(20));
  }
  house.expect({&house.ada, &house.ben, &house.cal}, {"from before"});
  house.cal.say(house.room, "and after");
  house.world.run(seconds(5));
  house.expect({&house.ada, &house.ben, &house.cal}, {"from before", "and after"});
}

TEST_CASE("a device that lost its group joins again and reads what it read before", "[e2ee]") {
  House house;
  house.ada.say(house.room, "kept");
  house.world.run(seconds(2));
  house.ben.disconnect();
  std::erase_if(house.ben.disk(), [](const auto& entry) {
    return entry.first.starts_with("e2ee/group/") || entry.first.starts_with("e2ee/epoch/");
  });
  house.ben.restart();
  house.ben.connect();
  house.world.run(seconds(5));
  house.ada.say(house.room, "new");
  house.world.run(seconds(5));
  house.expect({&house.ada, &house.ben}, {"kept", "new"});
  const auto& log = house.ben.log(house.room);
  for (const wire::Event& event : log) house.ben.engine->open(house.ben.now(), house.room, event);
  house.world.run(seconds(5));
  for (const wire::Event& event : log) {
    if (event.kind != wire::EventKind::kSealed) continue;
    CHECK(std::holds_alternative<e2ee::Opened>(
        house.ben.engine->open(house.ben.now(), house.room, event)));
  }
}

TEST_CASE("the two of a direct room may ask for it at the same moment", "[e2ee]") {
  World world;
  Device& ada = world.add("Ada");
  Device& ben = world.add("Ben");
  const auto by_ada = ada.engine->start_direct(ada.now(), ben.user());
  const auto by_ben = ben.engine->start_direct(ben.now(), ada.user());
  REQUIRE(by_ada.ok());
  REQUIRE(by_ben.ok());
  ada.say(*by_ada, "tea?");
  ben.say(*by_ben, "tea?");
  world.run(seconds(10));
  REQUIRE(ada.rooms().size() == 1);
  CHECK(ada.rooms() == ben.rooms());
  const RoomId room = *ada.rooms().begin();
  CHECK(ada.read(room) == Texts{"tea?", "tea?"});
  CHECK(ben.read(room) == Texts{"tea?", "tea?"});
}

TEST_CASE("recovery goes on when the connection is lost in between", "[e2ee]") {
  World world;
  Device& ada = world.add("Ada");
  const auto secret = ada.engine->make_recovery(ada.now());
  REQUIRE(secret.ok());
  world.settle();
  Device& second =
      *world.devices().emplace_back(std::make_unique<Device>(world.server, "second", 77, *secret));
  second.connect();
  world.settle();
  REQUIRE(second.engine->account() == e2ee::AccountState::kLocked);
  second.engine->recover(second.now(), *secret);
  second.pump();
  second.disconnect();
  second.connect();
  world.run(seconds(10));
  CHECK(second.ready());
}

TEST_CASE("a device that is ready can be added while it is away", "[e2ee]") {
  World world;
  Device& ada = world.add("Ada");
  Device& ben = *world.devices().emplace_back(std::make_unique<Device>(world.server, "Ben", 78));
  ben.connect();
  for (int i = 0; i < 1000 && !ben.ready(); ++i) {
    ben.pump();
    world.server.settle();
  }
  REQUIRE(ben.ready());
  ben.disconnect();

  const auto room =
      ada.engine->create_room(ada.now(), "Plans", "", {ben.user()}, wire::HistoryAccess::kAll);
  REQUIRE(room.ok());
  world.run(seconds(3));
  ada.say(*room, "see you");
  world.run(seconds(3));
  ada.disconnect();
  ben.connect();
  world.run(seconds(1));  // by the Welcome, sooner than a device joins by itself
  CHECK(ben.read(*room) == Texts{"see you"});
  CHECK(ben.engine->room(*room)->name == "Plans");
}

TEST_CASE("which sealing of a message the log has is asked until it is known", "[e2ee]") {
  World world;
  Device& ada = world.add("Ada");
  Device& ben = world.add("Ben");
  const RoomId room = *ada.engine->start_direct(ada.now(), ben.user());
  world.run(seconds(5));
  const auto seal = [&](ClientId id, std::string_view text) {
    const auto body =
        wire::encode(wire::Message{wire::MessageType::kText, std::string(text), {}, {}});
    return ada.engine->seal(ada.now(), room, id, wire::EventKind::kMessage, body, true);
  };
  std::optional<Seq> posted;
  const auto post = [&](ClientId id, std::string_view text) {
    auto sealed = seal(id, text);
    const auto* cause = std::get_if<e2ee::NotReady>(&sealed);
    INFO((cause ? e2ee::describe(*cause) : std::string_view()));
    REQUIRE(std::holds_alternative<e2ee::Sealed>(sealed));
    wire::Post command;
    command.room_id = room;
    command.client_id = id;
    command.kind = wire::EventKind::kSealed;
    command.body = std::get<e2ee::Sealed>(std::move(sealed)).body;
    ada.request(std::move(command), [&](const app::Reply& reply) {
      posted = std::get<wire::Posted>(std::get<wire::Response>(reply)).seq;
    });
    world.settle();
  };
  // Ada does not see her own messages come by, as when the room is not the open one.
  ada.withhold = [&](const wire::Event& event) { return event.device == ada.device(); };
  const auto first = ClientId::make(ada.now().wall, world.server.rng);
  const auto second = ClientId::make(ada.now().wall, world.server.rng);
  post(first, "once");
  REQUIRE(ben.engine->renew_keys(ben.now(), room).ok());
  world.run(seconds(3));
  post(first, "once");  // no answer came: again, under the new key
  REQUIRE(posted);
  const bool is_renamed = GENERATE(false, true);  // while it is not known where the message went
  if (is_renamed) {
    REQUIRE(ada.engine->rename(ada.now(), room, "Two of us", "").ok());
    world.run(seconds(3));
    CHECK(ben.engine->room(room)->name.empty());
  }
  ada.engine->handle_posted(ada.now(), room, first, *posted);
  const auto asked_in = [&] {  // a page whose answer is changed
    int pages = 0;
    ada.change_response = [&pages](wire::Response& response) {
      if (!std::holds_alternative<wire::HistoryPage>(response)) return;
      ++pages;
      response = wire::Done{};
    };
    world.run(seconds(3));
    ada.change_response = nullptr;
    return pages;
  };

  auto verdict = sealing::ChainVerdict::kInOrder;
  SECTION("the answer says") { world.run(seconds(3)); }
  SECTION("the answer is lost with the connection") {
    REQUIRE(ada.engine->poll_request());
    ada.disconnect();
    CHECK(std::get<e2ee::NotReady>(seal(second, "twice")) == e2ee::NotReady::kSettling);
    ada.connect();
    world.run(seconds(3));
  }
  SECTION("no answer can be had at first") {
    const int asked = asked_in();
    CHECK(asked > 0);
    CHECK(asked < 5);  // not at once
    CHECK(std::get<e2ee::NotReady>(seal(second, "twice")) == e2ee::NotReady::kSettling);
    world.run(seconds(5));
  }
  SECTION("a restart forgets where it is") {
    ada.restart();
    ada.connect();
    world.run(seconds(3));
    verdict = sealing::ChainVerdict::kGap;
  }
  if (is_renamed) world.run(seconds(5));
  post(second, "twice");
  world.run(seconds(3));
  CHECK(ben.read(room) == Texts{"once", "twice"});
  if (is_renamed) CHECK(ben.engine->room(room)->name == "Two of us");
  // Nothing seems to be missing but where the place had to be given up.
  const auto& opened = ben.opened(room);
  CHECK(std::ranges::count_if(opened, [](const auto& one) {
          return one.second.chain.verdict == sealing::ChainVerdict::kGap;
        }) == (verdict == sealing::ChainVerdict::kGap ? 1 : 0));
}
