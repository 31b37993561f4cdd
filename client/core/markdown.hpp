// The markdown subset of messages: bold, italic, strike, code, fences, quotes, lists, links,
// spoilers, @mentions. Parsing never fails: what is not markup is text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace parley::client {

enum class BlockKind { kParagraph, kQuote, kCode, kBullet, kNumbered };

struct Span {
  std::string text;
  std::string url;  // not empty: a link (http, https, mailto only)
  bool bold = false;
  bool italic = false;
  bool strike = false;
  bool code = false;
  bool spoiler = false;
  bool mention = false;

  bool operator==(const Span&) const = default;
};

struct Block {
  BlockKind kind = BlockKind::kParagraph;
  int number = 0;           // kNumbered: the item's number
  std::string language;     // kCode
  std::vector<Span> spans;  // a kCode block is one span

  bool operator==(const Block&) const = default;
};

// At most 4 * kMaxMessageCharacters bytes are looked at; linear time.
std::vector<Block> parse_markdown(std::string_view text);

// Without markup, in one line, at most `max_characters` (then with an ellipsis): previews.
std::string plain_excerpt(std::string_view text, std::size_t max_characters);

}  // namespace parley::client
