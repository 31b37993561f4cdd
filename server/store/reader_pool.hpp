// The reader threads and the bounded queue of reads in front of them.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "server/store/sqlite_reader.hpp"

namespace parley::store {

class ReaderPool {
 public:
  using Task = std::function<void(SqliteReader&)>;

  // One thread for each connection.
  ReaderPool(std::vector<std::unique_ptr<Database>> connections, const RecentTable& recent,
             std::size_t max_queued);
  ~ReaderPool();

  // Any thread. kOverloaded or kShuttingDown when the task was not taken.
  Status push(Task& task);
  // Answers what was taken, then ends the threads.
  void stop();

 private:
  void run(SqliteReader& reader);

  const std::size_t max_queued_;
  std::mutex mutex_;
  std::condition_variable filled_;
  std::deque<Task> tasks_;
  bool closed_ = false;
  std::vector<std::unique_ptr<SqliteReader>> readers_;
  std::vector<std::thread> threads_;
};

}  // namespace parley::store
