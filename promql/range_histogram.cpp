// Native histograms over a range: the growth of a counter, sums and averages.
#include <algorithm>

#include "promql/histogram_mean.hpp"
#include "promql/range_functions.hpp"

namespace tocsin::promql {
namespace {

void note_reconciled(const HistogramMerge& merge, note::Operation operation, const RangeCall& call) {
  if (merge.bounds_reconciled) call.note(note::bounds_reconciled(operation, call.first_argument));
}

Point incompatible(const RangeCall& call) {
  call.note(note::mixed_exponential_custom(call.metric_name(), call.first_argument));
  return {};
}

// What a range needs to be, so that its growth has a meaning. `minimum_schema` is lowered to the lowest.
bool check_layout(const RangeSamples& samples, const RangeCall& call, bool custom,
                  std::int32_t& minimum_schema) {
  for (std::size_t i = 1; i + 1 < samples.histograms.size(); ++i) {
    const FloatHistogram& current = *samples.histograms[i];
    if (current.counter_reset == CounterReset::gauge) {
      call.note(note::native_not_counter(call.metric_name(), call.first_argument));
    }
    minimum_schema = std::min(minimum_schema, current.schema);
    if (current.uses_custom_buckets() != custom) return false;
  }
  return true;
}

bool resets_between(const RangeSamples& samples, std::size_t i) {
  return !samples.histogram_start_times.empty() &&
         start_time_resets(samples.histogram_start_times[i - 1], samples.histogram_times[i - 1],
                           samples.histogram_start_times[i], samples.histogram_times[i]);
}

// Adds back what a counter lost in its resets. `before` stands for the first sample.
bool add_resets(FloatHistogram& growth, const FloatHistogram& first, const RangeSamples& samples,
                const RangeCall& call) {
  bool overlap_noted = false;
  const FloatHistogram* before = &first;
  for (std::size_t i = 1; i < samples.histograms.size(); ++i) {
    if (!overlap_noted && !samples.histogram_start_times.empty() &&
        start_time_overlaps(samples.histogram_start_times[i - 1], samples.histogram_times[i - 1],
                            samples.histogram_start_times[i])) {
      call.note(note::start_time_overlap(call.metric_name(), call.first_argument));
      overlap_noted = true;
    }
    const FloatHistogram& current = *samples.histograms[i];
    if (resets_between(samples, i) || current.detect_reset(*before)) {
      const auto merged = growth.add(*before);
      if (!merged) return false;
      note_reconciled(*merged, note::Operation::addition, call);
    }
    before = &current;
  }
  return true;
}

// What a fold over histograms has to tell in the end.
class FoldNotes {
 public:
  void see(const FloatHistogram& histogram) {
    reset_ = reset_ || histogram.counter_reset == CounterReset::reset;
    not_reset_ = not_reset_ || histogram.counter_reset == CounterReset::not_reset;
  }
  void see(const HistogramMerge& merge) { reconciled_ = reconciled_ || merge.bounds_reconciled; }
  void raise(const RangeCall& call) const {
    if (reset_ && not_reset_) {
      call.note(note::counter_reset_collision(note::Operation::aggregation, call.first_argument));
    }
    if (reconciled_) call.note(note::bounds_reconciled(note::Operation::aggregation, call.first_argument));
  }

 private:
  bool reset_ = false;
  bool not_reset_ = false;
  bool reconciled_ = false;
};

}  // namespace

bool add_with_notes(FloatHistogram& base, const FloatHistogram& other, const RangeCall& call) {
  const auto merged = base.add(other);
  if (!merged) {
    incompatible(call);
    return false;
  }
  note_reconciled(*merged, note::Operation::addition, call);
  return true;
}

bool subtract_with_notes(FloatHistogram& base, const FloatHistogram& other, const RangeCall& call) {
  const auto merged = base.subtract(other);
  if (!merged) {
    incompatible(call);
    return false;
  }
  note_reconciled(*merged, note::Operation::subtraction, call);
  return true;
}

// Upstream's histogramRate. REQUIRES: two histograms at least.
Point histogram_rate(const RangeSamples& samples, const RangeCall& call, bool is_counter) {
  const FloatHistogram* first = samples.histograms.front().get();
  const FloatHistogram& last = *samples.histograms.back();
  const bool any_gauge =
      first->counter_reset == CounterReset::gauge || last.counter_reset == CounterReset::gauge;
  const bool both_gauges =
      first->counter_reset == CounterReset::gauge && last.counter_reset == CounterReset::gauge;
  if (is_counter && any_gauge) call.note(note::native_not_counter(call.metric_name(), call.first_argument));

  // A reset right after the first sample: that sample does not matter, so neither does its layout.
  FloatHistogram nothing;
  const FloatHistogram& second = *samples.histograms[1];
  if (is_counter && (resets_between(samples, 1) || second.detect_reset(*first))) {
    nothing.schema = second.schema;
    nothing.custom_values = second.custom_values;
    first = &nothing;
  }
  const bool custom = first->uses_custom_buckets();
  if (last.uses_custom_buckets() != custom) return incompatible(call);
  std::int32_t minimum_schema = std::min(last.schema, first->schema);
  if (is_counter && !check_layout(samples, call, custom, minimum_schema)) return incompatible(call);

  FloatHistogram growth = last.copy_to_schema(minimum_schema);
  const auto merged = growth.subtract(*first);
  if (!merged) return incompatible(call);
  note_reconciled(*merged, note::Operation::subtraction, call);
  if (is_counter) {
    if (!add_resets(growth, *first, samples, call)) return incompatible(call);
  } else if (!both_gauges) {
    call.note(note::native_not_gauge(call.metric_name(), call.first_argument));
  }
  growth.counter_reset = CounterReset::gauge;
  growth.compact(0);
  return Point::of(std::move(growth));
}

Point histogram_sum_over_time(const RangeSamples& samples, const RangeCall& call) {
  FoldNotes notes;
  FloatHistogram sum = *samples.histograms.front();
  notes.see(sum);
  std::unique_ptr<FloatHistogram> compensation;
  for (std::size_t i = 1; i < samples.histograms.size(); ++i) {
    notes.see(*samples.histograms[i]);
    const auto merged = sum.kahan_add(*samples.histograms[i], compensation);
    if (!merged) return incompatible(call);
    notes.see(*merged);
  }
  if (compensation) {
    const auto merged = sum.add(*compensation);
    if (!merged) return incompatible(call);
    notes.see(*merged);
  }
  notes.raise(call);
  return Point::of(std::move(sum));
}

// As the average of numbers: by the sum until it would overflow, incrementally from there on.
Point histogram_average_over_time(const RangeSamples& samples, const RangeCall& call) {
  FoldNotes notes;
  HistogramMean mean(*samples.histograms.front());
  notes.see(*samples.histograms.front());
  for (std::size_t i = 1; i < samples.histograms.size(); ++i) {
    notes.see(*samples.histograms[i]);
    const auto merged = mean.add(*samples.histograms[i]);
    if (!merged) return incompatible(call);
    notes.see(*merged);
  }
  notes.raise(call);
  return Point::of(mean.take());
}

}  // namespace tocsin::promql
