// The seam between server/net and server/app.
//
// net owns sockets and formats; app owns meaning. A connection is a Peer to app, and app is a
// Session to the connection. Both live on one shard (one thread); nothing here is called from
// another one.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>

#include "shared/base/result.hpp"
#include "shared/wire/frame.hpp"

namespace parley::app {

// Bytes ready for the socket (WebSocket header included), encoded once and shared by all receivers.
using SharedBytes = std::shared_ptr<const Bytes>;

// How a connection speaks. Each format has one Encoder; fan-out encodes once for each format in
// use.
enum class Format : std::uint8_t { kBinary = 0, kJson = 1 };
inline constexpr std::size_t kFormatCount = 2;

// Implemented by net, stateless, thread-safe.
class Encoder {
 public:
  virtual ~Encoder() = default;
  virtual SharedBytes events(RoomId room, std::span<const wire::Event> events) const = 0;
  virtual SharedBytes notice(const wire::Notice& notice) const = 0;
};
using Encoders = std::array<const Encoder*, kFormatCount>;

// FEATURES B7: what goes first when an outbox holds several things.
enum class Priority : std::uint8_t { kControl = 0, kMessage = 1, kPresence = 2 };

// One connection, as app sees it. Implemented by net.
class Peer {
 public:
  virtual ~Peer() = default;
  virtual Format format() const = 0;
  // Queues bytes for sending; never blocks and never calls back into the Session before it returns.
  // A full outbox ends the connection with kSlowReader, later.
  virtual void send(SharedBytes bytes, Priority priority) = 0;
  virtual void respond(wire::RequestId request, const wire::Response& response) = 0;
  virtual void respond_error(wire::RequestId request, const wire::ErrorReply& error) = 0;
  // Sends a Goodbye with this reason after what is queued, then closes.
  virtual void close(const Error& reason) = 0;
  virtual const std::string& address() const = 0;  // of the remote end, for limits and logs
};

// One connection's conversation. Implemented by app, created by Shard::open_session.
class Session {
 public:
  virtual ~Session() = default;
  virtual void handle_command(wire::RequestId request, wire::Command command) = 0;
  // The connection is gone; no call follows and the Peer is not touched any more.
  virtual void handle_closed() = 0;
  virtual bool authenticated() const = 0;
};

}  // namespace parley::app
