// Dependencies point one way. The first test reads the whole tree; the others show that the check
// catches what it should.
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/layers/layer_rules.hpp"

namespace parley::test {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool is_source(const fs::path& path) {
  const auto extension = path.extension();
  return extension == ".cpp" || extension == ".hpp" || extension == ".h" || extension == ".c";
}

TEST_CASE("no file includes against the direction of the layers") {
  const fs::path root = PARLEY_SOURCE_DIR;
  int files = 0;
  for (const char* top : {"shared", "client", "server", "wasm", "tests"}) {
    if (!fs::exists(root / top)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
      if (!entry.is_regular_file() || !is_source(entry.path())) continue;
      const std::string path = entry.path().lexically_relative(root).generic_string();
      if (path.find("/node_modules/") != std::string::npos) continue;
      ++files;
      for (const auto& violation : check_file(path, read_file(entry.path()))) {
        FAIL_CHECK(violation);
      }
    }
  }
  CHECK(files > 20);
}

TEST_CASE("wrong edges are caught and named") {
  struct Case {
    std::string path;
    std::string line;
  };
  const Case wrong[] = {
      {"shared/base/x.cpp", "#include \"shared/wire/frame.hpp\""},
      {"shared/wire/x.cpp", "#include \"shared/sync/outbox.hpp\""},
      {"shared/wire/json.cpp", "#include <nlohmann/json.hpp>"},
      {"shared/sync/x.hpp", "#  include <thread>"},
      {"shared/sync/x.hpp", "#include <chrono>"},
      {"shared/base/x.hpp", "#include <fstream>"},
      {"shared/base/x.hpp", "#include <format>"},
      {"shared/base/x.hpp", "#include <unistd.h>"},
      {"shared/mls/x.cpp", "#include <sodium.h>"},
      {"shared/mls/x.cpp", "#include \"shared/identity/credential.hpp\""},
      {"shared/identity/x.cpp", "#include <sodium.h>"},
      {"shared/identity/x.cpp", "#include \"shared/sealing/vault.hpp\""},
      {"shared/sealing/x.cpp", "#include \"shared/sync/outbox.hpp\""},
      {"client/core/x.cpp", "#include \"client/ui/theme.hpp\""},
      {"client/core/x.cpp", "#include <imgui.h>"},
      {"client/core/x.cpp", "\t#include <emscripten.h>"},
      {"client/core/x.cpp", "#include <sqlite3.h>"},
      {"client/core/x.cpp", "#include \"server/app/peer.hpp\""},
      {"client/core/x.cpp", "#include \"client/search/words.hpp\""},
      {"client/search/x.cpp", "#include \"client/ui/theme.hpp\""},
      {"client/ui/x.cpp", "#include <GLFW/glfw3.h>"},
      {"client/native/x.cpp", "#include \"server/app/peer.hpp\""},
      {"wasm/x.cpp", "#include \"client/native/window.hpp\""},
      {"server/app/x.cpp", "#include <boost/asio/post.hpp>"},
      {"server/app/x.cpp", "#include \"server/net/listener.hpp\""},
      {"server/app/x.cpp", "#include \"server/store/sqlite_store.hpp\""},
      {"server/app/x.cpp", "#include <sqlite3.h>"},
      {"server/app/x.cpp", "#include <mutex>"},
      {"server/app/x.cpp", "#include <sys/socket.h>"},
      {"server/store/x.cpp", "#include \"server/app/app.hpp\""},
      {"server/store/x.cpp", "#include <boost/asio/post.hpp>"},
      {"server/net/x.cpp", "#include \"server/store/store.hpp\""},
      {"server/net/x.cpp", "#include <sqlite3.h>"},
      {"server/ops/x.cpp", "#include \"server/app/app.hpp\""},
      {"server/app/x.cpp", "#include \"peer.hpp\""},
      {"server/elsewhere/x.cpp", ""},
  };
  for (const auto& [path, line] : wrong) {
    const auto violations = check_file(path, "// first\n" + line + "\nint x;\n");
    INFO(path << " " << line);
    REQUIRE(violations.size() == 1);
    CHECK(violations[0].starts_with(path + (line.empty() ? ":" : ":2: includes ")));
  }
}

TEST_CASE("right edges pass") {
  const std::pair<std::string, std::string> right[] = {
      {"shared/wire/x.cpp", "#include \"shared/base/id.hpp\"\n#include <cereal/cereal.hpp>\n"},
      {"shared/wire/json_tree.cpp", "#include <nlohmann/json.hpp>\n"},
      {"shared/sync/x.cpp", "#include \"shared/sync/y.hpp\"\n#include <vector>\n"},
      {"client/ui/x.cpp", "#include <imgui.h>\n#include \"client/core/client.hpp\"\n"},
      {"server/app/x.cpp", "#include \"server/store/store.hpp\"\n"},
      {"server/net/x.cpp", "#include \"server/app/peer.hpp\"\n#include <boost/asio/post.hpp>\n"},
      {"server/main.cpp", "#include \"server/store/sqlite_store.hpp\"\n"},
      {"server/serve.cpp", "#include \"server/serve.hpp\"\n#include <sodium.h>\n"},
      {"shared/base/x.cpp", "// #include <thread>\nconst char* s = \"#include <thread>\";\n"},
  };
  for (const auto& [path, text] : right) {
    INFO(path);
    CHECK(check_file(path, text).empty());
  }
}

TEST_CASE("a fixture in a folder of its own is caught as well") {
  const fs::path fixture = fs::path(PARLEY_SOURCE_DIR) / "tests/layers/fixtures/wrong_include.txt";
  const auto violations = check_file("shared/sync/wrong_include.hpp", read_file(fixture));
  REQUIRE(violations.size() == 2);
  CHECK(violations[0].find("boost/asio/io_context.hpp") != std::string::npos);
  CHECK(violations[1].find("server/app/app.hpp") != std::string::npos);
}

}  // namespace
}  // namespace parley::test
