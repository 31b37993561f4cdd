// Signing in on the desktop, and the first moment. On the web a real form stands over the brand.
#include <algorithm>

#include "client/ui/column.hpp"
#include "client/ui/views.hpp"
#include "shared/base/utf8.hpp"

namespace parley::ui {
namespace {

const Id kLogin = child_id(8, "login");

}  // namespace

void draw_starting(Scene& scene, const Rect& area) {
  Ui& ui = scene.ui;
  ui.canvas.fill(area, scene.colors().canvas);
  draw_brand(ui, area.centre() + Vec2{0, -24}, 64);
  spinner(ui, area.centre() + Vec2{0, 48}, 22, scene.colors().text_muted);
  ui.node(kLogin, SemanticRole::kStatus, area, "Parley is starting").busy = true;
}

std::string link_code_in(std::string_view text) {
  constexpr std::string_view kMark = "#link=";
  if (const std::size_t at = text.rfind(kMark); at != std::string_view::npos)
    text.remove_prefix(at + kMark.size());
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(kBlank) - first + 1));
}

void sign_in_with(client::Client& client, Now now, const std::string& text) {
  // A code is written in at most three groups; whoever typed more meant the words, right or wrong.
  constexpr int kCodeGroups = 4;
  int words = 0;
  bool inside = false;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',';
    if (!blank && !inside) ++words;
    inside = !blank;
  }
  if (words > kCodeGroups)
    client.sign_in_recovery(now, text);
  else
    client.sign_in_link(now, link_code_in(text));
}

namespace {

void draw_error(Column& column, const client::LoginView& login) {
  if (login.error.empty()) return;
  Ui& ui = column.scene.ui;
  const TextLook look{Face::kRegular, type::kSmall, column.scene.colors().danger_text};
  const Rect place = column.take(text_wrapped_height(ui, column.w, login.error, look, 5));
  text_wrapped(ui, place.min(), place.w, login.error, look, 5);
  ui.node(child_id(kLogin, "error"), SemanticRole::kAlert, place, login.error);
}

// True: this one was pressed.
bool wide_button(Column& column, std::string_view part, const ButtonLook& look, bool busy) {
  Ui& ui = column.scene.ui;
  const Rect place = column.take(ui.theme.control(42));
  const bool clicked = button(ui, child_id(kLogin, part), place, look);
  if (busy) {
    spinner(ui, {place.right() - space::k6, place.centre().y}, 16,
            column.scene.colors().text_muted);
  }
  return clicked;
}

// What ends the form. Who is asked whether to lose what is kept here sees that in it.
bool go_button(Column& column, std::string_view part, std::string_view words, bool ready) {
  const client::LoginView& login = column.scene.app.login;
  const bool asks = login.asks_to_replace && !login.busy;
  return wide_button(column, part,
                     {.style = asks ? ButtonStyle::kDanger : ButtonStyle::kPrimary,
                      .label = login.busy ? "Signing in"
                               : asks     ? "Go on"
                                          : words,
                      .disabled = !ready},
                     login.busy);
}

void draw_guest(Column& column) {
  Scene& scene = column.scene;
  Ui& ui = scene.ui;
  const client::LoginView& login = scene.app.login;
  const Id field_id = child_id(kLogin, "name");
  TextFieldLook look;
  look.label = "Your name";
  look.placeholder = "Ada Lovelace";
  look.options.max_bytes = wire::kMaxNameBytes;
  look.invalid = !login.error.empty();
  FieldState& name = column.field(field_id, look);
  if (name.model.text().empty() && !name.changed && !login.suggested_name.empty() &&
      ui.frame() < 3) {
    name.model.set_text(login.suggested_name);
    name.model.select_all();
  }
  if (ui.focused() == 0 && !ui.touch()) ui.focus(field_id);
  (void)take_changed(name);
  draw_error(column, login);
  const bool ready = !login.busy && !is_blank(name.model.text());
  const bool clicked = go_button(column, "go", "Continue", ready);
  if ((take_submitted(name) || clicked) && ready)
    ui.emit([text = name.model.text()](client::Client& c, Now n) { c.sign_in_guest(n, text); });
  if (wide_button(column, "elsewhere",
                  {.style = ButtonStyle::kGhost,
                   .label = "I have an account on another device",
                   .disabled = login.busy},
                  false)) {
    scene.state.login_elsewhere = true;
    ui.emit([](client::Client& c, Now n) { c.reset_login(n); });
    ui.blur();
  }
  column.note("No account is needed. This device keeps you signed in until you sign out.");
}

void draw_elsewhere(Column& column) {
  Scene& scene = column.scene;
  Ui& ui = scene.ui;
  const client::LoginView& login = scene.app.login;
  column.note(
      "For a code: on the other device open Settings, Security, and choose \"Link a device\". "
      "Or type the recovery words that you wrote down.");
  const Id field_id = child_id(kLogin, "account");
  TextFieldLook look;
  look.role = SemanticRole::kMultiLineTextBox;
  look.label = "Code or recovery words";
  look.placeholder = "K7QM-4WZX-PD9T";
  look.options = {.multi_line = true, .enter_submits = true, .max_bytes = kMaxAccountTextBytes};
  look.invalid = !login.error.empty();
  FieldState& text = column.field(field_id, look);
  if (ui.focused() == 0 && !ui.touch()) ui.focus(field_id);
  (void)take_changed(text);
  draw_error(column, login);
  const bool ready = !login.busy && !is_blank(text.model.text());
  const bool clicked = go_button(column, "sign in", "Sign in", ready);
  if ((take_submitted(text) || clicked) && ready)
    ui.emit([t = text.model.text()](client::Client& c, Now n) { sign_in_with(c, n, t); });
  if (wide_button(column, "back",
                  {.style = ButtonStyle::kGhost, .label = "Back", .disabled = login.busy}, false)) {
    scene.state.login_elsewhere = false;
    ui.emit([](client::Client& c, Now n) { c.reset_login(n); });
    ui.blur();
  }
}

}  // namespace

