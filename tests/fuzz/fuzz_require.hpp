// A property that a fuzz target holds for every input; its failure is a crash with the place.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace parley::test {

inline void fuzz_require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "fuzz target: %s\n", what);
  std::abort();
}

}  // namespace parley::test
