// What devices keep at the server: key packages, messages for each other, device lists, the vault.
#include <algorithm>

#include "server/app/group_rules.hpp"
#include "server/app/sessions.hpp"
#include "shared/mls/labels.hpp"
#include "shared/mls/validation.hpp"

namespace parley::app {
namespace {

constexpr std::uint32_t kLowKeyPackages = 30;
constexpr Duration kLinkCodeLifetime = minutes(10);
constexpr std::uint8_t kFirstClientKind = 2;  // of inbox items

Reply done() { return wire::Response{wire::Done{}}; }

Reply answer(const Status& status) { return status ? done() : fail(status.error()); }

Error invalid(const char* what) { return Error{ErrorCode::kInvalidArgument, what, {}}; }

Result<store::NewKeyPackage> checked_key_package(const Bytes& bytes, const wire::DeviceRef& device,
                                                 Timestamp now) {
  auto package = mls::decode<mls::KeyPackage>(bytes);
  if (!package) return package.error();
  const auto now_s = static_cast<std::uint64_t>(std::max<std::int64_t>(now.ms, 0)) / 1000;
  PARLEY_TRY(mls::validate_key_package(*package, {{}, {}, {}, now_s}));
  PARLEY_TRY(check_own_leaf(package->leaf_node, device));
  // For ever is no moment that a clock can say.
  constexpr std::uint64_t kMostSeconds = 1ull << 40;
  const std::uint64_t end_s = std::min(package->leaf_node.lifetime.not_after, kMostSeconds);
  return store::NewKeyPackage{mls::key_package_ref(*package), bytes,
                              Timestamp{static_cast<std::int64_t>(end_s) * 1000}};
}

// Whether one more of so many bytes fits; the first always does.
class FrameRoom {
 public:
  bool take(std::size_t bytes) {
    used_ += bytes;
    return std::exchange(first_, false) || used_ <= wire::kFullFrameBytes;
  }

