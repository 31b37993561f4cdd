#include "server/store/recent_table.hpp"

namespace parley::store {

const StoredEvent* RecentRoom::find(Seq seq) const {
  if (seq < first() || seq > head.seq) return nullptr;
  return &events[static_cast<std::size_t>(seq.value - first().value)];
}

std::optional<Marker> RecentTable::marker(RoomKey room, UserKey user) const {
  const std::lock_guard lock(mutex_);
  const RecentRoom* recent = find(room);
  if (recent == nullptr) return std::nullopt;
  const auto found = recent->markers.find(user);
  if (found == recent->markers.end()) return std::nullopt;
  return found->second;
}

const RecentRoom* RecentTable::find(RoomKey room) const {
  const auto found = rooms_.find(room);
  return found != rooms_.end() ? &found->second : nullptr;
}

std::vector<RoomKey> RecentTable::rooms() const {
  std::vector<RoomKey> keys;
  keys.reserve(rooms_.size());
  for (const auto& entry : rooms_) keys.push_back(entry.first);
  return keys;
}

void RecentTable::append(RoomKey room, const RoomHead& head, StoredEvent stored) {
  RecentRoom& recent = rooms_[room];
  recent.head = head;
  ++event_count_;
  body_bytes_ += stored.event.body.size();
  recent.events.push_back(std::move(stored));
}

void RecentTable::set_marker(RoomKey room, UserKey user, const Marker& marker) {
  if (rooms_[room].markers.insert_or_assign(user, marker).second) ++marker_count_;
}

void RecentTable::drop_marker(RoomKey room, UserKey user) {
  const auto found = rooms_.find(room);
  if (found != rooms_.end()) marker_count_ -= found->second.markers.erase(user);
}

void RecentTable::drop_room(RoomKey room) {
  const auto found = rooms_.find(room);
  if (found == rooms_.end()) return;
  event_count_ -= found->second.events.size();
  marker_count_ -= found->second.markers.size();
  for (const StoredEvent& stored : found->second.events) body_bytes_ -= stored.event.body.size();
  rooms_.erase(found);
}

}  // namespace parley::store
