// Keeps a device's private rooms in step: its identity, the groups, history secrets and the vault.
//
// Sans-IO, one thread. Four families: handle_* (what the server and the disk said), commands (what
// the person does), poll_* (what the world must do), getters. After any call of the first two drain
// poll_write(), poll_request() and poll_change(), and call handle_timeout at deadline().
//
//   for each stored entry under kPrefix: engine.restore(key, value);
//   engine.handle_signed_in(now, user, device);  engine.handle_rooms(now, stored_summaries);
//   engine.handle_connected(now);  engine.handle_rooms(now, newer_summaries);
//   engine.handle_event(now, room, event) ...
//   while (auto write = engine.poll_write()) store it, then engine.handle_stored(now, write.batch)
//   while (auto request = engine.poll_request()) send it, then engine.handle_reply(now, token, ...)
//
// Nothing leaves before what it needs is on the disk: a request is given out only when every write
// made before it is stored. Everything is level-triggered: what was under way at a loss of the
// connection or of the process is begun again from what is kept, and the log tells what won.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "client/e2ee/link.hpp"
#include "shared/crypto/secret.hpp"
#include "shared/identity/device_list.hpp"
#include "shared/identity/recovery.hpp"
#include "shared/sealing/history.hpp"
#include "shared/sealing/sender_chain.hpp"
#include "shared/wire/commands.hpp"
#include "shared/wire/responses.hpp"

namespace parley::e2ee {

// Every key of the device's store begins so. Values hold secrets: the platform seals them.
inline constexpr std::string_view kPrefix = "e2ee/";

// ---- outputs -----------------------------------------------------------------------------------

struct Request {
  std::uint64_t token = 0;
  wire::Command command;
};
using Reply = std::variant<wire::Response, wire::ErrorReply>;

// To be stored together, in one transaction.
struct Write {
  struct Entry {
    std::string key;
    crypto::SecretBytes value;  // empty: erase
  };
  std::uint64_t batch = 0;
  std::vector<Entry> entries;
};

enum class AccountState : std::uint8_t {
  kStarting,  // the server has not answered yet
  kLocked,    // the account is older than this device: it needs recover() or adopt()
  kReady,
  kRevoked,  // another device has removed this one
};
struct AccountChanged {
  AccountState state = AccountState::kStarting;
};
struct RoomChanged {  // see Engine::room
  RoomId room;
};
// create_room or start_direct ended in another room: the one that the two people have already.
struct RoomReplaced {
  RoomId asked, actual;
};
struct RoomFailed {  // what the person wanted of the room cannot be had
  RoomId room;
  Error error;
};
struct HistoryArrived {  // events of these rooms that could not be opened may open now
  RoomId room;
};
struct LinkChanged {};    // see Engine::link
struct IdentityChanged {  // another account key than before: to be shown in the timeline
  UserId user;
};

// The person decided about the user on another device: see Engine::identity.
struct IdentityDecided {
  UserId user;
};
struct RecoveryMade {  // the answer to make_recovery: from now on the new secret is the one
  bool saved = false;
};

enum class AlertKind : std::uint8_t {
  kListRolledBack,   // the server showed an older device list than before
  kListForked,       // ... or another one of the same version, or one that breaks the rules
  kGhostDevice,      // a device in a group that its user's newest list does not name
  kGroupRolledBack,  // the server denies an epoch that it has shown, or hides its commit
  kOwnIdentityReplaced,
};
struct Alert {
  AlertKind kind{};
  UserId user;
  DeviceId device;
  RoomId room;
  bool operator==(const Alert&) const = default;
};
using Change = std::variant<AccountChanged, RoomChanged, RoomReplaced, RoomFailed, HistoryArrived,
                            LinkChanged, IdentityChanged, IdentityDecided, RecoveryMade, Alert>;

// ---- messages ----------------------------------------------------------------------------------

// Why nothing can be sealed in a room now. All but the last two pass by themselves.
enum class NotReady : std::uint8_t {
  kConnecting,  // this device's account has not been seen since the start
  kNoAccount,
  kNoGroup,          // is being created or joined
  kCatchingUp,       // commits are missing
  kRemovalPending,   // somebody who left is removed first
  kUnknownIdentity,  // a member's devices are being asked for
  kSettling,         // what was sent before, or the room's own settings, is on its way
  kGhostDevice,      // see AlertKind
  kIdentityChanged,  // of a verified person: until it is accepted or verified again
};
std::string_view describe(NotReady cause);

struct Sealed {
  Bytes body;               // of a kSealed event
  std::uint64_t batch = 0;  // may leave when this write is stored
};

enum class OpenFault : std::uint8_t {
  kUnknownEpoch,        // its secret is looked for; HistoryArrived follows
  kWaitingForIdentity,  // HistoryArrived follows
  kBeforeJoining,       // the room keeps it to those who were there then
  kNotForThisDevice,    // messages disappear here, and this device has or had no key for it
  kWrongKey,            // was changed, or the secret is not the right one
  kUnsupported,         // of a later version
  kMalformed,
  kBadSignature,
  kForgedSender,   // not by the account or device that the server names
  kOtherIdentity,  // under another account key than the user's present one and the one before
  kRepeated,
  kForked,
};
std::string_view describe(OpenFault fault);

struct Opened {
  wire::EventKind kind = wire::EventKind::kNone;
  Bytes body;
  UserId user;  // as proved by the signature
  DeviceId device;
  sealing::MessageId id{};
  sealing::ChainJudgement chain;
  Seq before_gap;      // of a kGap: the device's newest message before it that was seen
  bool moved = false;  // it is not in the log where it was written, seen from those around it
};

// ---- getters -----------------------------------------------------------------------------------

struct RoomStatus {
  std::uint64_t epoch = 0;
  std::string name, topic;
  std::optional<NotReady> not_ready;
  bool busy = false;  // what the person wanted of the room is not all done
  // History or keys of invitations' links are still to be fetched from or left at the server.
  bool invites_due = false;
  std::uint32_t disappear_after_s = 0;  // as the group's members agree; 0: messages stay
};

class Engine {
 public:
  explicit Engine(Rng& rng);
  ~Engine();

