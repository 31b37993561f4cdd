#include "client/native/local_store.hpp"

#include <sqlite3.h>

#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>

#include <unistd.h>

namespace parley::native {
namespace {

struct Folder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("parley-store-test-" + std::to_string(::getpid()));
  Folder() { std::filesystem::remove_all(path); }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string file() const { return (path / "deep" / "a.db").string(); }
};

LocalStore::Entry entry(std::string key, std::string value) {
  return {std::move(key), to_bytes(as_bytes(value))};
}

}  // namespace

TEST_CASE("entries are kept, replaced, erased and found by prefix") {
  Folder folder;
  {
    auto store = LocalStore::open(folder.file());
    REQUIRE(store.ok());
    REQUIRE(store
                ->write({entry("a/1", "one"), entry("a/2", "two"), entry("b/1", "other"),
                         entry("a\xff", "edge")})
                .ok());
    REQUIRE(store->write({entry("a/1", "uno"), entry("a/2", "")}).ok());
    const auto found = store->read("a/");
    REQUIRE(found.ok());
    REQUIRE(found->size() == 1);
    CHECK((*found)[0].key == "a/1");
    CHECK(as_text((*found)[0].value) == "uno");
    CHECK(store->read("a")->size() == 2);
    CHECK(store->read("a\xff")->size() == 1);
    CHECK(store->read("")->size() == 3);
  }
  auto again = LocalStore::open(folder.file());
  REQUIRE(again.ok());
  CHECK(again->read("")->size() == 3);
  REQUIRE(again->clear().ok());
  CHECK(again->read("")->empty());
}

TEST_CASE("a store with a session is for one server") {
  Folder folder;
  const std::string one = "wss://one.example/ws", other = "wss://other.example/ws";
  const auto bind = [&](const std::string& url) {
    auto store = LocalStore::open(folder.file());
    REQUIRE(store.ok());
    return store->bind_server(url);
  };
  CHECK(bind(one).ok());
  CHECK(bind(other).ok());  // nobody is signed in
  {
    auto store = LocalStore::open(folder.file());
    REQUIRE(store->write({entry("session", "x")}).ok());
  }
  const auto refused = bind(one);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().detail.find(other) != std::string::npos);
  CHECK(refused.error().detail.find("--store") != std::string::npos);
  CHECK(bind(other).ok());
  {
    auto store = LocalStore::open(folder.file());
    REQUIRE(store->clear().ok());
    REQUIRE(store->write({entry("session", "x")}).ok());
  }
  CHECK_FALSE(bind(one).ok());
}

TEST_CASE("the file is for its owner only, and for one program at a time") {
  Folder folder;
  auto store = LocalStore::open(folder.file());
  REQUIRE(store.ok());
  const auto mode = std::filesystem::status(folder.file()).permissions();
  CHECK((mode & (std::filesystem::perms::group_all | std::filesystem::perms::others_all)) ==
        std::filesystem::perms::none);
  auto second = LocalStore::open(folder.file());
  REQUIRE_FALSE(second.ok());
  CHECK(second.error().detail.find("Another") != std::string::npos);
}

TEST_CASE("a damaged file is named as such") {
  Folder folder;
  std::filesystem::create_directories(std::filesystem::path(folder.file()).parent_path());
  std::ofstream(folder.file()) << std::string(8192, 'x');
  auto store = LocalStore::open(folder.file());
  REQUIRE_FALSE(store.ok());
  CHECK(store.error().detail.find("damaged") != std::string::npos);
}

TEST_CASE("values are sealed with a key that is kept apart") {
  Folder folder;
  const std::string key = LocalStore::key_path(folder.file());
  {
    auto store = LocalStore::open(folder.file());
    REQUIRE(store.ok());
    REQUIRE(store->write({entry("draft/1", "nobody else reads this")}).ok());
  }
  const auto mode = std::filesystem::status(key).permissions();
  CHECK((mode & (std::filesystem::perms::group_all | std::filesystem::perms::others_all)) ==
        std::filesystem::perms::none);
  for (const auto& file :
       std::filesystem::directory_iterator(std::filesystem::path(key).parent_path())) {
    std::ifstream in(file.path(), std::ios::binary);
    const std::string contents{std::istreambuf_iterator<char>(in),
                               std::istreambuf_iterator<char>()};
    CHECK(contents.find("nobody else") == std::string::npos);
  }
  // Without its key the file is left as it is, and the person is told.
  std::filesystem::rename(key, key + ".away");
  {
    auto store = LocalStore::open(folder.file());
    REQUIRE_FALSE(store.ok());
    CHECK(store.error().detail.find("key file") != std::string::npos);
  }
  std::filesystem::rename(key + ".away", key);
  auto store = LocalStore::open(folder.file());
  REQUIRE(store.ok());
  REQUIRE(store->read("")->size() == 1);
  CHECK(as_text(store->read("")->front().value) == "nobody else reads this");
}

TEST_CASE("what an earlier version left in the clear is sealed once") {
  Folder folder;
  std::filesystem::create_directories(std::filesystem::path(folder.file()).parent_path());
  sqlite3* raw = nullptr;
  REQUIRE(sqlite3_open(folder.file().c_str(), &raw) == SQLITE_OK);
  REQUIRE(sqlite3_exec(
              raw,
              "CREATE TABLE entries(key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
              "INSERT INTO entries VALUES(CAST('session' AS BLOB), CAST('an old session' AS BLOB))",
              nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(raw);
  for (int i = 0; i < 2; ++i) {
    auto store = LocalStore::open(folder.file());
    REQUIRE(store.ok());
    REQUIRE(store->read("")->size() == 1);
    CHECK(as_text(store->read("")->front().value) == "an old session");
  }
  std::ifstream in(folder.file(), std::ios::binary);
  const std::string contents{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  CHECK(contents.find("an old session") == std::string::npos);
}

}  // namespace parley::native
