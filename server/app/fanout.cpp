#include "server/app/fanout.hpp"

namespace parley::app {

bool Fanout::add(RoomId room, Subscriber* subscriber) {
  if (!subscriber->rooms.insert(room).second) return false;
  rooms_[room].push_back(subscriber);
  return true;
}

bool Fanout::remove(RoomId room, Subscriber* subscriber) {
  if (subscriber->rooms.erase(room) == 0) return false;
  const auto found = rooms_.find(room);
  std::erase(found->second, subscriber);
  if (found->second.empty()) rooms_.erase(found);
  return true;
}

std::array<std::uint32_t, kFormatCount> Fanout::remove_user(RoomId room, UserId user) {
  std::array<std::uint32_t, kFormatCount> removed{};
  const auto found = rooms_.find(room);
  if (found == rooms_.end()) return removed;
  std::erase_if(found->second, [&](Subscriber* subscriber) {
    if (subscriber->user != user) return false;
    subscriber->rooms.erase(room);
    ++removed[static_cast<std::size_t>(subscriber->peer->format())];
    return true;
  });
  if (found->second.empty()) rooms_.erase(found);
  return removed;
}

void Fanout::deliver(RoomId room, const Encoded& encoded, Priority priority) const {
  const auto found = rooms_.find(room);
  if (found == rooms_.end()) return;
  for (const Subscriber* subscriber : found->second) {
    const auto& bytes = encoded[static_cast<std::size_t>(subscriber->peer->format())];
    if (bytes) subscriber->peer->send(bytes, priority);
  }
}

}  // namespace parley::app
