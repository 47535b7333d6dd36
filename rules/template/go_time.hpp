// Go's time.Time and time.Duration as templates see them: an instant with a zone, layouts such as
// "2006-01-02 15:04:05 MST", and the system's time zones.
//
// No clock is read. Zones are read from the system's zoneinfo (or $TZDIR, $ZONEINFO is not looked at) through
// Abseil's time zone library, which Debian ships as an archive; Debian's libdate-tz is only a shared library
// and g++ 12 has no std::chrono zones. It also knows which zone is the machine's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "promql/result.hpp"
#include "promql/time.hpp"

namespace tocsin::templates {

// A time zone: UTC, a fixed offset, or a named one. Immutable and shared.
class Zone {
 public:
  struct Offset {
    std::int32_t seconds = 0;  // east of UTC
    std::string abbreviation;  // "UTC", "CET", "+03"
  };
  Zone() = default;  // UTC
  [[nodiscard]] static Zone fixed(std::int32_t seconds_east, std::string name);
  // Go's time.Local: the zone that $TZ names, that of /etc/localtime if there is no $TZ, and UTC if it cannot
  // be read. All that depends on the machine's zone asks here.
  [[nodiscard]] static Zone local();
  // Go's time.LoadLocation: "" and "UTC" are UTC, "Local" is local(); the error is Go's: unknown time zone
  // Mars/Base.
  [[nodiscard]] static Result<Zone> load(std::string_view name);

  [[nodiscard]] bool is_utc() const { return rules_ == nullptr; }
  // "Europe/Berlin"; "Local" for the zone of /etc/localtime, which has no name of its own.
  [[nodiscard]] std::string name() const;
  [[nodiscard]] Offset offset_at(std::int64_t unix_seconds) const;
  friend bool operator==(const Zone& a, const Zone& b) { return a.rules_ == b.rules_; }

 private:
  struct Rules;
  explicit Zone(Rules rules);
  std::shared_ptr<const Rules> rules_;
};

struct CivilTime {
  std::int64_t year = 1;
  int month = 1;  // 1-12
  int day = 1;    // 1-31
  int hour = 0;
  int minute = 0;
  int second = 0;
  int nanosecond = 0;
  int weekday = 1;   // 0 Sunday
  int year_day = 1;  // 1-366
};

struct GoTime {
  std::int64_t unix_seconds = 0;
  std::int32_t nanoseconds = 0;  // 0 to 999'999'999
  Zone zone;

  // kNoTime becomes Go's zero time, year 1.
  [[nodiscard]] static GoTime from_wall(WallTime time);
  // The zero time of Go: January 1, year 1, UTC.
  [[nodiscard]] static GoTime zero();
  // From civil fields in a zone; fields may lie outside their range, as for Go's time.Date.
  [[nodiscard]] static GoTime from_civil(const CivilTime& civil, const Zone& zone);
  [[nodiscard]] bool is_zero() const;
  [[nodiscard]] CivilTime civil() const;
  [[nodiscard]] GoTime in(Zone other) const { return {unix_seconds, nanoseconds, std::move(other)}; }
  [[nodiscard]] GoTime plus(Duration duration) const;
  // a - b, saturating at the ends of Duration as Go's Sub.
  [[nodiscard]] Duration minus(const GoTime& other) const;
  // Time.String(): "2006-01-02 15:04:05.999999999 -0700 MST".
  [[nodiscard]] std::string to_string() const;
  // Time.Format(layout).
  [[nodiscard]] std::string format(std::string_view layout) const;
  // RFC3339Nano, as encoding/json writes a time.
  [[nodiscard]] std::string to_json() const;
  // time.ParseInLocation(layout, text, UTC); the error is Go's ParseError text.
  [[nodiscard]] static Result<GoTime> parse(std::string_view layout, std::string_view text);
  [[nodiscard]] bool before(const GoTime& other) const;
  // The same instant, whatever the zone.
  [[nodiscard]] bool same_instant(const GoTime& other) const {
    return unix_seconds == other.unix_seconds && nanoseconds == other.nanoseconds;
  }
};

}  // namespace tocsin::templates
