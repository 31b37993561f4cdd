#include "shared/identity/link.hpp"

#include <string>

#include "shared/crypto/hkdf.hpp"

namespace parley::identity {
namespace {

using crypto::HkdfSha256;

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kMaxBundleBytes = kMaxDeviceListBytes + 1024;

enum class Type : std::uint8_t { kOffer = 1, kAnswer = 2, kReveal = 3, kBundle = 4 };

struct Offer {
  static constexpr Type kType = Type::kOffer;
  crypto::Digest commitment{};

  template <class Archive>
  void serialize(Archive& ar) {
    ar(fixed(commitment));
  }
};

struct Answer {
  static constexpr Type kType = Type::kAnswer;
  crypto::KemPublicKey key{};
  crypto::Digest proof{};

  template <class Archive>
  void serialize(Archive& ar) {
    ar(fixed(key), fixed(proof));
  }
};

struct Reveal {
  static constexpr Type kType = Type::kReveal;
  crypto::KemPublicKey key{};
  std::array<std::uint8_t, 32> nonce{};
  LinkRequest request;

  template <class Archive>
  void serialize(Archive& ar) {
    ar(fixed(key), fixed(nonce), request.device, fixed(request.signing_key),
       fixed(request.device_key));
  }
};

struct Sealed {
  static constexpr Type kType = Type::kBundle;
  Bytes ciphertext;

  template <class Archive>
  void serialize(Archive& ar) {
    ar(wire::Capped<Bytes>{ciphertext, kMaxBundleBytes});
  }
};

// Inside of the bundle.
struct Content {
  UserId user;
  crypto::Secret account_seed;
  crypto::Secret vault_key;
  std::array<std::uint8_t, DeviceCredential::kSize> credential{};
  Bytes list;

