// Those who are not members: external commits and proposals (RFC 9420
// sections 8.3, 12.1.8, 12.2, 12.4.3.2).
#include <catch2/catch_test_macros.hpp>

#include "tests/mls/world.hpp"

namespace parley::mls::test {
namespace {

// Zoe joins by an external commit.
struct Joiner {
  SeededRng rng{11};
  crypto::SigningKey key = crypto::SigningKey::generate(rng);

  PendingCommit join(std::string_view name = "zoe",
                     std::optional<LeafIndex> replaces = std::nullopt,
                     std::vector<PreSharedKeyId> psks = {}) {
    auto pending =
        Group::join_external(rng, World::get().group_info(), std::nullopt, key, identity(name),
                             replaces, std::move(psks), known_psk(), strict());
    REQUIRE(pending.ok());
    return std::move(*pending);
  }
  // The commit changed and signed again.
  Bytes edited(const std::function<void(Commit&)>& edit) {
    auto message = message_of<PublicMessage>(join().message);
    edit(std::get<Commit>(message.content.content));
    return World::get().mallory().send_as(key, std::move(message.content));
  }
  Bytes with(Proposal proposal) {
    return edited([&](Commit& c) { c.proposals.push_back({proposal}); });
  }
};

std::shared_ptr<const KeyPackage> some_package(Rng& rng) {
  return std::make_shared<KeyPackage>(key_package(rng, "x").key_package);
}

}  // namespace

TEST_CASE("8.3: an external commit lets somebody in") {
  Joiner zoe;
  PendingCommit pending = zoe.join("zoe", std::nullopt, {psk_id("known")});
  Group victor = World::get().victor();
  const auto changed = victor.process(pending.message, known_psk());
  REQUIRE(changed.ok());
  CHECK(std::get<EpochChanged>(*changed).committer == kBlank);
  CHECK(to_bytes(victor.epoch_authenticator().expose()) ==
        to_bytes(pending.next.epoch_authenticator().expose()));
  const auto hello = pending.next.protect(zoe.rng, as_bytes("hello"));
  CHECK(victor.process(*hello, no_psk).ok());
}

TEST_CASE("12.2: proposals in an external commit") {
  Joiner zoe;
  refuses(zoe.with({ExternalInit{Bytes(32, 1)}}), "12.2: two external inits");
  refuses(zoe.edited([](Commit& c) { c.proposals.clear(); }), "without an external init");
  refuses(zoe.with({Add{some_package(zoe.rng)}}), "12.1.8: this sender may not propose that");
  refuses(zoe.with({GroupContextExtensions{}}), "12.1.8: this sender may not propose that");
  refuses(zoe.with({ReInit{}}), "12.2: a reinitialisation beside other proposals");
  refuses(zoe.edited([](Commit& c) { c.proposals = {{Proposal{ReInit{}}}}; }),
          "without an external init");
  refuses(zoe.with({Update{}}), "");
  refuses(zoe.with({Remove{kBob}}), "5.3.1: a member's leaf is replaced");
  refuses(zoe.with({Remove{kBlank}}), "12.1.3");
  refuses(zoe.with({PreSharedKey{psk_id("other")}}), "");
  refuses(zoe.edited([](Commit& c) {
    for (const LeafIndex leaf : {kBob, kCarol}) c.proposals.push_back({Proposal{Remove{leaf}}});
  }),
          "more than one member");
  // By reference, although everybody knows the proposal.
  Forger mallory = World::get().mallory();
  Group victor = World::get().victor();
  const auto kept = victor.process(mallory.propose({Remove{kBob}}), no_psk);
  const ProposalRef ref = std::get<ProposalReceived>(*kept).ref;
  refuses(victor, zoe.edited([&](Commit& c) { c.proposals.push_back({ref}); }),
          "12.4.3.2: an external commit refers to a proposal");
}

TEST_CASE("12.4.3.2: an external commit has a path, and its leaf's signature") {
  Joiner zoe;
  refuses(zoe.edited([](Commit& c) { c.path.reset(); }),
          "12.4.3.2: an external commit without a path");
  refuses(zoe.edited([](Commit& c) { c.path->nodes.pop_back(); }), "has not the length");
  refuses(zoe.edited([](Commit& c) { c.path->leaf_node.signature[0] ^= 1; }),
          "7.3: a leaf's signature");
  for (const Bytes& kem : {Bytes(32), Bytes(), Bytes(33, 1)}) {
    refuses(zoe.edited([&](Commit& c) { c.proposals[0] = {Proposal{ExternalInit{kem}}}; }), "");
  }
  auto message = message_of<PublicMessage>(zoe.join().message);
  refuses(World::get().mallory().send(message.content), "6.1: a message's signature");
  message.auth.confirmation_tag.clear();
  refuses(message_bytes(message), "confirmation tag has the wrong size");
  message.auth.confirmation_tag = Bytes(kHashSize);
  refuses(message_bytes(message), "confirmation tag does not hold");
}

TEST_CASE("12.2: who comes back removes its old leaf and keeps none of its keys") {
  const World& world = World::get();
  Joiner bob;
  bob.key = world.key(kBob).clone();
  Group victor = world.victor();
  REQUIRE(victor.process(bob.join("bob", kBob).message, no_psk).ok());
  // As somebody else, or beside the old leaf.
  const auto attempt = [&](std::string_view name, std::optional<LeafIndex> replaces) {
    return Group::join_external(bob.rng, world.group_info(), std::nullopt, bob.key, identity(name),
                                replaces, {}, no_psk, strict());
  };
  CHECK_FALSE(attempt("bob", kCarol).ok());
  CHECK_FALSE(attempt("robert", kBob).ok());
  CHECK_FALSE(attempt("bob", std::nullopt).ok());
  CHECK_FALSE(attempt("robert", std::nullopt).ok());  // the same signature key

  auto message = message_of<PublicMessage>(bob.join("bob", kBob).message);
  UpdatePath& path = *std::get<Commit>(message.content.content).path;
  path.leaf_node.encryption_key = world.mallory().group.tree().leaf(kBob)->encryption_key;
  sign(path.leaf_node, bob.key, world.mallory().group_id(), kBob);
  refuses(world.mallory().send_as(bob.key, message.content), "keeps the encryption key");
}

TEST_CASE("12.4.3.2: joining needs a group info that allows it, and what the group demands") {
  Joiner zoe;
  const auto joins = [&](GroupInfo info, const Identity& self) {
    sign_group_info(info, World::get().key(kAlice));
    return Group::join_external(zoe.rng, info, std::nullopt, zoe.key, self, std::nullopt, {},
                                no_psk, strict())
        .ok();
  };
  const GroupInfo good = World::get().group_info();
  CHECK(joins(good, identity("zoe")));
  GroupInfo info = good;
  std::erase_if(info.extensions, [](auto& e) { return e.type == ExtensionType::kExternalPub; });
  CHECK_FALSE(joins(info, identity("zoe")));
  info = good;
  for (Extension& extension : info.extensions) {
    if (extension.type == ExtensionType::kExternalPub) extension.data = encode(Bytes(32));
  }
  CHECK_FALSE(joins(info, identity("zoe")));
  info = good;
  const RequiredCapabilities demands{{10}, {}, {}};
  info.group_context.extensions = {{ExtensionType::kRequiredCapabilities, encode(demands)}};
  CHECK(joins(info, identity("zoe")));
  Identity poor = identity("zoe");
  poor.capabilities.extensions.clear();
  CHECK_FALSE(joins(info, poor));
}

TEST_CASE("12.1.8.1: external senders propose what the group lets them") {
  SeededRng rng(12);
  const auto service = crypto::SigningKey::generate(rng);
  const std::vector<ExternalSender> senders{
      {to_bytes(service.public_key()), identity("service").credential}};
  Group alice = *Group::create(rng, {1}, key_package(rng, "alice"),
                               {{ExtensionType::kExternalSenders, encode(senders)}}, strict());
  CommitOptions options;
  options.proposals.push_back({Add{some_package(rng)}});
  alice.become(std::move(alice.commit(rng, std::move(options), no_psk)->next));

  const auto propose = [&](Proposal proposal, std::uint32_t index, const crypto::SigningKey& key) {
    FramedContent content;
    content.group_id = {1};
    content.epoch = alice.epoch();
    content.sender = {SenderType::kExternal, {}, index};
    content.content = std::move(proposal);
    AuthenticatedContent made =
        sign_content(WireFormat::kPublicMessage, std::move(content), key, {});
    return alice.process(message_bytes(protect_public(std::move(made), {}, {})), no_psk);
  };
  const auto zoe = key_package(rng, "zoe");
  CHECK_FALSE(propose({Remove{LeafIndex{1}}}, 1, service).ok());
  CHECK_FALSE(propose({Remove{LeafIndex{1}}}, 0, zoe.signing_key).ok());
  CHECK_FALSE(propose({Remove{LeafIndex{9}}}, 0, service).ok());
  CHECK_FALSE(propose({ExternalInit{Bytes(32, 1)}}, 0, service).ok());
  Update update;
  update.leaf_node = alice.public_group().tree().leaf_ptr(LeafIndex{1});
  CHECK_FALSE(propose({update}, 0, service).ok());
  REQUIRE(alice.public_group().proposals().empty());
  REQUIRE(propose({Remove{LeafIndex{1}}}, 0, service).ok());
  REQUIRE(propose({Add{std::make_shared<KeyPackage>(zoe.key_package)}}, 0, service).ok());
  auto pending = alice.commit(rng, {}, no_psk);
  REQUIRE(pending.ok());
  Group joined =
      *Group::join(message_of<Welcome>(*pending->welcome), zoe, std::nullopt, no_psk, strict());
  CHECK(joined.public_group().tree().member_count() == 2);
}

TEST_CASE("12.1.8: a new member proposes its own addition") {
  Forger mallory = World::get().mallory();
  const KeyPackageKeys zoe = key_package(mallory.rng, "zoe");
  FramedContent content =
      mallory.framed(Proposal{Add{std::make_shared<KeyPackage>(zoe.key_package)}});
  content.sender = {SenderType::kNewMemberProposal, {}, 0};
  Group victor = World::get().victor();
  CHECK(victor.process(mallory.send_as(zoe.signing_key, content), no_psk).ok());
  refuses(mallory.send(content), "6.1: a message's signature");
  content.content = Proposal{Remove{kBob}};
  refuses(mallory.send_as(zoe.signing_key, content), "may only propose its own addition");
  content.sender = {SenderType::kExternal, {}, 0};
  refuses(mallory.send(content), "12.1.8.1: the group has no external senders");
}

}  // namespace parley::mls::test
