// What every test here starts from: a folder, a server in it, clients that are signed in.
#pragma once

#include <catch2/catch_test_macros.hpp>

#include "tests/support/temp_folder.hpp"
#include "tests/support/test_client.hpp"
#include "tests/support/test_server.hpp"

namespace parley::test {

// The server's own log stands in the report when a test fails.
class Served {
 public:
  explicit Served(const ServerOptions& options = {})
      : server(PARLEY_SERVER, folder.path().string()) {
    INFO(server.log());
    REQUIRE(server.start(options));
  }

  TestClient guest(const std::string& name) {
    TestClient client;
    const bool opened = client.open(server.port());
    INFO("upgrade: " << client.socket().http_answer() << "\n" << server.log());
    REQUIRE(opened);
    const auto welcome = client.sign_in(name);
    INFO("signing in " << name << ": " << (welcome ? "" : error_info(welcome.error().code).name));
    REQUIRE(welcome.ok());
    return client;
  }
  // A second connection of the same guest.
  TestClient again(const TestClient& other) {
    TestClient client;
    REQUIRE(client.open(server.port()));
    REQUIRE(client.resume(other.token).ok());
    return client;
  }

  TempFolder folder;
  TestServer server;
};

template <class T>
T require_ok(Result<T> result) {
  INFO((result ? std::string()
               : std::string(error_info(result.error().code).name) + ": " + result.error().detail));
  REQUIRE(result.ok());
  return *std::move(result);
}

template <class T>
ErrorCode require_error(const Result<T>& result) {
  REQUIRE_FALSE(result.ok());
  return result.error().code;
}

}  // namespace parley::test
