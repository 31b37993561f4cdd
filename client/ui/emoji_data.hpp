// The emoji that the picker offers, with names for screen readers.
#pragma once

#include <span>
#include <string_view>

namespace parley::ui {

struct EmojiEntry {
  std::string_view text;
  std::string_view name;
};
struct EmojiGroup {
  std::string_view name;
  std::span<const EmojiEntry> entries;
};

std::span<const EmojiGroup> emoji_groups();

}  // namespace parley::ui
