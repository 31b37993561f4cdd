#include "shared/sealing/vault.hpp"

#include <catch2/catch_test_macros.hpp>

#include "shared/identity/recovery.hpp"
#include "tests/identity/people.hpp"

namespace parley::sealing {
namespace {

using namespace test;

const UserId kAda = some_id<UserId>(1);
const EntryName kName = HistoryEntry{some_id<RoomId>(2), 7};

bool same(const Result<crypto::Secret>& read, const crypto::Secret& secret) {
  return read.ok() && crypto::constant_time_equal(read.value().expose(), secret.expose());
}

TEST_CASE("names of entries survive their encoding, which is strict") {
  const EntryName names[] = {kName, AccountEntry{some_signing_key(3).public_key()},
                             RoomEntry{some_id<RoomId>(2), {0x0102030405060708}},
                             VaultKeyEntry{{1, 2, 3}}, ContactEntry{{4, 5, 6}}};
  for (const EntryName& name : names) {
    const Bytes bytes = encode_name(name);
    CHECK(bytes.size() <= 64);  // what the server takes
    const auto read = decode_name(bytes);
    REQUIRE(read);
    CHECK(*read == name);
    CHECK(decode_name(ByteView(bytes).first(bytes.size() - 1)).error().code ==
          ErrorCode::kMalformed);
    CHECK(decode_name(identity::concat({bytes, as_bytes("x")})).error().code ==
          ErrorCode::kMalformed);
  }
  CHECK(decode_name({}).error().code == ErrorCode::kMalformed);
  CHECK(decode_name(Bytes{0, 1}).error().code == ErrorCode::kMalformed);
  CHECK(decode_name(Bytes{6, 1}).error().code == ErrorCode::kUnsupported);
  CHECK(to_hex(encode_name(names[0])) == "01ce56971cde355897421efc0b1046c8bf0000000000000007");
  CHECK(to_hex(encode_name(names[2])) == "03ce56971cde355897421efc0b1046c8bf0102030405060708");
  CHECK(to_hex(encode_name(names[3])) == "040102030000000000");
}

TEST_CASE("an entry is read with the vault key, under its name, by its user") {
  const crypto::Secret key = some_secret(4);
  SeededRng rng(5);
  for (const std::size_t size : {std::size_t{0}, std::size_t{32}, kMaxVaultPlain}) {
    const Bytes plain(size, 7);
    const auto sealed = seal_entry(rng, key, kAda, kName, plain);
    REQUIRE(sealed);
    CHECK(sealed->size() <= 4096);
    const auto opened = open_entry(key, kAda, kName, *sealed);
    REQUIRE(opened);
    CHECK(to_bytes(opened->expose()) == plain);
  }
  CHECK(seal_entry(rng, key, kAda, kName, Bytes(kMaxVaultPlain + 1)).error().code ==
        ErrorCode::kInvalidArgument);

  const auto sealed = seal_entry(rng, key, kAda, kName, some_secret(6).expose());
  REQUIRE(sealed);
  const auto fault = [&](const crypto::Secret& with, const UserId& user, const EntryName& name) {
    return open_entry(with, user, name, *sealed).error().code;
  };
  constexpr auto kFailed = ErrorCode::kDecryptionFailed;
  CHECK(fault(some_secret(7), kAda, kName) == kFailed);
  CHECK(fault(key, some_id<UserId>(8), kName) == kFailed);
  CHECK(fault(key, kAda, HistoryEntry{some_id<RoomId>(2), 8}) == kFailed);
  CHECK(fault(key, kAda, HistoryEntry{some_id<RoomId>(9), 7}) == kFailed);
  CHECK(fault(key, kAda, RoomEntry{some_id<RoomId>(2), {7}}) == kFailed);
  CHECK(*entry_key_id(*sealed) == vault_key_id(key));
  CHECK(vault_key_id(key) != vault_key_id(some_secret(7)));
}

TEST_CASE("each changed bit of an entry is refused") {
  const crypto::Secret key = some_secret(4);
  SeededRng rng(5);
  const auto sealed = seal_entry(rng, key, kAda, kName, some_secret(6).expose());
  REQUIRE(sealed);
  for_each_flip(*sealed, 10, [&](ByteView changed, std::size_t at) {
    INFO(at);
    CHECK_FALSE(open_entry(key, kAda, kName, changed));
  });
  for (std::size_t size = 0; size < sealed->size(); ++size) {
    REQUIRE_FALSE(open_entry(key, kAda, kName, ByteView(*sealed).first(size)));
  }
  Bytes odd = *sealed;
  odd[0] = 2;
  CHECK(open_entry(key, kAda, kName, odd).error().code == ErrorCode::kVersionUnsupported);
  odd[0] = 1;
  odd.resize(5000);
  CHECK(open_entry(key, kAda, kName, odd).error().code == ErrorCode::kMalformed);
}

TEST_CASE("an entry under an earlier vault key is found by way of the later one") {
  const crypto::Secret before = some_secret(20);
  const crypto::Secret now = some_secret(21);
  SeededRng rng(22);
  const EntryName link = VaultKeyEntry{vault_key_id(before)};
  const auto old_entry = seal_entry(rng, before, kAda, kName, as_bytes("old"));
  const auto old_key = seal_entry(rng, now, kAda, link, before.expose());
  REQUIRE(old_entry);
  REQUIRE(old_key);
  CHECK_FALSE(open_entry(now, kAda, kName, *old_entry));
  const auto id = entry_key_id(*old_entry);
  REQUIRE(id);
  const auto key = open_entry(now, kAda, VaultKeyEntry{*id}, *old_key);
  REQUIRE(key);
  CHECK(open_entry(crypto::Secret(key->expose().first<32>()), kAda, kName, *old_entry));
}

TEST_CASE("the vault key is unwrapped by the device that it was wrapped for") {
  const Person ada = some_person(1);
  const Device phone = some_device(2);
  const crypto::Secret key = some_secret(4);
  SeededRng rng(11);
  const auto wrap =
      wrap_for_device(rng, ada.account, ada.user, phone.id, phone.kem_key.public_key, key);
  REQUIRE(wrap);
  const auto& account_key = ada.account.public_key();
  const auto unwrap = [&](ByteView bytes) {
    return unwrap_for_device(account_key, ada.user, phone.id, phone.kem_key, bytes);
  };
  CHECK(same(unwrap(*wrap), key));
  CHECK(wrap->size() == 145);

  constexpr auto kInvalid = ErrorCode::kSignatureInvalid;
  CHECK(unwrap_for_device(account_key, kAda, phone.id, phone.kem_key, *wrap).error().code ==
        kInvalid);
  CHECK(unwrap_for_device(account_key, ada.user, some_id<DeviceId>(12), phone.kem_key, *wrap)
            .error()
            .code == kInvalid);
  CHECK(unwrap_for_device(account_key, ada.user, phone.id, some_kem_key(13), *wrap).error().code ==
        ErrorCode::kDecryptionFailed);
  // The server knows the device's key as well, and would like to know the vault key.
  const auto planted = wrap_for_device(rng, some_signing_key(14), ada.user, phone.id,
                                       phone.kem_key.public_key, some_secret(15));
  REQUIRE(planted);
  CHECK(unwrap(*planted).error().code == kInvalid);
  for_each_flip(*wrap, 16, [&](ByteView changed, std::size_t at) {
    INFO(at);
    CHECK_FALSE(unwrap(changed));
  });
  for (std::size_t size = 0; size < wrap->size(); ++size) {
    REQUIRE_FALSE(unwrap(ByteView(*wrap).first(size)));
  }
  CHECK(unwrap(identity::concat({*wrap, as_bytes("x")})).error().code == ErrorCode::kMalformed);
  CHECK(wrap_for_device(rng, ada.account, ada.user, phone.id, {}, key).error().code ==
        ErrorCode::kKeyInvalid);
}

TEST_CASE("the vault key is unwrapped with the recovery secret") {
  SeededRng rng(17);
  const auto secret = identity::make_recovery_secret(rng);
  const auto keys = identity::derive_recovery_keys(secret);
  const crypto::Secret key = some_secret(4);
  const Bytes wrap = wrap_with_key(rng, KeyWrapKind::kRecovery, keys.wrap_key, kAda, key);
  CHECK(wrap.size() == 73);
  CHECK(same(unwrap_with_key(KeyWrapKind::kRecovery, keys.wrap_key, kAda, wrap), key));

  constexpr auto kFailed = ErrorCode::kDecryptionFailed;
  const auto fault = [&](KeyWrapKind kind, const crypto::Secret& with, const UserId& user) {
    return unwrap_with_key(kind, with, user, wrap).error().code;
  };
  CHECK(fault(KeyWrapKind::kPassword, keys.wrap_key, kAda) == kFailed);
  CHECK(fault(KeyWrapKind::kRecovery, keys.sign_in_token, kAda) == kFailed);
  CHECK(fault(KeyWrapKind::kRecovery, keys.wrap_key, some_id<UserId>(18)) == kFailed);
  for_each_flip(wrap, 19, [&](ByteView changed, std::size_t at) {
    INFO(at);
    CHECK_FALSE(unwrap_with_key(KeyWrapKind::kRecovery, keys.wrap_key, kAda, changed));
  });
  for (std::size_t size = 0; size < wrap.size(); ++size) {
    REQUIRE_FALSE(
        unwrap_with_key(KeyWrapKind::kRecovery, keys.wrap_key, kAda, ByteView(wrap).first(size)));
  }
}

TEST_CASE("the vault's bytes are fixed") {
  const Person ada = some_person(1);
  const Device phone = some_device(2);
  const crypto::Secret key = some_secret(4);
  SeededRng rng(23);
  const auto entry = seal_entry(rng, key, kAda, kName, some_secret(6).expose());
  const auto wrap =
      wrap_for_device(rng, ada.account, ada.user, phone.id, phone.kem_key.public_key, key);
  REQUIRE(entry);
  REQUIRE(wrap);
  CHECK(to_hex(*entry) ==
        "013443549dcfe50f66d681011b00dad7e8f7e5723be11038992efb485d104e460499f85b8731909605a2"
        "a33483ca6ab223160714e556b4b4a408fbf83eed97dc09ed369e4efd41f0e20c46d195544ec365");
  CHECK(digest_hex(*wrap) == "04c638330cc592ec75f0e7b61af226f74c30779f0c4238c8bb38795143dca4d9");
  CHECK(to_hex(wrap_with_key(rng, KeyWrapKind::kRecovery, some_secret(24), kAda, key)) ==
        "017dc0033c8bd10a316d9e1bcb5c11b28555eb5cc94fa5864f6f3832aed817b0c6f6b1374c069d4f4e74"
        "82c9911559de4f922c735982779a5ecdbbbaebee49804cf5fba1e730c4b600");
}

}  // namespace
}  // namespace parley::sealing
