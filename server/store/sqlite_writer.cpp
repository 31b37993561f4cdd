#include "server/store/sqlite_writer.hpp"

#include <algorithm>
#include <chrono>

namespace parley::store {
namespace {

// Bounds how long one commit keeps everybody else waiting.
constexpr std::size_t kMaxItemsPerCommit = 4096;
constexpr std::size_t kMaxBytesPerCommit = 16 * 1024 * 1024;
// A slice of the flush with each commit; more than comes in, so that the round ends.
constexpr std::size_t kMinSlice = 512;
constexpr std::size_t kSlicePerEvent = 3;
constexpr int kBlockingCheckpointFactor = 4;  // times checkpoint_pages
constexpr Duration kRestAfter = seconds(1);

}  // namespace

Result<std::unique_ptr<SqliteWriter>> SqliteWriter::start(const SqliteOptions& options,
                                                          std::unique_ptr<Database> database,
                                                          std::unique_ptr<Database> checkpoints) {
  std::unique_ptr<SqliteWriter> writer(
      new SqliteWriter(options, std::move(database), std::move(checkpoints)));
  PARLEY_TRY(writer->applier_.recover());
  writer->thread_ = std::thread([raw = writer.get()] { raw->run(); });
  return writer;
}

SqliteWriter::SqliteWriter(const SqliteOptions& options, std::unique_ptr<Database> database,
                           std::unique_ptr<Database> checkpoints)
    : clock_(options.clock),
      checkpoint_pages_(options.checkpoint_pages),
      database_(std::move(database)),
      applier_(*database_, recent_, ids_, options.cached_rooms),
      flusher_(*database_, recent_, ids_, {options.journal_events, options.journal_bytes}),
      trimmer_(*database_, recent_),
      checkpointer_(std::move(checkpoints)),
      queue_(options.max_queued_writes, options.max_queued_bytes) {
  // Replaces SQLite's own checkpoint within COMMIT.
  sqlite3_wal_hook(database_->handle(), &SqliteWriter::count_wal_pages, this);
}

SqliteWriter::~SqliteWriter() { stop(); }

void SqliteWriter::stop() {
  queue_.close();
  if (thread_.joinable()) thread_.join();
}

int SqliteWriter::count_wal_pages(void* self, sqlite3*, const char*, int pages) {
  static_cast<SqliteWriter*>(self)->wal_pages_ = pages;
  return SQLITE_OK;
}

StoreStats SqliteWriter::stats() const {
  return {.commits = commits_.load(),
          .events = events_.load(),
          .queued = queue_.size(),
          .last_commit_ms = last_commit_ms_.load(),
          .writable = writable_.load()};
}

void SqliteWriter::run() {
  std::vector<WriteItem> taken;
  bool rested = false;
  while (queue_.take(taken, rested ? hours(1) : kRestAfter)) {
    if (taken.empty()) {
      if (!rested) rest();
      rested = true;
      continue;
    }
    rested = false;
    for (std::size_t at = 0; at < taken.size();) {
      std::size_t bytes = 0;
      std::size_t end = at;
      while (end < taken.size() && end - at < kMaxItemsPerCommit && bytes < kMaxBytesPerCommit) {
        bytes += WriteQueue::bytes_of(taken[end++]);
      }
      write(Items(taken).subspan(at, end - at));
      queue_.release(end - at, bytes);
      at = end;
    }
    taken.clear();
  }
  finish();
}

void SqliteWriter::write(Items batch) {
  const auto began = std::chrono::steady_clock::now();
  const Status status = write_transaction(batch);
  if (status.ok()) {
    const std::size_t appended = applier_.pending_events();
    {
      const auto lock = recent_.lock();
      flusher_.publish();
      applier_.publish();
    }
    commits_.fetch_add(1);
    events_.fetch_add(appended);
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began;
    last_commit_ms_.store(took.count());
  } else {
    flusher_.abandon();
    applier_.abandon();
    for (WriteItem& item : batch) fail(item, status.error());
  }
  last_failed_ = !status.ok();
  writable_.store(status.ok());
  for (WriteItem& item : batch) call_back(item);
  keep_log_short();
}

Status SqliteWriter::write_transaction(Items batch) {
  Transaction transaction(*database_, Transaction::Kind::kWrite);
  PARLEY_TRY(transaction.began());
  applier_.begin(clock_());
  flusher_.begin_round_if_due(applier_.last_journal_id(), std::exchange(flush_next_, false));
  // After a failure the writes alone may still fit; but memory must not grow without end.
  if (flusher_.in_round() && (!last_failed_ || flusher_.is_pressing())) {
    PARLEY_TRY(flusher_.write_slice(std::max(kMinSlice, kSlicePerEvent * batch.size())));
  }
  for (WriteItem& item : batch) PARLEY_TRY(apply(item));
  PARLEY_TRY(applier_.write_journal(flusher_.slice_trims_journal()));
  return transaction.commit();
}

Status SqliteWriter::apply(WriteItem& item) {
  const auto keep = [](auto& target, auto result) -> Status {
    target.result = std::move(result);
    if (target.result.ok() || is_local_failure(target.result.error())) return {};
    return target.result.error();
  };
  if (auto* room = std::get_if<RoomItem>(&item)) {
    return keep(*room, applier_.write_room(room->write));
  }
  if (auto* markers = std::get_if<MarkersItem>(&item)) {
    return keep(*markers, applier_.write_markers(markers->markers));
  }
  if (auto* user = std::get_if<UserItem>(&item)) return keep(*user, applier_.put_user(user->user));
  if (auto* device = std::get_if<DeviceItem>(&item)) {
    return keep(*device, applier_.put_device(device->device));
  }
  if (auto* call = std::get_if<CallItem>(&item)) return keep(*call, applier_.run(call->call));
  if (auto* old = std::get_if<TrimItem>(&item)) return keep(*old, trim(old->query));
  auto& setting = std::get<SettingItem>(item);
  return keep(setting, applier_.put_setting(setting.key, setting.value));
}

// Names of events reach their table after the events themselves, at the end of a round: nothing is
// deleted before that, or a name would come for an event that is gone.
Result<Trimmed> SqliteWriter::trim(const TrimQuery& query) {
  if (flusher_.in_round()) return Trimmed{.next = query.after};
  auto trimmed = trimmer_.trim(query);
  if (trimmed.ok()) flush_next_ = trimmer_.needs_flush();
  return trimmed;
}

void SqliteWriter::fail(WriteItem& item, const Error& error) {
  std::visit([&](auto& target) { target.result = error; }, item);
}

void SqliteWriter::call_back(WriteItem& item) {
  std::visit([](auto& target) { target.done(std::move(target.result)); }, item);
}

void SqliteWriter::keep_log_short() {
  const auto checkpoint = [this] {
    sqlite3_wal_checkpoint_v2(database_->handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr,
                              nullptr);
  };
  if (checkpointer_.take_finished()) {
    checkpoint();
  } else if (wal_pages_ > kBlockingCheckpointFactor * checkpoint_pages_) {
    // One that is under way, on a machine that does not get to it, would make ours do nothing.
    checkpointer_.wait();
    checkpoint();
  } else if (wal_pages_ > checkpoint_pages_) {
    checkpointer_.request();
  }
}

void SqliteWriter::rest() {
  if (wal_pages_ == 0) return;
  sqlite3_wal_checkpoint_v2(database_->handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr,
                            nullptr);
}

void SqliteWriter::finish() {
  // Tidying only: what fails here is in the journal and is read back at the next start.
  constexpr std::size_t kEverything = static_cast<std::size_t>(-1);
  for (int round = 0; round < 2;
       ++round) {  // one may be under way, the second begins with the rest
    Transaction transaction(*database_, Transaction::Kind::kWrite);
    if (!transaction.began().ok()) return;
    applier_.begin(clock_());
    flusher_.begin_round_if_due(applier_.last_journal_id(), true);
    if (!flusher_.write_slice(kEverything).ok()) return;
    if (!applier_.write_journal(flusher_.slice_trims_journal()).ok()) return;
    if (!transaction.commit().ok()) return;
    const auto lock = recent_.lock();
    flusher_.publish();
    applier_.publish();
  }
  sqlite3_wal_checkpoint_v2(database_->handle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr,
                            nullptr);
}

}  // namespace parley::store
