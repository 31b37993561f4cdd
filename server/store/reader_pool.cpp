#include "server/store/reader_pool.hpp"

namespace parley::store {

ReaderPool::ReaderPool(std::vector<std::unique_ptr<Database>> connections,
                       const RecentTable& recent, std::size_t max_queued)
    : max_queued_(max_queued) {
  for (auto& connection : connections) {
    readers_.push_back(std::make_unique<SqliteReader>(std::move(connection), recent));
  }
  for (auto& reader : readers_) {
    threads_.emplace_back([this, raw = reader.get()] { run(*raw); });
  }
}

ReaderPool::~ReaderPool() { stop(); }

Status ReaderPool::push(Task& task) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return ErrorCode::kShuttingDown;
    if (tasks_.size() >= max_queued_) return ErrorCode::kOverloaded;
    tasks_.push_back(std::move(task));
  }
  filled_.notify_one();
  return {};
}

void ReaderPool::stop() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  filled_.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void ReaderPool::run(SqliteReader& reader) {
  std::unique_lock lock(mutex_);
  while (true) {
    filled_.wait(lock, [this] { return closed_ || !tasks_.empty(); });
    if (tasks_.empty()) return;
    const Task task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task(reader);
    lock.lock();
  }
}

}  // namespace parley::store
