// What the client keeps on the device: keys and the records behind them.
//
//   session            StoredSession: who is signed in, the token, where to resume, the last room
//   settings           Settings
//   words-shown        the user to whom recovery words were shown who has not said to have them yet
//   room/<room id>     StoredRoom
//   events/<room id>/<chunk, 16 hex digits>   StoredEvents: events of seq / kChunk == chunk
//   draft/<room id>    StoredDraft
//   outbox/<client id> an entry as sync::Outbox encodes it
//   user/<user id>     wire::UserInfo
//   notes/<room id>    StoredNotes
//   e2ee/...           keys of private rooms, see client/e2ee/records.hpp
//
// A value is a format byte and the record in the wire encoding. A value of another format, or one
// that cannot be read, counts as not there: everything but the outbox is fetched again. The sync
// token is part of the session and is written in one batch with the rooms it covers, so it is never
// ahead of them.
#pragma once

#include <string>
#include <vector>

#include "client/core/room_notes.hpp"
#include "client/core/view_models.hpp"

namespace parley::client {

inline constexpr std::uint8_t kStoredFormat = 1;
inline constexpr std::uint64_t kChunk = 50;
inline constexpr std::uint64_t kStoredEvents = 200;  // of each room

std::string events_key(RoomId room, std::uint64_t chunk);

struct StoredSession {
  wire::Session session;
  std::string server_name;
  std::string sync_token;
  wire::PresenceInfo presence;
  RoomId open_room;

  bool operator==(const StoredSession&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    using wire::field;
    ar(field("session", session), field("server_name", server_name, wire::kMaxNameBytes),
       field("sync_token", sync_token, wire::kMaxCodeBytes), field("presence", presence),
       field("open_room", open_room));
  }
};

struct StoredRoom {
  wire::RoomSummary summary;
  Seq delivered_by_others;
  Seq read_by_others;
  Seq read;  // by this user, also where the server was not told

  bool operator==(const StoredRoom&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    using wire::field;
    ar(field("summary", summary), field("delivered_by_others", delivered_by_others),
       field("read_by_others", read_by_others), field("read", read));
  }
};

struct StoredEvents {
  std::vector<wire::Event> events;  // ascending
  bool operator==(const StoredEvents&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(wire::field("events", events, kChunk));
  }
};

struct StoredDraft {
  std::string text;
  Seq reply_to;
  bool operator==(const StoredDraft&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(wire::field("text", text, 4 * wire::kMaxContentBytes), wire::field("reply_to", reply_to));
  }
};

struct StoredNotes {
  static constexpr std::size_t kMax = 50;  // the newest of a room
  std::vector<RoomNote> notes;
  std::vector<MissedMessages> missed;
  bool operator==(const StoredNotes&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(wire::field("notes", notes, kMax), wire::field("missed", missed, kMax));
  }
};

template <class T>
Bytes pack(const T& record) {
  Bytes out{kStoredFormat};
  wire::BinaryWriter writer(out);
  writer(record);
  return out;
}

template <class T>
std::optional<T> unpack(ByteView value) {
  if (value.empty() || value[0] != kStoredFormat) return std::nullopt;
  auto record = wire::decode<T>(value.subspan(1));
  if (!record) return std::nullopt;
  return *std::move(record);
}

}  // namespace parley::client
