// Whole groups: clients that join and follow, and what they must refuse.
#include <chrono>
#include <map>

#include "shared/mls/group.hpp"
#include "tests/vectors/mls_checks.hpp"

namespace parley::vectors {
namespace {

using namespace mls;

// What one passive client was given.
struct Client {
  KeyPackageKeys keys;
  Welcome welcome;
  std::optional<Bytes> tree;
  std::map<Bytes, Bytes> external_psks;
};

crypto::SigningKey signing_key(const Json& hex) {
  return crypto::SigningKey::from_seed(secret(hex));
}

Client read_client(const Json& vector) {
  auto package = require_ok(decode<Message>(unhex(vector.at("key_package"))), "key_package");
  auto welcome = require_ok(decode<Message>(unhex(vector.at("welcome"))), "welcome");
  require(std::holds_alternative<KeyPackage>(package.body), "key_package is another message");
  require(std::holds_alternative<Welcome>(welcome.body), "welcome is another message");
  Client client{{std::get<KeyPackage>(package.body),
                 crypto::KemKeyPair::from_secret(secret(vector.at("init_priv"))),
                 crypto::KemKeyPair::from_secret(secret(vector.at("encryption_priv"))),
                 signing_key(vector.at("signature_priv"))},
                std::get<Welcome>(std::move(welcome.body)),
                std::nullopt,
                {}};
  if (vector.contains("ratchet_tree") && !vector.at("ratchet_tree").is_null()) {
    client.tree = unhex(vector.at("ratchet_tree"));
  }
  if (vector.contains("external_psks")) {
    for (const Json& psk : vector.at("external_psks")) {
      client.external_psks[unhex(psk.at("psk_id"))] = unhex(psk.at("psk"));
    }
  }
  return client;
}

PskLookup lookup(const Client& client) {
  return [&client](const PreSharedKeyId& id) -> std::optional<crypto::SecretBytes> {
    if (id.type != PskType::kExternal) return std::nullopt;
    const auto found = client.external_psks.find(id.id);
    if (found == client.external_psks.end()) return std::nullopt;
    return crypto::SecretBytes(found->second);
  };
}

Result<Group> join(const Client& client, Policy policy) {
  const std::optional<ByteView> tree =
      client.tree ? std::optional<ByteView>(*client.tree) : std::nullopt;
  return Group::join(client.welcome, client.keys, tree, lookup(client), policy);
}

void follow(Group& group, const Json& epochs, const PskLookup& psks) {
  for (std::size_t i = 0; i < epochs.size(); ++i) {
    const std::string name = "epoch " + std::to_string(i);
    for (const Json& proposal : epochs[i].at("proposals")) {
      require_ok(group.process(unhex(proposal), psks), name + " proposal");
    }
    const auto processed = require_ok(group.process(unhex(epochs[i].at("commit")), psks), name);
    require(std::holds_alternative<EpochChanged>(processed), name + " is not a new epoch");
    require_equal(unhex(epochs[i].at("epoch_authenticator")), group.epoch_authenticator().expose(),
                  name + " epoch_authenticator");
  }
}

void check_passive_client(const Json& vector) {
  require_suite(vector);
  const Client client = read_client(vector);
  Policy policy;
  policy.unique_identities = false;  // the vectors' members may share a name
  Group group = require_ok(join(client, policy), "join");
  require_equal(unhex(vector.at("initial_epoch_authenticator")),
                group.epoch_authenticator().expose(), "initial_epoch_authenticator");
  follow(group, vector.at("epochs"), lookup(client));
}

// ---- what must be refused ----

Policy strict() {
  Policy policy;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  policy.now_s =
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(now).count());
  return policy;
}

void check_negative_message(const Json& setup, const Json& test) {
  const Client client = read_client(setup);
  const PskLookup psks = lookup(client);
  Group group = require_ok(join(client, strict()), "join");
  follow(group, setup.at("epochs"), psks);
  const Bytes before = to_bytes(group.epoch_authenticator().expose());

  bool refused = false;
  for (const Json& proposal : test.at("proposals")) {
    refused |= !group.process(unhex(proposal), psks).ok();
  }
  const Bytes message = unhex(test.at("message"));
  const auto expect = test.at("expect").get<std::string>();
  const auto processed = group.process(message, psks);
  if (expect == "accept") {
    require_ok(processed.ok() ? Status() : Status(processed.error()), "a good message");
    require(!refused, "a good proposal was refused");
    if (test.contains("epoch_authenticator")) {
      require_equal(unhex(test.at("epoch_authenticator")), group.epoch_authenticator().expose(),
                    "epoch_authenticator");
    }
    return;
  }
  if (expect == "accept-then-reject") {
    require(processed.ok(), "the first delivery was refused");
    require(!group.process(message, psks).ok(), "the second delivery was accepted");
  } else {
    require(!processed.ok(), "accepted");
  }
  require_equal(before, group.epoch_authenticator().expose(), "state after the rejection");
  if (test.contains("then") && !test.at("then").is_null()) {
    const Json& then = test.at("then");
    const auto next = group.process(unhex(then.at("commit")), psks);
    require_ok(next.ok() ? Status() : Status(next.error()), "the good commit afterwards");
    require_equal(unhex(then.at("epoch_authenticator")), group.epoch_authenticator().expose(),
                  "epoch_authenticator afterwards");
  }
}

void check_negative_messages(const Json& file, Report& report) {
  for (std::size_t i = 0; i < file.size(); ++i) {
    for (const Json& test : file[i].at("cases")) {
      report.run("setup " + std::to_string(i) + " " + test.at("name").get<std::string>(),
                 [&] { check_negative_message(file[i], test); });
    }
  }
}

void check_negative_join(const Json& file, Report& report) {
  for (const Json& test : file) {
    report.run(test.at("name").get<std::string>(), [&] {
      const bool expected = test.at("expect") == "accept";
      const Client client = read_client(test);
      const auto group = join(client, strict());
      require(group.ok() == expected,
              group.ok() ? "accepted" : "refused: " + describe(group.error()));
      if (!expected) return;
      require_equal(unhex(test.at("initial_epoch_authenticator")),
                    group->epoch_authenticator().expose(), "initial_epoch_authenticator");
    });
  }
}

}  // namespace

MlsCaseCheck find_mls_group_check(const std::string& stem) {
  for (const char* name : {"passive-client-welcome", "passive-client-handling-commit",
                           "passive-client-random", "application", "branch", "commit",
                           "external_join", "external_proposals", "reinit", "welcome_join"}) {
    if (stem == name) return check_passive_client;
  }
  return nullptr;
}

Check find_mls_check(const std::string& stem) {
  if (stem == "negative-messages") return check_negative_messages;
  if (stem == "negative-join") return check_negative_join;
  MlsCaseCheck check = find_mls_part_check(stem);
  if (check == nullptr) check = find_mls_tree_check(stem);
  if (check == nullptr) check = find_mls_group_check(stem);
  if (check == nullptr) return {};
  return [check](const Json& file, Report& report) {
    for (std::size_t i = 0; i < file.size(); ++i) {
      report.run("case " + std::to_string(i), [&] { check(file[i]); });
    }
  };
}

}  // namespace parley::vectors
