// Update paths (RFC 9420 sections 7.4 to 7.9, 12.4.2).
#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "tests/mls/world.hpp"

namespace parley::mls::test {
namespace {

// A commit whose path was changed afterwards; only the message is signed again.
Bytes edited(const std::function<void(UpdatePath&)>& edit) {
  Forger mallory = World::get().mallory();
  UpdatePath path = mallory.path();
  edit(path);
  return mallory.commit({}, std::move(path));
}

// The same with the leaf signed again too.
Bytes with_leaf(const std::function<void(LeafNode&)>& edit) {
  const Forger mallory = World::get().mallory();
  return edited([&](UpdatePath& path) {
    edit(path.leaf_node);
    mallory.sign_leaf(path.leaf_node);
  });
}

// A commit whose path is made of other keys and fits in all else.
Bytes forged(const std::function<void(NewPath&)>& edit) {
  Forger mallory = World::get().mallory();
  return mallory.commit({}, mallory.path({}, edit));
}

void set_key(ParentPtr& parent, Bytes key) {
  ParentNode changed = *parent;
  changed.encryption_key = std::move(key);
  parent = std::make_shared<ParentNode>(std::move(changed));
}

constexpr std::size_t kRoot = 2;  // victor is below the last of three steps

}  // namespace

TEST_CASE("the helpers make paths that are valid") {
  refuses(edited([](UpdatePath&) {}), "12.4.2: a commit's confirmation tag");
  refuses(with_leaf([](LeafNode&) {}), "12.4.2: a commit's confirmation tag");
  refuses(forged([](NewPath&) {}), "12.4.2: a commit's confirmation tag");
}

TEST_CASE("7.5: a path has the length of the filtered path") {
  constexpr auto kRule = "12.4.2: an update path has not the length";
  refuses(edited([](auto& p) { p.nodes.pop_back(); }), kRule);
  refuses(edited([](auto& p) { p.nodes.push_back(p.nodes.back()); }), kRule);
  refuses(edited([](auto& p) { p.nodes.clear(); }), kRule);
}

TEST_CASE("7.6: a path secret is sealed once for each recipient") {
  constexpr auto kRule = "12.4.2: an update path is not encrypted to each recipient once";
  for (std::size_t i = 0; i <= kRoot; ++i) {
    const auto secrets = [i](UpdatePath & p) -> auto& { return p.nodes[i].encrypted_path_secrets; };
    refuses(edited([&](auto& p) { secrets(p).pop_back(); }), kRule);
    refuses(edited([&](auto& p) { secrets(p).push_back(secrets(p).back()); }), kRule);
    refuses(edited([&](auto& p) { secrets(p).clear(); }), kRule);
  }
}

TEST_CASE("7.6: what is sealed for the receiver opens") {
  const auto own = [](UpdatePath & p) -> auto& { return p.nodes[kRoot].encrypted_path_secrets[0]; };
  refuses(edited([&](auto& p) { own(p).ciphertext.back() ^= 1; }), "");
  refuses(edited([&](auto& p) { own(p).ciphertext.clear(); }), "");
  refuses(edited([&](auto& p) { own(p).kem_output = Bytes(32); }), "");
  refuses(edited([&](auto& p) { own(p).kem_output.clear(); }), "");
  refuses(edited([&](auto& p) { own(p).kem_output.push_back(0); }), "");
  refuses(edited([&](auto& p) { std::swap(own(p), p.nodes[kRoot].encrypted_path_secrets[1]); }),
          "");
}

TEST_CASE("7.4: a path secret has the size of a hash") {
  Forger mallory = World::get().mallory();
  const RatchetTree& tree = mallory.group.tree();
  for (const std::size_t size : {0, 31, 33}) {
    UpdatePath path = mallory.path();
    const auto merged = merge_update_path(tree, kMallory, path, {}, KeySet{});
    REQUIRE(merged.ok());
    const auto info = encryption_info("UpdatePathNode",
                                      encode(mallory.group.provisional_context({}, merged->tree)));
    auto sealed =
        encrypt_with_info(mallory.rng, tree.leaf(kVictor)->encryption_key, info, Bytes(size, 1));
    path.nodes[kRoot].encrypted_path_secrets[0] = std::move(*sealed);
    refuses(mallory.commit({}, std::move(path)), "7.6: a path secret has the wrong size");
  }
}

TEST_CASE("12.4.2: the path's keys come from its secrets") {
  SeededRng rng(3);
  const Bytes other = to_bytes(crypto::KemKeyPair::generate(rng).public_key);
  constexpr auto kRule = "12.4.2: a path secret does not give the public key";
  refuses(forged([&](NewPath& p) { set_key(p.parents[kRoot], other); }), kRule);
  refuses(forged([&](NewPath& p) { p.path_secrets[kRoot] = p.path_secrets[0].clone(); }), kRule);
  // Below the receiver's part of the path only others can tell.
  refuses(forged([&](NewPath& p) { set_key(p.parents[0], other); }), "confirmation tag");
}

TEST_CASE("12.4.2: the path's keys are usable and new") {
  const Forger mallory = World::get().mallory();
  const RatchetTree& tree = mallory.group.tree();
  Bytes parent_key;
  tree.for_each_parent([&](NodeIndex, const ParentNode& p) { parent_key = p.encryption_key; });
  constexpr auto kUsed = "uses a key that is in the tree";
  for (const Bytes& key : {tree.leaf(kMallory)->encryption_key, tree.leaf(kGina)->encryption_key,
                           tree.leaf(kVictor)->encryption_key, parent_key}) {
    refuses(with_leaf([&](LeafNode& leaf) { leaf.encryption_key = key; }), kUsed);
    refuses(forged([&](NewPath& p) { set_key(p.parents[0], key); }), kUsed);
    refuses(forged([&](NewPath& p) { set_key(p.parents[kRoot], key); }), kUsed);
  }
  refuses(forged([](NewPath& p) { set_key(p.parents[kRoot], p.parents[0]->encryption_key); }),
          "7.3: an encryption key is used twice");
  refuses(with_leaf([](LeafNode& leaf) { leaf.encryption_key = Bytes(32); }), "7.1: a leaf's");
  refuses(edited([](auto& p) { p.nodes[0].encryption_key = Bytes(32); }),
          "7.1: an update path's key");
  refuses(edited([](auto& p) { p.nodes[0].encryption_key.pop_back(); }),
          "7.1: an update path's key");
}

TEST_CASE("7.9: the leaf's parent hash is the path's") {
  constexpr auto kRule = "7.9: an update path's parent hash does not hold";
  refuses(with_leaf([](LeafNode& leaf) { leaf.parent_hash[3] ^= 1; }), kRule);
  refuses(with_leaf([](LeafNode& leaf) { leaf.parent_hash.clear(); }), kRule);
  refuses(with_leaf([](LeafNode& leaf) { leaf.parent_hash.push_back(0); }), kRule);
}

TEST_CASE("7.3: the path's leaf is valid") {
  constexpr auto kSource = "12.4.2: an update path's leaf is not made for a commit";
  refuses(with_leaf([](LeafNode& leaf) { leaf.source = LeafNodeSource::kUpdate; }), kSource);
  refuses(with_leaf([](LeafNode& leaf) { leaf.source = LeafNodeSource::kKeyPackage; }), kSource);
  refuses(edited([](auto& p) { p.leaf_node.signature[5] ^= 1; }), "7.3: a leaf's signature");
  refuses(edited([](auto& p) { p.leaf_node.signature.clear(); }), "7.3: a leaf's signature");
  const Forger mallory = World::get().mallory();
  refuses(edited([&](auto& p) { sign(p.leaf_node, mallory.key, mallory.group_id(), kGina); }),
          "7.3: a leaf's signature");
  refuses(edited([&](auto& p) { sign(p.leaf_node, mallory.key, as_bytes("other"), kMallory); }),
          "7.3: a leaf's signature");
  refuses(with_leaf([](LeafNode& leaf) { leaf.credential.identity.push_back('!'); }),
          "5.3.1: a member's leaf");
  refuses(with_leaf([](LeafNode& leaf) { leaf.capabilities.credentials.clear(); }),
          "own credential's type");
  refuses(with_leaf([&](LeafNode& leaf) {
            leaf.signature_key = mallory.group.tree().leaf(kGina)->signature_key;
          }),
          "7.3: a leaf's signature");
}

TEST_CASE("a path goes with the proposals of its commit") {
  Forger mallory = World::get().mallory();
  // Made for the tree without bob, sent without his removal.
  refuses(mallory.commit({}, mallory.path({{Remove{kBob}}})), "");
  refuses(mallory.commit({{Remove{kBob}}}, mallory.path()), "");
  // Added members get no ciphertext.
  const auto newcomer = std::make_shared<KeyPackage>(key_package(mallory.rng, "x").key_package);
  refuses(mallory.commit({{Add{newcomer}}}, mallory.path()), "7.9");
  refuses(mallory.commit({{Add{newcomer}}}, mallory.path({{Add{newcomer}}})), "confirmation tag");
}

}  // namespace parley::mls::test
