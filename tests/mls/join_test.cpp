// Welcomes, group infos and the trees that come with them (RFC 9420
// sections 7.9.2, 12.4.3.1, 12.4.3.3).
#include <catch2/catch_test_macros.hpp>

#include "tests/mls/world.hpp"

namespace parley::mls::test {
namespace {

using Nodes = std::vector<std::optional<TreeNode>>;
// Nodes of the tree of eight leaves: 1 above alice and bob, 3 above the left half, 7 the root.
constexpr std::size_t kLeftRoot = 3, kTreeRoot = 7;

std::size_t at(LeafIndex leaf) { return NodeIndex(leaf).value; }

void edit_leaf(Nodes& nodes, LeafIndex index, const std::function<void(LeafNode&)>& edit,
               bool resign = true) {
  auto leaf = std::make_shared<LeafNode>(*std::get<LeafPtr>(nodes[at(index)]->body));
  edit(*leaf);
  const World& world = World::get();
  if (resign) sign(*leaf, world.key(index), world.group_info().group_context.group_id, index);
  nodes[at(index)] = TreeNode{LeafPtr(leaf)};
}

void edit_parent(Nodes& nodes, std::size_t index, const std::function<void(ParentNode&)>& edit) {
  auto parent = std::make_shared<ParentNode>(*std::get<ParentPtr>(nodes[index]->body));
  edit(*parent);
  nodes[index] = TreeNode{ParentPtr(parent)};
}

// A leaf's change that is not noticed as a broken parent hash.
void blank_parents(Nodes& nodes) {
  for (std::size_t i = 1; i < nodes.size(); i += 2) nodes[i].reset();
}

void refuses_tree(const std::function<void(Nodes&)>& edit, std::string_view rule) {
  refuses_join(World::get().welcome_with_tree(edit), rule);
}

void refuses_leaf(LeafIndex index, const std::function<void(LeafNode&)>& edit,
                  std::string_view rule, bool resign = true) {
  refuses_tree(
      [&](Nodes& nodes) {
        blank_parents(nodes);
        edit_leaf(nodes, index, edit, resign);
      },
      rule);
}

void refuses_info(const std::function<void(GroupInfo&)>& edit, std::string_view rule,
                  bool as_is = false) {
  GroupInfo info = World::get().opened().group_info;
  edit(info);
  refuses_join(World::get().rewelcome(std::move(info), as_is), rule);
}

void refuses_secrets(const std::function<void(GroupSecrets&)>& edit, std::string_view rule) {
  refuses_join(World::get().rewelcome(World::get().opened().group_info, true, edit), rule);
}

bool joins(const Welcome& welcome) {
  return Group::join(welcome, World::get().victor_keys(), std::nullopt, known_psk(), strict()).ok();
}

constexpr auto kParentHash = "7.9.2: a parent node is not linked";

}  // namespace

TEST_CASE("the helpers make welcomes that are valid") {
  const World& world = World::get();
  CHECK(joins(world.welcome()));
  CHECK(joins(world.rewelcome(world.opened().group_info)));
  CHECK(joins(world.rewelcome(world.opened().group_info, true)));
  CHECK(joins(world.welcome_with_tree([](Nodes&) {})));
  CHECK(joins(world.welcome_with_tree(blank_parents)));
}

TEST_CASE("12.4.3.3: the shape of a tree") {
  refuses_tree([](Nodes& n) { n.emplace_back(); }, "ends in a blank node");
  refuses_tree([](Nodes& n) { n.clear(); }, "a ratchet tree without nodes");
  refuses_tree([](Nodes& n) { n[kTreeRoot] = n[0]; }, "swapped");
  refuses_tree([](Nodes& n) { n[0] = n[kTreeRoot]; }, "swapped");
  refuses_tree([](Nodes& n) { n.resize(kTreeRoot + 1); }, "right half is empty");
  refuses_tree(
      [](Nodes& n) {
        n.resize(2 * std::size_t{kMaxLeaves} + 1);
        n.back() = n[0];
      },
      "too many leaves");
  refuses_info([](GroupInfo& info) { info.extensions.clear(); }, "ratchet tree is missing");
}

TEST_CASE("7.9.2: parents are linked by hashes") {
  SeededRng rng(4);
  const Bytes key = to_bytes(crypto::KemKeyPair::generate(rng).public_key);
  for (const std::size_t node : {std::size_t{1}, kLeftRoot, kTreeRoot}) {
    refuses_tree([&](Nodes& n) { edit_parent(n, node, [&](auto& p) { p.encryption_key = key; }); },
                 kParentHash);
    if (node == kTreeRoot) continue;
    refuses_tree([&](Nodes& n) { edit_parent(n, node, [](auto& p) { p.parent_hash.clear(); }); },
                 kParentHash);
  }
  refuses_tree([&](Nodes& n) { edit_parent(n, kTreeRoot, [](auto& p) { p.parent_hash = {1}; }); },
               kParentHash);
  // A parent that nobody made.
  refuses_tree([](Nodes& n) { n[9] = n[kTreeRoot]; }, "7.3: an encryption key is used twice");
  refuses_tree(
      [&](Nodes& n) {
        n[9] = n[kTreeRoot];
        edit_parent(n, 9, [&](auto& p) { p.encryption_key = key; });
      },
      kParentHash);
  refuses_tree(
      [](Nodes& n) {
        n[at(kGina)].reset();
        n.resize(at(kVictor) + 1);
      },
      kParentHash);
  refuses_tree([](Nodes& n) { edit_parent(n, 1, [](auto& p) { p.encryption_key = Bytes(32); }); },
               "7.");
}

TEST_CASE("7.1, 12.4.3.1: unmerged leaves") {
  const auto unmerged = [](std::size_t node, std::vector<LeafIndex> leaves, std::string_view rule) {
    refuses_tree(
        [&](Nodes& n) { edit_parent(n, node, [&](auto& p) { p.unmerged_leaves = leaves; }); },
        rule);
  };
  unmerged(kTreeRoot, {kVictor, kVictor}, "7.1: unmerged leaves are not in ascending order");
  unmerged(kTreeRoot, {kGina, kVictor}, "7.1: unmerged leaves are not in ascending order");
  unmerged(kTreeRoot, {kBlank}, "blank or elsewhere");
  unmerged(kTreeRoot, {LeafIndex{8}}, "blank or elsewhere");
  unmerged(kTreeRoot, {LeafIndex{0x80000000}}, "blank or elsewhere");
  unmerged(kTreeRoot, {LeafIndex{0xffffffff}}, "blank or elsewhere");
  unmerged(kLeftRoot, {kVictor}, kParentHash);  // what the root says of it fails first
  unmerged(kTreeRoot, {kBob}, "an unmerged leaf is missing in a node between");
  unmerged(kTreeRoot, {kVictor}, kParentHash);
}

TEST_CASE("7.3: every leaf of the tree") {
  refuses_leaf(
      kBob, [](auto& l) { l.signature[1] ^= 1; }, "7.3: a leaf's signature", false);
  refuses_leaf(
      kBob, [](auto& l) { l.credential.identity = {1}; }, "7.3: a leaf's signature", false);
  refuses_leaf(
      kBob, [](auto& l) { l.encryption_key = Bytes(32); }, "7.1: a leaf's encryption key");
  refuses_leaf(
      kBob, [](auto& l) { l.encryption_key.pop_back(); }, "7.1: a leaf's encryption key");
  refuses_leaf(
      kBob,
      [](auto& l) {
        l.extensions = {{ExtensionType{0xf001}, {}}};
      },
      "does not list an extension that it has");
  refuses_leaf(
      kBob, [](auto& l) { l.capabilities.credentials = {2}; }, "7.3: a credential's type");
  refuses_tree(
      [](Nodes& n) {  // signed for another place
        blank_parents(n);
        std::swap(n[at(kBob)], n[at(kBlank)]);
      },
      "7.3: a leaf's signature");
  refuses_tree([](Nodes& n) { std::swap(n[at(kBob)], n[at(kBlank)]); }, kParentHash);
}

TEST_CASE("7.3: keys and identities of a tree are used once") {
  const auto gina = World::get().mallory().group.tree().leaf_ptr(kGina);
  refuses_leaf(
      kBob, [&](auto& l) { l.encryption_key = gina->encryption_key; },
      "7.3: an encryption key is used twice");
  refuses_leaf(
      kBob, [&](auto& l) { l.signature_key = gina->signature_key; },
      "7.3: a signature key is used by two members");
  refuses_leaf(
      kBob, [&](auto& l) { l.credential = gina->credential; }, "the same identity");
  refuses_tree(
      [&](Nodes& n) {
        edit_parent(n, kTreeRoot, [&](auto& p) { p.encryption_key = gina->encryption_key; });
      },
      "7.3: an encryption key is used twice");
}

TEST_CASE("12.4.3.1: the new member is in the tree") {
  refuses_leaf(
      kVictor, [](auto& l) { l.lifetime.not_after += 1; }, "leaf is not in the tree");
  refuses_tree(
      [](Nodes& n) {
        blank_parents(n);
        n[at(kVictor)].reset();
      },
      "leaf is not in the tree");
}

TEST_CASE("12.4.3.1: the group info is signed by a member and confirmed") {
  const auto signed_by = [](LeafIndex signer, const crypto::SigningKey& key) {
    return [signer, &key](GroupInfo& info) {
      info.signer = signer;
      sign_group_info(info, key);
    };
  };
  const World& world = World::get();
  constexpr auto kSignature = "12.4.3.1: a group info's signature does not hold";
  refuses_info([](auto& info) { info.signature[0] ^= 1; }, kSignature, true);
  refuses_info([](auto& info) { info.signature.clear(); }, kSignature, true);
  refuses_info(signed_by(kGina, world.key(kMallory)), kSignature, true);
  for (const LeafIndex nobody : {kBlank, LeafIndex{8}, LeafIndex{0xffffffff}}) {
    refuses_info(signed_by(nobody, world.key(kMallory)), "signer of a group info is not a member",
                 true);
  }
  for (const Bytes& tag : {Bytes(), Bytes(32), Bytes(33, 1)}) {
    refuses_info(
        [&](auto& info) {
          info.confirmation_tag = tag;
          info.signer = kMallory;
          sign_group_info(info, world.key(kMallory));
        },
        "confirmation tag does not hold", true);
  }
  refuses_info([](auto& info) { info.group_context.epoch += 1; }, kSignature, true);
  refuses_info(
      [&](auto& info) {
        info.group_context.epoch += 1;
        sign_group_info(info, world.key(kAlice));
      },
      "confirmation tag does not hold", true);
}

TEST_CASE("12.4.3.1: the group's context") {
  refuses_info([](auto& info) { info.group_context.tree_hash[0] ^= 1; }, "the tree is not the one");
  refuses_info([](auto& info) { info.group_context.cipher_suite = CipherSuite{1}; }, "ciphersuite");
  refuses_info([](auto& info) { info.group_context.version = ProtocolVersion{2}; }, "version");
  const auto with = [](Extensions extensions, std::string_view rule) {
    refuses_info([&](auto& info) { info.group_context.extensions = extensions; }, rule);
  };
  const auto required = [](RequiredCapabilities demands) {
    return Extensions{{ExtensionType::kRequiredCapabilities, encode(demands)}};
  };
  with(required({{0xf001}, {}, {}}), "lacks a required extension");
  with(required({{}, {0xf001}, {}}), "lacks a required proposal");
  with(required({{}, {}, {2}}), "lacks a required credential");
  with({{ExtensionType{0xf001}, {}}}, "does not support one of the group's extensions");
  with({{ExtensionType::kApplicationId, {}}, {ExtensionType::kApplicationId, {}}}, "occurs twice");
  refuses_info(
      [](auto& info) {
        for (int i = 0; i < 2; ++i) info.extensions.push_back({ExtensionType{0xf001}, {}});
      },
      "occurs twice");
  // Unknown ones beside the context are ignored.
  GroupInfo info = World::get().opened().group_info;
  info.extensions.push_back({ExtensionType{0x0a0a}, {1, 2}});
  CHECK(joins(World::get().rewelcome(std::move(info))));
}

TEST_CASE("12.4.3.1: the secrets of a welcome") {
  refuses_secrets([](auto& s) { s.joiner_secret = crypto::SecretBytes(32); }, "");
  for (const std::size_t size : {0, 31, 33}) {
    refuses_secrets([&](auto& s) { s.joiner_secret = crypto::SecretBytes(size); },
                    "a joiner secret has the wrong size");
    refuses_secrets([&](auto& s) { s.path_secret = PathSecret{crypto::SecretBytes(size)}; },
                    "a path secret has the wrong size");
  }
  refuses_secrets([](auto& s) { s.path_secret->secret.write()[0] ^= 1; },
                  "a path secret does not give the public key");
  CHECK(joins(World::get().rewelcome(World::get().opened().group_info, true,
                                     [](auto& s) { s.path_secret.reset(); })));
}

TEST_CASE("8.4, 12.4.3.1: pre-shared keys of a welcome") {
  const auto psks = [](std::vector<PreSharedKeyId> ids, std::string_view rule, bool as_is = true) {
    refuses_join(World::get().rewelcome(World::get().opened().group_info, as_is,
                                        [&](auto& s) {
                                          s.psks = ids;
                                          s.path_secret.reset();
                                        }),
                 rule);
  };
  psks({psk_id("other")}, "8.4: a PSK is not known");
  PreSharedKeyId id = psk_id("known");
  id.nonce.pop_back();
  psks({id}, "8.4: a PSK's nonce has the wrong size");
  psks(std::vector<PreSharedKeyId>(kMaxPsks + 1, psk_id("known")), "too many PSKs");
  PreSharedKeyId link = psk_id("");
  link.type = PskType::kResumption;
  for (const auto usage : {ResumptionUsage::kReInit, ResumptionUsage::kBranch}) {
    link.usage = usage;
    psks({link, link}, "a group that comes from two groups");
    psks({link}, "8.4: a PSK is not known");
    // Known, but the group is not at its beginning.
    const auto joined = Group::join(
        World::get().rewelcome(World::get().opened().group_info, true,
                               [&](auto& s) {
                                 s.psks = {link};
                                 s.path_secret.reset();
                               }),
        World::get().victor_keys(), std::nullopt,
        [](const PreSharedKeyId&) { return std::optional(crypto::SecretBytes(32)); }, strict());
    CHECK_FALSE(joined.ok());
  }
}

TEST_CASE("12.4.3.1: a welcome is for the key package at hand") {
  const World& world = World::get();
  const auto edited = [&](const std::function<void(Welcome&)>& edit) {
    Welcome welcome = world.rewelcome(world.opened().group_info, true);
    edit(welcome);
    return welcome;
  };
  refuses_join(edited([](auto& w) { w.cipher_suite = CipherSuite{1}; }), "another ciphersuite");
  refuses_join(edited([](auto& w) { w.secrets.clear(); }), "not for this key package");
  refuses_join(edited([](auto& w) { w.secrets[0].new_member[0] ^= 1; }),
               "not for this key package");
  refuses_join(edited([](auto& w) { w.encrypted_group_info.back() ^= 1; }), "");
  refuses_join(edited([](auto& w) { w.encrypted_group_info.clear(); }), "");
  refuses_join(edited([](auto& w) { w.secrets[0].encrypted_group_secrets.ciphertext[0] ^= 1; }),
               "");
  refuses_join(edited([](auto& w) { w.secrets[0].encrypted_group_secrets.kem_output = Bytes(32); }),
               "");

  // Private keys that were mixed up where they are kept.
  SeededRng rng(5);
  const KeyPackageKeys other = key_package(rng, "other");
  const KeyPackageKeys& own = world.victor_keys();
  const auto joins_with = [&](const KeyPackageKeys& init, const KeyPackageKeys& leaf,
                              const KeyPackageKeys& signing) {
    const KeyPackageKeys mixed{own.key_package, init.init_key.clone(), leaf.leaf_key.clone(),
                               signing.signing_key.clone()};
    return Group::join(world.welcome(), mixed, std::nullopt, no_psk, strict()).ok();
  };
  CHECK(joins_with(own, own, own));
  CHECK_FALSE(joins_with(other, own, own));
  CHECK_FALSE(joins_with(own, other, own));
  CHECK_FALSE(joins_with(own, own, other));
}

}  // namespace parley::mls::test
