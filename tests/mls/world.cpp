#include "tests/mls/world.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "shared/crypto/aead.hpp"
#include "shared/mls/validation.hpp"

namespace parley::mls::test {

Identity identity(std::string_view name) {
  Identity made;
  made.credential.identity = to_bytes(as_bytes(name));
  made.capabilities = default_capabilities();
  return made;
}

KeyPackageKeys key_package(Rng& rng, const crypto::SigningKey& key, std::string_view name) {
  return make_key_package(rng, key, identity(name), {kNow - 100, kNow + 100});
}

KeyPackageKeys key_package(Rng& rng, std::string_view name) {
  return key_package(rng, crypto::SigningKey::generate(rng), name);
}

Policy strict() {
  Policy policy;
  policy.now_s = kNow;
  policy.max_lifetime_s = 1'000;
  return policy;
}

PskLookup known_psk() {
  return [](const PreSharedKeyId& id) -> std::optional<crypto::SecretBytes> {
    if (id.id != to_bytes(as_bytes("known"))) return std::nullopt;
    return crypto::SecretBytes(as_bytes("the value of the pre-shared key"));
  };
}

PreSharedKeyId psk_id(std::string_view id) {
  PreSharedKeyId made;
  made.id = to_bytes(as_bytes(id));
  made.nonce = Bytes(kHashSize, 9);
  return made;
}

void sign(LeafNode& leaf, const crypto::SigningKey& key, ByteView group_id, LeafIndex index) {
  leaf.signature =
      to_bytes(sign_with_label(key, "LeafNodeTBS", leaf_to_be_signed(leaf, group_id, index)));
}

void sign(KeyPackage& package, const crypto::SigningKey& key) {
  sign(package.leaf_node, key, {}, {});
  package.signature =
      to_bytes(sign_with_label(key, "KeyPackageTBS", key_package_to_be_signed(package)));
}

// ---- forging ----

FramedContent Forger::framed(Content content, LeafIndex sender) const {
  FramedContent made;
  made.group_id = to_bytes(group_id());
  made.epoch = group.context().epoch;
  made.sender = {SenderType::kMember, sender, 0};
  made.content = std::move(content);
  return made;
}

Bytes Forger::send_as(const crypto::SigningKey& other, FramedContent content) {
  AuthenticatedContent made =
      sign_content(WireFormat::kPublicMessage, std::move(content), other, group.encoded_context());
  if (made.type() == ContentType::kCommit) made.auth.confirmation_tag = Bytes(kHashSize);
  return message_bytes(
      protect_public(std::move(made), secrets.membership_key, group.encoded_context()));
}

Bytes Forger::send(FramedContent content) { return send_as(key, std::move(content)); }

Bytes Forger::commit(std::vector<Proposal> proposals, std::optional<UpdatePath> path) {
  Commit made;
  for (Proposal& proposal : proposals) made.proposals.push_back({std::move(proposal)});
  made.path = std::move(path);
  return send(Content(std::move(made)));
}

Bytes Forger::retag(PublicMessage message) const {
  AuthenticatedContent content{WireFormat::kPublicMessage, std::move(message.content),
                               std::move(message.auth)};
  return message_bytes(
      protect_public(std::move(content), secrets.membership_key, group.encoded_context()));
}

UpdatePath Forger::path(std::vector<Proposal> proposals,
                        const std::function<void(NewPath&)>& edit) {
  std::vector<ProposalOrRef> entries;
  for (Proposal& proposal : proposals) entries.push_back({std::move(proposal)});
  const auto applied = group.apply(entries, {SenderType::kMember, kMallory, 0});
  REQUIRE(applied.ok());
  const RatchetTree& before = applied->tree;
  LeafNode leaf = *before.leaf(kMallory);
  NewPath made = make_path(rng, before, kMallory, leaf, key, group_id());
  if (edit) {
    std::vector<std::shared_ptr<ParentNode>> parents;
    for (const ParentPtr& parent : made.parents) {
      parents.push_back(std::make_shared<ParentNode>(*parent));
    }
    made.parents.assign(parents.begin(), parents.end());
    edit(made);
    for (std::size_t i = 0; i < parents.size(); ++i) *parents[i] = *made.parents[i];
    leaf = *made.tree.leaf(kMallory);
    Bytes hash;
    for (std::size_t i = parents.size(); i > 0; --i) {
      parents[i - 1]->parent_hash = hash;
      hash = to_bytes(before.parent_hash(*parents[i - 1], made.steps[i - 1].copath_child));
    }
    leaf.parent_hash = hash;
    sign_leaf(leaf);
    made.parents.assign(parents.begin(), parents.end());
    made.tree = before;
    made.tree.merge_path(kMallory, std::make_shared<LeafNode>(leaf), made.parents);
  }
  const GroupContext next = group.provisional_context(applied->extensions, made.tree);
  auto sealed = encrypt_path(rng, made, before, applied->added, kMallory, encode(next));
  REQUIRE(sealed.ok());
  return std::move(*sealed);
}

Bytes Forger::plaintext(Content content) const {
  const AuthenticatedContent made = sign_content(
      WireFormat::kPrivateMessage, framed(std::move(content)), key, group.encoded_context());
  Writer out;
  content_fields(out, made.type(), made.content.content);
  FramedContentAuth::fields(made.auth, out, made.type());
  return out.take();
}

Bytes Forger::seal(const Sealed& sealed) {
  PrivateMessage message;
  message.group_id = to_bytes(group_id());
  message.epoch = group.context().epoch;
  message.content_type = sealed.type;
  Writer aad;
  aad(message.group_id, message.epoch, message.content_type);
  Writer content_aad;
  content_aad(message.group_id, message.epoch, message.content_type, message.authenticated_data);
  auto ratchet = message_keys.next(sealed.sender, sealed.type == ContentType::kApplication
                                                      ? RatchetKind::kApplication
                                                      : RatchetKind::kHandshake);
  MessageKey content_key = ratchet ? std::move(*ratchet) : MessageKey{};
  const auto nonce_of = [](const MessageKey& from) {
    crypto::ChaChaNonce nonce;
    std::ranges::copy(from.nonce.expose(), nonce.begin());
    return nonce;
  };
  message.ciphertext = crypto::chacha_seal(content_key.key, nonce_of(content_key),
                                           content_aad.bytes(), sealed.plaintext);
  Writer sender;
  sender(sealed.sender, sealed.generation.value_or(content_key.generation));
  sender.number(0, 4);  // reuse guard
  const MessageKey sender_key = sender_data_key(secrets.sender_data_secret, message.ciphertext);
  message.encrypted_sender_data =
      crypto::chacha_seal(sender_key.key, nonce_of(sender_key), aad.bytes(), sender.bytes());
  return message_bytes(std::move(message));
}

// ---- the world ----

const World& World::get() {
  static const World world;
  return world;
}

World::World() {
  SeededRng rng(1);
  std::vector<KeyPackageKeys> members;
  for (const char* name : {"alice", "bob", "carol", "dave", "erin", "frank", "gina"}) {
    members.push_back(key_package(rng, name));
    keys_.emplace_back(members.back().signing_key.clone());
  }
  KeyPackageKeys creator{members[0].key_package, members[0].init_key.clone(),
                         members[0].leaf_key.clone(), members[0].signing_key.clone()};
  Group alice = *Group::create(rng, to_bytes(as_bytes("group")), std::move(creator), {}, strict());
  CommitOptions all;
  for (std::size_t i = 1; i < members.size(); ++i) {
    all.proposals.push_back({Add{std::make_shared<KeyPackage>(members[i].key_package)}});
  }
  auto added = alice.commit(rng, std::move(all), no_psk);
  alice.become(std::move(added->next));
  // Bob and gina fill parents on both sides.
  for (const std::size_t committer : {1, 6}) {
    auto group = Group::join(message_of<Welcome>(*added->welcome), members[committer], std::nullopt,
                             no_psk, strict());
    while (group->epoch() < alice.epoch()) {
      REQUIRE(group->process(good_commit_, no_psk).ok());
    }
    auto pending = group->commit(rng, {}, no_psk);
    REQUIRE(alice.process(pending->message, no_psk).ok());
    good_commit_ = pending->message;
  }
  mallory_keys_.emplace(key_package(rng, "mallory"));
  victor_keys_.emplace(key_package(rng, "victor"));
  keys_[kMallory.value] = mallory_keys_->signing_key.clone();
  keys_[kVictor.value] = victor_keys_->signing_key.clone();
  CommitOptions last;
  for (const std::uint32_t leaf : {3u, 4u, 5u}) last.proposals.push_back({Remove{LeafIndex{leaf}}});
  for (const auto* joins : {&*mallory_keys_, &*victor_keys_}) {
    last.proposals.push_back({Add{std::make_shared<KeyPackage>(joins->key_package)}});
  }
  auto pending = alice.commit(rng, std::move(last), no_psk);
  alice.become(std::move(pending->next));
  welcome_ = message_of<Welcome>(*pending->welcome);
  info_ = alice.group_info(true);

  Group mallory = *Group::join(welcome_, *mallory_keys_, std::nullopt, no_psk, strict());
  auto good = mallory.commit(rng, {}, no_psk);
  good_commit_ = good->message;
  good_authenticator_ = to_bytes(good->next.epoch_authenticator().expose());
}

Group World::victor() const {
  return *Group::join(welcome_, *victor_keys_, std::nullopt, known_psk(), strict());
}

Forger World::mallory() const {
  const auto opened = open_welcome(welcome_, *mallory_keys_, no_psk);
  auto group = PublicGroup::join(opened->group_info, std::nullopt, strict());
  EpochSecrets secrets = EpochSecrets::from_joiner(opened->joiner_secret, opened->psk_secret,
                                                   group->encoded_context());
  SecretTree keys(std::move(secrets.encryption_secret), group->tree().size());
  return {std::move(*group), std::move(secrets), std::move(keys),
          mallory_keys_->signing_key.clone()};
}

OpenedWelcome World::opened() const { return *open_welcome(welcome_, *victor_keys_, no_psk); }

Welcome World::rewelcome(GroupInfo info, bool as_is,
                         const std::function<void(GroupSecrets&)>& edit) const {
  SeededRng rng(2);
  const OpenedWelcome known = opened();
  GroupSecrets secrets;
  secrets.joiner_secret = crypto::SecretBytes(known.joiner_secret.expose());
  secrets.path_secret = PathSecret{crypto::SecretBytes(known.path_secret->expose())};
  if (edit) edit(secrets);
  Secret psk_secret;
  if (auto combined = combine_known_psks(secrets.psks, known_psk()))
    psk_secret = std::move(*combined);
  if (!as_is) {
    const EpochSecrets epoch =
        EpochSecrets::from_joiner(known.joiner_secret, psk_secret, encode(info.group_context));
    info.confirmation_tag = epoch.confirmation_tag(info.group_context.confirmed_transcript_hash);
    info.signer = kMallory;
    sign_group_info(info, key(kMallory));
    // The path secret is for what mallory and victor have in common: nothing that she set.
    if (!edit) secrets.path_secret.reset();
  }
  Welcome made;
  const Secret seal = welcome_secret(known.joiner_secret, psk_secret);
  crypto::ChaChaNonce nonce;
  expand_with_label(seal, "nonce", {}, nonce);
  made.encrypted_group_info =
      crypto::chacha_seal(expand_with_label(seal, "key", {}), nonce, {}, encode(info));
  const KeyPackage& package = victor_keys_->key_package;
  auto sealed =
      encrypt_with_info(rng, package.init_key,
                        encryption_info("Welcome", made.encrypted_group_info), encode(secrets));
  made.secrets.push_back({key_package_ref(package), std::move(*sealed)});
  return made;
}

Welcome World::welcome_with_tree(
    const std::function<void(std::vector<std::optional<TreeNode>>&)>& edit) const {
  GroupInfo info = opened().group_info;
  for (Extension& extension : info.extensions) {
    if (extension.type != ExtensionType::kRatchetTree) continue;
    auto nodes = *decode<std::vector<std::optional<TreeNode>>>(extension.data);
    edit(nodes);
    extension.data = encode(nodes);
    if (const auto tree = RatchetTree::decode(extension.data)) {
      info.group_context.tree_hash = to_bytes(tree->root_hash());
    }
  }
  return rewelcome(std::move(info));
}

// ---- requirements ----

void refuses(Group& victor, ByteView message, std::string_view rule) {
  const auto state = [&] {
    return std::tuple(to_bytes(victor.epoch_authenticator().expose()), victor.epoch(),
                      to_bytes(victor.public_group().tree().root_hash()),
                      victor.public_group().proposals().size());
  };
  const auto before = state();
  const auto processed = victor.process(message, known_psk());
  INFO("expected: " << rule);
  REQUIRE_FALSE(processed.ok());
  INFO("refused because: " << processed.error().detail);
  CHECK(processed.error().detail.find(rule) != std::string::npos);
  CHECK(state() == before);
  REQUIRE(victor.process(World::get().good_commit(), known_psk()).ok());
  CHECK(to_bytes(victor.epoch_authenticator().expose()) == World::get().good_authenticator());
}

void refuses(ByteView message, std::string_view rule) {
  Group victor = World::get().victor();
  refuses(victor, message, rule);
}

void refuses_join(const Welcome& welcome, std::string_view rule) {
  const auto joined =
      Group::join(welcome, World::get().victor_keys(), std::nullopt, known_psk(), strict());
  INFO("expected: " << rule);
  REQUIRE_FALSE(joined.ok());
  INFO("refused because: " << joined.error().detail);
  CHECK(joined.error().detail.find(rule) != std::string::npos);
}

}  // namespace parley::mls::test
