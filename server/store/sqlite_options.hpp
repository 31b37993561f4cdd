// Settings of the SQLite store.
#pragma once

#include <functional>
#include <string>

#include "shared/base/time.hpp"

namespace parley::store {

struct SqliteOptions {
  std::string path;
  // True: a write that was answered survives power loss. False: it survives kill -9 only.
  bool durable = true;
  std::size_t max_queued_writes = 64 * 1024;
  std::size_t max_queued_bytes = 128 * 1024 * 1024;
  std::size_t max_queued_reads = 64 * 1024;
  int readers = 1;  // threads, each with a connection
  std::int64_t writer_cache_kib = 64 * 1024;
  std::int64_t reader_cache_kib = 32 * 1024;
  std::size_t cached_rooms = 50'000;
  // How much of the logs may be in the journal before it is moved to the tables, slice by slice.
  std::size_t journal_events = 16 * 1024;
  std::size_t journal_bytes = 8 * 1024 * 1024;
  // Pages in the write-ahead log before a checkpoint begins beside the commits.
  int checkpoint_pages = 4096;
  std::function<Timestamp()> clock;  // the moment given to events; required
  std::string vfs;                   // name of a registered SQLite VFS; empty: the default one
};

}  // namespace parley::store
