// The functions that the page's scripts call (web/wasm_bridge.js). Texts and bytes lie in memory
// from parley_alloc, which the caller frees again unless the comment says otherwise.
#include <emscripten/emscripten.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "wasm/web_app.hpp"

namespace {

using parley::Bytes;
using parley::ByteView;
using parley::web::PacketReader;
using parley::web::StartOptions;
using parley::web::WebApp;
using parley::web::WebPlatform;

// The page has one client; before parley_start and after parley_stop there is none.
std::unique_ptr<WebApp> app;
StartOptions start_options;
std::string returned_text;

ByteView view_of(const std::uint8_t* bytes, std::size_t size) { return {bytes, size}; }
std::string text_of(const char* text, std::size_t size) { return {text, size}; }

parley::ui::Modifiers modifiers_of(std::uint32_t bits) {
  return {.shift = (bits & 1u) != 0, .control = (bits & 2u) != 0, .alt = (bits & 4u) != 0};
}

// A text for the page: valid until the next call.
const char* give(std::string text) {
  returned_text = std::move(text);
  return returned_text.c_str();
}

}  // namespace

extern "C" {

EMSCRIPTEN_KEEPALIVE void* parley_alloc(std::size_t size) { return std::malloc(size); }
EMSCRIPTEN_KEEPALIVE void parley_free(void* memory) { std::free(memory); }

// Before parley_start: regular, medium, bold, italic, mono.
EMSCRIPTEN_KEEPALIVE void parley_font(std::uint32_t index, const std::uint8_t* bytes,
                                      std::size_t size) {
  if (index < start_options.fonts.size()) {
    start_options.fonts[index] = parley::to_bytes(view_of(bytes, size));
  }
}

// `packet`: server URL, device name, origin, path, version, store key. False: no WebGL 2.
EMSCRIPTEN_KEEPALIVE bool parley_start(std::uint8_t* packet, std::size_t size) {
  PacketReader reader(view_of(packet, size));
  start_options.server_url = reader.text();
  start_options.device_name = reader.text();
  start_options.origin = reader.text();
  start_options.path = reader.text();
  start_options.version = reader.text();
  const ByteView key = reader.bytes();
  if (!reader.ok() || key.size() != start_options.store_key.size()) return false;
  std::ranges::copy(key, start_options.store_key.write().begin());
  parley::crypto::wipe({packet, size});
  app = WebApp::start(std::move(start_options));
  return app != nullptr;
}

// ---- the world ----

EMSCRIPTEN_KEEPALIVE void parley_socket_open(std::uint32_t attempt) {
  app->client().handle_transport_open(WebApp::now(), attempt);
  app->settle();
}
EMSCRIPTEN_KEEPALIVE void parley_socket_bytes(std::uint32_t attempt, const std::uint8_t* bytes,
                                              std::size_t size) {
  app->client().handle_transport_bytes(WebApp::now(), attempt, view_of(bytes, size));
  app->settle();
}
EMSCRIPTEN_KEEPALIVE void parley_socket_closed(std::uint32_t attempt, int code, const char* reason,
                                               std::size_t size) {
  app->client().handle_transport_closed(WebApp::now(), attempt, code, text_of(reason, size));
  app->settle();
}
// `packet`: pairs of key and value until its end.
EMSCRIPTEN_KEEPALIVE void parley_loaded(const char* prefix, std::size_t prefix_size,
                                        const std::uint8_t* packet, std::size_t size, bool plain) {
  app->handle_loaded(text_of(prefix, prefix_size), view_of(packet, size), plain);
}
EMSCRIPTEN_KEEPALIVE void parley_stored(double batch, bool ok, const char* reason,
                                        std::size_t size) {
  parley::Status status;
  if (!ok) status = parley::Error{parley::ErrorCode::kLocalStore, text_of(reason, size), {}};
  app->client().handle_stored(WebApp::now(), static_cast<std::uint64_t>(batch), status);
  app->settle();
}
EMSCRIPTEN_KEEPALIVE void parley_network(bool online) {
  app->client().handle_network(WebApp::now(), online);
  app->settle();
}
EMSCRIPTEN_KEEPALIVE void parley_wake() { app->wake(); }
EMSCRIPTEN_KEEPALIVE void parley_frame(float width, float height, float ratio, float inset_top,
                                       float inset_bottom, int canvas_width, int canvas_height) {
  app->draw({.width = width,
             .height = height,
             .pixel_ratio = ratio,
             .inset_top = inset_top,
             .inset_bottom = inset_bottom},
            canvas_width, canvas_height);
}
EMSCRIPTEN_KEEPALIVE void parley_focus(bool focused) {
  app->ui().handle_focus(WebApp::now(), focused);
  app->settle();
}
EMSCRIPTEN_KEEPALIVE void parley_preferences_changed() {
  app->ui().handle_preferences_changed();
  app->settle();
}
EMSCRIPTEN_KEEPALIVE void parley_graphics_lost() { app->handle_graphics_lost(); }
EMSCRIPTEN_KEEPALIVE void parley_navigate(const char* path, std::size_t size) {
  app->ui().navigate(WebApp::now(), text_of(path, size));
  app->settle();
}

// ---- the person; true: used, the browser must not act on it as well ----

EMSCRIPTEN_KEEPALIVE bool parley_pointer(std::uint8_t action, std::uint8_t kind,
                                         std::uint8_t button, float x, float y,
                                         std::uint32_t modifiers) {
  const bool used = app->ui().handle_pointer(
      WebApp::now(), {.action = static_cast<parley::ui::PointerAction>(action),
                      .kind = static_cast<parley::ui::PointerKind>(kind),
                      .button = static_cast<parley::ui::PointerButton>(button),
                      .at = {x, y},
                      .modifiers = modifiers_of(modifiers)});
  app->settle();
  return used;
}
EMSCRIPTEN_KEEPALIVE bool parley_wheel(float x, float y, float dx, float dy,
                                       std::uint32_t modifiers) {
  const bool used = app->ui().handle_wheel(
      WebApp::now(), {.at = {x, y}, .delta = {dx, dy}, .modifiers = modifiers_of(modifiers)});
  app->settle();
  return used;
}
EMSCRIPTEN_KEEPALIVE bool parley_key(std::uint8_t key, std::uint8_t letter, bool repeat,
                                     std::uint32_t modifiers) {
  const bool used = app->ui().handle_key(WebApp::now(), {.key = static_cast<parley::ui::Key>(key),
                                                         .letter = static_cast<char>(letter),
                                                         .repeat = repeat,
                                                         .modifiers = modifiers_of(modifiers)});
  app->settle();
  return used;
}
// Offsets in UTF-16 units.
EMSCRIPTEN_KEEPALIVE void parley_text_input(std::uint32_t field, const char* text, std::size_t size,
                                            std::uint32_t selection_start,
                                            std::uint32_t selection_end,
                                            std::uint32_t composition_start,
                                            std::uint32_t composition_end) {
  app->handle_text({.field = field,
                    .text = text_of(text, size),
                    .selection_start = selection_start,
                    .selection_end = selection_end,
                    .composition_start = composition_start,
                    .composition_end = composition_end});
}
EMSCRIPTEN_KEEPALIVE const char* parley_copy() {
  const char* text = give(app->ui().handle_copy(WebApp::now()));
  app->settle();
  return text;
}
EMSCRIPTEN_KEEPALIVE const char* parley_cut() {
  const char* text = give(app->ui().handle_cut(WebApp::now()));
  app->settle();
  return text;
}
EMSCRIPTEN_KEEPALIVE void parley_paste(const char* text, std::size_t size) {
  app->ui().handle_paste(WebApp::now(), text_of(text, size));
  app->settle();
}
EMSCRIPTEN_KEEPALIVE void parley_semantic_action(std::uint32_t handle, std::uint8_t kind,
                                                 const char* text, std::size_t size) {
  app->handle_semantic_action(handle, static_cast<parley::ui::SemanticActionKind>(kind),
                              text_of(text, size));
}
EMSCRIPTEN_KEEPALIVE void parley_sign_in(const char* name, std::size_t size) {
  app->client().sign_in_guest(WebApp::now(), text_of(name, size));
  app->settle_form();
}

// Recovery words, or the code of another device.
EMSCRIPTEN_KEEPALIVE void parley_sign_in_with(const char* text, std::size_t size) {
  parley::ui::sign_in_with(app->client(), WebApp::now(), text_of(text, size));
  app->settle_form();
}
EMSCRIPTEN_KEEPALIVE void parley_other_form() {
  app->client().reset_login(WebApp::now());
  app->settle_form();
}
EMSCRIPTEN_KEEPALIVE void parley_cancel_link() {
  app->client().cancel_link(WebApp::now());
  app->settle();
}

// ---- for tests and tools: frames, rows, glyphs, evictions, ms of the last frame and of its
// mirror, mirror updates ----
EMSCRIPTEN_KEEPALIVE void parley_statistics(double* out) {
  const parley::ui::AppUi::Statistics statistics = app->ui().statistics();
  out[0] = static_cast<double>(app->frames());
  out[1] = static_cast<double>(statistics.rows_drawn);
  out[2] = static_cast<double>(statistics.glyphs);
  out[3] = static_cast<double>(statistics.evictions);
  out[4] = app->last_frame_ms();
  out[5] = app->last_mirror_ms();
  out[6] = static_cast<double>(app->mirror_updates());
}
}
