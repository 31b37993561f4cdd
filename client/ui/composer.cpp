// The composer: reply and edit banner, the growing field, count, emoji and send.
#include <algorithm>

#include "client/ui/views.hpp"
#include "shared/base/utf8.hpp"

namespace parley::ui {
namespace {

const Id kComposer = child_id(4, "composer");
constexpr int kMaxLines = 8;
constexpr std::size_t kShowCountBelow = 200;

bool has_banner(const Scene& scene) {
  return scene.app.composer.editing.has_value() || scene.app.composer.replying.has_value();
}

FieldOptions field_options(const Scene& scene) {
  FieldOptions options;
  options.multi_line = true;
  options.enter_submits = scene.app.settings.enter_sends;
  options.reports_up = true;
  options.max_bytes = wire::kMaxContentBytes;
  return options;
}

float banner_height(const Scene& scene) { return scene.ui.theme.control(46); }
float side_padding(const Scene& scene) { return scene.phone ? space::k2 : space::k6; }
float control_side(const Scene& scene) { return scene.ui.theme.control(scene.phone ? 40 : 36); }
float field_padding(const Scene& scene) {
  return (control_side(scene) + 6 - scene.ui.theme.line(type::kBody)) / 2;
}

float field_width(const Scene& scene, float width) {
  return width - 2 * side_padding(scene) - 2 * control_side(scene) - space::k3 - space::k2 - 6;
}

// The core's draft goes into the field when the core changed it, or another room is open.
void take_over_draft(Scene& scene, FieldState& state) {
  AppState& ui_state = scene.state;
  const auto room = scene.app.room->room_id;
  if (ui_state.composer_reset == scene.app.composer.reset && ui_state.composer_room == room) return;
  ui_state.composer_reset = scene.app.composer.reset;
  ui_state.composer_room = room;
  if (state.model.text() != scene.app.composer.text) state.model.set_text(scene.app.composer.text);
  state.changed = state.submitted = false;
}

void draw_banner(Scene& scene, Rect area) {
  Ui& ui = scene.ui;
  const Palette& p = scene.colors();
  const auto& composer = scene.app.composer;
  const bool editing = composer.editing.has_value();
  ui.canvas.icon(editing ? Icon::kPencil : Icon::kReply, area.take_left(scene.size(34)).centre(),
                 scene.size(18), p.accent_text);
  const Rect close =
      area.take_right(control_side(scene)).inset(3, (area.h - control_side(scene)) / 2 + 3);
  const float first = ui.theme.line(type::kSmall), second = ui.theme.line(type::kSmall);
  area.take_right(space::k2);
  const Rect top{area.x, area.centre().y - (first + second) / 2, area.w, first};
  const std::string title = editing ? "Edit message" : "Reply to " + composer.replying->sender_name;
  const std::string excerpt =
      editing ? client::plain_excerpt(composer.editing->content, 200) : composer.replying->excerpt;
  text_line(ui, top, title, {Face::kMedium, type::kSmall, p.accent_text});
  text_line(ui, {top.x, top.bottom(), top.w, second}, excerpt,
            {Face::kRegular, type::kSmall, p.text_muted});
  ui.node(child_id(kComposer, "mode"), SemanticRole::kStatus, area, title + ": " + excerpt);
  if (icon_button(ui, child_id(kComposer, "cancel"), close,
                  {.icon = Icon::kClose,
                   .label = editing ? "Stop editing" : "Do not reply",
                   .icon_size = 18})) {
    ui.emit([](client::Client& c, Now n) { c.cancel_compose_mode(n); });
    scene.state.focus_composer = true;
  }
}

}  // namespace

Id composer_field_id() { return child_id(kComposer, "field"); }

bool settle_composer(Scene& scene) {
  Ui& ui = scene.ui;
  FieldState* state = ui.find_field(composer_field_id());
  if (!state) return false;
  take_over_draft(scene, *state);
  const bool changed = take_changed(*state);
  const bool sends = take_submitted(*state) && !is_blank(state->model.text());
  if (!changed && !sends) return false;
  ui.emit([sends, text = state->model.text()](client::Client& c, Now n) {
    c.set_draft(n, text);
    if (sends) c.send_draft(n);
  });
  if (sends) {
    scene.state.timeline.at_bottom = true;
    clear_selection(scene.state);
  }
  return sends;
}

float composer_height(Scene& scene, float width) {
  FieldState& state = scene.ui.field(composer_field_id(), field_options(scene));
  take_over_draft(scene, state);
  const float line = scene.ui.theme.line(type::kBody);
  const float text = text_field_height(scene.ui, composer_field_id(), field_options(scene),
                                       field_width(scene, width), line * kMaxLines);
  float height = text + 2 * field_padding(scene) + (scene.phone ? space::k2 : space::k4) + 2;
  if (has_banner(scene)) height += banner_height(scene);
  return height;
}

void draw_composer(Scene& scene, const Rect& area) {
  Ui& ui = scene.ui;
  const Palette& p = scene.colors();
  const auto& room = *scene.app.room;
  ui.open_node(kComposer, SemanticRole::kForm, area, "Write a message");
  ui.canvas.fill(area, p.canvas);
  Rect box = area.inset(side_padding(scene), 0);
  box.take_bottom(scene.phone ? space::k2 : space::k4);
  box.y += 1;
  box.h -= 1;
  const bool focused = ui.focused() == composer_field_id();
  const float rounding = radius::kLarge + 2;
  ui.canvas.fill(box, ui.theme.dark ? p.raised : p.sidebar, rounding);
  ui.canvas.stroke(box, focused ? p.accent.with_alpha(0.9f) : p.border, rounding,
                   focused ? 1.5f : 1.0f);
  Rect inside = box;
  if (has_banner(scene)) {
    const Rect banner = inside.take_top(banner_height(scene));
    draw_banner(scene, banner.inset(space::k1, 0));
    divider(ui, box.x + 1, banner.bottom(), box.w - 2);
  }

  const float side = control_side(scene);
  Rect right = inside.take_right(side + 3);
  const Rect send{right.x, inside.bottom() - side - 3, side, side};
  right = inside.take_right(side + 2);
  const Rect smile{right.x, inside.bottom() - side - 3, side, side};
  inside.take_left(space::k3);
  inside.take_right(space::k1);

  const float pad = field_padding(scene);
  TextFieldLook look;
  look.role = SemanticRole::kMultiLineTextBox;
  const std::string label = "Message " + room.name;
  look.label = label;
  look.placeholder = label;
  look.options = field_options(scene);
  look.framed = false;
  FieldState& state = text_field(ui, composer_field_id(), inside.inset(0, pad), look);
  if (std::exchange(state.pressed_up, false)) {
    ui.emit([](client::Client& c, Now n) { c.start_edit_last(n); });
  }
  if (scene.state.focus_composer) {
    scene.state.focus_composer = false;
    ui.focus(composer_field_id());
    ui.request_frame();
  }

  const std::size_t left = scene.app.composer.characters_left;
  if (left < kShowCountBelow && !state.model.text().empty()) {
    const std::string count = std::to_string(left);
    const Rect at{smile.x - scene.size(8), inside.y - 2, smile.w + scene.size(16), scene.size(20)};
    if (inside.h > side + 16) {
      text_centred(ui, at, count,
                   {Face::kMedium, type::kCaption, left < 20 ? p.danger_text : p.text_muted});
    } else {
      text_centred(ui, {smile.x - scene.size(34), smile.y, scene.size(34), smile.h}, count,
                   {Face::kMedium, type::kCaption, left < 20 ? p.danger_text : p.text_muted});
    }
    ui.node(child_id(kComposer, "count"), SemanticRole::kStatus, at, count + " characters left");
  }

  if (icon_button(ui, child_id(kComposer, "emoji"), smile,
                  {.icon = Icon::kSmile, .label = "Insert an emoji"})) {
    open_emoji_for(scene, std::nullopt, smile);
  }
  const bool can_send = !is_blank(state.model.text());
  const std::string_view send_label =
      scene.app.composer.editing ? "Save the changed message" : "Send";
  const bool clicked = icon_button(ui, child_id(kComposer, "send"), send.inset(1),
                                   {.icon = scene.app.composer.editing ? Icon::kCheck : Icon::kSend,
                                    .label = send_label,
                                    .disabled = !can_send,
                                    .accent = true,
                                    .icon_size = 19});
  if (clicked) {
    state.submitted = true;
    if (!ui.touch()) scene.state.focus_composer = true;
  }
  draw_mention_popup(scene, box);
  ui.close_node();
}

}  // namespace parley::ui
