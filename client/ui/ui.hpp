// The little immediate-mode toolkit under the views: who is pointed at, pressed and focused,
// scrolling, animation, text fields' state and the semantic tree.
//
// A view calls interact() for each thing that can be used, in drawing order. Pointer events are
// resolved between frames against the places of the last frame, so that a quick press and release
// is never lost; the view sees the outcome when it calls interact() with the same id next time. One
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "client/ui/app_ui.hpp"
#include "client/ui/canvas.hpp"
#include "client/ui/text_edit.hpp"

namespace parley::ui {

using Id = SemanticId;

// Ids of parts: mixes a name or a number into the id of the whole. Never 0.
Id child_id(Id parent, std::string_view name);
Id child_id(Id parent, std::uint64_t number);

struct Interactive {
  Id id = 0;
  Rect rect;
  SemanticRole role = SemanticRole::kButton;
  std::string_view label;
  bool disabled = false;
  bool focusable = true;
  bool semantic = true;    // false: pointer only (backdrops, surfaces)
  bool menu = false;       // answers the secondary button and long press
  bool menu_only = false;  // and leaves everything else to what is below it
  CursorShape cursor = CursorShape::kHand;
  Id group = 0;  // arrow keys move the focus among things of one group
};

struct Response {
  bool hovered = false;
  bool held = false;
  bool pressed = false;  // went down since the last frame
  bool clicked = false;
  bool menu = false;  // secondary button, long press or menu key
  bool focused = false;
  bool focus_visible = false;
  int step = 0;        // sliders: -1 or 1
  int clicks = 0;      // of `pressed`: 1, 2, 3
  bool shift = false;  // of `pressed`
  bool touch = false;
  Vec2 at;  // where it was pressed, or the menu asked for
};

// What a text field does with keys; see text_field.hpp for drawing one.
struct FieldOptions {
  bool multi_line = false;
  bool enter_submits = true;  // else Ctrl+Enter does
  bool reports_up = false;    // Up in an empty field is reported instead of used
  std::size_t max_bytes = 0;
};

struct FieldState {
  TextModel model;
  FieldOptions options;
  TextBlock layout;  // of the last frame, for hits and vertical steps
  Rect rect;         // the whole field
  Vec2 origin;       // of the layout on the surface
  float scroll = 0;
  float wanted_x = -1;  // column that vertical steps keep to
  std::string label;
  bool changed = false;  // since the view last looked
  bool submitted = false;
  bool pressed_up = false;
  std::uint64_t last_frame = 0;
};

class Ui {
 public:
  Ui(Canvas& canvas_in, Platform& platform_in) : canvas(canvas_in), platform(platform_in) {}

  Canvas& canvas;
  Platform& platform;
  Theme theme;
  Now now;
  Surface surface;
  Rect screen;  // the usable part of the surface

  // ---- frames ----
  void begin_frame(Now at, const Surface& on);
  void end_frame();
  void request_frame() { request_frame_in(Duration{0}); }
  void request_frame_in(Duration delay);
  std::optional<MonoTime> next_frame_at() const { return next_frame_; }
  void mark_dirty() { dirty_ = true; }
  bool dirty() const { return dirty_; }
  std::uint64_t frame() const { return frame_; }

  // ---- commands of the person, run after the frame ----
  std::vector<Command> commands;
  void emit(Command command) { commands.push_back(std::move(command)); }

  // ---- use ----
  Response interact(const Interactive& what);
  // Everything below takes no more pointer or keyboard: menus and dialogs. True when it was
  // clicked.
  bool backdrop(Id id);
  bool is_active(Id id) const { return active_ == id; }
  Vec2 pointer() const { return pointer_; }
  bool pointer_inside(const Rect& rect) const;
  bool pointer_down() const { return pressed_; }
  bool touch() const { return touch_; }
  // The pointer is over something above this rectangle's own layer.
  bool covered() const { return backdrop_now_ != backdrop_last_; }
  void set_cursor(CursorShape shape) { cursor_ = shape; }

  // ---- focus ----
  Id focused() const { return focused_; }
  bool focus_visible() const { return focus_visible_; }
  void focus(Id id, bool visible = false);
  void blur() { focus(0); }
  // Takes the focus from the topmost layer, which is closing; what got it elsewhere keeps it.
  void blur_layer();
  void focus_next(bool backwards);
  bool focus_in_group(int direction, bool to_end);
  void draw_focus_ring(const Rect& rect, float rounding);

  // ---- fields ----
  FieldState& field(Id id, const FieldOptions& options);
  FieldState* focused_field();
  FieldState* find_field(Id id);
  void announce_field(Id id, const Rect& caret);  // the focused one, by the drawing code
  void tell_text_input();  // its text, to the platform, when that changed

