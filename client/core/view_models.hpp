// What a face (web, desktop, CLI) shows: plain values, complete, already in words. Nothing here
// draws and nothing here is changed by the face; see client.hpp for the commands.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "shared/wire/records.hpp"

namespace parley::client {

// Rises whenever the view it belongs to may look different; a face redraws when it moved.
using Revision = std::uint64_t;

enum class Screen { kStarting, kLogin, kMain };

enum class LinkState { kOffline, kConnecting, kConnected, kReconnecting, kStopped };

struct ConnectionView {
  LinkState state = LinkState::kOffline;
  std::string text;                  // "Reconnecting: the server did not answer."
  std::optional<MonoTime> next_try;  // when kReconnecting waits; faces count down to it
  bool can_retry = false;            // offer "Retry now"
  std::size_t waiting_messages = 0;  // in the outbox
};

enum class SendState { kSending, kSent, kDelivered, kRead, kFailed };

// ---- private rooms ------------------------------------------------------------------------------

// How sure one may be of who reads along.
enum class Protection {
  kNone,       // an open room: the server reads it, too
  kEncrypted,  // end-to-end; at least one member was not verified in person
  kVerified,   // end-to-end, with verified people only
  kAttention,  // somebody's identity changed, or a device is there that should not be
};

// What is known of a person's account key.
enum class IdentityState {
  kUnknown,   // nothing yet
  kNew,       // seen, never compared
  kVerified,  // compared in person
  kChanged,   // another key than before, not accepted yet
};

struct EncryptionView {  // of the open room
  Protection protection = Protection::kNone;
  std::string summary;  // "End-to-end encrypted. ...": a sentence or two for the room's details
  // Why nothing can be sent now and what is under way; empty: all is well.
  std::string waiting;
  // What a person has to look at, with the people it is about; empty: nothing.
  std::string attention;
  std::vector<UserId> changed;  // whose identity changed: offer "Compare" and "Accept"
  std::string disappear_after;  // "1 day"; empty: messages stay
  std::uint64_t epoch = 0;
};

enum class AccountKeys {
  kNone,      // not signed in
  kStarting,  // being made or asked for
  kLocked,    // the account is older than this device: link it, or type the recovery words
  kReady,
  kRevoked,  // another device removed this one
};

// This account's keys on this device.
struct KeysView {
  AccountKeys state = AccountKeys::kNone;
  std::string text;                   // what the state means and what to do; empty when ready
  bool busy = false;                  // the words are being checked
  bool rooms_settled = true;          // no room is joined or caught up with, no link is due
  std::size_t rooms_entered = 0;      // private rooms that this device reads and writes in
  std::vector<RoomId> rooms_outside;  // ... that it is still to enter
  std::string error;                  // about the recovery words that were typed
  bool has_recovery = true;           // false: offer to make recovery words
  bool recovery_outdated = false;     // there are some; they do not open what is new
  std::vector<std::string>
      recovery_words;  // new ones to be written down; until hide_recovery_words
};

// A person as the verification dialog shows them; set by look_at_identity.
struct IdentityView {
  UserId user;
  std::string name;
  IdentityState state = IdentityState::kUnknown;
  std::string safety_number;  // twelve groups of five digits; empty: not known yet
  std::string url;            // for a QR code, for the other's camera; empty: not known yet
  std::string text;           // what the state means and what to do
  Bytes scanned;              // a code that was opened here and is to be confirmed, or empty
};

// Linking a device to the account.
enum class LinkStep { kNone, kCode, kCompare, kWaiting, kDone, kFailed };
struct LinkEmojiView {
  std::string emoji;
  std::string name;
};
struct LinkView {
  LinkStep step = LinkStep::kNone;
  bool new_device = false;           // this one is being linked; else it links another
  std::string code;                  // kCode: "K7QM-4WZX-PD9T", to be typed on the new device
  std::string url;                   // kCode: what a QR code says
  std::vector<LinkEmojiView> emoji;  // kCompare: the same seven on both
  std::string text;                  // what to do now, or what went wrong
};

// Why an event of a private room cannot be read here, and what is done about it.
struct ClosedView {
  std::string text;
  bool refused = false;  // it is nobody's message: `text` tells what the server delivered
};

struct ReactionView {
  std::string emoji;
  std::uint32_t count = 0;
  bool mine = false;
  std::string names;  // "Ada, Grace and 3 others"
};

struct ReplyView {
  Seq seq;
  std::string sender_name;
  std::string excerpt;  // one line, or "Message deleted"
  bool available = true;
};

struct MessageView {
  Seq seq;  // 0 while only in the outbox
  ClientId client_id;
  UserId sender;
  std::string sender_name;
  Timestamp at;
  wire::MessageType type = wire::MessageType::kText;
  std::string content;  // markdown subset; see markdown.hpp
  bool mine = false;
  bool edited = false;
  bool deleted = false;
  bool mentions_me = false;
  bool starts_group = true;  // show avatar, name and time; false: follows its predecessor closely
  bool can_edit = false;
  bool can_delete = false;
  SendState state = SendState::kSent;  // meaningful when mine
  std::string failure;                 // kFailed: what happened and what to do
  std::string waiting;                 // kSending: why it has not left yet, when that takes time
  // The message cannot be read (yet): why, and what is done about it. `content` is empty then.
  std::string unreadable;
  bool unreadable_for_good = false;
  std::optional<ReplyView> reply;
  std::vector<ReactionView> reactions;
};

struct SystemLineView {  // "Grace joined"
  Seq seq;
  Timestamp at;
  std::string text;
};
struct DayView {
  Timestamp at;  // local midnight belongs to the face: format this moment's date
};
struct UnreadLineView {};
struct HistoryGapView {  // older messages are being fetched here
  Seq before;
};

using TimelineItem =
    std::variant<MessageView, SystemLineView, DayView, UnreadLineView, HistoryGapView>;

struct TypistView {
  UserId user;
  std::string name;
};

struct MemberView {
  UserId user;
  std::string name;
  wire::Role role = wire::Role::kMember;
  wire::PresenceStatus presence = wire::PresenceStatus::kOffline;
  std::string status_text;
  Timestamp last_seen;
  bool me = false;
  IdentityState identity = IdentityState::kUnknown;  // in private rooms
};

struct RoomItemView {  // a row of the room list
  RoomId room_id;
  std::string name;
  wire::RoomKind kind = wire::RoomKind::kOpen;
  wire::RoomAccess access = wire::RoomAccess::kPublic;
  wire::Role role = wire::Role::kMember;  // kInvited: offer to join
  std::string preview;                    // "Ada: see you there", "Draft: ...", "Grace is typing"
  bool preview_is_draft = false;
  Timestamp last_activity;
  std::uint32_t unread = 0;
  std::uint32_t mentions = 0;
  std::uint32_t members = 0;
  Protection protection = Protection::kNone;
  std::optional<UserId> direct_with;  // a room between two people, named after the other
  bool invites_due = false;  // what an invitation's link brings is on its way to or from the server
};

struct RoomView {  // the open room
  RoomId room_id;
  std::string name;  // as it is shown: of private rooms what their members call it
  std::string topic;
  wire::RoomSettings settings;
  EncryptionView encryption;
  std::optional<UserId> direct_with;
  wire::Role role = wire::Role::kNone;
  std::uint32_t member_count = 0;
  std::vector<TimelineItem> items;  // oldest first; the outbox's messages last
  Revision items_revision = 0;      // moved whenever `items` changed
  // The person named a message: the face scrolls to it, or to the last one before it that it shows,
  // when scroll_revision has moved. Set when what is around it is here.
  Seq scroll_to;
  Revision scroll_revision = 0;
  bool at_start = false;  // nothing older exists
  bool loading_older = false;
  bool synced = false;  // what is shown reaches the room's head
  Seq head;
  std::vector<TypistView> typists;
  std::vector<MemberView> members;  // empty until asked for; online first, then by name
  bool can_moderate = false;
  bool can_manage = false;  // rename, topic, delete, roles
};

struct ComposerView {
  std::string text;                    // the draft
  std::optional<MessageView> editing;  // set: sending replaces this message
  std::optional<ReplyView> replying;
  std::size_t characters_left = wire::kMaxMessageCharacters;  // shown below 200
  Revision reset = 0;  // moved when the core changed `text`: the field takes it over
};

enum class ToastKind { kInfo, kSuccess, kError };
struct ToastView {
  std::uint64_t id = 0;
  ToastKind kind = ToastKind::kInfo;
  std::string title;
  std::string text;
  std::optional<RoomId> room;  // opening it dismisses the toast
};

struct DirectoryView {  // search of public rooms
  std::string query;
  bool loading = false;
  bool more = false;
  std::vector<wire::RoomListing> rooms;
  std::string error;
};

struct InvitesView {
  std::optional<RoomId> room;
  bool loading = false;
  std::vector<wire::InviteInfo> invites;  // codes with "#" and the key that this device knows
};

struct DevicesView {
  bool loading = false;
  std::vector<wire::DeviceInfo> devices;
  std::vector<DeviceId> trusted;  // those that are signed devices of the account
};

enum class Theme { kSystem, kLight, kDark };

struct Settings {
  Theme theme = Theme::kSystem;
  std::uint32_t text_percent = 100;  // 100 to 200
  bool reduce_motion = false;        // in addition to the system's wish
  bool enter_sends = true;           // else Ctrl+Enter does
  bool notifications = false;
  bool sounds = false;
  bool send_typing = true;
  bool send_read_markers = true;

