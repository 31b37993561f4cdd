#include <catch2/catch_test_macros.hpp>

#include "client/ui/theme.hpp"

namespace parley::ui {

TEST_CASE("contrast is computed as WCAG 2.1 defines it") {
  CHECK(contrast_ratio(rgb(0x000000), rgb(0xffffff)) > 20.99);
  CHECK(contrast_ratio(rgb(0x777777), rgb(0xffffff)) < 4.5);
  CHECK(contrast_ratio(rgb(0x767676), rgb(0xffffff)) > 4.5);
}

TEST_CASE("every pair of text and ground reaches 4.5:1 in both themes") {
  for (const bool dark : {false, true}) {
    const Palette& palette = dark ? dark_palette() : light_palette();
    for (const TextPair& pair : text_pairs(palette)) {
      INFO((dark ? "dark: " : "light: ")
           << pair.name << " " << contrast_ratio(pair.ink, pair.ground));
      CHECK(contrast_ratio(pair.ink, pair.ground) >= 4.5);
    }
  }
}

TEST_CASE("marks that carry meaning without text reach 3:1") {
  for (const bool dark : {false, true}) {
    const Palette& p = dark ? dark_palette() : light_palette();
    for (const Color mark : {p.online, p.away, p.busy, p.focus_ring, p.border_strong, p.accent}) {
      for (const Color ground : {p.canvas, p.sidebar, p.raised}) {
        INFO((dark ? "dark " : "light ")
             << int{mark.r} << "," << int{mark.g} << "," << int{mark.b} << " on " << int{ground.r}
             << " " << contrast_ratio(mark, ground));
        CHECK(contrast_ratio(mark, ground) >= 3.0);
      }
    }
  }
}

TEST_CASE("forced colours are taken over") {
  ForcedColors forced;
  forced.active = true;
  for (const TextPair& pair : text_pairs(forced_palette(forced))) {
    INFO(pair.name);
    CHECK(contrast_ratio(pair.ink, pair.ground) >= 3.0);
  }
}

}  // namespace parley::ui
