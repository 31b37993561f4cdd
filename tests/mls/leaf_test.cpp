// Leaf nodes and key packages (RFC 9420 sections 7.2, 7.3, 10, 13.4), as they come in commits.
#include <catch2/catch_test_macros.hpp>

#include "tests/mls/world.hpp"

namespace parley::mls::test {
namespace {

using Edit = std::function<void(KeyPackage&)>;

// A commit that adds a key package which was changed and signed again.
Bytes add(const Edit& edit, bool resign = true) {
  Forger mallory = World::get().mallory();
  KeyPackageKeys keys = key_package(mallory.rng, "newcomer");
  edit(keys.key_package);
  if (resign) sign(keys.key_package, keys.signing_key);
  return mallory.commit({{Add{std::make_shared<KeyPackage>(keys.key_package)}}});
}

// A proposal of mallory to update her leaf, changed and signed again.
Bytes update(const std::function<void(LeafNode&)>& edit) {
  Forger mallory = World::get().mallory();
  LeafNode leaf = *mallory.group.tree().leaf(kMallory);
  leaf.source = LeafNodeSource::kUpdate;
  leaf.encryption_key = to_bytes(crypto::KemKeyPair::generate(mallory.rng).public_key);
  edit(leaf);
  mallory.sign_leaf(leaf);
  return mallory.propose({Update{std::make_shared<LeafNode>(leaf)}});
}

const Extension kUnknown{ExtensionType{0x0a0a}, {1, 2, 3}};

}  // namespace

TEST_CASE("the helpers make key packages and updates that are valid") {
  Group victor = World::get().victor();
  CHECK(victor.process(update([](LeafNode&) {}), no_psk).ok());
  // Whose confirmation tag alone is wrong.
  refuses(add([](KeyPackage&) {}), "12.4.2: a commit's confirmation tag");
}

TEST_CASE("10.1: key packages in an Add") {
  refuses(add([](auto& p) { p.version = ProtocolVersion{2}; }), "10.1: a key package of another");
  refuses(add([](auto& p) { p.cipher_suite = CipherSuite{1}; }), "10.1: a key package of another");
  refuses(add([](auto& p) { p.init_key = p.leaf_node.encryption_key; }),
          "one key for two purposes");
  refuses(add([](auto& p) { p.init_key.pop_back(); }), "10.1: a key package's init key");
  refuses(add([](auto& p) { p.init_key = Bytes(32); }), "10.1: a key package's init key");
  refuses(add([](auto& p) { p.signature[9] ^= 1; }, false), "10.1: a key package's signature");
  refuses(add([](auto& p) { p.signature.clear(); }, false), "10.1: a key package's signature");
  refuses(add([](auto& p) {
            p.extensions = {kUnknown, kUnknown};
          }),
          "13.4: an extension occurs twice");
  // What is unknown in a package is ignored (section 13.4).
  refuses(add([](auto& p) { p.extensions = {kUnknown}; }), "12.4.2: a commit's confirmation tag");
}

TEST_CASE("7.3: leaves in an Add") {
  const auto leaf = [](const std::function<void(LeafNode&)>& edit, bool resign = true) {
    return add([&](KeyPackage& package) { edit(package.leaf_node); }, resign);
  };
  refuses(leaf([](auto& l) { l.signature[9] ^= 1; }, false), "7.3: a leaf's signature");
  refuses(leaf([](auto& l) { l.credential.identity.push_back('x'); }, false),
          "7.3: a leaf's signature");
  refuses(leaf([](auto& l) { l.source = LeafNodeSource::kUpdate; }), "leaf is not made for one");
  refuses(leaf([](auto& l) { l.source = LeafNodeSource::kCommit; }), "leaf is not made for one");
  refuses(leaf([](auto& l) { l.encryption_key = Bytes(32); }), "7.1: a leaf's encryption key");
  refuses(leaf([](auto& l) { l.encryption_key.pop_back(); }), "7.1: a leaf's encryption key");
  refuses(leaf([](auto& l) { l.encryption_key.push_back(0); }), "7.1: a leaf's encryption key");
  refuses(leaf([](auto& l) { l.capabilities.credentials.clear(); }), "own credential's type");
  refuses(leaf([](auto& l) { l.credential.type = CredentialType::kX509; }),
          "own credential's type");
  refuses(leaf([](auto& l) { l.capabilities.versions = {2}; }), "version and ciphersuite");
  refuses(leaf([](auto& l) { l.capabilities.cipher_suites = {1}; }), "version and ciphersuite");
  refuses(leaf([](auto& l) {
            l.extensions = {kUnknown};
            l.capabilities.extensions.clear();
          }),
          "does not list an extension that it has");
  refuses(leaf([](auto& l) {
            l.extensions = {kUnknown, kUnknown};
            l.capabilities.extensions = {0x0a0a};
          }),
          "13.4: an extension occurs twice");
  refuses(leaf([](auto& l) {
            l.lifetime = {kNow - 10, kNow - 1};
          }),
          "lifetime has not begun or has ended");
  refuses(leaf([](auto& l) {
            l.lifetime = {kNow + 1, kNow + 10};
          }),
          "lifetime has not begun or has ended");
  refuses(leaf([](auto& l) {
            l.lifetime = {kNow + 1, kNow - 1};
          }),
          "lifetime has not begun or has ended");
  refuses(leaf([](auto& l) {
            l.lifetime = {kNow - 500, kNow + 501};
          }),
          "longer than what is accepted");
  refuses(leaf([](auto& l) {
            l.lifetime = {0, ~std::uint64_t{0}};
          }),
          "longer than what is accepted");
  // Unknown capabilities are ignored.
  refuses(leaf([](auto& l) {
            for (auto* list : {&l.capabilities.versions, &l.capabilities.cipher_suites,
                               &l.capabilities.extensions, &l.capabilities.proposals,
                               &l.capabilities.credentials}) {
              list->insert(list->begin(), 0x3a3a);
            }
          }),
          "12.4.2: a commit's confirmation tag");
}

TEST_CASE("7.3: the credential's type is supported by all members") {
  const auto supporting = [](std::vector<std::uint16_t> types, CredentialType type) {
    return add([&](KeyPackage& package) {
      package.leaf_node.capabilities.credentials = types;
      package.leaf_node.credential.type = type;
    });
  };
  constexpr auto kRule = "7.3: a credential's type is not supported by every member";
  refuses(supporting({1, 2}, CredentialType::kX509), kRule);  // the others have kBasic only
  refuses(supporting({2}, CredentialType::kX509), kRule);
}

TEST_CASE("7.3: keys and identities are used once") {
  const World& world = World::get();
  const Forger mallory = world.mallory();
  const LeafNode& gina = *mallory.group.tree().leaf(kGina);
  refuses(add([&](auto& p) { p.leaf_node.encryption_key = gina.encryption_key; }),
          "7.3: an encryption key is used twice");
  Bytes parent_key;
  mallory.group.tree().for_each_parent(
      [&](NodeIndex, const ParentNode& parent) { parent_key = parent.encryption_key; });
  refuses(add([&](auto& p) { p.leaf_node.encryption_key = parent_key; }),
          "7.3: an encryption key is used twice");
  refuses(add([&](auto& p) { p.leaf_node.credential = gina.credential; }), "the same identity");

  Forger forger = world.mallory();
  KeyPackageKeys same = key_package(forger.rng, forger.key, "another name");
  refuses(forger.commit({{Add{std::make_shared<KeyPackage>(same.key_package)}}}),
          "7.3: a signature key is used by two members");
  // Twice in one commit.
  const auto package = std::make_shared<KeyPackage>(key_package(forger.rng, "twin").key_package);
  refuses(forger.commit({{Add{package}}, {Add{package}}}), "7.3: an encryption key is used twice");
  const auto twin = std::make_shared<KeyPackage>(key_package(forger.rng, "twin").key_package);
  refuses(forger.commit({{Add{package}}, {Add{twin}}}), "the same identity");
}

TEST_CASE("7.3, 12.1.2: updates") {
  refuses(update([](auto& l) { l.source = LeafNodeSource::kCommit; }), "leaf is not made for one");
  refuses(update([](auto& l) { l.source = LeafNodeSource::kKeyPackage; }),
          "leaf is not made for one");
  refuses(update([](auto& l) {
            l.encryption_key = World::get().mallory().group.tree().leaf(kMallory)->encryption_key;
          }),
          "7.3: an update keeps the encryption key");
  refuses(update([](auto& l) { l.credential.identity.push_back('!'); }), "5.3.1: a member's leaf");
  refuses(update([](auto& l) { l.encryption_key = Bytes(32); }), "7.1: a leaf's encryption key");
  // Signed for another place.
  Forger mallory = World::get().mallory();
  LeafNode leaf = *mallory.group.tree().leaf(kMallory);
  leaf.source = LeafNodeSource::kUpdate;
  leaf.encryption_key = to_bytes(crypto::KemKeyPair::generate(mallory.rng).public_key);
  sign(leaf, mallory.key, mallory.group_id(), kGina);
  refuses(mallory.propose({Update{std::make_shared<LeafNode>(leaf)}}), "7.3: a leaf's signature");
  sign(leaf, mallory.key, as_bytes("other group"), kMallory);
  refuses(mallory.propose({Update{std::make_shared<LeafNode>(leaf)}}), "7.3: a leaf's signature");
}

}  // namespace parley::mls::test
