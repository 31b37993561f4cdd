// What is sealed: as it comes from strangers, and as somebody makes it who has the keys. What opens
// is what its maker would have sealed, byte for byte. The formats are put together here by hand, as
// CRYPTO.md has them.
#include "shared/crypto/hkdf.hpp"
#include "shared/sealing/attachment.hpp"
#include "shared/sealing/bundle.hpp"
#include "shared/sealing/history.hpp"
#include "shared/sealing/history_request.hpp"
#include "shared/sealing/invite_key.hpp"
#include "shared/sealing/sender_chain.hpp"
#include "shared/sealing/vault.hpp"
#include "tests/fuzz/fuzz_require.hpp"
#include "tests/fuzz/sealing_party.hpp"

namespace {

using namespace parley;
using namespace parley::sealing;
using identity::concat;
using test::fuzz_require;
using Input = test::SealingParty::Input;

class Sealing : test::SealingParty {
 public:
  void check(Input kind, ByteView bytes) {
    rng_ = SeededRng(9);
    switch (kind) {
      case Input::kMessage: {
        const auto nonce = bytes.first(std::min<std::size_t>(24, bytes.size()));
        std::ignore = open_message(secret, context(), nonce, bytes.subspan(nonce.size()));
        break;
      }
      case Input::kMessageInside:
        return message_inside(bytes);
      case Input::kMessageFields: {
        const Bytes content = concat({author_bytes(), bytes});
        Bytes inside = signed_by_phone("Parley message 1", bound(), content);
        inside.resize(padded_size(inside.size()));
        return message_inside(inside);
      }
      case Input::kBundle:
        std::ignore = open_bundle(receiver, {room, BundlePurpose::kNewMember}, bytes);
        break;
      case Input::kBundleFields:
        return bundle_fields(bytes);
      case Input::kRequest:
        return request(bytes);
      case Input::kRequestFields:
        return request(versioned("Parley history request 1", bytes));
      case Input::kInviteKey:
        return invite_key(bytes);
      case Input::kInviteFields:
        return invite_key(versioned("Parley invite key 1", bytes));
      case Input::kEntryName:
        if (const auto name = decode_name(bytes)) {
          fuzz_require(encode_name(*name) == to_bytes(bytes), "a name is not canonical");
        }
        break;
      case Input::kEntry:
        std::ignore = entry_key_id(bytes);
        std::ignore = open_entry(secret, ada.user, AccountEntry{}, bytes);
        break;
      case Input::kDeviceWrap:
        std::ignore = unwrap(bytes);
        break;
      case Input::kDeviceWrapText: {
        const Bytes info =
            concat({as_bytes("Parley vault wrap 1"), Bytes{1}, ada.user.view(), phone.id.view()});
        std::ignore = unwrap(concat({bytes, ada.account.sign(concat({info, bytes}))}));
        break;
      }
      case Input::kKeyWrap:
        std::ignore = unwrap_with_key(KeyWrapKind::kRecovery, secret, ada.user, bytes);
        break;
      case Input::kAttachmentKey:
        if (const auto key = AttachmentKey::decode(bytes)) {
          fuzz_require(std::ranges::equal(key->encode().expose(), bytes), "a key is not canonical");
          std::ignore = AttachmentCheck(*key).finish();
        }
        break;
      case Input::kAttachmentChunks:
        return attachment(bytes);
      case Input::kChain:
        if (auto chain = SenderChain::decode(bytes)) {
          fuzz_require(chain->encode() == to_bytes(bytes), "a chain is not canonical");
        }
        break;
      case Input::kChainLinks:
        return chain_links(bytes);
      case Input::kCount:
        break;
    }
  }

 private:
  Author author() const { return {credential, phone.signing_key}; }
  Bytes author_bytes() const {
    return concat({credential.encode(), phone.signing_key.public_key()});
  }
  Bytes signed_by_phone(std::string_view label, ByteView bound, ByteView content) const {
    const auto signature = phone.signing_key.sign(concat({as_bytes(label), bound, content}));
    return concat({content, signature});
  }
  // Version and author, the fields, the signature.
  Bytes versioned(std::string_view label, ByteView fields) const {
    return signed_by_phone(label, room.view(), concat({Bytes{1}, author_bytes(), fields}));
  }

  // ---- messages ----
  MessageContext context() const {
    MessageContext context;
    context.room = room;
    context.epoch = 7;
    context.user = ada.user;
    context.device = phone.id;
    return context;
  }
  Bytes bound() const {
    return concat({Bytes{1}, room.view(), identity::big_endian(7), ada.user.view(), phone.id.view(),
                   ClientId{}.view(), Bytes{0}});
  }
  void message_inside(ByteView inside) {
    const auto key = crypto::HkdfSha256::expand<32>(secret.expose(),
                                                    {as_bytes("parley message"), phone.id.view()});
    const Bytes sealed = crypto::xchacha_seal(key, {}, bound(), inside);
    const auto opened = open_message(secret, context(), crypto::XChaChaNonce{}, sealed);
    if (!opened) return;
    const auto again = seal_message(rng_, secret, context(), author(), opened->content);
    fuzz_require(again.ok(), "a message that opened cannot be sealed");
    const auto plain = crypto::xchacha_open(key, again->nonce, bound(), again->ciphertext);
    fuzz_require(plain.ok() && std::ranges::equal(plain->expose(), inside),
                 "a message is not canonical");
    fuzz_require(again->hash == opened->hash, "a message has two hashes");
  }

