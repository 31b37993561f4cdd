#include "wasm/platform.hpp"

#include <GLES3/gl3.h>
#include <imgui.h>
#include <imgui_impl_opengl3.h>

#include <cstdlib>

#include "wasm/host.hpp"
#include "wasm/text_offset.hpp"

namespace parley::web {

void WebPlatform::set_clipboard(const std::string& text) {
  host_clipboard_write(text.data(), text.size());
}
void WebPlatform::request_clipboard() { host_clipboard_read(); }
void WebPlatform::open_link(const std::string& url) { host_open_link(url.data(), url.size()); }
void WebPlatform::push_url(const std::string& path) { host_push_url(path.data(), path.size()); }
void WebPlatform::set_title(const std::string& title, std::uint32_t unread) {
  host_title(title.data(), title.size(), unread);
}

namespace {
int preference(HostPreference which) { return host_preference(static_cast<std::uint8_t>(which)); }
}  // namespace

ui::SystemTheme WebPlatform::system_theme() const {
  return preference(HostPreference::kDark) != 0 ? ui::SystemTheme::kDark : ui::SystemTheme::kLight;
}
bool WebPlatform::prefers_reduced_motion() const {
  return preference(HostPreference::kReducedMotion) != 0;
}
bool WebPlatform::is_mac() const { return preference(HostPreference::kMac) != 0; }
bool WebPlatform::uses_24_hours() const { return preference(HostPreference::k24Hours) != 0; }
std::int32_t WebPlatform::utc_offset_s(Timestamp at) const {
  return host_utc_offset_s(static_cast<double>(at.ms));
}

ui::ForcedColors WebPlatform::forced_colors() const {
  std::uint32_t rgb[8] = {};
  if (!host_forced_colors(rgb)) return {};
  return {.active = true,
          .canvas = rgb[0],
          .canvas_text = rgb[1],
          .link_text = rgb[2],
          .highlight = rgb[3],
          .highlight_text = rgb[4],
          .button_face = rgb[5],
          .button_text = rgb[6],
          .gray_text = rgb[7]};
}

ui::NotificationPermission WebPlatform::notification_permission() const {
  switch (preference(HostPreference::kNotificationPermission)) {
    case 1:
      return ui::NotificationPermission::kDefault;
    case 2:
      return ui::NotificationPermission::kGranted;
    case 3:
      return ui::NotificationPermission::kDenied;
    default:
      return ui::NotificationPermission::kUnavailable;
  }
}
void WebPlatform::ask_notification_permission() { host_ask_notification_permission(); }
void WebPlatform::set_cursor(ui::CursorShape shape) {
  host_cursor(static_cast<std::uint8_t>(shape));
}

void WebPlatform::set_text_input(const ui::TextInputState* state) {
  packet_.clear();
  has_field_ = state != nullptr;
  if (state != nullptr) {
    if (field_ != state->field || field_number_ == 0) ++field_number_;
    field_ = state->field;
    packet_.u32(field_number_);
    packet_.flag(state->multi_line);
    packet_.flag(state->enter_sends);
    packet_.text(state->label);
    packet_.text(state->text);
    packet_.u32(static_cast<std::uint32_t>(to_utf16_offset(state->text, state->selection_start)));
    packet_.u32(static_cast<std::uint32_t>(to_utf16_offset(state->text, state->selection_end)));
    packet_.rect(state->field_rect);
    packet_.rect(state->caret);
  }
  host_text_input(packet_.data(), packet_.size());
}

std::optional<ui::TextInputEvent> WebPlatform::text_event(AgentText agent) const {
  if (!has_field_ || agent.field != field_number_) return std::nullopt;
  ui::TextInputEvent event;
  event.field = field_;
  event.selection_start = to_utf8_offset(agent.text, agent.selection_start);
  event.selection_end = to_utf8_offset(agent.text, agent.selection_end);
  event.composition_start = to_utf8_offset(agent.text, agent.composition_start);
  event.composition_end = to_utf8_offset(agent.text, agent.composition_end);
  event.text = std::move(agent.text);
  return event;
}

ui::GlyphBitmap WebPlatform::rasterize(const ui::GlyphRequest& request) {
  std::uint32_t flags = 0;
  if (request.weight == ui::GlyphWeight::kMedium) flags |= kGlyphMedium;
  if (request.weight == ui::GlyphWeight::kBold) flags |= kGlyphBold;
  if (request.italic) flags |= kGlyphItalic;
  if (request.monospace) flags |= kGlyphMonospace;
  if (request.right_to_left) flags |= kGlyphRightToLeft;

  HostGlyph glyph;
  ui::GlyphBitmap bitmap;
  if (!host_rasterize(request.text.data(), request.text.size(), request.size_px, flags, &glyph)) {
    return bitmap;
  }
  bitmap.ok = true;
  bitmap.colour = glyph.colour != 0;
  bitmap.width = glyph.width;
  bitmap.height = glyph.height;
  bitmap.advance = glyph.advance;
  bitmap.left = glyph.left;
  bitmap.top = glyph.top;
  if (glyph.pixels != nullptr) {
    const auto size =
        static_cast<std::size_t>(glyph.width) * static_cast<std::size_t>(glyph.height);
    bitmap.rgba.assign(glyph.pixels, glyph.pixels + size * 4);
    std::free(glyph.pixels);
  }
  return bitmap;
}

void WebPlatform::atlas_rebuilt() {
  ImGui_ImplOpenGL3_DestroyFontsTexture();
  ImGui_ImplOpenGL3_CreateFontsTexture();
}

void WebPlatform::atlas_changed(int x, int y, int width, int height, const std::uint8_t* rgba,
                                int stride_px) {
  // Before the first atlas_rebuilt there is no texture; that call then brings these pixels along.
  const ImTextureID texture = ImGui::GetIO().Fonts->TexID;
  if (texture == ImTextureID{}) return;
  glBindTexture(GL_TEXTURE_2D, static_cast<GLuint>(reinterpret_cast<std::uintptr_t>(texture)));
  glPixelStorei(GL_UNPACK_ROW_LENGTH, stride_px);
  glTexSubImage2D(GL_TEXTURE_2D, 0, x, y, width, height, GL_RGBA, GL_UNSIGNED_BYTE, rgba);
  glPixelStorei(GL_UNPACK_ROW_LENGTH, 0);
}

}  // namespace parley::web
