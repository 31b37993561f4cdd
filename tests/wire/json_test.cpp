// The JSON protocol as a person with wscat meets it.
#include <catch2/catch_test_macros.hpp>

#include "shared/wire/json.hpp"
#include "shared/wire/json_archive.hpp"

namespace parley::test {
namespace {

using namespace wire;

const std::string kRoomText = "0190b5a0-7c1e-7abc-8def-0123456789ab";
const RoomId kRoom = *RoomId::parse(kRoomText);
const ClientId kFresh = *ClientId::parse("0190b5a0-0000-7000-8000-000000000001");

std::string in_room(const std::string& type, const std::string& rest) {
  return R"({"type":")" + type + R"(","room_id":")" + kRoomText + "\"" +
         (rest.empty() ? "" : "," + rest) + "}";
}

JsonCommand read(const std::string& text) {
  INFO(text);
  auto got = command_from_json(text, kFresh);
  if (const auto* fault = std::get_if<JsonFault>(&got)) FAIL(fault->error.detail);
  return std::get<JsonCommand>(std::move(got));
}

JsonFault refuse(const std::string& text) {
  INFO(text);
  auto got = command_from_json(text, kFresh);
  REQUIRE(std::holds_alternative<JsonFault>(got));
  return std::get<JsonFault>(std::move(got));
}

template <class Body>
Body posted(const std::string& text) {
  const JsonCommand command = read(text);
  const auto* post = std::get_if<Post>(&command.command);
  REQUIRE(post != nullptr);
  CHECK(post->room_id == kRoom);
  CHECK(post->client_id == kFresh);
  CHECK(post->kind == Body::kKind);
  auto body = decode<Body>(post->body);
  REQUIRE(body.ok());
  return *body;
}

TEST_CASE("a JSON client signs in") {
  const auto command = read(R"({"type":"authenticate","guest_name":"Ann"})").command;
  const auto& hello = std::get<Authenticate>(command);
  CHECK(hello.guest_name == "Ann");
  CHECK(hello.protocol == kProtocolVersion);
  CHECK(hello.token.empty());
  CHECK(hello.device_id.is_nil());
}

TEST_CASE("messages, edits, deletions and reactions become posts") {
  const auto plain = posted<Message>(in_room("send_message", R"("content":"hi")"));
  CHECK(plain == Message{MessageType::kText, "hi", {}, {}});

  const std::string user = "0190b5a0-7c1e-7abc-8def-0000000000aa";
  const auto rich = posted<Message>(in_room(
      "send_message", R"("content":"\u00e9\ud83d\ude00","message_type":"action","reply_to":7,)"
                      R"("mentions":[")" +
                          user + R"("])"));
  CHECK(rich.content == "é😀");
  CHECK(rich.message_type == MessageType::kAction);
  CHECK(rich.reply_to == Seq{7});
  CHECK(rich.mentions == std::vector{*UserId::parse(user)});

  CHECK(posted<Edit>(in_room("edit_message", R"("target":3,"content":"x")")) == Edit{{3}, "x", {}});
  CHECK(posted<Edit>(in_room("edit_message", R"("seq":3,"content":"x")")) == Edit{{3}, "x", {}});
  CHECK(posted<Deletion>(in_room("delete_message", R"("target":3)")) == Deletion{{3}});
  CHECK(posted<Reaction>(in_room("react", R"("target":3,"emoji":"+1")")) ==
        Reaction{{3}, "+1", true});
  CHECK(posted<Reaction>(in_room("react", R"("seq":3,"emoji":"+1","on":false)")) ==
        Reaction{{3}, "+1", false});
}

TEST_CASE("a client id that is given is kept") {
  const std::string mine = "0190b5a0-7c1e-7abc-8def-0000000000cc";
  const auto command =
      read(in_room("send_message", R"("content":"hi","client_id":")" + mine + "\"")).command;
  CHECK(std::get<Post>(command).client_id == *ClientId::parse(mine));
  const auto room = read(R"({"type":"create_room","name":"R"})").command;
  CHECK(std::get<CreateRoom>(room).client_id == kFresh);
}

