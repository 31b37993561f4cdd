// Text into lines: styles, wrapping, ellipsis, bidirectional order, hit testing and selection.
//
// A TextBlock is plain data for one width; it is drawn at any place and kept by its owner until
// text, width, theme or GlyphCache::generation() change.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "client/ui/geometry.hpp"
#include "client/ui/glyph_cache.hpp"
#include "client/ui/theme.hpp"

namespace parley::ui {

struct TextStyle {
  Font font;
  Color color;
  bool underline = false;
  bool strike = false;
  bool code = false;       // on the code ground
  bool mention = false;    // on the soft accent ground
  bool hidden = false;     // an unopened spoiler: a bar instead of letters
  std::int32_t link = -1;  // number of the link or spoiler it belongs to, for the owner

  bool operator==(const TextStyle&) const = default;
};

struct StyledText {
  struct Run {
    std::uint32_t end = 0;  // bytes; runs follow each other
    TextStyle style;
  };
  std::string text;
  std::vector<Run> runs;

  void add(std::string_view more, const TextStyle& style);
};

struct LayoutOptions {
  float width = 1e6f;
  int max_lines = 0;         // 0: any number; the last one ends with an ellipsis when cut
  float line_height = 1.4f;  // of the font's size
};

class TextBlock {
 public:
  struct Glyph {
    GlyphKey key = 0;
    float x = 0;  // left edge of its cell
    float advance = 0;
    std::uint32_t begin = 0, end = 0;  // bytes
    std::uint16_t run = 0;
    bool space = false;
    bool right_to_left = false;
    bool neutral = false;
  };
  struct Line {
    std::uint32_t first = 0, last = 0;  // glyphs
    std::uint32_t begin = 0, end = 0;   // bytes; end is after the line's break
    float top = 0, height = 0, baseline = 0;
    float left = 0, width = 0;
    bool starts_paragraph = true;
  };

  TextBlock() = default;
  TextBlock(GlyphCache& cache, const StyledText& text, const LayoutOptions& options);

  float width() const { return width_; }
  float height() const { return height_; }
  bool cut() const { return cut_; }
  bool empty() const { return glyphs_.empty(); }
  const std::vector<Line>& lines() const { return lines_; }
  const std::vector<Glyph>& glyphs() const { return glyphs_; }
  const std::vector<StyledText::Run>& runs() const { return runs_; }

  // Byte offset of the boundary nearest to a point.
  std::size_t hit(Vec2 at) const;
  // Link number under a point, or -1.
  std::int32_t link_at(Vec2 at) const;
  Rect caret(std::size_t offset) const;
  // Byte offset one line up (-1) or down (+1), as near to `x` as possible; npos past the ends.
  std::size_t vertical_step(std::size_t offset, int direction, float x) const;
  ByteRange line_range(std::size_t offset) const;
  std::vector<Rect> selection(std::size_t begin, std::size_t end) const;
  // Rectangles of the runs with that link number, one a line.
  std::vector<Rect> link_rects(std::int32_t link) const;

 private:
  void wrap(std::string_view text, const LayoutOptions& options);
  void order(Line& line, float width, bool base_rtl);
  bool is_rtl_paragraph(const Line& first_line) const;
  void cut_last_line(GlyphCache& cache, float width);
  std::size_t line_of(std::size_t offset) const;

  std::vector<StyledText::Run> runs_;
  std::vector<Glyph> glyphs_;
  std::vector<bool> break_after_;  // only while wrapping
  std::vector<Line> lines_;
  float width_ = 0;
  float height_ = 0;
  bool cut_ = false;
};

}  // namespace parley::ui
