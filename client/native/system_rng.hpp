// The system's source of randomness.
#pragma once

#include <sys/random.h>

#include <cerrno>
#include <cstdlib>

#include "shared/base/rng.hpp"

namespace parley::native {

class SystemRng final : public Rng {
 public:
  void fill(std::span<std::uint8_t> out) override {
    while (!out.empty()) {
      const ssize_t got = ::getrandom(out.data(), out.size(), 0);
      if (got > 0) {
        out = out.subspan(static_cast<std::size_t>(got));
      } else if (errno != EINTR) {
        std::abort();  // without randomness no id and no key is safe to make
      }
    }
  }
};

}  // namespace parley::native
