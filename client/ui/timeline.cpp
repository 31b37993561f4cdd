// The timeline: only the visible rows are laid out and drawn, whatever the room's length.
//
// The position is an item (the anchor) and where its top is; everything else is measured from
// there, so older messages put in above, and rows that change their height out of sight, move
// nothing that is read.
#include <algorithm>
#include <cmath>

#include "client/ui/format.hpp"
#include "client/ui/views.hpp"

namespace parley::ui {
namespace {

using client::MessageView;
using client::TimelineItem;

const Id kTimeline = child_id(3, "timeline");
constexpr std::size_t kKeepRows = 1500;
constexpr std::size_t kLoadAhead = 25;  // items above the first visible one

struct VisibleRow {
  std::size_t index = 0;
  Id key = 0;
  float y = 0;  // on the surface
  float height = 0;
};

const std::vector<TimelineItem>& items_of(const Scene& scene) { return scene.app.room->items; }

float row_height(Scene& scene, std::size_t index, float width) {
  const TimelineItem& item = items_of(scene)[index];
  return measure_row(scene, {item, row_key(item), width});
}

// Finds the anchor again after the items changed; falls back to the neighbourhood of its old index.
void follow_anchor(Scene& scene) {
  TimelineState& t = scene.state.timeline;
  const client::RoomView& room = *scene.app.room;
  if (t.items_revision == room.items_revision && t.item_count == room.items.size()) return;
  t.items_revision = room.items_revision;
  const std::size_t before = t.item_count;
  t.item_count = room.items.size();
  if (room.items.empty() || t.at_bottom) return;
  const std::size_t count = room.items.size();
  // Usual cases first: unmoved, or moved by what was put in above.
  const auto is_anchor = [&](std::size_t i) {
    return i < count && row_key(room.items[i]) == t.anchor;
  };
  const std::size_t grown = t.anchor_index + (count > before ? count - before : 0);
  for (const std::size_t guess : {t.anchor_index, grown}) {
    if (is_anchor(guess)) {
      t.anchor_index = guess;
      return;
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (is_anchor(i)) {
      t.anchor_index = i;
      return;
    }
  }
  t.anchor_index = std::min(grown, count - 1);
  t.anchor = row_key(room.items[t.anchor_index]);
}

void place_first_time(Scene& scene, const Rect& area) {
  TimelineState& t = scene.state.timeline;
  const auto& items = items_of(scene);
  if (t.placed || items.empty()) return;
  t.placed = true;
  t.at_bottom = true;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!std::holds_alternative<client::UnreadLineView>(items[i])) continue;
    // From the unread line on, if it does not all fit anyway.
    float below = 0;
    for (std::size_t k = i; k < items.size() && below < area.h; ++k)
      below += row_height(scene, k, area.w);
    if (below >= area.h * 0.75f) {
      t.at_bottom = false;
      t.anchor_index = i;
      t.anchor = row_key(items[i]);
      t.anchor_y = area.h * 0.2f;
    }
    return;
  }
}

Seq seq_of(const TimelineItem& item) {
  if (const auto* message = std::get_if<MessageView>(&item)) return message->seq;
  if (const auto* line = std::get_if<client::SystemLineView>(&item)) return line->seq;
  return {};
}

// Goes where the core says: to that message or, when it is none (a reaction, an edit), to the last
// one before it.
void take_jump(Scene& scene, const Rect& area) {
  TimelineState& t = scene.state.timeline;
  const client::RoomView& room = *scene.app.room;
  if (t.scroll_revision == room.scroll_revision) return;
  t.scroll_revision = room.scroll_revision;
  if (room.scroll_to.value == 0) return;
  std::size_t index = 0;
  for (std::size_t i = 0; i < room.items.size(); ++i) {
    const Seq seq = seq_of(room.items[i]);
    if (seq.value != 0 && seq <= room.scroll_to) index = i;
  }
  scene.ui.stop_scrolling(kTimeline);
  t.at_bottom = false;
  t.anchor_index = index;
  t.anchor = row_key(room.items[index]);
  t.anchor_y = area.h * 0.3f;
  if (seq_of(room.items[index]) != room.scroll_to) return;
  t.flash = t.anchor;
  t.flash_at = scene.ui.now.mono;
}

bool is_entry(const TimelineItem& item) {
  return std::holds_alternative<MessageView>(item) ||
         std::holds_alternative<client::SystemLineView>(item);
}

// The anchor for the next frame: the first visible row that neither goes away nor changes its
// height when messages are put in before it. Days and gaps do, and so does a message after one,
// which may join the group of what is put in.
const VisibleRow& steady_row(const std::vector<TimelineItem>& items,
                             const std::vector<VisibleRow>& rows) {
  const VisibleRow* entry = nullptr;
  for (const VisibleRow& row : rows) {
    if (!is_entry(items[row.index])) continue;
    if (row.index > 0 && is_entry(items[row.index - 1])) return row;
    if (!entry) entry = &row;
  }
  return entry ? *entry : rows.front();
}

// The rows on the screen, top to bottom, after applying limits at both ends.
std::vector<VisibleRow> visible_rows(Scene& scene, const Rect& area) {
  TimelineState& t = scene.state.timeline;
  const auto& items = items_of(scene);
  std::vector<VisibleRow> rows;
  if (items.empty()) return rows;
  const float bottom_gap = scene.size(space::k3);
  const auto count = items.size();

  const auto from_bottom = [&] {
    rows.clear();
    float y = area.h - bottom_gap;
    for (std::size_t i = count; i-- > 0 && y > 0;) {
      const float height = row_height(scene, i, area.w);
      y -= height;
      rows.push_back({i, row_key(items[i]), y, height});
    }
    std::reverse(rows.begin(), rows.end());
    // Few messages start at the bottom, above the composer, as in other messengers.
    t.at_bottom = true;
  };
  const auto from_anchor = [&] {
    rows.clear();
    std::size_t first = std::min(t.anchor_index, count - 1);
    float top = t.anchor_y;
    while (first > 0 && top > 0) top -= row_height(scene, --first, area.w);
    if (first == 0 && top > bottom_gap) top = bottom_gap;  // nothing above the first item
    float y = top;
    for (std::size_t i = first; i < count && y < area.h; ++i) {
      const float height = row_height(scene, i, area.w);
      if (y + height > 0) rows.push_back({i, row_key(items[i]), y, height});
      y += height;
    }
    if (rows.empty() || (rows.back().index + 1 == count && y <= area.h - bottom_gap + 0.5f))
      from_bottom();
  };

  if (t.at_bottom)
    from_bottom();
  else
    from_anchor();
  if (!rows.empty()) {
    const VisibleRow& anchor = steady_row(items, rows);
    t.anchor_index = anchor.index;
    t.anchor = anchor.key;
    t.anchor_y = anchor.y;
  }
  for (VisibleRow& row : rows) row.y = area.y + scene.ui.canvas.snap(row.y);
  return rows;
}

// Brings the current place of the search into view, unless it is there.
void reveal_match(Scene& scene, const Rect& area, std::vector<VisibleRow>& rows) {
  if (!std::exchange(scene.state.find.reveal, false)) return;
  TimelineState& t = scene.state.timeline;
  const auto& items = items_of(scene);
  const FindMatch* match = current_match(scene.state);
  const auto* message =
      match && match->item < items.size() ? std::get_if<MessageView>(&items[match->item]) : nullptr;
  if (!message) return;
  (void)row_height(scene, match->item, area.w);  // lays it out
  const RichText& text = t.rows[match->row].text;
  if (match->from.block >= text.blocks.size()) return;
  const RichBlock& block = text.blocks[match->from.block];
  const Rect caret = block.layout.caret(match->from.offset);
  const float inside = row_text_origin(scene, *message).y + block.at.y + caret.y;
  const float margin = scene.size(space::k4);
  for (const VisibleRow& row : rows) {
    if (row.index != match->item) continue;
    const float y = row.y + inside;
    if (y >= area.y + margin && y + caret.h <= area.bottom() - margin) return;
  }
  scene.ui.stop_scrolling(kTimeline);
  t.at_bottom = false;
  t.anchor_index = match->item;
  t.anchor = match->row;
  t.anchor_y = area.h * 0.35f - inside;
  rows = visible_rows(scene, area);
}

void apply_scroll(Scene& scene, float delta) {
  TimelineState& t = scene.state.timeline;
  if (delta == 0) return;
  t.at_bottom = false;
  t.anchor_y -= delta;
}

void mark_seen(Scene& scene, const std::vector<VisibleRow>& rows) {
  TimelineState& t = scene.state.timeline;
  if (!scene.state.window_focused) return;
  const auto& items = items_of(scene);
  Seq newest;
  for (const VisibleRow& row : rows) newest = std::max(newest, seq_of(items[row.index]));
  if (t.at_bottom && scene.app.room->synced) newest = std::max(newest, scene.app.room->head);
  if (newest <= t.last_seen) return;
  t.last_seen = newest;
  scene.ui.emit([newest](client::Client& c, Now n) { c.mark_seen(n, newest); });
}

// What is missing and comes into view is fetched: gaps from the side that the reader comes from,
// and older messages a little ahead.
void load_missing(Scene& scene, const std::vector<VisibleRow>& rows, const Rect& area) {
  const auto& items = items_of(scene);
  for (const VisibleRow& row : rows) {
    const auto* gap = std::get_if<client::HistoryGapView>(&items[row.index]);
    if (!gap) continue;
    const bool from_above = row.y + row.height / 2 > area.centre().y;
    scene.ui.emit([before = gap->before, from_above](client::Client& c, Now n) {
      c.load_gap(n, before, from_above);
    });
    return;
  }
  if (rows.front().index < kLoadAhead && !scene.app.room->at_start) {
    scene.ui.emit([](client::Client& c, Now n) { c.load_older(n); });
  }
}

// ---- selection --------------------------------------------------------------------------------

std::size_t index_of_row(const Scene& scene, Id key) {
  const auto& items = items_of(scene);
  for (std::size_t i = items.size(); i-- > 0;) {
    if (row_key(items[i]) == key) return i;
  }
  return items.size();
}

struct OrderedSelection {
  bool any = false;
  std::size_t first = 0, last = 0;
  SelectionEnd from, to;
};

OrderedSelection ordered_selection(const Scene& scene) {
  const TimelineState& t = scene.state.timeline;
  OrderedSelection out;
  if (t.anchor_end.row == 0 || t.caret_end.row == 0 || !scene.app.room) return out;
  std::size_t a = index_of_row(scene, t.anchor_end.row), b = index_of_row(scene, t.caret_end.row);
  const std::size_t count = items_of(scene).size();
  if (a == count || b == count) return out;
  out.from = t.anchor_end;
  out.to = t.caret_end;
  if (b < a || (a == b && out.to.place < out.from.place)) {
    std::swap(a, b);
    std::swap(out.from, out.to);
  }
  out.first = a;
  out.last = b;
  out.any = a != b || out.from.place < out.to.place;
  return out;
}

SelectionEnd end_at(Scene& scene, const std::vector<VisibleRow>& rows, const Rect& area, Vec2 at) {
  SelectionEnd end;
  const auto& items = items_of(scene);
  for (const VisibleRow& row : rows) {
    const auto* message = std::get_if<MessageView>(&items[row.index]);
    if (!message) continue;
    if (end.row != 0 && at.y < row.y) break;
    const Vec2 origin = row_text_origin(scene, *message);
    end.row = row.key;
    end.place = hit_rich_text(scene.state.timeline.rows[row.key].text,
                              {at.x - area.x - origin.x, at.y - row.y - origin.y});
  }
  return end;
}

void widen(Scene& scene, SelectionEnd& from, SelectionEnd& to, int unit) {
  if (unit == 1) return;
  for (SelectionEnd* end : {&from, &to}) {
    const auto found = scene.state.timeline.rows.find(end->row);
    if (found == scene.state.timeline.rows.end() ||
        found->second.text.blocks.size() <= end->place.block)
      continue;
    const std::string& text = found->second.text.blocks[end->place.block].text;
    const ByteRange range =
        unit == 2 ? word_at(text, end->place.offset) : ByteRange{0, text.size()};
    end->place.offset = end == &from ? range.begin : range.end;
  }
}

void select_text(Scene& scene, const std::vector<VisibleRow>& rows, const Rect& area) {
  Ui& ui = scene.ui;
  TimelineState& t = scene.state.timeline;
  const Id id = child_id(kTimeline, "surface");
  const Response use = ui.interact({.id = id,
                                    .rect = area,
                                    .focusable = false,
                                    .semantic = false,
                                    .cursor = CursorShape::kArrow});
  if (use.hovered || t.selecting) {  // over the text of a message: the text cursor
    for (const VisibleRow& row : rows) {
      const auto* message = std::get_if<MessageView>(&items_of(scene)[row.index]);
      if (!message) continue;
      const Vec2 origin = row_text_origin(scene, *message);
      const RichText& text = t.rows[row.key].text;
      const Rect ink{area.x + origin.x, row.y + origin.y, text.width, text.height};
      if (ink.contains(ui.pointer())) ui.set_cursor(CursorShape::kText);
    }
  }
  if (use.pressed && !use.touch) {
    const SelectionEnd end = end_at(scene, rows, area, use.at);
    if (use.shift && t.anchor_end.row != 0) {
      t.caret_end = end;
    } else {
      t.anchor_end = t.caret_end = end;
      t.select_unit = use.clicks;
      widen(scene, t.anchor_end, t.caret_end, t.select_unit);
    }
    t.selecting = true;
    if (ui.focused_field()) ui.blur();
  }
  if (t.selecting && !ui.pointer_down()) t.selecting = false;
  if (t.selecting && ui.is_active(id)) {
    SelectionEnd end = end_at(scene, rows, area, ui.pointer());
    if (end.row != 0 && t.select_unit == 1) t.caret_end = end;
    if (end.row != 0 && t.select_unit > 1) {
      SelectionEnd start = end;
      widen(scene, start, end, t.select_unit);
      const OrderedSelection now = ordered_selection(scene);
      t.caret_end = now.from.row == end.row && end.place < now.from.place ? start : end;
    }
    // Dragging past an edge scrolls.
    const float over = ui.pointer().y < area.y          ? ui.pointer().y - area.y
                       : ui.pointer().y > area.bottom() ? ui.pointer().y - area.bottom()
                                                        : 0;
    if (over != 0) {
      apply_scroll(scene, std::clamp(over * 0.3f, -24.0f, 24.0f));
      ui.request_frame();
    }
  }
}

void mark_selection(Scene& scene, const std::vector<VisibleRow>& rows) {
  const OrderedSelection selection = ordered_selection(scene);
  for (const VisibleRow& row : rows) {
    const auto found = scene.state.timeline.rows.find(row.key);
    if (found == scene.state.timeline.rows.end()) continue;
    RowLayout& layout = found->second;
    layout.select_from = layout.select_to = {};
    if (!selection.any || row.index < selection.first || row.index > selection.last) continue;
    layout.select_from = row.index == selection.first ? selection.from.place : TextPlace{};
    layout.select_to = row.index == selection.last ? selection.to.place : end_of(layout.text);
    if (row.index < selection.last) ++layout.select_to.offset;
  }
}

// ---- furniture --------------------------------------------------------------------------------

void draw_jump_button(Scene& scene, const Rect& area) {
  TimelineState& t = scene.state.timeline;
  Ui& ui = scene.ui;
  const Palette& p = scene.colors();
  if (t.at_bottom) {
    t.newest = scene.app.room->head;
    return;
  }
  std::uint32_t fresh = 0;
  const auto& items = items_of(scene);
  for (std::size_t i = items.size(); i-- > 0;) {
    const auto* message = std::get_if<MessageView>(&items[i]);
    if (!message) continue;
    if (message->seq.value != 0 && message->seq <= t.newest) break;
    if (!message->mine && ++fresh > 99) break;
  }
  const float side = ui.theme.control(40);
  const Rect place{area.right() - side - space::k5, area.bottom() - side - space::k3, side, side};
  const std::string label =
      fresh == 0 ? std::string("Jump to the newest message")
                 : "Jump to the newest message, " + counted(fresh, "new message", "new messages");
  const Response use =
      ui.interact({.id = child_id(kTimeline, "jump"), .rect = place, .label = label});
  ui.canvas.shadow(place, side / 2, 8, p.shadow, ui.theme.dark ? 0.8f : 0.4f);
  ui.canvas.circle(place.centre(), side / 2, use.hovered ? p.hover : p.raised);
  ui.canvas.ring(place.centre(), side / 2 - 0.5f, p.border, 1);
  ui.canvas.icon(Icon::kArrowDown, place.centre(), ui.theme.control(20), p.text);
  if (fresh > 0) {
    const float width = scene.size(fresh > 99 ? 30.0f : fresh > 9 ? 24.0f : 19.0f);
    count_badge(ui, {place.centre().x + width / 2, place.y}, fresh, true);
  }
  if (use.focus_visible) ui.draw_focus_ring(place, side / 2);
  if (use.clicked) scroll_timeline_to_end(scene, true);
}

void draw_position_bar(Scene& scene, const std::vector<VisibleRow>& rows, const Rect& area) {
  // Heights of rows out of sight are unknown: the bar counts in items of average height.
  TimelineState& t = scene.state.timeline;
  if (rows.empty() || rows.size() == items_of(scene).size()) return;
  const float mean = area.h / static_cast<float>(rows.size());
  const float content = mean * static_cast<float>(items_of(scene).size());
  const float part =
      std::clamp((area.y - rows.front().y) / std::max(1.0f, rows.front().height), 0.0f, 1.0f);
  const float range = content - area.h;
  float offset =
      t.at_bottom ? range : std::min(range, mean * (static_cast<float>(rows.front().index) + part));
  const float moved = scene.ui.scrollbar(kTimeline, area, content, offset);
  if (moved == offset) return;
  const float place = moved / mean;
  const auto count = items_of(scene).size();
  t.at_bottom = moved >= range - 1;
  t.anchor_index = std::min(static_cast<std::size_t>(place), count - 1);
  t.anchor = row_key(items_of(scene)[t.anchor_index]);
  t.anchor_y = -(place - std::floor(place)) * row_height(scene, t.anchor_index, area.w);
  scene.ui.request_frame();
}

void reset_for_room(Scene& scene) {
  TimelineState& t = scene.state.timeline;
  if (t.room == scene.app.room->room_id) return;
  const std::uint64_t generation = t.style_generation;
  t = TimelineState{};
  t.room = scene.app.room->room_id;
  t.style_generation = generation;
}

}  // namespace

