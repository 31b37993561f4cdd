// Rooms where messages disappear: the key of each is used once and erased, in the same write that
// keeps what it opened; and that is erased at its time.
#include "shared/sealing/disappearing.hpp"
#include "client/e2ee/impl.hpp"

namespace parley::e2ee {
namespace {

std::string key_name(RoomId room, const mls::KeyPart& part) {
  std::string name = "e2ee/keys/" + room.to_string() + "/" + std::to_string(part.epoch);
  if (part.leaf) name += "/" + std::to_string(*part.leaf);
  return name;
}

std::string ends_name(RoomId room) { return "e2ee/ends/" + room.to_string(); }

std::string said_name(RoomId room, const SaidKey& key) {
  return "e2ee/said/" + room.to_string() + "/" + key.first.to_string() + "/" +
         key.second.to_string();
}

sealing::MessageContent content_of(const SaidRecord& said) {
  return {said.id, said.counter, said.previous, said.kind, said.body};
}

void set_content(SaidRecord& said, sealing::MessageContent content) {
  said.id = content.id;
  said.counter = content.counter;
  said.previous = content.previous;
  said.kind = content.kind;
  said.body = std::move(content.body);
}

// When the last message of a past epoch can have come: the server takes those of a few epochs
// before the present one.
std::optional<Timestamp> last_post(const Room& room, std::uint64_t epoch) {
  const auto end = room.epoch_ends.find(epoch + wire::kPastEpochs);
  if (end == room.epoch_ends.end()) return std::nullopt;
  return end->second;
}

// A key is used up whether what it opened is any good or not.
OpenFault fault_of_mls(const Error& error) {
  switch (error.code) {
    case ErrorCode::kMessageNotFound:
    case ErrorCode::kInvalidArgument:  // the keys of that epoch are lost
      return OpenFault::kNotForThisDevice;
    case ErrorCode::kDecryptionFailed:
      return OpenFault::kWrongKey;
    case ErrorCode::kMlsInvalid:
      return OpenFault::kBadSignature;
    default:
      return OpenFault::kMalformed;
  }
}

}  // namespace

mls::Extensions disappear_extensions(std::uint32_t after_s) {
  if (after_s == 0) return {};
  return {{mls::ExtensionType::kDisappearAfter, mls::encode(after_s)}};
}

std::uint32_t disappears(const Room& room) {
  if (!room.group) return 0;
  return mls::disappear_after(room.group->public_group().context().extensions);
}

// ---- keys --------------------------------------------------------------------------------------

void Engine::Impl::save_keys(Room& room) {
  for (const mls::KeyPart& part : room.group->take_changed_keys()) {
    desk_.put(key_name(room.id, part), mls::encode_keys(*room.group, part));
    room.key_parts.insert(part);
  }
}

// Those of epochs that the group has left behind; without a group all.
void Engine::Impl::erase_old_keys(Room& room) {
  std::erase_if(room.key_parts, [&](const mls::KeyPart& part) {
    if (room.group && room.group->has_epoch(part.epoch)) return false;
    desk_.erase(key_name(room.id, part));
    return true;
  });
  std::erase_if(room.epoch_ends,
                [&](const auto& end) { return !room.group || !room.group->has_epoch(end.first); });
}

void Engine::Impl::save_ends(Room& room) {
  if (room.epoch_ends.empty()) return desk_.erase(ends_name(room.id));
  desk_.put(ends_name(room.id), SecretBytes(wire::encode(TimesRecord(room.epoch_ends))));
}

// The group is in a new epoch. Messages of those before may still come, until they are gone
// everywhere.
void Engine::Impl::note_epoch_ends(Now now, Room& room) {
  room.group->keep_past_epochs(kPastEpochsKept);
  for (const mls::KeyPart& part : room.key_parts) {
    if (part.epoch < room.group->epoch()) room.epoch_ends.try_emplace(part.epoch, now.wall);
  }
  erase_old_keys(room);
  save_ends(room);
}

// False when the keys of the group's epoch are not among what is stored.
bool Engine::Impl::restore_keys(Room& room) {
  bool complete = false;
  for (auto& [part, bytes] : std::exchange(room.restored_keys, {})) {
    room.key_parts.insert(part);
    if (!room.group || !mls::restore_keys(*room.group, part, bytes.expose())) continue;
    complete = complete || (part.epoch == room.group->epoch() && !part.leaf);
  }
  if (room.group) room.group->keep_past_epochs(kPastEpochsKept);
  erase_old_keys(room);
  return complete;
}

// ---- what was said -----------------------------------------------------------------------------

SaidRecord* Engine::Impl::said_of(Room& room, const SaidKey& key) {
  const auto found = room.said.find(key);
  return found == room.said.end() ? nullptr : &found->second;
}

void Engine::Impl::hold_said(Room& room, const SaidKey& key, SaidRecord record) {
  const auto [place, is_new] = room.said.try_emplace(key);
  if (!is_new) {
    room.said_ends.erase({place->second.expires, key});
    room.said_bytes -= place->second.size();
  }
  room.said_bytes += record.size();
  room.said_ends.emplace(record.expires, key);
  place->second = std::move(record);
}

void Engine::Impl::keep_said(Room& room, const SaidKey& key, SaidRecord record) {
  desk_.put(said_name(room.id, key), SecretBytes(wire::encode(record)));
  hold_said(room, key, std::move(record));
  while (room.said.size() > kMostSaid || room.said_bytes > kMostSaidBytes) {
    erase_said(room, room.said_ends.begin()->second);
  }
}

void Engine::Impl::erase_said(Room& room, SaidKey key) {
  const auto found = room.said.find(key);
  if (found == room.said.end()) return;
  desk_.erase(said_name(room.id, key));
  room.said_ends.erase({found->second.expires, key});
  room.said_bytes -= found->second.size();
  room.said.erase(found);
}

// What is over: messages, and the keys of epochs whose messages are gone everywhere.
void Engine::Impl::forget_disappeared(Now now, Room& room) {
  while (!room.said_ends.empty() && room.said_ends.begin()->first <= now.wall) {
    erase_said(room, room.said_ends.begin()->second);
  }
  const Duration after = seconds(disappears(room));
  if (after == Duration{}) return;
  bool any = false;
  for (const auto& [epoch, at] : room.epoch_ends) {
    const auto last = last_post(room, epoch);
    if (!last || *last + after > now.wall) continue;
    room.group->forget_past_epoch(epoch);
    any = true;
  }
  if (!any) return;
  erase_old_keys(room);
  save_ends(room);
  save_group(room);
}

std::optional<Timestamp> Engine::Impl::next_disappearance(const Room& room) const {
  std::optional<Timestamp> next;
  if (!room.said_ends.empty()) next = room.said_ends.begin()->first;
  const Duration after = seconds(disappears(room));
  for (const auto& [epoch, at] : room.epoch_ends) {
    const auto last = last_post(room, epoch);
    if (last && (!next || *last + after < *next)) next = *last + after;
  }
  return next;
}

// ---- sealing -----------------------------------------------------------------------------------

std::variant<Sealed, NotReady> Engine::Impl::seal_disappearing(Now now, Room& room,
                                                               ClientId client_id, LastSeal& place,
                                                               wire::EventKind kind, ByteView body,
                                                               bool counts) {
  const SaidKey key{device_, client_id};
  const SaidRecord* said = said_of(room, key);
  const std::uint64_t epoch = room.group->epoch();
  // The same text again, not another one under another key.
  if (said != nullptr && said->epoch == epoch) return Sealed{said->sealed, desk_.batch()};
  sealing::MessageContent content{place.id, place.counter, place.previous, kind, to_bytes(body)};
  if (said != nullptr) content = content_of(*said);
  const sealing::MessageContext context{.version = sealing::kDisappearingVersion,
                                        .room = room.id,
                                        .epoch = epoch,
                                        .user = user_,
                                        .device = device_,
                                        .client_id = client_id,
                                        .counts = counts};
  const auto inside = sealing::encode_content(content);
  if (!inside) return NotReady::kNoGroup;  // the body is larger than any event's
  auto text = room.group->protect(rng_, inside->expose(), sealing::bound_data(context));
  if (!text) {  // the keys of this epoch are lost or used up
    room.record.renew = true;
    save_room(room);
    return NotReady::kCatchingUp;
  }
  wire::SealedBody out;
  out.version = sealing::kDisappearingVersion;
  out.epoch = epoch;
  out.counts = counts;
  out.ciphertext = *std::move(text);
  SaidRecord record;
  if (said != nullptr) record.seq = said->seq;
  record.expires = now.wall + seconds(disappears(room));
  record.epoch = epoch;
  record.sealed = wire::encode(out);
  record.author = sealing::AuthorFields(sealing::Author{own_->credential, own_->signing});
  record.hash = place.hash = sealing::message_hash(context, inside->expose());
  set_content(record, std::move(content));
  Sealed sealed{record.sealed, 0};
  keep_said(room, key, std::move(record));
  save_keys(room);
  sealed.batch = desk_.batch();
  return sealed;
}

// ---- opening -----------------------------------------------------------------------------------

std::variant<sealing::OpenedMessage, OpenFault> Engine::Impl::open_disappearing(
    Now now, Room& room, const wire::Event& event, const wire::SealedBody& body) {
  const SaidKey key{event.device, event.client_id};
  const Timestamp end = std::min(event.at, now.wall) + seconds(disappears(room));
  if (SaidRecord* said = said_of(room, key); said != nullptr) {
    if (said->seq == Seq{} && event.seq > Seq{}) {  // an own message, now in the log
      SaidRecord record = *said;
      record.seq = event.seq;
      record.expires = std::min(record.expires, end);
      keep_said(room, key, std::move(record));
      said = said_of(room, key);
      if (said == nullptr) return OpenFault::kNotForThisDevice;
    }
    return read_said(event, *said);
  }
  if (!room.group) return OpenFault::kUnknownEpoch;
  if (disappears(room) == 0) return OpenFault::kMalformed;
  if (is_own({event.sender, event.device})) return OpenFault::kNotForThisDevice;
  if (body.epoch > room.group->epoch()) {
    // The server takes messages of epochs that there are only.
    room.server_epoch = std::max(room.server_epoch, body.epoch);
    settle(now);
    return OpenFault::kUnknownEpoch;
  }
  if (!room.group->has_epoch(body.epoch)) return OpenFault::kNotForThisDevice;
  auto message = mls::decode<mls::Message>(body.ciphertext);
  const auto* text = message ? std::get_if<mls::PrivateMessage>(&message->body) : nullptr;
  if (text == nullptr || !body.nonce.empty() || text->epoch != body.epoch ||
      text->content_type != mls::ContentType::kApplication) {
    return OpenFault::kMalformed;
  }
  const sealing::MessageContext context = context_of(room.id, event, body);
  if (text->authenticated_data != sealing::bound_data(context)) return OpenFault::kWrongKey;
  const auto opened = room.group->process(*std::move(message), mls::no_psk);
  if (!opened) return fault_of_mls(opened.error());
  const auto& said = std::get<mls::ApplicationMessage>(*opened);

  SaidRecord record;
  record.seq = event.seq;
  record.expires = end;
  record.epoch = body.epoch;
  const auto fault = take_said(event, context, said, record);
  record.fault = fault ? static_cast<std::uint8_t>(1 + static_cast<int>(*fault)) : std::uint8_t{0};
  auto result = read_said(event, record);
  keep_said(room, key, std::move(record));
  save_keys(room);
  return result;
}

// What there is to keep of a text that was opened.
std::optional<OpenFault> Engine::Impl::take_said(const wire::Event& event,
                                                 const sealing::MessageContext& context,
                                                 const mls::ApplicationMessage& said,
                                                 SaidRecord& record) const {
  const mls::LeafNode& leaf = *said.leaf;
  const auto credential = identity::DeviceCredential::decode(leaf.credential.identity);
  if (!credential || leaf.signature_key.size() != record.author.signing_key.size() ||
      !credential->verify(leaf.signature_key)) {
    return OpenFault::kForgedSender;
  }
  if (credential->user != event.sender || credential->device != event.device) {
    return OpenFault::kForgedSender;
  }
  std::ranges::copy(leaf.credential.identity, record.author.credential.begin());
  std::ranges::copy(leaf.signature_key, record.author.signing_key.begin());
  auto content = sealing::decode_content(said.data.expose());
  if (!content) return OpenFault::kMalformed;
  record.hash = sealing::message_hash(context, said.data.expose());
  set_content(record, *std::move(content));
  return std::nullopt;
}

std::variant<sealing::OpenedMessage, OpenFault> Engine::Impl::read_said(
    const wire::Event& event, const SaidRecord& said) const {
  if (said.seq != event.seq) return OpenFault::kRepeated;
  if (said.fault != 0) return static_cast<OpenFault>(said.fault - 1);
  const auto credential = identity::DeviceCredential::decode(said.author.credential);
  if (!credential) return OpenFault::kMalformed;
  if (credential->user != event.sender) return OpenFault::kForgedSender;
  return sealing::OpenedMessage{
      {*credential, said.author.signing_key}, content_of(said), said.hash};
}

}  // namespace parley::e2ee
