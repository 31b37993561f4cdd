#include "shared/sealing/history_request.hpp"

#include <catch2/catch_test_macros.hpp>

#include "shared/sealing/bundle.hpp"
#include "tests/identity/people.hpp"

namespace parley::sealing {
namespace {

using namespace test;
using Epochs = std::vector<std::uint64_t>;

struct Asking {
  Person ada = some_person(1);
  Device phone = some_device(2);
  identity::DeviceCredential credential = ada.credential(phone);
  RoomId room = some_id<RoomId>(4);

  Result<Bytes> make(const Epochs& epochs) {
    return make_history_request(room, {credential, phone.signing_key}, epochs);
  }
  // Put together here, byte by byte, as CRYPTO.md has it.
  std::optional<ErrorCode> read(ByteView runs, std::uint8_t version = 1, ByteView tail = {}) {
    const std::array<std::uint8_t, 1> head = {version};
    const Bytes content =
        identity::concat({head, credential.encode(), phone.signing_key.public_key(), runs});
    const auto signature = phone.signing_key.sign(
        identity::concat({as_bytes("Parley history request 1"), room.view(), content}));
    const auto opened = open_history_request(room, identity::concat({content, signature, tail}));
    return opened ? std::nullopt : std::optional(opened.error().code);
  }
};

TEST_CASE("a request for history names its author and its epochs") {
  Asking asking;
  Epochs many;
  for (std::uint64_t i = 0; i < kMaxBundleSecrets; ++i) many.push_back(3 * i);
  for (const Epochs& epochs : {Epochs{0}, Epochs{1, 2, 3, 9, 11, 12}, many,
                               Epochs{0xffff'ffff'ffff'fffd, 0xffff'ffff'ffff'fffe}}) {
    const auto bytes = asking.make(epochs);
    REQUIRE(bytes);
    const auto opened = open_history_request(asking.room, *bytes);
    REQUIRE(opened);
    CHECK(opened->epochs == epochs);
    CHECK(opened->author.credential == asking.credential);
    CHECK(opened->author.signing_key == asking.phone.signing_key.public_key());
  }
  many.push_back(1'000'000);
  for (const Epochs& epochs :
       {Epochs{}, Epochs{2, 1}, Epochs{2, 2}, Epochs{~std::uint64_t{0}}, many}) {
    CHECK(asking.make(epochs).error().code == ErrorCode::kInvalidArgument);
  }
}

TEST_CASE("a request is bound to its room, and each changed bit is refused") {
  Asking asking;
  const auto bytes = asking.make({1, 2, 7});
  REQUIRE(bytes);
  CHECK(open_history_request(some_id<RoomId>(5), *bytes).error().code ==
        ErrorCode::kSignatureInvalid);
  for_each_flip(*bytes, 1, [&](ByteView changed, std::size_t at) {
    INFO(at);
    CHECK_FALSE(open_history_request(asking.room, changed));
  });
  for (std::size_t size = 0; size < bytes->size(); ++size) {
    REQUIRE_FALSE(open_history_request(asking.room, ByteView(*bytes).first(size)));
  }
}

TEST_CASE("a request is read strictly") {
  Asking asking;
  CHECK_FALSE(asking.read(Bytes{2, 5, 2, 9, 1}));
  CHECK(asking.read(Bytes{2, 5, 2, 9, 1}, 2) == ErrorCode::kVersionUnsupported);
  CHECK(asking.read(Bytes{2, 5, 2, 9, 1}, 1, Bytes{0}) == ErrorCode::kMalformed);
  CHECK(asking.read(Bytes{0}) == ErrorCode::kMalformed);
  CHECK(asking.read(Bytes{1, 5, 0}) == ErrorCode::kMalformed);
  for (const std::uint8_t second : Bytes{4, 5, 6, 7}) {
    CHECK(asking.read(Bytes{2, 5, 2, second, 1}) == ErrorCode::kMalformed);
  }
  CHECK(asking.read(Bytes{1, 5, 0xe9, 7}) == ErrorCode::kMalformed);  // 1001
  CHECK(asking.read(Bytes{2, 5, 0xd8, 4, 0xd0, 0x0f, 0xd8, 4}) == ErrorCode::kMalformed);
  CHECK(asking.read(Bytes{1, 254, 255, 255, 255, 255, 255, 255, 255, 255, 1, 2}) ==
        ErrorCode::kMalformed);
}

}  // namespace
}  // namespace parley::sealing
