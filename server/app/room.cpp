#include "server/app/room.hpp"

#include <algorithm>

namespace parley::app {
namespace {

Timestamp newest_activity(const store::RoomSnapshot& snapshot) {
  for (auto it = snapshot.tail.rbegin(); it != snapshot.tail.rend(); ++it) {
    if (wire::is_activity(it->event.kind)) return it->event.at;
  }
  return snapshot.last_message ? snapshot.last_message->at : snapshot.last_activity;
}

}  // namespace

Room::Room(const AppConfig& config, store::RoomSnapshot snapshot, std::uint16_t shards)
    : config_(config),
      record_(std::move(snapshot.room)),
      group_epoch_(snapshot.group_epoch.value_or(0)),
      first_(snapshot.first),
      head_(snapshot.head),
      ordinal_(snapshot.ordinal),
      position_(snapshot.position),
      last_activity_(newest_activity(snapshot)),
      tail_(std::make_move_iterator(snapshot.tail.begin()),
            std::make_move_iterator(snapshot.tail.end())),
      last_message_(std::move(snapshot.last_message)),
      listeners_(shards) {
  members_.reserve(snapshot.members.size());
  for (std::size_t i = 0; i < snapshot.members.size(); ++i) {
    const store::MemberRecord& row = snapshot.members[i];
    put_member(row, &snapshot.names[i]);
    Member& member = members_[row.user];
    member.read_ordinal = snapshot.read_ordinals[i];
    member.older_mentions = snapshot.mentions[i];
    member.changed = row.changed;
  }
}

const Member* Room::member(UserId user) const {
  const auto found = members_.find(user);
  return found == members_.end() ? nullptr : &found->second;
}

wire::Role Room::role_of(UserId user) const {
  const Member* found = member(user);
  return found ? found->role : wire::Role::kNone;
}

std::uint32_t Room::owner_count() const {
  return static_cast<std::uint32_t>(
      std::count_if(members_.begin(), members_.end(),
                    [](const auto& m) { return m.second.role == wire::Role::kOwner; }));
}

wire::RoomSummary Room::summary_for(UserId user) const {
  wire::RoomSummary summary;
  summary.room_id = record_.id;
  summary.settings = record_.settings;
  summary.epoch = group_epoch_;
  summary.head = head_;
  summary.members = member_count_;
  summary.last_activity = last_activity_;
  const Member* me = member(user);
  if (!me) return summary;
  summary.role = me->role;
  if (!me->in_room()) return summary;  // the invited see the room, not what is said in it
  summary.read = me->read;
  summary.unread = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(ordinal_ - std::min(ordinal_, me->read_ordinal), UINT32_MAX));
  // Of the older ones only the number is known: some may be gone with what they were in.
  summary.mentions = std::min(
      summary.unread, me->older_mentions + static_cast<std::uint32_t>(me->mentions.size()));
  summary.last_message = last_message_;
  if (last_message_) {
    if (const Member* sender = member(last_message_->sender)) summary.last_sender = sender->name;
  }
  return summary;
}

bool Room::changed_since(UserId user, store::Position position) const {
  const Member* me = member(user);
  return position_ > position || !me || me->changed > position || markers_to_save_.contains(user);
}

std::optional<std::vector<wire::Event>> Room::from_tail(const store::EventQuery& query) const {
  // The tail is [first, head]; a query is served when its lowest event is in there.
  const Seq first = tail_.empty() ? head_.next() : tail_.front().event.seq;
  std::uint64_t from = 0, to = 0;  // inclusive
  switch (query.from) {
    case wire::HistoryFrom::kNewest:
      to = head_.value;
      from = to >= query.limit ? to - query.limit + 1 : 1;
      break;
    case wire::HistoryFrom::kBefore:
      to = std::min(head_.value, query.seq.value == 0 ? 0 : query.seq.value - 1);
      from = to >= query.limit ? to - query.limit + 1 : 1;
      break;
    case wire::HistoryFrom::kAfter:
      from = std::max(query.seq.next(), first_).value;
      to = std::min(head_.value, from + query.limit - 1);
      break;
    case wire::HistoryFrom::kAround:
    case wire::HistoryFrom::kTime:
      return std::nullopt;
  }
  from = std::max(from, first_.value);
  std::vector<wire::Event> events;
  if (from > to) return events;
  if (from < first.value) return std::nullopt;
  events.reserve(to - from + 1);
  for (std::uint64_t seq = from; seq <= to; ++seq) {
    events.push_back(tail_[seq - first.value].event);
  }
  return events;
}

