// Asking other devices for history secrets that the own vault lacks.
//
// Version 1 (1); author (161 + 32, author.hpp); number of runs (varint), each: first epoch
// (varint), number of epochs (varint, from 1); signature (64) by the author's device over "Parley
// history request 1" | room (16) | the content up to the signature. It holds no secret: an answer
// is sealed to the device key in the author's credential, so that to repeat one gains nothing.
#pragma once

#include <vector>

#include "shared/sealing/author.hpp"

namespace parley::sealing {

struct HistoryRequest {
  VerifiedAuthor author;  // whether it is a member of the room is for the caller to know
  std::vector<std::uint64_t> epochs;  // rising, at most kMaxBundleSecrets (bundle.hpp)
};

// kInvalidArgument for none, too many, or epochs that do not rise.
Result<Bytes> make_history_request(const RoomId& room, const Author& author,
                                   const std::vector<std::uint64_t>& epochs);

// kVersionUnsupported, kMalformed, and the errors of verify_author: for another room as well.
Result<HistoryRequest> open_history_request(const RoomId& room, ByteView bytes);

}  // namespace parley::sealing
