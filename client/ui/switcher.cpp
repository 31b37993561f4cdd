// The quick switcher: find a room by typing parts of its name.
#include <algorithm>

#include "client/ui/format.hpp"
#include "client/ui/views.hpp"

namespace parley::ui {
namespace {

const Id kSwitcher = child_id(18, "switcher");

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Letters of the query in order; starts of words and neighbours count more. -1: no match.
int match(std::string_view name, std::string_view query) {
  int score = 0;
  std::size_t at = 0;
  bool joined = false;
  for (const char wanted : query) {
    if (wanted == ' ') continue;
    const std::size_t from = at;
    while (at < name.size() && lower(name[at]) != lower(wanted)) ++at;
    if (at == name.size()) return -1;
    const bool word_start = at == 0 || name[at - 1] == ' ' || name[at - 1] == '-';
    score += 1 + (word_start ? 6 : 0) + (joined && at == from ? 4 : 0);
    joined = true;
    ++at;
  }
  return score * 16 - static_cast<int>(std::min<std::size_t>(name.size(), 15));
}

std::vector<const client::RoomItemView*> found_rooms(const Scene& scene, std::string_view query) {
  std::vector<std::pair<int, const client::RoomItemView*>> scored;
  for (const client::RoomItemView& room : scene.app.rooms) {
    const int score = match(room.name, query);
    if (score >= 0 || query.empty()) scored.emplace_back(query.empty() ? 0 : score, &room);
  }
  std::stable_sort(scored.begin(), scored.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<const client::RoomItemView*> rooms;
  for (const auto& [score, room] : scored) {
    rooms.push_back(room);
    if (rooms.size() == 50) break;
  }
  return rooms;
}

void close(Scene& scene) {
  scene.state.dialog = DialogKind::kNone;
  scene.ui.blur_layer();
  scene.ui.request_frame();
}

void open_room(Scene& scene, RoomId room) {
  scene.ui.emit([room](client::Client& c, Now n) { c.open_room(n, room); });
  scene.state.page = Page::kTimeline;
  close(scene);
  scene.state.focus_composer = !scene.phone;
}

}  // namespace

void draw_switcher(Scene& scene) {
  Ui& ui = scene.ui;
  const Palette& p = scene.colors();
  AppState& state = scene.state;
  if (ui.backdrop(child_id(kSwitcher, "backdrop"))) return close(scene);
  ui.canvas.fill({0, 0, ui.surface.width, ui.surface.height}, p.scrim);
  const float width = std::min(ui.theme.control(520), ui.screen.w - 2 * space::k3);
  const float row = ui.theme.control(48);
  const float head = ui.theme.control(54);
  const Id field_id = child_id(kSwitcher, "query");
  const FieldOptions options{.max_bytes = wire::kMaxQueryBytes};
  if (state.dialog_fresh) {
    ui.field(field_id, options).model.set_text({});
    ui.focus(field_id);
    state.switcher_index = 0;
    state.scrolls[kSwitcher] = 0;
  }
  const std::string query = ui.field(field_id, options).model.text();
  const auto rooms = found_rooms(scene, query);
  const float most = std::min(ui.screen.h - 2 * space::k6 - head, row * 8 + space::k2);
  const float list = rooms.empty()
                         ? row * 1.6f
                         : std::min(most, row * static_cast<float>(rooms.size()) + space::k2);
  const float top = scene.phone ? ui.screen.y + space::k3
                                : ui.screen.y + std::max(space::k6, ui.screen.h * 0.16f);
  const Rect panel{ui.screen.x + (ui.screen.w - width) / 2,
                   std::min(top, ui.screen.bottom() - head - list - space::k3), width, head + list};
  ui.canvas.shadow(panel, radius::kDialog, 28, p.shadow, ui.theme.dark ? 0.9f : 0.4f);
  ui.canvas.fill(panel, p.raised, radius::kDialog);
  ui.canvas.stroke(panel, p.border, radius::kDialog);
  ui.open_node(kSwitcher, SemanticRole::kDialog, panel, "Go to a room");
  ui.interact({.id = child_id(kSwitcher, "panel"),
               .rect = panel,
               .focusable = false,
               .semantic = false,
               .cursor = CursorShape::kArrow});

  Rect rest = panel;
  Rect bar = rest.take_top(head);
  TextFieldLook look;
  look.role = SemanticRole::kSearchBox;
  look.label = "Find a room";
  look.placeholder = "Find a room";
  look.options = options;
  look.framed = false;
  look.has_icon = true;
  FieldState& field = text_field(ui, field_id, bar.inset(space::k4, 0), look);
  if (take_changed(field)) {
    state.switcher_index = 0;
    state.scrolls[kSwitcher] = 0;
    ui.request_frame();
  }
  divider(ui, panel.x, bar.bottom(), panel.w);
  state.switcher_index =
      std::clamp(state.switcher_index, 0, std::max(0, static_cast<int>(rooms.size()) - 1));
  const bool go = take_submitted(field);
  if (rooms.empty()) {
    text_centred(ui, rest, "No room of yours has that name", {Face::kRegular, 14, p.text_muted});
    ui.node(child_id(kSwitcher, "none"), SemanticRole::kStatus, rest,
            "No room of yours has that name");
  }
  const Rect area = rest.inset(0, space::k1);
  const float content = row * static_cast<float>(rooms.size());
  const float chosen_top = row * static_cast<float>(state.switcher_index);
  float& offset = state.scrolls[kSwitcher];
  offset = std::clamp(offset, chosen_top + row - area.h, std::max(chosen_top, 0.0f));
  const ScrollArea scroll{child_id(kSwitcher, "scroll"), area, &offset};
  ui.open_node(child_id(kSwitcher, "list"), SemanticRole::kListBox, area, "Rooms");
  float y = begin_scroll(ui, scroll, content);
  for (std::size_t i = 0; i < rooms.size(); ++i, y += row) {
    const client::RoomItemView& room = *rooms[i];
    const Rect place{area.x + space::k2, y, area.w - 2 * space::k2, row};
    if (!ui.canvas.visible(place)) continue;
    const Id id = child_id(child_id(kSwitcher, "room"), std::hash<RoomId>{}(room.room_id));
    const bool on = static_cast<int>(i) == state.switcher_index;
    const Response use = ui.interact({.id = id,
                                      .rect = place,
                                      .role = SemanticRole::kOption,
                                      .label = room.name,
                                      .focusable = false});
    ui.last_node().selectable = true;
    ui.last_node().selected = on;
    ui.canvas.fill(place, on ? p.selected : p.hover.with_alpha(use.hovered ? 1.0f : 0.0f),
                   radius::kMedium);
    Rect inside = place.inset(space::k2, 0);
    const float side = ui.theme.control(32);
    room_picture(ui, inside.take_left(side).centre(), side, room.room_id, room.direct_with,
                 room.name);
    inside.take_left(space::k3);
    if (room.unread > 0)
      inside.take_right(
          count_badge(ui, {inside.right(), inside.centre().y}, room.unread, room.mentions > 0) +
          space::k2);
    text_line(ui, inside, room.name, {Face::kMedium, type::kBody, p.text});
    if (use.clicked || (go && on)) open_room(scene, room.room_id);
  }
  end_scroll(ui, scroll, content);
  ui.close_node();
  ui.close_node();
}

bool switcher_key(Scene& scene, const KeyEvent& event) {
  if (event.key == Key::kUp)
    --scene.state.switcher_index;
  else if (event.key == Key::kDown)
    ++scene.state.switcher_index;
  else
    return false;
  scene.state.switcher_index = std::max(0, scene.state.switcher_index);
  scene.ui.mark_dirty();
  return true;
}

}  // namespace parley::ui
