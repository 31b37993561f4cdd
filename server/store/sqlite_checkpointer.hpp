// Copies the write-ahead log into the database file beside the commits, on a thread and connection
// of its own. The log can only start over when a checkpoint has caught up with it, which under load
// never happens here: so the write thread asks take_finished() and does the short remainder between
// two commits.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "server/store/sqlite_db.hpp"

namespace parley::store {

class SqliteCheckpointer {
 public:
  explicit SqliteCheckpointer(std::unique_ptr<Database> database);
  ~SqliteCheckpointer();  // waits for a running checkpoint

  // Write thread: starts a checkpoint unless one runs or its end was not taken yet.
  void request();
  // Write thread: returns when no checkpoint runs.
  void wait();
  // Write thread: true once after each checkpoint.
  bool take_finished();

 private:
  enum class State : std::uint8_t { kIdle, kRequested, kFinished };
  void run();

  std::unique_ptr<Database> database_;
  std::mutex mutex_;
  std::condition_variable wake_, ended_;
  State state_ = State::kIdle;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace parley::store
