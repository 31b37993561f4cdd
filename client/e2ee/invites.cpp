// The history that comes with an invitation's link: members seal it to the key in the link, each
// time one of them begins an epoch, and leave it at the server with the invitation.
#include "client/e2ee/impl.hpp"

namespace parley::e2ee {

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
  room->invites_due.insert(invite);
  // Who comes later is told with its bundle.
  std::ignore = member_of(*room, own_->signing.public_key());
  Room::Announcement told{announcement, {}};
  for (const auto& [signing_key, member] : room->members) {
    if (!is_own(member.device)) told.to.push_back(member.device);
  }
  room->announcements.push_back(std::move(told));
  settle(now);
  return key;
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
  if (invites.size() == RoomState::kMostInvites) invites.erase(invites.begin());
  invites.push_back(to_bytes(announcement));
  if (room.own_epoch) room.invites_due.insert(taken->invite);
  save_room(room);
}

void Engine::Impl::forget_invite(Room& room, InviteId invite) {
  std::erase_if(room.record.state.invites, [&](const Bytes& announcement) {
    const auto known = sealing::open_invite_key(room.id, announcement);
    return !known || known->invite == invite;
  });
  save_room(room);
}

// True when something is on its way.
bool Engine::Impl::step_invites(Room& room) {
  return announce(room) || get_invite_bundle(room) || put_invite_bundle(room);
}

bool Engine::Impl::announce(Room& room) {
  if (room.announcements.empty()) return false;
  Room::Announcement& next = room.announcements.front();
  std::erase_if(next.to, [&](const wire::DeviceRef& device) {
    return std::ranges::none_of(room.members,
                                [&](const auto& m) { return m.second.device == device; });
  });
  if (next.to.empty()) {
    room.announcements.pop_front();
    return false;
  }
  const auto count = static_cast<std::ptrdiff_t>(std::min(next.to.size(), wire::kMaxPageSize));
  std::vector<wire::DeviceRef> devices{next.to.end() - count, next.to.end()};
  next.to.erase(next.to.end() - count, next.to.end());
  send_to_devices(room, std::move(devices), kInviteKeyItem, next.body, [] {});
  return true;
}

// ---- leaving history with them -----------------------------------------------------------------

// This device began the epoch.
void Engine::Impl::renew_invites(Room& room) {
  for (const Bytes& announcement : room.record.state.invites) {
    const auto known = sealing::open_invite_key(room.id, announcement);
    if (known) room.invites_due.insert(known->invite);
  }
}

bool Engine::Impl::put_invite_bundle(Room& room) {
  if (room.invites_due.empty() || room.record.to_post) return false;
  const InviteId invite = *room.invites_due.begin();
  room.invites_due.erase(room.invites_due.begin());
  std::optional<sealing::InviteKey> key;
  for (const Bytes& announcement : room.record.state.invites) {
    auto known = sealing::open_invite_key(room.id, announcement);
    if (known && known->invite == invite) key = *std::move(known);
  }
  if (!key) return false;
  // Who made it reads on by it, so it ends with that one's stay in the room.
  if (!is_in(room, key->author)) {
    forget_invite(room, invite);
    return false;
  }
  std::optional<std::uint64_t> from;
  if (room.record.history == wire::HistoryAccess::kAll) from = 0;
  bool more = false;
  const sealing::HistoryBundle bundle{newest_secrets(room, from, UINT64_MAX, more),
                                      wire::encode(room.record.state)};
  const auto sealed =
      sealing::seal_bundle(rng_, key->public_key, {room.id, sealing::BundlePurpose::kInviteLink},
                           {own_->credential, own_->signing}, bundle);
  if (!sealed) return false;
  room.busy = true;
  ask<wire::Done>(
      wire::PutInviteBundle{room.id, invite, *sealed},
      [this, id = room.id](Now, const wire::Done&) { room_of(id).busy = false; },
      [this, id = room.id, invite](Now at, const wire::ErrorReply& error) {
        Room& there = room_of(id);
        if (error.code == static_cast<std::uint16_t>(ErrorCode::kInviteInvalid)) {
          there.busy = false;
          return forget_invite(there, invite);
        }
        there.invites_due.insert(invite);
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
  settle(now);
}

bool Engine::Impl::get_invite_bundle(Room& room) {
  if (!room.invite) return false;
  room.busy = true;
  const auto over = [this, id = room.id] {
    room_of(id).invite.reset();
    desk_.erase("e2ee/invite/" + id.to_string());
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
