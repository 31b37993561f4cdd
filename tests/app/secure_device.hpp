// A device with its real keys: identity, key packages, and the group of one private room, made by
// the same library as in the clients.
#pragma once

#include "shared/crypto/hash.hpp"
#include "shared/identity/credential.hpp"
#include "shared/identity/device_list.hpp"
#include "shared/mls/group.hpp"
#include "shared/mls/labels.hpp"
#include "tests/app/harness.hpp"

namespace parley::testing {

template <class T>
T must(Result<T> result) {
  if (!result) FAIL(error_info(result.error().code).name << " " << result.error().detail);
  return *std::move(result);
}

// What the devices of one user share.
struct Account {
  explicit Account(Rng& rng) : key(crypto::SigningKey::generate(rng)), recovery(32) {
    rng.fill(recovery);
  }
  wire::PutDeviceList next_list(const identity::ListChange& change, const UserId& user) {
    list = must(list ? identity::make_next(key, *list, change)
                     : identity::make_first(key, user, change.added));
    return {list->version, list->encode()};
  }
  crypto::SigningKey key;
  Bytes recovery;
  std::optional<identity::DeviceList> list;
};

class SecureDevice : public Person {
 public:
  // The first device of a new user.
  SecureDevice(Server& server, Account& account, const std::string& name, std::uint16_t shard = 0)
      : Person(server, name, shard), server_(server), account_(account) {
    enrol();
    wire::PutVaultWraps wraps;
    wraps.recovery_token_hash = to_bytes(crypto::sha256(account.recovery));
    ask<wire::Done>(wraps);
  }
  // A further one.
  SecureDevice(Server& server, Account& account, std::uint16_t shard = 0)
      : Person(server, recovery_of(account), shard), server_(server), account_(account) {
    enrol();
  }

  wire::DeviceRef ref() const { return {id(), welcome.session.device_id}; }
  mls::Identity mls_identity() const {
    mls::Identity own;
    own.credential.identity = credential_.encode();
    own.capabilities = mls::default_capabilities();
    return own;
  }
  mls::Policy policy() const { return {.unique_identities = true, .now_s = now_s()}; }
  const crypto::SigningKey& signing_key() const { return signing_key_; }

  // ---- key packages ----
  mls::KeyPackageKeys make_key_package(std::uint64_t lifetime_s = 90 * 86'400) {
    return mls::make_key_package(server_.rng, signing_key_, mls_identity(),
                                 {now_s() - 60, now_s() + lifetime_s});
  }
  wire::PublishKeyPackages publication(std::size_t count, bool last_resort = false) {
    wire::PublishKeyPackages publish;
    for (std::size_t i = 0; i < count; ++i) {
      packages.push_back(make_key_package());
      publish.packages.push_back({mls::encode(packages.back().key_package)});
    }
    if (last_resort) {
      packages.push_back(make_key_package());
      publish.last_resort = mls::encode(packages.back().key_package);
    }
    return publish;
  }
  std::uint32_t publish(std::size_t count, bool last_resort = false) {
    return ask<wire::KeyPackageCount>(publication(count, last_resort)).count;
  }
  std::vector<mls::Proposal> additions(RoomId room, std::vector<UserId> users) {
    std::vector<mls::Proposal> proposals;
    for (const auto& claimed :
         ask<wire::KeyPackages>(wire::ClaimKeyPackages{room, users}).packages) {
      proposals.push_back(addition(claimed.key_package));
    }
    return proposals;
  }
  static mls::Proposal addition(const Bytes& key_package) {
    return {mls::Add{
        std::make_shared<const mls::KeyPackage>(must(mls::decode<mls::KeyPackage>(key_package)))}};
  }
  mls::Proposal removal(const SecureDevice& other) const {
    std::optional<mls::LeafIndex> found;
    group->public_group().tree().for_each_leaf(
        [&](mls::LeafIndex index, const mls::LeafNode& leaf) {
          if (leaf.credential == other.mls_identity().credential) found = index;
        });
    REQUIRE(found);
    return {mls::Remove{*found}};
  }

  // ---- the group ----
  wire::CreateRoom creation(UserId direct_with = {}, std::uint32_t disappear_after_s = 0) {
    wire::CreateRoom command;
    command.client_id = ClientId::make(server_.executor.now().wall, server_.rng);
    command.kind = wire::RoomKind::kPrivate;
    command.access = wire::RoomAccess::kInviteOnly;
    command.direct_with = direct_with;
    command.disappear_after_s = disappear_after_s;
    mls::Extensions extensions;
    if (disappear_after_s > 0) {
      extensions = {{mls::ExtensionType::kDisappearAfter, mls::encode(disappear_after_s)}};
    }
    group = must(mls::Group::create(server_.rng, to_bytes(command.client_id.view()),
                                    make_key_package(), extensions, policy()));
    command.group_info = mls::encode(group->group_info(false));
    command.tree = group->public_group().tree().encode();
    return command;
  }
  RoomId create_private() { return ask<wire::RoomState>(creation()).room.room_id; }

