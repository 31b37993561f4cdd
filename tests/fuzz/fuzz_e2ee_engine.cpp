// Engines of devices at a real server by a list of operations: the bytes are what people do, what
// links and disks do to them, and, when the first byte says so, what the server lies. Nothing
// crashes and no text is shown that its author did not write; where nobody lied all devices end up
// with the same groups and read everything.
//
// The devices (tests/e2ee/world.hpp) speak Catch2: a run is a test case of its own.
#include <catch2/catch_session.hpp>

#include "tests/e2ee/world.hpp"
#include "tests/fuzz/fuzz_require.hpp"

using namespace parley;
using namespace parley::testing;

namespace {

ByteView input;

// Once at the start it is chosen who takes part, then each operation is a few bytes.
class Run {
 public:
  explicit Run(ByteView choices) : choices_(choices), lies_allowed_(choose(2) == 1) {
    Device& ada = world_.add("Ada");
    Device& ben = world_.add("Ben");
    if (choose(4) == 0) world_.add("Cid");
    if (choose(4) == 0) world_.link(ada, "Ada's phone");
    add_room(ada, ada.engine->create_room(ada.now(), "room", "", {ben.user()}, history()));
    world_.run(seconds(2));
    for (auto& device : world_.devices()) prepare(*device);
  }
  bool over() const { return choices_.empty(); }

