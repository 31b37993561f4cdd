#include "server/app/app.hpp"

#include "server/app/fanout.hpp"
#include "server/app/rooms.hpp"
#include "server/app/sessions.hpp"
#include "server/app/users.hpp"

namespace parley::app {
namespace {

constexpr Duration kSweepInterval = minutes(1);
constexpr std::uint32_t kSweepsPerRetention = 60;  // retention is a matter of days
constexpr Duration kBarrierInterval = seconds(2);

TokenKey unset_key() {
  static constexpr std::array<std::uint8_t, TokenKey::kBytes> kNothing{};
  return *TokenKey::from_bytes(kNothing);
}

}  // namespace

Shard::Shard(ShardIndex own_index) : index(own_index) {}
Shard::~Shard() = default;

App::App(Executor& executor, store::Store& store, AppConfig config, Encoders encoders, Rng& rng)
    : context_{executor, store, std::move(config),
               encoders, rng,   unset_key(),
               {},       {},    [](const char*, std::exception_ptr) {}} {
  for (ShardIndex i = 0; i < executor.shard_count(); ++i) {
    auto shard = std::make_unique<Shard>(i);
    shard->fanout = std::make_unique<Fanout>();
    shard->rooms = std::make_unique<Rooms>(context_, i);
    shard->users = std::make_unique<Users>(context_, i);
    shard->sessions = std::make_unique<Sessions>(context_, i);
    context_.shards.push_back(std::move(shard));
  }
}

App::~App() = default;

void App::on_fault(std::function<void(const char*, std::exception_ptr)> handler) {
  context_.on_fault = std::move(handler);
}

void App::start(std::function<void(Status)> ready) {
  context_.tell(
      0, [this, ready = std::move(ready)](Shard&) { context_.start("start", prepare(ready)); });
}

// A secret of `bytes` random bytes, made on the first start and kept in the store.
Task<Result<Bytes>> App::setting(std::string key, std::size_t bytes) {
  auto found = co_await stored<std::optional<Bytes>>(
      context_.executor, 0, [&](store::Callback<std::optional<Bytes>> done) {
        context_.store.get_setting(key, std::move(done));
      });
  if (!found) co_return found.error();
  if (found->has_value()) co_return **std::move(found);
  Bytes fresh(bytes);
  context_.rng.fill(fresh);
  const auto saved = co_await stored<void>(context_.executor, 0, [&](store::StatusCallback done) {
    context_.store.put_setting(key, fresh, std::move(done));
  });
  if (!saved) co_return saved.error();
  co_return fresh;
}

Task<void> App::prepare(std::function<void(Status)> ready) {
  const auto key = co_await setting("token_key", TokenKey::kBytes);
  if (!key) co_return ready(key.error());
  const auto token_key = TokenKey::from_bytes(*key);
  if (!token_key) co_return ready(token_key.error());
  const auto name = co_await setting("store_name", 8);
  if (!name) co_return ready(name.error());
  const auto lobby = co_await setting("lobby_room", 16);
  if (!lobby) co_return ready(lobby.error());
  // No connection is there yet, so no other shard reads these.
  context_.token_key = *token_key;
  context_.store_name = to_hex(*name);
  if (!context_.config.lobby.empty())
    context_.lobby = RoomId::from_bytes(*lobby).value_or(RoomId{});
  const auto position = co_await stored<store::Position>(
      context_.executor, 0, [&](store::Callback<store::Position> done) {
        context_.store.write_markers({}, std::move(done));
      });
  if (!position) co_return ready(position.error());
  context_.written.store(*position, std::memory_order_release);
  for (const auto& shard : context_.shards) {
    context_.tell(shard->index, [this](Shard& own) { schedule_sweep(own.index); });
  }
  schedule_barrier();
  ready({});
}

std::unique_ptr<Session> App::open_session(ShardIndex shard, Peer& peer) {
  return context_.shard(shard).sessions->open(peer);
}

void App::begin_drain() { context_.draining.store(true, std::memory_order_relaxed); }

std::uint32_t App::in_flight() const {
  return context_.commands_in_flight.load(std::memory_order_relaxed);
}

void App::schedule_sweep(ShardIndex index) {
  context_.executor.call_after(index, kSweepInterval, [this, index] {
    Shard& shard = context_.shard(index);
    const MonoTime now = context_.executor.now().mono;
    shard.sessions->sweep();
    shard.users->sweep(now);
    shard.rooms->sweep(now);
    if (index == 0 && !trimming_) {
      context_.start("trim", trim(sweeps_++ % kSweepsPerRetention != 0));
    }
    schedule_sweep(index);
  });
}

// Deletes what is too old: in all rooms, or in those where messages disappear.
Task<void> App::trim(bool only_disappearing) {
  trimming_ = true;
  store::TrimQuery query;
  query.now = context_.executor.now().wall;
  query.retention = context_.config.retention;
  query.only_disappearing = only_disappearing || query.retention == Duration{};
  for (bool done = false; !done;) {
    const auto piece = co_await stored<store::Trimmed>(
        context_.executor, 0, [&](store::Callback<store::Trimmed> call_done) {
          context_.store.trim(query, std::move(call_done));
        });
    if (!piece) break;  // the disk, or a stop: another sweep follows
    for (const store::TrimmedRoom& room : piece->rooms) {
      context_.tell(context_.shard_of(room.room), [this, room](Shard& shard) {
        context_.start("trim", shard.rooms->trim(room));
      });
    }
    query.after = piece->next;
    done = piece->done;
  }
  trimming_ = false;
}

// See Sessions::barrier. Quiet while nothing is written.
void App::schedule_barrier() {
  context_.executor.call_after(0, kBarrierInterval, [this] {
    const store::Position position = context_.written.load(std::memory_order_acquire);
    if (position > last_barrier_) {
      last_barrier_ = position;
      for (const auto& shard : context_.shards) {
        context_.tell(shard->index, [this, position](Shard& from) {
          from.rooms->flush();
          for (const auto& to : context_.shards) {
            context_.tell(to->index, [from = from.index, position](Shard& own) {
              own.sessions->barrier(from, position);
            });
          }
        });
      }
    }
    schedule_barrier();
  });
}

}  // namespace parley::app
