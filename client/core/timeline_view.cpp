#include "client/core/timeline_view.hpp"

#include <algorithm>

#include "client/core/markdown.hpp"
#include "client/core/words.hpp"

namespace parley::client {
namespace {

constexpr std::size_t kReplyCharacters = 120;
constexpr std::size_t kNamesShown = 3;

std::int64_t day_of(Timestamp at, std::int32_t utc_offset_minutes) {
  const std::int64_t local = at.ms + std::int64_t{utc_offset_minutes} * 60'000;
  constexpr std::int64_t kDay = 86'400'000;
  return local >= 0 ? local / kDay : (local - kDay + 1) / kDay;
}

Timestamp moment_of(const TimelineItem& item) {
  if (const auto* message = std::get_if<MessageView>(&item)) return message->at;
  if (const auto* line = std::get_if<SystemLineView>(&item)) return line->at;
  if (const auto* day = std::get_if<DayView>(&item)) return day->at;
  return {};
}

Seq seq_of(const TimelineItem& item) {
  if (const auto* message = std::get_if<MessageView>(&item)) return message->seq;
  if (const auto* line = std::get_if<SystemLineView>(&item)) return line->seq;
  return {};
}

bool same_look(const MessageView& a, const MessageView& b) {
  const auto reaction_same = [](const ReactionView& x, const ReactionView& y) {
    return x.emoji == y.emoji && x.count == y.count && x.mine == y.mine && x.names == y.names;
  };
  const bool reply_same = a.reply.has_value() == b.reply.has_value() &&
                          (!a.reply || (a.reply->excerpt == b.reply->excerpt &&
                                        a.reply->sender_name == b.reply->sender_name &&
                                        a.reply->available == b.reply->available));
  return a.content == b.content && a.edited == b.edited && a.deleted == b.deleted &&
         a.state == b.state && a.sender_name == b.sender_name && reply_same &&
         a.mentions_me == b.mentions_me && a.can_edit == b.can_edit &&
         a.can_delete == b.can_delete &&
         std::equal(a.reactions.begin(), a.reactions.end(), b.reactions.begin(), b.reactions.end(),
                    reaction_same);
}

SendState tick(const TimelineInput& in, Seq seq) {
  if (seq <= in.read_by_others) return SendState::kRead;
  return seq <= in.delivered_by_others ? SendState::kDelivered : SendState::kSent;
}

bool names(const std::vector<UserId>& users, UserId user) {
  return std::find(users.begin(), users.end(), user) != users.end();
}

// Ada, Grace and 3 others
std::string join_names(const TimelineInput& in, const std::vector<UserId>& users) {
  std::string out;
  const std::size_t shown = users.size() <= kNamesShown + 1 ? users.size() : kNamesShown;
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) out += i + 1 == users.size() ? " and " : ", ";
    out += users[i] == in.self ? "You" : in.people.name_of(users[i]);
  }
  if (shown < users.size()) out += " and " + std::to_string(users.size() - shown) + " others";
  return out;
}

// Changes of the person's own that the server has not confirmed yet, laid over what is known.
struct Overlay {
  std::optional<std::string> content;
  bool deleted = false;
  std::vector<wire::Reaction> reactions;
};

Overlay overlay_of(const TimelineInput& in, Seq seq) {
  Overlay overlay;
  for (const sync::OutboxEntry* entry : in.outbox.of_room(in.room)) {
    if (entry->state == sync::OutboxState::kFailed || entry->kind == wire::EventKind::kMessage) {
      continue;
    }
    const auto body = wire::decode_body(entry->kind, entry->body);
    if (!body) continue;
    if (const auto* edit = std::get_if<wire::Edit>(&*body); edit && edit->target == seq) {
      overlay.content = edit->content;
    } else if (const auto* gone = std::get_if<wire::Deletion>(&*body);
               gone && gone->target == seq) {
      overlay.deleted = true;
    } else if (const auto* reaction = std::get_if<wire::Reaction>(&*body);
               reaction && reaction->target == seq) {
      overlay.reactions.push_back(*reaction);
    }
  }
  return overlay;
}

void add_reactions(const TimelineInput& in, std::vector<sync::FoldedReaction> folded,
                   const Overlay& overlay, MessageView& view) {
  for (const wire::Reaction& change : overlay.reactions) {
    auto it = std::find_if(folded.begin(), folded.end(),
                           [&](auto& reaction) { return reaction.emoji == change.emoji; });
    if (it == folded.end()) it = folded.insert(folded.end(), {change.emoji, {}});
    std::erase(it->users, in.self);
    if (change.on) it->users.push_back(in.self);
  }
  for (const sync::FoldedReaction& reaction : folded) {
    if (reaction.users.empty()) continue;
    view.reactions.push_back({reaction.emoji, static_cast<std::uint32_t>(reaction.users.size()),
                              names(reaction.users, in.self), join_names(in, reaction.users)});
  }
}

