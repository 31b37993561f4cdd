// Every view in both themes and at phone width: drawn to a PNG (to be looked at) and checked in
// words. Pictures go to $PARLEY_GALLERY, or to ./gallery.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <set>

#include "tests/ui/harness.hpp"

namespace parley::test {
namespace {

using ui::SemanticRole;

struct Expected {
  SemanticRole role;
  const char* label;
};
struct View {
  const char* name;
  std::function<void(client::AppView&)> change;
  std::function<void(Harness&)> act;
  std::vector<Expected> expected;
};

std::string gallery_folder() {
  const char* wanted = std::getenv("PARLEY_GALLERY");
  const std::string folder = wanted && *wanted ? wanted : "gallery";
  std::filesystem::create_directories(folder);
  return folder;
}

void open_menu_entry(Harness& h, const char* entry) {
  if (h.click(SemanticRole::kButton, "New room or join")) h.click(SemanticRole::kMenuItem, entry);
}

void open_settings(Harness& h, const char* tab) {
  h.key(ui::Key::kEscape);
  if (!h.click(SemanticRole::kButton, "Settings")) {
    h.click(SemanticRole::kButton, "Back to the rooms");
    h.click(SemanticRole::kButton, "Settings");
  }
  h.click(SemanticRole::kTab, tab);
}

void fill_directory(client::AppView& app) {
  for (const auto& room : app.rooms) {
    app.directory.rooms.push_back({room.room_id, room.name,
                                   "What this room is about, in a few words", room.members,
                                   app.directory.rooms.size() % 3 == 0});
  }
}

void fill_search(client::AppView& app) {
  const auto hit = [&](std::size_t room, const char* sender, int hours_ago, std::string snippet) {
    client::SearchHitView out;
    out.room_id = app.rooms[room].room_id;
    out.room_name = app.rooms[room].name;
    out.seq = {100 - app.search.hits.size()};
    out.sender_name = sender;
    out.at = {1'772'551'800'000 - hours_ago * 3'600'000ll};
    for (const std::string_view word : {"Colour", "colours", "colour", "contrast", "Contrast"}) {
      const std::size_t at = snippet.find(word);
      if (at != std::string::npos) out.highlights.push_back({at, at + word.size()});
    }
    std::sort(out.highlights.begin(), out.highlights.end(),
              [](const auto& a, const auto& b) { return a.begin < b.begin; });
    out.snippet = std::move(snippet);
    app.search.hits.push_back(std::move(out));
  };
  app.search.note = "Searched what is on this device: the newest messages of each room.";
  hit(1, "Grace Hopper", 1, "The colour of the links needs more contrast in the dark theme");
  hit(2, "Ada", 30,
      "\u2026 after the walk we looked at the pictures again, and the contrast of the second one "
      "was "
      "too low for the printer: its colours came out flat, so that somebody has to \u2026");
  hit(1, "\u4f50\u85e4 \u82b1\u5b50", 80,
      "Contrast \u306f colour \u3088\u308a\u5927\u5207\u3067\u3059");
  hit(3, "Somebody with a name that is rather long for a list", 900,
      "Colour, contrast, and nothing else");
}

void open_on_phone(Harness& h) {
  if (h.surface.width <= 720) h.click(SemanticRole::kButton, "Design review, ");
}

void show_emoji(client::LinkView& link) {
  link.step = client::LinkStep::kCompare;
  link.emoji = {{"\U0001F436", "Dog"},       {"\U0001F3B8", "Guitar"}, {"\u2693", "Anchor"},
                {"\U0001F355", "Pizza"},     {"\U0001F511", "Key"},    {"\U0001F680", "Rocket"},
                {"\U0001F3A7", "Headphones"}};
}

void fill_devices(client::AppView& app) {
  wire::DeviceInfo here, there, phone;
  here.device_id.uuid.bytes[0] = 1;
  here.name = "Firefox on Linux";
  here.current = here.connected = true;
  there.device_id.uuid.bytes[0] = 2;
  there.name = "Parley on Linux";
  there.last_seen = {1'772'551'800'000 - 7'200'000};
  phone.device_id.uuid.bytes[0] = 3;
  phone.name = "Chrome on Android";
  phone.connected = true;
  app.devices.devices = {here, there, phone};
  app.devices.trusted = {here.device_id, there.device_id};
}

const std::string kSafetyLink = "https://chat.example.org/#verify=" + std::string(130, 'Q');
const char* const kSafetyNumber =
    "30427 55182 90341 11876 42093 71850 66213 08457 93310 27764 58129 40036";

std::vector<View> views() {
  const auto nothing = [](client::AppView&) {};
  const auto still = [](Harness&) {};
  return {
      {"starting",
       [](client::AppView& a) {
         a = {};
         a.screen = client::Screen::kStarting;
       },
       still,
       {{SemanticRole::kStatus, "starting"}}},
      {"login",
       [](client::AppView& a) {
         a = {};
         a.screen = client::Screen::kLogin;
         a.login.server = "chat.example.org";
       },
       [](Harness& h) { h.type("Ada"); },
       {{SemanticRole::kTextBox, "Your name"}, {SemanticRole::kButton, "Continue"}}},
      {"login_error",
       [](client::AppView& a) {
         a = {};
         a.screen = client::Screen::kLogin;
         a.login.error =
             "Nothing answers at the server's address. Check that the server runs, then try again.";
       },
       still,
       {{SemanticRole::kAlert, "Nothing answers"}}},
      {"login_elsewhere",
       [](client::AppView& a) {
         a = {};
         a.screen = client::Screen::kLogin;
         a.login.error =
             "No device shows this code at the moment. Let the other device make a new one.";
       },
       [](Harness& h) {
         h.click(SemanticRole::kButton, "I have an account on another device");
         h.type("k7qm 4wzx");
       },
       {{SemanticRole::kHeading, "Use your account"},
        {SemanticRole::kMultiLineTextBox, "Code or recovery words"},
        {SemanticRole::kAlert, "No device shows this code"},
        {SemanticRole::kButton, "Sign in"},
        {SemanticRole::kButton, "Back"}}},
      {"login_compare",
       [](client::AppView& a) {
         a = {};
         a.screen = client::Screen::kLogin;
         a.login.busy = true;
         show_emoji(a.link);
         a.link.new_device = true;
       },
       still,
       {{SemanticRole::kDialog, "Link this device"},
        {SemanticRole::kListItem, "3: Anchor"},
        {SemanticRole::kStatus, "on the other device"}}},
      {"rooms",
       nothing,
       still,
       {{SemanticRole::kNavigation, "Rooms"}, {SemanticRole::kButton, "Weekend hike"}}},
      {"timeline",
       nothing,
       open_on_phone,
       {{SemanticRole::kLog, "Design review"},
        {SemanticRole::kArticle, "Screenshots follow"},
        {SemanticRole::kMultiLineTextBox, "Message Design review"},
        {SemanticRole::kButton, "Send"},
        {SemanticRole::kStatus, "Grace Hopper is typing"},
        {SemanticRole::kButton, "Retry"}}},
      {"timeline_top",
       nothing,
       [](Harness& h) {
         open_on_phone(h);
         h.key(ui::Key::kHome);
       },
       {{SemanticRole::kArticle, "first pass"},
        {SemanticRole::kLink, "example.org/contrast"},
        {SemanticRole::kButton, "Jump to the newest"}}},
      {"hover",
       nothing,
       [](Harness& h) {
         open_on_phone(h);
         if (const auto* row = h.find(SemanticRole::kArticle, "Screenshots follow"))
           h.hover(row->rect.centre());
       },
       {}},
      {"message_menu",
       nothing,
       [](Harness& h) {
         open_on_phone(h);
         const auto* row = h.find(SemanticRole::kArticle, "Screenshots follow");
         if (!row) return;
         h.app->handle_pointer(h.now, {ui::PointerAction::kDown,
                                       ui::PointerKind::kMouse,
                                       ui::PointerButton::kSecondary,
                                       row->rect.centre(),
                                       {}});
         h.settle();
       },
       {{SemanticRole::kMenu, "Actions"},
        {SemanticRole::kMenuItem, "Reply"},
        {SemanticRole::kMenuItem, "Delete"}}},
      {"emoji",
       nothing,
       [](Harness& h) {
         open_on_phone(h);
         h.click(SemanticRole::kButton, "Insert an emoji");
       },
       {{SemanticRole::kDialog, "Choose an emoji"}}},
      {"find",
       nothing,
       [](Harness& h) {
         open_on_phone(h);
         h.click(SemanticRole::kButton, "Find in room");
         h.type("the");
         h.key(ui::Key::kEnter);
       },
       {{SemanticRole::kSearch, "Find in room"},
        {SemanticRole::kStatus, "matches"},
        {SemanticRole::kButton, "Previous match"}}},
      {"find_older",
       [](client::AppView& a) { a.room->at_start = false; },
       [](Harness& h) {
         open_on_phone(h);
         h.click(SemanticRole::kButton, "Find in room");
         h.type("xyz");
       },
       {{SemanticRole::kStatus, "No matches"}, {SemanticRole::kButton, "Load older messages"}}},
      {"mention",
       nothing,
       [](Harness& h) {
         open_on_phone(h);
         h.click(SemanticRole::kMultiLineTextBox, "Message Design review");
         h.type("Can you two look at it, @h");
       },
       {{SemanticRole::kListBox, "People to mention"},
        {SemanticRole::kOption, "Grace Hopper"},
        {SemanticRole::kOption, "Margaret Hamilton"}}},
      {"emoji_search",
       nothing,
       [](Harness& h) {
         open_on_phone(h);
         h.click(SemanticRole::kButton, "Insert an emoji");
         h.type("party");
       },
       {{SemanticRole::kSearchBox, "Search emoji"}, {SemanticRole::kButton, "Party popper"}}},
      {"replying",
       [](client::AppView& a) {
         a.composer.replying = client::ReplyView{
             {9}, "Margaret Hamilton", "Can you check the dark palette before the freeze?", true};
         a.composer.text =
             "Yes. I went through all of it this morning and changed two of the muted tones, "
             "because they were too faint on the side bar.\n\nThe rest is fine as it is.";
         a.composer.characters_left = 142;
         a.composer.reset = 7;
       },
       [](Harness& h) {
         open_on_phone(h);
         h.click(SemanticRole::kMultiLineTextBox, "Message Design review");
       },
       {{SemanticRole::kStatus, "Reply to Margaret Hamilton"},
        {SemanticRole::kStatus, "142 characters left"}}},
      {"details",
       nothing,
       [](Harness& h) {
         open_on_phone(h);
         h.click(SemanticRole::kButton, "Room details");
       },
       {{SemanticRole::kComplementary, "Room details"},
        {SemanticRole::kButton, "Grace Hopper, Moderator"},
        {SemanticRole::kButton, "Leave the room"}}},
      {"private_room",
       [](client::AppView& a) { a = private_view(); },
       open_on_phone,
       {{SemanticRole::kButton, "Encryption: end-to-end encrypted, not verified"},
        {SemanticRole::kArticle, "The key of this message is not on this device yet"},
        {SemanticRole::kArticle, "sent before you joined"},
        {SemanticRole::kStatus, "Waits until the others know"}}},
      {"private_list",
       [](client::AppView& a) { a = private_view(); },
       still,
       {{SemanticRole::kButton, "Weekend hike, end-to-end encrypted and verified"},
        {SemanticRole::kButton,
         "Katherine Johnson, direct message, end-to-end encrypted, needs your attention"},
        {SemanticRole::kButton, "Release 1.0, open room"}}},
      {"direct",
       [](client::AppView& a) { a = direct_view(); },
       [](Harness& h) {
         if (h.surface.width <= 720) h.click(SemanticRole::kButton, "Katherine Johnson, direct");
       },
       {{SemanticRole::kAlert, "another identity than before"},
        {SemanticRole::kButton, "Compare"},
        {SemanticRole::kButton, "Accept"},
        {SemanticRole::kStatus, "Waiting for Katherine"}}},
      {"direct_details",
       [](client::AppView& a) { a = direct_view(); },
       [](Harness& h) {
         if (h.surface.width <= 720) h.click(SemanticRole::kButton, "Katherine Johnson, direct");
         h.click(SemanticRole::kButton, "Encryption: ");
       },
       {{SemanticRole::kButton, "Verify Katherine Johnson"}}},
      {"private_large",
       [](client::AppView& a) {
         a = direct_view();
         a.settings.text_percent = 200;
         a.keys.state = client::AccountKeys::kLocked;
       },
       still,
       {{SemanticRole::kAlert, "cannot read your private rooms"}}},
      {"private_details",
       [](client::AppView& a) { a = private_view(); },
       [](Harness& h) {
         open_on_phone(h);
         h.click(SemanticRole::kButton, "Encryption: ");
       },
       {{SemanticRole::kText, "Two of six people"},
        {SemanticRole::kButton, "Grace Hopper, Moderator, verified"},
        {SemanticRole::kButton, "Katherine Johnson, Member, identity changed"}}},
      {"room_notice",
       [](client::AppView& a) {
         a = private_view();
         a.room->items.push_back(client::SystemLineView{
             {900},
             {1'772'551'800'000},
             "A device in this room claims to belong to Katherine Johnson, who does not list it. "
             "Nothing is sent here until it is gone; ask Katherine Johnson about it."});
       },
       open_on_phone,
       {{SemanticRole::kText, "A device in this room claims"}}},
      {"disappearing_room",
       [](client::AppView& a) {
         a = private_view();
         a.room->encryption.disappear_after = "1 day";
       },
       open_on_phone,
       {{SemanticRole::kText, "Messages disappear after 1 day"}}},
      {"disappearing_details",
       [](client::AppView& a) {
         a = private_view();
         a.room->encryption.disappear_after = "1 day";
       },
       [](Harness& h) {
         open_on_phone(h);
         h.click(SemanticRole::kButton, "Encryption: ");
       },
       {{SemanticRole::kText, "Messages disappear after 1 day."}}},
      {"member_menu",
       [](client::AppView& a) { a = private_view(); },
       [](Harness& h) {
         open_on_phone(h);
         h.click(SemanticRole::kButton, "Encryption: ");
         h.click(SemanticRole::kButton, "Grace Hopper, Moderator, verified");
       },
       {{SemanticRole::kMenuItem, "Message"}, {SemanticRole::kMenuItem, "Verify"}}},
      {"confirm",
       nothing,
       [](Harness& h) {
         open_on_phone(h);
         h.click(SemanticRole::kButton, "Room details");
         ui::SemanticAction action{ui::SemanticActionKind::kActivate, 0, {}};
         if (const auto* leave = h.find(SemanticRole::kButton, "Leave the room"))
           action.id = leave->id;
         h.app->handle_semantic_action(h.now, action);
         h.settle();
       },
       {{SemanticRole::kAlertDialog, "Leave Design review?"}, {SemanticRole::kButton, "Cancel"}}},
      {"reconnecting",
       [](client::AppView& a) {
         a.connection.state = client::LinkState::kReconnecting;
         a.connection.text = "Reconnecting: the server did not answer.";
         a.connection.next_try = MonoTime{1'000'000 + 8'000};
         a.connection.can_retry = true;
         a.connection.waiting_messages = 2;
         a.toasts = {
             {1, client::ToastKind::kInfo, "Weekend hike", "Katherine: who brings the map?",
              a.rooms[2].room_id},
             {2,
              client::ToastKind::kError,
              "The room was not renamed",
              "Somebody else changed it at the same time. Look at the new name and try again.",
              {}}};
       },
       open_on_phone,
       {{SemanticRole::kStatus, "the server did not answer"},
        {SemanticRole::kButton, "Retry now"},
        {SemanticRole::kAlert, "not renamed"}}},
      {"empty",
       [](client::AppView& a) {
         a.rooms.clear();
         a.room.reset();
       },
       still,
       {{SemanticRole::kButton, "Create a room"}, {SemanticRole::kButton, "Browse public rooms"}}},
      {"empty_room",
       [](client::AppView& a) {
         a.room->items.clear();
         a.room->typists.clear();
       },
       open_on_phone,
       {{SemanticRole::kText, "This is the beginning"}}},
      {"create",
       nothing,
       [](Harness& h) {
         open_menu_entry(h, "Create a room");
         h.type("Plans");
       },
       {{SemanticRole::kDialog, "Create a room"},
        {SemanticRole::kTextBox, "Name"},
        {SemanticRole::kRadio, "Private (end-to-end encrypted)"},
        {SemanticRole::kCheckBox, "Katherine Johnson"},
        {SemanticRole::kButton, "Create"}}},
      {"create_more",
       nothing,
       [](Harness& h) {
         open_menu_entry(h, "Create a room");
         h.click(SemanticRole::kCheckBox, "Grace Hopper");
         h.click(SemanticRole::kButton, "More");
       },
       {{SemanticRole::kRadio, "Since invited"}}},
      {"create_disappearing",
       nothing,
       [](Harness& h) {
         open_menu_entry(h, "Create a room");
         h.click(SemanticRole::kButton, "More");
         h.click(SemanticRole::kRadio, "1 week");
       },
       {{SemanticRole::kText, "They can be read only by the devices"}}},
      {"create_open",
       nothing,
       [](Harness& h) {
         open_menu_entry(h, "Create a room");
         h.click(SemanticRole::kRadio, "Open");
       },
       {{SemanticRole::kRadio, "Anyone can join"}, {SemanticRole::kText, "listed for everybody"}}},
      {"create_locked",
       [](client::AppView& a) { a.keys.state = client::AccountKeys::kLocked; },
       [](Harness& h) { open_menu_entry(h, "Create a room"); },
       {{SemanticRole::kStatus, "cannot use private rooms yet"}}},
      {"identity_new",
       [](client::AppView& a) {
         a = private_view();
         a.identity = client::IdentityView{
             a.room->members[3].user,
             "Margaret Hamilton",
             client::IdentityState::kNew,
             kSafetyNumber,
             kSafetyLink,
             "Compare these numbers with Margaret Hamilton in person or on a call. They have to be "
             "the same on both sides."};
       },
       still,
       {{SemanticRole::kDialog, "Verify Margaret Hamilton"},
        {SemanticRole::kText, "Safety number: 30427 55182"},
        {SemanticRole::kButton, "They match"}}},
      {"identity_changed",
       [](client::AppView& a) {
         a = direct_view();
         a.identity = client::IdentityView{
             *a.room->direct_with,
             "Katherine Johnson",
             client::IdentityState::kChanged,
             kSafetyNumber,
             kSafetyLink,
             "The identity is another one than before. That happens after a lost device, or when "
             "somebody reads along. Compare the numbers in person."};
       },
       still,
       {{SemanticRole::kStatus, "Katherine Johnson: Identity changed"},
        {SemanticRole::kButton, "Accept without comparing"}}},
      {"identity_verified",
       [](client::AppView& a) {
         a = private_view();
         a.identity = client::IdentityView{a.room->members[1].user,
                                           "Grace Hopper",
                                           client::IdentityState::kVerified,
                                           kSafetyNumber,
                                           {},
                                           "You compared these numbers on 3 March."};
       },
       still,
       {{SemanticRole::kStatus, "Grace Hopper: Verified"}}},
      {"keys_locked",
       [](client::AppView& a) {
         a.keys.state = client::AccountKeys::kLocked;
         a.keys.text =
             "Your account is older than this device. Link it with a device that you use already, "
             "or type your recovery words.";
       },
       still,
       {{SemanticRole::kAlert, "cannot read your private rooms"},
        {SemanticRole::kButton, "Link with another device"},
        {SemanticRole::kButton, "Use recovery words"}}},
      {"keys_afresh",
       [](client::AppView& a) { a.keys.state = client::AccountKeys::kLocked; },
       [](Harness& h) { h.click(SemanticRole::kButton, "Start afresh..."); },
       {{SemanticRole::kAlertDialog, "Start afresh?"}}},
      {"keys_revoked",
       [](client::AppView& a) { a.keys.state = client::AccountKeys::kRevoked; },
       still,
       {{SemanticRole::kAlert, "was removed from your account"}}},
      {"keys_hint",
       [](client::AppView& a) {
         a = private_view();
         a.keys.has_recovery = false;
       },
       still,
       {{SemanticRole::kStatus, "Write down your recovery words"},
        {SemanticRole::kButton, "Show me how"}}},
      {"recover",
       [](client::AppView& a) {
         a.keys.state = client::AccountKeys::kLocked;
         a.keys.error = "Word 4, \"hause\", is not one of the recovery words. Check its spelling.";
       },
       [](Harness& h) {
         h.click(SemanticRole::kButton, "Use recovery words");
         h.type("acid bird cloud hause");
       },
       {{SemanticRole::kMultiLineTextBox, "Recovery words"},
        {SemanticRole::kAlert, "Word 4"},
        {SemanticRole::kButton, "Unlock"}}},
      {"link_this",
       [](client::AppView& a) { a.keys.state = client::AccountKeys::kLocked; },
       [](Harness& h) { h.click(SemanticRole::kButton, "Link with another device"); },
       {{SemanticRole::kTextBox, "Code"}, {SemanticRole::kText, "Choose \"Link a device\""}}},
      {"link_code",
       [](client::AppView& a) {
         a = private_view();
         fill_devices(a);
         a.link.step = client::LinkStep::kCode;
         a.link.code = "K7QM-4WZX-PD9T";
       },
       [](Harness& h) { h.frame(); },
       {{SemanticRole::kText, "Code: K7QM-4WZX-PD9T"},
        {SemanticRole::kStatus, "Waiting for the new device"}}},
      {"link_compare",
       [](client::AppView& a) {
         a = private_view();
         show_emoji(a.link);
       },
       still,
       {{SemanticRole::kListItem, "7: Headphones"},
        {SemanticRole::kButton, "They match"},
        {SemanticRole::kButton, "They differ"}}},
      {"link_done",
       [](client::AppView& a) {
         a = private_view();
         a.link.step = client::LinkStep::kDone;
         a.link.text = "\"Chrome on Android\" is linked and reads your private rooms.";
       },
       still,
       {{SemanticRole::kButton, "Done"}}},
      {"link_failed",
       [](client::AppView& a) {
         a = private_view();
         a.link.step = client::LinkStep::kFailed;
         a.link.text =
             "The other device did not answer in time. Nothing has changed; you can try again.";
       },
       still,
       {{SemanticRole::kAlert, "did not answer in time"}, {SemanticRole::kButton, "Try again"}}},
      {"browse",
       fill_directory,
       [](Harness& h) { open_menu_entry(h, "Browse public rooms"); },
       {{SemanticRole::kDialog, "Public rooms"},
        {SemanticRole::kSearchBox, "Search public rooms"},
        {SemanticRole::kButton, "Join "}}},
      {"join_code",
       nothing,
       [](Harness& h) { open_menu_entry(h, "Join with an invitation"); },
       {{SemanticRole::kTextBox, "Invitation link or code"}}},
      {"invite",
       [](client::AppView& a) {
         a.invites.room = a.room->room_id;
         wire::InviteInfo invite;
         invite.room_id = a.room->room_id;
         invite.code = "kT7xQm2PzR4w";
         invite.expires = {1'772'551'800'000 + 6 * 86'400'000ll};
         invite.uses = 3;
         a.invites.invites = {invite};
       },
       [](Harness& h) {
         open_on_phone(h);
         h.click(SemanticRole::kButton, "Invite people");
       },
       {{SemanticRole::kDialog, "Invite to Design review"},
        {SemanticRole::kButton, "Copy the invitation link"}}},
      {"settings_profile",
       nothing,
       [](Harness& h) { open_settings(h, "Profile"); },
       {{SemanticRole::kTextBox, "Name"},
        {SemanticRole::kRadio, "Invisible"},
        {SemanticRole::kButton, "Sign out"}}},
      {"settings_appearance",
       nothing,
       [](Harness& h) { open_settings(h, "Appearance"); },
       {{SemanticRole::kRadio, "Dark"},
        {SemanticRole::kSlider, "Text size"},
        {SemanticRole::kSwitch, "Reduce motion"}}},
      {"settings_messages",
       nothing,
       [](Harness& h) { open_settings(h, "Messages"); },
       {{SemanticRole::kSwitch, "Enter sends"}, {SemanticRole::kSwitch, "Notifications"}}},
      {"settings_security",
       [](client::AppView& a) {
         a = private_view();
         fill_devices(a);
       },
       [](Harness& h) { open_settings(h, "Security"); },
       {{SemanticRole::kButton, "Sign out Parley on Linux"},
        {SemanticRole::kText, "Parley on Linux, seen 2 hours ago, linked"},
        {SemanticRole::kText, "not linked"},
        {SemanticRole::kButton, "Make new words"},
        {SemanticRole::kButton, "Link a device"}}},
      {"settings_words",
       [](client::AppView& a) {
         a = private_view();
         a.keys.recovery_words = {"acid",   "bird",   "cloud", "dance",  "eagle",  "forest",
                                  "guitar", "harbor", "igloo", "jungle", "kettle", "lemon",
                                  "magnet", "nectar", "olive", "pencil", "quartz"};
       },
       [](Harness& h) { open_settings(h, "Security"); },
       {{SemanticRole::kListItem, "17: quartz"},
        {SemanticRole::kButton, "I have written them down"}}},
      {"settings_about",
       nothing,
       [](Harness& h) { open_settings(h, "About"); },
       {{SemanticRole::kButton, "Keyboard shortcuts"}}},
      {"switcher",
       nothing,
       [](Harness& h) {
         h.key(ui::Key::kLetter, {false, true, false}, 'k');
         h.type("e");
       },
       {{SemanticRole::kDialog, "Go to a room"}, {SemanticRole::kOption, "Release 1.0"}}},
      {"search",
       fill_search,
       [](Harness& h) {
         h.key(ui::Key::kLetter, {true, true, false}, 'f');
         h.type("colour con");
         h.key(ui::Key::kDown);
       },
       {{SemanticRole::kDialog, "Search messages"},
        {SemanticRole::kSearchBox, "Words to search for"},
        {SemanticRole::kOption, "Grace Hopper in Design review"},
        {SemanticRole::kStatus, "4 messages. Searched"}}},
      {"search_busy",
       [](client::AppView& a) {
         a.search.busy = true;
         a.search.query = "colour";
       },
       [](Harness& h) {
         h.key(ui::Key::kLetter, {true, true, false}, 'f');
         h.type("colour");
       },
       {{SemanticRole::kStatus, "Looking through"}}},
      {"search_none",
       [](client::AppView& a) { a.search.note = "Searched what is on this device."; },
       [](Harness& h) {
         h.key(ui::Key::kLetter, {true, true, false}, 'f');
         h.type("colour");
       },
       {{SemanticRole::kStatus, "Searched what"}}},
      {"shortcuts",
       nothing,
       [](Harness& h) {
         h.key(ui::Key::kLetter, {false, true, false}, '/');
       },
       {{SemanticRole::kDialog, "Keyboard shortcuts"}}},
      {"large_text",
       [](client::AppView& a) { a.settings.text_percent = 200; },
       open_on_phone,
       {{SemanticRole::kMultiLineTextBox, "Message"}}},
  };
}

struct Format {
  const char* name;
  float width, height, ratio;
};
constexpr Format kFormats[] = {{"desktop", 1280, 800, 1}, {"phone", 390, 844, 2}};

void check_tree(const Harness& h) {
  const ui::SemanticTree& tree = h.app->semantics();
  REQUIRE(!tree.nodes.empty());
  CHECK(tree.nodes[0].role == SemanticRole::kApplication);
  std::set<ui::SemanticId> ids;
  for (std::size_t i = 0; i < tree.nodes.size(); ++i) {
    const ui::SemanticNode& node = tree.nodes[i];
    INFO("node " << i << " " << ui::role_name(node.role) << " '" << node.label << "'");
    CHECK(ids.insert(node.id).second);
    CHECK(node.parent < static_cast<std::int32_t>(i));
    CHECK((i == 0) == (node.parent < 0));
    CHECK(node.rect.x >= -0.5f);
    CHECK(node.rect.right() <= h.surface.width + 0.5f);
    if (node.can_activate) CHECK(!node.label.empty());
  }
}

}  // namespace

TEST_CASE("every view draws, describes itself and looks as kept in the gallery") {
  const std::string folder = gallery_folder();
  const char* only = std::getenv("PARLEY_GALLERY_ONLY");
  for (const View& view : views()) {
    if (only && *only && std::string(view.name).find(only) == std::string::npos) continue;
    for (const Format& format : kFormats) {
      for (const bool dark : {false, true}) {
        const std::string name =
            std::string(view.name) + (dark ? "_dark" : "_light") + "_" + format.name;
        INFO(name);
        Harness h(format.width, format.height, format.ratio);
        h.platform.dark = dark;
        h.core.app = sample_view();
        view.change(h.core.app);
        h.settle();
        view.act(h);
        h.settle();
        check_tree(h);
        for (const Expected& expected : view.expected) {
          INFO("expects " << ui::role_name(expected.role) << " '" << expected.label << "'");
          CHECK(h.find(expected.role, expected.label) != nullptr);
        }
        const Image picture = h.picture();
        std::set<std::uint32_t> colors;
        for (int y = 0; y < picture.height; y += 3) {
          for (int x = 0; x < picture.width; x += 3) colors.insert(picture.pixel(x, y));
        }
        CHECK(colors.size() > 8);
        CHECK(write_png(picture, folder + "/" + name + ".png"));
      }
    }
  }
}

}  // namespace parley::test
