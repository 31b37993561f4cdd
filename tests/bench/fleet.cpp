#include "tests/bench/fleet.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace parley::bench {
namespace {

constexpr std::size_t kReadChunk = 256 * 1024;
constexpr std::size_t kLongestHeader = 10;
// version, type, request id 0, room id, count, first sequence number
constexpr std::size_t kEventsPrefix = 1 + 1 + 1 + 16 + 3 + 9;
constexpr std::uint8_t kMask[4] = {0x5a, 0x17, 0xc3, 0x88};

// Appends `in` masked with kMask, eight bytes at a time.
void append_masked(ByteView in, Bytes& out) {
  std::uint64_t mask = 0;
  std::memcpy(&mask, kMask, 4);
  std::memcpy(reinterpret_cast<std::uint8_t*>(&mask) + 4, kMask, 4);
  const std::size_t start = out.size();
  out.resize(start + in.size());
  std::size_t i = 0;
  for (; i + 8 <= in.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, in.data() + i, 8);
    word ^= mask;
    std::memcpy(out.data() + start + i, &word, 8);
  }
  for (; i < in.size(); ++i) {
    out[start + i] = static_cast<std::uint8_t>(in[i] ^ kMask[i & 3]);
  }
}

void append_header(std::uint8_t opcode, std::size_t length, Bytes& out) {
  out.push_back(static_cast<std::uint8_t>(0x80 | opcode));
  if (length < 126) {
    out.push_back(static_cast<std::uint8_t>(0x80 | length));
  } else if (length < 65536) {
    out.push_back(0x80 | 126);
    out.push_back(static_cast<std::uint8_t>(length >> 8));
    out.push_back(static_cast<std::uint8_t>(length));
  } else {
    out.push_back(0x80 | 127);
    for (int shift = 56; shift >= 0; shift -= 8) {
      out.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(length) >> shift));
    }
  }
  out.insert(out.end(), std::begin(kMask), std::end(kMask));
}

// False when the bytes end inside the number.
bool scan_varint(ByteView in, std::size_t& at, std::uint64_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 64 && at < in.size(); shift += 7) {
    const std::uint8_t byte = in[at++];
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

}  // namespace

std::int64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

// ---- Connection --------------------------------------------------------------------------------

void Connection::connect() {
  abort();
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return fail(std::string("socket: ") + std::strerror(errno));
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (fleet_.per_source_ > 0) {
    setsockopt(fd_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    sockaddr_in source{};
    source.sin_family = AF_INET;
    source.sin_addr.s_addr =
        htonl(INADDR_LOOPBACK + static_cast<std::uint32_t>(index_ / fleet_.per_source_));
    if (bind(fd_, reinterpret_cast<const sockaddr*>(&source), sizeof source) != 0) {
      return fail(std::string("bind: ") + std::strerror(errno));
    }
  }
  sockaddr_in peer{};
  peer.sin_family = AF_INET;
  peer.sin_port = htons(fleet_.endpoint_.port);
  if (inet_pton(AF_INET, fleet_.endpoint_.host.c_str(), &peer.sin_addr) != 1) {
    return fail("the host must be an IPv4 address");
  }
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&peer), sizeof peer) != 0 &&
      errno != EINPROGRESS) {
    return fail(std::string("connect: ") + std::strerror(errno));
  }
  state_ = State::kConnecting;
  last_request_ = 0;
  skip_ = 0;
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT;
  event.data.ptr = this;
  wants_write_ = true;
  epoll_ctl(fleet_.epoll_, EPOLL_CTL_ADD, fd_, &event);
}

