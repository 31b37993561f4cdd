#include "tests/app/harness.hpp"

using namespace parley;
using namespace parley::testing;

TEST_CASE("guests meet in the lobby; the first one owns it") {
  Server server;
  Person ada(server, "Ada");
  Person grace(server, "Grace", 2);
  REQUIRE(ada.welcome.rooms.size() == 1);
  REQUIRE(grace.welcome.rooms.size() == 1);
  const auto& lobby = grace.welcome.rooms.front();
  CHECK(lobby.settings.name == "Lobby");
  CHECK(lobby.role == wire::Role::kMember);
  CHECK(lobby.unread == 0);
  CHECK(ada.welcome.rooms.front().role == wire::Role::kOwner);
  grace.say(lobby.room_id, "hello");
  CHECK(ada.heard(lobby.room_id) == std::vector<std::string>{"hello"});
}

TEST_CASE("creating a room is idempotent and refuses what cannot be") {
  Server server;
  Person ada(server, "Ada");
  Person eve(server, "Eve", 1);
  wire::CreateRoom command;
  command.client_id = ClientId::make(server.executor.now().wall, server.rng);
  command.name = "  Engines \n";
  const auto made = ada.ask<wire::RoomState>(command).room;
  CHECK(made.settings.name == "Engines");
  CHECK(ada.ask<wire::RoomState>(command).room.room_id == made.room_id);
  CHECK(eve.refusal(command) == ErrorCode::kInvalidArgument);
  command.client_id = ClientId::make(server.executor.now().wall, server.rng);
  command.name = " \t";
  CHECK(ada.refusal(command) == ErrorCode::kInvalidArgument);
  command.name = std::string(81, 'x');
  CHECK(ada.refusal(command) == ErrorCode::kInvalidArgument);
  command.name = "Secret";
  command.kind = wire::RoomKind{7};
  CHECK(ada.refusal(command) == ErrorCode::kUnsupported);
}

TEST_CASE("the day's rooms are those that were made") {
  app::AppConfig config;
  config.rooms_per_day = 1;
  Server server(2, config);
  Person ada(server, "Ada");
  wire::CreateRoom command;
  command.client_id = ClientId::make(server.executor.now().wall, server.rng);
  command.name = " ";
  for (int i = 0; i < 3; ++i) CHECK(ada.refusal(command) != ErrorCode::kQuotaReached);
  command.name = "Garden";
  const RoomId room = ada.ask<wire::RoomState>(command).room.room_id;
  // The answer was lost and the command comes again: that is not another room.
  CHECK(ada.ask<wire::RoomState>(command).room.room_id == room);
  CHECK(ada.ask<wire::RoomList>(wire::ListRooms{}).rooms.size() == 2);  // and the lobby
  command.client_id = ClientId::make(server.executor.now().wall, server.rng);
  CHECK(ada.refusal(command) == ErrorCode::kQuotaReached);
}

TEST_CASE("many ask for one room while it loads") {
  Server server;
  RoomId room;
  wire::Authenticate back;
  {
    Person ada(server, "Ada");
    room = ada.create_room("Room");
    back.token = ada.welcome.session.token;
  }
  server.restart();
  Person ada(server, back);
  std::vector<wire::RequestId> requests;
  for (int i = 0; i < 5; ++i) {
    requests.push_back(ada.start(wire::History{room, wire::HistoryFrom::kNewest, {}, {}, 50}));
  }
  server.settle();
  for (const auto request : requests) {
    REQUIRE(ada.peer.replies.contains(request));
    CHECK(std::holds_alternative<wire::Response>(ada.peer.replies[request]));
  }
  const RoomId nowhere{Uuid::make_v7({}, server.rng)};
  CHECK(ada.refusal(wire::JoinRoom{nowhere, ""}) == ErrorCode::kRoomNotFound);
  CHECK(ada.refusal(wire::JoinRoom{nowhere, ""}) == ErrorCode::kRoomNotFound);
  CHECK(ada.refusal(wire::JoinRoom{{}, ""}) == ErrorCode::kInvalidArgument);
}

