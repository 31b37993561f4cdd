// The inside of Client, shared by its source files:
//   client.cpp       the public calls, one line each
//   session.cpp      start, sign in and out, connection outputs, presence
//   rooms.cpp        room summaries, events, notices, counts, markers
//   open_room.cpp    the room in view: opening, paging, members, typing
//   composer.cpp     drafts, edits, replies, sending, the outbox
//   requests.cpp     commands with a token, toasts
//   private_rooms.cpp  what the engine of private rooms (client/e2ee) needs and says
//   identities.cpp   own keys, recovery, people's identities
//   message_search.cpp  words in the messages that are here
//   persistence.cpp  what is kept on the device
//   view.cpp         the view-models
//
// Every entry point ends in settle(), which moves outputs of the connection in, and commands,
// fetches and markers that became due out, until nothing moves any more.
#pragma once

#include <functional>
#include <set>
#include <unordered_map>

#include "client/core/client.hpp"
#include "client/core/people.hpp"
#include "client/core/search_index.hpp"
#include "client/core/stored.hpp"
#include "client/core/timeline_view.hpp"
#include "shared/sync/connection.hpp"
#include "shared/sync/ephemeral.hpp"
#include "shared/sync/outbox.hpp"
#include "shared/sync/timeline.hpp"

namespace parley::client {

inline constexpr Duration kToastTime = seconds(5);
inline constexpr std::size_t kMaxToasts = 5;
inline constexpr Duration kAwayAfter = minutes(5);
inline constexpr Duration kTypingEvery = seconds(3);
inline constexpr Duration kReadMarkEvery = seconds(1);
inline constexpr Duration kDeliveredMarkEvery =
    seconds(1);  // over all rooms: limits are the user's
inline constexpr Duration kFlushAfter = milliseconds(500);
inline constexpr Duration kRenewBefore = minutes(5);
inline constexpr Duration kSignOutWait = seconds(3);
inline constexpr Duration kSecondThought =
    seconds(1);  // a press sooner than that is a double click
inline constexpr std::size_t kMaxRooms = wire::kMaxListItems;
inline constexpr std::size_t kMaxDraftBytes = 4 * wire::kMaxContentBytes;

using Outcome = std::variant<wire::Response, wire::ErrorReply>;
using Handler = std::function<void(Now, Outcome&)>;

inline Error error_of(const wire::ErrorReply& reply) {
  return {static_cast<ErrorCode>(reply.code), reply.detail, milliseconds(reply.retry_after_ms)};
}

struct Draft {
  std::string text;
  Seq reply_to;
  Seq editing;       // not 0: `text` replaces that message
  std::string kept;  // the draft from before the edit
};

struct MemberList {
  std::vector<wire::MemberInfo> members;
  UserId last;         // paging position
  bool asked = false;  // a first page was asked for since the room was opened
  bool more = false;
  bool all_wanted = false;
  bool busy = false;
  std::optional<MonoTime> retry_at;
};

struct Room {
  explicit Room(RoomId id) : timeline(id) {}

