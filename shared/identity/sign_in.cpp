#include "shared/identity/sign_in.hpp"

namespace parley::identity {
namespace {

Bytes signed_part(const UserId& user, const DeviceId& device, ByteView challenge) {
  return concat({as_bytes("Parley sign-in 1"), user.view(), device.view(), challenge});
}

}  // namespace

crypto::Signature sign_in_proof(const crypto::SigningKey& signing_key, const UserId& user,
                                const DeviceId& device, ByteView challenge) {
  return signing_key.sign(signed_part(user, device, challenge));
}

Status verify_sign_in(const DeviceList& list, const DeviceId& device, ByteView challenge,
                      ByteView signature) {
  const DeviceEntry* entry = list.find(device);
  if (entry == nullptr || challenge.size() != wire::kChallengeBytes) {
    return ErrorCode::kSignatureInvalid;
  }
  return crypto::verify_signature(entry->signing_key, signed_part(list.user, device, challenge),
                                  signature);
}

}  // namespace parley::identity
