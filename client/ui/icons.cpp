#include "client/ui/icons.hpp"

#include <imgui.h>

#include <cmath>
#include <initializer_list>
#include <numbers>

namespace parley::ui {
namespace {

constexpr float kPi = std::numbers::pi_v<float>;

// Draws in the icon's own 24 x 24 units.
class Pen {
 public:
  Pen(ImDrawList& list, Vec2 centre, float size, Color color, float stroke)
      : list_(list),
        scale_(size / 24),
        origin_{centre.x - size / 2, centre.y - size / 2},
        color_(IM_COL32(color.r, color.g, color.b, color.a)),
        stroke_(stroke) {}

  void path(std::initializer_list<Vec2> points, bool closed = false) {
    for (const Vec2& p : points) list_.PathLineTo(at(p));
    end(closed);
    for (const Vec2& p : points) cap(p);  // round joints and ends
  }
  void circle(Vec2 c, float r) { list_.AddCircle(at(c), r * scale_, color_, 0, stroke_); }
  void dot(Vec2 c, float r) { list_.AddCircleFilled(at(c), r * scale_, color_); }
  // Angles in turns of the full circle, clockwise from the right.
  void arc(Vec2 c, float r, float from, float to) {
    list_.PathArcTo(at(c), r * scale_, from * 2 * kPi, to * 2 * kPi, 24);
    end(false);
    for (const float turn : {from, to}) {
      cap({c.x + r * std::cos(turn * 2 * kPi), c.y + r * std::sin(turn * 2 * kPi)});
    }
  }
  void box(float x, float y, float w, float h, float r) {
    list_.AddRect(at({x, y}), at({x + w, y + h}), color_, r * scale_, 0, stroke_);
  }
  void curve(Vec2 a, Vec2 b, Vec2 c, Vec2 d) {
    list_.AddBezierCubic(at(a), at(b), at(c), at(d), color_, stroke_, 16);
    cap(a);
    cap(d);
  }
  void area(std::initializer_list<Vec2> points) {
    for (const Vec2& p : points) list_.PathLineTo(at(p));
    list_.PathFillConvex(color_);
  }

 private:
  ImVec2 at(Vec2 p) const { return {origin_.x + p.x * scale_, origin_.y + p.y * scale_}; }
  void end(bool closed) {
    list_.PathStroke(color_, closed ? ImDrawFlags_Closed : ImDrawFlags_None, stroke_);
  }
  void cap(Vec2 p) { list_.AddCircleFilled(at(p), stroke_ / 2, color_, 8); }

