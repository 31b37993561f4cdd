// Small binary packets between C++ and the page's scripts: little endian, strings as length and
// UTF-8. web/packet.js has the other side. What comes in is checked against the bytes that are
// left.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "client/ui/geometry.hpp"
#include "shared/base/bytes.hpp"

namespace parley::web {

class PacketWriter {
 public:
  void u8(std::uint8_t value) { bytes_.push_back(value); }
  void flag(bool value) { u8(value ? 1 : 0); }
  void u32(std::uint32_t value) { raw(&value, sizeof value); }
  void i32(std::int32_t value) { raw(&value, sizeof value); }
  void f32(float value) { raw(&value, sizeof value); }
  void f64(double value) { raw(&value, sizeof value); }
  void rect(const ui::Rect& value) {
    f32(value.x);
    f32(value.y);
    f32(value.w);
    f32(value.h);
  }
  void bytes(ByteView value) {
    u32(static_cast<std::uint32_t>(value.size()));
    bytes_.insert(bytes_.end(), value.begin(), value.end());
  }
  void text(std::string_view value) { bytes(as_bytes(value)); }

  // Replaces a value written earlier, for counts that are known only at the end.
  void patch_u32(std::size_t at, std::uint32_t value) {
    std::memcpy(bytes_.data() + at, &value, sizeof value);
  }

  void clear() { bytes_.clear(); }
  std::size_t size() const { return bytes_.size(); }
  const std::uint8_t* data() const { return bytes_.data(); }

 private:
  void raw(const void* from, std::size_t size) {
    const auto* first = static_cast<const std::uint8_t*>(from);
    bytes_.insert(bytes_.end(), first, first + size);
  }
  Bytes bytes_;
};

class PacketReader {
 public:
  explicit PacketReader(ByteView bytes) : rest_(bytes) {}

  std::uint32_t u32() {
    std::uint32_t value = 0;
    if (rest_.size() < sizeof value) {
      ok_ = false;
      rest_ = {};
      return 0;
    }
    std::memcpy(&value, rest_.data(), sizeof value);
    rest_ = rest_.subspan(sizeof value);
    return value;
  }
  ByteView bytes() {
    const std::uint32_t size = u32();
    if (size > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    const ByteView value = rest_.first(size);
    rest_ = rest_.subspan(size);
    return value;
  }
  std::string text() { return std::string(as_text(bytes())); }

  bool at_end() const { return rest_.empty(); }
  bool ok() const { return ok_; }

 private:
  ByteView rest_;
  bool ok_ = true;
};

}  // namespace parley::web
