#include "shared/crypto/aead.hpp"

#include <sodium.h>

namespace parley::crypto {

static_assert(kAeadTagSize == crypto_aead_chacha20poly1305_ietf_ABYTES);
static_assert(kAeadTagSize == crypto_aead_xchacha20poly1305_ietf_ABYTES);
static_assert(std::tuple_size_v<ChaChaNonce> == crypto_aead_chacha20poly1305_ietf_NPUBBYTES);
static_assert(std::tuple_size_v<XChaChaNonce> == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);

namespace {

template <class Encrypt, class Nonce>
Bytes seal(Encrypt encrypt, const Secret& key, const Nonce& nonce, ByteView aad,
           ByteView plaintext) {
  Bytes sealed(plaintext.size() + kAeadTagSize);
  encrypt(sealed.data(), nullptr, plaintext.data(), plaintext.size(), aad.data(), aad.size(),
          nullptr, nonce.data(), key.expose().data());
  return sealed;
}

template <class Decrypt, class Nonce>
Result<SecretBytes> open(Decrypt decrypt, const Secret& key, const Nonce& nonce, ByteView aad,
                         ByteView sealed) {
  if (sealed.size() < kAeadTagSize) return ErrorCode::kDecryptionFailed;
  SecretBytes plaintext(sealed.size() - kAeadTagSize);
  if (decrypt(plaintext.write().data(), nullptr, nullptr, sealed.data(), sealed.size(), aad.data(),
              aad.size(), nonce.data(), key.expose().data()) != 0) {
    return ErrorCode::kDecryptionFailed;
  }
  return plaintext;
}

}  // namespace

Bytes chacha_seal(const Secret& key, const ChaChaNonce& nonce, ByteView aad, ByteView plaintext) {
  return seal(crypto_aead_chacha20poly1305_ietf_encrypt, key, nonce, aad, plaintext);
}

Bytes xchacha_seal(const Secret& key, const XChaChaNonce& nonce, ByteView aad, ByteView plaintext) {
  return seal(crypto_aead_xchacha20poly1305_ietf_encrypt, key, nonce, aad, plaintext);
}

Result<SecretBytes> chacha_open(const Secret& key, const ChaChaNonce& nonce, ByteView aad,
                                ByteView sealed) {
  return open(crypto_aead_chacha20poly1305_ietf_decrypt, key, nonce, aad, sealed);
}

Result<SecretBytes> xchacha_open(const Secret& key, const XChaChaNonce& nonce, ByteView aad,
                                 ByteView sealed) {
  return open(crypto_aead_xchacha20poly1305_ietf_decrypt, key, nonce, aad, sealed);
}

}  // namespace parley::crypto
