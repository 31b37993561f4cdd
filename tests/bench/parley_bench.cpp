// parley-bench: load on a running server, and what it could take.
//
// One mode a run, one JSON object on standard output. tests/bench/run starts servers and runs all.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <map>

#include "tests/bench/modes.hpp"

namespace {

using namespace parley;

struct Mode {
  const char* help;
  bench::Problem (*run)(const bench::Options&, bench::Report&);
  void (*defaults)(bench::Options&);
};

const std::map<std::string, Mode>& modes() {
  static const std::map<std::string, Mode> all = {
      {"connect-storm",
       {"connections a second: new guests, then the same ones resumed by token",
        bench::run_connect_storm, [](bench::Options& o) { o.connections = 5000; }}},
      {"idle",
       {"memory of the server for each idle connection (needs --pid)", bench::run_idle,
        [](bench::Options& o) { o.connections = 10'000; }}},
      {"rooms",
       {"many small rooms, every member keeps --window messages in flight", bench::run_rooms,
        [](bench::Options& o) { o.members = 4, o.window = 4; }}},
      {"big-room",
       {"one room of --members, --senders of them keep --window messages in flight",
        bench::run_big_room,
        [](bench::Options& o) { o.members = 1000, o.senders = 10, o.window = 16; }}},
      {"quiet",
       {"one room of --members at --rate messages a second: latency without load",
        bench::run_quiet, [](bench::Options& o) { o.members = 4; }}},
      {"history",
       {"pages of 50 at random places of a room of --messages", bench::run_history,
        [](bench::Options&) {}}},
      {"catch-up",
       {"--members come back at once, each with --missed messages to fetch", bench::run_catch_up,
        [](bench::Options& o) { o.members = 1000; }}},
  };
  return all;
}

int run(int argc, char** argv) {
  CLI::App app(
      "Puts load on a Parley server over the binary protocol and prints what it took as JSON.\n"
      "The server's rate limits must be off (0) for the load's users.");
  app.option_defaults()->always_capture_default();
  bench::Options options;
  std::string table_file;
  app.require_subcommand(1);
  std::string chosen;
  for (const auto& [name, mode] : modes()) {
    auto* sub = app.add_subcommand(name, mode.help);
    sub->fallthrough();
    sub->parse_complete_callback([&chosen, name = name] { chosen = name; });
    // The mode's own defaults come before its options are read.
    sub->preparse_callback([&options, defaults = mode.defaults](std::size_t) { defaults(options); });
  }
  app.add_option("--host", options.server.host, "IPv4 address of the server");
  app.add_option("--port", options.server.port, "port of the server");
  app.add_option("--path", options.server.path, "path of the WebSocket");
  app.add_option("--connections", options.connections)->check(CLI::Range(1, 100'000));
  app.add_option("--rooms", options.rooms)->check(CLI::Range(1, 10'000));
  app.add_option("--members", options.members, "members of each room")
      ->check(CLI::Range(1, 20'000));
  app.add_option("--senders", options.senders)->check(CLI::Range(1, 10'000));
  app.add_option("--window", options.window, "messages a sender keeps in flight")
      ->check(CLI::Range(1, 128));
  app.add_option("--concurrency", options.concurrency, "handshakes or calls under way at once")
      ->check(CLI::Range(1, 4096));
  app.add_option("--messages", options.messages)->check(CLI::Range(1'000, 10'000'000));
  app.add_option("--missed", options.missed)->check(CLI::Range(1, 200));
  app.add_option("--reads", options.reads)->check(CLI::Range(1, 1'000'000));
  app.add_option("--text-bytes", options.text_bytes)->check(CLI::Range(18, 4096));
  app.add_option("--rate", options.rate)->check(CLI::Range(0.1, 10'000.0));
  app.add_option("--seconds", options.seconds, "measured time")->check(CLI::Range(0.5, 600.0));
  app.add_option("--warmup", options.warmup)->check(CLI::Range(0.0, 60.0));
  app.add_option("--timeout", options.timeout, "for each step of the preparation")
      ->check(CLI::Range(1.0, 600.0));
  app.add_option("--mark-interval", options.mark_interval,
                 "seconds between the read markers of a member; 0: none")
      ->check(CLI::Range(0.0, 60.0));
  app.add_option("--pid", options.server_pid, "the server's process, for its memory and time");
  app.add_option("--disk", options.disk_folder, "folder on the server's disk, to time a flush");
  app.add_option("--table", table_file, "append rows of a markdown table to this file");
  CLI11_PARSE(app, argc, argv);

  bench::Report report(chosen);
  if (auto problem = modes().at(chosen).run(options, report)) {
    std::fprintf(stderr, "parley-bench %s: %s\n", chosen.c_str(), problem->c_str());
    return 1;
  }
  std::printf("%s\n", report.json().c_str());
  if (!table_file.empty()) std::ofstream(table_file, std::ios::app) << report.table_rows();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {  // CLI11 and the library: caught once, here
    std::fprintf(stderr, "parley-bench: %s\n", error.what());
    return 1;
  }
}
