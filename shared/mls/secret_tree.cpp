#include "shared/mls/secret_tree.hpp"

#include <algorithm>

namespace parley::mls {
namespace {

constexpr std::uint64_t kGenerations = std::uint64_t{1} << 32;

MessageKey clone_key(const MessageKey& key) {
  return {key.key.clone(), key.nonce.clone(), key.generation};
}

}  // namespace

SecretTree::SecretTree(Secret encryption_secret, LeafCount leaves) : leaves_(leaves) {
  nodes_.emplace(leaves.root().value, std::move(encryption_secret));
  changes_.nodes = true;
}

MessageKey SecretTree::Ratchet::step() {
  const auto current = static_cast<std::uint32_t>(generation);
  MessageKey key;
  key.generation = current;
  derive_tree_secret(secret, "key", current, key.key.write());
  derive_tree_secret(secret, "nonce", current, key.nonce.write());
  Secret following;
  derive_tree_secret(secret, "secret", current, following.write());
  secret = std::move(following);
  ++generation;
  return key;
}

Result<SecretTree::Ratchet*> SecretTree::ratchet(LeafIndex leaf, RatchetKind kind) {
  if (!leaves_.contains(leaf)) return ErrorCode::kInvalidArgument;
  const auto index = static_cast<std::size_t>(kind);
  if (const auto found = ratchets_.find(leaf.value); found != ratchets_.end()) {
    return &found->second.kinds[index];
  }
  // From the lowest ancestor whose secret is still there, down to the leaf. There is one: the root
  // at first, and a node goes only when both its children come.
  NodeIndex node = leaf;
  while (!nodes_.contains(node.value)) {
    if (node == leaves_.root()) return ErrorCode::kInvalidArgument;  // a tree without keys
    node = node.parent();
  }
  while (!node.is_leaf()) {
    const Secret secret = std::move(nodes_.extract(node.value).mapped());
    nodes_.emplace(node.left().value, expand_with_label(secret, "tree", as_bytes("left")));
    nodes_.emplace(node.right().value, expand_with_label(secret, "tree", as_bytes("right")));
    node = node.left().is_above(leaf) ? node.left() : node.right();
  }
  const Secret secret = std::move(nodes_.extract(node.value).mapped());
  changes_.nodes = true;
  changes_.leaves.insert(leaf.value);
  LeafRatchets made;
  made.kinds[0].secret = expand_with_label(secret, "handshake", {});
  made.kinds[1].secret = expand_with_label(secret, "application", {});
  return &ratchets_.emplace(leaf.value, std::move(made)).first->second.kinds[index];
}

Result<MessageKey> SecretTree::next(LeafIndex leaf, RatchetKind kind) {
  auto found = ratchet(leaf, kind);
  if (!found) return found.error();
  if ((*found)->generation == kGenerations) return ErrorCode::kInvalidArgument;
  changes_.leaves.insert(leaf.value);
  return (*found)->step();
}

Result<SecretTree::Opening> SecretTree::find(LeafIndex leaf, RatchetKind kind,
                                             std::uint32_t generation) {
  auto found = ratchet(leaf, kind);
  if (!found) return found.error();
  const Ratchet& of_sender = **found;
  Opening opening;
  opening.leaf = leaf;
  opening.kind = kind;
  if (generation < of_sender.generation) {
    const auto key = of_sender.skipped.find(generation);
    if (key == of_sender.skipped.end()) {
      return Error{ErrorCode::kMessageNotFound, "this message was received before", {}};
    }
    opening.key = clone_key(key->second);
    return opening;
  }
  if (generation - of_sender.generation > kMaxForwardSteps) {
    return Error{ErrorCode::kDecryptionFailed, "the sender's message counter jumped too far", {}};
  }
  Ratchet ahead;
  ahead.secret = of_sender.secret.clone();
  ahead.generation = of_sender.generation;
  while (ahead.generation < generation) opening.passed.push_back(ahead.step());
  opening.key = ahead.step();
  opening.secret = std::move(ahead.secret);
  opening.generation = ahead.generation;
  return opening;
}

void SecretTree::accept(Opening opening) {
  auto found = ratchet(opening.leaf, opening.kind);
  if (!found) return;
  changes_.leaves.insert(opening.leaf.value);
  Ratchet& of_sender = **found;
  if (opening.key.generation < of_sender.generation) {
    of_sender.skipped.erase(opening.key.generation);
    return;
  }
  for (MessageKey& key : opening.passed) {
    const auto generation = key.generation;
    of_sender.skipped.emplace(generation, std::move(key));
  }
  of_sender.secret = std::move(opening.secret);
  of_sender.generation = opening.generation;
  while (of_sender.skipped.size() > kMaxSkippedKeys) {
    of_sender.skipped.erase(of_sender.skipped.begin());
  }
}

SecretTree SecretTree::clone() const {
  SecretTree copy;
  copy.leaves_ = leaves_;
  copy.changes_ = changes_;
  for (const auto& [index, secret] : nodes_) copy.nodes_.emplace(index, secret.clone());
  for (const auto& [index, ratchets] : ratchets_) {
    LeafRatchets& made = copy.ratchets_[index];
    for (std::size_t kind = 0; kind < 2; ++kind) {
      made.kinds[kind].secret = ratchets.kinds[kind].secret.clone();
      made.kinds[kind].generation = ratchets.kinds[kind].generation;
      for (const auto& [generation, key] : ratchets.kinds[kind].skipped) {
        made.kinds[kind].skipped.emplace(generation, clone_key(key));
      }
    }
  }
  return copy;
}

MessageKey sender_data_key(const Secret& sender_data_secret, ByteView ciphertext) {
  const ByteView sample = ciphertext.first(std::min(ciphertext.size(), kHashSize));
  MessageKey key;
  expand_with_label(sender_data_secret, "key", sample, key.key.write());
  expand_with_label(sender_data_secret, "nonce", sample, key.nonce.write());
  return key;
}

}  // namespace parley::mls
