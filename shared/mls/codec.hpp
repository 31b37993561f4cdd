// The presentation language of TLS 1.3 as MLS uses it (RFC 9420 section 2): big-endian numbers,
// variable vectors with a varint of bytes before them, optional values with a presence byte.
//
// A struct lists its fields once, for both directions:
//
//   template <class Self, class Archive>
//   static void fields(Self& self, Archive& ar) { ar(self.group_id, self.epoch); }
//
// Bytes is opaque<V>, vector<T> is T<V>, array<uint8_t, N> is opaque[N], optional<T> is
// optional<T>. The reader allocates no more than the input can fill, refuses varints that are
// longer than needed, presence bytes other than 0 and 1, trailing bytes, and goes on failing after
// its first failure.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <memory>
#include <optional>
#include <type_traits>
#include <variant>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/crypto/secret.hpp"

namespace parley::mls {

// Largest vector that is read or written: the varint's own limit (RFC 9420 section 2.1.2).
inline constexpr std::size_t kMaxVectorSize = (std::size_t{1} << 30) - 1;

// A varint's bytes; `value` at most kMaxVectorSize.
struct Varint {
  std::array<std::uint8_t, 4> bytes{};
  std::size_t size = 0;
};
Varint varint_bytes(std::size_t value);

template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;
template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_byte_array = false;
template <std::size_t N>
inline constexpr bool is_byte_array<std::array<std::uint8_t, N>> = true;
template <class T>
inline constexpr bool is_secret_array = false;
template <std::size_t N>
inline constexpr bool is_secret_array<crypto::SecretArray<N>> = true;
template <class T>
inline constexpr bool is_boxed = false;
template <class T>
inline constexpr bool is_boxed<std::shared_ptr<const T>> = true;

// `Buffer`: a vector of bytes; one that wipes itself for what holds secrets.
template <class Buffer>
class BasicWriter {
 public:
  template <class... T>
  void operator()(const T&... values) {
    (write(values), ...);
  }

  void raw(ByteView bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
  void opaque(ByteView bytes) {
    varint(bytes.size());
    raw(bytes);
  }
  void varint(std::size_t value) {
    const Varint encoded = varint_bytes(value);
    raw({encoded.bytes.data(), encoded.size});
  }
  void number(std::uint64_t value, std::size_t size) {
    for (std::size_t i = size; i > 0; --i)
      out_.push_back(static_cast<std::uint8_t>(value >> (8 * (i - 1))));
  }
  // A vector whose contents `body` writes; its length is put before it.
  template <class Body>
  void vector(Body body) {
    const std::size_t start = out_.size();
    body();
    insert_length(start);
  }

  // The reader's checks do nothing here, so that one fields() serves both.
  static constexpr bool kReads = false;
  void fail(const char*) {}
  bool ok() const { return true; }

  void reserve(std::size_t size) { out_.reserve(size); }
  ByteView bytes() const { return out_; }
  Buffer take() { return std::move(out_); }

 private:
  template <class T>
  void write(const T& value) {
    if constexpr (std::is_enum_v<T>) {
      number(static_cast<std::uint64_t>(value), sizeof(T));
    } else if constexpr (std::unsigned_integral<T>) {
      number(value, sizeof(T));
    } else if constexpr (std::same_as<T, Bytes> || std::same_as<T, ByteView>) {
      opaque(value);
    } else if constexpr (std::same_as<T, crypto::SecretBytes>) {
      opaque(value.expose());
    } else if constexpr (is_byte_array<T>) {
      raw(value);
    } else if constexpr (is_secret_array<T>) {
      raw(value.expose());
    } else if constexpr (is_vector<T>) {
      vector([&] {
        for (const auto& element : value) write(element);
      });
    } else if constexpr (is_optional<T>) {
      number(value.has_value() ? 1 : 0, 1);
      if (value) write(*value);
    } else if constexpr (is_boxed<T>) {
      write(*value);
    } else {
      T::fields(value, *this);
    }
  }
  void insert_length(std::size_t start) {
    const Varint length = varint_bytes(out_.size() - start);
    out_.insert(out_.begin() + static_cast<std::ptrdiff_t>(start), length.bytes.begin(),
                length.bytes.begin() + static_cast<std::ptrdiff_t>(length.size));
  }

  Buffer out_;
};
using Writer = BasicWriter<Bytes>;
using SecretBuffer = std::vector<std::uint8_t, crypto::WipingAllocator<std::uint8_t>>;
using SecretWriter = BasicWriter<SecretBuffer>;

class Reader {
 public:
  explicit Reader(ByteView bytes) : left_(bytes) {}

