#include "shared/sealing/bundle.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/identity/people.hpp"

namespace parley::sealing {
namespace {

using namespace test;

struct Room {
  Person ada = some_person(1);
  Device phone = some_device(2);
  identity::DeviceCredential credential = ada.credential(phone);
  crypto::KemKeyPair receiver = some_kem_key(3);
  BundleContext context{some_id<RoomId>(4), BundlePurpose::kNewMember};
  SeededRng rng{5};

  Author author() const { return {credential, phone.signing_key}; }
  Result<Bytes> seal(const HistoryBundle& bundle) {
    return seal_bundle(rng, receiver.public_key, context, author(), bundle);
  }
};

HistoryBundle bundle_of(std::initializer_list<std::uint64_t> epochs) {
  HistoryBundle bundle;
  for (const std::uint64_t epoch : epochs) bundle.secrets.push_back({epoch, some_secret(epoch)});
  bundle.room_state = to_bytes(as_bytes("name and topic"));
  return bundle;
}

void check_same(const HistoryBundle& a, const HistoryBundle& b) {
  CHECK(a.room_state == b.room_state);
  REQUIRE(a.secrets.size() == b.secrets.size());
  for (std::size_t i = 0; i < a.secrets.size(); ++i) {
    CHECK(a.secrets[i].epoch == b.secrets[i].epoch);
    CHECK(crypto::constant_time_equal(a.secrets[i].secret.expose(), b.secrets[i].secret.expose()));
  }
}

TEST_CASE("a bundle is read by its receiver") {
  Room room;
  for (const HistoryBundle& bundle :
       {bundle_of({}), bundle_of({0}), bundle_of({3, 4, 5, 9, 10, 40}),
        bundle_of({1, 0xffff'ffff'ffff'fffe})}) {
    const auto sealed = room.seal(bundle);
    REQUIRE(sealed);
    const auto opened = open_bundle(room.receiver, room.context, *sealed);
    REQUIRE(opened);
    check_same(opened->bundle, bundle);
    CHECK(opened->author.credential == room.credential);
    CHECK(opened->author.signing_key == room.phone.signing_key.public_key());
  }
}

TEST_CASE("runs of epochs take little, and the largest bundle fits in a body") {
  Room room;
  HistoryBundle bundle;
  bundle.room_state = Bytes(kMaxRoomStateBytes, 'x');
  for (std::uint64_t i = 0; i < kMaxBundleSecrets; ++i) {
    bundle.secrets.push_back({(std::uint64_t{1} << 60) + i, some_secret(i)});
  }
  const auto one_run = room.seal(bundle);
  REQUIRE(one_run);
  for (std::size_t i = 0; i < kMaxBundleSecrets; ++i) bundle.secrets[i].epoch += i;
  const auto scattered = room.seal(bundle);
  REQUIRE(scattered);
  CHECK(one_run->size() + 9 * kMaxBundleSecrets < scattered->size());
  CHECK(scattered->size() <= 64 * 1024);
  const auto opened = open_bundle(room.receiver, room.context, *scattered);
  REQUIRE(opened);
  check_same(opened->bundle, bundle);

  bundle.secrets.push_back({~std::uint64_t{1}, some_secret(0)});
  CHECK(room.seal(bundle).error().code == ErrorCode::kInvalidArgument);
  HistoryBundle state = bundle_of({1});
  state.room_state.resize(kMaxRoomStateBytes + 1);
  CHECK(room.seal(state).error().code == ErrorCode::kInvalidArgument);
  CHECK(room.seal(bundle_of({2, 1})).error().code == ErrorCode::kInvalidArgument);
  CHECK(room.seal(bundle_of({2, 2})).error().code == ErrorCode::kInvalidArgument);
  CHECK(room.seal(bundle_of({~std::uint64_t{0}})).error().code == ErrorCode::kInvalidArgument);
}

TEST_CASE("a bundle is bound to receiver, room and purpose") {
  Room room;
  const auto sealed = room.seal(bundle_of({1, 2}));
  REQUIRE(sealed);
  constexpr auto kFailed = ErrorCode::kDecryptionFailed;
  CHECK(open_bundle(some_kem_key(30), room.context, *sealed).error().code == kFailed);
  BundleContext context = room.context;
  context.room = some_id<RoomId>(31);
  CHECK(open_bundle(room.receiver, context, *sealed).error().code == kFailed);
  context = room.context;
  context.purpose = BundlePurpose::kInviteLink;
  CHECK(open_bundle(room.receiver, context, *sealed).error().code == kFailed);
  CHECK(seal_bundle(room.rng, {}, room.context, room.author(), bundle_of({1})).error().code ==
        ErrorCode::kKeyInvalid);
}

TEST_CASE("each changed bit of a bundle is refused") {
  Room room;
  const auto sealed = room.seal(bundle_of({1, 2, 7}));
  REQUIRE(sealed);
  for_each_flip(*sealed, 6, [&](ByteView changed, std::size_t at) {
    INFO(at);
    CHECK_FALSE(open_bundle(room.receiver, room.context, changed));
  });
  for (std::size_t size = 0; size < sealed->size(); ++size) {
    REQUIRE_FALSE(open_bundle(room.receiver, room.context, ByteView(*sealed).first(size)));
  }
  Bytes version = *sealed;
  version[0] = 2;
  CHECK(open_bundle(room.receiver, room.context, version).error().code ==
        ErrorCode::kVersionUnsupported);
  CHECK(open_bundle(room.receiver, room.context, Bytes(64 * 1024 + 1, 1)).error().code ==
        ErrorCode::kMalformed);
}

// Anybody can seal to the receiver's key: what is inside is put together here, byte by byte.
struct Forge {
  Room room;
  Bytes credential = room.credential.encode();
  crypto::SigningKey signing_key = room.phone.signing_key.clone();
  crypto::SignaturePublicKey named_key = signing_key.public_key();
  crypto::KemPublicKey signed_for = room.receiver.public_key;
  Bytes runs = identity::concat({as_bytes("\x01\x05\x01"), some_secret(5).expose()});
  Bytes state = to_bytes(as_bytes("\x02hi"));
  Bytes tail;

  Result<OpenedBundle> open() {
    const Bytes info = identity::concat(
        {as_bytes("Parley history bundle 1"), room.context.room.view(), as_bytes("\x01")});
    const Bytes content = identity::concat({credential, named_key, runs, state});
    const auto signature = signing_key.sign(identity::concat({info, signed_for, content}));
    const auto sealed =
        crypto::hpke_seal(room.rng, room.receiver.public_key, crypto::HpkeInfo(info), {},
                          identity::concat({content, signature, tail}));
    return open_bundle(room.receiver, room.context,
                       identity::concat({as_bytes("\x01"), sealed->encapsulated, sealed->sealed}));
  }
  ErrorCode fault() {
    const auto opened = open();
    REQUIRE_FALSE(opened.ok());
    return opened.error().code;
  }
};

TEST_CASE("the format is what CRYPTO.md says, and a bundle needs its author's signature") {
  {
    Forge forge;
    const auto opened = forge.open();
    REQUIRE(opened);
    CHECK(opened->bundle.secrets[0].epoch == 5);
    CHECK(as_text(opened->bundle.room_state) == "hi");
  }
  {
    Forge forge;
    forge.signing_key = some_signing_key(60);
    CHECK(forge.fault() == ErrorCode::kSignatureInvalid);
    forge.named_key = forge.signing_key.public_key();
    CHECK(forge.fault() == ErrorCode::kSignatureInvalid);
  }
  {
    // A bundle that was sealed to somebody else, passed on.
    Forge forge;
    forge.signed_for = some_kem_key(61).public_key;
    CHECK(forge.fault() == ErrorCode::kSignatureInvalid);
  }
}

TEST_CASE("runs are read strictly") {
  const auto fault = [](Bytes runs) {
    Forge forge;
    forge.runs = std::move(runs);
    return forge.fault();
  };
  const Bytes secret = to_bytes(some_secret(5).expose());
  using identity::concat;
  CHECK(fault(concat({as_bytes("\x01\x05"), Bytes{0}})) == ErrorCode::kMalformed);  // empty run
  // Epochs that do not rise, or that belong to the run before.
  for (const std::uint8_t second : Bytes{4, 5, 6}) {
    CHECK(fault(concat({as_bytes("\x02\x05\x01"), secret, Bytes{second, 1}, secret})) ==
          ErrorCode::kMalformed);
  }
  // Past the last epoch.
  CHECK(fault(concat({Bytes{1, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1, 1}, secret})) ==
        ErrorCode::kMalformed);
  // More than is there.
  CHECK(fault(concat({as_bytes("\x01\x05\x7f"), secret})) == ErrorCode::kMalformed);
  CHECK(fault(concat({Bytes{0xe9, 7, 5, 1}, secret})) == ErrorCode::kMalformed);
  // 600 and 600.
  const Bytes many(600 * 32, 1);
  CHECK(fault(concat({Bytes{2, 5, 0xd8, 4}, many, Bytes{0xd0, 0x0f, 0xd8, 4}, many})) ==
        ErrorCode::kMalformed);
  Forge tail;
  tail.tail = {0};
  CHECK(tail.fault() == ErrorCode::kMalformed);
}

TEST_CASE("the bundle's bytes are fixed") {
  Room room;
  const auto sealed = room.seal(bundle_of({3, 4, 9}));
  REQUIRE(sealed);
  CHECK(digest_hex(*sealed) == "83bd5dba43bc8fb7e155d60ca473f0bff119d2f7e754a06f62bf2fc763ff70d0");
}

}  // namespace
}  // namespace parley::sealing
