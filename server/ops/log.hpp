// Structured logs: one line an event, as key=value or as JSON, to standard error (FEATURES N3).
//
// Never hand it message content, names people chose, tokens or keys: ids, counts, codes and
// addresses only. Values are escaped, so that nothing a peer sends can forge a line. Thread rule:
// any thread; write() never blocks: a full queue drops its oldest lines and counts them.
#pragma once

#include <fmt/format.h>

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

namespace parley::ops {

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarning, kError };
enum class LogFormat : std::uint8_t { kText, kJson };
enum class LogCategory : std::uint8_t { kServer, kConnection, kMessage, kError, kSecurity };

// Unknown words give kInfo and kText; the configuration has checked them already.
LogLevel log_level_from(std::string_view word);
LogFormat log_format_from(std::string_view word);

struct LogField {
  std::string_view key;
  std::string value;
  bool quoted = true;  // in JSON

  LogField(std::string_view name, std::string_view text) : key(name), value(text) {}
  LogField(std::string_view name, const char* text) : key(name), value(text) {}
  LogField(std::string_view name, const std::string& text) : key(name), value(text) {}
  template <class T>
  requires std::integral<T> || std::floating_point<T> LogField(std::string_view name, T number)
      : key(name), value(fmt::format("{}", number)), quoted(false) {}
};
using LogFields = std::initializer_list<LogField>;

class Log {
 public:
  Log(LogLevel level, LogFormat format);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  bool enabled(LogLevel level) const { return level >= level_; }
  // `event` is a fixed phrase, so that lines can be counted by it.
  void write(LogLevel level, LogCategory category, std::string_view event, LogFields fields = {});

  void info(LogCategory category, std::string_view event, LogFields fields = {}) {
    write(LogLevel::kInfo, category, event, fields);
  }
  void warning(LogCategory category, std::string_view event, LogFields fields = {}) {
    write(LogLevel::kWarning, category, event, fields);
  }
  void error(LogCategory category, std::string_view event, LogFields fields = {}) {
    write(LogLevel::kError, category, event, fields);
  }

 private:
  struct Sink;
  LogLevel level_;
  LogFormat format_;
  std::unique_ptr<Sink> sink_;
};

// One line without its newline; apart from Log so that tests can read it.
std::string format_log_line(LogFormat format, std::int64_t unix_ms, LogLevel level,
                            LogCategory category, std::string_view event, LogFields fields);

}  // namespace parley::ops
