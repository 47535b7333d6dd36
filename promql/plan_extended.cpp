#include "promql/plan_extended.hpp"

#include <algorithm>

namespace tocsin::promql {
namespace {

double interpolate(const RangeSamples& samples, std::size_t i, Timestamp at, bool is_counter) {
  double before = samples.values[i];
  const double after = samples.values[i + 1];
  if (is_counter && after < before) before = 0;
  return before + (after - before) * static_cast<double>((at - samples.times[i]).count()) /
                      static_cast<double>((samples.times[i + 1] - samples.times[i]).count());
}

// Between histogram i and the next. Nothing if they do not go together.
std::optional<FloatHistogram> interpolate_histograms(const RangeSamples& samples, std::size_t i, Timestamp at,
                                                     bool is_counter, const RangeCall& call) {
  const FloatHistogram& before = *samples.histograms[i];
  const FloatHistogram& after = *samples.histograms[i + 1];
  const Timestamp before_time = samples.histogram_times[i];
  const Timestamp after_time = samples.histogram_times[i + 1];
  if (at == before_time) return before;
  if (at == after_time) return after;
  const double fraction = static_cast<double>((at - before_time).count()) /
                          static_cast<double>((after_time - before_time).count());
  FloatHistogram result = after;
  if (is_counter && after.detect_reset(before)) {
    result.multiply(fraction);  // as if it had started from zero
    return result;
  }
  if (!subtract_with_notes(result, before, call)) return std::nullopt;
  result.multiply(fraction);
  if (!add_with_notes(result, before, call)) return std::nullopt;
  return result;
}

// The first and last sample that matter for a range: the last one at or before its start, and with smoothing
// the first one at or after its end.
struct Bounds {
  std::size_t first;
  std::size_t last;
};
Bounds bounds_of(std::span<const Timestamp> times, Timestamp range_start, Timestamp range_end,
                 bool smoothed) {
  const auto search = [&](std::size_t count, auto holds) {
    return static_cast<std::size_t>(std::partition_point(times.begin(),
                                                         times.begin() + static_cast<std::ptrdiff_t>(count),
                                                         [&](Timestamp time) { return !holds(time); }) -
                                    times.begin());
  };
  const std::size_t last = times.size() - 1;
  const std::size_t after_start = search(last, [&](Timestamp time) { return time > range_start; });
  Bounds bounds{after_start > 0 ? after_start - 1 : 0, last};
  if (smoothed) bounds.last = search(last, [&](Timestamp time) { return time >= range_end; });
  return bounds;
}

double left_value(const RangeSamples& samples, const Bounds& bounds, Timestamp range_start, bool smoothed,
                  bool is_counter) {
  if (smoothed && samples.times[bounds.first] < range_start) {
    return interpolate(samples, bounds.first, range_start, is_counter);
  }
  return samples.values[bounds.first];
}

double right_value(const RangeSamples& samples, const Bounds& bounds, Timestamp range_end, bool smoothed,
                   bool is_counter) {
  if (smoothed && bounds.last > 0 && samples.times[bounds.last] > range_end) {
    return interpolate(samples, bounds.last - 1, range_end, is_counter);
  }
  return samples.values[bounds.last];
}

Point extended_number_rate(const RangeSamples& samples, const RangeCall& call, bool is_counter,
                           bool is_rate) {
  Bounds bounds = bounds_of(samples.times, call.range_start, call.range_end, call.smoothed);
  if (samples.times[bounds.last] <= call.range_start) return {};
  if (call.smoothed && samples.times[bounds.first] > call.range_end) return {};
  const double left = left_value(samples, bounds, call.range_start, call.smoothed, is_counter);
  const double right = right_value(samples, bounds, call.range_end, call.smoothed, is_counter);
  double result = right - left;
  if (is_counter) {
    // The values at the ends have seen to resets there.
    std::size_t first = bounds.first;
    std::size_t end = bounds.last + 1;
    if (samples.times[first] <= call.range_start) ++first;
    if (samples.times[bounds.last] >= call.range_end) --end;
    double correction = 0;
    double before = left;
    for (std::size_t i = first; i < end; ++i) {
      if (samples.values[i] < before) correction += before;
      before = samples.values[i];
    }
    if (right < before) correction += before;
    result += correction;
  }
  if (is_rate) result /= call.range_seconds;
  return Point::number(result);
}

bool check_kinds(const RangeSamples& samples, const Bounds& bounds, bool is_counter, const RangeCall& call) {
  const bool custom = samples.histograms[bounds.first]->uses_custom_buckets();
  for (std::size_t i = bounds.first; i <= bounds.last; ++i) {
    if (samples.histograms[i]->uses_custom_buckets() != custom) {
      call.note(note::mixed_exponential_custom(call.metric_name(), call.first_argument));
      return false;
    }
    if (is_counter && samples.histograms[i]->counter_reset == CounterReset::gauge) {
      call.note(note::native_not_counter(call.metric_name(), call.first_argument));
    }
  }
  return true;
}

// What a counter lost in resets within the range. False: the histograms do not go together.
bool reset_correction(const RangeSamples& samples, const Bounds& bounds, const FloatHistogram& left,
                      const FloatHistogram& right, const RangeCall& call,
                      std::optional<FloatHistogram>& correction) {
  std::size_t first = bounds.first + 1;
  const FloatHistogram* before = &left;
  if (call.smoothed && samples.histogram_times[bounds.first] < call.range_start &&
      samples.histograms[bounds.first + 1]->detect_reset(*samples.histograms[bounds.first])) {
    // Interpolation at the left end went across this reset and has counted it.
    before = samples.histograms[bounds.first + 1].get();
    ++first;
  }
  // The last sample is represented by `right`. Nothing lies between the ends if `first` is past it.
  if (first > bounds.last) return true;
  const auto add = [&] {
    if (!correction) {
      correction = *before;
      return true;
    }
    return add_with_notes(*correction, *before, call);
  };
  for (std::size_t i = first; i < bounds.last; ++i) {
    const FloatHistogram& current = *samples.histograms[i];
    if (current.detect_reset(*before) && !add()) return false;
    before = &current;
  }
  return !right.detect_reset(*before) || add();
}

Point extended_histogram_rate(const RangeSamples& samples, const RangeCall& call, bool is_counter,
                              bool is_rate) {
  const std::span<const Timestamp> times = samples.histogram_times;
  const Bounds bounds = bounds_of(times, call.range_start, call.range_end, call.smoothed);
  if (times[bounds.last] <= call.range_start) return {};
  if (call.smoothed && times[bounds.first] > call.range_end) return {};
  if (!check_kinds(samples, bounds, is_counter, call)) return {};

  std::optional<FloatHistogram> left = *samples.histograms[bounds.first];
  if (call.smoothed && times[bounds.first] < call.range_start) {
    left = interpolate_histograms(samples, bounds.first, call.range_start, is_counter, call);
  }
  if (!left) return {};
  std::optional<FloatHistogram> right = *samples.histograms[bounds.last];
  if (call.smoothed && bounds.last > 0 && times[bounds.last] > call.range_end) {
    right = interpolate_histograms(samples, bounds.last - 1, call.range_end, is_counter, call);
  }
  if (!right) return {};
  if (!is_counter &&
      (left->counter_reset != CounterReset::gauge || right->counter_reset != CounterReset::gauge)) {
    call.note(note::native_not_gauge(call.metric_name(), call.first_argument));
  }
  FloatHistogram result = *right;
  if (!subtract_with_notes(result, *left, call)) return {};
  if (is_counter) {
    std::optional<FloatHistogram> correction;
    if (!reset_correction(samples, bounds, *left, *right, call, correction)) return {};
    if (correction && !add_with_notes(result, *correction, call)) return {};
  }
  if (is_rate) result.divide(call.range_seconds);
  result.counter_reset = CounterReset::gauge;
  result.compact(0);
  return Point::of(std::move(result));
}

void smoothed_histogram(const RangeSamples& samples, Timestamp at, const RangeCall& call, Column& column) {
  const auto found = std::lower_bound(samples.histogram_times.begin(), samples.histogram_times.end(), at);
  const auto i = static_cast<std::size_t>(found - samples.histogram_times.begin());
  if (i < samples.histograms.size() && *found == at) {
    column.set_histogram(call.row, samples.histograms[i]);
    return;
  }
  if (i == 0) return;
  const FloatHistogram& before = *samples.histograms[i - 1];
  if (i == samples.histograms.size()) {
    // Nothing comes after: the value is carried on, but not what it says of the sample before it.
    auto carried = std::make_shared<FloatHistogram>(before);
    carried->counter_reset = CounterReset::unknown;
    column.set_histogram(call.row, std::move(carried));
    return;
  }
  const FloatHistogram& after = *samples.histograms[i];
  if (before.uses_custom_buckets() != after.uses_custom_buckets()) {
    call.note(note::mixed_exponential_custom(call.metric_name(), call.first_argument));
    return;
  }
  const bool is_counter =
      before.counter_reset != CounterReset::gauge || after.counter_reset != CounterReset::gauge;
  auto value = interpolate_histograms(samples, i - 1, at, is_counter, call);
  if (value) column.set_histogram(call.row, std::make_shared<const FloatHistogram>(std::move(*value)));
}

}  // namespace

Point extended_rate(const RangeSamples& samples, const RangeCall& call, bool is_counter, bool is_rate) {
  return samples.histograms.empty() ? extended_number_rate(samples, call, is_counter, is_rate)
                                    : extended_histogram_rate(samples, call, is_counter, is_rate);
}

void smoothed_value(const RangeSamples& samples, Timestamp at, const RangeCall& call, Column& column) {
  if (samples.empty()) return;
  if (!samples.histograms.empty() && !samples.values.empty()) {
    call.note(note::mixed_floats_histograms(call.metric_name(), call.first_argument));
    return;
  }
  if (!samples.histograms.empty()) {
    smoothed_histogram(samples, at, call, column);
    return;
  }
  const auto found = std::lower_bound(samples.times.begin(), samples.times.end(), at);
  const auto i = static_cast<std::size_t>(found - samples.times.begin());
  if (i < samples.values.size() && *found == at) {
    column.set(call.row, samples.values[i]);
  } else if (i > 0 && i < samples.values.size()) {
    column.set(call.row, interpolate(samples, i - 1, at, false));
  } else if (i > 0) {
    column.set(call.row, samples.values[i - 1]);
  }
}

std::vector<Sample> extended_samples(const RangeSamples& samples, Timestamp range_start, Timestamp range_end,
                                     bool smoothed) {
  if (samples.values.empty()) return {};
  const Bounds bounds = bounds_of(samples.times, range_start, range_end, smoothed);
  if (samples.times[bounds.last] <= range_start) return {};
  std::vector<Sample> result;
  result.push_back({range_start, left_value(samples, bounds, range_start, smoothed, false), nullptr});
  for (std::size_t i = bounds.first; i <= bounds.last; ++i) {
    if (samples.times[i] <= range_start || samples.times[i] >= range_end) continue;
    result.push_back({samples.times[i], samples.values[i], nullptr});
  }
  result.push_back({range_end, right_value(samples, bounds, range_end, smoothed, false), nullptr});
  return result;
}

}  // namespace tocsin::promql