  // ---- scrolling: movement of the content asked for since the last frame ----
  float scroll_region(Id id, const Rect& rect);
  void stop_scrolling(Id id);
  bool is_scrolling(Id id) const;
  // Returns the offset after the person dragged the thumb.
  float scrollbar(Id id, const Rect& rect, float content, float offset);

  // ---- animation ----
  // Moves towards the target; jumps there with reduced motion.
  float animate(Id id, float target, float duration_ms = 140);
  bool blink_on() const;  // caret

  // ---- semantics ----
  SemanticNode& node(Id id, SemanticRole role, const Rect& rect, std::string_view label);
  // Nodes that follow are children of the last one with that id, until close_node().
  SemanticNode& open_node(Id id, SemanticRole role, const Rect& rect, std::string_view label);
  void close_node();
  SemanticNode& last_node() { return tree_.nodes.back(); }
  const SemanticTree& semantics() const { return published_; }

  // ---- input, between frames ----
  void handle_pointer(const PointerEvent& event);
  void handle_wheel(const WheelEvent& event);
  bool handle_key(const KeyEvent& event);
  void handle_character(char32_t c);
  void handle_text_input(const TextInputEvent& event);
  void handle_semantic_action(const SemanticAction& action);
  std::string copy_from_field(bool cut);
  bool paste_into_field(const std::string& text);
  void window_focus_lost();

  std::string tooltip_text;  // wanted by something hovered in this frame
  Rect tooltip_anchor;
  // Shows after the pointer rested on it, or at once when reached with the keyboard.
  void tooltip(const Response& response, const Rect& anchor, std::string_view text);

 private:
  enum class TargetKind : std::uint8_t { kItem, kScroll, kBackdrop };
  struct Target {
    TargetKind kind = TargetKind::kItem;
    Id id = 0;
    Rect rect;
    CursorShape cursor = CursorShape::kArrow;
    bool menu = false;
    bool disabled = false;
    bool field = false;
    bool menu_only = false;
  };
  struct Focusable {
    Id id = 0;
    Id group = 0;
  };
  struct Event {  // outcome for an item, waiting for its interact()
    Id id = 0;
    enum Kind : std::uint8_t { kClick, kPress, kMenu, kIncrement, kDecrement } kind = kClick;
    Vec2 at;
    int clicks = 1;
    bool shift = false;
    bool touch = false;
  };
  struct Scroll {
    float pending = 0;   // to be applied at once
    float smooth = 0;    // to be applied over the next frames
    float velocity = 0;  // px/ms, of a fling
    MonoTime touched;
  };
  struct Animation {
    float value = 0;
    MonoTime at;
    std::uint64_t frame = 0;
  };

  const Target* target_at(Vec2 at) const;
  const Target* find_at(Vec2 at, TargetKind kind, bool menu) const;
  void press(const PointerEvent& event);
  void release(const PointerEvent& event);
  void drag(const PointerEvent& event);
  void long_press();
  bool edit_key(FieldState& state, const KeyEvent& event);
  bool step_vertically(FieldState& state, int direction, bool extend);
  void place_caret(FieldState& state, Vec2 at, int clicks, bool extend);
  void publish_semantics();

  std::uint64_t frame_ = 0;
  bool dirty_ = true;
  std::optional<MonoTime> next_frame_;
  MonoTime last_frame_time_;
  float frame_ms_ = 16;

  std::vector<Target> targets_, last_targets_;
  std::vector<Focusable> focusables_, last_focusables_;
  std::size_t modal_start_ = 0, last_modal_start_ = 0;
  std::uint32_t backdrop_now_ = 0, backdrop_last_ = 0;
  std::vector<Event> events_;

  Vec2 pointer_{-1, -1};
  bool pressed_ = false;
  bool touch_ = false;
  bool moved_ = false;  // too far for a click
  Vec2 press_at_, last_drag_at_;
  MonoTime press_time_, last_drag_time_;
  Id active_ = 0;
  Id hovered_ = 0;
  Id touch_scroll_ = 0;
  float drag_velocity_ = 0;
  int click_count_ = 0;
  MonoTime click_time_;
  Vec2 click_at_;
  Id dragged_field_ = 0;
  MonoTime hover_since_;
  Id thumb_ = 0;
  float thumb_grip_ = 0;

  Id focused_ = 0;
  bool focus_visible_ = false;
  std::unordered_map<Id, FieldState> fields_;
  Id announced_field_ = 0;
  Rect announced_caret_;
  std::optional<TextInputState> told_input_;
  MonoTime typed_at_;

  std::unordered_map<Id, Scroll> scrolls_;
  std::unordered_map<Id, Animation> animations_;
  CursorShape cursor_ = CursorShape::kArrow;
  CursorShape told_cursor_ = CursorShape::kArrow;

  SemanticTree tree_, published_;
  std::vector<std::int32_t> parents_;
};

}  // namespace parley::ui