MessageView message_of(const TimelineInput& in, const sync::LogEntry& entry,
                       const wire::Message& body) {
  const wire::Event& event = entry.event;
  MessageView view;
  view.seq = event.seq;
  view.client_id = event.client_id;
  view.sender = event.sender;
  view.sender_name = in.people.name_of(event.sender);
  view.at = event.at;
  view.type = body.message_type;
  view.mine = event.sender == in.self;
  view.content = body.content;
  view.mentions_me = names(body.mentions, in.self);
  view.state = view.mine ? tick(in, event.seq) : SendState::kSent;
  view.starts_group = body.reply_to.value != 0;  // place() adds the other reasons
  const sync::MessageFold* fold = in.timeline.fold(event.seq);
  const Overlay overlay = overlay_of(in, event.seq);
  if (fold) {
    if (const auto* edit = fold->edit_of(event.sender)) {
      view.content = edit->content;
      view.mentions_me = names(edit->mentions, in.self);
      view.edited = true;
    }
    view.deleted = TimelineView::is_deleted(in, fold, event.sender);
  }
  if (overlay.content) {
    view.content = *overlay.content;
    view.edited = true;
  }
  view.deleted |= overlay.deleted;
  if (view.deleted) {
    view.content.clear();
    view.edited = view.mentions_me = false;
    return view;
  }
  view.can_edit = view.mine;
  view.can_delete = view.mine || in.role >= wire::Role::kModerator;
  if (body.reply_to.value != 0) view.reply = TimelineView::reply(in, body.reply_to);
  add_reactions(in, fold ? fold->reactions() : std::vector<sync::FoldedReaction>{}, overlay, view);
  return view;
}

e2ee::OpenFault fault_of(const TimelineInput& in, Seq seq) {
  if (in.sealed) {
    const auto known = in.sealed->closed.find(seq);
    if (known != in.sealed->closed.end()) return known->second;
  }
  return e2ee::OpenFault::kUnknownEpoch;
}

// A message that is there and cannot be opened.
MessageView unreadable(const TimelineInput& in, const wire::Event& event) {
  MessageView view;
  view.seq = event.seq;
  view.client_id = event.client_id;
  view.sender = event.sender;
  view.sender_name = in.people.name_of(event.sender);
  view.at = event.at;
  view.mine = event.sender == in.self;
  view.starts_group = false;  // place() knows
  const e2ee::OpenFault fault = fault_of(in, event.seq);
  view.unreadable = e2ee::describe(fault);
  view.unreadable_for_good = is_for_good(fault);
  return view;
}

}  // namespace

std::optional<MessageView> TimelineView::message(const TimelineInput& in, Seq seq) {
  const sync::LogEntry* entry = in.timeline.find(seq);
  if (!entry) return std::nullopt;
  const auto* body = std::get_if<wire::Message>(&entry->body);
  if (!body) return std::nullopt;
  return message_of(in, *entry, *body);
}

ReplyView TimelineView::reply(const TimelineInput& in, Seq target) {
  ReplyView view;
  view.seq = target;
  const sync::LogEntry* entry = in.timeline.find(target);
  const auto* body = entry ? std::get_if<wire::Message>(&entry->body) : nullptr;
  if (!body) {
    view.excerpt = "An earlier message";  // opening the room there loads it
    return view;
  }
  view.sender_name = in.people.name_of(entry->event.sender);
  const sync::MessageFold* fold = in.timeline.fold(target);
  if (is_deleted(in, fold, entry->event.sender)) {
    view.excerpt = "Message deleted";
    view.available = false;
    return view;
  }
  const auto* edit = fold ? fold->edit_of(entry->event.sender) : nullptr;
  view.excerpt = plain_excerpt(edit ? edit->content : body->content, kReplyCharacters);
  return view;
}

bool TimelineView::is_deleted(const TimelineInput& in, const sync::MessageFold* fold,
                              UserId author) {
  if (!fold || !fold->deleted()) return false;
  if (!in.sealed) return true;
  return std::ranges::any_of(fold->deletions(), [&](const UserId& user) {
    return user == author || in.sealed->moderators.contains(user);
  });
}

