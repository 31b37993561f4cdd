#include "client/core/sealed_values.hpp"

#include <algorithm>

#include "shared/crypto/aead.hpp"

namespace parley::client {
namespace {

constexpr std::uint8_t kFormat = 2;
constexpr std::size_t kNonce = std::tuple_size_v<crypto::XChaChaNonce>;

Bytes bound_name(std::string_view name) {
  Bytes out = to_bytes(as_bytes("Parley store 1"));
  const ByteView bytes = as_bytes(name);
  out.insert(out.end(), bytes.begin(), bytes.end());
  return out;
}

}  // namespace

Bytes SealedValues::seal(Rng& rng, std::string_view name, ByteView value) const {
  crypto::XChaChaNonce nonce{};
  rng.fill(nonce);
  const Bytes body = crypto::xchacha_seal(key_, nonce, bound_name(name), value);
  Bytes out;
  out.reserve(1 + kNonce + body.size());
  out.push_back(kFormat);
  out.insert(out.end(), nonce.begin(), nonce.end());
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

Result<Bytes> SealedValues::open(std::string_view name, ByteView sealed) const {
  if (sealed.size() < 1 + kNonce || sealed[0] != kFormat) return ErrorCode::kMalformed;
  crypto::XChaChaNonce nonce{};
  std::ranges::copy(sealed.subspan(1, kNonce), nonce.begin());
  const auto value =
      crypto::xchacha_open(key_, nonce, bound_name(name), sealed.subspan(1 + kNonce));
  if (!value) return value.error();
  return to_bytes(value->expose());
}

}  // namespace parley::client
