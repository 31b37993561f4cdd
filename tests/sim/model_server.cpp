// The plainest server that keeps the protocol's promises, with failures thrown in: it refuses,
// is busy, has a full disk, and answers some posts only after they are on disk and the answer is
// lost.
#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "shared/base/rng.hpp"
#include "tests/sim/server.hpp"

namespace parley::sim {
namespace {

struct ModelUser {
  wire::UserInfo info;
  DeviceId device;
};

struct ModelRoom {
  wire::RoomSettings settings;
  std::vector<wire::Event> log;
  std::map<UserId, wire::Role> roles;
  std::map<UserId, wire::Marker> markers;
  std::map<std::pair<UserId, ClientId>, Seq> places;
  std::uint64_t changed = 0;
};

struct ModelConnection {
  Server::Send send;
  Server::Close close;
  std::optional<UserId> user;
};

class ModelServer final : public Server {
 public:
  ModelServer(std::uint64_t seed, Now now) : rng_(seed), now_(now) {}

  ConnectionId connect(Send send, Close close) override {
    connections_[++next_] = {std::move(send), std::move(close), {}};
    return next_;
  }
  void disconnect(ConnectionId id) override { connections_.erase(id); }
  void advance(Now now) override { now_ = now; }
  void crash() override { connections_.clear(); }
  void set_failures(bool on) override { calm_ = !on; }
  std::vector<wire::Event> log(RoomId room) override { return rooms_[room].log; }

  void receive(ConnectionId id, ByteView bytes) override {
    if (!connections_.contains(id)) return;
    auto decoded = wire::decode_client_frame(bytes);
    auto* frame = std::get_if<wire::ClientFrame>(&decoded);
    if (!frame) return;
    if (auto* ping = std::get_if<wire::PingFrame>(frame)) {
      return send(id, wire::PongFrame{ping->request});
    }
    auto* command = std::get_if<wire::CommandFrame>(frame);
    if (!command) return;
    const wire::RequestId request = command->request;
    auto& connection = connections_[id];
    if (auto* hello = std::get_if<wire::Authenticate>(&command->command)) {
      return authenticate(id, connection, request, *hello);
    }
    if (!connection.user) return refuse(id, request, ErrorCode::kNotAuthenticated);
    std::visit([&](auto& c) { handle(id, request, *connection.user, c); }, command->command);
  }

 private:
  bool chance(std::uint64_t percent) { return !calm_ && rng_.below(100) < percent; }

  void send(ConnectionId id, const wire::ServerFrame& frame) {
    const auto it = connections_.find(id);
    if (it != connections_.end()) it->second.send(wire::encode_frame(frame));
  }
  void answer(ConnectionId id, wire::RequestId request, wire::Response response) {
    send(id, wire::ResponseFrame{request, std::move(response)});
  }
  void refuse(ConnectionId id, wire::RequestId request, ErrorCode code, std::uint32_t wait = 0) {
    send(id, wire::ErrorFrame{request, {static_cast<std::uint16_t>(code), {}, wait, {}}});
  }

  void authenticate(ConnectionId id, ModelConnection& connection, wire::RequestId request,
                    const wire::Authenticate& hello) {
    if (chance(5)) return refuse(id, request, ErrorCode::kOverloaded, 1500);
    UserId user;
    if (hello.token.empty()) {
      user = UserId::make(now_.wall, rng_);
      users_[user] = {{user, hello.guest_name, true}, DeviceId::make(now_.wall, rng_)};
    } else {
      const auto parsed = UserId::parse(hello.token);
      if (!parsed || !users_.contains(*parsed)) {
        return refuse(id, request, ErrorCode::kTokenInvalid);
      }
      user = *parsed;
    }
    connection.user = user;
    std::uint64_t since = 0;
    std::from_chars(hello.sync_token.data(), hello.sync_token.data() + hello.sync_token.size(),
                    since);
    wire::Welcome welcome;
    welcome.session = session_of(user);
    welcome.server_time = now_.wall;
    welcome.sync_token = std::to_string(position_);
    welcome.complete = since == 0;
    welcome.presence.user_id = user;
    welcome.presence.status = wire::PresenceStatus::kOnline;
    for (auto& [room_id, room] : rooms_) {
      if (room.roles.contains(user) && room.changed > since) {
        welcome.rooms.push_back(summary(room_id, room, user));
      }
    }
    answer(id, request, std::move(welcome));
  }

