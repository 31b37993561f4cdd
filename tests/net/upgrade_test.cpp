#include <catch2/catch_test_macros.hpp>

#include "server/net/digest.hpp"
#include "server/net/upgrade.hpp"

namespace parley::test {
namespace {

net::HttpRequest upgrade_request() {
  net::HttpRequest request;
  request.method = "GET";
  request.path = "/ws";
  request.websocket_upgrade = true;
  request.headers = {{"host", "chat.example.org"},
                     {"sec-websocket-version", "13"},
                     {"sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="}};
  return request;
}

int status_of(const net::HttpRequest& request, const net::UpgradePolicy& policy = {}) {
  const auto checked = net::check_upgrade(request, policy);
  const auto* refusal = std::get_if<net::HttpResponse>(&checked);
  return refusal == nullptr ? 101 : refusal->status;
}

void replace(net::HttpRequest& request, std::string_view name, std::string value) {
  for (auto& [key, present] : request.headers) {
    if (key == name) present = value;
  }
}

TEST_CASE("the example of RFC 6455 section 1.3") {
  CHECK(net::websocket_accept("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST_CASE("who may connect") {
  const net::UpgradePolicy policy{{"https://friend.example"}, "https://public.example/chat"};
  const std::pair<const char*, bool> cases[] = {
      {"http://chat.example.org", true},
      {"https://chat.example.org", true},
      {"https://CHAT.example.org", true},
      {"https://friend.example", true},
      {"https://public.example", true},
      {"https://chat.example.org.evil", false},
      {"https://evil.example", false},
      {"https://chat.example.org:444", false},
      {"http://friend.example", false},
      {"null", false},
      {"", false},
  };
  for (const auto& [origin, allowed] : cases) {
    INFO(origin);
    net::HttpRequest request = upgrade_request();
    request.headers.emplace_back("origin", origin);
    CHECK(status_of(request, policy) == (allowed ? 101 : 403));
  }
  CHECK(status_of(upgrade_request(), policy) == 101);  // not a browser
}

TEST_CASE("which protocol is spoken") {
  const auto chosen = [](const char* header) -> std::string {
    net::HttpRequest request = upgrade_request();
    if (header != nullptr) request.headers.emplace_back("sec-websocket-protocol", header);
    auto checked = net::check_upgrade(request, {});
    const auto* upgrade = std::get_if<net::Upgrade>(&checked);
    return upgrade == nullptr ? "refused" : std::string(upgrade->gateway->subprotocol());
  };
  CHECK(chosen(nullptr) == "parley.json.v1");
  CHECK(chosen("parley.v1") == "parley.v1");
  CHECK(chosen("parley.json.v1") == "parley.json.v1");
  CHECK(chosen("soap, parley.v1, parley.json.v1") == "parley.v1");
  CHECK(chosen("parley.v9") == "refused");

  // A protocol is named in the answer only to those who asked for one.
  const auto plain = net::check_upgrade(upgrade_request(), {});
  CHECK(std::get<net::Upgrade>(plain).response.headers.find("Protocol") == std::string::npos);
}

TEST_CASE("handshakes that are not complete") {
  net::HttpRequest request = upgrade_request();
  request.websocket_upgrade = false;
  CHECK(status_of(request) == 426);
  request = upgrade_request();
  request.method = "POST";
  CHECK(status_of(request) == 426);
  request = upgrade_request();
  replace(request, "sec-websocket-version", "8");
  CHECK(status_of(request) == 426);
  for (const char* key :
       {"", "short==", "dGhlIHNhbXBsZSBub25jZQ=!", "dGhlIHNhbXBsZSBub25jZTEyMzQ="}) {
    INFO(key);
    request = upgrade_request();
    replace(request, "sec-websocket-key", key);
    CHECK(status_of(request) == 400);
  }
}

}  // namespace
}  // namespace parley::test
