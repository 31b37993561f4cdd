// Design tokens: every colour, distance, radius and text size of the interface. Nothing else in
// this folder writes such numbers down twice. Free of ImGui, so that the contrast test is a plain
// unit test.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "client/ui/platform.hpp"

namespace parley::ui {

struct Color {
  std::uint8_t r = 0, g = 0, b = 0, a = 255;
  bool operator==(const Color&) const = default;
  constexpr Color with_alpha(float k) const {
    return {r, g, b, static_cast<std::uint8_t>(static_cast<float>(a) * k + 0.5f)};
  }
};
constexpr Color rgb(std::uint32_t hex) {
  return {static_cast<std::uint8_t>(hex >> 16), static_cast<std::uint8_t>(hex >> 8),
          static_cast<std::uint8_t>(hex), 255};
}
Color mix(Color from, Color to, float k);
// WCAG 2.1 contrast ratio of opaque colours, 1 to 21.
double contrast_ratio(Color a, Color b);

// Distances, CSS pixels.
namespace space {
inline constexpr float k1 = 4, k2 = 8, k3 = 12, k4 = 16, k5 = 20, k6 = 24, k8 = 32, k10 = 40;
}
namespace radius {
inline constexpr float kSmall = 6, kMedium = 8, kLarge = 12, kDialog = 16;
}
inline constexpr float kPhoneWidth = 720;    // at most: one column
inline constexpr float kStroke = 1.5f;       // icons
inline constexpr float kMinimumTarget = 44;  // touch

struct AvatarColors {
  Color fill;
  Color ink;  // initials, and the sender's name in the timeline
};

struct Palette {
  Color canvas;    // timeline
  Color sidebar;   // room list, details
  Color raised;    // dialogs, menus, toasts, fields
  Color hover;     // on canvas or sidebar
  Color selected;  // the open room
  Color border;
  Color border_strong;  // field outlines: 3:1 against what is around them
  Color text;
  Color text_muted;  // times, previews
  Color accent;      // fills: buttons, badges, switches
  Color accent_hover;
  Color on_accent;
  Color accent_text;  // links, names of actions
  Color accent_soft;  // chips of one's own reaction, mentions
  Color on_accent_soft;
  Color danger;  // fill
  Color on_danger;
  Color danger_text;
  Color success_text;
  Color warning_soft;
  Color on_warning_soft;
  Color attention_text;  // a person has to look at it: signs and words
  Color danger_soft;
  Color on_danger_soft;
  Color code;          // background of code
  Color selection;     // of text
  Color find;          // what was searched for ...
  Color find_current;  // ... and the place that is shown
  Color scrim;         // behind dialogs
  Color shadow;
  Color online, away, busy;  // presence dots, 3:1
  Color focus_ring;
  std::array<AvatarColors, 8> avatars;
};

const Palette& light_palette();
const Palette& dark_palette();
Palette forced_palette(const ForcedColors& colors);

// Pairs that carry text and must reach 4.5:1, with their names, for the contrast test.
struct TextPair {
  std::string_view name;
  Color ink;
  Color ground;
};
std::vector<TextPair> text_pairs(const Palette& palette);

// Text sizes in CSS pixels at 100 %.
namespace type {
inline constexpr float kCaption = 12, kSmall = 13, kBody = 15, kTitle = 17, kHeading = 22,
                       kDisplay = 28;
}

struct Theme {
  Palette palette = light_palette();
  bool dark = false;
  bool reduced_motion = false;
  float text_scale = 1;

  float size(float points) const { return points * text_scale; }
  // Line height of running text of that size.
  float line(float points) const { return size(points) * 1.4f; }
  // Heights of rows and controls grow with the text, but less than it.
  float control(float height) const { return height * (1 + (text_scale - 1) * 0.8f); }
};

}  // namespace parley::ui
