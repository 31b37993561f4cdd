// What an exposed HTTP port gets to see.
#include "tests/integration/fixture.hpp"

namespace parley::test {
namespace {

// The status of the first answer to these bytes, 0 when the connection ends without one.
int status_of(Served& served, const std::string& bytes, bool then_close = false) {
  WsOptions options;
  options.port = served.server.port();
  WsSocket socket;
  REQUIRE(socket.connect(options));
  socket.send_raw(bytes);
  if (then_close) {
    socket.close();
    return 0;
  }
  const std::string answer = socket.read_to_end(Milliseconds(5000));
  if (!answer.starts_with("HTTP/1.1 ") || answer.size() < 12) return 0;
  return std::stoi(answer.substr(9, 3));
}

std::string upgrade_request(const std::string& replace, const std::string& with) {
  std::string text =
      "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: cGFybGV5IHRlc3Qga2V5IQ==\r\n"
      "Sec-WebSocket-Protocol: parley.v1\r\n\r\n";
  const std::size_t at = text.find(replace);
  if (at != std::string::npos) text.replace(at, replace.size(), with);
  return text;
}

}  // namespace

TEST_CASE("bad HTTP is refused and the server goes on") {
  Served served;
  const std::string good_end = "Connection: close\r\n\r\n";
  const std::vector<std::pair<std::string, std::string>> refused = {
      {"nonsense", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\r\n\r\n"},
      {"no version", "GET /\r\n\r\n"},
      {"no host", "GET / HTTP/1.1\r\n" + good_end},
      {"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n" + good_end},
      {"a folded header", "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n" + good_end},
      {"a space before the colon", "GET / HTTP/1.1\r\nHost : a\r\n" + good_end},
      {"length and encoding",
       "POST /ws HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n" +
           good_end + "0\r\n\r\n"},
      {"an encoding that is not last",
       "POST /ws HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n" + good_end +
           "0\r\n\r\n"},
      {"two lengths", "POST /ws HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n" +
                          good_end + "hello!"},
      {"a negative length", "POST /ws HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n" + good_end},
      {"a huge length",
       "POST /ws HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n" + good_end},
      {"huge headers",
       "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(100'000, 'x') + "\r\n" + good_end},
      {"an endless address",
       "GET /" + std::string(100'000, 'x') + " HTTP/1.1\r\nHost: a\r\n" + good_end},
  };
  for (const auto& [what, bytes] : refused) {
    INFO(what);
    const int status = status_of(served, bytes);
    CHECK((status == 0 || (status >= 400 && status < 600)));
  }
  // Halves of requests, and connections that go away in the middle.
  for (const char* half : {"", "G", "GET / HTTP/1.1\r\n", "GET /ws HTTP/1.1\r\nHost: a\r\nUpgr"}) {
    status_of(served, half, true);
  }
  CHECK(status_of(served, "GET /livez HTTP/1.1\r\nHost: a\r\n" + good_end) == 200);
  served.guest("Ada");
}

TEST_CASE("paths that leave the web folder find nothing") {
  Served served;
  for (const char* path : {"/../../../../etc/passwd", "/..%2f..%2f..%2fetc/passwd",
                           "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "/\\..\\..\\etc\\passwd"}) {
    INFO(path);
    WsOptions options;
    options.port = served.server.port();
    WsSocket socket;
    REQUIRE(socket.connect(options));
    socket.send_raw("GET " + std::string(path) +
                    " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    CHECK(socket.read_to_end(Milliseconds(5000)).find("root:") == std::string::npos);
  }
}

TEST_CASE("the upgrade is checked") {
  Served served;
  const auto status = [&](const std::string& replace, const std::string& with) {
    return status_of(served, upgrade_request(replace, with));
  };
  CHECK(status("Version: 13", "Version: 8") == 426);
  CHECK(status("Upgrade: websocket", "Upgrade: h2c") == 426);
  CHECK(status("Sec-WebSocket-Key: cGFybGV5IHRlc3Qga2V5IQ==", "Sec-WebSocket-Key: short") == 400);
  CHECK(status("parley.v1", "chat.v9") == 400);
  CHECK(status("\r\n\r\n", "\r\nOrigin: https://evil.example\r\n\r\n") == 403);

  WsOptions options;
  options.port = served.server.port();
  options.extra_headers =
      "Origin: http://127.0.0.1:" + std::to_string(served.server.port()) + "\r\n";
  WsSocket socket;
  REQUIRE(socket.connect(options));
  CHECK(socket.upgrade(options));
}

}  // namespace parley::test
