#include "client/cli/exit_code.hpp"

namespace parley::cli {
namespace {

std::string in_seconds(Duration wait) {
  const auto seconds = (wait.ms + 999) / 1000;
  return seconds == 1 ? "1 second" : std::to_string(seconds) + " seconds";
}

}  // namespace

ExitCode exit_code(const Error& error) {
  switch (error.code) {
    case ErrorCode::kNotConnected:
      return ExitCode::kCannotConnect;
    default:
      break;
  }
  return error_info(error.code).action == ErrorAction::kReauthenticate ? ExitCode::kNotSignedIn
                                                                       : ExitCode::kFailed;
}

std::string describe(const Error& error) {
  std::string text(error_info(error.code).text);
  if (error.code == ErrorCode::kNotConnected) text = "Cannot connect to the server.";
  if (!error.detail.empty()) {
    text.pop_back();  // every text is a sentence
    text += ": " + error.detail;
    if (!text.ends_with('.')) text += '.';
  }
  if (error.retry_after.ms > 0) text += " Try again in " + in_seconds(error.retry_after) + ".";
  if (exit_code(error) == ExitCode::kNotSignedIn) {
    text.pop_back();
    text += ": parley-cli login --server URL --name NAME";
  }
  return text;
}

}  // namespace parley::cli
