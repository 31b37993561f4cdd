// Attachments: encrypted before they are uploaded; the key travels inside a sealed message.
//
// The contents and zeros up to the padded size, in secretstream chunks of 64 KiB (the last may be
// shorter) under a random key of their own, each 17 bytes longer than its plaintext; the last one
// carries the final tag (shared/crypto/stream.hpp). Padding follows Padme (Nikitin et al.,
// "Reducing metadata leakage from encrypted files", 2019): at most 12 % more, at least 512 bytes.
//
// Sans-IO: push pieces of any size in, take what comes out, finish. Memory stays at a chunk and a
// piece, and at the padding in the end. A reader goes through the ciphertext twice: the first time
// only hashes, so that no byte of a changed file is ever used.
#pragma once

#include "shared/crypto/hash.hpp"
#include "shared/crypto/stream.hpp"
#include "shared/identity/codec.hpp"

namespace parley::sealing {

inline constexpr std::uint64_t kMaxAttachmentBytes = std::uint64_t{1} << 32;
inline constexpr std::size_t kMaxAttachmentKeyBytes = 128;

std::uint64_t padded_attachment_size(std::uint64_t size);
// What is uploaded for contents of this size.
std::uint64_t attachment_ciphertext_size(std::uint64_t size);

// What a message carries.
struct AttachmentKey {
  crypto::Secret key;
  crypto::StreamHeader header{};
  std::uint64_t size = 0;  // of the contents
  crypto::Digest hash{};   // SHA-256 of the ciphertext

  AttachmentKey clone() const { return {key.clone(), header, size, hash}; }
  // Version 1 (1), key (32), header (24), size (varint), hash (32).
  crypto::SecretBytes encode() const;
  // kMalformed (also for more than kMaxAttachmentBytes) and kVersionUnsupported.
  static Result<AttachmentKey> decode(ByteView bytes);
};

class AttachmentSealer {
 public:
  explicit AttachmentSealer(Rng& rng);

  // The ciphertext that is complete by now. kInvalidArgument after the end or for more than
  // kMaxAttachmentBytes in all.
  Result<Bytes> push(ByteView piece);

  struct Finished {
    Bytes last;  // what is left to upload
    AttachmentKey key;
  };
  // Once.
  Result<Finished> finish();

 private:
  explicit AttachmentSealer(crypto::Secret key) : key_(std::move(key)), stream_(key_) {}
  void add(ByteView bytes, Bytes& out);
  void seal_chunk(bool last, Bytes& out);

  crypto::Secret key_;
  crypto::StreamSealer stream_;
  crypto::Sha256 hash_;
  crypto::SecretBytes chunk_;
  std::uint64_t size_ = 0;
  bool finished_ = false;
};

// The second time through a ciphertext. Made by AttachmentCheck.
class AttachmentOpener {
 public:
  // Contents that are complete by now. kDecryptionFailed for what is not the ciphertext, which also
  // ends it.
  Result<crypto::SecretBytes> push(ByteView piece);
  // kDecryptionFailed when the end is missing.
  Status finish() const;

 private:
  friend class AttachmentCheck;
  AttachmentOpener(AttachmentKey key, crypto::StreamOpener stream);
  Result<crypto::SecretBytes> open_chunk();

  AttachmentKey key_;
  crypto::StreamOpener stream_;
  std::uint64_t sealed_left_;
  std::uint64_t plain_left_;
  Bytes chunk_;
  bool failed_ = false;
};

// The first time: hash and size.
class AttachmentCheck {
 public:
  explicit AttachmentCheck(const AttachmentKey& key) : key_(key.clone()) {}

  void push(ByteView piece);
  // kDecryptionFailed unless all that was pushed is the ciphertext that the key belongs to.
  Result<AttachmentOpener> finish();

 private:
  AttachmentKey key_;
  crypto::Sha256 hash_;
  std::uint64_t size_ = 0;
};

}  // namespace parley::sealing
