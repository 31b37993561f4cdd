#include "shared/identity/link.hpp"

#include <catch2/catch_test_macros.hpp>

#include "shared/crypto/hkdf.hpp"
#include "tests/identity/people.hpp"

namespace parley::identity {
namespace {

using namespace test;

const Device kPhone = some_device(2);

LinkRequest request_of(const Device& device) {
  return {device.id, device.signing_key.public_key(), device.kem_key.public_key};
}

// An account with one device, which links another.
struct Account {
  Person ada = some_person(1);
  Device laptop = some_device(1);
  crypto::Secret vault_key = some_secret(40);
  DeviceList first = *make_first(ada.account, ada.user, {laptop.entry()});
  DeviceList list = *make_next(ada.account, first, {{kPhone.entry()}, {}});
};

struct Link {
  explicit Link(LinkMode mode, std::uint64_t seed = 10)
      : rng(seed), phone(rng, mode, request_of(kPhone)), laptop(read(mode)) {}

  OldDevice read(LinkMode mode) {
    auto side = OldDevice::read_offer(rng, mode, phone.offer());
    REQUIRE(side);
    return std::move(*side);
  }
  // Up to the emoji.
  void exchange() {
    answer = laptop.answer();
    auto made = phone.handle_answer(answer);
    REQUIRE(made);
    reveal = *made;
    REQUIRE(laptop.handle_reveal(reveal));
  }
  Bytes seal() {
    REQUIRE(laptop.confirm());
    REQUIRE(phone.confirm());
    auto bundle = laptop.seal_bundle(account.ada.account, account.vault_key, account.list);
    REQUIRE(bundle);
    return *bundle;
  }

  SeededRng rng;
  Account account;
  NewDevice phone;
  OldDevice laptop;
  Bytes answer, reveal;
};

TEST_CASE("a device is linked with emoji, and with a code") {
  for (const LinkMode mode : {LinkMode::kEmoji, LinkMode::kQr}) {
    Link link(mode);
    link.exchange();
    CHECK(link.phone.emoji() == link.laptop.emoji());
    CHECK(std::ranges::all_of(link.phone.emoji(), [](int index) { return index < 64; }));
    CHECK(link.laptop.request() == request_of(kPhone));
    CHECK(link.phone.confirmed() == (mode == LinkMode::kQr));
    CHECK(link.laptop.confirmed() == (mode == LinkMode::kQr));

    auto bundle = link.phone.handle_bundle(link.seal());
    REQUIRE(bundle);
    CHECK(link.phone.done());
    CHECK(link.laptop.done());
    CHECK(bundle->user == link.account.ada.user);
    CHECK(bundle->account.public_key() == link.account.ada.account.public_key());
    CHECK(crypto::constant_time_equal(bundle->vault_key.expose(), link.account.vault_key.expose()));
    CHECK(bundle->credential == link.account.ada.credential(kPhone));
    CHECK(bundle->credential.verify(kPhone.signing_key.public_key()));
    CHECK(bundle->list == link.account.list);
  }
}

TEST_CASE("a full device list fits in the bundle") {
  Link link(LinkMode::kQr);
  std::vector<DeviceEntry> devices{kPhone.entry()};
  for (std::uint64_t i = 100; devices.size() < kMaxDevices; ++i) {
    devices.push_back(some_device(i).entry());
  }
  link.account.list = *make_first(link.account.ada.account, link.account.ada.user, devices);
  link.exchange();
  CHECK(link.phone.handle_bundle(link.seal()));
}

TEST_CASE("nothing is sealed or opened before the emoji were compared") {
  Link link(LinkMode::kEmoji);
  link.exchange();
  const auto& account = link.account;
  auto early = link.laptop.seal_bundle(account.ada.account, account.vault_key, account.list);
  CHECK(early.error().code == ErrorCode::kInvalidArgument);
  REQUIRE(link.laptop.confirm());
  const auto bundle = link.laptop.seal_bundle(account.ada.account, account.vault_key, account.list);
  REQUIRE(bundle);
  CHECK(link.phone.handle_bundle(*bundle).error().code == ErrorCode::kInvalidArgument);
  CHECK(link.phone.fault() == LinkFault::kNone);
  REQUIRE(link.phone.confirm());
  CHECK(link.phone.handle_bundle(*bundle));
}

TEST_CASE("emoji that differ end the handshake") {
  Link link(LinkMode::kEmoji);
  link.exchange();
  link.laptop.refuse();
  CHECK(link.laptop.fault() == LinkFault::kRefused);
  CHECK_FALSE(link.laptop.confirm());
  CHECK_FALSE(
      link.laptop.seal_bundle(link.account.ada.account, link.account.vault_key, link.account.list));
}

TEST_CASE("who stands between the devices shows other emoji on each") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    SeededRng rng(seed);
    NewDevice phone(rng, LinkMode::kEmoji, request_of(kPhone));
    NewDevice false_phone(rng, LinkMode::kEmoji, request_of(some_device(666)));
    auto laptop = OldDevice::read_offer(rng, LinkMode::kEmoji, false_phone.offer());
    auto false_laptop = OldDevice::read_offer(rng, LinkMode::kEmoji, phone.offer());
    REQUIRE(laptop);
    REQUIRE(false_laptop);
    REQUIRE(phone.handle_answer(false_laptop->answer()));
    const auto reveal = false_phone.handle_answer(laptop->answer());
    REQUIRE(reveal);
    REQUIRE(laptop->handle_reveal(*reveal));
    CHECK(phone.emoji() != laptop->emoji());
  }
}

