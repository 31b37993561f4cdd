// Writes the corpora of fuzz_sealing, fuzz_identity, fuzz_e2ee_records and fuzz_e2ee_engine: one
// real thing of each kind, and choices for runs.
//
//   parley-fuzz-samples tests/fuzz/corpus
#include <filesystem>
#include <fstream>
#include <iostream>

#include "client/e2ee/link.hpp"
#include "shared/crypto/hkdf.hpp"
#include "shared/identity/recovery.hpp"
#include "shared/identity/safety_number.hpp"
#include "shared/sealing/attachment.hpp"
#include "shared/sealing/bundle.hpp"
#include "shared/sealing/history.hpp"
#include "shared/sealing/history_request.hpp"
#include "shared/sealing/invite_key.hpp"
#include "shared/sealing/sender_chain.hpp"
#include "shared/sealing/vault.hpp"
#include "tests/fuzz/e2ee_records.hpp"
#include "tests/fuzz/identity_party.hpp"
#include "tests/fuzz/sealing_party.hpp"

namespace {

using namespace parley;
using identity::concat;

std::filesystem::path folder;

void write(const std::filesystem::path& name, ByteView bytes) {
  std::filesystem::create_directories((folder / name).parent_path());
  std::ofstream(folder / name, std::ios::binary)
      .write(as_text(bytes).data(), static_cast<std::streamsize>(bytes.size()));
}
template <class Kind>
void write_kind(const std::string& name, Kind kind, ByteView bytes) {
  write(name, concat({Bytes{static_cast<std::uint8_t>(kind)}, bytes}));
}

// ---- shared/sealing ----------------------------------------------------------------------------

struct SealingSamples : test::SealingParty {
  using Kind = test::SealingParty::Input;
  SeededRng rng{1};

  static void save(const std::string& name, Kind kind, ByteView bytes) {
    write_kind("sealing/" + name, kind, bytes);
  }
  sealing::Author author() const { return {credential, phone.signing_key}; }

