// The history that comes with an invitation's link: members seal it to the key in the link, each
// time one of them begins an epoch, and leave it at the server with the invitation.
#include "client/e2ee/impl.hpp"

namespace parley::e2ee {
namespace {

std::string invite_key_name(const RoomId& room, const InviteId& invite) {
  return "e2ee/invitekey/" + room.to_string() + "/" + invite.to_string();
}

}  // namespace

// What is owed outlives a restart: whoever made a link may be gone in the next moment.
void Engine::Impl::save_invites(Room& room) {
  desk_.put("e2ee/invites/" + room.id.to_string(), SecretBytes(wire::encode(room.invites)));
  changes_.push_back(RoomChanged{room.id});
}

void Engine::Impl::owe_bundle(Room& room, InviteId invite) {
  std::vector<InviteId>& due = room.invites.due;
  if (std::ranges::find(due, invite) == due.end()) due.push_back(invite);
}

// ---- keys of links -----------------------------------------------------------------------------

Result<Secret> Engine::Impl::make_invite_key(Now now, RoomId id, InviteId invite) {
  Room* room = find(id);
  if (room == nullptr) return ErrorCode::kRoomNotFound;
  if (!ready() || !room->group || !room->is_member()) return ErrorCode::kNotConnected;
  Secret key;
  rng_.fill(key.write());
  const Bytes announcement = sealing::announce_invite_key(
      id, {own_->credential, own_->signing}, invite, sealing::invite_key_pair(key).public_key);
  take_invite_key(*room, announcement);
  room->invite_keys.insert_or_assign(invite, key.clone());
  InviteKeyRecord kept;
  kept.key = key.clone();
  desk_.put(invite_key_name(id, invite), pack(kept));
  owe_bundle(*room, invite);
  // Who comes later is told with its bundle.
  std::ignore = member_of(*room, own_->signing.public_key());
  InvitesRecord::Announcement told{announcement, {}};
  for (const auto& [signing_key, member] : room->members) {
    if (!is_own(member.device)) told.to.push_back(member.device);
  }
  if (!told.to.empty()) room->invites.announcements.push_back(std::move(told));
  save_invites(*room);
  settle(now);
  return key;
}

const Secret* Engine::Impl::invite_key(RoomId id, InviteId invite) const {
  const auto room = rooms_.find(id);
  if (room == rooms_.end()) return nullptr;
  const auto found = room->second.invite_keys.find(invite);
  return found == room->second.invite_keys.end() ? nullptr : &found->second;
}

// Whoever announces one is in the group; what the server makes up is of nobody's.
void Engine::Impl::take_invite_key(Room& room, ByteView announcement) {
  const auto taken = sealing::open_invite_key(room.id, announcement);
  if (!taken || !is_in(room, taken->author)) return;
  std::vector<Bytes>& invites = room.record.state.invites;
  for (const Bytes& known : invites) {
    const auto other = sealing::open_invite_key(room.id, known);
    if (other && other->invite == taken->invite) return;
  }
  if (invites.size() == RoomState::kMostInvites) {
    const auto oldest = sealing::open_invite_key(room.id, invites.front());
    invites.erase(invites.begin());
    if (oldest) forget_invite(room, oldest->invite);
  }
  invites.push_back(to_bytes(announcement));
  save_room(room);
  if (!room.invites.own_epoch) return;
  owe_bundle(room, taken->invite);
  save_invites(room);
}

void Engine::Impl::forget_invite(RoomId id, InviteId invite) {
  if (Room* room = find(id)) forget_invite(*room, invite);
}

void Engine::Impl::forget_invite(Room& room, InviteId invite) {
  std::erase_if(room.record.state.invites, [&](const Bytes& announcement) {
    const auto known = sealing::open_invite_key(room.id, announcement);
    return !known || known->invite == invite;
  });
  save_room(room);
  std::erase(room.invites.due, invite);
  save_invites(room);
  if (room.invite_keys.erase(invite) > 0) desk_.erase(invite_key_name(room.id, invite));
}

// The user is not in the room any more.
void Engine::Impl::drop_invites(Room& room) {
  for (const auto& [invite, key] : room.invite_keys) desk_.erase(invite_key_name(room.id, invite));
  room.invite_keys.clear();
  room.invites = {};
  desk_.erase("e2ee/invites/" + room.id.to_string());
}

// True when something is on its way. A link is of use once its bundle is there: that comes first.
bool Engine::Impl::step_invites(Room& room) {
  return get_invite_bundle(room) || put_invite_bundle(room) || announce(room);
}

bool Engine::Impl::announce(Room& room) {
  std::vector<InvitesRecord::Announcement>& owed = room.invites.announcements;
  if (owed.empty()) return false;
  std::ignore = member_of(room, own_->signing.public_key());
  const auto is_gone = [&](const wire::DeviceRef& device) {
    return room.stale.contains(device) || std::ranges::none_of(room.members, [&](const auto& m) {
             return m.second.device == device;
           });
  };
  const auto over = [](const InvitesRecord::Announcement& one) { return one.to.empty(); };
  for (InvitesRecord::Announcement& one : owed) std::erase_if(one.to, is_gone);
  if (std::erase_if(owed, over) > 0) save_invites(room);
  if (owed.empty()) return room.tells_one_by_one = false;
  const InvitesRecord::Announcement& next = owed.front();
  const auto count = static_cast<std::ptrdiff_t>(
      room.tells_one_by_one ? 1 : std::min(next.to.size(), wire::kMaxPageSize));
  std::vector<wire::DeviceRef> devices{next.to.end() - count, next.to.end()};
  const auto told = [this, over, id = room.id, body = next.body, devices](bool taken) {
    Room& there = room_of(id);
    if (!taken && devices.size() > 1) {  // one of them is gone, and nobody was told
      there.tells_one_by_one = true;
      return;
    }
    for (InvitesRecord::Announcement& one : there.invites.announcements) {
      if (one.body != body) continue;
      std::erase_if(one.to, [&](const wire::DeviceRef& device) {
        return std::ranges::find(devices, device) != devices.end();
      });
    }
    std::erase_if(there.invites.announcements, over);
    save_invites(there);
  };
  send_to_devices(room, std::move(devices), kInviteKeyItem, next.body, told);
  return true;
}

// ---- leaving history with them -----------------------------------------------------------------

// This device began the epoch.
void Engine::Impl::renew_invites(Room& room) {
  for (const Bytes& announcement : room.record.state.invites) {
    const auto known = sealing::open_invite_key(room.id, announcement);
    if (known) owe_bundle(room, known->invite);
  }
  save_invites(room);
}

bool Engine::Impl::put_invite_bundle(Room& room) {
  if (room.invites.due.empty() || room.record.to_post) return false;
  const InviteId invite = room.invites.due.front();
  std::optional<sealing::InviteKey> key;
  for (const Bytes& announcement : room.record.state.invites) {
    auto known = sealing::open_invite_key(room.id, announcement);
    if (known && known->invite == invite) key = *std::move(known);
  }
  // Who made it reads on by it, so it ends with that one's stay in the room.
  if (!key || !is_in(room, key->author)) {
    forget_invite(room, invite);
    return put_invite_bundle(room);
  }
  std::optional<std::uint64_t> from;
  if (room.record.history == wire::HistoryAccess::kAll) from = 0;
  bool more = false;
  const sealing::HistoryBundle bundle{newest_secrets(room, from, UINT64_MAX, more),
                                      wire::encode(room.record.state)};
  const auto sealed =
      sealing::seal_bundle(rng_, key->public_key, {room.id, sealing::BundlePurpose::kInviteLink},
                           {own_->credential, own_->signing}, bundle);
  if (!sealed) {
    std::erase(room.invites.due, invite);
    save_invites(room);
    return put_invite_bundle(room);
  }
  room.busy = true;
  ask<wire::Done>(
      wire::PutInviteBundle{room.id, invite, *sealed},
      [this, id = room.id, invite](Now, const wire::Done&) {
        Room& there = room_of(id);
        there.busy = false;
        std::erase(there.invites.due, invite);
        save_invites(there);
      },
      [this, id = room.id, invite](Now at, const wire::ErrorReply& error) {
        Room& there = room_of(id);
        if (code_of(error) == ErrorCode::kInviteInvalid) {
          there.busy = false;
          return forget_invite(there, invite);
        }
        failed(at, there, error);
      });
  return true;
}

// ---- coming by one -----------------------------------------------------------------------------

void Engine::Impl::use_invite_key(Now now, RoomId id, std::string code, const Secret& key) {
  Room& room = room_of(id);
  room.invite.emplace();
  room.invite->code = std::move(code);
  room.invite->key = key.clone();
  desk_.put("e2ee/invite/" + id.to_string(), pack(*room.invite));
  changes_.push_back(RoomChanged{id});
  settle(now);
}

bool Engine::Impl::get_invite_bundle(Room& room) {
  if (!room.invite) return false;
  room.busy = true;
  const auto over = [this, id = room.id] {
    room_of(id).invite.reset();
    desk_.erase("e2ee/invite/" + id.to_string());
    changes_.push_back(RoomChanged{id});
  };
  ask<wire::InviteBundle>(
      wire::GetInviteBundle{room.id, room.invite->code},
      [this, over, id = room.id](Now, const wire::InviteBundle& answer) {
        Room& there = room_of(id);
        there.busy = false;
        if (!there.invite || !there.group) return;
        const auto opened =
            sealing::open_bundle(sealing::invite_key_pair(there.invite->key),
                                 {id, sealing::BundlePurpose::kInviteLink}, answer.bundle);
        if (opened && is_in(there, opened->author)) take_history(there, opened->bundle);
        over();
      },
      [this, over, id = room.id](Now at, const wire::ErrorReply& error) {
        if (error_info(error.code).action == ErrorAction::kTellUser) over();
        failed(at, room_of(id), error);
      });
  return true;
}

}  // namespace parley::e2ee
