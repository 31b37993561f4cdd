#include "shared/sealing/history.hpp"

#include <catch2/catch_test_macros.hpp>

#include "shared/crypto/aead.hpp"
#include "shared/crypto/hkdf.hpp"
#include "tests/identity/people.hpp"

namespace parley::sealing {
namespace {

using namespace test;
using identity::concat;

// Ada's phone, about to say something in a room.
struct Sender {
  Person ada = some_person(1);
  Device phone = some_device(2);
  identity::DeviceCredential credential = ada.credential(phone);
  crypto::Secret secret = some_secret(3);
  SeededRng rng{4};

  Author author() const { return {credential, phone.signing_key}; }
  MessageContext context() const {
    return {kMessageVersion, some_id<RoomId>(5), 7, ada.user, phone.id, some_id<ClientId>(6), true};
  }
  static MessageContent content(std::size_t size = 5) {
    return {{1, 2, 3}, 1, {}, wire::EventKind::kMessage, Bytes(size, 'a')};
  }
  SealedMessage seal(const MessageContent& inside = content()) {
    auto sealed = seal_message(rng, secret, context(), author(), inside);
    REQUIRE(sealed);
    return *sealed;
  }
};

ErrorCode code_of(const Result<OpenedMessage>& result) {
  REQUIRE_FALSE(result.ok());
  return result.error().code;
}

TEST_CASE("a message is read by who has the epoch's history secret") {
  Sender sender;
  const SealedMessage first = sender.seal();
  MessageContent next = Sender::content();
  next.counter = 2;
  next.previous = first.hash;
  next.kind = static_cast<wire::EventKind>(999);  // of a later version
  next.body = {};
  const SealedMessage second = sender.seal(next);
  CHECK(first.nonce != second.nonce);

  const auto opened = open_message(sender.secret, sender.context(), first.nonce, first.ciphertext);
  REQUIRE(opened);
  CHECK(opened->author.credential == sender.credential);
  CHECK(opened->author.signing_key == sender.phone.signing_key.public_key());
  CHECK(opened->content.id == MessageId{1, 2, 3});
  CHECK(opened->content.counter == 1);
  CHECK(opened->content.previous == crypto::Digest{});
  CHECK(opened->content.kind == wire::EventKind::kMessage);
  CHECK(opened->content.body == Bytes(5, 'a'));
  CHECK(opened->hash == first.hash);
  const auto later = open_message(sender.secret, sender.context(), second.nonce, second.ciphertext);
  REQUIRE(later);
  CHECK(later->content.previous == opened->hash);
  CHECK(later->content.kind == next.kind);
  CHECK(later->content.body.empty());
}

TEST_CASE("sizes are padded to buckets") {
  const std::pair<std::size_t, std::size_t> sizes[] = {{0, 64},      {1, 64},
                                                       {64, 64},     {65, 128},
                                                       {128, 128},   {129, 256},
                                                       {257, 512},   {512, 512},
                                                       {513, 1024},  {1024, 1024},
                                                       {1025, 2048}, {2048, 2048},
                                                       {2049, 3072}, {63 * 1024, 63 * 1024}};
  for (const auto& [size, padded] : sizes) CHECK(padded_size(size) == padded);

  Sender sender;
  const std::size_t shortest = sender.seal(Sender::content(0)).ciphertext.size();
  CHECK(shortest == 512 + 16);
  CHECK(sender.seal(Sender::content(150)).ciphertext.size() == shortest);
  CHECK(sender.seal(Sender::content(300)).ciphertext.size() == 1024 + 16);
  SeededRng rng(8);
  for (int i = 0; i < 50; ++i) {
    const auto size = static_cast<std::size_t>(rng.below(kMaxInnerBody));
    const SealedMessage sealed = sender.seal(Sender::content(size));
    const std::size_t padded = sealed.ciphertext.size() - 16;
    CHECK(padded == padded_size(padded));
    const auto opened =
        open_message(sender.secret, sender.context(), sealed.nonce, sealed.ciphertext);
    REQUIRE(opened);
    CHECK(opened->content.body.size() == size);
  }
}

TEST_CASE("the largest message fits in an event, and no larger one is sealed or opened") {
  Sender sender;
  const SealedMessage largest = sender.seal(Sender::content(kMaxInnerBody));
  CHECK(largest.ciphertext.size() + 64 <= wire::kMaxBodyBytes);
  CHECK(open_message(sender.secret, sender.context(), largest.nonce, largest.ciphertext));
  const auto larger = seal_message(sender.rng, sender.secret, sender.context(), sender.author(),
                                   Sender::content(kMaxInnerBody + 1));
  CHECK(larger.error().code == ErrorCode::kInvalidArgument);
  const Bytes huge(64 * 1024);
  CHECK(code_of(open_message(sender.secret, sender.context(), largest.nonce, huge)) ==
        ErrorCode::kDecryptionFailed);
}

TEST_CASE("a sender seals only its own, well-formed messages") {
  Sender sender;
  const auto refused = [&](const MessageContext& context, const MessageContent& content) {
    const auto sealed = seal_message(sender.rng, sender.secret, context, sender.author(), content);
    return !sealed && sealed.error().code == ErrorCode::kInvalidArgument;
  };
  MessageContext context = sender.context();
  context.user = some_id<UserId>(90);
  CHECK(refused(context, Sender::content()));
  context = sender.context();
  context.device = some_id<DeviceId>(91);
  CHECK(refused(context, Sender::content()));
  context = sender.context();
  context.version = 2;
  CHECK(refused(context, Sender::content()));
  MessageContent content = Sender::content();
  content.counter = 0;
  CHECK(refused(sender.context(), content));
  content.previous = {1};
  CHECK(refused(sender.context(), content));
  content.previous = {};
  content.counter = 2;
  CHECK(refused(sender.context(), content));
  content.counter = 1;
  content.previous = {1};
  CHECK(refused(sender.context(), content));
}

TEST_CASE("each changed bit of a message is refused") {
  Sender sender;
  const SealedMessage sealed = sender.seal();
  for_each_flip(sealed.ciphertext, 9, [&](ByteView changed, std::size_t at) {
    INFO(at);
    CHECK(code_of(open_message(sender.secret, sender.context(), sealed.nonce, changed)) ==
          ErrorCode::kDecryptionFailed);
  });
  for_each_flip(sealed.nonce, 10, [&](ByteView changed, std::size_t at) {
    INFO(at);
    CHECK(code_of(open_message(sender.secret, sender.context(), changed, sealed.ciphertext)) ==
          ErrorCode::kDecryptionFailed);
  });
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{15}, std::size_t{16}, sealed.ciphertext.size() - 1}) {
    CHECK_FALSE(open_message(sender.secret, sender.context(), sealed.nonce,
                             ByteView(sealed.ciphertext).first(size)));
  }
  CHECK_FALSE(open_message(sender.secret, sender.context(), ByteView(sealed.nonce).first(23),
                           sealed.ciphertext));
}

