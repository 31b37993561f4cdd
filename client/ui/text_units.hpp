// Cuts text into the units that are measured, drawn, wrapped and stepped over as one.
//
// A unit is a grapheme cluster; in scripts whose letters join or reorder (Arabic, Indic, Thai ...),
// and in Hebrew, it is a whole word, because only the platform's text engine can shape those.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace parley::ui {

struct TextUnit {
  std::uint32_t begin = 0;  // bytes
  std::uint32_t end = 0;
  char32_t code_point = 0;  // the first one
  bool single = false;      // exactly one code point
  bool space = false;
  bool newline = false;
  bool break_after = false;  // a line may end here
  bool right_to_left = false;
  bool neutral = false;  // space or punctuation: takes the direction around it
  bool emoji = false;    // drawn in colour by the platform
  bool shaped = false;   // a word of a joining script
};

std::vector<TextUnit> cut_units(std::string_view text);

// True when the text is nothing but 1 to 3 emoji: shown large.
bool is_jumbo_emoji(std::string_view text);

// Steps of the caret by grapheme clusters and words (byte offsets).
std::size_t next_cluster(std::string_view text, std::size_t at);
std::size_t previous_cluster(std::string_view text, std::size_t at);
std::size_t next_word(std::string_view text, std::size_t at);
std::size_t previous_word(std::string_view text, std::size_t at);
// The word around a position: what a double click selects.
struct ByteRange {
  std::size_t begin = 0;
  std::size_t end = 0;
};
ByteRange word_at(std::string_view text, std::size_t at);
ByteRange paragraph_at(std::string_view text, std::size_t at);

}  // namespace parley::ui
