// The rooms of one shard, and what can be done in them. Every member function runs on that shard's
// thread; tasks start and end there.
#pragma once

#include <deque>

#include "server/app/context.hpp"
#include "server/app/group_rules.hpp"
#include "server/app/limits.hpp"
#include "server/app/room.hpp"
#include "server/app/validation.hpp"

namespace parley::app {

// Who asks.
struct Actor {
  UserId user;
  DeviceId device;
  std::string name;
};

class Rooms {
 public:
  Rooms(Context& context, ShardIndex shard) : context_(context), shard_(shard) {}

  using RoomResult = Result<std::shared_ptr<Room>>;
  // The active room, loaded when it was not. kRoomNotFound, kRoomDeleted.
  Task<RoomResult> get(RoomId id);
  // Without loading; null when not active.
  Room* find(RoomId id);

  // Null: not counted among the creator's rooms of the day. Neither is what was refused or
  // repeated.
  Task<Reply> create(Actor actor, wire::CreateRoom command, UserLimits* limits);
  Task<Reply> update(Actor actor, wire::UpdateRoom command);
  Task<Reply> erase(Actor actor, wire::DeleteRoom command);
  Task<Reply> join(Actor actor, RoomId room, std::optional<store::InviteRecord> invite);
  Task<Reply> leave(Actor actor, wire::LeaveRoom command);
  Task<Reply> invite(Actor actor, wire::InviteMember command, std::string name);
  Task<Reply> set_role(Actor actor, wire::SetRole command);
  Task<Reply> remove(Actor actor, wire::RemoveMember command);
  Task<Reply> create_invite(Actor actor, wire::CreateInvite command);
  Task<Reply> list_invites(Actor actor, wire::ListInvites command);
  Task<Reply> revoke_invite(Actor actor, wire::RevokeInvite command);
  Task<Reply> list_members(Actor actor, wire::ListMembers command);
  Task<Reply> post(Actor actor, wire::Post command, CheckedPost checked);
  Task<Reply> history(Actor actor, wire::History command);
  Task<Reply> mark(Actor actor, wire::Mark command);
  Task<Reply> presence_of(Actor actor, RoomId room);
  void typing(UserId user, wire::Typing command);

  // ---- private rooms: private_rooms.cpp ----
  Task<Reply> commit_group(Actor actor, wire::CommitGroup command);
  Task<Reply> get_group(Actor actor, wire::GetGroup command);
  Task<Reply> list_commits(Actor actor, wire::ListCommits command);
  Task<Reply> put_invite_bundle(Actor actor, wire::PutInviteBundle command);
  Task<Reply> get_invite_bundle(Actor actor, wire::GetInviteBundle command);
  // The direct room of the actor and somebody else, who asked for it (again).
  Task<Reply> enter_direct(Actor actor, RoomId room);
  // Whether key packages of these users may be had to add them.
  Task<Status> may_claim(Actor actor, RoomId room, std::vector<UserId> users);
  // Whether the actor and all of these are members.
  Task<Status> may_reach(Actor actor, RoomId room, std::vector<UserId> users);
  // Logs that the actor has lost a device; nothing in open rooms and elsewhere.
  Task<void> lost_device(Actor actor, RoomId room, std::uint32_t list_version);
  // Tells those who hear the room, if it is private and active.
  void identity_changed(RoomId room, UserId user, std::uint32_t version);

  // The lobby, made by and for the first user. Joins it.
  Task<void> enter_lobby(Actor actor);

  // Presence and names of members, told by their users' shards; nothing when the room is not
  // active.
  void set_presence(RoomId room, wire::PresenceInfo presence);
  void set_name(RoomId room, wire::UserInfo user);

  // A connection of shard `listener` starts hearing the room. The summary is what it has not to be
  // told again: every later event reaches that shard after the caller hops there.
  struct Attached {
    wire::RoomSummary summary;
    bool member = false;  // attached; otherwise invited, or not there any more
    bool changed = true;  // since the position asked about
  };
  Task<Result<Attached>> attach(RoomId room, UserId user, ShardIndex listener, Format format,
                                store::Position since, wire::PresenceInfo presence);
  void detach(RoomId room, ShardIndex listener, Format format, std::uint32_t count = 1);

