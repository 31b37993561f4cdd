#include "shared/sync/ephemeral.hpp"

#include <algorithm>

namespace parley::sync {

bool TypingState::set(MonoTime now, RoomId room, UserId user, bool on) {
  auto it = rooms_.find(room);
  if (it == rooms_.end()) {
    if (!on || rooms_.size() >= kMaxRooms) return false;
    it = rooms_.try_emplace(room).first;
  }
  auto& typists = it->second;
  const auto typist =
      std::find_if(typists.begin(), typists.end(), [&](auto& t) { return t.user == user; });
  if (typist == typists.end()) {
    if (!on || typists.size() >= kMaxTypists) return false;
    typists.push_back({user, now + kExpiry});
    return true;
  }
  if (on) {
    typist->until = now + kExpiry;
    return false;
  }
  typists.erase(typist);
  if (typists.empty()) rooms_.erase(it);
  return true;
}

bool TypingState::expire(MonoTime now) {
  bool changed = false;
  for (auto it = rooms_.begin(); it != rooms_.end();) {
    changed |= std::erase_if(it->second, [&](auto& typist) { return typist.until <= now; }) > 0;
    it = it->second.empty() ? rooms_.erase(it) : std::next(it);
  }
  return changed;
}

std::optional<MonoTime> TypingState::deadline() const {
  std::optional<MonoTime> first;
  for (const auto& [room, typists] : rooms_) {
    for (const Typist& typist : typists) {
      if (!first || typist.until < *first) first = typist.until;
    }
  }
  return first;
}

std::vector<UserId> TypingState::typists(RoomId room) const {
  std::vector<UserId> out;
  if (const auto it = rooms_.find(room); it != rooms_.end()) {
    for (const Typist& typist : it->second) out.push_back(typist.user);
  }
  return out;
}

bool PresenceState::set(const wire::PresenceInfo& info) {
  const auto it = users_.find(info.user_id);
  if (it != users_.end()) {
    if (it->second == info) return false;
    it->second = info;
    return true;
  }
  if (users_.size() >= kMaxUsers) return false;
  users_.emplace(info.user_id, info);
  return true;
}

bool PresenceState::forget() {
  bool changed = false;
  for (auto& [user, info] : users_) {
    changed |= info.status != wire::PresenceStatus::kOffline;
    info.status = wire::PresenceStatus::kOffline;
  }
  return changed;
}

const wire::PresenceInfo* PresenceState::find(UserId user) const {
  const auto it = users_.find(user);
  return it == users_.end() ? nullptr : &it->second;
}

bool MarkerState::set(const wire::Marker& marker) {
  const auto it = markers_.find(marker.user_id);
  if (it == markers_.end()) {
    if (markers_.size() >= kMaxMembers) return false;
    markers_.emplace(marker.user_id, marker);
    return true;
  }
  wire::Marker& known = it->second;
  const wire::Marker before = known;
  known.delivered = std::max(known.delivered, marker.delivered);
  known.read = std::max(known.read, marker.read);
  return known != before;
}

Seq MarkerState::delivered_by_others(UserId self) const {
  Seq furthest;
  for (const auto& [user, marker] : markers_) {
    // Who has read something has received it.
    if (user != self) furthest = std::max({furthest, marker.delivered, marker.read});
  }
  return furthest;
}

Seq MarkerState::read_by_others(UserId self) const {
  Seq furthest;
  for (const auto& [user, marker] : markers_) {
    if (user != self) furthest = std::max(furthest, marker.read);
  }
  return furthest;
}

}  // namespace parley::sync
