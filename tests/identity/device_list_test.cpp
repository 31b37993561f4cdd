#include "shared/identity/device_list.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/identity/people.hpp"

namespace parley::identity {
namespace {

using namespace test;
using Seen = PinnedIdentity::Seen;

const Person& ada() {
  static const Person person = some_person(1);
  return person;
}

DeviceList first_list() {
  auto list = make_first(ada().account, ada().user, {some_device(1).entry()});
  REQUIRE(list);
  return *list;
}

DeviceList next_list(const DeviceList& before, const ListChange& change) {
  auto list = make_next(ada().account, before, change);
  REQUIRE(list);
  return *list;
}

// Changed in any way and signed again, as only the holder of the account key can.
DeviceList resigned(DeviceList list, const crypto::SigningKey& account = ada().account) {
  const Bytes bytes = list.encode();
  list.signature = account.sign(identity::concat(
      {as_bytes("Parley device list 1"), ByteView(bytes).first(bytes.size() - 64)}));
  return list;
}

TEST_CASE("device lists survive their encoding and form a chain") {
  const DeviceList first = first_list();
  CHECK(verify_first(first) == ListVerdict::kValid);
  const DeviceList second =
      next_list(first, {{some_device(2).entry(), some_device(3).entry()}, {}});
  const DeviceList third = next_list(second, {{}, {some_device(1).id}});
  CHECK(second.version == 2);
  CHECK(second.before == first.hash());
  CHECK(verify_next(first, second) == ListVerdict::kValid);
  CHECK(verify_next(second, third) == ListVerdict::kValid);
  CHECK(third.devices.size() == 2);
  CHECK(third.find(some_device(1).id) == nullptr);
  REQUIRE(third.find(some_device(2).id) != nullptr);
  CHECK(*third.find(some_device(2).id) == some_device(2).entry());
  for (const DeviceList& list : {first, second, third}) {
    const auto read = DeviceList::decode(list.encode());
    REQUIRE(read);
    CHECK(*read == list);
    CHECK(verify(*read) == ListVerdict::kValid);
  }
}

TEST_CASE("each wrong successor has its reason") {
  const DeviceList first = first_list();
  const DeviceList second = next_list(first, {{some_device(2).entry()}, {}});
  const DeviceList third = next_list(second, {{some_device(3).entry()}, {}});
  const DeviceList other_second = next_list(first, {{some_device(4).entry()}, {}});

  CHECK(verify_next(second, first) == ListVerdict::kRolledBack);
  CHECK(verify_next(second, other_second) == ListVerdict::kForked);
  CHECK(verify_next(second, second) == ListVerdict::kBrokenChain);
  CHECK(verify_next(first, third) == ListVerdict::kBrokenChain);
  CHECK(verify_next(other_second, third) == ListVerdict::kBrokenChain);

  DeviceList changed = second;
  changed.version = 3;
  CHECK(verify_next(first, resigned(changed)) == ListVerdict::kBrokenChain);
  changed = second;
  changed.signature[5] ^= 1;
  CHECK(verify_next(first, changed) == ListVerdict::kSignatureInvalid);
  changed = second;
  changed.user = some_id<UserId>(99);
  CHECK(verify_next(first, resigned(changed)) == ListVerdict::kOtherUser);
  changed = second;
  changed.account_key = some_signing_key(98).public_key();
  CHECK(verify_next(first, resigned(changed, some_signing_key(98))) ==
        ListVerdict::kOtherAccountKey);
  changed = second;
  changed.devices[1].device = changed.devices[0].device;
  CHECK(verify_next(first, resigned(changed)) == ListVerdict::kDuplicateDevice);
  changed = second;
  changed.devices[1].signing_key = changed.devices[0].signing_key;
  CHECK(verify_next(first, resigned(changed)) == ListVerdict::kDuplicateKey);
  changed = second;
  changed.devices[1].device_key = changed.devices[0].device_key;
  CHECK(verify_next(first, resigned(changed)) == ListVerdict::kDuplicateKey);
  changed = second;
  changed.devices[1].signing_key = ada().account.public_key();
  CHECK(verify_next(first, resigned(changed)) == ListVerdict::kDuplicateKey);
  changed = second;
  changed.devices[1].device_key = {};
  CHECK(verify_next(first, resigned(changed)) == ListVerdict::kKeyInvalid);

  CHECK(verify_first(second) == ListVerdict::kBrokenChain);
  changed = first;
  changed.before = second.hash();
  CHECK(verify_first(resigned(changed)) == ListVerdict::kBrokenChain);
}

TEST_CASE("lists that would not verify are not made") {
  const DeviceList first = first_list();
  const auto refused = [&](const ListChange& change) {
    const auto list = make_next(ada().account, first, change);
    return !list && list.error().code == ErrorCode::kInvalidArgument;
  };
  CHECK(refused({{some_device(1).entry()}, {}}));
  CHECK(refused({{}, {some_device(2).id}}));
  CHECK(refused({{}, {some_device(1).id, some_device(1).id}}));
  auto poisoned = some_device(2).entry();
  poisoned.device_key = {};
  CHECK(refused({{poisoned}, {}}));
  CHECK_FALSE(make_next(some_signing_key(5), first, {}));

  auto last = first;
  last.version = 0xffff'ffff;
  CHECK_FALSE(make_next(ada().account, last, {}));

  std::vector<DeviceEntry> devices;
  for (std::uint64_t i = 0; i < kMaxDevices; ++i) devices.push_back(some_device(i).entry());
  const auto full = make_first(ada().account, ada().user, devices);
  REQUIRE(full);
  CHECK(full->encode().size() <= kMaxDeviceListBytes);
  CHECK(DeviceList::decode(full->encode()));
  CHECK_FALSE(make_next(ada().account, *full, {{some_device(kMaxDevices).entry()}, {}}));
  // A device may take the place of another in one step.
  CHECK(make_next(ada().account, *full, {{some_device(kMaxDevices).entry()}, {some_device(3).id}}));

  DeviceList crowded = *full;
  crowded.devices.push_back(some_device(kMaxDevices).entry());
  CHECK(verify(resigned(crowded)) == ListVerdict::kTooManyDevices);
  CHECK_FALSE(DeviceList::decode(crowded.encode()));
}

TEST_CASE("an account that starts afresh goes on in its chain, under another key") {
  const DeviceList first = first_list();
  const auto fresh_key = some_signing_key(5);
  const auto fresh = make_afresh(fresh_key, first, some_device(2).entry());
  REQUIRE(fresh);
  CHECK(fresh->user == first.user);
  CHECK(fresh->version == first.version + 1);
  CHECK(fresh->before == first.hash());
  CHECK(fresh->devices == std::vector{some_device(2).entry()});
  CHECK(verify_afresh(first, *fresh) == ListVerdict::kValid);
  CHECK(verify_next(first, *fresh) == ListVerdict::kOtherAccountKey);
  CHECK_FALSE(make_afresh(ada().account, first, some_device(2).entry()));
  const DeviceList second = next_list(first, {{some_device(2).entry()}, {}});
  CHECK(verify_afresh(first, second) == ListVerdict::kOtherAccountKey);
  CHECK(verify_afresh(second, *fresh) == ListVerdict::kForked);
  DeviceList changed = *fresh;
  changed.devices[0].added_at.ms += 1;
  CHECK(verify_afresh(first, changed) == ListVerdict::kSignatureInvalid);

  PinnedIdentity pin(first.user);
  CHECK(pin.observe(first).seen == PinnedIdentity::Seen::kFirstSeen);
  CHECK(pin.observe(*fresh).seen == PinnedIdentity::Seen::kKeyChanged);
  CHECK(pin.previous_key() == first.account_key);
}

TEST_CASE("each changed bit of a device list is refused") {
  const DeviceList second = next_list(first_list(), {{some_device(2).entry()}, {}});
  for_each_flip(second.encode(), 4, [](ByteView bytes, std::size_t at) {
    INFO(at);
    const auto read = DeviceList::decode(bytes);
    CHECK((!read || verify(*read) != ListVerdict::kValid));
  });
}

TEST_CASE("a device list is decoded strictly") {
  const DeviceList list = first_list();
  Bytes bytes = list.encode();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    REQUIRE_FALSE(DeviceList::decode(ByteView(bytes).first(size)));
  }
  bytes.push_back(0);
  CHECK(DeviceList::decode(bytes).error().code == ErrorCode::kMalformed);
  bytes.pop_back();
  bytes[0] = 2;
  CHECK(DeviceList::decode(bytes).error().code == ErrorCode::kVersionUnsupported);
  CHECK(DeviceList::decode({}).error().code == ErrorCode::kMalformed);
  DeviceList odd = list;
  odd.version = 0;
  CHECK_FALSE(DeviceList::decode(odd.encode()));
  odd = list;
  odd.user = {};
  CHECK_FALSE(DeviceList::decode(odd.encode()));
  odd = list;
  odd.devices[0].device = {};
  CHECK_FALSE(DeviceList::decode(odd.encode()));
}

TEST_CASE("the device list's bytes are fixed") {
  const DeviceList list = next_list(first_list(), {{some_device(2).entry()}, {}});
  CHECK(to_hex(first_list().encode()) ==
        "01132e82e60870a54dfabc1b4eb1ff3482561d48532724734cb85ac647acbbde01f7ba09347af1873df5"
        "f50dda5f8236d301000000000000000000000000000000000000000000000000000000000000000001c1"
        "5c0289ec2d0a9167ec8e65a18debbe341fad18cc16fd8b0a252f35c9e5c7ddaed6ebca65689bb14c84ae"
        "c2fb3f28d57832ceaf01bf2252c7990d300d92b98f39fabf9000db482629394391208ddd3080a0abfef9"
        "627103994dd75857566c0e88013a89e6336a359ea70a7f60a19371703355dda0f075dd45616615dfa0d7"
        "572af831de36e54006363080b78edb3518d14565c7b703");
  CHECK(to_hex(list.before) == "5075a3a8247069936aa385aa9b36552e528fbd1b30ef514906e728bc685857ce");
}

TEST_CASE("an account key is pinned when first seen and its lists are followed") {
  const DeviceList first = first_list();
  const DeviceList second = next_list(first, {{some_device(2).entry()}, {}});
  const DeviceList fourth = next_list(next_list(second, {}), {{some_device(3).entry()}, {}});
  PinnedIdentity pinned(ada().user);
  CHECK_FALSE(pinned.known());
  CHECK(pinned.observe(first).seen == Seen::kFirstSeen);
  CHECK(pinned.account_key() == ada().account.public_key());
  CHECK(pinned.observe(first).seen == Seen::kSame);
  CHECK(pinned.observe(second).seen == Seen::kNewer);
  CHECK(pinned.version() == 2);
  CHECK(pinned.list_hash() == second.hash());
  pinned.mark_verified();

  const PinnedIdentity before = pinned;
  const auto why = [&](const DeviceList& list) {
    const auto sighting = pinned.observe(list);
    CHECK(sighting.seen == Seen::kRefused);
    CHECK(pinned == before);
    return sighting.why;
  };
  CHECK(why(first) == ListVerdict::kRolledBack);
  CHECK(why(next_list(first, {{some_device(7).entry()}, {}})) == ListVerdict::kForked);
  const DeviceList stray = next_list(next_list(first, {}), {{some_device(9).entry()}, {}});
  CHECK(why(stray) == ListVerdict::kBrokenChain);
  DeviceList changed = second;
  changed.signature[0] ^= 1;
  CHECK(why(changed) == ListVerdict::kSignatureInvalid);
  changed = second;
  changed.user = some_id<UserId>(55);
  CHECK(why(resigned(changed)) == ListVerdict::kOtherUser);
  changed = fourth;
  changed.devices[1].device = changed.devices[0].device;
  CHECK(why(resigned(changed)) == ListVerdict::kDuplicateDevice);
  changed = first;
  changed.before = second.hash();
  CHECK(why(resigned(changed)) == ListVerdict::kBrokenChain);

  // What lies between may be gone from the server.
  CHECK(pinned.observe(fourth).seen == Seen::kNewer);
  CHECK(pinned.verified());
}

TEST_CASE("another account key is shown, and blocks a verified user until people decide") {
  const DeviceList first = first_list();
  const DeviceList second = next_list(first, {{some_device(2).entry()}, {}});
  const crypto::SigningKey reset = some_signing_key(321);
  const auto reset_list = make_first(reset, ada().user, {some_device(5).entry()});
  REQUIRE(reset_list);

  PinnedIdentity stranger(ada().user);
  stranger.observe(second);
  CHECK(stranger.observe(*reset_list).seen == Seen::kKeyChanged);
  CHECK_FALSE(stranger.blocked());
  CHECK(stranger.account_key() == reset.public_key());
  CHECK(stranger.previous_key() == ada().account.public_key());
  CHECK(stranger.observe(*reset_list).seen == Seen::kSame);
  // Back to the key before: again a change, and its old lists stay refused.
  const auto old = stranger.observe(first);
  CHECK(old.seen == Seen::kRefused);
  CHECK(old.why == ListVerdict::kRolledBack);
  CHECK(stranger.observe(second).seen == Seen::kKeyChanged);
  CHECK(stranger.account_key() == ada().account.public_key());

  PinnedIdentity contact(ada().user);
  contact.observe(second);
  contact.mark_verified();
  CHECK(contact.observe(*reset_list).seen == Seen::kKeyChanged);
  CHECK(contact.blocked());
  CHECK_FALSE(contact.verified());
  // Changing back does not lift it.
  contact.observe(second);
  CHECK(contact.blocked());
  PinnedIdentity accepted = contact;
  accepted.accept_change();
  CHECK_FALSE(accepted.blocked());
  CHECK_FALSE(accepted.verified());
  contact.mark_verified();
  CHECK(contact.verified());
  CHECK_FALSE(contact.blocked());
}

TEST_CASE("a device follows what its person decided on another one") {
  const DeviceList first = first_list();
  const DeviceList reset = *make_first(some_signing_key(321), ada().user, {some_device(5).entry()});
  const DeviceList third = *make_first(some_signing_key(322), ada().user, {some_device(6).entry()});
  const auto seen = [](std::initializer_list<DeviceList> lists) {
    PinnedIdentity pin(ada().user);
    for (const DeviceList& list : lists) pin.observe(list);
    return pin;
  };
  PinnedIdentity verified = seen({first});
  verified.mark_verified();

  PinnedIdentity pin = seen({first});
  CHECK_FALSE(pin.follow(verified));
  CHECK(pin == verified);
  CHECK_FALSE(pin.follow(seen({first})));
  CHECK(pin.verified());

  SECTION("nothing where nothing is known, or of another user") {
    PinnedIdentity unknown(ada().user);
    CHECK_FALSE(unknown.follow(verified));
    CHECK_FALSE(unknown.known());
    PinnedIdentity other(some_id<UserId>(77));
    other.observe(*make_first(ada().account, other.user(), {some_device(1).entry()}));
    const PinnedIdentity before = other;
    CHECK_FALSE(other.follow(verified));
    CHECK(other == before);
  }
  SECTION("an accepted change lifts the block; what was not accepted lifts nothing") {
    pin.observe(reset);
    REQUIRE(pin.blocked());
    PinnedIdentity elsewhere = pin;
    CHECK_FALSE(pin.follow(elsewhere));
    CHECK(pin.blocked());
    elsewhere.accept_change();
    CHECK_FALSE(pin.follow(elsewhere));
    CHECK_FALSE(pin.blocked());
    CHECK_FALSE(pin.verified());
  }
  SECTION("a change from a key that was verified elsewhere blocks, one from another does not") {
    PinnedIdentity changed = seen({first, reset});
    REQUIRE_FALSE(changed.blocked());
    CHECK_FALSE(changed.follow(seen({first})));
    CHECK_FALSE(changed.blocked());
    CHECK_FALSE(changed.follow(verified));
    CHECK(changed.blocked());
    CHECK(changed.account_key() == reset.account_key);
    changed.mark_verified();
    CHECK_FALSE(changed.follow(verified));
    CHECK_FALSE(changed.blocked());
  }
  SECTION("a decision about a key that has not come here yet waits for it") {
    PinnedIdentity elsewhere = seen({first, reset});
    elsewhere.mark_verified();
    const PinnedIdentity before = pin;
    CHECK_FALSE(pin.follow(elsewhere));
    CHECK(pin == before);
  }
  SECTION("another key than the one decided on is a change") {
    PinnedIdentity deceived = seen({third});
    CHECK(deceived.follow(verified));
    CHECK(deceived.blocked());
    CHECK_FALSE(deceived.verified());
    CHECK(deceived.previous_key() == first.account_key);
    CHECK(deceived.account_key() == third.account_key);
    CHECK(PinnedIdentity::decode(deceived.encode()).value() == deceived);
    // Of somebody never verified it is shown, and stops nothing.
    PinnedIdentity shown = seen({third});
    CHECK(shown.follow(seen({first})));
    CHECK_FALSE(shown.blocked());
  }
}

TEST_CASE("what is kept about a user survives its encoding, which is strict") {
  PinnedIdentity pinned(ada().user);
  std::vector<PinnedIdentity> states{pinned};
  pinned.observe(first_list());
  states.push_back(pinned);
  pinned.mark_verified();
  states.push_back(pinned);
  pinned.observe(*make_first(some_signing_key(321), ada().user, {some_device(5).entry()}));
  states.push_back(pinned);
  for (const PinnedIdentity& state : states) {
    Bytes bytes = state.encode();
    const auto read = PinnedIdentity::decode(bytes);
    REQUIRE(read);
    CHECK(*read == state);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      REQUIRE_FALSE(PinnedIdentity::decode(ByteView(bytes).first(size)));
    }
    bytes.push_back(0);
    CHECK_FALSE(PinnedIdentity::decode(bytes));
  }
  Bytes bytes = states[2].encode();
  for (const int flags : {2, 3, 4, 5, 8, 255}) {
    bytes[17] = static_cast<std::uint8_t>(flags);
    INFO(flags);
    CHECK_FALSE(PinnedIdentity::decode(bytes));
  }
  CHECK(digest_hex(states[3].encode()) ==
        "78468cd35f154f4565e6aeebb858ced934f414c24356e249210276ee5110c8f2");
}

}  // namespace
}  // namespace parley::identity
