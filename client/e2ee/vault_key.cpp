// A new vault key after a device was removed, so that what comes into the vault later is nothing to
// whoever has the old one: wrapped for the devices that remain, the old key in the vault under it.
//
// Whoever removed the device makes the key. A device that knows a key never goes back to it, so an
// old wrap does nothing. Two that make one at the same time both put wraps: the later one of a
// device's wraps holds for it, and all keys lead to each other through the vault.
#include "client/e2ee/impl.hpp"

namespace parley::e2ee {

void Engine::Impl::save_vault_keys() { desk_.put("e2ee/vaultkeys", pack(vault_keys_, 8 * 1024)); }

const Secret* Engine::Impl::vault_key(const sealing::VaultKeyId& id) const {
  if (sealing::vault_key_id(own_->record.vault_key) == id) return &own_->record.vault_key;
  for (const VaultKeysRecord::Key& key : vault_keys_.earlier) {
    if (sealing::vault_key_id(key.secret) == id) return &key.secret;
  }
  return nullptr;
}

void Engine::Impl::keep_vault_key(const Secret& key) {
  auto& earlier = vault_keys_.earlier;
  if (earlier.size() == VaultKeysRecord::kMost) earlier.erase(earlier.begin());
  earlier.push_back({key.clone()});
  keys_in_vault_ = false;
  save_vault_keys();
}

void Engine::Impl::use_vault_key(const Secret& key) {
  keep_vault_key(own_->record.vault_key);
  own_->record.vault_key = key.clone();
  save_own();
}

// True when one is on its way.
bool Engine::Impl::step_vault_key(Now now) {
  if (vault_keys_.renew) {
    renew_vault_key();
  } else if (wraps_at_ && now.mono >= *wraps_at_) {
    look_at_wraps();
  } else {
    return false;
  }
  return true;
}

// Another device may have made a new key.
void Engine::Impl::look_at_wraps() {
  account_busy_ = true;
  ask<wire::VaultWraps>(
      wire::GetVaultWraps{},
      [this](Now, const wire::VaultWraps& answer) {
        account_busy_ = false;
        wraps_at_.reset();
        has_recovery_ = false;
        for (const wire::VaultWrap& wrap : answer.wraps) {
          if (wrap.kind == wire::VaultWrapKind::kRecovery) has_recovery_ = true;
          if (wrap.device_id != own_->record.device) continue;
          const auto key = sealing::unwrap_for_device(own_->account.public_key(), user_, device_,
                                                      own_->device, wrap.sealed);
          if (key && vault_key(sealing::vault_key_id(*key)) == nullptr) use_vault_key(*key);
        }
      },
      [this](Now at, const wire::ErrorReply&) {
        account_busy_ = false;
        account_retry_.failed(at.mono, rng_, seconds(1));
      });
}

// Each device by itself: one that the server has let go already is refused, and needs none.
void Engine::Impl::renew_vault_key() {
  account_busy_ = true;
  auto key = std::make_shared<Secret>();
  rng_.fill(key->write());
  const auto put = [this](const identity::DeviceEntry& entry, const Secret& next) {
    wire::PutVaultWraps command;
    auto wrap =
        sealing::wrap_for_device(rng_, own_->account, user_, entry.device, entry.device_key, next);
    if (wrap) {
      command.wraps.push_back({wire::VaultWrapKind::kDevice, entry.device, *std::move(wrap)});
    }
    return command;
  };
  const identity::DeviceList& list = own_known().list;
  for (const identity::DeviceEntry& entry : list.devices) {
    if (entry.device != device_) desk_.ask(put(entry, *key), [](Now, const Reply&) {});
  }
  const identity::DeviceEntry own{device_, own_->signing.public_key(), own_->device.public_key, {}};
  ask<wire::Done>(
      put(own, *key),
      [this, key](Now, const wire::Done&) {
        account_busy_ = false;
        vault_keys_.renew = false;
        vault_keys_.recovery_stale = vault_keys_.recovery_stale || has_recovery_;
        use_vault_key(*key);
        changes_.push_back(AccountChanged{account_state_});
      },
      [this](Now at, const wire::ErrorReply&) {
        account_busy_ = false;
        account_retry_.failed(at.mono, rng_, seconds(1));
      });
}

// The keys before the present one, under the present one.
void Engine::Impl::seal_vault_keys(wire::PutVault& put) {
  for (const VaultKeysRecord::Key& key : vault_keys_.earlier) {
    const sealing::VaultKeyEntry name{sealing::vault_key_id(key.secret)};
    auto sealed =
        sealing::seal_entry(rng_, own_->record.vault_key, user_, name, key.secret.expose());
    if (sealed) put.entries.push_back({0, sealing::encode_name(name), *std::move(sealed)});
  }
}

// A key in the vault: what was sealed under it can be read from now on.
void Engine::Impl::take_vault_key(const sealing::VaultKeyEntry& name, ByteView sealed) {
  const auto under = sealing::entry_key_id(sealed);
  if (!under) return;
  const Secret* key = vault_key(*under);
  const bool is_present = name.id == sealing::vault_key_id(own_->record.vault_key);
  if (key == nullptr) {
    // This device came with a key that others have left behind.
    if (is_present && !vault_keys_.renew) {
      vault_keys_.renew = true;
      save_vault_keys();
    }
    return;
  }
  if (vault_key(name.id) != nullptr) return;
  const auto opened = sealing::open_entry(*key, user_, name, sealed);
  if (!opened || opened->size() != Secret::size()) return;
  const Secret found{opened->expose().first<32>()};
  if (sealing::vault_key_id(found) != name.id) return;
  // One that is kept in another one's place is found again, for ever.
  const bool has_place = vault_keys_.earlier.size() < VaultKeysRecord::kMost;
  keep_vault_key(found);
  vault_from_start_ = vault_from_start_ || has_place;
}

}  // namespace parley::e2ee
