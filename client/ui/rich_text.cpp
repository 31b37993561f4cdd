#include "client/ui/rich_text.hpp"

#include <algorithm>

namespace parley::ui {
namespace {

using client::BlockKind;

struct Indents {
  float left = 0;
  float top = 0;
  float right = 0;
};

Indents indents_of(BlockKind kind, const Theme& theme) {
  switch (kind) {
    case BlockKind::kQuote:
      return {space::k3, 0, 0};
    case BlockKind::kCode:
      return {space::k3, space::k2, space::k3};
    case BlockKind::kBullet:
      return {theme.size(18), 0, 0};
    case BlockKind::kNumbered:
      return {theme.size(24), 0, 0};
    case BlockKind::kParagraph:
      return {};
  }
  return {};
}

bool is_list(BlockKind kind) { return kind == BlockKind::kBullet || kind == BlockKind::kNumbered; }

class Builder {
 public:
  Builder(const Theme& theme, const RichTextOptions& options, bool jumbo)
      : theme_(theme), options_(options), jumbo_(jumbo) {}

  StyledText style(const client::Block& block, RichText& out) {
    StyledText styled;
    for (const client::Span& span : block.spans) {
      TextStyle style;
      style.color =
          block.kind == BlockKind::kQuote ? theme_.palette.text_muted : theme_.palette.text;
      float size = theme_.size(jumbo_ ? 34 : type::kBody);
      if (span.code || block.kind == BlockKind::kCode) {
        style.font.face = Face::kMono;
        size *= 0.9f;
        style.code = block.kind != BlockKind::kCode;
      } else if (span.bold) {
        style.font.face = Face::kBold;
        style.font.slant = span.italic;
      } else if (span.italic) {
        style.font.face = Face::kItalic;
      }
      style.font.size = size;
      style.strike = span.strike;
      if (span.mention) {
        style.mention = true;
        style.color = theme_.palette.on_accent_soft;
        if (style.font.face == Face::kRegular) style.font.face = Face::kMedium;
      }
      if (!span.url.empty()) {
        style.color = theme_.palette.accent_text;
        style.underline = true;
        style.link = add_link(out, span.url);
      }
      if (span.spoiler) {
        style.hidden = !options_.open_spoilers;
        if (style.hidden || style.link < 0) style.link = add_link(out, "");
      }
      styled.add(span.text, style);
    }
    return styled;
  }

  TextStyle suffix_style() const {
    TextStyle style;
    style.font = {Face::kRegular, theme_.size(type::kCaption)};
    style.color = theme_.palette.text_muted;
    return style;
  }

 private:
  static std::int32_t add_link(RichText& out, std::string url) {
    // Neighbouring pieces of one link are one.
    if (out.links.empty() || out.links.back().url != url || url.empty()) {
      out.links.push_back({std::move(url)});
    }
    return static_cast<std::int32_t>(out.links.size()) - 1;
  }

  const Theme& theme_;
  const RichTextOptions& options_;
  bool jumbo_;
};

}  // namespace

RichText lay_out_rich_text(GlyphCache& glyphs, const Theme& theme, std::string_view content,
                           const RichTextOptions& options) {
  RichText out;
  std::vector<client::Block> blocks = client::parse_markdown(content);
  const bool jumbo = options.suffix.empty() && is_jumbo_emoji(content);
  Builder builder(theme, options, jumbo);
  if (blocks.empty() && !options.suffix.empty()) blocks.emplace_back();
  float y = 0;
  BlockKind before = BlockKind::kParagraph;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const client::Block& block = blocks[i];
    StyledText styled = builder.style(block, out);
    RichBlock made;
    made.kind = block.kind;
    made.text = styled.text;
    if (block.kind == BlockKind::kBullet) made.marker = "\xe2\x80\xa2";
    if (block.kind == BlockKind::kNumbered) made.marker = std::to_string(block.number) + ".";
    const bool last = i + 1 == blocks.size();
    const bool suffix_inside = last && !options.suffix.empty() && block.kind != BlockKind::kCode;
    if (suffix_inside) {
      styled.add(" ", builder.suffix_style());
      styled.add(options.suffix, builder.suffix_style());
    }
    const Indents in = indents_of(block.kind, theme);
    const bool joined =
        i > 0 && before == block.kind && (is_list(block.kind) || block.kind == BlockKind::kQuote);
    if (i > 0) y += joined ? (is_list(block.kind) ? 2.0f : 0.0f) : theme.size(space::k2) * 0.75f;
    const float wrap = std::max(40.0f, options.width - in.left - in.right);
    made.layout = TextBlock(glyphs, styled, {wrap, 0, jumbo ? 1.25f : 1.42f});
    made.at = {in.left, y + in.top};
    const float height = made.layout.height() + 2 * in.top;
    if (block.kind == BlockKind::kCode) {
      made.ground = {
          0, y, std::min(options.width, std::max(made.layout.width() + in.left + in.right, 120.0f)),
          height};
    } else if (block.kind == BlockKind::kQuote) {
      made.ground = {0, joined ? y - 1 : y, 3, height + (joined ? 1.0f : 0.0f)};
    }
    y += height;
    out.width = std::max({out.width, made.at.x + made.layout.width(), made.ground.right()});
    out.blocks.push_back(std::move(made));
    if (last && !suffix_inside && !options.suffix.empty()) {
      StyledText note;
      note.add(options.suffix, builder.suffix_style());
      RichBlock line;
      line.layout = TextBlock(glyphs, note, {options.width, 0, 1.42f});
      line.at = {0, y + 2};
      y += line.layout.height() + 2;
      out.blocks.push_back(std::move(line));
    }
    before = block.kind;
  }
  out.height = y;
  return out;
}