  wire::RoomSummary summary;
  sync::Timeline timeline;
  sync::MarkerState markers;
  Seq delivered_by_others, read_by_others;  // the furthest known, also from earlier runs
  Seq read;                                 // by this user, the server may not know yet
  Seq delivered;  // newest event of somebody else that reached this device
  Seq sent_read, sent_delivered;
  std::optional<MonoTime> mark_after;       // earliest moment of the next Mark
  std::optional<MonoTime> read_mark_after;  // ... that tells a read
  Seq counted;                              // unread counts include everything up to here
  Seq announced;                            // EventArrived was given up to here
  std::string preview;                      // of summary.last_message
  std::vector<wire::Event> acked;  // own events with a place that the timeline does not hold yet
  Draft draft;
  MemberList members;
  bool members_changed = false;
  // Of a private room.
  Seq fed;                                // the engine was given events up to here
  std::map<Seq, e2ee::OpenFault> closed;  // sealed events that could not be opened
  std::set<Seq> untold;                   // of those: EventArrived and Notify are due
  std::string name, topic;                // as its members call it
  std::vector<UserId> users;              // in its group
  std::optional<UserId> direct_with;
  std::optional<e2ee::NotReady> not_ready;
  bool invites_due = false;             // see e2ee::RoomStatus
  std::uint32_t disappear_after_s = 0;  // as the engine says
  std::vector<RoomNote> notes;
  std::vector<MissedMessages> missed;
  bool notes_dirty = false;
  bool downgraded = false;  // the server called it open: told already
  // Persistence.
  bool summary_dirty = false, events_dirty = false, draft_dirty = false;
  std::map<std::uint64_t, std::pair<Seq, Seq>> stored_chunks;  // chunk -> first and last in it
};

struct SearchState {
  std::unique_ptr<SearchIndex> index;  // from the first search on
  // Which messages were put in, and the newest fact about each at that time.
  std::map<RoomId, std::map<Seq, Seq>> known;
  std::set<RoomId> stale;  // rooms to be compared with the index
  bool failed = false, full = false;
  bool open = false;  // somebody looks at it: only then is there work
  std::string query;
  std::optional<RoomId> room;
  std::size_t limit = 0;
  std::vector<IndexHit> hits;
  bool more = false;
  int slices = 0;
  std::optional<MonoTime> next_slice;
};

inline bool is_private(const Room& room) {
  return room.summary.settings.kind == wire::RoomKind::kPrivate;
}

inline bool is_refused(const Room& room, Seq seq) {
  const auto closed = room.closed.find(seq);
  return closed != room.closed.end() && is_refused(closed->second);
}

inline bool passes_by_itself(e2ee::NotReady cause) {
  return cause != e2ee::NotReady::kGhostDevice && cause != e2ee::NotReady::kIdentityChanged;
}

// What waits for a room that the engine is working on.
struct RoomWish {
  std::uint64_t token = 0;
  std::string title;  // of the toast when it fails
  bool opens = false;
};

class Client::Impl {
 public:
  Impl(Config config, Rng& rng);

  // ---- session.cpp ----
  void start(Now now);
  void sign_in_guest(Now now, std::string name);
  void sign_in_recovery(Now now, const std::string& words, bool replace);
  void sign_in_link(Now now, const std::string& code, bool replace);
  void reset_login(Now now);
  void handle_network(Now now, bool online);
  void sign_out(Now now);
  void handle_timeout(Now now);
  void handle_focus(Now now, bool focused);
  void handle_activity(Now now);
  void set_presence(Now now, wire::PresenceStatus status, std::string text);
  void set_settings(Now now, Settings settings);
  void settle(Now now);
  std::optional<MonoTime> deadline() const;

  // ---- open_room.cpp ----
  void open_room(Now now, RoomId room, Seq at);
  void close_room(Now now);
  void load_older(Now now);
  void load_gap(Now now, Seq before, bool from_above);
  void load_members(Now now);
  void mark_seen(Now now, Seq seq);

  // ---- composer.cpp ----
  void set_draft(Now now, std::string text);
  bool send_draft(Now now);
  Result<ClientId> send_text(Now now, RoomId room, std::string text, Seq reply_to);
  void retry_message(Now now, ClientId id);
  void discard_message(Now now, ClientId id);
  void start_reply(Now now, Seq seq);
  void start_edit(Now now, Seq seq);
  void start_edit_last(Now now);
  void cancel_compose_mode(Now now);
  void delete_message(Now now, Seq seq);
  void toggle_reaction(Now now, Seq seq, std::string emoji);

  // ---- requests.cpp ----
  // `title` heads the toast of a failure; empty: no toast.
  std::uint64_t request(Now now, wire::Command command);
  std::uint64_t tokened(Now now, wire::Command command, std::string title, Handler on_ok = {});
  std::uint64_t create_room(Now now, std::string name, std::string topic, wire::RoomAccess access);
  std::uint64_t join(Now now, wire::JoinRoom command);
  std::uint64_t update_room(Now now, wire::UpdateRoom command);
  std::uint64_t search_directory(Now now, std::string query);
  std::uint64_t load_more_directory(Now now);
  std::uint64_t create_invite(Now now, wire::CreateInvite command);
  std::uint64_t load_invites(Now now, RoomId room);
  std::uint64_t revoke_invite(Now now, RoomId room, InviteId invite);
  std::uint64_t load_devices(Now now);
  std::uint64_t revoke_device(Now now, DeviceId device);
  std::uint64_t set_profile_name(Now now, std::string name);
  void send_update(Now now, std::uint64_t token, wire::UpdateRoom command, bool may_repeat);
  void entered(Now now, Outcome& outcome);
  void ask(Now now, wire::Command command, Handler handler);
  void toast(Now now, ToastKind kind, std::string title, std::string text,
             std::optional<RoomId> room = std::nullopt);
  void dismiss_toast(std::uint64_t id);

