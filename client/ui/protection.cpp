// How sure one may be of who reads along: signs, words, and the strip under a room's header.
#include <algorithm>

#include "client/ui/views.hpp"

namespace parley::ui {

using client::Protection;

ProtectionLook protection_look(const Palette& p, Protection protection, wire::RoomKind kind) {
  switch (protection) {
    case Protection::kEncrypted:
      return {Icon::kLock, p.text_muted, "Encrypted", "end-to-end encrypted, not verified",
              "End-to-end encrypted. Not everybody here was verified in person."};
    case Protection::kVerified:
      return {Icon::kLockCheck, p.success_text, "Verified", "end-to-end encrypted and verified",
              "End-to-end encrypted. Everybody here was verified in person."};
    case Protection::kAttention:
      return {Icon::kWarning, p.attention_text, "Look here",
              "end-to-end encrypted, needs your attention",
              "End-to-end encrypted, but something changed that you have to look at."};
    case Protection::kNone:
      break;
  }
  if (kind == wire::RoomKind::kPrivate) {
    return {Icon::kLock, p.text_muted, "Private", "private room",
            "Private room: only its members can read what is written."};
  }
  return {Icon::kGlobe, p.text_muted, "Open", "open room",
          "Open room: the server can read what is written here."};
}

void room_picture(Ui& ui, Vec2 centre, float side, RoomId room, const std::optional<UserId>& person,
                  std::string_view name) {
  if (person)
    avatar(ui, centre, side, person->uuid, name);
  else
    room_avatar(ui, centre, side, room.uuid, name);
}

namespace {

const Id kStrip = child_id(5, "encryption");

void accept_changed(Scene& scene, UserId user) {
  scene.state.confirm = Confirm{
      "Accept without comparing?",
      "If somebody put themselves between you, you will not notice. Compare the numbers if what "
      "you write here matters.",
      "Accept", [&ui = scene.ui, user] {
        ui.emit([user](client::Client& c, Now n) { c.accept_identity(n, user, false); });
      }};
}

// Amber: somebody has to look. The buttons stand beside the words, or below them where it is
// narrow.
float draw_attention(Scene& scene, const Rect& area) {
  Ui& ui = scene.ui;
  const client::EncryptionView& encryption = scene.app.room->encryption;
  const Color ink = scene.colors().on_warning_soft;
  const bool asks = !encryption.changed.empty();
  const bool below = asks && area.w < scene.size(560);
  const float tall = ui.theme.control(ui.touch() || scene.phone ? 40 : 30);
  const float compare = strip_button_width(ui, "Compare"),
              accept = strip_button_width(ui, "Accept");
  const float sign = scene.size(18) + space::k2;
  float words = area.w - 2 * space::k4 - sign;
  if (asks && !below) words -= compare + accept + 2 * space::k2;
  const TextLook look{Face::kMedium, type::kSmall, ink};
  const float text = text_wrapped_height(ui, words, encryption.attention, look, 5);
  float height = std::max(text, asks && !below ? tall : 0.0f) + 2 * space::k2 + 2;
  if (below) height += tall + space::k2;

  const Rect strip{area.x, area.y, area.w, height};
  ui.canvas.fill(strip, scene.colors().warning_soft);
  ui.open_node(child_id(kStrip, "attention"), SemanticRole::kGroup, strip, "Encryption");
  Rect inside = strip.inset(space::k4, space::k2 + 1);
  Rect row = below ? inside.take_bottom(tall) : Rect{};
  const float line = ui.theme.line(type::kSmall);
  const float top = below ? inside.y : inside.centre().y - text / 2;
  ui.canvas.icon(Icon::kWarning, {inside.x + scene.size(9), top + line / 2}, scene.size(17), ink);
  text_wrapped(ui, {inside.x + sign, top}, words, encryption.attention, look, 5);
  ui.node(child_id(kStrip, "attention text"), SemanticRole::kAlert, inside, encryption.attention);
  if (asks) {
    if (below)
      row.take_left(sign);
    else
      row = {inside.right() - compare - accept - space::k2, inside.centre().y - tall / 2,
             compare + accept + space::k2, tall};
    const UserId user = encryption.changed.front();
    if (strip_button(ui, child_id(kStrip, "compare"), row.take_left(compare), "Compare", ink))
      ui.emit([user](client::Client& c, Now n) { c.look_at_identity(n, user); });
    row.take_left(space::k2);
    if (strip_button(ui, child_id(kStrip, "accept"), row.take_left(accept), "Accept", ink))
      accept_changed(scene, user);
  }
  ui.close_node();
  return height;
}

float draw_waiting(Scene& scene, const Rect& area) {
  Ui& ui = scene.ui;
  const std::string& words = scene.app.room->encryption.waiting;
  const Palette& p = scene.colors();
  const TextLook look{Face::kRegular, type::kSmall, p.text_muted};
  const float sign = scene.size(18) + space::k2;
  const float width = area.w - 2 * space::k4 - sign;
  const float text = text_wrapped_height(ui, width, words, look, 2);
  const Rect strip{area.x, area.y, area.w, text + 2 * space::k1 + 4};
  ui.canvas.fill(strip, p.code);
  const float line = ui.theme.line(type::kSmall);
  const Vec2 at{strip.x + space::k4, strip.centre().y - text / 2};
  ui.canvas.icon(Icon::kClock, {at.x + scene.size(9), at.y + line / 2}, scene.size(15),
                 p.text_muted);
  text_wrapped(ui, {at.x + sign, at.y}, width, words, look, 2);
  ui.node(child_id(kStrip, "waiting"), SemanticRole::kStatus, strip, words);
  return strip.h;
}

}  // namespace

float draw_encryption_banner(Scene& scene, const Rect& area) {
  const client::EncryptionView& encryption = scene.app.room->encryption;
  Rect rest = area;
  if (!encryption.attention.empty()) rest.take_top(draw_attention(scene, rest));
  if (!encryption.waiting.empty()) rest.take_top(draw_waiting(scene, rest));
  return rest.y - area.y;
}

}  // namespace parley::ui
