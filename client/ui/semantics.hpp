// The semantic tree: what is on the screen in words, for screen readers and browser tests.
//
// Built anew with every frame from the same calls that draw, so it cannot drift from the picture.
// The web face mirrors it into DOM elements laid over the widgets with opacity 0; actions on those
// elements come back through AppUi::handle_semantic_action.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "client/ui/geometry.hpp"

namespace parley::ui {

// Stable between frames as long as the thing it names is the same (a message, a button of a
// dialog).
using SemanticId = std::uint64_t;

enum class SemanticRole : std::uint8_t {
  kApplication,  // the root; index 0
  kBanner,       // landmarks
  kNavigation,
  kMain,
  kComplementary,
  kForm,
  kSearch,
  kList,
  kListItem,
  kLog,      // the timeline: role=log, aria-live=polite
  kArticle,  // one message
  kSeparator,
  kHeading,  // level in `level`
  kText,
  kButton,
  kLink,  // value holds the URL
  kTextBox,
  kMultiLineTextBox,
  kSearchBox,
  kCheckBox,
  kSwitch,
  kRadioGroup,
  kRadio,
  kSlider,
  kTabList,
  kTab,
  kMenu,
  kMenuItem,
  kListBox,
  kOption,
  kDialog,  // aria-modal=true
  kAlertDialog,
  kStatus,  // aria-live=polite
  kAlert,   // aria-live=assertive
  kImage,
  kGrid,
  kToolbar,
  kGroup,
  kTooltip,
};

// The ARIA role ("textbox", "log", ...); landmarks and roles with an HTML element of their own
// included.
std::string_view role_name(SemanticRole role);

struct SemanticNode {
  SemanticId id = 0;
  std::int32_t parent = -1;  // index into SemanticTree::nodes; always smaller than the node's own
  SemanticRole role = SemanticRole::kGroup;
  Rect rect;          // CSS px of the surface, clipped to what is visible
  std::string label;  // accessible name
  std::string value;  // text of a field, URL of a link, "120 %" of a slider
  std::string description;
  std::uint8_t level = 0;                   // headings
  std::int32_t position = 0;                // lists that show only a part: 1-based place ...
  std::int32_t set_size = 0;                // ... and total; 0: as in the tree
  float minimum = 0, maximum = 0, now = 0;  // sliders

  bool focusable = false;
  bool focused = false;
  bool disabled = false;
  bool checkable = false;
  bool checked = false;
  bool selectable = false;
  bool selected = false;
  bool expandable = false;
  bool expanded = false;
  bool read_only = false;
  bool busy = false;
  bool invalid = false;

  // What the mirror may ask for.
  bool can_activate = false;   // click, Enter
  bool can_set_value = false;  // typing into, fill()
  bool can_adjust = false;     // sliders: kIncrement, kDecrement
  bool can_scroll = false;     // kScrollUp, kScrollDown
  bool has_menu = false;       // kShowMenu

  bool operator==(const SemanticNode&) const = default;
};

struct SemanticTree {
  std::vector<SemanticNode> nodes;  // parents before children, siblings in reading order
  std::uint64_t revision = 0;       // moved when any node changed
};

enum class SemanticActionKind : std::uint8_t {
  kActivate,
  kSetValue,  // `text` becomes the whole value, caret at its end
  kFocus,
  kBlur,
  kIncrement,
  kDecrement,
  kScrollUp,
  kScrollDown,
  kShowMenu,
  kSubmit,  // Enter in a field
};

struct SemanticAction {
  SemanticActionKind kind = SemanticActionKind::kActivate;
  SemanticId id = 0;
  std::string text;
};

}  // namespace parley::ui
