#include "tests/support/ws_socket.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace parley::test {
namespace {

constexpr const char* kKey = "cGFybGV5IHRlc3Qga2V5IQ==";
constexpr const char* kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455 section 1.3

std::string expected_accept() {
  const std::string text = std::string(kKey) + kGuid;
  unsigned char digest[SHA_DIGEST_LENGTH];
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  unsigned char encoded[64];
  const int length = EVP_EncodeBlock(encoded, digest, sizeof digest);
  return {reinterpret_cast<const char*>(encoded), static_cast<std::size_t>(length)};
}

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

bool wait_for(int fd, short events, std::chrono::steady_clock::time_point end) {
  for (;;) {
    const auto left =
        std::chrono::duration_cast<Milliseconds>(end - std::chrono::steady_clock::now());
    pollfd watched{fd, events, 0};
    const int ready = poll(&watched, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

}  // namespace

WsSocket::WsSocket(WsSocket&& other) noexcept { *this = std::move(other); }

WsSocket& WsSocket::operator=(WsSocket&& other) noexcept {
  if (this == &other) return *this;
  close();
  fd_ = std::exchange(other.fd_, -1);
  ended_ = other.ended_;
  in_ = std::move(other.in_);
  http_answer_ = std::move(other.http_answer_);
  return *this;
}

void WsSocket::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

bool WsSocket::connect(const WsOptions& options, Milliseconds wait) {
  close();
  in_.clear();
  ended_ = false;
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd_ < 0) return false;
  if (options.receive_buffer > 0) {
    setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &options.receive_buffer, sizeof(int));
  }
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in peer{};
  peer.sin_family = AF_INET;
  peer.sin_port = htons(options.port);
  peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto end = std::chrono::steady_clock::now() + wait;
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&peer), sizeof peer) != 0) {
    int error = errno;
    if (error == EINPROGRESS && wait_for(fd_, POLLOUT, end)) {
      socklen_t length = sizeof error;
      getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &length);
    }
    if (error != 0) {
      close();
      return false;
    }
  }
  return true;
}

bool WsSocket::upgrade(const WsOptions& options, Milliseconds wait) {
  std::string request = "GET " + options.path +
                        " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(options.port) +
                        "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " +
                        kKey + "\r\n";
  if (!options.subprotocol.empty()) {
    request += "Sec-WebSocket-Protocol: " + options.subprotocol + "\r\n";
  }
  request += options.extra_headers + "\r\n";
  if (!send_raw(request)) return false;
  const auto end = std::chrono::steady_clock::now() + wait;
  for (;;) {
    const std::string_view text = as_text(in_);
    if (const std::size_t head = text.find("\r\n\r\n"); head != std::string_view::npos) {
      http_answer_ = std::string(text.substr(0, head + 4));
      in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(head + 4));
      break;
    }
    if (!fill(end)) {
      http_answer_ = std::string(as_text(in_));
      return false;
    }
  }
  const std::string answer = lower(http_answer_);
  const bool same_protocol =
      options.subprotocol.empty() ||
      answer.find("sec-websocket-protocol: " + lower(options.subprotocol)) != std::string::npos;
  return answer.starts_with("http/1.1 101") && same_protocol &&
         http_answer_.find(expected_accept()) != std::string::npos;
}

bool WsSocket::send_raw(ByteView bytes) {
  const auto end = std::chrono::steady_clock::now() + kDefaultWait;
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      if (!wait_for(fd_, POLLOUT, end)) return false;
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

bool WsSocket::send_frame(std::uint8_t first_byte, ByteView payload, bool masked) {
  constexpr std::uint8_t kMask[4] = {0x37, 0xfa, 0x21, 0x3d};
  const std::uint8_t bit = masked ? 0x80 : 0;
  Bytes out{first_byte};
  if (payload.size() < 126) {
    out.push_back(static_cast<std::uint8_t>(bit | payload.size()));
  } else {
    const bool is_long = payload.size() > 0xffff;
    out.push_back(static_cast<std::uint8_t>(bit | (is_long ? 127 : 126)));
    for (int shift = is_long ? 56 : 8; shift >= 0; shift -= 8) {
      out.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(payload.size()) >> shift));
    }
  }
  if (masked) out.insert(out.end(), std::begin(kMask), std::end(kMask));
  for (std::size_t i = 0; i < payload.size(); ++i) {
    out.push_back(static_cast<std::uint8_t>(payload[i] ^ (masked ? kMask[i % 4] : 0)));
  }
  return send_raw(out);
}

// More bytes from the socket; false at its end or when the time is over.
bool WsSocket::fill(std::chrono::steady_clock::time_point end) {
  if (fd_ < 0 || ended_ || !wait_for(fd_, POLLIN, end)) return false;
  std::uint8_t chunk[64 * 1024];
  const ssize_t got = recv(fd_, chunk, sizeof chunk, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return true;
  if (got <= 0) {
    ended_ = true;
    return false;
  }
  in_.insert(in_.end(), chunk, chunk + got);
  return true;
}

std::optional<WsMessage> WsSocket::take_message() {
  for (;;) {
    if (in_.size() < 2) return std::nullopt;
    std::uint64_t length = in_[1] & 0x7f;
    std::size_t header = 2;
    if (length >= 126) {
      const std::size_t extra = length == 126 ? 2 : 8;
      if (in_.size() < 2 + extra) return std::nullopt;
      length = 0;
      for (std::size_t i = 0; i < extra; ++i) length = length << 8 | in_[2 + i];
      header = 2 + extra;
    }
    if (in_.size() < header + length) return std::nullopt;
    const auto begin = in_.begin() + static_cast<std::ptrdiff_t>(header);
    const Bytes payload(begin, begin + static_cast<std::ptrdiff_t>(length));
    const std::uint8_t opcode = in_[0] & 0x0f;
    in_.erase(in_.begin(), begin + static_cast<std::ptrdiff_t>(length));
    switch (opcode) {
      case 1:
        return WsMessage{WsMessage::Kind::kText, payload, 0};
      case 2:
        return WsMessage{WsMessage::Kind::kBinary, payload, 0};
      case 8:
        return WsMessage{
            WsMessage::Kind::kClose, {}, payload.size() >= 2 ? payload[0] << 8 | payload[1] : 0};
      case 9:
        send_frame(0x8a, payload);
        break;
      default:
        break;
    }
  }
}

std::optional<WsMessage> WsSocket::receive(Milliseconds wait) {
  const auto end = std::chrono::steady_clock::now() + wait;
  for (;;) {
    if (auto message = take_message()) return message;
    if (!fill(end)) {
      if (ended_ || fd_ < 0) return WsMessage{};
      if (std::chrono::steady_clock::now() >= end) return std::nullopt;
    }
  }
}

std::string WsSocket::read_to_end(Milliseconds wait) {
  const auto end = std::chrono::steady_clock::now() + wait;
  while (fill(end)) {
  }
  return std::string(as_text(in_));
}

}  // namespace parley::test
