#include "tests/mls/history.hpp"

#include <algorithm>

#include "shared/mls/state.hpp"

namespace parley::mls::test {
namespace {

constexpr std::uint64_t kNow = 1'000'000;

Policy policy() {
  Policy made;
  made.now_s = kNow;
  return made;
}

std::optional<crypto::SecretBytes> any_psk(const PreSharedKeyId& id) {
  return crypto::SecretBytes(id.id);
}

}  // namespace

History::History(Options options, Choose choose, Require require)
    : options_(options), choose_(std::move(choose)), require_(std::move(require)) {
  for (std::size_t i = 0; i < options_.devices; ++i) {
    devices_.push_back(
        {"device " + std::to_string(i), crypto::SigningKey::generate(rng_), {}, 0, {}});
  }
  KeyPackageKeys creator =
      make_key_package(rng_, devices_[0].key, identity(0), {kNow - 1, kNow + 1});
  auto made = Group::create(rng_, {1, 2, 3}, std::move(creator), {}, policy());
  require_(made.ok(), "a group is created");
  devices_[0].group.emplace(std::move(*made));
  members_ = {0};
  if (options_.handshakes == WireFormat::kPublicMessage) {
    auto follower = PublicGroup::join(group(0).group_info(true), std::nullopt, policy());
    require_(follower.ok(), "a new group can be followed");
    follower_.emplace(std::move(*follower));
  }
}

void History::step() {
  switch (choose_(9)) {
    case 0:
    case 1:
      settle(plan_commit());
      break;
    case 2: {  // several at once; one of them wins
      std::vector<Plan> plans;
      for (std::size_t i = 0; i < 2 + choose_(2); ++i) plans.push_back(plan_commit());
      settle(std::move(plans[choose_(plans.size())]));
      break;
    }
    case 3: {  // somebody new, or somebody who has lost its state
      const std::set<std::size_t> others = outsiders();
      const bool comes_back = others.empty() || choose_(2) == 0;
      settle(plan_external(any_of(comes_back ? members_ : others)));
      break;
    }
    case 4:
    case 5:
      propose();
      break;
    case 6:
      restart(any_of(members_));
      break;
    case 7:
      for (std::size_t i = choose_(4); i > 0; --i) send();
      break;
    default:
      for (std::size_t i = choose_(16); i > 0; --i) deliver();
  }
}

std::size_t History::any_of(const std::set<std::size_t>& set) {
  return *std::next(set.begin(), static_cast<std::ptrdiff_t>(choose_(set.size())));
}

std::set<std::size_t> History::outsiders() const {
  std::set<std::size_t> others;
  for (std::size_t i = 0; i < devices_.size(); ++i) {
    if (!members_.contains(i) && !to_add_.contains(i)) others.insert(i);
  }
  return others;
}

LeafIndex History::leaf_of(std::size_t device) { return group(device).own_leaf(); }

Identity History::identity(std::size_t device) const {
  Identity made;
  made.credential.identity = to_bytes(as_bytes(devices_[device].name));
  made.capabilities = default_capabilities();
  return made;
}

const KeyPackageKeys& History::invite(std::size_t device) {
  const auto found = invited_.find(device);
  if (found != invited_.end()) return found->second;
  return invited_
      .emplace(device,
               make_key_package(rng_, devices_[device].key, identity(device), {kNow - 1, kNow + 1}))
      .first->second;
}

void History::restart(std::size_t device) {
  const Secret key;
  const Bytes saved = seal_state(rng_, key, {}, group(device));
  auto opened = open_state(key, {}, saved, policy());
  require_(opened.ok(), "a saved group is opened");
  devices_[device].group.emplace(std::move(*opened));
}

// ---- commits ----

History::Plan History::plan_commit() {
  Plan plan;
  plan.committer = any_of(members_);
  plan.added = to_add_;
  plan.removed = to_remove_;
  CommitOptions options;
  options.format = options_.handshakes;
  options.renew_path = choose_(2) == 0;
  options.tree_in_welcome = true;
  std::set<std::size_t> others = outsiders();
  for (std::size_t i = choose_(4); i > 0 && !others.empty(); --i) {
    const std::size_t device = any_of(others);
    others.erase(device);
    plan.added.insert(device);
    options.proposals.push_back({Add{std::make_shared<KeyPackage>(invite(device).key_package)}});
  }
  if (choose_(2) == 0) {
    const std::size_t device = any_of(members_);
    if (device != plan.committer) {
      plan.removed.insert(device);
      options.proposals.push_back({Remove{leaf_of(device)}});
    }
  }
  plan.removed.erase(plan.committer);  // what others propose of the committer is left out
  if (choose_(4) == 0) {
    PreSharedKeyId id;
    id.id = {static_cast<std::uint8_t>(choose_(256))};
    id.nonce.resize(kHashSize);
    rng_.fill(id.nonce);
    options.proposals.push_back({PreSharedKey{std::move(id)}});
  }
  if (choose_(8) == 0) {
    const RequiredCapabilities demands{
        {static_cast<std::uint16_t>(ExtensionType::kLastResort)}, {}, {}};
    options.proposals.push_back(
        {GroupContextExtensions{{{ExtensionType::kRequiredCapabilities, encode(demands)}}}});
  }
  plan.pending = group(plan.committer).commit(rng_, std::move(options), any_psk);
  return plan;
}

History::Plan History::plan_external(std::size_t device) {
  Plan plan;
  plan.committer = device;
  plan.added = {device};
  const bool is_member = members_.contains(device);
  const GroupInfo info = group(any_of(members_)).group_info(true);
  plan.pending = Group::join_external(
      rng_, info, std::nullopt, devices_[device].key, identity(device),
      is_member ? std::optional(leaf_of(device)) : std::nullopt, {}, any_psk, policy());
  return plan;
}

void History::settle(Plan plan) {
  require_(plan.pending.ok(), "a commit can be made");
  PendingCommit& pending = *plan.pending;
  const bool is_external = plan.added.contains(plan.committer);
  const bool comes_back = is_external && members_.contains(plan.committer);
  if (choose_(2) == 0) tamper(pending.message);
  for (const std::size_t device : members_) {
    if (device == plan.committer) continue;
    const auto processed = group(device).process(pending.message, any_psk);
    require_(processed.ok(), "a member accepts the commit");
    const bool is_removed = std::holds_alternative<RemovedFromGroup>(*processed);
    require_(is_removed == plan.removed.contains(device), "the removed notice, and nobody else");
  }
  follow(pending.message);
  Device& committer = devices_[plan.committer];
  if (is_external) {
    committer.group.emplace(std::move(pending.next));
    committer.readable_from = epoch_ + 1;
    committer.read.clear();
  } else {
    committer.group->become(std::move(pending.next));
  }

  ++epoch_;
  for (const std::size_t device : plan.removed) members_.erase(device);
  for (const std::size_t device : plan.added) {
    members_.insert(device);
    if (is_external) continue;
    require_(pending.welcome.has_value(), "who is added is welcomed");
    const auto welcome = std::get<Welcome>(decode<Message>(*pending.welcome)->body);
    auto joined = Group::join(welcome, invited_.at(device), std::nullopt, any_psk, policy());
    require_(joined.ok(), "who is welcomed can join");
    devices_[device].group.emplace(std::move(*joined));
    devices_[device].readable_from = epoch_;
    devices_[device].read.clear();
  }
  require_(!comes_back || group(plan.committer).epoch() == epoch_, "who comes back is up to date");
  to_add_.clear();
  to_remove_.clear();
  invited_.clear();
  // A removed device cannot follow.
  for (const std::size_t device : plan.removed) {
    require_(group(device).epoch() < epoch_, "a removed device stays behind");
  }
  check();
}

void History::propose() {
  const std::size_t sender = any_of(members_);
  Result<Bytes> message = ErrorCode::kInternal;
  const std::set<std::size_t> others = outsiders();
  switch (choose_(3)) {
    case 0:
      message = group(sender).propose_update(rng_, options_.handshakes);
      break;
    case 1: {
      const std::size_t device = any_of(members_);
      to_remove_.insert(device);
      message = group(sender).propose(rng_, {Remove{leaf_of(device)}}, options_.handshakes);
      break;
    }
    default: {
      if (others.empty()) return;
      const std::size_t device = any_of(others);
      to_add_.insert(device);
      const Add add{std::make_shared<KeyPackage>(invite(device).key_package)};
      message = group(sender).propose(rng_, {add}, options_.handshakes);
    }
  }
  require_(message.ok(), "a proposal can be made");
  if (choose_(2) == 0) tamper(*message);
  for (const std::size_t device : members_) {
    if (device == sender) continue;
    require_(group(device).process(*message, any_psk).ok(), "a member accepts the proposal");
  }
  follow(*message);
}

void History::follow(ByteView bytes) {
  if (!follower_) return;
  const auto message = decode<Message>(bytes);
  auto content = open_public(std::get<PublicMessage>(message->body));
  require_(content.ok() && follower_->verify(*content).ok(), "the follower verifies");
  if (content->type() == ContentType::kProposal) {
    require_(follower_->keep_proposal(*content).ok(), "the follower keeps a proposal");
    return;
  }
  auto staged = follower_->stage(*content);
  require_(staged.ok(), "the follower accepts the commit");
  follower_.emplace(std::move(staged->next));
}

// ---- messages ----

void History::send() {
  Sent made;
  made.sender = any_of(members_);
  made.epoch = epoch_;
  made.text = Bytes(choose_(100), static_cast<std::uint8_t>(sent_.size()));
  auto message = group(made.sender).protect(rng_, made.text);
  require_(message.ok(), "a member can send");
  made.message = std::move(*message);
  sent_.push_back(std::move(made));
}

void History::deliver() {
  if (sent_.empty()) return;
  const std::size_t number = choose_(sent_.size());
  const std::size_t device = choose_(devices_.size());
  Device& receiver = devices_[device];
  if (!receiver.group) return;
  const Sent& sent = sent_[number];
  if (choose_(4) == 0) tamper(sent.message);
  const std::uint64_t now = receiver.group->epoch();
  const bool can_read = device != sent.sender && sent.epoch >= receiver.readable_from &&
                        sent.epoch <= now && now - sent.epoch <= kPastEpochs &&
                        !receiver.read.contains(number);
  const auto processed = receiver.group->process(sent.message, any_psk);
  require_(processed.ok() == can_read, "a message is read by whom it is for, once");
  if (!can_read) return;
  receiver.read.insert(number);
  const auto& message = std::get<ApplicationMessage>(*processed);
  require_(std::ranges::equal(message.data.expose(), sent.text), "a message says what was sent");
}

void History::tamper(Bytes message) {
  switch (choose_(3)) {
    case 0:
      message.resize(choose_(message.size()));
      break;
    case 1:
      message.push_back(static_cast<std::uint8_t>(choose_(256)));
      break;
    default:
      message[choose_(message.size())] ^= static_cast<std::uint8_t>(1 + choose_(255));
  }
  Group& receiver = group(any_of(members_));
  const Bytes before = to_bytes(receiver.epoch_authenticator().expose());
  const std::size_t open = receiver.public_group().proposals().size();
  // The confirmation tag means nothing to who is removed, and an external commit has no membership
  // tag.
  const auto processed = receiver.process(message, any_psk);
  require_(!processed.ok() || std::holds_alternative<RemovedFromGroup>(*processed),
           "a changed message is refused");
  require_(std::ranges::equal(before, receiver.epoch_authenticator().expose()) &&
               open == receiver.public_group().proposals().size(),
           "a refused message changes nothing");
}

// ---- agreement ----

void History::check() {
  const Group& first = group(*members_.begin());
  require_(first.epoch() == epoch_, "the epoch is the model's");
  for (const std::size_t device : members_) {
    const Group& one = group(device);
    require_(std::ranges::equal(one.epoch_authenticator().expose(),
                                first.epoch_authenticator().expose()),
             "members agree on the epoch");
    require_(std::ranges::equal(one.public_group().encoded_context(),
                                first.public_group().encoded_context()),
             "members agree on the context");
    require_(std::ranges::equal(one.public_group().tree().root_hash(),
                                one.public_group().context().tree_hash),
             "the tree is the context's");
    const LeafNode* leaf = first.public_group().tree().leaf(one.own_leaf());
    require_(leaf != nullptr && leaf->credential == identity(device).credential,
             "a member is where it believes to be");
  }
  require_(first.public_group().tree().member_count() == members_.size(),
           "the tree holds the model's members");
  if (!follower_) return;
  require_(
      std::ranges::equal(follower_->encoded_context(), first.public_group().encoded_context()) &&
          std::ranges::equal(follower_->interim_transcript_hash(),
                             first.public_group().interim_transcript_hash()),
      "the follower agrees");
}

}  // namespace parley::mls::test