TextPlace end_of(const RichText& text) {
  if (text.blocks.empty()) return {};
  return {text.blocks.size() - 1, text.blocks.back().text.size()};
}

TextPlace hit_rich_text(const RichText& text, Vec2 at) {
  if (text.blocks.empty()) return {};
  std::size_t index = 0;
  while (index + 1 < text.blocks.size() && at.y >= text.blocks[index + 1].at.y) ++index;
  const RichBlock& block = text.blocks[index];
  return {index, std::min(block.layout.hit(at - block.at), block.text.size())};
}

std::string copy_rich_text(const RichText& text, TextPlace from, TextPlace to) {
  std::string out;
  for (std::size_t i = from.block; i <= to.block && i < text.blocks.size(); ++i) {
    const RichBlock& block = text.blocks[i];
    const std::size_t begin = i == from.block ? std::min(from.offset, block.text.size()) : 0;
    const std::size_t end =
        i == to.block ? std::min(to.offset, block.text.size()) : block.text.size();
    if (i > from.block) out += '\n';
    if (begin == 0 && !block.marker.empty() && end > 0) out += block.marker + " ";
    if (begin == 0 && block.kind == BlockKind::kQuote && end > 0) out += "> ";
    if (end > begin) out += block.text.substr(begin, end - begin);
  }
  return out;
}

void draw_rich_text(Canvas& canvas, const Theme& theme, const RichText& text, Vec2 at,
                    TextPlace from, TextPlace to, float alpha, std::span<const TextMark> marks) {
  const Palette& p = theme.palette;
  for (std::size_t i = 0; i < text.blocks.size(); ++i) {
    const RichBlock& block = text.blocks[i];
    const Rect ground = block.ground.moved(at.x, at.y);
    if (block.kind == BlockKind::kCode && !block.ground.empty()) {
      canvas.fill(ground, p.code, radius::kMedium);
      canvas.stroke(ground, p.border, radius::kMedium);
    } else if (block.kind == BlockKind::kQuote) {
      canvas.fill(ground, p.border_strong.with_alpha(0.6f), 1.5f);
    }
    const Vec2 origin = at + block.at;
    canvas.grounds(block.layout, origin, p);
    if (from < to && i >= from.block && i <= to.block) {
      const std::size_t begin = i == from.block ? from.offset : 0;
      const std::size_t end =
          i == to.block ? to.offset : block.text.size() + (to.block > i ? 1 : 0);
      for (const Rect& part : block.layout.selection(begin, end)) {
        canvas.fill(part.moved(origin.x, origin.y), p.selection, 2);
      }
    }
    if (!block.marker.empty() && !block.layout.lines().empty()) {
      const Font font{Face::kRegular, theme.size(type::kBody)};
      const TextBlock& marker = canvas.label(block.marker, font, p.text_muted, 1e6f, 1, 1.42f);
      canvas.text(marker, {at.x + block.at.x - marker.width() - theme.size(7), origin.y}, alpha);
    }
    for (const TextMark& mark : marks) {
      if (mark.from.block != i) continue;
      for (const Rect& part : block.layout.selection(mark.from.offset, mark.to.offset)) {
        const Rect ink = part.moved(origin.x, origin.y).inset(-1, 1);
        canvas.fill(ink, mark.ground, 3);
        if (mark.outline.a > 0) canvas.stroke(ink, mark.outline, 3);
      }
    }
    canvas.text(block.layout, origin, alpha);
  }
}

}  // namespace parley::ui
