// Mentions and emoji in the composer.
#include <catch2/catch_test_macros.hpp>

#include "client/ui/emoji_data.hpp"
#include "tests/ui/live_room.hpp"

namespace parley::test {

using ui::Key;
using ui::SemanticRole;

namespace {

std::string text_of(const Harness& h) {
  const auto* field = h.find(SemanticRole::kMultiLineTextBox, "Message");
  return field ? field->value : "?";
}

std::vector<std::string> options(const Harness& h) {
  std::vector<std::string> out;
  for (const auto& node : h.app->semantics().nodes) {
    if (node.role == SemanticRole::kOption)
      out.push_back((node.selected ? "*" : "") + node.label.substr(0, node.label.find(',')));
  }
  return out;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a mention is chosen with the keys, written out, and understood") {
  LiveRoom room(60);
  Harness& h = room.h;
  h.click(SemanticRole::kMultiLineTextBox, "Message");
  h.type("ask @");
  CHECK(options(h).empty());
  h.type("gr");
  CHECK(h.find(SemanticRole::kListBox, "People to mention"));
  CHECK(options(h) == Names{"*Grace", "Grace Hopper"});
  CHECK(h.find(SemanticRole::kStatus, "Grace, 1 of 2"));
  h.key(Key::kDown);
  CHECK(options(h) == Names{"Grace", "*Grace Hopper"});
  h.key(Key::kDown);
  CHECK(options(h) == Names{"*Grace", "Grace Hopper"});
  h.key(Key::kUp);
  SECTION("Enter") { CHECK(h.key(Key::kEnter)); }
  SECTION("Tab") { CHECK(h.key(Key::kTab)); }
  CHECK(text_of(h) == "ask @Grace Hopper ");
  CHECK(options(h).empty());
  CHECK(room.rig.count<wire::Post>() == 0);
  CHECK(h.key(Key::kEnter));
  REQUIRE(room.rig.count<wire::Post>() == 1);
  const auto body = wire::decode_body(wire::EventKind::kMessage, room.rig.last<wire::Post>()->body);
  REQUIRE(body);
  CHECK(std::get<wire::Message>(*body).mentions == std::vector{client::user_id(3)});
}

TEST_CASE("a name that is written out is sent by Enter") {
  LiveRoom room(60);
  Harness& h = room.h;
  h.click(SemanticRole::kMultiLineTextBox, "Message");
  h.type("@Grace");
  CHECK(options(h) == Names{"Grace", "Grace Hopper"});  // offered, none chosen
  SECTION("as it is") { h.key(Key::kEnter); }
  SECTION("with more behind it") {
    h.type(" hello");
    CHECK(options(h).empty());
    h.key(Key::kEnter);
  }
  SECTION("with a space behind it") {
    h.type(" ");
    h.key(Key::kEnter);
  }
  CHECK(room.rig.count<wire::Post>() == 1);
}

TEST_CASE("what is written after Enter begins the next message, however late the frame comes") {
  LiveRoom room(60);
  Harness& h = room.h;
  h.click(SemanticRole::kMultiLineTextBox, "Message");
  const auto field = h.find(SemanticRole::kMultiLineTextBox, "Message")->id;
  const auto messages = [&] {
    std::vector<std::string> out;
    for (const auto& item : room.rig.view().room->items) {
      if (const auto* own = std::get_if<client::MessageView>(&item); own && own->mine)
        out.push_back(own->content);
    }
    return out;
  };
  SECTION("by keys") {
    for (const char c : std::string("one")) h.app->handle_character(h.now, static_cast<char32_t>(c));
    h.app->handle_key(h.now, {.key = Key::kEnter});
    for (const char c : std::string("two")) h.app->handle_character(h.now, static_cast<char32_t>(c));
  }
  SECTION("by a platform that owns the text") {
    h.platform.owns_editing = true;
    h.app->handle_text_input(h.now, {.field = field, .text = "one"});
    h.app->handle_key(h.now, {.key = Key::kEnter});
    REQUIRE(h.platform.input);
    CHECK(h.platform.input->text.empty());  // told at once
    h.app->handle_text_input(h.now, {.field = field, .text = "two"});
  }
  CHECK(messages() == std::vector<std::string>{"one"});
  h.settle();
  CHECK(messages() == std::vector<std::string>{"one"});
  CHECK(text_of(h) == "two");
  h.app->handle_key(h.now, {.key = Key::kEnter});
  CHECK(messages() == std::vector<std::string>{"one", "two"});
}

TEST_CASE("Esc leaves the words as they are, and they can be sent") {
  LiveRoom room(60);
  Harness& h = room.h;
  h.click(SemanticRole::kMultiLineTextBox, "Message");
  h.type("@gr");
  CHECK(h.key(Key::kEscape));
  CHECK(options(h).empty());
  h.type("a");  // stays away while the word grows
  CHECK(options(h).empty());
  h.key(Key::kEnter);
  CHECK(room.rig.count<wire::Post>() == 1);
  h.type("@gr");
  CHECK(options(h).size() == 2);
}

TEST_CASE("a click chooses, in the middle of a line as well") {
  LiveRoom room(60);
  Harness& h = room.h;
  h.click(SemanticRole::kMultiLineTextBox, "Message");
  h.type(" is right");
  h.key(Key::kHome);
  h.type("@hop");
  CHECK(options(h) == Names{"*Grace Hopper"});
  REQUIRE(h.click(SemanticRole::kOption, "Grace Hopper"));
  CHECK(text_of(h) == "@Grace Hopper is right");
  h.type("x");
  CHECK(text_of(h) == "@Grace Hopper xis right");  // the caret stands behind the space
}

TEST_CASE("no names are offered in addresses, for oneself, or while an input method composes") {
  LiveRoom room(60);
  Harness& h = room.h;
  h.click(SemanticRole::kMultiLineTextBox, "Message");
  h.type("mail@gr");
  CHECK(options(h).empty());
  h.type(" @ada");
  CHECK(options(h).empty());
  h.platform.owns_editing = true;
  h.settle();
  REQUIRE(h.platform.input);
  h.app->handle_text_input(h.now, {h.platform.input->field, "@gr", 3, 3, 1, 3});
  h.settle();
  CHECK(options(h).empty());
  h.app->handle_text_input(h.now, {h.platform.input->field, "@gr", 3, 3, 0, 0});
  h.settle();
  CHECK(options(h).size() == 2);
  CHECK_FALSE(h.key(Key::kLeft));  // left to the system's field
  CHECK(h.key(Key::kEnter));
  CHECK(h.platform.input->text == "@Grace ");
}

TEST_CASE("the rest of a large room's members is asked for when a mention begins") {
  LiveRoom room(60, 50, true);
  Harness& h = room.h;
  h.click(SemanticRole::kMultiLineTextBox, "Message");
  h.type("hello");
  CHECK(room.rig.count<wire::ListMembers>() == 0);
  h.type(" @");
  CHECK(room.rig.count<wire::ListMembers>() == 1);
}

TEST_CASE("emoji are found by name and by other words") {
  const auto first = [](std::string_view query) {
    const auto found = ui::find_emoji(query);
    return found.empty() ? std::string() : std::string(found.front().name);
  };
  CHECK(first("rocket") == "Rocket");
  CHECK(first("THUMBS u") == "Thumbs up");
  CHECK(first("tada") == "Party popper");
  CHECK(first("laugh floor") == "Rolling on the floor laughing");
  CHECK(first("coffee") == "Hot beverage");
  CHECK(first("qwertz").empty());
  CHECK(first("  ").empty());
  CHECK(ui::find_emoji("heart").size() > 9);
}

TEST_CASE("the emoji picker searches, Enter takes the first and the composer goes on") {
  LiveRoom room(60);
  Harness& h = room.h;
  h.click(SemanticRole::kMultiLineTextBox, "Message");
  h.type("go ");
  h.click(SemanticRole::kButton, "Insert an emoji");
  REQUIRE(h.find(SemanticRole::kSearchBox, "Search emoji"));
  h.type("rock");
  CHECK(h.find(SemanticRole::kButton, "Rocket"));
  CHECK_FALSE(h.find(SemanticRole::kButton, "Grinning face"));
  h.key(Key::kEnter);
  CHECK_FALSE(h.find(SemanticRole::kSearchBox, "Search emoji"));
  CHECK(text_of(h) == "go \xf0\x9f\x9a\x80");
  h.type("!");
  CHECK(text_of(h) == "go \xf0\x9f\x9a\x80!");
  h.click(SemanticRole::kButton, "Insert an emoji");
  CHECK(h.find(SemanticRole::kSearchBox, "Search emoji")->value.empty());
  h.type("zzz");  // the sleeping one
  CHECK(h.find(SemanticRole::kButton, "Sleeping face"));
  h.type("z");
  CHECK(h.find(SemanticRole::kStatus, "No emoji has that name"));
  h.key(Key::kEnter);
  CHECK(h.find(SemanticRole::kSearchBox, "Search emoji"));
}

}  // namespace parley::test
