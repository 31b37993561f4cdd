// A member's view of an encrypted group (RFC 9420 sections 8.4, 11, 12).
//
// One thread owns a group. Every function either succeeds or leaves the group as it was. What
// changes the epoch comes in two steps, since the delivery service decides which commit wins:
// commit() makes the message and the state after it, and the caller installs that state with
// become() when the commit was accepted, or drops it.
//
//   auto group = Group::create(...);                   or  Group::join(welcome, ...)
//   auto pending = group.commit(rng, {.proposals = {add(key_package)}}, psks);
//   send pending.message;   on acceptance: group.become(std::move(pending.next)), send
//   pending.welcome on conflict: drop pending, group.process(winner), commit again
#pragma once

#include <deque>

#include "shared/mls/public_group.hpp"

namespace parley::mls {

// The value of an external PSK; nullopt when it is not known. Resumption PSKs of this group are
// known by it; those of other groups are asked for here as well.
using PskLookup = std::function<std::optional<crypto::SecretBytes>(const PreSharedKeyId&)>;
std::optional<crypto::SecretBytes> no_psk(const PreSharedKeyId&);

// A key package with its private keys: what a device keeps until it is welcomed somewhere.
struct KeyPackageKeys {
  KeyPackage key_package;
  crypto::KemKeyPair init_key;
  crypto::KemKeyPair leaf_key;
  crypto::SigningKey signing_key;
};

// How a device presents itself.
struct Identity {
  Credential credential;
  Capabilities capabilities;
  Extensions leaf_extensions;
};
// What this library speaks, with basic credentials.
Capabilities default_capabilities();

// `extensions`: of the package; those that RFC 9420 does not define must be among the identity's
// capabilities (section 10), as kLastResort is by default.
KeyPackageKeys make_key_package(Rng& rng, const crypto::SigningKey& signing_key,
                                const Identity& identity, Lifetime lifetime,
                                Extensions extensions = {});

// Past epochs from which late application messages are still read, unless the caller wants more.
inline constexpr std::size_t kPastEpochs = 3;
// Resumption secrets of past epochs that are kept.
inline constexpr std::size_t kPastResumptions = 32;

struct ApplicationMessage {
  LeafIndex sender;
  LeafPtr leaf;  // the sender's, in that epoch
  std::uint64_t epoch = 0;
  crypto::SecretBytes data;
  Bytes authenticated_data;
};
struct ProposalReceived {
  ProposalRef ref;
  Sender sender;
  ProposalType type{};
};
// The group is in its next epoch.
struct EpochChanged {
  LeafIndex committer;
  std::vector<LeafIndex> added, updated, removed;
  std::optional<ReInit> reinit;  // the group is closed; another one follows it
};
// This device was removed: the group is as before and of no more use.
struct RemovedFromGroup {
  LeafIndex committer;
};
using Processed =
    std::variant<ApplicationMessage, ProposalReceived, EpochChanged, RemovedFromGroup>;

// The message keys of an epoch by their parts, which change one by one: the ratchets of a leaf, and
// what belongs to no leaf yet.
struct KeyPart {
  std::uint64_t epoch = 0;
  std::optional<std::uint32_t> leaf;
  auto operator<=>(const KeyPart&) const = default;
};

class Group;

struct CommitOptions {
  std::vector<Proposal> proposals;  // by value, beside the open ones
  bool include_open = true;  // refers to the open proposals too, but for those that contradict
  bool renew_path = false;   // renews keys also when no proposal demands it
  WireFormat format = WireFormat::kPublicMessage;
  Bytes authenticated_data;
  bool tree_in_welcome = true;  // false: new members get the tree elsewhere
};

struct PendingCommit;

class Group {
 public:
  static Result<Group> create(Rng& rng, Bytes group_id, KeyPackageKeys creator,
                              Extensions extensions, Policy policy);
  static Result<Group> join(const Welcome& welcome, const KeyPackageKeys& keys,
                            std::optional<ByteView> ratchet_tree, const PskLookup& psks,
                            Policy policy);
  // Section 12.4.3.2. `replaces`: the own leaf of an earlier life, removed by the same commit.
  static Result<PendingCommit> join_external(Rng& rng, const GroupInfo& info,
                                             std::optional<ByteView> ratchet_tree,
                                             const crypto::SigningKey& signing_key,
                                             const Identity& identity,
                                             std::optional<LeafIndex> replaces,
                                             std::vector<PreSharedKeyId> psk_ids,
                                             const PskLookup& psks, Policy policy);
  Group(Group&&) noexcept = default;
  Group& operator=(Group&&) noexcept = default;

