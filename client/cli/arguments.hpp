// The command line: what may be said, and the command that it means.
#pragma once

#include <functional>
#include <optional>

#include "client/cli/commands.hpp"

namespace parley::cli {

struct Invocation {
  bool json = false;
  Color color = Color::kAuto;
  Duration time_limit = seconds(30);
  std::string store_path;
  std::function<Status(Context&)> command;
};

// Prints help or the fault itself; the exit code is set when there is nothing to run.
struct Parsed {
  Invocation invocation;
  std::optional<int> exit;
};
Parsed parse_arguments(int argc, const char* const* argv);

}  // namespace parley::cli
