// Signatures, tags and sealing (RFC 9420 sections 6, 9, 15.3).
#include <catch2/catch_test_macros.hpp>

#include "shared/crypto/signature.hpp"
#include "tests/mls/world.hpp"

namespace parley::mls::test {
namespace {

// Changes of the good commit; its signature stays what it was, its membership tag is made anew.
Bytes edited(const std::function<void(PublicMessage&)>& edit) {
  auto message = message_of<PublicMessage>(World::get().good_commit());
  edit(message);
  return World::get().mallory().retag(std::move(message));
}

void flip(Bytes& bytes) { bytes[bytes.size() / 2] ^= 1; }

// S + L, where L is the order of the group of Ed25519: a second form of the same signature.
void add_order(Bytes& signature) {
  static constexpr std::uint8_t kOrder[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,
                                              0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
                                              0,    0,    0,    0,    0,    0,    0,    0,
                                              0,    0,    0,    0,    0,    0,    0,    0x10};
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    carry += signature[32 + i] + kOrder[i];
    signature[32 + i] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  }
}

}  // namespace

TEST_CASE("6.1: signatures of messages hold") {
  constexpr auto kRule = "6.1: a message's signature does not hold";
  refuses(edited([](auto& m) { flip(m.auth.signature); }), kRule);
  refuses(edited([](auto& m) { m.auth.signature.clear(); }), kRule);
  refuses(edited([](auto& m) { m.auth.signature.pop_back(); }), kRule);
  refuses(edited([](auto& m) { m.auth.signature.push_back(0); }), kRule);
  refuses(edited([](auto& m) { add_order(m.auth.signature); }), kRule);
  refuses(edited([](auto& m) { m.content.authenticated_data.push_back(1); }), kRule);
  refuses(edited([](auto& m) { m.content.sender.leaf = kGina; }), kRule);
}

TEST_CASE("6.1: the confirmation tag of a commit holds") {
  refuses(edited([](auto& m) { flip(m.auth.confirmation_tag); }), "confirmation tag does not hold");
  for (const std::size_t size : {0, 31, 33}) {
    refuses(edited([&](auto& m) { m.auth.confirmation_tag.resize(size); }),
            "confirmation tag has the wrong size");
  }
}

TEST_CASE("6.2: the membership tag of a public message holds") {
  const auto with_tag = [](const std::function<void(Bytes&)>& edit) {
    auto message = message_of<PublicMessage>(World::get().good_commit());
    edit(message.membership_tag);
    return message_bytes(std::move(message));
  };
  constexpr auto kRule = "6.2: a membership tag does not hold";
  refuses(with_tag([](Bytes& tag) { flip(tag); }), kRule);
  refuses(with_tag([](Bytes& tag) { tag.clear(); }), kRule);
  refuses(with_tag([](Bytes& tag) { tag.pop_back(); }), kRule);
  refuses(with_tag([](Bytes& tag) { tag.push_back(0); }), kRule);
}

TEST_CASE("6.1: the sender is a member") {
  for (const LeafIndex leaf : {kBlank, LeafIndex{7}, LeafIndex{8}, LeafIndex{0x7fffffff},
                               LeafIndex{0x80000000}, LeafIndex{0xffffffff}}) {
    INFO(leaf.value);
    refuses(edited([&](auto& m) { m.content.sender.leaf = leaf; }),
            "6.1: the sender is not a member");
  }
}

TEST_CASE("6: messages of other epochs and groups are refused") {
  for (const int step : {-1, 1}) {
    refuses(edited([&](auto& m) { m.content.epoch += static_cast<std::uint64_t>(step); }),
            "another epoch");
  }
  refuses(edited([](auto& m) { m.content.group_id.push_back(0); }), "another group");
  Forger mallory = World::get().mallory();
  Group victor = World::get().victor();
  const Bytes sealed = mallory.seal({.plaintext = mallory.plaintext(ApplicationData{})});
  auto message = message_of<PrivateMessage>(sealed);
  message.group_id.clear();
  refuses(victor, message_bytes(message), "another group");
}

