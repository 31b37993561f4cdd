// server/app itself, on virtual shards and the SQLite store, behind frames.
#include <map>

#include "server/app/app.hpp"
#include "tests/sim/server.hpp"
#include "tests/support/frame_encoder.hpp"
#include "tests/support/stepped_store.hpp"
#include "tests/support/virtual_executor.hpp"

namespace parley::sim {
namespace {

class FramePeer final : public app::Peer {
 public:
  FramePeer(Server::Send send, Server::Close close)
      : send_(std::move(send)), close_(std::move(close)) {}

  app::Format format() const override { return app::Format::kBinary; }
  void send(app::SharedBytes bytes, app::Priority) override { send_(*bytes); }
  void respond(wire::RequestId request, const wire::Response& response) override {
    send_(wire::encode_frame(wire::ServerFrame{wire::ResponseFrame{request, response}}));
  }
  void respond_error(wire::RequestId request, const wire::ErrorReply& error) override {
    send_(wire::encode_frame(wire::ServerFrame{wire::ErrorFrame{request, error}}));
  }
  void close(const Error& reason) override {
    send_(wire::encode_frame(
        wire::ServerFrame{wire::Goodbye{static_cast<std::uint16_t>(reason.code), reason.detail,
                                        static_cast<std::uint32_t>(reason.retry_after.ms)}}));
    close_();
  }
  const std::string& address() const override { return address_; }

  void pong(wire::RequestId request) {
    send_(wire::encode_frame(wire::ServerFrame{wire::PongFrame{request}}));
  }

 private:
  Server::Send send_;
  Server::Close close_;
  std::string address_ = "192.0.2.1";
};

class AppServer final : public Server {
 public:
  AppServer(std::uint64_t seed, Now now, Duration retention = {})
      : rng_(seed), executor_(3), store_([this] { return executor_.now().wall; }) {
    offset_ = now.mono - executor_.now().mono;
    config_.messages_per_second = 20;
    config_.messages_per_minute = 600;
    config_.requests_per_minute = 2000;
    config_.sign_ins_per_minute_per_address = 0;
    config_.connections_per_user = 100;
    config_.lobby.clear();
    config_.retention = retention;
    crash();
  }
  ~AppServer() override { connections_.clear(); }

  ConnectionId connect(Send send, Close close) override {
    Line& line = connections_[++next_];
    line.peer = std::make_unique<FramePeer>(std::move(send), std::move(close));
    const auto shard = static_cast<std::uint16_t>(next_ % executor_.shard_count());
    line.session = app_->open_session(shard, *line.peer);
    return next_;
  }
  void disconnect(ConnectionId id) override { connections_.erase(id); }

  void receive(ConnectionId id, ByteView bytes) override {
    const auto it = connections_.find(id);
    if (it == connections_.end()) return;
    auto decoded = wire::decode_client_frame(bytes);
    auto* frame = std::get_if<wire::ClientFrame>(&decoded);
    if (!frame) return;
    if (auto* command = std::get_if<wire::CommandFrame>(frame)) {
      it->second.session->handle_command(command->request, std::move(command->command));
    } else if (auto* ping = std::get_if<wire::PingFrame>(frame)) {
      it->second.peer->pong(ping->request);
    }
  }

  void advance(Now now) override {
    const Duration left = now.mono - (executor_.now().mono + offset_);
    if (left.ms > 0) executor_.advance(left);
    executor_.run();
    // The disk takes its time now and then, and fails now and then.
    if (!calm_ && rng_.below(4) == 0) return;
    store_.fault.reset();
    if (!calm_ && rng_.below(40) == 0) store_.fault = Error{ErrorCode::kStorageFull, {}, {}};
    for (;;) {
      executor_.run();
      if (!store_.commit()) break;
    }
  }

  void crash() override {
    connections_.clear();
    executor_.clear();
    store_.crash();
    store_.fault.reset();
    app_.reset();
    app_ = std::make_unique<app::App>(executor_, store_, config_,
                                      app::Encoders{&encoder_, &encoder_}, rng_);
    app_->start([](Status) {});
    do {
      executor_.run();
    } while (store_.commit());
  }
  void set_failures(bool on) override { calm_ = !on; }

  std::vector<wire::Event> log(RoomId room) override {
    std::vector<wire::Event> out;
    store::EventQuery query;
    query.room = room;
    query.from = wire::HistoryFrom::kAfter;
    query.limit = 1'000'000;
    store_.read_events(query, [&](Result<std::vector<store::StoredEvent>> read) {
      if (!read) return;
      for (const auto& stored : *read) out.push_back(stored.event);
    });
    while (store_.commit()) executor_.run();
    return out;
  }

 private:
  struct Line {
    std::unique_ptr<FramePeer> peer;
    std::unique_ptr<app::Session> session;  // goes before the peer
  };

  SeededRng rng_;
  testing::VirtualExecutor executor_;
  testing::SteppedStore store_;
  app::AppConfig config_;
  testing::FrameEncoder encoder_;
  Duration offset_;
  bool calm_ = true;
  std::unique_ptr<app::App> app_;
  ConnectionId next_ = 0;
  std::map<ConnectionId, Line> connections_;
};

}  // namespace

std::unique_ptr<Server> make_app_server(std::uint64_t seed, Now now) {
  return std::make_unique<AppServer>(seed, now);
}

std::unique_ptr<Server> make_forgetful_server(std::uint64_t seed, Now now) {
  return std::make_unique<AppServer>(seed, now, hours(3));
}

}  // namespace parley::sim
