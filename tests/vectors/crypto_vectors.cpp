// HPKE (RFC 9180) and Wycheproof.
#include <algorithm>
#include <map>

#include "shared/crypto/aead.hpp"
#include "shared/crypto/hkdf.hpp"
#include "shared/crypto/hpke.hpp"
#include "shared/crypto/signature.hpp"
#include "tests/vectors/runner.hpp"

namespace parley::vectors {
namespace {

using namespace crypto;

// Gives out the vector's randomness.
class FixedRng final : public Rng {
 public:
  explicit FixedRng(Bytes bytes) : bytes_(std::move(bytes)) {}
  void fill(std::span<std::uint8_t> out) override {
    require(used_ + out.size() <= bytes_.size(), "more randomness used than the vector has");
    for (auto& byte : out) byte = bytes_[used_++];
  }

 private:
  Bytes bytes_;
  std::size_t used_ = 0;
};

std::uint64_t number(const Json& value) {
  return value.is_string() ? std::stoull(value.get<std::string>()) : value.get<std::uint64_t>();
}

void check_exports(const HpkeContext& context, const Json& exports) {
  for (const auto& entry : exports) {
    const auto exported =
        require_ok(context.export_secret(unhex(entry.at("exporter_context")),
                                         static_cast<std::size_t>(number(entry.at("L")))),
                   "export");
    require_equal(unhex(entry.at("exported_value")), exported.expose(), "exported_value");
  }
}

void check_hpke_case(const Json& vector) {
  const auto mode = number(vector.at("mode"));
  require(number(vector.at("kem_id")) == 0x20 && number(vector.at("kdf_id")) == 1,
          "not the KEM and KDF of this library");
  HpkeOptions options;
  options.aead = static_cast<HpkeAead>(number(vector.at("aead_id")));
  Bytes psk, psk_id;
  if (mode == 1 || mode == 3) {
    psk = unhex(vector.at("psk"));
    psk_id = unhex(vector.at("psk_id"));
    options.psk = HpkePsk{psk, psk_id};
  }
  const auto recipient = KemKeyPair::derive(unhex(vector.at("ikmR")));
  require_equal(unhex(vector.at("skRm")), recipient.secret_key.expose(), "skRm");
  require_equal(unhex(vector.at("pkRm")), recipient.public_key, "pkRm");
  std::optional<KemKeyPair> author;
  if (mode >= 2) {
    author = KemKeyPair::derive(unhex(vector.at("ikmS")));
    require_equal(unhex(vector.at("pkSm")), author->public_key, "pkSm");
  }

  const Bytes info = unhex(vector.at("info"));
  FixedRng rng(unhex(vector.at("ikmE")));
  auto sender =
      require_ok(hpke_setup_sender(rng, recipient.public_key, HpkeInfo(info, options.aead), options,
                                   author ? &*author : nullptr),
                 "sender");
  require_equal(unhex(vector.at("enc")), sender.encapsulated, "enc");
  auto opener = require_ok(hpke_setup_recipient(sender.encapsulated, recipient, info, options,
                                                author ? &author->public_key : nullptr),
                           "recipient");
  for (const auto& entry : vector.at("encryptions")) {
    const Bytes aad = unhex(entry.at("aad"));
    const Bytes plaintext = unhex(entry.at("pt"));
    // The files keep some of a longer row of encryptions; those between are made here.
    const std::uint64_t wanted = entry.contains("seq") ? number(entry.at("seq")) : 0;
    while (sender.context.sequence() < wanted) {
      const Bytes between = require_ok(sender.context.seal({}, {}), "seal");
      require_ok(opener.open({}, between), "open");
    }
    const Bytes sealed = require_ok(sender.context.seal(aad, plaintext), "seal");
    require_equal(unhex(entry.at("ct")), sealed, "ct");
    Bytes changed = sealed;
    changed.back() ^= 1;
    require(!opener.open(aad, changed).ok(), "a changed ciphertext was opened");
    const auto opened = require_ok(opener.open(aad, sealed), "open");
    require_equal(plaintext, opened.expose(), "pt");
  }
  check_exports(sender.context, vector.at("exports"));
  check_exports(opener, vector.at("exports"));
}

void check_hpke(const Json& file, Report& report) {
  for (std::size_t i = 0; i < file.size(); ++i) {
    report.run("case " + std::to_string(i), [&] { check_hpke_case(file[i]); });
  }
}

// ---- Wycheproof: a body gets group and test, and says whether the input was accepted ----

using Accepts = std::function<bool(const Json& group, const Json& test)>;

void check_wycheproof(const Json& file, Report& report, const Accepts& accepts) {
  for (const auto& group : file.at("testGroups")) {
    for (const auto& test : group.at("tests")) {
      report.run("tcId " + test.at("tcId").dump(), [&] {
        const auto result = test.at("result").get<std::string>();
        const bool accepted = accepts(group, test);
        if (result == "acceptable") return;  // checked for its value by the body
        require(accepted == (result == "valid"), accepted ? "accepted" : "refused");
      });
    }
  }
}

template <class Nonce>
Accepts aead(Bytes (*seal)(const Secret&, const Nonce&, ByteView, ByteView),
             Result<SecretBytes> (*open)(const Secret&, const Nonce&, ByteView, ByteView)) {
  return [=](const Json&, const Json& test) {
    const Bytes iv = unhex(test.at("iv"));
    Nonce nonce;
    if (iv.size() != nonce.size()) return false;
    std::copy(iv.begin(), iv.end(), nonce.begin());
    const Secret key = secret(test.at("key"));
    const Bytes aad = unhex(test.at("aad"));
    const Bytes message = unhex(test.at("msg"));
    Bytes sealed = unhex(test.at("ct"));
    const Bytes tag = unhex(test.at("tag"));
    sealed.insert(sealed.end(), tag.begin(), tag.end());
    const auto opened = open(key, nonce, aad, sealed);
    if (!opened) return false;
    require_equal(message, opened->expose(), "plaintext");
    require_equal(sealed, seal(key, nonce, aad, message), "ciphertext");
    return true;
  };
}

template <class Hmac>
bool accepts_mac(const Json& group, const Json& test) {
  const auto mac = Hmac(unhex(test.at("key"))).update(unhex(test.at("msg"))).finish();
  const auto size = group.at("tagSize").get<std::size_t>() / 8;
  return constant_time_equal(mac.expose().first(size), unhex(test.at("tag")));
}

template <class Kdf>
bool accepts_kdf(const Json&, const Json& test) {
  const auto size = test.at("size").get<std::size_t>();
  if (size > Kdf::kMaxSize) return false;
  Bytes out(size);
  Kdf::expand(Kdf::extract(unhex(test.at("salt")), unhex(test.at("ikm"))).expose(),
              {unhex(test.at("info"))}, out);
  require_equal(unhex(test.at("okm")), out, "okm");
  return true;
}

bool accepts_signature(const Json& group, const Json& test) {
  return verify_signature(unhex(group.at("publicKey").at("pk")), unhex(test.at("msg")),
                          unhex(test.at("sig")))
      .ok();
}

bool accepts_exchange(const Json&, const Json& test) {
  const Bytes point = unhex(test.at("public"));
  const auto shared = x25519(secret(test.at("private")), fixed<32>(point, "public"));
  const Bytes expected = unhex(test.at("shared"));
  const bool zero = std::ranges::all_of(expected, [](std::uint8_t byte) { return byte == 0; });
  require(shared.ok() != zero,
          zero ? "an all-zero shared secret was given out" : "a good exchange was refused");
  if (shared) require_equal(expected, shared->expose(), "shared");
  return shared.ok();
}

const std::map<std::string, Check>& checks() {
  static const std::map<std::string, Check> table = {
      {"rfc9180-x25519-sha256-chacha20poly1305", check_hpke},
      {"rfc9180-x25519-sha256-exportonly", check_hpke},
      {"chacha20_poly1305_test",
       [](const Json& file, Report& report) {
         check_wycheproof(file, report, aead(chacha_seal, chacha_open));
       }},
      {"xchacha20_poly1305_test",
       [](const Json& file, Report& report) {
         check_wycheproof(file, report, aead(xchacha_seal, xchacha_open));
       }},
      {"hmac_sha256_test",
       [](const Json& file, Report& report) {
         check_wycheproof(file, report, accepts_mac<HmacSha256>);
       }},
      {"hmac_sha512_test",
       [](const Json& file, Report& report) {
         check_wycheproof(file, report, accepts_mac<HmacSha512>);
       }},
      {"hkdf_sha256_test",
       [](const Json& file, Report& report) {
         check_wycheproof(file, report, accepts_kdf<HkdfSha256>);
       }},
      {"hkdf_sha512_test",
       [](const Json& file, Report& report) {
         check_wycheproof(file, report, accepts_kdf<HkdfSha512>);
       }},
      {"ed25519_test",
       [](const Json& file, Report& report) { check_wycheproof(file, report, accepts_signature); }},
      {"x25519_test",
       [](const Json& file, Report& report) { check_wycheproof(file, report, accepts_exchange); }},
  };
  return table;
}

}  // namespace

Check find_crypto_check(const std::string& stem) {
  const auto found = checks().find(stem);
  return found == checks().end() ? Check() : found->second;
}

}  // namespace parley::vectors
