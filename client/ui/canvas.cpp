#include "client/ui/canvas.hpp"

#include <imgui.h>
#include <imgui_internal.h>

#include <bit>
#include <cmath>
#include <cstring>

namespace parley::ui {
namespace {

ImU32 pack(Color c) { return IM_COL32(c.r, c.g, c.b, c.a); }
ImVec2 vec(Vec2 v) { return {v.x, v.y}; }

constexpr std::uint64_t kKeepLabelFrames = 240;
constexpr std::size_t kManyLabels = 600;

}  // namespace

void Canvas::begin(ImDrawList& list, const Rect& surface, std::uint64_t frame) {
  list_ = &list;
  list_->_FringeScale = pixel();  // anti-aliasing one device pixel wide
  clips_.assign(1, surface);
  frame_ = frame;
  if (generation_ != glyphs_.generation()) {
    generation_ = glyphs_.generation();
    labels_.clear();
  }
  if (labels_.size() > kManyLabels) {
    std::erase_if(labels_, [this](const auto& entry) {
      return entry.second.used + kKeepLabelFrames < frame_;
    });
  }
  if (labels_.size() > 4 * kManyLabels) labels_.clear();
}

float Canvas::snap(float v) const {
  return std::round(v * glyphs_.pixel_ratio()) / glyphs_.pixel_ratio();
}

void Canvas::push_clip(const Rect& rect) {
  Rect clip = intersection(rect, clips_.back());
  clip.w = std::max(clip.w, 0.0f);
  clip.h = std::max(clip.h, 0.0f);
  clips_.push_back(clip);
  list_->PushClipRect(vec(clip.min()), vec(clip.max()), false);
}

void Canvas::pop_clip() {
  clips_.pop_back();
  list_->PopClipRect();
}

void Canvas::fill(const Rect& rect, Color color, float radius) {
  if (color.a == 0 || rect.empty()) return;
  list_->AddRectFilled(vec(rect.min()), vec(rect.max()), pack(color), radius);
}

void Canvas::fill_corners(const Rect& rect, Color color, float radius, int corners) {
  ImDrawFlags flags = 0;
  if (corners & 1) flags |= ImDrawFlags_RoundCornersTopLeft;
  if (corners & 2) flags |= ImDrawFlags_RoundCornersTopRight;
  if (corners & 4) flags |= ImDrawFlags_RoundCornersBottomRight;
  if (corners & 8) flags |= ImDrawFlags_RoundCornersBottomLeft;
  if (flags == 0) flags = ImDrawFlags_RoundCornersNone;
  list_->AddRectFilled(vec(rect.min()), vec(rect.max()), pack(color), radius, flags);
}

void Canvas::stroke(const Rect& rect, Color color, float radius, float width) {
  const Rect r = rect.inset(width / 2);
  list_->AddRect(vec(r.min()), vec(r.max()), pack(color), std::max(0.0f, radius - width / 2), 0,
                 width);
}

void Canvas::circle(Vec2 centre, float radius, Color color) {
  list_->AddCircleFilled(vec(centre), radius, pack(color));
}

void Canvas::ring(Vec2 centre, float radius, Color color, float width) {
  list_->AddCircle(vec(centre), radius, pack(color), 0, width);
}

void Canvas::arc(Vec2 centre, float radius, float from, float to, Color color, float width) {
  list_->PathArcTo(vec(centre), radius, from, to, 32);
  list_->PathStroke(pack(color), 0, width);
}

void Canvas::line(Vec2 from, Vec2 to, Color color, float width) {
  if (from.y == to.y) {  // crisp hairlines: whole device pixels
    const float thick = std::max(pixel(), snap(width));
    return fill({from.x, snap(from.y), to.x - from.x, thick}, color);
  }
  if (from.x == to.x) {
    const float thick = std::max(pixel(), snap(width));
    return fill({snap(from.x), from.y, thick, to.y - from.y}, color);
  }
  list_->AddLine(vec(from), vec(to), pack(color), width);
}

void Canvas::triangle(Vec2 a, Vec2 b, Vec2 c, Color color) {
  list_->AddTriangleFilled(vec(a), vec(b), vec(c), pack(color));
}

void Canvas::shadow(const Rect& rect, float radius, float size, Color color, float strength) {
  // Rounded rectangles stacked from the outside in: their sum falls off like a blur.
  constexpr int kSteps = 16;
  for (int i = 0; i < kSteps; ++i) {
    const float k = (static_cast<float>(i) + 0.5f) / kSteps;
    const float grow = size * (1 - k);
    Rect layer = rect.inset(-grow);
    layer.y += size * 0.35f;
    fill(layer, color.with_alpha(strength * 0.09f * k * k), radius + grow);
  }
}

void Canvas::icon(Icon which, Vec2 centre, float size, Color color, float width) {
  draw_icon(*list_, which,
            {snap(centre.x - size / 2) + size / 2, snap(centre.y - size / 2) + size / 2}, size,
            color, width);
}

template <class Visit>
void Canvas::stretches(const TextBlock& block, Vec2 at, Visit visit) {
  const float ratio = glyphs_.pixel_ratio();
  const Rect& area = clip();
  const auto& glyphs = block.glyphs();
  for (const TextBlock::Line& line : block.lines()) {
    const float top = at.y + line.top;
    if (top > area.bottom()) break;
    if (top + line.height < area.y) continue;
    const float baseline = std::round((at.y + line.baseline) * ratio) / ratio;
    for (std::uint32_t i = line.first; i < line.last;) {
      const std::uint16_t run = glyphs[i].run;
      float left = 1e9f, right = -1e9f;
      for (; i < line.last && glyphs[i].run == run; ++i) {
        left = std::min(left, glyphs[i].x);
        right = std::max(right, glyphs[i].x + glyphs[i].advance);
      }
      visit(block.runs()[run].style, at.x + left, at.x + right, baseline);
    }
  }
}

void Canvas::grounds(const TextBlock& block, Vec2 at, const Palette& palette) {
  stretches(block, at, [&](const TextStyle& style, float left, float right, float baseline) {
    const float size = style.font.size;
    const Rect ground{left - 2, baseline - size * 0.98f, right - left + 4, size * 1.28f};
    if (style.hidden)
      fill(ground, palette.text_muted, 4);
    else if (style.code)
      fill(ground, palette.code, 4);
    else if (style.mention)
      fill(ground, palette.accent_soft, 4);
  });
}

void Canvas::text(const TextBlock& block, Vec2 at, float alpha) {
  stretches(block, at, [&](const TextStyle& style, float left, float right, float baseline) {
    if (style.hidden || !(style.underline || style.strike)) return;
    const float size = style.font.size;
    const float y = style.strike ? baseline - size * 0.28f : baseline + size * 0.14f;
    fill({left, snap(y), right - left, std::max(pixel(), snap(size / 15))},
         style.color.with_alpha(alpha));
  });
  const float ratio = glyphs_.pixel_ratio();
  const Rect& area = clip();
  const auto& runs = block.runs();
  const auto& glyphs = block.glyphs();
  for (const TextBlock::Line& line : block.lines()) {
    const float top = at.y + line.top;
    if (top > area.bottom()) break;
    if (top + line.height < area.y) continue;
    const float baseline = std::round((at.y + line.baseline) * ratio) / ratio;
    const auto count = static_cast<int>(line.last - line.first);
    if (count == 0) continue;
    list_->PrimReserve(count * 6, count * 4);
    int used = 0;
    for (std::uint32_t i = line.first; i < line.last; ++i) {
      const TextBlock::Glyph& glyph = glyphs[i];
      const TextStyle& style = runs[glyph.run].style;
      if (glyph.space || style.hidden) continue;
      const float pen = (at.x + glyph.x) * ratio;
      const float whole = std::floor(pen);
      const PlacedGlyph placed = glyphs_.place(style.font, glyph.key, pen - whole);
      if (!placed.visible) continue;
      const float x = whole / ratio;
      const Color tint = placed.colour ? Color{255, 255, 255, style.color.a} : style.color;
      const ImU32 color = pack(tint.with_alpha(alpha));
      if (style.font.slant) {
        const float lean = 0.2f;
        list_->PrimQuadUV({x + placed.x0 - placed.y0 * lean, baseline + placed.y0},
                          {x + placed.x1 - placed.y0 * lean, baseline + placed.y0},
                          {x + placed.x1 - placed.y1 * lean, baseline + placed.y1},
                          {x + placed.x0 - placed.y1 * lean, baseline + placed.y1},
                          {placed.u0, placed.v0}, {placed.u1, placed.v0}, {placed.u1, placed.v1},
                          {placed.u0, placed.v1}, color);
      } else {
        list_->PrimRectUV({x + placed.x0, baseline + placed.y0},
                          {x + placed.x1, baseline + placed.y1}, {placed.u0, placed.v0},
                          {placed.u1, placed.v1}, color);
      }
      ++used;
    }
    if (used < count) list_->PrimUnreserve((count - used) * 6, (count - used) * 4);
  }
}

const TextBlock& Canvas::label(std::string_view text, const Font& font, Color color, float width,
                               int max_lines, float line_height) {
  std::string key;
  key.reserve(text.size() + 24);
  const float figures[4] = {font.size, width, static_cast<float>(max_lines), line_height};
  key.append(std::string_view(std::bit_cast<std::array<char, sizeof figures>>(figures).data(),
                              sizeof figures));
  key += static_cast<char>(font.face);
  key += font.slant ? '/' : '|';
  for (const std::uint8_t channel : {color.r, color.g, color.b, color.a}) {
    key += static_cast<char>(channel);
  }
  key += text;
  auto [found, fresh] = labels_.try_emplace(std::move(key));
  found->second.used = frame_;
  if (fresh) {
    StyledText styled;
    TextStyle style;
    style.font = font;
    style.color = color;
    styled.add(text, style);
    found->second.block = TextBlock(glyphs_, styled, {width, max_lines, line_height});
  }
  return found->second.block;
}

float Canvas::label_width(std::string_view text, const Font& font) {
  return label(text, font, Color{}).width();
}

}  // namespace parley::ui
