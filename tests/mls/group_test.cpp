// What this library adds to the protocol's rules, and what a group keeps and forgets.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "tests/mls/world.hpp"

namespace parley::mls::test {
namespace {

// A group of two in which everything goes well.
struct Pair {
  SeededRng rng{21};
  KeyPackageKeys bob_keys = key_package(rng, "bob");
  Group alice = *Group::create(rng, {1}, key_package(rng, "alice"), {}, strict());
  std::optional<Group> bob;

  Pair() {
    const auto pending = commit(alice, {{Add{std::make_shared<KeyPackage>(bob_keys.key_package)}}});
    bob.emplace(*Group::join(message_of<Welcome>(*pending.welcome), bob_keys, std::nullopt, no_psk,
                             strict()));
  }
  // The commit is made and its state taken over.
  struct Made {
    Bytes message;
    std::optional<Bytes> welcome;
  };
  Made commit(Group& by, std::vector<Proposal> proposals = {}) {
    auto pending = by.commit(rng, {.proposals = std::move(proposals)}, no_psk);
    REQUIRE(pending.ok());
    Made made{std::move(pending->message), std::move(pending->welcome)};
    by.become(std::move(pending->next));
    return made;
  }
};

bool is_grease(std::uint16_t value) {
  return (value & 0x0f0f) == 0x0a0a && (value >> 8) == (value & 0xff);
}

}  // namespace

TEST_CASE("13.5: capabilities carry values that nobody knows") {
  SeededRng rng(1);
  const Capabilities can = key_package(rng, "alice").key_package.leaf_node.capabilities;
  for (const auto* list : {&can.cipher_suites, &can.extensions, &can.proposals, &can.credentials}) {
    CHECK(std::ranges::count_if(*list, is_grease) == 1);
  }
}

TEST_CASE("10: a key package of last resort is one that its leaf allows") {
  SeededRng rng(1);
  const auto keys = make_key_package(rng, crypto::SigningKey::generate(rng), identity("alice"),
                                     {kNow, kNow}, {{ExtensionType::kLastResort, {}}});
  CHECK(find_extension(keys.key_package.extensions, ExtensionType::kLastResort) != nullptr);
  const auto& listed = keys.key_package.leaf_node.capabilities.extensions;
  CHECK(std::ranges::count(listed, 10) == 1);
}

TEST_CASE("a group is not made of keys that do not belong together, nor with extensions twice") {
  SeededRng rng(1);
  KeyPackageKeys keys = key_package(rng, "alice");
  keys.signing_key = crypto::SigningKey::generate(rng);
  CHECK_FALSE(Group::create(rng, {1}, std::move(keys), {}, strict()).ok());
  const Extension twice{ExtensionType::kApplicationId, {}};
  CHECK_FALSE(Group::create(rng, {1}, key_package(rng, "alice"), {twice, twice}, strict()).ok());
  CHECK(Group::create(rng, {1}, key_package(rng, "alice"), {twice}, strict()).ok());
}

TEST_CASE("making a commit changes nothing until it is taken over") {
  Pair pair;
  const Bytes before = to_bytes(pair.alice.epoch_authenticator().expose());
  REQUIRE(pair.alice.commit(pair.rng, {}, no_psk).ok());
  CHECK(to_bytes(pair.alice.epoch_authenticator().expose()) == before);
  const auto winner = pair.commit(*pair.bob);
  CHECK(pair.alice.process(winner.message, no_psk).ok());
  CHECK_FALSE(pair.alice.process(winner.message, no_psk).ok());  // again: another epoch
}

TEST_CASE("an own commit that comes back is refused") {
  Pair pair;
  const auto pending = pair.alice.commit(pair.rng, {}, no_psk);
  CHECK_FALSE(pair.alice.process(pending->message, no_psk).ok());
  CHECK(pair.bob->process(pending->message, no_psk).ok());
}

TEST_CASE("late messages are read for three epochs") {
  Pair pair;
  std::vector<Bytes> sent;
  for (std::size_t i = 0; i <= kPastEpochs + 1; ++i) {
    sent.push_back(*pair.alice.protect(pair.rng, Bytes{1}));
    if (i > kPastEpochs) break;
    REQUIRE(pair.bob->process(pair.commit(pair.alice).message, no_psk).ok());
  }
  CHECK_FALSE(pair.bob->process(sent[0], no_psk).ok());
  for (std::size_t i = 1; i < sent.size(); ++i) {
    CHECK(pair.bob->process(sent[i], no_psk).ok());
    CHECK_FALSE(pair.bob->process(sent[i], no_psk).ok());
  }
  // A handshake of an epoch that has passed is not.
  const Bytes proposal = *pair.alice.propose_update(pair.rng, WireFormat::kPrivateMessage);
  REQUIRE(pair.alice.process(pair.commit(*pair.bob).message, no_psk).ok());
  CHECK_FALSE(pair.bob->process(proposal, no_psk).ok());
}

TEST_CASE("12.2: open proposals that contradict stay out of a commit") {
  Pair pair;
  const auto said = [&](Group& by, Group& to, Proposal proposal) {
    REQUIRE(to.process(*by.propose(pair.rng, std::move(proposal)), no_psk).ok());
  };
  const auto twin = [&] {
    return Proposal{Add{std::make_shared<KeyPackage>(key_package(pair.rng, "carol").key_package)}};
  };
  PreSharedKeyId unknown = psk_id("nobody knows it");
  said(pair.alice, *pair.bob, {PreSharedKey{unknown}});
  said(*pair.bob, pair.alice, twin());
  said(pair.alice, *pair.bob, twin());
  said(pair.alice, *pair.bob, {ReInit{{9}, ProtocolVersion::kMls10, {}, {}}});
  said(*pair.bob, pair.alice, {Remove{pair.alice.own_leaf()}});
  REQUIRE(pair.alice.process(*pair.bob->propose_update(pair.rng), no_psk).ok());
  said(pair.alice, *pair.bob, {Remove{pair.bob->own_leaf()}});

  const auto made = pair.commit(pair.alice);
  const auto seen = pair.bob->process(made.message, no_psk);
  REQUIRE(seen.ok());
  CHECK(std::holds_alternative<RemovedFromGroup>(*seen));       // a removal goes before an update
  CHECK(pair.alice.public_group().tree().member_count() == 2);  // alice and one carol
  CHECK_FALSE(pair.alice.is_closed());
}

TEST_CASE("11.2: a reinitialised group is closed for everybody who follows it") {
  Pair pair;
  PublicGroup server = *PublicGroup::join(pair.alice.group_info(true), std::nullopt, strict());
  const auto made = pair.commit(pair.alice, {{ReInit{{9}, ProtocolVersion::kMls10, {}, {}}}});
  const auto changed = pair.bob->process(made.message, no_psk);
  REQUIRE(changed.ok());
  CHECK(std::get<EpochChanged>(*changed).reinit->group_id == Bytes{9});
  server = server.stage(*open_public(message_of<PublicMessage>(made.message)))->next;
  for (Group* group : {&pair.alice, &*pair.bob}) {
    CHECK(group->is_closed());
    CHECK_FALSE(group->commit(pair.rng, {}, no_psk).ok());
    CHECK_FALSE(group->protect(pair.rng, Bytes{1}).ok());
    CHECK_FALSE(group->propose_update(pair.rng).ok());
    CHECK_FALSE(group->propose(pair.rng, {Remove{LeafIndex{0}}}).ok());
  }
  CHECK(server.is_closed());
  CHECK_FALSE(server.check_open().ok());
}

TEST_CASE("8.4: a resumption PSK of this group needs no lookup") {
  Pair pair;
  PreSharedKeyId id;
  id.type = PskType::kResumption;
  id.group_id = {1};
  id.epoch = pair.alice.epoch();
  id.nonce = Bytes(kHashSize, 1);
  REQUIRE(pair.bob->process(pair.commit(pair.alice).message, no_psk).ok());
  CHECK(pair.bob->process(pair.commit(pair.alice, {{PreSharedKey{id}}}).message, no_psk).ok());
  id.epoch = 0;  // before bob
  CHECK_FALSE(
      pair.bob->process(pair.commit(pair.alice, {{PreSharedKey{id}}}).message, no_psk).ok());
}

TEST_CASE("an identity is in a tree twice where the application does not mind") {
  SeededRng rng(1);
  Policy open = strict();
  open.unique_identities = false;
  Group alice = *Group::create(rng, {1}, key_package(rng, "alice"), {}, open);
  const auto twin = std::make_shared<KeyPackage>(key_package(rng, "alice").key_package);
  CHECK(alice.commit(rng, {.proposals = {{Add{twin}}}}, no_psk).ok());
}

}  // namespace parley::mls::test
