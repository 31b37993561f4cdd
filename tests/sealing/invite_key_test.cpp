#include "shared/sealing/invite_key.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/identity/people.hpp"

namespace parley::sealing {
namespace {

using namespace test;

struct Announcing {
  Person ada = some_person(1);
  Device phone = some_device(2);
  identity::DeviceCredential credential = ada.credential(phone);
  RoomId room = some_id<RoomId>(4);
  InviteId invite = some_id<InviteId>(5);
  crypto::KemKeyPair pair = invite_key_pair(some_secret(6));
  Author author() const { return {credential, phone.signing_key}; }
};

TEST_CASE("an invitation's key is announced by its author") {
  Announcing a;
  const Bytes bytes = announce_invite_key(a.room, a.author(), a.invite, a.pair.public_key);
  CHECK(bytes.size() == 306);
  const auto opened = open_invite_key(a.room, bytes);
  REQUIRE(opened);
  CHECK(opened->invite == a.invite);
  CHECK(opened->public_key == a.pair.public_key);
  CHECK(opened->author.credential == a.credential);
  CHECK(open_invite_key(some_id<RoomId>(9), bytes).error().code == ErrorCode::kSignatureInvalid);
  for_each_flip(bytes, 1, [&](ByteView changed, std::size_t at) {
    INFO(at);
    CHECK_FALSE(open_invite_key(a.room, changed));
  });
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    REQUIRE_FALSE(open_invite_key(a.room, ByteView(bytes).first(size)));
  }
  const Bytes zero = announce_invite_key(a.room, a.author(), a.invite, {});
  CHECK(open_invite_key(a.room, zero).error().code == ErrorCode::kKeyInvalid);
}

TEST_CASE("an invitation's key pair is what CRYPTO.md says") {
  const auto key = some_secret(6);
  // HKDF by its definition: HMAC of the input under the salt, HMAC of label and 1 under that.
  crypto::HmacSha256 extract(as_bytes("Parley invite link 1"));
  const auto extracted = extract.update(key.expose()).finish();
  crypto::HmacSha256 expand(extracted.expose());
  const auto secret = expand.update(as_bytes("bundle key")).update(Bytes{1}).finish();
  const auto pair = crypto::KemKeyPair::from_secret(crypto::Secret(secret.expose().first<32>()));
  CHECK(invite_key_pair(key).public_key == pair.public_key);
  CHECK(invite_key_pair(some_secret(7)).public_key != pair.public_key);
}

}  // namespace
}  // namespace parley::sealing