void draw_timeline(Scene& scene, const Rect& area) {
  Ui& ui = scene.ui;
  const client::RoomView& room = *scene.app.room;
  reset_for_room(scene);
  TimelineState& t = scene.state.timeline;
  ui.canvas.fill(area, scene.colors().canvas);
  SemanticNode& log = ui.open_node(kTimeline, SemanticRole::kLog, area, "Messages in " + room.name);
  log.can_scroll = true;
  log.busy = room.loading_older;
  const float delta = ui.scroll_region(kTimeline, area);

  if (room.items.empty()) {
    if (room.synced) {
      empty_state(ui, area, Icon::kChat, "This is the beginning of " + room.name,
                  "Say hello. Everyone who joins can read what is written here.");
    } else {
      spinner(ui, area.centre(), 28, scene.colors().text_muted);
      ui.node(child_id(kTimeline, "loading"), SemanticRole::kStatus, area, "Loading messages")
          .busy = true;
    }
    ui.close_node();
    return;
  }
  follow_anchor(scene);
  place_first_time(scene, area);
  take_jump(scene, area);
  apply_scroll(scene, delta);
  ui.canvas.push_clip(area);
  std::vector<VisibleRow> rows = visible_rows(scene, area);
  reveal_match(scene, area, rows);
  if (t.at_bottom || rows.front().index == 0) {
    const bool up = delta < 0, ends = t.at_bottom ? !up : up;
    if (delta != 0 && ends) ui.stop_scrolling(kTimeline);
  }
  select_text(scene, rows, area);
  mark_selection(scene, rows);
  for (const VisibleRow& row : rows) {
    draw_row(scene, {room.items[row.index], row.key, area.w}, area.x, row.y);
  }
  t.rows_drawn = rows.size();
  draw_position_bar(scene, rows, area);
  ui.canvas.pop_clip();
  ui.close_node();
  draw_jump_button(scene, area);

  mark_seen(scene, rows);
  if (!room.loading_older) load_missing(scene, rows, area);
  if (t.rows.size() > kKeepRows) {
    std::erase_if(t.rows, [&](const auto& entry) { return entry.second.used + 120 < ui.frame(); });
    if (t.rows.size() > 2 * kKeepRows) t.rows.clear();
  }
}

