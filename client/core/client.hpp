// The client without a face: accounts, rooms, timelines, drafts, outbox, presence.
//
// Sans-IO. Four families: handle_* (what the world did), commands (what the person does), poll_*
// (what the world must do), getters. After any call of the first two, drain poll_effect() until it
// is empty, then arrange to call handle_timeout at poll_deadline(). Not thread-safe; one thread
// owns it. The same core drives the web page, the desktop window, the CLI and the simulation.
//
//   Client client({"ws://127.0.0.1:8080/ws", "my program"}, rng);
//   client.start(now());
//   for (;;) {
//     while (auto effect = client.poll_effect()) platform.perform(*effect);  // see the effects
//     below if (client.view().revision != drawn) draw(client.view());
//     platform.wait_until(client.poll_deadline());  // or for input, bytes, a store's answer
//     client.handle_timeout(now());                 // and handle_*, commands for what came
//   }
//
// Nothing waits: a message that is sent without a connection is kept and sent later, a room that is
// opened shows what is stored and fills itself up.
#pragma once

#include <deque>
#include <functional>
#include <memory>

#include "client/core/search_index.hpp"
#include "client/core/view_models.hpp"
#include "shared/base/rng.hpp"
#include "shared/wire/frame.hpp"

namespace parley::client {

struct Config {
  std::string server_url;               // "ws://host:port/ws" or "wss://..."
  std::string device_name;              // "Firefox on Linux", "parley-cli"
  std::int32_t utc_offset_minutes = 0;  // of the person's time zone: where days begin
  bool open_joined_rooms = true;        // a room that was created or joined here is opened
  // Whether this device keeps keys for private rooms. They are one run's at a time: two that share
  // a store must not both have them.
  bool private_rooms = true;
  // Makes the index for search(), at the first one; none, or nullptr from it: there is no search.
  std::function<std::unique_ptr<SearchIndex>()> search_index = {};
};

// ---- effects: what the platform must do -------------------------------------------------------

struct OpenTransport {        // WebSocket, subprotocol parley.v1; answered by
                              // handle_transport_open/closed
  std::uint32_t attempt = 0;  // echoed in every handle_transport_*: late answers are told apart
  std::string url;
};
struct SendBytes {  // one binary message
  std::uint32_t attempt = 0;
  Bytes bytes;
};
struct CloseTransport {
  std::uint32_t attempt = 0;
};
// Persist these together, then handle_stored(batch). An empty value erases its key.
struct WriteStore {
  struct Entry {
    std::string key;
    Bytes value;
  };
  std::uint64_t batch = 0;
  std::vector<Entry> entries;
};
// Read every entry whose key starts with `prefix`, then handle_loaded with the same prefix.
struct ReadStore {
  std::string prefix;
};
struct ClearStore {};  // signed out: erase everything of this account
struct Notify {        // system notification, if the platform may show them
  RoomId room;
  std::string title;
  std::string text;
};
// A one-off answer for faces without a view (the CLI): the outcome of a command by its token.
// Messages of send_text and send_draft have token 0 and their client id, and answer when they are
// on the server or have failed for good.
struct CommandDone {
  std::uint64_t token = 0;
  Result<wire::Response> result;
  ClientId client_id{};
};
// A live event of any room, for faces that print a log (the CLI).
struct EventArrived {
  RoomId room;
  wire::Event event;
  std::string sender_name;
};

// What this device added to a room's timeline: an identity that changed, a server that is not to be
// trusted. For faces that print a log; others have it in the view.
struct NoteAdded {
  RoomId room;
  std::string text;
};

using Effect = std::variant<OpenTransport, SendBytes, CloseTransport, WriteStore, ReadStore,
                            ClearStore, Notify, CommandDone, EventArrived, NoteAdded>;

struct MissedMessages;  // room_notes.hpp

class Client {
 public:
  Client(Config config, Rng& rng);
  ~Client();

  // ---- the world ----
  // First call: asks for the stored state, then connects when there is a session.
  void start(Now now);
  void handle_transport_open(Now now, std::uint32_t attempt);
  void handle_transport_bytes(Now now, std::uint32_t attempt, ByteView bytes);
  // `reason` is for people ("connection refused"); `close_code` the WebSocket's, 0 if none.
  void handle_transport_closed(Now now, std::uint32_t attempt, int close_code, std::string reason);
  void handle_loaded(Now now, const std::string& prefix, std::vector<WriteStore::Entry> entries);
  void handle_stored(Now now, std::uint64_t batch, Status status);
  void handle_timeout(Now now);
  void handle_network(Now now, bool online);  // the system's hint: try at once when back
  void handle_focus(Now now, bool focused);   // window in view: read markers, notifications
  void handle_activity(Now now);              // a key or pointer: ends "away"

  // ---- the person ----
  // Where the keys of an account are still on the device, LoginView::asks_to_replace comes first.
  void sign_in_guest(Now now, std::string name);
  // A new device of an account: with its recovery words, or with the code that another device
  // shows. What is wrong with the text is told by LoginView::error. `replace`: without a question.
  void sign_in_recovery(Now now, std::string words, bool replace = false);
  void sign_in_link(Now now, std::string code, bool replace = false);
  void reset_login(Now now);  // its error or question is of another form
  void sign_out(Now now);
  void retry_now(Now now);
  void set_profile_name(Now now, std::string name);
  void set_presence(Now now, wire::PresenceStatus status, std::string status_text);
  void set_settings(Now now, Settings settings);