TEST_CASE("the other commands go by their names") {
  CHECK(std::get<JoinRoom>(read(in_room("join_room", "")).command) == JoinRoom{kRoom, ""});
  CHECK(std::get<LeaveRoom>(read(in_room("leave_room", "")).command) == LeaveRoom{kRoom});
  CHECK(std::get<Typing>(read(in_room("typing", "")).command) == Typing{kRoom, true});
  CHECK(std::get<Typing>(read(in_room("typing", R"("on":false)")).command) == Typing{kRoom, false});
  CHECK(std::get<PresenceUpdate>(read(R"({"type":"presence_update","status":"busy"})").command)
            .status == PresenceStatus::kBusy);
  CHECK(std::get<Mark>(read(in_room("mark_read", R"("seq":9)")).command) == Mark{kRoom, {9}, {9}});
  CHECK(std::get<Mark>(read(in_room("mark_read", R"("delivered":9,"read":4)")).command) ==
        Mark{kRoom, {9}, {4}});
  const auto history = std::get<History>(
      read(in_room("history", R"("from":"time","time":"2026-03-01T13:34:56.5+01:00","limit":5)"))
          .command);
  CHECK(history.from == HistoryFrom::kTime);
  CHECK(to_iso8601(history.time) == "2026-03-01T12:34:56.500Z");
  CHECK(history.limit == 5);
  const auto update =
      std::get<UpdateRoom>(read(in_room("update_room", R"("topic":"t","name":null)")).command);
  CHECK(update.topic == "t");
  CHECK(!update.name.has_value());
  CHECK(!update.access.has_value());
  // Unknown members are left alone, numbers serve for enums.
  CHECK(std::get<CreateRoom>(read(R"({"type":"create_room","access":1,"color":"red"})").command)
            .access == RoomAccess::kInviteOnly);
}

TEST_CASE("the id comes back as it was") {
  const char* const ids[] = {R"("a\"b")", "7", "-7", "2.50", "1e300", "12345678901234567890123",
                             R"("é")"};
  for (const std::string id : ids) {
    CHECK(read(R"({"type":"list_rooms","id":)" + id + "}").id == id);
  }
  CHECK(read(R"({"type":"list_rooms"})").id.empty());
  CHECK(read(R"({"type":"list_rooms","id":null})").id.empty());
  CHECK(refuse(R"({"type":"no_such","id":5})").id == "5");
  CHECK(refuse(R"({"id":"x"})").id == "\"x\"");
  CHECK(refuse(R"({"type":"list_rooms","id":true})").error.detail ==
        "id: expected a string or a number");
  CHECK(refuse(R"({"type":"list_rooms","id":")" + std::string(63, 'x') + "\"}").id.empty());
}

TEST_CASE("what is wrong is said, with the field") {
  struct Case {
    std::string text;
    ErrorCode code;
    std::string detail;
  };
  const std::string long_text(kMaxContentBytes + 1, 'x');
  const Case cases[] = {
      {"", ErrorCode::kMalformed, "not JSON at byte 1"},
      {"{", ErrorCode::kMalformed, "not JSON at byte 2"},
      {R"({"type":"list_rooms"} x)", ErrorCode::kMalformed, "not JSON at byte 23"},
      {"\"\xff\"", ErrorCode::kMalformed, "not JSON at byte 2"},
      {"NaN", ErrorCode::kMalformed, "not JSON at byte 1"},
      {"[1]", ErrorCode::kMalformed, "expected an object"},
      {"{}", ErrorCode::kInvalidArgument, "type: expected the name of a command"},
      {R"({"type":1})", ErrorCode::kInvalidArgument, "type: expected the name of a command"},
      {R"({"type":"dance"})", ErrorCode::kUnknownCommand, "type: no such command"},
      {R"({"type":"typing","type":"post"})", ErrorCode::kMalformed,
       "an object gives \"type\" twice"},
      {R"({"type":"share_file"})", ErrorCode::kUnsupported, "share_file"},
      {R"({"type":"send_message","content":"x"})", ErrorCode::kInvalidArgument, "room_id: missing"},
      {in_room("send_message", ""), ErrorCode::kInvalidArgument, "content: missing"},
      {in_room("send_message", R"("content":null)"), ErrorCode::kInvalidArgument,
       "content: missing"},
      {in_room("send_message", R"("content":5)"), ErrorCode::kInvalidArgument,
       "content: expected a string"},
      {in_room("send_message", R"("content":")" + long_text + "\""), ErrorCode::kMessageTooLong,
       "content"},
      {in_room("send_message", R"("content":"x","message_type":"image")"),
       ErrorCode::kInvalidArgument, "message_type: not one of the known names"},
      {in_room("send_message", R"("content":"x","message_type":256)"), ErrorCode::kInvalidArgument,
       "message_type: number out of range"},
      {in_room("send_message", R"("content":"x","mentions":["y"])"), ErrorCode::kInvalidArgument,
       "mentions[0]: expected a UUID"},
      {in_room("send_message", R"("content":"x","mentions":{})"), ErrorCode::kInvalidArgument,
       "mentions: expected an array"},
      {in_room("send_message", R"("content":"x","reply_to":-1)"), ErrorCode::kInvalidArgument,
       "reply_to: expected a whole number, 0 or more"},
      {in_room("send_message", R"("content":"x","reply_to":1.0)"), ErrorCode::kInvalidArgument,
       "reply_to: expected a whole number, 0 or more"},
      {in_room("edit_message", R"("content":"x")"), ErrorCode::kInvalidArgument, "target: missing"},
      {in_room("react", R"("target":1)"), ErrorCode::kInvalidArgument, "emoji: missing"},
      {in_room("typing", R"("on":1)"), ErrorCode::kInvalidArgument, "on: expected true or false"},
      {in_room("history", R"("time":"yesterday")"), ErrorCode::kInvalidArgument,
       "time: expected a moment such as 2026-03-01T12:34:56.789Z"},
      {in_room("history", R"("limit":4294967296)"), ErrorCode::kInvalidArgument,
       "limit: number out of range"},
      {in_room("post", R"("body":"A")"), ErrorCode::kInvalidArgument,
       "body: expected base64url without padding"},
      {R"({"type":"join_room","room_id":"kitchen"})", ErrorCode::kInvalidArgument,
       "room_id: expected a UUID"},
      {R"({"type":"set_profile","name":")" + std::string(kMaxNameBytes + 1, 'x') + "\"}",
       ErrorCode::kInvalidArgument, "name: longer than 320 bytes"},
      {std::string(17, '[') + std::string(17, ']'), ErrorCode::kMalformed, "nested too deeply"},
      {std::string(kMaxFrameBytes + 1, ' '), ErrorCode::kTooLarge, "JSON text"},
  };
  for (const auto& [text, code, detail] : cases) {
    INFO(text.substr(0, 100));
    const auto got = command_from_json(text, kFresh);
    REQUIRE(std::holds_alternative<JsonFault>(got));
    CHECK(std::get<JsonFault>(got).error.code == code);
    CHECK(std::get<JsonFault>(got).error.detail == detail);
  }
}

