#include "shared/sync/outbox.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <deque>

namespace parley::sync {
namespace {

constexpr MonoTime kNow{1000};

RoomId room(std::uint8_t n) {
  RoomId id;
  id.uuid.bytes[0] = n;
  return id;
}
ClientId client(std::uint8_t n) {
  ClientId id;
  id.uuid.bytes[0] = n;
  return id;
}
void push(Outbox& outbox, std::uint8_t r, std::uint8_t c,
          wire::EventKind kind = wire::EventKind::kMessage) {
  REQUIRE(outbox.push(room(r), client(c), kind, {c}, Timestamp{5}));
}
Error error(ErrorCode code, Duration wait = {}) { return {code, {}, wait}; }

}  // namespace

TEST_CASE("One entry of a room is under way at a time, rooms do not wait for each other") {
  Outbox outbox;
  push(outbox, 1, 1);
  push(outbox, 1, 2);
  push(outbox, 2, 3);
  CHECK(!outbox.poll_post(kNow));  // not connected
  outbox.handle_connected(kNow);
  const auto first = outbox.poll_post(kNow);
  const auto second = outbox.poll_post(kNow);
  REQUIRE((first && second));
  CHECK(first->client_id == client(1));
  CHECK(second->client_id == client(3));
  CHECK(!outbox.poll_post(kNow));
  CHECK(!outbox.deadline());
  CHECK(outbox.handle_confirmed(client(1)));
  CHECK(outbox.poll_post(kNow)->client_id == client(2));
}

TEST_CASE("What was under way at a loss is repeated under its own id, before the rest") {
  Outbox outbox;
  push(outbox, 1, 1);
  push(outbox, 1, 2);
  outbox.handle_connected(kNow);
  CHECK(outbox.poll_post(kNow)->client_id == client(1));
  outbox.handle_disconnected();
  CHECK(!outbox.poll_post(kNow));
  outbox.handle_connected(kNow);
  CHECK(outbox.poll_post(kNow)->client_id == client(1));
  CHECK(outbox.find(client(1))->attempts == 2);
}

TEST_CASE("Limits wait as long as the server says, and they are the user's") {
  Outbox outbox;
  push(outbox, 1, 1);
  push(outbox, 2, 2);
  outbox.handle_connected(kNow);
  (void)outbox.poll_post(kNow);
  outbox.handle_error(kNow, client(1), error(ErrorCode::kRateLimited, seconds(7)));
  CHECK(!outbox.poll_post(kNow));  // room 2 neither
  CHECK(outbox.deadline() == kNow + seconds(7));
  CHECK(!outbox.poll_post(kNow + milliseconds(6999)));
  CHECK(outbox.poll_post(kNow + seconds(7))->client_id == client(1));
}

TEST_CASE("A full disk holds up its room, and is waited for without end") {
  Outbox outbox;
  push(outbox, 1, 1);
  push(outbox, 2, 2);
  outbox.handle_connected(kNow);
  MonoTime now = kNow;
  for (int i = 0; i < 50; ++i) {
    const auto post = outbox.poll_post(now);
    REQUIRE(post);
    CHECK(post->client_id == client(1));
    outbox.handle_error(now, client(1), error(ErrorCode::kStorageFull));
    now = now + seconds(31);
    if (i == 0) {
      CHECK(outbox.poll_post(kNow)->client_id == client(2));
      CHECK(outbox.handle_confirmed(client(2)));
    }
  }
  CHECK(outbox.find(client(1))->state == OutboxState::kWaiting);
}

TEST_CASE("A server that fails over and over on one entry does not block the room for ever") {
  Outbox outbox;
  push(outbox, 1, 1);
  push(outbox, 1, 2);
  outbox.handle_connected(kNow);
  MonoTime now = kNow;
  for (std::uint32_t i = 0; i < Outbox::kMaxServerFaults; ++i) {
    REQUIRE(outbox.poll_post(now)->client_id == client(1));
    outbox.handle_error(now, client(1), error(ErrorCode::kInternal));
    now = now + seconds(31);
  }
  CHECK(outbox.find(client(1))->state == OutboxState::kFailed);
  CHECK(outbox.poll_post(now)->client_id == client(2));
}

TEST_CASE("A failure about one entry leaves the others; one about the room fails them too") {
  Outbox outbox;
  push(outbox, 1, 1);
  push(outbox, 1, 2);
  push(outbox, 1, 3);
  outbox.handle_connected(kNow);
  (void)outbox.poll_post(kNow);
  outbox.handle_error(kNow, client(1), error(ErrorCode::kMessageTooLong));
  CHECK(outbox.find(client(1))->state == OutboxState::kFailed);
  REQUIRE(outbox.poll_post(kNow)->client_id == client(2));
  outbox.handle_error(kNow, client(2), error(ErrorCode::kNotAMember));
  CHECK(outbox.find(client(3))->state == OutboxState::kFailed);
  CHECK(!outbox.poll_post(kNow));
  CHECK(outbox.waiting() == 0);
  // Retrying one of them retries those that failed with it, in order; not the other.
  CHECK(outbox.retry(client(3)));
  CHECK(outbox.poll_post(kNow)->client_id == client(2));
  CHECK(outbox.find(client(1))->state == OutboxState::kFailed);
}

TEST_CASE("Discard takes what is not under way") {
  Outbox outbox;
  push(outbox, 1, 1);
  outbox.handle_connected(kNow);
  (void)outbox.poll_post(kNow);
  CHECK(!outbox.discard(client(1)));
  outbox.handle_error(kNow, client(1), error(ErrorCode::kNotText));
  CHECK(outbox.discard(client(1)));
  CHECK(outbox.size() == 0);
  CHECK(outbox.encode(client(1)).empty());
}

TEST_CASE("The outbox is bounded and ids are used once") {
  Outbox outbox;
  SeededRng rng(1);
  for (std::size_t i = 0; i < Outbox::kMaxEntries; ++i) {
    REQUIRE(outbox.push(room(1), ClientId::make({}, rng), wire::EventKind::kMessage, {}, {}));
  }
  const auto full = outbox.push(room(1), client(1), wire::EventKind::kMessage, {}, {});
  REQUIRE(!full);
  CHECK(full.error().code == ErrorCode::kQuotaReached);
}

TEST_CASE("Entries come back from the store in their order") {
  Outbox before;
  std::map<ClientId, Bytes> disk;
  for (std::uint8_t i = 20; i > 0; --i) push(before, 1, i);
  while (const auto id = before.poll_dirty()) disk[*id] = before.encode(*id);
  Outbox after;
  for (const auto& [id, value] : disk) REQUIRE(after.restore(value));
  push(after, 1, 200);
  after.handle_connected(kNow);
  std::vector<std::uint8_t> order;
  while (const auto post = after.poll_post(kNow)) {
    order.push_back(post->client_id.uuid.bytes[0]);
    CHECK(post->body == Bytes{order.back()});
    after.handle_confirmed(post->client_id);
  }
  std::vector<std::uint8_t> expected;
  for (std::uint8_t i = 20; i > 0; --i) expected.push_back(i);
  expected.push_back(200);
  CHECK(order == expected);
}

TEST_CASE("Stored values that are not entries are refused") {
  Outbox outbox;
  push(outbox, 1, 1);
  const Bytes good = outbox.encode(client(1));
  Outbox other;
  CHECK(!other.restore({}));
  for (std::size_t cut = 0; cut < good.size(); ++cut) {
    CHECK(!other.restore(ByteView(good).first(cut)));
  }
  Bytes newer = good;
  newer[0] = 2;
  CHECK(!other.restore(newer));
  CHECK(other.restore(good));
  CHECK(!other.restore(good));  // twice
}

TEST_CASE("After another sign-in nothing is sent without a word") {
  Outbox outbox;
  push(outbox, 1, 1);
  outbox.handle_connected(kNow);
  (void)outbox.poll_post(kNow);
  outbox.fail_all(ErrorCode::kNotAuthenticated);
  CHECK(!outbox.poll_post(kNow));
  CHECK(outbox.retry(client(1)));
  CHECK(outbox.poll_post(kNow));
}

TEST_CASE("Whatever fails in between, the server sees each room in order and each entry once") {
  const auto seed = GENERATE(range(1u, 60u));
  INFO("seed " << seed);
  SeededRng rng(seed);
  Outbox outbox;
  std::map<ClientId, Bytes> disk;
  std::map<RoomId, std::vector<ClientId>> written, log;
  std::deque<wire::Post> under_way;
  MonoTime now = kNow;
  const auto save = [&] {
    while (const auto id = outbox.poll_dirty()) {
      const Bytes value = outbox.encode(*id);
      if (value.empty())
        disk.erase(*id);
      else
        disk[*id] = value;
    }
  };
  const auto serve = [&](bool answer) {
    const wire::Post post = under_way.front();
    under_way.pop_front();
    auto& room_log = log[post.room_id];
    if (std::find(room_log.begin(), room_log.end(), post.client_id) == room_log.end()) {
      room_log.push_back(post.client_id);
    }
    if (answer) outbox.handle_confirmed(post.client_id);
  };
  for (int i = 0; i < 600; ++i) {
    now = now + milliseconds(static_cast<std::int64_t>(rng.below(3000)));
    switch (rng.below(8)) {
      case 0:
      case 1: {
        const RoomId to = room(static_cast<std::uint8_t>(1 + rng.below(3)));
        const ClientId id = ClientId::make({}, rng);
        REQUIRE(outbox.push(to, id, wire::EventKind::kMessage, {}, {}));
        written[to].push_back(id);
        break;
      }
      case 2:
        outbox.handle_connected(now);
        break;
      case 3:  // what is under way may or may not arrive
        if (rng.below(2) == 0 && !under_way.empty()) serve(false);
        under_way.clear();
        outbox.handle_disconnected();
        break;
      case 4:
        if (under_way.empty()) break;
        outbox.handle_error(
            now, under_way.front().client_id,
            error(rng.below(2) ? ErrorCode::kRateLimited : ErrorCode::kStorageFull, seconds(2)));
        under_way.pop_front();
        break;
      case 5: {  // a new process
        save();
        under_way.clear();
        Outbox next;
        for (const auto& [id, value] : disk) REQUIRE(next.restore(value));
        outbox = std::move(next);
        break;
      }
      default:
        if (!under_way.empty()) serve(true);
        break;
    }
    while (auto post = outbox.poll_post(now)) under_way.push_back(*std::move(post));
    save();
  }
  outbox.handle_disconnected();
  under_way.clear();
  outbox.handle_connected(now);
  while (outbox.size() > 0) {
    while (auto post = outbox.poll_post(now)) under_way.push_back(*std::move(post));
    REQUIRE(!under_way.empty());
    serve(true);
  }
  CHECK(log == written);
}

}  // namespace parley::sync