TEST_CASE("a message is bound to its envelope, room, epoch and secret") {
  Sender sender;
  const SealedMessage sealed = sender.seal();
  const auto refused = [&](auto change) {
    MessageContext context = sender.context();
    change(context);
    CHECK(context != sender.context());
    return code_of(open_message(sender.secret, context, sealed.nonce, sealed.ciphertext));
  };
  constexpr auto kFailed = ErrorCode::kDecryptionFailed;
  CHECK(refused([](auto& context) { context.room = some_id<RoomId>(80); }) == kFailed);
  CHECK(refused([](auto& context) { context.epoch = 8; }) == kFailed);
  CHECK(refused([](auto& context) { context.user = some_id<UserId>(81); }) == kFailed);
  CHECK(refused([](auto& context) { context.device = some_id<DeviceId>(82); }) == kFailed);
  CHECK(refused([](auto& context) { context.client_id = some_id<ClientId>(83); }) == kFailed);
  CHECK(refused([](auto& context) { context.counts = false; }) == kFailed);
  CHECK(refused([](auto& context) { context.version = 2; }) == ErrorCode::kVersionUnsupported);
  CHECK(code_of(open_message(some_secret(84), sender.context(), sealed.nonce, sealed.ciphertext)) ==
        kFailed);
}

// ---- what a member of the room can try, who has the history secret -----------------------------

// A message put together here, byte by byte, from CRYPTO.md rather than by the code under test.
struct Forge {
  Sender sender;
  MessageContext context = sender.context();
  Bytes credential = sender.credential.encode();
  crypto::SigningKey signing_key = sender.phone.signing_key.clone();
  crypto::SignaturePublicKey named_key = signing_key.public_key();
  Bytes fields = concat({MessageId{1, 2, 3}, as_bytes("\x01"), crypto::Digest{},
                         as_bytes("\x01\x05"), as_bytes("aaaaa")});
  std::uint8_t padding = 0;
  std::size_t size = 512;

  Bytes bound() const {
    const Bytes counts = {1}, version = {1}, epoch = {0, 0, 0, 0, 0, 0, 0, 7};
    return concat({version, context.room.view(), epoch, context.user.view(), context.device.view(),
                   context.client_id.view(), counts});
  }
  Bytes text() const {
    return concat({as_bytes("Parley message 1"), bound(), credential, named_key, fields});
  }
  Bytes seal() const {
    Bytes inside = concat({credential, named_key, fields, signing_key.sign(text())});
    inside.resize(size, padding);
    const auto key = crypto::HkdfSha256::expand<32>(
        sender.secret.expose(), {as_bytes("parley message"), context.device.view()});
    return crypto::xchacha_seal(key, {}, bound(), inside);
  }
  Result<OpenedMessage> open() const {
    return open_message(sender.secret, context, crypto::XChaChaNonce{}, seal());
  }
};

