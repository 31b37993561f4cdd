// Writes the golden file and the fuzz corpora. Run once when a struct is added; lines that exist
// are never changed by hand, for they are what other programs speak.
//
//   parley-samples golden OLD > NEW     keeps the lines of OLD, adds one for each new struct
//   parley-samples corpus FOLDER        writes FOLDER/<target>/<sample> for the fuzz targets
//   parley-samples tables all           prints the tables that PROTOCOL.md must hold
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>
#include <string>

#include "tests/wire/protocol_tables.hpp"
#include "tests/wire/samples.hpp"

namespace {

using namespace parley;

int write_golden(const char* old_file) {
  std::set<std::string> known;
  std::ifstream old(old_file);
  for (std::string line; std::getline(old, line);) {
    std::cout << line << '\n';
    known.insert(line.substr(0, line.find(' ')));
  }
  for (const auto& sample : test::make_samples()) {
    if (known.contains(sample.name)) continue;
    std::cout << sample.name << ' ' << to_hex(sample.bytes) << ' ' << test::sample_as_json(sample)
              << '\n';
  }
  return 0;
}

void write_file(const std::filesystem::path& path, std::string_view content) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary)
      .write(content.data(), static_cast<std::streamsize>(content.size()));
}

int write_corpus(const std::filesystem::path& folder) {
  for (const auto& sample : test::make_samples()) {
    switch (sample.form) {
      case test::SampleForm::kClientFrame:
        write_file(folder / "client_frame" / sample.name, as_text(sample.bytes));
        break;
      case test::SampleForm::kServerFrame:
        write_file(folder / "server_frame" / sample.name, as_text(sample.bytes));
        break;
      case test::SampleForm::kEventBody: {
        // The target reads the kind from the first byte.
        std::string content(1, static_cast<char>(sample.event_kind));
        content += as_text(sample.bytes);
        write_file(folder / "event_body" / sample.name, content);
        break;
      }
    }
  }
  int number = 0;
  for (const auto& text : test::json_command_samples()) {
    write_file(folder / "json_command" / ("text" + std::to_string(number++)), text);
  }
  return 0;
}

int print_tables() {
  for (const auto& table : test::protocol_tables()) {
    std::cout << "\n" << table.title << "\n";
    for (const auto& row : table.rows) std::cout << row << "\n";
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc == 3 ? argv[1] : "";
  if (mode == "golden") return write_golden(argv[2]);
  if (mode == "corpus") return write_corpus(argv[2]);
  if (mode == "tables") return print_tables();
  std::cerr << "usage: parley-samples golden OLD | corpus FOLDER | tables all\n";
  return 2;
}
