// A client core whose server and platform are the test: what it sends is kept, what it hears is
// said by hand.
#pragma once

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <map>

#include "client/core/client.hpp"

namespace parley::client {

inline UserId user_id(std::uint8_t n) {
  UserId id;
  id.uuid.bytes[0] = n;
  return id;
}
inline RoomId room_id(std::uint8_t n) {
  RoomId id;
  id.uuid.bytes[0] = n;
  return id;
}

class Rig {
 public:
  explicit Rig(std::map<std::string, Bytes> stored = {}, Config config = {})
      : store(std::move(stored)) {
    config.server_url = "wss://chat.example.org/ws";
    config.device_name = "test";
    config.private_rooms = false;  // the test would have to be their server: see tests/sim
    core = std::make_unique<Client>(config, rng);
    core->start(now);
    drain();
  }

  void drain() {
    while (auto effect = core->poll_effect()) {
      if (auto* open = std::get_if<OpenTransport>(&*effect)) {
        attempt = open->attempt;
        ++opened;
      } else if (auto* send = std::get_if<SendBytes>(&*effect)) {
        auto decoded = wire::decode_client_frame(send->bytes);
        REQUIRE(std::holds_alternative<wire::ClientFrame>(decoded));
        auto& frame = std::get<wire::ClientFrame>(decoded);
        if (auto* command = std::get_if<wire::CommandFrame>(&frame)) sent.push_back(*command);
      } else if (auto* write = std::get_if<WriteStore>(&*effect)) {
        for (auto& entry : write->entries) {
          if (entry.value.empty())
            store.erase(entry.key);
          else
            store[entry.key] = entry.value;
        }
        core->handle_stored(now, write->batch, {});
      } else if (auto* read = std::get_if<ReadStore>(&*effect)) {
        std::vector<WriteStore::Entry> entries;
        for (const auto& [key, value] : store) entries.push_back({key, value});
        core->handle_loaded(now, read->prefix, std::move(entries));
      } else if (std::holds_alternative<ClearStore>(*effect)) {
        store.clear();
        ++cleared;
      } else if (auto* done = std::get_if<CommandDone>(&*effect)) {
        finished.push_back(*done);
      } else if (auto* notify = std::get_if<Notify>(&*effect)) {
        notified.push_back(*notify);
      } else if (auto* event = std::get_if<EventArrived>(&*effect)) {
        arrived.push_back(*event);
      }
    }
  }
  template <class Call>
  auto call(Call what) {
    if constexpr (std::is_void_v<decltype(what(*core))>) {
      what(*core);
      drain();
    } else {
      auto out = what(*core);
      drain();
      return out;
    }
  }
  const AppView& view() { return core->view(); }

  void pass(Duration time) {
    const MonoTime end = now.mono + time;
    int calls = 0;
    for (;;) {
      const auto at = core->poll_deadline();
      if (!at || *at > end) break;
      REQUIRE(++calls < 1000);  // a deadline that stays is a busy wait
      set(std::max(now.mono, *at));
      core->handle_timeout(now);
      drain();
    }
    set(end);
  }

  // The newest command of a kind; its request is remembered for reply().
  template <class Command>
  const Command* last() {
    for (auto it = sent.rbegin(); it != sent.rend(); ++it) {
      if (auto* command = std::get_if<Command>(&it->command)) {
        request = it->request;
        return command;
      }
    }
    return nullptr;
  }
  template <class Command>
  int count() const {
    return static_cast<int>(std::count_if(sent.begin(), sent.end(), [](auto& frame) {
      return std::holds_alternative<Command>(frame.command);
    }));
  }
  void hear(const wire::ServerFrame& frame) {
    core->handle_transport_bytes(now, attempt, wire::encode_frame(frame));
    drain();
  }
  void notice(wire::Notice notice) { hear(wire::ServerFrame{std::move(notice)}); }
  template <class Command>
  void reply(wire::Response response) {
    REQUIRE(last<Command>());
    hear(wire::ResponseFrame{request, std::move(response)});
  }
  template <class Command>
  void refuse(ErrorCode code, std::uint32_t wait = 0,
              std::optional<wire::RoomSummary> room = std::nullopt) {
    REQUIRE(last<Command>());
    hear(wire::ErrorFrame{request, {static_cast<std::uint16_t>(code), {}, wait, std::move(room)}});
  }

