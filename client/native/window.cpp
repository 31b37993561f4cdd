#include "client/native/window.hpp"

#include <GLFW/glfw3.h>
#include <imgui.h>
#include <imgui_impl_opengl3.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "client/native/client_driver.hpp"
#include "client/native/embedded_fonts.hpp"
#include "client/native/png_file.hpp"
#include "client/native/system_rng.hpp"
#include "client/native/window_platform.hpp"
#include "client/search/message_index.hpp"

namespace parley::native {
namespace {

constexpr double kLongestSleepS = 60;
constexpr float kWheelStep = 100;  // CSS pixels a notch

Now read_clocks() {
  namespace chrono = std::chrono;
  const auto count = [](auto moment) {
    return std::int64_t{
        chrono::duration_cast<chrono::milliseconds>(moment.time_since_epoch()).count()};
  };
  return {{count(chrono::steady_clock::now())}, {count(chrono::system_clock::now())}};
}

ui::Modifiers modifiers_of(int mods) {
  return {(mods & GLFW_MOD_SHIFT) != 0, (mods & GLFW_MOD_CONTROL) != 0, (mods & GLFW_MOD_ALT) != 0};
}

ui::KeyEvent key_of(int key, int scancode, int mods, bool repeat) {
  ui::KeyEvent event;
  event.repeat = repeat;
  event.modifiers = modifiers_of(mods);
  switch (key) {
    case GLFW_KEY_ENTER:
    case GLFW_KEY_KP_ENTER:
      event.key = ui::Key::kEnter;
      return event;
    case GLFW_KEY_ESCAPE:
      event.key = ui::Key::kEscape;
      return event;
    case GLFW_KEY_TAB:
      event.key = ui::Key::kTab;
      return event;
    case GLFW_KEY_SPACE:
      event.key = ui::Key::kSpace;
      return event;
    case GLFW_KEY_BACKSPACE:
      event.key = ui::Key::kBackspace;
      return event;
    case GLFW_KEY_DELETE:
      event.key = ui::Key::kDelete;
      return event;
    case GLFW_KEY_LEFT:
      event.key = ui::Key::kLeft;
      return event;
    case GLFW_KEY_RIGHT:
      event.key = ui::Key::kRight;
      return event;
    case GLFW_KEY_UP:
      event.key = ui::Key::kUp;
      return event;
    case GLFW_KEY_DOWN:
      event.key = ui::Key::kDown;
      return event;
    case GLFW_KEY_HOME:
      event.key = ui::Key::kHome;
      return event;
    case GLFW_KEY_END:
      event.key = ui::Key::kEnd;
      return event;
    case GLFW_KEY_PAGE_UP:
      event.key = ui::Key::kPageUp;
      return event;
    case GLFW_KEY_PAGE_DOWN:
      event.key = ui::Key::kPageDown;
      return event;
    case GLFW_KEY_MENU:
      event.key = ui::Key::kMenu;
      return event;
    case GLFW_KEY_F10:
      event.key = ui::Key::kF10;
      return event;
    default:
      break;
  }
  // The letter of the person's keyboard layout, not of the key's place.
  const char* name = glfwGetKeyName(key, scancode);
  if (name && name[0] != '\0' && name[1] == '\0') {
    event.key = ui::Key::kLetter;
    event.letter = name[0] >= 'A' && name[0] <= 'Z' ? static_cast<char>(name[0] + 32) : name[0];
  }
  return event;
}

class Window {
 public:
  Window(const WindowOptions& options, LocalStore store, GLFWwindow* window)
      : options_(options),
        window_(window),
        store_(std::move(store)),
        transport_([] { glfwPostEmptyEvent(); }),
        platform_(window, options.origin),
        client_({.server_url = options.server,
                 .device_name = "Parley on Linux",
                 .search_index = [] { return search::MessageIndex::make(); }},
                rng_),
        driver_(client_, store_, transport_),
        ui_(client_, platform_, {embedded_fonts(), true, PARLEY_VERSION}) {
    platform_.on_paste = [this](const std::string& text) { ui_.handle_paste(read_clocks(), text); };
    driver_.on_notify = [this](const client::Notify& n) { platform_.notify(n.title, n.text); };
    glfwSetWindowUserPointer(window_, this);
    listen();
  }

