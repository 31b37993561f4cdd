// The left column: who I am, search, rooms by newest activity.
#include <algorithm>

#include "client/ui/format.hpp"
#include "client/ui/views.hpp"

namespace parley::ui {
namespace {

const Id kList = child_id(2, "room list");
constexpr std::size_t kMirroredRows = 300;

void open_new_menu(Scene& scene, Id owner, Vec2 at) {
  AppState& state = scene.state;
  Menu menu{owner, at, {}, {}};
  menu.items.push_back({Icon::kPlus, "Create a room", false,
                        [&state] { state.open_dialog(DialogKind::kCreateRoom); }});
  menu.items.push_back({Icon::kCompass, "Browse public rooms", false,
                        [&state] { state.open_dialog(DialogKind::kBrowse); }});
  menu.items.push_back({Icon::kMail, "Join with an invitation", false,
                        [&state] { state.open_dialog(DialogKind::kJoinByCode); }});
  state.menu = std::move(menu);
}

void draw_header(Scene& scene, Rect area) {
  Ui& ui = scene.ui;
  const Palette& p = scene.colors();
  area = area.inset(space::k3, 0);
  const float side = ui.theme.control(scene.phone ? 40 : 34);
  const Id self_id = child_id(kList, "self");
  const Id plus_id = child_id(kList, "new");
  const float top = area.centre().y - side / 2;

  Rect plus = area.take_right(side);
  plus.y = top;
  plus.h = side;
  if (icon_button(ui, plus_id, plus, {.icon = Icon::kPlus, .label = "New room or join"})) {
    open_new_menu(scene, plus_id, {plus.x, plus.bottom() + 4});
  }
  area.take_right(space::k1);
  Rect gear = area.take_right(side);
  gear.y = top;
  gear.h = side;
  if (icon_button(ui, child_id(kList, "settings"), gear,
                  {.icon = Icon::kSettings, .label = "Settings"})) {
    scene.state.open_dialog(DialogKind::kSettings);
  }
  area.take_right(space::k2);

  const auto& self = scene.app.self;
  // What others see.
  const bool connected = scene.app.connection.state == client::LinkState::kConnected;
  const auto presence = connected ? self.presence : wire::PresenceStatus::kOffline;
  const std::string label = self.name + ", " + presence_words(presence) + ". Open your profile";
  const Response use =
      ui.interact({.id = self_id, .rect = area.inset(-space::k1, space::k1), .label = label});
  ui.canvas.fill(area.inset(-space::k1, space::k1), p.hover.with_alpha(use.hovered ? 1.0f : 0.0f),
                 radius::kMedium);
  if (use.focus_visible) ui.draw_focus_ring(area.inset(-space::k1, space::k1), radius::kMedium);
  Rect inside = area;
  const float avatar_side = ui.theme.control(34);
  const Rect picture = inside.take_left(avatar_side);
  avatar(ui, picture.centre(), avatar_side, self.user.uuid, self.name);
  presence_dot(ui, {picture.right() - 4, picture.centre().y + avatar_side / 2 - 5}, 9,
               presence, use.hovered ? p.hover : p.sidebar);
  inside.take_left(space::k2 + 2);
  const std::string below =
      self.status_text.empty() ? presence_words(presence) : self.status_text;
  const float name_line = ui.theme.line(type::kBody) - 1,
              status_line = ui.theme.line(type::kCaption);
  Rect text{inside.x, inside.centre().y - (name_line + status_line) / 2, inside.w, name_line};
  text_line(ui, text, self.name, {Face::kMedium, type::kBody, p.text});
  text_line(ui, {text.x, text.bottom(), text.w, status_line}, below,
            {Face::kRegular, type::kCaption, p.text_muted});
  if (use.clicked) {
    open_settings(scene, SettingsTab::kProfile);
  }
}

void draw_search(Scene& scene, Rect area) {
  Ui& ui = scene.ui;
  const Palette& p = scene.colors();
  Rect box = area.inset(space::k3, 0);
  const Rect tool = box.take_right(box.h);
  box.take_right(space::k1);
  if (icon_button(ui, child_id(kList, "messages"), tool,
                  {.icon = Icon::kSearch,
                   .label = "Search messages, " + key_name(scene, "Ctrl+Shift+F")})) {
    open_message_search(scene);
  }
  const Response use = ui.interact({.id = child_id(kList, "jump"),
                                    .rect = box,
                                    .label = "Go to a room, " + key_name(scene, "Ctrl+K")});
  ui.canvas.fill(box, mix(p.hover, p.border, use.hovered ? 0.7f : 0.0f), radius::kMedium);
  Rect inside = box.inset(space::k2 + 2, 0);
  ui.canvas.icon(Icon::kHash, inside.take_left(18).centre(), 16, p.text_muted);
  inside.take_left(space::k2);
  if (!scene.phone) {
    const std::string keys = key_name(scene, "Ctrl+K");
    const Font font{Face::kRegular, scene.size(type::kCaption)};
    const float width = ui.canvas.label_width(keys, font);
    text_line(ui, inside.take_right(width + 1), keys,
              {Face::kRegular, type::kCaption, p.text_muted});
  }
  text_line(ui, inside, "Go to a room", {Face::kRegular, 14, p.text_muted});
  if (use.focus_visible) ui.draw_focus_ring(box, radius::kMedium);
  if (use.clicked) scene.state.open_dialog(DialogKind::kSwitcher);
}

ProtectionLook look_of(const Scene& scene, const client::RoomItemView& room) {
  return protection_look(scene.colors(), room.protection, room.kind);
}

std::string row_label(const Scene& scene, const client::RoomItemView& room) {
  std::string label = room.name + ", " + (room.direct_with ? "direct message, " : "") +
                      std::string(look_of(scene, room).phrase);
  if (room.role == wire::Role::kInvited) label += ", invitation";
  if (room.unread > 0) label += ", " + counted(room.unread, "unread message", "unread messages");
  if (room.mentions > 0) label += ", " + counted(room.mentions, "mention", "mentions");
  if (!room.preview.empty()) label += ". " + room.preview;
  const std::string at = short_moment(scene.ui.platform, room.last_activity, scene.ui.now.wall);
  return at.empty() ? label : label + ", " + at;
}

void open_row_menu(Scene& scene, const client::RoomItemView& room, Id owner, Vec2 at) {
  AppState& state = scene.state;
  Ui& ui = scene.ui;
  const RoomId id = room.room_id;
  Menu menu{owner, at, {}, {}};
  if (!scene.ui.platform.public_origin().empty()) {
    menu.items.push_back({Icon::kLink, "Copy link to the room", false,
                          [&ui, link = room_link(scene, id)] { ui.platform.set_clipboard(link); }});
  }
  menu.items.push_back(
      {Icon::kLogout, "Leave the room", true, [&state, &ui, id, name = room.name] {
         state.confirm = Confirm{
             "Leave " + name + "?",
             "You stop getting its messages. To come back you join it again, or need "
             "an invitation if it is not public.",
             "Leave",
             [&ui, id] { ui.emit([id](client::Client& c, Now n) { c.leave_room(n, id); }); }};
       }});
  state.menu = std::move(menu);
}

void draw_row_content(Scene& scene, const client::RoomItemView& room, const Rect& ground) {
  Ui& ui = scene.ui;
  const Palette& p = scene.colors();
  const bool invited = room.role == wire::Role::kInvited;
  Rect inside = ground.inset(space::k2, 0);
  const float side = ui.theme.control(42);
  room_picture(ui, inside.take_left(side).centre(), side, room.room_id, room.direct_with,
               room.name);
  inside.take_left(space::k3);
  const float first = ui.theme.line(type::kBody), second = ui.theme.line(type::kSmall);
  Rect top{inside.x, inside.centre().y - (first + second) / 2, inside.w, first};
  Rect bottom{inside.x, top.bottom(), inside.w, second};

  const bool strong = room.unread > 0 || invited;
  const std::string at = short_moment(ui.platform, room.last_activity, ui.now.wall);
  const Font caption{Face::kRegular, scene.size(type::kCaption)};
  const float at_width = ui.canvas.label_width(at, caption);
  text_line(ui, top.take_right(at_width + 1), at,
            {Face::kRegular, type::kCaption, room.unread > 0 ? p.accent_text : p.text_muted});
  top.take_right(space::k2);
  const float name_width = std::min(
      top.w - 20, ui.canvas.label_width(
                      room.name, {strong ? Face::kBold : Face::kMedium, scene.size(type::kBody)}));
  text_line(ui, {top.x, top.y, name_width + 1, top.h}, room.name,
            {strong ? Face::kBold : Face::kMedium, type::kBody, p.text});
  if (room.kind == wire::RoomKind::kPrivate) {
    const ProtectionLook look = look_of(scene, room);
    ui.canvas.icon(look.icon, {top.x + name_width + 12, top.centre().y}, scene.size(15), look.ink);
  }

  if (invited) {
    text_line(ui, bottom, "Invitation: open to join", {Face::kMedium, type::kSmall, p.accent_text});
  } else {
    if (room.unread > 0) {
      const float width = count_badge(ui, {bottom.right(), bottom.centre().y}, room.unread, true);
      bottom.take_right(width + space::k1);
    }
    if (room.mentions > 0) {
      const Rect at_sign = bottom.take_right(20);
      ui.canvas.circle(at_sign.centre(), 9, p.accent_soft);
      text_centred(ui, at_sign, "@", {Face::kBold, 11.5f, p.on_accent_soft});
    }
    bottom.take_right(space::k1);
    if (room.preview_is_draft) {
      constexpr std::string_view draft = "Draft: ";
      const bool prefixed = room.preview.starts_with(draft);
      const float width =
          text_line(ui, bottom, "Draft:", {Face::kMedium, type::kSmall, p.danger_text});
      bottom.take_left(width + 4);
      text_line(ui, bottom, std::string_view(room.preview).substr(prefixed ? draft.size() : 0),
                {Face::kRegular, type::kSmall, p.text_muted});
    } else {
      text_line(ui, bottom, room.preview.empty() ? "No messages yet" : room.preview,
                {Face::kRegular, type::kSmall, p.text_muted});
    }
  }
}

void draw_room_row(Scene& scene, const client::RoomItemView& room, const Rect& rect,
                   std::size_t index) {
  Ui& ui = scene.ui;
  const Palette& p = scene.colors();
  const Id id = child_id(child_id(kList, "row"), std::hash<RoomId>{}(room.room_id));
  const bool open = scene.app.room && scene.app.room->room_id == room.room_id && !scene.phone;
  const bool invited = room.role == wire::Role::kInvited;
  ui.open_node(child_id(id, "item"), SemanticRole::kListItem, rect, {});
  ui.last_node().position = static_cast<std::int32_t>(index) + 1;
  ui.last_node().set_size = static_cast<std::int32_t>(scene.app.rooms.size());
  const std::string label = row_label(scene, room);
  const Response use =
      ui.interact({.id = id, .rect = rect, .label = label, .menu = true, .group = kList});
  ui.last_node().selectable = true;
  ui.last_node().selected = open;

  const bool seen = ui.canvas.visible(rect);
  const Rect ground = rect.inset(space::k2, 1);
  const float hover = ui.animate(id, use.hovered ? 1.0f : 0.0f, 90);
  if (use.focus_visible && !seen)
    scene.state.scrolls[kList] += rect.y < ui.canvas.clip().y ? -rect.h : rect.h;
  ui.canvas.fill(ground, open ? p.selected : p.hover.with_alpha(hover), radius::kMedium);
  if (use.focus_visible) ui.draw_focus_ring(ground.inset(2), radius::kMedium);

  if (seen) draw_row_content(scene, room, ground);
  ui.close_node();
  if (use.clicked) {
    const RoomId room_id = room.room_id;
    if (invited) ui.emit([room_id](client::Client& c, Now n) { c.join_room(n, room_id); });
    ui.emit([room_id](client::Client& c, Now n) { c.open_room(n, room_id); });
    scene.state.page = Page::kTimeline;
    scene.state.focus_composer = !use.touch && !scene.phone;
  }
  if (use.menu) open_row_menu(scene, room, id, use.at);
}

}  // namespace

void draw_room_list(Scene& scene, const Rect& area) {
  Ui& ui = scene.ui;
  const Palette& p = scene.colors();
  ui.canvas.fill(area, p.sidebar);
  ui.open_node(kList, SemanticRole::kNavigation, area, "Rooms");
  Rect rest = area;
  draw_header(scene, rest.take_top(ui.theme.control(60)));
  draw_search(scene, rest.take_top(ui.theme.control(36)));
  rest.take_top(space::k2);
  if (scene.phone) rest.take_top(draw_connection_banner(scene, rest));
  rest.take_top(draw_keys_notice(scene, rest));

  if (scene.app.rooms.empty()) {
    const float row = button_height(ui);
    const Rect middle{rest.x, rest.y, rest.w, rest.h - 2 * row - space::k8};
    const float end =
        empty_state(ui, middle, Icon::kChat, "No rooms yet",
                    "Create a room and invite people, or look for one that is open to everyone.");
    Rect actions = Rect{rest.x, end + space::k5, rest.w, 2 * row + space::k2}.inset(space::k8, 0);
    if (button(ui, child_id(kList, "create"), actions.take_top(row),
               {.style = ButtonStyle::kPrimary, .label = "Create a room"})) {
      scene.state.open_dialog(DialogKind::kCreateRoom);
    }
    actions.take_top(space::k2);
    if (button(ui, child_id(kList, "browse"), actions.take_top(row),
               {.label = "Browse public rooms"})) {
      scene.state.open_dialog(DialogKind::kBrowse);
    }
  } else {
    const float row = ui.theme.control(62);
    const auto count = scene.app.rooms.size();
    const float content = row * static_cast<float>(count) + space::k2;
    const ScrollArea scroll{child_id(kList, "scroll"), rest, &scene.state.scrolls[kList]};
    ui.open_node(scroll.id, SemanticRole::kList, rest, "Rooms").can_scroll = true;
    const float top = begin_scroll(ui, scroll, content);
    for (std::size_t i = 0; i < count; ++i) {
      const Rect place{rest.x, top + row * static_cast<float>(i), rest.w, row};
      // Screen readers get the rows out of sight as well, as long as the list is of a sensible
      // length.
      if (i < kMirroredRows || ui.canvas.visible(place))
        draw_room_row(scene, scene.app.rooms[i], place, i);
    }
    end_scroll(ui, scroll, content);
    ui.close_node();
  }
  ui.close_node();
}

}  // namespace parley::ui
