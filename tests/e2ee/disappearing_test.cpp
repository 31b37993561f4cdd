// Rooms where messages disappear, between devices at a real server.
#include <catch2/generators/catch_generators_range.hpp>

#include "tests/e2ee/world.hpp"

using namespace parley;
using namespace parley::testing;

namespace {

using Texts = std::vector<std::string>;
constexpr std::uint32_t kHour = 3600;

// Ada with two devices and Ben; Cal is elsewhere.
struct Den {
  Den() {
    room = *ada.engine->create_room(ada.now(), "Den", "", {ben.user()}, wire::HistoryAccess::kAll,
                                    kHour);
    world.run(seconds(5));
  }
  void expect(std::initializer_list<Device*> devices, const Texts& texts) {
    for (Device* device : devices) {
      INFO(device->user().to_string() << " " << device->device().to_string());
      CHECK(device->read(room) == texts);
      CHECK(device->alerts.empty());
      for (const auto& [seq, opened] : device->opened(room)) {
        CHECK(opened.chain.verdict != sealing::ChainVerdict::kGap);
      }
    }
  }
  World world;
  Device& ada = world.add("Ada");
  Device& phone = world.link(ada, "Ada's phone");
  Device& ben = world.add("Ben");
  Device& cal = world.add("Cal");
  RoomId room;
};

std::size_t entries(Device& device, const std::string& prefix) {
  std::size_t count = 0;
  for (const auto& [key, value] : device.disk()) count += key.starts_with(prefix) ? 1 : 0;
  return count;
}

bool on_disk(Device& device, std::string_view text) {
  return std::ranges::any_of(device.disk(), [&](const auto& entry) {
    return as_text(entry.second).find(text) != std::string_view::npos;
  });
}

std::vector<wire::Event> sealed_of(Device& device, RoomId room) {
  std::vector<wire::Event> events;
  for (const wire::Event& event : device.log(room)) {
    if (event.kind == wire::EventKind::kSealed) events.push_back(event);
  }
  return events;
}

std::optional<e2ee::OpenFault> fault_of(e2ee::Engine& engine, Now now, RoomId room,
                                        const wire::Event& event) {
  const auto opened = engine.open(now, room, event);
  const auto* fault = std::get_if<e2ee::OpenFault>(&opened);
  return fault == nullptr ? std::nullopt : std::optional(*fault);
}

// What somebody has who copied the device's disk, and the server's.
std::unique_ptr<e2ee::Engine> thief_of(Device& device, Rng& rng) {
  auto engine = std::make_unique<e2ee::Engine>(rng);
  for (const auto& [key, value] : device.disk()) engine->restore(key, value);
  engine->handle_signed_in(device.now(), device.user(), device.device());
  return engine;
}

}  // namespace

TEST_CASE("messages that disappear are read by all devices that are there",
          "[e2ee][disappearing]") {
  Den den;
  den.ada.say(den.room, "violet evening");
  den.world.run(seconds(2));
  den.phone.say(den.room, "from the phone");
  den.world.run(seconds(2));
  den.ben.say(den.room, "amber morning");
  den.world.run(seconds(2));
  const Texts all{"violet evening", "from the phone", "amber morning"};
  den.expect({&den.ada, &den.phone, &den.ben}, all);
  for (Device* device : {&den.ada, &den.phone, &den.ben}) {
    CHECK(device->engine->room(den.room)->disappear_after_s == kHour);
    CHECK(device->engine->room(den.room)->name == "Den");
    CHECK(entries(*device, "e2ee/epoch/" + den.room.to_string()) == 0);
    CHECK(as_text(device->sent).find("violet") == std::string_view::npos);
    device->read_again(den.room);
    device->restart();
    device->connect();
  }
  den.world.run(seconds(5));
  for (Device* device : {&den.ada, &den.phone, &den.ben}) device->read_again(den.room);
  den.expect({&den.ada, &den.phone, &den.ben}, all);
  for (const wire::Event& event : sealed_of(den.ben, den.room)) {
    const auto body = wire::decode<wire::SealedBody>(event.body);
    CHECK(body->version == wire::SealedBody::kDisappearing);
    CHECK(body->nonce.empty());
  }
}

