#include <algorithm>

#include "client/core/impl.hpp"
#include "client/core/words.hpp"

namespace parley::client {
namespace {

constexpr std::string_view kSession = "session";
constexpr std::string_view kSettings = "settings";
constexpr std::string_view kWordsShown = "words-shown";
constexpr std::string_view kRoomPrefix = "room/";
constexpr std::string_view kEventsPrefix = "events/";
constexpr std::string_view kDraftPrefix = "draft/";
constexpr std::string_view kOutboxPrefix = "outbox/";
constexpr std::string_view kUserPrefix = "user/";
constexpr std::string_view kNotesPrefix = "notes/";
constexpr std::size_t kUuidText = 36;

std::string key(std::string_view prefix, const Uuid& id) {
  return std::string(prefix) + id.to_string();
}

bool has_prefix(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

}  // namespace

std::string events_key(RoomId room, std::uint64_t chunk) {
  std::string out = key(kEventsPrefix, room.uuid) + '/';
  for (int shift = 60; shift >= 0; shift -= 4) out += "0123456789abcdef"[(chunk >> shift) & 15];
  return out;
}

// ---- reading ------------------------------------------------------------------------------------

void Client::Impl::handle_loaded(Now now, const std::string& prefix,
                                 std::vector<WriteStore::Entry> entries) {
  if (loaded_ || !prefix.empty()) return;
  loaded_ = true;
  begin_engine();
  touch_rooms();
  std::sort(entries.begin(), entries.end(), [](auto& a, auto& b) { return a.key < b.key; });
  std::map<RoomId, std::vector<wire::Event>> events;
  for (const auto& entry : entries) restore(entry, events);
  for (auto& [id, list] : events) {
    if (Room* room = find_room(id)) {
      for (const wire::Event& event : list) confirm_own(event);
      room->timeline.restore(std::move(list));
      (void)room->timeline.take_changes();
    }
  }
  // What is there of a room that is not in the list is of no use, but for what is in no log.
  std::erase_if(rooms_, [this](auto& pair) {
    auto& [id, room] = pair;
    if (!room.summary.room_id.is_nil()) return false;
    if (!room.notes.empty() || !room.missed.empty()) {
      roomless_notes_[id] = {std::move(room.notes), std::move(room.missed)};
    }
    return true;
  });
  (void)people_.take_unsaved();
  unlock_engine(now);
  unsaved_ = false;
  timeline_view_.rebuild_next();
  signing_in_ = false;
  if (signed_in()) {
    // A link may have opened a room already; else it is the one of last time.
    if (!open_room_ && !session_.open_room.is_nil()) open_room_ = session_.open_room;
    connect(now);
  } else {
    if (!waiting_sign_in_) login_name_ = session_.session.user.name;
    proof_due_ = engine_ && engine_->has_keys() && !self().is_nil();
    if (proof_due_) try_proof(now);
  }
  if (Room* room = open()) begin_view(now, *room);
  settle(now);
}

void Client::Impl::restore(const WriteStore::Entry& entry,
                           std::map<RoomId, std::vector<wire::Event>>& events) {
  const std::string_view name = entry.key;
  const auto id_after = [&](std::string_view prefix) {
    return RoomId::parse(name.substr(prefix.size(), kUuidText));
  };
  if (has_prefix(name, e2ee::kPrefix)) {
    if (engine_) engine_->restore(entry.key, entry.value);
  } else if (name == kSession) {
    if (auto stored = unpack<StoredSession>(entry.value)) session_ = *std::move(stored);
    people_.learn(session_.session.user);
  } else if (name == kSettings) {
    if (auto stored = unpack<Settings>(entry.value)) settings_ = *stored;
  } else if (name == kWordsShown) {
    if (const auto user = unpack<UserId>(entry.value)) words_shown_to_ = *user;
  } else if (has_prefix(name, kUserPrefix)) {
    if (auto stored = unpack<wire::UserInfo>(entry.value)) people_.learn(*stored);
  } else if (has_prefix(name, kOutboxPrefix)) {
    (void)outbox_.restore(entry.value);
  } else if (has_prefix(name, kRoomPrefix)) {
    auto stored = unpack<StoredRoom>(entry.value);
    if (!stored || stored->summary.room_id.is_nil() || rooms_.size() >= kMaxRooms) return;
    const RoomId id = stored->summary.room_id;
    Room& room = rooms_.try_emplace(id, id).first->second;
    room.summary = std::move(stored->summary);
    room.delivered_by_others = stored->delivered_by_others;
    room.read_by_others = stored->read_by_others;
    room.read = std::max(stored->read, room.summary.read);
    room.counted = room.announced = room.summary.head;
    room.timeline.set_head({}, room.summary.head);
    set_preview(room);
  } else if (has_prefix(name, kNotesPrefix)) {
    const auto id = id_after(kNotesPrefix);
    auto stored = unpack<StoredNotes>(entry.value);
    if (!id || !stored || rooms_.size() >= kMaxRooms) return;
    Room& room = rooms_.try_emplace(*id, *id).first->second;
    room.notes = std::move(stored->notes);
    room.missed = std::move(stored->missed);
  } else if (has_prefix(name, kDraftPrefix)) {
    // Keys are sorted, so rooms come after drafts: the room is made here when it must be.
    const auto id = id_after(kDraftPrefix);
    auto stored = unpack<StoredDraft>(entry.value);
    if (!id || !stored || rooms_.size() >= kMaxRooms) return;
    Room& room = rooms_.try_emplace(*id, *id).first->second;
    room.draft.text = std::move(stored->text);
    room.draft.reply_to = stored->reply_to;
  } else if (has_prefix(name, kEventsPrefix)) {
    const auto id = id_after(kEventsPrefix);
    auto stored = unpack<StoredEvents>(entry.value);
    if (!id || !stored || stored->events.empty() || rooms_.size() >= kMaxRooms) return;
    Room& room = rooms_.try_emplace(*id, *id).first->second;
    auto& list = events[*id];
    const Seq first = stored->events.front().seq, last = stored->events.back().seq;
    room.stored_chunks[first.value / kChunk] = {first, last};
    list.insert(list.end(), std::make_move_iterator(stored->events.begin()),
                std::make_move_iterator(stored->events.end()));
  }
}

void Client::Impl::handle_stored(Now now, std::uint64_t batch, Status status) {
  on_engine_stored(now, batch, status);
  if (status.ok()) {
    store_failed_ = false;
  } else if (!std::exchange(store_failed_, true)) {
    toast(now, ToastKind::kError, "Not saved on this device",
          "This device could not save its data. Messages that are not sent yet are lost when you "
          "close this. Free some space, then reload.");
  }
  settle(now);
}

// ---- writing ------------------------------------------------------------------------------------

void Client::Impl::write(std::vector<WriteStore::Entry> entries) {
  if (entries.empty()) return;
  effects_.push_back(WriteStore{next_batch_++, std::move(entries)});
}

// What the person said is saved at once; everything else can be fetched again and may wait a
// little.
void Client::Impl::flush_outbox() {
  std::map<std::string, Bytes> changed;
  while (const auto id = outbox_.poll_dirty()) {
    changed[key(kOutboxPrefix, id->uuid)] = outbox_.encode(*id);
  }
  std::vector<WriteStore::Entry> entries;
  for (auto& [name, value] : changed) entries.push_back({name, std::move(value)});
  // What was sent is no draft any more, also for who starts again right after.
  if (!entries.empty()) {
    for (auto& [id, room] : rooms_) collect_draft(id, room, entries);
  }
  write(std::move(entries));
}

// From when recovery words are on the screen until the person says that they have them.
void Client::Impl::save_words_shown(bool shown) {
  const UserId to = shown ? self() : UserId{};
  if (std::exchange(words_shown_to_, to) == to) return;
  write({{std::string(kWordsShown), shown ? pack(to) : Bytes{}}});
}

void Client::Impl::flush(Now) {
  flush_at_.reset();
  if (!unsaved_ || !loaded_) return;
  unsaved_ = false;
  std::vector<WriteStore::Entry> entries = std::move(erased_);
  erased_.clear();
  for (auto& [id, room] : rooms_) collect_room(id, room, entries);
  for (const UserId user : people_.take_unsaved()) {
    if (const auto* info = people_.find(user)) {
      entries.push_back({key(kUserPrefix, user.uuid), pack(*info)});
    }
  }
  if (std::exchange(settings_dirty_, false)) {
    entries.push_back({std::string(kSettings), pack(settings_)});
  }
  // The resume token moves on with every batch of events, so it is written along with rooms.
  if (std::exchange(session_dirty_, false)) {
    entries.push_back({std::string(kSession), pack(session_)});
  }
  write(std::move(entries));
}

void Client::Impl::collect_draft(RoomId id, Room& room, std::vector<WriteStore::Entry>& out) {
  if (!std::exchange(room.draft_dirty, false)) return;
  // While a message is being edited the draft is the one that was put aside for it.
  const bool editing = room.draft.editing.value != 0;
  const StoredDraft stored{editing ? room.draft.kept : room.draft.text, room.draft.reply_to};
  const bool empty = stored == StoredDraft{};
  out.push_back({key(kDraftPrefix, id.uuid), empty ? Bytes{} : pack(stored)});
}

void Client::Impl::collect_room(RoomId id, Room& room, std::vector<WriteStore::Entry>& out) {
  if (std::exchange(room.summary_dirty, false)) {
    const StoredRoom stored{room.summary, room.delivered_by_others, room.read_by_others, room.read};
    out.push_back({key(kRoomPrefix, id.uuid), pack(stored)});
  }
  collect_draft(id, room, out);
  if (std::exchange(room.notes_dirty, false)) {
    out.push_back({key(kNotesPrefix, id.uuid), pack(StoredNotes{room.notes, room.missed})});
  }
  if (std::exchange(room.events_dirty, false)) collect_events(id, room, out);
}

// The newest events, in chunks by sequence number: a live message rewrites one chunk only.
void Client::Impl::collect_events(RoomId id, Room& room, std::vector<WriteStore::Entry>& out) {
  const auto& segments = room.timeline.segments();
  if (segments.empty()) {
    for (const auto& [chunk, range] : room.stored_chunks) {
      out.push_back({events_key(id, chunk), {}});
    }
    room.stored_chunks.clear();
    return;
  }
  const sync::Segment& live = segments.back();
  const std::uint64_t last = live.last().value;
  const std::uint64_t oldest = last >= kStoredEvents ? last - kStoredEvents + 1 : 1;
  const std::uint64_t first = std::max(live.first().value, oldest);
  std::map<std::uint64_t, std::pair<Seq, Seq>> wanted;
  for (std::uint64_t chunk = first / kChunk; chunk <= last / kChunk; ++chunk) {
    // Chunks are written whole where the events are here, so that what is old stays as it is.
    const Seq from{std::max(chunk * kChunk, live.first().value)};
    const Seq to{std::min(chunk * kChunk + kChunk - 1, last)};
    wanted[chunk] = {from, to};
    const auto known = room.stored_chunks.find(chunk);
    if (known != room.stored_chunks.end() && known->second == wanted[chunk]) continue;
    StoredEvents stored;
    for (Seq seq = from; seq <= to; seq = seq.next()) {
      stored.events.push_back(room.timeline.find(seq)->event);
    }
    out.push_back({events_key(id, chunk), pack(stored)});
  }
  for (const auto& [chunk, range] : room.stored_chunks) {
    if (!wanted.contains(chunk)) out.push_back({events_key(id, chunk), {}});
  }
  room.stored_chunks = std::move(wanted);
}

}  // namespace parley::client
