#include "client/cli/terminal.hpp"

#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include <cstdint>
#include <cstdlib>

#include "shared/base/utf8.hpp"

namespace parley::cli {
namespace {

bool steers_terminal(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) ||  // C0, DEL, C1
         (c >= 0x202a && c <= 0x202e) ||         // bidirectional embeddings and overrides
         (c >= 0x2066 && c <= 0x2069) || c == 0x2028 || c == 0x2029;
}

std::size_t width_of(char32_t c) {
  const int width = wcwidth(static_cast<wchar_t>(c));
  return width < 0 ? 1 : static_cast<std::size_t>(width);
}

tm local(Timestamp at) {
  const auto seconds = static_cast<time_t>(at.ms / 1000);
  tm out{};
  localtime_r(&seconds, &out);
  return out;
}

std::string format_time(Timestamp at, const char* format) {
  const tm parts = local(at);
  char text[80];
  // The pattern is always one of the two literals below.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  const std::size_t length = strftime(text, sizeof text, format, &parts);
#pragma GCC diagnostic pop
  return {text, length};
}

}  // namespace

bool wants_color(Color choice) {
  if (choice != Color::kAuto) return choice == Color::kAlways;
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  return isatty(STDOUT_FILENO) == 1 && (no_color == nullptr || *no_color == '\0') &&
         term != nullptr && std::string_view(term) != "dumb";
}

std::string Style::wrap(std::string_view code, std::string_view text) const {
  if (!color_) return std::string(text);
  return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

std::string Style::name(std::string_view text) const {
  static constexpr std::string_view kColors[] = {"1;31", "1;32", "1;33", "1;34", "1;35", "1;36"};
  std::uint32_t hash = 2166136261u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return wrap(kColors[hash % std::size(kColors)], text);
}

std::string printable(std::string_view text, std::string_view line_break) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = next_code_point(text, at);
    if (c == '\n') {
      out += line_break;
    } else if (c == '\t') {
      out += ' ';
    } else if (steers_terminal(c)) {
      append_utf8(0xfffd, out);
    } else {
      append_utf8(c, out);
    }
  }
  return out;
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size();) width += width_of(next_code_point(text, at));
  return width;
}

std::string fitted(std::string_view text, std::size_t width) {
  const bool cut = display_width(text) > width;
  const std::size_t room = cut && width > 0 ? width - 1 : width;
  std::string out;
  std::size_t used = 0;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = next_code_point(text, at);
    if (used + width_of(c) > room) break;
    used += width_of(c);
    append_utf8(c, out);
  }
  if (cut && width > 0) {
    append_utf8(0x2026, out);
    ++used;
  }
  out.append(width - used, ' ');
  return out;
}

std::string clock_time(Timestamp at) { return format_time(at, "%H:%M"); }
std::string day_name(Timestamp at) { return format_time(at, "%A, %-d %B %Y"); }

std::string ago(Timestamp at, Timestamp now) {
  if (at.ms <= 0) return "never";
  const std::int64_t minutes = (now.ms - at.ms) / 60'000;
  if (minutes < 1) return "just now";
  if (minutes < 60) return std::to_string(minutes) + " min ago";
  if (minutes < 48 * 60) return std::to_string(minutes / 60) + " h ago";
  return std::to_string(minutes / (24 * 60)) + " days ago";
}

}  // namespace parley::cli
