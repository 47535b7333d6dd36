#include "engine/dispatch/time_intervals.hpp"

#include <algorithm>

namespace tocsin::dispatch {
namespace {

using Ranges = std::optional<std::vector<config::InclusiveRange>>;

bool in_ranges(const Ranges& ranges, std::int64_t value) {
  if (!ranges) return true;
  return std::any_of(ranges->begin(), ranges->end(), [&](const config::InclusiveRange& range) {
    return value >= range.begin && value <= range.end;
  });
}

int days_in_month(std::int64_t year, int month) {
  static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[month - 1];
}

bool in_days_of_month(const Ranges& ranges, const templates::CivilTime& civil) {
  if (!ranges) return true;
  const int days = days_in_month(civil.year, civil.month);
  for (const config::InclusiveRange& range : *ranges) {
    int begin = range.begin < 0 ? days + range.begin + 1 : range.begin;
    int end = range.end < 0 ? days + range.end + 1 : range.end;
    // A range that starts after this month's end is not moved into it.
    if (begin > days) continue;
    begin = std::clamp(begin, -days, days);
    end = std::clamp(end, -days, days);
    if (civil.day >= begin && civil.day <= end) return true;
  }
  return false;
}

bool in_times(const std::optional<std::vector<config::MinuteRange>>& ranges, int minute) {
  if (!ranges) return true;
  return std::any_of(ranges->begin(), ranges->end(), [&](const config::MinuteRange& range) {
    return minute >= range.begin && minute < range.end;
  });
}

}  // namespace

bool contains_time(const config::TimeInterval& interval, const templates::Zone& zone, WallTime time) {
  const templates::CivilTime civil = templates::GoTime::from_wall(time).in(zone).civil();
  return in_times(interval.times, civil.hour * 60 + civil.minute) &&
         in_days_of_month(interval.days_of_month, civil) && in_ranges(interval.months, civil.month) &&
         in_ranges(interval.weekdays, civil.weekday) && in_ranges(interval.years, civil.year);
}

TimeIntervals::TimeIntervals(const std::vector<config::NamedTimeIntervals>& named) {
  for (const config::NamedTimeIntervals& entry : named) {
    std::vector<Zoned>& intervals = named_[entry.name];
    for (const config::TimeInterval& interval : entry.intervals) {
      Zoned zoned{&interval, templates::Zone()};
      if (const Result<templates::Zone> zone = templates::Zone::load(interval.location)) zoned.zone = *zone;
      intervals.push_back(std::move(zoned));
    }
  }
}

std::vector<std::string> TimeIntervals::containing(const std::vector<std::string>& names,
                                                   WallTime time) const {
  std::vector<std::string> found;
  for (const std::string& name : names) {
    const auto entry = named_.find(name);
    if (entry == named_.end()) continue;
    const bool inside = std::any_of(entry->second.begin(), entry->second.end(), [&](const Zoned& zoned) {
      return contains_time(*zoned.interval, zoned.zone, time);
    });
    if (inside) found.push_back(name);
  }
  return found;
}

}  // namespace tocsin::dispatch
