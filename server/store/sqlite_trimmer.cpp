#include "server/store/sqlite_trimmer.hpp"

#include <algorithm>

#include "server/store/sqlite_rows.hpp"

namespace parley::store {
namespace {

// Bounds how long one piece keeps the writes behind it waiting.
constexpr std::uint32_t kRoomsPerPiece = 500;
constexpr std::size_t kEventsPerPiece = 2000;

// How devices name the vault entry of an epoch's history secret (CRYPTO.md, section 6).
Bytes vault_name(const RoomId& room, std::uint64_t epoch) {
  Bytes name{1};
  name.insert(name.end(), room.uuid.bytes.begin(), room.uuid.bytes.end());
  for (int shift = 56; shift >= 0; shift -= 8) {
    name.push_back(static_cast<std::uint8_t>(epoch >> shift));
  }
  return name;
}

}  // namespace

Result<Trimmed> SqliteTrimmer::trim(const TrimQuery& query) {
  needs_flush_ = false;
  const auto rooms = candidates(query);
  if (!rooms.ok()) return rooms.error();
  Trimmed out;
  out.next = query.after;
  std::size_t budget = kEventsPerPiece;
  for (const Candidate& room : *rooms) {
    auto trimmed = trim_room(room, budget);
    if (!trimmed.ok()) return trimmed.error();
    if (*trimmed) out.rooms.push_back(**trimmed);
    // With these rooms the next piece begins again.
    if (budget == 0 || needs_flush_) return out;
    out.next = room.key.value;
  }
  out.done = rooms->size() < kRoomsPerPiece;
  return out;
}

Result<std::vector<SqliteTrimmer::Candidate>> SqliteTrimmer::candidates(const TrimQuery& query) {
  Query rows = database_.query(
      query.only_disappearing
          ? "SELECT r.key, r.id, r.kind, r.disappear_after_s, h.first FROM rooms r "
            "JOIN room_heads h ON h.room_key = r.key "
            "WHERE r.key > ?1 AND r.disappear_after_s > 0 ORDER BY r.key LIMIT ?2"
          : "SELECT r.key, r.id, r.kind, r.disappear_after_s, h.first FROM rooms r "
            "JOIN room_heads h ON h.room_key = r.key WHERE r.key > ?1 ORDER BY r.key LIMIT ?2");
  rows.bind(query.after).bind(kRoomsPerPiece);
  std::vector<Candidate> out;
  while (rows.next()) {
    const Duration own = seconds(rows.natural32(3));
    Duration lifetime = query.retention;
    if (own.ms > 0 && (lifetime.ms == 0 || own < lifetime)) lifetime = own;
    Candidate room{.key = {rows.integer(0)},
                   .id = rows.id<RoomId>(1),
                   .is_private = rows.enumerated<wire::RoomKind>(2) == wire::RoomKind::kPrivate,
                   .cutoff = {},
                   .first = rows.seq(4)};
    if (lifetime.ms > 0) room.cutoff = query.now - lifetime;
    out.push_back(room);
  }
  PARLEY_TRY(rows.finish());
  return out;
}

Result<std::optional<TrimmedRoom>> SqliteTrimmer::trim_room(const Candidate& room,
                                                            std::size_t& budget) {
  using Found = std::optional<TrimmedRoom>;
  const RecentRoom* recent = recent_.find(room.key);
  if (recent != nullptr && !recent->events.empty()) {
    needs_flush_ = recent->events.front().event.at < room.cutoff;
  }
  Seq last{};
  std::uint64_t ordinal = 0;
  std::vector<ClientId> names;
  {
    Query rows = database_.query(
        "SELECT id, at, ordinal, client_id FROM events WHERE id BETWEEN ?1 AND ?2 ORDER BY id");
    rows.bind(event_id(room.key, room.first)).bind(event_id(room.key, kMaxSeq));
    while (budget > 0 && rows.next() && rows.time(1) < room.cutoff) {
      last = seq_of_event(rows.integer(0));
      ordinal = rows.natural(2);
      if (const auto name = rows.id<ClientId>(3); !name.is_nil()) names.push_back(name);
      --budget;
    }
    PARLEY_TRY(rows.finish());
  }
  if (last.value == 0) return Found{};
  if (room.is_private) PARLEY_TRY(forget_secrets(room, last.next()));
  PARLEY_TRY(forget_names(room.key, names));
  PARLEY_TRY(database_.query("DELETE FROM events WHERE id BETWEEN ?1 AND ?2")
                 .bind(event_id(room.key, room.first))
                 .bind(event_id(room.key, last))
                 .run());
  for (const std::string_view table : {"DELETE FROM mentions WHERE room_key = ?1 AND seq <= ?2",
                                       "DELETE FROM commits WHERE room_key = ?1 AND seq <= ?2"}) {
    PARLEY_TRY(database_.query(table).bind(room.key.value).bind(last).run());
  }
  PARLEY_TRY(
      database_.query("UPDATE room_heads SET first = ?2, trimmed = ?3 WHERE room_key = ?1")
          .bind(room.key.value)
          .bind(last.next())
          .bind(ordinal)
          .run());
  return Found(TrimmedRoom{room.id, last.next(), ordinal});
}

Status SqliteTrimmer::forget_names(RoomKey room, const std::vector<ClientId>& names) {
  for (const ClientId& name : names) {
    PARLEY_TRY(database_.query("DELETE FROM event_ids WHERE client_id = ?1 AND room_key = ?2")
                   .bind(name)
                   .bind(room.value)
                   .run());
  }
  return {};
}

Status SqliteTrimmer::forget_secrets(const Candidate& room, Seq first) {
  std::uint64_t epoch = 0;  // of the first event that is kept
  {
    Query query =
        database_.query("SELECT max(epoch) FROM commits WHERE room_key = ?1 AND seq < ?2");
    query.bind(room.key.value).bind(first);
    if (query.next()) epoch = query.natural(0);
    PARLEY_TRY(query.finish());
  }
  // A message may come some epochs late.
  if (epoch <= wire::kPastEpochs) return {};
  const Bytes from = vault_name(room.id, 0);
  const Bytes to = vault_name(room.id, epoch - wire::kPastEpochs);
  return database_
      .query("DELETE FROM vault WHERE user_key IN (SELECT user_key FROM members WHERE "
             "room_key = ?1) AND key >= ?2 AND key < ?3")
      .bind(room.key.value)
      .bind(from)
      .bind(to)
      .run();
}

}  // namespace parley::store