  // ---- private_rooms.cpp ----
  std::uint64_t create_private_room(Now now, std::string name, std::string topic,
                                    std::vector<UserId> members, wire::HistoryAccess history,
                                    std::uint32_t disappear_after_s);
  std::uint64_t start_direct(Now now, UserId user);
  std::uint64_t invite_member(Now now, RoomId room, UserId user);
  std::uint64_t rename_private(Now now, RoomId room, std::string name, std::string topic);

  // ---- identities.cpp ----
  void make_recovery_words(Now now);
  void hide_recovery_words(Now now);
  ClosedView why_closed(RoomId id, const wire::Event& event);
  std::vector<MissedMessages> missed_before(RoomId id, Seq seq) const;
  std::string attention_of(RoomId id);
  void recover(Now now, const std::string& words);
  void start_afresh(Now now);
  void look_at_identity(Now now, UserId user);
  void close_identity(Now now);
  void identity_was_decided(Now now);
  void accept_identity(Now now, UserId user, bool verified);
  void open_safety_code(Now now, std::string_view text);
  void check_safety_code(Now now, UserId user, ByteView code);
  void start_link(Now now);
  void confirm_link(Now now, bool same);
  void cancel_link(Now now);

  // ---- message_search.cpp ----
  void search(Now now, std::string text, std::optional<RoomId> room);
  void search_more(Now now);
  void end_search(Now now);

  // ---- persistence.cpp ----
  void handle_loaded(Now now, const std::string& prefix, std::vector<WriteStore::Entry> entries);
  void handle_stored(Now now, std::uint64_t batch, Status status);

  // ---- view.cpp ----
  const AppView& view();

  sync::Connection& connection() { return connection_; }
  std::deque<Effect>& effects() { return effects_; }

 private:
  // session.cpp
  void handle_output(Now now, sync::ConnectionOutput output);
  void on_welcome(Now now, wire::Welcome& welcome);
  void on_disconnected(Now now);
  void on_refused(Now now, const Error& error);
  void adopt_session(const wire::Session& session);
  wire::Authenticate hello() const;
  void connect(Now now);
  void end_login(std::string why);
  bool sign_in_waits(Now now, std::function<void(Now)> sign_in);
  bool asks_to_replace(Now now, std::string words);
  void try_proof(Now now);
  void begin_sign_in(Now now);
  std::optional<wire::AuthenticateDevice> prove(ByteView challenge) const;
  void forget_account();
  void finish_sign_out(Now now);
  void renew_token(Now now);
  void schedule_renewal(Now now);
  void send_presence(Now now);
  void ask_names(Now now);
  bool signed_in() const { return !session_.session.token.empty(); }
  UserId self() const { return session_.session.user.user_id; }

  // rooms.cpp
  Room* find_room(RoomId id);
  Room* learn_room(Now now, wire::RoomSummary summary);
  void forget_room(RoomId id);
  void leave_room_behind(Now now, RoomId id);
  void on_events(Now now, wire::EventBatch& batch);
  void on_notice(Now now, wire::Notice& notice);
  void arrived(Now now, Room& room, const wire::Event& event);
  void count(Now now, Room& room, const wire::Event& event);
  void notify(Now now, Room& room, const wire::Event& event, const wire::Message& message);
  void on_message(Now now, Room& room, const wire::Event& event, const wire::Message& message);
  void on_membership(Room& room, const wire::Event& event, const wire::Membership& change);
  void on_room_gone(Now now, const wire::RoomGoneNotice& notice);
  void on_marker(Room& room, const wire::Marker& marker);
  void on_page(Now now, RoomId room, Outcome& outcome);
  void learn_users(const std::vector<wire::UserInfo>& users);
  void confirm_own(const wire::Event& event);
  void forget_acked(Room& room);
  void recount(Room& room);
  void set_preview(Room& room);
  void send_marks(Now now);
  bool in_view(RoomId room) const { return focused_ && open_room_ == room; }

  // open_room.cpp
  void begin_view(Now now, Room& room);
  void close_room_state();
  void jump(Room& room, Seq seq);
  void end_jump(Now now, Room& room, Seq seq);
  void fetch_timeline(Now now);
  void fetch_members(Now now);
  void on_members(Now now, RoomId room, Outcome& outcome);
  Room* open() { return open_room_ ? find_room(*open_room_) : nullptr; }
  TimelineInput input_of(Room& room);
  void typing_stopped(Now now);

