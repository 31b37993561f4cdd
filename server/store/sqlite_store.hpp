// The Store on SQLite: one write thread with group commit, reader threads on WAL snapshots.
#pragma once

#include "server/store/sqlite_options.hpp"
#include "server/store/store.hpp"

namespace parley::store {

// Creates or migrates the database, takes its lock (`path` + ".lock"), reads the journal back and
// starts the threads. kStorageFailed when another server uses it or it is newer than this program.
Result<std::unique_ptr<Store>> open_sqlite_store(SqliteOptions options);

// Copies a database, in use or not, as it is at one moment. kInvalidArgument when `to` exists.
Status backup_sqlite(const std::string& from, const std::string& to);

}  // namespace parley::store
