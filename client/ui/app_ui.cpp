#include "client/ui/app_ui.hpp"

#include <imgui.h>

#include <algorithm>
#include <charconv>

#include "client/ui/views.hpp"

namespace parley::ui {
namespace {

constexpr std::int64_t kActivityEveryMs = 10'000;
constexpr std::string_view kSafetyCode = "/verify/";

// The number after "/r/<room id>/"; none: 0.
Seq message_number(std::string_view path) {
  Seq seq;
  constexpr std::size_t kRoomEnd = 3 + 36;
  if (path.size() <= kRoomEnd || path[kRoomEnd] != '/') return seq;
  const char* end = path.data() + path.size();
  const auto parsed = std::from_chars(path.data() + kRoomEnd + 1, end, seq.value);
  return parsed.ec == std::errc{} && parsed.ptr == end ? seq : Seq{};
}

class ClientCore final : public Core {
 public:
  explicit ClientCore(client::Client& client) : client_(client) {}
  const client::AppView& view() override { return client_.view(); }
  void perform(Now now, const Command& command) override { command(client_, now); }

 private:
  client::Client& client_;
};

}  // namespace

class AppUi::Impl {
 public:
  Impl(std::unique_ptr<Core> owned, Core& core, Platform& platform, Options options)
      : owned_(std::move(owned)),
        core_(core),
        platform_(platform),
        options_(std::move(options)),
        glyphs_(options_.fonts, platform),
        canvas_(glyphs_),
        ui_(canvas_, platform) {
    ImGuiIO& io = ImGui::GetIO();
    io.IniFilename = nullptr;
    io.LogFilename = nullptr;
    ImGui::GetStyle().AntiAliasedLinesUseTex = false;
  }

  // ---- input ----------------------------------------------------------------------------------

  bool pointer(Now now, const PointerEvent& event) {
    ui_.now = now;
    if (event.action == PointerAction::kDown) active(now);
    ui_.handle_pointer(event);
    note_focus();
    return true;
  }

  bool wheel(Now now, const WheelEvent& event) {
    if (event.modifiers.control) return false;  // the browser's zoom
    ui_.now = now;
    ui_.handle_wheel(event);
    return true;
  }

  bool key(Now now, const KeyEvent& event) {
    ui_.now = now;
    active(now);
    note_focus();
    const bool used = route_key(event);
    return_focus();
    run_commands(now);
    settle_text(now);
    return used;
  }

  void character(Now now, char32_t c) {
    ui_.now = now;
    // Typing without a field goes to the composer, as people expect.
    if (!ui_.focused_field() && composer_shown() && !overlay_open() &&
        ui_.find_field(composer_field_id())) {
      ui_.focus(composer_field_id());
    }
    ui_.handle_character(c);
    settle_text(now);
  }

  void text_input(Now now, const TextInputEvent& event) {
    ui_.now = now;
    active(now);
    ui_.handle_text_input(event);
    settle_text(now);
  }

  std::string copy(Now now, bool cut) {
    ui_.now = now;
    std::string text = ui_.copy_from_field(cut);
    if (text.empty() && core_.view().room && !ui_.focused_field())
      text = selected_messages(scene());
    settle_text(now);
    return text;
  }

  void paste(Now now, const std::string& text) {
    ui_.now = now;
    if (!ui_.focused_field() && composer_shown() && ui_.find_field(composer_field_id())) {
      ui_.focus(composer_field_id());
    }
    ui_.paste_into_field(text);
    settle_text(now);
  }

  void action(Now now, const SemanticAction& action) {
    ui_.now = now;
    active(now);
    note_focus();
    ui_.handle_semantic_action(action);
    settle_text(now);
  }

  void focus(Now now, bool focused) {
    ui_.now = now;
    state_.window_focused = focused;
    if (!focused) ui_.window_focus_lost();
    core_.perform(now, [focused](client::Client& c, Now n) { c.handle_focus(n, focused); });
    ui_.mark_dirty();
  }