  // composer.cpp
  Result<ClientId> post(Now now, RoomId room, wire::EventKind kind, Bytes body);
  void send_posts(Now now);
  void on_posted(Now now, ClientId id, RoomId room, Outcome& outcome);
  std::vector<UserId> mentions_in(Room& room, std::string_view text);
  void replace_text(Room& room, std::string text);

  // private_rooms.cpp
  void begin_engine();
  void unlock_engine(Now now);
  void drain_engine(Now now);
  void send_sealed(Now now);
  void on_engine_change(Now now, const e2ee::Change& change);
  void on_alert(Now now, const e2ee::Alert& alert);
  void tell_engine(Now now, const wire::RoomSummary& summary);
  void refresh_private(Now now, RoomId id);
  std::vector<wire::Event> revealed(Now now, Room& room, std::vector<wire::Event> events);
  wire::Event reveal(Now now, Room& room, const wire::Event& event);
  void reveal_closed(Now now, RoomId id);
  void note_chain(Now now, Room& room, const wire::Event& event, const e2ee::Opened& opened);
  void keep_private(wire::RoomSummary& summary);
  void tell_downgrade(Now now, Room& room);
  void became_readable(Now now, Room& room, const wire::Event& event);
  void find_closed(Room& room);
  void seal_post(Now now, wire::Post post);
  void on_engine_stored(Now now, std::uint64_t batch, const Status& status);
  void when_keys_settle(Now now, std::function<void(Now)> what);
  void begin_wish(Now now, const Result<RoomId>& room, RoomWish wish);
  void end_wishes(Now now, RoomId room, const Error* error);
  void answer(Result<wire::Response> result, ClientId id);
  void complete(Now now, wire::Response& response);
  bool hold_page(Now now, std::uint64_t token, wire::HistoryPage& page);
  bool waits_for_keys(Now now, const Room& room, wire::HistoryPage& page);
  void release_pages(Now now);
  // Below what is here, or below `after`. Of what goes on for a while kNew says it once a day.
  enum class NoteIf { kAlways, kNew };
  void add_note(Now now, RoomId room, std::string text, NoteIf when,
                std::optional<Seq> after = std::nullopt);
  std::string name_of(const Room& room);
  Protection protection_of(const Room& room) const;
  EncryptionView encryption_of(Room& room);
  std::set<UserId> moderators_of(const Room& room) const;

  // disappearing.cpp
  std::uint32_t disappear_after(const Room& room) const;
  Timestamp time_of(Now now, const Room& room, const wire::Event& event) const;
  void drop_disappeared(Now now);
  void drop_older(Now now, RoomId id, Room& room, Duration after);

  // identities.cpp
  void on_account(Now now, e2ee::AccountState state);
  void on_recovery_made(Now now, bool saved);
  void ask_recovery(Now now);
  IdentityState identity_of(UserId user) const;
  void build_identities();
  void build_link();
  void sign_in_with(Now now, crypto::Secret token);
  void forget_entry();

  // message_search.cpp
  void search_stale(Now now, RoomId room);
  std::vector<IndexedMessage> next_slice();
  void note_indexed(const std::vector<IndexedMessage>& slice);
  void index_slice(Now now);
  void forget_hits(RoomId room, Seq up_to);
  void answer_search();
  void build_search();

  // persistence.cpp
  void flush_outbox();
  void save_words_shown(bool shown);
  void flush(Now now);
  void collect_draft(RoomId id, Room& room, std::vector<WriteStore::Entry>& out);
  void collect_room(RoomId id, Room& room, std::vector<WriteStore::Entry>& out);
  void collect_events(RoomId id, Room& room, std::vector<WriteStore::Entry>& out);
  void restore(const WriteStore::Entry& entry, std::map<RoomId, std::vector<wire::Event>>& events);
  void write(std::vector<WriteStore::Entry> entries);
  void dirty_session() { unsaved(session_dirty_); }
  void unsaved(bool& what) { what = unsaved_ = true; }

  // view.cpp
  void touch() { changed_ = true; }
  void touch_rooms() { changed_ = rooms_changed_ = true; }
  void build_connection();
  void build_rooms();
  void build_room();
  void build_members(Room& room);
  void build_composer();
  std::string preview_of(RoomId id, Room& room, bool& is_draft);

