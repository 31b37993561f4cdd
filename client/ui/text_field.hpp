// Text fields drawn by us: the model is in FieldState, the characters come from the platform.
#pragma once

#include "client/ui/ui.hpp"

namespace parley::ui {

struct TextFieldLook {
  SemanticRole role = SemanticRole::kTextBox;
  std::string_view label;        // accessible name
  std::string_view placeholder;  // shown while empty
  FieldOptions options;
  bool framed = true;    // with an outline and ground of its own
  float max_height = 0;  // of the text, multi-line: beyond it scrolls
  Icon icon = Icon::kSearch;
  bool has_icon = false;
  bool invalid = false;
};

// Height of the text of a multi-line field at that width, for layouts that grow with it.
float text_field_height(Ui& ui, Id id, const FieldOptions& options, float width, float max_height);
// Draws and handles the field; look at state.changed and state.submitted afterwards (take_* resets
// them).
FieldState& text_field(Ui& ui, Id id, const Rect& rect, const TextFieldLook& look);

inline bool take_changed(FieldState& state) { return std::exchange(state.changed, false); }
inline bool take_submitted(FieldState& state) { return std::exchange(state.submitted, false); }

}  // namespace parley::ui
