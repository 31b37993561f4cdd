#include "tests/support/test_server.hpp"

#include <signal.h>

#include <thread>

#include "tests/support/ws_socket.hpp"

namespace parley::test {
namespace {

// Accepting is not enough: a server that is starting turns clients away.
bool is_ready(std::uint16_t port) {
  WsOptions options;
  options.port = port;
  WsSocket probe;
  return probe.connect(options, Milliseconds(100)) &&
         probe.send_raw("GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n") &&
         probe.read_to_end(Milliseconds(2000)).starts_with("HTTP/1.1 200");
}

}  // namespace

bool TestServer::start(const ServerOptions& options) {
  if (port_ == 0) port_ = free_port();
  ProcessOptions process;
  process.arguments = {program_,
                       "serve",
                       "--server.address=127.0.0.1",
                       "--server.port=" + std::to_string(port_),
                       "--server.lobby=",
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

  for (int i = 0; i < 2000 && process_.running(); ++i) {
    if (is_ready(port_)) return true;
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
