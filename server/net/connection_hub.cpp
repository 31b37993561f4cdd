#include "server/net/connection_hub.hpp"

#include <algorithm>
#include <utility>

#include "server/net/http_conversation.hpp"
#include "server/ops/system_rng.hpp"

namespace parley::net {
namespace {

// Clients that are sent away come back within this time, spread evenly.
constexpr std::uint64_t kReturnSpreadMs = 3000;

}  // namespace

ConnectionHub::ConnectionHub(ShardLoop& loop, Site& site)
    : loop_(loop),
      site_(site),
      metrics_(site.metrics.shard(loop.index())),
      next_id_(loop.index() + Connection::kIdStep) {}

ConnectionHub::~ConnectionHub() = default;

void ConnectionHub::start() {
  start_ms_ = clock_now().mono.ms;
  schedule_tick();
}

void ConnectionHub::adopt(int descriptor, const IpAddress& peer, AddressLimits::Place place,
                          Entrance entrance) {
  const Connection::Id id = std::exchange(next_id_, next_id_ + Connection::kIdStep);
  auto connection = std::make_shared<Connection>(*this, id, descriptor, peer, std::move(place));
  connections_.emplace(id, connection);
  metrics_.connections_active.add();
  metrics_.connections_total.add();
  if (site_.log.enabled(ops::LogLevel::kDebug)) {
    site_.log.write(ops::LogLevel::kDebug, ops::LogCategory::kConnection, "opened",
                    {{"connection", id}, {"shard", loop_.index()}, {"address", peer.to_string()}});
  }
  connection->start(std::make_unique<HttpConversation>(*connection, entrance));
  if (draining_) connection->drain({ErrorCode::kShuttingDown, {}, {}});
}

void ConnectionHub::drain() {
  draining_ = true;
  ops::SystemRng rng;
  std::vector<std::shared_ptr<Connection>> present;
  for (const auto& [id, connection] : connections_) present.push_back(connection);
  for (const auto& connection : present) {
    const auto spread = static_cast<std::int64_t>(rng.below(kReturnSpreadMs));
    connection->drain({ErrorCode::kShuttingDown, {}, milliseconds(500 + spread)});
  }
}

void ConnectionHub::close_all() {
  stopped_ = true;
  for (const auto& [id, connection] : connections_) connection->abort();
}

std::uint32_t ConnectionHub::queue_deadline(Connection::Id id, std::uint32_t at_s) {
  const std::uint32_t within_wheel = std::min(at_s, now_s_ + kSlots - 1);
  slots_[within_wheel % kSlots].push_back(id);
  return within_wheel;
}

void ConnectionHub::remove(Connection& connection) {
  const auto found = connections_.find(connection.id());
  if (found == connections_.end()) return;
  metrics_.connections_active.subtract();
  site_.connections.fetch_sub(1, std::memory_order_relaxed);
  if (site_.log.enabled(ops::LogLevel::kDebug)) {
    site_.log.write(ops::LogLevel::kDebug, ops::LogCategory::kConnection, "closed",
                    {{"connection", connection.id()}, {"sent", connection.bytes_sent()}});
  }
  loop_.bury(std::move(found->second));
  connections_.erase(found);
}

void ConnectionHub::schedule_tick() {
  loop_.call_after(milliseconds(1000 - (clock_now().mono.ms - start_ms_) % 1000), [this] {
    if (stopped_) return;
    tick();
    schedule_tick();
  });
}

void ConnectionHub::tick() {
  const auto now = static_cast<std::uint32_t>((clock_now().mono.ms - start_ms_) / 1000);
  while (now_s_ < now) visit_slot(++now_s_);
}

void ConnectionHub::visit_slot(std::uint32_t second) {
  std::vector<Connection::Id> due;
  std::swap(due, slots_[second % kSlots]);
  for (const Connection::Id id : due) {
    const auto found = connections_.find(id);
    if (found == connections_.end()) continue;
    const std::shared_ptr<Connection> connection = found->second;
    connection->check_deadline(second);
  }
}

}  // namespace parley::net
