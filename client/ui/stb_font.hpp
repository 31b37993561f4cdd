// One TrueType or OpenType font read by stb_truetype (part of Dear ImGui's source).
#pragma once

#include <memory>
#include <unordered_map>

#include "client/ui/platform.hpp"
#include "shared/base/bytes.hpp"

namespace parley::ui {

class StbFont {
 public:
  // `file` must outlive the font. An unreadable file gives a font without characters.
  explicit StbFont(ByteView file);
  ~StbFont();

  bool has(char32_t c) const;
  float ascent_em() const { return ascent_em_; }
  float descent_em() const { return descent_em_; }
  float advance_em(char32_t c) const;
  // `shift`: the pen's place within its pixel, 0 to 1.
  GlyphBitmap rasterize(char32_t c, float size_px, float shift) const;

 private:
  struct Info;
  int glyph(char32_t c) const;

  std::unique_ptr<Info> info_;
  bool usable_ = false;
  float units_per_em_inverse_ = 0;
  float ascent_em_ = 0.97f;
  float descent_em_ = 0.24f;
  mutable std::unordered_map<char32_t, int> glyphs_;
};

}  // namespace parley::ui