TEST_CASE("6: what may not be public, and who may not commit") {
  Forger mallory = World::get().mallory();
  refuses(mallory.send(Content(ApplicationData{{1}})), "application data in a public message");
  FramedContent commit = mallory.framed(Commit{});
  commit.sender = {SenderType::kExternal, {}, 0};
  refuses(mallory.send(commit), "external sender may only propose");
  commit.sender = {SenderType::kNewMemberProposal, {}, 0};
  refuses(mallory.send(commit), "only propose its own addition");
  FramedContent proposal = mallory.framed(Proposal{Remove{kBob}});
  proposal.sender = {SenderType::kNewMemberCommit, {}, 0};
  refuses(mallory.send(proposal), "a new member's commit is no commit");
  refuses(message_bytes(World::get().welcome()), "not a message for the members");
  refuses(message_bytes(World::get().group_info()), "not a message for the members");
  refuses(message_bytes(World::get().victor_keys().key_package), "not a message for the members");
}

TEST_CASE("6.3: private messages") {
  Forger mallory = World::get().mallory();
  const Content content = ApplicationData{{1, 2, 3}};
  const auto with = [&](const std::function<void(PrivateMessage&)>& edit) {
    auto message =
        message_of<PrivateMessage>(mallory.seal({.plaintext = mallory.plaintext(content)}));
    edit(message);
    return message_bytes(std::move(message));
  };
  Group victor = World::get().victor();
  SECTION("the right one is read, once") {
    const Bytes message = with([](auto&) {});
    const auto read = victor.process(message, no_psk);
    REQUIRE(read.ok());
    CHECK(std::get<ApplicationMessage>(*read).sender == kMallory);
    refuses(victor, message, "received before");
  }
  SECTION("ciphertexts") {
    // All of them fail to open, which tells nobody why.
    const auto edits = std::vector<std::function<void(PrivateMessage&)>>{
        [](auto& m) { m.ciphertext.back() ^= 1; },
        [](auto& m) { m.ciphertext.clear(); },
        [](auto& m) { m.ciphertext.pop_back(); },
        [](auto& m) { m.ciphertext.push_back(0); },
        [](auto& m) { m.encrypted_sender_data.clear(); },
        [](auto& m) { flip(m.encrypted_sender_data); },
        [](auto& m) { m.authenticated_data.push_back(0); },
        [](auto& m) { m.content_type = ContentType::kCommit; },
        [](auto& m) { m.content_type = ContentType::kProposal; }};
    for (const auto& edit : edits) refuses(with(edit), "");
    const auto untouched = victor.process(with([](auto&) {}), no_psk);
    CHECK(untouched.ok());
  }
  SECTION("6.3.1: padding is zero") {
    Bytes padded = mallory.plaintext(content);
    padded.resize(padded.size() + 5);
    CHECK(victor.process(mallory.seal({.plaintext = padded}), no_psk).ok());
    padded.back() = 1;
    refuses(victor, mallory.seal({.plaintext = padded}), "6.3.1: padding is not zero");
  }
  SECTION("6.3.2: the sender is a member") {
    for (const LeafIndex leaf : {kBlank, LeafIndex{7}, LeafIndex{8}, LeafIndex{0xffffffff}}) {
      refuses(mallory.seal({.plaintext = mallory.plaintext(content), .sender = leaf}),
              "6.3.2: the sender is not a member");
    }
  }
  SECTION("the signature is the sender's") {
    refuses(mallory.seal({.plaintext = mallory.plaintext(content), .sender = kGina}),
            "6.1: a message's signature does not hold");
    Bytes cut = mallory.plaintext(content);
    cut.resize(20);
    refuses(mallory.seal({.plaintext = cut}), "");
  }
}

TEST_CASE("15.3: generations far ahead are refused without deriving them") {
  Forger mallory = World::get().mallory();
  for (const std::uint32_t generation : {kMaxForwardSteps + 1, 1'000'000u, 0xffffffffu}) {
    refuses(
        mallory.seal({.plaintext = mallory.plaintext(ApplicationData{}), .generation = generation}),
        "jumped too far");
  }
  // As far as is allowed; of what was skipped, no more than the bound is kept.
  mallory = World::get().mallory();
  Group victor = World::get().victor();
  std::vector<Bytes> sent;
  for (std::uint32_t i = 0; i <= kMaxForwardSteps + 2; ++i) {
    sent.push_back(mallory.seal({.plaintext = mallory.plaintext(ApplicationData{})}));
  }
  const auto reads = [&](std::uint32_t generation) {
    return victor.process(sent[generation], no_psk).ok();
  };
  REQUIRE(reads(1));  // skips 0
  REQUIRE(reads(kMaxForwardSteps + 2));
  CHECK(reads(2));
  CHECK(reads(kMaxForwardSteps + 1));
  refuses(victor, sent[0], "received before");
}

}  // namespace parley::mls::test
