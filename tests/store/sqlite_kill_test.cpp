// kill -9 loses nothing that was acknowledged.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <iostream>
#include <map>
#include <random>
#include <thread>

#include "tests/store/store_harness.hpp"

using namespace parley;
using namespace parley::store;
using namespace parley::store::testing;

namespace {

constexpr std::uint64_t kRooms = 8;
constexpr int kRounds = 12;

struct Acknowledged {
  std::uint64_t room;
  std::uint64_t seq;
  std::uint64_t client;
};

SqliteOptions options(const std::string& path) {
  return {.path = path, .journal_events = 200, .checkpoint_pages = 64, .clock = [] {
            return Timestamp{1'700'000'000'000};
          }};
}

// Runs until it is killed: writes to all rooms at once and reports what was acknowledged.
[[noreturn]] void write_until_killed(const std::string& path, int report, std::uint64_t round) {
  auto opened = open_sqlite_store(options(path));
  if (!opened.ok()) ::_exit(1);
  Store& store = **opened;
  if (round == 0) {
    Calls calls(store);
    if (!calls.put(user_record(1)).ok()) ::_exit(2);
    for (std::uint64_t room = 1; room <= kRooms; ++room) {
      if (!calls.write(creation(room, {1})).ok()) ::_exit(3);
    }
  }
  std::atomic<int> in_flight{0};
  for (std::uint64_t client = 1;; ++client) {
    while (in_flight.load() > 100) std::this_thread::yield();
    const std::uint64_t room = 1 + client % kRooms;
    const std::uint64_t name = (round << 32) + client;
    ++in_flight;
    store.write_room(append(room, {message(1, name, "kept")}), [&, room, name](auto written) {
      --in_flight;
      if (!written.ok()) ::_exit(4);
      // Smaller than PIPE_BUF: whole or not at all.
      const Acknowledged line{room, written->seqs.front().value, name};
      if (::write(report, &line, sizeof line) != sizeof line) ::_exit(5);
    });
    if (client % 7 == 0) {
      store.write_markers({{room_id(room), user_id(1), {client / 8}, {client / 8}}}, [](auto) {});
    }
  }
}

}  // namespace

TEST_CASE("kill -9 loses nothing acknowledged", "[store][sqlite]") {
  const std::uint64_t seed = std::random_device{}();
  std::cout << "kill test seed " << seed << std::endl;
  std::mt19937_64 random(seed);
  TempFolder folder;
  const std::string path = folder.file("store.db");
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> acknowledged;

  for (std::uint64_t round = 0; round < kRounds; ++round) {
    INFO("seed " << seed << ", round " << round);
    int pipe_ends[2];
    REQUIRE(::pipe(pipe_ends) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      ::close(pipe_ends[0]);
      write_until_killed(path, pipe_ends[1], round);
    }
    ::close(pipe_ends[1]);
    // Killed after a random number of acknowledgements, at whatever moment that is.
    const std::uint64_t enough = 1 + random() % 2000;
    std::uint64_t count = 0;
    Acknowledged line{};
    bool killed = false;
    while (::read(pipe_ends[0], &line, sizeof line) == sizeof line) {
      REQUIRE(acknowledged.try_emplace({line.room, line.seq}, line.client).second);
      if (++count == enough) killed = ::kill(child, SIGKILL) == 0;
    }
    ::close(pipe_ends[0]);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(killed);
    REQUIRE(WIFSIGNALED(status));

    auto opened = open_sqlite_store(options(path));
    REQUIRE(opened.ok());
    Calls calls(**opened);
    for (std::uint64_t room = 1; room <= kRooms; ++room) {
      std::uint64_t next = 1;
      while (true) {
        const auto page = calls.events({.room = room_id(room),
                                        .from = wire::HistoryFrom::kAfter,
                                        .seq = {next - 1},
                                        .limit = 1000});
        REQUIRE(page.ok());
        if (page->empty()) break;
        for (const StoredEvent& stored : *page) {
          REQUIRE(stored.event.seq.value == next);
          REQUIRE(stored.ordinal == next);
          const auto known = acknowledged.find({room, next});
          if (known != acknowledged.end()) {
            REQUIRE(stored.event.client_id == client_id(known->second));
            acknowledged.erase(known);
          } else if (round + 1 == kRounds) {
            // Committed without its acknowledgement getting out: a retry must find it.
            const auto again = wait_for<RoomWritten>([&](auto done) {
              RoomWrite write{.room = room_id(room)};
              NewEvent event = message(1, 1);
              event.client_id = stored.event.client_id;
              write.events.push_back(std::move(event));
              (*opened)->write_room(std::move(write), std::move(done));
            });
            REQUIRE(again.ok());
            if (again->duplicate) CHECK(again->seqs.front().value == next);
          }
          ++next;
        }
      }
    }
    CHECK(acknowledged.empty());
  }
}
