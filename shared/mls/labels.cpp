#include "shared/mls/labels.hpp"

#include "shared/crypto/hkdf.hpp"

namespace parley::mls {
namespace {

constexpr std::string_view kPrefix = "MLS 1.0 ";

// The length of an opaque<V> as its own bytes, so that contents need not be copied behind it.
class Length {
 public:
  explicit Length(std::size_t value) : bytes_(varint_bytes(value)) {}
  ByteView bytes() const { return {bytes_.bytes.data(), bytes_.size}; }

 private:
  Varint bytes_;
};

Bytes labeled(std::string_view label, ByteView content) {
  Writer writer;
  writer.reserve(content.size() + label.size() + 16);
  writer.varint(kPrefix.size() + label.size());
  writer.raw(as_bytes(kPrefix));
  writer.raw(as_bytes(label));
  writer.opaque(content);
  return writer.take();
}

}  // namespace

void expand_with_label(const Secret& secret, std::string_view label, ByteView context,
                       std::span<std::uint8_t> out) {
  const std::uint8_t size[2] = {static_cast<std::uint8_t>(out.size() >> 8),
                                static_cast<std::uint8_t>(out.size())};
  const Length label_size(kPrefix.size() + label.size());
  const Length context_size(context.size());
  crypto::HkdfSha256::expand(
      secret.expose(),
      {size, label_size.bytes(), as_bytes(kPrefix), as_bytes(label), context_size.bytes(), context},
      out);
}

Secret derive_secret(const Secret& secret, std::string_view label) {
  return expand_with_label(secret, label, {});
}

void derive_tree_secret(const Secret& secret, std::string_view label, std::uint32_t generation,
                        std::span<std::uint8_t> out) {
  const std::uint8_t context[4] = {
      static_cast<std::uint8_t>(generation >> 24), static_cast<std::uint8_t>(generation >> 16),
      static_cast<std::uint8_t>(generation >> 8), static_cast<std::uint8_t>(generation)};
  expand_with_label(secret, label, context, out);
}

crypto::Signature sign_with_label(const crypto::SigningKey& key, std::string_view label,
                                  ByteView content) {
  return key.sign(labeled(label, content));
}

Status verify_with_label(ByteView public_key, std::string_view label, ByteView content,
                         ByteView signature) {
  return crypto::verify_signature(public_key, labeled(label, content), signature);
}

crypto::HpkeInfo encryption_info(std::string_view label, ByteView context) {
  return crypto::HpkeInfo(labeled(label, context));
}

Result<HpkeCiphertext> encrypt_with_info(Rng& rng, ByteView public_key,
                                         const crypto::HpkeInfo& info, ByteView plaintext) {
  const auto key = crypto::parse_kem_public_key(public_key);
  if (!key) return key.error();
  auto sealed = crypto::hpke_seal(rng, *key, info, {}, plaintext);
  if (!sealed) return sealed.error();
  return HpkeCiphertext{to_bytes(sealed->encapsulated), std::move(sealed->sealed)};
}

Result<crypto::SecretBytes> decrypt_with_label(const crypto::KemKeyPair& key,
                                               std::string_view label, ByteView context,
                                               const HpkeCiphertext& ciphertext) {
  return crypto::hpke_open(ciphertext.kem_output, key, labeled(label, context), {},
                           ciphertext.ciphertext);
}

Bytes ref_hash(std::string_view label, ByteView value) {
  const Length label_size(label.size());
  const Length value_size(value.size());
  return to_bytes(crypto::Sha256()
                      .update(label_size.bytes())
                      .update(as_bytes(label))
                      .update(value_size.bytes())
                      .update(value)
                      .finish());
}

Bytes key_package_ref(const KeyPackage& key_package) {
  return ref_hash("MLS 1.0 KeyPackage Reference", encode(key_package));
}

ProposalRef proposal_ref(const AuthenticatedContent& proposal) {
  return {ref_hash("MLS 1.0 Proposal Reference", encode(proposal))};
}

}  // namespace parley::mls
