// Child processes of a test.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace parley::test {

struct ProcessOptions {
  std::vector<std::string> arguments;                            // the program first
  std::vector<std::pair<std::string, std::string>> environment;  // in addition to the test's own
  std::string input_file;   // standard input; empty: nothing to read
  std::string output_file;  // standard output and, unless named, error; appended
  std::string error_file;
  std::function<bool()> before_exec;  // in the child; false ends it with code 99
};

class Process {
 public:
  Process() = default;
  ~Process();  // kills what is still running
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;

  bool start(const ProcessOptions& options);
  bool running();
  void signal(int number);
  // The exit code, 128 + the signal that ended it, or nothing when the time is over.
  std::optional<int> wait(std::chrono::milliseconds at_most);
  pid_t pid() const { return pid_; }
  long rss_kib() const;

 private:
  pid_t pid_ = -1;
  std::optional<int> code_;
};

// Runs to the end; nothing when that takes too long.
struct Finished {
  int code = -1;
  std::string output;
  std::string error;
};
std::optional<Finished> run(ProcessOptions options,
                            std::chrono::milliseconds at_most = std::chrono::seconds(30));

std::string read_file(const std::string& path);
std::uint16_t free_port();

}  // namespace parley::test
