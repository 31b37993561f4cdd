// Builds the items of the open room's timeline from its log, its outbox and everybody's markers.
//
// Kept between views, so that a live message costs an append and a changed one a look at itself;
// only pages, gaps and names rebuild the whole (bounded by Timeline's window). Not thread-safe;
// reads the state it is given only during update().
#pragma once

#include <vector>

#include "client/core/people.hpp"
#include "client/core/room_notes.hpp"
#include "client/core/view_models.hpp"
#include "shared/sync/outbox.hpp"
#include "shared/sync/timeline.hpp"

namespace parley::client {

inline constexpr Duration kGroupSpan = minutes(5);

// What there is besides the log in a private room.
struct SealedInput {
  const std::map<Seq, e2ee::OpenFault>& closed;  // events that could not be opened
  const std::vector<RoomNote>& notes;
  const std::vector<MissedMessages>& missed;
  const std::set<UserId>& moderators;  // who may delete what others wrote, as far as is known
  std::string waiting;                 // why nothing is sent now
};

struct TimelineInput {
  sync::Timeline& timeline;
  const sync::Outbox& outbox;
  People& people;
  RoomId room;
  UserId self;
  wire::Role role = wire::Role::kNone;
  Seq delivered_by_others;
  Seq read_by_others;
  std::optional<Seq> unread_after;  // the unread line stands before the first message after it
  const std::vector<wire::Event>& acked;  // own events that are on the server and not here yet
  std::int32_t utc_offset_minutes = 0;
  std::optional<SealedInput> sealed;  // of private rooms
};

class TimelineView {
 public:
  // Brings `items` up to date; true when they changed. `outbox_changed` and `markers_changed` say
  // what moved besides the timeline.
  bool update(const TimelineInput& in, std::vector<TimelineItem>& items, bool outbox_changed,
              bool markers_changed);
  void rebuild_next() { rebuild_ = true; }

  // One message as it is shown now; nothing when it is not here or not a message.
  static std::optional<MessageView> message(const TimelineInput& in, Seq seq);
  static ReplyView reply(const TimelineInput& in, Seq target);
  // Whether the deletions of a message count: the server has judged those of open rooms.
  static bool is_deleted(const TimelineInput& in, const sync::MessageFold* fold, UserId author);

 private:
  void rebuild(const TimelineInput& in, std::vector<TimelineItem>& items);
  void append(const TimelineInput& in, std::vector<TimelineItem>& items, Seq after);
  void add(const TimelineInput& in, std::vector<TimelineItem>& items, const sync::LogEntry& entry);
  void add_closed(const TimelineInput& in, std::vector<TimelineItem>& items,
                  const sync::LogEntry& entry);
  void add_missed(const TimelineInput& in, std::vector<TimelineItem>& items,
                  const wire::Event& event);
  void add_line(const TimelineInput& in, std::vector<TimelineItem>& items, SystemLineView line);
  void place(const TimelineInput& in, std::vector<TimelineItem>& items, MessageView message);
  void drop_pending(std::vector<TimelineItem>& items);
  void add_pending(const TimelineInput& in, std::vector<TimelineItem>& items);
  void refresh(const TimelineInput& in, std::vector<TimelineItem>& items, Seq seq);
  void refresh_ticks(const TimelineInput& in, std::vector<TimelineItem>& items);
  std::vector<Seq> pending_targets(const TimelineInput& in) const;

  bool rebuild_ = true;
  Seq shown_;                  // newest event that went into the items
  std::size_t settled_ = 0;    // items that come from the log; those after are pending
  bool line_shown_ = false;    // the unread line
  std::vector<Seq> overlaid_;  // messages shown with a change that is still in the outbox
  Seq delivered_, read_;
};

// What a membership or settings event says, in words; empty for what is not told.
std::string system_line(const TimelineInput& in, const sync::LogEntry& entry);

}  // namespace parley::client
