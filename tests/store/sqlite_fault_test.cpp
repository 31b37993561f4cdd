// Disks that fill up and fail.
#include <map>

#include "tests/store/faulty_vfs.hpp"
#include "tests/store/store_harness.hpp"

using namespace parley;
using namespace parley::store;
using namespace parley::store::testing;

namespace {

bool is_storage_error(const Error& error) {
  return error.code == ErrorCode::kStorageFull || error.code == ErrorCode::kStorageFailed;
}

// Writes, remembers what was acknowledged, and checks that storage against it.
class Session {
 public:
  SqliteOptions options() const {
    return {.path = folder_.file("store.db"),
            .journal_events = 4,
            .checkpoint_pages = 8,
            .clock = clock_.function(),
            .vfs = kFaultyVfs};
  }
  // False when a fault hit it.
  bool open() {
    store_.reset();
    auto opened = open_sqlite_store(options());
    if (!opened.ok()) {
      CHECK(is_storage_error(opened.error()));
      return false;
    }
    store_ = std::move(*opened);
    return true;
  }
  bool prepare() {
    read_ = {};  // the member's row is written anew
    return expect(calls().put(user_record(1))) && expect(calls().write(creation(1, {1})));
  }
  bool append_one(std::size_t body = 300) {
    const std::uint64_t client = ++next_client_;
    const auto written = calls().write(append(1, {message(1, client, std::string(body, 'x'))}));
    if (written.ok()) {
      CHECK_FALSE(written->duplicate);
      acknowledged_[written->seqs.front().value] = client_id(client);
    } else {
      CHECK(is_storage_error(written.error()));
      failed_.push_back(client);
    }
    return written.ok();
  }
  bool move_marker() {
    const Seq head{acknowledged_.empty() ? 0 : acknowledged_.rbegin()->first};
    const bool moved = expect(calls().markers({{room_id(1), user_id(1), head, head}}));
    if (moved) read_ = head;
    return moved;
  }
  // Everything acknowledged is there, the log is dense, and failed writes go through when repeated.
  void check_everything() {
    for (const std::uint64_t client : std::exchange(failed_, {})) {
      const auto written = calls().write(append(1, {message(1, client)}));
      REQUIRE(written.ok());
      acknowledged_[written->seqs.front().value] = client_id(client);
    }
    const auto log = calls().events({.room = room_id(1), .limit = 10'000});
    REQUIRE(log.ok());
    REQUIRE(log->size() == acknowledged_.size());
    for (std::size_t i = 0; i < log->size(); ++i) {
      const wire::Event& event = (*log)[i].event;
      REQUIRE(event.seq.value == i + 1);
      REQUIRE((*log)[i].ordinal == i + 1);
      REQUIRE(event.client_id == acknowledged_[event.seq.value]);
    }
    const auto room = calls().room(room_id(1));
    REQUIRE(room.ok());
    CHECK(room->members.at(0).read >= read_);
    CHECK(store_->stats().writable);
  }
  Store& store() { return *store_; }
  Calls calls() { return Calls(*store_); }

 private:
  template <class R>
  bool expect(const R& result) {
    if (!result.ok()) CHECK(is_storage_error(result.error()));
    return result.ok();
  }

  TempFolder folder_;
  mutable TestClock clock_;
  std::unique_ptr<Store> store_;
  std::uint64_t next_client_ = 0;
  std::map<std::uint64_t, ClientId> acknowledged_;  // by sequence number
  std::vector<std::uint64_t> failed_;
  Seq read_;
};

}  // namespace

TEST_CASE("a full disk gives typed errors and the store recovers by itself", "[store][sqlite]") {
  FaultPlan& plan = faulty_vfs();
  Session session;
  REQUIRE(session.open());
  REQUIRE(session.prepare());
  for (int i = 0; i < 20; ++i) REQUIRE(session.append_one());
  plan.max_file_bytes = 256 * 1024;
  int written = 0;
  while (session.append_one(4000) && written < 10'000) ++written;
  REQUIRE(written < 10'000);
  CHECK_FALSE(session.store().stats().writable);
  const auto again = session.calls().put_setting("large", Bytes(500'000));
  REQUIRE_FALSE(again.ok());
  CHECK(again.error().code == ErrorCode::kStorageFull);
  // Reads go on.
  CHECK(session.calls().room(room_id(1)).ok());
  for (int i = 0; i < 5; ++i) session.append_one(40'000);
  plan.max_file_bytes = 0;
  REQUIRE(session.append_one());
  CHECK(session.store().stats().writable);
  session.check_everything();
  REQUIRE(session.open());
  session.check_everything();
}

TEST_CASE("every storage operation may fail", "[store][sqlite]") {
  // The first run that reaches its end without a fault has tried them all.
  constexpr std::int64_t kTooMany = 5000;
  for (std::int64_t n = 1;; ++n) {
    INFO("fault at operation " << n);
    REQUIRE(n < kTooMany);
    FaultPlan& plan = faulty_vfs();
    Session session;
    plan.operations_to_fault = n;
    const auto run = [&] {
      if (!session.open() || !session.prepare()) return;
      for (int i = 0; i < 12; ++i) {
        session.append_one();
        if (i % 3 == 0) session.move_marker();
      }
    };
    run();
    const bool in_the_run = plan.operations_to_fault == 0;
    if (in_the_run) {
      // One fault, then a healthy disk: the same store, or a newly opened one, goes on.
      const bool usable = session.open() && session.prepare();
      REQUIRE(usable);
      REQUIRE(session.append_one());
      session.check_everything();
    }
    REQUIRE(session.open());
    if (plan.operations_to_fault != 0) return;
    session.check_everything();
  }
}

TEST_CASE("a commit, its group and its Welcomes are there together or not at all",
          "[store][sqlite]") {
  const auto commit = [](std::uint64_t epoch) {
    NewEvent event = message(1, epoch);
    event.kind = wire::EventKind::kCommit;
    RoomWrite write = append(1, {event});
    write.group = GroupRecord{epoch, Bytes{1}, Bytes(2000, 7)};
    InboxWrite welcome;
    welcome.to = {{user_id(1), device_id(1)}};
    welcome.item.body = Bytes(500, static_cast<std::uint8_t>(epoch));
    write.inbox = std::move(welcome);
    return write;
  };
  constexpr std::int64_t kTooMany = 5000;
  for (std::int64_t n = 1;; ++n) {
    INFO("fault at operation " << n);
    REQUIRE(n < kTooMany);
    FaultPlan& plan = faulty_vfs();
    Session session;
    RoomWrite creation_write = creation(1, {1});
    creation_write.group.emplace();
    REQUIRE(session.open());
    REQUIRE(session.calls().put(user_record(1)).ok());
    REQUIRE(session.calls().put(device_record(1, 1)).ok());
    REQUIRE(session.calls().write(creation_write).ok());
    plan.operations_to_fault = n;
    std::uint64_t told = 0;
    for (std::uint64_t epoch = 1; epoch <= 8; ++epoch) {
      const auto written = session.calls().write(commit(epoch));
      if (!written.ok()) break;
      told = epoch;
    }
    const bool faulted = plan.operations_to_fault == 0;
    plan.operations_to_fault = 0;
    REQUIRE(session.open());
    const auto group = session.calls().group(room_id(1));
    REQUIRE(group.ok());
    const std::uint64_t epoch = group->group.epoch;
    CHECK(epoch >= told);
    CHECK(session.calls().events({.room = room_id(1)})->size() == epoch);
    CHECK(session.calls().inbox(device_id(1))->size() == epoch);
    CHECK(session.calls().room(room_id(1))->group_epoch == epoch);
    if (epoch > 0) CHECK(session.calls().write(commit(epoch))->duplicate);
    REQUIRE(session.calls().write(commit(epoch + 1)).ok());
    if (!faulted) return;
  }
}
