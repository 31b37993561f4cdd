#include "client/ui/column.hpp"

#include <algorithm>
#include <cmath>

#include "shared/qr/qr_code.hpp"

namespace parley::ui {

Rect Column::take(float height, float gap) {
  const Rect rect{x, y, w, height};
  y += height + gap;
  return rect;
}

void Column::title(std::string_view text) {
  const Rect rect = take(scene.ui.theme.line(type::kBody), space::k2);
  text_line(scene.ui, rect, text, {Face::kBold, type::kBody, scene.colors().text});
  scene.ui.node(child_id(id, text), SemanticRole::kHeading, rect, text).level = 3;
}

void Column::note(std::string_view text) {
  const TextLook look{Face::kRegular, type::kSmall, scene.colors().text_muted};
  const float height = text_wrapped(scene.ui, {x, y}, w, text, look);
  scene.ui.node(child_id(id, text), SemanticRole::kText, {x, y, w, height}, text);
  y += height + space::k3;
}

void Column::label(std::string_view text) {
  text_line(scene.ui, take(scene.ui.theme.line(type::kSmall), 2), text,
            {Face::kMedium, type::kSmall, scene.colors().text});
}

void Column::line() {
  divider(scene.ui, x, y + space::k1, w);
  y += space::k4;
}

FieldState& Column::field(Id field_id, TextFieldLook look, const std::string& initial) {
  Ui& ui = scene.ui;
  if (scene.state.dialog_fresh) ui.field(field_id, look.options).model.set_text(initial);
  label(look.label);
  if (!look.options.multi_line) return text_field(ui, field_id, take(ui.theme.control(40)), look);
  const Rect box = take(ui.theme.line(type::kBody) * 3 + space::k4);
  const bool focused = ui.focused() == field_id;
  const Color outline = look.invalid ? scene.colors().danger_text
                        : focused    ? scene.colors().focus_ring
                                     : scene.colors().border_strong;
  ui.canvas.fill(box, scene.colors().raised, radius::kMedium);
  ui.canvas.stroke(box, outline, radius::kMedium, focused || look.invalid ? 2.0f : 1.0f);
  look.framed = false;
  return text_field(ui, field_id, box.inset(space::k3, space::k2), look);
}

bool Column::act(Id button_id, const ButtonLook& look) {
  Rect row = take(button_height(scene.ui));
  return button(scene.ui, button_id, row.take_left(std::min(row.w, button_width(scene.ui, look))),
                look);
}

int Column::acts(std::span<const ButtonLook> looks) {
  Ui& ui = scene.ui;
  float wanted = 0;
  for (const ButtonLook& look : looks) wanted += button_width(ui, look) + space::k2;
  const bool stacked = wanted - space::k2 > w;  // below one another where they do not fit
  Rect row = stacked ? Rect{} : take(button_height(ui), 0);
  int chosen = -1;
  for (std::size_t i = 0; i < looks.size(); ++i) {
    const Rect place =
        stacked ? take(button_height(ui), space::k2) : row.take_right(button_width(ui, looks[i]));
    row.take_right(space::k2);
    if (button(ui, child_id(id, looks[i].label), place, looks[i])) chosen = static_cast<int>(i);
  }
  return chosen;
}

void Column::remark(Icon icon, Color ink, std::string_view text, SemanticRole role) {
  Ui& ui = scene.ui;
  const float indent = scene.size(18) + space::k2;
  const TextLook look{Face::kRegular, type::kBody, ink};
  const float height = text_wrapped(ui, {x + indent, y}, w - indent, text, look);
  ui.canvas.icon(icon, {x + scene.size(9), y + ui.theme.line(type::kBody) / 2}, scene.size(18),
                 ink);
  ui.node(child_id(child_id(id, "remark"), text), role, {x, y, w, height}, text);
  y += height + space::k3;
}

// Dark on light in every theme, since many cameras take nothing else.
void Column::qr_code(Id code_id, const std::string& text, std::string_view label) {
  const auto code = qr::encode(text);
  if (!code) return;
  Ui& ui = scene.ui;
  const int modules = code->size() + 2 * qr::kQuietZone;
  // Modules of whole pixels, as large as cameras like them.
  const float wanted = std::max(scene.size(200), 4.0f * static_cast<float>(modules));
  const float module =
      std::max(1.0f, std::floor(std::min(wanted, w) / static_cast<float>(modules)));
  const float side = module * static_cast<float>(modules);
  const Rect row = take(side, space::k2);
  const Rect box{row.x + std::floor((row.w - side) / 2), row.y, side, side};
  constexpr Color kLight = rgb(0xffffff), kDark = rgb(0x000000);
  ui.canvas.fill(box, kLight, radius::kSmall);
  const Vec2 at{box.x + module * qr::kQuietZone, box.y + module * qr::kQuietZone};
  for (int y_at = 0; y_at < code->size(); ++y_at) {
    for (int x_at = 0; x_at < code->size();) {
      int end = x_at;
      while (end < code->size() && code->is_dark(end, y_at)) ++end;
      if (end > x_at) {
        ui.canvas.fill(
            {at.x + module * static_cast<float>(x_at), at.y + module * static_cast<float>(y_at),
             module * static_cast<float>(end - x_at), module},
            kDark, 0);
      }
      x_at = end + 1;
    }
  }
  ui.node(code_id, SemanticRole::kImage, box, std::string(label));
}

void Column::progress(std::string_view text) {
  Ui& ui = scene.ui;
  const Color ink = scene.colors().text_muted;
  const float indent = scene.size(20) + space::k2;
  const TextLook look{Face::kRegular, 14, ink};
  const float height = text_wrapped(ui, {x + indent, y}, w - indent, text, look);
  spinner(ui, {x + scene.size(9), y + ui.theme.line(14) / 2}, scene.size(16), ink);
  ui.node(child_id(id, "progress"), SemanticRole::kStatus, {x, y, w, height}, text).busy = true;
  y += height + space::k3;
}

void follow_focus(Ui& ui, Id dialog, const ScrollArea& scroll) {
  if (!ui.focus_visible()) return;
  const auto& nodes = ui.semantics().nodes;
  const auto here = std::find_if(nodes.begin(), nodes.end(),
                                 [&](const SemanticNode& n) { return n.id == ui.focused(); });
  if (here == nodes.end() || here->rect.h > 0) return;
  auto above = here->parent;
  while (above >= 0 && nodes[static_cast<std::size_t>(above)].id != dialog)
    above = nodes[static_cast<std::size_t>(above)].parent;
  if (above < 0) return;
  // Rectangles are clipped: how far it is to go is seen on the way.
  const float step = ui.theme.control(40);
  *scroll.offset += here->rect.y >= scroll.rect.centre().y ? step : -step;
  ui.request_frame();
}

bool column_dialog(Scene& scene, Id id, std::string_view title, float width,
                   const std::function<void(Column&)>& draw) {
  Ui& ui = scene.ui;
  bool open = true;
  float& content = scene.state.contents[id];
  const float frame =
      2 * (scene.phone ? space::k4 : space::k5) + ui.theme.control(32) + space::k3 + 2;
  const Rect inside = begin_dialog(
      ui, id, {title, width, (std::max(content, 60.0f) + frame) / ui.theme.control(1)}, open);
  // A little room around the column, so that outlines and focus rings are not cut.
  const ScrollArea scroll{child_id(id, "scroll"), inside.inset(-space::k1, -space::k1),
                          &scene.state.scrolls[id]};
  const float top = begin_scroll(ui, scroll, content);
  Column column{scene, id, inside.x, top + space::k1, inside.w};
  draw(column);
  // Sums of fractions end a little apart at another place on the screen: that is no other height.
  constexpr float kNoise = 0.05f;
  const float used = std::ceil(column.y - top - kNoise);
  if (content != used) ui.request_frame();
  content = used;
  end_scroll(ui, scroll, used);
  follow_focus(ui, id, scroll);
  end_dialog(ui);
  return open;
}

}  // namespace parley::ui
