// Writes pictures for --screenshot.
#pragma once

#include <cstdint>
#include <string>

namespace parley::native {

// `rgba` has its bottom row first, as OpenGL reads it.
bool write_png_file(const std::string& path, int width, int height, const std::uint8_t* rgba);

}  // namespace parley::native
