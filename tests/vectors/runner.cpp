#include "tests/vectors/runner.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace parley::vectors {
namespace {

namespace fs = std::filesystem;

void check_file(const fs::path& path, Report& report) {
  const std::string stem = path.stem().string();
  Check check = find_crypto_check(stem);
  if (check == nullptr) check = find_mls_check(stem);
  if (check == nullptr) {
    report.fail(path.string(), "no kind of vectors is known by this name");
    return;
  }
  std::ifstream stream(path);
  const Json file = Json::parse(stream, nullptr, false);
  if (file.is_discarded()) {
    report.fail(path.string(), "not readable as JSON");
    return;
  }
  Report inner([&](const std::string& line) { report.print(path.string() + ": " + line); });
  try {
    check(file, inner);
  } catch (const std::exception& problem) {  // the file as a whole has not the expected form
    inner.fail("file", problem.what());
  }
  if (inner.totals().passed + inner.totals().failed + inner.totals().skipped == 0) {
    inner.fail("file", "no case in it");
  }
  report.add(inner.totals());
}

}  // namespace

void Report::run(const std::string& name, const std::function<void()>& body) {
  try {
    body();
    ++totals_.passed;
  } catch (const Skip& skip) {
    ++totals_.skipped;
    print_(name + " skipped: " + skip.what());
  } catch (const std::exception& problem) {
    fail(name, problem.what());
  }
}

void Report::fail(const std::string& name, const std::string& reason) {
  ++totals_.failed;
  print_(name + " FAILED: " + reason);
}

void Report::add(const Totals& totals) {
  totals_.passed += totals.passed;
  totals_.failed += totals.failed;
  totals_.skipped += totals.skipped;
}

void check_path(const std::string& path, Report& report) {
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    if (fs::exists(path, error)) {
      check_file(path, report);
    } else {
      report.fail(path, "there is no such file");
    }
    return;
  }
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    if (entry.is_regular_file() && entry.path().extension() == ".json")
      files.push_back(entry.path());
  }
  if (files.empty()) report.fail(path, "no .json file in this folder");
  std::sort(files.begin(), files.end());
  for (const auto& file : files) check_file(file, report);
}

void require(bool condition, const std::string& what) {
  if (!condition) throw Failure(what);
}

Bytes unhex(const Json& text) {
  const auto& hex = text.get_ref<const std::string&>();
  const auto digit = [](char letter) -> int {
    if (letter >= '0' && letter <= '9') return letter - '0';
    if (letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
    if (letter >= 'A' && letter <= 'F') return letter - 'A' + 10;
    throw Failure("not hexadecimal");
  };
  require(hex.size() % 2 == 0, "an odd number of hexadecimal digits");
  Bytes bytes;
  bytes.reserve(hex.size() / 2);
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes.push_back(static_cast<std::uint8_t>(digit(hex[i]) * 16 + digit(hex[i + 1])));
  }
  return bytes;
}

void require_equal(ByteView expected, ByteView got, const std::string& what) {
  if (std::ranges::equal(expected, got)) return;
  throw Failure(what + ": expected " + to_hex(expected) + ", got " + to_hex(got));
}

std::string describe(const Error& error) {
  std::string text(error_info(error.code).name);
  if (!error.detail.empty()) text += " (" + error.detail + ")";
  return text;
}

void require_ok(const Status& status, const std::string& what) {
  if (!status) throw Failure(what + ": " + describe(status.error()));
}

crypto::Secret secret(const Json& hex) {
  const Bytes bytes = unhex(hex);
  return crypto::Secret(fixed<32>(bytes, "a secret"));
}

}  // namespace parley::vectors
