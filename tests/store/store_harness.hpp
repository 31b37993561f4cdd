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

  Result<std::uint32_t> put(KeyPackagesWrite write) {
    return wait_for<std::uint32_t>(
        [&](auto done) { store_.put_key_packages(std::move(write), std::move(done)); });
  }
  Result<ClaimedKeyPackages> claim(KeyPackageClaim claim) {
    return wait_for<ClaimedKeyPackages>(
        [&](auto done) { store_.claim_key_packages(std::move(claim), std::move(done)); });
  }
  Status put(InboxWrite write) {
    return wait_for<void>([&](auto done) { store_.put_inbox(std::move(write), std::move(done)); });
  }
  Status ack(DeviceId device, std::uint64_t number) {
    return wait_for<void>([&](auto done) { store_.ack_inbox(device, number, std::move(done)); });
  }
  Status put(wire::Identity identity, bool afresh = false) {
    return wait_for<void>(
        [&](auto done) { store_.put_identity(std::move(identity), afresh, std::move(done)); });
  }
  Result<std::uint64_t> put(UserId user, std::vector<wire::VaultEntry> entries) {
    return wait_for<std::uint64_t>(
        [&](auto done) { store_.put_vault(user, std::move(entries), std::move(done)); });
  }
  Status put(UserId user, std::vector<wire::VaultWrap> wraps, Bytes hash = {}) {
    return wait_for<void>([&](auto done) {
      store_.put_vault_wraps(user, std::move(wraps), std::move(hash), std::move(done));
    });
  }
  Result<GroupPiece> group(RoomId room, std::uint64_t offset = 0, std::uint64_t limit = 1u << 20) {
    return wait_for<GroupPiece>(
        [&](auto done) { store_.read_group(room, offset, limit, std::move(done)); });
  }
  Result<std::vector<wire::Event>> commits(RoomId room, std::uint64_t epoch,
                                           std::uint32_t limit = 100,
                                           std::size_t max_bytes = 1u << 20) {
    return wait_for<std::vector<wire::Event>>(
        [&](auto done) { store_.read_commits(room, epoch, limit, max_bytes, std::move(done)); });
  }
  Result<RoomId> direct(UserId one, UserId other) {
    return wait_for<RoomId>([&](auto done) { store_.find_direct(one, other, std::move(done)); });
  }
  Result<std::vector<IdentityRecord>> identities(std::vector<UserId> users) {
    return wait_for<std::vector<IdentityRecord>>(
        [&](auto done) { store_.read_identities(std::move(users), std::move(done)); });
  }
  Result<std::vector<wire::InboxItem>> inbox(DeviceId device, std::uint64_t after = 0,
                                             std::size_t max_bytes = 1u << 20) {
    return wait_for<std::vector<wire::InboxItem>>(
        [&](auto done) { store_.read_inbox(device, after, max_bytes, std::move(done)); });
  }
  Result<std::vector<wire::VaultEntry>> vault(UserId user, std::uint64_t after = 0,
                                              std::uint32_t limit = 1000) {
    return wait_for<std::vector<wire::VaultEntry>>(
        [&](auto done) { store_.read_vault(user, after, limit, std::move(done)); });
  }
  Result<std::vector<wire::VaultWrap>> wraps(UserId user) {
    return wait_for<std::vector<wire::VaultWrap>>(
        [&](auto done) { store_.read_vault_wraps(user, std::move(done)); });
  }
  Status put_invite_bundle(RoomId room, InviteId invite, Bytes bundle) {
    return wait_for<void>([&](auto done) {
      store_.put_invite_bundle(room, invite, std::move(bundle), std::move(done));
    });
  }
  Result<Bytes> invite_bundle(RoomId room, std::string code) {
    return wait_for<Bytes>(
        [&](auto done) { store_.read_invite_bundle(room, std::move(code), std::move(done)); });
  }
  Result<UserId> recovery(Bytes hash) {
    return wait_for<UserId>(
        [&](auto done) { store_.find_recovery(std::move(hash), std::move(done)); });
  }
  Status put_link_code(UserId user, Bytes hash, Timestamp expires) {
    return wait_for<void>(
        [&](auto done) { store_.put_link_code(user, std::move(hash), expires, std::move(done)); });
  }
  Result<UserId> take_link_code(Bytes hash) {
    return wait_for<UserId>(
        [&](auto done) { store_.take_link_code(std::move(hash), std::move(done)); });
  }
  // All of it, as the server's sweep does.
  std::vector<TrimmedRoom> trim(TrimQuery query) {
    std::vector<TrimmedRoom> rooms;
    for (int pieces = 0; pieces < 1000; ++pieces) {
      const auto piece =
          wait_for<Trimmed>([&](auto done) { store_.trim(query, std::move(done)); });
      REQUIRE(piece.ok());
      rooms.insert(rooms.end(), piece->rooms.begin(), piece->rooms.end());
      if (piece->done) return rooms;
      query.after = piece->next;
    }
    FAIL("a trim does not end");
    return rooms;
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
