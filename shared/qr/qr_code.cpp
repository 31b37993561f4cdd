#include "shared/qr/qr_code.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "shared/base/bytes.hpp"

namespace parley::qr {
namespace {

// ---- versions ----------------------------------------------------------------------------------

// Level M of a version (18004, table 9): blocks that share the data, the last `longer` of which
// have one codeword more; and where alignment patterns have their centres (annex E).
struct Version {
  int blocks, longer, block_data, block_correction;
  std::array<int, 3> alignment;  // 0: none
  int data() const { return blocks * block_data + longer; }
};
constexpr std::array<Version, 10> kVersions = {{
    {1, 0, 16, 10, {0, 0, 0}},
    {1, 0, 28, 16, {6, 18, 0}},
    {1, 0, 44, 26, {6, 22, 0}},
    {2, 0, 32, 18, {6, 26, 0}},
    {2, 0, 43, 24, {6, 30, 0}},
    {4, 0, 27, 16, {6, 34, 0}},
    {4, 0, 31, 18, {6, 22, 38}},
    {4, 2, 38, 22, {6, 24, 42}},
    {5, 2, 36, 22, {6, 26, 46}},
    {5, 1, 43, 26, {6, 28, 50}},
}};

// Bits that say how long the text is.
constexpr int length_bits(int version) { return version < 10 ? 8 : 16; }

// ---- codewords ---------------------------------------------------------------------------------

// In GF(256) with x^8 + x^4 + x^3 + x^2 + 1.
std::uint8_t multiply(std::uint8_t a, std::uint8_t b) {
  int product = 0;
  for (int bit = 7; bit >= 0; --bit) {
    product = product << 1 ^ (product >> 7) * 0x11d;
    if ((b >> bit & 1) != 0) product ^= a;
  }
  return static_cast<std::uint8_t>(product);
}

// The polynomial whose roots are 2^0 ... 2^(count - 1), without its leading 1, highest power first.
Bytes generator(int count) {
  Bytes factors(static_cast<std::size_t>(count));
  factors.back() = 1;
  std::uint8_t root = 1;
  for (int i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < factors.size(); ++j) {
      factors[j] = multiply(factors[j], root);
      if (j + 1 < factors.size()) factors[j] ^= factors[j + 1];
    }
    root = multiply(root, 2);
  }
  return factors;
}

// What is left of data * x^count after division by the generator.
Bytes correction_of(ByteView data, const Bytes& factors) {
  Bytes rest(factors.size());
  for (const std::uint8_t byte : data) {
    const std::uint8_t lead = byte ^ rest.front();
    std::rotate(rest.begin(), rest.begin() + 1, rest.end());
    rest.back() = 0;
    for (std::size_t i = 0; i < rest.size(); ++i) rest[i] ^= multiply(factors[i], lead);
  }
  return rest;
}

class Bits {
 public:
  void append(unsigned value, int count) {
    for (int i = count - 1; i >= 0; --i) {
      if (used_ % 8 == 0) bytes_.push_back(0);
      bytes_.back() |= static_cast<std::uint8_t>((value >> i & 1u) << (7 - used_ % 8));
      ++used_;
    }
  }
  std::size_t size() const { return used_; }
  Bytes take() { return std::move(bytes_); }

