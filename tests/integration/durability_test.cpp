// Nothing acknowledged is lost: kill -9 under load, SIGTERM under load, a full disk.
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <fstream>
#include <map>
#include <thread>

#include "tests/integration/fixture.hpp"

namespace parley::test {
namespace {

// Posts until told to stop; over every loss of the connection it tries the same command again.
class Poster {
 public:
  Poster(std::uint16_t port, RoomId room, std::string token, std::atomic<std::uint64_t>& acked)
      : port_(port), room_(room), token_(std::move(token)), acked_(acked) {
    thread_ = std::thread([this] { run(); });
  }
  ~Poster() { finish(); }
  void finish() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }

  std::map<ClientId, Seq> places;  // of what was acknowledged
  std::string fault;               // what should not have happened
  std::uint64_t goodbyes = 0;      // announced ends of a connection

 private:
  bool reconnect() {
    for (int i = 0; i < 400; ++i) {
      // Sessions and the room are there again, or the connection was cut meanwhile.
      if (client_.open(port_) && client_.resume(token_).ok()) return true;
      std::this_thread::sleep_for(Milliseconds(25));
    }
    fault = "the server did not come back";
    return false;
  }

  void run() {
    if (!reconnect()) return;
    while (!stop_ && fault.empty()) {
      wire::Message message;
      message.content = "message " + std::to_string(places.size());
      const wire::Post post{room_, client_.next_client_id(), wire::EventKind::kMessage,
                            wire::encode(message)};
      while (fault.empty()) {
        const auto posted = client_.call_for<wire::Posted>(wire::Command{post});
        if (posted) {
          places[post.client_id] = posted->seq;
          ++acked_;
          break;
        }
        const ErrorCode code = posted.error().code;
        const bool lost = code == ErrorCode::kNotConnected || code == ErrorCode::kTimeout ||
                          code == ErrorCode::kShuttingDown;
        if (!lost) fault = std::string("refused: ") + std::string(error_info(code).name);
        // A server that stops says so on its way out.
        if (code == ErrorCode::kShuttingDown) client_.wait_goodbye();
        if (client_.goodbye) {
          ++goodbyes;
          if (client_.goodbye->code != static_cast<std::uint16_t>(ErrorCode::kShuttingDown)) {
            fault = "a goodbye for another reason";
          }
        }
        if (!fault.empty() || !reconnect()) return;
      }
    }
  }

