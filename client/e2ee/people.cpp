// Who the devices in the groups belong to: pinned account keys and newest device lists.
#include "client/e2ee/impl.hpp"

namespace parley::e2ee {

void Engine::Impl::alert(Alert what) {
  if (std::ranges::find(alerts_, what) != alerts_.end()) return;
  alerts_.push_back(what);
  changes_.push_back(what);
}

const identity::PinnedIdentity* Engine::Impl::identity(UserId user) const {
  const auto found = people_.find(user);
  return found == people_.end() || !found->second.pin.known() ? nullptr : &found->second.pin;
}

void Engine::Impl::save_person(const Known& known) {
  UserRecord record;
  record.pin = known.pin.encode();
  record.list = known.list.encode();
  desk_.put("e2ee/user/" + known.pin.user().to_string(), SecretBytes(wire::encode(record)));
}

void Engine::Impl::take_identity(const wire::Identity& answer) {
  ++people_version_;
  Known& known = people_.try_emplace(answer.user_id, answer.user_id).first->second;
  const auto list = identity::DeviceList::decode(answer.list);
  if (!list) return alert({AlertKind::kListForked, answer.user_id, {}, {}});
  // Another device of this account may have known the user first.
  const auto decided = decisions_.find(answer.user_id);
  const bool expected =
      !known.pin.known() && decided != decisions_.end() && own_ && own_->record.read_vault;
  identity::PinnedIdentity pin = expected ? decided->second.pin : known.pin;
  using Seen = identity::PinnedIdentity::Seen;
  const auto sighting = pin.observe(*list);
  switch (sighting.seen) {
    case Seen::kRefused: {
      const bool older = sighting.why == identity::ListVerdict::kRolledBack;
      return alert(
          {older ? AlertKind::kListRolledBack : AlertKind::kListForked, answer.user_id, {}, {}});
    }
    case Seen::kKeyChanged:
      changes_.push_back(IdentityChanged{answer.user_id});
      // Somebody new, as far as anybody can know: history from here on.
      for (auto& [id, room] : rooms_) {
        if (room.group && room.since.erase(answer.user_id) > 0) note_users(room);
      }
      break;
    case Seen::kSame:
      if (!expected) return;
      break;
    case Seen::kNewer:
    case Seen::kFirstSeen:
      break;
  }
  known.pin = std::move(pin);
  known.list = *list;
  save_person(known);
  if (expected) {
    decided->second.followed = true;
    save_decision(answer.user_id);
    changes_.push_back(IdentityDecided{answer.user_id});
  } else {
    follow_decision(answer.user_id);
  }
  if (!own_ || answer.user_id != user_ || !own_->record.listed) return;
  const identity::DeviceEntry* entry = list->find(own_->record.device);
  if (list->account_key != own_->account.public_key() || entry == nullptr ||
      entry->signing_key != own_->signing.public_key()) {
    set_account_state(AccountState::kRevoked);
  }
}

void Engine::Impl::step_people(Now now) {
  if (!connected_ || people_busy_ || wanted_.empty() || people_retry_.waits(now.mono)) return;
  wire::GetIdentities command;
  for (const UserId& user : wanted_) {
    if (command.user_ids.size() == wire::kMaxPageSize) break;
    command.user_ids.push_back(user);
  }
  people_busy_ = true;
  const std::vector<UserId> asked = command.user_ids;
  ask<wire::Identities>(
      std::move(command),
      [this, asked](Now, const wire::Identities& answer) {
        people_busy_ = false;
        people_retry_.succeeded();
        ++people_version_;
        for (const wire::Identity& identity : answer.identities) take_identity(identity);
        for (const UserId& user : asked) {
          // In the order asked: what a full frame left out comes after the last one.
          const bool answered = !answer.more || (!answer.identities.empty() &&
                                                 user <= answer.identities.back().user_id);
          if (!answered) continue;
          Known& known = people_.try_emplace(user, user).first->second;
          ++known.asked;
          known.fresh = true;
          wanted_.erase(user);
        }
        for (auto& [id, room] : rooms_) {
          if (room.is_member()) arrived(id);
        }
      },
      [this](Now at, const wire::ErrorReply&) {
        people_busy_ = false;
        people_retry_.failed(at.mono, rng_, seconds(1));
      });
}

// True when what is known of all of them is as new as can be; asks otherwise.
bool Engine::Impl::all_fresh(const std::vector<UserId>& users) {
  bool fresh = true;
  for (const UserId& user : users) {
    const auto found = people_.find(user);
    if (found != people_.end() && found->second.fresh) continue;
    want(user);
    fresh = false;
  }
  return fresh;
}

const Room::Member* Engine::Impl::member_of(Room& room,
                                            const crypto::SignaturePublicKey& signing_key) {
  if (!room.group) return nullptr;
  if (room.members.empty()) {
    room.group->public_group().tree().for_each_leaf([&](mls::LeafIndex, const mls::LeafNode& leaf) {
      const auto credential = identity::DeviceCredential::decode(leaf.credential.identity);
      if (!credential) return;
      room.members[leaf.signature_key] = {{credential->user, credential->device},
                                          leaf.credential.identity};
    });
  }
  const auto found = room.members.find(to_bytes(signing_key));
  return found == room.members.end() ? nullptr : &found->second;
}

bool Engine::Impl::is_in(Room& room, const sealing::VerifiedAuthor& author) {
  const Room::Member* member = member_of(room, author.signing_key);
  return member != nullptr && member->identity == author.credential.encode();
}

Trust Engine::Impl::trust(const mls::LeafNode& leaf) {
  if (leaf.credential.type != mls::CredentialType::kBasic) return Trust::kNoIdentity;
  const auto credential = identity::DeviceCredential::decode(leaf.credential.identity);
  if (!credential) return Trust::kNoIdentity;
  const auto found = people_.find(credential->user);
  const identity::DeviceEntry* entry = nullptr;
  if (found != people_.end() && found->second.pin.known() &&
      found->second.pin.account_key() == credential->account_key) {
    entry = found->second.list.find(credential->device);
  }
  if (entry != nullptr && entry->device_key == credential->device_key &&
      std::ranges::equal(entry->signing_key, leaf.signature_key)) {
    // The list names this key for the device and is signed by the account key, so the credential's
    // own signature has nothing to add.
    doubts_.erase(leaf.signature_key);
    return Trust::kTrusted;
  }
  const std::uint64_t asked = found == people_.end() ? 0 : found->second.asked;
  const auto [doubt, first] = doubts_.try_emplace(leaf.signature_key, asked);
  if (first || asked <= doubt->second) {
    want(credential->user);
    return Trust::kUnknown;
  }
  if (found != people_.end() && !found->second.pin.known() &&
      decisions_.contains(credential->user)) {
    return Trust::kUnknown;  // the server shows none but an older list, which was told
  }
  const bool other_key = found != people_.end() && found->second.pin.known() &&
                         found->second.pin.account_key() != credential->account_key;
  return other_key ? Trust::kOtherKey : Trust::kGhost;
}

Trust Engine::Impl::trust_account(const UserId& user,
                                  const crypto::SignaturePublicKey& account_key) {
  const auto found = people_.find(user);
  if (found == people_.end() || (!found->second.pin.known() && found->second.asked == 0)) {
    want(user);
    return Trust::kUnknown;
  }
  const identity::PinnedIdentity& pin = found->second.pin;
  if (pin.known() && (pin.account_key() == account_key || pin.previous_key() == account_key)) {
    return Trust::kTrusted;
  }
  if (found->second.fresh) return Trust::kOtherKey;
  want(user);
  return Trust::kUnknown;
}

const identity::DeviceList* Engine::Impl::devices(UserId user) const {
  const auto found = people_.find(user);
  return found == people_.end() || !found->second.pin.known() ? nullptr : &found->second.list;
}

void Engine::Impl::accept_identity(Now now, UserId user, bool verified) {
  const auto found = people_.find(user);
  if (found == people_.end() || !found->second.pin.known()) return;
  if (verified) {
    found->second.pin.mark_verified();
  } else {
    found->second.pin.accept_change();
  }
  save_person(found->second);
  decide(found->second.pin);
  ++people_version_;
  settle(now);
}

// ---- what the person decided, for the account's other devices -----------------------------------

void Engine::Impl::save_decision(UserId user) {
  const Decision& decision = decisions_.at(user);
  DecisionRecord record;
  record.number = decision.number;
  record.pin = decision.pin.encode();
  record.told = decision.told;
  record.followed = decision.followed;
  desk_.put("e2ee/decision/" + user.to_string(), SecretBytes(wire::encode(record)));
}

// Here and now; step_vault tells the others.
void Engine::Impl::decide(const identity::PinnedIdentity& pin) {
  Decision& held = decisions_.try_emplace(pin.user(), Decision{0, pin}).first->second;
  held = {held.number + 1, pin, false, true};
  save_decision(pin.user());
}

// One from the vault. Which of several holds does not depend on the order they come in: the server
// could choose it, and devices that do not know of each other decide at the same time.
void Engine::Impl::take_decision(std::uint64_t number, const identity::PinnedIdentity& decided) {
  const UserId user = decided.user();
  const auto [found, first] = decisions_.try_emplace(user, Decision{number, decided, true, false});
  if (first) return save_decision(user);
  Decision& held = found->second;
  if (number < held.number) return;
  const bool newer = number > held.number;
  identity::PinnedIdentity best = held.pin;
  bool same_words = false;  // the two say the same
  if (decided.account_key() == held.pin.account_key()) {
    same_words = decided.verified() == held.pin.verified();
    if (decided.version() > best.version()) best = decided;
    if (decided.verified() || held.pin.verified()) best.mark_verified();
  } else {
    const bool held_knows = held.pin.previous_key() == decided.account_key();
    const bool other_knows = decided.previous_key() == held.pin.account_key();
    const bool stays = held_knows != other_knows
                           ? held_knows  // of the change from the one key to the other
                           : !newer && held.pin.encode() > decided.encode();
    if (!stays) best = decided;
  }
  const bool changes = !(best == held.pin);
  if (!newer && !changes) return;
  if (best == decided) {
    held.told = true;
  } else if (newer && !same_words) {
    held.told = false;  // others do not know that it is above the other one
  }
  if (changes) held.followed = false;
  held.pin = best;
  held.number = number;
  save_decision(user);
}

// Later entries of the vault take back earlier ones.
bool Engine::Impl::may_follow() const { return own_ && own_->record.read_vault && !vault_wanted_; }

void Engine::Impl::follow_decision(UserId user) {
  const auto found = decisions_.find(user);
  const auto there = people_.find(user);
  if (!may_follow() || found == decisions_.end() || there == people_.end()) return;
  Decision& decision = found->second;
  Known& known = there->second;
  if (decision.followed) return;
  if (!known.pin.known()) return want(user);
  // That the key which was decided on has not come here yet is no difference of opinion.
  if (decision.pin.previous_key() == known.pin.account_key()) return want(user);
  if (decision.pin.account_key() == known.pin.account_key() &&
      decision.pin.version() > known.pin.version()) {
    // What the server showed first is older than what the other device had: as if not seen.
    const std::uint64_t asked = known.asked;
    known = Known(user);
    known.asked = asked;
    desk_.erase("e2ee/user/" + user.to_string());
    ++people_version_;
    return want(user);
  }
  decision.followed = true;
  save_decision(user);
  const identity::PinnedIdentity before = known.pin;
  if (known.pin.follow(decision.pin)) changes_.push_back(IdentityChanged{user});
  if (known.pin == before) return;
  ++people_version_;
  save_person(known);
  changes_.push_back(IdentityDecided{user});
}

}  // namespace parley::e2ee
