#include "client/ui/format.hpp"

#include <array>

namespace parley::ui {
namespace {

struct Civil {
  int year = 1970, month = 1, day = 1, weekday = 0;  // 0: Sunday
  int hour = 0, minute = 0;
};

constexpr std::array<std::string_view, 7> kDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                   "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> kMonths = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

// Days to date by counting 400-year eras from 1 March 0000 (proleptic Gregorian calendar).
Civil civil_of(std::int64_t local_ms) {
  const std::int64_t days = floor_div(local_ms, 86'400'000);
  const std::int64_t minute = (local_ms - days * 86'400'000) / 60'000;
  const std::int64_t shifted = days + 719'468;
  const std::int64_t era = floor_div(shifted, 146'097);
  const std::int64_t day_of_era = shifted - era * 146'097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t march_month = (5 * day_of_year + 2) / 153;
  Civil out;
  out.day = static_cast<int>(day_of_year - (153 * march_month + 2) / 5 + 1);
  out.month = static_cast<int>(march_month < 10 ? march_month + 3 : march_month - 9);
  out.year = static_cast<int>(year_of_era + era * 400 + (out.month <= 2 ? 1 : 0));
  out.weekday = static_cast<int>(((days + 4) % 7 + 7) % 7);
  out.hour = static_cast<int>(minute / 60);
  out.minute = static_cast<int>(minute % 60);
  return out;
}

std::int64_t local_ms(const Platform& platform, Timestamp at) {
  return at.ms + std::int64_t{platform.utc_offset_s(at)} * 1000;
}

std::string two_digits(int n) { return (n < 10 ? "0" : "") + std::to_string(n); }
std::string_view month_name(const Civil& c) {
  return kMonths[static_cast<std::size_t>(c.month - 1)];
}
std::string_view day_of(const Civil& c) { return kDays[static_cast<std::size_t>(c.weekday)]; }

}  // namespace

std::int64_t local_day(const Platform& platform, Timestamp at) {
  return floor_div(local_ms(platform, at), 86'400'000);
}

std::string clock_time(const Platform& platform, Timestamp at) {
  const Civil c = civil_of(local_ms(platform, at));
  if (platform.uses_24_hours()) return two_digits(c.hour) + ":" + two_digits(c.minute);
  const int hour = c.hour % 12 == 0 ? 12 : c.hour % 12;
  return std::to_string(hour) + ":" + two_digits(c.minute) + (c.hour < 12 ? " AM" : " PM");
}

std::string day_name(const Platform& platform, Timestamp at, Timestamp now) {
  const std::int64_t ago = local_day(platform, now) - local_day(platform, at);
  if (ago == 0) return "Today";
  if (ago == 1) return "Yesterday";
  const Civil c = civil_of(local_ms(platform, at));
  const Civil today = civil_of(local_ms(platform, now));
  std::string out =
      std::string(day_of(c)) + ", " + std::to_string(c.day) + " " + std::string(month_name(c));
  if (c.year != today.year) out += " " + std::to_string(c.year);
  return out;
}

std::string short_moment(const Platform& platform, Timestamp at, Timestamp now) {
  if (at.ms == 0) return {};
  const std::int64_t ago = local_day(platform, now) - local_day(platform, at);
  if (ago <= 0) return clock_time(platform, at);
  if (ago == 1) return "Yesterday";
  const Civil c = civil_of(local_ms(platform, at));
  if (ago < 7) return std::string(day_of(c).substr(0, 3));
  std::string out = std::to_string(c.day) + " " + std::string(month_name(c).substr(0, 3));
  if (c.year != civil_of(local_ms(platform, now)).year) out += " " + std::to_string(c.year);
  return out;
}

std::string full_moment(const Platform& platform, Timestamp at) {
  const Civil c = civil_of(local_ms(platform, at));
  return std::to_string(c.day) + " " + std::string(month_name(c)) + " " + std::to_string(c.year) +
         ", " + clock_time(platform, at);
}

std::string last_seen(const Platform& platform, Timestamp at, Timestamp now) {
  if (at.ms == 0) return "offline";
  const std::int64_t minutes = (now - at).ms / 60'000;
  if (minutes < 1) return "seen just now";
  if (minutes < 60) return "seen " + std::to_string(minutes) + " min ago";
  if (minutes < 24 * 60)
    return "seen " + counted(static_cast<std::uint64_t>(minutes / 60), "hour", "hours") + " ago";
  return "seen " + short_moment(platform, at, now);
}

std::string time_left(Timestamp until, Timestamp now) {
  const std::int64_t minutes = ((until - now).ms + 59'999) / 60'000;
  if (minutes <= 0) return "expired";
  if (minutes < 60) return "in " + std::to_string(minutes) + " min";
  const auto hours = static_cast<std::uint64_t>((minutes + 30) / 60);
  if (hours < 36) return "in " + counted(hours, "hour", "hours");
  return "in " + counted((hours + 12) / 24, "day", "days");
}

std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

}  // namespace parley::ui
