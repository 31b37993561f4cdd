#include "server/app/group_rules.hpp"

#include <algorithm>
#include <set>

#include "shared/mls/labels.hpp"
#include "shared/mls/validation.hpp"

namespace parley::app {
namespace {

std::uint64_t seconds_of(Timestamp at) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(at.ms, 0)) / 1000;
}

mls::Policy policy_at(Timestamp now) {
  return {.unique_identities = true, .now_s = seconds_of(now)};
}

// What a group info must be to let others in by it: signed by its signer, who is in the tree.
Status check_group_info(const mls::GroupInfo& info, const mls::RatchetTree& tree) {
  if (mls::find_extension(info.extensions, mls::ExtensionType::kRatchetTree) != nullptr) {
    return mls::invalid("the group info carries the tree");
  }
  const auto* external = mls::find_extension(info.extensions, mls::ExtensionType::kExternalPub);
  if (external == nullptr) return mls::invalid("the group info lacks its external key");
  mls::Reader reader(external->data);
  Bytes key;
  reader(key);
  PARLEY_TRY(reader.finish());
  PARLEY_TRY(crypto::parse_kem_public_key(key));
  const mls::LeafNode* signer = tree.leaf(info.signer);
  if (signer == nullptr)
    return mls::invalid("12.4.3.1: the signer of a group info is not a member");
  mls::Writer to_be_signed;
  mls::GroupInfo::content(info, to_be_signed);
  if (!mls::verify_with_label(signer->signature_key, "GroupInfoTBS", to_be_signed.bytes(),
                              info.signature)) {
    return mls::invalid("12.4.3.1: a group info's signature does not hold");
  }
  return {};
}

// Everybody must be able to follow: nothing by reference, for nobody else has the proposal, and
// nothing that needs what only some have.
Status check_proposals(const mls::Commit& commit) {
  for (const mls::ProposalOrRef& entry : commit.proposals) {
    const auto* proposal = std::get_if<mls::Proposal>(&entry.body);
    if (proposal == nullptr) return mls::invalid("a proposal by reference");
    switch (proposal->type()) {
      case mls::ProposalType::kAdd:
      case mls::ProposalType::kRemove:
      case mls::ProposalType::kExternalInit:
        break;
      default:
        return mls::invalid("a proposal other than add, remove and external init");
    }
  }
  return {};
}

Status check_welcome(ByteView welcome,
                     const std::vector<std::shared_ptr<const mls::KeyPackage>>& added) {
  if (added.empty()) {
    if (welcome.empty()) return {};
    return mls::invalid("a Welcome for nobody");
  }
  auto message = mls::decode<mls::Message>(welcome);
  if (!message) return message.error();
  const auto* opened = std::get_if<mls::Welcome>(&message->body);
  if (opened == nullptr) return mls::invalid("the Welcome is another message");
  std::set<Bytes> wanted, named;
  for (const auto& package : added) wanted.insert(mls::key_package_ref(*package));
  for (const mls::EncryptedGroupSecrets& secrets : opened->secrets) {
    if (!named.insert(secrets.new_member).second) return mls::invalid("a Welcome names one twice");
  }
  if (named != wanted) return mls::invalid("the Welcome is not for those who are added");
  return {};
}

Status check_removals(const mls::PublicGroup& before, const std::vector<mls::LeafIndex>& removed,
                      const CommitContext& context) {
  for (const mls::LeafIndex index : removed) {
    const mls::LeafNode& leaf = *before.tree().leaf(index);
    const auto device = KnownDevices::named_by(leaf);
    if (!device) continue;  // was let in by other rules than today's: nobody's
    const bool may_go = device->user_id == context.committer.user_id ||
                        !context.was_member(device->user_id) || !context.devices.is_current(leaf);
    if (!may_go) return Error{ErrorCode::kAccessDenied, "removes the device of a member", {}};
  }
  return {};
}

Status check_those_who_stay(const mls::RatchetTree& tree, bool external,
                            const CommitContext& context) {
  std::set<wire::DeviceRef> seen;
  Status status;
  tree.for_each_leaf([&](mls::LeafIndex, const mls::LeafNode& leaf) {
    const auto device = KnownDevices::named_by(leaf);
    if (device && !seen.insert(*device).second) {
      status = mls::invalid("two leaves of one device");
    }
  });
  if (!status || external) return status;
  const auto stale = stale_leaves(tree, context.will_be_one, context.devices);
  if (stale.empty()) return {};
  return Error{ErrorCode::kRemovalPending, "leaf " + std::to_string(stale.front().value), {}};
}

}  // namespace

