#include "server/net/static_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include "server/net/digest.hpp"

namespace parley::net {
namespace {

namespace fs = std::filesystem;

// Far more than any build of the client; keeps a wrong web_root from filling the memory.
constexpr std::uintmax_t kMaxFileBytes = 64u << 20;
constexpr std::size_t kMaxFiles = 10'000;

constexpr std::pair<std::string_view, std::string_view> kContentTypes[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".wasm", "application/wasm"},
    {".json", "application/json"},
    {".webmanifest", "application/manifest+json"},
    {".map", "application/json"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".webp", "image/webp"},
    {".ico", "image/x-icon"},
    {".ttf", "font/ttf"},
    {".woff2", "font/woff2"},
    {".txt", "text/plain; charset=utf-8"},
    {".ogg", "audio/ogg"},
    {".mp3", "audio/mpeg"},
};

app::SharedBytes read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return nullptr;
  Bytes content{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  return std::make_shared<const Bytes>(std::move(content));
}

bool is_hidden(const fs::path& relative) {
  return std::any_of(relative.begin(), relative.end(),
                     [](const fs::path& part) { return part.native().starts_with('.'); });
}

// A quality value in thousandths would be exact; what is compared is only more, less and zero.
double quality_of(std::string_view item) {
  const std::vector<std::string_view> parts = split_header(item, ';');
  for (std::size_t i = 1; i < parts.size(); ++i) {
    if (!parts[i].starts_with("q=") && !parts[i].starts_with("Q=")) continue;
    const std::string number(parts[i].substr(2));
    if (number.empty() || number.size() > 5 ||
        number.find_first_not_of("0123456789.") != std::string::npos) {
      return 0;
    }
    double value = 0;
    double scale = 1;
    bool fraction = false;
    for (const char c : number) {
      if (c == '.') {
        fraction = true;
      } else {
        value = value * 10 + (c - '0');
        if (fraction) scale *= 10;
      }
    }
    return std::min(value / scale, 1.0);
  }
  return 1;
}

}  // namespace

std::string_view content_type_of(std::string_view path) {
  for (const auto& [ending, type] : kContentTypes) {
    if (path.ends_with(ending)) return type;
  }
  return "application/octet-stream";
}

bool has_hashed_name(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const std::vector<std::string_view> parts = split_header(name, '.');
  for (std::size_t i = 1; i + 1 < parts.size(); ++i) {
    if (parts[i].size() >= 8 &&
        parts[i].find_first_not_of("0123456789abcdef") == std::string_view::npos) {
      return true;
    }
  }
  return false;
}

bool is_client_page(std::string_view path) {
  if (path == "/" || path == "/settings") return true;
  const bool room = path.starts_with("/r/");
  if (!room && !path.starts_with("/i/")) return false;
  std::string_view rest = path.substr(3);
  const auto is_name = [](std::string_view part) {
    return !part.empty() && part.size() <= 128 &&
           part.find_first_of("/\\") == std::string_view::npos;
  };
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return is_name(rest);
  const std::string_view seq = rest.substr(slash + 1);
  return room && is_name(rest.substr(0, slash)) && !seq.empty() && seq.size() <= 20 &&
         seq.find_first_not_of("0123456789") == std::string_view::npos;
}

AcceptedEncodings parse_accept_encoding(std::string_view header) {
  AcceptedEncodings accepted;
  bool identity_named = false;
  double others = -1;
  bool brotli_named = false;
  bool gzip_named = false;
  for (const std::string_view item : split_header(header)) {
    const std::vector<std::string_view> parts = split_header(item, ';');
    if (parts.empty()) continue;
    const double quality = quality_of(item);
    if (equal_ignoring_case(parts[0], "br")) {
      accepted.brotli = quality;
      brotli_named = true;
    } else if (equal_ignoring_case(parts[0], "gzip") || equal_ignoring_case(parts[0], "x-gzip")) {
      accepted.gzip = quality;
      gzip_named = true;
    } else if (equal_ignoring_case(parts[0], "identity")) {
      accepted.identity = quality;
      identity_named = true;
    } else if (parts[0] == "*") {
      others = quality;
    }
  }
  if (others >= 0) {
    if (!brotli_named) accepted.brotli = others;
    if (!gzip_named) accepted.gzip = others;
    if (!identity_named) accepted.identity = others;
  }
  return accepted;
}

