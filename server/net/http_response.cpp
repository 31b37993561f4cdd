#include "server/net/http_response.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <ctime>

namespace parley::net {
namespace {

bool is_plain_host(std::string_view host) {
  return !host.empty() && host.size() <= 255 && std::all_of(host.begin(), host.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' || c == ':' ||
           c == '[' || c == ']';
  });
}

std::string security_policy(std::string_view host) {
  std::string sockets;
  if (is_plain_host(host)) sockets = fmt::format(" ws://{0} wss://{0}", host);
  return fmt::format(
      "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
      "img-src 'self' data: blob:; font-src 'self'; media-src 'self' blob:; "
      "connect-src 'self'{}; worker-src 'self'; manifest-src 'self'; object-src 'none'; "
      "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
      sockets);
}

std::string http_date(std::time_t now) {
  std::tm parts{};
  gmtime_r(&now, &parts);
  constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[parts.tm_wday],
                     parts.tm_mday, kMonths[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour,
                     parts.tm_min, parts.tm_sec);
}

}  // namespace

std::string_view status_text(int status) {
  switch (status) {
    case 101: return "Switching Protocols";
    case 200: return "OK";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 413: return "Content Too Large";
    case 426: return "Upgrade Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    default: return "Error";
  }
}

app::SharedBytes render_head(const HttpResponse& response, const SiteHeaders& site) {
  std::string head = fmt::format("HTTP/1.1 {} {}\r\nDate: {}\r\n", response.status,
                                 status_text(response.status), http_date(std::time(nullptr)));
  const auto out = std::back_inserter(head);
  if (response.status == 101) {
    head += response.headers;
  } else {
    if (response.status != 304) {
      fmt::format_to(out, "Content-Length: {}\r\n",
                     response.body != nullptr ? response.body->size() : 0);
      if (!response.content_type.empty()) {
        fmt::format_to(out, "Content-Type: {}\r\n", response.content_type);
      }
    }
    fmt::format_to(out, "Connection: {}\r\nCache-Control: {}\r\n",
                   response.keep_alive ? "keep-alive" : "close", response.cache_control);
    head += response.headers;
    fmt::format_to(out, "Content-Security-Policy: {}\r\n", security_policy(site.host));
    head +=
        "X-Content-Type-Options: nosniff\r\n"
        "Referrer-Policy: no-referrer\r\n"
        "Permissions-Policy: accelerometer=(), camera=(self), display-capture=(self), "
        "geolocation=(), gyroscope=(), magnetometer=(), microphone=(self), payment=(), usb=()\r\n"
        "Cross-Origin-Opener-Policy: same-origin\r\n"
        "Cross-Origin-Resource-Policy: same-origin\r\n";
    if (site.https) head += "Strict-Transport-Security: max-age=31536000\r\n";
  }
  head += "\r\n";
  return std::make_shared<const Bytes>(to_bytes(as_bytes(head)));
}

HttpResponse text_response(int status, std::string_view content_type, std::string_view body) {
  HttpResponse response;
  response.status = status;
  response.content_type = content_type;
  response.body = std::make_shared<const Bytes>(to_bytes(as_bytes(body)));
  return response;
}

HttpResponse problem_response(int status, std::string_view detail) {
  // Details are our own fixed phrases: nothing in them needs escaping.
  return text_response(
      status, "application/problem+json",
      fmt::format(R"({{"type":"about:blank","title":"{}","status":{},"detail":"{}"}})"
                  "\n",
                  status_text(status), status, detail));
}

}  // namespace parley::net
