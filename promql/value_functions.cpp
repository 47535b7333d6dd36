// What the functions on single values compute: mathematics, dates, statistics of one histogram.
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "promql/go_math.hpp"
#include "promql/kahan.hpp"
#include "promql/plan_elementwise.hpp"

namespace tocsin::promql {
namespace {

constexpr std::array kNumberFunctions = std::to_array<NumberFunction>({
    {"abs", [](double v) { return std::fabs(v); }},
    {"acos", go_acos},
    {"acosh", go_acosh},
    {"asin", go_asin},
    {"asinh", go_asinh},
    {"atan", go_atan},
    {"atanh", go_atanh},
    {"ceil", [](double v) { return std::ceil(v); }},
    {"cos", go_cos},
    {"cosh", go_cosh},
    {"deg", [](double v) { return v * 180 / std::numbers::pi; }},
    {"exp", go_exp},
    {"floor", [](double v) { return std::floor(v); }},
    {"ln", go_log},
    {"log10", go_log10},
    {"log2", go_log2},
    {"rad", [](double v) { return v * std::numbers::pi / 180; }},
    {"sgn", [](double v) { return v < 0 ? -1.0 : (v > 0 ? 1.0 : v); }},
    {"sin", go_sin},
    {"sinh", go_sinh},
    {"sqrt", [](double v) { return std::sqrt(v); }},
    {"tan", go_tan},
    {"tanh", go_tanh},
});

// Go's calendar, for every second that an int64 can count. Days are counted in unsigned arithmetic from 1
// March of a year so long ago that all of them are positive; what lies outside wraps, and so NaN (the
// smallest int64) has the date that upstream gives it. After Go's time package and
// http://howardhinnant.github.io/date_algorithms.html.
constexpr std::int64_t kAbsoluteYears = 292277022400;
constexpr std::uint64_t kSecondsADay = 86400;
constexpr std::uint64_t kDaysInCycle = 146097;  // of 400 years
// Days from 1 March of year -kAbsoluteYears to 1 January 1970.
constexpr std::uint64_t kUnixEpochDays =
    static_cast<std::uint64_t>(kAbsoluteYears / 400) * kDaysInCycle + 719468;

struct Date {
  std::uint64_t days = 0;  // since the absolute beginning
  std::uint64_t second_of_day = 0;
  std::int64_t year = 0;
  int month = 0;
  int day = 0;
};

Date date_of(std::int64_t unix_seconds) {
  const std::uint64_t absolute = static_cast<std::uint64_t>(unix_seconds) + kUnixEpochDays * kSecondsADay;
  Date date;
  date.days = absolute / kSecondsADay;
  date.second_of_day = absolute % kSecondsADay;
  const std::uint64_t cycle = date.days / kDaysInCycle;
  const std::uint64_t day_of_cycle = date.days % kDaysInCycle;
  const std::uint64_t year_of_cycle =
      (day_of_cycle - day_of_cycle / 1460 + day_of_cycle / 36524 - day_of_cycle / 146096) / 365;
  const std::uint64_t day_of_year =
      day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
  const std::uint64_t shifted_month = (5 * day_of_year + 2) / 153;  // March is 0
  date.day = static_cast<int>(day_of_year - (153 * shifted_month + 2) / 5 + 1);
  date.month = static_cast<int>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
  date.year =
      static_cast<std::int64_t>(cycle * 400 + year_of_cycle) - kAbsoluteYears + (date.month <= 2 ? 1 : 0);
  return date;
}

double day_of_year(std::int64_t unix_seconds) {
  const Date date = date_of(unix_seconds);
  int day = date.day;
  for (int month = 1; month < date.month; ++month) day += days_in_month(date.year, month);
  return day;
}

constexpr std::array kDateFunctions = std::to_array<DateFunction>({
    {"day_of_month", [](std::int64_t s) { return static_cast<double>(date_of(s).day); }},
    // The absolute beginning was a Wednesday.
    {"day_of_week", [](std::int64_t s) { return static_cast<double>((date_of(s).days + 3) % 7); }},
    {"day_of_year", day_of_year},
    {"days_in_month",
     [](std::int64_t s) {
       const Date date = date_of(s);
       return static_cast<double>(days_in_month(date.year, date.month));
     }},
    {"hour",
     [](std::int64_t s) {
       const std::uint64_t hour = date_of(s).second_of_day / 3600;
       return static_cast<double>(hour);
     }},
    {"minute",
     [](std::int64_t s) {
       const std::uint64_t minute = date_of(s).second_of_day % 3600 / 60;
       return static_cast<double>(minute);
     }},
    {"month", [](std::int64_t s) { return static_cast<double>(date_of(s).month); }},
    {"year", [](std::int64_t s) { return static_cast<double>(date_of(s).year); }},
});

// The value that stands for a bucket's observations: the middle, on the scale of the buckets.
double middle_of(const HistogramBucket& bucket, bool custom) {
  if (custom) return (bucket.upper + bucket.lower) / 2.0;
  if (bucket.lower <= 0 && bucket.upper >= 0) return 0;
  const double middle = std::sqrt(bucket.upper * bucket.lower);
  return bucket.upper < 0 ? -middle : middle;
}

double variance_of(const FloatHistogram& histogram) {
  const double mean = histogram.sum / histogram.count;
  KahanSum variance;
  for (const HistogramBucket& bucket : all_buckets(histogram)) {
    if (bucket.count == 0) continue;
    const double delta = middle_of(bucket, histogram.uses_custom_buckets()) - mean;
    variance.add(bucket.count * delta * delta);
  }
  return variance.total() / histogram.count;
}

constexpr std::array kHistogramFunctions = std::to_array<HistogramFunction>({
    {"histogram_avg", [](const FloatHistogram& h) { return h.sum / h.count; }},
    {"histogram_count", [](const FloatHistogram& h) { return h.count; }},
    {"histogram_stddev", [](const FloatHistogram& h) { return std::sqrt(variance_of(h)); }},
    {"histogram_stdvar", variance_of},
    {"histogram_sum", [](const FloatHistogram& h) { return h.sum; }},
});

template <class Table>
auto* find_in(const Table& table, std::string_view name) {
  const auto at =
      std::find_if(table.begin(), table.end(), [name](const auto& entry) { return entry.name == name; });
  return at == table.end() ? nullptr : &*at;
}

}  // namespace

const NumberFunction* find_number_function(std::string_view name) {
  return find_in(kNumberFunctions, name);
}
const DateFunction* find_date_function(std::string_view name) {
  return find_in(kDateFunctions, name);
}
const HistogramFunction* find_histogram_function(std::string_view name) {
  return find_in(kHistogramFunctions, name);
}

}  // namespace tocsin::promql
