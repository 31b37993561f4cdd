// A client's connection to its server: opens transports, signs in, keeps alive, asks and answers.
//
// Sans-IO. handle_* and the commands take the time; afterwards drain poll_output() and call
// handle_timeout at deadline(). Not thread-safe. Bytes go out and come in as whole binary messages.
//
// Loss is normal: it reconnects for ever (state table in connection_state.hpp, waits in
// backoff.hpp). What was asked and not answered at a loss is answered with kNotConnected; whoever
// must not lose a command repeats it (the outbox does). Errors take one of four ways:
//   lost      reconnect with backoff
//   overload  reconnect not before the time the server names
//   auth      stop and report Refused: only a new sign-in helps. Where it is the session that has
//             ended, a device that can prove itself is asked to do so first
//   client    stop: this version cannot work with that server
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/sync/backoff.hpp"
#include "shared/sync/connection_state.hpp"
#include "shared/wire/frame.hpp"

namespace parley::sync {

enum class TransportKind : std::uint8_t { kWebSocket };

struct TransportChoice {
  TransportKind kind = TransportKind::kWebSocket;
  std::string url;
};

enum class ErrorClass : std::uint8_t { kLost, kOverload, kAuth, kClient };
ErrorClass classify(ErrorCode code);

struct ConnectionConfig {
  std::vector<TransportChoice> transports;  // in order of preference; one that does not open gives
                                            // way to the next
  BackoffConfig backoff;
  Duration open_timeout = seconds(10);
  Duration request_timeout = seconds(10);
  Duration ping_after = seconds(30);    // silence before a ping
  Duration dead_after = seconds(60);    // silence before the connection counts as lost
  Duration stable_after = seconds(10);  // a connection that lasts this long clears the failures
  Duration offline_probe = seconds(30);
};

using RequestId = wire::RequestId;

// Answers a server's challenge for the one whose token `hello` carries; empty when it cannot.
using SignInProver = std::function<std::optional<wire::AuthenticateDevice>(ByteView challenge)>;

// ---- outputs, in order --------------------------------------------------------------------------

struct TransportOpen {
  std::uint32_t attempt = 0;
  TransportChoice choice;
};
struct TransportSend {
  std::uint32_t attempt = 0;
  Bytes bytes;
};
struct TransportClose {
  std::uint32_t attempt = 0;
};
struct Welcomed {
  wire::Welcome welcome;
};
struct Disconnected {  // from kConnected to anything else
  Error error;
};
struct Refused {  // the state is kIdle now
  Error error;
};
struct Reply {
  RequestId request = 0;
  std::variant<wire::Response, wire::ErrorReply> outcome;
};
using ConnectionOutput = std::variant<TransportOpen, TransportSend, TransportClose, Welcomed,
                                      Disconnected, Refused, Reply, wire::EventBatch, wire::Notice>;

class Connection {
 public:
  Connection(ConnectionConfig config, Rng& rng);

  // ---- the world ----
  void handle_open(MonoTime now, std::uint32_t attempt);
  void handle_bytes(MonoTime now, std::uint32_t attempt, ByteView bytes);
  void handle_closed(MonoTime now, std::uint32_t attempt, std::string reason);
  void handle_timeout(MonoTime now);
  void handle_network(MonoTime now, bool online);

  // ---- commands ----
  // `hello` opens every connection from now on; keep it current with set_hello.
  // `with_proof`: its token is known to have ended, so the first welcome needs a proof.
  void start(MonoTime now, wire::Authenticate hello, bool with_proof = false);
  void set_hello(wire::Authenticate hello) { hello_ = std::move(hello); }
  void set_prover(SignInProver prover) { prover_ = std::move(prover); }
  void stop(MonoTime now);
  void retry_now(MonoTime now);
  // A Reply with the returned id always follows, with kNotConnected or kTimeout at worst.
  RequestId send(MonoTime now, wire::Command command);
  // For commands without a response; dropped when not connected.
  void send_oneway(MonoTime now, wire::Command command);

  // ---- out ----
  std::optional<ConnectionOutput> poll_output();
  std::optional<MonoTime> deadline() const;

  ConnectionState state() const { return state_; }
  bool connected() const { return state_ == ConnectionState::kConnected; }
  std::optional<MonoTime> next_try() const;
  const Error& last_error() const { return last_error_; }
  bool breaker_open() const { return backoff_.breaker_open(); }
  bool ever_connected() const { return ever_connected_; }

 private:
  enum Timer { kOpenTimer, kWaitTimer, kPingTimer, kDeadTimer, kStableTimer, kTimerCount };

  bool fire(ConnectionEvent event);
  void connect(MonoTime now);
  void lose(MonoTime now, Error error);
  void give_up(MonoTime now, ConnectionEvent event, Error error);
  void handle_error(MonoTime now, Error error);
  void drop_transport();
  void fail_requests(ErrorCode code);
  void heard(MonoTime now);
  void ping(MonoTime now);
  void write(const wire::ClientFrame& frame);
  void on_frame(MonoTime now, wire::ServerFrame frame);
  void on_response(MonoTime now, wire::ResponseFrame frame);
  void on_error(MonoTime now, wire::ErrorFrame frame);
  void welcome(MonoTime now, wire::Welcome welcome);
  void ask_hello(wire::Command command);
  bool may_prove(ErrorCode why) const;
  void keep_early(MonoTime now, ConnectionOutput output);
  void arm(Timer timer, MonoTime at) { timers_[timer] = at; }
  void disarm(Timer timer) { timers_[timer].reset(); }

  ConnectionConfig config_;
  Backoff backoff_;
  wire::Authenticate hello_;
  SignInProver prover_;
  bool starts_with_proof_ = false;
  std::optional<Error> session_over_;  // why this attempt goes on with a proof
  ConnectionState state_ = ConnectionState::kIdle;
  std::uint32_t attempt_ = 0;
  bool transport_live_ = false;  // a transport of this attempt was asked for and not yet closed
  std::size_t transport_index_ = 0;
  bool network_up_ = true;
  bool ever_connected_ = false;
  std::optional<MonoTime> not_before_;  // the server's retry-after
  Error last_error_{ErrorCode::kNotConnected, {}, {}};
  RequestId next_request_ = 1;
  RequestId hello_request_ = 0;
  std::map<RequestId, MonoTime> requests_;  // with their deadlines
  std::array<std::optional<MonoTime>, kTimerCount> timers_;
  std::deque<ConnectionOutput> outputs_;
  // The server may tell of things while it still writes the welcome: they follow it.
  std::vector<ConnectionOutput> early_;
};

}  // namespace parley::sync
