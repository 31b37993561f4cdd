// A small group with one member who does not keep to the rules, for tests of what must be refused.
//
//   leaf  0      1    2      3        4       5        6     7
//         alice  bob  carol  mallory  victor  (blank)  gina  (blank)
//
// Victor receives. Mallory has joined by the same commit; what she may know is computed from her
// Welcome, so that she can sign, tag and seal whatever she likes. Making a victor or a mallory
// costs one join.
#pragma once

#include <string_view>

#include "shared/mls/welcome.hpp"

namespace parley::mls::test {

inline constexpr LeafIndex kAlice{0}, kBob{1}, kCarol{2}, kMallory{3}, kVictor{4}, kBlank{5},
    kGina{6};
inline constexpr std::uint64_t kNow = 1'000'000;

Identity identity(std::string_view name);
// With a lifetime around kNow.
KeyPackageKeys key_package(Rng& rng, std::string_view name);
KeyPackageKeys key_package(Rng& rng, const crypto::SigningKey& key, std::string_view name);
Policy strict();
// Value of the only PSK that victor knows: "known".
PskLookup known_psk();
PreSharedKeyId psk_id(std::string_view id);

template <class T>
T message_of(ByteView bytes) {
  return std::get<T>(decode<Message>(bytes)->body);
}
template <class T>
Bytes message_bytes(T body) {
  Message message;
  message.body = std::move(body);
  return encode(message);
}

// Signs again what was changed in it.
void sign(LeafNode& leaf, const crypto::SigningKey& key, ByteView group_id, LeafIndex index);
void sign(KeyPackage& package, const crypto::SigningKey& key);  // its leaf first

// Mallory's knowledge of the epoch.
struct Forger {
  PublicGroup group;
  EpochSecrets secrets;
  SecretTree message_keys;
  crypto::SigningKey key;
  SeededRng rng{7};

  ByteView group_id() const { return group.context().group_id; }
  FramedContent framed(Content content, LeafIndex sender = kMallory) const;

  // Messages with signature, some confirmation tag and membership tag made good for their contents.
  Bytes send(FramedContent content);
  Bytes send(Content content) { return send(framed(std::move(content))); }
  Bytes propose(Proposal proposal) { return send(Content(std::move(proposal))); }
  Bytes commit(std::vector<Proposal> proposals, std::optional<UpdatePath> path = std::nullopt);
  // Of another member, with its key.
  Bytes send_as(const crypto::SigningKey& other, FramedContent content);
  // Only the membership tag is made again.
  Bytes retag(PublicMessage message) const;

  // A path for a commit of these proposals. `edit` changes keys and secrets; hashes, signatures and
  // ciphertexts are made afterwards and fit.
  UpdatePath path(std::vector<Proposal> proposals = {},
                  const std::function<void(NewPath&)>& edit = nullptr);
  void sign_leaf(LeafNode& leaf) const { sign(leaf, key, group_id(), kMallory); }

  // A private message around any plaintext.
  struct Sealed {
    ContentType type = ContentType::kApplication;
    Bytes plaintext;
    LeafIndex sender = kMallory;
    std::optional<std::uint32_t> generation;  // claimed, when it is not the next one
  };
  Bytes seal(const Sealed& sealed);
  // Content and its signature as they are sealed.
  Bytes plaintext(Content content) const;
};

class World {
 public:
  static const World& get();

  Group victor() const;
  Forger mallory() const;
  const crypto::SigningKey& key(LeafIndex leaf) const { return *keys_[leaf.value]; }
  // A commit by mallory that victor accepts.
  const Bytes& good_commit() const { return good_commit_; }
  const Bytes& good_authenticator() const { return good_authenticator_; }
  const GroupInfo& group_info() const { return info_; }  // of the epoch, for external joins

  // ---- joins ----
  const KeyPackageKeys& victor_keys() const { return *victor_keys_; }
  const Welcome& welcome() const { return welcome_; }
  // Victor's part of the welcome, opened.
  OpenedWelcome opened() const;
  // A welcome for victor with this group info, which is signed by mallory and confirmed anew unless
  // `as_is`.
  Welcome rewelcome(GroupInfo info, bool as_is = false,
                    const std::function<void(GroupSecrets&)>& edit = nullptr) const;
  // The tree's nodes, changed by `edit`, in a welcome that fits them.
  Welcome welcome_with_tree(
      const std::function<void(std::vector<std::optional<TreeNode>>&)>& edit) const;

 private:
  World();

  std::vector<std::optional<crypto::SigningKey>> keys_;
  std::optional<KeyPackageKeys> mallory_keys_, victor_keys_;
  Welcome welcome_;
  GroupInfo info_;
  Bytes good_commit_, good_authenticator_;
};

// Requires that victor refuses the message because of this rule, is unchanged by it, and then
// accepts the good commit.
void refuses(Group& victor, ByteView message, std::string_view rule);
void refuses(ByteView message, std::string_view rule);
// Requires that joining fails because of this rule.
void refuses_join(const Welcome& welcome, std::string_view rule);

}  // namespace parley::mls::test
