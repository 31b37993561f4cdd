// Messages of rooms where they disappear: MLS PrivateMessages (RFC 9420 section 6.3), whose keys
// are used once and erased, so that nobody reads them later, on any device.
//
// The authenticated data binds a message to its place, 66 bytes: version 2 (1), room (16), user
// (16), device (16), client id (16), counts (1: 0 or 1); the epoch is bound by MLS. The application
// data: message id (16), counter (varint), hash of the device's message before in this room (32,
// zeros before the first), event kind (varint), length (varint) and body. The author is the leaf
// that signed. SHA-256 of "Parley message 2" | authenticated data | application data is the
// message's hash: sent again in a later epoch it has the same one.
#pragma once

#include "shared/sealing/history.hpp"

namespace parley::sealing {

inline constexpr std::uint8_t kDisappearingVersion = 2;

// Whatever version the context names.
Bytes bound_data(const MessageContext& context);

// kInvalidArgument when the body is too large or counter and previous do not go together.
Result<crypto::SecretBytes> encode_content(const MessageContent& content);
// kMalformed for everything that encode_content does not make.
Result<MessageContent> decode_content(ByteView bytes);

crypto::Digest message_hash(const MessageContext& context, ByteView content);

}  // namespace parley::sealing
