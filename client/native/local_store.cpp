#include "client/native/local_store.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace parley::native {
namespace {

constexpr int kMaxValueBytes = 64 << 20;

Error store_error(std::string detail) { return {ErrorCode::kLocalStore, std::move(detail), {}}; }

// The first key after all those that start with `prefix`; empty when there is none.
std::string after_prefix(std::string prefix) {
  while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xff) prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

bool bind_key(sqlite3_stmt* statement, int index, const std::string& key) {
  return sqlite3_bind_blob64(statement, index, key.empty() ? "" : key.data(), key.size(),
                             SQLITE_STATIC) == SQLITE_OK;
}

}  // namespace

void LocalStore::CloseDatabase::operator()(sqlite3* database) const { sqlite3_close_v2(database); }
void LocalStore::FinalizeStatement::operator()(sqlite3_stmt* s) const { sqlite3_finalize(s); }

std::string LocalStore::default_path(const std::string& name) {
  std::filesystem::path base;
  if (const char* data = std::getenv("XDG_DATA_HOME"); data && *data == '/') {
    base = data;
  } else if (const char* home = std::getenv("HOME"); home && *home) {
    base = std::filesystem::path(home) / ".local" / "share";
  }
  return (base / "parley" / (name + ".db")).string();
}

Result<LocalStore> LocalStore::open(const std::string& path) {
  std::error_code error;
  const auto folder = std::filesystem::path(path).parent_path();
  if (!folder.empty() && !std::filesystem::exists(folder, error)) {
    std::filesystem::create_directories(folder, error);
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  }
  // SQLite gives its side files the mode of the main one, so making that first is enough.
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file < 0) return store_error("The file " + path + " cannot be made or opened.");
  ::fchmod(file, S_IRUSR | S_IWUSR);
  ::close(file);

  sqlite3* raw = nullptr;
  const int opened =
      sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  LocalStore store{Database(raw)};
  if (opened != SQLITE_OK) return store.failure();
  sqlite3_busy_timeout(raw, 1000);
  sqlite3_limit(raw, SQLITE_LIMIT_LENGTH, kMaxValueBytes);
  PARLEY_TRY(store.run("PRAGMA locking_mode=EXCLUSIVE"));
  PARLEY_TRY(store.run("PRAGMA journal_mode=WAL"));
  // What waits in the outbox must be there after a power loss too.
  PARLEY_TRY(store.run("PRAGMA synchronous=FULL"));
  PARLEY_TRY(store.run("PRAGMA secure_delete=ON"));
  PARLEY_TRY(store.run("BEGIN IMMEDIATE"));
  PARLEY_TRY(
      store.run("CREATE TABLE IF NOT EXISTS entries"
                "(key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID"));
  PARLEY_TRY(store.run("COMMIT"));
  PARLEY_TRY(
      store.prepare("INSERT INTO entries(key, value) VALUES(?1, ?2) "
                    "ON CONFLICT(key) DO UPDATE SET value = excluded.value",
                    store.put_));
  PARLEY_TRY(store.prepare("DELETE FROM entries WHERE key = ?1", store.erase_));
  PARLEY_TRY(
      store.prepare("SELECT key, value FROM entries WHERE key >= ?1 AND (?2 = x'' OR key < ?2) "
                    "ORDER BY key",
                    store.scan_));
  return store;
}

Status LocalStore::write(const std::vector<Entry>& entries) {
  PARLEY_TRY(run("BEGIN IMMEDIATE"));
  for (const Entry& entry : entries) {
    sqlite3_stmt* statement = entry.value.empty() ? erase_.get() : put_.get();
    bool good = bind_key(statement, 1, entry.key);
    if (!entry.value.empty()) {
      good = good && sqlite3_bind_blob64(statement, 2, entry.value.data(), entry.value.size(),
                                         SQLITE_STATIC) == SQLITE_OK;
    }
    good = good && sqlite3_step(statement) == SQLITE_DONE;
    const Error error = good ? Error{} : failure();
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    if (!good) {
      (void)run("ROLLBACK").ok();
      return error;
    }
  }
  if (const Status committed = run("COMMIT"); !committed) {
    (void)run("ROLLBACK").ok();
    return committed;
  }
  return {};
}

Result<std::vector<LocalStore::Entry>> LocalStore::read(const std::string& prefix) {
  std::vector<Entry> entries;
  const std::string end = after_prefix(prefix);
  sqlite3_stmt* statement = scan_.get();
  if (!bind_key(statement, 1, prefix) || !bind_key(statement, 2, end)) return failure();
  int step = sqlite3_step(statement);
  for (; step == SQLITE_ROW; step = sqlite3_step(statement)) {
    const auto* key = static_cast<const char*>(sqlite3_column_blob(statement, 0));
    const auto key_size = static_cast<std::size_t>(sqlite3_column_bytes(statement, 0));
    const auto* value = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement, 1));
    const auto value_size = static_cast<std::size_t>(sqlite3_column_bytes(statement, 1));
    entries.push_back({std::string(key, key_size), Bytes(value, value + value_size)});
  }
  const Error error = step == SQLITE_DONE ? Error{} : failure();
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  if (step != SQLITE_DONE) return error;
  return entries;
}

Status LocalStore::clear() {
  PARLEY_TRY(run("DELETE FROM entries"));
  return run("PRAGMA wal_checkpoint(TRUNCATE)");
}

Status LocalStore::run(const char* sql) {
  if (sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) return failure();
  return {};
}

Status LocalStore::prepare(const char* sql, Statement& out) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v3(database_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &raw, nullptr) !=
      SQLITE_OK) {
    return failure();
  }
  out.reset(raw);
  return {};
}

Error LocalStore::failure() const {
  const int code = sqlite3_errcode(database_.get()) & 0xff;
  if (code == SQLITE_BUSY || code == SQLITE_LOCKED) {
    return store_error("Another Parley program is using this account's data. Close it first.");
  }
  if (code == SQLITE_FULL) return store_error("The disk is full.");
  if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB) {
    return store_error("The account's data file is damaged.");
  }
  return store_error(sqlite3_errmsg(database_.get()));
}

}  // namespace parley::native
