// What each room needs next: it is created, joined, brought up to date, and then turned on.
#include "client/e2ee/impl.hpp"

namespace parley::e2ee {
namespace {

// As far as this device knows its own role.
bool may_name(const Room& room) {
  return room.role >= wire::Role::kModerator || room.record.direct;
}

}  // namespace

Room& Engine::Impl::room_of(RoomId id) { return rooms_.try_emplace(id, id).first->second; }

Room* Engine::Impl::find(RoomId id) {
  const auto found = rooms_.find(id);
  return found == rooms_.end() ? nullptr : &found->second;
}

void Engine::Impl::save_room(Room& room) {
  desk_.put("e2ee/room/" + room.id.to_string(), SecretBytes(wire::encode(room.record)));
}

void Engine::Impl::save_group(Room& room) {
  const bool apart = disappears(room) > 0;
  const auto keys = apart ? mls::KeysOf::kNone : mls::KeysOf::kAllEpochs;
  desk_.put("e2ee/group/" + room.id.to_string(),
            SecretBytes(
                mls::seal_state(rng_, own_->record.state_key, room.id.view(), *room.group, keys)));
  if (apart) save_keys(room);
}

void Engine::Impl::drop_group(Room& room) {
  room.group.reset();
  erase_old_keys(room);
  save_ends(room);
  room.forget_leaves();
  room.stale.clear();
  desk_.erase("e2ee/group/" + room.id.to_string());
  // Who comes and goes while this device is not there is not seen.
  room.since.clear();
  desk_.erase("e2ee/since/" + room.id.to_string());
}

void Engine::Impl::handle_rooms(Now now, const std::vector<wire::RoomSummary>& rooms) {
  for (const wire::RoomSummary& summary : rooms) apply_summary(now, summary);
  settle(now);
}

void Engine::Impl::apply_summary(Now now, const wire::RoomSummary& summary) {
  const bool is_private = summary.settings.kind == wire::RoomKind::kPrivate;
  if (!is_private && find(summary.room_id) == nullptr) return;
  Room& room = room_of(summary.room_id);
  room.role = summary.role;
  if (!room.is_member()) {
    if (room.record.creating) return;
    if (room.pending) drop_pending(room);
    if (room.group) drop_group(room);
    room.record.to_add.clear();
    room.record.to_post.reset();
    room.record.newcomers.clear();
    drop_invites(room);
    room.join_at.reset();
    seal_abandoned(room.id, room.record.last_seal.client_id);
    return save_room(room);
  }
  room.server_epoch = std::max(room.server_epoch, summary.epoch);
  if (room.record.history != summary.settings.history ||
      room.record.direct != summary.settings.direct) {
    room.record.history = summary.settings.history;
    room.record.direct = summary.settings.direct;
    save_room(room);
  }
  if (!room.group && !room.join_at) room.join_at = now.mono + kWelcomeWait;
}

void Engine::Impl::handle_event(Now now, RoomId id, const wire::Event& event) {
  Room* room = find(id);
  if (room == nullptr) return;
  switch (event.kind) {
    case wire::EventKind::kCommit:
      take_commit(now, *room, event);
      break;
    case wire::EventKind::kSealed:
      ++room->epoch_messages;
      settle_seal(*room, event);
      break;
    case wire::EventKind::kDevicesChanged:
      if (const auto body = wire::decode<wire::DevicesChanged>(event.body)) {
        want(body->user);
        room->look_for_stale = true;
      }
      break;
    case wire::EventKind::kMembership:
      if (const auto body = wire::decode<wire::Membership>(event.body)) {
        const bool left = body->change == wire::MemberChange::kLeft ||
                          body->change == wire::MemberChange::kRemoved ||
                          body->change == wire::MemberChange::kBanned;
        // Whether this device's own user is in the room is said by summaries.
        if (left && body->user != user_) room->look_for_stale = true;
      }
      break;
    default:
      break;
  }
  settle(now);
}

// ---- what a person wants -----------------------------------------------------------------------

Result<RoomId> Engine::Impl::create_room(Now now, UserId direct_with, std::optional<Naming> naming,
                                         std::vector<UserId> members, wire::HistoryAccess history,
                                         std::uint32_t disappear_after_s) {
  if (!own_ || account_state_ != AccountState::kReady) return ErrorCode::kNotConnected;
  if (naming && !naming->fits()) return ErrorCode::kInvalidArgument;
  const RoomId id = RoomId::make(now.wall, rng_);
  auto keys = mls::make_key_package(rng_, own_->signing, mls_identity(),
                                    {seconds_of(now) - 3600, seconds_of(now) + 86'400});
  auto group = mls::Group::create(rng_, to_bytes(id.view()), std::move(keys),
                                  disappear_extensions(disappear_after_s), group_policy());
  if (!group) return group.error();
  Room& room = room_of(id);
  room.record.creating = true;
  room.record.direct_with = direct_with;
  room.record.history = disappear_after_s > 0 ? wire::HistoryAccess::kNone : history;
  room.record.to_add = std::move(members);
  room.record.to_add.push_back(user_);  // the person's other devices
  room.record.to_post = std::move(naming);
  room.group = *std::move(group);
  entered(now, room);
  settle(now);
  return id;
}

Status Engine::Impl::invite(Now now, RoomId id, const std::vector<UserId>& users) {
  Room* room = find(id);
  if (room == nullptr) return ErrorCode::kRoomNotFound;
  for (const UserId& user : users) {
    if (std::ranges::find(room->record.to_add, user) == room->record.to_add.end()) {
      room->record.to_add.push_back(user);
    }
  }
  save_room(*room);
  settle(now);
  return {};
}

Status Engine::Impl::rename(Now now, RoomId id, std::string name, std::string topic) {
  Room* room = find(id);
  if (room == nullptr) return ErrorCode::kRoomNotFound;
  if (room->is_member() && !may_name(*room)) return ErrorCode::kAccessDenied;
  Naming naming{std::move(name), std::move(topic), {}};
  if (!naming.fits()) return ErrorCode::kInvalidArgument;
  room->record.to_post = std::move(naming);
  room->record.posting = {};
  save_room(*room);
  settle(now);
  return {};
}

Status Engine::Impl::renew_keys(Now now, RoomId id) {
  Room* room = find(id);
  if (room == nullptr) return ErrorCode::kRoomNotFound;
  room->record.renew = true;
  save_room(*room);
  settle(now);
  return {};
}

std::optional<RoomStatus> Engine::Impl::room(RoomId id) {
  const auto found = rooms_.find(id);
  if (found == rooms_.end()) return std::nullopt;
  Room& room = found->second;
  const RoomRecord& record = room.record;
  return RoomStatus{room.group ? room.group->epoch() : 0,
                    record.state.naming.name,
                    record.state.naming.topic,
                    not_ready(room, false),
                    record.creating || record.to_post || !record.to_add.empty() || room.pending,
                    room.invite || !room.invites.due.empty() || !room.invites.announcements.empty(),
                    disappears(room)};
}

std::vector<UserId> Engine::Impl::members(RoomId id) const {
  std::set<UserId> users;
  const auto found = rooms_.find(id);
  if (found == rooms_.end() || !found->second.group) return {};
  const auto& tree = found->second.group->public_group().tree();
  tree.for_each_leaf([&](mls::LeafIndex, const mls::LeafNode& leaf) {
    const auto credential = identity::DeviceCredential::decode(leaf.credential.identity);
    if (credential) users.insert(credential->user);
  });
  return {users.begin(), users.end()};
}

// ---- the next step -----------------------------------------------------------------------------

void Engine::Impl::failed(Now now, Room& room, const wire::ErrorReply& error) {
  room.busy = false;
  room.retry.failed(now.mono, rng_, seconds(1), milliseconds(error.retry_after_ms));
}

void Engine::Impl::step_room(Now now, Room& room) {
  if (!ready() || room.busy) return;
  tell_room(room);
  if (room.retry.waits(now.mono)) return;
  if (room.record.creating) return send_creation(now, room);
  if (!room.is_member()) return;
  if (room.pending) return send_pending(now, room);
  if (!room.group) {
    if (!room.join_at) room.join_at = now.mono + kWelcomeWait;
    if (now.mono >= *room.join_at) fetch_group(now, room);
    return;
  }
  if (room.server_epoch > room.group->epoch() || room.look_for_stale) return catch_up(now, room);
  if (wants_commit(now, room)) return begin_commit(now, room);
  if (room.posted_at && room.record.last_seal.ambiguous) ask_what_was_taken(now, room);
  if (room.record.to_post) return post_naming(now, room);
  if (judge_claim(room)) return;  // before the name is passed on
  if (send_bundles(now, room)) return;
  if (step_invites(room)) return;
  if (send_answer(now, room)) return;
  ask_for_history(now, room);
}

void Engine::Impl::tell_room(Room& room) {
  const auto state = not_ready(room, false);
  if (state == room.told) return;
  room.told = state;
  changes_.push_back(RoomChanged{room.id});
}

void Engine::Impl::send_creation(Now, Room& room) {
  wire::CreateRoom command;
  command.client_id = ClientId{room.id.uuid};
  command.kind = wire::RoomKind::kPrivate;
  command.access = wire::RoomAccess::kInviteOnly;
  command.direct_with = room.record.direct_with;
  command.history = room.record.history;
  command.disappear_after_s = disappears(room);
  command.group_info = mls::encode(room.group->group_info(false));
  command.tree = room.group->public_group().tree().encode();
  room.busy = true;
  const RoomId id = room.id;
  ask<wire::RoomState>(
      std::move(command),
      [this, id](Now now, const wire::RoomState& answer) {
        Room& asked = room_of(id);
        asked.busy = false;
        asked.record.creating = false;
        if (answer.room.room_id == id) {
          asked.retry.succeeded();
          save_room(asked);
          return apply_summary(now, answer.room);
        }
        const std::vector<UserId> to_add = asked.record.to_add;
        drop_group(asked);
        desk_.erase("e2ee/room/" + id.to_string());
        desk_.erase(epoch_key(id, 0));
        epochs_.erase(id);
        not_in_vault_.erase({id, 0});
        rooms_.erase(id);
        apply_summary(now, answer.room);
        Room& actual = room_of(answer.room.room_id);
        actual.record.to_add = to_add;  // who may have left it
        save_room(actual);
        changes_.push_back(RoomReplaced{id, answer.room.room_id});
      },
      [this, id](Now now, const wire::ErrorReply& error) {
        Room& asked = room_of(id);
        const auto action = error_info(error.code).action;
        if (action == ErrorAction::kTellUser) {
          asked.record.creating = false;
          drop_group(asked);
          save_room(asked);
          changes_.push_back(RoomFailed{id, {code_of(error), error.detail, {}}});
        }
        failed(now, asked, error);
      });
}

// ---- joining without a Welcome -----------------------------------------------------------------

void Engine::Impl::fetch_group(Now, Room& room) {
  room.busy = true;
  const RoomId id = room.id;
  const std::uint64_t offset = room.tree.size();
  ask<wire::GroupState>(
      wire::GetGroup{id, offset},
      [this, id, offset](Now now, const wire::GroupState& state) {
        Room& there = room_of(id);
        there.busy = false;
        if (there.group) return;  // a Welcome came
        // Another epoch began between two pieces: from the start.
        if (offset > 0 && state.group_info != there.info) return there.tree.clear();
        there.info = state.group_info;
        there.tree.insert(there.tree.end(), state.tree.begin(), state.tree.end());
        if (there.tree.size() < state.tree_size && !state.tree.empty()) {
          return fetch_group(now, there);
        }
        join_external(now, there);
        there.tree.clear();
      },
      [this, id](Now now, const wire::ErrorReply& error) {
        room_of(id).tree.clear();
        failed(now, room_of(id), error);
      });
}

void Engine::Impl::join_external(Now now, Room& room) {
  const auto retry = [&] { room.retry.failed(now.mono, rng_, seconds(1)); };
  const auto info = mls::decode<mls::GroupInfo>(room.info);
  const auto tree = mls::RatchetTree::decode(room.tree);
  if (!info || !tree || !std::ranges::equal(info->group_context.group_id, room.id.view())) {
    return retry();
  }
  std::optional<mls::LeafIndex> own_leaf;
  tree->for_each_leaf([&](mls::LeafIndex index, const mls::LeafNode& leaf) {
    const auto credential = identity::DeviceCredential::decode(leaf.credential.identity);
    if (credential && is_own({credential->user, credential->device})) own_leaf = index;
  });
  auto made = mls::Group::join_external(rng_, *info, ByteView(room.tree), own_->signing,
                                        mls_identity(), own_leaf, {}, mls::no_psk, group_policy());
  if (!made) return retry();
  set_pending(room, *std::move(made), {}, {}, true, now);
}

// ---- keeping up --------------------------------------------------------------------------------

void Engine::Impl::catch_up(Now, Room& room) {
  room.busy = true;
  const RoomId id = room.id;
  const std::uint64_t before = room.group->epoch();
  const std::uint64_t claimed = room.server_epoch;
  ask<wire::Commits>(
      wire::ListCommits{id, before, wire::kMaxPageSize},
      [this, id, before, claimed](Now now, const wire::Commits& answer) {
        Room& there = room_of(id);
        there.busy = false;
        if (!there.group) return;
        if (answer.epoch < claimed) {
          // The server lost epochs that it has shown before, or hides their commits.
          alert({AlertKind::kGroupRolledBack, {}, {}, id});
          there.server_epoch = answer.epoch;
          there.retry.failed(now.mono, rng_, seconds(1));
          if (answer.epoch < before) drop_group(there);
          return;
        }
        there.server_epoch = std::max(there.server_epoch, answer.epoch);
        for (const wire::Event& event : answer.events) take_commit(now, there, event);
        if (!there.group) return;
        if (there.group->epoch() == before && answer.epoch > before) {
          return drop_group(there);  // the commits are not there any more: joins anew
        }
        if (there.group->epoch() != answer.epoch) return;  // more to come, or ahead by now
        there.server_epoch = answer.epoch;
        there.look_for_stale = false;
        there.checked.reset();
        there.stale = {answer.stale.begin(), answer.stale.end()};
        std::erase_if(there.stale, [&](const wire::DeviceRef& ref) { return is_own(ref); });
        there.removal_at.reset();
        if (!there.stale.empty()) {
          const auto rank = static_cast<std::int64_t>(own_rank(there).value_or(0));
          const auto step = kRemovalStep * std::min<std::int64_t>(rank, 20);
          there.removal_at = now.mono + step + Duration{jitter(kRemovalStep)};
        }
      },
      [this, id](Now now, const wire::ErrorReply& error) { failed(now, room_of(id), error); });
}

// This device's place among the leaves that stay.
std::optional<std::size_t> Engine::Impl::own_rank(const Room& room) const {
  std::size_t before = 0;
  std::optional<std::size_t> rank;
  room.group->public_group().tree().for_each_leaf(
      [&](mls::LeafIndex index, const mls::LeafNode& leaf) {
        if (index == room.group->own_leaf()) rank = before;
        const auto credential = identity::DeviceCredential::decode(leaf.credential.identity);
        if (credential && !room.stale.contains({credential->user, credential->device})) ++before;
      });
  return rank;
}

bool Engine::Impl::wants_commit(Now now, Room& room) {
  RoomRecord& record = room.record;
  if (!room.stale.empty() && room.removal_at && now.mono >= *room.removal_at) return true;
  if (!record.to_add.empty() || record.renew) return true;
  if (record.sealed >= kRenewAfterSeals) return true;
  if (room.epoch_messages >= kRenewAfterMessages) return true;
  if (record.renew_at == Timestamp{} || now.wall < record.renew_at) return false;
  if (record.just_joined || room.epoch_messages > 0) return true;
  record.renew_at = now.wall + kRenewEvery;  // nothing was said that new keys would protect
  return false;
}

// ---- the room's name ---------------------------------------------------------------------------

void Engine::Impl::take_naming(Room& room, Naming naming) {
  if (naming.seq <= room.record.state.naming.seq) return;
  room.record.state.naming = std::move(naming);
  changes_.push_back(RoomChanged{room.id});
}

// Owners and moderators may name a room. The server, which does not see that this is a new name,
// tells who they are now; who was one when it happened and is none any more is not believed.
void Engine::Impl::take_claim(Room& room, Claim claim) {
  if (claim.naming.seq <= room.record.state.naming.seq) return;
  std::vector<Claim>& claims = room.record.claims;
  if (room.record.direct) {
    take_naming(room, std::move(claim.naming));
  } else if (std::ranges::none_of(claims, [&](const Claim& known) {
               return known.naming.seq == claim.naming.seq;
             })) {
    if (claims.size() == RoomRecord::kMostClaims) claims.erase(claims.begin());
    claims.push_back(std::move(claim));
  }
  save_room(room);
}

// True when the server was asked.
bool Engine::Impl::judge_claim(Room& room) {
  if (room.record.claims.empty()) return false;
  const Claim claim = room.record.claims.back();
  // The list goes by user: this one is the first after the one before it.
  UserId before = claim.user;
  for (std::size_t i = before.uuid.bytes.size(); i-- > 0;) {
    if (before.uuid.bytes[i]-- != 0) break;
  }
  room.busy = true;
  ask<wire::MemberPage>(
      wire::ListMembers{room.id, before, 1},
      [this, id = room.id, claim](Now, const wire::MemberPage& page) {
        Room& there = room_of(id);
        there.busy = false;
        std::erase_if(there.record.claims,
                      [&](const Claim& one) { return one.naming.seq == claim.naming.seq; });
        const bool may = !page.members.empty() && page.members[0].user.user_id == claim.user &&
                         page.members[0].role >= wire::Role::kModerator;
        if (may) take_naming(there, claim.naming);
        save_room(there);
      },
      [this, id = room.id](Now at, const wire::ErrorReply& error) {
        failed(at, room_of(id), error);
      });
  return true;
}

void Engine::Impl::post_naming(Now now, Room& room) {
  RoomRecord& record = room.record;
  if (!may_name(room)) {
    // Asked for before the role was known, or while there was another: others would not believe it.
    record.to_post.reset();
    record.posting = {};
    save_room(room);
    changes_.push_back(RoomFailed{room.id, {ErrorCode::kAccessDenied, {}, {}}});
    return;
  }
  if (not_ready(room, true)) return;
  // A message may be sent again under its place, as long as no other one follows it.
  const LastSeal& last = record.last_seal;
  if (!last.in_log && last.client_id == room.under_way && last.client_id != record.posting &&
      now.mono < room.under_way_until) {
    return;
  }
  if (record.posting.is_nil()) record.posting = ClientId::make(now.wall, rng_);
  wire::RoomSettings settings;
  settings.kind = wire::RoomKind::kPrivate;
  settings.access = wire::RoomAccess::kInviteOnly;
  settings.name = record.to_post->name;
  settings.topic = record.to_post->topic;
  settings.history = record.history;
  settings.disappear_after_s = disappears(room);
  auto sealed = seal_in(now, room, record.posting, wire::EventKind::kRoomSettings,
                        wire::encode(settings), false);
  if (std::holds_alternative<NotReady>(sealed)) return;
  wire::Post post;
  post.room_id = room.id;
  post.client_id = record.posting;
  post.kind = wire::EventKind::kSealed;
  post.body = std::move(std::get<Sealed>(sealed).body);
  room.busy = true;
  const RoomId id = room.id;
  ask<wire::Posted>(
      std::move(post),
      [this, id](Now, const wire::Posted& posted) {
        Room& there = room_of(id);
        there.busy = false;
        there.retry.succeeded();
        handle_posted(now_, id, posted.client_id, posted.seq);
        if (!there.record.to_post || there.record.posting != posted.client_id) return;
        if (posted.seq > there.record.state.naming.seq) {
          there.record.state.naming = *std::exchange(there.record.to_post, std::nullopt);
          there.record.state.naming.seq = posted.seq;
        }
        there.record.to_post.reset();
        there.record.posting = {};
        save_room(there);
        changes_.push_back(RoomChanged{id});
      },
      [this, id](Now at, const wire::ErrorReply& error) {
        Room& there = room_of(id);
        if (code_of(error) == ErrorCode::kConflict) there.look_for_stale = true;
        failed(at, there, error);
      });
}

std::optional<NotReady> Engine::Impl::not_ready(Room& room, bool for_naming) {
  if (own_ && account_state_ == AccountState::kStarting) return NotReady::kConnecting;
  if (!own_ || account_state_ != AccountState::kReady) return NotReady::kNoAccount;
  if (!room.group || room.record.creating || !room.is_member()) return NotReady::kNoGroup;
  if (room.server_epoch > room.group->epoch()) return NotReady::kCatchingUp;
  if (room.look_for_stale || !room.stale.empty()) return NotReady::kRemovalPending;
  if (!for_naming && room.record.to_post) return NotReady::kSettling;
  return leaves_cause(room);
}

std::optional<NotReady> Engine::Impl::leaves_cause(Room& room) {
  // A new device does not know yet what the person has decided about others.
  if (!own_ || !own_->record.read_vault) return NotReady::kConnecting;
  if (!room.checked || room.checked->people != people_version_) {
    room.checked = {people_version_, check_leaves(room)};
  }
  return room.checked->cause;
}

std::optional<NotReady> Engine::Impl::check_leaves(Room& room) {
  std::optional<NotReady> worst;
  room.group->public_group().tree().for_each_leaf([&](mls::LeafIndex, const mls::LeafNode& leaf) {
    const auto credential = identity::DeviceCredential::decode(leaf.credential.identity);
    switch (trust(leaf)) {
      case Trust::kTrusted:
        break;
      case Trust::kUnknown:
        if (!worst) worst = NotReady::kUnknownIdentity;
        return;
      default:
        if (credential && room.stale.contains({credential->user, credential->device})) {
          if (worst != NotReady::kGhostDevice) worst = NotReady::kRemovalPending;
          return;
        }
        // It may be on its way out: that is asked once, before anybody is accused.
        if (room.suspects.insert(leaf.signature_key).second) room.look_for_stale = true;
        if (room.look_for_stale) {
          if (worst != NotReady::kGhostDevice) worst = NotReady::kRemovalPending;
          return;
        }
        worst = NotReady::kGhostDevice;
        alert({AlertKind::kGhostDevice, credential ? credential->user : UserId{},
               credential ? credential->device : DeviceId{}, room.id});
        return;
    }
    if (people_.at(credential->user).pin.blocked() && worst != NotReady::kGhostDevice) {
      worst = NotReady::kIdentityChanged;
    }
  });
  return worst;
}

}  // namespace parley::e2ee
