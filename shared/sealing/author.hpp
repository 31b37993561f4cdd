// The device that made a sealed text: named by its credential and proved by a signature, both
// inside the seal, so that a reader needs no group state to know whose it is.
#pragma once

#include "shared/identity/codec.hpp"
#include "shared/identity/credential.hpp"

namespace parley::sealing {

// Who seals: the credential belongs to the signing key.
struct Author {
  const identity::DeviceCredential& credential;
  const crypto::SigningKey& signing_key;
};

// Who sealed, after its credential and its signature were verified. That the account key is the
// user's own is for the caller to know (identity/device_list.hpp, PinnedIdentity).
struct VerifiedAuthor {
  identity::DeviceCredential credential;
  crypto::SignaturePublicKey signing_key{};
};

// As it stands inside of a seal: credential (161), device signing key (32).
struct AuthorFields {
  std::array<std::uint8_t, identity::DeviceCredential::kSize> credential{};
  crypto::SignaturePublicKey signing_key{};

  AuthorFields() = default;
  explicit AuthorFields(const Author& author);

  template <class Archive>
  void serialize(Archive& ar) {
    ar(identity::fixed(credential), identity::fixed(signing_key));
  }
};

// What an author signs: a label, what the text is bound to, the text up to the signature.
crypto::SecretBytes signed_text(std::string_view label, ByteView context, ByteView content);

// kSignatureInvalid for a signature by another key, for a credential of another key, and for one
// that the account key did not sign; else as DeviceCredential::decode. `known` saves the check of a
// credential that it has seen.
Result<VerifiedAuthor> verify_author(const AuthorFields& fields, ByteView text,
                                     const crypto::Signature& signature,
                                     identity::VerifiedCredentials* known = nullptr);

// The fields of `content`, among them the author's as `author`, and the author's signature.
template <class Content>
Bytes encode_signed(const Author& author, std::string_view label, ByteView context,
                    const Content& content) {
  const Bytes bytes = wire::encode(content);
  const auto text = signed_text(label, context, bytes);
  return identity::concat({bytes, author.signing_key.sign(text.expose())});
}

// Reads the same, which has to be all of `bytes`: kMalformed and the errors of verify_author.
template <class Content>
Result<VerifiedAuthor> open_signed(std::string_view label, ByteView context, ByteView bytes,
                                   Content& content) {
  crypto::Signature signature{};
  wire::BinaryReader reader(bytes);
  reader(content);
  const ByteView signed_part = bytes.first(bytes.size() - reader.left());
  reader(identity::fixed(signature));
  PARLEY_TRY(reader.finish());
  const auto text = signed_text(label, context, signed_part);
  return verify_author(content.author, text.expose(), signature);
}

}  // namespace parley::sealing
