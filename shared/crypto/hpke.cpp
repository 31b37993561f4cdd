#include "shared/crypto/hpke.hpp"

#include <sodium.h>

#include <algorithm>
#include <string_view>

#include "shared/crypto/hkdf.hpp"

namespace parley::crypto {
namespace {

constexpr std::uint16_t kKemId = 0x0020;  // DHKEM(X25519, HKDF-SHA256)
constexpr std::uint16_t kKdfId = 0x0001;  // HKDF-SHA256
constexpr std::size_t kMaxExport = HkdfSha256::kMaxSize;

std::array<std::uint8_t, 2> two_bytes(std::uint16_t value) {
  return {static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
}

// LabeledExtract and LabeledExpand of section 4 for one suite id.
template <std::size_t N>
class LabeledKdf {
 public:
  explicit LabeledKdf(const std::array<std::uint8_t, N>& suite_id) : suite_id_(suite_id) {}

  Secret extract(ByteView salt, std::string_view label, ByteView input) const {
    return HkdfSha256::extract(salt, {as_bytes("HPKE-v1"), suite_id_, as_bytes(label), input});
  }
  void expand(const Secret& key, std::string_view label, ByteView info,
              std::span<std::uint8_t> out) const {
    HkdfSha256::expand(key.expose(),
                       {two_bytes(static_cast<std::uint16_t>(out.size())), as_bytes("HPKE-v1"),
                        suite_id_, as_bytes(label), info},
                       out);
  }

 private:
  std::array<std::uint8_t, N> suite_id_;
};

LabeledKdf<5> kem_kdf() {
  const auto kem = two_bytes(kKemId);
  return LabeledKdf<5>({'K', 'E', 'M', kem[0], kem[1]});
}

LabeledKdf<10> suite_kdf(HpkeAead aead_id) {
  const auto kem = two_bytes(kKemId);
  const auto kdf = two_bytes(kKdfId);
  const auto aead = two_bytes(static_cast<std::uint16_t>(aead_id));
  return LabeledKdf<10>({'H', 'P', 'K', 'E', kem[0], kem[1], kdf[0], kdf[1], aead[0], aead[1]});
}

// ExtractAndExpand of section 4.1 over one or two Diffie-Hellman results.
Secret shared_secret(ByteView diffie_hellman, ByteView kem_context) {
  const auto kdf = kem_kdf();
  const Secret extracted = kdf.extract({}, "eae_prk", diffie_hellman);
  Secret shared;
  kdf.expand(extracted, "shared_secret", kem_context, shared.write());
  return shared;
}

// The two shapes of a KEM's context: enc, recipient and, with authentication, sender.
Bytes kem_context(const KemPublicKey& encapsulated, const KemPublicKey& recipient,
                  const KemPublicKey* sender) {
  Bytes context = to_bytes(encapsulated);
  context.insert(context.end(), recipient.begin(), recipient.end());
  if (sender != nullptr) context.insert(context.end(), sender->begin(), sender->end());
  return context;
}

// Runs both exchanges of an (authenticated) encapsulation; either side names its own keys.
Result<Secret> agree(const Secret& first_secret, const KemPublicKey& first_public,
                     const Secret* second_secret, const KemPublicKey* second_public,
                     ByteView context) {
  SecretArray<64> joined;
  auto first = x25519(first_secret, first_public);
  if (!first) return first.error();
  std::copy_n(first->expose().begin(), 32, joined.write().begin());
  if (second_secret == nullptr) return shared_secret(joined.expose().first<32>(), context);
  auto second = x25519(*second_secret, *second_public);
  if (!second) return second.error();
  std::copy_n(second->expose().begin(), 32, joined.write().begin() + 32);
  return shared_secret(joined.expose(), context);
}

}  // namespace

Result<Secret> x25519(const Secret& secret_key, const KemPublicKey& public_key) {
  Secret shared;
  if (crypto_scalarmult(shared.write().data(), secret_key.expose().data(), public_key.data()) !=
      0) {
    return ErrorCode::kKeyInvalid;
  }
  return shared;
}

KemKeyPair KemKeyPair::from_secret(Secret secret_key) {
  KemKeyPair pair{std::move(secret_key), {}};
  crypto_scalarmult_base(pair.public_key.data(), pair.secret_key.expose().data());
  return pair;
}

KemKeyPair KemKeyPair::derive(ByteView material) {
  const auto kdf = kem_kdf();
  const Secret extracted = kdf.extract({}, "dkp_prk", material);
  Secret secret_key;
  kdf.expand(extracted, "sk", {}, secret_key.write());
  return from_secret(std::move(secret_key));
}

KemKeyPair KemKeyPair::generate(Rng& rng) {
  Secret material;
  rng.fill(material.write());
  return derive(material.expose());
}

namespace {

// The u-coordinates of small order, in little-endian, and those that equal one of them modulo the
// prime. A comparison, since an exchange to find out would cost as much as verifying a signature.
bool has_small_order(const KemPublicKey& key) {
  static constexpr KemPublicKey kPoints[] = {
      {0},
      {1},
      {0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3,
       0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32,
       0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00},
      {0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1,
       0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c,
       0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57},
  };
  KemPublicKey masked = key;
  masked[31] &= 0x7f;  // X25519 ignores this bit
  if (std::ranges::find(kPoints, masked) != std::end(kPoints)) return true;
  // p - 1, p and p + 1, where p = 2^255 - 19.
  return masked[0] >= 0xec && masked[0] <= 0xee && masked[31] == 0x7f &&
         std::all_of(masked.begin() + 1, masked.end() - 1, [](auto byte) { return byte == 0xff; });
}

}  // namespace

Result<KemPublicKey> parse_kem_public_key(ByteView bytes) {
  KemPublicKey key;
  if (bytes.size() != key.size()) return ErrorCode::kKeyInvalid;
  std::copy(bytes.begin(), bytes.end(), key.begin());
  if (has_small_order(key)) return ErrorCode::kKeyInvalid;
  return key;
}

HpkeInfo::HpkeInfo(ByteView info, HpkeAead aead) {
  const Secret hash = suite_kdf(aead).extract({}, "info_hash", info);
  std::ranges::copy(hash.expose(), hash_.begin());
}

// KeySchedule of section 5.1.
struct HpkeSchedule {
  static Result<HpkeContext> run(const Secret& shared, const HpkeInfo& info,
                                 const HpkeOptions& options, bool authenticated) {
    const HpkePsk psk = options.psk.value_or(HpkePsk{});
    if (options.psk && (psk.secret.size() < 32 || psk.id.empty())) {
      return Error{ErrorCode::kInvalidArgument, "a PSK has at least 32 bytes and a name", {}};
    }
    const auto mode = static_cast<std::uint8_t>((options.psk ? 1 : 0) | (authenticated ? 2 : 0));
    const auto kdf = suite_kdf(options.aead);
    const Secret psk_id_hash = kdf.extract({}, "psk_id_hash", psk.id);
    std::array<std::uint8_t, 65> context;
    context[0] = mode;
    std::copy_n(psk_id_hash.expose().begin(), 32, context.begin() + 1);
    std::copy_n(info.hash_.begin(), 32, context.begin() + 33);

    const Secret secret = kdf.extract(shared.expose(), "secret", psk.secret);
    HpkeContext result;
    result.aead_ = options.aead;
    if (options.aead != HpkeAead::kExportOnly) {
      kdf.expand(secret, "key", context, result.key_.write());
      kdf.expand(secret, "base_nonce", context, result.base_nonce_.write());
    }
    kdf.expand(secret, "exp", context, result.exporter_secret_.write());
    return result;
  }
};

ChaChaNonce HpkeContext::next_nonce() const {
  ChaChaNonce nonce;
  std::copy_n(base_nonce_.expose().begin(), nonce.size(), nonce.begin());
  for (std::size_t i = 0; i < 8; ++i) {
    nonce[11 - i] ^= static_cast<std::uint8_t>(sequence_ >> (8 * i));
  }
  return nonce;
}

Result<Bytes> HpkeContext::seal(ByteView aad, ByteView plaintext) {
  if (aead_ == HpkeAead::kExportOnly || sequence_ == UINT64_MAX) return ErrorCode::kInvalidArgument;
  Bytes sealed = chacha_seal(key_, next_nonce(), aad, plaintext);
  ++sequence_;
  return sealed;
}

Result<SecretBytes> HpkeContext::open(ByteView aad, ByteView sealed) {
  if (aead_ == HpkeAead::kExportOnly || sequence_ == UINT64_MAX) return ErrorCode::kInvalidArgument;
  auto plaintext = chacha_open(key_, next_nonce(), aad, sealed);
  if (plaintext) ++sequence_;
  return plaintext;
}

Result<SecretBytes> HpkeContext::export_secret(ByteView exporter_context, std::size_t size) const {
  if (size > kMaxExport) return ErrorCode::kInvalidArgument;
  SecretBytes out(size);
  suite_kdf(aead_).expand(exporter_secret_, "sec", exporter_context, out.write());
  return out;
}

Result<HpkeSender> hpke_setup_sender(Rng& rng, const KemPublicKey& recipient, const HpkeInfo& info,
                                     const HpkeOptions& options, const KemKeyPair* sender) {
  const KemKeyPair ephemeral = KemKeyPair::generate(rng);
  const Bytes context =
      kem_context(ephemeral.public_key, recipient, sender ? &sender->public_key : nullptr);
  const auto shared = agree(ephemeral.secret_key, recipient, sender ? &sender->secret_key : nullptr,
                            &recipient, context);
  if (!shared) return shared.error();
  auto schedule = HpkeSchedule::run(*shared, info, options, sender != nullptr);
  if (!schedule) return schedule.error();
  return HpkeSender{ephemeral.public_key, std::move(*schedule)};
}

Result<HpkeContext> hpke_setup_recipient(ByteView encapsulated, const KemKeyPair& recipient,
                                         ByteView info, const HpkeOptions& options,
                                         const KemPublicKey* sender) {
  KemPublicKey ephemeral;
  if (encapsulated.size() != ephemeral.size()) return ErrorCode::kKeyInvalid;
  std::copy(encapsulated.begin(), encapsulated.end(), ephemeral.begin());
  const Bytes context = kem_context(ephemeral, recipient.public_key, sender);
  const auto shared = agree(recipient.secret_key, ephemeral,
                            sender ? &recipient.secret_key : nullptr, sender, context);
  if (!shared) return shared.error();
  return HpkeSchedule::run(*shared, HpkeInfo(info, options.aead), options, sender != nullptr);
}

Result<HpkeCiphertext> hpke_seal(Rng& rng, const KemPublicKey& recipient, const HpkeInfo& info,
                                 ByteView aad, ByteView plaintext) {
  auto sender = hpke_setup_sender(rng, recipient, info);
  if (!sender) return sender.error();
  auto sealed = sender->context.seal(aad, plaintext);
  if (!sealed) return sealed.error();
  return HpkeCiphertext{sender->encapsulated, std::move(*sealed)};
}

Result<SecretBytes> hpke_open(ByteView encapsulated, const KemKeyPair& recipient, ByteView info,
                              ByteView aad, ByteView sealed) {
  auto context = hpke_setup_recipient(encapsulated, recipient, info);
  if (!context) return context.error();
  return context->open(aad, sealed);
}

}  // namespace parley::crypto
