#include "shared/sealing/invite_key.hpp"

#include "shared/crypto/hkdf.hpp"

namespace parley::sealing {
namespace {

using identity::fixed;

constexpr std::uint8_t kVersion = 1;
constexpr std::string_view kLabel = "Parley invite key 1";

// All but the signature.
struct Content {
  std::uint8_t version = kVersion;
  AuthorFields author;
  InviteId invite;
  crypto::KemPublicKey public_key{};

  template <class Archive>
  void serialize(Archive& ar) {
    ar(version, author, invite, fixed(public_key));
  }
};

}  // namespace

crypto::KemKeyPair invite_key_pair(const crypto::Secret& key) {
  const auto extracted =
      crypto::HkdfSha256::extract(as_bytes("Parley invite link 1"), key.expose());
  crypto::Secret secret;
  crypto::HkdfSha256::expand(extracted.expose(), {as_bytes("bundle key")}, secret.write());
  return crypto::KemKeyPair::from_secret(std::move(secret));
}

Bytes announce_invite_key(const RoomId& room, const Author& author, const InviteId& invite,
                          const crypto::KemPublicKey& public_key) {
  Content content;
  content.author = AuthorFields(author);
  content.invite = invite;
  content.public_key = public_key;
  const Bytes bytes = wire::encode(content);
  const auto text = signed_text(kLabel, room.view(), bytes);
  return identity::concat({bytes, author.signing_key.sign(text.expose())});
}

Result<InviteKey> open_invite_key(const RoomId& room, ByteView bytes) {
  PARLEY_TRY(identity::check_version(bytes, kVersion));
  Content content;
  crypto::Signature signature{};
  wire::BinaryReader reader(bytes);
  reader(content);
  const ByteView signed_part = bytes.first(bytes.size() - reader.left());
  reader(fixed(signature));
  PARLEY_TRY(reader.finish());
  PARLEY_TRY(crypto::parse_kem_public_key(content.public_key));
  const auto text = signed_text(kLabel, room.view(), signed_part);
  auto author = verify_author(content.author, text.expose(), signature);
  if (!author) return author.error();
  return InviteKey{*std::move(author), content.invite, content.public_key};
}

}  // namespace parley::sealing
