#include "shared/identity/credential.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/identity/people.hpp"

namespace parley::identity {
namespace {

using namespace test;

TEST_CASE("a credential survives its encoding and verifies for its leaf's key") {
  const Person ada = some_person(1);
  const Device phone = some_device(2);
  const DeviceCredential made = ada.credential(phone);
  const Bytes bytes = made.encode();
  CHECK(bytes.size() == DeviceCredential::kSize);
  const auto read = DeviceCredential::decode(bytes);
  REQUIRE(read);
  CHECK(*read == made);
  CHECK(read->verify(phone.signing_key.public_key()));
}

TEST_CASE("a credential verifies for no other key and after no change") {
  const Person ada = some_person(1);
  const Device phone = some_device(2);
  const DeviceCredential credential = ada.credential(phone);
  const auto& key = phone.signing_key.public_key();
  CHECK(credential.verify(some_signing_key(9).public_key()).error().code ==
        ErrorCode::kSignatureInvalid);
  CHECK_FALSE(credential.verify(ByteView(key).first(31)));
  CHECK_FALSE(credential.verify({}));

  auto other_user = credential;
  other_user.user = some_id<UserId>(77);
  CHECK_FALSE(other_user.verify(key));
  auto other_device = credential;
  other_device.device = some_id<DeviceId>(78);
  CHECK_FALSE(other_device.verify(key));
  auto other_key = credential;
  other_key.device_key = some_kem_key(79).public_key;
  CHECK_FALSE(other_key.verify(key));
  auto other_account = credential;
  other_account.account_key = some_signing_key(80).public_key();
  CHECK_FALSE(other_account.verify(key));
}

TEST_CASE("each changed bit of a credential is refused") {
  const Device phone = some_device(2);
  for_each_flip(some_person(1).credential(phone).encode(), 3, [&](ByteView bytes, std::size_t at) {
    INFO(at);
    const auto read = DeviceCredential::decode(bytes);
    CHECK((!read || !read->verify(phone.signing_key.public_key())));
  });
}

TEST_CASE("a credential is decoded strictly") {
  const auto code = [](ByteView bytes) { return DeviceCredential::decode(bytes).error().code; };
  const DeviceCredential credential = some_person(1).credential(some_device(2));
  Bytes bytes = credential.encode();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    REQUIRE_FALSE(DeviceCredential::decode(ByteView(bytes).first(size)));
  }
  bytes.push_back(0);
  CHECK(code(bytes) == ErrorCode::kMalformed);
  bytes.pop_back();
  bytes[0] = 2;
  CHECK(code(bytes) == ErrorCode::kVersionUnsupported);
  auto nobody = credential;
  nobody.user = {};
  CHECK(code(nobody.encode()) == ErrorCode::kMalformed);
  auto nothing = credential;
  nothing.device = {};
  CHECK(code(nothing.encode()) == ErrorCode::kMalformed);
  auto low_order = credential;
  low_order.device_key = {1};
  CHECK(code(low_order.encode()) == ErrorCode::kKeyInvalid);
}

TEST_CASE("the credential's bytes are fixed") {
  CHECK(to_hex(some_person(1).credential(some_device(2)).encode()) ==
        "01132e82e60870a54dfabc1b4eb1ff3482ce56971cde355897421efc0b1046c8bf561d48532724734cb8"
        "5ac647acbbde01f7ba09347af1873df5f50dda5f8236d35e27c8e97c1ed93cc54f08ab1c4b1ed40100a4"
        "be54f04b2d7c5bf3997d094118ccd83bec36b9b89822dbec9a18bb9a4761fdba6c1ec7635153d3563c2c"
        "490da8b6267c9c8b906c81cf4fbac2b85f4ae5934863221131c7763fec96121d60ab07");
}

}  // namespace
}  // namespace parley::identity
