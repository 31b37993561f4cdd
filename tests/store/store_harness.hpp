// Store calls that wait for their answer, and makers of test records.
#pragma once

#include <atomic>
#include <future>
#include <memory>
#include <string>

#include <catch2/catch_test_macros.hpp>

#include "server/store/sqlite_store.hpp"
#include "tests/support/temp_folder.hpp"

namespace parley::store::testing {

using test::TempFolder;

// A clock that the test moves.
class TestClock {
 public:
  std::function<Timestamp()> function() {
    return [ms = ms_] { return Timestamp{ms->load()}; };
  }
  void set(std::int64_t ms) { ms_->store(ms); }
  void advance(std::int64_t ms) { ms_->fetch_add(ms); }
  Timestamp now() const { return {ms_->load()}; }

 private:
  std::shared_ptr<std::atomic<std::int64_t>> ms_ =
      std::make_shared<std::atomic<std::int64_t>>(1'700'000'000'000);
};

// Starts `call` with a callback and waits for what it gets.
template <class T, class Call>
Result<T> wait_for(Call call) {
  auto promise = std::make_shared<std::promise<Result<T>>>();
  auto future = promise->get_future();
  call([promise](Result<T> result) { promise->set_value(std::move(result)); });
  return future.get();
}

// The Store interface, call by call and blocking.
class Calls {
 public:
  explicit Calls(Store& store) : store_(store) {}

  Result<RoomWritten> write(RoomWrite write) {
    return wait_for<RoomWritten>(
        [&](auto done) { store_.write_room(std::move(write), std::move(done)); });
  }
  Result<Position> markers(std::vector<MarkerWrite> markers) {
    return wait_for<Position>(
        [&](auto done) { store_.write_markers(std::move(markers), std::move(done)); });
  }
  Status put(UserRecord user) {
    return wait_for<void>([&](auto done) { store_.put_user(std::move(user), std::move(done)); });
  }
  Status put(DeviceRecord device) {
    return wait_for<void>(
        [&](auto done) { store_.put_device(std::move(device), std::move(done)); });
  }
  Status put_setting(std::string key, Bytes value) {
    return wait_for<void>(
        [&](auto done) { store_.put_setting(std::move(key), std::move(value), std::move(done)); });
  }
  Result<std::optional<Bytes>> setting(std::string key) {
    return wait_for<std::optional<Bytes>>(
        [&](auto done) { store_.get_setting(std::move(key), std::move(done)); });
  }
  Result<RoomSnapshot> room(RoomId room, std::uint32_t tail = 50) {
    return wait_for<RoomSnapshot>(
        [&](auto done) { store_.load_room(room, tail, std::move(done)); });
  }
  Result<UserSnapshot> user(UserId user) {
    return wait_for<UserSnapshot>([&](auto done) { store_.load_user(user, std::move(done)); });
  }
  Result<std::vector<UserRecord>> users(std::vector<UserId> ids) {
    return wait_for<std::vector<UserRecord>>(
        [&](auto done) { store_.read_users(std::move(ids), std::move(done)); });
  }
  Result<std::vector<StoredEvent>> events(EventQuery query) {
    return wait_for<std::vector<StoredEvent>>(
        [&](auto done) { store_.read_events(query, std::move(done)); });
  }
  Result<std::vector<wire::RoomListing>> search(std::string words, std::uint32_t offset = 0,
                                                std::uint32_t limit = 100) {
    return wait_for<std::vector<wire::RoomListing>>(
        [&](auto done) { store_.search_rooms(std::move(words), offset, limit, std::move(done)); });
  }
  Result<InviteRecord> invite(std::string code) {
    return wait_for<InviteRecord>(
        [&](auto done) { store_.find_invite(std::move(code), std::move(done)); });
  }
  Result<std::vector<InviteRecord>> invites(RoomId room) {
    return wait_for<std::vector<InviteRecord>>(
        [&](auto done) { store_.list_invites(room, std::move(done)); });
  }

 private:
  Store& store_;
};

// Records with everything filled in, different for each number.
UserId user_id(std::uint64_t n);
RoomId room_id(std::uint64_t n);
DeviceId device_id(std::uint64_t n);
ClientId client_id(std::uint64_t n);
InviteId invite_id(std::uint64_t n);
UserRecord user_record(std::uint64_t n);
DeviceRecord device_record(std::uint64_t n, std::uint64_t user);
RoomRecord room_record(std::uint64_t n);
InviteRecord invite_record(std::uint64_t n, std::uint64_t room);
MemberRecord member(std::uint64_t user, wire::Role role = wire::Role::kMember);
NewEvent message(std::uint64_t sender, std::uint64_t client, std::string text = "hello");
NewEvent reaction(std::uint64_t sender, std::uint64_t client);

RoomWrite creation(std::uint64_t room, std::vector<std::uint64_t> members);
RoomWrite append(std::uint64_t room, std::vector<NewEvent> events);

std::vector<std::uint64_t> seqs_of(const std::vector<StoredEvent>& events);

}  // namespace parley::store::testing
