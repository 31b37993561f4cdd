// Private rooms: carries what the engine (client/e2ee) says to the world and back, opens what is
// sealed on its way in and seals what is on its way out. Behind this file an opened event looks
// like one of an open room; what could not be opened stays as it is and is tried again.
#include <algorithm>

#include "client/core/impl.hpp"
#include "client/core/words.hpp"

namespace parley::client {
namespace {

constexpr Duration kStoreRetry = seconds(1);
constexpr Duration kNoteOnce = hours(24);    // what is true still is not told again
constexpr Duration kPageWait = seconds(10);  // for the keys of a page that was asked for

// What only members can say, and not in the open. The server says who may enter a private room, and
// never what it is called.
bool is_made_up(const wire::Event& event) {
  if (event.kind != wire::EventKind::kRoomSettings) return may_be_sealed(event.kind);
  const auto settings = wire::decode<wire::RoomSettings>(event.body);
  return settings && !(settings->name.empty() && settings->topic.empty());
}

}  // namespace

// ---- the engine's life --------------------------------------------------------------------------

void Client::Impl::begin_engine() {
  if (config_.private_rooms) engine_ = std::make_unique<e2ee::Engine>(rng_);
  ++engine_life_;
  engine_batches_.clear();
  engine_user_ = {};
  engine_waits_.reset();
  sealed_.clear();
  wishes_.clear();
  deferred_.clear();
  held_pages_.clear();
  keys_ = {};
  words_shown_to_ = {};
  looked_at_.reset();
}

// The session says who this is.
void Client::Impl::unlock_engine(Now now) {
  if (!engine_ || !signed_in() || engine_user_ == std::pair{self(), session_.session.device_id}) {
    return;
  }
  engine_user_ = {self(), session_.session.device_id};
  engine_->handle_signed_in(now, self(), session_.session.device_id);
  keys_.state = AccountKeys::kStarting;
  for (auto& [id, room] : rooms_) {
    if (!is_private(room)) continue;
    tell_engine(now, room.summary);  // the server repeats only what is new since
    refresh_private(now, id);
    find_closed(room);
    reveal_closed(now, id);
  }
}

void Client::Impl::drain_engine(Now now) {
  if (!engine_) return;
  for (bool moved = true; moved;) {
    moved = false;
    while (const auto change = engine_->poll_change()) {
      moved = true;
      on_engine_change(now, *change);
    }
    if (engine_waits_ && *engine_waits_ <= now.mono) engine_waits_.reset();
    while (!engine_waits_) {
      auto batch = engine_->poll_write();
      if (!batch) break;
      std::vector<WriteStore::Entry> entries;
      for (const auto& entry : batch->entries) {
        entries.push_back({entry.key, to_bytes(entry.value.expose())});
      }
      engine_batches_[next_batch_] = batch->batch;
      write(std::move(entries));
    }
    send_sealed(now);
    if (!connection_.connected() || !signed_in()) continue;
    while (auto request = engine_->poll_request()) {
      moved = true;
      const auto* creation = std::get_if<wire::CreateRoom>(&request->command);
      const RoomId asked = creation ? RoomId{creation->client_id.uuid} : RoomId{};
      ask(now, std::move(request->command),
          [this, asked, token = request->token, life = engine_life_](Now then, Outcome& outcome) {
            if (!engine_ || life != engine_life_) return;
            const auto* response = std::get_if<wire::Response>(&outcome);
            const auto* state = response ? std::get_if<wire::RoomState>(response) : nullptr;
            if (state) learn_room(then, state->room);
            engine_->handle_reply(then, token, outcome);
            if (!state || asked.is_nil()) return;
            const auto [first, last] = wishes_.equal_range(asked);
            const bool opens =
                std::any_of(first, last, [](auto& wish) { return wish.second.opens; });
            if (opens && config_.open_joined_rooms) open_room(then, state->room.room_id, {});
          });
    }
  }
}

void Client::Impl::on_engine_stored(Now now, std::uint64_t batch, const Status& status) {
  const auto found = engine_batches_.find(batch);
  if (found == engine_batches_.end()) return;
  const std::uint64_t stored = found->second;
  engine_batches_.erase(found);
  if (!engine_) return;
  if (status.ok()) {
    engine_stored_ = std::max(engine_stored_, stored);
  } else {
    // The engine writes it again; what depended on it is sealed again after that.
    engine_waits_ = now.mono + kStoreRetry;
    for (auto& [needs, post] : std::exchange(sealed_, {}))
      outbox_.postpone(now.mono, post.client_id);
  }
  engine_->handle_stored(now, stored, status);
}

void Client::Impl::tell_engine(Now now, const wire::RoomSummary& summary) {
  if (!engine_ || summary.settings.kind != wire::RoomKind::kPrivate) return;
  engine_->handle_rooms(now, {summary});
}

void Client::Impl::on_engine_change(Now now, const e2ee::Change& change) {
  touch_rooms();
  std::visit(
      [&](const auto& what) {
        using T = std::decay_t<decltype(what)>;
        if constexpr (std::same_as<T, e2ee::AccountChanged>) {
          on_account(now, what.state);
        } else if constexpr (std::same_as<T, e2ee::RoomChanged>) {
          refresh_private(now, what.room);
        } else if constexpr (std::same_as<T, e2ee::RoomReplaced>) {
          for (auto wish = wishes_.find(what.asked); wish != wishes_.end();
               wish = wishes_.find(what.asked)) {
            auto node = wishes_.extract(wish);
            node.key() = what.actual;
            wishes_.insert(std::move(node));
          }
          refresh_private(now, what.actual);
        } else if constexpr (std::same_as<T, e2ee::RoomFailed>) {
          end_wishes(now, what.room, &what.error);
        } else if constexpr (std::same_as<T, e2ee::HistoryArrived>) {
          reveal_closed(now, what.room);
          release_pages(now);
        } else if constexpr (std::same_as<T, e2ee::LinkChanged>) {
          touch();
        } else if constexpr (std::same_as<T, e2ee::RecoveryMade>) {
          on_recovery_made(now, what.saved);
        } else if constexpr (std::same_as<T, e2ee::IdentityDecided>) {
          identity_was_decided(now);
        } else if constexpr (std::same_as<T, e2ee::IdentityChanged>) {
          const std::string text = what.user == self()
                                       ? words_for_own_new_keys()
                                       : words_for_changed_identity(people_.name_of(what.user));
          for (auto& [id, room] : rooms_) {
            const bool own = what.user == self() && is_private(room);
            const bool there = std::ranges::find(room.users, what.user) != room.users.end();
            if (own || there) add_note(now, id, text, NoteIf::kAlways);
          }
        } else {
          on_alert(now, what);
        }
      },
      change);
}

// What a server does that should not be trusted.
void Client::Impl::on_alert(Now now, const e2ee::Alert& alert) {
  const std::string name = alert.user.is_nil() ? std::string() : people_.name_of(alert.user);
  const std::string text = words_for_alert(alert.kind, name);
  toast(now, ToastKind::kError, "Something is wrong with the server", text);
  for (auto& [id, room] : rooms_) {
    const bool there = std::ranges::find(room.users, alert.user) != room.users.end();
    if (alert.room.is_nil() ? there : alert.room == id) add_note(now, id, text, NoteIf::kNew);
  }
}

void Client::Impl::add_note(Now now, RoomId id, std::string text, NoteIf when,
                            std::optional<Seq> after) {
  Room* room = find_room(id);
  if (!room) return;
  const Seq newest = std::max(room->timeline.cursor(), room->summary.head);
  const Timestamp present = now.wall + clock_offset_;
  const bool said = std::ranges::any_of(room->notes, [&](const RoomNote& note) {
    return when == NoteIf::kNew && note.text == text && note.at + kNoteOnce > present;
  });
  if (said) return;
  effects_.push_back(NoteAdded{id, text});
  room->notes.push_back({after.value_or(newest), present, std::move(text)});
  if (room->notes.size() > StoredNotes::kMax) room->notes.erase(room->notes.begin());
  unsaved(room->notes_dirty);
  timeline_view_.rebuild_next();
  touch_rooms();
}

// Once private, always: with open rooms people would say in the open what they trusted to be
// sealed.
void Client::Impl::keep_private(wire::RoomSummary& summary) {
  if (summary.settings.kind == wire::RoomKind::kPrivate) return;
  const Room* known = find_room(summary.room_id);
  const bool was = (known && is_private(*known)) || (engine_ && engine_->room(summary.room_id));
  if (was) summary.settings.kind = wire::RoomKind::kPrivate;
}

void Client::Impl::tell_downgrade(Now now, Room& room) {
  if (std::exchange(room.downgraded, true)) return;
  const std::string text = words_for_downgrade();
  toast(now, ToastKind::kError, "Something is wrong with the server", text);
  add_note(now, room.summary.room_id, text, NoteIf::kNew);
}

// ---- what is known of a room --------------------------------------------------------------------

void Client::Impl::refresh_private(Now now, RoomId id) {
  Room* room = find_room(id);
  if (!engine_ || !room || !is_private(*room)) return;
  const auto status = engine_->room(id);
  if (!status) return;
  room->name = status->name;
  room->topic = status->topic;
  room->disappear_after_s = status->disappear_after_s;
  const bool moved = room->not_ready != status->not_ready;
  room->not_ready = status->not_ready;
  room->invites_due = status->invites_due;
  if (auto users = engine_->members(id); !users.empty()) room->users = std::move(users);
  if (room->summary.settings.direct) {
    for (const UserId user : room->users) {
      if (user != self()) room->direct_with = user;
    }
    // They may have left: what they wrote is still there.
    if (!room->direct_with) {
      for (const sync::Segment& segment : room->timeline.segments()) {
        for (const sync::LogEntry& entry : segment.entries) {
          if (entry.event.sender != self()) room->direct_with = entry.event.sender;
        }
      }
    }
  }
  if (room->direct_with) people_.name_of(*room->direct_with);  // has it asked for
  if (!room->not_ready) outbox_.hasten(id);
  if (moved && open_room_ == id) outbox_changed_ = true;  // the words next to what waits
  if (!status->busy && room->summary.role >= wire::Role::kMember) end_wishes(now, id, nullptr);
  touch_rooms();
}

std::string Client::Impl::name_of(const Room& room) {
  if (!is_private(room)) return room.summary.settings.name;
  if (room.direct_with) return people_.name_of(*room.direct_with);
  if (!room.name.empty()) return room.name;
  return room.summary.settings.direct ? "Direct messages" : "Private room";
}

Protection Client::Impl::protection_of(const Room& room) const {
  if (!is_private(room)) return Protection::kNone;
  if (room.not_ready && !passes_by_itself(*room.not_ready)) return Protection::kAttention;
  bool verified = room.users.size() > 1;
  for (const UserId user : room.users) {
    if (user != self()) verified = verified && identity_of(user) == IdentityState::kVerified;
  }
  return verified ? Protection::kVerified : Protection::kEncrypted;
}

EncryptionView Client::Impl::encryption_of(Room& room) {
  EncryptionView out;
  out.protection = protection_of(room);
  out.summary = words_for_protection(out.protection);
  if (const std::uint32_t after = disappear_after(room); after != 0) {
    out.disappear_after = words_for_span(after);
  }
  if (!is_private(room) || !engine_) {
    if (is_private(room)) out.waiting = "Private rooms are in use by another run of this program.";
    return out;
  }
  if (const auto status = engine_->room(room.summary.room_id)) out.epoch = status->epoch;
  for (const UserId user : room.users) {
    if (identity_of(user) == IdentityState::kChanged) out.changed.push_back(user);
  }
  if (room.not_ready) {
    const std::string words(e2ee::describe(*room.not_ready));
    (passes_by_itself(*room.not_ready) ? out.waiting : out.attention) = words;
  }
  if (!out.changed.empty()) {
    out.attention = words_for_changed_identity(people_.name_of(out.changed.front()));
  }
  return out;
}

std::string Client::Impl::attention_of(RoomId id) {
  Room* room = find_room(id);
  const bool stands =
      room && is_private(*room) && room->not_ready && !passes_by_itself(*room->not_ready);
  return stands ? encryption_of(*room).attention : std::string();
}

std::set<UserId> Client::Impl::moderators_of(const Room& room) const {
  std::set<UserId> out;
  if (room.summary.settings.direct) return out;
  for (const wire::MemberInfo& member : room.members.members) {
    if (member.role >= wire::Role::kModerator) out.insert(member.user.user_id);
  }
  if (room.summary.role >= wire::Role::kModerator) out.insert(self());
  return out;
}

// ---- on the way in ------------------------------------------------------------------------------

std::vector<wire::Event> Client::Impl::revealed(Now now, Room& room,
                                                std::vector<wire::Event> events) {
  if (!is_private(room)) return events;
  for (wire::Event& event : events) {
    if (engine_ && event.seq > room.fed) {
      room.fed = event.seq;
      engine_->handle_event(now, room.summary.room_id, event);
    }
    event = reveal(now, room, event);
  }
  return events;
}

// The event as its author made it; itself when it cannot be opened now. For events as the server
// gave them: what came out of here once may not come in again.
wire::Event Client::Impl::reveal(Now now, Room& room, const wire::Event& event) {
  const bool made_up = is_made_up(event);
  if (event.kind != wire::EventKind::kSealed && !made_up) return event;
  const sync::LogEntry* known = room.timeline.find(event.seq);
  if (known && known->event.kind != wire::EventKind::kSealed) return known->event;
  if (made_up || event.body.empty()) {
    // Kept as a sealed event with nothing in it, so that it is the same after a restart.
    room.closed[event.seq] = e2ee::OpenFault::kForgedSender;
    wire::Event out = event;
    out.kind = wire::EventKind::kSealed;
    out.body.clear();
    return out;
  }
  if (!engine_) return event;
  // The engine goes by this device's clock.
  wire::Event out = event;
  out.at = time_of(now, room, event) - clock_offset_;
  auto result = engine_->open(now, room.summary.room_id, out);
  out.at = time_of(now, room, event);
  if (auto* opened = std::get_if<e2ee::Opened>(&result)) {
    out.kind = opened->kind;
    out.body = std::move(opened->body);
    note_chain(now, room, event, *opened);
    if (may_be_sealed(out.kind) && wire::decode_body(out.kind, out.body)) {
      room.closed.erase(event.seq);
      return out;
    }
    result = e2ee::OpenFault::kUnsupported;  // what members of a later version say
  }
  room.closed[event.seq] = std::get<e2ee::OpenFault>(result);
  return event;
}

ClosedView Client::Impl::why_closed(RoomId id, const wire::Event& event) {
  const Room* room = find_room(id);
  auto fault = e2ee::OpenFault::kUnknownEpoch;
  if (room) {
    const auto known = room->closed.find(event.seq);
    if (known != room->closed.end()) fault = known->second;
  }
  if (is_refused(fault)) return {words_for_refused(fault, people_.name_of(event.sender)), true};
  return {std::string(e2ee::describe(fault)), false};
}

std::vector<MissedMessages> Client::Impl::missed_before(RoomId id, Seq seq) const {
  std::vector<MissedMessages> out;
  const auto room = rooms_.find(id);
  if (room == rooms_.end()) return out;
  for (const MissedMessages& missed : room->second.missed) {
    if (missed.before == seq && missed.count > 0) out.push_back(missed);
  }
  return out;
}

// What the sender's own count of its messages says about those around this one.
void Client::Impl::note_chain(Now now, Room& room, const wire::Event& event,
                              const e2ee::Opened& opened) {
  if (opened.chain.verdict == sealing::ChainVerdict::kGap) {
    room.missed.push_back(
        {opened.before_gap, event.seq, opened.user, opened.device, opened.chain.missing});
    if (room.missed.size() > StoredNotes::kMax) room.missed.erase(room.missed.begin());
    unsaved(room.notes_dirty);
  }
  if (!opened.moved) return;
  add_note(now, room.summary.room_id, words_for_moved(people_.name_of(opened.user)),
           NoteIf::kAlways, Seq{event.seq.value - 1});
  if (opened.chain.verdict != sealing::ChainVerdict::kLate) return;
  // It was missed where it belongs.
  for (MissedMessages& missed : room.missed) {
    if (missed.device != opened.device || missed.before > event.seq || missed.count == 0) continue;
    --missed.count;
    return;
  }
}

// What came from the store as it was.
void Client::Impl::find_closed(Room& room) {
  const auto& last = room.summary.last_message;
  if (last && last->kind == wire::EventKind::kSealed) {
    room.closed.try_emplace(last->seq, e2ee::OpenFault::kUnknownEpoch);
  }
  for (const sync::Segment& segment : room.timeline.segments()) {
    for (const sync::LogEntry& entry : segment.entries) {
      if (entry.event.kind == wire::EventKind::kSealed) {
        room.closed.try_emplace(entry.event.seq, e2ee::OpenFault::kUnknownEpoch);
      }
    }
  }
}

void Client::Impl::reveal_closed(Now now, RoomId id) {
  Room* room = find_room(id);
  if (!engine_ || !room || room->closed.empty()) return;
  const auto tried = room->closed;
  for (const auto& [seq, fault] : tried) {
    if (is_for_good(fault)) continue;
    const sync::LogEntry* entry = room->timeline.find(seq);
    const auto& last = room->summary.last_message;
    const bool is_last = last && last->seq == seq;
    if (!entry && !is_last) {
      room->closed.erase(seq);
      continue;
    }
    const wire::Event sealed = entry ? entry->event : *last;
    const wire::Event event = reveal(now, *room, sealed);
    const auto still = room->closed.find(seq);
    if (still != room->closed.end() && still->second != fault) timeline_view_.rebuild_next();
    if (event.kind != wire::EventKind::kSealed) became_readable(now, *room, event);
  }
}

// An event that was told of, if at all, as one that cannot be read.
void Client::Impl::became_readable(Now now, Room& room, const wire::Event& event) {
  const RoomId id = room.summary.room_id;
  if (room.timeline.replace(event)) {
    room.stored_chunks[event.seq.value / kChunk] = {};  // holds the sealed one
    unsaved(room.events_dirty);
    search_stale(now, id);
  }
  auto& last = room.summary.last_message;
  if (last && last->seq == event.seq) {
    last = event;
    set_preview(room);
    unsaved(room.summary_dirty);
  }
  touch_rooms();
  if (room.untold.erase(event.seq) == 0) return;
  effects_.push_back(EventArrived{id, event, people_.name_of(event.sender)});
  const auto message = wire::decode<wire::Message>(event.body);
  if (event.kind != wire::EventKind::kMessage || !message) return;
  if (event.sender == self() || event.seq <= room.read) return;
  if (std::ranges::find(message->mentions, self()) != message->mentions.end()) {
    ++room.summary.mentions;
  }
  notify(now, room, event, *message);
}

// ---- on the way out -----------------------------------------------------------------------------

void Client::Impl::seal_post(Now now, wire::Post post) {
  const ClientId id = post.client_id;
  if (!engine_) return outbox_.postpone(now.mono, id);
  const bool counts = post.kind == wire::EventKind::kMessage;
  auto sealed = engine_->seal(now, post.room_id, id, post.kind, post.body, counts);
  if (std::holds_alternative<e2ee::NotReady>(sealed)) return outbox_.postpone(now.mono, id);
  auto& ready = std::get<e2ee::Sealed>(sealed);
  post.kind = wire::EventKind::kSealed;
  post.body = std::move(ready.body);
  sealed_.emplace_back(ready.batch, std::move(post));
}

void Client::Impl::send_sealed(Now now) {
  while (!sealed_.empty() && sealed_.front().first <= engine_stored_) {
    wire::Post post = std::move(sealed_.front().second);
    sealed_.pop_front();
    const ClientId id = post.client_id;
    const RoomId room = post.room_id;
    ask(now, std::move(post),
        [this, id, room](Now then, Outcome& outcome) { on_posted(then, id, room, outcome); });
  }
}

// ---- what the person wants ----------------------------------------------------------------------

// Runs when it is known whether this device has the account's keys.
void Client::Impl::when_keys_settle(Now now, std::function<void(Now)> what) {
  if (engine_ && engine_->account() == e2ee::AccountState::kStarting) {
    deferred_.push_back(std::move(what));
  } else {
    what(now);
  }
  settle(now);
}

void Client::Impl::begin_wish(Now now, const Result<RoomId>& room, RoomWish wish) {
  if (room) {
    wishes_.emplace(*room, std::move(wish));
    return refresh_private(now, *room);
  }
  Error error = room.error();
  if (!engine_ || engine_->account() != e2ee::AccountState::kReady) {
    error = {ErrorCode::kAccessDenied, keys_.text, {}};
  }
  toast(now, ToastKind::kError, wish.title, keys_.text.empty() ? words_for(error) : keys_.text);
  effects_.push_back(CommandDone{wish.token, error});
}

void Client::Impl::end_wishes(Now now, RoomId id, const Error* error) {
  const Room* room = find_room(id);
  for (auto it = wishes_.find(id); it != wishes_.end(); it = wishes_.find(id)) {
    const RoomWish wish = std::move(it->second);
    wishes_.erase(it);
    if (error || !room) {
      const Error why = error ? *error : Error{ErrorCode::kRoomNotFound, {}, {}};
      toast(now, ToastKind::kError, wish.title, words_for(why));
      effects_.push_back(CommandDone{wish.token, why});
    } else {
      effects_.push_back(CommandDone{wish.token, wire::Response{wire::RoomState{room->summary}}});
    }
  }
}

std::uint64_t Client::Impl::create_private_room(Now now, std::string name, std::string topic,
                                                std::vector<UserId> members,
                                                wire::HistoryAccess history,
                                                std::uint32_t disappear_after_s) {
  const std::uint64_t token = next_token_++;
  when_keys_settle(now, [=, this](Now then) {
    Result<RoomId> room = ErrorCode::kAccessDenied;
    const bool in_time = disappear_after_s == 0 || (disappear_after_s >= wire::kMinDisappear_s &&
                                                    disappear_after_s <= wire::kMaxDisappear_s);
    if (is_blank(name) || !is_valid_utf8(name) ||
        count_code_points(name) > wire::kMaxNameCharacters || !in_time) {
      room = ErrorCode::kInvalidArgument;
    } else if (engine_) {
      room = engine_->create_room(then, name, topic, members, history, disappear_after_s);
    }
    begin_wish(then, room, {token, "The room was not created", true});
  });
  return token;
}

std::uint64_t Client::Impl::start_direct(Now now, UserId user) {
  const std::uint64_t token = next_token_++;
  for (const auto& [id, room] : rooms_) {
    if (room.direct_with != user || !is_private(room) ||
        std::ranges::find(room.users, user) == room.users.end()) {
      continue;
    }
    effects_.push_back(CommandDone{token, wire::Response{wire::RoomState{room.summary}}});
    if (config_.open_joined_rooms) open_room(now, id, {});
    return token;
  }
  when_keys_settle(now, [=, this](Now then) {
    Result<RoomId> room = ErrorCode::kAccessDenied;
    if (engine_) room = engine_->start_direct(then, user);
    begin_wish(then, room, {token, "The conversation was not started", true});
  });
  return token;
}

std::uint64_t Client::Impl::invite_member(Now now, RoomId id, UserId user) {
  const Room* room = find_room(id);
  if (!room || !is_private(*room)) {
    return tokened(now, wire::InviteMember{id, user}, "The invitation was not sent");
  }
  const std::uint64_t token = next_token_++;
  when_keys_settle(now, [=, this](Now then) {
    Result<RoomId> invited = ErrorCode::kAccessDenied;
    if (engine_) {
      const Status begun = engine_->invite(then, id, {user});
      invited = begun ? Result<RoomId>(id) : Result<RoomId>(begun.error());
    }
    begin_wish(then, invited, {token, "The invitation was not sent"});
  });
  return token;
}

std::uint64_t Client::Impl::rename_private(Now now, RoomId id, std::string name,
                                           std::string topic) {
  const std::uint64_t token = next_token_++;
  when_keys_settle(now, [=, this](Now then) {
    Result<RoomId> renamed = ErrorCode::kAccessDenied;
    if (is_blank(name) || !is_valid_utf8(name) ||
        count_code_points(name) > wire::kMaxNameCharacters) {
      renamed = ErrorCode::kInvalidArgument;
    } else if (engine_) {
      const Status begun = engine_->rename(then, id, name, topic);
      renamed = begun ? Result<RoomId>(id) : Result<RoomId>(begun.error());
    }
    begin_wish(then, renamed, {token, "The room was not changed"});
  });
  return token;
}

// ---- pages for somebody without a view ----------------------------------------------------------

// True when the page is kept until its keys are here, or for a while.
bool Client::Impl::hold_page(Now now, std::uint64_t token, wire::HistoryPage& page) {
  Room* room = find_room(page.room_id);
  if (!room || !is_private(*room) || !engine_) return false;
  page.events = revealed(now, *room, std::move(page.events));
  if (!waits_for_keys(now, *room, page)) return false;
  held_pages_.push_back({token, page, now.mono + kPageWait});
  return true;
}

// Leaves out what has disappeared meanwhile.
bool Client::Impl::waits_for_keys(Now now, const Room& room, wire::HistoryPage& page) {
  const Timestamp present = now.wall + clock_offset_;
  const Duration after = seconds(disappear_after(room));
  std::erase_if(page.events, [&](const wire::Event& event) {
    return after > Duration{} && time_of(now, room, event) + after <= present;
  });
  return std::ranges::any_of(page.events, [&](const wire::Event& event) {
    if (event.kind != wire::EventKind::kSealed) return false;
    const auto fault = room.closed.find(event.seq);
    if (fault == room.closed.end() || is_for_good(fault->second)) return false;
    // Nobody gives that away but an invitation's link.
    return fault->second != e2ee::OpenFault::kBeforeJoining || room.invites_due;
  });
}

void Client::Impl::release_pages(Now now) {
  for (HeldPage& held : std::exchange(held_pages_, {})) {
    if (Room* room = find_room(held.page.room_id); room && engine_) {
      for (wire::Event& event : held.page.events) {
        if (event.kind == wire::EventKind::kSealed) event = reveal(now, *room, event);
      }
      if (waits_for_keys(now, *room, held.page) && now.mono < held.until) {
        held_pages_.push_back(std::move(held));
        continue;
      }
    }
    effects_.push_back(CommandDone{held.token, wire::Response{std::move(held.page)}});
  }
}

}  // namespace parley::client
