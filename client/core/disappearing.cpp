// Messages that disappear, or are older than the server keeps any: what is over leaves the timeline,
// the views, the search index and the store, at its time or with the next start.
#include <algorithm>

#include "client/core/impl.hpp"

namespace parley::client {
namespace {

constexpr Duration kRetentionPause = hours(1);

}  // namespace

// As the members' devices agree; until this one is among them, as the server says.
std::uint32_t Client::Impl::disappear_after(const Room& room) const {
  return room.disappear_after_s != 0 ? room.disappear_after_s
                                     : room.summary.settings.disappear_after_s;
}

// When it was said: a server that names a time to come makes no message last longer.
Timestamp Client::Impl::time_of(Now now, const Room& room, const wire::Event& event) const {
  if (disappear_after(room) == 0) return event.at;
  return std::min(event.at, now.wall + clock_offset_);
}

// Where messages disappear as they do; elsewhere what is older than the server keeps it, now and
// then.
void Client::Impl::drop_disappeared(Now now) {
  next_drop_.reset();
  const bool look_everywhere = next_retention_ && *next_retention_ <= now.mono;
  if (look_everywhere) next_retention_ = now.mono + kRetentionPause;
  for (auto& [id, room] : rooms_) {
    const std::uint32_t own = disappear_after(room);
    if (own != 0) drop_older(now, id, room, seconds(own));
    if (!look_everywhere || (own != 0 && own <= retention_s_)) continue;
    drop_older(now, id, room, seconds(retention_s_));
    if (engine_ && is_private(room)) {
      engine_->forget_older(now, id, now.wall + clock_offset_ - seconds(retention_s_));
    }
  }
}

void Client::Impl::drop_older(Now now, RoomId id, Room& room, Duration after) {
  const Timestamp present = now.wall + clock_offset_;
  // Whether it is over; what is not sets when to look again, where it disappears.
  const auto is_over = [&](const wire::Event& event) {
    const Timestamp end = event.at + after;
    if (end <= present) return true;
    if (disappear_after(room) == 0) return false;
    const MonoTime at = now.mono + (end - present);
    if (!next_drop_ || at < *next_drop_) next_drop_ = at;
    return false;
  };
  auto& last = room.summary.last_message;
  if (last && is_over(*last)) {
    last.reset();
    set_preview(room);
    unsaved(room.summary_dirty);
    touch_rooms();
  }
  std::erase_if(room.acked, is_over);
  Seq over;
  [&] {
    for (const sync::Segment& segment : room.timeline.segments()) {
      for (const sync::LogEntry& entry : segment.entries) {
        if (!is_over(entry.event)) return;
        over = entry.event.seq;
      }
    }
  }();
  if (over == Seq{}) return;
  room.timeline.drop_before(over.next());
  room.closed.erase(room.closed.begin(), room.closed.upper_bound(over));
  room.untold.erase(room.untold.begin(), room.untold.upper_bound(over));
  unsaved(room.events_dirty);
  forget_hits(id, over);
  recount(room);
  touch_rooms();
}

}  // namespace parley::client
