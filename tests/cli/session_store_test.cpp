#include "client/cli/session_store.hpp"

#include <sys/stat.h>

#include <catch2/catch_test_macros.hpp>
#include <fstream>

#include "client/core/stored.hpp"
#include "tests/support/temp_folder.hpp"

namespace parley::cli {
namespace {

client::StoredSession some_session() {
  client::StoredSession session;
  session.session.token = "a token";
  session.session.user.name = "Ada";
  session.sync_token = "store-7";
  session.open_room.uuid.bytes.fill(3);
  return session;
}

}  // namespace

TEST_CASE("the session is kept between runs, what is fetched again is not") {
  const test::TempFolder folder;
  const std::string path = folder.file("deep/er/cli.db");
  {
    SessionStore store(path);
    REQUIRE(store.load().ok());
    CHECK(store.read("").empty());
    store.set_server_url("ws://127.0.0.1:8008/ws");
    REQUIRE(store
                .write({{"session", client::pack(some_session())},
                        {"room/1", {1, 2, 3}},
                        {"outbox/1", {4, 5, 6}}})
                .ok());
    CHECK(store.read("room/").size() == 1);  // for this run
    CHECK(store.read("").size() == 3);
  }
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0077) == 0);  // it holds a secret

  SessionStore store(path);
  REQUIRE(store.load().ok());
  CHECK(store.server_url() == "ws://127.0.0.1:8008/ws");
  const auto entries = store.read("");
  REQUIRE(entries.size() == 1);
  const auto kept = client::unpack<client::StoredSession>(entries[0].value);
  REQUIRE(kept);
  CHECK(kept->session == some_session().session);
  CHECK(kept->sync_token.empty());  // it would promise rooms that are not kept
  CHECK(kept->open_room.is_nil());

  REQUIRE(store.clear().ok());
  SessionStore after(path);
  REQUIRE(after.load().ok());
  CHECK(after.read("").empty());
  CHECK(after.server_url().empty());
}

TEST_CASE("two runs may use one store at a time") {
  const test::TempFolder folder;
  SessionStore first(folder.file("cli.db")), second(folder.file("cli.db"));
  REQUIRE(first.load().ok());
  REQUIRE(second.load().ok());
  client::StoredSession session = some_session();
  REQUIRE(first.write({{"session", client::pack(session)}}).ok());
  session.session.token = "renewed";
  REQUIRE(second.write({{"session", client::pack(session)}}).ok());
  SessionStore third(folder.file("cli.db"));
  REQUIRE(third.load().ok());
  const auto entries = third.read("session");
  REQUIRE(entries.size() == 1);
  CHECK(client::unpack<client::StoredSession>(entries[0].value)->session.token == "renewed");
}

TEST_CASE("a file that is no store is an error, not a new session") {
  const test::TempFolder folder;
  std::ofstream(folder.file("cli.db")) << std::string(5000, 'x');
  SessionStore store(folder.file("cli.db"));
  const Status loaded = store.load();
  REQUIRE_FALSE(loaded.ok());
  CHECK(loaded.error().code == ErrorCode::kLocalStore);
  CHECK_FALSE(loaded.error().detail.empty());
}

}  // namespace parley::cli
