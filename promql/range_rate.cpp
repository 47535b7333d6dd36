// rate, increase, delta, irate, idelta, resets, changes.
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "promql/range_functions.hpp"

namespace tocsin::promql {
namespace {

double seconds_between(Timestamp from, Timestamp to) {
  return static_cast<double>((to - from).count()) / 1000;
}

// How far the samples reach, and how often they come.
struct Extent {
  Timestamp first;
  Timestamp last;
  double interval = 0;  // between first and last, in seconds
  double average = 0;   // between neighbours
  std::size_t gaps = 0;
};

Extent extent_of(std::span<const Timestamp> times) {
  Extent extent{times.front(), times.back(), seconds_between(times.front(), times.back()), 0,
                times.size() - 1};
  if (extent.gaps > 0) extent.average = extent.interval / static_cast<double>(extent.gaps);
  return extent;
}

// The growth of a counter: what it lost in resets is added back.
double counter_growth(const RangeSamples& samples, const RangeCall& call) {
  double growth = samples.values.back() - samples.values.front();
  if (samples.start_times.empty()) {
    for (std::size_t i = 1; i < samples.values.size(); ++i) {
      if (samples.values[i] < samples.values[i - 1]) growth += samples.values[i - 1];
    }
    return growth;
  }
  bool overlap_noted = false;
  for (std::size_t i = 1; i < samples.values.size(); ++i) {
    const Timestamp start_before = samples.start_times[i - 1];
    const Timestamp start = samples.start_times[i];
    if (!overlap_noted && start_time_overlaps(start_before, samples.times[i - 1], start)) {
      call.note(note::start_time_overlap(call.metric_name(), call.first_argument));
      overlap_noted = true;
    }
    if (samples.values[i] < samples.values[i - 1] ||
        start_time_resets(start_before, samples.times[i - 1], start, samples.times[i])) {
      growth += samples.values[i - 1];
    }
  }
  return growth;
}

// What the window holds, before it is stretched to the window's ends.
struct Growth {
  bool valid = false;
  bool is_histogram = false;
  double number = 0;
  std::optional<FloatHistogram> histogram;
  Extent extent;
  std::span<const Timestamp> start_times;
};

Growth growth_of(const RangeSamples& samples, const RangeCall& call, bool is_counter) {
  Growth growth;
  if (!samples.histograms.empty()) {
    growth.is_histogram = true;
    growth.extent = extent_of(samples.histogram_times);
    growth.start_times = samples.histogram_start_times;
    if (samples.histograms.size() > 1) {
      const Point point = histogram_rate(samples, call, is_counter);
      if (point.presence == kAbsent) return growth;
      growth.histogram = *point.histogram;
    }
  } else {
    growth.extent = extent_of(samples.times);
    growth.number = samples.values.back() - samples.values.front();
    if (is_counter) {
      growth.number = counter_growth(samples, call);
      growth.start_times = samples.start_times;
    }
  }
  growth.valid = true;
  return growth;
}

// A counter is not below zero: the way back to the window's start ends where it would be zero.
double cut_at_zero(const RangeSamples& samples, const Growth& growth, double to_start) {
  double to_zero = to_start;
  if (!growth.is_histogram) {
    if (growth.number > 0 && samples.values.front() >= 0) {
      to_zero = growth.extent.interval * (samples.values.front() / growth.number);
    }
  } else if (growth.histogram && growth.histogram->count > 0 && samples.histograms.front()->count >= 0) {
    to_zero = growth.extent.interval * (samples.histograms.front()->count / growth.histogram->count);
  }
  return to_zero < to_start ? to_zero : to_start;
}

// A counter that is known to have started from zero within the window: that zero counts as its first sample.
bool add_known_start(const RangeSamples& samples, const RangeCall& call, Growth& growth) {
  growth.extent.interval = seconds_between(growth.start_times.front(), growth.extent.last);
  if (!growth.is_histogram) {
    growth.number += samples.values.front();
    return true;
  }
  if (!growth.histogram) {
    growth.histogram = *samples.histograms.front();
    return true;
  }
  return add_with_notes(*growth.histogram, *samples.histograms.front(), call);
}

// Upstream's extrapolatedRate. The samples seldom reach the window's ends; the growth is stretched to an end
// that is no further away than 1.1 times the average distance of samples, else by half of that distance.
Point extrapolated_rate(const RangeSamples& samples, const RangeCall& call, bool is_counter, bool is_rate) {
  if (!samples.histograms.empty() && !samples.values.empty()) {
    call.note(note::mixed_floats_histograms(call.metric_name(), call.first_argument));
    return {};
  }
  if (call.anchored || call.smoothed) return extended_rate(samples, call, is_counter, is_rate);
  Growth growth = growth_of(samples, call, is_counter);
  if (!growth.valid) return {};

  double to_start = seconds_between(call.range_start, growth.extent.first);
  double to_end = seconds_between(growth.extent.last, call.range_end);
  const double threshold = growth.extent.average * 1.1;
  const Timestamp start = growth.start_times.empty() ? Timestamp{} : growth.start_times.front();
  if (is_counter && start != Timestamp{} && start > call.range_start && start < growth.extent.first) {
    to_start = 0;
    if (!add_known_start(samples, call, growth)) return {};
  } else if (growth.extent.gaps == 0) {
    return {};
  } else {
    if (to_start >= threshold) to_start = growth.extent.average / 2;
    if (is_counter) to_start = cut_at_zero(samples, growth, to_start);
  }
  if (to_end >= threshold) to_end = growth.extent.average / 2;

  double factor = 1;
  const double interval = growth.extent.interval;
  if (interval != 0) factor = (interval + to_start + to_end) / interval;
  if (is_rate) factor /= call.range_seconds;
  if (!growth.histogram) return Point::number(growth.number * factor);
  growth.histogram->multiply(factor);
  return Point::of(std::move(*growth.histogram));
}

// One of the last two samples of a window.
struct Recent {
  Timestamp time{};
  Timestamp start{};
  double value = 0;
  const FloatHistogram* histogram = nullptr;
};

// The newest two samples of a window, in order of time.
struct NewestTwo {
  std::array<Recent, 2> samples;
  std::size_t count = 0;

