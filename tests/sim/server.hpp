// What the simulation needs of a server: connections that carry frames, a clock it is given, a
// crash, and a look at the truth. Implemented by a plain model (everywhere) and by server/app
// (natively).
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "shared/wire/frame.hpp"

namespace parley::sim {

using ConnectionId = std::uint64_t;

class Server {
 public:
  virtual ~Server() = default;

  using Send = std::function<void(Bytes)>;
  using Close = std::function<void()>;
  virtual ConnectionId connect(Send send, Close close) = 0;
  virtual void receive(ConnectionId connection, ByteView frame) = 0;
  virtual void disconnect(ConnectionId connection) = 0;

  virtual void advance(Now now) = 0;  // time passes up to `now`; what became due happens
  virtual void crash() = 0;           // memory is lost, the disk is not; connections must be closed
  virtual void set_failures(
      bool on) = 0;  // made-up ones: busy, full disk, lost answers; off at first
  virtual std::vector<wire::Event> log(RoomId room) = 0;
};

std::unique_ptr<Server> make_model_server(std::uint64_t seed, Now now);
std::unique_ptr<Server> make_app_server(std::uint64_t seed, Now now);
// The same; it keeps messages for three hours.
std::unique_ptr<Server> make_forgetful_server(std::uint64_t seed, Now now);

}  // namespace parley::sim
