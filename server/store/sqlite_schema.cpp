#include "server/store/sqlite_schema.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace parley::store {
namespace {

// Rooms and users have small integer keys; ids are looked up once and cached.
//
// events.id is (room key << 32) | seq: an integer-keyed tree clustered by room and sequence, the
// cheapest b-tree SQLite has. room_heads is what the newest flushed event of a room left behind.
// journal holds one row a commit: the events and markers of that commit which are not in their
// tables yet (see sqlite_writer.hpp); its newest row always stays, for the position counter.
constexpr const char* kInitial = R"sql(
CREATE TABLE users(
  key INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  name TEXT NOT NULL,
  guest INTEGER NOT NULL,
  created INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  presence INTEGER NOT NULL,
  status_text TEXT NOT NULL
) STRICT;

CREATE TABLE devices(
  id BLOB PRIMARY KEY,
  user_key INTEGER NOT NULL,
  name TEXT NOT NULL,
  created INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  revoked INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX devices_by_user ON devices(user_key);

CREATE TABLE rooms(
  key INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  created INTEGER NOT NULL,
  deleted INTEGER NOT NULL,
  version INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  access INTEGER NOT NULL,
  name TEXT NOT NULL,
  topic TEXT NOT NULL,
  members INTEGER NOT NULL,
  changed INTEGER NOT NULL
) STRICT;
CREATE INDEX rooms_directory ON rooms(members DESC, key) WHERE deleted = 0 AND access = 0;

CREATE TABLE room_heads(
  room_key INTEGER PRIMARY KEY,
  head INTEGER NOT NULL,
  ordinal INTEGER NOT NULL,
  position INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  last_message INTEGER NOT NULL
) STRICT;

CREATE TABLE members(
  room_key INTEGER NOT NULL,
  user_key INTEGER NOT NULL,
  role INTEGER NOT NULL,
  banned INTEGER NOT NULL,
  delivered INTEGER NOT NULL,
  read INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  PRIMARY KEY(room_key, user_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_by_user ON members(user_key);

CREATE TABLE events(
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  ordinal INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  sender BLOB NOT NULL,
  device BLOB NOT NULL,
  client_id BLOB NOT NULL,
  body BLOB NOT NULL
) STRICT;

CREATE TABLE event_ids(
  client_id BLOB NOT NULL,
  room_key INTEGER NOT NULL,
  sender_key INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY(client_id, room_key, sender_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE mentions(
  room_key INTEGER NOT NULL,
  user_key INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY(room_key, user_key, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE invites(
  id BLOB PRIMARY KEY,
  room_key INTEGER NOT NULL,
  code TEXT NOT NULL UNIQUE,
  expires INTEGER NOT NULL,
  max_uses INTEGER NOT NULL,
  uses INTEGER NOT NULL,
  created_by BLOB NOT NULL,
  revoked INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX invites_by_room ON invites(room_key);

CREATE TABLE settings(
  key TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE journal(
  id INTEGER PRIMARY KEY,
  position INTEGER NOT NULL,
  data BLOB NOT NULL
) STRICT;
)sql";

// Private rooms. An inbox item is a device's claim to something that may wait for many devices;
// what nobody waits for any more goes with the last claim. Used key packages leave their hash
// behind until they would have expired, so that none comes back.
constexpr const char* kPrivateRooms = R"sql(
ALTER TABLE rooms ADD COLUMN direct INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rooms ADD COLUMN history INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rooms ADD COLUMN disappear_after_s INTEGER NOT NULL DEFAULT 0;

CREATE TABLE groups(
  room_key INTEGER PRIMARY KEY,
  epoch INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  group_info BLOB NOT NULL,
  tree BLOB NOT NULL
) STRICT;

CREATE TABLE direct_rooms(
  lower_user INTEGER NOT NULL,
  upper_user INTEGER NOT NULL,
  room_key INTEGER NOT NULL,
  PRIMARY KEY(lower_user, upper_user)
) STRICT, WITHOUT ROWID;

CREATE TABLE key_packages(
  key INTEGER PRIMARY KEY,
  device BLOB NOT NULL,
  ref BLOB NOT NULL UNIQUE,
  last_resort INTEGER NOT NULL,
  used INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  data BLOB NOT NULL
) STRICT;
CREATE INDEX key_packages_by_device ON key_packages(device, last_resort, used, key);

CREATE TABLE inbox_contents(
  key INTEGER PRIMARY KEY,
  kind INTEGER NOT NULL,
  room BLOB NOT NULL,
  sender BLOB NOT NULL,
  device BLOB NOT NULL,
  at INTEGER NOT NULL,
  body BLOB NOT NULL,
  tree BLOB NOT NULL
) STRICT;
CREATE TABLE inbox(
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  device BLOB NOT NULL,
  content INTEGER NOT NULL
) STRICT;
CREATE INDEX inbox_by_device ON inbox(device, number);
CREATE INDEX inbox_by_content ON inbox(content);
CREATE TRIGGER inbox_taken AFTER DELETE ON inbox
WHEN NOT EXISTS (SELECT 1 FROM inbox WHERE content = OLD.content) BEGIN
  DELETE FROM inbox_contents WHERE key = OLD.content;
END;

CREATE TABLE device_lists(
  user_key INTEGER PRIMARY KEY,
  version INTEGER NOT NULL,
  list BLOB NOT NULL
) STRICT;

CREATE TABLE vault(
  user_key INTEGER NOT NULL,
  number INTEGER NOT NULL,
  key BLOB NOT NULL,
  sealed BLOB NOT NULL,
  PRIMARY KEY(user_key, number)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX vault_by_key ON vault(user_key, key);

CREATE TABLE vault_wraps(
  user_key INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  device BLOB NOT NULL,
  sealed BLOB NOT NULL,
  PRIMARY KEY(user_key, kind, device)
) STRICT, WITHOUT ROWID;

CREATE TABLE recovery_tokens(
  user_key INTEGER PRIMARY KEY,
  hash BLOB NOT NULL UNIQUE
) STRICT;
)sql";

// Where each epoch of a group began. Commits that a server of version 2 had in its journal only are
// not found: whoever needs them joins anew.
constexpr const char* kCommits = R"sql(
CREATE TABLE commits(
  room_key INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY(room_key, epoch)
) STRICT, WITHOUT ROWID;
INSERT INTO commits(room_key, epoch, seq)
SELECT id >> 32, row_number() OVER (PARTITION BY id >> 32 ORDER BY id), id & 0xffffffff
FROM events WHERE kind = 21;
)sql";

// What lets a new device sign in: one for a user at a time.
constexpr const char* kLinkCodes = R"sql(
CREATE TABLE link_codes(
  user_key INTEGER PRIMARY KEY,
  hash BLOB NOT NULL UNIQUE,
  expires INTEGER NOT NULL
) STRICT;
)sql";

// What comes with an invitation to a private room.
constexpr const char* kInviteBundles = "ALTER TABLE invites ADD COLUMN bundle BLOB;";

// Logs that do not begin with their first event any more. A vault's numbers go on where they were
// when its newest entry is deleted.
constexpr const char* kTrimming = R"sql(
ALTER TABLE room_heads ADD COLUMN first INTEGER NOT NULL DEFAULT 1;
ALTER TABLE room_heads ADD COLUMN trimmed INTEGER NOT NULL DEFAULT 0;
CREATE INDEX rooms_disappearing ON rooms(key) WHERE disappear_after_s > 0;

CREATE TABLE vault_heads(
  user_key INTEGER PRIMARY KEY,
  newest INTEGER NOT NULL
) STRICT;
INSERT INTO vault_heads(user_key, newest) SELECT user_key, max(number) FROM vault GROUP BY user_key;
)sql";

constexpr Migration kMigrations[] = {
    {1, kInitial},   {2, kPrivateRooms},  {3, kCommits},
    {4, kLinkCodes}, {5, kInviteBundles}, {6, kTrimming},
};

Result<int> user_version(Database& database) {
  Query query = database.query("PRAGMA user_version");
  const int version = query.next() ? static_cast<int>(query.integer(0)) : 0;
  PARLEY_TRY(query.finish());
  return version;
}

Status apply(Database& database, const Migration& step) {
  Transaction transaction(database, Transaction::Kind::kWrite);
  PARLEY_TRY(transaction.began());
  PARLEY_TRY(database.execute(step.sql));
  PARLEY_TRY(database.execute("PRAGMA user_version = " + std::to_string(step.version)));
  return transaction.commit();
}

}  // namespace

std::span<const Migration> migrations() { return kMigrations; }

Status migrate(Database& database, const std::string& path, const std::string& vfs,
               std::span<const Migration> steps) {
  auto version = user_version(database);
  if (!version.ok()) return version.error();
  const int newest = steps.back().version;
  if (*version > newest) {
    return Error{ErrorCode::kStorageFailed,
                 "the database has version " + std::to_string(*version) +
                     ", this program knows versions up to " + std::to_string(newest) +
                     ": start a newer program or restore a backup",
                 {}};
  }
  if (*version == newest) return {};
  if (*version > 0) {
    const std::string copy = path + ".before-v" + std::to_string(newest);
    std::remove(copy.c_str());  // of an earlier attempt that did not get through
    PARLEY_TRY(copy_database(path, copy, vfs));
  }
  for (const Migration& step : steps) {
    if (step.version > *version) PARLEY_TRY(apply(database, step));
  }
  return {};
}

Status copy_database(const std::string& from, const std::string& to, const std::string& vfs) {
  if (::access(to.c_str(), F_OK) == 0) {
    return Error{ErrorCode::kInvalidArgument, "the target of the copy exists already", {}};
  }
  auto source = Database::open(from, {.read_only = true, .vfs = vfs});
  if (!source.ok()) return source.error();
  // Under another name until it is whole: a cut-off copy must not look like a backup.
  const std::string partial = to + ".partial";
  std::remove(partial.c_str());
  PARLEY_TRY(create_private_file(partial));
  {
    auto target = Database::open(partial, {.create = true, .vfs = vfs});
    if (!target.ok()) return target.error();
    sqlite3_backup* backup =
        sqlite3_backup_init((*target)->handle(), "main", (*source)->handle(), "main");
    if (backup == nullptr) {
      return sqlite_error((*target)->handle(), sqlite3_extended_errcode((*target)->handle()));
    }
    // All pages in one step: one read transaction, so writers of the source cannot restart it.
    int code = sqlite3_backup_step(backup, -1);
    while (code == SQLITE_BUSY || code == SQLITE_LOCKED) {
      sqlite3_sleep(10);
      code = sqlite3_backup_step(backup, -1);
    }
    const int finished = sqlite3_backup_finish(backup);
    if (code != SQLITE_DONE || finished != SQLITE_OK) {
      const Error error = sqlite_error((*target)->handle(), code != SQLITE_DONE ? code : finished);
      std::remove(partial.c_str());
      return error;
    }
  }
  if (std::rename(partial.c_str(), to.c_str()) != 0) {
    return Error{ErrorCode::kStorageFailed, "the finished copy could not be renamed", {}};
  }
  return {};
}

Status create_private_file(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    const ErrorCode code = errno == ENOSPC ? ErrorCode::kStorageFull : ErrorCode::kStorageFailed;
    return Error{code, "a file of the database cannot be opened for writing", {}};
  }
  ::close(descriptor);
  return {};
}

Result<ProcessLock> ProcessLock::take(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    const ErrorCode code = errno == ENOSPC ? ErrorCode::kStorageFull : ErrorCode::kStorageFailed;
    return Error{code, "the lock file cannot be opened", {}};
  }
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    ::close(descriptor);
    return Error{ErrorCode::kStorageFailed, "another server uses this database", {}};
  }
  return ProcessLock(descriptor);
}

ProcessLock::~ProcessLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace parley::store
