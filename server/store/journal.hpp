// The encoding of journal rows: what one commit appended to rooms' logs and moved in markers.
//
// A row is a sequence of records, each a tag byte and its fields; integers are LEB128 varints, ids
// and bodies raw bytes (bodies after their length). Only this program writes it, and SQLite's
// checksums guard it on disk; the decoder still checks every length, so that a damaged file is an
// error, not a crash.
#pragma once

#include <variant>

#include "server/store/records.hpp"
#include "shared/base/result.hpp"

namespace parley::store {

// Row keys of rooms and users: small integers that never leave the store.
struct RoomKey {
  std::int64_t value = 0;
  auto operator<=>(const RoomKey&) const = default;
};
struct UserKey {
  std::int64_t value = 0;  // 0: no user (events that the server itself sends)
  auto operator<=>(const UserKey&) const = default;
};

struct Marker {
  Seq delivered;
  Seq read;
  Position changed = 0;
};

struct JournalEvent {
  RoomKey room;
  UserKey sender;
  Position position = 0;  // of the write it came with
  StoredEvent stored;
};

struct JournalMarker {
  RoomKey room;
  UserKey user;
  Marker marker;
};

using JournalRecord = std::variant<JournalEvent, JournalMarker>;

class JournalWriter {
 public:
  void add_event(RoomKey room, UserKey sender, Position position, const StoredEvent& stored);
  void add_marker(RoomKey room, UserKey user, const Marker& marker);
  void clear() { data_.clear(); }
  bool empty() const { return data_.empty(); }
  const Bytes& data() const { return data_; }

 private:
  void put_byte(std::uint8_t value) { data_.push_back(value); }
  void put_varint(std::uint64_t value);
  void put_raw(ByteView bytes) { data_.insert(data_.end(), bytes.begin(), bytes.end()); }

  Bytes data_;
};

class JournalReader {
 public:
  explicit JournalReader(ByteView data) : rest_(data) {}
  bool at_end() const { return rest_.empty(); }
  // kStorageFailed when the row is damaged.
  Result<JournalRecord> next();

 private:
  std::uint8_t take_byte();
  std::uint64_t take_varint();
  ByteView take_raw(std::uint64_t size);
  template <class Identity>
  Identity take_id() {
    return Identity::from_bytes(take_raw(16)).value_or(Identity{});
  }
  JournalEvent take_event();
  JournalMarker take_marker();

  ByteView rest_;
  bool damaged_ = false;
};

}  // namespace parley::store

template <>
struct std::hash<parley::store::RoomKey> {
  std::size_t operator()(const parley::store::RoomKey& key) const noexcept {
    return std::hash<std::int64_t>{}(key.value);
  }
};
template <>
struct std::hash<parley::store::UserKey> {
  std::size_t operator()(const parley::store::UserKey& key) const noexcept {
    return std::hash<std::int64_t>{}(key.value);
  }
};
