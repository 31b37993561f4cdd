#include "server/app/users.hpp"

#include <algorithm>

#include "server/app/rooms.hpp"
#include "server/app/sessions.hpp"

namespace parley::app {
namespace {

constexpr std::size_t kMostDevices = 500;  // shown of one user

wire::UserInfo info_of(const store::UserRecord& record) {
  return {record.id, record.name, record.guest};
}

}  // namespace

Task<Result<User*>> Users::get(UserId id) {
  if (const auto found = users_.find(id); found != users_.end()) {
    found->second->used = now();
    co_return found->second.get();
  }
  auto snapshot = co_await stored<store::UserSnapshot>(
      context_.executor, shard_, [&](store::Callback<store::UserSnapshot> done) {
        context_.store.load_user(id, std::move(done));
      });
  // Two loads of one user may cross; the first to come back stays.
  if (const auto found = users_.find(id); found != users_.end()) co_return found->second.get();
  if (!snapshot) co_return snapshot.error();
  co_return &put(*std::move(snapshot));
}

User& Users::put(store::UserSnapshot snapshot) {
  auto user = std::make_unique<User>();
  user->record = std::move(snapshot.user);
  user->devices = std::move(snapshot.devices);
  for (const store::UserRoom& room : snapshot.rooms) {
    const auto role = room.room_deleted ? wire::Role::kNone : room.role;
    user->rooms[room.room] = {role, room.changed};
  }
  user->limits = std::make_shared<UserLimits>(context_.config);
  user->told.user_id = user->record.id;
  user->used = now();
  Metrics::add(context_.metrics.users_active);
  return *(users_[user->record.id] = std::move(user));
}

Task<Status> Users::save_user(store::UserRecord record) {
  co_return co_await stored<void>(context_.executor, shard_, [&](store::StatusCallback done) {
    context_.store.put_user(record, std::move(done));
  });
}

Task<Status> Users::save_device(store::DeviceRecord record) {
  co_return co_await stored<void>(context_.executor, shard_, [&](store::StatusCallback done) {
    context_.store.put_device(record, std::move(done));
  });
}

// ---- signing in --------------------------------------------------------------------------------

Task<Result<SignedIn>> Users::sign_up(UserId id, std::string name, DeviceId device,
                                      std::string device_name, UserConnection connection) {
  store::UserSnapshot fresh;
  fresh.user.id = id;
  fresh.user.name = std::move(name);
  fresh.user.created = fresh.user.last_seen = wall();
  store::DeviceRecord record{device, id, std::move(device_name), wall(), wall(), false};
  if (auto saved = co_await save_user(fresh.user); !saved) co_return saved.error();
  if (auto saved = co_await save_device(record); !saved) co_return saved.error();
  fresh.devices.push_back(std::move(record));
  co_return connect(put(std::move(fresh)), device, connection, 0);
}

Task<Result<SignedIn>> Users::sign_in(UserId id, DeviceId device, UserConnection connection,
                                      store::Position since) {
  auto user = co_await get(id);
  if (!user) {
    if (user.error().code != ErrorCode::kUserNotFound) co_return user.error();
    co_return Error{ErrorCode::kTokenInvalid, "the user of this token is not here any more", {}};
  }
  co_return connect(**user, device, connection, since);
}

Task<Result<SignedIn>> Users::sign_in_new_device(UserId id, DeviceId device,
                                                 std::string device_name,
                                                 UserConnection connection) {
  if (auto user = co_await get(id); !user) co_return user.error();
  store::DeviceRecord record{device, id, std::move(device_name), wall(), wall(), false};
  if (auto saved = co_await save_device(record); !saved) co_return saved.error();
  const auto user = co_await get(id);
  if (!user) co_return user.error();
  // A load that was under way may have found it already.
  std::vector<store::DeviceRecord>& devices = (*user)->devices;
  const auto known = [&](const store::DeviceRecord& other) { return other.id == device; };
  if (std::none_of(devices.begin(), devices.end(), known)) devices.push_back(std::move(record));
  co_return connect(**user, device, connection, 0);
}

Result<SignedIn> Users::connect(User& user, DeviceId device, UserConnection connection,
                                store::Position since) {
  const auto known =
      std::find_if(user.devices.begin(), user.devices.end(),
                   [&](const store::DeviceRecord& record) { return record.id == device; });
  if (known == user.devices.end() || known->revoked) return ErrorCode::kDeviceRevoked;
  const std::uint32_t most = context_.config.connections_per_user;
  if (most > 0 && user.connections.size() >= most) return ErrorCode::kTooManyConnections;
  known->last_seen = wall();
  connection.device = device;
  user.connections.push_back(connection);
  tell_presence(user);

  SignedIn result;
  result.user = info_of(user.record);
  result.device = device;
  result.limits = user.limits;
  for (const auto& [room, state] : user.rooms) {
    if (state.role != wire::Role::kNone) {
      result.rooms.push_back(room);
    } else if (since > 0 && state.changed > since) {
      result.gone.push_back(room);
    }
  }
  result.own = own_presence(user);
  result.told = user.told;
  return result;
}

void Users::disconnected(UserId id, ShardIndex shard, std::uint64_t session) {
  const auto found = users_.find(id);
  if (found == users_.end()) return;
  User& user = *found->second;
  std::erase_if(user.connections, [&](const UserConnection& connection) {
    if (!connection.is(shard, session)) return false;
    for (store::DeviceRecord& device : user.devices) {
      if (device.id == connection.device) device.last_seen = wall();
    }
    return true;
  });
  user.used = now();
  tell_presence(user);
  if (user.connections.empty()) {
    user.record.last_seen = wall();
    context_.store.put_user(user.record, [](Status) {});  // a missed "last seen" is no loss
  }
}

void Users::sweep(MonoTime moment) {
  std::erase_if(users_, [&](const auto& item) {
    const User& user = *item.second;
    // The limits of the day must outlive a reconnect; a quiet quarter of an hour is long enough for
    // all but the daily one, which the next sign-in starts anew.
    const bool forget =
        user.connections.empty() && moment - user.used > context_.config.idle_actor_lifetime;
    if (forget) context_.metrics.users_active.fetch_sub(1, std::memory_order_relaxed);
    return forget;
  });
}

// ---- devices and profile -----------------------------------------------------------------------

Task<Reply> Users::list_devices(UserId id, DeviceId asking) {
  const auto user = co_await get(id);
  if (!user) co_return fail(user.error());
  wire::DeviceList list;
  for (const store::DeviceRecord& record : (*user)->devices) {
    if (record.revoked || list.devices.size() == kMostDevices) continue;
    const bool connected = std::any_of(
        (*user)->connections.begin(), (*user)->connections.end(),
        [&](const UserConnection& connection) { return connection.device == record.id; });
    list.devices.push_back({record.id, record.name, record.created,
                            connected ? wall() : record.last_seen, connected, record.id == asking});
  }
  co_return wire::Response{std::move(list)};
}

Task<Reply> Users::revoke_device(UserId id, DeviceId device, UserConnection spared) {
  const auto user = co_await get(id);
  if (!user) co_return fail(user.error());
  for (store::DeviceRecord& record : (*user)->devices) {
    if (record.id != device) continue;
    store::DeviceRecord revoked = record;
    revoked.revoked = true;
    if (auto saved = co_await save_device(revoked); !saved) co_return fail(saved.error());
    // Found anew: the list may have grown while the store wrote.
    const auto again = users_.find(id);
    if (again == users_.end()) co_return wire::Response{wire::Done{}};
    for (store::DeviceRecord& present : again->second->devices) {
      if (present.id == device) present.revoked = true;
    }
    for (const UserConnection& connection : again->second->connections) {
      if (connection.device != device || connection.is(spared.shard, spared.session)) continue;
      context_.tell(connection.shard, [session = connection.session](Shard& shard) {
        shard.sessions->close(session, Error{ErrorCode::kDeviceRevoked, {}, {}});
      });
    }
    const std::vector<UserId> own{id};
    const auto identity = co_await stored<std::vector<store::IdentityRecord>>(
        context_.executor, shard_, [&](store::Callback<std::vector<store::IdentityRecord>> done) {
          context_.store.read_identities(own, std::move(done));
        });
    // Without a list no device of the user is in any group.
    if (identity && !identity->empty() && identity->front().identity.version > 0) {
      co_await log_lost_device(id, spared.device, identity->front().identity.version);
    }
    co_return wire::Response{wire::Done{}};
  }
  co_return fail(ErrorCode::kInvalidArgument, "no such device");
}

Task<Reply> Users::set_profile(UserId id, std::string name) {
  auto user = co_await get(id);
  if (!user) co_return fail(user.error());
  store::UserRecord record = (*user)->record;
  record.name = std::move(name);
  if (auto saved = co_await save_user(record); !saved) co_return fail(saved.error());
  user = co_await get(id);
  if (!user) co_return fail(user.error());
  (*user)->record.name = record.name;
  const wire::UserInfo info = info_of(record);
  for (const auto& [room, state] : (*user)->rooms) {
    if (state.role == wire::Role::kNone) continue;
    context_.tell(context_.shard_of(room),
                  [id = room, info](Shard& shard) { shard.rooms->set_name(id, info); });
  }
  for (const UserConnection& connection : (*user)->connections) {
    context_.tell(connection.shard, [session = connection.session, info](Shard& shard) {
      shard.sessions->renamed(session, info);
    });
  }
  co_return wire::Response{wire::Done{}};
}

Task<void> Users::log_lost_device(UserId id, DeviceId asking, std::uint32_t list_version) {
  const Actor actor{id, asking, {}};
  const std::vector<RoomId> rooms = rooms_of(id);
  for (const RoomId room : rooms) {
    const ShardIndex owner = context_.shard_of(room);
    co_await context_.hop(shard_, owner);
    co_await context_.shard(owner).rooms->lost_device(actor, room, list_version);
    co_await context_.hop(owner, shard_);
  }
}

Task<void> Users::identity_changed(UserId id, DeviceId asking, std::uint32_t version, bool lost) {
  const auto user = co_await get(id);
  if (!user) co_return;
  for (const UserConnection& connection : (*user)->connections) {
    context_.tell(connection.shard, [id, version, session = connection.session](Shard& shard) {
      shard.sessions->tell(session, wire::IdentityChangedNotice{id, version});
    });
  }
  for (const RoomId room : rooms_of(id)) {
    context_.tell(context_.shard_of(room), [room, id, version](Shard& shard) {
      shard.rooms->identity_changed(room, id, version);
    });
  }
  if (lost) co_await log_lost_device(id, asking, version);
}

// ---- presence ----------------------------------------------------------------------------------

wire::PresenceInfo Users::own_presence(const User& user) const {
  return {user.record.id, user.record.presence, user.record.status_text, wall()};
}

Task<Reply> Users::update_presence(UserId id, ShardIndex shard, std::uint64_t session,
                                   wire::PresenceUpdate update) {
  auto user = co_await get(id);
  if (!user) co_return fail(user.error());
  if (update.status == wire::PresenceStatus::kOffline ||
      update.status > wire::PresenceStatus::kInvisible) {
    co_return fail(ErrorCode::kInvalidArgument, "status is online, away, busy or invisible");
  }
  for (UserConnection& connection : (*user)->connections) {
    if (connection.is(shard, session)) connection.idle = update.idle;
  }
  store::UserRecord& record = (*user)->record;
  if (record.presence != update.status || record.status_text != update.status_text) {
    record.presence = update.status;
    record.status_text = update.status_text;
    tell_presence(**user);
    if (auto saved = co_await save_user(record); !saved) co_return fail(saved.error());
  } else {
    tell_presence(**user);
  }
  co_return wire::Response{wire::Done{}};
}

// Works out what others see and tells the user's rooms when it changed.
void Users::tell_presence(User& user) {
  wire::PresenceInfo seen;
  seen.user_id = user.record.id;
  const bool here = !user.connections.empty();
  if (here && user.record.presence != wire::PresenceStatus::kInvisible) {
    const bool active = std::any_of(user.connections.begin(), user.connections.end(),
                                    [](const UserConnection& c) { return !c.idle; });
    const bool away = user.record.presence == wire::PresenceStatus::kOnline && !active;
    seen.status = away ? wire::PresenceStatus::kAway : user.record.presence;
    seen.status_text = user.record.status_text;
  }
  const bool same = seen.status == user.told.status && seen.status_text == user.told.status_text;
  if (same) return;
  seen.last_seen = wall();
  user.told = seen;
  for (const auto& [room, state] : user.rooms) {
    if (state.role < wire::Role::kMember) continue;
    context_.tell(context_.shard_of(room),
                  [id = room, seen](Shard& shard) { shard.rooms->set_presence(id, seen); });
  }
}

std::optional<wire::PresenceInfo> Users::presence_for(UserId id,
                                                      const std::vector<RoomId>& rooms_of_asker) {
  const auto found = users_.find(id);
  if (found == users_.end()) return std::nullopt;
  for (const RoomId room : rooms_of_asker) {
    const auto shared = found->second->rooms.find(room);
    if (shared != found->second->rooms.end() && shared->second.role >= wire::Role::kMember) {
      return found->second->told;
    }
  }
  return std::nullopt;
}

std::vector<RoomId> Users::rooms_of(UserId id) const {
  std::vector<RoomId> rooms;
  const auto found = users_.find(id);
  if (found == users_.end()) return rooms;
  for (const auto& [room, state] : found->second->rooms) {
    if (state.role >= wire::Role::kMember) rooms.push_back(room);
  }
  return rooms;
}

void Users::membership_changed(UserId id, RoomId room, wire::Role role, wire::MemberChange change,
                               bool deleted) {
  const auto found = users_.find(id);
  if (found == users_.end()) return;  // loaded with the new state when it comes
  User& user = *found->second;
  user.rooms[room] = {role, UINT64_MAX};
  for (const UserConnection& connection : user.connections) {
    context_.tell(
        connection.shard, [=, session = connection.session, presence = user.told](Shard& shard) {
          shard.sessions->membership_changed(session, room, role, change, deleted, presence);
        });
  }
}

}  // namespace parley::app
