// This device's own keys, its place in the account's device list, key packages, recovery.
#include "client/e2ee/impl.hpp"
#include "shared/identity/sign_in.hpp"
#include "shared/mls/labels.hpp"

namespace parley::e2ee {
void Engine::Impl::set_account_state(AccountState state) {
  if (account_state_ == state) return;
  account_state_ = state;
  changes_.push_back(AccountChanged{state});
}

void Engine::Impl::load_own(AccountRecord record) {
  auto account = crypto::SigningKey::from_seed(record.account_seed);
  auto signing = crypto::SigningKey::from_seed(record.signing_seed);
  auto device = crypto::KemKeyPair::from_secret(record.device_secret.clone());
  auto credential = identity::make_credential(account, record.user, record.device,
                                              signing.public_key(), device.public_key);
  own_.emplace(Own{std::move(record), std::move(account), std::move(signing), std::move(device),
                   credential});
}

mls::Identity Engine::Impl::mls_identity() const {
  mls::Identity own;
  own.credential.identity = own_->credential.encode();
  own.capabilities = mls::default_capabilities();
  return own;
}

Result<crypto::Signature> Engine::Impl::prove(UserId user, DeviceId device,
                                              ByteView challenge) const {
  if (!own_ || user != own_->record.user || device != own_->record.device) {
    return ErrorCode::kAccessDenied;
  }
  return identity::sign_in_proof(own_->signing, user, device, challenge);
}

void Engine::Impl::adopt(Now now, const crypto::SigningKey& account,
                         const crypto::Secret& vault_key) {
  if (own_ || user_.is_nil()) return;
  AccountRecord record;
  record.account_seed = account.seed();
  record.vault_key = vault_key.clone();
  record.signing_seed = crypto::SigningKey::generate(rng_).seed();
  record.device_secret = std::move(crypto::KemKeyPair::generate(rng_).secret_key);
  take_account(std::move(record));
  settle(now);
}

void Engine::Impl::start_afresh(Now now) {
  if (own_ || account_state_ != AccountState::kLocked) return;
  cancel_link(now);
  recovering_.reset();
  // Sealed with a key that is lost.
  for (const auto& [key, value] : std::exchange(restored_groups_, {})) desk_.erase(key);
  afresh_ = true;
  desk_.put("e2ee/afresh", SecretBytes(Bytes{1}));
  Secret vault_key;
  rng_.fill(vault_key.write());
  adopt(now, crypto::SigningKey::generate(rng_), vault_key);
}

void Engine::Impl::take_account(AccountRecord record) {
  record.user = user_;
  record.device = device_;
  rng_.fill(record.state_key.write());
  load_own(std::move(record));
  save_own();
  set_account_state(AccountState::kStarting);
}

// What the account needs next; called until nothing is asked any more.
void Engine::Impl::step_account(Now now) {
  if (!connected_ || account_busy_ || account_retry_.waits(now.mono)) return;
  if (account_state_ == AccountState::kLocked && recovering_) return read_recovery_wraps();
  if (account_state_ == AccountState::kLocked || account_state_ == AccountState::kRevoked) return;
  if (!own_) return begin_account(now);
  if (!own_->record.listed || !own_->record.to_remove.empty() || to_list() != nullptr) {
    return put_list(now);
  }
  if (!own_->record.wrapped) return put_wraps(now);
  if (step_vault_key(now)) return;
  if (!packages_known_) {
    // The count tells what is missing; what was made and never published just expires.
    account_busy_ = true;
    ask<wire::KeyPackageCount>(
        wire::PublishKeyPackages{},
        [this](Now at, const wire::KeyPackageCount& count) {
          packages_known_ = true;
          account_busy_ = false;
          if (count.count < kLowPackages) publish(at, count.count);
        },
        [this](Now at, const wire::ErrorReply&) {
          account_busy_ = false;
          account_retry_.failed(at.mono, rng_, seconds(1));
        });
    return;
  }
  // From here on others can add this device to their rooms, whether it is there or not.
  set_account_state(AccountState::kReady);
}

// Whether the account is new, or older than this device.
void Engine::Impl::begin_account(Now) {
  account_busy_ = true;
  ask<wire::Identities>(
      wire::GetIdentities{{user_}},
      [this](Now at, const wire::Identities& answer) {
        account_busy_ = false;
        if (own_) return;
        if (!answer.identities.empty()) {
          take_identity(answer.identities.front());
          return set_account_state(AccountState::kLocked);
        }
        Secret vault_key;
        rng_.fill(vault_key.write());
        adopt(at, crypto::SigningKey::generate(rng_), vault_key);
      },
      [this](Now at, const wire::ErrorReply&) {
        account_busy_ = false;
        account_retry_.failed(at.mono, rng_, seconds(1));
      });
}

// Asks for the newest list, and puts the one after it when this device is not in it or others are
// to go.
void Engine::Impl::put_list(Now) {
  account_busy_ = true;
  const auto retry = [this](Now at, const wire::ErrorReply&) {
    account_busy_ = false;
    account_retry_.failed(at.mono, rng_, kFirstRetry);
  };
  const auto got = [this, retry](Now at, const wire::Identities& answer) {
    account_busy_ = false;
    AccountRecord& record = own_->record;
    std::optional<identity::DeviceList> list;
    if (!answer.identities.empty()) {
      take_identity(answer.identities.front());
      const Known& self = own_known();
      if (!self.pin.known() || self.pin.account_key() != own_->account.public_key()) {
        if (afresh_ && self.pin.known()) return replace_list(at, self.list);
        alert({AlertKind::kOwnIdentityReplaced, user_, {}, {}});
        return set_account_state(AccountState::kRevoked);
      }
      list = self.list;
    }
    identity::ListChange change;
    if (!list || list->find(record.device) == nullptr) {
      change.added.push_back(
          {record.device, own_->signing.public_key(), own_->device.public_key, at.wall});
    }
    for (const DeviceId& device : record.to_remove) {
      if (list && list->find(device) != nullptr) change.removed.push_back(device);
    }
    if (list) add_linked(at, *list, change);
    if (list && change.added.empty() && change.removed.empty()) {
      record.listed = true;
      if (!record.to_remove.empty()) {
        vault_keys_.renew = true;
        save_vault_keys();
      }
      record.to_remove.clear();
      save_own();
      if (std::exchange(afresh_, false)) desk_.erase("e2ee/afresh");
      return linked_is_listed(*list);
    }
    auto next = list ? identity::make_next(own_->account, *list, change)
                     : identity::make_first(own_->account, user_, change.added);
    if (!next) {
      record.to_remove.clear();
      if (to_list() != nullptr) end_link(LinkProblem::kTooManyDevices);
      return account_retry_.failed(at.mono, rng_, seconds(30));
    }
    account_busy_ = true;
    // What is there now is seen when it is asked for again: answers get lost.
    ask<wire::Done>(
        wire::PutDeviceList{next->version, next->encode()},
        [this](Now, const wire::Done&) { account_busy_ = false; }, retry);
  };
  ask<wire::Identities>(wire::GetIdentities{{user_}}, got, retry);
}

// The account starts afresh. What the server has then is seen when it is asked for again.
void Engine::Impl::replace_list(Now now, const identity::DeviceList& list) {
  const auto next = identity::make_afresh(
      own_->account, list,
      {own_->record.device, own_->signing.public_key(), own_->device.public_key, now.wall});
  if (!next) return account_retry_.failed(now.mono, rng_, seconds(30));
  account_busy_ = true;
  ask<wire::Done>(
      wire::PutDeviceList{0, next->encode()},
      [this](Now, const wire::Done&) { account_busy_ = false; },
      [this](Now at, const wire::ErrorReply&) {
        account_busy_ = false;
        account_retry_.failed(at.mono, rng_, seconds(1));
      });
}

void Engine::Impl::put_wraps(Now) {
  AccountRecord& record = own_->record;
  auto wrap = sealing::wrap_for_device(rng_, own_->account, user_, record.device,
                                       own_->device.public_key, record.vault_key);
  const sealing::AccountEntry name{own_->account.public_key()};
  auto entry =
      sealing::seal_entry(rng_, record.vault_key, user_, name, record.account_seed.expose());
  if (!wrap || !entry) return;
  account_busy_ = true;
  const auto retry = [this](Now at, const wire::ErrorReply&) {
    account_busy_ = false;
    account_retry_.failed(at.mono, rng_, seconds(1));
  };
  wire::PutVaultWraps wraps;
  wraps.wraps.push_back({wire::VaultWrapKind::kDevice, record.device, *std::move(wrap)});
  wire::PutVault put;
  put.entries.push_back({0, sealing::encode_name(name), *std::move(entry)});
  ask<wire::Done>(
      wraps,
      [this, retry, put = std::move(put)](Now, const wire::Done&) {
        ask<wire::VaultPosition>(
            put,
            [this](Now, const wire::VaultPosition&) {
              account_busy_ = false;
              own_->record.wrapped = true;
              save_own();
              vault_wanted_ = true;
            },
            retry);
      },
      retry);
}

// ---- key packages ------------------------------------------------------------------------------

Bytes Engine::Impl::make_package(Now now, bool last_resort) {
  mls::Extensions extensions;
  if (last_resort) extensions.push_back({mls::ExtensionType::kLastResort, {}});
  const std::uint64_t from = seconds_of(now) - std::min(seconds_of(now), kClockSlack_s);
  const Timestamp expires = now.wall + kPackageLifetime;
  auto keys = mls::make_key_package(rng_, own_->signing, mls_identity(),
                                    {from, static_cast<std::uint64_t>(expires.ms) / 1000},
                                    std::move(extensions));
  PackageRecord record;
  record.last_resort = last_resort;
  record.expires = expires;
  record.key_package = mls::encode(keys.key_package);
  record.init_key = std::move(keys.init_key.secret_key);
  record.leaf_key = std::move(keys.leaf_key.secret_key);
  const Bytes ref = mls::key_package_ref(keys.key_package);
  desk_.put("e2ee/package/" + to_hex(ref), pack(record));
  Bytes published = record.key_package;
  packages_.insert_or_assign(ref, std::move(record));
  return published;
}

void Engine::Impl::publish(Now now, std::uint32_t present) {
  for (auto it = packages_.begin(); it != packages_.end();) {
    const bool over = it->second.expires < now.wall;
    if (over) desk_.erase("e2ee/package/" + to_hex(it->first));
    it = over ? packages_.erase(it) : std::next(it);
  }
  wire::PublishKeyPackages command;
  for (std::size_t i = present; i < wire::kMaxKeyPackages; ++i) {
    command.packages.push_back({make_package(now, false)});
  }
  command.last_resort = make_package(now, true);
  account_busy_ = true;
  ask<wire::KeyPackageCount>(
      std::move(command),
      [this](Now, const wire::KeyPackageCount&) {
        account_busy_ = false;
        account_retry_.succeeded();
      },
      [this](Now at, const wire::ErrorReply&) {
        account_busy_ = false;
        packages_known_ = false;
        account_retry_.failed(at.mono, rng_, seconds(1));
      });
}

// ---- recovery ----------------------------------------------------------------------------------

Result<identity::RecoverySecret> Engine::Impl::make_recovery(Now now) {
  if (!ready()) return ErrorCode::kNotConnected;
  auto secret = identity::make_recovery_secret(rng_);
  const auto keys = identity::derive_recovery_keys(secret);
  wire::PutVaultWraps wraps;
  wraps.wraps.push_back({wire::VaultWrapKind::kRecovery,
                         {},
                         sealing::wrap_with_key(rng_, sealing::KeyWrapKind::kRecovery,
                                                keys.wrap_key, user_, own_->record.vault_key)});
  wraps.recovery_token_hash = to_bytes(identity::sign_in_verifier(keys.sign_in_token.expose()));
  desk_.ask(std::move(wraps), [this](Now, const Reply& reply) {
    const bool saved = std::holds_alternative<wire::Response>(reply);
    has_recovery_ = has_recovery_ || saved;
    if (saved && std::exchange(vault_keys_.recovery_stale, false)) save_vault_keys();
    changes_.push_back(RecoveryMade{saved});
  });
  settle(now);
  return secret;
}

void Engine::Impl::recover(Now now, const identity::RecoverySecret& secret) {
  if (account_state_ != AccountState::kLocked) return;
  recovering_ = std::move(identity::derive_recovery_keys(secret).wrap_key);
  settle(now);
}

// The end of a recovery; without success the words were not the account's.
void Engine::Impl::recovered(bool success) {
  recovering_.reset();
  account_retry_.succeeded();
  if (!success) changes_.push_back(AccountChanged{AccountState::kLocked});
}

void Engine::Impl::read_recovery_wraps() {
  account_busy_ = true;
  ask<wire::VaultWraps>(
      wire::GetVaultWraps{},
      [this](Now, const wire::VaultWraps& answer) {
        account_busy_ = false;
        if (!recovering_) return;
        for (const wire::VaultWrap& wrap : answer.wraps) {
          if (wrap.kind != wire::VaultWrapKind::kRecovery) continue;
          auto vault_key = sealing::unwrap_with_key(sealing::KeyWrapKind::kRecovery, *recovering_,
                                                    user_, wrap.sealed);
          if (!vault_key) continue;
          auto keys = std::make_shared<Keys>();
          keys->push_back(*std::move(vault_key));
          return read_recovery_vault(0, std::move(keys), 1);
        }
        recovered(false);
      },
      [this](Now at, const wire::ErrorReply& error) {
        account_busy_ = false;
        account_retry_.failed(at.mono, rng_, seconds(1), milliseconds(error.retry_after_ms));
      });
}

// Looks for the secret of the account key that signed the present device list; once more from the
// start when keys were found on the way, of which `known` had been there at the start.
void Engine::Impl::read_recovery_vault(std::uint64_t after, std::shared_ptr<Keys> keys,
                                       std::size_t known) {
  account_busy_ = true;
  ask<wire::VaultPage>(
      wire::GetVault{after, wire::kMaxPageSize},
      [this, keys, known](Now at, const wire::VaultPage& page) {
        account_busy_ = false;
        for (const wire::VaultEntry& entry : page.entries) {
          const auto name = sealing::decode_name(entry.key);
          const bool is_key = name && std::holds_alternative<sealing::VaultKeyEntry>(*name);
          if (!name || (!is_key && !std::holds_alternative<sealing::AccountEntry>(*name))) continue;
          for (std::size_t i = 0; i < keys->size(); ++i) {
            const auto opened = sealing::open_entry((*keys)[i], user_, *name, entry.sealed);
            if (!opened || opened->size() != Secret::size()) continue;
            Secret secret{opened->expose().first<32>()};
            if (is_key) {
              const auto id = sealing::vault_key_id(secret);
              const bool there = std::ranges::any_of(
                  *keys, [&](const Secret& key) { return sealing::vault_key_id(key) == id; });
              if (!there && keys->size() < VaultKeysRecord::kMost) {
                keys->push_back(std::move(secret));
              }
              break;
            }
            const auto account = crypto::SigningKey::from_seed(secret);
            if (account.public_key() == own_known().pin.account_key()) {
              recovered(true);
              return adopt(at, account, keys->front());
            }
          }
        }
        if (page.more && !page.entries.empty()) {
          return read_recovery_vault(page.entries.back().number, keys, known);
        }
        if (keys->size() > known) return read_recovery_vault(0, keys, keys->size());
        recovered(false);
      },
      [this](Now at, const wire::ErrorReply& error) {  // from the start
        account_busy_ = false;
        account_retry_.failed(at.mono, rng_, seconds(1), milliseconds(error.retry_after_ms));
      });
}

void Engine::Impl::remove_device(Now now, DeviceId device) {
  if (!own_ || device == own_->record.device) return;
  plan_removal(device);
  settle(now);
}

// Asked for again and again while there is no connection, it stays a record that can be read.
void Engine::Impl::plan_removal(DeviceId device) {
  std::vector<DeviceId>& devices = own_->record.to_remove;
  const bool known = std::ranges::find(devices, device) != devices.end();
  if (!known && devices.size() < identity::kMaxDevices) devices.push_back(device);
  save_own();
}

}  // namespace parley::e2ee