TEST_CASE("two changes of settings at once: one wins, the other learns the winner's") {
  Server server;
  Person ada(server, "Ada");
  Person again(server, wire::Authenticate{1, ada.welcome.session.token, "", {}, "", ""}, 2);
  const RoomId room = ada.create_room("Before");
  const auto one = ada.start(wire::UpdateRoom{room, 1, "One", std::nullopt, std::nullopt});
  const auto two = again.start(wire::UpdateRoom{room, 1, "Two", std::nullopt, std::nullopt});
  server.settle();
  const bool first_won = std::holds_alternative<wire::Response>(ada.peer.replies[one]);
  const auto& lost = first_won ? again.peer.replies[two] : ada.peer.replies[one];
  const auto* conflict = std::get_if<wire::ErrorReply>(&lost);
  REQUIRE(conflict);
  CHECK(conflict->code == static_cast<std::uint16_t>(ErrorCode::kConflict));
  REQUIRE(conflict->room);
  CHECK(conflict->room->settings.version == 2);
  CHECK(conflict->room->settings.name == (first_won ? "One" : "Two"));
}

TEST_CASE("invite-only rooms open by invitation only") {
  Server server;
  Person ada(server, "Ada");
  Person grace(server, "Grace", 1);
  Person eve(server, "Eve", 2);
  const RoomId room = ada.create_room("Inner circle", wire::RoomAccess::kInviteOnly);
  CHECK(eve.refusal(wire::JoinRoom{room, ""}) == ErrorCode::kInviteRequired);
  CHECK(eve.ask<wire::RoomPage>(wire::SearchRooms{"circle", 0, 50}).rooms.empty());

  SECTION("of a person") {
    ada.ask<wire::Done>(wire::InviteMember{room, grace.id()});
    server.settle();
    const auto* invited = std::get_if<wire::RoomNotice>(&grace.peer.notices.back());
    REQUIRE(invited);
    CHECK(invited->room.role == wire::Role::kInvited);
    CHECK(!invited->room.last_message);
    ada.say(room, "not yet for Grace");
    CHECK(grace.heard(room).empty());
    CHECK(grace.refusal(wire::History{room, {}, {}, {}, 50}) == ErrorCode::kNotAMember);
    grace.ask<wire::RoomState>(wire::JoinRoom{room, ""});
    ada.say(room, "welcome");
    CHECK(grace.heard(room) == std::vector<std::string>{"welcome"});
  }
  SECTION("by a link, as often as it says") {
    const auto invite = ada.ask<wire::InviteState>(wire::CreateInvite{room, 3600, 1}).invite;
    CHECK(grace.ask<wire::RoomState>(wire::JoinRoom{{}, invite.code}).room.room_id == room);
    CHECK(eve.refusal(wire::JoinRoom{{}, invite.code}) == ErrorCode::kInviteInvalid);
    CHECK(grace.refusal(wire::CreateInvite{room, 0, 0}) == ErrorCode::kAccessDenied);
  }
  SECTION("by a link, until it expires or is withdrawn") {
    const auto short_lived = ada.ask<wire::InviteState>(wire::CreateInvite{room, 60, 0}).invite;
    const auto withdrawn = ada.ask<wire::InviteState>(wire::CreateInvite{room, 0, 0}).invite;
    CHECK(ada.ask<wire::InviteList>(wire::ListInvites{room}).invites.size() == 2);
    ada.ask<wire::Done>(wire::RevokeInvite{room, withdrawn.invite_id});
    server.advance(seconds(61));
    CHECK(eve.refusal(wire::JoinRoom{{}, short_lived.code}) == ErrorCode::kInviteInvalid);
    CHECK(eve.refusal(wire::JoinRoom{{}, withdrawn.code}) == ErrorCode::kInviteInvalid);
    CHECK(eve.refusal(wire::JoinRoom{{}, "guess"}) == ErrorCode::kInviteInvalid);
    CHECK(ada.ask<wire::InviteList>(wire::ListInvites{room}).invites.empty());
  }
}

