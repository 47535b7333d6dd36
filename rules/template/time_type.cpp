// time.Time, time.Duration, time.Month and time.Weekday as types with their methods.
#include <array>
#include <cmath>

#include "promql/format.hpp"
#include "rules/template/functions.hpp"
#include "rules/template/value.hpp"

namespace tocsin::templates {
namespace {

const Type& month_type() {
  static const Type kType = [] {
    constexpr auto kNames =
        std::to_array<std::string_view>({"January", "February", "March", "April", "May", "June", "July",
                                         "August", "September", "October", "November", "December"});
    Type type = make_type("time.Month", Kind::integer);
    type.methods.push_back(make_method("String", [kNames](const Value& month) {
      return Value(kNames[static_cast<std::size_t>(month.integer() - 1)]);
    }));
    return type;
  }();
  return kType;
}

const Type& weekday_type() {
  static const Type kType = [] {
    constexpr auto kNames = std::to_array<std::string_view>(
        {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"});
    Type type = make_type("time.Weekday", Kind::integer);
    type.methods.push_back(make_method("String", [kNames](const Value& day) {
      return Value(kNames[static_cast<std::size_t>(day.integer())]);
    }));
    return type;
  }();
  return kType;
}

const Type& location_type() {
  static const Type kType = [] {
    Type type = make_type("*time.Location", Kind::string);
    type.methods.push_back(
        make_method("String", [](const Value& location) { return Value(location.string()); }));
    return type;
  }();
  return kType;
}

// Rounds towards zero to a multiple of step; a step that is not positive changes nothing.
Duration truncate(Duration duration, Duration step) {
  return step <= Duration::zero() ? duration : duration - duration % step;
}

// Rounds to the nearest multiple, halves away from zero.
Duration round(Duration duration, Duration step) {
  if (step <= Duration::zero()) return duration;
  const Duration rest = duration % step;
  const Duration size = rest < Duration::zero() ? -rest : rest;
  if (size + size < step) return duration - rest;
  return duration < Duration::zero() ? duration - rest - step : duration - rest + step;
}

// A multiple of step since the zero time, at or before the time.
Duration since_multiple(const GoTime& time, Duration step) {
  // Seconds since year 1 times 10^9 need more than 64 bits.
  __extension__ using Wide = __int128;
  const Wide nanoseconds =
      static_cast<Wide>(time.unix_seconds - GoTime::zero().unix_seconds) * 1'000'000'000 + time.nanoseconds;
  const Wide rest = nanoseconds % step.count();
  return Duration(static_cast<std::int64_t>(rest < 0 ? rest + step.count() : rest));
}

void add_comparisons(std::vector<Function>& methods) {
  methods.push_back(make_method(
      "Before", [](const Value& self, const GoTime& other) { return Value(self.time().before(other)); }));
  methods.push_back(make_method(
      "After", [](const Value& self, const GoTime& other) { return Value(other.before(self.time())); }));
  methods.push_back(make_method("Equal", [](const Value& self, const GoTime& other) {
    return Value(self.time().same_instant(other));
  }));
  methods.push_back(make_method("Compare", [](const Value& self, const GoTime& other) {
    return Value(self.time().before(other) ? -1 : other.before(self.time()) ? 1 : 0);
  }));
  methods.push_back(make_method("IsZero", [](const Value& self) { return Value(self.time().is_zero()); }));
}

void add_parts(std::vector<Function>& methods) {
  const auto add = [&](std::string name, auto get) {
    methods.push_back(
        make_method(std::move(name), [get](const Value& self) { return Value(get(self.time().civil())); }));
  };
  add("Year", [](const CivilTime& civil) { return civil.year; });
  add("Month", [](const CivilTime& civil) { return Value::of(month_type(), std::int64_t{civil.month}); });
  add("Weekday",
      [](const CivilTime& civil) { return Value::of(weekday_type(), std::int64_t{civil.weekday}); });
  add("Day", [](const CivilTime& civil) { return civil.day; });
  add("YearDay", [](const CivilTime& civil) { return civil.year_day; });
  add("Hour", [](const CivilTime& civil) { return civil.hour; });
  add("Minute", [](const CivilTime& civil) { return civil.minute; });
  add("Second", [](const CivilTime& civil) { return civil.second; });
  add("Nanosecond", [](const CivilTime& civil) { return civil.nanosecond; });
  const auto unix = [&](std::string name, std::int64_t per_second) {
    methods.push_back(make_method(std::move(name), [per_second](const Value& self) {
      const GoTime& time = self.time();
      return Value::of(int64_type(),
                       time.unix_seconds * per_second + time.nanoseconds / (1'000'000'000 / per_second));
    }));
  };
  unix("Unix", 1);
  unix("UnixMilli", 1'000);
  unix("UnixMicro", 1'000'000);
  unix("UnixNano", 1'000'000'000);
}

void add_changes(std::vector<Function>& methods) {
  methods.push_back(
      make_method("Add", [](const Value& self, Duration by) { return Value(self.time().plus(by)); }));
  methods.push_back(make_method(
      "Sub", [](const Value& self, const GoTime& other) { return Value(self.time().minus(other)); }));
  methods.push_back(make_method(
      "AddDate", [](const Value& self, std::int64_t years, std::int64_t months, std::int64_t days) {
        CivilTime civil = self.time().civil();
        civil.year += years;
        civil.month += static_cast<int>(months);
        civil.day += static_cast<int>(days);
        return Value(GoTime::from_civil(civil, self.time().zone));
      }));
  methods.push_back(make_method("UTC", [](const Value& self) { return Value(self.time().in(Zone())); }));
  methods.push_back(
      make_method("Local", [](const Value& self) { return Value(self.time().in(Zone::local())); }));
  methods.push_back(make_method("Truncate", [](const Value& self, Duration step) {
    if (step <= Duration::zero()) return self;
    return Value(self.time().plus(-since_multiple(self.time(), step)));
  }));
  methods.push_back(make_method("Round", [](const Value& self, Duration step) {
    if (step <= Duration::zero()) return self;
    const Duration rest = since_multiple(self.time(), step);
    return Value(self.time().plus(rest + rest < step ? -rest : step - rest));
  }));
}

}  // namespace

const Type& time_type() {
  static const Type kType = [] {
    Type type = make_type("time.Time", Kind::structure);
    type.methods.push_back(
        make_method("String", [](const Value& self) { return Value(self.time().to_string()); }));
    type.methods.push_back(make_method("Format", [](const Value& self, const std::string& layout) {
      return Value(self.time().format(layout));
    }));
    type.methods.push_back(make_method(
        "Location", [](const Value& self) { return Value::of(location_type(), self.time().zone.name()); }));
    const auto refuse = [&](std::string name, std::string refusal) {
      Function method = make_method(std::move(name), [](const Value& self) { return self; });
      method.refusal = std::move(refusal);
      type.methods.push_back(std::move(method));
    };
    refuse("Date", "function Date has 3 return values; should be 1 or 2");
    refuse("Clock", "function Clock has 3 return values; should be 1 or 2");
    refuse("ISOWeek", "invalid function signature for ISOWeek: second return value should be error; is int");
    refuse("Zone", "invalid function signature for Zone: second return value should be error; is int");
    refuse("ZoneBounds",
           "invalid function signature for ZoneBounds: second return value should be error; is time.Time");
    add_comparisons(type.methods);
    add_parts(type.methods);
    add_changes(type.methods);
    return type;
  }();
  return kType;
}

const Type& duration_type() {
  static const Type kType = [] {
    Type type = make_type("time.Duration", Kind::integer);
    const auto add = [&](std::string name, auto get) {
      type.methods.push_back(
          make_method(std::move(name), [get](const Value& self) { return Value(get(self.duration())); }));
    };
    add("String", [](Duration duration) { return format_go_duration(duration); });
    const auto whole_and_rest = [](std::int64_t unit, double per_unit) {
      return [unit, per_unit](Duration duration) {
        const std::int64_t whole = duration.count() / unit;
        return static_cast<double>(whole) + static_cast<double>(duration.count() % unit) / per_unit;
      };
    };
    add("Seconds", whole_and_rest(1'000'000'000, 1e9));
    add("Minutes", whole_and_rest(60'000'000'000, 60e9));
    add("Hours", whole_and_rest(3'600'000'000'000, 3600e9));
    const auto count = [&](std::string name, std::int64_t unit) {
      type.methods.push_back(make_method(std::move(name), [unit](const Value& self) {
        return Value::of(int64_type(), self.integer() / unit);
      }));
    };
    count("Milliseconds", 1'000'000);
    count("Microseconds", 1'000);
    count("Nanoseconds", 1);
    add("Abs", [](Duration duration) { return duration < Duration::zero() ? -duration : duration; });
    type.methods.push_back(make_method(
        "Truncate", [](const Value& self, Duration step) { return Value(truncate(self.duration(), step)); }));
    type.methods.push_back(make_method(
        "Round", [](const Value& self, Duration step) { return Value(round(self.duration(), step)); }));
    return type;
  }();
  return kType;
}

}  // namespace tocsin::templates
