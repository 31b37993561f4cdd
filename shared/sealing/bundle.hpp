// History bundles: the history secrets that a room's policy allows somebody who joins, or a new
// device, with the room's present state, sealed to an HPKE key of the receiver.
//
// Version 1 (1), encapsulated key (32), ciphertext: HPKE mode_base (RFC 9180) with info
// "Parley history bundle 1" | room (16) | purpose (1) and empty associated data. Inside: author
// (161 + 32, author.hpp), number of runs (varint), each run: first epoch (varint), number of
// secrets (varint), secrets of that and the following epochs (32 each); length (varint) and room
// state; signature (64) by the author's device over the info | the receiver's key (32) | the inside
// up to the signature.
#pragma once

#include <vector>

#include "shared/sealing/author.hpp"

namespace parley::sealing {

// With these a bundle stays below the 64 KiB of an event's or inbox item's body, however its epochs
// lie. A longer history goes in several bundles.
inline constexpr std::size_t kMaxBundleSecrets = 1000;
inline constexpr std::size_t kMaxRoomStateBytes = 16 * 1024;

enum class BundlePurpose : std::uint8_t {
  kNewMember = 1,
  kInviteLink = 2,
  kOwnDevice = 3,
  kRequested = 4,  // history_request.hpp
};

struct BundleContext {
  RoomId room;
  BundlePurpose purpose = BundlePurpose::kNewMember;
};

struct EpochSecret {
  std::uint64_t epoch = 0;
  crypto::Secret secret;
};

struct HistoryBundle {
  std::vector<EpochSecret> secrets;  // by epoch, each once
  Bytes room_state;
};

struct OpenedBundle {
  VerifiedAuthor author;  // whether it is a member of the room is for the caller to know
  HistoryBundle bundle;
};

// kInvalidArgument for too much or epochs that do not rise, kKeyInvalid for the receiver's key.
Result<Bytes> seal_bundle(Rng& rng, const crypto::KemPublicKey& receiver,
                          const BundleContext& context, const Author& author,
                          const HistoryBundle& bundle);

// kVersionUnsupported; kDecryptionFailed for another key, room or purpose and for any change;
// kMalformed; the errors of verify_author.
Result<OpenedBundle> open_bundle(const crypto::KemKeyPair& receiver, const BundleContext& context,
                                 ByteView sealed);

}  // namespace parley::sealing