void draw_login(Scene& scene, const Rect& area) {
  Ui& ui = scene.ui;
  const Palette& p = scene.colors();
  ui.canvas.fill(area, p.sidebar);
  if (!scene.options.draws_login) return;
  const client::LoginView& login = scene.app.login;
  const float width = std::min(ui.theme.control(400), area.w - 2 * space::k4);
  float& content = scene.state.contents[kLogin];
  const float height = std::max(content, ui.theme.control(300)) + 2 * space::k8;
  const Rect panel{area.centre().x - width / 2, area.y + std::max(space::k4, (area.h - height) / 2),
                   width, height};
  if (!scene.phone) {
    ui.canvas.shadow(panel, radius::kDialog, 24, p.shadow, ui.theme.dark ? 0.8f : 0.22f);
    ui.canvas.fill(panel, p.raised, radius::kDialog);
    ui.canvas.stroke(panel, p.border, radius::kDialog);
  }
  ui.open_node(kLogin, SemanticRole::kForm, panel, "Sign in");
  const Rect inside = panel.inset(space::k8, space::k8);
  Column column{scene, kLogin, inside.x, inside.y, inside.w};
  const float mark = ui.theme.control(56);
  draw_brand(ui, column.take(mark, space::k4).centre(), mark);
  const bool elsewhere = scene.state.login_elsewhere;
  const std::string_view words = elsewhere ? "Use your account" : "Welcome to Parley";
  const Rect title = column.take(ui.theme.line(type::kHeading), space::k1);
  text_centred(ui, title, words, {Face::kBold, type::kHeading, p.text});
  ui.node(child_id(kLogin, "title"), SemanticRole::kHeading, title, words).level = 1;
  if (!elsewhere) {
    const std::string where = login.server.empty()
                                  ? "Choose the name others will see."
                                  : "Choose the name others will see on " + login.server + ".";
    const TextLook small{Face::kRegular, 14, p.text_muted};
    const Rect hint = column.take(text_wrapped_height(ui, column.w, where, small), space::k5);
    text_wrapped_centred(ui, hint.min(), hint.w, where, small);
  }
  if (elsewhere)
    draw_elsewhere(column);
  else
    draw_guest(column);
  const float used = column.y - space::k3 - inside.y;
  if (content != used) ui.request_frame();
  content = used;
  ui.close_node();
}

}  // namespace parley::ui
