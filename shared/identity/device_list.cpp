#include "shared/identity/device_list.hpp"

#include <limits>
#include <set>
#include <string>

namespace parley::identity {
namespace {

constexpr crypto::Digest kNoList{};

// All of a list but its signature.
struct Content {
  std::uint8_t format = DeviceList::kFormat;
  DeviceList& list;

  template <class Archive>
  void serialize(Archive& ar) {
    ar(format, list.user, fixed(list.account_key), list.version, fixed(list.before),
       wire::Capped<std::vector<DeviceEntry>>{list.devices, kMaxDevices});
  }
};

Bytes encode_content(const DeviceList& list) {
  // Writing changes nothing; the fields are declared once for both directions.
  return wire::encode(Content{DeviceList::kFormat, const_cast<DeviceList&>(list)});
}

Bytes signed_text(const DeviceList& list) {
  return concat({as_bytes("Parley device list 1"), encode_content(list)});
}

Error refusal(ListVerdict verdict) {
  return {ErrorCode::kInvalidArgument, std::string(describe(verdict)), {}};
}

ListVerdict check_devices(const DeviceList& list) {
  if (list.devices.size() > kMaxDevices) return ListVerdict::kTooManyDevices;
  std::set<DeviceId> ids;
  std::set<crypto::SignaturePublicKey> signing_keys{list.account_key};
  std::set<crypto::KemPublicKey> device_keys;
  for (const DeviceEntry& entry : list.devices) {
    if (!ids.insert(entry.device).second) return ListVerdict::kDuplicateDevice;
    if (!signing_keys.insert(entry.signing_key).second ||
        !device_keys.insert(entry.device_key).second) {
      return ListVerdict::kDuplicateKey;
    }
    if (!crypto::parse_kem_public_key(entry.device_key)) return ListVerdict::kKeyInvalid;
  }
  return ListVerdict::kValid;
}

Result<DeviceList> sign(const crypto::SigningKey& account, DeviceList list) {
  if (const ListVerdict verdict = check_devices(list); verdict != ListVerdict::kValid) {
    return refusal(verdict);
  }
  list.signature = account.sign(signed_text(list));
  return list;
}

}  // namespace

std::string_view describe(ListVerdict verdict) {
  switch (verdict) {
    case ListVerdict::kValid:
      return "The device list is valid.";
    case ListVerdict::kRolledBack:
      return "The server showed an older device list than before.";
    case ListVerdict::kForked:
      return "There are two different device lists of one version.";
    case ListVerdict::kBrokenChain:
      return "The device list does not follow the one before it.";
    case ListVerdict::kOtherUser:
      return "The device list is another user's.";
    case ListVerdict::kOtherAccountKey:
      return "The device list is signed by another account key.";
    case ListVerdict::kSignatureInvalid:
      return "The device list's signature is not valid.";
    case ListVerdict::kDuplicateDevice:
      return "The device list names a device twice.";
    case ListVerdict::kDuplicateKey:
      return "The device list has a key twice.";
    case ListVerdict::kKeyInvalid:
      return "A key in the device list is not valid.";
    case ListVerdict::kTooManyDevices:
      return "The device list has more than 100 devices.";
  }
  return "The device list is not valid.";
}

Bytes DeviceList::encode() const { return concat({encode_content(*this), signature}); }

Result<DeviceList> DeviceList::decode(ByteView bytes) {
  PARLEY_TRY(check_version(bytes, kFormat));
  DeviceList list;
  Content content{kFormat, list};
  wire::BinaryReader reader(bytes);
  reader(content, fixed(list.signature));
  PARLEY_TRY(reader.finish());
  const bool nil_device = std::ranges::any_of(
      list.devices, [](const DeviceEntry& entry) { return entry.device.is_nil(); });
  if (list.user.is_nil() || nil_device || list.version == 0) return ErrorCode::kMalformed;
  return list;
}

crypto::Digest DeviceList::hash() const { return crypto::sha256(signed_text(*this)); }

const DeviceEntry* DeviceList::find(const DeviceId& device) const {
  const auto found = std::ranges::find(devices, device, &DeviceEntry::device);
  return found == devices.end() ? nullptr : &*found;
}

Result<DeviceList> make_first(const crypto::SigningKey& account, const UserId& user,
                              std::vector<DeviceEntry> devices) {
  DeviceList list;
  list.user = user;
  list.account_key = account.public_key();
  list.devices = std::move(devices);
  return sign(account, std::move(list));
}

Result<DeviceList> make_afresh(const crypto::SigningKey& account, const DeviceList& before,
                               const DeviceEntry& device) {
  if (account.public_key() == before.account_key) return refusal(ListVerdict::kOtherAccountKey);
  if (before.version == std::numeric_limits<std::uint32_t>::max()) {
    return Error{ErrorCode::kInvalidArgument, "no version after this one", {}};
  }
  DeviceList list;
  list.user = before.user;
  list.account_key = account.public_key();
  list.version = before.version + 1;
  list.before = before.hash();
  list.devices = {device};
  return sign(account, std::move(list));
}

Result<DeviceList> make_next(const crypto::SigningKey& account, const DeviceList& before,
                             const ListChange& change) {
  if (account.public_key() != before.account_key) return refusal(ListVerdict::kOtherAccountKey);
  if (before.version == std::numeric_limits<std::uint32_t>::max()) {
    return Error{ErrorCode::kInvalidArgument, "no version after this one", {}};
  }
  DeviceList list = before;
  for (const DeviceId& device : change.removed) {
    if (std::erase_if(list.devices, [&](const auto& entry) { return entry.device == device; }) ==
        0) {
      return Error{ErrorCode::kInvalidArgument, "no such device to remove", {}};
    }
  }
  list.devices.insert(list.devices.end(), change.added.begin(), change.added.end());
  list.version = before.version + 1;
  list.before = before.hash();
  return sign(account, std::move(list));
}

ListVerdict verify(const DeviceList& list) {
  if (const ListVerdict verdict = check_devices(list); verdict != ListVerdict::kValid) {
    return verdict;
  }
  if (!crypto::verify_signature(list.account_key, signed_text(list), list.signature)) {
    return ListVerdict::kSignatureInvalid;
  }
  return ListVerdict::kValid;
}

ListVerdict verify_first(const DeviceList& list) {
  if (list.version != 1 || list.before != kNoList) return ListVerdict::kBrokenChain;
  return verify(list);
}

namespace {

ListVerdict verify_after(const DeviceList& before, const DeviceList& next, bool same_key) {
  if (next.user != before.user) return ListVerdict::kOtherUser;
  if ((next.account_key == before.account_key) != same_key) return ListVerdict::kOtherAccountKey;
  if (next.version < before.version) return ListVerdict::kRolledBack;
  const crypto::Digest known = before.hash();
  if (next.version == before.version && next.hash() != known) return ListVerdict::kForked;
  if (next.version - before.version != 1 || next.before != known) return ListVerdict::kBrokenChain;
  return verify(next);
}

}  // namespace

ListVerdict verify_next(const DeviceList& before, const DeviceList& next) {
  return verify_after(before, next, true);
}

ListVerdict verify_afresh(const DeviceList& before, const DeviceList& next) {
  return verify_after(before, next, false);
}

// ---- PinnedIdentity ----------------------------------------------------------------------------

// Of a list under the pinned key, valid for itself.
ListVerdict PinnedIdentity::judge(const Pin& pin, const DeviceList& list) {
  if (list.version < pin.version) return ListVerdict::kRolledBack;
  if (list.version == pin.version && list.hash() != pin.hash) return ListVerdict::kForked;
  if (list.version - pin.version == 1 && list.before != pin.hash) return ListVerdict::kBrokenChain;
  return ListVerdict::kValid;
}

PinnedIdentity::Sighting PinnedIdentity::observe(const DeviceList& list) {
  const auto refused = [](ListVerdict why) { return Sighting{Seen::kRefused, why}; };
  if (list.user != user_) return refused(ListVerdict::kOtherUser);
  if (const ListVerdict verdict = verify(list); verdict != ListVerdict::kValid) {
    return refused(verdict);
  }
  if (list.version == 1 && list.before != kNoList) return refused(ListVerdict::kBrokenChain);
  const Pin pin{list.account_key, list.version, list.hash()};
  if (!known()) {
    current_ = pin;
    return {Seen::kFirstSeen};
  }
  const bool changed = list.account_key != current_.account_key;
  const bool back = changed && previous_.version > 0 && list.account_key == previous_.account_key;
  if (!changed || back) {
    const ListVerdict verdict = judge(back ? previous_ : current_, list);
    if (verdict != ListVerdict::kValid) return refused(verdict);
  }
  if (!changed) {
    if (list.version == current_.version) return {Seen::kSame};
    current_ = pin;
    return {Seen::kNewer};
  }
  previous_ = current_;
  current_ = pin;
  blocked_ = blocked_ || verified_;
  verified_ = false;
  return {Seen::kKeyChanged};
}

bool PinnedIdentity::follow(const PinnedIdentity& decided) {
  if (!known() || decided.user_ != user_ || !decided.known() || decided.blocked_) return false;
  if (decided.account_key() == account_key()) {
    verified_ = verified_ || decided.verified_;
    blocked_ = false;
    return false;
  }
  if (decided.previous_key() == account_key()) return false;  // which is about to come here
  if (previous_key() == decided.account_key()) {
    blocked_ = blocked_ || (decided.verified_ && !verified_);
    return false;
  }
  previous_ = decided.current_;
  blocked_ = blocked_ || verified_ || decided.verified_;
  verified_ = false;
  return true;
}

void PinnedIdentity::mark_verified() {
  assert(known());
  verified_ = true;
  blocked_ = false;
}

std::optional<crypto::SignaturePublicKey> PinnedIdentity::previous_key() const {
  if (previous_.version == 0) return std::nullopt;
  return previous_.account_key;
}

namespace {
constexpr std::uint8_t kPinFormat = 1;
constexpr std::uint8_t kVerifiedFlag = 1;
constexpr std::uint8_t kBlockedFlag = 2;
constexpr std::uint8_t kPreviousFlag = 4;
}  // namespace

Bytes PinnedIdentity::encode() const {
  Bytes out;
  wire::BinaryWriter writer(out);
  const auto flags =
      static_cast<std::uint8_t>((verified_ ? kVerifiedFlag : 0) | (blocked_ ? kBlockedFlag : 0) |
                                (previous_.version > 0 ? kPreviousFlag : 0));
  writer(kPinFormat, user_, flags, current_);
  if (previous_.version > 0) writer(previous_);
  return out;
}

Result<PinnedIdentity> PinnedIdentity::decode(ByteView bytes) {
  PARLEY_TRY(check_version(bytes, kPinFormat));
  std::uint8_t format = 0;
  std::uint8_t flags = 0;
  PinnedIdentity pinned{UserId{}};
  wire::BinaryReader reader(bytes);
  reader(format, pinned.user_, flags, pinned.current_);
  if ((flags & kPreviousFlag) != 0) reader(pinned.previous_);
  PARLEY_TRY(reader.finish());
  const bool previous_known = pinned.previous_.version > 0;
  const bool consistent = flags < 8 && previous_known == ((flags & kPreviousFlag) != 0) &&
                          (pinned.known() || flags == 0) &&
                          ((flags & kBlockedFlag) == 0 || previous_known) &&
                          (flags & (kVerifiedFlag | kBlockedFlag)) != 3;
  if (pinned.user_.is_nil() || !consistent) return ErrorCode::kMalformed;
  pinned.verified_ = (flags & kVerifiedFlag) != 0;
  pinned.blocked_ = (flags & kBlockedFlag) != 0;
  return pinned;
}

}  // namespace parley::identity
