// The views: each draws its part of the screen from the view-models and emits commands.
#pragma once

#include <span>

#include "client/ui/state.hpp"

namespace parley::ui {

struct Column;

void draw_login(Scene& scene, const Rect& area);
void draw_starting(Scene& scene, const Rect& area);

void draw_room_list(Scene& scene, const Rect& area);
void draw_room(Scene& scene, const Rect& area);  // header, timeline, typing line, composer
void draw_no_room(Scene& scene, const Rect& area);
void draw_details(Scene& scene, const Rect& area);

void draw_timeline(Scene& scene, const Rect& area);
// Height wanted at that width; then drawing.
float composer_height(Scene& scene, float width);
void draw_composer(Scene& scene, const Rect& area);
Id composer_field_id();
// After each input: the core hears what was written before anything else can come between. True: it
// is told to send, and has another draft after that.
bool settle_composer(Scene& scene);
// Over the composer, while a mention is being written.
void draw_mention_popup(Scene& scene, const Rect& composer);
// Keys that choose from it; true: used.
bool mention_key(Scene& scene, const KeyEvent& event);
float typing_line_height(const Scene& scene);
void draw_typing_line(Scene& scene, const Rect& area);
// Draws the banner at the top of `area` when there is something to say; returns its height.
float draw_connection_banner(Scene& scene, const Rect& area);

void draw_dialogs(Scene& scene);
void draw_create_room(Scene& scene);
void draw_browse(Scene& scene);
void draw_join_by_code(Scene& scene);
void draw_invite(Scene& scene);
void draw_edit_room(Scene& scene);
bool may_invite(const client::RoomView& room);
void ask_start_afresh(Scene& scene);  // the last way for a locked device
void draw_recover(Scene& scene);    // recovery words, on a locked device
void draw_link_this(Scene& scene);  // the code of another device, on a locked one
void draw_identity(Scene& scene);   // AppView::identity
void draw_link(Scene& scene);       // AppView::link
void close_dialog(Scene& scene);
void draw_settings(Scene& scene);
void open_settings(Scene& scene, SettingsTab tab);
void draw_security(Column& column);
void draw_shortcuts(Scene& scene);
void draw_switcher(Scene& scene);
// Keys of the switcher's field; true: used.
bool switcher_key(Scene& scene, const KeyEvent& event);

void draw_message_search(Scene& scene);
void open_message_search(Scene& scene, const std::string& words = {});
// Keys of its field; true: used.
bool message_search_key(Scene& scene, const KeyEvent& event);

void draw_menu(Scene& scene);
void draw_confirm(Scene& scene);
void draw_emoji_picker(Scene& scene);
void draw_toasts(Scene& scene);
void draw_tooltip(Scene& scene);
void draw_brand(Ui& ui, Vec2 centre, float side);

// ---- the timeline's text selection and movement ----
std::string selected_messages(const Scene& scene);
void clear_selection(AppState& state);
void scroll_timeline(Scene& scene, float pages);
void scroll_timeline_to_end(Scene& scene, bool newest);
void jump_to_message(Scene& scene, Seq seq);
Id row_key(const client::TimelineItem& item);

// ---- find in room ----
void open_find(Scene& scene);
void close_find(Scene& scene);
bool find_has_focus(const Scene& scene);
// Keys of its field; true: used.
bool find_key(Scene& scene, const KeyEvent& event);
// Draws the bar at the top of `area` while it is open; returns its height.
float draw_find_bar(Scene& scene, const Rect& area);
std::span<const FindMatch> find_matches_in(const AppState& state, Id row);
const FindMatch* current_match(const AppState& state);

// ---- one row ----
struct RowPlace {
  const client::TimelineItem& item;
  Id key = 0;
  float width = 0;
};
float measure_row(Scene& scene, const RowPlace& row);
void draw_row(Scene& scene, const RowPlace& row, float x, float y);
// The message's text area relative to the row's top left.
Vec2 row_text_origin(const Scene& scene, const client::MessageView& message);
void open_message_menu(Scene& scene, const client::MessageView& message, Id owner, Vec2 at);
void open_emoji_for(Scene& scene, std::optional<Seq> react_to, const Rect& anchor);
void ask_delete_message(Scene& scene, Seq seq);

// ---- private rooms ----
struct ProtectionLook {
  Icon icon;
  Color ink;
  std::string_view word;     // beside the sign
  std::string_view phrase;   // within a sentence: "end-to-end encrypted, not verified"
  std::string_view meaning;  // a sentence
};
ProtectionLook protection_look(const Palette& palette, client::Protection protection,
                               wire::RoomKind kind);
// Of a room between two people: the other one's.
void room_picture(Ui& ui, Vec2 centre, float side, RoomId room, const std::optional<UserId>& person,
                  std::string_view name);
// Draws at the top of `area` what is to be looked at and what is under way; returns its height.
float draw_encryption_banner(Scene& scene, const Rect& area);
// Above the rooms, when the account's keys ask for something; returns its height.
float draw_keys_notice(Scene& scene, const Rect& area);
// The room's details, where they say how it is protected.
void open_encryption_details(Scene& scene);

// ---- shared parts and words ----
void access_choice(Column& column, Id id, int& access);  // 0: anyone, 1: by invitation
wire::RoomAccess chosen_access(int access);
inline constexpr std::size_t kMaxAccountTextBytes = 1024;  // recovery words, a link's code
std::string presence_words(wire::PresenceStatus status);
std::string role_words(wire::Role role);
std::string room_link(const Scene& scene, RoomId room);
std::string message_link(const Scene& scene, RoomId room, Seq seq);
std::string invite_link(const Scene& scene, const std::string& code);
void copy_text(Scene& scene, const std::string& text);
std::string key_name(const Scene& scene, std::string_view keys);  // "Ctrl+K" or its Mac form

}  // namespace parley::ui