  void preferences_changed() {
    style_ready_ = false;
    ui_.mark_dirty();
  }

  void graphics_lost() {
    glyphs_.forget_texture();
    ui_.mark_dirty();
  }

  void navigate(Now now, const std::string& path) {
    wanted_path_ = path;
    told_path_ = path;
    ui_.now = now;
    ui_.mark_dirty();
    follow_path(now);
  }

  // ---- drawing --------------------------------------------------------------------------------

  bool wants_frame(Now now) const {
    if (ui_.dirty() || core_.view().revision != drawn_revision_) return true;
    const auto next = ui_.next_frame_at();
    return next && *next <= now.mono;
  }

  std::optional<MonoTime> next_frame_at() const { return ui_.next_frame_at(); }

  void frame(Now now, const Surface& surface) {
    ++statistics_.frames;
    const client::AppView& app = core_.view();
    drawn_revision_ = app.revision;
    update_style(app, surface);
    ImGuiIO& io = ImGui::GetIO();
    io.DisplaySize = {surface.width, surface.height};
    io.DisplayFramebufferScale = {surface.pixel_ratio, surface.pixel_ratio};
    io.DeltaTime = std::max(0.001f, static_cast<float>((now.mono - last_frame_).ms) / 1000);
    last_frame_ = now.mono;
    ImGui::GetStyle().CircleTessellationMaxError = 0.2f / surface.pixel_ratio;
    glyphs_.begin_frame(*io.Fonts, surface.pixel_ratio);
    ImGui::NewFrame();
    ui_.begin_frame(now, surface);
    const Rect whole{0, 0, surface.width, surface.height};
    canvas_.begin(*ImGui::GetBackgroundDrawList(), whole, ui_.frame());
    Scene view = scene();
    ui_.open_node(1, SemanticRole::kApplication, whole, "Parley");
    canvas_.fill(whole, app.screen == client::Screen::kMain ? ui_.theme.palette.sidebar
                                                            : ui_.theme.palette.canvas);
    draw_screen(view);
    canvas_.begin(*ImGui::GetForegroundDrawList(), whole, ui_.frame());
    if (app.screen == client::Screen::kMain) {
      draw_dialogs(view);
      draw_identity(view);
      draw_link(view);
      draw_confirm(view);
      draw_menu(view);
      draw_emoji_picker(view);
    } else if (options_.draws_login) {
      draw_link(view);
    }
    draw_toasts(view);
    draw_tooltip(view);
    ui_.close_node();
    return_focus();
    ui_.end_frame();
    glyphs_.end_frame(*io.Fonts);
    if (glyphs_.needs_another_frame()) ui_.mark_dirty();
    ImGui::Render();
    statistics_.rows_drawn = state_.timeline.rows_drawn;
    statistics_.glyphs = glyphs_.size();
    statistics_.evictions = glyphs_.evictions();
    tell_place(app);
    run_commands(now);
    settle_text(now);
    follow_path(now);
  }

  const SemanticTree& semantics() const { return ui_.semantics(); }
  const Theme& theme() const { return ui_.theme; }
  const Statistics& statistics() const { return statistics_; }

 private:
  Scene scene() {
    return Scene{ui_, core_.view(), state_, options_, ui_.surface.width <= kPhoneWidth};
  }

  bool composer_shown() const {
    return core_.view().screen == client::Screen::kMain && core_.view().room.has_value();
  }
  bool overlay_open() const {
    return state_.dialog != DialogKind::kNone || state_.confirm || state_.menu || state_.emoji ||
           core_.view().identity || linking();
  }
  bool linking() const { return core_.view().link.step != client::LinkStep::kNone; }

  // Where the focus was before something opened over it, ...
  void note_focus() {
    if (!overlay_open() && !overlay_was_open_) focus_below_ = ui_.focused();
  }
  // ... and back, when all of it is closed and nothing else asked for the focus.
  void return_focus() {
    const bool open = overlay_open();
    if (overlay_was_open_ && !open) {
      const bool lost = ui_.focused() == 0;
      if (lost && focus_below_ != 0 && !state_.focus_composer)
        ui_.focus(focus_below_, ui_.focus_visible());
    }
    overlay_was_open_ = open;
  }

