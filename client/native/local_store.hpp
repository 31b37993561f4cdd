// The client core's key-value store in one SQLite file of this account and machine.
//
// Values are encrypted with a key that is kept in another place (key_path), so that a copy
// of the data folder alone is of no use. One owner: a second program that opens the same file is
// told so. Not thread-safe.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "client/core/client.hpp"
#include "client/core/sealed_values.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace parley::native {

class LocalStore {
 public:
  using Entry = client::WriteStore::Entry;

  // Makes the file, the key file (both readable by their owner only) and their folders when they
  // are missing; seals what an earlier version left in the clear. The error's detail is for people.
  static Result<LocalStore> open(const std::string& path);
  // $XDG_DATA_HOME/parley/<name>.db, or its default below the home folder.
  static std::string default_path(const std::string& name);
  // Of the files in the default folder: $XDG_CONFIG_HOME/parley/store.key, or its default below the
  // home folder. Of a file elsewhere: beside it, with ".key" added.
  static std::string key_path(const std::string& path);

  // All entries or none; an empty value erases its key. Survives the end of the program at any
  // moment.
  Status write(const std::vector<Entry>& entries);
  // Every entry whose key starts with `prefix`, by key.
  Result<std::vector<Entry>> read(const std::string& prefix);
  Status clear();  // all but which server it belongs to
  // A store with a session belongs to one server: tokens and proofs are for nobody else. The error's
  // detail is for people.
  Status bind_server(const std::string& url);

 private:
  struct CloseDatabase {
    void operator()(sqlite3* database) const;
  };
  struct FinalizeStatement {
    void operator()(sqlite3_stmt* statement) const;
  };
  using Database = std::unique_ptr<sqlite3, CloseDatabase>;
  using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

  LocalStore(Database database, crypto::Secret key)
      : database_(std::move(database)), values_(std::move(key)) {}
  Status write(const std::vector<Entry>& entries, const char* commit);
  Status check_values();
  Status seal_plain_values();
  Status run(const char* sql);
  Status prepare(const char* sql, Statement& out);
  Error failure() const;

  Database database_;  // first: statements go before it
  Statement put_, erase_, scan_;
  client::SealedValues values_;
};

}  // namespace parley::native
