#include "shared/sealing/disappearing.hpp"

namespace parley::sealing {
namespace {

// More than the content has beside its body.
constexpr std::size_t kOverhead = 100;

struct Content {
  MessageContent content;

  template <class Archive>
  void serialize(Archive& ar) {
    ar(identity::fixed(content.id), content.counter, identity::fixed(content.previous),
       content.kind, wire::Capped<Bytes>{content.body, kMaxInnerBody});
  }
};

}  // namespace

Bytes bound_data(const MessageContext& context) {
  const std::array<std::uint8_t, 1> version = {kDisappearingVersion};
  const std::array<std::uint8_t, 1> counts = {static_cast<std::uint8_t>(context.counts ? 1 : 0)};
  return identity::concat({version, context.room.view(), context.user.view(), context.device.view(),
                           context.client_id.view(), counts});
}

Result<crypto::SecretBytes> encode_content(const MessageContent& content) {
  if (content.body.size() > kMaxInnerBody || !is_link(content)) return ErrorCode::kInvalidArgument;
  return identity::encode_secret(Content{content}, content.body.size() + kOverhead);
}

Result<MessageContent> decode_content(ByteView bytes) {
  Content inside;
  wire::BinaryReader reader(bytes);
  reader(inside);
  PARLEY_TRY(reader.finish());
  if (!is_link(inside.content)) return ErrorCode::kMalformed;
  return std::move(inside.content);
}

crypto::Digest message_hash(const MessageContext& context, ByteView content) {
  return crypto::sha256(
      identity::concat({as_bytes("Parley message 2"), bound_data(context), content}));
}

}  // namespace parley::sealing
