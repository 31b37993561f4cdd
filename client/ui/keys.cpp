// The account's keys on this device: what is said above the rooms, and how a locked device gets in.
#include <algorithm>

#include "client/ui/column.hpp"
#include "client/ui/views.hpp"
#include "shared/base/utf8.hpp"

namespace parley::ui {
namespace {

using client::AccountKeys;

const Id kKeys = child_id(24, "keys");

struct Notice {
  Icon icon;
  bool warns;
  std::string_view title;
  std::string_view text;
  std::span<const ButtonLook> acts;
  bool closes = false;
};

// Draws the card and its buttons; returns its height and which button was pressed, acts.size() for
// the closing one.
float draw_card(Scene& scene, const Rect& area, const Notice& notice, int& chosen) {
  Ui& ui = scene.ui;
  const Palette& p = scene.colors();
  const float width = area.w - 2 * space::k3;
  const float inner = width - 2 * space::k3;
  const float sign = scene.size(18) + space::k2;
  const float cross = notice.closes ? ui.theme.control(scene.phone ? 40 : 28) : 0;
  const Color ink = notice.warns ? p.on_warning_soft : p.on_accent_soft;
  const TextLook heading{Face::kMedium, 14, ink};
  const TextLook body{Face::kRegular, type::kSmall, ink};
  const float title = text_wrapped_height(ui, inner - sign - cross, notice.title, heading, 3);
  const float text = text_wrapped_height(ui, inner, notice.text, body, 8);
  const float row = button_height(ui) + space::k2;
  const Rect card{area.x + space::k3, area.y + space::k1, width,
                  2 * space::k3 + title + space::k1 + text + space::k1 +
                      row * static_cast<float>(notice.acts.size())};
  ui.open_node(kKeys, SemanticRole::kGroup, card, notice.title);
  ui.canvas.fill(card, notice.warns ? p.warning_soft : p.accent_soft, radius::kLarge);
  Rect inside = card.inset(space::k3);
  const float line = ui.theme.line(14);
  ui.canvas.icon(notice.icon, {inside.x + scene.size(9), inside.y + line / 2}, scene.size(17), ink);
  text_wrapped(ui, {inside.x + sign, inside.y}, inner - sign - cross, notice.title, heading, 3);
  if (notice.closes) {
    const Rect place{card.right() - cross - space::k1, card.y + space::k1, cross, cross};
    if (icon_button(ui, child_id(kKeys, "later"), place,
                    {.icon = Icon::kClose, .label = "Not now", .icon_size = 16}))
      chosen = static_cast<int>(notice.acts.size());
  }
  inside.take_top(title + space::k1);
  text_wrapped(ui, inside.min(), inner, notice.text, body, 8);
  ui.node(child_id(kKeys, "text"), notice.warns ? SemanticRole::kAlert : SemanticRole::kStatus,
          card, std::string(notice.title) + ". " + std::string(notice.text));
  inside.take_top(text + space::k1);
  for (std::size_t i = 0; i < notice.acts.size(); ++i) {
    inside.take_top(space::k2);
    if (button(ui, child_id(kKeys, notice.acts[i].label), inside.take_top(button_height(ui)),
               notice.acts[i]))
      chosen = static_cast<int>(i);
  }
  ui.close_node();
  return card.h + space::k1 + space::k2;
}

void ask_sign_out(Scene& scene) {
  scene.state.confirm = Confirm{
      "Sign out?", "What is kept on this device is erased. Your other devices stay as they are.",
      "Sign out", [&ui = scene.ui] { ui.emit([](client::Client& c, Now n) { c.sign_out(n); }); }};
}

bool in_private_room(const client::AppView& app) {
  return std::any_of(app.rooms.begin(), app.rooms.end(), [](const client::RoomItemView& room) {
    return room.kind == wire::RoomKind::kPrivate && room.role != wire::Role::kInvited;
  });
}

}  // namespace

float draw_keys_notice(Scene& scene, const Rect& area) {
  const client::KeysView& keys = scene.app.keys;
  AppState& state = scene.state;
  int chosen = -1;
  float height = 0;
  if (keys.state == AccountKeys::kLocked) {
    const ButtonLook acts[] = {
        {.style = ButtonStyle::kPrimary, .label = "Link with another device"},
        {.label = "Use recovery words"},
        {.style = ButtonStyle::kGhost, .label = "Start afresh..."}};
    height = draw_card(scene, area,
                       {Icon::kLock, true, "This device cannot read your private rooms yet",
                        keys.text.empty() ? std::string_view("Your account is older than this "
                                                             "device. Another device or your "
                                                             "recovery words open them.")
                                          : std::string_view(keys.text),
                        acts},
                       chosen);
    if (chosen == 0) state.open_dialog(DialogKind::kLinkThis);
    if (chosen == 1) state.open_dialog(DialogKind::kRecover);
    if (chosen == 2) ask_start_afresh(scene);
  } else if (keys.state == AccountKeys::kRevoked) {
    const ButtonLook acts[] = {{.label = "Sign out"}};
    height = draw_card(scene, area,
                       {Icon::kWarning, true, "This device was removed from your account",
                        keys.text.empty() ? std::string_view("It cannot read new private messages. "
                                                             "Sign out, then link it again.")
                                          : std::string_view(keys.text),
                        acts},
                       chosen);
    if (chosen == 0) ask_sign_out(scene);
  } else if (keys.state == AccountKeys::kReady && !keys.has_recovery &&
             !state.recovery_hint_closed && in_private_room(scene.app)) {
    const ButtonLook acts[] = {{.label = "Show me how"}};
    const std::string_view title = keys.recovery_outdated ? "Your recovery words are out of date"
                                                          : "Write down your recovery words";
    const std::string_view text =
        keys.recovery_outdated
            ? "Since a device was removed from your account they do not open what is new."
            : "They bring back your private rooms if you lose this device.";
    height = draw_card(scene, area, {Icon::kShield, false, title, text, acts, true}, chosen);
    if (chosen == 0) open_settings(scene, SettingsTab::kSecurity);
    if (chosen == 1) state.recovery_hint_closed = true;
  }
  if (chosen >= 0) scene.ui.request_frame();
  return height;
}

void ask_start_afresh(Scene& scene) {
  scene.state.confirm = Confirm{
      "Start afresh?",
      "Only when your other devices and your recovery words are all lost. Your account gets new "
      "keys: private messages that nobody else can give you back stay closed for good, your old "
      "devices and words stop working, and everybody in your private rooms is told that your "
      "identity changed. This cannot be undone.",
      "Give up the old keys",
      [&ui = scene.ui] { ui.emit([](client::Client& c, Now n) { c.start_afresh(n); }); }};
}

void draw_recover(Scene& scene) {
  Ui& ui = scene.ui;
  const client::KeysView& keys = scene.app.keys;
  const Id field_id = child_id(kKeys, "words");
  TextFieldLook look;
  look.role = SemanticRole::kMultiLineTextBox;
  look.label = "Recovery words";
  look.placeholder = "17 words with spaces between";
  look.options = {.multi_line = true, .enter_submits = true, .max_bytes = kMaxAccountTextBytes};
  look.invalid = !keys.error.empty();
  if (scene.state.dialog_fresh && !(scene.phone && ui.touch())) ui.focus(field_id);
  bool open = column_dialog(
      scene, child_id(kKeys, "recover"), "Use recovery words", 460, [&](Column& column) {
        column.note(
            "Type the words you wrote down, in their order. Small and capital letters are "
            "the same.");
        FieldState& words = column.field(field_id, look);
        (void)take_changed(words);
        if (!keys.error.empty())
          column.remark(Icon::kWarning, scene.colors().danger_text, keys.error,
                        SemanticRole::kAlert);
        if (keys.busy) column.progress("Checking the words");
        const bool ready = !keys.busy && !is_blank(words.model.text());
        const ButtonLook looks[] = {
            {.style = ButtonStyle::kPrimary, .label = "Unlock", .disabled = !ready}};
        const bool go = column.acts(looks) == 0;
        if ((take_submitted(words) || go) && ready) {
          ui.emit([text = words.model.text()](client::Client& c, Now n) { c.recover(n, text); });
        }
      });
  if (keys.state == AccountKeys::kReady) open = false;
  if (!open) close_dialog(scene);
}

void draw_link_this(Scene& scene) {
  Ui& ui = scene.ui;
  const std::string& error = scene.app.login.error;
  const Id field_id = child_id(kKeys, "code");
  TextFieldLook look;
  look.label = "Code";
  look.placeholder = "K7QM-4WZX-PD9T";
  look.options.max_bytes = kMaxAccountTextBytes;
  look.invalid = !error.empty();
  if (scene.state.dialog_fresh && !(scene.phone && ui.touch())) ui.focus(field_id);
  bool open = column_dialog(
      scene, child_id(kKeys, "link this"), "Link with another device", 460, [&](Column& column) {
        column.note("1. On your other device open Settings, then Security.");
        column.note("2. Choose \"Link a device\" there. It shows a code.");
        column.note("3. Type that code here.");
        FieldState& code = column.field(field_id, look);
        (void)take_changed(code);
        if (!error.empty())
          column.remark(Icon::kWarning, scene.colors().danger_text, error, SemanticRole::kAlert);
        const bool busy = scene.app.login.busy;
        const bool ready = !busy && !is_blank(code.model.text());
        const ButtonLook looks[] = {
            {.style = ButtonStyle::kPrimary, .label = "Link", .disabled = !ready}};
        const bool go = column.acts(looks) == 0;
        if ((take_submitted(code) || go) && ready) {
          ui.emit([text = code.model.text()](client::Client& c, Now n) {
            c.sign_in_link(n, link_code_in(text));
          });
        }
      });
  if (scene.app.link.step != client::LinkStep::kNone || scene.app.keys.state == AccountKeys::kReady)
    open = false;  // the next steps have a dialog of their own
  if (!open) close_dialog(scene);
}

}  // namespace parley::ui
