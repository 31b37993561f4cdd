#include "server/net/ws_codec.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "shared/base/utf8.hpp"

namespace parley::net {
namespace {

constexpr std::uint8_t kFinalBit = 0x80;
constexpr std::uint8_t kReservedBits = 0x70;
constexpr std::uint8_t kMaskBit = 0x80;

// Eight bytes at a time; the mask repeats every four, so its rotation holds for the whole run.
void unmask(std::span<std::uint8_t> data, std::array<std::uint8_t, 4> mask, std::uint8_t offset) {
  std::array<std::uint8_t, 8> wide{};
  for (std::size_t i = 0; i < wide.size(); ++i) wide[i] = mask[(offset + i) % 4];
  std::uint64_t key = 0;
  std::memcpy(&key, wide.data(), 8);
  std::size_t i = 0;
  for (; i + 8 <= data.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, data.data() + i, 8);
    word ^= key;
    std::memcpy(data.data() + i, &word, 8);
  }
  for (; i < data.size(); ++i) data[i] = static_cast<std::uint8_t>(data[i] ^ wide[i % 8]);
}

std::uint64_t read_big_endian(std::span<const std::uint8_t> bytes) {
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes) value = (value << 8) | byte;
  return value;
}

// What a peer may put into a close frame (RFC 6455 section 7.4).
bool is_close_code(std::uint16_t code) {
  if (code >= 3000 && code <= 4999) return true;
  return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}

}  // namespace

std::optional<WsFault> WsReader::feed(std::span<std::uint8_t> chunk, WsSink& sink) {
  while (state_ != State::kFinished) {
    if (state_ == State::kHeader) {
      if (chunk.empty()) break;
      if (auto bad = read_header(chunk)) return bad;
      if (state_ == State::kHeader) break;  // the chunk ended within the header
    }
    // An empty payload is complete without another byte.
    if (chunk.empty() && payload_left_ > 0) break;
    if (auto bad = read_payload(chunk, sink)) return bad;
  }
  return std::nullopt;
}

std::optional<WsFault> WsReader::fault(WsClose close, const char* what) {
  state_ = State::kFinished;
  message_ = {};
  control_ = {};
  return WsFault{close, what};
}

std::optional<WsFault> WsReader::read_header(std::span<std::uint8_t>& chunk) {
  std::size_t needed = 2;
  for (;;) {
    if (header_size_ >= 2) {
      const std::uint8_t length_code = header_[1] & 0x7f;
      needed = 2 + 4 + (length_code == 126 ? 2u : length_code == 127 ? 8u : 0u);
      // Said before the mask arrives, so that a client that does not mask learns of it.
      if ((header_[1] & kMaskBit) == 0) {
        return fault(WsClose::kProtocolError, "frame without a mask");
      }
    }
    const std::size_t take = std::min<std::size_t>(needed - header_size_, chunk.size());
    std::copy_n(chunk.begin(), take, header_.begin() + header_size_);
    header_size_ = static_cast<std::uint8_t>(header_size_ + take);
    chunk = chunk.subspan(take);
    if (header_size_ < needed) return std::nullopt;
    if (needed > 2) break;
  }

  const std::uint8_t length_code = header_[1] & 0x7f;
  const std::size_t length_bytes = needed - 6;
  const std::uint64_t length =
      length_bytes == 0 ? length_code : read_big_endian({header_.data() + 2, length_bytes});
  if ((length_bytes == 2 && length < 126) || (length_bytes == 8 && length <= 0xffff)) {
    return fault(WsClose::kProtocolError, "length is not in its shortest form");
  }
  if (auto bad = check_header(header_[0], length)) return bad;

  std::copy_n(header_.begin() + static_cast<std::ptrdiff_t>(needed - 4), 4, mask_.begin());
  mask_offset_ = 0;
  header_size_ = 0;
  payload_left_ = length;
  state_ = State::kPayload;
  return std::nullopt;
}

std::optional<WsFault> WsReader::check_header(std::uint8_t first, std::uint64_t length) {
  final_ = (first & kFinalBit) != 0;
  opcode_ = static_cast<WsOpcode>(first & 0x0f);
  if ((first & kReservedBits) != 0) {
    return fault(WsClose::kProtocolError, "reserved bits without an extension");
  }
  switch (opcode_) {
    case WsOpcode::kClose:
    case WsOpcode::kPing:
    case WsOpcode::kPong:
      if (!final_) return fault(WsClose::kProtocolError, "fragmented control frame");
      if (length > kMaxControlBytes) {
        return fault(WsClose::kProtocolError, "control frame too long");
      }
      return std::nullopt;
    case WsOpcode::kText:
    case WsOpcode::kBinary:
      if (message_opcode_ != WsOpcode::kContinuation) {
        return fault(WsClose::kProtocolError, "new message inside another");
      }
      message_opcode_ = opcode_;
      break;
    case WsOpcode::kContinuation:
      if (message_opcode_ == WsOpcode::kContinuation) {
        return fault(WsClose::kProtocolError, "continuation of nothing");
      }
      break;
    default:
      return fault(WsClose::kProtocolError, "unknown opcode");
  }
  // No sum: a length near 2^64 must not wrap.
  if (length > max_message_bytes_ - std::min(message_.size(), max_message_bytes_)) {
    return fault(WsClose::kTooLarge, "message too large");
  }
  return std::nullopt;
}

