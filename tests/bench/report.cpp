#include "tests/bench/report.hpp"

#include <cmath>
#include <cstdio>

namespace parley::bench {
namespace {

std::string number_text(double value) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.6g", value);
  if (value == std::floor(value) && std::abs(value) < 1e15) {
    std::snprintf(buffer, sizeof buffer, "%.0f", value);
  }
  return buffer;
}

// Keys and values here are ours or error names: only quotes and controls need care.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(static_cast<unsigned char>(c) < 0x20 ? ' ' : c);
  }
  return out + "\"";
}

}  // namespace

void Report::text(std::string_view key, std::string_view value) {
  members_.emplace_back(key, quoted(value));
}

void Report::number(std::string_view key, double value) {
  members_.emplace_back(key, number_text(value));
}

void Report::latency(std::string_view key, const Histogram& histogram) {
  std::string object = "{";
  const auto add = [&](const char* name, double value) {
    object += (object.size() > 1 ? "," : "") + quoted(name) + ":" + number_text(value);
  };
  add("count", static_cast<double>(histogram.count()));
  add("mean", histogram.mean_ms());
  add("p50", histogram.percentile_ms(50));
  add("p90", histogram.percentile_ms(90));
  add("p99", histogram.percentile_ms(99));
  add("p99_9", histogram.percentile_ms(99.9));
  add("max", histogram.max_ms());
  members_.emplace_back(std::string(key) + "_ms", object + "}");
}

std::string Report::json() const {
  std::string out = "{";
  for (const auto& [key, value] : members_) {
    if (out.size() > 1) out += ",";
    out += quoted(key) + ":" + value;
  }
  return out + "}";
}

std::string Report::table_rows() const {
  std::string out;
  for (const auto& [what, figure] : headlines_) out += "| " + what + " | " + figure + " |\n";
  return out;
}

std::string with_spaces(double value) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, std::abs(value) < 100 ? "%.2f" : "%.0f", value);
  std::string digits = buffer;
  const std::size_t point = digits.find('.');
  const std::size_t whole = point == std::string::npos ? digits.size() : point;
  for (std::size_t at = whole; at > 3;) {
    at -= 3;
    digits.insert(at, " ");
  }
  return digits;
}

std::string in_ms(double ms) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, ms < 10 ? "%.2f ms" : "%.0f ms", ms);
  return buffer;
}

}  // namespace parley::bench
