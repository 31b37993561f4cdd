// Comparing safety numbers with a person.
#include <algorithm>

#include "client/ui/column.hpp"
#include "client/ui/views.hpp"

namespace parley::ui {
namespace {

using client::IdentityState;

const Id kIdentity = child_id(22, "identity");
constexpr std::size_t kGroup = 5;
constexpr std::size_t kGroupsInRow = 4;

// Groups of five digits, however the number is written.
std::vector<std::string> groups_of(const std::string& number) {
  std::vector<std::string> groups;
  for (const char c : number) {
    if (c < '0' || c > '9') continue;
    if (groups.empty() || groups.back().size() == kGroup) groups.emplace_back();
    groups.back() += c;
  }
  return groups;
}

void draw_number(Column& column, const client::IdentityView& person) {
  Ui& ui = column.scene.ui;
  const Palette& p = column.scene.colors();
  const std::vector<std::string> groups = groups_of(person.safety_number);
  const std::size_t rows = (groups.size() + kGroupsInRow - 1) / kGroupsInRow;
  // Large, but never wider than the column.
  constexpr float kWanted = 22;
  const float group =
      ui.canvas.label_width("00000", {Face::kMono, column.scene.size(kWanted)}) + space::k3;
  const float fit = std::min(1.0f, (column.w - 2 * space::k3) / (group * kGroupsInRow));
  const float line = ui.theme.line(kWanted);
  const Rect box = column.take(line * static_cast<float>(rows) + 2 * space::k3, space::k2);
  ui.canvas.fill(box, p.code, radius::kLarge);
  const Rect inside = box.inset(space::k3);
  const float step = inside.w / kGroupsInRow;
  std::string words;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const Rect place{inside.x + step * static_cast<float>(i % kGroupsInRow),
                     inside.y + line * static_cast<float>(i / kGroupsInRow), step, line};
    text_centred(ui, place, groups[i], {Face::kMono, kWanted * fit, p.text});
    words += (i == 0 ? "" : i % kGroupsInRow == 0 ? "\n" : " ") + groups[i];
  }
  ui.node(child_id(kIdentity, "number"), SemanticRole::kText, box, "Safety number: " + words);
  Rect row = column.take(button_height(ui));
  const ButtonLook copy{.style = ButtonStyle::kGhost,
                        .label = "Copy the number",
                        .has_icon = true,
                        .icon = Icon::kCopy};
  if (button(ui, child_id(kIdentity, "copy"), row.take_left(button_width(ui, copy)), copy))
    copy_text(column.scene, words);
}

void draw_person(Column& column, const client::IdentityView& person) {
  Ui& ui = column.scene.ui;
  const Palette& p = column.scene.colors();
  const float side = ui.theme.control(44);
  Rect head = column.take(side);
  avatar(ui, head.take_left(side).centre(), side, person.user.uuid, person.name);
  head.take_left(space::k3);
  const float first = ui.theme.line(type::kBody), second = ui.theme.line(type::kSmall);
  const Rect top{head.x, head.centre().y - (first + second) / 2, head.w, first};
  text_line(ui, top, person.name, {Face::kBold, type::kBody, p.text});
  std::string_view state = "Not known yet";
  Color ink = p.text_muted;
  if (person.state == IdentityState::kNew) state = "Not verified";
  if (person.state == IdentityState::kVerified) state = "Verified", ink = p.success_text;
  if (person.state == IdentityState::kChanged) state = "Identity changed", ink = p.attention_text;
  text_line(ui, {top.x, top.bottom(), top.w, second}, state, {Face::kMedium, type::kSmall, ink});
  ui.node(child_id(kIdentity, "state"), SemanticRole::kStatus, head,
          person.name + ": " + std::string(state));
}

void draw_answers(Column& column, const client::IdentityView& person) {
  Ui& ui = column.scene.ui;
  const UserId user = person.user;
  const bool changed = person.state == IdentityState::kChanged;
  const ButtonLook looks[] = {
      {.style = ButtonStyle::kPrimary, .label = "They match"},
      {.label = changed ? "Accept without comparing" : "Not now"},
  };
  const int chosen = column.acts(looks);
  if (chosen < 0) return;
  if (chosen == 0 || changed) {
    ui.emit([user, verified = chosen == 0](client::Client& c, Now n) {
      c.accept_identity(n, user, verified);
    });
  }
  // A match is left on the screen: it says "Verified" now.
  if (chosen == 1) ui.emit([](client::Client& c, Now n) { c.close_identity(n); });
}

// A code was opened here. Whoever sends one in a message wants to be taken for somebody.
void draw_scanned(Column& column, const client::IdentityView& person) {
  Ui& ui = column.scene.ui;
  column.note("You opened a code that " + person.name +
              " shows. Did you scan it from their screen yourself, just now? One that came in a "
              "message proves nothing.");
  constexpr ButtonLook kLooks[] = {
      {.style = ButtonStyle::kPrimary, .label = "I scanned it"},
      {.label = "No"},
  };
  const int chosen = column.acts(kLooks);
  if (chosen == 0) {
    ui.emit([user = person.user, code = person.scanned](client::Client& c, Now n) {
      c.check_safety_code(n, user, code);
    });
  }
  if (chosen == 1) ui.emit([](client::Client& c, Now n) { c.close_identity(n); });
}

}  // namespace

void draw_identity(Scene& scene) {
  if (!scene.app.identity) return;
  const client::IdentityView& person = *scene.app.identity;
  const bool open =
      column_dialog(scene, kIdentity, "Verify " + person.name, 460, [&](Column& column) {
        draw_person(column, person);
        if (!person.text.empty()) column.note(person.text);
        // Of somebody who has no keys yet, the words say so.
        if (person.safety_number.empty()) {
          if (person.state != IdentityState::kUnknown || person.text.empty())
            column.progress("Getting the safety number");
          return;
        }
        if (!person.scanned.empty()) return draw_scanned(column, person);
        draw_number(column, person);
        column.note("Or scan this code with the other's phone: its camera opens Parley there.");
        column.qr_code(child_id(kIdentity, "qr"), person.url, "QR code of the same keys");
        if (person.state != IdentityState::kVerified) draw_answers(column, person);
      });
  if (!open) scene.ui.emit([](client::Client& c, Now n) { c.close_identity(n); });
}

}  // namespace parley::ui