  void keep(const Recent& sample) {
    if (count == 0) {
      samples[count++] = sample;
    } else if (count == 1) {
      samples[count++] = sample;
      if (sample.time < samples[0].time) std::swap(samples[0], samples[1]);
    } else if (sample.time > samples[1].time) {
      samples[0] = samples[1];
      samples[1] = sample;
    } else if (sample.time >= samples[0].time) {
      samples[0] = sample;
    }
  }
};

Recent number_at(const RangeSamples& samples, std::size_t i) {
  return {samples.times[i], samples.start_times.empty() ? Timestamp{} : samples.start_times[i],
          samples.values[i], nullptr};
}

Recent histogram_at(const RangeSamples& samples, std::size_t i) {
  return {samples.histogram_times[i],
          samples.histogram_start_times.empty() ? Timestamp{} : samples.histogram_start_times[i], 0,
          samples.histograms[i].get()};
}

NewestTwo newest_two(const RangeSamples& samples) {
  NewestTwo newest;
  const std::size_t numbers = samples.values.size();
  for (std::size_t i = numbers < 2 ? 0 : numbers - 2; i < numbers; ++i) newest.keep(number_at(samples, i));
  const std::size_t histograms = samples.histograms.size();
  for (std::size_t i = histograms < 2 ? 0 : histograms - 2; i < histograms; ++i) {
    newest.keep(histogram_at(samples, i));
  }
  return newest;
}

Point instant_histogram(const Recent& before, const Recent& last, const RangeCall& call, bool is_rate) {
  const bool both_gauges = before.histogram->counter_reset == CounterReset::gauge &&
                           last.histogram->counter_reset == CounterReset::gauge;
  const bool any_gauge = before.histogram->counter_reset == CounterReset::gauge ||
                         last.histogram->counter_reset == CounterReset::gauge;
  if (is_rate && any_gauge) call.note(note::native_not_counter(call.metric_name(), call.all_arguments));
  if (!is_rate && !both_gauges) call.note(note::native_not_gauge(call.metric_name(), call.all_arguments));
  FloatHistogram result = *last.histogram;
  if (!is_rate || (!start_time_resets(before.start, before.time, last.start, last.time) &&
                   !last.histogram->detect_reset(*before.histogram))) {
    const auto merged = result.subtract(*before.histogram);
    if (!merged) {
      call.note(note::mixed_exponential_custom(call.metric_name(), call.all_arguments));
      return {};
    }
    if (merged->bounds_reconciled) {
      call.note(note::bounds_reconciled(note::Operation::subtraction, call.all_arguments));
    }
  }
  result.counter_reset = CounterReset::gauge;
  result.compact(0);
  if (is_rate) result.divide(seconds_between(before.time, last.time));
  return Point::of(std::move(result));
}

Point instant_value(const RangeSamples& samples, const RangeCall& call, bool is_rate) {
  if (samples.values.size() + samples.histograms.size() < 2) return {};
  const NewestTwo newest = newest_two(samples);
  const Recent& before = newest.samples[0];
  const Recent& last = newest.samples[1];
  if (last.time == before.time) return {};
  if ((last.histogram == nullptr) != (before.histogram == nullptr)) {
    call.note(note::mixed_floats_histograms(call.metric_name(), call.all_arguments));
    return {};
  }
  if (last.histogram != nullptr) return instant_histogram(before, last, call, is_rate);
  double value = last.value;
  const bool reset = is_rate && (last.value < before.value ||
                                 start_time_resets(before.start, before.time, last.start, last.time));
  if (!reset) value = last.value - before.value;
  if (is_rate) value /= seconds_between(before.time, last.time);
  return Point::number(value);
}

// Numbers and histograms of a window in one order of time, from the anchor on.
class InOrder {
 public:
  InOrder(const RangeSamples& samples, const RangeCall& call) : samples_(&samples) {
    if (call.anchored) skip_to_anchor(call.range_start);
  }
  [[nodiscard]] bool empty() const { return empty_; }
  bool next(Recent& sample) {
    const bool numbers_left = number_ < samples_->values.size();
    const bool histograms_left = histogram_ < samples_->histograms.size();
    if (!numbers_left && !histograms_left) return false;
    if (!histograms_left ||
        (numbers_left && samples_->times[number_] < samples_->histogram_times[histogram_])) {
      sample = number_at(*samples_, number_++);
    } else {
      sample = histogram_at(*samples_, histogram_++);
    }
    return true;
  }

