#include "tests/layers/layer_rules.hpp"

#include <algorithm>

namespace parley::test {
namespace {

// base <- wire, crypto <- mls <- identity <- sealing <- sync <- client/e2ee <- client/core <-
// client/ui and client/search; platforms and programs on top.
// The server uses shared; in it net -> app -> the interfaces of store and bus.
const LayerRule kRules[] = {
    {"shared/base/", {}, {}},
    {"shared/wire/", {"shared/base/"}, {"cereal/"}},
    // The JSON parser is known to one file.
    {"shared/wire/json_tree.cpp", {"shared/base/", "shared/wire/"}, {"nlohmann/json.hpp"}},
    {"shared/crypto/", {"shared/base/"}, {"sodium.h"}},
    {"shared/mls/", {"shared/base/", "shared/wire/", "shared/crypto/"}, {}},
    {"shared/identity/", {"shared/base/", "shared/wire/", "shared/crypto/", "shared/mls/"}, {}},
    {"shared/sealing/",
     {"shared/base/", "shared/wire/", "shared/crypto/", "shared/mls/", "shared/identity/"},
     {}},
    {"shared/sync/",
     {"shared/base/", "shared/wire/", "shared/crypto/", "shared/mls/", "shared/identity/",
      "shared/sealing/"},
     {}},
    {"shared/qr/", {"shared/base/"}, {}},

    {"client/e2ee/", {"shared/"}, {}},
    {"client/core/", {"shared/", "client/e2ee/"}, {}},
    {"client/search/", {"shared/", "client/core/"}, {"sqlite3.h"}},
    {"client/ui/", {"shared/", "client/core/"}, {"imgui", "imstb_", "misc/"}},
    // Programs and platforms: anything of the system, nothing of the server.
    {"client/native/", {"shared/", "client/core/", "client/search/", "client/ui/"}, {"*"}, false},
    {"client/cli/", {"shared/", "client/core/", "client/search/", "client/native/"}, {"*"}, false},
    {"wasm/", {"shared/", "client/core/", "client/search/", "client/ui/"}, {"*"}, false},

    {"server/bus/", {"shared/base/", "shared/wire/"}, {"nats/"}, false},
    {"server/store/",
     {"shared/base/", "shared/wire/"},
     {"sqlite3.h", "libpq-fe.h", "fcntl.h", "unistd.h", "sys/file.h", "sys/stat.h"},
     false},
    // Use cases: no sockets, no SQL, no threads; the store and the bus as interfaces.
    {"server/app/",
     {"shared/", "server/store/store.hpp", "server/store/records.hpp", "server/bus/"},
     {"sodium.h"}},
    // How to run, log and count. It knows nobody it serves.
    {"server/ops/",
     {"shared/base/"},
     {"fmt/", "spdlog/", "toml++/", "CLI/", "sodium.h", "dirent.h", "fcntl.h", "unistd.h", "sys/"},
     false},
    {"server/net/",
     {"shared/", "server/app/", "server/bus/", "server/ops/"},
     {"boost/", "openssl/", "fmt/", "spdlog/", "brotli/", "zlib.h", "arpa/", "netinet/", "sys/",
      "fcntl.h", "unistd.h"},
     false},
    // main and what it is made of: the one place that wires implementations together.
    {"server/", {"shared/", "server/"}, {"*"}, false, true},

    // Tests look everywhere.
    {"tests/", {"shared/", "client/", "server/", "wasm/", "tests/"}, {"*"}, false},
};

// Standard headers that a pure folder does without. The last row is missing or unfinished in gcc 12
// or in libc++ 18.
constexpr std::string_view kImpure[] = {
    "thread",     "mutex",      "shared_mutex", "condition_variable",
    "future",     "semaphore",  "latch",        "barrier",
    "stop_token", "fstream",    "iostream",     "filesystem",
    "cstdio",     "ctime",      "chrono",       "random",
    "csignal",    "syncstream", "execution",    "format",
    "expected",   "print",      "generator",    "stacktrace"};

// server/app measures latencies and suspends; it still starts no threads and opens no files.
constexpr std::string_view kAppMayUse[] = {"chrono"};

template <class List>
bool contains(const List& list, std::string_view item) {
  return std::find(std::begin(list), std::end(list), item) != std::end(list);
}

template <class List>
bool any_prefix(const List& prefixes, std::string_view text) {
  return std::any_of(std::begin(prefixes), std::end(prefixes), [&](std::string_view prefix) {
    return prefix == "*" || text.starts_with(prefix);
  });
}

// A name without folder and extension is the standard library's.
bool is_standard(std::string_view header) {
  return header.find_first_of("./") == std::string_view::npos;
}

std::string complaint_about_own(const LayerRule& rule, std::string_view header) {
  const auto folder = header.substr(0, header.rfind('/') + 1);
  if (folder.empty()) return "own includes start at the root of the tree";
  const bool inside = rule.folder.ends_with('/') && header.starts_with(rule.folder);
  if (inside || any_prefix(rule.own, header)) return {};
  return "that is against the direction of the layers";
}

std::string complaint_about_system(const LayerRule& rule, std::string_view header) {
  if (is_standard(header)) {
    const bool excused = rule.folder == "server/app/" && contains(kAppMayUse, header);
    if (rule.pure && !excused && contains(kImpure, header)) {
      return "threads, files, clocks and what one compiler lacks stay out of this folder";
    }
    return {};
  }
  if (any_prefix(rule.third_party, header)) return {};
  return "this folder does not use that library";
}

// The header of an #include line and whether it stands in quotes; "" for other lines.
std::string_view included(std::string_view line, bool& quoted) {
  const auto skip_spaces = [&] {
    while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
  };
  skip_spaces();
  if (!line.starts_with('#')) return {};
  line.remove_prefix(1);
  skip_spaces();
  if (!line.starts_with("include")) return {};
  line.remove_prefix(7);
  skip_spaces();
  if (line.empty() || (line.front() != '"' && line.front() != '<')) return {};
  quoted = line.front() == '"';
  line.remove_prefix(1);
  return line.substr(0, line.find(quoted ? '"' : '>'));
}

}  // namespace

const LayerRule* rule_for(std::string_view path) {
  const LayerRule* best = nullptr;
  for (const LayerRule& rule : kRules) {
    if (!path.starts_with(rule.folder)) continue;
    if (rule.direct && path.rfind('/') + 1 != rule.folder.size()) continue;
    if (best == nullptr || rule.folder.size() > best->folder.size()) best = &rule;
  }
  return best;
}

std::vector<std::string> check_file(std::string_view path, std::string_view text) {
  std::vector<std::string> violations;
  const LayerRule* rule = rule_for(path);
  if (rule == nullptr) return {std::string(path) + ": its folder is not in the table of layers"};
  for (int number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    bool quoted = false;
    const std::string_view header = included(line, quoted);
    if (header.empty()) continue;
    const std::string complaint =
        quoted ? complaint_about_own(*rule, header) : complaint_about_system(*rule, header);
    if (complaint.empty()) continue;
    violations.push_back(std::string(path) + ":" + std::to_string(number) + ": includes " +
                         std::string(header) + ", but " + complaint);
  }
  return violations;
}

}  // namespace parley::test
