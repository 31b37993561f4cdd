// A real server on real sockets: HTTP, the handshake, conversations and their ends.
#include <catch2/catch_test_macros.hpp>

#include <thread>

#include "tests/net/loopback.hpp"

namespace parley::test {
namespace {

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

void wait_until(auto condition) {
  while (!condition()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

template <class T>
T read_as(TestSocket& client) {
  auto frame = client.read_message();
  auto* const wanted = std::get_if<T>(&frame);
  if (wanted == nullptr) throw std::runtime_error("a frame of another type");
  return std::move(*wanted);
}

// The code of the close frame that must come next, and the end after it.
std::uint16_t read_close(TestSocket& client) {
  const auto frame = client.read_frame();
  if (!frame || frame->opcode != net::WsOpcode::kClose || frame->payload.size() < 2) return 0;
  const auto code = static_cast<std::uint16_t>((frame->payload[0] << 8) | frame->payload[1]);
  // After our half is closed the server closes its own.
  client.end_sending();
  return client.read_frame().has_value() ? std::uint16_t{1} : code;
}

TEST_CASE("pages come with the headers that keep browsers safe") {
  LoopbackServer server;
  TestSocket client(server.server().port());
  const std::string page = client.get("/r/somewhere");
  CHECK(has(page, "HTTP/1.1 200 OK"));
  for (const char* header :
       {"script-src 'self' 'wasm-unsafe-eval'", "style-src 'self';", "frame-ancestors 'none'",
        "connect-src 'self' ws://127.0.0.1 wss://127.0.0.1", "X-Content-Type-Options: nosniff",
        "Referrer-Policy: no-referrer", "Permissions-Policy:",
        "Cross-Origin-Opener-Policy: same-origin", "Cross-Origin-Resource-Policy: same-origin",
        "Cache-Control: no-cache", "Connection: keep-alive"}) {
    INFO(header);
    CHECK(has(page, header));
  }
  CHECK_FALSE(has(page, "unsafe-inline"));
  CHECK_FALSE(has(page, "Strict-Transport-Security"));
  // The same connection goes on.
  CHECK(has(client.get("/nothing"), "application/problem+json"));
  CHECK(has(client.get("/livez"), "200 OK"));
}

TEST_CASE("a Host that is not plain does not get into the policy") {
  LoopbackServer server;
  TestSocket client(server.server().port());
  client.send("GET / HTTP/1.1\r\nHost: x; script-src *\r\n\r\n");
  const std::string page = client.read_response();
  CHECK(has(page, "connect-src 'self';"));
  CHECK_FALSE(has(page, "script-src *"));
}

TEST_CASE("pipelined requests are answered in order, HEAD without a body") {
  LoopbackServer server;
  TestSocket client(server.server().port());
  const std::string head = " HTTP/1.1\r\nHost: h\r\n";
  client.send("GET /big.0123456789abcdef.wasm" + head + "\r\nHEAD /" + head + "\r\nGET /livez" +
              head + "\r\nGET /" + head + "Connection: close\r\n\r\nGET /livez" + head + "\r\n");
  const std::string big = client.read_response();
  CHECK(big.size() > 3'000'000);
  CHECK(has(big, "immutable"));
  CHECK(has(client.read_response(false), "Content-Length: 15"));
  CHECK(has(client.read_response(), "\r\n\r\nok\n"));
  const std::string last = client.read_to_end();
  CHECK(has(last, "Connection: close"));
  CHECK(last.ends_with("<!doctype html>"));
}

TEST_CASE("a bad request is told why and the connection ends") {
  LoopbackServer server;
  TestSocket client(server.server().port());
  client.send("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
  const std::string answer = client.read_to_end();
  CHECK(has(answer, "HTTP/1.1 400 Bad Request"));
  CHECK(has(answer, "Connection: close"));
  CHECK(has(answer, R"("status":400)"));
}

TEST_CASE("a request that drips is cut off") {
  ops::Config config;
  config.limits.http_header_timeout_s = 1;
  LoopbackServer server(config);
  TestSocket client(server.server().port());
  client.send("GET / HTTP/1.1\r\nHo");
  CHECK(has(client.read_to_end(), "HTTP/1.1 408 Request Timeout"));
}

TEST_CASE("who has stopped sending still gets the answer") {
  LoopbackServer server;
  TestSocket client(server.server().port());
  client.send("GET /big.0123456789abcdef.wasm HTTP/1.1\r\nHost: h\r\n\r\n");
  client.end_sending();
  CHECK(client.read_to_end().size() > 3'000'000);
}

TEST_CASE("readiness follows the phase; metrics are for this machine") {
  LoopbackServer server;
  TestSocket client(server.server().port());
  CHECK(has(client.get("/readyz"), "200 OK"));
  CHECK(has(client.get("/metrics"), "parley_connections_active{shard=\"0\"}"));
  CHECK(has(client.get("/metrics", "X-Forwarded-For: 203.0.113.9\r\n"), "404 Not Found"));
  server.health().set_phase(ops::Phase::kDraining);
  TestSocket late(server.server().port());
  const std::string answer = late.get("/readyz");
  CHECK(has(answer, "503 Service Unavailable"));
  CHECK(has(answer, "\"phase\":\"draining\""));
  TestSocket refused(server.server().port());
  CHECK(has(refused.upgrade(), "503 Service Unavailable"));
}

TEST_CASE("metrics on a port of their own are nowhere else") {
  LoopbackServer server({}, true);
  TestSocket main(server.server().port());
  CHECK(has(main.get("/metrics"), "404 Not Found"));
  TestSocket own(server.server().metrics_port());
  CHECK(has(own.get("/metrics"), "200 OK"));
  CHECK(has(own.get("/"), "404 Not Found"));
  CHECK(has(own.get("/ws"), "404 Not Found"));
}

TEST_CASE("a binary conversation") {
  LoopbackServer server;
  TestSocket client(server.server().port());
  const std::string answer = client.upgrade_binary();
  CHECK(has(answer, "HTTP/1.1 101 Switching Protocols"));
  CHECK(has(answer, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
  CHECK(has(answer, "Sec-WebSocket-Protocol: parley.v1"));

  client.command(1, wire::ListRooms{});
  const auto response = read_as<wire::ResponseFrame>(client);
  CHECK(response.request == 1);
  CHECK(std::holds_alternative<wire::Done>(response.response));

  // Answers go before what is told along the way.
  client.command(2, wire::SetProfile{"echo"});
  CHECK(read_as<wire::ResponseFrame>(client).request == 2);
  const auto notice = read_as<wire::Notice>(client);
  CHECK(std::get<wire::SyncNotice>(notice).sync_token == "127.0.0.1");

  client.send(client_frame(net::WsOpcode::kBinary,
                           wire::encode_frame(wire::ClientFrame{wire::PingFrame{77}})));
  CHECK(read_as<wire::PongFrame>(client).request == 77);
  client.send(client_frame(net::WsOpcode::kPing, "hello"));
  CHECK(client.read_frame() == ServerFrame{net::WsOpcode::kPong, to_bytes(as_bytes("hello"))});

  client.send(client_frame(net::WsOpcode::kClose, Bytes{0x03, 0xe9}));
  CHECK(read_close(client) == 1001);
  wait_until([&] { return server.open_sessions == 0 && server.server().connections() == 0; });
}

TEST_CASE("a JSON conversation, also without a subprotocol") {
  LoopbackServer server;
  TestSocket client(server.server().port());
  CHECK_FALSE(has(client.upgrade(), "Sec-WebSocket-Protocol"));
  client.send(client_frame(net::WsOpcode::kText, R"({"type":"list_rooms","id":"a1"})"));
  auto frame = client.read_frame();
  REQUIRE(frame);
  CHECK(frame->opcode == net::WsOpcode::kText);
  CHECK(has(as_text(frame->payload), R"("type":"done")"));
  CHECK(has(as_text(frame->payload), R"("id":"a1")"));

  client.send(client_frame(net::WsOpcode::kText, "{nonsense"));
  frame = client.read_frame();
  REQUIRE(frame);
  CHECK(has(as_text(frame->payload), R"("code":"malformed")"));

  client.send(client_frame(net::WsOpcode::kText, R"({"type":"set_profile","name":"bye"})"));
  frame = client.read_frame();
  REQUIRE(frame);
  CHECK(has(as_text(frame->payload), R"("type":"goodbye")"));
  CHECK(read_close(client) == 4203);
}

TEST_CASE("frames in the same packet as the handshake are not lost") {
  LoopbackServer server;
  TestSocket client(server.server().port());
  Bytes all = to_bytes(
      as_bytes("GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
               "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"));
  const Bytes frame = client_frame(net::WsOpcode::kText, R"({"type":"list_rooms"})");
  all.insert(all.end(), frame.begin(), frame.end());
  client.send(all);
  CHECK(has(client.read_response(), "101"));
  const auto answer = client.read_frame();
  REQUIRE(answer);
  CHECK(has(as_text(answer->payload), R"("type":"done")"));
}

TEST_CASE("an upgrade may be pipelined behind other requests") {
  LoopbackServer server;
  TestSocket client(server.server().port());
  client.send(
      "GET /livez HTTP/1.1\r\nHost: h\r\n\r\n"
      "GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  CHECK(has(client.read_response(), "200 OK"));
  CHECK(has(client.read_response(), "101"));
  client.send(client_frame(net::WsOpcode::kText, R"({"type":"list_rooms"})"));
  const auto answer = client.read_frame();
  REQUIRE(answer);
  CHECK(has(as_text(answer->payload), R"("type":"done")"));
}

TEST_CASE("a fault in a use case ends its connection and no other") {
  LoopbackServer server;
  TestSocket other(server.server().port());
  other.upgrade_binary();
  TestSocket client(server.server().port());
  client.upgrade_binary();
  client.command(1, wire::SetProfile{"throw"});
  CHECK_FALSE(client.read_frame());
  wait_until([&] { return server.open_sessions == 1; });
  other.command(2, wire::ListRooms{});
  CHECK(read_as<wire::ResponseFrame>(other).request == 2);
}

TEST_CASE("broken rules end in a goodbye and the right close code") {
  ops::Config config;
  config.limits.inbound_frame_bytes = 2000;
  config.limits.control_frames_per_second = 5;
  LoopbackServer server(config);
  struct Case {
    const char* what;
    Bytes bytes;
    ErrorCode code;
    int close;
  };
  Bytes pings;
  for (int i = 0; i < 20; ++i) {
    const Bytes ping = client_frame(net::WsOpcode::kPing, "");
    pings.insert(pings.end(), ping.begin(), ping.end());
  }
  const Case cases[] = {
      {"no mask", client_frame(net::WsOpcode::kBinary, "x", {.masked = false}),
       ErrorCode::kProtocolViolation, 1002},
      {"too large", client_frame(net::WsOpcode::kBinary, Bytes(2001)), ErrorCode::kTooLarge, 1009},
      {"text where binary is spoken", client_frame(net::WsOpcode::kText, "x"),
       ErrorCode::kProtocolViolation, 1003},
      {"not a frame of ours", client_frame(net::WsOpcode::kBinary, "garbage"),
       ErrorCode::kMalformed, 1007},
      {"too many pings", pings, ErrorCode::kProtocolViolation, 1008},
  };
  for (const Case& c : cases) {
    INFO(c.what);
    TestSocket client(server.server().port());
    client.upgrade_binary();
    client.send(c.bytes);
    auto frame = client.read_frame();
    while (frame && frame->opcode == net::WsOpcode::kPong) frame = client.read_frame();
    REQUIRE(frame);
    REQUIRE(frame->opcode == net::WsOpcode::kBinary);
    const auto decoded = wire::decode_server_frame(frame->payload);
    REQUIRE(decoded);
    REQUIRE(std::holds_alternative<wire::Goodbye>(*decoded));
    CHECK(std::get<wire::Goodbye>(*decoded).code == static_cast<std::uint16_t>(c.code));
    CHECK(read_close(client) == c.close);
  }
  wait_until([&] { return server.open_sessions == 0; });
}

TEST_CASE("a request that cannot be read is that request's fault alone") {
  LoopbackServer server;
  TestSocket client(server.server().port());
  client.upgrade_binary();
  // version, command, request 5, kind 9999
  client.send(client_frame(net::WsOpcode::kBinary, Bytes{1, 1, 5, 0x8f, 0x4e}));
  const auto fault = read_as<wire::ErrorFrame>(client);
  CHECK(fault.request == 5);
  CHECK(fault.error.code == static_cast<std::uint16_t>(ErrorCode::kUnknownCommand));
  client.command(6, wire::ListRooms{});
  CHECK(read_as<wire::ResponseFrame>(client).request == 6);
}

TEST_CASE("who does not sign in is sent away") {
  ops::Config config;
  config.limits.authenticate_timeout_s = 1;
  LoopbackServer server(config);
  TestSocket client(server.server().port());
  client.upgrade_binary();
  CHECK(read_as<wire::Goodbye>(client).code ==
        static_cast<std::uint16_t>(ErrorCode::kNotAuthenticated));
  CHECK(read_close(client) == 4200);
}

TEST_CASE("heartbeats come, and a silent connection is dead") {
  ops::Config config;
  config.limits.authenticate_timeout_s = 1;
  config.limits.heartbeat_interval_s = 1;
  config.limits.heartbeat_timeout_s = 3;
  LoopbackServer server(config);
  TestSocket client(server.server().port());
  client.upgrade_binary();
  client.command(1, wire::ListRooms{});
  CHECK(read_as<wire::ResponseFrame>(client).request == 1);
  int pings = 0;
  while (auto frame = client.read_frame()) {
    const auto decoded = wire::decode_server_frame(frame->payload);
    REQUIRE(decoded);
    REQUIRE(std::holds_alternative<wire::PingFrame>(*decoded));
    ++pings;
  }
  CHECK(pings >= 1);
  wait_until([&] { return server.open_sessions == 0; });
}

TEST_CASE("a slow reader is cut off with a reason, and memory stays bounded") {
  ops::Config config;
  config.limits.outbox_bytes = 65'536;
  LoopbackServer server(config);
  TestSocket client(server.server().port());
  client.upgrade_binary();
  client.command(1, wire::SetProfile{"flood"});  // 256 MiB, far more than sockets hold
  wait_until([&] { return server.open_sessions == 0; });
  CHECK(has(server.metrics(), "parley_slow_readers_total{shard=\"0\"} 1"));
  std::optional<ServerFrame> last_message;
  std::optional<ServerFrame> close;
  std::size_t received = 0;
  while (auto frame = client.read_frame()) {
    received += frame->payload.size();
    if (frame->opcode == net::WsOpcode::kClose) {
      close = std::move(frame);
      client.end_sending();
    } else {
      last_message = std::move(frame);
    }
  }
  CHECK(received < 64u * 1024 * 1024);
  REQUIRE(last_message);
  const auto goodbye = wire::decode_server_frame(last_message->payload);
  REQUIRE(goodbye);
  CHECK(std::get<wire::Goodbye>(*goodbye).code ==
        static_cast<std::uint16_t>(ErrorCode::kSlowReader));
  REQUIRE(close);
  CHECK(close->payload[0] == 0x03);
  CHECK(close->payload[1] == 0xf5);  // 1013
}

TEST_CASE("draining says goodbye to everybody after what was queued") {
  LoopbackServer server;
  TestSocket conversation(server.server().port());
  conversation.upgrade_binary();
  TestSocket idle(server.server().port());
  CHECK(has(idle.get("/livez"), "200"));
  conversation.command(1, wire::SetProfile{"echo"});
  CHECK(read_as<wire::ResponseFrame>(conversation).request == 1);

  server.health().set_phase(ops::Phase::kDraining);
  server.server().stop_accepting();
  server.server().say_goodbye();
  CHECK(std::holds_alternative<wire::Notice>(conversation.read_message()));
  const auto goodbye = read_as<wire::Goodbye>(conversation);
  CHECK(goodbye.code == static_cast<std::uint16_t>(ErrorCode::kShuttingDown));
  CHECK(goodbye.retry_after_ms >= 500);
  CHECK(read_close(conversation) == 1012);
  CHECK(idle.read_to_end().empty());
  idle.end_sending();
  wait_until([&] { return server.open_sessions == 0; });
  CHECK_THROWS(TestSocket(server.server().port()));
}

TEST_CASE("limits on connections: of one address, of all, and while memory is short") {
  ops::Config config;
  config.server.trusted_proxies = {};
  config.limits.connections_per_address = 2;
  {
    LoopbackServer server(config);
    TestSocket first(server.server().port());
    CHECK(has(first.get("/livez"), "200"));
    {
      TestSocket second(server.server().port());
      CHECK(has(second.get("/livez"), "200"));
      TestSocket third(server.server().port());
      CHECK(has(third.read_to_end(), "503"));
    }
    wait_until([&] { return server.server().connections() == 1; });
    TestSocket again(server.server().port());
    CHECK(has(again.get("/livez"), "200"));
  }
  config.limits.connections_per_address = 0;
  config.limits.connections = 1;
  {
    LoopbackServer server(config);
    TestSocket first(server.server().port());
    CHECK(has(first.get("/livez"), "200"));
    TestSocket second(server.server().port());
    CHECK(has(second.read_to_end(), "Retry-After"));
  }
  // Behind a trusted proxy the clients it names are counted.
  config = {};
  config.limits.connections_per_address = 1;
  {
    LoopbackServer server(config);
    const char* const from_a = "X-Forwarded-For: 203.0.113.1\r\n";
    TestSocket first(server.server().port());
    CHECK(has(first.upgrade(from_a), "101"));
    TestSocket second(server.server().port());
    CHECK(has(second.upgrade(from_a), "429"));
    TestSocket third(server.server().port());
    CHECK(has(third.upgrade("X-Forwarded-For: 203.0.113.2\r\n"), "101"));
    server.health().set_shedding(true);
    TestSocket fourth(server.server().port());
    const std::string refusal = fourth.upgrade("X-Forwarded-For: 203.0.113.3\r\n");
    CHECK(has(refusal, "503"));
    CHECK(has(refusal, "Retry-After"));
  }
}

TEST_CASE("a port that is taken is an error that says what to do") {
  LoopbackServer server;
  ops::Config config;
  config.server.port = server.server().port();
  ops::Log log(ops::LogLevel::kError, ops::LogFormat::kText);
  ops::Metrics metrics(1);
  ops::Health health([] { return true; });
  net::LoopPool loops(1, [](std::string_view) {});
  net::Server second(loops, config, log, metrics, health, {}, {});
  const Status listening = second.listen();
  REQUIRE_FALSE(listening);
  CHECK(has(listening.error().detail, "choose one with --port"));
}

}  // namespace
}  // namespace parley::test