 private:
  Bytes bytes_;
  std::size_t used_ = 0;
};

// Mode, length, text, terminator, and padding up to what the version holds.
Bytes data_codewords(std::string_view text, int version) {
  constexpr unsigned kByteMode = 4;
  const auto capacity =
      static_cast<std::size_t>(kVersions[static_cast<std::size_t>(version - 1)].data());
  Bits bits;
  bits.append(kByteMode, 4);
  bits.append(static_cast<unsigned>(text.size()), length_bits(version));
  for (const char c : text) bits.append(static_cast<std::uint8_t>(c), 8);
  bits.append(0, static_cast<int>(std::min<std::size_t>(4, capacity * 8 - bits.size())));
  Bytes data = bits.take();
  for (std::uint8_t pad = 0xec; data.size() < capacity; pad ^= 0xec ^ 0x11) data.push_back(pad);
  return data;
}

// Data of all blocks, then their corrections, each column by column.
Bytes all_codewords(ByteView data, const Version& version) {
  const Bytes factors = generator(version.block_correction);
  std::vector<ByteView> parts;
  std::vector<Bytes> corrections;
  for (int i = 0; i < version.blocks; ++i) {
    const bool is_longer = i >= version.blocks - version.longer;
    const auto size = static_cast<std::size_t>(version.block_data + (is_longer ? 1 : 0));
    parts.push_back(data.first(size));
    corrections.push_back(correction_of(data.first(size), factors));
    data = data.subspan(size);
  }
  Bytes all;
  for (std::size_t i = 0; i < parts.back().size(); ++i) {
    for (const ByteView part : parts) {
      if (i < part.size()) all.push_back(part[i]);
    }
  }
  for (std::size_t i = 0; i < factors.size(); ++i) {
    for (const Bytes& correction : corrections) all.push_back(correction[i]);
  }
  return all;
}

// `value` and behind it the rest of its division by `factors`, which has `bits` bits and one more.
int with_check_bits(int value, int bits, int factors) {
  int rest = value;
  for (int i = 0; i < bits; ++i) rest = rest << 1 ^ (rest >> (bits - 1)) * factors;
  return value << bits | (rest & ((1 << bits) - 1));
}

bool is_masked(int mask, int x, int y) {
  switch (mask) {
    case 0:
      return (x + y) % 2 == 0;
    case 1:
      return y % 2 == 0;
    case 2:
      return x % 3 == 0;
    case 3:
      return (x + y) % 3 == 0;
    case 4:
      return (x / 3 + y / 2) % 2 == 0;
    case 5:
      return x * y % 2 + x * y % 3 == 0;
    case 6:
      return (x * y % 2 + x * y % 3) % 2 == 0;
    default:
      return ((x + y) % 2 + x * y % 3) % 2 == 0;
  }
}

}  // namespace

// ---- modules -----------------------------------------------------------------------------------

class Drawing {
 public:
  explicit Drawing(int version) : version_(version), size_(17 + 4 * version) {
    code_.size_ = size_;
    code_.modules_.resize(static_cast<std::size_t>(size_ * size_));
    fixed_.resize(code_.modules_.size());
    draw_patterns();
  }

  void draw_codewords(ByteView codewords) {
    std::size_t next = 0;
    // Columns in pairs from the right, upwards and downwards in turn; column 6 is the timing's.
    for (int pair = 0; pair < (size_ - 1) / 2; ++pair) {
      const int right = size_ - 1 - 2 * pair - (size_ - 1 - 2 * pair <= 6 ? 1 : 0);
      for (int step = 0; step < size_; ++step) {
        const int y = pair % 2 == 0 ? size_ - 1 - step : step;
        for (const int x : {right, right - 1}) {
          if (fixed_[at(x, y)] != 0 || next == codewords.size() * 8) continue;
          set(x, y, (codewords[next / 8] >> (7 - next % 8) & 1) != 0);
          ++next;
        }
      }
    }
  }

  // With the mask that gives the least penalty.
  QrCode finish() {
    int best = 0, least = 0;
    for (int mask = 0; mask < 8; ++mask) {
      apply(mask);
      const int points = penalty();
      if (mask == 0 || points < least) {
        best = mask;
        least = points;
      }
      apply(mask);  // off again
    }
    apply(best);
    return std::move(code_);
  }

 private:
  std::size_t at(int x, int y) const { return static_cast<std::size_t>(y * size_ + x); }
  void set(int x, int y, bool dark) { code_.modules_[at(x, y)] = dark ? 1 : 0; }
  void fix(int x, int y, bool dark) {
    set(x, y, dark);
    fixed_[at(x, y)] = 1;
  }

  // Dark rings around a centre; what lies outside of the square is left out.
  void draw_rings(int centre_x, int centre_y, int radius, int light_ring) {
    for (int dy = -radius; dy <= radius; ++dy) {
      for (int dx = -radius; dx <= radius; ++dx) {
        const int x = centre_x + dx, y = centre_y + dy;
        if (x < 0 || y < 0 || x >= size_ || y >= size_) continue;
        const int ring = std::max(std::abs(dx), std::abs(dy));
        fix(x, y, ring != light_ring && ring != 4);
      }
    }
  }

