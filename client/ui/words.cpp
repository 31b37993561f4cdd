// Words and small acts that several views share.
#include "client/ui/views.hpp"

namespace parley::ui {

std::string presence_words(wire::PresenceStatus status) {
  switch (status) {
    case wire::PresenceStatus::kOnline:
      return "Online";
    case wire::PresenceStatus::kAway:
      return "Away";
    case wire::PresenceStatus::kBusy:
      return "Busy";
    case wire::PresenceStatus::kInvisible:
      return "Invisible";
    case wire::PresenceStatus::kOffline:
      return "Offline";
  }
  return "Offline";
}

std::string role_words(wire::Role role) {
  switch (role) {
    case wire::Role::kOwner:
      return "Owner";
    case wire::Role::kModerator:
      return "Moderator";
    case wire::Role::kInvited:
      return "Invited";
    default:
      return "Member";
  }
}

std::string room_link(const Scene& scene, RoomId room) {
  return scene.ui.platform.public_origin() + "/r/" + room.to_string();
}

std::string message_link(const Scene& scene, RoomId room, Seq seq) {
  return room_link(scene, room) + "/" + std::to_string(seq.value);
}

std::string invite_link(const Scene& scene, const std::string& code) {
  const std::string origin = scene.ui.platform.public_origin();
  return origin.empty() ? code : origin + "/i/" + code;
}

void copy_text(Scene& scene, const std::string& text) { scene.ui.platform.set_clipboard(text); }

std::string key_name(const Scene& scene, std::string_view keys) {
  std::string out(keys);
  if (!scene.ui.platform.is_mac()) return out;
  const auto replace = [&out](std::string_view from, std::string_view to) {
    for (std::size_t at = out.find(from); at != std::string::npos; at = out.find(from, at)) {
      out.replace(at, from.size(), to);
    }
  };
  replace("Ctrl+", "\xe2\x8c\x98");
  replace("Alt+", "\xe2\x8c\xa5");
  replace("Shift+", "\xe2\x87\xa7");
  return out;
}

void draw_brand(Ui& ui, Vec2 centre, float side) {
  // Two speech bubbles, the second one answering.
  const Palette& p = ui.theme.palette;
  const Rect tile{centre.x - side / 2, centre.y - side / 2, side, side};
  ui.canvas.fill(tile, p.accent, side * 0.28f);
  const float u = side / 24;
  const auto at = [&](float x, float y) { return Vec2{tile.x + x * u, tile.y + y * u}; };
  const Color ink = p.on_accent;
  ui.canvas.fill({at(5, 6).x, at(5, 6).y, 11 * u, 7.5f * u}, ink, 2.6f * u);
  ui.canvas.triangle(at(7, 12.5f), at(11, 12.5f), at(7, 16), ink);
  const Rect answer{at(11, 10).x, at(11, 10).y, 9 * u, 6.5f * u};
  ui.canvas.fill(answer.inset(-1.1f * u), p.accent, 3.2f * u);
  ui.canvas.fill(answer, mix(ink, p.accent, 0.28f), 2.4f * u);
  ui.canvas.triangle(at(15, 15.5f), at(18, 15.5f), at(18, 19), mix(ink, p.accent, 0.28f));
}

}  // namespace parley::ui
