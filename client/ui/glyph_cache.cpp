#include "client/ui/glyph_cache.hpp"

#include <imgui.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "client/ui/stb_font.hpp"

namespace parley::ui {
namespace {

constexpr GlyphKey kClusterBit = 0x80000000u;
constexpr std::size_t kMaxClusters = 20'000;
constexpr std::size_t kMaxBitmaps = 40'000;
constexpr int kSmallestArea = 1024;
constexpr int kLargestArea = 4000;
constexpr char32_t kReplacement = 0xfffd;

// Coverage is raised a little: stb's linear coverage makes dark text on light ground look thin.
std::uint8_t sharpen(std::uint8_t coverage) {
  static const auto table = [] {
    std::array<std::uint8_t, 256> t{};
    for (int i = 0; i < 256; ++i) {
      t[static_cast<std::size_t>(i)] =
          static_cast<std::uint8_t>(std::lround(255 * std::pow(i / 255.0, 0.82)));
    }
    return t;
  }();
  return table[coverage];
}

GlyphWeight weight_of(Face face) {
  if (face == Face::kMedium) return GlyphWeight::kMedium;
  return face == Face::kBold ? GlyphWeight::kBold : GlyphWeight::kRegular;
}

}  // namespace

struct GlyphCache::FontFace : StbFont {
  using StbFont::StbFont;
};

std::size_t GlyphCache::BitmapHash::operator()(const BitmapKey& key) const noexcept {
  const std::uint64_t packed = (std::uint64_t{key.glyph} << 32) | (std::uint64_t{key.size_q} << 8) |
                               (static_cast<std::uint64_t>(key.face) << 4) | key.shift;
  return static_cast<std::size_t>((packed ^ (packed >> 29)) * 0x9e3779b97f4a7c15ull);
}

GlyphCache::GlyphCache(const FontFiles& fonts, Platform& platform) : platform_(platform) {
  const ByteView files[kFaceCount] = {fonts.regular, fonts.medium, fonts.bold, fonts.italic,
                                      fonts.mono};
  for (std::size_t i = 0; i < kFaceCount; ++i) faces_[i] = std::make_unique<FontFace>(files[i]);
}

GlyphCache::~GlyphCache() = default;

void GlyphCache::begin_frame(ImFontAtlas& atlas, float pixel_ratio) {
  ++frame_;
  if (pixel_ratio != ratio_) {
    ratio_ = pixel_ratio;
    rebuild_ = true;
    ++generation_;
  }
  if (bitmaps_.size() > kMaxBitmaps || clusters_.size() > kMaxClusters) {
    cluster_keys_.clear();
    clusters_.clear();
    rebuild_ = true;
    ++generation_;
  }
  if (overflowed_ && area_size_ < kLargestArea) {
    area_size_ = std::min(area_size_ * 2, kLargestArea);
    rebuild_ = true;
  }
  overflowed_ = false;
  if (rebuild_) build(atlas);
  int width = 0, height = 0;
  unsigned char* raw = nullptr;
  atlas.GetTexDataAsRGBA32(&raw, &width, &height);
  pixels_ = atlas.TexPixelsRGBA32;
  dirty_x0_ = dirty_y0_ = 1 << 20;
  dirty_x1_ = dirty_y1_ = 0;
}

void GlyphCache::build(ImFontAtlas& atlas) {
  rebuild_ = false;
  bitmaps_.clear();
  shelves_.clear();
  if (area_size_ == 0) area_size_ = ratio_ > 1.25f ? 2 * kSmallestArea - 16 : kSmallestArea;
  atlas.Clear();
  // ImGui itself draws no text here, but wants a font: its smallest one.
  ImFontConfig config;
  config.OversampleH = config.OversampleV = 1;
  static const ImWchar only_ascii[] = {0x20, 0x7e, 0};
  config.GlyphRanges = only_ascii;
  atlas.AddFontDefault(&config);
  atlas.Flags |= ImFontAtlasFlags_NoBakedLines | ImFontAtlasFlags_NoMouseCursors;
  atlas.TexDesiredWidth = area_size_ <= 1024 ? 1088 : area_size_ <= 2040 ? 2048 : 4096;
  const int rect = atlas.AddCustomRectRegular(area_size_, area_size_);
  atlas.Build();
  int width = 0, height = 0;
  unsigned char* raw = nullptr;
  atlas.GetTexDataAsRGBA32(&raw, &width, &height);
  const ImFontAtlasCustomRect* area = atlas.GetCustomRectByIndex(rect);
  atlas_width_ = width;
  atlas_height_ = height;
  area_x_ = area->X;
  area_y_ = area->Y;
  platform_.atlas_rebuilt();
}

void GlyphCache::end_frame(ImFontAtlas&) {
  if (dirty_x1_ > dirty_x0_ && dirty_y1_ > dirty_y0_) {
    const std::uint32_t* first = pixels_ + std::ptrdiff_t{dirty_y0_} * atlas_width_ + dirty_x0_;
    platform_.atlas_changed(dirty_x0_, dirty_y0_, dirty_x1_ - dirty_x0_, dirty_y1_ - dirty_y0_,
                            reinterpret_cast<const std::uint8_t*>(first), atlas_width_);
  }
}

FontMetrics GlyphCache::metrics(const Font& font) const {
  const FontFace& face = *faces_[static_cast<std::size_t>(font.face)];
  return {face.ascent_em() * font.size, face.descent_em() * font.size, 0.727f * font.size};
}

bool GlyphCache::in_font(Face face, char32_t c) const {
  return faces_[static_cast<std::size_t>(face)]->has(c);
}

GlyphKey GlyphCache::key(const Font& font, std::string_view text, const TextUnit& unit) {
  if (unit.single && !unit.emoji && in_font(font.face, unit.code_point)) return unit.code_point;
  if (unit.space || unit.newline) return U' ';
  // Controls and format characters draw nothing.
  if (unit.single &&
      (unit.code_point < 0x20 || (unit.code_point >= 0x200b && unit.code_point <= 0x200f) ||
       (unit.code_point >= 0x202a && unit.code_point <= 0x202e) ||
       (unit.code_point >= 0x2060 && unit.code_point <= 0x2069) || unit.code_point == 0xfeff ||
       (unit.code_point >= 0x7f && unit.code_point < 0xa0))) {
    return 0;
  }
  std::string cluster(text.substr(unit.begin, unit.end - unit.begin));
  auto [found, fresh] =
      cluster_keys_.try_emplace(cluster, kClusterBit | static_cast<GlyphKey>(clusters_.size()));
  if (fresh) clusters_.push_back({std::move(cluster), unit.right_to_left});
  return found->second;
}

float GlyphCache::advance(const Font& font, GlyphKey key) {
  if (key == 0) return 0;
  if (!(key & kClusterBit)) {
    return faces_[static_cast<std::size_t>(font.face)]->advance_em(key) * font.size;
  }
  return bitmap(font, key, 0).advance / ratio_;
}

GlyphCache::Bitmap& GlyphCache::bitmap(const Font& font, GlyphKey key, int shift) {
  const BitmapKey id{key, static_cast<std::uint32_t>(std::lround(font.size * ratio_ * 4)),
                     font.face, static_cast<std::uint8_t>(shift)};
  auto [found, fresh] = bitmaps_.try_emplace(id);
  Bitmap& entry = found->second;
  const bool evicted =
      !fresh && !entry.empty &&
      (entry.shelf < 0 || shelves_[static_cast<std::size_t>(entry.shelf)].life != entry.shelf_life);
  if ((fresh || evicted) && pixels_ != nullptr) load(font, key, shift, entry);
  return entry;
}

bool GlyphCache::load(const Font& font, GlyphKey key, int shift, Bitmap& out) {
  if (key & kClusterBit) {
    const Cluster& cluster = clusters_[key & ~kClusterBit];
    return put(rasterize_cluster(font, cluster), out);
  }
  return put(rasterize_font(font, key, shift), out);
}

GlyphBitmap GlyphCache::rasterize_font(const Font& font, char32_t c, int shift) const {
  GlyphBitmap image = faces_[static_cast<std::size_t>(font.face)]->rasterize(
      c, font.size * ratio_, static_cast<float>(shift) / static_cast<float>(shifts()));
  for (std::size_t i = 3; i < image.rgba.size(); i += 4) image.rgba[i] = sharpen(image.rgba[i]);
  return image;
}

GlyphBitmap GlyphCache::rasterize_cluster(const Font& font, const Cluster& cluster) {
  GlyphRequest request;
  request.text = cluster.text;
  request.size_px = font.size * ratio_;
  request.weight = weight_of(font.face);
  request.italic = font.face == Face::kItalic;
  request.monospace = font.face == Face::kMono;
  request.right_to_left = cluster.right_to_left;
  GlyphBitmap image = platform_.rasterize(request);
  const bool sane = image.ok && image.width >= 0 && image.height >= 0 && image.width <= 2000 &&
                    image.height <= 500 &&
                    image.rgba.size() >= static_cast<std::size_t>(image.width) *
                                             static_cast<std::size_t>(image.height) * 4;
  return sane ? image : rasterize_font(font, kReplacement, 0);
}

bool GlyphCache::put(const GlyphBitmap& image, Bitmap& out) {
  out.advance = image.advance;
  out.left = image.left;
  out.top = image.top;
  out.width = image.width;
  out.height = image.height;
  out.colour = image.colour;
  out.empty = image.width <= 0 || image.height <= 0;
  if (out.empty) return true;
  out.shelf = find_shelf(image.width + 1, image.height + 1);
  if (out.shelf < 0) {
    overflowed_ = true;
    return false;
  }
  Shelf& shelf = shelves_[static_cast<std::size_t>(out.shelf)];
  out.shelf_life = shelf.life;
  shelf.last_frame = frame_;
  out.x = area_x_ + shelf.used;
  out.y = area_y_ + shelf.y;
  shelf.used += image.width + 1;
  for (int row = 0; row <= image.height; ++row) {
    std::uint32_t* to = pixels_ + std::ptrdiff_t{out.y + row} * atlas_width_ + out.x;
    std::memset(to, 0, static_cast<std::size_t>(image.width + 1) * 4);
    if (row == image.height) break;  // the blank row and column keep neighbours from bleeding in
    const std::uint8_t* from = image.rgba.data() + static_cast<std::size_t>(row) *
                                                       static_cast<std::size_t>(image.width) * 4;
    for (int column = 0; column < image.width; ++column, from += 4) {
      to[column] = image.colour ? IM_COL32(from[0], from[1], from[2], from[3])
                                : IM_COL32(255, 255, 255, from[3]);
    }
  }
  dirty_x0_ = std::min(dirty_x0_, out.x);
  dirty_y0_ = std::min(dirty_y0_, out.y);
  dirty_x1_ = std::max(dirty_x1_, out.x + image.width + 1);
  dirty_y1_ = std::max(dirty_y1_, out.y + image.height + 1);
  return true;
}

int GlyphCache::find_shelf(int width, int height) {
  const int wanted = (height + 3) / 4 * 4;
  if (width > area_size_ || wanted > area_size_) return -1;
  int bottom = 0;
  for (std::size_t i = 0; i < shelves_.size(); ++i) {
    const Shelf& shelf = shelves_[i];
    if (shelf.height == wanted && shelf.used + width <= area_size_) return static_cast<int>(i);
    bottom = std::max(bottom, shelf.y + shelf.height);
  }
  if (bottom + wanted <= area_size_) {
    shelves_.push_back({bottom, wanted, 0, 0, frame_});
    return static_cast<int>(shelves_.size()) - 1;
  }
  // Evict the shelf drawn from longest ago that is high enough and not part of this picture.
  int oldest = -1;
  for (std::size_t i = 0; i < shelves_.size(); ++i) {
    const Shelf& shelf = shelves_[i];
    if (shelf.height < wanted || shelf.last_frame == frame_) continue;
    if (oldest < 0 || shelf.last_frame < shelves_[static_cast<std::size_t>(oldest)].last_frame) {
      oldest = static_cast<int>(i);
    }
  }
  if (oldest >= 0) {
    Shelf& shelf = shelves_[static_cast<std::size_t>(oldest)];
    shelf.used = 0;
    ++shelf.life;
    ++evictions_;
  }
  return oldest;
}

PlacedGlyph GlyphCache::place(const Font& font, GlyphKey key, float subpixel_x) {
  PlacedGlyph out;
  if (key == 0) return out;
  const int count = shifts();
  const int shift =
      key & kClusterBit
          ? 0
          : std::min(static_cast<int>(subpixel_x * static_cast<float>(count)), count - 1);
  Bitmap& entry = bitmap(font, key, shift);
  if (entry.empty || entry.shelf < 0) return out;
  shelves_[static_cast<std::size_t>(entry.shelf)].last_frame = frame_;
  const float pixel = 1 / ratio_;
  out.x0 = static_cast<float>(entry.left) * pixel;
  out.y0 = -static_cast<float>(entry.top) * pixel;
  out.x1 = out.x0 + static_cast<float>(entry.width) * pixel;
  out.y1 = out.y0 + static_cast<float>(entry.height) * pixel;
  const float w = static_cast<float>(atlas_width_), h = static_cast<float>(atlas_height_);
  out.u0 = static_cast<float>(entry.x) / w;
  out.v0 = static_cast<float>(entry.y) / h;
  out.u1 = static_cast<float>(entry.x + entry.width) / w;
  out.v1 = static_cast<float>(entry.y + entry.height) / h;
  out.visible = true;
  out.colour = entry.colour;
  return out;
}

}  // namespace parley::ui
