#include "client/native/embedded_fonts.hpp"

// The assembler puts the files in as they are (fonts.S); each has its first byte and the one after
// its last.
extern "C" {
extern const unsigned char parley_font_regular[], parley_font_regular_end[];
extern const unsigned char parley_font_medium[], parley_font_medium_end[];
extern const unsigned char parley_font_bold[], parley_font_bold_end[];
extern const unsigned char parley_font_italic[], parley_font_italic_end[];
extern const unsigned char parley_font_mono[], parley_font_mono_end[];
}

namespace parley::native {

ui::FontFiles embedded_fonts() {
  const auto file = [](const unsigned char* first, const unsigned char* end) {
    return ByteView(first, end);
  };
  return {file(parley_font_regular, parley_font_regular_end),
          file(parley_font_medium, parley_font_medium_end),
          file(parley_font_bold, parley_font_bold_end),
          file(parley_font_italic, parley_font_italic_end),
          file(parley_font_mono, parley_font_mono_end)};
}

}  // namespace parley::native
