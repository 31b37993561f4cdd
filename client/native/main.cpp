// parley-native: the desktop client. Reads the command line, opens the store, shows the window.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "client/native/window.hpp"
#include "client/native/ws_url.hpp"

int main(int argc, char** argv) {
  using namespace parley;
  native::WindowOptions options;
  std::string server = "ws://localhost:8080/ws";
  std::string name, room, store, size;
  CLI::App app{"Parley, the desktop client"};
  app.add_option("--server", server, "Address of the server, ws:// or wss://")
      ->capture_default_str()
      ->envname("PARLEY_SERVER");
  app.add_option("--name", name, "Sign in as a guest of this name at once");
  app.add_option("--room", room, "Open this room of yours, by its name or id");
  app.add_option("--store", store, "File that keeps this device's session and messages");
  app.add_option("--screenshot", options.screenshot, "Write the window to this PNG file, then end");
  app.add_option("--after", options.screenshot_after_s, "Seconds before the screenshot")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 3600.0));
  app.add_option("--size", size, "Size of the window, WIDTHxHEIGHT");
  app.set_version_flag("--version", std::string("parley-native ") + PARLEY_VERSION);
  CLI11_PARSE(app, argc, argv);

  const auto url = native::parse_ws_url(server);
  if (!url) {
    std::fprintf(stderr, "parley-native: %s\n", url.error().detail.c_str());
    return 2;
  }
  options.server = native::to_string(*url);
  options.origin = url->origin();
  if (!name.empty()) options.name = name;
  if (!room.empty()) options.room = room;
  if (!size.empty() && (std::sscanf(size.c_str(), "%dx%d", &options.width, &options.height) != 2 ||
                        options.width < 200 || options.height < 200 || options.width > 8192 ||
                        options.height > 8192)) {
    std::fprintf(stderr, "parley-native: --size wants WIDTHxHEIGHT, for example 1180x780\n");
    return 2;
  }
  options.store_path = store.empty() ? native::LocalStore::default_path("desktop") : store;
  auto opened = native::LocalStore::open(options.store_path);
  if (!opened) {
    std::fprintf(stderr, "parley-native: %s\n", opened.error().detail.c_str());
    return 1;
  }
  if (const auto bound = opened->bind_server(options.server); !bound) {
    std::fprintf(stderr, "parley-native: %s\n", bound.error().detail.c_str());
    return 1;
  }
  return native::run_window(options, std::move(*opened));
}
