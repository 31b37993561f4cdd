#include "client/native/ws_url.hpp"

#include <algorithm>

namespace parley::native {
namespace {

constexpr std::size_t kMaxUrlBytes = 2048;

Error not_an_address(std::string detail) {
  return {ErrorCode::kInvalidArgument, std::move(detail), {}};
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool is_this_machine(std::string_view host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == '_' || c == ':';
}

}  // namespace

std::string WsUrl::authority() const {
  std::string out = host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port != (secure ? "443" : "80")) out += ":" + port;
  return out;
}

std::string WsUrl::origin() const { return (secure ? "https://" : "http://") + authority(); }

std::string to_string(const WsUrl& url) {
  return (url.secure ? "wss://" : "ws://") + url.authority() + url.target;
}

Result<WsUrl> parse_ws_url(std::string_view text) {
  if (text.size() > kMaxUrlBytes) return not_an_address("The server address is too long.");
  WsUrl url;
  bool scheme_given = true;
  if (take_prefix(text, "wss://") || take_prefix(text, "https://")) {
    url.secure = true;
  } else if (!take_prefix(text, "ws://") && !take_prefix(text, "http://")) {
    if (text.find("://") != std::string_view::npos) {
      return not_an_address("The server address starts with ws:// or wss://.");
    }
    scheme_given = false;
  }
  const std::size_t path = text.find_first_of("/?#");
  std::string_view authority = text.substr(0, path);
  if (path != std::string_view::npos && text[path] == '/') {
    url.target = text.substr(path, text.find('#', path) - path);
  }
  if (url.target.empty() || url.target == "/") url.target = "/ws";
  if (authority.find('@') != std::string_view::npos) {
    return not_an_address("The server address holds no user name.");
  }

  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return not_an_address("The address lacks a closing ].");
    url.host = authority.substr(1, end - 1);
    port = authority.substr(end + 1);
  } else {
    const std::size_t colon = authority.rfind(':');
    url.host = authority.substr(0, colon);
    if (colon != std::string_view::npos) port = authority.substr(colon);
  }
  if (url.host.empty() || !std::all_of(url.host.begin(), url.host.end(), is_host_character)) {
    return not_an_address("The server address names no host.");
  }
  if (!scheme_given) url.secure = !is_this_machine(url.host);
  if (port.empty()) {
    url.port = url.secure ? "443" : "80";
  } else {
    port.remove_prefix(1);
    const bool digits =
        !port.empty() && port.size() <= 5 &&
        std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!digits || std::stoi(std::string(port)) > 65535 || std::stoi(std::string(port)) == 0) {
      return not_an_address("The server address has no valid port.");
    }
    url.port = port;
  }
  const bool printable = std::all_of(url.target.begin(), url.target.end(),
                                     [](char c) { return c > 0x20 && c < 0x7f; });
  if (!printable) return not_an_address("The path of the server address is not valid.");
  return url;
}

}  // namespace parley::native
