// Dialogs about rooms: browse, join, invite, edit; the list of shortcuts.
#include <algorithm>
#include <array>

#include "client/ui/column.hpp"
#include "client/ui/format.hpp"
#include "client/ui/views.hpp"
#include "shared/base/utf8.hpp"

namespace parley::ui {
namespace {

const Id kDialog = child_id(10, "dialog");

void hint(Scene& scene, Rect& area, std::string_view words) {
  const TextLook look{Face::kRegular, type::kSmall, scene.colors().text_muted};
  const float height = text_wrapped(scene.ui, area.min(), area.w, words, look);
  scene.ui.node(child_id(kDialog, words), SemanticRole::kText, {area.x, area.y, area.w, height},
                words);
  area.take_top(height + space::k3);
}

// The main one is 0, Cancel 1; -1: none.
int main_buttons(Column& column, std::string_view label, bool ready) {
  const ButtonLook looks[] = {{.style = ButtonStyle::kPrimary, .label = label, .disabled = !ready},
                              {.label = "Cancel"}};
  return column.acts(looks);
}

void draw_listing(Scene& scene, const wire::RoomListing& room, const Rect& rect) {
  Ui& ui = scene.ui;
  const Palette& p = scene.colors();
  const Id id = child_id(child_id(kDialog, "listing"), std::hash<RoomId>{}(room.room_id));
  ui.open_node(id, SemanticRole::kListItem, rect, {});
  const std::string people = counted(room.members, "member", "members");
  const std::string below = room.topic.empty() ? people : people + "  \xc2\xb7  " + room.topic;
  const ButtonLook look{.style = room.joined ? ButtonStyle::kSecondary : ButtonStyle::kPrimary,
                        .label = room.joined ? "Open" : "Join"};
  const std::string accessible = std::string(look.label) + " " + room.name + ", " + below;
  Rect inside = rect;
  const float width = std::max(button_width(ui, look), ui.theme.control(72));
  Rect place = inside.take_right(width);
  place = {place.x, place.centre().y - ui.theme.control(17), place.w, ui.theme.control(34)};
  inside.take_right(space::k3);
  ButtonLook named = look;
  named.accessible = accessible;
  if (button(ui, child_id(id, "go"), place, named)) {
    const RoomId room_id = room.room_id;
    if (!room.joined) ui.emit([room_id](client::Client& c, Now n) { c.join_room(n, room_id); });
    ui.emit([room_id](client::Client& c, Now n) { c.open_room(n, room_id); });
    scene.state.page = Page::kTimeline;
    close_dialog(scene);
  }
  const float side = ui.theme.control(40);
  room_avatar(ui, inside.take_left(side).centre(), side, room.room_id.uuid, room.name);
  inside.take_left(space::k3);
  const float first = ui.theme.line(type::kBody), second = ui.theme.line(type::kSmall);
  const Rect top{inside.x, inside.centre().y - (first + second) / 2, inside.w, first};
  text_line(ui, top, room.name, {Face::kMedium, type::kBody, p.text});
  text_line(ui, {top.x, top.bottom(), top.w, second}, below,
            {Face::kRegular, type::kSmall, p.text_muted});
  ui.close_node();
}

void draw_invite_row(Scene& scene, const wire::InviteInfo& invite, const Rect& rect) {
  Ui& ui = scene.ui;
  const Palette& p = scene.colors();
  const Id id = child_id(child_id(kDialog, "invite"), std::hash<InviteId>{}(invite.invite_id));
  ui.open_node(id, SemanticRole::kListItem, rect, {});
  ui.canvas.fill(rect.inset(0, 3), p.code, radius::kMedium);
  Rect inside = rect.inset(space::k3, 3);
  const float side = ui.theme.control(34);
  const auto square = [&](Rect strip) {
    return Rect{strip.x, strip.centre().y - side / 2, side, side};
  };
  if (icon_button(ui, child_id(id, "revoke"), square(inside.take_right(side)),
                  {.icon = Icon::kTrash, .label = "Withdraw this invitation"})) {
    ui.emit([room = invite.room_id, which = invite.invite_id](client::Client& c, Now n) {
      c.revoke_invite(n, room, which);
    });
  }
  if (icon_button(ui, child_id(id, "copy"), square(inside.take_right(side)),
                  {.icon = Icon::kCopy, .label = "Copy the invitation link"})) {
    copy_text(scene, invite_link(scene, invite.code));
    scene.state.invite_wanted_code = invite.code;
  }
  inside.take_right(space::k2);
  const float first = ui.theme.line(14), second = ui.theme.line(type::kCaption);
  const Rect top{inside.x, inside.centre().y - (first + second) / 2, inside.w, first};
  const std::string link = invite_link(scene, invite.code);
  text_line(ui, top, link, {Face::kMedium, 14, p.text});
  std::string below = invite.expires.ms == 0 ? "Never expires"
                                             : "Expires " + time_left(invite.expires, ui.now.wall);
  below += "  \xc2\xb7  used " + counted(invite.uses, "time", "times");
  if (invite.max_uses > 0) below += " of " + std::to_string(invite.max_uses);
  const bool copied = scene.state.invite_wanted_code == invite.code;
  const bool keyless = scene.app.room->settings.kind == wire::RoomKind::kPrivate &&
                       invite.code.find('#') == std::string::npos;
  if (keyless) {
    const bool all = scene.app.room->settings.history == wire::HistoryAccess::kAll;
    below = copied ? "Copied, without the key to " : "Made on another device: without the key to ";
    below += all ? "earlier messages" : "the room's name";
  } else if (copied) {
    below = "Copied. Send it to the people you want here.";
  }
  text_line(ui, {top.x, top.bottom(), top.w, second}, below,
            {Face::kRegular, type::kCaption, p.text_muted});
  ui.node(child_id(id, "words"), SemanticRole::kText, rect, link + ". " + below);
  ui.close_node();
}

}  // namespace

void close_dialog(Scene& scene) {
  scene.state.dialog = DialogKind::kNone;
  scene.ui.blur_layer();
  scene.ui.request_frame();
}

void draw_browse(Scene& scene) {
  Ui& ui = scene.ui;
  const client::DirectoryView& directory = scene.app.directory;
  bool open = true;
  Rect inside = begin_dialog(ui, kDialog, {"Public rooms", 560, 600}, open);
  const Id field_id = child_id(kDialog, "search");
  TextFieldLook look;
  look.role = SemanticRole::kSearchBox;
  look.label = "Search public rooms";
  look.placeholder = "Search by name or topic";
  look.options.max_bytes = wire::kMaxQueryBytes;
  look.has_icon = true;
  if (scene.state.dialog_fresh) {
    ui.field(field_id, look.options).model.set_text({});
    if (!(scene.phone && ui.touch())) ui.focus(field_id);
    ui.emit([](client::Client& c, Now n) { c.search_directory(n, {}); });
  }
  FieldState& query = text_field(ui, field_id, inside.take_top(ui.theme.control(40)), look);
  if (take_changed(query) || take_submitted(query)) {
    ui.emit([text = query.model.text()](client::Client& c, Now n) { c.search_directory(n, text); });
  }
  inside.take_top(space::k2);
  if (!directory.error.empty()) {
    empty_state(ui, inside, Icon::kWarning, "The list could not be loaded", directory.error);
  } else if (directory.rooms.empty() && directory.loading) {
    spinner(ui, inside.centre(), 24, scene.colors().text_muted);
    ui.node(child_id(kDialog, "loading"), SemanticRole::kStatus, inside, "Loading rooms").busy =
        true;
  } else if (directory.rooms.empty()) {
    empty_state(ui, inside, Icon::kCompass,
                query.model.text().empty() ? "No public rooms yet" : "Nothing found",
                query.model.text().empty() ? "Create the first one: others will find it here."
                                           : "Try fewer or other words.");
  } else {
    const float row = ui.theme.control(62);
    const float content = row * static_cast<float>(directory.rooms.size());
    const Rect list = inside.inset(-space::k2, 0);
    const ScrollArea scroll{child_id(kDialog, "list"), list, &scene.state.scrolls[kDialog]};
    ui.open_node(child_id(kDialog, "rooms"), SemanticRole::kList, list, "Public rooms");
    float y = begin_scroll(ui, scroll, content);
    for (const wire::RoomListing& room : directory.rooms) {
      const Rect place{list.x + space::k2, y, list.w - space::k2 - space::k4, row};
      if (ui.canvas.visible(place)) draw_listing(scene, room, place);
      y += row;
    }
    if (directory.more && !directory.loading && y < list.bottom() + row) {
      ui.emit([](client::Client& c, Now n) { c.load_more_directory(n); });
    }
    end_scroll(ui, scroll, content);
    ui.close_node();
  }
  end_dialog(ui);
  if (!open) close_dialog(scene);
}

void draw_join_by_code(Scene& scene) {
  Ui& ui = scene.ui;
  const Id field_id = child_id(kDialog, "code");
  TextFieldLook look;
  look.label = "Invitation link or code";
  look.placeholder = "Paste it here";
  look.options.max_bytes = 512;
  if (scene.state.dialog_fresh && !(scene.phone && ui.touch())) ui.focus(field_id);
  bool done = false;
  const bool open =
      column_dialog(scene, kDialog, "Join with an invitation", 440, [&](Column& column) {
        FieldState& code = column.field(field_id, look, scene.state.invite_wanted_code);
        column.note(
            "Somebody in the room sends you the link. It may have expired or been withdrawn; then "
            "ask "
            "for a new one.");
        (void)take_changed(code);
        const bool ready = !is_blank(code.model.text());
        const int chosen = main_buttons(column, "Join", ready);
        done = chosen == 1;
        if (!(chosen == 0 || take_submitted(code)) || !ready) return;
        std::string text = code.model.text();
        while (!text.empty() && (text.back() == ' ' || text.back() == '/' || text.back() == '\n'))
          text.pop_back();
        if (const std::size_t at = text.rfind("/i/"); at != std::string::npos)
          text = text.substr(at + 3);
        while (!text.empty() && text.front() == ' ') text.erase(0, 1);
        ui.emit([text](client::Client& c, Now n) { c.join_by_code(n, text); });
        scene.state.page = Page::kTimeline;
        done = true;
      });
  if (open && !done) return;
  scene.state.invite_wanted_code.clear();
  close_dialog(scene);
}

void draw_invite(Scene& scene) {
  Ui& ui = scene.ui;
  if (!scene.app.room) return close_dialog(scene);
  const RoomId room = scene.app.room->room_id;
  bool open = true;
  const std::string title = "Invite to " + scene.app.room->name;
  Rect inside = begin_dialog(ui, kDialog, {title, 520, 480}, open);
  if (scene.state.dialog_fresh) {
    scene.state.invite_wanted_code.clear();
    ui.emit([room](client::Client& c, Now n) { c.load_invites(n, room); });
  }
  hint(scene, inside, "Whoever has the link can join until it expires or you withdraw it.");
  static constexpr std::array<std::string_view, 4> kExpiry = {"1 hour", "1 day", "7 days", "Never"};
  static constexpr std::array<std::uint32_t, 4> kSeconds = {3600, 86'400, 604'800, 0};
  text_line(ui, inside.take_top(ui.theme.line(type::kSmall) + 2), "The link expires after",
            {Face::kMedium, type::kSmall, scene.colors().text});
  scene.state.invite_expiry =
      segmented(ui, child_id(kDialog, "expiry"), inside.take_top(ui.theme.control(38)),
                "The link expires after", kExpiry, scene.state.invite_expiry);
  inside.take_top(space::k3);
  const ButtonLook make{.style = ButtonStyle::kPrimary,
                        .label = "Create a link",
                        .has_icon = true,
                        .icon = Icon::kLink};
  Rect row = inside.take_top(button_height(ui));
  if (button(ui, child_id(kDialog, "make"), row.take_left(button_width(ui, make)), make)) {
    const std::uint32_t expires = kSeconds[static_cast<std::size_t>(scene.state.invite_expiry)];
    ui.emit([room, expires](client::Client& c, Now n) { c.create_invite(n, room, expires, 0); });
  }
  inside.take_top(space::k4);
  const client::InvitesView& invites = scene.app.invites;
  const bool ours = invites.room == room;
  if (ours && !invites.invites.empty()) {
    const float height = ui.theme.control(58);
    const float content = height * static_cast<float>(invites.invites.size());
    const ScrollArea scroll{child_id(kDialog, "invites"), inside,
                            &scene.state.scrolls[child_id(kDialog, "invites")]};
    ui.open_node(child_id(kDialog, "invite list"), SemanticRole::kList, inside, "Invitations");
    float y = begin_scroll(ui, scroll, content);
    for (const wire::InviteInfo& invite : invites.invites) {
      const Rect place{inside.x, y, inside.w, height};
      if (ui.canvas.visible(place)) draw_invite_row(scene, invite, place);
      y += height;
    }
    end_scroll(ui, scroll, content);
    ui.close_node();
  } else if (!ours || invites.loading) {
    spinner(ui, {inside.centre().x, inside.y + 30}, 22, scene.colors().text_muted);
  } else {
    text_line(ui, inside.take_top(ui.theme.line(14)), "No invitations yet.",
              {Face::kRegular, 14, scene.colors().text_muted});
  }
  end_dialog(ui);
  if (!open) {
    scene.state.invite_wanted_code.clear();
    close_dialog(scene);
  }
}

void draw_edit_room(Scene& scene) {
  Ui& ui = scene.ui;
  if (!scene.app.room) return close_dialog(scene);
  const client::RoomView& room = *scene.app.room;
  const bool sealed = room.settings.kind == wire::RoomKind::kPrivate;
  int& access = scene.state.create_access;
  const Id name_id = child_id(kDialog, "edit name");
  if (scene.state.dialog_fresh) {
    access = room.settings.access == wire::RoomAccess::kPublic ? 0 : 1;
    if (!(scene.phone && ui.touch())) ui.focus(name_id);
  }
  bool done = false;
  const bool open = column_dialog(scene, kDialog, "Edit the room", 460, [&](Column& column) {
    TextFieldLook look;
    look.label = "Name";
    look.options.max_bytes = wire::kMaxNameBytes;
    FieldState& name = column.field(name_id, look, room.name);
    look.label = "Topic";
    look.role = SemanticRole::kMultiLineTextBox;
    look.options.multi_line = true;
    look.options.enter_submits = false;
    look.options.max_bytes = wire::kMaxTopicBytes;
    FieldState& topic = column.field(child_id(kDialog, "edit topic"), look, room.topic);
    // Who is in a private room is always asked.
    if (!sealed) access_choice(column, child_id(kDialog, "access"), access);
    (void)take_changed(name);
    (void)take_changed(topic);
    const bool ready = !is_blank(name.model.text());
    const int chosen = main_buttons(column, "Save", ready);
    done = chosen == 1;
    const bool submitted = take_submitted(name) || take_submitted(topic);
    if (!(chosen == 0 || submitted) || !ready) return;
    std::optional<std::string> new_name, new_topic;
    std::optional<wire::RoomAccess> new_access;
    if (name.model.text() != room.name) new_name = name.model.text();
    if (topic.model.text() != room.topic) new_topic = topic.model.text();
    if (!sealed && chosen_access(access) != room.settings.access)
      new_access = chosen_access(access);
    if (new_name || new_topic || new_access) {
      ui.emit([=, id = room.room_id](client::Client& c, Now n) {
        c.update_room(n, id, new_name, new_topic, new_access);
      });
    }
    done = true;
  });
  if (!open || done) close_dialog(scene);
}

void draw_shortcuts(Scene& scene) {
  Ui& ui = scene.ui;
  struct Row {
    std::string_view keys;
    std::string_view what;
  };
  static constexpr Row kRows[] = {{"Ctrl+K", "Go to a room"},
                                  {"Ctrl+F", "Find in the room (again: in the page)"},
                                  {"Ctrl+Shift+F", "Search messages in all rooms"},
                                  {"Alt+Up", "Room above"},
                                  {"Alt+Down", "Room below"},
                                  {"Alt+Shift+Up", "Unread room above"},
                                  {"Alt+Shift+Down", "Unread room below"},
                                  {"Enter", "Send"},
                                  {"Shift+Enter", "New line"},
                                  {"Up", "Edit the last message (empty composer)"},
                                  {"Page Up", "Older messages"},
                                  {"Page Down", "Newer messages"},
                                  {"Ctrl+End", "Newest message"},
                                  {"Tab", "Next control"},
                                  {"Esc", "Close, cancel"},
                                  {"Ctrl+/", "This list"}};
  bool open = true;
  const float row = 36;
  Rect inside =
      begin_dialog(ui, kDialog, {"Keyboard shortcuts", 460, row * std::size(kRows) + 110}, open);
  const float content = ui.theme.control(row) * std::size(kRows);
  const ScrollArea scroll{child_id(kDialog, "shortcuts"), inside,
                          &scene.state.scrolls[child_id(kDialog, "shortcuts")]};
  float y = begin_scroll(ui, scroll, content);
  const bool enter_sends = scene.app.settings.enter_sends;
  for (const Row& entry : kRows) {
    Rect line{inside.x, y, inside.w, ui.theme.control(row)};
    std::string keys = key_name(scene, entry.keys);
    if (!enter_sends && entry.what == "Send") keys = key_name(scene, "Ctrl+Enter");
    if (!enter_sends && entry.what == "New line") keys = "Enter";
    ui.node(child_id(kDialog, entry.keys), SemanticRole::kListItem, line,
            std::string(entry.what) + ": " + keys);
    const Font font{Face::kMedium, scene.size(type::kSmall)};
    const float width = ui.canvas.label_width(keys, font) + scene.size(16);
    const Rect cap = line.take_right(width).inset(0, (line.h - scene.size(24)) / 2);
    ui.canvas.fill(cap, scene.colors().code, radius::kSmall);
    ui.canvas.stroke(cap, scene.colors().border, radius::kSmall);
    text_centred(ui, cap, keys, {Face::kMedium, type::kSmall, scene.colors().text_muted});
    text_line(ui, line, entry.what, {Face::kRegular, type::kBody, scene.colors().text});
    y += ui.theme.control(row);
  }
  end_scroll(ui, scroll, content);
  end_dialog(ui);
  if (!open) close_dialog(scene);
}

void draw_dialogs(Scene& scene) {
  const bool search = scene.state.dialog == DialogKind::kSearch;
  if (std::exchange(scene.state.search_shown, search) && !search) {
    scene.ui.emit([](client::Client& c, Now n) { c.end_search(n); });
  }
  switch (scene.state.dialog) {
    case DialogKind::kNone:
      return;
    case DialogKind::kCreateRoom:
      draw_create_room(scene);
      break;
    case DialogKind::kBrowse:
      draw_browse(scene);
      break;
    case DialogKind::kJoinByCode:
      draw_join_by_code(scene);
      break;
    case DialogKind::kInvite:
      draw_invite(scene);
      break;
    case DialogKind::kEditRoom:
      draw_edit_room(scene);
      break;
    case DialogKind::kSettings:
      draw_settings(scene);
      break;
    case DialogKind::kShortcuts:
      draw_shortcuts(scene);
      break;
    case DialogKind::kSwitcher:
      draw_switcher(scene);
      break;
    case DialogKind::kSearch:
      draw_message_search(scene);
      break;
    case DialogKind::kRecover:
      draw_recover(scene);
      break;
    case DialogKind::kLinkThis:
      draw_link_this(scene);
      break;
  }
  if (std::exchange(scene.state.dialog_fresh, false)) scene.ui.request_frame();
}

}  // namespace parley::ui
