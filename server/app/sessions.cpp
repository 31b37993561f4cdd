#include "server/app/sessions.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "shared/crypto/hash.hpp"
#include "shared/identity/sign_in.hpp"

namespace parley::app {
namespace {

void sort_by_activity(std::vector<wire::RoomSummary>& rooms) {
  std::sort(rooms.begin(), rooms.end(),
            [](const auto& a, const auto& b) { return a.last_activity > b.last_activity; });
}

Error wrong_version() {
  return {ErrorCode::kVersionUnsupported, "this server speaks protocol 1", {}};
}

// Leaves the newest rooms, as many as fit into a frame; returns the others.
std::vector<wire::RoomSummary> split_to_frame(std::vector<wire::RoomSummary>& rooms) {
  sort_by_activity(rooms);
  std::size_t kept = 0, bytes = 0;
  for (; kept < rooms.size(); ++kept) {
    bytes += wire::encode(rooms[kept]).size();
    if (kept > 0 && bytes > wire::kFullFrameBytes) break;
  }
  const auto rest = rooms.begin() + static_cast<std::ptrdiff_t>(kept);
  std::vector<wire::RoomSummary> later(std::make_move_iterator(rest),
                                       std::make_move_iterator(rooms.end()));
  rooms.erase(rest, rooms.end());
  return later;
}

}  // namespace

// What net holds of a connection.
class SessionImpl final : public Session {
 public:
  SessionImpl(Sessions& sessions, Sessions::StatePtr state)
      : sessions_(sessions), state_(std::move(state)) {}
  ~SessionImpl() override { handle_closed(); }

  void handle_command(wire::RequestId request, wire::Command command) override {
    if (state_->alive) sessions_.dispatch(state_, request, std::move(command));
  }
  void handle_closed() override {
    if (state_->alive) sessions_.gone(state_);
  }
  bool authenticated() const override { return state_->phase == SessionState::Phase::kReady; }

 private:
  Sessions& sessions_;
  Sessions::StatePtr state_;
};

std::unique_ptr<Session> Sessions::open(Peer& peer) {
  auto state = std::make_shared<SessionState>();
  state->id = next_id_++;
  state->subscriber.peer = &peer;
  sessions_[state->id] = state;
  return std::make_unique<SessionImpl>(*this, std::move(state));
}

void Sessions::gone(const StatePtr& state) {
  state->alive = false;
  sessions_.erase(state->id);
  if (state->phase != SessionState::Phase::kReady) return;
  Fanout& fanout = *context_.shard(shard_).fanout;
  const Format format = state->subscriber.peer->format();
  const std::vector<RoomId> rooms(state->subscriber.rooms.begin(), state->subscriber.rooms.end());
  for (const RoomId room : rooms) {
    fanout.remove(room, &state->subscriber);
    context_.tell(context_.shard_of(room), [room, from = shard_, format](Shard& shard) {
      shard.rooms->detach(room, from, format);
    });
  }
  context_.tell(context_.shard_of(state->user.user_id),
                [user = state->user.user_id, id = state->id, from = shard_](Shard& shard) {
                  shard.users->disconnected(user, from, id);
                });
}

void Sessions::close(std::uint64_t session, const Error& reason) {
  if (const auto found = sessions_.find(session); found != sessions_.end()) {
    found->second->subscriber.peer->close(reason);
  }
}

void Sessions::renamed(std::uint64_t session, const wire::UserInfo& info) {
  if (const auto found = sessions_.find(session); found != sessions_.end()) {
    found->second->user = info;
    notify(*found->second, wire::UsersNotice{{info}}, Priority::kControl);
  }
}

void Sessions::membership_changed(std::uint64_t session, RoomId room, wire::Role role,
                                  wire::MemberChange change, bool deleted,
                                  wire::PresenceInfo presence) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return;
  if (role == wire::Role::kNone) {
    notify(*found->second, wire::RoomGoneNotice{room, change, deleted}, Priority::kMessage);
  } else {
    context_.start("attach", attach_and_tell(found->second, room, std::move(presence)));
  }
}

void Sessions::notify(SessionState& state, const wire::Notice& notice, Priority priority) {
  Peer& peer = *state.subscriber.peer;
  const auto format = static_cast<std::size_t>(peer.format());
  peer.send(context_.encoders[format]->notice(notice), priority);
}

