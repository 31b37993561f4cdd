#include "shared/mls/state.hpp"

#include <algorithm>

#include "shared/crypto/aead.hpp"

namespace parley::mls {
namespace {

constexpr std::uint8_t kStateVersion = 1;
constexpr std::size_t kNonce = 24;

Error malformed(const char* what) { return {ErrorCode::kMalformed, what, {}}; }

}  // namespace

// Lists what a state consists of, once for both directions: `ar` is a SecretWriter or a Reader.
class StateCodec {
 public:
  static Result<Group> read(ByteView bytes, Policy policy);
  template <class Archive>
  static void write(Archive& ar, const Group& group, KeysOf keys);
  static crypto::SecretBytes write_part(const Group& group, const KeyPart& part);
  static Status read_part(Group& group, const KeyPart& part, ByteView bytes);

 private:
  template <class Archive, class Pair>
  static void key_pair(Archive& ar, Pair& pair) {
    ar(pair.secret_key, pair.public_key);
  }
  template <class Archive, class Key>
  static void message_key(Archive& ar, Key& key) {
    ar(key.generation, key.key, key.nonce);
  }
  template <class Archive, class Secrets>
  static void epoch_secrets(Archive& ar, Secrets& secrets) {
    // Not the encryption secret: the secret tree has taken it.
    ar(secrets.sender_data_secret, secrets.exporter_secret, secrets.external_secret,
       secrets.confirmation_key, secrets.membership_key, secrets.resumption_psk,
       secrets.epoch_authenticator, secrets.init_secret);
  }

  // A vector of entries; `one` writes or reads each. A reader stops at the end of the vector.
  template <class Archive, class All, class One>
  static void write_all(Archive& ar, const All& all, One one) {
    ar.vector([&] {
      for (const auto& entry : all) one(ar, entry);
    });
  }
  template <class One>
  static void read_all(Reader& ar, One one) {
    Reader inner(ar.opaque());
    while (ar.ok() && !inner.at_end()) {
      one(inner);
      if (!inner.ok()) ar.fail("a saved list cannot be read");
    }
  }

