#include "client/ui/text_units.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include "shared/base/utf8.hpp"

namespace parley::ui {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

template <std::size_t N>
bool in_ranges(char32_t c, const Range (&ranges)[N]) {
  const Range* found = std::upper_bound(std::begin(ranges), std::end(ranges), c,
                                        [](char32_t v, const Range& r) { return v < r.first; });
  return found != std::begin(ranges) && c <= std::prev(found)->last;
}

// Marks that extend the cluster before them (general categories Mn, Me and the common Mc).
constexpr Range kExtend[] = {
    {0x0300, 0x036f},   {0x0483, 0x0489},   {0x0591, 0x05bd},  {0x05bf, 0x05bf}, {0x05c1, 0x05c2},
    {0x05c4, 0x05c5},   {0x05c7, 0x05c7},   {0x0610, 0x061a},  {0x064b, 0x065f}, {0x0670, 0x0670},
    {0x06d6, 0x06dc},   {0x06df, 0x06e4},   {0x06e7, 0x06e8},  {0x06ea, 0x06ed}, {0x0711, 0x0711},
    {0x0730, 0x074a},   {0x0900, 0x0903},   {0x093a, 0x093c},  {0x093e, 0x094f}, {0x0951, 0x0957},
    {0x0962, 0x0963},   {0x0981, 0x0983},   {0x09bc, 0x09bc},  {0x09be, 0x09cd}, {0x0e31, 0x0e31},
    {0x0e34, 0x0e3a},   {0x0e47, 0x0e4e},   {0x1ab0, 0x1aff},  {0x1dc0, 0x1dff}, {0x200c, 0x200d},
    {0x20d0, 0x20f0},   {0x302a, 0x302f},   {0x3099, 0x309a},  {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f},
    {0x1f3fb, 0x1f3ff}, {0xe0020, 0xe007f}, {0xe0100, 0xe01ef}};

// Scripts that a platform has to shape by the word, in the order of code points.
constexpr Range kShaped[] = {
    {0x0590, 0x08ff},  // Hebrew, Arabic, Syriac, Thaana, NKo, Samaritan, Mandaic
    {0x0900, 0x0fff},  // Indic scripts, Sinhala, Thai, Lao, Tibetan
    {0x1000, 0x109f},  // Myanmar
    {0x1100, 0x11ff},  // Hangul jamo
    {0x1700, 0x18af},  // Philippine scripts, Khmer, Mongolian
    {0x1900, 0x1cff},  // Limbu to Vedic extensions
    {0xa800, 0xabff},  // Indic and South-East Asian extensions
    {0xfb1d, 0xfdff},  // Hebrew and Arabic presentation forms
    {0xfe70, 0xfefe}, {0x10800, 0x10fff}, {0x11000, 0x11fff}, {0x1e800, 0x1efff}};

constexpr Range kRightToLeft[] = {{0x0590, 0x08ff}, {0x200f, 0x200f},   {0xfb1d, 0xfdff},
                                  {0xfe70, 0xfefe}, {0x10800, 0x10fff}, {0x1e800, 0x1efff}};

// Emoji_Presentation below the emoji planes.
constexpr Range kEmoji[] = {
    {0x231a, 0x231b},   {0x23e9, 0x23ec},   {0x23f0, 0x23f0},   {0x23f3, 0x23f3},
    {0x25fd, 0x25fe},   {0x2614, 0x2615},   {0x2648, 0x2653},   {0x267f, 0x267f},
    {0x2693, 0x2693},   {0x26a1, 0x26a1},   {0x26aa, 0x26ab},   {0x26bd, 0x26be},
    {0x26c4, 0x26c5},   {0x26ce, 0x26ce},   {0x26d4, 0x26d4},   {0x26ea, 0x26ea},
    {0x26f2, 0x26f3},   {0x26f5, 0x26f5},   {0x26fa, 0x26fa},   {0x26fd, 0x26fd},
    {0x2705, 0x2705},   {0x270a, 0x270b},   {0x2728, 0x2728},   {0x274c, 0x274c},
    {0x274e, 0x274e},   {0x2753, 0x2755},   {0x2757, 0x2757},   {0x2795, 0x2797},
    {0x27b0, 0x27b0},   {0x27bf, 0x27bf},   {0x2b1b, 0x2b1c},   {0x2b50, 0x2b50},
    {0x2b55, 0x2b55},   {0x1f000, 0x1f0ff}, {0x1f18e, 0x1f18e}, {0x1f191, 0x1f19a},
    {0x1f1e6, 0x1f1ff}, {0x1f200, 0x1f320}, {0x1f321, 0x1faff}};

// Scripts written without spaces: a line may break after each character.
constexpr Range kIdeographic[] = {{0x2e80, 0x303e}, {0x3041, 0x33ff}, {0x3400, 0x4dbf},
                                  {0x4e00, 0x9fff}, {0xa000, 0xa4cf}, {0xac00, 0xd7a3},
                                  {0xf900, 0xfaff}, {0xff00, 0xffef}, {0x20000, 0x3fffd}};

// Closing punctuation that must not start a line.
constexpr std::u32string_view kNoBreakBefore =
    U"!),.:;?]}\u00bb\u2019\u201d\u2026\u3001\u3002\u300d\u300f\u3011\u30fc\uff01\uff09\uff0c\uff1a"
    U"\uff1b\uff1f";

constexpr char32_t kZeroWidthJoiner = 0x200d;
constexpr char32_t kEmojiSelector = 0xfe0f;
constexpr std::size_t kMaxUnitBytes = 96;

bool is_space(char32_t c) {
  return c == ' ' || c == '\t' || c == 0x3000 || (c >= 0x2000 && c <= 0x200a) || c == 0x205f;
}
bool is_regional(char32_t c) { return c >= 0x1f1e6 && c <= 0x1f1ff; }
bool is_word_character(char32_t c) {
  if (c < 0x80) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  }
  if (c >= 0x2000 && c <= 0x206f) return false;
  return !(c >= 0x3000 && c <= 0x303f) && c != 0xa0 && c != 0xab && c != 0xbb;
}
bool is_neutral(char32_t c) {
  return is_space(c) || (c < 0x80 && !is_word_character(c)) || (c >= 0x2010 && c <= 0x2027);
}

