// From one epoch's secrets to the next (RFC 9420 section 8).
#pragma once

#include "shared/mls/labels.hpp"

namespace parley::mls {

// A PSK that a commit or a welcome names, with its value.
struct PskInput {
  const PreSharedKeyId* id = nullptr;
  ByteView secret;
};

// psk_secret of section 8.4; zeros when there is none. At most 65 535 of them.
Secret combine_psks(std::span<const PskInput> psks);

// The secrets of one epoch. Each is wiped when its purpose has passed; see CRYPTO.md.
struct EpochSecrets {
  Secret sender_data_secret;
  Secret encryption_secret;  // root of the secret tree, which takes it
  Secret exporter_secret;
  Secret external_secret;
  Secret confirmation_key;
  Secret membership_key;
  Secret resumption_psk;
  Secret epoch_authenticator;
  Secret init_secret;  // of the next epoch

  // `group_context` encoded: the one of the epoch that begins.
  static EpochSecrets from_joiner(const Secret& joiner_secret, const Secret& psk_secret,
                                  ByteView group_context);
  // Of a new group.
  static EpochSecrets from_epoch_secret(const Secret& epoch_secret);

  // MLS-Exporter of section 8.5.
  crypto::SecretBytes export_secret(std::string_view label, ByteView context,
                                    std::size_t size) const;
  crypto::KemKeyPair external_key_pair() const { return derive_key_pair(external_secret); }
  Bytes confirmation_tag(ByteView confirmed_transcript_hash) const;
  EpochSecrets clone() const;
};

Secret joiner_secret(const Secret& init_secret, const Secret& commit_secret,
                     ByteView group_context);
// What a new member's group info is sealed under.
Secret welcome_secret(const Secret& joiner_secret, const Secret& psk_secret);

// Of an external commit (section 8.3): what both sides derive as init_secret.
struct ExternalInitSecret {
  Bytes kem_output;
  Secret init_secret;
};
Result<ExternalInitSecret> make_external_init(Rng& rng, ByteView external_pub);
Result<Secret> open_external_init(const crypto::KemKeyPair& external_key, ByteView kem_output);

// Transcript hashes of section 8.2. `commit`: with its signature, without its tag.
Bytes confirmed_transcript_hash(ByteView interim_before, const AuthenticatedContent& commit);
Bytes interim_transcript_hash(ByteView confirmed, ByteView confirmation_tag);

}  // namespace parley::mls
