// Lists of proposals (RFC 9420 sections 12.1, 12.2) and when a path is needed (12.4).
#include <catch2/catch_test_macros.hpp>

#include "tests/mls/world.hpp"

namespace parley::mls::test {
namespace {

Proposal add(Rng& rng, std::string_view name) {
  return {Add{std::make_shared<KeyPackage>(key_package(rng, name).key_package)}};
}
Proposal remove(LeafIndex leaf) { return {Remove{leaf}}; }
Proposal psk(PreSharedKeyId id) { return {PreSharedKey{std::move(id)}}; }

Proposal own_update(Forger& mallory) {
  LeafNode leaf = *mallory.group.tree().leaf(kMallory);
  leaf.source = LeafNodeSource::kUpdate;
  leaf.encryption_key = to_bytes(crypto::KemKeyPair::generate(mallory.rng).public_key);
  mallory.sign_leaf(leaf);
  return {Update{std::make_shared<LeafNode>(leaf)}};
}

// Victor gets the proposals, then a commit of mallory or, with its key, of gina that refers to them
// all.
void refuses_by_reference(Forger& mallory, const std::vector<Bytes>& proposals, LeafIndex committer,
                          std::string_view rule) {
  Group victor = World::get().victor();
  Commit commit;
  for (const Bytes& proposal : proposals) {
    const auto kept = victor.process(proposal, known_psk());
    REQUIRE(kept.ok());
    commit.proposals.push_back({std::get<ProposalReceived>(*kept).ref});
  }
  refuses(
      victor,
      mallory.send_as(World::get().key(committer), mallory.framed(std::move(commit), committer)),
      rule);
}

}  // namespace

TEST_CASE("12.2: what a commit may not do to its own committer") {
  Forger mallory = World::get().mallory();
  refuses(mallory.commit({own_update(mallory)}), "12.2: a committer updates itself");
  refuses_by_reference(mallory, {mallory.propose(own_update(mallory))}, kMallory,
                       "12.2: a committer updates itself");
  refuses(mallory.commit({remove(kMallory)}), "12.2: a committer removes itself");
  refuses_by_reference(mallory, {mallory.propose(remove(kMallory))}, kMallory,
                       "12.2: a committer removes itself");
}

TEST_CASE("12.2: one change for each leaf") {
  Forger mallory = World::get().mallory();
  constexpr auto kRule = "12.2: a member is updated or removed twice";
  refuses(mallory.commit({remove(kBob), remove(kBob)}), kRule);
  const Bytes update = mallory.propose(own_update(mallory));
  refuses_by_reference(mallory, {update, mallory.propose(own_update(mallory))}, kGina, kRule);
  refuses_by_reference(mallory, {update, mallory.propose(remove(kMallory))}, kGina, kRule);
}

TEST_CASE("12.1.3: a Remove names a member") {
  Forger mallory = World::get().mallory();
  for (const LeafIndex leaf : {kBlank, LeafIndex{7}, LeafIndex{8}, LeafIndex{0xffffffff}}) {
    refuses(mallory.commit({remove(leaf)}), "12.1.3");
    refuses(mallory.propose(remove(leaf)), "12.1.3");
  }
}

TEST_CASE("12.1.4, 12.2: pre-shared keys") {
  Forger mallory = World::get().mallory();
  for (const std::size_t size : {0, 31, 33}) {
    PreSharedKeyId id = psk_id("known");
    id.nonce.resize(size);
    refuses(mallory.commit({psk(id)}), "12.1.4: a PSK's nonce");
    refuses(mallory.propose(psk(id)), "12.1.4: a PSK's nonce");
  }
  for (const auto usage : {ResumptionUsage::kReInit, ResumptionUsage::kBranch}) {
    PreSharedKeyId id = psk_id("");
    id.type = PskType::kResumption;
    id.usage = usage;
    refuses(mallory.commit({psk(id)}), "12.1.4: a PSK for reinitialisation or branching");
  }
  refuses(mallory.commit({psk(psk_id("known")), psk(psk_id("known"))}),
          "12.2: a PSK is named twice");
  refuses(mallory.commit({psk(psk_id("other"))}), "8.4: a PSK is not known");
  PreSharedKeyId earlier = psk_id("");  // of an epoch in which victor was not there
  earlier.type = PskType::kResumption;
  earlier.group_id = to_bytes(mallory.group_id());
  refuses(mallory.commit({psk(earlier)}), "8.4: a PSK is not known");
  // The same key with another nonce is another PSK.
  PreSharedKeyId again = psk_id("known");
  again.nonce[0] ^= 1;
  refuses(mallory.commit({psk(psk_id("known")), psk(again)}), "confirmation tag");
}

TEST_CASE("12.1.5, 12.2: a reinitialisation is alone") {
  Forger mallory = World::get().mallory();
  const Proposal reinit{ReInit{{1, 2}, ProtocolVersion::kMls10, CipherSuite::kX25519ChaCha20, {}}};
  refuses(mallory.commit({reinit, psk(psk_id("known"))}), "beside other proposals");
  refuses(mallory.commit({add(mallory.rng, "x"), reinit}), "beside other proposals");
  refuses(mallory.commit({reinit, reinit}), "beside other proposals");
  refuses(mallory.commit({{ReInit{{1}, ProtocolVersion{0}, CipherSuite::kX25519ChaCha20, {}}}}),
          "12.1.5: a reinitialisation with an older version");
  const Extension twice{ExtensionType::kApplicationId, {}};
  refuses(mallory.commit({{ReInit{
              {1}, ProtocolVersion::kMls10, CipherSuite::kX25519ChaCha20, {twice, twice}}}}),
          "13.4: an extension occurs twice");
}

TEST_CASE("12.1.7, 12.2: the group's extensions") {
  Forger mallory = World::get().mallory();
  const auto change = [](Extensions extensions) {
    return Proposal{GroupContextExtensions{std::move(extensions)}};
  };
  refuses(mallory.commit({change({}), change({})}), "extensions are changed twice");
  const auto required = [](RequiredCapabilities demands) {
    return Extension{ExtensionType::kRequiredCapabilities, encode(demands)};
  };
  const Extension twice = required({});
  refuses(mallory.commit({change({twice, twice})}), "13.4: an extension occurs twice");
  refuses(mallory.commit({change({{ExtensionType::kRequiredCapabilities, {9}}})}), "");
  refuses(mallory.commit({change({{ExtensionType::kExternalSenders, {9}}})}), "");
  refuses(mallory.commit({change({{ExtensionType{0xf001}, {}}})}),
          "does not support one of the group's extensions");
  refuses(mallory.commit({change({required({{0xf001}, {}, {}})})}), "lacks a required extension");
  refuses(mallory.commit({change({required({{}, {0xf001}, {}})})}), "lacks a required proposal");
  refuses(mallory.commit({change({required({{}, {}, {2}})})}), "lacks a required credential");
  // What every member has anyway may be required; then only the path is missing.
  refuses(mallory.commit({change({required({{1, 2, 3, 4, 5}, {1, 7}, {1}})})}), "lacks its path");
  // New extensions count for those who are added with them.
  KeyPackageKeys poor = key_package(mallory.rng, "poor");
  poor.key_package.leaf_node.capabilities.extensions.clear();
  sign(poor.key_package, poor.signing_key);
  refuses(mallory.commit({{Add{std::make_shared<KeyPackage>(poor.key_package)}},
                          change({required({{10}, {}, {}})})}),
          "lacks a required extension");
}

TEST_CASE("12.2: an ExternalInit is for those who join by it") {
  Forger mallory = World::get().mallory();
  refuses(mallory.commit({{ExternalInit{Bytes(32, 1)}}}), "12.2: an external init in a member's");
  refuses(mallory.propose({ExternalInit{Bytes(32, 1)}}),
          "12.1.8: this sender may not propose that");
}

TEST_CASE("12.4.2: references are to proposals of this epoch") {
  Forger mallory = World::get().mallory();
  Commit commit;
  commit.proposals.push_back({ProposalRef{Bytes(32, 1)}});
  refuses(mallory.send(Content(commit)), "12.4.2: a commit refers to an unknown proposal");
  // One that was refused is not known either.
  Group victor = World::get().victor();
  const Bytes blank = mallory.propose(remove(kBlank));
  REQUIRE_FALSE(victor.process(blank, no_psk).ok());
  auto message = message_of<PublicMessage>(blank);
  commit.proposals[0] = {proposal_ref({WireFormat::kPublicMessage, message.content, message.auth})};
  refuses(victor, mallory.send(Content(commit)), "unknown proposal");
  // Nor one of an epoch that has passed.
  Group other = World::get().victor();
  const auto kept = other.process(mallory.propose(remove(kBob)), no_psk);
  REQUIRE(other.process(World::get().good_commit(), no_psk).ok());
  CHECK(other.public_group().proposals().empty());
}

TEST_CASE("12.4: a path is there when it is needed") {
  Forger mallory = World::get().mallory();
  constexpr auto kRule = "12.4: a commit lacks its path";
  refuses(mallory.commit({}), kRule);
  refuses(mallory.commit({remove(kBob)}), kRule);
  refuses(mallory.commit({{GroupContextExtensions{}}}), kRule);
  refuses_by_reference(mallory, {mallory.propose(own_update(mallory))}, kGina, kRule);
  // Without need, the commit fails by its tag alone.
  refuses(mallory.commit({add(mallory.rng, "x"), psk(psk_id("known"))}), "confirmation tag");
}

TEST_CASE("a commit is bounded before it is computed") {
  Forger mallory = World::get().mallory();
  refuses(mallory.commit(std::vector<Proposal>(kMaxProposals + 1, remove(kBob))),
          "too many proposals");
  std::vector<Proposal> many;
  for (std::size_t i = 0; i <= kMaxPsks; ++i) {
    PreSharedKeyId id = psk_id("known");
    id.nonce[0] = static_cast<std::uint8_t>(i);
    id.nonce[1] = static_cast<std::uint8_t>(i >> 8);
    many.push_back(psk(id));
  }
  refuses(mallory.commit(many), "too many PSKs");
}

}  // namespace parley::mls::test
