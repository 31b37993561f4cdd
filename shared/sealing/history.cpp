#include "shared/sealing/history.hpp"

#include <bit>

#include "shared/crypto/hkdf.hpp"

namespace parley::sealing {
namespace {

using identity::fixed;

constexpr std::string_view kLabel = "Parley message 1";
// More than an inside has beside its body.
constexpr std::size_t kOverhead = 400;
constexpr std::size_t kMaxPadded = 63 * 1024;
static_assert(kMaxInnerBody + kOverhead <= kMaxPadded);

// All of the inside but signature and padding.
struct Inside {
  AuthorFields author;
  MessageContent content;

  template <class Archive>
  void serialize(Archive& ar) {
    ar(author, fixed(content.id), content.counter, fixed(content.previous), content.kind,
       wire::Capped<Bytes>{content.body, kMaxInnerBody});
  }
};

crypto::Secret message_key(const crypto::Secret& history_secret, const DeviceId& device) {
  return crypto::HkdfSha256::expand<32>(history_secret.expose(),
                                        {as_bytes("parley message"), device.view()});
}

Bytes associated_data(const MessageContext& context) {
  const std::array<std::uint8_t, 1> version = {context.version};
  const std::array<std::uint8_t, 1> counts = {static_cast<std::uint8_t>(context.counts ? 1 : 0)};
  return identity::concat({version, context.room.view(), identity::big_endian(context.epoch),
                           context.user.view(), context.device.view(), context.client_id.view(),
                           counts});
}

bool is_sender(const MessageContext& context, const identity::DeviceCredential& credential) {
  return credential.user == context.user && credential.device == context.device;
}

}  // namespace

std::size_t padded_size(std::size_t size) {
  if (size > 1024) return (size + 1023) / 1024 * 1024;
  return std::max<std::size_t>(std::bit_ceil(size), 64);
}

Result<SealedMessage> seal_message(Rng& rng, const crypto::Secret& history_secret,
                                   const MessageContext& context, const Author& author,
                                   const MessageContent& content) {
  if (context.version != kMessageVersion || content.body.size() > kMaxInnerBody ||
      !is_sender(context, author.credential) || !is_link(content)) {
    return ErrorCode::kInvalidArgument;
  }
  const Bytes bound = associated_data(context);
  crypto::SecretBytes inside = identity::encode_secret(Inside{AuthorFields(author), content},
                                                       content.body.size() + kOverhead);
  const crypto::SecretBytes text = signed_text(kLabel, bound, inside.expose());
  inside.append(author.signing_key.sign(text.expose()));
  inside.append(Bytes(padded_size(inside.size()) - inside.size()));

  SealedMessage sealed;
  rng.fill(sealed.nonce);
  sealed.ciphertext = crypto::xchacha_seal(message_key(history_secret, context.device),
                                           sealed.nonce, bound, inside.expose());
  sealed.hash = crypto::sha256(text.expose());
  return sealed;
}

Result<OpenedMessage> open_message(const crypto::Secret& history_secret,
                                   const MessageContext& context, ByteView nonce,
                                   ByteView ciphertext,
                                   identity::VerifiedCredentials* known) {
  if (context.version != kMessageVersion) return ErrorCode::kVersionUnsupported;
  crypto::XChaChaNonce exact{};
  if (nonce.size() != exact.size() || ciphertext.size() > kMaxPadded + crypto::kAeadTagSize) {
    return ErrorCode::kDecryptionFailed;
  }
  std::ranges::copy(nonce, exact.begin());
  const Bytes bound = associated_data(context);
  const auto opened =
      crypto::xchacha_open(message_key(history_secret, context.device), exact, bound, ciphertext);
  if (!opened) return opened.error();

  const ByteView plain = opened->expose();
  Inside inside;
  crypto::Signature signature{};
  wire::BinaryReader reader(plain);
  reader(inside);
  const ByteView content = plain.first(plain.size() - reader.left());
  reader(fixed(signature));
  const std::size_t used = plain.size() - reader.left();
  const ByteView padding = reader.read_raw(reader.left());
  PARLEY_TRY(reader.finish());
  const bool padded = plain.size() == padded_size(used) &&
                      std::ranges::all_of(padding, [](std::uint8_t byte) { return byte == 0; });
  if (!padded || !is_link(inside.content)) return ErrorCode::kMalformed;

  const crypto::SecretBytes text = signed_text(kLabel, bound, content);
  auto author = verify_author(inside.author, text.expose(), signature, known);
  if (!author) return author.error();
  if (!is_sender(context, author->credential)) {
    return Error{ErrorCode::kAccessDenied, "sealed by another device than the sender", {}};
  }
  return OpenedMessage{std::move(*author), std::move(inside.content),
                       crypto::sha256(text.expose())};
}

}  // namespace parley::sealing
