// Instants, civil time and zones. Layouts are in time_layout.cpp.
//
// Civil dates follow the proleptic Gregorian calendar, by Howard Hinnant's days_from_civil and
// civil_from_days (https://howardhinnant.github.io/date_algorithms.html).
#include "rules/template/go_time.hpp"

#include <absl/time/time.h>

#include <limits>
#include <optional>

#include "promql/format.hpp"

namespace tocsin::templates {
namespace {

constexpr std::int64_t kSecondsPerDay = 86'400;
constexpr std::int32_t kNanosecondsPerSecond = 1'000'000'000;
// January 1, year 1.
constexpr std::int64_t kZeroSeconds = -62'135'596'800;
// How names of fixed offsets begin that Abseil takes beside those of zoneinfo.
constexpr std::string_view kFixedZone = "Fixed/";

std::int64_t floor_divide(std::int64_t value, std::int64_t divisor) {
  return value / divisor - (value % divisor < 0 ? 1 : 0);
}

std::int64_t days_from_civil(std::int64_t year, int month, int day) {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = floor_divide(year, 400);
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const std::int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

void civil_from_days(std::int64_t days, CivilTime& civil) {
  days += 719'468;
  const std::int64_t era = floor_divide(days, 146'097);
  const std::int64_t day_of_era = days - era * 146'097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t shifted_month = (5 * day_of_year + 2) / 153;
  civil.day = static_cast<int>(day_of_year - (153 * shifted_month + 2) / 5 + 1);
  civil.month = static_cast<int>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
  civil.year = year_of_era + era * 400 + (civil.month <= 2 ? 1 : 0);
}

}  // namespace

struct Zone::Rules {
  std::string name;
  std::int32_t fixed_offset = 0;
  std::optional<absl::TimeZone> named;
};

Zone::Zone(Rules rules) : rules_(std::make_shared<const Rules>(std::move(rules))) {}

Zone Zone::fixed(std::int32_t seconds_east, std::string name) {
  return Zone(Rules{std::move(name), seconds_east, std::nullopt});
}

Zone Zone::local() {
  const absl::TimeZone zone = absl::LocalTimeZone();
  const std::string name = zone.name();
  // "UTC" is also how Abseil calls what it falls back to. A fixed offset is a notation of $TZ that Go does
  // not know.
  if (name == "UTC" || name.starts_with(kFixedZone)) return Zone();
  return Zone(Rules{name == "/etc/localtime" ? "Local" : name, 0, zone});
}

Result<Zone> Zone::load(std::string_view name) {
  if (name.empty() || name == "UTC") return Zone();
  if (name == "Local") return local();
  const Error unknown(format("unknown time zone {}", name));
  // Go refuses names that could leave the zoneinfo folder, and Abseil has notations of its own.
  if (name.find("..") != name.npos || name[0] == '/' || name[0] == '\\') {
    return Error("time: invalid location name");
  }
  if (name.starts_with(kFixedZone) || name.find(':') != name.npos || name == "localtime") return unknown;
  absl::TimeZone loaded;
  if (!absl::LoadTimeZone({name.data(), name.size()}, &loaded)) return unknown;
  return Zone(Rules{std::string(name), 0, loaded});
}

std::string Zone::name() const {
  return is_utc() ? "UTC" : rules_->name;
}

Zone::Offset Zone::offset_at(std::int64_t unix_seconds) const {
  if (is_utc()) return {0, "UTC"};
  if (!rules_->named) return {rules_->fixed_offset, rules_->name};
  const absl::TimeZone::CivilInfo info = rules_->named->At(absl::FromUnixSeconds(unix_seconds));
  return {info.offset, info.zone_abbr};
}

GoTime GoTime::from_wall(WallTime time) {
  if (time == kNoTime) return zero();
  const std::int64_t nanoseconds = time.time_since_epoch().count();
  const std::int64_t seconds = floor_divide(nanoseconds, kNanosecondsPerSecond);
  return {seconds, static_cast<std::int32_t>(nanoseconds - seconds * kNanosecondsPerSecond), {}};
}

GoTime GoTime::zero() {
  return {kZeroSeconds, 0, {}};
}

bool GoTime::is_zero() const {
  return unix_seconds == kZeroSeconds && nanoseconds == 0;
}

CivilTime GoTime::civil() const {
  const std::int64_t local = unix_seconds + zone.offset_at(unix_seconds).seconds;
  const std::int64_t days = floor_divide(local, kSecondsPerDay);
  const auto second_of_day = static_cast<int>(local - days * kSecondsPerDay);
  CivilTime civil;
  civil_from_days(days, civil);
  civil.hour = second_of_day / 3600;
  civil.minute = second_of_day / 60 % 60;
  civil.second = second_of_day % 60;
  civil.nanosecond = nanoseconds;
  civil.weekday = static_cast<int>(((days + 4) % 7 + 7) % 7);
  civil.year_day = static_cast<int>(days - days_from_civil(civil.year, 1, 1) + 1);
  return civil;
}

GoTime GoTime::from_civil(const CivilTime& civil, const Zone& zone) {
  const std::int64_t month = civil.month - 1;
  const std::int64_t year = civil.year + floor_divide(month, 12);
  const std::int64_t days =
      days_from_civil(year, static_cast<int>(month - floor_divide(month, 12) * 12) + 1, 1) + civil.day - 1;
  const std::int64_t carried = floor_divide(civil.nanosecond, kNanosecondsPerSecond);
  const std::int64_t local = days * kSecondsPerDay + std::int64_t{civil.hour} * 3600 +
                             std::int64_t{civil.minute} * 60 + civil.second + carried;
  // The offset is looked up at the time it is then applied to; as Go, twice, for times near a change.
  std::int64_t seconds = local;
  const std::int32_t offset = zone.offset_at(local).seconds;
  if (offset != 0) {
    seconds = local - offset;
    const std::int32_t again = zone.offset_at(seconds).seconds;
    if (again != offset) seconds = local - again;
  }
  return {seconds, static_cast<std::int32_t>(civil.nanosecond - carried * kNanosecondsPerSecond), zone};
}

GoTime GoTime::plus(Duration duration) const {
  const std::int64_t total = nanoseconds + duration.count() % kNanosecondsPerSecond;
  const std::int64_t carried = floor_divide(total, kNanosecondsPerSecond);
  return {unix_seconds + duration.count() / kNanosecondsPerSecond + carried,
          static_cast<std::int32_t>(total - carried * kNanosecondsPerSecond), zone};
}

Duration GoTime::minus(const GoTime& other) const {
  std::int64_t seconds = 0;
  std::int64_t difference = 0;
  const bool overflows =
      __builtin_sub_overflow(unix_seconds, other.unix_seconds, &seconds) ||
      __builtin_mul_overflow(seconds, std::int64_t{kNanosecondsPerSecond}, &difference) ||
      __builtin_add_overflow(difference, std::int64_t{nanoseconds} - other.nanoseconds, &difference);
  if (overflows) return before(other) ? Duration::min() : Duration::max();
  return Duration(difference);
}

bool GoTime::before(const GoTime& other) const {
  return unix_seconds != other.unix_seconds ? unix_seconds < other.unix_seconds
                                            : nanoseconds < other.nanoseconds;
}

std::string GoTime::to_string() const {
  return format("2006-01-02 15:04:05.999999999 -0700 MST");
}

std::string GoTime::to_json() const {
  return format("2006-01-02T15:04:05.999999999Z07:00");
}

}  // namespace tocsin::templates
