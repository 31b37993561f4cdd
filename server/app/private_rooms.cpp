// Private rooms: their groups follow from commits that the server checks (group_rules.hpp) and
// orders. Who may do what is asked of room_commands.cpp.
#include <algorithm>

#include "server/app/rooms.hpp"
#include "server/app/users.hpp"

namespace parley::app {
namespace {

Status require_member(const Room& room, UserId user) {
  if (!room.is_private()) return Error{ErrorCode::kInvalidArgument, "not a private room", {}};
  return room.role_of(user) >= wire::Role::kMember ? Status() : Status(ErrorCode::kNotAMember);
}

}  // namespace

// ---- what a commit is checked against ----------------------------------------------------------

Task<Result<KnownDevices>> Rooms::devices_of(std::vector<UserId> users) {
  using Records = std::vector<store::IdentityRecord>;
  const auto records =
      co_await stored<Records>(context_.executor, shard_, [&](store::Callback<Records> done) {
        context_.store.read_identities(users, std::move(done));
      });
  if (!records) co_return records.error();
  co_return KnownDevices(*records);
}

Task<Result<std::shared_ptr<const mls::PublicGroup>>> Rooms::group_of(RoomId id) {
  if (const auto known = rooms_[id].group) co_return known;
  const auto piece = co_await stored<store::GroupPiece>(
      context_.executor, shard_, [&](store::Callback<store::GroupPiece> done) {
        context_.store.read_group(id, 0, UINT64_MAX, std::move(done));
      });
  if (!piece) co_return piece.error();
  auto group = restore_group(piece->group);
  if (!group) co_return Error{ErrorCode::kInternal, "a stored group cannot be read", {}};
  co_return rooms_[id].group = std::make_shared<const mls::PublicGroup>(*std::move(group));
}

// Those of `users` who are not members yet, with their names; whether the actor may bring them in.
Task<Result<Rooms::Names>> Rooms::newcomers(const Room& room, Actor actor,
                                            std::vector<UserId> users) {
  Names names;
  std::erase_if(users, [&](UserId user) { return room.role_of(user) >= wire::Role::kMember; });
  if (users.empty()) co_return names;
  const bool direct = room.record().settings.direct;
  if (!direct) {
    if (auto may = may_invite(room, actor.user); !may) co_return may.error();
  }
  const auto found = co_await stored<std::vector<store::UserRecord>>(
      context_.executor, shard_, [&](store::Callback<std::vector<store::UserRecord>> done) {
        context_.store.read_users(users, std::move(done));
      });
  if (!found) co_return found.error();
  for (const store::UserRecord& user : *found) names.emplace(user.id, user.name);
  for (const UserId user : users) {
    if (!names.contains(user)) co_return ErrorCode::kUserNotFound;
    if (!direct) continue;
    const auto pair =
        co_await stored<RoomId>(context_.executor, shard_, [&](store::Callback<RoomId> done) {
          context_.store.find_direct(actor.user, user, std::move(done));
        });
    if (!pair) co_return pair.error();
    if (*pair != room.id()) {
      co_return Error{ErrorCode::kAccessDenied, "a direct room is for two people", {}};
    }
  }
  if (room.member_count() + names.size() > context_.config.members_per_room) {
    co_return ErrorCode::kRoomFull;
  }
  co_return names;
}

// ---- creation ----------------------------------------------------------------------------------

Task<Status> Rooms::prepare_private(Actor actor, const wire::CreateRoom& command,
                                    store::RoomWrite& creation) {
  if (command.direct_with == actor.user) {
    co_return Error{ErrorCode::kInvalidArgument, "a direct room with oneself", {}};
  }
  const std::vector<UserId> own{actor.user};
  const auto devices = co_await devices_of(own);
  if (!devices) co_return devices.error();
  const wire::DeviceRef creator{actor.user, actor.device};
  auto group = check_creation(command, creator, *devices, context_.executor.now().wall);
  if (!group) co_return as_broken_rule(group.error());
  creation.group = std::move(group->record);
  if (!command.direct_with.is_nil()) creation.direct = {actor.user, command.direct_with};
  co_return Status{};
}

Task<Reply> Rooms::enter_direct(Actor actor, RoomId id) {
  const auto room = co_await get(id);
  if (!room) co_return fail(room.error());
  Turn turn(*this, id);
  co_await turn.taken();
  if ((*room)->role_of(actor.user) < wire::Role::kMember) {
    store::MemberRecord row;
    row.user = actor.user;
    row.role = (*room)->owner_count() == 0 ? wire::Role::kOwner : wire::Role::kMember;
    const auto joined = co_await change_member(*room, actor, row, wire::MemberChange::kJoined,
                                               actor.name, std::nullopt);
    if (!joined) co_return fail(joined.error());
  }
  co_return wire::Response{wire::RoomState{(*room)->summary_for(actor.user)}};
}

// ---- commits -----------------------------------------------------------------------------------

store::NewEvent Rooms::commit_event(const Actor& actor, const wire::CommitGroup& command) const {
  store::NewEvent event = system_event(actor, wire::EventKind::kCommit, command.commit);
  event.client_id = command.client_id;
  return event;
}

// A repeat of one that won, which the store knows by its name, or one that lost.
Task<Reply> Rooms::commit_of_past_epoch(std::shared_ptr<Room> room, Actor actor,
                                        wire::CommitGroup command) {
  store::RoomWrite attempt;
  attempt.room = room->id();
  attempt.events.push_back(commit_event(actor, command));
  attempt.group.emplace();  // epoch 0 again: nothing but the answer to a repeat comes of it
  const auto written = co_await write(room, std::move(attempt), Names());
  if (!written && written.error().code == ErrorCode::kConflict) {
    co_return conflict(*room, actor.user, "the group is in another epoch");
  }
  if (!written) co_return fail(written.error());
  co_return wire::Response{
      wire::Posted{room->id(), command.client_id, written->seqs.front(), written->at}};
}

Task<Reply> Rooms::commit_group(Actor actor, wire::CommitGroup command) {
  const auto room = co_await get(command.room_id);
  if (!room) co_return fail(room.error());
  if (command.client_id.is_nil()) {
    co_return fail(ErrorCode::kInvalidArgument, "client_id is missing");
  }
  Turn turn(*this, command.room_id);
  co_await turn.taken();
  if (auto may = require_member(**room, actor.user); !may) co_return fail(may.error());
  if (command.epoch != (*room)->group_epoch()) {
    co_return co_await commit_of_past_epoch(*room, actor, std::move(command));
  }
  const auto names = co_await newcomers(**room, actor, command.add_members);
  if (!names) co_return fail(names.error());
  const auto group = co_await group_of(command.room_id);
  if (!group) co_return fail(group.error());

  std::vector<UserId> users = command.add_members;
  for (const auto& [user, member] : (*room)->members()) {
    if (member.in_room()) users.push_back(user);
  }
  const auto devices = co_await devices_of(std::move(users));
  if (!devices) co_return fail(devices.error());
  const auto was_member = [&](UserId user) {
    return (*room)->role_of(user) >= wire::Role::kMember;
  };
  const CommitContext rules{
      .committer = {actor.user, actor.device},
      .was_member = was_member,
      .will_be_one = [&](UserId user) { return was_member(user) || names->contains(user); },
      .devices = *devices,
      .now = context_.executor.now().wall};
  auto checked = check_commit(**group, command, rules);
  if (!checked) co_return fail(as_broken_rule(checked.error()));

  store::RoomWrite change;
  change.room = command.room_id;
  change.events.push_back(commit_event(actor, command));
  for (const auto& [user, name] : *names) {
    change.events.push_back(
        membership_event(actor, user, wire::MemberChange::kJoined, wire::Role::kMember, name));
    store::MemberRecord row;
    row.user = user;
    row.role = wire::Role::kMember;
    row.delivered = row.read = (*room)->head();
    change.members.push_back(row);
  }
  if (!checked->added.empty()) {
    store::InboxWrite welcome;
    welcome.to = checked->added;
    welcome.item.room_id = command.room_id;
    welcome.item.sender = actor.user;
    welcome.item.device = actor.device;
    welcome.item.body = std::move(command.welcome);
    const Bytes& tree = checked->next.record.tree;
    if (tree.size() <= wire::kMaxTreeChunkBytes) welcome.item.tree = tree;
    change.inbox = std::move(welcome);
  }
  change.group = std::move(checked->next.record);
  const auto written = co_await write(*room, std::move(change), *names);
  if (!written) {
    rooms_[command.room_id].group = nullptr;  // what the disk has is read again
    if (written.error().code != ErrorCode::kConflict) co_return fail(written.error());
    co_return conflict(**room, actor.user, "another commit won");
  }
  if (!written->duplicate) {
    rooms_[command.room_id].group =
        std::make_shared<const mls::PublicGroup>(std::move(checked->next.group));
    for (const auto& [user, name] : *names) {
      tell_user(user, command.room_id, wire::Role::kMember, wire::MemberChange::kJoined, false);
    }
    tell_inboxes(context_, checked->added);
  }
  co_return wire::Response{
      wire::Posted{command.room_id, command.client_id, written->seqs.front(), written->at}};
}

Task<Reply> Rooms::get_group(Actor actor, wire::GetGroup command) {
  const auto room = co_await get(command.room_id);
  if (!room) co_return fail(room.error());
  if (auto may = require_member(**room, actor.user); !may) co_return fail(may.error());
  auto piece = co_await stored<store::GroupPiece>(
      context_.executor, shard_, [&](store::Callback<store::GroupPiece> done) {
        context_.store.read_group(command.room_id, command.offset, wire::kMaxTreeChunkBytes,
                                  std::move(done));
      });
  if (!piece) co_return fail(piece.error());
  wire::GroupState state;
  state.epoch = piece->group.epoch;
  state.seq = piece->seq;
  state.group_info = std::move(piece->group.group_info);
  state.tree_size = piece->tree_size;
  state.tree = std::move(piece->group.tree);
  co_return wire::Response{std::move(state)};
}

Task<Reply> Rooms::list_commits(Actor actor, wire::ListCommits command) {
  const auto room = co_await get(command.room_id);
  if (!room) co_return fail(room.error());
  if (auto may = require_member(**room, actor.user); !may) co_return fail(may.error());
  using Events = std::vector<wire::Event>;
  const std::uint64_t after = std::min<std::uint64_t>(command.epoch, INT64_MAX);
  const auto limit = std::clamp<std::uint32_t>(command.limit, 1, wire::kMaxPageSize);
  auto events =
      co_await stored<Events>(context_.executor, shard_, [&](store::Callback<Events> done) {
        context_.store.read_commits(command.room_id, after, limit, wire::kFullFrameBytes,
                                    std::move(done));
      });
  if (!events) co_return fail(events.error());
  wire::Commits answer;
  answer.events = *std::move(events);

  // Epoch and group together: the one of the moment when both are read.
  const auto group = co_await group_of(command.room_id);
  if (!group) co_return fail(group.error());
  answer.epoch = (*group)->context().epoch;
  answer.more = !answer.events.empty() && after + answer.events.size() < answer.epoch;
  std::vector<UserId> users;
  for (const auto& [user, member] : (*room)->members()) {
    if (member.in_room()) users.push_back(user);
  }
  const auto devices = co_await devices_of(std::move(users));
  if (!devices) co_return fail(devices.error());
  const auto is_member = [&](UserId user) { return (*room)->role_of(user) >= wire::Role::kMember; };
  for (const mls::LeafIndex index : stale_leaves((*group)->tree(), is_member, *devices)) {
    // A leaf that names nobody cannot be told: whoever commits finds it in the tree.
    if (const auto device = KnownDevices::named_by(*(*group)->tree().leaf(index))) {
      answer.stale.push_back(*device);
    }
  }
  co_return wire::Response{std::move(answer)};
}

// ---- invitations by link -----------------------------------------------------------------------

Task<Reply> Rooms::put_invite_bundle(Actor actor, wire::PutInviteBundle command) {
  const auto room = co_await get(command.room_id);
  if (!room) co_return fail(room.error());
  if (auto may = require_member(**room, actor.user); !may) co_return fail(may.error());
  if (command.bundle.empty()) co_return fail(ErrorCode::kInvalidArgument, "an empty bundle");
  const Status put =
      co_await stored<void>(context_.executor, shard_, [&](store::StatusCallback done) {
        context_.store.put_invite_bundle(command.room_id, command.invite_id, command.bundle,
                                         std::move(done));
      });
  co_return put ? wire::Response{wire::Done{}} : fail(put.error());
}

Task<Reply> Rooms::get_invite_bundle(Actor actor, wire::GetInviteBundle command) {
  const auto room = co_await get(command.room_id);
  if (!room) co_return fail(room.error());
  if (auto may = require_member(**room, actor.user); !may) co_return fail(may.error());
  auto bundle = co_await stored<Bytes>(context_.executor, shard_, [&](store::Callback<Bytes> done) {
    context_.store.read_invite_bundle(command.room_id, command.code, std::move(done));
  });
  if (!bundle) co_return fail(bundle.error());
  co_return wire::Response{wire::InviteBundle{*std::move(bundle)}};
}

// ---- devices -----------------------------------------------------------------------------------

Task<Status> Rooms::may_claim(Actor actor, RoomId id, std::vector<UserId> users) {
  const auto room = co_await get(id);
  if (!room) co_return room.error();
  if (auto may = require_member(**room, actor.user); !may) co_return may;
  const auto names = co_await newcomers(**room, actor, std::move(users));
  co_return names ? Status() : Status(names.error());
}

Task<Status> Rooms::may_reach(Actor actor, RoomId id, std::vector<UserId> users) {
  const auto room = co_await get(id);
  if (!room) co_return room.error();
  users.push_back(actor.user);
  for (const UserId user : users) {
    if ((*room)->role_of(user) < wire::Role::kMember) co_return ErrorCode::kNotAMember;
  }
  co_return Status{};
}

Task<void> Rooms::lost_device(Actor actor, RoomId id, std::uint32_t list_version) {
  const auto room = co_await get(id);
  if (!room || !require_member(**room, actor.user)) co_return;
  store::RoomWrite append;
  append.room = id;
  append.events.push_back(
      system_event(actor, wire::EventKind::kDevicesChanged,
                   wire::encode(wire::DevicesChanged{actor.user, list_version})));
  // Not told when the disk fails: the next commit has to remove the device all the same.
  std::ignore = co_await write(*room, std::move(append), Names());
}

void Rooms::identity_changed(RoomId id, UserId user, std::uint32_t version) {
  const Room* room = find(id);
  if (!room || !room->is_private()) return;
  broadcast(*room, encode_notice(*room, wire::IdentityChangedNotice{user, version}),
            Priority::kControl);
}

}  // namespace parley::app
