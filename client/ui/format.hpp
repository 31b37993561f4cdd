// Times, dates and counts in words.
#pragma once

#include <string>

#include "client/ui/platform.hpp"

namespace parley::ui {

std::string clock_time(const Platform& platform, Timestamp at);  // "14:05"
std::string day_name(const Platform& platform, Timestamp at,
                     Timestamp now);  // "Today", "Monday, 3 March"
// For lists: "14:05", "Yesterday", "Mon", "3 Mar", "3 Mar 2024".
std::string short_moment(const Platform& platform, Timestamp at, Timestamp now);
std::string full_moment(const Platform& platform, Timestamp at);  // "3 March 2026, 14:05"
std::string last_seen(const Platform& platform, Timestamp at, Timestamp now);  // "seen 5 min ago"
std::string time_left(Timestamp until, Timestamp now);  // "in 6 days", "in 40 min"
std::string counted(std::uint64_t count, std::string_view one, std::string_view many);
std::int64_t local_day(const Platform& platform, Timestamp at);  // days since 1970 in local time

}  // namespace parley::ui
