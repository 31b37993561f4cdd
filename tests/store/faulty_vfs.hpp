// A SQLite VFS over the system's own that fails when the test wants it to. Syncs are not passed on:
// these tests kill processes and calls, not the power.
#pragma once

#include <atomic>
#include <cstdint>

namespace parley::store::testing {

struct FaultPlan {
  // Writes, syncs and truncations until one fails (once); 0: none will.
  std::atomic<std::int64_t> operations_to_fault{0};
  std::atomic<std::int64_t> operations{0};
  // No file may grow past this; 0: no limit.
  std::atomic<std::int64_t> max_file_bytes{0};
};

inline constexpr const char* kFaultyVfs = "parley-faulty";

// Registers the VFS at the first call; the plan starts anew with every call.
FaultPlan& faulty_vfs();

}  // namespace parley::store::testing