bool matches_etag(std::string_view if_none_match, std::string_view etag) {
  for (std::string_view item : split_header(if_none_match)) {
    if (item == "*") return true;
    if (item.starts_with("W/")) item.remove_prefix(2);
    if (item == etag) return true;
  }
  return false;
}

StaticFiles StaticFiles::load(const fs::path& root) {
  StaticFiles result;
  std::error_code error;
  for (fs::recursive_directory_iterator at(root, error), end; !error && at != end;
       at.increment(error)) {
    const fs::path relative = at->path().lexically_relative(root);
    if (is_hidden(relative) || at->is_symlink(error) || !at->is_regular_file(error)) continue;
    if (at->file_size(error) > kMaxFileBytes || result.files_.size() >= kMaxFiles) continue;
    app::SharedBytes content = read_file(at->path());
    if (content == nullptr) continue;

    std::string path = "/" + relative.generic_string();
    Variant File::*variant = &File::identity;
    std::string suffix;
    if (path.ends_with(".br")) {
      variant = &File::brotli;
      suffix = "-br";
      path.resize(path.size() - 3);
    } else if (path.ends_with(".gz")) {
      variant = &File::gzip;
      suffix = "-gz";
      path.resize(path.size() - 3);
    }
    File& file = result.files_[path];
    file.content_type = content_type_of(path);
    file.immutable = has_hashed_name(path);
    const std::string etag = fmt::format("\"{}{}\"", content_hash(*content), suffix);
    file.*variant = {std::move(content), etag};
  }
  // A compressed copy alone cannot serve a client that wants none.
  std::erase_if(result.files_, [](const auto& entry) { return !entry.second.identity.content; });
  return result;
}

const StaticFiles::File* StaticFiles::find(std::string_view path) const {
  auto found = files_.find(path);
  if (found == files_.end() && is_client_page(path)) found = files_.find("/index.html");
  return found == files_.end() ? nullptr : &found->second;
}

HttpResponse StaticFiles::respond(const HttpRequest& request) const {
  const File* const file = find(request.path);
  if (file == nullptr) {
    if (is_client_page(request.path)) {
      return problem_response(404, "the web client is not installed on this server");
    }
    return problem_response(404, "there is nothing at this address");
  }
  if (request.method != "GET" && request.method != "HEAD") {
    HttpResponse response = problem_response(405, "this address can only be read");
    response.headers = "Allow: GET, HEAD\r\n";
    return response;
  }

  const AcceptedEncodings accepted = parse_accept_encoding(request.header("accept-encoding"));
  const Variant* chosen = &file->identity;
  std::string_view coding;
  double best = accepted.identity;
  if (file->gzip.content && accepted.gzip > 0 && accepted.gzip >= best) {
    chosen = &file->gzip;
    coding = "gzip";
    best = accepted.gzip;
  }
  if (file->brotli.content && accepted.brotli > 0 && accepted.brotli >= best) {
    chosen = &file->brotli;
    coding = "br";
  }

  HttpResponse response;
  response.content_type = file->content_type;
  response.cache_control = file->immutable ? "public, max-age=31536000, immutable" : "no-cache";
  response.headers = fmt::format("ETag: {}\r\nVary: Accept-Encoding\r\n", chosen->etag);
  if (matches_etag(request.header("if-none-match"), chosen->etag)) {
    response.status = 304;
    return response;
  }
  if (!coding.empty()) response.headers += fmt::format("Content-Encoding: {}\r\n", coding);
  response.body = chosen->content;
  response.send_body = request.method == "GET";
  return response;
}

}  // namespace parley::net
