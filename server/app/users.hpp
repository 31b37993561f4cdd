// The users of one shard: their devices, rooms, connections and presence. Every member function
// runs on that shard's thread; tasks start and end there.
#pragma once

#include "server/app/context.hpp"
#include "server/app/limits.hpp"

namespace parley::app {

struct UserRoomState {
  wire::Role role = wire::Role::kNone;
  store::Position changed = 0;  // UINT64_MAX: since this user became active
};

// One connection of a user; `session` means something on `shard` only, 0 is none.
struct UserConnection {
  ShardIndex shard = 0;
  std::uint64_t session = 0;
  DeviceId device;
  bool idle = false;

  bool is(ShardIndex at, std::uint64_t id) const { return shard == at && session == id; }
};

struct User {
  store::UserRecord record;
  std::vector<store::DeviceRecord> devices;
  std::unordered_map<RoomId, UserRoomState> rooms;
  std::vector<UserConnection> connections;
  std::shared_ptr<UserLimits> limits;
  wire::PresenceInfo told;  // what the rooms were told last
  MonoTime used;
};

// What a connection gets when its user is known.
struct SignedIn {
  wire::UserInfo user;
  DeviceId device;
  std::shared_ptr<UserLimits> limits;
  std::vector<RoomId> rooms;  // member or invited
  std::vector<RoomId> gone;   // left or deleted since the position asked about
  wire::PresenceInfo own;     // the user's choice
  wire::PresenceInfo told;    // what others see
};

class Users {
 public:
  Users(Context& context, ShardIndex shard) : context_(context), shard_(shard) {}

  // A new guest on this shard. The id must be one of this shard's.
  Task<Result<SignedIn>> sign_up(UserId id, std::string name, DeviceId device,
                                 std::string device_name, UserConnection connection);
  // A user with a verified token. kDeviceRevoked, kTooManyConnections, kTokenInvalid (no such
  // user).
  Task<Result<SignedIn>> sign_in(UserId id, DeviceId device, UserConnection connection,
                                 store::Position since);
  // The same with a device that is made for it.
  Task<Result<SignedIn>> sign_in_new_device(UserId id, DeviceId device, std::string device_name,
                                            UserConnection connection);
  void disconnected(UserId id, ShardIndex shard, std::uint64_t session);

  Task<Reply> list_devices(UserId id, DeviceId asking);
  // Its connections end, but for `spared`, which asks and ends by itself. What the device kept here
  // is deleted, and the user's private rooms log the loss.
  Task<Reply> revoke_device(UserId id, DeviceId device, UserConnection spared);
  Task<Reply> set_profile(UserId id, std::string name);
  Task<Reply> update_presence(UserId id, ShardIndex shard, std::uint64_t session,
                              wire::PresenceUpdate update);
  // What the user shows to somebody in `rooms_of_asker`; nothing when they share no room.
  std::optional<wire::PresenceInfo> presence_for(UserId id,
                                                 const std::vector<RoomId>& rooms_of_asker);
  std::vector<RoomId> rooms_of(UserId id) const;

  // A room's shard tells what became of a membership.
  void membership_changed(UserId id, RoomId room, wire::Role role, wire::MemberChange change,
                          bool deleted);
  // A newer device list, put by `asking`, is there; private rooms log it when it `lost` a device.
  Task<void> identity_changed(UserId id, DeviceId asking, std::uint32_t version, bool lost);
  void inbox_arrived(UserId id, DeviceId device);
  void key_packages_low(UserId id, DeviceId device, std::uint32_t count);
  void sweep(MonoTime now);

 private:
  Task<void> log_lost_device(UserId id, DeviceId asking, std::uint32_t list_version);
  Task<Result<User*>> get(UserId id);
  User& put(store::UserSnapshot snapshot);
  Task<Status> save_user(store::UserRecord record);
  Task<Status> save_device(store::DeviceRecord record);
  Result<SignedIn> connect(User& user, DeviceId device, UserConnection connection,
                           store::Position since);
  wire::PresenceInfo own_presence(const User& user) const;
  void tell_presence(User& user);
  MonoTime now() const { return context_.executor.now().mono; }
  Timestamp wall() const { return context_.executor.now().wall; }

  Context& context_;
  ShardIndex shard_;
  std::unordered_map<UserId, std::unique_ptr<User>> users_;
};

// Something has come into the inboxes of these devices.
void tell_inboxes(Context& context, const std::vector<wire::DeviceRef>& devices);

}  // namespace parley::app
