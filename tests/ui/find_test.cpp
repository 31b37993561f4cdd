// Find in room.
#include <catch2/catch_test_macros.hpp>

#include "client/ui/text_search.hpp"
#include "tests/ui/harness.hpp"

namespace parley::test {

using ui::Key;
using ui::SemanticRole;

namespace {

constexpr ui::Modifiers kControl{false, true, false};
constexpr ui::Modifiers kShift{true, false, false};

std::unique_ptr<Harness> searching(client::AppView view, std::string_view words, float width = 1280,
                                   float height = 800) {
  auto h = std::make_unique<Harness>(width, height);
  h->core.app = std::move(view);
  h->settle();
  if (width <= 720) {
    h->click(SemanticRole::kButton, "Design review, open room");
    h->click(SemanticRole::kButton, "Find in room");
  } else {
    CHECK(h->key(Key::kLetter, kControl, 'f'));
  }
  h->type(words);
  return h;
}

std::string count(const Harness& h) {
  for (const auto& node : h.app->semantics().nodes) {
    if (node.role != SemanticRole::kStatus) continue;
    if (node.label.find(" of ") != std::string::npos) return node.label;
  }
  return {};
}

bool shows(const Harness& h, std::string_view end) {
  for (const auto& node : h.app->semantics().nodes) {
    if (node.role == SemanticRole::kArticle && node.label.ends_with(end) && node.rect.h > 4)
      return true;
  }
  return false;
}

const ui::SemanticNode* focused(const Harness& h) {
  for (const auto& node : h.app->semantics().nodes) {
    if (node.focused) return &node;
  }
  return nullptr;
}

}  // namespace

TEST_CASE("case is folded in the scripts that have it, offsets stay those of the text") {
  using ui::find_folded;
  using ui::fold_case;
  struct Row {
    const char* text;
    const char* query;
    std::size_t count, begin, end;
  };
  const Row rows[] = {
      {"Hello hello HELLO", "hELLo", 3, 0, 5},
      {"aaaa", "aa", 2, 0, 2},
      {"gr\xc3\x9c\xc3\x9f"
       "e",
       "\xc3\xbc\xc3\x9f", 1, 2, 6},
      {"\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\x95\xd0\xa2", "\xd0\xb2\xd0\xb5\xd1\x82", 1, 6, 12},
      {"\xce\xa3\xce\x9f\xce\xa6\xce\x9f\xce\xa3", "\xcf\x83\xce\xbf\xcf\x86\xce\xbf\xcf\x82", 1, 0,
       10},
      {"\xe6\x9d\xb1\xe4\xba\xac", "\xe4\xba\xac", 1, 3, 6},
      {"nothing", "else", 0, 0, 0},
      {"short", "longer than that", 0, 0, 0},
      {"anything", "", 0, 0, 0}};
  for (const Row& row : rows) {
    INFO(row.text << " / " << row.query);
    const auto found = find_folded(row.text, fold_case(std::string_view(row.query)));
    REQUIRE(found.size() == row.count);
    if (row.count == 0) continue;
    CHECK(found[0].begin == row.begin);
    CHECK(found[0].end == row.end);
  }
  CHECK(ui::starts_folded("Grace Hopper", fold_case(std::string_view("gRACE h"))));
  CHECK_FALSE(ui::starts_folded("Grace", fold_case(std::string_view("grace h"))));
  CHECK(ui::word_starts_folded("Ada Lovelace", fold_case(std::string_view("lov"))));
  CHECK_FALSE(ui::word_starts_folded("Ada Lovelace", fold_case(std::string_view("ove"))));
}

TEST_CASE("the newest place comes first, Enter goes back in time, Shift+Enter forward, around") {
  auto h = searching(long_view(400), "NUMBER 38");
  CHECK(h->find(SemanticRole::kSearch, "Find in room"));
  CHECK(count(*h) == "1 of 11 matches");
  CHECK(shows(*h, "number 389"));
  CHECK(h->key(Key::kEnter));
  CHECK(count(*h) == "2 of 11 matches");
  CHECK(h->key(Key::kUp));
  CHECK(count(*h) == "3 of 11 matches");
  CHECK(h->key(Key::kDown));
  CHECK(h->key(Key::kEnter, kShift));
  CHECK(count(*h) == "1 of 11 matches");
  CHECK(h->key(Key::kEnter, kShift));
  CHECK(count(*h) == "11 of 11 matches");
  CHECK(shows(*h, "number 38"));
  CHECK_FALSE(shows(*h, "number 389"));
  h->click(SemanticRole::kButton, "Next match");
  CHECK(count(*h) == "10 of 11 matches");
  CHECK(shows(*h, "number 380. Read"));
  h->click(SemanticRole::kButton, "Previous match");
  CHECK(count(*h) == "11 of 11 matches");
}

TEST_CASE("what stands in view is not moved, what is far away is brought in") {
  auto h = searching(long_view(400), "number 398");
  const auto* row = h->find(SemanticRole::kArticle, "number 398");
  REQUIRE(row);
  const float before = row->rect.y;
  h->key(Key::kEnter);  // the only one
  CHECK(h->find(SemanticRole::kArticle, "number 398")->rect.y == before);
  for (int i = 0; i < 3; ++i) h->key(Key::kBackspace);
  h->type("12");
  CHECK(count(*h) == "1 of 11 matches");  // 12, 120 to 129
  CHECK(shows(*h, "number 129"));
}

TEST_CASE("Ctrl+F in the search is left to the browser, from elsewhere it comes back") {
  auto h = searching(sample_view(), "review");
  REQUIRE(focused(*h));
  CHECK(focused(*h)->role == SemanticRole::kSearchBox);
  CHECK_FALSE(h->key(Key::kLetter, kControl, 'f'));
  h->click(SemanticRole::kMultiLineTextBox, "Message Design review");
  CHECK(h->key(Key::kLetter, kControl, 'f'));
  REQUIRE(focused(*h));
  CHECK(focused(*h)->role == SemanticRole::kSearchBox);
  CHECK(focused(*h)->value == "review");
  h->type("x");  // what was there is selected
  CHECK(h->find(SemanticRole::kSearchBox, "Find in room")->value == "x");
}

TEST_CASE("Esc ends the search and gives the composer the focus") {
  auto h = searching(sample_view(), "review");
  h->key(Key::kEscape);
  CHECK_FALSE(h->find(SemanticRole::kSearch, "Find in room"));
  REQUIRE(focused(*h));
  CHECK(focused(*h)->label == "Message Design review");
  CHECK(h->key(Key::kLetter, kControl, 'f'));
  CHECK(h->find(SemanticRole::kSearchBox, "Find in room")->value.empty());
}

TEST_CASE("a search under a dialog or without a room is the browser's") {
  auto h = std::make_unique<Harness>();
  h->core.app = sample_view();
  h->settle();
  h->key(Key::kLetter, kControl, '/');
  CHECK(h->find(SemanticRole::kListItem, "Find in the room"));
  CHECK_FALSE(h->key(Key::kLetter, kControl, 'f'));
  h->key(Key::kEscape);
  h->core.app.room.reset();
  ++h->core.app.revision;
  h->settle();
  CHECK_FALSE(h->key(Key::kLetter, kControl, 'f'));
}

TEST_CASE(
    "words are found through markup, in code and lists, not in spoilers or deleted messages") {
  client::AppView view = sample_view();
  auto h = searching(view, "first pass of the");  // "**first pass** of the"
  CHECK(count(*h) == "1 of 1 matches");
  const auto finds = [&](std::string_view words) {
    h->key(Key::kEscape);
    h->key(Key::kLetter, kControl, 'f');
    h->type(words);
    return count(*h);
  };
  CHECK(finds("size(points)") == "1 of 1 matches");
  CHECK(finds("spacing scale") == "1 of 1 matches");
  CHECK(finds("surprisingly").empty());
  CHECK(h->find(SemanticRole::kStatus, "No matches"));
  CHECK(finds("**").empty());
  CHECK(finds("").empty());
}

TEST_CASE("the count follows the messages") {
  auto h = searching(sample_view(), "dark");
  const std::string before = count(*h);
  CHECK(before.ends_with("of 2 matches"));
  auto more = std::get<client::MessageView>(h->core.app.room->items[3]);
  more.seq = {14};
  more.client_id = {};
  more.content = "Dark again";
  h->core.app.room->items.push_back(more);
  ++h->core.app.room->items_revision;
  ++h->core.app.revision;
  h->settle();
  CHECK(count(*h).ends_with("of 3 matches"));
}

TEST_CASE("older messages that are not here are told of and can be loaded") {
  auto h = searching(sample_view(), "dark");
  CHECK_FALSE(h->find(SemanticRole::kButton, "Load older messages"));
  h->core.app.room->at_start = false;
  ++h->core.app.revision;
  h->settle();
  CHECK(h->find(SemanticRole::kStatus, "not loaded yet"));
  const auto* load = h->find(SemanticRole::kButton, "Load older messages");
  REQUIRE(load);
  CHECK_FALSE(load->disabled);
  const int before = h->core.performed;
  h->click(SemanticRole::kButton, "Load older messages");
  CHECK(h->core.performed > before);
  h->core.app.room->loading_older = true;
  ++h->core.app.revision;
  h->settle();
  CHECK(h->find(SemanticRole::kButton, "Load older messages")->disabled);
  h->core.app.room->at_start = true;
  h->core.app.room->loading_older = false;
  h->core.app.room->items.insert(h->core.app.room->items.begin() + 4, client::HistoryGapView{{4}});
  ++h->core.app.room->items_revision;
  ++h->core.app.revision;
  h->settle();
  CHECK(h->find(SemanticRole::kButton, "Load older messages"));
}

TEST_CASE("the search belongs to its room") {
  auto h = searching(sample_view(), "dark");
  h->core.app.room->room_id.uuid.bytes[0] = 77;
  ++h->core.app.revision;
  h->settle();
  CHECK_FALSE(h->find(SemanticRole::kSearch, "Find in room"));
}

TEST_CASE("on a phone the search opens from the header and closes without the keyboard") {
  auto h = searching(sample_view(), "dark", 390, 844);
  CHECK(count(*h).ends_with("of 2 matches"));
  h->click(SemanticRole::kButton, "Close the search");
  CHECK_FALSE(h->find(SemanticRole::kSearch, "Find in room"));
  CHECK(focused(*h) == nullptr);
}

}  // namespace parley::test
