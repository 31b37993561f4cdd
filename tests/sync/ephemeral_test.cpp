#include "shared/sync/ephemeral.hpp"

#include <catch2/catch_test_macros.hpp>

namespace parley::sync {
namespace {

UserId user(std::size_t n) {
  UserId id;
  id.uuid.bytes[0] = static_cast<std::uint8_t>(n);
  id.uuid.bytes[1] = static_cast<std::uint8_t>(n >> 8);
  id.uuid.bytes[2] = static_cast<std::uint8_t>(n >> 16);
  return id;
}

}  // namespace

TEST_CASE("Typing ends by itself five seconds after its last sign") {
  TypingState typing;
  const MonoTime start{100};
  CHECK(typing.set(start, {}, user(1), true));
  CHECK(!typing.set(start + seconds(3), {}, user(1), true));
  CHECK(typing.deadline() == start + seconds(8));
  CHECK(!typing.expire(start + milliseconds(7999)));
  CHECK(typing.expire(start + seconds(8)));
  CHECK(typing.typists({}).empty());
  CHECK(!typing.deadline());
}

TEST_CASE("Several type; one stops") {
  TypingState typing;
  typing.set({0}, {}, user(1), true);
  typing.set({1}, {}, user(2), true);
  CHECK(typing.typists({}) == std::vector{user(1), user(2)});
  CHECK(typing.set({2}, {}, user(1), false));
  CHECK(!typing.set({2}, {}, user(1), false));
  CHECK(typing.typists({}) == std::vector{user(2)});
}

TEST_CASE("Peers cannot fill memory with typists and users") {
  TypingState typing;
  PresenceState presence;
  for (std::size_t i = 0; i < 1000; ++i) typing.set({0}, {}, user(i), true);
  CHECK(typing.typists({}).size() == TypingState::kMaxTypists);
  for (std::size_t i = 1; i <= PresenceState::kMaxUsers; ++i) {
    CHECK(presence.set({user(i), wire::PresenceStatus::kOnline, {}, {}}));
  }
  CHECK(!presence.set({user(PresenceState::kMaxUsers + 1), wire::PresenceStatus::kOnline, {}, {}}));
}

TEST_CASE("The latest presence wins, and a loss forgets it but not when somebody was seen") {
  PresenceState presence;
  CHECK(presence.set({user(1), wire::PresenceStatus::kBusy, "lunch", {77}}));
  CHECK(!presence.set({user(1), wire::PresenceStatus::kBusy, "lunch", {77}}));
  CHECK(presence.forget());
  CHECK(presence.find(user(1))->status == wire::PresenceStatus::kOffline);
  CHECK(presence.find(user(1))->last_seen == Timestamp{77});
  CHECK(!presence.forget());
}

TEST_CASE("Markers only move forward; reading means having received; oneself does not count") {
  MarkerState markers;
  CHECK(markers.set({user(1), {9}, {9}}));
  CHECK(markers.set({user(2), {5}, {3}}));
  CHECK(!markers.set({user(2), {4}, {2}}));
  CHECK(markers.delivered_by_others(user(1)) == Seq{5});
  CHECK(markers.read_by_others(user(1)) == Seq{3});
  CHECK(markers.set({user(3), {0}, {7}}));
  CHECK(markers.delivered_by_others(user(1)) == Seq{7});
  CHECK(markers.read_by_others(user(2)) == Seq{9});
}

}  // namespace parley::sync
