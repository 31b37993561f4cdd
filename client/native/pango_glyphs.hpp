// Glyphs that the interface's own fonts lack, from the system's fonts through Pango and Cairo.
#pragma once

#include <memory>

#include "client/ui/platform.hpp"

namespace parley::native {

class PangoGlyphs {
 public:
  PangoGlyphs();
  ~PangoGlyphs();
  ui::GlyphBitmap rasterize(const ui::GlyphRequest& request);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace parley::native
