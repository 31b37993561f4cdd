// The connections of one shard: signing in, dispatching commands, what they hear.
#pragma once

#include <unordered_map>

#include "server/app/fanout.hpp"
#include "server/app/limits.hpp"
#include "server/app/rooms.hpp"
#include "server/app/users.hpp"

namespace parley::app {

// One connection. Shared with the tasks that work for it; they look at `alive` after every wait.
struct SessionState {
  std::uint64_t id = 0;
  bool alive = true;
  enum class Phase { kNew, kSigningIn, kReady } phase = Phase::kNew;
  Subscriber subscriber;  // .peer is valid while alive
  wire::UserInfo user;
  DeviceId device;
  Bytes challenge;    // that a device may sign to sign in, once
  Timestamp expires;  // of the token
  std::shared_ptr<UserLimits> limits;
  std::uint32_t tasks = 0;  // commands under way

  struct Inbox {
    std::uint64_t sent = 0;   // number of the newest item that was sent
    bool awaits_ack = false;  // for what was sent
    bool reading = false;
    bool came_meanwhile = false;  // something, while reading
  } inbox{};
};

class Sessions {
 public:
  Sessions(Context& context, ShardIndex shard) : context_(context), shard_(shard) {}

  std::unique_ptr<Session> open(Peer& peer);

  // From the user's shard.
  void close(std::uint64_t session, const Error& reason);
  void tell(std::uint64_t session, const wire::Notice& notice);
  void inbox_arrived(std::uint64_t session);
  void renamed(std::uint64_t session, const wire::UserInfo& info);
  void membership_changed(std::uint64_t session, RoomId room, wire::Role role,
                          wire::MemberChange change, bool deleted, wire::PresenceInfo presence);

  // Every event up to `position` that `from` had to tell this shard is in the outboxes here.
  //
  // A sync token names a position up to which its client has everything. So it may only be given
  // out for a position whose events have all been queued to the client before. The barrier shows
  // that: a shard that has been through its mailbox tells every other one, in order with its
  // events.
  void barrier(ShardIndex from, store::Position position);

  // New sessions from an address, on the one shard that counts it. kRateLimited.
  Status take_sign_in(const std::string& address);

  // Renews tokens that end soon; once a minute.
  void sweep();

 private:
  friend class SessionImpl;
  using StatePtr = std::shared_ptr<SessionState>;

  void dispatch(const StatePtr& state, wire::RequestId request, wire::Command command);
  void gone(const StatePtr& state);
  Task<void> run(StatePtr state, wire::RequestId request, wire::Command command);
  Task<Reply> execute(StatePtr state, wire::Command& command);
  Task<void> authenticate(StatePtr state, wire::RequestId request, wire::Authenticate command);
  Task<void> authenticate_device(StatePtr state, wire::RequestId request,
                                 wire::AuthenticateDevice command);
  void challenge(SessionState& state, wire::RequestId request, const wire::GetChallenge& command);
  // The end of both, on this shard.
  Task<void> enter(StatePtr state, wire::RequestId request, SignedIn signed_in,
                   store::Position since);
  void refuse_sign_in(SessionState& state, wire::RequestId request, const Error& error);
  Task<void> attach(StatePtr state, RoomId room, store::Position since, wire::PresenceInfo presence,
                    std::vector<wire::RoomSummary>* changed);
  Task<void> attach_and_tell(StatePtr state, RoomId room, wire::PresenceInfo presence);
  Task<Reply> join(Actor actor, wire::JoinRoom command);
  Task<Reply> invite(Actor actor, wire::InviteMember command);
  Task<Reply> list_rooms(StatePtr state);
  Task<Reply> search_rooms(StatePtr state, wire::SearchRooms command);
  Task<Reply> get_users(wire::GetUsers command);
  Task<Reply> get_presence(Actor actor, wire::GetPresence command);

  // What devices keep: device_commands.cpp. They run here and go to the store directly.
  Task<Reply> execute_for_device(StatePtr state, Actor actor, wire::Command& command);
  Task<Reply> publish_key_packages(Actor actor, wire::PublishKeyPackages command);
  Task<Reply> claim_key_packages(Actor actor, wire::ClaimKeyPackages command);
  Task<Reply> send_to_devices(Actor actor, wire::SendToDevices command);
  Task<Reply> put_device_list(Actor actor, wire::PutDeviceList command);
  Task<Reply> get_identities(wire::GetIdentities command);
  Task<Reply> put_vault(Actor actor, wire::PutVault command);
  Task<Reply> get_vault(Actor actor, wire::GetVault command);
  Task<Reply> put_vault_wraps(Actor actor, wire::PutVaultWraps command);
  Task<Reply> get_vault_wraps(Actor actor);
  Task<Reply> put_link_code(Actor actor, wire::PutLinkCode command);
  Task<Reply> create_direct(Actor actor, wire::CreateRoom command, UserLimits* limits);
  Task<Result<std::vector<store::IdentityRecord>>> read_identities(std::vector<UserId> users);

  // The inbox of a connection's device, page by page: inbox.cpp.
  Task<Reply> ack_inbox(StatePtr state, wire::AckInbox command);
  void pump_inbox(const StatePtr& state);
  Task<void> send_inbox(StatePtr state);

  // Leave to sign in without a token, which addresses have so many of. kRateLimited.
  Task<Status> admit(std::string address);
  // The same, and a new device's name.
  Task<Result<std::string>> admit_device(std::string address, std::string device_name);
  // Whose recovery token or link code it is; the latter is used up. kTokenInvalid.
  Task<Result<UserId>> owner_of(Bytes secret);
  wire::Session fresh_session(SessionState& state);
  void notify(SessionState& state, const wire::Notice& notice, Priority priority);
  std::string sync_token(store::Position position) const;
  store::Position position_of(const std::string& sync_token) const;
  Now now() const { return context_.executor.now(); }

  Context& context_;
  ShardIndex shard_;
  std::uint64_t next_id_ = 1;
  std::unordered_map<std::uint64_t, StatePtr> sessions_;
  std::unordered_map<std::string, std::unique_ptr<TokenBucket>> sign_ins_;  // see take_sign_in
  std::vector<store::Position> barriers_;                                   // by shard
  store::Position synced_ = 0;                                              // least of them
};

}  // namespace parley::app
