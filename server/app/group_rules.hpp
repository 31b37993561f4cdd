// What the server demands of a private room's group: the rules of RFC 9420 that need no secret, and
// who may be in it. Pure functions; nothing changes when one refuses.
#pragma once

#include <functional>

#include "server/app/known_devices.hpp"
#include "shared/mls/public_group.hpp"

namespace parley::app {

// The group as it is, with what is stored of it.
struct FollowedGroup {
  mls::PublicGroup group;
  store::GroupRecord record;
};

struct CommitContext {
  wire::DeviceRef committer;
  std::function<bool(UserId)> was_member;   // of the room, before the commit
  std::function<bool(UserId)> will_be_one;  // after it
  const KnownDevices& devices;
  Timestamp now;
};

struct CheckedCommit {
  FollowedGroup next;
  std::vector<wire::DeviceRef> added;  // whom the Welcome is for
};

// What of MLS cannot be read breaks a rule to who sent it: kMalformed is for frames, and ends
// connections.
inline Error as_broken_rule(Error error) {
  if (error.code == ErrorCode::kMalformed) error.code = ErrorCode::kMlsInvalid;
  return error;
}

// Of the server's own store.
Result<mls::PublicGroup> restore_group(const store::GroupRecord& record);

// Epoch 0 with the creator's leaf alone. kMlsInvalid, kMalformed, kCredentialInvalid.
Result<FollowedGroup> check_creation(const wire::CreateRoom& command,
                                     const wire::DeviceRef& creator, const KnownDevices& devices,
                                     Timestamp now);

// Leaves whose user or device is gone: the next commit removes them.
std::vector<mls::LeafIndex> stale_leaves(const mls::RatchetTree& tree,
                                         const std::function<bool(UserId)>& is_member,
                                         const KnownDevices& devices);

// The state after a commit of the present epoch.
//
// kMalformed and kMlsInvalid for a message, group info or Welcome that is not one or breaks a rule;
// kCredentialInvalid when the committer's leaf is not its own, or somebody comes in who is not a
// current device of a member; kAccessDenied for the removal of a member's device; kRemovalPending
// when a leaf stays whose user or device is gone (an external commit cannot remove it and is
// exempt).
Result<CheckedCommit> check_commit(const mls::PublicGroup& group, const wire::CommitGroup& command,
                                   const CommitContext& context);

}  // namespace parley::app
