// The version of the build; CMake hands in the project's.
#pragma once

#include <string_view>

namespace parley::ops {

inline constexpr std::string_view kVersion = PARLEY_VERSION;

}  // namespace parley::ops
