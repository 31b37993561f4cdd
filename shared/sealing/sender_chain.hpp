// Whether a device's messages in a room are all there, once each and in order. Each carries a
// counter and the hash of the one before (history.hpp); a server or a member that drops, repeats or
// swaps messages breaks that.
#pragma once

#include <string_view>
#include <vector>

#include "shared/sealing/history.hpp"

namespace parley::sealing {

struct ChainLink {
  std::uint64_t counter = 0;
  crypto::Digest previous{};
  crypto::Digest hash{};

  bool operator==(const ChainLink&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(counter, identity::fixed(previous), identity::fixed(hash));
  }
};

inline ChainLink link_of(const OpenedMessage& message) {
  return {message.content.counter, message.content.previous, message.hash};
}

// True when `newer` is the message right after `older`.
bool follows(const ChainLink& older, const ChainLink& newer);

enum class ChainVerdict : std::uint8_t {
  kFirst,  // the first that was seen; those before it were not
  kInOrder,
  kGap,       // messages before this one are missing
  kLate,      // one of those that were missing
  kRepeated,  // seen before, or older than what is remembered
  kForked,    // the device told others something else in this place
};
std::string_view describe(ChainVerdict verdict);  // a full sentence for people

struct ChainJudgement {
  ChainVerdict verdict = ChainVerdict::kInOrder;
  std::uint64_t missing = 0;  // with kFirst and kGap: messages right before that were not seen

  bool operator==(const ChainJudgement&) const = default;
};

// One for each device in each room. Messages are judged in the order of the room's log. Older pages
// are judged by a chain of their own; whether a page's last message and the first one known after
// it belong together is told by follows(). Serialisable (encode, decode) for the client's store.
class SenderChain {
 public:
  static constexpr std::size_t kRemembered = 32;

  // Repeated and forked messages change nothing.
  ChainJudgement judge(const ChainLink& link);

  bool operator==(const SenderChain&) const = default;
  // Version 1 (1), number of links (varint), each: counter (varint), previous (32), hash (32).
  Bytes encode() const;
  static Result<SenderChain> decode(ByteView bytes);

 private:
  void remember(std::vector<ChainLink>::iterator before, const ChainLink& link);

  std::vector<ChainLink> recent_;  // by counter, each once
};

}  // namespace parley::sealing
