#include "client/ui/text_edit.hpp"

#include <algorithm>

namespace parley::ui {
namespace {

constexpr std::size_t kMaxUndo = 100;

bool is_inside_character(std::string_view text, std::size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80;
}

}  // namespace

ByteRange TextModel::selection() const {
  return {std::min(anchor_, caret_), std::max(anchor_, caret_)};
}

std::string_view TextModel::selected_text() const {
  const ByteRange range = selection();
  return std::string_view(text_).substr(range.begin, range.end - range.begin);
}

void TextModel::set_limits(bool multi_line, std::size_t max_bytes) {
  multi_line_ = multi_line;
  max_bytes_ = max_bytes;
}

std::size_t TextModel::clamped(std::size_t at) const {
  at = std::min(at, text_.size());
  while (at > 0 && is_inside_character(text_, at)) --at;
  return at;
}

void TextModel::set_text(std::string text) {
  text_ = std::move(text);
  anchor_ = caret_ = text_.size();
  composition_ = {};
  undo_.clear();
  redo_.clear();
  last_edit_ = Edit::kOther;
}

void TextModel::assume(std::string text, std::size_t anchor, std::size_t caret,
                       ByteRange composition) {
  text_ = std::move(text);
  if (max_bytes_ != 0 && text_.size() > max_bytes_) text_.resize(clamped(max_bytes_));
  anchor_ = clamped(anchor);
  caret_ = clamped(caret);
  composition_ = {clamped(composition.begin), clamped(composition.end)};
  undo_.clear();
  redo_.clear();
}

void TextModel::remember(Edit edit) {
  // Letters typed in a row are one step back.
  const bool joins =
      edit == last_edit_ && edit != Edit::kOther && !has_selection() && !undo_.empty();
  last_edit_ = edit;
  redo_.clear();
  if (joins) return;
  if (undo_.size() == kMaxUndo) undo_.erase(undo_.begin());
  undo_.push_back({text_, anchor_, caret_});
}

void TextModel::insert(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\r') {
      if (i + 1 < text.size() && text[i + 1] == '\n') continue;
      clean += multi_line_ ? '\n' : ' ';
    } else if (c == '\n') {
      clean += multi_line_ ? '\n' : ' ';
    } else if (c == '\t' || static_cast<unsigned char>(c) >= 0x20) {
      if (c != 0x7f) clean += c;
    }
  }
  if (clean.empty()) return;
  remember(clean.size() <= 4 && clean != " " && clean != "\n" ? Edit::kTyping : Edit::kOther);
  const ByteRange range = selection();
  if (max_bytes_ != 0) {
    const std::size_t kept = text_.size() - (range.end - range.begin);
    std::size_t room = max_bytes_ > kept ? max_bytes_ - kept : 0;
    if (clean.size() > room) {
      while (room > 0 && is_inside_character(clean, room)) --room;
      clean.resize(room);
    }
  }
  text_.replace(range.begin, range.end - range.begin, clean);
  anchor_ = caret_ = range.begin + clean.size();
}

void TextModel::erase_selection() {
  if (!has_selection()) return;
  remember(Edit::kOther);
  const ByteRange range = selection();
  text_.erase(range.begin, range.end - range.begin);
  anchor_ = caret_ = range.begin;
}

void TextModel::erase_back(bool word) {
  if (has_selection()) return erase_selection();
  if (caret_ == 0) return;
  remember(word ? Edit::kOther : Edit::kErasing);
  const std::size_t from = word ? previous_word(text_, caret_) : previous_cluster(text_, caret_);
  text_.erase(from, caret_ - from);
  anchor_ = caret_ = from;
}

void TextModel::erase_forward(bool word) {
  if (has_selection()) return erase_selection();
  if (caret_ == text_.size()) return;
  remember(word ? Edit::kOther : Edit::kErasing);
  const std::size_t to = word ? next_word(text_, caret_) : next_cluster(text_, caret_);
  text_.erase(caret_, to - caret_);
}

void TextModel::select(std::size_t anchor, std::size_t caret) {
  anchor_ = clamped(anchor);
  caret_ = clamped(caret);
  last_edit_ = Edit::kOther;
}

void TextModel::move_to(std::size_t caret, bool extend) { select(extend ? anchor_ : caret, caret); }

void TextModel::move_left(bool word, bool extend) {
  if (has_selection() && !extend && !word) return move_to(selection().begin, false);
  move_to(word ? previous_word(text_, caret_) : previous_cluster(text_, caret_), extend);
}

void TextModel::move_right(bool word, bool extend) {
  if (has_selection() && !extend && !word) return move_to(selection().end, false);
  move_to(word ? next_word(text_, caret_) : next_cluster(text_, caret_), extend);
}

bool TextModel::undo() {
  if (undo_.empty()) return false;
  redo_.push_back({text_, anchor_, caret_});
  Snapshot last = std::move(undo_.back());
  undo_.pop_back();
  text_ = std::move(last.text);
  select(last.anchor, last.caret);
  return true;
}

bool TextModel::redo() {
  if (redo_.empty()) return false;
  undo_.push_back({text_, anchor_, caret_});
  Snapshot next = std::move(redo_.back());
  redo_.pop_back();
  text_ = std::move(next.text);
  select(next.anchor, next.caret);
  return true;
}

}  // namespace parley::ui
