// Who may read which epochs; asking other devices for history secrets that the vault lacks, and
// answering them.
#include "client/e2ee/impl.hpp"

namespace parley::e2ee {

// ---- who may read what -------------------------------------------------------------------------

std::optional<std::uint64_t> Engine::Impl::may_read_from(const Room& room, UserId user) const {
  if (user == user_ || room.record.history == wire::HistoryAccess::kAll) return 0;
  if (room.record.history != wire::HistoryAccess::kSinceInvited) return std::nullopt;
  const auto since = room.since.find(user);
  if (since == room.since.end()) return std::nullopt;
  return since->second;
}

// The leaves of each epoch tell who is there; what the server says of memberships does not count.
// Who was there when this device came is taken as new then: of the time before it knows nothing.
void Engine::Impl::note_users(Room& room) {
  std::map<UserId, std::uint64_t> since;
  room.group->public_group().tree().for_each_leaf([&](mls::LeafIndex, const mls::LeafNode& leaf) {
    const auto credential = identity::DeviceCredential::decode(leaf.credential.identity);
    if (!credential) return;
    const auto before = room.since.find(credential->user);
    since[credential->user] = before == room.since.end() ? room.group->epoch() : before->second;
  });
  if (since == room.since) return;
  room.since = std::move(since);
  SinceRecord record;
  for (const auto& [user, epoch] : room.since) record.users.push_back({user, epoch});
  desk_.put("e2ee/since/" + room.id.to_string(), SecretBytes(wire::encode(record)));
}

// ---- asking ------------------------------------------------------------------------------------

// A message of this epoch cannot be opened.
void Engine::Impl::missed(RoomId id, std::uint64_t epoch) {
  Room* room = find(id);
  if (room != nullptr && epoch < room->record.forgotten_before) return;
  if (!missing_.emplace(id, epoch).second) return;
  missing_retry_.succeeded();
  if (room != nullptr) room->asking.round = 0;
}

// The newest, as many as a bundle holds. Epochs to come are not missing: commits lead there.
std::vector<std::uint64_t> Engine::Impl::missing_of(const Room& room) const {
  std::vector<std::uint64_t> epochs;
  auto it = missing_.lower_bound({room.id, room.group->epoch()});
  while (it != missing_.begin() && (--it)->first == room.id &&
         epochs.size() < sealing::kMaxBundleSecrets) {
    epochs.push_back(it->second);
  }
  std::ranges::reverse(epochs);
  return epochs;
}

// What the room is called was neither heard nor told.
bool Engine::Impl::is_nameless(const Room& room) const {
  return !room.record.direct && !room.record.to_post && room.record.state.naming.seq == Seq{};
}

// Until the next connection, or until more is missed.
bool Engine::Impl::gives_up(const Room& room) const {
  const bool for_all = room.record.history == wire::HistoryAccess::kAll;
  return room.asking.round >= (for_all ? kMostRoundsForAll : kMostRounds);
}

std::vector<wire::DeviceRef> Engine::Impl::whom_to_ask(Room& room) {
  std::vector<wire::DeviceRef> asked;
  if (room.asking.round == 0) {
    const auto self = people_.find(user_);
    if (self == people_.end()) return asked;
    for (const identity::DeviceEntry& entry : self->second.list.devices) {
      if (entry.device != device_) asked.push_back({user_, entry.device});
    }
    return asked;
  }
  if (room.record.history == wire::HistoryAccess::kNone && !is_nameless(room)) return asked;
  std::ignore = member_of(room, own_->signing.public_key());
  std::uint64_t met = 0;
  for (const auto& [key, member] : room.members) {
    if (member.device.user_id == user_ || room.stale.contains(member.device)) continue;
    // Each of those met is among the chosen with the same chance.
    const std::uint64_t place = rng_.below(++met);
    if (asked.size() < kAskedMembers) {
      asked.push_back(member.device);
    } else if (place < kAskedMembers) {
      asked[static_cast<std::size_t>(place)] = member.device;
    }
  }
  return asked;
}

// True when a request is on its way. The answer to any has the room's name.
bool Engine::Impl::ask_for_history(Now now, Room& room) {
  const bool vault_was_read =
      own_->record.read_vault && vault_reread_ && !vault_wanted_ && !vault_busy_;
  std::vector<std::uint64_t> epochs;
  if (!missing_.empty() && vault_was_read) epochs = missing_of(room);
  const bool nameless = is_nameless(room);
  if ((epochs.empty() && !nameless) || gives_up(room)) return false;
  // To who just came a bundle is on its way.
  if (!room.asking.next) room.asking.next = now.mono + kWelcomeWait;
  if (now.mono < *room.asking.next) return false;
  if (epochs.empty()) epochs.push_back(room.group->epoch());  // a request names one
  if (nameless) {  // own devices may have put it into the vault meanwhile
    vault_wanted_ = true;
    step_vault(now);
  }
  auto asked = whom_to_ask(room);
  if (asked.empty() && room.asking.round == 0) {
    room.asking.round = 1;
    asked = whom_to_ask(room);
  }
  Duration wait = room.asking.round == 0 ? kOwnAskWait : kAskWait;
  for (int i = 1; i < room.asking.round && wait < kLongestAskWait; ++i) wait = wait * 2;
  room.asking.next = now.mono + std::min(wait, kLongestAskWait) + Duration{jitter(seconds(1))};
  ++room.asking.round;
  const auto request =
      sealing::make_history_request(room.id, {own_->credential, own_->signing}, epochs);
  if (asked.empty() || !request) return false;
  send_to_devices(room, std::move(asked), kRequestItem, *request, [](bool) {});
  return true;
}

void Engine::Impl::take_offers(Room& room, const sealing::HistoryBundle& bundle) {
  const auto state = wire::decode<RoomState>(bundle.room_state);
  if (state && is_nameless(room)) {
    take_naming(room, state->naming);
    save_room(room);
  }
  bool any = false;
  for (const sealing::EpochSecret& offer : bundle.secrets) {
    if (missing_.erase({room.id, offer.epoch}) == 0) continue;
    offered_.insert_or_assign({room.id, offer.epoch}, offer.secret.clone());
    any = true;
  }
  if (!any) return;
  // Who knew these may know more.
  if (room.asking.round > 0) --room.asking.round;
  room.asking.next = now_.mono + kAskWait;
  arrived(room.id);
}

// ---- answering ---------------------------------------------------------------------------------

// Of devices in the group only, one at a time of each. Who gets no answer asks again.
void Engine::Impl::take_request(Now now, const wire::InboxItem& item) {
  Room* room = find(item.room_id);
  if (room == nullptr || !room->group || !room->is_member()) return;
  if (room->server_epoch > room->group->epoch() ||
      leaves_cause(*room) == NotReady::kUnknownIdentity ||
      leaves_cause(*room) == NotReady::kConnecting) {  // it may be of somebody who just came
    if (room->requests.size() < kMaxAnswersWaiting) room->requests.push_back(item);
    return;
  }
  auto request = sealing::open_history_request(room->id, item.body);
  if (!request || !is_in(*room, request->author) || leaves_cause(*room)) return;
  const identity::DeviceCredential& credential = request->author.credential;
  const wire::DeviceRef device{credential.user, credential.device};
  const auto last = room->answered.find(device);
  const bool too_soon = last != room->answered.end() && now.mono < last->second + kAnswerPause;
  if (is_own(device) || too_soon || room->stale.contains(device) ||
      room->answers.size() == kMaxAnswersWaiting) {
    return;
  }
  room->answered[device] = now.mono;
  room->answers.push_back({device, credential.device_key, std::move(request->epochs)});
}

// True when one is on its way.
bool Engine::Impl::send_answer(Now now, Room& room) {
  for (const wire::InboxItem& item : std::exchange(room.requests, {})) take_request(now, item);
  if (room.answers.empty()) return false;
  const Room::Answer answer = std::move(room.answers.front());
  room.answers.pop_front();
  const auto from = may_read_from(room, answer.device.user_id);
  sealing::HistoryBundle bundle;
  for (const std::uint64_t epoch : answer.epochs) {
    const Secret* secret = epoch_secret(room.id, epoch);
    if (from && epoch >= *from && secret != nullptr) {
      bundle.secrets.push_back({epoch, secret->clone()});
    }
  }
  const RoomState state{room.record.state.naming, {}};
  if (bundle.secrets.empty() && state.naming.seq == Seq{}) return false;
  bundle.room_state = wire::encode(state);
  const auto sealed =
      sealing::seal_bundle(rng_, answer.key, {room.id, sealing::BundlePurpose::kRequested},
                           {own_->credential, own_->signing}, bundle);
  if (!sealed) return false;
  send_to_devices(room, {answer.device}, kBundleItem, *sealed, [](bool) {});
  return true;
}

}  // namespace parley::e2ee
