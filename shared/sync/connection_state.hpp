// The one connection state machine, as a table.
//
// What the table cannot say, and connection.cpp does: how long Waiting lasts (backoff, retry-after,
// circuit breaker), that Connecting and Authenticating have deadlines, and that a loss ends every
// request that was under way.
#pragma once

#include <cstdint>
#include <optional>

namespace parley::sync {

enum class ConnectionState : std::uint8_t {
  kIdle,            // nothing is wanted: signed out, or the session was refused
  kConnecting,      // a transport is being opened
  kAuthenticating,  // open; the first command is under way
  kConnected,       // welcomed
  kWaiting,         // lost; the next try has its time
  kOffline,         // the system says there is no network; tried only now and then
  kStopped,         // this client cannot work with that server; only a person starts it again
};
inline constexpr int kConnectionStateCount = 7;

enum class ConnectionEvent : std::uint8_t {
  kStart,        // a session or a guest name is there
  kOpened,       // the transport is open
  kWelcomed,     // the server took the first command
  kLost,         // transport closed, silence, deadline passed, server said goodbye
  kRefused,      // the session is not valid: sign in again
  kFatal,        // versions do not fit
  kRetry,        // the wait is over, or a person asked for it
  kNetworkDown,  // hints of the system
  kNetworkUp,
  kStop,  // signed out
};
inline constexpr int kConnectionEventCount = 10;

struct ConnectionTransition {
  ConnectionState state;
  ConnectionEvent event;
  ConnectionState next;
};

// clang-format off
inline constexpr ConnectionTransition kConnectionTransitions[] = {
  {ConnectionState::kIdle,           ConnectionEvent::kStart,       ConnectionState::kConnecting},
  {ConnectionState::kStopped,        ConnectionEvent::kStart,       ConnectionState::kConnecting},

  {ConnectionState::kConnecting,     ConnectionEvent::kOpened,      ConnectionState::kAuthenticating},
  {ConnectionState::kConnecting,     ConnectionEvent::kLost,        ConnectionState::kWaiting},
  {ConnectionState::kConnecting,     ConnectionEvent::kNetworkDown, ConnectionState::kOffline},
  {ConnectionState::kConnecting,     ConnectionEvent::kStop,        ConnectionState::kIdle},

  {ConnectionState::kAuthenticating, ConnectionEvent::kWelcomed,    ConnectionState::kConnected},
  {ConnectionState::kAuthenticating, ConnectionEvent::kLost,        ConnectionState::kWaiting},
  {ConnectionState::kAuthenticating, ConnectionEvent::kRefused,     ConnectionState::kIdle},
  {ConnectionState::kAuthenticating, ConnectionEvent::kFatal,       ConnectionState::kStopped},
  {ConnectionState::kAuthenticating, ConnectionEvent::kNetworkDown, ConnectionState::kOffline},
  {ConnectionState::kAuthenticating, ConnectionEvent::kStop,        ConnectionState::kIdle},

  // No kNetworkDown here: the hint may be wrong (a server on this machine), so it only makes the
  // heartbeat look at once.
  {ConnectionState::kConnected,      ConnectionEvent::kLost,        ConnectionState::kWaiting},
  {ConnectionState::kConnected,      ConnectionEvent::kRefused,     ConnectionState::kIdle},
  {ConnectionState::kConnected,      ConnectionEvent::kFatal,       ConnectionState::kStopped},
  {ConnectionState::kConnected,      ConnectionEvent::kStop,        ConnectionState::kIdle},

  {ConnectionState::kWaiting,        ConnectionEvent::kRetry,       ConnectionState::kConnecting},
  {ConnectionState::kWaiting,        ConnectionEvent::kNetworkUp,   ConnectionState::kConnecting},
  {ConnectionState::kWaiting,        ConnectionEvent::kNetworkDown, ConnectionState::kOffline},
  {ConnectionState::kWaiting,        ConnectionEvent::kStop,        ConnectionState::kIdle},

  {ConnectionState::kOffline,        ConnectionEvent::kRetry,       ConnectionState::kConnecting},
  {ConnectionState::kOffline,        ConnectionEvent::kNetworkUp,   ConnectionState::kConnecting},
  {ConnectionState::kOffline,        ConnectionEvent::kStop,        ConnectionState::kIdle},

  {ConnectionState::kStopped,        ConnectionEvent::kRetry,       ConnectionState::kConnecting},
  {ConnectionState::kStopped,        ConnectionEvent::kStop,        ConnectionState::kIdle},
};
// clang-format on

// Nothing when the event has no meaning in that state: the state then stays as it is.
constexpr std::optional<ConnectionState> next_state(ConnectionState state, ConnectionEvent event) {
  for (const ConnectionTransition& row : kConnectionTransitions) {
    if (row.state == state && row.event == event) return row.next;
  }
  return std::nullopt;
}

}  // namespace parley::sync
