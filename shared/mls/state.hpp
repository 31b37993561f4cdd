// A group as it is kept on disk: sealed, versioned, complete.
//
// The new state is saved before the message that needs it leaves, and a pending commit's next state
// with it, so that after a crash the device goes on where the group is.
#pragma once

#include "shared/mls/group.hpp"

namespace parley::mls {

// XChaCha20-Poly1305 under `key` with a random nonce; `context` (what the state is kept under, for
// example the room and "current" or "pending") must be the same when it is opened.
Bytes seal_state(Rng& rng, const Secret& key, ByteView context, const Group& group);

// kDecryptionFailed for another key or context or changed bytes, kUnsupported for a version that
// this build does not know, kMalformed for contents that are no group. `policy` is not kept: it
// belongs to the program.
Result<Group> open_state(const Secret& key, ByteView context, ByteView sealed, Policy policy);

}  // namespace parley::mls
