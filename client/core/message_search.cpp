// Searching the messages that are here: what the rooms' timelines hold goes into the index, a slice
// at a time, from the first search on. The index is compared with the timelines rather than told of
// every event: a message is looked at again when the newest fact about it is another one.
#include <algorithm>

#include "client/core/impl.hpp"
#include "client/core/markdown.hpp"

namespace parley::client {
namespace {

constexpr std::size_t kSliceMessages = 64;    // go in or out in one call: a few milliseconds
constexpr std::size_t kSliceLooked = 10'000;  // are compared in one call
constexpr Duration kSliceEvery = milliseconds(2);
constexpr int kSlicesBetweenAnswers = 16;  // what was found so far is shown while it goes on
constexpr std::size_t kHitsAtFirst = 50;

// The newest fact about a message; its own number when nothing changed it.
Seq version_of(const sync::Timeline& timeline, Seq seq) {
  const sync::MessageFold* fold = timeline.fold(seq);
  return fold ? std::max(fold->last(), seq) : seq;
}

IndexedMessage indexed(const TimelineInput& in, const sync::LogEntry& entry) {
  const wire::Event& event = entry.event;
  IndexedMessage out{in.room, event.seq, event.sender, event.at, {}};
  const auto* message = std::get_if<wire::Message>(&entry.body);
  const sync::MessageFold* fold = in.timeline.fold(event.seq);
  if (!message || TimelineView::is_deleted(in, fold, event.sender)) return out;
  const auto* edit = fold ? fold->edit_of(event.sender) : nullptr;
  out.text = plain_excerpt(edit ? edit->content : message->content, wire::kMaxMessageCharacters);
  return out;
}

}  // namespace

void Client::Impl::search(Now now, std::string text, std::optional<RoomId> room) {
  if (!search_.index && !search_.failed) {
    if (config_.search_index) search_.index = config_.search_index();
    search_.failed = !search_.index;
  }
  if (!std::exchange(search_.open, true) && search_.index) {
    // While nobody searched nothing was kept up; from here on every change is noted.
    for (const auto& [id, held] : rooms_) search_.stale.insert(id);
    for (const auto& [id, messages] : search_.known) search_.stale.insert(id);
    search_.slices = 0;
    search_.next_slice = now.mono;
  }
  search_.query = std::move(text);
  search_.room = room;
  search_.limit = kHitsAtFirst;
  answer_search();
  settle(now);
}

void Client::Impl::search_more(Now now) {
  if (!search_.open || !search_.more) return;
  search_.limit = std::min(search_.limit * 2, kMaxSearchHits);
  answer_search();
  settle(now);
}

void Client::Impl::end_search(Now now) {
  search_.open = false;
  search_.query.clear();
  search_.hits.clear();
  search_.stale.clear();
  search_.next_slice.reset();
  touch();
  settle(now);
}

void Client::Impl::search_stale(Now now, RoomId room) {
  if (!search_.open || !search_.index) return;
  search_.stale.insert(room);
  if (!search_.next_slice) search_.next_slice = now.mono + kSliceEvery;
}

// What the next slice changes in the index; rooms that have nothing to change are done.
std::vector<IndexedMessage> Client::Impl::next_slice() {
  std::vector<IndexedMessage> slice;
  std::size_t looked = 0;
  while (!search_.stale.empty() && looked < kSliceLooked) {
    const RoomId id = *search_.stale.begin();
    Room* room = find_room(id);
    const auto& known = search_.known[id];
    for (const auto& [seq, version] : known) {
      if (slice.size() == kSliceMessages) return slice;
      if (!room || !room->timeline.find(seq)) slice.push_back({id, seq, {}, {}, {}});
    }
    looked += known.size();
    if (room) {
      for (const sync::Segment& segment : room->timeline.segments()) {
        for (const sync::LogEntry& entry : segment.entries) {
          if (slice.size() == kSliceMessages) return slice;
          ++looked;
          if (!std::holds_alternative<wire::Message>(entry.body)) continue;
          const Seq seq = entry.event.seq;
          const auto had = known.find(seq);
          if (had != known.end() && had->second == version_of(room->timeline, seq)) continue;
          if (search_.full && had == known.end()) continue;
          slice.push_back(indexed(input_of(*room), entry));
          if (search_.full) slice.back().text.clear();
        }
      }
    }
    if (!slice.empty()) break;
    if (known.empty()) search_.known.erase(id);
    search_.stale.erase(search_.stale.begin());
  }
  return slice;
}

void Client::Impl::note_indexed(const std::vector<IndexedMessage>& slice) {
  for (const IndexedMessage& message : slice) {
    auto& known = search_.known[message.room];
    const Room* room = find_room(message.room);
    if (room && room->timeline.find(message.seq) && !(search_.full && message.text.empty())) {
      known[message.seq] = version_of(room->timeline, message.seq);
    } else {
      known.erase(message.seq);
    }
  }
}

void Client::Impl::index_slice(Now now) {
  search_.next_slice.reset();
  if (!search_.open || !search_.index) return;
  std::vector<IndexedMessage> slice = next_slice();
  if (!search_.index->update(slice).ok()) {
    // No more goes in; what is in and has changed comes out rather than being found as it was.
    search_.full = true;
    std::erase_if(slice, [&](const IndexedMessage& message) {
      return !search_.known[message.room].contains(message.seq);
    });
    for (IndexedMessage& message : slice) message.text.clear();
    if (!search_.index->update(slice).ok()) {
      search_.index.reset();
      search_.known.clear();
      search_.stale.clear();
      search_.failed = true;
    }
  }
  if (search_.index) note_indexed(slice);
  if (!search_.stale.empty()) search_.next_slice = now.mono + kSliceEvery;
  if (search_.stale.empty() || ++search_.slices % kSlicesBetweenAnswers == 0) answer_search();
}

// Messages that are gone are not found, whether somebody looks or not.
void Client::Impl::forget_hits(RoomId id, Seq up_to) {
  const auto found = search_.known.find(id);
  if (!search_.index || found == search_.known.end()) return;
  std::vector<IndexedMessage> gone;
  for (const auto& [seq, version] : found->second) {
    if (seq <= up_to) gone.push_back({id, seq, {}, {}, {}});
  }
  if (gone.empty()) return;
  if (!search_.index->update(gone).ok()) {
    search_.index.reset();
    search_.known.clear();
    search_.failed = true;
  } else {
    note_indexed(gone);
  }
  if (search_.open) answer_search();
}

void Client::Impl::answer_search() {
  touch();
  search_.hits.clear();
  search_.more = false;
  if (!search_.index) return;
  auto hits = search_.index->query({search_.query, search_.room, search_.limit});
  if (!hits) return;
  search_.hits = std::move(*hits);
  search_.more = search_.hits.size() == search_.limit && search_.limit < kMaxSearchHits;
}

void Client::Impl::build_search() {
  SearchView& out = view_.search;
  out = {};
  if (!search_.open) return;
  out.query = search_.query;
  out.room = search_.room;
  out.busy = !search_.stale.empty();
  out.more = search_.more;
  out.note = search_.failed ? "Messages cannot be searched on this device."
             : search_.full ? "Only a part of the messages on this device could be searched: there "
                              "are too many."
                            : "Searched what is on this device: the newest messages of each room.";
  for (const IndexHit& hit : search_.hits) {
    const Room* room = find_room(hit.room);
    if (!room) continue;
    SearchHitView row;
    row.room_id = hit.room;
    row.seq = hit.seq;
    row.room_name = name_of(*room);
    row.sender_name = people_.name_of(hit.sender);
    row.at = hit.at;
    row.snippet = hit.snippet;
    row.highlights = hit.highlights;
    out.hits.push_back(std::move(row));
  }
}

}  // namespace parley::client