  template <class Archive>
  void serialize(Archive& ar) {
    ar(user, fixed(account_seed), fixed(vault_key), fixed(credential),
       wire::Capped<Bytes>{list, kMaxDeviceListBytes});
  }
};

template <class Message>
Bytes encode(const Message& message) {
  const std::array<std::uint8_t, 2> head = {kVersion, static_cast<std::uint8_t>(Message::kType)};
  return concat({head, wire::encode(message)});
}

// A message of another kind is in the wrong order rather than malformed.
template <class Message>
LinkFault decode(ByteView bytes, Message& message) {
  if (bytes.size() < 2 || bytes[0] != kVersion) return LinkFault::kMalformed;
  if (bytes[1] != static_cast<std::uint8_t>(Message::kType)) {
    const bool known = bytes[1] >= 1 && bytes[1] <= 4;
    return known ? LinkFault::kWrongOrder : LinkFault::kMalformed;
  }
  auto read = wire::decode<Message>(bytes.subspan(2));
  if (!read) return LinkFault::kMalformed;
  message = std::move(*read);
  return LinkFault::kNone;
}

crypto::Digest commit(LinkMode mode, const Reveal& reveal) {
  const std::array<std::uint8_t, 1> mode_byte = {static_cast<std::uint8_t>(mode)};
  return crypto::sha256(
      concat({as_bytes("Parley link commitment 1"), mode_byte, wire::encode(reveal)}));
}

crypto::Digest prove(const crypto::Digest& commitment, const crypto::KemPublicKey& key) {
  const auto mac =
      crypto::HmacSha256(commitment).update(as_bytes("Parley link answer 1")).update(key).finish();
  crypto::Digest proof;
  std::ranges::copy(mac.expose(), proof.begin());
  return proof;
}

// kKeyInvalid for a key of small order.
Result<LinkSecrets> share(const crypto::Secret& own, const crypto::KemPublicKey& theirs,
                          ByteView offer, ByteView answer, ByteView reveal) {
  auto agreed = crypto::x25519(own, theirs);
  if (!agreed) return agreed.error();
  LinkSecrets secrets;
  secrets.transcript =
      crypto::sha256(concat({as_bytes("Parley link transcript 1"), offer, answer, reveal}));
  const auto key = HkdfSha256::extract(secrets.transcript, agreed->expose());
  const auto code = HkdfSha256::expand<6>(key.expose(), {as_bytes("emoji")});
  std::uint64_t bits = 0;
  for (const std::uint8_t byte : code.expose()) bits = bits << 8 | byte;
  for (std::size_t i = 0; i < kLinkEmoji; ++i) {
    secrets.emoji[i] = static_cast<std::uint8_t>(bits >> (42 - 6 * i) & 63);
  }
  secrets.bundle_key = HkdfSha256::expand<32>(key.expose(), {as_bytes("bundle")});
  return secrets;
}

bool names(const DeviceList& list, const LinkRequest& request) {
  const DeviceEntry* entry = list.find(request.device);
  return entry != nullptr && entry->signing_key == request.signing_key &&
         entry->device_key == request.device_key;
}

// Everything in it belongs to one account and to the device that asked.
Result<LinkBundle> check_bundle(Content content, const LinkRequest& request) {
  auto credential = DeviceCredential::decode(content.credential);
  if (!credential) return credential.error();
  auto list = DeviceList::decode(content.list);
  if (!list) return list.error();
  LinkBundle bundle{content.user, crypto::SigningKey::from_seed(content.account_seed),
                    std::move(content.vault_key), *credential, std::move(*list)};
  const auto& account_key = bundle.account.public_key();
  const bool fits = credential->user == bundle.user && credential->account_key == account_key &&
                    credential->device == request.device &&
                    credential->device_key == request.device_key &&
                    credential->verify(request.signing_key) && bundle.list.user == bundle.user &&
                    bundle.list.account_key == account_key &&
                    verify(bundle.list) == ListVerdict::kValid && names(bundle.list, request);
  if (!fits) return ErrorCode::kSignatureInvalid;
  return bundle;
}

ErrorCode code_of(LinkFault fault) {
  switch (fault) {
    case LinkFault::kMalformed:
      return ErrorCode::kMalformed;
    case LinkFault::kKeyInvalid:
      return ErrorCode::kKeyInvalid;
    case LinkFault::kDecryptionFailed:
      return ErrorCode::kDecryptionFailed;
    case LinkFault::kRefused:
      return ErrorCode::kCancelled;
    case LinkFault::kWrongCommitment:
    case LinkFault::kWrongProof:
    case LinkFault::kWrongBundle:
      return ErrorCode::kSignatureInvalid;
    case LinkFault::kNone:
    case LinkFault::kWrongOrder:
      break;
  }
  return ErrorCode::kProtocolViolation;
}

Error misuse(const char* what) { return {ErrorCode::kInvalidArgument, what, {}}; }

}  // namespace

std::string_view describe(LinkFault fault) {
  switch (fault) {
    case LinkFault::kNone:
      return "Nothing went wrong.";
    case LinkFault::kWrongOrder:
      return "The devices got out of step.";
    case LinkFault::kMalformed:
      return "The other device sent something that could not be read.";
    case LinkFault::kWrongCommitment:
      return "The new device is not the one that asked to be linked.";
    case LinkFault::kWrongProof:
      return "The answer did not come from the device that read the code.";
    case LinkFault::kKeyInvalid:
      return "The other device sent a key that is not valid.";
    case LinkFault::kDecryptionFailed:
      return "The account's keys did not arrive intact.";
    case LinkFault::kWrongBundle:
      return "The account's keys do not belong together.";
    case LinkFault::kRefused:
      return "The emoji on the two devices were not the same.";
  }
  return "The devices could not be linked.";
}

// ---- both sides --------------------------------------------------------------------------------

Error LinkSide::end(LinkFault fault) {
  if (state_ != State::kFailed && state_ != State::kDone) {
    fault_ = fault;
    state_ = State::kFailed;
  }
  keys_.secret_key.clear();
  secrets_.bundle_key.clear();
  return {code_of(fault), std::string(describe(fault)), {}};
}

void LinkSide::exchanged(LinkSecrets secrets) {
  secrets_ = std::move(secrets);
  keys_.secret_key.clear();
  state_ = mode_ == LinkMode::kQr ? State::kConfirmed : State::kComparing;
}

Status LinkSide::confirm() {
  if (state_ == State::kConfirmed) return {};
  if (state_ != State::kComparing) return misuse("there is nothing to confirm");
  state_ = State::kConfirmed;
  return {};
}

// ---- the new device ----------------------------------------------------------------------------

NewDevice::NewDevice(Rng& rng, LinkMode mode, const LinkRequest& request)
    : LinkSide(mode), request_(request) {
  keys_ = crypto::KemKeyPair::generate(rng);
  rng.fill(nonce_);
}

Bytes NewDevice::offer() const {
  return encode(Offer{commit(mode_, {keys_.public_key, nonce_, request_})});
}

Result<Bytes> NewDevice::handle_answer(ByteView bytes) {
  if (state_ != State::kWaiting) return end(LinkFault::kWrongOrder);
  Answer answer;
  if (const auto fault = decode(bytes, answer); fault != LinkFault::kNone) return end(fault);
  const Reveal content{keys_.public_key, nonce_, request_};
  if (!crypto::constant_time_equal(answer.proof, prove(commit(mode_, content), answer.key))) {
    return end(LinkFault::kWrongProof);
  }
  const Bytes reveal = encode(content);
  auto secrets = share(keys_.secret_key, answer.key, offer(), bytes, reveal);
  if (!secrets) return end(LinkFault::kKeyInvalid);
  exchanged(std::move(*secrets));
  return reveal;
}

Result<LinkBundle> NewDevice::handle_bundle(ByteView bytes) {
  if (state_ == State::kComparing) return misuse("the emoji were not compared yet");
  if (state_ != State::kConfirmed) return end(LinkFault::kWrongOrder);
  Sealed sealed;
  if (const auto fault = decode(bytes, sealed); fault != LinkFault::kNone) return end(fault);
  const auto opened =
      crypto::chacha_open(secrets_.bundle_key, {}, secrets_.transcript, sealed.ciphertext);
  if (!opened) return end(LinkFault::kDecryptionFailed);
  auto content = wire::decode<Content>(opened->expose());
  if (!content) return end(LinkFault::kWrongBundle);
  auto bundle = check_bundle(std::move(*content), request_);
  if (!bundle) return end(LinkFault::kWrongBundle);
  secrets_.bundle_key.clear();
  state_ = State::kDone;
  return bundle;
}

// ---- the old device ----------------------------------------------------------------------------

Result<OldDevice> OldDevice::read_offer(Rng& rng, LinkMode mode, ByteView bytes) {
  OldDevice side(mode);
  Offer offer;
  if (const auto fault = decode(bytes, offer); fault != LinkFault::kNone) return side.end(fault);
  side.keys_ = crypto::KemKeyPair::generate(rng);
  side.offer_ = to_bytes(bytes);
  return side;
}

Bytes OldDevice::answer() const {
  Offer offer;
  decode(offer_, offer);
  return encode(Answer{keys_.public_key, prove(offer.commitment, keys_.public_key)});
}

Status OldDevice::handle_reveal(ByteView bytes) {
  if (state_ != State::kWaiting) return end(LinkFault::kWrongOrder);
  Reveal reveal;
  if (const auto fault = decode(bytes, reveal); fault != LinkFault::kNone) return end(fault);
  if (encode(Offer{commit(mode_, reveal)}) != offer_) return end(LinkFault::kWrongCommitment);
  if (reveal.request.device.is_nil()) return end(LinkFault::kMalformed);
  if (!crypto::parse_kem_public_key(reveal.request.device_key)) return end(LinkFault::kKeyInvalid);
  auto secrets = share(keys_.secret_key, reveal.key, offer_, answer(), bytes);
  if (!secrets) return end(LinkFault::kKeyInvalid);
  request_ = reveal.request;
  exchanged(std::move(*secrets));
  return {};
}

Result<Bytes> OldDevice::seal_bundle(const crypto::SigningKey& account,
                                     const crypto::Secret& vault_key, const DeviceList& list) {
  if (state_ == State::kComparing) return misuse("the emoji were not compared yet");
  if (state_ != State::kConfirmed) return end(LinkFault::kWrongOrder);
  if (list.account_key != account.public_key() || verify(list) != ListVerdict::kValid) {
    return misuse("the device list is not this account's");
  }
  if (!names(list, request_)) return misuse("the device list does not name the new device");
  Content content{list.user, account.seed(), vault_key.clone(), {}, list.encode()};
  const Bytes credential = make_credential(account, list.user, request_.device,
                                           request_.signing_key, request_.device_key)
                               .encode();
  std::ranges::copy(credential, content.credential.begin());
  const crypto::SecretBytes plain = encode_secret(content, kMaxBundleBytes);
  Sealed sealed{crypto::chacha_seal(secrets_.bundle_key, {}, secrets_.transcript, plain.expose())};
  secrets_.bundle_key.clear();
  state_ = State::kDone;
  return encode(sealed);
}

}  // namespace parley::identity
