// One shard's half of the fan-out: which local connections hear which room.
//
// Rooms decide what is sent and encode it once for each format; every shard with listeners gets one
// task that hands the shared bytes to its own connections. Lives on its shard's thread.
#pragma once

#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "server/app/peer.hpp"

namespace parley::app {

// The same thing in every format that has listeners; null where none has.
using Encoded = std::array<SharedBytes, kFormatCount>;

// One signed-in connection. `rooms` is kept by the Fanout.
struct Subscriber {
  Peer* peer = nullptr;
  UserId user;
  std::unordered_set<RoomId> rooms;
};

class Fanout {
 public:
  // False when it was there already.
  bool add(RoomId room, Subscriber* subscriber);
  bool remove(RoomId room, Subscriber* subscriber);
  // All connections of the user stop hearing the room; how many there were of each format.
  std::array<std::uint32_t, kFormatCount> remove_user(RoomId room, UserId user);

  void deliver(RoomId room, const Encoded& encoded, Priority priority) const;

 private:
  std::unordered_map<RoomId, std::vector<Subscriber*>> rooms_;
};

}  // namespace parley::app
