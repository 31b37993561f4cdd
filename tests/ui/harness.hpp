// An AppUi over fixed views: no client, no network, no window.
#pragma once

#include <imgui.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "client/native/pango_glyphs.hpp"
#include "client/ui/app_ui.hpp"
#include "tests/ui/soft_renderer.hpp"

namespace parley::test {

inline Bytes read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

class FakePlatform final : public ui::Platform {
 public:
  void set_clipboard(const std::string& text) override { clipboard = text; }
  void request_clipboard() override { ++clipboard_requests; }
  void open_link(const std::string& url) override { opened = url; }
  std::string public_origin() const override { return "https://chat.example.org"; }
  void push_url(const std::string& path) override { urls.push_back(path); }
  void set_title(const std::string& text, std::uint32_t) override { title = text; }
  ui::SystemTheme system_theme() const override {
    return dark ? ui::SystemTheme::kDark : ui::SystemTheme::kLight;
  }
  bool prefers_reduced_motion() const override { return true; }
  std::int32_t utc_offset_s(Timestamp) const override { return 0; }
  ui::NotificationPermission notification_permission() const override {
    return ui::NotificationPermission::kDefault;
  }
  void ask_notification_permission() override {}
  bool owns_text_editing() const override { return owns_editing; }
  void set_text_input(const ui::TextInputState* state) override {
    input = state ? std::optional<ui::TextInputState>(*state) : std::nullopt;
  }
  void set_cursor(ui::CursorShape) override {}
  ui::GlyphBitmap rasterize(const ui::GlyphRequest& request) override {
    ++rasterized;
    return glyphs.rasterize(request);
  }
  void atlas_rebuilt() override { ++rebuilt; }
  void atlas_changed(int, int, int, int, const std::uint8_t*, int) override { ++changed; }

  bool dark = false;
  bool owns_editing = false;
  std::string clipboard, opened, title;
  std::vector<std::string> urls;
  std::optional<ui::TextInputState> input;
  int clipboard_requests = 0, rebuilt = 0, changed = 0, rasterized = 0;
  native::PangoGlyphs glyphs;
};

class FakeCore final : public ui::Core {
 public:
  const client::AppView& view() override { return app; }
  void perform(Now, const ui::Command&) override { ++performed; }
  client::AppView app;
  int performed = 0;
};

// Owns the ImGui context of one test.
class Harness {
 public:
  // `over`: in place of the fixed views of `core`.
  explicit Harness(float width = 1280, float height = 800, float ratio = 1,
                   ui::Core* over = nullptr)
      : surface{width, height, ratio, 0, 0} {
    context = ImGui::CreateContext();
    const std::string folder = PARLEY_FONTS;
    for (const char* name : {"Inter-Regular.otf", "Inter-Medium.otf", "Inter-Bold.otf",
                             "Inter-Italic.otf", "Mono-Regular.ttf"}) {
      fonts.push_back(read_file(folder + "/" + name));
    }
    ui::Options options;
    options.fonts = {fonts[0], fonts[1], fonts[2], fonts[3], fonts[4]};
    app = std::make_unique<ui::AppUi>(over ? *over : core, platform, options);
  }
  ~Harness() {
    app.reset();
    ImGui::DestroyContext(context);
  }

  // Draws until nothing wants to move any more (animations are off), at most `limit` frames.
  int settle(int limit = 8) {
    int frames = 0;
    do {
      now.mono.ms += 16;
      now.wall.ms += 16;
      app->frame(now, surface);
      ++frames;
    } while (frames < limit && app->wants_frame(now));
    return frames;
  }
  void frame() {
    now.mono.ms += 16;
    app->frame(now, surface);
  }
  Image picture() {
    unsigned char* pixels = nullptr;
    int width = 0, height = 0;
    ImGui::GetIO().Fonts->GetTexDataAsRGBA32(&pixels, &width, &height);
    return render(*ImGui::GetDrawData(), pixels, width, height);
  }
  const ui::SemanticNode* find(ui::SemanticRole role, std::string_view label) const {
    for (const ui::SemanticNode& node : app->semantics().nodes) {
      if (node.role == role && node.label.find(label) != std::string::npos) return &node;
    }
    return nullptr;
  }
  bool click(ui::SemanticRole role, std::string_view label) {
    const ui::SemanticNode* node = find(role, label);
    if (!node) return false;
    click_at(node->rect.centre());
    return true;
  }
  void click_at(ui::Vec2 at) {
    app->handle_pointer(
        now,
        {ui::PointerAction::kMove, ui::PointerKind::kMouse, ui::PointerButton::kPrimary, at, {}});
    app->handle_pointer(
        now,
        {ui::PointerAction::kDown, ui::PointerKind::kMouse, ui::PointerButton::kPrimary, at, {}});
    app->handle_pointer(
        now,
        {ui::PointerAction::kUp, ui::PointerKind::kMouse, ui::PointerButton::kPrimary, at, {}});
    now.mono.ms += 1000;  // apart from the next click
    settle();
  }
  void hover(ui::Vec2 at) {
    app->handle_pointer(
        now,
        {ui::PointerAction::kMove, ui::PointerKind::kMouse, ui::PointerButton::kPrimary, at, {}});
    settle();
  }
  bool key(ui::Key k, ui::Modifiers m = {}, char letter = 0) {
    const bool used = app->handle_key(now, {k, letter, false, m});
    settle();
    return used;
  }
  void type(std::string_view text) {
    for (const char c : text) app->handle_character(now, static_cast<char32_t>(c));
    settle();
  }

  FakePlatform platform;
  FakeCore core;
  ui::Surface surface;
  Now now{{1'000'000}, {1'772'551'800'000}};  // 3 March 2026, 15:30 UTC
  std::vector<Bytes> fonts;
  ImGuiContext* context = nullptr;
  std::unique_ptr<ui::AppUi> app;
};

client::AppView sample_view();  // rooms, a lively timeline, members
client::AppView long_view(std::size_t messages);
client::AppView private_view();  // an encrypted room with what can happen in one
client::AppView direct_view();   // an encrypted room of two

}  // namespace parley::test
