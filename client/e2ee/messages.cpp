// Sealing what this device says and opening what others said.
#include "client/e2ee/impl.hpp"
#include "shared/sealing/disappearing.hpp"

namespace parley::e2ee {
namespace {

constexpr Duration kSendTime = seconds(30);  // of a message, with a lost connection in between

}  // namespace

sealing::MessageContext context_of(const RoomId& room, const wire::Event& event,
                                   const wire::SealedBody& body) {
  return {.version = body.version,
          .room = room,
          .epoch = body.epoch,
          .user = event.sender,
          .device = event.device,
          .client_id = event.client_id,
          .counts = body.counts};
}

std::string_view describe(NotReady cause) {
  switch (cause) {
    case NotReady::kConnecting:
      return "Messages are sent when this device is connected.";
    case NotReady::kNoAccount:
      return "This device is not a part of your account yet.";
    case NotReady::kNoGroup:
      return "This device is joining the room.";
    case NotReady::kCatchingUp:
      return "This device is catching up with the room.";
    case NotReady::kRemovalPending:
      return "Somebody who left is being removed from the room's encryption first.";
    case NotReady::kUnknownIdentity:
      return "The devices of a member are being checked.";
    case NotReady::kSettling:
      return "The room is being set up.";
    case NotReady::kGhostDevice:
      return "A device in this room does not belong to its user.";
    case NotReady::kIdentityChanged:
      return "The identity of somebody whom you verified has changed.";
  }
  return "";
}

std::string_view describe(OpenFault fault) {
  switch (fault) {
    case OpenFault::kUnknownEpoch:
      return "The key of this message is not here yet. Your other devices and the members are "
             "being asked for it.";
    case OpenFault::kWaitingForIdentity:
      return "The sender's identity is being checked.";
    case OpenFault::kBeforeJoining:
      return "Earlier messages can be read by those who were here then.";
    case OpenFault::kNotForThisDevice:
      return "Messages in this room can be read only by the devices that were here then.";
    case OpenFault::kWrongKey:
      return "This message was changed on its way, or is of another key.";
    case OpenFault::kUnsupported:
      return "This message needs a newer version of the app.";
    case OpenFault::kMalformed:
      return "This message is broken.";
    case OpenFault::kBadSignature:
      return "This message is not signed by its sender.";
    case OpenFault::kForgedSender:
      return "This message is not by the one whom the server names.";
    case OpenFault::kOtherIdentity:
      return "This message is of another account key than its sender has now.";
    case OpenFault::kRepeated:
      return "This message was shown before.";
    case OpenFault::kForked:
      return "The sender said something else in this place to others.";
  }
  return "";
}

// ---- sealing -----------------------------------------------------------------------------------

std::variant<Sealed, NotReady> Engine::Impl::seal(Now now, RoomId id, ClientId client_id,
                                                  wire::EventKind kind, ByteView body,
                                                  bool counts) {
  Room* room = find(id);
  if (room == nullptr) return NotReady::kNoGroup;
  // What may be in the log already is settled before anything else is said.
  const LastSeal& last = room->record.last_seal;
  const bool again = last.client_id == client_id && !last.in_log;
  if (const auto cause = not_ready(*room, again)) {
    // Somebody waits for it: no delay in favour of others any more.
    if (*cause == NotReady::kRemovalPending && room->removal_at) room->removal_at = now.mono;
    settle(now);
    return *cause;
  }
  return seal_in(now, *room, client_id, kind, body, counts);
}

std::variant<Sealed, NotReady> Engine::Impl::seal_in(Now now, Room& room, ClientId client_id,
                                                     wire::EventKind kind, ByteView body,
                                                     bool counts) {
  const std::uint64_t epoch = room.group->epoch();
  const bool passes = disappears(room) > 0;
  const Secret* secret = epoch_secret(room.id, epoch);
  if (secret == nullptr && !passes) return NotReady::kNoGroup;
  LastSeal next = room.record.last_seal;
  const bool again = next.client_id == client_id && next.counter > 0;
  // The next one names the hash of the one before: it has to be known which that is.
  if (!again && next.ambiguous && room.posted_at) {
    ask_what_was_taken(now, room);
    return NotReady::kSettling;
  }
  if (!again && next.ambiguous) {  // taken before this device started: where is not known
    seal_abandoned(room.id, next.client_id);
    next = room.record.last_seal;
  }
  if (!again) {
    room.posted_at.reset();
    next.in_log = false;
    next.client_id = client_id;
    rng_.fill(next.id);
    next.previous = next.hash;
    ++next.counter;
  }
  if (passes) {
    const bool has_place = !again && said_of(room, {device_, client_id}) != nullptr;
    auto made = seal_disappearing(now, room, client_id, next, kind, body, counts);
    if (std::holds_alternative<NotReady>(made) || has_place) return made;
    room.record.last_seal = next;
    room.under_way = client_id;
    room.under_way_until = now.mono + kSendTime;
    if (!again) ++room.record.sealed;
    save_room(room);
    std::get<Sealed>(made).batch = desk_.batch();
    return made;
  }
  const sealing::MessageContext context{.room = room.id,
                                        .epoch = epoch,
                                        .user = user_,
                                        .device = device_,
                                        .client_id = client_id,
                                        .counts = counts};
  const sealing::MessageContent content{next.id, next.counter, next.previous, kind, to_bytes(body)};
  auto sealed =
      sealing::seal_message(rng_, *secret, context, {own_->credential, own_->signing}, content);
  if (!sealed) return NotReady::kNoGroup;  // the body is larger than any event's
  // Whatever is sent again under a name that the log has changes nothing there.
  if (!next.in_log) {
    next.ambiguous = next.ambiguous || (again && next.hash != sealed->hash);
    next.hash = sealed->hash;
  }
  room.record.last_seal = next;
  room.under_way = client_id;
  room.under_way_until = now.mono + kSendTime;
  if (!again) ++room.record.sealed;
  save_room(room);
  wire::SealedBody out;
  out.epoch = epoch;
  out.counts = counts;
  out.nonce = to_bytes(sealed->nonce);
  out.ciphertext = std::move(sealed->ciphertext);
  return Sealed{wire::encode(out), desk_.batch()};
}

void Engine::Impl::seal_refused(RoomId id, ClientId client_id) {
  Room* room = find(id);
  if (room == nullptr || room->record.last_seal.client_id != client_id) return;
  LastSeal& last = room->record.last_seal;
  if (last.counter == 0) return;
  room->under_way = last.client_id = {};
  last.in_log = last.ambiguous = false;
  last.hash = last.previous;
  --last.counter;
  erase_said(*room, {device_, client_id});
  save_room(*room);
}

void Engine::Impl::seal_abandoned(RoomId id, ClientId client_id) {
  Room* room = find(id);
  if (room == nullptr || room->record.last_seal.client_id != client_id) return;
  LastSeal& last = room->record.last_seal;
  room->under_way = {};
  if (!last.ambiguous) return;
  // A place that stays empty: readers see a gap, and no fork whichever text was taken.
  last.ambiguous = false;
  last.in_log = true;
  ++last.counter;
  save_room(*room);
}

void Engine::Impl::settle_seal(Room& room, const wire::Event& event) {
  LastSeal& last = room.record.last_seal;
  if (last.in_log || event.client_id != last.client_id || event.device != device_) return;
  if (last.ambiguous) {
    const auto body = wire::decode<wire::SealedBody>(event.body);
    const Secret* secret = body ? epoch_secret(room.id, body->epoch) : nullptr;
    if (secret == nullptr) return;
    const auto opened = sealing::open_message(*secret, context_of(room.id, event, *body),
                                              body->nonce, body->ciphertext);
    if (!opened || opened->content.counter != last.counter) return;
    last.hash = opened->hash;
    last.ambiguous = false;
  }
  last.in_log = true;
  save_room(room);
}

void Engine::Impl::handle_posted(Now now, RoomId id, ClientId client_id, Seq seq) {
  Room* room = find(id);
  if (room == nullptr || room->record.last_seal.client_id != client_id) return;
  LastSeal& last = room->record.last_seal;
  if (last.in_log) return;
  if (last.ambiguous) {
    room->posted_at = seq;
    ask_what_was_taken(now, *room);
  } else {
    last.in_log = true;
    save_room(*room);
  }
  settle(now);
}

// The log has one of several texts of the same message, at a place that is known.
void Engine::Impl::ask_what_was_taken(Now now, Room& room) {
  if (!connected_ || room.asks_what_was_taken || room.retry.waits(now.mono)) return;
  room.asks_what_was_taken = true;
  const RoomId id = room.id;
  const ClientId client_id = room.record.last_seal.client_id;
  wire::History history;
  history.room_id = id;
  history.from = wire::HistoryFrom::kAfter;
  history.seq = {room.posted_at->value - 1};
  history.limit = 1;
  ask<wire::HistoryPage>(
      history,
      [this, id, client_id](Now, const wire::HistoryPage& page) {
        Room& there = room_of(id);
        there.asks_what_was_taken = false;
        for (const wire::Event& event : page.events) settle_seal(there, event);
        seal_abandoned(id, client_id);  // it cannot be read any more
        changes_.push_back(RoomChanged{id});
      },
      [this, id, client_id](Now at, const wire::ErrorReply& error) {
        Room& there = room_of(id);
        there.asks_what_was_taken = false;
        const ErrorAction next = error_info(error.code).action;
        if (next == ErrorAction::kRetryAfter || next == ErrorAction::kReconnect) {
          return there.retry.failed(at.mono, rng_, seconds(1));
        }
        seal_abandoned(id, client_id);
        changes_.push_back(RoomChanged{id});
      });
}

// ---- opening -----------------------------------------------------------------------------------

OpenFault Engine::Impl::fault_of(const Error& error) const {
  switch (error.code) {
    case ErrorCode::kVersionUnsupported:
      return OpenFault::kUnsupported;
    case ErrorCode::kDecryptionFailed:
      return OpenFault::kWrongKey;
    case ErrorCode::kAccessDenied:
      return OpenFault::kForgedSender;
    case ErrorCode::kSignatureInvalid:
      return OpenFault::kBadSignature;
    default:
      return OpenFault::kMalformed;
  }
}

std::variant<Opened, OpenFault> Engine::Impl::open(Now now, RoomId id, const wire::Event& event) {
  const auto body = wire::decode<wire::SealedBody>(event.body);
  if (!body || event.kind != wire::EventKind::kSealed) return OpenFault::kMalformed;
  if (body->version == sealing::kDisappearingVersion) {
    Room* room = find(id);
    if (room == nullptr) return OpenFault::kUnknownEpoch;
    const auto opened = open_disappearing(now, *room, event, *body);
    if (const auto* fault = std::get_if<OpenFault>(&opened)) return *fault;
    return take_opened(now, id, event, body->epoch, std::get<sealing::OpenedMessage>(opened));
  }
  const Secret* secret = epoch_secret(id, body->epoch);
  const auto offer = offered_.find({id, body->epoch});
  const bool unproven = secret == nullptr && offer != offered_.end();
  if (unproven) secret = &offer->second;
  Room* room = find(id);
  if (room != nullptr && disappears(*room) > 0) return OpenFault::kMalformed;
  if (secret == nullptr) {
    // The server takes messages of epochs that there are only.
    if (room != nullptr) room->server_epoch = std::max(room->server_epoch, body->epoch);
    missed(id, body->epoch);
    settle(now);
    const auto keys = epochs_.find(id);
    bool is_older =
        keys != epochs_.end() && !keys->second.empty() && body->epoch < keys->second.begin()->first;
    if (room != nullptr) {  // or of the time between leaving and coming back
      const auto since = room->since.find(user_);
      is_older = is_older || (since != room->since.end() && body->epoch < since->second);
    }
    // Who is alone in a room has nobody to ask.
    const bool is_kept = room != nullptr && room->group &&
                         (room->record.history != wire::HistoryAccess::kAll ||
                          room->group->public_group().tree().member_count() == 1);
    return is_older && is_kept && own_ && own_->record.read_vault ? OpenFault::kBeforeJoining
                                                                  : OpenFault::kUnknownEpoch;
  }
  const auto opened = sealing::open_message(*secret, context_of(id, event, *body), body->nonce,
                                            body->ciphertext, &credentials_);
  if (!opened && unproven && opened.error().code == ErrorCode::kDecryptionFailed) {
    offered_.erase(offer);
    missing_.emplace(id, body->epoch);
    settle(now);
    return OpenFault::kUnknownEpoch;
  }
  if (!opened) return fault_of(opened.error());
  if (unproven) {
    learn(id, body->epoch, secret->clone(), false);
    offered_.erase(offer);
    settle(now);
  }
  return take_opened(now, id, event, body->epoch, *opened);
}

std::variant<Opened, OpenFault> Engine::Impl::take_opened(Now now, RoomId id,
                                                          const wire::Event& event,
                                                          std::uint64_t epoch,
                                                          const sealing::OpenedMessage& message) {
  Room* room = find(id);
  switch (trust_account(event.sender, message.author.credential.account_key)) {
    case Trust::kTrusted:
      break;
    case Trust::kUnknown:
      settle(now);
      return OpenFault::kWaitingForIdentity;
    default:
      return OpenFault::kOtherIdentity;
  }
  // Of the present epoch this device knows who is in it.
  if (room != nullptr && room->group && room->group->epoch() == epoch &&
      member_of(*room, message.author.signing_key) == nullptr) {
    return OpenFault::kForgedSender;
  }
  Opened out{message.content.kind, message.content.body, event.sender, event.device,
             message.content.id};
  if (const auto fault = judge(id, event, message, out)) return *fault;
  if (room != nullptr && message.content.kind == wire::EventKind::kRoomSettings &&
      event.seq > room->record.state.naming.seq) {
    if (const auto settings = wire::decode<wire::RoomSettings>(message.content.body)) {
      take_claim(*room, {{settings->name, settings->topic, event.seq}, event.sender});
      settle(now);
    }
  }
  return out;
}

std::optional<OpenFault> Engine::Impl::judge(RoomId id, const wire::Event& event,
                                             const sealing::OpenedMessage& message, Opened& out) {
  const crypto::SignaturePublicKey& signer = message.author.signing_key;
  ChainRecord& record = chains_[{id, signer}];
  for (const ChainRecord::Place& place : record.places) {
    if (place.seq == event.seq && place.hash == message.hash) return std::nullopt;  // read again
  }
  // Pages from before the first that was judged say nothing about what is missing.
  if (!record.places.empty() && event.seq < record.first) return std::nullopt;
  auto chain = sealing::SenderChain::decode(record.chain);
  if (!chain) chain = sealing::SenderChain();
  const auto verdict = chain->judge(sealing::link_of(message));
  if (verdict.verdict == sealing::ChainVerdict::kForked) return OpenFault::kForked;
  if (verdict.verdict == sealing::ChainVerdict::kRepeated) {
    // Older than what is remembered, read again.
    if (!record.places.empty() && event.seq < record.places.front().seq) return std::nullopt;
    return OpenFault::kRepeated;
  }
  out.chain = verdict;
  const std::uint64_t counter = message.content.counter;
  for (const ChainRecord::Place& place : record.places) {
    if (place.seq < event.seq) out.before_gap = std::max(out.before_gap, place.seq);
    if ((place.seq < event.seq) != (place.counter < counter)) out.moved = true;
  }
  record.chain = chain->encode();
  if (record.places.empty()) record.first = event.seq;
  // Those of the links that the chain remembers, which forgets the lowest.
  const auto next =
      std::ranges::upper_bound(record.places, counter, {}, &ChainRecord::Place::counter);
  record.places.insert(next, {message.hash, counter, event.seq});
  if (record.places.size() > sealing::SenderChain::kRemembered) {
    record.places.erase(record.places.begin());
  }
  desk_.put(chain_key(id, signer), SecretBytes(wire::encode(record)));
  return std::nullopt;
}

}  // namespace parley::e2ee
