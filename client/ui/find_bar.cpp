// Find in room: a bar under the room's header that searches the messages held here.
//
// Places are counted from the newest one, so that the numbers stand still while older messages
// load. What is not loaded is not searched, and the bar says so.
#include <algorithm>

#include "client/core/markdown.hpp"
#include "client/ui/format.hpp"
#include "client/ui/text_search.hpp"
#include "client/ui/views.hpp"

namespace parley::ui {
namespace {

using client::MessageView;

const Id kFind = child_id(20, "find");
const Id kField = child_id(kFind, "field");
const FieldOptions kFieldOptions{.max_bytes = wire::kMaxQueryBytes};

float row_height(const Scene& scene) { return scene.ui.theme.control(52); }
float note_height(const Scene& scene) { return scene.ui.theme.control(34); }

bool is_incomplete(const client::RoomView& room) {
  return !room.at_start ||
         std::any_of(room.items.begin(), room.items.end(), [](const client::TimelineItem& item) {
           return std::holds_alternative<client::HistoryGapView>(item);
         });
}

// Text that a hidden spoiler covers is not found: the mark would give it away.
std::string searched_text(const client::Block& block, bool open_spoilers) {
  std::string text;
  for (const client::Span& span : block.spans) {
    if (span.spoiler && !open_spoilers)
      text.append(span.text.size(), '\0');
    else
      text += span.text;
  }
  return text;
}

// All places of the query, oldest first. The place that was current stays so if it is still there;
// else the newest one is.
void search(Scene& scene) {
  FindState& find = scene.state.find;
  const client::RoomView& room = *scene.app.room;
  const auto& spoilers = scene.state.timeline.open_spoilers;
  std::optional<FindMatch> before;
  if (find.current < find.matches.size()) before = find.matches[find.current];
  find.matches.clear();
  find.rows.clear();
  const std::u32string wanted = fold_case(find.query);
  for (std::size_t i = 0; i < room.items.size() && !wanted.empty(); ++i) {
    const auto* message = std::get_if<MessageView>(&room.items[i]);
    if (!message || message->deleted) continue;
    const Id key = row_key(room.items[i]);
    const std::size_t first = find.matches.size();
    const auto blocks = client::parse_markdown(message->content);
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      const std::string text = searched_text(blocks[b], spoilers.contains(key));
      for (const ByteRange& range : find_folded(text, wanted)) {
        find.matches.push_back({i, key, {b, range.begin}, {b, range.end}});
      }
    }
    if (find.matches.size() > first) find.rows[key] = {first, find.matches.size() - first};
  }
  find.current = find.matches.empty() ? 0 : find.matches.size() - 1;
  if (!before) return;
  const auto row = find.rows.find(before->row);
  if (row == find.rows.end()) return;
  find.current = row->second.first;
  for (std::size_t i = 0; i < row->second.second; ++i) {
    const std::size_t at = row->second.first + i;
    if (find.matches[at].from <= before->from) find.current = at;
  }
}

// -1: the next older place, 1: the next newer one; around the ends.
void step(Scene& scene, int direction) {
  FindState& find = scene.state.find;
  const std::size_t count = find.matches.size();
  if (count == 0) return;
  find.current = (find.current + (direction < 0 ? count - 1 : 1)) % count;
  find.reveal = true;
  scene.ui.mark_dirty();
}

// Reads the field; searches again when the words or the messages changed.
void update(Scene& scene) {
  FindState& find = scene.state.find;
  const client::RoomView& room = *scene.app.room;
  FieldState& field = scene.ui.field(kField, kFieldOptions);
  const bool typed = find.query != field.model.text();
  if (typed) {
    find.query = field.model.text();
    scene.ui.request_frame();
  }
  const std::size_t spoilers = scene.state.timeline.open_spoilers.size();
  const bool same = !typed && !find.fresh && find.items_revision == room.items_revision &&
                    find.item_count == room.items.size() && find.spoilers == spoilers;
  if (same) return;
  find.items_revision = room.items_revision;
  find.item_count = room.items.size();
  find.spoilers = spoilers;
  search(scene);
  if (typed) find.reveal = !find.matches.empty();
}

std::string count_words(const FindState& find) {
  if (is_blank(find.query)) return {};
  if (find.matches.empty()) return "No matches";
  return std::to_string(find.matches.size() - find.current) + " of " +
         std::to_string(find.matches.size());
}

// Older messages are out there: the count is not the whole truth.
void draw_note(Scene& scene, Rect area) {
  Ui& ui = scene.ui;
  const Palette& p = scene.colors();
  const client::RoomView& room = *scene.app.room;
  area.take_bottom(space::k1);
  const ButtonLook look{.style = ButtonStyle::kGhost, .label = "Load older"};
  const Rect place = area.take_right(button_width(ui, look));
  if (room.loading_older) {
    const Rect sign = area.take_left(scene.size(18));
    spinner(ui, sign.centre(), scene.size(14), p.text_muted);
    area.take_left(space::k2);
  }
  const std::string_view words =
      room.loading_older ? "Loading older messages." : "Older messages are not loaded yet.";
  text_line(ui, area, words, {Face::kRegular, type::kSmall, p.text_muted});
  ui.node(child_id(kFind, "note"), SemanticRole::kStatus, area, words);
  ButtonLook shown = look;
  shown.disabled = room.loading_older;
  shown.accessible = "Load older messages";
  if (!button(ui, child_id(kFind, "older"), place, shown)) return;
  // What is missing nearest to the newest comes first.
  std::optional<Seq> gap;
  for (const client::TimelineItem& item : room.items) {
    if (const auto* missing = std::get_if<client::HistoryGapView>(&item)) gap = missing->before;
  }
  ui.emit([gap](client::Client& c, Now n) {
    if (gap)
      c.load_gap(n, *gap);
    else
      c.load_older(n);
  });
}

}  // namespace

