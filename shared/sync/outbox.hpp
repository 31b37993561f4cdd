// What the person said and the server has not confirmed yet: durable, ordered within each room.
//
// Sans-IO, not thread-safe. One entry of a room is under way at a time, so the server sees them in
// the order they were written whatever fails in between; rooms do not wait for each other. An entry
// is repeated under the same client id until the server answers, so a repeat after a lost answer is
// answered with the first one's place.
//
// Failures: what passes by itself (no connection, rate limits, a full disk) leaves the entry
// waiting; what does not fails it, and it stays, failed, until retry or discard. A failure that is
// about the room and not about the one entry fails those behind it, too.
//
// Durability: after any call drain poll_dirty() and store encode(client_id), or erase the entry
// when that is empty; restore() takes the values back.
#pragma once

#include <map>
#include <unordered_map>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/wire/commands.hpp"

namespace parley::sync {

enum class OutboxState : std::uint8_t {
  kWaiting = 0,
  kInFlight = 1,
  kFailed = 2,
};

struct OutboxEntry {
  ClientId client_id;
  RoomId room;
  wire::EventKind kind = wire::EventKind::kMessage;
  Bytes body;
  Timestamp written;
  std::uint64_t order = 0;  // rises with every entry of this outbox
  std::uint32_t attempts = 0;
  OutboxState state = OutboxState::kWaiting;
  std::uint16_t error = 0;  // ErrorCode of the last failure; 0: none

  bool operator==(const OutboxEntry&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    using wire::field;
    ar(field("client_id", client_id), field("room", room), field("kind", kind),
       field("body", body, wire::kMaxBodyBytes), field("written", written), field("order", order),
       field("attempts", attempts), field("state", state), field("error", error));
  }
};

class Outbox {
 public:
  static constexpr std::size_t kMaxEntries = 2000;
  static constexpr std::size_t kMaxInFlight = 16;       // over all rooms
  static constexpr std::uint32_t kMaxServerFaults = 8;  // kInternal this often: failed
  static constexpr Duration kRoomWait = seconds(1);

  // kQuotaReached when the outbox is full.
  Status push(RoomId room, ClientId id, wire::EventKind kind, Bytes body, Timestamp written);
  Status restore(ByteView stored);  // an entry as encode() gave it; order is kept
  bool retry(ClientId id);          // a failed one, and those of the room that failed with it
  bool discard(ClientId id);        // not one that is under way
  void discard_room(RoomId room);
  // Everything waiting becomes failed: what was written under another identity is not sent as this
  // one without a person's word.
  void fail_all(ErrorCode error);
  void clear();

  // The connection. Entries under way at a loss wait again.
  void handle_connected(MonoTime now);
  void handle_disconnected();
  // The command to send next, marked as under way; nothing when there is none now.
  std::optional<wire::Post> poll_post(MonoTime now);
  // True when the entry was there: it is confirmed and gone.
  bool handle_confirmed(ClientId id);
  void handle_error(MonoTime now, ClientId id, const Error& error);
  // The entry given out was not sent: its room is not ready. Given out again after kRoomWait, or
  // when hasten() says that the room may be ready.
  void postpone(MonoTime now, ClientId id);
  void hasten(RoomId room);

  std::optional<ClientId> poll_dirty();
  Bytes encode(ClientId id) const;  // empty: not there any more
  std::optional<MonoTime> deadline() const;

  const OutboxEntry* find(ClientId id) const;
  std::vector<const OutboxEntry*> of_room(RoomId room) const;  // in order
  std::size_t size() const { return entries_.size(); }
  std::size_t waiting() const;  // not failed

 private:
  struct Lane {  // one room
    std::map<std::uint64_t, ClientId> order;
    std::optional<MonoTime> not_before;
    bool busy = false;
  };

  OutboxEntry* edit(ClientId id);
  void insert(OutboxEntry entry);
  void remove(ClientId id);
  void touch(ClientId id) { dirty_.push_back(id); }
  void fail(OutboxEntry& entry, ErrorCode error);
  const OutboxEntry* next_of(const Lane& lane) const;

  std::unordered_map<ClientId, OutboxEntry> entries_;
  std::map<RoomId, Lane> lanes_;
  std::vector<ClientId> dirty_;
  std::uint64_t next_order_ = 1;
  std::size_t in_flight_ = 0;
  bool connected_ = false;
  std::optional<MonoTime> not_before_;  // limits that are the user's, so of all rooms
};

}  // namespace parley::sync
