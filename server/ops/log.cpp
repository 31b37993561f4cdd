#include "server/ops/log.hpp"

#include <spdlog/async.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <chrono>
#include <ctime>

namespace parley::ops {
namespace {

constexpr std::size_t kQueueLines = 8192;
constexpr std::size_t kMaxValueBytes = 512;

constexpr std::string_view kLevelNames[] = {"debug", "info", "warning", "error"};
constexpr std::string_view kCategoryNames[] = {"server", "connection", "message", "error",
                                               "security"};

std::string_view name_of(LogLevel level) { return kLevelNames[static_cast<std::size_t>(level)]; }
std::string_view name_of(LogCategory category) {
  return kCategoryNames[static_cast<std::size_t>(category)];
}

std::string iso_time(std::int64_t unix_ms) {
  const std::time_t whole = static_cast<std::time_t>(unix_ms / 1000);
  std::tm parts{};
  gmtime_r(&whole, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     unix_ms % 1000);
}

// The inside of a JSON string, which also serves as a quoted text value.
void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text.substr(0, kMaxValueBytes)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte >= 0x7f) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
}

bool needs_quotes(std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7f || c == '"' || c == '\\' || c == '=') return true;
  }
  return text.empty();
}

}  // namespace

struct Log::Sink {
  std::shared_ptr<spdlog::details::thread_pool> pool =
      std::make_shared<spdlog::details::thread_pool>(kQueueLines, 1);
  std::shared_ptr<spdlog::async_logger> logger = std::make_shared<spdlog::async_logger>(
      "parley", std::make_shared<spdlog::sinks::stderr_sink_mt>(), pool,
      spdlog::async_overflow_policy::overrun_oldest);
  // Joins the thread, which writes what waits, before anything it writes with goes.
  ~Sink() { pool.reset(); }
};

LogLevel log_level_from(std::string_view word) {
  for (std::size_t i = 0; i < std::size(kLevelNames); ++i) {
    if (kLevelNames[i] == word) return static_cast<LogLevel>(i);
  }
  return LogLevel::kInfo;
}

LogFormat log_format_from(std::string_view word) {
  return word == "json" ? LogFormat::kJson : LogFormat::kText;
}

Log::Log(LogLevel level, LogFormat format)
    : level_(level), format_(format), sink_(std::make_unique<Sink>()) {
  sink_->logger->set_pattern("%v");
  sink_->logger->set_level(spdlog::level::trace);
}

Log::~Log() = default;

void Log::write(LogLevel level, LogCategory category, std::string_view event, LogFields fields) {
  if (!enabled(level)) return;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  sink_->logger->info(format_log_line(format_, ms, level, category, event, fields));
}

std::string format_log_line(LogFormat format, std::int64_t unix_ms, LogLevel level,
                            LogCategory category, std::string_view event, LogFields fields) {
  if (format == LogFormat::kJson) {
    std::string out = fmt::format(R"({{"time":"{}","level":"{}","category":"{}","event":")",
                                  iso_time(unix_ms), name_of(level), name_of(category));
    append_escaped(out, event);
    out += '"';
    for (const LogField& field : fields) {
      out += fmt::format(R"(,"{}":)", field.key);
      if (field.quoted) out += '"';
      append_escaped(out, field.value);
      if (field.quoted) out += '"';
    }
    return out + '}';
  }
  std::string out =
      fmt::format("{} {:<7} {}: {}", iso_time(unix_ms), name_of(level), name_of(category), event);
  for (const LogField& field : fields) {
    out += fmt::format(" {}=", field.key);
    const bool quotes = needs_quotes(field.value);
    if (quotes) out += '"';
    append_escaped(out, field.value);
    if (quotes) out += '"';
  }
  return out;
}

}  // namespace parley::ops
