// The write thread: group commit over everything that gathered in the queue.
//
// The table of events is clustered by room, so writing each event there at once would dirty a page
// for each (10 KB of writes for a 200-byte event, measured with 500 busy rooms). Instead a commit
// writes one journal row with all its events; they are readable from the recent table (memory) and
// move to their table in larger pieces with later commits (SqliteFlusher). Opening the database
// reads the journal back. STORE.md has the figures.
//
// There is no artificial delay: while one commit waits for the disk, the next batch gathers.
#pragma once

#include <atomic>
#include <thread>

#include "server/store/sqlite_applier.hpp"
#include "server/store/sqlite_checkpointer.hpp"
#include "server/store/sqlite_flusher.hpp"
#include "server/store/sqlite_options.hpp"
#include "server/store/sqlite_trimmer.hpp"
#include "server/store/write_queue.hpp"

namespace parley::store {

class SqliteWriter {
 public:
  // `database` is the migrated write connection, `checkpoints` another one to the same file.
  static Result<std::unique_ptr<SqliteWriter>> start(const SqliteOptions& options,
                                                     std::unique_ptr<Database> database,
                                                     std::unique_ptr<Database> checkpoints);
  ~SqliteWriter();

  // Any thread. On failure the item is untouched.
  Status push(WriteItem& item) { return queue_.push(item); }
  StoreStats stats() const;
  const RecentTable& recent() const { return recent_; }
  // Writes what was taken and ends the thread.
  void stop();

 private:
  using Items = std::span<WriteItem>;

  SqliteWriter(const SqliteOptions& options, std::unique_ptr<Database> database,
               std::unique_ptr<Database> checkpoints);
  static int count_wal_pages(void* self, sqlite3* connection, const char* name, int pages);

  void run();
  void write(Items batch);
  Status write_transaction(Items batch);
  Status apply(WriteItem& item);  // a failure here is one of the whole transaction
  Result<Trimmed> trim(const TrimQuery& query);
  static void fail(WriteItem& item, const Error& error);
  static void call_back(WriteItem& item);
  void keep_log_short();
  void rest();    // nothing to do for a while
  void finish();  // after the last write

  const std::function<Timestamp()> clock_;
  const int checkpoint_pages_;
  std::unique_ptr<Database> database_;
  RecentTable recent_;
  RecentIds ids_;
  SqliteApplier applier_;
  SqliteFlusher flusher_;
  SqliteTrimmer trimmer_;
  SqliteCheckpointer checkpointer_;
  WriteQueue queue_;

  bool flush_next_ = false;  // the journal has something that is to be deleted
  int wal_pages_ = 0;
  bool last_failed_ = false;
  std::atomic<std::uint64_t> commits_{0};
  std::atomic<std::uint64_t> events_{0};
  std::atomic<double> last_commit_ms_{0};
  std::atomic<bool> writable_{true};
  std::thread thread_;
};

}  // namespace parley::store