TEST_CASE("who comes later reads what comes later", "[e2ee][disappearing]") {
  Den den;
  den.ada.say(den.room, "before");
  den.world.run(seconds(2));
  REQUIRE(den.ada.engine->invite(den.ada.now(), den.room, {den.cal.user()}).ok());
  den.world.run(seconds(5));
  Device& laptop = den.world.link(den.ben, "Ben's laptop");
  den.world.run(seconds(10));
  den.ada.say(den.room, "after");
  den.world.run(seconds(5));
  den.expect({&den.ada, &den.ben}, {"before", "after"});
  for (Device* device : {&den.cal, &laptop}) {
    CHECK(device->engine->room(den.room)->name == "Den");
    CHECK(device->engine->room(den.room)->disappear_after_s == kHour);
    const Texts texts = device->read(den.room);
    REQUIRE(texts.size() == 3);  // the room's name, sealed
    CHECK(texts == Texts{"?3", "?3", "after"});
    const auto requests = device->requests;
    den.world.run(minutes(5));
    CHECK(device->requests - requests < 3);  // it does not go on asking
    device->read_again(den.room);
    CHECK(device->read(den.room) == texts);
  }
}

TEST_CASE("messages are gone at their time, with their keys", "[e2ee][disappearing]") {
  Den den;
  den.ada.say(den.room, "violet evening");
  den.ben.say(den.room, "amber morning");
  den.world.run(seconds(5));
  for (int i = 0; i < 5; ++i) {
    REQUIRE(den.ada.engine->renew_keys(den.ada.now(), den.room).ok());
    den.world.run(seconds(2));
  }
  const auto events = sealed_of(den.ben, den.room);
  for (Device* device : {&den.ada, &den.phone, &den.ben}) {
    CHECK(on_disk(*device, "violet evening"));
    CHECK(on_disk(*device, "amber morning"));
  }
  den.phone.disconnect();
  den.world.run(seconds(kHour - 60));
  den.ada.say(den.room, "late");
  den.world.run(seconds(30));
  CHECK(on_disk(den.ben, "violet evening"));
  SECTION("also while a device is off") {
    den.ben.restart();  // stays off
    den.world.run(seconds(90));
  }
  SECTION("on devices that are on") { den.world.run(seconds(90)); }
  SECTION("when a device is started again") {
    den.phone.restart();
    den.ben.restart();
    den.world.server.advance(seconds(90));
    den.world.run(seconds(1));
  }
  SeededRng rng{5};
  for (Device* device : {&den.ada, &den.phone, &den.ben}) {
    INFO(device->device().to_string());
    CHECK_FALSE(on_disk(*device, "violet evening"));
    CHECK_FALSE(on_disk(*device, "amber morning"));
    if (device != &den.phone) CHECK(on_disk(*device, "late"));
    const auto thief = thief_of(*device, rng);
    for (const wire::Event& event : events) {
      CHECK(fault_of(*thief, device->now(), den.room, event) == e2ee::OpenFault::kNotForThisDevice);
    }
  }
  // Of epochs whose messages are gone no key is left: the present one and three before.
  const std::string keys = "e2ee/keys/" + den.room.to_string() + "/";
  std::set<std::string> epochs;
  for (const auto& [key, value] : den.ada.disk()) {
    if (key.starts_with(keys))
      epochs.insert(key.substr(keys.size(), key.find('/', keys.size()) - keys.size()));
  }
  CHECK(epochs.size() <= 4);
  den.phone.connect();
  den.world.run(seconds(5));
  CHECK(den.phone.read(den.room).back() == "late");
}

TEST_CASE("a key is used up by what it opened, before that is over", "[e2ee][disappearing]") {
  Den den;
  den.ada.say(den.room, "violet evening");
  den.world.run(seconds(2));
  const auto event = sealed_of(den.ben, den.room).back();
  std::erase_if(den.ben.disk(),
                [](const auto& entry) { return entry.first.starts_with("e2ee/said/"); });
  SeededRng rng{5};
  const auto thief = thief_of(den.ben, rng);
  CHECK(fault_of(*thief, den.ben.now(), den.room, event) == e2ee::OpenFault::kNotForThisDevice);
}

TEST_CASE("a crash loses no message that disappears, and sends none twice",
          "[e2ee][disappearing]") {
  const int steps = GENERATE(Catch::Generators::range(0, 10));
  const bool before_write = GENERATE(false, true);
  const bool sender = GENERATE(false, true);
  Den den;
  Device& crashing = sender ? den.ada : den.ben;
  den.ada.say(den.room, "one");
  den.ada.say(den.room, "two");
  for (int i = 0; i < steps; ++i) {
    for (Device* device : {&den.ada, &den.ben}) device->pump();
    if (i % 2 == 1) den.world.server.settle();
  }
  crashing.lose_writes = before_write;
  if (before_write) crashing.pump();
  crashing.lose_writes = false;
  crashing.restart();
  crashing.read_again(den.room);  // what was opened may not have been kept
  crashing.connect();
  den.world.run(seconds(10));
  den.ada.say(den.room, "three");
  den.world.run(seconds(5));
  den.expect({&den.ada, &den.phone, &den.ben}, {"one", "two", "three"});
  crashing.read_again(den.room);
  den.expect({&crashing}, {"one", "two", "three"});
  // No generation twice: the same position in the ratchet, under one key, is one ciphertext.
  std::set<Bytes> texts;
  for (const wire::Event& event : sealed_of(den.ben, den.room)) {
    CHECK(texts.insert(event.body).second);
  }
}