  void step() {
    Device& device = any();
    const RoomId room = rooms_[choose(rooms_.size())];
    switch (choose(lies_allowed_ ? 24 : 18)) {
      case 0:
      case 1:
      case 2:
        if (!device.rooms().contains(room)) break;
        for (std::size_t n = 1 + choose(3); n > 0; --n) {
          said_.emplace(device.user(), "message " + std::to_string(said_.size()));
          device.say(room, "message " + std::to_string(said_.size() - 1));
        }
        break;
      case 3:
        world_.run(milliseconds(static_cast<std::int64_t>(choose(256)) * 20));
        break;
      case 4:
        for (auto& each : world_.devices()) each->pump();
        if (choose(2) == 0) world_.server.settle();
        break;
      case 5:
        device.disconnect();
        break;
      case 6:
        device.connect();
        break;
      case 7:
        device.restart();
        break;
      case 8:  // the disk stops, then the device
        device.lose_writes = true;
        for (std::size_t n = choose(4); n > 0; --n) {
          device.pump();
          world_.server.settle();
        }
        device.lose_writes = false;
        device.restart();
        break;
      case 9:
        std::ignore = device.engine->invite(device.now(), room, {any().user()});
        break;
      case 10:
        if (const UserId user = any().user(); device.connected() && user != device.user()) {
          device.request(wire::RemoveMember{room, user, false});
        }
        break;
      case 11:
        // Names that an owner gave and who then left are believed by those who were there.
        if (device.connected() && device.user() != owners_[room]) {
          device.request(wire::LeaveRoom{room});
        }
        break;
      case 12:
        std::ignore = device.engine->renew_keys(device.now(), room);
        break;
      case 13:
        std::ignore =
            device.engine->rename(device.now(), room, "name " + std::to_string(choose(8)), "topic");
        break;
      case 14:
        if (rooms_.size() == kMostRooms) break;
        if (const UserId user = any().user(); choose(2) == 0 && user != device.user()) {
          add_room(device, device.engine->start_direct(device.now(), user));
        } else {
          add_room(device,
                   device.engine->create_room(device.now(), "another", "", {user}, history()));
        }
        break;
      case 15:
        spoilt_batches_.push_back(choose(3));
        break;
      case 16:
        link(device);
        break;
      case 17:
        if (choose(4) != 0) break;  // it takes its time
        for (auto& each : world_.devices()) each->disconnect();
        world_.server.settle();  // a crash in the midst of commands leaks them
        world_.server.restart();
        break;
      case 18:
      case 19:
      case 20:
        lies_.push_back({choose(256), choose(65'536)});
        break;
      case 21:
        world_.settle();
        if (device.connected()) device.engine->handle_notice(device.now(), made_up_item(room));
        break;
      case 22:
        change_disk(device);
        break;
      default: {
        // An event that the server makes up or keeps to itself until now.
        if (device.log(room).empty()) break;
        wire::Event event = device.log(room)[choose(device.log(room).size())];
        event.seq.value += choose(3);
        std::ignore = device.engine->open(device.now(), room, event);
        device.engine->handle_event(device.now(), room, event);
        lied_ = true;
        break;
      }
    }
  }

  void finish() {
    calm_ = true;
    for (auto& device : world_.devices()) {
      if (device->engine->link() != nullptr) device->engine->cancel_link(device->now());
    }
    std::string why = "nothing was tried";
    for (int i = 0; i < (lied_ ? 2 : 60) && !why.empty(); ++i) {
      // What was lost last shows with the next connection.
      if (i % 10 == 1) {
        for (auto& device : world_.devices()) device->disconnect();
      }
      for (auto& device : world_.devices()) device->connect();
      world_.run(seconds(10));
      why = difference();
    }
    INFO(why);
    CHECK((lied_ || why.empty()));
    for (auto& device : world_.devices()) check_texts(*device);
  }

 private:
  static constexpr std::size_t kMostRooms = 3, kMostDevices = 4;

  // The next byte of the input, or two; zeros after its end.
  std::size_t next() {
    if (choices_.empty()) return 0;
    const std::size_t byte = choices_.front();
    choices_ = choices_.subspan(1);
    return byte;
  }
  std::size_t choose(std::size_t bound) {
    const std::size_t low = next();
    return (bound <= 256 ? low : low | next() << 8) % bound;
  }
  wire::HistoryAccess history() { return static_cast<wire::HistoryAccess>(choose(3)); }
  Device& any() { return *world_.devices()[choose(world_.devices().size())]; }
  void add_room(const Device& owner, const Result<RoomId>& room) {
    if (!room) return;
    rooms_.push_back(*room);
    owners_[*room] = owner.user();
  }
  void prepare(Device& device) {
    device.change_events = [this](auto& events) { change_events(events); };
    device.change_notice = [this](wire::Notice& notice) { change_notice(notice); };
    device.change_response = [this](wire::Response& response) { change_response(response); };
  }

  // ---- linking a device with a code, one stage after the other ----
  void link(Device& device) {
    if (device.engine->account() == e2ee::AccountState::kLocked) {
      std::ignore = device.engine->begin_link(device.now(), code_);
    } else if (device.engine->link() != nullptr && device.engine->link()->active()) {
      const bool cancels = choose(8) == 0;
      if (cancels) device.engine->cancel_link(device.now());
      device.engine->confirm_link(device.now(), choose(8) != 0);
    } else if (const auto code = device.engine->start_link(device.now())) {
      code_ = *code;
      if (world_.devices().size() == kMostDevices) return;
      // The server knows the code before anybody types it.
      world_.settle();
      prepare(world_.arrive("another", code_));
    }
  }

  // ---- what links do to messages ----
  void change_events(std::vector<std::pair<RoomId, wire::Event>>& events) {
    if (calm_ || events.empty()) return;
    if (!spoilt_batches_.empty()) {
      switch (spoilt_batches_.back()) {
        case 0:
          events.clear();
          break;
        case 1:
          events.insert(events.end(), events.begin(), events.end());
          break;
        default:
          std::ranges::reverse(events);
      }
      spoilt_batches_.pop_back();
    }
    for (auto& [room, event] : events) {
      if (const auto lie = next_lie(0)) {
        if (!event.body.empty()) flip(event.body, lie->where);
        if (lie->how % 5 == 0) event.sender = any().user();
      }
    }
  }

  // ---- lies ----
  struct Lie {
    std::size_t how = 0, where = 0;
  };
  // About events, items or answers: each waits until one of its kind is due.
  std::optional<Lie> next_lie(std::size_t about) {
    if (calm_ || lies_.empty() || lies_.back().how % 3 != about) return std::nullopt;
    const Lie lie = lies_.back();
    lies_.pop_back();
    lied_ = true;
    return lie;
  }
  static void flip(Bytes& bytes, std::size_t where) {
    bytes[where % bytes.size()] ^= static_cast<std::uint8_t>(1u << where / 256 % 8);
  }
  void change_notice(wire::Notice& notice) {
    auto* inbox = std::get_if<wire::InboxNotice>(&notice);
    if (inbox == nullptr || inbox->items.empty()) return;
    const auto lie = next_lie(1);
    if (!lie) return;
    wire::InboxItem& item = inbox->items[lie->where % inbox->items.size()];
    switch (lie->how % 8) {
      case 0:
        inbox->items.pop_back();
        break;
      case 1:
        inbox->items.push_back(inbox->items.front());
        break;
      case 2:
        std::ranges::reverse(inbox->items);
        break;
      case 3:
        item.body.resize(std::min(item.body.size(), lie->where % 256));
        break;
      case 4:
        item.room_id = rooms_[lie->where % rooms_.size()];
        break;
      case 5:
        if (!item.tree.empty()) flip(item.tree, lie->where);
        break;
      default:
        if (!item.body.empty()) flip(item.body, lie->where);
    }
  }
  // Another answer of the same kind, or an old one once more.
  void change_response(wire::Response& response) {
    // What the driver itself lives on is left alone.
    if (std::holds_alternative<wire::Welcome>(response) ||
        std::holds_alternative<wire::HistoryPage>(response)) {
      return;
    }
    wire::Response& before = answers_[response.index()];
    if (const auto lie = next_lie(2)) {
      if (lie->how % 2 == 0) {
        std::swap(before, response);
        if (before.index() != response.index()) std::swap(before, response);
        return;
      }
      Bytes frame = wire::encode_frame(wire::ServerFrame{wire::ResponseFrame{1, response}});
      flip(frame, lie->where);
      const auto changed = wire::decode_server_frame(frame);
      if (!changed) return;
      const auto* other = std::get_if<wire::ResponseFrame>(&*changed);
      if (other != nullptr && other->response.index() == response.index()) {
        response = other->response;
      }
      return;
    }
    before = response;
  }
  wire::InboxNotice made_up_item(RoomId room) {
    lied_ = true;
    wire::InboxItem item;
    item.kind = static_cast<std::uint8_t>(choose(8));
    item.room_id = room;
    item.sender = any().user();
    const std::size_t size = std::min(choose(64), choices_.size());
    item.body = to_bytes(choices_.first(size));
    choices_ = choices_.subspan(size);
    wire::InboxNotice notice;
    notice.items.push_back(std::move(item));
    return notice;
  }
  void change_disk(Device& device) {
    if (device.disk().empty()) return;
    const auto entry =
        std::next(device.disk().begin(), static_cast<std::ptrdiff_t>(choose(device.disk().size())));
    const std::size_t where = choose(65'536);
    lied_ = true;
    if (where % 5 == 0) {
      device.disk().erase(entry);
    } else if (!entry->second.empty()) {
      flip(entry->second, where);
    }
    device.restart();
  }

  // ---- what holds in the end ----
  // Was to be linked and was not, or not for good.
  static bool is_outside(const Device& device) {
    const auto state = device.engine->account();
    return device.refused || state == e2ee::AccountState::kLocked ||
           state == e2ee::AccountState::kRevoked;
  }
  // What keeps the devices from being the same; empty when they are.
  std::string difference() {
    for (auto& device : world_.devices()) {
      const std::string name = device->device().to_string();
      if (is_outside(*device)) continue;
      if (!device->connected()) return name + " is not connected";
      if (!device->ready()) return name + " is not ready";
      if (!device->alerts.empty()) return name + " has an alert";
      if (device->unsent() > 0) return name + " has unsent messages";
    }
    for (const RoomId& room : rooms_) {
      Device* reference = nullptr;
      for (auto& device : world_.devices()) {
        if (!device->ready() || !device->rooms().contains(room)) continue;
        if (reference == nullptr) reference = device.get();
        const std::string where = device->device().to_string() + " in " + room.to_string();
        const auto status = device->engine->room(room);
        if (!status) return where + " has no room";
        if (status->not_ready) return where + ": " + std::string(describe(*status->not_ready));
        if (status->epoch != reference->epoch(room)) return where + " is in another epoch";
        if (status->name != reference->engine->room(room)->name) return where + ": other name";
        const auto& log = device->log(room);
        const auto& other_log = reference->log(room);
        if (log.empty() || other_log.empty() || log.back().seq != other_log.back().seq) {
          return where + ": other log";
        }
        const auto& opened = device->opened(room);
        for (const auto& [seq, fault] : device->closed(room)) {
          if (fault != e2ee::OpenFault::kBeforeJoining) {
            return where + " cannot read " + std::to_string(seq.value) + ": " +
                   std::string(describe(fault));
          }
        }
        for (const auto& [seq, message] : opened) {
          const auto same = reference->opened(room).find(seq);
          if (same != reference->opened(room).end() && same->second.body != message.body) {
            return where + " reads something else at " + std::to_string(seq.value);
          }
        }
      }
    }
    return {};
  }
  void check_texts(Device& device) {
    for (const RoomId& room : rooms_) {
      for (const auto& [seq, message] : device.opened(room)) {
        if (message.kind != wire::EventKind::kMessage) continue;
        const auto text = wire::decode<wire::Message>(message.body);
        REQUIRE(text.ok());
        CHECK(said_.contains({message.user, text->content}));
      }
    }
  }

  ByteView choices_;
  bool lies_allowed_;
  World world_;
  std::vector<RoomId> rooms_;
  std::map<RoomId, UserId> owners_;
  std::set<std::pair<UserId, std::string>> said_;
  std::string code_;
  std::vector<std::size_t> spoilt_batches_;
  std::vector<Lie> lies_;
  std::map<std::size_t, wire::Response> answers_;
  bool calm_ = false;
  bool lied_ = false;
};

}  // namespace

TEST_CASE("operations") {
  constexpr int kMaxSteps = 60;
  Run run(input);
  for (int i = 0; i < kMaxSteps && !run.over(); ++i) run.step();
  run.finish();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Catch::Session session;
  session.configData().reporterSpecifications = {{"compact", {}, {}, {}}};
  session.configData().abortAfter = 1;
  input = {data, size};
  parley::test::fuzz_require(session.run() == 0, "see above");
  return 0;
}
