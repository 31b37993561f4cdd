// PROTOCOL.md is what other implementers read: its tables say what the code does.
#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <set>

#include "tests/wire/protocol_tables.hpp"

namespace parley::test {
namespace {

std::vector<std::string> document_rows() {
  std::ifstream file(PARLEY_SOURCE_DIR "/shared/wire/PROTOCOL.md");
  std::vector<std::string> rows;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("| ")) rows.push_back(line);
  }
  return rows;
}

TEST_CASE("every row of the code's tables stands in PROTOCOL.md") {
  const auto rows = document_rows();
  REQUIRE(!rows.empty());
  for (const ProtocolTable& table : protocol_tables()) {
    for (const std::string& wanted : table.rows) {
      bool found = false;
      for (const std::string& row : rows) found = found || row.starts_with(wanted);
      if (!found) FAIL_CHECK(table.title << " lack: " << wanted);
    }
  }
}

// Rows that begin with a number and a name in quotes are commands, responses, notices, events or
// error codes; what the code no longer has must leave the document.
TEST_CASE("PROTOCOL.md has no numbers that the code does not have") {
  std::set<std::string> known;
  for (const ProtocolTable& table : protocol_tables()) {
    for (const std::string& row : table.rows) known.insert(row.substr(0, row.rfind('`')));
  }
  for (const std::string& row : document_rows()) {
    const bool numbered = row[2] >= '0' && row[2] <= '9';
    if (!numbered || row.find("| `") == std::string::npos) continue;
    bool found = false;
    for (const std::string& start : known) {
      const auto name_end = row.find('`', row.find('`') + 1);
      found = found || start.starts_with(row.substr(0, name_end));
    }
    if (!found) FAIL_CHECK(row);
  }
}

}  // namespace
}  // namespace parley::test
