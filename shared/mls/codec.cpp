#include "shared/mls/codec.hpp"

#include <bit>
#include <cassert>

namespace parley::mls {
namespace {

// The first two bits of a varint tell its size: 1, 2 or 4 bytes; the fourth pattern is not used.
constexpr std::size_t kOneByteLimit = 1u << 6;
constexpr std::size_t kTwoByteLimit = 1u << 14;

std::size_t varint_size(std::size_t value) {
  if (value < kOneByteLimit) return 1;
  return value < kTwoByteLimit ? 2 : 4;
}

}  // namespace

Varint varint_bytes(std::size_t value) {
  assert(value <= kMaxVectorSize);
  Varint encoded;
  encoded.size = varint_size(value);
  for (std::size_t i = 0; i < encoded.size; ++i) {
    encoded.bytes[i] = static_cast<std::uint8_t>(value >> (8 * (encoded.size - 1 - i)));
  }
  encoded.bytes[0] |= static_cast<std::uint8_t>(std::countr_zero(encoded.size) << 6);
  return encoded;
}

ByteView Reader::raw(std::size_t size) {
  if (size > left_.size()) {
    fail("the input ends too early");
    return {};
  }
  const ByteView bytes = left_.first(size);
  left_ = left_.subspan(size);
  return bytes;
}

std::uint64_t Reader::number(std::size_t size) {
  std::uint64_t value = 0;
  for (const std::uint8_t byte : raw(size)) value = (value << 8) | byte;
  return value;
}

std::size_t Reader::varint() {
  if (left_.empty()) {
    fail("the input ends too early");
    return 0;
  }
  const unsigned prefix = left_[0] >> 6;
  if (prefix == 3) {
    fail("a length has the prefix that is not used");
    return 0;
  }
  const std::size_t size = std::size_t{1} << prefix;
  const auto bits = static_cast<std::size_t>(number(size));
  const std::size_t value = bits & ((std::size_t{1} << (8 * size - 2)) - 1);
  if (ok() && varint_size(value) != size) fail("a length is not in its shortest form");
  return ok() ? value : 0;
}

ByteView Reader::opaque() { return raw(varint()); }

Status Reader::status() const {
  if (problem_ != nullptr) return Error{ErrorCode::kMalformed, problem_, {}};
  return {};
}

Status Reader::finish() {
  if (!left_.empty()) fail("bytes are left over at the end");
  return status();
}

}  // namespace parley::mls
