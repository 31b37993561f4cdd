#include "shared/sealing/author.hpp"

namespace parley::sealing {

AuthorFields::AuthorFields(const Author& author) : signing_key(author.signing_key.public_key()) {
  std::ranges::copy(author.credential.encode(), credential.begin());
}

crypto::SecretBytes signed_text(std::string_view label, ByteView context, ByteView content) {
  crypto::SecretBytes text(as_bytes(label));
  text.append(context);
  text.append(content);
  return text;
}

Result<VerifiedAuthor> verify_author(const AuthorFields& fields, ByteView text,
                                     const crypto::Signature& signature,
                                     identity::VerifiedCredentials* known) {
  auto credential = identity::DeviceCredential::decode(fields.credential);
  if (!credential) return credential.error();
  PARLEY_TRY(known ? known->verify(*credential, fields.signing_key)
                   : credential->verify(fields.signing_key));
  PARLEY_TRY(crypto::verify_signature(fields.signing_key, text, signature));
  return VerifiedAuthor{*credential, fields.signing_key};
}

}  // namespace parley::sealing