  // ---- what devices send each other ----
  void bundle_fields(ByteView fields) {
    const BundleContext where{room, BundlePurpose::kNewMember};
    const Bytes info = concat({as_bytes("Parley history bundle 1"), room.view(), Bytes{1}});
    const Bytes inside =
        signed_by_phone("", concat({info, receiver.public_key}), concat({author_bytes(), fields}));
    const auto sealed =
        crypto::hpke_seal(rng_, receiver.public_key, crypto::HpkeInfo(info), {}, inside);
    const auto opened =
        open_bundle(receiver, where, concat({Bytes{1}, sealed->encapsulated, sealed->sealed}));
    if (!opened) return;
    const auto again = seal_bundle(rng_, receiver.public_key, where, author(), opened->bundle);
    fuzz_require(again.ok(), "a bundle that opened cannot be sealed");
    const auto plain = crypto::hpke_open(ByteView(*again).subspan(1, 32), receiver, info, {},
                                         ByteView(*again).subspan(33));
    fuzz_require(plain.ok() && std::ranges::equal(plain->expose(), inside),
                 "a bundle is not canonical");
  }
  void request(ByteView bytes) {
    const auto opened = open_history_request(room, bytes);
    if (!opened) return;
    const auto again = make_history_request(room, author(), opened->epochs);
    fuzz_require(again.ok() && *again == to_bytes(bytes), "a request is not canonical");
  }
  void invite_key(ByteView bytes) {
    const auto opened = open_invite_key(room, bytes);
    if (!opened) return;
    fuzz_require(
        announce_invite_key(room, author(), opened->invite, opened->public_key) == to_bytes(bytes),
        "an announcement is not canonical");
  }
  Result<crypto::Secret> unwrap(ByteView wrap) {
    return unwrap_for_device(ada.account.public_key(), ada.user, phone.id, phone.kem_key, wrap);
  }

  // ---- attachments ----
  // Chunks of any sizes under a key that names any size: what is read is exactly what
  // AttachmentSealer makes.
  void attachment(ByteView bytes) {
    wire::BinaryReader reader(bytes);
    std::uint64_t size = 0;
    reader(size);
    crypto::StreamSealer stream(secret);
    Bytes plain, sealed;
    bool whole = true;  // all chunks but the last are full, and that one is marked
    bool last = false;
    while (reader.ok() && reader.left() > 0 && plain.size() < 4 * crypto::kChunkSize && !last) {
      std::uint64_t length = 0;
      std::uint8_t value = 0;
      reader(length, value, last);
      const Bytes chunk(std::min<std::size_t>(static_cast<std::size_t>(length), crypto::kChunkSize),
                        value);
      whole = whole && (last ? !chunk.empty() : chunk.size() == crypto::kChunkSize);
      const auto out = stream.seal(chunk, last);
      plain.insert(plain.end(), chunk.begin(), chunk.end());
      sealed.insert(sealed.end(), out->begin(), out->end());
    }
    if (!reader.ok() || size > kMaxAttachmentBytes) return;
    const AttachmentKey key{secret.clone(), stream.header(), size, crypto::sha256(sealed)};
    const bool right = whole && last && plain.size() == padded_attachment_size(size) &&
                       std::ranges::all_of(ByteView(plain).subspan(static_cast<std::size_t>(size)),
                                           [](std::uint8_t byte) { return byte == 0; });
    fuzz_require(read(key, sealed, plain) == right, "an attachment is read that nobody makes");
  }
  bool read(const AttachmentKey& key, ByteView sealed, ByteView plain) {
    AttachmentCheck check(key);
    check.push(sealed);
    auto opener = check.finish();
    if (!opener) return false;
    Bytes contents;
    while (!sealed.empty()) {
      const auto piece = sealed.first(static_cast<std::size_t>(1 + rng_.below(sealed.size())));
      const auto out = opener->push(piece);
      if (!out) return false;
      contents.insert(contents.end(), out->expose().begin(), out->expose().end());
      sealed = sealed.subspan(piece.size());
    }
    return opener->finish().ok() && contents.size() == key.size &&
           std::ranges::equal(contents, plain.first(contents.size()));
  }

  // ---- chains ----
  void chain_links(ByteView bytes) {
    SenderChain chain;
    for (; bytes.size() >= 3; bytes = bytes.subspan(3)) {
      const ChainLink link{1 + std::uint64_t{bytes[0]}, {bytes[1]}, {bytes[2]}};
      const SenderChain before = chain;
      const ChainVerdict verdict = chain.judge(link).verdict;
      const bool changed = verdict != ChainVerdict::kRepeated && verdict != ChainVerdict::kForked;
      fuzz_require(changed || chain == before, "a refused message changed the chain");
      const ChainVerdict again = chain.judge(link).verdict;
      fuzz_require(!changed || again == ChainVerdict::kRepeated, "a message counts twice");
      const auto restored = SenderChain::decode(chain.encode());
      fuzz_require(restored.ok() && *restored == chain, "a chain is not kept as it is");
    }
  }

  SeededRng rng_{9};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static Sealing sealing;
  sealing.check(static_cast<Input>(data[0]), {data + 1, size - 1});
  return 0;
}