 private:
  std::size_t used_ = 0;
  bool first_ = true;
};

}  // namespace

Task<Reply> Sessions::execute_for_device(StatePtr state, Actor actor, wire::Command& command) {
  if (auto* c = std::get_if<wire::PublishKeyPackages>(&command)) {
    co_return co_await publish_key_packages(actor, std::move(*c));
  }
  if (auto* c = std::get_if<wire::ClaimKeyPackages>(&command)) {
    co_return co_await claim_key_packages(actor, std::move(*c));
  }
  if (auto* c = std::get_if<wire::SendToDevices>(&command)) {
    co_return co_await send_to_devices(actor, std::move(*c));
  }
  if (auto* c = std::get_if<wire::AckInbox>(&command)) co_return co_await ack_inbox(state, *c);
  if (auto* c = std::get_if<wire::PutDeviceList>(&command)) {
    co_return co_await put_device_list(actor, std::move(*c));
  }
  if (auto* c = std::get_if<wire::GetIdentities>(&command)) {
    co_return co_await get_identities(std::move(*c));
  }
  if (auto* c = std::get_if<wire::PutVault>(&command)) {
    co_return co_await put_vault(actor, std::move(*c));
  }
  if (auto* c = std::get_if<wire::GetVault>(&command)) co_return co_await get_vault(actor, *c);
  if (auto* c = std::get_if<wire::PutVaultWraps>(&command)) {
    co_return co_await put_vault_wraps(actor, std::move(*c));
  }
  if (std::holds_alternative<wire::GetVaultWraps>(command)) {
    co_return co_await get_vault_wraps(actor);
  }
  if (auto* c = std::get_if<wire::PutLinkCode>(&command)) {
    co_return co_await put_link_code(actor, std::move(*c));
  }
  co_return fail(ErrorCode::kUnknownCommand);
}

// ---- key packages ------------------------------------------------------------------------------

Task<Reply> Sessions::publish_key_packages(Actor actor, wire::PublishKeyPackages command) {
  store::KeyPackagesWrite write;
  write.device = {actor.user, actor.device};
  const Timestamp wall = now().wall;
  for (const wire::OfferedKeyPackage& offered : command.packages) {
    auto package = checked_key_package(offered.key_package, write.device, wall);
    if (!package) co_return fail(as_broken_rule(package.error()));
    write.packages.push_back(*std::move(package));
  }
  if (!command.last_resort.empty()) {
    auto package = checked_key_package(command.last_resort, write.device, wall);
    if (!package) co_return fail(as_broken_rule(package.error()));
    write.last_resort = *std::move(package);
  }
  const auto count = co_await stored<std::uint32_t>(
      context_.executor, shard_, [&](store::Callback<std::uint32_t> call_done) {
        context_.store.put_key_packages(write, std::move(call_done));
      });
  if (!count) co_return fail(count.error());
  co_return wire::Response{wire::KeyPackageCount{*count}};
}

Task<Reply> Sessions::claim_key_packages(Actor actor, wire::ClaimKeyPackages command) {
  const ShardIndex owner = context_.shard_of(command.room_id);
  co_await context_.hop(shard_, owner);
  const Status allowed =
      co_await context_.shard(owner).rooms->may_claim(actor, command.room_id, command.user_ids);
  co_await context_.hop(owner, shard_);
  if (!allowed) co_return fail(allowed.error());
  const store::KeyPackageClaim claim{std::move(command.user_ids), actor.device,
                                     wire::kFullFrameBytes};
  auto claimed = co_await stored<store::ClaimedKeyPackages>(
      context_.executor, shard_, [&](store::Callback<store::ClaimedKeyPackages> call_done) {
        context_.store.claim_key_packages(claim, std::move(call_done));
      });
  if (!claimed) co_return fail(claimed.error());
  for (std::size_t i = 0; i < claimed->packages.size(); ++i) {
    const wire::ClaimedKeyPackage& package = claimed->packages[i];
    if (claimed->left[i] >= kLowKeyPackages) continue;
    context_.tell(context_.shard_of(package.user_id),
                  [user = package.user_id, device = package.device_id, left = claimed->left[i]](
                      Shard& shard) { shard.users->key_packages_low(user, device, left); });
  }
  co_return wire::Response{
      wire::KeyPackages{std::move(claimed->packages), std::move(claimed->missing)}};
}

void Users::key_packages_low(UserId id, DeviceId device, std::uint32_t count) {
  const auto found = users_.find(id);
  if (found == users_.end()) return;  // it counts for itself when it comes
  for (const UserConnection& connection : found->second->connections) {
    if (connection.device != device) continue;
    context_.tell(connection.shard, [count, session = connection.session](Shard& shard) {
      shard.sessions->tell(session, wire::KeyPackagesLowNotice{count});
    });
  }
}

void Sessions::tell(std::uint64_t session, const wire::Notice& notice) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return;
  if (found->second->phase == SessionState::Phase::kReady) {
    notify(*found->second, notice, Priority::kControl);
  }
}

// ---- from device to device ---------------------------------------------------------------------

Task<Reply> Sessions::send_to_devices(Actor actor, wire::SendToDevices command) {
  if (command.kind < kFirstClientKind) co_return fail(invalid("kind"));
  std::vector<UserId> users;
  for (const wire::DeviceRef& device : command.devices) {
    if (device.user_id != actor.user) users.push_back(device.user_id);
  }
  if (!command.room_id.is_nil()) {
    const ShardIndex owner = context_.shard_of(command.room_id);
    co_await context_.hop(shard_, owner);
    const Status allowed =
        co_await context_.shard(owner).rooms->may_reach(actor, command.room_id, users);
    co_await context_.hop(owner, shard_);
    if (!allowed) co_return fail(allowed.error());
  } else if (!users.empty()) {
    co_return fail(ErrorCode::kAccessDenied, "devices of others are reached in a shared room");
  }
  store::InboxWrite write;
  write.to = std::move(command.devices);
  write.item.kind = command.kind;
  write.item.room_id = command.room_id;
  write.item.sender = actor.user;
  write.item.device = actor.device;
  write.item.body = std::move(command.body);
  const Status sent =
      co_await stored<void>(context_.executor, shard_, [&](store::StatusCallback call_done) {
        context_.store.put_inbox(write, std::move(call_done));
      });
  if (!sent) co_return fail(sent.error());
  tell_inboxes(context_, write.to);
  co_return done();
}