  ImDrawList& list_;
  float scale_;
  Vec2 origin_;
  ImU32 color_;
  float stroke_;
};

void draw_gear(Pen& pen) {
  pen.circle({12, 12}, 3);
  pen.circle({12, 12}, 6.6f);
  for (int i = 0; i < 8; ++i) {
    const float a = (static_cast<float>(i) + 0.5f) / 8 * 2 * kPi;
    pen.path({{12 + 6.6f * std::cos(a), 12 + 6.6f * std::sin(a)},
              {12 + 9.2f * std::cos(a), 12 + 9.2f * std::sin(a)}});
  }
}

void draw_sun(Pen& pen) {
  pen.circle({12, 12}, 4);
  for (int i = 0; i < 8; ++i) {
    const float a = static_cast<float>(i) / 8 * 2 * kPi;
    pen.path({{12 + 7 * std::cos(a), 12 + 7 * std::sin(a)},
              {12 + 9.2f * std::cos(a), 12 + 9.2f * std::sin(a)}});
  }
}

void draw_moon(Pen& pen) {
  pen.curve({20, 14.2f}, {12.5f, 16.5f}, {7.5f, 11.5f}, {9.8f, 4});
  pen.curve({9.8f, 4}, {2.5f, 6.2f}, {1.8f, 16}, {8, 19.4f});
  pen.curve({8, 19.4f}, {13, 22}, {18.8f, 19.2f}, {20, 14.2f});
}

void draw_person(Pen& pen, float x) {
  pen.circle({x, 8}, 3.6f);
  pen.curve({x - 6.5f, 20}, {x - 6.5f, 13}, {x + 6.5f, 13}, {x + 6.5f, 20});
}

void draw_link(Pen& pen) {
  pen.path({{9, 15}, {15, 9}});
  pen.curve({11, 6.5f}, {15, 1.5f}, {22.5f, 9}, {17.5f, 13});
  pen.curve({13, 17.5f}, {9, 22.5f}, {1.5f, 15}, {6.5f, 11});
}

void draw_bell(Pen& pen) {
  pen.curve({6, 16.5f}, {7.5f, 13}, {4.5f, 4}, {12, 4});
  pen.curve({12, 4}, {19.5f, 4}, {16.5f, 13}, {18, 16.5f});
  pen.path({{4.8f, 17}, {19.2f, 17}});
  pen.arc({12, 18.4f}, 2, 0.03f, 0.47f);
}

void draw_eye(Pen& pen) {
  pen.curve({3, 12}, {7, 4.5f}, {17, 4.5f}, {21, 12});
  pen.curve({3, 12}, {7, 19.5f}, {17, 19.5f}, {21, 12});
  pen.circle({12, 12}, 2.8f);
}

void draw_trash(Pen& pen) {
  pen.path({{4.5f, 6.5f}, {19.5f, 6.5f}});
  pen.path({{6.3f, 6.5f}, {7.2f, 20}, {16.8f, 20}, {17.7f, 6.5f}});
  pen.path({{9, 6.5f}, {9.4f, 4}, {14.6f, 4}, {15, 6.5f}});
  pen.path({{10.3f, 10.5f}, {10.5f, 16.2f}});
  pen.path({{13.7f, 10.5f}, {13.5f, 16.2f}});
}

void draw_shield(Pen& pen) {
  pen.path({{12, 3.5f}, {19, 6}, {19, 11.5f}});
  pen.path({{12, 3.5f}, {5, 6}, {5, 11.5f}});
  pen.curve({19, 11.5f}, {19, 16}, {16, 19}, {12, 20.5f});
  pen.curve({5, 11.5f}, {5, 16}, {8, 19}, {12, 20.5f});
}

void draw_lock(Pen& pen) {
  pen.box(5.2f, 10.8f, 13.6f, 9.4f, 2);
  pen.arc({12, 8.6f}, 4, 0.5f, 1);
  pen.path({{8, 8.6f}, {8, 10.8f}});
  pen.path({{16, 8.6f}, {16, 10.8f}});
}

void draw_by_name(Pen& pen, Icon icon) {
  switch (icon) {
    case Icon::kSend:
      pen.path({{12, 19}, {12, 5.5f}});
      pen.path({{6, 11.3f}, {12, 5.3f}, {18, 11.3f}});
      return;
    case Icon::kSmile:
      pen.circle({12, 12}, 8.7f);
      pen.arc({12, 12.6f}, 4.3f, 0.07f, 0.43f);
      pen.dot({9, 9.8f}, 1.15f);
      pen.dot({15, 9.8f}, 1.15f);
      return;
    case Icon::kReply:
      pen.path({{9.2f, 5.5f}, {4, 10.7f}, {9.2f, 15.9f}});
      pen.path({{4, 10.7f}, {13, 10.7f}});
      pen.curve({13, 10.7f}, {18, 10.7f}, {20, 14}, {20, 19});
      return;
    case Icon::kPencil:
      pen.path({{4.5f, 19.5f}, {5.4f, 15.2f}, {15.6f, 5}, {19, 8.4f}, {8.8f, 18.6f}}, true);
      pen.path({{13.2f, 7.4f}, {16.6f, 10.8f}});
      return;
    case Icon::kTrash:
      return draw_trash(pen);
    case Icon::kMore:
      for (const float x : {5.5f, 12.0f, 18.5f}) pen.dot({x, 12}, 1.6f);
      return;
    case Icon::kPlus:
      pen.path({{12, 5}, {12, 19}});
      pen.path({{5, 12}, {19, 12}});
      return;
    case Icon::kSearch:
      pen.circle({10.7f, 10.7f}, 6.2f);
      pen.path({{15.3f, 15.3f}, {20, 20}});
      return;
    case Icon::kSettings:
      return draw_gear(pen);
    case Icon::kBack:
      pen.path({{14.5f, 5}, {7.5f, 12}, {14.5f, 19}});
      return;
    case Icon::kChevronRight:
      pen.path({{9.5f, 6}, {15.5f, 12}, {9.5f, 18}});
      return;
    case Icon::kChevronDown:
      pen.path({{6, 9.5f}, {12, 15.5f}, {18, 9.5f}});
      return;
    case Icon::kClose:
      pen.path({{6, 6}, {18, 18}});
      pen.path({{18, 6}, {6, 18}});
      return;
    case Icon::kCheck:
      pen.path({{5, 12.6f}, {9.8f, 17.4f}, {19, 7.4f}});
      return;
    case Icon::kDoubleCheck:
      pen.path({{0.5f, 12.8f}, {5, 17.2f}, {14.2f, 7.2f}});
      pen.path({{10.6f, 16}, {11.9f, 17.2f}, {23.5f, 7.2f}});
      return;
    case Icon::kClock:
      pen.circle({12, 12}, 8.2f);
      pen.path({{12, 7.2f}, {12, 12.2f}, {15.2f, 14}});
      return;
    case Icon::kWarning:
      pen.path({{12, 4.5f}, {21, 19.5f}, {3, 19.5f}}, true);
      pen.path({{12, 10}, {12, 14.2f}});
      pen.dot({12, 16.9f}, 1.1f);
      return;
    case Icon::kLock:
      return draw_lock(pen);
    case Icon::kLockCheck:
      draw_lock(pen);
      pen.path({{8.8f, 15.4f}, {11.1f, 17.6f}, {15.2f, 13.3f}});
      return;
    case Icon::kGlobe:
      pen.circle({12, 12}, 8.5f);
      pen.path({{3.5f, 12}, {20.5f, 12}});
      pen.curve({12, 3.5f}, {6.8f, 8}, {6.8f, 16}, {12, 20.5f});
      pen.curve({12, 3.5f}, {17.2f, 8}, {17.2f, 16}, {12, 20.5f});
      return;
    case Icon::kUsers:
      draw_person(pen, 9.5f);
      pen.arc({16, 8}, 3.4f, -0.2f, 0.22f);
      pen.curve({18.4f, 15.2f}, {20.6f, 16.2f}, {21.4f, 17.8f}, {21.5f, 20});
      return;
    case Icon::kUser:
      return draw_person(pen, 12);
    case Icon::kUserPlus:
      draw_person(pen, 9.5f);
      pen.path({{19, 7.5f}, {19, 13.5f}});
      pen.path({{16, 10.5f}, {22, 10.5f}});
      return;
    case Icon::kLink:
      return draw_link(pen);
    case Icon::kCopy:
      pen.box(9, 9, 11, 11, 2.2f);
      pen.path({{15, 9}, {15, 6}, {13, 4}, {6, 4}, {4, 6}, {4, 13}, {6, 15}, {9, 15}});
      return;
    case Icon::kBell:
      return draw_bell(pen);
    case Icon::kSun:
      return draw_sun(pen);
    case Icon::kMoon:
      return draw_moon(pen);
    case Icon::kArrowDown:
      pen.path({{12, 5}, {12, 18.6f}});
      pen.path({{6, 12.8f}, {12, 18.8f}, {18, 12.8f}});
      return;
    case Icon::kArrowUp:
      pen.path({{12, 19}, {12, 5.4f}});
      pen.path({{6, 11.2f}, {12, 5.2f}, {18, 11.2f}});
      return;
    case Icon::kHash:
      pen.path({{9.6f, 4.5f}, {7.6f, 19.5f}});
      pen.path({{16.4f, 4.5f}, {14.4f, 19.5f}});
      pen.path({{5, 9.2f}, {19.6f, 9.2f}});
      pen.path({{4.4f, 14.8f}, {19, 14.8f}});
      return;
    case Icon::kInfo:
      pen.circle({12, 12}, 8.5f);
      pen.path({{12, 11.2f}, {12, 16.2f}});
      pen.dot({12, 7.9f}, 1.15f);
      return;
    case Icon::kLogout:
      pen.path({{10, 4.5f}, {6.5f, 4.5f}, {5, 6}, {5, 18}, {6.5f, 19.5f}, {10, 19.5f}});
      pen.path({{10, 12}, {20, 12}});
      pen.path({{16, 8}, {20, 12}, {16, 16}});
      return;
    case Icon::kKeyboard:
      pen.box(3, 6, 18, 12, 2.2f);
      for (const float x : {7.0f, 12.0f, 17.0f}) pen.dot({x, 10}, 0.95f);
      pen.path({{8, 14.3f}, {16, 14.3f}});
      return;
    case Icon::kDevice:
      pen.box(7, 3.5f, 10, 17, 2.4f);
      pen.path({{11, 17.4f}, {13, 17.4f}});
      return;
    case Icon::kMonitor:
      pen.box(3.5f, 5, 17, 11, 2);
      pen.path({{9, 19.5f}, {15, 19.5f}});
      pen.path({{12, 16}, {12, 19.5f}});
      return;
    case Icon::kRefresh:
      pen.arc({12, 12}, 7.4f, 0.06f, 0.86f);
      pen.path({{19.6f, 4.2f}, {18.6f, 8.6f}, {14.2f, 7.8f}});
      return;
    case Icon::kEye:
      return draw_eye(pen);
    case Icon::kChat:
      pen.path({{6.5f, 4.5f},
                {17.5f, 4.5f},
                {20, 7},
                {20, 13.5f},
                {17.5f, 16},
                {11.5f, 16},
                {7, 20},
                {7, 16},
                {6.5f, 16},
                {4, 13.5f},
                {4, 7}},
               true);
      return;
    case Icon::kMail:
      pen.box(3.5f, 5.5f, 17, 13, 2.2f);
      pen.path({{4.4f, 7.2f}, {12, 13}, {19.6f, 7.2f}});
      return;
    case Icon::kShield:
      return draw_shield(pen);
    case Icon::kShieldCheck:
      draw_shield(pen);
      pen.path({{8.6f, 12}, {11.2f, 14.6f}, {15.6f, 9.4f}});
      return;
    case Icon::kCompass:
      pen.circle({12, 12}, 8.5f);
      pen.path({{15.6f, 8.4f}, {13.6f, 13.6f}, {8.4f, 15.6f}, {10.4f, 10.4f}}, true);
      return;
  }
}

}  // namespace

void draw_icon(ImDrawList& list, Icon icon, Vec2 centre, float size, Color color, float stroke) {
  Pen pen(list, centre, size, color, stroke);
  draw_by_name(pen, icon);
}

}  // namespace parley::ui
