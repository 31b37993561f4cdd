// A WebSocket client on a blocking socket, for tests only. Every call has a time limit. It can also
// send what no decent client sends.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "shared/base/bytes.hpp"

namespace parley::test {

using Milliseconds = std::chrono::milliseconds;
inline constexpr Milliseconds kDefaultWait{10'000};

struct WsMessage {
  enum class Kind { kText, kBinary, kClose, kEnd } kind = Kind::kEnd;
  Bytes bytes;         // of a text or binary message
  int close_code = 0;  // kClose; 0: the peer gave none
};

struct WsOptions {
  std::uint16_t port = 0;
  std::string path = "/ws";
  std::string subprotocol = "parley.v1";  // empty: none is asked for
  std::string extra_headers;              // complete lines with their line ends
  int receive_buffer = 0;                 // bytes of the kernel's buffer; 0: the system's choice
};

class WsSocket {
 public:
  WsSocket() = default;
  ~WsSocket() { close(); }
  WsSocket(WsSocket&& other) noexcept;
  WsSocket& operator=(WsSocket&& other) noexcept;

  // TCP only. False when nobody listens.
  bool connect(const WsOptions& options, Milliseconds wait = kDefaultWait);
  // Sends the upgrade and checks the answer, its key and its subprotocol. False when it was
  // refused; http_answer() then has what came.
  bool upgrade(const WsOptions& options, Milliseconds wait = kDefaultWait);
  const std::string& http_answer() const { return http_answer_; }

  bool send_raw(ByteView bytes);
  bool send_raw(std::string_view text) { return send_raw(as_bytes(text)); }
  bool send_binary(ByteView message) { return send_frame(0x82, message); }
  bool send_text(std::string_view text) { return send_frame(0x81, as_bytes(text)); }
  // `first_byte` is FIN, reserved bits and opcode.
  bool send_frame(std::uint8_t first_byte, ByteView payload, bool masked = true);

  // The next message; pings are answered on the way. Nothing when the time is over. kEnd is the end
  // of the connection, in order or not.
  std::optional<WsMessage> receive(Milliseconds wait = kDefaultWait);
  // Everything until the peer closes or the time is over, as raw bytes.
  std::string read_to_end(Milliseconds wait = kDefaultWait);

  bool is_open() const { return fd_ >= 0; }
  void close();

 private:
  bool fill(std::chrono::steady_clock::time_point end);
  std::optional<WsMessage> take_message();

  int fd_ = -1;
  bool ended_ = false;
  Bytes in_;
  std::string http_answer_;
};

}  // namespace parley::test
