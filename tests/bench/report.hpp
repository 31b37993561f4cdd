// What a mode measured: one JSON object, and one row of a markdown table.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/bench/histogram.hpp"

namespace parley::bench {

class Report {
 public:
  explicit Report(std::string_view mode) { text("mode", mode); }

  void text(std::string_view key, std::string_view value);
  void number(std::string_view key, double value);
  void latency(std::string_view key, const Histogram& histogram);
  // A cell of the table: what was measured and the figure in words.
  void headline(std::string what, std::string figure) {
    headlines_.emplace_back(std::move(what), std::move(figure));
  }

  std::string json() const;
  std::string table_rows() const;  // "| what | figure |" a line

 private:
  std::vector<std::pair<std::string, std::string>> members_;  // key, JSON text
  std::vector<std::pair<std::string, std::string>> headlines_;
};

// 1234567 -> "1 234 567"; below 100 two digits behind the point.
std::string with_spaces(double value);
std::string in_ms(double ms);

}  // namespace parley::bench
