// Search messages: words in what is on this device, in all rooms or in the open one.
#include <algorithm>
#include <array>

#include "client/ui/format.hpp"
#include "client/ui/views.hpp"
#include "shared/base/utf8.hpp"

namespace parley::ui {
namespace {

const Id kSearch = child_id(21, "message search");
const Id kField = child_id(kSearch, "words");
const FieldOptions kFieldOptions{.max_bytes = wire::kMaxQueryBytes};
constexpr int kSnippetLines = 2;

void close(Scene& scene) {
  scene.state.dialog = DialogKind::kNone;
  scene.ui.blur_layer();
  scene.ui.request_frame();
}

void open_hit(Scene& scene, const client::SearchHitView& hit) {
  scene.ui.emit(
      [room = hit.room_id, seq = hit.seq](client::Client& c, Now n) { c.open_room(n, room, seq); });
  scene.state.page = Page::kTimeline;
  if (scene.phone) scene.state.details_open = false;
  close(scene);
  scene.state.focus_composer = !scene.phone;
}

void ask(Scene& scene) {
  MessageSearchState& search = scene.state.search;
  search.chosen = 0;
  scene.state.scrolls[kSearch] = 0;
  std::optional<RoomId> room;
  if (search.here && scene.app.room) room = scene.app.room->room_id;
  scene.ui.emit([text = scene.ui.field(kField, kFieldOptions).model.text(), room](
                    client::Client& c, Now n) { c.search(n, text, room); });
  scene.ui.request_frame();
}

// Chooses between all rooms and the open one, when there is one.
void draw_scope(Scene& scene, Rect& area) {
  if (!scene.app.room) return;
  MessageSearchState& search = scene.state.search;
  const std::array<std::string_view, 2> rooms = {"All rooms", scene.app.room->name};
  area.take_top(space::k2);
  const int chosen =
      segmented(scene.ui, child_id(kSearch, "scope"), area.take_top(scene.ui.theme.control(36)),
                "Where to search", rooms, search.here ? 1 : 0);
  if (chosen == (search.here ? 1 : 0)) return;
  search.here = chosen == 1;
  ask(scene);
}

std::string summary(const client::SearchView& found) {
  if (found.busy) return "Looking through the messages on this device.";
  if (found.hits.empty()) return found.note;
  const std::string count = counted(found.hits.size(), "message", "messages");
  return (found.more ? "The newest " : "") + count + ". " + found.note;
}

// What was searched stands below the list: what is not on the device is not found.
void draw_note(Scene& scene, Rect& area) {
  Ui& ui = scene.ui;
  const client::SearchView& found = scene.app.search;
  const TextLook look{Face::kRegular, type::kCaption, scene.colors().text_muted};
  const std::string words = summary(found);
  const float sign = found.busy ? scene.size(22) : 0;
  const float height = text_wrapped_height(ui, area.w - sign, words, look);
  const Rect line = area.take_bottom(height);
  if (found.busy)
    spinner(ui, {line.x + scene.size(8), line.centre().y}, scene.size(13), look.color);
  text_wrapped(ui, {line.x + sign, line.y}, line.w - sign, words, look);
  ui.node(child_id(kSearch, "note"), SemanticRole::kStatus, line, words).busy = found.busy;
  area.take_bottom(space::k2);
}

void draw_snippet(Scene& scene, const client::SearchHitView& hit, const Rect& area) {
  Canvas& canvas = scene.ui.canvas;
  const Palette& p = scene.colors();
  const TextBlock& block =
      canvas.label(hit.snippet, {Face::kRegular, scene.size(14)}, p.text, area.w, kSnippetLines);
  for (const client::TextRange& range : hit.highlights) {
    for (const Rect& part : block.selection(range.begin, range.end)) {
      canvas.fill(part.moved(area.x, area.y).inset(-1, 1), p.find, 3);
    }
  }
  canvas.text(block, {area.x, area.y});
}

// True: the person wants to see it.
bool draw_hit(Scene& scene, const client::SearchHitView& hit, const Rect& place, bool chosen) {
  Ui& ui = scene.ui;
  const Palette& p = scene.colors();
  const std::string at = short_moment(ui.platform, hit.at, ui.now.wall);
  const Id id = child_id(child_id(child_id(kSearch, "hit"), std::hash<RoomId>{}(hit.room_id)),
                         static_cast<std::uint64_t>(hit.seq.value));
  const Response use = ui.interact(
      {.id = id,
       .rect = place,
       .role = SemanticRole::kOption,
       .label = hit.sender_name + " in " + hit.room_name + ", " + at + ": " + hit.snippet,
       .focusable = false});
  ui.last_node().selectable = true;
  ui.last_node().selected = chosen;
  ui.canvas.fill(place, chosen ? p.selected : p.hover.with_alpha(use.hovered ? 1.0f : 0.0f),
                 radius::kMedium);
  Rect inside = place.inset(space::k3, space::k2);
  Rect head = inside.take_top(ui.theme.line(type::kSmall));
  const Font caption{Face::kRegular, scene.size(type::kCaption)};
  text_line(ui, head.take_right(ui.canvas.label_width(at, caption) + 1), at,
            {Face::kRegular, type::kCaption, p.text_muted});
  head.take_right(space::k2);
  const float wanted =
      ui.canvas.label_width(hit.sender_name, {Face::kMedium, scene.size(type::kSmall)}) + 1;
  text_line(ui, head.take_left(std::min(wanted, head.w * 0.5f)), hit.sender_name,
            {Face::kMedium, type::kSmall, p.text});
  head.take_left(space::k2);
  text_line(ui, head, hit.room_name, {Face::kRegular, type::kSmall, p.text_muted});
  draw_snippet(scene, hit, inside);
  return use.clicked;
}

void draw_hits(Scene& scene, const Rect& area, bool go) {
  Ui& ui = scene.ui;
  const client::SearchView& found = scene.app.search;
  MessageSearchState& search = scene.state.search;
  const float row = ui.theme.line(type::kSmall) + kSnippetLines * ui.theme.line(14) + 2 * space::k2;
  const Rect list = area.inset(-space::k2, 0);
  const float content = row * static_cast<float>(found.hits.size());
  float& offset = scene.state.scrolls[kSearch];
  if (std::exchange(search.reveal, false)) {
    const float top = row * static_cast<float>(search.chosen);
    offset = std::clamp(offset, top + row - list.h, std::max(top, 0.0f));
  }
  const ScrollArea scroll{child_id(kSearch, "scroll"), list, &offset};
  ui.open_node(child_id(kSearch, "list"), SemanticRole::kListBox, list, "Messages found");
  float y = begin_scroll(ui, scroll, content);
  const client::SearchHitView* wanted = nullptr;
  for (std::size_t i = 0; i < found.hits.size(); ++i, y += row) {
    const Rect place{list.x + space::k1, y, list.w - space::k1 - space::k3, row};
    const bool chosen = static_cast<int>(i) == search.chosen;
    if (go && chosen) wanted = &found.hits[i];
    if (ui.canvas.visible(place) && draw_hit(scene, found.hits[i], place, chosen))
      wanted = &found.hits[i];
  }
  if (found.more && y < list.bottom() + row) {
    ui.emit([](client::Client& c, Now n) { c.search_more(n); });
  }
  end_scroll(ui, scroll, content);
  ui.close_node();
  if (wanted) open_hit(scene, *wanted);
}

}  // namespace

void open_message_search(Scene& scene, const std::string& words) {
  scene.state.search = {};
  scene.state.search.words = words;
  scene.state.open_dialog(DialogKind::kSearch);
  scene.ui.mark_dirty();
}

void draw_message_search(Scene& scene) {
  Ui& ui = scene.ui;
  MessageSearchState& search = scene.state.search;
  const client::SearchView& found = scene.app.search;
  bool open = true;
  Rect inside = begin_dialog(ui, kSearch, {"Search messages", 620, 640}, open);
  if (scene.state.dialog_fresh) {
    FieldState& field = ui.field(kField, kFieldOptions);
    field.model.set_text(search.words);
    field.model.select_all();
    if (!(scene.phone && ui.touch())) ui.focus(kField);
    ask(scene);
  }
  TextFieldLook look;
  look.role = SemanticRole::kSearchBox;
  look.label = "Words to search for";
  look.placeholder = "Words, or \"a phrase\"";
  look.options = kFieldOptions;
  look.has_icon = true;
  FieldState& field = text_field(ui, kField, inside.take_top(ui.theme.control(40)), look);
  const bool go = take_submitted(field);
  if (take_changed(field)) ask(scene);
  draw_scope(scene, inside);
  inside.take_top(space::k2);
  draw_note(scene, inside);
  search.chosen =
      std::clamp(search.chosen, 0, std::max(0, static_cast<int>(found.hits.size()) - 1));
  if (!found.hits.empty()) {
    draw_hits(scene, inside, go);
  } else if (is_blank(field.model.text())) {
    empty_state(ui, inside, Icon::kSearch, "Find what was said",
                "Type some words: messages that have all of them are listed here.");
  } else if (!found.busy) {
    empty_state(ui, inside, Icon::kSearch, "Nothing found", "Try fewer or other words.");
  }
  end_dialog(ui);
  if (!open) close(scene);
}

bool message_search_key(Scene& scene, const KeyEvent& event) {
  const Modifiers& m = event.modifiers;
  const bool up = event.key == Key::kUp, down = event.key == Key::kDown;
  if ((!up && !down) || m.control || m.alt || m.shift || scene.ui.focused() != kField) return false;
  MessageSearchState& search = scene.state.search;
  search.chosen = std::max(0, search.chosen + (up ? -1 : 1));
  search.reveal = true;
  scene.ui.mark_dirty();
  return true;
}

}  // namespace parley::ui
