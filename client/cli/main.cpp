#include <clocale>
#include <cstdio>
#include <exception>

#include "client/cli/arguments.hpp"

namespace {

int run(int argc, char** argv) {
  using namespace parley::cli;
  std::setlocale(LC_CTYPE, "");  // for the widths of characters
  const Parsed parsed = parse_arguments(argc, argv);
  if (parsed.exit) return *parsed.exit;
  const Invocation& invocation = parsed.invocation;
  const Printer printer(invocation.json, !invocation.json && wants_color(invocation.color));
  Context context{printer, SessionStore(invocation.store_path), invocation.time_limit, nullptr};
  const parley::Status done = invocation.command(context);
  if (done) return static_cast<int>(ExitCode::kOk);
  std::fprintf(stderr, "parley-cli: %s\n", describe(done.error()).c_str());
  return static_cast<int>(exit_code(done.error()));
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {  // of the libraries: caught once, here
    std::fprintf(stderr, "parley-cli: %s\n", error.what());
    return static_cast<int>(parley::cli::ExitCode::kFailed);
  }
}
