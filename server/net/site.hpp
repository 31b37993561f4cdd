// What all connections of a server share.
//
// Thread rule: set up before connections are accepted, const afterwards; what the pointers lead to
// is safe from any thread unless it says otherwise.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "server/app/peer.hpp"
#include "server/net/address.hpp"
#include "server/net/static_files.hpp"
#include "server/net/upgrade.hpp"
#include "server/ops/config.hpp"
#include "server/ops/health.hpp"
#include "server/ops/log.hpp"
#include "server/ops/metrics.hpp"

namespace parley::net {

// On the shard's thread; the Session is destroyed before the Peer.
using SessionFactory =
    std::function<std::unique_ptr<app::Session>(std::uint16_t shard, app::Peer& peer)>;

// Which door a connection came through.
enum class Entrance : std::uint8_t { kMain, kMetrics };

struct Site {
  const ops::Config& config;
  ops::Log& log;
  ops::Metrics& metrics;
  ops::Health& health;
  SessionFactory open_session;

  StaticFiles files;
  UpgradePolicy upgrades;
  IpNetworks trusted_proxies;
  AddressLimits addresses;
  std::atomic<std::uint64_t> connections{0};
  std::uint64_t most_connections = 0;
  // Outboxes shrink when memory runs short: how many times the limit is halved.
  std::atomic<unsigned> outbox_halvings{0};

  std::size_t outbox_limit() const {
    const auto limit = static_cast<std::size_t>(config.limits.outbox_bytes);
    return limit >> outbox_halvings.load(std::memory_order_relaxed);
  }
};

}  // namespace parley::net