TEST_CASE("a reveal that was not committed to ends the handshake") {
  Link link(LinkMode::kEmoji);
  const auto reveal = link.phone.handle_answer(link.laptop.answer());
  REQUIRE(reveal);
  std::size_t commitments = 0;
  for_each_flip(*reveal, 6, [&](ByteView changed, std::size_t at) {
    Link fresh(LinkMode::kEmoji);
    const auto status = fresh.laptop.handle_reveal(changed);
    INFO(at);
    CHECK_FALSE(status);
    CHECK(fresh.laptop.fault() != LinkFault::kNone);
    commitments += fresh.laptop.fault() == LinkFault::kWrongCommitment ? 1 : 0;
    // Ended: the right one does not help any more.
    CHECK(fresh.laptop.handle_reveal(*reveal).error().code == ErrorCode::kProtocolViolation);
    CHECK_FALSE(fresh.laptop.confirm());
  });
  CHECK(commitments == reveal->size() - 2);
}

TEST_CASE("an answer by who has not seen the offer is refused") {
  for (const LinkMode mode : {LinkMode::kEmoji, LinkMode::kQr}) {
    Link link(mode);
    for_each_flip(link.laptop.answer(), 7, [&](ByteView changed, std::size_t at) {
      Link fresh(mode);
      INFO(at);
      CHECK_FALSE(fresh.phone.handle_answer(changed));
      if (at >= 2) CHECK(fresh.phone.fault() == LinkFault::kWrongProof);
      CHECK_FALSE(fresh.phone.handle_answer(link.laptop.answer()));
    });
    SeededRng rng(71);
    NewDevice other(rng, mode, request_of(kPhone));
    CHECK_FALSE(other.handle_answer(link.laptop.answer()));
    CHECK(other.fault() == LinkFault::kWrongProof);
  }
}

TEST_CASE("a code that was taken for an offer with emoji, or the other way round, does not link") {
  SeededRng rng(72);
  NewDevice phone(rng, LinkMode::kEmoji, request_of(kPhone));
  auto laptop = OldDevice::read_offer(rng, LinkMode::kQr, phone.offer());
  REQUIRE(laptop);
  const auto reveal = phone.handle_answer(laptop->answer());
  REQUIRE(reveal);
  CHECK_FALSE(laptop->handle_reveal(*reveal));
  CHECK(laptop->fault() == LinkFault::kWrongCommitment);
}

TEST_CASE("keys of small order end the handshake") {
  Link link(LinkMode::kEmoji);
  const Bytes offer = link.phone.offer();
  // By who does know the offer.
  const crypto::KemPublicKey zero{};
  const auto proof = crypto::HmacSha256(ByteView(offer).subspan(2))
                         .update(as_bytes("Parley link answer 1"))
                         .update(zero)
                         .finish();
  const std::array<std::uint8_t, 2> head = {1, 2};
  CHECK_FALSE(link.phone.handle_answer(concat({head, zero, proof.expose()})));
  CHECK(link.phone.fault() == LinkFault::kKeyInvalid);

  LinkRequest poisoned = request_of(kPhone);
  poisoned.device_key = {};
  SeededRng rng(73);
  NewDevice phone(rng, LinkMode::kEmoji, poisoned);
  auto laptop = OldDevice::read_offer(rng, LinkMode::kEmoji, phone.offer());
  REQUIRE(laptop);
  CHECK_FALSE(laptop->handle_reveal(*phone.handle_answer(laptop->answer())));
  CHECK(laptop->fault() == LinkFault::kKeyInvalid);
}

