#include "server/net/digest.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

namespace parley::net {
namespace {

template <std::size_t kSize>
std::array<std::uint8_t, kSize> digest(std::string_view content, const EVP_MD* algorithm) {
  std::array<std::uint8_t, kSize> out{};
  unsigned size = 0;
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> raw{};
  EVP_Digest(content.data(), content.size(), raw.data(), &size, algorithm, nullptr);
  std::copy_n(raw.begin(), std::min<std::size_t>(size, kSize), out.begin());
  return out;
}

}  // namespace

std::string websocket_accept(std::string_view key) {
  std::string text(key);
  text += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  const auto hash = digest<20>(text, EVP_sha1());
  std::array<unsigned char, 29> encoded{};
  const int size = EVP_EncodeBlock(encoded.data(), hash.data(), static_cast<int>(hash.size()));
  return {encoded.begin(), encoded.begin() + size};
}

std::string content_hash(ByteView content) {
  return to_hex(digest<16>(as_text(content), EVP_sha256()));
}

}  // namespace parley::net
