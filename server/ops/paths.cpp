#include "server/ops/paths.hpp"

#include <cstdlib>
#include <filesystem>
#include <vector>

namespace parley::ops {
namespace {

namespace fs = std::filesystem;

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string{} : std::string(value);
}

}  // namespace

std::string default_store_path() {
  constexpr const char* kFile = "parley.db";
  if (const std::string state = variable("STATE_DIRECTORY"); !state.empty()) {
    return fs::path(state.substr(0, state.find(':'))) / kFile;
  }
  if (const std::string data = variable("XDG_DATA_HOME"); !data.empty()) {
    return fs::path(data) / "parley" / kFile;
  }
  if (const std::string home = variable("HOME"); !home.empty()) {
    return fs::path(home) / ".local/share/parley" / kFile;
  }
  return fs::path("parley-data") / kFile;
}

std::optional<std::string> find_config_file() {
  std::vector<fs::path> places = {"parley.toml"};
  if (const std::string config = variable("XDG_CONFIG_HOME"); !config.empty()) {
    places.push_back(fs::path(config) / "parley/parley.toml");
  } else if (const std::string home = variable("HOME"); !home.empty()) {
    places.push_back(fs::path(home) / ".config/parley/parley.toml");
  }
  places.emplace_back("/etc/parley/parley.toml");
  for (const fs::path& place : places) {
    std::error_code error;
    if (fs::is_regular_file(place, error)) return place.string();
  }
  return std::nullopt;
}

std::string default_web_root() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (error) return "web";
  return (program.parent_path().parent_path() / "share/parley/web").lexically_normal();
}

}  // namespace parley::ops