const wire::Event* Room::find_in_tail(Seq seq) const {
  if (tail_.empty() || seq < tail_.front().event.seq || seq > head_) return nullptr;
  return &tail_[seq.value - tail_.front().event.seq.value].event;
}

std::optional<std::uint64_t> Room::ordinal_at(Seq seq) const {
  if (seq >= head_) return ordinal_;
  if (tail_.empty() || seq < tail_.front().event.seq) return std::nullopt;
  return tail_[seq.value - tail_.front().event.seq.value].ordinal;
}

void Room::apply(const store::RoomWrite& write, const store::RoomWritten& written,
                 const std::unordered_map<UserId, std::string>& names) {
  position_ = std::max(position_, written.position);
  if (write.room_record) record_ = *write.room_record;
  if (write.group) group_epoch_ = write.group->epoch;
  for (const store::MemberRecord& row : write.members) {
    const auto name = names.find(row.user);
    put_member(row, name == names.end() ? nullptr : &name->second);
    members_[row.user].changed = written.position;
  }
  std::uint64_t ordinal = ordinal_;
  for (std::size_t i = 0; i < write.events.size(); ++i) {
    const store::NewEvent& made = write.events[i];
    wire::Event event;
    event.seq = written.seqs[i];
    event.at = written.at;
    event.sender = made.sender;
    event.device = made.device;
    event.client_id = made.client_id;
    event.kind = made.kind;
    event.body = made.body;
    ordinal += made.counts ? 1 : 0;
    for (const UserId mentioned : made.mentions) {
      const auto found = members_.find(mentioned);
      if (found != members_.end() && mentioned != made.sender && found->second.in_room()) {
        found->second.mentions.push_back(event.seq);
      }
    }
    append(event, made.counts, ordinal);
    pending_events_.push_back(std::move(event));
  }
}

void Room::append(const wire::Event& event, bool counts, std::uint64_t ordinal) {
  head_ = event.seq;
  ordinal_ = ordinal;
  if (wire::is_activity(event.kind)) last_activity_ = event.at;
  if (counts) last_message_ = event;
  tail_.push_back({event, ordinal});
  if (tail_.size() > config_.tail_events) tail_.pop_front();
  // Who writes has read what is above. Everybody can tell from the event, so it is only saved.
  const auto sender = members_.find(event.sender);
  if (sender != members_.end() && counts) {
    sender->second.read = sender->second.delivered = event.seq;
    sender->second.read_ordinal = ordinal;
    sender->second.mentions.clear();
    sender->second.older_mentions = 0;
    markers_to_save_.insert(event.sender);
  }
}

void Room::put_member(const store::MemberRecord& row, const std::string* name) {
  Member& member = members_[row.user];
  const bool was_in = member.in_room();
  member.role = row.role;
  member.banned = row.banned;
  member.delivered = std::max(member.delivered, row.delivered);
  member.read = std::max(member.read, row.read);
  if (name) member.name = *name;
  if (!was_in && member.in_room()) {
    ++member_count_;
    // Nothing said before one's time counts as unread.
    if (const auto ordinal = ordinal_at(member.read)) member.read_ordinal = *ordinal;
  } else if (was_in && !member.in_room()) {
    --member_count_;
  }
  member.presence.user_id = row.user;
}

