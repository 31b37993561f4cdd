// Finding text as people expect it: upper and lower case are the same.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "client/ui/text_units.hpp"

namespace parley::ui {

// Simple case folding, one character for one: Latin, Greek, Cyrillic, Armenian and full-width
// letters.
char32_t fold_case(char32_t c);
std::u32string fold_case(std::string_view text);

// Where the folded words stand in a text, from the left, not overlapping.
std::vector<ByteRange> find_folded(std::string_view text, std::u32string_view folded);
bool starts_folded(std::string_view text, std::u32string_view folded);
// Some word of the text starts with it.
bool word_starts_folded(std::string_view text, std::u32string_view folded);

}  // namespace parley::ui
