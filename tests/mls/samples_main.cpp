// Writes the corpora of the MLS fuzz targets: real messages of a small group, and choices for
// histories.
//
//   parley-mls-samples tests/fuzz/corpus
#include <filesystem>
#include <fstream>
#include <iostream>

#include "shared/mls/welcome.hpp"
#include "tests/mls/fuzzed_types.hpp"
#include "tests/mls/sealed_party.hpp"

namespace {

using namespace parley;
using namespace parley::mls;

std::filesystem::path folder;

void write(const std::filesystem::path& name, ByteView bytes) {
  std::filesystem::create_directories((folder / name).parent_path());
  std::ofstream(folder / name, std::ios::binary)
      .write(as_text(bytes).data(), static_cast<std::streamsize>(bytes.size()));
}

template <class T>
void write_value(const std::string& name, const T& value) {
  Bytes bytes{mls::test::fuzzed_kind<T>()};
  const Bytes encoded = encode(value);
  bytes.insert(bytes.end(), encoded.begin(), encoded.end());
  write("mls_codec/" + name, bytes);
}

void write_message(const std::string& name, ByteView message) {
  write_value(name, *decode<Message>(message));
}

KeyPackageKeys keys_of(Rng& rng, std::string_view name) {
  Identity identity;
  identity.credential.identity = to_bytes(as_bytes(name));
  identity.capabilities = default_capabilities();
  return make_key_package(rng, crypto::SigningKey::generate(rng), identity, {1, 2});
}

void write_messages() {
  SeededRng rng(1);
  const std::vector<ExternalSender> senders{
      {Bytes(32, 1), keys_of(rng, "s").key_package.leaf_node.credential}};
  const RequiredCapabilities required{{10}, {}, {1}};
  Group group = *Group::create(rng, {1, 2}, keys_of(rng, "a"),
                               {{ExtensionType::kRequiredCapabilities, encode(required)}}, {});
  const KeyPackageKeys b = keys_of(rng, "b"), c = keys_of(rng, "c");
  CommitOptions add;
  for (const auto* keys : {&b, &c}) {
    add.proposals.push_back({Add{std::make_shared<KeyPackage>(keys->key_package)}});
  }
  add.renew_path = true;
  auto added = group.commit(rng, std::move(add), no_psk);
  group.become(std::move(added->next));
  const auto welcome = std::get<Welcome>(decode<Message>(*added->welcome)->body);
  Group other = *Group::join(welcome, b, std::nullopt, no_psk, {});
  PreSharedKeyId psk;
  psk.id = {7};
  psk.nonce = Bytes(32, 8);

  write_message("commit_with_adds", added->message);
  write_message("commit_with_path", other.commit(rng, {}, no_psk)->message);
  write_message("commit_private",
                other.commit(rng, {.format = WireFormat::kPrivateMessage}, no_psk)->message);
  write_message("proposal_update", *other.propose_update(rng));
  write_message("proposal_remove", *other.propose(rng, {Remove{LeafIndex{2}}}));
  write_message("proposal_psk", *other.propose(rng, {PreSharedKey{psk}}));
  write_message("proposal_reinit",
                *other.propose(rng, {ReInit{{3}, ProtocolVersion::kMls10, {}, {}}}));
  write_message("proposal_extensions", *other.propose(rng, {GroupContextExtensions{}}));
  write_message("application", *other.protect(rng, Bytes{1, 2, 3}));
  write_message("welcome_message", *added->welcome);
  Message message;
  message.body = b.key_package;
  write_value("key_package_message", message);
  const GroupInfo info = group.group_info(true);
  message.body = info;
  write_value("group_info_message", message);
  write_value("group_info", info);
  write_value("group_context", info.group_context);
  write_value("welcome", welcome);
  write_value("key_package", b.key_package);
  write_value("leaf_node", b.key_package.leaf_node);
  write_value("required_capabilities", required);
  write_value("external_senders", senders);
  const auto commit = std::get<PublicMessage>(decode<Message>(added->message)->body);
  write_value("commit", std::get<Commit>(commit.content.content));
  write_value("authenticated_commit",
              AuthenticatedContent{WireFormat::kPublicMessage, commit.content, commit.auth});
  write_value("proposal_add",
              std::get<Proposal>(std::get<Commit>(commit.content.content).proposals[0].body));
  GroupSecrets secrets;
  secrets.joiner_secret = crypto::SecretBytes(32);
  secrets.path_secret = PathSecret{crypto::SecretBytes(32)};
  secrets.psks = {psk};
  write_value("group_secrets", secrets);

  // A tree with unmerged leaves and blanks.
  for (const char* name : {"d", "e", "f"}) {
    const Proposal one{Add{std::make_shared<KeyPackage>(keys_of(rng, name).key_package)}};
    group.become(std::move(group.commit(rng, {.proposals = {one}}, no_psk)->next));
  }
  const auto tree = group.public_group().tree().encode();
  write_value("tree_unmerged", *decode<std::vector<std::optional<TreeNode>>>(tree));
  group.become(std::move(group.commit(rng, {.proposals = {{Remove{LeafIndex{3}}}}}, no_psk)->next));
  const auto blanks = group.public_group().tree().encode();
  write_value("tree_blanks", *decode<std::vector<std::optional<TreeNode>>>(blanks));
}

// The insides of what is sealed.
void write_insides() {
  using mls::test::Sealed;
  mls::test::SealedParty party;
  const auto save = [](const std::string& name, Sealed kind, ByteView inside) {
    Bytes bytes{static_cast<std::uint8_t>(kind)};
    bytes.insert(bytes.end(), inside.begin(), inside.end());
    write("mls_sealed/" + name, bytes);
  };
  const auto content = [](auto value, bool commit, std::size_t padding) {
    Writer out;
    out(value);
    out.opaque(Bytes(64, 1));              // signature
    if (commit) out.opaque(Bytes(32, 2));  // confirmation tag
    out.raw(Bytes(padding));
    return out.take();
  };
  save("sender_data", Sealed::kSenderData, Bytes{0, 0, 0, 1, 0, 0, 0, 9, 1, 2, 3, 4});
  save("sender_data_far", Sealed::kSenderData, Bytes{0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0});
  Writer text;
  text.opaque(Bytes{1, 2, 3});
  text.opaque(Bytes(64, 1));
  text.raw(Bytes(20));
  save("application", Sealed::kApplication, text.take());
  save("proposal", Sealed::kProposal, content(Proposal{Remove{LeafIndex{1}}}, false, 3));
  save("commit", Sealed::kCommit, content(Commit{}, true, 0));
  save("state", Sealed::kState, party.inside_of(party.group));
  save("state_present", Sealed::kState, party.inside_of(party.group, KeysOf::kPresentEpoch));
  save("state_no_keys", Sealed::kState, party.inside_of(party.group, KeysOf::kNone));
  for (const Sealed kind : {Sealed::kNodeKeys, Sealed::kLeafKeys}) {
    save(kind == Sealed::kNodeKeys ? "keys_nodes" : "keys_leaf", kind,
         encode_keys(party.group, party.part(kind)).expose());
  }
}

void write_histories() {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    SeededRng rng(seed);
    Bytes choices(40 + 20 * seed);
    rng.fill(choices);
    write("mls_group/choices_" + std::to_string(seed), choices);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: parley-mls-samples FOLDER\n";
    return 2;
  }
  folder = argv[1];
  write_messages();
  write_insides();
  write_histories();
  return 0;
}
