#include "server/net/http_parser.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <cctype>

namespace parley::net {
namespace {

namespace http = boost::beast::http;

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

// What must not be in a head at all, whatever the grammar around it.
const char* raw_head_fault(std::string_view head) {
  for (std::size_t i = 0; i < head.size(); ++i) {
    const char c = head[i];
    if (c == '\0') return "NUL in the request head";
    if (c == '\n' && (i == 0 || head[i - 1] != '\r')) return "bare line feed in the request head";
    if (c == '\r' && (i + 1 == head.size() || head[i + 1] != '\n')) {
      return "bare carriage return in the request head";
    }
    if (c == '\n' && i + 1 < head.size() && (head[i + 1] == ' ' || head[i + 1] == '\t')) {
      return "folded header line";
    }
  }
  return nullptr;
}

// "http://host/path" is what a request to a proxy looks like; servers must read it too.
std::string_view without_authority(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!target.starts_with(scheme)) continue;
    const std::size_t path = target.find('/', scheme.size());
    return path == std::string_view::npos ? "/" : target.substr(path);
  }
  return target;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char l = lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

}  // namespace

std::string_view HttpRequest::header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers) {
    if (name == lower_case_name) return value;
  }
  return {};
}

bool HttpRequest::has_header(std::string_view lower_case_name) const {
  return std::any_of(headers.begin(), headers.end(),
                     [&](const auto& header) { return header.first == lower_case_name; });
}

std::size_t HttpParser::feed(ByteView bytes) {
  std::size_t used = 0;
  while (used < bytes.size() && (state_ == State::kIdle || state_ == State::kReading)) {
    const ByteView rest = bytes.subspan(used);
    used += head_complete_ ? feed_body(rest) : feed_head(rest);
  }
  return used;
}

std::size_t HttpParser::feed_head(ByteView bytes) {
  std::size_t skipped = 0;
  // Empty lines ahead of a request are left over from clients that end bodies with one.
  while (head_.empty() && skipped < bytes.size() &&
         (bytes[skipped] == '\r' || bytes[skipped] == '\n')) {
    ++skipped;
  }
  bytes = bytes.subspan(skipped);
  if (bytes.empty()) return skipped;
  state_ = State::kReading;

  const std::size_t before = head_.size();
  const std::size_t take = std::min(bytes.size(), limits_.header_bytes - before);
  head_.append(as_text(bytes.first(take)));
  const std::size_t end = head_.find("\r\n\r\n", before < 3 ? 0 : before - 3);
  if (end == std::string::npos) {
    if (head_.size() >= limits_.header_bytes) refuse(431, "request head too large");
    return skipped + take;
  }
  head_.resize(end + 4);
  finish_head();
  return skipped + end + 4 - before;
}

void HttpParser::finish_head() {
  if (const char* fault = raw_head_fault(head_)) return refuse(400, fault);

  http::request_parser<http::empty_body> parser;
  parser.header_limit(static_cast<std::uint32_t>(limits_.header_bytes));
  parser.body_limit(boost::none);
  boost::beast::error_code error;
  parser.put(boost::asio::buffer(head_), error);
  if (error == http::error::bad_version) return refuse(505, "HTTP/1.1 and 1.0 are spoken here");
  if ((error && error != http::error::need_more) || !parser.is_header_done()) {
    return refuse(400, "the request head cannot be read");
  }
  const auto& message = parser.get();
  if (message.version() != 10 && message.version() != 11) {
    return refuse(505, "HTTP/1.1 and 1.0 are spoken here");
  }
  if (message.count(http::field::transfer_encoding) != 0) {
    return refuse(501, "transfer codings are not accepted; send Content-Length");
  }
  if (message.count(http::field::content_length) > 1) return refuse(400, "two Content-Length");
  const std::size_t hosts = message.count(http::field::host);
  if (hosts > 1 || (hosts == 0 && message.version() == 11)) {
    return refuse(400, "exactly one Host header is needed");
  }
  if (const auto length = parser.content_length()) {
    if (*length > limits_.body_bytes) return refuse(413, "request body too large");
    body_bytes_ = static_cast<std::size_t>(*length);
  }

  const std::string_view target =
      without_authority({message.target().data(), message.target().size()});
  const std::size_t question = std::min(target.find('?'), target.size());
  if (!target.starts_with('/') || !percent_decode(target.substr(0, question), request_.path)) {
    return refuse(400, "the request target cannot be read");
  }
  if (question < target.size()) request_.query = target.substr(question + 1);
  request_.method = std::string(message.method_string());
  request_.keep_alive = message.keep_alive();
  request_.websocket_upgrade = boost::beast::websocket::is_upgrade(message);
  for (const auto& field : message) {
    std::string name(field.name_string());
    std::transform(name.begin(), name.end(), name.begin(), lower);
    request_.headers.emplace_back(std::move(name), std::string(field.value()));
  }
  head_ = {};
  head_complete_ = true;
  if (body_bytes_ == 0) state_ = State::kReady;
}

std::size_t HttpParser::feed_body(ByteView bytes) {
  const std::size_t take = std::min(bytes.size(), body_bytes_ - request_.body.size());
  request_.body.append(as_text(bytes.first(take)));
  if (request_.body.size() == body_bytes_) state_ = State::kReady;
  return take;
}

void HttpParser::refuse(int status, const char* detail) {
  state_ = State::kFault;
  fault_ = {status, detail};
  head_ = {};
}

HttpRequest HttpParser::take() {
  state_ = State::kIdle;
  head_complete_ = false;
  body_bytes_ = 0;
  return std::exchange(request_, {});
}

bool percent_decode(std::string_view text, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size()) return false;
      const int high = hex_value(text[i + 1]);
      const int low = hex_value(text[i + 2]);
      if (high < 0 || low < 0) return false;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (c == '\0') return false;
    out += c;
  }
  return true;
}

std::vector<std::string_view> split_header(std::string_view value, char separator) {
  std::vector<std::string_view> items;
  while (!value.empty()) {
    const std::size_t end = std::min(value.find(separator), value.size());
    std::string_view item = value.substr(0, end);
    while (!item.empty() && (item.front() == ' ' || item.front() == '\t')) item.remove_prefix(1);
    while (!item.empty() && (item.back() == ' ' || item.back() == '\t')) item.remove_suffix(1);
    if (!item.empty()) items.push_back(item);
    value.remove_prefix(std::min(end + 1, value.size()));
  }
  return items;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace parley::net
