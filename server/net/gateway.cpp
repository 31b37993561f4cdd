#include "server/net/gateway.hpp"

#include <algorithm>
#include <limits>

namespace parley::net {
namespace {

std::uint32_t to_wire_ms(Duration duration) {
  return static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(duration.ms, 0, std::numeric_limits<std::uint32_t>::max()));
}

std::string bounded(const std::string& detail) {
  return detail.substr(0, wire::kMaxDetailBytes);
}

}  // namespace

wire::ErrorReply to_reply(const Error& error) {
  return {static_cast<std::uint16_t>(error.code), bounded(error.detail),
          to_wire_ms(error.retry_after), std::nullopt};
}

wire::Goodbye to_goodbye(const Error& error) {
  return {static_cast<std::uint16_t>(error.code), bounded(error.detail),
          to_wire_ms(error.retry_after)};
}

WsClose close_code_for(ErrorCode code) {
  switch (code) {
    case ErrorCode::kMalformed: return WsClose::kInvalidPayload;
    case ErrorCode::kTooLarge: return WsClose::kTooLarge;
    case ErrorCode::kProtocolViolation: return WsClose::kPolicyViolation;
    case ErrorCode::kSlowReader:
    case ErrorCode::kOverloaded: return WsClose::kTryAgainLater;
    case ErrorCode::kInternal: return WsClose::kInternalError;
    case ErrorCode::kShuttingDown: return WsClose::kServiceRestart;
    default: return static_cast<WsClose>(4000 + static_cast<int>(code));
  }
}

}  // namespace parley::net