void open_find(Scene& scene) {
  FindState& find = scene.state.find;
  if (!find.open) find = FindState{};
  find.open = true;
  find.fresh = true;
  find.room = scene.app.room->room_id;
  scene.ui.mark_dirty();
}

void close_find(Scene& scene) {
  scene.state.find = FindState{};
  // On a phone that would open the keyboard.
  if (scene.phone)
    scene.ui.blur();
  else
    scene.state.focus_composer = true;
  scene.ui.mark_dirty();
}

bool find_has_focus(const Scene& scene) {
  const Id focused = scene.ui.focused();
  if (!scene.state.find.open || focused == 0) return false;
  for (const std::string_view part : {"field", "older", "everywhere", "previous", "next", "close"}) {
    if (focused == child_id(kFind, part)) return true;
  }
  return false;
}

bool find_key(Scene& scene, const KeyEvent& event) {
  const Modifiers& m = event.modifiers;
  if (!scene.state.find.open || scene.ui.focused() != kField || m.control || m.alt) return false;
  const bool up = event.key == Key::kUp && !m.shift, down = event.key == Key::kDown && !m.shift;
  if (event.key != Key::kEnter && !up && !down) return false;
  update(scene);  // the field may have changed since the last frame
  step(scene, down || (event.key == Key::kEnter && m.shift) ? 1 : -1);
  return true;
}

std::span<const FindMatch> find_matches_in(const AppState& state, Id row) {
  const auto found = state.find.rows.find(row);
  if (!state.find.open || found == state.find.rows.end()) return {};
  return std::span(state.find.matches).subspan(found->second.first, found->second.second);
}

const FindMatch* current_match(const AppState& state) {
  const FindState& find = state.find;
  return find.open && find.current < find.matches.size() ? &find.matches[find.current] : nullptr;
}

float draw_find_bar(Scene& scene, const Rect& area) {
  FindState& find = scene.state.find;
  if (!find.open) return 0;
  if (find.room != scene.app.room->room_id) {
    find = FindState{};
    return 0;
  }
  Ui& ui = scene.ui;
  const Palette& p = scene.colors();
  if (find.fresh) {
    FieldState& field = ui.field(kField, kFieldOptions);
    if (find.query.empty()) field.model.set_text({});
    field.model.select_all();
    ui.focus(kField);
  }
  update(scene);
  find.fresh = false;
  const bool incomplete = is_incomplete(*scene.app.room);
  const float height = row_height(scene) + (incomplete ? note_height(scene) : 0);
  const Rect bar{area.x, area.y, area.w, height};
  ui.open_node(kFind, SemanticRole::kSearch, bar, "Find in room");
  ui.canvas.fill(bar, p.sidebar);
  Rect rest = bar.inset(scene.phone ? space::k2 : space::k5, 0);
  Rect row = rest.take_top(row_height(scene));
  const float side = ui.theme.control(scene.phone ? 40 : 34);
  const auto square = [&](Rect strip) {
    return Rect{strip.x, strip.centre().y - side / 2, side, side};
  };
  const Rect close = square(row.take_right(side));
  const Rect next = square(row.take_right(side));
  const Rect previous = square(row.take_right(side));
  // A phone has no room for it; its list of rooms has the same search.
  const Rect everywhere = scene.phone ? Rect{} : square(row.take_right(side));
  row.take_right(space::k2);

  const std::string count = count_words(find);
  const Font font{Face::kMedium, scene.size(type::kSmall)};
  if (!count.empty()) {
    const Rect place = row.take_right(ui.canvas.label_width(count, font) + 1);
    const bool none = find.matches.empty();
    text_line(ui, place, count, {Face::kMedium, type::kSmall, none ? p.danger_text : p.text_muted});
    row.take_right(space::k3);
  }
  TextFieldLook look;
  look.role = SemanticRole::kSearchBox;
  look.label = "Find in room";
  look.placeholder = "Find in room";
  look.options = kFieldOptions;
  look.has_icon = true;
  const float slack = row.h - ui.theme.control(36);
  FieldState& field = text_field(ui, kField, row.inset(0, slack / 2), look);
  if (take_changed(field)) ui.request_frame();
  if (take_submitted(field)) step(scene, -1);
  ui.node(child_id(kFind, "count"), SemanticRole::kStatus, row,
          find.matches.empty() ? count : count + " matches");
  const bool none = find.matches.empty();
  if (!scene.phone && icon_button(ui, child_id(kFind, "everywhere"), everywhere,
                                  {.icon = Icon::kGlobe, .label = "Search all rooms"}))
    open_message_search(scene, find.query);
  if (icon_button(ui, child_id(kFind, "previous"), previous,
                  {.icon = Icon::kArrowUp, .label = "Previous match", .disabled = none}))
    step(scene, -1);
  if (icon_button(ui, child_id(kFind, "next"), next,
                  {.icon = Icon::kArrowDown, .label = "Next match", .disabled = none}))
    step(scene, 1);
  const bool done = icon_button(ui, child_id(kFind, "close"), close,
                                {.icon = Icon::kClose, .label = "Close the search"});
  if (incomplete) draw_note(scene, rest);
  divider(ui, bar.x, bar.bottom() - 1, bar.w);
  ui.close_node();
  if (done) close_find(scene);
  return height;
}

}  // namespace parley::ui