std::optional<WsFault> WsReader::read_payload(std::span<std::uint8_t>& chunk, WsSink& sink) {
  const std::size_t take =
      static_cast<std::size_t>(std::min<std::uint64_t>(payload_left_, chunk.size()));
  const std::span<std::uint8_t> part = chunk.first(take);
  chunk = chunk.subspan(take);
  unmask(part, mask_, mask_offset_);
  mask_offset_ = static_cast<std::uint8_t>((mask_offset_ + take) % 4);
  payload_left_ -= take;
  const bool complete = payload_left_ == 0;
  if (complete) state_ = State::kHeader;

  Bytes& held = is_control() ? control_ : message_;
  const bool message_ends = complete && (final_ || is_control());
  if (message_ends && held.empty()) {
    // The usual case: the whole message lies in the chunk and nothing is copied.
    return is_control() ? finish_control(part, sink) : finish_message(part, sink);
  }
  held.insert(held.end(), part.begin(), part.end());
  if (!message_ends) return std::nullopt;
  const Bytes whole = std::exchange(held, {});
  return is_control() ? finish_control(whole, sink) : finish_message(whole, sink);
}

std::optional<WsFault> WsReader::finish_control(ByteView payload, WsSink& sink) {
  if (opcode_ != WsOpcode::kClose) {
    if (!sink.on_control(opcode_, payload)) state_ = State::kFinished;
    return std::nullopt;
  }
  state_ = State::kFinished;
  if (payload.empty()) {
    sink.on_close(WsClose::kNoStatus);
    return std::nullopt;
  }
  if (payload.size() == 1) return fault(WsClose::kProtocolError, "close frame of one byte");
  const auto code = static_cast<std::uint16_t>(read_big_endian(payload.first(2)));
  if (!is_close_code(code)) return fault(WsClose::kProtocolError, "close code not allowed");
  if (!is_valid_utf8(as_text(payload.subspan(2)))) {
    return fault(WsClose::kInvalidPayload, "close reason is not UTF-8");
  }
  sink.on_close(static_cast<WsClose>(code));
  return std::nullopt;
}

std::optional<WsFault> WsReader::finish_message(ByteView payload, WsSink& sink) {
  const WsOpcode opcode = std::exchange(message_opcode_, WsOpcode::kContinuation);
  if (opcode == WsOpcode::kText && !is_valid_utf8(as_text(payload))) {
    return fault(WsClose::kInvalidPayload, "text is not UTF-8");
  }
  if (!sink.on_message(opcode, payload)) state_ = State::kFinished;
  return std::nullopt;
}

std::size_t write_ws_header(WsOpcode opcode, std::uint64_t payload_bytes,
                            std::span<std::uint8_t, kMaxServerHeader> out) {
  out[0] = static_cast<std::uint8_t>(kFinalBit | static_cast<std::uint8_t>(opcode));
  std::size_t length_bytes = 0;
  if (payload_bytes < 126) {
    out[1] = static_cast<std::uint8_t>(payload_bytes);
  } else if (payload_bytes <= 0xffff) {
    out[1] = 126;
    length_bytes = 2;
  } else {
    out[1] = 127;
    length_bytes = 8;
  }
  for (std::size_t i = 0; i < length_bytes; ++i) {
    out[2 + i] = static_cast<std::uint8_t>(payload_bytes >> (8 * (length_bytes - 1 - i)));
  }
  return 2 + length_bytes;
}

void append_ws_frame(WsOpcode opcode, ByteView payload, Bytes& out) {
  std::array<std::uint8_t, kMaxServerHeader> header;
  const std::size_t size = write_ws_header(opcode, payload.size(), header);
  out.insert(out.end(), header.begin(), header.begin() + static_cast<std::ptrdiff_t>(size));
  out.insert(out.end(), payload.begin(), payload.end());
}

std::shared_ptr<const Bytes> make_ws_frame(WsOpcode opcode, Bytes payload) {
  std::array<std::uint8_t, kMaxServerHeader> header;
  const std::size_t size = write_ws_header(opcode, payload.size(), header);
  payload.insert(payload.begin(), header.begin(),
                 header.begin() + static_cast<std::ptrdiff_t>(size));
  return std::make_shared<const Bytes>(std::move(payload));
}

std::shared_ptr<const Bytes> make_ws_close(WsClose code, std::string_view reason) {
  Bytes payload;
  const auto number = static_cast<std::uint16_t>(code);
  payload.push_back(static_cast<std::uint8_t>(number >> 8));
  payload.push_back(static_cast<std::uint8_t>(number & 0xff));
  const ByteView text = as_bytes(reason.substr(0, WsReader::kMaxControlBytes - 2));
  payload.insert(payload.end(), text.begin(), text.end());
  return make_ws_frame(WsOpcode::kClose, std::move(payload));
}

}  // namespace parley::net
