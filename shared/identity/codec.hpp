// What the formats here and in shared/sealing need beyond the archives of shared/wire: byte strings
// of a fixed size, and plaintexts with keys in them.
#pragma once

#include <algorithm>
#include <array>
#include <initializer_list>

#include "shared/crypto/secret.hpp"
#include "shared/wire/archive.hpp"

namespace parley::identity {

// Bytes as they are, without a length before them.
template <std::size_t N>
struct Fixed {
  std::span<std::uint8_t, N> bytes;
};

template <std::size_t N>
Fixed<N> fixed(std::array<std::uint8_t, N>& bytes) {
  return {bytes};
}
template <std::size_t N>
Fixed<N> fixed(crypto::SecretArray<N>& secret) {
  return {secret.write()};
}

template <std::size_t N>
void CEREAL_SAVE_FUNCTION_NAME(wire::BinaryWriter& ar, const Fixed<N>& value) {
  ar.write_raw(value.bytes);
}
template <std::size_t N>
void CEREAL_LOAD_FUNCTION_NAME(wire::BinaryReader& ar, Fixed<N>& value) {
  const ByteView raw = ar.read_raw(N);
  if (raw.size() == N) std::ranges::copy(raw, value.bytes.begin());
}

inline Bytes concat(std::initializer_list<ByteView> parts) {
  Bytes all;
  for (const ByteView part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

// Eight bytes, the highest first: the form of numbers in associated data and entry names.
inline std::array<std::uint8_t, 8> big_endian(std::uint64_t value) {
  std::array<std::uint8_t, 8> bytes{};
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(value >> (56 - 8 * i));
  return bytes;
}

// Encodes what holds secrets. `most` is at least the size it comes to, so that no copy is left
// behind in memory that was given back.
template <class T>
crypto::SecretBytes encode_secret(const T& value, std::size_t most) {
  Bytes plain;
  plain.reserve(most);
  wire::BinaryWriter writer(plain);
  writer(value);
  assert(plain.size() <= most);
  crypto::SecretBytes secret{ByteView(plain)};
  crypto::wipe(plain);
  return secret;
}

}  // namespace parley::identity
