// Counts what operator new hands out, for tests that bound a decoder's memory.
#pragma once

#include <cstddef>

namespace parley::test {

// Bytes asked for on this thread since the program started.
std::size_t allocated_bytes();

}  // namespace parley::test