  wire::Welcome welcome() const {
    wire::Welcome out;
    out.session.user = {user_id(1), "Ada", true};
    out.session.token = "token";
    out.session.expires = now.wall + hours(2);
    out.server_time = now.wall;
    out.sync_token = "s1";
    out.presence = {user_id(1), wire::PresenceStatus::kOnline, {}, {}};
    return out;
  }
  static wire::RoomSummary summary(std::uint8_t n, std::uint64_t head, std::uint64_t read = 0,
                                   std::uint32_t unread = 0) {
    wire::RoomSummary out;
    out.room_id = room_id(n);
    out.settings.version = 1;
    out.settings.name = "Room " + std::to_string(n);
    out.role = wire::Role::kMember;
    out.head = {head};
    out.read = {read};
    out.unread = unread;
    out.members = 2;
    out.last_activity = {static_cast<std::int64_t>(head)};
    return out;
  }
  template <class Body>
  wire::Event event(std::uint64_t seq, std::uint8_t sender, const Body& body) const {
    wire::Event out;
    out.seq = {seq};
    out.at = base + seconds(static_cast<std::int64_t>(seq));
    out.sender = user_id(sender);
    out.kind = Body::kKind;
    out.body = wire::encode(body);
    return out;
  }
  wire::Event text(std::uint64_t seq, std::uint8_t sender, const std::string& content,
                   std::vector<UserId> mentions = {}) const {
    return event(seq, sender, wire::Message{wire::MessageType::kText, content, {}, mentions});
  }
  void live(std::uint8_t room, std::vector<wire::Event> events) {
    hear(wire::EventBatch{room_id(room), std::move(events)});
  }

  void open_transport() {
    core->handle_transport_open(now, attempt);
    drain();
  }
  void lose() {
    core->handle_transport_closed(now, attempt, 1006, "the link broke");
    drain();
  }
  // Signed in as Ada, in rooms 1 and 2, room 1 open with messages 1..3 by Grace (user 2), all read.
  void settle_in() {
    call([&](Client& c) { c.sign_in_guest(now, "Ada"); });
    open_transport();
    auto hello = welcome();
    hello.rooms = {summary(1, 3, 3), summary(2, 5, 5)};
    reply<wire::Authenticate>(hello);
    call([&](Client& c) { c.open_room(now, room_id(1)); });
    page(1, {text(1, 2, "one"), text(2, 2, "two"), text(3, 2, "three")}, true);
    members();
    // Nothing below depends on what was sent on the way here.
    sent.clear();
  }
  void page(std::uint8_t room, std::vector<wire::Event> events, bool start) {
    wire::HistoryPage out;
    out.room_id = room_id(room);
    out.head = events.back().seq;
    out.start = start;
    out.events = std::move(events);
    out.users = {{user_id(2), "Grace", true}};
    reply<wire::History>(out);
  }
  void members() {
    wire::MemberPage out;
    out.room_id = room_id(1);
    out.members = {{{user_id(1), "Ada", true}, wire::Role::kMember, {}, {}},
                   {{user_id(2), "Grace", true}, wire::Role::kMember, {}, {}},
                   {{user_id(3), "Grace Hopper", true}, wire::Role::kOwner, {}, {}}};
    reply<wire::ListMembers>(out);
  }

  std::vector<MessageView> messages() {
    std::vector<MessageView> out;
    if (!view().room) return out;
    for (const auto& item : view().room->items) {
      if (auto* message = std::get_if<MessageView>(&item)) out.push_back(*message);
    }
    return out;
  }

  Timestamp base{1'750'000'000'000};
  Now now{MonoTime{1'000'000}, base};
  SeededRng rng{3};
  std::map<std::string, Bytes> store;
  std::unique_ptr<Client> core;
  std::uint32_t attempt = 0;
  int opened = 0;
  int cleared = 0;
  std::vector<wire::CommandFrame> sent;
  std::vector<CommandDone> finished;
  std::vector<Notify> notified;
  std::vector<EventArrived> arrived;
  wire::RequestId request = 0;

 private:
  void set(MonoTime to) {
    now.wall = now.wall + (to - now.mono);
    now.mono = to;
  }
};

}  // namespace parley::client
