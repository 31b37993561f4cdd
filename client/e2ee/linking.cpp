// The engine's side of linking a device: see link.hpp for what happens, identity/link.hpp for the
// handshake. The old device lists the new one by put_list (account.cpp).
#include "client/e2ee/impl.hpp"

namespace parley::e2ee {
namespace {

// The second byte of a message.
enum class Type : std::uint8_t {
  kOffer = 1,
  kAnswer = 2,
  kReveal = 3,
  kBundle = 4,
  kEnded = 5,
  kArrived = 6,
};
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kMaxQueued = 16;

Bytes short_message(Type type, std::optional<LinkProblem> problem = std::nullopt) {
  Bytes message{kVersion, static_cast<std::uint8_t>(type)};
  if (problem) message.push_back(static_cast<std::uint8_t>(*problem));
  return message;
}

}  // namespace

// ---- the person --------------------------------------------------------------------------------

Result<std::string> Engine::Impl::start_link(Now now) {
  if (!ready() || !people_.contains(user_)) return ErrorCode::kNotConnected;
  end_link(LinkProblem::kStartedAgain);
  std::string code = make_link_code(rng_);
  auto keys = derive_link_keys(code);
  if (!keys) return keys.error();
  open_link(now, LinkStatus::Side::kOld, *std::move(keys));
  link_->status.code = code;
  queue_link(wire::PutLinkCode{link_->channel.registered()});
  settle(now);
  return code;
}

Status Engine::Impl::begin_link(Now now, std::string_view typed) {
  auto keys = derive_link_keys(typed);
  if (!keys) return keys.error();
  if (!connected_ || account_state_ == AccountState::kStarting) return ErrorCode::kNotConnected;
  const auto self = people_.find(user_);
  if (account_state_ != AccountState::kLocked || self == people_.end()) {
    return Error{ErrorCode::kInvalidArgument, "This device has its account's keys already.", {}};
  }
  end_link(LinkProblem::kStartedAgain);
  open_link(now, LinkStatus::Side::kNew, *std::move(keys));
  const auto signing = crypto::SigningKey::generate(rng_);
  auto device = crypto::KemKeyPair::generate(rng_);
  link_->signing_seed = signing.seed();
  link_->device_secret = std::move(device.secret_key);
  link_->new_side.emplace(rng_, identity::LinkMode::kEmoji,
                          identity::LinkRequest{device_, signing.public_key(), device.public_key});
  // Whichever of them shows the code answers.
  for (const identity::DeviceEntry& entry : self->second.list.devices) {
    if (entry.device != device_) link_->offered_to.push_back(entry.device);
  }
  save_link_mark();
  send_link(link_->offered_to, link_->new_side->offer());
  settle(now);
  return {};
}

void Engine::Impl::confirm_link(Now now, bool same) {
  if (!link_) return;
  LinkStatus& status = link_->status;
  const bool asked = status.step == LinkStep::kCompareEmoji;
  if (!asked && status.step != LinkStep::kWaitingForConfirmation) return;
  if (!same) {
    end_link(LinkProblem::kRefused);
  } else if (asked) {
    const auto confirmed = link_->old_side->confirm();
    if (!confirmed) return;
    // From here on the list may name a device that has no keys yet; see resume_link.
    link_->listing = link_->old_side->request().device;
    std::erase(own_->record.to_remove, link_->listing);
    save_link_mark();
    status.step = LinkStep::kFinishing;
    changes_.push_back(LinkChanged{});
  }
  settle(now);
}

void Engine::Impl::cancel_link(Now now) {
  if (!link_) return;
  if (link_->status.active()) {
    end_link(LinkProblem::kCancelled);
  } else {
    link_.reset();
    changes_.push_back(LinkChanged{});
  }
  settle(now);
}

// ---- its beginning and end ---------------------------------------------------------------------

void Engine::Impl::open_link(Now now, LinkStatus::Side side, LinkKeys keys) {
  link_.emplace(LinkChannel(std::move(keys)));
  link_->status.side = side;
  link_->status.expires = now.wall + kLinkLifetime;
  link_->until = now.mono + kLinkLifetime;
  link_->answer_due = now.mono + kLinkAnswerTime;
  save_link_mark();
  changes_.push_back(LinkChanged{});
}

std::vector<DeviceId> Engine::Impl::link_peers() const {
  return link_->peer.is_nil() ? link_->offered_to : std::vector<DeviceId>{link_->peer};
}

void Engine::Impl::save_link_mark() {
  LinkMark mark;
  mark.is_new = link_->status.side == LinkStatus::Side::kNew;
  mark.listing = link_->listing;
  mark.peers = link_peers();
  const bool has_keys = mark.is_new && own_;
  mark.last_word =
      link_->channel.mark(has_keys ? short_message(Type::kArrived)
                                   : short_message(Type::kEnded, LinkProblem::kRestarted));
  desk_.put("e2ee/link", pack(mark));
}

// A link that this device's last run left open.
void Engine::Impl::resume_link() {
  const auto mark = std::exchange(link_mark_, std::nullopt);
  if (!mark) return;
  desk_.erase("e2ee/link");
  if (own_ && !mark->listing.is_nil()) plan_removal(mark->listing);
  link_.emplace(LinkChannel({}));
  LinkStatus& status = link_->status;
  status.side = mark->is_new ? LinkStatus::Side::kNew : LinkStatus::Side::kOld;
  const bool has_keys = mark->is_new && own_;
  status.step = has_keys ? LinkStep::kDone : LinkStep::kFailed;
  if (!has_keys) {
    status.problem = LinkProblem::kRestarted;
    status.sentence = describe(status.problem);
  }
  if (!mark->is_new) queue_link(wire::PutLinkCode{});
  if (!mark->peers.empty()) queue_link(link_item(mark->peers, mark->last_word));
  changes_.push_back(LinkChanged{});
}

void Engine::Impl::end_link(LinkProblem problem, bool tell, std::string_view sentence) {
  if (!link_ || !link_->status.active()) return;
  LinkStatus& status = link_->status;
  const bool is_old = status.side == LinkStatus::Side::kOld;
  const DeviceId peer = link_->peer;
  link_out_.clear();  // what is of no use any more
  if (tell) send_link(link_peers(), short_message(Type::kEnded, problem));
  if (is_old) {
    queue_link(wire::PutLinkCode{});
    // Whoever it is, it came in with the code. A listed device is not sent away on the server's
    // word alone.
    const bool unwanted =
        problem == LinkProblem::kRefused || (tell && problem == LinkProblem::kCancelled);
    if (unwanted && !peer.is_nil() && own_known().list.find(peer) == nullptr) {
      queue_link(wire::RevokeDevice{peer});
    }
    if (own_ && !link_->listing.is_nil()) plan_removal(link_->listing);
  }
  status.problem = problem;
  status.sentence = sentence.empty() ? describe(problem) : sentence;
  close_link(LinkStep::kFailed);
}

void Engine::Impl::close_link(LinkStep step) {
  LinkStatus status = std::move(link_->status);
  status.step = step;
  status.code.clear();
  link_.emplace(LinkChannel({}));  // wipes all that was secret
  link_->status = std::move(status);
  desk_.erase("e2ee/link");
  changes_.push_back(LinkChanged{});
}

// ---- what leaves -------------------------------------------------------------------------------

void Engine::Impl::queue_link(wire::Command command) {
  if (link_out_.size() < kMaxQueued) link_out_.push_back({next_link_out_++, std::move(command)});
}

wire::SendToDevices Engine::Impl::link_item(const std::vector<DeviceId>& devices,
                                            Bytes body) const {
  wire::SendToDevices command;
  for (const DeviceId& device : devices) command.devices.push_back({user_, device});
  command.kind = kLinkItem;
  command.body = std::move(body);
  return command;
}

void Engine::Impl::send_link(const std::vector<DeviceId>& devices, ByteView message) {
  if (!devices.empty()) queue_link(link_item(devices, link_->channel.mark(message)));
}

bool Engine::Impl::waits_for_answer() const {
  return link_ && link_->new_side && link_->status.step == LinkStep::kWaitingForDevice &&
         !link_->status.unanswered;
}

void Engine::Impl::step_link(Now now) {
  if (link_ && link_->status.active()) {
    const bool has_keys = own_ && link_->status.side == LinkStatus::Side::kNew;
    if (account_state_ == AccountState::kRevoked) {
      end_link(LinkProblem::kCancelled);
    } else if (!has_keys && now.mono >= link_->until) {
      const bool was_given = link_->status.step == LinkStep::kFinishing && link_->listing.is_nil();
      end_link(was_given ? LinkProblem::kNoWord : LinkProblem::kExpired);
    } else if (has_keys && account_state_ == AccountState::kReady) {
      close_link(LinkStep::kDone);
    } else if (waits_for_answer() && now.mono >= link_->answer_due) {
      link_->status.unanswered = true;
      changes_.push_back(LinkChanged{});
    }
  }
  if (!connected_ || link_busy_ || link_out_.empty() || link_retry_.waits(now.mono)) return;
  link_busy_ = true;
  const std::uint64_t number = link_out_.front().first;
  // False when the link that wanted it has ended meanwhile.
  const auto take_out = [this, number] {
    link_busy_ = false;
    link_retry_.succeeded();
    const bool is_front = !link_out_.empty() && link_out_.front().first == number;
    if (is_front) link_out_.pop_front();
    return is_front;
  };
  ask<wire::Done>(
      link_out_.front().second,
      [this, take_out, number](Now, const wire::Done&) {
        take_out();
        // The bundle is where the new device finds it.
        if (link_ && link_->bundle == number) link_->listing = {};
      },
      [this, take_out](Now at, const wire::ErrorReply& error) {
        const ErrorAction next = error_info(error.code).action;
        if (next == ErrorAction::kRetryAfter || next == ErrorAction::kReconnect) {
          link_busy_ = false;
          link_retry_.failed(at.mono, rng_, seconds(1));
        } else if (take_out()) {
          end_link(LinkProblem::kServer);
        }
      });
}

// ---- what comes --------------------------------------------------------------------------------

void Engine::Impl::take_link(Now now, const wire::InboxItem& item) {
  if (!link_ || !link_->status.active() || now.mono >= link_->until) return;
  if (item.sender != user_ || item.device == device_) return;
  ByteView message;
  switch (link_->channel.read(item.body, message)) {
    case LinkChannel::Reading::kOfAnotherLink:
      return;
    case LinkChannel::Reading::kForged:
      if (link_->peer.is_nil()) link_->peer = item.device;  // to be told
      return end_link(LinkProblem::kTampered);
    case LinkChannel::Reading::kTrue:
      break;
  }
  if (message.size() < 2 || message[0] != kVersion) return end_link(LinkProblem::kBroken);
  const auto type = static_cast<Type>(message[1]);
  const bool is_old = link_->status.side == LinkStatus::Side::kOld;
  const bool is_peer = item.device == link_->peer || (!is_old && link_->peer.is_nil());
  if (is_old && type == Type::kOffer) return take_offer(item.device, message);
  if (!is_peer) return;
  // What is not due has come before.
  const LinkStep step = link_->status.step;
  if (type == Type::kEnded && message.size() == 3) {
    if (!is_old && step == LinkStep::kFinishing) return;  // it has the keys
    const auto problem = static_cast<LinkProblem>(message[2]);
    const bool known = problem > LinkProblem::kNone && problem <= LinkProblem::kServer;
    // It says so itself: it has no keys, and gets none any more.
    if (step == LinkStep::kFinishing) link_->listing = link_->peer;
    end_link(known ? problem : LinkProblem::kBroken, false);
  } else if (is_old) {
    if (type == Type::kReveal && step == LinkStep::kWaitingForDevice) take_reveal(message);
    if (type == Type::kArrived && step == LinkStep::kFinishing) close_link(LinkStep::kDone);
  } else {
    if (type == Type::kAnswer && step == LinkStep::kWaitingForDevice) {
      take_answer(item.device, message);
    }
    if (type == Type::kBundle && step == LinkStep::kWaitingForConfirmation) {
      take_link_bundle(message);
    }
  }
}

void Engine::Impl::take_offer(const DeviceId& device, ByteView message) {
  if (!link_->peer.is_nil()) {
    if (device != link_->peer) {
      send_link({device}, short_message(Type::kEnded, LinkProblem::kCodeUsed));
    } else if (!std::ranges::equal(message, link_->offer)) {
      end_link(LinkProblem::kStartedAgain);
    }
    return;
  }
  auto side = identity::OldDevice::read_offer(rng_, identity::LinkMode::kEmoji, message);
  if (!side) return end_link(LinkProblem::kBroken, true, side.error().detail);
  link_->peer = device;
  link_->offer = to_bytes(message);
  link_->old_side = *std::move(side);
  save_link_mark();
  send_link({device}, link_->old_side->answer());
  queue_link(wire::PutLinkCode{});  // nobody else comes in with it
}

void Engine::Impl::take_answer(const DeviceId& device, ByteView message) {
  link_->peer = device;
  save_link_mark();
  const auto reveal = link_->new_side->handle_answer(message);
  // The tag says that whoever gives the keys knows the code; the person confirms over there.
  if (!reveal || !link_->new_side->confirm()) {
    return end_link(LinkProblem::kBroken, true, describe(link_->new_side->fault()));
  }
  send_link({device}, *reveal);
  link_->status.emoji = link_->new_side->emoji();
  link_->status.unanswered = false;
  link_->status.step = LinkStep::kWaitingForConfirmation;
  changes_.push_back(LinkChanged{});
}

void Engine::Impl::take_reveal(ByteView message) {
  if (!link_->old_side->handle_reveal(message)) {
    return end_link(LinkProblem::kBroken, true, describe(link_->old_side->fault()));
  }
  if (link_->old_side->request().device != link_->peer) return end_link(LinkProblem::kTampered);
  link_->status.emoji = link_->old_side->emoji();
  link_->status.step = LinkStep::kCompareEmoji;
  changes_.push_back(LinkChanged{});
}

void Engine::Impl::take_link_bundle(ByteView message) {
  const auto bundle = link_->new_side->handle_bundle(message);
  if (!bundle) return end_link(LinkProblem::kBroken, true, describe(link_->new_side->fault()));
  if (bundle->user != user_) return end_link(LinkProblem::kOtherAccount);
  // An older list than this one is seen through from now on.
  take_identity({user_, bundle->list.version, bundle->list.encode()});
  AccountRecord record;
  record.account_seed = bundle->account.seed();
  record.vault_key = bundle->vault_key.clone();
  record.signing_seed = std::move(link_->signing_seed);
  record.device_secret = std::move(link_->device_secret);
  take_account(std::move(record));
  save_link_mark();
  send_link({link_->peer}, short_message(Type::kArrived));
  link_->status.step = LinkStep::kFinishing;
  changes_.push_back(LinkChanged{});
}

// ---- the account's list ------------------------------------------------------------------------

const identity::LinkRequest* Engine::Impl::to_list() const {
  const bool wanted = link_ && link_->old_side && link_->old_side->confirmed();
  return wanted ? &link_->old_side->request() : nullptr;
}

void Engine::Impl::add_linked(Now now, const identity::DeviceList& list,
                              identity::ListChange& change) const {
  const identity::LinkRequest* request = to_list();
  if (request == nullptr) return;
  const identity::DeviceEntry* entry = list.find(request->device);
  if (entry != nullptr && entry->signing_key == request->signing_key &&
      entry->device_key == request->device_key) {
    return;
  }
  if (entry != nullptr) change.removed.push_back(request->device);  // of an earlier attempt
  change.added.push_back({request->device, request->signing_key, request->device_key, now.wall});
}

void Engine::Impl::linked_is_listed(const identity::DeviceList& list) {
  if (to_list() == nullptr) return;
  const auto bundle = link_->old_side->seal_bundle(own_->account, own_->record.vault_key, list);
  if (!bundle) return end_link(LinkProblem::kBroken, true, bundle.error().detail);
  link_->bundle = next_link_out_;
  send_link({link_->peer}, *bundle);
  // From here on it may have the keys: no restart takes it from the list again.
  const DeviceId listed = std::exchange(link_->listing, DeviceId{});
  save_link_mark();
  link_->listing = listed;
}

}  // namespace parley::e2ee
