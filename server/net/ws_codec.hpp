// WebSocket frames (RFC 6455), server side, sans-IO.
//
// Why our own and not Beast's stream: server frames are not masked, so a broadcast can be framed
// once and written to every connection with one gathered write, which Beast's per-stream writes
// cannot do; and an idle connection here keeps about 100 bytes of reader and no buffer, where a
// Beast stream needs 9 KiB. The handshake stays with Beast's HTTP parser. No extensions
// (permessage-deflate costs 99 KB a connection and invites CRIME), so reserved bits are an error.
//
// Call order: feed() with every chunk as it arrives, until it returns a fault or the sink saw a
// close; after that nothing more is read.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "shared/base/bytes.hpp"

namespace parley::net {

enum class WsOpcode : std::uint8_t {
  kContinuation = 0,
  kText = 1,
  kBinary = 2,
  kClose = 8,
  kPing = 9,
  kPong = 10,
};

// RFC 6455 section 7.4.1 and the IANA registry.
enum class WsClose : std::uint16_t {
  kNormal = 1000,
  kGoingAway = 1001,
  kProtocolError = 1002,
  kUnsupportedData = 1003,
  kNoStatus = 1005,  // never on the wire
  kInvalidPayload = 1007,
  kPolicyViolation = 1008,
  kTooLarge = 1009,
  kInternalError = 1011,
  kServiceRestart = 1012,
  kTryAgainLater = 1013,
};

struct WsFault {
  WsClose close;
  const char* what;  // safe to log and to send
};

// Receives what was read. Views end with the call.
class WsSink {
 public:
  virtual ~WsSink() = default;
  // Each returns false to stop reading: the rest of the chunk is dropped.
  virtual bool on_message(WsOpcode opcode, ByteView payload) = 0;  // kText (checked UTF-8), kBinary
  virtual bool on_control(WsOpcode opcode, ByteView payload) = 0;  // kPing, kPong
  virtual void on_close(WsClose code) = 0;                         // kNoStatus: the peer gave none
};

class WsReader {
 public:
  static constexpr std::size_t kMaxControlBytes = 125;

  explicit WsReader(std::size_t max_message_bytes) : max_message_bytes_(max_message_bytes) {}

  // Payloads are unmasked in place. Memory taken is at most what has been received of one message.
  std::optional<WsFault> feed(std::span<std::uint8_t> chunk, WsSink& sink);
  // Of an unfinished message or frame.
  std::size_t held_bytes() const { return message_.capacity() + control_.capacity(); }
  bool finished() const { return state_ == State::kFinished; }

 private:
  enum class State : std::uint8_t { kHeader, kPayload, kFinished };

  std::optional<WsFault> read_header(std::span<std::uint8_t>& chunk);
  std::optional<WsFault> check_header(std::uint8_t first, std::uint64_t length);
  std::optional<WsFault> read_payload(std::span<std::uint8_t>& chunk, WsSink& sink);
  std::optional<WsFault> finish_control(ByteView payload, WsSink& sink);
  std::optional<WsFault> finish_message(ByteView payload, WsSink& sink);
  std::optional<WsFault> fault(WsClose close, const char* what);
  bool is_control() const { return static_cast<std::uint8_t>(opcode_) >= 8; }

  std::size_t max_message_bytes_;
  Bytes message_;  // payload of the unfinished message
  Bytes control_;  // payload of the unfinished control frame
  std::uint64_t payload_left_ = 0;
  std::array<std::uint8_t, 14> header_{};
  std::array<std::uint8_t, 4> mask_{};
  std::uint8_t header_size_ = 0;
  std::uint8_t mask_offset_ = 0;
  State state_ = State::kHeader;
  WsOpcode opcode_ = WsOpcode::kContinuation;          // of the frame being read
  WsOpcode message_opcode_ = WsOpcode::kContinuation;  // kContinuation: no message is open
  bool final_ = false;
};

inline constexpr std::size_t kMaxServerHeader = 10;

// Writes the header of an unmasked, unfragmented frame; returns its size.
std::size_t write_ws_header(WsOpcode opcode, std::uint64_t payload_bytes,
                            std::span<std::uint8_t, kMaxServerHeader> out);
void append_ws_frame(WsOpcode opcode, ByteView payload, Bytes& out);
// A frame ready to be shared between connections.
std::shared_ptr<const Bytes> make_ws_frame(WsOpcode opcode, Bytes payload);
std::shared_ptr<const Bytes> make_ws_close(WsClose code, std::string_view reason);

}  // namespace parley::net
