// The state of one active room: members, head of the log, newest events, listeners; and what of it
// has to be told or saved. A fold over the log plus ephemeral state; it starts no work itself.
//
// Lives on its shard's thread. `Rooms` loads it, changes it and drains take_*.
#pragma once

#include <deque>
#include <unordered_map>
#include <unordered_set>

#include "server/app/config.hpp"
#include "server/app/fanout.hpp"
#include "server/store/records.hpp"

namespace parley::app {

// About what an event takes in a frame.
inline std::size_t event_size(const wire::Event& event) { return event.body.size() + 80; }

struct Member {
  std::string name;
  wire::Role role = wire::Role::kNone;
  bool banned = false;
  Seq delivered;
  Seq read;
  std::uint64_t read_ordinal = 0;    // messages up to `read`
  std::vector<Seq> mentions;         // not read yet, since the room became active
  std::uint32_t older_mentions = 0;  // not read yet, from before; gone with the next marker
  store::Position changed = 0;
  wire::PresenceInfo presence;  // kOffline unless told otherwise

  bool in_room() const { return role >= wire::Role::kMember; }
};

class Room {
 public:
  Room(const AppConfig& config, store::RoomSnapshot snapshot, std::uint16_t shards);

  // ---- state ----
  RoomId id() const { return record_.id; }
  const store::RoomRecord& record() const { return record_; }
  bool is_private() const { return record_.settings.kind == wire::RoomKind::kPrivate; }
  std::uint64_t group_epoch() const { return group_epoch_; }  // of a private room
  Seq first() const { return first_; }  // the log begins here; one past the head: nothing is left
  Seq head() const { return head_; }
  store::Position position() const { return position_; }
  std::uint32_t member_count() const { return member_count_; }
  const Member* member(UserId user) const;  // null: never was one
  wire::Role role_of(UserId user) const;
  const std::unordered_map<UserId, Member>& members() const { return members_; }
  std::uint32_t owner_count() const;
  wire::RoomSummary summary_for(UserId user) const;
  bool changed_since(UserId user, store::Position position) const;

  // The events of the query if all of them are in memory; else nothing.
  std::optional<std::vector<wire::Event>> from_tail(const store::EventQuery& query) const;
  const wire::Event* find_in_tail(Seq seq) const;
  // Messages up to `seq`, if known without the store.
  std::optional<std::uint64_t> ordinal_at(Seq seq) const;

  // ---- changes, after the store has them ----
  // What one committed write did. Its events wait for take_pending_events.
  void apply(const store::RoomWrite& write, const store::RoomWritten& written,
             const std::unordered_map<UserId, std::string>& names);
  // Everything before `first` is gone, with it `ordinal` messages.
  void trim(Seq first, std::uint64_t ordinal);
  void set_markers(UserId user, Seq delivered, Seq read, std::uint64_t read_ordinal);
  void set_presence(wire::PresenceInfo presence);
  void set_name(UserId user, const std::string& name);
  void markers_saved(const std::vector<store::MarkerWrite>& markers, store::Position position);

  // ---- listeners ----
  void attach(std::uint16_t shard, Format format) { ++listeners_[shard][index(format)]; }
  void detach(std::uint16_t shard, Format format) { --listeners_[shard][index(format)]; }
  bool listened_by(std::uint16_t shard) const;
  bool has_listeners() const;
  bool format_in_use(Format format) const;

  // ---- what is to be told or saved; each call empties its list ----
  std::vector<wire::Event> take_pending_events() { return std::exchange(pending_events_, {}); }
  std::vector<wire::Marker> take_markers_to_tell();
  std::vector<store::MarkerWrite> take_markers_to_save();
  std::vector<wire::PresenceInfo> take_presence_to_tell();
  bool has_ephemeral_changes() const {
    return !markers_to_tell_.empty() || !markers_to_save_.empty() || !presence_to_tell_.empty();
  }

 private:
  static std::size_t index(Format format) { return static_cast<std::size_t>(format); }
  void append(const wire::Event& event, bool counts, std::uint64_t ordinal);
  void put_member(const store::MemberRecord& record, const std::string* name);

  const AppConfig& config_;
  store::RoomRecord record_;
  std::uint64_t group_epoch_ = 0;
  Seq first_{1};
  Seq head_;
  std::uint64_t ordinal_ = 0;
  store::Position position_ = 0;
  Timestamp last_activity_;
  std::unordered_map<UserId, Member> members_;
  std::uint32_t member_count_ = 0;
  std::deque<store::StoredEvent> tail_;  // dense, ends at head_
  std::optional<wire::Event> last_message_;
  std::vector<std::array<std::uint32_t, kFormatCount>> listeners_;  // by shard

  std::vector<wire::Event> pending_events_;
  std::unordered_set<UserId> markers_to_tell_;
  std::unordered_set<UserId> markers_to_save_;
  std::unordered_set<UserId> presence_to_tell_;
};

}  // namespace parley::app