struct Reader {
  std::string_view text;
  std::size_t at = 0;
  bool done() const { return at >= text.size(); }
  char32_t peek() const {
    std::size_t copy = at;
    return next_code_point(text, copy);
  }
  char32_t take() { return next_code_point(text, at); }
};

// Takes the rest of a grapheme cluster whose first code point is `first`. Returns the number of
// code points.
int take_cluster(Reader& reader, char32_t first, bool& emoji_selector) {
  int count = 1;
  bool regional_open = is_regional(first);
  const std::size_t begin = reader.at;
  while (!reader.done() && reader.at - begin < kMaxUnitBytes) {
    const char32_t next = reader.peek();
    if (regional_open && is_regional(next)) {
      regional_open = false;
    } else if (next == kZeroWidthJoiner) {
      reader.take();
      ++count;
      if (reader.done() || !in_ranges(reader.peek(), kEmoji)) {
        if (reader.done() || reader.peek() < 0x2190 || reader.peek() > 0x2bff) continue;
      }
    } else if (!in_ranges(next, kExtend)) {
      break;
    }
    if (next == kEmojiSelector) emoji_selector = true;
    reader.take();
    ++count;
  }
  return count;
}

bool breaks_after(char32_t c, bool space) {
  return space || c == '-' || c == '/' || c == 0x2010 || c == 0x2013 || c == 0x2014 ||
         c == 0x200b || in_ranges(c, kIdeographic);
}

}  // namespace

std::vector<TextUnit> cut_units(std::string_view text) {
  std::vector<TextUnit> units;
  units.reserve(text.size());
  Reader reader{text};
  while (!reader.done()) {
    TextUnit unit;
    unit.begin = static_cast<std::uint32_t>(reader.at);
    const char32_t first = reader.take();
    unit.code_point = first;
    if (first == '\n' || first == '\r') {
      if (first == '\r' && !reader.done() && reader.peek() == '\n') reader.take();
      unit.newline = unit.break_after = unit.neutral = true;
    } else if (in_ranges(first, kShaped)) {
      unit.shaped = true;
      unit.right_to_left = in_ranges(first, kRightToLeft);
      while (!reader.done() && reader.at - unit.begin < kMaxUnitBytes) {
        const char32_t next = reader.peek();
        if (!in_ranges(next, kShaped) && !in_ranges(next, kExtend)) break;
        if (in_ranges(next, kRightToLeft) != unit.right_to_left && in_ranges(next, kShaped)) break;
        reader.take();
      }
    } else {
      bool selector = false;
      unit.single = take_cluster(reader, first, selector) == 1;
      unit.space = is_space(first);
      unit.neutral = is_neutral(first);
      unit.emoji = selector || in_ranges(first, kEmoji);
      unit.break_after = breaks_after(first, unit.space) || unit.emoji;
    }
    unit.end = static_cast<std::uint32_t>(reader.at);
    const bool sticks = kNoBreakBefore.find(first) != std::u32string_view::npos;
    if (!units.empty() && in_ranges(first, kIdeographic)) units.back().break_after = true;
    if (!units.empty() && (unit.emoji || unit.shaped))
      units.back().break_after |= units.back().emoji;
    if (!units.empty() && sticks && !units.back().space && !units.back().newline) {
      units.back().break_after = false;
    }
    units.push_back(unit);
  }
  return units;
}

