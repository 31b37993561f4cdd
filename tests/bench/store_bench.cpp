// How fast the SQLite store is: one line of JSON per case.
//
//   store_bench [SECONDS [FOLDER]]    time for each append case, 5 by default; where the database
//   goes
//
// Appends: 500 rooms, bodies of 128 bytes, durable commits; "in_flight" writers each wait for their
// answer before they write again, as clients do. `store_cpu_us` is what the store's threads took
// for an event, the kernel's part included; `driver_cpu_us` is this program's own part of it.
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <iostream>
#include <mutex>
#include <vector>

#include "server/store/sqlite_store.hpp"

namespace {

using namespace parley;
using namespace parley::store;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kRooms = 500;
constexpr std::size_t kUsers = 2000;
constexpr std::size_t kBodyBytes = 128;
constexpr std::uint64_t kLongRoom = 100'000;

double cpu_seconds(int who) {
  rusage usage{};
  getrusage(who, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double written_kib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_oublock) / 2;
}

Timestamp wall_clock() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::milliseconds>(now).count()};
}

double quantile(std::vector<double>& values, double part) {
  if (values.empty()) return 0;
  const auto at = static_cast<std::size_t>(part * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
  return values[at];
}

template <class T, class Call>
T wait_for(Call call) {
  std::promise<Result<T>> promise;
  auto future = promise.get_future();
  call([&](Result<T> result) { promise.set_value(std::move(result)); });
  auto result = future.get();
  if (!result.ok()) {
    std::cerr << "store_bench: " << error_info(result.error().code).name << " "
              << result.error().detail << "\n";
    std::exit(1);
  }
  return std::move(*result);
}

class World {
 public:
  explicit World(std::string path, bool durable) : path_(std::move(path)) {
    auto opened = open_sqlite_store({.path = path_, .durable = durable, .clock = wall_clock});
    if (!opened.ok()) {
      std::cerr << "store_bench: " << opened.error().detail << "\n";
      std::exit(1);
    }
    store = std::move(*opened);
  }
  void fill() {
    for (std::size_t i = 0; i < kUsers; ++i) {
      users.push_back(UserId::make(wall_clock(), rng));
      devices.push_back(DeviceId::make(wall_clock(), rng));
      store->put_user({.id = users[i], .name = "user " + std::to_string(i)}, [](Status) {});
    }
    for (std::size_t i = 0; i < kRooms; ++i) {
      rooms.push_back(RoomId::make(wall_clock(), rng));
      RoomWrite write{.room = rooms[i]};
      write.room_record = RoomRecord{.id = rooms[i], .created = wall_clock()};
      write.room_record->settings.name = "room " + std::to_string(i);
      for (std::size_t user = i; user < kUsers; user += kRooms) {
        write.members.push_back({.user = users[user], .role = wire::Role::kMember});
      }
      wait_for<RoomWritten>(
          [&](auto done) { store->write_room(std::move(write), std::move(done)); });
    }
  }
  RoomWrite message(std::size_t user) {
    NewEvent event{.sender = users[user],
                   .device = devices[user],
                   .client_id = ClientId::make(wall_clock(), rng),
                   .kind = wire::EventKind::kMessage,
                   .body = Bytes(kBodyBytes, 'x'),
                   .counts = true};
    RoomWrite write{.room = rooms[user % kRooms]};
    write.events.push_back(std::move(event));
    return write;
  }

  std::unique_ptr<Store> store;
  SeededRng rng{1};
  std::vector<UserId> users;
  std::vector<DeviceId> devices;
  std::vector<RoomId> rooms;

 private:
  std::string path_;
};

// Users that were answered; filled by the store's write thread, emptied by the driver.
class Answered {
 public:
  void add(std::size_t user) {
    bool wake = false;
    {
      const std::lock_guard lock(mutex_);
      wake = users_.empty();
      users_.push_back(user);
    }
    if (wake) filled_.notify_one();
  }
  void take(std::vector<std::size_t>& out) {
    out.clear();
    std::unique_lock lock(mutex_);
    filled_.wait(lock, [this] { return !users_.empty(); });
    out.swap(users_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable filled_;
  std::vector<std::size_t> users_;
};

void run_appends(World& world, std::size_t in_flight, double seconds, bool with_markers,
                 bool durable) {
  Answered answered;
  std::vector<Clock::time_point> sent(in_flight);
  std::vector<double> latencies;
  std::size_t waiting = 0;
  std::uint64_t events = 0;
  const StoreStats before = world.store->stats();
  const double kib = written_kib();
  const double cpu = cpu_seconds(RUSAGE_SELF), driver = cpu_seconds(RUSAGE_THREAD);
  const auto start = Clock::now();
  const auto send = [&](std::size_t writer) {
    const std::size_t user = writer % kUsers;
    sent[writer] = Clock::now();
    ++waiting;
    if (with_markers) {
      world.store->write_markers(
          {{world.rooms[user % kRooms], world.users[user], {kLongRoom}, {kLongRoom}}},
          [](Result<Position>) {});
    }
    world.store->write_room(world.message(user), [&answered, writer](Result<RoomWritten> result) {
      if (!result.ok()) std::cerr << "store_bench: " << result.error().detail << "\n";
      answered.add(writer);
    });
  };
  for (std::size_t writer = 0; writer < in_flight; ++writer) send(writer);
  std::vector<std::size_t> ready;
  while (waiting > 0) {
    answered.take(ready);
    const auto now = Clock::now();
    const bool more = std::chrono::duration<double>(now - start).count() < seconds;
    for (const std::size_t writer : ready) {
      --waiting;
      ++events;
      latencies.push_back(std::chrono::duration<double, std::milli>(now - sent[writer]).count());
      if (more) send(writer);
    }
  }
  const double elapsed = std::chrono::duration<double>(Clock::now() - start).count();
  const double driver_cpu = cpu_seconds(RUSAGE_THREAD) - driver;
  const double store_cpu = cpu_seconds(RUSAGE_SELF) - cpu - driver_cpu;
  const double count = static_cast<double>(events);
  std::cout << R"({"bench":"store","case":"append","rooms":)" << kRooms << R"(,"in_flight":)"
            << in_flight << R"(,"durable":)" << (durable ? "true" : "false") << R"(,"markers":)"
            << (with_markers ? "true" : "false") << R"(,"events":)" << events
            << R"(,"events_per_s":)" << static_cast<std::uint64_t>(count / elapsed)
            << R"(,"events_per_cpu_s":)" << static_cast<std::uint64_t>(count / store_cpu)
            << R"(,"store_cpu_us":)" << store_cpu / count * 1e6 << R"(,"driver_cpu_us":)"
            << driver_cpu / count * 1e6 << R"(,"events_per_commit":)"
            << count / static_cast<double>(world.store->stats().commits - before.commits)
            << R"(,"disk_kib_per_event":)" << (written_kib() - kib) / count << R"(,"p50_ms":)"
            << quantile(latencies, 0.5) << R"(,"p99_ms":)" << quantile(latencies, 0.99)
            << R"(,"max_ms":)" << quantile(latencies, 1) << "}" << std::endl;
}

void fill_long_room(World& world) {
  constexpr std::size_t kPerWrite = 500;
  for (std::uint64_t done = 0; done < kLongRoom; done += kPerWrite) {
    RoomWrite write = world.message(0);
    while (write.events.size() < kPerWrite) {
      write.events.push_back(std::move(world.message(0).events.front()));
    }
    wait_for<RoomWritten>(
        [&](auto call) { world.store->write_room(std::move(write), std::move(call)); });
  }
}

void run_reads(World& world, const char* what, wire::HistoryFrom from, std::uint32_t limit) {
  constexpr int kReads = 2000;
  std::vector<double> times;
  const Timestamp now = wall_clock();
  for (int i = 0; i < kReads; ++i) {
    EventQuery query{.room = world.rooms[0], .from = from, .limit = limit};
    query.seq = {1 + world.rng.below(kLongRoom)};
    query.time = {now.ms - static_cast<std::int64_t>(world.rng.below(10'000))};
    const auto start = Clock::now();
    wait_for<std::vector<StoredEvent>>(
        [&](auto done) { world.store->read_events(query, std::move(done)); });
    times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
  }
  std::cout << R"({"bench":"store","case":")" << what << R"(","limit":)" << limit
            << R"(,"room_events":)" << kLongRoom << R"(,"p50_ms":)" << quantile(times, 0.5)
            << R"(,"p99_ms":)" << quantile(times, 0.99) << "}" << std::endl;
}

void run_room_loads(World& world) {
  std::vector<double> times;
  for (const RoomId& room : world.rooms) {
    const auto start = Clock::now();
    wait_for<RoomSnapshot>([&](auto done) { world.store->load_room(room, 64, std::move(done)); });
    times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
  }
  std::cout << R"({"bench":"store","case":"load_room","tail":64,"p50_ms":)" << quantile(times, 0.5)
            << R"(,"p99_ms":)" << quantile(times, 0.99) << "}" << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 5;
  const std::filesystem::path folder =
      argc > 2 ? std::filesystem::path(argv[2]) : std::filesystem::temp_directory_path();
  const std::filesystem::path path = folder / ("store_bench-" + std::to_string(wall_clock().ms));
  std::filesystem::create_directories(path);
  for (const bool durable : {true, false}) {
    World world(path / (durable ? "durable.db" : "fast.db"), durable);
    world.fill();
    if (!durable) {
      run_appends(world, 2000, seconds, false, durable);
      break;
    }
    run_appends(world, 1, std::min(seconds, 1.0), false, durable);
    for (const std::size_t in_flight : {200, 2000, 10'000}) {
      run_appends(world, in_flight, seconds, false, durable);
    }
    run_appends(world, 2000, seconds, true, durable);
    run_room_loads(world);
    fill_long_room(world);
    run_reads(world, "newest", wire::HistoryFrom::kNewest, 50);
    run_reads(world, "before", wire::HistoryFrom::kBefore, 50);
    run_reads(world, "time", wire::HistoryFrom::kTime, 50);
    run_reads(world, "after", wire::HistoryFrom::kAfter, 100);
  }
  std::filesystem::remove_all(path);
}
