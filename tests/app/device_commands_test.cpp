// What devices keep at the server: key packages, inboxes, device lists, vaults.
#include <set>

#include "tests/app/secure_device.hpp"

using namespace parley;
using namespace parley::testing;

namespace {

template <class T>
std::vector<T> notices(const Person& person) {
  std::vector<T> found;
  for (const wire::Notice& notice : person.peer.notices) {
    if (const auto* one = std::get_if<T>(&notice)) found.push_back(*one);
  }
  return found;
}

}  // namespace

TEST_CASE("key packages are used once, then the last resort, with a warning before") {
  Server server;
  Account ada_account(server.rng), ben_account(server.rng);
  SecureDevice ada(server, ada_account, "Ada");
  SecureDevice ben(server, ben_account, "Ben", 1);
  const RoomId room = ada.create_private();
  const wire::ClaimKeyPackages claim{room, {ben.id(), ada.id()}};
  const auto nothing = ada.ask<wire::KeyPackages>(claim);
  CHECK(nothing.packages.empty());
  CHECK(nothing.missing == std::vector{ben.ref()});  // the asking device is left out

  CHECK(ben.publish(30, true) == 30);
  std::set<Bytes> seen;
  for (int i = 0; i < 30; ++i) {
    const auto claimed = ada.ask<wire::KeyPackages>(claim);
    REQUIRE(claimed.packages.size() == 1);
    CHECK_FALSE(claimed.packages[0].last_resort);
    CHECK(claimed.packages[0].device_id == ben.ref().device_id);
    CHECK(seen.insert(claimed.packages[0].key_package).second);
  }
  const auto low = notices<wire::KeyPackagesLowNotice>(ben);
  REQUIRE(low.size() == 30);
  CHECK(low.front().count == 29);
  CHECK(low.back().count == 0);
  const auto last = ada.ask<wire::KeyPackages>(claim).packages.at(0);
  CHECK(last.last_resort);
  CHECK(ada.ask<wire::KeyPackages>(claim).packages.at(0) == last);
  CHECK(ben.publish(40) == 40);
  CHECK_FALSE(ada.ask<wire::KeyPackages>(claim).packages.at(0).last_resort);
  CHECK(notices<wire::KeyPackagesLowNotice>(ben).size() == 32);

  CHECK(ben.refusal(wire::ClaimKeyPackages{room, {ada.id()}}) == ErrorCode::kNotAMember);
}

TEST_CASE("only a device's own good key packages are taken") {
  Server server;
  Account ada_account(server.rng), ben_account(server.rng);
  SecureDevice ada(server, ada_account, "Ada");
  SecureDevice ben(server, ben_account, "Ben", 1);
  CHECK(ada.refusal(ben.publication(1)) == ErrorCode::kCredentialInvalid);
  auto broken = ada.publication(1);
  broken.packages[0].key_package.back() ^= 1;
  CHECK(ada.refusal(broken) == ErrorCode::kMlsInvalid);
  broken.packages[0].key_package.clear();
  CHECK(ada.refusal(broken) == ErrorCode::kMlsInvalid);
  auto mixed = ada.publication(2);
  mixed.last_resort = mls::encode(ben.make_key_package().key_package);
  CHECK(ada.refusal(mixed) == ErrorCode::kCredentialInvalid);
  CHECK(ada.publish(0) == 0);
  wire::PublishKeyPackages expired;
  const auto old = ada.make_key_package(5);
  server.advance(seconds(10));
  expired.packages.push_back({mls::encode(old.key_package)});
  CHECK(ada.refusal(expired) == ErrorCode::kMlsInvalid);
  CHECK(ada.publish(3) == 3);
}

