// Keys of the ratchet tree and how a commit renews them (RFC 9420 sections 7.4 to 7.6).
#pragma once

#include <map>

#include "shared/mls/labels.hpp"
#include "shared/mls/ratchet_tree.hpp"

namespace parley::mls {

// The private keys that one member knows: its leaf's and those of nodes above it. A key counts only
// while the tree has its public half at that node.
class TreeKeys {
 public:
  TreeKeys() = default;
  TreeKeys(LeafIndex own, crypto::KemKeyPair leaf_key);

  LeafIndex own() const { return own_; }
  void put(NodeIndex node, crypto::KemKeyPair key) { keys_.insert_or_assign(node, std::move(key)); }
  // nullptr when not known or not the tree's.
  const crypto::KemKeyPair* find(const RatchetTree& tree, NodeIndex node) const;
  // Forgets keys that the tree has not any more.
  void prune(const RatchetTree& tree);
  TreeKeys clone() const;

 private:
  friend class StateCodec;
  LeafIndex own_;
  std::map<NodeIndex, crypto::KemKeyPair> keys_;
};

// ---- sending ----

struct NewPath {
  RatchetTree tree;  // with the path merged and the leaf signed
  std::vector<ParentPtr> parents;
  std::vector<Secret> path_secrets;           // one for each node of the filtered path
  std::vector<crypto::KemKeyPair> node_keys;  // derived from them
  std::vector<RatchetTree::PathStep> steps;
  Secret commit_secret;
  crypto::KemKeyPair leaf_key;
};

// Fresh keys for the path of `own`, which is a member of `tree` (proposals applied). `leaf` has all
// but keys, source, parent hash and signature, which are set here.
NewPath make_path(Rng& rng, const RatchetTree& tree, LeafIndex own, LeafNode leaf,
                  const crypto::SigningKey& signing_key, ByteView group_id);
// The path as it is sent. `added`: who joins by this commit gets its secret by Welcome instead.
Result<UpdatePath> encrypt_path(Rng& rng, const NewPath& path, const RatchetTree& before,
                                std::span<const LeafIndex> added, LeafIndex own,
                                ByteView group_context);
// Adds the new private keys of the path to `keys`.
void keep_path(const NewPath& path, TreeKeys& keys);

// ---- receiving ----

// The public half: checks shape, parent hashes and the leaf of a received path, and merges it into
// a copy of the tree. `before`: proposals applied, and the sender in it. `used`: keys that the path
// must not use again. kMlsInvalid with the rule that is broken.
struct MergedPath {
  RatchetTree tree;
  std::vector<RatchetTree::PathStep> steps;
};
Result<MergedPath> merge_update_path(const RatchetTree& before, LeafIndex sender,
                                     const UpdatePath& path, std::span<const LeafIndex> added,
                                     const KeySet& used);

// The private half: decrypts the secret meant for us, derives those above and compares each with
// the path's public keys. Returns the commit secret; new private keys go into `keys`.
Result<Secret> open_path(const MergedPath& merged, const RatchetTree& before,
                         const UpdatePath& path, std::span<const LeafIndex> added,
                         ByteView group_context, TreeKeys& keys);

// Derives keys from the path secret of `from` up to the root, along the filtered path of `sender`;
// kMlsInvalid when one is not the tree's. Returns the commit secret.
Result<Secret> derive_path(const RatchetTree& tree, std::span<const RatchetTree::PathStep> steps,
                           NodeIndex from, Secret path_secret, TreeKeys& keys);

}  // namespace parley::mls
