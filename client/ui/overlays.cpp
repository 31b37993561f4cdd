// What floats above the columns: menus, confirmations, toasts, tooltips.
#include <algorithm>

#include "client/ui/views.hpp"

namespace parley::ui {
namespace {

const Id kMenu = child_id(6, "menu");
const Id kConfirm = child_id(6, "confirm");
const Id kToasts = child_id(6, "toasts");
constexpr std::string_view kQuickReactions[] = {"\xf0\x9f\x91\x8d", "\xe2\x9d\xa4\xef\xb8\x8f",
                                                "\xf0\x9f\x98\x82", "\xf0\x9f\x8e\x89",
                                                "\xf0\x9f\x98\xae", "\xf0\x9f\x99\x8f"};
constexpr std::int64_t kToastMs = 5000;

void close_menu(Scene& scene) {
  const Id owner = scene.state.menu ? scene.state.menu->owner : 0;
  scene.state.menu.reset();
  if (scene.ui.focus_visible()) scene.ui.focus(owner, true);
  scene.ui.request_frame();
}

Rect kept_on_screen(Rect rect, const Rect& screen, float margin) {
  rect.x = std::clamp(rect.x, screen.x + margin,
                      std::max(screen.x + margin, screen.right() - rect.w - margin));
  rect.y = std::clamp(rect.y, screen.y + margin,
                      std::max(screen.y + margin, screen.bottom() - rect.h - margin));
  return rect;
}

bool draw_menu_item(Scene& scene, const MenuItem& item, Id id, const Rect& rect) {
  Ui& ui = scene.ui;
  const Palette& p = scene.colors();
  const Response use = ui.interact({.id = id,
                                    .rect = rect,
                                    .role = SemanticRole::kMenuItem,
                                    .label = item.label,
                                    .group = kMenu});
  if (use.hovered || use.focus_visible) ui.canvas.fill(rect, p.hover, radius::kSmall);
  const Color ink = item.danger ? p.danger_text : p.text;
  Rect inside = rect.inset(space::k2, 0);
  ui.canvas.icon(item.icon, inside.take_left(scene.size(22)).centre(), scene.size(18),
                 item.danger ? p.danger_text : p.text_muted);
  inside.take_left(space::k2);
  text_line(ui, inside, item.label, {Face::kRegular, type::kBody, ink});
  return use.clicked;
}

}  // namespace

void draw_menu(Scene& scene) {
  if (!scene.state.menu) return;
  Ui& ui = scene.ui;
  const Palette& p = scene.colors();
  Menu& menu = *scene.state.menu;
  const bool sheet = scene.phone;
  if (ui.backdrop(child_id(kMenu, "backdrop"))) return close_menu(scene);
  const float row = ui.theme.control(sheet ? 48 : 36);
  const Font font{Face::kRegular, scene.size(type::kBody)};
  float width = menu.react_to ? scene.size(270) : scene.size(190);
  for (const MenuItem& item : menu.items) {
    width = std::max(width,
                     ui.canvas.label_width(item.label, font) + scene.size(22) + 5 * space::k2 + 8);
  }
  const float quick = menu.react_to ? ui.theme.control(46) : 0;
  const float height = row * static_cast<float>(menu.items.size()) + quick + 2 * space::k1 + 2;
  Rect panel;
  if (sheet) {
    ui.canvas.fill({0, 0, ui.surface.width, ui.surface.height}, p.scrim);
    panel = {ui.screen.x, ui.screen.bottom() - height - space::k3, ui.screen.w, height + space::k3};
    ui.canvas.fill_corners(panel, p.raised, radius::kDialog, 3);
  } else {
    panel = kept_on_screen({menu.at.x, menu.at.y, width, height}, ui.screen, space::k2);
    ui.canvas.shadow(panel, radius::kLarge, 16, p.shadow, ui.theme.dark ? 0.9f : 0.4f);
    ui.canvas.fill(panel, p.raised, radius::kLarge);
    ui.canvas.stroke(panel, p.border, radius::kLarge);
  }
  ui.open_node(kMenu, SemanticRole::kMenu, panel, "Actions");
  ui.interact({.id = child_id(kMenu, "panel"),
               .rect = panel,
               .focusable = false,
               .semantic = false,
               .cursor = CursorShape::kArrow});
  Rect rest = panel.inset(space::k1 + 1, space::k1 + 1);
  std::function<void()> run;
  bool done = false;
  if (menu.react_to) {
    Rect line = rest.take_top(quick);
    const float side = std::min(line.w / 7, line.h);
    const float step = line.w / 7;
    for (const std::string_view emoji : kQuickReactions) {
      const Rect place = line.take_left(step);
      const Response use = ui.interact({.id = child_id(child_id(kMenu, "quick"), emoji),
                                        .rect = place,
                                        .role = SemanticRole::kMenuItem,
                                        .label = emoji,
                                        .group = kMenu});
      if (use.hovered || use.focus_visible) ui.canvas.circle(place.centre(), side / 2 - 2, p.hover);
      text_centred(ui, place, emoji, {Face::kRegular, 21, p.text});
      if (use.clicked) {
        ui.emit([seq = *menu.react_to, text = std::string(emoji)](client::Client& c, Now n) {
          c.toggle_reaction(n, seq, text);
        });
        done = true;
      }
    }
    if (icon_button(ui, child_id(kMenu, "more emoji"), line.inset(2),
                    {.icon = Icon::kPlus, .label = "More emoji"})) {
      run = [&scene, seq = *menu.react_to, panel] {
        open_emoji_for(scene, seq, {panel.x, panel.y, 1, 1});
      };
      done = true;
    }
  }
  for (std::size_t i = 0; i < menu.items.size(); ++i) {
    if (!draw_menu_item(scene, menu.items[i], child_id(kMenu, i), rest.take_top(row))) continue;
    run = menu.items[i].run;
    done = true;
  }
  ui.close_node();
  // Keyboard users land on the first item.
  if (ui.focused() == menu.owner && ui.focus_visible()) ui.focus(child_id(kMenu, 0u), true);
  if (!done) return;
  close_menu(scene);
  if (run) run();
}

void draw_confirm(Scene& scene) {
  if (!scene.state.confirm) return;
  Ui& ui = scene.ui;
  const Confirm confirm = *scene.state.confirm;
  const TextLook body{Face::kRegular, type::kBody, scene.colors().text_muted};
  const float width = std::min(ui.theme.control(400), ui.screen.w - 32);
  const float text = text_wrapped_height(ui, width - 2 * space::k6, confirm.text, body);
  const float scale = ui.theme.control(1);
  bool open = true;
  Rect inside = begin_dialog(
      ui, kConfirm,
      {confirm.title, 400,
       (text + 2 * space::k5 + ui.theme.control(32) + space::k3 + space::k5 + button_height(ui)) /
           scale,
       true},
      open);
  text_wrapped(ui, inside.min(), inside.w, confirm.text, body);
  ui.node(child_id(kConfirm, "text"), SemanticRole::kText, {inside.x, inside.y, inside.w, text},
          confirm.text);
  Rect row = inside.take_bottom(button_height(ui));
  const ButtonLook yes{.style = ButtonStyle::kDanger, .label = confirm.action};
  const ButtonLook no{.label = "Cancel"};
  const Rect yes_place = row.take_right(button_width(ui, yes));
  row.take_right(space::k2);
  const Rect no_place = row.take_right(button_width(ui, no));
  const Id no_id = child_id(kConfirm, "no");
  if (button(ui, no_id, no_place, no)) open = false;
  if (button(ui, child_id(kConfirm, "yes"), yes_place, yes)) {
    open = false;
    if (confirm.run) confirm.run();
  }
  end_dialog(ui);
  if (!open) {
    scene.state.confirm.reset();
    if (scene.state.dialog == DialogKind::kNone) ui.blur_layer();
    ui.request_frame();
  }
}

void draw_toasts(Scene& scene) {
  Ui& ui = scene.ui;
  const Palette& p = scene.colors();
  auto& since = scene.state.toast_since;
  std::erase_if(since, [&](const auto& entry) {
    return std::none_of(scene.app.toasts.begin(), scene.app.toasts.end(),
                        [&](const auto& toast) { return toast.id == entry.first; });
  });
  const float width = std::min(ui.theme.control(360), ui.screen.w - 2 * space::k3);
  // Below the header and the connection banner, whose buttons stay free.
  const bool connected = scene.app.connection.state == client::LinkState::kConnected;
  float y = ui.screen.y + ui.theme.control(connected ? 60 : 100) + space::k2;
  for (const client::ToastView& toast : scene.app.toasts) {
    const MonoTime shown = since.try_emplace(toast.id, ui.now.mono).first->second;
    const Id id = child_id(kToasts, toast.id);
    const TextLook body{Face::kRegular, type::kSmall, p.text_muted};
    const float inner = width - space::k4 - ui.theme.control(30) - scene.size(34);
    const float title = ui.theme.line(14);
    const float text = toast.text.empty() ? 0 : text_wrapped_height(ui, inner, toast.text, body, 3);
    const float height = std::max(ui.theme.control(44), title + text + 2 * space::k3);
    const float k = ui.animate(child_id(id, "in"), 1, 160);
    const Rect panel{scene.phone ? ui.screen.x + (ui.screen.w - width) / 2
                                 : ui.screen.right() - width - space::k4,
                     y - (1 - k) * 8, width, height};
    const Response use =
        ui.interact({.id = id,
                     .rect = panel,
                     .role = toast.room ? SemanticRole::kButton : SemanticRole::kGroup,
                     .label = toast.title + ". " + toast.text,
                     .focusable = toast.room.has_value(),
                     .cursor = toast.room ? CursorShape::kHand : CursorShape::kArrow});
    ui.canvas.shadow(panel, radius::kLarge, 18, p.shadow, ui.theme.dark ? 0.9f : 0.4f);
    ui.canvas.fill(panel, p.raised, radius::kLarge);
    ui.canvas.stroke(panel, p.border, radius::kLarge);
    Icon icon = Icon::kBell;
    Color ink = p.accent_text;
    if (toast.kind == client::ToastKind::kSuccess) icon = Icon::kCheck, ink = p.success_text;
    if (toast.kind == client::ToastKind::kError) icon = Icon::kWarning, ink = p.danger_text;
    if (toast.kind == client::ToastKind::kInfo && !toast.room) icon = Icon::kInfo;
    ui.canvas.icon(icon, {panel.x + scene.size(22), panel.y + space::k3 + title / 2},
                   scene.size(20), ink);
    const float left = panel.x + scene.size(22) + scene.size(18);
    text_line(ui, {left, panel.y + (height - title - text) / 2, inner, title}, toast.title,
              {Face::kMedium, 14, p.text});
    if (text > 0)
      text_wrapped(ui, {left, panel.y + (height - title - text) / 2 + title}, inner, toast.text,
                   body, 3);
    const float side = ui.theme.control(28);
    const bool closed =
        icon_button(ui, child_id(id, "close"),
                    {panel.right() - side - space::k2, panel.y + space::k2, side, side},
                    {.icon = Icon::kClose, .label = "Dismiss", .icon_size = 16});
    ui.node(child_id(id, "live"),
            toast.kind == client::ToastKind::kError ? SemanticRole::kAlert : SemanticRole::kStatus,
            panel, toast.title + ". " + toast.text);
    const std::int64_t age = (ui.now.mono - shown).ms;
    if (use.clicked && toast.room) {
      ui.emit([room = *toast.room](client::Client& c, Now n) { c.open_room(n, room); });
      scene.state.page = Page::kTimeline;
    }
    // Errors stay until they are read; what the pointer rests on stays as well.
    const bool leaves = toast.kind != client::ToastKind::kError && age >= kToastMs && !use.hovered;
    if (closed || (use.clicked && toast.room) || leaves) {
      ui.emit([toast_id = toast.id](client::Client& c, Now n) { c.dismiss_toast(n, toast_id); });
    } else if (toast.kind != client::ToastKind::kError) {
      ui.request_frame_in(Duration{std::max<std::int64_t>(50, kToastMs - age)});
    }
    y += height + space::k2;
  }
}

void draw_tooltip(Scene& scene) {
  Ui& ui = scene.ui;
  if (ui.tooltip_text.empty()) return;
  const Palette& p = scene.colors();
  const Color ground = p.text, ink = p.canvas;
  const TextBlock& block = ui.canvas.label(
      ui.tooltip_text, {Face::kMedium, scene.size(type::kCaption)}, ink, scene.size(300), 4);
  const Rect& anchor = ui.tooltip_anchor;
  Rect panel{anchor.centre().x - block.width() / 2 - 9, anchor.bottom() + 6, block.width() + 18,
             block.height() + 10};
  if (panel.bottom() > ui.screen.bottom() - 4) panel.y = anchor.y - panel.h - 6;
  panel = kept_on_screen(panel, ui.screen, 4);
  ui.canvas.fill(panel, ground, radius::kSmall);
  ui.canvas.text(block, {panel.x + 9, panel.y + 5});
}

}  // namespace parley::ui
