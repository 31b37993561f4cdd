// HKDF (RFC 5869) over either HMAC. libsodium 1.0.18 has the HMACs and not the HKDF.
#pragma once

#include <algorithm>
#include <initializer_list>

#include "shared/crypto/hash.hpp"

namespace parley::crypto {

// Texts that a MAC reads one after the other, without being joined in memory first.
using Parts = std::initializer_list<ByteView>;

template <class Hmac>
class Hkdf {
 public:
  static constexpr std::size_t kHashSize = Hmac::kSize;
  static constexpr std::size_t kMaxSize = 255 * kHashSize;  // of an expansion
  using Key = SecretArray<kHashSize>;

  // An empty salt means as many zeros as the hash is long.
  static Key extract(ByteView salt, Parts input) {
    Hmac mac(salt);
    for (const ByteView part : input) mac.update(part);
    return mac.finish();
  }
  static Key extract(ByteView salt, ByteView input) { return extract(salt, {input}); }

  // Fills `out`, at most kMaxSize bytes.
  static void expand(ByteView key, Parts info, std::span<std::uint8_t> out) {
    assert(out.size() <= kMaxSize);
    const Hmac keyed(key);
    Key block;
    std::uint8_t counter = 0;
    while (!out.empty()) {
      Hmac mac(keyed);
      if (counter > 0) mac.update(block.expose());
      for (const ByteView part : info) mac.update(part);
      ++counter;
      mac.update({&counter, 1});
      block = mac.finish();
      const std::size_t count = std::min(out.size(), kHashSize);
      std::copy_n(block.expose().begin(), count, out.begin());
      out = out.subspan(count);
    }
  }

  template <std::size_t N>
  static SecretArray<N> expand(ByteView key, Parts info) {
    static_assert(N <= kMaxSize);
    SecretArray<N> out;
    expand(key, info, out.write());
    return out;
  }
};

using HkdfSha256 = Hkdf<HmacSha256>;
using HkdfSha512 = Hkdf<HmacSha512>;

}  // namespace parley::crypto
