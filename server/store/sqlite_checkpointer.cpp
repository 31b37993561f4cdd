#include "server/store/sqlite_checkpointer.hpp"

namespace parley::store {

SqliteCheckpointer::SqliteCheckpointer(std::unique_ptr<Database> database)
    : database_(std::move(database)), thread_([this] { run(); }) {}

SqliteCheckpointer::~SqliteCheckpointer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void SqliteCheckpointer::request() {
  {
    const std::lock_guard lock(mutex_);
    if (state_ != State::kIdle) return;
    state_ = State::kRequested;
  }
  wake_.notify_one();
}

void SqliteCheckpointer::wait() {
  std::unique_lock lock(mutex_);
  ended_.wait(lock, [this] { return state_ != State::kRequested; });
  state_ = State::kIdle;
}

bool SqliteCheckpointer::take_finished() {
  const std::lock_guard lock(mutex_);
  if (state_ != State::kFinished) return false;
  state_ = State::kIdle;
  return true;
}

void SqliteCheckpointer::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || state_ == State::kRequested; });
    if (stopping_) return;
    lock.unlock();
    // A failure (disk full) loses nothing: the log keeps the pages, and the next request tries
    // again.
    sqlite3_wal_checkpoint_v2(database_->handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr,
                              nullptr);
    lock.lock();
    state_ = State::kFinished;
    ended_.notify_one();
  }
}

}  // namespace parley::store
