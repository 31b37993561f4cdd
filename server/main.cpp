// The command line of the server: parley serve | config check | config table | backup FILE |
// version
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "server/ops/paths.hpp"
#include "server/ops/version.hpp"
#include "server/serve.hpp"
#include "server/store/sqlite_store.hpp"

extern char** environ;

namespace {

using parley::ops::ConfigSources;
using parley::ops::LoadedConfig;

// Short names for what people set most often.
struct Shorthand {
  const char* flag;
  const char* setting;
  const char* help;
};
constexpr Shorthand kShorthands[] = {
    {"--address", "server.address", "IP address to listen on; 0.0.0.0 or :: for all"},
    {"--port", "server.port", "TCP port; 0 takes a free one"},
    {"--name", "server.name", "the server's name, shown to people"},
    {"--public-url", "server.public_url", "where people reach the server"},
    {"--web", "server.web_root", "folder of the web client"},
    {"--data", "store.path", "database file"},
    {"--log-level", "log.level", "debug, info, warning or error"},
};

// Takes `--section.key=value` and `--section.key value` out of the arguments: the table of settings
// knows them, so that a wrong one is answered with the nearest, in the same words as in a file.
std::vector<std::pair<std::string, std::string>> take_settings(
    std::vector<std::string>& arguments) {
  std::vector<std::pair<std::string, std::string>> flags;
  std::vector<std::string> rest;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    const std::size_t equals = std::min(argument.find('='), argument.size());
    const std::string name = argument.substr(0, equals);
    if (!name.starts_with("--") || name.find('.') == std::string::npos) {
      rest.push_back(argument);
    } else if (equals < argument.size()) {
      flags.emplace_back(name.substr(2), argument.substr(equals + 1));
    } else {
      flags.emplace_back(name.substr(2), i + 1 < arguments.size() ? arguments[++i] : "");
    }
  }
  arguments = std::move(rest);
  return flags;
}

std::vector<std::pair<std::string, std::string>> environment() {
  std::vector<std::pair<std::string, std::string>> variables;
  for (char** at = environ; *at != nullptr; ++at) {
    const std::string_view entry(*at);
    const std::size_t equals = std::min(entry.find('='), entry.size());
    if (entry.starts_with("PARLEY_") && equals < entry.size()) {
      variables.emplace_back(entry.substr(0, equals), entry.substr(equals + 1));
    }
  }
  return variables;
}

// False, with the reason on standard error, when a named file cannot be read.
bool read_config_file(std::string path, ConfigSources& sources) {
  const char* const variable = std::getenv("PARLEY_CONFIG");
  if (path.empty() && variable != nullptr) path = variable;
  if (path.empty()) path = parley::ops::find_config_file().value_or("");
  if (path.empty()) return true;
  std::ifstream in(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in.is_open() || in.bad()) {
    fmt::print(stderr, "parley: cannot read the configuration file {}\n", path);
    return false;
  }
  sources.file_name = path;
  sources.file_text = std::move(text);
  return true;
}

class CommandLine {
 public:
  int run(std::vector<std::string> arguments) {
    sources_.flags = take_settings(arguments);
    CLI::App app("Parley: self-hosted real-time chat.");
    app.require_subcommand(1);

    CLI::App* const serve = app.add_subcommand("serve", "Run the server");
    add_config_options(*serve);
    CLI::App* const config = app.add_subcommand("config", "Look at the configuration");
    config->require_subcommand(1);
    CLI::App* const check =
        config->add_subcommand("check", "Check the configuration and print it with its origins");
    add_config_options(*check);
    CLI::App* const table =
        config->add_subcommand("table", "Print every setting as a Markdown table");
    CLI::App* const backup =
        app.add_subcommand("backup", "Copy the database, also while the server runs");
    add_config_options(*backup);
    backup->add_option("file", backup_file_, "the copy; must not exist yet")->required();
    CLI::App* const version = app.add_subcommand("version", "Print the version");

    try {
      // CLI11 wants the arguments last first.
      app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::ParseError& error) {
      return app.exit(error) == 0 ? 0 : 2;
    }
    if (version->parsed()) return print_version();
    if (table->parsed()) return print(parley::ops::print_config_markdown());
    if (!load()) return 1;
    if (check->parsed()) return print(parley::ops::print_config(loaded_));
    if (backup->parsed()) return run_backup();
    return serve->parsed() ? parley::serve(loaded_.config) : 2;
  }

 private:
  void add_config_options(CLI::App& command) {
    command.add_option("--config", config_file_, "configuration file (TOML)");
    for (const Shorthand& shorthand : kShorthands) {
      command.add_option_function<std::string>(
          shorthand.flag,
          [this, setting = shorthand.setting](const std::string& value) {
            sources_.flags.emplace_back(setting, value);
          },
          shorthand.help);
    }
    command.footer(
        "Every setting can be given as --section.key=VALUE, as PARLEY_SECTION_KEY in the "
        "environment or in the configuration file; `parley config check` lists them.");
  }

  bool load() {
    if (!read_config_file(config_file_, sources_)) return false;
    sources_.environment = environment();
    loaded_ = parley::ops::load_config(sources_);
    for (const std::string& fault : loaded_.faults) fmt::print(stderr, "parley: {}\n", fault);
    return loaded_.faults.empty();
  }

  int run_backup() {
    const std::string& configured = loaded_.config.store.path;
    const std::string from = configured.empty() ? parley::ops::default_store_path() : configured;
    const parley::Status copied = parley::store::backup_sqlite(from, backup_file_);
    if (copied) return print(fmt::format("Copied {} to {}\n", from, backup_file_));
    fmt::print(stderr, "parley: cannot copy {}: {}\n", from, copied.error().detail);
    return 1;
  }

  static int print_version() { return print(fmt::format("parley {}\n", parley::ops::kVersion)); }
  static int print(const std::string& text) {
    fmt::print("{}", text);
    return 0;
  }

  ConfigSources sources_;
  LoadedConfig loaded_;
  std::string config_file_;
  std::string backup_file_;
};

}  // namespace

int main(int argc, char** argv) {
  return CommandLine().run(std::vector<std::string>(argv + 1, argv + argc));
}
