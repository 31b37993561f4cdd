#include "shared/sync/connection.hpp"

#include <iterator>

namespace parley::sync {
namespace {

constexpr std::size_t kMaxEarly = 4096;  // frames before the welcome

Error to_error(std::uint16_t code, std::string detail, std::uint32_t retry_after_ms) {
  return {static_cast<ErrorCode>(code), std::move(detail), milliseconds(retry_after_ms)};
}

}  // namespace

ErrorClass classify(ErrorCode code) {
  // Somebody else must close a connection first: worth trying again, not worth signing out for.
  if (code == ErrorCode::kTooManyConnections) return ErrorClass::kOverload;
  switch (error_info(code).action) {
    case ErrorAction::kRetryAfter:
      return code == ErrorCode::kNotConnected || code == ErrorCode::kTimeout
                 ? ErrorClass::kLost
                 : ErrorClass::kOverload;
    case ErrorAction::kReauthenticate:
      return ErrorClass::kAuth;
    case ErrorAction::kStop:
      return ErrorClass::kClient;
    case ErrorAction::kTellUser:
    case ErrorAction::kResync:
    case ErrorAction::kReconnect:
      break;
  }
  return ErrorClass::kLost;
}

Connection::Connection(ConnectionConfig config, Rng& rng)
    : config_(std::move(config)), backoff_(config_.backoff, rng) {}

// ---- commands -----------------------------------------------------------------------------------

void Connection::start(MonoTime now, wire::Authenticate hello, bool with_proof) {
  hello_ = std::move(hello);
  starts_with_proof_ = with_proof && prover_;
  if (fire(ConnectionEvent::kStart)) connect(now);
}

void Connection::stop(MonoTime now) {
  give_up(now, ConnectionEvent::kStop, {ErrorCode::kCancelled, {}, {}});
}

void Connection::retry_now(MonoTime now) {
  if (fire(ConnectionEvent::kRetry)) connect(now);
}

RequestId Connection::send(MonoTime now, wire::Command command) {
  const RequestId id = next_request_++;
  if (!connected()) {
    outputs_.push_back(Reply{
        id, wire::ErrorReply{static_cast<std::uint16_t>(ErrorCode::kNotConnected), {}, 0, {}}});
    return id;
  }
  requests_.emplace(id, now + config_.request_timeout);
  write(wire::CommandFrame{id, std::move(command)});
  return id;
}

void Connection::send_oneway(MonoTime, wire::Command command) {
  if (connected()) write(wire::CommandFrame{next_request_++, std::move(command)});
}

// ---- the world ----------------------------------------------------------------------------------

void Connection::handle_open(MonoTime now, std::uint32_t attempt) {
  if (attempt != attempt_ || !fire(ConnectionEvent::kOpened)) return;
  heard(now);
  arm(kOpenTimer, now + config_.open_timeout);
  if (starts_with_proof_) {
    session_over_ = Error{ErrorCode::kTokenExpired, {}, {}};
    return ask_hello(wire::GetChallenge{});
  }
  ask_hello(hello_);
}

void Connection::handle_closed(MonoTime now, std::uint32_t attempt, std::string reason) {
  if (attempt != attempt_ || !transport_live_) return;
  transport_live_ = false;
  if (state_ == ConnectionState::kConnecting && !config_.transports.empty()) {
    transport_index_ = (transport_index_ + 1) % config_.transports.size();
  }
  lose(now, {ErrorCode::kNotConnected, std::move(reason), {}});
}

void Connection::handle_bytes(MonoTime now, std::uint32_t attempt, ByteView bytes) {
  if (attempt != attempt_ || !transport_live_) return;
  heard(now);
  auto frame = wire::decode_server_frame(bytes);
  if (!frame) return lose(now, frame.error());
  on_frame(now, *std::move(frame));
}

void Connection::handle_network(MonoTime now, bool online) {
  network_up_ = online;
  if (online) {
    if (not_before_ && now < *not_before_) return;  // obey the server also when the network is back
    if (fire(ConnectionEvent::kNetworkUp)) connect(now);
    return;
  }
  if (connected()) return ping(now);
  if (!fire(ConnectionEvent::kNetworkDown)) return;
  drop_transport();
  timers_ = {};
  last_error_ = {ErrorCode::kNotConnected, "no network", {}};
  // The hint may be wrong, so offline is not for ever.
  arm(kWaitTimer, now + config_.offline_probe);
}

void Connection::handle_timeout(MonoTime now) {
  for (auto it = requests_.begin(); it != requests_.end();) {
    if (it->second > now) {
      ++it;
      continue;
    }
    outputs_.push_back(Reply{
        it->first, wire::ErrorReply{static_cast<std::uint16_t>(ErrorCode::kTimeout), {}, 0, {}}});
    it = requests_.erase(it);
  }
  const auto due = [&](Timer timer) {
    if (!timers_[timer] || *timers_[timer] > now) return false;
    timers_[timer].reset();
    return true;
  };
  if (due(kStableTimer)) backoff_.succeeded();
  if (due(kOpenTimer)) {
    return lose(now, {ErrorCode::kTimeout, "the server did not answer", {}});
  }
  if (due(kDeadTimer)) {
    return lose(now, {ErrorCode::kTimeout, "the server fell silent", {}});
  }
  if (due(kPingTimer)) ping(now);
  if (due(kWaitTimer) && fire(ConnectionEvent::kRetry)) connect(now);
}

// ---- frames -------------------------------------------------------------------------------------

void Connection::on_frame(MonoTime now, wire::ServerFrame frame) {
  std::visit(
      [&](auto& f) {
        using T = std::decay_t<decltype(f)>;
        if constexpr (std::same_as<T, wire::ResponseFrame>) {
          on_response(now, std::move(f));
        } else if constexpr (std::same_as<T, wire::ErrorFrame>) {
          on_error(now, std::move(f));
        } else if constexpr (std::same_as<T, wire::PingFrame>) {
          write(wire::PongFrame{f.request});
        } else if constexpr (std::same_as<T, wire::Goodbye>) {
          handle_error(now, to_error(f.code, std::move(f.detail), f.retry_after_ms));
        } else if constexpr (std::same_as<T, wire::EventBatch> || std::same_as<T, wire::Notice>) {
          if (connected()) {
            outputs_.push_back(std::move(f));
          } else {
            keep_early(now, std::move(f));
          }
        }
      },
      frame);
}

void Connection::keep_early(MonoTime now, ConnectionOutput output) {
  if (early_.size() >= kMaxEarly) {
    return lose(now, {ErrorCode::kProtocolViolation, "no welcome", {}});
  }
  early_.push_back(std::move(output));
}

void Connection::on_response(MonoTime now, wire::ResponseFrame frame) {
  if (state_ == ConnectionState::kAuthenticating && frame.request == hello_request_) {
    if (auto* welcomed = std::get_if<wire::Welcome>(&frame.response)) {
      return welcome(now, std::move(*welcomed));
    }
    if (auto* asked = std::get_if<wire::Challenge>(&frame.response); asked && session_over_) {
      auto proof = prover_(asked->challenge);
      if (!proof) return give_up(now, ConnectionEvent::kRefused, *session_over_);
      return ask_hello(*std::move(proof));
    }
    return lose(now, {ErrorCode::kProtocolViolation, "no welcome", {}});
  }
  if (requests_.erase(frame.request) == 0) return;  // timed out before
  outputs_.push_back(Reply{frame.request, std::move(frame.response)});
}

void Connection::on_error(MonoTime now, wire::ErrorFrame frame) {
  if (state_ == ConnectionState::kAuthenticating && frame.request == hello_request_) {
    Error error =
        to_error(frame.error.code, std::move(frame.error.detail), frame.error.retry_after_ms);
    if (may_prove(error.code)) {
      session_over_ = std::move(error);
      return ask_hello(wire::GetChallenge{});
    }
    // What the server says about the first command is about who signs in (a name it does not take).
    // An answer to an earlier copy of it says nothing about that.
    const ErrorClass kind = classify(error.code);
    const bool about_who = error_info(error.code).action == ErrorAction::kTellUser &&
                           error.code != ErrorCode::kAlreadyAuthenticated &&
                           kind != ErrorClass::kOverload;
    // A proof that is not taken leaves it at what was said before.
    if (session_over_ && error.code != ErrorCode::kDeviceRevoked &&
        (kind == ErrorClass::kAuth || about_who)) {
      return give_up(now, ConnectionEvent::kRefused, *session_over_);
    }
    if (about_who) return give_up(now, ConnectionEvent::kRefused, std::move(error));
    return handle_error(now, std::move(error));
  }
  if (requests_.erase(frame.request) == 0) return;
  const bool session_over = classify(static_cast<ErrorCode>(frame.error.code)) == ErrorClass::kAuth;
  Error error = to_error(frame.error.code, frame.error.detail, 0);
  outputs_.push_back(Reply{frame.request, std::move(frame.error)});
  if (session_over) handle_error(now, std::move(error));
}

// The first command, or what follows it before there is a welcome.
void Connection::ask_hello(wire::Command command) {
  hello_request_ = next_request_++;
  write(wire::CommandFrame{hello_request_, std::move(command)});
}

bool Connection::may_prove(ErrorCode why) const {
  const bool ended = why == ErrorCode::kTokenExpired || why == ErrorCode::kTokenInvalid;
  return ended && prover_ && !session_over_ && !hello_.token.empty();
}

void Connection::welcome(MonoTime now, wire::Welcome welcome) {
  if (!fire(ConnectionEvent::kWelcomed)) return;
  ever_connected_ = true;
  not_before_.reset();
  session_over_.reset();
  starts_with_proof_ = false;
  disarm(kOpenTimer);
  arm(kStableTimer, now + config_.stable_after);
  outputs_.push_back(Welcomed{std::move(welcome)});
  std::move(early_.begin(), early_.end(), std::back_inserter(outputs_));
  early_.clear();
}

// ---- inside -------------------------------------------------------------------------------------

bool Connection::fire(ConnectionEvent event) {
  const auto next = next_state(state_, event);
  if (!next) return false;
  state_ = *next;
  return true;
}

void Connection::connect(MonoTime now) {
  timers_ = {};
  not_before_.reset();
  session_over_.reset();
  early_.clear();
  ++attempt_;
  transport_live_ = true;
  arm(kOpenTimer, now + config_.open_timeout);
  TransportChoice choice;
  if (!config_.transports.empty()) choice = config_.transports[transport_index_];
  outputs_.push_back(TransportOpen{attempt_, std::move(choice)});
}

void Connection::handle_error(MonoTime now, Error error) {
  switch (classify(error.code)) {
    case ErrorClass::kAuth:
      // The next connection finds out whether a proof helps; who was too slow to sign in tries
      // again.
      if (connected() ? may_prove(error.code) : error.code == ErrorCode::kNotAuthenticated) {
        return lose(now, std::move(error));
      }
      return give_up(now, ConnectionEvent::kRefused, std::move(error));
    case ErrorClass::kClient:
      return give_up(now, ConnectionEvent::kFatal, std::move(error));
    case ErrorClass::kOverload:
      if (error.retry_after.ms <= 0) error.retry_after = config_.backoff.longest;
      [[fallthrough]];
    case ErrorClass::kLost:
      return lose(now, std::move(error));
  }
}

void Connection::lose(MonoTime now, Error error) {
  const bool was_connected = connected();
  if (!fire(ConnectionEvent::kLost)) return;
  drop_transport();
  timers_ = {};
  const Duration wait = backoff_.failed(error.retry_after);
  arm(kWaitTimer, now + wait);
  if (error.retry_after.ms > 0) not_before_ = now + error.retry_after;
  last_error_ = error;
  fail_requests(ErrorCode::kNotConnected);
  if (was_connected) outputs_.push_back(Disconnected{std::move(error)});
  if (!network_up_) handle_network(now, false);
}

void Connection::give_up(MonoTime, ConnectionEvent event, Error error) {
  const bool was_connected = connected();
  if (!fire(event)) return;
  drop_transport();
  timers_ = {};
  not_before_.reset();
  backoff_.succeeded();
  last_error_ = error;
  fail_requests(ErrorCode::kNotConnected);
  if (was_connected) outputs_.push_back(Disconnected{error});
  if (event == ConnectionEvent::kRefused) outputs_.push_back(Refused{std::move(error)});
}

void Connection::drop_transport() {
  if (!transport_live_) return;
  transport_live_ = false;
  outputs_.push_back(TransportClose{attempt_});
}

void Connection::fail_requests(ErrorCode code) {
  for (const auto& [id, deadline] : requests_) {
    outputs_.push_back(Reply{id, wire::ErrorReply{static_cast<std::uint16_t>(code), {}, 0, {}}});
  }
  requests_.clear();
}

void Connection::heard(MonoTime now) {
  disarm(kDeadTimer);
  arm(kPingTimer, now + config_.ping_after);
}

// The wait for an answer starts with the ping and not with the last frame: after a sleep of the
// whole machine both timers are overdue at once, and the connection still deserves its chance.
void Connection::ping(MonoTime now) {
  disarm(kPingTimer);
  arm(kDeadTimer, now + Duration{config_.dead_after.ms - config_.ping_after.ms});
  write(wire::PingFrame{next_request_++});
}

void Connection::write(const wire::ClientFrame& frame) {
  outputs_.push_back(TransportSend{attempt_, wire::encode_frame(frame)});
}

std::optional<ConnectionOutput> Connection::poll_output() {
  if (outputs_.empty()) return std::nullopt;
  ConnectionOutput output = std::move(outputs_.front());
  outputs_.pop_front();
  return output;
}

std::optional<MonoTime> Connection::deadline() const {
  std::optional<MonoTime> first;
  const auto consider = [&](std::optional<MonoTime> at) {
    if (at && (!first || *at < *first)) first = at;
  };
  for (const auto& timer : timers_) consider(timer);
  // Ids ascend and all requests have the same time, so the first is the earliest.
  if (!requests_.empty()) consider(requests_.begin()->second);
  return first;
}

std::optional<MonoTime> Connection::next_try() const {
  return state_ == ConnectionState::kWaiting || state_ == ConnectionState::kOffline
             ? timers_[kWaitTimer]
             : std::nullopt;
}

}  // namespace parley::sync