std::vector<mls::LeafIndex> stale_leaves(const mls::RatchetTree& tree,
                                         const std::function<bool(UserId)>& is_member,
                                         const KnownDevices& devices) {
  std::vector<mls::LeafIndex> stale;
  tree.for_each_leaf([&](mls::LeafIndex index, const mls::LeafNode& leaf) {
    const auto device = KnownDevices::named_by(leaf);
    if (!device || !is_member(device->user_id) || !devices.is_current(leaf)) stale.push_back(index);
  });
  return stale;
}

Result<mls::PublicGroup> restore_group(const store::GroupRecord& record) {
  const auto info = mls::decode<mls::GroupInfo>(record.group_info);
  if (!info) return info.error();
  auto tree = mls::RatchetTree::decode(record.tree);
  if (!tree) return tree.error();
  mls::PublicGroup group(info->group_context, *std::move(tree), {});
  group.set_interim_transcript_hash(mls::interim_transcript_hash(
      info->group_context.confirmed_transcript_hash, info->confirmation_tag));
  return group;
}

Result<FollowedGroup> check_creation(const wire::CreateRoom& command,
                                     const wire::DeviceRef& creator, const KnownDevices& devices,
                                     Timestamp now) {
  const auto info = mls::decode<mls::GroupInfo>(command.group_info);
  if (!info) return info.error();
  auto group = mls::PublicGroup::join(*info, ByteView(command.tree), policy_at(now));
  if (!group) return group.error();
  const mls::GroupContext& context = group->context();
  if (!std::ranges::equal(context.group_id, command.client_id.view())) {
    return mls::invalid("the group's id is not the room's");
  }
  if (context.epoch != 0 || !context.confirmed_transcript_hash.empty() ||
      group->tree().member_count() != 1) {
    return mls::invalid("a new group is in epoch 0 with its creator alone");
  }
  if (mls::disappear_after(context.extensions) != command.disappear_after_s) {
    return mls::invalid("the group's messages disappear after another time");
  }
  PARLEY_TRY(check_group_info(*info, group->tree()));
  const auto device = devices.verify(*group->tree().leaf(info->signer));
  if (!device) return device.error();
  if (*device != creator) {
    return Error{ErrorCode::kCredentialInvalid, "the leaf is another device's", {}};
  }
  return FollowedGroup{*std::move(group), {0, command.group_info, command.tree}};
}

Result<CheckedCommit> check_commit(const mls::PublicGroup& group, const wire::CommitGroup& command,
                                   const CommitContext& context) {
  auto message = mls::decode<mls::Message>(command.commit);
  if (!message) return message.error();
  auto* sent = std::get_if<mls::PublicMessage>(&message->body);
  if (sent == nullptr) return mls::invalid("the commit is not a public message");
  const auto content = mls::open_public(std::move(*sent));
  if (!content) return content.error();
  const auto* commit = std::get_if<mls::Commit>(&content->content.content);
  if (commit == nullptr) return mls::invalid("the message is not a commit");

  mls::PublicGroup present = group;
  present.set_now(seconds_of(context.now));
  PARLEY_TRY(present.verify(*content));
  PARLEY_TRY(check_proposals(*commit));
  auto staged = present.stage(*content);
  if (!staged) return staged.error();
  const mls::RatchetTree& tree = staged->next.tree();

  const auto committer = context.devices.verify(*tree.leaf(staged->committer));
  if (!committer) return committer.error();
  if (*committer != context.committer) {
    return Error{ErrorCode::kCredentialInvalid, "the commit is another device's", {}};
  }
  PARLEY_TRY(check_removals(group, staged->applied.removed, context));
  std::vector<wire::DeviceRef> added;
  for (const auto& package : staged->applied.added_packages) {
    const auto device = context.devices.verify(package->leaf_node);
    if (!device) return device.error();
    if (!context.will_be_one(device->user_id)) {
      return Error{ErrorCode::kCredentialInvalid, "adds somebody who is not a member", {}};
    }
    added.push_back(*device);
  }
  const bool external = content->content.sender.type == mls::SenderType::kNewMemberCommit;
  PARLEY_TRY(check_those_who_stay(tree, external, context));

  const auto info = mls::decode<mls::GroupInfo>(command.group_info);
  if (!info) return info.error();
  if (info->group_context != staged->next.context() || info->signer != staged->committer ||
      info->confirmation_tag != content->auth.confirmation_tag) {
    return mls::invalid("the group info is not that of the next epoch");
  }
  PARLEY_TRY(check_group_info(*info, tree));
  PARLEY_TRY(check_welcome(command.welcome, staged->applied.added_packages));

  store::GroupRecord record{staged->next.context().epoch, command.group_info, tree.encode()};
  return CheckedCommit{{std::move(staged->next), std::move(record)}, std::move(added)};
}

}  // namespace parley::app
