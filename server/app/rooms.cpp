#include "server/app/rooms.hpp"

#include "server/app/users.hpp"

namespace parley::app {

// ---- loading and taking turns ------------------------------------------------------------------

Task<Rooms::RoomResult> Rooms::get(RoomId id) {
  if (id.is_nil()) co_return Error{ErrorCode::kInvalidArgument, "room_id is missing", {}};
  Entry& entry = rooms_[id];
  entry.used = now();
  if (!entry.room && entry.loading) {
    struct Wait {
      std::vector<std::coroutine_handle<>>& waiting;
      bool await_ready() const noexcept { return false; }
      void await_suspend(std::coroutine_handle<> self) { waiting.push_back(self); }
      void await_resume() const noexcept {}
    };
    co_await Wait{entry.waiting};
    Room* loaded = find(id);
    if (!loaded) co_return ErrorCode::kRoomNotFound;
    if (loaded->record().deleted) co_return ErrorCode::kRoomDeleted;
    co_return rooms_[id].room;
  }
  if (!entry.room) {
    entry.loading = true;
    auto snapshot = co_await stored<store::RoomSnapshot>(
        context_.executor, shard_, [&](store::Callback<store::RoomSnapshot> done) {
          context_.store.load_room(id, context_.config.tail_events, std::move(done));
        });
    entry.loading = false;
    for (const auto handle : std::exchange(entry.waiting, {})) {
      context_.executor.post(shard_, [handle] { handle.resume(); });
    }
    // create() may have put the room here in the meantime.
    if (!entry.room && !snapshot) {
      if (!entry.turn_taken) rooms_.erase(id);
      co_return snapshot.error();
    }
    if (!entry.room) {
      put(entry, std::make_shared<Room>(context_.config, *std::move(snapshot),
                                        context_.executor.shard_count()));
    }
  }
  if (entry.room->record().deleted) co_return ErrorCode::kRoomDeleted;
  co_return entry.room;
}

void Rooms::put(Entry& entry, std::shared_ptr<Room> room) {
  entry.room = std::move(room);
  Metrics::add(context_.metrics.rooms_active);
}

Room* Rooms::find(RoomId id) {
  const auto found = rooms_.find(id);
  return found == rooms_.end() ? nullptr : found->second.room.get();
}

Rooms::Turn::~Turn() {
  Entry& entry = rooms_.rooms_[id_];
  if (!entry.turns.empty()) {
    const auto next = entry.turns.front();
    entry.turns.pop_front();
    rooms_.context_.executor.post(rooms_.shard_, [next] { next.resume(); });
    return;
  }
  entry.turn_taken = false;
  if (!entry.room && !entry.loading) rooms_.rooms_.erase(id_);
}

// ---- writing -----------------------------------------------------------------------------------

Task<Result<store::RoomWritten>> Rooms::write(std::shared_ptr<Room> room, store::RoomWrite write,
                                              Names names) {
  auto written = co_await stored<store::RoomWritten>(
      context_.executor, shard_, [&](store::Callback<store::RoomWritten> done) {
        context_.store.write_room(
            write, [this, done = std::move(done)](Result<store::RoomWritten> result) {
              const store::Position position = result ? result->position : 0;
              done(std::move(result));
              // After the room's shard has it in its mailbox: see Sessions::barrier.
              if (position > context_.written.load(std::memory_order_relaxed)) {
                context_.written.store(position, std::memory_order_release);
              }
            });
      });
  if (written && !written->duplicate) {
    room->apply(write, *written, names);
    mark_dirty(*room);
    schedule_tick(*room);
  }
  co_return written;
}

store::NewEvent Rooms::system_event(const Actor& actor, wire::EventKind kind, Bytes body) const {
  store::NewEvent event;
  event.sender = actor.user;
  event.device = actor.device;
  event.client_id = ClientId::make(context_.executor.now().wall, context_.rng);
  event.kind = kind;
  event.body = std::move(body);
  return event;
}

store::NewEvent Rooms::membership_event(const Actor& actor, UserId user, wire::MemberChange change,
                                        wire::Role role, const std::string& name) const {
  wire::Membership body;
  body.user = user;
  body.change = change;
  body.role = role;
  body.name = name;
  return system_event(actor, wire::EventKind::kMembership, wire::encode(body));
}

Task<Status> Rooms::change_member(std::shared_ptr<Room> room, Actor actor, store::MemberRecord row,
                                  wire::MemberChange change, std::string name,
                                  std::optional<InviteId> used_invite) {
  if (const Member* before = room->member(row.user)) {
    row.delivered = before->delivered;
    row.read = before->read;
  }
  if (change == wire::MemberChange::kJoined) row.delivered = row.read = room->head();
  store::RoomWrite change_write;
  change_write.room = room->id();
  change_write.events.push_back(membership_event(actor, row.user, change, row.role, name));
  change_write.members.push_back(row);
  change_write.use_invite = used_invite;
  Names names;
  names.emplace(row.user, name);
  const auto written = co_await write(room, std::move(change_write), std::move(names));
  if (!written) co_return written.error();
  if (row.role < wire::Role::kMember) {
    flush();  // the leaver hears of it, and then nothing more
    silence(*room, row.user);
  }
  tell_user(row.user, room->id(), row.role, change, false);
  co_return Status{};
}

void Rooms::tell_user(UserId user, RoomId room, wire::Role role, wire::MemberChange change,
                      bool deleted) {
  context_.tell(context_.shard_of(user), [=](Shard& shard) {
    shard.users->membership_changed(user, room, role, change, deleted);
  });
}

void Rooms::silence(Room& room, UserId user) {
  const RoomId id = room.id();
  for (ShardIndex s = 0; s < context_.shards.size(); ++s) {
    if (!room.listened_by(s)) continue;
    context_.tell(s, [&context = context_, home = shard_, id, user, s](Shard& shard) {
      const auto removed = shard.fanout->remove_user(id, user);
      for (std::size_t format = 0; format < kFormatCount; ++format) {
        if (removed[format] == 0) continue;
        context.tell(home, [id, s, format, count = removed[format]](Shard& owner) {
          owner.rooms->detach(id, s, static_cast<Format>(format), count);
        });
      }
    });
  }
}

// ---- listeners and fan-out ---------------------------------------------------------------------

Task<Result<Rooms::Attached>> Rooms::attach(RoomId id, UserId user, ShardIndex listener,
                                            Format format, store::Position since,
                                            wire::PresenceInfo presence) {
  auto room = co_await get(id);
  if (!room) co_return room.error();
  const Member* member = (*room)->member(user);
  if (!member || member->role == wire::Role::kNone) co_return ErrorCode::kNotAMember;
  Attached attached;
  attached.summary = (*room)->summary_for(user);
  attached.changed = (*room)->changed_since(user, since);
  attached.member = member->in_room();
  if (attached.member) {
    (*room)->attach(listener, format);
    set_presence(id, std::move(presence));
  }
  co_return attached;
}

void Rooms::detach(RoomId id, ShardIndex listener, Format format, std::uint32_t count) {
  Room* room = find(id);
  for (std::uint32_t i = 0; room && i < count; ++i) room->detach(listener, format);
}

void Rooms::mark_dirty(Room& room) {
  Entry& entry = rooms_[room.id()];
  if (entry.dirty) return;
  entry.dirty = true;
  // After everything that is in the mailbox already: all of one commit goes out as one batch.
  if (dirty_.empty()) context_.tell(shard_, [](Shard& shard) { shard.rooms->flush(); });
  dirty_.push_back(room.id());
}

void Rooms::flush() {
  for (const RoomId id : std::exchange(dirty_, {})) {
    Entry& entry = rooms_[id];
    entry.dirty = false;
    const std::vector<wire::Event> events = entry.room->take_pending_events();
    Metrics::add(context_.metrics.events_published, events.size());
    for (std::size_t from = 0, count = 0; from < events.size(); from += count) {
      std::size_t bytes = 0;
      for (count = 0; from + count < events.size() && count < wire::kMaxEventsPerFrame; ++count) {
        bytes += event_size(events[from + count]);
        if (count > 0 && bytes > wire::kFullFrameBytes) break;
      }
      const auto batch = std::span(events).subspan(from, count);
      Encoded encoded;
      for (std::size_t format = 0; format < kFormatCount; ++format) {
        if (entry.room->format_in_use(static_cast<Format>(format))) {
          encoded[format] = context_.encoders[format]->events(id, batch);
        }
      }
      broadcast(*entry.room, std::move(encoded), Priority::kMessage);
    }
  }
}

void Rooms::broadcast(const Room& room, Encoded encoded, Priority priority) {
  for (ShardIndex s = 0; s < context_.shards.size(); ++s) {
    if (!room.listened_by(s)) continue;
    context_.tell(s, [id = room.id(), encoded, priority](Shard& shard) {
      shard.fanout->deliver(id, encoded, priority);
    });
  }
}

Encoded Rooms::encode_notice(const Room& room, const wire::Notice& notice) const {
  Encoded encoded;
  for (std::size_t format = 0; format < kFormatCount; ++format) {
    if (room.format_in_use(static_cast<Format>(format))) {
      encoded[format] = context_.encoders[format]->notice(notice);
    }
  }
  return encoded;
}

void Rooms::schedule_tick(Room& room) {
  Entry& entry = rooms_[room.id()];
  if (entry.tick_scheduled || !room.has_ephemeral_changes()) return;
  entry.tick_scheduled = true;
  context_.executor.call_after(shard_, context_.config.marker_interval,
                               [this, id = room.id()] { tick(id); });
}

// Markers and presence since the last tick, each told once and saved once.
void Rooms::tick(RoomId id) {
  const auto found = rooms_.find(id);
  if (found == rooms_.end()) return;
  found->second.tick_scheduled = false;
  Room& room = *found->second.room;
  if (auto markers = room.take_markers_to_tell(); !markers.empty()) {
    broadcast(room, encode_notice(room, wire::MarkersNotice{id, std::move(markers)}),
              Priority::kPresence);
  }
  if (auto presence = room.take_presence_to_tell(); !presence.empty()) {
    broadcast(room, encode_notice(room, wire::PresenceNotice{std::move(presence)}),
              Priority::kPresence);
  }
  auto writes = room.take_markers_to_save();
  if (writes.empty()) return;
  context_.store.write_markers(
      writes, [&context = context_, shard = shard_, id, writes](Result<store::Position> position) {
        if (!position) return;
        context.tell(shard, [id, writes, position = *position](Shard& owner) {
          if (Room* saved = owner.rooms->find(id)) saved->markers_saved(writes, position);
        });
      });
}

void Rooms::set_presence(RoomId id, wire::PresenceInfo presence) {
  if (Room* room = find(id)) {
    room->set_presence(std::move(presence));
    schedule_tick(*room);
  }
}

void Rooms::set_name(RoomId id, wire::UserInfo user) {
  Room* room = find(id);
  if (!room) return;
  room->set_name(user.user_id, user.name);
  broadcast(*room, encode_notice(*room, wire::UsersNotice{{std::move(user)}}), Priority::kPresence);
}

void Rooms::typing(UserId user, wire::Typing command) {
  Room* room = find(command.room_id);
  if (!room || room->role_of(user) < wire::Role::kMember) return;
  broadcast(*room, encode_notice(*room, wire::TypingNotice{command.room_id, user, command.on}),
            Priority::kPresence);
}

Task<void> Rooms::trim(store::TrimmedRoom trimmed) {
  if (!rooms_.contains(trimmed.room)) co_return;
  // One that is being loaded may have been read before.
  const auto room = co_await get(trimmed.room);
  if (room) (*room)->trim(trimmed.first, trimmed.ordinal);
}

void Rooms::sweep(MonoTime moment) {
  const Duration lifetime = context_.config.idle_actor_lifetime;
  std::erase_if(rooms_, [&](const auto& item) {
    const Entry& entry = item.second;
    const bool busy = !entry.room || entry.room.use_count() > 1 || entry.turn_taken ||
                      entry.tick_scheduled || entry.dirty || entry.room->has_listeners();
    const bool forget = !busy && moment - entry.used > lifetime;
    if (forget) context_.metrics.rooms_active.fetch_sub(1, std::memory_order_relaxed);
    return forget;
  });
}

}  // namespace parley::app
