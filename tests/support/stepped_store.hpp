// The SQLite store under a test's hand: what is asked of it waits until the test lets the "disk"
// work, and answers come on the test's thread, in the order of the calls. What a run does depends
// on nothing else, although the store behind it has threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <future>

#include "server/store/sqlite_store.hpp"
#include "tests/support/temp_folder.hpp"

namespace parley::testing {

class SteppedStore final : public store::Store {
 public:
  explicit SteppedStore(std::function<Timestamp()> clock) : clock_(std::move(clock)) { open(); }

  // Does everything that waits, and answers. False when there was nothing.
  bool commit() {
    now_ms_ = clock_().ms;
    auto steps = std::exchange(waiting_, {});
    // Writes that follow each other are under way together, for the group commit to take; a read
    // is not beside a write, whose effect it would see or not see.
    for (auto group = steps.begin(); group != steps.end();) {
      const auto end = std::find_if(group, steps.end(),
                                    [&](const Step& step) { return step.write != group->write; });
      std::for_each(group, end, [](const Step& step) { step.start(); });
      std::for_each(group, end, [](const Step& step) { step.answer(); });
      group = end;
    }
    return !steps.empty();
  }

  // While set, writes fail with it.
  std::optional<Error> fault;

  // As after kill -9: what waited is lost, and the store starts on what the database holds at this
  // moment (a copy of it, for closing would tidy up).
  void crash() {
    waiting_.clear();
    const std::string before = path();
    ++copies_;
    must(store::backup_sqlite(before, path()));
    store_.reset();
    std::filesystem::remove(before);
    open();
  }

  void write_room(store::RoomWrite write, store::Callback<store::RoomWritten> done) override {
    wait_to_write<store::RoomWritten>(std::move(done), [write = std::move(write)](auto& s, auto d) {
      s.write_room(write, std::move(d));
    });
  }
  void write_markers(std::vector<store::MarkerWrite> markers,
                     store::Callback<store::Position> done) override {
    wait_to_write<store::Position>(std::move(done),
                                   [markers = std::move(markers)](auto& s, auto d) {
                                     s.write_markers(markers, std::move(d));
                                   });
  }
  void put_user(store::UserRecord user, store::StatusCallback done) override {
    wait_to_write<void>(std::move(done), [user = std::move(user)](auto& s, auto d) {
      s.put_user(user, std::move(d));
    });
  }
  void put_device(store::DeviceRecord device, store::StatusCallback done) override {
    wait_to_write<void>(std::move(done), [device = std::move(device)](auto& s, auto d) {
      s.put_device(device, std::move(d));
    });
  }
  void put_setting(std::string key, Bytes value, store::StatusCallback done) override {
    wait_to_write<void>(std::move(done),
                        [key = std::move(key), value = std::move(value)](auto& s, auto d) {
                          s.put_setting(key, value, std::move(d));
                        });
  }
  void trim(store::TrimQuery query, store::Callback<store::Trimmed> done) override {
    wait_to_write<store::Trimmed>(std::move(done),
                                  [query](auto& s, auto d) { s.trim(query, std::move(d)); });
  }
  void put_key_packages(store::KeyPackagesWrite write,
                        store::Callback<std::uint32_t> done) override {
    wait_to_write<std::uint32_t>(std::move(done), [write = std::move(write)](auto& s, auto d) {
      s.put_key_packages(write, std::move(d));
    });
  }
  void claim_key_packages(store::KeyPackageClaim claim,
                          store::Callback<store::ClaimedKeyPackages> done) override {
    wait_to_write<store::ClaimedKeyPackages>(
        std::move(done),
        [claim = std::move(claim)](auto& s, auto d) { s.claim_key_packages(claim, std::move(d)); });
  }
  void put_inbox(store::InboxWrite write, store::StatusCallback done) override {
    wait_to_write<void>(std::move(done), [write = std::move(write)](auto& s, auto d) {
      s.put_inbox(write, std::move(d));
    });
  }
  void ack_inbox(DeviceId device, std::uint64_t number, store::StatusCallback done) override {
    wait_to_write<void>(std::move(done),
                        [=](auto& s, auto d) { s.ack_inbox(device, number, std::move(d)); });
  }
  void put_identity(wire::Identity identity, bool afresh, store::StatusCallback done) override {
    wait_to_write<void>(std::move(done), [identity = std::move(identity), afresh](auto& s, auto d) {
      s.put_identity(identity, afresh, std::move(d));
    });
  }
  void put_vault(UserId user, std::vector<wire::VaultEntry> entries,
                 store::Callback<std::uint64_t> done) override {
    wait_to_write<std::uint64_t>(std::move(done),
                                 [user, entries = std::move(entries)](auto& s, auto d) {
                                   s.put_vault(user, entries, std::move(d));
                                 });
  }
  void put_vault_wraps(UserId user, std::vector<wire::VaultWrap> wraps, Bytes recovery_token_hash,
                       store::StatusCallback done) override {
    wait_to_write<void>(std::move(done), [user, wraps = std::move(wraps),
                                          hash = std::move(recovery_token_hash)](auto& s, auto d) {
      s.put_vault_wraps(user, wraps, hash, std::move(d));
    });
  }
  void put_invite_bundle(RoomId room, InviteId invite, Bytes bundle,
                         store::StatusCallback done) override {
    wait_to_write<void>(std::move(done), [=, bundle = std::move(bundle)](auto& s, auto d) {
      s.put_invite_bundle(room, invite, bundle, std::move(d));
    });
  }

