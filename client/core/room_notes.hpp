// Lines that this device puts into a private room's timeline: they are in nobody's log.
#pragma once

#include <string>
#include <vector>

#include "client/e2ee/engine.hpp"

namespace parley::client {

struct RoomNote {
  Seq after;  // stands below this event
  Timestamp at;
  std::string text;  // "The identity of Ada has changed ..."

  bool operator==(const RoomNote&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(wire::field("after", after), wire::field("at", at),
       wire::field("text", text, wire::kMaxBodyBytes));
  }
};

// Whether time or other devices cannot change it.
inline bool is_for_good(e2ee::OpenFault fault) {
  return fault != e2ee::OpenFault::kUnknownEpoch && fault != e2ee::OpenFault::kWaitingForIdentity &&
         fault != e2ee::OpenFault::kBeforeJoining;
}

}  // namespace parley::client
