// A group as it is kept on disk: sealed, versioned, complete.
//
// The new state is saved before the message that needs it leaves, and a pending commit's next state
// with it, so that after a crash the device goes on where the group is.
#pragma once

#include "shared/mls/group.hpp"

namespace parley::mls {

// XChaCha20-Poly1305 under `key` with a random nonce; `context` (what the state is kept under, for
// example the room and "current" or "pending") must be the same when it is opened.
// `keys`: whose message keys are in it.
enum class KeysOf : std::uint8_t { kAllEpochs, kPresentEpoch, kNone };
Bytes seal_state(Rng& rng, const Secret& key, ByteView context, const Group& group,
                 KeysOf keys = KeysOf::kAllEpochs);

// kDecryptionFailed for another key or context or changed bytes, kUnsupported for a version that
// this build does not know, kMalformed for contents that are no group. `policy` is not kept: it
// belongs to the program.
Result<Group> open_state(const Secret& key, ByteView context, ByteView sealed, Policy policy);

// A part of the message keys, where messages use them: it is saved whenever it changed
// (Group::take_changed_keys), in place of the one before, so that keys are gone from the disk too.
// `part`: of an epoch that the group has.
crypto::SecretBytes encode_keys(const Group& group, const KeyPart& part);
// Puts it back into a group that was saved without. kInvalidArgument when the group does not have
// that epoch, kMalformed.
Status restore_keys(Group& group, const KeyPart& part, ByteView bytes);

}  // namespace parley::mls
