#include "shared/mls/key_schedule.hpp"

#include <algorithm>

#include "shared/crypto/hkdf.hpp"

namespace parley::mls {

using crypto::HkdfSha256;

Secret combine_psks(std::span<const PskInput> psks) {
  Secret combined;
  const Secret zeros;
  for (std::size_t i = 0; i < psks.size(); ++i) {
    const Secret extracted = HkdfSha256::extract(zeros.expose(), psks[i].secret);
    Writer label;
    label(*psks[i].id, static_cast<std::uint16_t>(i), static_cast<std::uint16_t>(psks.size()));
    const Secret input = expand_with_label(extracted, "derived psk", label.bytes());
    combined = HkdfSha256::extract(input.expose(), combined.expose());
  }
  return combined;
}

Secret joiner_secret(const Secret& init_secret, const Secret& commit_secret,
                     ByteView group_context) {
  const Secret pre_joiner = HkdfSha256::extract(init_secret.expose(), commit_secret.expose());
  return expand_with_label(pre_joiner, "joiner", group_context);
}

namespace {

Secret intermediate_secret(const Secret& joiner, const Secret& psk_secret) {
  return HkdfSha256::extract(joiner.expose(), psk_secret.expose());
}

}  // namespace

Secret welcome_secret(const Secret& joiner, const Secret& psk_secret) {
  return derive_secret(intermediate_secret(joiner, psk_secret), "welcome");
}

EpochSecrets EpochSecrets::from_joiner(const Secret& joiner, const Secret& psk_secret,
                                       ByteView group_context) {
  return from_epoch_secret(
      expand_with_label(intermediate_secret(joiner, psk_secret), "epoch", group_context));
}

EpochSecrets EpochSecrets::from_epoch_secret(const Secret& epoch) {
  return {.sender_data_secret = derive_secret(epoch, "sender data"),
          .encryption_secret = derive_secret(epoch, "encryption"),
          .exporter_secret = derive_secret(epoch, "exporter"),
          .external_secret = derive_secret(epoch, "external"),
          .confirmation_key = derive_secret(epoch, "confirm"),
          .membership_key = derive_secret(epoch, "membership"),
          .resumption_psk = derive_secret(epoch, "resumption"),
          .epoch_authenticator = derive_secret(epoch, "authentication"),
          .init_secret = derive_secret(epoch, "init")};
}

crypto::SecretBytes EpochSecrets::export_secret(std::string_view label, ByteView context,
                                                std::size_t size) const {
  crypto::SecretBytes out(size);
  expand_with_label(derive_secret(exporter_secret, label), "exported", crypto::sha256(context),
                    out.write());
  return out;
}

Bytes EpochSecrets::confirmation_tag(ByteView confirmed_hash) const {
  return to_bytes(
      crypto::HmacSha256(confirmation_key.expose()).update(confirmed_hash).finish().expose());
}

EpochSecrets EpochSecrets::clone() const {
  return {.sender_data_secret = sender_data_secret.clone(),
          .encryption_secret = encryption_secret.clone(),
          .exporter_secret = exporter_secret.clone(),
          .external_secret = external_secret.clone(),
          .confirmation_key = confirmation_key.clone(),
          .membership_key = membership_key.clone(),
          .resumption_psk = resumption_psk.clone(),
          .epoch_authenticator = epoch_authenticator.clone(),
          .init_secret = init_secret.clone()};
}

namespace {

Result<Secret> exported_init(const crypto::HpkeContext& context) {
  auto exported = context.export_secret(as_bytes("MLS 1.0 external init secret"), kHashSize);
  if (!exported) return exported.error();
  return Secret(exported->expose().first<kHashSize>());
}

}  // namespace

Result<ExternalInitSecret> make_external_init(Rng& rng, ByteView external_pub) {
  const auto key = crypto::parse_kem_public_key(external_pub);
  if (!key) return key.error();
  auto sender = crypto::hpke_setup_sender(rng, *key, crypto::HpkeInfo({}));
  if (!sender) return sender.error();
  auto secret = exported_init(sender->context);
  if (!secret) return secret.error();
  return ExternalInitSecret{to_bytes(sender->encapsulated), std::move(*secret)};
}

Result<Secret> open_external_init(const crypto::KemKeyPair& external_key, ByteView kem_output) {
  auto context = crypto::hpke_setup_recipient(kem_output, external_key, {});
  if (!context) return context.error();
  return exported_init(*context);
}

Bytes confirmed_transcript_hash(ByteView interim_before, const AuthenticatedContent& commit) {
  Writer input;
  input(commit.wire_format, commit.content, commit.auth.signature);
  return to_bytes(crypto::Sha256().update(interim_before).update(input.bytes()).finish());
}

Bytes interim_transcript_hash(ByteView confirmed, ByteView confirmation_tag) {
  Writer input;
  input.opaque(confirmation_tag);
  return to_bytes(crypto::Sha256().update(confirmed).update(input.bytes()).finish());
}

}  // namespace parley::mls
