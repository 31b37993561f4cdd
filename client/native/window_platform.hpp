// What the desktop window offers to the interface: GLFW's clipboard and cursors, the system's
// fonts, its theme as far as it tells, OpenGL for the glyph atlas.
#pragma once

#include <array>
#include <functional>
#include <string>

#include "client/native/pango_glyphs.hpp"
#include "client/ui/platform.hpp"

struct GLFWwindow;
struct GLFWcursor;

namespace parley::native {

class WindowPlatform final : public ui::Platform {
 public:
  WindowPlatform(GLFWwindow* window, std::string origin);
  ~WindowPlatform() override;

  // Called with the clipboard's text, after the interface asked for it.
  std::function<void(const std::string&)> on_paste;

  void set_clipboard(const std::string& text) override;
  void request_clipboard() override;
  void open_link(const std::string& url) override;
  std::string public_origin() const override { return origin_; }
  void push_url(const std::string&) override {}
  void set_title(const std::string& title, std::uint32_t unread) override;
  ui::SystemTheme system_theme() const override { return theme_; }
  bool prefers_reduced_motion() const override { return reduced_motion_; }
  std::int32_t utc_offset_s(Timestamp at) const override;
  ui::NotificationPermission notification_permission() const override;
  void ask_notification_permission() override {}
  bool owns_text_editing() const override { return false; }
  void set_text_input(const ui::TextInputState*) override {}
  void set_cursor(ui::CursorShape shape) override;
  ui::GlyphBitmap rasterize(const ui::GlyphRequest& request) override {
    return glyphs_.rasterize(request);
  }
  void atlas_rebuilt() override;
  void atlas_changed(int x, int y, int width, int height, const std::uint8_t* rgba,
                     int stride_px) override;

  void notify(const std::string& title, const std::string& text);

 private:
  GLFWwindow* window_;
  std::string origin_;
  PangoGlyphs glyphs_;
  std::array<GLFWcursor*, 5> cursors_{};
  ui::SystemTheme theme_ = ui::SystemTheme::kLight;
  bool reduced_motion_ = false;
  bool has_notify_send_ = false;
};

}  // namespace parley::native
