#include "client/ui/stb_font.hpp"

#include <algorithm>
#include <cmath>

#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wcast-qual"
#pragma GCC diagnostic ignored "-Wunused-function"
#endif
#define STBTT_STATIC
#define STB_TRUETYPE_IMPLEMENTATION
#include <imstb_truetype.h>
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

namespace parley::ui {

struct StbFont::Info {
  stbtt_fontinfo font{};
};

StbFont::StbFont(ByteView file) : info_(std::make_unique<Info>()) {
  if (file.size() < 64) return;
  const int offset = stbtt_GetFontOffsetForIndex(file.data(), 0);
  usable_ = offset >= 0 && stbtt_InitFont(&info_->font, file.data(), offset) != 0;
  if (!usable_) return;
  units_per_em_inverse_ = stbtt_ScaleForMappingEmToPixels(&info_->font, 1.0f);
  int ascent = 0, descent = 0, gap = 0;
  stbtt_GetFontVMetrics(&info_->font, &ascent, &descent, &gap);
  ascent_em_ = static_cast<float>(ascent) * units_per_em_inverse_;
  descent_em_ = -static_cast<float>(descent) * units_per_em_inverse_;
}

StbFont::~StbFont() = default;

int StbFont::glyph(char32_t c) const {
  if (!usable_) return 0;
  auto [found, fresh] = glyphs_.try_emplace(c, 0);
  if (fresh) found->second = stbtt_FindGlyphIndex(&info_->font, static_cast<int>(c));
  return found->second;
}

bool StbFont::has(char32_t c) const { return glyph(c) != 0; }

float StbFont::advance_em(char32_t c) const {
  if (!usable_) return 0.5f;
  int advance = 0, bearing = 0;
  stbtt_GetGlyphHMetrics(&info_->font, glyph(c), &advance, &bearing);
  return static_cast<float>(advance) * units_per_em_inverse_;
}

GlyphBitmap StbFont::rasterize(char32_t c, float size_px, float shift) const {
  GlyphBitmap out;
  out.ok = true;
  out.advance = advance_em(c) * size_px;
  const int index = glyph(c);
  if (!usable_ || index == 0) return out;
  const float scale = units_per_em_inverse_ * size_px;
  int x0 = 0, y0 = 0, x1 = 0, y1 = 0;
  stbtt_GetGlyphBitmapBoxSubpixel(&info_->font, index, scale, scale, shift, 0, &x0, &y0, &x1, &y1);
  if (x1 <= x0 || y1 <= y0 || x1 - x0 > 1000 || y1 - y0 > 1000) return out;
  out.width = x1 - x0;
  out.height = y1 - y0;
  out.left = x0;
  out.top = -y0;
  std::vector<std::uint8_t> coverage(static_cast<std::size_t>(out.width) *
                                     static_cast<std::size_t>(out.height));
  stbtt_MakeGlyphBitmapSubpixel(&info_->font, coverage.data(), out.width, out.height, out.width,
                                scale, scale, shift, 0, index);
  out.rgba.assign(coverage.size() * 4, 255);
  for (std::size_t i = 0; i < coverage.size(); ++i) out.rgba[i * 4 + 3] = coverage[i];
  return out;
}

}  // namespace parley::ui
