// The right column: what the room is, who is in it, and what can be done with it.
#include <algorithm>

#include "client/ui/format.hpp"
#include "client/ui/views.hpp"

namespace parley::ui {
namespace {

const Id kDetails = child_id(9, "details");

bool action_row(Scene& scene, Id id, const Rect& rect, Icon icon, std::string_view label,
                bool danger = false) {
  Ui& ui = scene.ui;
  const Palette& p = scene.colors();
  const Response use = ui.interact({.id = id, .rect = rect, .label = label});
  const Rect ground = rect.inset(space::k2, 1);
  const float hover = ui.animate(id, use.hovered ? 1.0f : 0.0f, 90);
  ui.canvas.fill(ground, p.hover.with_alpha(hover), radius::kMedium);
  if (use.focus_visible) ui.draw_focus_ring(ground.inset(2), radius::kMedium);
  Rect inside = ground.inset(space::k3, 0);
  const Color ink = danger ? p.danger_text : p.text;
  ui.canvas.icon(icon, inside.take_left(scene.size(20)).centre(), scene.size(19),
                 danger ? p.danger_text : p.text_muted);
  inside.take_left(space::k3);
  text_line(ui, inside, label, {Face::kRegular, type::kBody, ink});
  return use.clicked;
}

void open_member_menu(Scene& scene, const client::MemberView& member, Id owner, Vec2 at) {
  Ui& ui = scene.ui;
  AppState& state = scene.state;
  const client::RoomView& room = *scene.app.room;
  const RoomId room_id = room.room_id;
  const UserId user = member.user;
  Menu menu{owner, at, {}, {}};
  if (room.direct_with != user) {
    menu.items.push_back({Icon::kChat, "Message", false, [&ui, &state, user] {
                            ui.emit([user](client::Client& c, Now n) { c.start_direct(n, user); });
                            state.page = Page::kTimeline;
                            state.details_open = false;
                          }});
  }
  if (room.settings.kind == wire::RoomKind::kPrivate) {
    menu.items.push_back({Icon::kShieldCheck, "Verify", false, [&ui, user] {
                            ui.emit(
                                [user](client::Client& c, Now n) { c.look_at_identity(n, user); });
                          }});
  }
  const auto role_item = [&](wire::Role role, Icon icon, std::string label) {
    if (member.role == role) return;
    menu.items.push_back(
        {icon, std::move(label), false, [&ui, room_id, user, role] {
           ui.emit([=](client::Client& c, Now n) { c.set_role(n, room_id, user, role); });
         }});
  };
  if (room.can_manage && !member.me) {
    role_item(wire::Role::kOwner, Icon::kShield, "Make owner");
    role_item(wire::Role::kModerator, Icon::kShield, "Make moderator");
    role_item(wire::Role::kMember, Icon::kUser, "Make member");
  }
  const bool outranked =
      room.can_manage || (room.can_moderate && member.role == wire::Role::kMember);
  if (outranked && !member.me) {
    menu.items.push_back({Icon::kLogout, "Remove from the room", true,
                          [&ui, &state, room_id, user, name = member.name,
                           room_access = room.settings.access] {
                            const bool back = room_access == wire::RoomAccess::kPublic;
                            state.confirm = Confirm{"Remove " + name + "?",
                                                    back ? "The room is public: they can join again."
                                                         : "They cannot read what is said after.",
                                                    "Remove", [&ui, room_id, user] {
                                                      ui.emit([=](client::Client& c, Now n) {
                                                        c.remove_member(n, room_id, user, false);
                                                      });
                                                    }};
                          }});
    menu.items.push_back(
        {Icon::kLock, "Ban from the room", true, [&ui, &state, room_id, user, name = member.name] {
           state.confirm = Confirm{"Ban " + name + "?",
                                   "They leave the room and cannot come back until you allow it.",
                                   "Ban", [&ui, room_id, user] {
                                     ui.emit([=](client::Client& c, Now n) {
                                       c.remove_member(n, room_id, user, true);
                                     });
                                   }};
         }});
  }
  if (!menu.items.empty()) state.menu = std::move(menu);
}

std::string identity_words(const client::MemberView& member) {
  if (member.identity == client::IdentityState::kVerified) return ", verified";
  if (member.identity == client::IdentityState::kChanged) return ", identity changed";
  return {};
}

void draw_member(Scene& scene, const client::MemberView& member, const Rect& rect) {
  Ui& ui = scene.ui;
  const Palette& p = scene.colors();
  const Id id = child_id(child_id(kDetails, "member"), std::hash<UserId>{}(member.user));
  const bool offline = member.presence == wire::PresenceStatus::kOffline;
  std::string below = member.status_text;
  if (below.empty()) {
    below = offline ? last_seen(ui.platform, member.last_seen, ui.now.wall)
                    : presence_words(member.presence);
  }
  const bool acts = !member.me;
  ui.open_node(child_id(id, "item"), SemanticRole::kListItem, rect, {});
  const std::string label = member.name + (member.me ? " (you)" : "") + ", " +
                            role_words(member.role) + identity_words(member) + ", " + below;
  const Response use = ui.interact({.id = id,
                                    .rect = rect,
                                    .role = acts ? SemanticRole::kButton : SemanticRole::kText,
                                    .label = label,
                                    .focusable = acts,
                                    .menu = acts,
                                    .cursor = acts ? CursorShape::kHand : CursorShape::kArrow,
                                    .group = kDetails});
  ui.close_node();
  if (use.clicked || use.menu) {
    const Vec2 at = use.at.x >= 0 ? use.at : Vec2{rect.x + 60, rect.bottom() - 8};
    if (acts) open_member_menu(scene, member, id, at);
  }
  if (!ui.canvas.visible(rect)) return;
  const Rect ground = rect.inset(space::k2, 1);
  if (acts && use.hovered) ui.canvas.fill(ground, p.hover, radius::kMedium);
  if (use.focus_visible) ui.draw_focus_ring(ground.inset(2), radius::kMedium);
  Rect inside = ground.inset(space::k2, 0);
  const float side = ui.theme.control(36);
  const Rect picture = inside.take_left(side);
  avatar(ui, picture.centre(), side, member.user.uuid, member.name);
  presence_dot(ui, {picture.right() - 4, picture.centre().y + side / 2 - 4}, 9, member.presence,
               acts && use.hovered ? p.hover : p.sidebar);
  inside.take_left(space::k3);
  if (member.role == wire::Role::kOwner || member.role == wire::Role::kModerator) {
    const std::string role = role_words(member.role);
    const Font font{Face::kMedium, scene.size(11.5f)};
    const float width = ui.canvas.label_width(role, font) + scene.size(14);
    Rect tag = inside.take_right(width);
    tag = {tag.x, tag.centre().y - scene.size(10), width, scene.size(20)};
    ui.canvas.fill(tag, p.accent_soft, tag.h / 2);
    text_centred(ui, tag, role, {Face::kMedium, 11.5f, p.on_accent_soft});
    inside.take_right(space::k2);
  }
  const float first = ui.theme.line(14), second = ui.theme.line(type::kCaption);
  const Rect top{inside.x, inside.centre().y - (first + second) / 2, inside.w, first};
  const bool verified = member.identity == client::IdentityState::kVerified;
  const bool changed = member.identity == client::IdentityState::kChanged;
  const float badge = verified || changed ? scene.size(20) : 0;
  const float name =
      text_line(ui, {top.x, top.y, top.w - badge, top.h}, member.name + (member.me ? " (you)" : ""),
                {Face::kMedium, 14, p.text});
  if (badge > 0) {
    ui.canvas.icon(changed ? Icon::kWarning : Icon::kShieldCheck,
                   {top.x + name + scene.size(12), top.centre().y}, scene.size(15),
                   changed ? p.attention_text : p.success_text);
  }
  text_line(ui, {top.x, top.bottom(), top.w, second}, below,
            {Face::kRegular, type::kCaption, p.text_muted});
}

float draw_summary(Scene& scene, const Rect& area, float y) {
  Ui& ui = scene.ui;
  const Palette& p = scene.colors();
  const client::RoomView& room = *scene.app.room;
  const float start = y;
  const float side = ui.theme.control(72);
  y += space::k5;
  room_picture(ui, {area.centre().x, y + side / 2}, side, room.room_id, room.direct_with,
               room.name);
  y += side + space::k3;
  const Rect name{area.x + space::k4, y, area.w - 2 * space::k4, ui.theme.line(18)};
  text_centred(ui, name, room.name, {Face::kBold, 18, p.text});
  y += name.h;
  const bool sealed = room.settings.kind == wire::RoomKind::kPrivate;
  std::string kind = "Direct message";
  if (!room.direct_with) {
    kind = std::string(sealed ? "Private" : "Open") +
           (room.settings.access == wire::RoomAccess::kPublic ? ", anyone can join"
                                                              : ", by invitation") +
           "  \xc2\xb7  " + counted(room.member_count, "member", "members");
  }
  text_centred(ui, {name.x, y, name.w, ui.theme.line(type::kSmall)}, kind,
               {Face::kRegular, type::kSmall, p.text_muted});
  y += ui.theme.line(type::kSmall) + space::k3;
  if (!room.topic.empty()) {
    const TextLook look{Face::kRegular, 14, p.text};
    y += text_wrapped_centred(ui, {name.x, y}, name.w, room.topic, look, 8) + space::k3;
  }
  return y - start;
}

// How the room is protected, in a frame of its own.
float draw_protection_part(Scene& scene, const Rect& area, float y) {
  Ui& ui = scene.ui;
  const Palette& p = scene.colors();
  const client::RoomView& room = *scene.app.room;
  const ProtectionLook look = protection_look(p, room.encryption.protection, room.settings.kind);
  std::string words =
      room.encryption.summary.empty() ? std::string(look.meaning) : room.encryption.summary;
  if (!room.encryption.disappear_after.empty())
    words += " Messages disappear after " + room.encryption.disappear_after + ".";
  const float sign = scene.size(18) + space::k2;
  const float width = area.w - 2 * space::k4 - 2 * space::k3 - sign;
  const TextLook body{Face::kRegular, type::kSmall, p.text};
  const float text = text_wrapped_height(ui, width, words, body);
  const Rect box{area.x + space::k4, y, area.w - 2 * space::k4, text + 2 * space::k3};
  ui.canvas.fill(box, p.canvas, radius::kLarge);
  ui.canvas.stroke(box, p.border, radius::kLarge);
  const Vec2 at = box.inset(space::k3).min();
  ui.canvas.icon(look.icon, {at.x + scene.size(9), at.y + ui.theme.line(type::kSmall) / 2},
                 scene.size(18), look.ink);
  text_wrapped(ui, {at.x + sign, at.y}, width, words, body);
  ui.node(child_id(kDetails, "protection"), SemanticRole::kText, box, words);
  return box.h + space::k2;
}

}  // namespace

void open_encryption_details(Scene& scene) {
  scene.state.details_open = true;
  scene.state.show_protection = true;
}

void draw_details(Scene& scene, const Rect& area) {
  Ui& ui = scene.ui;
  const Palette& p = scene.colors();
  const client::RoomView& room = *scene.app.room;
  AppState& state = scene.state;
  if (!state.members_asked) {
    state.members_asked = true;
    ui.emit([](client::Client& c, Now n) { c.load_members(n); });
  }
  ui.open_node(kDetails, SemanticRole::kComplementary, area, "Room details");
  ui.canvas.fill(area, p.sidebar);
  Rect rest = area;
  Rect header = rest.take_top(ui.theme.control(60)).inset(space::k3, 0);
  const float side = ui.theme.control(scene.phone ? 44 : 36);
  const auto square = [&](Rect strip) {
    return Rect{strip.x, strip.centre().y - side / 2, side, side};
  };
  if (scene.phone) {
    if (icon_button(ui, child_id(kDetails, "back"), square(header.take_left(side)),
                    {.icon = Icon::kBack, .label = "Back to the messages", .icon_size = 24})) {
      state.details_open = false;
    }
  } else if (icon_button(ui, child_id(kDetails, "close"), square(header.take_right(side)),
                         {.icon = Icon::kClose, .label = "Close room details"})) {
    state.details_open = false;
  }
  header.take_left(space::k1);
  text_line(ui, header, "Details", {Face::kBold, 16, p.text});
  divider(ui, area.x, rest.y - 1, area.w);

  const ScrollArea scroll{child_id(kDetails, "scroll"), rest, &state.scrolls[kDetails]};
  const float content = state.contents[kDetails];
  float y = begin_scroll(ui, scroll, content);
  const float top = y;
  y += draw_summary(scene, rest, y);
  y += draw_protection_part(scene, rest, y);
  const float protection_bottom = y - top;
  const float row = ui.theme.control(40);
  const auto next_row = [&] {
    const Rect place{rest.x, y, rest.w, row};
    y += row;
    return place;
  };
  const bool member = room.role != wire::Role::kNone && room.role != wire::Role::kInvited;
  if (room.direct_with && action_row(scene, child_id(kDetails, "verify"), next_row(),
                                     Icon::kShieldCheck, "Verify " + room.name)) {
    ui.emit([user = *room.direct_with](client::Client& c, Now n) { c.look_at_identity(n, user); });
  }
  if (may_invite(room) &&
      action_row(scene, child_id(kDetails, "invite"), next_row(), Icon::kUserPlus,
                 "Invite people")) {
    state.open_dialog(DialogKind::kInvite);
  }
  if (room.can_manage && !room.direct_with &&
      action_row(scene, child_id(kDetails, "edit"), next_row(), Icon::kPencil,
                 "Edit name and topic")) {
    state.open_dialog(DialogKind::kEditRoom);
  }
  if (!ui.platform.public_origin().empty() &&
      action_row(scene, child_id(kDetails, "link"), next_row(), Icon::kLink,
                 "Copy link to the room")) {
    copy_text(scene, room_link(scene, room.room_id));
  }
  y += space::k3;
  divider(ui, rest.x + space::k4, y, rest.w - 2 * space::k4);
  y += space::k3;
  const std::string people = counted(room.member_count, "member", "members");
  text_line(ui, {rest.x + space::k5, y, rest.w, ui.theme.line(type::kSmall)}, people,
            {Face::kMedium, type::kSmall, p.text_muted});
  y += ui.theme.line(type::kSmall) + space::k1;
  const float person = ui.theme.control(50);
  if (room.members.empty()) {
    spinner(ui, {rest.centre().x, y + 24}, 20, p.text_muted);
    y += 56;
  }
  const Rect list{rest.x, y, rest.w, person * static_cast<float>(room.members.size())};
  ui.open_node(child_id(kDetails, "members"), SemanticRole::kList, list, people);
  for (const client::MemberView& one : room.members) {
    const Rect place{rest.x, y, rest.w, person};
    if (ui.canvas.visible(place) || room.members.size() <= 200) draw_member(scene, one, place);
    y += person;
  }
  ui.close_node();
  y += space::k3;
  divider(ui, rest.x + space::k4, y, rest.w - 2 * space::k4);
  y += space::k2;
  const RoomId id = room.room_id;
  if (member && action_row(scene, child_id(kDetails, "leave"), next_row(), Icon::kLogout,
                           "Leave the room", true)) {
    state.confirm = Confirm{
        "Leave " + room.name + "?",
        "You stop getting its messages. To come back you join it again, or need an "
        "invitation if it is not public.",
        "Leave", [&ui, id] { ui.emit([id](client::Client& c, Now n) { c.leave_room(n, id); }); }};
  }
  if (room.can_manage && action_row(scene, child_id(kDetails, "delete"), next_row(), Icon::kTrash,
                                    "Delete the room", true)) {
    state.confirm =
        Confirm{"Delete " + room.name + "?",
                "All its messages are deleted for everyone. This cannot be undone.", "Delete",
                [&ui, id] { ui.emit([id](client::Client& c, Now n) { c.delete_room(n, id); }); }};
  }
  y += space::k4;
  state.contents[kDetails] = y - top;
  if (std::exchange(state.show_protection, false)) {
    state.scrolls[kDetails] = std::max(0.0f, protection_bottom - rest.h);
    ui.request_frame();
  }
  if (content != y - top) ui.request_frame();
  end_scroll(ui, scroll, y - top);
  ui.canvas.line({area.x, area.y}, {area.x, area.bottom()}, p.border);
  ui.close_node();
}

}  // namespace parley::ui
