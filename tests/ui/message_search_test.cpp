// The dialog that searches messages, over a real core with the real index.
#include <catch2/catch_test_macros.hpp>

#include "tests/ui/live_room.hpp"

namespace parley::test {

using ui::Key;
using ui::SemanticRole;

namespace {

constexpr ui::Modifiers kControl{false, true, false};
constexpr ui::Modifiers kControlShift{true, true, false};

// Time passes for the core; then the interface draws what came of it.
void pass(LiveRoom& room) {
  room.rig.pass(seconds(1));
  room.h.settle();
}

std::vector<const ui::SemanticNode*> options(const Harness& h) {
  std::vector<const ui::SemanticNode*> out;
  for (const auto& node : h.app->semantics().nodes) {
    if (node.role == SemanticRole::kOption) out.push_back(&node);
  }
  return out;
}

const ui::SemanticNode* focused(const Harness& h) {
  for (const auto& node : h.app->semantics().nodes) {
    if (node.focused) return &node;
  }
  return nullptr;
}

void hear(LiveRoom& room, std::uint64_t seq, const std::string& text) {
  room.rig.live(1, {room.rig.text(seq, 2, text)});
  room.h.settle();
}

}  // namespace

TEST_CASE("words are searched as they are typed, Enter opens the message") {
  LiveRoom room(300, 100);
  Harness& h = room.h;
  CHECK(h.key(Key::kLetter, kControlShift, 'f'));
  REQUIRE(h.find(SemanticRole::kDialog, "Search messages"));
  REQUIRE(focused(h));
  CHECK(focused(h)->role == SemanticRole::kSearchBox);
  h.type("text 22");
  CHECK(h.find(SemanticRole::kStatus, "Looking through the messages on this device"));
  pass(room);
  // 220 to 229, of the 100 that are here; rows in view are described.
  CHECK(h.find(SemanticRole::kStatus, "10 messages. Searched what is on this device"));
  REQUIRE(options(h).size() > 3);
  CHECK(options(h)[0]->label.find("Grace in Room 1") == 0);
  CHECK(options(h)[0]->label.ends_with(": text 229."));
  CHECK(options(h)[0]->selected);
  CHECK(h.key(Key::kDown));
  CHECK(h.key(Key::kDown));
  CHECK(h.key(Key::kUp));
  CHECK_FALSE(options(h)[0]->selected);
  CHECK(options(h)[1]->selected);
  CHECK(room.rig.count<wire::History>() == 0);  // nothing is fetched for it
  CHECK(h.key(Key::kEnter));
  CHECK_FALSE(h.find(SemanticRole::kDialog, "Search messages"));
  CHECK(room.place(228));
  CHECK(room.rig.view().search.note.empty());  // the core was told that nobody looks any more
}

TEST_CASE("a click opens a message, the list follows what happens") {
  LiveRoom room(300, 100);
  Harness& h = room.h;
  h.click(SemanticRole::kButton, "Search messages");
  h.type("needle");
  pass(room);
  CHECK(options(h).empty());
  CHECK(h.find(SemanticRole::kText, "Nothing found") != nullptr);
  hear(room, 301, "a needle in the hay");
  pass(room);
  REQUIRE(options(h).size() == 1);
  h.click(SemanticRole::kOption, "needle");
  CHECK_FALSE(h.find(SemanticRole::kDialog, "Search messages"));
}

TEST_CASE("Esc and its key close the search, the room can be the scope") {
  LiveRoom room(300, 100);
  Harness& h = room.h;
  h.key(Key::kLetter, kControlShift, 'f');
  CHECK(h.key(Key::kEscape));
  CHECK_FALSE(h.find(SemanticRole::kDialog, "Search messages"));
  h.key(Key::kLetter, kControlShift, 'f');
  CHECK(h.key(Key::kLetter, kControlShift, 'f'));
  CHECK_FALSE(h.find(SemanticRole::kDialog, "Search messages"));

  h.key(Key::kLetter, kControlShift, 'f');
  h.type("text 299");
  pass(room);
  CHECK(options(h).size() == 1);
  CHECK_FALSE(room.rig.view().search.room);
  h.click(SemanticRole::kRadio, "Room 1");
  CHECK(room.rig.view().search.room == client::room_id(1));
  CHECK(options(h).size() == 1);
  // Without the dialog nothing is indexed.
  h.key(Key::kEscape);
  hear(room, 301, "later");
  CHECK_FALSE(room.rig.view().search.busy);
}

TEST_CASE("the find bar hands its words to the search in all rooms") {
  LiveRoom room(300, 100);
  Harness& h = room.h;
  h.key(Key::kLetter, kControl, 'f');
  h.type("text 25");
  h.click(SemanticRole::kButton, "Search all rooms");
  pass(room);
  REQUIRE(h.find(SemanticRole::kSearchBox, "Words to search for"));
  CHECK(h.find(SemanticRole::kSearchBox, "Words to search for")->value == "text 25");
  CHECK(h.find(SemanticRole::kStatus, "10 messages."));
  h.type("x");  // what was there is selected
  pass(room);
  CHECK(options(h).empty());
}

TEST_CASE("a list that is longer than the dialog scrolls with the chosen message and grows") {
  LiveRoom room(300, 200);
  Harness& h = room.h;
  h.key(Key::kLetter, kControlShift, 'f');
  h.type("text");
  pass(room);
  CHECK(h.find(SemanticRole::kStatus, "The newest 50 messages."));
  CHECK_FALSE(h.find(SemanticRole::kOption, ": text 251."));
  for (int i = 0; i < 49; ++i) h.key(Key::kDown);
  const auto* row = h.find(SemanticRole::kOption, ": text 251.");
  REQUIRE(row);
  CHECK(row->selected);
  CHECK(room.rig.view().search.hits.size() >= 100);
}

}  // namespace parley::test