  void messages() {
    sealing::MessageContext context;
    context.room = room;
    context.epoch = 7;
    context.user = ada.user;
    context.device = phone.id;
    sealing::MessageContent content;
    content.kind = wire::EventKind::kMessage;
    content.body = {1, 2, 3};
    const auto sealed = sealing::seal_message(rng, secret, context, author(), content);
    save("message", Kind::kMessage, concat({sealed->nonce, sealed->ciphertext}));
    const Bytes bound = concat({Bytes{1}, room.view(), identity::big_endian(7), ada.user.view(),
                                phone.id.view(), ClientId{}.view(), Bytes{0}});
    const auto key = crypto::HkdfSha256::expand<32>(secret.expose(),
                                                    {as_bytes("parley message"), phone.id.view()});
    const auto inside = crypto::xchacha_open(key, sealed->nonce, bound, sealed->ciphertext);
    save("message_inside", Kind::kMessageInside, inside->expose());
    // Id, counter, hash before, kind, body.
    save("message_first", Kind::kMessageFields,
         concat({Bytes(16, 1), Bytes{1}, Bytes(32), Bytes{1, 3, 1, 2, 3}}));
    save("message_later", Kind::kMessageFields,
         concat({Bytes(16, 1), Bytes{0x80, 1}, Bytes(32, 9), Bytes{2, 0}}));
  }
  void between_devices() {
    sealing::HistoryBundle bundle;
    for (const std::uint64_t epoch : {5, 6, 9}) {
      bundle.secrets.push_back({epoch, test::some_secret(epoch)});
    }
    bundle.room_state = {1, 2, 3};
    save("bundle", Kind::kBundle,
         *sealing::seal_bundle(rng, receiver.public_key, {room, sealing::BundlePurpose::kNewMember},
                               author(), bundle));
    save("bundle_runs", Kind::kBundleFields,
         concat({Bytes{2, 5, 2}, Bytes(64, 1), Bytes{9, 1}, Bytes(32, 2), Bytes{3, 1, 2, 3}}));
    save("bundle_empty", Kind::kBundleFields, Bytes{0, 0});
    save("request", Kind::kRequest, *sealing::make_history_request(room, author(), {5, 6, 9}));
    save("request_runs", Kind::kRequestFields, Bytes{2, 5, 2, 9, 1});
    const auto invite = test::some_id<InviteId>(8);
    save("invite_key", Kind::kInviteKey,
         sealing::announce_invite_key(room, author(), invite, receiver.public_key));
    save("invite_fields", Kind::kInviteFields, concat({invite.view(), receiver.public_key}));
  }
  void vault() {
    using namespace sealing;
    const EntryName account = AccountEntry{};
    save("name_history", Kind::kEntryName, encode_name(HistoryEntry{room, 7}));
    save("name_account", Kind::kEntryName, encode_name(account));
    save("name_room", Kind::kEntryName, encode_name(RoomEntry{room, {3}}));
    save("name_vault_key", Kind::kEntryName, encode_name(VaultKeyEntry{}));
    save("name_contact", Kind::kEntryName, encode_name(ContactEntry{}));
    save("entry", Kind::kEntry, *seal_entry(rng, secret, ada.user, account, Bytes{1, 2, 3}));
    const Bytes wrap =
        *wrap_for_device(rng, ada.account, ada.user, phone.id, phone.kem_key.public_key, secret);
    save("device_wrap", Kind::kDeviceWrap, wrap);
    save("device_wrap_text", Kind::kDeviceWrapText,
         ByteView(wrap).first(wrap.size() - crypto::kSignatureSize));
    save("key_wrap", Kind::kKeyWrap,
         wrap_with_key(rng, KeyWrapKind::kRecovery, secret, ada.user, secret));
  }
  void attachments() {
    sealing::AttachmentSealer sealer(rng);
    std::ignore = sealer.push(Bytes(100, 1));
    save("attachment_key", Kind::kAttachmentKey, sealer.finish()->key.encode().expose());
    // Size; length, value and whether it is the last of each chunk.
    save("attachment_empty", Kind::kAttachmentChunks, Bytes{0, 0x80, 4, 0, 1});
    save("attachment_small", Kind::kAttachmentChunks, Bytes{0x80, 4, 0x80, 4, 7, 1});
    save("attachment_padded", Kind::kAttachmentChunks,
         Bytes{0xd0, 0x83, 4, 0x80, 0x80, 4, 7, 0, 0x80, 0x10, 0, 1});
    save("attachment_cut", Kind::kAttachmentChunks, Bytes{0x80, 4, 0x80, 4, 7, 0});
  }
  void chains() {
    sealing::SenderChain chain;
    for (std::uint8_t i = 1; i < 5; ++i) chain.judge({i, {i}, {static_cast<std::uint8_t>(i + 1)}});
    save("chain", Kind::kChain, chain.encode());
    save("chain_links", Kind::kChainLinks,
         Bytes{1, 0, 1, 2, 1, 2, 5, 4, 5, 3, 2, 3, 4, 3, 4, 4, 9, 9, 2, 1, 2});
  }
};

// ---- shared/identity ---------------------------------------------------------------------------

struct IdentitySamples : test::IdentityParty {
  using Kind = test::IdentityParty::Input;

