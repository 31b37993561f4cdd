#include "client/ui/text_search.hpp"

#include <algorithm>

#include "shared/base/utf8.hpp"

namespace parley::ui {
namespace {

bool is_between(char32_t c, char32_t first, char32_t last) { return c >= first && c <= last; }

// Blocks where a capital is followed by its small letter.
char32_t fold_even(char32_t c) { return c % 2 == 0 ? c + 1 : c; }
char32_t fold_odd(char32_t c) { return c % 2 == 1 ? c + 1 : c; }

char32_t fold_latin_extended(char32_t c) {
  if (c == 0x130) return U'i';
  if (c == 0x178) return 0xff;
  if (is_between(c, 0x139, 0x148) || is_between(c, 0x179, 0x17e)) return fold_odd(c);
  if (c == 0x131 || c == 0x138 || c == 0x149 || c == 0x17f) return c;
  return fold_even(c);
}

char32_t fold_greek(char32_t c) {
  if (is_between(c, 0x391, 0x3ab) && c != 0x3a2) return c + 0x20;
  if (c == 0x386) return 0x3ac;
  if (is_between(c, 0x388, 0x38a)) return c + 37;
  if (c == 0x38c) return 0x3cc;
  if (c == 0x38e || c == 0x38f) return c + 63;
  return c == 0x3c2 ? 0x3c3 : c;  // sigma at the end of a word
}

char32_t fold_cyrillic(char32_t c) {
  if (is_between(c, 0x410, 0x42f)) return c + 0x20;
  if (is_between(c, 0x400, 0x40f)) return c + 0x50;
  const bool pairs =
      is_between(c, 0x460, 0x481) || is_between(c, 0x48a, 0x4bf) || is_between(c, 0x4d0, 0x52f);
  return pairs ? fold_even(c) : c;
}

bool is_letter(char32_t c) {
  return is_between(c, U'a', U'z') || is_between(c, U'A', U'Z') || is_between(c, U'0', U'9') ||
         c >= 0xc0;
}

}  // namespace

char32_t fold_case(char32_t c) {
  if (c < 0x80) return is_between(c, U'A', U'Z') ? c + 0x20 : c;
  if (is_between(c, 0xc0, 0xde)) return c == 0xd7 ? c : c + 0x20;
  if (is_between(c, 0x100, 0x17f)) return fold_latin_extended(c);
  if (is_between(c, 0x1e00, 0x1eff)) return is_between(c, 0x1e96, 0x1e9f) ? c : fold_even(c);
  if (is_between(c, 0x370, 0x3ff)) return fold_greek(c);
  if (is_between(c, 0x400, 0x52f)) return fold_cyrillic(c);
  if (is_between(c, 0x531, 0x556)) return c + 0x30;
  if (is_between(c, 0xff21, 0xff3a)) return c + 0x20;
  return c;
}

std::u32string fold_case(std::string_view text) {
  std::u32string out;
  for (std::size_t at = 0; at < text.size();) out += fold_case(next_code_point(text, at));
  return out;
}

std::vector<ByteRange> find_folded(std::string_view text, std::u32string_view folded) {
  std::vector<ByteRange> out;
  if (folded.empty() || text.size() < folded.size()) return out;
  std::u32string letters;
  std::vector<std::size_t> places;  // of each letter, and of the end
  letters.reserve(text.size());
  places.reserve(text.size() + 1);
  for (std::size_t at = 0; at < text.size();) {
    places.push_back(at);
    letters += fold_case(next_code_point(text, at));
  }
  places.push_back(text.size());
  for (std::size_t at = letters.find(folded); at != std::u32string::npos;
       at = letters.find(folded, at + folded.size())) {
    out.push_back({places[at], places[at + folded.size()]});
  }
  return out;
}

bool starts_folded(std::string_view text, std::u32string_view folded) {
  std::size_t at = 0;
  for (const char32_t wanted : folded) {
    if (at >= text.size() || fold_case(next_code_point(text, at)) != wanted) return false;
  }
  return true;
}

bool word_starts_folded(std::string_view text, std::u32string_view folded) {
  bool inside = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t here = at;
    const bool letter = is_letter(next_code_point(text, at));
    if (letter && !inside && starts_folded(text.substr(here), folded)) return true;
    inside = letter;
  }
  return false;
}

}  // namespace parley::ui
