// Drawing: shapes, icons and text blocks in CSS pixels, over one ImDrawList.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "client/ui/icons.hpp"
#include "client/ui/text_layout.hpp"

struct ImDrawList;

namespace parley::ui {

class Canvas {
 public:
  explicit Canvas(GlyphCache& glyphs) : glyphs_(glyphs) {}

  void begin(ImDrawList& list, const Rect& surface, std::uint64_t frame);
  GlyphCache& glyphs() { return glyphs_; }
  float pixel() const { return 1 / glyphs_.pixel_ratio(); }  // one device pixel
  float snap(float v) const;

  // ---- clipping ----
  void push_clip(const Rect& rect);
  void pop_clip();
  const Rect& clip() const { return clips_.back(); }
  bool visible(const Rect& rect) const { return !intersection(rect, clip()).empty(); }

  // ---- shapes ----
  void fill(const Rect& rect, Color color, float radius = 0);
  // Corners: bits 1 top left, 2 top right, 4 bottom right, 8 bottom left.
  void fill_corners(const Rect& rect, Color color, float radius, int corners);
  void stroke(const Rect& rect, Color color, float radius, float width = 1);
  void circle(Vec2 centre, float radius, Color color);
  void ring(Vec2 centre, float radius, Color color, float width);
  void arc(Vec2 centre, float radius, float from, float to, Color color, float width);
  void line(Vec2 from, Vec2 to, Color color, float width = 1);
  void triangle(Vec2 a, Vec2 b, Vec2 c, Color color);
  void shadow(const Rect& rect, float radius, float size, Color color, float strength = 0.25f);
  void icon(Icon icon, Vec2 centre, float size, Color color, float stroke = kStroke);

  // ---- text ----
  void text(const TextBlock& block, Vec2 at, float alpha = 1);
  // What lies behind the letters of code, mentions and hidden spoilers.
  void grounds(const TextBlock& block, Vec2 at, const Palette& palette);
  // Layouts of labels, kept while they are in use. The reference holds until the next frame.
  const TextBlock& label(std::string_view text, const Font& font, Color color, float width = 1e6f,
                         int max_lines = 1, float line_height = 1.4f);
  float label_width(std::string_view text, const Font& font);
  void forget_labels() { labels_.clear(); }

 private:
  // Calls visit(style, from, to, baseline) for each visible stretch of equal style.
  template <class Visit>
  void stretches(const TextBlock& block, Vec2 at, Visit visit);
  struct Label {
    TextBlock block;
    std::uint64_t used = 0;
  };

  GlyphCache& glyphs_;
  ImDrawList* list_ = nullptr;
  std::vector<Rect> clips_;
  std::unordered_map<std::string, Label> labels_;
  std::uint64_t frame_ = 0;
  std::uint64_t generation_ = 0;
};

}  // namespace parley::ui
