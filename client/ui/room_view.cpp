// The middle column: the room's header, connection banner, timeline, typing line and composer.
#include <algorithm>

#include "client/ui/format.hpp"
#include "client/ui/views.hpp"

namespace parley::ui {
namespace {

const Id kRoom = child_id(5, "room");

void draw_kind_badge(Scene& scene, const Rect& area, wire::RoomKind kind) {
  Ui& ui = scene.ui;
  const Palette& p = scene.colors();
  const bool sealed = kind == wire::RoomKind::kPrivate;
  const Color ink = sealed ? p.success_text : p.text_muted;
  const Response use = ui.interact({.id = child_id(kRoom, "kind"),
                                    .rect = area,
                                    .role = SemanticRole::kImage,
                                    .label = room_kind_words(kind),
                                    .focusable = false,
                                    .cursor = CursorShape::kArrow});
  ui.last_node().can_activate = false;
  ui.canvas.fill(area, p.text_muted.with_alpha(0.1f), area.h / 2);
  Rect inside = area.inset(scene.size(area.w > scene.size(40) ? 7.0f : 4.5f), 0);
  ui.canvas.icon(sealed ? Icon::kLock : Icon::kGlobe, inside.take_left(scene.size(13)).centre(),
                 scene.size(13), ink, 1.3f);
  inside.take_left(scene.size(4));
  inside.w += 8;
  if (area.w > scene.size(40))
    text_line(ui, inside, sealed ? "Private" : "Open", {Face::kMedium, 11.5f, ink});
  ui.tooltip(use, area,
             sealed ? "Private room: only its members can read what is written."
                    : "Open room: the server can read what is written here.");
}

void draw_header(Scene& scene, const Rect& area) {
  Ui& ui = scene.ui;
  const Palette& p = scene.colors();
  const client::RoomView& room = *scene.app.room;
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
  if (room.role != wire::Role::kNone &&
      (room.can_manage || room.settings.access == wire::RoomAccess::kPublic || room.can_moderate)) {
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
    room_avatar(ui, inside.take_left(avatar_side).centre(), avatar_side, room.room_id.uuid,
                room.settings.name);
    inside.take_left(space::k3);
  }

  const float first = ui.theme.line(type::kBody), second = ui.theme.line(type::kSmall);
  Rect top{inside.x, inside.centre().y - (first + second) / 2, inside.w, first};
  const float wanted = scene.size(room.settings.kind == wire::RoomKind::kPrivate ? 70 : 62);
  const bool roomy = top.w > wanted + scene.size(90);
  const float badge = roomy ? wanted : scene.size(22);  // else its sign alone
  const Font font{Face::kBold, scene.size(16)};
  const float name = std::max(
      1.0f, std::min(ui.canvas.label_width(room.settings.name, font), top.w - badge - space::k2));
  text_line(ui, {top.x, top.y, name + 1, top.h}, room.settings.name, {Face::kBold, 16, p.text});
  ui.node(child_id(kRoom, "name"), SemanticRole::kHeading, {top.x, top.y, name, top.h},
          room.settings.name)
      .level = 1;
  draw_kind_badge(
      scene, {top.x + name + space::k2, top.centre().y - scene.size(10), badge, scene.size(20)},
      room.settings.kind);
  std::string below = counted(room.member_count, "member", "members");
  if (!room.settings.topic.empty()) below += "  \xc2\xb7  " + room.settings.topic;
  std::replace(below.begin(), below.end(), '\n', ' ');
  text_line(ui, {top.x, top.bottom(), inside.w, second}, below,
            {Face::kRegular, type::kSmall, p.text_muted});
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
    const std::string_view label = "Retry now";
    const Font font{Face::kMedium, scene.size(type::kSmall)};
    const float width = ui.canvas.label_width(label, font) + space::k4;
    const Rect place = inside.take_right(width).inset(0, 6);
    const Response use =
        ui.interact({.id = child_id(kRoom, "retry"), .rect = place, .label = label});
    ui.canvas.fill(place, ink.with_alpha(use.hovered ? 0.2f : 0.1f), radius::kSmall);
    text_centred(ui, place, label, {Face::kMedium, type::kSmall, ink});
    if (use.focus_visible) ui.draw_focus_ring(place, radius::kSmall);
    if (use.clicked) ui.emit([](client::Client& c, Now n) { c.retry_now(n); });
    inside.take_right(space::k2);
  }
  text_line(ui, inside, words, {Face::kMedium, type::kSmall, ink});
  ui.node(child_id(kRoom, "connection"), SemanticRole::kStatus, strip, announced);
  return height;
}

void draw_room(Scene& scene, const Rect& area) {
  Ui& ui = scene.ui;
  ui.open_node(kRoom, SemanticRole::kMain, area, scene.app.room->settings.name);
  Rect rest = area;
  draw_header(scene, rest.take_top(ui.theme.control(60)));
  rest.take_top(draw_connection_banner(scene, rest));
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
