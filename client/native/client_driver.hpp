// Carries the client core's effects out: transport, local store, notifications. UI thread only.
#pragma once

#include <functional>
#include <string>

#include "client/core/client.hpp"
#include "client/native/local_store.hpp"
#include "client/native/ws_transport.hpp"

namespace parley::native {

class ClientDriver {
 public:
  ClientDriver(client::Client& client, LocalStore& store, WsTransport& transport)
      : client_(client), store_(store), transport_(transport) {}

  std::function<void(const client::Notify&)> on_notify;

  // Takes what arrived, runs timers that are due, and carries effects out until there are none.
  void pump(Now now);

 private:
  void deliver(Now now, WsTransport::Event event);
  void perform(Now now, client::Effect effect);

  client::Client& client_;
  LocalStore& store_;
  WsTransport& transport_;
};

}  // namespace parley::native
