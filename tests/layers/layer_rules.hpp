// Which folder may include what: the direction table of ARCHITECTURE.md in a form a test can check.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace parley::test {

struct LayerRule {
  std::string_view folder;  // the longest one that fits a file counts
  // Prefixes of own includes beside the folder's own files.
  std::vector<std::string_view> own;
  // Prefixes of <...> includes beyond the C++ standard library; "*" is any.
  std::vector<std::string_view> third_party;
  // A pure folder computes only: no threads, files, streams or clocks, and nothing that one of the
  // two standard libraries lacks.
  bool pure = true;
  // Counts for files of the folder itself only, not of its sub folders.
  bool direct = false;
};

// The rule for a file, nullptr when its folder is in none: a new folder needs a line here.
const LayerRule* rule_for(std::string_view path);

// One source file's violations, each "path:line: includes X, but ...".
std::vector<std::string> check_file(std::string_view path, std::string_view text);

}  // namespace parley::test