  wire::Session session_of(UserId user) {
    return {users_[user].info, users_[user].device, user.to_string(), now_.wall + hours(2)};
  }

  wire::RoomSummary summary(RoomId id, const ModelRoom& room, UserId user) {
    wire::RoomSummary out;
    out.room_id = id;
    out.settings = room.settings;
    out.role = room.roles.at(user);
    out.head = Seq{room.log.size()};
    if (const auto it = room.markers.find(user); it != room.markers.end()) {
      out.read = it->second.read;
    }
    out.members = static_cast<std::uint32_t>(room.roles.size());
    for (const wire::Event& event : room.log) {
      if (wire::is_activity(event.kind)) out.last_activity = event.at;
      if (event.kind != wire::EventKind::kMessage) continue;
      out.last_message = event;
      if (event.seq <= out.read || event.sender == user) continue;
      ++out.unread;
    }
    return out;
  }

  void append(RoomId id, UserId sender, ClientId client_id, wire::EventKind kind, Bytes body) {
    ModelRoom& room = rooms_[id];
    wire::Event event{Seq{room.log.size() + 1}, now_.wall, sender,
                      users_[sender].device,    client_id, kind,
                      std::move(body)};
    room.places[{sender, client_id}] = event.seq;
    room.changed = ++position_;
    if (kind == wire::EventKind::kMessage) {
      auto& marker = room.markers[sender];
      marker = {sender, event.seq, event.seq};
    }
    room.log.push_back(event);
    tell(room, wire::EventBatch{id, {event}});
    if (rng_.below(10) == 0) tell(room, wire::Notice{wire::SyncNotice{std::to_string(position_)}});
  }
  void tell(const ModelRoom& room, const wire::ServerFrame& frame) {
    for (auto& [id, connection] : connections_) {
      if (connection.user && room.roles.contains(*connection.user)) send(id, frame);
    }
  }

