#include "shared/base/error.hpp"

#include <algorithm>
#include <array>

namespace parley {
namespace {

constexpr std::array kTable = {
#define X(name, code, wire, action, text) \
  ErrorInfo{ErrorCode::name, wire, ErrorAction::action, text},
    PARLEY_ERROR_TABLE(X)
#undef X
};
static_assert(std::is_sorted(kTable.begin(), kTable.end(),
                             [](const auto& a, const auto& b) { return a.code < b.code; }));

constexpr ErrorInfo kUnknown{ErrorCode::kInternal, "unknown", ErrorAction::kTellUser,
                             "The server reported an error this app does not know."};

}  // namespace

const ErrorInfo& error_info(std::uint16_t code) {
  const auto wanted = static_cast<ErrorCode>(code);
  const auto found = std::lower_bound(kTable.begin(), kTable.end(), wanted,
                                      [](const ErrorInfo& e, ErrorCode c) { return e.code < c; });
  return found != kTable.end() && found->code == wanted ? *found : kUnknown;
}

}  // namespace parley
