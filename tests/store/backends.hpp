// The stores that the contract suite runs against. A backend opens a store on its own fresh
// storage, and opens the same storage again after the store was closed.
#pragma once

#include <tuple>

#include "tests/store/store_harness.hpp"

namespace parley::store::testing {

// Everything stays in the journal and the recent table. Opening again happens on a copy of the
// running store's database, which is what a killed process leaves: the journal must be read back.
struct SqliteBackend {
  SqliteOptions options() {
    return {.path = folder.file("store-" + std::to_string(copies) + ".db"),
            .clock = clock.function()};
  }
  void open() {
    if (store != nullptr) {
      const std::string running = options().path;
      ++copies;
      REQUIRE(backup_sqlite(running, options().path).ok());
    }
    store.reset();
    auto opened = open_sqlite_store(options());
    REQUIRE(opened.ok());
    store = std::move(*opened);
  }
  TempFolder folder;
  TestClock clock;
  int copies = 0;
  std::unique_ptr<Store> store;
};

// The journal is flushed with nearly every commit, so that reads come from the tables.
struct FlushingSqliteBackend : SqliteBackend {
  void open() {
    store.reset();
    SqliteOptions small = options();
    small.journal_events = 1;
    small.checkpoint_pages = 8;
    small.cached_rooms = 2;
    auto opened = open_sqlite_store(small);
    REQUIRE(opened.ok());
    store = std::move(*opened);
  }
};

using Backends = std::tuple<SqliteBackend, FlushingSqliteBackend>;

}  // namespace parley::store::testing
