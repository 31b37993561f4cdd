// Text: units, wrapping, hits, selection, editing.
#include <catch2/catch_test_macros.hpp>
#include <random>

#include "client/ui/format.hpp"
#include "client/ui/rich_text.hpp"
#include "client/ui/text_edit.hpp"
#include "client/ui/widgets.hpp"
#include "shared/base/utf8.hpp"
#include "tests/ui/harness.hpp"

namespace parley::ui {
namespace {

std::vector<std::string> pieces(std::string_view text) {
  std::vector<std::string> out;
  for (const TextUnit& unit : cut_units(text))
    out.emplace_back(text.substr(unit.begin, unit.end - unit.begin));
  return out;
}

constexpr const char* kFamily =
    "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7";
constexpr const char* kFlags = "\xf0\x9f\x87\xaf\xf0\x9f\x87\xb5\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa";

struct Fonts {
  test::Harness harness;
  GlyphCache cache;
  Fonts() : cache(files(), harness.platform) { cache.begin_frame(*ImGui::GetIO().Fonts, 1); }
  FontFiles files() {
    auto& f = harness.fonts;
    return {f[0], f[1], f[2], f[3], f[4]};
  }
  TextBlock lay_out(std::string_view text, float width, int lines = 0) {
    StyledText styled;
    styled.add(text, {});
    return TextBlock(cache, styled, {width, lines, 1.4f});
  }
};

}  // namespace

TEST_CASE("text is cut into grapheme clusters and shaped words") {
  CHECK(pieces("ae\xcc\x81z") == std::vector<std::string>{"a", "e\xcc\x81", "z"});
  CHECK(pieces(kFamily) == std::vector<std::string>{kFamily});
  CHECK(pieces(kFlags).size() == 2);
  CHECK(pieces("\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd!").size() == 2);  // skin tone
  CHECK(pieces("a \xd8\xa7\xd9\x84\xd8\xb9\xd8\xb1\xd8\xa8 b").size() ==
        5);  // an Arabic word is one unit
  CHECK(cut_units("\xd8\xa7\xd9\x84")[0].right_to_left);
  CHECK(pieces("a\r\nb").size() == 3);
  CHECK(is_jumbo_emoji("\xf0\x9f\x8e\x89 \xf0\x9f\x9a\x80"));
  CHECK_FALSE(is_jumbo_emoji("ok \xf0\x9f\x9a\x80"));
}

TEST_CASE("units cover any text exactly, in order") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  auto random = [engine = std::mt19937(seed)]() mutable { return static_cast<unsigned>(engine()); };
  for (int round = 0; round < 300; ++round) {
    std::string text;
    for (unsigned i = random() % 60; i > 0; --i) {
      if (random() % 3 == 0)
        text += static_cast<char>(random() % 256);  // not always valid
      else
        append_utf8(static_cast<char32_t>(random() % 0x1fbff), text);
    }
    std::size_t at = 0;
    for (const TextUnit& unit : cut_units(text)) {
      REQUIRE(unit.begin == at);
      REQUIRE(unit.end > unit.begin);
      at = unit.end;
    }
    REQUIRE(at == text.size());
    for (std::size_t step = 0; step < text.size();) {
      const std::size_t next = next_cluster(text, step);
      REQUIRE(next > step);
      step = next;
    }
    for (std::size_t step = text.size(); step > 0;) {
      const std::size_t before = previous_cluster(text, step);
      REQUIRE(before < step);
      step = before;
    }
  }
}

TEST_CASE("words are found around a place") {
  const std::string text = "one two, three";
  const ByteRange two = word_at(text, 5);
  CHECK(text.substr(two.begin, two.end - two.begin) == "two");
  CHECK(previous_word(text, text.size()) == 9);
  CHECK(next_word(text, 0) == 3);
  CHECK(paragraph_at("a\nbc\nd", 3).begin == 2);
  CHECK(paragraph_at("a\nbc\nd", 3).end == 4);
}

TEST_CASE("lines wrap at spaces and never exceed the width when a break is possible") {
  Fonts fonts;
  const std::string text =
      "The quick brown fox jumps over the lazy dog, and then it does so again.";
  const TextBlock block = fonts.lay_out(text, 150);
  REQUIRE(block.lines().size() > 2);
  for (const auto& line : block.lines()) CHECK(line.width <= 150.01f);
  CHECK(block.lines().front().begin == 0);
  CHECK(block.lines().back().end == text.size());
  for (std::size_t i = 1; i < block.lines().size(); ++i) {
    CHECK(block.lines()[i].begin == block.lines()[i - 1].end);
    CHECK(text[block.lines()[i].begin - 1] == ' ');
  }
  CHECK(fonts.lay_out(std::string(200, 'x'), 100).lines().size() > 5);  // without any break: cut
  CHECK(fonts.lay_out("a\n", 100).lines().size() == 2);
  CHECK(fonts.lay_out("a\n\nb", 100).lines().size() == 3);
}

TEST_CASE("cut text ends with an ellipsis inside the width") {
  Fonts fonts;
  const TextBlock block = fonts.lay_out("Something that does not fit at all", 90, 1);
  CHECK(block.cut());
  CHECK(block.lines().size() == 1);
  CHECK(block.width() <= 90);
  CHECK_FALSE(fonts.lay_out("Fits", 90, 1).cut());
}

