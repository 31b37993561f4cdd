// What the interface itself remembers between frames: which page, dialog, menu, selection. Nothing
// of this is the client's; losing it loses no data.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "client/ui/rich_text.hpp"
#include "client/ui/widgets.hpp"

namespace parley::ui {

enum class Page : std::uint8_t { kRooms, kTimeline };  // on phones
enum class DialogKind : std::uint8_t {
  kNone,
  kCreateRoom,
  kBrowse,
  kJoinByCode,
  kInvite,
  kEditRoom,
  kSettings,
  kShortcuts,
  kSwitcher,
  kSearch,
  kRecover,
  kLinkThis,
};
enum class SettingsTab : std::uint8_t { kProfile, kAppearance, kNotifications, kSecurity, kAbout };

struct MenuItem {
  Icon icon = Icon::kMore;
  std::string label;
  bool danger = false;
  std::function<void()> run;
};
struct Menu {
  Id owner = 0;  // gets the focus back
  Vec2 at;
  std::vector<MenuItem> items;
  std::optional<Seq> react_to;  // with a row of quick reactions
};

struct Confirm {
  std::string title;
  std::string text;
  std::string action;
  std::function<void()> run;
};

struct EmojiPicker {
  std::optional<Seq> react_to;  // else the composer
  Rect anchor;
  bool fresh = true;  // opened since the last frame: the search is focused
  float scroll = 0;
  float content = 0;
};

struct SelectionEnd {
  Id row = 0;
  TextPlace place;
};

struct RowLayout {
  std::uint64_t fingerprint = 0;
  std::uint64_t used = 0;
  RichText text;
  float height = 0;
  TextPlace select_from, select_to;  // marked part, when the selection covers this row
};

// Where the timeline stands: an item and where its top is, so that items put in above move nothing.
struct TimelineState {
  std::optional<RoomId> room;
  client::Revision items_revision = 0;
  std::size_t item_count = 0;
  Id anchor = 0;
  std::size_t anchor_index = 0;
  float anchor_y = 0;  // of the item's top, from the viewport's
  bool at_bottom = true;
  bool placed = false;
  Seq last_seen;                         // told to the core
  Seq newest;                            // at the time it was last at the bottom
  client::Revision scroll_revision = 0;  // of the last jump
  Id flash = 0;
  MonoTime flash_at;
  std::unordered_map<Id, RowLayout> rows;
  std::uint64_t style_generation = 0;
  std::set<Id> open_spoilers;
  // Selection of text across messages.
  SelectionEnd anchor_end, caret_end;
  bool selecting = false;
  int select_unit = 1;  // 1 characters, 2 words, 3 paragraphs
  std::size_t rows_drawn = 0;
  Id active_row = 0;  // its actions are shown
};

// One place of the words searched for.
struct FindMatch {
  std::size_t item = 0;  // in the room's items
  Id row = 0;
  TextPlace from, to;
};

struct FindState {
  bool open = false;
  bool fresh = false;  // opened since the last frame: the field is focused
  RoomId room;
  std::string query;
  std::vector<FindMatch> matches;                                    // oldest first
  std::unordered_map<Id, std::pair<std::size_t, std::size_t>> rows;  // first match and count
  std::size_t current = 0;
  bool reveal = false;  // scroll to the current one
  // What was searched.
  client::Revision items_revision = 0;
  std::size_t item_count = 0;
  std::size_t spoilers = 0;
};

// The dialog that searches messages; what it found is the core's.
struct MessageSearchState {
  std::string words;  // to begin with
  bool here = false;  // only in the open room
  int chosen = 0;
  bool reveal = false;  // scroll to the chosen one
};

// Which name the "@" before the caret stands for.
struct MentionState {
  std::size_t at = 0;
  std::string words;  // from the "@" on
  int chosen = 0;     // -1: none, Enter sends
  bool dismissed = false;
};

struct AppState {
  Page page = Page::kRooms;
  bool details_open = false;
  DialogKind dialog = DialogKind::kNone;
  SettingsTab settings_tab = SettingsTab::kProfile;
  std::optional<Menu> menu;
  std::optional<Confirm> confirm;
  std::optional<EmojiPicker> emoji;
  bool dialog_fresh = false;  // opened since the last frame: fields are set up and focused

  TimelineState timeline;
  FindState find;
  MessageSearchState search;
  bool search_shown = false;  // the core is told when it is not any more
  MentionState mention;
  client::Revision composer_reset = ~client::Revision{0};
  std::optional<RoomId> composer_room;
  bool focus_composer = false;

  std::unordered_map<Id, float> scrolls;   // offsets of scrolling columns
  std::unordered_map<Id, float> contents;  // their heights, measured when drawn
  int switcher_index = 0;
  int create_access = 0;
  bool create_open = false;  // a room that the server can read
  bool create_more = false;
  int create_history = 0;
  int create_disappear = 0;
  std::vector<UserId> create_people;
  bool recovery_hint_closed = false;
  bool login_elsewhere = false;  // the login asks for what another device gave
  int invite_expiry = 1;
  std::string invite_wanted_code;
  std::optional<RoomId> wanted_room;  // an address names it; of use while the person is not in it
  bool window_focused = true;
  bool members_asked = false;
  bool show_protection = false;  // the details scroll to where they say it
  std::map<std::uint64_t, MonoTime> toast_since;

  void open_dialog(DialogKind kind) {
    dialog = kind;
    dialog_fresh = true;
    menu.reset();
    emoji.reset();
  }
};

// What every view gets.
struct Scene {
  Ui& ui;
  const client::AppView& app;
  AppState& state;
  const Options& options;
  bool phone = false;

  const Palette& colors() const { return ui.theme.palette; }
  float size(float points) const { return ui.theme.size(points); }
};

}  // namespace parley::ui
