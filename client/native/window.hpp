// The desktop window: GLFW's events to the interface, its picture to OpenGL, sleep in between.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "client/core/client.hpp"
#include "client/native/local_store.hpp"
#include "client/ui/app_ui.hpp"

namespace parley::native {

struct WindowOptions {
  std::string server;  // normalised address, "ws://..."
  std::string origin;  // of its web page
  std::string store_path;
  std::optional<std::string> name;  // sign in as this guest at once, when nobody is signed in
  std::optional<std::string> room;  // open this room, by name or id, as soon as it is known
  std::string screenshot;           // PPM or PNG file to write, then end
  double screenshot_after_s = 3;
  int width = 1180;
  int height = 780;
};

// Returns the program's exit code.
int run_window(const WindowOptions& options, LocalStore store);

}  // namespace parley::native
