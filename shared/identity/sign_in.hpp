// How a device whose session has ended shows a server that it is still itself: it signs the
// server's challenge with the signing key of its entry in the account's device list.
#pragma once

#include "shared/identity/device_list.hpp"

namespace parley::identity {

// Ed25519 over "Parley sign-in 1", user (16), device (16), challenge (32), without lengths between.
crypto::Signature sign_in_proof(const crypto::SigningKey& signing_key, const UserId& user,
                                const DeviceId& device, ByteView challenge);

// kSignatureInvalid also for a device that the list does not name and for a challenge that is not
// 32 bytes. The list is one that was verified.
Status verify_sign_in(const DeviceList& list, const DeviceId& device, ByteView challenge,
                      ByteView signature);

}  // namespace parley::identity