  static void save(const std::string& name, Kind kind, ByteView bytes) {
    write_kind("identity/" + name, kind, bytes);
  }
  void all() {
    using namespace identity;
    const DeviceList first = *make_first(ada.account, ada.user, {phone.entry(), laptop.entry()});
    const DeviceList next = *make_next(ada.account, first, {{}, {laptop.id}});
    for (const DeviceList* list : {&first, &next}) {
      const std::string version = std::to_string(list->version);
      const Bytes bytes = list->encode();
      save("list_" + version, Kind::kDeviceList, bytes);
      // After format, user and account key, up to the signature.
      save("devices_" + version, Kind::kListDevices,
           ByteView(bytes).subspan(49, bytes.size() - 49 - crypto::kSignatureSize));
    }
    save("credential", Kind::kCredential, ada.credential(phone).encode());

    PinnedIdentity pin(ada.user);
    pin.observe(first);
    save("pin", Kind::kPin, pin.encode());
    pin.mark_verified();
    save("pin_verified", Kind::kPin, pin.encode());
    pin.observe(*make_first(ben.account, ada.user, {phone.entry()}));
    save("pin_blocked", Kind::kPin, pin.encode());

    save("handshake_emoji", Kind::kHandshake, Bytes{0});
    save("handshake_qr", Kind::kHandshake, Bytes{1});
    for (std::uint8_t message = 0; message < 4; ++message) {
      const Bytes unchanged(message);
      save("handshake_changed_" + std::to_string(message), Kind::kHandshake,
           concat({Bytes{message}, unchanged, Bytes{4, 0, 9, 1, 1}}));
    }
    const Bytes list = first.encode();
    Bytes length;
    wire::BinaryWriter(length).write_varint(list.size());
    save("link_bundle", Kind::kLinkBundle,
         concat({ada.user.view(), ada.account.seed().expose(), vault_key.expose(),
                 ada.credential(phone).encode(), length, list}));
    save("safety_code", Kind::kSafetyCode,
         make_safety_code({ben.user, ben.account.public_key()},
                          {ada.user, ada.account.public_key()}));
    std::string words;
    for (const std::string_view word : recovery_words(test::some_secret<16>(9))) {
      words.append(word).push_back(' ');
    }
    save("words", Kind::kRecoveryWords, as_bytes(words));
  }
};

// ---- client/e2ee -------------------------------------------------------------------------------

template <class T>
void write_record(const std::string& name, const T& record) {
  write_kind("e2ee_records/" + name, e2ee::test::fuzzed_kind<T>(),
             e2ee::pack(record, 64 * 1024).expose());
}

void write_records() {
  using namespace e2ee;
  AccountRecord account;
  account.to_remove.resize(2);
  write_record("account", account);
  write_record("link_mark", LinkMark{});
  VaultKeysRecord keys;
  keys.earlier.resize(2);
  write_record("vault_keys", keys);
  UserRecord user;
  user.pin = {1, 2};
  user.list = {3};
  write_record("user", user);
  PackageRecord package;
  package.key_package = {1, 2, 3};
  write_record("package", package);
  write_record("epoch", EpochRecord{});
  InviteRecord invite;
  invite.code = "code";
  write_record("invite", invite);
  RoomRecord room;
  room.to_add.resize(1);
  room.to_post = Naming{"name", "topic", {3}};
  room.newcomers.resize(1);
  room.bundles = {{1, 2}, {}};
  room.state.naming.name = "name";
  room.state.invites = {{1}, {2, 3}};
  room.claims.resize(1);
  write_record("room", room);
  PendingRecord pending;
  pending.next = {1, 2};
  pending.added.resize(1);
  write_record("pending", pending);
  SinceRecord since;
  since.users.resize(2);
  write_record("since", since);
  ChainRecord chain;
  chain.chain = {1, 0};
  chain.places.resize(1);
  write_record("chain", chain);
  write_record("times", TimesRecord({{3, {1000}}, {5, {2000}}}));
  SaidRecord said;
  said.sealed = {1, 2};
  said.body = {3};
  write_record("said", said);
  InvitesRecord invites;
  invites.due.resize(2);
  invites.announcements = {{{1, 2}, {{}}}};
  write_record("invites", invites);
  write_record("invite_key", InviteKeyRecord{});
  write_record("room_state", room.state);
  write_record("naming", room.state.naming);
  // No name, topic and place; more invitations than may be, and fewer than counted.
  write_kind("e2ee_records/room_state_miscounted", e2ee::test::fuzzed_kind<RoomState>(),
             concat({Bytes{0, 0, 0, RoomState::kMostInvites + 1}, Bytes(RoomState::kMostInvites)}));

  const LinkChannel channel(*derive_link_keys(e2ee::test::kFuzzedCode));
  write_kind("e2ee_records/link_item", e2ee::test::kFuzzedLinkItem, channel.mark(Bytes{1, 6}));
  write_kind("e2ee_records/link_code", e2ee::test::kFuzzedLinkCode,
             as_bytes(e2ee::test::kFuzzedCode));
  write_kind("e2ee_records/link_address", e2ee::test::kFuzzedLinkCode,
             as_bytes("https://chat.example/#link=k7qm4wzxpd9t"));
}

// The first byte chooses whether the server lies.
void write_runs() {
  for (std::uint8_t seed = 1; seed <= 12; ++seed) {
    SeededRng rng(seed);
    Bytes choices(20 + 10 * std::size_t{seed});
    rng.fill(choices);
    choices[0] = seed;
    write("e2ee_engine/choices_" + std::to_string(seed), choices);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 || argv[1][0] == '-') {
    std::cerr << "usage: parley-fuzz-samples FOLDER\n";
    return 2;
  }
  folder = argv[1];
  SealingSamples sealing;
  sealing.messages();
  sealing.between_devices();
  sealing.vault();
  sealing.attachments();
  sealing.chains();
  IdentitySamples().all();
  write_records();
  write_runs();
  return 0;
}
