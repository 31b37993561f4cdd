#include "client/ui/widgets.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "shared/base/utf8.hpp"

namespace parley::ui {
namespace {

Font font_of(const Ui& ui, const TextLook& look) { return {look.face, ui.theme.size(look.size)}; }

struct ButtonColors {
  Color fill;
  Color ink;
  Color outline{0, 0, 0, 0};
};

ButtonColors button_colors(const Palette& p, ButtonStyle style, float hover) {
  switch (style) {
    case ButtonStyle::kPrimary:
      return {mix(p.accent, p.accent_hover, hover), p.on_accent};
    case ButtonStyle::kDanger:
      return {mix(p.danger, p.text, hover * 0.12f), p.on_danger};
    case ButtonStyle::kGhost:
      return {p.hover.with_alpha(hover), p.accent_text};
    case ButtonStyle::kSecondary:
      return {mix(p.raised, p.hover, hover), p.text, p.border_strong};
  }
  return {};
}

}  // namespace

// ---- text -------------------------------------------------------------------------------------

float text_line(Ui& ui, const Rect& rect, std::string_view text, const TextLook& look) {
  const TextBlock& block = ui.canvas.label(text, font_of(ui, look), look.color, rect.w);
  ui.canvas.text(block, {rect.x, rect.y + (rect.h - block.height()) / 2});
  return block.width();
}

float text_centred(Ui& ui, const Rect& rect, std::string_view text, const TextLook& look) {
  const TextBlock& block = ui.canvas.label(text, font_of(ui, look), look.color, rect.w);
  ui.canvas.text(block,
                 {rect.x + (rect.w - block.width()) / 2, rect.y + (rect.h - block.height()) / 2});
  return block.width();
}

float text_wrapped(Ui& ui, Vec2 at, float width, std::string_view text, const TextLook& look,
                   int max_lines) {
  const TextBlock& block = ui.canvas.label(text, font_of(ui, look), look.color, width, max_lines);
  ui.canvas.text(block, at);
  return block.height();
}

float text_wrapped_centred(Ui& ui, Vec2 at, float width, std::string_view text,
                           const TextLook& look, int max_lines) {
  const TextBlock& block = ui.canvas.label(text, font_of(ui, look), look.color, width, max_lines);
  for (const TextBlock::Line& line : block.lines()) {  // each line on its own middle
    ui.canvas.push_clip({at.x, at.y + line.top, width, line.height});
    ui.canvas.text(block, {at.x + (width - line.width) / 2, at.y});
    ui.canvas.pop_clip();
  }
  return block.height();
}

float text_wrapped_height(Ui& ui, float width, std::string_view text, const TextLook& look,
                          int max_lines) {
  return ui.canvas.label(text, font_of(ui, look), look.color, width, max_lines).height();
}

// ---- buttons ----------------------------------------------------------------------------------

float button_width(Ui& ui, const ButtonLook& look) {
  const float text = ui.canvas.label_width(look.label, {Face::kMedium, ui.theme.size(14)});
  return std::ceil(text) + 2 * space::k4 + (look.has_icon ? ui.theme.control(18) + space::k2 : 0);
}

bool button(Ui& ui, Id id, const Rect& rect, const ButtonLook& look) {
  const Response use = ui.interact({.id = id,
                                    .rect = rect,
                                    .label = look.accessible.empty() ? look.label : look.accessible,
                                    .disabled = look.disabled});
  const float hover = ui.animate(id, use.hovered ? (use.held ? 1.0f : 0.75f) : 0.0f);
  ButtonColors colors = button_colors(ui.theme.palette, look.style, hover);
  if (look.disabled) {
    const Palette& p = ui.theme.palette;
    colors = {look.style == ButtonStyle::kGhost ? Color{0, 0, 0, 0} : p.hover,
              p.text_muted,
              {0, 0, 0, 0}};
  }
  ui.canvas.fill(rect, colors.fill, radius::kMedium);
  if (colors.outline.a != 0)
    ui.canvas.stroke(rect, colors.outline.with_alpha(0.55f), radius::kMedium, 1);
  const TextLook text{Face::kMedium, 14, colors.ink};
  const float label = ui.canvas.label_width(look.label, font_of(ui, text));
  const float icon = look.has_icon ? ui.theme.control(18) : 0;
  const float gap = look.has_icon ? space::k2 : 0;
  const float width = std::min(label + icon + gap, rect.w - space::k2);
  Rect inside{rect.x + (rect.w - width) / 2, rect.y, width + 1, rect.h};
  if (look.has_icon) {
    ui.canvas.icon(look.icon, inside.take_left(icon).centre(), icon, colors.ink);
    inside.take_left(gap);
  }
  text_line(ui, inside, look.label, text);
  if (use.focus_visible) ui.draw_focus_ring(rect, radius::kMedium);
  return use.clicked;
}

bool icon_button(Ui& ui, Id id, const Rect& rect, const IconButtonLook& look) {
  const Response use =
      ui.interact({.id = id, .rect = rect, .label = look.label, .disabled = look.disabled});
  const Palette& p = ui.theme.palette;
  const float hover = ui.animate(id, use.hovered ? 1.0f : 0.0f);
  const float rounding = std::min(radius::kMedium, rect.h / 2);
  Color ink = mix(p.text_muted, p.text, hover);
  if (look.accent) {
    ui.canvas.fill(rect, look.disabled ? p.hover : mix(p.accent, p.accent_hover, hover),
                   rect.h / 2);
    ink = look.disabled ? p.text_muted : p.on_accent;
  } else {
    if (look.active) ink = p.accent_text;
    ui.canvas.fill(rect, look.active ? p.accent_soft : p.hover.with_alpha(hover), rounding);
  }
  if (look.disabled && !look.accent) ink = ink.with_alpha(0.5f);
  ui.canvas.icon(look.icon, rect.centre(), ui.theme.control(look.icon_size), ink,
                 look.accent ? 2.0f : kStroke);
  if (use.focus_visible) ui.draw_focus_ring(rect, look.accent ? rect.h / 2 : rounding);
  ui.tooltip(use, rect, look.label);
  return use.clicked;
}

float strip_button_width(Ui& ui, std::string_view label) {
  return ui.canvas.label_width(label, {Face::kMedium, ui.theme.size(type::kSmall)}) + space::k4;
}

bool strip_button(Ui& ui, Id id, const Rect& rect, std::string_view label, Color ink) {
  const Response use = ui.interact({.id = id, .rect = rect, .label = label});
  ui.canvas.fill(rect, ink.with_alpha(use.hovered ? 0.2f : 0.1f), radius::kSmall);
  text_centred(ui, rect, label, {Face::kMedium, type::kSmall, ink});
  if (use.focus_visible) ui.draw_focus_ring(rect, radius::kSmall);
  return use.clicked;
}

// ---- people and rooms -------------------------------------------------------------------------

const AvatarColors& avatar_colors(const Palette& palette, const Uuid& id) {
  std::uint32_t hash = 2166136261u;
  for (const std::uint8_t byte : id.bytes) hash = (hash ^ byte) * 16777619u;
  hash = (hash ^ (hash >> 15)) * 0x85ebca6bu;
  return palette.avatars[(hash >> 13) % palette.avatars.size()];
}

std::string initials_of(std::string_view name) {
  // The first cluster of the first word and, if both are single letters, of the last one.
  std::string out;
  std::string_view last_word;
  for (std::size_t at = 0; at < name.size();) {
    const std::size_t end = std::min(name.find(' ', at), name.size());
    if (end > at) {
      if (out.empty())
        out = name.substr(at, next_cluster(name.substr(0, end), at) - at);
      else
        last_word = name.substr(at, end - at);
    }
    at = end + 1;
  }
  const auto is_small = [](std::string_view cluster) { return cluster.size() <= 2; };
  if (!last_word.empty() && is_small(out)) {
    const std::string_view second = last_word.substr(0, next_cluster(last_word, 0));
    if (is_small(second) && second != "(") out += second;
  }
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  // Two-byte letters: Latin-1, Greek and Cyrillic capitals are 32 below their small letters.
  std::string upper;
  for (std::size_t at = 0; at < out.size();) {
    char32_t c = next_code_point(out, at);
    if ((c >= 0xe0 && c <= 0xfe && c != 0xf7) || (c >= 0x3b1 && c <= 0x3c9 && c != 0x3c2) ||
        (c >= 0x430 && c <= 0x44f)) {
      c -= 0x20;
    }
    append_utf8(c, upper);
  }
  return upper.empty() ? "?" : upper;
}

void avatar(Ui& ui, Vec2 centre, float diameter, const Uuid& id, std::string_view name) {
  const AvatarColors& colors = avatar_colors(ui.theme.palette, id);
  ui.canvas.circle(centre, diameter / 2, colors.fill);
  if (ui.theme.palette.canvas == colors.fill) ui.canvas.ring(centre, diameter / 2, colors.ink, 1);
  const TextBlock& block =
      ui.canvas.label(initials_of(name), {Face::kMedium, diameter * 0.38f}, colors.ink);
  ui.canvas.text(block, {centre.x - block.width() / 2, centre.y - block.height() / 2});
}

void room_avatar(Ui& ui, Vec2 centre, float side, const Uuid& id, std::string_view name) {
  const AvatarColors& colors = avatar_colors(ui.theme.palette, id);
  const Rect rect{centre.x - side / 2, centre.y - side / 2, side, side};
  ui.canvas.fill(rect, colors.fill, side * 0.3f);
  if (ui.theme.palette.canvas == colors.fill) ui.canvas.stroke(rect, colors.ink, side * 0.3f);
  std::string first = initials_of(name);
  first.resize(next_cluster(first, 0));
  const TextBlock& block = ui.canvas.label(first, {Face::kMedium, side * 0.44f}, colors.ink);
  ui.canvas.text(block, {centre.x - block.width() / 2, centre.y - block.height() / 2});
}

void presence_dot(Ui& ui, Vec2 centre, float diameter, wire::PresenceStatus status, Color ground) {
  const Palette& p = ui.theme.palette;
  const float r = diameter / 2;
  ui.canvas.circle(centre, r + 2, ground);
  switch (status) {
    case wire::PresenceStatus::kOnline:
      return ui.canvas.circle(centre, r, p.online);
    case wire::PresenceStatus::kAway:
      ui.canvas.circle(centre, r, p.away);
      return ui.canvas.circle({centre.x - r * 0.38f, centre.y - r * 0.38f}, r * 0.68f, ground);
    case wire::PresenceStatus::kBusy:
      ui.canvas.circle(centre, r, p.busy);
      return ui.canvas.fill({centre.x - r * 0.55f, centre.y - r * 0.16f, r * 1.1f, r * 0.32f},
                            ground);
    case wire::PresenceStatus::kOffline:
    case wire::PresenceStatus::kInvisible:
      return ui.canvas.ring(centre, r - 0.75f, p.text_muted, 1.5f);
  }
}

void spinner(Ui& ui, Vec2 centre, float diameter, Color color) {
  const float turn = ui.theme.reduced_motion ? 0.0f
                                             : static_cast<float>(ui.now.mono.ms % 900) / 900 * 2 *
                                                   std::numbers::pi_v<float>;
  ui.canvas.ring(centre, diameter / 2, color.with_alpha(0.2f), 2);
  ui.canvas.arc(centre, diameter / 2, turn, turn + 1.6f, color, 2);
  if (!ui.theme.reduced_motion) ui.request_frame_in(Duration{33});
}

float count_badge(Ui& ui, Vec2 right_centre, std::uint32_t count, bool strong) {
  const Palette& p = ui.theme.palette;
  const std::string text = count > 99 ? "99+" : std::to_string(count);
  const Font font{Face::kMedium, ui.theme.size(11.5f)};
  const Color ink = strong ? p.on_accent : p.text_muted;
  const TextBlock& block = ui.canvas.label(text, font, ink);
  const float height = ui.theme.size(19);
  const float width = std::max(height, block.width() + 11);
  const Rect rect{right_centre.x - width, right_centre.y - height / 2, width, height};
  ui.canvas.fill(rect, strong ? p.accent : p.text_muted.with_alpha(0.16f), height / 2);
  ui.canvas.text(block,
                 {rect.x + (width - block.width()) / 2, rect.y + (height - block.height()) / 2});
  return width;
}

// ---- choices ----------------------------------------------------------------------------------

bool toggle(Ui& ui, Id id, const Rect& rect, std::string_view label, std::string_view detail,
            bool on) {
  const Response use =
      ui.interact({.id = id, .rect = rect, .role = SemanticRole::kSwitch, .label = label});
  SemanticNode& node = ui.last_node();
  node.checkable = true;
  node.checked = on;
  node.description = detail;
  const Palette& p = ui.theme.palette;
  Rect inside = rect;
  Rect track = inside.take_right(40);
  track = {track.x, track.y + (track.h - 22) / 2, 40, 22};
  inside.take_right(space::k4);
  const float k = ui.animate(id, on ? 1.0f : 0.0f);
  ui.canvas.fill(track, mix(p.border_strong, p.accent, k), 11);
  ui.canvas.circle({track.x + 11 + 18 * k, track.y + 11}, 8, rgb(0xffffff));
  if (use.focus_visible) ui.draw_focus_ring(track, 11);
  const TextLook title{Face::kRegular, type::kBody, p.text};
  if (detail.empty()) {
    text_line(ui, inside, label, title);
  } else {
    const float line = ui.theme.line(type::kBody);
    const float below =
        text_wrapped_height(ui, inside.w, detail, {Face::kRegular, type::kSmall, p.text_muted});
    Rect at{inside.x, inside.y + (inside.h - line - below) / 2, inside.w, line};
    text_line(ui, at, label, title);
    text_wrapped(ui, {at.x, at.bottom()}, inside.w, detail,
                 {Face::kRegular, type::kSmall, p.text_muted});
  }
  return use.clicked ? !on : on;
}

int segmented(Ui& ui, Id id, const Rect& rect, std::string_view label,
              std::span<const std::string_view> options, int chosen) {
  const Palette& p = ui.theme.palette;
  ui.open_node(id, SemanticRole::kRadioGroup, rect, label);
  ui.canvas.fill(rect, p.hover, radius::kMedium);
  const float width = (rect.w - 6) / static_cast<float>(options.size());
  int result = chosen;
  const float k = ui.animate(id, static_cast<float>(chosen), 45);
  const Rect thumb{rect.x + 3 + width * k, rect.y + 3, width, rect.h - 6};
  ui.canvas.shadow(thumb, radius::kSmall, 3, p.shadow, 0.3f);
  ui.canvas.fill(thumb, ui.theme.dark ? p.selected : p.raised, radius::kSmall);
  for (std::size_t i = 0; i < options.size(); ++i) {
    const Rect part{rect.x + 3 + width * static_cast<float>(i), rect.y + 3, width, rect.h - 6};
    const Id part_id = child_id(id, i);
    const Response use = ui.interact({.id = part_id,
                                      .rect = part,
                                      .role = SemanticRole::kRadio,
                                      .label = options[i],
                                      .group = id});
    ui.last_node().checkable = true;
    ui.last_node().checked = static_cast<int>(i) == chosen;
    const bool on = static_cast<int>(i) == chosen;
    text_centred(ui, part, options[i], {Face::kMedium, 14, on ? p.text : p.text_muted});
    if (use.focus_visible) ui.draw_focus_ring(part, radius::kSmall);
    if (use.clicked) result = static_cast<int>(i);
  }
  ui.close_node();
  return result;
}

int slider(Ui& ui, Id id, const Rect& rect, std::string_view label, int value, int minimum,
           int maximum, int step, std::string_view unit) {
  const Palette& p = ui.theme.palette;
  const Response use =
      ui.interact({.id = id, .rect = rect, .role = SemanticRole::kSlider, .label = label});
  SemanticNode& node = ui.last_node();
  node.can_adjust = true;
  node.minimum = static_cast<float>(minimum);
  node.maximum = static_cast<float>(maximum);
  node.now = static_cast<float>(value);
  node.value = std::to_string(value) + std::string(unit);
  const float y = rect.centre().y;
  const float left = rect.x + 9, right = rect.right() - 9;
  if (ui.is_active(id) && ui.pointer_down()) {
    const float k = std::clamp((ui.pointer().x - left) / (right - left), 0.0f, 1.0f);
    const float steps =
        std::round(k * static_cast<float>(maximum - minimum) / static_cast<float>(step));
    value = minimum + static_cast<int>(steps) * step;
  }
  value = std::clamp(value + use.step * step, minimum, maximum);
  const float k = static_cast<float>(value - minimum) / static_cast<float>(maximum - minimum);
  const float x = left + (right - left) * k;
  ui.canvas.fill({left, y - 2, right - left, 4}, p.border_strong.with_alpha(0.5f), 2);
  ui.canvas.fill({left, y - 2, x - left, 4}, p.accent, 2);
  for (int v = minimum; v <= maximum; v += step) {
    const float at = left + (right - left) * static_cast<float>(v - minimum) /
                                static_cast<float>(maximum - minimum);
    ui.canvas.circle({at, y}, 2.5f, v <= value ? p.accent : p.border_strong);
  }
  ui.canvas.circle({x, y}, 9, p.accent);
  ui.canvas.circle({x, y}, 4, p.on_accent);
  if (use.focus_visible) ui.draw_focus_ring({x - 9, y - 9, 18, 18}, 9);
  return value;
}

// ---- frames -----------------------------------------------------------------------------------

Rect begin_dialog(Ui& ui, Id id, const DialogLook& look, bool& open) {
  const Palette& p = ui.theme.palette;
  const bool phone = ui.surface.width <= kPhoneWidth;
  if (ui.backdrop(child_id(id, "backdrop"))) open = false;
  const float fade = ui.theme.reduced_motion ? 1 : ui.animate(child_id(id, "fade"), 1, 120);
  ui.canvas.fill({0, 0, ui.surface.width, ui.surface.height}, p.scrim.with_alpha(fade));
  const float width =
      phone && !look.alert ? ui.screen.w : std::min(ui.theme.control(look.width), ui.screen.w - 32);
  const float height = std::min(ui.theme.control(look.height), ui.screen.h - (phone ? 0 : 48));
  Rect panel{ui.screen.x + (ui.screen.w - width) / 2, ui.screen.y + (ui.screen.h - height) / 2,
             width, height};
  if (phone && !look.alert) panel.y = ui.screen.bottom() - height;  // a sheet
  ui.canvas.shadow(panel, radius::kDialog, 28, p.shadow, ui.theme.dark ? 0.9f : 0.35f);
  if (phone && !look.alert) {
    const bool full = height >= ui.screen.h;
    ui.canvas.fill_corners(panel, p.raised, full ? 0 : radius::kDialog, full ? 0 : 3);
  } else {
    ui.canvas.fill(panel, p.raised, radius::kDialog);
    ui.canvas.stroke(panel, p.border, radius::kDialog, 1);
  }
  ui.open_node(id, look.alert ? SemanticRole::kAlertDialog : SemanticRole::kDialog, panel,
               look.title);
  ui.interact({.id = child_id(id, "panel"),
               .rect = panel,
               .focusable = false,
               .semantic = false,
               .cursor = CursorShape::kArrow});
  ui.canvas.push_clip(panel);
  Rect inside = panel.inset(space::k6, space::k5);
  if (phone) inside = panel.inset(space::k4, space::k4);
  Rect header = inside.take_top(ui.theme.control(32));
  if (!look.alert) {
    const Rect close = header.take_right(header.h);
    if (icon_button(ui, child_id(id, "close"), close, {.icon = Icon::kClose, .label = "Close"}))
      open = false;
  }
  ui.node(child_id(id, "title"), SemanticRole::kHeading, header, look.title).level = 2;
  text_line(ui, header, look.title, {Face::kBold, 18, p.text});
  inside.take_top(space::k3);
  return inside;
}

void end_dialog(Ui& ui) {
  ui.canvas.pop_clip();
  ui.close_node();
}

float begin_scroll(Ui& ui, const ScrollArea& area, float content) {
  float& offset = *area.offset;
  offset += ui.scroll_region(area.id, area.rect);
  const float range = std::max(0.0f, content - area.rect.h);
  if (offset < 0 || offset > range) ui.stop_scrolling(area.id);
  offset = std::clamp(offset, 0.0f, range);
  ui.canvas.push_clip(area.rect);
  return area.rect.y - ui.canvas.snap(offset);
}

void end_scroll(Ui& ui, const ScrollArea& area, float content) {
  ui.canvas.pop_clip();
  *area.offset = ui.scrollbar(area.id, area.rect, content, *area.offset);
}

float empty_state(Ui& ui, const Rect& rect, Icon icon, std::string_view title,
                  std::string_view text) {
  const Palette& p = ui.theme.palette;
  const float width = std::min(rect.w - 2 * space::k6, ui.theme.size(320));
  const TextLook heading{Face::kMedium, type::kTitle, p.text};
  const TextLook body{Face::kRegular, type::kBody, p.text_muted};
  const float top = text_wrapped_height(ui, width, title, heading, 2);
  const float below = text_wrapped_height(ui, width, text, body);
  const float height = 64 + space::k4 + top + space::k1 + below;
  const float x = rect.centre().x;
  float y = rect.y + std::max(space::k4, (rect.h - height) / 2);
  ui.canvas.circle({x, y + 32}, 32, p.accent_soft);
  ui.canvas.icon(icon, {x, y + 32}, 28, p.on_accent_soft);
  y += 64 + space::k4;
  text_wrapped_centred(ui, {x - width / 2, y}, width, title, heading, 2);
  y += top + space::k1;
  text_wrapped_centred(ui, {x - width / 2, y}, width, text, body);
  y += below;
  ui.node(child_id(child_id(1, title), "empty"), SemanticRole::kText, rect,
          std::string(title) + ". " + std::string(text));
  return y;
}

void divider(Ui& ui, float x, float y, float width) {
  ui.canvas.line({x, y}, {x + width, y}, ui.theme.palette.border);
}

}  // namespace parley::ui