TEST_CASE("messages in the wrong order, and repeated ones, end the handshake") {
  const auto exchanged = [] {
    auto link = std::make_unique<Link>(LinkMode::kQr);
    link->exchange();
    return link;
  };
  {
    Link link(LinkMode::kQr);
    CHECK_FALSE(link.laptop.handle_reveal(link.laptop.answer()));
    CHECK(link.laptop.fault() == LinkFault::kWrongOrder);
    CHECK_FALSE(link.phone.handle_answer(link.phone.offer()));
    CHECK(link.phone.fault() == LinkFault::kWrongOrder);
  }
  {
    Link link(LinkMode::kQr);
    CHECK_FALSE(link.phone.handle_bundle(link.laptop.answer()));
    CHECK(link.phone.fault() == LinkFault::kWrongOrder);
    CHECK_FALSE(link.laptop.seal_bundle(link.account.ada.account, link.account.vault_key,
                                        link.account.list));
    CHECK(link.laptop.fault() == LinkFault::kWrongOrder);
    CHECK_FALSE(OldDevice::read_offer(link.rng, LinkMode::kQr, link.laptop.answer()));
  }
  {
    auto link = exchanged();
    CHECK_FALSE(link->phone.handle_answer(link->answer));
    CHECK(link->phone.fault() == LinkFault::kWrongOrder);
    CHECK_FALSE(link->laptop.handle_reveal(link->reveal));
    CHECK(link->laptop.fault() == LinkFault::kWrongOrder);
  }
  {
    auto link = exchanged();
    CHECK_FALSE(link->phone.handle_bundle(link->answer));
    CHECK(link->phone.fault() == LinkFault::kWrongOrder);
  }
  {
    auto link = exchanged();
    const Bytes bundle = link->seal();
    REQUIRE(link->phone.handle_bundle(bundle));
    CHECK(link->phone.handle_bundle(bundle).error().code == ErrorCode::kProtocolViolation);
    CHECK(link->phone.done());
    CHECK_FALSE(link->laptop.seal_bundle(link->account.ada.account, link->account.vault_key,
                                         link->account.list));
    CHECK(link->laptop.done());
  }
}

TEST_CASE("each changed bit of the bundle is refused, and so is another handshake's") {
  Link link(LinkMode::kQr);
  link.exchange();
  const Bytes bundle = link.seal();
  for_each_flip(bundle, 8, [&](ByteView changed, std::size_t at) {
    Link fresh(LinkMode::kQr);
    fresh.exchange();
    INFO(at);
    CHECK_FALSE(fresh.phone.handle_bundle(changed));
    CHECK(fresh.phone.fault() != LinkFault::kNone);
    CHECK_FALSE(fresh.phone.handle_bundle(bundle));
  });
  Link other(LinkMode::kQr, 11);
  other.exchange();
  CHECK_FALSE(other.phone.handle_bundle(bundle));
  CHECK(other.phone.fault() == LinkFault::kDecryptionFailed);
}

TEST_CASE("only a list that names the new device is sealed") {
  Link link(LinkMode::kQr);
  link.exchange();
  const auto sealed = [&](const crypto::SigningKey& account, const DeviceList& list) {
    return link.laptop.seal_bundle(account, link.account.vault_key, list).ok();
  };
  const auto& ada = link.account.ada;
  CHECK_FALSE(sealed(ada.account, link.account.first));
  CHECK_FALSE(sealed(some_signing_key(3), link.account.list));
  DeviceList changed = link.account.list;
  changed.signature[0] ^= 1;
  CHECK_FALSE(sealed(ada.account, changed));
  auto entry = kPhone.entry();
  entry.device_key = some_kem_key(4).public_key;
  CHECK_FALSE(sealed(ada.account, *make_next(ada.account, link.account.first, {{entry}, {}})));
  CHECK(sealed(ada.account, link.account.list));
}

TEST_CASE("messages are read strictly") {
  SeededRng rng(1);
  Link link(LinkMode::kEmoji);
  const Bytes offer = link.phone.offer();
  for (std::size_t size = 0; size < offer.size(); ++size) {
    REQUIRE_FALSE(OldDevice::read_offer(rng, LinkMode::kEmoji, ByteView(offer).first(size)));
  }
  const Bytes long_offer = concat({offer, as_bytes("x")});
  const Bytes other_version = concat({as_bytes("\x02"), ByteView(offer).subspan(1)});
  const Bytes other_type = concat({as_bytes("\x01\x05"), ByteView(offer).subspan(2)});
  for (const Bytes& wrong : {long_offer, other_version, other_type}) {
    CHECK(OldDevice::read_offer(rng, LinkMode::kEmoji, wrong).error().code ==
          ErrorCode::kMalformed);
  }
  const Bytes answer = link.laptop.answer();
  for (std::size_t size = 0; size < answer.size(); ++size) {
    Link fresh(LinkMode::kEmoji);
    REQUIRE_FALSE(fresh.phone.handle_answer(ByteView(answer).first(size)));
    REQUIRE(fresh.phone.fault() == LinkFault::kMalformed);
  }
}

TEST_CASE("the bytes of a handshake are fixed") {
  Link link(LinkMode::kEmoji);
  link.exchange();
  CHECK(to_hex(link.phone.offer()) ==
        "0101d5e2da029ca5194eee6532e4af4dd89e80413a151acf1426dce04150113d3dc4");
  CHECK(digest_hex(link.answer) ==
        "9560188375d9adda63f84b095f008c80d8daae7d1f6ca863bea33c040665d8bf");
  CHECK(digest_hex(link.reveal) ==
        "4ec75d85e6fe6e008c2357cedd758aba1b4820459899ec454e357cc54a81aef3");
  CHECK(to_hex(link.phone.emoji()) == "01331238091802");
  CHECK(digest_hex(link.seal()) ==
        "729d9efe9ac3609ba2f51c83c708968438298a1b8769e11c460f57beb0241f91");
}

}  // namespace
}  // namespace parley::identity
