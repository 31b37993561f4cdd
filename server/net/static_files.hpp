// The web client's files, read once at the start and served from memory.
//
// Requests are looked up by their exact path in an index of what was found, so no request can reach
// anything else on the disk. A file x may lie there compressed as x.br and x.gz; which is sent is
// decided by Accept-Encoding. Thread rule: const after load(), any thread.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "server/net/http_parser.hpp"
#include "server/net/http_response.hpp"

namespace parley::net {

class StaticFiles {
 public:
  // Skips hidden files and links. An absent folder gives no files.
  static StaticFiles load(const std::filesystem::path& root);

  // GET and HEAD only; 404 for paths that are neither a file nor a page of the client.
  HttpResponse respond(const HttpRequest& request) const;
  bool has_client() const { return files_.contains("/index.html"); }
  std::size_t count() const { return files_.size(); }

 private:
  struct Variant {
    app::SharedBytes content;  // null: not there
    std::string etag;
  };
  struct File {
    std::string content_type;
    bool immutable = false;  // the name carries a hash of the content
    Variant identity;
    Variant gzip;
    Variant brotli;
  };

  const File* find(std::string_view path) const;

  std::map<std::string, File, std::less<>> files_;
};

// The client's own URLs, all answered with index.html: /, /r/<room>, /r/<room>/<seq>, /i/<code>,
// /settings.
bool is_client_page(std::string_view path);
// name.<8 or more hexadecimal digits>.ext
bool has_hashed_name(std::string_view path);
std::string_view content_type_of(std::string_view path);

struct AcceptedEncodings {
  double brotli = 0;
  double gzip = 0;
  double identity = 1;
};
AcceptedEncodings parse_accept_encoding(std::string_view header);
// If-None-Match against one strong tag; weak comparison, as RFC 9110 section 13.1.2 wants it.
bool matches_etag(std::string_view if_none_match, std::string_view etag);

}  // namespace parley::net
