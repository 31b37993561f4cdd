// The server's doors: listeners, connections, memory watch, drain.
//
// Order: construct, listen(), LoopPool::start(), serve(); later drain(), LoopPool::stop(), destroy.
// Thread rule: all of it from the thread that made it, except connections(), from any.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "server/net/gateway.hpp"
#include "server/net/loop_pool.hpp"
#include "server/net/site.hpp"

namespace parley::net {

class ConnectionHub;
class Listener;

app::Encoders encoders();

class Server {
 public:
  Server(LoopPool& loops, const ops::Config& config, ops::Log& log, ops::Metrics& metrics,
         ops::Health& health, StaticFiles files, SessionFactory open_session);
  ~Server();

  // Binds the ports of the configuration; the error's detail says what to do about it.
  Status listen();
  std::uint16_t port() const;
  std::uint16_t metrics_port() const;  // 0: none of its own
  // Begins to accept. Connections are served while `health` says kServing.
  void serve();

  // Stops accepting, at once.
  void stop_accepting();
  // Says goodbye to every connection after what is queued for it.
  void say_goodbye();
  // Closes what is left, and returns when the last connection is gone.
  void close_all();
  std::uint64_t connections() const { return site_.connections.load(std::memory_order_relaxed); }

 private:
  void watch_memory();
  template <class F>
  void on_each_hub(F act);

  LoopPool& loops_;
  Site site_;
  std::uint64_t memory_limit_bytes_ = 0;
  std::vector<std::unique_ptr<ConnectionHub>> hubs_;
  std::unique_ptr<Listener> main_;
  std::unique_ptr<Listener> metrics_;
};

}  // namespace parley::net