TEST_CASE("a path names elements of lists") {
  const auto fault =
      decode_json<RoomList>(R"({"rooms":[{},{"settings":{"name":"n"}},{"settings":{"name":[]}}]})");
  REQUIRE(!fault.ok());
  CHECK(fault.error().detail == "rooms[2].settings.name: expected a string");
}

TEST_CASE("answers and events are one line each") {
  CHECK(to_json(Response{Done{}}, "7") == R"({"type":"done","id":7})");
  CHECK(to_json(Response{Done{}}, "") == R"({"type":"done"})");
  Posted stored{kRoom, kFresh, {12}, {1'772'368'496'789}};
  CHECK(to_json(Response{stored}, "\"a\"") ==
        R"({"type":"posted","id":"a","room_id":")" + kRoomText +
            R"(","client_id":"0190b5a0-0000-7000-8000-000000000001","seq":12,)"
            R"("at":"2026-03-01T12:34:56.789Z"})");

  ErrorReply error{300, "messages", 1500, {}};
  CHECK(to_json(error, "7") ==
        R"({"type":"error","id":7,"code":"rate_limited","number":300,)"
        R"("message":"Too fast. It can be sent again shortly.","detail":"messages",)"
        R"("retry_after_ms":1500})");
  CHECK(to_json(Goodbye{603, "", 0}) == R"({"type":"goodbye","code":"shutting_down","number":603,)"
                                        R"("message":"The server is restarting."})");
  CHECK(to_json(Notice{TypingNotice{kRoom, {}, true}}) ==
        R"({"type":"typing","room_id":")" + kRoomText +
            R"(","user_id":"00000000-0000-0000-0000-000000000000","on":true})");
}

TEST_CASE("an event carries its body's fields beside its own") {
  Event event;
  event.seq = {5};
  event.at = {1'772'368'496'789};
  event.client_id = kFresh;
  event.kind = EventKind::kMessage;
  event.body = encode(Message{MessageType::kText, "line\nbreak \"quoted\" \x01", {}, {}});
  const std::string nil = "00000000-0000-0000-0000-000000000000";
  const std::string envelope =
      R"("room_id":")" + kRoomText + R"(","seq":5,"at":"2026-03-01T12:34:56.789Z","sender":")" +
      nil + R"(","device":")" + nil + R"(","client_id":")" + kFresh.to_string() + "\"";
  CHECK(to_json(kRoom, event) ==
        R"({"type":"message",)" + envelope +
            R"(,"message_type":"text","content":"line\nbreak \"quoted\" \u0001",)"
            R"("reply_to":0,"mentions":[]})");

  event.kind = EventKind::kSealed;
  event.body = {1, 2, 3};
  CHECK(to_json(kRoom, event) == R"({"type":"sealed",)" + envelope + R"(,"body":"AQID"})");
  event.kind = EventKind{99};
  CHECK(to_json(kRoom, event) == R"({"type":"event","kind":99,)" + envelope + R"(,"body":"AQID"})");
  event.kind = EventKind::kMessage;  // a body that is none
  CHECK(to_json(kRoom, event) == R"({"type":"message",)" + envelope + R"(,"body":"AQID"})");
}

TEST_CASE("output is always UTF-8") {
  ErrorReply error{600, "bad \xff byte \xed\xa0\x80", 0, {}};
  CHECK(is_valid_utf8(to_json(error, "")));
}

TEST_CASE("values newer than this build are numbers") {
  CHECK(encode_json(PresenceInfo{{}, PresenceStatus{77}, "", {}}).find(R"("status":77)") !=
        std::string::npos);
}

}  // namespace
}  // namespace parley::test
