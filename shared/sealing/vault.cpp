#include "shared/sealing/vault.hpp"

#include "shared/crypto/hash.hpp"
#include "shared/identity/codec.hpp"

namespace parley::sealing {
namespace {

using identity::concat;
using identity::fixed;

constexpr std::array<std::uint8_t, 1> kVersion = {1};
constexpr std::size_t kNonceSize = std::tuple_size_v<crypto::XChaChaNonce>;
constexpr std::size_t kWrappedSize = crypto::Secret::size() + crypto::kAeadTagSize;
constexpr std::size_t kEncapsulatedSize = std::tuple_size_v<crypto::KemPublicKey>;
constexpr std::uint8_t kDeviceWrap = 1;

// The start of every name.
std::array<std::uint8_t, 1> kind_of(const EntryName& name) {
  return {static_cast<std::uint8_t>(name.index() + 1)};
}

struct NameBytes {
  Bytes operator()(const HistoryEntry& entry) const {
    return concat({entry.room.view(), identity::big_endian(entry.epoch)});
  }
  Bytes operator()(const AccountEntry& entry) const { return to_bytes(entry.account_key); }
  Bytes operator()(const RoomEntry& entry) const {
    return concat({entry.room.view(), identity::big_endian(entry.seq.value)});
  }
  Bytes operator()(const VaultKeyEntry& entry) const { return to_bytes(entry.id); }
  Bytes operator()(const ContactEntry& entry) const { return to_bytes(entry.id); }
};

std::uint64_t read_big_endian(ByteView bytes) {
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}

Bytes entry_context(const UserId& user, const EntryName& name) {
  return concat({as_bytes("Parley vault entry 1"), user.view(), encode_name(name)});
}

Bytes wrap_context(std::uint8_t kind, const UserId& user, ByteView device = {}) {
  return concat({as_bytes("Parley vault wrap 1"), ByteView(&kind, 1), user.view(), device});
}

// nonce | ciphertext
Bytes seal(Rng& rng, const crypto::Secret& key, ByteView context, ByteView plain) {
  crypto::XChaChaNonce nonce;
  rng.fill(nonce);
  return concat({nonce, crypto::xchacha_seal(key, nonce, context, plain)});
}

Result<crypto::SecretBytes> open(const crypto::Secret& key, ByteView context, ByteView sealed) {
  crypto::XChaChaNonce nonce;
  std::ranges::copy(sealed.first(kNonceSize), nonce.begin());
  return crypto::xchacha_open(key, nonce, context, sealed.subspan(kNonceSize));
}

Status check_head(ByteView bytes, std::size_t least, std::size_t most) {
  PARLEY_TRY(identity::check_version(bytes, kVersion[0]));
  if (bytes.size() < least || bytes.size() > most) return ErrorCode::kMalformed;
  return {};
}

Result<crypto::Secret> as_secret(const Result<crypto::SecretBytes>& opened) {
  if (!opened) return opened.error();
  if (opened->size() != crypto::Secret::size()) return ErrorCode::kMalformed;
  return crypto::Secret(opened->expose().first<32>());
}

constexpr std::size_t kEntryHead = 1 + std::tuple_size_v<VaultKeyId>;

Status check_entry(ByteView sealed) {
  constexpr std::size_t kLeast = kEntryHead + kNonceSize + crypto::kAeadTagSize;
  return check_head(sealed, kLeast, kLeast + kMaxVaultPlain);
}

}  // namespace

VaultKeyId vault_key_id(const crypto::Secret& vault_key) {
  crypto::Sha256 hash;
  hash.update(as_bytes("Parley vault key id 1")).update(vault_key.expose());
  const crypto::Digest digest = hash.finish();
  VaultKeyId id;
  std::copy_n(digest.begin(), id.size(), id.begin());
  return id;
}

Bytes encode_name(const EntryName& name) {
  return concat({kind_of(name), std::visit(NameBytes{}, name)});
}

Result<EntryName> decode_name(ByteView bytes) {
  if (bytes.empty() || bytes[0] == 0) return ErrorCode::kMalformed;
  const ByteView rest = bytes.subspan(1);
  switch (bytes[0]) {
    case 1: {
      if (rest.size() != 24) return ErrorCode::kMalformed;
      return EntryName(
          HistoryEntry{*RoomId::from_bytes(rest.first(16)), read_big_endian(rest.subspan(16))});
    }
    case 2: {
      AccountEntry entry;
      if (rest.size() != entry.account_key.size()) return ErrorCode::kMalformed;
      std::ranges::copy(rest, entry.account_key.begin());
      return EntryName(entry);
    }
    case 3: {
      if (rest.size() != 24) return ErrorCode::kMalformed;
      return EntryName(
          RoomEntry{*RoomId::from_bytes(rest.first(16)), {read_big_endian(rest.subspan(16))}});
    }
    case 4: {
      VaultKeyEntry entry;
      if (rest.size() != entry.id.size()) return ErrorCode::kMalformed;
      std::ranges::copy(rest, entry.id.begin());
      return EntryName(entry);
    }
    case 5: {
      ContactEntry entry;
      if (rest.size() != entry.id.size()) return ErrorCode::kMalformed;
      std::ranges::copy(rest, entry.id.begin());
      return EntryName(entry);
    }
    default:
      return ErrorCode::kUnsupported;
  }
}

Result<Bytes> seal_entry(Rng& rng, const crypto::Secret& vault_key, const UserId& user,
                         const EntryName& name, ByteView plain) {
  if (plain.size() > kMaxVaultPlain) return ErrorCode::kInvalidArgument;
  return concat(
      {kVersion, vault_key_id(vault_key), seal(rng, vault_key, entry_context(user, name), plain)});
}

Result<crypto::SecretBytes> open_entry(const crypto::Secret& vault_key, const UserId& user,
                                       const EntryName& name, ByteView sealed) {
  auto id = entry_key_id(sealed);
  if (!id) return id.error();
  if (*id != vault_key_id(vault_key)) return ErrorCode::kDecryptionFailed;
  return open(vault_key, entry_context(user, name), sealed.subspan(kEntryHead));
}

Result<VaultKeyId> entry_key_id(ByteView sealed) {
  PARLEY_TRY(check_entry(sealed));
  VaultKeyId id;
  std::ranges::copy(sealed.subspan(1, id.size()), id.begin());
  return id;
}

Result<Bytes> wrap_for_device(Rng& rng, const crypto::SigningKey& account, const UserId& user,
                              const DeviceId& device, const crypto::KemPublicKey& device_key,
                              const crypto::Secret& vault_key) {
  const Bytes info = wrap_context(kDeviceWrap, user, device.view());
  auto sealed = crypto::hpke_seal(rng, device_key, crypto::HpkeInfo(info), {}, vault_key.expose());
  if (!sealed) return sealed.error();
  const Bytes wrap = concat({kVersion, sealed->encapsulated, sealed->sealed});
  return concat({wrap, account.sign(concat({info, wrap}))});
}

Result<crypto::Secret> unwrap_for_device(const crypto::SignaturePublicKey& account_key,
                                         const UserId& user, const DeviceId& device,
                                         const crypto::KemKeyPair& device_key, ByteView wrap) {
  constexpr std::size_t kSigned = 1 + kEncapsulatedSize + kWrappedSize;
  PARLEY_TRY(check_head(wrap, kSigned + crypto::kSignatureSize, kSigned + crypto::kSignatureSize));
  const Bytes info = wrap_context(kDeviceWrap, user, device.view());
  PARLEY_TRY(crypto::verify_signature(account_key, concat({info, wrap.first(kSigned)}),
                                      wrap.subspan(kSigned)));
  return as_secret(crypto::hpke_open(wrap.subspan(1, kEncapsulatedSize), device_key, info, {},
                                     wrap.subspan(1 + kEncapsulatedSize, kWrappedSize)));
}

Bytes wrap_with_key(Rng& rng, KeyWrapKind kind, const crypto::Secret& key, const UserId& user,
                    const crypto::Secret& vault_key) {
  const Bytes context = wrap_context(static_cast<std::uint8_t>(kind), user);
  return concat({kVersion, seal(rng, key, context, vault_key.expose())});
}

Result<crypto::Secret> unwrap_with_key(KeyWrapKind kind, const crypto::Secret& key,
                                       const UserId& user, ByteView wrap) {
  constexpr std::size_t kSize = 1 + kNonceSize + kWrappedSize;
  PARLEY_TRY(check_head(wrap, kSize, kSize));
  return as_secret(open(key, wrap_context(static_cast<std::uint8_t>(kind), user), wrap.subspan(1)));
}

}  // namespace parley::sealing
