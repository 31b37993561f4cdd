// The text of a field being edited: caret, selection, composition, undo. Knows nothing of drawing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "client/ui/text_units.hpp"

namespace parley::ui {

class TextModel {
 public:
  explicit TextModel(bool multi_line = false, std::size_t max_bytes = 0)
      : multi_line_(multi_line), max_bytes_(max_bytes) {}

  const std::string& text() const { return text_; }
  std::size_t caret() const { return caret_; }
  std::size_t anchor() const { return anchor_; }
  ByteRange selection() const;
  bool has_selection() const { return caret_ != anchor_; }
  std::string_view selected_text() const;
  ByteRange composition() const { return composition_; }
  std::size_t max_bytes() const { return max_bytes_; }
  bool multi_line() const { return multi_line_; }
  void set_limits(bool multi_line, std::size_t max_bytes);

  // Replaces everything; the caret goes to the end and undo is forgotten.
  void set_text(std::string text);
  // What the system's own field holds now; offsets beyond the text or inside a character are moved
  // in.
  void assume(std::string text, std::size_t anchor, std::size_t caret, ByteRange composition);

  void insert(std::string_view text);  // in place of the selection; bounded by max_bytes
  void erase_selection();
  void erase_back(bool word);
  void erase_forward(bool word);
  void select(std::size_t anchor, std::size_t caret);
  void select_all() { select(0, text_.size()); }
  void move_to(std::size_t caret, bool extend);
  void move_left(bool word, bool extend);
  void move_right(bool word, bool extend);
  bool undo();
  bool redo();

 private:
  struct Snapshot {
    std::string text;
    std::size_t anchor = 0;
    std::size_t caret = 0;
  };
  enum class Edit { kTyping, kErasing, kOther };

  void remember(Edit edit);
  std::size_t clamped(std::size_t at) const;

  std::string text_;
  std::size_t anchor_ = 0;
  std::size_t caret_ = 0;
  ByteRange composition_;
  bool multi_line_ = false;
  std::size_t max_bytes_ = 0;
  std::vector<Snapshot> undo_, redo_;
  Edit last_edit_ = Edit::kOther;
};

}  // namespace parley::ui
