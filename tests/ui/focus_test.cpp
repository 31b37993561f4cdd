// Where the focus goes when what lay over the room closes.
#include <catch2/catch_test_macros.hpp>

#include "tests/ui/harness.hpp"

namespace parley::test {

using ui::Key;
using ui::SemanticRole;

namespace {

std::unique_ptr<Harness> room() {
  auto h = std::make_unique<Harness>();
  h->core.app = sample_view();
  h->settle();
  return h;
}

std::string focused(const Harness& h) {
  for (const auto& node : h.app->semantics().nodes) {
    if (node.focused) return node.label;
  }
  return {};
}

constexpr ui::Modifiers kControl{false, true, false};
const char* const kComposer = "Message Design review";

}  // namespace

TEST_CASE("the composer gets the focus back from whatever was opened over it") {
  auto h = room();
  h->click(SemanticRole::kMultiLineTextBox, kComposer);
  REQUIRE(focused(*h) == kComposer);
  SECTION("the switcher, by Esc") {
    h->key(Key::kLetter, kControl, 'k');
    CHECK(focused(*h) == "Find a room");
    h->key(Key::kEscape);
  }
  SECTION("the switcher, by its key") {
    h->key(Key::kLetter, kControl, 'k');
    h->key(Key::kLetter, kControl, 'k');
  }
  SECTION("the switcher, by a press beside it") {
    h->key(Key::kLetter, kControl, 'k');
    h->click_at({5, 700});
    CHECK_FALSE(h->find(SemanticRole::kDialog, "Go to a room"));
  }
  SECTION("settings, by their button") {
    h->click(SemanticRole::kButton, "Settings");
    h->click(SemanticRole::kTextBox, "Name");
    CHECK(focused(*h) == "Name");
    h->click(SemanticRole::kButton, "Close");
    CHECK_FALSE(h->find(SemanticRole::kDialog, "Settings"));
  }
  SECTION("the list of shortcuts, by Esc") {
    h->key(Key::kLetter, kControl, '/');
    h->key(Key::kTab);
    CHECK(focused(*h) != kComposer);
    h->key(Key::kEscape);
  }
  SECTION("the emoji picker, by Esc") {
    h->click(SemanticRole::kButton, "Insert an emoji");
    CHECK(focused(*h) == "Search emoji");
    h->key(Key::kEscape);
  }
  SECTION("a dialog from a menu") {
    h->click(SemanticRole::kButton, "New room or join");
    h->click(SemanticRole::kMenuItem, "Create a room");
    CHECK(focused(*h) == "Name");
    h->click(SemanticRole::kButton, "Cancel");
    CHECK_FALSE(h->find(SemanticRole::kDialog, "Create a room"));
  }
  SECTION("a question") {
    h->click(SemanticRole::kButton, "Room details");
    ui::SemanticAction leave{ui::SemanticActionKind::kActivate, 0, {}};
    leave.id = h->find(SemanticRole::kButton, "Leave the room")->id;
    h->app->handle_semantic_action(h->now, leave);
    h->settle();
    REQUIRE(h->find(SemanticRole::kAlertDialog, "Leave"));
    h->click(SemanticRole::kButton, "Cancel");
  }
  CHECK(focused(*h) == kComposer);
  h->type("x");
  CHECK(h->find(SemanticRole::kMultiLineTextBox, kComposer)->value == "x");
}

TEST_CASE("a field that is asked for while a picker closes keeps the focus") {
  auto h = room();
  h->hover(h->find(SemanticRole::kArticle, "")->rect.centre());
  REQUIRE(h->click(SemanticRole::kButton, "React"));
  REQUIRE(focused(*h) == "Search emoji");
  const auto act = [&](ui::SemanticActionKind kind, SemanticRole role, std::string_view label) {
    const auto* node = h->find(role, label);
    REQUIRE(node);
    h->app->handle_semantic_action(h->now, {kind, node->id, {}});
  };
  act(ui::SemanticActionKind::kActivate, SemanticRole::kButton, "Grinning face");
  act(ui::SemanticActionKind::kFocus, SemanticRole::kMultiLineTextBox, kComposer);
  h->settle();
  CHECK_FALSE(h->find(SemanticRole::kSearchBox, "Search emoji"));
  CHECK(focused(*h) == kComposer);
}

TEST_CASE("a control that was reached by keys gets the focus back, a room without focus none") {
  auto h = room();
  h->key(Key::kLetter, kControl, 'k');
  h->key(Key::kEscape);
  CHECK(focused(*h).empty());
  for (int i = 0; i < 30 && focused(*h) != "Settings"; ++i) h->key(Key::kTab);
  REQUIRE(focused(*h) == "Settings");
  h->key(Key::kEnter);
  REQUIRE(h->find(SemanticRole::kDialog, "Settings"));
  h->key(Key::kTab);
  h->key(Key::kEscape);
  CHECK(focused(*h) == "Settings");
}

}  // namespace parley::test
