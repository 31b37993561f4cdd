#include "shared/mls/public_group.hpp"

#include <algorithm>
#include <set>

#include "shared/mls/validation.hpp"

namespace parley::mls {
namespace {

struct Resolved {
  SentProposal sent;
  bool by_reference = false;
};

// Section 12.1.8.1 and 12.1.8.2: who may propose what.
bool may_propose(SenderType sender, ProposalType type) {
  switch (sender) {
    case SenderType::kMember:
      return type != ProposalType::kExternalInit;
    case SenderType::kExternal:
      return type != ProposalType::kUpdate && type != ProposalType::kExternalInit;
    case SenderType::kNewMemberProposal:
      return type == ProposalType::kAdd;
    case SenderType::kNewMemberCommit:
      return type == ProposalType::kExternalInit || type == ProposalType::kRemove ||
             type == ProposalType::kPreSharedKey;
  }
  return false;
}

bool needs_path(ProposalType type) {
  return type == ProposalType::kUpdate || type == ProposalType::kRemove ||
         type == ProposalType::kExternalInit || type == ProposalType::kGroupContextExtensions;
}

Status check_psk(const PreSharedKeyId& id) {
  if (id.nonce.size() != kHashSize) return invalid("12.1.4: a PSK's nonce has the wrong size");
  if (id.type == PskType::kResumption && id.usage != ResumptionUsage::kApplication) {
    return invalid("12.1.4: a PSK for reinitialisation or branching in a commit");
  }
  return {};
}

// Extensions that say something to everybody must at least be readable.
Status check_context_extensions(std::span<const Extension> extensions) {
  PARLEY_TRY(validate_extensions(extensions));
  for (const Extension& extension : extensions) {
    if (extension.type == ExtensionType::kRequiredCapabilities) {
      const auto content = decode<RequiredCapabilities>(extension.data);
      if (!content) return content.error();
    } else if (extension.type == ExtensionType::kExternalSenders) {
      const auto content = decode<std::vector<ExternalSender>>(extension.data);
      if (!content) return content.error();
    }
  }
  return {};
}

}  // namespace

PublicGroup::PublicGroup(GroupContext context, RatchetTree tree, Policy policy)
    : policy_(policy),
      context_(std::move(context)),
      encoded_context_(encode(context_)),
      tree_(std::move(tree)) {}

Result<PublicGroup> PublicGroup::join(const GroupInfo& info, std::optional<ByteView> tree,
                                      Policy policy) {
  const GroupContext& context = info.group_context;
  if (context.version != ProtocolVersion::kMls10 ||
      context.cipher_suite != CipherSuite::kX25519ChaCha20) {
    return invalid("12.4.3.1: a group of another version or ciphersuite");
  }
  if (const Extension* extension = find_extension(info.extensions, ExtensionType::kRatchetTree)) {
    tree = extension->data;
  }
  if (!tree) return invalid("12.4.3.1: the group's ratchet tree is missing");
  auto decoded = RatchetTree::decode(*tree);
  if (!decoded) return decoded.error();
  const LeafNode* signer = decoded->leaf(info.signer);
  if (signer == nullptr) return invalid("12.4.3.1: the signer of a group info is not a member");
  Writer to_be_signed;
  GroupInfo::content(info, to_be_signed);
  if (!verify_with_label(signer->signature_key, "GroupInfoTBS", to_be_signed.bytes(),
                         info.signature)) {
    return invalid("12.4.3.1: a group info's signature does not hold");
  }
  if (!std::ranges::equal(decoded->root_hash(), context.tree_hash)) {
    return invalid("12.4.3.1: the tree is not the one of the group's context");
  }
  PARLEY_TRY(validate_extensions(info.extensions));
  PARLEY_TRY(check_context_extensions(context.extensions));
  PARLEY_TRY(
      validate_tree(*decoded, context.group_id, context.extensions, policy.unique_identities));
  PublicGroup group(context, std::move(*decoded), policy);
  group.interim_transcript_hash_ =
      mls::interim_transcript_hash(context.confirmed_transcript_hash, info.confirmation_tag);
  return group;
}

// ---- senders ----

Result<Bytes> PublicGroup::signature_key(const AuthenticatedContent& message) const {
  const FramedContent& content = message.content;
  const bool is_commit = message.type() == ContentType::kCommit;
  const auto* proposal = std::get_if<Proposal>(&content.content);
  switch (content.sender.type) {
    case SenderType::kMember: {
      const LeafNode* leaf = tree_.leaf(content.sender.leaf);
      if (leaf == nullptr) return invalid("6.1: the sender is not a member");
      return leaf->signature_key;
    }
    case SenderType::kExternal: {
      if (proposal == nullptr) return invalid("6: an external sender may only propose");
      const Extension* senders =
          find_extension(context_.extensions, ExtensionType::kExternalSenders);
      if (senders == nullptr) return invalid("12.1.8.1: the group has no external senders");
      const auto list = decode<std::vector<ExternalSender>>(senders->data);
      if (!list) return list.error();
      if (content.sender.index >= list->size()) {
        return invalid("12.1.8.1: the group has no such external sender");
      }
      return (*list)[content.sender.index].signature_key;
    }
    case SenderType::kNewMemberProposal: {
      const auto* add = proposal == nullptr ? nullptr : std::get_if<Add>(&proposal->body);
      if (add == nullptr) return invalid("12.1.8: a new member may only propose its own addition");
      return add->key_package->leaf_node.signature_key;
    }
    case SenderType::kNewMemberCommit: {
      if (!is_commit) return invalid("6: a new member's commit is no commit");
      const auto& path = std::get<Commit>(content.content).path;
      if (!path) return invalid("12.4.3.2: an external commit without a path");
      return path->leaf_node.signature_key;
    }
  }
  return invalid("6: a sender of an unknown type");
}

Status PublicGroup::check_open() const {
  if (closed_) return invalid("12.4.2: the group was closed for another one");
  return {};
}

Status PublicGroup::verify(const AuthenticatedContent& message) const {
  const FramedContent& content = message.content;
  PARLEY_TRY(check_open());
  if (content.group_id != context_.group_id) return invalid("6: a message for another group");
  if (content.epoch != context_.epoch) return invalid("6: a message of another epoch");
  if (message.type() == ContentType::kApplication && content.sender.type != SenderType::kMember) {
    return invalid("6: application data from somebody who is not a member");
  }
  if (message.type() == ContentType::kCommit && message.auth.confirmation_tag.size() != kHashSize) {
    return invalid("6.1: a confirmation tag has the wrong size");
  }
  const auto key = signature_key(message);
  if (!key) return key.error();
  if (!verify_content(message, *key, encoded_context_)) {
    return invalid("6.1: a message's signature does not hold");
  }
  return {};
}

// ---- proposals ----

// Section 5.3.1: whether a leaf may take another one's place.
Status PublicGroup::check_successor(const LeafNode& old, const LeafNode& replacement) const {
  if (policy_.unique_identities && old.credential != replacement.credential) {
    return invalid("5.3.1: a member's leaf is replaced by one of another identity");
  }
  return {};
}

// What can be said of a proposal alone (section 12.1).
Status PublicGroup::check_proposal(const SentProposal& sent,
                                   std::span<const Extension> extensions) const {
  const Sender& sender = sent.sender;
  if (!may_propose(sender.type, sent.proposal.type())) {
    return invalid("12.1.8: this sender may not propose that");
  }
  const LeafContext leaf_context{context_.group_id, sender.leaf, extensions, policy_.now_s,
                                 policy_.max_lifetime_s};
  if (const auto* add = std::get_if<Add>(&sent.proposal.body)) {
    return validate_key_package(*add->key_package, leaf_context);
  }
  if (const auto* update = std::get_if<Update>(&sent.proposal.body)) {
    const LeafNode* current = tree_.leaf(sender.leaf);
    if (current == nullptr) return invalid("12.1.2: an update of somebody who is not a member");
    if (update->leaf_node->source != LeafNodeSource::kUpdate) {
      return invalid("7.3: an update's leaf is not made for one");
    }
    if (update->leaf_node->encryption_key == current->encryption_key) {
      return invalid("7.3: an update keeps the encryption key");
    }
    PARLEY_TRY(check_successor(*current, *update->leaf_node));
    return validate_leaf(*update->leaf_node, leaf_context);
  }
  if (const auto* remove = std::get_if<Remove>(&sent.proposal.body)) {
    if (tree_.leaf(remove->removed) == nullptr) {
      return invalid("12.1.3: a removal of somebody who is not a member");
    }
  } else if (const auto* psk = std::get_if<PreSharedKey>(&sent.proposal.body)) {
    return check_psk(psk->psk);
  } else if (const auto* reinit = std::get_if<ReInit>(&sent.proposal.body)) {
    if (reinit->version < context_.version) {
      return invalid("12.1.5: a reinitialisation with an older version");
    }
    return validate_extensions(reinit->extensions);
  } else if (const auto* change = std::get_if<GroupContextExtensions>(&sent.proposal.body)) {
    return check_context_extensions(change->extensions);
  }
  return {};
}

Result<ProposalRef> PublicGroup::keep_proposal(const AuthenticatedContent& message) {
  const auto* proposal = std::get_if<Proposal>(&message.content.content);
  if (proposal == nullptr) return ErrorCode::kInvalidArgument;
  if (proposals_.size() >= kMaxOpenProposals) {
    return Error{ErrorCode::kTooLarge, "too many open proposals", {}};
  }
  SentProposal sent{*proposal, message.content.sender};
  PARLEY_TRY(check_proposal(sent, context_.extensions));
  ProposalRef ref = proposal_ref(message);
  proposals_.insert_or_assign(ref, std::move(sent));
  return ref;
}

Result<AppliedProposals> PublicGroup::apply(const std::vector<ProposalOrRef>& proposals,
                                            const Sender& committer, const LeafNode* joiner) const {
  if (proposals.size() > kMaxProposals) {
    return Error{ErrorCode::kTooLarge, "too many proposals in a commit", {}};
  }
  const bool is_external = committer.type == SenderType::kNewMemberCommit;

  std::vector<Resolved> resolved;
  resolved.reserve(proposals.size());
  for (const ProposalOrRef& entry : proposals) {
    if (const auto* proposal = std::get_if<Proposal>(&entry.body)) {
      resolved.push_back({{*proposal, committer}, false});
      continue;
    }
    if (is_external) return invalid("12.4.3.2: an external commit refers to a proposal");
    const auto found = proposals_.find(std::get<ProposalRef>(entry.body));
    if (found == proposals_.end()) return invalid("12.4.2: a commit refers to an unknown proposal");
    resolved.push_back({found->second, true});
  }

  AppliedProposals applied;
  applied.tree = tree_;
  applied.extensions = context_.extensions;
  applied.needs_path = proposals.empty() || is_external;

  // The list as a whole (section 12.2).
  std::set<LeafIndex> changed;
  bool changes_extensions = false;
  for (const Resolved& one : resolved) {
    const Proposal& proposal = one.sent.proposal;
    applied.needs_path |= needs_path(proposal.type());
    if (std::holds_alternative<Update>(proposal.body)) {
      if (one.sent.sender == committer)
        return invalid("12.2: a committer updates itself by proposal");
      if (!changed.insert(one.sent.sender.leaf).second) {
        return invalid("12.2: a member is updated or removed twice");
      }
    } else if (const auto* remove = std::get_if<Remove>(&proposal.body)) {
      if (committer.type == SenderType::kMember && remove->removed == committer.leaf) {
        return invalid("12.2: a committer removes itself");
      }
      if (!changed.insert(remove->removed).second) {
        return invalid("12.2: a member is updated or removed twice");
      }
      if (is_external && changed.size() > 1) {
        return invalid("12.2: an external commit removes more than one member");
      }
    } else if (const auto* psk = std::get_if<PreSharedKey>(&proposal.body)) {
      if (std::ranges::find(applied.psks, psk->psk) != applied.psks.end()) {
        return invalid("12.2: a PSK is named twice");
      }
      if (applied.psks.size() >= kMaxPsks) {
        return Error{ErrorCode::kTooLarge, "too many PSKs in a commit", {}};
      }
      applied.psks.push_back(psk->psk);
    } else if (const auto* reinit = std::get_if<ReInit>(&proposal.body)) {
      if (resolved.size() > 1) return invalid("12.2: a reinitialisation beside other proposals");
      applied.reinit = *reinit;
    } else if (const auto* init = std::get_if<ExternalInit>(&proposal.body)) {
      if (!is_external) return invalid("12.2: an external init in a member's commit");
      if (applied.external_init) return invalid("12.2: two external inits");
      applied.external_init = init->kem_output;
    } else if (const auto* change = std::get_if<GroupContextExtensions>(&proposal.body)) {
      if (changes_extensions) return invalid("12.2: the group's extensions are changed twice");
      changes_extensions = true;
      applied.extensions = change->extensions;
    }
  }
  if (is_external && !applied.external_init) {
    return invalid("12.2: an external commit without an external init");
  }

  // Each for itself, under the extensions that will be in force. What was referred to was checked
  // when it came, but for new extensions.
  for (const Resolved& one : resolved) {
    if (!one.by_reference || changes_extensions) {
      PARLEY_TRY(check_proposal(one.sent, applied.extensions));
    }
  }

  // In the order of section 12.3.
  for (const Resolved& one : resolved) {
    if (const auto* update = std::get_if<Update>(&one.sent.proposal.body)) {
      applied.tree.update(one.sent.sender.leaf, update->leaf_node);
      applied.updated.push_back(one.sent.sender.leaf);
    }
  }
  for (const Resolved& one : resolved) {
    const auto* remove = std::get_if<Remove>(&one.sent.proposal.body);
    if (remove == nullptr) continue;
    if (joiner != nullptr) {
      // Section 12.2: the joiner's leaf is as good as an update of the one that it removes.
      const LeafNode& old = *tree_.leaf(remove->removed);
      PARLEY_TRY(check_successor(old, *joiner));
      if (old.encryption_key == joiner->encryption_key) {
        return invalid("12.2: an external commit keeps the encryption key of the leaf it removes");
      }
    }
    applied.tree.remove(remove->removed);
    applied.removed.push_back(remove->removed);
  }
  for (const Resolved& one : resolved) {
    const auto* add = std::get_if<Add>(&one.sent.proposal.body);
    if (add == nullptr) continue;
    auto index = applied.tree.add(
        std::shared_ptr<const LeafNode>(add->key_package, &add->key_package->leaf_node));
    if (!index) return index.error();
    applied.added.push_back(*index);
    applied.added_packages.push_back(add->key_package);
  }
  if (changes_extensions) {
    Status status;
    applied.tree.for_each_leaf([&](LeafIndex, const LeafNode& leaf) {
      if (status) status = validate_support(leaf, applied.extensions);
    });
    PARLEY_TRY(status);
  }
  PARLEY_TRY(validate_members(applied.tree, policy_.unique_identities));
  return applied;
}

// ---- commits ----

GroupContext PublicGroup::provisional_context(const Extensions& extensions,
                                              const RatchetTree& tree) const {
  GroupContext next = context_;
  ++next.epoch;
  next.tree_hash = to_bytes(tree.root_hash());
  next.extensions = extensions;
  return next;
}

PublicGroup PublicGroup::advance(GroupContext context, RatchetTree tree, ByteView confirmation_tag,
                                 bool closed) const {
  PublicGroup next(std::move(context), std::move(tree), policy_);
  next.closed_ = closed;
  next.interim_transcript_hash_ =
      mls::interim_transcript_hash(next.context_.confirmed_transcript_hash, confirmation_tag);
  return next;
}

Result<StagedCommit> PublicGroup::stage(const AuthenticatedContent& message) const {
  const auto* commit = std::get_if<Commit>(&message.content.content);
  if (commit == nullptr) return ErrorCode::kInvalidArgument;
  const Sender& sender = message.content.sender;
  const bool is_external = sender.type == SenderType::kNewMemberCommit;
  if (!is_external && sender.type != SenderType::kMember) {
    return invalid("6: a commit from somebody who may not commit");
  }
  const LeafNode* joiner = is_external && commit->path ? &commit->path->leaf_node : nullptr;
  auto applied = apply(commit->proposals, sender, joiner);
  if (!applied) return applied.error();
  if (applied->needs_path && !commit->path) return invalid("12.4: a commit lacks its path");

  LeafIndex committer = sender.leaf;
  RatchetTree tree = applied->tree;
  std::optional<MergedPath> merged;
  if (commit->path) {
    const KeySet used = tree.encryption_keys();
    if (!is_external) {
      PARLEY_TRY(check_successor(*tree.leaf(committer), commit->path->leaf_node));
    } else {
      auto index = tree.add(std::make_shared<LeafNode>(commit->path->leaf_node));
      if (!index) return index.error();
      committer = *index;
      applied->tree = tree;
    }
    auto path = merge_update_path(tree, committer, *commit->path, applied->added, used);
    if (!path) return path.error();
    PARLEY_TRY(validate_leaf(
        commit->path->leaf_node,
        {context_.group_id, committer, applied->extensions, std::nullopt, kAnyLifetime}));
    PARLEY_TRY(validate_members(path->tree, policy_.unique_identities));
    merged = std::move(*path);
    tree = merged->tree;
  }
  GroupContext next = provisional_context(applied->extensions, tree);
  Bytes provisional = encode(next);
  next.confirmed_transcript_hash = confirmed_transcript_hash(interim_transcript_hash_, message);
  PublicGroup after = advance(std::move(next), std::move(tree), message.auth.confirmation_tag,
                              applied->reinit.has_value());
  return StagedCommit{committer, std::move(*applied), std::move(merged), std::move(provisional),
                      std::move(after)};
}

}  // namespace parley::mls
