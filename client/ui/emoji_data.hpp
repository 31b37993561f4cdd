// The emoji that the picker offers, with names for screen readers and words to find them by.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace parley::ui {

struct EmojiEntry {
  std::string_view text;
  std::string_view name;
  std::string_view words = {};  // what else people look for it by
};
struct EmojiGroup {
  std::string_view name;
  std::span<const EmojiEntry> entries;
};

std::span<const EmojiGroup> emoji_groups();
// Those of which every word of the query starts a word of the name or of the other words; names
// that start with the query first.
std::vector<EmojiEntry> find_emoji(std::string_view query);

}  // namespace parley::ui