  // ---- the world ----
  // Before everything else. An entry that cannot be read is left out: what it was for is repaired.
  void restore(const std::string& key, ByteView value);
  void handle_signed_in(Now now, UserId user, DeviceId device);
  // This device's own keys are here; before handle_signed_in they may be another account's.
  bool has_keys() const;
  // Answers a server's challenge where the session has ended (identity/sign_in.hpp). kAccessDenied
  // for a device whose keys are not here.
  Result<crypto::Signature> prove(UserId user, DeviceId device, ByteView challenge) const;
  void handle_connected(Now now);
  void handle_disconnected();
  // Of any kind; only private ones count. Once signed in all that are known from before, then what
  // is new; a room that is not there any more: with Role::kNone.
  void handle_rooms(Now now, const std::vector<wire::RoomSummary>& rooms);
  // In log order; repeats do nothing.
  void handle_event(Now now, RoomId room, const wire::Event& event);
  void handle_notice(Now now, const wire::Notice& notice);
  void handle_reply(Now now, std::uint64_t token, const Reply& reply);
  void handle_stored(Now now, std::uint64_t batch, Status status = {});
  void handle_timeout(Now now);

  // ---- the person ----
  // kNotConnected while the account is not ready; kInvalidArgument for a name or topic that is too
  // long or not UTF-8.
  Result<RoomId> create_room(Now now, std::string name, std::string topic,
                             std::vector<UserId> members, wire::HistoryAccess history,
                             std::uint32_t disappear_after_s = 0);
  Result<RoomId> start_direct(Now now, UserId user);
  Status invite(Now now, RoomId room, const std::vector<UserId>& users);
  Status rename(Now now, RoomId room, std::string name, std::string topic);
  Status renew_keys(Now now, RoomId room);  // turns the epoch
  // The messages of all epochs before this one are gone: so are their secrets, from this device
  // and from what it gives others. The vault's are for the server to delete.
  void forget_before(Now now, RoomId room, std::uint64_t epoch);
  // The same of the epochs that nothing was said in any more since then, by the server's clock.
  void forget_older(Now now, RoomId room, Timestamp before);
  // The key of an invitation's link, for its fragment: whoever joins by the link reads with it what
  // the room's history allows, with nobody else online; as long as this device is in the room.
  Result<crypto::Secret> make_invite_key(Now now, RoomId room, InviteId invite);
  // It is kept until the invitation is known to be over; this one is.
  void forget_invite(Now now, RoomId room, InviteId invite);
  // After joining by a link with such a key.
  void use_invite_key(Now now, RoomId room, std::string code, const crypto::Secret& key);
  // A new secret takes the place of the one before, once RecoveryMade has said that it is saved.
  Result<identity::RecoverySecret> make_recovery(Now now);
  // While kLocked; goes on over lost connections. Ends with kReady, or with AccountChanged and
  // still kLocked: these are not the account's words.
  void recover(Now now, const identity::RecoverySecret& secret);
  // While kLocked: the account goes on with new keys and this device alone. Whoever shares a room
  // sees IdentityChanged; what only the keys before opened stays closed here. Cannot be undone.
  void start_afresh(Now now);
  // What another device gave: makes this one a device of the account, while kLocked.
  void adopt(Now now, const crypto::SigningKey& account, const crypto::Secret& vault_key);
  // Of one's own, from the signed list. What comes into the vault later is sealed under a new key.
  void remove_device(Now now, DeviceId device);

