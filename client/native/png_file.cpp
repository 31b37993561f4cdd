#include "client/native/png_file.hpp"

#include <cairo.h>

namespace parley::native {

bool write_png_file(const std::string& path, int width, int height, const std::uint8_t* rgba) {
  cairo_surface_t* surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
  cairo_surface_flush(surface);
  unsigned char* pixels = cairo_image_surface_get_data(surface);
  const int stride = cairo_image_surface_get_stride(surface);
  for (int y = 0; pixels && y < height; ++y) {
    const std::uint8_t* from = rgba + static_cast<std::ptrdiff_t>(height - 1 - y) * width * 4;
    auto* to = reinterpret_cast<std::uint32_t*>(pixels + static_cast<std::ptrdiff_t>(y) * stride);
    for (int x = 0; x < width; ++x, from += 4) {
      to[x] = static_cast<std::uint32_t>(from[0] << 16 | from[1] << 8 | from[2]);
    }
  }
  cairo_surface_mark_dirty(surface);
  const bool good = cairo_surface_write_to_png(surface, path.c_str()) == CAIRO_STATUS_SUCCESS;
  cairo_surface_destroy(surface);
  return good;
}

}  // namespace parley::native