TEST_CASE("a message that is sealed again is the same one", "[e2ee][disappearing]") {
  Den den;
  const auto id = ClientId::make(den.ada.now().wall, den.world.server.rng);
  const auto body = wire::encode(wire::Message{wire::MessageType::kText, "hello", {}, {}});
  const auto seal = [&] {
    auto made =
        den.ada.engine->seal(den.ada.now(), den.room, id, wire::EventKind::kMessage, body, true);
    REQUIRE(std::holds_alternative<e2ee::Sealed>(made));
    return std::get<e2ee::Sealed>(std::move(made)).body;
  };
  const Bytes first = seal();
  CHECK(seal() == first);
  den.world.settle();
  den.ada.restart();
  den.ada.connect();
  den.world.run(seconds(5));
  CHECK(seal() == first);
  // In another epoch with another key, and as the same message.
  REQUIRE(den.ben.engine->renew_keys(den.ben.now(), den.room).ok());
  den.world.run(seconds(3));
  const Bytes second = seal();
  CHECK(second != first);
  wire::Event event;
  event.kind = wire::EventKind::kSealed;
  event.seq = {1000};
  event.at = den.ada.now().wall;
  event.sender = den.ada.user();
  event.device = den.ada.device();
  event.client_id = id;
  event.body = first;
  const auto one = den.ben.engine->open(den.ben.now(), den.room, event);
  REQUIRE(std::holds_alternative<e2ee::Opened>(one));
  event.body = second;
  event.seq = {1001};
  CHECK(fault_of(*den.ben.engine, den.ben.now(), den.room, event) == e2ee::OpenFault::kRepeated);
  CHECK(fault_of(*den.phone.engine, den.phone.now(), den.room, event) == std::nullopt);
}

TEST_CASE("messages that disappear come late and in any order", "[e2ee][disappearing]") {
  Den den;
  den.ben.withhold = [](const wire::Event& event) {
    return event.kind == wire::EventKind::kSealed;
  };
  for (int epoch = 0; epoch < 8; ++epoch) {
    for (int i = 0; i < 4; ++i) den.ada.say(den.room, std::to_string(epoch * 4 + i));
    den.world.run(seconds(3));
    REQUIRE(den.ada.engine->renew_keys(den.ada.now(), den.room).ok());
    den.world.run(seconds(3));
  }
  den.ben.withhold = nullptr;
  std::vector<wire::Event> events;
  for (const wire::Event& event : sealed_of(den.ben, den.room)) {
    if (event.seq > Seq{4}) events.push_back(event);
  }
  REQUIRE(events.size() >= 32);
  SeededRng rng{9};
  for (std::size_t i = events.size(); i > 1; --i) {
    std::swap(events[i - 1], events[static_cast<std::size_t>(rng.below(i))]);
  }
  events.resize(events.size() - 5);  // are lost
  for (const wire::Event& event : events) {
    const auto opened = den.ben.engine->open(den.ben.now(), den.room, event);
    INFO(event.seq.value);
    const auto* fault = std::get_if<e2ee::OpenFault>(&opened);
    CHECK(fault == nullptr);
    if (rng.below(10) == 0) {
      den.world.settle();
      den.ben.restart();
    }
  }
}

TEST_CASE("a device that is away for many epochs reads what still is there",
          "[e2ee][disappearing]") {
  Den den;
  den.ben.disconnect();
  Texts texts;
  for (int i = 0; i < 20; ++i) {
    texts.push_back(std::to_string(i));
    den.ada.say(den.room, texts.back());
    den.world.run(seconds(2));
    REQUIRE(den.ada.engine->renew_keys(den.ada.now(), den.room).ok());
    den.world.run(seconds(2));
  }
  den.ben.connect();
  den.world.run(seconds(5));
  den.expect({&den.ben}, texts);
}

