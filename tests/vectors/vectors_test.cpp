// All published vectors of the supported kinds. They are no part of the checkout: without them this
// is skipped, and where they must be there (PARLEY_REQUIRE_VECTORS, set by CI) it fails.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <cstdlib>
#include <filesystem>

#include "tests/vectors/runner.hpp"

namespace parley::vectors {

TEST_CASE("published vectors hold") {
  const std::string root = PARLEY_VECTORS;
  if (!std::filesystem::is_directory(root)) {
    if (std::getenv("PARLEY_REQUIRE_VECTORS") != nullptr) FAIL("no test vectors in " << root);
    SKIP("no test vectors in " << root);
  }
  const auto* folder = GENERATE("hpke", "mls", "wycheproof");
  std::string failures;
  Report report([&](const std::string& line) { failures += line + "\n"; });
  check_path(root + "/" + folder, report);
  INFO(folder << "\n" << failures);
  CHECK(report.totals().failed == 0);
  CHECK(report.totals().passed > 0);
}

TEST_CASE("files that are not vectors count as failures") {
  Report report([](const std::string&) {});
  check_path("no/such/file.json", report);
  CHECK(report.totals().failed == 1);
}

}  // namespace parley::vectors
