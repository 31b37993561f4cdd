#include "shared/sync/outbox.hpp"

#include <algorithm>

namespace parley::sync {
namespace {

constexpr std::uint8_t kFormat = 1;  // first byte of a stored entry

bool passes_by_itself(ErrorCode code) {
  switch (error_info(code).action) {
    case ErrorAction::kRetryAfter:
    case ErrorAction::kReauthenticate:
    case ErrorAction::kReconnect:
    case ErrorAction::kResync:
    case ErrorAction::kStop:
      return code != ErrorCode::kMalformed;
    case ErrorAction::kTellUser:
      break;
  }
  return false;
}

// The next entry of the room would meet the same.
bool is_about_the_room(ErrorCode code) {
  switch (code) {
    case ErrorCode::kRoomNotFound:
    case ErrorCode::kAccessDenied:
    case ErrorCode::kNotAMember:
    case ErrorCode::kRoomDeleted:
    case ErrorCode::kUnsupported:
      return true;
    default:
      return false;
  }
}

bool is_about_the_user(ErrorCode code) {
  return code == ErrorCode::kRateLimited || code == ErrorCode::kOverloaded ||
         code == ErrorCode::kQuotaReached;
}

Duration wait_after(std::uint32_t attempts, Duration retry_after) {
  if (retry_after.ms > 0) return retry_after;
  return std::min(seconds(30), seconds(std::int64_t{1} << std::min<std::uint32_t>(attempts, 5)));
}

void raise(std::optional<MonoTime>& limit, MonoTime to) {
  if (!limit || *limit < to) limit = to;
}

}  // namespace

// ---- commands -----------------------------------------------------------------------------------

Status Outbox::push(RoomId room, ClientId id, wire::EventKind kind, Bytes body, Timestamp written) {
  if (entries_.size() >= kMaxEntries) return ErrorCode::kQuotaReached;
  if (entries_.contains(id)) return ErrorCode::kInvalidArgument;
  OutboxEntry entry;
  entry.client_id = id;
  entry.room = room;
  entry.kind = kind;
  entry.body = std::move(body);
  entry.written = written;
  entry.order = next_order_;
  insert(std::move(entry));
  touch(id);
  return {};
}

Status Outbox::restore(ByteView stored) {
  if (stored.empty() || stored[0] != kFormat) return ErrorCode::kMalformed;
  auto entry = wire::decode<OutboxEntry>(stored.subspan(1));
  if (!entry) return entry.error();
  if (entry->state != OutboxState::kFailed) entry->state = OutboxState::kWaiting;
  if (entries_.size() >= kMaxEntries) return ErrorCode::kQuotaReached;
  if (entries_.contains(entry->client_id)) return ErrorCode::kInvalidArgument;
  if (entry->order == 0 || entry->order == UINT64_MAX ||
      lanes_[entry->room].order.contains(entry->order)) {
    return ErrorCode::kMalformed;
  }
  insert(*std::move(entry));
  return {};
}

bool Outbox::retry(ClientId id) {
  OutboxEntry* entry = edit(id);
  if (!entry || entry->state != OutboxState::kFailed) return false;
  const std::uint16_t error = entry->error;
  const bool all = is_about_the_room(static_cast<ErrorCode>(error));
  for (const auto& [order, other_id] : lanes_[entry->room].order) {
    OutboxEntry& other = entries_.at(other_id);
    const bool same = other_id == id || (all && other.error == error);
    if (!same || other.state != OutboxState::kFailed) continue;
    other.state = OutboxState::kWaiting;
    other.attempts = 0;
    other.error = 0;
    touch(other_id);
  }
  lanes_[entry->room].not_before.reset();
  return true;
}

bool Outbox::discard(ClientId id) {
  const OutboxEntry* entry = find(id);
  if (!entry || entry->state == OutboxState::kInFlight) return false;
  remove(id);
  return true;
}

void Outbox::discard_room(RoomId room) {
  for (const OutboxEntry* entry : of_room(room)) remove(entry->client_id);
}

void Outbox::fail_all(ErrorCode error) {
  for (auto& [id, entry] : entries_) {
    if (entry.state != OutboxState::kFailed) fail(entry, error);
  }
  for (auto& [room, lane] : lanes_) lane.busy = false;
  in_flight_ = 0;
}

void Outbox::clear() { *this = Outbox{}; }

// ---- the connection -----------------------------------------------------------------------------

void Outbox::handle_connected(MonoTime) {
  connected_ = true;
  not_before_.reset();
  for (auto& [room, lane] : lanes_) lane.not_before.reset();
}

void Outbox::handle_disconnected() {
  connected_ = false;
  for (auto& [id, entry] : entries_) {
    if (entry.state == OutboxState::kInFlight) entry.state = OutboxState::kWaiting;
  }
  for (auto& [room, lane] : lanes_) lane.busy = false;
  in_flight_ = 0;
}

const OutboxEntry* Outbox::next_of(const Lane& lane) const {
  for (const auto& [order, id] : lane.order) {
    const OutboxEntry& entry = entries_.at(id);
    if (entry.state == OutboxState::kWaiting) return &entry;
  }
  return nullptr;
}

std::optional<wire::Post> Outbox::poll_post(MonoTime now) {
  if (!connected_ || in_flight_ >= kMaxInFlight) return std::nullopt;
  if (not_before_ && now < *not_before_) return std::nullopt;
  not_before_.reset();
  for (auto& [room, lane] : lanes_) {
    if (lane.busy || (lane.not_before && now < *lane.not_before)) continue;
    lane.not_before.reset();
    const OutboxEntry* next = next_of(lane);
    if (!next) continue;
    OutboxEntry& entry = *edit(next->client_id);
    entry.state = OutboxState::kInFlight;
    if (entry.attempts++ == 0) touch(entry.client_id);  // from now on it may be on the server
    lane.busy = true;
    ++in_flight_;
    return wire::Post{entry.room, entry.client_id, entry.kind, entry.body};
  }
  return std::nullopt;
}

bool Outbox::handle_confirmed(ClientId id) {
  if (!find(id)) return false;
  remove(id);
  return true;
}

void Outbox::handle_error(MonoTime now, ClientId id, const Error& error) {
  OutboxEntry* entry = edit(id);
  if (!entry || entry->state != OutboxState::kInFlight) return;
  Lane& lane = lanes_[entry->room];
  lane.busy = false;
  --in_flight_;
  entry->state = OutboxState::kWaiting;
  entry->error = static_cast<std::uint16_t>(error.code);
  const bool server_fault =
      error.code == ErrorCode::kInternal && entry->attempts >= kMaxServerFaults;
  if (passes_by_itself(error.code) && !server_fault) {
    // A loss is no reason to wait: the connection itself comes back when it does.
    if (error.code == ErrorCode::kNotConnected) return;
    const MonoTime again = now + wait_after(entry->attempts, error.retry_after);
    raise(is_about_the_user(error.code) ? not_before_ : lane.not_before, again);
    return;
  }
  fail(*entry, error.code);
  if (!is_about_the_room(error.code)) return;
  for (const auto& [order, other_id] : lane.order) {
    OutboxEntry& other = entries_.at(other_id);
    if (other.state == OutboxState::kWaiting) fail(other, error.code);
  }
}

void Outbox::postpone(MonoTime now, ClientId id) {
  OutboxEntry* entry = edit(id);
  if (!entry || entry->state != OutboxState::kInFlight) return;
  Lane& lane = lanes_[entry->room];
  lane.busy = false;
  --in_flight_;
  entry->state = OutboxState::kWaiting;
  if (entry->attempts > 1) --entry->attempts;
  raise(lane.not_before, now + kRoomWait);
}

void Outbox::hasten(RoomId room) {
  if (const auto lane = lanes_.find(room); lane != lanes_.end()) lane->second.not_before.reset();
}

// ---- out ----------------------------------------------------------------------------------------

std::optional<ClientId> Outbox::poll_dirty() {
  if (dirty_.empty()) return std::nullopt;
  const ClientId id = dirty_.back();
  dirty_.pop_back();
  return id;
}

Bytes Outbox::encode(ClientId id) const {
  const OutboxEntry* entry = find(id);
  if (!entry) return {};
  Bytes out{kFormat};
  wire::BinaryWriter writer(out);
  writer(*entry);
  return out;
}

std::optional<MonoTime> Outbox::deadline() const {
  if (!connected_ || in_flight_ >= kMaxInFlight) return std::nullopt;
  std::optional<MonoTime> first;
  for (const auto& [room, lane] : lanes_) {
    if (lane.busy || !next_of(lane)) continue;
    MonoTime at = lane.not_before.value_or(MonoTime{});
    if (not_before_) at = std::max(at, *not_before_);
    if (!first || at < *first) first = at;
  }
  return first;
}

const OutboxEntry* Outbox::find(ClientId id) const {
  const auto it = entries_.find(id);
  return it == entries_.end() ? nullptr : &it->second;
}

std::vector<const OutboxEntry*> Outbox::of_room(RoomId room) const {
  std::vector<const OutboxEntry*> out;
  const auto lane = lanes_.find(room);
  if (lane == lanes_.end()) return out;
  for (const auto& [order, id] : lane->second.order) out.push_back(&entries_.at(id));
  return out;
}

std::size_t Outbox::waiting() const {
  return static_cast<std::size_t>(std::count_if(entries_.begin(), entries_.end(), [](auto& pair) {
    return pair.second.state != OutboxState::kFailed;
  }));
}

// ---- inside -------------------------------------------------------------------------------------

OutboxEntry* Outbox::edit(ClientId id) {
  const auto it = entries_.find(id);
  return it == entries_.end() ? nullptr : &it->second;
}

void Outbox::insert(OutboxEntry entry) {
  next_order_ = std::max(next_order_, entry.order + 1);
  lanes_[entry.room].order.emplace(entry.order, entry.client_id);
  const ClientId id = entry.client_id;
  entries_.emplace(id, std::move(entry));
}

void Outbox::remove(ClientId id) {
  const auto it = entries_.find(id);
  Lane& lane = lanes_[it->second.room];
  if (it->second.state == OutboxState::kInFlight) {
    lane.busy = false;
    --in_flight_;
  }
  lane.order.erase(it->second.order);
  if (lane.order.empty()) lanes_.erase(it->second.room);
  entries_.erase(it);
  touch(id);
}

void Outbox::fail(OutboxEntry& entry, ErrorCode error) {
  entry.state = OutboxState::kFailed;
  entry.error = static_cast<std::uint16_t>(error);
  touch(entry.client_id);
}

}  // namespace parley::sync