  void active(Now now) {
    if ((now.mono - told_active_).ms < kActivityEveryMs && told_active_.ms != 0) return;
    told_active_ = now.mono;
    core_.perform(now, [](client::Client& c, Now n) { c.handle_activity(n); });
  }

  void run_commands(Now now) {
    // A command may make the views that others were emitted from obsolete, so they are taken out
    // first.
    std::vector<Command> commands;
    commands.swap(ui_.commands);
    for (const Command& command : commands) core_.perform(now, command);
  }

  // What was written goes to the core with the input that wrote it, not with a later frame: letters
  // typed after Enter begin the next message, however long a frame takes.
  void settle_text(Now now) {
    if (!composer_shown()) return;
    Scene view = scene();
    const bool sent = settle_composer(view);
    run_commands(now);
    if (!sent) return;
    Scene after = scene();
    settle_composer(after);
    ui_.tell_text_input();
  }

  void update_style(const client::AppView& app, const Surface& surface) {
    const client::Settings& wanted = app.settings;
    if (style_ready_ && wanted == styled_ && surface.pixel_ratio == styled_ratio_) return;
    style_ready_ = true;
    styled_ = wanted;
    styled_ratio_ = surface.pixel_ratio;
    const ForcedColors forced = platform_.forced_colors();
    Theme& theme = ui_.theme;
    theme.dark =
        wanted.theme == client::Theme::kDark ||
        (wanted.theme == client::Theme::kSystem && platform_.system_theme() == SystemTheme::kDark);
    theme.palette = forced.active ? forced_palette(forced)
                    : theme.dark  ? dark_palette()
                                  : light_palette();
    theme.reduced_motion = wanted.reduce_motion || platform_.prefers_reduced_motion();
    theme.text_scale = static_cast<float>(std::clamp(wanted.text_percent, 100u, 200u)) / 100;
    canvas_.forget_labels();
    ++state_.timeline.style_generation;
  }

  void draw_screen(Scene& view) {
    switch (view.app.screen) {
      case client::Screen::kStarting:
        return draw_starting(view, ui_.screen);
      case client::Screen::kLogin:
        if (std::exchange(signed_in_, false)) state_ = AppState{};  // nothing of the one before
        return draw_login(view, ui_.screen);
      case client::Screen::kMain:
        signed_in_ = true;
        return draw_columns(view);
    }
  }

  void draw_columns(Scene& view) {
    const bool room = view.app.room.has_value();
    if (!room || (state_.timeline.room && view.app.room->room_id != *state_.timeline.room))
      state_.members_asked = false;
    if (!room) {
      state_.details_open = false;
      state_.find = {};
      if (view.phone) state_.page = Page::kRooms;
    }
    Rect rest = ui_.screen;
    if (view.phone) {
      if (!room || state_.page == Page::kRooms) return draw_room_list(view, rest);
      if (state_.details_open) return draw_details(view, rest);
      return draw_room(view, rest);
    }
    const float list = std::clamp(rest.w * 0.27f, 250.0f, ui_.theme.control(320));
    const Rect rooms = rest.take_left(list);
    draw_room_list(view, rooms);
    const float side = std::min(ui_.theme.control(300), rest.w * 0.6f);
    const bool beside = rest.w - side >= 420;
    if (room && state_.details_open && beside) {
      const Rect details = rest.take_right(side);
      draw_room(view, rest);
      draw_details(view, details);
    } else if (room) {
      draw_room(view, rest);
    } else {
      draw_no_room(view, rest);
    }
    canvas_.line({rooms.right() - 1, rooms.y}, {rooms.right() - 1, rooms.bottom()},
                 ui_.theme.palette.border);
    if (room && state_.details_open && !beside) {
      if (ui_.backdrop(child_id(19, "details backdrop"))) state_.details_open = false;
      canvas_.fill({0, 0, ui_.surface.width, ui_.surface.height}, ui_.theme.palette.scrim);
      draw_details(view, rest.take_right(side));
    }
  }

