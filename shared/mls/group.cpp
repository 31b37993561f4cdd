#include "shared/mls/group.hpp"

#include <algorithm>

#include "shared/crypto/aead.hpp"
#include "shared/mls/validation.hpp"
#include "shared/mls/welcome.hpp"

namespace parley::mls {

std::optional<crypto::SecretBytes> no_psk(const PreSharedKeyId&) { return std::nullopt; }

Capabilities default_capabilities() {
  return {.versions = {static_cast<std::uint16_t>(ProtocolVersion::kMls10)},
          .cipher_suites = {static_cast<std::uint16_t>(CipherSuite::kX25519ChaCha20)},
          .extensions = {static_cast<std::uint16_t>(ExtensionType::kLastResort),
                         static_cast<std::uint16_t>(ExtensionType::kDisappearAfter)},
          .proposals = {},
          .credentials = {static_cast<std::uint16_t>(CredentialType::kBasic)}};
}

namespace {

// Section 13.5: unknown values among the known ones, so that peers keep ignoring them.
std::uint16_t grease(Rng& rng) {
  return static_cast<std::uint16_t>(0x0a0a + 0x1010 * rng.below(15));
}

Capabilities with_grease(Rng& rng, Capabilities capabilities) {
  for (auto* list : {&capabilities.cipher_suites, &capabilities.extensions, &capabilities.proposals,
                     &capabilities.credentials}) {
    list->push_back(grease(rng));
  }
  return capabilities;
}

// Whether private keys belong to the package that they are kept for.
Status check_keys(const KeyPackageKeys& keys) {
  const KeyPackage& package = keys.key_package;
  if (!std::ranges::equal(keys.init_key.public_key, package.init_key) ||
      !std::ranges::equal(keys.leaf_key.public_key, package.leaf_node.encryption_key) ||
      !std::ranges::equal(keys.signing_key.public_key(), package.leaf_node.signature_key)) {
    return Error{ErrorCode::kKeyInvalid, "private keys of another key package", {}};
  }
  return {};
}

}  // namespace

KeyPackageKeys make_key_package(Rng& rng, const crypto::SigningKey& signing_key,
                                const Identity& identity, Lifetime lifetime,
                                Extensions extensions) {
  KeyPackageKeys made{{},
                      crypto::KemKeyPair::generate(rng),
                      crypto::KemKeyPair::generate(rng),
                      signing_key.clone()};
  KeyPackage& package = made.key_package;
  LeafNode& leaf = package.leaf_node;
  package.init_key = to_bytes(made.init_key.public_key);
  package.extensions = std::move(extensions);
  leaf.encryption_key = to_bytes(made.leaf_key.public_key);
  leaf.signature_key = to_bytes(signing_key.public_key());
  leaf.credential = identity.credential;
  leaf.capabilities = with_grease(rng, identity.capabilities);
  leaf.source = LeafNodeSource::kKeyPackage;
  leaf.lifetime = lifetime;
  leaf.extensions = identity.leaf_extensions;
  leaf.signature =
      to_bytes(sign_with_label(signing_key, "LeafNodeTBS", leaf_to_be_signed(leaf, {}, {})));
  package.signature =
      to_bytes(sign_with_label(signing_key, "KeyPackageTBS", key_package_to_be_signed(package)));
  return made;
}

// ---- states ----

Group::Group(PublicGroup group, EpochSecrets secrets, TreeKeys keys, crypto::SigningKey signing_key,
             Bytes confirmation_tag)
    : public_(std::move(group)),
      secrets_(std::move(secrets)),
      message_keys_(std::move(secrets_.encryption_secret), public_.tree().size()),
      keys_(std::move(keys)),
      signing_key_(std::move(signing_key)),
      confirmation_tag_(std::move(confirmation_tag)) {}

Group Group::advance(PublicGroup next, EpochSecrets secrets, TreeKeys keys,
                     Bytes confirmation_tag) const {
  Group group(std::move(next), std::move(secrets), std::move(keys), signing_key_.clone(),
              std::move(confirmation_tag));
  for (const PastEpoch& past : past_) {
    group.past_.push_back({past.epoch, past.context, past.tree, past.sender_data_secret.clone(),
                           past.message_keys.clone()});
  }
  group.past_.push_back({epoch(), to_bytes(public_.encoded_context()), public_.tree(),
                         secrets_.sender_data_secret.clone(), message_keys_.clone()});
  group.most_past_ = most_past_;
  while (group.past_.size() > most_past_) group.past_.pop_front();
  for (const auto& [number, secret] : resumptions_) {
    group.resumptions_.emplace_back(number, secret.clone());
  }
  group.resumptions_.emplace_back(epoch(), secrets_.resumption_psk.clone());
  while (group.resumptions_.size() > kPastResumptions) group.resumptions_.pop_front();
  return group;
}

void Group::become(Group&& next) {
  // Messages that came after the commit was made have used keys up; it knows of none of them.
  for (PastEpoch& past : next.past_) {
    if (past.epoch == epoch()) past.message_keys = std::move(message_keys_);
    const auto here = std::ranges::find(past_, past.epoch, &PastEpoch::epoch);
    if (here != past_.end()) past.message_keys = std::move(here->message_keys);
  }
  *this = std::move(next);
}

std::vector<KeyPart> Group::take_changed_keys() {
  std::vector<KeyPart> parts;
  const auto collect = [&](std::uint64_t of_epoch, SecretTree& keys) {
    const SecretTree::Changes changes = keys.take_changes();
    if (changes.nodes) parts.push_back({of_epoch, std::nullopt});
    for (const std::uint32_t leaf : changes.leaves) parts.push_back({of_epoch, leaf});
  };
  for (PastEpoch& past : past_) collect(past.epoch, past.message_keys);
  collect(epoch(), message_keys_);
  return parts;
}

bool Group::has_epoch(std::uint64_t number) const {
  return number == epoch() || std::ranges::find(past_, number, &PastEpoch::epoch) != past_.end();
}

void Group::forget_past_epoch(std::uint64_t number) {
  std::erase_if(past_, [&](const PastEpoch& past) { return past.epoch == number; });
}

Result<Group> Group::create(Rng& rng, Bytes group_id, KeyPackageKeys creator, Extensions extensions,
                            Policy policy) {
  PARLEY_TRY(check_keys(creator));
  PARLEY_TRY(validate_extensions(extensions));
  RatchetTree tree;
  auto index = tree.add(std::make_shared<LeafNode>(creator.key_package.leaf_node));
  if (!index) return index.error();
  GroupContext context;
  context.group_id = std::move(group_id);
  context.tree_hash = to_bytes(tree.root_hash());
  context.extensions = std::move(extensions);
  PARLEY_TRY(validate_leaf(
      creator.key_package.leaf_node,
      {context.group_id, *index, context.extensions, policy.now_s, policy.max_lifetime_s}));
  PublicGroup group(std::move(context), std::move(tree), policy);
  Secret epoch_secret;
  rng.fill(epoch_secret.write());
  EpochSecrets secrets = EpochSecrets::from_epoch_secret(epoch_secret);
  Bytes tag = secrets.confirmation_tag({});
  group.set_interim_transcript_hash(interim_transcript_hash({}, tag));
  return Group(std::move(group), std::move(secrets), TreeKeys(*index, std::move(creator.leaf_key)),
               std::move(creator.signing_key), std::move(tag));
}

Result<Group> Group::join(const Welcome& welcome, const KeyPackageKeys& keys,
                          std::optional<ByteView> ratchet_tree, const PskLookup& psks,
                          Policy policy) {
  PARLEY_TRY(check_keys(keys));
  auto opened = open_welcome(welcome, keys, psks);
  if (!opened) return opened.error();
  auto group = PublicGroup::join(opened->group_info, ratchet_tree, policy);
  if (!group) return group.error();
  const LeafNode& own_leaf = keys.key_package.leaf_node;
  std::optional<LeafIndex> own;
  group->tree().for_each_leaf([&](LeafIndex index, const LeafNode& leaf) {
    if (leaf == own_leaf) own = index;
  });
  if (!own) return invalid("12.4.3.1: the new member's leaf is not in the tree");

  EpochSecrets secrets = EpochSecrets::from_joiner(opened->joiner_secret, opened->psk_secret,
                                                   group->encoded_context());
  const GroupInfo& info = opened->group_info;
  if (!crypto::constant_time_equal(
          secrets.confirmation_tag(info.group_context.confirmed_transcript_hash),
          info.confirmation_tag)) {
    return invalid("12.4.3.1: a welcome's confirmation tag does not hold");
  }
  TreeKeys tree_keys(*own, keys.leaf_key.clone());
  if (opened->path_secret) {
    if (info.signer == *own) return invalid("12.4.3.1: a new member welcomes itself");
    auto derived =
        derive_path(group->tree(), group->tree().filtered_path(info.signer),
                    common_ancestor(*own, info.signer), std::move(*opened->path_secret), tree_keys);
    if (!derived) return derived.error();
  }
  return Group(std::move(*group), std::move(secrets), std::move(tree_keys),
               keys.signing_key.clone(), info.confirmation_tag);
}

GroupInfo Group::group_info(bool with_tree) const {
  GroupInfo info;
  info.group_context = public_.context();
  const auto external = secrets_.external_key_pair();
  Writer external_pub;
  external_pub.opaque(external.public_key);
  info.extensions.push_back({ExtensionType::kExternalPub, external_pub.take()});
  if (with_tree) info.extensions.push_back({ExtensionType::kRatchetTree, public_.tree().encode()});
  info.confirmation_tag = confirmation_tag_;
  info.signer = own_leaf();
  sign_group_info(info, signing_key_);
  return info;
}

std::optional<crypto::SecretBytes> Group::resumption_psk(std::uint64_t of_epoch) const {
  if (of_epoch == epoch()) return crypto::SecretBytes(secrets_.resumption_psk.expose());
  for (const auto& [number, secret] : resumptions_) {
    if (number == of_epoch) return crypto::SecretBytes(secret.expose());
  }
  return std::nullopt;
}

Result<Secret> Group::psk_secret(std::span<const PreSharedKeyId> ids, const PskLookup& psks) const {
  return combine_known_psks(ids, [&](const PreSharedKeyId& id) {
    if (id.type == PskType::kResumption && id.group_id == public_.context().group_id) {
      if (auto known = resumption_psk(id.epoch)) return known;
    }
    return psks(id);
  });
}

std::vector<ProposalOrRef> Group::select(const std::vector<ProposalOrRef>& proposals,
                                         const PskLookup& psks) const {
  // In the order in which they are preferred; one that does not go with those before it is left
  // out.
  const auto rank = [this](const ProposalOrRef& entry) {
    const auto* ref = std::get_if<ProposalRef>(&entry.body);
    if (ref == nullptr) return 0;
    const ProposalType type = public_.proposals().at(*ref).proposal.type();
    if (type == ProposalType::kRemove) return 1;
    return type == ProposalType::kReInit ? 3 : 2;
  };
  std::vector<ProposalOrRef> ordered = proposals;
  std::ranges::stable_sort(ordered, {}, rank);
  std::vector<ProposalOrRef> selected;
  for (ProposalOrRef& entry : ordered) {
    const bool by_value = rank(entry) == 0;
    selected.push_back(std::move(entry));
    if (by_value) continue;
    const auto applied = public_.apply(selected, {SenderType::kMember, own_leaf(), 0});
    if (!applied || !psk_secret(applied->psks, psks)) selected.pop_back();
  }
  return selected;
}

// ---- sending ----

AuthenticatedContent Group::sign(WireFormat format, Content content,
                                 Bytes authenticated_data) const {
  FramedContent framed;
  framed.group_id = public_.context().group_id;
  framed.epoch = epoch();
  framed.sender = {SenderType::kMember, own_leaf(), 0};
  framed.authenticated_data = std::move(authenticated_data);
  framed.content = std::move(content);
  return sign_content(format, std::move(framed), signing_key_, public_.encoded_context());
}

Result<Bytes> Group::frame(Rng& rng, AuthenticatedContent content) {
  Message message;
  if (content.wire_format == WireFormat::kPublicMessage) {
    message.body =
        protect_public(std::move(content), secrets_.membership_key, public_.encoded_context());
  } else {
    auto sealed = protect_private(rng, content, secrets_.sender_data_secret, message_keys_);
    if (!sealed) return sealed.error();
    message.body = std::move(*sealed);
  }
  return encode(message);
}

Result<Bytes> Group::propose(Rng& rng, Proposal proposal, WireFormat format) {
  PARLEY_TRY(public_.check_open());
  AuthenticatedContent content = sign(format, std::move(proposal), {});
  auto ref = public_.keep_proposal(content);
  if (!ref) return ref.error();
  return frame(rng, std::move(content));
}

Result<Bytes> Group::propose_update(Rng& rng, WireFormat format) {
  PARLEY_TRY(public_.check_open());
  auto key = crypto::KemKeyPair::generate(rng);
  LeafNode leaf = *public_.tree().leaf(own_leaf());
  leaf.encryption_key = to_bytes(key.public_key);
  leaf.source = LeafNodeSource::kUpdate;
  leaf.lifetime = {};
  leaf.parent_hash.clear();
  leaf.signature =
      to_bytes(sign_with_label(signing_key_, "LeafNodeTBS",
                               leaf_to_be_signed(leaf, public_.context().group_id, own_leaf())));
  AuthenticatedContent content =
      sign(format, Proposal{Update{std::make_shared<LeafNode>(std::move(leaf))}}, {});
  auto ref = public_.keep_proposal(content);
  if (!ref) return ref.error();
  own_updates_.insert_or_assign(*ref, std::move(key));
  return frame(rng, std::move(content));
}

Result<Bytes> Group::protect(Rng& rng, ByteView data, Bytes authenticated_data) {
  PARLEY_TRY(public_.check_open());
  return frame(rng, sign(WireFormat::kPrivateMessage, ApplicationData{to_bytes(data)},
                         std::move(authenticated_data)));
}

Result<PendingCommit> Group::commit(Rng& rng, CommitOptions options, const PskLookup& psks) {
  PARLEY_TRY(public_.check_open());
  Commit commit;
  if (options.include_open) {
    for (const auto& [ref, sent] : public_.proposals()) {
      // An own update is made good by the path.
      if (sent.sender == Sender{SenderType::kMember, own_leaf(), 0} &&
          sent.proposal.type() == ProposalType::kUpdate) {
        continue;
      }
      commit.proposals.push_back({ref});
    }
  }
  for (Proposal& proposal : options.proposals) commit.proposals.push_back({std::move(proposal)});

  const Sender self{SenderType::kMember, own_leaf(), 0};
  auto applied = public_.apply(commit.proposals, self);
  auto psk = applied ? psk_secret(applied->psks, psks) : applied.error();
  if (!psk && options.include_open) {
    commit.proposals = select(commit.proposals, psks);
    applied = public_.apply(commit.proposals, self);
    psk = applied ? psk_secret(applied->psks, psks) : applied.error();
  }
  if (!psk) return psk.error();
  RatchetTree tree = applied->tree;
  TreeKeys keys = keys_.clone();
  std::optional<NewPath> path;
  Secret commit_secret;
  if (applied->needs_path || options.renew_path) {
    path = make_path(rng, tree, own_leaf(), *tree.leaf(own_leaf()), signing_key_,
                     public_.context().group_id);
    tree = path->tree;
    keep_path(*path, keys);
    commit_secret = path->commit_secret.clone();
  }
  GroupContext next = public_.provisional_context(applied->extensions, tree);
  if (path) {
    auto update = encrypt_path(rng, *path, applied->tree, applied->added, own_leaf(), encode(next));
    if (!update) return update.error();
    commit.path = std::move(*update);
  }

  AuthenticatedContent content =
      sign(options.format, std::move(commit), std::move(options.authenticated_data));
  next.confirmed_transcript_hash =
      confirmed_transcript_hash(public_.interim_transcript_hash(), content);
  const Bytes encoded = encode(next);
  const Secret joiner = joiner_secret(secrets_.init_secret, commit_secret, encoded);
  EpochSecrets secrets = EpochSecrets::from_joiner(joiner, *psk, encoded);
  content.auth.confirmation_tag = secrets.confirmation_tag(next.confirmed_transcript_hash);
  Bytes tag = content.auth.confirmation_tag;

  auto message = frame(rng, std::move(content));
  if (!message) return message.error();
  keys.prune(tree);
  Group group =
      advance(public_.advance(std::move(next), std::move(tree), tag, applied->reinit.has_value()),
              std::move(secrets), std::move(keys), tag);
  PendingCommit pending{std::move(*message), std::nullopt, std::move(group)};
  if (!applied->added.empty()) {
    auto welcome = make_welcome(rng, pending.next.group_info(options.tree_in_welcome), joiner, *psk,
                                *applied, path ? &*path : nullptr, own_leaf());
    if (!welcome) return welcome.error();
    Message wrapped;
    wrapped.body = std::move(*welcome);
    pending.welcome = encode(wrapped);
  }
  return pending;
}

Result<PendingCommit> Group::join_external(Rng& rng, const GroupInfo& info,
                                           std::optional<ByteView> ratchet_tree,
                                           const crypto::SigningKey& signing_key,
                                           const Identity& identity,
                                           std::optional<LeafIndex> replaces,
                                           std::vector<PreSharedKeyId> psk_ids,
                                           const PskLookup& psks, Policy policy) {
  auto group = PublicGroup::join(info, ratchet_tree, policy);
  if (!group) return group.error();
  const Extension* external = find_extension(info.extensions, ExtensionType::kExternalPub);
  if (external == nullptr) return invalid("12.4.3.2: the group does not allow external commits");
  auto external_pub = decode<Bytes>(external->data);
  if (!external_pub) return external_pub.error();
  auto init = make_external_init(rng, *external_pub);
  if (!init) return init.error();

  Commit commit;
  commit.proposals.push_back({Proposal{ExternalInit{init->kem_output}}});
  if (replaces) commit.proposals.push_back({Proposal{Remove{*replaces}}});
  for (PreSharedKeyId& id : psk_ids) {
    commit.proposals.push_back({Proposal{PreSharedKey{std::move(id)}}});
  }
  LeafNode leaf;
  leaf.credential = identity.credential;
  leaf.capabilities = with_grease(rng, identity.capabilities);
  leaf.extensions = identity.leaf_extensions;
  PARLEY_TRY(validate_support(leaf, group->context().extensions));
  const Sender self{SenderType::kNewMemberCommit, {}, 0};
  auto applied = group->apply(commit.proposals, self, &leaf);
  if (!applied) return applied.error();
  // The leaf is in the tree before its path is made; its keys come with the path.
  RatchetTree before = applied->tree;
  auto own = before.add(std::make_shared<LeafNode>(leaf));
  if (!own) return own.error();
  const NewPath path = make_path(rng, before, *own, leaf, signing_key, group->context().group_id);
  PARLEY_TRY(validate_members(path.tree, policy.unique_identities));
  GroupContext next = group->provisional_context(applied->extensions, path.tree);
  auto update = encrypt_path(rng, path, before, {}, *own, encode(next));
  if (!update) return update.error();
  commit.path = std::move(*update);
  auto psk = combine_known_psks(applied->psks, psks);
  if (!psk) return psk.error();

  FramedContent framed;
  framed.group_id = group->context().group_id;
  framed.epoch = group->context().epoch;
  framed.sender = self;
  framed.content = std::move(commit);
  AuthenticatedContent content = sign_content(WireFormat::kPublicMessage, std::move(framed),
                                              signing_key, group->encoded_context());
  next.confirmed_transcript_hash =
      confirmed_transcript_hash(group->interim_transcript_hash(), content);
  const Bytes encoded = encode(next);
  const Secret joiner = joiner_secret(init->init_secret, path.commit_secret, encoded);
  EpochSecrets secrets = EpochSecrets::from_joiner(joiner, *psk, encoded);
  content.auth.confirmation_tag = secrets.confirmation_tag(next.confirmed_transcript_hash);
  Bytes tag = content.auth.confirmation_tag;
  TreeKeys keys(*own, path.leaf_key.clone());
  keep_path(path, keys);
  Message message;
  message.body = protect_public(std::move(content), {}, {});
  return PendingCommit{encode(message), std::nullopt,
                       Group(group->advance(std::move(next), path.tree, tag, false),
                             std::move(secrets), std::move(keys), signing_key.clone(), tag)};
}

// ---- receiving ----

Result<Processed> Group::process(ByteView bytes, const PskLookup& psks) {
  auto message = decode<Message>(bytes);
  if (!message) return message.error();
  return process(std::move(*message), psks);
}

Result<Processed> Group::process(Message message, const PskLookup& psks) {
  if (auto* open = std::get_if<PublicMessage>(&message.body)) {
    if (open->content.group_id != public_.context().group_id) {
      return invalid("6: a message for another group");
    }
    if (open->content.epoch != epoch()) return invalid("6: a message of another epoch");
    auto content =
        unprotect_public(std::move(*open), secrets_.membership_key, public_.encoded_context());
    if (!content) return content.error();
    return process_handshake(std::move(*content), std::nullopt, psks);
  }
  const auto* sealed = std::get_if<PrivateMessage>(&message.body);
  if (sealed == nullptr) return invalid("6: not a message for the members of a group");
  if (sealed->group_id != public_.context().group_id) {
    return invalid("6: a message for another group");
  }
  if (sealed->content_type == ContentType::kApplication) return process_application(*sealed);
  if (sealed->epoch != epoch()) return invalid("6: a message of another epoch");
  auto opened =
      unprotect_private(*sealed, secrets_.sender_data_secret, message_keys_,
                        [&](LeafIndex leaf) { return public_.tree().leaf(leaf) != nullptr; });
  if (!opened) return opened.error();
  return process_handshake(std::move(opened->content), std::move(opened->key), psks);
}

Result<Processed> Group::process_application(const PrivateMessage& message) {
  const RatchetTree* tree = &public_.tree();
  ByteView context = public_.encoded_context();
  const Secret* sender_data_secret = &secrets_.sender_data_secret;
  SecretTree* keys = &message_keys_;
  if (message.epoch != epoch()) {
    const auto past = std::ranges::find(past_, message.epoch, &PastEpoch::epoch);
    if (past == past_.end()) {
      return invalid("6: a message of an epoch that is to come or too long ago");
    }
    tree = &past->tree;
    context = past->context;
    sender_data_secret = &past->sender_data_secret;
    keys = &past->message_keys;
  }
  auto opened = unprotect_private(message, *sender_data_secret, *keys,
                                  [&](LeafIndex leaf) { return tree->leaf(leaf) != nullptr; });
  if (!opened) return opened.error();
  const LeafIndex sender = opened->content.content.sender.leaf;
  if (!verify_content(opened->content, tree->leaf(sender)->signature_key, context)) {
    return invalid("6.1: a message's signature does not hold");
  }
  keys->accept(std::move(opened->key));
  Bytes& data = std::get<ApplicationData>(opened->content.content.content).data;
  ApplicationMessage received{sender, tree->leaf_ptr(sender), message.epoch,
                              crypto::SecretBytes(data),
                              std::move(opened->content.content.authenticated_data)};
  crypto::wipe(data);
  return Processed(std::move(received));
}

Result<Processed> Group::process_handshake(AuthenticatedContent content,
                                           std::optional<SecretTree::Opening> key,
                                           const PskLookup& psks) {
  PARLEY_TRY(public_.verify(content));
  if (content.type() == ContentType::kCommit) return process_commit(content, psks);
  auto ref = public_.keep_proposal(content);
  if (!ref) return ref.error();
  if (key) message_keys_.accept(std::move(*key));
  return Processed(ProposalReceived{std::move(*ref), content.content.sender,
                                    std::get<Proposal>(content.content.content).type()});
}

Result<Processed> Group::process_commit(const AuthenticatedContent& content,
                                        const PskLookup& psks) {
  const Sender& sender = content.content.sender;
  if (sender == Sender{SenderType::kMember, own_leaf(), 0}) {
    return invalid("12.4.2: an own commit comes back; the state made with it must be installed");
  }
  auto staged = public_.stage(content);
  if (!staged) return staged.error();
  const AppliedProposals& applied = staged->applied;
  if (std::ranges::find(applied.removed, own_leaf()) != applied.removed.end()) {
    return Processed(RemovedFromGroup{staged->committer});
  }

  TreeKeys keys = keys_.clone();
  const Commit& commit = std::get<Commit>(content.content.content);
  for (const ProposalOrRef& entry : commit.proposals) {
    const auto* ref = std::get_if<ProposalRef>(&entry.body);
    if (ref == nullptr) continue;
    if (const auto own = own_updates_.find(*ref); own != own_updates_.end()) {
      keys.put(own_leaf(), own->second.clone());
    }
  }
  Secret commit_secret;
  if (staged->path) {
    auto opened = open_path(*staged->path, applied.tree, *commit.path, applied.added,
                            staged->provisional_context, keys);
    if (!opened) return opened.error();
    commit_secret = std::move(*opened);
  }
  auto psk = psk_secret(applied.psks, psks);
  if (!psk) return psk.error();
  Secret init_secret = secrets_.init_secret.clone();
  if (applied.external_init) {
    auto opened = open_external_init(secrets_.external_key_pair(), *applied.external_init);
    if (!opened) return opened.error();
    init_secret = std::move(*opened);
  }
  const PublicGroup& next = staged->next;
  const Secret joiner = joiner_secret(init_secret, commit_secret, next.encoded_context());
  EpochSecrets secrets = EpochSecrets::from_joiner(joiner, *psk, next.encoded_context());
  if (!crypto::constant_time_equal(
          secrets.confirmation_tag(next.context().confirmed_transcript_hash),
          content.auth.confirmation_tag)) {
    return invalid("12.4.2: a commit's confirmation tag does not hold");
  }
  keys.prune(next.tree());
  EpochChanged changed{staged->committer, applied.added, applied.updated, applied.removed,
                       applied.reinit};
  Group group = advance(std::move(staged->next), std::move(secrets), std::move(keys),
                        content.auth.confirmation_tag);
  become(std::move(group));
  return Processed(std::move(changed));
}

}  // namespace parley::mls
