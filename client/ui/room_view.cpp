// The middle column: the room's header, connection banner, timeline, typing line and composer.
#include <algorithm>

#include "client/ui/format.hpp"
#include "client/ui/views.hpp"

namespace parley::ui {
namespace {

const Id kRoom = child_id(5, "room");

// A pill with the sign and a word, or the sign alone. Of encrypted rooms it leads to the details.
void draw_protection(Scene& scene, const Rect& area) {
  Ui& ui = scene.ui;
  const client::RoomView& room = *scene.app.room;
  const ProtectionLook look =
      protection_look(scene.colors(), room.encryption.protection, room.settings.kind);
  const bool opens = room.settings.kind == wire::RoomKind::kPrivate;
  const std::string label = (opens ? "Encryption: " : "") + std::string(look.phrase);
  // Easier to hit than it looks.
  const float reach =
      opens ? std::max(0.0f, (ui.theme.control(scene.phone ? 40 : 32) - area.h) / 2) : 0;
  const Response use = ui.interact({.id = child_id(kRoom, "kind"),
                                    .rect = area.inset(opens ? -space::k1 : 0, -reach),
                                    .role = opens ? SemanticRole::kButton : SemanticRole::kImage,
                                    .label = label,
                                    .focusable = opens,
                                    .cursor = opens ? CursorShape::kHand : CursorShape::kArrow});
  ui.last_node().can_activate = opens;
  ui.canvas.fill(area, scene.colors().text_muted.with_alpha(use.hovered && opens ? 0.2f : 0.1f),
                 area.h / 2);
  if (use.focus_visible) ui.draw_focus_ring(area, area.h / 2);
  const bool worded = area.w > scene.size(40);
  Rect inside = area.inset(scene.size(worded ? 7.0f : 4.5f), 0);
  ui.canvas.icon(look.icon, inside.take_left(scene.size(13)).centre(), scene.size(13), look.ink,
                 1.3f);
  inside.take_left(scene.size(4));
  inside.w += 8;
  if (worded) text_line(ui, inside, look.word, {Face::kMedium, 11.5f, look.ink});
  ui.tooltip(use, area, look.meaning);
  if (use.clicked) open_encryption_details(scene);
}

}  // namespace

bool may_invite(const client::RoomView& room) {
  const bool member = room.role != wire::Role::kNone && room.role != wire::Role::kInvited;
  return member && !room.direct_with &&
         (room.can_manage || room.settings.access == wire::RoomAccess::kPublic ||
          room.can_moderate);
}

namespace {

// Below the name: who is here, or how the one other person is.
std::string header_words(const Scene& scene, const client::RoomView& room) {
  std::string words = counted(room.member_count, "member", "members");
  if (room.direct_with) {
    words = "Direct message";
    for (const client::MemberView& member : room.members) {
      if (member.user != *room.direct_with) continue;
      words = presence_words(member.presence);
      if (member.presence == wire::PresenceStatus::kOffline)
        words = last_seen(scene.ui.platform, member.last_seen, scene.ui.now.wall);
      if (!member.status_text.empty()) words += "  \xc2\xb7  " + member.status_text;
    }
  }
  if (!room.topic.empty()) words += "  \xc2\xb7  " + room.topic;
  std::replace(words.begin(), words.end(), '\n', ' ');
  return words;
}

// How long messages stay, in front of the other words: on a phone little of those is seen.
void draw_disappearing(Scene& scene, Rect& line, const TextLook& look) {
  Ui& ui = scene.ui;
  const std::string& span = scene.app.room->encryption.disappear_after;
  const std::string sentence = "Messages disappear after " + span;
  const std::string words = scene.phone ? span : sentence;
  const float sign = scene.size(13), gap = space::k1;
  const float width = ui.canvas.label_width(words, {look.face, scene.size(look.size)});
  Rect place = line.take_left(std::min(sign + gap + width + 1, line.w));
  ui.node(child_id(kRoom, "disappearing"), SemanticRole::kText, place, sentence);
  ui.canvas.icon(Icon::kClock, place.take_left(sign).centre(), sign, look.color, 1.3f);
  place.take_left(gap);
  text_line(ui, place, words, look);
  line.take_left(space::k3);
}

void draw_header(Scene& scene, const Rect& area) {
  Ui& ui = scene.ui;
  const Palette& p = scene.colors();
  const client::RoomView& room = *scene.app.room;
  if (room.direct_with && !std::exchange(scene.state.members_asked, true))  // how the other one is
    ui.emit([](client::Client& c, Now n) { c.load_members(n); });
  ui.open_node(child_id(kRoom, "header"), SemanticRole::kBanner, area, "Room");
  ui.canvas.fill(area, p.canvas);
  Rect inside = area.inset(scene.phone ? space::k1 : space::k5, 0);
  const float side = ui.theme.control(scene.phone ? 44 : 36);
  const auto square = [&](Rect strip) {
    return Rect{strip.x, strip.centre().y - side / 2, side, side};
  };
  if (scene.phone) {
    if (icon_button(ui, child_id(kRoom, "back"), square(inside.take_left(side)),
                    {.icon = Icon::kBack, .label = "Back to the rooms", .icon_size = 24})) {
      scene.state.page = Page::kRooms;
      scene.state.find = {};
      ui.blur();
    }
  }
  if (icon_button(
          ui, child_id(kRoom, "details"), square(inside.take_right(side)),
          {.icon = Icon::kInfo, .label = "Room details", .active = scene.state.details_open})) {
    scene.state.details_open = !scene.state.details_open;
  }
  inside.take_right(space::k1);
  if (may_invite(room)) {
    if (icon_button(ui, child_id(kRoom, "invite"), square(inside.take_right(side)),
                    {.icon = Icon::kUserPlus, .label = "Invite people"})) {
      scene.state.open_dialog(DialogKind::kInvite);
    }
  }
  inside.take_right(space::k1);
  if (icon_button(ui, child_id(kRoom, "find"), square(inside.take_right(side)),
                  {.icon = Icon::kSearch,
                   .label = "Find in room, " + key_name(scene, "Ctrl+F"),
                   .active = scene.state.find.open})) {
    if (scene.state.find.open)
      close_find(scene);
    else
      open_find(scene);
  }
  inside.take_right(space::k2);
  const float avatar_side = ui.theme.control(36);
  if (inside.w > scene.size(150)) {  // with large text on a phone the name needs the room
    room_picture(ui, inside.take_left(avatar_side).centre(), avatar_side, room.room_id,
                 room.direct_with, room.name);
    inside.take_left(space::k3);
  }

  const float first = ui.theme.line(type::kBody), second = ui.theme.line(type::kSmall);
  Rect top{inside.x, inside.centre().y - (first + second) / 2, inside.w, first};
  const ProtectionLook protection =
      protection_look(p, room.encryption.protection, room.settings.kind);
  const float wanted =
      ui.canvas.label_width(protection.word, {Face::kMedium, scene.size(11.5f)}) + scene.size(32);
  const Font font{Face::kBold, scene.size(16)};
  const bool roomy = top.w > wanted + space::k2 + ui.canvas.label_width(room.name, font);
  const float badge = roomy ? wanted : scene.size(22);  // else its sign alone
  const float name =
      std::max(1.0f, std::min(ui.canvas.label_width(room.name, font), top.w - badge - space::k2));
  text_line(ui, {top.x, top.y, name + 1, top.h}, room.name, {Face::kBold, 16, p.text});
  ui.node(child_id(kRoom, "name"), SemanticRole::kHeading, {top.x, top.y, name, top.h}, room.name)
      .level = 1;
  draw_protection(
      scene, {top.x + name + space::k2, top.centre().y - scene.size(10), badge, scene.size(20)});
  Rect below{top.x, top.bottom(), inside.w, second};
  const TextLook small{Face::kRegular, type::kSmall, p.text_muted};
  if (!room.encryption.disappear_after.empty()) draw_disappearing(scene, below, small);
  text_line(ui, below, header_words(scene, room), small);
  divider(ui, area.x, area.bottom() - 1, area.w);
  ui.close_node();
}

void draw_join_bar(Scene& scene, const Rect& area) {
  // Not a member: reading is possible at most; joining is what comes next.
  Ui& ui = scene.ui;
  const client::RoomView& room = *scene.app.room;
  divider(ui, area.x, area.y, area.w);
  const ButtonLook look{.style = ButtonStyle::kPrimary, .label = "Join the room"};
  const float width = button_width(ui, look);
  const Rect place{area.right() - width - space::k5, area.centre().y - button_height(ui) / 2, width,
                   button_height(ui)};
  const std::string text = room.role == wire::Role::kInvited ? "You are invited to this room."
                                                             : "You are not a member of this room.";
  text_line(ui, {area.x + space::k5, area.y, place.x - area.x - space::k8, area.h}, text,
            {Face::kRegular, type::kBody, scene.colors().text});
  if (button(ui, child_id(kRoom, "join"), place, look)) {
    ui.emit([id = room.room_id](client::Client& c, Now n) { c.join_room(n, id); });
  }
}

}  // namespace

float typing_line_height(const Scene& scene) { return scene.ui.theme.line(type::kSmall) + 2; }

void draw_typing_line(Scene& scene, const Rect& area) {
  Ui& ui = scene.ui;
  const auto& typists = scene.app.room->typists;
  if (typists.empty()) return;
  std::string words;
  if (typists.size() == 1)
    words = typists[0].name + " is typing";
  else if (typists.size() == 2)
    words = typists[0].name + " and " + typists[1].name + " are typing";
  else
    words = typists[0].name + " and " + std::to_string(typists.size() - 1) + " others are typing";
  const Palette& p = scene.colors();
  Rect inside = area.inset(scene.phone ? space::k3 : space::k6, 0);
  inside.take_left(space::k1);
  for (int i = 0; i < 3; ++i) {
    const auto phase = static_cast<float>((ui.now.mono.ms + 900 - i * 180) % 1080) / 1080;
    const float lift = ui.theme.reduced_motion || phase > 0.5f ? 0 : 4 * phase * (0.5f - phase) * 6;
    ui.canvas.circle(
        {inside.x + 4 + static_cast<float>(i) * 7, inside.centre().y + 1 - lift * 0.6f}, 2.3f,
        p.text_muted);
  }
  if (!ui.theme.reduced_motion) ui.request_frame_in(Duration{50});
  inside.take_left(scene.size(28));
  text_line(ui, inside, words, {Face::kRegular, type::kSmall, p.text_muted});
  ui.node(child_id(kRoom, "typing"), SemanticRole::kStatus, area, words);
}

float draw_connection_banner(Scene& scene, const Rect& area) {
  Ui& ui = scene.ui;
  const client::ConnectionView& link = scene.app.connection;
  if (link.state == client::LinkState::kConnected) return 0;
  const Palette& p = scene.colors();
  const float height = ui.theme.control(40);
  Rect strip{area.x, area.y, area.w, height};
  const bool waiting = link.state == client::LinkState::kConnecting;
  const Color ground = waiting ? p.accent_soft : p.warning_soft;
  const Color ink = waiting ? p.on_accent_soft : p.on_warning_soft;
  ui.canvas.fill(strip, ground);
  std::string words = link.text;
  if (words.empty()) {
    switch (link.state) {
      case client::LinkState::kConnecting:
        words = "Connecting";
        break;
      case client::LinkState::kReconnecting:
        words = "Reconnecting";
        break;
      case client::LinkState::kOffline:
        words = "Offline. Messages are kept and sent later.";
        break;
      default:
        words = "Not connected";
        break;
    }
  }
  const std::string announced = words;
  if (link.next_try) {
    const std::int64_t left = ((*link.next_try - ui.now.mono).ms + 999) / 1000;
    if (left > 0) {
      words += (words.ends_with('.') ? " " : ". ") + std::string("Next try in ") +
               std::to_string(left) + " s";
      ui.request_frame_in(Duration{
          std::max<std::int64_t>(50, (*link.next_try - ui.now.mono).ms - (left - 1) * 1000)});
    }
  }
  if (link.waiting_messages > 0) {
    words += "  \xc2\xb7  " + counted(link.waiting_messages, "message waits", "messages wait");
  }
  Rect inside = strip.inset(space::k4, 0);
  const Rect sign = inside.take_left(scene.size(18));
  if (waiting)
    spinner(ui, sign.centre(), scene.size(15), ink);
  else
    ui.canvas.icon(Icon::kWarning, sign.centre(), scene.size(17), ink);
  inside.take_left(space::k2);
  if (link.can_retry) {
    const Rect place = inside.take_right(strip_button_width(ui, "Retry now")).inset(0, 6);
    if (strip_button(ui, child_id(kRoom, "retry"), place, "Retry now", ink))
      ui.emit([](client::Client& c, Now n) { c.retry_now(n); });
    inside.take_right(space::k2);
  }
  text_line(ui, inside, words, {Face::kMedium, type::kSmall, ink});
  ui.node(child_id(kRoom, "connection"), SemanticRole::kStatus, strip, announced);
  return height;
}

void draw_room(Scene& scene, const Rect& area) {
  Ui& ui = scene.ui;
  ui.open_node(kRoom, SemanticRole::kMain, area, scene.app.room->name);
  Rect rest = area;
  draw_header(scene, rest.take_top(ui.theme.control(60)));
  rest.take_top(draw_connection_banner(scene, rest));
  rest.take_top(draw_encryption_banner(scene, rest));
  rest.take_top(draw_find_bar(scene, rest));
  const bool member =
      scene.app.room->role != wire::Role::kNone && scene.app.room->role != wire::Role::kInvited;
  Rect bottom = rest.take_bottom(member ? composer_height(scene, rest.w) : ui.theme.control(64));
  const Rect typing = rest.take_bottom(typing_line_height(scene));
  draw_timeline(scene, rest);
  ui.canvas.fill(typing, scene.colors().canvas);
  draw_typing_line(scene, typing);
  if (member)
    draw_composer(scene, bottom);
  else
    draw_join_bar(scene, bottom);
  ui.close_node();
}

void draw_no_room(Scene& scene, const Rect& area) {
  Ui& ui = scene.ui;
  ui.canvas.fill(area, scene.colors().canvas);
  ui.open_node(kRoom, SemanticRole::kMain, area, "No room open");
  Rect rest = area;
  rest.take_top(draw_connection_banner(scene, rest));
  if (const auto wanted = scene.state.wanted_room) {
    const ButtonLook look{.style = ButtonStyle::kPrimary, .label = "Join the room"};
    const float below = 2 * button_height(ui) + space::k8;
    const float end = empty_state(
        ui, {rest.x, rest.y, rest.w, rest.h - below}, Icon::kChat, "You are not in this room",
        "A public room you can simply join. For another one, ask somebody in it to invite you.");
    const float width = button_width(ui, look);
    const Rect place{rest.centre().x - width / 2, end + space::k5, width, button_height(ui)};
    if (button(ui, child_id(kRoom, "join"), place, look)) {
      ui.emit([room = *wanted](client::Client& c, Now n) { c.join_room(n, room); });
    }
  } else if (scene.app.rooms.empty()) {
    empty_state(
        ui, rest, Icon::kChat, "Welcome to Parley",
        "Rooms are where people talk. Create one, browse the public ones, or paste an invitation.");
  } else {
    empty_state(
        ui, rest, Icon::kChat, "Choose a room",
        "Pick one on the left, or press " + key_name(scene, "Ctrl+K") + " to find it by name.");
  }
  ui.close_node();
}

}  // namespace parley::ui
