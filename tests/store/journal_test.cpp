#include "server/store/journal.hpp"

#include <iostream>
#include <random>

#include "tests/store/store_harness.hpp"

using namespace parley;
using namespace parley::store;
using namespace parley::store::testing;

namespace {

StoredEvent stored_event(std::uint64_t seq, std::string body) {
  return {{.seq = {seq},
           .at = {1'700'000'000'000},
           .sender = user_id(1),
           .device = device_id(2),
           .client_id = client_id(3),
           .kind = wire::EventKind::kSealed,
           .body = to_bytes(as_bytes(body))},
          seq * 2};
}

JournalWriter sample() {
  JournalWriter writer;
  writer.add_event({1}, {2}, 3, stored_event(1, "hello"));
  writer.add_marker({INT64_MAX}, {127}, {.delivered = {128}, .read = {0}, .changed = UINT64_MAX});
  writer.add_event({300}, {0}, 1u << 31, stored_event(UINT64_MAX / 2, ""));
  return writer;
}

}  // namespace

TEST_CASE("journal rows read back as written", "[store]") {
  const JournalWriter writer = sample();
  JournalReader reader(writer.data());
  const auto first = reader.next();
  REQUIRE(first.ok());
  const auto* event = std::get_if<JournalEvent>(&*first);
  REQUIRE(event != nullptr);
  CHECK(event->room == RoomKey{1});
  CHECK(event->sender == UserKey{2});
  CHECK(event->position == 3);
  CHECK(event->stored == stored_event(1, "hello"));
  const auto second = reader.next();
  REQUIRE(second.ok());
  const auto* marker = std::get_if<JournalMarker>(&*second);
  REQUIRE(marker != nullptr);
  CHECK(marker->room == RoomKey{INT64_MAX});
  CHECK(marker->user == UserKey{127});
  CHECK(marker->marker.delivered == Seq{128});
  CHECK(marker->marker.read == Seq{0});
  CHECK(marker->marker.changed == UINT64_MAX);
  const auto third = reader.next();
  REQUIRE(third.ok());
  CHECK(std::get<JournalEvent>(*third).stored == stored_event(UINT64_MAX / 2, ""));
  CHECK(reader.at_end());
}

TEST_CASE("damaged journal rows are errors", "[store]") {
  const Bytes whole = sample().data();
  const auto read_all = [](ByteView data) {
    JournalReader reader(data);
    while (!reader.at_end()) {
      const auto record = reader.next();
      if (!record.ok()) {
        CHECK(record.error().code == ErrorCode::kStorageFailed);
        return false;
      }
    }
    return true;
  };
  CHECK(read_all(whole));
  std::size_t readable = 0;
  for (std::size_t size = 1; size < whole.size(); ++size) {
    readable += read_all(ByteView(whole).first(size)) ? 1 : 0;
  }
  CHECK(readable == 2);  // cut exactly between records
  CHECK_FALSE(read_all(Bytes{9}));
  // A length far past the end must not be believed.
  JournalWriter writer;
  writer.add_event({1}, {1}, 1, stored_event(1, ""));
  Bytes huge = writer.data();
  huge.back() = 0xff;
  huge.insert(huge.end(), {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01});
  CHECK_FALSE(read_all(huge));

  const std::uint64_t seed = std::random_device{}();
  std::cout << "journal damage seed " << seed << std::endl;
  std::mt19937_64 random(seed);
  for (int i = 0; i < 20'000; ++i) {
    Bytes damaged = whole;
    damaged[random() % damaged.size()] = static_cast<std::uint8_t>(random());
    read_all(damaged);
  }
}
