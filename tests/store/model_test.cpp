// Random operations, compared with a plain model of what a store is.
#include <catch2/catch_template_test_macros.hpp>

#include <iostream>
#include <map>
#include <random>

#include "tests/store/backends.hpp"

using namespace parley;
using namespace parley::store;
using namespace parley::store::testing;

namespace {

constexpr std::uint64_t kUsers = 5;
constexpr std::uint64_t kRooms = 4;
constexpr int kSteps = 600;

struct ModelRoom {
  RoomRecord record;
  std::vector<StoredEvent> log;
  std::map<std::pair<UserId, ClientId>, Seq> names;
  std::map<std::uint64_t, MemberRecord> members;
  std::map<std::uint64_t, std::vector<std::uint64_t>> mentions;
  std::uint64_t ordinal = 0;
};

class Model {
 public:
  Result<RoomWritten> write(std::uint64_t n, const RoomWrite& write, Timestamp now) {
    auto found = rooms.find(n);
    if (found == rooms.end() && !write.room_record) return ErrorCode::kRoomNotFound;
    for (const MemberRecord& row : write.members) {
      if (number(row.user) > kUsers) return ErrorCode::kUserNotFound;
    }
    if (found != rooms.end()) {
      if (auto earlier = retry(found->second, write)) return *earlier;
      if (found->second.record.deleted) return ErrorCode::kRoomDeleted;
    }
    ModelRoom& room = rooms[n];
    if (write.room_record) room.record = *write.room_record;
    RoomWritten written;
    written.position = ++position;
    for (MemberRecord row : write.members) {
      row.changed = position;
      room.members[number(row.user)] = row;
    }
    written.at = room.log.empty() ? now : std::max(now, room.log.back().event.at);
    for (const NewEvent& event : write.events) {
      const Seq seq{room.log.size() + 1};
      room.ordinal += event.counts ? 1 : 0;
      room.log.push_back({{.seq = seq,
                           .at = written.at,
                           .sender = event.sender,
                           .device = event.device,
                           .client_id = event.client_id,
                           .kind = event.kind,
                           .body = event.body},
                          room.ordinal});
      room.names.try_emplace({event.sender, event.client_id}, seq);
      for (const UserId& user : event.mentions) room.mentions[number(user)].push_back(seq.value);
      written.seqs.push_back(seq);
    }
    written.ordinal = room.ordinal;
    return written;
  }
  Position markers(const std::vector<MarkerWrite>& writes) {
    bool any = false;
    for (const MarkerWrite& write : writes) {
      const auto room = rooms.find(number(write.room));
      if (room == rooms.end()) continue;
      const auto row = room->second.members.find(number(write.user));
      if (row == room->second.members.end()) continue;
      const Seq head{room->second.log.size()};
      MemberRecord moved = row->second;
      moved.delivered = std::max(moved.delivered, std::min(write.delivered, head));
      moved.read = std::max(moved.read, std::min(write.read, head));
      if (moved == row->second) continue;
      if (!any) ++position;
      any = true;
      moved.changed = position;
      row->second = moved;
    }
    return position;
  }
  std::uint64_t read_by(std::uint64_t room, std::uint64_t user) const {
    const auto& members = rooms.at(room).members;
    const auto row = members.find(user);
    return row == members.end() ? 0 : row->second.read.value;
  }
  template <class Identity>
  static std::uint64_t number(const Identity& id) {
    return id.uuid.bytes[7];
  }

  std::map<std::uint64_t, ModelRoom> rooms;
  Position position = 0;

 private:
  static std::optional<RoomWritten> retry(const ModelRoom& room, const RoomWrite& write) {
    if (write.events.empty()) return std::nullopt;
    const auto& first = write.events.front();
    const auto known = room.names.find({first.sender, first.client_id});
    if (known == room.names.end()) return std::nullopt;
    const StoredEvent& earlier = room.log[known->second.value - 1];
    RoomWritten written;
    written.duplicate = true;
    written.at = earlier.event.at;
    written.ordinal = earlier.ordinal;
    for (std::size_t i = 0; i < write.events.size(); ++i) {
      written.seqs.push_back({known->second.value + i});
    }
    return written;
  }
};

template <class Backend>
class Comparison {
 public:
  explicit Comparison(std::uint64_t seed) : random_(seed) {
    backend_.open();
    for (std::uint64_t n = 1; n <= kUsers; ++n) REQUIRE(calls().put(user_record(n)).ok());
  }
  void step() {
    backend_.clock.advance(static_cast<std::int64_t>(below(20)) - 5);
    switch (below(12)) {
      case 0:
        return compare_room();
      case 1:
        return compare_history();
      case 2:
        return compare_user();
      case 3:
        return compare_directory();
      case 4:
      case 5:
        return compare_markers();
      case 6:
        if (below(8) == 0) backend_.open();
        return;
      default:
        return compare_write();
    }
  }
  void compare_all() {
    for (int i = 0; i < 20; ++i) {
      compare_room();
      compare_history();
      compare_user();
    }
    compare_directory();
  }

