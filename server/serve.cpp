#include "server/serve.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <future>

#include "server/app/app.hpp"
#include "server/net/server.hpp"
#include "server/ops/paths.hpp"
#include "server/ops/resources.hpp"
#include "server/ops/system_rng.hpp"
#include "server/ops/version.hpp"
#include "server/store/sqlite_store.hpp"

namespace parley {
namespace {

using std::chrono::steady_clock;

app::AppConfig app_config(const ops::Config& config) {
  const auto number = [](ops::Number value) { return static_cast<std::uint32_t>(value); };
  const auto& limits = config.limits;
  app::AppConfig out;
  out.server_name = config.server.name;
  out.lobby = config.server.lobby;
  out.session_lifetime = hours(limits.session_hours);
  out.session_renewal = minutes(limits.session_renewal_minutes);
  out.requests_per_minute = number(limits.requests_per_minute_per_user);
  out.messages_per_second = number(limits.messages_per_second_burst);
  out.messages_per_minute = number(limits.messages_per_minute);
  out.rooms_per_day = number(limits.rooms_per_day);
  out.connections_per_user = number(limits.connections_per_user);
  out.sign_ins_per_minute_per_address = number(limits.sign_ins_per_minute_per_address);
  out.members_per_room = number(limits.members_per_room);
  out.idle_actor_lifetime = minutes(limits.idle_actor_minutes);
  out.retention = hours(24 * config.store.retention_days);
  return out;
}

void render_store(ops::MetricsText& text, const store::StoreStats& stats) {
  text.counter("parley_store_commits_total", "Transactions committed",
               static_cast<double>(stats.commits));
  text.counter("parley_store_events_total", "Events written", static_cast<double>(stats.events));
  text.gauge("parley_store_queue", "Writes waiting for the disk",
             static_cast<double>(stats.queued));
  text.gauge("parley_store_commit_seconds", "Length of the last commit",
             stats.last_commit_ms / 1000);
  text.gauge("parley_store_writable", "1 while writes succeed", stats.writable ? 1 : 0);
}

void render_app(ops::MetricsText& text, const app::Metrics& metrics) {
  const auto value = [](const app::Counter& counter) {
    return static_cast<double>(counter.load(std::memory_order_relaxed));
  };
  text.counter("parley_commands_total", "Commands handled", value(metrics.commands));
  text.counter("parley_commands_refused_total", "Commands answered with an error",
               value(metrics.commands_refused));
  text.counter("parley_rate_limited_total", "Commands refused by a rate limit",
               value(metrics.rate_limited));
  text.counter("parley_messages_accepted_total", "Posts written", value(metrics.messages_accepted));
  text.counter("parley_messages_duplicate_total", "Posts that were repeats",
               value(metrics.messages_duplicate));
  text.counter("parley_sign_ins_total", "Connections signed in", value(metrics.sign_ins));
  text.counter("parley_sign_ins_refused_total", "Sign-ins refused",
               value(metrics.sign_ins_refused));
  text.counter("parley_events_published_total", "Events handed to rooms",
               value(metrics.events_published));
  text.gauge("parley_rooms_active", "Rooms in memory", value(metrics.rooms_active));
  text.gauge("parley_users_active", "Users in memory", value(metrics.users_active));

  std::array<std::uint64_t, app::Metrics::kLatencyBoundsUs.size() + 1> counts{};
  std::transform(metrics.ack_latency.begin(), metrics.ack_latency.end(), counts.begin(),
                 [](const app::Counter& bucket) { return bucket.load(std::memory_order_relaxed); });
  text.histogram("parley_ack_latency_seconds", "From a post's arrival to its acknowledgement",
                 app::Metrics::kLatencyBoundsUs, counts,
                 metrics.ack_latency_sum_us.load(std::memory_order_relaxed));
}

// The signals that stop the server, taken by sigwait instead of a handler. Blocked before any
// thread starts, so that no thread gets them.
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
  }
  void wait() const {
    int number = 0;
    sigwait(&set_, &number);
  }
  // True when one came within `ms`.
  bool wait_for(long ms) const {
    const timespec time{ms / 1000, (ms % 1000) * 1'000'000};
    return sigtimedwait(&set_, nullptr, &time) > 0;
  }

 private:
  sigset_t set_{};
};

int fail(const Error& error) {
  const std::string_view text = error_info(error.code).text;
  fmt::print(stderr, "parley: {}\n", error.detail.empty() ? text : std::string_view(error.detail));
  return 1;
}

std::string shown_address(const ops::Config& config, std::uint16_t port) {
  if (!config.server.public_url.empty()) return config.server.public_url;
  std::string host = config.server.address;
  if (host == "0.0.0.0" || host == "::") host = "localhost";
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  return fmt::format("http://{}:{}/", host, port);
}

