#include "tests/support/process.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include "tests/support/temp_folder.hpp"

namespace parley::test {
namespace {

void redirect(const std::string& path, int flags, int target) {
  const int fd = open(path.c_str(), flags | O_CLOEXEC, 0600);
  if (fd < 0) _exit(98);
  dup2(fd, target);
}

}  // namespace

Process::~Process() {
  if (!running()) return;
  signal(SIGKILL);
  wait(std::chrono::seconds(5));
}

Process::Process(Process&& other) noexcept { *this = std::move(other); }

Process& Process::operator=(Process&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(code_, other.code_);
  return *this;
}

bool Process::start(const ProcessOptions& options) {
  std::vector<char*> arguments;
  for (const std::string& argument : options.arguments) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  const pid_t parent = getpid();
  code_.reset();
  pid_ = fork();
  if (pid_ != 0) return pid_ > 0;

  // The child: nothing outlives a test that crashes.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(97);
  redirect(options.input_file.empty() ? "/dev/null" : options.input_file, O_RDONLY, STDIN_FILENO);
  if (!options.output_file.empty()) {
    redirect(options.output_file, O_WRONLY | O_CREAT | O_APPEND, STDOUT_FILENO);
    const std::string& error =
        options.error_file.empty() ? options.output_file : options.error_file;
    redirect(error, O_WRONLY | O_CREAT | O_APPEND, STDERR_FILENO);
  }
  for (const auto& [name, value] : options.environment) setenv(name.c_str(), value.c_str(), 1);
  if (options.before_exec && !options.before_exec()) _exit(99);
  execvp(arguments[0], arguments.data());
  _exit(127);
}

bool Process::running() { return pid_ > 0 && !code_ && !wait(std::chrono::milliseconds(0)); }

void Process::signal(int number) {
  if (pid_ > 0 && !code_) kill(pid_, number);
}

std::optional<int> Process::wait(std::chrono::milliseconds at_most) {
  const auto end = std::chrono::steady_clock::now() + at_most;
  while (pid_ > 0 && !code_) {
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) == pid_) {
      code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      break;
    }
    if (std::chrono::steady_clock::now() >= end) return std::nullopt;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return code_;
}

long Process::rss_kib() const {
  std::ifstream file("/proc/" + std::to_string(pid_) + "/statm");
  long total = 0, resident = 0;
  file >> total >> resident;
  return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

std::optional<Finished> run(ProcessOptions options, std::chrono::milliseconds at_most) {
  const TempFolder folder;
  options.output_file = folder.file("output");
  options.error_file = folder.file("error");
  Process process;
  if (!process.start(options)) return std::nullopt;
  const auto code = process.wait(at_most);
  if (!code) return std::nullopt;
  return Finished{*code, read_file(options.output_file), read_file(options.error_file)};
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::uint16_t free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  std::uint16_t port = 0;
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0) {
    port = ntohs(address.sin_port);
  }
  close(fd);
  return port;
}

}  // namespace parley::test
