// The store contract in plain containers: the model that simulations run on and the SQLite store is
// compared with. Callbacks run through `later`, which the owner drains when the "disk" is done.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "server/store/store.hpp"

namespace parley::testing {

class MemoryStore final : public store::Store {
 public:
  explicit MemoryStore(std::function<Timestamp()> clock) : clock_(std::move(clock)) {}

  // Runs everything taken so far, as one commit. False when there was nothing.
  bool commit() {
    auto batch = std::exchange(later_, {});
    for (auto& work : batch) work();
    return !batch.empty();
  }
  // While set, writes fail with it.
  std::optional<Error> fault;
  // Lost in a crash: what was taken and not committed.
  void crash() { later_.clear(); }

  void write_room(store::RoomWrite write, store::Callback<store::RoomWritten> done) override {
    later_.push_back([this, write = std::move(write), done = std::move(done)] {
      done(fault ? Result<store::RoomWritten>(*fault) : apply(write));
    });
  }
  void write_markers(std::vector<store::MarkerWrite> markers,
                     store::Callback<store::Position> done) override {
    later_.push_back([this, markers = std::move(markers), done = std::move(done)] {
      if (fault) return done(*fault);
      if (!markers.empty()) ++position_;
      for (const auto& marker : markers) {
        auto& member = rooms_[marker.room].members[marker.user];
        member.user = marker.user;
        member.delivered = std::max(member.delivered, marker.delivered);
        member.read = std::max(member.read, marker.read);
        member.changed = position_;
      }
      done(position_);
    });
  }
  void put_user(store::UserRecord user, store::StatusCallback done) override {
    write([this, user = std::move(user)] { users_[user.id] = user; }, std::move(done));
  }
  void put_device(store::DeviceRecord device, store::StatusCallback done) override {
    write([this, device = std::move(device)] { devices_[device.id] = device; }, std::move(done));
  }
  void put_setting(std::string key, Bytes value, store::StatusCallback done) override {
    write([this, key = std::move(key), value = std::move(value)] { settings_[key] = value; },
          std::move(done));
  }
  void get_setting(std::string key, store::Callback<std::optional<Bytes>> done) override {
    read<std::optional<Bytes>>(std::move(done), [this, key = std::move(key)]() {
      const auto found = settings_.find(key);
      return Result<std::optional<Bytes>>(
          found == settings_.end() ? std::nullopt : std::optional<Bytes>(found->second));
    });
  }

  void load_room(RoomId id, std::uint32_t tail, store::Callback<store::RoomSnapshot> done) override {
    read<store::RoomSnapshot>(std::move(done), [this, id, tail]() -> Result<store::RoomSnapshot> {
      const auto found = rooms_.find(id);
      if (found == rooms_.end()) return ErrorCode::kRoomNotFound;
      const RoomState& room = found->second;
      store::RoomSnapshot snapshot;
      snapshot.room = room.record;
      snapshot.head = Seq{room.log.size()};
      snapshot.position = room.position;
      if (!room.log.empty()) {
        snapshot.ordinal = room.log.back().ordinal;
        snapshot.last_activity = room.log.back().event.at;
      }
      for (const auto& [user, member] : room.members) {
        snapshot.members.push_back(member);
        snapshot.names.push_back(users_[user].name);
        snapshot.read_ordinals.push_back(
            member.read == Seq{} ? 0 : room.log[member.read.value - 1].ordinal);
        const auto mentioned = room.mentions.find(user);
        std::uint32_t unread = 0;
        if (mentioned != room.mentions.end()) {
          unread = static_cast<std::uint32_t>(
              std::count_if(mentioned->second.begin(), mentioned->second.end(),
                            [&](Seq seq) { return seq > member.read; }));
        }
        snapshot.mentions.push_back(unread);
      }
      const std::size_t from = room.log.size() > tail ? room.log.size() - tail : 0;
      snapshot.tail.assign(room.log.begin() + static_cast<std::ptrdiff_t>(from), room.log.end());
      for (auto it = room.log.rbegin(); it != room.log.rend(); ++it) {
        if (it->event.kind != wire::EventKind::kMessage) continue;
        snapshot.last_message = it->event;
        break;
      }
      return snapshot;
    });
  }

