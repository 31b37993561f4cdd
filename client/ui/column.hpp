// What stands below one another in a dialog: each part takes its height from the top.
#pragma once

#include <functional>

#include "client/ui/state.hpp"

namespace parley::ui {

struct Column {
  Scene& scene;
  Id id;  // parts that are not named get theirs from it
  float x, y, w;

  Rect take(float height, float gap = space::k3);
  void title(std::string_view text);
  void note(std::string_view text);
  void label(std::string_view text);
  void line();
  // With its name above. `initial` when the dialog has just been opened.
  FieldState& field(Id field_id, TextFieldLook look, const std::string& initial = {});
  bool act(Id button_id, const ButtonLook& look);
  // Buttons at the right; the first is the main one. Returns the chosen one, or -1.
  int acts(std::span<const ButtonLook> looks);
  // A sign and a sentence, for errors and states.
  void remark(Icon icon, Color ink, std::string_view text, SemanticRole role);
  // For a camera; nothing when the text is too long for one.
  void qr_code(Id code_id, const std::string& text, std::string_view label);
  // Under way: a spinner and what it is.
  void progress(std::string_view text);
};

// Scrolls until what the keyboard is on, within the dialog, can be seen.
void follow_focus(Ui& ui, Id dialog, const ScrollArea& scroll);

// A dialog as tall as what `draw` puts in; it scrolls where the screen is too small. False:
// dismissed.
bool column_dialog(Scene& scene, Id id, std::string_view title, float width,
                   const std::function<void(Column&)>& draw);

}  // namespace parley::ui