TEST_CASE("who is removed hears of it, and then nothing more") {
  Server server;
  Person ada(server, "Ada");
  Person eve(server, "Eve", 2);
  const RoomId room = ada.create_room("Room");
  eve.ask<wire::RoomState>(wire::JoinRoom{room, ""});
  ada.say(room, "before");
  const auto removal = ada.start(wire::RemoveMember{room, eve.id(), true});
  const auto after = ada.start(ada.message(room, "after"));
  server.settle();
  REQUIRE(ada.peer.replies.contains(removal));
  REQUIRE(ada.peer.replies.contains(after));
  CHECK(eve.heard(room) == std::vector<std::string>{"before"});
  const auto* gone = std::get_if<wire::RoomGoneNotice>(&eve.peer.notices.back());
  REQUIRE(gone);
  CHECK(gone->reason == wire::MemberChange::kBanned);
  CHECK(eve.refusal(eve.message(room, "let me in")) == ErrorCode::kNotAMember);
  CHECK(eve.refusal(wire::JoinRoom{room, ""}) == ErrorCode::kAccessDenied);
  CHECK(eve.refusal(wire::ListMembers{room, {}, 50}) == ErrorCode::kNotAMember);
  // Taking the ban back lets her in again.
  ada.ask<wire::Done>(wire::RemoveMember{room, eve.id(), false});
  eve.ask<wire::RoomState>(wire::JoinRoom{room, ""});
}

TEST_CASE("roles: owners give them, a room keeps an owner") {
  Server server;
  Person ada(server, "Ada");
  Person grace(server, "Grace", 1);
  const RoomId room = ada.create_room("Room");
  grace.ask<wire::RoomState>(wire::JoinRoom{room, ""});
  CHECK(grace.refusal(wire::UpdateRoom{room, 1, "Mine", {}, {}}) == ErrorCode::kAccessDenied);
  CHECK(grace.refusal(wire::DeleteRoom{room}) == ErrorCode::kAccessDenied);
  CHECK(grace.refusal(wire::RemoveMember{room, ada.id(), false}) == ErrorCode::kAccessDenied);
  CHECK(ada.refusal(wire::LeaveRoom{room}) == ErrorCode::kLastOwner);
  CHECK(ada.refusal(wire::SetRole{room, ada.id(), wire::Role::kMember}) == ErrorCode::kLastOwner);
  ada.ask<wire::Done>(wire::SetRole{room, grace.id(), wire::Role::kModerator});
  grace.ask<wire::RoomState>(wire::UpdateRoom{room, 1, "Ours", {}, {}});
  CHECK(grace.refusal(wire::UpdateRoom{room, 2, {}, {}, wire::RoomAccess::kInviteOnly}) ==
        ErrorCode::kAccessDenied);
  ada.ask<wire::Done>(wire::SetRole{room, grace.id(), wire::Role::kOwner});
  ada.ask<wire::Done>(wire::LeaveRoom{room});
  grace.say(room, "alone");
  CHECK(ada.heard(room).empty());
}

TEST_CASE("a deleted room is gone for everybody") {
  Server server;
  Person ada(server, "Ada");
  Person grace(server, "Grace", 1);
  const RoomId room = ada.create_room("Room");
  grace.ask<wire::RoomState>(wire::JoinRoom{room, ""});
  ada.ask<wire::Done>(wire::DeleteRoom{room});
  server.settle();
  const auto* gone = std::get_if<wire::RoomGoneNotice>(&grace.peer.notices.back());
  REQUIRE(gone);
  CHECK(gone->deleted);
  CHECK(grace.refusal(grace.message(room, "hello?")) == ErrorCode::kRoomDeleted);
  CHECK(grace.refusal(wire::JoinRoom{room, ""}) == ErrorCode::kRoomDeleted);
}

TEST_CASE("members are listed in pages, with roles and presence") {
  Server server;
  Person ada(server, "Ada");
  Person grace(server, "Grace", 1);
  const RoomId room = ada.create_room("Room");
  grace.ask<wire::RoomState>(wire::JoinRoom{room, ""});
  server.settle();
  const auto first = ada.ask<wire::MemberPage>(wire::ListMembers{room, {}, 1});
  REQUIRE(first.members.size() == 1);
  CHECK(first.more);
  const auto second =
      ada.ask<wire::MemberPage>(wire::ListMembers{room, first.members[0].user.user_id, 1});
  REQUIRE(second.members.size() == 1);
  CHECK(!second.more);
  CHECK(first.members[0].user.user_id != second.members[0].user.user_id);
  REQUIRE(second.presence.size() == 1);
  CHECK(second.presence[0].status == wire::PresenceStatus::kOnline);
}
