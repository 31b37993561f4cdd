#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <set>

#include "shared/base/result.hpp"

namespace parley::test {
namespace {

const ErrorInfo kTable[] = {
#define X(name, code, wire, action, text) \
  ErrorInfo{ErrorCode::name, wire, ErrorAction::action, text},
    PARLEY_ERROR_TABLE(X)
#undef X
};

TEST_CASE("error numbers and names are unique, and texts are sentences") {
  std::set<std::uint16_t> numbers;
  std::set<std::string_view> names;
  for (const ErrorInfo& entry : kTable) {
    INFO(entry.name);
    CHECK(numbers.insert(static_cast<std::uint16_t>(entry.code)).second);
    CHECK(names.insert(entry.name).second);
    CHECK(entry.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string_view::npos);
    CHECK(entry.text.back() == '.');
    CHECK(static_cast<std::uint16_t>(entry.code) >= 100);
    CHECK(static_cast<std::uint16_t>(entry.code) < 1000);
  }
}

TEST_CASE("every number finds its entry, unknown ones tell the user") {
  for (const ErrorInfo& entry : kTable) CHECK(error_info(entry.code).name == entry.name);
  for (const int number : {0, 1, 99, 399, 999, 65535}) {
    const auto code = static_cast<std::uint16_t>(number);
    CHECK(error_info(code).name == "unknown");
    CHECK(error_info(code).action == ErrorAction::kTellUser);
  }
}

TEST_CASE("a result is a value or an error") {
  Result<int> good = 7;
  REQUIRE(good.ok());
  CHECK(*good == 7);
  Result<int> bad = ErrorCode::kConflict;
  REQUIRE(!bad.ok());
  CHECK(bad.error().code == ErrorCode::kConflict);

  Result<std::unique_ptr<int>> owned = std::make_unique<int>(3);
  const std::unique_ptr<int> taken = *std::move(owned);
  CHECK(*taken == 3);

  CHECK(Status{}.ok());
  CHECK(Status{Error{ErrorCode::kTimeout, "t", seconds(1)}}.error().retry_after == seconds(1));
}

Status fail_when(bool wanted) {
  if (wanted) return ErrorCode::kTimeout;
  return {};
}
Result<int> chain(bool wanted) {
  PARLEY_TRY(fail_when(wanted));
  return 1;
}

TEST_CASE("the early return passes the error on") {
  CHECK(*chain(false) == 1);
  CHECK(chain(true).error().code == ErrorCode::kTimeout);
}

}  // namespace
}  // namespace parley::test
