// What the interface of private rooms asks of the core, by pointer, keys and the mirror.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "tests/ui/recording_client.hpp"

namespace parley::test {

using client::AccountKeys;
using client::IdentityState;
using client::LinkStep;
using ui::Key;
using ui::SemanticRole;

namespace {

struct Scene {
  explicit Scene(client::AppView view, float width = 1280, float height = 800)
      : h(width, height, 1, &core) {
    core.app = std::move(view);
    h.settle();
  }
  void show() {  // the view was changed
    ++core.app.revision;
    h.settle();
  }
  bool press(std::string_view label) { return h.click(SemanticRole::kButton, label); }
  bool asked(const std::string& command) {
    INFO(core.all());
    return core.asked(command);
  }
  const ui::SemanticNode* find(SemanticRole role, std::string_view label) const {
    return h.find(role, label);
  }

  RecordingCore core;
  Harness h;
};

client::IdentityView somebody(const client::AppView& app, IdentityState state) {
  return {app.room->members[2].user,
          "Katherine Johnson",
          state,
          "30427 55182 90341 11876 42093 71850 66213 08457 93310 27764 58129 40036",
          "https://chat.example.org/#verify=" + std::string(130, 'A'),
          "Compare the numbers."};
}

}  // namespace

TEST_CASE("a room is private unless the person wants it open") {
  Scene s(sample_view());
  s.press("New room or join");
  s.h.click(SemanticRole::kMenuItem, "Create a room");
  CHECK(s.find(SemanticRole::kRadio, "Private")->checked);
  CHECK(s.find(SemanticRole::kButton, "Create")->disabled);
  s.h.type("Plans");
  const UserId grace = s.core.app.room->members[1].user;

  SECTION("alone, with Enter") {
    s.h.key(Key::kEnter);
    CHECK(s.asked("create_private_room 'Plans' '' [] all 0"));
  }
  SECTION("with people and less of the past") {
    s.h.click(SemanticRole::kCheckBox, "Grace Hopper");
    CHECK(s.find(SemanticRole::kCheckBox, "Grace Hopper")->checked);
    s.press("More");
    s.h.click(SemanticRole::kRadio, "From joining");
    s.press("Create");
    CHECK(s.asked("create_private_room 'Plans' '' [" + grace.to_string() + "] none 0"));
  }
  SECTION("whose messages disappear") {
    s.press("More");
    CHECK(s.find(SemanticRole::kRadio, "Since invited"));
    s.h.click(SemanticRole::kRadio, "1 week");
    CHECK_FALSE(s.find(SemanticRole::kRadio, "Since invited"));
    s.press("Create");
    CHECK(s.asked("create_private_room 'Plans' '' [] none 604800"));
  }
  SECTION("open") {
    s.h.click(SemanticRole::kRadio, "Open");
    CHECK_FALSE(s.find(SemanticRole::kCheckBox, "Grace Hopper"));
    s.h.click(SemanticRole::kRadio, "By invitation");
    s.press("Create");
    CHECK(s.asked("create_room 'Plans' '' invited"));
  }
  SECTION("the choice of people is not kept") {
    s.h.click(SemanticRole::kCheckBox, "Grace Hopper");
    s.press("Cancel");
    CHECK_FALSE(s.find(SemanticRole::kDialog, "Create a room"));
    s.press("New room or join");
    s.h.click(SemanticRole::kMenuItem, "Create a room");
    CHECK_FALSE(s.find(SemanticRole::kCheckBox, "Grace Hopper")->checked);
  }
}

TEST_CASE("a link without its key says so, also when it is copied") {
  Scene s(private_view());
  s.press("Invite people");
  wire::InviteInfo invite;
  invite.room_id = s.core.app.room->room_id;
  invite.code = "kT7xQm2PzR4w#key";
  s.core.app.invites = {invite.room_id, false, {invite}};
  s.show();
  CHECK_FALSE(s.find(SemanticRole::kText, "without the key"));
  s.core.app.invites.invites[0].code = "kT7xQm2PzR4w";
  s.show();
  CHECK(s.find(SemanticRole::kText, "Made on another device: without the key to earlier messages"));
  s.press("Copy the invitation link");
  CHECK(s.find(SemanticRole::kText, "Copied, without the key to earlier messages"));
}

TEST_CASE("a locked device makes no private room, but an open one") {
  client::AppView view = sample_view();
  view.keys.state = AccountKeys::kLocked;
  Scene s(std::move(view));
  s.press("New room or join");
  s.h.click(SemanticRole::kMenuItem, "Create a room");
  s.h.type("Plans");
  s.h.key(Key::kEnter);
  CHECK(s.find(SemanticRole::kButton, "Create")->disabled);
  CHECK(s.core.all().find("create") == std::string::npos);
  s.h.click(SemanticRole::kRadio, "Open");
  s.press("Create");
  CHECK(s.asked("create_room 'Plans' '' public"));
}

TEST_CASE("the sign in the header leads to how the room is protected") {
  Scene s(private_view());
  CHECK_FALSE(s.find(SemanticRole::kComplementary, "Room details"));
  REQUIRE(s.press("Encryption: end-to-end encrypted, not verified"));
  CHECK(s.find(SemanticRole::kText, "Two of six people were verified"));
  s.core.app.room->settings.kind = wire::RoomKind::kOpen;
  s.core.app.room->encryption = {};
  s.show();
  CHECK(s.find(SemanticRole::kImage, "open room"));
  CHECK_FALSE(s.find(SemanticRole::kButton, "Encryption:"));
}

TEST_CASE("the strip under the header asks to compare or to accept") {
  Scene s(direct_view());
  const std::string katherine = s.core.app.room->direct_with->to_string();
  REQUIRE(s.press("Compare"));
  CHECK(s.asked("look_at_identity " + katherine));
  REQUIRE(s.press("Accept"));
  REQUIRE(s.find(SemanticRole::kAlertDialog, "Accept without comparing?"));
  CHECK(s.core.all().find("accept") == std::string::npos);  // not before the answer
  const auto* yes = s.find(SemanticRole::kAlertDialog, "Accept");
  for (const auto& node : s.h.app->semantics().nodes) {
    if (node.role == SemanticRole::kButton && node.label == "Accept") yes = &node;
  }
  s.h.click_at(yes->rect.centre());
  CHECK(s.asked("accept_identity " + katherine + " no"));

  s.core.app.room->encryption.attention.clear();
  s.show();
  CHECK_FALSE(s.find(SemanticRole::kAlert, "another identity"));
  CHECK(s.find(SemanticRole::kStatus, "Waiting for Katherine"));
  s.core.app.room->encryption.waiting.clear();
  s.show();
  CHECK_FALSE(s.find(SemanticRole::kStatus, "Waiting for Katherine"));
}

TEST_CASE("a member can be written to, and verified where it is encrypted") {
  Scene s(private_view());
  const std::string grace = s.core.app.room->members[1].user.to_string();
  s.press("Room details");
  s.press("Grace Hopper, Moderator, verified");
  REQUIRE(s.h.click(SemanticRole::kMenuItem, "Verify"));
  CHECK(s.asked("look_at_identity " + grace));
  s.press("Grace Hopper, Moderator, verified");
  REQUIRE(s.h.click(SemanticRole::kMenuItem, "Message"));
  CHECK(s.asked("start_direct " + grace));

  s.core.app.room->settings.kind = wire::RoomKind::kOpen;
  s.core.app.room->can_manage = s.core.app.room->can_moderate = false;
  s.show();
  s.press("Room details");
  s.press("Grace Hopper, Moderator");
  CHECK(s.find(SemanticRole::kMenuItem, "Message"));
  CHECK_FALSE(s.find(SemanticRole::kMenuItem, "Verify"));
  CHECK_FALSE(s.find(SemanticRole::kMenuItem, "Make owner"));
}

TEST_CASE("the safety number is answered, copied and closed") {
  Scene s(private_view());
  const std::string katherine = s.core.app.room->members[2].user.to_string();
  s.core.app.identity = somebody(s.core.app, IdentityState::kNew);
  s.show();
  REQUIRE(s.find(SemanticRole::kDialog, "Verify Katherine Johnson"));
  const auto* number = s.find(SemanticRole::kText, "Safety number: ");
  REQUIRE(number);
  CHECK(number->label.ends_with("58129 40036"));
  CHECK(std::count(number->label.begin(), number->label.end(), '\n') == 2);
  s.press("Copy the number");
  CHECK(s.h.platform.clipboard.starts_with("30427 55182 90341 11876\n42093"));
  CHECK_FALSE(s.find(SemanticRole::kButton, "Accept without comparing"));

  SECTION("they match") {
    s.press("They match");
    CHECK(s.asked("accept_identity " + katherine + " yes"));
    s.core.app.identity->state = IdentityState::kVerified;
    s.show();
    CHECK(s.find(SemanticRole::kStatus, "Katherine Johnson: Verified"));
    CHECK_FALSE(s.find(SemanticRole::kButton, "They match"));
  }
  SECTION("accepted without comparing") {
    s.core.app.identity->state = IdentityState::kChanged;
    s.show();
    s.press("Accept without comparing");
    CHECK(s.asked("accept_identity " + katherine + " no"));
  }
  SECTION("not now") {
    s.press("Not now");
    CHECK(s.core.all().find("accept") == std::string::npos);
    CHECK(s.asked("close_identity"));
  }
  SECTION("Escape closes it and nothing else") {
    s.h.key(Key::kEscape);
    CHECK(s.asked("close_identity"));
    s.core.app.identity.reset();
    s.show();
    CHECK_FALSE(s.find(SemanticRole::kDialog, "Verify"));
  }
  SECTION("the keyboard reaches the answer and stays inside") {
    bool reached = false;
    for (int i = 0; i < 12; ++i) {
      s.h.key(Key::kTab);
      for (const auto& node : s.h.app->semantics().nodes) {
        if (!node.focused) continue;
        reached |= node.label == "They match";
        CHECK(node.label != "Send");
      }
    }
    CHECK(reached);
    CHECK_FALSE(s.h.key(Key::kLetter, {false, true, false}, 'k'));
    CHECK_FALSE(s.find(SemanticRole::kDialog, "Go to a room"));
  }
  SECTION("the other's camera can read it") {
    CHECK(s.find(SemanticRole::kImage, "QR code of the same keys"));
  }
  SECTION("a code that was opened is asked about first") {
    s.core.app.identity->scanned = {1, 2, 3};
    s.show();
    CHECK_FALSE(s.find(SemanticRole::kButton, "They match"));
    s.press("I scanned it");
    CHECK(s.asked("check_safety_code " + katherine));
    s.press("No");
    CHECK(s.asked("close_identity"));
    s.h.app->navigate(s.h.now, "/verify/AbC");
    CHECK(s.asked("open_safety_code 'AbC'"));
  }
  SECTION("without a number there is nothing to answer") {
    s.core.app.identity->safety_number.clear();
    s.show();
    CHECK(s.find(SemanticRole::kStatus, "Getting the safety number"));
    s.core.app.identity->state = IdentityState::kUnknown;  // has no keys: nothing to wait for
    s.show();
    CHECK_FALSE(s.find(SemanticRole::kStatus, "Getting the safety number"));
    CHECK_FALSE(s.find(SemanticRole::kButton, "They match"));
  }
}

TEST_CASE("a locked device is opened by a code or by words") {
  client::AppView view = sample_view();
  view.keys.state = AccountKeys::kLocked;
  Scene s(std::move(view));
  SECTION("by a code, also as an address") {
    s.press("Link with another device");
    REQUIRE(s.find(SemanticRole::kDialog, "Link with another device"));
    s.h.type("https://chat.example.org/#link=K7QM-4WZX-PD9T ");
    s.h.key(Key::kEnter);
    CHECK(s.asked("sign_in_link 'K7QM-4WZX-PD9T'"));
    // From here on the core says what to show.
    s.core.app.link.step = LinkStep::kWaiting;
    s.core.app.link.new_device = true;
    s.show();
    CHECK(s.find(SemanticRole::kDialog, "Link this device"));
    CHECK_FALSE(s.find(SemanticRole::kTextBox, "Code"));
  }
  SECTION("by words") {
    s.press("Use recovery words");
    s.h.type("acid bird cloud");
    s.h.key(Key::kEnter);
    CHECK(s.asked("recover 'acid bird cloud'"));
    s.core.app.keys.error = "There are 3 words; 17 are needed.";
    s.show();
    CHECK(s.find(SemanticRole::kAlert, "17 are needed"));
    CHECK(s.find(SemanticRole::kMultiLineTextBox, "Recovery words")->invalid);
    s.core.app.keys = {};
    s.core.app.keys.state = AccountKeys::kReady;
    s.show();
    CHECK_FALSE(s.find(SemanticRole::kDialog, "Use recovery words"));
  }
  SECTION("or the account starts afresh, after a question that says what is lost") {
    s.press("Start afresh...");
    CHECK_FALSE(s.asked("start_afresh"));
    CHECK(s.find(SemanticRole::kAlertDialog, "Start afresh?"));
    s.press("Cancel");
    CHECK_FALSE(s.asked("start_afresh"));
    s.press("Start afresh...");
    s.press("Give up the old keys");
    CHECK(s.asked("start_afresh"));
  }
}

TEST_CASE("the hint to write down words comes with the first private room and goes when asked to") {
  client::AppView view = sample_view();
  view.keys.state = AccountKeys::kReady;
  view.keys.has_recovery = false;
  std::erase_if(view.rooms, [](const auto& room) { return room.kind == wire::RoomKind::kPrivate; });
  Scene s(std::move(view));
  CHECK_FALSE(s.find(SemanticRole::kStatus, "Write down your recovery words"));
  s.core.app.rooms[2].kind = wire::RoomKind::kPrivate;
  s.show();
  REQUIRE(s.find(SemanticRole::kStatus, "Write down your recovery words"));
  SECTION("leads to them") {
    s.press("Show me how");
    REQUIRE(s.find(SemanticRole::kDialog, "Settings"));
    s.press("Make recovery words");
    CHECK(s.asked("make_recovery_words"));
    s.core.app.keys.recovery_words = {"acid", "bird", "cloud"};
    s.show();
    CHECK(s.find(SemanticRole::kListItem, "2: bird"));
    s.press("I have written them down");
    CHECK(s.asked("hide_recovery_words"));
  }
  SECTION("goes") {
    s.press("Not now");
    CHECK_FALSE(s.find(SemanticRole::kStatus, "Write down your recovery words"));
    s.show();
    CHECK_FALSE(s.find(SemanticRole::kStatus, "Write down your recovery words"));
  }
}

TEST_CASE("new recovery words are made after a warning only") {
  client::AppView view = private_view();
  Scene s(std::move(view));
  s.press("Settings");
  s.h.click(SemanticRole::kTab, "Security");
  CHECK(s.asked("load_devices"));
  s.press("Make new words");
  CHECK(s.core.all().find("make") == std::string::npos);
  CHECK(s.find(SemanticRole::kText, "before stop working"));
  s.h.key(Key::kEscape);
  CHECK(s.core.all().find("make") == std::string::npos);
  CHECK(s.find(SemanticRole::kDialog, "Settings"));
}

TEST_CASE("linking follows the core from the code to the end") {
  Scene s(private_view());
  s.press("Settings");
  s.h.click(SemanticRole::kTab, "Security");
  s.press("Link a device");
  CHECK(s.asked("start_link"));
  auto& link = s.core.app.link;
  link.step = LinkStep::kCode;
  link.code = "K7QM-4WZX-PD9T";
  s.show();
  CHECK(s.find(SemanticRole::kText, "Code: K7QM-4WZX-PD9T"));
  s.press("Copy the code");
  CHECK(s.h.platform.clipboard == "K7QM-4WZX-PD9T");
  link.step = LinkStep::kCompare;
  link.emoji = {{"\U0001F436", "Dog"}, {"\u2693", "Anchor"}};
  s.show();
  CHECK(s.find(SemanticRole::kListItem, "2: Anchor"));
  SECTION("they match") {
    s.press("They match");
    CHECK(s.asked("confirm_link yes"));
  }
  SECTION("they differ") {
    s.press("They differ");
    CHECK(s.asked("confirm_link no"));
  }
  SECTION("the new device only shows them") {
    link.new_device = true;
    s.show();
    CHECK(s.find(SemanticRole::kListItem, "2: Anchor"));
    CHECK_FALSE(s.find(SemanticRole::kButton, "They match"));
    CHECK_FALSE(s.find(SemanticRole::kButton, "They differ"));
  }
  SECTION("Escape ends it, and the settings stay") {
    s.h.key(Key::kEscape);
    CHECK(s.asked("cancel_link"));
    link = {};
    s.show();
    CHECK(s.find(SemanticRole::kDialog, "Settings"));
  }
  SECTION("failed: once more") {
    link.step = LinkStep::kFailed;
    link.text = "The other device did not answer.";
    s.show();
    CHECK(s.find(SemanticRole::kAlert, "did not answer"));
    s.press("Try again");
    CHECK(s.asked("start_link"));
  }
  SECTION("done") {
    link.step = LinkStep::kDone;
    s.show();
    s.press("Done");
    CHECK(s.asked("cancel_link"));
  }
}

TEST_CASE("a message that cannot be read offers nothing that needs its text") {
  client::AppView view = private_view();
  auto& last = std::get<client::MessageView>(view.room->items[2]);
  REQUIRE_FALSE(last.unreadable.empty());
  Scene s(std::move(view));
  const auto* row = s.find(SemanticRole::kArticle, "not on this device yet");
  REQUIRE(row);
  CHECK(row->label.find("Katherine Johnson, ") == 0);
  s.h.hover(row->rect.centre());
  CHECK_FALSE(s.find(SemanticRole::kButton, "Reply"));
  CHECK_FALSE(s.find(SemanticRole::kButton, "React"));
  // Readable after all: the row says it, with the same place in the timeline.
  auto& now = std::get<client::MessageView>(s.core.app.room->items[2]);
  now.unreadable.clear();
  now.content = "See you at eight";
  ++s.core.app.room->items_revision;
  s.show();
  CHECK(s.find(SemanticRole::kArticle, "See you at eight"));
  CHECK_FALSE(s.find(SemanticRole::kArticle, "not on this device yet"));
}

TEST_CASE("the login takes a code or the words of an account that exists") {
  client::AppView view;
  view.screen = client::Screen::kLogin;
  Scene s(std::move(view));
  s.press("I have an account on another device");
  REQUIRE(s.find(SemanticRole::kMultiLineTextBox, "Code or recovery words"));
  SECTION("a code, in groups") {
    s.h.type("K7QM 4WZX PD9T");
    s.h.key(Key::kEnter);
    CHECK(s.asked("sign_in_link 'K7QM 4WZX PD9T'"));
  }
  SECTION("words, also too few of them: the answer is about words then") {
    s.h.type("acid bird cloud dance eagle forest");
    s.press("Sign in");
    CHECK(s.asked("sign_in_recovery 'acid bird cloud dance eagle forest'"));
  }
  SECTION("and back") {
    s.h.key(Key::kEscape);
    REQUIRE(s.find(SemanticRole::kTextBox, "Your name"));
    s.h.type("Ada");
    s.h.key(Key::kEnter);
    CHECK(s.asked("sign_in_guest 'Ada'"));
  }
}

TEST_CASE("who is about to lose keys by signing in sees it in the button") {
  client::AppView view;
  view.screen = client::Screen::kLogin;
  view.login.error = "The messages and keys of Ada are still on this device.";
  view.login.asks_to_replace = true;
  view.login.suggested_name = "Ada";
  Scene s(std::move(view));
  CHECK(s.find(SemanticRole::kAlert, "The messages and keys of Ada are still on this device."));
  CHECK_FALSE(s.find(SemanticRole::kButton, "Continue"));
  SECTION("going on") {
    s.press("Go on");
    CHECK(s.asked("sign_in_guest 'Ada'"));
  }
  SECTION("turning to the other form takes the question back") {
    s.press("I have an account on another device");
    CHECK(s.asked("reset_login"));
  }
}

TEST_CASE("a dialog that stands still is not drawn again") {
  // Heights that put it at all kinds of fractions of a pixel.
  for (int height = 790; height < 812; ++height) {
    Scene s(sample_view(), 1280, static_cast<float>(height) + 0.25f);
    s.press("New room or join");
    s.h.click(SemanticRole::kMenuItem, "Create a room");
    INFO(height);
    CHECK(s.h.settle(12) < 12);
  }
}

TEST_CASE("the keyboard gets to what is out of sight in a dialog") {
  Scene s(private_view(), 390, 420);
  const auto tab_to = [&s](std::string_view label) {
    for (int i = 0; i < 40; ++i) {
      s.h.key(Key::kTab);
      s.h.settle(40);
      for (const auto& node : s.h.app->semantics().nodes) {
        if (node.focused && node.label == label) return node.rect.h;
      }
    }
    return -1.0f;
  };
  s.press("New room or join");
  s.h.click(SemanticRole::kMenuItem, "Create a room");
  s.h.type("Plans");
  CHECK(s.find(SemanticRole::kButton, "Create")->rect.h == 0);
  CHECK(tab_to("Create") > 0);
  // And up again, to the first one of the dialog.
  CHECK(tab_to("Private (end-to-end encrypted)") > 0);
  CHECK(tab_to("Grace Hopper") > 0);
  for (int i = 0; i < 3; ++i) s.h.key(Key::kDown);
  s.h.settle(40);
  const auto* last = s.find(SemanticRole::kCheckBox, "Yuki Tanaka");
  REQUIRE(last);
  CHECK(last->focused);
  CHECK(last->rect.h > 0);
}

TEST_CASE("everything is there on a narrow screen with large text") {
  client::AppView view = direct_view();
  view.settings.text_percent = 200;
  view.identity = somebody(sample_view(), IdentityState::kChanged);
  Scene s(std::move(view), 390, 844);
  for (const char* label : {"They match", "Accept without comparing", "Close"}) {
    INFO(label);
    const auto* node = s.find(SemanticRole::kButton, label);
    REQUIRE(node);
    CHECK(node->rect.right() <= 390.5f);
  }
}

}  // namespace parley::test
