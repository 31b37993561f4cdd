// A thin layer over the SQLite C interface: connections, cached prepared statements, transactions
// and typed errors. Nothing above it sees a SQLite result code.
//
// Thread rule: a Database and everything made from it belongs to one thread at a time (connections
// are opened without SQLite's own mutexes).
#pragma once

#include <sqlite3.h>

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "shared/base/bytes.hpp"
#include "shared/base/id.hpp"
#include "shared/base/result.hpp"

namespace parley::store {

// kStorageFull when the disk, a quota or a file size limit stopped the write, kConflict when a
// constraint refused it (only that statement failed), kStorageFailed for everything else.
Error sqlite_error(sqlite3* connection, int code);

// True when only the statement failed and the transaction around it can go on.
inline bool is_local_failure(const Error& error) {
  return error.code != ErrorCode::kStorageFull && error.code != ErrorCode::kStorageFailed;
}

// One execution of a prepared statement: bind in order, then run() or next()/finish(). Errors
// stick, so that only the end needs a check. Bound data must live until the Query ends; the Query
// resets the statement when it goes, so one statement has one Query at a time.
class Query {
 public:
  Query(sqlite3_stmt* statement, Status prepared)
      : statement_(statement), status_(std::move(prepared)) {}
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  ~Query() {
    if (statement_ != nullptr) sqlite3_reset(statement_);
  }

  Query& bind(std::int64_t value) { return check(sqlite3_bind_int64(statement_, ++bound_, value)); }
  Query& bind(std::uint64_t value) { return bind(static_cast<std::int64_t>(value)); }
  Query& bind(std::uint32_t value) { return bind(static_cast<std::int64_t>(value)); }
  Query& bind(bool value) { return bind(static_cast<std::int64_t>(value)); }
  Query& bind(Timestamp value) { return bind(value.ms); }
  Query& bind(Seq value) { return bind(value.value); }
  Query& bind(ByteView value);
  template <class Tag>
  Query& bind(const Id<Tag>& id) {
    return bind(id.view());
  }
  Query& bind_text(std::string_view value);
  template <class Enum>
  Query& bind_enum(Enum value) {
    return bind(static_cast<std::int64_t>(value));
  }

  // True while there is a row. After false, finish() tells whether the end or an error was reached.
  bool next();
  const Status& finish() const { return status_; }
  // Runs a statement of which no rows are wanted.
  Status run() {
    while (next()) {
    }
    return status_;
  }

  bool is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
  std::uint64_t natural(int column) const { return static_cast<std::uint64_t>(integer(column)); }
  std::uint32_t natural32(int column) const { return static_cast<std::uint32_t>(integer(column)); }
  bool boolean(int column) const { return integer(column) != 0; }
  Timestamp time(int column) const { return {integer(column)}; }
  Seq seq(int column) const { return {natural(column)}; }
  ByteView blob(int column) const;
  std::string text(int column) const;
  template <class Identity>
  Identity id(int column) const {
    return Identity::from_bytes(blob(column)).value_or(Identity{});
  }
  template <class Enum>
  Enum enumerated(int column) const {
    return static_cast<Enum>(integer(column));
  }

 private:
  Query& check(int code) {
    if (code != SQLITE_OK && status_.ok()) fail(code);
    return *this;
  }
  void fail(int code);

  sqlite3_stmt* statement_;
  int bound_ = 0;
  Status status_;
};

struct OpenOptions {
  bool create = false;
  bool read_only = false;  // queries only; the file itself must still be writable (WAL index)
  std::int64_t cache_kib = 16 * 1024;
  std::string vfs;  // name of a registered VFS; empty: the default one
};

class Database {
 public:
  static Result<std::unique_ptr<Database>> open(const std::string& path,
                                                const OpenOptions& options);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  // Prepares the statement at its first use and keeps it; `sql` must have static storage.
  Query query(std::string_view sql);
  // For text made at run time: prepared again each time, at most one of these at a time.
  Query dynamic_query(const std::string& sql);
  // One or more statements without parameters.
  Status execute(const std::string& sql);

  std::int64_t changes() const { return sqlite3_changes64(connection_); }
  std::int64_t last_key() const { return sqlite3_last_insert_rowid(connection_); }
  bool in_transaction() const { return sqlite3_get_autocommit(connection_) == 0; }
  sqlite3* handle() const { return connection_; }

 private:
  explicit Database(sqlite3* connection) : connection_(connection) {}
  Status prepare(std::string_view sql, unsigned flags, sqlite3_stmt*& out);

  sqlite3* connection_;
  // Keyed by the address of the text: literals are looked up without hashing them.
  std::unordered_map<const char*, sqlite3_stmt*> statements_;
  sqlite3_stmt* dynamic_ = nullptr;
};

// Rolls back when it goes out of scope uncommitted. `write` takes the write lock at the beginning,
// so that nothing later in the transaction can find it taken.
class Transaction {
 public:
  enum class Kind : std::uint8_t { kRead, kWrite };
  Transaction(Database& database, Kind kind);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();

  const Status& began() const { return began_; }
  Status commit();

 private:
  Database& database_;
  Status began_;
};

}  // namespace parley::store