TEST_CASE("the caret's place and the hit at that place agree") {
  Fonts fonts;
  const std::string text =
      "Hello wide world of wrapped text, with \xc3\xbcml\xc3\xa4uts and more words";
  const TextBlock block = fonts.lay_out(text, 140);
  for (std::size_t at = 0; at <= text.size();
       at = at == text.size() ? at + 1 : next_cluster(text, at)) {
    const Rect caret = block.caret(at);
    INFO("offset " << at);
    CHECK(block.hit({caret.x, caret.y + caret.h / 2}) == at);
  }
  CHECK(block.vertical_step(0, -1, 0) == std::string::npos);
  CHECK(block.vertical_step(0, 1, 0) == block.lines()[1].begin);
}

TEST_CASE("right-to-left words are put in visual order") {
  Fonts fonts;
  // Latin first: the two Arabic words between stand mirrored, the Latin ones stay.
  const std::string text = "a \xd8\xa7\xd9\x84 \xd8\xa8\xd8\xaa z";
  const TextBlock block = fonts.lay_out(text, 500);
  const auto& glyphs = block.glyphs();
  REQUIRE(glyphs.size() == 7);
  CHECK(glyphs[0].x < glyphs[4].x);
  CHECK(glyphs[4].x < glyphs[2].x);
  CHECK(glyphs[2].x < glyphs[6].x);
  // Arabic first: the line is set from the right edge.
  const TextBlock arabic = fonts.lay_out("\xd8\xa7\xd9\x84 \xd8\xa8\xd8\xaa", 300);
  CHECK(arabic.lines()[0].left > 200);
  // A wrapped line keeps its paragraph's direction, whatever it begins with.
  const TextBlock wrapped =
      fonts.lay_out("abcdefgh \xd8\xa7\xd9\x84\xd8\xb9\xd8\xb1\xd8\xa8 z", 75);
  REQUIRE(wrapped.lines().size() > 1);
  CHECK(wrapped.lines()[1].left == 0);
}

TEST_CASE("rich text copies what is selected") {
  Fonts fonts;
  Theme theme;
  const RichText text =
      lay_out_rich_text(fonts.cache, theme, "Some **bold** words\n\n- one\n- two", {.width = 300});
  REQUIRE(text.blocks.size() == 3);
  CHECK(copy_rich_text(text, {}, end_of(text)) ==
        "Some bold words\n\xe2\x80\xa2 one\n\xe2\x80\xa2 two");
  CHECK(copy_rich_text(text, {0, 5}, {0, 9}) == "bold");
  const RichText link =
      lay_out_rich_text(fonts.cache, theme, "see https://example.org/x now", {.width = 300});
  REQUIRE(link.links.size() == 1);
  CHECK(link.links[0].url == "https://example.org/x");
}

TEST_CASE("glyphs are evicted and come back when the atlas is full") {
  Fonts fonts;
  std::size_t visible = 0;
  for (int size = 20; size < 90; ++size) {
    fonts.cache.begin_frame(*ImGui::GetIO().Fonts, 1);
    for (char32_t c = 'A'; c <= 'z'; ++c) {
      visible +=
          fonts.cache.place({Face::kRegular, static_cast<float>(size)}, c, 0).visible ? 1 : 0;
    }
    fonts.cache.end_frame(*ImGui::GetIO().Fonts);
  }
  CHECK(fonts.cache.evictions() > 0);
  fonts.cache.begin_frame(*ImGui::GetIO().Fonts, 1);
  CHECK(fonts.cache.place({Face::kRegular, 20}, U'A', 0).visible);
  CHECK(visible > 3000);
}

TEST_CASE("editing keeps text valid and within its limit") {
  TextModel model(false, 10);
  model.insert("12345678");
  model.insert("\xc3\xa4\xc3\xb6");  // only one of the two fits
  CHECK(model.text() == "12345678\xc3\xa4");
  model.erase_back(false);
  CHECK(model.text() == "12345678");
  model.select(2, 4);
  model.insert("x\ny");  // one line: a break becomes a space
  CHECK(model.text() == "12x y5678");
  CHECK(model.undo());
  CHECK(model.text() == "12345678");
  CHECK(model.redo());
  CHECK(model.text() == "12x y5678");
  model.assume("\xc3\xa4", 1, 1, {});  // inside a character
  CHECK(model.caret() == 0);
  model.set_text(kFamily);
  model.erase_back(false);
  CHECK(model.text().empty());
}

TEST_CASE("dates are counted rightly") {
  test::FakePlatform platform;
  const Timestamp leap{1'709'208'000'000};  // 29 February 2024, 12:00
  CHECK(full_moment(platform, leap) == "29 February 2024, 12:00");
  CHECK(full_moment(platform, {-1000}) == "31 December 1969, 23:59");
  CHECK(day_name(platform, leap, leap + hours(11)) == "Today");
  CHECK(day_name(platform, leap, leap + hours(13)) == "Yesterday");
  CHECK(day_name(platform, leap, leap + days(3)) == "Thursday, 29 February");
  CHECK(short_moment(platform, leap, leap + days(3)) == "Thu");
  CHECK(time_left(leap + hours(5), leap) == "in 5 hours");
}

TEST_CASE("initials are short and upper case") {
  CHECK(initials_of("ada lovelace") == "AL");
  CHECK(initials_of("Grace") == "G");
  CHECK(initials_of("\xd0\xb8\xd0\xb2\xd0\xb0\xd0\xbd \xd0\xbf") == "\xd0\x98\xd0\x9f");
  CHECK(initials_of("") == "?");
}

}  // namespace parley::ui
