#include "client/e2ee/engine.hpp"

#include <cstdlib>

#include "client/e2ee/impl.hpp"
#include "shared/mls/labels.hpp"

namespace parley::e2ee {
namespace {

// The next part of a key up to a slash; `rest` is what comes after it.
std::string next_part(std::string& rest) {
  const auto slash = rest.find('/');
  std::string part = rest.substr(0, slash);
  rest = slash == std::string::npos ? std::string() : rest.substr(slash + 1);
  return part;
}

}  // namespace

std::string Engine::Impl::chain_key(RoomId room, const crypto::SignaturePublicKey& signer) {
  return "e2ee/chain/" + room.to_string() + "/" + to_base64url(signer);
}

// ---- what is kept ------------------------------------------------------------------------------

void Engine::Impl::restore(const std::string& key, ByteView value) {
  if (!key.starts_with(kPrefix)) return;
  std::string rest = key.substr(kPrefix.size());
  const std::string kind = next_part(rest);
  if (kind == "account") {
    if (auto record = unpack<AccountRecord>(value)) {
      user_ = record->user;
      device_ = record->device;
      load_own(*std::move(record));
    }
  } else if (kind == "vaultkeys") {
    if (auto record = unpack<VaultKeysRecord>(value)) vault_keys_ = *std::move(record);
  } else if (kind == "afresh") {
    afresh_ = true;
  } else if (kind == "user") {
    const auto record = unpack<UserRecord>(value);
    if (!record) return;
    auto pin = identity::PinnedIdentity::decode(record->pin);
    auto list = identity::DeviceList::decode(record->list);
    if (!pin || !list) return;
    Known known(pin->user());
    known.pin = *std::move(pin);
    known.list = *std::move(list);
    people_.insert_or_assign(known.pin.user(), std::move(known));
  } else if (kind == "decision") {
    const auto record = unpack<DecisionRecord>(value);
    if (!record) return;
    const auto pin = identity::PinnedIdentity::decode(record->pin);
    if (!pin || !pin->known()) return;
    decisions_.insert_or_assign(pin->user(),
                                Decision{record->number, *pin, record->told, record->followed});
  } else if (kind == "package") {
    auto record = unpack<PackageRecord>(value);
    if (!record) return;
    const auto package = mls::decode<mls::KeyPackage>(record->key_package);
    if (package) packages_.insert_or_assign(mls::key_package_ref(*package), *std::move(record));
  } else if (kind == "link") {
    link_mark_ = unpack<LinkMark>(value);
  } else if (kind == "group" || kind == "pending") {
    restored_groups_.insert_or_assign(key, to_bytes(value));
  } else {
    const auto id = RoomId::parse(next_part(rest));
    if (!id) return;
    if (kind == "room") {
      if (auto record = unpack<RoomRecord>(value)) room_of(*id).record = *std::move(record);
    } else if (kind == "epoch") {
      auto record = unpack<EpochRecord>(value);
      if (!record) return;
      const std::uint64_t epoch = std::strtoull(rest.c_str(), nullptr, 10);
      if (!record->in_vault) not_in_vault_.emplace(*id, epoch);
      epochs_[*id][epoch] = {std::move(record->secret), record->in_vault};
    } else if (kind == "invite") {
      if (auto record = unpack<InviteRecord>(value)) room_of(*id).invite = *std::move(record);
    } else if (kind == "invites") {
      if (auto record = unpack<InvitesRecord>(value)) room_of(*id).invites = *std::move(record);
    } else if (kind == "invitekey") {
      const auto invite = InviteId::parse(rest);
      auto record = unpack<InviteKeyRecord>(value);
      if (invite && record) {
        room_of(*id).invite_keys.insert_or_assign(*invite, std::move(record->key));
      }
    } else if (kind == "since") {
      const auto record = unpack<SinceRecord>(value);
      if (!record) return;
      for (const auto& [user, epoch] : record->users) room_of(*id).since[user] = epoch;
    } else if (kind == "keys") {
      mls::KeyPart part;
      part.epoch = std::strtoull(next_part(rest).c_str(), nullptr, 10);
      if (!rest.empty()) {
        part.leaf = static_cast<std::uint32_t>(std::strtoul(rest.c_str(), nullptr, 10));
      }
      room_of(*id).restored_keys.insert_or_assign(part, SecretBytes(value));
    } else if (kind == "ages") {
      const auto record = unpack<TimesRecord>(value);
      if (!record) return;
      for (const auto& [epoch, at] : record->times) room_of(*id).ages[epoch] = at;
    } else if (kind == "ends") {
      const auto record = unpack<TimesRecord>(value);
      if (!record) return;
      for (const auto& [epoch, at] : record->times) room_of(*id).epoch_ends[epoch] = at;
    } else if (kind == "said") {
      const auto device = DeviceId::parse(next_part(rest));
      const auto client_id = ClientId::parse(rest);
      auto record = unpack<SaidRecord>(value);
      if (device && client_id && record) {
        hold_said(room_of(*id), {*device, *client_id}, *std::move(record));
      }
    } else if (kind == "chain") {
      Bytes signer;
      crypto::SignaturePublicKey of{};
      auto record = unpack<ChainRecord>(value);
      if (!record || !from_base64url(rest, signer) || signer.size() != of.size()) return;
      std::ranges::copy(signer, of.begin());
      chains_.insert_or_assign({*id, of}, *std::move(record));
    }
  }
}

void Engine::Impl::erase_all() {
  desk_.erase("e2ee/account");
  desk_.erase("e2ee/vaultkeys");
  if (std::exchange(afresh_, false)) desk_.erase("e2ee/afresh");
  vault_keys_ = {};
  for (const auto& [user, known] : people_) desk_.erase("e2ee/user/" + user.to_string());
  for (const auto& [user, decision] : decisions_) desk_.erase("e2ee/decision/" + user.to_string());
  for (const auto& [ref, record] : packages_) desk_.erase("e2ee/package/" + to_hex(ref));
  for (const auto& [room, keys] : epochs_) {
    for (const auto& [epoch, key] : keys) desk_.erase(epoch_key(room, epoch));
  }
  for (auto& [id, room] : rooms_) {
    room.group.reset();
    restore_keys(room);
    while (!room.said.empty()) erase_said(room, room.said.begin()->first);
    drop_invites(room);
    for (const char* kind : {"room/", "since/", "invite/", "ends/", "ages/"}) {
      desk_.erase("e2ee/" + (kind + id.to_string()));
    }
  }
  for (const auto& [key, value] : restored_groups_) desk_.erase(key);
  for (const auto& [name, chain] : chains_) {
    desk_.erase(chain_key(name.first, name.second));
  }
}

void Engine::Impl::handle_signed_in(Now now, UserId user, DeviceId device) {
  now_ = now;
  // After a restart they are those of the keys that are here.
  const bool other = !user_.is_nil() && (user != user_ || device != device_);
  if (other || (own_ && (user != own_->record.user || device != own_->record.device))) {
    erase_all();  // another account's leftovers: of no use to this one
    own_.reset();
    account_state_ = AccountState::kStarting;
    recovering_.reset();
    rooms_.clear();
    people_.clear();
    decisions_.clear();
    ++people_version_;
    packages_.clear();
    epochs_.clear();
    not_in_vault_.clear();
    chains_.clear();
    restored_groups_.clear();
    link_.reset();
    link_out_.clear();
    if (std::exchange(link_mark_, std::nullopt)) desk_.erase("e2ee/link");
  }
  user_ = user;
  device_ = device;
  resume_link();
  if (!own_) return;
  for (const auto& [key, value] : std::exchange(restored_groups_, {})) {
    const auto id = RoomId::parse(key.substr(key.rfind('/') + 1));
    if (!id) continue;
    Room& room = room_of(*id);
    if (key.starts_with("e2ee/group/")) {
      auto group = mls::open_state(own_->record.state_key, id->view(), value, group_policy());
      if (!group) continue;
      room.group.emplace(*std::move(group));
      if (disappears(room) == 0) {
        learn_present(room);
      } else if (!restore_keys(room)) {
        drop_group(room);  // joins anew
      }
      continue;
    }
    auto record = unpack<PendingRecord>(value);
    if (!record) continue;
    auto next = mls::open_state(own_->record.state_key, id->view(), record->next, group_policy());
    if (!next) continue;
    room.pending.emplace(Pending{std::move(record->command), *std::move(next),
                                 std::move(record->added), record->external});
  }
  // Keys of groups that are not there any more are of no use.
  for (auto& [id, room] : rooms_) {
    if (!room.restored_keys.empty()) restore_keys(room);
  }
}

// ---- the connection ----------------------------------------------------------------------------

void Engine::Impl::handle_connected(Now now) {
  connected_ = true;
  packages_known_ = false;
  vault_reread_ = keys_in_vault_ = false;
  vault_wanted_ = true;  // for what the account's other devices put there meanwhile
  wraps_at_ = now.mono;
  for (auto& [user, known] : people_) known.fresh = false;
  if (own_) want(user_);
  settle(now);
}

void Engine::Impl::handle_disconnected() {
  connected_ = false;
  desk_.forget_requests();
  account_busy_ = people_busy_ = vault_busy_ = link_busy_ = false;
  account_retry_.succeeded();
  people_retry_.succeeded();
  vault_retry_.succeeded();
  missing_retry_.succeeded();
  link_retry_.succeeded();
  for (auto& [id, room] : rooms_) {
    room.busy = room.asks_what_was_taken = false;
    room.retry.succeeded();
    room.tree.clear();
    room.asking = {};
  }
}

void Engine::Impl::handle_notice(Now now, const wire::Notice& notice) {
  if (const auto* inbox = std::get_if<wire::InboxNotice>(&notice)) {
    take_inbox(now, *inbox);
  } else if (const auto* low = std::get_if<wire::KeyPackagesLowNotice>(&notice)) {
    if (ready() && !account_busy_) publish(now, low->count);
  } else if (const auto* changed = std::get_if<wire::IdentityChangedNotice>(&notice)) {
    const auto known = people_.find(changed->user_id);
    if (known != people_.end()) known->second.fresh = false;
    want(changed->user_id);
    if (own_ && changed->user_id == user_) wraps_at_ = now.mono + kWrapsWait;
  }
  settle(now);
}

void Engine::Impl::handle_reply(Now now, std::uint64_t token, const Reply& reply) {
  now_ = now;
  if (const auto handler = desk_.take(token)) handler(now, reply);
  settle(now);
}

void Engine::Impl::settle(Now now) {
  now_ = now;
  for (auto& [id, room] : rooms_) forget_disappeared(now, room);
  step_link(now);
  step_account(now);
  step_people(now);
  step_vault(now);
  for (auto it = rooms_.begin(); it != rooms_.end();) {
    Room& room = (it++)->second;
    step_room(now, room);
    if (room.pending && !room.busy) step_room(now, room);
  }
  step_people(now);
}

std::optional<MonoTime> Engine::Impl::deadline() const {
  std::optional<MonoTime> soonest;
  // What has passed was looked at, and waits for something else.
  const auto consider = [&](std::optional<MonoTime> at) {
    if (at && *at > now_.mono && (!soonest || *at < *soonest)) soonest = at;
  };
  if (link_ && link_->status.active()) consider(link_->until);
  if (waits_for_answer()) consider(link_->answer_due);
  for (const auto& [id, room] : rooms_) {
    if (const auto at = next_disappearance(room)) consider(now_.mono + (*at - now_.wall));
  }
  if (!connected_) return soonest;
  if (!link_busy_) consider(link_retry_.until());
  if (!account_busy_) consider(account_retry_.until());
  if (!account_busy_) consider(wraps_at_);
  if (!people_busy_) consider(people_retry_.until());
  if (!vault_busy_) consider(vault_retry_.until());
  if (!vault_busy_ && !missing_.empty()) consider(missing_retry_.until());
  for (const auto& [id, room] : rooms_) {
    if (!ready() || room.busy) continue;
    consider(room.retry.until());
    if (!room.is_member()) continue;
    if (!room.group) consider(room.join_at);
    if (!room.stale.empty()) consider(room.removal_at);
    if (room.record.to_post) consider(room.under_way_until);
    consider(room.asking.next);
    const Timestamp renew = room.record.renew_at;
    if (renew != Timestamp{}) consider(now_.mono + (renew - now_.wall));
  }
  return soonest;
}

// ---- the public calls --------------------------------------------------------------------------

Engine::Engine(Rng& rng) : impl_(std::make_unique<Impl>(rng)) {}
Engine::~Engine() = default;

void Engine::restore(const std::string& key, ByteView value) { impl_->restore(key, value); }
void Engine::handle_signed_in(Now now, UserId user, DeviceId device) {
  impl_->handle_signed_in(now, user, device);
}
bool Engine::has_keys() const { return impl_->has_keys(); }
Result<crypto::Signature> Engine::prove(UserId user, DeviceId device, ByteView challenge) const {
  return impl_->prove(user, device, challenge);
}
void Engine::handle_connected(Now now) { impl_->handle_connected(now); }
void Engine::handle_disconnected() { impl_->handle_disconnected(); }
void Engine::handle_rooms(Now now, const std::vector<wire::RoomSummary>& rooms) {
  impl_->handle_rooms(now, rooms);
}
void Engine::handle_event(Now now, RoomId room, const wire::Event& event) {
  impl_->handle_event(now, room, event);
}
void Engine::handle_notice(Now now, const wire::Notice& notice) {
  impl_->handle_notice(now, notice);
}
void Engine::handle_reply(Now now, std::uint64_t token, const Reply& reply) {
  impl_->handle_reply(now, token, reply);
}
void Engine::handle_stored(Now now, std::uint64_t batch, Status status) {
  impl_->desk().handle_stored(batch, status);
  impl_->settle(now);
}
void Engine::handle_timeout(Now now) { impl_->settle(now); }

Result<RoomId> Engine::create_room(Now now, std::string name, std::string topic,
                                   std::vector<UserId> members, wire::HistoryAccess history,
                                   std::uint32_t disappear_after_s) {
  return impl_->create_room(now, {}, Naming{std::move(name), std::move(topic), {}},
                            std::move(members), history, disappear_after_s);
}
Result<RoomId> Engine::start_direct(Now now, UserId user) {
  return impl_->create_room(now, user, std::nullopt, {user}, wire::HistoryAccess::kAll, 0);
}
Status Engine::invite(Now now, RoomId room, const std::vector<UserId>& users) {
  return impl_->invite(now, room, users);
}
Status Engine::rename(Now now, RoomId room, std::string name, std::string topic) {
  return impl_->rename(now, room, std::move(name), std::move(topic));
}
void Engine::forget_older(Now now, RoomId room, Timestamp before) {
  impl_->forget_older(now, room, before);
}
void Engine::forget_before(Now now, RoomId room, std::uint64_t epoch) {
  impl_->forget_before(now, room, epoch);
}
Result<crypto::Secret> Engine::make_invite_key(Now now, RoomId room, InviteId invite) {
  return impl_->make_invite_key(now, room, invite);
}
void Engine::use_invite_key(Now now, RoomId room, std::string code, const crypto::Secret& key) {
  impl_->use_invite_key(now, room, std::move(code), key);
}
void Engine::forget_invite(Now now, RoomId room, InviteId invite) {
  impl_->forget_invite(room, invite);
  impl_->settle(now);
}
const crypto::Secret* Engine::invite_key(RoomId room, InviteId invite) const {
  return impl_->invite_key(room, invite);
}
Status Engine::renew_keys(Now now, RoomId room) { return impl_->renew_keys(now, room); }
Result<identity::RecoverySecret> Engine::make_recovery(Now now) {
  return impl_->make_recovery(now);
}
void Engine::recover(Now now, const identity::RecoverySecret& secret) {
  impl_->recover(now, secret);
}
void Engine::start_afresh(Now now) { impl_->start_afresh(now); }
void Engine::adopt(Now now, const crypto::SigningKey& account, const crypto::Secret& vault_key) {
  impl_->adopt(now, account, vault_key);
}
void Engine::remove_device(Now now, DeviceId device) { impl_->remove_device(now, device); }
Result<std::string> Engine::start_link(Now now) { return impl_->start_link(now); }
Status Engine::begin_link(Now now, std::string_view code) { return impl_->begin_link(now, code); }
void Engine::confirm_link(Now now, bool same) { impl_->confirm_link(now, same); }
void Engine::cancel_link(Now now) { impl_->cancel_link(now); }
void Engine::accept_identity(Now now, UserId user, bool verified) {
  impl_->accept_identity(now, user, verified);
}
void Engine::look_up(Now now, UserId user) { impl_->look_up(now, user); }
std::variant<Sealed, NotReady> Engine::seal(Now now, RoomId room, ClientId client_id,
                                            wire::EventKind kind, ByteView body, bool counts) {
  return impl_->seal(now, room, client_id, kind, body, counts);
}
void Engine::seal_refused(RoomId room, ClientId client_id) { impl_->seal_refused(room, client_id); }
void Engine::seal_abandoned(RoomId room, ClientId client_id) {
  impl_->seal_abandoned(room, client_id);
}
void Engine::handle_posted(Now now, RoomId room, ClientId client_id, Seq seq) {
  impl_->handle_posted(now, room, client_id, seq);
}
std::variant<Opened, OpenFault> Engine::open(Now now, RoomId room, const wire::Event& event) {
  return impl_->open(now, room, event);
}

std::optional<Write> Engine::poll_write() { return impl_->desk().poll_write(); }
std::optional<Request> Engine::poll_request() { return impl_->desk().poll_request(); }
std::optional<Change> Engine::poll_change() {
  if (impl_->changes().empty()) return std::nullopt;
  Change change = std::move(impl_->changes().front());
  impl_->changes().pop_front();
  return change;
}
std::optional<MonoTime> Engine::deadline() const { return impl_->deadline(); }
bool Engine::recovery_is_stale() const { return impl_->recovery_is_stale(); }
AccountState Engine::account() const { return impl_->account_state(); }
std::optional<RoomStatus> Engine::room(RoomId room) const { return impl_->room(room); }
const identity::PinnedIdentity* Engine::identity(UserId user) const {
  return impl_->identity(user);
}
const LinkStatus* Engine::link() const { return impl_->link(); }

const identity::DeviceList* Engine::devices(UserId user) const { return impl_->devices(user); }
std::vector<UserId> Engine::members(RoomId room) const { return impl_->members(room); }

}  // namespace parley::e2ee