  template <class... T>
  void operator()(T&... values) {
    (read(values), ...);
  }

  ByteView raw(std::size_t size);
  ByteView opaque();
  std::uint64_t number(std::size_t size);
  std::size_t varint();

  static constexpr bool kReads = true;
  // `what` names the rule that the input breaks; the first one is kept.
  void fail(const char* what) {
    if (problem_ == nullptr) problem_ = what;
    left_ = {};
  }
  bool ok() const { return problem_ == nullptr; }
  bool at_end() const { return left_.empty(); }
  std::size_t left() const { return left_.size(); }
  // kMalformed when something failed or bytes are left over.
  Status finish();
  Status status() const;

 private:
  template <class T>
  void read(T& value) {
    if constexpr (std::is_enum_v<T>) {
      value = static_cast<T>(number(sizeof(T)));
    } else if constexpr (std::unsigned_integral<T>) {
      value = static_cast<T>(number(sizeof(T)));
    } else if constexpr (std::same_as<T, Bytes>) {
      value = to_bytes(opaque());
    } else if constexpr (std::same_as<T, crypto::SecretBytes>) {
      value = crypto::SecretBytes(opaque());
    } else if constexpr (is_byte_array<T>) {
      const ByteView bytes = raw(value.size());
      for (std::size_t i = 0; i < bytes.size(); ++i) value[i] = bytes[i];
    } else if constexpr (is_secret_array<T>) {
      const ByteView bytes = raw(value.size());
      std::ranges::copy(bytes, value.write().begin());
    } else if constexpr (is_vector<T>) {
      Reader inner(opaque());
      while (ok() && !inner.at_end()) {
        inner.read(value.emplace_back());
        if (!inner.ok()) fail(inner.problem_);
      }
    } else if constexpr (is_optional<T>) {
      const auto present = number(1);
      if (present > 1) fail("a presence byte is neither 0 nor 1");
      value.reset();
      if (ok() && present == 1) read(value.emplace());
    } else if constexpr (is_boxed<T>) {
      auto inner = std::make_shared<std::remove_const_t<typename T::element_type>>();
      read(*inner);
      value = std::move(inner);
    } else {
      T::fields(value, *this);
    }
  }

  ByteView left_;
  const char* problem_ = nullptr;
};

// One of two kinds: a byte, 1 or 2, tells which. `neither` is said of another byte.
template <class Variant, class Archive>
void either_of(Variant& value, Archive& ar, const char* neither) {
  static_assert(std::variant_size_v<Variant> == 2);
  auto kind = static_cast<std::uint8_t>(value.index() + 1);
  ar(kind);
  if constexpr (Archive::kReads) {
    if (kind == 2) {
      value = std::variant_alternative_t<1, Variant>();
    } else if (kind != 1) {
      ar.fail(neither);
    }
  }
  std::visit([&](auto& body) { ar(body); }, value);
}

template <class T>
Bytes encode(const T& value) {
  Writer writer;
  writer(value);
  return writer.take();
}

// kMalformed unless all bytes are exactly one T.
template <class T>
Result<T> decode(ByteView bytes) {
  Reader reader(bytes);
  T value;
  reader(value);
  PARLEY_TRY(reader.finish());
  return value;
}

}  // namespace parley::mls
