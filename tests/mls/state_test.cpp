// Saving and restoring a group.
#include "shared/mls/state.hpp"

#include <catch2/catch_test_macros.hpp>
#include <map>

#include "shared/base/rng.hpp"

namespace parley::mls {
namespace {

constexpr std::uint64_t kNow = 1'800'000'000;
const Policy kPolicy{.unique_identities = true, .now_s = kNow};

Bytes bytes_of(std::string_view text) { return to_bytes(as_bytes(text)); }

KeyPackageKeys keys_of(Rng& rng, std::string_view name) {
  Identity identity{{CredentialType::kBasic, bytes_of(name), {}}, default_capabilities(), {}};
  return make_key_package(rng, crypto::SigningKey::generate(rng), identity,
                          {kNow - 3600, kNow + 86'400});
}

Message message_of(ByteView bytes) {
  auto message = decode<Message>(bytes);
  REQUIRE(message);
  return std::move(*message);
}

// A few members in one group; the first one commits.
struct Members {
  explicit Members(std::size_t count) {
    auto created = Group::create(rng, bytes_of("a group"), keys_of(rng, "0"), {}, kPolicy);
    REQUIRE(created);
    all.push_back(std::move(*created));
    CommitOptions options;
    std::vector<KeyPackageKeys> joining;
    for (std::size_t i = 1; i < count; ++i) {
      joining.push_back(keys_of(rng, std::to_string(i)));
      options.proposals.push_back(
          Proposal{Add{std::make_shared<const KeyPackage>(joining.back().key_package)}});
    }
    auto pending = all[0].commit(rng, std::move(options), no_psk);
    REQUIRE(pending);
    const Message welcome = message_of(*pending->welcome);
    all[0].become(std::move(pending->next));
    for (const KeyPackageKeys& keys : joining) {
      auto joined =
          Group::join(std::get<Welcome>(welcome.body), keys, std::nullopt, no_psk, kPolicy);
      REQUIRE(joined);
      all.push_back(std::move(*joined));
    }
  }
  Group& operator[](std::size_t index) { return all[index]; }
  void commit(std::size_t by) {
    auto pending = all[by].commit(
        rng, {.proposals = {}, .renew_path = true, .authenticated_data = {}}, no_psk);
    REQUIRE(pending);
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (i != by) REQUIRE(all[i].process(pending->message, no_psk));
    }
    all[by].become(std::move(pending->next));
  }
  Bytes say(std::size_t by, std::string_view text) {
    auto sealed = all[by].protect(rng, as_bytes(text));
    REQUIRE(sealed);
    return std::move(*sealed);
  }
  void agree() {
    for (Group& group : all) {
      CHECK(group.epoch() == all[0].epoch());
      CHECK(crypto::constant_time_equal(group.epoch_authenticator().expose(),
                                        all[0].epoch_authenticator().expose()));
    }
  }

  SeededRng rng{7};
  std::vector<Group> all;
};

std::string text_of(Result<Processed> processed) {
  if (!processed) return "refused: " + processed.error().detail;
  const auto* message = std::get_if<ApplicationMessage>(&*processed);
  if (message == nullptr) return "something else";
  const ByteView data = message->data.expose();
  return {data.begin(), data.end()};
}

Secret some_key() {
  Secret key;
  key.write()[0] = 9;
  return key;
}

}  // namespace

TEST_CASE("a restored group goes on as the one that was saved") {
  Members members(5);
  const Secret key = some_key();
  const Bytes context = bytes_of("room 1, current");
  const Bytes late = members.say(0, "late");
  members.commit(1);
  members.commit(2);
  const Bytes skipped = members.say(0, "skipped");
  CHECK(text_of(members[4].process(members.say(0, "read"), no_psk)) == "read");
  const auto proposal = members[4].propose_update(members.rng);
  REQUIRE(proposal);

  auto restored =
      open_state(key, context, seal_state(members.rng, key, context, members[4]), kPolicy);
  REQUIRE(restored);
  members.all[4] = std::move(*restored);
  members.agree();

  // Past epochs, skipped keys, and what was read already.
  CHECK(text_of(members[4].process(late, no_psk)) == "late");
  CHECK(text_of(members[4].process(skipped, no_psk)) == "skipped");
  CHECK(text_of(members[4].process(skipped, no_psk)).starts_with("refused"));
  CHECK(text_of(members[1].process(members.say(4, "hello"), no_psk)) == "hello");
  // The own open update, taken up by somebody else's commit.
  for (std::size_t i = 0; i < 4; ++i) REQUIRE(members[i].process(*proposal, no_psk));
  members.commit(3);
  members.agree();
  members.commit(4);
  members.agree();
  CHECK(members[4].resumption_psk(1).has_value());
}

TEST_CASE("a saved group is refused under another key, another context, or changed") {
  Members members(2);
  const Secret key = some_key();
  const Bytes context = bytes_of("room 1, current");
  const Bytes sealed = seal_state(members.rng, key, context, members[1]);
  const auto code = [&](const Secret& with, ByteView where, ByteView bytes) {
    const auto opened = open_state(with, where, bytes, kPolicy);
    return opened ? ErrorCode{} : opened.error().code;
  };
  CHECK(code(key, context, sealed) == ErrorCode{});
  CHECK(code(Secret(), context, sealed) == ErrorCode::kDecryptionFailed);
  CHECK(code(key, bytes_of("room 1, pending"), sealed) == ErrorCode::kDecryptionFailed);
  CHECK(code(key, context, ByteView(sealed).first(10)) == ErrorCode::kMalformed);
  CHECK(code(key, context, ByteView(sealed).first(sealed.size() - 1)) ==
        ErrorCode::kDecryptionFailed);
  for (std::size_t at = 1; at < sealed.size(); at += sealed.size() / 97) {
    Bytes changed = sealed;
    changed[at] ^= 1;
    CHECK(code(key, context, changed) == ErrorCode::kDecryptionFailed);
  }
  Bytes newer = sealed;
  newer[0] = 2;
  CHECK(code(key, context, newer) == ErrorCode::kUnsupported);
}

TEST_CASE("a pending commit's next state is saved beside the present one") {
  Members members(3);
  const Secret key = some_key();
  const Bytes context = bytes_of("room 1, pending");
  auto pending = members[0].commit(
      members.rng, {.proposals = {}, .renew_path = true, .authenticated_data = {}}, no_psk);
  REQUIRE(pending);
  const Bytes kept = seal_state(members.rng, key, context, pending->next);
  // The program ends here; the server has taken the commit.
  REQUIRE(members[1].process(pending->message, no_psk));
  REQUIRE(members[2].process(pending->message, no_psk));
  CHECK_FALSE(members[0].process(pending->message, no_psk));  // an own commit says nothing new
  auto next = open_state(key, context, kept, kPolicy);
  REQUIRE(next);
  members[0].become(std::move(*next));
  members.agree();
  members.commit(0);
  members.commit(1);
  members.agree();
}

namespace {

// A group on a disk that keeps message keys by their parts.
struct Disk {
  void save(Rng& rng, Group& group) {
    state = seal_state(rng, key, {}, group, KeysOf::kNone);
    save_keys(group);
  }
  // Gives what was written.
  std::size_t save_keys(Group& group) {
    std::size_t written = 0;
    for (const KeyPart& part : group.take_changed_keys()) {
      const auto bytes = encode_keys(group, part);
      written += bytes.size();
      parts[part] = to_bytes(bytes.expose());
    }
    return written;
  }
  Group open() const {
    auto group = open_state(key, {}, state, kPolicy);
    REQUIRE(group);
    for (const auto& [part, bytes] : parts) REQUIRE(restore_keys(*group, part, bytes).ok());
    return std::move(*group);
  }
  Secret key = some_key();
  Bytes state;
  std::map<KeyPart, Bytes> parts;
};

}  // namespace

TEST_CASE("message keys that are kept by their parts are gone from the disk once used") {
  Members members(5);
  Disk disk;
  disk.save(members.rng, members[4]);
  const Bytes late = members.say(0, "late");
  const Bytes first = members.say(1, "first");
  const Bytes second = members.say(1, "second");
  members.commit(2);
  disk.save(members.rng, members[4]);
  const Bytes now = members.say(3, "now");
  const Bytes later = members.say(3, "later");

  CHECK(text_of(members[4].process(second, no_psk)) == "second");
  CHECK(text_of(members[4].process(now, no_psk)) == "now");
  disk.save_keys(members[4]);
  Group thief = disk.open();
  CHECK(text_of(thief.process(second, no_psk)).starts_with("refused"));
  CHECK(text_of(thief.process(now, no_psk)).starts_with("refused"));
  // What was not read is read after a restart, whatever its epoch.
  Group again = disk.open();
  CHECK(text_of(again.process(first, no_psk)) == "first");
  CHECK(text_of(again.process(late, no_psk)) == "late");
  CHECK(text_of(again.process(later, no_psk)) == "later");

  SECTION("a commit that was made before keeps none of them either") {
    auto pending = members[4].commit(
        members.rng, {.proposals = {}, .renew_path = true, .authenticated_data = {}}, no_psk);
    REQUIRE(pending);
    CHECK(text_of(members[4].process(later, no_psk)) == "later");
    auto next = open_state(
        disk.key, {}, seal_state(members.rng, disk.key, {}, pending->next, KeysOf::kPresentEpoch),
        kPolicy);
    REQUIRE(next);
    members[4].become(std::move(*next));
    CHECK(text_of(members[4].process(later, no_psk)).starts_with("refused"));
    CHECK(text_of(members[4].process(first, no_psk)) == "first");
  }
  SECTION("an epoch that is forgotten is read no more") {
    const std::uint64_t past = members[4].epoch() - 1;
    REQUIRE(members[4].has_epoch(past));
    members[4].forget_past_epoch(past);
    CHECK_FALSE(members[4].has_epoch(past));
    CHECK(text_of(members[4].process(first, no_psk)).starts_with("refused"));
    Group bare = std::move(members[4]);
    CHECK(restore_keys(bare, {past, 1}, disk.parts.at({past, 1})).error().code ==
          ErrorCode::kInvalidArgument);
  }
  SECTION("parts that are broken are refused") {
    const auto& [part, bytes] = *disk.parts.begin();
    Group group = disk.open();
    CHECK_FALSE(restore_keys(group, part, ByteView(bytes).first(bytes.size() - 1)).ok());
    CHECK_FALSE(restore_keys(group, {part.epoch, 1}, {}).ok());
  }
}

TEST_CASE("a message in a large group writes little") {
  Members members(100);
  Disk disk;
  disk.save(members.rng, members[99]);
  for (std::size_t by = 0; by < 99; ++by) {
    REQUIRE(members[99].process(members.say(by, "hello"), no_psk));
    CHECK(disk.save_keys(members[99]) < 2000);
  }
}

}  // namespace parley::mls
