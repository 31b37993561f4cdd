// Icons as vector strokes on a 24 x 24 grid: crisp at every size, no font to load.
#pragma once

#include <cstdint>

#include "client/ui/geometry.hpp"
#include "client/ui/theme.hpp"

struct ImDrawList;

namespace parley::ui {

enum class Icon : std::uint8_t {
  kSend,
  kSmile,
  kReply,
  kPencil,
  kTrash,
  kMore,
  kPlus,
  kSearch,
  kSettings,
  kBack,
  kClose,
  kCheck,
  kDoubleCheck,
  kClock,
  kWarning,
  kLock,
  kLockCheck,
  kGlobe,
  kUsers,
  kUser,
  kLink,
  kCopy,
  kBell,
  kSun,
  kMoon,
  kArrowDown,
  kArrowUp,
  kHash,
  kInfo,
  kLogout,
  kKeyboard,
  kDevice,
  kRefresh,
  kEye,
  kChat,
  kChevronRight,
  kChevronDown,
  kMail,
  kShield,
  kShieldCheck,
  kMonitor,
  kUserPlus,
  kCompass,
};

// `size` is the side of the square; strokes keep their width whatever the size.
void draw_icon(ImDrawList& list, Icon icon, Vec2 centre, float size, Color color, float stroke);

}  // namespace parley::ui
