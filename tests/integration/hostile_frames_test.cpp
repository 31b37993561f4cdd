// Whatever arrives on a WebSocket, the server stays up, serves the others, and names the fault.
#include <random>

#include "tests/integration/fixture.hpp"

namespace parley::test {
namespace {

// Somebody else's connection, which must not notice.
class Witness {
 public:
  explicit Witness(Served& served) : client_(served.guest("Witness")) {
    room_ = require_ok(client_.create_room("Quiet corner")).room_id;
  }
  void check() {
    require_ok(client_.post(room_, "still here"));
    client_.events.clear();
    client_.notices.clear();
  }

 private:
  TestClient client_;
  RoomId room_;
};

Bytes header(std::uint8_t type, std::uint8_t request) { return {1, type, request}; }

Bytes with(Bytes bytes, std::initializer_list<int> more) {
  for (const int byte : more) bytes.push_back(static_cast<std::uint8_t>(byte));
  return bytes;
}

// The connection must end, with this reason when there is one.
void expect_end(TestClient& client, ErrorCode reason) {
  const wire::Goodbye goodbye = client.wait_goodbye();
  CHECK(error_info(goodbye.code).name == error_info(reason).name);
  CHECK(client.ended());
}

}  // namespace

TEST_CASE("bad frames end their connection with a reason") {
  Served served;
  Witness witness(served);
  const std::vector<std::pair<const char*, Bytes>> frames = {
      {"empty", {}},
      {"one byte", {1}},
      {"another version", {99, 1, 1, 3}},
      {"an unknown frame type", {1, 200, 1}},
      {"a server's frame", {1, 2, 1, 1}},
      {"an endless request id", Bytes(200, 0x81)},
      {"a request id that is not canonical", {1, 1, 0x81, 0x00, 15}},
      {"a command without request id", {1, 1, 0, 15}},
      {"text where binary is spoken", {}},
  };
  for (const auto& [what, bytes] : frames) {
    INFO(what);
    TestClient client = served.guest("Mallory");
    if (std::string_view(what).starts_with("text")) {
      REQUIRE(client.socket().send_text("{\"type\":\"list_rooms\"}"));
    } else {
      REQUIRE(client.socket().send_binary(bytes));
    }
    const wire::Goodbye goodbye = client.wait_goodbye();
    CHECK(client.ended());
    CHECK((goodbye.code == static_cast<std::uint16_t>(ErrorCode::kMalformed) ||
           goodbye.code == static_cast<std::uint16_t>(ErrorCode::kProtocolViolation)));
    witness.check();
  }
}

TEST_CASE("bad commands are answered by name and leave the connection up") {
  Served served;
  Witness witness(served);
  TestClient client = served.guest("Mallory");
  wire::RequestId request = 0x70;  // above what the client used itself
  const auto answer_to = [&](Bytes tail) {
    Bytes frame = header(1, static_cast<std::uint8_t>(++request));
    frame.insert(frame.end(), tail.begin(), tail.end());
    REQUIRE(client.socket().send_binary(frame));
    return require_error(client.wait_answer(request));
  };
  const Bytes nil_ids(32, 0);
  Bytes post{30};
  post.insert(post.end(), nil_ids.begin(), nil_ids.end());

  CHECK(answer_to({0xff, 0x7f}) == ErrorCode::kUnknownCommand);
  CHECK(answer_to({30}) == ErrorCode::kMalformed);           // nothing follows
  CHECK(answer_to({15, 1, 2, 3}) == ErrorCode::kMalformed);  // trailing bytes
  CHECK(answer_to(with(post, {1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f})) ==
        ErrorCode::kMalformed);  // a body of 2^62 bytes
  CHECK(answer_to(with(post, {1, 0xff, 0xff, 0x03, 0})) == ErrorCode::kMalformed);  // cut short
  CHECK(answer_to(with(post, {1, 0x81, 0x00, 0})) == ErrorCode::kMalformed);        // not canonical
  CHECK(answer_to({16, 2, 0xff, 0xfe, 0, 1}) == ErrorCode::kMalformed);  // a query, not UTF-8
  require_ok(client.call_for<wire::RoomList>(wire::Command{wire::ListRooms{}}));

  const RoomId room = require_ok(client.create_room("Lab")).room_id;
  const auto post_raw = [&](wire::EventKind kind, Bytes body) {
    return client.call_for<wire::Posted>(
        wire::Command{wire::Post{room, client.next_client_id(), kind, std::move(body)}});
  };
  for (const Bytes& body : {Bytes{}, Bytes{0}, Bytes{0, 0xff, 0xff, 0x03}, Bytes(5000, 0xff)}) {
    CHECK_FALSE(post_raw(wire::EventKind::kMessage, body).ok());
  }
  CHECK_FALSE(post_raw(wire::EventKind::kMembership, {}).ok());
  CHECK_FALSE(post_raw(wire::EventKind::kRoomDeleted, {}).ok());
  CHECK_FALSE(post_raw(static_cast<wire::EventKind>(999), {1, 2, 3}).ok());
  require_ok(client.post(room, "fine"));
  witness.check();
}

TEST_CASE("frames past the size limit end the connection before they are read") {
  Served served;
  Witness witness(served);
  const auto try_raw = [&](const char* what, const Bytes& bytes) {
    INFO(what);
    TestClient client = served.guest("Mallory");
    client.socket().send_raw(bytes);
    expect_end(client, ErrorCode::kTooLarge);
    witness.check();
  };
  try_raw("a length of 1 TiB", {0x82, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4});
  try_raw("the largest length",
          {0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4});
  try_raw("one byte more than 1 MiB", {0x82, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 1, 1, 2, 3, 4});

  SECTION("endless fragments") {
    TestClient client = served.guest("Mallory");
    const Bytes piece(60'000, 7);
    client.socket().send_frame(0x02, piece);
    for (int i = 0; i < 30 && client.socket().send_frame(0x00, piece); ++i) {
    }
    expect_end(client, ErrorCode::kTooLarge);
    witness.check();
  }
}

TEST_CASE("breaches of the WebSocket protocol end the connection") {
  Served served;
  Witness witness(served);
  const Bytes hello{1, 6, 0};
  const auto try_frames = [&](const char* what, const std::function<void(WsSocket&)>& send) {
    INFO(what);
    TestClient client = served.guest("Mallory");
    send(client.socket());
    client.wait_goodbye();
    CHECK(client.ended());
    witness.check();
  };
  try_frames("not masked", [&](WsSocket& s) { s.send_frame(0x82, hello, false); });
  try_frames("a reserved bit", [&](WsSocket& s) { s.send_frame(0xc2, hello); });
  try_frames("a reserved opcode", [&](WsSocket& s) { s.send_frame(0x83, hello); });
  try_frames("a continuation of nothing", [&](WsSocket& s) { s.send_frame(0x80, hello); });
  try_frames("a message inside another one", [&](WsSocket& s) {
    s.send_frame(0x02, hello);
    s.send_frame(0x82, hello);
  });
  try_frames("a long ping", [&](WsSocket& s) { s.send_frame(0x89, Bytes(126, 1)); });
  try_frames("a fragmented ping", [&](WsSocket& s) { s.send_frame(0x09, hello); });
  try_frames("a close code nobody may send", [&](WsSocket& s) {
    s.send_frame(0x88, Bytes{3, 237});
  });
  try_frames("a length not in its shortest form", [&](WsSocket& s) {
    s.send_raw(Bytes{0x82, 0xfe, 0, 3, 0, 0, 0, 0, 1, 6, 0});
  });
  try_frames("too many pings", [&](WsSocket& s) {
    for (int i = 0; i < 2000 && s.send_frame(0x89, {}); ++i) {
    }
  });
}

TEST_CASE("JSON that is deep, broken or huge is refused") {
  Served served;
  Witness witness(served);
  const auto talk = [&](const std::string& text) {
    WsSocket json;
    WsOptions options;
    options.port = served.server.port();
    options.subprotocol = "parley.json.v1";
    REQUIRE(json.connect(options));
    REQUIRE(json.upgrade(options));
    json.send_text(text);
    const auto answer = json.receive();
    REQUIRE(answer);
    const bool is_text = answer->kind == WsMessage::Kind::kText;
    return is_text ? std::string(as_text(answer->bytes)) : std::string("closed");
  };
  const auto names_a_fault = [](const std::string& answer) {
    return answer == "closed" || answer.find("malformed") != std::string::npos ||
           answer.find("too_large") != std::string::npos ||
           answer.find("invalid_argument") != std::string::npos ||
           answer.find("not_text") != std::string::npos;
  };
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "[";
  std::string objects;
  for (int i = 0; i < 50'000; ++i) objects += "{\"a\":";
  for (const std::string& text :
       {deep, objects, std::string("{"), std::string("nonsense"), std::string("{\"type\":5}"),
        std::string("{\"type\":\"authenticate\",\"guest_name\":7}"),
        "{\"type\":\"authenticate\",\"guest_name\":\"" + std::string(5000, 'x') + "\"}",
        std::string("{\"type\":\"authenticate\",\"guest_name\":\"\xff\"}")}) {
    const std::string answer = talk(text);
    INFO(text.substr(0, 40) << " -> " << answer.substr(0, 200));
    CHECK(names_a_fault(answer));
    witness.check();
  }
}

TEST_CASE("random changes of good frames never bring the server down") {
  const std::uint64_t seed = std::random_device{}();
  INFO("seed " << seed);
  SeededRng rng(seed);
  Served served;
  Witness witness(served);
  TestClient owner = served.guest("Owner");
  const RoomId room = require_ok(owner.create_room("Lab")).room_id;

  wire::Message message;
  message.content = "a good message";
  const std::vector<wire::Command> good = {
      wire::Post{room, owner.next_client_id(), wire::EventKind::kMessage, wire::encode(message)},
      wire::History{room, wire::HistoryFrom::kBefore, Seq{5}, {}, 50},
      wire::GetUsers{{owner.user, owner.user}},
      wire::UpdateRoom{room, 1, "name", "topic", wire::RoomAccess::kPublic},
      wire::PresenceUpdate{wire::PresenceStatus::kAway, "text", true},
      wire::Mark{room, Seq{3}, Seq{2}},
      wire::SearchRooms{"lab", 0, 10},
  };
  TestClient client;
  client.socket().close();
  for (int i = 0; i < 600; ++i) {
    if (client.ended()) client = served.guest("Mallory");
    Bytes frame = wire::encode_frame(wire::ClientFrame{
        wire::CommandFrame{1000 + static_cast<wire::RequestId>(i), good[rng.below(good.size())]}});
    for (std::uint64_t changes = 1 + rng.below(4); changes > 0; --changes) {
      switch (rng.below(4)) {
        case 0:
          frame[rng.below(frame.size())] = static_cast<std::uint8_t>(rng.next_u64());
          break;
        case 1:
          frame.resize(1 + rng.below(frame.size()));
          break;
        case 2:
          frame.insert(frame.end(), rng.below(20), static_cast<std::uint8_t>(rng.next_u64()));
          break;
        default: {
          const std::size_t at = rng.below(frame.size());
          frame.insert(frame.begin() + static_cast<std::ptrdiff_t>(at), 9, 0xff);
        }
      }
    }
    if (!client.socket().send_binary(frame)) client.socket().close();
    client.listen(Milliseconds(1));
    REQUIRE_FALSE(client.malformed);
    if (i % 100 == 99) witness.check();
  }
  CHECK(served.server.process().running());
}

}  // namespace parley::test
