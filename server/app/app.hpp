// The use cases of a Parley server: everything between decoded commands and the store.
//
// Construct it after its Executor and Store, before connections are accepted; call start() once and
// wait for its callback. It must outlive every Session, and the Executor's threads must have ended
// before it goes.
#pragma once

#include "server/app/context.hpp"

namespace parley::app {

class App {
 public:
  App(Executor& executor, store::Store& store, AppConfig config, Encoders encoders, Rng& rng);
  ~App();

  // Makes or reads the server's secrets. `ready` runs once, on shard 0, when sessions may be
  // opened.
  void start(std::function<void(Status)> ready);

  // On the shard's thread. The Session must go before the Peer.
  std::unique_ptr<Session> open_session(ShardIndex shard, Peer& peer);

  // New commands are refused with kShuttingDown from now on; wait until in_flight() is 0, then say
  // goodbye to the connections: everything acknowledged is on disk and in their outboxes.
  void begin_drain();
  std::uint32_t in_flight() const;

  const Metrics& metrics() const { return context_.metrics; }
  // Called for a fault inside a use case (a bug): for the log.
  void on_fault(std::function<void(const char* where, std::exception_ptr)> handler);

 private:
  Task<void> prepare(std::function<void(Status)> ready);
  Task<Result<Bytes>> setting(std::string key, std::size_t bytes);
  void schedule_sweep(ShardIndex shard);
  void schedule_barrier();
  Task<void> trim(bool only_disappearing);

  Context context_;
  store::Position last_barrier_ = 0;
  bool trimming_ = false;
  std::uint32_t sweeps_ = 0;  // of shard 0
};

}  // namespace parley::app
