// What the page's scripts do for us. host.js (a library of Emscripten's linker) passes each call on
// to the object `host` that web/main.js gives the module. None of them calls back into C++ before
// it returns.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {

// ---- transport and store ----
void host_socket_open(std::uint32_t attempt, const char* url, std::size_t url_size);
void host_socket_send(std::uint32_t attempt, const std::uint8_t* bytes, std::size_t size);
void host_socket_close(std::uint32_t attempt);
// `packet`: pairs of key and value until its end. Answered by parley_stored.
void host_store_write(double batch, const std::uint8_t* packet, std::size_t size);
void host_store_read(const char* prefix, std::size_t size);  // answered by parley_loaded
void host_store_clear();

// ---- the loop: draw the next frame, call parley_wake after `delay_ms` (negative: never) ----
void host_schedule(bool frame, double delay_ms);
void host_random(std::uint8_t* out, std::size_t size);

// ---- the page ----
// `packet`: screen u8, busy u8, error, whether that is a question u8, suggested name, server,
// unread u32 (a hidden tab draws no frame that would set its title); of a device that is being
// linked, while there is a login: step u8, text, number of signs u8, emoji and name of each.
void host_screen(const std::uint8_t* packet, std::size_t size);
void host_colors(std::uint32_t background_rgb, bool dark);
void host_title(const char* title, std::size_t size, std::uint32_t unread);
void host_push_url(const char* path, std::size_t size);
void host_open_link(const char* url, std::size_t size);
void host_announce(const char* text, std::size_t size);  // to screen readers, politely
// `packet`: path of the room, title, text.
void host_notify(const std::uint8_t* packet, std::size_t size);
void host_ask_notification_permission();
void host_clipboard_write(const char* text, std::size_t size);
void host_clipboard_read();  // answered by parley_paste
void host_cursor(std::uint8_t shape);

// ---- preferences: the HostPreference's value now ----
int host_preference(std::uint8_t which);
// Fills eight 0xRRGGBB in the order of ui::ForcedColors; false when no such mode is on.
bool host_forced_colors(std::uint32_t* out);
int host_utc_offset_s(double unix_ms);

// ---- text, glyphs, mirror ----
// An empty packet: no field is focused. Layout in platform.cpp.
void host_text_input(const std::uint8_t* packet, std::size_t size);
// Fills HostGlyph and returns true, or false when nothing can be drawn. `pixels` comes from
// parley_alloc.
bool host_rasterize(const char* text, std::size_t size, float size_px, std::uint32_t flags,
                    void* out);
void host_mirror(const std::uint8_t* packet, std::size_t size);  // layout in mirror.hpp
}

namespace parley::web {

enum class HostPreference : std::uint8_t {
  kDark = 0,
  kReducedMotion = 1,
  kMac = 2,
  k24Hours = 3,
  kNotificationPermission = 4,  // as ui::NotificationPermission counts
};

// Shared with glyphs.js, which writes it field by field.
struct HostGlyph {
  std::int32_t width = 0;
  std::int32_t height = 0;
  std::int32_t left = 0;
  std::int32_t top = 0;
  float advance = 0;
  std::uint32_t colour = 0;
  std::uint8_t* pixels = nullptr;
};
static_assert(sizeof(HostGlyph) == 28);

constexpr std::uint32_t kGlyphMedium = 1, kGlyphBold = 2, kGlyphItalic = 4, kGlyphMonospace = 8,
                        kGlyphRightToLeft = 16;

}  // namespace parley::web
