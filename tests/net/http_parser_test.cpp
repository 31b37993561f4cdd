#include <catch2/catch_test_macros.hpp>

#include "server/net/http_parser.hpp"

namespace parley::test {
namespace {

using net::HttpParser;

constexpr HttpParser::Limits kLimits{1024, 64};

// The status of the refusal; 200 when a request was read.
int status_of(std::string_view text) {
  HttpParser parser(kLimits);
  parser.feed(as_bytes(text));
  switch (parser.state()) {
    case HttpParser::State::kReady:
      return 200;
    case HttpParser::State::kFault:
      return parser.fault().status;
    default:
      return 0;
  }
}

TEST_CASE("a request, in one piece and byte by byte") {
  const std::string_view text =
      "GET /r/abc%20d?x=1&y=%20 HTTP/1.1\r\nHost: example.org\r\nX-Thing:  two words \r\n\r\n";
  for (const std::size_t step : {text.size(), std::size_t{1}}) {
    HttpParser parser(kLimits);
    for (std::size_t at = 0; at < text.size(); at += step) {
      CHECK(parser.feed(as_bytes(text.substr(at, step))) == step);
    }
    REQUIRE(parser.state() == HttpParser::State::kReady);
    const net::HttpRequest request = parser.take();
    CHECK(request.method == "GET");
    CHECK(request.path == "/r/abc d");
    CHECK(request.query == "x=1&y=%20");
    CHECK(request.header("x-thing") == "two words");
    CHECK(request.keep_alive);
    CHECK_FALSE(request.websocket_upgrade);
    CHECK(parser.state() == HttpParser::State::kIdle);
  }
}

TEST_CASE("requests in a row are taken one by one, bodies with them") {
  const std::string text =
      "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"
      "\r\nGET /b HTTP/1.0\r\n\r\n";
  HttpParser parser(kLimits);
  const std::size_t used = parser.feed(as_bytes(text));
  REQUIRE(parser.state() == HttpParser::State::kReady);
  const net::HttpRequest first = parser.take();
  CHECK(first.body == "hello");
  CHECK(used == text.find("\r\nGET"));
  parser.feed(as_bytes(text).subspan(used));
  REQUIRE(parser.state() == HttpParser::State::kReady);
  const net::HttpRequest second = parser.take();
  CHECK(second.path == "/b");
  CHECK_FALSE(second.keep_alive);
}

TEST_CASE("an upgrade is seen") {
  HttpParser parser(kLimits);
  parser.feed(as_bytes(
      "GET /ws HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"));
  REQUIRE(parser.state() == HttpParser::State::kReady);
  CHECK(parser.take().websocket_upgrade);
}

TEST_CASE("what an exposed server must refuse") {
  struct Case {
    const char* what;
    std::string text;
    int status;
  };
  const std::string get = "GET / HTTP/1.1\r\n";
  const Case cases[] = {
      {"a plain request", get + "Host: h\r\n\r\n", 200},
      {"HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", 200},
      {"a proxy's form of the target", "GET http://h/x HTTP/1.1\r\nHost: h\r\n\r\n", 200},
      {"no Host", get + "\r\n", 400},
      {"two Hosts", get + "Host: a\r\nHost: b\r\n\r\n", 400},
      {"folded header", get + "Host: h\r\nX-A: b\r\n c\r\n\r\n", 400},
      {"folded by tab", get + "Host: h\r\nX-A: b\r\n\tc\r\n\r\n", 400},
      {"bare line feed", get + "Host: h\nX: y\r\n\r\n", 400},
      {"bare carriage return", get + "Host: h\rX: y\r\n\r\n", 400},
      {"NUL", get + std::string("Host: h\0\r\n\r\n", 12), 400},
      {"space before the colon", get + "Host : h\r\n\r\n", 400},
      {"chunked", get + "Host: h\r\nTransfer-Encoding: chunked\r\n\r\n", 501},
      {"chunked, identity", get + "Host: h\r\nTransfer-Encoding: chunked, identity\r\n\r\n", 501},
      {"HTTP/1.0 chunked", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 501},
      {"both lengths", get + "Host: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
       0},
      {"two lengths", get + "Host: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", 400},
      {"length not a number", get + "Host: h\r\nContent-Length: x\r\n\r\n", 400},
      {"negative length", get + "Host: h\r\nContent-Length: -1\r\n\r\n", 400},
      {"body over the limit", get + "Host: h\r\nContent-Length: 65\r\n\r\n", 413},
      {"body at the limit", get + "Host: h\r\nContent-Length: 64\r\n\r\n" + std::string(64, 'b'),
       200},
      {"head over the limit", get + "Host: h\r\nX: " + std::string(2000, 'x') + "\r\n\r\n", 431},
      {"endless head", std::string(5000, 'x'), 431},
      {"another version", "GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505},
      {"no HTTP at all", "\x16\x03\x01\x02\r\n\r\n", 400},
      {"target without a slash", "GET x HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"broken escape", "GET /%4 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"escaped NUL", "GET /%00 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
  };
  for (const Case& c : cases) {
    INFO(c.what);
    const int status = status_of(c.text);
    if (c.status != 0) {
      CHECK(status == c.status);
    } else {
      CHECK(status >= 400);
    }
  }
}

TEST_CASE("after a fault nothing is consumed") {
  HttpParser parser(kLimits);
  parser.feed(as_bytes("GET / HTTP/1.1\r\n\r\n"));
  REQUIRE(parser.state() == HttpParser::State::kFault);
  CHECK(parser.feed(as_bytes("GET / HTTP/1.1\r\nHost: h\r\n\r\n")) == 0);
}

}  // namespace
}  // namespace parley::test
