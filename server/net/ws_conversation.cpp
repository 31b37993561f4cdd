#include "server/net/ws_conversation.hpp"

#include <algorithm>

#include "server/net/connection_hub.hpp"

namespace parley::net {
namespace {

// Unusable messages are answered until there are this many of them.
constexpr std::uint8_t kMaxFaults = 20;

ErrorCode code_for(WsClose close) {
  switch (close) {
    case WsClose::kTooLarge:
      return ErrorCode::kTooLarge;
    case WsClose::kInvalidPayload:
      return ErrorCode::kNotText;
    default:
      return ErrorCode::kProtocolViolation;
  }
}

}  // namespace

WsConversation::WsConversation(Connection& connection, const Gateway& gateway, std::string address)
    : connection_(connection),
      site_(connection.hub().site()),
      gateway_(gateway),
      gateway_state_(gateway.make_state()),
      reader_(static_cast<std::size_t>(site_.config.limits.inbound_frame_bytes)),
      address_(std::move(address)),
      last_received_s_(connection.hub().now_s()) {
  session_ = site_.open_session(connection.hub().loop().index(), *this);
  connection.hub().metrics().websockets_active.add();
  connection.set_deadline(static_cast<std::uint32_t>(site_.config.limits.authenticate_timeout_s));
}

WsConversation::~WsConversation() { leave(); }

void WsConversation::leave() {
  if (session_ == nullptr) return;
  session_->handle_closed();
  session_.reset();
  connection_.hub().metrics().websockets_active.subtract();
}

void WsConversation::handle_bytes(std::span<std::uint8_t> bytes) {
  last_received_s_ = connection_.hub().now_s();
  asked_for_life_ = false;
  const auto fault = reader_.feed(bytes, *this);
  if (!fault || state_ != State::kOpen) return;
  count_as_error(fault->what);
  end_with({code_for(fault->close), fault->what, {}}, fault->close);
}

bool WsConversation::on_message(WsOpcode opcode, ByteView payload) {
  connection_.hub().metrics().messages_in.add();
  if (opcode != gateway_.opcode()) {
    const char* const what = "message of the other kind, text or binary";
    count_as_error(what);
    end_with({ErrorCode::kProtocolViolation, what, {}}, WsClose::kUnsupportedData);
    return false;
  }
  Inbound inbound = gateway_.receive(payload, gateway_state_.get());
  if (auto* command = std::get_if<InboundCommand>(&inbound)) {
    session_->handle_command(command->request, std::move(command->command));
  } else if (auto* reply = std::get_if<InboundReply>(&inbound)) {
    if (reply->is_control && !take_control_frame()) return false;
    send(std::move(reply->bytes), app::Priority::kControl);
    if (reply->is_fault && ++faults_ >= kMaxFaults) {
      count_as_error("too many unusable messages");
      close({ErrorCode::kProtocolViolation, "too many unusable messages", {}});
    }
  } else if (auto* fatal = std::get_if<InboundFatal>(&inbound)) {
    count_as_error(fatal->error.detail.c_str());
    close(fatal->error);
  } else if (!take_control_frame()) {
    return false;
  }
  return state_ == State::kOpen;
}

bool WsConversation::on_control(WsOpcode opcode, ByteView payload) {
  if (!take_control_frame()) return false;
  if (opcode == WsOpcode::kPing) {
    send(make_ws_frame(WsOpcode::kPong, to_bytes(payload)), app::Priority::kControl);
  }
  return state_ == State::kOpen;
}

void WsConversation::on_close(WsClose code) {
  // RFC 6455 section 5.5.1: the answer to a close frame is one with the same code.
  const WsClose reply = code == WsClose::kNoStatus ? WsClose::kNormal : code;
  end({{}, reply, false, false});
}

// Pings cost an answer each: a peer gets so many a second and no more.
bool WsConversation::take_control_frame() {
  const std::uint32_t now = connection_.hub().now_s();
  if (now != control_second_) {
    control_second_ = now;
    control_frames_ = 0;
  }
  if (++control_frames_ <= site_.config.limits.control_frames_per_second) return true;
  count_as_error("too many pings");
  close({ErrorCode::kProtocolViolation, "too many pings", {}});
  return false;
}

void WsConversation::handle_deadline() {
  if (state_ != State::kOpen) return;
  const auto interval = static_cast<std::uint32_t>(site_.config.limits.heartbeat_interval_s);
  const auto timeout = static_cast<std::uint32_t>(site_.config.limits.heartbeat_timeout_s);
  if (!sign_in_checked_) {
    sign_in_checked_ = true;
    if (!session_->authenticated()) {
      return close({ErrorCode::kNotAuthenticated, "no sign-in in time", {}});
    }
    // Connections that came together are spread over the interval.
    const Connection::Id turn = connection_.id() / Connection::kIdStep;
    return connection_.set_deadline(static_cast<std::uint32_t>(turn % interval));
  }
  const std::uint32_t silence = connection_.hub().now_s() - last_received_s_;
  // Nobody is dead who was not asked.
  if (silence >= timeout && asked_for_life_) {
    connection_.hub().metrics().connection_errors.add();
    return connection_.abort();
  }
  asked_for_life_ = true;
  send(gateway_.heartbeat(), app::Priority::kControl);
  const std::uint32_t left = silence < timeout ? timeout - silence : 1;
  connection_.set_deadline(std::min(interval, left) - 1);
}

void WsConversation::send(app::SharedBytes bytes, app::Priority priority) {
  if (state_ != State::kOpen || bytes == nullptr) return;
  // One thing alone may be larger than the limit, or a long history page could never be sent.
  const Outbox& outbox = connection_.outbox();
  const auto is_full = [&] {
    return !outbox.empty() && outbox.bytes() + bytes->size() > site_.outbox_limit();
  };
  // Much in one turn does not make a reader slow; not taking it does.
  if (is_full()) connection_.relieve();
  if (is_full()) {
    connection_.hub().metrics().slow_readers.add();
    site_.log.info(ops::LogCategory::kConnection, "slow reader",
                   {{"connection", connection_.id()},
                    {"address", address_},
                    {"queued_bytes", outbox.bytes()}});
    const ErrorCode code =
        site_.health.shedding() ? ErrorCode::kOverloaded : ErrorCode::kSlowReader;
    return end({{code, {}, {}}, close_code_for(code), true, true});
  }
  connection_.hub().metrics().messages_out.add();
  connection_.send(std::move(bytes), priority);
}

void WsConversation::respond(wire::RequestId request, const wire::Response& response) {
  if (state_ != State::kOpen) return;
  send(gateway_.response(request, response, gateway_state_.get()), app::Priority::kControl);
}

void WsConversation::respond_error(wire::RequestId request, const wire::ErrorReply& error) {
  if (state_ != State::kOpen) return;
  send(gateway_.error(request, error, gateway_state_.get()), app::Priority::kControl);
}

void WsConversation::close(const Error& reason) { end_with(reason, close_code_for(reason.code)); }

void WsConversation::handle_drain(const Error& reason) { close(reason); }

void WsConversation::end_with(Error reason, WsClose close) {
  end({std::move(reason), close, true, false});
}

void WsConversation::end(Ending ending) {
  if (state_ != State::kOpen) return;
  state_ = State::kEnding;
  ending_ = std::make_unique<Ending>(std::move(ending));
  connection_.wake();
}

void WsConversation::before_flush() {
  if (state_ != State::kEnding) return;
  state_ = State::kEnded;
  leave();
  if (ending_->drops_queue) connection_.drop_unsent();
  // In the last class of all, so that everything queued goes before.
  std::string_view name;
  if (ending_->says_goodbye) {
    name = error_info(ending_->reason.code).name;
    connection_.send(gateway_.goodbye(to_goodbye(ending_->reason)), app::Priority::kPresence);
  }
  connection_.send(make_ws_close(ending_->close, name), app::Priority::kPresence);
  ending_.reset();
  connection_.finish();
}

void WsConversation::handle_gone() {
  state_ = State::kEnded;
  leave();
}

void WsConversation::count_as_error(const char* what) {
  connection_.hub().metrics().connection_errors.add();
  site_.log.warning(ops::LogCategory::kSecurity, "broken rules",
                    {{"connection", connection_.id()}, {"address", address_}, {"what", what}});
}

}  // namespace parley::net
