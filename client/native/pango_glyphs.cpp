#include "client/native/pango_glyphs.hpp"

#include <pango/pangocairo.h>

#include <algorithm>
#include <cstring>

namespace parley::native {
namespace {

constexpr int kMargin = 2;  // strokes may leave their ink box by a pixel
constexpr int kMaxSide = 1500;

struct Unref {
  void operator()(gpointer object) const { g_object_unref(object); }
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
  void operator()(cairo_t* cairo) const { cairo_destroy(cairo); }
  void operator()(PangoFontDescription* font) const { pango_font_description_free(font); }
};
template <class T>
using Owned = std::unique_ptr<T, Unref>;

PangoWeight weight_of(ui::GlyphWeight weight) {
  switch (weight) {
    case ui::GlyphWeight::kRegular:
      return PANGO_WEIGHT_NORMAL;
    case ui::GlyphWeight::kMedium:
      return PANGO_WEIGHT_MEDIUM;
    case ui::GlyphWeight::kBold:
      return PANGO_WEIGHT_BOLD;
  }
  return PANGO_WEIGHT_NORMAL;
}

// Cairo's premultiplied native-endian ARGB to separate colour and alpha; tells whether there is any
// colour.
bool copy_pixels(const unsigned char* data, int stride, ui::GlyphBitmap& out) {
  bool colour = false;
  out.rgba.resize(static_cast<std::size_t>(out.width) * static_cast<std::size_t>(out.height) * 4);
  std::uint8_t* to = out.rgba.data();
  for (int y = 0; y < out.height; ++y) {
    for (int x = 0; x < out.width; ++x, to += 4) {
      std::uint32_t pixel = 0;
      std::memcpy(&pixel, data + std::ptrdiff_t{y} * stride + std::ptrdiff_t{x} * 4, 4);
      const std::uint32_t a = pixel >> 24;
      const auto straight = [a](std::uint32_t c) {
        return static_cast<std::uint8_t>(
            a == 0 ? 0 : std::min<std::uint32_t>(255, (c * 255 + a / 2) / a));
      };
      to[0] = straight((pixel >> 16) & 0xff);
      to[1] = straight((pixel >> 8) & 0xff);
      to[2] = straight(pixel & 0xff);
      to[3] = static_cast<std::uint8_t>(a);
      // The text is drawn in white, so anything else is the font's own colour.
      colour |= a > 24 && (to[0] < 200 || to[1] < 200 || to[2] < 200);
    }
  }
  return colour;
}

}  // namespace

struct PangoGlyphs::Context {
  Owned<PangoFontMap> map{pango_cairo_font_map_new()};
  Owned<PangoContext> pango;
  Owned<cairo_surface_t> scratch{cairo_image_surface_create(CAIRO_FORMAT_ARGB32, 1, 1)};
};

PangoGlyphs::PangoGlyphs() : context_(std::make_unique<Context>()) {
  pango_cairo_font_map_set_resolution(PANGO_CAIRO_FONT_MAP(context_->map.get()), 72);
  context_->pango.reset(pango_font_map_create_context(context_->map.get()));
  cairo_font_options_t* options = cairo_font_options_create();
  cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
  cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
  pango_cairo_context_set_font_options(context_->pango.get(), options);
  cairo_font_options_destroy(options);
}

PangoGlyphs::~PangoGlyphs() = default;

ui::GlyphBitmap PangoGlyphs::rasterize(const ui::GlyphRequest& request) {
  ui::GlyphBitmap out;
  if (request.text.empty() || !(request.size_px > 0) || request.size_px > 400) return out;
  Owned<PangoLayout> layout(pango_layout_new(context_->pango.get()));
  Owned<PangoFontDescription> font(
      pango_font_description_from_string(request.monospace ? "Monospace" : "Inter, Sans"));
  pango_font_description_set_absolute_size(font.get(),
                                           static_cast<double>(request.size_px) * PANGO_SCALE);
  pango_font_description_set_weight(font.get(), weight_of(request.weight));
  if (request.italic) pango_font_description_set_style(font.get(), PANGO_STYLE_ITALIC);
  pango_layout_set_font_description(layout.get(), font.get());
  pango_layout_set_single_paragraph_mode(layout.get(), TRUE);
  pango_layout_set_text(layout.get(), request.text.data(), static_cast<int>(request.text.size()));
  if (pango_layout_get_unknown_glyphs_count(layout.get()) > 0) return out;

  PangoRectangle ink{}, logical{};
  pango_layout_get_pixel_extents(layout.get(), &ink, nullptr);
  pango_layout_get_extents(layout.get(), nullptr, &logical);
  const int baseline = pango_layout_get_baseline(layout.get()) / PANGO_SCALE;
  out.ok = true;
  out.advance = static_cast<float>(logical.width) / PANGO_SCALE;
  if (ink.width <= 0 || ink.height <= 0) return out;
  out.width = std::min(ink.width + 2 * kMargin, kMaxSide);
  out.height = std::min(ink.height + 2 * kMargin, kMaxSide);
  out.left = ink.x - kMargin;
  out.top = baseline - ink.y + kMargin;

  Owned<cairo_surface_t> surface(
      cairo_image_surface_create(CAIRO_FORMAT_ARGB32, out.width, out.height));
  Owned<cairo_t> cairo(cairo_create(surface.get()));
  cairo_set_source_rgb(cairo.get(), 1, 1, 1);
  cairo_move_to(cairo.get(), kMargin - ink.x, kMargin - ink.y);
  pango_cairo_show_layout(cairo.get(), layout.get());
  cairo_surface_flush(surface.get());
  if (cairo_surface_status(surface.get()) != CAIRO_STATUS_SUCCESS) return {};
  out.colour = copy_pixels(cairo_image_surface_get_data(surface.get()),
                           cairo_image_surface_get_stride(surface.get()), out);
  return out;
}

}  // namespace parley::native
