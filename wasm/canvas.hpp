// The WebGL 2 drawing surface behind Dear ImGui. Owned by WebApp; needs the ImGui context.
#pragma once

#include <cstdint>

namespace parley::web {

class Canvas {
 public:
  Canvas() = default;
  Canvas(const Canvas&) = delete;
  Canvas& operator=(const Canvas&) = delete;
  ~Canvas();

  // False: the browser gives no WebGL 2 context for "#canvas".
  bool open();
  // The browser took the context away and gave it back empty: everything is made anew.
  void restore();
  void begin_frame();
  // Draws ImGui's draw data over the background; the size is in device pixels.
  void end_frame(int width, int height, std::uint32_t background_rgb);

 private:
  std::intptr_t context_ = 0;
};

}  // namespace parley::web