void Connection::abort() {
  if (fd_ >= 0) {
    const linger reset{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(fd_);
  }
  fd_ = -1;
  state_ = State::kClosed;
  in_.clear();
  out_.clear();
  out_at_ = 0;
}

void Connection::fail(const std::string& why) {
  abort();
  if (fleet_.sink_ != nullptr) fleet_.sink_->on_closed(*this, why);
}

void Connection::want_write(bool on) {
  if (on == wants_write_ || fd_ < 0) return;
  wants_write_ = on;
  epoll_event event{};
  event.events = EPOLLIN | (on ? EPOLLOUT : 0u);
  event.data.ptr = this;
  epoll_ctl(fleet_.epoll_, EPOLL_CTL_MOD, fd_, &event);
}

void Connection::handle_ready(std::uint32_t epoll_events) {
  if (state_ == State::kClosed) return;
  if (state_ == State::kConnecting) return handle_connected();
  if ((epoll_events & EPOLLOUT) != 0) flush();
  if ((epoll_events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && fd_ >= 0) read_some();
}

void Connection::handle_connected() {
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &length);
  if (error != 0) return fail(std::string("connect: ") + std::strerror(error));
  state_ = State::kUpgrading;
  const Endpoint& end = fleet_.endpoint_;
  // The key is fixed: nothing here relies on the proof that the server read it.
  const std::string request = "GET " + end.path + " HTTP/1.1\r\nHost: " + end.host + ":" +
                              std::to_string(end.port) +
                              "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                              "Sec-WebSocket-Version: 13\r\n"
                              "Sec-WebSocket-Key: cGFybGV5LWJlbmNoLWtleQ==\r\n"
                              "Sec-WebSocket-Protocol: parley.v1\r\n\r\n";
  const ByteView bytes = as_bytes(request);
  out_.insert(out_.end(), bytes.begin(), bytes.end());
  flush();
}

void Connection::read_some() {
  Bytes& buffer = fleet_.buffer_;
  for (;;) {
    const std::size_t kept = in_.size();
    if (buffer.size() < kept + kReadChunk) buffer.resize(kept + kReadChunk);
    const ssize_t got = recv(fd_, buffer.data() + kept, kReadChunk, 0);
    if (got < 0) {
      if (errno == EAGAIN || errno == EINTR) return;
      return fail(std::string("read: ") + std::strerror(errno));
    }
    if (got == 0) return fail("closed by the server");
    if (kept > 0) std::memcpy(buffer.data(), in_.data(), kept);
    in_.clear();
    const ByteView all(buffer.data(), kept + static_cast<std::size_t>(got));
    const std::size_t used = parse(all);
    if (state_ == State::kClosed) return;
    in_.assign(all.begin() + static_cast<std::ptrdiff_t>(used), all.end());
    if (static_cast<std::size_t>(got) < kReadChunk) return;
  }
}

std::size_t Connection::parse(ByteView in) {
  std::size_t used = 0;
  while (used < in.size()) {
    if (skip_ > 0) {
      const auto step = std::min<std::uint64_t>(skip_, in.size() - used);
      skip_ -= step;
      used += static_cast<std::size_t>(step);
      continue;
    }
    const std::size_t step = state_ == State::kUpgrading ? parse_upgrade(in.subspan(used))
                                                         : parse_message(in.subspan(used));
    if (step == 0 || state_ == State::kClosed) break;
    used += step;
  }
  return used;
}

std::size_t Connection::parse_upgrade(ByteView in) {
  const std::string_view text = as_text(in);
  const std::size_t end = text.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    if (in.size() > 16 * 1024) fail("endless HTTP answer");
    return 0;
  }
  if (!text.starts_with("HTTP/1.1 101")) {
    fail("upgrade refused: " + std::string(text.substr(0, text.find("\r\n"))));
    return 0;
  }
  state_ = State::kOpen;
  fleet_.sink_->on_open(*this);
  return end + 4;
}

// One WebSocket message, or 0 when more bytes are needed.
std::size_t Connection::parse_message(ByteView in) {
  if (in.size() < 2) return 0;
  const std::uint8_t opcode = in[0] & 0x0f;
  std::uint64_t length = in[1] & 0x7f;
  std::size_t header = 2;
  if (length == 126) {
    if (in.size() < 4) return 0;
    length = static_cast<std::uint64_t>(in[2]) << 8 | in[3];
    header = 4;
  } else if (length == 127) {
    if (in.size() < kLongestHeader) return 0;
    length = 0;
    for (std::size_t i = 2; i < kLongestHeader; ++i) length = length << 8 | in[i];
    header = kLongestHeader;
  }
  const bool fin = (in[0] & 0x80) != 0;
  if (!fin || (in[1] & 0x80) != 0 || length > 4 * wire::kMaxFrameBytes) {
    fail("a fragmented, masked or oversize message from the server");
    return 0;
  }
  const ByteView rest = in.subspan(header);
  // The hot path: an events frame is counted from its beginning, the rest skipped when it comes.
  if (opcode == 2 && length >= kEventsPrefix && !whole_events) {
    if (rest.size() < kEventsPrefix) return 0;
    if (rest[1] == static_cast<std::uint8_t>(wire::FrameType::kEvents)) {
      std::size_t at = 19;
      std::uint64_t count = 0, first = 0;
      if (scan_varint(rest, at, count) && count > 0 && scan_varint(rest, at, first)) {
        fleet_.sink_->on_events(*this, first, static_cast<std::size_t>(count));
      }
      skip_ = length;
      return header;
    }
  }
  if (opcode == 2 && length >= 2 && !notices) {
    if (rest.size() < 2) return 0;
    if (rest[1] == static_cast<std::uint8_t>(wire::FrameType::kNotice)) {
      skip_ = length;
      return header;
    }
  }
  if (rest.size() < length) return 0;
  const ByteView payload = rest.first(static_cast<std::size_t>(length));
  const std::size_t used = header + static_cast<std::size_t>(length);
  if (opcode == 2) {
    handle_message(payload);
  } else if (opcode == 9) {
    append_header(10, payload.size(), out_);
    append_masked(payload, out_);
    if (!std::exchange(dirty_, true)) fleet_.dirty_.push_back(this);
  } else if (opcode == 8) {
    const int code = payload.size() >= 2 ? payload[0] << 8 | payload[1] : 0;
    fail("closed by the server with code " + std::to_string(code));
  }
  return used;
}

