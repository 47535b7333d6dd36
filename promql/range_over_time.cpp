// The *_over_time functions, regression and smoothing, and the table of range functions.
#include <algorithm>
#include <array>
#include <cmath>

#include "promql/format.hpp"
#include "promql/go_math.hpp"
#include "promql/go_sort.hpp"
#include "promql/kahan.hpp"
#include "promql/range_functions.hpp"
#include "promql/value.hpp"

namespace tocsin::promql {
namespace {

void note_ignored_histograms(const RangeSamples& samples, const RangeCall& call) {
  if (samples.histograms.empty()) return;
  call.note(note::histogram_ignored_in_mixed_range(call.metric_name(), call.first_argument));
}

bool note_mixed(const RangeSamples& samples, const RangeCall& call) {
  if (samples.values.empty() || samples.histograms.empty()) return false;
  call.note(note::mixed_floats_histograms(call.metric_name(), call.first_argument));
  return true;
}

Point sum_kernel(const RangeSamples& samples, const RangeCall& call) {
  if (note_mixed(samples, call)) return {};
  if (samples.values.empty()) return histogram_sum_over_time(samples, call);
  KahanSum sum;
  for (const double value : samples.values) sum.add(value);
  return Point::number(std::isinf(sum.sum) ? sum.sum : sum.total());
}

// The mean by the sum, until the sum would overflow; from there on, incrementally.
double average_of(std::span<const double> values) {
  KahanSum sum{values.front(), 0};
  std::size_t i = 1;
  for (; i < values.size(); ++i) {
    KahanSum next = sum;
    next.add(values[i]);
    if (std::isinf(next.sum)) break;
    sum = next;
  }
  const auto count = static_cast<double>(values.size());
  if (i == values.size()) return sum.sum / count + sum.compensation / count;
  const auto so_far = static_cast<double>(i);
  KahanSum mean{sum.sum / so_far, sum.compensation / so_far};
  for (; i < values.size(); ++i) {
    const auto taken = static_cast<double>(i + 1);
    const double weight = (taken - 1) / taken;
    mean = {weight * mean.sum, weight * mean.compensation};
    mean.add(values[i] / taken);
  }
  return mean.total();
}

Point average_kernel(const RangeSamples& samples, const RangeCall& call) {
  if (note_mixed(samples, call)) return {};
  if (samples.values.empty()) return histogram_average_over_time(samples, call);
  return Point::number(average_of(samples.values));
}

Point count_kernel(const RangeSamples& samples, const RangeCall&) {
  return Point::number(static_cast<double>(samples.values.size() + samples.histograms.size()));
}

Point present_kernel(const RangeSamples&, const RangeCall&) {
  return Point::number(1);
}

Point first_kernel(const RangeSamples& samples, const RangeCall&) {
  const bool number = samples.histograms.empty() ||
                      (!samples.values.empty() && samples.times.front() < samples.histogram_times.front());
  return number ? Point::number(samples.values.front()) : Point{kHistogram, 0, samples.histograms.front()};
}

Point last_kernel(const RangeSamples& samples, const RangeCall&) {
  const bool number = samples.histograms.empty() ||
                      (!samples.values.empty() && samples.histogram_times.back() < samples.times.back());
  return number ? Point::number(samples.values.back()) : Point{kHistogram, 0, samples.histograms.back()};
}

Point time_of_first_kernel(const RangeSamples& samples, const RangeCall&) {
  Timestamp first = Timestamp::max();
  if (!samples.times.empty()) first = samples.times.front();
  if (!samples.histogram_times.empty()) first = std::min(first, samples.histogram_times.front());
  return Point::number(seconds_of(first));
}

Point time_of_last_kernel(const RangeSamples& samples, const RangeCall&) {
  Timestamp last{};
  if (!samples.times.empty()) last = std::max(last, samples.times.back());
  if (!samples.histogram_times.empty()) last = std::max(last, samples.histogram_times.back());
  return Point::number(seconds_of(last));
}

// The index of the extreme value; NaN gives way to any number.
template <class Better>
std::size_t extreme_of(std::span<const double> values, Better better) {
  std::size_t best = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (better(values[i], values[best]) || std::isnan(values[best])) best = i;
  }
  return best;
}

template <class Better>
Point extreme(const RangeSamples& samples, const RangeCall& call, bool give_time, Better better) {
  if (samples.values.empty()) return {};
  note_ignored_histograms(samples, call);
  const std::size_t best = extreme_of(samples.values, better);
  return Point::number(give_time ? seconds_of(samples.times[best]) : samples.values[best]);
}

Point max_kernel(const RangeSamples& samples, const RangeCall& call) {
  return extreme(samples, call, false, [](double a, double b) { return a > b; });
}
Point min_kernel(const RangeSamples& samples, const RangeCall& call) {
  return extreme(samples, call, false, [](double a, double b) { return a < b; });
}
Point time_of_max_kernel(const RangeSamples& samples, const RangeCall& call) {
  return extreme(samples, call, true, [](double a, double b) { return a >= b; });
}
Point time_of_min_kernel(const RangeSamples& samples, const RangeCall& call) {
  return extreme(samples, call, true, [](double a, double b) { return a <= b; });
}

Point quantile_kernel(const RangeSamples& samples, const RangeCall& call) {
  if (samples.values.empty()) return {};
  const double quantile = call.arguments[0];
  if (std::isnan(quantile) || quantile < 0 || quantile > 1) {
    call.note(note::invalid_quantile(quantile, call.first_argument));
  }
  note_ignored_histograms(samples, call);
  call.scratch->assign(samples.values.begin(), samples.values.end());
  return Point::number(quantile_of(quantile, *call.scratch));
}

Point median_deviation_kernel(const RangeSamples& samples, const RangeCall& call) {
  if (samples.values.empty()) return {};
  note_ignored_histograms(samples, call);
  if (std::any_of(samples.values.begin(), samples.values.end(), [](double v) { return std::isnan(v); })) {
    return Point::number(kNaN);
  }
  std::vector<double>& values = *call.scratch;
  values.assign(samples.values.begin(), samples.values.end());
  const double median = quantile_of(0.5, values);
  for (double& value : values) value = std::fabs(value - median);
  return Point::number(quantile_of(0.5, values));
}

// Welford's method with compensated sums.
double variance_of(std::span<const double> values) {
  KahanSum mean;
  KahanSum squares;
  double count = 0;
  for (const double value : values) {
    ++count;
    const double delta = value - mean.total();
    mean.add(delta / count);
    squares.add(delta * (value - mean.total()));
  }
  return squares.total() / count;
}

Point variance_kernel(const RangeSamples& samples, const RangeCall& call) {
  if (samples.values.empty()) return {};
  note_ignored_histograms(samples, call);
  return Point::number(variance_of(samples.values));
}

Point deviation_kernel(const RangeSamples& samples, const RangeCall& call) {
  if (samples.values.empty()) return {};
  note_ignored_histograms(samples, call);
  return Point::number(std::sqrt(variance_of(samples.values)));
}

struct FittedLine {
  double slope = 0;
  double intercept = 0;
};

// Least squares; the intercept is the value at `at`.
FittedLine regression(const RangeSamples& samples, Timestamp at) {
  KahanSum sum_x;
  KahanSum sum_y;
  KahanSum sum_xy;
  KahanSum sum_x2;
  const double first = samples.values.front();
  bool constant = true;
  for (std::size_t i = 0; i < samples.values.size(); ++i) {
    const double y = samples.values[i];
    if (constant && i > 0 && y != first) constant = false;
    // Subtracted as doubles: samples of a fixed time may lie further from `at` than integers can count.
    const double x = (static_cast<double>(ms_of(samples.times[i])) - static_cast<double>(ms_of(at))) / 1e3;
    sum_x.add(x);
    sum_y.add(y);
    sum_xy.add(x * y);
    sum_x2.add(x * x);
  }
  if (constant) return std::isinf(first) ? FittedLine{kNaN, kNaN} : FittedLine{0, first};
  const auto n = static_cast<double>(samples.values.size());
  const double x = sum_x.total();
  const double y = sum_y.total();
  const double covariance = sum_xy.total() - x * y / n;
  const double variance = sum_x2.total() - x * x / n;
  const double slope = covariance / variance;
  return {slope, y / n - slope * x / n};
}

// Regression needs two numbers; what else the window holds is noted if there is one.
bool enough_for_regression(const RangeSamples& samples, const RangeCall& call) {
  if (!samples.values.empty()) note_ignored_histograms(samples, call);
  return samples.values.size() >= 2;
}

Point derivative_kernel(const RangeSamples& samples, const RangeCall& call) {
  if (!enough_for_regression(samples, call)) return {};
  return Point::number(regression(samples, samples.times.front()).slope);
}

Point predict_kernel(const RangeSamples& samples, const RangeCall& call) {
  if (!enough_for_regression(samples, call)) return {};
  const FittedLine line = regression(samples, call.at);
  return Point::number(line.slope * call.arguments[0] + line.intercept);
}

std::string check_smoothing(std::span<const double> arguments) {
  const auto message = [](std::string_view what, std::string_view letters, double value) {
    return format("invalid {} factor. Expected: 0 < {} < 1, got: {}", what, letters,
                  format_float_fixed(value));
  };
  if (arguments[0] <= 0 || arguments[0] >= 1) return message("smoothing", "sf", arguments[0]);
  if (arguments[1] <= 0 || arguments[1] >= 1) return message("trend", "tf", arguments[1]);
  return "";
}

// Holt's linear method (https://en.wikipedia.org/wiki/Exponential_smoothing).
Point smoothing_kernel(const RangeSamples& samples, const RangeCall& call) {
  if (!enough_for_regression(samples, call)) return {};
  const double smoothing = call.arguments[0];
  const double trend = call.arguments[1];
  double level_before = 0;
  double level = samples.values[0];
  double slope = samples.values[1] - samples.values[0];
  for (std::size_t i = 1; i < samples.values.size(); ++i) {
    const double x = smoothing * samples.values[i];
    if (i > 1) {
      const double grown = trend * (level - level_before);
      const double kept = (1 - trend) * slope;
      slope = grown + kept;
    }
    const double y = (1 - smoothing) * (level + slope);
    level_before = level;
    level = x + y;
  }
  return Point::number(level);
}

constexpr std::array kRangeFunctions = std::to_array<RangeFunction>({
    {"avg_over_time", average_kernel},
    {"changes", changes_kernel, false, false, false, nullptr, true},
    {"count_over_time", count_kernel},
    {"delta", delta_kernel, false, false, false, nullptr, true, true},
    {"deriv", derivative_kernel},
    {"double_exponential_smoothing", smoothing_kernel, false, false, false, check_smoothing},
    {"first_over_time", first_kernel, true},
    {"idelta", idelta_kernel},
    {"increase", increase_kernel, false, true, true, nullptr, true, true},
    {"irate", irate_kernel, false, true},
    {"last_over_time", last_kernel, true},
    {"mad_over_time", median_deviation_kernel},
    {"max_over_time", max_kernel},
    {"min_over_time", min_kernel},
    {"predict_linear", predict_kernel},
    {"present_over_time", present_kernel},
    {"quantile_over_time", quantile_kernel},
    {"rate", rate_kernel, false, true, true, nullptr, true, true},
    {"resets", resets_kernel, false, true, false, nullptr, true},
    {"stddev_over_time", deviation_kernel},
    {"stdvar_over_time", variance_kernel},
    {"sum_over_time", sum_kernel},
    {"ts_of_first_over_time", time_of_first_kernel},
    {"ts_of_last_over_time", time_of_last_kernel},
    {"ts_of_max_over_time", time_of_max_kernel},
    {"ts_of_min_over_time", time_of_min_kernel},
});

}  // namespace

const RangeFunction* find_range_function(std::string_view name) {
  const auto at = std::find_if(kRangeFunctions.begin(), kRangeFunctions.end(),
                               [name](const RangeFunction& function) { return function.name == name; });
  return at == kRangeFunctions.end() ? nullptr : &*at;
}

double quantile_of(double quantile, std::vector<double>& values) {
  if (values.empty() || std::isnan(quantile)) return kNaN;
  if (quantile < 0) return -kInfinity;
  if (quantile > 1) return kInfinity;
  go_sort(values, [](double a, double b) { return std::isnan(a) || a < b; });
  const auto count = static_cast<double>(values.size());
  const double rank = quantile * (count - 1);
  const double lower = std::max(0.0, std::floor(rank));
  const double upper = std::min(count - 1, lower + 1);
  const double weight = rank - std::floor(rank);
  return values[static_cast<std::size_t>(lower)] * (1 - weight) +
         values[static_cast<std::size_t>(upper)] * weight;
}

}  // namespace tocsin::promql
