// Time as types. No clock is read here or anywhere outside engine/shell: these clocks have no now().
//
//   WallTime   nanoseconds since 1970 UTC: slots, samples, silences, time intervals, everything a user sees
//   MonoTime   nanoseconds since some start: `for`, group and retry timers
//   Timestamp  milliseconds since 1970 UTC: the time of a sample, as Prometheus counts it
//   Duration   nanoseconds, Go's time.Duration
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "promql/result.hpp"

namespace tocsin {

using Duration = std::chrono::nanoseconds;

struct WallClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<WallClock, duration>;
  static constexpr bool is_steady = false;
};
struct MonoClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonoClock, duration>;
  static constexpr bool is_steady = true;
};

using WallTime = WallClock::time_point;
using MonoTime = MonoClock::time_point;
using Timestamp = std::chrono::time_point<WallClock, std::chrono::milliseconds>;

// What time it is, read once per step by the shell and handed down.
struct Now {
  WallTime wall;
  MonoTime mono;
};

// The zero of Go's time.Time (year 1), which upstream's JSON shows for "no time". It lies outside the
// nanosecond range, so it has a value of its own that no real time takes.
inline constexpr WallTime kNoTime = WallTime::min();

[[nodiscard]] inline Timestamp to_timestamp(WallTime time) {
  return std::chrono::floor<std::chrono::milliseconds>(time);
}
// Times beyond what nanoseconds can count, 292 years around 1970, end at the last that they can.
[[nodiscard]] constexpr WallTime to_wall(Timestamp time) {
  constexpr auto kLast = std::chrono::time_point_cast<std::chrono::milliseconds>(WallTime::max());
  if (time > kLast) return WallTime::max();
  if (time.time_since_epoch() < -kLast.time_since_epoch()) return kNoTime;
  return std::chrono::time_point_cast<Duration>(time);
}
[[nodiscard]] constexpr Timestamp timestamp_from_ms(std::int64_t ms) {
  return Timestamp(std::chrono::milliseconds(ms));
}
[[nodiscard]] constexpr std::int64_t ms_of(Timestamp time) {
  return time.time_since_epoch().count();
}

// The first and the last time that a query can ask for: upstream's MinTime and MaxTime (web/api/v1/api.go).
// They lie 1970 years inside of what a Timestamp can count, so a few durations can be added without a look.
inline constexpr Timestamp kEarliestTime = timestamp_from_ms((INT64_MIN / 1000 + 62'135'596'801) * 1000);
inline constexpr Timestamp kLatestTime = timestamp_from_ms((INT64_MAX / 1000 - 62'135'596'801) * 1000 + 999);
[[nodiscard]] constexpr double seconds_of(Timestamp time) {
  return static_cast<double>(ms_of(time)) / 1e3;
}
[[nodiscard]] constexpr double seconds_of(Duration duration) {
  return static_cast<double>(duration.count()) / 1e9;
}
[[nodiscard]] constexpr WallTime wall_from_ns(std::int64_t ns) {
  return WallTime(Duration(ns));
}

// The Gregorian calendar, before its beginning too. `month` is 1 to 12.
[[nodiscard]] constexpr bool is_leap_year(std::int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}
[[nodiscard]] constexpr int days_in_month(std::int64_t year, int month) {
  if (month == 2) return is_leap_year(year) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

// Prometheus' duration syntax: "1h30m", "15s", "1y", "0"; no sign, no fraction, units in falling order.
// The error is Prometheus' own text: not a valid duration string: "5 min".
[[nodiscard]] Result<Duration> parse_duration(std::string_view text);
// Prometheus' printing: "1h30m", "15s", "1w", "0s"; below a millisecond is cut off.
[[nodiscard]] std::string format_duration(Duration duration);
// Go's time.Duration.String(): "1h30m0s", "1.5s", "100ms".
[[nodiscard]] std::string format_go_duration(Duration duration);

// RFC 3339 in UTC with Go's RFC3339Nano trimming: "2025-01-23T10:00:00.5Z"; kNoTime is
// "0001-01-01T00:00:00Z".
[[nodiscard]] std::string format_rfc3339(WallTime time);
// RFC 3339 in UTC with exactly three decimals, the form of Alertmanager's API: "2025-01-23T10:00:00.500Z".
[[nodiscard]] std::string format_rfc3339_milli(WallTime time);
[[nodiscard]] Result<WallTime> parse_rfc3339(std::string_view text);
// The same to the millisecond, for times that nanoseconds cannot count.
[[nodiscard]] Result<Timestamp> parse_rfc3339_timestamp(std::string_view text);

}  // namespace tocsin
