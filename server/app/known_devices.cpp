#include "server/app/known_devices.hpp"

#include <algorithm>

#include "shared/identity/credential.hpp"

namespace parley::app {
namespace {

Error invalid_credential(const char* what) {
  return Error{ErrorCode::kCredentialInvalid, what, {}};
}

Result<identity::DeviceCredential> credential_of(const mls::LeafNode& leaf) {
  if (leaf.credential.type != mls::CredentialType::kBasic) {
    return invalid_credential("not a basic credential");
  }
  auto credential = identity::DeviceCredential::decode(leaf.credential.identity);
  if (!credential) return invalid_credential("not a device's credential");
  return credential;
}

}  // namespace

KnownDevices::KnownDevices(const std::vector<store::IdentityRecord>& records) {
  for (const store::IdentityRecord& record : records) {
    if (record.identity.version == 0) continue;
    // It was checked when it came; one that cannot be read names nobody.
    auto list = identity::DeviceList::decode(record.identity.list);
    if (list) users_[record.identity.user_id] = {*std::move(list), record.devices};
  }
}

Result<wire::DeviceRef> KnownDevices::named_by(const mls::LeafNode& leaf) {
  const auto credential = credential_of(leaf);
  if (!credential) return credential.error();
  return wire::DeviceRef{credential->user, credential->device};
}

bool KnownDevices::is_current(const mls::LeafNode& leaf) const {
  const auto credential = credential_of(leaf);
  if (!credential) return false;
  const auto user = users_.find(credential->user);
  if (user == users_.end()) return false;
  const auto& [list, active] = user->second;
  const identity::DeviceEntry* entry = list.find(credential->device);
  return entry != nullptr && list.account_key == credential->account_key &&
         entry->device_key == credential->device_key &&
         std::ranges::equal(entry->signing_key, leaf.signature_key) &&
         std::ranges::find(active, credential->device) != active.end();
}

Result<wire::DeviceRef> KnownDevices::verify(const mls::LeafNode& leaf) const {
  const auto credential = credential_of(leaf);
  if (!credential) return credential.error();
  if (!is_current(leaf)) return invalid_credential("not in its user's newest device list");
  if (!credential->verify(leaf.signature_key)) {
    return invalid_credential("not signed by the account key");
  }
  return wire::DeviceRef{credential->user, credential->device};
}

Status check_own_leaf(const mls::LeafNode& leaf, const wire::DeviceRef& device) {
  const auto credential = credential_of(leaf);
  if (!credential) return credential.error();
  if (credential->user != device.user_id || credential->device != device.device_id) {
    return invalid_credential("of another device");
  }
  if (!credential->verify(leaf.signature_key)) {
    return invalid_credential("not signed by the account key");
  }
  return {};
}

namespace {

Error refusal(identity::ListVerdict verdict) {
  const auto code = verdict == identity::ListVerdict::kSignatureInvalid
                        ? ErrorCode::kSignatureInvalid
                        : ErrorCode::kInvalidArgument;
  return Error{code, std::string(identity::describe(verdict)), {}};
}

}  // namespace

Result<std::vector<DeviceId>> check_device_list(const wire::Identity& before,
                                                const wire::Identity& next) {
  if (next.version != before.version + 1) {
    return Error{ErrorCode::kConflict, "the device list has another version", {}};
  }
  const auto list = identity::DeviceList::decode(next.list);
  if (!list) return Error{ErrorCode::kInvalidArgument, "not a device list", {}};
  if (list->user != next.user_id || list->version != next.version) {
    return Error{ErrorCode::kInvalidArgument, "the list is of another user or version", {}};
  }
  std::vector<DeviceId> lost;
  auto verdict = identity::ListVerdict::kValid;
  if (before.version == 0) {
    verdict = identity::verify_first(*list);
  } else {
    const auto known = identity::DeviceList::decode(before.list);
    if (!known) return known.error();
    verdict = identity::verify_next(*known, *list);
    for (const identity::DeviceEntry& entry : known->devices) {
      if (list->find(entry.device) == nullptr) lost.push_back(entry.device);
    }
  }
  if (verdict != identity::ListVerdict::kValid) return refusal(verdict);
  return lost;
}

Result<std::uint32_t> check_list_afresh(const wire::Identity& before, const DeviceId& device,
                                        ByteView bytes) {
  const auto list = identity::DeviceList::decode(bytes);
  if (!list) return Error{ErrorCode::kInvalidArgument, "not a device list", {}};
  if (before.version == 0 || list->version != before.version + 1) {
    return Error{ErrorCode::kConflict, "the device list has another version", {}};
  }
  const auto known = identity::DeviceList::decode(before.list);
  if (!known) return known.error();
  const auto verdict = identity::verify_afresh(*known, *list);
  if (verdict != identity::ListVerdict::kValid) return refusal(verdict);
  if (list->devices.size() != 1 || list->find(device) == nullptr) {
    return Error{ErrorCode::kInvalidArgument, "the list does not name this device alone", {}};
  }
  return list->version;
}

}  // namespace parley::app