  void load_user(UserId id, store::Callback<store::UserSnapshot> done) override {
    read<store::UserSnapshot>(std::move(done), [this, id]() -> Result<store::UserSnapshot> {
      const auto found = users_.find(id);
      if (found == users_.end()) return ErrorCode::kUserNotFound;
      store::UserSnapshot snapshot;
      snapshot.user = found->second;
      for (const auto& [device, record] : devices_) {
        if (record.user == id) snapshot.devices.push_back(record);
      }
      for (const auto& [room, state] : rooms_) {
        const auto member = state.members.find(id);
        if (member == state.members.end()) continue;
        snapshot.rooms.push_back(
            {room, member->second.role, state.record.deleted, member->second.changed});
      }
      return snapshot;
    });
  }

  void read_events(store::EventQuery query,
                   store::Callback<std::vector<store::StoredEvent>> done) override {
    read<std::vector<store::StoredEvent>>(
        std::move(done), [this, query]() -> Result<std::vector<store::StoredEvent>> {
          const auto found = rooms_.find(query.room);
          if (found == rooms_.end()) return ErrorCode::kRoomNotFound;
          const auto& log = found->second.log;
          const auto size = static_cast<std::uint64_t>(log.size());
          std::uint64_t first = 0, last = size;  // half open, indexes
          switch (query.from) {
            case wire::HistoryFrom::kNewest: break;
            case wire::HistoryFrom::kBefore:
              last = std::min(size, query.seq.value == 0 ? 0 : query.seq.value - 1);
              break;
            case wire::HistoryFrom::kAfter:
              first = std::min(size, query.seq.value);
              last = std::min(size, first + query.limit);
              break;
            case wire::HistoryFrom::kAround: {
              const std::uint64_t at = query.seq.value == 0 ? 0 : query.seq.value - 1;
              first = at > query.limit / 2 ? at - query.limit / 2 : 0;
              last = std::min(size, first + query.limit);
              break;
            }
            case wire::HistoryFrom::kTime:
              while (last > 0 && log[last - 1].event.at >= query.time) --last;
              break;
          }
          if (last - std::min(first, last) > query.limit) first = last - query.limit;
          first = std::min(first, last);
          return std::vector<store::StoredEvent>(log.begin() + static_cast<std::ptrdiff_t>(first),
                                                 log.begin() + static_cast<std::ptrdiff_t>(last));
        });
  }

  void read_users(std::vector<UserId> ids,
                  store::Callback<std::vector<store::UserRecord>> done) override {
    read<std::vector<store::UserRecord>>(std::move(done), [this, ids = std::move(ids)]() {
      std::vector<store::UserRecord> users;
      for (const UserId id : ids) {
        if (const auto found = users_.find(id); found != users_.end()) {
          users.push_back(found->second);
        }
      }
      return Result<std::vector<store::UserRecord>>(std::move(users));
    });
  }

  void search_rooms(std::string query, std::uint32_t offset, std::uint32_t limit,
                    store::Callback<std::vector<wire::RoomListing>> done) override {
    read<std::vector<wire::RoomListing>>(std::move(done), [this, query, offset, limit]() {
      std::vector<wire::RoomListing> found;
      for (const auto& [id, room] : rooms_) {
        const auto& settings = room.record.settings;
        const bool listed =
            !room.record.deleted && settings.access == wire::RoomAccess::kPublic;
        const bool named = settings.name.find(query) != std::string::npos ||
                           settings.topic.find(query) != std::string::npos;
        if (!listed || !named) continue;
        const auto members = static_cast<std::uint32_t>(
            std::count_if(room.members.begin(), room.members.end(), [](const auto& m) {
              return m.second.role >= wire::Role::kMember;
            }));
        found.push_back({id, settings.name, settings.topic, members, false});
      }
      std::stable_sort(found.begin(), found.end(),
                       [](const auto& a, const auto& b) { return a.members > b.members; });
      const std::size_t from = std::min<std::size_t>(offset, found.size());
      const std::size_t to = std::min<std::size_t>(from + limit, found.size());
      return Result<std::vector<wire::RoomListing>>(
          std::vector(found.begin() + static_cast<std::ptrdiff_t>(from),
                      found.begin() + static_cast<std::ptrdiff_t>(to)));
    });
  }

