#include <algorithm>

#include "client/core/impl.hpp"
#include "client/core/words.hpp"

namespace parley::client {
namespace {

bool is_sendable(std::string_view text) {
  return !is_blank(text) && is_valid_utf8(text) &&
         count_code_points(text) <= wire::kMaxMessageCharacters;
}

char folded(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool starts_with_name(std::string_view text, std::string_view name) {
  return text.size() >= name.size() &&
         std::equal(name.begin(), name.end(), text.begin(),
                    [](char a, char b) { return folded(a) == folded(b); });
}

bool is_word(char c) {
  return (folded(c) >= 'a' && folded(c) <= 'z') || (c >= '0' && c <= '9') ||
         static_cast<unsigned char>(c) >= 0x80;
}

}  // namespace

// ---- the draft ----------------------------------------------------------------------------------

void Client::Impl::set_draft(Now now, std::string text) {
  Room* room = open();
  if (!room || room->draft.text == text || text.size() > kMaxDraftBytes) return;
  room->draft.text = std::move(text);
  unsaved(room->draft_dirty);
  const bool tell = settings_.send_typing && connection_.connected() &&
                    room->summary.role >= wire::Role::kMember && room->draft.editing.value == 0;
  if (is_blank(room->draft.text)) {
    typing_stopped(now);
  } else if (tell && (!typing_sent_ || now.mono >= *typing_sent_ + kTypingEvery)) {
    typing_sent_ = now.mono;
    connection_.send_oneway(now.mono, wire::Typing{*open_room_, true});
  }
  touch_rooms();
  settle(now);
}

// The core's own changes of the text: the field has to take them over.
void Client::Impl::replace_text(Room& room, std::string text) {
  room.draft.text = std::move(text);
  ++composer_reset_;
  unsaved(room.draft_dirty);
  touch_rooms();
}

void Client::Impl::start_reply(Now now, Seq seq) {
  Room* room = open();
  if (!room) return;
  const auto target = TimelineView::message(input_of(*room), seq);
  if (!target || target->deleted) return;
  if (room->draft.editing.value != 0) cancel_compose_mode(now);
  room->draft.reply_to = seq;
  unsaved(room->draft_dirty);
  touch();
  settle(now);
}

void Client::Impl::start_edit(Now now, Seq seq) {
  Room* room = open();
  if (!room) return;
  const auto target = TimelineView::message(input_of(*room), seq);
  if (!target || !target->can_edit) return;
  if (room->draft.editing.value == 0) room->draft.kept = room->draft.text;
  room->draft.editing = seq;
  room->draft.reply_to = {};
  replace_text(*room, target->content);
  settle(now);
}

void Client::Impl::start_edit_last(Now now) {
  Room* room = open();
  if (!room) return;
  const TimelineInput input = input_of(*room);
  const auto& segments = room->timeline.segments();
  for (auto segment = segments.rbegin(); segment != segments.rend(); ++segment) {
    for (auto entry = segment->entries.rbegin(); entry != segment->entries.rend(); ++entry) {
      if (entry->event.sender != self()) continue;
      const auto message = TimelineView::message(input, entry->event.seq);
      if (message && message->can_edit) return start_edit(now, message->seq);
    }
  }
}

void Client::Impl::cancel_compose_mode(Now now) {
  Room* room = open();
  if (!room) return;
  room->draft.reply_to = {};
  if (room->draft.editing.value != 0) {
    room->draft.editing = {};
    replace_text(*room, std::exchange(room->draft.kept, {}));
  }
  unsaved(room->draft_dirty);
  touch();
  settle(now);
}

bool Client::Impl::send_draft(Now now) {
  Room* room = open();
  if (!room || !is_sendable(room->draft.text)) return false;
  Draft& draft = room->draft;
  const RoomId id = *open_room_;
  Result<ClientId> posted = ErrorCode::kInternal;
  if (draft.editing.value != 0) {
    const auto target = TimelineView::message(input_of(*room), draft.editing);
    const bool same = target && target->content == draft.text;
    posted = same ? Result<ClientId>(ClientId{})
                  : post(now, id, wire::EventKind::kEdit,
                         wire::encode(wire::Edit{draft.editing, draft.text,
                                                 mentions_in(*room, draft.text)}));
  } else {
    wire::Message message;
    message.content = draft.text;
    message.reply_to = draft.reply_to;
    message.mentions = mentions_in(*room, draft.text);
    posted = post(now, id, wire::EventKind::kMessage, wire::encode(message));
  }
  if (!posted) {
    toast(now, ToastKind::kError, "The message was not sent",
          "Too many messages are waiting. Send or discard some of them first.");
    settle(now);
    return false;
  }
  draft.reply_to = {};
  typing_sent_.reset();  // the message itself ends "typing" for the others
  const bool edited = std::exchange(draft.editing, {}).value != 0;
  std::string kept = std::exchange(draft.kept, {});
  replace_text(*room, edited ? std::move(kept) : std::string());
  settle(now);
  return true;
}

Result<ClientId> Client::Impl::send_text(Now now, RoomId id, std::string text, Seq reply_to) {
  if (is_blank(text)) return ErrorCode::kMessageBlank;
  if (!is_valid_utf8(text)) return ErrorCode::kNotText;
  if (!is_sendable(text)) return ErrorCode::kMessageTooLong;
  wire::Message message;
  if (Room* room = find_room(id)) message.mentions = mentions_in(*room, text);
  message.content = std::move(text);
  message.reply_to = reply_to;
  auto posted = post(now, id, wire::EventKind::kMessage, wire::encode(message));
  settle(now);
  return posted;
}

void Client::Impl::delete_message(Now now, Seq seq) {
  Room* room = open();
  if (!room) return;
  const auto target = TimelineView::message(input_of(*room), seq);
  if (!target || !target->can_delete) return;
  if (room->draft.editing == seq) cancel_compose_mode(now);
  (void)post(now, *open_room_, wire::EventKind::kDeletion, wire::encode(wire::Deletion{seq}));
  settle(now);
}

void Client::Impl::toggle_reaction(Now now, Seq seq, std::string emoji) {
  Room* room = open();
  if (!room || emoji.empty() || emoji.size() > wire::kMaxEmojiBytes || !is_valid_utf8(emoji))
    return;
  const auto target = TimelineView::message(input_of(*room), seq);
  if (!target || target->deleted) return;
  const bool mine = std::any_of(target->reactions.begin(), target->reactions.end(),
                                [&](auto& r) { return r.emoji == emoji && r.mine; });
  (void)post(now, *open_room_, wire::EventKind::kReaction,
             wire::encode(wire::Reaction{seq, std::move(emoji), !mine}));
  settle(now);
}

// "@Ada Lovelace" names the longest matching name among those who are known in the room.
std::vector<UserId> Client::Impl::mentions_in(Room& room, std::string_view text) {
  std::vector<UserId> out;
  if (text.find('@') == std::string_view::npos) return out;
  std::map<UserId, std::string> candidates;
  for (const auto& member : room.members.members) {
    candidates[member.user.user_id] = member.user.name;
  }
  for (const sync::Segment& segment : room.timeline.segments()) {
    for (const sync::LogEntry& entry : segment.entries) {
      const auto* user = people_.find(entry.event.sender);
      if (user) candidates.emplace(user->user_id, user->name);
    }
  }
  std::size_t looked_at = 0;
  for (std::size_t at = text.find('@'); at != std::string_view::npos; at = text.find('@', at + 1)) {
    if (at > 0 && is_word(text[at - 1])) continue;
    if (++looked_at > 2 * wire::kMaxMentions) break;
    const std::string_view rest = text.substr(at + 1);
    const std::pair<const UserId, std::string>* best = nullptr;
    for (const auto& candidate : candidates) {
      const std::string& name = candidate.second;
      if (name.empty() || !starts_with_name(rest, name)) continue;
      if (rest.size() > name.size() && is_word(rest[name.size()])) continue;
      if (!best || best->second.size() < name.size()) best = &candidate;
    }
    if (!best || std::find(out.begin(), out.end(), best->first) != out.end()) continue;
    out.push_back(best->first);
    if (out.size() == wire::kMaxMentions) break;
  }
  return out;
}

// ---- the outbox ---------------------------------------------------------------------------------

Result<ClientId> Client::Impl::post(Now now, RoomId room, wire::EventKind kind, Bytes body) {
  const ClientId id = ClientId::make(now.wall, rng_);
  if (auto pushed = outbox_.push(room, id, kind, std::move(body), now.wall); !pushed) {
    return pushed.error();
  }
  outbox_changed_ = true;
  touch();
  return id;
}

void Client::Impl::send_posts(Now now) {
  while (auto next = outbox_.poll_post(now.mono)) {
    const ClientId id = next->client_id;
    const RoomId room = next->room_id;
    const Room* there = find_room(room);
    if (there && is_private(*there)) {
      seal_post(now, *std::move(next));
      continue;
    }
    ask(now, *std::move(next),
        [this, id, room](Now then, Outcome& outcome) { on_posted(then, id, room, outcome); });
  }
}

void Client::Impl::on_posted(Now now, ClientId id, RoomId room_id, Outcome& outcome) {
  const sync::OutboxEntry* entry = outbox_.find(id);
  if (!entry) return;  // its event came first
  outbox_changed_ = true;
  touch();
  Error error{ErrorCode::kInternal, {}, {}};
  if (const auto* reply = std::get_if<wire::ErrorReply>(&outcome)) error = error_of(*reply);
  auto* response = std::get_if<wire::Response>(&outcome);
  const auto* posted = response ? std::get_if<wire::Posted>(response) : nullptr;
  const Room* there = find_room(room_id);
  const bool sealed = engine_ && there && is_private(*there);
  if (sealed && posted) engine_->handle_posted(now, room_id, id, posted->seq);
  if (sealed && error.code == ErrorCode::kConflict) {
    // The group has moved on: it is sealed again when this device has followed.
    const auto& reply = std::get<wire::ErrorReply>(outcome);
    if (reply.room) learn_room(now, *reply.room);
    return outbox_.postpone(now.mono, id);
  }
  if (posted && posted->seq.value != 0) {
    // The confirmation is worth as much as the event itself: put it in its place at once.
    wire::Event event{posted->seq, posted->at,  self(),     session_.session.device_id,
                      id,          entry->kind, entry->body};
    confirm_own(event);
    Room* room = find_room(room_id);
    if (!room) return;
    for (const wire::Event& e : room->timeline.handle_live(now.mono, {event})) {
      arrived(now, *room, e);
    }
    if (room->timeline.is_open() && event.seq > room->timeline.cursor()) {
      room->acked.push_back(std::move(event));
    }
    forget_acked(*room);
    touch_rooms();
    return;
  }
  const wire::EventKind kind = entry->kind;
  outbox_.handle_error(now.mono, id, error);
  entry = outbox_.find(id);
  if (!entry || entry->state != sync::OutboxState::kFailed) return;
  if (sealed && error.code != ErrorCode::kInternal) engine_->seal_refused(room_id, id);
  if (kind != wire::EventKind::kMessage) {
    // There is no bubble that could carry the failure.
    const char* title = kind == wire::EventKind::kEdit       ? "The message was not changed"
                        : kind == wire::EventKind::kDeletion ? "The message was not deleted"
                                                             : "The reaction was not added";
    outbox_.discard(id);
    toast(now, ToastKind::kError, title, words_for(error));
  }
  answer(error, id);
}

void Client::Impl::retry_message(Now now, ClientId id) {
  if (!outbox_.retry(id)) return;
  outbox_changed_ = true;
  touch();
  settle(now);
}

void Client::Impl::discard_message(Now now, ClientId id) {
  const sync::OutboxEntry* entry = outbox_.find(id);
  const RoomId room = entry ? entry->room : RoomId{};
  if (!outbox_.discard(id)) return;
  if (engine_) engine_->seal_abandoned(room, id);
  outbox_changed_ = true;
  touch();
  settle(now);
}

}  // namespace parley::client
