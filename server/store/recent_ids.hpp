// The names (room, sender, client id) of events that are in the journal, for finding retries.
//
// They reach their table in sorted order and in one go, because one by one they would dirty a page
// each. Two generations: the active one takes new names, the frozen one is being written to the
// table. Belongs to the write thread.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "server/store/journal.hpp"

namespace parley::store {

struct EventName {
  ClientId client_id;  // first: the table's order
  RoomKey room;
  UserKey sender;
  auto operator<=>(const EventName&) const = default;
};

struct EventNameHash {
  std::size_t operator()(const EventName& name) const noexcept {
    const std::size_t rest =
        std::hash<RoomKey>{}(name.room) * 31 + std::hash<UserKey>{}(name.sender);
    return std::hash<ClientId>{}(name.client_id) ^ (rest * 0x9e3779b97f4a7c15ull);
  }
};

class RecentIds {
 public:
  // False when the name is there already, and stays what it was.
  bool add(const EventName& name, Seq seq) {
    return !frozen_.contains(name) && active_.emplace(name, seq).second;
  }
  void remove(const EventName& name) { active_.erase(name); }
  std::optional<Seq> find(const EventName& name) const {
    for (const auto* generation : {&active_, &frozen_}) {
      const auto found = generation->find(name);
      if (found != generation->end()) return found->second;
    }
    return std::nullopt;
  }
  std::size_t size() const { return active_.size() + frozen_.size(); }

  // Starts a generation; the frozen names in table order. The frozen generation must be empty.
  std::vector<std::pair<EventName, Seq>> freeze();
  void drop_frozen() { frozen_.clear(); }

 private:
  using Generation = std::unordered_map<EventName, Seq, EventNameHash>;
  Generation active_;
  Generation frozen_;
};

}  // namespace parley::store
