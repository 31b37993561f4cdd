// The load modes. Each prepares what it needs on the server, measures and fills the report; the
// sentence it may return says what went wrong.
#pragma once

#include "tests/bench/setup.hpp"

namespace parley::bench {

Problem run_connect_storm(const Options& options, Report& report);
Problem run_idle(const Options& options, Report& report);
Problem run_rooms(const Options& options, Report& report);
Problem run_big_room(const Options& options, Report& report);
Problem run_quiet(const Options& options, Report& report);
Problem run_history(const Options& options, Report& report);
Problem run_catch_up(const Options& options, Report& report);

}  // namespace parley::bench
