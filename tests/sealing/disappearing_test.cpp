#include "shared/sealing/disappearing.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/identity/people.hpp"

namespace parley::sealing {
namespace {

using namespace test;

MessageContext some_context() {
  return {kDisappearingVersion, some_id<RoomId>(5),   7,   some_id<UserId>(1),
          some_id<DeviceId>(2), some_id<ClientId>(6), true};
}
MessageContent some_content() {
  return {{1, 2, 3}, 2, {9}, wire::EventKind::kMessage, Bytes{'h', 'i'}};
}

TEST_CASE("the content of a message that disappears, byte by byte") {
  const auto content = encode_content(some_content());
  REQUIRE(content);
  CHECK(to_hex(content->expose()) ==
        "01020300000000000000000000000000"                                  // id
        "02"                                                                // counter
        "0900000000000000000000000000000000000000000000000000000000000000"  // previous
        "01"                                                                // kind
        "026869");                                                          // body
  const Bytes bound = bound_data(some_context());
  REQUIRE(bound.size() == 66);
  CHECK(bound[0] == 2);
  CHECK(std::ranges::equal(ByteView(bound).subspan(1, 16), some_id<RoomId>(5).view()));
  CHECK(std::ranges::equal(ByteView(bound).subspan(17, 16), some_id<UserId>(1).view()));
  CHECK(std::ranges::equal(ByteView(bound).subspan(33, 16), some_id<DeviceId>(2).view()));
  CHECK(std::ranges::equal(ByteView(bound).subspan(49, 16), some_id<ClientId>(6).view()));
  CHECK(bound[65] == 1);
  const auto read = decode_content(content->expose());
  REQUIRE(read);
  CHECK(read->id == some_content().id);
  CHECK(read->counter == 2);
  CHECK(read->previous == some_content().previous);
  CHECK(read->kind == wire::EventKind::kMessage);
  CHECK(read->body == some_content().body);
}

TEST_CASE("a message that is sent again in another epoch has the same hash") {
  const auto content = encode_content(some_content());
  const auto hash = message_hash(some_context(), content->expose());
  MessageContext later = some_context();
  later.epoch = 8;
  CHECK(message_hash(later, content->expose()) == hash);
  MessageContext elsewhere = some_context();
  elsewhere.room = some_id<RoomId>(7);
  CHECK(message_hash(elsewhere, content->expose()) != hash);
  elsewhere = some_context();
  elsewhere.counts = false;
  CHECK(message_hash(elsewhere, content->expose()) != hash);
}

TEST_CASE("content of another form is refused") {
  MessageContent content = some_content();
  content.counter = 1;  // the first has none before it
  CHECK(encode_content(content).error().code == ErrorCode::kInvalidArgument);
  content = some_content();
  content.body = Bytes(kMaxInnerBody + 1);
  CHECK(encode_content(content).error().code == ErrorCode::kInvalidArgument);
  content.body = Bytes(kMaxInnerBody);
  CHECK(encode_content(content).ok());
  const auto bytes = encode_content(some_content());
  for (std::size_t size = 0; size < bytes->size(); ++size) {
    CHECK_FALSE(decode_content(bytes->expose().first(size)).ok());
  }
  Bytes more = to_bytes(bytes->expose());
  more.push_back(0);
  CHECK_FALSE(decode_content(more).ok());
  more.pop_back();
  more[16] = 0;  // counter
  CHECK_FALSE(decode_content(more).ok());
}

}  // namespace
}  // namespace parley::sealing