  void put_link_code(UserId user, Bytes hash, Timestamp expires,
                     store::StatusCallback done) override {
    wait_to_write<void>(std::move(done), [=, hash = std::move(hash)](auto& s, auto d) {
      s.put_link_code(user, hash, expires, std::move(d));
    });
  }
  void take_link_code(Bytes hash, store::Callback<UserId> done) override {
    wait_to_write<UserId>(std::move(done), [hash = std::move(hash)](auto& s, auto d) {
      s.take_link_code(hash, std::move(d));
    });
  }

  void load_room(RoomId room, std::uint32_t tail,
                 store::Callback<store::RoomSnapshot> done) override {
    wait_to_read<store::RoomSnapshot>(
        std::move(done), [=](auto& s, auto d) { s.load_room(room, tail, std::move(d)); });
  }
  void load_user(UserId user, store::Callback<store::UserSnapshot> done) override {
    wait_to_read<store::UserSnapshot>(std::move(done),
                                      [=](auto& s, auto d) { s.load_user(user, std::move(d)); });
  }
  void read_events(store::EventQuery query,
                   store::Callback<std::vector<store::StoredEvent>> done) override {
    wait_to_read<std::vector<store::StoredEvent>>(
        std::move(done), [=](auto& s, auto d) { s.read_events(query, std::move(d)); });
  }
  void read_users(std::vector<UserId> users,
                  store::Callback<std::vector<store::UserRecord>> done) override {
    wait_to_read<std::vector<store::UserRecord>>(
        std::move(done),
        [users = std::move(users)](auto& s, auto d) { s.read_users(users, std::move(d)); });
  }
  void search_rooms(std::string query, std::uint32_t offset, std::uint32_t limit,
                    store::Callback<std::vector<wire::RoomListing>> done) override {
    wait_to_read<std::vector<wire::RoomListing>>(
        std::move(done), [query = std::move(query), offset, limit](auto& s, auto d) {
          s.search_rooms(query, offset, limit, std::move(d));
        });
  }
  void find_invite(std::string code, store::Callback<store::InviteRecord> done) override {
    wait_to_read<store::InviteRecord>(std::move(done), [code = std::move(code)](auto& s, auto d) {
      s.find_invite(code, std::move(d));
    });
  }
  void list_invites(RoomId room, store::Callback<std::vector<store::InviteRecord>> done) override {
    wait_to_read<std::vector<store::InviteRecord>>(
        std::move(done), [=](auto& s, auto d) { s.list_invites(room, std::move(d)); });
  }
  void read_group(RoomId room, std::uint64_t offset, std::uint64_t limit,
                  store::Callback<store::GroupPiece> done) override {
    wait_to_read<store::GroupPiece>(
        std::move(done), [=](auto& s, auto d) { s.read_group(room, offset, limit, std::move(d)); });
  }
  void read_commits(RoomId room, std::uint64_t epoch, std::uint32_t limit, std::size_t max_bytes,
                    store::Callback<std::vector<wire::Event>> done) override {
    wait_to_read<std::vector<wire::Event>>(std::move(done), [=](auto& s, auto d) {
      s.read_commits(room, epoch, limit, max_bytes, std::move(d));
    });
  }
  void find_direct(UserId one, UserId other, store::Callback<RoomId> done) override {
    wait_to_read<RoomId>(std::move(done),
                         [=](auto& s, auto d) { s.find_direct(one, other, std::move(d)); });
  }
  void read_identities(std::vector<UserId> users,
                       store::Callback<std::vector<store::IdentityRecord>> done) override {
    wait_to_read<std::vector<store::IdentityRecord>>(
        std::move(done),
        [users = std::move(users)](auto& s, auto d) { s.read_identities(users, std::move(d)); });
  }
  void read_inbox(DeviceId device, std::uint64_t after, std::size_t max_bytes,
                  store::Callback<std::vector<wire::InboxItem>> done) override {
    wait_to_read<std::vector<wire::InboxItem>>(std::move(done), [=](auto& s, auto d) {
      s.read_inbox(device, after, max_bytes, std::move(d));
    });
  }
  void read_vault(UserId user, std::uint64_t after, std::uint32_t limit,
                  store::Callback<std::vector<wire::VaultEntry>> done) override {
    wait_to_read<std::vector<wire::VaultEntry>>(
        std::move(done), [=](auto& s, auto d) { s.read_vault(user, after, limit, std::move(d)); });
  }
  void read_vault_wraps(UserId user, store::Callback<std::vector<wire::VaultWrap>> done) override {
    wait_to_read<std::vector<wire::VaultWrap>>(
        std::move(done), [=](auto& s, auto d) { s.read_vault_wraps(user, std::move(d)); });
  }
  void read_invite_bundle(RoomId room, std::string code, store::Callback<Bytes> done) override {
    wait_to_read<Bytes>(std::move(done), [room, code = std::move(code)](auto& s, auto d) {
      s.read_invite_bundle(room, code, std::move(d));
    });
  }
  void find_recovery(Bytes token_hash, store::Callback<UserId> done) override {
    wait_to_read<UserId>(std::move(done), [hash = std::move(token_hash)](auto& s, auto d) {
      s.find_recovery(hash, std::move(d));
    });
  }
  void get_setting(std::string key, store::Callback<std::optional<Bytes>> done) override {
    wait_to_read<std::optional<Bytes>>(std::move(done), [key = std::move(key)](auto& s, auto d) {
      s.get_setting(key, std::move(d));
    });
  }

