// A file or another long text in sealed chunks (libsodium's secretstream, XChaCha20-Poly1305).
//
// Chunks cannot be reordered, dropped, repeated or cut off at the end: the last one says that it is
// the last. Each grows by kChunkOverhead.
#pragma once

#include <sodium.h>

#include <array>

#include "shared/base/result.hpp"
#include "shared/crypto/secret.hpp"

namespace parley::crypto {

inline constexpr std::size_t kChunkSize = 64 * 1024;  // of plaintext; the last may be shorter
inline constexpr std::size_t kChunkOverhead = crypto_secretstream_xchacha20poly1305_ABYTES;

using StreamHeader = std::array<std::uint8_t, crypto_secretstream_xchacha20poly1305_HEADERBYTES>;

class StreamSealer {
 public:
  explicit StreamSealer(const Secret& key);
  ~StreamSealer();
  StreamSealer(const StreamSealer&) = delete;
  StreamSealer& operator=(const StreamSealer&) = delete;

  // Random; the reader needs it. It is not secret.
  const StreamHeader& header() const { return header_; }
  // kInvalidArgument after the last chunk, or for more than kChunkSize bytes.
  Result<Bytes> seal(ByteView chunk, bool last);

 private:
  crypto_secretstream_xchacha20poly1305_state state_;
  StreamHeader header_{};
  bool finished_ = false;
};

class StreamOpener {
 public:
  // kDecryptionFailed for a header of a wrong size.
  static Result<StreamOpener> create(const Secret& key, ByteView header);
  StreamOpener(StreamOpener&& other) noexcept;
  StreamOpener& operator=(StreamOpener&& other) noexcept;
  ~StreamOpener();

  // kDecryptionFailed for anything but the next chunk as it was sealed, and after the last one.
  Result<SecretBytes> open(ByteView sealed);
  // False at the end of the input: it was cut off.
  bool finished() const { return finished_; }

 private:
  StreamOpener() = default;
  crypto_secretstream_xchacha20poly1305_state state_{};
  bool finished_ = false;
};

}  // namespace parley::crypto
