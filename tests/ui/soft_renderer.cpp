#include "tests/ui/soft_renderer.hpp"

#include <imgui.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace parley::test {
namespace {

struct Texture {
  const std::uint8_t* rgba;
  int width, height;

  // Bilinear, as the graphics card does it.
  std::array<float, 4> sample(float u, float v) const {
    const float x = u * static_cast<float>(width) - 0.5f, y = v * static_cast<float>(height) - 0.5f;
    const float fx = std::floor(x), fy = std::floor(y);
    const float kx = x - fx, ky = y - fy;
    std::array<float, 4> out{};
    for (int j = 0; j < 2; ++j) {
      for (int i = 0; i < 2; ++i) {
        const int px = std::clamp(static_cast<int>(fx) + i, 0, width - 1);
        const int py = std::clamp(static_cast<int>(fy) + j, 0, height - 1);
        const float weight = (i ? kx : 1 - kx) * (j ? ky : 1 - ky);
        if (weight == 0) continue;
        const std::uint8_t* p =
            rgba + (static_cast<std::size_t>(py) * static_cast<std::size_t>(width) +
                    static_cast<std::size_t>(px)) *
                       4;
        for (std::size_t c = 0; c < 4; ++c) out[c] += weight * static_cast<float>(p[c]) / 255;
      }
    }
    return out;
  }
};

struct Point {
  float x, y, u, v;
  std::array<float, 4> color;
};

struct Box {
  int x0, y0, x1, y1;
};

Point point_of(const ImDrawVert& v, const ImDrawData& data) {
  const auto channel = [&](int shift) { return static_cast<float>((v.col >> shift) & 0xff) / 255; };
  return {(v.pos.x - data.DisplayPos.x) * data.FramebufferScale.x,
          (v.pos.y - data.DisplayPos.y) * data.FramebufferScale.y,
          v.uv.x,
          v.uv.y,
          {channel(IM_COL32_R_SHIFT), channel(IM_COL32_G_SHIFT), channel(IM_COL32_B_SHIFT),
           channel(IM_COL32_A_SHIFT)}};
}

float edge(const Point& a, const Point& b, float x, float y) {
  return (b.x - a.x) * (y - a.y) - (b.y - a.y) * (x - a.x);
}

// Shared edges belong to one triangle only (top-left rule), or seams of blended fills would show.
bool owns_edge(const Point& a, const Point& b) { return (a.y == b.y && b.x > a.x) || b.y < a.y; }

void draw_triangle(Image& image, const Texture& texture, Point a, Point b, Point c,
                   const Box& clip) {
  float area = edge(a, b, c.x, c.y);
  if (area == 0) return;
  if (area < 0) {
    std::swap(b, c);
    area = -area;
  }
  const int x0 = std::max(clip.x0, static_cast<int>(std::floor(std::min({a.x, b.x, c.x}))));
  const int x1 = std::min(clip.x1, static_cast<int>(std::ceil(std::max({a.x, b.x, c.x}))));
  const int y0 = std::max(clip.y0, static_cast<int>(std::floor(std::min({a.y, b.y, c.y}))));
  const int y1 = std::min(clip.y1, static_cast<int>(std::ceil(std::max({a.y, b.y, c.y}))));
  const bool flat = a.u == b.u && b.u == c.u && a.v == b.v && b.v == c.v;
  const std::array<float, 4> solid = flat ? texture.sample(a.u, a.v) : std::array<float, 4>{};
  for (int y = y0; y < y1; ++y) {
    for (int x = x0; x < x1; ++x) {
      const float px = static_cast<float>(x) + 0.5f, py = static_cast<float>(y) + 0.5f;
      const float wa = edge(b, c, px, py), wb = edge(c, a, px, py), wc = edge(a, b, px, py);
      const bool inside = (wa > 0 || (wa == 0 && owns_edge(b, c))) &&
                          (wb > 0 || (wb == 0 && owns_edge(c, a))) &&
                          (wc > 0 || (wc == 0 && owns_edge(a, b)));
      if (!inside) continue;
      const float ka = wa / area, kb = wb / area, kc = wc / area;
      const std::array<float, 4> texel =
          flat ? solid
               : texture.sample(a.u * ka + b.u * kb + c.u * kc, a.v * ka + b.v * kb + c.v * kc);
      std::array<float, 4> color{};
      for (std::size_t i = 0; i < 4; ++i) {
        color[i] = (a.color[i] * ka + b.color[i] * kb + c.color[i] * kc) * texel[i];
      }
      std::uint8_t* to =
          image.rgb.data() + (static_cast<std::size_t>(y) * static_cast<std::size_t>(image.width) +
                              static_cast<std::size_t>(x)) *
                                 3;
      for (std::size_t i = 0; i < 3; ++i) {
        const float mixed = color[i] * color[3] + static_cast<float>(to[i]) / 255 * (1 - color[3]);
        to[i] = static_cast<std::uint8_t>(std::lround(std::clamp(mixed, 0.0f, 1.0f) * 255));
      }
    }
  }
}

void append_u32(std::vector<std::uint8_t>& out, std::uint32_t v) {
  for (const int shift : {24, 16, 8, 0}) out.push_back(static_cast<std::uint8_t>(v >> shift));
}

void append_chunk(std::vector<std::uint8_t>& out, const char* name,
                  const std::vector<std::uint8_t>& body) {
  append_u32(out, static_cast<std::uint32_t>(body.size()));
  const std::size_t from = out.size();
  out.insert(out.end(), name, name + 4);
  out.insert(out.end(), body.begin(), body.end());
  append_u32(out, static_cast<std::uint32_t>(
                      crc32(0, out.data() + from, static_cast<uInt>(out.size() - from))));
}

}  // namespace