 private:
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  std::uint64_t any_room() { return 1 + below(kRooms); }
  std::uint64_t any_user() { return 1 + below(kUsers); }
  Calls calls() { return Calls(*backend_.store); }

  void compare_write() {
    const std::uint64_t room = any_room();
    RoomWrite write{.room = room_id(room)};
    for (std::uint64_t i = below(4); i > 0; --i) {
      const std::uint64_t sender = any_user();
      // Names come from a small range, so that some are retries.
      NewEvent event = below(3) == 0 ? reaction(sender, 1 + below(400))
                                     : message(sender, 1 + below(400), std::string(below(50), 'b'));
      for (std::uint64_t m = below(3); m > 0; --m) {
        const UserId user = user_id(any_user());
        const auto known = std::find(event.mentions.begin(), event.mentions.end(), user);
        if (known == event.mentions.end()) event.mentions.push_back(user);
      }
      write.events.push_back(std::move(event));
    }
    const bool fresh = !model_.rooms.contains(room);
    if (below(fresh ? 2 : 10) == 0) {
      write.room_record = room_record(room);
      write.room_record->settings.version = static_cast<std::uint32_t>(below(100));
      write.room_record->settings.topic = "topic " + std::to_string(below(100));
      write.room_record->deleted = !fresh && below(12) == 0;
    }
    if (below(3) == 0) {
      MemberRecord row = member(below(30) == 0 ? 99 : any_user());
      row.role = static_cast<wire::Role>(below(5));
      row.banned = below(6) == 0;
      const std::uint64_t head = fresh ? 0 : model_.rooms[room].log.size();
      // Not back: mentions that were read may be forgotten.
      const std::uint64_t read = fresh ? 0 : model_.read_by(room, Model::number(row.user));
      row.read = {read + below(head - read + 1)};
      row.delivered = {below(head + 1)};
      write.members.push_back(row);
    }
    const auto expected = model_.write(room, write, backend_.clock.now());
    const auto written = calls().write(write);
    REQUIRE(written.ok() == expected.ok());
    if (!written.ok()) {
      REQUIRE(written.error().code == expected.error().code);
      return;
    }
    REQUIRE(written->duplicate == expected->duplicate);
    REQUIRE(written->seqs == expected->seqs);
    REQUIRE(written->at == expected->at);
    REQUIRE(written->ordinal == expected->ordinal);
    if (!written->duplicate) REQUIRE(written->position == expected->position);
  }
  void compare_markers() {
    std::vector<MarkerWrite> writes;
    for (std::uint64_t i = below(4); i > 0; --i) {
      writes.push_back({room_id(any_room()), user_id(any_user()), {below(200)}, {below(200)}});
    }
    const Position expected = model_.markers(writes);
    const auto position = calls().markers(writes);
    REQUIRE(position.ok());
    REQUIRE(*position == expected);
  }
  void compare_room() {
    const std::uint64_t n = any_room();
    const auto tail = static_cast<std::uint32_t>(below(30));
    const auto loaded = calls().room(room_id(n), tail);
    const auto found = model_.rooms.find(n);
    REQUIRE(loaded.ok() == (found != model_.rooms.end()));
    if (!loaded.ok()) return;
    const ModelRoom& room = found->second;
    REQUIRE(loaded->room == room.record);
    REQUIRE(loaded->head.value == room.log.size());
    REQUIRE(loaded->ordinal == room.ordinal);
    const std::size_t from = room.log.size() > tail ? room.log.size() - tail : 0;
    const std::vector<StoredEvent> expected_tail(
        room.log.begin() + static_cast<std::ptrdiff_t>(from), room.log.end());
    REQUIRE(loaded->tail == expected_tail);
    std::optional<wire::Event> last_message;
    for (const StoredEvent& stored : room.log) {
      if (stored.event.kind == wire::EventKind::kMessage) last_message = stored.event;
    }
    REQUIRE(loaded->last_message == last_message);
    REQUIRE(loaded->members.size() == room.members.size());
    std::size_t i = 0;
    for (const auto& [user, row] : room.members) {
      REQUIRE(loaded->members[i] == row);
      REQUIRE(loaded->names[i] == user_record(user).name);
      const std::uint64_t ordinal = row.read.value == 0 ? 0 : room.log[row.read.value - 1].ordinal;
      REQUIRE(loaded->read_ordinals[i] == ordinal);
      std::uint32_t mentions = 0;
      if (const auto known = room.mentions.find(user); known != room.mentions.end()) {
        for (const std::uint64_t seq : known->second) mentions += seq > row.read.value ? 1 : 0;
      }
      REQUIRE(loaded->mentions[i] == mentions);
      ++i;
    }
  }
  void compare_history() {
    const auto found = model_.rooms.find(any_room());
    if (found == model_.rooms.end()) return;
    const auto& log = found->second.log;
    const std::uint64_t size = log.size();
    EventQuery query{.room = room_id(found->first)};
    query.from = static_cast<wire::HistoryFrom>(below(5));
    query.seq = {below(size + 3)};
    query.limit = static_cast<std::uint32_t>(1 + below(12));
    query.time = {backend_.clock.now().ms - static_cast<std::int64_t>(below(1500))};
    const auto events = calls().events(query);
    REQUIRE(events.ok());
    // Which sequence numbers belong in the answer, one by one.
    std::vector<std::uint64_t> matching;
    for (const StoredEvent& stored : log) {
      const std::uint64_t seq = stored.event.seq.value;
      const bool matches = query.from == wire::HistoryFrom::kBefore  ? seq < query.seq.value
                           : query.from == wire::HistoryFrom::kAfter ? seq > query.seq.value
                           : query.from == wire::HistoryFrom::kTime  ? stored.event.at < query.time
                                                                     : true;
      if (matches) matching.push_back(seq);
    }
    if (query.from == wire::HistoryFrom::kAround) {
      REQUIRE(events->size() == std::min<std::uint64_t>(query.limit, size));
      const std::uint64_t centre =
          std::clamp<std::uint64_t>(query.seq.value, 1, std::max<std::uint64_t>(size, 1));
      if (!events->empty()) {
        REQUIRE(events->front().event.seq.value <= centre);
        REQUIRE(events->back().event.seq.value + (query.limit % 2 == 0 ? 1 : 0) >= centre);
      }
    } else {
      const std::size_t count = std::min<std::size_t>(query.limit, matching.size());
      if (query.from == wire::HistoryFrom::kAfter) {
        matching.resize(count);
      } else {
        matching.erase(matching.begin(), matching.end() - static_cast<std::ptrdiff_t>(count));
      }
      REQUIRE(seqs_of(*events) == matching);
    }
    for (const StoredEvent& stored : *events) {
      REQUIRE(stored == log[stored.event.seq.value - 1]);
    }
  }
  void compare_user() {
    const std::uint64_t n = any_user();
    const auto user = calls().user(user_id(n));
    REQUIRE(user.ok());
    std::map<std::uint64_t, std::pair<wire::Role, Position>> rooms, expected;
    for (const UserRoom& room : user->rooms) {
      rooms[Model::number(room.room)] = {room.role, room.changed};
    }
    for (const auto& [number, room] : model_.rooms) {
      const auto row = room.members.find(n);
      if (row != room.members.end()) expected[number] = {row->second.role, row->second.changed};
    }
    REQUIRE(rooms == expected);
  }
  void compare_directory() {
    const auto listed = calls().search("");
    REQUIRE(listed.ok());
    std::map<std::uint64_t, std::uint32_t> members, expected;
    for (const auto& listing : *listed) members[Model::number(listing.room_id)] = listing.members;
    for (const auto& [number, room] : model_.rooms) {
      if (room.record.deleted) continue;
      std::uint32_t count = 0;
      for (const auto& [user, row] : room.members) {
        count += row.role >= wire::Role::kMember && !row.banned ? 1 : 0;
      }
      expected[number] = count;
    }
    REQUIRE(members == expected);
    REQUIRE(std::is_sorted(listed->begin(), listed->end(),
                           [](const auto& a, const auto& b) { return a.members > b.members; }));
  }

  std::mt19937_64 random_;
  Backend backend_;
  Model model_;
};

}  // namespace

TEMPLATE_LIST_TEST_CASE("a store behaves like its model", "[store]", Backends) {
  const std::uint64_t seed = std::random_device{}();
  std::cout << "store model seed " << seed << std::endl;
  INFO("seed " << seed);
  for (std::uint64_t round = 0; round < 3; ++round) {
    Comparison<TestType> comparison(seed + round);
    for (int i = 0; i < kSteps; ++i) comparison.step();
    comparison.compare_all();
  }
}