  // Hands everything that waits to its listeners now.
  void flush();
  // Forgets rooms that nobody has heard or used for a while.
  void sweep(MonoTime now);
  Task<void> trim(store::TrimmedRoom trimmed);  // what the store has deleted
  std::size_t active() const { return rooms_.size(); }

 private:
  struct Entry {
    std::shared_ptr<Room> room;                     // null until loaded or created
    std::shared_ptr<const mls::PublicGroup> group;  // of a private room, once a commit needed it
    bool loading = false;
    std::vector<std::coroutine_handle<>> waiting;  // for the load
    std::deque<std::coroutine_handle<>> turns;
    bool turn_taken = false;
    bool tick_scheduled = false;
    bool dirty = false;
    MonoTime used;
  };
  struct TurnAwaiter {
    Entry& entry;
    bool await_ready() const noexcept { return !entry.turn_taken; }
    void await_suspend(std::coroutine_handle<> self) { entry.turns.push_back(self); }
    void await_resume() const noexcept { entry.turn_taken = true; }
  };
  // Changes of settings and members are made one after the other in a room; posts need no turn.
  // Holds a room's turn and hands it on when it goes. Entries with a turn taken are not forgotten.
  class Turn {
   public:
    Turn(Rooms& rooms, RoomId id) : rooms_(rooms), id_(id) {}
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn();
    TurnAwaiter taken() { return {rooms_.rooms_[id_]}; }

   private:
    Rooms& rooms_;
    RoomId id_;
  };

  void put(Entry& entry, std::shared_ptr<Room> room);

  using Names = std::unordered_map<UserId, std::string>;
  // What creation adds for a private room.
  Task<Status> prepare_private(Actor actor, const wire::CreateRoom& command,
                               store::RoomWrite& creation);
  Task<Result<std::shared_ptr<const mls::PublicGroup>>> group_of(RoomId room);
  Task<Result<KnownDevices>> devices_of(std::vector<UserId> users);
  Task<Result<Names>> newcomers(const Room& room, Actor actor, std::vector<UserId> users);
  Task<Reply> commit_of_past_epoch(std::shared_ptr<Room> room, Actor actor,
                                   wire::CommitGroup command);
  store::NewEvent commit_event(const Actor& actor, const wire::CommitGroup& command) const;
  Reply conflict(const Room& room, UserId user, std::string detail) const;
  static Status may_invite(const Room& room, UserId user);
  Task<Result<store::RoomWritten>> write(std::shared_ptr<Room> room, store::RoomWrite write,
                                         Names names);
  store::NewEvent system_event(const Actor& actor, wire::EventKind kind, Bytes body) const;
  store::NewEvent membership_event(const Actor& actor, UserId user, wire::MemberChange change,
                                   wire::Role role, const std::string& name) const;
  Task<Status> change_member(std::shared_ptr<Room> room, Actor actor, store::MemberRecord row,
                             wire::MemberChange change, std::string name,
                             std::optional<InviteId> used_invite);
  // Tells the user's other shards what became of the membership.
  void tell_user(UserId user, RoomId room, wire::Role role, wire::MemberChange change,
                 bool deleted);
  void silence(Room& room, UserId user);

  void mark_dirty(Room& room);
  void schedule_tick(Room& room);
  void tick(RoomId id);
  Encoded encode_notice(const Room& room, const wire::Notice& notice) const;
  void broadcast(const Room& room, Encoded encoded, Priority priority);
  MonoTime now() const { return context_.executor.now().mono; }

  Context& context_;
  ShardIndex shard_;
  std::unordered_map<RoomId, Entry> rooms_;
  std::vector<RoomId> dirty_;
};

}  // namespace parley::app