// ---- identities --------------------------------------------------------------------------------

Task<Result<std::vector<store::IdentityRecord>>> Sessions::read_identities(
    std::vector<UserId> users) {
  using Records = std::vector<store::IdentityRecord>;
  co_return co_await stored<Records>(context_.executor, shard_,
                                     [&](store::Callback<Records> call_done) {
                                       context_.store.read_identities(users, std::move(call_done));
                                     });
}

Task<Reply> Sessions::put_device_list(Actor actor, wire::PutDeviceList command) {
  const std::vector<UserId> own{actor.user};
  const auto known = co_await read_identities(own);
  if (!known) co_return fail(known.error());
  if (known->empty()) co_return fail(ErrorCode::kUserNotFound);
  const wire::Identity& before = known->front().identity;
  wire::Identity next{actor.user, command.version, std::move(command.list)};
  const bool afresh = next.version == 0;
  bool lost = afresh;
  if (afresh) {
    const auto version = check_list_afresh(before, actor.device, next.list);
    if (!version) co_return fail(version.error());
    next.version = *version;
  } else {
    const auto devices = check_device_list(before, next);
    if (!devices) co_return fail(devices.error());
    lost = !devices->empty();
  }
  const Status put =
      co_await stored<void>(context_.executor, shard_, [&](store::StatusCallback call_done) {
        context_.store.put_identity(next, afresh, std::move(call_done));
      });
  if (!put) co_return fail(put.error());
  const ShardIndex user_shard = context_.shard_of(actor.user);
  co_await context_.hop(shard_, user_shard);
  co_await context_.shard(user_shard)
      .users->identity_changed(actor.user, actor.device, next.version, lost);
  co_await context_.hop(user_shard, shard_);
  co_return done();
}

Task<Reply> Sessions::get_identities(wire::GetIdentities command) {
  auto known = co_await read_identities(std::move(command.user_ids));
  if (!known) co_return fail(known.error());
  wire::Identities answer;
  FrameRoom frame;
  for (store::IdentityRecord& record : *known) {
    if (record.identity.version == 0) continue;
    answer.more = !frame.take(record.identity.list.size());
    if (answer.more) break;
    answer.identities.push_back(std::move(record.identity));
  }
  co_return wire::Response{std::move(answer)};
}

// ---- the vault ---------------------------------------------------------------------------------

Task<Reply> Sessions::put_vault(Actor actor, wire::PutVault command) {
  for (const wire::VaultEntry& entry : command.entries) {
    if (entry.key.empty() || entry.sealed.empty()) co_return fail(invalid("an empty entry"));
  }
  const auto number = co_await stored<std::uint64_t>(
      context_.executor, shard_, [&](store::Callback<std::uint64_t> call_done) {
        context_.store.put_vault(actor.user, command.entries, std::move(call_done));
      });
  if (!number) co_return fail(number.error());
  co_return wire::Response{wire::VaultPosition{*number}};
}

Task<Reply> Sessions::get_vault(Actor actor, wire::GetVault command) {
  using Entries = std::vector<wire::VaultEntry>;
  const auto limit = std::clamp<std::uint32_t>(command.limit, 1, wire::kMaxPageSize);
  const std::uint64_t after = std::min<std::uint64_t>(command.after, INT64_MAX);
  auto entries =
      co_await stored<Entries>(context_.executor, shard_, [&](store::Callback<Entries> call_done) {
        context_.store.read_vault(actor.user, after, limit + 1, std::move(call_done));
      });
  if (!entries) co_return fail(entries.error());
  wire::VaultPage page;
  FrameRoom frame;
  for (wire::VaultEntry& entry : *entries) {
    page.more = page.entries.size() == limit || !frame.take(entry.key.size() + entry.sealed.size());
    if (page.more) break;
    page.entries.push_back(std::move(entry));
  }
  co_return wire::Response{std::move(page)};
}

