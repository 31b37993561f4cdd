#include "shared/base/bytes.hpp"

#include <array>

namespace parley {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kBase64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint8_t kNotADigit = 0xff;

constexpr std::array<std::uint8_t, 256> make_reverse_table() {
  std::array<std::uint8_t, 256> table{};
  table.fill(kNotADigit);
  for (std::size_t i = 0; i < kBase64Digits.size(); ++i) {
    table[static_cast<std::uint8_t>(kBase64Digits[i])] = static_cast<std::uint8_t>(i);
  }
  return table;
}
constexpr auto kBase64Values = make_reverse_table();

}  // namespace

std::string to_hex(ByteView bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    out.push_back(kHexDigits[byte >> 4]);
    out.push_back(kHexDigits[byte & 15]);
  }
  return out;
}

std::string to_base64url(ByteView bytes) {
  std::string out;
  out.reserve((bytes.size() * 4 + 2) / 3);
  std::uint32_t pending = 0;
  int bits = 0;
  for (const std::uint8_t byte : bytes) {
    pending = (pending << 8) | byte;
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      out.push_back(kBase64Digits[(pending >> bits) & 63]);
    }
    pending &= (1u << bits) - 1;
  }
  if (bits > 0) out.push_back(kBase64Digits[(pending << (6 - bits)) & 63]);
  return out;
}

bool from_base64url(std::string_view text, Bytes& out) {
  if (text.size() % 4 == 1) return false;
  Bytes decoded;
  decoded.reserve(text.size() * 3 / 4);
  std::uint32_t pending = 0;
  int bits = 0;
  for (const char c : text) {
    const std::uint8_t value = kBase64Values[static_cast<std::uint8_t>(c)];
    if (value == kNotADigit) return false;
    pending = (pending << 6) | value;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      decoded.push_back(static_cast<std::uint8_t>(pending >> bits));
      pending &= (1u << bits) - 1;
    }
  }
  if (pending != 0) return false;  // a canonical text has zero bits left over
  out = std::move(decoded);
  return true;
}

}  // namespace parley
