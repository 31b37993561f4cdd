#include "shared/identity/credential.hpp"

#include "shared/identity/codec.hpp"

namespace parley::identity {
namespace {

Bytes signed_text(const DeviceCredential& credential, ByteView signing_key) {
  return concat({as_bytes("Parley device 1"), credential.user.view(), credential.device.view(),
                 signing_key, credential.device_key});
}

struct Layout {
  std::uint8_t version = DeviceCredential::kVersion;
  DeviceCredential credential;

  template <class Archive>
  void serialize(Archive& ar) {
    ar(version, credential.user, credential.device, fixed(credential.account_key),
       fixed(credential.device_key), fixed(credential.signature));
  }
};

}  // namespace

Bytes DeviceCredential::encode() const { return wire::encode(Layout{kVersion, *this}); }

Result<DeviceCredential> DeviceCredential::decode(ByteView identity) {
  PARLEY_TRY(check_version(identity, kVersion));
  auto read = wire::decode<Layout>(identity);
  if (!read) return read.error();
  const DeviceCredential& credential = read->credential;
  if (credential.user.is_nil() || credential.device.is_nil()) return ErrorCode::kMalformed;
  PARLEY_TRY(crypto::parse_kem_public_key(credential.device_key));
  return credential;
}

Status DeviceCredential::verify(ByteView signing_key) const {
  // Of a wrong size it could stand for other fields of what was signed.
  if (signing_key.size() != std::tuple_size_v<crypto::SignaturePublicKey>) {
    return ErrorCode::kSignatureInvalid;
  }
  return crypto::verify_signature(account_key, signed_text(*this, signing_key), signature);
}

Status VerifiedCredentials::verify(const DeviceCredential& credential,
                                   const crypto::SignaturePublicKey& signing_key) {
  const crypto::Digest digest = crypto::sha256(concat({credential.encode(), signing_key}));
  if (known_.contains(digest)) return {};
  PARLEY_TRY(credential.verify(signing_key));
  if (known_.size() >= kMost) known_.clear();
  known_.insert(digest);
  return {};
}

DeviceCredential make_credential(const crypto::SigningKey& account, const UserId& user,
                                 const DeviceId& device,
                                 const crypto::SignaturePublicKey& signing_key,
                                 const crypto::KemPublicKey& device_key) {
  DeviceCredential credential{user, device, account.public_key(), device_key, {}};
  credential.signature = account.sign(signed_text(credential, signing_key));
  return credential;
}

}  // namespace parley::identity
