// The controls of the interface: buttons, avatars, switches, dialogs. Each draws, handles and
// describes itself.
#pragma once

#include <span>

#include "client/ui/text_field.hpp"
#include "client/ui/ui.hpp"

namespace parley::ui {

enum class ButtonStyle : std::uint8_t { kPrimary, kSecondary, kGhost, kDanger };

struct ButtonLook {
  ButtonStyle style = ButtonStyle::kSecondary;
  std::string_view label;
  std::string_view accessible;  // when it differs from the label
  bool disabled = false;
  bool has_icon = false;
  Icon icon = Icon::kPlus;
};
float button_width(Ui& ui, const ButtonLook& look);
bool button(Ui& ui, Id id, const Rect& rect, const ButtonLook& look);
inline float button_height(const Ui& ui) { return ui.theme.control(36); }

struct IconButtonLook {
  Icon icon = Icon::kMore;
  std::string_view label;  // accessible name and tooltip
  bool disabled = false;
  bool active = false;
  bool accent = false;  // filled with the accent
  float icon_size = 20;
};
bool icon_button(Ui& ui, Id id, const Rect& rect, const IconButtonLook& look);

// On a coloured strip, in the strip's own ink.
float strip_button_width(Ui& ui, std::string_view label);
bool strip_button(Ui& ui, Id id, const Rect& rect, std::string_view label, Color ink);

// One line of text, cut with an ellipsis; returns its width.
struct TextLook {
  Face face = Face::kRegular;
  float size = type::kBody;
  Color color;
};
float text_line(Ui& ui, const Rect& rect, std::string_view text, const TextLook& look);
float text_centred(Ui& ui, const Rect& rect, std::string_view text, const TextLook& look);
// Wrapped text from the top; returns its height.
float text_wrapped(Ui& ui, Vec2 at, float width, std::string_view text, const TextLook& look,
                   int max_lines = 0);
float text_wrapped_height(Ui& ui, float width, std::string_view text, const TextLook& look,
                          int max_lines = 0);

const AvatarColors& avatar_colors(const Palette& palette, const Uuid& id);
std::string initials_of(std::string_view name);
void avatar(Ui& ui, Vec2 centre, float diameter, const Uuid& id, std::string_view name);
// Rooms: a rounded square.
void room_avatar(Ui& ui, Vec2 centre, float side, const Uuid& id, std::string_view name);
void presence_dot(Ui& ui, Vec2 centre, float diameter, wire::PresenceStatus status, Color ground);

void spinner(Ui& ui, Vec2 centre, float diameter, Color color);
float count_badge(Ui& ui, Vec2 right_centre, std::uint32_t count, bool strong);

bool toggle(Ui& ui, Id id, const Rect& rect, std::string_view label, std::string_view detail,
            bool on);
// Segmented choice; returns the chosen index.
int segmented(Ui& ui, Id id, const Rect& rect, std::string_view label,
              std::span<const std::string_view> options, int chosen);
// Returns the value after the person moved it.
int slider(Ui& ui, Id id, const Rect& rect, std::string_view label, int value, int minimum,
           int maximum, int step, std::string_view unit);

// A dialog's frame: scrim, panel, title, close button. `open` turns false when it was dismissed.
// Content goes into the returned rectangle, between begin and end.
struct DialogLook {
  std::string_view title;
  float width = 460;
  float height = 400;
  bool alert = false;
};
Rect begin_dialog(Ui& ui, Id id, const DialogLook& look, bool& open);
void end_dialog(Ui& ui);

// A scrolling column. `content` is the height drawn last time; returns where drawing starts.
struct ScrollArea {
  Id id = 0;
  Rect rect;
  float* offset = nullptr;
};
float begin_scroll(Ui& ui, const ScrollArea& area, float content);
void end_scroll(Ui& ui, const ScrollArea& area, float content);

// The same with each line in the middle.
float text_wrapped_centred(Ui& ui, Vec2 at, float width, std::string_view text,
                           const TextLook& look, int max_lines = 0);
// Middle of an empty view: an icon, what is missing, and what to do. Returns where it ends.
float empty_state(Ui& ui, const Rect& rect, Icon icon, std::string_view title,
                  std::string_view text);
void divider(Ui& ui, float x, float y, float width);

}  // namespace parley::ui
