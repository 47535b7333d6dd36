#include "engine/config/time_interval_reader.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <functional>
#include <utility>

#include "promql/ascii.hpp"
#include "promql/format.hpp"
#include "rules/template/go_time.hpp"

namespace tocsin::config {
namespace {

using yaml::MapReader;

constexpr std::array<std::string_view, 7> kWeekdays = {"sunday",   "monday", "tuesday", "wednesday",
                                                       "thursday", "friday", "saturday"};
constexpr std::array<std::string_view, 12> kMonths = {"january",   "february", "march",    "april",
                                                      "may",       "june",     "july",     "august",
                                                      "september", "october",  "november", "december"};

using ReadMember = std::function<Result<int>(std::string_view)>;
using CheckRange = std::function<Result<void>(const InclusiveRange&)>;

Result<int> read_number(std::string_view text) {
  std::string_view digits = text;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  int number = 0;
  const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (status != std::errc() || end != digits.data() + digits.size()) {
    return Error(format("expected a number, found \"{}\"", text));
  }
  return number;
}

Result<int> read_weekday(std::string_view text) {
  const auto found = std::ranges::find(kWeekdays, text);
  if (found != kWeekdays.end()) return static_cast<int>(found - kWeekdays.begin());
  return Error(format("\"{}\" is not a valid weekday{}", text,
                      did_you_mean(text, {kWeekdays.begin(), kWeekdays.end()})));
}

Result<int> read_month(std::string_view text) {
  const auto found = std::ranges::find(kMonths, text);
  if (found != kMonths.end()) return static_cast<int>(found - kMonths.begin()) + 1;
  const Result<int> number = read_number(text);
  if (number) return *number;
  return Error(
      format("\"{}\" is not a valid month{}", text, did_you_mean(text, {kMonths.begin(), kMonths.end()})));
}

Result<void> check_order(const InclusiveRange& range) {
  if (range.begin > range.end) return Error("the end of the range is before its start");
  return {};
}

Result<void> check_days_of_month(const InclusiveRange& range) {
  for (const int day : {range.begin, range.end}) {
    if (day == 0 || day < -31 || day > 31) {
      return Error(format("{} is not a valid day of the month, expected 1 to 31 or -31 to -1", day));
    }
  }
  if (range.begin < 0 && range.end > 0) return Error("end day must be negative if start day is negative");
  // Days from the end are compared in the shortest month: there a range must hold that holds at all.
  const int begin = range.begin < 0 ? 28 + range.begin : range.begin;
  const int end = range.end < 0 ? 28 + range.end : range.end;
  if (begin > end) return Error(format("end day {} is always before start day {}", range.end, range.begin));
  return {};
}

Result<InclusiveRange> read_range(std::string_view written, const ReadMember& member,
                                  const CheckRange& check) {
  const std::string text = ascii_lower(written);
  const std::string_view view = text;
  const std::size_t colon = view.find(':');
  if (colon != std::string_view::npos && view.find(':', colon + 1) != std::string_view::npos) {
    return Error(format("not a valid range: \"{}\", expected a form such as \"a:b\"", text));
  }
  const Result<int> begin = member(view.substr(0, colon));
  if (!begin) return begin.error();
  const Result<int> end = colon == std::string_view::npos ? begin : member(view.substr(colon + 1));
  if (!end) return end.error();
  const InclusiveRange range{*begin, *end};
  if (Result<void> checked = check(range); !checked) return checked.error();
  return range;
}

void read_ranges(MapReader& map, std::string_view key, const ReadMember& member, const CheckRange& check,
                 std::optional<std::vector<InclusiveRange>>& out) {
  if (map.value(key) == nullptr) return;
  out.emplace();
  for (const yaml::Node* item : map.list(key)) {
    const Result<std::string> text = yaml::to_string(map.scope(), *item);
    const Result<InclusiveRange> range = text ? read_range(*text, member, check) : text.error();
    if (range) {
      out->push_back(*range);
    } else {
      map.scope().error(*item, format("{}: {}", map.subject_of(key), range.error().text));
    }
  }
}

// "HH:MM" from 00:00 to 24:00.
Result<int> read_minute(std::string_view text) {
  const Error invalid(format("not a valid time: \"{}\", expected a form such as \"09:30\"", text));
  const auto digit = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '9'; };
  if (text.size() != 5 || text[2] != ':' || !digit(0) || !digit(1) || !digit(3) || !digit(4)) return invalid;
  const int hour = (text[0] - '0') * 10 + (text[1] - '0');
  const int minute = (text[3] - '0') * 10 + (text[4] - '0');
  const bool midnight = hour == 24 && minute == 0;
  if (!midnight && (hour > 23 || minute > 59)) return invalid;
  return hour * 60 + minute;
}

std::optional<MinuteRange> read_time_range(const yaml::Scope& scope, const yaml::Node& node,
                                           const std::string& subject) {
  MapReader map(scope, node, subject);
  std::string start;
  std::string end;
  map.string("start_time", start);
  map.string("end_time", end);
  map.finish();
  if (!map.valid()) return std::nullopt;
  if (start.empty() || end.empty()) {
    map.error_here("both start_time and end_time must be given");
    return std::nullopt;
  }
  const Result<int> begin = read_minute(start);
  const Result<int> until = read_minute(end);
  if (!begin) map.error("start_time", begin.error().text);
  if (!until) map.error("end_time", until.error().text);
  if (!begin || !until) return std::nullopt;
  if (*begin >= *until) {
    map.error_here("start_time must be before end_time; a range cannot cross midnight, write two of them");
    return std::nullopt;
  }
  return MinuteRange{*begin, *until};
}

void read_location(MapReader& map, std::string& location) {
  if (map.value("location") == nullptr || !map.string("location", location)) return;
  const Result<templates::Zone> zone = templates::Zone::load(location);
  if (!zone) map.error("location", zone.error().text);
}

TimeInterval read_interval(const yaml::Scope& scope, const yaml::Node& node, const std::string& subject) {
  TimeInterval interval;
  if (yaml::is_null(node, scope.document.dialect())) return interval;
  MapReader map(scope, node, subject);
  if (map.value("times") != nullptr) {
    interval.times.emplace();
    const std::vector<const yaml::Node*> items = map.list("times");
    for (std::size_t i = 0; i < items.size(); ++i) {
      const auto range = read_time_range(scope, *items[i], map.subject_of(format("times[{}]", i)));
      if (range) interval.times->push_back(*range);
    }
  }
  read_ranges(map, "weekdays", read_weekday, check_order, interval.weekdays);
  read_ranges(map, "days_of_month", read_number, check_days_of_month, interval.days_of_month);
  read_ranges(map, "months", read_month, check_order, interval.months);
  read_ranges(map, "years", read_number, check_order, interval.years);
  map.known("location");
  read_location(map, interval.location);
  map.finish();
  return interval;
}

}  // namespace

NamedTimeIntervals read_time_intervals(const yaml::Scope& scope, const yaml::Node& node,
                                       const std::string& subject) {
  NamedTimeIntervals named;
  named.position = node.position;
  MapReader map(scope, node, subject);
  map.string("name", named.name);
  if (map.valid() && named.name.empty()) map.error_here("missing name");
  const std::string inner = named.name.empty() ? subject : format("time interval \"{}\"", named.name);
  const std::vector<const yaml::Node*> items = map.list("time_intervals");
  for (std::size_t i = 0; i < items.size(); ++i) {
    named.intervals.push_back(read_interval(scope, *items[i], format("{}: time_intervals[{}]", inner, i)));
  }
  map.finish();
  return named;
}

}  // namespace tocsin::config
