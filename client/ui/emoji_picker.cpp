// The emoji picker: groups of common emoji, drawn by the platform in colour.
#include <algorithm>
#include <cmath>

#include "client/ui/emoji_data.hpp"
#include "client/ui/views.hpp"
#include "shared/base/utf8.hpp"

namespace parley::ui {
namespace {

const Id kPicker = child_id(7, "emoji");
const Id kSearch = child_id(kPicker, "search");
constexpr std::size_t kMaxQueryBytes = 64;

void close_picker(Scene& scene) {
  scene.state.emoji.reset();
  scene.ui.blur_layer();
  scene.ui.request_frame();
}

void choose(Scene& scene, std::string_view emoji) {
  Ui& ui = scene.ui;
  if (const auto seq = scene.state.emoji->react_to) {
    ui.emit([seq = *seq, text = std::string(emoji)](client::Client& c, Now n) {
      c.toggle_reaction(n, seq, text);
    });
    return close_picker(scene);
  }
  if (FieldState* field = ui.find_field(composer_field_id())) {
    field->model.insert(emoji);
    field->changed = true;
  }
  close_picker(scene);
  scene.state.focus_composer = true;
}

// The field at the top; returns what is searched for.
std::string draw_search(Scene& scene, const Rect& area) {
  Ui& ui = scene.ui;
  EmojiPicker& picker = *scene.state.emoji;
  TextFieldLook look;
  look.role = SemanticRole::kSearchBox;
  look.label = "Search emoji";
  look.placeholder = "Search emoji";
  look.options = {.max_bytes = kMaxQueryBytes};
  look.has_icon = true;
  if (std::exchange(picker.fresh, false)) {
    ui.field(kSearch, look.options).model.set_text({});
    if (!ui.touch()) ui.focus(kSearch);  // else a keyboard would cover the emoji
  }
  FieldState& field = text_field(ui, kSearch, area.inset(space::k3, 2), look);
  if (take_changed(field)) {
    picker.scroll = 0;
    ui.request_frame();
  }
  return field.model.text();
}

}  // namespace

void open_emoji_for(Scene& scene, std::optional<Seq> react_to, const Rect& anchor) {
  scene.state.emoji = EmojiPicker{.react_to = react_to, .anchor = anchor};
  scene.state.menu.reset();
  scene.ui.request_frame();
}

void draw_emoji_picker(Scene& scene) {
  if (!scene.state.emoji) return;
  Ui& ui = scene.ui;
  const Palette& p = scene.colors();
  if (ui.backdrop(child_id(kPicker, "backdrop"))) return close_picker(scene);
  EmojiPicker& picker = *scene.state.emoji;
  const float cell = ui.theme.control(scene.phone ? 44 : 38);
  Rect panel;
  if (scene.phone) {
    ui.canvas.fill({0, 0, ui.surface.width, ui.surface.height}, p.scrim);
    const float height = std::min(ui.screen.h * 0.6f, 420.0f);
    panel = {ui.screen.x, ui.screen.bottom() - height, ui.screen.w, height};
    ui.canvas.fill_corners(panel, p.raised, radius::kDialog, 3);
  } else {
    const float width = std::min(cell * 9 + 2 * space::k3 + 8, ui.screen.w - 16);
    const float height = std::min(ui.theme.control(360), ui.screen.h - 16);
    panel = {picker.anchor.right() - width, picker.anchor.y - height - space::k2, width, height};
    if (panel.y < ui.screen.y + 8)
      panel.y = std::min(picker.anchor.bottom() + space::k2, ui.screen.bottom() - height - 8);
    panel.x = std::clamp(panel.x, ui.screen.x + 8, ui.screen.right() - width - 8);
    panel.y = std::max(panel.y, ui.screen.y + 8);
    ui.canvas.shadow(panel, radius::kLarge, 20, p.shadow, ui.theme.dark ? 0.9f : 0.4f);
    ui.canvas.fill(panel, p.raised, radius::kLarge);
    ui.canvas.stroke(panel, p.border, radius::kLarge);
  }
  ui.open_node(kPicker, SemanticRole::kDialog, panel,
               picker.react_to ? "Choose a reaction" : "Choose an emoji");
  ui.interact({.id = child_id(kPicker, "panel"),
               .rect = panel,
               .focusable = false,
               .semantic = false,
               .cursor = CursorShape::kArrow});
  Rect area = panel.inset(1, space::k2);
  const std::string query = draw_search(scene, area.take_top(ui.theme.control(40)));
  area.take_top(space::k1);
  const ScrollArea scroll{child_id(kPicker, "scroll"), area, &picker.scroll};
  const float columns = std::floor((area.w - 2 * space::k3) / cell);
  const float left = area.x + (area.w - columns * cell) / 2;
  float y = begin_scroll(ui, scroll, picker.content);
  const float top = y;
  std::string_view chosen;
  const std::vector<EmojiEntry> found = find_emoji(query);
  const EmojiGroup results[] = {{"Found", found}};
  const bool searches = !is_blank(query);
  for (const EmojiGroup& group : searches ? std::span(results) : emoji_groups()) {
    const Rect title{left + 6, y, columns * cell - 6, ui.theme.control(30)};
    if (ui.canvas.visible(title))
      text_line(ui, title, group.name, {Face::kMedium, type::kSmall, p.text_muted});
    y += title.h;
    ui.open_node(child_id(kPicker, group.name), SemanticRole::kGroup, title, group.name);
    float column = 0;
    for (const EmojiEntry& entry : group.entries) {
      if (column >= columns) {
        column = 0;
        y += cell;
      }
      const Rect place{left + column * cell, y, cell, cell};
      column += 1;
      if (!ui.canvas.visible(place)) continue;
      const Response use = ui.interact({.id = child_id(kPicker, entry.text),
                                        .rect = place,
                                        .label = entry.name,
                                        .group = kPicker});
      if (use.hovered || use.focus_visible)
        ui.canvas.fill(place.inset(2), p.hover, radius::kMedium);
      text_centred(ui, place, entry.text, {Face::kRegular, 23, p.text});
      if (use.clicked) chosen = entry.text;
    }
    ui.close_node();
    y += cell + space::k1;
  }
  if (searches && found.empty()) {
    constexpr std::string_view kNone = "No emoji has that name";
    const Rect line{left, top + ui.theme.control(30), columns * cell, cell};
    text_centred(ui, line, kNone, {Face::kRegular, 14, p.text_muted});
    ui.node(child_id(kPicker, "none"), SemanticRole::kStatus, line, kNone);
  }
  FieldState* field = ui.find_field(kSearch);
  if (field && take_submitted(*field) && !found.empty()) chosen = found.front().text;
  picker.content = y - top;
  end_scroll(ui, scroll, picker.content);
  ui.close_node();
  if (!chosen.empty()) choose(scene, chosen);
}

}  // namespace parley::ui
