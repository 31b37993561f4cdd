// Thousands of client connections on one thread: one epoll loop, raw sockets, and a WebSocket client
// reduced to what this protocol needs (one unfragmented binary message for each frame).
//
// Built to cost little: events frames are counted from their first bytes and skipped, not decoded,
// unless a connection asks for them whole. All bytes pass through one shared read buffer; only an
// incomplete tail is copied aside.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "shared/wire/frame.hpp"

namespace parley::bench {

class Fleet;

std::int64_t monotonic_ns();

struct Endpoint {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8008;
  std::string path = "/ws";
};

// A frame in the read buffer, valid during the call it is handed to.
struct Frame {
  wire::FrameType type{};
  wire::RequestId request = 0;
  ByteView payload;  // after the request id
  ByteView whole;    // for wire::decode_server_frame
};

class Connection {
 public:
  enum class State { kClosed, kConnecting, kUpgrading, kOpen };

  Connection(Fleet& fleet, std::uint32_t index) : fleet_(fleet), index_(index) {}
  ~Connection() { abort(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void connect();
  // Closes with a reset, so that no port lingers in TIME_WAIT. Does not call Sink::on_closed.
  void abort();

  // Masks one message into the send buffer; it leaves when the present callback returns.
  void queue(ByteView message);
  // Encodes a command with this connection's next request id, which is returned.
  wire::RequestId command(const wire::Command& command);
  wire::RequestId take_request() { return ++last_request_; }

  State state() const { return state_; }
  std::uint32_t index() const { return index_; }
  std::size_t unsent() const { return out_.size() - out_at_; }

  bool whole_events = false;  // hand events frames on whole instead of counting them
  bool notices = false;       // hand notices on instead of skipping them

 private:
  friend class Fleet;
  void handle_ready(std::uint32_t epoll_events);
  void handle_connected();
  void read_some();
  std::size_t parse(ByteView in);  // how many bytes were used up
  std::size_t parse_upgrade(ByteView in);
  std::size_t parse_message(ByteView in);
  void handle_message(ByteView payload);
  void flush();
  void want_write(bool on);
  void fail(const std::string& why);

  Fleet& fleet_;
  std::uint32_t index_;
  int fd_ = -1;
  State state_ = State::kClosed;
  bool wants_write_ = false;
  bool dirty_ = false;
  wire::RequestId last_request_ = 0;
  std::uint64_t skip_ = 0;  // bytes of a counted frame still to come
  Bytes in_;                // an incomplete message's beginning
  Bytes out_;
  std::size_t out_at_ = 0;
};

// What a load mode does with what arrives.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void on_open(Connection&) {}
  virtual void on_frame(Connection&, const Frame&) {}
  // An events frame that was only counted: dense events from `first` on.
  virtual void on_events(Connection&, std::uint64_t /*first*/, std::size_t /*count*/) {}
  virtual void on_closed(Connection&, const std::string& /*why*/) {}
  // After each round of the loop; the next one is at most `max_wait` away.
  virtual void on_tick(std::int64_t /*now_ns*/) {}
};

class Fleet {
 public:
  explicit Fleet(Endpoint endpoint);
  ~Fleet();
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;

  Connection& add();
  Connection& at(std::size_t index) { return *connections_[index]; }
  std::size_t size() const { return connections_.size(); }
  // Source addresses 127.0.0.1, .2, ... take `count` connections each; 0: the system chooses.
  void spread_sources(std::size_t connections_each) { per_source_ = connections_each; }

  // Runs until `done` says so; false when `limit_s` passes first.
  bool run(Sink& sink, const std::function<bool()>& done, double limit_s, int max_wait_ms = 20);

 private:
  friend class Connection;
  void flush_dirty();

  Endpoint endpoint_;
  int epoll_ = -1;
  std::size_t per_source_ = 0;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> dirty_;
  Bytes buffer_;  // the shared read buffer
  Sink* sink_ = nullptr;
};

}  // namespace parley::bench