  // ---- keys -----------------------------------------------------------------------------------

  bool route_key(const KeyEvent& event) {
    Scene view = scene();
    if (view.app.screen != client::Screen::kMain) {
      return event.key == Key::kEscape ? escape(view) : ui_.handle_key(event);
    }
    const Modifiers& m = event.modifiers;
    const bool modal =
        state_.confirm || state_.menu || state_.emoji || linking() || view.app.identity.has_value();
    if (!overlay_open() && mention_key(view, event)) return true;
    if (event.key == Key::kEscape) return escape(view);
    if (m.control && !m.alt && !modal && event.key == Key::kLetter) {
      if (event.letter == 'k' && !m.shift) return toggle_dialog(DialogKind::kSwitcher);
      if (event.letter == '/') return toggle_dialog(DialogKind::kShortcuts);
      if (event.letter == 'f') return m.shift ? toggle_message_search(view) : find_in_room(view);
      if (event.letter == 'c' && !platform_.owns_text_editing() && !ui_.focused_field()) {
        const std::string text = view.app.room ? selected_messages(view) : std::string();
        if (text.empty()) return false;
        platform_.set_clipboard(text);
        return true;
      }
    }
    if (state_.dialog == DialogKind::kSwitcher && switcher_key(view, event)) return true;
    if (state_.dialog == DialogKind::kSearch && !modal && message_search_key(view, event))
      return true;
    if (!overlay_open() && find_key(view, event)) return true;
    if (state_.emoji && event.key == Key::kDown && ui_.focused_field()) {
      ui_.focus_next(false);
      return true;
    }
    const bool vertical = event.key == Key::kUp || event.key == Key::kDown;
    if (m.alt && !m.control && vertical && !overlay_open()) {
      return step_room(event.key == Key::kUp ? -1 : 1, m.shift);
    }
    if (ui_.handle_key(event)) return true;
    if (overlay_open() || !view.app.room || m.alt) return false;
    const bool field = ui_.focused_field() != nullptr;
    switch (event.key) {
      case Key::kPageUp:
        scroll_timeline(view, -0.85f);
        return true;
      case Key::kPageDown:
        scroll_timeline(view, 0.85f);
        return true;
      case Key::kHome:
        if (field && !m.control) return false;
        scroll_timeline_to_end(view, false);
        return true;
      case Key::kEnd:
        if (field && !m.control) return false;
        scroll_timeline_to_end(view, true);
        return true;
      case Key::kUp:
      case Key::kDown:
        if (field || m.control || m.shift) return false;
        scroll_timeline(view, event.key == Key::kUp ? -0.12f : 0.12f);
        return true;
      default:
        return false;
    }
  }

  bool toggle_dialog(DialogKind kind) {
    if (state_.dialog == kind) {
      state_.dialog = DialogKind::kNone;
      ui_.blur();
    } else
      state_.open_dialog(kind);
    ui_.mark_dirty();
    return true;
  }

  bool toggle_message_search(Scene& view) {
    if (state_.dialog == DialogKind::kSearch) return toggle_dialog(DialogKind::kSearch);
    open_message_search(view);
    return true;
  }

  // Pressed again in the search it is the browser's own.
  bool find_in_room(Scene& view) {
    if (!view.app.room || overlay_open() || find_has_focus(view)) return false;
    if (view.phone && (state_.page == Page::kRooms || state_.details_open)) return false;
    open_find(view);
    return true;
  }

