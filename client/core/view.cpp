#include <algorithm>
#include <tuple>

#include "client/core/impl.hpp"
#include "client/core/markdown.hpp"
#include "client/core/words.hpp"

namespace parley::client {
namespace {

constexpr std::size_t kPreviewCharacters = 100;

// "chat.example.org" of "wss://chat.example.org/ws"
std::string host_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  return std::string(url.substr(0, url.find('/')));
}

std::string sentence(std::string_view start, std::string_view end) {
  return std::string(start) + std::string(end) + ".";
}

int presence_rank(wire::PresenceStatus status) {
  switch (status) {
    case wire::PresenceStatus::kOnline:
      return 0;
    case wire::PresenceStatus::kBusy:
      return 1;
    case wire::PresenceStatus::kAway:
      return 2;
    case wire::PresenceStatus::kInvisible:
    case wire::PresenceStatus::kOffline:
      break;
  }
  return 3;
}

std::string typing_words(const std::vector<std::string>& names) {
  if (names.size() == 1) return names[0] + " is typing";
  if (names.size() == 2) return names[0] + " and " + names[1] + " are typing";
  return "Several people are typing";
}

}  // namespace

const AppView& Client::Impl::view() {
  if (!changed_) return view_;
  changed_ = false;
  ++view_.revision;
  view_.screen = !loaded_ ? Screen::kStarting : signed_in() ? Screen::kMain : Screen::kLogin;
  if (!loaded_ && signing_in_) view_.screen = Screen::kLogin;
  view_.login = {signing_in_, login_error_,       host_of(config_.server_url),
                 login_name_, server_was_silent_, question_ && question_->words == login_error_};
  build_connection();
  const wire::Session& session = session_.session;
  view_.self = {session.user.user_id, session.device_id, session.user.name,
                session_.presence.status, session_.presence.status_text};
  build_room();
  if (std::exchange(rooms_changed_, false)) build_rooms();
  build_composer();
  build_search();
  view_.directory = directory_;
  view_.invites = invites_;
  view_.devices = devices_;
  build_identities();
  view_.toasts.clear();
  for (const auto& [until, toast] : toasts_) view_.toasts.push_back(toast);
  view_.settings = settings_;
  return view_;
}

void Client::Impl::build_connection() {
  ConnectionView& out = view_.connection;
  out = {};
  out.waiting_messages = outbox_.waiting();
  const Error& error = connection_.last_error();
  switch (connection_.state()) {
    case sync::ConnectionState::kIdle:
      out.state = LinkState::kOffline;
      break;
    case sync::ConnectionState::kConnecting:
    case sync::ConnectionState::kAuthenticating:
      out.state = connection_.ever_connected() ? LinkState::kReconnecting : LinkState::kConnecting;
      out.text = connection_.ever_connected() ? sentence("Reconnecting: ", words_for_loss(error))
                                              : "Connecting.";
      break;
    case sync::ConnectionState::kConnected:
      out.state = LinkState::kConnected;
      break;
    case sync::ConnectionState::kWaiting:
      out.state = LinkState::kReconnecting;
      out.text = sentence("Reconnecting: ", words_for_loss(error));
      out.can_retry = true;
      break;
    case sync::ConnectionState::kOffline:
      out.state = LinkState::kOffline;
      out.text = "Offline: there is no network. Messages are kept here and sent later.";
      out.can_retry = true;
      break;
    case sync::ConnectionState::kStopped:
      out.state = LinkState::kStopped;
      out.text = words_for(error);
      out.can_retry = true;
      break;
  }
  out.next_try = connection_.next_try();
}

// ---- the room list ------------------------------------------------------------------------------

std::string Client::Impl::preview_of(RoomId id, Room& room, bool& is_draft) {
  std::vector<std::string> typists;
  for (const UserId user : typing_.typists(id)) typists.push_back(people_.name_of(user));
  if (!typists.empty()) return typing_words(typists);
  const bool editing = room.draft.editing.value != 0;
  const std::string& draft = editing ? room.draft.kept : room.draft.text;
  if (open_room_ != id && !is_blank(draft)) {
    is_draft = true;
    return "Draft: " + plain_excerpt(draft, kPreviewCharacters);
  }
  const auto& last = room.summary.last_message;
  if (!last || room.preview.empty()) return {};
  if (last->sender == self()) return "You: " + room.preview;
  const auto* known = people_.find(last->sender);
  const std::string& name = known ? known->name : room.summary.last_sender;
  if (room.direct_with) return room.preview;
  return name.empty() ? room.preview : name + ": " + room.preview;
}

