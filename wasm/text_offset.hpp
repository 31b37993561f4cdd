// Positions in a text as JavaScript counts them (UTF-16 units) and as C++ does (bytes of UTF-8).
#pragma once

#include <cstddef>
#include <string_view>

namespace parley::web {

// UTF-16 units that the UTF-8 sequence beginning with `lead` stands for; 0 for its later bytes.
constexpr std::size_t utf16_units(unsigned char lead) {
  if ((lead & 0xc0u) == 0x80u) return 0;
  return lead >= 0xf0u ? 2 : 1;
}

// Beyond the end: the end. Inside a surrogate pair: behind its character.
constexpr std::size_t to_utf8_offset(std::string_view text, std::size_t utf16_offset) {
  std::size_t at = 0, units = 0;
  while (at < text.size() && units < utf16_offset) {
    units += utf16_units(static_cast<unsigned char>(text[at]));
    ++at;
    while (at < text.size() && utf16_units(static_cast<unsigned char>(text[at])) == 0) ++at;
  }
  return at;
}

constexpr std::size_t to_utf16_offset(std::string_view text, std::size_t utf8_offset) {
  std::size_t units = 0;
  for (std::size_t at = 0; at < text.size() && at < utf8_offset; ++at) {
    units += utf16_units(static_cast<unsigned char>(text[at]));
  }
  return units;
}

static_assert(to_utf8_offset("a\xf0\x9f\x99\x82"
                             "b",
                             3) == 5);
static_assert(to_utf16_offset("a\xc3\xa9z", 3) == 2);

}  // namespace parley::web
