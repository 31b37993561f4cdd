// What people do in rooms; who may is decided here and nowhere else.
#include <algorithm>

#include "server/app/rooms.hpp"

namespace parley::app {
namespace {

constexpr std::size_t kMostInvites = 1000;  // shown of one room
// Epochs before the present one whose messages are still taken: their senders have not caught up.
constexpr const char* kOnlyTwo = "a direct room is for two people";

wire::Role at_least_moderator() { return wire::Role::kModerator; }

Reply room_reply(const Room& room, UserId user) {
  return wire::Response{wire::RoomState{room.summary_for(user)}};
}

// What a new room is like; a private one has its words sealed elsewhere.
Result<wire::RoomSettings> checked_settings(const wire::CreateRoom& command) {
  const auto invalid = [](const char* what) {
    return Error{ErrorCode::kInvalidArgument, what, {}};
  };
  wire::RoomSettings settings{1, command.kind, command.access, {}, {}};
  if (command.kind == wire::RoomKind::kOpen) {
    if (command.access > wire::RoomAccess::kInviteOnly) return invalid("access");
    auto name = checked_name(command.name, "name");
    if (!name) return name.error();
    auto topic = checked_topic(command.topic);
    if (!topic) return topic.error();
    settings.name = *std::move(name);
    settings.topic = *std::move(topic);
    return settings;
  }
  if (command.kind != wire::RoomKind::kPrivate) return ErrorCode::kUnsupported;
  if (command.access != wire::RoomAccess::kInviteOnly) {
    return invalid("private rooms are joined by invitation");
  }
  if (!command.name.empty() || !command.topic.empty()) {
    return invalid("name and topic of private rooms are sealed");
  }
  if (command.history > wire::HistoryAccess::kNone) return invalid("history");
  if (command.disappear_after_s != 0 &&
      (command.disappear_after_s < wire::kMinDisappear_s ||
       command.disappear_after_s > wire::kMaxDisappear_s)) {
    return invalid("messages disappear after a minute to a year");
  }
  settings.direct = !command.direct_with.is_nil();
  settings.history = command.history;
  settings.disappear_after_s = command.disappear_after_s;
  return settings;
}

Reply done() { return wire::Response{wire::Done{}}; }

Status require(const Room& room, UserId user, wire::Role least) {
  const wire::Role role = room.role_of(user);
  if (role >= least) return {};
  return role < wire::Role::kMember ? ErrorCode::kNotAMember : ErrorCode::kAccessDenied;
}

auto read_events(Context& context, ShardIndex shard, store::EventQuery query) {
  using Events = std::vector<store::StoredEvent>;
  return stored<Events>(context.executor, shard,
                        [&store = context.store, query](store::Callback<Events> call_done) {
                          store.read_events(query, std::move(call_done));
                        });
}

store::EventQuery one_event(RoomId room, Seq seq) {
  return {room, wire::HistoryFrom::kAfter, Seq{seq.value - 1}, {}, 1};
}

auto read_invites(Context& context, ShardIndex shard, RoomId room) {
  using Invites = std::vector<store::InviteRecord>;
  return stored<Invites>(context.executor, shard,
                         [&store = context.store, room](store::Callback<Invites> call_done) {
                           store.list_invites(room, std::move(call_done));
                         });
}

// Keeps what fits into a frame, next to where the reader goes on from.
void cut_to_frame(std::vector<wire::Event>& events, wire::HistoryFrom from) {
  const bool keep_first = from == wire::HistoryFrom::kAfter;
  std::size_t kept = 0, bytes = 0;
  for (; kept < events.size(); ++kept) {
    bytes += event_size(keep_first ? events[kept] : events[events.size() - 1 - kept]);
    if (kept > 0 && bytes > wire::kFullFrameBytes) break;
  }
  const auto count = static_cast<std::ptrdiff_t>(kept);
  if (keep_first) {
    events.erase(events.begin() + count, events.end());
  } else {
    events.erase(events.begin(), events.end() - count);
  }
}

// 128 random bits, so a code cannot be guessed.
std::string make_invite_code(Rng& rng) {
  std::array<std::uint8_t, 16> raw{};
  rng.fill(raw);
  return to_base64url(raw);
}

}  // namespace

Reply Rooms::conflict(const Room& room, UserId user, std::string detail) const {
  wire::ErrorReply reply = to_error_reply(Error{ErrorCode::kConflict, std::move(detail), {}});
  reply.room = room.summary_for(user);
  return reply;
}

Status Rooms::may_invite(const Room& room, UserId user) {
  if (room.record().settings.direct) return Error{ErrorCode::kAccessDenied, kOnlyTwo, {}};
  const bool open = room.record().settings.access == wire::RoomAccess::kPublic;
  return require(room, user, open ? wire::Role::kMember : at_least_moderator());
}

// ---- rooms -------------------------------------------------------------------------------------

Task<Reply> Rooms::create(Actor actor, wire::CreateRoom command, UserLimits* limits) {
  const RoomId id{command.client_id.uuid};
  if (id.is_nil()) co_return fail(ErrorCode::kInvalidArgument, "client_id is missing");
  const auto settings = checked_settings(command);
  if (!settings) co_return fail(settings.error());

  Turn turn(*this, id);
  co_await turn.taken();
  if (const auto there = co_await get(id); there) {
    // A repeat of the same command, or somebody else's id.
    if ((*there)->role_of(actor.user) == wire::Role::kOwner) {
      co_return room_reply(**there, actor.user);
    }
    co_return fail(ErrorCode::kInvalidArgument, "client_id is in use");
  } else if (there.error().code != ErrorCode::kRoomNotFound) {
    co_return fail(there.error());
  }
  store::RoomWrite creation;
  if (command.kind == wire::RoomKind::kPrivate) {
    const Status prepared = co_await prepare_private(actor, command, creation);
    if (!prepared) co_return fail(prepared.error());
  }
  if (limits) {
    if (auto allowed = limits->take_room(now()); !allowed) {
      Metrics::add(context_.metrics.rate_limited);
      co_return fail(allowed.error());
    }
  }

  store::RoomRecord record;
  record.id = id;
  record.created = context_.executor.now().wall;
  record.settings = *settings;
  store::MemberRecord owner;
  owner.user = actor.user;
  owner.role = wire::Role::kOwner;
  creation.room = id;
  creation.room_record = record;
  creation.events.push_back(
      system_event(actor, wire::EventKind::kRoomSettings, wire::encode(record.settings)));
  creation.events.push_back(membership_event(actor, actor.user, wire::MemberChange::kJoined,
                                             wire::Role::kOwner, actor.name));
  owner.read = owner.delivered = Seq{creation.events.size()};
  creation.members.push_back(owner);
  const auto written = co_await stored<store::RoomWritten>(
      context_.executor, shard_, [&](store::Callback<store::RoomWritten> call_done) {
        context_.store.write_room(creation, std::move(call_done));
      });
  if (!written) co_return fail(written.error());
  Entry& entry = rooms_[id];
  entry.used = now();
  if (!entry.room) {
    store::RoomSnapshot empty;
    empty.room = record;
    auto room =
        std::make_shared<Room>(context_.config, std::move(empty), context_.executor.shard_count());
    Names names;
    names.emplace(actor.user, actor.name);
    room->apply(creation, *written, names);
    std::ignore = room->take_pending_events();  // nobody listens yet
    put(entry, std::move(room));
  }
  const auto room = entry.room;
  tell_user(actor.user, id, wire::Role::kOwner, wire::MemberChange::kJoined, false);
  co_return room_reply(*room, actor.user);
}

Task<Reply> Rooms::update(Actor actor, wire::UpdateRoom command) {
  const auto room = co_await get(command.room_id);
  if (!room) co_return fail(room.error());
  Turn turn(*this, command.room_id);
  co_await turn.taken();
  const wire::Role least = command.access ? wire::Role::kOwner : at_least_moderator();
  if (auto may = require(**room, actor.user, least); !may) co_return fail(may.error());
  store::RoomRecord record = (*room)->record();
  if (record.deleted) co_return fail(ErrorCode::kRoomDeleted);
  if ((*room)->is_private()) {
    co_return fail(ErrorCode::kInvalidArgument, "name and topic of private rooms are sealed");
  }
  if (command.version != record.settings.version) {
    co_return conflict(**room, actor.user, "the settings moved on");
  }
  if (command.name) {
    auto name = checked_name(*command.name, "name");
    if (!name) co_return fail(name.error());
    record.settings.name = *std::move(name);
  }
  if (command.topic) {
    auto topic = checked_topic(*command.topic);
    if (!topic) co_return fail(topic.error());
    record.settings.topic = *std::move(topic);
  }
  if (command.access) {
    if (*command.access > wire::RoomAccess::kInviteOnly) {
      co_return fail(ErrorCode::kInvalidArgument, "access");
    }
    record.settings.access = *command.access;
  }
  if (record.settings == (*room)->record().settings) co_return room_reply(**room, actor.user);
  ++record.settings.version;
  store::RoomWrite change;
  change.room = record.id;
  change.room_record = record;
  change.events.push_back(
      system_event(actor, wire::EventKind::kRoomSettings, wire::encode(record.settings)));
  const auto written = co_await write(*room, std::move(change), Names());
  if (!written) co_return fail(written.error());
  co_return room_reply(**room, actor.user);
}

Task<Reply> Rooms::erase(Actor actor, wire::DeleteRoom command) {
  const auto room = co_await get(command.room_id);
  if (!room) co_return fail(room.error());
  Turn turn(*this, command.room_id);
  co_await turn.taken();
  if (auto may = require(**room, actor.user, wire::Role::kOwner); !may) co_return fail(may.error());
  store::RoomRecord record = (*room)->record();
  if (record.deleted) co_return done();
  record.deleted = true;
  store::RoomWrite change;
  change.room = record.id;
  change.room_record = record;
  change.events.push_back(
      system_event(actor, wire::EventKind::kRoomDeleted, wire::encode(wire::RoomDeleted{})));
  const auto written = co_await write(*room, std::move(change), Names());
  if (!written) co_return fail(written.error());
  flush();
  for (const auto& [user, member] : (*room)->members()) {
    if (member.role == wire::Role::kNone) continue;
    silence(**room, user);
    tell_user(user, record.id, wire::Role::kNone, wire::MemberChange::kLeft, true);
  }
  co_return done();
}

// ---- members -----------------------------------------------------------------------------------

Task<Reply> Rooms::join(Actor actor, RoomId id, std::optional<store::InviteRecord> invite) {
  const auto room = co_await get(id);
  if (!room) co_return fail(room.error());
  Turn turn(*this, id);
  co_await turn.taken();
  const Member* before = (*room)->member(actor.user);
  const wire::Role role = (*room)->role_of(actor.user);
  if (role >= wire::Role::kMember) co_return room_reply(**room, actor.user);
  if (before && before->banned) co_return fail(ErrorCode::kAccessDenied, "banned from this room");
  const bool open = (*room)->record().settings.access == wire::RoomAccess::kPublic;
  const bool invited = role == wire::Role::kInvited;
  if (!open && !invited && !invite) co_return fail(ErrorCode::kInviteRequired);
  if ((*room)->member_count() >= context_.config.members_per_room) {
    co_return fail(ErrorCode::kRoomFull);
  }
  store::MemberRecord row;
  row.user = actor.user;
  row.role = wire::Role::kMember;
  std::optional<InviteId> used;
  if (invite && !invited && !open) used = invite->info.invite_id;
  const auto joined =
      co_await change_member(*room, actor, row, wire::MemberChange::kJoined, actor.name, used);
  if (!joined) co_return fail(joined.error());
  co_return room_reply(**room, actor.user);
}

Task<Reply> Rooms::leave(Actor actor, wire::LeaveRoom command) {
  const auto room = co_await get(command.room_id);
  if (!room) co_return fail(room.error());
  Turn turn(*this, command.room_id);
  co_await turn.taken();
  const wire::Role role = (*room)->role_of(actor.user);
  if (role == wire::Role::kNone) co_return done();
  // Of two people neither has to stay: who comes back owns the room again.
  const bool last_owner = role == wire::Role::kOwner && (*room)->owner_count() == 1 &&
                          !(*room)->record().settings.direct;
  if (last_owner && (*room)->member_count() > 1) co_return fail(ErrorCode::kLastOwner);
  store::MemberRecord row;
  row.user = actor.user;
  const auto left = co_await change_member(*room, actor, row, wire::MemberChange::kLeft, actor.name,
                                           std::nullopt);
  co_return left ? done() : fail(left.error());
}

Task<Reply> Rooms::invite(Actor actor, wire::InviteMember command, std::string name) {
  const auto room = co_await get(command.room_id);
  if (!room) co_return fail(room.error());
  Turn turn(*this, command.room_id);
  co_await turn.taken();
  if (auto may = may_invite(**room, actor.user); !may) co_return fail(may.error());
  const Member* before = (*room)->member(command.user_id);
  if (before && before->role != wire::Role::kNone) co_return done();
  if (before && before->banned && (*room)->role_of(actor.user) < at_least_moderator()) {
    co_return fail(ErrorCode::kAccessDenied, "the user is banned from this room");
  }
  store::MemberRecord row;
  row.user = command.user_id;
  row.role = wire::Role::kInvited;
  const auto invited = co_await change_member(*room, actor, row, wire::MemberChange::kInvited,
                                              std::move(name), std::nullopt);
  co_return invited ? done() : fail(invited.error());
}

Task<Reply> Rooms::set_role(Actor actor, wire::SetRole command) {
  const auto room = co_await get(command.room_id);
  if (!room) co_return fail(room.error());
  Turn turn(*this, command.room_id);
  co_await turn.taken();
  if (auto may = require(**room, actor.user, wire::Role::kOwner); !may) co_return fail(may.error());
  if (command.role < wire::Role::kMember || command.role > wire::Role::kOwner) {
    co_return fail(ErrorCode::kInvalidArgument, "role is member, moderator or owner");
  }
  const Member* target = (*room)->member(command.user_id);
  if (!target || !target->in_room()) co_return fail(ErrorCode::kUserNotFound, "not a member");
  if (target->role == command.role) co_return done();
  if (target->role == wire::Role::kOwner && (*room)->owner_count() == 1) {
    co_return fail(ErrorCode::kLastOwner);
  }
  store::MemberRecord row;
  row.user = command.user_id;
  row.role = command.role;
  const auto changed = co_await change_member(*room, actor, row, wire::MemberChange::kRoleChanged,
                                              target->name, std::nullopt);
  co_return changed ? done() : fail(changed.error());
}

Task<Reply> Rooms::remove(Actor actor, wire::RemoveMember command) {
  const auto room = co_await get(command.room_id);
  if (!room) co_return fail(room.error());
  Turn turn(*this, command.room_id);
  co_await turn.taken();
  if (auto may = require(**room, actor.user, at_least_moderator()); !may) {
    co_return fail(may.error());
  }
  if ((*room)->record().settings.direct) co_return fail(ErrorCode::kAccessDenied, kOnlyTwo);
  const Member* target = (*room)->member(command.user_id);
  if (!target) co_return fail(ErrorCode::kUserNotFound, "not a member");
  if (target->role == wire::Role::kNone && target->banned == command.ban) co_return done();
  if (target->role >= (*room)->role_of(actor.user)) {
    co_return fail(ErrorCode::kAccessDenied, "only members of a lower role can be removed");
  }
  store::MemberRecord row;
  row.user = command.user_id;
  row.banned = command.ban;
  auto change = command.ban ? wire::MemberChange::kBanned : wire::MemberChange::kRemoved;
  if (target->role == wire::Role::kNone && target->banned) change = wire::MemberChange::kUnbanned;
  const auto removed =
      co_await change_member(*room, actor, row, change, target->name, std::nullopt);
  co_return removed ? done() : fail(removed.error());
}

Task<Reply> Rooms::list_members(Actor actor, wire::ListMembers command) {
  const auto room = co_await get(command.room_id);
  if (!room) co_return fail(room.error());
  if (auto may = require(**room, actor.user, wire::Role::kMember); !may) {
    co_return fail(may.error());
  }
  const std::size_t limit = std::clamp<std::size_t>(command.limit, 1, wire::kMaxPageSize);
  std::vector<UserId> ids;
  for (const auto& [user, member] : (*room)->members()) {
    if (member.role != wire::Role::kNone && user > command.after) ids.push_back(user);
  }
  wire::MemberPage page;
  page.room_id = command.room_id;
  page.more = ids.size() > limit;
  const std::size_t count = std::min(ids.size(), limit);
  std::partial_sort(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(count), ids.end());
  ids.resize(count);
  for (const UserId user : ids) {
    const Member& member = *(*room)->member(user);
    page.members.push_back({{user, member.name, true}, member.role, member.delivered, member.read});
    if (member.presence.status != wire::PresenceStatus::kOffline ||
        member.presence.last_seen != Timestamp{}) {
      page.presence.push_back(member.presence);
    }
  }
  co_return wire::Response{std::move(page)};
}

Task<Reply> Rooms::presence_of(Actor actor, RoomId id) {
  const auto room = co_await get(id);
  if (!room) co_return fail(room.error());
  if (auto may = require(**room, actor.user, wire::Role::kMember); !may) {
    co_return fail(may.error());
  }
  wire::PresenceList list;
  for (const auto& [user, member] : (*room)->members()) {
    if (!member.in_room() || member.presence.status == wire::PresenceStatus::kOffline) continue;
    list.presence.push_back(member.presence);
    if (list.presence.size() == wire::kMaxPageSize) break;
  }
  co_return wire::Response{std::move(list)};
}

// ---- invitations by link -----------------------------------------------------------------------

Task<Reply> Rooms::create_invite(Actor actor, wire::CreateInvite command) {
  const auto room = co_await get(command.room_id);
  if (!room) co_return fail(room.error());
  if (auto may = may_invite(**room, actor.user); !may) co_return fail(may.error());
  const Now moment = context_.executor.now();
  store::InviteRecord record;
  record.info.invite_id = InviteId::make(moment.wall, context_.rng);
  record.info.room_id = command.room_id;
  record.info.code = make_invite_code(context_.rng);
  if (command.expires_in_s > 0) record.info.expires = moment.wall + seconds(command.expires_in_s);
  record.info.max_uses = command.max_uses;
  record.info.created_by = actor.user;
  store::RoomWrite change;
  change.room = command.room_id;
  change.invite = record;
  const auto written = co_await write(*room, std::move(change), Names());
  if (!written) co_return fail(written.error());
  co_return wire::Response{wire::InviteState{record.info}};
}

Task<Reply> Rooms::list_invites(Actor actor, wire::ListInvites command) {
  const auto room = co_await get(command.room_id);
  if (!room) co_return fail(room.error());
  if (auto may = require(**room, actor.user, at_least_moderator()); !may) {
    co_return fail(may.error());
  }
  const auto records = co_await read_invites(context_, shard_, command.room_id);
  if (!records) co_return fail(records.error());
  wire::InviteList list;
  const Timestamp moment = context_.executor.now().wall;
  for (const store::InviteRecord& record : *records) {
    const bool expired = record.info.expires != Timestamp{} && record.info.expires <= moment;
    if (record.revoked || expired || list.invites.size() == kMostInvites) continue;
    list.invites.push_back(record.info);
  }
  co_return wire::Response{std::move(list)};
}

Task<Reply> Rooms::revoke_invite(Actor actor, wire::RevokeInvite command) {
  const auto room = co_await get(command.room_id);
  if (!room) co_return fail(room.error());
  if (auto may = require(**room, actor.user, at_least_moderator()); !may) {
    co_return fail(may.error());
  }
  const auto records = co_await read_invites(context_, shard_, command.room_id);
  if (!records) co_return fail(records.error());
  for (const store::InviteRecord& record : *records) {
    if (record.info.invite_id != command.invite_id) continue;
    store::RoomWrite change;
    change.room = command.room_id;
    change.invite = record;
    change.invite->revoked = true;
    const auto written = co_await write(*room, std::move(change), Names());
    co_return written ? done() : fail(written.error());
  }
  co_return fail(ErrorCode::kInviteInvalid);
}

// ---- messages ----------------------------------------------------------------------------------

Task<Reply> Rooms::post(Actor actor, wire::Post command, CheckedPost checked) {
  const auto room = co_await get(command.room_id);
  if (!room) co_return fail(room.error());
  if (auto may = require(**room, actor.user, wire::Role::kMember); !may) {
    co_return fail(may.error());
  }
  if ((*room)->is_private() != checked.epoch.has_value()) {
    co_return fail(ErrorCode::kInvalidArgument, "sealed in private rooms, and nowhere else");
  }
  if (checked.disappears != ((*room)->record().settings.disappear_after_s > 0)) {
    co_return fail(ErrorCode::kInvalidArgument, "sealed in the form of other rooms");
  }
  if (checked.epoch) {
    const std::uint64_t present = (*room)->group_epoch();
    if (*checked.epoch > present || present - *checked.epoch > wire::kPastEpochs) {
      co_return conflict(**room, actor.user, "sealed for another epoch");
    }
  }
  if (checked.target != Seq{}) {
    const wire::Event* target = (*room)->find_in_tail(checked.target);
    std::vector<store::StoredEvent> older;
    if (!target) {
      auto read =
          co_await read_events(context_, shard_, one_event(command.room_id, checked.target));
      if (!read) co_return fail(read.error());
      older = *std::move(read);
      if (!older.empty() && older.front().event.seq == checked.target) {
        target = &older.front().event;
      }
    }
    if (!target || target->kind != wire::EventKind::kMessage) {
      co_return fail(ErrorCode::kMessageNotFound);
    }
    const bool mine = target->sender == actor.user;
    if (command.kind == wire::EventKind::kEdit && !mine) co_return fail(ErrorCode::kNotTheAuthor);
    if (command.kind == wire::EventKind::kDeletion && !mine &&
        (*room)->role_of(actor.user) < at_least_moderator()) {
      co_return fail(ErrorCode::kNotTheAuthor);
    }
  }
  store::NewEvent event;
  event.sender = actor.user;
  event.device = actor.device;
  event.client_id = command.client_id;
  event.kind = command.kind;
  event.body = std::move(command.body);
  event.counts = checked.counts;
  event.mentions = std::move(checked.mentions);
  store::RoomWrite append;
  append.room = command.room_id;
  append.events.push_back(std::move(event));
  const auto written = co_await write(*room, std::move(append), Names());
  if (!written) co_return fail(written.error());
  Metrics::add(written->duplicate ? context_.metrics.messages_duplicate
                                  : context_.metrics.messages_accepted);
  co_return wire::Response{
      wire::Posted{command.room_id, command.client_id, written->seqs.front(), written->at}};
}

Task<Reply> Rooms::history(Actor actor, wire::History command) {
  const auto room = co_await get(command.room_id);
  if (!room) co_return fail(room.error());
  if (auto may = require(**room, actor.user, wire::Role::kMember); !may) {
    co_return fail(may.error());
  }
  store::EventQuery query;
  query.room = command.room_id;
  query.from = command.from;
  query.seq = command.seq;
  query.time = command.time;
  query.limit = std::clamp<std::uint32_t>(command.limit, 1, wire::kMaxPageSize);
  wire::HistoryPage page;
  page.room_id = command.room_id;
  if (auto recent = (*room)->from_tail(query)) {
    page.events = *std::move(recent);
  } else {
    const auto read = co_await read_events(context_, shard_, query);
    if (!read) co_return fail(read.error());
    page.events.reserve(read->size());
    for (const store::StoredEvent& one : *read) page.events.push_back(one.event);
  }
  cut_to_frame(page.events, query.from);
  page.head = (*room)->head();
  page.start = page.events.empty() ? query.from != wire::HistoryFrom::kAfter
                                   : page.events.front().seq <= (*room)->first();
  std::unordered_set<UserId> named;
  for (const wire::Event& event : page.events) {
    if (!named.insert(event.sender).second) continue;
    if (const Member* sender = (*room)->member(event.sender)) {
      page.users.push_back({event.sender, sender->name, true});
    }
  }
  co_return wire::Response{std::move(page)};
}

Task<Reply> Rooms::mark(Actor actor, wire::Mark command) {
  const auto room = co_await get(command.room_id);
  if (!room) co_return fail(room.error());
  if (auto may = require(**room, actor.user, wire::Role::kMember); !may) {
    co_return fail(may.error());
  }
  std::uint64_t ordinal = 0;
  const Seq read = std::min(command.read, (*room)->head());
  if (read > (*room)->member(actor.user)->read) {
    if (const auto known = (*room)->ordinal_at(read)) {
      ordinal = *known;
    } else {
      const auto found = co_await read_events(context_, shard_, one_event(command.room_id, read));
      if (!found) co_return fail(found.error());
      if (!found->empty()) ordinal = found->front().ordinal;
    }
  }
  (*room)->set_markers(actor.user, command.delivered, read, ordinal);
  schedule_tick(**room);
  co_return done();
}

Task<void> Rooms::enter_lobby(Actor actor) {
  const RoomId lobby = context_.lobby;
  const auto there = co_await get(lobby);
  if (!there && there.error().code == ErrorCode::kRoomNotFound) {
    wire::CreateRoom command;
    command.client_id = ClientId{lobby.uuid};
    command.name = context_.config.lobby;
    command.topic = "Say hello. Everybody on this server can read and write here.";
    const Reply made = co_await create(actor, command, nullptr);
    if (std::holds_alternative<wire::Response>(made)) co_return;
  }
  std::ignore = co_await join(actor, lobby, std::nullopt);
}

}  // namespace parley::app
