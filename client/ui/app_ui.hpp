// The whole interface over one client core: takes input, draws into Dear ImGui, keeps the semantic
// tree.
//
// One thread owns it. The face makes the ImGui context (no platform backend needed: input comes
// through handle_*; only a renderer backend), constructs AppUi, and then, whenever wants_frame() or
// something happened:
//
//     ImGui_ImplOpenGL3_NewFrame();
//     ui.frame(now, surface);                    // ImGui::NewFrame ... ImGui::Render
//     ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
//
// Between frames it sleeps until input, a change of the client's view (call wants_frame after
// feeding the client), or next_frame_at().
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "client/core/client.hpp"
#include "client/ui/input.hpp"
#include "client/ui/platform.hpp"
#include "client/ui/semantics.hpp"

namespace parley::ui {

// The interface's fonts as file contents; the bytes must stay as long as the AppUi.
struct FontFiles {
  ByteView regular;  // Inter-Regular.otf
  ByteView medium;   // Inter-Medium.otf
  ByteView bold;     // Inter-Bold.otf
  ByteView italic;   // Inter-Italic.otf
  ByteView mono;     // Mono-Regular.ttf
};

struct Options {
  FontFiles fonts;
  // False on the web, where a real DOM form signs in: then only the brand is drawn behind it.
  bool draws_login = true;
  std::string version = "0.1.0";  // shown under About
};

// The drawing surface: CSS pixels, and device pixels for each of them.
struct Surface {
  float width = 0;
  float height = 0;
  float pixel_ratio = 1;
  // Height hidden by an on-screen keyboard or a notch; the composer stays above it.
  float inset_top = 0;
  float inset_bottom = 0;
  bool operator==(const Surface&) const = default;
};

// A command of the person, run against the client core between frames.
using Command = std::function<void(client::Client&, Now)>;

// Signs in with what another device of the account gave: recovery words, or a link's code or
// address.
void sign_in_with(client::Client& client, Now now, const std::string& text);
// The code in what was typed or scanned: without the address around it.
std::string link_code_in(std::string_view text);

// Where views come from and commands go; the tests put fixed views here.
class Core {
 public:
  virtual ~Core() = default;
  virtual const client::AppView& view() = 0;
  virtual void perform(Now now, const Command& command) = 0;
};

class AppUi {
 public:
  AppUi(client::Client& client, Platform& platform, Options options);
  AppUi(Core& core, Platform& platform, Options options);
  ~AppUi();

  // ---- input; true: used, so the browser must not act on it as well ----
  bool handle_pointer(Now now, const PointerEvent& event);
  bool handle_wheel(Now now, const WheelEvent& event);
  // While an input method composes, keys must not be reported at all.
  bool handle_key(Now now, const KeyEvent& event);
  // Desktop: one committed character. On the web use handle_text_input.
  void handle_character(Now now, char32_t code_point);
  void handle_text_input(Now now, const TextInputEvent& event);
  // Ctrl+C and Ctrl+X of the system: what to copy (empty: nothing selected; let the browser act).
  std::string handle_copy(Now now);
  std::string handle_cut(Now now);
  void handle_paste(Now now, const std::string& text);
  void handle_semantic_action(Now now, const SemanticAction& action);
  void handle_focus(Now now, bool focused);  // the window or tab; the client core is told too
  void handle_preferences_changed();  // system theme, motion, permission, fonts of the system
  void handle_graphics_lost();        // WebGL context lost and restored: textures are made anew

  // Opens what a path names ("/", "/r/<room id>", "/r/<room id>/<message number>",
  // "/i/<invite code>", with "#<key>" for private rooms): at start, back and forward.
  void navigate(Now now, const std::string& path);

  // ---- drawing ----
  bool wants_frame(Now now) const;
  std::optional<MonoTime> next_frame_at() const;
  void frame(Now now, const Surface& surface);
  const SemanticTree& semantics() const;
  // Colour behind everything, 0xRRGGBB: the page's and the browser chrome's colour.
  std::uint32_t background_rgb() const;
  bool is_dark() const;

  // ---- for tests and tools ----
  struct Statistics {
    std::uint64_t frames = 0;
    std::size_t rows_drawn = 0;  // timeline rows of the last frame
    std::size_t glyphs = 0;      // in the atlas
    std::uint64_t evictions = 0;
  };
  Statistics statistics() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace parley::ui
