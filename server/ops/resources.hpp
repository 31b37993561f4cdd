// What the process uses and may use, read from the system. Thread rule: any thread.
#pragma once

#include <cstdint>

namespace parley::ops {

std::uint64_t resident_bytes();
std::uint64_t open_files();
std::uint64_t file_limit();
double cpu_seconds();

// Of the machine, or of the container (cgroup v2) when that is less.
std::uint64_t available_memory_bytes();

// Lifts the soft limit of open files to the hard one; returns the limit then.
std::uint64_t raise_file_limit();

}  // namespace parley::ops
