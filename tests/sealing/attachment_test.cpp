#include "shared/sealing/attachment.hpp"

#include <catch2/catch_test_macros.hpp>

#include <sodium.h>

#include "tests/identity/people.hpp"

namespace parley::sealing {
namespace {

using namespace test;
using crypto::kChunkOverhead;
using crypto::kChunkSize;

Bytes some_bytes(std::size_t size, std::uint64_t seed = 1) {
  SeededRng rng(seed);
  Bytes bytes(size);
  rng.fill(bytes);
  return bytes;
}

struct Upload {
  Bytes ciphertext;
  AttachmentKey key;
};

// Through any pieces.
template <class Push>
void in_pieces(ByteView bytes, Rng& rng, std::size_t most, Push push) {
  while (!bytes.empty()) {
    const auto count = static_cast<std::size_t>(rng.below(std::min(bytes.size(), most) + 1));
    push(bytes.first(count));
    bytes = bytes.subspan(count);
  }
}

Upload seal(ByteView plain, std::size_t most_piece = 200'000) {
  SeededRng rng(2);
  AttachmentSealer sealer(rng);
  Bytes ciphertext;
  in_pieces(plain, rng, most_piece, [&](ByteView piece) {
    const auto out = sealer.push(piece);
    REQUIRE(out);
    ciphertext.insert(ciphertext.end(), out->begin(), out->end());
  });
  auto finished = sealer.finish();
  REQUIRE(finished);
  CHECK_FALSE(sealer.push(plain));
  CHECK_FALSE(sealer.finish());
  return {identity::concat({ciphertext, finished->last}), std::move(finished->key)};
}

Result<Bytes> open(ByteView ciphertext, const AttachmentKey& key,
                   std::size_t most_piece = 200'000) {
  SeededRng rng(3);
  AttachmentCheck check(key);
  in_pieces(ciphertext, rng, most_piece, [&](ByteView piece) { check.push(piece); });
  auto opener = check.finish();
  if (!opener) return opener.error();
  Bytes plain;
  std::optional<Error> error;
  in_pieces(ciphertext, rng, most_piece, [&](ByteView piece) {
    const auto out = opener->push(piece);
    if (!out) {
      error = out.error();
    } else {
      plain.insert(plain.end(), out->expose().begin(), out->expose().end());
    }
  });
  if (error) return *error;
  PARLEY_TRY(opener->finish());
  return plain;
}

// As an author could who wants a file that readers see in different ways: the hash fits.
Result<Bytes> open_with_own_hash(ByteView ciphertext, const AttachmentKey& key,
                                 std::uint64_t size) {
  AttachmentKey own = key.clone();
  own.hash = crypto::sha256(ciphertext);
  own.size = size;
  return open(ciphertext, own);
}

TEST_CASE("an attachment of any size comes back, through any pieces") {
  const std::size_t sizes[] = {
      0, 1, 511, 512, 513, kChunkSize - 1, kChunkSize, kChunkSize + 1, 3 * kChunkSize, 300'001};
  for (const std::size_t size : sizes) {
    const Bytes plain = some_bytes(size);
    for (const std::size_t most_piece : {997u, 65'553u, 200'000u}) {
      const Upload upload = seal(plain, most_piece);
      CHECK(upload.key.size == size);
      CHECK(upload.ciphertext.size() == attachment_ciphertext_size(size));
      const auto opened = open(upload.ciphertext, upload.key, most_piece);
      REQUIRE(opened);
      CHECK(*opened == plain);
    }
  }
}

TEST_CASE("sizes are padded, by at most 12 percent") {
  CHECK(padded_attachment_size(0) == 512);
  CHECK(padded_attachment_size(512) == 512);
  CHECK(padded_attachment_size(513) == 544);
  CHECK(padded_attachment_size(65'536) == 65'536);
  CHECK(padded_attachment_size(65'537) == 67'584);
  CHECK(padded_attachment_size(kMaxAttachmentBytes) == kMaxAttachmentBytes);
  std::uint64_t before = 0;
  for (std::uint64_t size = 0; size < 200'000; size += 7) {
    const std::uint64_t padded = padded_attachment_size(size);
    REQUIRE(padded >= size);
    REQUIRE(padded >= before);
    REQUIRE(padded_attachment_size(padded) == padded);
    REQUIRE((size <= 512 || padded * 100 <= size * 112));
    before = padded;
  }
  CHECK(attachment_ciphertext_size(0) == 512 + 17);
  CHECK(attachment_ciphertext_size(kChunkSize) == kChunkSize + 17);
  CHECK(attachment_ciphertext_size(kChunkSize + 1) == 67'584 + 2 * 17);
}

TEST_CASE("a changed attachment is refused before any of it is used") {
  const Upload upload = seal(some_bytes(700));
  for_each_flip(upload.ciphertext, 4, [&](ByteView changed, std::size_t at) {
    INFO(at);
    AttachmentCheck check(upload.key);
    check.push(changed);
    CHECK(check.finish().error().code == ErrorCode::kDecryptionFailed);
  });
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, upload.ciphertext.size() - 1}) {
    CHECK_FALSE(open(ByteView(upload.ciphertext).first(size), upload.key));
  }
  CHECK_FALSE(open(identity::concat({upload.ciphertext, as_bytes("x")}), upload.key));
  AttachmentKey other = upload.key.clone();
  other.key = some_secret(5);
  CHECK_FALSE(open(upload.ciphertext, other));
  other = upload.key.clone();
  other.header[0] ^= 1;
  CHECK_FALSE(open(upload.ciphertext, other));
  other = upload.key.clone();
  other.size = 10'000;
  AttachmentCheck check(other);
  check.push(upload.ciphertext);
  CHECK_FALSE(check.finish());
}

TEST_CASE("cut, reordered and extended streams are refused although the hash fits") {
  const std::size_t size = 5 * kChunkSize;  // five chunks and no padding
  REQUIRE(padded_attachment_size(size) == size);
  const Upload upload = seal(some_bytes(size));
  const ByteView all = upload.ciphertext;
  constexpr std::size_t kSealed = kChunkSize + kChunkOverhead;
  const auto chunk = [&](std::size_t i) { return all.subspan(i * kSealed, kSealed); };
  REQUIRE(open_with_own_hash(all, upload.key, size));

  const auto refused = [&](ByteView changed, std::size_t said) {
    const auto opened = open_with_own_hash(changed, upload.key, said);
    return !opened && opened.error().code == ErrorCode::kDecryptionFailed;
  };
  CHECK(refused(all.first(4 * kSealed), 4 * kChunkSize));
  CHECK(refused(identity::concat({chunk(0), chunk(1), chunk(2), chunk(4)}), 4 * kChunkSize));
  CHECK(refused(identity::concat({chunk(1), chunk(0), chunk(2), chunk(3), chunk(4)}), size));
  CHECK(refused(identity::concat({chunk(0), chunk(0), chunk(2), chunk(3), chunk(4)}), size));
  CHECK(refused(identity::concat({all, chunk(4)}), 6 * kChunkSize));
  CHECK(refused(identity::concat({chunk(4), chunk(1), chunk(2), chunk(3), chunk(4)}), size));
  // A size that is not the one of the contents: what should be padding is not zeros.
  REQUIRE(padded_attachment_size(size - 1) == size);
  CHECK(refused(all, size - 1));
}

TEST_CASE("the second time through is held to the first") {
  const Bytes plain = some_bytes(100'000);
  const Upload upload = seal(plain);
  const auto opener = [&] {
    AttachmentCheck check(upload.key);
    check.push(upload.ciphertext);
    auto made = check.finish();
    REQUIRE(made);
    return std::move(*made);
  };
  {
    AttachmentOpener cut = opener();
    const auto out = cut.push(ByteView(upload.ciphertext).first(90'000));
    REQUIRE(out);
    CHECK(out->size() == kChunkSize);
    CHECK(cut.finish().error().code == ErrorCode::kDecryptionFailed);
  }
  {
    AttachmentOpener changed = opener();
    Bytes bytes = upload.ciphertext;
    bytes[70'000] ^= 1;
    CHECK_FALSE(changed.push(bytes));
    CHECK_FALSE(changed.push(upload.ciphertext));
    CHECK_FALSE(changed.finish());
  }
  {
    AttachmentOpener extended = opener();
    REQUIRE(extended.push(upload.ciphertext));
    REQUIRE(extended.finish());
    CHECK_FALSE(extended.push(as_bytes("x")));
    CHECK_FALSE(extended.finish());
  }
}

TEST_CASE("a stored attachment stays readable") {
  // libsodium's writer picks its header at random; its reader's state is the same for a known one.
  AttachmentKey key{some_secret(6), {}, 3, {}};
  key.header = {1, 2, 3};
  crypto_secretstream_xchacha20poly1305_state state;
  REQUIRE(crypto_secretstream_xchacha20poly1305_init_pull(&state, key.header.data(),
                                                          key.key.expose().data()) == 0);
  Bytes plain(512);
  std::ranges::copy(as_bytes("abc"), plain.begin());
  Bytes ciphertext(512 + kChunkOverhead);
  crypto_secretstream_xchacha20poly1305_push(&state, ciphertext.data(), nullptr, plain.data(),
                                             plain.size(), nullptr, 0,
                                             crypto_secretstream_xchacha20poly1305_TAG_FINAL);
  key.hash = crypto::sha256(ciphertext);
  CHECK(to_hex(key.hash) == "4aecb5f3b8e54b90f75d8fba0f6c8d3f02ee7ef57b66362305ea6d51d75ecaa9");
  const auto opened = open(ciphertext, key);
  REQUIRE(opened);
  CHECK(as_text(*opened) == "abc");
}

TEST_CASE("the key survives its encoding, which is strict and fixed") {
  AttachmentKey key{some_secret(6), {}, 300'001, crypto::sha256(as_bytes("ciphertext"))};
  key.header[3] = 9;
  const auto encoded = key.encode();
  const Bytes bytes = to_bytes(encoded.expose());
  const auto read = AttachmentKey::decode(bytes);
  REQUIRE(read);
  CHECK(crypto::constant_time_equal(read->key.expose(), key.key.expose()));
  CHECK(read->header == key.header);
  CHECK(read->size == key.size);
  CHECK(read->hash == key.hash);
  CHECK(to_hex(bytes) ==
        "0100e0efadd9a564bd99df5139b29d4172462faa72037d6c0e90dad0ed1298041b000000090000000000"
        "000000000000000000000000000000e1a712305531dcc50ebca31cf1d5b31e9fc76ed51f66b3b6dd5a03"
        "0c6539ae6532f979");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    REQUIRE_FALSE(AttachmentKey::decode(ByteView(bytes).first(size)));
  }
  CHECK_FALSE(AttachmentKey::decode(identity::concat({bytes, as_bytes("x")})));
  Bytes odd = bytes;
  odd[0] = 2;
  CHECK(AttachmentKey::decode(odd).error().code == ErrorCode::kVersionUnsupported);
  key.size = kMaxAttachmentBytes + 1;
  CHECK(AttachmentKey::decode(key.encode().expose()).error().code == ErrorCode::kMalformed);
}

}  // namespace
}  // namespace parley::sealing
