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
  void send(app::SharedBytes bytes, app::Priority) override;
  void respond(wire::RequestId request, const wire::Response& response) override;
  void respond_error(wire::RequestId request, const wire::ErrorReply& error) override;
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
  explicit Server(std::uint16_t shards = 3, app::AppConfig config = {});

  // As after a crash: memory is gone, what the store committed is there.
  void restart();

  void settle();
  // Time passes in small steps, with the disk keeping up.
  void advance(Duration by);

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
  Person(Server& server, const std::string& name, std::uint16_t shard = 0);
  Person(Server& server, const wire::Authenticate& hello, std::uint16_t shard = 0);
  ~Person();

  void disconnect() { session_.reset(); }
  UserId id() const { return welcome.session.user.user_id; }

  wire::RequestId start(wire::Command command);
  app::Reply reply(wire::Command command);
  wire::Response response(wire::Command command);
  template <class T>
  T ask(wire::Command command) {
    return std::get<T>(response(std::move(command)));
  }
  ErrorCode refusal(wire::Command command);

  RoomId create_room(const std::string& name, wire::RoomAccess access = wire::RoomAccess::kPublic);
  wire::Post message(RoomId room, const std::string& text);
  wire::Posted say(RoomId room, const std::string& text);
  template <class Body>
  wire::Post event(RoomId room, const Body& body) {
    wire::Post post = message(room, "");
    post.kind = Body::kKind;
    post.body = wire::encode(body);
    return post;
  }
  // Texts of the live messages heard in the room, in order.
  std::vector<std::string> heard(RoomId room) const;

  TestPeer peer;
  wire::Welcome welcome;

 private:
  Server& server_;
  std::unique_ptr<app::Session> session_;
  wire::RequestId request_ = 0;
};

}  // namespace parley::testing
