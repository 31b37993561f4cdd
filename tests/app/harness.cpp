#include "tests/app/harness.hpp"

namespace parley::testing {

void TestPeer::send(app::SharedBytes bytes, app::Priority) {
  auto frame = wire::decode_server_frame(*bytes);
  REQUIRE(frame.ok());
  if (auto* batch = std::get_if<wire::EventBatch>(&*frame)) {
    for (auto& event : batch->events) events.emplace_back(batch->room_id, std::move(event));
  } else {
    notices.push_back(std::get<wire::Notice>(*std::move(frame)));
  }
}

void TestPeer::respond(wire::RequestId request, const wire::Response& response) {
  replies[request] = response;
}

void TestPeer::respond_error(wire::RequestId request, const wire::ErrorReply& error) {
  replies[request] = error;
}

Server::Server(std::uint16_t shards, app::AppConfig config)
    : executor(shards), store([this] { return executor.now().wall; }), config_(config) {
  restart();
}

void Server::restart() {
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

void Server::settle() {
  do {
    executor.run();
  } while (store.commit());
}

void Server::advance(Duration by) {
  for (std::int64_t left = by.ms; left > 0; left -= 50) {
    executor.advance(milliseconds(std::min<std::int64_t>(left, 50)));
    settle();
  }
}

Person::Person(Server& server, const std::string& name, std::uint16_t shard)
    : server_(server), session_(server.app->open_session(shard, peer)) {
  if (name.empty()) return;
  wire::Authenticate hello;
  hello.guest_name = name;
  hello.device_name = "test";
  welcome = ask<wire::Welcome>(hello);
}

Person::Person(Server& server, const wire::Authenticate& hello, std::uint16_t shard)
    : Person(server, std::string(), shard) {
  welcome = ask<wire::Welcome>(hello);
}

Person::~Person() {
  disconnect();
  server_.settle();
}

wire::RequestId Person::start(wire::Command command) {
  session_->handle_command(++request_, std::move(command));
  return request_;
}

app::Reply Person::reply(wire::Command command) {
  const auto request = start(std::move(command));
  server_.settle();
  REQUIRE(peer.replies.contains(request));
  return peer.replies[request];
}

wire::Response Person::response(wire::Command command) {
  app::Reply got = reply(std::move(command));
  if (const auto* error = std::get_if<wire::ErrorReply>(&got)) {
    FAIL("refused: " << error_info(error->code).name << " " << error->detail);
  }
  return std::get<wire::Response>(std::move(got));
}

ErrorCode Person::refusal(wire::Command command) {
  const app::Reply got = reply(std::move(command));
  const auto* error = std::get_if<wire::ErrorReply>(&got);
  REQUIRE(error);
  return static_cast<ErrorCode>(error->code);
}

RoomId Person::create_room(const std::string& name, wire::RoomAccess access) {
  wire::CreateRoom command;
  command.client_id = ClientId::make(server_.executor.now().wall, server_.rng);
  command.name = name;
  command.access = access;
  return ask<wire::RoomState>(command).room.room_id;
}

wire::Post Person::message(RoomId room, const std::string& text) {
  wire::Post post;
  post.room_id = room;
  post.client_id = ClientId::make(server_.executor.now().wall, server_.rng);
  post.body = wire::encode(wire::Message{wire::MessageType::kText, text, {}, {}});
  return post;
}

wire::Posted Person::say(RoomId room, const std::string& text) {
  return ask<wire::Posted>(message(room, text));
}

std::vector<std::string> Person::heard(RoomId room) const {
  std::vector<std::string> texts;
  for (const auto& [where, event] : peer.events) {
    if (where != room || event.kind != wire::EventKind::kMessage) continue;
    texts.push_back(wire::decode<wire::Message>(event.body)->content);
  }
  return texts;
}
}  // namespace parley::testing