  void draw_patterns() {
    const int last = size_ - 1;
    for (int i = 0; i < size_; ++i) {  // timing
      fix(i, 6, i % 2 == 0);
      fix(6, i, i % 2 == 0);
    }
    for (const auto& [x, y] : {std::pair(3, 3), std::pair(last - 3, 3), std::pair(3, last - 3)}) {
      draw_rings(x, y, 4, 2);  // a finder with the light line around it
    }
    const auto& centres = kVersions[static_cast<std::size_t>(version_ - 1)].alignment;
    const int end = *std::ranges::max_element(centres);
    for (const int x : centres) {
      for (const int y : centres) {
        const bool under_finder =
            (x == 6 && y == 6) || (x == 6 && y == end) || (x == end && y == 6);
        if (x != 0 && y != 0 && !under_finder) draw_rings(x, y, 2, 1);
      }
    }
    draw_format(0);  // takes its place
    if (version_ < 7) return;
    const int bits = with_check_bits(version_, 12, 0x1f25);
    for (int i = 0; i < 18; ++i) {
      const bool dark = (bits >> i & 1) != 0;
      fix(size_ - 11 + i % 3, i / 3, dark);
      fix(i / 3, size_ - 11 + i % 3, dark);
    }
  }

  // Level M (00) and mask, twice.
  void draw_format(int mask) {
    const int bits = with_check_bits(mask, 10, 0x537) ^ 0x5412;
    for (int i = 0; i < 15; ++i) {
      const bool dark = (bits >> i & 1) != 0;
      // Down along column 8, around the corner and to the left along row 8; both leave the timing
      // out.
      const int down = i < 6 ? i : i + 1, left = i < 9 ? 15 - i : 14 - i;
      if (i < 8) {
        fix(8, down, dark);
        fix(size_ - 1 - i, 8, dark);
      } else {
        fix(left, 8, dark);
        fix(8, size_ - 15 + i, dark);
      }
    }
    fix(8, size_ - 8, true);
  }

  void apply(int mask) {
    for (int y = 0; y < size_; ++y) {
      for (int x = 0; x < size_; ++x) {
        if (fixed_[at(x, y)] == 0 && is_masked(mask, x, y)) code_.modules_[at(x, y)] ^= 1;
      }
    }
    draw_format(mask);
  }

  // How hard it may be to read (18004, 7.8.3.1).
  int penalty() const {
    int points = 0, dark = 0;
    for (int a = 0; a < size_; ++a) {
      points += line_penalty([&](int b) { return code_.is_dark(b, a); });
      points += line_penalty([&](int b) { return code_.is_dark(a, b); });
      for (int b = 0; b < size_; ++b) {
        const bool is_dark = code_.is_dark(a, b);
        dark += is_dark ? 1 : 0;
        if (a + 1 == size_ || b + 1 == size_) continue;
        const bool same = is_dark == code_.is_dark(a + 1, b) &&
                          is_dark == code_.is_dark(a, b + 1) &&
                          is_dark == code_.is_dark(a + 1, b + 1);
        points += same ? 3 : 0;
      }
    }
    const int off_half = std::abs(2 * dark - size_ * size_);  // twice the modules from one half
    return points + 10 * (10 * off_half / (size_ * size_));
  }

  // Runs of five or more of a colour, and what looks like a finder.
  template <class Line>
  int line_penalty(Line is_dark) const {
    constexpr unsigned kFinder = 0b1011101;
    int points = 0, run = 0;
    unsigned last = 0;  // modules; the quiet zone is light
    for (int i = 0; i < size_ + kQuietZone; ++i) {
      const bool dark = i < size_ && is_dark(i);
      run = i > 0 && i < size_ && dark == ((last & 1) != 0) ? run + 1 : 1;
      if (i < size_ && run >= 5) points += run == 5 ? 3 : 1;
      last = (last << 1 | (dark ? 1u : 0u)) & 0x7ff;
      if (last == kFinder << 4 || last == kFinder) points += 40;
    }
    return points;
  }

  int version_, size_;
  QrCode code_;
  std::vector<std::uint8_t> fixed_;  // 1: not a codeword's
};

Result<QrCode> encode(std::string_view text) {
  for (int number = 1; number <= static_cast<int>(kVersions.size()); ++number) {
    const Version& version = kVersions[static_cast<std::size_t>(number - 1)];
    const std::size_t bits = 4 + static_cast<std::size_t>(length_bits(number)) + 8 * text.size();
    if (bits > 8 * static_cast<std::size_t>(version.data())) continue;
    Drawing drawing(number);
    drawing.draw_codewords(all_codewords(data_codewords(text, number), version));
    return drawing.finish();
  }
  return Error{ErrorCode::kTooLarge, "the text does not fit in a QR code", {}};
}

}  // namespace parley::qr
