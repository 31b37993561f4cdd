// What the interface needs from the face that shows it (browser page, desktop window, test).
//
// All calls come from the one thread that owns AppUi. A platform outlives the AppUi using it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "client/ui/input.hpp"
#include "shared/base/time.hpp"

namespace parley::ui {

// The focused text field, told to the platform whenever one of these values changed. On the web a
// real, nearly invisible DOM field is laid over `field_rect` (caret at `caret`) and owns the text:
// what the person does in it comes back as TextInputEvent. On the desktop the interface edits by
// itself from characters and keys, and this only places the system's input method window.
struct TextInputState {
  std::uint64_t field = 0;  // stable id of the field; equals its SemanticNode's id
  bool multi_line = false;
  bool enter_sends = false;  // hint for on-screen keyboards
  std::string label;         // accessible name
  std::string text;
  std::size_t selection_start = 0;  // bytes; anchor
  std::size_t selection_end = 0;    // bytes; caret
  std::size_t max_bytes = 0;        // 0: no limit
  Rect field_rect;
  Rect caret;  // where a candidate window should be

  bool operator==(const TextInputState&) const = default;
};

enum class GlyphWeight : std::uint8_t { kRegular, kMedium, kBold };

struct GlyphRequest {
  std::string_view text;  // one grapheme cluster, or one word of a script whose letters join
  float size_px = 0;      // em size in device pixels
  GlyphWeight weight = GlyphWeight::kRegular;
  bool italic = false;
  bool monospace = false;
  bool right_to_left = false;
};

// Premultiplied is NOT used: colour and alpha are separate. All figures are device pixels.
struct GlyphBitmap {
  bool ok = false;      // false: nothing can be drawn for this text
  bool colour = false;  // false: only alpha counts, the text colour is put in by the interface
  int width = 0;
  int height = 0;
  float advance = 0;  // pen movement
  int left = 0;       // from the pen to the bitmap's left edge
  int top = 0;        // from the baseline up to the bitmap's top edge (positive: above)
  std::vector<std::uint8_t> rgba;  // width * height * 4
};

enum class SystemTheme : std::uint8_t { kLight, kDark };
enum class CursorShape : std::uint8_t { kArrow, kHand, kText, kResizeColumns, kGrab };
enum class NotificationPermission : std::uint8_t { kUnavailable, kDefault, kGranted, kDenied };

// Colours of a forced-colours (high contrast) mode, 0xRRGGBB.
struct ForcedColors {
  bool active = false;
  std::uint32_t canvas = 0x000000;
  std::uint32_t canvas_text = 0xffffff;
  std::uint32_t link_text = 0xffff00;
  std::uint32_t highlight = 0x1aebff;
  std::uint32_t highlight_text = 0x000000;
  std::uint32_t button_face = 0x000000;
  std::uint32_t button_text = 0xffffff;
  std::uint32_t gray_text = 0x3ff23f;
  bool operator==(const ForcedColors&) const = default;
};

class Platform {
 public:
  virtual ~Platform() = default;

  // ---- clipboard and links ----
  virtual void set_clipboard(const std::string& text) = 0;
  // Answered by AppUi::handle_paste when the text is there (browsers answer later, or refuse).
  virtual void request_clipboard() = 0;
  virtual void open_link(const std::string& url) = 0;  // in a new tab, without an opener
  // Page or invitation address for people: "https://chat.example.org" + path. Empty on faces
  // without one.
  virtual std::string public_origin() const = 0;
  virtual void push_url(const std::string& path) = 0;  // "/", "/r/<room id>"; replaces when equal
  virtual void set_title(const std::string& title, std::uint32_t unread) = 0;

  // ---- the person's preferences ----
  virtual SystemTheme system_theme() const = 0;
  virtual bool prefers_reduced_motion() const = 0;
  virtual ForcedColors forced_colors() const { return {}; }
  virtual bool is_mac() const { return false; }  // names of keys in the shortcut list
  // Offset of local time from UTC at that moment, in seconds.
  virtual std::int32_t utc_offset_s(Timestamp at) const = 0;
  virtual bool uses_24_hours() const { return true; }

  // ---- notifications ----
  virtual NotificationPermission notification_permission() const = 0;
  virtual void ask_notification_permission() = 0;  // answered by AppUi::handle_preferences_changed

  // ---- text input ----
  // True when a system text field edits (the web): AppUi then leaves editing keys and characters to
  // it.
  virtual bool owns_text_editing() const = 0;
  // nullptr: no field is focused. Called once a frame at most, when something changed.
  virtual void set_text_input(const TextInputState* state) = 0;
  virtual void set_cursor(CursorShape shape) = 0;

  // ---- glyphs ----
  virtual GlyphBitmap rasterize(const GlyphRequest& request) = 0;
  // The ImGui font atlas was built anew: make its texture again
  // (ImGui_ImplOpenGL3_DestroyFontsTexture, then ImGui_ImplOpenGL3_CreateFontsTexture).
  virtual void atlas_rebuilt() = 0;
  // A part of the atlas changed: glTexSubImage2D from `rgba`, whose rows are `stride_px` pixels
  // apart (GL_UNPACK_ROW_LENGTH) and whose first pixel belongs at (x, y).
  virtual void atlas_changed(int x, int y, int width, int height, const std::uint8_t* rgba,
                             int stride_px) = 0;
};

}  // namespace parley::ui