  bool operator==(const Settings&) const = default;
  template <class Archive>
  void serialize(Archive& ar) {
    using wire::field;
    ar(field("theme", theme), field("text_percent", text_percent),
       field("reduce_motion", reduce_motion), field("enter_sends", enter_sends),
       field("notifications", notifications), field("sounds", sounds),
       field("send_typing", send_typing), field("send_read_markers", send_read_markers));
  }
};

struct LoginView {
  bool busy = false;
  std::string error;   // shown under the form
  std::string server;  // host shown to the user
  std::string suggested_name;
  bool server_was_silent = false;  // ... or not there at all, so that it has not said no
  bool asks_to_replace = false;    // `error` is the question; whoever signs in again agrees
};

struct SelfView {
  UserId user;
  DeviceId device;
  std::string name;
  wire::PresenceStatus presence = wire::PresenceStatus::kOnline;
  std::string status_text;
};

struct TextRange {  // bytes
  std::size_t begin = 0, end = 0;
  bool operator==(const TextRange&) const = default;
};

struct SearchHitView {
  RoomId room_id;
  Seq seq;
  std::string room_name;
  std::string sender_name;
  Timestamp at;
  std::string snippet;                // one line of plain text
  std::vector<TextRange> highlights;  // of the snippet; ascending, not overlapping
};

struct SearchView {  // messages on this device
  std::string query;
  std::optional<RoomId> room;       // only there
  std::vector<SearchHitView> hits;  // newest first
  bool busy = false;                // not everything is looked through yet
  bool more = false;                // there are older ones: search_more
  std::string note;  // what was searched, for people: "Searched what is on this device: ..."
};

struct AppView {
  Screen screen = Screen::kStarting;
  Revision revision = 0;  // moved by any change below
  LoginView login;
  ConnectionView connection;
  SelfView self;
  std::vector<RoomItemView> rooms;  // newest activity first; invitations on top
  std::optional<RoomView> room;     // the open one
  ComposerView composer;            // of the open room
  DirectoryView directory;
  SearchView search;
  InvitesView invites;
  DevicesView devices;
  KeysView keys;
  std::optional<IdentityView> identity;  // the person looked at
  LinkView link;
  std::vector<ToastView> toasts;
  Settings settings;
  std::uint32_t total_unread = 0;
  std::uint32_t total_mentions = 0;
};

}  // namespace parley::client