TEST_CASE("nothing of a message that disappears can be moved or repeated", "[e2ee][disappearing]") {
  Den den;
  den.ben.withhold = [](const wire::Event& event) {
    return event.kind == wire::EventKind::kSealed;
  };
  den.ada.say(den.room, "violet evening");
  den.world.run(seconds(2));
  const wire::Event event = sealed_of(den.ben, den.room).back();
  const auto fault = [&](const std::function<void(wire::Event&)>& change) {
    wire::Event changed = event;
    change(changed);
    return fault_of(*den.ben.engine, den.ben.now(), den.room, changed);
  };
  const auto with_body = [&](const std::function<void(wire::SealedBody&)>& change) {
    return fault([&](wire::Event& changed) {
      auto body = *wire::decode<wire::SealedBody>(changed.body);
      change(body);
      changed.body = wire::encode(body);
    });
  };
  using enum e2ee::OpenFault;
  CHECK(fault([](wire::Event& to) { to.client_id.uuid.bytes[3] ^= 1; }) == kWrongKey);
  CHECK(fault([&](wire::Event& to) { to.sender = den.cal.user(); }) == kWrongKey);
  CHECK(fault([&](wire::Event& to) { to.device = den.phone.device(); }) == kWrongKey);
  CHECK(with_body([](auto& to) { to.counts = false; }) == kWrongKey);
  CHECK(with_body([](auto& to) { to.ciphertext.back() ^= 1; }) == kWrongKey);
  CHECK(with_body([](auto& to) { --to.epoch; }) == kNotForThisDevice);
  CHECK(with_body([](auto& to) { to.nonce = Bytes(24); }) == kMalformed);
  CHECK(with_body([](auto& to) { to.ciphertext.pop_back(); }) == kMalformed);
  CHECK(with_body([](auto& to) { to.version = 1; }) == kMalformed);
  CHECK(with_body([](auto& to) { to.version = 3; }).has_value());
  // None of that used anything up.
  CHECK(fault([](wire::Event&) {}) == std::nullopt);
  CHECK(fault([](wire::Event&) {}) == std::nullopt);
  CHECK(fault([](wire::Event& to) { to.seq.value += 5; }) == kRepeated);
}

TEST_CASE("the two forms of messages stay in their rooms", "[e2ee][disappearing]") {
  Den den;
  const auto other = den.ada.engine->create_room(den.ada.now(), "Plans", "", {den.ben.user()},
                                                 wire::HistoryAccess::kAll);
  REQUIRE(other.ok());
  den.world.run(seconds(5));
  den.ada.say(den.room, "passes");
  den.ada.say(*other, "stays");
  den.world.run(seconds(3));
  const wire::Event passes = sealed_of(den.ben, den.room).back();
  const wire::Event stays = sealed_of(den.ben, *other).back();
  using enum e2ee::OpenFault;
  CHECK(fault_of(*den.phone.engine, den.phone.now(), *other, passes) == kMalformed);
  CHECK(fault_of(*den.phone.engine, den.phone.now(), den.room, stays) == kMalformed);
  // Nor does the server take them.
  for (const auto& [room, event] : {std::pair{*other, passes}, std::pair{den.room, stays}}) {
    wire::Post post;
    post.room_id = room;
    post.client_id = ClientId::make(den.ada.now().wall, den.world.server.rng);
    post.kind = wire::EventKind::kSealed;
    post.body = event.body;
    std::optional<std::uint16_t> refused;
    den.ada.request(post, [&](const app::Reply& reply) {
      if (const auto* error = std::get_if<wire::ErrorReply>(&reply)) refused = error->code;
    });
    den.world.settle();
    CHECK(refused == static_cast<std::uint16_t>(ErrorCode::kInvalidArgument));
  }
}

TEST_CASE("a device that lost its keys joins anew", "[e2ee][disappearing]") {
  Den den;
  den.ada.say(den.room, "one");
  den.world.run(seconds(2));
  den.ben.disconnect();
  std::erase_if(den.ben.disk(),
                [](const auto& entry) { return entry.first.starts_with("e2ee/keys/"); });
  den.ben.restart();
  den.ben.connect();
  den.world.run(seconds(10));
  den.ada.say(den.room, "two");
  den.ben.say(den.room, "three");
  den.world.run(seconds(5));
  auto texts = den.ben.read(den.room);
  std::ranges::sort(texts);
  CHECK(texts == Texts{"one", "three", "two"});
}

TEST_CASE("a message that disappears writes little", "[e2ee][disappearing]") {
  Den den;
  for (int i = 0; i < 40; ++i) den.ada.say(den.room, "hello " + std::to_string(i));
  den.world.run(seconds(20));
  den.ben.withhold = [](const wire::Event& event) {
    return event.kind == wire::EventKind::kSealed;
  };
  den.ada.say(den.room, "the last one");
  den.world.run(seconds(2));
  REQUIRE(fault_of(*den.ben.engine, den.ben.now(), den.room, sealed_of(den.ben, den.room).back()) ==
          std::nullopt);
  std::size_t bytes = 0;
  while (const auto write = den.ben.engine->poll_write()) {
    for (const auto& entry : write->entries) bytes += entry.key.size() + entry.value.size();
  }
  CHECK(bytes > 0);
  CHECK(bytes < 10 * 1024);
}
