// Byte strings and views. Everything that crosses a boundary (socket, disk, crypto) is bytes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace parley {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline Bytes to_bytes(ByteView view) { return {view.begin(), view.end()}; }

// Lower-case hexadecimal, two characters a byte.
std::string to_hex(ByteView bytes);

// RFC 4648 section 5 alphabet without padding; decoding accepts exactly that form.
std::string to_base64url(ByteView bytes);
bool from_base64url(std::string_view text, Bytes& out);

}  // namespace parley
