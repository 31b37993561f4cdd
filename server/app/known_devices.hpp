// Whether a leaf of an encrypted group stands for a device that its user has. The one place where
// the server reads credentials and device lists (shared/identity).
#pragma once

#include <unordered_map>

#include "server/store/records.hpp"
#include "shared/base/result.hpp"
#include "shared/identity/device_list.hpp"
#include "shared/mls/types.hpp"

namespace parley::app {

// Of some users at one moment: their newest device lists, and which devices are not revoked.
class KnownDevices {
 public:
  explicit KnownDevices(const std::vector<store::IdentityRecord>& records);

  // The device whose credential the leaf has; nothing is verified. kCredentialInvalid without one.
  static Result<wire::DeviceRef> named_by(const mls::LeafNode& leaf);

  // The leaf's device is in its user's newest list with the keys of the leaf, and not revoked.
  bool is_current(const mls::LeafNode& leaf) const;
  // That, and the credential's own signature. kCredentialInvalid.
  Result<wire::DeviceRef> verify(const mls::LeafNode& leaf) const;

 private:
  struct Devices {
    identity::DeviceList list;
    std::vector<DeviceId> active;
  };
  std::unordered_map<UserId, Devices> users_;
};

// A key package's leaf as its own device may publish it, before any list names it.
// kCredentialInvalid.
Status check_own_leaf(const mls::LeafNode& leaf, const wire::DeviceRef& device);

// A list that follows `before` (version 0: none yet) under the same account key. Gives the devices
// that it lost. kConflict for another version than the next, kSignatureInvalid or kInvalidArgument
// otherwise.
Result<std::vector<DeviceId>> check_device_list(const wire::Identity& before,
                                                const wire::Identity& next);
// A list with which the account starts afresh: it follows `before` under another account key and
// names `device` alone. Gives its version; the same errors.
Result<std::uint32_t> check_list_afresh(const wire::Identity& before, const DeviceId& device,
                                        ByteView list);

}  // namespace parley::app
