// Linking a device to the account: what the core says is to be shown and answered.
#include <algorithm>
#include <cmath>

#include "client/ui/column.hpp"
#include "client/ui/views.hpp"

namespace parley::ui {
namespace {

using client::LinkStep;

const Id kLink = child_id(23, "link");

void draw_code(Column& column, const client::LinkView& link) {
  Ui& ui = column.scene.ui;
  const Palette& p = column.scene.colors();
  constexpr float kWanted = 26;
  const float width = ui.canvas.label_width(link.code, {Face::kMono, column.scene.size(kWanted)});
  const float fit = std::min(1.0f, (column.w - 2 * space::k3) / std::max(1.0f, width));
  const Rect box = column.take(ui.theme.line(kWanted) + 2 * space::k4, space::k2);
  ui.canvas.fill(box, p.code, radius::kLarge);
  text_centred(ui, box, link.code, {Face::kMono, kWanted * fit, p.text});
  ui.node(child_id(kLink, "code"), SemanticRole::kText, box, "Code: " + link.code);
  Rect row = column.take(button_height(ui));
  const ButtonLook copy{.style = ButtonStyle::kGhost,
                        .label = "Copy the code",
                        .has_icon = true,
                        .icon = Icon::kCopy};
  if (button(ui, child_id(kLink, "copy"), row.take_left(button_width(ui, copy)), copy))
    copy_text(column.scene, link.code);
}

// The seven signs, four and three in a row.
void draw_emoji(Column& column, const client::LinkView& link) {
  Ui& ui = column.scene.ui;
  const Palette& p = column.scene.colors();
  constexpr std::size_t kInRow = 4;
  const float step = column.w / kInRow;
  const float sign = column.scene.size(48), name = ui.theme.line(type::kSmall);
  const std::size_t count = link.emoji.size(), rows = (count + kInRow - 1) / kInRow;
  const float row = sign + name + space::k2;
  const Rect box = column.take(row * static_cast<float>(rows) + 2 * space::k2);
  ui.canvas.fill(box, p.code, radius::kLarge);
  ui.open_node(child_id(kLink, "emoji"), SemanticRole::kList, box, "Signs to compare");
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t line = i / kInRow, in_line = std::min(kInRow, count - line * kInRow);
    const float left = box.x + (box.w - step * static_cast<float>(in_line)) / 2;
    const Rect place{left + step * static_cast<float>(i % kInRow),
                     box.y + space::k2 + row * static_cast<float>(line), step, row};
    text_centred(ui, {place.x, place.y, place.w, sign}, link.emoji[i].emoji,
                 {Face::kRegular, 34, p.text});
    text_centred(ui, {place.x, place.y + sign, place.w, name}, link.emoji[i].name,
                 {Face::kRegular, type::kSmall, p.text});
    ui.node(child_id(child_id(kLink, "sign"), i), SemanticRole::kListItem, place,
            std::to_string(i + 1) + ": " + link.emoji[i].name);
  }
  ui.close_node();
}

void draw_step(Column& column, const client::LinkView& link) {
  Scene& scene = column.scene;
  Ui& ui = scene.ui;
  const auto cancel = [&ui] { ui.emit([](client::Client& c, Now n) { c.cancel_link(n); }); };
  const auto confirm = [&ui](bool same) {
    ui.emit([same](client::Client& c, Now n) { c.confirm_link(n, same); });
  };
  switch (link.step) {
    case LinkStep::kNone:
      return;
    case LinkStep::kCode: {
      column.note(link.text.empty() ? "On the new device choose \"I have an account on another "
                                      "device\" and type this code there."
                                    : std::string_view(link.text));
      draw_code(column, link);
      column.qr_code(child_id(kLink, "qr"), link.url, "QR code with the same code");
      column.progress("Waiting for the new device");
      return;
    }
    case LinkStep::kCompare: {
      column.note(!link.text.empty() ? std::string_view(link.text)
                  : link.new_device  ? "Compare these signs with those on your other device, and "
                                       "answer there."
                                    : "Does the new device show the same signs in the same order?");
      draw_emoji(column, link);
      if (link.new_device) return column.progress("Waiting for your answer on the other device");
      const ButtonLook looks[] = {{.style = ButtonStyle::kPrimary, .label = "They match"},
                                  {.label = "They differ"}};
      const int chosen = column.acts(looks);
      if (chosen >= 0) confirm(chosen == 0);
      return;
    }
    case LinkStep::kWaiting:
      return column.progress(link.text.empty() ? "Waiting for the other device"
                                               : std::string_view(link.text));
    case LinkStep::kDone: {
      column.remark(Icon::kCheck, scene.colors().success_text,
                    link.text.empty() ? "The devices are linked." : std::string_view(link.text),
                    SemanticRole::kStatus);
      const ButtonLook looks[] = {{.style = ButtonStyle::kPrimary, .label = "Done"}};
      if (column.acts(looks) == 0) cancel();
      return;
    }
    case LinkStep::kFailed: {
      column.remark(Icon::kWarning, scene.colors().danger_text,
                    link.text.empty() ? "The devices were not linked. Nothing has changed."
                                      : std::string_view(link.text),
                    SemanticRole::kAlert);
      const ButtonLook looks[] = {{.style = ButtonStyle::kPrimary, .label = "Try again"}};
      if (column.acts(looks) != 0) return;
      cancel();
      if (!link.new_device) ui.emit([](client::Client& c, Now n) { c.start_link(n); });
      // On the new device a new code has to be typed.
      if (link.new_device && scene.app.screen == client::Screen::kMain)
        scene.state.open_dialog(DialogKind::kLinkThis);
      return;
    }
  }
}

}  // namespace

void draw_link(Scene& scene) {
  const client::LinkView& link = scene.app.link;
  if (link.step == LinkStep::kNone) return;
  const bool open =
      column_dialog(scene, kLink, link.new_device ? "Link this device" : "Link a device", 440,
                    [&](Column& column) { draw_step(column, link); });
  if (!open) scene.ui.emit([](client::Client& c, Now n) { c.cancel_link(n); });
}

}  // namespace parley::ui