void Room::trim(Seq first, std::uint64_t ordinal) {
  first_ = std::max(first_, first);
  while (!tail_.empty() && tail_.front().event.seq < first_) tail_.pop_front();
  if (last_message_ && last_message_->seq < first_) last_message_.reset();
  for (auto& [user, member] : members_) {
    member.read_ordinal = std::max(member.read_ordinal, ordinal);
    std::erase_if(member.mentions, [&](Seq seq) { return seq < first_; });
  }
}

void Room::set_markers(UserId user, Seq delivered, Seq read, std::uint64_t read_ordinal) {
  const auto found = members_.find(user);
  if (found == members_.end()) return;
  Member& member = found->second;
  read = std::min(read, head_);
  delivered = std::min(std::max(delivered, read), head_);
  if (delivered <= member.delivered && read <= member.read) return;
  member.delivered = std::max(member.delivered, delivered);
  if (read > member.read) {
    member.read = read;
    member.read_ordinal = std::max(member.read_ordinal, read_ordinal);
    member.older_mentions = 0;
    std::erase_if(member.mentions, [read](Seq seq) { return seq <= read; });
  }
  markers_to_tell_.insert(user);
  markers_to_save_.insert(user);
}

void Room::set_presence(wire::PresenceInfo presence) {
  const auto found = members_.find(presence.user_id);
  if (found == members_.end() || found->second.presence == presence) return;
  found->second.presence = std::move(presence);
  presence_to_tell_.insert(found->first);
}

void Room::set_name(UserId user, const std::string& name) {
  if (const auto found = members_.find(user); found != members_.end()) found->second.name = name;
}

void Room::markers_saved(const std::vector<store::MarkerWrite>& markers, store::Position position) {
  for (const store::MarkerWrite& marker : markers) {
    if (const auto found = members_.find(marker.user); found != members_.end()) {
      found->second.changed = position;
    }
  }
}

bool Room::listened_by(std::uint16_t shard) const {
  return std::any_of(listeners_[shard].begin(), listeners_[shard].end(),
                     [](std::uint32_t n) { return n > 0; });
}

bool Room::has_listeners() const {
  for (std::uint16_t shard = 0; shard < listeners_.size(); ++shard) {
    if (listened_by(shard)) return true;
  }
  return false;
}

bool Room::format_in_use(Format format) const {
  return std::any_of(listeners_.begin(), listeners_.end(),
                     [&](const auto& counts) { return counts[index(format)] > 0; });
}

std::vector<wire::Marker> Room::take_markers_to_tell() {
  std::vector<wire::Marker> markers;
  for (const UserId user : std::exchange(markers_to_tell_, {})) {
    const Member& member = members_[user];
    markers.push_back({user, member.delivered, member.read});
  }
  if (member_count_ <= config_.small_room_members || markers.size() < 2) return markers;
  // In a large room everybody's markers would be members^2 messages: tell the leading ones.
  const auto by_delivered = [](const auto& a, const auto& b) { return a.delivered < b.delivered; };
  const auto by_read = [](const auto& a, const auto& b) { return a.read < b.read; };
  const wire::Marker furthest = *std::max_element(markers.begin(), markers.end(), by_delivered);
  const wire::Marker reader = *std::max_element(markers.begin(), markers.end(), by_read);
  if (furthest.user_id == reader.user_id) return {reader};
  return {furthest, reader};
}

std::vector<store::MarkerWrite> Room::take_markers_to_save() {
  std::vector<store::MarkerWrite> writes;
  for (const UserId user : std::exchange(markers_to_save_, {})) {
    Member& member = members_[user];
    writes.push_back({record_.id, user, member.delivered, member.read});
    member.changed = UINT64_MAX;  // until markers_saved knows the position
  }
  return writes;
}

std::vector<wire::PresenceInfo> Room::take_presence_to_tell() {
  std::vector<wire::PresenceInfo> out;
  for (const UserId user : std::exchange(presence_to_tell_, {})) {
    out.push_back(members_[user].presence);
  }
  if (member_count_ > config_.presence_room_members) out.clear();
  return out;
}

}  // namespace parley::app