  void open_room(Now now, RoomId room, Seq at = {});  // joins nothing; `at` scrolls to a message
  void close_room(Now now);
  void load_older(Now now);  // of the open room; no-op while one is under way
  // A HistoryGapView came into view: fetches a part of it, next to what is below it or, when the
  // reader comes from older messages, next to what is above. No-op while a fetch is under way.
  void load_gap(Now now, Seq before, bool from_above = false);
  void mark_seen(Now now, Seq seq);  // the face has shown up to here
  void load_members(Now now);
  void set_draft(Now now, std::string text);  // what the composer holds; sends typing
  // Sends the draft (or the edit under way). False with composer unchanged when it is blank or
  // long.
  bool send_draft(Now now);
  // Sends without touching the draft (CLI); the client id names it in CommandDone and the timeline.
  Result<ClientId> send_text(Now now, RoomId room, std::string text, Seq reply_to = {});
  void retry_message(Now now, ClientId id);
  void discard_message(Now now, ClientId id);  // a failed or waiting one
  void start_reply(Now now, Seq seq);
  void start_edit(Now now, Seq seq);
  void start_edit_last(Now now);      // the person's newest message in the room
  void cancel_compose_mode(Now now);  // leave reply or edit
  void delete_message(Now now, Seq seq);
  void toggle_reaction(Now now, Seq seq, std::string emoji);

  // Messages on this device that have the words (AppView::search); again when they come, change or
  // go. `room`: only there. Without words it only makes ready.
  void search(Now now, std::string text, std::optional<RoomId> room = {});
  void search_more(Now now);  // older ones as well
  void end_search(Now now);

  // These answer through views, toasts on failure, and CommandDone with the returned token.
  std::uint64_t create_room(Now now, std::string name, std::string topic, wire::RoomAccess access);
  // An encrypted one, with these people; answered by CommandDone with its RoomState.
  std::uint64_t create_private_room(Now now, std::string name, std::string topic,
                                    std::vector<UserId> members, wire::HistoryAccess history,
                                    std::uint32_t disappear_after_s = 0);
  // The encrypted room of the person and this user; opened, also when it is there already.
  std::uint64_t start_direct(Now now, UserId user);
  std::uint64_t join_room(Now now, RoomId room);
  std::uint64_t join_by_code(Now now, std::string code);
  std::uint64_t leave_room(Now now, RoomId room);
  std::uint64_t update_room(Now now, RoomId room, std::optional<std::string> name,
                            std::optional<std::string> topic,
                            std::optional<wire::RoomAccess> access);
  std::uint64_t delete_room(Now now, RoomId room);
  std::uint64_t search_directory(Now now, std::string query);
  std::uint64_t load_more_directory(Now now);
  std::uint64_t invite_member(Now now, RoomId room, UserId user);
  std::uint64_t set_role(Now now, RoomId room, UserId user, wire::Role role);
  std::uint64_t remove_member(Now now, RoomId room, UserId user, bool ban);
  std::uint64_t create_invite(Now now, RoomId room, std::uint32_t expires_in_s,
                              std::uint32_t max_uses);
  std::uint64_t load_invites(Now now, RoomId room);
  std::uint64_t revoke_invite(Now now, RoomId room, InviteId invite);
  std::uint64_t load_devices(Now now);
  std::uint64_t revoke_device(Now now, DeviceId device);

  // ---- identity and devices (AppView::keys, identity, link) ----
  void make_recovery_words(Now now);  // new ones: the ones before stop working
  void hide_recovery_words(Now now);
  void recover(Now now, std::string words);  // while the keys are locked
  // While they are locked and nothing opens them any more: the account gets new keys, everybody in
  // its rooms is told, and what only the old ones open stays closed. Ask first.
  void start_afresh(Now now);
  void look_at_identity(Now now, UserId user);
  void close_identity(Now now);
  // The person compared the numbers, or takes the new key without comparing.
  void accept_identity(Now now, UserId user, bool verified);
  // A code or its link was opened here: asks (IdentityView::scanned) whether the person scanned it
  // themselves, since one that came in a message proves nothing.
  void open_safety_code(Now now, std::string_view text);
  // What was scanned from the other's screen; the answer is a toast, and a match verifies.
  void check_safety_code(Now now, UserId user, ByteView code);
  void start_link(Now now);  // shows a code for a new device
  void confirm_link(Now now, bool same);
  void cancel_link(Now now);

  void dismiss_toast(Now now, std::uint64_t id);
  // Any command as it is (CLI, tests).
  std::uint64_t request(Now now, wire::Command command);

  // ---- out ----
  std::optional<Effect> poll_effect();
  std::optional<MonoTime> poll_deadline() const;
  const AppView& view();  // built when something changed since the last call
  // Of an event that came sealed to here, whether its room is the open one or not.
  ClosedView why_closed(RoomId room, const wire::Event& event);
  // What an author's device says to have sent right before its event at `seq` and is not known to
  // be here. What lies between the two events may still turn out to be it (timeline_view.cpp).
  std::vector<MissedMessages> missed_before(RoomId room, Seq seq) const;
  // Why nothing can be sent to a private room until a person has looked; empty: it can, or will.
  std::string attention_of(RoomId room);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace parley::client
