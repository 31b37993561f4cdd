// Runs the client core for one command: bytes, time, storage and signals in; answers out.
//
// Single-threaded but for the transport's own thread. Every waiting call ends at its time limit, or
// with kCancelled on SIGINT or SIGTERM.
#pragma once

#include <functional>
#include <unordered_map>

#include "client/cli/session_store.hpp"
#include "client/cli/system.hpp"
#include "client/core/room_notes.hpp"
#include "client/native/system_rng.hpp"
#include "client/native/ws_transport.hpp"

namespace parley::cli {

class Driver {
 public:
  // `private_rooms`: this run has the keys of the store.
  Driver(const std::string& server_url, SessionStore& store, Duration time_limit,
         bool private_rooms);
  ~Driver() { save(); }

  // Signs in with the kept session. kNotAuthenticated when there is none or it has ended,
  // kNotConnected when the server is not reached (only the first attempt is made).
  Status connect();
  Status sign_in(const std::string& name);
  // As a new device of the account that the recovery words are of; ends with its keys here.
  Status sign_in_recovery(const std::string& words);
  // As a new device of the account whose other device shows the code; goes on with wait_link.
  Status sign_in_link(const std::string& code);
  // Until the link is at one of these; kAccessDenied with the cause when it ended otherwise.
  Status wait_link(std::initializer_list<client::LinkStep> wanted);
  // Ends it; the other device is told.
  void leave_link();
  // Waits for the keys of this device; kAccessDenied with the cause when it has none.
  Status wait_keys();
  // Waits for this device to enter its private rooms; view() tells which it has not in time.
  Status enter_rooms();
  // Waits a moment for private rooms that are being joined or caught up with.
  void settle_rooms();
  // Waits until what the links of the room's invitations bring is at the server.
  Status wait_invites(RoomId room);
  // The session ends here and on the server; the kept one is erased in any case.
  Status sign_out();

  // Waits for the answer.
  Result<wire::Response> call(wire::Command command);
  template <class T>
  Result<T> call_for(wire::Command command) {
    return expect<T>(call(std::move(command)));
  }

  // A command of the core that answers by its token.
  Result<wire::Response> ask(const std::function<std::uint64_t(client::Client&, Now)>& command);
  // Changes what view() shows.
  void tell(const std::function<void(client::Client&, Now)>& command);
  const client::AppView& view() { return client_.view(); }
  client::ClosedView why_closed(RoomId room, const wire::Event& event) {
    return client_.why_closed(room, event);
  }
  std::vector<client::MissedMessages> missed_before(RoomId room, Seq seq) const {
    return client_.missed_before(room, seq);
  }
  // Pumps until `done`, at most for the time limit.
  Status wait_for(const std::function<bool()>& done) { return wait_until(deadline(), done); }
  bool has_keys() const { return private_rooms_; }
  // What the room is called; of a private room its members know.
  std::string name_of(const wire::RoomSummary& room);
  std::string attention_of(RoomId room) { return client_.attention_of(room); }

  // Repeats a command with a client id over lost connections and rate limits until it is done; as
  // it stays the same command, that is once. `on_wait` hears why it has to wait.
  Result<wire::Response> insist(const wire::Command& command,
                                const std::function<void(const Error&)>& on_wait);
  template <class T>
  Result<T> insist_for(const wire::Command& command,
                       const std::function<void(const Error&)>& on_wait) {
    return expect<T>(insist(command, on_wait));
  }
  ClientId fresh_id() { return ClientId::make(now().wall, rng_); }

  // Does what there is to do, waiting at most so long; true when `input` became readable.
  bool pump(Duration at_most, int input = -1);

  bool connected();
  bool interrupted() const { return waker_.interrupted(); }
  const client::SelfView& self() { return client_.view().self; }
  const std::string& loss_reason() const { return loss_reason_; }

  // Live events of all rooms of the user.
  std::function<void(const client::EventArrived&)> on_event;
  // What a person should know about a room, once.
  std::function<void(const client::NoteAdded&)> on_note;

 private:
  template <class T>
  static Result<T> expect(Result<wire::Response> response) {
    if (!response) return response.error();
    if (T* expected = std::get_if<T>(&*response)) return std::move(*expected);
    return Error{ErrorCode::kProtocolViolation, "the server answered something else", {}};
  }
  Status begin_sign_in(const std::function<void()>& begin);
  // The core saves with a delay; a command may end before that.
  void save();
  void perform_effects();
  void perform(client::Effect effect);
  void take_transport_events();
  MonoTime deadline() const { return now().mono + time_limit_; }
  // Pumps until `done` or the deadline or an interruption.
  Status wait_until(MonoTime deadline, const std::function<bool()>& done);
  Status wait_connected(bool first_attempt_only);

  SessionStore& store_;
  Duration time_limit_;
  bool private_rooms_;
  native::SystemRng rng_;
  Waker waker_;
  client::Client client_;
  native::WsTransport transport_;
  std::unordered_map<std::uint64_t, Result<wire::Response>> answers_;
  std::string loss_reason_;
  bool was_closed_ = false;
  Status storage_;
};

}  // namespace parley::cli
