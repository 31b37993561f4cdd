#include <catch2/catch_test_macros.hpp>

#include <filesystem>
#include <fstream>

#include "server/net/static_files.hpp"
#include "tests/support/temp_folder.hpp"

namespace parley::test {
namespace {

net::HttpRequest get(std::string path, std::string accept_encoding = {}) {
  net::HttpRequest request;
  request.method = "GET";
  request.path = std::move(path);
  if (!accept_encoding.empty()) {
    request.headers.emplace_back("accept-encoding", std::move(accept_encoding));
  }
  return request;
}

std::string body_of(const net::HttpResponse& response) {
  return response.body == nullptr ? std::string{} : std::string(as_text(*response.body));
}

struct Fixture {
  TempFolder folder;
  net::StaticFiles files;

  Fixture() {
    folder.write("index.html", "page");
    folder.write("app.0a1b2c3d4e.js", "code");
    folder.write("app.0a1b2c3d4e.js.br", "brotli");
    folder.write("app.0a1b2c3d4e.js.gz", "gzip");
    folder.write("fonts/text.ttf", "font");
    folder.write(".secret", "hidden");
    folder.write("only.css.br", "no identity");
    std::filesystem::create_symlink("/etc/passwd", folder.path() / "passwd.txt");
    files = net::StaticFiles::load(folder.path());
  }
};

TEST_CASE_METHOD(Fixture, "files are found by their exact path and nothing else is") {
  CHECK(body_of(files.respond(get("/fonts/text.ttf"))) == "font");
  for (const char* path :
       {"/passwd.txt", "/.secret", "/../secret", "/fonts/../index.html", "/fonts", "/fonts/",
        "//index.html", "/index.html/", "/only.css", "/nothing"}) {
    INFO(path);
    CHECK(files.respond(get(path)).status == 404);
  }
}

TEST_CASE_METHOD(Fixture, "the client's own addresses give the page") {
  for (const char* path : {"/", "/settings", "/r/0190-abc", "/r/0190-abc/17", "/i/Xy_9"}) {
    INFO(path);
    const auto response = files.respond(get(path));
    CHECK(response.status == 200);
    CHECK(body_of(response) == "page");
    CHECK(response.cache_control == "no-cache");
  }
  for (const char* path : {"/r/", "/r/a/b", "/r/a/1/2", "/i/a/1", "/settings/x", "/R/a"}) {
    INFO(path);
    CHECK(files.respond(get(path)).status == 404);
  }
}

TEST_CASE_METHOD(Fixture, "the coding follows Accept-Encoding") {
  const std::pair<const char*, const char*> cases[] = {
      {"", "code"},
      {"gzip, deflate, br", "brotli"},
      {"gzip", "gzip"},
      {"gzip;q=1.0, br;q=0.5", "gzip"},
      {"br;q=0, gzip;q=0.1, identity;q=0", "gzip"},
      {"br;q=0", "code"},
      {"*", "brotli"},
      {"*;q=0, gzip", "gzip"},
      {"BR", "brotli"},
      {"deflate", "code"},
      {"identity;q=1, gzip;q=0.5", "code"},
  };
  for (const auto& [header, expected] : cases) {
    INFO(header);
    const auto response = files.respond(get("/app.0a1b2c3d4e.js", header));
    CHECK(body_of(response) == expected);
    CHECK(response.content_type == "text/javascript; charset=utf-8");
    CHECK(response.headers.find("Vary: Accept-Encoding") != std::string::npos);
    CHECK((response.headers.find("Content-Encoding") != std::string::npos) ==
          (body_of(response) != "code"));
  }
}

TEST_CASE_METHOD(Fixture, "entity tags differ by content and coding, and save the body") {
  const auto tag_of = [](const net::HttpResponse& response) {
    const std::size_t start = response.headers.find("ETag: ") + 6;
    return response.headers.substr(start, response.headers.find("\r\n", start) - start);
  };
  const std::string plain = tag_of(files.respond(get("/app.0a1b2c3d4e.js")));
  const std::string brotli = tag_of(files.respond(get("/app.0a1b2c3d4e.js", "br")));
  CHECK(plain != brotli);
  for (const std::string& header : {plain, "W/" + plain, "\"other\", " + plain, std::string("*")}) {
    INFO(header);
    auto request = get("/app.0a1b2c3d4e.js");
    request.headers.emplace_back("if-none-match", header);
    const auto response = files.respond(request);
    CHECK(response.status == 304);
    CHECK(response.body == nullptr);
    CHECK(response.cache_control == "public, max-age=31536000, immutable");
  }
  auto stale = get("/app.0a1b2c3d4e.js");
  stale.headers.emplace_back("if-none-match", brotli);
  CHECK(files.respond(stale).status == 200);
}

TEST_CASE_METHOD(Fixture, "only GET and HEAD") {
  auto request = get("/");
  request.method = "HEAD";
  CHECK(files.respond(request).status == 200);
  CHECK_FALSE(files.respond(request).send_body);
  request.method = "POST";
  CHECK(files.respond(request).status == 405);
}

TEST_CASE("hashed names and content types") {
  CHECK(net::has_hashed_name("/x/app.0123456789abcdef.wasm"));
  CHECK(net::has_hashed_name("/app.12345678.js"));
  for (const char* path : {"/app.1234567.js", "/app.js", "/app.ABCDEF12.js", "/12345678.js",
                           "/app.12345678", "/12345678.d/app.js"}) {
    INFO(path);
    CHECK_FALSE(net::has_hashed_name(path));
  }
  CHECK(net::content_type_of("/a.wasm") == "application/wasm");
  CHECK(net::content_type_of("/site.webmanifest") == "application/manifest+json");
  CHECK(net::content_type_of("/x") == "application/octet-stream");
}

TEST_CASE("a folder that is not there gives no client and says so") {
  const net::StaticFiles none = net::StaticFiles::load("/nonexistent/parley");
  CHECK_FALSE(none.has_client());
  CHECK(none.respond(get("/")).status == 404);
}

}  // namespace
}  // namespace parley::test
