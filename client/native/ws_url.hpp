// Addresses of servers: "ws://host:port/path" and "wss://...".
#pragma once

#include <string>
#include <string_view>

#include "shared/base/result.hpp"

namespace parley::native {

struct WsUrl {
  bool secure = false;
  std::string host;    // without the brackets of an IPv6 address
  std::string port;    // "80" and "443" when the address names none
  std::string target;  // "/ws" when the address names no path

  // Value of the Host header.
  std::string authority() const;
  // The page of the same server, for links: "https://host[:port]".
  std::string origin() const;
  bool operator==(const WsUrl&) const = default;
};

// kInvalidArgument with a detail for people when it is no such address. "http" and "https" are
// taken for "ws" and "wss", and an address without a scheme for "ws://" on this machine, else
// "wss://".
Result<WsUrl> parse_ws_url(std::string_view text);
std::string to_string(const WsUrl& url);

}  // namespace parley::native
