// The account's keys on this device, and who others are.
#include <algorithm>

#include "client/core/impl.hpp"
#include "client/core/words.hpp"
#include "shared/identity/link_emoji.hpp"
#include "shared/identity/safety_number.hpp"

namespace parley::client {
namespace {

// "https://chat.example.org" of "wss://chat.example.org/ws"
std::string page_of(std::string_view server_url) {
  const std::size_t scheme = server_url.find("://");
  if (scheme == std::string_view::npos) return {};
  const bool secure = server_url.starts_with("wss") || server_url.starts_with("https");
  std::string_view host = server_url.substr(scheme + 3);
  host = host.substr(0, host.find('/'));
  return (secure ? "https://" : "http://") + std::string(host);
}

constexpr std::string_view kVerifyMark = "#verify=";

// Of a link with a code, or of the code alone; empty when it is neither.
Bytes safety_code_in(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  if (const std::size_t at = text.rfind(kVerifyMark); at != std::string_view::npos) {
    text.remove_prefix(at + kVerifyMark.size());
  }
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  text = text.substr(first, text.find_last_not_of(kBlank) - first + 1);
  Bytes code;
  constexpr std::size_t kMost = 1024;
  if (text.size() > kMost || !from_base64url(text, code)) return {};
  return code;
}

void wipe_words(std::vector<std::string>& words) {
  for (std::string& word : words) {
    crypto::wipe({reinterpret_cast<std::uint8_t*>(word.data()), word.size()});
  }
  words.clear();
}

}  // namespace

// ---- a new device of an account -------------------------------------------------------------

void Client::Impl::forget_entry() {
  entry_token_.reset();
  recovery_.reset();
  recovery_tried_ = false;
  link_code_.clear();
}

void Client::Impl::sign_in_with(Now now, crypto::Secret token) {
  entry_token_ = std::move(token);
  begin_sign_in(now);
}

void Client::Impl::sign_in_recovery(Now now, const std::string& words, bool replace) {
  if (signed_in()) return recover(now, words);
  touch();
  auto parsed = identity::parse_recovery_words(words);
  if (const auto* fault = std::get_if<identity::RecoveryFault>(&parsed)) {
    login_error_ = words_for_recovery_fault(*fault);
    return settle(now);
  }
  if (sign_in_waits(now, [=, this](Now then) { sign_in_recovery(then, words, replace); })) return;
  if (!replace && asks_to_replace(now, words_for_replacing(session_.session.user.name))) {
    return settle(now);
  }
  forget_entry();
  recovery_ = std::get<identity::RecoverySecret>(std::move(parsed));
  sign_in_with(now, std::move(identity::derive_recovery_keys(*recovery_).sign_in_token));
}

void Client::Impl::sign_in_link(Now now, const std::string& code, bool replace) {
  touch();
  auto token = e2ee::link_sign_in_token(code);
  if (!token) {
    login_error_ = token.error().detail;
    return settle(now);
  }
  if (signed_in()) {
    login_error_.clear();
    const Status begun =
        engine_ ? engine_->begin_link(now, code) : Status(ErrorCode::kAccessDenied);
    if (!begun) {
      login_error_ = begun.error().detail.empty() ? words_for(begun.error()) : begun.error().detail;
    }
    return settle(now);
  }
  if (sign_in_waits(now, [=, this](Now then) { sign_in_link(then, code, replace); })) return;
  if (!replace && asks_to_replace(now, words_for_replacing(session_.session.user.name))) {
    return settle(now);
  }
  forget_entry();
  link_code_ = code;
  sign_in_with(now, *std::move(token));
}

void Client::Impl::start_link(Now now) {
  when_keys_settle(now, [this](Now then) {
    const auto code =
        engine_ ? engine_->start_link(then) : Result<std::string>(ErrorCode::kAccessDenied);
    if (code) return;
    toast(then, ToastKind::kError, "No device can be linked now",
          keys_.text.empty() ? "Try again when you are connected." : keys_.text);
  });
}

void Client::Impl::confirm_link(Now now, bool same) {
  if (engine_) engine_->confirm_link(now, same);
  touch();
  settle(now);
}

void Client::Impl::cancel_link(Now now) {
  if (engine_ && engine_->link()) {
    engine_->cancel_link(now);
    if (engine_->link()) engine_->cancel_link(now);  // who cancels knows that it has ended
  }
  touch();
  settle(now);
}

void Client::Impl::build_link() {
  LinkView& out = view_.link;
  out = {};
  const e2ee::LinkStatus* link = engine_ ? engine_->link() : nullptr;
  if (!link) return;
  out.new_device = link->side == e2ee::LinkStatus::Side::kNew;
  out.code = link->code;
  if (!link->code.empty()) {
    out.url = page_of(config_.server_url) + "/#" + e2ee::link_url_fragment(link->code);
  }
  switch (link->step) {
    case e2ee::LinkStep::kWaitingForDevice:
      out.step = out.new_device ? LinkStep::kWaiting : LinkStep::kCode;
      out.text = link->unanswered
                     ? "No device has answered yet. Is the code still shown on your other device, "
                       "and is it the one that was typed here?"
                 : out.new_device
                     ? "Waiting for your other device. Keep the code open there."
                     : "On your new device choose \"I have an account on another device\" and type "
                       "this code, or scan it. It is good for ten minutes.";
      break;
    case e2ee::LinkStep::kCompareEmoji:
    case e2ee::LinkStep::kWaitingForConfirmation:
      out.step = LinkStep::kCompare;
      out.text = out.new_device
                     ? "Your other device shows the same seven pictures. Confirm there if they are "
                       "the same as these."
                     : "Your new device shows seven pictures. Are they the same as these?";
      for (const std::uint8_t place : link->emoji) {
        const auto& emoji = identity::kLinkEmojiTable.at(place);
        out.emoji.push_back({std::string(emoji.picture), std::string(emoji.name)});
      }
      break;
    case e2ee::LinkStep::kFinishing:
      out.step = LinkStep::kWaiting;
      out.text = "Nearly done.";
      break;
    case e2ee::LinkStep::kDone:
      out.step = LinkStep::kDone;
      out.text = out.new_device ? "This device is a part of your account now. Your private rooms "
                                  "and what was said in them appear in a moment."
                                : "The new device is a part of your account now.";
      break;
    case e2ee::LinkStep::kFailed:
      out.step = LinkStep::kFailed;
      out.text = link->sentence;
      break;
  }
}

// ---- this account -------------------------------------------------------------------------------

void Client::Impl::on_account(Now now, e2ee::AccountState state) {
  const auto before = keys_.state;
  switch (state) {
    case e2ee::AccountState::kStarting:
      keys_.state = AccountKeys::kStarting;
      break;
    case e2ee::AccountState::kLocked:
      keys_.state = AccountKeys::kLocked;
      if (!link_code_.empty()) {
        const Status begun = engine_->begin_link(now, std::exchange(link_code_, {}));
        if (!begun) toast(now, ToastKind::kError, "Not linked", words_for(begun.error()));
      } else if (recovery_ && !std::exchange(recovery_tried_, true)) {
        keys_.busy = true;
        engine_->recover(now, *recovery_);
      } else if (recovery_ && std::exchange(keys_.busy, false)) {
        recovery_.reset();
        keys_.error = "These are not the recovery words of this account.";
      }
      break;
    case e2ee::AccountState::kReady:
      keys_.state = AccountKeys::kReady;
      keys_.busy = false;
      keys_.error.clear();
      recovery_.reset();
      // Words from before a device was removed open only what is older: new ones are due.
      if (before != AccountKeys::kReady ||
          (engine_->recovery_is_stale() && std::exchange(keys_.has_recovery, false))) {
        ask_recovery(now);
      }
      break;
    case e2ee::AccountState::kRevoked:
      keys_.state = AccountKeys::kRevoked;
      break;
  }
  keys_.text = words_for_keys(keys_.state);
  const auto* own = engine_->identity(self());
  if (keys_.state == AccountKeys::kRevoked && own && own->previous_key()) {
    keys_.text = words_for_replaced_keys();
  }
  if (state != e2ee::AccountState::kStarting && !keys_.busy) {
    for (const auto& what : std::exchange(deferred_, {})) what(now);
  }
  for (auto& [id, room] : rooms_) {
    if (is_private(room)) refresh_private(now, id);
  }
}

// Whether there are recovery words: without them a lost device is a lost account.
void Client::Impl::ask_recovery(Now now) {
  ask(now, wire::GetVaultWraps{}, [this](Now, Outcome& outcome) {
    const auto* response = std::get_if<wire::Response>(&outcome);
    const auto* wraps = response ? std::get_if<wire::VaultWraps>(response) : nullptr;
    if (!wraps) return;
    const bool any = std::ranges::any_of(wraps->wraps, [](const wire::VaultWrap& wrap) {
      return wrap.kind == wire::VaultWrapKind::kRecovery;
    });
    keys_.recovery_outdated = any && engine_ && engine_->recovery_is_stale();
    keys_.has_recovery = any && !keys_.recovery_outdated && words_shown_to_ != self();
    touch();
  });
}

void Client::Impl::make_recovery_words(Now now) {
  when_keys_settle(now, [this](Now then) {
    const auto secret = engine_ ? engine_->make_recovery(then)
                                : Result<identity::RecoverySecret>(ErrorCode::kAccessDenied);
    if (!secret) {
      const bool offline = keys_.state == AccountKeys::kReady;
      return toast(then, ToastKind::kError, "No recovery words were made",
                   offline ? "Try again when you are connected." : keys_.text);
    }
    // Shown when the server has what they open: words that open nothing are worse than none.
    wipe_words(keys_.recovery_words);
    wipe_words(new_words_);
    for (const auto word : identity::recovery_words(*secret)) new_words_.emplace_back(word);
    keys_.busy = true;
    touch();
  });
}

void Client::Impl::on_recovery_made(Now now, bool saved) {
  if (new_words_.empty()) return;
  keys_.busy = false;
  if (saved) {
    keys_.recovery_words = std::exchange(new_words_, {});
    save_words_shown(true);
    keys_.has_recovery = true;
    keys_.recovery_outdated = false;
  } else {
    wipe_words(new_words_);
    toast(now, ToastKind::kError, "No recovery words were made",
          "The server did not save what they open. Try again.");
  }
  touch();
}

void Client::Impl::hide_recovery_words(Now now) {
  wipe_words(keys_.recovery_words);
  wipe_words(view_.keys.recovery_words);
  if (words_shown_to_ == self()) keys_.has_recovery = !keys_.recovery_outdated;
  save_words_shown(false);
  touch();
  settle(now);
}

void Client::Impl::recover(Now now, const std::string& words) {
  auto parsed = identity::parse_recovery_words(words);
  touch();
  if (const auto* fault = std::get_if<identity::RecoveryFault>(&parsed)) {
    keys_.error = words_for_recovery_fault(*fault);
    return settle(now);
  }
  if (!engine_ || keys_.state != AccountKeys::kLocked) return settle(now);
  keys_.error.clear();
  keys_.busy = true;
  recovery_ = std::get<identity::RecoverySecret>(std::move(parsed));
  recovery_tried_ = true;
  engine_->recover(now, *recovery_);
  settle(now);
}

void Client::Impl::start_afresh(Now now) {
  if (!engine_ || keys_.state != AccountKeys::kLocked) return;
  keys_.error.clear();
  keys_.busy = false;
  recovery_.reset();
  engine_->start_afresh(now);
  touch();
  settle(now);
}

// ---- others -------------------------------------------------------------------------------------

IdentityState Client::Impl::identity_of(UserId user) const {
  const auto* pin = engine_ ? engine_->identity(user) : nullptr;
  if (!pin || !pin->known()) return IdentityState::kUnknown;
  if (pin->blocked()) return IdentityState::kChanged;
  return pin->verified() ? IdentityState::kVerified : IdentityState::kNew;
}

void Client::Impl::look_at_identity(Now now, UserId user) {
  looked_at_ = user;
  if (engine_) engine_->look_up(now, user);
  touch();
  settle(now);
}

void Client::Impl::close_identity(Now now) {
  looked_at_.reset();
  scanned_ = {};
  touch();
  settle(now);
}

void Client::Impl::accept_identity(Now now, UserId user, bool verified) {
  if (!engine_) return;
  engine_->accept_identity(now, user, verified);
  identity_was_decided(now);
  settle(now);
}

void Client::Impl::identity_was_decided(Now now) {
  for (auto& [id, room] : rooms_) {
    if (is_private(room)) refresh_private(now, id);
  }
  if (Room* room = open()) room->members_changed = true;
  touch_rooms();
}

void Client::Impl::open_safety_code(Now now, std::string_view text) {
  const auto refuse = [&](const std::string& why) {
    toast(now, ToastKind::kError, "Not verified", why);
    settle(now);
  };
  const auto code = safety_code_in(text);
  const auto read = identity::read_safety_code(code);
  if (!read) return refuse(words_for_safety_check(identity::check_safety_code(code, {}, {})));
  if (read->own.user == self()) return refuse("This is your own code. The other person scans it.");
  if (read->other.user != self()) {
    return refuse(words_for_safety_check(identity::SafetyCheck::kOtherPeople));
  }
  scanned_ = {read->own.user, code};
  look_at_identity(now, read->own.user);
}

void Client::Impl::check_safety_code(Now now, UserId user, ByteView code) {
  scanned_ = {};
  const auto* mine = engine_ ? engine_->identity(self()) : nullptr;
  const auto* theirs = engine_ ? engine_->identity(user) : nullptr;
  if (!mine || !theirs || !mine->known() || !theirs->known()) return settle(now);
  const auto check = identity::check_safety_code(code, {self(), mine->account_key()},
                                                 {user, theirs->account_key()});
  const bool match = check == identity::SafetyCheck::kMatch;
  toast(now, match ? ToastKind::kSuccess : ToastKind::kError, match ? "Verified" : "Not verified",
        words_for_safety_check(check));
  if (match) return accept_identity(now, user, true);
  settle(now);
}

void Client::Impl::build_identities() {
  build_link();
  view_.keys = keys_;
  for (const auto& [id, room] : rooms_) {
    if (!is_private(room) || room.summary.role < wire::Role::kMember) continue;
    const bool outside = room.not_ready == e2ee::NotReady::kConnecting ||
                         room.not_ready == e2ee::NotReady::kNoAccount ||
                         room.not_ready == e2ee::NotReady::kNoGroup;
    if (outside) {
      view_.keys.rooms_outside.push_back(id);
    } else {
      ++view_.keys.rooms_entered;
    }
  }
  view_.keys.rooms_settled = std::ranges::none_of(rooms_, [](const auto& pair) {
    const Room& room = pair.second;
    return is_private(room) && room.summary.role >= wire::Role::kMember &&
           (room.invites_due || (room.not_ready && passes_by_itself(*room.not_ready)));
  });
  view_.devices.trusted.clear();
  const auto* list = engine_ ? engine_->devices(self()) : nullptr;
  if (list) {
    for (const auto& device : list->devices) view_.devices.trusted.push_back(device.device);
  }
  if (!looked_at_) {
    view_.identity.reset();
    return;
  }
  const auto* mine = engine_ ? engine_->identity(self()) : nullptr;
  const auto* theirs = engine_ ? engine_->identity(*looked_at_) : nullptr;
  Bytes code;
  if (mine && theirs && mine->known() && theirs->known()) {
    code = identity::make_safety_code({self(), mine->account_key()},
                                      {*looked_at_, theirs->account_key()});
  }
  if (!view_.identity || view_.identity->user != *looked_at_) view_.identity.emplace();
  IdentityView& out = *view_.identity;
  std::string url;
  if (!code.empty()) {
    url = page_of(config_.server_url) + "/" + std::string(kVerifyMark) + to_base64url(code);
  }
  // The number is thousands of hashes away from the keys: made once for each pair of them.
  if (out.url != url) {
    out.safety_number.clear();
    if (!code.empty()) {
      out.safety_number = identity::in_groups(identity::safety_number(
          {self(), mine->account_key()}, {*looked_at_, theirs->account_key()}));
    }
    out.url = std::move(url);
  }
  out.scanned = scanned_.first == *looked_at_ ? scanned_.second : Bytes{};
  out.user = *looked_at_;
  out.name = people_.name_of(*looked_at_);
  out.state = identity_of(*looked_at_);
  out.text = words_for_identity(out.state, out.name);
}

}  // namespace parley::client