Task<Reply> Sessions::put_vault_wraps(Actor actor, wire::PutVaultWraps command) {
  for (const wire::VaultWrap& wrap : command.wraps) {
    const bool known =
        wrap.kind >= wire::VaultWrapKind::kDevice && wrap.kind <= wire::VaultWrapKind::kPassword;
    const bool of_device = wrap.kind == wire::VaultWrapKind::kDevice;
    if (!known || of_device == wrap.device_id.is_nil() || wrap.sealed.empty()) {
      co_return fail(invalid("a wrap is for a device, the recovery secret or the password"));
    }
  }
  const std::size_t hash_size = command.recovery_token_hash.size();
  if (hash_size != 0 && hash_size != wire::kRecoveryTokenBytes) {
    co_return fail(invalid("recovery_token_hash has another size"));
  }
  co_return answer(
      co_await stored<void>(context_.executor, shard_, [&](store::StatusCallback call_done) {
        context_.store.put_vault_wraps(actor.user, command.wraps, command.recovery_token_hash,
                                       std::move(call_done));
      }));
}

Task<Reply> Sessions::get_vault_wraps(Actor actor) {
  using Wraps = std::vector<wire::VaultWrap>;
  auto wraps =
      co_await stored<Wraps>(context_.executor, shard_, [&](store::Callback<Wraps> call_done) {
        context_.store.read_vault_wraps(actor.user, std::move(call_done));
      });
  if (!wraps) co_return fail(wraps.error());
  co_return wire::Response{wire::VaultWraps{*std::move(wraps)}};
}

// ---- linking -----------------------------------------------------------------------------------

Task<Reply> Sessions::put_link_code(Actor actor, wire::PutLinkCode command) {
  if (!command.hash.empty() && command.hash.size() != wire::kRecoveryTokenBytes) {
    co_return fail(invalid("hash has another size"));
  }
  const Timestamp expires = now().wall + kLinkCodeLifetime;
  co_return answer(
      co_await stored<void>(context_.executor, shard_, [&](store::StatusCallback call_done) {
        context_.store.put_link_code(actor.user, command.hash, expires, std::move(call_done));
      }));
}

// ---- direct rooms ------------------------------------------------------------------------------

// The two may ask at the same moment, each with an id of its own: the store keeps the first room,
// and whoever comes second enters it.
Task<Reply> Sessions::create_direct(Actor actor, wire::CreateRoom command, UserLimits* limits) {
  const std::vector<UserId> other{command.direct_with};
  const auto users = co_await stored<std::vector<store::UserRecord>>(
      context_.executor, shard_, [&](store::Callback<std::vector<store::UserRecord>> call_done) {
        context_.store.read_users(other, std::move(call_done));
      });
  if (!users) co_return fail(users.error());
  if (users->empty()) co_return fail(ErrorCode::kUserNotFound);
  for (int attempt = 0;; ++attempt) {
    const auto there =
        co_await stored<RoomId>(context_.executor, shard_, [&](store::Callback<RoomId> call_done) {
          context_.store.find_direct(actor.user, command.direct_with, std::move(call_done));
        });
    if (!there) co_return fail(there.error());
    const RoomId room = there->is_nil() ? RoomId{command.client_id.uuid} : *there;
    const ShardIndex owner = context_.shard_of(room);
    co_await context_.hop(shard_, owner);
    Rooms& rooms = *context_.shard(owner).rooms;
    Reply reply = done();
    if (there->is_nil()) {
      reply = co_await rooms.create(actor, command, limits);
    } else {
      reply = co_await rooms.enter_direct(actor, room);
    }
    co_await context_.hop(owner, shard_);
    const auto* error = std::get_if<wire::ErrorReply>(&reply);
    const bool lost = error && error->code == static_cast<std::uint16_t>(ErrorCode::kConflict);
    if (!lost || attempt > 0) co_return reply;
  }
}

}  // namespace parley::app
