// Where the server looks for things when nobody says so (XDG base directories, systemd).
#pragma once

#include <optional>
#include <string>

namespace parley::ops {

// $STATE_DIRECTORY (systemd), $XDG_DATA_HOME/parley, ~/.local/share/parley, else ./parley-data.
std::string default_store_path();
// The first that is there: ./parley.toml, $XDG_CONFIG_HOME/parley/parley.toml (or ~/.config),
// /etc/parley/parley.toml.
std::optional<std::string> find_config_file();
// share/parley/web beside the folder of the program.
std::string default_web_root();

}  // namespace parley::ops
