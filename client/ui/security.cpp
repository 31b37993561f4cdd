// Settings, Security: recovery words and the devices of the account.
#include <algorithm>

#include "client/ui/column.hpp"
#include "client/ui/format.hpp"
#include "client/ui/views.hpp"

namespace parley::ui {
namespace {

using client::AccountKeys;

const Id kSecurity = child_id(17, "security");

void draw_words(Column& column, const std::vector<std::string>& words) {
  Scene& scene = column.scene;
  Ui& ui = scene.ui;
  const Palette& p = scene.colors();
  const std::size_t across = column.w < scene.size(380) ? 2 : 3;
  const std::size_t down = (words.size() + across - 1) / across;
  const float row = ui.theme.control(34);
  const Rect box = column.take(row * static_cast<float>(down) + 2 * space::k2);
  ui.canvas.fill(box, p.code, radius::kLarge);
  ui.open_node(child_id(kSecurity, "words"), SemanticRole::kList, box, "Recovery words");
  const float step = (box.w - 2 * space::k3) / static_cast<float>(across);
  for (std::size_t i = 0; i < words.size(); ++i) {
    Rect place{box.x + space::k3 + step * static_cast<float>(i / down),
               box.y + space::k2 + row * static_cast<float>(i % down), step, row};
    const std::string number = std::to_string(i + 1);
    ui.node(child_id(child_id(kSecurity, "word"), i), SemanticRole::kListItem, place,
            number + ": " + words[i]);
    const float width = scene.size(22);
    text_line(ui, place.take_left(width), number, {Face::kRegular, type::kSmall, p.text_muted});
    place.take_left(space::k1);
    text_line(ui, place, words[i], {Face::kMono, type::kBody, p.text});
  }
  ui.close_node();
}

void draw_recovery(Column& column) {
  Scene& scene = column.scene;
  Ui& ui = scene.ui;
  const client::KeysView& keys = scene.app.keys;
  column.title("Recovery words");
  if (!keys.recovery_words.empty()) {
    column.note(
        "Write these words down in this order, and keep them where only you find them. Whoever "
        "has them can read your private rooms. Words you had before do not work any more.");
    draw_words(column, keys.recovery_words);
    if (column.act(child_id(kSecurity, "written"),
                   {.style = ButtonStyle::kPrimary, .label = "I have written them down"}))
      ui.emit([](client::Client& c, Now n) { c.hide_recovery_words(n); });
    return;
  }
  const auto make = [&ui] { ui.emit([](client::Client& c, Now n) { c.make_recovery_words(n); }); };
  if (!keys.has_recovery) {
    column.note(
        keys.recovery_outdated
            ? "The words that you have do not open what was said after a device was removed from "
              "your account. Make new ones and write them down; the old ones stop working."
            : "17 words that bring back your name and your private rooms when all your devices are "
              "lost. There is no other way: nobody can reset them for you.");
    if (column.act(child_id(kSecurity, "make"),
                   {.style = ButtonStyle::kPrimary, .label = "Make recovery words"}))
      make();
    return;
  }
  column.note(
      "You have recovery words. If you cannot find them any more, or somebody saw them, make new "
      "ones: the old ones stop working.");
  if (column.act(child_id(kSecurity, "make"), {.label = "Make new words"})) {
    scene.state.confirm =
        Confirm{"Make new recovery words?", "The words you wrote down before stop working.",
                "Make new words", make};
  }
}

// What a device may do and where it is.
std::string device_words(const Scene& scene, const wire::DeviceInfo& device, bool trusted) {
  std::string words = device.current ? "This device"
                      : device.connected
                          ? "Connected now"
                          : last_seen(scene.ui.platform, device.last_seen, scene.ui.now.wall);
  if (!trusted && scene.app.keys.state == AccountKeys::kReady) words += "  \xc2\xb7  not linked";
  return words;
}

void draw_device(Column& column, const wire::DeviceInfo& device) {
  Scene& scene = column.scene;
  Ui& ui = scene.ui;
  const Palette& p = scene.colors();
  const auto& signed_ones = scene.app.devices.trusted;
  const bool trusted =
      std::find(signed_ones.begin(), signed_ones.end(), device.device_id) != signed_ones.end();
  const std::string name = device.name.empty() ? "Unnamed device" : device.name;
  const Id id = child_id(child_id(kSecurity, "device"), std::hash<DeviceId>{}(device.device_id));
  Rect row = column.take(ui.theme.control(56), space::k1);
  ui.open_node(id, SemanticRole::kListItem, row, {});
  const float side = ui.theme.control(38);
  const Rect sign = row.take_left(side);
  ui.canvas.circle(sign.centre(), side / 2, p.accent_soft);
  ui.canvas.icon(Icon::kMonitor, sign.centre(), ui.theme.control(19), p.on_accent_soft);
  row.take_left(space::k3);
  if (!device.current) {
    const std::string accessible = "Sign out " + name;
    const ButtonLook end{.label = "Sign out", .accessible = accessible};
    const float width = button_width(ui, end);
    Rect place = row.take_right(width);
    place = {place.x, place.centre().y - ui.theme.control(17), width, ui.theme.control(34)};
    if (button(ui, child_id(id, "sign out"), place, end)) {
      scene.state.confirm =
          Confirm{"Sign out " + name + "?",
                  "It is signed out at once and cannot read what is written from then on.",
                  "Sign out", [&ui, which = device.device_id] {
                    ui.emit([which](client::Client& c, Now n) { c.revoke_device(n, which); });
                  }};
    }
    row.take_right(space::k2);
  }
  const float first = ui.theme.line(type::kBody), second = ui.theme.line(type::kSmall);
  const Rect top{row.x, row.centre().y - (first + second) / 2, row.w, first};
  const std::string below = device_words(scene, device, trusted);
  const float badge = trusted ? scene.size(20) : 0;
  const float width = text_line(ui, {top.x, top.y, top.w - badge, top.h}, name,
                                {Face::kMedium, type::kBody, p.text});
  if (trusted) {
    ui.canvas.icon(Icon::kShieldCheck, {top.x + width + scene.size(12), top.centre().y},
                   scene.size(15), p.success_text);
  }
  const bool odd = !trusted && scene.app.keys.state == AccountKeys::kReady;
  text_line(ui, {top.x, top.bottom(), top.w, second}, below,
            {Face::kRegular, type::kSmall,
             odd              ? p.attention_text
             : device.current ? p.success_text
                              : p.text_muted});
  ui.node(child_id(id, "words"), SemanticRole::kText, row,
          name + ", " + below + (trusted ? ", linked" : ""));
  ui.close_node();
}

}  // namespace

void draw_security(Column& column) {
  Scene& scene = column.scene;
  Ui& ui = scene.ui;
  const client::KeysView& keys = scene.app.keys;
  if (keys.state == AccountKeys::kReady) {
    draw_recovery(column);
    column.line();
  } else if (!keys.text.empty()) {
    const bool trouble = keys.state == AccountKeys::kLocked || keys.state == AccountKeys::kRevoked;
    column.remark(trouble ? Icon::kWarning : Icon::kInfo,
                  trouble ? scene.colors().attention_text : scene.colors().text_muted, keys.text,
                  SemanticRole::kStatus);
    if (keys.state == AccountKeys::kLocked) {
      if (column.act(child_id(kSecurity, "link this"),
                     {.style = ButtonStyle::kPrimary, .label = "Link with another device"}))
        scene.state.open_dialog(DialogKind::kLinkThis);
      if (column.act(child_id(kSecurity, "recover"), {.label = "Use recovery words"}))
        scene.state.open_dialog(DialogKind::kRecover);
      if (column.act(child_id(kSecurity, "afresh"),
                     {.style = ButtonStyle::kGhost, .label = "Start afresh..."}))
        ask_start_afresh(scene);
    }
    column.line();
  }
  column.title("Devices");
  column.note("Where you are signed in. Sign out a device that you no longer use or have lost.");
  if (keys.state == AccountKeys::kReady &&
      column.act(child_id(kSecurity, "link"),
                 {.label = "Link a device", .has_icon = true, .icon = Icon::kLink}))
    ui.emit([](client::Client& c, Now n) { c.start_link(n); });
  const client::DevicesView& devices = scene.app.devices;
  if (devices.devices.empty()) {
    const Rect place = column.take(60);
    if (devices.loading)
      spinner(ui, place.centre(), 22, scene.colors().text_muted);
    else
      text_line(ui, place, "The list is not here yet. It needs a connection.",
                {Face::kRegular, 14, scene.colors().text_muted});
  }
  for (const wire::DeviceInfo& device : devices.devices) draw_device(column, device);
}

}  // namespace parley::ui
