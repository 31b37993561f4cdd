// Glyphs in the texture: rasterised when first drawn, at the device's resolution, and evicted when
// they have not been drawn for longest.
//
// All of them live in one reserved rectangle of ImGui's font atlas, so text and shapes share a
// texture and a draw call. Characters of the interface's fonts are rasterised here (stb_truetype);
// everything else (emoji, CJK, shaped words) by the platform. One thread; one per AppUi.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "client/ui/app_ui.hpp"
#include "client/ui/text_units.hpp"

struct ImFontAtlas;

namespace parley::ui {

enum class Face : std::uint8_t { kRegular, kMedium, kBold, kItalic, kMono };
inline constexpr std::size_t kFaceCount = 5;

struct Font {
  Face face = Face::kRegular;
  float size = 15;     // em size, CSS px
  bool slant = false;  // sheared: italics of faces that have none
  bool operator==(const Font&) const = default;
};

struct FontMetrics {  // CSS px
  float ascent = 0;   // above the baseline
  float descent = 0;  // below, positive
  float cap_height = 0;
};

// A code point of a font, or the number of an interned cluster with the top bit set.
using GlyphKey = std::uint32_t;

struct PlacedGlyph {
  float x0 = 0, y0 = 0, x1 = 0, y1 = 0;  // CSS px relative to the pen on the baseline
  float u0 = 0, v0 = 0, u1 = 0, v1 = 0;
  bool visible = false;
  bool colour = false;
};

class GlyphCache {
 public:
  GlyphCache(const FontFiles& fonts, Platform& platform);
  ~GlyphCache();

  // Before ImGui::NewFrame. Rebuilds the atlas when the ratio changed or it has to grow.
  void begin_frame(ImFontAtlas& atlas, float pixel_ratio);
  // After the views were drawn: tells the platform which part of the atlas changed.
  void end_frame(ImFontAtlas& atlas);
  // True: some glyph found no room in this frame; the next one has it.
  bool needs_another_frame() const { return overflowed_; }
  void forget_texture() { rebuild_ = true; }

  FontMetrics metrics(const Font& font) const;
  GlyphKey key(const Font& font, std::string_view text, const TextUnit& unit);
  float advance(const Font& font, GlyphKey key);
  // `subpixel_x`: fraction of a device pixel of the pen's place, 0 to 1.
  PlacedGlyph place(const Font& font, GlyphKey key, float subpixel_x);

  // Moves when keys of earlier layouts no longer mean anything.
  std::uint64_t generation() const { return generation_; }
  float pixel_ratio() const { return ratio_; }
  std::size_t size() const { return bitmaps_.size(); }
  std::uint64_t evictions() const { return evictions_; }

 private:
  struct FontFace;
  struct Cluster {
    std::string text;
    bool right_to_left = false;
  };
  struct BitmapKey {
    GlyphKey glyph = 0;
    std::uint32_t size_q = 0;  // quarter device pixels
    Face face = Face::kRegular;
    std::uint8_t shift = 0;
    bool operator==(const BitmapKey&) const = default;
  };
  struct BitmapHash {
    std::size_t operator()(const BitmapKey& key) const noexcept;
  };
  struct Bitmap {
    int shelf = -1;
    std::uint32_t shelf_life = 0;  // of the shelf when placed; differs: evicted
    int x = 0, y = 0, width = 0, height = 0;
    int left = 0, top = 0;
    float advance = 0;  // device px
    bool colour = false;
    bool empty = false;
  };
  struct Shelf {
    int y = 0, height = 0, used = 0;
    std::uint32_t life = 0;
    std::uint64_t last_frame = 0;
  };

  bool in_font(Face face, char32_t c) const;
  Bitmap& bitmap(const Font& font, GlyphKey key, int shift);
  bool load(const Font& font, GlyphKey key, int shift, Bitmap& out);
  GlyphBitmap rasterize_font(const Font& font, char32_t c, int shift) const;
  GlyphBitmap rasterize_cluster(const Font& font, const Cluster& cluster);
  bool put(const GlyphBitmap& image, Bitmap& out);
  int find_shelf(int width, int height);
  void build(ImFontAtlas& atlas);
  int shifts() const { return ratio_ < 1.9f ? 4 : 2; }

  Platform& platform_;
  std::array<std::unique_ptr<FontFace>, kFaceCount> faces_;
  std::unordered_map<BitmapKey, Bitmap, BitmapHash> bitmaps_;
  std::unordered_map<std::string, GlyphKey> cluster_keys_;
  std::vector<Cluster> clusters_;
  std::vector<Shelf> shelves_;
  std::uint32_t* pixels_ = nullptr;  // of the atlas; valid between begin_frame and end_frame
  int atlas_width_ = 0, atlas_height_ = 0;
  int area_x_ = 0, area_y_ = 0, area_size_ = 0;
  int dirty_x0_ = 0, dirty_y0_ = 0, dirty_x1_ = 0, dirty_y1_ = 0;
  float ratio_ = 0;
  std::uint64_t frame_ = 0;
  std::uint64_t generation_ = 1;
  std::uint64_t evictions_ = 0;
  bool rebuild_ = true;
  bool overflowed_ = false;
};

}  // namespace parley::ui
