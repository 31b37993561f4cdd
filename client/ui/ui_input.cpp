// Input of the toolkit: pointers, wheel, keys, text.
#include <algorithm>
#include <cmath>

#include "client/ui/ui.hpp"
#include "shared/base/utf8.hpp"

namespace parley::ui {
namespace {

constexpr std::int64_t kDoubleClickMs = 420;
constexpr std::int64_t kLongPressMs = 480;
constexpr float kClickSlop = 5;
constexpr float kTouchSlop = 9;

float distance(Vec2 a, Vec2 b) { return std::hypot(a.x - b.x, a.y - b.y); }

}  // namespace

// ---- pointer ----------------------------------------------------------------------------------

void Ui::handle_pointer(const PointerEvent& event) {
  dirty_ = true;
  switch (event.action) {
    case PointerAction::kMove:
      pointer_ = event.at;
      touch_ = event.kind == PointerKind::kTouch;
      if (pressed_) drag(event);
      return;
    case PointerAction::kDown:
      return press(event);
    case PointerAction::kUp:
      return release(event);
    case PointerAction::kCancel:
      pressed_ = false;
      active_ = touch_scroll_ = dragged_field_ = thumb_ = 0;
      return;
    case PointerAction::kLeave:
      if (!pressed_) pointer_ = {-1, -1};
      return;
  }
}

void Ui::press(const PointerEvent& event) {
  pointer_ = event.at;
  touch_ = event.kind == PointerKind::kTouch;
  if (event.button == PointerButton::kSecondary) {
    if (const Target* target = find_at(event.at, TargetKind::kItem, true)) {
      events_.push_back({target->id, Event::kMenu, event.at, 1, false, false});
    }
    return;
  }
  if (event.button != PointerButton::kPrimary) return;
  const bool again =
      (now.mono - click_time_).ms < kDoubleClickMs && distance(event.at, click_at_) < 6;
  click_count_ = again ? click_count_ % 3 + 1 : 1;
  click_time_ = now.mono;
  click_at_ = event.at;
  pressed_ = true;
  moved_ = false;
  press_at_ = last_drag_at_ = event.at;
  press_time_ = last_drag_time_ = now.mono;
  drag_velocity_ = 0;
  thumb_ = 0;
  if (const Target* scroll = find_at(event.at, TargetKind::kScroll, false)) {
    Scroll& state = scrolls_[scroll->id];
    if (touch_ && state.velocity != 0) moved_ = true;  // a touch that stops a fling clicks nothing
    state.velocity = state.smooth = 0;
  }
  const Target* target = target_at(event.at);
  active_ = target ? target->id : 0;
  focus_visible_ = false;
  if (touch_) request_frame_in(Duration{kLongPressMs});
  FieldState* field = target && target->field ? find_field(target->id) : nullptr;
  if (!target) {
    focus(0);
    return;
  }
  events_.push_back(
      {target->id, Event::kPress, event.at, click_count_, event.modifiers.shift, touch_});
  if (field && !target->disabled) {
    focus(target->id);
    dragged_field_ = target->id;
    place_caret(*field, event.at, click_count_, event.modifiers.shift);
  }
}

void Ui::release(const PointerEvent& event) {
  if (event.button != PointerButton::kPrimary) return;
  pointer_ = event.at;
  const Target* target = target_at(event.at);
  if (pressed_ && !moved_ && target && target->id == active_ && !target->disabled &&
      target->kind == TargetKind::kItem) {
    events_.push_back(
        {active_, Event::kClick, event.at, click_count_, event.modifiers.shift, touch_});
  }
  if (touch_scroll_ != 0) {
    const bool still_moving = (now.mono - last_drag_time_).ms < 60;
    scrolls_[touch_scroll_].velocity = still_moving ? std::clamp(drag_velocity_, -6.0f, 6.0f) : 0;
  }
  pressed_ = false;
  active_ = touch_scroll_ = dragged_field_ = thumb_ = 0;
  if (touch_) pointer_ = {-1, -1};
}

void Ui::drag(const PointerEvent& event) {
  if (distance(event.at, press_at_) > (touch_ ? kTouchSlop : kClickSlop)) moved_ = true;
  if (FieldState* field = dragged_field_ ? find_field(dragged_field_) : nullptr; field && !touch_) {
    place_caret(*field, event.at, 1, true);
    return;
  }
  if (!touch_ || !moved_ || thumb_ != 0) return;
  if (touch_scroll_ == 0) {
    const Target* scroll = find_at(press_at_, TargetKind::kScroll, false);
    if (!scroll) return;
    touch_scroll_ = scroll->id;
    active_ = 0;
  }
  Scroll& scroll = scrolls_[touch_scroll_];
  const float step = last_drag_at_.y - event.at.y;
  const float ms = std::max(1.0f, static_cast<float>((now.mono - last_drag_time_).ms));
  drag_velocity_ = drag_velocity_ * 0.6f + step / ms * 0.4f;
  scroll.pending += step;
  scroll.touched = now.mono;
  last_drag_at_ = event.at;
  last_drag_time_ = now.mono;
}

void Ui::long_press() {
  const std::int64_t held = (now.mono - press_time_).ms;
  if (held < kLongPressMs) return request_frame_in(Duration{kLongPressMs - held});
  if (const Target* target = find_at(press_at_, TargetKind::kItem, true)) {
    events_.push_back({target->id, Event::kMenu, press_at_, 1, false, true});
    active_ = 0;
    moved_ = true;
  }
}

void Ui::handle_wheel(const WheelEvent& event) {
  pointer_ = event.at;
  dirty_ = true;
  const Target* target = find_at(event.at, TargetKind::kScroll, false);
  if (!target) return;
  Scroll& scroll = scrolls_[target->id];
  scroll.velocity = 0;
  scroll.touched = now.mono;
  // Notches of a wheel are smoothed; touchpads send small steps that are smooth already.
  if (std::abs(event.delta.y) >= 40) {
    scroll.smooth += event.delta.y;
  } else {
    scroll.pending += event.delta.y;
  }
}

void Ui::window_focus_lost() {
  pressed_ = false;
  active_ = touch_scroll_ = dragged_field_ = thumb_ = 0;
  pointer_ = {-1, -1};
  dirty_ = true;
}

// ---- keys -------------------------------------------------------------------------------------

bool Ui::handle_key(const KeyEvent& event) {
  dirty_ = true;
  if (event.key == Key::kTab && !event.modifiers.control && !event.modifiers.alt) {
    focus_next(event.modifiers.shift);
    return true;
  }
  if (FieldState* state = focused_field()) return edit_key(*state, event);
  if (focused_ == 0 || event.modifiers.control || event.modifiers.alt) return false;
  switch (event.key) {
    case Key::kEnter:
    case Key::kSpace:
      if (!event.repeat) events_.push_back({focused_, Event::kClick, {-1, -1}, 1, false, false});
      focus_visible_ = true;
      return true;
    case Key::kMenu:
    case Key::kF10:
      if (event.key == Key::kF10 && !event.modifiers.shift) return false;
      for (const Target& target : last_targets_) {
        if (target.id == focused_ && target.menu) {
          events_.push_back({focused_, Event::kMenu, target.rect.centre(), 1, false, false});
          return true;
        }
      }
      return false;
    case Key::kUp:
      return focus_in_group(-1, false);
    case Key::kDown:
      return focus_in_group(1, false);
    case Key::kHome:
      return focus_in_group(-1, true);
    case Key::kEnd:
      return focus_in_group(1, true);
    case Key::kLeft:
    case Key::kRight: {
      const auto kind = event.key == Key::kLeft ? Event::kDecrement : Event::kIncrement;
      for (const SemanticNode& n : published_.nodes) {
        if (n.id == focused_ && n.can_adjust) {
          events_.push_back({focused_, kind, {}, 1, false, false});
          return true;
        }
      }
      return focus_in_group(event.key == Key::kLeft ? -1 : 1, false);
    }
    default:
      return false;
  }
}

bool Ui::edit_key(FieldState& state, const KeyEvent& event) {
  TextModel& model = state.model;
  const bool control = event.modifiers.control, shift = event.modifiers.shift;
  typed_at_ = now.mono;
  if (event.key == Key::kEnter) {
    const bool submits = !state.options.multi_line || control ||
                         (state.options.enter_submits && !shift && !event.modifiers.alt);
    if (submits) {
      state.submitted = true;
      return true;
    }
    if (platform.owns_text_editing()) return false;
    model.insert("\n");
    state.changed = true;
    return true;
  }
  if (event.key == Key::kUp && state.options.reports_up && model.text().empty()) {
    state.pressed_up = true;
    return true;
  }
  if (state.options.multi_line && !control && !event.modifiers.alt) {
    if (event.key == Key::kUp) return step_vertically(state, -1, shift);
    if (event.key == Key::kDown) return step_vertically(state, 1, shift);
  }
  if (platform.owns_text_editing()) return false;

  state.wanted_x = -1;
  const std::string before = model.text();
  bool used = true;
  switch (event.key) {
    case Key::kLeft:
      model.move_left(control, shift);
      break;
    case Key::kRight:
      model.move_right(control, shift);
      break;
    case Key::kHome:
      model.move_to(control ? 0 : state.layout.line_range(model.caret()).begin, shift);
      break;
    case Key::kEnd:
      model.move_to(control ? model.text().size() : state.layout.line_range(model.caret()).end,
                    shift);
      break;
    case Key::kBackspace:
      model.erase_back(control);
      break;
    case Key::kDelete:
      model.erase_forward(control);
      break;
    case Key::kSpace:
      used = !control;
      break;  // comes as a character
    case Key::kLetter:
      if (!control) return !event.modifiers.alt;
      if (event.letter == 'a')
        model.select_all();
      else if (event.letter == 'z' && !shift)
        used = model.undo();
      else if (event.letter == 'y' || event.letter == 'z')
        used = model.redo();
      else if (event.letter == 'c' || event.letter == 'x') {
        const std::string text = copy_from_field(event.letter == 'x');
        if (!text.empty()) platform.set_clipboard(text);
        used = !text.empty();
      } else if (event.letter == 'v')
        platform.request_clipboard();
      else
        used = false;
      break;
    default:
      return false;
  }
  if (model.text() != before) state.changed = true;
  return used;
}

bool Ui::step_vertically(FieldState& state, int direction, bool extend) {
  if (state.layout.lines().size() < 2) return false;
  const Rect caret = state.layout.caret(state.model.caret());
  if (state.wanted_x < 0) state.wanted_x = caret.x;
  const std::size_t to = state.layout.vertical_step(state.model.caret(), direction, state.wanted_x);
  if (to == std::string::npos) {
    state.model.move_to(direction < 0 ? 0 : state.model.text().size(), extend);
  } else {
    state.model.move_to(to, extend);
  }
  return true;
}

void Ui::place_caret(FieldState& state, Vec2 at, int clicks, bool extend) {
  typed_at_ = now.mono;
  state.wanted_x = -1;
  const std::size_t place = state.layout.hit(at - state.origin);
  if (clicks == 1) return state.model.move_to(place, extend);
  const ByteRange range =
      clicks == 2 ? word_at(state.model.text(), place) : paragraph_at(state.model.text(), place);
  state.model.select(range.begin, range.end);
}

void Ui::handle_character(char32_t c) {
  FieldState* state = focused_field();
  if (!state || platform.owns_text_editing() || c < 0x20 || c == 0x7f) return;
  std::string text;
  append_utf8(c, text);
  state->model.insert(text);
  state->changed = true;
  state->wanted_x = -1;
  typed_at_ = now.mono;
  dirty_ = true;
}

void Ui::handle_text_input(const TextInputEvent& event) {
  FieldState* state = find_field(event.field);
  if (!state || focused_ != event.field) return;
  typed_at_ = now.mono;
  dirty_ = true;
  if (event.text != state->model.text()) state->changed = true;
  state->wanted_x = -1;
  state->model.assume(event.text, event.selection_start, event.selection_end,
                      {event.composition_start, event.composition_end});
  if (told_input_ && told_input_->field == event.field) {
    // What the platform has by now; it must hear of every difference from this.
    told_input_->text = event.text;
    told_input_->selection_start = event.selection_start;
    told_input_->selection_end = event.selection_end;
  }
}

std::string Ui::copy_from_field(bool cut) {
  FieldState* state = focused_field();
  if (!state) return {};
  std::string text(state->model.selected_text());
  if (cut && !text.empty()) {
    state->model.erase_selection();
    state->changed = true;
    dirty_ = true;
  }
  return text;
}

bool Ui::paste_into_field(const std::string& text) {
  FieldState* state = focused_field();
  if (!state || !is_valid_utf8(text)) return false;
  state->model.insert(text);
  state->changed = true;
  dirty_ = true;
  return true;
}

// ---- fields -----------------------------------------------------------------------------------

FieldState& Ui::field(Id id, const FieldOptions& options) {
  FieldState& state = fields_[id];
  state.options = options;
  state.model.set_limits(options.multi_line, options.max_bytes);
  state.last_frame = frame_;
  return state;
}

FieldState* Ui::find_field(Id id) {
  const auto found = fields_.find(id);
  return found == fields_.end() || found->second.last_frame + 1 < frame_ ? nullptr : &found->second;
}

FieldState* Ui::focused_field() { return focused_ == 0 ? nullptr : find_field(focused_); }

void Ui::announce_field(Id id, const Rect& caret) {
  announced_field_ = id;
  announced_caret_ = caret;
}

void Ui::tell_text_input() {
  if (announced_field_ == 0) {
    if (told_input_) platform.set_text_input(nullptr);
    told_input_.reset();
    return;
  }
  const FieldState& state = fields_[announced_field_];
  TextInputState input;
  input.field = announced_field_;
  input.multi_line = state.options.multi_line;
  input.enter_sends = state.options.enter_submits;
  input.label = state.label;
  input.text = state.model.text();
  input.selection_start = state.model.anchor();
  input.selection_end = state.model.caret();
  input.max_bytes = state.options.max_bytes;
  input.field_rect = state.rect;
  input.caret = announced_caret_;
  if (told_input_ == input) return;
  platform.set_text_input(&input);
  told_input_ = std::move(input);
}

// ---- actions from the mirror ------------------------------------------------------------------

void Ui::handle_semantic_action(const SemanticAction& action) {
  dirty_ = true;
  switch (action.kind) {
    case SemanticActionKind::kActivate:
      if (find_field(action.id)) return focus(action.id);
      events_.push_back({action.id, Event::kClick, {-1, -1}, 1, false, false});
      return;
    case SemanticActionKind::kSetValue:
      if (FieldState* state = find_field(action.id); state && is_valid_utf8(action.text)) {
        std::string text = action.text;
        state->model.assume(std::move(text), action.text.size(), action.text.size(), {});
        state->changed = true;
      }
      return;
    case SemanticActionKind::kFocus:
      return focus(action.id, find_field(action.id) == nullptr);
    case SemanticActionKind::kBlur:
      if (focused_ == action.id) focus(0);
      return;
    case SemanticActionKind::kIncrement:
      events_.push_back({action.id, Event::kIncrement, {}, 1, false, false});
      return;
    case SemanticActionKind::kDecrement:
      events_.push_back({action.id, Event::kDecrement, {}, 1, false, false});
      return;
    case SemanticActionKind::kScrollUp:
      scrolls_[action.id].smooth -= 300;
      return;
    case SemanticActionKind::kScrollDown:
      scrolls_[action.id].smooth += 300;
      return;
    case SemanticActionKind::kShowMenu:
      for (const SemanticNode& n : published_.nodes) {
        if (n.id != action.id) continue;
        events_.push_back({action.id, Event::kMenu, n.rect.centre(), 1, false, false});
      }
      return;
    case SemanticActionKind::kSubmit:
      if (FieldState* state = find_field(action.id)) state->submitted = true;
      return;
  }
}

}  // namespace parley::ui
