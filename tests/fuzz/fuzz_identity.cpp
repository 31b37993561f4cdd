// What identities are made of: as it comes from strangers and as it is stored. What is read is
// written again as it was, and a changed handshake links nobody.
#include "shared/crypto/hkdf.hpp"
#include "shared/identity/link.hpp"
#include "shared/identity/recovery.hpp"
#include "shared/identity/safety_number.hpp"
#include "tests/fuzz/fuzz_require.hpp"
#include "tests/fuzz/identity_party.hpp"

namespace {

using namespace parley;
using namespace parley::identity;
using test::fuzz_require;
using Input = test::IdentityParty::Input;

class Identities : test::IdentityParty {
 public:
  void check(Input kind, ByteView bytes) {
    switch (kind) {
      case Input::kDeviceList:
        return device_list(bytes);
      case Input::kListDevices: {
        const Bytes content =
            concat({Bytes{DeviceList::kFormat}, ada.user.view(), ada.account.public_key(), bytes});
        const Bytes text = concat({as_bytes("Parley device list 1"), content});
        return device_list(concat({content, ada.account.sign(text)}));
      }
      case Input::kCredential:
        if (const auto credential = DeviceCredential::decode(bytes)) {
          fuzz_require(credential->encode() == to_bytes(bytes), "a credential is not canonical");
          std::ignore = credential->verify(phone.signing_key.public_key());
        }
        break;
      case Input::kPin:
        if (auto pin = PinnedIdentity::decode(bytes)) {
          fuzz_require(pin->encode() == to_bytes(bytes), "a pin is not canonical");
          observe(*pin, first_list());
        }
        break;
      case Input::kHandshake:
        return handshake(bytes);
      case Input::kLinkBundle:
        return link_bundle(bytes);
      case Input::kSafetyCode: {
        const Side mine{ada.user, ada.account.public_key()};
        const Side theirs{ben.user, ben.account.public_key()};
        const bool same = to_bytes(bytes) == make_safety_code(theirs, mine);
        fuzz_require((check_safety_code(bytes, mine, theirs) == SafetyCheck::kMatch) == same,
                     "a code is not canonical");
        break;
      }
      case Input::kRecoveryWords:
        return recovery_words(as_text(bytes));
      case Input::kCount:
        break;
    }
  }

 private:
  // ---- lists and pins ----
  DeviceList first_list() const {
    return *make_first(ada.account, ada.user, {phone.entry(), laptop.entry()});
  }
  void device_list(ByteView bytes) {
    const auto list = DeviceList::decode(bytes);
    if (!list) return;
    fuzz_require(list->encode() == to_bytes(bytes), "a list is not canonical");
    const ListVerdict verdict = verify(*list);
    std::ignore = verify_next(first_list(), *list);
    PinnedIdentity pin(ada.user);
    observe(pin, *list);
    const bool acceptable =
        list->user == ada.user &&
        (list->version == 1 ? verify_first(*list) : verdict) == ListVerdict::kValid;
    fuzz_require(pin.known() == acceptable, "a list is judged in two ways");
    pin = PinnedIdentity(ada.user);
    observe(pin, first_list());
    pin.mark_verified();
    observe(pin, *list);
  }
  // A refused list changes nothing, one that was taken is known, and all of it can be stored.
  static void observe(PinnedIdentity& pin, const DeviceList& list) {
    const PinnedIdentity before = pin;
    const auto seen = pin.observe(list).seen;
    if (seen == PinnedIdentity::Seen::kRefused) {
      fuzz_require(pin == before, "a refused list changed the pin");
    } else {
      fuzz_require(pin.observe(list).seen == PinnedIdentity::Seen::kSame, "a list is not known");
    }
    const auto stored = PinnedIdentity::decode(pin.encode());
    fuzz_require(!pin.known() || (stored.ok() && *stored == pin), "a pin is not kept as it is");
  }

