// MLS trees: operations, validation, path secrets; and messages and welcomes by themselves.
#include <map>

#include "shared/mls/framing.hpp"
#include "shared/mls/group.hpp"
#include "shared/mls/validation.hpp"
#include "shared/mls/welcome.hpp"
#include "tests/vectors/mls_checks.hpp"

namespace parley::vectors {
namespace {

using namespace mls;

void check_tree_operation(const Json& vector) {
  auto tree = require_ok(RatchetTree::decode(unhex(vector.at("tree_before"))), "tree_before");
  require_equal(unhex(vector.at("tree_hash_before")), tree.root_hash(), "tree_hash_before");
  const auto proposal = require_ok(decode<Proposal>(unhex(vector.at("proposal"))), "proposal");
  if (const auto* add = std::get_if<Add>(&proposal.body)) {
    require_ok(tree.add(std::make_shared<LeafNode>(add->key_package->leaf_node)), "add");
  } else if (const auto* update = std::get_if<Update>(&proposal.body)) {
    tree.update({vector.at("proposal_sender").get<std::uint32_t>()}, update->leaf_node);
  } else if (const auto* remove = std::get_if<Remove>(&proposal.body)) {
    tree.remove(remove->removed);
  } else {
    throw Failure("not a proposal that changes the tree");
  }
  require_equal(unhex(vector.at("tree_after")), tree.encode(), "tree_after");
  require_equal(unhex(vector.at("tree_hash_after")), tree.root_hash(), "tree_hash_after");
}

void check_tree_validation(const Json& vector) {
  require_suite(vector);
  const Bytes encoded = unhex(vector.at("tree"));
  const auto tree = require_ok(RatchetTree::decode(encoded), "tree");
  require_equal(encoded, tree.encode(), "tree");
  const Json& hashes = vector.at("tree_hashes");
  const Json& resolutions = vector.at("resolutions");
  for (std::uint32_t i = 0; i < hashes.size(); ++i) {
    const std::string name = "node " + std::to_string(i);
    require_equal(unhex(hashes[i]), tree.hash(NodeIndex(i)), name + " tree_hash");
    std::vector<std::uint32_t> resolution;
    for (const NodeIndex node : tree.resolution(NodeIndex(i))) resolution.push_back(node.value);
    require(resolutions[i].get<std::vector<std::uint32_t>>() == resolution, name + " resolution");
  }
  const Bytes group_id = unhex(vector.at("group_id"));
  require_ok(validate_tree(tree, group_id, {}, false), "validate_tree");
  // Leaves that were signed for a group are not valid in another one.
  bool bound_to_group = false;
  tree.for_each_leaf([&](LeafIndex, const LeafNode& leaf) {
    bound_to_group |= leaf.source != LeafNodeSource::kKeyPackage;
  });
  require(validate_tree(tree, as_bytes("another group"), {}, false).ok() != bound_to_group,
          "validity in another group");
}

void check_treekem(const Json& vector) {
  require_suite(vector);
  const auto tree = require_ok(RatchetTree::decode(unhex(vector.at("ratchet_tree"))), "tree");
  GroupContext context;
  context.group_id = unhex(vector.at("group_id"));
  context.epoch = vector.at("epoch").get<std::uint64_t>();
  context.confirmed_transcript_hash = unhex(vector.at("confirmed_transcript_hash"));

  struct Private {
    TreeKeys keys;
    std::optional<crypto::SigningKey> signing_key;
  };
  std::map<LeafIndex, Private> members;
  for (const Json& entry : vector.at("leaves_private")) {
    const LeafIndex index{entry.at("index").get<std::uint32_t>()};
    Private& member = members[index];
    member.keys =
        TreeKeys(index, crypto::KemKeyPair::from_secret(secret(entry.at("encryption_priv"))));
    member.signing_key = crypto::SigningKey::from_seed(secret(entry.at("signature_priv")));
    require(member.keys.find(tree, index) != nullptr, "encryption_priv is not the tree's");
    for (const Json& path : entry.at("path_secrets")) {
      const NodeIndex node(path.at("node").get<std::uint32_t>());
      member.keys.put(node, derive_key_pair(derive_secret(secret(path.at("path_secret")), "node")));
      require(member.keys.find(tree, node) != nullptr, "path_secret is not the tree's");
    }
  }

  for (const Json& update : vector.at("update_paths")) {
    const LeafIndex sender{update.at("sender").get<std::uint32_t>()};
    const auto path =
        require_ok(decode<UpdatePath>(unhex(update.at("update_path"))), "update_path");
    const auto merged =
        require_ok(merge_update_path(tree, sender, path, {}, tree.encryption_keys()), "merge");
    require_ok(validate_leaf(path.leaf_node, {context.group_id, sender, {}, std::nullopt}), "leaf");
    require_equal(unhex(update.at("tree_hash_after")), merged.tree.root_hash(), "tree_hash_after");
    GroupContext next = context;
    next.tree_hash = to_bytes(merged.tree.root_hash());
    for (const auto& [index, member] : members) {
      if (index == sender) continue;
      TreeKeys keys = member.keys.clone();
      const auto commit_secret =
          require_ok(open_path(merged, tree, path, {}, encode(next), keys), "open_path");
      require_equal(unhex(update.at("commit_secret")), commit_secret.expose(), "commit_secret");
      const Json& expected = update.at("path_secrets")[index.value];
      const auto ours = derive_key_pair(derive_secret(secret(expected), "node"));
      const auto step = std::ranges::find_if(
          merged.steps, [&, at = index](const auto& one) { return one.copath_child.is_above(at); });
      const auto* known = keys.find(merged.tree, step->node);
      require(known != nullptr, "the key of the lowest common node");
      require_equal(ours.public_key, known->public_key, "path_secret");
    }
    // The other way round: a path made here is opened by everybody.
    const auto own = members.find(sender);
    if (own == members.end()) continue;
    SeededRng rng(sender.value);
    const NewPath made = make_path(rng, tree, sender, *tree.leaf(sender), *own->second.signing_key,
                                   context.group_id);
    next.tree_hash = to_bytes(made.tree.root_hash());
    const auto sent =
        require_ok(encrypt_path(rng, made, tree, {}, sender, encode(next)), "encrypt");
    const auto taken =
        require_ok(merge_update_path(tree, sender, sent, {}, tree.encryption_keys()), "merge own");
    require_equal(made.tree.root_hash(), taken.tree.root_hash(), "own tree hash");
    for (const auto& [index, member] : members) {
      if (index == sender) continue;
      TreeKeys keys = member.keys.clone();
      const auto opened =
          require_ok(open_path(taken, tree, sent, {}, encode(next), keys), "open own path");
      require_equal(made.commit_secret.expose(), opened.expose(), "own commit_secret");
    }
  }
}

// ---- messages ----

struct ProtectionKeys {
  Bytes context;
  Bytes group_id;
  std::uint64_t epoch = 0;
  crypto::SigningKey signing_key;
  Secret sender_data_secret, encryption_secret, membership_key;
};

AuthenticatedContent framed(const ProtectionKeys& keys, WireFormat format, Content content) {
  FramedContent made;
  made.group_id = keys.group_id;
  made.epoch = keys.epoch;
  made.sender = {SenderType::kMember, {1}, 0};
  made.content = std::move(content);
  auto signed_content = sign_content(format, std::move(made), keys.signing_key, keys.context);
  if (signed_content.type() == ContentType::kCommit)
    signed_content.auth.confirmation_tag = Bytes(32);
  return signed_content;
}

Bytes body_of(const AuthenticatedContent& content) {
  if (const auto* data = std::get_if<ApplicationData>(&content.content.content)) return data->data;
  Writer out;
  content_fields(out, content.type(), content.content.content);
  return out.take();
}

AuthenticatedContent open_message(const ProtectionKeys& keys, const Bytes& bytes) {
  auto message = require_ok(decode<Message>(bytes), "message");
  AuthenticatedContent content;
  if (auto* open = std::get_if<PublicMessage>(&message.body)) {
    content = require_ok(unprotect_public(std::move(*open), keys.membership_key, keys.context),
                         "unprotect_public");
  } else {
    SecretTree tree(keys.encryption_secret.clone(), {2});
    auto opened = require_ok(
        unprotect_private(std::get<PrivateMessage>(message.body), keys.sender_data_secret, tree,
                          [](LeafIndex leaf) { return leaf.value < 2; }),
        "unprotect_private");
    content = std::move(opened.content);
  }
  require_ok(verify_content(content, keys.signing_key.public_key(), keys.context), "signature");
  return content;
}

void check_protection(const ProtectionKeys& keys, const Json& vector, const std::string& name,
                      const std::function<Content(const Bytes&)>& parse) {
  const Bytes body = unhex(vector.at(name));
  std::vector<WireFormat> formats = {WireFormat::kPrivateMessage};
  require_equal(body, body_of(open_message(keys, unhex(vector.at(name + "_priv")))),
                name + "_priv");
  if (vector.contains(name + "_pub")) {
    require_equal(body, body_of(open_message(keys, unhex(vector.at(name + "_pub")))),
                  name + "_pub");
    formats.push_back(WireFormat::kPublicMessage);
  }
  SeededRng rng(1);
  for (const WireFormat format : formats) {
    AuthenticatedContent content = framed(keys, format, parse(body));
    Message message;
    if (format == WireFormat::kPublicMessage) {
      message.body = protect_public(std::move(content), keys.membership_key, keys.context);
    } else {
      SecretTree tree(keys.encryption_secret.clone(), {2});
      message.body =
          require_ok(protect_private(rng, content, keys.sender_data_secret, tree), "protect");
    }
    require_equal(body, body_of(open_message(keys, encode(message))), "own " + name);
  }
}

void check_message_protection(const Json& vector) {
  require_suite(vector);
  GroupContext context;
  context.group_id = unhex(vector.at("group_id"));
  context.epoch = vector.at("epoch").get<std::uint64_t>();
  context.tree_hash = unhex(vector.at("tree_hash"));
  context.confirmed_transcript_hash = unhex(vector.at("confirmed_transcript_hash"));
  const ProtectionKeys keys{encode(context),
                            context.group_id,
                            context.epoch,
                            crypto::SigningKey::from_seed(secret(vector.at("signature_priv"))),
                            secret(vector.at("sender_data_secret")),
                            secret(vector.at("encryption_secret")),
                            secret(vector.at("membership_key"))};
  require_equal(unhex(vector.at("signature_pub")), keys.signing_key.public_key(), "signature_pub");
  check_protection(keys, vector, "proposal", [](const Bytes& body) -> Content {
    return require_ok(decode<Proposal>(body), "proposal");
  });
  check_protection(keys, vector, "commit", [](const Bytes& body) -> Content {
    return require_ok(decode<Commit>(body), "commit");
  });
  check_protection(keys, vector, "application",
                   [](const Bytes& body) -> Content { return ApplicationData{body}; });
}

void check_welcome(const Json& vector) {
  require_suite(vector);
  auto package = require_ok(decode<Message>(unhex(vector.at("key_package"))), "key_package");
  auto message = require_ok(decode<Message>(unhex(vector.at("welcome"))), "welcome");
  SeededRng rng(1);
  const KeyPackageKeys keys{std::get<KeyPackage>(package.body),
                            crypto::KemKeyPair::from_secret(secret(vector.at("init_priv"))),
                            crypto::KemKeyPair::generate(rng), crypto::SigningKey::generate(rng)};
  const auto opened =
      require_ok(open_welcome(std::get<Welcome>(message.body), keys, no_psk), "open_welcome");
  Writer content;
  GroupInfo::content(opened.group_info, content);
  require_ok(verify_with_label(unhex(vector.at("signer_pub")), "GroupInfoTBS", content.bytes(),
                               opened.group_info.signature),
             "group info signature");
  const auto secrets = EpochSecrets::from_joiner(opened.joiner_secret, opened.psk_secret,
                                                 encode(opened.group_info.group_context));
  require_equal(opened.group_info.confirmation_tag,
                secrets.confirmation_tag(opened.group_info.group_context.confirmed_transcript_hash),
                "confirmation_tag");
}

}  // namespace

MlsCaseCheck find_mls_tree_check(const std::string& stem) {
  static const std::map<std::string, MlsCaseCheck> table = {
      {"tree-operations", check_tree_operation},
      {"tree-validation", check_tree_validation},
      {"treekem", check_treekem},
      {"message-protection", check_message_protection},
      {"welcome", check_welcome},
  };
  const auto found = table.find(stem);
  return found == table.end() ? nullptr : found->second;
}

}  // namespace parley::vectors
