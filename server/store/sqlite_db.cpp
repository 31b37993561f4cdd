#include "server/store/sqlite_db.hpp"

#include <cerrno>

namespace parley::store {
namespace {

constexpr int kBusyTimeoutMs = 5000;  // only a backup or another tool can hold a lock, and briefly

bool is_out_of_space(int system_errno) {
  return system_errno == ENOSPC || system_errno == EDQUOT || system_errno == EFBIG;
}

}  // namespace

Error sqlite_error(sqlite3* connection, int code) {
  const int primary = code & 0xff;
  // sqlite3_errstr names the code only; sqlite3_errmsg could carry content.
  const std::string detail = std::string("sqlite: ") + sqlite3_errstr(code);
  if (primary == SQLITE_FULL) return {ErrorCode::kStorageFull, detail, {}};
  if (primary == SQLITE_CONSTRAINT) return {ErrorCode::kConflict, detail, {}};
  if (primary == SQLITE_IOERR && connection != nullptr &&
      is_out_of_space(sqlite3_system_errno(connection))) {
    return {ErrorCode::kStorageFull, detail, {}};
  }
  return {ErrorCode::kStorageFailed, detail, {}};
}

Query& Query::bind(ByteView value) {
  // A null pointer would bind NULL instead of an empty blob.
  const void* data = value.empty() ? static_cast<const void*>("") : value.data();
  return check(sqlite3_bind_blob64(statement_, ++bound_, data, value.size(), SQLITE_STATIC));
}

Query& Query::bind_text(std::string_view value) {
  const char* data = value.empty() ? "" : value.data();
  return check(
      sqlite3_bind_text64(statement_, ++bound_, data, value.size(), SQLITE_STATIC, SQLITE_UTF8));
}

bool Query::next() {
  if (!status_.ok()) return false;
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) fail(code);
  return false;
}

void Query::fail(int code) {
  sqlite3* connection = statement_ != nullptr ? sqlite3_db_handle(statement_) : nullptr;
  const int extended = connection != nullptr ? sqlite3_extended_errcode(connection) : code;
  status_ = sqlite_error(connection, (extended & 0xff) == (code & 0xff) ? extended : code);
}

ByteView Query::blob(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return {static_cast<const std::uint8_t*>(data), static_cast<std::size_t>(size)};
}

std::string Query::text(int column) const {
  const ByteView bytes{sqlite3_column_text(statement_, column),
                       static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
  return std::string(as_text(bytes));
}

Result<std::unique_ptr<Database>> Database::open(const std::string& path,
                                                 const OpenOptions& options) {
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (options.create ? SQLITE_OPEN_CREATE : 0);
  sqlite3* connection = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &connection, flags,
                                   options.vfs.empty() ? nullptr : options.vfs.c_str());
  // The handle exists after a failed open too, and must be closed.
  std::unique_ptr<Database> database(new Database(connection));
  if (code != SQLITE_OK) return sqlite_error(connection, code);
  sqlite3_busy_timeout(connection, kBusyTimeoutMs);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  PARLEY_TRY(database->execute("PRAGMA cache_size = -" + std::to_string(options.cache_kib)));
  PARLEY_TRY(database->execute("PRAGMA temp_store = MEMORY"));
  if (options.read_only) PARLEY_TRY(database->execute("PRAGMA query_only = 1"));
  return database;
}

Database::~Database() {
  for (const auto& entry : statements_) sqlite3_finalize(entry.second);
  sqlite3_finalize(dynamic_);
  sqlite3_close_v2(connection_);
}

Status Database::prepare(std::string_view sql, unsigned flags, sqlite3_stmt*& out) {
  const int code = sqlite3_prepare_v3(connection_, sql.data(), static_cast<int>(sql.size()), flags,
                                      &out, nullptr);
  if (code != SQLITE_OK) return sqlite_error(connection_, code);
  return {};
}

Query Database::query(std::string_view sql) {
  const auto found = statements_.find(sql.data());
  if (found != statements_.end()) return {found->second, {}};
  sqlite3_stmt* statement = nullptr;
  Status prepared = prepare(sql, SQLITE_PREPARE_PERSISTENT, statement);
  if (prepared.ok()) statements_.emplace(sql.data(), statement);
  return {statement, std::move(prepared)};
}

Query Database::dynamic_query(const std::string& sql) {
  sqlite3_finalize(dynamic_);
  dynamic_ = nullptr;
  Status prepared = prepare(sql, 0, dynamic_);
  return {dynamic_, std::move(prepared)};
}

Status Database::execute(const std::string& sql) {
  const int code = sqlite3_exec(connection_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return sqlite_error(connection_, code);
  return {};
}

Transaction::Transaction(Database& database, Kind kind) : database_(database) {
  began_ = kind == Kind::kWrite ? database_.query("BEGIN IMMEDIATE").run()
                                : database_.query("BEGIN").run();
}

Transaction::~Transaction() {
  // Some errors (disk full) end the transaction by themselves; a failed rollback leaves nothing
  // that the next BEGIN would not report.
  if (database_.in_transaction()) static_cast<void>(database_.query("ROLLBACK").run());
}

Status Transaction::commit() { return database_.query("COMMIT").run(); }

}  // namespace parley::store
