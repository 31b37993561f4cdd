// The bytes and the JSON of one sample of every struct, frozen. A line that fails here means that
// programs already out there would not understand this build. See samples_main.cpp for new lines.
#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <map>

#include "tests/wire/samples.hpp"

namespace parley::test {
namespace {

struct Golden {
  Bytes bytes;
  std::string json;
};

int hex_digit(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

std::map<std::string, Golden> read_golden() {
  std::ifstream file(PARLEY_SOURCE_DIR "/tests/wire/golden.txt");
  std::map<std::string, Golden> golden;
  for (std::string line; std::getline(file, line);) {
    const auto hex_at = line.find(' ') + 1;
    const auto json_at = line.find(' ', hex_at) + 1;
    Golden entry;
    for (auto at = hex_at; at + 1 < json_at; at += 2) {
      entry.bytes.push_back(
          static_cast<std::uint8_t>(hex_digit(line[at]) * 16 + hex_digit(line[at + 1])));
    }
    entry.json = line.substr(json_at);
    golden[line.substr(0, hex_at - 1)] = std::move(entry);
  }
  return golden;
}

TEST_CASE("every struct still reads and writes its golden bytes") {
  const auto golden = read_golden();
  REQUIRE(!golden.empty());
  const auto samples = make_samples();
  CHECK(golden.size() == samples.size());
  for (Sample sample : samples) {
    INFO(sample.name);
    const auto found = golden.find(sample.name);
    REQUIRE(found != golden.end());
    sample.bytes = found->second.bytes;
    CHECK(to_hex(sample_recoded(sample)) == to_hex(sample.bytes));
    CHECK(sample_as_json(sample) == found->second.json);
  }
}

}  // namespace
}  // namespace parley::test
