// Memory for keys: wiped when it goes, never copied or printed by accident.
//
// Move-only; a copy is asked for by name (clone). The bytes are reached through expose(), so that a
// search for that word lists every place where a secret is used. Nothing here can be streamed,
// formatted or compared with ==; use constant_time_equal.
#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <memory>
#include <vector>

#include "shared/base/bytes.hpp"

namespace parley::crypto {

void wipe(std::span<std::uint8_t> bytes) noexcept;

// False when the sizes differ; otherwise takes the same time for any contents.
bool constant_time_equal(ByteView a, ByteView b);

// A secret of a size known to the compiler.
template <std::size_t N>
class SecretArray {
 public:
  SecretArray() = default;  // zeros, to be filled through write()
  explicit SecretArray(std::span<const std::uint8_t, N> bytes) { assign(bytes); }
  SecretArray(SecretArray&& other) noexcept : bytes_(other.bytes_) { other.clear(); }
  SecretArray& operator=(SecretArray&& other) noexcept {
    if (this != &other) {
      bytes_ = other.bytes_;
      other.clear();
    }
    return *this;
  }
  SecretArray(const SecretArray&) = delete;
  SecretArray& operator=(const SecretArray&) = delete;
  ~SecretArray() { clear(); }

  SecretArray clone() const { return SecretArray(expose()); }
  void clear() noexcept { wipe(bytes_); }

  std::span<const std::uint8_t, N> expose() const { return bytes_; }
  std::span<std::uint8_t, N> write() { return bytes_; }
  static constexpr std::size_t size() { return N; }

 private:
  void assign(std::span<const std::uint8_t, N> bytes) {
    for (std::size_t i = 0; i < N; ++i) bytes_[i] = bytes[i];
  }
  std::array<std::uint8_t, N> bytes_{};
};

// The size of nearly every secret here: output of SHA-256, key of X25519 and ChaCha20.
using Secret = SecretArray<32>;

// Wipes what it gives back, also when a vector grows out of it.
template <class T>
struct WipingAllocator {
  using value_type = T;
  WipingAllocator() = default;
  template <class U>
  WipingAllocator(const WipingAllocator<U>&) {}
  T* allocate(std::size_t count) { return std::allocator<T>().allocate(count); }
  void deallocate(T* memory, std::size_t count) noexcept {
    wipe({reinterpret_cast<std::uint8_t*>(memory), count * sizeof(T)});
    std::allocator<T>().deallocate(memory, count);
  }
  bool operator==(const WipingAllocator&) const { return true; }
};

// A secret of any size.
class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(std::size_t size) : bytes_(size) {}
  explicit SecretBytes(ByteView bytes) : bytes_(bytes.begin(), bytes.end()) {}
  SecretBytes(SecretBytes&&) noexcept = default;
  SecretBytes& operator=(SecretBytes&&) noexcept = default;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;

  SecretBytes clone() const { return SecretBytes(expose()); }
  void append(ByteView bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  // Keeps the first bytes.
  void truncate(std::size_t size) {
    assert(size <= bytes_.size());
    wipe(std::span(bytes_).subspan(size));
    bytes_.resize(size);
  }

  ByteView expose() const { return bytes_; }
  std::span<std::uint8_t> write() { return bytes_; }
  std::size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }

 private:
  std::vector<std::uint8_t, WipingAllocator<std::uint8_t>> bytes_;
};

}  // namespace parley::crypto
