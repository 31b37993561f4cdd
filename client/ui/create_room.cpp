// The dialog that makes a room, private unless the person wants it open.
#include <algorithm>
#include <array>

#include "client/ui/column.hpp"
#include "client/ui/views.hpp"
#include "shared/base/utf8.hpp"

namespace parley::ui {
namespace {

const Id kCreate = child_id(25, "create room");

constexpr std::size_t kReachable = 200;  // rows out of sight that the keyboard gets to

struct Known {
  UserId user;
  std::string name;
};

// Whom the person has to do with: partners of direct rooms, and members of the open room.
std::vector<Known> known_people(const client::AppView& app) {
  std::vector<Known> people;
  const auto add = [&](const UserId& user, const std::string& name) {
    const bool there = std::any_of(people.begin(), people.end(),
                                   [&](const Known& one) { return one.user == user; });
    if (!there && user != app.self.user) people.push_back({user, name});
  };
  for (const client::RoomItemView& room : app.rooms) {
    if (room.direct_with) add(*room.direct_with, room.name);
  }
  if (app.room) {
    for (const client::MemberView& member : app.room->members) add(member.user, member.name);
  }
  std::sort(people.begin(), people.end(),
            [](const Known& a, const Known& b) { return a.name < b.name; });
  return people;
}

// One of several kinds: a ring, a name and what it means.
bool kind_card(Column& column, Id group, std::string_view title, std::string_view detail,
               bool chosen) {
  Ui& ui = column.scene.ui;
  const Palette& p = column.scene.colors();
  const float inner = column.w - 2 * space::k3 - column.scene.size(28);
  const TextLook heading{Face::kMedium, type::kBody, p.text};
  const TextLook body{Face::kRegular, type::kSmall, p.text_muted};
  const float first = text_wrapped_height(ui, inner, title, heading);
  const float second = text_wrapped_height(ui, inner, detail, body);
  const Rect box = column.take(first + second + 2 * space::k2 + 2, space::k2);
  const Id id = child_id(group, title);
  const Response use = ui.interact(
      {.id = id, .rect = box, .role = SemanticRole::kRadio, .label = title, .group = group});
  SemanticNode& node = ui.last_node();
  node.checkable = true;
  node.checked = chosen;
  node.description = detail;
  const float hover = ui.animate(id, use.hovered ? 1.0f : 0.0f, 90);
  ui.canvas.fill(box, chosen ? p.accent_soft : p.hover.with_alpha(hover), radius::kMedium);
  ui.canvas.stroke(box, chosen ? p.accent : p.border, radius::kMedium, chosen ? 1.5f : 1.0f);
  if (use.focus_visible) ui.draw_focus_ring(box, radius::kMedium);
  const Vec2 at = box.inset(space::k3, space::k2 + 1).min();
  const Vec2 ring{at.x + column.scene.size(9), at.y + ui.theme.line(type::kBody) / 2};
  ui.canvas.ring(ring, column.scene.size(7), chosen ? p.accent : p.border_strong, 1.5f);
  if (chosen) ui.canvas.circle(ring, column.scene.size(3.5f), p.accent);
  const float left = at.x + column.scene.size(28);
  text_wrapped(ui, {left, at.y}, inner, title, heading);
  text_wrapped(ui, {left, at.y + first}, inner, detail,
               {body.face, body.size, chosen ? p.on_accent_soft : p.text_muted});
  return use.clicked;
}

void draw_person(Scene& scene, const Known& person, const Rect& rect, Id group) {
  Ui& ui = scene.ui;
  const Palette& p = scene.colors();
  auto& wanted = scene.state.create_people;
  const auto found = std::find(wanted.begin(), wanted.end(), person.user);
  const bool on = found != wanted.end();
  const Response use = ui.interact({.id = child_id(group, std::hash<UserId>{}(person.user)),
                                    .rect = rect,
                                    .role = SemanticRole::kCheckBox,
                                    .label = person.name,
                                    .group = group});
  ui.last_node().checkable = true;
  ui.last_node().checked = on;
  if (use.hovered) ui.canvas.fill(rect, p.hover, radius::kSmall);
  if (use.focus_visible) ui.draw_focus_ring(rect.inset(2), radius::kSmall);
  Rect inside = rect.inset(space::k2, 0);
  const Vec2 tick = inside.take_right(scene.size(20)).centre();
  const float half = scene.size(9);
  const Rect box{tick.x - half, tick.y - half, 2 * half, 2 * half};
  ui.canvas.fill(box, on ? p.accent : p.raised, 5);
  if (on)
    ui.canvas.icon(Icon::kCheck, tick, scene.size(14), p.on_accent, 2);
  else
    ui.canvas.stroke(box, p.border_strong, 5, 1.5f);
  const float side = ui.theme.control(28);
  avatar(ui, inside.take_left(side).centre(), side, person.user.uuid, person.name);
  inside.take_left(space::k2);
  text_line(ui, inside, person.name, {Face::kRegular, type::kBody, p.text});
  if (!use.clicked) return;
  if (on)
    wanted.erase(found);
  else
    wanted.push_back(person.user);
}

void draw_people(Column& column) {
  Scene& scene = column.scene;
  Ui& ui = scene.ui;
  const std::vector<Known> people = known_people(scene.app);
  if (people.empty()) return;
  column.label("People to invite (optional)");
  const float row = ui.theme.control(scene.phone ? 44 : 38);
  const float content = row * static_cast<float>(people.size());
  const Id group = child_id(kCreate, "people");
  const Rect list = column.take(std::min(content, row * 3.5f) + 2);
  ui.canvas.stroke(list, scene.colors().border, radius::kMedium);
  ui.open_node(group, SemanticRole::kGroup, list, "People to invite");
  const ScrollArea scroll{child_id(group, "scroll"), list.inset(1), &scene.state.scrolls[group]};
  float y = begin_scroll(ui, scroll, content);
  for (const Known& person : people) {
    const Rect place{list.x + 1, y, list.w - 2, row};
    if (ui.canvas.visible(place) || people.size() <= kReachable)
      draw_person(scene, person, place, group);
    y += row;
  }
  end_scroll(ui, scroll, content);
  follow_focus(ui, group, scroll);
  ui.close_node();
}

void draw_more(Column& column) {
  Scene& scene = column.scene;
  Ui& ui = scene.ui;
  bool& more = scene.state.create_more;
  const ButtonLook look{.style = ButtonStyle::kGhost,
                        .label = "More",
                        .has_icon = true,
                        .icon = more ? Icon::kChevronDown : Icon::kChevronRight};
  Rect row = column.take(button_height(ui));
  const bool clicked =
      button(ui, child_id(kCreate, "more"), row.take_left(button_width(ui, look)), look);
  ui.last_node().expandable = true;
  ui.last_node().expanded = more;
  if (more) {
    static constexpr std::array<std::string_view, 5> kSpans = {"Never", "1 hour", "1 day", "1 week",
                                                               "4 weeks"};
    static constexpr std::string_view kDisappear = "Messages disappear after";
    column.label(kDisappear);
    scene.state.create_disappear =
        segmented(ui, child_id(kCreate, "disappear"), column.take(ui.theme.control(38)), kDisappear,
                  kSpans, scene.state.create_disappear);
  }
  if (more && scene.state.create_disappear > 0) {
    column.note(
        "They can be read only by the devices that are here when they are sent. This cannot be "
        "changed later.");
  } else if (more) {
    static constexpr std::array<std::string_view, 3> kHistory = {"Everything", "Since invited",
                                                                 "From joining"};
    static constexpr std::string_view kLabel = "What people who come later can read";
    column.label(kLabel);
    scene.state.create_history =
        segmented(ui, child_id(kCreate, "history"), column.take(ui.theme.control(38)), kLabel,
                  kHistory, scene.state.create_history);
  }
  if (clicked) more = !more;
}

wire::HistoryAccess chosen_history(const AppState& state) {
  constexpr std::array kValues = {wire::HistoryAccess::kAll, wire::HistoryAccess::kSinceInvited,
                                  wire::HistoryAccess::kNone};
  return kValues[static_cast<std::size_t>(std::clamp(state.create_history, 0, 2))];
}

std::uint32_t chosen_disappear(const AppState& state) {
  constexpr std::array<std::uint32_t, 5> kSeconds = {0, 3600, 86'400, 7 * 86'400, 28 * 86'400};
  return kSeconds[static_cast<std::size_t>(std::clamp(state.create_disappear, 0, 4))];
}

}  // namespace

void access_choice(Column& column, Id id, int& access) {
  static constexpr std::array<std::string_view, 2> kAccess = {"Anyone can join", "By invitation"};
  column.label("Who can join");
  access = segmented(column.scene.ui, id, column.take(column.scene.ui.theme.control(38)),
                     "Who can join", kAccess, access);
}

wire::RoomAccess chosen_access(int access) {
  return access == 0 ? wire::RoomAccess::kPublic : wire::RoomAccess::kInviteOnly;
}

namespace {

void start(Scene& scene) {
  AppState& state = scene.state;
  state.create_access = 0;
  state.create_open = false;
  state.create_more = false;
  state.create_history = 0;
  state.create_disappear = 0;
  state.create_people.clear();
  state.scrolls[kCreate] = 0;
  if (scene.app.room && scene.app.room->members.empty() && !state.members_asked) {
    state.members_asked = true;
    scene.ui.emit([](client::Client& c, Now n) { c.load_members(n); });
  }
}

void draw_form(Column& column, bool& done) {
  Scene& scene = column.scene;
  Ui& ui = scene.ui;
  AppState& state = scene.state;
  const Id kinds = child_id(kCreate, "kind");
  ui.open_node(kinds, SemanticRole::kRadioGroup,
               {column.x, column.y, column.w, ui.theme.control(130)}, "Kind of room");
  if (kind_card(column, kinds, "Private (end-to-end encrypted)",
                "Only the people in the room can read it, not the server.", !state.create_open))
    state.create_open = false;
  if (kind_card(column, kinds, "Open", "The server can read it; bots and server search work.",
                state.create_open))
    state.create_open = true;
  ui.close_node();
  column.y += space::k1;

  TextFieldLook look;
  look.label = "Name";
  look.placeholder = "Weekend plans";
  look.options.max_bytes = wire::kMaxNameBytes;
  FieldState& name = column.field(child_id(kCreate, "name"), look);
  look.label = "Topic (optional)";
  look.placeholder = "What it is about";
  look.options.max_bytes = wire::kMaxTopicBytes;
  FieldState& topic = column.field(child_id(kCreate, "topic"), look);
  (void)take_changed(name);
  (void)take_changed(topic);

  const auto keys = scene.app.keys.state;
  const bool barred = !state.create_open && (keys == client::AccountKeys::kLocked ||
                                             keys == client::AccountKeys::kRevoked);
  if (state.create_open) {
    access_choice(column, child_id(kCreate, "access"), state.create_access);
    column.note(state.create_access == 0 ? "It is listed for everybody on this server."
                                         : "Only people with an invitation find it.");
  } else if (barred) {
    column.remark(
        Icon::kLock, scene.colors().attention_text,
        scene.app.keys.text.empty()
            ? "This device cannot use private rooms yet. Link it with another device first."
            : std::string_view(scene.app.keys.text),
        SemanticRole::kStatus);
  } else {
    draw_people(column);
    draw_more(column);
  }

  const bool ready = !is_blank(name.model.text()) && !barred;
  const ButtonLook looks[] = {
      {.style = ButtonStyle::kPrimary, .label = "Create", .disabled = !ready}, {.label = "Cancel"}};
  const int chosen = column.acts(looks);
  const bool name_submitted = take_submitted(name);
  const bool submitted = take_submitted(topic) || name_submitted;
  if (chosen == 1) done = true;
  if (!ready || (chosen != 0 && !submitted)) return;
  if (state.create_open) {
    ui.emit([n = name.model.text(), t = topic.model.text(),
             access = chosen_access(state.create_access)](client::Client& c, Now now) {
      c.create_room(now, n, t, access);
    });
  } else {
    ui.emit([n = name.model.text(), t = topic.model.text(), people = state.create_people,
             history = chosen_history(state),
             disappear = chosen_disappear(state)](client::Client& c, Now now) {
      const auto kept = disappear > 0 ? wire::HistoryAccess::kNone : history;
      c.create_private_room(now, n, t, people, kept, disappear);
    });
  }
  state.page = Page::kTimeline;
  done = true;
}

}  // namespace

void draw_create_room(Scene& scene) {
  if (scene.state.dialog_fresh) {
    start(scene);
    if (!(scene.phone && scene.ui.touch())) {
      (void)scene.ui.field(child_id(kCreate, "name"), {.max_bytes = wire::kMaxNameBytes});
      scene.ui.focus(child_id(kCreate, "name"));
    }
  }
  bool done = false;
  const bool open = column_dialog(scene, kCreate, "Create a room", 460,
                                  [&](Column& column) { draw_form(column, done); });
  if (!open || done) close_dialog(scene);
}

}  // namespace parley::ui
