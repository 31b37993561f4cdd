#include "client/ui/text_layout.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace parley::ui {

void StyledText::add(std::string_view more, const TextStyle& style) {
  if (more.empty()) return;
  text += more;
  const auto end = static_cast<std::uint32_t>(text.size());
  if (!runs.empty() && runs.back().style == style) {
    runs.back().end = end;
  } else {
    runs.push_back({end, style});
  }
}

TextBlock::TextBlock(GlyphCache& cache, const StyledText& text, const LayoutOptions& options)
    : runs_(text.runs) {
  if (runs_.empty()) return;
  std::uint16_t run = 0;
  const std::vector<TextUnit> units = cut_units(text.text);
  glyphs_.reserve(units.size());
  break_after_.reserve(units.size());
  for (const TextUnit& unit : units) {
    while (run + 1u < runs_.size() && unit.begin >= runs_[run].end) ++run;
    const Font& font = runs_[run].style.font;
    Glyph glyph;
    glyph.key = cache.key(font, text.text, unit);
    if (unit.newline) {
      glyph.advance = 0;
    } else if (unit.code_point == '\t') {
      glyph.advance = 4 * cache.advance(font, U' ');
    } else {
      glyph.advance = cache.advance(font, glyph.key);
    }
    glyph.begin = unit.begin;
    glyph.end = unit.end;
    glyph.run = run;
    glyph.space = unit.space || unit.newline;
    glyph.right_to_left = unit.right_to_left;
    glyph.neutral = unit.neutral;
    glyphs_.push_back(glyph);
    break_after_.push_back(unit.break_after);
  }
  wrap(text.text, options);
  if (options.max_lines > 0 && lines_.size() > static_cast<std::size_t>(options.max_lines)) {
    lines_.resize(static_cast<std::size_t>(options.max_lines));
    cut_ = true;
    cut_last_line(cache, options.width);
  }
  bool base_rtl = false;
  for (Line& line : lines_) {
    if (line.starts_paragraph) base_rtl = is_rtl_paragraph(line);
    float ascent = 0, descent = 0, height = 0;
    const auto take = [&](const Font& font) {
      const FontMetrics m = cache.metrics(font);
      ascent = std::max(ascent, m.ascent);
      descent = std::max(descent, m.descent);
      height = std::max(height, font.size * options.line_height);
    };
    if (line.first == line.last) {
      take(runs_[line.first < glyphs_.size() ? glyphs_[line.first].run : runs_.size() - 1]
               .style.font);
    }
    for (std::uint32_t i = line.first; i < line.last; ++i) take(runs_[glyphs_[i].run].style.font);
    line.top = height_;
    line.height = std::max(height, ascent + descent);
    line.baseline = line.top + (line.height - ascent - descent) / 2 + ascent;
    height_ += line.height;
    order(line, options.width, base_rtl);
    width_ = std::max(width_, line.left + line.width);
  }
  break_after_.clear();
  break_after_.shrink_to_fit();
}

void TextBlock::wrap(std::string_view text, const LayoutOptions& options) {
  std::uint32_t first = 0, last_break = 0;
  float x = 0;
  bool new_paragraph = true;
  const auto count = static_cast<std::uint32_t>(glyphs_.size());
  const auto close = [&](std::uint32_t end) {
    Line line;
    line.starts_paragraph = std::exchange(new_paragraph, false);
    line.first = first;
    line.last = end;
    line.begin = first < count ? glyphs_[first].begin : static_cast<std::uint32_t>(text.size());
    line.end = end < count ? glyphs_[end].begin : static_cast<std::uint32_t>(text.size());
    lines_.push_back(line);
    first = last_break = end;
    x = 0;
  };
  for (std::uint32_t i = 0; i < count; ++i) {
    const Glyph& glyph = glyphs_[i];
    if (text[glyph.begin] == '\n' || text[glyph.begin] == '\r') {
      close(i + 1);
      new_paragraph = true;
      continue;
    }
    if (!glyph.space && x + glyph.advance > options.width + 0.01f && i > first) {
      const std::uint32_t at = last_break > first ? last_break : i;
      close(at);
      for (std::uint32_t k = at; k < i; ++k) x += glyphs_[k].advance;
    }
    x += glyph.advance;
    if (break_after_[i]) last_break = i + 1;
  }
  const bool ends_open = lines_.empty() || first < count ||
                         (!text.empty() && (text.back() == '\n' || text.back() == '\r'));
  if (ends_open) close(count);
}

