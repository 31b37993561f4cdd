#include "server/net/server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <latch>
#include <thread>

#include "server/net/connection_hub.hpp"
#include "server/net/listener.hpp"
#include "server/ops/resources.hpp"

namespace parley::net {
namespace {

constexpr Duration kMemoryInterval = seconds(1);
// Descriptors that the database, the log and the listeners need besides the connections.
constexpr std::uint64_t kReservedFiles = 64;
// Below this share of the shedding mark, new connections are let in again.
constexpr double kRecovered = 0.95;

Status parse_networks(const ops::List& texts, IpNetworks& out) {
  for (const std::string& text : texts) {
    const auto network = IpNetwork::parse(text);
    if (!network) {
      return Error{ErrorCode::kInvalidArgument,
                   fmt::format("server.trusted_proxies: \"{}\" is neither an IP address nor a "
                               "network such as 10.0.0.0/8",
                               text),
                   {}};
    }
    out.push_back(*network);
  }
  return {};
}

Status open_at(Listener& listener, const std::string& address, ops::Number port) {
  const auto parsed = IpAddress::parse(address);
  if (!parsed) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("\"{}\" is not an IP address; use 127.0.0.1 for this machine only, "
                             "0.0.0.0 or :: for everybody",
                             address),
                 {}};
  }
  return listener.open(*parsed, static_cast<std::uint16_t>(port));
}

}  // namespace

app::Encoders encoders() { return {&binary_gateway(), &json_gateway()}; }

Server::Server(LoopPool& loops, const ops::Config& config, ops::Log& log, ops::Metrics& metrics,
               ops::Health& health, StaticFiles files, SessionFactory open_session)
    : loops_(loops),
      site_{config,
            log,
            metrics,
            health,
            std::move(open_session),
            std::move(files),
            {config.server.allowed_origins, config.server.public_url},
            {},
            AddressLimits(static_cast<std::size_t>(config.limits.connections_per_address))},
      memory_limit_bytes_(config.limits.memory_bytes != 0
                              ? static_cast<std::uint64_t>(config.limits.memory_bytes)
                              : ops::available_memory_bytes()) {
  const std::uint64_t descriptors = ops::file_limit();
  site_.most_connections = config.limits.connections != 0
                               ? static_cast<std::uint64_t>(config.limits.connections)
                               : descriptors - std::min(descriptors / 2, kReservedFiles);
  for (std::uint16_t i = 0; i < loops.shard_count(); ++i) {
    hubs_.push_back(std::make_unique<ConnectionHub>(loops.loop(i), site_));
  }
}

Server::~Server() = default;

Status Server::listen() {
  PARLEY_TRY(parse_networks(site_.config.server.trusted_proxies, site_.trusted_proxies));
  std::vector<ConnectionHub*> hubs;
  for (const auto& hub : hubs_) hubs.push_back(hub.get());
  const auto& server = site_.config.server;
  main_ = std::make_unique<Listener>(loops_.loop(0), site_, hubs, Entrance::kMain);
  PARLEY_TRY(open_at(*main_, server.address, server.port));
  if (server.metrics_port == 0) return {};
  metrics_ = std::make_unique<Listener>(loops_.loop(0), site_, hubs, Entrance::kMetrics);
  return open_at(*metrics_, server.metrics_address, server.metrics_port);
}

std::uint16_t Server::port() const { return main_->port(); }
std::uint16_t Server::metrics_port() const { return metrics_ ? metrics_->port() : 0; }

template <class F>
void Server::on_each_hub(F act) {
  std::latch done(static_cast<std::ptrdiff_t>(hubs_.size()));
  for (const auto& hub : hubs_) {
    hub->loop().post([&done, &act, raw = hub.get()] {
      act(*raw);
      done.count_down();
    });
  }
  done.wait();
}

void Server::serve() {
  on_each_hub([](ConnectionHub& hub) { hub.start(); });
  loops_.post(0, [this] {
    main_->start();
    if (metrics_) metrics_->start();
  });
  watch_memory();
}

void Server::watch_memory() {
  loops_.call_after(0, kMemoryInterval, [this] {
    const auto mark = static_cast<double>(memory_limit_bytes_) *
                      static_cast<double>(site_.config.limits.shed_at_percent) / 100;
    const auto used = static_cast<double>(ops::resident_bytes());
    const bool was = site_.health.shedding();
    const bool now = used >= (was ? mark * kRecovered : mark);
    if (now != was) {
      site_.health.set_shedding(now);
      // The slowest readers hold the most memory: while it is short they are cut sooner.
      site_.outbox_halvings.store(now ? 4 : 0, std::memory_order_relaxed);
      site_.log.warning(
          ops::LogCategory::kServer, now ? "memory is short" : "memory is well again",
          {{"used_bytes", static_cast<std::uint64_t>(used)}, {"limit_bytes", memory_limit_bytes_}});
    }
    watch_memory();
  });
}

void Server::stop_accepting() {
  std::latch done(1);
  loops_.post(0, [this, &done] {
    main_->close();
    if (metrics_) metrics_->close();
    done.count_down();
  });
  done.wait();
}

void Server::say_goodbye() {
  on_each_hub([](ConnectionHub& hub) { hub.drain(); });
}

void Server::close_all() {
  on_each_hub([](ConnectionHub& hub) { hub.close_all(); });
  // Closing happens at the end of each shard's turn.
  while (connections() > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

}  // namespace parley::net
