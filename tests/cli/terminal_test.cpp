#include "client/cli/terminal.hpp"

#include <catch2/catch_test_macros.hpp>
#include <clocale>

#include "client/cli/exit_code.hpp"
#include "shared/base/utf8.hpp"

namespace parley::cli {

TEST_CASE("what a peer wrote cannot steer the terminal") {
  const struct {
    std::string text, shown;
  } rows[] = {
      {"plain", "plain"},
      {"\x1b[31mred\x1b[0m", "\xef\xbf\xbd[31mred\xef\xbf\xbd[0m"},
      {"bell\x07", "bell\xef\xbf\xbd"},
      {"a\rb",
       "a\xef\xbf\xbd"
       "b"},
      {"a\tb\nc", "a b c"},
      {"\xc2\x9b"
       "2J",
       "\xef\xbf\xbd"
       "2J"},  // C1: one-character CSI
      {"\xe2\x80\xae"
       "abc",
       "\xef\xbf\xbd"
       "abc"},  // right-to-left override
      {"\xff", "\xef\xbf\xbd"},
  };
  for (const auto& row : rows) CHECK(printable(row.text) == row.shown);
  CHECK(printable("a\nb", "\n  ") == "a\n  b");
}

TEST_CASE("columns hold by display width") {
  if (std::setlocale(LC_CTYPE, "C.UTF-8") == nullptr) SKIP("no UTF-8 locale here");
  CHECK(display_width("abc") == 3);
  CHECK(display_width("日本") == 4);
  CHECK(fitted("ab", 4) == "ab  ");
  CHECK(fitted("abcdef", 4) == "abc…");
  CHECK(fitted("日本語", 4) == "日… ");
  for (std::size_t width = 1; width < 12; ++width) {
    INFO(width);
    CHECK(display_width(fitted("ab日本語cd", width)) == width);
  }
}

TEST_CASE("colours only when wanted, a name always in its own") {
  CHECK(Style(false).bold("x") == "x");
  CHECK(Style(true).bold("x") == "\x1b[1mx\x1b[0m");
  CHECK(Style(true).name("Ada") == Style(true).name("Ada"));
  CHECK(wants_color(Color::kAlways));
  CHECK_FALSE(wants_color(Color::kNever));
}

TEST_CASE("times are told in words") {
  const Timestamp now{1'700'000'000'000};
  CHECK(ago({0}, now) == "never");
  CHECK(ago(now, now) == "just now");
  CHECK(ago(now - minutes(5), now) == "5 min ago");
  CHECK(ago(now - hours(3), now) == "3 h ago");
  CHECK(ago(now - days(4), now) == "4 days ago");
}

TEST_CASE("every error has an exit code and a sentence") {
  const struct {
    ErrorCode code;
    ExitCode exit;
  } rows[] = {
      {ErrorCode::kNotAuthenticated, ExitCode::kNotSignedIn},
      {ErrorCode::kTokenExpired, ExitCode::kNotSignedIn},
      {ErrorCode::kDeviceRevoked, ExitCode::kNotSignedIn},
      {ErrorCode::kNotConnected, ExitCode::kCannotConnect},
      {ErrorCode::kTimeout, ExitCode::kFailed},
      {ErrorCode::kRoomNotFound, ExitCode::kFailed},
      {ErrorCode::kRateLimited, ExitCode::kFailed},
  };
  for (const auto& row : rows) {
    const Error error{row.code, "why", seconds(2)};
    CHECK(exit_code(error) == row.exit);
    const std::string text = describe(error);
    CHECK(text.find("why.") != std::string::npos);
    CHECK(text.find("2 seconds") != std::string::npos);
  }
}

}  // namespace parley::cli
