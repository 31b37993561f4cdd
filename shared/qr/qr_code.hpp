// Draws a text as a QR code (ISO/IEC 18004): link codes, safety numbers and recovery words that a
// camera reads. Byte mode, error correction level M (a camera may miss about 15 %), the smallest of
// versions 1 to 10 that holds the text.
#pragma once

#include <string_view>
#include <vector>

#include "shared/base/result.hpp"

namespace parley::qr {

inline constexpr std::size_t kMaxTextBytes = 213;  // what version 10 holds
inline constexpr int kQuietZone = 4;  // light modules that whoever draws leaves on every side

class QrCode {
 public:
  // Modules on a side, without the quiet zone: 21 to 57.
  int size() const { return size_; }
  // Column x and row y from the upper left.
  bool is_dark(int x, int y) const {
    return modules_[static_cast<std::size_t>(y * size_ + x)] == 1;
  }

 private:
  friend class Drawing;
  int size_ = 0;
  std::vector<std::uint8_t> modules_;  // rows; 1 is dark
};

// kTooLarge above kMaxTextBytes.
Result<QrCode> encode(std::string_view text);

}  // namespace parley::qr
