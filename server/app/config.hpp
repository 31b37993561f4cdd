// The numbers of the use cases; server/ops fills them from the configuration.
#pragma once

#include <cstdint>
#include <string>

#include "shared/base/time.hpp"
#include "shared/wire/limits.hpp"

namespace parley::app {

struct AppConfig {
  std::string server_name = "Parley";
  std::string lobby = "Lobby";  // public room every new guest starts in; empty: none

  Duration session_lifetime = hours(2);    // FEATURES G1, K2
  Duration session_renewal = minutes(30);  // a connected client gets a new token this long before

  // FEATURES L1, A6. 0 switches a limit off.
  std::uint32_t requests_per_minute = 100;
  std::uint32_t messages_per_second = 10;
  std::uint32_t messages_per_minute = 60;
  std::uint32_t rooms_per_day = 5;
  std::uint32_t connections_per_user = 10;
  std::uint32_t sign_ins_per_minute_per_address = 30;
  std::uint32_t members_per_room = 100'000;

  std::uint32_t tail_events = 256;  // newest events of an active room kept in memory
  Duration marker_interval = milliseconds(250);
  Duration presence_interval = milliseconds(250);
  std::uint32_t small_room_members = 64;       // above: only leading markers are told
  std::uint32_t presence_room_members = 256;   // above: presence is told on request only
  Duration idle_actor_lifetime = minutes(15);  // FEATURES C2
  Duration retention = hours(90 * 24);         // of messages (FEATURES B8); 0: for ever
};

}  // namespace parley::app
