#include "tests/sim/world.hpp"

#include <algorithm>

namespace parley::sim {

// ---- the client's platform ----------------------------------------------------------------------

SimClient::SimClient(World& world, std::string its_name, std::uint64_t seed)
    : name(std::move(its_name)), world_(world), rng_(seed) {
  boot();
}

void SimClient::boot() {
  client::Config config;
  config.server_url = "ws://sim/ws";
  config.device_name = name;
  config.private_rooms = world_.private_rooms;
  core_ = std::make_unique<client::Client>(config, rng_);
  ++process_;
  heard.clear();
  acknowledged_here.clear();
  core_->start(world_.now());
  drain();
}

void SimClient::crash() {
  world_.close(*this);
  core_.reset();
  ++process_;
}

void SimClient::cut() {
  if (connection_ == 0) return;
  world_.close(*this);
  core_->handle_transport_closed(world_.now(), attempt_, 1006, "the link was cut");
  drain();
}

void SimClient::say(RoomId room, const std::string& text) {
  const auto id = core_->send_text(world_.now(), room, text);
  if (!id) {
    faults.push_back("send_text refused");
    return;
  }
  said.push_back(*id);
  drain();
}

void SimClient::drain() {
  while (core_) {
    auto effect = core_->poll_effect();
    if (!effect) break;
    perform(*std::move(effect));
  }
}

void SimClient::perform(client::Effect effect) {
  std::visit(
      [&](auto& e) {
        using T = std::decay_t<decltype(e)>;
        if constexpr (std::same_as<T, client::OpenTransport>) {
          world_.open(*this, e.attempt);
        } else if constexpr (std::same_as<T, client::SendBytes>) {
          world_.up(*this, e.attempt, std::move(e.bytes));
        } else if constexpr (std::same_as<T, client::CloseTransport>) {
          if (e.attempt == attempt_) world_.close(*this);
        } else if constexpr (std::same_as<T, client::WriteStore>) {
          if (store_delay_ms == 0) {
            store_write(e);
          } else {
            world_.after(store_delay_ms, [this, write = e, process = process_] {
              if (process == process_) store_write(write);
            });
          }
        } else if constexpr (std::same_as<T, client::ReadStore>) {
          std::vector<client::WriteStore::Entry> entries;
          for (const auto& [key, value] : store) {
            if (key.starts_with(e.prefix)) entries.push_back({key, value});
          }
          core_->handle_loaded(world_.now(), e.prefix, std::move(entries));
        } else if constexpr (std::same_as<T, client::ClearStore>) {
          store.clear();
        } else if constexpr (std::same_as<T, client::CommandDone>) {
          if (e.token != 0) answers.insert_or_assign(e.token, e.result);
          if (e.client_id.is_nil() || !e.result) return;
          const auto* posted = std::get_if<wire::Posted>(&*e.result);
          if (!posted) return;
          if (!acknowledged_here.insert(e.client_id).second) {
            faults.push_back("acknowledged twice");
          }
          const auto [known, is_new] = acknowledged.emplace(e.client_id, posted->seq);
          if (known->second != posted->seq) faults.push_back("acknowledged at two places");
        } else if constexpr (std::same_as<T, client::NoteAdded>) {
          notes[e.room].push_back(e.text);
        } else if constexpr (std::same_as<T, client::EventArrived>) {
          auto& seqs = heard[e.room];
          // What could not be opened at once is told later.
          const bool late = world_.private_rooms;
          if (!late && !seqs.empty() && seqs.back() >= e.event.seq)
            faults.push_back("heard out of order");
          seqs.push_back(e.event.seq);
        }
      },
      effect);
}

bool SimClient::tampered(Bytes& bytes) {
  auto frame = wire::decode_server_frame(bytes);
  if (!frame || !lie(*frame)) return false;
  bytes = wire::encode_frame(*frame);
  return true;
}

void SimClient::store_write(const client::WriteStore& write) {
  for (const auto& entry : write.entries) {
    if (entry.value.empty()) {
      store.erase(entry.key);
      continue;
    }
    store[entry.key] = entry.value;
    if (!entry.key.starts_with("outbox/")) continue;
    if (const auto id = ClientId::parse(entry.key.substr(7))) promised.insert(*id);
  }
  core_->handle_stored(world_.now(), write.batch, {});
}

// ---- the world ----------------------------------------------------------------------------------

World::World(std::uint64_t seed, MakeServer make) : rng_(seed), server_(make(seed + 1, now_)) {}

SimClient& World::add_client(const std::string& name) {
  clients_.push_back(std::make_unique<SimClient>(*this, name, rng_.next_u64()));
  return *clients_.back();
}

void World::after(std::int64_t ms, std::function<void()> what) {
  queue_.emplace(now_.mono + milliseconds(ms), std::move(what));
}

void World::set_time(MonoTime to) {
  if (to <= now_.mono) return;
  now_.wall = now_.wall + (to - now_.mono);
  now_.mono = to;
}

void World::run_for(Duration time) {
  const MonoTime end = now_.mono + time;
  // The server's own timers need a beat; clients say when they want to be called.
  constexpr std::int64_t kBeat = 20;
  while (now_.mono < end) {
    MonoTime next = std::min(end, now_.mono + milliseconds(kBeat));
    if (!queue_.empty()) next = std::min(next, queue_.begin()->first);
    for (auto& client : clients_) {
      if (!client->core_) continue;
      if (const auto at = client->core_->poll_deadline()) next = std::min(next, *at);
    }
    // A deadline that does not move once it was served would stop time: it costs a millisecond, and
    // busy waiting shows in the test's duration.
    set_time(std::max(next, now_.mono + milliseconds(next <= now_.mono ? 1 : 0)));
    server_->advance(now_);
    while (!queue_.empty() && queue_.begin()->first <= now_.mono) {
      auto node = queue_.extract(queue_.begin());
      node.mapped()();
    }
    server_->advance(now_);
    for (auto& client : clients_) {
      if (!client->core_) continue;
      const auto at = client->core_->poll_deadline();
      if (!at || *at > now_.mono) continue;
      client->core_->handle_timeout(now_);
      client->drain();
    }
  }
}

void World::carry(MonoTime& last, std::function<void()> what) {
  const auto delay = static_cast<std::int64_t>(
      rng_.below(static_cast<std::uint64_t>(weather_.longest_delay_ms) + 1));
  MonoTime at = now_.mono + milliseconds(delay);
  if (weather_.ordered) at = last = std::max(at, last);
  queue_.emplace(at, std::move(what));
}

void World::open(SimClient& client, std::uint32_t attempt) {
  close(client);
  client.attempt_ = attempt;
  client.last_up_ = client.last_down_ = {};
  const std::uint64_t process = client.process_;
  SimClient* const it = &client;
  if (chance(weather_.refuse_percent)) {
    after(50, [this, it, attempt, process] {
      if (it->process_ != process || it->attempt_ != attempt) return;
      it->core_->handle_transport_closed(now_, attempt, 1006, "connection refused");
      it->drain();
    });
    return;
  }
  after(10, [this, it, attempt, process] {
    if (it->process_ != process || it->attempt_ != attempt) return;
    const auto alive = [it, attempt, process] {
      return it->process_ == process && it->attempt_ == attempt && it->connection_ != 0;
    };
    auto down = [this, it, attempt, alive](Bytes bytes) {
      if (!alive() || chance(weather_.lose_percent)) return;
      if (it->lie && !it->tampered(bytes)) return;
      const int copies = chance(weather_.double_percent) ? 2 : 1;
      for (int i = 0; i < copies; ++i) {
        carry(it->last_down_, [this, it, attempt, alive, bytes] {
          if (!alive()) return;
          it->core_->handle_transport_bytes(now_, attempt, bytes);
          it->drain();
        });
      }
    };
    auto closed = [this, it, attempt, alive] {
      carry(it->last_down_, [this, it, attempt, alive] {
        if (!alive()) return;
        it->connection_ = 0;
        it->core_->handle_transport_closed(now_, attempt, 1001, {});
        it->drain();
      });
    };
    it->connection_ = server_->connect(std::move(down), std::move(closed));
    it->core_->handle_transport_open(now_, attempt);
    it->drain();
  });
}

void World::up(SimClient& client, std::uint32_t attempt, Bytes bytes) {
  if (client.attempt_ != attempt || client.connection_ == 0) return;
  if (client.overhear) {
    const auto decoded = wire::decode_client_frame(bytes);
    const auto* frame = std::get_if<wire::ClientFrame>(&decoded);
    const auto* said = frame ? std::get_if<wire::CommandFrame>(frame) : nullptr;
    if (said) client.overhear(said->command);
  }
  if (chance(weather_.lose_percent)) return;
  const int copies = chance(weather_.double_percent) ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    carry(client.last_up_, [this, connection = client.connection_, bytes] {
      server_->receive(connection, bytes);
      server_->advance(now_);
    });
  }
}

void World::close(SimClient& client) {
  if (client.connection_ == 0) return;
  server_->disconnect(std::exchange(client.connection_, 0));
}

void World::crash_server() {
  std::vector<SimClient*> connected;
  for (auto& client : clients_) {
    if (client->connection_ != 0) connected.push_back(client.get());
  }
  for (SimClient* client : connected) close(*client);
  server_->crash();
  for (SimClient* client : connected) {
    if (!client->core_) continue;
    client->core_->handle_transport_closed(now_, client->attempt_, 1006, "the server went away");
    client->drain();
  }
}

void World::heal() {
  weather_ = {};
  server_->set_failures(false);
}

}  // namespace parley::sim
