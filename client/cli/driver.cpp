#include "client/cli/driver.hpp"

#include <algorithm>

namespace parley::cli {
namespace {

constexpr Duration kLongestPump = seconds(1);

constexpr Duration kSettle = seconds(3);

client::Config core_config(const std::string& server_url, bool private_rooms) {
  client::Config config;
  config.private_rooms = private_rooms;
  config.server_url = server_url;
  config.device_name = "parley-cli";
  return config;
}

}  // namespace

Driver::Driver(const std::string& server_url, SessionStore& store, Duration time_limit,
               bool private_rooms)
    : store_(store),
      time_limit_(time_limit),
      private_rooms_(private_rooms),
      client_(core_config(server_url, private_rooms), rng_),
      transport_([this] { waker_.wake(); }) {
  client_.start(now());
  perform_effects();
}

void Driver::save() {
  client_.handle_focus(now(), false);
  perform_effects();
}

void Driver::perform_effects() {
  while (auto effect = client_.poll_effect()) perform(*std::move(effect));
}

void Driver::perform(client::Effect effect) {
  if (auto* open = std::get_if<client::OpenTransport>(&effect)) {
    transport_.open(open->attempt, open->url);
  } else if (auto* send = std::get_if<client::SendBytes>(&effect)) {
    transport_.send(send->attempt, std::move(send->bytes));
  } else if (auto* close = std::get_if<client::CloseTransport>(&effect)) {
    transport_.close(close->attempt);
  } else if (auto* write = std::get_if<client::WriteStore>(&effect)) {
    const Status written = store_.write(write->entries);
    if (!written) storage_ = written;
    client_.handle_stored(now(), write->batch, written);
  } else if (auto* read = std::get_if<client::ReadStore>(&effect)) {
    client_.handle_loaded(now(), read->prefix, store_.read(read->prefix));
  } else if (std::get_if<client::ClearStore>(&effect) != nullptr) {
    if (Status cleared = store_.clear(); !cleared) storage_ = cleared;
  } else if (auto* done = std::get_if<client::CommandDone>(&effect)) {
    answers_.insert_or_assign(done->token, std::move(done->result));
  } else if (auto* event = std::get_if<client::EventArrived>(&effect)) {
    if (on_event) on_event(*event);
  } else if (auto* added = std::get_if<client::NoteAdded>(&effect)) {
    if (on_note) on_note(*added);
  }
}

void Driver::take_transport_events() {
  while (auto event = transport_.poll()) {
    if (auto* received = std::get_if<native::WsTransport::Received>(&*event)) {
      client_.handle_transport_bytes(now(), received->attempt, received->bytes);
    } else if (auto* opened = std::get_if<native::WsTransport::Opened>(&*event)) {
      client_.handle_transport_open(now(), opened->attempt);
    } else if (auto* closed = std::get_if<native::WsTransport::Closed>(&*event)) {
      was_closed_ = true;
      loss_reason_ = closed->reason;
      client_.handle_transport_closed(now(), closed->attempt, closed->close_code, closed->reason);
    }
    perform_effects();
  }
}

bool Driver::pump(Duration at_most, int input) {
  perform_effects();
  const auto core_deadline = client_.poll_deadline();
  Duration wait = std::min(at_most, kLongestPump);
  if (core_deadline) wait = std::min(wait, *core_deadline - now().mono);
  const bool readable = waker_.wait(std::max(wait, Duration{}), input);
  take_transport_events();
  if (core_deadline && *core_deadline <= now().mono) client_.handle_timeout(now());
  perform_effects();
  return readable;
}

Status Driver::wait_until(MonoTime deadline, const std::function<bool()>& done) {
  while (!done()) {
    if (interrupted()) return Error{ErrorCode::kCancelled, {}, {}};
    const Duration left = deadline - now().mono;
    if (left.ms <= 0) return Error{ErrorCode::kTimeout, {}, {}};
    pump(left);
  }
  return {};
}

bool Driver::connected() {
  const client::AppView& view = client_.view();
  return view.screen == client::Screen::kMain &&
         view.connection.state == client::LinkState::kConnected;
}

Status Driver::wait_connected(bool first_attempt_only) {
  const auto settled = [&] {
    const client::AppView& view = client_.view();
    return connected() || (view.screen == client::Screen::kLogin && !view.login.busy) ||
           view.connection.state == client::LinkState::kStopped ||
           (first_attempt_only && was_closed_);
  };
  was_closed_ = false;
  Status waited = wait_until(deadline(), settled);
  if (connected()) return storage_;
  if (!waited && waited.error().code == ErrorCode::kCancelled) return waited;
  const client::AppView& view = client_.view();
  if (view.screen == client::Screen::kLogin && !view.login.busy) {
    if (view.login.server_was_silent) return Error{ErrorCode::kNotConnected, loss_reason_, {}};
    return Error{ErrorCode::kNotAuthenticated, view.login.error, {}};
  }
  if (view.connection.state == client::LinkState::kStopped) {
    return Error{ErrorCode::kNotConnected, view.connection.text, {}};
  }
  return Error{ErrorCode::kNotConnected,
               loss_reason_.empty() ? "the server did not answer in time" : loss_reason_,
               {}};
}

Status Driver::connect() { return wait_connected(true); }

Status Driver::sign_in(const std::string& name) {
  PARLEY_TRY(
      wait_until(deadline(), [&] { return client_.view().screen != client::Screen::kStarting; }));
  was_closed_ = false;
  client_.sign_in_guest(now(), name);
  const auto settled = [&] { return connected() || was_closed_ || !client_.view().login.busy; };
  Status waited = wait_until(deadline(), settled);
  if (connected()) {
    save();
    return storage_;
  }
  if (!waited && waited.error().code == ErrorCode::kCancelled) return waited;
  const std::string& said = client_.view().login.error;
  if (was_closed_ || !waited) {
    return Error{ErrorCode::kNotConnected, loss_reason_.empty() ? said : loss_reason_, {}};
  }
  return Error{ErrorCode::kNotPossible, said, {}};
}

Status Driver::sign_in_recovery(const std::string& words) {
  PARLEY_TRY(begin_sign_in([&] { client_.sign_in_recovery(now(), words, true); }));
  return wait_keys();
}

Status Driver::sign_in_link(const std::string& code) {
  return begin_sign_in([&] { client_.sign_in_link(now(), code, true); });
}

Status Driver::begin_sign_in(const std::function<void()>& begin) {
  PARLEY_TRY(
      wait_until(deadline(), [&] { return client_.view().screen != client::Screen::kStarting; }));
  was_closed_ = false;
  begin();
  const auto settled = [&] { return connected() || was_closed_ || !client_.view().login.busy; };
  const Status waited = wait_until(deadline(), settled);
  if (!waited && waited.error().code == ErrorCode::kCancelled) return waited;
  if (!connected()) {
    const std::string& said = client_.view().login.error;
    if (!said.empty()) return Error{ErrorCode::kNotPossible, said, {}};
    return Error{ErrorCode::kNotConnected, loss_reason_, {}};
  }
  save();
  return storage_;
}

Status Driver::wait_keys() {
  if (!private_rooms_) {
    return Error{ErrorCode::kNotPossible,
                 "another run of parley-cli on this store has the keys of your private rooms; end "
                 "it first, or use another --store",
                 {}};
  }
  const auto known = [&] {
    const client::KeysView& keys = client_.view().keys;
    return keys.state != client::AccountKeys::kStarting && !keys.busy;
  };
  PARLEY_TRY(wait_until(deadline(), known));
  const client::KeysView& keys = client_.view().keys;
  if (keys.state == client::AccountKeys::kReady) return storage_;
  return Error{ErrorCode::kNotPossible, keys.error.empty() ? keys.text : keys.error, {}};
}

Status Driver::enter_rooms() {
  const auto entered = [&] { return client_.view().keys.rooms_outside.empty(); };
  const Status waited = wait_until(deadline(), entered);
  if (!waited && waited.error().code == ErrorCode::kCancelled) return waited;
  return storage_;
}

void Driver::settle_rooms() {
  const auto settled = [&] { return client_.view().keys.rooms_settled; };
  const Status waited = wait_until(now().mono + std::min(time_limit_, kSettle), settled);
  (void)waited.ok();  // what is not here by then is shown as it is
}

Status Driver::wait_invites(RoomId room) {
  return wait_for([&] {
    const auto& rooms = client_.view().rooms;
    const auto found = std::ranges::find(rooms, room, &client::RoomItemView::room_id);
    return found == rooms.end() || !found->invites_due;
  });
}

Result<wire::Response> Driver::ask(
    const std::function<std::uint64_t(client::Client&, Now)>& command) {
  const std::uint64_t token = command(client_, now());
  PARLEY_TRY(wait_until(deadline(), [&] { return answers_.contains(token); }));
  return std::move(answers_.extract(token).mapped());
}

Status Driver::wait_link(std::initializer_list<client::LinkStep> wanted) {
  constexpr Duration kLongest = minutes(11);  // a code is good for ten
  const auto step = [&] { return client_.view().link.step; };
  Status waited = wait_for([&] { return step() != client::LinkStep::kNone; });
  if (waited) {
    waited = wait_until(now().mono + kLongest, [&] {
      return step() == client::LinkStep::kFailed ||
             std::ranges::find(wanted, step()) != wanted.end();
    });
  }
  if (!waited) {
    leave_link();
    return waited;
  }
  if (step() != client::LinkStep::kFailed) return {};
  return Error{ErrorCode::kNotPossible, client_.view().link.text, {}};
}

void Driver::leave_link() {
  client_.cancel_link(now());
  const MonoTime until = now().mono + seconds(1);  // an interruption does not cut this short
  while (now().mono < until) pump(until - now().mono);
}

void Driver::tell(const std::function<void(client::Client&, Now)>& command) {
  command(client_, now());
  perform_effects();
}

std::string Driver::name_of(const wire::RoomSummary& room) {
  for (const client::RoomItemView& item : client_.view().rooms) {
    if (item.room_id == room.room_id) return item.name;
  }
  return room.settings.name;
}

Status Driver::sign_out() {
  client_.sign_out(now());
  // The answer, or the end of the connection: either way there is no session here any more.
  const Status waited = wait_until(now().mono + std::min(time_limit_, seconds(5)),
                                   [&] { return client_.view().screen == client::Screen::kLogin; });
  (void)waited.ok();
  return store_.clear();
}

Result<wire::Response> Driver::call(wire::Command command) {
  return ask(
      [&](client::Client& client, Now at) { return client.request(at, std::move(command)); });
}

Result<wire::Response> Driver::insist(const wire::Command& command,
                                      const std::function<void(const Error&)>& on_wait) {
  const MonoTime give_up = deadline();
  Duration backoff = milliseconds(500);
  for (;;) {
    auto response = call(command);
    if (response) return response;
    const Error error = response.error();
    const ErrorAction action = error_info(error.code).action;
    const bool again = action == ErrorAction::kRetryAfter || action == ErrorAction::kReconnect;
    const Duration wait = error.retry_after.ms > 0 ? error.retry_after : backoff;
    if (!again || now().mono + wait >= give_up) return error;
    on_wait(error);
    backoff = std::min(backoff * 2, seconds(10));
    const MonoTime next = now().mono + wait;
    const Status waited = wait_until(next, [] { return false; });
    if (waited.error().code == ErrorCode::kCancelled) return waited.error();
    if (!connected()) PARLEY_TRY(wait_connected(false));
  }
}

}  // namespace parley::cli
