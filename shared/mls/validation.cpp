#include "shared/mls/validation.hpp"

#include <algorithm>
#include <set>

#include "shared/mls/labels.hpp"

namespace parley::mls {
namespace {

bool lists(const std::vector<std::uint16_t>& list, std::uint16_t value) {
  return std::ranges::find(list, value) != list.end();
}

// Sections 13.1 and 17.3: these need not be listed.
bool is_default_extension(std::uint16_t type) { return type >= 1 && type <= 5; }
bool is_default_proposal(std::uint16_t type) { return type >= 1 && type <= 7; }

bool supports_extension(const Capabilities& capabilities, std::uint16_t type) {
  return is_default_extension(type) || lists(capabilities.extensions, type);
}

bool supports_all(const Capabilities& capabilities, std::span<const Extension> extensions) {
  return std::ranges::all_of(extensions, [&](const Extension& extension) {
    return supports_extension(capabilities, static_cast<std::uint16_t>(extension.type));
  });
}

}  // namespace

Bytes leaf_to_be_signed(const LeafNode& leaf, ByteView group_id, LeafIndex index) {
  Writer out;
  LeafNode::content(leaf, out);
  if (leaf.source != LeafNodeSource::kKeyPackage) {
    out.opaque(group_id);
    out(index);
  }
  return out.take();
}

Bytes key_package_to_be_signed(const KeyPackage& key_package) {
  Writer out;
  KeyPackage::content(key_package, out);
  return out.take();
}

Status validate_extensions(std::span<const Extension> extensions) {
  std::set<ExtensionType> seen;
  for (const Extension& extension : extensions) {
    if (!seen.insert(extension.type).second) return invalid("13.4: an extension occurs twice");
  }
  return {};
}

Status validate_support(const LeafNode& leaf, std::span<const Extension> group_extensions) {
  const Capabilities& can = leaf.capabilities;
  if (!supports_all(can, group_extensions)) {
    return invalid("13.4: a member does not support one of the group's extensions");
  }
  const Extension* required =
      find_extension(group_extensions, ExtensionType::kRequiredCapabilities);
  if (required == nullptr) return {};
  const auto demands = decode<RequiredCapabilities>(required->data);
  if (!demands) return demands.error();
  for (const auto type : demands->extensions) {
    if (!supports_extension(can, type)) {
      return invalid("7.2: a member lacks a required extension");
    }
  }
  for (const auto type : demands->proposals) {
    if (!is_default_proposal(type) && !lists(can.proposals, type)) {
      return invalid("7.2: a member lacks a required proposal type");
    }
  }
  for (const auto type : demands->credentials) {
    if (!lists(can.credentials, type)) {
      return invalid("7.2: a member lacks a required credential type");
    }
  }
  return {};
}

Status validate_leaf(const LeafNode& leaf, const LeafContext& context) {
  if (!crypto::parse_kem_public_key(leaf.encryption_key)) {
    return invalid("7.1: a leaf's encryption key is not a usable X25519 key");
  }
  const Capabilities& can = leaf.capabilities;
  if (!lists(can.versions, static_cast<std::uint16_t>(ProtocolVersion::kMls10)) ||
      !lists(can.cipher_suites, static_cast<std::uint16_t>(CipherSuite::kX25519ChaCha20))) {
    return invalid("7.3: a leaf does not support the group's version and ciphersuite");
  }
  if (!lists(can.credentials, static_cast<std::uint16_t>(leaf.credential.type))) {
    return invalid("7.3: a leaf does not list its own credential's type");
  }
  PARLEY_TRY(validate_extensions(leaf.extensions));
  if (!supports_all(can, leaf.extensions)) {
    return invalid("7.3: a leaf does not list an extension that it has");
  }
  PARLEY_TRY(validate_support(leaf, context.group_extensions));
  if (leaf.source == LeafNodeSource::kKeyPackage && context.now_s) {
    const auto [not_before, not_after] = leaf.lifetime;
    if (*context.now_s < not_before || *context.now_s > not_after) {
      return invalid("7.3: a leaf's lifetime has not begun or has ended");
    }
    if (not_after - not_before > context.max_lifetime_s) {
      return invalid("7.2: a leaf's lifetime is longer than what is accepted");
    }
  }
  if (!verify_with_label(leaf.signature_key, "LeafNodeTBS",
                         leaf_to_be_signed(leaf, context.group_id, context.index),
                         leaf.signature)) {
    return invalid("7.3: a leaf's signature does not hold");
  }
  return {};
}

Status validate_members(const RatchetTree& tree, bool unique_identities) {
  if (tree.encryption_keys().has_duplicates()) {
    return invalid("7.3: an encryption key is used twice in the tree");
  }
  if (tree.signature_keys().has_duplicates()) {
    return invalid("7.3: a signature key is used by two members");
  }
  if (unique_identities && tree.identities().has_duplicates()) {
    return invalid("two members have the same identity");
  }
  if ((tree.credentials_used() & ~tree.credentials_supported()) != 0) {
    return invalid("7.3: a credential's type is not supported by every member");
  }
  return {};
}

Status validate_key_package(const KeyPackage& key_package, const LeafContext& context) {
  if (key_package.version != ProtocolVersion::kMls10 ||
      key_package.cipher_suite != CipherSuite::kX25519ChaCha20) {
    return invalid("10.1: a key package of another version or ciphersuite");
  }
  if (key_package.leaf_node.source != LeafNodeSource::kKeyPackage) {
    return invalid("7.3: a key package's leaf is not made for one");
  }
  // Extensions of the package are for whoever understands them; that its leaf lists them (section
  // 10) is not demanded, since peers send GREASE that it does not.
  PARLEY_TRY(validate_extensions(key_package.extensions));
  PARLEY_TRY(validate_leaf(key_package.leaf_node, context));
  if (!verify_with_label(key_package.leaf_node.signature_key, "KeyPackageTBS",
                         key_package_to_be_signed(key_package), key_package.signature)) {
    return invalid("10.1: a key package's signature does not hold");
  }
  if (!crypto::parse_kem_public_key(key_package.init_key)) {
    return invalid("10.1: a key package's init key is not a usable X25519 key");
  }
  if (key_package.init_key == key_package.leaf_node.encryption_key) {
    return invalid("10.1: a key package uses one key for two purposes");
  }
  return {};
}

namespace {

// Sections 7.1 and 4.1.1 about one parent's unmerged leaves.
Status validate_unmerged(const RatchetTree& tree, NodeIndex at, const ParentNode& parent) {
  const auto& unmerged = parent.unmerged_leaves;
  for (std::size_t i = 0; i < unmerged.size(); ++i) {
    if (i > 0 && unmerged[i] <= unmerged[i - 1]) {
      return invalid("7.1: unmerged leaves are not in ascending order");
    }
    if (unmerged[i].value >= tree.size().value || !at.is_above(unmerged[i]) ||
        tree.leaf(unmerged[i]) == nullptr) {
      return invalid("12.4.3.1: an unmerged leaf is blank or elsewhere in the tree");
    }
    for (NodeIndex node = NodeIndex(unmerged[i]).parent(); node != at; node = node.parent()) {
      const ParentNode* between = tree.parent(node);
      if (between != nullptr &&
          !std::ranges::binary_search(between->unmerged_leaves, unmerged[i])) {
        return invalid("12.4.3.1: an unmerged leaf is missing in a node between");
      }
    }
  }
  return {};
}

ByteView parent_hash_of(const RatchetTree& tree, NodeIndex node) {
  if (!node.is_leaf()) return tree.parent(node)->parent_hash;
  const LeafNode& leaf = *tree.leaf(node.leaf());
  return leaf.source == LeafNodeSource::kCommit ? ByteView(leaf.parent_hash) : ByteView();
}

// Section 7.9.2: whether the parent is linked to by the child's side.
bool is_linked_from(const RatchetTree& tree, const ParentNode& parent, NodeIndex child,
                    NodeIndex sibling) {
  std::vector<NodeIndex> resolution = tree.resolution(child);
  std::erase_if(resolution, [&](NodeIndex node) {
    return node.is_leaf() && std::ranges::binary_search(parent.unmerged_leaves, node.leaf());
  });
  return resolution.size() == 1 &&
         std::ranges::equal(parent_hash_of(tree, resolution[0]), tree.parent_hash(parent, sibling));
}

}  // namespace

Status validate_tree(const RatchetTree& tree, ByteView group_id,
                     std::span<const Extension> group_extensions, bool unique_identities) {
  PARLEY_TRY(validate_members(tree, unique_identities));
  Status status;
  tree.for_each_parent([&](NodeIndex at, const ParentNode& parent) {
    if (!status) return;
    status = validate_unmerged(tree, at, parent);
    if (!status) return;
    if (!crypto::parse_kem_public_key(parent.encryption_key)) {
      status = invalid("7.1: a parent's encryption key is not a usable X25519 key");
    } else if (!is_linked_from(tree, parent, at.left(), at.right()) &&
               !is_linked_from(tree, parent, at.right(), at.left())) {
      status = invalid("7.9.2: a parent node is not linked by a parent hash");
    }
  });
  // Signatures last: they cost the most.
  tree.for_each_leaf([&](LeafIndex index, const LeafNode& leaf) {
    if (status) status = validate_leaf(leaf, {group_id, index, group_extensions, std::nullopt});
  });
  return status;
}

}  // namespace parley::mls
