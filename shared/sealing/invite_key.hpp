// The key in an invitation's link. History that the room allows is sealed to it, so that whoever
// joins by the link reads it with nobody else online.
//
//     key pair      X25519 from HKDF-Expand-SHA256(HKDF-Extract(salt "Parley invite link 1", the 32
//                   random bytes of the link), "bundle key", 32)
//     announcement  version 1 (1), author (161 + 32, author.hpp), invite (16), public key (32),
//                   signature (64) by the author's device over "Parley invite key 1" | room (16) |
//                   all before the signature                                                -- 306
//                   bytes
//
// Members seal to keys that were announced by a device of the group, as long as it is in there.
#pragma once

#include "shared/crypto/hpke.hpp"
#include "shared/sealing/author.hpp"

namespace parley::sealing {

crypto::KemKeyPair invite_key_pair(const crypto::Secret& key);

struct InviteKey {
  VerifiedAuthor author;  // whether it is a member of the room is for the caller to know
  InviteId invite;
  crypto::KemPublicKey public_key{};
};

Bytes announce_invite_key(const RoomId& room, const Author& author, const InviteId& invite,
                          const crypto::KemPublicKey& public_key);

// kVersionUnsupported, kMalformed, kKeyInvalid, and the errors of verify_author: for another room
// as well.
Result<InviteKey> open_invite_key(const RoomId& room, ByteView bytes);

}  // namespace parley::sealing
