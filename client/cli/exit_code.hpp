// How a run of parley-cli ends; scripts rely on these numbers (they are in --help).
#pragma once

#include "shared/base/error.hpp"

namespace parley::cli {

enum class ExitCode : int {
  kOk = 0,
  kFailed = 1,         // the server refused it, or it did not happen in time
  kUsage = 2,          // the command line was not understood
  kNotSignedIn = 3,    // no session, or it has ended
  kCannotConnect = 4,  // the server was not reached
};

ExitCode exit_code(const Error& error);

// One line for people: what happened and, where there is one, the next step.
std::string describe(const Error& error);

}  // namespace parley::cli