std::uint32_t Image::pixel(int x, int y) const {
  const std::uint8_t* p =
      rgb.data() + (static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                    static_cast<std::size_t>(x)) *
                       3;
  return static_cast<std::uint32_t>(p[0] << 16 | p[1] << 8 | p[2]);
}

Image render(const ImDrawData& data, const std::uint8_t* atlas, int atlas_width, int atlas_height) {
  Image image;
  image.width = static_cast<int>(std::lround(data.DisplaySize.x * data.FramebufferScale.x));
  image.height = static_cast<int>(std::lround(data.DisplaySize.y * data.FramebufferScale.y));
  image.rgb.assign(
      static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height) * 3, 0);
  const Texture texture{atlas, atlas_width, atlas_height};
  for (const ImDrawList* list : data.CmdLists) {
    for (const ImDrawCmd& command : list->CmdBuffer) {
      const auto pixel = [](float v) { return static_cast<int>(std::lround(v)); };
      const Box clip{std::max(0, pixel(command.ClipRect.x * data.FramebufferScale.x)),
                     std::max(0, pixel(command.ClipRect.y * data.FramebufferScale.y)),
                     std::min(image.width, pixel(command.ClipRect.z * data.FramebufferScale.x)),
                     std::min(image.height, pixel(command.ClipRect.w * data.FramebufferScale.y))};
      for (unsigned i = 0; i + 2 < command.ElemCount; i += 3) {
        const auto vertex = [&](unsigned k) {
          const int index = static_cast<int>(
              list->IdxBuffer[static_cast<int>(command.IdxOffset + i + k)] + command.VtxOffset);
          return point_of(list->VtxBuffer[index], data);
        };
        draw_triangle(image, texture, vertex(0), vertex(1), vertex(2), clip);
      }
    }
  }
  return image;
}

bool write_png(const Image& image, const std::string& path) {
  std::vector<std::uint8_t> rows;
  const std::size_t stride = static_cast<std::size_t>(image.width) * 3;
  for (std::size_t y = 0; y < static_cast<std::size_t>(image.height); ++y) {
    rows.push_back(0);
    rows.insert(rows.end(), image.rgb.begin() + static_cast<std::ptrdiff_t>(y * stride),
                image.rgb.begin() + static_cast<std::ptrdiff_t>((y + 1) * stride));
  }
  uLongf size = compressBound(static_cast<uLong>(rows.size()));
  std::vector<std::uint8_t> packed(size);
  if (compress2(packed.data(), &size, rows.data(), static_cast<uLong>(rows.size()), 6) != Z_OK)
    return false;
  packed.resize(size);
  std::vector<std::uint8_t> out = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  std::vector<std::uint8_t> header;
  append_u32(header, static_cast<std::uint32_t>(image.width));
  append_u32(header, static_cast<std::uint32_t>(image.height));
  header.insert(header.end(), {8, 2, 0, 0, 0});
  append_chunk(out, "IHDR", header);
  append_chunk(out, "IDAT", packed);
  append_chunk(out, "IEND", {});
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (!file) return false;
  const bool written = std::fwrite(out.data(), 1, out.size(), file) == out.size();
  return std::fclose(file) == 0 && written;
}

}  // namespace parley::test
