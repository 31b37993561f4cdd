// Reading the journal when the database is opened.
#include "server/store/sqlite_applier.hpp"
#include "server/store/sqlite_rows.hpp"

namespace parley::store {

Status SqliteApplier::recover() {
  const auto lock = recent_.lock();
  std::unordered_map<RoomKey, RoomHead> heads;
  Query rows = database_.query("SELECT id, position, data FROM journal ORDER BY id");
  while (rows.next()) {
    journal_id_ = rows.integer(0);
    recent_.set_published(rows.natural(1));
    JournalReader reader(rows.blob(2));
    while (!reader.at_end()) {
      auto record = reader.next();
      if (!record.ok()) return record.error();
      if (auto* event = std::get_if<JournalEvent>(&*record)) {
        PARLEY_TRY(recover_event(std::move(*event), heads));
      } else {
        PARLEY_TRY(recover_marker(std::get<JournalMarker>(*record)));
      }
    }
  }
  return rows.finish();
}

Status SqliteApplier::recover_event(JournalEvent record,
                                    std::unordered_map<RoomKey, RoomHead>& heads) {
  const wire::Event& event = record.stored.event;
  auto known = heads.find(record.room);
  if (known == heads.end()) {
    Query query = database_.query(kSelectHead);
    query.bind(record.room.value);
    RoomHead head;
    if (query.next()) head = head_row(query, 0);
    PARLEY_TRY(query.finish());
    known = heads.emplace(record.room, head).first;
  }
  // Names go to their table after the events: this one may be missing there although its event is
  // in.
  if (!event.client_id.is_nil()) ids_.add({event.client_id, record.room, record.sender}, event.seq);
  RoomHead& head = known->second;
  if (event.seq <= head.seq) return {};
  if (event.seq != head.seq.next()) {
    return Error{ErrorCode::kStorageFailed, "the journal has a gap", {}};
  }
  const bool counts = record.stored.ordinal > head.ordinal;
  head.seq = event.seq;
  head.ordinal = record.stored.ordinal;
  head.position = record.position;
  head.at = event.at;
  if (is_message(event.kind, counts)) head.last_message = event.seq;
  recent_.append(record.room, head, std::move(record.stored));
  return {};
}

Status SqliteApplier::recover_marker(const JournalMarker& record) {
  Query query =
      database_.query("SELECT changed FROM members WHERE room_key = ?1 AND user_key = ?2");
  query.bind(record.room.value).bind(record.user.value);
  // An older one than the row was moved there already, or replaced with the row.
  if (query.next() && query.natural(0) < record.marker.changed) {
    recent_.set_marker(record.room, record.user, record.marker);
  }
  return query.finish();
}

}  // namespace parley::store
