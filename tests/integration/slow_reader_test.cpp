// A reader that does not keep up is disconnected with a reason, costs bounded memory, and gets what
// it missed by cursor.
#include "tests/integration/fixture.hpp"

namespace parley::test {
namespace {

constexpr int kReaders = 5;
constexpr int kMessages = 4000;  // 64 MB of text: an unbounded outbox would show
constexpr std::size_t kInFlight = 64;
constexpr long kMostGrowthKib = 40 * 1024;

}  // namespace

TEST_CASE("slow readers are disconnected, bounded, and catch up by cursor") {
  ServerOptions options;
  options.flags = {"--limits.outbox_bytes=262144"};
  Served served(options);
  TestClient ada = served.guest("Ada");
  const RoomId room = require_ok(ada.create_room("Firehose")).room_id;

  struct Reader {
    TestClient client;
    std::string token;
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

  // Memory as it is when the room is busy: the first messages are not counted.
  wire::Message message;
  for (int i = 0; i < 4096; ++i) message.content += "\xf0\x9f\x8c\x8a";
  const Bytes body = wire::encode(message);
  long before = 0;
  std::deque<wire::RequestId> in_flight;
  for (int i = 0; i < kMessages; ++i) {
    if (i == kMessages / 8) before = served.server.process().rss_kib();
    in_flight.push_back(ada.send(wire::Command{
        wire::Post{room, ada.next_client_id(), wire::EventKind::kMessage, body}}));
    if (in_flight.size() < kInFlight) continue;
    require_ok(ada.wait_answer(in_flight.front()));
    in_flight.pop_front();
    ada.events.clear();
  }
  for (const wire::RequestId request : in_flight) require_ok(ada.wait_answer(request));
  const long growth = served.server.process().rss_kib() - before;
  INFO("the server grew by " << growth << " KiB");
  CHECK(growth < kMostGrowthKib);

  for (Reader& reader : readers) {
    const wire::Goodbye goodbye = reader.client.wait_goodbye();
    CHECK(error_info(goodbye.code).name == error_info(ErrorCode::kSlowReader).name);
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