TEST_CASE("an inbox comes a frame at a time, the next when the last is acknowledged") {
  Server server;
  Account account(server.rng), ben_account(server.rng);
  SecureDevice ada(server, account, "Ada");
  SecureDevice phone(server, account, 1);
  SecureDevice ben(server, ben_account, "Ben", 2);
  const auto send = [&](std::uint8_t n, RoomId room = {}) {
    return wire::SendToDevices{{phone.ref()}, room, 2, Bytes(60'000, n)};
  };
  constexpr std::uint8_t kItems = 20;
  for (std::uint8_t n = 1; n <= kItems; ++n) ada.ask<wire::Done>(send(n));
  std::uint8_t next = 1;
  for (std::size_t pages = 1;; ++pages) {
    const auto seen = notices<wire::InboxNotice>(phone);
    REQUIRE(seen.size() == pages);
    std::size_t bytes = 0;
    for (const wire::InboxItem& item : seen.back().items) {
      CHECK(item.body.at(0) == next++);
      CHECK(item.sender == ada.id());
      bytes += item.body.size();
    }
    CHECK(bytes <= wire::kFullFrameBytes);
    if (next > kItems) break;
    phone.ask<wire::Done>(wire::AckInbox{seen.back().items.back().number});
  }
  CHECK(notices<wire::InboxNotice>(phone).size() > 2);
  CHECK(notices<wire::InboxNotice>(ada).empty());

  // What was not acknowledged comes again to the next connection.
  const auto pending = notices<wire::InboxNotice>(phone).back().items;
  wire::Authenticate again;
  again.token = phone.welcome.session.token;
  Person reconnected(server, again, 2);
  CHECK(notices<wire::InboxNotice>(reconnected).back().items == pending);

  // Strangers reach nobody; members of a room do.
  CHECK(ben.refusal(send(1)) == ErrorCode::kAccessDenied);
  const RoomId room = ada.create_private();
  CHECK(ben.refusal(send(1, room)) == ErrorCode::kNotAMember);
  auto to_ben = send(1, room);
  to_ben.devices = {ben.ref()};
  CHECK(ada.refusal(to_ben) == ErrorCode::kNotAMember);
  ben.publish(1);
  ada.add(room, {ben.id()});
  ada.ask<wire::Done>(to_ben);
  ben.join();
  CHECK(ben.inbox().back().kind == 2);
  auto welcome = send(1);
  welcome.kind = wire::InboxItem::kWelcome;
  CHECK(ada.refusal(welcome) == ErrorCode::kInvalidArgument);
}

TEST_CASE("device lists form a chain, and whoever shares a private room hears of a new one") {
  Server server;
  Account account(server.rng), ben_account(server.rng);
  SecureDevice ada(server, account, "Ada");
  SecureDevice ben(server, ben_account, "Ben", 1);
  Person eve(server, "Eve", 2);
  ben.publish(1);
  ada.add(ada.create_private(), {ben.id()});
  const identity::DeviceList first = *account.list;

  auto list = account.next_list({{}, {}}, ada.id());
  auto wrong = list;
  wrong.list.back() ^= 1;
  CHECK(ada.refusal(wrong) == ErrorCode::kSignatureInvalid);
  wrong = list;
  wrong.version = 3;
  CHECK(ada.refusal(wrong) == ErrorCode::kConflict);
  wrong.list.clear();
  wrong.version = 2;
  CHECK(ada.refusal(wrong) == ErrorCode::kInvalidArgument);
  CHECK(ben.refusal(list) == ErrorCode::kInvalidArgument);  // somebody else's
  identity::DeviceList unchained = *account.list;
  unchained.before = {};
  CHECK(ada.refusal(wire::PutDeviceList{2, unchained.encode()}) == ErrorCode::kInvalidArgument);

  ada.ask<wire::Done>(list);
  CHECK(ada.refusal(list) == ErrorCode::kConflict);
  const auto heard = notices<wire::IdentityChangedNotice>(ben);
  REQUIRE(!heard.empty());
  CHECK(heard.back() == wire::IdentityChangedNotice{ada.id(), 2});
  CHECK(notices<wire::IdentityChangedNotice>(ada).back().version == 2);
  CHECK(notices<wire::IdentityChangedNotice>(eve).empty());

  const auto known = eve.ask<wire::Identities>(wire::GetIdentities{{eve.id(), ben.id(), ada.id()}});
  CHECK_FALSE(known.more);
  REQUIRE(known.identities.size() == 2);
  CHECK(known.identities[0].user_id == ben.id());
  CHECK(known.identities[1] == wire::Identity{ada.id(), 2, list.list});

  // A list that lost a device says so in the private rooms.
  SecureDevice phone(server, account, 2);
  ada.ask<wire::Done>(account.next_list({{}, {phone.ref().device_id}}, ada.id()));
  const wire::Event& event = ben.peer.events.back().second;
  REQUIRE(event.kind == wire::EventKind::kDevicesChanged);
  CHECK(*wire::decode<wire::DevicesChanged>(event.body) == wire::DevicesChanged{ada.id(), 4});
}

TEST_CASE("an account starts afresh under another key when that is asked for in so many words") {
  Server server;
  Account account(server.rng), fresh(server.rng), ben_account(server.rng);
  SecureDevice ada(server, account, "Ada");
  SecureDevice phone(server, account, 2);
  SecureDevice ben(server, ben_account, "Ben", 1);
  ben.publish(1);
  phone.publish(1, true);
  const RoomId room = ada.create_private();
  ada.add(room, {ben.id()});
  ada.ask<wire::VaultPosition>(wire::PutVault{{{0, {1}, {2}}}});
  const std::uint32_t before = account.list->version;

  const identity::DeviceEntry entry = account.list->devices.front();
  REQUIRE(entry.device == ada.ref().device_id);
  const auto list = must(identity::make_afresh(fresh.key, *account.list, entry));
  const wire::PutDeviceList command{0, list.encode()};
  // Not by the way, not for another device, not with two devices, not twice, not out of turn.
  CHECK(ada.refusal(wire::PutDeviceList{list.version, list.encode()}) ==
        ErrorCode::kInvalidArgument);
  CHECK(phone.refusal(command) == ErrorCode::kInvalidArgument);
  const auto later = must(identity::make_afresh(account.key, list, entry));
  CHECK(ada.refusal(wire::PutDeviceList{0, later.encode()}) == ErrorCode::kConflict);
  const auto own_key = must(identity::make_next(account.key, *account.list, {}));
  CHECK(ada.refusal(wire::PutDeviceList{0, own_key.encode()}) == ErrorCode::kInvalidArgument);
  auto changed = list;
  changed.devices.push_back(account.list->devices.back());
  CHECK(ada.refusal(wire::PutDeviceList{0, changed.encode()}) == ErrorCode::kSignatureInvalid);
  CHECK(ada.refusal(wire::PutDeviceList{0, {1, 2}}) == ErrorCode::kInvalidArgument);
  CHECK(ada.ask<wire::VaultPage>(wire::GetVault{0, 10}).entries.size() == 1);

  ada.ask<wire::Done>(command);
  CHECK(ada.refusal(command) == ErrorCode::kConflict);
  const auto known = ben.ask<wire::Identities>(wire::GetIdentities{{ada.id()}});
  CHECK(known.identities.at(0) == wire::Identity{ada.id(), before + 1, list.encode()});
  CHECK(notices<wire::IdentityChangedNotice>(ben).back() ==
        wire::IdentityChangedNotice{ada.id(), before + 1});
  CHECK(ada.ask<wire::VaultPage>(wire::GetVault{0, 10}).entries.empty());
  CHECK(ada.ask<wire::VaultWraps>(wire::GetVaultWraps{}).wraps.empty());
  CHECK(ben.ask<wire::KeyPackages>(wire::ClaimKeyPackages{room, {ada.id()}}).packages.empty());
  CHECK(ben.peer.events.back().second.kind == wire::EventKind::kDevicesChanged);
  // The leaf of the key before has to go, like any device that is gone.
  const auto commits = ben.ask<wire::Commits>(wire::ListCommits{room, 1, 10});
  CHECK(commits.stale == std::vector{ada.ref()});
}

TEST_CASE("identities stop at a full frame and go on when asked again") {
  Server server(2, {.sign_ins_per_minute_per_address = 0});
  std::deque<Account> accounts;
  std::deque<SecureDevice> people;
  wire::GetIdentities ask;
  for (int i = 0; i < 60; ++i) {
    people.emplace_back(server, accounts.emplace_back(server.rng), "P" + std::to_string(i));
    identity::ListChange change;
    for (std::uint8_t n = 0; n < 99; ++n) {
      change.added.push_back({DeviceId::make({}, server.rng),
                              crypto::SigningKey::generate(server.rng).public_key(),
                              crypto::KemKeyPair::generate(server.rng).public_key,
                              {}});
    }
    people.back().ask<wire::Done>(accounts.back().next_list(change, people.back().id()));
    ask.user_ids.push_back(people.back().id());
  }
  std::size_t seen = 0;
  for (bool more = true; more;) {
    const auto page = people[0].ask<wire::Identities>(ask);
    REQUIRE(!page.identities.empty());
    for (const auto& one : page.identities) CHECK(one.user_id == people[seen++].id());
    ask.user_ids.erase(ask.user_ids.begin(),
                       ask.user_ids.begin() + static_cast<std::ptrdiff_t>(page.identities.size()));
    more = page.more;
    CHECK(more == (seen < people.size()));
  }
  CHECK(seen == people.size());
}

TEST_CASE("the vault keeps what came first, a page at a time") {
  Server server;
  Account account(server.rng);
  SecureDevice ada(server, account, "Ada");
  SecureDevice phone(server, account, 1);
  Person eve(server, "Eve", 2);
  const auto entry = [](std::uint8_t key, std::uint8_t sealed, std::size_t size = 10) {
    return wire::VaultEntry{0, {key}, Bytes(size, sealed)};
  };
  CHECK(ada.ask<wire::VaultPosition>(wire::PutVault{{entry(1, 1), entry(2, 2)}}).number == 2);
  CHECK(phone.ask<wire::VaultPosition>(wire::PutVault{{entry(2, 9), entry(3, 3)}}).number == 3);
  const auto page = ada.ask<wire::VaultPage>(wire::GetVault{0, 2});
  CHECK(page.more);
  REQUIRE(page.entries.size() == 2);
  CHECK(page.entries[1].sealed == Bytes(10, 2));
  const auto rest = phone.ask<wire::VaultPage>(wire::GetVault{2, 2});
  CHECK_FALSE(rest.more);
  REQUIRE(rest.entries.size() == 1);
  CHECK(rest.entries[0].number == 3);
  CHECK(eve.ask<wire::VaultPage>(wire::GetVault{0, 200}).entries.empty());
  CHECK(ada.refusal(wire::PutVault{{wire::VaultEntry{0, {}, {1}}}}) == ErrorCode::kInvalidArgument);

  wire::PutVault large;
  for (std::uint8_t n = 10; n < 210; ++n) large.entries.push_back(entry(n, n, 4096));
  ada.ask<wire::VaultPosition>(large);
  const auto full = ada.ask<wire::VaultPage>(wire::GetVault{3, 200});
  CHECK(full.more);
  CHECK(full.entries.size() < 200);
  CHECK(full.entries.size() > 100);
}

TEST_CASE("vault wraps come back, and the recovery secret signs a new device in") {
  Server server;
  Account account(server.rng);
  SecureDevice ada(server, account, "Ada");
  Person eve(server, "Eve", 2);
  using enum wire::VaultWrapKind;
  const std::vector<wire::VaultWrap> wraps{{kDevice, ada.ref().device_id, {1}},
                                           {kRecovery, {}, {2}}};
  ada.ask<wire::Done>(wire::PutVaultWraps{wraps, {}});
  const auto refused = [&](wire::VaultWrap wrap, Bytes hash = {}) {
    return ada.refusal(wire::PutVaultWraps{{std::move(wrap)}, std::move(hash)});
  };
  CHECK(refused({kDevice, {}, {1}}) == ErrorCode::kInvalidArgument);
  CHECK(refused({kRecovery, ada.ref().device_id, {1}}) == ErrorCode::kInvalidArgument);
  CHECK(refused({wire::VaultWrapKind{4}, {}, {1}}) == ErrorCode::kInvalidArgument);
  CHECK(refused({kDevice, eve.welcome.session.device_id, {1}}) == ErrorCode::kInvalidArgument);
  CHECK(refused({kPassword, {}, {1}}, Bytes(31)) == ErrorCode::kInvalidArgument);

  SecureDevice phone(server, account, 1);
  CHECK(phone.id() == ada.id());
  CHECK(phone.ref().device_id != ada.ref().device_id);
  CHECK(phone.ask<wire::VaultWraps>(wire::GetVaultWraps{}).wraps == wraps);
  CHECK(eve.ask<wire::VaultWraps>(wire::GetVaultWraps{}).wraps.empty());
  CHECK(phone.ask<wire::DeviceList>(wire::ListDevices{}).devices.size() == 2);

  wire::Authenticate guess;
  guess.recovery = Bytes(32, 1);
  Person stranger(server, std::string(), 1);
  CHECK(stranger.refusal(guess) == ErrorCode::kTokenInvalid);
  guess.recovery = Bytes(account.recovery.begin(), account.recovery.end() - 1);
  CHECK(stranger.refusal(guess) == ErrorCode::kTokenInvalid);
  int limited = 0;
  for (int i = 0; i < 40; ++i) limited += stranger.refusal(guess) == ErrorCode::kRateLimited;
  CHECK(limited > 0);
}

TEST_CASE("a link code signs one new device in") {
  Server server;
  Account account(server.rng);
  SecureDevice ada(server, account, "Ada");
  const auto offer = [&](std::uint8_t n) {
    ada.ask<wire::Done>(wire::PutLinkCode{to_bytes(crypto::sha256(Bytes(32, n)))});
  };
  const auto with = [](std::uint8_t n) {
    wire::Authenticate hello;
    hello.recovery = Bytes(32, n);
    hello.device_name = "phone";
    return hello;
  };
  Person stranger(server, std::string(), 1);
  const auto refused = [&](std::uint8_t n) {
    server.advance(seconds(20));  // tries of an address are counted
    return stranger.refusal(with(n)) == ErrorCode::kTokenInvalid;
  };
  CHECK(ada.refusal(wire::PutLinkCode{Bytes(31)}) == ErrorCode::kInvalidArgument);

  offer(1);
  CHECK(refused(2));
  ada.disconnect();
  stranger.disconnect();
  server.restart();
  Person again(server, std::string(), 2);
  CHECK(again.refusal(with(2)) == ErrorCode::kTokenInvalid);
  Person phone(server, with(1), 1);
  CHECK(phone.id() == ada.id());
  CHECK(phone.welcome.session.device_id != ada.ref().device_id);
  CHECK(phone.ask<wire::DeviceList>(wire::ListDevices{}).devices.size() == 2);
  // The recovery secret goes on working beside it.
  SecureDevice tablet(server, account, 2);
  CHECK(tablet.id() == ada.id());
}

TEST_CASE("a link code that was used, replaced, withdrawn or is too old signs nobody in") {
  Server server;
  Account account(server.rng);
  SecureDevice ada(server, account, "Ada");
  const auto offer = [&](std::uint8_t n) {
    const Bytes hash = n == 0 ? Bytes{} : to_bytes(crypto::sha256(Bytes(32, n)));
    ada.ask<wire::Done>(wire::PutLinkCode{hash});
  };
  Person other(server, std::string(), 1);
  const auto tries = [&](std::uint8_t n) {
    server.advance(seconds(20));  // those of an address are counted
    wire::Authenticate hello;
    hello.recovery = Bytes(32, n);
    const app::Reply reply = other.reply(hello);
    const auto* error = std::get_if<wire::ErrorReply>(&reply);
    return error == nullptr ? 0 : int{error->code};
  };
  constexpr int kRefused = static_cast<int>(ErrorCode::kTokenInvalid);

  offer(1);
  offer(2);
  CHECK(tries(1) == kRefused);
  offer(0);
  CHECK(tries(2) == kRefused);
  offer(3);
  server.advance(minutes(10));
  CHECK(tries(3) == kRefused);
  offer(4);
  CHECK(tries(4) == 0);
  Person second(server, std::string(), 2);
  wire::Authenticate hello;
  hello.recovery = Bytes(32, 4);
  CHECK(second.refusal(hello) == ErrorCode::kTokenInvalid);

  // A device that goes takes its user's code with it.
  offer(5);
  for (const auto& device : ada.ask<wire::DeviceList>(wire::ListDevices{}).devices) {
    if (!device.current) ada.ask<wire::Done>(wire::RevokeDevice{device.device_id});
  }
  hello.recovery = Bytes(32, 5);
  CHECK(second.refusal(hello) == ErrorCode::kTokenInvalid);
}
