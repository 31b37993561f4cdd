#include "client/ui/text_field.hpp"

#include <algorithm>

namespace parley::ui {
namespace {

constexpr float kLineHeight = 1.4f;

TextBlock lay_out(Ui& ui, const FieldState& state, float width) {
  StyledText styled;
  TextStyle style;
  style.font = {Face::kRegular, ui.theme.size(type::kBody)};
  style.color = ui.theme.palette.text;
  const ByteRange composing = state.model.composition();
  const std::string& text = state.model.text();
  if (composing.begin < composing.end && composing.end <= text.size()) {
    TextStyle underlined = style;
    underlined.underline = true;
    styled.add(std::string_view(text).substr(0, composing.begin), style);
    styled.add(std::string_view(text).substr(composing.begin, composing.end - composing.begin),
               underlined);
    styled.add(std::string_view(text).substr(composing.end), style);
  } else {
    styled.add(text, style);
  }
  const float wrap = state.options.multi_line ? width : 1e6f;
  return TextBlock(ui.canvas.glyphs(), styled, {wrap, 0, kLineHeight});
}

}  // namespace

float text_field_height(Ui& ui, Id id, const FieldOptions& options, float width, float max_height) {
  FieldState& state = ui.field(id, options);
  const float line = ui.theme.line(type::kBody);
  const TextBlock block = lay_out(ui, state, width);
  return std::clamp(block.height(), line, std::max(line, max_height));
}

FieldState& text_field(Ui& ui, Id id, const Rect& rect, const TextFieldLook& look) {
  Canvas& canvas = ui.canvas;
  const Palette& colors = ui.theme.palette;
  FieldState& state = ui.field(id, look.options);
  state.label = look.label;
  const Response use = ui.interact({.id = id,
                                    .rect = rect,
                                    .role = look.role,
                                    .label = look.label,
                                    .cursor = CursorShape::kText});
  SemanticNode& node = ui.last_node();
  node.value = state.model.text();
  node.description = look.placeholder;
  node.can_set_value = true;
  node.invalid = look.invalid;

  Rect inner = rect;
  if (look.framed) {
    const Color outline = look.invalid  ? colors.danger_text
                          : use.focused ? colors.focus_ring
                          : use.hovered ? colors.text_muted
                                        : colors.border_strong;
    canvas.fill(rect, colors.raised, radius::kMedium);
    canvas.stroke(rect, outline, radius::kMedium, use.focused || look.invalid ? 2.0f : 1.0f);
    inner = rect.inset(space::k3, 0);
  }
  if (look.has_icon) {
    const Rect place = inner.take_left(ui.theme.control(18));
    canvas.icon(look.icon, place.centre(), ui.theme.control(17), colors.text_muted);
    inner.take_left(space::k2);
  }

  const float line = ui.theme.line(type::kBody);
  const bool multi = look.options.multi_line;
  state.layout = lay_out(ui, state, inner.w);
  const float height = std::max(line, state.layout.height());
  const Rect area = multi ? inner : Rect{inner.x, inner.y + (inner.h - line) / 2, inner.w, line};
  Rect caret = state.layout.caret(state.model.caret());
  if (caret.h == 0) caret.h = line;

  // Keep the caret in view: sideways in one line, up and down in several.
  if (multi) {
    state.scroll += ui.scroll_region(child_id(id, "scroll"), rect);
    if (use.focused && (state.changed || use.pressed)) {
      state.scroll = std::clamp(state.scroll, caret.bottom() - area.h, caret.y);
    }
    state.scroll = std::clamp(state.scroll, 0.0f, std::max(0.0f, height - area.h));
  } else {
    const float slack = std::max(0.0f, state.layout.width() + 2 - area.w);
    if (use.focused) state.scroll = std::clamp(state.scroll, caret.x + 2 - area.w, caret.x);
    state.scroll = std::clamp(use.focused ? state.scroll : 0.0f, 0.0f, slack);
  }
  state.rect = rect;
  state.origin = multi ? Vec2{area.x, area.y - state.scroll} : Vec2{area.x - state.scroll, area.y};

  canvas.push_clip(area.inset(-1, multi ? 0 : -4));
  if (use.focused) {
    const ByteRange range = state.model.selection();
    for (const Rect& part : state.layout.selection(range.begin, range.end)) {
      canvas.fill(part.moved(state.origin.x, state.origin.y), colors.selection, 2);
    }
  }
  if (state.model.text().empty()) {
    const Font font{Face::kRegular, ui.theme.size(type::kBody)};
    canvas.text(canvas.label(look.placeholder, font, colors.text_muted, area.w), area.min());
  } else {
    canvas.text(state.layout, state.origin);
  }
  caret = caret.moved(state.origin.x, state.origin.y);
  if (use.focused) {
    ui.announce_field(id, caret);
    ui.request_frame_in(Duration{530});
    if (ui.blink_on()) {
      canvas.fill({canvas.snap(caret.x), caret.y + caret.h * 0.1f, 1.5f, caret.h * 0.8f},
                  colors.accent_text);
    }
  }
  canvas.pop_clip();
  return state;
}

}  // namespace parley::ui
