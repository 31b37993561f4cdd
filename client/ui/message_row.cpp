// One row of the timeline: a message, a system line, a day, the unread line.
#include <algorithm>

#include "client/ui/format.hpp"
#include "client/ui/views.hpp"

namespace parley::ui {
namespace {

using client::MessageView;
using client::SendState;

constexpr const char* kDeletedText = "This message was deleted";

// There is something of it to answer, react to or copy.
bool readable(const MessageView& message) { return !message.deleted && message.unreadable.empty(); }
bool waits(const MessageView& message) {
  return message.mine && message.state == SendState::kSending && !message.waiting.empty();
}

// ---- measures ---------------------------------------------------------------------------------

float avatar_side(const Scene& scene) { return scene.ui.theme.control(scene.phone ? 34 : 38); }
float edge(const Scene& scene) { return scene.phone ? space::k3 : space::k6; }
float gutter(const Scene& scene) { return edge(scene) + avatar_side(scene) + space::k3; }
float tick_room(const Scene& scene) { return scene.size(30); }
float group_gap(const Scene& scene) { return scene.size(14); }
float follow_gap(const Scene& scene) { return scene.size(3); }
float header_height(const Scene& scene) { return scene.ui.theme.line(type::kBody); }
float reply_height(const Scene& scene) { return scene.ui.theme.line(type::kSmall) + space::k1 + 2; }
float chip_height(const Scene& scene) { return scene.ui.theme.control(26); }
float failure_height(const Scene& scene) { return scene.ui.theme.control(32); }
// Of the sign before what cannot be read.
float sign_room(const Scene& scene, const MessageView& message) {
  return message.deleted || message.unreadable.empty() ? 0 : scene.size(22);
}
// Running text gets hard to read in very long lines.
float text_width(const Scene& scene, float row_width) {
  return std::min(row_width - gutter(scene) - tick_room(scene) - edge(scene), scene.size(760));
}

float chip_width(Scene& scene, const client::ReactionView& reaction) {
  const Font font{Face::kMedium, scene.size(type::kCaption)};
  const Font emoji{Face::kRegular, scene.size(14)};
  return scene.ui.canvas.label_width(reaction.emoji, emoji) +
         scene.ui.canvas.label_width(std::to_string(reaction.count), font) + scene.size(24);
}

float reactions_height(Scene& scene, const MessageView& message, float width) {
  if (message.reactions.empty()) return 0;
  float x = 0;
  int rows = 1;
  for (const auto& reaction : message.reactions) {
    const float chip = chip_width(scene, reaction);
    if (x > 0 && x + chip > width) {
      ++rows;
      x = 0;
    }
    x += chip + space::k1;
  }
  return space::k1 + static_cast<float>(rows) * (chip_height(scene) + space::k1);
}

TextLook waiting_look(const Scene& scene) {
  return {Face::kRegular, type::kCaption, scene.colors().text_muted};
}
float waiting_height(Scene& scene, const MessageView& message, float width) {
  return text_wrapped_height(scene.ui, width - scene.size(18), message.waiting, waiting_look(scene),
                             2) +
         2;
}

// Everything the layout of the text depends on.
std::uint64_t fingerprint(const Scene& scene, const MessageView& message, float width,
                          bool spoilers) {
  std::uint64_t h = std::hash<std::string>{}(message.content);
  if (!message.unreadable.empty()) h ^= std::hash<std::string>{}(message.unreadable);
  const auto add = [&h](std::uint64_t v) { h = (h ^ v) * 0x9e3779b97f4a7c15ull + (h >> 31); };
  add(static_cast<std::uint64_t>(width * 4));
  add((message.edited ? 1u : 0u) | (message.deleted ? 2u : 0u) | (spoilers ? 4u : 0u));
  add(scene.state.timeline.style_generation);
  return h;
}

// What stands in place of a text.
RichText lay_out_note(Scene& scene, std::string_view words, float width) {
  StyledText styled;
  TextStyle style;
  style.font = {Face::kItalic, scene.size(14)};
  style.color = scene.colors().text_muted;
  styled.add(words, style);
  RichBlock block;
  block.text = styled.text;
  block.layout = TextBlock(scene.ui.canvas.glyphs(), styled, {width, 0, 1.42f});
  RichText note;
  note.height = block.layout.height();
  note.width = block.layout.width();
  note.blocks.push_back(std::move(block));
  return note;
}

RowLayout& layout_of(Scene& scene, const MessageView& message, Id key, float row_width) {
  RowLayout& layout = scene.state.timeline.rows[key];
  layout.used = scene.ui.frame();
  const float width = text_width(scene, row_width);
  const bool spoilers = scene.state.timeline.open_spoilers.contains(key);
  const std::uint64_t print = fingerprint(scene, message, width, spoilers);
  if (layout.fingerprint == print) return layout;
  layout.fingerprint = print;
  if (!readable(message)) {
    layout.text = lay_out_note(scene, message.deleted ? kDeletedText : message.unreadable,
                               width - sign_room(scene, message));
  } else {
    layout.text = lay_out_rich_text(scene.ui.canvas.glyphs(), scene.ui.theme, message.content,
                                    {width, message.edited ? "(edited)" : "", spoilers});
  }
  return layout;
}

float measure_message(Scene& scene, const MessageView& message, Id key, float width) {
  const RowLayout& layout = layout_of(scene, message, key, width);
  float height = message.starts_group ? group_gap(scene) + header_height(scene) : follow_gap(scene);
  if (message.reply) height += reply_height(scene);
  height += layout.text.height;
  if (!message.deleted) height += reactions_height(scene, message, text_width(scene, width));
  if (waits(message)) height += waiting_height(scene, message, text_width(scene, width));
  if (message.state == SendState::kFailed && message.mine) height += failure_height(scene);
  return height + follow_gap(scene);
}

// ---- parts ------------------------------------------------------------------------------------

std::string message_label(const Scene& scene, const MessageView& message) {
  std::string label = message.sender_name + ", " + clock_time(scene.ui.platform, message.at) + ": ";
  if (message.deleted) return label + kDeletedText;
  if (message.reply) {
    label += "in reply to " + message.reply->sender_name + ", \"" + message.reply->excerpt + "\": ";
  }
  label += readable(message) ? client::plain_excerpt(message.content, 2000) : message.unreadable;
  if (message.edited) label += " (edited)";
  if (message.mine) {
    switch (message.state) {
      case SendState::kSending:
        label += ". Sending" + (waits(message) ? ". " + message.waiting : std::string());
        break;
      case SendState::kSent:
        label += ". Sent";
        break;
      case SendState::kDelivered:
        label += ". Delivered";
        break;
      case SendState::kRead:
        label += ". Read";
        break;
      case SendState::kFailed:
        label += ". Not sent: " + message.failure;
        break;
    }
  }
  return label;
}

void draw_ticks(Scene& scene, const MessageView& message, Id key, Vec2 centre) {
  if (!message.mine || message.deleted) return;
  Ui& ui = scene.ui;
  const Palette& p = scene.colors();
  const float size = scene.size(16);
  Icon icon = Icon::kCheck;
  Color color = p.text_muted;
  std::string words = "Sent";
  switch (message.state) {
    case SendState::kSending:
      icon = Icon::kClock;
      words = "Sending";
      break;
    case SendState::kSent:
      break;
    case SendState::kDelivered:
      icon = Icon::kDoubleCheck;
      words = "Delivered";
      break;
    case SendState::kRead:
      icon = Icon::kDoubleCheck;
      color = p.accent_text;
      words = "Read";
      break;
    case SendState::kFailed:
      icon = Icon::kWarning;
      color = p.danger_text;
      words = "Not sent";
      break;
  }
  ui.canvas.icon(icon, centre, icon == Icon::kClock ? size * 0.9f : size, color);
  const Rect spot{centre.x - 11, centre.y - 10, 22, 20};
  const Response use = ui.interact({.id = child_id(key, "state"),
                                    .rect = spot,
                                    .focusable = false,
                                    .semantic = false,
                                    .cursor = CursorShape::kArrow});
  ui.tooltip(use, spot, words + ", " + full_moment(ui.platform, message.at));
}

void draw_reply(Scene& scene, const client::ReplyView& reply, Id key, Rect area) {
  Ui& ui = scene.ui;
  const Palette& p = scene.colors();
  const Rect box{area.x, area.y + 1, area.w, area.h - space::k1};
  const Response use = ui.interact({.id = child_id(key, "reply"),
                                    .rect = box,
                                    .label = "Go to the message replied to",
                                    .disabled = !reply.available});
  ui.canvas.fill({box.x, box.y + 2, 2.5f, box.h - 4}, p.accent, 1.25f);
  Rect inside = box;
  inside.take_left(space::k2 + 3);
  const Font font{Face::kMedium, scene.size(type::kSmall)};
  const float name = std::min(ui.canvas.label_width(reply.sender_name, font), inside.w * 0.4f);
  text_line(ui, inside.take_left(name + 1), reply.sender_name,
            {Face::kMedium, type::kSmall, p.accent_text});
  inside.take_left(space::k2);
  text_line(ui, inside, reply.excerpt,
            {reply.available ? Face::kRegular : Face::kItalic, type::kSmall,
             use.hovered ? p.text : p.text_muted});
  if (use.focus_visible) ui.draw_focus_ring(box, radius::kSmall);
  if (use.clicked) jump_to_message(scene, reply.seq);
}

void draw_reactions(Scene& scene, const MessageView& message, Id key, Vec2 at, float width) {
  Ui& ui = scene.ui;
  const Palette& p = scene.colors();
  const float height = chip_height(scene);
  float x = 0, y = space::k1 + 2;
  for (const auto& reaction : message.reactions) {
    const float chip = chip_width(scene, reaction);
    if (x > 0 && x + chip > width) {
      x = 0;
      y += height + space::k1;
    }
    const Rect box{at.x + x, at.y + y, chip, height};
    const std::string label = reaction.emoji + " " + std::to_string(reaction.count) +
                              (reaction.mine ? ", yours. " : ". ") + reaction.names;
    const Response use = ui.interact(
        {.id = child_id(child_id(key, "chip"), reaction.emoji), .rect = box, .label = label});
    ui.last_node().checkable = true;
    ui.last_node().checked = reaction.mine;
    const Color ground = reaction.mine ? p.accent_soft : p.code;
    ui.canvas.fill(box, use.hovered ? mix(ground, p.border_strong, 0.2f) : ground, height / 2);
    ui.canvas.stroke(box, reaction.mine ? p.accent.with_alpha(0.7f) : p.border, height / 2);
    Rect inside = box.inset(scene.size(8), 0);
    const float emoji = text_line(ui, inside, reaction.emoji, {Face::kRegular, 14, p.text});
    inside.take_left(emoji + scene.size(6));
    inside.w += 8;
    text_line(ui, inside, std::to_string(reaction.count),
              {Face::kMedium, type::kCaption, reaction.mine ? p.on_accent_soft : p.text_muted});
    if (use.focus_visible) ui.draw_focus_ring(box, height / 2);
    ui.tooltip(use, box, reaction.names);
    if (use.clicked) {
      ui.emit([seq = message.seq, emoji_text = reaction.emoji](client::Client& c, Now n) {
        c.toggle_reaction(n, seq, emoji_text);
      });
    }
    x += chip + space::k1;
  }
}

void draw_failure(Scene& scene, const MessageView& message, Id key, Rect area) {
  Ui& ui = scene.ui;
  const Palette& p = scene.colors();
  area.take_top(space::k1);
  const ButtonLook retry{.style = ButtonStyle::kGhost, .label = "Retry"};
  const ButtonLook discard{.style = ButtonStyle::kGhost, .label = "Discard"};
  const float height = area.h;
  ui.canvas.icon(Icon::kWarning, area.take_left(scene.size(18)).centre(), scene.size(15),
                 p.danger_text);
  area.take_left(space::k1);
  const std::string words = message.failure.empty() ? "Not sent." : message.failure;
  const float buttons = button_width(ui, retry) + button_width(ui, discard);
  const Font font{Face::kRegular, scene.size(type::kSmall)};
  const float text = std::min(ui.canvas.label_width(words, font), area.w - buttons - space::k2);
  text_line(ui, area.take_left(text + 1), words, {Face::kRegular, type::kSmall, p.danger_text});
  ui.node(child_id(key, "failure"), SemanticRole::kAlert, area, words);
  area.take_left(space::k1);
  const ClientId id = message.client_id;
  if (button(ui, child_id(key, "retry"), {area.x, area.y, button_width(ui, retry) - 12, height},
             retry)) {
    ui.emit([id](client::Client& c, Now n) { c.retry_message(n, id); });
  }
  area.take_left(button_width(ui, retry) - 8);
  if (button(ui, child_id(key, "discard"), {area.x, area.y, button_width(ui, discard) - 12, height},
             discard)) {
    ui.emit([id](client::Client& c, Now n) { c.discard_message(n, id); });
  }
}

void draw_actions(Scene& scene, const MessageView& message, Id key, const Rect& row) {
  Ui& ui = scene.ui;
  const Palette& p = scene.colors();
  struct Action {
    Icon icon;
    std::string_view label;
    bool shown;
  };
  const bool sent = message.seq.value != 0;
  const Action actions[] = {{Icon::kSmile, "React", sent && readable(message)},
                            {Icon::kReply, "Reply", sent && readable(message)},
                            {Icon::kPencil, "Edit", message.can_edit},
                            {Icon::kTrash, "Delete", message.can_delete && !message.can_edit},
                            {Icon::kMore, "More actions", true}};
  const float side = ui.theme.control(32);
  float count = 0;
  for (const Action& action : actions) count += action.shown ? 1.0f : 0.0f;
  const Rect bar{row.right() - edge(scene) - count * side - 4, row.y - side * 0.4f,
                 count * side + 4, side + 2};
  ui.canvas.shadow(bar, radius::kMedium, 6, p.shadow, ui.theme.dark ? 0.7f : 0.35f);
  ui.canvas.fill(bar, p.raised, radius::kMedium);
  ui.canvas.stroke(bar, p.border, radius::kMedium);
  ui.open_node(child_id(key, "actions"), SemanticRole::kToolbar, bar, "Message actions");
  ui.interact({.id = child_id(key, "bar"),
               .rect = bar,
               .focusable = false,
               .semantic = false,
               .cursor = CursorShape::kArrow});
  Rect rest = bar.inset(2, 1);
  const Seq seq = message.seq;
  for (const Action& action : actions) {
    if (!action.shown) continue;
    const Rect place = rest.take_left(side);
    const Id id = child_id(key, action.label);
    if (!icon_button(ui, id, place, {.icon = action.icon, .label = action.label, .icon_size = 18}))
      continue;
    scene.state.timeline.active_row = key;
    if (action.icon == Icon::kSmile) open_emoji_for(scene, seq, place);
    if (action.icon == Icon::kReply) {
      ui.emit([seq](client::Client& c, Now n) { c.start_reply(n, seq); });
      scene.state.focus_composer = true;
    }
    if (action.icon == Icon::kPencil) {
      ui.emit([seq](client::Client& c, Now n) { c.start_edit(n, seq); });
      scene.state.focus_composer = true;
    }
    if (action.icon == Icon::kTrash) ask_delete_message(scene, seq);
    if (action.icon == Icon::kMore)
      open_message_menu(scene, message, id, {place.x, place.bottom() + 4});
  }
  ui.close_node();
}

void use_links(Scene& scene, RichText& text, Id key, Vec2 origin) {
  Ui& ui = scene.ui;
  for (std::size_t i = 0; i < text.links.size(); ++i) {
    const RichText::Link& link = text.links[i];
    const Id id = child_id(child_id(key, "link"), i);
    bool first = true;
    for (const RichBlock& block : text.blocks) {
      for (const Rect& part : block.layout.link_rects(static_cast<std::int32_t>(i))) {
        const Rect place = part.moved(origin.x + block.at.x, origin.y + block.at.y);
        const bool spoiler = link.url.empty();
        const Response use =
            ui.interact({.id = id,
                         .rect = place,
                         .role = spoiler ? SemanticRole::kButton : SemanticRole::kLink,
                         .label = spoiler ? std::string_view("Show the hidden text")
                                          : std::string_view(link.url),
                         .focusable = first,
                         .semantic = first});
        if (first) ui.last_node().value = link.url;
        if (use.focus_visible) ui.draw_focus_ring(place, 3);
        if (first && use.clicked) {
          if (spoiler)
            scene.state.timeline.open_spoilers.insert(key);
          else
            ui.platform.open_link(link.url);
        }
        if (!spoiler) ui.tooltip(use, place, link.url);
        first = false;
      }
    }
  }
}

// Why it has not left yet, under the text; the clock is the message's own.
void draw_waiting(Scene& scene, const MessageView& message, Id key, const Rect& area) {
  Ui& ui = scene.ui;
  const float line = ui.theme.line(type::kCaption);
  ui.canvas.icon(Icon::kClock, {area.x + scene.size(7), area.y + line / 2}, scene.size(13),
                 scene.colors().text_muted);
  const float indent = scene.size(18);
  text_wrapped(ui, {area.x + indent, area.y}, area.w - indent, message.waiting, waiting_look(scene),
               2);
  ui.node(child_id(key, "waiting"), SemanticRole::kStatus, area, message.waiting);
}

void draw_message(Scene& scene, const MessageView& message, Id key, float width, float x, float y) {
  Ui& ui = scene.ui;
  const Palette& p = scene.colors();
  TimelineState& timeline = scene.state.timeline;
  RowLayout& layout = layout_of(scene, message, key, width);
  const Rect row{x, y, width, layout.height};
  const float gap = message.starts_group ? group_gap(scene) : follow_gap(scene);
  const Rect ground{x, y + gap - scene.size(3), width, layout.height - gap + scene.size(3)};

  ui.open_node(key, SemanticRole::kArticle, row, message_label(scene, message)).has_menu = true;
  const Id menu_id = child_id(key, "row");
  const Response use = ui.interact({.id = menu_id,
                                    .rect = ground,
                                    .label = "Message actions",
                                    .focusable = false,
                                    .semantic = false,
                                    .menu = true,
                                    .menu_only = true,
                                    .cursor = CursorShape::kArrow});
  const bool menu_here =
      scene.state.menu && scene.state.menu->owner == child_id(key, "More actions");
  const bool picker_here =
      scene.state.emoji && scene.state.emoji->react_to == message.seq && message.seq.value;
  const bool hovered =
      (ui.pointer_inside(ground) && !timeline.selecting) || menu_here || picker_here;
  if (message.mentions_me) {
    ui.canvas.fill(ground, p.warning_soft.with_alpha(ui.theme.dark ? 0.6f : 0.75f));
    ui.canvas.fill({ground.x, ground.y, 3, ground.h}, p.away);
  } else if (hovered) {
    ui.canvas.fill(ground, p.hover.with_alpha(0.55f));
  }
  if (timeline.flash == key) {
    const float age = static_cast<float>((ui.now.mono - timeline.flash_at).ms) / 1600;
    if (age < 1) {
      ui.canvas.fill(ground, p.accent_soft.with_alpha(ui.theme.reduced_motion ? 1 : 1 - age * age));
      ui.request_frame_in(Duration{ui.theme.reduced_motion ? 200 : 33});
    } else {
      timeline.flash = 0;
    }
  }

  float at = y + gap;
  const float left = x + gutter(scene);
  const float text = text_width(scene, width);
  if (message.starts_group) {
    const float side = avatar_side(scene);
    avatar(ui, {x + edge(scene) + side / 2, at + side / 2 + 1}, side, message.sender.uuid,
           message.sender_name);
    const Rect header{left, at, text, header_height(scene)};
    const std::string time = clock_time(ui.platform, message.at);
    const Font caption{Face::kRegular, scene.size(type::kCaption)};
    const float time_width = ui.canvas.label_width(time, caption);
    const float name = text_line(
        ui, {header.x, header.y, header.w - time_width - space::k3, header.h}, message.sender_name,
        {Face::kMedium, type::kBody, avatar_colors(p, message.sender.uuid).ink});
    text_line(ui, {header.x + name + space::k2, header.y + 1, time_width + 1, header.h}, time,
              {Face::kRegular, type::kCaption, p.text_muted});
    at += header.h;
  } else if (hovered) {
    const std::string time = clock_time(ui.platform, message.at);
    text_centred(ui,
                 {x + edge(scene) - space::k1, at, avatar_side(scene) + space::k2,
                  ui.theme.line(type::kBody)},
                 time, {Face::kRegular, 11, p.text_muted});
  }
  if (message.reply) {
    draw_reply(scene, *message.reply, key, {left, at, text, reply_height(scene)});
    at += reply_height(scene);
  }

  const float alpha = message.state == SendState::kSending && message.mine ? 0.7f : 1.0f;
  std::vector<TextMark> marks;
  const FindMatch* current = current_match(scene.state);
  for (const FindMatch& match : find_matches_in(scene.state, key)) {
    const bool shown = &match == current;
    marks.push_back({match.from, match.to, shown ? p.find_current : p.find,
                     shown ? p.away : p.away.with_alpha(0)});
  }
  const float indent = sign_room(scene, message);
  if (indent > 0) {
    const bool lost = message.unreadable_for_good;
    ui.canvas.icon(lost ? Icon::kWarning : Icon::kLock,
                   {left + scene.size(8), at + ui.theme.line(14) / 2}, scene.size(15),
                   lost ? p.away : p.text_muted);
  }
  draw_rich_text(ui.canvas, ui.theme, layout.text, {left + indent, at}, layout.select_from,
                 layout.select_to, alpha, marks);
  if (readable(message)) use_links(scene, layout.text, key, {left, at});
  const float last_line =
      at + std::max(layout.text.height, header_height(scene)) - ui.theme.line(type::kBody) / 2;
  draw_ticks(scene, message, key, {x + width - edge(scene) - scene.size(10), last_line});
  at += layout.text.height;
  if (!message.deleted && !message.reactions.empty()) {
    draw_reactions(scene, message, key, {left, at}, text);
    at += reactions_height(scene, message, text);
  }
  if (waits(message)) {
    const float below = waiting_height(scene, message, text);
    draw_waiting(scene, message, key, {left, at, text, below});
    at += below;
  }
  if (message.state == SendState::kFailed && message.mine) {
    draw_failure(scene, message, key,
                 {left, at, width - (left - x) - edge(scene), failure_height(scene)});
  }
  if (hovered && !ui.touch()) draw_actions(scene, message, key, ground);
  ui.close_node();
  if (use.menu) open_message_menu(scene, message, menu_id, use.at);
}

void draw_pill(Scene& scene, const Rect& area, std::string_view text, Color ink, Color ground) {
  const Font font{Face::kMedium, scene.size(type::kCaption)};
  const float width = scene.ui.canvas.label_width(text, font) + scene.size(22);
  const float height = scene.size(24);
  const Rect pill{area.centre().x - width / 2, area.centre().y - height / 2, width, height};
  scene.ui.canvas.fill(pill, ground, height / 2);
  text_centred(scene.ui, pill, text, {Face::kMedium, type::kCaption, ink});
}

}  // namespace

Id row_key(const client::TimelineItem& item) {
  struct Visitor {
    Id operator()(const MessageView& m) const {
      if (!m.client_id.is_nil()) return child_id(11, std::hash<ClientId>{}(m.client_id));
      return child_id(12, m.seq.value);
    }
    Id operator()(const client::SystemLineView& s) const { return child_id(13, s.seq.value); }
    Id operator()(const client::DayView& d) const {
      return child_id(14, static_cast<std::uint64_t>(d.at.ms / 3'600'000));
    }
    Id operator()(const client::UnreadLineView&) const { return child_id(15, 0u); }
    Id operator()(const client::HistoryGapView& g) const { return child_id(16, g.before.value); }
  };
  return std::visit(Visitor{}, item);
}

Vec2 row_text_origin(const Scene& scene, const MessageView& message) {
  float y = message.starts_group ? group_gap(scene) + header_height(scene) : follow_gap(scene);
  if (message.reply) y += reply_height(scene);
  return {gutter(scene) + sign_room(scene, message), y};
}

namespace {

// One line where it fits, else a column in the middle that is easy to read.
float system_width(Scene& scene, const RowPlace& row, const std::string& text) {
  const float all = row.width - 2 * space::k8;
  const float line =
      scene.ui.canvas.label_width(text, {Face::kRegular, scene.size(type::kSmall)}) + 2;
  return line <= all ? all : std::min(all, scene.size(480));
}

}  // namespace

float measure_row(Scene& scene, const RowPlace& row) {
  struct Visitor {
    Scene& scene;
    const RowPlace& row;
    float operator()(const MessageView& m) const {
      return measure_message(scene, m, row.key, row.width);
    }
    float operator()(const client::SystemLineView& s) const {
      return text_wrapped_height(scene.ui, system_width(scene, row, s.text), s.text,
                                 {Face::kRegular, type::kSmall, scene.colors().text_muted}) +
             scene.size(12);
    }
    float operator()(const client::DayView&) const { return scene.size(48); }
    float operator()(const client::UnreadLineView&) const { return scene.size(34); }
    float operator()(const client::HistoryGapView&) const { return scene.size(52); }
  };
  const float height = std::visit(Visitor{scene, row}, row.item);
  if (std::holds_alternative<MessageView>(row.item))
    scene.state.timeline.rows[row.key].height = height;
  return height;
}

void draw_row(Scene& scene, const RowPlace& row, float x, float y) {
  struct Visitor {
    Scene& scene;
    const RowPlace& row;
    float x, y;
    void operator()(const MessageView& m) const {
      draw_message(scene, m, row.key, row.width, x, y);
    }
    void operator()(const client::SystemLineView& s) const {
      const TextLook look{Face::kRegular, type::kSmall, scene.colors().text_muted};
      const float width = system_width(scene, row, s.text);
      const float text = text_wrapped_height(scene.ui, width, s.text, look);
      const Rect area{x + (row.width - width) / 2, y, width, text + scene.size(12)};
      if (text > scene.ui.theme.line(type::kSmall) * 1.5f) {
        text_wrapped(scene.ui, {area.x, y + scene.size(6)}, width, s.text, look);
      } else {
        text_centred(scene.ui, area, s.text, look);
      }
      scene.ui.node(row.key, SemanticRole::kText, area, s.text);
    }
    void operator()(const client::DayView& d) const {
      const std::string text = day_name(scene.ui.platform, d.at, scene.ui.now.wall);
      const Rect area{x, y + scene.size(6), row.width, scene.size(42)};
      const float side = edge(scene);
      const Font font{Face::kMedium, scene.size(type::kCaption)};
      const float half = scene.ui.canvas.label_width(text, font) / 2 + space::k4;
      divider(scene.ui, x + side, area.centre().y, row.width / 2 - half - side);
      divider(scene.ui, x + row.width / 2 + half, area.centre().y, row.width / 2 - half - side);
      draw_pill(scene, area, text, scene.colors().text_muted, scene.colors().canvas);
      scene.ui.node(row.key, SemanticRole::kSeparator, area, text);
    }
    void operator()(const client::UnreadLineView&) const {
      const Rect area{x, y + scene.size(6), row.width, scene.size(26)};
      const Palette& p = scene.colors();
      scene.ui.canvas.fill({x + edge(scene), area.centre().y, row.width - 2 * edge(scene), 1},
                           p.accent);
      draw_pill(scene, area, "New messages", p.on_accent, p.accent);
      scene.ui.node(row.key, SemanticRole::kSeparator, area, "New messages");
    }
    void operator()(const client::HistoryGapView&) const {
      const Rect area{x, y, row.width, scene.size(52)};
      spinner(scene.ui, area.centre(), scene.size(20), scene.colors().text_muted);
      scene.ui.node(row.key, SemanticRole::kStatus, area, "Loading older messages").busy = true;
    }
  };
  std::visit(Visitor{scene, row, x, y}, row.item);
}

void ask_delete_message(Scene& scene, Seq seq) {
  Ui& ui = scene.ui;
  scene.state.confirm = Confirm{
      "Delete this message?", "It disappears for everyone in the room. This cannot be undone.",
      "Delete",
      [&ui, seq] { ui.emit([seq](client::Client& c, Now n) { c.delete_message(n, seq); }); }};
}

void open_message_menu(Scene& scene, const MessageView& message, Id owner, Vec2 at) {
  Ui& ui = scene.ui;
  AppState& state = scene.state;
  Menu menu{owner, at, {}, {}};
  const Seq seq = message.seq;
  const bool sent = seq.value != 0 && !message.deleted;
  if (sent && readable(message)) {
    menu.react_to = seq;
    menu.items.push_back({Icon::kReply, "Reply", false, [&ui, &state, seq] {
                            ui.emit([seq](client::Client& c, Now n) { c.start_reply(n, seq); });
                            state.focus_composer = true;
                          }});
  }
  if (message.can_edit) {
    menu.items.push_back({Icon::kPencil, "Edit", false, [&ui, &state, seq] {
                            ui.emit([seq](client::Client& c, Now n) { c.start_edit(n, seq); });
                            state.focus_composer = true;
                          }});
  }
  const std::string selected = selected_messages(scene);
  if (!selected.empty()) {
    menu.items.push_back({Icon::kCopy, "Copy selection", false,
                          [&ui, selected] { ui.platform.set_clipboard(selected); }});
  }
  if (readable(message)) {
    menu.items.push_back({Icon::kCopy, "Copy text", false,
                          [&ui, text = message.content] { ui.platform.set_clipboard(text); }});
  }
  if (sent && scene.app.room && !ui.platform.public_origin().empty()) {
    const std::string link = message_link(scene, scene.app.room->room_id, seq);
    menu.items.push_back(
        {Icon::kLink, "Copy link", false, [&ui, link] { ui.platform.set_clipboard(link); }});
  }
  if (message.mine && message.state == SendState::kFailed) {
    const ClientId id = message.client_id;
    menu.items.push_back({Icon::kRefresh, "Send again", false, [&ui, id] {
                            ui.emit([id](client::Client& c, Now n) { c.retry_message(n, id); });
                          }});
    menu.items.push_back({Icon::kTrash, "Discard", true, [&ui, id] {
                            ui.emit([id](client::Client& c, Now n) { c.discard_message(n, id); });
                          }});
  }
  if (message.can_delete) {
    menu.items.push_back(
        {Icon::kTrash, "Delete", true, [&ui, &state, seq] {
           state.confirm =
               Confirm{"Delete this message?",
                       "It disappears for everyone in the room. This cannot be undone.", "Delete",
                       [&ui, seq] {
                         ui.emit([seq](client::Client& c, Now n) { c.delete_message(n, seq); });
                       }};
         }});
  }
  if (!menu.items.empty()) state.menu = std::move(menu);
}

}  // namespace parley::ui
