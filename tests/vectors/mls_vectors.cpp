// The parts of MLS one at a time: codec, tree math, labels, key schedule, transcripts, secret tree.
#include <map>

#include "shared/mls/key_schedule.hpp"
#include "shared/mls/secret_tree.hpp"
#include "tests/vectors/mls_checks.hpp"

namespace parley::vectors {
namespace {

using namespace mls;

std::string text(const Json& value) { return value.get<std::string>(); }

// ---- codec ----

void check_deserialization(const Json& vector) {
  const Bytes header = unhex(vector.at("vlbytes_header"));
  Reader reader(header);
  require(reader.varint() == vector.at("length").get<std::size_t>(), "length");
  require_ok(reader.finish(), "vlbytes_header");
  Writer writer;
  writer.varint(vector.at("length").get<std::size_t>());
  require_equal(header, writer.bytes(), "vlbytes_header");
}

template <class T>
void check_round_trip(const Json& vector, const char* name) {
  const Bytes bytes = unhex(vector.at(name));
  const T value = require_ok(decode<T>(bytes), name);
  require_equal(bytes, encode(value), name);
  for (const std::size_t cut : {std::size_t{0}, bytes.size() / 2, bytes.size() - 1}) {
    if (cut >= bytes.size()) continue;
    require(!decode<T>(ByteView(bytes).first(cut)).ok(), std::string(name) + " cut was decoded");
  }
  Bytes longer = bytes;
  longer.push_back(0);
  require(!decode<T>(longer).ok(), std::string(name) + " with a trailing byte was decoded");
}

void check_message(const Json& vector) {
  for (const char* name :
       {"mls_welcome", "mls_group_info", "mls_key_package", "public_message_application",
        "public_message_proposal", "public_message_commit", "private_message"}) {
    check_round_trip<Message>(vector, name);
  }
  check_round_trip<std::vector<std::optional<TreeNode>>>(vector, "ratchet_tree");
  check_round_trip<GroupSecrets>(vector, "group_secrets");
  check_round_trip<Add>(vector, "add_proposal");
  check_round_trip<Update>(vector, "update_proposal");
  check_round_trip<Remove>(vector, "remove_proposal");
  check_round_trip<PreSharedKey>(vector, "pre_shared_key_proposal");
  check_round_trip<ReInit>(vector, "re_init_proposal");
  check_round_trip<ExternalInit>(vector, "external_init_proposal");
  check_round_trip<GroupContextExtensions>(vector, "group_context_extensions_proposal");
  check_round_trip<Commit>(vector, "commit");
}

// ---- tree math ----

void check_neighbour(const Json& expected, bool exists, NodeIndex got, const char* what) {
  require(expected.is_null() != exists, std::string(what) + ": whether there is one");
  if (exists) require(expected.get<std::uint32_t>() == got.value, what);
}

void check_tree_math(const Json& vector) {
  const LeafCount leaves{vector.at("n_leaves").get<std::uint32_t>()};
  require(vector.at("n_nodes") == leaves.nodes(), "n_nodes");
  require(vector.at("root") == leaves.root().value, "root");
  for (std::uint32_t i = 0; i < leaves.nodes(); ++i) {
    const NodeIndex node(i);
    const bool is_root = node == leaves.root();
    check_neighbour(vector.at("left")[i], !node.is_leaf(), node.is_leaf() ? node : node.left(),
                    "left");
    check_neighbour(vector.at("right")[i], !node.is_leaf(), node.is_leaf() ? node : node.right(),
                    "right");
    check_neighbour(vector.at("parent")[i], !is_root, is_root ? node : node.parent(), "parent");
    check_neighbour(vector.at("sibling")[i], !is_root, is_root ? node : node.sibling(), "sibling");
  }
}

// ---- labels ----

void check_crypto_basics(const Json& vector) {
  require_suite(vector);
  {
    const Json& v = vector.at("ref_hash");
    require_equal(unhex(v.at("out")), ref_hash(text(v.at("label")), unhex(v.at("value"))),
                  "ref_hash");
  }
  {
    const Json& v = vector.at("expand_with_label");
    Bytes out(v.at("length").get<std::size_t>());
    expand_with_label(secret(v.at("secret")), text(v.at("label")), unhex(v.at("context")), out);
    require_equal(unhex(v.at("out")), out, "expand_with_label");
  }
  {
    const Json& v = vector.at("derive_secret");
    require_equal(unhex(v.at("out")),
                  derive_secret(secret(v.at("secret")), text(v.at("label"))).expose(),
                  "derive_secret");
  }
  {
    const Json& v = vector.at("derive_tree_secret");
    Bytes out(v.at("length").get<std::size_t>());
    derive_tree_secret(secret(v.at("secret")), text(v.at("label")),
                       v.at("generation").get<std::uint32_t>(), out);
    require_equal(unhex(v.at("out")), out, "derive_tree_secret");
  }
  {
    const Json& v = vector.at("sign_with_label");
    const auto key = crypto::SigningKey::from_seed(secret(v.at("priv")));
    const Bytes content = unhex(v.at("content"));
    require_equal(unhex(v.at("pub")), key.public_key(), "signature public key");
    require_ok(verify_with_label(unhex(v.at("pub")), text(v.at("label")), content,
                                 unhex(v.at("signature"))),
               "verify_with_label");
    const auto own = sign_with_label(key, text(v.at("label")), content);
    require_ok(verify_with_label(unhex(v.at("pub")), text(v.at("label")), content, own),
               "own signature");
    require(!verify_with_label(unhex(v.at("pub")), "other", content, own).ok(),
            "a signature held under another label");
  }
  {
    const Json& v = vector.at("encrypt_with_label");
    const auto key = crypto::KemKeyPair::from_secret(secret(v.at("priv")));
    const Bytes context = unhex(v.at("context"));
    const Bytes plaintext = unhex(v.at("plaintext"));
    require_equal(unhex(v.at("pub")), key.public_key, "HPKE public key");
    const HpkeCiphertext given{unhex(v.at("kem_output")), unhex(v.at("ciphertext"))};
    require_equal(plaintext,
                  require_ok(decrypt_with_label(key, text(v.at("label")), context, given),
                             "decrypt_with_label")
                      .expose(),
                  "plaintext");
    SeededRng rng(1);
    const auto own =
        require_ok(encrypt_with_info(rng, key.public_key,
                                     encryption_info(text(v.at("label")), context), plaintext),
                   "encrypt");
    require_equal(
        plaintext,
        require_ok(decrypt_with_label(key, text(v.at("label")), context, own), "decrypt own")
            .expose(),
        "own plaintext");
  }
}

// ---- key schedule ----

void check_key_schedule(const Json& vector) {
  require_suite(vector);
  GroupContext context;
  context.group_id = unhex(vector.at("group_id"));
  Secret init_secret = secret(vector.at("initial_init_secret"));
  for (const Json& epoch : vector.at("epochs")) {
    context.tree_hash = unhex(epoch.at("tree_hash"));
    context.confirmed_transcript_hash = unhex(epoch.at("confirmed_transcript_hash"));
    const Bytes encoded = encode(context);
    require_equal(unhex(epoch.at("group_context")), encoded, "group_context");
    const Secret psk = secret(epoch.at("psk_secret"));
    const Secret joiner = joiner_secret(init_secret, secret(epoch.at("commit_secret")), encoded);
    require_equal(unhex(epoch.at("joiner_secret")), joiner.expose(), "joiner_secret");
    require_equal(unhex(epoch.at("welcome_secret")), welcome_secret(joiner, psk).expose(),
                  "welcome_secret");
    const EpochSecrets got = EpochSecrets::from_joiner(joiner, psk, encoded);
    const std::pair<const char*, const Secret*> secrets[] = {
        {"init_secret", &got.init_secret},
        {"sender_data_secret", &got.sender_data_secret},
        {"encryption_secret", &got.encryption_secret},
        {"exporter_secret", &got.exporter_secret},
        {"epoch_authenticator", &got.epoch_authenticator},
        {"external_secret", &got.external_secret},
        {"confirmation_key", &got.confirmation_key},
        {"membership_key", &got.membership_key},
        {"resumption_psk", &got.resumption_psk}};
    for (const auto& [name, value] : secrets) {
      require_equal(unhex(epoch.at(name)), value->expose(), name);
    }
    require_equal(unhex(epoch.at("external_pub")), got.external_key_pair().public_key,
                  "external_pub");
    const Json& exporter = epoch.at("exporter");
    require_equal(unhex(exporter.at("secret")),
                  got.export_secret(text(exporter.at("label")), unhex(exporter.at("context")),
                                    exporter.at("length").get<std::size_t>())
                      .expose(),
                  "exporter");
    init_secret = got.init_secret.clone();
    ++context.epoch;
  }
}

void check_psk_secret(const Json& vector) {
  require_suite(vector);
  std::vector<PreSharedKeyId> ids;
  std::vector<Bytes> values;
  for (const Json& entry : vector.at("psks")) {
    PreSharedKeyId id;
    id.id = unhex(entry.at("psk_id"));
    id.nonce = unhex(entry.at("psk_nonce"));
    ids.push_back(std::move(id));
    values.push_back(unhex(entry.at("psk")));
  }
  std::vector<PskInput> inputs;
  for (std::size_t i = 0; i < ids.size(); ++i) inputs.push_back({&ids[i], values[i]});
  require_equal(unhex(vector.at("psk_secret")), combine_psks(inputs).expose(), "psk_secret");
}

void check_transcript_hashes(const Json& vector) {
  require_suite(vector);
  const auto commit = require_ok(
      decode<AuthenticatedContent>(unhex(vector.at("authenticated_content"))), "content");
  const Bytes confirmed =
      confirmed_transcript_hash(unhex(vector.at("interim_transcript_hash_before")), commit);
  require_equal(unhex(vector.at("confirmed_transcript_hash_after")), confirmed, "confirmed");
  require_equal(unhex(vector.at("interim_transcript_hash_after")),
                interim_transcript_hash(confirmed, commit.auth.confirmation_tag), "interim");
  EpochSecrets secrets;
  secrets.confirmation_key = secret(vector.at("confirmation_key"));
  require_equal(secrets.confirmation_tag(confirmed), commit.auth.confirmation_tag,
                "confirmation_tag");
}

// ---- secret tree ----

void check_secret_tree(const Json& vector) {
  require_suite(vector);
  const Json& sender = vector.at("sender_data");
  const auto sender_key =
      sender_data_key(secret(sender.at("sender_data_secret")), unhex(sender.at("ciphertext")));
  require_equal(unhex(sender.at("key")), sender_key.key.expose(), "sender data key");
  require_equal(unhex(sender.at("nonce")), sender_key.nonce.expose(), "sender data nonce");

  const Json& leaves = vector.at("leaves");
  const LeafCount count = LeafCount::at_least(static_cast<std::uint32_t>(leaves.size()));
  // In order by next(), and with gaps by find().
  SecretTree sending(secret(vector.at("encryption_secret")), count);
  SecretTree receiving(secret(vector.at("encryption_secret")), count);
  for (std::uint32_t leaf = 0; leaf < leaves.size(); ++leaf) {
    for (const auto& [kind, name] : {std::pair{RatchetKind::kHandshake, std::string("handshake")},
                                     {RatchetKind::kApplication, std::string("application")}}) {
      for (const Json& entry : leaves[leaf]) {
        const auto generation = entry.at("generation").get<std::uint32_t>();
        MessageKey sent;
        do {
          sent = require_ok(sending.next({leaf}, kind), "next key");
        } while (sent.generation < generation);
        auto opening = require_ok(receiving.find({leaf}, kind, generation), "find");
        for (const MessageKey* key : {&sent, &opening.key}) {
          require_equal(unhex(entry.at(name + "_key")), key->key.expose(), name + "_key");
          require_equal(unhex(entry.at(name + "_nonce")), key->nonce.expose(), name + "_nonce");
        }
        receiving.accept(std::move(opening));
        require(!receiving.find({leaf}, kind, generation).ok(), "a key was given out twice");
      }
    }
  }
}

const std::map<std::string, void (*)(const Json&)>& case_checks() {
  static const std::map<std::string, void (*)(const Json&)> table = {
      {"deserialization", check_deserialization},
      {"messages", check_message},
      {"tree-math", check_tree_math},
      {"crypto-basics", check_crypto_basics},
      {"key-schedule", check_key_schedule},
      {"psk_secret", check_psk_secret},
      {"transcript-hashes", check_transcript_hashes},
      {"secret-tree", check_secret_tree},
  };
  return table;
}

}  // namespace

void require_suite(const Json& vector) {
  if (vector.at("cipher_suite") != 3) throw Skip("another ciphersuite than 3");
}

MlsCaseCheck find_mls_part_check(const std::string& stem) {
  const auto found = case_checks().find(stem);
  return found == case_checks().end() ? nullptr : found->second;
}

}  // namespace parley::vectors
