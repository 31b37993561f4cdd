#include "client/cli/printer.hpp"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "client/core/words.hpp"
#include "shared/wire/json.hpp"

namespace parley::cli {
namespace {

constexpr std::size_t kNameColumn = 24;

std::string count_of(std::uint64_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

std::string compact(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

std::string presence_word(wire::PresenceStatus status) {
  switch (status) {
    case wire::PresenceStatus::kOnline:
      return "online";
    case wire::PresenceStatus::kAway:
      return "away";
    case wire::PresenceStatus::kBusy:
      return "busy";
    case wire::PresenceStatus::kInvisible:
      return "invisible";
    case wire::PresenceStatus::kOffline:
      break;
  }
  return "offline";
}

std::string protection_word(client::Protection protection) {
  switch (protection) {
    case client::Protection::kEncrypted:
      return "encrypted";
    case client::Protection::kVerified:
      return "verified";
    case client::Protection::kAttention:
      return "attention";
    case client::Protection::kNone:
      break;
  }
  return "none";
}

std::string role_word(wire::Role role) {
  switch (role) {
    case wire::Role::kOwner:
      return "owner";
    case wire::Role::kModerator:
      return "moderator";
    case wire::Role::kMember:
      return "member";
    case wire::Role::kInvited:
      return "invited";
    case wire::Role::kNone:
      break;
  }
  return "none";
}

void Printer::line(const std::string& text) const {
  // Columns are filled with spaces; the last one need not be.
  const std::size_t length = text.find_last_not_of(' ') + 1;
  std::fwrite(text.data(), 1, length, stdout);
  std::fputc('\n', stdout);
  std::fflush(stdout);
}

void Printer::note(const std::string& text) const { std::fprintf(stderr, "%s\n", text.c_str()); }

void Printer::answer(const wire::Response& response, const std::string& text) const {
  line(json_ ? wire::to_json(response, "") : text);
}

void Printer::json_elements(const wire::Response& response, const char* list) const {
  const auto whole = nlohmann::json::parse(wire::to_json(response, ""), nullptr, false);
  const auto found = whole.find(list);
  if (found == whole.end()) return;
  for (const auto& element : *found) line(compact(element));
}

void Printer::rooms(const std::vector<wire::RoomSummary>& rooms,
                    const std::vector<client::RoomItemView>& views, Timestamp now, bool ids) const {
  std::unordered_map<RoomId, client::Protection> known;
  for (const client::RoomItemView& view : views) known[view.room_id] = view.protection;
  if (json_) {
    auto whole = nlohmann::json::parse(wire::to_json(wire::RoomList{rooms}, ""), nullptr, false);
    for (std::size_t i = 0; i < rooms.size(); ++i) {
      auto element = whole["rooms"][i];
      element["protection"] = protection_word(known[rooms[i].room_id]);
      line(compact(element));
    }
    return;
  }
  if (rooms.empty()) note("No rooms yet. Find one with: parley-cli browse");
  for (const wire::RoomSummary& room : rooms) {
    std::string text = style_.bold(fitted(printable(room.settings.name), kNameColumn)) + "  ";
    text += fitted(count_of(room.members, "member", "members"), 12) + "  ";
    std::string unread = room.unread > 0 ? std::to_string(room.unread) + " unread" : "";
    if (room.mentions > 0) unread += ", @" + std::to_string(room.mentions);
    text += style_.warn(fitted(unread, 14)) + "  ";
    text += style_.dim(fitted(ago(room.last_activity, now), 12));
    const client::Protection protection = known[room.room_id];
    if (room.settings.kind == wire::RoomKind::kPrivate) {
      text += "  " + style_.dim(room.settings.direct ? "direct, " : "") + protected_by(protection);
    } else if (room.settings.access == wire::RoomAccess::kInviteOnly) {
      text += style_.dim("  invite-only");
    }
    if (const std::uint32_t after = room.settings.disappear_after_s; after > 0) {
      text += style_.dim("  disappearing: " + client::words_for_span(after));
    }
    if (room.role == wire::Role::kInvited) text += style_.good("  invited: join to enter");
    if (ids) text += "  " + room.room_id.to_string();
    line(text);
  }
}

std::string Printer::protected_by(client::Protection protection) const {
  if (protection == client::Protection::kVerified) return style_.good("encrypted, verified");
  if (protection == client::Protection::kAttention) return style_.warn("encrypted, look at it");
  return style_.dim("encrypted");
}

void Printer::listings(const std::vector<wire::RoomListing>& rooms, bool ids) const {
  if (json_) return json_elements(wire::RoomPage{rooms, false}, "rooms");
  if (rooms.empty()) note("No public room matches.");
  for (const wire::RoomListing& room : rooms) {
    std::string text = style_.bold(fitted(printable(room.name), kNameColumn)) + "  " +
                       fitted(count_of(room.members, "member", "members"), 12) + "  " +
                       style_.good(fitted(room.joined ? "joined" : "", 6)) + "  " +
                       style_.dim(printable(room.topic));
    if (ids) text += "  " + room.room_id.to_string();
    line(text);
  }
}

void Printer::members(const wire::MemberPage& page, bool ids) const {
  std::unordered_map<UserId, const wire::PresenceInfo*> presence;
  for (const wire::PresenceInfo& info : page.presence) presence[info.user_id] = &info;
  if (json_) {
    auto whole = nlohmann::json::parse(wire::to_json(wire::Response{page}, ""), nullptr, false);
    std::unordered_map<std::string, nlohmann::json> by_user;
    for (const auto& info : whole["presence"]) {
      by_user[info.value("user_id", std::string())] = info;
    }
    for (std::size_t i = 0; i < page.members.size(); ++i) {
      auto element = whole["members"][i];
      const auto found = by_user.find(page.members[i].user.user_id.to_string());
      if (found != by_user.end()) element["presence"] = found->second;
      line(compact(element));
    }
    return;
  }
  for (const wire::MemberInfo& member : page.members) {
    const auto found = presence.find(member.user.user_id);
    const auto status =
        found == presence.end() ? wire::PresenceStatus::kOffline : found->second->status;
    const std::string word = fitted(presence_word(status), 9);
    std::string text =
        style_.bold(fitted(printable(member.user.name), kNameColumn)) + "  " +
        fitted(role_word(member.role), 9) + "  " +
        (status == wire::PresenceStatus::kOnline ? style_.good(word) : style_.dim(word));
    if (found != presence.end() && !found->second->status_text.empty()) {
      text += "  " + printable(found->second->status_text);
    }
    if (ids) text += "  " + member.user.user_id.to_string();
    line(text);
  }
}

void Printer::devices(const std::vector<wire::DeviceInfo>& devices, Timestamp now) const {
  if (json_) return json_elements(wire::DeviceList{devices}, "devices");
  for (const wire::DeviceInfo& device : devices) {
    std::string text = style_.bold(fitted(printable(device.name), kNameColumn)) + "  ";
    text += device.connected ? style_.good(fitted("connected", 12))
                             : style_.dim(fitted(ago(device.last_seen, now), 12));
    text += "  " + device.device_id.to_string();
    if (device.current) text += "  (this one)";
    line(text);
  }
}

void Printer::presence(const std::vector<wire::PresenceInfo>& presence,
                       const std::vector<wire::UserInfo>& users, Timestamp now) const {
  if (json_) return json_elements(wire::PresenceList{presence}, "presence");
  std::unordered_map<UserId, std::string> names;
  for (const wire::UserInfo& user : users) names[user.user_id] = user.name;
  if (presence.empty()) note("Nobody is there.");
  for (const wire::PresenceInfo& info : presence) {
    const bool offline = info.status == wire::PresenceStatus::kOffline;
    const std::string word = fitted(presence_word(info.status), 9);
    std::string text = style_.bold(fitted(printable(names[info.user_id]), kNameColumn)) + "  " +
                       (offline ? style_.dim(word) : style_.good(word));
    if (offline) text += "  last seen " + ago(info.last_seen, now);
    if (!info.status_text.empty()) text += "  " + printable(info.status_text);
    line(text);
  }
}

void Printer::hit(const client::IndexHit& hit, const std::string& room, const std::string& sender,
                  Timestamp now) const {
  if (json_) {
    nlohmann::json object{{"room_id", hit.room.to_string()},
                          {"room_name", room},
                          {"seq", hit.seq.value},
                          {"at", to_iso8601(hit.at)},
                          {"sender", hit.sender.to_string()},
                          {"sender_name", sender},
                          {"snippet", hit.snippet},
                          {"highlights", nlohmann::json::array()}};
    for (const client::TextRange& range : hit.highlights) {
      object["highlights"].push_back({range.begin, range.end});
    }
    return line(compact(object));
  }
  std::string snippet;
  std::size_t at = 0;
  for (const client::TextRange& range : hit.highlights) {
    snippet += printable(std::string_view(hit.snippet).substr(at, range.begin - at));
    snippet += style_.bold(
        printable(std::string_view(hit.snippet).substr(range.begin, range.end - range.begin)));
    at = range.end;
  }
  snippet += printable(std::string_view(hit.snippet).substr(at));
  const std::string place =
      fitted("#" + std::to_string(hit.seq.value), 5) + " " + fitted(ago(hit.at, now), 12);
  line(fitted(printable(room), 12) + " " + style_.dim(place) + "  " +
       style_.name(sender.empty() ? "Somebody" : printable(sender)) + ": " + snippet);
}

void Printer::invite(const wire::InviteInfo& invite, const std::string& server_origin) const {
  answer(wire::InviteState{invite}, invite.code);
  if (json_) return;
  std::string text = server_origin.empty() ? std::string() : "on " + server_origin + ", ";
  text += invite.expires.ms == 0
              ? std::string("never expires")
              : "expires " + day_name(invite.expires) + ", " + clock_time(invite.expires);
  if (invite.max_uses > 0) text += ", for " + count_of(invite.max_uses, "use", "uses");
  note(text);
}

}  // namespace parley::cli
