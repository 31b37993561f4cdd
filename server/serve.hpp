// `parley serve`: puts store, use cases and network together, runs them, and takes them apart
// again.
#pragma once

#include "server/ops/config.hpp"

namespace parley {

// Blocks until SIGTERM or SIGINT and the drain that follows; a second signal cuts the drain short.
// Returns the exit status; what went wrong is on standard error. Call it once, before other
// threads.
int serve(const ops::Config& config);

}  // namespace parley