  // ---- linking ----
  struct Handshake {
    SeededRng rng{6};
    NewDevice new_side;
    Handshake(LinkMode mode, const test::Device& device)
        : new_side(rng, mode,
                   {device.id, device.signing_key.public_key(), device.kem_key.public_key}) {}
  };
  // The message, or what the input has in its place.
  static Bytes replaced(Bytes message, wire::BinaryReader& changes, bool& changed) {
    Bytes other;
    if (changes.left() == 0) return message;
    wire::Capped<Bytes> block{other, 2048};
    changes(block);
    if (!changes.ok() || other.empty()) return message;
    // Either the whole of it or a few bytes from a place on.
    if (other.size() >= 4 && other.size() < 16) {
      const std::size_t at = (std::size_t{other[0]} << 8 | other[1]) % message.size();
      for (std::size_t i = 2; i < other.size() && at + i - 2 < message.size(); ++i) {
        changed = changed || other[i] != 0;
        message[at + i - 2] ^= other[i];
      }
      return message;
    }
    changed = changed || other != message;
    return other;
  }
  void handshake(ByteView bytes) {
    if (bytes.empty()) return;
    const auto mode = bytes[0] % 2 == 0 ? LinkMode::kEmoji : LinkMode::kQr;
    wire::BinaryReader changes(bytes.subspan(1));
    bool changed = false;
    Handshake both(mode, phone);
    NewDevice& new_side = both.new_side;
    auto old_side =
        OldDevice::read_offer(both.rng, mode, replaced(new_side.offer(), changes, changed));
    if (!old_side) return fuzz_require(changed, "an offer is not read");
    const auto reveal = new_side.handle_answer(replaced(old_side->answer(), changes, changed));
    if (!reveal) return fuzz_require(changed, "an answer is refused");
    if (!old_side->handle_reveal(replaced(*reveal, changes, changed))) {
      return fuzz_require(changed, "a reveal is refused");
    }
    fuzz_require(new_side.confirm().ok() && old_side->confirm().ok(), "nothing to confirm");
    const auto bundle = old_side->seal_bundle(ada.account, vault_key, first_list());
    if (!bundle) return fuzz_require(changed, "a bundle is not sealed");
    const bool same = new_side.emoji() == old_side->emoji();
    const auto linked = new_side.handle_bundle(replaced(*bundle, changes, changed));
    fuzz_require(linked.ok() == !changed, "a changed handshake links, or a right one does not");
    fuzz_require(same || changed, "emoji differ");
    fuzz_require(new_side.done() == linked.ok(), "a side is done without the other");
  }
  // An old device that holds the code and seals what it likes.
  void link_bundle(ByteView content) {
    Handshake both(LinkMode::kQr, phone);
    NewDevice& new_side = both.new_side;
    const Bytes offer = new_side.offer();
    const auto keys = test::some_kem_key(7);
    const auto proof = crypto::HmacSha256(ByteView(offer).subspan(2))
                           .update(as_bytes("Parley link answer 1"))
                           .update(keys.public_key)
                           .finish();
    const Bytes answer = concat({Bytes{1, 2}, keys.public_key, proof.expose()});
    const auto reveal = new_side.handle_answer(answer);
    fuzz_require(reveal.ok(), "an answer is refused");
    crypto::KemPublicKey theirs;
    std::ranges::copy(ByteView(*reveal).subspan(2, 32), theirs.begin());
    const auto transcript =
        crypto::sha256(concat({as_bytes("Parley link transcript 1"), offer, answer, *reveal}));
    const auto key =
        crypto::HkdfSha256::extract(transcript, crypto::x25519(keys.secret_key, theirs)->expose());
    const Bytes sealed =
        crypto::chacha_seal(crypto::HkdfSha256::expand<32>(key.expose(), {as_bytes("bundle")}), {},
                            transcript, content);
    Bytes message{1, 4};
    wire::BinaryWriter(message).write_block(sealed);
    const auto linked = new_side.handle_bundle(message);
    if (!linked) return;
    const DeviceEntry* entry = linked->list.find(phone.id);
    fuzz_require(entry != nullptr && linked->account.public_key() == linked->list.account_key &&
                     linked->credential.verify(phone.signing_key.public_key()).ok(),
                 "a bundle that does not fit is taken");
  }

  // ---- words ----
  static void recovery_words(std::string_view text) {
    const auto read = parse_recovery_words(text);
    const auto* secret = std::get_if<RecoverySecret>(&read);
    if (secret == nullptr) return;
    std::string written;
    for (const std::string_view word : identity::recovery_words(*secret)) {
      written.append(word).push_back(' ');
    }
    const auto again = parse_recovery_words(written);
    const auto* same = std::get_if<RecoverySecret>(&again);
    fuzz_require(same != nullptr && std::ranges::equal(same->expose(), secret->expose()),
                 "words are not what they stand for");
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static Identities identities;
  identities.check(static_cast<Input>(data[0]), {data + 1, size - 1});
  return 0;
}
