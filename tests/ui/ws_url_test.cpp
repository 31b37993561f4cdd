#include "client/native/ws_url.hpp"

#include <catch2/catch_test_macros.hpp>

namespace parley::native {

TEST_CASE("server addresses are read") {
  struct Row {
    const char* text;
    const char* normal;
    const char* origin;
  };
  const Row rows[] = {
      {"ws://localhost:8080/ws", "ws://localhost:8080/ws", "http://localhost:8080"},
      {"wss://chat.example.org", "wss://chat.example.org/ws", "https://chat.example.org"},
      {"https://chat.example.org/", "wss://chat.example.org/ws", "https://chat.example.org"},
      {"chat.example.org/x/ws", "wss://chat.example.org/x/ws", "https://chat.example.org"},
      {"localhost:9000", "ws://localhost:9000/ws", "http://localhost:9000"},
      {"ws://[::1]:81/ws", "ws://[::1]:81/ws", "http://[::1]:81"},
      {"wss://a:443/ws#part", "wss://a/ws", "https://a"}};
  for (const Row& row : rows) {
    INFO(row.text);
    const auto url = parse_ws_url(row.text);
    REQUIRE(url.ok());
    CHECK(to_string(*url) == row.normal);
    CHECK(url->origin() == row.origin);
  }
}

TEST_CASE("what is no server address is refused in words") {
  for (const char* text : {"", "ws://", "ftp://a", "ws://a:0", "ws://a:99999", "ws://a:b",
                           "ws://user@a", "ws://a b", "ws://[::1", "ws://a/\n"}) {
    INFO(text);
    const auto url = parse_ws_url(text);
    CHECK_FALSE(url.ok());
    if (!url) CHECK(url.error().detail.ends_with("."));
  }
  CHECK_FALSE(parse_ws_url("ws://" + std::string(5000, 'a')).ok());
}

}  // namespace parley::native