  // Made, not sent; `pending` has the state after it.
  wire::CommitGroup commit(RoomId room, std::vector<mls::Proposal> proposals,
                           std::vector<UserId> add_members = {}) {
    mls::CommitOptions options;
    options.proposals = std::move(proposals);
    options.renew_path = true;
    options.tree_in_welcome = false;
    return use(room, must(group->commit(server_.rng, std::move(options), mls::no_psk)),
               std::move(add_members));
  }
  wire::CommitGroup external_commit(RoomId room, std::optional<mls::LeafIndex> replaces = {}) {
    const auto state = ask<wire::GroupState>(wire::GetGroup{room, 0});
    const auto info = must(mls::decode<mls::GroupInfo>(state.group_info));
    return use(room,
               must(mls::Group::join_external(server_.rng, info, ByteView(state.tree), signing_key_,
                                              mls_identity(), replaces, {}, mls::no_psk, policy())),
               {});
  }
  wire::Posted send(const wire::CommitGroup& command) {
    const auto posted = ask<wire::Posted>(command);
    group = std::move(pending->next);
    pending.reset();
    return posted;
  }
  // Creates nothing but members: claims, commits, and is in the next epoch.
  wire::Posted add(RoomId room, std::vector<UserId> users) {
    auto proposals = additions(room, users);
    return send(commit(room, std::move(proposals), users));
  }
  // The commits heard in the room that the group has not seen.
  void follow(RoomId room) {
    for (const auto& [where, event] : peer.events) {
      if (where != room || event.kind != wire::EventKind::kCommit) continue;
      const auto message = must(mls::decode<mls::Message>(event.body));
      if (std::get<mls::PublicMessage>(message.body).content.epoch != group->epoch()) continue;
      must(group->process(event.body, mls::no_psk));
    }
  }

  // ---- the inbox ----
  std::vector<wire::InboxItem> inbox() const {
    std::vector<wire::InboxItem> items;
    for (const wire::Notice& notice : peer.notices) {
      if (const auto* page = std::get_if<wire::InboxNotice>(&notice)) {
        items.insert(items.end(), page->items.begin(), page->items.end());
      }
    }
    return items;
  }
  // Joins by the newest Welcome.
  void join() {
    const auto items = inbox();
    REQUIRE(!items.empty());
    const wire::InboxItem& item = items.back();
    REQUIRE(item.kind == wire::InboxItem::kWelcome);
    auto message = must(mls::decode<mls::Message>(item.body));
    const auto& offered = std::get<mls::Welcome>(message.body);
    for (const mls::KeyPackageKeys& keys : packages) {
      const Bytes ref = mls::key_package_ref(keys.key_package);
      const auto is_for = [&](const auto& secrets) { return secrets.new_member == ref; };
      if (std::ranges::none_of(offered.secrets, is_for)) continue;
      group = must(mls::Group::join(offered, keys, ByteView(item.tree), mls::no_psk, policy()));
    }
    REQUIRE(group);
    ask<wire::Done>(wire::AckInbox{item.number});
  }

  wire::Post sealed(RoomId room, std::uint64_t epoch, bool counts = true) {
    wire::SealedBody body;
    body.epoch = epoch;
    body.counts = counts;
    body.nonce = Bytes(wire::kSealNonceBytes, 1);
    body.ciphertext = Bytes(64, 2);
    return event(room, body);
  }

  std::vector<mls::KeyPackageKeys> packages;
  std::optional<mls::Group> group;
  std::optional<mls::PendingCommit> pending;

 private:
  static wire::Authenticate recovery_of(const Account& account) {
    wire::Authenticate hello;
    hello.recovery = account.recovery;
    hello.device_name = "another";
    return hello;
  }
  std::uint64_t now_s() const {
    return static_cast<std::uint64_t>(server_.executor.now().wall.ms) / 1000;
  }
  void enrol() {
    const auto device_key = crypto::KemKeyPair::generate(server_.rng);
    credential_ = identity::make_credential(account_.key, id(), welcome.session.device_id,
                                            signing_key_.public_key(), device_key.public_key);
    identity::ListChange change;
    change.added.push_back({welcome.session.device_id, signing_key_.public_key(),
                            device_key.public_key, server_.executor.now().wall});
    ask<wire::Done>(account_.next_list(change, id()));
  }
  wire::CommitGroup use(RoomId room, mls::PendingCommit made, std::vector<UserId> add_members) {
    wire::CommitGroup command;
    command.room_id = room;
    command.client_id = ClientId::make(server_.executor.now().wall, server_.rng);
    command.epoch = made.next.epoch() - 1;
    command.commit = made.message;
    command.welcome = made.welcome.value_or(Bytes());
    command.group_info = mls::encode(made.next.group_info(false));
    command.add_members = std::move(add_members);
    pending = std::move(made);
    return command;
  }

  Server& server_;
  Account& account_;
  crypto::SigningKey signing_key_ = crypto::SigningKey::generate(server_.rng);
  identity::DeviceCredential credential_;
};

}  // namespace parley::testing
