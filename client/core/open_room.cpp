#include <algorithm>

#include "client/core/impl.hpp"

namespace parley::client {

void Client::Impl::open_room(Now now, RoomId id, Seq at) {
  const bool same = open_room_ == id;
  if (!same) {
    typing_stopped(now);
    close_room_state();
    open_room_ = id;
    session_.open_room = id;
    dirty_session();
  }
  std::erase_if(toasts_, [&](auto& pair) { return pair.second.room == id; });
  if (Room* room = find_room(id)) {
    if (!same) begin_view(now, *room);
    if (at.value != 0) jump(*room, at);
  } else {
    jump_on_open_ = at;
  }
  touch_rooms();
  settle(now);
}

// The room is there: show it, have what is missing fetched.
void Client::Impl::begin_view(Now now, Room& room) {
  room.timeline.open(now.mono);
  room.members.asked = false;
  // The line stands where reading stopped, for as long as the room stays open.
  unread_after_.reset();
  if (room.summary.unread > 0) unread_after_ = room.read;
  if (jump_on_open_.value != 0) jump(room, std::exchange(jump_on_open_, {}));
  built_room_.reset();
  timeline_view_.rebuild_next();
}

void Client::Impl::jump(Room& room, Seq seq) {
  scroll_to_ = seq;
  room.timeline.jump(seq);
}

// The server has said what there is around it.
void Client::Impl::end_jump(Now now, Room& room, Seq seq) {
  if (seq.value == 0 || scroll_to_ != seq || room.timeline.find(seq)) return;
  scroll_to_ = {};
  toast(now, ToastKind::kInfo, "The message was not found",
        "The link names a message that this room does not have.");
}

void Client::Impl::close_room(Now now) {
  typing_stopped(now);
  close_room_state();
  session_.open_room = {};
  dirty_session();
  settle(now);
}

void Client::Impl::close_room_state() {
  if (Room* room = open()) {
    room->timeline.close();
    room->acked.clear();
    room->members = {};
    if (room->draft.editing.value != 0) room->draft = {room->draft.kept, {}, {}, {}};
  }
  open_room_.reset();
  unread_after_.reset();
  seen_.reset();
  jump_on_open_ = scroll_to_ = {};
  built_room_.reset();
  timeline_view_.rebuild_next();
  touch_rooms();
}

void Client::Impl::load_older(Now now) {
  Room* room = open();
  if (!room || room->timeline.loading_older()) return;
  room->timeline.load_older();
  touch();
  settle(now);
}

void Client::Impl::load_gap(Now now, Seq before, bool from_above) {
  Room* room = open();
  if (!room || room->timeline.fetching()) return;
  room->timeline.load_gap(before, from_above);
  touch();
  settle(now);
}

void Client::Impl::fetch_timeline(Now now) {
  Room* room = open();
  if (!room || room->summary.role < wire::Role::kMember) return;
  if (!room->timeline.is_open()) begin_view(now, *room);
  const RoomId id = *open_room_;
  if (const auto query = room->timeline.poll_fetch(now.mono)) {
    const Seq around = query->from == wire::HistoryFrom::kAround ? query->seq : Seq{};
    ask(now, *query, [this, id, around](Now then, Outcome& outcome) {
      on_page(then, id, outcome);
      Room* shown = std::holds_alternative<wire::Response>(outcome) ? open() : nullptr;
      if (shown && open_room_ == id) end_jump(then, *shown, around);
    });
    touch();
  }
}

void Client::Impl::mark_seen(Now now, Seq seq) {
  Room* room = open();
  if (!room) return;
  if (!focused_) {
    seen_ = std::max(seen_.value_or(Seq{}), seq);
    return;
  }
  seq = std::min(seq, room->summary.head);
  if (seq >= room->timeline.cursor()) room->timeline.set_at_end();
  if (seq <= room->read) return;
  room->read = seq;
  recount(*room);
  unsaved(room->summary_dirty);
  // A delivery of the same room may be waiting for its turn; a read does not.
  room->mark_after.reset();
  if (room->read_mark_after && now.mono < *room->read_mark_after) {
    room->mark_after = room->read_mark_after;
  }
  marks_due_.insert(*open_room_);
  touch_rooms();
  settle(now);
}

// ---- members ------------------------------------------------------------------------------------

void Client::Impl::load_members(Now now) {
  Room* room = open();
  if (!room) return;
  room->members.all_wanted = true;
  settle(now);
}

// The first page comes with every opening: it has the names and markers that the timeline shows.
void Client::Impl::fetch_members(Now now) {
  Room* room = open();
  if (!room || room->summary.role < wire::Role::kMember) return;
  MemberList& list = room->members;
  if (list.busy || (list.asked && !(list.all_wanted && list.more))) return;
  if (list.retry_at && now.mono < *list.retry_at) return;
  if (!list.asked) list.last = {};
  list.asked = list.busy = true;
  list.retry_at.reset();
  wire::ListMembers command{*open_room_, list.last, wire::kMaxPageSize};
  const RoomId id = *open_room_;
  ask(now, command, [this, id](Now then, Outcome& outcome) { on_members(then, id, outcome); });
}

void Client::Impl::on_members(Now now, RoomId id, Outcome& outcome) {
  Room* room = find_room(id);
  if (!room || open() != room) return;
  MemberList& list = room->members;
  list.busy = false;
  if (const auto* error = std::get_if<wire::ErrorReply>(&outcome)) {
    if (error_info(error->code).action != ErrorAction::kRetryAfter) {
      list.more = false;
      return;
    }
    if (list.last.is_nil()) list.asked = false;
    list.retry_at = now.mono + std::max(seconds(5), milliseconds(error->retry_after_ms));
    return;
  }
  auto& response = std::get<wire::Response>(outcome);
  const auto* page = std::get_if<wire::MemberPage>(&response);
  if (!page) return;
  if (list.last.is_nil()) list.members.clear();
  std::vector<wire::UserInfo> users;
  for (const wire::MemberInfo& member : page->members) {
    users.push_back(member.user);
    std::erase_if(list.members,
                  [&](auto& known) { return known.user.user_id == member.user.user_id; });
    if (list.members.size() < wire::kMaxListItems) list.members.push_back(member);
    on_marker(*room, {member.user.user_id, member.delivered, member.read});
    list.last = std::max(list.last, member.user.user_id);
  }
  for (const wire::PresenceInfo& info : page->presence) presence_.set(info);
  list.more = page->more && !page->members.empty();
  if (is_private(*room)) timeline_view_.rebuild_next();  // whose deletions count
  learn_users(users);
  room->members_changed = true;
  touch();
}

// ---- typing -------------------------------------------------------------------------------------

void Client::Impl::typing_stopped(Now now) {
  if (!typing_sent_ || !open_room_) return;
  const bool still_shown = now.mono < *typing_sent_ + sync::TypingState::kExpiry;
  typing_sent_.reset();
  if (still_shown) connection_.send_oneway(now.mono, wire::Typing{*open_room_, false});
}

TimelineInput Client::Impl::input_of(Room& room) {
  std::optional<SealedInput> sealed;
  if (is_private(room)) {
    moderators_ = moderators_of(room);
    std::string waiting;
    if (room.not_ready) waiting = e2ee::describe(*room.not_ready);
    sealed.emplace(
        SealedInput{room.closed, room.notes, room.missed, moderators_, std::move(waiting)});
  }
  return {room.timeline,
          outbox_,
          people_,
          room.summary.room_id,
          self(),
          room.summary.role,
          room.delivered_by_others,
          room.read_by_others,
          unread_after_,
          room.acked,
          config_.utc_offset_minutes,
          std::move(sealed)};
}

}  // namespace parley::client
