#include <algorithm>

#include "client/core/impl.hpp"
#include "client/core/words.hpp"

namespace parley::client {

void Client::Impl::ask(Now now, wire::Command command, Handler handler) {
  const sync::RequestId id = connection_.send(now.mono, std::move(command));
  handlers_.emplace(id, std::move(handler));
}

std::uint64_t Client::Impl::request(Now now, wire::Command command) {
  auto* said = std::get_if<wire::Post>(&command);
  const Room* room = said ? find_room(said->room_id) : nullptr;
  if (!room || !is_private(*room)) return tokened(now, std::move(command), {});
  // What goes into a private room is sealed on its way through the outbox.
  const std::uint64_t token = next_token_++;
  const ClientId id = said->client_id;
  const Status kept = outbox_.push(said->room_id, id, said->kind, std::move(said->body), now.wall);
  if (kept) {
    post_tokens_.emplace(id, token);
    outbox_changed_ = true;
    touch();
  } else {
    effects_.push_back(CommandDone{token, kept.error()});
  }
  settle(now);
  return token;
}

// An outbox entry has come to its end.
void Client::Impl::answer(Result<wire::Response> result, ClientId id) {
  std::uint64_t token = 0;
  if (const auto asked = post_tokens_.extract(id)) token = asked.mapped();
  effects_.push_back(CommandDone{token, std::move(result), id});
}

// What the server does not know: how members call their rooms, the key of an invitation's link.
void Client::Impl::complete(Now now, wire::Response& response) {
  if (auto* state = std::get_if<wire::InviteState>(&response)) {
    const Room* room = find_room(state->invite.room_id);
    if (!engine_ || !room || !is_private(*room)) return;
    const auto key = engine_->make_invite_key(now, state->invite.room_id, state->invite.invite_id);
    if (key) state->invite.code += "#" + to_base64url(key->expose());
    return;
  }
  if (auto* list = std::get_if<wire::InviteList>(&response)) {
    for (wire::InviteInfo& invite : list->invites) {
      const auto* key = engine_ ? engine_->invite_key(invite.room_id, invite.invite_id) : nullptr;
      if (key) invite.code += "#" + to_base64url(key->expose());
    }
    return;
  }
  auto* list = std::get_if<wire::RoomList>(&response);
  if (!list) return;
  for (wire::RoomSummary& summary : list->rooms) {
    Room* room = find_room(summary.room_id);
    if (!room || !is_private(*room)) continue;
    summary.settings.name = name_of(*room);
    summary.settings.topic = room->topic;
    if (summary.last_message) summary.last_message = reveal(now, *room, *summary.last_message);
  }
}

std::uint64_t Client::Impl::tokened(Now now, wire::Command command, std::string title,
                                    Handler on_ok) {
  const std::uint64_t token = next_token_++;
  ask(now, std::move(command),
      [this, token, title = std::move(title), on_ok = std::move(on_ok)](Now then,
                                                                        Outcome& outcome) {
        if (const auto* reply = std::get_if<wire::ErrorReply>(&outcome)) {
          const Error error = error_of(*reply);
          if (!title.empty()) toast(then, ToastKind::kError, title, words_for(error));
          effects_.push_back(CommandDone{token, error});
          return;
        }
        complete(then, std::get<wire::Response>(outcome));
        auto* page = std::get_if<wire::HistoryPage>(&std::get<wire::Response>(outcome));
        if (page && hold_page(then, token, *page)) return;
        // The answer is complete for its reader before anything follows from it.
        effects_.push_back(CommandDone{token, std::get<wire::Response>(outcome)});
        if (on_ok) on_ok(then, outcome);
      });
  settle(now);
  return token;
}

// ---- rooms --------------------------------------------------------------------------------------

std::uint64_t Client::Impl::create_room(Now now, std::string name, std::string topic,
                                        wire::RoomAccess access) {
  wire::CreateRoom command;
  command.access = access;
  command.name = std::move(name);
  command.topic = std::move(topic);
  // The same room asked for again after an answer was lost: by the same id it is made once.
  if (unanswered_room_) command.client_id = unanswered_room_->client_id;
  if (command != unanswered_room_) command.client_id = ClientId::make(now.wall, rng_);
  unanswered_room_ = command;
  const std::uint64_t token = next_token_++;
  ask(now, std::move(command), [this, token](Now then, Outcome& outcome) {
    if (const auto* reply = std::get_if<wire::ErrorReply>(&outcome)) {
      const Error error = error_of(*reply);
      const bool unanswered =
          error.code == ErrorCode::kNotConnected || error.code == ErrorCode::kTimeout;
      if (!unanswered) unanswered_room_.reset();
      toast(then, ToastKind::kError, "The room was not created", words_for(error));
      effects_.push_back(CommandDone{token, error});
      return;
    }
    unanswered_room_.reset();
    effects_.push_back(CommandDone{token, std::get<wire::Response>(outcome)});
    entered(then, outcome);
  });
  settle(now);
  return token;
}

std::uint64_t Client::Impl::join(Now now, wire::JoinRoom command) {
  // "CODE#KEY": with the key, which the server must not see, earlier messages can be read.
  std::string& code = command.invite_code;
  Bytes key;
  if (const std::size_t cut = code.find('#'); cut != std::string::npos) {
    if (!from_base64url(std::string_view(code).substr(cut + 1), key)) key.clear();
    code.resize(cut);
  }
  return tokened(
      now, command, "The room was not joined",
      [this, code, key = std::move(key)](Now then, Outcome& outcome) {
        const auto* state = std::get_if<wire::RoomState>(&std::get<wire::Response>(outcome));
        if (engine_ && state && key.size() == crypto::Secret::size()) {
          engine_->use_invite_key(then, state->room.room_id, code,
                                  crypto::Secret(std::span<const std::uint8_t, 32>(key)));
        }
        entered(then, outcome);
      });
}

void Client::Impl::entered(Now now, Outcome& outcome) {
  const auto* state = std::get_if<wire::RoomState>(&std::get<wire::Response>(outcome));
  if (!state) return;
  learn_room(now, state->room);
  for (auto& listing : directory_.rooms) {
    if (listing.room_id == state->room.room_id) listing.joined = true;
  }
  if (config_.open_joined_rooms) open_room(now, state->room.room_id, {});
}

// Merge by field: what the person did not touch is taken from the room's present state, and what
// she did touch is said again, once.
std::uint64_t Client::Impl::update_room(Now now, wire::UpdateRoom command) {
  if (Room* room = find_room(command.room_id)) {
    if (is_private(*room)) {
      return rename_private(now, command.room_id, command.name.value_or(room->name),
                            command.topic.value_or(room->topic));
    }
    command.version = room->summary.settings.version;
  }
  const std::uint64_t token = next_token_++;
  send_update(now, token, std::move(command), true);
  settle(now);
  return token;
}

void Client::Impl::send_update(Now now, std::uint64_t token, wire::UpdateRoom command,
                               bool may_repeat) {
  ask(now, command, [this, token, command, may_repeat](Now then, Outcome& outcome) mutable {
    if (const auto* reply = std::get_if<wire::ErrorReply>(&outcome)) {
      const Error error = error_of(*reply);
      if (reply->room) learn_room(then, *reply->room);
      if (error.code == ErrorCode::kConflict && reply->room && may_repeat) {
        command.version = reply->room->settings.version;
        return send_update(then, token, std::move(command), false);
      }
      toast(then, ToastKind::kError, "The room was not changed", words_for(error));
      effects_.push_back(CommandDone{token, error});
      return;
    }
    auto& response = std::get<wire::Response>(outcome);
    if (const auto* state = std::get_if<wire::RoomState>(&response)) learn_room(then, state->room);
    effects_.push_back(CommandDone{token, response});
  });
}

// ---- the directory ------------------------------------------------------------------------------

std::uint64_t Client::Impl::search_directory(Now now, std::string query) {
  directory_ = {};
  directory_.query = std::move(query);
  return load_more_directory(now);
}

std::uint64_t Client::Impl::load_more_directory(Now now) {
  const std::uint64_t search = ++directory_search_;
  const std::uint64_t token = next_token_++;
  directory_.loading = true;
  directory_.error.clear();
  wire::SearchRooms command;
  command.query = directory_.query;
  command.offset = static_cast<std::uint32_t>(directory_.rooms.size());
  ask(now, std::move(command), [this, search, token](Now, Outcome& outcome) {
    const auto* reply = std::get_if<wire::ErrorReply>(&outcome);
    if (reply) {
      effects_.push_back(CommandDone{token, error_of(*reply)});
    } else {
      effects_.push_back(CommandDone{token, std::get<wire::Response>(outcome)});
    }
    if (search != directory_search_) return;
    directory_.loading = false;
    touch();
    if (reply) {
      directory_.error = words_for(error_of(*reply));
      return;
    }
    auto* page = std::get_if<wire::RoomPage>(&std::get<wire::Response>(outcome));
    if (!page) return;
    directory_.more = page->more && !page->rooms.empty();
    for (auto& listing : page->rooms) {
      const bool known = std::any_of(directory_.rooms.begin(), directory_.rooms.end(),
                                     [&](auto& row) { return row.room_id == listing.room_id; });
      if (!known) directory_.rooms.push_back(std::move(listing));
    }
  });
  touch();
  settle(now);
  return token;
}

// ---- invitations, devices, profile --------------------------------------------------------------

std::uint64_t Client::Impl::create_invite(Now now, wire::CreateInvite command) {
  const RoomId room = command.room_id;
  return tokened(now, std::move(command), "The invitation was not made",
                 [this, room](Now, Outcome& outcome) {
                   auto* state = std::get_if<wire::InviteState>(&std::get<wire::Response>(outcome));
                   if (!state) return;
                   if (invites_.room != room) invites_ = {room, false, {}};
                   invites_.invites.insert(invites_.invites.begin(), state->invite);
                   touch();
                 });
}

std::uint64_t Client::Impl::load_invites(Now now, RoomId room) {
  if (invites_.room != room) invites_ = {room, false, {}};
  invites_.loading = true;
  touch();
  const std::uint64_t token = next_token_++;
  ask(now, wire::ListInvites{room}, [this, room, token](Now then, Outcome& outcome) {
    const bool current = invites_.room == room;
    if (current) invites_.loading = false;
    touch();
    if (const auto* reply = std::get_if<wire::ErrorReply>(&outcome)) {
      const Error error = error_of(*reply);
      if (current)
        toast(then, ToastKind::kError, "The invitations were not loaded", words_for(error));
      effects_.push_back(CommandDone{token, error});
      return;
    }
    auto& response = std::get<wire::Response>(outcome);
    complete(then, response);
    const auto* list = std::get_if<wire::InviteList>(&response);
    if (list && current) invites_.invites = list->invites;
    effects_.push_back(CommandDone{token, response});
  });
  settle(now);
  return token;
}

std::uint64_t Client::Impl::revoke_invite(Now now, RoomId room, InviteId invite) {
  return tokened(now, wire::RevokeInvite{room, invite}, "The invitation was not withdrawn",
                 [this, room, invite](Now then, Outcome&) {
                   if (engine_) engine_->forget_invite(then, room, invite);
                   std::erase_if(invites_.invites,
                                 [&](auto& info) { return info.invite_id == invite; });
                   touch();
                 });
}

std::uint64_t Client::Impl::load_devices(Now now) {
  devices_.loading = true;
  touch();
  const std::uint64_t token = next_token_++;
  ask(now, wire::ListDevices{}, [this, token](Now then, Outcome& outcome) {
    devices_.loading = false;
    touch();
    if (const auto* reply = std::get_if<wire::ErrorReply>(&outcome)) {
      const Error error = error_of(*reply);
      toast(then, ToastKind::kError, "The devices were not loaded", words_for(error));
      effects_.push_back(CommandDone{token, error});
      return;
    }
    auto& response = std::get<wire::Response>(outcome);
    if (const auto* list = std::get_if<wire::DeviceList>(&response))
      devices_.devices = list->devices;
    effects_.push_back(CommandDone{token, response});
  });
  settle(now);
  return token;
}

std::uint64_t Client::Impl::revoke_device(Now now, DeviceId device) {
  if (engine_) engine_->remove_device(now, device);
  return tokened(now, wire::RevokeDevice{device}, "The device was not signed out",
                 [this, device](Now, Outcome&) {
                   std::erase_if(devices_.devices,
                                 [&](auto& info) { return info.device_id == device; });
                   touch();
                 });
}

std::uint64_t Client::Impl::set_profile_name(Now now, std::string name) {
  return tokened(now, wire::SetProfile{name}, "The name was not changed",
                 [this, name](Now, Outcome&) {
                   wire::UserInfo user = session_.session.user;
                   user.name = name;
                   learn_users({user});
                 });
}

// ---- toasts -------------------------------------------------------------------------------------

void Client::Impl::toast(Now now, ToastKind kind, std::string title, std::string text,
                         std::optional<RoomId> room) {
  // The same thing twice in a row is one toast that stays a little longer.
  std::erase_if(toasts_, [&](auto& pair) {
    return pair.second.title == title && pair.second.text == text && pair.second.room == room;
  });
  if (toasts_.size() >= kMaxToasts) toasts_.pop_front();
  toasts_.emplace_back(now.mono + kToastTime,
                       ToastView{next_toast_++, kind, std::move(title), std::move(text), room});
  touch();
}

void Client::Impl::dismiss_toast(std::uint64_t id) {
  if (std::erase_if(toasts_, [&](auto& pair) { return pair.second.id == id; }) > 0) touch();
}

}  // namespace parley::client
