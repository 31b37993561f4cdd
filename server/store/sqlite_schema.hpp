// The database's tables as numbered migrations, and the lock that keeps a second server away.
#pragma once

#include <span>

#include "server/store/sqlite_db.hpp"

namespace parley::store {

struct Migration {
  int version = 0;  // PRAGMA user_version after it
  const char* sql = nullptr;
};

// All of them, ascending from 1 without gaps. Released ones never change.
std::span<const Migration> migrations();

// Brings the database to the newest version, each migration in a transaction of its own. An
// existing database is copied first to `path` + ".before-v<newest>". A database that is newer than
// this program is refused with kStorageFailed and left as it is.
Status migrate(Database& database, const std::string& path, const std::string& vfs,
               std::span<const Migration> steps);

// Copies a database that may be in use, as it is at one moment, to a file that must not exist yet.
Status copy_database(const std::string& from, const std::string& to, const std::string& vfs);

// Makes an empty file that only its owner may read, unless there is one: the database holds
// secrets. SQLite gives its side files the same rights.
Status create_private_file(const std::string& path);

// Held as long as the object lives; the system releases it when the process ends in any way.
class ProcessLock {
 public:
  // kStorageFailed when another process (or another store in this one) has it.
  static Result<ProcessLock> take(const std::string& path);
  ProcessLock(ProcessLock&& other) noexcept : descriptor_(other.descriptor_) {
    other.descriptor_ = -1;
  }
  ProcessLock& operator=(ProcessLock&&) = delete;
  ~ProcessLock();

 private:
  explicit ProcessLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace parley::store
