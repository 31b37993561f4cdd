#include "shared/mls/ratchet_tree.hpp"

#include <algorithm>
#include <bit>

namespace parley::mls {
namespace {

enum class NodeType : std::uint8_t { kLeaf = 1, kParent = 2 };

crypto::Digest leaf_hash(LeafIndex index, const LeafNode* leaf) {
  Writer input;
  input(NodeType::kLeaf, index.value);
  input.number(leaf == nullptr ? 0 : 1, 1);
  if (leaf != nullptr) input(*leaf);
  return crypto::sha256(input.bytes());
}

crypto::Digest parent_node_hash(const ParentNode* parent, const crypto::Digest& left,
                                const crypto::Digest& right) {
  Writer input;
  input(NodeType::kParent);
  input.number(parent == nullptr ? 0 : 1, 1);
  if (parent != nullptr) input(*parent);
  input.opaque(left);
  input.opaque(right);
  return crypto::sha256(input.bytes());
}

}  // namespace

crypto::Digest identity_of(const LeafNode& leaf) { return crypto::sha256(encode(leaf.credential)); }

// ---- building ----

RatchetTree::NodePtr RatchetTree::blank(unsigned level) {
  if (level == 0) return make_leaf(nullptr);
  // The two halves have different hashes, because leaves are numbered: they cannot be shared.
  return join(nullptr, blank(level - 1), blank(level - 1));
}

RatchetTree::NodePtr RatchetTree::make_leaf(LeafPtr leaf) {
  auto node = std::make_shared<Node>();
  if (leaf) {
    node->members = 1;
    node->credentials_used = credential_bit(static_cast<std::uint16_t>(leaf->credential.type));
    node->credentials_supported = 0;
    for (const std::uint16_t type : leaf->capabilities.credentials) {
      node->credentials_supported |= credential_bit(type);
    }
  }
  node->leaf = std::move(leaf);
  return node;
}

RatchetTree::NodePtr RatchetTree::join(ParentPtr parent, NodePtr left, NodePtr right) {
  auto node = std::make_shared<Node>();
  node->parent = std::move(parent);
  node->members = left->members + right->members;
  node->credentials_used = left->credentials_used | right->credentials_used;
  node->credentials_supported = left->credentials_supported & right->credentials_supported;
  node->left = std::move(left);
  node->right = std::move(right);
  return node;
}

RatchetTree::RatchetTree() : root_(blank(0)) {}

RatchetTree::NodePtr RatchetTree::build(std::span<const std::optional<TreeNode>> nodes,
                                        NodeIndex at) {
  const auto* present =
      at.value < nodes.size() && nodes[at.value] ? &nodes[at.value]->body : nullptr;
  if (!at.is_leaf()) {
    return join(present ? std::get<ParentPtr>(*present) : nullptr, build(nodes, at.left()),
                build(nodes, at.right()));
  }
  return make_leaf(present ? std::get<LeafPtr>(*present) : nullptr);
}

std::optional<TreeNode> RatchetTree::body_of(const Node& node) {
  if (node.leaf) return TreeNode{node.leaf};
  if (node.parent) return TreeNode{node.parent};
  return std::nullopt;
}

Result<RatchetTree> RatchetTree::decode(ByteView ratchet_tree_extension) {
  auto nodes = mls::decode<std::vector<std::optional<TreeNode>>>(ratchet_tree_extension);
  if (!nodes) return nodes.error();
  const auto malformed = [](const char* why) { return Error{ErrorCode::kMalformed, why, {}}; };
  if (nodes->empty()) return malformed("a ratchet tree without nodes");
  if (nodes->size() > 2 * std::size_t{kMaxLeaves} - 1) {
    return Error{ErrorCode::kTooLarge, "a ratchet tree with too many leaves", {}};
  }
  // Section 12.4.3.3: blank nodes at the end are left out.
  if (!nodes->back()) return malformed("a ratchet tree that ends in a blank node");
  for (std::size_t i = 0; i < nodes->size(); ++i) {
    const auto& node = (*nodes)[i];
    if (node && node->body.index() != i % 2) return malformed("leaf and parent nodes are swapped");
  }
  RatchetTree tree;
  tree.size_ = LeafCount::at_least(static_cast<std::uint32_t>(nodes->size() / 2 + 1));
  tree.root_ = build(*nodes, tree.size_.root());
  // Section 7.7: a right half without members would have been cut off.
  if (!tree.size_.root().is_leaf() && tree.root_->right->members == 0) {
    return malformed("a ratchet tree whose right half is empty");
  }
  tree.count_all();
  return tree;
}

std::vector<std::optional<TreeNode>> RatchetTree::nodes() const {
  std::vector<std::optional<TreeNode>> nodes(size_.nodes());
  const auto fill = [&](const auto& self, const Node& node, NodeIndex at) -> void {
    nodes[at.value] = body_of(node);
    if (at.is_leaf()) return;
    self(self, *node.left, at.left());
    self(self, *node.right, at.right());
  };
  fill(fill, *root_, size_.root());
  return nodes;
}

Bytes RatchetTree::encode() const {
  std::vector<std::optional<TreeNode>> present = nodes();
  while (!present.empty() && !present.back()) present.pop_back();
  return mls::encode(present);
}

RatchetTree::Changes RatchetTree::changes_from(const RatchetTree& base) const {
  Changes changes{size_, {}};
  const auto compare = [&](const auto& self, const Node& node, NodeIndex at) -> void {
    const Node* old = base.find(at);
    if (old == &node) return;
    const bool same = old == nullptr ? !node.leaf && !node.parent
                                     : old->leaf == node.leaf && old->parent == node.parent;
    if (!same) changes.nodes.emplace_back(at, body_of(node));
    if (at.is_leaf()) return;
    self(self, *node.left, at.left());
    self(self, *node.right, at.right());
  };
  compare(compare, *root_, size_.root());
  return changes;
}

Result<RatchetTree> RatchetTree::with_changes(const Changes& changes) const {
  const auto malformed = [] {
    return Error{ErrorCode::kMalformed, "not changes of this tree", {}};
  };
  if (changes.size.value > kMaxLeaves || !std::has_single_bit(changes.size.value))
    return malformed();
  std::vector<std::optional<TreeNode>> present = nodes();
  present.resize(changes.size.nodes());
  for (const auto& [index, node] : changes.nodes) {
    if (index.value >= present.size() || (node && node->body.index() != index.value % 2)) {
      return malformed();
    }
    present[index.value] = node;
  }
  RatchetTree tree;
  tree.size_ = changes.size;
  tree.root_ = build(present, tree.size_.root());
  tree.count_all();
  return tree;
}

// ---- looking ----

const RatchetTree::Node* RatchetTree::find(NodeIndex index) const {
  if (index.value >= size_.nodes()) return nullptr;
  const Node* node = root_.get();
  NodeIndex at = size_.root();
  while (at != index) {
    const bool goes_left = index < at;
    node = goes_left ? node->left.get() : node->right.get();
    at = goes_left ? at.left() : at.right();
  }
  return node;
}

const LeafNode* RatchetTree::leaf(LeafIndex index) const { return leaf_ptr(index).get(); }

LeafPtr RatchetTree::leaf_ptr(LeafIndex index) const {
  const Node* node = index.value < kMaxLeaves ? find(index) : nullptr;
  return node == nullptr ? nullptr : node->leaf;
}

const ParentNode* RatchetTree::parent(NodeIndex index) const {
  const Node* node = find(index);
  return node == nullptr ? nullptr : node->parent.get();
}

bool RatchetTree::is_blank(NodeIndex index) const {
  const Node* node = find(index);
  return node == nullptr || (!node->leaf && !node->parent);
}

void RatchetTree::collect_resolution(const Node& node, NodeIndex at,
                                     std::vector<NodeIndex>& out) const {
  if (node.members == 0) return;
  if (node.leaf || node.parent) {
    out.push_back(at);
    if (node.parent) {
      for (const LeafIndex leaf : node.parent->unmerged_leaves) out.emplace_back(leaf);
    }
    return;
  }
  collect_resolution(*node.left, at.left(), out);
  collect_resolution(*node.right, at.right(), out);
}

std::vector<NodeIndex> RatchetTree::resolution(NodeIndex index) const {
  std::vector<NodeIndex> out;
  if (const Node* node = find(index)) collect_resolution(*node, index, out);
  return out;
}

std::vector<RatchetTree::PathStep> RatchetTree::filtered_path(LeafIndex leaf) const {
  std::vector<PathStep> path;
  const Node* node = root_.get();
  NodeIndex at = size_.root();
  while (!at.is_leaf()) {
    const bool goes_left = NodeIndex(leaf) < at;
    const Node& off_path = goes_left ? *node->right : *node->left;
    // A resolution is empty exactly when nobody is there.
    if (off_path.members > 0) path.push_back({at, goes_left ? at.right() : at.left()});
    node = goes_left ? node->left.get() : node->right.get();
    at = goes_left ? at.left() : at.right();
  }
  std::ranges::reverse(path);
  return path;
}

// ---- hashes ----

const crypto::Digest& RatchetTree::hash_of(const Node& node, NodeIndex at) const {
  if (!node.hash) {
    node.hash = at.is_leaf() ? leaf_hash(at.leaf(), node.leaf.get())
                             : parent_node_hash(node.parent.get(), hash_of(*node.left, at.left()),
                                                hash_of(*node.right, at.right()));
  }
  return *node.hash;
}

const crypto::Digest& RatchetTree::hash(NodeIndex index) const {
  const Node* node = find(index);
  assert(node != nullptr);
  return hash_of(*node, index);
}

crypto::Digest RatchetTree::hash_without(const Node& node, NodeIndex at,
                                         std::span<const LeafIndex> leaves) const {
  const bool none_here =
      std::ranges::none_of(leaves, [&](LeafIndex leaf) { return at.is_above(leaf); });
  if (none_here) return hash_of(node, at);
  if (at.is_leaf()) return leaf_hash(at.leaf(), nullptr);
  std::vector<LeafIndex> here;
  for (const LeafIndex leaf : leaves) {
    if (at.is_above(leaf)) here.push_back(leaf);
  }
  const auto left = hash_without(*node.left, at.left(), here);
  const auto right = hash_without(*node.right, at.right(), here);
  if (!node.parent) return parent_node_hash(nullptr, left, right);
  ParentNode original = *node.parent;
  std::erase_if(original.unmerged_leaves,
                [&](LeafIndex leaf) { return std::ranges::find(here, leaf) != here.end(); });
  return parent_node_hash(&original, left, right);
}

crypto::Digest RatchetTree::hash_without(NodeIndex index, std::span<const LeafIndex> leaves) const {
  const Node* node = find(index);
  assert(node != nullptr);
  return hash_without(*node, index, leaves);
}

crypto::Digest RatchetTree::parent_hash(const ParentNode& parent, NodeIndex sibling) const {
  Writer input;
  input(parent.encryption_key, parent.parent_hash);
  input.opaque(hash_without(sibling, parent.unmerged_leaves));
  return crypto::sha256(input.bytes());
}

// ---- changing ----

void RatchetTree::count_leaf(const LeafNode* leaf, bool present) {
  if (leaf == nullptr) return;
  const auto change = [present](KeySet& set, ByteView key) {
    present ? set.add(key) : set.remove(key);
  };
  change(encryption_keys_, leaf->encryption_key);
  change(signature_keys_, leaf->signature_key);
  change(identities_, identity_of(*leaf));
}

void RatchetTree::count_parent(const ParentNode* parent, bool present) {
  if (parent == nullptr) return;
  present ? encryption_keys_.add(parent->encryption_key)
          : encryption_keys_.remove(parent->encryption_key);
}

void RatchetTree::count_all() {
  for_each_leaf([this](LeafIndex, const LeafNode& leaf) { count_leaf(&leaf, true); });
  for_each_parent([this](NodeIndex, const ParentNode& parent) { count_parent(&parent, true); });
}

template <class EditParent>
RatchetTree::NodePtr RatchetTree::edit(const NodePtr& node, NodeIndex at, LeafIndex target,
                                       const LeafPtr& leaf, EditParent& edit_parent) {
  if (at.is_leaf()) {
    count_leaf(node->leaf.get(), false);
    count_leaf(leaf.get(), true);
    return make_leaf(leaf);
  }
  ParentPtr parent = node->parent;
  edit_parent(at, parent);
  if (parent != node->parent) {
    count_parent(node->parent.get(), false);
    count_parent(parent.get(), true);
  }
  if (NodeIndex(target) < at) {
    return join(std::move(parent), edit(node->left, at.left(), target, leaf, edit_parent),
                node->right);
  }
  return join(std::move(parent), node->left,
              edit(node->right, at.right(), target, leaf, edit_parent));
}

template <class EditParent>
void RatchetTree::edit_path(LeafIndex target, const LeafPtr& leaf, EditParent edit_parent) {
  root_ = edit(root_, size_.root(), target, leaf, edit_parent);
}

Result<LeafIndex> RatchetTree::add(LeafPtr leaf) {
  if (root_->members == size_.value) {
    if (size_.value >= kMaxLeaves) return ErrorCode::kTooLarge;
    root_ = join(nullptr, root_, blank(size_.depth()));
    size_ = {size_.value * 2};
  }
  const Node* node = root_.get();
  NodeIndex at = size_.root();
  while (!at.is_leaf()) {
    const bool goes_left = node->left->members < (1u << (at.level() - 1));
    node = goes_left ? node->left.get() : node->right.get();
    at = goes_left ? at.left() : at.right();
  }
  const LeafIndex index = at.leaf();
  edit_path(index, leaf, [&](NodeIndex, ParentPtr& parent) {
    if (!parent) return;
    auto changed = std::make_shared<ParentNode>(*parent);
    auto& unmerged = changed->unmerged_leaves;
    unmerged.insert(std::ranges::lower_bound(unmerged, index), index);
    parent = std::move(changed);
  });
  return index;
}

void RatchetTree::update(LeafIndex index, LeafPtr leaf) {
  edit_path(index, leaf, [](NodeIndex, ParentPtr& parent) { parent = nullptr; });
}

void RatchetTree::remove(LeafIndex index) {
  update(index, nullptr);
  shrink();
}

void RatchetTree::shrink() {
  // Section 7.8: as long as the right half is empty. It holds no parents then either, since those
  // above a removed leaf are blanked.
  while (size_.value > 1 && root_->right->members == 0) {
    root_ = root_->left;
    size_ = {size_.value / 2};
  }
}

void RatchetTree::merge_path(LeafIndex index, LeafPtr leaf, std::span<const ParentPtr> parents) {
  const std::vector<PathStep> path = filtered_path(index);
  assert(path.size() == parents.size());
  edit_path(index, leaf, [&](NodeIndex at, ParentPtr& parent) {
    const auto step = std::ranges::find(path, at, &PathStep::node);
    parent = step == path.end() ? nullptr : parents[static_cast<std::size_t>(step - path.begin())];
  });
}

void RatchetTree::replace_leaf(LeafIndex index, LeafPtr leaf) {
  edit_path(index, leaf, [](NodeIndex, ParentPtr&) {});
}

}  // namespace parley::mls