// ---- signing in --------------------------------------------------------------------------------

Status Sessions::take_sign_in(const std::string& address) {
  const std::uint32_t most = context_.config.sign_ins_per_minute_per_address;
  if (most == 0) return {};
  if (sign_ins_.size() > 10'000)
    sign_ins_.clear();  // bounded; forgetting is in the caller's favour
  auto& bucket = sign_ins_[address];
  if (!bucket) bucket = std::make_unique<TokenBucket>(most, minutes(1));
  const Duration wait = bucket->take(now().mono);
  if (wait.ms == 0) return {};
  return Error{ErrorCode::kRateLimited, "new sessions per minute", wait};
}

wire::Session Sessions::fresh_session(SessionState& state) {
  const Timestamp wall = now().wall;
  state.expires = wall + context_.config.session_lifetime;
  wire::Session session;
  session.user = state.user;
  session.device_id = state.device;
  session.expires = state.expires;
  session.token = context_.token_key.sign({state.user.user_id, state.device, wall, state.expires});
  return session;
}

std::string Sessions::sync_token(store::Position position) const {
  return context_.store_name + "-" + std::to_string(position);
}

store::Position Sessions::position_of(const std::string& token) const {
  const std::string prefix = context_.store_name + "-";
  if (!token.starts_with(prefix)) return 0;
  store::Position position = 0;
  const char* end = token.data() + token.size();
  const auto parsed = std::from_chars(token.data() + prefix.size(), end, position);
  if (parsed.ec != std::errc{} || parsed.ptr != end) return 0;
  // From the future: the store was put back to an earlier state. Start over.
  return position > context_.written.load(std::memory_order_acquire) ? 0 : position;
}

Task<Status> Sessions::admit(std::string address) {
  // Counted in one place, wherever an address's connections were accepted.
  const auto counting =
      static_cast<ShardIndex>(std::hash<std::string>{}(address) % context_.shards.size());
  co_await context_.hop(shard_, counting);
  const Status allowed = context_.shard(counting).sessions->take_sign_in(address);
  co_await context_.hop(counting, shard_);
  co_return allowed;
}

Task<Result<std::string>> Sessions::admit_device(std::string address, std::string device_name) {
  if (const Status allowed = co_await admit(std::move(address)); !allowed) {
    co_return allowed.error();
  }
  if (device_name.empty()) co_return std::string("Unnamed device");
  co_return checked_name(device_name, "device_name");
}

Task<Result<UserId>> Sessions::owner_of(Bytes secret) {
  const Error nobody{ErrorCode::kTokenInvalid, "no account has this recovery secret or code", {}};
  if (secret.size() != wire::kRecoveryTokenBytes) co_return nobody;
  const Bytes hash = to_bytes(crypto::sha256(secret));
  auto user = co_await stored<UserId>(context_.executor, shard_, [&](store::Callback<UserId> done) {
    context_.store.find_recovery(hash, std::move(done));
  });
  if (!user && user.error().code == ErrorCode::kUserNotFound) {
    user = co_await stored<UserId>(context_.executor, shard_, [&](store::Callback<UserId> done) {
      context_.store.take_link_code(hash, std::move(done));
    });
  }
  if (!user && user.error().code == ErrorCode::kUserNotFound) co_return nobody;
  co_return user;
}

Task<void> Sessions::authenticate(StatePtr state, wire::RequestId request,
                                  wire::Authenticate command) {
  const auto refuse = [&](const Error& error) { refuse_sign_in(*state, request, error); };
  const std::string address = state->subscriber.peer->address();
  state->phase = SessionState::Phase::kSigningIn;
  if (command.protocol != wire::kProtocolVersion) {
    co_return refuse(wrong_version());
  }
  UserConnection connection;
  connection.session = state->id;
  connection.shard = shard_;
  store::Position since = 0;
  Result<SignedIn> signed_in = ErrorCode::kNotAuthenticated;
  ShardIndex user_shard = shard_;
  if (!command.token.empty()) {
    const auto claims = context_.token_key.verify(command.token, now().wall);
    if (!claims) co_return refuse(claims.error());
    since = position_of(command.sync_token);
    user_shard = context_.shard_of(claims->user);
    co_await context_.hop(shard_, user_shard);
    signed_in = co_await context_.shard(user_shard)
                    .users->sign_in(claims->user, claims->device, connection, since);
  } else if (!command.recovery.empty()) {
    const auto device_name = co_await admit_device(address, command.device_name);
    if (!state->alive) co_return;
    if (!device_name) co_return refuse(device_name.error());
    const auto user = co_await owner_of(std::move(command.recovery));
    if (!user) co_return refuse(user.error());
    const auto device = DeviceId::make(now().wall, context_.rng);
    user_shard = context_.shard_of(*user);
    co_await context_.hop(shard_, user_shard);
    signed_in = co_await context_.shard(user_shard)
                    .users->sign_in_new_device(*user, device, *device_name, connection);
  } else {
    const auto device_name = co_await admit_device(address, command.device_name);
    if (!state->alive) co_return;
    if (!device_name) co_return refuse(device_name.error());
    auto name = checked_name(command.guest_name, "name");
    if (!name) co_return refuse(name.error());
    const auto user = UserId::make(now().wall, context_.rng);
    // The server names devices: a guest who brought somebody else's device id would get that one's.
    const auto device = DeviceId::make(now().wall, context_.rng);
    user_shard = context_.shard_of(user);
    co_await context_.hop(shard_, user_shard);
    signed_in = co_await context_.shard(user_shard)
                    .users->sign_up(user, *name, device, *device_name, connection);
    if (signed_in && !context_.lobby.is_nil()) {
      const ShardIndex lobby_shard = context_.shard_of(context_.lobby);
      co_await context_.hop(user_shard, lobby_shard);
      Actor guest{user, device, *name};
      co_await context_.shard(lobby_shard).rooms->enter_lobby(std::move(guest));
      co_await context_.hop(lobby_shard, user_shard);
      signed_in->rooms.push_back(context_.lobby);
    }
  }
  co_await context_.hop(user_shard, shard_);
  if (!signed_in) co_return refuse(signed_in.error());
  co_await enter(std::move(state), request, *std::move(signed_in), since);
}

void Sessions::challenge(SessionState& state, wire::RequestId request,
                         const wire::GetChallenge& command) {
  if (command.protocol != wire::kProtocolVersion) {
    return refuse_sign_in(state, request, wrong_version());
  }
  state.challenge.resize(wire::kChallengeBytes);
  context_.rng.fill(state.challenge);
  state.subscriber.peer->respond(request, wire::Response{wire::Challenge{state.challenge}});
}

Task<void> Sessions::authenticate_device(StatePtr state, wire::RequestId request,
                                         wire::AuthenticateDevice command) {
  const auto refuse = [&](const Error& error) { refuse_sign_in(*state, request, error); };
  state->phase = SessionState::Phase::kSigningIn;
  const Bytes challenge = std::exchange(state->challenge, {});
  if (challenge.empty()) {
    co_return refuse({ErrorCode::kNotAuthenticated, "ask for a challenge first", {}});
  }
  const Status allowed = co_await admit(state->subscriber.peer->address());
  if (!state->alive) co_return;
  if (!allowed) co_return refuse(allowed.error());
  const std::vector<UserId> who{command.user_id};
  const auto known = co_await read_identities(who);
  if (!state->alive) co_return;
  if (!known) co_return refuse(known.error());
  const Error unknown{ErrorCode::kTokenInvalid, "no account lists this device with this key", {}};
  if (known->empty()) co_return refuse(unknown);
  const auto list = identity::DeviceList::decode(known->front().identity.list);
  if (!list || !identity::verify_sign_in(*list, command.device_id, challenge, command.signature)) {
    co_return refuse(unknown);
  }
  UserConnection connection;
  connection.session = state->id;
  connection.shard = shard_;
  const store::Position since = position_of(command.sync_token);
  const ShardIndex user_shard = context_.shard_of(command.user_id);
  co_await context_.hop(shard_, user_shard);
  auto signed_in = co_await context_.shard(user_shard)
                       .users->sign_in(command.user_id, command.device_id, connection, since);
  co_await context_.hop(user_shard, shard_);
  if (!signed_in) co_return refuse(signed_in.error());
  co_await enter(std::move(state), request, *std::move(signed_in), since);
}

void Sessions::refuse_sign_in(SessionState& state, wire::RequestId request, const Error& error) {
  Metrics::add(context_.metrics.sign_ins_refused);
  if (!state.alive) return;
  state.phase = SessionState::Phase::kNew;
  state.subscriber.peer->respond_error(request, to_error_reply(error));
}

Task<void> Sessions::enter(StatePtr state, wire::RequestId request, SignedIn signed_in,
                           store::Position since) {
  const UserId user = signed_in.user.user_id;
  if (!state->alive) {
    context_.tell(context_.shard_of(user), [user, id = state->id, from = shard_](Shard& shard) {
      shard.users->disconnected(user, from, id);
    });
    co_return;
  }
  state->user = signed_in.user;
  state->device = signed_in.device;
  state->subscriber.user = user;
  state->limits = signed_in.limits;
  state->phase = SessionState::Phase::kReady;  // from here on, gone() cleans up
  wire::Welcome welcome;
  welcome.sync_token = sync_token(synced_);  // before the rooms are looked at: they are newer
  welcome.complete = since == 0;
  {
    TaskGroup attaching(context_, "attach");
    for (const RoomId room : signed_in.rooms) {
      attaching.add(attach(state, room, since, signed_in.told, &welcome.rooms));
    }
    co_await attaching;
  }
  if (!state->alive) co_return;
  const auto later = split_to_frame(welcome.rooms);
  // A token now would cover rooms that are still to come; the next SyncNotice is behind them.
  if (!later.empty()) welcome.sync_token.clear();
  welcome.session = fresh_session(*state);
  welcome.server_time = now().wall;
  welcome.server_name = context_.config.server_name;
  welcome.gone = std::move(signed_in.gone);
  welcome.presence = std::move(signed_in.own);
  Metrics::add(context_.metrics.sign_ins);
  state->subscriber.peer->respond(request, wire::Response{std::move(welcome)});
  for (const wire::RoomSummary& room : later) {
    notify(*state, wire::RoomNotice{room}, Priority::kMessage);
  }
  if (const std::int64_t retention = context_.config.retention.ms / 1000; retention > 0) {
    notify(*state, wire::RetentionNotice{static_cast<std::uint32_t>(retention)},
           Priority::kMessage);
  }
  pump_inbox(state);
}

Task<void> Sessions::attach(StatePtr state, RoomId room, store::Position since,
                            wire::PresenceInfo presence, std::vector<wire::RoomSummary>* changed) {
  const ShardIndex owner = context_.shard_of(room);
  const UserId user = state->user.user_id;
  const Format format = state->subscriber.peer->format();
  co_await context_.hop(shard_, owner);
  auto attached = co_await context_.shard(owner).rooms->attach(room, user, shard_, format, since,
                                                               std::move(presence));
  co_await context_.hop(owner, shard_);
  if (!attached) co_return;  // deleted or left in the meantime: a notice says so
  const bool listening = attached->member && state->alive &&
                         context_.shard(shard_).fanout->add(room, &state->subscriber);
  if (attached->member && !listening) {  // gone, or heard already
    context_.tell(owner, [room, from = shard_, format](Shard& shard) {
      shard.rooms->detach(room, from, format);
    });
  }
  if (changed && attached->changed) changed->push_back(std::move(attached->summary));
}

Task<void> Sessions::attach_and_tell(StatePtr state, RoomId room, wire::PresenceInfo presence) {
  std::vector<wire::RoomSummary> summaries;
  co_await attach(state, room, 0, std::move(presence), &summaries);
  if (state->alive && !summaries.empty()) {
    notify(*state, wire::RoomNotice{std::move(summaries.front())}, Priority::kMessage);
  }
}

// ---- keeping sessions --------------------------------------------------------------------------

void Sessions::barrier(ShardIndex from, store::Position position) {
  barriers_.resize(context_.shards.size());
  barriers_[from] = position;
  const store::Position least = *std::min_element(barriers_.begin(), barriers_.end());
  if (least <= synced_) return;
  synced_ = least;
  const wire::Notice notice = wire::SyncNotice{sync_token(synced_)};
  const SharedBytes bytes =
      context_.encoders[static_cast<std::size_t>(Format::kBinary)]->notice(notice);
  for (const auto& [id, state] : sessions_) {
    // The plain JSON protocol has no use for it.
    if (state->phase == SessionState::Phase::kReady &&
        state->subscriber.peer->format() == Format::kBinary) {
      state->subscriber.peer->send(bytes, Priority::kMessage);
    }
  }
}

void Sessions::sweep() {
  const Timestamp wall = now().wall;
  for (const auto& [id, state] : sessions_) {
    if (state->phase != SessionState::Phase::kReady) continue;
    if (state->expires - wall > context_.config.session_renewal) continue;
    notify(*state, wire::SessionNotice{fresh_session(*state)}, Priority::kControl);
  }
}

// ---- commands ----------------------------------------------------------------------------------

void Sessions::dispatch(const StatePtr& state, wire::RequestId request, wire::Command command) {
  // Bounds what one connection can have under way; its user's limits are far below in practice.
  constexpr std::uint32_t kMostTasks = 256;
  Peer& peer = *state->subscriber.peer;
  const auto refuse = [&](const Error& error) {
    Metrics::add(context_.metrics.commands_refused);
    peer.respond_error(request, to_error_reply(error));
  };
  Metrics::add(context_.metrics.commands);
  if (context_.draining.load(std::memory_order_relaxed))
    return refuse({ErrorCode::kShuttingDown, {}, {}});
  auto* sign_in = std::get_if<wire::Authenticate>(&command);
  auto* proof = std::get_if<wire::AuthenticateDevice>(&command);
  const auto* asks_challenge = std::get_if<wire::GetChallenge>(&command);
  if (sign_in || proof || asks_challenge) {
    if (state->phase != SessionState::Phase::kNew) {
      return refuse({ErrorCode::kAlreadyAuthenticated, {}, {}});
    }
    if (asks_challenge) return challenge(*state, request, *asks_challenge);
    context_.start("authenticate", sign_in
                                       ? authenticate(state, request, std::move(*sign_in))
                                       : authenticate_device(state, request, std::move(*proof)));
    return;
  }
  if (state->phase != SessionState::Phase::kReady) {
    return refuse({ErrorCode::kNotAuthenticated, {}, {}});
  }
  if (const auto* typing = std::get_if<wire::Typing>(&command)) {
    return context_.tell(context_.shard_of(typing->room_id),
                         [user = state->user.user_id, typing = *typing](Shard& shard) {
                           shard.rooms->typing(user, typing);
                         });
  }
  if (state->expires <= now().wall) return refuse({ErrorCode::kTokenExpired, {}, {}});
  if (state->tasks >= kMostTasks)
    return refuse({ErrorCode::kRateLimited, "too many at once", seconds(1)});
  // Markers are many by nature, coalesced by clients and cheap, and acknowledgements follow what
  // the server sends; everything else is counted.
  if (!std::holds_alternative<wire::Mark>(command) &&
      !std::holds_alternative<wire::AckInbox>(command)) {
    const Status allowed = std::holds_alternative<wire::Post>(command)
                               ? state->limits->take_message(now().mono)
                               : state->limits->take_request(now().mono);
    if (!allowed) {
      Metrics::add(context_.metrics.rate_limited);
      return refuse(allowed.error());
    }
  }
  context_.start("command", run(state, request, std::move(command)));
}

Task<void> Sessions::run(StatePtr state, wire::RequestId request, wire::Command command) {
  struct InFlight {
    Context& context;
    SessionState& state;
    InFlight(Context& c, SessionState& s) : context(c), state(s) {
      ++state.tasks;
      context.commands_in_flight.fetch_add(1, std::memory_order_relaxed);
    }
    ~InFlight() {
      --state.tasks;
      context.commands_in_flight.fetch_sub(1, std::memory_order_relaxed);
    }
  } in_flight(context_, *state);
  const auto begun = std::chrono::steady_clock::now();
  const bool is_post = std::holds_alternative<wire::Post>(command);
  const auto* revoked = std::get_if<wire::RevokeDevice>(&command);
  const bool ends_session = std::holds_alternative<wire::SignOut>(command) ||
                            (revoked && revoked->device_id == state->device);
  const Reply reply = co_await execute(state, command);
  if (!state->alive) co_return;
  Peer& peer = *state->subscriber.peer;
  if (const auto* error = std::get_if<wire::ErrorReply>(&reply)) {
    Metrics::add(context_.metrics.commands_refused);
    peer.respond_error(request, *error);
    co_return;
  }
  peer.respond(request, std::get<wire::Response>(reply));
  if (is_post) {
    const auto took = std::chrono::steady_clock::now() - begun;
    context_.metrics.observe_ack(static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
  }
  if (ends_session) peer.close(Error{ErrorCode::kDeviceRevoked, "signed out", {}});
}

// Each command runs where its state lives and comes back here.
Task<Reply> Sessions::execute(StatePtr state, wire::Command& command) {
  const Actor actor{state->user.user_id, state->device, state->user.name};
  const ShardIndex user_shard = context_.shard_of(actor.user);

  // Runs a member function of the room's owner.
  const auto in_room = [this](RoomId room, auto run_there) -> Task<Reply> {
    const ShardIndex owner = context_.shard_of(room);
    co_await context_.hop(shard_, owner);
    Reply reply = co_await run_there(*context_.shard(owner).rooms);
    co_await context_.hop(owner, shard_);
    co_return reply;
  };
  const auto at_user = [this, user_shard](auto run_there) -> Task<Reply> {
    co_await context_.hop(shard_, user_shard);
    Reply reply = co_await run_there(*context_.shard(user_shard).users);
    co_await context_.hop(user_shard, shard_);
    co_return reply;
  };

  if (auto* post = std::get_if<wire::Post>(&command)) {
    auto checked = check_post(*post);
    if (!checked) co_return fail(checked.error());
    co_return co_await in_room(post->room_id, [&](Rooms& rooms) {
      return rooms.post(actor, std::move(*post), *std::move(checked));
    });
  }
  if (auto* c = std::get_if<wire::History>(&command)) {
    co_return co_await in_room(c->room_id, [&](Rooms& r) { return r.history(actor, *c); });
  }
  if (auto* c = std::get_if<wire::Mark>(&command)) {
    co_return co_await in_room(c->room_id, [&](Rooms& r) { return r.mark(actor, *c); });
  }
  if (auto* c = std::get_if<wire::CreateRoom>(&command)) {
    if (c->kind == wire::RoomKind::kPrivate && !c->direct_with.is_nil()) {
      co_return co_await create_direct(actor, *c, state->limits.get());
    }
    co_return co_await in_room(RoomId{c->client_id.uuid},
                               [&](Rooms& r) { return r.create(actor, *c, state->limits.get()); });
  }
  if (auto* c = std::get_if<wire::UpdateRoom>(&command)) {
    co_return co_await in_room(c->room_id, [&](Rooms& r) { return r.update(actor, *c); });
  }
  if (auto* c = std::get_if<wire::DeleteRoom>(&command)) {
    co_return co_await in_room(c->room_id, [&](Rooms& r) { return r.erase(actor, *c); });
  }
  if (auto* c = std::get_if<wire::JoinRoom>(&command)) co_return co_await join(actor, *c);
  if (auto* c = std::get_if<wire::LeaveRoom>(&command)) {
    co_return co_await in_room(c->room_id, [&](Rooms& r) { return r.leave(actor, *c); });
  }
  if (auto* c = std::get_if<wire::InviteMember>(&command)) co_return co_await invite(actor, *c);
  if (auto* c = std::get_if<wire::SetRole>(&command)) {
    co_return co_await in_room(c->room_id, [&](Rooms& r) { return r.set_role(actor, *c); });
  }
  if (auto* c = std::get_if<wire::RemoveMember>(&command)) {
    co_return co_await in_room(c->room_id, [&](Rooms& r) { return r.remove(actor, *c); });
  }
  if (auto* c = std::get_if<wire::CreateInvite>(&command)) {
    co_return co_await in_room(c->room_id, [&](Rooms& r) { return r.create_invite(actor, *c); });
  }
  if (auto* c = std::get_if<wire::ListInvites>(&command)) {
    co_return co_await in_room(c->room_id, [&](Rooms& r) { return r.list_invites(actor, *c); });
  }
  if (auto* c = std::get_if<wire::RevokeInvite>(&command)) {
    co_return co_await in_room(c->room_id, [&](Rooms& r) { return r.revoke_invite(actor, *c); });
  }
  if (auto* c = std::get_if<wire::ListMembers>(&command)) {
    co_return co_await in_room(c->room_id, [&](Rooms& r) { return r.list_members(actor, *c); });
  }
  if (std::holds_alternative<wire::ListRooms>(command)) co_return co_await list_rooms(state);
  if (auto* c = std::get_if<wire::SearchRooms>(&command)) {
    co_return co_await search_rooms(state, *c);
  }
  if (auto* c = std::get_if<wire::GetUsers>(&command)) co_return co_await get_users(*c);
  if (auto* c = std::get_if<wire::GetPresence>(&command)) {
    co_return co_await get_presence(actor, *c);
  }
  if (auto* c = std::get_if<wire::PresenceUpdate>(&command)) {
    co_return co_await at_user(
        [&](Users& users) { return users.update_presence(actor.user, shard_, state->id, *c); });
  }
  if (std::holds_alternative<wire::ListDevices>(command)) {
    co_return co_await at_user(
        [&](Users& users) { return users.list_devices(actor.user, actor.device); });
  }
  if (auto* c = std::get_if<wire::RevokeDevice>(&command)) {
    co_return co_await at_user([&](Users& users) {
      return users.revoke_device(actor.user, c->device_id,
                                 {shard_, state->id, actor.device, false});
    });
  }
  if (std::holds_alternative<wire::SignOut>(command)) {
    co_return co_await at_user([&](Users& users) {
      return users.revoke_device(actor.user, actor.device,
                                 {shard_, state->id, actor.device, false});
    });
  }
  if (auto* c = std::get_if<wire::SetProfile>(&command)) {
    auto name = checked_name(c->name, "name");
    if (!name) co_return fail(name.error());
    co_return co_await at_user(
        [&](Users& users) { return users.set_profile(actor.user, *std::move(name)); });
  }
  if (std::holds_alternative<wire::RefreshSession>(command)) {
    co_return wire::Response{fresh_session(*state)};
  }
  if (auto* c = std::get_if<wire::CommitGroup>(&command)) {
    co_return co_await in_room(c->room_id,
                               [&](Rooms& r) { return r.commit_group(actor, std::move(*c)); });
  }
  if (auto* c = std::get_if<wire::GetGroup>(&command)) {
    co_return co_await in_room(c->room_id, [&](Rooms& r) { return r.get_group(actor, *c); });
  }
  if (auto* c = std::get_if<wire::ListCommits>(&command)) {
    co_return co_await in_room(c->room_id, [&](Rooms& r) { return r.list_commits(actor, *c); });
  }
  if (auto* c = std::get_if<wire::PutInviteBundle>(&command)) {
    co_return co_await in_room(c->room_id,
                               [&](Rooms& r) { return r.put_invite_bundle(actor, *c); });
  }
  if (auto* c = std::get_if<wire::GetInviteBundle>(&command)) {
    co_return co_await in_room(c->room_id,
                               [&](Rooms& r) { return r.get_invite_bundle(actor, *c); });
  }
  co_return co_await execute_for_device(state, actor, command);
}

Task<Reply> Sessions::join(Actor actor, wire::JoinRoom command) {
  std::optional<store::InviteRecord> invite;
  if (!command.invite_code.empty()) {
    auto found = co_await stored<store::InviteRecord>(
        context_.executor, shard_, [&](store::Callback<store::InviteRecord> done) {
          context_.store.find_invite(command.invite_code, std::move(done));
        });
    if (!found) co_return fail(found.error());
    const Timestamp expires = found->info.expires;
    const bool used_up = found->info.max_uses > 0 && found->info.uses >= found->info.max_uses;
    const bool expired = expires != Timestamp{} && expires <= now().wall;
    const bool elsewhere = !command.room_id.is_nil() && command.room_id != found->info.room_id;
    if (found->revoked || used_up || expired || elsewhere)
      co_return fail(ErrorCode::kInviteInvalid);
    command.room_id = found->info.room_id;
    invite = *std::move(found);
  }
  const ShardIndex owner = context_.shard_of(command.room_id);
  co_await context_.hop(shard_, owner);
  Reply reply =
      co_await context_.shard(owner).rooms->join(actor, command.room_id, std::move(invite));
  co_await context_.hop(owner, shard_);
  co_return reply;
}

Task<Reply> Sessions::invite(Actor actor, wire::InviteMember command) {
  const auto users = co_await stored<std::vector<store::UserRecord>>(
      context_.executor, shard_, [&](store::Callback<std::vector<store::UserRecord>> done) {
        context_.store.read_users({command.user_id}, std::move(done));
      });
  if (!users) co_return fail(users.error());
  if (users->empty()) co_return fail(ErrorCode::kUserNotFound);
  const ShardIndex owner = context_.shard_of(command.room_id);
  co_await context_.hop(shard_, owner);
  Reply reply = co_await context_.shard(owner).rooms->invite(actor, command, users->front().name);
  co_await context_.hop(owner, shard_);
  co_return reply;
}

Task<Reply> Sessions::list_rooms(StatePtr state) {
  wire::RoomList list;
  const std::vector<RoomId> rooms(state->subscriber.rooms.begin(), state->subscriber.rooms.end());
  for (const RoomId room : rooms) {
    if (list.rooms.size() == wire::kMaxListItems) break;
    const ShardIndex owner = context_.shard_of(room);
    co_await context_.hop(shard_, owner);
    const Room* there = context_.shard(owner).rooms->find(room);
    std::optional<wire::RoomSummary> summary;
    if (there && there->role_of(state->user.user_id) != wire::Role::kNone) {
      summary = there->summary_for(state->user.user_id);
    }
    co_await context_.hop(owner, shard_);
    if (summary) list.rooms.push_back(*std::move(summary));
  }
  sort_by_activity(list.rooms);
  co_return wire::Response{std::move(list)};
}

Task<Reply> Sessions::search_rooms(StatePtr state, wire::SearchRooms command) {
  const auto limit =
      std::clamp<std::uint32_t>(command.limit, 1, static_cast<std::uint32_t>(wire::kMaxPageSize));
  auto found = co_await stored<std::vector<wire::RoomListing>>(
      context_.executor, shard_, [&](store::Callback<std::vector<wire::RoomListing>> done) {
        context_.store.search_rooms(command.query, command.offset, limit + 1, std::move(done));
      });
  if (!found) co_return fail(found.error());
  wire::RoomPage page;
  page.more = found->size() > limit;
  if (page.more) found->resize(limit);
  page.rooms = *std::move(found);
  for (wire::RoomListing& room : page.rooms) {
    room.joined = state->subscriber.rooms.contains(room.room_id);
  }
  co_return wire::Response{std::move(page)};
}

Task<Reply> Sessions::get_users(wire::GetUsers command) {
  const auto found = co_await stored<std::vector<store::UserRecord>>(
      context_.executor, shard_, [&](store::Callback<std::vector<store::UserRecord>> done) {
        context_.store.read_users(command.user_ids, std::move(done));
      });
  if (!found) co_return fail(found.error());
  wire::UserList list;
  for (const store::UserRecord& user : *found) {
    list.users.push_back({user.id, user.name, user.guest});
  }
  co_return wire::Response{std::move(list)};
}

Task<Reply> Sessions::get_presence(Actor actor, wire::GetPresence command) {
  if (!command.room_id.is_nil()) {
    const ShardIndex owner = context_.shard_of(command.room_id);
    co_await context_.hop(shard_, owner);
    Reply reply = co_await context_.shard(owner).rooms->presence_of(actor, command.room_id);
    co_await context_.hop(owner, shard_);
    co_return reply;
  }
  const ShardIndex own = context_.shard_of(actor.user);
  co_await context_.hop(shard_, own);
  const std::vector<RoomId> rooms = context_.shard(own).users->rooms_of(actor.user);
  ShardIndex at = own;
  wire::PresenceList list;
  for (const UserId user : command.user_ids) {
    const ShardIndex next = context_.shard_of(user);
    co_await context_.hop(at, next);
    at = next;
    auto presence = context_.shard(at).users->presence_for(user, rooms);
    if (presence) list.presence.push_back(*std::move(presence));
  }
  co_await context_.hop(at, shard_);
  co_return wire::Response{std::move(list)};
}

}  // namespace parley::app
