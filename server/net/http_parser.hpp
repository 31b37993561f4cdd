// HTTP/1.x requests, sans-IO. Beast parses the head; around it stand the checks an exposed server
// needs and Beast does not make: folded headers, bare line feeds, several or no Host, several
// Content-Length, any Transfer-Encoding (a request here is small and says its length, so that no
// proxy in front can see other borders between requests than we do).
//
// Call order: feed() until state() is kReady, take(), and again for the next request in the stream.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/base/bytes.hpp"

namespace parley::net {

struct HttpRequest {
  std::string method;
  std::string path;                                          // decoded, starts with '/'
  std::string query;                                         // as sent, without '?'
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;
  bool keep_alive = true;
  bool websocket_upgrade = false;

  // The first header of that name, or "".
  std::string_view header(std::string_view lower_case_name) const;
  bool has_header(std::string_view lower_case_name) const;
};

struct HttpFault {
  int status = 0;
  const char* detail = "";
};

class HttpParser {
 public:
  struct Limits {
    std::size_t header_bytes = 8192;
    std::size_t body_bytes = 16'384;
  };
  enum class State : std::uint8_t { kIdle, kReading, kReady, kFault };

  explicit HttpParser(Limits limits) : limits_(limits) {}

  // Consumes bytes of one request; returns how many. After a fault nothing is consumed any more.
  std::size_t feed(ByteView bytes);
  State state() const { return state_; }
  const HttpFault& fault() const { return fault_; }
  HttpRequest take();

 private:
  std::size_t feed_head(ByteView bytes);
  std::size_t feed_body(ByteView bytes);
  void finish_head();
  void refuse(int status, const char* detail);

  Limits limits_;
  std::string head_;
  HttpRequest request_;
  std::size_t body_bytes_ = 0;
  State state_ = State::kIdle;
  bool head_complete_ = false;
  HttpFault fault_;
};

// "%41" -> "A"; false for a broken escape or a NUL.
bool percent_decode(std::string_view text, std::string& out);

// One list of header values: "a, b" -> {"a", "b"}, trimmed, empty items left out.
std::vector<std::string_view> split_header(std::string_view value, char separator = ',');
bool equal_ignoring_case(std::string_view a, std::string_view b);

}  // namespace parley::net
