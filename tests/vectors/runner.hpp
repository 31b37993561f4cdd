// Checks files of published test vectors. A file's kind is known by its name; every case in it
// passes, fails with a reason, or is skipped with one.
#pragma once

#include <array>
#include <functional>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/crypto/secret.hpp"

namespace parley::vectors {

using Json = nlohmann::json;

// Thrown out of a case; the message is its reason.
struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct Skip : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Totals {
  std::size_t passed = 0;
  std::size_t failed = 0;
  std::size_t skipped = 0;
};

class Report {
 public:
  explicit Report(std::function<void(const std::string&)> print) : print_(std::move(print)) {}

  // Runs one case and counts how it ended; a failure is printed.
  void run(const std::string& name, const std::function<void()>& body);
  void fail(const std::string& name, const std::string& reason);
  void print(const std::string& line) { print_(line); }
  void add(const Totals& totals);
  const Totals& totals() const { return totals_; }

 private:
  std::function<void(const std::string&)> print_;
  Totals totals_;
};

// Checks a file, or all .json files below a folder, in order of their paths. A file of an unknown
// kind, one that is not JSON and a path that is not there count as failures.
void check_path(const std::string& path, Report& report);

// ---- for the checks ----

void require(bool condition, const std::string& what);
Bytes unhex(const Json& text);
// Throws with what differs, in hexadecimal.
void require_equal(ByteView expected, ByteView got, const std::string& what);
std::string describe(const Error& error);
template <class T>
requires(!std::is_void_v<T>) T require_ok(Result<T>&& result, const std::string& what) {
  if (!result) throw Failure(what + ": " + describe(result.error()));
  return std::move(result).value();
}
void require_ok(const Status& status, const std::string& what);

template <std::size_t N>
std::array<std::uint8_t, N> fixed(ByteView bytes, const std::string& what) {
  require(bytes.size() == N, what + " has the wrong size");
  std::array<std::uint8_t, N> array;
  for (std::size_t i = 0; i < N; ++i) array[i] = bytes[i];
  return array;
}
crypto::Secret secret(const Json& hex);

// ---- the checks, by the file's name without its ending ----

using Check = std::function<void(const Json& file, Report& report)>;

// Empty when they know no such kind.
Check find_crypto_check(const std::string& stem);
Check find_mls_check(const std::string& stem);

}  // namespace parley::vectors
