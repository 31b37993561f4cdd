#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "server/bus/mailbox.hpp"

namespace parley::test {
namespace {

using bus::Mailbox;

std::size_t drain(Mailbox& mailbox) {
  return mailbox.drain([](Mailbox::Task& task) { task(); });
}

TEST_CASE("only the first post into an empty mailbox asks for a wake") {
  Mailbox mailbox;
  int ran = 0;
  const auto task = [&ran] { ++ran; };
  CHECK(mailbox.post(task));
  CHECK_FALSE(mailbox.post(task));
  CHECK(drain(mailbox) == 2);
  CHECK(ran == 2);
  CHECK(drain(mailbox) == 0);
  CHECK(mailbox.post(task));
}

TEST_CASE("what a task posts waits for the next drain, with a wake of its own") {
  Mailbox mailbox;
  int ran = 0;
  bool woke = false;
  REQUIRE(mailbox.post([&] {
    ++ran;
    woke = mailbox.post([&ran] { ++ran; });
  }));
  CHECK(drain(mailbox) == 1);
  CHECK(woke);
  CHECK(ran == 1);
  CHECK(drain(mailbox) == 1);
  CHECK(ran == 2);
}

TEST_CASE("tasks that were never run are destroyed") {
  auto held = std::make_shared<int>(0);
  {
    Mailbox mailbox;
    REQUIRE(mailbox.post([held] { ++*held; }));
    CHECK(held.use_count() == 2);
  }
  CHECK(held.use_count() == 1);
  CHECK(*held == 0);
}

TEST_CASE("many posters: nothing is lost, the order of each is kept, every fill wakes once") {
  constexpr int kPosters = 4;
  constexpr int kTasks = 20'000;
  Mailbox mailbox;
  std::atomic<int> wakes{0};
  std::atomic<int> finished{0};
  std::vector<std::vector<int>> seen(kPosters);
  std::vector<std::thread> posters;
  for (int poster = 0; poster < kPosters; ++poster) {
    posters.emplace_back([&, poster] {
      for (int i = 0; i < kTasks; ++i) {
        if (mailbox.post(
                [&seen, poster, i] { seen[static_cast<std::size_t>(poster)].push_back(i); })) {
          wakes.fetch_add(1);
        }
      }
      finished.fetch_add(1);
    });
  }
  int drains = 0;
  for (;;) {
    const bool all_posted = finished.load() == kPosters;
    if (drain(mailbox) > 0) {
      ++drains;
    } else if (all_posted) {
      break;
    }
  }
  for (std::thread& poster : posters) poster.join();
  CHECK(wakes.load() == drains);
  for (const std::vector<int>& order : seen) {
    REQUIRE(order.size() == kTasks);
    CHECK(std::is_sorted(order.begin(), order.end()));
  }
}

}  // namespace
}  // namespace parley::test
