// Members that "@" and letters in the composer may mean. Choosing one writes the whole name: the
// core tells from it who is mentioned.
#include <algorithm>

#include "client/ui/text_search.hpp"
#include "client/ui/views.hpp"

namespace parley::ui {
namespace {

using client::MemberView;

const Id kMentions = child_id(21, "mentions");
constexpr std::size_t kMostShown = 6;

bool is_word_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         static_cast<unsigned char>(c) >= 0x80;
}

struct Candidates {
  std::size_t at = 0;     // of the "@"
  std::size_t caret = 0;  // what is written reaches to here
  std::vector<const MemberView*> members;
  bool exact = false;  // the name is written already: Enter sends
};

// Names that start with the words come first, then those with a later word that does; within both
// the order of the member list, who is online first.
void match_members(const Scene& scene, std::string_view words, Candidates& out) {
  const std::u32string wanted = fold_case(words);
  std::vector<const MemberView*> later;
  for (const MemberView& member : scene.app.room->members) {
    if (member.me || member.name.empty()) continue;
    if (starts_folded(member.name, wanted)) {
      out.members.push_back(&member);
      out.exact |= member.name.size() == words.size();
    } else if (word_starts_folded(member.name, wanted)) {
      later.push_back(&member);
    }
  }
  out.members.insert(out.members.end(), later.begin(), later.end());
  // One that is written out is certain; nothing else is offered unless it goes on.
  if (out.exact && out.members.size() == 1) out.members.clear();
  if (out.members.size() > kMostShown) out.members.resize(kMostShown);
}

Candidates find_candidates(const Scene& scene, const FieldState& field) {
  Candidates out;
  const TextModel& model = field.model;
  const std::string& text = model.text();
  out.caret = model.caret();
  const ByteRange composing = model.composition();
  if (!scene.app.room || model.has_selection() || composing.begin != composing.end) return out;
  // Names have spaces, so the "@" may stand some words before the caret.
  std::size_t at = out.caret;
  while (at > 0 && text[at - 1] != '@' && text[at - 1] != '\n' &&
         out.caret - at <= wire::kMaxNameBytes)
    --at;
  if (at == 0 || text[at - 1] != '@') return out;
  out.at = at - 1;
  if (out.at > 0 && is_word_byte(text[out.at - 1])) return out;  // an address, not a mention
  const std::string_view words(text.data() + at, out.caret - at);
  if (words.empty() || words.front() == ' ') return out;
  match_members(scene, words, out);
  return out;
}

// Nothing but the field's own state decides, so that keys between two frames are right too.
std::optional<Candidates> open_candidates(Scene& scene) {
  FieldState* field = scene.ui.find_field(composer_field_id());
  if (!field || scene.ui.focused() != composer_field_id()) return std::nullopt;
  Candidates found = find_candidates(scene, *field);
  MentionState& state = scene.state.mention;
  const std::string words = field->model.text().substr(found.at, found.caret - found.at);
  if (state.at != found.at || state.words != words) {
    const bool extended = state.at == found.at && words.starts_with(state.words);
    const bool certain = found.exact || words.ends_with(' ');
    state = {found.at, words, certain ? -1 : 0, state.dismissed && extended};
  }
  if (found.members.empty() || state.dismissed) return std::nullopt;
  state.chosen = std::clamp(state.chosen, -1, static_cast<int>(found.members.size()) - 1);
  return found;
}

void insert(Scene& scene, const Candidates& found, const MemberView& member) {
  FieldState* field = scene.ui.find_field(composer_field_id());
  if (!field) return;
  const std::string& text = field->model.text();
  const bool spaced = found.caret < text.size() && text[found.caret] == ' ';
  field->model.select(found.at, found.caret);
  const std::string mention = "@" + member.name;
  field->model.insert(mention + (spaced ? "" : " "));
  if (spaced) field->model.move_right(false, false);
  // A longer name that starts the same is not offered after this one was chosen.
  scene.state.mention = {found.at, mention, -1, true};
  field->changed = true;
  scene.ui.mark_dirty();
}

void draw_option(Scene& scene, const MemberView& member, const Rect& rect, bool chosen,
                 const Response& use) {
  Ui& ui = scene.ui;
  const Palette& p = scene.colors();
  const Color ground = chosen ? p.selected : use.hovered ? p.hover : p.raised;
  ui.canvas.fill(rect, ground, radius::kMedium);
  Rect inside = rect.inset(space::k2, 0);
  const float side = ui.theme.control(28);
  const Rect picture = inside.take_left(side);
  avatar(ui, picture.centre(), side, member.user.uuid, member.name);
  presence_dot(ui, {picture.right() - 3, picture.centre().y + side / 2 - 3}, 8, member.presence,
               ground);
  inside.take_left(space::k3);
  const float name =
      text_line(ui, inside, member.name, {Face::kMedium, type::kBody, p.text}) + space::k2;
  inside.take_left(name);
  if (inside.w > scene.size(40) && !member.status_text.empty())
    text_line(ui, inside, member.status_text, {Face::kRegular, type::kSmall, p.text_muted});
}

}  // namespace

