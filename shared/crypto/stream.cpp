#include "shared/crypto/stream.hpp"

namespace parley::crypto {

StreamSealer::StreamSealer(const Secret& key) {
  crypto_secretstream_xchacha20poly1305_init_push(&state_, header_.data(), key.expose().data());
}

StreamSealer::~StreamSealer() { sodium_memzero(&state_, sizeof state_); }

Result<Bytes> StreamSealer::seal(ByteView chunk, bool last) {
  if (finished_ || chunk.size() > kChunkSize) return ErrorCode::kInvalidArgument;
  finished_ = last;
  Bytes sealed(chunk.size() + kChunkOverhead);
  crypto_secretstream_xchacha20poly1305_push(
      &state_, sealed.data(), nullptr, chunk.data(), chunk.size(), nullptr, 0,
      last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL
           : crypto_secretstream_xchacha20poly1305_TAG_MESSAGE);
  return sealed;
}

Result<StreamOpener> StreamOpener::create(const Secret& key, ByteView header) {
  StreamOpener opener;
  if (header.size() != crypto_secretstream_xchacha20poly1305_HEADERBYTES ||
      crypto_secretstream_xchacha20poly1305_init_pull(&opener.state_, header.data(),
                                                      key.expose().data()) != 0) {
    return ErrorCode::kDecryptionFailed;
  }
  return opener;
}

StreamOpener::StreamOpener(StreamOpener&& other) noexcept
    : state_(other.state_), finished_(other.finished_) {
  sodium_memzero(&other.state_, sizeof other.state_);
}

StreamOpener& StreamOpener::operator=(StreamOpener&& other) noexcept {
  if (this != &other) {
    state_ = other.state_;
    finished_ = other.finished_;
    sodium_memzero(&other.state_, sizeof other.state_);
  }
  return *this;
}

StreamOpener::~StreamOpener() { sodium_memzero(&state_, sizeof state_); }

Result<SecretBytes> StreamOpener::open(ByteView sealed) {
  if (finished_ || sealed.size() < kChunkOverhead || sealed.size() > kChunkSize + kChunkOverhead) {
    return ErrorCode::kDecryptionFailed;
  }
  SecretBytes chunk(sealed.size() - kChunkOverhead);
  std::uint8_t tag = 0;
  if (crypto_secretstream_xchacha20poly1305_pull(&state_, chunk.write().data(), nullptr, &tag,
                                                 sealed.data(), sealed.size(), nullptr, 0) != 0) {
    return ErrorCode::kDecryptionFailed;
  }
  finished_ = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
  return chunk;
}

}  // namespace parley::crypto
