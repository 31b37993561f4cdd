#include "client/native/local_store.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "client/native/system_rng.hpp"

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

std::filesystem::path base_folder(const char* variable, const char* below_home) {
  if (const char* set = std::getenv(variable); set && *set == '/') return set;
  if (const char* home = std::getenv("HOME"); home && *home) {
    return std::filesystem::path(home) / below_home;
  }
  return {};
}

void make_folder_of(const std::string& path) {
  std::error_code error;
  const auto folder = std::filesystem::path(path).parent_path();
  if (folder.empty() || std::filesystem::exists(folder, error)) return;
  std::filesystem::create_directories(folder, error);
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
}

// Of two programs that make it at the same time one wins, and both read what it wrote.
Result<crypto::Secret> load_key(const std::string& path) {
  crypto::Secret key;
  const auto fault = [&](const char* what) { return store_error("The key file " + path + what); };
  make_folder_of(path);
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    const std::string made = path + "." + std::to_string(::getpid());
    SystemRng().fill(key.write());
    const int file =
        ::open(made.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (file < 0) return fault(" cannot be made.");
    const bool written =
        ::write(file, key.expose().data(), key.size()) == ssize_t{key.size()} && ::fsync(file) == 0;
    ::close(file);
    const bool linked = written && (::link(made.c_str(), path.c_str()) == 0 || errno == EEXIST);
    ::unlink(made.c_str());
    if (!linked) return fault(" cannot be made.");
  }
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return fault(" cannot be read.");
  const bool whole = ::read(file, key.write().data(), key.size()) == ssize_t{key.size()};
  ::close(file);
  if (!whole) return fault(" is damaged.");
  return key;
}

ByteView column(sqlite3_stmt* statement, int index) {
  const auto* bytes = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement, index));
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement, index))};
}

bool bind_key(sqlite3_stmt* statement, int index, const std::string& key) {
  return sqlite3_bind_blob64(statement, index, key.empty() ? "" : key.data(), key.size(),
                             SQLITE_STATIC) == SQLITE_OK;
}

}  // namespace

void LocalStore::CloseDatabase::operator()(sqlite3* database) const { sqlite3_close_v2(database); }
void LocalStore::FinalizeStatement::operator()(sqlite3_stmt* s) const { sqlite3_finalize(s); }

std::string LocalStore::default_path(const std::string& name) {
  return (base_folder("XDG_DATA_HOME", ".local/share") / "parley" / (name + ".db")).string();
}

std::string LocalStore::key_path(const std::string& path) {
  const auto folder = std::filesystem::path(default_path("x")).parent_path();
  if (std::filesystem::path(path).parent_path() != folder) return path + ".key";
  return (base_folder("XDG_CONFIG_HOME", ".config") / "parley" / "store.key").string();
}

Result<LocalStore> LocalStore::open(const std::string& path) {
  auto key = load_key(key_path(path));
  if (!key) return key.error();
  make_folder_of(path);
  // SQLite gives its side files the mode of the main one, so making that first is enough.
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file < 0) return store_error("The file " + path + " cannot be made or opened.");
  ::fchmod(file, S_IRUSR | S_IWUSR);
  ::close(file);

  sqlite3* raw = nullptr;
  const int opened =
      sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  LocalStore store(Database(raw), std::move(*key));
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
  PARLEY_TRY(store.seal_plain_values());
  return store;
}

// With another key nothing may be written either: what is there could still be saved.
Status LocalStore::check_values() {
  sqlite3_stmt* statement = scan_.get();
  if (!bind_key(statement, 1, "") || !bind_key(statement, 2, "")) return failure();
  bool readable = true;
  if (sqlite3_step(statement) == SQLITE_ROW) {
    readable = values_.open(as_text(column(statement, 0)), column(statement, 1)).ok();
  }
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  if (readable) return {};
  return store_error(
      "The account's data was saved with another key. Put the key file back, or remove the data "
      "file to begin anew on this machine.");
}

// Once, for a file of an earlier version, which has user_version 0.
Status LocalStore::seal_plain_values() {
  Statement version;
  PARLEY_TRY(prepare("PRAGMA user_version", version));
  if (sqlite3_step(version.get()) != SQLITE_ROW) return failure();
  const bool sealed = sqlite3_column_int(version.get(), 0) >= 1;
  version.reset();
  if (sealed) return check_values();
  std::vector<Entry> plain;
  sqlite3_stmt* statement = scan_.get();
  if (!bind_key(statement, 1, "") || !bind_key(statement, 2, "")) return failure();
  while (sqlite3_step(statement) == SQLITE_ROW) {
    plain.push_back({std::string(as_text(column(statement, 0))), to_bytes(column(statement, 1))});
  }
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  PARLEY_TRY(write(plain, "PRAGMA user_version=1; COMMIT"));
  return run("PRAGMA wal_checkpoint(TRUNCATE)");
}

Status LocalStore::write(const std::vector<Entry>& entries) { return write(entries, "COMMIT"); }

Status LocalStore::write(const std::vector<Entry>& entries, const char* commit) {
  PARLEY_TRY(run("BEGIN IMMEDIATE"));
  for (const Entry& entry : entries) {
    sqlite3_stmt* statement = entry.value.empty() ? erase_.get() : put_.get();
    bool good = bind_key(statement, 1, entry.key);
    Bytes sealed;
    if (!entry.value.empty()) {
      SystemRng rng;
      sealed = values_.seal(rng, entry.key, entry.value);
      good = good && sqlite3_bind_blob64(statement, 2, sealed.data(), sealed.size(),
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
  if (const Status committed = run(commit); !committed) {
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
    const std::string key(as_text(column(statement, 0)));
    // One that does not open counts as not there, as one that cannot be decoded does.
    auto value = values_.open(key, column(statement, 1));
    if (value) entries.push_back({key, std::move(*value)});
  }
  const Error error = step == SQLITE_DONE ? Error{} : failure();
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  if (step != SQLITE_DONE) return error;
  return entries;
}

Status LocalStore::clear() {
  PARLEY_TRY(run("DELETE FROM entries WHERE key <> CAST('native/server' AS BLOB)"));
  return run("PRAGMA wal_checkpoint(TRUNCATE)");
}

Status LocalStore::bind_server(const std::string& url) {
  const std::string key = "native/server";
  auto kept = read(key);
  if (!kept) return kept.error();
  const auto session = read("session");
  if (!session) return session.error();
  const std::string owner = kept->empty() ? url : std::string(as_text(kept->front().value));
  if (owner != url && !session->empty()) {
    return Error{ErrorCode::kNotPossible,
                 "this device's store has a session on " + owner + "; for " + url +
                     " use another store: --store FILE",
                 {}};
  }
  if (!kept->empty() && owner == url) return {};
  return write({{key, to_bytes(as_bytes(url))}});
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
