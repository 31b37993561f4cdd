// The part of a group that needs no secret: its context, tree and open proposals, and the rules by
// which a commit changes them (RFC 9420 sections 12.1 to 12.4). Members keep their secrets beside
// it (group.hpp); the server follows a group with it alone.
//
// Copies are cheap (see RatchetTree). stage() computes the next state aside and changes nothing.
#pragma once

#include <map>

#include "shared/mls/framing.hpp"
#include "shared/mls/ratchet_tree.hpp"
#include "shared/mls/treekem.hpp"

namespace parley::mls {

// What the application demands beyond the RFC.
struct Policy {
  // A credential is in the tree once and stays with its leaf; an external commit may remove only
  // the joiner's own old leaf.
  bool unique_identities = true;
  // Seconds since 1970: the lifetimes of those who are added are checked, and that they are not
  // longer than the bound below (section 7.2).
  std::optional<std::uint64_t> now_s;
  std::uint64_t max_lifetime_s = kAnyLifetime;
};

// The limits of a commit, before anything is computed.
inline constexpr std::size_t kMaxProposals = 20'000;
inline constexpr std::size_t kMaxOpenProposals = 1'000;
inline constexpr std::size_t kMaxPsks = 1'000;

struct SentProposal {
  Proposal proposal;
  Sender sender;
};

// What a list of proposals does, before any path.
struct AppliedProposals {
  RatchetTree tree;
  Extensions extensions;
  std::vector<LeafIndex> added;  // ascending, since each takes the leftmost blank leaf
  std::vector<std::shared_ptr<const KeyPackage>> added_packages;  // in the order of `added`
  std::vector<LeafIndex> updated;
  std::vector<LeafIndex> removed;
  std::vector<PreSharedKeyId> psks;
  std::optional<Bytes> external_init;  // KEM output
  std::optional<ReInit> reinit;
  bool needs_path = false;
};

struct StagedCommit;

class PublicGroup {
 public:
  // A group of one; the tree holds its creator's leaf.
  PublicGroup(GroupContext context, RatchetTree tree, Policy policy);

  // From a GroupInfo and its tree, checked in full (section 12.4.3.1). `tree`: when the info has no
  // ratchet_tree extension.
  static Result<PublicGroup> join(const GroupInfo& info, std::optional<ByteView> tree,
                                  Policy policy);

  const GroupContext& context() const { return context_; }
  ByteView encoded_context() const { return encoded_context_; }
  const RatchetTree& tree() const { return tree_; }
  ByteView interim_transcript_hash() const { return interim_transcript_hash_; }
  const std::map<ProposalRef, SentProposal>& proposals() const { return proposals_; }
  const Policy& policy() const { return policy_; }
  void set_now(std::uint64_t now_s) { policy_.now_s = now_s; }
  void set_interim_transcript_hash(Bytes hash) { interim_transcript_hash_ = std::move(hash); }

  // After a commit that reinitialises the group nothing more is sent in it (sections 11.2, 12.4.2).
  bool is_closed() const { return closed_; }
  Status check_open() const;
  // Group, epoch, sender and signature of anything but what unprotect_private has checked.
  // kMlsInvalid also for everything in a closed group.
  Status verify(const AuthenticatedContent& content) const;
  // Keeps a proposal that verify() has passed for the next commit.
  Result<ProposalRef> keep_proposal(const AuthenticatedContent& content);

  // The effect of a commit's proposals, with every rule of section 12.2. `committer_identity`: of
  // somebody who joins by this commit.
  Result<AppliedProposals> apply(const std::vector<ProposalOrRef>& proposals,
                                 const Sender& committer, const LeafNode* joiner = nullptr) const;
  // A commit that verify() has passed.
  Result<StagedCommit> stage(const AuthenticatedContent& commit) const;

  // The context of the epoch after `applied`, with the old transcript hash: what a path is sealed
  // for.
  GroupContext provisional_context(const Extensions& extensions, const RatchetTree& tree) const;
  // The next state; `closed`: by a reinitialisation.
  PublicGroup advance(GroupContext context, RatchetTree tree, ByteView confirmation_tag,
                      bool closed) const;

 private:
  friend class StateCodec;
  Result<Bytes> signature_key(const AuthenticatedContent& content) const;
  Status check_successor(const LeafNode& old, const LeafNode& replacement) const;
  Status check_proposal(const SentProposal& sent, std::span<const Extension> extensions) const;

  Policy policy_;
  GroupContext context_;
  Bytes encoded_context_;
  RatchetTree tree_;
  Bytes interim_transcript_hash_;
  std::map<ProposalRef, SentProposal> proposals_;
  bool closed_ = false;
};

struct StagedCommit {
  LeafIndex committer;
  AppliedProposals applied;
  std::optional<MergedPath> path;
  Bytes provisional_context;  // encoded
  PublicGroup next;
};

}  // namespace parley::mls