void Connection::handle_message(ByteView payload) {
  std::size_t at = 2;
  Frame frame;
  if (payload.size() < 3 || !scan_varint(payload, at, frame.request)) {
    return fail("a frame without header");
  }
  frame.type = static_cast<wire::FrameType>(payload[1]);
  frame.payload = payload.subspan(at);
  frame.whole = payload;
  if (frame.type == wire::FrameType::kPing) {
    return queue(wire::encode_frame(wire::ClientFrame{wire::PongFrame{frame.request}}));
  }
  if (frame.type == wire::FrameType::kGoodbye) {
    auto decoded = wire::decode_server_frame(payload);
    const auto* goodbye = decoded ? std::get_if<wire::Goodbye>(&*decoded) : nullptr;
    return fail(goodbye == nullptr
                    ? "an unreadable goodbye"
                    : "goodbye: " + std::string(error_info(goodbye->code).name) + " " +
                          goodbye->detail);
  }
  fleet_.sink_->on_frame(*this, frame);
}

void Connection::queue(ByteView message) {
  if (state_ != State::kOpen) return;
  append_header(2, message.size(), out_);
  append_masked(message, out_);
  if (!std::exchange(dirty_, true)) fleet_.dirty_.push_back(this);
}

wire::RequestId Connection::command(const wire::Command& command) {
  const wire::RequestId request = take_request();
  queue(wire::encode_frame(wire::ClientFrame{wire::CommandFrame{request, command}}));
  return request;
}

void Connection::flush() {
  while (fd_ >= 0 && out_at_ < out_.size()) {
    const ssize_t sent =
        send(fd_, out_.data() + out_at_, out_.size() - out_at_, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) return fail(std::string("write: ") + std::strerror(errno));
      return want_write(true);
    }
    out_at_ += static_cast<std::size_t>(sent);
  }
  out_.clear();
  out_at_ = 0;
  want_write(false);
}

// ---- Fleet -------------------------------------------------------------------------------------

Fleet::Fleet(Endpoint endpoint) : endpoint_(std::move(endpoint)), epoll_(epoll_create1(EPOLL_CLOEXEC)) {}

Fleet::~Fleet() {
  sink_ = nullptr;
  connections_.clear();
  if (epoll_ >= 0) close(epoll_);
}

Connection& Fleet::add() {
  connections_.push_back(
      std::make_unique<Connection>(*this, static_cast<std::uint32_t>(connections_.size())));
  return *connections_.back();
}

void Fleet::flush_dirty() {
  for (std::size_t i = 0; i < dirty_.size(); ++i) {  // a failing flush may queue more
    dirty_[i]->dirty_ = false;
    dirty_[i]->flush();
  }
  dirty_.clear();
}

bool Fleet::run(Sink& sink, const std::function<bool()>& done, double limit_s, int max_wait_ms) {
  sink_ = &sink;
  const std::int64_t end = monotonic_ns() + static_cast<std::int64_t>(limit_s * 1e9);
  std::array<epoll_event, 512> events{};
  bool finished = false;
  for (;;) {
    const std::int64_t now = monotonic_ns();
    sink.on_tick(now);
    flush_dirty();
    finished = done();
    if (finished || now >= end) break;
    const int ready =
        epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), max_wait_ms);
    for (int i = 0; i < ready; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      static_cast<Connection*>(event.data.ptr)->handle_ready(event.events);
      flush_dirty();
    }
  }
  sink_ = nullptr;
  return finished;
}

}  // namespace parley::bench
