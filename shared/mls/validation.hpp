// Checks of leaves, key packages and whole trees (RFC 9420 sections 7.3, 7.9.2, 10.1, 12.4.3.1). A
// failed check is kMlsInvalid with the rule that was broken.
#pragma once

#include "shared/mls/ratchet_tree.hpp"

namespace parley::mls {

// An Error for a broken rule; `rule` names section and rule.
inline Error invalid(const char* rule) { return Error{ErrorCode::kMlsInvalid, rule, {}}; }

struct LeafContext {
  ByteView group_id;
  LeafIndex index;  // for sources other than kKeyPackage, which are signed for one place
  std::span<const Extension> group_extensions;
  std::optional<std::uint64_t> now_s;  // set: the lifetime is checked
  std::uint64_t max_lifetime_s = kAnyLifetime;
};

// Section 13.4, of any list of extensions: none occurs twice.
Status validate_extensions(std::span<const Extension> extensions);

// Section 7.3, but for what depends on other members (see validate_members).
Status validate_leaf(const LeafNode& leaf, const LeafContext& context);
// Whether the leaf has what the group's extensions demand of every member.
Status validate_support(const LeafNode& leaf, std::span<const Extension> group_extensions);
// What concerns the members of a tree together: keys are used once, and everybody understands
// everybody's credentials. `unique_identities`: no two leaves with the same credential.
Status validate_members(const RatchetTree& tree, bool unique_identities);

// Section 10.1; the leaf's own checks included.
Status validate_key_package(const KeyPackage& key_package, const LeafContext& context);

// Everything about a tree that was received: unmerged leaves, parent hashes, each leaf.
Status validate_tree(const RatchetTree& tree, ByteView group_id,
                     std::span<const Extension> group_extensions, bool unique_identities);

// What a leaf's signature covers.
Bytes leaf_to_be_signed(const LeafNode& leaf, ByteView group_id, LeafIndex index);
Bytes key_package_to_be_signed(const KeyPackage& key_package);

}  // namespace parley::mls
