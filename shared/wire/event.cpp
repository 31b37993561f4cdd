#include "shared/wire/event.hpp"

namespace parley::wire {
namespace {

template <class T>
Result<EventBody> decode_as(ByteView body) {
  auto decoded = decode<T>(body);
  if (!decoded) return decoded.error();
  return EventBody{*std::move(decoded)};
}

}  // namespace

Result<EventBody> decode_body(EventKind kind, ByteView body) {
  switch (kind) {
    case EventKind::kMessage:
      return decode_as<Message>(body);
    case EventKind::kEdit:
      return decode_as<Edit>(body);
    case EventKind::kDeletion:
      return decode_as<Deletion>(body);
    case EventKind::kReaction:
      return decode_as<Reaction>(body);
    case EventKind::kMembership:
      return decode_as<Membership>(body);
    case EventKind::kRoomSettings:
      return decode_as<RoomSettings>(body);
    case EventKind::kRoomDeleted:
      return decode_as<RoomDeleted>(body);
    case EventKind::kSealed:
      return decode_as<SealedBody>(body);
    case EventKind::kDevicesChanged:
      return decode_as<DevicesChanged>(body);
    case EventKind::kNone:
    case EventKind::kCommit:
      break;
  }
  return EventBody{OpaqueBody{kind}};
}

}  // namespace parley::wire