  void find_invite(std::string code, store::Callback<store::InviteRecord> done) override {
    read<store::InviteRecord>(std::move(done), [this, code]() -> Result<store::InviteRecord> {
      for (const auto& [id, invite] : invites_) {
        if (invite.info.code == code) return invite;
      }
      return ErrorCode::kInviteInvalid;
    });
  }
  void list_invites(RoomId room, store::Callback<std::vector<store::InviteRecord>> done) override {
    read<std::vector<store::InviteRecord>>(std::move(done), [this, room]() {
      std::vector<store::InviteRecord> found;
      for (const auto& [id, invite] : invites_) {
        if (invite.info.room_id == room) found.push_back(invite);
      }
      return Result<std::vector<store::InviteRecord>>(std::move(found));
    });
  }

  store::StoreStats stats() const override { return {}; }
  void stop() override { commit(); }

 private:
  struct RoomState {
    store::RoomRecord record;
    std::vector<store::StoredEvent> log;
    std::map<UserId, store::MemberRecord> members;
    std::map<UserId, std::vector<Seq>> mentions;
    std::map<std::pair<UserId, ClientId>, Seq> made;
    store::Position position = 0;
  };

  template <class Work>
  void write(Work work, store::StatusCallback done) {
    later_.push_back([this, work = std::move(work), done = std::move(done)] {
      if (fault) return done(*fault);
      work();
      done({});
    });
  }
  template <class T, class Work>
  void read(store::Callback<T> done, Work work) {
    later_.push_back([work = std::move(work), done = std::move(done)] { done(work()); });
  }

  Result<store::RoomWritten> apply(const store::RoomWrite& write) {
    const auto known = rooms_.find(write.room);
    if (known == rooms_.end() && !write.room_record) return ErrorCode::kRoomNotFound;
    if (known != rooms_.end() && !write.events.empty()) {
      const auto& first = write.events.front();
      const auto made = known->second.made.find({first.sender, first.client_id});
      if (made != known->second.made.end()) {
        store::RoomWritten again;
        again.duplicate = true;
        for (std::size_t i = 0; i < write.events.size(); ++i) {
          again.seqs.push_back(Seq{made->second.value + i});
        }
        again.at = known->second.log[made->second.value - 1].event.at;
        again.ordinal = known->second.log[made->second.value - 1].ordinal;
        again.position = known->second.position;
        return again;
      }
      if (known->second.record.deleted) return ErrorCode::kRoomDeleted;
    }
    if (write.use_invite) {
      const auto invite = invites_.find(*write.use_invite);
      if (invite == invites_.end() || invite->second.revoked) return ErrorCode::kInviteInvalid;
      auto& info = invite->second.info;
      const bool used_up = info.max_uses > 0 && info.uses >= info.max_uses;
      const bool expired = info.expires != Timestamp{} && info.expires <= clock_();
      if (used_up || expired) return ErrorCode::kInviteInvalid;
      ++info.uses;
    }
    RoomState& room = rooms_[write.room];
    if (write.room_record) room.record = *write.room_record;
    if (write.invite) invites_[write.invite->info.invite_id] = *write.invite;
    store::RoomWritten written;
    written.position = ++position_;
    room.position = position_;
    written.at = clock_();
    written.ordinal = room.log.empty() ? 0 : room.log.back().ordinal;
    for (const store::NewEvent& made : write.events) {
      const Seq seq{room.log.size() + 1};
      written.ordinal += made.counts ? 1 : 0;
      room.log.push_back({{seq, written.at, made.sender, made.device, made.client_id, made.kind,
                           made.body},
                          written.ordinal});
      room.made[{made.sender, made.client_id}] = seq;
      for (const UserId user : made.mentions) room.mentions[user].push_back(seq);
      written.seqs.push_back(seq);
    }
    for (store::MemberRecord member : write.members) {
      member.changed = position_;
      room.members[member.user] = member;
    }
    return written;
  }

  std::function<Timestamp()> clock_;
  std::deque<std::function<void()>> later_;
  store::Position position_ = 0;
  std::map<UserId, store::UserRecord> users_;
  std::map<DeviceId, store::DeviceRecord> devices_;
  std::map<RoomId, RoomState> rooms_;
  std::map<InviteId, store::InviteRecord> invites_;
  std::map<std::string, Bytes> settings_;
};

}  // namespace parley::testing
