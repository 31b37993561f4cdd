#include <catch2/catch_test_macros.hpp>

#include "server/ops/log.hpp"

namespace parley::test {
namespace {

using ops::LogCategory;
using ops::LogFormat;
using ops::LogLevel;

constexpr std::int64_t kMoment = 1'700'000'000'123;

std::string line(LogFormat format, ops::LogFields fields) {
  return ops::format_log_line(format, kMoment, LogLevel::kWarning, LogCategory::kSecurity,
                              "origin refused", fields);
}

TEST_CASE("lines as text and as JSON") {
  const ops::LogFields fields = {{"address", "::1"}, {"count", 3}, {"what", "two words"}};
  CHECK(line(LogFormat::kText, fields) ==
        "2023-11-14T22:13:20.123Z warning security: origin refused address=::1 count=3 "
        "what=\"two words\"");
  CHECK(line(LogFormat::kJson, fields) ==
        R"({"time":"2023-11-14T22:13:20.123Z","level":"warning","category":"security",)"
        R"("event":"origin refused","address":"::1","count":3,"what":"two words"})");
}

TEST_CASE("nothing a peer sends forges a line or ends a value") {
  const std::string evil = "x\" level=error\n2023 \x1b[31m\xff\\";
  for (const LogFormat format : {LogFormat::kText, LogFormat::kJson}) {
    const std::string out = line(format, {{"origin", evil}});
    CHECK(out.find('\n') == std::string::npos);
    CHECK(out.find('\x1b') == std::string::npos);
    CHECK(out.find(R"("x\" level=error\u000a2023 \u001b[31m\u00ff\\")") != std::string::npos);
  }
  CHECK(line(LogFormat::kText, {{"long", std::string(10'000, 'x')}}).size() < 1000);
}

TEST_CASE("levels") {
  const ops::Log log(LogLevel::kWarning, LogFormat::kText);
  CHECK_FALSE(log.enabled(LogLevel::kInfo));
  CHECK(log.enabled(LogLevel::kError));
  CHECK(ops::log_level_from("debug") == LogLevel::kDebug);
  CHECK(ops::log_format_from("json") == LogFormat::kJson);
}

}  // namespace
}  // namespace parley::test
