#include "wasm/canvas.hpp"

#include <GLES3/gl3.h>
#include <emscripten/html5_webgl.h>
#include <imgui.h>
#include <imgui_impl_opengl3.h>

namespace parley::web {

bool Canvas::open() {
  EmscriptenWebGLContextAttributes attributes;
  emscripten_webgl_init_context_attributes(&attributes);
  attributes.majorVersion = 2;
  attributes.alpha = false;
  attributes.depth = false;
  attributes.stencil = false;
  attributes.antialias = false;  // ImGui smooths its own edges
  context_ = emscripten_webgl_create_context("#canvas", &attributes);
  if (context_ <= 0) return false;
  emscripten_webgl_make_context_current(context_);
  // Device objects at once: glyphs may be uploaded before the first frame.
  return ImGui_ImplOpenGL3_Init("#version 300 es") && ImGui_ImplOpenGL3_CreateDeviceObjects();
}

Canvas::~Canvas() {
  if (context_ <= 0) return;
  ImGui_ImplOpenGL3_Shutdown();
  emscripten_webgl_destroy_context(context_);
}

void Canvas::restore() {
  emscripten_webgl_make_context_current(context_);
  ImGui_ImplOpenGL3_DestroyDeviceObjects();
  ImGui_ImplOpenGL3_CreateDeviceObjects();
}

void Canvas::begin_frame() {
  emscripten_webgl_make_context_current(context_);
  ImGui_ImplOpenGL3_NewFrame();
}

void Canvas::end_frame(int width, int height, std::uint32_t background_rgb) {
  const auto channel = [&](int shift) {
    return static_cast<float>((background_rgb >> shift) & 0xffu) / 255.0f;
  };
  glViewport(0, 0, width, height);
  glDisable(GL_SCISSOR_TEST);
  glClearColor(channel(16), channel(8), channel(0), 1.0f);
  glClear(GL_COLOR_BUFFER_BIT);
  ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
}

}  // namespace parley::web
