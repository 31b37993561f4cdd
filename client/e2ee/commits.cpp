// Commits: made from what is wanted, kept until the log tells whether they won, taken over from
// others. A commit that lost leaves nothing behind but the wish it was made for.
#include "client/e2ee/impl.hpp"
#include "shared/mls/validation.hpp"

namespace parley::e2ee {
namespace {

std::optional<wire::DeviceRef> device_of(const mls::LeafNode& leaf) {
  const auto credential = identity::DeviceCredential::decode(leaf.credential.identity);
  if (!credential) return std::nullopt;
  return wire::DeviceRef{credential->user, credential->device};
}

// What a commit says on its face; nothing when it is none.
struct CommitHead {
  std::uint64_t epoch = 0;  // that it ends
  bool external = false;    // by somebody who lets itself in
};
std::optional<CommitHead> head_of(ByteView commit) {
  const auto message = mls::decode<mls::Message>(commit);
  if (!message) return std::nullopt;
  const auto* handshake = std::get_if<mls::PublicMessage>(&message->body);
  if (handshake == nullptr) return std::nullopt;
  const mls::FramedContent& content = handshake->content;
  return CommitHead{content.epoch, content.sender.type == mls::SenderType::kNewMemberCommit};
}

}  // namespace

// ---- making ------------------------------------------------------------------------------------

void Engine::Impl::begin_commit(Now now, Room& room) {
  RoomRecord& record = room.record;
  if (record.to_add.empty()) return make_commit(now, room, {});
  // Their devices are known before their key packages are used up, and what the person decided too.
  if (!own_->record.read_vault || !all_fresh(record.to_add)) return;
  room.busy = true;
  const RoomId id = room.id;
  wire::ClaimKeyPackages claim;
  claim.room_id = id;
  claim.user_ids = {record.to_add.begin(),
                    record.to_add.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                record.to_add.size(), wire::kMaxPageSize))};
  ask<wire::KeyPackages>(
      std::move(claim),
      [this, id](Now at, const wire::KeyPackages& answer) {
        Room& there = room_of(id);
        there.busy = false;
        if (there.group) make_commit(at, there, answer.packages);
      },
      [this, id](Now at, const wire::ErrorReply& error) {
        Room& there = room_of(id);
        if (error_info(error.code).action == ErrorAction::kTellUser) {
          there.record.to_add.clear();
          save_room(there);
          changes_.push_back(RoomFailed{id, {code_of(error), error.detail, {}}});
        }
        failed(at, there, error);
      });
}

void Engine::Impl::make_commit(Now now, Room& room,
                               const std::vector<wire::ClaimedKeyPackage>& claimed) {
  mls::CommitOptions options;
  options.renew_path = true;
  options.tree_in_welcome = false;  // the server adds it
  std::set<wire::DeviceRef> present;
  room.group->public_group().tree().for_each_leaf(
      [&](mls::LeafIndex index, const mls::LeafNode& leaf) {
        const auto device = device_of(leaf);
        if (index != room.group->own_leaf() && (!device || room.stale.contains(*device))) {
          options.proposals.push_back({mls::Remove{index}});
        } else if (device) {
          present.insert(*device);
        }
      });
  std::vector<Newcomer> added;
  const mls::Extensions& extensions = room.group->public_group().context().extensions;
  for (const wire::ClaimedKeyPackage& one : claimed) {
    auto package = mls::decode<mls::KeyPackage>(one.key_package);
    if (!package || trust(package->leaf_node) != Trust::kTrusted ||
        !mls::validate_support(package->leaf_node, extensions)) {
      continue;
    }
    const auto credential =
        identity::DeviceCredential::decode(package->leaf_node.credential.identity);
    const wire::DeviceRef device{credential->user, credential->device};
    // Those that are left out for whatever reason join by themselves.
    if (!present.insert(device).second) continue;
    added.push_back({device, credential->device_key, UINT64_MAX});
    options.proposals.push_back(
        {mls::Add{std::make_shared<const mls::KeyPackage>(*std::move(package))}});
  }
  room.group->public_group().set_now(seconds_of(now));
  auto made = room.group->commit(rng_, std::move(options), mls::no_psk);
  if (!made) {
    // What was asked for cannot be done: no retry makes a bad key package good.
    room.record.to_add.clear();
    room.record.renew = false;
    save_room(room);
    changes_.push_back(RoomFailed{room.id, made.error()});
    return room.retry.failed(now.mono, rng_, seconds(1));
  }
  set_pending(room, *std::move(made), std::move(added), room.record.to_add, false, now);
}

