// The public side of a group's ratchet tree (RFC 9420 sections 4, 7).
//
// A value: copying it costs nothing, and a changed copy shares every node that did not change with
// the original, hashes included. So a commit can be applied to a copy and thrown away when it
// proves wrong, and costs as many nodes as the tree is high. Every change touches one leaf and the
// nodes above it. Copies belong to one thread together, because they share cached hashes.
#pragma once

#include "shared/crypto/hash.hpp"
#include "shared/mls/key_set.hpp"
#include "shared/mls/messages.hpp"

namespace parley::mls {

// A tree with more leaves is refused; also the bound of what a stranger's tree can make us
// allocate.
inline constexpr std::uint32_t kMaxLeaves = 1u << 16;

using LeafPtr = std::shared_ptr<const LeafNode>;
using ParentPtr = std::shared_ptr<const ParentNode>;

// An entry of the ratchet_tree extension (section 12.4.3.3).
struct TreeNode {
  std::variant<LeafPtr, ParentPtr> body;

  template <class Self, class Archive>
  static void fields(Self& self, Archive& ar) {
    either_of(self.body, ar, "a tree node that is neither leaf nor parent");
  }
};

class RatchetTree {
 public:
  // One blank leaf.
  RatchetTree();

  // kMalformed for another structure than a tree has; nothing else is checked (see
  // tree_validation.hpp).
  static Result<RatchetTree> decode(ByteView ratchet_tree_extension);
  Bytes encode() const;

  // The nodes in which this tree differs from `base`: what is kept on disk of the trees of past
  // epochs.
  struct Changes {
    LeafCount size;
    std::vector<std::pair<NodeIndex, std::optional<TreeNode>>> nodes;
  };
  Changes changes_from(const RatchetTree& base) const;
  // kMalformed when they are no changes of this tree.
  Result<RatchetTree> with_changes(const Changes& changes) const;

  // ---- looking ----
  LeafCount size() const { return size_; }
  std::uint32_t member_count() const { return root_->members; }
  // nullptr when blank or outside of the tree.
  const LeafNode* leaf(LeafIndex index) const;
  LeafPtr leaf_ptr(LeafIndex index) const;
  const ParentNode* parent(NodeIndex index) const;
  bool is_blank(NodeIndex index) const;
  // Members in order of their leaves.
  template <class Visit>
  void for_each_leaf(Visit visit) const {
    visit_leaves(*root_, size_.root(), visit);
  }
  // Non-blank parents, in no particular order.
  template <class Visit>
  void for_each_parent(Visit visit) const {
    visit_parents(*root_, size_.root(), visit);
  }

  // Section 4.1.1, in order from the left.
  std::vector<NodeIndex> resolution(NodeIndex node) const;
  // The nodes that an update path of this leaf fills, from the lowest, each with its child off the
  // path; nodes under which nobody else is are left out (section 4.1.2).
  struct PathStep {
    NodeIndex node;
    NodeIndex copath_child;
  };
  std::vector<PathStep> filtered_path(LeafIndex leaf) const;

  // Section 7.8.
  const crypto::Digest& hash(NodeIndex node) const;
  ByteView root_hash() const { return hash(size_.root()); }
  // The hash as if these leaves had never been added: the "original" one of section 7.9.
  crypto::Digest hash_without(NodeIndex node, std::span<const LeafIndex> leaves) const;
  // Section 7.9: of `parent`, whose child off the path is `sibling`.
  crypto::Digest parent_hash(const ParentNode& parent, NodeIndex sibling) const;

  // Bit sets of credential types (credential_bit): used by some member, supported by every member.
  std::uint8_t credentials_used() const { return root_->credentials_used; }
  std::uint8_t credentials_supported() const { return root_->credentials_supported; }

  const KeySet& encryption_keys() const { return encryption_keys_; }
  const KeySet& signature_keys() const { return signature_keys_; }
  const KeySet& identities() const { return identities_; }  // SHA-256 of the credentials

  // ---- changing (section 7.7); leaves named must be members ----
  // Into the leftmost blank leaf; the tree doubles when there is none. kInvalidArgument at
  // kMaxLeaves.
  Result<LeafIndex> add(LeafPtr leaf);
  void update(LeafIndex index, LeafPtr leaf);
  void remove(LeafIndex index);
  // Sets a leaf and the parents of its filtered path, in that path's order; blanks the rest of the
  // path.
  void merge_path(LeafIndex index, LeafPtr leaf, std::span<const ParentPtr> parents);
  // Puts in leaf with the signature that covers parents already merged.
  void replace_leaf(LeafIndex index, LeafPtr leaf);

 private:
  struct Node;
  using NodePtr = std::shared_ptr<const Node>;
  struct Node {
    LeafPtr leaf;      // of a leaf that is not blank
    ParentPtr parent;  // of a parent that is not blank
    NodePtr left, right;
    std::uint32_t members = 0;  // leaves at or below that are not blank
    std::uint8_t credentials_used = 0;
    std::uint8_t credentials_supported = 0xff;
    mutable std::optional<crypto::Digest> hash;
  };

  static std::optional<TreeNode> body_of(const Node& node);
  static NodePtr blank(unsigned level);
  static NodePtr make_leaf(LeafPtr leaf);
  static NodePtr join(ParentPtr parent, NodePtr left, NodePtr right);
  static NodePtr build(std::span<const std::optional<TreeNode>> nodes, NodeIndex at);
  const Node* find(NodeIndex index) const;
  std::vector<std::optional<TreeNode>> nodes() const;
  // Copies the nodes from the root to a leaf; `edit_parent(index, ParentPtr&)` changes each parent.
  template <class EditParent>
  NodePtr edit(const NodePtr& node, NodeIndex at, LeafIndex target, const LeafPtr& leaf,
               EditParent& edit_parent);
  template <class EditParent>
  void edit_path(LeafIndex target, const LeafPtr& leaf, EditParent edit_parent);
  void count_leaf(const LeafNode* leaf, bool present);
  void count_parent(const ParentNode* parent, bool present);
  void count_all();
  void shrink();
  void collect_resolution(const Node& node, NodeIndex at, std::vector<NodeIndex>& out) const;
  const crypto::Digest& hash_of(const Node& node, NodeIndex at) const;
  crypto::Digest hash_without(const Node& node, NodeIndex at,
                              std::span<const LeafIndex> leaves) const;

  template <class Visit>
  static void visit_leaves(const Node& node, NodeIndex at, Visit& visit) {
    if (node.members == 0) return;
    if (at.is_leaf()) {
      visit(at.leaf(), *node.leaf);
      return;
    }
    visit_leaves(*node.left, at.left(), visit);
    visit_leaves(*node.right, at.right(), visit);
  }
  template <class Visit>
  static void visit_parents(const Node& node, NodeIndex at, Visit& visit) {
    if (at.is_leaf()) return;
    if (node.parent) visit(at, *node.parent);
    visit_parents(*node.left, at.left(), visit);
    visit_parents(*node.right, at.right(), visit);
  }

  NodePtr root_;
  LeafCount size_;
  KeySet encryption_keys_;
  KeySet signature_keys_;
  KeySet identities_;
};

crypto::Digest identity_of(const LeafNode& leaf);

// 0 for types that this library does not know; they cannot be decoded either.
constexpr std::uint8_t credential_bit(std::uint16_t type) {
  return type == 1 || type == 2 ? static_cast<std::uint8_t>(type) : std::uint8_t{0};
}

}  // namespace parley::mls
