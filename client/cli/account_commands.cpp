#include <algorithm>
#include <nlohmann/json.hpp>

#include "client/cli/commands.hpp"
#include "client/native/ws_url.hpp"
#include "shared/base/utf8.hpp"
#include "shared/wire/json.hpp"

namespace parley::cli {
namespace {

std::string host_of(const std::string& server_url) {
  const auto parsed = native::parse_ws_url(server_url);
  return parsed ? parsed->origin() : server_url;
}

std::string identity_json(Driver& driver, const std::string& server_url) {
  const client::SelfView& self = driver.self();
  const nlohmann::json object = {
      {"user_id", self.user.to_string()},         {"name", self.name},
      {"device_id", self.device.to_string()},     {"server", server_url},
      {"presence", presence_word(self.presence)}, {"status_text", self.status_text}};
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string words_for_entered(std::size_t rooms) {
  if (rooms == 0) return {};
  return "; entered " + std::to_string(rooms) + (rooms == 1 ? " private room" : " private rooms");
}

}  // namespace

Status Context::connect() {
  const bool keys = store.take_keys();
  PARLEY_TRY(store.load());
  const std::string url = store.server_url();
  if (url.empty()) return Error{ErrorCode::kNotAuthenticated, {}, {}};
  open(url, keys);
  return driver->connect();
}

void Context::open(const std::string& url, bool keys) {
  driver = std::make_unique<Driver>(url, store, time_limit, keys);
  driver->on_note = [this](const client::NoteAdded& added) {
    for (const client::RoomItemView& room : driver->view().rooms) {
      if (room.room_id == added.room) return printer.note(printable(room.name + ": " + added.text));
    }
    printer.note(printable(added.text));
  };
}

Status login(Context& context, const LoginArguments& arguments) {
  const auto parsed = native::parse_ws_url(arguments.server);
  if (!parsed) return parsed.error();
  const std::string url = native::to_string(*parsed);
  const bool keys = context.store.take_keys();
  PARLEY_TRY(context.store.load());
  if (!context.store.read("session").empty()) {
    // A good one has an owner, and one that has ended may have the only keys of somebody's
    // messages.
    const Status present = context.connect();
    if (present) {
      return Error{ErrorCode::kAlreadyAuthenticated,
                   "as " + printable(context.driver->self().name) + " on " +
                       host_of(context.store.server_url()) + "; first run parley-cli logout",
                   {}};
    }
    const std::string present_server = host_of(context.store.server_url());
    const bool elsewhere = url != context.store.server_url();
    const std::string ways = "use another --store, or first erase it with parley-cli logout";
    if (exit_code(present.error()) != ExitCode::kNotSignedIn) {
      if (!elsewhere || present.error().code != ErrorCode::kNotConnected) return present;
      return Error{
          ErrorCode::kNotConnected,
          "this store has a session on " + present_server + ", which does not answer; " + ways,
          {}};
    }
    const std::string owner = printable(context.driver->self().name);
    const bool has_keys = !context.store.read("e2ee/account").empty();
    if (has_keys && !keys) {
      return Error{ErrorCode::kNotPossible,
                   "the session of " + owner +
                       " has ended, and another run of parley-cli on this store has its keys; end "
                       "that first",
                   {}};
    }
    if (has_keys && elsewhere) {
      return Error{ErrorCode::kNotPossible,
                   "this store has the messages and keys of " + owner + " on " + present_server +
                       "; " + ways,
                   {}};
    }
    if (has_keys && !arguments.replace) {
      return Error{ErrorCode::kNotPossible,
                   "the messages and keys of " + owner +
                       " are still in this store, though the session has ended. With --replace "
                       "they give way (what the account has comes back with its recovery words or "
                       "a code); or use another --store",
                   {}};
    }
    const bool as_guest = !arguments.recover && arguments.code.empty();
    if (as_guest && (is_blank(arguments.name) || !is_valid_utf8(arguments.name) ||
                     count_code_points(arguments.name) > wire::kMaxNameCharacters)) {
      return Error{ErrorCode::kInvalidArgument, "--name wants a name of at most 80 characters", {}};
    }
    // Who signs in to an account keeps what is here until the server has let them in.
    if (as_guest || !has_keys) {
      context.driver.reset();
      PARLEY_TRY(context.store.clear());
    }
  }
  if (!context.driver) {
    context.store.set_server_url(url);
    context.open(url, keys);
  }
  if (arguments.recover) {
    auto words = read_input(*context.driver);
    if (!words) return words.error();
    PARLEY_TRY(context.driver->sign_in_recovery(*words));
    // What is said where messages disappear is for the devices that are there then.
    PARLEY_TRY(context.driver->enter_rooms());
  } else if (!arguments.code.empty()) {
    PARLEY_TRY(context.driver->sign_in_link(arguments.code));
    PARLEY_TRY(finish_link(context));
  } else {
    PARLEY_TRY(context.driver->sign_in(arguments.name));
    // A device is a part of its account from the start: others can write to it at once.
    if (const Status keyed = context.driver->wait_keys(); !keyed) {
      context.printer.note("No private rooms on this device: " + describe(keyed.error()));
    }
  }
  const client::KeysView& keys_view = context.driver->view().keys;
  context.printer.line(context.printer.json()
                           ? identity_json(*context.driver, url)
                           : "Signed in as " + printable(context.driver->self().name) + " on " +
                                 host_of(url) + words_for_entered(keys_view.rooms_entered) + ".");
  const std::vector<RoomId>& outside = keys_view.rooms_outside;
  std::string left;
  for (const client::RoomItemView& item : context.driver->view().rooms) {
    if (std::ranges::find(outside, item.room_id) == outside.end()) continue;
    left += (left.empty() ? "" : ", ") + printable(item.name) + " " + item.room_id.to_string();
  }
  if (!left.empty()) {
    context.printer.note("Not entered yet: " + left + ". The next command goes on with it.");
  }
  return {};
}

Status logout(Context& context) {
  const Status connected = context.connect();
  if (connected) {
    PARLEY_TRY(context.driver->sign_out());
    context.printer.note("Signed out.");
    return {};
  }
  if (connected.error().code == ErrorCode::kCancelled) return connected;
  const bool had_ended = exit_code(connected.error()) == ExitCode::kNotSignedIn;
  const bool was_signed_in = !context.store.read("session").empty();
  context.driver.reset();  // it saves what it has, and what it has is to go
  PARLEY_TRY(context.store.clear());
  if (had_ended && !was_signed_in) return connected;
  context.printer.note(had_ended ? "Signed out. The session had ended before."
                                 : "Signed out here. The server was not reached and was not told.");
  return {};
}

Status whoami(Context& context) {
  PARLEY_TRY(context.connect());
  const client::SelfView& self = context.driver->self();
  const std::string& url = context.store.server_url();
  context.printer.line(context.printer.json()
                           ? identity_json(*context.driver, url)
                           : context.printer.style().bold(printable(self.name)) + " on " +
                                 host_of(url) + "\nuser   " + self.user.to_string() + "\ndevice " +
                                 self.device.to_string());
  return {};
}

Status devices(Context& context, const std::string& revoke) {
  PARLEY_TRY(context.connect());
  if (!revoke.empty()) {
    const auto id = DeviceId::parse(revoke);
    if (!id) {
      return Error{
          ErrorCode::kInvalidArgument, "a device id is expected; see parley-cli devices", {}};
    }
    auto done = context.driver->ask(
        [&](client::Client& client, Now at) { return client.revoke_device(at, *id); });
    if (!done) return done.error();
    context.printer.answer(*done, "The device was signed out.");
    if (!context.driver->wait_keys()) return {};  // no new key that the words would not open
    const auto vault =
        context.driver->call_for<wire::VaultWraps>(wire::Command{wire::GetVaultWraps{}});
    const bool has_words = vault && std::ranges::any_of(vault->wraps, [](const auto& wrap) {
                             return wrap.kind == wire::VaultWrapKind::kRecovery;
                           });
    if (has_words) {
      context.printer.note(
          "Your recovery words do not open what is said from now on. Make new ones: parley-cli "
          "recovery-words");
    }
    return {};
  }
  auto list = context.driver->call_for<wire::DeviceList>(wire::Command{wire::ListDevices{}});
  if (!list) return list.error();
  context.printer.devices(list->devices, now().wall);
  return {};
}

Status presence(Context& context, const PresenceArguments& arguments) {
  PARLEY_TRY(context.connect());
  Driver& driver = *context.driver;
  if (!arguments.room.empty()) {
    auto room = resolve_room(driver, arguments.room);
    if (!room) return room.error();
    auto list =
        driver.call_for<wire::PresenceList>(wire::Command{wire::GetPresence{room->room_id, {}}});
    if (!list) return list.error();
    wire::GetUsers ask;
    for (const wire::PresenceInfo& info : list->presence) {
      if (ask.user_ids.size() < wire::kMaxPageSize) ask.user_ids.push_back(info.user_id);
    }
    auto users = driver.call_for<wire::UserList>(wire::Command{std::move(ask)});
    if (!users) return users.error();
    context.printer.presence(list->presence, users->users, now().wall);
    return {};
  }
  if (arguments.status) {
    auto done = driver.call_for<wire::Done>(
        wire::Command{wire::PresenceUpdate{*arguments.status, arguments.text, false}});
    if (!done) return done.error();
    context.printer.answer(*done, "You are " + presence_word(*arguments.status) + " now.");
    return {};
  }
  const client::SelfView& self = driver.self();
  context.printer.line(
      context.printer.json()
          ? identity_json(driver, context.store.server_url())
          : presence_word(self.presence) +
                (self.status_text.empty() ? "" : ": " + printable(self.status_text)));
  return {};
}

}  // namespace parley::cli
