#include "tests/e2ee/world.hpp"

namespace parley::testing {

Device::Device(Server& server, std::string name, std::uint64_t seed)
    : server_(server), name_(std::move(name)), rng_(seed) {
  hello_.guest_name = name_;
  start();
}

Device::Device(Server& server, std::string name, std::uint64_t seed,
               const identity::RecoverySecret& secret)
    : server_(server), name_(std::move(name)), rng_(seed) {
  hello_.recovery = to_bytes(identity::derive_recovery_keys(secret).sign_in_token.expose());
  hello_.device_name = name_;
  start();
}

Device::Device(Server& server, std::string name, std::uint64_t seed, const crypto::Secret& token)
    : server_(server), name_(std::move(name)), rng_(seed) {
  hello_.recovery = to_bytes(token.expose());
  hello_.device_name = name_;
  start();
}

void Device::restart() {
  disconnect();
  start();
}

void Device::disconnect() {
  if (!session_) return;
  session_.reset();
  peer_.reset();
  waiting_.clear();
  for (auto& [room, log] : logs_) log.fetching = false;
  for (auto& [room, box] : outbox_) box.under_way = false;
  if (engine) engine->handle_disconnected();
  welcomed_ = false;
}

void Device::connect() {
  if (session_) return;
  peer_ = std::make_unique<TestPeer>();
  session_ = server_.app->open_session(static_cast<std::uint16_t>(rng_.below(3)), *peer_);
  ask(hello_, [this](const app::Reply& reply) {
    if (const auto* error = std::get_if<wire::ErrorReply>(&reply)) {
      refused = static_cast<ErrorCode>(error->code);
      peer_->closed = Error{*refused, {}, {}};
      return;
    }
    on_welcome(std::get<wire::Welcome>(std::get<wire::Response>(reply)));
  });
}

bool Device::pump() {
  bool moved = false;
  while (auto change = engine->poll_change()) {
    moved = true;
    on_change(*change);
  }
  while (auto write = engine->poll_write()) {
    moved = true;
    if (lose_writes) continue;
    for (auto& entry : write->entries) {
      if (entry.value.empty()) {
        disk_.erase(entry.key);
      } else {
        disk_[entry.key] = to_bytes(entry.value.expose());
      }
    }
    stored_ = write->batch;
    engine->handle_stored(now(), write->batch);
  }
  if (!session_) return moved;
  while (auto request = engine->poll_request()) {
    moved = true;
    if (!welcomed_) continue;
    keep(request->command);
    if (overhear) overhear(request->command);
    ++requests;
    ask(std::move(request->command), [this, token = request->token](const app::Reply& reply) {
      engine->handle_reply(now(), token, reply);
    });
  }
  auto replies = std::exchange(peer_->replies, {});
  for (auto& [id, reply] : replies) {
    const auto found = waiting_.find(id);
    if (found == waiting_.end()) continue;
    moved = true;
    auto handler = std::move(found->second);
    waiting_.erase(found);
    if (auto* response = std::get_if<wire::Response>(&reply); response && change_response) {
      change_response(*response);
    }
    handler(reply);
    if (!session_) return true;
  }
  for (auto& notice : std::exchange(peer_->notices, {})) {
    moved = true;
    if (change_notice) change_notice(notice);
    on_notice(notice);
  }
  auto events = std::exchange(peer_->events, {});
  if (change_events) change_events(events);
  for (auto& [room, event] : events) {
    moved = true;
    on_event(room, event);
  }
  for (auto& [room, log] : logs_) moved = fetch(room, log) || moved;
  for (auto& [room, box] : outbox_) moved = post(room, box) || moved;
  if (peer_->closed && session_) disconnect();
  return moved;
}

void Device::say(RoomId room, std::string text) {
  outbox_[room].waiting.push_back({ClientId::make(now().wall, rng_), std::move(text)});
}

std::size_t Device::unsent() const {
  std::size_t count = 0;
  for (const auto& [room, box] : outbox_) count += box.waiting.size();
  return count;
}

std::string Device::describe_unsent() const {
  std::string out;
  for (const auto& [room, box] : outbox_) {
    if (box.waiting.empty()) continue;
    const auto status = engine->room(room);
    out += room.to_string() + ": " + std::to_string(box.waiting.size());
    out += member_of_.contains(room) ? "" : ", not a member";
    out += box.under_way ? ", under way" : box.sealed ? ", sealed" : ", not sealed";
    out +=
        box.refused == ErrorCode{} ? "" : ", refused " + std::string(error_info(box.refused).name);
    if (box.cause) out += ", " + std::string(e2ee::describe(*box.cause));
    if (!status) {
      out += ", unknown to the engine";
    } else if (status->not_ready) {
      out += ", " + std::string(e2ee::describe(*status->not_ready));
    }
    out += "\n";
  }
  return out;
}

std::vector<std::string> Device::read(RoomId room) {
  std::vector<std::string> texts;
  Log& log = logs_[room];
  for (const wire::Event& event : log.events) {
    if (event.kind != wire::EventKind::kSealed) continue;
    const auto known = log.read.find(event.seq);
    if (known == log.read.end()) {
      texts.push_back("?" + std::to_string(static_cast<int>(log.closed.at(event.seq))));
      continue;
    }
    if (known->second.kind != wire::EventKind::kMessage) continue;
    texts.push_back(wire::decode<wire::Message>(known->second.body)->content);
  }
  return texts;
}

void Device::forget(RoomId room, std::size_t keep) {
  Log& log = logs_[room];
  while (log.events.size() > keep) {
    log.before = log.events.front().seq;
    log.read.erase(log.before);
    log.closed.erase(log.before);
    log.events.pop_front();
  }
}

std::uint64_t Device::epoch(RoomId room) const {
  const auto status = engine->room(room);
  return status ? status->epoch : 0;
}

void Device::request(wire::Command command, std::function<void(const app::Reply&)> handler) {
  ask(std::move(command), std::move(handler));
}

void Device::read_again(RoomId room) {
  Log& log = logs_[room];
  log.read.clear();
  for (const wire::Event& event : log.events) open(room, log, event);
}

void Device::start() {
  engine = std::make_unique<e2ee::Engine>(rng_);
  for (const auto& [key, value] : disk_) engine->restore(key, value);
  for (auto& [room, box] : outbox_) box.sealed.reset();
  stored_ = 0;
  if (!session_info_.token.empty()) engine->handle_signed_in(now(), user(), device());
}

void Device::keep(const wire::Command& command) {
  const Bytes frame = wire::encode_frame(wire::ClientFrame{wire::CommandFrame{1, command}});
  sent.insert(sent.end(), frame.begin(), frame.end());
}

void Device::ask(wire::Command command, std::function<void(const app::Reply&)> handler) {
  waiting_.emplace(++request_, std::move(handler));
  session_->handle_command(request_, std::move(command));
}

void Device::on_welcome(const wire::Welcome& welcome) {
  const bool first = session_info_.token.empty();
  session_info_ = welcome.session;
  hello_ = {};
  hello_.token = welcome.session.token;
  hello_.device_name = name_;
  if (first) engine->handle_signed_in(now(), user(), device());
  welcomed_ = true;
  std::vector<wire::RoomSummary> rooms = welcome.rooms;
  std::set<RoomId> listed;
  for (const auto& room : rooms) listed.insert(room.room_id);
  for (const RoomId& room : member_of_) {
    if (listed.contains(room)) continue;
    wire::RoomSummary gone;
    gone.room_id = room;
    gone.settings.kind = wire::RoomKind::kPrivate;
    rooms.push_back(gone);
  }
  engine->handle_connected(now());
  on_rooms(rooms);
}

void Device::on_rooms(const std::vector<wire::RoomSummary>& rooms) {
  for (const auto& room : rooms) {
    if (room.settings.kind != wire::RoomKind::kPrivate) continue;
    if (room.role >= wire::Role::kMember) {
      member_of_.insert(room.room_id);
      logs_[room.room_id].head = std::max(logs_[room.room_id].head, room.head);
    } else {
      member_of_.erase(room.room_id);
      outbox_.erase(room.room_id);
    }
  }
  engine->handle_rooms(now(), rooms);
}

void Device::on_notice(wire::Notice notice) {
  if (auto* inbox = std::get_if<wire::InboxNotice>(&notice); inbox && change_item) {
    for (wire::InboxItem& item : inbox->items) change_item(item);
  }
  if (const auto* changed = std::get_if<wire::RoomNotice>(&notice)) on_rooms({changed->room});
  if (const auto* gone = std::get_if<wire::RoomGoneNotice>(&notice)) {
    wire::RoomSummary summary;
    summary.room_id = gone->room_id;
    summary.settings.kind = wire::RoomKind::kPrivate;
    on_rooms({summary});
  }
  engine->handle_notice(now(), notice);
}

void Device::on_event(RoomId room, const wire::Event& event) {
  Log& log = logs_[room];
  const Seq last = log.events.empty() ? log.before : log.events.back().seq;
  log.head = std::max(log.head, event.seq);
  if (event.seq.value != last.value + 1) return;
  log.events.push_back(event);
  if (withhold && withhold(event)) return;
  engine->handle_event(now(), room, event);
  open(room, log, event);
}

void Device::open(RoomId room, Log& log, const wire::Event& event) {
  if (event.kind != wire::EventKind::kSealed || log.read.contains(event.seq)) return;
  auto opened = engine->open(now(), room, event);
  if (const auto* fault = std::get_if<e2ee::OpenFault>(&opened)) {
    log.closed[event.seq] = *fault;
    return;
  }
  log.closed.erase(event.seq);
  log.read.emplace(event.seq, std::get<e2ee::Opened>(std::move(opened)));
}

bool Device::fetch(RoomId room, Log& log) {
  if (log.events.empty() && longest_past && log.head.value > *longest_past) {
    log.before = std::max(log.before, Seq{log.head.value - *longest_past});
  }
  const Seq last = log.events.empty() ? log.before : log.events.back().seq;
  if (!welcomed_ || log.fetching || last >= log.head || !member_of_.contains(room)) return false;
  if (now().mono < log.not_before) return false;
  log.fetching = true;
  wire::History history;
  history.room_id = room;
  history.from = wire::HistoryFrom::kAfter;
  history.seq = last;
  history.limit = 100;
  ask(history, [this, room](const app::Reply& reply) {
    logs_[room].fetching = false;
    const auto* response = std::get_if<wire::Response>(&reply);
    if (response == nullptr) {
      logs_[room].not_before = now().mono + milliseconds(500);
      return;
    }
    for (const auto& event : std::get<wire::HistoryPage>(*response).events) {
      on_event(room, event);
    }
  });
  return true;
}

bool Device::post(RoomId room, Outbox& box) {
  if (!welcomed_ || box.under_way || box.waiting.empty()) return false;
  if (now().mono < box.not_before) return false;
  const ClientId id = box.waiting.front().id;
  if (!box.sealed) {
    const auto body =
        wire::encode(wire::Message{wire::MessageType::kText, box.waiting.front().text, {}, {}});
    auto sealed = engine->seal(now(), room, id, wire::EventKind::kMessage, body, true);
    box.cause.reset();
    if (const auto* cause = std::get_if<e2ee::NotReady>(&sealed)) box.cause = *cause;
    if (box.cause) return false;
    auto& ok = std::get<e2ee::Sealed>(sealed);
    box.sealed = {ok.batch, std::move(ok.body)};
    return true;
  }
  if (stored_ < box.sealed->first) return false;
  wire::Post post;
  post.room_id = room;
  post.client_id = id;
  post.kind = wire::EventKind::kSealed;
  post.body = std::move(box.sealed->second);
  box.sealed.reset();
  box.under_way = true;
  keep(post);
  ask(std::move(post), [this, room, id](const app::Reply& reply) {
    Outbox& there = outbox_[room];
    there.under_way = false;
    if (const auto* response = std::get_if<wire::Response>(&reply)) {
      engine->handle_posted(now(), room, id, std::get<wire::Posted>(*response).seq);
      if (!there.waiting.empty()) there.waiting.pop_front();
    } else {
      there.not_before = now().mono + milliseconds(500);
      there.refused = static_cast<ErrorCode>(std::get<wire::ErrorReply>(reply).code);
    }
  });
  return true;
}

void Device::on_change(const e2ee::Change& change) {
  changes.push_back(change);
  if (const auto* alert = std::get_if<e2ee::Alert>(&change)) alerts.push_back(*alert);
  if (const auto* arrived = std::get_if<e2ee::HistoryArrived>(&change)) {
    Log& log = logs_[arrived->room];
    for (const auto& [seq, fault] : std::map(log.closed)) {
      open(arrived->room, log, log.events.at(seq.value - log.before.value - 1));
    }
  }
  if (const auto* replaced = std::get_if<e2ee::RoomReplaced>(&change)) {
    for (auto& waiting : outbox_[replaced->asked].waiting) {
      outbox_[replaced->actual].waiting.push_back(std::move(waiting));
    }
    outbox_.erase(replaced->asked);
  }
}

World::~World() {
  for (auto& device : devices_) device->disconnect();
  server.settle();
}

Device& World::add(const std::string& name) {
  Device& device = *devices_.emplace_back(
      std::make_unique<Device>(server, name, seed_ * 1000 + devices_.size()));
  device.connect();
  run(seconds(3));
  INFO(name);
  REQUIRE(device.ready());
  return device;
}

Device& World::link(Device& first, const std::string& name) {
  const identity::RecoverySecret secret = recovery_of(first);
  Device& device = *devices_.emplace_back(
      std::make_unique<Device>(server, name, seed_ * 1000 + devices_.size(), secret));
  const auto stays = [&](e2ee::AccountState until) {
    return [&device, until] {
      device.connect();
      return device.engine->account() == until;
    };
  };
  device.connect();
  settle();
  wait(stays(e2ee::AccountState::kLocked));
  device.engine->recover(server.executor.now(), secret);
  run(seconds(5));
  wait(stays(e2ee::AccountState::kReady));
  return device;
}

Device& World::restore(const identity::RecoverySecret& words, std::uint64_t seed) {
  Device& device = *devices_.emplace_back(std::make_unique<Device>(server, "another", seed, words));
  device.connect();
  settle();
  device.engine->recover(device.now(), words);
  run(seconds(10));
  REQUIRE(device.ready());
  return device;
}

identity::RecoverySecret World::recovery_of(Device& device) {
  for (int tries = 0; tries < 20; ++tries) {
    device.changes.clear();
    auto secret = device.engine->make_recovery(server.executor.now());
    REQUIRE(secret.ok());
    const e2ee::RecoveryMade* made = nullptr;
    settle();
    wait([&] {
      for (const e2ee::Change& change : device.changes) {
        if (const auto* answer = std::get_if<e2ee::RecoveryMade>(&change)) made = answer;
      }
      return made != nullptr;
    });
    if (made->saved) return *std::move(secret);
    run(seconds(10));
  }
  FAIL("no recovery words are saved");
  return {};
}

void World::wait(const std::function<bool()>& done) {
  for (int i = 0; i < 120 && !done(); ++i) run(seconds(5));
  REQUIRE(done());
}

Device& World::arrive(const std::string& name, const std::string& code) {
  const auto token = e2ee::link_sign_in_token(code);
  REQUIRE(token.ok());
  Device& device = *devices_.emplace_back(
      std::make_unique<Device>(server, name, seed_ * 1000 + devices_.size(), *token));
  device.connect();
  settle();
  return device;
}

void World::settle() {
  for (int turn = 0; turn < 10'000; ++turn) {
    server.settle();
    bool moved = false;
    for (auto& device : devices_) moved = device->pump() || moved;
    if (!moved) return;
  }
  FAIL("the devices never come to rest");
}

void World::run(Duration by) {
  const MonoTime end = server.executor.now().mono + by;
  settle();
  while (server.executor.now().mono < end) {
    Duration step = std::min(end - server.executor.now().mono, seconds(1));
    for (auto& device : devices_) {
      if (const auto at = device->engine->deadline()) {
        step = std::min(step, std::max(*at - server.executor.now().mono, milliseconds(1)));
      }
    }
    server.advance(step);
    for (auto& device : devices_) {
      const auto at = device->engine->deadline();
      if (at && *at <= server.executor.now().mono) {
        device->engine->handle_timeout(server.executor.now());
      }
    }
    settle();
  }
}
}  // namespace parley::testing