  std::uint16_t port_;
  RoomId room_;
  std::string token_;
  std::atomic<std::uint64_t>& acked_;
  TestClient client_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

// Four guests post; `interrupt` ends the server five times, always once more was acknowledged.
template <class Interrupt>
std::uint64_t post_through(Interrupt interrupt) {
  Served served;
  TestClient owner = served.guest("Owner");
  const RoomId room = require_ok(owner.create_room("Ledger")).room_id;
  std::atomic<std::uint64_t> acked{0};
  std::vector<std::unique_ptr<Poster>> posters;
  for (int i = 0; i < 4; ++i) {
    TestClient guest = served.guest("Guest " + std::to_string(i));
    require_ok(guest.join(room));
    posters.push_back(std::make_unique<Poster>(served.server.port(), room, guest.token, acked));
  }
  for (int round = 0; round < 5; ++round) {
    const std::uint64_t wanted = acked + 200;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (acked < wanted && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(Milliseconds(1));
    }
    REQUIRE(acked >= wanted);
    interrupt(served.server);
    INFO(served.server.log());
    REQUIRE(served.server.start());
  }
  std::uint64_t goodbyes = 0;
  for (const auto& poster : posters) poster->finish();

  TestClient reader;
  REQUIRE(reader.open(served.server.port()));
  require_ok(reader.resume(owner.token));
  std::map<ClientId, std::vector<Seq>> found;
  for (const wire::Event& event : require_ok(reader.read_all(room))) {  // checks density
    if (event.kind == wire::EventKind::kMessage) found[event.client_id].push_back(event.seq);
  }
  std::uint64_t acknowledged = 0;
  for (const auto& poster : posters) {
    CHECK(poster->fault == "");
    goodbyes += poster->goodbyes;
    acknowledged += poster->places.size();
    for (const auto& [id, seq] : poster->places) {
      REQUIRE(found.contains(id));
      REQUIRE(found[id] == std::vector<Seq>{seq});
    }
  }
  CHECK(acknowledged >= 1000);
  // Nothing else either: each poster has at most one command without an answer at the end.
  CHECK(found.size() <= acknowledged + posters.size());
  return goodbyes;
}

// In the child: a file system of its own of a few megabytes over `folder`.
bool mount_small_disk(const std::string& folder, const char* size) {
  const auto write_file = [](const char* path, const std::string& text) {
    std::ofstream file(path);
    file << text;
    return file.good();
  };
  if (unshare(CLONE_NEWNS) != 0) {
    const std::string uid = std::to_string(getuid()), gid = std::to_string(getgid());
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
    if (!write_file("/proc/self/setgroups", "deny") ||
        !write_file("/proc/self/uid_map", "0 " + uid + " 1") ||
        !write_file("/proc/self/gid_map", "0 " + gid + " 1")) {
      return false;
    }
  }
  return mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         mount("parley-test", folder.c_str(), "tmpfs", 0, size) == 0;
}

}  // namespace

TEST_CASE("kill -9 under load loses nothing that was acknowledged") {
  post_through([](TestServer& server) { server.kill(); });
}

TEST_CASE("SIGTERM under load ends in time, says so and loses nothing") {
  const std::uint64_t goodbyes = post_through([](TestServer& server) {
    const auto code = server.stop();
    REQUIRE(code);
    CHECK(*code == 0);
  });
  CHECK(goodbyes > 0);
}

TEST_CASE("a full disk is a typed error, and the service recovers when there is room") {
  TempFolder disk;
  TestServer server(PARLEY_SERVER, disk.path().string());
  ServerOptions options;
  bool mounted = true;
  options.before_exec = [&] {
    if (!mount_small_disk(disk.path().string(), "size=12m")) return false;
    // Ballast to take away later.
    const std::string ballast = disk.file("ballast");
    std::ofstream(ballast) << std::string(6 << 20, 'x');
    return true;
  };
  if (!server.start(options)) {
    mounted = server.process().wait(std::chrono::seconds(1)) != std::optional<int>(99);
    if (!mounted) SKIP("no permission to mount a small file system here");
    FAIL("the server did not start on the small disk: " << server.log());
  }
  TestClient ada;
  REQUIRE(ada.open(server.port()));
  require_ok(ada.sign_in("Ada"));
  const RoomId room = require_ok(ada.create_room("Attic")).room_id;
  std::string text;
  for (int i = 0; i < 4096; ++i) text += "\xf0\x9f\x93\xa6";  // 16 KiB

  std::map<ClientId, Seq> places;
  wire::Message message;
  message.content = text;
  const Bytes body = wire::encode(message);
  std::optional<Error> full;
  wire::Post refused;
  for (int i = 0; i < 2000 && !full; ++i) {
    const wire::Post post{room, ada.next_client_id(), wire::EventKind::kMessage, body};
    const auto posted = ada.call_for<wire::Posted>(wire::Command{post});
    if (posted) {
      places[post.client_id] = posted->seq;
    } else {
      full = posted.error();
      refused = post;
    }
  }
  REQUIRE(full);
  INFO(full->detail << "\n" << server.log());
  CHECK(full->code == ErrorCode::kStorageFull);
  CHECK(places.size() > 10);

  // Reading goes on meanwhile.
  const auto so_far = require_ok(ada.read_all(room));
  CHECK(so_far.size() >= places.size());

  // The server's mounts are seen through its root.
  const std::string ballast =
      "/proc/" + std::to_string(server.process().pid()) + "/root" + disk.file("ballast");
  REQUIRE(unlink(ballast.c_str()) == 0);
  bool recovered = false;
  for (int i = 0; i < 200 && !recovered; ++i) {
    const auto posted = ada.call_for<wire::Posted>(wire::Command{refused});
    recovered = posted.ok();
    if (recovered) places[refused.client_id] = posted->seq;
    if (!recovered) std::this_thread::sleep_for(Milliseconds(50));
  }
  CHECK(recovered);
  for (int i = 0; i < 5; ++i) require_ok(ada.post(room, "there is room again"));

  std::map<ClientId, Seq> found;
  for (const wire::Event& event : require_ok(ada.read_all(room)))
    found[event.client_id] = event.seq;
  for (const auto& [id, seq] : places) {
    REQUIRE(found.contains(id));
    CHECK(found[id] == seq);
  }
}

}  // namespace parley::test
