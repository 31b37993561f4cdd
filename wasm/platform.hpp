// The browser as the interface sees it. Owned by WebApp; calls go straight to the page's scripts.
#pragma once

#include <optional>
#include <string>

#include "client/ui/platform.hpp"
#include "wasm/packet.hpp"

namespace parley::web {

class WebPlatform final : public ui::Platform {
 public:
  explicit WebPlatform(std::string origin) : origin_(std::move(origin)) {}

  void set_clipboard(const std::string& text) override;
  void request_clipboard() override;
  void open_link(const std::string& url) override;
  std::string public_origin() const override { return origin_; }
  void push_url(const std::string& path) override;
  void set_title(const std::string& title, std::uint32_t unread) override;

  ui::SystemTheme system_theme() const override;
  bool prefers_reduced_motion() const override;
  ui::ForcedColors forced_colors() const override;
  bool is_mac() const override;
  std::int32_t utc_offset_s(Timestamp at) const override;
  bool uses_24_hours() const override;

  ui::NotificationPermission notification_permission() const override;
  void ask_notification_permission() override;

  bool owns_text_editing() const override { return true; }
  void set_text_input(const ui::TextInputState* state) override;
  void set_cursor(ui::CursorShape shape) override;

  ui::GlyphBitmap rasterize(const ui::GlyphRequest& request) override;
  void atlas_rebuilt() override;
  void atlas_changed(int x, int y, int width, int height, const std::uint8_t* rgba,
                     int stride_px) override;

  // What the text agent reported, in UTF-16 offsets. Nothing when it belongs to an earlier field.
  struct AgentText {
    std::uint32_t field = 0;
    std::string text;
    std::uint32_t selection_start = 0, selection_end = 0;
    std::uint32_t composition_start = 0, composition_end = 0;
  };
  // The semantic id of the field whose place the text agent has taken.
  std::optional<std::uint64_t> focused_field() const {
    return has_field_ ? std::optional(field_) : std::nullopt;
  }
  std::optional<ui::TextInputEvent> text_event(AgentText agent) const;

 private:
  std::string origin_;
  // Names the focused field to the page; 64-bit ids do not fit there.
  std::uint32_t field_number_ = 0;
  std::uint64_t field_ = 0;
  bool has_field_ = false;
  PacketWriter packet_;
};

}  // namespace parley::web
