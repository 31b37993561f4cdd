#include "server/ops/system_rng.hpp"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace parley::ops {
namespace {

// Ids are made for every message and room, so small requests are served from one system call's
// worth. What was handed out is wiped at once. A forked child would share it: this server never
// forks.
struct Pool {
  std::array<std::uint8_t, 256> bytes{};
  std::size_t left = 0;
};

void fill_from_system(std::span<std::uint8_t> out) {
  while (!out.empty()) {
    const ssize_t got = getrandom(out.data(), out.size(), 0);
    // After boot getrandom can only be interrupted; going on without randomness is not an option.
    if (got < 0 && errno != EINTR) std::abort();
    if (got > 0) out = out.subspan(static_cast<std::size_t>(got));
  }
}

}  // namespace

void SystemRng::fill(std::span<std::uint8_t> out) {
  thread_local Pool pool;
  if (out.size() > pool.bytes.size()) return fill_from_system(out);
  if (pool.left < out.size()) {
    fill_from_system(pool.bytes);
    pool.left = pool.bytes.size();
  }
  pool.left -= out.size();
  std::memcpy(out.data(), pool.bytes.data() + pool.left, out.size());
  std::memset(pool.bytes.data() + pool.left, 0, out.size());
}

}  // namespace parley::ops
