// All connections of one shard, and their deadlines.
//
// Deadlines are whole seconds on a wheel of slots: setting one costs nothing while the connection
// has an earlier entry, and each second looks only at the connections of its slot. So a heartbeat
// for 20 000 connections needs no timer of theirs.
//
// Thread rule: its shard only, but adopt() and drain() may be posted to it. Lifetime: outlives its
// connections; made by Server.
#pragma once

#include <array>
#include <memory>
#include <unordered_map>
#include <vector>

#include "server/net/connection.hpp"

namespace parley::net {

class ConnectionHub {
 public:
  ConnectionHub(ShardLoop& loop, Site& site);
  ~ConnectionHub();

  // Starts the clock; on the shard.
  void start();
  void adopt(int descriptor, const IpAddress& peer, AddressLimits::Place place, Entrance entrance);
  // Ends every connection, each with a retry time of its own so that clients do not return at once.
  void drain();
  // Closes what is left without another word.
  void close_all();

  ShardLoop& loop() { return loop_; }
  Site& site() { return site_; }
  ops::ShardMetrics& metrics() { return metrics_; }
  std::uint32_t now_s() const { return now_s_; }

  // For connections.
  // Returns when the connection will be looked at: `at_s`, or the wheel's end when that is earlier.
  std::uint32_t queue_deadline(Connection::Id id, std::uint32_t at_s);
  void remove(Connection& connection);

 private:
  static constexpr std::uint32_t kSlots = 128;

  void tick();
  void schedule_tick();
  void visit_slot(std::uint32_t second);

  ShardLoop& loop_;
  Site& site_;
  ops::ShardMetrics& metrics_;
  std::unordered_map<Connection::Id, std::shared_ptr<Connection>> connections_;
  std::array<std::vector<Connection::Id>, kSlots> slots_;
  Connection::Id next_id_ = 0;
  std::int64_t start_ms_ = 0;
  std::uint32_t now_s_ = 0;
  bool draining_ = false;
  bool stopped_ = false;
};

}  // namespace parley::net
