#include "client/ui/theme.hpp"

#include <cmath>

namespace parley::ui {
namespace {

double linear(std::uint8_t channel) {
  const double c = channel / 255.0;
  return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
}

double luminance(Color c) {
  return 0.2126 * linear(c.r) + 0.7152 * linear(c.g) + 0.0722 * linear(c.b);
}

Palette make_light() {
  Palette p;
  p.canvas = rgb(0xffffff);
  p.sidebar = rgb(0xf6f6f9);
  p.raised = rgb(0xffffff);
  p.hover = rgb(0xeeeef3);
  p.selected = rgb(0xe4e4f4);
  p.border = rgb(0xe5e5ec);
  p.border_strong = rgb(0x8b8d9b);
  p.text = rgb(0x1c1d24);
  p.text_muted = rgb(0x5d5f6d);
  p.accent = rgb(0x5753c6);
  p.accent_hover = rgb(0x4b47b3);
  p.on_accent = rgb(0xffffff);
  p.accent_text = rgb(0x504bbd);
  p.accent_soft = rgb(0xe9e8fb);
  p.on_accent_soft = rgb(0x3f3a9f);
  p.danger = rgb(0xc62a3b);
  p.on_danger = rgb(0xffffff);
  p.danger_text = rgb(0xb92234);
  p.success_text = rgb(0x18714a);
  p.warning_soft = rgb(0xfff3d6);
  p.on_warning_soft = rgb(0x6b4700);
  p.attention_text = rgb(0x8f5500);
  p.danger_soft = rgb(0xfdecee);
  p.on_danger_soft = rgb(0x9b1b2b);
  p.code = rgb(0xf2f2f6);
  p.selection = rgb(0xcfcdf7);
  p.find = rgb(0xffe291);
  p.find_current = rgb(0xffc94d);
  p.scrim = Color{20, 20, 32, 110};
  p.shadow = Color{22, 22, 44, 255};
  p.online = rgb(0x1f8f5a);
  p.away = rgb(0xb26a00);
  p.busy = rgb(0xc62a3b);
  p.focus_ring = rgb(0x5753c6);
  p.avatars = {{{rgb(0xe3e7fd), rgb(0x3a49b3)},
                {rgb(0xdcf1e7), rgb(0x1b6b48)},
                {rgb(0xfde7dc), rgb(0x9c4312)},
                {rgb(0xf9e1ee), rgb(0x9b2467)},
                {rgb(0xdaeff6), rgb(0x17617c)},
                {rgb(0xefe3fb), rgb(0x7335ab)},
                {rgb(0xf7ebcd), rgb(0x7a5200)},
                {rgb(0xfbe2e2), rgb(0xa42c2c)}}};
  return p;
}

Palette make_dark() {
  Palette p;
  p.canvas = rgb(0x17181d);
  p.sidebar = rgb(0x111216);
  p.raised = rgb(0x202127);
  p.hover = rgb(0x24252c);
  p.selected = rgb(0x2b2c40);
  p.border = rgb(0x2a2b33);
  p.border_strong = rgb(0x6f7180);
  p.text = rgb(0xecedf2);
  p.text_muted = rgb(0xa0a3b1);
  p.accent = rgb(0x6662d9);
  p.accent_hover = rgb(0x5a56c8);
  p.on_accent = rgb(0xffffff);
  p.accent_text = rgb(0xa9a6fa);
  p.accent_soft = rgb(0x2d2c54);
  p.on_accent_soft = rgb(0xc9c7ff);
  p.danger = rgb(0xcb3a4a);
  p.on_danger = rgb(0xffffff);
  p.danger_text = rgb(0xff8f98);
  p.success_text = rgb(0x5fd0a0);
  p.warning_soft = rgb(0x3a2f14);
  p.on_warning_soft = rgb(0xf5d38a);
  p.attention_text = rgb(0xe9b452);
  p.danger_soft = rgb(0x3c1f25);
  p.on_danger_soft = rgb(0xffb3b9);
  p.code = rgb(0x22232a);
  p.selection = rgb(0x3d3b78);
  p.find = rgb(0x46380c);
  p.find_current = rgb(0x7a5c0a);
  p.scrim = Color{0, 0, 0, 150};
  p.shadow = Color{0, 0, 0, 255};
  p.online = rgb(0x3fbf86);
  p.away = rgb(0xe0a43a);
  p.busy = rgb(0xf0616d);
  p.focus_ring = rgb(0xa9a6fa);
  p.avatars = {{{rgb(0x2a3162), rgb(0xb4c0ff)},
                {rgb(0x173f2f), rgb(0x86dcb3)},
                {rgb(0x4a2917), rgb(0xffb68f)},
                {rgb(0x4a1f38), rgb(0xf8a3cf)},
                {rgb(0x153c4b), rgb(0x88d3ee)},
                {rgb(0x3b2556), rgb(0xd3adfa)},
                {rgb(0x40310f), rgb(0xecc773)},
                {rgb(0x4b2123), rgb(0xffaaaa)}}};
  return p;
}

}  // namespace

Color mix(Color from, Color to, float k) {
  const auto channel = [k](std::uint8_t a, std::uint8_t b) {
    return static_cast<std::uint8_t>(
        std::lround(static_cast<float>(a) * (1 - k) + static_cast<float>(b) * k));
  };
  return {channel(from.r, to.r), channel(from.g, to.g), channel(from.b, to.b),
          channel(from.a, to.a)};
}

double contrast_ratio(Color a, Color b) {
  const double first = luminance(a) + 0.05, second = luminance(b) + 0.05;
  return first > second ? first / second : second / first;
}

const Palette& light_palette() {
  static const Palette palette = make_light();
  return palette;
}

const Palette& dark_palette() {
  static const Palette palette = make_dark();
  return palette;
}

Palette forced_palette(const ForcedColors& colors) {
  const Color canvas = rgb(colors.canvas), ink = rgb(colors.canvas_text);
  const Color highlight = rgb(colors.highlight), on_highlight = rgb(colors.highlight_text);
  Palette p = contrast_ratio(canvas, rgb(0)) < 4.5 ? make_dark() : make_light();
  p.canvas = p.sidebar = p.raised = p.code = canvas;
  p.hover = canvas;
  p.border = p.border_strong = p.text = p.text_muted = ink;
  p.accent = p.accent_hover = p.danger = highlight;
  p.on_accent = p.on_danger = on_highlight;
  p.accent_text = rgb(colors.link_text);
  p.danger_text = p.success_text = p.attention_text = ink;
  p.accent_soft = p.warning_soft = p.danger_soft = canvas;
  p.on_accent_soft = p.on_warning_soft = p.on_danger_soft = ink;
  p.selection = p.find_current = mix(canvas, highlight, 0.4f);
  p.find = p.selected = mix(canvas, highlight, 0.2f);
  p.online = p.away = p.busy = p.focus_ring = highlight;
  p.avatars.fill({canvas, ink});
  return p;
}

std::vector<TextPair> text_pairs(const Palette& p) {
  std::vector<TextPair> pairs = {
      {"text on canvas", p.text, p.canvas},
      {"text on sidebar", p.text, p.sidebar},
      {"text on raised", p.text, p.raised},
      {"text on hover", p.text, p.hover},
      {"text on selected", p.text, p.selected},
      {"text on code", p.text, p.code},
      {"text on selection", p.text, p.selection},
      {"text on find", p.text, p.find},
      {"text on find, current", p.text, p.find_current},
      {"muted on find", p.text_muted, p.find},
      {"muted on canvas", p.text_muted, p.canvas},
      {"muted on sidebar", p.text_muted, p.sidebar},
      {"muted on raised", p.text_muted, p.raised},
      {"muted on hover", p.text_muted, p.hover},
      {"muted on selected", p.text_muted, p.selected},
      {"on accent", p.on_accent, p.accent},
      {"on accent hovered", p.on_accent, p.accent_hover},
      {"accent text on canvas", p.accent_text, p.canvas},
      {"accent text on sidebar", p.accent_text, p.sidebar},
      {"accent text on raised", p.accent_text, p.raised},
      {"accent text on hover", p.accent_text, p.hover},
      {"on accent soft", p.on_accent_soft, p.accent_soft},
      {"on danger", p.on_danger, p.danger},
      {"danger text on canvas", p.danger_text, p.canvas},
      {"danger text on raised", p.danger_text, p.raised},
      {"danger text on sidebar", p.danger_text, p.sidebar},
      {"success text on raised", p.success_text, p.raised},
      {"success text on sidebar", p.success_text, p.sidebar},
      {"success text on selected", p.success_text, p.selected},
      {"attention on canvas", p.attention_text, p.canvas},
      {"attention on raised", p.attention_text, p.raised},
      {"attention on sidebar", p.attention_text, p.sidebar},
      {"attention on selected", p.attention_text, p.selected},
      {"muted on code", p.text_muted, p.code},
      {"on warning", p.on_warning_soft, p.warning_soft},
      {"on danger soft", p.on_danger_soft, p.danger_soft},
  };
  for (const AvatarColors& avatar : p.avatars) {
    pairs.push_back({"initials", avatar.ink, avatar.fill});
    pairs.push_back({"sender name on canvas", avatar.ink, p.canvas});
    pairs.push_back({"sender name on hover", avatar.ink, p.hover});
  }
  return pairs;
}

}  // namespace parley::ui
