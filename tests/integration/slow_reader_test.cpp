// A reader that does not keep up is disconnected with a reason, costs bounded memory, and gets what
// it missed by cursor.
#include <algorithm>
#include <sstream>

#include "tests/integration/fixture.hpp"

namespace parley::test {
namespace {

constexpr int kReaders = 5;
constexpr int kMessages = 1500;  // 24 MB of text: far more than kernel buffers and outboxes hold
constexpr std::size_t kInFlight = 8;
constexpr double kOutboxBytes = 262'144;
// What one connection may have waiting: its outbox, and the frame with which it overflowed.
constexpr double kMostWaiting = (kReaders + 1) * (kOutboxBytes + 1'048'576);

// A value of /metrics, of all shards together; -1 when it is not there.
double metric(std::uint16_t port, const std::string& name) {
  WsOptions options;
  options.port = port;
  WsSocket socket;
  if (!socket.connect(options)) return -1;
  socket.send_raw("GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  std::istringstream lines(socket.read_to_end());
  double sum = -1;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(name + "{")) continue;
    sum = std::max(sum, 0.0) + std::stod(line.substr(line.find('}') + 1));
  }
  return sum;
}

}  // namespace

TEST_CASE("slow readers are disconnected, bounded, and catch up by cursor") {
  ServerOptions options;
  options.flags = {"--limits.outbox_bytes=" + std::to_string(static_cast<long>(kOutboxBytes))};
  Served served(options);
  TestClient ada = served.guest("Ada");
  const RoomId room = require_ok(ada.create_room("Firehose")).room_id;

  struct Reader {
    TestClient client;
    std::string token;
    wire::Goodbye goodbye;
  };
  std::vector<Reader> readers(kReaders);
  for (Reader& reader : readers) {
    WsOptions slow;
    slow.port = served.server.port();
    slow.receive_buffer = 16 * 1024;
    REQUIRE(reader.client.open(slow));
    require_ok(reader.client.sign_in("Slow"));
    require_ok(reader.client.join(room));
    reader.token = reader.client.token;
  }

  wire::Message message;
  for (int i = 0; i < 4096; ++i) message.content += "\xf0\x9f\x8c\x8a";
  const Bytes body = wire::encode(message);
  double most_waiting = 0;
  bool all_ended = false;
  std::deque<wire::RequestId> in_flight;
  for (int i = 0; i < kMessages; ++i) {
    in_flight.push_back(ada.send(
        wire::Command{wire::Post{room, ada.next_client_id(), wire::EventKind::kMessage, body}}));
    if (i % 25 == 24) {
      const double waiting = metric(served.server.port(), "parley_outbox_bytes");
      REQUIRE(waiting >= 0);
      most_waiting = std::max(most_waiting, waiting);
      // Last words wait for a moment only, so they are read at once.
      if (!all_ended && metric(served.server.port(), "parley_slow_readers_total") == kReaders) {
        all_ended = true;
        for (Reader& reader : readers) reader.goodbye = reader.client.wait_goodbye();
      }
    }
    if (in_flight.size() < kInFlight) continue;
    require_ok(ada.wait_answer(in_flight.front()));
    in_flight.pop_front();
    ada.events.clear();
  }
  for (const wire::RequestId request : in_flight) require_ok(ada.wait_answer(request));
  CHECK(most_waiting < kMostWaiting);
  CHECK(all_ended);

  for (Reader& reader : readers) {
    CHECK(error_info(reader.goodbye.code).name == error_info(ErrorCode::kSlowReader).name);
    CHECK_FALSE(reader.client.malformed);
    // What did arrive is dense; the rest is fetched from there.
    Seq last;
    for (const auto& [id, event] : reader.client.events) {
      if (last.value != 0) CHECK(event.seq == last.next());
      last = event.seq;
    }
    TestClient back;
    REQUIRE(back.open(served.server.port()));
    require_ok(back.resume(reader.token));
    const auto missed = require_ok(back.read_all(room, last));
    REQUIRE_FALSE(missed.empty());
    CHECK(missed.front().seq == last.next());
    const auto page = require_ok(ada.call_for<wire::HistoryPage>(
        wire::Command{wire::History{room, wire::HistoryFrom::kNewest, {}, {}, 1}}));
    CHECK(missed.back().seq == page.head);
  }
}

}  // namespace parley::test