void Client::Impl::build_rooms() {
  auto& out = view_.rooms;
  out.clear();
  view_.total_unread = view_.total_mentions = 0;
  for (auto& [id, room] : rooms_) {
    const wire::RoomSummary& summary = room.summary;
    RoomItemView item;
    item.room_id = id;
    item.name = name_of(room);
    item.protection = protection_of(room);
    item.direct_with = room.direct_with;
    item.kind = summary.settings.kind;
    item.access = summary.settings.access;
    item.role = summary.role;
    item.preview = preview_of(id, room, item.preview_is_draft);
    item.last_activity = summary.last_activity;
    item.unread = summary.unread;
    item.mentions = summary.mentions;
    item.members = summary.members;
    item.invites_due = room.invites_due;
    view_.total_unread += summary.unread;
    view_.total_mentions += summary.mentions;
    out.push_back(std::move(item));
  }
  std::sort(out.begin(), out.end(), [](const RoomItemView& a, const RoomItemView& b) {
    const auto key = [](const RoomItemView& item) {
      return std::tuple(item.role != wire::Role::kInvited, -item.last_activity.ms, item.room_id);
    };
    return key(a) < key(b);
  });
}

// ---- the open room ------------------------------------------------------------------------------

void Client::Impl::build_room() {
  const bool outbox_changed = std::exchange(outbox_changed_, false);
  const bool markers_changed = std::exchange(markers_changed_, false);
  Room* room = open();
  if (!room) {
    view_.room.reset();
    built_room_.reset();
    return;
  }
  if (!view_.room || built_room_ != open_room_) {
    view_.room.emplace();
    view_.room->items_revision = view_.revision;
    built_room_ = open_room_;
    room->members_changed = true;
    timeline_view_.rebuild_next();
  }
  RoomView& out = *view_.room;
  const wire::RoomSummary& summary = room->summary;
  out.room_id = *open_room_;
  out.settings = summary.settings;
  out.name = name_of(*room);
  out.topic = is_private(*room) ? room->topic : summary.settings.topic;
  out.direct_with = room->direct_with;
  out.encryption = encryption_of(*room);
  out.role = summary.role;
  out.member_count = summary.members;
  out.can_moderate = summary.role >= wire::Role::kModerator;
  out.can_manage = summary.role == wire::Role::kOwner;
  if (timeline_view_.update(input_of(*room), out.items, outbox_changed, markers_changed)) {
    out.items_revision = view_.revision;
  }
  out.at_start = room->timeline.at_start();
  out.loading_older = room->timeline.loading_older();
  out.synced = room->timeline.synced();
  if (scroll_to_.value != 0 && room->timeline.find(scroll_to_)) {
    out.scroll_to = std::exchange(scroll_to_, {});
    out.scroll_revision = view_.revision;
  }
  out.head = summary.head;
  out.typists.clear();
  for (const UserId user : typing_.typists(*open_room_)) {
    out.typists.push_back({user, people_.name_of(user)});
  }
  if (std::exchange(room->members_changed, false)) build_members(*room);
}

void Client::Impl::build_members(Room& room) {
  auto& out = view_.room->members;
  out.clear();
  for (const wire::MemberInfo& info : room.members.members) {
    if (info.role < wire::Role::kMember) continue;
    MemberView member;
    member.user = info.user.user_id;
    member.name = info.user.name;
    member.role = info.role;
    member.me = member.user == self();
    if (is_private(room)) member.identity = identity_of(member.user);
    if (member.me) {
      member.presence = session_.presence.status;
      member.status_text = session_.presence.status_text;
    } else if (const auto* presence = presence_.find(member.user)) {
      member.presence = presence->status;
      member.status_text = presence->status_text;
      member.last_seen = presence->last_seen;
    }
    out.push_back(std::move(member));
  }
  std::sort(out.begin(), out.end(), [](const MemberView& a, const MemberView& b) {
    const auto key = [](const MemberView& m) {
      return std::tuple(presence_rank(m.presence) == 3, std::string_view(m.name), m.user);
    };
    return key(a) < key(b);
  });
}

void Client::Impl::build_composer() {
  ComposerView& out = view_.composer;
  out = {};
  out.reset = composer_reset_;
  Room* room = open();
  if (!room) return;
  const Draft& draft = room->draft;
  out.text = draft.text;
  const std::size_t used = count_code_points(draft.text);
  out.characters_left = used < wire::kMaxMessageCharacters ? wire::kMaxMessageCharacters - used : 0;
  const TimelineInput input = input_of(*room);
  if (draft.editing.value != 0) out.editing = TimelineView::message(input, draft.editing);
  if (draft.reply_to.value != 0) out.replying = TimelineView::reply(input, draft.reply_to);
}

}  // namespace parley::client
