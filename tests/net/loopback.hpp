// A whole server on a free port of this machine with a small Session of its own, and a blocking
// client.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

#include "server/net/server.hpp"
#include "tests/net/ws_frames.hpp"
#include "tests/support/temp_folder.hpp"

namespace parley::test {

// Answers everything with Done. set_profile has a meaning by its name: "bye" closes, "echo" sends a
// notice, "throw" fails, "flood" sends without end until the connection is cut.
class EchoSession final : public app::Session {
 public:
  EchoSession(app::Peer& peer, std::atomic<int>& open) : peer_(peer), open_(open) { ++open_; }
  ~EchoSession() override { --open_; }

  void handle_command(wire::RequestId request, wire::Command command) override {
    authenticated_ = true;
    if (const auto* profile = std::get_if<wire::SetProfile>(&command)) {
      if (profile->name == "bye") return peer_.close({ErrorCode::kDeviceRevoked, "as asked", {}});
      if (profile->name == "throw") throw std::runtime_error("a bug, for the test");
      if (profile->name == "echo") {
        peer_.send(net::encoders()[static_cast<std::size_t>(peer_.format())]->notice(
                       wire::SyncNotice{peer_.address()}),
                   app::Priority::kMessage);
      }
      if (profile->name == "flood") {
        const auto block = net::make_ws_frame(net::WsOpcode::kBinary, Bytes(64 * 1024));
        for (int i = 0; i < 4096; ++i) peer_.send(block, app::Priority::kMessage);
      }
    }
    peer_.respond(request, wire::Done{});
  }
  void handle_closed() override {}
  bool authenticated() const override { return authenticated_; }

 private:
  app::Peer& peer_;
  std::atomic<int>& open_;
  bool authenticated_ = false;
};

class LoopbackServer {
 public:
  explicit LoopbackServer(ops::Config config = {}, bool own_metrics_port = false)
      : config_(std::move(config)) {
    config_.server.port = 0;
    folder_.write("index.html", "<!doctype html>");
    folder_.write("big.0123456789abcdef.wasm", std::string(3'000'000, 'w'));
    if (own_metrics_port) config_.server.metrics_port = free_port();
    server_ = std::make_unique<net::Server>(
        loops_, config_, log_, metrics_, health_, net::StaticFiles::load(folder_.path()),
        [this](std::uint16_t, app::Peer& peer) {
          return std::make_unique<EchoSession>(peer, open_sessions);
        });
    if (const Status listening = server_->listen(); !listening) {
      throw std::runtime_error(listening.error().detail);
    }
    loops_.start();
    server_->serve();
    health_.set_phase(ops::Phase::kServing);
  }
  ~LoopbackServer() {
    server_->stop_accepting();
    server_->close_all();
    loops_.stop();
  }

  net::Server& server() { return *server_; }
  ops::Health& health() { return health_; }
  const ops::Config& config() const { return config_; }
  std::string metrics() const { return metrics_.render(); }

  std::atomic<int> open_sessions{0};

 private:
  static ops::Number free_port();

  ops::Config config_;
  TempFolder folder_;
  ops::Log log_{ops::LogLevel::kError, ops::LogFormat::kText};
  ops::Metrics metrics_{2};
  ops::Health health_{[] { return true; }};
  net::LoopPool loops_{2, [](std::string_view) {}};
  std::unique_ptr<net::Server> server_;
};

class TestSocket {
 public:
  explicit TestSocket(std::uint16_t port) : descriptor_(socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval patience{20, 0};  // only a failing test waits so long
    setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(descriptor_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
      ::close(descriptor_);
      throw std::runtime_error("cannot connect");
    }
  }
  ~TestSocket() { ::close(descriptor_); }
  TestSocket(const TestSocket&) = delete;
  TestSocket& operator=(const TestSocket&) = delete;

  void send(ByteView bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
    }
  }
  void send(std::string_view text) { send(as_bytes(text)); }
  void end_sending() { shutdown(descriptor_, SHUT_WR); }

  // False at the end of the stream.
  bool receive() {
    std::uint8_t chunk[65536];
    const ssize_t got = recv(descriptor_, chunk, sizeof chunk, 0);
    if (got < 0) throw std::runtime_error("nothing came in time, or the connection was reset");
    input_.insert(input_.end(), chunk, chunk + got);
    return got > 0;
  }
  std::string read_to_end() {
    while (receive()) {
    }
    return std::string(as_text(std::exchange(input_, {})));
  }
  // One response, by its Content-Length (a 304 or an answer to HEAD has no body).
  std::string read_response(bool has_body = true) {
    std::size_t head_end = std::string::npos;
    while ((head_end = as_text(input_).find("\r\n\r\n")) == std::string::npos) {
      if (!receive()) return std::string(as_text(std::exchange(input_, {})));
    }
    std::size_t size = head_end + 4;
    const std::string head(as_text(input_).substr(0, size));
    if (const std::size_t at = head.find("Content-Length: "); at != std::string::npos && has_body) {
      size += std::stoul(head.substr(at + 16));
    }
    while (input_.size() < size && receive()) {
    }
    const std::string response(as_text(input_).substr(0, size));
    input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(size));
    return response;
  }
  std::string get(std::string_view path, std::string_view more = {}) {
    send("GET " + std::string(path) + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + std::string(more) +
         "\r\n");
    return read_response();
  }

  // The head of the server's answer.
  std::string upgrade(std::string_view more = {}) {
    send(
        "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
        std::string(more) + "\r\n");
    return read_response(true);
  }
  std::string upgrade_binary() { return upgrade("Sec-WebSocket-Protocol: parley.v1\r\n"); }
  void command(wire::RequestId request, wire::Command command) {
    send(client_frame(
        net::WsOpcode::kBinary,
        wire::encode_frame(wire::ClientFrame{wire::CommandFrame{request, std::move(command)}})));
  }
  // Nothing at the end of the stream.
  std::optional<ServerFrame> read_frame() {
    for (;;) {
      if (auto frame = take_server_frame(input_)) return frame;
      if (!receive()) return std::nullopt;
    }
  }
  // The next frame of the binary protocol; throws when something else came.
  wire::ServerFrame read_message() {
    const auto frame = read_frame();
    if (!frame || frame->opcode != net::WsOpcode::kBinary) throw std::runtime_error("no message");
    auto decoded = wire::decode_server_frame(frame->payload);
    if (!decoded) throw std::runtime_error(decoded.error().detail);
    return std::move(*decoded);
  }

 private:
  int descriptor_;
  Bytes input_;
};

inline ops::Number LoopbackServer::free_port() {
  const int descriptor = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  auto* const raw = reinterpret_cast<sockaddr*>(&at);
  const bool bound = bind(descriptor, raw, size) == 0 && getsockname(descriptor, raw, &size) == 0;
  ::close(descriptor);
  if (!bound) throw std::runtime_error("no free port");
  return ntohs(at.sin_port);
}

}  // namespace parley::test
