#include "tests/support/test_server.hpp"

#include <signal.h>

#include <thread>

#include "tests/support/ws_socket.hpp"

namespace parley::test {

bool TestServer::start(const ServerOptions& options) {
  if (port_ == 0) port_ = free_port();
  ProcessOptions process;
  process.arguments = {program_, "serve", "--server.address=127.0.0.1",
                       "--server.port=" + std::to_string(port_), "--server.lobby=",
                       "--store.path=" + database()};
  if (!options.limits) {
    for (const char* name :
         {"requests_per_minute_per_user", "messages_per_second_burst", "messages_per_minute",
          "rooms_per_day", "sign_ins_per_minute_per_address", "connections_per_address"}) {
      process.arguments.push_back("--limits." + std::string(name) + "=0");
    }
  }
  process.arguments.insert(process.arguments.end(), options.flags.begin(), options.flags.end());
  process.output_file = folder_ + "/server.log";
  process.environment = {{"PARLEY_CONFIG", "/dev/null"}};  // not what the machine is set up with
  process.before_exec = options.before_exec;
  if (!process_.start(process)) return false;

  WsOptions probe;
  probe.port = port_;
  for (int i = 0; i < 1000 && process_.running(); ++i) {
    if (WsSocket().connect(probe, Milliseconds(100))) return true;
    std::this_thread::sleep_for(Milliseconds(10));
  }
  return false;
}

void TestServer::kill() {
  process_.signal(SIGKILL);
  process_.wait(std::chrono::seconds(10));
}

std::optional<int> TestServer::stop(std::chrono::milliseconds at_most) {
  process_.signal(SIGTERM);
  return process_.wait(at_most);
}

}  // namespace parley::test
