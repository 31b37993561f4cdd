// The client's half of WebSocket framing, for tests: masked frames out, server frames in.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "server/net/ws_codec.hpp"

namespace parley::test {

struct FrameOptions {
  bool final = true;
  std::uint8_t reserved = 0;  // the three bits after FIN
  bool masked = true;
  std::array<std::uint8_t, 4> mask = {0x37, 0xfa, 0x21, 0x3d};
  int length_bytes = -1;  // 0, 2 or 8; -1: the shortest form
};

inline Bytes client_frame(net::WsOpcode opcode, ByteView payload, FrameOptions options = {}) {
  Bytes out;
  out.push_back(static_cast<std::uint8_t>((options.final ? 0x80 : 0) | options.reserved |
                                          static_cast<std::uint8_t>(opcode)));
  int length_bytes = options.length_bytes;
  if (length_bytes < 0) length_bytes = payload.size() < 126 ? 0 : payload.size() < 65536 ? 2 : 8;
  const std::uint8_t mask_bit = options.masked ? 0x80 : 0;
  const std::uint8_t code = length_bytes == 0   ? static_cast<std::uint8_t>(payload.size())
                            : length_bytes == 2 ? std::uint8_t{126}
                                                : std::uint8_t{127};
  out.push_back(static_cast<std::uint8_t>(mask_bit | code));
  for (int i = length_bytes - 1; i >= 0; --i) {
    out.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(payload.size()) >> (8 * i)));
  }
  if (options.masked) out.insert(out.end(), options.mask.begin(), options.mask.end());
  for (std::size_t i = 0; i < payload.size(); ++i) {
    const std::uint8_t key = options.masked ? options.mask[i % 4] : std::uint8_t{0};
    out.push_back(static_cast<std::uint8_t>(payload[i] ^ key));
  }
  return out;
}

inline Bytes client_frame(net::WsOpcode opcode, std::string_view text, FrameOptions options = {}) {
  return client_frame(opcode, as_bytes(text), options);
}

struct ServerFrame {
  net::WsOpcode opcode;
  Bytes payload;
  bool operator==(const ServerFrame&) const = default;
};

// Takes one whole frame off the front; nothing when it is not all there.
inline std::optional<ServerFrame> take_server_frame(Bytes& stream) {
  if (stream.size() < 2) return std::nullopt;
  std::size_t at = 2;
  std::uint64_t size = stream[1] & 0x7f;
  const std::size_t length_bytes = size == 126 ? 2 : size == 127 ? 8 : 0;
  if (stream.size() < at + length_bytes) return std::nullopt;
  if (length_bytes > 0) size = 0;
  for (std::size_t i = 0; i < length_bytes; ++i) size = (size << 8) | stream[at++];
  if (stream.size() - at < size) return std::nullopt;
  const auto begin = stream.begin() + static_cast<std::ptrdiff_t>(at);
  const auto end = begin + static_cast<std::ptrdiff_t>(size);
  ServerFrame frame{static_cast<net::WsOpcode>(stream[0] & 0x0f), Bytes(begin, end)};
  stream.erase(stream.begin(), end);
  return frame;
}

// Writes down what a reader told.
struct RecordingSink final : net::WsSink {
  std::vector<ServerFrame> seen;
  std::optional<net::WsClose> closed;
  bool stop_after_message = false;

  bool on_message(net::WsOpcode opcode, ByteView payload) override {
    seen.push_back({opcode, to_bytes(payload)});
    return !stop_after_message;
  }
  bool on_control(net::WsOpcode opcode, ByteView payload) override {
    seen.push_back({opcode, to_bytes(payload)});
    return true;
  }
  void on_close(net::WsClose code) override { closed = code; }
};

}  // namespace parley::test