  void handle(ConnectionId id, wire::RequestId request, UserId user, wire::CreateRoom& c) {
    const RoomId room_id{c.client_id.uuid};
    if (!rooms_.contains(room_id)) {
      ModelRoom& room = rooms_[room_id];
      room.settings = {1, c.kind, c.access, c.name, c.topic};
      room.roles[user] = wire::Role::kOwner;
      append(room_id, user, {}, wire::EventKind::kRoomSettings, wire::encode(room.settings));
    }
    answer(id, request, wire::RoomState{summary(room_id, rooms_[room_id], user)});
  }
  void handle(ConnectionId id, wire::RequestId request, UserId user, wire::JoinRoom& c) {
    const auto it = rooms_.find(c.room_id);
    if (it == rooms_.end()) return refuse(id, request, ErrorCode::kRoomNotFound);
    if (!it->second.roles.contains(user)) {
      it->second.roles[user] = wire::Role::kMember;
      append(c.room_id, user, {}, wire::EventKind::kMembership,
             wire::encode(wire::Membership{user, wire::MemberChange::kJoined, wire::Role::kMember,
                                           users_[user].info.name}));
    }
    answer(id, request, wire::RoomState{summary(c.room_id, it->second, user)});
  }
  void handle(ConnectionId id, wire::RequestId request, UserId user, wire::Post& c) {
    const auto it = rooms_.find(c.room_id);
    if (it == rooms_.end()) return refuse(id, request, ErrorCode::kRoomNotFound);
    ModelRoom& room = it->second;
    if (!room.roles.contains(user)) return refuse(id, request, ErrorCode::kNotAMember);
    if (chance(5)) return refuse(id, request, ErrorCode::kRateLimited, 700);
    if (chance(3)) return refuse(id, request, ErrorCode::kStorageFull);
    if (chance(2)) return refuse(id, request, ErrorCode::kInternal);
    if (!room.places.contains({user, c.client_id})) {
      append(c.room_id, user, c.client_id, c.kind, std::move(c.body));
    }
    const Seq seq = room.places[{user, c.client_id}];
    if (chance(5)) return;  // done, and the answer lost
    answer(id, request,
           wire::Posted{c.room_id, c.client_id, seq,
                        room.log[static_cast<std::size_t>(seq.value - 1)].at});
  }
  void handle(ConnectionId id, wire::RequestId request, UserId user, wire::History& c) {
    const auto it = rooms_.find(c.room_id);
    if (it == rooms_.end()) return refuse(id, request, ErrorCode::kRoomNotFound);
    if (!it->second.roles.contains(user)) return refuse(id, request, ErrorCode::kNotAMember);
    if (chance(5)) return refuse(id, request, ErrorCode::kOverloaded, 300);
    const auto& log = it->second.log;
    const std::uint64_t head = log.size();
    const std::uint64_t limit = std::min<std::uint64_t>(c.limit, wire::kMaxPageSize);
    std::uint64_t from = 1, to = head;  // inclusive
    switch (c.from) {
      case wire::HistoryFrom::kNewest:
        break;
      case wire::HistoryFrom::kBefore:
        to = std::min(head, c.seq.value - 1);
        break;
      case wire::HistoryFrom::kAfter:
        from = c.seq.value + 1;
        to = std::min(head, c.seq.value + limit);
        break;
      case wire::HistoryFrom::kAround:
        to = std::min(head, c.seq.value + limit / 2);
        break;
      case wire::HistoryFrom::kTime:
        return refuse(id, request, ErrorCode::kUnsupported);
    }
    if (c.from != wire::HistoryFrom::kAfter) from = to > limit ? to - limit + 1 : 1;
    wire::HistoryPage page;
    page.room_id = c.room_id;
    page.head = Seq{head};
    page.start = from == 1;
    std::set<UserId> senders;
    for (std::uint64_t seq = from; seq <= to; ++seq) {
      const wire::Event& event = log[static_cast<std::size_t>(seq - 1)];
      page.events.push_back(event);
      senders.insert(event.sender);
    }
    for (const UserId sender : senders) page.users.push_back(users_[sender].info);
    answer(id, request, std::move(page));
  }
  void handle(ConnectionId id, wire::RequestId request, UserId user, wire::Mark& c) {
    const auto it = rooms_.find(c.room_id);
    if (it == rooms_.end()) return refuse(id, request, ErrorCode::kRoomNotFound);
    auto& marker = it->second.markers[user];
    marker.user_id = user;
    marker.delivered = std::max(marker.delivered, c.delivered);
    marker.read = std::max(marker.read, c.read);
    it->second.changed = ++position_;
    tell(it->second, wire::Notice{wire::MarkersNotice{c.room_id, {marker}}});
    answer(id, request, wire::Done{});
  }
  void handle(ConnectionId id, wire::RequestId request, UserId, wire::ListMembers& c) {
    wire::MemberPage page;
    page.room_id = c.room_id;
    ModelRoom& room = rooms_[c.room_id];
    for (const auto& [user, role] : room.roles) {
      const auto& marker = room.markers[user];
      page.members.push_back({users_[user].info, role, marker.delivered, marker.read});
    }
    answer(id, request, std::move(page));
  }
  void handle(ConnectionId id, wire::RequestId request, UserId, wire::GetUsers& c) {
    wire::UserList list;
    for (const UserId user : c.user_ids) {
      if (users_.contains(user)) list.users.push_back(users_[user].info);
    }
    answer(id, request, std::move(list));
  }
  void handle(ConnectionId id, wire::RequestId request, UserId user, wire::RefreshSession&) {
    answer(id, request, session_of(user));
  }
  void handle(ConnectionId, wire::RequestId, UserId user, wire::Typing& c) {
    tell(rooms_[c.room_id], wire::Notice{wire::TypingNotice{c.room_id, user, c.on}});
  }
  void handle(ConnectionId id, wire::RequestId request, UserId, wire::PresenceUpdate&) {
    answer(id, request, wire::Done{});
  }
  template <class Command>
  void handle(ConnectionId id, wire::RequestId request, UserId, Command&) {
    refuse(id, request, ErrorCode::kUnsupported);
  }

  SeededRng rng_;
  Now now_;
  bool calm_ = true;
  ConnectionId next_ = 0;
  std::map<ConnectionId, ModelConnection> connections_;
  std::map<UserId, ModelUser> users_;
  std::map<RoomId, ModelRoom> rooms_;
  std::uint64_t position_ = 0;
};

}  // namespace

std::unique_ptr<Server> make_model_server(std::uint64_t seed, Now now) {
  return std::make_unique<ModelServer>(seed, now);
}

}  // namespace parley::sim
