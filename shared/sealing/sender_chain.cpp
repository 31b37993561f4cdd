#include "shared/sealing/sender_chain.hpp"

namespace parley::sealing {
namespace {

constexpr std::uint8_t kVersion = 1;

bool next_to(const ChainLink& older, const ChainLink& newer) {
  return newer.counter - older.counter == 1;
}

}  // namespace

bool follows(const ChainLink& older, const ChainLink& newer) {
  return next_to(older, newer) && newer.previous == older.hash;
}

std::string_view describe(ChainVerdict verdict) {
  switch (verdict) {
    case ChainVerdict::kFirst:
    case ChainVerdict::kInOrder:
      return "Nothing is missing.";
    case ChainVerdict::kGap:
      return "Messages that this device sent before are missing.";
    case ChainVerdict::kLate:
      return "This message came later than it was sent.";
    case ChainVerdict::kRepeated:
      return "This message was delivered before.";
    case ChainVerdict::kForked:
      return "There are two different messages in this place of the device's messages.";
  }
  return "This message could not be put in order.";
}

ChainJudgement SenderChain::judge(const ChainLink& link) {
  const auto after = std::ranges::lower_bound(recent_, link.counter, {}, &ChainLink::counter);
  if (after != recent_.end() && after->counter == link.counter) {
    return {after->hash == link.hash ? ChainVerdict::kRepeated : ChainVerdict::kForked};
  }
  if (recent_.empty()) {
    remember(after, link);
    return {ChainVerdict::kFirst, link.counter - 1};
  }
  if (after == recent_.begin()) return {ChainVerdict::kRepeated};
  const ChainLink& older = *std::prev(after);
  const bool newest = after == recent_.end();
  if (next_to(older, link) && !follows(older, link)) return {ChainVerdict::kForked};
  if (!newest && next_to(link, *after) && !follows(link, *after)) return {ChainVerdict::kForked};
  const std::uint64_t missing = link.counter - older.counter - 1;
  remember(after, link);
  if (!newest) return {ChainVerdict::kLate};
  return missing == 0 ? ChainJudgement{} : ChainJudgement{ChainVerdict::kGap, missing};
}

void SenderChain::remember(std::vector<ChainLink>::iterator before, const ChainLink& link) {
  recent_.insert(before, link);
  if (recent_.size() > kRemembered) recent_.erase(recent_.begin());
}

Bytes SenderChain::encode() const {
  Bytes out;
  wire::BinaryWriter writer(out);
  writer(kVersion, wire::Capped<const std::vector<ChainLink>>{recent_, kRemembered});
  return out;
}

Result<SenderChain> SenderChain::decode(ByteView bytes) {
  PARLEY_TRY(identity::check_version(bytes, kVersion));
  std::uint8_t version = 0;
  SenderChain chain;
  wire::Capped<std::vector<ChainLink>> links{chain.recent_, kRemembered};
  wire::BinaryReader reader(bytes);
  reader(version, links);
  PARLEY_TRY(reader.finish());
  std::uint64_t last = 0;
  for (const ChainLink& link : chain.recent_) {
    if (link.counter <= last) return ErrorCode::kMalformed;
    last = link.counter;
  }
  return chain;
}

}  // namespace parley::sealing
