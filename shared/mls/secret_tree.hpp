// Keys of messages (RFC 9420 section 9): a tree that gives each leaf two hash ratchets.
//
// Secrets are derived when first needed and erased on use: a node when its children are derived, a
// ratchet's secret when it steps, a key when it is taken. Keys that were skipped are kept, so that
// messages may arrive out of order, within the bounds below.
#pragma once

#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "shared/mls/labels.hpp"

namespace parley::mls {

struct MessageKey {
  crypto::SecretArray<kKeySize> key;
  crypto::SecretArray<kNonceSize> nonce;
  std::uint32_t generation = 0;
};

// A sender's counter may run ahead of what was received by this much (time), and this many keys of
// messages that have not come are kept for one ratchet (memory).
inline constexpr std::uint32_t kMaxForwardSteps = 1000;
inline constexpr std::size_t kMaxSkippedKeys = 1000;

enum class RatchetKind : std::uint8_t { kHandshake = 0, kApplication = 1 };

class SecretTree {
 public:
  SecretTree() = default;  // has no keys
  SecretTree(Secret encryption_secret, LeafCount leaves);
  SecretTree(SecretTree&&) noexcept = default;
  SecretTree& operator=(SecretTree&&) noexcept = default;

  // The next key for sending; kInvalidArgument when 2^32 were used or there is no such leaf.
  Result<MessageKey> next(LeafIndex leaf, RatchetKind kind);

  // The key of a received message, and what using it does to the ratchet. Nothing changes until
  // accept(), so that a message which turns out to be forged uses nothing up.
  struct Opening {
    LeafIndex leaf;
    RatchetKind kind{};
    MessageKey key;
    // When the ratchet has to step: the keys it passes, its secret and generation afterwards.
    std::vector<MessageKey> passed;
    Secret secret;
    std::uint64_t generation = 0;
  };
  // kMessageNotFound when it was used already or was skipped too long ago, kDecryptionFailed when
  // it is too far ahead.
  Result<Opening> find(LeafIndex leaf, RatchetKind kind, std::uint32_t generation);
  void accept(Opening opening);

  SecretTree clone() const;

  // For who saves a tree by its parts (state.hpp): those that changed since this was last asked.
  struct Changes {
    bool nodes = false;
    std::set<std::uint32_t> leaves;
  };
  Changes take_changes() { return std::exchange(changes_, {}); }

 private:
  friend class StateCodec;
  struct Ratchet {
    Secret secret;
    std::uint64_t generation = 0;  // of the next key; 2^32 when all are used
    std::map<std::uint32_t, MessageKey> skipped;
    MessageKey step();
  };
  struct LeafRatchets {
    Ratchet kinds[2];
  };

  Result<Ratchet*> ratchet(LeafIndex leaf, RatchetKind kind);

  LeafCount leaves_;
  std::unordered_map<std::uint32_t, Secret> nodes_;  // not yet expanded, by node index
  std::unordered_map<std::uint32_t, LeafRatchets> ratchets_;
  Changes changes_;
};

// Key and nonce for the sender data of a message (section 6.3.2).
MessageKey sender_data_key(const Secret& sender_data_secret, ByteView ciphertext);

}  // namespace parley::mls
