// parley-vectors FILE|FOLDER...: checks published test vectors and prints each failing case.
#include <cstdio>

#include "tests/vectors/runner.hpp"

int main(int count, char** arguments) {
  if (count < 2) {
    std::fputs(
        "Usage: parley-vectors FILE|FOLDER...\n"
        "Checks test vectors (a file's kind is known by its name), prints each failing case with "
        "its\n"
        "reason, and fails if there is one or a file is of an unknown kind.\n",
        stderr);
    return 2;
  }
  parley::vectors::Report report([](const std::string& line) { std::puts(line.c_str()); });
  for (int i = 1; i < count; ++i) parley::vectors::check_path(arguments[i], report);
  const auto& totals = report.totals();
  std::printf("%zu passed, %zu failed, %zu skipped\n", totals.passed, totals.failed,
              totals.skipped);
  return totals.failed == 0 ? 0 : 1;
}
