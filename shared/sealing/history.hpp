// Messages of rooms with history: sealed under the epoch's history secret, so that whoever may read
// the epoch can read all of it, on any device and later (DESIGN section 6).
//
//     history secret = MLS-Exporter("parley history", room id, 32)      (RFC 9420 section 8.5)
//     message key    = HKDF-Expand-SHA256(history secret, "parley message" | device id, 32)
//
// XChaCha20-Poly1305 with a random nonce. Associated data, 74 bytes: version 1 (1), room (16),
// epoch (8, big-endian), user (16), device (16), client id (16), counts (1: 0 or 1).
//
// Inside: author (161 + 32, author.hpp), message id (16), counter (varint), hash of the device's
// message before in this room (32, zeros before the first), event kind (varint), length (varint)
// and body, signature (64), zeros up to the padded size. The device signs "Parley message 1" |
// associated data | the inside up to the signature; SHA-256 of that is the message's hash.
#pragma once

#include "shared/crypto/hash.hpp"
#include "shared/sealing/author.hpp"
#include "shared/wire/event.hpp"

namespace parley::sealing {

inline constexpr std::uint8_t kMessageVersion = 1;
inline constexpr std::string_view kHistoryLabel = "parley history";  // of the MLS exporter
// What an inner body may have; sealed and padded it still fits in an event's body.
inline constexpr std::size_t kMaxInnerBody = 62 * 1024;

using MessageId = std::array<std::uint8_t, 16>;

// The part of a sealed event that everybody reads; any change of it makes the message unreadable.
struct MessageContext {
  std::uint8_t version = kMessageVersion;
  RoomId room;
  std::uint64_t epoch = 0;
  UserId user;
  DeviceId device;
  ClientId client_id;
  bool counts = false;  // whether the server raises unread counts

  bool operator==(const MessageContext&) const = default;
};

struct MessageContent {
  MessageId id{};             // random; the same when it is sealed again for another epoch
  std::uint64_t counter = 1;  // of this device in this room, from 1
  crypto::Digest previous{};  // hash of the message before; zeros when counter is 1
  wire::EventKind kind = wire::EventKind::kNone;
  Bytes body;  // of that kind, encoded
};

// Only a device's first message in a room has none before it.
inline bool is_link(const MessageContent& content) {
  return content.counter > 0 && (content.counter == 1) == (content.previous == crypto::Digest{});
}

struct SealedMessage {
  crypto::XChaChaNonce nonce{};
  Bytes ciphertext;
  crypto::Digest hash{};  // `previous` of the device's next message
};

struct OpenedMessage {
  VerifiedAuthor author;
  MessageContent content;
  crypto::Digest hash{};
};

// Seal in order and one after the other: a message's hash covers its epoch, so that sealing it
// again under a later epoch changes `previous` of every message that waits behind it.

// The smallest of 64, 128, 256, 512, 1024 and the multiples of 1024 that holds `size`.
std::size_t padded_size(std::size_t size);

// kInvalidArgument when the body is too large, when the context names another user or device than
// the author's credential, or when counter and previous do not go together.
Result<SealedMessage> seal_message(Rng& rng, const crypto::Secret& history_secret,
                                   const MessageContext& context, const Author& author,
                                   const MessageContent& content);

// kVersionUnsupported; kDecryptionFailed for another key, nonce, context or any change;
// kMalformed for what a holder of the history secret sealed wrongly; kAccessDenied when the
// envelope names another sender than the credential inside; kSignatureInvalid and the errors of
// verify_author.
Result<OpenedMessage> open_message(const crypto::Secret& history_secret,
                                   const MessageContext& context, ByteView nonce,
                                   ByteView ciphertext,
                                   identity::VerifiedCredentials* known = nullptr);

}  // namespace parley::sealing