Result<std::unique_ptr<store::Store>> open_store(const ops::Config& config) {
  namespace fs = std::filesystem;
  const fs::path path = config.store.path.empty() ? ops::default_store_path() : config.store.path;
  // What people wrote is nobody else's business on a shared machine.
  umask(0077);
  std::error_code error;
  if (path.has_parent_path()) fs::create_directories(path.parent_path(), error);
  if (error) {
    return Error{
        ErrorCode::kStorageFailed,
        fmt::format("cannot make the folder {}: {}", path.parent_path().string(), error.message()),
        {}};
  }
  store::SqliteOptions options;
  options.path = path.string();
  options.durable = config.store.durable;
  options.clock = [] { return net::clock_now().wall; };
  auto opened = store::open_sqlite_store(std::move(options));
  if (opened) return opened;
  Error fault = opened.error();
  fault.detail = fmt::format("cannot open {}: {}", path.string(), fault.detail);
  return fault;
}

// In this order nothing acknowledged is lost: no new commands, the ones under way get their
// answers, the answers are sent, and only then the store stops.
void drain(const ops::Config& config, const StopSignals& signals, app::App& app,
           net::Server& server, ops::Log& log) {
  constexpr long kStepMs = 10;
  const auto start = steady_clock::now();
  const auto total = std::chrono::seconds(config.server.drain_s);
  bool hurried = false;
  const auto wait_until = [&](auto deadline, auto is_done) {
    while (!hurried && !is_done() && steady_clock::now() < deadline) {
      hurried = signals.wait_for(kStepMs);
    }
  };
  server.stop_accepting();
  app.begin_drain();
  wait_until(start + total / 2, [&] { return app.in_flight() == 0; });
  server.say_goodbye();
  wait_until(start + total, [&] { return server.connections() == 0; });
  const std::uint64_t cut = server.connections();
  server.close_all();
  log.info(
      ops::LogCategory::kServer, "drained",
      {{"cut_connections", cut},
       {"ms", std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - start)
                  .count()}});
}

}  // namespace

int serve(const ops::Config& config) {
  const StopSignals signals;
  const std::uint64_t files = ops::raise_file_limit();
  ops::Log log(ops::log_level_from(config.log.level), ops::log_format_from(config.log.format));

  auto opened = open_store(config);
  if (!opened) return fail(opened.error());
  const std::unique_ptr<store::Store> store = std::move(*opened);

  ops::SystemRng rng;
  ops::Health health([&store = *store] { return store.stats().writable; });
  net::LoopPool loops(static_cast<std::uint16_t>(config.server.shards),
                      [&log](std::string_view what) {
                        log.error(ops::LogCategory::kError, "fault in a task", {{"what", what}});
                      });
  app::App app(loops, *store, app_config(config), net::encoders(), rng);
  app.on_fault([&log](const char* where, std::exception_ptr fault) {
    try {
      std::rethrow_exception(fault);
    } catch (const std::exception& error) {
      log.error(ops::LogCategory::kError, "fault in a use case",
                {{"where", where}, {"what", error.what()}});
    } catch (...) {
      log.error(ops::LogCategory::kError, "fault in a use case", {{"where", where}});
    }
  });

  ops::Metrics metrics(loops.shard_count());
  metrics.add_source([&app](ops::MetricsText& text) { render_app(text, app.metrics()); });
  metrics.add_source([&store](ops::MetricsText& text) { render_store(text, store->stats()); });
  metrics.add_source(ops::render_process);

  const std::string web_root =
      config.server.web_root.empty() ? ops::default_web_root() : config.server.web_root;
  net::StaticFiles web = net::StaticFiles::load(web_root);
  if (!web.has_client()) {
    log.warning(ops::LogCategory::kServer, "no web client found", {{"folder", web_root}});
  }
  net::Server server(
      loops, config, log, metrics, health, std::move(web),
      [&app](std::uint16_t shard, app::Peer& peer) { return app.open_session(shard, peer); });
  if (const Status listening = server.listen(); !listening) return fail(listening.error());

  loops.start();
  std::promise<Status> ready;
  app.start([&ready](Status status) { ready.set_value(std::move(status)); });
  const Status started = ready.get_future().get();
  if (!started) {
    store->stop();
    loops.stop();
    return fail(started.error());
  }
  health.set_phase(ops::Phase::kServing);
  server.serve();
  log.info(ops::LogCategory::kServer, "started",
           {{"version", ops::kVersion},
            {"address", config.server.address},
            {"port", server.port()},
            {"shards", loops.shard_count()},
            {"max_files", files}});
  fmt::print("Parley {} is ready at {}  (Ctrl-C stops it)\n", ops::kVersion,
             shown_address(config, server.port()));
  std::fflush(stdout);

  signals.wait();
  health.set_phase(ops::Phase::kDraining);
  log.info(ops::LogCategory::kServer, "draining", {{"connections", server.connections()}});
  drain(config, signals, app, server, log);
  store->stop();
  loops.stop();
  log.info(ops::LogCategory::kServer, "stopped");
  return 0;
}

}  // namespace parley