  // ---- sending ----
  // kPublicMessage or kPrivateMessage.
  Result<Bytes> propose(Rng& rng, Proposal proposal,
                        WireFormat format = WireFormat::kPublicMessage);
  // An update of the own leaf; its private key is kept for the commit that takes it up.
  Result<Bytes> propose_update(Rng& rng, WireFormat format = WireFormat::kPublicMessage);
  Result<PendingCommit> commit(Rng& rng, CommitOptions options, const PskLookup& psks);
  Result<Bytes> protect(Rng& rng, ByteView data, Bytes authenticated_data = {});

  // ---- receiving ----
  Result<Processed> process(ByteView message, const PskLookup& psks);
  Result<Processed> process(Message message, const PskLookup& psks);

  // ---- looking ----
  LeafIndex own_leaf() const { return keys_.own(); }
  std::uint64_t epoch() const { return public_.context().epoch; }
  const PublicGroup& public_group() const { return public_; }
  PublicGroup& public_group() { return public_; }
  const Secret& epoch_authenticator() const { return secrets_.epoch_authenticator; }
  crypto::SecretBytes export_secret(std::string_view label, ByteView context,
                                    std::size_t size) const {
    return secrets_.export_secret(label, context, size);
  }
  std::optional<crypto::SecretBytes> resumption_psk(std::uint64_t epoch) const;
  // For whoever wants to join by external commit, and for the server.
  GroupInfo group_info(bool with_tree) const;
  bool is_closed() const { return public_.is_closed(); }

  // Takes over the state after an accepted commit.
  void become(Group&& next);

  // ---- message keys, where they are kept apart from the rest (state.hpp) ----
  // Those that changed since this was last asked.
  std::vector<KeyPart> take_changed_keys();
  bool has_epoch(std::uint64_t epoch) const;  // the present one, or one that is still read
  void keep_past_epochs(std::size_t most) { most_past_ = most; }
  void forget_past_epoch(std::uint64_t epoch);

 private:
  friend class StateCodec;
  struct PastEpoch {
    std::uint64_t epoch = 0;
    Bytes context;  // encoded
    RatchetTree tree;
    Secret sender_data_secret;
    SecretTree message_keys;
  };

  Group(PublicGroup group, EpochSecrets secrets, TreeKeys keys, crypto::SigningKey signing_key,
        Bytes confirmation_tag);

  // The group of the next epoch, with what is carried over from this one.
  Group advance(PublicGroup next, EpochSecrets secrets, TreeKeys keys,
                Bytes confirmation_tag) const;
  // Those of `proposals`, beside the ones by value, that make a valid list together (section 12.4).
  std::vector<ProposalOrRef> select(const std::vector<ProposalOrRef>& proposals,
                                    const PskLookup& psks) const;
  Result<Secret> psk_secret(std::span<const PreSharedKeyId> ids, const PskLookup& psks) const;
  Result<Bytes> frame(Rng& rng, AuthenticatedContent content);
  AuthenticatedContent sign(WireFormat format, Content content, Bytes authenticated_data) const;
  Result<Processed> process_application(const PrivateMessage& message);
  Result<Processed> process_handshake(AuthenticatedContent content,
                                      std::optional<SecretTree::Opening> key,
                                      const PskLookup& psks);
  Result<Processed> process_commit(const AuthenticatedContent& content, const PskLookup& psks);

  PublicGroup public_;
  EpochSecrets secrets_;
  SecretTree message_keys_;
  TreeKeys keys_;
  crypto::SigningKey signing_key_;
  Bytes confirmation_tag_;
  std::map<ProposalRef, crypto::KemKeyPair> own_updates_;
  std::deque<PastEpoch> past_;
  std::size_t most_past_ = kPastEpochs;
  std::deque<std::pair<std::uint64_t, Secret>> resumptions_;
};

struct PendingCommit {
  Bytes message;                 // an MLSMessage with the commit
  std::optional<Bytes> welcome;  // an MLSMessage for those who were added
  Group next;
};

}  // namespace parley::mls
