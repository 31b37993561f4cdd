// Moves events, markers and event names from the journal to their tables, a slice with each commit.
//
// A round begins when the recent part has grown past its bounds: the rooms and names of that moment
// are listed, slices of them are written in table order within the following transactions, and at
// the end the journal rows up to that moment are deleted. Whatever happens in between, journal and
// tables together hold everything: recovery skips what the tables have already.
//
// Belongs to the write thread.
#pragma once

#include "server/store/recent_ids.hpp"
#include "server/store/recent_table.hpp"
#include "server/store/sqlite_db.hpp"

namespace parley::store {

struct FlushBounds {
  std::size_t events = 16 * 1024;
  std::size_t body_bytes = 8 * 1024 * 1024;
};

class SqliteFlusher {
 public:
  SqliteFlusher(Database& database, RecentTable& recent, RecentIds& ids, FlushBounds bounds)
      : database_(database), recent_(recent), ids_(ids), bounds_(bounds) {}

  bool in_round() const { return in_round_; }
  // Begins a round if none runs and the bounds are passed, or `always`.
  void begin_round_if_due(std::int64_t last_journal_id, bool always);
  // The recent part is so large that a slice must be part of the next transaction.
  bool is_pressing() const;

  // Inside a transaction: writes about `budget` rows of the round.
  Status write_slice(std::size_t budget);
  // True when the slice ended the round and deleted journal rows: the transaction must add one.
  bool slice_trims_journal() const { return slice_.ends_round; }

  // After the commit, under the recent table's lock; or after a rollback.
  void publish();
  void abandon() { slice_ = {}; }

 private:
  struct Slice {
    std::size_t rooms = 0;  // of `rooms_` from `next_room_` on
    std::size_t names = 0;
    bool ends_round = false;
  };

  Result<std::size_t> write_room(RoomKey key);  // rows written
  Status write_name(const EventName& name, Seq seq);

  Database& database_;
  RecentTable& recent_;
  RecentIds& ids_;
  const FlushBounds bounds_;

  bool in_round_ = false;
  std::int64_t barrier_ = 0;  // newest journal row that the round covers
  std::vector<RoomKey> rooms_;
  std::size_t next_room_ = 0;
  std::vector<std::pair<EventName, Seq>> names_;
  std::size_t next_name_ = 0;
  Slice slice_;
};

}  // namespace parley::store
