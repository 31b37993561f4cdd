#include "shared/sealing/attachment.hpp"

#include <bit>

namespace parley::sealing {
namespace {

using crypto::kChunkOverhead;
using crypto::kChunkSize;
using identity::fixed;

constexpr std::uint8_t kKeyVersion = 1;
constexpr std::uint64_t kLeastPadded = 512;

struct KeyFields {
  std::uint8_t version = kKeyVersion;
  AttachmentKey key;

  template <class Archive>
  void serialize(Archive& ar) {
    ar(version, fixed(key.key), fixed(key.header), key.size, fixed(key.hash));
  }
};

}  // namespace

std::uint64_t padded_attachment_size(std::uint64_t size) {
  if (size <= kLeastPadded) return kLeastPadded;
  const auto exponent = static_cast<unsigned>(std::bit_width(size)) - 1;
  const auto kept = static_cast<unsigned>(std::bit_width(exponent));
  const std::uint64_t step = std::uint64_t{1} << (exponent - kept);
  return (size + step - 1) / step * step;
}

std::uint64_t attachment_ciphertext_size(std::uint64_t size) {
  const std::uint64_t padded = padded_attachment_size(size);
  return padded + (padded + kChunkSize - 1) / kChunkSize * kChunkOverhead;
}

crypto::SecretBytes AttachmentKey::encode() const {
  return identity::encode_secret(KeyFields{kKeyVersion, clone()}, kMaxAttachmentKeyBytes);
}

Result<AttachmentKey> AttachmentKey::decode(ByteView bytes) {
  PARLEY_TRY(identity::check_version(bytes, kKeyVersion));
  auto read = wire::decode<KeyFields>(bytes);
  if (!read) return read.error();
  if (read->key.size > kMaxAttachmentBytes) return ErrorCode::kMalformed;
  return std::move(read->key);
}

// ---- sealing -----------------------------------------------------------------------------------

namespace {

crypto::Secret random_key(Rng& rng) {
  crypto::Secret key;
  rng.fill(key.write());
  return key;
}

}  // namespace

AttachmentSealer::AttachmentSealer(Rng& rng) : AttachmentSealer(random_key(rng)) {}

Result<Bytes> AttachmentSealer::push(ByteView piece) {
  if (finished_ || piece.size() > kMaxAttachmentBytes - size_) return ErrorCode::kInvalidArgument;
  size_ += piece.size();
  Bytes out;
  add(piece, out);
  return out;
}

Result<AttachmentSealer::Finished> AttachmentSealer::finish() {
  if (finished_) return ErrorCode::kInvalidArgument;
  finished_ = true;
  Bytes out;
  const Bytes zeros(kChunkSize);
  std::uint64_t padding = padded_attachment_size(size_) - size_;
  while (padding > 0) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(padding, zeros.size()));
    add(ByteView(zeros).first(count), out);
    padding -= count;
  }
  seal_chunk(true, out);
  return Finished{std::move(out), {std::move(key_), stream_.header(), size_, hash_.finish()}};
}

// A full chunk waits until something comes after it: it may be the last.
void AttachmentSealer::add(ByteView bytes, Bytes& out) {
  while (!bytes.empty()) {
    if (chunk_.size() == kChunkSize) seal_chunk(false, out);
    const std::size_t count = std::min(bytes.size(), kChunkSize - chunk_.size());
    chunk_.append(bytes.first(count));
    bytes = bytes.subspan(count);
  }
}

void AttachmentSealer::seal_chunk(bool last, Bytes& out) {
  const auto sealed = stream_.seal(chunk_.expose(), last);
  assert(sealed.ok());  // never larger than a chunk, never after the last one
  hash_.update(*sealed);
  out.insert(out.end(), sealed->begin(), sealed->end());
  chunk_.truncate(0);
}

// ---- opening -----------------------------------------------------------------------------------

void AttachmentCheck::push(ByteView piece) {
  size_ += piece.size();
  hash_.update(piece);
}

Result<AttachmentOpener> AttachmentCheck::finish() {
  if (size_ != attachment_ciphertext_size(key_.size) || hash_.finish() != key_.hash) {
    return ErrorCode::kDecryptionFailed;
  }
  auto stream = crypto::StreamOpener::create(key_.key, key_.header);
  if (!stream) return stream.error();
  return AttachmentOpener(std::move(key_), std::move(*stream));
}

AttachmentOpener::AttachmentOpener(AttachmentKey key, crypto::StreamOpener stream)
    : key_(std::move(key)),
      stream_(std::move(stream)),
      sealed_left_(attachment_ciphertext_size(key_.size)),
      plain_left_(key_.size) {}

Result<crypto::SecretBytes> AttachmentOpener::push(ByteView piece) {
  if (failed_ || piece.size() > sealed_left_ - chunk_.size()) {
    failed_ = true;
    return ErrorCode::kDecryptionFailed;
  }
  crypto::SecretBytes out;
  while (!piece.empty()) {
    const auto wanted = static_cast<std::size_t>(
        std::min<std::uint64_t>(sealed_left_, kChunkSize + kChunkOverhead));
    const std::size_t count = std::min(piece.size(), wanted - chunk_.size());
    chunk_.insert(chunk_.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(count));
    piece = piece.subspan(count);
    if (chunk_.size() < wanted) break;
    auto opened = open_chunk();
    failed_ = !opened;
    if (failed_) return opened.error();
    out.append(opened->expose());
  }
  return out;
}

// The chunk's part of the contents; what is behind their end has to be zeros.
Result<crypto::SecretBytes> AttachmentOpener::open_chunk() {
  sealed_left_ -= chunk_.size();
  auto opened = stream_.open(chunk_);
  chunk_.clear();
  if (!opened) return opened.error();
  if (stream_.finished() != (sealed_left_ == 0)) return ErrorCode::kDecryptionFailed;
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(plain_left_, opened->size()));
  const bool padded = std::ranges::all_of(opened->expose().subspan(count),
                                          [](std::uint8_t byte) { return byte == 0; });
  if (!padded) return ErrorCode::kDecryptionFailed;
  opened->truncate(count);
  plain_left_ -= count;
  return opened;
}

Status AttachmentOpener::finish() const {
  if (failed_ || sealed_left_ > 0) return ErrorCode::kDecryptionFailed;
  return {};
}

}  // namespace parley::sealing