  int run() {
    const Now start = read_clocks();
    client_.start(start);
    driver_.pump(start);
    while (!glfwWindowShouldClose(window_)) {
      const Now now = read_clocks();
      driver_.pump(now);
      sign_in_when_asked(now);
      open_room_when_asked(now);
      const bool time_up =
          !options_.screenshot.empty() &&
          static_cast<double>((now.mono - start.mono).ms) >= options_.screenshot_after_s * 1000;
      if (shown_ && (exposed_ || time_up || ui_.wants_frame(now))) {
        draw(now, time_up);
        driver_.pump(now);
      }
      if (time_up && options_.room && !opened_) {
        std::fprintf(stderr, "parley-native: no room of yours is called %s\n",
                     options_.room->c_str());
        return 1;
      }
      if (time_up) return saved_ ? 0 : 1;
      sleep(start);
    }
    return 0;
  }

 private:
  static Window& of(GLFWwindow* window) {
    return *static_cast<Window*>(glfwGetWindowUserPointer(window));
  }

  void listen() {
    glfwSetKeyCallback(window_, [](GLFWwindow* w, int key, int scancode, int action, int mods) {
      if (action == GLFW_RELEASE) return;
      of(w).ui_.handle_key(read_clocks(), key_of(key, scancode, mods, action == GLFW_REPEAT));
    });
    glfwSetCharCallback(
        window_, [](GLFWwindow* w, unsigned c) { of(w).ui_.handle_character(read_clocks(), c); });
    glfwSetCursorPosCallback(window_, [](GLFWwindow* w, double, double) {
      of(w).point(ui::PointerAction::kMove, 0, 0);
    });
    glfwSetCursorEnterCallback(window_, [](GLFWwindow* w, int entered) {
      if (!entered) of(w).point(ui::PointerAction::kLeave, 0, 0);
    });
    glfwSetMouseButtonCallback(window_, [](GLFWwindow* w, int button, int action, int mods) {
      of(w).point(action == GLFW_PRESS ? ui::PointerAction::kDown : ui::PointerAction::kUp, button,
                  mods);
    });
    glfwSetScrollCallback(window_, [](GLFWwindow* w, double dx, double dy) {
      Window& self = of(w);
      self.ui_.handle_wheel(read_clocks(), {self.pointer(),
                                            {static_cast<float>(-dx) * kWheelStep,
                                             static_cast<float>(-dy) * kWheelStep},
                                            {}});
    });
    glfwSetWindowFocusCallback(window_, [](GLFWwindow* w, int focused) {
      of(w).ui_.handle_focus(read_clocks(), focused == GLFW_TRUE);
    });
    glfwSetWindowRefreshCallback(window_, [](GLFWwindow* w) { of(w).exposed_ = true; });
    glfwSetFramebufferSizeCallback(window_, [](GLFWwindow* w, int, int) { of(w).exposed_ = true; });
    glfwSetWindowIconifyCallback(window_, [](GLFWwindow* w, int hidden) {
      of(w).shown_ = hidden == GLFW_FALSE;
      of(w).exposed_ = true;
    });
  }

  // GLFW gives window coordinates; the interface wants CSS pixels.
  ui::Vec2 pointer() const {
    double x = 0, y = 0;
    int width = 0, height = 0;
    glfwGetCursorPos(window_, &x, &y);
    glfwGetWindowSize(window_, &width, &height);
    const ui::Surface on = surface();
    return {static_cast<float>(x) * on.width / static_cast<float>(std::max(1, width)),
            static_cast<float>(y) * on.height / static_cast<float>(std::max(1, height))};
  }

  ui::Surface surface() const {
    int width = 0, height = 0;
    float scale = 1, unused = 1;
    glfwGetFramebufferSize(window_, &width, &height);
    glfwGetWindowContentScale(window_, &scale, &unused);
    scale = std::clamp(scale, 0.5f, 4.0f);
    return {static_cast<float>(width) / scale, static_cast<float>(height) / scale, scale, 0, 0};
  }

  void point(ui::PointerAction action, int button, int mods) {
    ui::PointerEvent event;
    event.action = action;
    event.at = pointer();
    event.modifiers = modifiers_of(mods);
    event.button = button == GLFW_MOUSE_BUTTON_RIGHT    ? ui::PointerButton::kSecondary
                   : button == GLFW_MOUSE_BUTTON_MIDDLE ? ui::PointerButton::kMiddle
                                                        : ui::PointerButton::kPrimary;
    ui_.handle_pointer(read_clocks(), event);
  }

  void sign_in_when_asked(Now now) {
    if (!options_.name || asked_ || client_.view().screen != client::Screen::kLogin) return;
    asked_ = true;
    client_.sign_in_guest(now, *options_.name);
    driver_.pump(now);
  }

