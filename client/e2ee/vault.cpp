// The history secrets of epochs: kept here, put into the account's vault by whoever enters an
// epoch, read back from there by a device that was not there.
#include "client/e2ee/impl.hpp"

namespace parley::e2ee {

std::string Engine::Impl::epoch_key(RoomId room, std::uint64_t epoch) {
  return "e2ee/epoch/" + room.to_string() + "/" + std::to_string(epoch);
}

const Secret* Engine::Impl::epoch_secret(RoomId room, std::uint64_t epoch) const {
  const auto keys = epochs_.find(room);
  if (keys == epochs_.end()) return nullptr;
  const auto found = keys->second.find(epoch);
  return found == keys->second.end() ? nullptr : &found->second.secret;
}

bool Engine::Impl::learn(RoomId room, std::uint64_t epoch, const Secret& secret, bool in_vault) {
  const Room* there = find(room);
  if (there != nullptr && (epoch < there->record.forgotten_before || disappears(*there) > 0)) {
    return false;
  }
  EpochKeys& keys = epochs_[room];
  const auto [found, is_new] = keys.try_emplace(epoch);
  // What is known is not replaced by what others say.
  if (!is_new && (found->second.in_vault || !in_vault)) return false;
  if (is_new) {
    found->second.secret = secret.clone();
    if (missing_.erase({room, epoch}) > 0) missing_retry_.succeeded();
  }
  found->second.in_vault = in_vault;
  if (in_vault) {
    not_in_vault_.erase({room, epoch});
  } else {
    not_in_vault_.emplace(room, epoch);
  }
  EpochRecord record;
  record.in_vault = in_vault;
  record.secret = found->second.secret.clone();
  desk_.put(epoch_key(room, epoch), pack(record));
  return is_new;
}

void Engine::Impl::forget_before(Now now, RoomId id, std::uint64_t epoch) {
  Room* room = find(id);
  if (room == nullptr || !room->group) return;
  epoch = std::min(epoch, room->group->epoch());
  if (epoch <= room->record.forgotten_before) return;
  room->record.forgotten_before = epoch;
  save_room(*room);
  EpochKeys& keys = epochs_[id];
  const auto first_kept = keys.lower_bound(epoch);
  for (auto it = keys.begin(); it != first_kept; ++it) desk_.erase(epoch_key(id, it->first));
  keys.erase(keys.begin(), first_kept);
  const auto erase_of = [&](auto& map) {
    map.erase(map.lower_bound({id, 0}), map.lower_bound({id, epoch}));
  };
  erase_of(missing_);
  erase_of(offered_);
  erase_of(not_in_vault_);
  settle(now);
}

// A vault has thousands of epochs, and each may be that of much that waits to be opened.
void Engine::Impl::arrived(RoomId room) {
  const bool told = std::ranges::any_of(changes_, [&](const Change& change) {
    const auto* history = std::get_if<HistoryArrived>(&change);
    return history != nullptr && history->room == room;
  });
  if (!told) changes_.push_back(HistoryArrived{room});
}

void Engine::Impl::note_age(Room& room, std::uint64_t epoch, Timestamp began) {
  if (!room.ages.empty() &&
      (epoch <= room.ages.rbegin()->first || began - room.ages.rbegin()->second < kBetweenAges)) {
    return;
  }
  room.ages.emplace(epoch, began);
  if (room.ages.size() > kMostAges) room.ages.erase(room.ages.begin());
  desk_.put("e2ee/ages/" + room.id.to_string(), SecretBytes(wire::encode(TimesRecord(room.ages))));
}

void Engine::Impl::forget_older(Now now, RoomId id, Timestamp before) {
  Room* room = find(id);
  if (room == nullptr) return;
  std::optional<std::uint64_t> present;  // the newest epoch that had begun then
  for (const auto& [epoch, began] : room->ages) {
    if (began <= before) present = std::max(present.value_or(0), epoch);
  }
  // A message may be some epochs late.
  if (!present || *present <= wire::kPastEpochs) return;
  const std::size_t were = room->ages.size();
  std::erase_if(room->ages, [&](const auto& age) { return age.first < *present; });
  if (room->ages.size() != were) {
    desk_.put("e2ee/ages/" + id.to_string(), SecretBytes(wire::encode(TimesRecord(room->ages))));
  }
  forget_before(now, id, *present - wire::kPastEpochs);
}

// The secret of the epoch that the group is in; where messages disappear there is none.
void Engine::Impl::learn_present(Room& room) {
  if (disappears(room) > 0) return arrived(room.id);
  const auto exported = room.group->export_secret(sealing::kHistoryLabel, room.id.view(), 32);
  Secret secret;
  std::ranges::copy(exported.expose(), secret.write().begin());
  if (learn(room.id, room.group->epoch(), secret, false)) {
    arrived(room.id);
  }
}

void Engine::Impl::take_vault_entry(const wire::VaultEntry& entry) {
  const auto name = sealing::decode_name(entry.key);
  if (!name) return;
  if (const auto* key = std::get_if<sealing::VaultKeyEntry>(&*name)) {
    return take_vault_key(*key, entry.sealed);
  }
  const auto id = sealing::entry_key_id(entry.sealed);
  const Secret* key = id ? vault_key(*id) : nullptr;
  if (key == nullptr) return;
  auto opened = sealing::open_entry(*key, user_, *name, entry.sealed);
  if (!opened) return;
  if (const auto* called = std::get_if<sealing::RoomEntry>(&*name)) {
    auto naming = wire::decode<Naming>(opened->expose());
    if (!naming || naming->seq != called->seq) return;
    Room& room = room_of(called->room);
    room.record.naming_in_vault = std::max(room.record.naming_in_vault, called->seq);
    take_naming(room, *std::move(naming));
    return save_room(room);
  }
  if (std::holds_alternative<sealing::ContactEntry>(*name)) {
    const auto decided = unpack<DecidedPin>(opened->expose());
    if (!decided) return;
    const auto pin = identity::PinnedIdentity::decode(decided->pin);
    if (pin && pin->known() && !pin->blocked()) take_decision(decided->number, *pin);
    return;
  }
  const auto* history = std::get_if<sealing::HistoryEntry>(&*name);
  if (history == nullptr || opened->size() != Secret::size()) return;
  Secret secret;
  std::ranges::copy(opened->expose(), secret.write().begin());
  if (learn(history->room, history->epoch, secret, true)) {
    arrived(history->room);
  }
}

void Engine::Impl::step_vault(Now now) {
  if (!ready() || vault_busy_ || vault_retry_.waits(now.mono)) return;
  const auto retry = [this](Now at, const wire::ErrorReply&) {
    vault_busy_ = false;
    keys_in_vault_ = false;
    vault_retry_.failed(at.mono, rng_, seconds(1));
  };
  // Read first: a vault that takes nothing more can still be read, and decisions follow others'.
  const bool reads = vault_wanted_ || !own_->record.read_vault;
  const std::size_t most = reads ? 0 : wire::kMaxPageSize;
  wire::PutVault put;
  if (!reads && !std::exchange(keys_in_vault_, true)) seal_vault_keys(put);
  std::vector<std::pair<RoomId, std::uint64_t>> names;
  for (const auto& [room, epoch] : not_in_vault_) {
    const Secret* secret = epoch_secret(room, epoch);
    if (secret == nullptr || put.entries.size() >= most) continue;
    const sealing::HistoryEntry name{room, epoch};
    auto sealed = sealing::seal_entry(rng_, own_->record.vault_key, user_, name, secret->expose());
    if (!sealed) continue;
    put.entries.push_back({0, sealing::encode_name(name), *std::move(sealed)});
    names.emplace_back(room, epoch);
  }
  std::vector<std::pair<RoomId, Seq>> called;
  for (const auto& [id, room] : rooms_) {
    const Naming& naming = room.record.state.naming;
    if (naming.seq <= room.record.naming_in_vault || put.entries.size() >= most) {
      continue;
    }
    const sealing::RoomEntry name{id, naming.seq};
    auto sealed =
        sealing::seal_entry(rng_, own_->record.vault_key, user_, name, wire::encode(naming));
    if (!sealed) continue;
    put.entries.push_back({0, sealing::encode_name(name), *std::move(sealed)});
    called.emplace_back(id, naming.seq);
  }
  std::vector<std::pair<UserId, std::uint64_t>> told;
  for (const auto& [user, decision] : decisions_) {
    if (decision.told || put.entries.size() >= most) continue;
    DecidedPin decided;
    decided.number = decision.number;
    decided.pin = decision.pin.encode();
    sealing::ContactEntry name;
    rng_.fill(name.id);
    auto sealed =
        sealing::seal_entry(rng_, own_->record.vault_key, user_, name, wire::encode(decided));
    if (!sealed) continue;
    put.entries.push_back({0, sealing::encode_name(name), *std::move(sealed)});
    told.emplace_back(user, decision.number);
  }
  if (!put.entries.empty()) {
    vault_busy_ = true;
    ask<wire::VaultPosition>(
        std::move(put),
        [this, names = std::move(names), called = std::move(called), told = std::move(told)](
            Now, const wire::VaultPosition&) {
          vault_busy_ = false;
          vault_retry_.succeeded();
          for (const auto& [user, number] : told) {
            const auto decision = decisions_.find(user);
            if (decision == decisions_.end() || decision->second.number != number) continue;
            decision->second.told = true;
            save_decision(user);
          }
          for (const auto& [id, seq] : called) {
            Room& room = room_of(id);
            room.record.naming_in_vault = std::max(room.record.naming_in_vault, seq);
            save_room(room);
          }
          for (const auto& [room, epoch] : names) {
            if (const Secret* secret = epoch_secret(room, epoch)) {
              learn(room, epoch, secret->clone(), true);
            }
          }
        },
        retry);
    return;
  }
  const bool look_again =
      !missing_retry_.waits(now.mono) && std::ranges::any_of(missing_, [this](const auto& missing) {
        const auto room = rooms_.find(missing.first);
        return room == rooms_.end() || !gives_up(room->second);
      });
  if (!vault_wanted_ && own_->record.read_vault && !look_again) return;
  vault_busy_ = true;
  ask<wire::VaultPage>(
      wire::GetVault{own_->record.vault_position, wire::kMaxPageSize},
      [this](Now at, const wire::VaultPage& page) {
        vault_busy_ = false;
        missing_retry_.failed(at.mono, rng_, seconds(1));
        vault_retry_.succeeded();
        for (const wire::VaultEntry& entry : page.entries) take_vault_entry(entry);
        if (!page.entries.empty()) own_->record.vault_position = page.entries.back().number;
        vault_wanted_ = page.more && !page.entries.empty();
        if (std::exchange(vault_from_start_, false)) {
          own_->record.vault_position = 0;
          vault_wanted_ = true;
        }
        if (!vault_wanted_) {
          own_->record.read_vault = true;
          for (const auto& [user, decision] : decisions_) follow_decision(user);
        }
        if (!vault_wanted_ && !missing_.empty() && !vault_reread_) {
          // It may have been read, and lost with a part of this device's store.
          vault_reread_ = vault_wanted_ = true;
          own_->record.vault_position = 0;
        }
        save_own();
      },
      retry);
}

}  // namespace parley::e2ee
