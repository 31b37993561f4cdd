// Settings: profile, appearance with live preview, messages, about; security.cpp has the rest.
#include <algorithm>
#include <array>

#include "client/ui/column.hpp"
#include "client/ui/views.hpp"
#include "shared/base/utf8.hpp"

namespace parley::ui {
namespace {

const Id kSettings = child_id(17, "settings");

struct Tab {
  SettingsTab tab;
  Icon icon;
  std::string_view name;
};
constexpr Tab kTabs[] = {{SettingsTab::kProfile, Icon::kUser, "Profile"},
                         {SettingsTab::kAppearance, Icon::kSun, "Appearance"},
                         {SettingsTab::kNotifications, Icon::kBell, "Messages"},
                         {SettingsTab::kSecurity, Icon::kShield, "Security"},
                         {SettingsTab::kAbout, Icon::kInfo, "About"}};

void change(Scene& scene, const client::Settings& settings) {
  if (settings == scene.app.settings) return;
  scene.ui.emit([settings](client::Client& c, Now n) { c.set_settings(n, settings); });
}

void draw_profile(Column& column) {
  Scene& scene = column.scene;
  Ui& ui = scene.ui;
  const client::SelfView& self = scene.app.self;
  const float side = ui.theme.control(64);
  Rect head = column.take(side, space::k4);
  avatar(ui, head.take_left(side).centre(), side, self.user.uuid, self.name);
  head.take_left(space::k4);
  const float first = ui.theme.line(type::kTitle), second = ui.theme.line(type::kSmall);
  const Rect top{head.x, head.centre().y - (first + second) / 2, head.w, first};
  text_line(ui, top, self.name, {Face::kBold, type::kTitle, scene.colors().text});
  text_line(ui, {top.x, top.bottom(), top.w, second}, "Guest on " + scene.app.login.server,
            {Face::kRegular, type::kSmall, scene.colors().text_muted});

  TextFieldLook look;
  look.label = "Name";
  look.options.max_bytes = wire::kMaxNameBytes;
  FieldState& name = column.field(child_id(kSettings, "name"), look, self.name);
  look.label = "Status";
  look.placeholder = "In a meeting until three";
  look.options.max_bytes = wire::kMaxStatusTextBytes;
  FieldState& status = column.field(child_id(kSettings, "status"), look, self.status_text);
  (void)take_changed(name);
  (void)take_changed(status);
  const bool name_changed = name.model.text() != self.name && !is_blank(name.model.text());
  const bool status_changed = status.model.text() != self.status_text;
  const bool name_submitted = take_submitted(name);
  const bool submitted = take_submitted(status) || name_submitted;
  if (column.act(child_id(kSettings, "save"), {.style = ButtonStyle::kPrimary,
                                               .label = "Save",
                                               .accessible = "Save name and status",
                                               .disabled = !name_changed && !status_changed}) ||
      submitted) {
    if (name_changed)
      ui.emit([n = name.model.text()](client::Client& c, Now now) { c.set_profile_name(now, n); });
    if (status_changed) {
      ui.emit([p = self.presence, t = status.model.text()](client::Client& c, Now now) {
        c.set_presence(now, p, t);
      });
    }
  }
  column.y += space::k1;
  column.label("Shown to others as");
  static constexpr std::array<std::string_view, 4> kNames = {"Online", "Away", "Busy", "Invisible"};
  static constexpr std::array<wire::PresenceStatus, 4> kValues = {
      wire::PresenceStatus::kOnline, wire::PresenceStatus::kAway, wire::PresenceStatus::kBusy,
      wire::PresenceStatus::kInvisible};
  int chosen = 0;
  for (std::size_t i = 0; i < kValues.size(); ++i) {
    if (kValues[i] == self.presence) chosen = static_cast<int>(i);
  }
  const int now = segmented(ui, child_id(kSettings, "presence"), column.take(ui.theme.control(38)),
                            "Shown to others as", kNames, chosen);
  if (now != chosen) {
    ui.emit([p = kValues[static_cast<std::size_t>(now)], t = self.status_text](
                client::Client& c, Now n) { c.set_presence(n, p, t); });
  }
  column.line();
  AppState& state = scene.state;
  if (column.act(child_id(kSettings, "sign out"), {.style = ButtonStyle::kSecondary,
                                                   .label = "Sign out",
                                                   .has_icon = true,
                                                   .icon = Icon::kLogout})) {
    state.confirm = Confirm{"Sign out?",
                            "What is kept on this device is erased. To come back as the same "
                            "person you need another device of yours or your recovery words.",
                            "Sign out", [&ui, &state] {
                              ui.emit([](client::Client& c, Now n) { c.sign_out(n); });
                              state.dialog = DialogKind::kNone;
                            }};
  }
}

void draw_preview(Column& column) {
  Scene& scene = column.scene;
  Ui& ui = scene.ui;
  const Palette& p = scene.colors();
  const float line = ui.theme.line(type::kBody);
  const Rect box = column.take(line * 3 + space::k6 + space::k2, space::k4);
  ui.canvas.fill(box, p.canvas, radius::kLarge);
  ui.canvas.stroke(box, p.border, radius::kLarge);
  Rect inside = box.inset(space::k4, space::k3);
  const float side = ui.theme.control(36);
  const Uuid grace{{7, 1, 9}};
  Rect picture = inside.take_left(side);
  avatar(ui, {picture.centre().x, picture.y + side / 2}, side, grace, "Grace Hopper");
  inside.take_left(space::k3);
  text_line(ui, inside.take_top(line), "Grace Hopper",
            {Face::kMedium, type::kBody, avatar_colors(p, grace).ink});
  text_line(ui, inside.take_top(line), "This is how messages look.",
            {Face::kRegular, type::kBody, p.text});
  text_line(ui, inside.take_top(line), "Links and names look like this.",
            {Face::kRegular, type::kBody, p.accent_text});
}

void draw_appearance(Column& column) {
  Scene& scene = column.scene;
  Ui& ui = scene.ui;
  client::Settings settings = scene.app.settings;
  column.label("Theme");
  static constexpr std::array<std::string_view, 3> kThemes = {"System", "Light", "Dark"};
  settings.theme = static_cast<client::Theme>(segmented(ui, child_id(kSettings, "theme"),
                                                        column.take(ui.theme.control(38)), "Theme",
                                                        kThemes, static_cast<int>(settings.theme)));
  column.y += space::k1;
  const auto percent = static_cast<int>(settings.text_percent);
  column.label("Text size: " + std::to_string(percent) + " %");
  settings.text_percent = static_cast<std::uint32_t>(
      slider(ui, child_id(kSettings, "size"), column.take(ui.theme.control(32)), "Text size",
             percent, 100, 200, 10, " %"));
  draw_preview(column);
  settings.reduce_motion =
      toggle(ui, child_id(kSettings, "motion"), column.take(ui.theme.control(52)), "Reduce motion",
             "No fades and no moving parts. Always on when the system asks for it.",
             settings.reduce_motion);
  change(scene, settings);
}

void draw_message_settings(Column& column) {
  Scene& scene = column.scene;
  Ui& ui = scene.ui;
  client::Settings settings = scene.app.settings;
  const float row = ui.theme.control(52);
  settings.enter_sends =
      toggle(ui, child_id(kSettings, "enter"), column.take(row), "Enter sends",
             "Otherwise Enter starts a new line and " + key_name(scene, "Ctrl+Enter") + " sends.",
             settings.enter_sends);
  settings.send_typing = toggle(ui, child_id(kSettings, "typing"), column.take(row),
                                "Show when I am typing", "", settings.send_typing);
  settings.send_read_markers =
      toggle(ui, child_id(kSettings, "read"), column.take(row), "Show what I have read",
             "Others see two coloured ticks when you have read their message.",
             settings.send_read_markers);
  column.line();
  const NotificationPermission permission = ui.platform.notification_permission();
  std::string_view detail = "For messages in rooms that are not in view.";
  if (permission == NotificationPermission::kDenied)
    detail = "Blocked by the system. Allow notifications there first.";
  if (permission == NotificationPermission::kUnavailable) detail = "Not available on this device.";
  const bool usable = permission == NotificationPermission::kDefault ||
                      permission == NotificationPermission::kGranted;
  const bool shown = settings.notifications && permission == NotificationPermission::kGranted;
  const bool wanted =
      toggle(ui, child_id(kSettings, "notify"), column.take(row), "Notifications", detail, shown);
  if (wanted != shown && usable) {
    settings.notifications = wanted;
    if (wanted && permission == NotificationPermission::kDefault)
      ui.platform.ask_notification_permission();
  }
  change(scene, settings);
}

void draw_about(Column& column) {
  Scene& scene = column.scene;
  Ui& ui = scene.ui;
  const float side = ui.theme.control(56);
  Rect head = column.take(side, space::k4);
  draw_brand(ui, head.take_left(side).centre(), side);
  head.take_left(space::k4);
  const float first = ui.theme.line(type::kTitle), second = ui.theme.line(type::kSmall);
  const Rect top{head.x, head.centre().y - (first + second) / 2, head.w, first};
  text_line(ui, top, "Parley", {Face::kBold, type::kTitle, scene.colors().text});
  text_line(ui, {top.x, top.bottom(), top.w, second}, "Version " + scene.options.version,
            {Face::kRegular, type::kSmall, scene.colors().text_muted});
  column.note(
      "Chat on a server of your own. Open rooms can be read by the server; private rooms only by "
      "their members.");
  if (!scene.app.login.server.empty()) column.note("Connected to " + scene.app.login.server + ".");
  if (column.act(child_id(kSettings, "shortcuts"),
                 {.label = "Keyboard shortcuts", .has_icon = true, .icon = Icon::kKeyboard})) {
    scene.state.open_dialog(DialogKind::kShortcuts);
  }
  column.note(
      "Typefaces: Inter and JetBrains Mono, SIL Open Font License 1.1. Drawn with Dear ImGui, MIT "
      "licence.");
}

void choose_tab(Scene& scene, SettingsTab tab) {
  scene.state.settings_tab = tab;
  scene.state.scrolls[kSettings] = 0;
  if (tab == SettingsTab::kSecurity)
    scene.ui.emit([](client::Client& c, Now n) { c.load_devices(n); });
}

void draw_tabs(Scene& scene, Rect area) {
  Ui& ui = scene.ui;
  const Palette& p = scene.colors();
  ui.open_node(child_id(kSettings, "tabs"), SemanticRole::kTabList, area, "Settings");
  const float step =
      scene.phone ? area.w / static_cast<float>(std::size(kTabs)) : ui.theme.control(40);
  for (const Tab& tab : kTabs) {
    const Rect place = scene.phone ? area.take_left(step) : area.take_top(step);
    const bool on = scene.state.settings_tab == tab.tab;
    const Id id = child_id(child_id(kSettings, "tab"), tab.name);
    const Response use = ui.interact({.id = id,
                                      .rect = place,
                                      .role = SemanticRole::kTab,
                                      .label = tab.name,
                                      .group = kSettings});
    ui.last_node().selectable = true;
    ui.last_node().selected = on;
    const Rect ground = place.inset(1);
    ui.canvas.fill(ground, on ? p.accent_soft : p.hover.with_alpha(use.hovered ? 1.0f : 0.0f),
                   radius::kMedium);
    if (use.focus_visible) ui.draw_focus_ring(ground.inset(1), radius::kMedium);
    const Color ink = on ? p.on_accent_soft : p.text;
    if (scene.phone) {
      ui.canvas.icon(tab.icon, {ground.centre().x, ground.y + ground.h * 0.34f}, scene.size(20),
                     ink);
      text_centred(ui, {ground.x, ground.y + ground.h * 0.56f, ground.w, ground.h * 0.4f}, tab.name,
                   {Face::kMedium, 10.5f, ink});
    } else {
      Rect inside = ground.inset(space::k3, 0);
      ui.canvas.icon(tab.icon, inside.take_left(scene.size(20)).centre(), scene.size(18), ink);
      inside.take_left(space::k2);
      text_line(ui, inside, tab.name, {on ? Face::kMedium : Face::kRegular, type::kBody, ink});
    }
    if (use.clicked) choose_tab(scene, tab.tab);
  }
  ui.close_node();
}

}  // namespace

void open_settings(Scene& scene, SettingsTab tab) {
  scene.state.settings_tab = tab;
  scene.state.scrolls[kSettings] = 0;
  scene.state.open_dialog(DialogKind::kSettings);
}

void draw_settings(Scene& scene) {
  Ui& ui = scene.ui;
  bool open = true;
  Rect inside =
      begin_dialog(ui, kSettings, {"Settings", 720, scene.phone ? 2000.0f : 560.0f}, open);
  if (scene.state.dialog_fresh && scene.state.settings_tab == SettingsTab::kSecurity)
    choose_tab(scene, SettingsTab::kSecurity);
  if (scene.phone) {
    draw_tabs(scene, inside.take_top(ui.theme.control(56)));
    inside.take_top(space::k3);
  } else {
    draw_tabs(scene, inside.take_left(std::min(ui.theme.control(170), inside.w * 0.36f)));
    inside.take_left(space::k6);
  }
  // A little room around the column, so that outlines of fields and focus rings are not cut.
  const Rect area = inside.inset(-space::k1, 0);
  const float content = scene.state.contents[kSettings];
  const ScrollArea scroll{child_id(kSettings, "scroll"), area, &scene.state.scrolls[kSettings]};
  const float top = begin_scroll(ui, scroll, content);
  Column column{scene, kSettings, inside.x, top + 2, inside.w - space::k3};
  switch (scene.state.settings_tab) {
    case SettingsTab::kProfile:
      draw_profile(column);
      break;
    case SettingsTab::kAppearance:
      draw_appearance(column);
      break;
    case SettingsTab::kNotifications:
      draw_message_settings(column);
      break;
    case SettingsTab::kSecurity:
      draw_security(column);
      break;
    case SettingsTab::kAbout:
      draw_about(column);
      break;
  }
  const float used = column.y - top;
  if (content != used) ui.request_frame();
  scene.state.contents[kSettings] = used;
  end_scroll(ui, scroll, used);
  follow_focus(ui, kSettings, scroll);
  end_dialog(ui);
  if (!open) {
    scene.state.dialog = DialogKind::kNone;
    ui.blur_layer();
    ui.request_frame();
  }
}

}  // namespace parley::ui