void Engine::Impl::set_pending(Room& room, mls::PendingCommit made, std::vector<Newcomer> added,
                               std::vector<UserId> members, bool external, Now now) {
  PendingRecord record;
  record.command.room_id = room.id;
  record.command.client_id = ClientId::make(now.wall, rng_);
  record.command.epoch = made.next.epoch() - 1;
  record.command.commit = std::move(made.message);
  record.command.welcome = std::move(made.welcome).value_or(Bytes());
  record.command.group_info = mls::encode(made.next.group_info(false));
  if (members.size() > wire::kMaxPageSize) members.resize(wire::kMaxPageSize);
  record.command.add_members = std::move(members);
  // The keys of the epochs before are used up meanwhile: they stay with the group as it is.
  const bool apart = mls::disappear_after(made.next.public_group().context().extensions) > 0;
  const auto keys = apart ? mls::KeysOf::kPresentEpoch : mls::KeysOf::kAllEpochs;
  record.next = mls::seal_state(rng_, own_->record.state_key, room.id.view(), made.next, keys);
  record.added = added;
  record.external = external;
  desk_.put("e2ee/pending/" + room.id.to_string(), SecretBytes(wire::encode(record)));
  room.pending.emplace(
      Pending{std::move(record.command), std::move(made.next), std::move(added), external});
}

// ---- won or lost -------------------------------------------------------------------------------

void Engine::Impl::send_pending(Now, Room& room) {
  room.busy = true;
  const RoomId id = room.id;
  const ClientId name = room.pending->command.client_id;
  // Whether it is still the one that was sent.
  const auto is_it = [this, id, name] {
    const Room& there = room_of(id);
    return there.pending && there.pending->command.client_id == name;
  };
  ask<wire::Posted>(
      room.pending->command,
      [this, id, is_it](Now now, const wire::Posted&) {
        room_of(id).busy = false;
        if (is_it()) won(now, room_of(id));
      },
      [this, id, is_it](Now now, const wire::ErrorReply& error) {
        Room& there = room_of(id);
        there.busy = false;
        if (!is_it()) return;
        const auto action = error_info(error.code).action;
        if (action == ErrorAction::kRetryAfter || action == ErrorAction::kReconnect) {
          return failed(now, there, error);  // the same again
        }
        drop_pending(there);
        if (error.room) there.server_epoch = std::max(there.server_epoch, error.room->epoch);
        there.retry.failed(now.mono, rng_, kFirstRetry, milliseconds(error.retry_after_ms));
        // A conflict without news, or a rule that the group as it is now does not keep.
        there.look_for_stale = there.group.has_value();
        for (const UserId& user : there.record.to_add) {
          if (const auto known = people_.find(user); known != people_.end()) {
            known->second.fresh = false;
          }
        }
        if (action != ErrorAction::kTellUser || there.record.to_add.empty()) return;
        there.record.to_add.clear();
        save_room(there);
        changes_.push_back(RoomFailed{id, {code_of(error), error.detail, {}}});
      });
}

void Engine::Impl::drop_pending(Room& room) {
  room.pending.reset();
  desk_.erase("e2ee/pending/" + room.id.to_string());
}

