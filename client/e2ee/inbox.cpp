// What other devices sent to this one: Welcomes and history bundles; and the bundles it sends.
#include "client/e2ee/impl.hpp"
#include "shared/mls/labels.hpp"

namespace parley::e2ee {

void Engine::Impl::take_inbox(Now now, const wire::InboxNotice& notice) {
  if (notice.items.empty()) return;
  for (const wire::InboxItem& item : notice.items) {
    if (item.kind == kLinkItem) take_link(now, item);
    if (!own_) continue;  // nothing else can be for a device without keys
    if (item.kind == wire::InboxItem::kWelcome) {
      take_welcome(now, item);
    } else if (item.kind == kBundleItem && !item.room_id.is_nil()) {
      Room& room = room_of(item.room_id);
      if (room.group) {
        take_bundle(room, item.body);
      } else if (room.record.bundles.size() < RoomRecord::kMaxBundlesKept) {
        room.record.bundles.push_back(item.body);
        save_room(room);
      }
    } else if (item.kind == kRequestItem) {
      take_request(now, item);
    } else if (item.kind == kInviteKeyItem) {
      Room* room = find(item.room_id);
      if (room != nullptr && room->group) take_invite_key(*room, item.body);
    }
  }
  // Leaves after what came of the items is stored.
  desk_.ask(wire::AckInbox{notice.items.back().number}, [](Now, const Reply&) {});
}

void Engine::Impl::take_welcome(Now now, const wire::InboxItem& item) {
  auto message = mls::decode<mls::Message>(item.body);
  if (!message) return;
  const auto* welcome = std::get_if<mls::Welcome>(&message->body);
  if (welcome == nullptr || item.tree.empty()) return;  // joins by itself
  for (const mls::EncryptedGroupSecrets& secrets : welcome->secrets) {
    const auto found = packages_.find(secrets.new_member);
    if (found == packages_.end()) continue;
    const PackageRecord& package = found->second;
    auto key_package = mls::decode<mls::KeyPackage>(package.key_package);
    if (!key_package) return;
    const mls::KeyPackageKeys keys{
        *std::move(key_package), crypto::KemKeyPair::from_secret(package.init_key.clone()),
        crypto::KemKeyPair::from_secret(package.leaf_key.clone()), own_->signing.clone()};
    auto group = mls::Group::join(*welcome, keys, ByteView(item.tree), mls::no_psk, group_policy());
    if (!group) return;
    const auto id = RoomId::from_bytes(group->public_group().context().group_id);
    if (!id) return;
    Room& room = room_of(*id);
    if (room.group && room.group->epoch() >= group->epoch()) return;
    if (room.pending) drop_pending(room);
    room.record.creating = false;
    room.since.clear();  // it was not in the group meanwhile, and others may have come and gone
    room.group = *std::move(group);
    const auto wait = package.last_resort ? Duration{} : Duration{jitter(kRenewAfterJoin)};
    room.record.renew_at = now.wall + wait;
    room.record.just_joined = true;
    if (!package.last_resort) {
      // In the same write as the state that it led to.
      desk_.erase("e2ee/package/" + to_hex(found->first));
      packages_.erase(found);
    }
    return entered(now, room);
  }
}

// Taken from those who are in the group only.
void Engine::Impl::take_bundle(Room& room, ByteView sealed) {
  auto opened =
      sealing::open_bundle(own_->device, {room.id, sealing::BundlePurpose::kNewMember}, sealed);
  if (!opened) {
    opened =
        sealing::open_bundle(own_->device, {room.id, sealing::BundlePurpose::kRequested}, sealed);
    if (opened && is_in(room, opened->author)) take_offers(room, opened->bundle);
    return;
  }
  if (is_in(room, opened->author)) take_history(room, opened->bundle);
}

void Engine::Impl::take_history(Room& room, const sealing::HistoryBundle& bundle) {
  bool any = false;
  for (const sealing::EpochSecret& secret : bundle.secrets) {
    if (secret.epoch < room.group->epoch()) {
      any = learn(room.id, secret.epoch, secret.secret, false) || any;
    }
  }
  if (const auto state = wire::decode<RoomState>(bundle.room_state)) {
    take_naming(room, state->naming);
    save_room(room);
    for (const Bytes& invite : state->invites) take_invite_key(room, invite);
  }
  if (any) arrived(room.id);
}

std::vector<sealing::EpochSecret> Engine::Impl::newest_secrets(const Room& room,
                                                               std::optional<std::uint64_t> from,
                                                               std::uint64_t below, bool& more) {
  std::vector<sealing::EpochSecret> secrets;
  if (!from) return secrets;
  const EpochKeys& keys = epochs_[room.id];
  for (auto it = keys.lower_bound(below); it != keys.begin() && std::prev(it)->first >= *from;
       --it) {
    more = secrets.size() == sealing::kMaxBundleSecrets;
    if (more) break;
    secrets.push_back({std::prev(it)->first, std::prev(it)->second.secret.clone()});
  }
  std::ranges::reverse(secrets);
  return secrets;
}

// True when one is on its way.
bool Engine::Impl::send_bundles(Now, Room& room) {
  if (room.record.newcomers.empty() || room.record.to_post) return false;
  // Not while somebody's device or identity is in doubt: it may be the newcomer's.
  if (leaves_cause(room)) return false;
  const Newcomer newcomer = room.record.newcomers.front();
  bool more = false;
  const sealing::HistoryBundle bundle{
      newest_secrets(room, may_read_from(room, newcomer.device.user_id), newcomer.below, more),
      wire::encode(room.record.state)};
  const std::uint64_t below = more ? bundle.secrets.front().epoch : 0;
  const auto sealed =
      sealing::seal_bundle(rng_, newcomer.key, {room.id, sealing::BundlePurpose::kNewMember},
                           {own_->credential, own_->signing}, bundle);
  // Somebody who is gone by now needs none.
  const auto next = [this, id = room.id, device = newcomer.device, below](bool) {
    std::vector<Newcomer>& newcomers = room_of(id).record.newcomers;
    if (newcomers.empty() || newcomers.front().device != device) return;
    if (below > 0) {
      newcomers.front().below = below;
    } else {
      newcomers.erase(newcomers.begin());
    }
    save_room(room_of(id));
  };
  if (!sealed) {
    room.record.newcomers.erase(room.record.newcomers.begin());
    return false;
  }
  send_to_devices(room, {newcomer.device}, kBundleItem, *sealed, next);
  return true;
}

void Engine::Impl::send_to_devices(Room& room, std::vector<wire::DeviceRef> devices,
                                   std::uint8_t kind, Bytes body,
                                   std::function<void(bool taken)> done) {
  wire::SendToDevices command;
  command.devices = std::move(devices);
  command.room_id = room.id;
  command.kind = kind;
  command.body = std::move(body);
  room.busy = true;
  ask<wire::Done>(
      std::move(command),
      [this, done, id = room.id](Now, const wire::Done&) {
        room_of(id).busy = false;
        done(true);
      },
      [this, done, id = room.id](Now at, const wire::ErrorReply& error) {
        if (code_of(error) == ErrorCode::kNotAMember) done(false);
        failed(at, room_of(id), error);
      });
}

}  // namespace parley::e2ee