  bool step_room(int direction, bool unread_only) {
    const client::AppView& app = core_.view();
    const auto count = static_cast<std::ptrdiff_t>(app.rooms.size());
    std::ptrdiff_t at = direction > 0 ? -1 : count;
    for (std::ptrdiff_t i = 0; i < count; ++i) {
      if (app.room && app.rooms[static_cast<std::size_t>(i)].room_id == app.room->room_id) at = i;
    }
    for (at += direction; at >= 0 && at < count; at += direction) {
      const client::RoomItemView& room = app.rooms[static_cast<std::size_t>(at)];
      if (unread_only && room.unread == 0) continue;
      ui_.emit([id = room.room_id](client::Client& c, Now n) { c.open_room(n, id); });
      state_.page = Page::kTimeline;
      break;
    }
    return true;
  }

  // Closes the topmost thing that is open.
  bool escape(Scene& view) {
    ui_.mark_dirty();
    if (state_.emoji) {
      state_.emoji.reset();
      ui_.blur();
    } else if (state_.menu) {
      const Id owner = state_.menu->owner;
      state_.menu.reset();
      if (ui_.focus_visible()) ui_.focus(owner, true);
    } else if (state_.confirm) {
      state_.confirm.reset();
      if (state_.dialog == DialogKind::kNone) ui_.blur();
    } else if (linking()) {
      ui_.emit([](client::Client& c, Now n) { c.cancel_link(n); });
    } else if (view.app.identity) {
      ui_.emit([](client::Client& c, Now n) { c.close_identity(n); });
    } else if (view.app.screen != client::Screen::kMain) {
      if (!std::exchange(state_.login_elsewhere, false)) return false;
      ui_.emit([](client::Client& c, Now n) { c.reset_login(n); });
    } else if (state_.dialog != DialogKind::kNone) {
      state_.dialog = DialogKind::kNone;
      ui_.blur();
    } else if (find_has_focus(view)) {
      close_find(view);
    } else if (view.app.composer.editing || view.app.composer.replying) {
      ui_.emit([](client::Client& c, Now n) { c.cancel_compose_mode(n); });
      state_.focus_composer = true;
    } else if (state_.timeline.anchor_end.row != 0 &&
               !(state_.timeline.anchor_end.row == state_.timeline.caret_end.row &&
                 state_.timeline.anchor_end.place == state_.timeline.caret_end.place)) {
      clear_selection(state_);
    } else if (state_.find.open)
      close_find(view);
    else if (state_.details_open)
      state_.details_open = false;
    else if (ui_.focused() != 0)
      ui_.blur();
    else if (view.phone && state_.page == Page::kTimeline)
      state_.page = Page::kRooms;
    else
      return false;
    return true;
  }

  // ---- places ---------------------------------------------------------------------------------

  static constexpr std::size_t kMaxInvitation = 2 * wire::kMaxCodeBytes;  // with the link's key

  void follow_path(Now now) {
    if (!wanted_path_ || core_.view().screen != client::Screen::kMain) return;
    const std::string path = std::exchange(wanted_path_, std::nullopt).value();
    state_.wanted_room.reset();
    if (path.starts_with("/r/")) {
      if (const auto room = RoomId::parse(std::string_view(path).substr(3, 36))) {
        state_.page = Page::kTimeline;
        state_.wanted_room = *room;
        core_.perform(now, [id = *room, at = message_number(path)](client::Client& c, Now n) {
          c.open_room(n, id, at);
        });
      }
    } else if (path.starts_with("/i/")) {
      state_.invite_wanted_code = path.substr(3, kMaxInvitation);
      state_.open_dialog(DialogKind::kJoinByCode);
    } else if (path.starts_with(kSafetyCode)) {
      told_path_ = "/";
      core_.perform(now, [code = path.substr(kSafetyCode.size())](client::Client& c, Now n) {
        c.open_safety_code(n, code);
      });
    } else {
      state_.page = Page::kRooms;
      if (ui_.surface.width > kPhoneWidth) return;
      core_.perform(now, [](client::Client& c, Now n) { c.close_room(n); });
    }
    ui_.mark_dirty();
  }

