// HTTP responses: a head with the security headers every answer carries, and a shared body.
#pragma once

#include <string>
#include <string_view>

#include "server/app/peer.hpp"

namespace parley::net {

struct HttpResponse {
  int status = 200;
  std::string content_type;
  // Complete further lines, each ended by CRLF.
  std::string headers;
  std::string cache_control = "no-store";
  app::SharedBytes body;  // may be null
  bool send_body = true;  // false for HEAD: the length is told, the body is not sent
  bool keep_alive = true;
};

struct SiteHeaders {
  // Of the request's Host; the policy names its ws: and wss: origins for browsers whose 'self' does
  // not cover them. Anything but a plain host and port is left out.
  std::string_view host;
  bool https = false;  // adds Strict-Transport-Security
};

std::string_view status_text(int status);
app::SharedBytes render_head(const HttpResponse& response, const SiteHeaders& site);

HttpResponse text_response(int status, std::string_view content_type, std::string_view body);
// RFC 9457.
HttpResponse problem_response(int status, std::string_view detail);

}  // namespace parley::net
