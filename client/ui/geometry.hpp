// Points and rectangles in CSS pixels (logical pixels), origin at the top left, y downwards.
#pragma once

#include <algorithm>

namespace parley::ui {

struct Vec2 {
  float x = 0;
  float y = 0;
  bool operator==(const Vec2&) const = default;
};
constexpr Vec2 operator+(Vec2 a, Vec2 b) { return {a.x + b.x, a.y + b.y}; }
constexpr Vec2 operator-(Vec2 a, Vec2 b) { return {a.x - b.x, a.y - b.y}; }
constexpr Vec2 operator*(Vec2 a, float k) { return {a.x * k, a.y * k}; }

struct Rect {
  float x = 0;
  float y = 0;
  float w = 0;
  float h = 0;

  bool operator==(const Rect&) const = default;
  constexpr float right() const { return x + w; }
  constexpr float bottom() const { return y + h; }
  constexpr Vec2 min() const { return {x, y}; }
  constexpr Vec2 max() const { return {x + w, y + h}; }
  constexpr Vec2 centre() const { return {x + w / 2, y + h / 2}; }
  constexpr bool empty() const { return w <= 0 || h <= 0; }
  constexpr bool contains(Vec2 p) const {
    return p.x >= x && p.y >= y && p.x < right() && p.y < bottom();
  }
  constexpr Rect inset(float dx, float dy) const {
    return {x + dx, y + dy, w - 2 * dx, h - 2 * dy};
  }
  constexpr Rect inset(float d) const { return inset(d, d); }
  constexpr Rect moved(float dx, float dy) const { return {x + dx, y + dy, w, h}; }

  // Cuts a strip off one side and returns it; what stays is the rest.
  constexpr Rect take_top(float amount) {
    const float cut = std::min(amount, h);
    const Rect strip{x, y, w, cut};
    y += cut;
    h -= cut;
    return strip;
  }
  constexpr Rect take_bottom(float amount) {
    const float cut = std::min(amount, h);
    h -= cut;
    return {x, y + h, w, cut};
  }
  constexpr Rect take_left(float amount) {
    const float cut = std::min(amount, w);
    const Rect strip{x, y, cut, h};
    x += cut;
    w -= cut;
    return strip;
  }
  constexpr Rect take_right(float amount) {
    const float cut = std::min(amount, w);
    w -= cut;
    return {x + w, y, cut, h};
  }
};

constexpr Rect intersection(const Rect& a, const Rect& b) {
  const float x = std::max(a.x, b.x), y = std::max(a.y, b.y);
  return {x, y, std::min(a.right(), b.right()) - x, std::min(a.bottom(), b.bottom()) - y};
}

}  // namespace parley::ui