  Config config_;
  Rng& rng_;
  sync::Connection connection_;
  sync::Outbox outbox_;
  sync::TypingState typing_;
  sync::PresenceState presence_;
  People people_;
  std::map<RoomId, Room> rooms_;
  std::map<RoomId, StoredNotes> roomless_notes_;  // of rooms that were not stored themselves
  StoredSession session_;
  std::deque<Effect> effects_;
  std::unordered_map<sync::RequestId, Handler> handlers_;

  bool started_ = false, loaded_ = false;
  bool signing_in_ = false;
  std::string login_name_;
  std::string login_error_;
  std::function<void(Now)> waiting_sign_in_;  // for what is stored, and for proof_due_
  bool server_was_silent_ = false;
  bool proof_due_ = false;  // the device's keys may take up the session: the server has not said
  struct Question {         // whether the keys that are here may go
    std::string words;
    MonoTime at;
  };
  std::optional<Question> question_;
  std::optional<MonoTime> signing_out_until_;
  bool focused_ = true;
  bool idle_ = false;
  MonoTime active_at_;
  bool names_busy_ = false;
  std::optional<MonoTime> names_after_;
  bool renewing_ = false;
  std::optional<MonoTime> renew_at_;
  Duration clock_offset_;         // the server's clock minus this device's
  std::set<RoomId> unconfirmed_;  // rooms a complete welcome has not named yet
  std::set<RoomId> marks_due_;
  std::optional<MonoTime> delivered_after_;  // earliest moment of the next Mark that is not a read
  std::optional<RoomId> open_room_;
  std::optional<Seq> unread_after_;
  Seq jump_on_open_;         // wanted before the room was known
  Seq scroll_to_;            // of the open room, until it is here and the view has told
  std::optional<Seq> seen_;  // shown while the window was not focused
  std::optional<MonoTime> typing_sent_;
  std::uint64_t next_token_ = 1;
  std::uint64_t next_toast_ = 1;
  std::deque<std::pair<MonoTime, ToastView>> toasts_;
  DirectoryView directory_;
  std::uint64_t directory_search_ = 0;  // answers to earlier searches are dropped
  std::optional<wire::CreateRoom> unanswered_room_;
  InvitesView invites_;
  DevicesView devices_;
  SearchState search_;

  std::unique_ptr<e2ee::Engine> engine_;                   // none: no private rooms on this device
  std::map<std::uint64_t, std::uint64_t> engine_batches_;  // of the store -> of the engine
  std::uint64_t engine_stored_ = 0, engine_life_ = 0;
  std::pair<UserId, DeviceId> engine_user_;
  std::optional<MonoTime> engine_waits_;  // the store failed: written again then
  std::vector<std::function<void(Now)>> deferred_;
  std::deque<std::pair<std::uint64_t, wire::Post>> sealed_;  // leave when that batch is stored
  std::multimap<RoomId, RoomWish> wishes_;
  struct HeldPage {  // for somebody without a view: the keys of its events may be on their way
    std::uint64_t token = 0;
    wire::HistoryPage page;
    MonoTime until;
  };
  std::vector<HeldPage> held_pages_;
  std::optional<MonoTime> next_drop_;  // when a message disappears
  std::uint32_t retention_s_ = 0;      // of the server, for all rooms; 0: not known, or for ever
  std::optional<MonoTime> next_retention_;
  std::map<ClientId, std::uint64_t> post_tokens_;  // of posts that were asked for by request()
  KeysView keys_;
  // How a device signs in to an account that it has no keys of, and gets them.
  std::optional<crypto::Secret> entry_token_;
  std::optional<identity::RecoverySecret> recovery_;
  bool recovery_tried_ = false;
  std::string link_code_;
  std::pair<UserId, Bytes> scanned_;    // whose code, that was opened here
  std::vector<std::string> new_words_;  // until the server has what they open
  UserId words_shown_to_;               // and has not said to have written them down
  std::optional<UserId> looked_at_;
  std::set<UserId> moderators_;  // of the room that is being shown

  Settings settings_;
  std::vector<WriteStore::Entry> erased_;  // keys of forgotten rooms, for the next flush
  bool session_dirty_ = false, settings_dirty_ = false;
  bool unsaved_ = false;
  std::optional<MonoTime> flush_at_;
  std::uint64_t next_batch_ = 1;
  bool store_failed_ = false;

  AppView view_;
  TimelineView timeline_view_;
  std::optional<RoomId> built_room_;
  bool changed_ = true, rooms_changed_ = true;
  bool outbox_changed_ = false, markers_changed_ = false;
  Revision composer_reset_ = 0;
};

}  // namespace parley::client