bool mention_key(Scene& scene, const KeyEvent& event) {
  const Modifiers& m = event.modifiers;
  if (m.control || m.alt || m.shift) return false;
  const bool wanted = event.key == Key::kUp || event.key == Key::kDown || event.key == Key::kTab ||
                      event.key == Key::kEnter || event.key == Key::kEscape;
  if (!wanted) return false;
  const auto found = open_candidates(scene);
  if (!found) return false;
  MentionState& state = scene.state.mention;
  const int count = static_cast<int>(found->members.size());
  scene.ui.mark_dirty();
  switch (event.key) {
    case Key::kUp:
      state.chosen = state.chosen <= 0 ? count - 1 : state.chosen - 1;
      return true;
    case Key::kDown:
      state.chosen = (state.chosen + 1) % count;
      return true;
    case Key::kEscape:
      state.dismissed = true;
      return true;
    default:
      break;
  }
  if (state.chosen < 0 && event.key == Key::kEnter) return false;
  insert(scene, *found, *found->members[static_cast<std::size_t>(std::max(0, state.chosen))]);
  return true;
}

void draw_mention_popup(Scene& scene, const Rect& composer) {
  const FieldState* field = scene.ui.find_field(composer_field_id());
  if (!field || scene.ui.focused() != composer_field_id()) return;
  Ui& ui = scene.ui;
  AppState& state = scene.state;
  const bool begun = field->model.text().find('@') != std::string::npos;
  if (begun && !state.members_asked) {
    state.members_asked = true;
    ui.emit([](client::Client& c, Now n) { c.load_members(n); });
  }
  const auto found = open_candidates(scene);
  if (!found) return;
  const Palette& p = scene.colors();
  const float row = ui.theme.control(scene.phone ? 46 : 40);
  const float height = row * static_cast<float>(found->members.size()) + 2 * space::k1 + 2;
  const float width = scene.phone ? composer.w : std::min(composer.w, ui.theme.control(360));
  // It stands over the words that it completes, as far as there is room.
  const float left = field->origin.x + field->layout.caret(found->at).x - space::k3;
  const Rect panel{std::clamp(left, composer.x, std::max(composer.x, composer.right() - width)),
                   composer.y - height - 2, width, height};
  ui.canvas.shadow(panel, radius::kLarge, 18, p.shadow, ui.theme.dark ? 0.9f : 0.4f);
  ui.canvas.fill(panel, p.raised, radius::kLarge);
  ui.canvas.stroke(panel, p.border, radius::kLarge);
  ui.interact({.id = child_id(kMentions, "panel"),
               .rect = panel,
               .focusable = false,
               .semantic = false,
               .cursor = CursorShape::kArrow});
  ui.open_node(kMentions, SemanticRole::kListBox, panel, "People to mention");
  Rect rest = panel.inset(space::k1 + 1, space::k1 + 1);
  const MemberView* clicked = nullptr;
  const auto count = found->members.size();
  for (std::size_t i = 0; i < count; ++i) {
    const MemberView& member = *found->members[i];
    const Rect place = rest.take_top(row);
    const Id id = child_id(kMentions, std::hash<UserId>{}(member.user));
    const bool chosen = static_cast<int>(i) == state.mention.chosen;
    const std::string label = member.name + ", " + presence_words(member.presence);
    const Response use = ui.interact({.id = id,
                                      .rect = place,
                                      .role = SemanticRole::kOption,
                                      .label = label,
                                      .focusable = false});
    ui.last_node().selectable = true;
    ui.last_node().selected = chosen;
    draw_option(scene, member, place, chosen, use);
    if (use.clicked) clicked = &member;
  }
  ui.close_node();
  // The focus stays in the field: what the arrows choose is told.
  if (state.mention.chosen >= 0) {
    const auto chosen = static_cast<std::size_t>(state.mention.chosen);
    ui.node(child_id(kMentions, "told"), SemanticRole::kStatus, panel,
            found->members[chosen]->name + ", " + std::to_string(chosen + 1) + " of " +
                std::to_string(count));
  }
  if (clicked) insert(scene, *found, *clicked);
}

}  // namespace parley::ui
