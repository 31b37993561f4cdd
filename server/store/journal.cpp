#include "server/store/journal.hpp"

namespace parley::store {
namespace {

constexpr std::uint8_t kEventTag = 1;
constexpr std::uint8_t kMarkerTag = 2;
constexpr std::uint8_t kContinuation = 0x80;

}  // namespace

void JournalWriter::put_varint(std::uint64_t value) {
  while (value >= kContinuation) {
    put_byte(static_cast<std::uint8_t>(value | kContinuation));
    value >>= 7;
  }
  put_byte(static_cast<std::uint8_t>(value));
}

void JournalWriter::add_event(RoomKey room, UserKey sender, Position position,
                              const StoredEvent& stored) {
  const wire::Event& event = stored.event;
  put_byte(kEventTag);
  put_varint(static_cast<std::uint64_t>(room.value));
  put_varint(static_cast<std::uint64_t>(sender.value));
  put_varint(position);
  put_varint(event.seq.value);
  put_varint(static_cast<std::uint64_t>(event.at.ms));
  put_varint(stored.ordinal);
  put_varint(static_cast<std::uint16_t>(event.kind));
  put_raw(event.sender.view());
  put_raw(event.device.view());
  put_raw(event.client_id.view());
  put_varint(event.body.size());
  put_raw(event.body);
}

void JournalWriter::add_marker(RoomKey room, UserKey user, const Marker& marker) {
  put_byte(kMarkerTag);
  put_varint(static_cast<std::uint64_t>(room.value));
  put_varint(static_cast<std::uint64_t>(user.value));
  put_varint(marker.delivered.value);
  put_varint(marker.read.value);
  put_varint(marker.changed);
}

std::uint8_t JournalReader::take_byte() {
  const ByteView byte = take_raw(1);
  return byte.empty() ? std::uint8_t{0} : byte[0];
}

std::uint64_t JournalReader::take_varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const std::uint8_t byte = take_byte();
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if ((byte & kContinuation) == 0) return value;
  }
  damaged_ = true;
  return 0;
}

ByteView JournalReader::take_raw(std::uint64_t size) {
  if (damaged_ || size > rest_.size()) {
    damaged_ = true;
    return {};
  }
  const ByteView taken = rest_.first(static_cast<std::size_t>(size));
  rest_ = rest_.subspan(static_cast<std::size_t>(size));
  return taken;
}

JournalEvent JournalReader::take_event() {
  JournalEvent record;
  wire::Event& event = record.stored.event;
  record.room.value = static_cast<std::int64_t>(take_varint());
  record.sender.value = static_cast<std::int64_t>(take_varint());
  record.position = take_varint();
  event.seq.value = take_varint();
  event.at.ms = static_cast<std::int64_t>(take_varint());
  record.stored.ordinal = take_varint();
  event.kind = static_cast<wire::EventKind>(take_varint());
  event.sender = take_id<UserId>();
  event.device = take_id<DeviceId>();
  event.client_id = take_id<ClientId>();
  event.body = to_bytes(take_raw(take_varint()));
  return record;
}

JournalMarker JournalReader::take_marker() {
  JournalMarker record;
  record.room.value = static_cast<std::int64_t>(take_varint());
  record.user.value = static_cast<std::int64_t>(take_varint());
  record.marker.delivered.value = take_varint();
  record.marker.read.value = take_varint();
  record.marker.changed = take_varint();
  return record;
}

Result<JournalRecord> JournalReader::next() {
  const std::uint8_t tag = take_byte();
  JournalRecord record;
  if (tag == kEventTag) {
    record = take_event();
  } else if (tag == kMarkerTag) {
    record = take_marker();
  } else {
    damaged_ = true;
  }
  if (damaged_) return Error{ErrorCode::kStorageFailed, "a journal row is damaged", {}};
  return record;
}

}  // namespace parley::store
