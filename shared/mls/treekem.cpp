#include "shared/mls/treekem.hpp"

#include <algorithm>

#include "shared/mls/validation.hpp"

namespace parley::mls {
namespace {

using PathStep = RatchetTree::PathStep;

crypto::KemKeyPair node_key(const Secret& path_secret) {
  return derive_key_pair(derive_secret(path_secret, "node"));
}

// Section 7.9: fills in parent hashes from the root down; returns the leaf's.
Bytes link_parents(const RatchetTree& before, std::span<const PathStep> steps,
                   std::span<const std::shared_ptr<ParentNode>> parents) {
  Bytes hash;  // of the root: empty
  for (std::size_t i = steps.size(); i > 0; --i) {
    parents[i - 1]->parent_hash = std::move(hash);
    hash = to_bytes(before.parent_hash(*parents[i - 1], steps[i - 1].copath_child));
  }
  return hash;
}

// Who gets the path secret of a step: the resolution without those who join (`added`, ascending).
std::vector<NodeIndex> recipients(const RatchetTree& before, const PathStep& step,
                                  std::span<const LeafIndex> added) {
  std::vector<NodeIndex> nodes = before.resolution(step.copath_child);
  std::erase_if(nodes, [&](NodeIndex node) {
    return node.is_leaf() && std::ranges::binary_search(added, node.leaf());
  });
  return nodes;
}

ByteView public_key_at(const RatchetTree& tree, NodeIndex node) {
  if (!node.is_leaf()) {
    const ParentNode* parent = tree.parent(node);
    return parent == nullptr ? ByteView() : ByteView(parent->encryption_key);
  }
  const LeafNode* leaf = tree.leaf(node.leaf());
  return leaf == nullptr ? ByteView() : ByteView(leaf->encryption_key);
}

}  // namespace

TreeKeys::TreeKeys(LeafIndex own, crypto::KemKeyPair leaf_key) : own_(own) {
  put(own, std::move(leaf_key));
}

const crypto::KemKeyPair* TreeKeys::find(const RatchetTree& tree, NodeIndex node) const {
  const auto found = keys_.find(node);
  if (found == keys_.end()) return nullptr;
  return std::ranges::equal(found->second.public_key, public_key_at(tree, node)) ? &found->second
                                                                                 : nullptr;
}

void TreeKeys::prune(const RatchetTree& tree) {
  std::erase_if(keys_, [&](const auto& entry) { return find(tree, entry.first) == nullptr; });
}

TreeKeys TreeKeys::clone() const {
  TreeKeys copy;
  copy.own_ = own_;
  for (const auto& [node, key] : keys_) copy.keys_.emplace(node, key.clone());
  return copy;
}

NewPath make_path(Rng& rng, const RatchetTree& tree, LeafIndex own, LeafNode leaf,
                  const crypto::SigningKey& signing_key, ByteView group_id) {
  NewPath path;
  path.steps = tree.filtered_path(own);
  Secret secret;
  rng.fill(secret.write());
  std::vector<std::shared_ptr<ParentNode>> parents;
  for (std::size_t i = 0; i < path.steps.size(); ++i) {
    auto parent = std::make_shared<ParentNode>();
    path.node_keys.push_back(node_key(secret));
    parent->encryption_key = to_bytes(path.node_keys.back().public_key);
    parents.push_back(std::move(parent));
    path.path_secrets.push_back(secret.clone());
    secret = derive_secret(secret, "path");
  }
  path.commit_secret = path.steps.empty() ? derive_secret(secret, "path") : std::move(secret);
  path.leaf_key = crypto::KemKeyPair::generate(rng);

  leaf.encryption_key = to_bytes(path.leaf_key.public_key);
  leaf.signature_key = to_bytes(signing_key.public_key());
  leaf.source = LeafNodeSource::kCommit;
  leaf.lifetime = {};
  leaf.parent_hash = link_parents(tree, path.steps, parents);
  leaf.signature =
      to_bytes(sign_with_label(signing_key, "LeafNodeTBS", leaf_to_be_signed(leaf, group_id, own)));
  path.parents.assign(parents.begin(), parents.end());
  path.tree = tree;
  path.tree.merge_path(own, std::make_shared<LeafNode>(std::move(leaf)), path.parents);
  return path;
}

Result<UpdatePath> encrypt_path(Rng& rng, const NewPath& path, const RatchetTree& before,
                                std::span<const LeafIndex> added, LeafIndex own,
                                ByteView group_context) {
  UpdatePath update;
  update.leaf_node = *path.tree.leaf(own);
  const crypto::HpkeInfo binding = encryption_info("UpdatePathNode", group_context);
  for (std::size_t i = 0; i < path.steps.size(); ++i) {
    UpdatePathNode node;
    node.encryption_key = path.parents[i]->encryption_key;
    for (const NodeIndex recipient : recipients(before, path.steps[i], added)) {
      auto sealed = encrypt_with_info(rng, public_key_at(before, recipient), binding,
                                      path.path_secrets[i].expose());
      if (!sealed) return sealed.error();
      node.encrypted_path_secrets.push_back(std::move(*sealed));
    }
    update.nodes.push_back(std::move(node));
  }
  return update;
}

void keep_path(const NewPath& path, TreeKeys& keys) {
  keys.put(keys.own(), path.leaf_key.clone());
  for (std::size_t i = 0; i < path.steps.size(); ++i) {
    keys.put(path.steps[i].node, path.node_keys[i].clone());
  }
  keys.prune(path.tree);
}

Result<MergedPath> merge_update_path(const RatchetTree& before, LeafIndex sender,
                                     const UpdatePath& path, std::span<const LeafIndex> added,
                                     const KeySet& used) {
  MergedPath merged;
  merged.steps = before.filtered_path(sender);
  if (path.nodes.size() != merged.steps.size()) {
    return invalid("12.4.2: an update path has not the length of the sender's filtered path");
  }
  if (path.leaf_node.source != LeafNodeSource::kCommit) {
    return invalid("12.4.2: an update path's leaf is not made for a commit");
  }
  std::vector<std::shared_ptr<ParentNode>> parents;
  const auto is_new = [&](ByteView key) { return !used.contains(key); };
  if (!is_new(path.leaf_node.encryption_key)) {
    return invalid("12.4.2: an update path's leaf uses a key that is in the tree");
  }
  for (std::size_t i = 0; i < merged.steps.size(); ++i) {
    const UpdatePathNode& node = path.nodes[i];
    if (!crypto::parse_kem_public_key(node.encryption_key)) {
      return invalid("7.1: an update path's key is not a usable X25519 key");
    }
    if (!is_new(node.encryption_key)) {
      return invalid("12.4.2: an update path uses a key that is in the tree");
    }
    if (node.encrypted_path_secrets.size() != recipients(before, merged.steps[i], added).size()) {
      return invalid("12.4.2: an update path is not encrypted to each recipient once");
    }
    auto parent = std::make_shared<ParentNode>();
    parent->encryption_key = node.encryption_key;
    parents.push_back(std::move(parent));
  }
  if (link_parents(before, merged.steps, parents) != path.leaf_node.parent_hash) {
    return invalid("7.9: an update path's parent hash does not hold");
  }
  merged.tree = before;
  const std::vector<ParentPtr> linked(parents.begin(), parents.end());
  merged.tree.merge_path(sender, std::make_shared<LeafNode>(path.leaf_node), linked);
  return merged;
}

Result<Secret> derive_path(const RatchetTree& tree, std::span<const PathStep> steps, NodeIndex from,
                           Secret path_secret, TreeKeys& keys) {
  auto step = std::ranges::find(steps, from, &PathStep::node);
  if (step == steps.end()) return invalid("12.4.3.1: a path secret is for a node off the path");
  for (; step != steps.end(); ++step) {
    crypto::KemKeyPair key = node_key(path_secret);
    if (!std::ranges::equal(key.public_key, public_key_at(tree, step->node))) {
      return invalid("12.4.2: a path secret does not give the public key in the tree");
    }
    keys.put(step->node, std::move(key));
    path_secret = derive_secret(path_secret, "path");
  }
  return path_secret;
}

Result<Secret> open_path(const MergedPath& merged, const RatchetTree& before,
                         const UpdatePath& path, std::span<const LeafIndex> added,
                         ByteView group_context, TreeKeys& keys) {
  const auto step = std::ranges::find_if(
      merged.steps, [&](const PathStep& one) { return one.copath_child.is_above(keys.own()); });
  if (step == merged.steps.end()) return invalid("12.4.2: the path does not cover this member");
  const auto& secrets =
      path.nodes[static_cast<std::size_t>(step - merged.steps.begin())].encrypted_path_secrets;
  const std::vector<NodeIndex> nodes = recipients(before, *step, added);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const crypto::KemKeyPair* key = keys.find(before, nodes[i]);
    if (key == nullptr) continue;
    const auto opened = decrypt_with_label(*key, "UpdatePathNode", group_context, secrets[i]);
    if (!opened) return opened.error();
    if (opened->size() != kHashSize) return invalid("7.6: a path secret has the wrong size");
    return derive_path(merged.tree, merged.steps, step->node,
                       Secret(opened->expose().first<kHashSize>()), keys);
  }
  return Error{ErrorCode::kDecryptionFailed, "no key of this device opens the commit's path", {}};
}

}  // namespace parley::mls