void TextBlock::cut_last_line(GlyphCache& cache, float width) {
  Line& line = lines_.back();
  while (line.last > line.first && glyphs_[line.last - 1].space) --line.last;
  const std::uint16_t run =
      glyphs_.empty() ? std::uint16_t{0} : glyphs_[std::max(line.last, 1u) - 1].run;
  const TextUnit dots{.begin = 0, .end = 3, .code_point = 0x2026, .single = true};
  Glyph ellipsis;
  ellipsis.key = cache.key(runs_[run].style.font, "\xe2\x80\xa6", dots);
  ellipsis.advance = cache.advance(runs_[run].style.font, ellipsis.key);
  ellipsis.run = run;
  float used = ellipsis.advance;
  for (std::uint32_t i = line.first; i < line.last; ++i) used += glyphs_[i].advance;
  while (line.last > line.first && used > width) used -= glyphs_[--line.last].advance;
  while (line.last > line.first && glyphs_[line.last - 1].space) --line.last;
  ellipsis.begin = ellipsis.end = line.last > line.first ? glyphs_[line.last - 1].end : line.begin;
  line.end = ellipsis.end;
  glyphs_.resize(line.last);
  glyphs_.push_back(ellipsis);
  line.last += 1;
}

// A paragraph's direction is that of its first letter.
bool TextBlock::is_rtl_paragraph(const Line& first_line) const {
  for (std::size_t i = first_line.first; i < glyphs_.size(); ++i) {
    const Glyph& glyph = glyphs_[i];
    if (glyph.space && glyph.neutral && glyph.advance == 0)
      return false;  // its end: no letter came
    if (!glyph.neutral) return glyph.right_to_left;
  }
  return false;
}

// Visual order: runs of right-to-left units, with the neutrals between them, are mirrored; in a
// right-to-left paragraph the whole line is, and sits at the right edge.
void TextBlock::order(Line& line, float width, bool base_rtl) {
  std::uint32_t end = line.last;
  while (end > line.first && glyphs_[end - 1].space) --end;
  bool any = false;
  for (std::uint32_t i = line.first; i < end; ++i) any |= glyphs_[i].right_to_left;
  std::vector<std::uint32_t> visual;
  visual.reserve(line.last - line.first);
  for (std::uint32_t i = line.first; i < line.last; ++i) visual.push_back(i);
  if (any || base_rtl) {
    const auto mirror_runs = [&](bool direction) {
      for (std::uint32_t i = line.first; i < end;) {
        if (glyphs_[i].neutral || glyphs_[i].right_to_left != direction) {
          ++i;
          continue;
        }
        std::uint32_t stop = i + 1;
        for (std::uint32_t k = i + 1; k < end; ++k) {
          if (glyphs_[k].neutral) continue;
          if (glyphs_[k].right_to_left != direction) break;
          stop = k + 1;
        }
        std::reverse(visual.begin() + (i - line.first), visual.begin() + (stop - line.first));
        i = stop;
      }
    };
    if (base_rtl) {
      mirror_runs(false);
      std::reverse(visual.begin(), visual.begin() + (end - line.first));
    } else {
      mirror_runs(true);
    }
  }
  float x = 0, ink_end = 0;
  for (const std::uint32_t i : visual) {
    glyphs_[i].x = x;
    x += glyphs_[i].advance;
    if (i < end) ink_end = std::max(ink_end, x);
  }
  line.width = ink_end;
  if (base_rtl && width < 1e5f) {
    line.left = width - ink_end;
    for (std::uint32_t i = line.first; i < line.last; ++i) glyphs_[i].x += line.left;
  }
}

std::size_t TextBlock::line_of(std::size_t offset) const {
  for (std::size_t i = 0; i + 1 < lines_.size(); ++i) {
    if (offset < lines_[i].end) return i;
  }
  return lines_.empty() ? 0 : lines_.size() - 1;
}

