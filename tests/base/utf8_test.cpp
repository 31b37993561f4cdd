#include <catch2/catch_test_macros.hpp>

#include "shared/base/utf8.hpp"

namespace parley::test {
namespace {

using namespace std::string_literals;

TEST_CASE("every code point has one form, and comes back from it") {
  for (char32_t c = 0; c <= 0x10ffff; ++c) {
    if (c == 0xd800) c = 0xe000;
    std::string text;
    append_utf8(c, text);
    std::size_t at = 0;
    const bool good = is_valid_utf8(text) && count_code_points(text) == 1 &&
                      next_code_point(text, at) == c && at == text.size();
    if (!good) FAIL("U+" << std::hex << static_cast<std::uint32_t>(c));
  }
}

TEST_CASE("the edges of each length") {
  const std::pair<char32_t, std::string> cases[] = {
      {0x00, "\x00"s},         {0x7f, "\x7f"},
      {0x80, "\xc2\x80"},      {0x7ff, "\xdf\xbf"},
      {0x800, "\xe0\xa0\x80"}, {0xd7ff, "\xed\x9f\xbf"},
      {0xe000, "\xee\x80\x80"}, {0xffff, "\xef\xbf\xbf"},
      {0x10000, "\xf0\x90\x80\x80"}, {0x10ffff, "\xf4\x8f\xbf\xbf"},
  };
  for (const auto& [c, bytes] : cases) {
    std::string text;
    append_utf8(c, text);
    CHECK(text == bytes);
  }
}

TEST_CASE("bytes that are not UTF-8 are refused") {
  const std::string bad[] = {
      "\x80",              // a continuation alone
      "\xbf",
      "\xc2",              // cut short
      "\xe2\x82",
      "\xf0\x9f\x98",
      "\xc2\x20",          // continuation missing
      "\xe2\x28\xa1",
      "\xe2\x82\x28",
      "\xf0\x28\x8c\xbc",
      "\xf0\x90\x28\xbc",
      "\xf0\x9f\x98\x28",
      "\xc0\x80",          // longer than needed: U+0000
      "\xc0\xaf",          // longer than needed: "/"
      "\xc1\xbf",
      "\xe0\x80\xaf",
      "\xe0\x9f\xbf",
      "\xf0\x80\x80\xaf",
      "\xf0\x8f\xbf\xbf",
      "\xed\xa0\x80",      // surrogates
      "\xed\xbf\xbf",
      "\xed\xa0\xbd\xed\xb8\x80",
      "\xf4\x90\x80\x80",  // past U+10FFFF
      "\xf5\x80\x80\x80",
      "\xf8\x88\x80\x80\x80",  // lengths that no longer exist
      "\xfc\x84\x80\x80\x80\x80",
      "\xfe",
      "\xff",
  };
  for (const auto& bytes : bad) {
    INFO(bytes.size() << " bytes, first " << static_cast<int>(bytes[0] & 0xff));
    CHECK(!is_valid_utf8(bytes));
    CHECK(!is_valid_utf8("before " + bytes + " after"));
    std::size_t at = 0;
    CHECK(next_code_point(bytes, at) == 0xfffd);
    CHECK(at == 1);
  }
}

TEST_CASE("code points that cannot be written become U+FFFD") {
  for (const char32_t c : {char32_t{0xd800}, char32_t{0xdfff}, char32_t{0x110000}}) {
    std::string text;
    append_utf8(c, text);
    CHECK(text == "\xef\xbf\xbd");
  }
}

TEST_CASE("characters are counted as code points") {
  CHECK(count_code_points("") == 0);
  CHECK(count_code_points("abc") == 3);
  CHECK(count_code_points("é😀한") == 3);
}

TEST_CASE("blank is what nobody can see") {
  for (const char* text : {"", " ", "\t\r\n ", "\u00a0", "\u200b\u200d", "\u3000", "\u2800",
                           "\ufeff", "\u2028", "\u1160", "\u115f", "\u3164", "\ufe0f"}) {
    INFO(text);
    CHECK(is_blank(text));
  }
  for (const char* text : {"a", " . ", "\u200bx", "한", "😀"}) {
    INFO(text);
    CHECK(!is_blank(text));
  }
}

}  // namespace
}  // namespace parley::test
