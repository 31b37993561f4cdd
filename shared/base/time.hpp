// Two clocks that must not be mixed: a Timestamp names a moment for people and peers (Unix
// milliseconds, may jump), a MonoTime only measures distances on one machine (never jumps).
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parley {

struct Timestamp {
  std::int64_t ms = 0;  // since 1970-01-01T00:00:00Z
  auto operator<=>(const Timestamp&) const = default;
};

struct Duration {
  std::int64_t ms = 0;
  auto operator<=>(const Duration&) const = default;
};

struct MonoTime {
  std::int64_t ms = 0;  // since an arbitrary start
  auto operator<=>(const MonoTime&) const = default;
};

constexpr Duration milliseconds(std::int64_t n) { return {n}; }
constexpr Duration seconds(std::int64_t n) { return {n * 1000}; }
constexpr Duration minutes(std::int64_t n) { return {n * 60'000}; }
constexpr Duration hours(std::int64_t n) { return {n * 3'600'000}; }
constexpr Duration days(std::int64_t n) { return {n * 86'400'000}; }

constexpr MonoTime operator+(MonoTime t, Duration d) { return {t.ms + d.ms}; }
constexpr MonoTime operator-(MonoTime t, Duration d) { return {t.ms - d.ms}; }
constexpr Duration operator-(MonoTime a, MonoTime b) { return {a.ms - b.ms}; }
constexpr Timestamp operator+(Timestamp t, Duration d) { return {t.ms + d.ms}; }
constexpr Timestamp operator-(Timestamp t, Duration d) { return {t.ms - d.ms}; }
constexpr Duration operator-(Timestamp a, Timestamp b) { return {a.ms - b.ms}; }
constexpr Duration operator+(Duration a, Duration b) { return {a.ms + b.ms}; }
constexpr Duration operator*(Duration d, std::int64_t n) { return {d.ms * n}; }

// One reading of both clocks, handed to the sans-IO cores by their drivers.
struct Now {
  MonoTime mono;
  Timestamp wall;
};

// "2026-03-01T12:34:56.789Z" (ISO 8601 as profiled by RFC 3339): UTC, always with milliseconds.
// Moments outside the years 0000 to 9999 are given as the nearest one inside.
std::string to_iso8601(Timestamp at);

// What people and programs write: a date with a time of day, seconds optional, any number of
// fraction digits up to nine (cut to milliseconds), and "Z" or an offset such as "+05:30"; or a date
// alone, which means its midnight in UTC. A time without a zone is refused, for it names no moment.
std::optional<Timestamp> from_iso8601(std::string_view text);

}  // namespace parley
