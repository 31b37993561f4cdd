#include "tests/store/store_harness.hpp"

namespace parley::store::testing {
namespace {

constexpr Timestamp kCreated{1'600'000'000'000};

// A UUIDv7-like id: `n` in the time part keeps the order of the numbers.
template <class Identity>
Identity numbered(std::uint8_t kind, std::uint64_t n) {
  Identity id;
  for (std::size_t i = 0; i < 8; ++i) {
    id.uuid.bytes[7 - i] = static_cast<std::uint8_t>(n >> (8 * i));
  }
  id.uuid.bytes[15] = kind;
  return id;
}

}  // namespace

UserId user_id(std::uint64_t n) { return numbered<UserId>(1, n); }
RoomId room_id(std::uint64_t n) { return numbered<RoomId>(2, n); }
DeviceId device_id(std::uint64_t n) { return numbered<DeviceId>(3, n); }
ClientId client_id(std::uint64_t n) { return n == 0 ? ClientId{} : numbered<ClientId>(4, n); }
InviteId invite_id(std::uint64_t n) { return numbered<InviteId>(5, n); }

UserRecord user_record(std::uint64_t n) {
  return {.id = user_id(n),
          .name = "user " + std::to_string(n),
          .guest = n % 2 == 0,
          .created = kCreated,
          .last_seen = {kCreated.ms + 1},
          .presence = wire::PresenceStatus::kAway,
          .status_text = "busy with " + std::to_string(n)};
}

DeviceRecord device_record(std::uint64_t n, std::uint64_t user) {
  return {.id = device_id(n),
          .user = user_id(user),
          .name = "device " + std::to_string(n),
          .created = kCreated,
          .last_seen = {kCreated.ms + 2},
          .revoked = false};
}

RoomRecord room_record(std::uint64_t n) {
  return {.id = room_id(n),
          .settings = {.version = 1,
                       .kind = wire::RoomKind::kOpen,
                       .access = wire::RoomAccess::kPublic,
                       .name = "room " + std::to_string(n),
                       .topic = "about " + std::to_string(n)},
          .created = kCreated,
          .deleted = false};
}

InviteRecord invite_record(std::uint64_t n, std::uint64_t room) {
  return {.info = {.invite_id = invite_id(n),
                   .room_id = room_id(room),
                   .code = "code-" + std::to_string(n),
                   .expires = {},
                   .max_uses = 0,
                   .uses = 0,
                   .created_by = user_id(1)},
          .revoked = false};
}

MemberRecord member(std::uint64_t user, wire::Role role) {
  return {.user = user_id(user), .role = role};
}

NewEvent message(std::uint64_t sender, std::uint64_t client, std::string text) {
  return {.sender = user_id(sender),
          .device = device_id(sender),
          .client_id = client_id(client),
          .kind = wire::EventKind::kMessage,
          .body = to_bytes(as_bytes(text)),
          .counts = true};
}

NewEvent reaction(std::uint64_t sender, std::uint64_t client) {
  NewEvent event = message(sender, client, "+1");
  event.kind = wire::EventKind::kReaction;
  event.counts = false;
  return event;
}

RoomWrite creation(std::uint64_t room, std::vector<std::uint64_t> members) {
  RoomWrite write{.room = room_id(room), .room_record = room_record(room)};
  for (const std::uint64_t user : members) {
    write.members.push_back(
        member(user, write.members.empty() ? wire::Role::kOwner : wire::Role::kMember));
  }
  return write;
}

RoomWrite append(std::uint64_t room, std::vector<NewEvent> events) {
  return {.room = room_id(room), .events = std::move(events)};
}

std::vector<std::uint64_t> seqs_of(const std::vector<StoredEvent>& events) {
  std::vector<std::uint64_t> seqs;
  for (const StoredEvent& stored : events) seqs.push_back(stored.event.seq.value);
  return seqs;
}

}  // namespace parley::store::testing
