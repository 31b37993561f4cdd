#include "shared/sealing/sender_chain.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/identity/people.hpp"

namespace parley::sealing {
namespace {

using namespace test;
using Verdict = ChainVerdict;

// Messages 1 to `count` of a device; another seed is another story.
std::vector<ChainLink> links(std::uint64_t count, std::uint64_t seed = 0) {
  std::vector<ChainLink> all;
  crypto::Digest previous{};
  for (std::uint64_t counter = 1; counter <= count; ++counter) {
    const crypto::Digest hash = crypto::sha256(
        identity::concat({identity::big_endian(seed), identity::big_endian(counter)}));
    all.push_back({counter, previous, hash});
    previous = hash;
  }
  return all;
}

TEST_CASE("messages in order are in order") {
  SenderChain chain;
  const auto all = links(100);
  CHECK(chain.judge(all[0]) == ChainJudgement{Verdict::kFirst, 0});
  for (std::size_t i = 1; i < all.size(); ++i) {
    REQUIRE(chain.judge(all[i]) == ChainJudgement{Verdict::kInOrder, 0});
  }
  SenderChain late_reader;
  CHECK(late_reader.judge(all[40]) == ChainJudgement{Verdict::kFirst, 40});
  CHECK(late_reader.judge(all[41]) == ChainJudgement{Verdict::kInOrder, 0});
}

TEST_CASE("missing messages show, and so do those that come late") {
  SenderChain chain;
  const auto all = links(10);
  chain.judge(all[0]);
  CHECK(chain.judge(all[4]) == ChainJudgement{Verdict::kGap, 3});
  CHECK(chain.judge(all[5]) == ChainJudgement{Verdict::kInOrder, 0});
  CHECK(chain.judge(all[2]).verdict == Verdict::kLate);
  CHECK(chain.judge(all[1]).verdict == Verdict::kLate);
  CHECK(chain.judge(all[3]).verdict == Verdict::kLate);
  CHECK(chain.judge(all[3]).verdict == Verdict::kRepeated);
  CHECK(chain.judge(all[6]) == ChainJudgement{Verdict::kInOrder, 0});
}

TEST_CASE("repeated messages show and change nothing") {
  SenderChain chain;
  const auto all = links(100);
  for (const ChainLink& link : all) chain.judge(link);
  const SenderChain before = chain;
  for (const ChainLink& link : all) CHECK(chain.judge(link).verdict == Verdict::kRepeated);
  CHECK(chain == before);
  CHECK(chain.judge({101, all[99].hash, {5}}).verdict == Verdict::kInOrder);
}

TEST_CASE("two stories of one device show and change nothing") {
  const auto all = links(10);
  const auto other = links(10, 1);
  SenderChain chain;
  for (std::size_t i = 0; i < 5; ++i) chain.judge(all[i]);
  const SenderChain before = chain;
  CHECK(chain.judge(other[4]).verdict == Verdict::kForked);  // in the place of one that was seen
  CHECK(chain.judge(other[5]).verdict == Verdict::kForked);  // after another one
  CHECK(chain == before);
  CHECK(chain.judge(all[5]).verdict == Verdict::kInOrder);

  // Into a gap, between messages that it does not fit.
  SenderChain gap;
  gap.judge(all[0]);
  gap.judge(all[2]);
  CHECK(gap.judge(other[1]).verdict == Verdict::kForked);
  ChainLink half = all[1];
  half.hash = {9};
  CHECK(gap.judge(half).verdict == Verdict::kForked);
  CHECK(gap.judge(all[1]).verdict == Verdict::kLate);
  // After what was refused, the story goes on with a gap.
  CHECK(chain.judge(other[8]) == ChainJudgement{Verdict::kGap, 2});
}

TEST_CASE("pages of history are joined by their edges") {
  const auto all = links(3);
  const auto other = links(3, 1);
  CHECK(follows(all[0], all[1]));
  CHECK_FALSE(follows(all[0], all[2]));
  CHECK_FALSE(follows(all[1], all[0]));
  CHECK_FALSE(follows(other[0], all[1]));
}

TEST_CASE("only so much is remembered, and it survives its encoding") {
  SenderChain chain;
  for (const ChainLink& link : links(1000)) chain.judge(link);
  Bytes bytes = chain.encode();
  CHECK(bytes.size() <= 2 + SenderChain::kRemembered * 74);
  auto read = SenderChain::decode(bytes);
  REQUIRE(read);
  CHECK(*read == chain);
  CHECK(SenderChain::decode(SenderChain().encode()));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    REQUIRE_FALSE(SenderChain::decode(ByteView(bytes).first(size)));
  }
  CHECK_FALSE(SenderChain::decode(identity::concat({bytes, as_bytes("x")})));
  bytes[0] = 2;
  CHECK(SenderChain::decode(bytes).error().code == ErrorCode::kVersionUnsupported);

  SenderChain two;
  for (const ChainLink& link : links(2)) two.judge(link);
  bytes = two.encode();
  CHECK(digest_hex(bytes) == "bdd2a62988a60e364ca02a94d790227d84d96ae109ce9fd6c4393136adc63e5a");
  bytes[2] = 2;  // the first counter: now they do not rise
  CHECK(SenderChain::decode(bytes).error().code == ErrorCode::kMalformed);
  bytes[2] = 0;
  CHECK(SenderChain::decode(bytes).error().code == ErrorCode::kMalformed);
  bytes[1] = SenderChain::kRemembered + 1;
  CHECK_FALSE(SenderChain::decode(bytes));
}

}  // namespace
}  // namespace parley::sealing
