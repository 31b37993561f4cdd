// The WebSocket handshake (RFC 6455 section 4.2): who may connect, and in which protocol.
#pragma once

#include <span>
#include <string>
#include <variant>

#include "server/net/gateway.hpp"
#include "server/net/http_parser.hpp"
#include "server/net/http_response.hpp"

namespace parley::net {

struct UpgradePolicy {
  std::vector<std::string> allowed_origins;  // "https://example.org"; "*" allows all
  std::string public_url;
};

struct Upgrade {
  const Gateway* gateway = nullptr;
  HttpResponse response;  // 101
};

// A browser says where a page came from; other programs send no Origin and may connect.
bool is_origin_allowed(const HttpRequest& request, const UpgradePolicy& policy);

std::variant<Upgrade, HttpResponse> check_upgrade(const HttpRequest& request,
                                                  const UpgradePolicy& policy);

}  // namespace parley::net