bool is_jumbo_emoji(std::string_view text) {
  if (text.empty() || text.size() > 3 * kMaxUnitBytes) return false;
  int emoji = 0;
  for (const TextUnit& unit : cut_units(text)) {
    if (unit.emoji) {
      ++emoji;
    } else if (!unit.space) {
      return false;
    }
  }
  return emoji >= 1 && emoji <= 3;
}

std::size_t next_cluster(std::string_view text, std::size_t at) {
  if (at >= text.size()) return text.size();
  Reader reader{text, at};
  const char32_t first = reader.take();
  bool selector = false;
  if (first == '\r' && !reader.done() && reader.peek() == '\n') {
    reader.take();
  } else if (first != '\n') {
    take_cluster(reader, first, selector);
  }
  return reader.at;
}

std::size_t previous_cluster(std::string_view text, std::size_t at) {
  at = std::min(at, text.size());
  if (at == 0) return 0;
  // Clusters are found forwards only: start at the paragraph, or a bounded way back.
  std::size_t from = text.rfind('\n', at - 1);
  from =
      from == std::string_view::npos || from + 1 >= at ? (from == at - 1 ? at - 1 : 0) : from + 1;
  if (at - from > 512) {
    from = at - 512;
    while (from < at && (static_cast<unsigned char>(text[from]) & 0xc0) == 0x80) ++from;
  }
  std::size_t last = from;
  for (std::size_t step = from; step < at;) {
    last = step;
    step = next_cluster(text, step);
  }
  return last;
}

std::size_t next_word(std::string_view text, std::size_t at) {
  Reader reader{text, std::min(at, text.size())};
  while (!reader.done() && !is_word_character(reader.peek())) reader.take();
  while (!reader.done() && is_word_character(reader.peek())) reader.take();
  return reader.at;
}

std::size_t previous_word(std::string_view text, std::size_t at) {
  const auto before = [&](std::size_t position) {
    do {
      --position;
    } while (position > 0 && (static_cast<unsigned char>(text[position]) & 0xc0) == 0x80);
    return position;
  };
  const auto is_word_at = [&](std::size_t position) {
    std::size_t copy = position;
    return is_word_character(next_code_point(text, copy));
  };
  at = std::min(at, text.size());
  while (at > 0 && !is_word_at(before(at))) at = before(at);
  while (at > 0 && is_word_at(before(at))) at = before(at);
  return at;
}

ByteRange word_at(std::string_view text, std::size_t at) {
  if (text.empty()) return {};
  at = std::min(at, text.size());
  std::size_t probe = at < text.size() ? at : previous_cluster(text, at);
  std::size_t copy = probe;
  if (!is_word_character(next_code_point(text, copy))) {
    // Between words: prefer the word that ends here.
    if (at > 0) {
      const std::size_t before = previous_cluster(text, at);
      std::size_t step = before;
      if (is_word_character(next_code_point(text, step))) return {previous_word(text, at), at};
    }
    return {probe, next_cluster(text, probe)};
  }
  const std::size_t end = next_word(text, probe);
  return {previous_word(text, end), end};
}

ByteRange paragraph_at(std::string_view text, std::size_t at) {
  at = std::min(at, text.size());
  const std::size_t before = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
  const std::size_t after = text.find('\n', at);
  return {before == std::string_view::npos ? 0 : before + 1,
          after == std::string_view::npos ? text.size() : after};
}

}  // namespace parley::ui
