// What the published vectors do not say about shared/crypto.
#include <catch2/catch_test_macros.hpp>

#include <sodium.h>

#include <algorithm>
#include <type_traits>

#include "shared/crypto/hpke.hpp"
#include "shared/crypto/password.hpp"
#include "shared/crypto/signature.hpp"
#include "shared/crypto/stream.hpp"

namespace parley::crypto {
namespace {

Secret some_secret(std::uint64_t seed) {
  SeededRng rng(seed);
  Secret secret;
  rng.fill(secret.write());
  return secret;
}

bool is_zero(ByteView bytes) {
  return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace

TEST_CASE("a secret is moved, never copied, and leaves nothing behind") {
  STATIC_REQUIRE(!std::is_copy_constructible_v<Secret>);
  STATIC_REQUIRE(!std::is_copy_constructible_v<SecretBytes>);
  Secret first = some_secret(1);
  const Secret copy = first.clone();
  Secret second = std::move(first);
  CHECK(is_zero(first.expose()));  // NOLINT(bugprone-use-after-move): what is left is the point
  CHECK(constant_time_equal(second.expose(), copy.expose()));
  second.clear();
  CHECK(is_zero(second.expose()));
  CHECK_FALSE(constant_time_equal(copy.expose(), copy.expose().first(31)));
}

TEST_CASE("memory of secret bytes is wiped when it is given back") {
  WipingAllocator<std::uint8_t> allocator;
  // Placed so that it can still be looked at.
  SecretBytes bytes(as_bytes("a secret of some length"));
  bytes.truncate(8);
  CHECK(as_text(bytes.expose()) == "a secret");
  std::uint8_t* memory = allocator.allocate(16);
  std::fill_n(memory, 16, std::uint8_t{7});
  wipe({memory, 16});
  CHECK(is_zero({memory, 16}));
  allocator.deallocate(memory, 16);
}

TEST_CASE("public keys of small order are refused, exactly those that libsodium refuses") {
  KemPublicKey key{};
  const Secret scalar = some_secret(2);
  const auto agrees = [&] {
    Secret shared;
    const bool refused =
        crypto_scalarmult(shared.write().data(), scalar.expose().data(), key.data()) != 0;
    return parse_kem_public_key(key).ok() == !refused;
  };
  // 0, 1, and what is next to the prime, with and without the bit that does not count.
  for (const int low : {0x00, 0x01, 0x02, 0xeb, 0xec, 0xed, 0xee, 0xef}) {
    for (const int high : {0x00, 0x7f, 0x80, 0xff}) {
      key.fill((high & 0x7f) == 0x7f ? 0xff : 0x00);
      key[0] = static_cast<std::uint8_t>(low);
      key[31] = static_cast<std::uint8_t>(high);
      INFO(low << " " << high);
      CHECK(agrees());
    }
  }
  const std::string_view points[] = {
      "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
      "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"};
  for (const auto hex : points) {
    std::size_t size = 0;
    REQUIRE(sodium_hex2bin(key.data(), key.size(), hex.data(), hex.size(), nullptr, &size,
                           nullptr) == 0);
    CHECK_FALSE(parse_kem_public_key(key).ok());
    CHECK(agrees());
    key[0] ^= 1;
    CHECK(parse_kem_public_key(key).ok());
    CHECK(agrees());
  }
  CHECK_FALSE(parse_kem_public_key(ByteView(key).first(31)).ok());
}

TEST_CASE("a stream opens in order, whole, and not otherwise") {
  const Secret key = some_secret(3);
  StreamSealer sealer(key);
  std::vector<Bytes> sealed;
  for (int i = 0; i < 3; ++i) {
    auto chunk = sealer.seal(Bytes(100, static_cast<std::uint8_t>(i)), i == 2);
    REQUIRE(chunk);
    sealed.push_back(std::move(*chunk));
  }
  CHECK_FALSE(sealer.seal({}, true).ok());

  const auto opener = [&] { return StreamOpener::create(key, sealer.header()).value(); };
  SECTION("in order") {
    auto good = opener();
    for (int i = 0; i < 3; ++i) {
      CHECK_FALSE(good.finished());
      const auto chunk = good.open(sealed[static_cast<std::size_t>(i)]);
      REQUIRE(chunk);
      CHECK(chunk->expose()[99] == i);
    }
    CHECK(good.finished());
    CHECK_FALSE(good.open(sealed[0]).ok());
  }
  SECTION("out of order, repeated, changed, cut") {
    CHECK_FALSE(opener().open(sealed[1]).ok());
    auto repeated = opener();
    CHECK(repeated.open(sealed[0]).ok());
    CHECK_FALSE(repeated.open(sealed[0]).ok());
    sealed[0][50] ^= 1;
    CHECK_FALSE(opener().open(sealed[0]).ok());
    CHECK_FALSE(opener().open(ByteView(sealed[0]).first(kChunkOverhead - 1)).ok());
    CHECK_FALSE(StreamOpener::create(key, ByteView(sealer.header()).first(23)).ok());
    auto other = StreamOpener::create(some_secret(4), sealer.header());
    REQUIRE(other);
    CHECK_FALSE(other->open(sealed[1]).ok());
  }
  CHECK_FALSE(StreamSealer(key).seal(Bytes(kChunkSize + 1), false).ok());
}

TEST_CASE("a password gives its key again, and only with its salt") {
  const PasswordCost cheap{1, 8192};
  const PasswordSalt salt{1}, other{2};
  const auto key = hash_password(as_bytes("correct horse"), salt, cheap);
  REQUIRE(key);
  CHECK(constant_time_equal(key->expose(),
                            hash_password(as_bytes("correct horse"), salt, cheap)->expose()));
  CHECK_FALSE(constant_time_equal(
      key->expose(), hash_password(as_bytes("correct horse"), other, cheap)->expose()));
  CHECK_FALSE(hash_password(as_bytes("x"), salt, {0, 0}).ok());
}

TEST_CASE("a signing key survives as its seed") {
  SeededRng rng(5);
  const auto key = SigningKey::generate(rng);
  const auto again = SigningKey::from_seed(key.seed());
  CHECK(key.public_key() == again.public_key());
  const auto signature = again.clone().sign(as_bytes("hello"));
  CHECK(verify_signature(key.public_key(), as_bytes("hello"), signature).ok());
  CHECK_FALSE(verify_signature(key.public_key(), as_bytes("hullo"), signature).ok());
  CHECK_FALSE(verify_signature({}, as_bytes("hello"), signature).ok());
}

}  // namespace parley::crypto
