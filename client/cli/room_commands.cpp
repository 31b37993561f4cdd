#include <algorithm>
#include <set>

#include "client/cli/commands.hpp"
#include "client/cli/lookup.hpp"
#include "client/core/words.hpp"
#include "client/native/ws_url.hpp"

namespace parley::cli {
namespace {

constexpr std::uint32_t kListed = 1000;  // rooms of the directory shown at most

Result<std::vector<wire::RoomListing>> directory(Driver& driver, const std::string& query) {
  std::vector<wire::RoomListing> all;
  for (;;) {
    wire::SearchRooms command;
    command.query = query;
    command.offset = static_cast<std::uint32_t>(all.size());
    command.limit = wire::kMaxPageSize;
    auto page = driver.call_for<wire::RoomPage>(wire::Command{std::move(command)});
    if (!page) return page.error();
    all.insert(all.end(), page->rooms.begin(), page->rooms.end());
    if (!page->more || page->rooms.empty() || all.size() >= kListed) return all;
  }
}

Status entered(Context& context, wire::JoinRoom command) {
  auto state = context.driver->insist_for<wire::RoomState>(wire::Command{std::move(command)},
                                                           context.on_wait());
  if (!state) return state.error();
  context.printer.answer(*state, "Joined " + printable(state->room.settings.name) + ".");
  return {};
}

}  // namespace

Result<std::vector<wire::RoomSummary>> own_rooms(Driver& driver) {
  driver.settle_rooms();
  auto list = driver.call_for<wire::RoomList>(wire::Command{wire::ListRooms{}});
  if (!list) return list.error();
  return std::move(list->rooms);
}

Result<wire::RoomSummary> resolve_room(Driver& driver, const std::string& word) {
  auto rooms = own_rooms(driver);
  if (!rooms) return rooms.error();
  std::vector<NamedRoom> named;
  for (const wire::RoomSummary& room : *rooms) named.push_back({room.room_id, room.settings.name});
  const auto found = find_room(word, named);
  if (!found) {
    // Without the keys private rooms have no names here.
    const bool nameless = std::any_of(rooms->begin(), rooms->end(), [](const auto& room) {
      return room.settings.kind == wire::RoomKind::kPrivate;
    });
    if (nameless && !driver.has_keys()) PARLEY_TRY(driver.wait_keys());
    return found.error();
  }
  for (wire::RoomSummary& room : *rooms) {
    if (room.room_id != *found) continue;
    if (room.role == wire::Role::kInvited) {
      return Error{ErrorCode::kNotAMember, "you are invited; run parley-cli join " + word, {}};
    }
    return std::move(room);
  }
  return Error{ErrorCode::kNotAMember, "run parley-cli join " + word, {}};
}

Result<UserId> resolve_user(Driver& driver, const std::string& word) {
  if (const auto id = UserId::parse(word)) return *id;
  auto rooms = own_rooms(driver);
  if (!rooms) return rooms.error();
  constexpr std::size_t kLooked = 50;  // rooms, the most active ones
  std::sort(rooms->begin(), rooms->end(),
            [](const auto& a, const auto& b) { return a.last_activity > b.last_activity; });
  if (rooms->size() > kLooked) rooms->resize(kLooked);
  std::set<UserId> found;
  for (const wire::RoomSummary& room : *rooms) {
    if (room.role < wire::Role::kMember) continue;
    auto members = room_members(driver, room.room_id);
    if (!members) return members.error();
    for (const wire::MemberInfo& member : *members) {
      if (member.user.name == word) found.insert(member.user.user_id);
    }
  }
  if (found.size() == 1) return *found.begin();
  if (found.empty()) {
    return Error{ErrorCode::kInvalidArgument,
                 "nobody in your rooms is called \"" + printable(word) +
                     "\"; name them by id (parley-cli members ROOM --ids)",
                 {}};
  }
  std::string text = "several are called \"" + printable(word) + "\":";
  for (const UserId& user : found) text += " " + user.to_string();
  return Error{ErrorCode::kInvalidArgument, text, {}};
}

Result<std::vector<wire::MemberInfo>> room_members(
    Driver& driver, RoomId room, const std::function<void(const wire::MemberPage&)>& page_done) {
  std::vector<wire::MemberInfo> all;
  for (;;) {
    wire::ListMembers command;
    command.room_id = room;
    if (!all.empty()) command.after = all.back().user.user_id;
    command.limit = wire::kMaxPageSize;
    auto page = driver.call_for<wire::MemberPage>(wire::Command{command});
    if (!page) return page.error();
    all.insert(all.end(), page->members.begin(), page->members.end());
    const bool more = page->more && !page->members.empty();
    if (page_done) page_done(*page);
    if (!more) return all;
  }
}

Status rooms(Context& context, bool ids) {
  PARLEY_TRY(context.connect());
  auto list = own_rooms(*context.driver);
  if (!list) return list.error();
  context.printer.rooms(*list, context.driver->view().rooms, now().wall, ids);
  return {};
}

Status browse(Context& context, const std::string& query, bool ids) {
  PARLEY_TRY(context.connect());
  auto found = directory(*context.driver, query);
  if (!found) return found.error();
  context.printer.listings(*found, ids);
  return {};
}

namespace {

Status show_room(Context& context, const Result<wire::Response>& response,
                 const std::string& note) {
  if (!response) return response.error();
  const auto* state = std::get_if<wire::RoomState>(&*response);
  if (state == nullptr) return ErrorCode::kInternal;
  context.printer.answer(*state, state->room.room_id.to_string());
  if (!context.printer.json()) context.printer.note(note);
  return {};
}

Status create_private(Context& context, const CreateArguments& arguments) {
  Driver& driver = *context.driver;
  PARLEY_TRY(driver.wait_keys());
  std::vector<UserId> members;
  for (const std::string& word : arguments.members) {
    auto user = resolve_user(driver, word);
    if (!user) return user.error();
    members.push_back(*user);
  }
  const auto history = arguments.history == "all"    ? wire::HistoryAccess::kAll
                       : arguments.history == "none" ? wire::HistoryAccess::kNone
                                                     : wire::HistoryAccess::kSinceInvited;
  const std::uint32_t after = arguments.disappear_after_s;
  const auto kept = after > 0 ? wire::HistoryAccess::kNone : history;
  std::string note = "Created " + printable(arguments.name) + ", end-to-end encrypted.";
  if (after > 0) note += " Messages disappear after " + client::words_for_span(after) + ".";
  return show_room(context, driver.ask([&](client::Client& client, Now at) {
    return client.create_private_room(at, arguments.name, arguments.topic, members, kept, after);
  }),
                   note);
}

}  // namespace

Status direct(Context& context, const std::string& word) {
  PARLEY_TRY(context.connect());
  Driver& driver = *context.driver;
  PARLEY_TRY(driver.wait_keys());
  auto user = resolve_user(driver, word);
  if (!user) return user.error();
  driver.settle_rooms();
  return show_room(context, driver.ask([&](client::Client& client, Now at) {
    return client.start_direct(at, *user);
  }),
                   "Your conversation with " + printable(word) + ", end-to-end encrypted.");
}

Status create(Context& context, const CreateArguments& arguments) {
  PARLEY_TRY(context.connect());
  if (arguments.is_private) return create_private(context, arguments);
  wire::CreateRoom command;
  command.client_id = context.driver->fresh_id();
  command.access =
      arguments.invite_only ? wire::RoomAccess::kInviteOnly : wire::RoomAccess::kPublic;
  command.name = arguments.name;
  command.topic = arguments.topic;
  auto state = context.driver->call_for<wire::RoomState>(wire::Command{std::move(command)});
  if (!state) return state.error();
  context.printer.answer(*state, state->room.room_id.to_string());
  if (!context.printer.json()) {
    context.printer.note("Created " + printable(state->room.settings.name) + ".");
  }
  return {};
}

Status join(Context& context, const std::string& word) {
  PARLEY_TRY(context.connect());
  Driver& driver = *context.driver;
  if (const auto id = RoomId::parse(word)) return entered(context, {*id, {}});

  // A room the user is invited to or in already, then a public one, then an invitation's code.
  auto own = own_rooms(driver);
  if (!own) return own.error();
  for (const wire::RoomSummary& room : *own) {
    if (room.settings.name == word) return entered(context, {room.room_id, {}});
  }
  const std::string code = invite_code(word);
  // A link's key is for nobody's eyes, the directory's least.
  const bool link = word.find("://") != std::string::npos || code.find('#') != std::string::npos;
  if (!link && word.size() <= wire::kMaxQueryBytes) {
    auto listed = directory(driver, word);
    if (!listed) return listed.error();
    std::vector<NamedRoom> named;
    for (const wire::RoomListing& room : *listed) named.push_back({room.room_id, room.name});
    if (const auto found = find_room(word, named)) return entered(context, {*found, {}});
  }
  if (code.empty() || code.size() > 2 * wire::kMaxCodeBytes ||
      code.find(' ') != std::string::npos) {
    return Error{ErrorCode::kRoomNotFound,
                 "no public room and no invitation is called \"" + printable(word) + "\"",
                 {}};
  }
  // By the core, which keeps the key of a link to a private room from the server.
  const auto joined =
      driver.ask([&](client::Client& client, Now at) { return client.join_by_code(at, code); });
  if (!joined) return joined.error();
  const auto* state = std::get_if<wire::RoomState>(&*joined);
  if (state == nullptr) return ErrorCode::kInternal;
  driver.settle_rooms();
  context.printer.answer(*state, "Joined " + printable(driver.name_of(state->room)) + ".");
  return {};
}

Status leave(Context& context, const std::string& word) {
  PARLEY_TRY(context.connect());
  auto room = resolve_room(*context.driver, word);
  if (!room) return room.error();
  auto done = context.driver->call_for<wire::Done>(wire::Command{wire::LeaveRoom{room->room_id}});
  if (!done) return done.error();
  context.printer.answer(*done, "Left " + printable(room->settings.name) + ".");
  return {};
}

Status invite(Context& context, const InviteArguments& arguments) {
  PARLEY_TRY(context.connect());
  auto room = resolve_room(*context.driver, arguments.room);
  if (!room) return room.error();
  for (const std::string& word : arguments.users) {
    auto user = resolve_user(*context.driver, word);
    if (!user) return user.error();
    if (*user == context.driver->self().user) {
      return Error{ErrorCode::kInvalidArgument, "you are in this room yourself", {}};
    }
    auto invited = context.driver->ask([&](client::Client& client, Now at) {
      return client.invite_member(at, room->room_id, *user);
    });
    if (!invited) return invited.error();
    context.printer.answer(
        *invited, "Invited " + printable(word) + " to " + printable(room->settings.name) + ".");
  }
  if (!arguments.users.empty()) return {};
  auto state = context.driver->call_for<wire::InviteState>(
      wire::Command{wire::CreateInvite{room->room_id, arguments.expires_in_s, arguments.max_uses}});
  if (!state) return state.error();
  const auto url = native::parse_ws_url(context.store.server_url());
  context.printer.invite(state->invite, url ? url->origin() : std::string());
  // What a link brings beside the way in.
  const bool brings_history = room->settings.history == wire::HistoryAccess::kAll;
  const std::string brings =
      brings_history ? "the room's name and earlier messages" : "the room's name";
  if (room->settings.kind != wire::RoomKind::kPrivate) return {};
  if (state->invite.code.find('#') == std::string::npos) {
    context.printer.note("Without the key to " + brings + ": this run has no keys of the room.");
    return {};
  }
  const Status left = context.driver->wait_invites(room->room_id);
  if (!left) {
    context.printer.note(
        "What the link brings is not at the server yet (" + describe(left.error()) +
        "): until parley-cli runs again, who joins by it does not see " + brings + ".");
  }
  return {};
}

Status members(Context& context, const std::string& word, bool ids) {
  PARLEY_TRY(context.connect());
  auto room = resolve_room(*context.driver, word);
  if (!room) return room.error();
  auto all = room_members(*context.driver, room->room_id, [&](const wire::MemberPage& page) {
    context.printer.members(page, ids);
  });
  if (!all) return all.error();
  return {};
}

}  // namespace parley::cli
