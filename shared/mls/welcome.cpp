#include "shared/mls/welcome.hpp"

#include <algorithm>

#include "shared/crypto/aead.hpp"
#include "shared/mls/validation.hpp"

namespace parley::mls {
namespace {

// Section 12.4.3: the group info is sealed under keys derived from the welcome secret.
struct WelcomeKey {
  Secret key;
  crypto::ChaChaNonce nonce{};

  explicit WelcomeKey(const Secret& secret) : key(expand_with_label(secret, "key", {})) {
    expand_with_label(secret, "nonce", {}, nonce);
  }
};

}  // namespace

void sign_group_info(GroupInfo& info, const crypto::SigningKey& key) {
  Writer content;
  GroupInfo::content(info, content);
  info.signature = to_bytes(sign_with_label(key, "GroupInfoTBS", content.bytes()));
}

Result<Welcome> make_welcome(Rng& rng, const GroupInfo& info, const Secret& joiner,
                             const Secret& psk_secret, const AppliedProposals& applied,
                             const NewPath* path, LeafIndex committer) {
  Welcome welcome;
  const WelcomeKey key(welcome_secret(joiner, psk_secret));
  welcome.encrypted_group_info = crypto::chacha_seal(key.key, key.nonce, {}, encode(info));
  const crypto::HpkeInfo binding = encryption_info("Welcome", welcome.encrypted_group_info);
  for (std::size_t i = 0; i < applied.added.size(); ++i) {
    GroupSecrets secrets;
    secrets.joiner_secret = crypto::SecretBytes(joiner.expose());
    secrets.psks = applied.psks;
    if (path != nullptr) {
      const NodeIndex meeting = common_ancestor(applied.added[i], committer);
      const auto step = std::ranges::find(path->steps, meeting, &RatchetTree::PathStep::node);
      assert(step != path->steps.end());
      const auto& secret = path->path_secrets[static_cast<std::size_t>(step - path->steps.begin())];
      secrets.path_secret = PathSecret{crypto::SecretBytes(secret.expose())};
    }
    const KeyPackage& package = *applied.added_packages[i];
    Bytes clear = encode(secrets);
    auto sealed = encrypt_with_info(rng, package.init_key, binding, clear);
    crypto::wipe(clear);
    if (!sealed) return sealed.error();
    welcome.secrets.push_back({key_package_ref(package), std::move(*sealed)});
  }
  return welcome;
}

Result<OpenedWelcome> open_welcome(const Welcome& welcome, const KeyPackageKeys& keys,
                                   const PskLookup& psks) {
  if (welcome.cipher_suite != keys.key_package.cipher_suite) {
    return invalid("12.4.3.1: a welcome of another ciphersuite than the key package's");
  }
  const Bytes own_ref = key_package_ref(keys.key_package);
  const auto entry =
      std::ranges::find(welcome.secrets, own_ref, &EncryptedGroupSecrets::new_member);
  if (entry == welcome.secrets.end()) {
    return invalid("12.4.3.1: a welcome that is not for this key package");
  }
  const auto clear = decrypt_with_label(keys.init_key, "Welcome", welcome.encrypted_group_info,
                                        entry->encrypted_group_secrets);
  if (!clear) return clear.error();
  const auto secrets = decode<GroupSecrets>(clear->expose());
  if (!secrets) return secrets.error();
  if (secrets->joiner_secret.size() != kHashSize) {
    return invalid("12.4.3.1: a joiner secret has the wrong size");
  }
  std::size_t links = 0;  // to the group that this one replaces or branches from
  for (const PreSharedKeyId& id : secrets->psks) {
    if (id.nonce.size() != kHashSize) return invalid("8.4: a PSK's nonce has the wrong size");
    links += id.type == PskType::kResumption && id.usage != ResumptionUsage::kApplication;
  }
  if (links > 1) return invalid("12.4.3.1: a group that comes from two groups");
  if (secrets->psks.size() > kMaxPsks) {
    return Error{ErrorCode::kTooLarge, "too many PSKs in a welcome", {}};
  }
  auto psk = combine_known_psks(secrets->psks, psks);
  if (!psk) return psk.error();

  OpenedWelcome opened;
  opened.joiner_secret = Secret(secrets->joiner_secret.expose().first<kHashSize>());
  opened.psk_secret = std::move(*psk);
  if (secrets->path_secret) {
    const auto& path_secret = secrets->path_secret->secret;
    if (path_secret.size() != kHashSize) {
      return invalid("12.4.3.1: a path secret has the wrong size");
    }
    opened.path_secret = Secret(path_secret.expose().first<kHashSize>());
  }
  const WelcomeKey key(welcome_secret(opened.joiner_secret, opened.psk_secret));
  const auto info = crypto::chacha_open(key.key, key.nonce, {}, welcome.encrypted_group_info);
  if (!info) return info.error();
  auto decoded = decode<GroupInfo>(info->expose());
  if (!decoded) return decoded.error();
  if (decoded->group_context.cipher_suite != welcome.cipher_suite) {
    return invalid("12.4.3.1: the group's ciphersuite is not the welcome's");
  }
  if (links > 0 && decoded->group_context.epoch != 1) {
    return invalid("12.4.3.1: a group that comes from another one is not at its beginning");
  }
  opened.group_info = std::move(*decoded);
  return opened;
}

Result<Secret> combine_known_psks(std::span<const PreSharedKeyId> ids, const PskLookup& psks) {
  std::vector<crypto::SecretBytes> values;
  values.reserve(ids.size());
  std::vector<PskInput> inputs;
  for (const PreSharedKeyId& id : ids) {
    auto value = psks(id);
    if (!value) return invalid("8.4: a PSK is not known");
    values.push_back(std::move(*value));
    inputs.push_back({&id, values.back().expose()});
  }
  return combine_psks(inputs);
}

}  // namespace parley::mls
