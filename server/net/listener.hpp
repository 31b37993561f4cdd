// Accepts connections on one address and deals them out to the shards in turn.
//
// Thread rule: lives on one shard's thread; open() before it runs, close() posted to it.
#pragma once

#include <memory>
#include <string>

#include "server/net/site.hpp"
#include "shared/base/result.hpp"

namespace parley::net {

class ConnectionHub;
class ShardLoop;

class Listener {
 public:
  Listener(ShardLoop& loop, Site& site, std::vector<ConnectionHub*> hubs, Entrance entrance);
  ~Listener();

  // The error's detail says what to do about it. Port 0 takes a free one.
  Status open(const IpAddress& address, std::uint16_t port);
  std::uint16_t port() const;
  void start();
  void close();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace parley::net
