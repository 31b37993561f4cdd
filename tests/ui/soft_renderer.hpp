// Draws ImGui's triangles with the CPU and writes PNG files: the same picture on every machine,
// without a display or a graphics driver.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

struct ImDrawData;

namespace parley::test {

struct Image {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> rgb;  // width * height * 3

  std::uint32_t pixel(int x, int y) const;
};

// The atlas is RGBA, `atlas_width` pixels a row.
Image render(const ImDrawData& data, const std::uint8_t* atlas, int atlas_width, int atlas_height);
bool write_png(const Image& image, const std::string& path);

}  // namespace parley::test
