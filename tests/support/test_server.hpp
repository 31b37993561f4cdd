// The real server binary on a free loopback port, with its database in a folder of the test's.
#pragma once

#include "tests/support/process.hpp"

namespace parley::test {

struct ServerOptions {
  bool limits = false;             // keep the default rate limits; false: none
  std::vector<std::string> flags;  // "--section.key=value", after the others
  std::function<bool()> before_exec;
};

class TestServer {
 public:
  // `program` is the path of the server binary.
  TestServer(std::string program, std::string folder)
      : program_(std::move(program)), folder_(std::move(folder)) {}

  // Starts, or starts again on the same port and data; true when it says that it is ready.
  bool start(const ServerOptions& options = {});
  // SIGKILL, and wait for the end.
  void kill();
  // SIGTERM; the exit code, or nothing when it does not end in time.
  std::optional<int> stop(std::chrono::milliseconds at_most = std::chrono::seconds(12));

  std::uint16_t port() const { return port_; }
  Process& process() { return process_; }
  std::string log() const { return read_file(folder_ + "/server.log"); }
  std::string database() const { return folder_ + "/parley.db"; }

 private:
  std::string program_;
  std::string folder_;
  std::uint16_t port_ = 0;
  Process process_;
};

}  // namespace parley::test
