// The operating system's randomness, for keys and ids. Thread rule: any thread.
#pragma once

#include "shared/base/rng.hpp"

namespace parley::ops {

class SystemRng final : public Rng {
 public:
  void fill(std::span<std::uint8_t> out) override;
};

}  // namespace parley::ops