  void open_room_when_asked(Now now) {
    if (!options_.room || opened_ || client_.view().screen != client::Screen::kMain) return;
    for (const client::RoomItemView& room : client_.view().rooms) {
      const std::string id = room.room_id.to_string();
      if (room.name != *options_.room && id != *options_.room) continue;
      opened_ = true;
      ui_.navigate(now, "/r/" + id);
      return driver_.pump(now);
    }
  }

  void draw(Now now, bool save) {
    const ui::Surface on = surface();
    if (on.width < 1 || on.height < 1) return;
    exposed_ = false;
    ImGui_ImplOpenGL3_NewFrame();
    ui_.frame(now, on);
    const auto width = static_cast<int>(std::lround(on.width * on.pixel_ratio));
    const auto height = static_cast<int>(std::lround(on.height * on.pixel_ratio));
    const std::uint32_t ground = ui_.background_rgb();
    const auto channel = [ground](int shift) {
      return static_cast<float>((ground >> shift) & 0xff) / 255;
    };
    glViewport(0, 0, width, height);
    glClearColor(channel(16), channel(8), channel(0), 1);
    glClear(GL_COLOR_BUFFER_BIT);
    ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
    if (save) {
      std::vector<std::uint8_t> pixels(static_cast<std::size_t>(width) *
                                       static_cast<std::size_t>(height) * 4);
      glPixelStorei(GL_PACK_ALIGNMENT, 1);
      glReadPixels(0, 0, width, height, GL_RGBA, GL_UNSIGNED_BYTE, pixels.data());
      saved_ = write_png_file(options_.screenshot, width, height, pixels.data());
    }
    glfwSwapBuffers(window_);
  }

  // Until input, bytes from the network, a timer of the core, or an animation.
  void sleep(Now start) {
    const Now now = read_clocks();
    if (shown_ && (exposed_ || ui_.wants_frame(now))) return glfwPollEvents();
    double seconds = kLongestSleepS;
    const auto until = [&](std::optional<MonoTime> at) {
      if (at) seconds = std::min(seconds, static_cast<double>((*at - now.mono).ms) / 1000);
    };
    until(client_.poll_deadline());
    if (shown_) until(ui_.next_frame_at());
    if (!options_.screenshot.empty()) {
      until(start.mono + Duration{static_cast<std::int64_t>(options_.screenshot_after_s * 1000)});
    }
    if (seconds <= 0) return glfwPollEvents();
    glfwWaitEventsTimeout(seconds);
  }

  const WindowOptions& options_;
  GLFWwindow* window_;
  LocalStore store_;
  SystemRng rng_;
  WsTransport transport_;
  WindowPlatform platform_;
  client::Client client_;
  ClientDriver driver_;
  ui::AppUi ui_;
  bool shown_ = true;
  bool exposed_ = true;
  bool asked_ = false;
  bool opened_ = false;
  bool saved_ = false;
};

int fail(const char* words) {
  std::fprintf(stderr, "parley-native: %s\n", words);
  return 1;
}

}  // namespace

int run_window(const WindowOptions& options, LocalStore store) {
  glfwSetErrorCallback(
      [](int, const char* text) { std::fprintf(stderr, "parley-native: %s\n", text); });
  if (!glfwInit()) return fail("No display could be opened. Is a desktop session running?");
  glfwWindowHint(GLFW_CONTEXT_VERSION_MAJOR, 3);
  glfwWindowHint(GLFW_CONTEXT_VERSION_MINOR, 3);
  glfwWindowHint(GLFW_OPENGL_PROFILE, GLFW_OPENGL_CORE_PROFILE);
  glfwWindowHint(GLFW_SCALE_TO_MONITOR, GLFW_TRUE);
  glfwWindowHintString(GLFW_X11_CLASS_NAME, "parley");
  GLFWwindow* window = glfwCreateWindow(options.width, options.height, "Parley", nullptr, nullptr);
  if (!window) {
    glfwTerminate();
    return fail("The window could not be made. OpenGL 3.3 is needed.");
  }
  glfwSetWindowSizeLimits(window, 320, 400, GLFW_DONT_CARE, GLFW_DONT_CARE);
  glfwMakeContextCurrent(window);
  glfwSwapInterval(1);
  ImGui::CreateContext();
  ImGui_ImplOpenGL3_Init("#version 330");
  ImGui_ImplOpenGL3_CreateDeviceObjects();
  // Dropped before the context: it uses both.
  int code = 0;
  {
    const auto app = std::make_unique<Window>(options, std::move(store), window);
    code = app->run();
  }
  ImGui_ImplOpenGL3_Shutdown();
  ImGui::DestroyContext();
  glfwDestroyWindow(window);
  glfwTerminate();
  return code;
}

}  // namespace parley::native
