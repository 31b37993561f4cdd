// People with private rooms in the simulated world, and what they see.
#pragma once

#include <catch2/catch_test_macros.hpp>

#include "tests/sim/world.hpp"

namespace parley::sim {

using client::MessageView;

struct Private : World {
  explicit Private(std::uint64_t seed = 7, decltype(&make_app_server) make = make_app_server)
      : World(seed, make) {
    private_rooms = true;
  }

  SimClient& person(const std::string& name) {
    SimClient& client = add_client(name);
    client.core().sign_in_guest(now(), name);
    client.drain();
    run_for(seconds(5));
    INFO(client.view().keys.text);
    REQUIRE(client.view().keys.state == client::AccountKeys::kReady);
    return client;
  }
  // With the members of `others`, who see it when this returns.
  RoomId room(SimClient& owner, const std::string& name, std::vector<SimClient*> others,
              wire::HistoryAccess history = wire::HistoryAccess::kAll,
              std::uint32_t disappear_after_s = 0) {
    std::vector<UserId> users;
    for (SimClient* other : others) users.push_back(other->view().self.user);
    const auto token =
        owner.core().create_private_room(now(), name, "a topic", users, history, disappear_after_s);
    owner.drain();
    run_for(seconds(5));
    REQUIRE(owner.answers.contains(token));
    REQUIRE(owner.answers.at(token).ok());
    return std::get<wire::RoomState>(*owner.answers.at(token)).room.room_id;
  }
  void open(SimClient& client, RoomId id) {
    client.core().open_room(now(), id);
    client.drain();
    run_for(seconds(2));
  }
};

inline std::vector<std::string> texts(SimClient& client) {
  std::vector<std::string> out;
  if (!client.view().room) return out;
  for (const auto& item : client.view().room->items) {
    const auto* message = std::get_if<MessageView>(&item);
    if (message) out.push_back(message->unreadable.empty() ? message->content : "?");
  }
  return out;
}

using Texts = std::vector<std::string>;

}  // namespace parley::sim