bool TimelineView::update(const TimelineInput& in, std::vector<TimelineItem>& items,
                          bool outbox_changed, bool markers_changed) {
  sync::TimelineChanges changes = in.timeline.take_changes();
  // A note that stands below an event not shown before.
  if (changes.appended && in.sealed) {
    rebuild_ |= std::ranges::any_of(in.sealed->notes,
                                    [&](const RoomNote& note) { return note.after > shown_; });
  }
  if (changes.rebuilt || rebuild_) {
    rebuild(in, items);
    return true;
  }
  if (!changes.appended && changes.touched.empty() && !outbox_changed && !markers_changed) {
    return false;
  }
  drop_pending(items);
  for (const Seq seq : changes.touched) refresh(in, items, seq);
  if (outbox_changed || !overlaid_.empty()) {
    const std::vector<Seq> before = std::exchange(overlaid_, pending_targets(in));
    for (const Seq seq : before) refresh(in, items, seq);
    for (const Seq seq : overlaid_) refresh(in, items, seq);
  }
  if (markers_changed) refresh_ticks(in, items);
  if (changes.appended) append(in, items, shown_);
  settled_ = items.size();
  add_pending(in, items);
  return true;
}

void TimelineView::rebuild(const TimelineInput& in, std::vector<TimelineItem>& items) {
  items.clear();
  rebuild_ = line_shown_ = false;
  shown_ = {};
  overlaid_ = pending_targets(in);
  delivered_ = in.delivered_by_others;
  read_ = in.read_by_others;
  const auto& segments = in.timeline.segments();
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (i > 0) items.push_back(HistoryGapView{segments[i].first()});
    for (const sync::LogEntry& entry : segments[i].entries) add(in, items, entry);
  }
  if (in.sealed) {
    for (const RoomNote& note : in.sealed->notes) {
      if (note.after > shown_) add_line(in, items, {{}, note.at, note.text});
    }
  }
  settled_ = items.size();
  add_pending(in, items);
}

void TimelineView::append(const TimelineInput& in, std::vector<TimelineItem>& items, Seq after) {
  if (in.timeline.segments().empty()) return;
  const auto& entries = in.timeline.segments().back().entries;
  const Seq first = entries.front().event.seq;
  const std::size_t from =
      after < first ? 0 : static_cast<std::size_t>(after.value - first.value + 1);
  for (std::size_t i = from; i < entries.size(); ++i) add(in, items, entries[i]);
}

void TimelineView::add(const TimelineInput& in, std::vector<TimelineItem>& items,
                       const sync::LogEntry& entry) {
  shown_ = std::max(shown_, entry.event.seq);
  if (in.sealed) add_missed(in, items, entry.event);
  if (const auto* body = std::get_if<wire::Message>(&entry.body)) {
    place(in, items, message_of(in, entry, *body));
  } else if (entry.event.kind == wire::EventKind::kSealed) {
    add_closed(in, items, entry);
  } else if (std::string text = system_line(in, entry); !text.empty()) {
    add_line(in, items, {entry.event.seq, entry.event.at, std::move(text)});
  }
  if (!in.sealed) return;
  for (const RoomNote& note : in.sealed->notes) {
    if (note.after == entry.event.seq) add_line(in, items, {{}, note.at, note.text});
  }
}

// A sealed event that was not opened.
void TimelineView::add_closed(const TimelineInput& in, std::vector<TimelineItem>& items,
                              const sync::LogEntry& entry) {
  const wire::Event& event = entry.event;
  const e2ee::OpenFault fault = fault_of(in, event.seq);
  const auto* sealed = std::get_if<wire::SealedBody>(&entry.body);
  std::string text;
  if (is_refused(fault)) {
    text = words_for_refused(fault, in.people.name_of(event.sender));
  } else if (!sealed || !sealed->counts) {
    return;
  } else if (fault == e2ee::OpenFault::kBeforeJoining ||
             fault == e2ee::OpenFault::kNotForThisDevice) {
    text = e2ee::describe(fault);
  } else {
    return place(in, items, unreadable(in, event));
  }
  // One line for all of them.
  const auto* last = items.empty() ? nullptr : std::get_if<SystemLineView>(&items.back());
  if (!last || last->text != text) add_line(in, items, {event.seq, event.at, std::move(text)});
}

// What the event's sender said before and is not here, when all between the two is.
void TimelineView::add_missed(const TimelineInput& in, std::vector<TimelineItem>& items,
                              const wire::Event& event) {
  for (const MissedMessages& missed : in.sealed->missed) {
    if (missed.before != event.seq) continue;
    std::uint64_t there = 0;
    const sync::LogEntry* entry = nullptr;
    for (Seq seq = missed.after.next(); seq < missed.before; seq = seq.next()) {
      entry = in.timeline.find(seq);
      if (!entry) break;
      const auto refused = [&] { return is_refused(fault_of(in, seq)); };
      if (entry->event.device == missed.device && is_chained(entry->event, refused)) ++there;
    }
    const bool whole = missed.after.next() == missed.before || entry;
    if (!whole || there >= missed.count) continue;
    const std::string name = missed.user == in.self ? "" : in.people.name_of(missed.user);
    add_line(in, items, {{}, event.at, words_for_missed(missed.count - there, name)});
  }
}

