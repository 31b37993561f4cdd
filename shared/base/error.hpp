// Stable error codes. Numbers are part of the protocol and never change their meaning; each block
// of a hundred belongs to one area. The table below also says what a client does next.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shared/base/time.hpp"

namespace parley {

enum class ErrorAction : std::uint8_t {
  kTellUser,         // show the text; repeating the same command will not help
  kRetryAfter,       // repeat after the given time, or with backoff when none is given
  kReauthenticate,   // get a new session, then repeat
  kResync,           // fetch the current state, merge, then repeat
  kReconnect,        // the connection is over; resume on a new one
  kStop,             // this client or its version cannot work with this server
};

// X(name, code, wire name, action, text for people)
// 1xx frames and protocol · 2xx sessions · 3xx limits · 4xx rooms and members · 5xx messages
// 6xx server · 7xx encryption · 9xx local to a client, never on the wire
#define PARLEY_ERROR_TABLE(X)                                                                       \
  X(kMalformed, 100, "malformed", kReconnect, "The data could not be read.")                        \
  X(kTooLarge, 101, "too_large", kTellUser, "That is larger than this server accepts.")             \
  X(kUnknownCommand, 102, "unknown_command", kTellUser, "This server does not know that command.")  \
  X(kVersionUnsupported, 103, "version_unsupported", kStop,                                         \
    "This app and the server speak different versions. Reload or update the app.")                  \
  X(kProtocolViolation, 104, "protocol_violation", kReconnect, "The connection broke its rules.")   \
  X(kInvalidArgument, 105, "invalid_argument", kTellUser, "A value in the request is not valid.")   \
  X(kNotAuthenticated, 200, "not_authenticated", kReauthenticate, "Sign in first.")                 \
  X(kTokenExpired, 201, "token_expired", kReauthenticate, "The session has ended. Sign in again.")  \
  X(kTokenInvalid, 202, "token_invalid", kReauthenticate,                                           \
    "The session is not valid here. Sign in again.")                                                \
  X(kDeviceRevoked, 203, "device_revoked", kReauthenticate, "This device was signed out.")          \
  X(kAlreadyAuthenticated, 204, "already_authenticated", kTellUser,                                 \
    "This connection is signed in already.")                                                        \
  X(kRateLimited, 300, "rate_limited", kRetryAfter, "Too fast. It can be sent again shortly.")      \
  X(kTooManyConnections, 301, "too_many_connections", kTellUser,                                    \
    "Too many connections for this user. Close another one first.")                                 \
  X(kSlowReader, 302, "slow_reader", kReconnect, "The connection could not keep up.")               \
  X(kOverloaded, 303, "overloaded", kRetryAfter, "The server is busy. It can be tried again soon.") \
  X(kQuotaReached, 304, "quota_reached", kRetryAfter, "The limit for today is reached.")            \
  X(kRoomNotFound, 400, "room_not_found", kTellUser, "There is no such room.")                      \
  X(kAccessDenied, 401, "access_denied", kTellUser, "You do not have access to this.")              \
  X(kNotAMember, 402, "not_a_member", kTellUser, "Join the room first.")                            \
  X(kInviteRequired, 403, "invite_required", kTellUser, "This room can be joined by invitation.")   \
  X(kInviteInvalid, 404, "invite_invalid", kTellUser,                                               \
    "The invitation has expired, was used up or was withdrawn. Ask for a new one.")                 \
  X(kConflict, 405, "conflict", kResync, "Somebody else changed this at the same time.")            \
  X(kUserNotFound, 406, "user_not_found", kTellUser, "There is no such user.")                      \
  X(kRoomFull, 407, "room_full", kTellUser, "The room has reached its member limit.")               \
  X(kLastOwner, 408, "last_owner", kTellUser,                                                       \
    "A room needs an owner. Make somebody else owner first, or delete the room.")                   \
  X(kRoomDeleted, 409, "room_deleted", kTellUser, "The room was deleted.")                          \
  X(kMessageBlank, 500, "message_blank", kTellUser, "A message needs some text.")                   \
  X(kMessageTooLong, 501, "message_too_long", kTellUser, "A message has at most 4096 characters.")  \
  X(kMessageNotFound, 502, "message_not_found", kTellUser, "That message is not there any more.")   \
  X(kNotTheAuthor, 503, "not_the_author", kTellUser, "Only its author can change a message.")       \
  X(kNotText, 504, "not_text", kTellUser, "The text is not valid UTF-8.")                           \
  X(kInternal, 600, "internal", kRetryAfter, "Something went wrong on the server.")                 \
  X(kStorageFull, 601, "storage_full", kRetryAfter,                                                 \
    "The server's disk is full. Your message is kept here and sent when there is room.")            \
  X(kStorageFailed, 602, "storage_failed", kRetryAfter, "The server could not save this.")          \
  X(kShuttingDown, 603, "shutting_down", kReconnect, "The server is restarting.")                   \
  X(kUnsupported, 604, "unsupported", kTellUser, "This server does not offer that.")                \
  X(kDecryptionFailed, 700, "decryption_failed", kTellUser,                                         \
    "This was not sealed with the expected key, or was changed on its way.")                        \
  X(kSignatureInvalid, 701, "signature_invalid", kTellUser,                                         \
    "The signature does not belong to the sender and this content.")                                \
  X(kKeyInvalid, 702, "key_invalid", kTellUser, "A public key is not valid.")                       \
  X(kMlsInvalid, 703, "mls_invalid", kTellUser, "A message broke the rules of the encrypted group.") \
  X(kRemovalPending, 710, "removal_pending", kResync,                                               \
    "Somebody who left is still in the encrypted group and has to be removed first.")               \
  X(kCredentialInvalid, 711, "credential_invalid", kResync,                                         \
    "A device in the encrypted group is not one of its user's devices.")                            \
  X(kNotConnected, 900, "not_connected", kRetryAfter, "There is no connection.")                    \
  X(kTimeout, 901, "timeout", kRetryAfter, "No answer in time.")                                    \
  X(kCancelled, 902, "cancelled", kTellUser, "Cancelled.")                                          \
  X(kLocalStore, 903, "local_store", kTellUser, "This device could not save its data.")             \
  X(kNotPossible, 904, "not_possible", kTellUser, "That is not possible now.")

enum class ErrorCode : std::uint16_t {
#define X(name, code, wire, action, text) name = code,
  PARLEY_ERROR_TABLE(X)
#undef X
};

struct ErrorInfo {
  ErrorCode code;
  std::string_view name;  // stable, for JSON and logs
  ErrorAction action;
  std::string_view text;  // a full sentence for people
};

// Unknown numbers (from a newer peer) give an entry that tells the user and names nothing.
const ErrorInfo& error_info(std::uint16_t code);
inline const ErrorInfo& error_info(ErrorCode code) {
  return error_info(static_cast<std::uint16_t>(code));
}

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string detail;     // safe to log and to show: never content, tokens or keys
  Duration retry_after{};  // 0 when the error does not say

  bool operator==(const Error&) const = default;
};

}  // namespace parley