 private:
  // The newest sample at or before the start of the range is the baseline, whatever its kind. Without a
  // sample after the start there is nothing to measure.
  void skip_to_anchor(Timestamp range_start) {
    const auto after = [range_start](std::span<const Timestamp> times) {
      return static_cast<std::size_t>(std::upper_bound(times.begin(), times.end(), range_start) -
                                      times.begin());
    };
    number_ = after(samples_->times);
    histogram_ = after(samples_->histogram_times);
    empty_ = number_ >= samples_->times.size() && histogram_ >= samples_->histogram_times.size();
    if (number_ > 0 &&
        (histogram_ == 0 || samples_->times[number_ - 1] >= samples_->histogram_times[histogram_ - 1])) {
      --number_;
    } else if (histogram_ > 0) {
      --histogram_;
    }
  }

  const RangeSamples* samples_;
  std::size_t number_ = 0;
  std::size_t histogram_ = 0;
  bool empty_ = false;
};

bool is_reset(const Recent& before, const Recent& now) {
  if ((before.histogram == nullptr) != (now.histogram == nullptr)) return true;
  if (start_time_resets(before.start, before.time, now.start, now.time)) return true;
  if (now.histogram == nullptr) return now.value < before.value;
  return now.histogram->detect_reset(*before.histogram);
}

bool is_change(const Recent& before, const Recent& now) {
  if ((before.histogram == nullptr) != (now.histogram == nullptr)) return true;
  if (now.histogram != nullptr) return !now.histogram->equals(*before.histogram);
  return now.value != before.value && !(std::isnan(now.value) && std::isnan(before.value));
}

template <class Counts>
Point count_steps(const RangeSamples& samples, const RangeCall& call, Counts counts) {
  InOrder walk(samples, call);
  Recent before;
  if (walk.empty() || !walk.next(before)) return {};
  double count = 0;
  for (Recent now; walk.next(now); before = now) {
    if (counts(before, now)) ++count;
  }
  return Point::number(count);
}

}  // namespace

bool start_time_resets(Timestamp start_before, Timestamp before, Timestamp start, Timestamp time) {
  // Not set, in the future, or OpenTelemetry's "unknown" (equal to the sample's own time).
  if (start == Timestamp{} || start >= time || start < before) return false;
  if (start > before) return true;
  // The start is the sample before: a delta, unless that sample's own start was unknown or invalid.
  if (start_before > before) return false;
  return start_before != Timestamp{} && start_before != before;
}

bool start_time_overlaps(Timestamp start_before, Timestamp before, Timestamp start) {
  return start != Timestamp{} && start < before && start != start_before;
}

Point rate_kernel(const RangeSamples& samples, const RangeCall& call) {
  return extrapolated_rate(samples, call, true, true);
}
Point increase_kernel(const RangeSamples& samples, const RangeCall& call) {
  return extrapolated_rate(samples, call, true, false);
}
Point delta_kernel(const RangeSamples& samples, const RangeCall& call) {
  return extrapolated_rate(samples, call, false, false);
}
Point irate_kernel(const RangeSamples& samples, const RangeCall& call) {
  return instant_value(samples, call, true);
}
Point idelta_kernel(const RangeSamples& samples, const RangeCall& call) {
  return instant_value(samples, call, false);
}
Point resets_kernel(const RangeSamples& samples, const RangeCall& call) {
  return count_steps(samples, call, is_reset);
}
Point changes_kernel(const RangeSamples& samples, const RangeCall& call) {
  return count_steps(samples, call, is_change);
}

}  // namespace tocsin::promql