std::string selected_messages(const Scene& scene) {
  const OrderedSelection selection = ordered_selection(scene);
  std::string out;
  if (!selection.any) return out;
  const auto& items = items_of(scene);
  int messages = 0;
  std::string last_name;
  for (std::size_t i = selection.first; i <= selection.last; ++i) {
    const auto* message = std::get_if<MessageView>(&items[i]);
    if (!message) continue;
    // Rows between the ends may not be laid out at the moment; the width does not matter for
    // copying.
    RichText text = lay_out_rich_text(scene.ui.canvas.glyphs(), scene.ui.theme,
                                      message->deleted ? "" : message->content, {.width = 1e5f});
    const TextPlace from = i == selection.first ? selection.from.place : TextPlace{};
    const TextPlace to = i == selection.last ? selection.to.place : end_of(text);
    const std::string part = copy_rich_text(text, from, to);
    if (part.empty()) continue;
    if (selection.first != selection.last) {
      if (messages > 0) out += "\n";
      if (last_name != message->sender_name || message->starts_group) {
        if (messages > 0) out += "\n";
        out += message->sender_name + ", " + clock_time(scene.ui.platform, message->at) + "\n";
      }
      last_name = message->sender_name;
    }
    out += part;
    ++messages;
  }
  return out;
}

void clear_selection(AppState& state) {
  state.timeline.anchor_end = state.timeline.caret_end = {};
  state.timeline.selecting = false;
}

void scroll_timeline(Scene& scene, float pages) {
  apply_scroll(scene, pages * std::max(100.0f, scene.ui.screen.h - 220));
  scene.ui.mark_dirty();
}

void scroll_timeline_to_end(Scene& scene, bool newest) {
  TimelineState& t = scene.state.timeline;
  scene.ui.stop_scrolling(kTimeline);
  if (newest) {
    t.at_bottom = true;
  } else if (scene.app.room && !scene.app.room->items.empty()) {
    t.at_bottom = false;
    t.anchor_index = 0;
    t.anchor = row_key(scene.app.room->items.front());
    t.anchor_y = 0;
  }
  scene.ui.mark_dirty();
}

void jump_to_message(Scene& scene, Seq seq) {
  if (!scene.app.room) return;
  scene.ui.emit([room = scene.app.room->room_id, seq](client::Client& c, Now n) {
    c.open_room(n, room, seq);
  });
}

}  // namespace parley::ui
