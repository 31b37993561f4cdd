#include <algorithm>

#include "client/core/impl.hpp"
#include "client/core/words.hpp"

namespace parley::client {
namespace {

sync::ConnectionConfig connection_config(const Config& config) {
  sync::ConnectionConfig out;
  out.transports.push_back({sync::TransportKind::kWebSocket, config.server_url});
  return out;
}

}  // namespace

Client::Impl::Impl(Config config, Rng& rng)
    : config_(std::move(config)), rng_(rng), connection_(connection_config(config_), rng) {
  if (config_.private_rooms) {
    connection_.set_prover([this](ByteView challenge) { return prove(challenge); });
  }
}

// ---- commands -----------------------------------------------------------------------------------

void Client::Impl::start(Now now) {
  if (started_) return;
  started_ = true;
  active_at_ = now.mono;
  effects_.push_back(ReadStore{});
  touch();
}

void Client::Impl::sign_in_guest(Now now, std::string name) {
  login_name_ = name;
  if (is_blank(name) || count_code_points(name) > wire::kMaxNameCharacters ||
      !is_valid_utf8(name)) {
    login_error_ = is_blank(name) ? "Type a name first." : "That name is too long.";
    touch();
    return settle(now);
  }
  if (sign_in_waits(now, [this, name](Now then) { sign_in_guest(then, name); })) return;
  // The form may be a moment behind; who is signed in signs out first.
  if (signed_in()) return settle(now);
  if (asks_to_replace(now, words_for_erasing(session_.session.user.name))) return settle(now);
  forget_entry();
  begin_sign_in(now);
}

// True: it is done later. What is stored may belong to somebody, and whoever that is may be let in
// by the keys that are here.
bool Client::Impl::sign_in_waits(Now now, std::function<void(Now)> sign_in) {
  if (loaded_ && !proof_due_) return false;
  waiting_sign_in_ = std::move(sign_in);
  login_error_.clear();
  if (loaded_ && !signing_in_) try_proof(now);
  signing_in_ = true;
  touch();
  settle(now);
  return true;
}

// True: this device still has the keys of an account whose session has ended, and the person has
// not been asked this yet, or only just. Who sees the question in login_error_ and goes on agrees.
bool Client::Impl::asks_to_replace(Now now, std::string words) {
  if (!engine_ || !engine_->has_keys() || signed_in()) return false;
  const bool asked = question_ && question_->words == words && login_error_ == words;
  if (asked && now.mono >= question_->at + kSecondThought) return false;
  if (!asked) question_ = {words, now.mono};
  login_error_ = std::move(words);
  touch();
  return true;
}

void Client::Impl::reset_login(Now now) {
  if (signing_in_) return;
  login_error_.clear();
  question_.reset();
  touch();
  settle(now);
}

void Client::Impl::begin_sign_in(Now now) {
  finish_sign_out(now);
  connection_.stop(now.mono);
  session_.session.token.clear();
  session_.sync_token.clear();
  question_.reset();
  login_error_.clear();
  server_was_silent_ = false;
  signing_in_ = true;
  connect(now);
  touch();
  settle(now);
}

void Client::Impl::sign_out(Now now) {
  // The person sees the login at once; the connection stays for the moment the server needs.
  const bool tell = connection_.connected();
  if (tell) {
    ask(now, wire::SignOut{}, [this](Now then, Outcome&) { finish_sign_out(then); });
    signing_out_until_ = now.mono + kSignOutWait;
  }
  login_name_ = session_.session.user.name;
  login_error_.clear();
  forget_account();
  effects_.push_back(ClearStore{});
  unsaved(settings_dirty_);  // how it looks is the device's, not the account's
  if (!tell) connection_.stop(now.mono);
  settle(now);
}

void Client::Impl::finish_sign_out(Now now) {
  if (!signing_out_until_) return;
  signing_out_until_.reset();
  connection_.stop(now.mono);
}

void Client::Impl::forget_account() {
  outbox_.clear();
  typing_.clear();
  presence_ = {};
  people_.forget();
  rooms_.clear();
  roomless_notes_.clear();
  marks_due_.clear();
  session_ = {};
  open_room_.reset();
  directory_ = {};
  invites_ = {};
  devices_ = {};
  search_ = {};
  begin_engine();
  forget_entry();
  toasts_.clear();
  signing_in_ = proof_due_ = false;
  waiting_sign_in_ = {};
  question_.reset();
  renew_at_.reset();
  flush_at_.reset();
  session_dirty_ = settings_dirty_ = unsaved_ = false;
  erased_.clear();
  timeline_view_.rebuild_next();
  touch_rooms();
}

void Client::Impl::handle_focus(Now now, bool focused) {
  if (focused_ == focused) return;
  focused_ = focused;
  if (!focused) {
    flush(now);  // the page may be about to go away
  } else {
    handle_activity(now);
    if (const auto seen = std::exchange(seen_, std::nullopt)) mark_seen(now, *seen);
  }
  settle(now);
}

void Client::Impl::handle_activity(Now now) {
  active_at_ = now.mono;
  if (!idle_) return;
  idle_ = false;
  send_presence(now);
  settle(now);
}

void Client::Impl::set_presence(Now now, wire::PresenceStatus status, std::string text) {
  session_.presence.status = status;
  session_.presence.status_text = std::move(text);
  session_.presence.user_id = self();
  dirty_session();
  send_presence(now);
  touch();
  settle(now);
}

void Client::Impl::send_presence(Now now) {
  if (!connection_.connected() || !signed_in()) return;
  ask(now, wire::PresenceUpdate{session_.presence.status, session_.presence.status_text, idle_},
      [this](Now then, Outcome& outcome) {
        const auto* error = std::get_if<wire::ErrorReply>(&outcome);
        if (!error || error_info(error->code).action != ErrorAction::kTellUser) return;
        toast(then, ToastKind::kError, "Your status was not changed", words_for(error_of(*error)));
      });
}

void Client::Impl::set_settings(Now now, Settings settings) {
  settings.text_percent = std::clamp(settings.text_percent, 100u, 200u);
  if (settings_ == settings) return;
  const bool marks = settings.send_read_markers && !settings_.send_read_markers;
  settings_ = settings;
  unsaved(settings_dirty_);
  if (marks) {
    for (const auto& [id, room] : rooms_) marks_due_.insert(id);
  }
  touch();
  settle(now);
}

// ---- the connection -----------------------------------------------------------------------------

wire::Authenticate Client::Impl::hello() const {
  wire::Authenticate hello;
  hello.token = session_.session.token;
  if (hello.token.empty() && entry_token_) {
    hello.recovery = to_bytes(entry_token_->expose());
  } else if (hello.token.empty()) {
    hello.guest_name = login_name_;
  }
  hello.device_id = session_.session.device_id;
  hello.device_name = config_.device_name;
  // Where to resume only means something with the rooms it speaks of.
  hello.sync_token = session_.sync_token;
  // A new guest is another user, and a device has one user.
  if (hello.token.empty()) {
    hello.device_id = {};
    hello.sync_token.clear();
  }
  return hello;
}

// Where the session has ended and this is still the device that it was made for.
std::optional<wire::AuthenticateDevice> Client::Impl::prove(ByteView challenge) const {
  const wire::Session& session = session_.session;
  if (!engine_) return std::nullopt;
  const auto signature = engine_->prove(session.user.user_id, session.device_id, challenge);
  if (!signature) return std::nullopt;
  return wire::AuthenticateDevice{session.user.user_id, session.device_id, to_bytes(*signature),
                                  session_.sync_token};
}

void Client::Impl::connect(Now now) { connection_.start(now.mono, hello()); }

// A session that was refused before, or forgotten, may be taken up again by the device's key.
void Client::Impl::try_proof(Now now) {
  server_was_silent_ = false;
  signing_in_ = true;
  connection_.start(now.mono, hello(), true);
}

void Client::Impl::handle_network(Now now, bool online) {
  connection_.handle_network(now.mono, online);
  if (online && proof_due_ && !signing_in_) try_proof(now);
  settle(now);
}

void Client::Impl::handle_output(Now now, sync::ConnectionOutput output) {
  std::visit(
      [&](auto&& out) {
        using T = std::decay_t<decltype(out)>;
        if constexpr (std::same_as<T, sync::TransportOpen>) {
          effects_.push_back(OpenTransport{out.attempt, std::move(out.choice.url)});
        } else if constexpr (std::same_as<T, sync::TransportSend>) {
          effects_.push_back(SendBytes{out.attempt, std::move(out.bytes)});
        } else if constexpr (std::same_as<T, sync::TransportClose>) {
          effects_.push_back(CloseTransport{out.attempt});
        } else if constexpr (std::same_as<T, sync::Welcomed>) {
          on_welcome(now, out.welcome);
        } else if constexpr (std::same_as<T, sync::Disconnected>) {
          on_disconnected(now);
        } else if constexpr (std::same_as<T, sync::Refused>) {
          on_refused(now, out.error);
        } else if constexpr (std::same_as<T, sync::Reply>) {
          const auto it = handlers_.find(out.request);
          if (it == handlers_.end()) return;
          const Handler handler = std::move(it->second);
          handlers_.erase(it);
          handler(now, out.outcome);
        } else if constexpr (std::same_as<T, wire::EventBatch>) {
          if (signed_in()) on_events(now, out);
        } else if constexpr (std::same_as<T, wire::Notice>) {
          if (signed_in()) on_notice(now, out);
        }
      },
      std::move(output));
  touch();
}

void Client::Impl::adopt_session(const wire::Session& session) {
  session_.session = session;
  dirty_session();
  connection_.set_hello(hello());
  people_.learn(session.user);
}

void Client::Impl::on_welcome(Now now, wire::Welcome& welcome) {
  if (signing_out_until_) return;
  const UserId before = session_.session.user.user_id;
  const bool other_user = !before.is_nil() && before != welcome.session.user.user_id;
  if (other_user) outbox_.fail_all(ErrorCode::kNotAuthenticated);
  signing_in_ = proof_due_ = false;
  waiting_sign_in_ = {};
  login_error_.clear();
  session_.server_name = welcome.server_name;
  session_.sync_token = welcome.sync_token;
  session_.presence = welcome.presence;
  entry_token_.reset();
  adopt_session(welcome.session);
  unlock_engine(now);
  if (engine_) engine_->handle_connected(now);
  clock_offset_ = welcome.server_time - now.wall;
  renewing_ = false;
  schedule_renewal(now);

  if (welcome.complete || other_user) {
    std::set<RoomId> listed;
    for (const auto& summary : welcome.rooms) listed.insert(summary.room_id);
    std::vector<RoomId> gone;
    for (const auto& [id, room] : rooms_) {
      if (!listed.contains(id)) gone.push_back(id);
    }
    // Without a resume token the list goes on in notices, and the next SyncNotice ends it.
    unconfirmed_.clear();
    if (welcome.sync_token.empty() && !other_user) {
      unconfirmed_.insert(gone.begin(), gone.end());
    } else {
      for (const RoomId id : gone) leave_room_behind(now, id);
    }
  }
  for (const RoomId id : welcome.gone) leave_room_behind(now, id);
  for (const auto& summary : welcome.rooms) learn_room(now, summary);
  for (auto& [id, room] : rooms_) {
    room.sent_read = room.summary.read;
    room.sent_delivered = {};
    if (room.read > room.summary.read) marks_due_.insert(id);
    room.members.asked = room.members.busy = false;
  }
  presence_.set(welcome.presence);
  outbox_.handle_connected(now.mono);
  names_busy_ = false;
  if (keys_.state == AccountKeys::kReady) ask_recovery(now);
  if (idle_) send_presence(now);
  timeline_view_.rebuild_next();
  touch_rooms();
}

void Client::Impl::on_disconnected(Now now) {
  finish_sign_out(now);
  unconfirmed_.clear();
  outbox_.handle_disconnected();
  sealed_.clear();
  if (engine_) engine_->handle_disconnected();
  on_recovery_made(now, false);
  for (auto& [id, room] : rooms_) room.timeline.handle_disconnected();
  typing_.clear();
  presence_.forget();
  typing_sent_.reset();
  flush(now);
  touch_rooms();
}

void Client::Impl::on_refused(Now now, const Error& error) {
  finish_sign_out(now);
  proof_due_ = server_was_silent_ = false;
  const bool unknown = error.code == ErrorCode::kTokenInvalid;
  if (signing_in_ && unknown && recovery_) return end_login(words_for_unknown_recovery());
  if (signing_in_ && unknown && !link_code_.empty()) return end_login(words_for_unknown_link());
  end_login(signing_in_ ? words_for(error)
                        : words_for(error) + " Messages that were not sent are kept here.");
}

// Back to the login, with what is stored kept for the one who signs in next.
void Client::Impl::end_login(std::string why) {
  if (!signing_in_) login_name_ = session_.session.user.name;
  const bool resumed = !signing_in_;
  signing_in_ = false;
  login_error_ = std::move(why);
  session_.session.token.clear();
  session_.sync_token.clear();
  renew_at_.reset();
  // Who has no keys here cannot tell whether the session is over for the one who has them.
  if (!resumed || config_.private_rooms) dirty_session();
  touch_rooms();
}

void Client::Impl::renew_token(Now now) {
  renewing_ = true;
  ask(now, wire::RefreshSession{}, [this](Now then, Outcome& outcome) {
    renewing_ = false;
    const auto* response = std::get_if<wire::Response>(&outcome);
    const auto* session = response ? std::get_if<wire::Session>(response) : nullptr;
    if (!session) {
      renew_at_ = then.mono + minutes(1);
      return;
    }
    adopt_session(*session);
    schedule_renewal(then);
  });
}

// The server renews by itself in time; this is for when it did not.
void Client::Impl::schedule_renewal(Now now) {
  const Duration left = session_.session.expires - (now.wall + clock_offset_);
  const Duration margin{std::min(kRenewBefore.ms, left.ms / 4)};
  renew_at_.reset();
  if (left.ms > 0) renew_at_ = now.mono + Duration{left.ms - margin.ms};
}

void Client::Impl::ask_names(Now now) {
  if (names_busy_ || !connection_.connected() || !people_.wants_names()) return;
  if (names_after_ && now.mono < *names_after_) return;
  names_after_.reset();
  names_busy_ = true;
  std::vector<UserId> users = people_.take_wanted();
  wire::GetUsers command{users};
  ask(now, std::move(command), [this, users = std::move(users)](Now then, Outcome& outcome) {
    names_busy_ = false;
    if (auto* error = std::get_if<wire::ErrorReply>(&outcome)) {
      people_.ask_again(users);
      names_after_ = then.mono + std::max(seconds(2), milliseconds(error->retry_after_ms));
      return;
    }
    auto& response = std::get<wire::Response>(outcome);
    if (auto* list = std::get_if<wire::UserList>(&response)) learn_users(list->users);
  });
}

// ---- time ---------------------------------------------------------------------------------------

void Client::Impl::handle_timeout(Now now) {
  connection_.handle_timeout(now.mono);
  if (signing_out_until_ && *signing_out_until_ <= now.mono) finish_sign_out(now);
  if (typing_.expire(now.mono)) touch_rooms();
  while (!toasts_.empty() && toasts_.front().first <= now.mono) {
    toasts_.pop_front();
    touch();
  }
  if (!idle_ && signed_in() && now.mono >= active_at_ + kAwayAfter) {
    idle_ = true;
    send_presence(now);
  }
  if (flush_at_ && *flush_at_ <= now.mono) flush(now);
  if (search_.next_slice && *search_.next_slice <= now.mono) index_slice(now);
  if (engine_) engine_->handle_timeout(now);
  if (!held_pages_.empty()) release_pages(now);
  settle(now);
}

void Client::Impl::settle(Now now) {
  for (;;) {
    while (auto output = connection_.poll_output()) handle_output(now, *std::move(output));
    drain_engine(now);
    // A login that does not get through is told and not repeated for ever behind the form.
    const auto state = connection_.state();
    if (signing_in_ &&
        (state == sync::ConnectionState::kWaiting || state == sync::ConnectionState::kOffline ||
         state == sync::ConnectionState::kStopped)) {
      const Error error = connection_.last_error();
      connection_.stop(now.mono);
      waiting_sign_in_ = {};
      server_was_silent_ = state != sync::ConnectionState::kStopped;
      end_login(state == sync::ConnectionState::kStopped
                    ? words_for(error)
                    : "The server could not be reached: " + words_for_loss(error) +
                          ". Check that it is running, then try again.");
      continue;
    }
    if (loaded_ && waiting_sign_in_ && !signing_in_) {
      return std::exchange(waiting_sign_in_, {})(now);
    }
    if (connection_.connected() && signed_in()) {
      send_posts(now);
      fetch_timeline(now);
      fetch_members(now);
      send_marks(now);
      if (renew_at_ && *renew_at_ <= now.mono && !renewing_) renew_token(now);
    }
    drain_engine(now);
    auto output = connection_.poll_output();
    if (!output) break;
    handle_output(now, *std::move(output));
  }
  ask_names(now);
  while (auto output = connection_.poll_output()) handle_output(now, *std::move(output));
  drop_disappeared(now);
  flush_outbox();
  if (unsaved_ && !flush_at_) flush_at_ = now.mono + kFlushAfter;
}

std::optional<MonoTime> Client::Impl::deadline() const {
  std::optional<MonoTime> first = connection_.deadline();
  const auto consider = [&](std::optional<MonoTime> at) {
    if (at && (!first || *at < *first)) first = at;
  };
  consider(signing_out_until_);
  consider(typing_.deadline());
  consider(flush_at_);
  consider(search_.next_slice);
  consider(next_drop_);
  consider(next_retention_);
  if (engine_) consider(engine_->deadline());
  consider(engine_waits_);
  for (const HeldPage& held : held_pages_) consider(held.until);
  if (!toasts_.empty()) consider(toasts_.front().first);
  if (!idle_ && signed_in()) consider(active_at_ + kAwayAfter);
  if (!connection_.connected() || !signed_in()) return first;
  consider(outbox_.deadline());
  if (open_room_) {
    const auto room = rooms_.find(*open_room_);
    if (room != rooms_.end() && room->second.summary.role >= wire::Role::kMember) {
      consider(room->second.timeline.deadline());
      if (room->second.members.retry_at && !room->second.members.busy) {
        consider(room->second.members.retry_at);
      }
    }
  }
  for (const RoomId id : marks_due_) {
    if (const auto room = rooms_.find(id); room != rooms_.end()) {
      consider(room->second.mark_after.value_or(MonoTime{}));
    }
  }
  if (renew_at_ && !renewing_) consider(*renew_at_);
  if (!names_busy_ && people_.wants_names()) consider(names_after_.value_or(MonoTime{}));
  return first;
}

}  // namespace parley::client
