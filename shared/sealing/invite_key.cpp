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
  return encode_signed(author, kLabel, room.view(), content);
}

Result<InviteKey> open_invite_key(const RoomId& room, ByteView bytes) {
  PARLEY_TRY(identity::check_version(bytes, kVersion));
  Content content;
  auto author = open_signed(kLabel, room.view(), bytes, content);
  if (!author) return author.error();
  PARLEY_TRY(crypto::parse_kem_public_key(content.public_key));
  return InviteKey{*std::move(author), content.invite, content.public_key};
}

}  // namespace parley::sealing
