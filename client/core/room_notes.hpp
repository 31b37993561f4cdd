// What this device puts into a private room's timeline: it is in nobody's log.
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

// A device's messages that lie, as its next one says, between two of its events, and were not there
// when that one was opened.
struct MissedMessages {
  Seq after, before;
  UserId user;
  DeviceId device;
  std::uint64_t count = 0;

  bool operator==(const MissedMessages&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(wire::field("after", after), wire::field("before", before), wire::field("user", user),
       wire::field("device", device), wire::field("count", count));
  }
};

// Whether time or other devices cannot change it.
inline bool is_for_good(e2ee::OpenFault fault) {
  return fault != e2ee::OpenFault::kUnknownEpoch && fault != e2ee::OpenFault::kWaitingForIdentity &&
         fault != e2ee::OpenFault::kBeforeJoining;
}

// Whether it is nobody's message: what the server calls it is not shown as said by anyone.
inline bool is_refused(e2ee::OpenFault fault) {
  return is_for_good(fault) && fault != e2ee::OpenFault::kUnsupported &&
         fault != e2ee::OpenFault::kNotForThisDevice;
}

// What members may seal; everything else is said by the server alone.
inline bool may_be_sealed(wire::EventKind kind) {
  switch (kind) {
    case wire::EventKind::kMessage:
    case wire::EventKind::kEdit:
    case wire::EventKind::kDeletion:
    case wire::EventKind::kReaction:
    case wire::EventKind::kRoomSettings:
      return true;
    default:
      return false;
  }
}

// Whether its author's device counted it among what it sent: what came sealed and is that device's.
// `refused()`: see is_refused, of an event that is still sealed.
template <class Refused>
bool is_chained(const wire::Event& event, Refused refused) {
  if (event.kind == wire::EventKind::kSealed) return !refused();
  if (event.kind != wire::EventKind::kRoomSettings) return may_be_sealed(event.kind);
  const auto settings = wire::decode<wire::RoomSettings>(event.body);
  return settings && !settings->name.empty();  // the server's own have none
}

}  // namespace parley::client
