#include "shared/base/rng.hpp"

namespace parley {

void SeededRng::fill(std::span<std::uint8_t> out) {
  std::uint64_t word = 0;
  int left = 0;
  for (std::uint8_t& byte : out) {
    if (left == 0) {
      state_ += 0x9e3779b97f4a7c15ull;
      word = state_;
      word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9ull;
      word = (word ^ (word >> 27)) * 0x94d049bb133111ebull;
      word ^= word >> 31;
      left = 8;
    }
    byte = static_cast<std::uint8_t>(word);
    word >>= 8;
    --left;
  }
}

}  // namespace parley