  template <class Archive>
  static void write_nodes(Archive& ar, const SecretTree& tree);
  static void read_nodes(Reader& ar, SecretTree& tree);
  template <class Archive>
  static void write_leaf(Archive& ar, const SecretTree::LeafRatchets& leaf);
  static SecretTree::LeafRatchets read_leaf(Reader& ar);
  template <class Archive>
  static void write_tree(Archive& ar, const SecretTree& tree);
  static SecretTree read_tree(Reader& ar);
  // nullptr: of no epoch that the group has.
  template <class AnyGroup>
  static auto* keys_of(AnyGroup& group, std::uint64_t epoch) {
    if (epoch == group.epoch()) return &group.message_keys_;
    const auto past = std::ranges::find(group.past_, epoch, &Group::PastEpoch::epoch);
    return past == group.past_.end() ? nullptr : &past->message_keys;
  }
};

// ---- the secret tree ----

template <class Archive>
void StateCodec::write_nodes(Archive& ar, const SecretTree& tree) {
  ar(tree.leaves_.value);
  write_all(ar, tree.nodes_, [](Archive& to, const auto& node) { to(node.first, node.second); });
}

void StateCodec::read_nodes(Reader& ar, SecretTree& tree) {
  ar(tree.leaves_.value);
  read_all(ar, [&](Reader& from) {
    std::uint32_t index = 0;
    Secret secret;
    from(index, secret);
    tree.nodes_.emplace(index, std::move(secret));
  });
}

template <class Archive>
void StateCodec::write_leaf(Archive& ar, const SecretTree::LeafRatchets& leaf) {
  for (const auto& ratchet : leaf.kinds) {
    ar(ratchet.secret, ratchet.generation);
    write_all(ar, ratchet.skipped,
              [](Archive& out, const auto& skipped) { message_key(out, skipped.second); });
  }
}

SecretTree::LeafRatchets StateCodec::read_leaf(Reader& ar) {
  SecretTree::LeafRatchets leaf;
  for (auto& ratchet : leaf.kinds) {
    ar(ratchet.secret, ratchet.generation);
    read_all(ar, [&](Reader& in) {
      MessageKey key;
      message_key(in, key);
      ratchet.skipped.emplace(key.generation, std::move(key));
    });
  }
  return leaf;
}

template <class Archive>
void StateCodec::write_tree(Archive& ar, const SecretTree& tree) {
  write_nodes(ar, tree);
  write_all(ar, tree.ratchets_, [](Archive& to, const auto& leaf) {
    to(leaf.first);
    write_leaf(to, leaf.second);
  });
}

SecretTree StateCodec::read_tree(Reader& ar) {
  SecretTree tree;
  read_nodes(ar, tree);
  read_all(ar, [&](Reader& from) {
    std::uint32_t index = 0;
    from(index);
    tree.ratchets_.emplace(index, read_leaf(from));
    tree.changes_.leaves.insert(index);  // not kept by its parts
  });
  tree.changes_.nodes = !tree.nodes_.empty() || !tree.ratchets_.empty();
  return tree;
}

crypto::SecretBytes StateCodec::write_part(const Group& group, const KeyPart& part) {
  SecretWriter writer;
  const SecretTree* keys = keys_of(group, part.epoch);
  if (keys != nullptr && !part.leaf) write_nodes(writer, *keys);
  if (keys != nullptr && part.leaf) {
    const auto leaf = keys->ratchets_.find(*part.leaf);
    if (leaf != keys->ratchets_.end()) write_leaf(writer, leaf->second);
  }
  return crypto::SecretBytes(writer.bytes());
}

Status StateCodec::read_part(Group& group, const KeyPart& part, ByteView bytes) {
  SecretTree* keys = keys_of(group, part.epoch);
  if (keys == nullptr) return ErrorCode::kInvalidArgument;
  Reader reader(bytes);
  if (part.leaf) {
    SecretTree::LeafRatchets leaf = read_leaf(reader);
    PARLEY_TRY(reader.finish());
    keys->ratchets_.insert_or_assign(*part.leaf, std::move(leaf));
  } else {
    SecretTree nodes;
    read_nodes(reader, nodes);
    PARLEY_TRY(reader.finish());
    keys->leaves_ = nodes.leaves_;
    keys->nodes_ = std::move(nodes.nodes_);
  }
  return {};
}

// ---- the group ----

template <class Archive>
void StateCodec::write(Archive& ar, const Group& group, KeysOf keys) {
  const SecretTree none;
  const PublicGroup& shared = group.public_;
  ar(shared.context_);
  ar.opaque(shared.tree_.encode());
  ar(shared.interim_transcript_hash_);
  write_all(ar, shared.proposals_, [](Archive& to, const auto& open) {
    to(open.first, open.second.proposal, open.second.sender);
  });

  epoch_secrets(ar, group.secrets_);
  write_tree(ar, keys == KeysOf::kNone ? none : group.message_keys_);
  ar(group.keys_.own_.value);
  write_all(ar, group.keys_.keys_, [](Archive& to, const auto& entry) {
    to(entry.first.value);
    key_pair(to, entry.second);
  });
  ar(group.signing_key_.seed(), group.confirmation_tag_);
  write_all(ar, group.own_updates_, [](Archive& to, const auto& update) {
    to(update.first);
    key_pair(to, update.second);
  });
  write_all(ar, group.past_, [&](Archive& to, const Group::PastEpoch& past) {
    to(past.epoch, past.context, past.sender_data_secret);
    write_tree(to, keys == KeysOf::kAllEpochs ? past.message_keys : none);
    const RatchetTree::Changes changes = past.tree.changes_from(shared.tree_);
    to(changes.size.value);
    write_all(to, changes.nodes,
              [](Archive& out, const auto& change) { out(change.first.value, change.second); });
  });
  write_all(ar, group.resumptions_,
            [](Archive& to, const auto& entry) { to(entry.first, entry.second); });
  ar(static_cast<std::uint8_t>(group.public_.closed_));
}

Result<Group> StateCodec::read(ByteView bytes, Policy policy) {
  Reader ar(bytes);
  GroupContext context;
  ar(context);
  auto tree = RatchetTree::decode(ar.opaque());
  if (!tree) return tree.error();
  PublicGroup shared(std::move(context), std::move(*tree), policy);
  ar(shared.interim_transcript_hash_);
  read_all(ar, [&](Reader& from) {
    ProposalRef ref;
    SentProposal sent;
    from(ref, sent.proposal, sent.sender);
    shared.proposals_.emplace(std::move(ref), std::move(sent));
  });

  EpochSecrets secrets;
  epoch_secrets(ar, secrets);
  SecretTree message_keys = read_tree(ar);
  TreeKeys keys;
  ar(keys.own_.value);
  read_all(ar, [&](Reader& from) {
    std::uint32_t index = 0;
    crypto::KemKeyPair key;
    from(index);
    key_pair(from, key);
    keys.put(NodeIndex(index), std::move(key));
  });
  Secret seed;
  Bytes confirmation_tag;
  ar(seed, confirmation_tag);
  Group group(std::move(shared), std::move(secrets), std::move(keys),
              crypto::SigningKey::from_seed(seed), std::move(confirmation_tag));
  group.message_keys_ = std::move(message_keys);
  read_all(ar, [&](Reader& from) {
    ProposalRef ref;
    crypto::KemKeyPair key;
    from(ref);
    key_pair(from, key);
    group.own_updates_.emplace(std::move(ref), std::move(key));
  });
  read_all(ar, [&](Reader& from) {
    Group::PastEpoch past;
    from(past.epoch, past.context, past.sender_data_secret);
    past.message_keys = read_tree(from);
    RatchetTree::Changes changes;
    from(changes.size.value);
    read_all(from, [&](Reader& in) {
      std::uint32_t index = 0;
      std::optional<TreeNode> node;
      in(index, node);
      changes.nodes.emplace_back(NodeIndex(index), std::move(node));
    });
    auto before = group.public_.tree_.with_changes(changes);
    if (!before) return from.fail("a past tree cannot be read");
    past.tree = std::move(*before);
    group.past_.push_back(std::move(past));
  });
  read_all(ar, [&](Reader& from) {
    std::uint64_t epoch = 0;
    Secret secret;
    from(epoch, secret);
    group.resumptions_.emplace_back(epoch, std::move(secret));
  });
  std::uint8_t closed = 0;
  ar(closed);
  group.public_.closed_ = closed != 0;
  PARLEY_TRY(ar.finish());
  const LeafNode* own = group.public_.tree_.leaf(group.own_leaf());
  if (own == nullptr || !std::ranges::equal(own->signature_key, group.signing_key_.public_key())) {
    return malformed("a saved group whose keys are not its leaf's");
  }
  return group;
}

// ---- sealing ----

namespace {

Bytes bound_context(ByteView context) {
  Bytes aad = to_bytes(as_bytes("Parley group state"));
  aad.push_back(kStateVersion);
  aad.insert(aad.end(), context.begin(), context.end());
  return aad;
}

}  // namespace

Bytes seal_state(Rng& rng, const Secret& key, ByteView context, const Group& group, KeysOf keys) {
  SecretWriter writer;
  StateCodec::write(writer, group, keys);
  crypto::XChaChaNonce nonce{};
  rng.fill(nonce);
  const Bytes body = crypto::xchacha_seal(key, nonce, bound_context(context), writer.bytes());
  Writer sealed;
  sealed(kStateVersion, nonce);
  sealed.raw(body);
  return sealed.take();
}

Result<Group> open_state(const Secret& key, ByteView context, ByteView sealed, Policy policy) {
  if (sealed.size() < 1 + kNonce) return malformed("a saved group is too short");
  if (sealed[0] != kStateVersion) {
    return Error{ErrorCode::kUnsupported, "a group saved by another version of this program", {}};
  }
  crypto::XChaChaNonce nonce{};
  std::ranges::copy(sealed.subspan(1, kNonce), nonce.begin());
  const auto clear =
      crypto::xchacha_open(key, nonce, bound_context(context), sealed.subspan(1 + kNonce));
  if (!clear) return clear.error();
  return StateCodec::read(clear->expose(), policy);
}

crypto::SecretBytes encode_keys(const Group& group, const KeyPart& part) {
  return StateCodec::write_part(group, part);
}

Status restore_keys(Group& group, const KeyPart& part, ByteView bytes) {
  return StateCodec::read_part(group, part, bytes);
}

}  // namespace parley::mls