std::size_t TextBlock::hit(Vec2 at) const {
  if (lines_.empty()) return 0;
  std::size_t index = 0;
  while (index + 1 < lines_.size() && at.y >= lines_[index].top + lines_[index].height) ++index;
  const Line& line = lines_[index];
  std::size_t best = line.begin;
  float best_distance = 1e9f;
  for (std::uint32_t i = line.first; i < line.last; ++i) {
    const Glyph& glyph = glyphs_[i];
    const float start = glyph.right_to_left ? glyph.x + glyph.advance : glyph.x;
    const float finish = glyph.right_to_left ? glyph.x : glyph.x + glyph.advance;
    if (std::abs(at.x - start) < best_distance) {
      best_distance = std::abs(at.x - start);
      best = glyph.begin;
    }
    // The place after the last unit of a wrapped line belongs to the next one.
    const bool is_break = glyph.space && i + 1 == line.last && index + 1 < lines_.size();
    if (!is_break && std::abs(at.x - finish) < best_distance) {
      best_distance = std::abs(at.x - finish);
      best = glyph.end;
    }
  }
  return best;
}

std::int32_t TextBlock::link_at(Vec2 at) const {
  for (const Line& line : lines_) {
    if (at.y < line.top || at.y >= line.top + line.height) continue;
    for (std::uint32_t i = line.first; i < line.last; ++i) {
      const Glyph& glyph = glyphs_[i];
      if (at.x >= glyph.x && at.x < glyph.x + glyph.advance) return runs_[glyph.run].style.link;
    }
  }
  return -1;
}

Rect TextBlock::caret(std::size_t offset) const {
  if (lines_.empty()) return {0, 0, 1, 0};
  const Line& line = lines_[line_of(offset)];
  float x = line.left;
  for (std::uint32_t i = line.first; i < line.last; ++i) {
    const Glyph& glyph = glyphs_[i];
    if (glyph.begin >= offset) {
      x = glyph.right_to_left ? glyph.x + glyph.advance : glyph.x;
      return {x, line.top, 1, line.height};
    }
    const float part =
        glyph.end > glyph.begin && offset < glyph.end
            ? static_cast<float>(offset - glyph.begin) / static_cast<float>(glyph.end - glyph.begin)
            : 1;
    x = glyph.right_to_left ? glyph.x + glyph.advance * (1 - part) : glyph.x + glyph.advance * part;
  }
  return {x, line.top, 1, line.height};
}

std::size_t TextBlock::vertical_step(std::size_t offset, int direction, float x) const {
  if (lines_.empty()) return std::string::npos;
  const std::size_t index = line_of(offset);
  if (direction < 0 && index == 0) return std::string::npos;
  if (direction > 0 && index + 1 >= lines_.size()) return std::string::npos;
  const Line& line = lines_[direction < 0 ? index - 1 : index + 1];
  return hit({x, line.top + line.height / 2});
}

ByteRange TextBlock::line_range(std::size_t offset) const {
  if (lines_.empty()) return {};
  const Line& line = lines_[line_of(offset)];
  std::size_t end = line.end;
  if (line.last > line.first && glyphs_[line.last - 1].space && &line != &lines_.back()) {
    end = glyphs_[line.last - 1].begin;
  }
  return {line.begin, end};
}

std::vector<Rect> TextBlock::selection(std::size_t begin, std::size_t end) const {
  std::vector<Rect> rects;
  if (begin >= end) return rects;
  for (const Line& line : lines_) {
    if (line.end <= begin && line.last > line.first) continue;
    if (line.begin >= end) break;
    float left = 1e9f, right = -1e9f;
    for (std::uint32_t i = line.first; i < line.last; ++i) {
      const Glyph& glyph = glyphs_[i];
      if (glyph.end <= begin || glyph.begin >= end) continue;
      left = std::min(left, glyph.x);
      // A selected line break shows as a narrow strip.
      right = std::max(right, glyph.x + std::max(glyph.advance, 4.0f));
    }
    if (right > left) rects.push_back({left, line.top, right - left, line.height});
  }
  return rects;
}

std::vector<Rect> TextBlock::link_rects(std::int32_t link) const {
  std::vector<Rect> rects;
  for (const Line& line : lines_) {
    float left = 1e9f, right = -1e9f;
    for (std::uint32_t i = line.first; i < line.last; ++i) {
      if (runs_[glyphs_[i].run].style.link != link) continue;
      left = std::min(left, glyphs_[i].x);
      right = std::max(right, glyphs_[i].x + glyphs_[i].advance);
    }
    if (right > left) rects.push_back({left, line.top, right - left, line.height});
  }
  return rects;
}

}  // namespace parley::ui