void TimelineView::add_line(const TimelineInput& in, std::vector<TimelineItem>& items,
                            SystemLineView line) {
  const bool new_day = items.empty() || day_of(moment_of(items.back()), in.utc_offset_minutes) !=
                                            day_of(line.at, in.utc_offset_minutes);
  if (new_day) items.push_back(DayView{line.at});
  items.push_back(std::move(line));
}

void TimelineView::place(const TimelineInput& in, std::vector<TimelineItem>& items,
                         MessageView message) {
  const auto day = [&](Timestamp at) { return day_of(at, in.utc_offset_minutes); };
  const Timestamp last = items.empty() ? Timestamp{} : moment_of(items.back());
  if (items.empty() || day(last) != day(message.at)) items.push_back(DayView{message.at});
  const bool unread =
      in.unread_after && !line_shown_ && !message.mine && message.seq > *in.unread_after;
  if (unread) {
    items.push_back(UnreadLineView{});
    line_shown_ = true;
  }
  if (const auto* previous = std::get_if<MessageView>(&items.back())) {
    const Duration apart = message.at - previous->at;
    message.starts_group |=
        previous->sender != message.sender || apart > kGroupSpan || apart < Duration{};
  } else {
    message.starts_group = true;
  }
  items.push_back(std::move(message));
}

void TimelineView::drop_pending(std::vector<TimelineItem>& items) {
  items.resize(std::min(settled_, items.size()));
}

void TimelineView::add_pending(const TimelineInput& in, std::vector<TimelineItem>& items) {
  const bool line_before = line_shown_;
  for (const wire::Event& event : in.acked) {
    if (event.seq <= in.timeline.cursor() && in.timeline.find(event.seq)) continue;
    auto body = wire::decode_body(event.kind, event.body);
    const auto* text = body ? std::get_if<wire::Message>(&*body) : nullptr;
    if (text) place(in, items, message_of(in, {event, *body}, *text));
  }
  for (const sync::OutboxEntry* entry : in.outbox.of_room(in.room)) {
    if (entry->kind != wire::EventKind::kMessage) continue;
    auto body = wire::decode_body(entry->kind, entry->body);
    const auto* text = body ? std::get_if<wire::Message>(&*body) : nullptr;
    if (!text) continue;
    wire::Event event;
    event.client_id = entry->client_id;
    event.sender = in.self;
    event.at = entry->written;
    MessageView view = message_of(in, {event, *body}, *text);
    const bool failed = entry->state == sync::OutboxState::kFailed;
    view.state = failed ? SendState::kFailed : SendState::kSending;
    if (failed) view.failure = words_for_failed_message(static_cast<ErrorCode>(entry->error));
    if (!failed && in.sealed) view.waiting = in.sealed->waiting;
    view.can_edit = view.can_delete = false;  // retry and discard instead
    place(in, items, std::move(view));
  }
  line_shown_ = line_before;
}

void TimelineView::refresh(const TimelineInput& in, std::vector<TimelineItem>& items, Seq seq) {
  if (seq.value == 0) return;
  const auto update_item = [&](MessageView& shown) {
    auto fresh = message(in, shown.seq);
    if (!fresh || same_look(shown, *fresh)) return;
    fresh->starts_group = shown.starts_group;
    shown = std::move(*fresh);
  };
  for (TimelineItem& item : items) {
    auto* shown = std::get_if<MessageView>(&item);
    if (!shown) continue;
    // The message itself, and those that quote it.
    if (shown->seq == seq || (shown->reply && shown->reply->seq == seq)) update_item(*shown);
  }
}

void TimelineView::refresh_ticks(const TimelineInput& in, std::vector<TimelineItem>& items) {
  const Seq floor = std::min(delivered_, read_);  // everything up to here is read already
  delivered_ = in.delivered_by_others;
  read_ = in.read_by_others;
  for (std::size_t i = items.size(); i-- > 0;) {
    auto* shown = std::get_if<MessageView>(&items[i]);
    if (!shown || shown->seq.value == 0) continue;
    if (shown->seq <= floor) break;
    if (shown->mine) shown->state = tick(in, seq_of(items[i]));
  }
}

std::vector<Seq> TimelineView::pending_targets(const TimelineInput& in) const {
  std::vector<Seq> out;
  for (const sync::OutboxEntry* entry : in.outbox.of_room(in.room)) {
    if (entry->kind == wire::EventKind::kMessage) continue;
    const auto body = wire::decode_body(entry->kind, entry->body);
    if (!body) continue;
    if (const auto* edit = std::get_if<wire::Edit>(&*body)) out.push_back(edit->target);
    if (const auto* gone = std::get_if<wire::Deletion>(&*body)) out.push_back(gone->target);
    if (const auto* mark = std::get_if<wire::Reaction>(&*body)) out.push_back(mark->target);
  }
  return out;
}

}  // namespace parley::client
