// UTF-8 (RFC 3629): shortest forms only, no surrogates, at most U+10FFFF.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace parley {

bool is_valid_utf8(std::string_view text);

// Characters as people's limits count them: code points. Call it on valid text only.
std::size_t count_code_points(std::string_view text);

// True when nothing but white space and invisible format characters is there.
bool is_blank(std::string_view text);

// Reads one code point at `at` and moves `at` past it; U+FFFD and one byte forward on bad input.
char32_t next_code_point(std::string_view text, std::size_t& at);

void append_utf8(char32_t code_point, std::string& out);

}  // namespace parley
