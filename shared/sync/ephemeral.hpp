// Latest-wins state that is never logged: who types, who is there, how far everybody has read.
//
// Sans-IO, not thread-safe. Everything is bounded, because a peer names the keys. The mutators
// return whether anything visible changed.
#pragma once

#include <map>
#include <unordered_map>
#include <vector>

#include "shared/wire/responses.hpp"

namespace parley::sync {

// Typists of each room; an entry ends by itself kExpiry after the last word of it.
class TypingState {
 public:
  static constexpr Duration kExpiry = seconds(5);
  static constexpr std::size_t kMaxTypists = 64;  // of one room
  static constexpr std::size_t kMaxRooms = 1000;

  bool set(MonoTime now, RoomId room, UserId user, bool on);
  bool expire(MonoTime now);
  void clear() { rooms_.clear(); }
  std::optional<MonoTime> deadline() const;
  std::vector<UserId> typists(RoomId room) const;  // longest first

 private:
  struct Typist {
    UserId user;
    MonoTime until;
  };
  std::map<RoomId, std::vector<Typist>> rooms_;
};

class PresenceState {
 public:
  static constexpr std::size_t kMaxUsers = 20'000;

  bool set(const wire::PresenceInfo& info);
  // After a loss nobody's presence is known; last-seen times are kept.
  bool forget();
  const wire::PresenceInfo* find(UserId user) const;

 private:
  std::unordered_map<UserId, wire::PresenceInfo> users_;
};

// Delivered and read markers of one room. They only move forward.
class MarkerState {
 public:
  static constexpr std::size_t kMaxMembers = wire::kMaxListItems;

  bool set(const wire::Marker& marker);
  // The furthest marks among everybody but `self`: a message counts as delivered or read when one
  // other member got that far.
  Seq delivered_by_others(UserId self) const;
  Seq read_by_others(UserId self) const;
  void clear() { markers_.clear(); }

 private:
  std::map<UserId, wire::Marker> markers_;
};

}  // namespace parley::sync
