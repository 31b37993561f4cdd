#include "shared/base/time.hpp"

#include <algorithm>
#include <array>

namespace parley {
namespace {

constexpr std::int64_t kMsPerMinute = 60'000;
constexpr std::int64_t kMsPerDay = 86'400'000;
constexpr std::int64_t kDaysPer400Years = 146'097;

// The calendar is counted from 1 March of year 0, so that the leap day ends a year and every
// 400 years look the same (proleptic Gregorian calendar).
constexpr std::int64_t kEpochFromMarchZero = 719'468;  // 1970-01-01 in days since 0000-03-01

struct Date {
  std::int64_t year = 0;
  std::int64_t month = 1;  // 1..12
  std::int64_t day = 1;    // 1..31
};

constexpr bool is_leap(std::int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

constexpr std::int64_t days_in_month(std::int64_t year, std::int64_t month) {
  constexpr std::array<std::int64_t, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : kDays[static_cast<std::size_t>(month - 1)];
}

// Days before the month that starts `m` months after March: 0, 31, 61, 92, ...
constexpr std::int64_t days_before_march_month(std::int64_t m) { return (153 * m + 2) / 5; }

constexpr std::int64_t days_from_date(Date date) {
  const std::int64_t year = date.month <= 2 ? date.year - 1 : date.year;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = days_before_march_month((date.month + 9) % 12) + date.day - 1;
  return era * kDaysPer400Years + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
         day_of_year - kEpochFromMarchZero;
}

constexpr Date date_from_days(std::int64_t days) {
  days += kEpochFromMarchZero;
  const std::int64_t era = (days >= 0 ? days : days - (kDaysPer400Years - 1)) / kDaysPer400Years;
  const std::int64_t day_of_era = days - era * kDaysPer400Years;
  // Takes out the leap days seen so far: one every 4 years, none every 100, one every 400.
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t m = (5 * day_of_year + 2) / 153;
  Date date;
  date.day = day_of_year - days_before_march_month(m) + 1;
  date.month = m < 10 ? m + 3 : m - 9;
  date.year = year_of_era + era * 400 + (date.month <= 2 ? 1 : 0);
  return date;
}

constexpr std::int64_t kEarliestMs = days_from_date({0, 1, 1}) * kMsPerDay;
constexpr std::int64_t kLatestMs = days_from_date({10'000, 1, 1}) * kMsPerDay - 1;
static_assert(days_from_date({1970, 1, 1}) == 0 && days_from_date({2000, 3, 1}) == 11'017);

void append_digits(std::int64_t value, int width, std::string& out) {
  std::int64_t divisor = 1;
  for (int i = 1; i < width; ++i) divisor *= 10;
  for (; divisor > 0; divisor /= 10) out.push_back(static_cast<char>('0' + value / divisor % 10));
}

// Takes pieces off the front of a text; once something does not fit, everything after is refused.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool ok() const { return ok_; }
  bool at_end() const { return text_.empty(); }

  bool accept(std::string_view any_of) {
    if (text_.empty() || any_of.find(text_.front()) == std::string_view::npos) return false;
    text_.remove_prefix(1);
    return true;
  }
  void expect(std::string_view any_of) { ok_ = accept(any_of) && ok_; }
  bool starts_with_digit() const {
    return !text_.empty() && text_.front() >= '0' && text_.front() <= '9';
  }
  std::int64_t digit() {
    if (!starts_with_digit()) {
      ok_ = false;
      return 0;
    }
    const std::int64_t value = text_.front() - '0';
    text_.remove_prefix(1);
    return value;
  }
  std::int64_t number(int width, std::int64_t smallest, std::int64_t largest) {
    std::int64_t value = 0;
    for (int i = 0; i < width; ++i) value = value * 10 + digit();
    if (value < smallest || value > largest) ok_ = false;
    return ok_ ? value : smallest;
  }

 private:
  std::string_view text_;
  bool ok_ = true;
};

std::int64_t scan_fraction_ms(Scanner& in) {
  constexpr int kMaxDigits = 9;
  std::int64_t ms = 0;
  int digits = 0;
  do {
    const std::int64_t digit = in.digit();
    if (digits < 3) ms = ms * 10 + digit;
    ++digits;
  } while (in.starts_with_digit() && digits < kMaxDigits);
  for (; digits < 3; ++digits) ms *= 10;
  return ms;
}

std::int64_t scan_offset_ms(Scanner& in) {
  if (in.accept("Zz")) return 0;
  const bool east = in.accept("+");
  if (!east) in.expect("-");
  const std::int64_t hours = in.number(2, 0, 23);
  in.expect(":");
  const std::int64_t offset = (hours * 60 + in.number(2, 0, 59)) * kMsPerMinute;
  return east ? offset : -offset;
}

}  // namespace

std::string to_iso8601(Timestamp at) {
  const std::int64_t ms = std::clamp(at.ms, kEarliestMs, kLatestMs);
  const std::int64_t days = (ms >= 0 ? ms : ms - (kMsPerDay - 1)) / kMsPerDay;
  const std::int64_t rest = ms - days * kMsPerDay;
  const Date date = date_from_days(days);
  std::string out;
  out.reserve(24);
  append_digits(date.year, 4, out);
  out.push_back('-');
  append_digits(date.month, 2, out);
  out.push_back('-');
  append_digits(date.day, 2, out);
  out.push_back('T');
  append_digits(rest / 3'600'000, 2, out);
  out.push_back(':');
  append_digits(rest / kMsPerMinute % 60, 2, out);
  out.push_back(':');
  append_digits(rest / 1000 % 60, 2, out);
  out.push_back('.');
  append_digits(rest % 1000, 3, out);
  out.push_back('Z');
  return out;
}

std::optional<Timestamp> from_iso8601(std::string_view text) {
  Scanner in(text);
  Date date;
  date.year = in.number(4, 0, 9999);
  in.expect("-");
  date.month = in.number(2, 1, 12);
  in.expect("-");
  date.day = in.number(2, 1, days_in_month(date.year, date.month));
  if (!in.ok()) return std::nullopt;
  std::int64_t ms = days_from_date(date) * kMsPerDay;
  if (in.at_end()) return Timestamp{ms};

  in.expect("Tt ");
  ms += in.number(2, 0, 23) * 60 * kMsPerMinute;
  in.expect(":");
  ms += in.number(2, 0, 59) * kMsPerMinute;
  if (in.accept(":")) {
    ms += in.number(2, 0, 60) * 1000;  // 60 is a leap second, told as the next minute's first
    if (in.accept(".,")) ms += scan_fraction_ms(in);
  }
  ms -= scan_offset_ms(in);
  if (!in.ok() || !in.at_end()) return std::nullopt;
  return Timestamp{ms};
}

}  // namespace parley