TEST_CASE("the format is what CRYPTO.md says") {
  const Forge forge;
  const auto opened = forge.open();
  REQUIRE(opened);
  CHECK(opened->content.body == Bytes(5, 'a'));
  CHECK(opened->hash == crypto::sha256(forge.text()));
}

TEST_CASE("nobody speaks for another device") {
  // The right credential, signed by another key.
  Forge forge;
  forge.signing_key = some_signing_key(50);
  CHECK(code_of(forge.open()) == ErrorCode::kSignatureInvalid);
  // ... that is also named.
  forge.named_key = forge.signing_key.public_key();
  CHECK(code_of(forge.open()) == ErrorCode::kSignatureInvalid);
  // A credential of one's own under the name of somebody else: envelope and credential differ.
  const Person mallory = some_person(51);
  const Device laptop = some_device(52);
  Forge named;
  named.credential = mallory.credential(laptop).encode();
  named.signing_key = laptop.signing_key.clone();
  named.named_key = named.signing_key.public_key();
  CHECK(code_of(named.open()) == ErrorCode::kAccessDenied);
  // One's own account key under the name of somebody else verifies here: the reader compares the
  // account key with the one that it pinned.
  Forge own_key;
  const Person impostor{own_key.sender.ada.user, some_signing_key(53)};
  own_key.credential = impostor.credential(own_key.sender.phone).encode();
  const auto opened = own_key.open();
  REQUIRE(opened);
  CHECK(opened->author.credential.account_key == impostor.account.public_key());
  // Another device of the same user.
  Forge other_device;
  const Device tablet = some_device(54);
  other_device.credential = other_device.sender.ada.credential(tablet).encode();
  other_device.signing_key = tablet.signing_key.clone();
  other_device.named_key = tablet.signing_key.public_key();
  CHECK(code_of(other_device.open()) == ErrorCode::kAccessDenied);
}

TEST_CASE("a signature does not fit another place") {
  // Somebody's signed message, sealed again for another room, epoch or client id.
  const Forge original;
  const Bytes signature_for = original.text();
  const auto moved = [&](auto change) {
    Forge forge;
    change(forge.context);
    Bytes inside = concat(
        {forge.credential, forge.named_key, forge.fields, forge.signing_key.sign(signature_for)});
    inside.resize(512);
    const auto key = crypto::HkdfSha256::expand<32>(
        forge.sender.secret.expose(), {as_bytes("parley message"), forge.context.device.view()});
    return code_of(open_message(forge.sender.secret, forge.context, crypto::XChaChaNonce{},
                                crypto::xchacha_seal(key, {}, forge.bound(), inside)));
  };
  CHECK(moved([](auto& context) { context.room = some_id<RoomId>(70); }) ==
        ErrorCode::kSignatureInvalid);
  CHECK(moved([](auto& context) { context.client_id = some_id<ClientId>(71); }) ==
        ErrorCode::kSignatureInvalid);
}

TEST_CASE("what a member sealed in another form is malformed") {
  const auto malformed = [](auto change) {
    Forge forge;
    change(forge);
    return code_of(forge.open()) == ErrorCode::kMalformed;
  };
  CHECK(malformed([](Forge& forge) { forge.padding = 1; }));
  CHECK(malformed([](Forge& forge) { forge.size = 1024; }));
  CHECK(malformed([](Forge& forge) { forge.size = 511; }));
  CHECK(malformed([](Forge& forge) { forge.size = 100; }));
  CHECK(malformed([](Forge& forge) { forge.fields[16] = 0; }));  // counter
  CHECK(malformed([](Forge& forge) { forge.fields[16] = 0, forge.fields[17] = 9; }));
  CHECK(malformed([](Forge& forge) { forge.fields[16] = 2; }));    // without a message before
  CHECK(malformed([](Forge& forge) { forge.fields[17] = 9; }));    // the first, with one before
  CHECK(malformed([](Forge& forge) { forge.fields[50] = 200; }));  // a body longer than all
  CHECK(malformed([](Forge& forge) { forge.credential.back() ^= 1; }) == false);
  Forge version;
  version.credential[0] = 2;
  CHECK(code_of(version.open()) == ErrorCode::kVersionUnsupported);
  Forge low_order;
  std::fill_n(low_order.credential.begin() + 65, 32, std::uint8_t{0});
  CHECK(code_of(low_order.open()) == ErrorCode::kKeyInvalid);
}

TEST_CASE("the message's bytes are fixed") {
  Sender sender;
  const SealedMessage sealed = sender.seal();
  CHECK(to_hex(sealed.nonce) == "ca8a33e272e3736e30b0984b6ac674e45f847b8efc19efdb");
  CHECK(digest_hex(sealed.ciphertext) ==
        "36602aba13f911c3f5cad45b17a8f572f9e585be9254845f2894a8114e37fefd");
  CHECK(to_hex(sealed.hash) == "2862a9155f68120f65b99ab1248d7c340f90f2edadb5918bb1b5b47184c16038");
}

}  // namespace
}  // namespace parley::sealing
