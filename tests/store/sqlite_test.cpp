// What only the SQLite store has: its file, migrations, copies, bounds.
#include <sys/stat.h>

#include <fstream>
#include <sstream>
#include <thread>

#include "server/store/sqlite_schema.hpp"
#include "tests/store/store_harness.hpp"

using namespace parley;
using namespace parley::store;
using namespace parley::store::testing;

namespace {

SqliteOptions options(const TempFolder& folder) {
  return {.path = folder.file("store.db"), .clock = [] { return Timestamp{1'700'000'000'000}; }};
}

std::unique_ptr<Store> must_open(SqliteOptions options) {
  auto opened = open_sqlite_store(std::move(options));
  REQUIRE(opened.ok());
  return std::move(*opened);
}

std::int64_t scalar(const std::string& path, const std::string& sql) {
  auto database = Database::open(path, {});
  REQUIRE(database.ok());
  Query query = (*database)->dynamic_query(sql);
  REQUIRE(query.next());
  return query.integer(0);
}

Status execute(const std::string& path, const std::string& sql) {
  auto database = Database::open(path, {.create = true});
  if (!database.ok()) return database.error();
  return (*database)->execute(sql);
}

std::string fixture(const std::string& name) {
  std::ifstream file(std::string(PARLEY_STORE_FIXTURES) + "/" + name);
  REQUIRE(file.good());
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("migrations are numbered from 1 without gaps", "[store][sqlite]") {
  int expected = 0;
  for (const Migration& step : migrations()) CHECK(step.version == ++expected);
}

TEST_CASE("a database of version 1 opens with everything in it", "[store][sqlite]") {
  TempFolder folder;
  REQUIRE(execute(folder.file("store.db"), fixture("v1.sql")).ok());
  auto store = must_open(options(folder));
  Calls calls(*store);
  const auto room = calls.room(room_id(1));
  REQUIRE(room.ok());
  CHECK(room->room.settings.name == "room 1");
  CHECK(room->head == Seq{3});
  CHECK(seqs_of(room->tail) == std::vector<std::uint64_t>{1, 2, 3});
  CHECK(room->last_message->body == to_bytes(as_bytes("from the journal")));
  CHECK(room->members.at(0).read == Seq{2});
  CHECK(calls.write(append(1, {message(1, 3)}))->duplicate);
  CHECK(calls.write(append(1, {message(1, 1)}))->duplicate);
  CHECK(calls.write(append(1, {message(1, 4)}))->seqs.front() == Seq{4});
}

TEST_CASE("older databases are copied, then migrated step by step", "[store][sqlite]") {
  TempFolder folder;
  const std::string path = folder.file("old.db");
  REQUIRE(execute(path,
                  "CREATE TABLE notes(text TEXT); INSERT INTO notes VALUES('kept');"
                  "PRAGMA user_version = 1")
              .ok());
  const Migration steps[] = {{1, "CREATE TABLE never(x)"},
                             {2, "ALTER TABLE notes ADD COLUMN author TEXT"},
                             {3, "UPDATE notes SET author = 'somebody'"}};
  {
    auto database = Database::open(path, {});
    REQUIRE(database.ok());
    REQUIRE(migrate(**database, path, {}, steps).ok());
  }
  CHECK(scalar(path, "PRAGMA user_version") == 3);
  CHECK(scalar(path, "SELECT count(*) FROM notes WHERE text = 'kept' AND author = 'somebody'") ==
        1);
  const std::string copy = path + ".before-v3";
  CHECK(scalar(copy, "PRAGMA user_version") == 1);
  CHECK(scalar(copy, "SELECT count(*) FROM notes") == 1);
}

TEST_CASE("a migration that fails leaves the version before it", "[store][sqlite]") {
  TempFolder folder;
  const std::string path = folder.file("old.db");
  const Migration steps[] = {{1, "CREATE TABLE good(x)"},
                             {2, "CREATE TABLE half(x); CREATE TABLE good(x)"}};
  auto database = Database::open(path, {.create = true});
  REQUIRE(database.ok());
  CHECK_FALSE(migrate(**database, path, {}, steps).ok());
  CHECK(scalar(path, "PRAGMA user_version") == 1);
  CHECK(scalar(path, "SELECT count(*) FROM sqlite_schema WHERE name = 'half'") == 0);
}

TEST_CASE("a database from a newer program is refused and not touched", "[store][sqlite]") {
  TempFolder folder;
  must_open(options(folder)).reset();
  REQUIRE(execute(folder.file("store.db"), "PRAGMA user_version = 9000").ok());
  const auto opened = open_sqlite_store(options(folder));
  REQUIRE_FALSE(opened.ok());
  CHECK(opened.error().code == ErrorCode::kStorageFailed);
  CHECK(opened.error().detail.find("9000") != std::string::npos);
  CHECK(scalar(folder.file("store.db"), "PRAGMA user_version") == 9000);
}

TEST_CASE("what is not a database is refused", "[store][sqlite]") {
  TempFolder folder;
  std::ofstream(folder.file("store.db")) << std::string(10'000, 'x');
  const auto opened = open_sqlite_store(options(folder));
  REQUIRE_FALSE(opened.ok());
  CHECK(opened.error().code == ErrorCode::kStorageFailed);
  SqliteOptions nowhere = options(folder);
  nowhere.path = folder.file("no/such/folder/store.db");
  CHECK(open_sqlite_store(nowhere).error().code == ErrorCode::kStorageFailed);
}

TEST_CASE("two servers cannot use one database", "[store][sqlite]") {
  TempFolder folder;
  auto first = must_open(options(folder));
  const auto second = open_sqlite_store(options(folder));
  REQUIRE_FALSE(second.ok());
  CHECK(second.error().code == ErrorCode::kStorageFailed);
  first.reset();
  CHECK(open_sqlite_store(options(folder)).ok());
}

TEST_CASE("only its owner may read the database and its copies", "[store][sqlite]") {
  TempFolder folder;
  auto store = must_open(options(folder));
  REQUIRE(Calls(*store).put(user_record(1)).ok());
  REQUIRE(backup_sqlite(folder.file("store.db"), folder.file("copy.db")).ok());
  for (const char* name : {"store.db", "store.db-wal", "store.db-shm", "copy.db"}) {
    INFO(name);
    struct stat info {};
    REQUIRE(::stat(folder.file(name).c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
  }
}

TEST_CASE("a backup made under load is whole", "[store][sqlite]") {
  TempFolder folder;
  SqliteOptions small = options(folder);
  small.journal_events = 100;
  auto store = must_open(small);
  Calls calls(*store);
  REQUIRE(calls.put(user_record(1)).ok());
  REQUIRE(calls.write(creation(1, {1})).ok());
  for (std::uint64_t i = 1; i <= 500; ++i) {
    store->write_room(append(1, {message(1, i)}), [](auto) {});
  }
  REQUIRE(calls.write(append(1, {message(1, 501)})).ok());
  std::atomic<bool> stop{false};
  std::thread load([&] {
    for (std::uint64_t i = 1000; !stop; ++i) {
      Calls(*store).write(append(1, {message(1, i)})).ok();
    }
  });
  REQUIRE(backup_sqlite(small.path, folder.file("copy.db")).ok());
  stop = true;
  load.join();
  CHECK(backup_sqlite(small.path, folder.file("copy.db")).error().code ==
        ErrorCode::kInvalidArgument);
  CHECK_FALSE(backup_sqlite(folder.file("none.db"), folder.file("copy2.db")).ok());

  SqliteOptions restored = options(folder);
  restored.path = folder.file("copy.db");
  auto copy = must_open(restored);
  const auto log = Calls(*copy).events({.room = room_id(1), .limit = 10'000});
  REQUIRE(log->size() >= 501);
  for (std::size_t i = 0; i < log->size(); ++i) CHECK((*log)[i].event.seq.value == i + 1);
}

TEST_CASE("a full queue refuses and takes nothing", "[store][sqlite]") {
  TempFolder folder;
  SqliteOptions tiny = options(folder);
  tiny.max_queued_writes = 4;
  auto store = must_open(tiny);
  Calls calls(*store);
  REQUIRE(calls.put(user_record(1)).ok());
  REQUIRE(calls.write(creation(1, {1})).ok());
  constexpr std::uint64_t kWrites = 200;
  std::atomic<std::uint64_t> taken{0}, refused{0};
  for (std::uint64_t i = 1; i <= kWrites; ++i) {
    store->write_room(append(1, {message(1, i)}), [&](auto result) {
      if (result.ok()) ++taken;
      if (!result.ok() && result.error().code == ErrorCode::kOverloaded) ++refused;
    });
  }
  store->stop();
  CHECK(taken + refused == kWrites);
  CHECK(refused > 0);
  store.reset();
  store = must_open(options(folder));
  CHECK(Calls(*store).room(room_id(1))->head == Seq{taken});
}

TEST_CASE("mentions that were read are not kept", "[store][sqlite]") {
  TempFolder folder;
  auto store = must_open(options(folder));
  Calls calls(*store);
  for (std::uint64_t n = 1; n <= 2; ++n) REQUIRE(calls.put(user_record(n)).ok());
  REQUIRE(calls.write(creation(1, {1, 2})).ok());
  for (std::uint64_t i = 1; i <= 10; ++i) {
    NewEvent event = message(1, i);
    event.mentions = {user_id(1), user_id(2)};
    REQUIRE(calls.write(append(1, {event})).ok());
  }
  REQUIRE(calls.markers({{room_id(1), user_id(2), {7}, {7}}}).ok());
  store.reset();  // moves the journal, and with it the markers, to the tables
  const std::string path = options(folder).path;
  CHECK(scalar(path, "SELECT count(*) FROM mentions") == 13);
  CHECK(scalar(path, "SELECT min(seq) FROM mentions GROUP BY user_key ORDER BY user_key DESC") ==
        8);
  store = must_open(options(folder));
  CHECK(Calls(*store).room(room_id(1))->mentions == std::vector<std::uint32_t>{10, 3});
}

TEST_CASE("the write-ahead log and the journal stay bounded", "[store][sqlite]") {
  TempFolder folder;
  SqliteOptions small = options(folder);
  small.durable = false;
  small.checkpoint_pages = 64;
  small.journal_events = 256;
  auto store = must_open(small);
  Calls calls(*store);
  REQUIRE(calls.put(user_record(1)).ok());
  for (std::uint64_t room = 1; room <= 20; ++room) REQUIRE(calls.write(creation(room, {1})).ok());
  struct stat info {};
  off_t largest = 0;
  for (std::uint64_t i = 1; i <= 6000; ++i) {
    const auto write = append(1 + i % 20, {message(1, i, std::string(200, 'x'))});
    if (i % 50 != 0) {
      store->write_room(write, [](auto) {});
      continue;
    }
    REQUIRE(calls.write(write).ok());
    REQUIRE(::stat((small.path + "-wal").c_str(), &info) == 0);
    largest = std::max(largest, info.st_size);
  }
  CHECK(largest < 4 * 1024 * 1024);
  CHECK(scalar(small.path, "SELECT sum(length(data)) FROM journal") < 1024 * 1024);
  store.reset();
  CHECK(scalar(small.path, "SELECT count(*) FROM events") == 6000);
  CHECK(scalar(small.path, "SELECT count(*) FROM event_ids") == 6000);
  CHECK(scalar(small.path, "SELECT count(*) FROM journal") == 1);
}
