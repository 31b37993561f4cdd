#include "shared/mls/framing.hpp"

#include <algorithm>
#include <bit>

#include "shared/crypto/aead.hpp"
#include "shared/mls/validation.hpp"

namespace parley::mls {
namespace {

struct SenderData {
  LeafIndex leaf;
  std::uint32_t generation = 0;
  std::array<std::uint8_t, 4> reuse_guard{};

  template <class Self, class Archive>
  static void fields(Self& self, Archive& ar) {
    ar(self.leaf, self.generation, self.reuse_guard);
  }
};

crypto::ChaChaNonce nonce_of(const MessageKey& key, const std::array<std::uint8_t, 4>& guard) {
  crypto::ChaChaNonce nonce;
  std::copy_n(key.nonce.expose().begin(), nonce.size(), nonce.begin());
  for (std::size_t i = 0; i < guard.size(); ++i) nonce[i] ^= guard[i];
  return nonce;
}

crypto::ChaChaNonce nonce_of(const MessageKey& key) { return nonce_of(key, {}); }

Bytes content_aad(const PrivateMessage& message) {
  Writer out;
  out(message.group_id, message.epoch, message.content_type, message.authenticated_data);
  return out.take();
}

Bytes sender_data_aad(const PrivateMessage& message) {
  Writer out;
  out(message.group_id, message.epoch, message.content_type);
  return out.take();
}

RatchetKind ratchet_of(ContentType type) {
  return type == ContentType::kApplication ? RatchetKind::kApplication : RatchetKind::kHandshake;
}

Secret membership_tag(const AuthenticatedContent& content, const Secret& membership_key,
                      ByteView group_context) {
  Writer auth;
  FramedContentAuth::fields(content.auth, auth, content.type());
  return crypto::HmacSha256(membership_key.expose())
      .update(content_to_be_signed(content, group_context))
      .update(auth.bytes())
      .finish();
}

}  // namespace

std::size_t padded_size(std::size_t size) {
  if (size > 1024) return (size + 1023) / 1024 * 1024;
  return std::max<std::size_t>(std::bit_ceil(size), 64);
}

Bytes content_to_be_signed(const AuthenticatedContent& content, ByteView group_context) {
  Writer out;
  out.reserve(256 + group_context.size());
  out(ProtocolVersion::kMls10, content.wire_format, content.content);
  const SenderType sender = content.content.sender.type;
  if (sender == SenderType::kMember || sender == SenderType::kNewMemberCommit)
    out.raw(group_context);
  return out.take();
}

AuthenticatedContent sign_content(WireFormat format, FramedContent content,
                                  const crypto::SigningKey& key, ByteView group_context) {
  AuthenticatedContent signed_content{format, std::move(content), {}};
  signed_content.auth.signature = to_bytes(sign_with_label(
      key, "FramedContentTBS", content_to_be_signed(signed_content, group_context)));
  return signed_content;
}

Status verify_content(const AuthenticatedContent& content, ByteView public_key,
                      ByteView group_context) {
  return verify_with_label(public_key, "FramedContentTBS",
                           content_to_be_signed(content, group_context), content.auth.signature);
}

PublicMessage protect_public(AuthenticatedContent content, const Secret& membership_key,
                             ByteView group_context) {
  PublicMessage message;
  if (content.content.sender.type == SenderType::kMember) {
    message.membership_tag =
        to_bytes(membership_tag(content, membership_key, group_context).expose());
  }
  message.content = std::move(content.content);
  message.auth = std::move(content.auth);
  return message;
}

Result<AuthenticatedContent> open_public(PublicMessage message) {
  if (type_of(message.content.content) == ContentType::kApplication) {
    return invalid("6: application data in a public message");
  }
  return AuthenticatedContent{WireFormat::kPublicMessage, std::move(message.content),
                              std::move(message.auth)};
}

Result<AuthenticatedContent> unprotect_public(PublicMessage message, const Secret& membership_key,
                                              ByteView group_context) {
  const Bytes tag = std::move(message.membership_tag);
  auto content = open_public(std::move(message));
  if (!content) return content.error();
  if (content->content.sender.type == SenderType::kMember &&
      !crypto::constant_time_equal(membership_tag(*content, membership_key, group_context).expose(),
                                   tag)) {
    return invalid("6.2: a membership tag does not hold");
  }
  return content;
}

Result<PrivateMessage> protect_private(Rng& rng, const AuthenticatedContent& content,
                                       const Secret& sender_data_secret, SecretTree& keys) {
  PrivateMessage message;
  message.group_id = content.content.group_id;
  message.epoch = content.content.epoch;
  message.content_type = content.type();
  message.authenticated_data = content.content.authenticated_data;

  Writer plaintext;
  content_fields(plaintext, message.content_type, content.content.content);
  FramedContentAuth::fields(content.auth, plaintext, message.content_type);
  const std::size_t size = plaintext.bytes().size();
  plaintext.raw(Bytes(padded_size(size) - size));

  SenderData sender;
  sender.leaf = content.content.sender.leaf;
  rng.fill(sender.reuse_guard);
  auto key = keys.next(sender.leaf, ratchet_of(message.content_type));
  if (!key) return key.error();
  sender.generation = key->generation;
  Bytes clear = plaintext.take();
  message.ciphertext = crypto::chacha_seal(key->key, nonce_of(*key, sender.reuse_guard),
                                           content_aad(message), clear);
  crypto::wipe(clear);
  const MessageKey sender_key = sender_data_key(sender_data_secret, message.ciphertext);
  message.encrypted_sender_data = crypto::chacha_seal(sender_key.key, nonce_of(sender_key),
                                                      sender_data_aad(message), encode(sender));
  return message;
}

Result<OpenedPrivate> unprotect_private(const PrivateMessage& message,
                                        const Secret& sender_data_secret, SecretTree& keys,
                                        const std::function<bool(LeafIndex)>& is_member) {
  const MessageKey sender_key = sender_data_key(sender_data_secret, message.ciphertext);
  const auto sender_bytes =
      crypto::chacha_open(sender_key.key, nonce_of(sender_key), sender_data_aad(message),
                          message.encrypted_sender_data);
  if (!sender_bytes) return sender_bytes.error();
  const auto sender = decode<SenderData>(sender_bytes->expose());
  if (!sender) return sender.error();
  if (!is_member(sender->leaf)) return invalid("6.3.2: the sender is not a member");

  auto key = keys.find(sender->leaf, ratchet_of(message.content_type), sender->generation);
  if (!key) return key.error();
  const auto clear = crypto::chacha_open(key->key.key, nonce_of(key->key, sender->reuse_guard),
                                         content_aad(message), message.ciphertext);
  if (!clear) return clear.error();

  OpenedPrivate opened;
  opened.key = std::move(*key);
  opened.content.wire_format = WireFormat::kPrivateMessage;
  FramedContent& content = opened.content.content;
  content.group_id = message.group_id;
  content.epoch = message.epoch;
  content.sender = {SenderType::kMember, sender->leaf, 0};
  content.authenticated_data = message.authenticated_data;
  Reader reader(clear->expose());
  content_fields(reader, message.content_type, content.content);
  FramedContentAuth::fields(opened.content.auth, reader, message.content_type);
  PARLEY_TRY(reader.status());
  const ByteView padding = reader.raw(reader.left());
  if (std::ranges::any_of(padding, [](std::uint8_t byte) { return byte != 0; })) {
    return invalid("6.3.1: padding is not zero");
  }
  return opened;
}

}  // namespace parley::mls
