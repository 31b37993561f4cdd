// A small group's end that has all keys, for what only somebody with the keys can write: the
// insides of private messages and of what is saved. Always the same one.
#pragma once

#include "shared/crypto/aead.hpp"
#include "shared/mls/framing.hpp"
#include "shared/mls/state.hpp"

namespace parley::mls::test {

// Of what the first byte of an input says that the rest is the inside.
enum class Sealed : std::uint8_t {
  kSenderData,
  kApplication,
  kProposal,
  kCommit,
  kState,
  kNodeKeys,  // of no leaf yet
  kLeafKeys,
  kCount,
};

class SealedParty {
 public:
  SealedParty() {
    CommitOptions add;
    add.proposals.push_back({Add{std::make_shared<KeyPackage>(keys_of("b").key_package)}});
    add.renew_path = true;
    group.become(std::move(group.commit(rng, std::move(add), no_psk)->next));
    (void)*group.protect(rng, Bytes{1});  // so that a leaf has ratchets
  }

  // ---- private messages ----
  // `inside`: of sender data, or of content, whose sender data is leaf 0's first then.
  Result<OpenedPrivate> open_message(Sealed kind, ByteView inside) {
    PrivateMessage message;
    message.group_id = {1, 2};
    message.epoch = 1;
    message.content_type = kind == Sealed::kProposal ? ContentType::kProposal
                           : kind == Sealed::kCommit ? ContentType::kCommit
                                                     : ContentType::kApplication;
    SecretTree keys(Secret(secret_), LeafCount::at_least(2));
    const bool handshake = message.content_type != ContentType::kApplication;
    const auto key = keys.clone().next(
        LeafIndex{0}, handshake ? RatchetKind::kHandshake : RatchetKind::kApplication);
    Bytes sender(12, 0);  // leaf 0, generation 0, reuse guard 0
    if (kind == Sealed::kSenderData) {
      sender = to_bytes(inside);
      inside = {};
    }
    Writer content_aad;
    content_aad(message.group_id, message.epoch, message.content_type, message.authenticated_data);
    message.ciphertext = crypto::chacha_seal(key->key, nonce_of(*key), content_aad.take(), inside);
    const MessageKey sender_key = sender_data_key(Secret(secret_), message.ciphertext);
    Writer sender_aad;
    sender_aad(message.group_id, message.epoch, message.content_type);
    message.encrypted_sender_data =
        crypto::chacha_seal(sender_key.key, nonce_of(sender_key), sender_aad.take(), sender);
    return unprotect_private(message, Secret(secret_), keys,
                             [](LeafIndex leaf) { return leaf.value < 2; });
  }

  // ---- what is saved ----
  Result<Group> open_saved(ByteView inside) const {
    const crypto::XChaChaNonce nonce{};
    Bytes sealed{kStateVersion};
    sealed.insert(sealed.end(), nonce.begin(), nonce.end());
    const Bytes body = crypto::xchacha_seal(Secret(secret_), nonce, state_context(), inside);
    sealed.insert(sealed.end(), body.begin(), body.end());
    return open_state(Secret(secret_), {}, sealed, {});
  }
  Bytes inside_of(const Group& saved, KeysOf keys = KeysOf::kAllEpochs) {
    const Bytes sealed = seal_state(rng, Secret(secret_), {}, saved, keys);
    crypto::XChaChaNonce nonce;
    std::copy_n(sealed.begin() + 1, nonce.size(), nonce.begin());
    return to_bytes(crypto::xchacha_open(Secret(secret_), nonce, state_context(),
                                         ByteView(sealed).subspan(1 + nonce.size()))
                        ->expose());
  }
  KeyPart part(Sealed kind) const {
    KeyPart part{group.epoch(), {}};
    if (kind == Sealed::kLeafKeys) part.leaf = 0;
    return part;
  }
  // The group, saved without message keys.
  Group without_keys() { return *open_saved(inside_of(group, KeysOf::kNone)); }

  SeededRng rng{1};
  Group group = *Group::create(rng, {1, 2}, keys_of("a"), {}, {});

 private:
  static constexpr std::uint8_t kStateVersion = 1;

  KeyPackageKeys keys_of(std::string_view name) {
    Identity identity;
    identity.credential.identity = to_bytes(as_bytes(name));
    identity.capabilities = default_capabilities();
    return make_key_package(rng, crypto::SigningKey::generate(rng), identity, {1, 2});
  }
  static crypto::ChaChaNonce nonce_of(const MessageKey& key) {
    crypto::ChaChaNonce nonce;
    std::copy_n(key.nonce.expose().begin(), nonce.size(), nonce.begin());
    return nonce;
  }
  static Bytes state_context() {
    Bytes context = to_bytes(as_bytes("Parley group state"));
    context.push_back(kStateVersion);
    return context;
  }

  std::array<std::uint8_t, 32> secret_{7};
};

}  // namespace parley::mls::test
