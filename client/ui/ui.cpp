#include "client/ui/ui.hpp"

#include <algorithm>
#include <cmath>

namespace parley::ui {
namespace {

constexpr std::int64_t kBlinkMs = 530;
constexpr std::int64_t kTooltipMs = 450;
constexpr std::uint64_t kKeepFieldFrames = 600;

Id mixed(std::uint64_t h) {
  h ^= h >> 30;
  h *= 0xbf58476d1ce4e5b9ull;
  h ^= h >> 27;
  h *= 0x94d049bb133111ebull;
  h ^= h >> 31;
  h &= (1ull << 53) - 1;  // exact as a JavaScript number
  return h == 0 ? 1 : h;
}

}  // namespace

Id child_id(Id parent, std::uint64_t number) {
  return mixed(parent * 0x9e3779b97f4a7c15ull + number + 0x51ull);
}

Id child_id(Id parent, std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325ull ^ (parent * 0x9e3779b97f4a7c15ull);
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
  return mixed(hash);
}

std::string_view role_name(SemanticRole role) {
  switch (role) {
    case SemanticRole::kApplication:
      return "application";
    case SemanticRole::kBanner:
      return "banner";
    case SemanticRole::kNavigation:
      return "navigation";
    case SemanticRole::kMain:
      return "main";
    case SemanticRole::kComplementary:
      return "complementary";
    case SemanticRole::kForm:
      return "form";
    case SemanticRole::kSearch:
      return "search";
    case SemanticRole::kList:
      return "list";
    case SemanticRole::kListItem:
      return "listitem";
    case SemanticRole::kLog:
      return "log";
    case SemanticRole::kArticle:
      return "article";
    case SemanticRole::kSeparator:
      return "separator";
    case SemanticRole::kHeading:
      return "heading";
    case SemanticRole::kText:
      return "paragraph";
    case SemanticRole::kButton:
      return "button";
    case SemanticRole::kLink:
      return "link";
    case SemanticRole::kTextBox:
      return "textbox";
    case SemanticRole::kMultiLineTextBox:
      return "textbox";
    case SemanticRole::kSearchBox:
      return "searchbox";
    case SemanticRole::kCheckBox:
      return "checkbox";
    case SemanticRole::kSwitch:
      return "switch";
    case SemanticRole::kRadioGroup:
      return "radiogroup";
    case SemanticRole::kRadio:
      return "radio";
    case SemanticRole::kSlider:
      return "slider";
    case SemanticRole::kTabList:
      return "tablist";
    case SemanticRole::kTab:
      return "tab";
    case SemanticRole::kMenu:
      return "menu";
    case SemanticRole::kMenuItem:
      return "menuitem";
    case SemanticRole::kListBox:
      return "listbox";
    case SemanticRole::kOption:
      return "option";
    case SemanticRole::kDialog:
      return "dialog";
    case SemanticRole::kAlertDialog:
      return "alertdialog";
    case SemanticRole::kStatus:
      return "status";
    case SemanticRole::kAlert:
      return "alert";
    case SemanticRole::kImage:
      return "img";
    case SemanticRole::kGrid:
      return "grid";
    case SemanticRole::kToolbar:
      return "toolbar";
    case SemanticRole::kGroup:
      return "group";
    case SemanticRole::kTooltip:
      return "tooltip";
  }
  return "group";
}

// ---- frames -----------------------------------------------------------------------------------

void Ui::begin_frame(Now at, const Surface& on) {
  ++frame_;
  now = at;
  surface = on;
  screen = {0, on.inset_top, on.width, on.height - on.inset_top - on.inset_bottom};
  frame_ms_ = std::clamp(static_cast<float>((at.mono - last_frame_time_).ms), 1.0f, 50.0f);
  last_frame_time_ = at.mono;
  dirty_ = false;
  next_frame_.reset();
  targets_.clear();
  focusables_.clear();
  modal_start_ = 0;
  backdrop_now_ = 0;
  cursor_ = CursorShape::kArrow;
  tooltip_text.clear();
  if (pressed_ && touch_ && !moved_ && active_ != 0) long_press();
  const Target* hit = target_at(pointer_);
  const Id hovered = hit && !touch_ ? hit->id : 0;
  if (hovered != hovered_) hover_since_ = at.mono;
  hovered_ = hovered;
  if (hit && !touch_) cursor_ = hit->disabled ? CursorShape::kArrow : hit->cursor;
  if (thumb_ != 0) cursor_ = CursorShape::kArrow;

  for (auto entry = scrolls_.begin(); entry != scrolls_.end();) {
    Scroll& scroll = entry->second;
    if (scroll.smooth != 0) {
      const float part = theme.reduced_motion ? 1 : 1 - std::exp(-frame_ms_ / 45);
      float step = scroll.smooth * part;
      if (std::abs(scroll.smooth - step) < 0.5f) step = scroll.smooth;
      scroll.smooth -= step;
      scroll.pending += step;
    }
    if (scroll.velocity != 0 && touch_scroll_ != entry->first) {
      scroll.pending += scroll.velocity * frame_ms_;
      scroll.velocity *= std::exp(-frame_ms_ / 325);
      if (std::abs(scroll.velocity) < 0.02f || theme.reduced_motion) scroll.velocity = 0;
    }
    if (scroll.smooth != 0 || scroll.velocity != 0) request_frame();
    ++entry;
  }
  tree_.nodes.clear();
  parents_.assign(1, -1);
  announced_field_ = 0;
}

void Ui::end_frame() {
  events_.clear();  // outcomes for things that are not drawn any more are dropped
  last_targets_.swap(targets_);
  last_focusables_.swap(focusables_);
  last_modal_start_ = modal_start_;
  const bool layers_changed = backdrop_last_ != backdrop_now_;
  backdrop_last_ = backdrop_now_;
  if (layers_changed) request_frame();
  // What is under a resting pointer may have moved away from it.
  const Target* hit = target_at(pointer_);
  if (!touch_ && !pressed_ && (hit ? hit->id : 0) != hovered_) request_frame();
  if (focused_ != 0) {
    const bool alive = std::any_of(last_focusables_.begin(), last_focusables_.end(),
                                   [this](const Focusable& f) { return f.id == focused_; });
    if (!alive && !find_field(focused_)) focused_ = 0;
  }
  if (cursor_ != told_cursor_) platform.set_cursor(told_cursor_ = cursor_);
  std::erase_if(fields_, [this](const auto& entry) {
    return entry.second.last_frame + kKeepFieldFrames < frame_;
  });
  std::erase_if(animations_, [this](const auto& entry) { return entry.second.frame + 2 < frame_; });
  tell_text_input();
  publish_semantics();
}

void Ui::request_frame_in(Duration delay) {
  const MonoTime at = now.mono + delay;
  if (!next_frame_ || at < *next_frame_) next_frame_ = at;
}

// ---- use --------------------------------------------------------------------------------------

Response Ui::interact(const Interactive& what) {
  Response out;
  const Rect seen = intersection(what.rect, canvas.clip());
  if (!seen.empty()) {
    targets_.push_back({TargetKind::kItem, what.id, seen, what.cursor, what.menu, what.disabled,
                        what.role == SemanticRole::kTextBox ||
                            what.role == SemanticRole::kMultiLineTextBox ||
                            what.role == SemanticRole::kSearchBox,
                        what.menu_only});
  }
  if (what.focusable && !what.disabled) focusables_.push_back({what.id, what.group});
  out.focused = what.focusable && focused_ == what.id;
  out.focus_visible = out.focused && focus_visible_;
  if (!what.disabled) {
    out.hovered = hovered_ == what.id && (!pressed_ || active_ == what.id);
    out.held = active_ == what.id && pressed_ && !moved_;
    for (const Event& event : events_) {
      if (event.id != what.id) continue;
      out.clicked |= event.kind == Event::kClick;
      out.menu |= event.kind == Event::kMenu;
      if (event.kind == Event::kIncrement) ++out.step;
      if (event.kind == Event::kDecrement) --out.step;
      if (event.kind == Event::kPress) {
        out.pressed = true;
        out.clicks = event.clicks;
      }
      out.at = event.at;
      out.shift |= event.shift;
      out.touch |= event.touch;
    }
    if (out.clicked || out.menu || out.pressed) request_frame();  // its consequences are seen next
  }
  if (what.semantic) {
    SemanticNode& made = node(what.id, what.role, what.rect, what.label);
    made.focusable = what.focusable && !what.disabled;
    made.focused = out.focused;
    made.disabled = what.disabled;
    made.can_activate = !what.disabled;
    made.has_menu = what.menu;
  }
  return out;
}

bool Ui::backdrop(Id id) {
  targets_.push_back({TargetKind::kBackdrop,
                      id,
                      {0, 0, surface.width, surface.height},
                      CursorShape::kArrow,
                      false,
                      false,
                      false,
                      false});
  modal_start_ = focusables_.size();
  ++backdrop_now_;
  return std::any_of(events_.begin(), events_.end(), [id](const Event& event) {
    return event.id == id && event.kind == Event::kPress;
  });
}

bool Ui::pointer_inside(const Rect& rect) const {
  return !touch_ && rect.contains(pointer_) && canvas.clip().contains(pointer_) &&
         backdrop_now_ == backdrop_last_;
}

const Ui::Target* Ui::target_at(Vec2 at) const {
  for (auto target = last_targets_.rbegin(); target != last_targets_.rend(); ++target) {
    if (target->kind == TargetKind::kScroll || target->menu_only) continue;
    if (target->rect.contains(at)) return &*target;
  }
  return nullptr;
}

const Ui::Target* Ui::find_at(Vec2 at, TargetKind kind, bool menu) const {
  for (auto target = last_targets_.rbegin(); target != last_targets_.rend(); ++target) {
    if (!target->rect.contains(at)) continue;
    if (target->kind == TargetKind::kBackdrop) return nullptr;
    if (target->kind == kind && (!menu || target->menu)) return &*target;
  }
  return nullptr;
}

// ---- animation --------------------------------------------------------------------------------

float Ui::animate(Id id, float target, float duration_ms) {
  auto [found, fresh] = animations_.try_emplace(id, Animation{target, now.mono, frame_});
  Animation& animation = found->second;
  animation.frame = frame_;
  if (fresh || theme.reduced_motion) {
    animation.value = target;
  } else if (animation.value != target) {
    const float step = frame_ms_ / duration_ms;
    animation.value += std::clamp(target - animation.value, -step, step);
    if (animation.value != target) request_frame();
  }
  return animation.value;
}

bool Ui::blink_on() const {
  return theme.reduced_motion || (now.mono - typed_at_).ms / kBlinkMs % 2 == 0;
}

void Ui::tooltip(const Response& response, const Rect& anchor, std::string_view text) {
  if (response.held || text.empty()) return;
  if (response.hovered) {
    const std::int64_t rested = (now.mono - hover_since_).ms;
    if (rested < kTooltipMs) return request_frame_in(Duration{kTooltipMs - rested});
  } else if (!response.focus_visible) {
    return;
  }
  tooltip_text = text;
  tooltip_anchor = anchor;
}

void Ui::draw_focus_ring(const Rect& rect, float rounding) {
  canvas.stroke(rect.inset(-2), theme.palette.focus_ring, rounding + 2, 2);
}

// ---- scrolling --------------------------------------------------------------------------------

float Ui::scroll_region(Id id, const Rect& rect) {
  targets_.push_back({TargetKind::kScroll, id, intersection(rect, canvas.clip()),
                      CursorShape::kArrow, false, false, false, false});
  const auto found = scrolls_.find(id);
  return found == scrolls_.end() ? 0 : std::exchange(found->second.pending, 0.0f);
}

void Ui::stop_scrolling(Id id) {
  const auto found = scrolls_.find(id);
  if (found != scrolls_.end()) found->second.velocity = found->second.smooth = 0;
}

bool Ui::is_scrolling(Id id) const {
  const auto found = scrolls_.find(id);
  return touch_scroll_ == id ||
         (found != scrolls_.end() && (found->second.velocity != 0 || found->second.smooth != 0));
}

float Ui::scrollbar(Id id, const Rect& rect, float content, float offset) {
  const float range = content - rect.h;
  if (range <= 1 || rect.h < 40) return offset;
  const Rect track{rect.right() - 12, rect.y + 2, 12, rect.h - 4};
  const float length = std::max(32.0f, track.h * rect.h / content);
  const float free = track.h - length;
  const Id thumb = child_id(id, "thumb");
  const auto found = scrolls_.find(id);
  const bool recent = found != scrolls_.end() && (now.mono - found->second.touched).ms < 900;
  if (recent) request_frame_in(Duration{950 - (now.mono - found->second.touched).ms});
  Rect bar{track.x, track.y + free * std::clamp(offset / range, 0.0f, 1.0f), track.w, length};
  const Response use = interact({.id = thumb,
                                 .rect = bar,
                                 .focusable = false,
                                 .semantic = false,
                                 .cursor = CursorShape::kArrow});
  if (use.pressed) {
    thumb_ = thumb;
    thumb_grip_ = use.at.y - bar.y;
  }
  if (thumb_ == thumb && pressed_) {
    const float place = std::clamp(pointer_.y - thumb_grip_ - track.y, 0.0f, free);
    offset = free > 0 ? place / free * range : 0;
    bar.y = track.y + place;
  }
  const bool near = pointer_inside(rect) || thumb_ == thumb;
  const float alpha = animate(child_id(thumb, "fade"), near || recent ? 1.0f : 0.0f, 160);
  const bool wide = use.hovered || thumb_ == thumb;
  const Rect ink = wide ? Rect{bar.x + 3, bar.y, 7, bar.h} : Rect{bar.x + 5, bar.y, 4, bar.h};
  canvas.fill(ink, theme.palette.text_muted.with_alpha(alpha * (wide ? 0.6f : 0.35f)), ink.w / 2);
  return offset;
}

// ---- semantics --------------------------------------------------------------------------------

SemanticNode& Ui::node(Id id, SemanticRole role, const Rect& rect, std::string_view label) {
  SemanticNode made;
  made.id = id;
  made.parent = parents_.back();
  made.role = role;
  made.rect = intersection(rect, canvas.clip());
  made.rect.w = std::max(made.rect.w, 0.0f);
  made.rect.h = std::max(made.rect.h, 0.0f);
  made.label = label;
  tree_.nodes.push_back(std::move(made));
  return tree_.nodes.back();
}

SemanticNode& Ui::open_node(Id id, SemanticRole role, const Rect& rect, std::string_view label) {
  SemanticNode& made = node(id, role, rect, label);
  parents_.push_back(static_cast<std::int32_t>(tree_.nodes.size()) - 1);
  return made;
}

void Ui::close_node() {
  if (parents_.size() > 1) parents_.pop_back();
}

void Ui::publish_semantics() {
  if (tree_.nodes == published_.nodes) return;
  published_.nodes.swap(tree_.nodes);
  ++published_.revision;
}

// ---- focus ------------------------------------------------------------------------------------

void Ui::focus(Id id, bool visible) {
  if (focused_ != id || focus_visible_ != visible) dirty_ = true;
  if (focused_ != id) typed_at_ = now.mono;
  focused_ = id;
  focus_visible_ = visible;
}

void Ui::blur_layer() {
  const auto holds_focus = [this](const std::vector<Focusable>& all, std::size_t start) {
    return std::any_of(all.begin() + static_cast<std::ptrdiff_t>(std::min(start, all.size())),
                       all.end(), [this](const Focusable& f) { return f.id == focused_; });
  };
  const bool here = backdrop_now_ > 0 && holds_focus(focusables_, modal_start_);
  if (here || (backdrop_last_ > 0 && holds_focus(last_focusables_, last_modal_start_))) blur();
}

void Ui::focus_next(bool backwards) {
  const auto first = last_focusables_.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                    last_modal_start_, last_focusables_.size()));
  const auto last = last_focusables_.end();
  if (first == last) return;
  auto here = std::find_if(first, last, [this](const Focusable& f) { return f.id == focused_; });
  const Id group = here == last ? 0 : here->group;
  // A group is one stop: leaving it skips its other members.
  const auto count = last - first;
  auto index = here == last ? (backwards ? 0 : -1) : here - first;
  for (std::ptrdiff_t tries = 0; tries < count; ++tries) {
    index = (index + (backwards ? count - 1 : 1)) % count;
    if (group == 0 || first[index].group != group) break;
  }
  focus(first[index].id, true);
}

bool Ui::focus_in_group(int direction, bool to_end) {
  const auto here = std::find_if(last_focusables_.begin(), last_focusables_.end(),
                                 [this](const Focusable& f) { return f.id == focused_; });
  if (here == last_focusables_.end() || here->group == 0) return false;
  const Id group = here->group;
  auto step = here;
  auto best = here;
  while (true) {
    if (direction < 0 && step == last_focusables_.begin()) break;
    step += direction;
    if (step == last_focusables_.end()) break;
    if (step->group != group) continue;
    best = step;
    if (!to_end) break;
  }
  if (best != here) focus(best->id, true);
  return true;
}

}  // namespace parley::ui
