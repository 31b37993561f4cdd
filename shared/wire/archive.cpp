#include "shared/wire/archive.hpp"

namespace parley::wire {

std::uint64_t BinaryReader::read_varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (in_.empty()) {
      fail("ends too early");
      return 0;
    }
    const std::uint8_t byte = in_.front();
    in_ = in_.subspan(1);
    if (shift == 63 && byte > 1) break;
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) {
      if (byte == 0 && shift > 0) break;  // a shorter form exists
      return value;
    }
  }
  fail("not a canonical varint");
  return 0;
}

std::size_t BinaryReader::read_length(std::size_t cap, std::size_t unit) {
  const std::uint64_t length = read_varint();
  if (length > cap) {
    fail("longer than allowed");
    return 0;
  }
  if (length * unit > in_.size()) {
    fail("longer than the data");
    return 0;
  }
  return static_cast<std::size_t>(length);
}

ByteView BinaryReader::read_raw(std::size_t length) {
  if (length > in_.size()) {
    fail("ends too early");
    return {};
  }
  const ByteView out = in_.first(length);
  in_ = in_.subspan(length);
  return out;
}

}  // namespace parley::wire
