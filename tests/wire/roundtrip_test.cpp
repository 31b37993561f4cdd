// Whatever a struct may hold survives both forms, and the forms agree.
#include <catch2/catch_get_random_seed.hpp>
#include <catch2/catch_test_macros.hpp>

#include "shared/wire/json.hpp"
#include "tests/wire/random_values.hpp"

namespace parley::test {
namespace {

using namespace wire;

constexpr int kRounds = 40;

std::uint64_t seed_of_round(int round) {
  return (std::uint64_t{Catch::getSeed()} << 16) + static_cast<std::uint64_t>(round);
}

template <class T>
void check_struct(const char* what) {
  for (int round = 0; round < kRounds; ++round) {
    const auto seed = seed_of_round(round);
    INFO(what << ", seed " << seed);
    const T value = random_value<T>(seed);
    const auto from_binary = decode<T>(encode(value));
    REQUIRE(from_binary.ok());
    REQUIRE(*from_binary == value);
    const std::string json = encode_json(value);
    INFO(json);
    const auto from_json = decode_json<T>(json);
    INFO((from_json ? "" : from_json.error().detail));
    REQUIRE(from_json.ok());
    REQUIRE(*from_json == value);
  }
}

template <class Variant>
void check_alternatives() {
  for_each_alternative<Variant>([]<class T>() {
    if constexpr (requires { T::kName; }) {
      check_struct<T>(T::kName);
    } else if constexpr (Declared<T, BinaryWriter>) {
      check_struct<T>("event body");
    }
  });
}

TEST_CASE("commands survive binary and JSON") { check_alternatives<Command>(); }
TEST_CASE("responses survive binary and JSON") { check_alternatives<Response>(); }
TEST_CASE("notices survive binary and JSON") { check_alternatives<Notice>(); }
TEST_CASE("event bodies survive binary and JSON") { check_alternatives<EventBody>(); }
TEST_CASE("the other payloads survive binary and JSON") {
  check_struct<ErrorReply>("error");
  check_struct<EventBatch>("events");
  check_struct<Goodbye>("goodbye");
}

TEST_CASE("client frames come back as they went") {
  for_each_alternative<Command>([]<class T>() {
    const auto seed = seed_of_round(0);
    INFO(T::kName << ", seed " << seed);
    const RequestId request = (seed | 1) >> (seed % 64);
    const CommandFrame sent{request == 0 ? 1 : request, random_value<T>(seed)};
    const auto got = decode_client_frame(encode_frame(ClientFrame{sent}));
    const auto* frame = std::get_if<ClientFrame>(&got);
    REQUIRE(frame != nullptr);
    const auto* command = std::get_if<CommandFrame>(frame);
    REQUIRE(command != nullptr);
    CHECK(command->request == sent.request);
    CHECK(command->command == sent.command);
  });
}

TEST_CASE("server frames come back as they went") {
  const auto seed = seed_of_round(0);
  INFO("seed " << seed);
  for_each_alternative<Response>([&]<class T>() {
    const Response sent = random_value<T>(seed);
    const auto got = decode_server_frame(encode_frame(ResponseFrame{9, sent}));
    REQUIRE(got.ok());
    REQUIRE(std::holds_alternative<ResponseFrame>(*got));
    CHECK(std::get<ResponseFrame>(*got).request == 9);
    CHECK(std::get<ResponseFrame>(*got).response == sent);
  });
  for_each_alternative<Notice>([&]<class T>() {
    const Notice sent = random_value<T>(seed);
    const auto got = decode_server_frame(encode_frame(sent));
    REQUIRE(got.ok());
    REQUIRE(std::holds_alternative<Notice>(*got));
    CHECK(std::get<Notice>(*got) == sent);
  });
}

TEST_CASE("the batch encoder writes what the frame encoder writes") {
  const auto seed = seed_of_round(1);
  INFO("seed " << seed);
  const auto batch = random_value<EventBatch>(seed);
  EventBatchEncoder encoder(batch.room_id, batch.events.size(), 0);
  for (const Event& event : batch.events) encoder.add(event);
  CHECK(std::move(encoder).finish() == encode_frame(batch));
}

TEST_CASE("an event's body decodes to the struct of its kind") {
  const auto message = random_value<Message>(seed_of_round(2));
  const auto body = decode_body(EventKind::kMessage, encode(message));
  REQUIRE(body.ok());
  CHECK(std::get<Message>(*body) == message);
  const SealedBody sealed{SealedBody::kVersion, 7, true, Bytes(kSealNonceBytes), Bytes(64)};
  const auto envelope = decode_body(EventKind::kSealed, encode(sealed));
  REQUIRE(envelope.ok());
  CHECK(std::get<SealedBody>(*envelope) == sealed);
  const auto commit = decode_body(EventKind::kCommit, encode(message));
  REQUIRE(commit.ok());
  CHECK(std::get<OpaqueBody>(*commit).kind == EventKind::kCommit);
  const auto newer = decode_body(EventKind{999}, {});
  REQUIRE(newer.ok());
  CHECK(std::get<OpaqueBody>(*newer).kind == EventKind{999});
}

// Logs and clients from before private rooms have these bytes.
TEST_CASE("what private rooms added takes no byte of an open room") {
  RoomSettings settings{2, RoomKind::kOpen, RoomAccess::kInviteOnly, "ovk", "zkqjir"};
  CHECK(to_hex(encode(settings)) == "020001036f766b067a6b716a6972");
  settings.kind = RoomKind::kPrivate;
  CHECK(to_hex(encode(settings)) == "020101036f766b067a6b716a6972000000");

  CreateRoom create;
  create.name = "ovk";
  CHECK(encode(create).size() == 16 + 2 + 4 + 1);
  create.kind = RoomKind::kPrivate;
  CHECK(encode(create).size() == 16 + 2 + 4 + 1 + 2 + 16 + 2);

  Authenticate hello;
  hello.guest_name = "Ann";
  hello.recovery = Bytes(kRecoveryTokenBytes);
  const auto guest = decode<Authenticate>(encode(hello));
  REQUIRE(guest.ok());
  CHECK(guest->recovery.empty());
  hello.guest_name.clear();
  CHECK(decode<Authenticate>(encode(hello))->recovery == hello.recovery);
}

}  // namespace
}  // namespace parley::test