  void tell_place(const client::AppView& app) {
    if (app.screen != client::Screen::kMain || wanted_path_) return;
    const bool in_room =
        app.room && !(ui_.surface.width <= kPhoneWidth && state_.page == Page::kRooms);
    if (in_room) state_.wanted_room.reset();
    if (state_.wanted_room) return;  // the address says more than "no room"
    const std::string path = in_room ? "/r/" + app.room->room_id.to_string() : "/";
    // The address of a message stays as it is: a new entry would trap the way back.
    const bool told = path == told_path_ || (in_room && told_path_.starts_with(path + "/"));
    if (!told) platform_.push_url(told_path_ = path);
    const std::string title = in_room ? app.room->name : std::string();
    if (title != told_title_ || app.total_unread != told_unread_) {
      platform_.set_title(told_title_ = title, told_unread_ = app.total_unread);
    }
  }

  std::unique_ptr<Core> owned_;
  Core& core_;
  Platform& platform_;
  Options options_;
  GlyphCache glyphs_;
  Canvas canvas_;
  Ui ui_;
  AppState state_;
  Statistics statistics_;
  client::Revision drawn_revision_ = ~client::Revision{0};
  MonoTime last_frame_;
  MonoTime told_active_;
  Id focus_below_ = 0;  // of what is under dialogs, menus and pickers
  bool overlay_was_open_ = false;
  bool signed_in_ = false;
  bool style_ready_ = false;
  client::Settings styled_;
  float styled_ratio_ = 0;
  std::optional<std::string> wanted_path_;
  std::string told_path_, told_title_;
  std::uint32_t told_unread_ = 0;
};

AppUi::AppUi(client::Client& client, Platform& platform, Options options) {
  auto core = std::make_unique<ClientCore>(client);
  Core& used = *core;
  impl_ = std::make_unique<Impl>(std::move(core), used, platform, std::move(options));
}
AppUi::AppUi(Core& core, Platform& platform, Options options)
    : impl_(std::make_unique<Impl>(nullptr, core, platform, std::move(options))) {}
AppUi::~AppUi() = default;

bool AppUi::handle_pointer(Now now, const PointerEvent& event) {
  return impl_->pointer(now, event);
}
bool AppUi::handle_wheel(Now now, const WheelEvent& event) { return impl_->wheel(now, event); }
bool AppUi::handle_key(Now now, const KeyEvent& event) { return impl_->key(now, event); }
void AppUi::handle_character(Now now, char32_t code_point) { impl_->character(now, code_point); }
void AppUi::handle_text_input(Now now, const TextInputEvent& event) {
  impl_->text_input(now, event);
}
std::string AppUi::handle_copy(Now now) { return impl_->copy(now, false); }
std::string AppUi::handle_cut(Now now) { return impl_->copy(now, true); }
void AppUi::handle_paste(Now now, const std::string& text) { impl_->paste(now, text); }
void AppUi::handle_semantic_action(Now now, const SemanticAction& action) {
  impl_->action(now, action);
}
void AppUi::handle_focus(Now now, bool focused) { impl_->focus(now, focused); }
void AppUi::handle_preferences_changed() { impl_->preferences_changed(); }
void AppUi::handle_graphics_lost() { impl_->graphics_lost(); }
void AppUi::navigate(Now now, const std::string& path) { impl_->navigate(now, path); }
bool AppUi::wants_frame(Now now) const { return impl_->wants_frame(now); }
std::optional<MonoTime> AppUi::next_frame_at() const { return impl_->next_frame_at(); }
void AppUi::frame(Now now, const Surface& surface) { impl_->frame(now, surface); }
const SemanticTree& AppUi::semantics() const { return impl_->semantics(); }
std::uint32_t AppUi::background_rgb() const {
  const Color c = impl_->theme().palette.sidebar;
  return static_cast<std::uint32_t>(c.r << 16 | c.g << 8 | c.b);
}
bool AppUi::is_dark() const { return impl_->theme().dark; }
AppUi::Statistics AppUi::statistics() const { return impl_->statistics(); }

}  // namespace parley::ui
