// Bounded binary archives for cereal.
//
// A struct declares its fields once, in `template <class Archive> void serialize(Archive&)`, with
// field(name, value[, cap]). The binary archives below ignore the names; the JSON archives of
// json.hpp use them.
//
// Encoding: unsigned integers are canonical LEB128 varints (shortest form only), signed ones zigzag
// first; bool is one byte 0 or 1; strings and byte strings are a varint length and the bytes;
// vectors a varint count and the elements; optionals a bool and the value; ids their 16 bytes.
//
// BinaryReader never throws and never allocates more than the bytes it was given can fill: a length
// is checked against its cap and against the bytes left first. The first fault is kept ("sticky");
// afterwards everything reads as empty. finish() also refuses trailing bytes.
#pragma once

#include <cereal/cereal.hpp>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/base/id.hpp"
#include "shared/base/result.hpp"
#include "shared/base/utf8.hpp"
#include "shared/wire/limits.hpp"

namespace parley::wire {

// A value with the most bytes (strings) or elements (vectors) it may have.
template <class T>
struct Capped {
  T& value;
  std::size_t cap;
};

template <class T>
auto field(const char* name, T& value) {
  return cereal::make_nvp(name, value);
}
template <class T>
auto field(const char* name, T& value, std::size_t cap) {
  return cereal::make_nvp(name, Capped<T>{value, cap});
}

template <class T>
concept Optional = std::same_as<T, std::optional<typename T::value_type>>;

template <class T>
concept Integer = std::integral<T> && !std::same_as<T, bool>;

class BinaryWriter
    : public cereal::OutputArchive<BinaryWriter, cereal::AllowEmptyClassElision> {
 public:
  explicit BinaryWriter(Bytes& out) : OutputArchive(this), out_(out) {}

  void write_varint(std::uint64_t value) {
    while (value >= 0x80) {
      out_.push_back(static_cast<std::uint8_t>(value | 0x80));
      value >>= 7;
    }
    out_.push_back(static_cast<std::uint8_t>(value));
  }
  void write_raw(ByteView bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
  void write_block(ByteView bytes) {
    write_varint(bytes.size());
    write_raw(bytes);
  }

 private:
  Bytes& out_;
};

class BinaryReader : public cereal::InputArchive<BinaryReader, cereal::AllowEmptyClassElision> {
 public:
  explicit BinaryReader(ByteView in) : InputArchive(this), in_(in) {}

  std::uint64_t read_varint();
  // A varint that counts `unit`-byte things still to come, at most `cap` of them.
  std::size_t read_length(std::size_t cap, std::size_t unit = 1);
  ByteView read_raw(std::size_t length);
  ByteView read_block(std::size_t cap) { return read_raw(read_length(cap)); }

  void fail(const char* what) {
    if (!fault_) fault_ = what;
    in_ = {};
  }
  bool ok() const { return fault_ == nullptr; }
  std::size_t left() const { return in_.size(); }

  // Depth of nested structs; false (and a fault) past kMaxDepth.
  bool enter() {
    if (++depth_ > kMaxDepth) fail("nested too deeply");
    return ok();
  }
  void leave() { --depth_; }

  // An error if anything was wrong or bytes are left over.
  Status finish() {
    if (ok() && !in_.empty()) fail("trailing bytes");
    if (ok()) return {};
    return Error{ErrorCode::kMalformed, fault_, {}};
  }

 private:
  ByteView in_;
  const char* fault_ = nullptr;
  int depth_ = 0;
};

}  // namespace parley::wire

// ---- how each kind of value is written and read ------------------------------------------------

namespace cereal {

namespace pw = parley::wire;

template <class T>
void CEREAL_SAVE_FUNCTION_NAME(pw::BinaryWriter& ar, const NameValuePair<T>& pair) {
  ar(pair.value);
}
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(pw::BinaryReader& ar, NameValuePair<T>& pair) {
  ar(pair.value);
}

template <pw::Integer T>
void CEREAL_SAVE_FUNCTION_NAME(pw::BinaryWriter& ar, const T& value) {
  if constexpr (std::is_signed_v<T>) {
    const auto wide = static_cast<std::int64_t>(value);
    ar.write_varint((static_cast<std::uint64_t>(wide) << 1) ^
                    static_cast<std::uint64_t>(wide >> 63));
  } else {
    ar.write_varint(value);
  }
}
template <pw::Integer T>
void CEREAL_LOAD_FUNCTION_NAME(pw::BinaryReader& ar, T& value) {
  const std::uint64_t raw = ar.read_varint();
  if constexpr (std::is_signed_v<T>) {
    const auto wide = static_cast<std::int64_t>((raw >> 1) ^ (~(raw & 1) + 1));
    value = static_cast<T>(wide);
    if (value != wide) ar.fail("number out of range");
  } else {
    value = static_cast<T>(raw);
    if (value != raw) ar.fail("number out of range");
  }
}

inline void CEREAL_SAVE_FUNCTION_NAME(pw::BinaryWriter& ar, const bool& value) {
  ar.write_varint(value ? 1 : 0);
}
inline void CEREAL_LOAD_FUNCTION_NAME(pw::BinaryReader& ar, bool& value) {
  const std::uint64_t raw = ar.read_varint();
  if (raw > 1) ar.fail("not a boolean");
  value = raw == 1;
}

// Enums travel as their underlying integer (cereal does that itself). Any number that fits is taken:
// a newer peer may know more values, so every use of an enum has a default.

template <class Tag>
void CEREAL_SAVE_FUNCTION_NAME(pw::BinaryWriter& ar, const parley::Id<Tag>& id) {
  ar.write_raw(id.view());
}
template <class Tag>
void CEREAL_LOAD_FUNCTION_NAME(pw::BinaryReader& ar, parley::Id<Tag>& id) {
  if (auto read = parley::Id<Tag>::from_bytes(ar.read_raw(16))) id = *read;
}

inline void CEREAL_SAVE_FUNCTION_NAME(pw::BinaryWriter& ar, const parley::Seq& seq) {
  ar.write_varint(seq.value);
}
inline void CEREAL_LOAD_FUNCTION_NAME(pw::BinaryReader& ar, parley::Seq& seq) {
  seq.value = ar.read_varint();
}

inline void CEREAL_SAVE_FUNCTION_NAME(pw::BinaryWriter& ar, const parley::Timestamp& at) {
  ar(at.ms);
}
inline void CEREAL_LOAD_FUNCTION_NAME(pw::BinaryReader& ar, parley::Timestamp& at) { ar(at.ms); }

template <class T>
void CEREAL_SAVE_FUNCTION_NAME(pw::BinaryWriter& ar, const pw::Capped<T>& capped) {
  using Value = std::remove_const_t<T>;
  if constexpr (std::same_as<Value, std::string>) {
    ar.write_block(parley::as_bytes(capped.value));
  } else if constexpr (std::same_as<Value, parley::Bytes>) {
    ar.write_block(capped.value);
  } else if constexpr (pw::Optional<Value>) {
    ar(capped.value.has_value());
    if (capped.value) ar(pw::Capped{*capped.value, capped.cap});
  } else {
    ar.write_varint(capped.value.size());
    for (const auto& element : capped.value) ar(element);
  }
}
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(pw::BinaryReader& ar, pw::Capped<T>& capped) {
  if constexpr (std::same_as<T, std::string>) {
    const auto text = parley::as_text(ar.read_block(capped.cap));
    if (!parley::is_valid_utf8(text)) return ar.fail("not UTF-8");
    capped.value.assign(text);
  } else if constexpr (std::same_as<T, parley::Bytes>) {
    const auto raw = ar.read_block(capped.cap);
    capped.value.assign(raw.begin(), raw.end());
  } else if constexpr (pw::Optional<T>) {
    bool present = false;
    ar(present);
    capped.value.reset();
    if (present && ar.ok()) ar(pw::Capped{capped.value.emplace(), capped.cap});
  } else {
    const std::size_t count = ar.read_length(capped.cap);
    capped.value.clear();
    // Grows with what is really there: an element takes at least a byte of input, but may be much
    // larger in memory.
    for (std::size_t i = 0; i < count && ar.ok(); ++i) ar(capped.value.emplace_back());
  }
}

template <class T>
void CEREAL_SAVE_FUNCTION_NAME(pw::BinaryWriter& ar, const std::optional<T>& value) {
  ar(value.has_value());
  if (value) ar(*value);
}
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(pw::BinaryReader& ar, std::optional<T>& value) {
  bool present = false;
  ar(present);
  value.reset();
  if (present && ar.ok()) ar(value.emplace());
}

// Structs nest: count the depth around each of them.
template <class T>
  requires(std::is_class_v<T> && requires(T& t, pw::BinaryReader& ar) { t.serialize(ar); })
void prologue(pw::BinaryReader& ar, const T&) {
  ar.enter();
}
template <class T>
  requires(std::is_class_v<T> && requires(T& t, pw::BinaryReader& ar) { t.serialize(ar); })
void epilogue(pw::BinaryReader& ar, const T&) {
  ar.leave();
}

}  // namespace cereal

CEREAL_REGISTER_ARCHIVE(parley::wire::BinaryWriter)
CEREAL_REGISTER_ARCHIVE(parley::wire::BinaryReader)
CEREAL_SETUP_ARCHIVE_TRAITS(parley::wire::BinaryReader, parley::wire::BinaryWriter)

namespace parley::wire {

template <class T>
Bytes encode(const T& value) {
  Bytes out;
  BinaryWriter writer(out);
  writer(value);
  return out;
}

// The whole of `in` must be one T.
template <class T>
Result<T> decode(ByteView in) {
  BinaryReader reader(in);
  T value{};
  reader(value);
  PARLEY_TRY(reader.finish());
  return value;
}

}  // namespace parley::wire