  // Linking another device (link.hpp); there is one link at a time, a new one ends the one before.
  // On the old device: gives the code to be shown, "K7QM-4WZX-PD9T". kNotConnected while the
  // account is not ready.
  Result<std::string> start_link(Now now);
  // On the new one, signed in with link_sign_in_token or in any other way, while kLocked: with what
  // the person typed. kInvalidArgument with a sentence for people; kNotConnected.
  Status begin_link(Now now, std::string_view code);
  // What the person says of the emoji: on the old device; on the new one only that they differ.
  void confirm_link(Now now, bool same);
  // Ends it; when it is over, forgets it.
  void cancel_link(Now now);

  void accept_identity(Now now, UserId user, bool verified);
  // Asks for a user's devices, for identity() and devices().
  void look_up(Now now, UserId user);

  // The same client id again (after a conflict) is the same message again.
  std::variant<Sealed, NotReady> seal(Now now, RoomId room, ClientId client_id,
                                      wire::EventKind kind, ByteView body, bool counts);
  // The server refused it for good: its place in the chain is free.
  void seal_refused(RoomId room, ClientId client_id);
  // Nobody waits for it any more, whether the server took it or not.
  void seal_abandoned(RoomId room, ClientId client_id);
  // The log has it, at `seq`.
  void handle_posted(Now now, RoomId room, ClientId client_id, Seq seq);
  std::variant<Opened, OpenFault> open(Now now, RoomId room, const wire::Event& event);

  // ---- out ----
  std::optional<Write> poll_write();
  std::optional<Request> poll_request();
  std::optional<Change> poll_change();
  std::optional<MonoTime> deadline() const;

  AccountState account() const;
  // The recovery words give the account back and what was said before a device was removed, and
  // nothing later: make_recovery is due. Told with AccountChanged.
  bool recovery_is_stale() const;
  std::optional<RoomStatus> room(RoomId room) const;
  // Of a link that this device made; else nullptr.
  const crypto::Secret* invite_key(RoomId room, InviteId invite) const;
  const identity::PinnedIdentity* identity(UserId user) const;
  // The newest signed list; nullptr while none is known.
  const identity::DeviceList* devices(UserId user) const;
  // The users whose devices are in the room's group, ascending; empty without a group.
  std::vector<UserId> members(RoomId room) const;
  const LinkStatus* link() const;  // nullptr: none since this device started

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace parley::e2ee