void Engine::Impl::won(Now now, Room& room) {
  Pending pending = *std::exchange(room.pending, std::nullopt);
  desk_.erase("e2ee/pending/" + room.id.to_string());
  RoomRecord& record = room.record;
  if (room.group) {
    room.group->become(std::move(pending.next));
  } else {
    room.group.emplace(std::move(pending.next));
  }
  std::erase_if(record.to_add, [&](const UserId& user) {
    const auto& members = pending.command.add_members;
    return std::ranges::find(members, user) != members.end();
  });
  record.newcomers.insert(record.newcomers.end(), pending.added.begin(), pending.added.end());
  record.renew = false;
  record.sealed = 0;
  record.just_joined = false;
  record.renew_at = now.wall + kRenewEvery + Duration{jitter(hours(1))};
  room.retry.succeeded();
  room.tree.clear();
  entered(now, room);
  room.invites.own_epoch = true;
  renew_invites(room);
}

// A commit of the log, in whatever order it came here.
void Engine::Impl::take_commit(Now now, Room& room, const wire::Event& event) {
  const auto head = head_of(event.body);
  if (!head) return;
  const std::uint64_t epoch = head->epoch;
  note_age(room, epoch + 1, event.at);
  if (room.pending && event.client_id == room.pending->command.client_id &&
      is_own({event.sender, event.device})) {
    return won(now, room);
  }
  if (!room.group) {
    // What is being joined has moved on.
    if (room.pending && room.pending->command.epoch <= epoch) drop_pending(room);
    return;
  }
  if (epoch < room.group->epoch()) return;
  room.server_epoch = std::max(room.server_epoch, epoch + 1);
  if (epoch > room.group->epoch()) return;  // the ones before it are asked for
  if (room.pending) drop_pending(room);

  // Lifetimes count at the moment when the server took it.
  room.group->public_group().set_now(seconds_of({{}, event.at}));
  const auto processed = room.group->process(event.body, mls::no_psk);
  if (!processed || std::holds_alternative<mls::RemovedFromGroup>(*processed)) {
    // Joins anew, in the place of its old leaf; what it could read it can read on.
    drop_group(room);
    room.join_at = now.mono + Duration{jitter(kFirstRetry * 10)};
    return;
  }
  const auto* changed = std::get_if<mls::EpochChanged>(&*processed);
  if (changed == nullptr) return;
  // Somebody who let itself in is told what a committer would have told it.
  const mls::LeafNode* joiner = room.group->public_group().tree().leaf(changed->committer);
  const auto rank = own_rank(room);
  if (head->external && joiner != nullptr && rank && *rank < kBundleSenders) {
    const auto credential = identity::DeviceCredential::decode(joiner->credential.identity);
    if (credential) {
      room.record.newcomers.push_back(
          {{credential->user, credential->device}, credential->device_key, UINT64_MAX});
    }
  }
  entered(now, room);
}

// The group is in a new epoch, or this device in the group.
void Engine::Impl::entered(Now now, Room& room) {
  learn_present(room);
  if (disappears(room) > 0) note_epoch_ends(now, room);
  room.server_epoch = std::max(room.server_epoch, room.group->epoch());
  room.epoch_messages = 0;
  room.forget_leaves();
  note_users(room);
  room.answered.clear();
  if (std::exchange(room.invites.own_epoch, false)) save_invites(room);
  room.join_at.reset();
  // Who was to be removed may be gone by now; else they are looked for again.
  std::set<wire::DeviceRef> still;
  room.group->public_group().tree().for_each_leaf([&](mls::LeafIndex, const mls::LeafNode& leaf) {
    const auto device = device_of(leaf);
    if (device && room.stale.contains(*device)) still.insert(*device);
  });
  room.stale = std::move(still);
  save_group(room);
  if (!room.record.bundles.empty()) {
    for (const Bytes& bundle : std::exchange(room.record.bundles, {})) take_bundle(room, bundle);
  }
  save_room(room);
  changes_.push_back(RoomChanged{room.id});
}

}  // namespace parley::e2ee
