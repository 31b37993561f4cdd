#include <algorithm>

#include "client/core/impl.hpp"
#include "client/core/markdown.hpp"
#include "client/core/words.hpp"

namespace parley::client {
namespace {

constexpr std::size_t kPreviewCharacters = 100;
constexpr std::size_t kNotifyCharacters = 200;

bool is_member(wire::Role role) { return role >= wire::Role::kMember; }

bool mentions(const wire::Message& message, UserId user) {
  return std::find(message.mentions.begin(), message.mentions.end(), user) !=
         message.mentions.end();
}

}  // namespace

// ---- which rooms there are ----------------------------------------------------------------------

Room* Client::Impl::find_room(RoomId id) {
  const auto it = rooms_.find(id);
  return it == rooms_.end() ? nullptr : &it->second;
}

Room* Client::Impl::learn_room(Now now, wire::RoomSummary summary) {
  const RoomId id = summary.room_id;
  const wire::RoomKind said = summary.settings.kind;
  keep_private(summary);
  unconfirmed_.erase(id);
  if (summary.role == wire::Role::kNone) {
    leave_room_behind(now, id);
    return nullptr;
  }
  const bool is_new = !rooms_.contains(id);
  if (is_new && rooms_.size() >= kMaxRooms) return nullptr;
  Room& room = rooms_.try_emplace(id, id).first->second;
  if (auto kept = roomless_notes_.extract(id)) {
    room.notes = std::move(kept.mapped().notes);
    room.missed = std::move(kept.mapped().missed);
  }
  const wire::RoomSummary before = std::exchange(room.summary, summary);
  const bool is_older = !is_new && before.head > summary.head;
  if (is_older) {
    // The summary was made before events that are here already: they stay counted.
    room.summary.head = before.head;
    room.summary.last_message = before.last_message;
    room.summary.last_sender = before.last_sender;
    room.summary.last_activity = before.last_activity;
    room.summary.unread = std::max(before.unread, summary.unread);
    room.summary.mentions = std::max(before.mentions, summary.mentions);
  }
  if (is_new) room.announced = summary.head;
  room.counted = room.summary.head;
  room.read = std::max(room.read, summary.read);
  if (summary.unread > 0 && is_member(summary.role)) {
    room.delivered = std::max(room.delivered, summary.head);
    marks_due_.insert(id);
  }
  room.timeline.set_head(now.mono, summary.head);
  if (room.read > summary.read) recount(room);
  if (room.summary.settings != before.settings || room.summary.role != before.role) {
    timeline_view_.rebuild_next();  // what one may do to messages depends on the role
  }
  tell_engine(now, summary);
  if (is_private(room)) {
    auto& last = room.summary.last_message;
    if (last && !is_older) last = reveal(now, room, *last);
    if (last && is_refused(room, last->seq)) last.reset();
    refresh_private(now, id);
    if (said != summary.settings.kind) tell_downgrade(now, room);
  }
  set_preview(room);
  unsaved(room.summary_dirty);
  touch_rooms();
  return &room;
}

void Client::Impl::forget_room(RoomId id) {
  Room* room = find_room(id);
  if (!room) return;
  const std::string name = id.to_string();
  erased_.push_back({"room/" + name, {}});
  erased_.push_back({"draft/" + name, {}});
  erased_.push_back({"notes/" + name, {}});
  for (const auto& [chunk, range] : room->stored_chunks) {
    erased_.push_back({events_key(id, chunk), {}});
  }
  unsaved_ = true;
  rooms_.erase(id);
  search_stale({}, id);
  marks_due_.erase(id);
  if (open_room_ == id) close_room_state();
  touch_rooms();
}

// A room that the server no longer lists.
void Client::Impl::leave_room_behind(Now now, RoomId id) {
  if (const Room* room = find_room(id)) {
    wire::RoomSummary gone = room->summary;
    gone.role = wire::Role::kNone;
    tell_engine(now, gone);
  }
  forget_room(id);
}

void Client::Impl::set_preview(Room& room) {
  room.preview.clear();
  const auto& last = room.summary.last_message;
  if (!last) return;
  const auto body = wire::decode_body(last->kind, last->body);
  const auto* message = body ? std::get_if<wire::Message>(&*body) : nullptr;
  if (message) room.preview = plain_excerpt(message->content, kPreviewCharacters);
  if (last->kind == wire::EventKind::kSealed) room.preview = "Encrypted message";
}

void Client::Impl::learn_users(const std::vector<wire::UserInfo>& users) {
  bool changed = false;
  for (const auto& user : users) {
    changed |= people_.learn(user);
    if (user.user_id == self() && session_.session.user != user && signed_in()) {
      session_.session.user = user;
      dirty_session();
    }
  }
  if (!changed) return;
  unsaved_ = true;
  timeline_view_.rebuild_next();
  if (Room* room = open()) {
    for (auto& member : room->members.members) {
      if (const auto* known = people_.find(member.user.user_id)) member.user = *known;
    }
    room->members_changed = true;
  }
  touch_rooms();
}

// ---- events -------------------------------------------------------------------------------------

void Client::Impl::on_events(Now now, wire::EventBatch& batch) {
  Room* room = find_room(batch.room_id);
  if (!room || batch.events.empty()) return;
  const bool follows = room->timeline.follows(batch.events.front().seq);
  batch.events = revealed(now, *room, std::move(batch.events));
  const auto newest = room->timeline.handle_live(now.mono, batch.events);
  for (const wire::Event& event : newest) arrived(now, *room, event);
  // Two kinds of events are news though the timeline did not take them as its newest: those that a
  // page has brought already, and those of a room with a hole that nobody looks at.
  const bool unwatched = !follows && !room->timeline.is_open();
  for (const wire::Event& event : batch.events) {
    if (event.seq > room->counted && (unwatched || event.seq <= room->timeline.cursor())) {
      arrived(now, *room, event);
    }
  }
  forget_acked(*room);
  touch_rooms();
}

// One event that is newer than what was known, in order.
void Client::Impl::arrived(Now now, Room& room, const wire::Event& event) {
  unsaved(room.events_dirty);
  search_stale(now, room.summary.room_id);
  confirm_own(event);
  const std::string name = people_.name_of(event.sender);
  if (event.seq > room.announced) {
    room.announced = event.seq;
    const auto closed = room.closed.find(event.seq);
    if (closed != room.closed.end() && !is_for_good(closed->second)) {
      room.untold.insert(event.seq);
    } else {
      effects_.push_back(EventArrived{room.summary.room_id, event, name});
    }
  }
  if (event.seq > room.counted) count(now, room, event);
}

void Client::Impl::count(Now now, Room& room, const wire::Event& event) {
  room.counted = event.seq;
  room.summary.head = std::max(room.summary.head, event.seq);
  if (wire::is_activity(event.kind)) {
    room.summary.last_activity = std::max(room.summary.last_activity, event.at);
  }
  unsaved(room.summary_dirty);
  if (event.sender != self() && is_member(room.summary.role)) {
    room.delivered = event.seq;
    marks_due_.insert(room.summary.room_id);
  }
  const auto body = wire::decode_body(event.kind, event.body);
  if (!body) return;
  if (const auto* message = std::get_if<wire::Message>(&*body)) {
    on_message(now, room, event, *message);
  } else if (const auto* sealed = std::get_if<wire::SealedBody>(&*body)) {
    if (sealed->counts && !is_refused(room, event.seq)) on_message(now, room, event, {});
  } else if (const auto* change = std::get_if<wire::Membership>(&*body)) {
    on_membership(room, event, *change);
  } else if (const auto* settings = std::get_if<wire::RoomSettings>(&*body)) {
    // Of a private room it is what its members call it, which the engine keeps.
    const bool newer = settings->version >= room.summary.settings.version;
    if (newer && !is_private(room)) room.summary.settings = *settings;
  } else if (const auto* edit = std::get_if<wire::Edit>(&*body)) {
    const auto& last = room.summary.last_message;
    if (last && last->seq == edit->target && last->sender == event.sender) {
      room.preview = plain_excerpt(edit->content, kPreviewCharacters);
    }
  } else if (const auto* gone = std::get_if<wire::Deletion>(&*body)) {
    const auto& last = room.summary.last_message;
    if (last && last->seq == gone->target) room.preview = "Message deleted";
  }
}

void Client::Impl::on_message(Now now, Room& room, const wire::Event& event,
                              const wire::Message& message) {
  const RoomId id = room.summary.room_id;
  room.summary.last_message = event;
  room.summary.last_sender = people_.name_of(event.sender);
  set_preview(room);
  typing_.set(now.mono, id, event.sender, false);
  // Who writes has read what is above; the server sends no marker for that.
  on_marker(room, {event.sender, event.seq, event.seq});
  if (event.sender == self()) room.sent_read = std::max(room.sent_read, event.seq);
  if (event.sender == self() || event.seq <= room.read) return;
  const bool mentioned = mentions(message, self());
  ++room.summary.unread;
  if (mentioned) ++room.summary.mentions;
  // What cannot be read yet is told when it can be.
  if (!room.untold.contains(event.seq)) notify(now, room, event, message);
}

void Client::Impl::notify(Now now, Room& room, const wire::Event& event,
                          const wire::Message& message) {
  const RoomId id = room.summary.room_id;
  if (in_view(id)) return;
  const std::string sender = people_.name_of(event.sender);
  const bool closed = event.kind == wire::EventKind::kSealed;
  const std::string text =
      closed ? "Encrypted message" : plain_excerpt(message.content, kNotifyCharacters);
  const std::string where = room.direct_with ? std::string() : " in " + name_of(room);
  if (settings_.notifications) {
    effects_.push_back(Notify{id, sender + where, text});
  }
  if (mentions(message, self()) && open_room_ != id) {
    toast(now, ToastKind::kInfo, sender + " mentioned you" + where, text, id);
  }
}

void Client::Impl::on_membership(Room& room, const wire::Event&, const wire::Membership& change) {
  using wire::MemberChange;
  const bool in = is_member(change.role);
  auto& members = room.members.members;
  const auto it = std::find_if(members.begin(), members.end(),
                               [&](auto& member) { return member.user.user_id == change.user; });
  if (!change.name.empty()) {
    const auto* known = people_.find(change.user);
    people_.learn({change.user, change.name, known ? known->guest : true});
  }
  if (change.user == self()) {
    room.summary.role = change.role;
    timeline_view_.rebuild_next();
  }
  switch (change.change) {
    case MemberChange::kJoined:
      ++room.summary.members;
      if (it == members.end() && room.members.asked && in) {
        const auto* known = people_.find(change.user);
        members.push_back(
            {known ? *known : wire::UserInfo{change.user, change.name, true}, change.role, {}, {}});
      }
      break;
    case MemberChange::kLeft:
    case MemberChange::kRemoved:
    case MemberChange::kBanned:
      // One may be banned without having been a member; then nobody left. Only a loaded list tells.
      if (room.summary.members > 0 &&
          (change.change != MemberChange::kBanned || it != members.end() || !room.members.asked)) {
        --room.summary.members;
      }
      if (it != members.end()) members.erase(it);
      break;
    case MemberChange::kRoleChanged:
      if (it != members.end()) it->role = change.role;
      break;
    case MemberChange::kInvited:
    case MemberChange::kUnbanned:
      break;
  }
  room.members_changed = true;
}

// An event of one's own in the log settles its outbox entry, however it got here.
void Client::Impl::confirm_own(const wire::Event& event) {
  if (event.sender != self()) return;
  const auto* entry = outbox_.find(event.client_id);
  if (!entry) return;
  const RoomId room = entry->room;
  outbox_.handle_confirmed(event.client_id);
  outbox_changed_ = true;
  answer(wire::Response{wire::Posted{room, event.client_id, event.seq, event.at}}, event.client_id);
}

void Client::Impl::forget_acked(Room& room) {
  std::erase_if(room.acked, [&](auto& event) { return event.seq <= room.timeline.cursor(); });
}

void Client::Impl::on_page(Now now, RoomId id, Outcome& outcome) {
  Room* room = find_room(id);
  if (!room) return;
  touch_rooms();
  auto* response = std::get_if<wire::Response>(&outcome);
  auto* page = response ? std::get_if<wire::HistoryPage>(response) : nullptr;
  if (!page) {
    const auto* error = std::get_if<wire::ErrorReply>(&outcome);
    room->timeline.handle_fetch_failed(now.mono, milliseconds(error ? error->retry_after_ms : 0));
    return;
  }
  learn_users(page->users);
  page->events = revealed(now, *room, std::move(page->events));
  for (const wire::Event& event : page->events) confirm_own(event);
  const auto newest = room->timeline.handle_page(now.mono, *page);
  // A page may be ahead of the live events that tell the same.
  for (const wire::Event& event : page->events) {
    if (event.seq == room->announced.next() || event.seq == room->counted.next()) {
      arrived(now, *room, event);
    }
  }
  for (const wire::Event& event : newest) arrived(now, *room, event);
  room->announced = std::max(room->announced, room->timeline.cursor());
  unsaved(room->events_dirty);
  search_stale(now, id);
  forget_acked(*room);
  if (room->read > room->summary.read) recount(*room);
}

// ---- notices ------------------------------------------------------------------------------------

void Client::Impl::on_notice(Now now, wire::Notice& notice) {
  std::visit(
      [&](auto& n) {
        using T = std::decay_t<decltype(n)>;
        if constexpr (std::same_as<T, wire::TypingNotice>) {
          if (n.user_id == self() || !find_room(n.room_id)) return;
          people_.name_of(n.user_id);
          if (typing_.set(now.mono, n.room_id, n.user_id, n.on)) touch_rooms();
        } else if constexpr (std::same_as<T, wire::MarkersNotice>) {
          Room* room = find_room(n.room_id);
          if (!room) return;
          for (const wire::Marker& marker : n.markers) on_marker(*room, marker);
        } else if constexpr (std::same_as<T, wire::PresenceNotice>) {
          for (const wire::PresenceInfo& info : n.presence) presence_.set(info);
          if (Room* room = open()) room->members_changed = true;
          touch();
        } else if constexpr (std::same_as<T, wire::RoomNotice>) {
          learn_room(now, n.room);
        } else if constexpr (std::same_as<T, wire::RoomGoneNotice>) {
          on_room_gone(now, n);
        } else if constexpr (std::same_as<T, wire::SessionNotice>) {
          adopt_session(n.session);
          schedule_renewal(now);
        } else if constexpr (std::same_as<T, wire::RetentionNotice>) {
          retention_s_ = n.seconds;
          next_retention_.reset();
          if (n.seconds > 0) next_retention_ = now.mono;
        } else if constexpr (std::same_as<T, wire::UsersNotice>) {
          learn_users(n.users);
        } else if constexpr (std::same_as<T, wire::SyncNotice>) {
          session_.sync_token = n.sync_token;
          connection_.set_hello(hello());
          dirty_session();
          for (const RoomId id : std::exchange(unconfirmed_, {})) leave_room_behind(now, id);
        }
      },
      notice);
  if (engine_) engine_->handle_notice(now, notice);
}

void Client::Impl::on_room_gone(Now now, const wire::RoomGoneNotice& notice) {
  const Room* room = find_room(notice.room_id);
  if (!room) return;
  const std::string name = name_of(*room);
  if (notice.deleted) {
    toast(now, ToastKind::kInfo, "Room deleted", name + " was deleted by one of its owners.");
    outbox_.discard_room(notice.room_id);
  } else if (notice.reason == wire::MemberChange::kRemoved) {
    toast(now, ToastKind::kInfo, "You were removed", "You are no longer a member of " + name + ".");
  } else if (notice.reason == wire::MemberChange::kBanned) {
    toast(now, ToastKind::kInfo, "You were banned", "You cannot join " + name + " again.");
  }
  leave_room_behind(now, notice.room_id);
}

// ---- markers and counts -------------------------------------------------------------------------

void Client::Impl::on_marker(Room& room, const wire::Marker& marker) {
  if (marker.user_id == self()) {
    if (marker.read <= room.summary.read && marker.read <= room.read) return;
    room.summary.read = std::max(room.summary.read, marker.read);
    room.read = std::max(room.read, marker.read);
    recount(room);
    unsaved(room.summary_dirty);
    touch_rooms();
    return;
  }
  if (!room.markers.set(marker)) return;
  const Seq delivered =
      std::max(room.delivered_by_others, room.markers.delivered_by_others(self()));
  const Seq read = std::max(room.read_by_others, room.markers.read_by_others(self()));
  if (delivered == room.delivered_by_others && read == room.read_by_others) return;
  room.delivered_by_others = delivered;
  room.read_by_others = read;
  unsaved(room.summary_dirty);
  if (open() == &room) markers_changed_ = true;
  touch();
}

// Exact when everything unread is here; else the server's numbers stay until it tells new ones.
void Client::Impl::recount(Room& room) {
  wire::RoomSummary& summary = room.summary;
  if (room.read >= summary.head) {
    summary.unread = summary.mentions = 0;
    return;
  }
  const auto& segments = room.timeline.segments();
  if (segments.empty()) {
    // Everything disappeared, or nothing is known.
    if (room.timeline.start() > summary.head) summary.unread = summary.mentions = 0;
    return;
  }
  const sync::Segment& live = segments.back();
  if (live.first() > std::max(room.read.next(), room.timeline.start()) ||
      live.last() < summary.head) {
    return;
  }
  summary.unread = summary.mentions = 0;
  for (std::size_t i = live.entries.size(); i-- > 0;) {
    const sync::LogEntry& entry = live.entries[i];
    if (entry.event.seq <= room.read) break;
    if (entry.event.sender == self()) continue;
    const auto* sealed = std::get_if<wire::SealedBody>(&entry.body);
    if (sealed && sealed->counts && !is_refused(room, entry.event.seq)) ++summary.unread;
    const auto* message = std::get_if<wire::Message>(&entry.body);
    if (!message) continue;
    ++summary.unread;
    if (mentions(*message, self())) ++summary.mentions;
  }
}

void Client::Impl::send_marks(Now now) {
  for (auto it = marks_due_.begin(); it != marks_due_.end();) {
    const RoomId id = *it;
    Room* room = find_room(id);
    const bool member = room && is_member(room->summary.role);
    const Seq read = member && settings_.send_read_markers ? room->read : Seq{};
    const bool reads = member && read > room->sent_read;
    if (!member || (!reads && room->delivered <= room->sent_delivered)) {
      it = marks_due_.erase(it);
      continue;
    }
    if (!reads && delivered_after_ && now.mono < *delivered_after_) {
      room->mark_after = std::max(room->mark_after.value_or(MonoTime{}), *delivered_after_);
    }
    if (room->mark_after && now.mono < *room->mark_after) {
      ++it;
      continue;
    }
    const Seq delivered = std::max(room->delivered, read);
    room->sent_read = std::max(room->sent_read, read);
    room->sent_delivered = delivered;
    room->mark_after = now.mono + kReadMarkEvery;
    if (reads) room->read_mark_after = room->mark_after;
    if (!reads) delivered_after_ = now.mono + kDeliveredMarkEvery;
    it = marks_due_.erase(it);
    ask(now, wire::Mark{id, delivered, read}, [this, id, read](Now then, Outcome& outcome) {
      Room* marked = find_room(id);
      if (!marked) return;
      const auto* error = std::get_if<wire::ErrorReply>(&outcome);
      if (!error) {
        marked->summary.read = std::max(marked->summary.read, read);
        unsaved(marked->summary_dirty);
        return;
      }
      // Welcome starts over after a loss; anything final is not repeated.
      if (error_info(error->code).action != ErrorAction::kRetryAfter) return;
      marked->sent_read = marked->summary.read;
      marked->sent_delivered = {};
      marked->mark_after = then.mono + std::max(seconds(2), milliseconds(error->retry_after_ms));
      marks_due_.insert(id);
    });
  }
}

}  // namespace parley::client
