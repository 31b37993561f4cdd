// Signing in on the desktop, and the first moment. On the web a real form stands over the brand.
#include <algorithm>

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

void draw_login(Scene& scene, const Rect& area) {
  Ui& ui = scene.ui;
  const Palette& p = scene.colors();
  ui.canvas.fill(area, p.sidebar);
  if (!scene.options.draws_login) return;
  const client::LoginView& login = scene.app.login;
  const float width = std::min(ui.theme.control(400), area.w - 2 * space::k4);
  const float height = ui.theme.control(login.error.empty() ? 400 : 440);
  const Rect panel{area.centre().x - width / 2, area.y + std::max(space::k4, (area.h - height) / 2),
                   width, height};
  if (!scene.phone) {
    ui.canvas.shadow(panel, radius::kDialog, 24, p.shadow, ui.theme.dark ? 0.8f : 0.22f);
    ui.canvas.fill(panel, p.raised, radius::kDialog);
    ui.canvas.stroke(panel, p.border, radius::kDialog);
  }
  ui.open_node(kLogin, SemanticRole::kForm, panel, "Sign in");
  Rect inside = panel.inset(space::k8, space::k8);
  const float mark = ui.theme.control(56);
  draw_brand(ui, inside.take_top(mark).centre(), mark);
  inside.take_top(space::k4);
  const Rect title = inside.take_top(ui.theme.line(type::kHeading));
  text_centred(ui, title, "Welcome to Parley", {Face::kBold, type::kHeading, p.text});
  ui.node(child_id(kLogin, "title"), SemanticRole::kHeading, title, "Welcome to Parley").level = 1;
  const std::string where = login.server.empty()
                                ? "Choose the name others will see."
                                : "Choose the name others will see on " + login.server + ".";
  const TextLook small{Face::kRegular, 14, p.text_muted};
  const float lines = text_wrapped_height(ui, inside.w, where, small);
  const Rect hint = inside.take_top(lines);
  text_wrapped_centred(ui, hint.min(), hint.w, where, small);
  inside.take_top(space::k5);

  const Id field_id = child_id(kLogin, "name");
  text_line(ui, inside.take_top(ui.theme.line(type::kSmall) + 2), "Your name",
            {Face::kMedium, type::kSmall, p.text});
  const Rect box = inside.take_top(ui.theme.control(42));
  TextFieldLook look;
  look.label = "Your name";
  look.placeholder = "Ada Lovelace";
  look.options.max_bytes = wire::kMaxNameBytes;
  look.invalid = !login.error.empty();
  FieldState& name = text_field(ui, field_id, box, look);
  if (name.model.text().empty() && !name.changed && !login.suggested_name.empty() &&
      ui.frame() < 3) {
    name.model.set_text(login.suggested_name);
    name.model.select_all();
  }
  if (ui.focused() == 0 && !ui.touch()) ui.focus(field_id);
  (void)take_changed(name);
  inside.take_top(space::k2);
  if (!login.error.empty()) {
    const TextLook error{Face::kRegular, type::kSmall, p.danger_text};
    const float used = text_wrapped_height(ui, inside.w, login.error, error, 3);
    const Rect place = inside.take_top(used);
    text_wrapped(ui, place.min(), place.w, login.error, error, 3);
    ui.node(child_id(kLogin, "error"), SemanticRole::kAlert, place, login.error);
    inside.take_top(space::k1);
  }
  inside.take_top(space::k2);
  const bool ready = !login.busy && !is_blank(name.model.text());
  const Rect go = inside.take_top(ui.theme.control(42));
  const bool clicked = button(ui, child_id(kLogin, "go"), go,
                              {.style = ButtonStyle::kPrimary,
                               .label = login.busy ? "Signing in" : "Continue",
                               .disabled = !ready});
  if (login.busy) spinner(ui, {go.right() - space::k6, go.centre().y}, 16, p.text_muted);
  if ((take_submitted(name) || clicked) && ready) {
    ui.emit([text = name.model.text()](client::Client& c, Now n) { c.sign_in_guest(n, text); });
  }
  inside.take_top(space::k3);
  const TextLook note{Face::kRegular, type::kCaption, p.text_muted};
  text_wrapped(ui, inside.min(), inside.w,
               "No account is needed. This device keeps you signed in until you sign out.", note);
  ui.close_node();
}

}  // namespace parley::ui
