#include "client/native/window_platform.hpp"

#include <imgui.h>
#include <imgui_impl_opengl3.h>
// After ImGui's own loader-free backend header; only OpenGL 1.1 functions are used here.
#include <GLFW/glfw3.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>

extern char** environ;

namespace parley::native {
namespace {

constexpr unsigned kUnpackRowLength = 0x0CF2;  // GL_UNPACK_ROW_LENGTH

bool is_in_path(const char* program) {
  const char* path = std::getenv("PATH");
  std::string_view rest = path ? path : "";
  while (!rest.empty()) {
    const std::size_t end = rest.find(':');
    const std::string folder(rest.substr(0, end));
    if (!folder.empty() && ::access((folder + "/" + program).c_str(), X_OK) == 0) return true;
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return false;
}

// Without a shell, so nothing in the arguments is interpreted. The child is left to itself.
void run(std::vector<std::string> arguments) {
  std::vector<char*> raw;
  for (std::string& argument : arguments) raw.push_back(argument.data());
  raw.push_back(nullptr);
  pid_t child = 0;
  // Through `setsid -f` nothing waits for it and it leaves no zombie.
  if (::posix_spawnp(&child, raw[0], nullptr, nullptr, raw.data(), environ) == 0)
    ::waitpid(child, nullptr, 0);
}

// GTK's settings file and variable are what most desktops write; the theme's name tells dark from
// light.
ui::SystemTheme desktop_theme() {
  std::string name;
  if (const char* set = std::getenv("GTK_THEME")) name = set;
  const char* config = std::getenv("XDG_CONFIG_HOME");
  const char* home = std::getenv("HOME");
  const std::filesystem::path folder = config && *config
                                           ? std::filesystem::path(config)
                                           : std::filesystem::path(home ? home : "") / ".config";
  for (const char* version : {"gtk-4.0", "gtk-3.0"}) {
    std::ifstream file(folder / version / "settings.ini");
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with("gtk-application-prefer-dark-theme") &&
          (line.ends_with("1") || line.ends_with("true"))) {
        return ui::SystemTheme::kDark;
      }
      if (name.empty() && line.starts_with("gtk-theme-name")) name = line;
    }
  }
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return name.find("dark") != std::string::npos ? ui::SystemTheme::kDark : ui::SystemTheme::kLight;
}

}  // namespace

WindowPlatform::WindowPlatform(GLFWwindow* window, std::string origin)
    : window_(window), origin_(std::move(origin)), theme_(desktop_theme()) {
  cursors_ = {
      glfwCreateStandardCursor(GLFW_ARROW_CURSOR), glfwCreateStandardCursor(GLFW_HAND_CURSOR),
      glfwCreateStandardCursor(GLFW_IBEAM_CURSOR), glfwCreateStandardCursor(GLFW_HRESIZE_CURSOR),
      glfwCreateStandardCursor(GLFW_HAND_CURSOR)};
  has_notify_send_ = is_in_path("notify-send") && is_in_path("setsid");
  const char* motion = std::getenv("PARLEY_REDUCED_MOTION");
  reduced_motion_ = motion && *motion == '1';
}

WindowPlatform::~WindowPlatform() {
  for (GLFWcursor* cursor : cursors_) {
    if (cursor) glfwDestroyCursor(cursor);
  }
}

void WindowPlatform::set_clipboard(const std::string& text) {
  glfwSetClipboardString(window_, text.c_str());
}

void WindowPlatform::request_clipboard() {
  const char* text = glfwGetClipboardString(window_);
  if (text && on_paste) on_paste(text);
}

void WindowPlatform::open_link(const std::string& url) {
  const bool known =
      url.starts_with("https://") || url.starts_with("http://") || url.starts_with("mailto:");
  if (known && is_in_path("xdg-open") && is_in_path("setsid"))
    run({"setsid", "-f", "xdg-open", url});
}

void WindowPlatform::set_title(const std::string& title, std::uint32_t unread) {
  std::string text = title.empty() ? "Parley" : title + " \xc2\xb7 Parley";
  if (unread > 0) text = "(" + std::to_string(unread) + ") " + text;
  glfwSetWindowTitle(window_, text.c_str());
}

std::int32_t WindowPlatform::utc_offset_s(Timestamp at) const {
  const std::time_t moment = static_cast<std::time_t>(at.ms / 1000);
  std::tm local{};
  return ::localtime_r(&moment, &local) ? static_cast<std::int32_t>(local.tm_gmtoff) : 0;
}

ui::NotificationPermission WindowPlatform::notification_permission() const {
  return has_notify_send_ ? ui::NotificationPermission::kGranted
                          : ui::NotificationPermission::kUnavailable;
}

void WindowPlatform::notify(const std::string& title, const std::string& text) {
  if (has_notify_send_)
    run({"setsid", "-f", "notify-send", "--app-name=Parley", "--", title, text});
}

void WindowPlatform::set_cursor(ui::CursorShape shape) {
  glfwSetCursor(window_, cursors_[static_cast<std::size_t>(shape)]);
}

void WindowPlatform::atlas_rebuilt() {
  ImGui_ImplOpenGL3_DestroyFontsTexture();
  ImGui_ImplOpenGL3_CreateFontsTexture();
}

void WindowPlatform::atlas_changed(int x, int y, int width, int height, const std::uint8_t* rgba,
                                   int stride_px) {
  // ImGui keeps the texture's name in its texture id.
  const auto texture =
      static_cast<unsigned>(reinterpret_cast<std::uintptr_t>(ImGui::GetIO().Fonts->TexID));
  glBindTexture(GL_TEXTURE_2D, texture);
  glPixelStorei(kUnpackRowLength, stride_px);
  glTexSubImage2D(GL_TEXTURE_2D, 0, x, y, width, height, GL_RGBA, GL_UNSIGNED_BYTE, rgba);
  glPixelStorei(kUnpackRowLength, 0);
}

}  // namespace parley::native
