// Deletes what has been kept for long enough, from the beginning of the rooms' logs.
//
// Belongs to the write thread. Works on the tables: what is in the journal still has to be moved
// there first (needs_flush).
#pragma once

#include "server/store/recent_table.hpp"
#include "server/store/sqlite_db.hpp"

namespace parley::store {

class SqliteTrimmer {
 public:
  SqliteTrimmer(Database& database, const RecentTable& recent)
      : database_(database), recent_(recent) {}

  // Inside a transaction, when no round of the flusher is under way.
  Result<Trimmed> trim(const TrimQuery& query);
  // The last trim() met something in the journal that is too old.
  bool needs_flush() const { return needs_flush_; }

 private:
  struct Candidate {
    RoomKey key;
    RoomId id;
    bool is_private = false;
    Timestamp cutoff;  // what is older goes
    Seq first;
  };

  Result<std::vector<Candidate>> candidates(const TrimQuery& query);
  // Deletes at most `budget` events, which it counts down; nothing when all are to be kept.
  Result<std::optional<TrimmedRoom>> trim_room(const Candidate& room, std::size_t& budget);
  Status forget_names(RoomKey room, const std::vector<ClientId>& names);
  // The history secrets of epochs whose messages are all before `first`.
  Status forget_secrets(const Candidate& room, Seq first);

  Database& database_;
  const RecentTable& recent_;
  bool needs_flush_ = false;
};

}  // namespace parley::store
