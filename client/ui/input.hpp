// What a face reports: pointers, wheel, keys, and text from the system's text input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "client/ui/geometry.hpp"

namespace parley::ui {

struct Modifiers {
  bool shift = false;
  bool control = false;  // Cmd on a Mac counts as control
  bool alt = false;
  bool operator==(const Modifiers&) const = default;
};

enum class PointerKind : std::uint8_t { kMouse, kTouch, kPen };
enum class PointerAction : std::uint8_t { kMove, kDown, kUp, kCancel, kLeave };
enum class PointerButton : std::uint8_t { kPrimary, kSecondary, kMiddle };

struct PointerEvent {
  PointerAction action = PointerAction::kMove;
  PointerKind kind = PointerKind::kMouse;
  PointerButton button = PointerButton::kPrimary;
  Vec2 at;
  Modifiers modifiers;
};

struct WheelEvent {
  Vec2 at;
  Vec2 delta;  // CSS pixels; positive moves the content up and to the left
  Modifiers modifiers;
};

enum class Key : std::uint8_t {
  kOther,
  kEnter,
  kEscape,
  kTab,
  kSpace,
  kBackspace,
  kDelete,
  kLeft,
  kRight,
  kUp,
  kDown,
  kHome,
  kEnd,
  kPageUp,
  kPageDown,
  kMenu,
  kF10,
  kLetter,  // KeyEvent::letter says which: 'a' to 'z', '0' to '9', '/' and other ASCII, unshifted
};

struct KeyEvent {
  Key key = Key::kOther;
  char letter = 0;
  bool repeat = false;
  Modifiers modifiers;
};

// The state of the system's text field after the person changed it. Offsets are bytes of UTF-8.
struct TextInputEvent {
  std::uint64_t field = 0;  // TextInputState::field it belongs to; stale ones are ignored
  std::string text;
  std::size_t selection_start = 0;  // where the selection was begun (the anchor)
  std::size_t selection_end = 0;    // the caret
  // While an input method composes: the part of `text` that is not final.
  std::size_t composition_start = 0;
  std::size_t composition_end = 0;  // equal to start: nothing is being composed
};

}  // namespace parley::ui
