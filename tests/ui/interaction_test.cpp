// What pointers, keys and the mirror do.
#include <catch2/catch_test_macros.hpp>
#include <set>

#include "tests/ui/harness.hpp"

namespace parley::test {

using ui::Key;
using ui::SemanticRole;

namespace {

std::unique_ptr<Harness> room(client::AppView view = sample_view()) {
  auto h = std::make_unique<Harness>();
  h->core.app = std::move(view);
  h->settle();
  return h;
}

std::string composer_text(const Harness& h) {
  const auto* field = h.find(SemanticRole::kMultiLineTextBox, "Message");
  return field ? field->value : "?";
}

}  // namespace

TEST_CASE("nothing is drawn while nothing changes") {
  auto h = room();
  h->core.app.room->typists.clear();
  h->core.app.revision = 2;
  h->settle();
  CHECK_FALSE(h->app->wants_frame(h->now));
  h->now.mono.ms += 60'000;
  CHECK_FALSE(h->app->wants_frame(h->now));
  h->core.app.revision = 3;
  CHECK(h->app->wants_frame(h->now));
}

TEST_CASE("a focused field blinks twice a second and no faster") {
  auto h = room();
  h->click(SemanticRole::kMultiLineTextBox, "Message");
  h->settle();
  CHECK_FALSE(h->app->wants_frame(h->now));
  const auto next = h->app->next_frame_at();
  REQUIRE(next.has_value());
  CHECK((*next - h->now.mono).ms > 400);
}

TEST_CASE("typing on the desktop goes to the composer and tells the core") {
  auto h = room();
  h->type("Hello");
  CHECK(composer_text(*h) == "Hello");
  CHECK(h->core.performed > 0);
  h->key(Key::kBackspace);
  CHECK(composer_text(*h) == "Hell");
  h->key(Key::kEnter, {true, false, false});
  CHECK(composer_text(*h) == "Hell\n");
  h->key(Key::kLetter, {false, true, false}, 'z');
  CHECK(composer_text(*h) == "Hell");
}

TEST_CASE("the core's draft replaces the field only when the core says so") {
  auto h = room();
  h->type("mine");
  h->core.app.composer.text = "stale echo";
  h->core.app.revision = 2;
  h->settle();
  CHECK(composer_text(*h) == "mine");
  h->core.app.composer.reset = 5;
  h->core.app.composer.text = "";
  h->core.app.revision = 3;
  h->settle();
  CHECK(composer_text(*h).empty());
}

TEST_CASE("a system text field owns the text where there is one") {
  auto h = room();
  h->platform.owns_editing = true;
  h->click(SemanticRole::kMultiLineTextBox, "Message");
  REQUIRE(h->platform.input.has_value());
  CHECK(h->platform.input->multi_line);
  CHECK(h->platform.input->label == "Message Design review");
  CHECK(h->platform.input->caret.h > 10);
  h->app->handle_text_input(h->now, {h->platform.input->field, "\xe6\x97\xa5", 3, 3, 0, 3});
  h->settle();
  CHECK(composer_text(*h) == "\xe6\x97\xa5");
  CHECK_FALSE(h->key(Key::kBackspace));  // left to the system's field
  CHECK_FALSE(h->key(Key::kLeft));
  CHECK_FALSE(h->key(Key::kLetter, {false, true, false}, 'c'));
  CHECK(h->key(Key::kEnter));
  CHECK_FALSE(h->key(Key::kEnter, {true, false, false}));
  h->app->handle_text_input(h->now, {12345, "stale", 0, 0, 0, 0});
  h->settle();
  CHECK(composer_text(*h) == "\xe6\x97\xa5");
}

TEST_CASE("the mirror can activate, type and focus") {
  auto h = room();
  const auto* field = h->find(SemanticRole::kMultiLineTextBox, "Message");
  REQUIRE(field);
  h->app->handle_semantic_action(h->now,
                                 {ui::SemanticActionKind::kSetValue, field->id, "From the mirror"});
  h->settle();
  CHECK(composer_text(*h) == "From the mirror");
  const int before = h->core.performed;
  const auto* send = h->find(SemanticRole::kButton, "Send");
  REQUIRE(send);
  CHECK_FALSE(send->disabled);
  h->app->handle_semantic_action(h->now, {ui::SemanticActionKind::kActivate, send->id, {}});
  h->settle();
  CHECK(h->core.performed > before);
  const auto* settings = h->find(SemanticRole::kButton, "Settings");
  REQUIRE(settings);
  h->app->handle_semantic_action(h->now, {ui::SemanticActionKind::kActivate, settings->id, {}});
  h->settle();
  CHECK(h->find(SemanticRole::kDialog, "Settings"));
}

TEST_CASE("the tree's revision stands still while nothing changes") {
  auto h = room();
  const auto revision = h->app->semantics().revision;
  h->frame();
  h->frame();
  CHECK(h->app->semantics().revision == revision);
}

TEST_CASE("Tab walks through everything and stays inside a dialog") {
  auto h = room();
  std::set<std::string> seen;
  for (int i = 0; i < 40; ++i) {
    h->key(Key::kTab);
    for (const auto& node : h->app->semantics().nodes) {
      if (node.focused) seen.insert(node.label);
    }
  }
  CHECK(seen.size() > 8);
  CHECK(seen.contains("Settings"));
  CHECK(seen.contains("Message Design review"));
  h->key(Key::kLetter, {false, true, false}, '/');
  for (int i = 0; i < 5; ++i) h->key(Key::kTab);
  bool inside = false;
  for (const auto& node : h->app->semantics().nodes)
    inside |= node.focused && node.label == "Close";
  CHECK(inside);
  h->key(Key::kEscape);
  CHECK_FALSE(h->find(SemanticRole::kDialog, "Keyboard shortcuts"));
}

TEST_CASE("dragging selects text across messages and copying names the senders") {
  auto h = room();
  const auto* first = h->find(SemanticRole::kArticle, "On it. Dark mode");
  const auto* last = h->find(SemanticRole::kArticle, "Screenshots follow");
  REQUIRE(first);
  REQUIRE(last);
  const ui::Vec2 from{first->rect.x + 75, first->rect.bottom() - 10},
      to{last->rect.x + 400, last->rect.centre().y};
  const auto send = [&](ui::PointerAction action, ui::Vec2 at) {
    h->app->handle_pointer(h->now,
                           {action, ui::PointerKind::kMouse, ui::PointerButton::kPrimary, at, {}});
    h->settle();
  };
  send(ui::PointerAction::kMove, from);
  send(ui::PointerAction::kDown, from);
  send(ui::PointerAction::kMove, to);
  send(ui::PointerAction::kUp, to);
  const std::string copied = h->app->handle_copy(h->now);
  CHECK(copied.find("Ada Lovelace, 15:24") != std::string::npos);
  CHECK(copied.find("Dark mode passes") != std::string::npos);
  CHECK(copied.find("Screenshots follow.") != std::string::npos);
  h->key(Key::kEscape);
  CHECK(h->app->handle_copy(h->now).empty());
}

TEST_CASE("a hundred thousand messages cost what is visible") {
  auto h = room(long_view(100'000));
  CHECK(h->app->statistics().rows_drawn < 60);
  h->key(Key::kHome, {false, true, false});
  CHECK(h->find(SemanticRole::kArticle, "Message number 1"));
  h->key(Key::kEnd, {false, true, false});
  CHECK(h->find(SemanticRole::kArticle, "Message number 100000"));
  for (int i = 0; i < 50; ++i) h->key(Key::kPageUp);
  CHECK(h->app->statistics().rows_drawn < 60);
}

TEST_CASE("the position is kept when older messages are put in above") {
  auto h = room(long_view(400));
  for (int i = 0; i < 6; ++i) h->key(Key::kPageUp);
  const auto place = [&]() -> std::pair<std::string, float> {
    for (const auto& node : h->app->semantics().nodes) {
      if (node.role == SemanticRole::kArticle && node.rect.y > 300)
        return {node.label, node.rect.y};
    }
    return {};
  };
  const auto before = place();
  REQUIRE_FALSE(before.first.empty());
  client::AppView older = long_view(100);
  auto& items = h->core.app.room->items;
  for (auto& item : older.room->items) {
    auto& m = std::get<client::MessageView>(item);
    m.seq.value += 1'000'000;  // other identities
    m.client_id.uuid.bytes[3] = 99;
  }
  items.insert(items.begin(), older.room->items.begin(), older.room->items.end());
  ++h->core.app.room->items_revision;
  ++h->core.app.revision;
  h->settle();
  CHECK(place() == before);
}

TEST_CASE("touch scrolls with inertia and a long press opens the menu") {
  auto h = room(long_view(500));
  const auto touch = [&](ui::PointerAction action, ui::Vec2 at) {
    h->app->handle_pointer(h->now,
                           {action, ui::PointerKind::kTouch, ui::PointerButton::kPrimary, at, {}});
  };
  const std::string newest = "Message number 500";
  REQUIRE(h->find(SemanticRole::kArticle, newest));
  touch(ui::PointerAction::kDown, {700, 200});
  for (int i = 1; i <= 10; ++i) {
    h->now.mono.ms += 16;
    touch(ui::PointerAction::kMove, {700, 200.0f + 40.0f * static_cast<float>(i)});
    h->frame();
  }
  touch(ui::PointerAction::kUp, {700, 600});
  h->settle();
  CHECK_FALSE(h->find(SemanticRole::kArticle, newest));
  h->now.mono.ms += 2000;
  h->settle();
  touch(ui::PointerAction::kDown, {700, 300});
  h->frame();
  h->now.mono.ms += 600;
  h->settle();
  CHECK(h->find(SemanticRole::kMenu, "Actions"));
}

TEST_CASE("paths name rooms and are told") {
  auto h = room();
  REQUIRE_FALSE(h->platform.urls.empty());
  CHECK(h->platform.urls.back() == "/r/" + h->core.app.room->room_id.to_string());
  h->app->navigate(h->now, "/i/abc123");
  h->settle();
  const auto* code = h->find(SemanticRole::kTextBox, "Invitation link or code");
  REQUIRE(code);
  CHECK(code->value == "abc123");
}

TEST_CASE("hostile text does no harm") {
  client::AppView view = sample_view();
  auto& first = std::get<client::MessageView>(view.room->items.back());
  first.content =
      std::string(16'000, 'W') + "\n" + std::string(400, '\n') + "\xff\xfe broken \xe2\x80\xae rtl";
  first.sender_name = std::string(320, 'M');
  view.room->name = std::string(320, 'R');
  auto h = room(std::move(view));
  CHECK(h->find(SemanticRole::kLog, "RRR"));
  h->surface = {200, 300, 3, 0, 0};
  h->settle();
  h->surface = {1, 1, 1, 0, 0};
  h->settle();
  h->surface = {1280, 800, 1, 0, 0};
  h->settle();
  CHECK(h->find(SemanticRole::kLog, "RRR"));
}

}  // namespace parley::test
