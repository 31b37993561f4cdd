// The browser's client: one core, one interface, and the wires between them and the page.
//
// Single-threaded. The page calls in through exports.cpp; every call ends in settle(), which does
// what the core asks for and tells the page when to draw or wake next. Lives as long as the page.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "client/core/client.hpp"
#include "client/core/sealed_values.hpp"
#include "client/ui/app_ui.hpp"
#include "wasm/canvas.hpp"
#include "wasm/mirror.hpp"
#include "wasm/platform.hpp"

struct ImGuiContext;

namespace parley::web {

// crypto.getRandomValues.
class HostRng final : public Rng {
 public:
  void fill(std::span<std::uint8_t> out) override;
};

struct StartOptions {
  std::string server_url;
  std::string device_name;
  std::string origin;
  std::string path;  // what the address bar says
  std::string version;
  crypto::Secret store_key;    // what is kept in the browser is sealed with it
  std::array<Bytes, 5> fonts;  // regular, medium, bold, italic, mono
};

class WebApp {
 public:
  // nullptr: no WebGL 2.
  static std::unique_ptr<WebApp> start(StartOptions options);
  ~WebApp();

  client::Client& client() { return client_; }
  ui::AppUi& ui() { return *ui_; }
  WebPlatform& platform() { return platform_; }

  // `plain`: written before values were sealed; they are now.
  void handle_loaded(const std::string& prefix, ByteView packet, bool plain);
  void handle_text(WebPlatform::AgentText text);
  void handle_semantic_action(std::uint32_t handle, ui::SemanticActionKind kind, std::string text);
  void handle_graphics_lost();
  void wake();
  // One picture. `width` and `height` of the surface are CSS pixels; the canvas has those times the
  // ratio.
  void draw(const ui::Surface& surface, int canvas_width, int canvas_height);

  // Runs the core's effects, shows a changed screen, plans the next frame or wake-up.
  void settle();
  // After a form was sent: the page waits to be told how it went, also when that is no news.
  void settle_form() {
    last_screen_packet_.clear();
    settle();
  }

  static Now now();
  std::uint64_t frames() const { return frames_; }
  std::uint64_t mirror_updates() const { return mirror_updates_; }
  double last_frame_ms() const { return last_frame_ms_; }
  double last_mirror_ms() const { return last_mirror_ms_; }  // of the last frame that changed it

 private:
  explicit WebApp(StartOptions options);
  bool open();
  void run(const client::Effect& effect);
  void write(const client::WriteStore& batch);
  void announce(const client::EventArrived& event);
  void show_screen();
  void plan();

  StartOptions options_;
  HostRng rng_;
  client::SealedValues values_;
  WebPlatform platform_;
  client::Client client_;
  ImGuiContext* imgui_ = nullptr;
  Canvas canvas_;
  std::unique_ptr<ui::AppUi> ui_;
  Mirror mirror_;
  PacketWriter packet_, screen_packet_, last_screen_packet_;
  std::optional<std::uint32_t> shown_background_;
  bool shown_dark_ = false;
  std::uint64_t frames_ = 0;
  std::uint64_t mirror_updates_ = 0;
  double last_frame_ms_ = 0;
  double last_mirror_ms_ = 0;
};

}  // namespace parley::web
