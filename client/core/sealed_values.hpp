// Values of the client's local store, encrypted at rest.
//
// The platform keeps a random key apart from the store (client/native: a file of its own, the
// browser: wrapped by a key that cannot be exported) and seals each value on its way to the disk.
// Names of entries stay readable: they are ids. A value that was moved to another name, cut or
// changed does not open.
#pragma once

#include <string_view>

#include "shared/base/result.hpp"
#include "shared/base/rng.hpp"
#include "shared/crypto/secret.hpp"

namespace parley::client {

class SealedValues {
 public:
  explicit SealedValues(crypto::Secret key) : key_(std::move(key)) {}

  // Format (1), nonce (24), XChaCha20-Poly1305 ciphertext; associated data: "Parley store 1" |
  // name.
  Bytes seal(Rng& rng, std::string_view name, ByteView value) const;
  // kMalformed for another format, kDecryptionFailed for another key or name and for any change.
  Result<Bytes> open(std::string_view name, ByteView sealed) const;

 private:
  crypto::Secret key_;
};

}  // namespace parley::client
