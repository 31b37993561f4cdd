#include "shared/identity/sign_in.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/identity/people.hpp"

namespace parley::identity {
namespace {

using namespace test;

TEST_CASE("a device proves itself with the key that the account's list has for it") {
  const Person ada = some_person(1);
  const Device laptop = some_device(1), phone = some_device(2), stranger = some_device(3);
  const DeviceList list = *make_first(ada.account, ada.user, {laptop.entry(), phone.entry()});
  Bytes challenge(wire::kChallengeBytes);
  SeededRng(4).fill(challenge);
  const auto proof = [&](const Device& with, const DeviceId& as) {
    return sign_in_proof(with.signing_key, ada.user, as, challenge);
  };
  const crypto::Signature good = proof(laptop, laptop.id);
  CHECK(verify_sign_in(list, laptop.id, challenge, good));

  // What is signed, as the header says it.
  CHECK(good == laptop.signing_key.sign(concat(
                    {as_bytes("Parley sign-in 1"), ada.user.view(), laptop.id.view(), challenge})));

  const auto refused = [&](const DeviceList& by, const DeviceId& device, ByteView asked,
                           ByteView signature) {
    const Status verdict = verify_sign_in(by, device, asked, signature);
    return !verdict && verdict.error().code == ErrorCode::kSignatureInvalid;
  };
  CHECK(refused(list, phone.id, challenge, good));
  CHECK(refused(list, phone.id, challenge, proof(laptop, phone.id)));
  CHECK(refused(list, stranger.id, challenge, proof(stranger, stranger.id)));
  CHECK(refused(list, laptop.id, challenge, {}));
  CHECK(refused(list, laptop.id, ByteView(challenge).first(31), good));
  for_each_flip(good, 5, [&](ByteView changed, std::size_t) {
    CHECK(refused(list, laptop.id, challenge, changed));
  });
  for_each_flip(challenge, 6, [&](ByteView changed, std::size_t) {
    CHECK(refused(list, laptop.id, changed, good));
  });
  const Person grace = some_person(2);
  const DeviceList hers = *make_first(grace.account, grace.user, {laptop.entry()});
  CHECK(refused(hers, laptop.id, challenge, good));
}

}  // namespace
}  // namespace parley::identity