  store::StoreStats stats() const override { return store_->stats(); }
  void stop() override {
    commit();
    store_->stop();
  }

 private:
  struct Step {
    bool write;
    std::function<void()> start;
    std::function<void()> answer;
  };

  template <class T, class Call>
  void wait_to_write(std::function<void(Result<T>)> done, Call call) {
    add<T>(true, std::move(done), [this, call = std::move(call)](auto answered) {
      if (fault) return answered(*fault);
      call(*store_, std::move(answered));
    });
  }
  template <class T, class Call>
  void wait_to_read(std::function<void(Result<T>)> done, Call call) {
    add<T>(false, std::move(done),
           [this, call = std::move(call)](auto answered) { call(*store_, std::move(answered)); });
  }
  template <class T, class Start>
  void add(bool write, std::function<void(Result<T>)> done, Start start) {
    auto promise = std::make_shared<std::promise<Result<T>>>();
    waiting_.push_back(
        {write,
         [promise, start = std::move(start)] {
           start([promise](Result<T> result) { promise->set_value(std::move(result)); });
         },
         [promise, done = std::move(done)] { done(promise->get_future().get()); }});
  }

  std::string path() const { return folder_.file(std::to_string(copies_) + ".db"); }
  static void must(const Status& status) {
    if (!status.ok()) throw std::runtime_error("store: " + status.error().detail);
  }
  void open() {
    // Power is not lost in tests: no need to wait for the disk.
    auto opened = store::open_sqlite_store(
        {.path = path(), .durable = false, .clock = [this] { return Timestamp{now_ms_}; }});
    must(opened.ok() ? Status() : Status(opened.error()));
    store_ = std::move(*opened);
  }

  const std::function<Timestamp()> clock_;
  std::atomic<std::int64_t> now_ms_ = 0;  // for the store's threads
  test::TempFolder folder_;
  int copies_ = 0;
  std::unique_ptr<store::Store> store_;
  std::vector<Step> waiting_;
};

}  // namespace parley::testing
