#include "server/net/upgrade.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "server/net/digest.hpp"

namespace parley::net {
namespace {

// "https://example.org:8443/x" -> "https://example.org:8443"
std::string_view origin_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  return url.substr(0, url.find('/', scheme + 3));
}

bool is_handshake_key(std::string_view key) {
  // 16 bytes in base64: 22 characters and two '='.
  if (key.size() != 24 || !key.ends_with("==")) return false;
  return std::all_of(key.begin(), key.end() - 2, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/';
  });
}

// Null when the client asks only for protocols that are not spoken here.
const Gateway* choose_gateway(const HttpRequest& request) {
  const bool asks = request.has_header("sec-websocket-protocol");
  if (!asks) return &json_gateway();
  for (const auto& [name, value] : request.headers) {
    if (name != "sec-websocket-protocol") continue;
    for (const std::string_view wanted : split_header(value)) {
      for (const Gateway* gateway : {&binary_gateway(), &json_gateway()}) {
        if (wanted == gateway->subprotocol()) return gateway;
      }
    }
  }
  return nullptr;
}

}  // namespace

bool is_origin_allowed(const HttpRequest& request, const UpgradePolicy& policy) {
  if (!request.has_header("origin")) return true;
  const std::string_view origin = request.header("origin");
  const std::size_t scheme = origin.find("://");
  if (scheme != std::string_view::npos &&
      equal_ignoring_case(origin.substr(scheme + 3), request.header("host"))) {
    return true;
  }
  if (!policy.public_url.empty() && equal_ignoring_case(origin, origin_of(policy.public_url))) {
    return true;
  }
  return std::any_of(policy.allowed_origins.begin(), policy.allowed_origins.end(),
                     [&](const std::string& allowed) {
                       return allowed == "*" || equal_ignoring_case(origin, allowed);
                     });
}

std::variant<Upgrade, HttpResponse> check_upgrade(const HttpRequest& request,
                                                  const UpgradePolicy& policy) {
  if (request.header("sec-websocket-version") != "13" && request.has_header("sec-websocket-key")) {
    HttpResponse refusal = problem_response(426, "WebSocket version 13 is spoken here");
    refusal.headers = "Sec-WebSocket-Version: 13\r\n";
    return refusal;
  }
  if (!request.websocket_upgrade || request.method != "GET") {
    HttpResponse refusal = problem_response(426, "this address speaks WebSocket");
    refusal.headers = "Upgrade: websocket\r\n";
    return refusal;
  }
  const std::string_view key = request.header("sec-websocket-key");
  if (!is_handshake_key(key)) return problem_response(400, "Sec-WebSocket-Key is not valid");
  if (!is_origin_allowed(request, policy)) {
    return problem_response(403, "this origin may not connect; see server.allowed_origins");
  }
  const Gateway* const gateway = choose_gateway(request);
  if (gateway == nullptr) {
    return problem_response(400, "the subprotocols here are parley.v1 and parley.json.v1");
  }

  Upgrade upgrade;
  upgrade.gateway = gateway;
  upgrade.response.status = 101;
  upgrade.response.headers =
      fmt::format("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n",
                  websocket_accept(key));
  if (request.has_header("sec-websocket-protocol")) {
    upgrade.response.headers +=
        fmt::format("Sec-WebSocket-Protocol: {}\r\n", gateway->subprotocol());
  }
  return upgrade;
}

}  // namespace parley::net
