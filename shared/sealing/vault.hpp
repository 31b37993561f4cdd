// The vault: an account's keys, kept by the server in entries that only the account's devices can
// read. Append-only: the first entry under a name stays.
//
// A 32-byte random vault key seals every entry, and is itself wrapped: for each device, for the
// recovery secret, for a password's export key.
//
// Entry: version 1 (1), vault key id (8), nonce (24), XChaCha20-Poly1305 ciphertext; associated
// data "Parley vault entry 1" | user (16) | name. The id is the start of SHA-256("Parley vault key
// id 1" | vault key): after a change of vault key it tells which one an entry needs.
//
// Device wrap, 145 bytes: version 1 (1), encapsulated key (32), HPKE ciphertext (48) with info
// "Parley vault wrap 1" | 1 | user (16) | device (16), signature (64) by the account key over the
// info and all before the signature. Without it the server could put a vault key of its own there.
// Key wrap, 73 bytes: version 1 (1), nonce (24), XChaCha20-Poly1305 ciphertext (48); associated
// data "Parley vault wrap 1" | kind (1) | user (16).
#pragma once

#include <variant>

#include "shared/base/id.hpp"
#include "shared/crypto/aead.hpp"
#include "shared/crypto/hpke.hpp"
#include "shared/crypto/signature.hpp"

namespace parley::sealing {

inline constexpr std::size_t kMaxVaultPlain = 4000;  // of an entry; sealed it stays below 4096

using VaultKeyId = std::array<std::uint8_t, 8>;
VaultKeyId vault_key_id(const crypto::Secret& vault_key);

// ---- names of entries, which the server reads --------------------------------------------------

struct HistoryEntry {  // 1, room (16), epoch (8, big-endian): its history secret
  RoomId room;
  std::uint64_t epoch = 0;
  bool operator==(const HistoryEntry&) const = default;
};
struct AccountEntry {  // 2, account public key (32): its secret key
  crypto::SignaturePublicKey account_key{};
  bool operator==(const AccountEntry&) const = default;
};
// 3, room (16), seq (8, big-endian): what the room is called since that event; the highest counts.
struct RoomEntry {
  RoomId room;
  Seq seq;
  bool operator==(const RoomEntry&) const = default;
};
struct VaultKeyEntry {  // 4, vault key id (8): an earlier vault key, sealed under a later one
  VaultKeyId id{};
  bool operator==(const VaultKeyEntry&) const = default;
};
// 5, random (16): what the person decided about somebody's account key; the newest entry counts.
// Who it is about is inside.
struct ContactEntry {
  std::array<std::uint8_t, 16> id{};
  bool operator==(const ContactEntry&) const = default;
};
using EntryName = std::variant<HistoryEntry, AccountEntry, RoomEntry, VaultKeyEntry, ContactEntry>;

Bytes encode_name(const EntryName& name);
// kMalformed, and kUnsupported for a kind of a later version.
Result<EntryName> decode_name(ByteView bytes);

// ---- entries -----------------------------------------------------------------------------------

// kInvalidArgument for more than kMaxVaultPlain bytes.
Result<Bytes> seal_entry(Rng& rng, const crypto::Secret& vault_key, const UserId& user,
                         const EntryName& name, ByteView plain);
// kMalformed, kVersionUnsupported, kDecryptionFailed for another user or name, another vault key
// (see entry_key_id) and for any change.
Result<crypto::SecretBytes> open_entry(const crypto::Secret& vault_key, const UserId& user,
                                       const EntryName& name, ByteView sealed);
// Which vault key a sealed entry says it needs.
Result<VaultKeyId> entry_key_id(ByteView sealed);

// ---- wraps of the vault key --------------------------------------------------------------------

Result<Bytes> wrap_for_device(Rng& rng, const crypto::SigningKey& account, const UserId& user,
                              const DeviceId& device, const crypto::KemPublicKey& device_key,
                              const crypto::Secret& vault_key);
// kMalformed, kVersionUnsupported, kSignatureInvalid, kDecryptionFailed.
Result<crypto::Secret> unwrap_for_device(const crypto::SignaturePublicKey& account_key,
                                         const UserId& user, const DeviceId& device,
                                         const crypto::KemKeyPair& device_key, ByteView wrap);

enum class KeyWrapKind : std::uint8_t {
  kRecovery = 2,  // key: RecoveryKeys::wrap_key (identity/recovery.hpp)
  kPassword = 3,  // key: what the password protocol exports
};
Bytes wrap_with_key(Rng& rng, KeyWrapKind kind, const crypto::Secret& key, const UserId& user,
                    const crypto::Secret& vault_key);
// kMalformed, kVersionUnsupported, kDecryptionFailed.
Result<crypto::Secret> unwrap_with_key(KeyWrapKind kind, const crypto::Secret& key,
                                       const UserId& user, ByteView wrap);

}  // namespace parley::sealing
