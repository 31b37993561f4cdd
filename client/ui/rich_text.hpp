// Messages as blocks: markdown parsed by the core, laid out for one width.
#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "client/core/markdown.hpp"
#include "client/ui/canvas.hpp"

namespace parley::ui {

struct RichBlock {
  client::BlockKind kind = client::BlockKind::kParagraph;
  std::string text;    // what is selected and copied
  std::string marker;  // of list items
  TextBlock layout;
  Vec2 at;      // of the layout, relative to the message's text area
  Rect ground;  // of code blocks and quotes, relative
};

struct RichText {
  struct Link {
    std::string url;  // empty: a spoiler
  };
  std::vector<RichBlock> blocks;
  std::vector<Link> links;
  float width = 0;
  float height = 0;
};

struct RichTextOptions {
  float width = 400;
  std::string_view suffix;  // "(edited)" in small letters at the end
  bool open_spoilers = false;
};

RichText lay_out_rich_text(GlyphCache& glyphs, const Theme& theme, std::string_view content,
                           const RichTextOptions& options);

// A place in a message's text: block, and byte within its text.
struct TextPlace {
  std::size_t block = 0;
  std::size_t offset = 0;
  auto operator<=>(const TextPlace&) const = default;
};

TextPlace hit_rich_text(const RichText& text, Vec2 at);
std::string copy_rich_text(const RichText& text, TextPlace from, TextPlace to);
TextPlace end_of(const RichText& text);

// A part with a ground of its own, within one block.
struct TextMark {
  TextPlace from, to;
  Color ground;
  Color outline;  // alpha 0: none
};
// `from` < `to`: the selected part is marked.
void draw_rich_text(Canvas& canvas, const Theme& theme, const RichText& text, Vec2 at,
                    TextPlace from, TextPlace to, float alpha,
                    std::span<const TextMark> marks = {});

}  // namespace parley::ui
