// A whole server without sockets, threads or disk, and people at its connections.
#pragma once

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <deque>

#include "server/app/app.hpp"
#include "tests/support/frame_encoder.hpp"
#include "tests/support/stepped_store.hpp"
#include "tests/support/virtual_executor.hpp"

namespace parley::testing {

// One connection that keeps what it was sent.
class TestPeer final : public app::Peer {
 public:
  app::Format format() const override { return app::Format::kBinary; }
  void send(app::SharedBytes bytes, app::Priority) override {
    auto frame = wire::decode_server_frame(*bytes);
    REQUIRE(frame.ok());
    if (auto* batch = std::get_if<wire::EventBatch>(&*frame)) {
      for (auto& event : batch->events) events.emplace_back(batch->room_id, std::move(event));
    } else {
      notices.push_back(std::get<wire::Notice>(*std::move(frame)));
    }
  }
  void respond(wire::RequestId request, const wire::Response& response) override {
    replies[request] = response;
  }
  void respond_error(wire::RequestId request, const wire::ErrorReply& error) override {
    replies[request] = error;
  }
  void close(const Error& reason) override { closed = reason; }
  const std::string& address() const override { return address_; }

  std::vector<std::pair<RoomId, wire::Event>> events;
  std::vector<wire::Notice> notices;
  std::map<wire::RequestId, app::Reply> replies;
  std::optional<Error> closed;

 private:
  std::string address_ = "192.0.2.1";
};

class Server {
 public:
  explicit Server(std::uint16_t shards = 3, app::AppConfig config = {})
      : executor(shards), store([this] { return executor.now().wall; }), config_(config) {
    restart();
  }

  // As after a crash: memory is gone, what the store committed is there.
  void restart() {
    executor.clear();
    store.crash();
    app.reset();
    app = std::make_unique<app::App>(executor, store, config_, app::Encoders{&encoder_, &encoder_},
                                     rng);
    app->on_fault([](const char* where, std::exception_ptr) { FAIL("fault in " << where); });
    bool ready = false;
    app->start([&](Status status) { ready = status.ok(); });
    settle();
    REQUIRE(ready);
  }

  void settle() {
    do {
      executor.run();
    } while (store.commit());
  }
  // Time passes in small steps, with the disk keeping up.
  void advance(Duration by) {
    for (std::int64_t left = by.ms; left > 0; left -= 50) {
      executor.advance(milliseconds(std::min<std::int64_t>(left, 50)));
      settle();
    }
  }

  VirtualExecutor executor;
  SteppedStore store;
  SeededRng rng{7};
  std::unique_ptr<app::App> app;

 private:
  app::AppConfig config_;
  FrameEncoder encoder_;
};

// A person at a connection.
class Person {
 public:
  Person(Server& server, const std::string& name, std::uint16_t shard = 0)
      : server_(server), session_(server.app->open_session(shard, peer)) {
    if (name.empty()) return;
    wire::Authenticate hello;
    hello.guest_name = name;
    hello.device_name = "test";
    welcome = ask<wire::Welcome>(hello);
  }
  Person(Server& server, const wire::Authenticate& hello, std::uint16_t shard = 0)
      : Person(server, std::string(), shard) {
    welcome = ask<wire::Welcome>(hello);
  }
  ~Person() {
    disconnect();
    server_.settle();
  }

  void disconnect() { session_.reset(); }
  UserId id() const { return welcome.session.user.user_id; }

  wire::RequestId start(wire::Command command) {
    session_->handle_command(++request_, std::move(command));
    return request_;
  }
  app::Reply reply(wire::Command command) {
    const auto request = start(std::move(command));
    server_.settle();
    REQUIRE(peer.replies.contains(request));
    return peer.replies[request];
  }
  template <class T>
  T ask(wire::Command command) {
    const app::Reply got = reply(std::move(command));
    if (const auto* error = std::get_if<wire::ErrorReply>(&got)) {
      FAIL("refused: " << error_info(error->code).name << " " << error->detail);
    }
    const auto* response = std::get_if<T>(&std::get<wire::Response>(got));
    REQUIRE(response);
    return *response;
  }
  ErrorCode refusal(wire::Command command) {
    const app::Reply got = reply(std::move(command));
    const auto* error = std::get_if<wire::ErrorReply>(&got);
    REQUIRE(error);
    return static_cast<ErrorCode>(error->code);
  }

  RoomId create_room(const std::string& name, wire::RoomAccess access = wire::RoomAccess::kPublic) {
    wire::CreateRoom command;
    command.client_id = ClientId::make(server_.executor.now().wall, server_.rng);
    command.name = name;
    command.access = access;
    return ask<wire::RoomState>(command).room.room_id;
  }
  wire::Post message(RoomId room, const std::string& text) {
    wire::Post post;
    post.room_id = room;
    post.client_id = ClientId::make(server_.executor.now().wall, server_.rng);
    post.body = wire::encode(wire::Message{wire::MessageType::kText, text, {}, {}});
    return post;
  }
  wire::Posted say(RoomId room, const std::string& text) {
    return ask<wire::Posted>(message(room, text));
  }
  template <class Body>
  wire::Post event(RoomId room, const Body& body) {
    wire::Post post = message(room, "");
    post.kind = Body::kKind;
    post.body = wire::encode(body);
    return post;
  }
  // Texts of the live messages heard in the room, in order.
  std::vector<std::string> heard(RoomId room) const {
    std::vector<std::string> texts;
    for (const auto& [where, event] : peer.events) {
      if (where != room || event.kind != wire::EventKind::kMessage) continue;
      texts.push_back(wire::decode<wire::Message>(event.body)->content);
    }
    return texts;
  }

  TestPeer peer;
  wire::Welcome welcome;

 private:
  Server& server_;
  std::unique_ptr<app::Session> session_;
  wire::RequestId request_ = 0;
};

}  // namespace parley::testing
