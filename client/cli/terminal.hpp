// Text for a terminal: colours when wanted, and nothing a peer wrote may steer it.
#pragma once

#include <string>
#include <string_view>

#include "shared/base/time.hpp"

namespace parley::cli {

enum class Color { kAuto, kAlways, kNever };

// Whether standard output wants colours: a terminal that knows them, and no NO_COLOR.
bool wants_color(Color choice);

class Style {
 public:
  explicit Style(bool color) : color_(color) {}
  std::string bold(std::string_view text) const { return wrap("1", text); }
  std::string dim(std::string_view text) const { return wrap("2", text); }
  std::string good(std::string_view text) const { return wrap("32", text); }
  std::string warn(std::string_view text) const { return wrap("33", text); }
  // A colour of its own for each name, the same in every run.
  std::string name(std::string_view text) const;

 private:
  std::string wrap(std::string_view code, std::string_view text) const;
  bool color_;
};

// Control and bidirectional-override characters become visible stand-ins; line breaks become
// `line_break`.
std::string printable(std::string_view text, std::string_view line_break = " ");

// Columns of a terminal that the text takes.
std::size_t display_width(std::string_view text);
// Cut with an ellipsis, or filled with spaces, to exactly `width` columns.
std::string fitted(std::string_view text, std::size_t width);

std::string clock_time(Timestamp at);          // "09:41", local
std::string day_name(Timestamp at);            // "Saturday, 21 November 2026", local
std::string ago(Timestamp at, Timestamp now);  // "2 min ago"

}  // namespace parley::cli
