#include "promql/plan_selector.hpp"

#include <algorithm>

#include "promql/plan_extended.hpp"

namespace tocsin::promql {
namespace {

using std::chrono::milliseconds;

milliseconds to_ms(Duration duration) {
  return std::chrono::duration_cast<milliseconds>(duration);
}

}  // namespace

EvalStatus TimeShift::prepare(const TimeRange& query) {
  auto offset = resolve_duration(modifiers_->offset, modifiers_->offset_expr.get(), true, query);
  if (!offset) return offset.error();
  offset_ = to_ms(*offset);
  fixed_ = modifiers_->timestamp;
  if (fixed_) fixed_ = std::clamp(*fixed_, kEarliestTime, kLatestTime);
  if (!follows_bounds_) return {};
  if (modifiers_->start_or_end == StartOrEnd::start) fixed_ = query.start;
  if (modifiers_->start_or_end == StartOrEnd::end) fixed_ = query.end;
  return {};
}

SelectionRows::SelectionRows(const VectorSelector& selector) : selector_(&selector) {
  for (const Matcher& matcher : selector.matchers) {
    const bool demands = matcher.type() == MatchType::equal && matcher.name() == kMetricName;
    if (demands && !matcher.value().empty()) demanded_name_ = matcher.value();
  }
}

void SelectionRows::attach(SeriesSource& source) {
  source_ = &source;
  lease_ = SelectionLease(source, selector_->matchers);
  epoch_ = lease_->epoch;
}

void SelectionRows::forget() {
  seen_ = 0;
  unique_without_name_ = true;
  name_.clear();
  if (lease_) epoch_ = lease_->epoch;
}

std::uint32_t SelectionRows::extend() {
  const auto count = static_cast<std::uint32_t>(lease_->series.size());
  if (seen_ == count) return count;
  const bool nothing_to_see =
      demanded_name_ && !source_->may_have_label("__type__") && !source_->may_have_label("__unit__");
  if (nothing_to_see) seen_ = count;
  for (; seen_ < count && unique_without_name_; ++seen_) {
    if (lease_->series[seen_] == kNoSeries) continue;
    const Labels& labels = source_->labels(lease_->series[seen_]);
    const std::string_view name = labels.metric_name();
    if (name_.empty()) name_ = name;
    if (name != name_ || has_type_or_unit(labels)) unique_without_name_ = false;
  }
  return count;
}

VectorSelectorNode::VectorSelectorNode(const VectorSelector& selector, Duration lookback)
    : Node(selector.position),
      selector_(&selector),
      series_(selector),
      shift_(selector.time),
      lookback_(lookback) {
  set_step_invariant(shift_.is_fixed());
}

VectorSelectorNode::VectorSelectorNode(const VectorSelector& selector, Duration lookback, Value value,
                                       bool delayed)
    : VectorSelectorNode(selector, lookback) {
  value_ = value;
  delayed_ = delayed;
}

const Labels& VectorSelectorNode::labels(std::uint32_t row, Labels& scratch) const {
  const Labels& labels = series_.labels(row);
  return value_ == Value::sample || delayed_ ? labels : drop_metadata(labels, scratch);
}

void VectorSelectorNode::forget_rows() {
  Node::forget_rows();
  series_.forget();
  tracking_ = false;
  collisions_.forget();
}

void VectorSelectorNode::collect_selections(const TimeRange& query, Timestamp from, Timestamp to,
                                            std::vector<SelectionRequest>& requests) {
  if (!shift_.prepare(query)) return;
  const auto lookback = to_ms(lookback_);
  const auto ahead = selector_->smoothed ? lookback : milliseconds::zero();
  requests.push_back(
      {selector_->matchers, shift_.apply(from) - lookback, shift_.apply(to) + ahead, lookback});
}

EvalStatus VectorSelectorNode::prepare(RunState& state) {
  return shift_.prepare(state.query);
}

void VectorSelectorNode::extend() {
  const std::uint32_t count = series_.extend();
  if (count == rows()) return;
  set_rows(count);
  if (value_ == Value::sample || delayed_) return;
  tracking_ = tracking_ || !series_.unique_without_name();
  if (tracking_) collisions_.extend(*this);
}

EvalStatus VectorSelectorNode::evaluate(RunState& state, const Frame&, Timestamp at) {
  extend();
  column_.clear();
  const Timestamp time = shift_.apply(at);
  if (selector_->smoothed && value_ == Value::sample) {
    evaluate_smoothed(state, time);
    return {};
  }
  found_histograms_.clear();
  LatestColumns columns{column_.values, column_.present, {}, {}, &found_histograms_};
  const auto after = time - to_ms(lookback_);
  if (value_ == Value::sample) {
    series_.source().latest(series_.series(rows()), after, time, columns);
    if (statistics_only_ && !found_histograms_.empty()) reduce_to_statistics(time);
    for (auto& [row, histogram] : found_histograms_) column_.set_histogram(row, std::move(histogram));
  } else if (auto status = evaluate_times(state, time, columns); !status) {
    return status;
  }
  const auto count =
      std::count_if(column_.present.begin(), column_.present.end(), [](auto p) { return p != 0; });
  return state.read(static_cast<std::size_t>(count));
}

// start_timestamp() gives nothing unless start times are switched on; of a sample without one it gives 0.
EvalStatus VectorSelectorNode::evaluate_times(const RunState& state, Timestamp at,
                                              const LatestColumns& columns) {
  if (value_ == Value::start_timestamp && !state.options.use_start_timestamps) return {};
  Timestamp after = at - to_ms(lookback_);
  if (shift_.is_fixed() && value_ != Value::info) {
    // Upstream fetches samples for the fixed time and the offset, and then looks at them as if there were no
    // offset (promql/engine.go, rangeEvalTimestampFunctionOverVectorSelector).
    const Timestamp without_offset = at + shift_.offset();
    after = std::max(at, without_offset) - to_ms(lookback_);
    at = std::min(at, without_offset);
  }
  times_.assign(rows(), Timestamp{});
  LatestColumns wanted = columns;
  (value_ == Value::start_timestamp ? wanted.start_times : wanted.times) = times_;
  series_.source().latest(series_.series(rows()), after, at, wanted);
  for (std::uint32_t row = 0; row < rows(); ++row) {
    if (column_.present[row] == kAbsent) continue;
    column_.set(row, static_cast<double>(ms_of(times_[row])) / 1000);
  }
  for (auto& [row, histogram] : found_histograms_) {
    if (value_ == Value::info) column_.set_histogram(row, std::move(histogram));
  }
  return tracking_ ? collisions_.check(column_) : EvalStatus();
}

// The histogram before counts if it is no older than the lookback, to the millisecond.
void VectorSelectorNode::reduce_to_statistics(Timestamp at) {
  const Timestamp after = at - to_ms(lookback_) - milliseconds(1);
  for (auto& [row, histogram] : found_histograms_) {
    Window window;
    series_.source().windows(series_.series(rows()).subspan(row, 1), after, at, {}, {&window, 1});
    const FloatHistogram* before = nullptr;
    for (std::uint32_t i = 0; i + 1 < window.count; ++i) {
      if (window.histograms[i] != nullptr) before = window.histograms[i].get();
    }
    histogram = histogram_statistics(*histogram, before);
  }
}

void VectorSelectorNode::evaluate_smoothed(RunState& state, Timestamp at) {
  windows_.resize(rows());
  const auto lookback = to_ms(lookback_);
  series_.source().windows(series_.series(rows()), at - lookback, at + lookback, {}, windows_);
  WindowSplitter splitter;
  RangeCall call;
  call.first_argument = position();
  call.source = this;
  call.annotations = &state.annotations;
  for (std::uint32_t row = 0; row < rows(); ++row) {
    if (windows_[row].count == 0) continue;
    call.row = row;
    smoothed_value(splitter.split(windows_[row], false), at, call, column_);
  }
}

MatrixSelectorNode::MatrixSelectorNode(const MatrixSelector& matrix, Duration lookback)
    : RangeNode(matrix.position, matrix.selector->time),
      matrix_(&matrix),
      series_(*matrix.selector),
      lookback_(lookback) {
  anchored_ = matrix.selector->anchored;
  smoothed_ = matrix.selector->smoothed;
  set_step_invariant(shift_.is_fixed());
}

void MatrixSelectorNode::forget_rows() {
  Node::forget_rows();
  series_.forget();
  hints_.clear();
}

void MatrixSelectorNode::collect_selections(const TimeRange& query, Timestamp from, Timestamp to,
                                            std::vector<SelectionRequest>& requests) {
  auto range = resolve_duration(matrix_->range, matrix_->range_expr.get(), false, query);
  if (!range || !shift_.prepare(query)) return;
  const auto lookback = to_ms(lookback_);
  const auto behind = anchored_ || smoothed_ ? lookback : milliseconds::zero();
  const auto ahead = smoothed_ ? lookback : milliseconds::zero();
  requests.push_back({matrix_->selector->matchers, shift_.apply(from) - to_ms(*range) - behind,
                      shift_.apply(to) + ahead, behind});
}

EvalStatus MatrixSelectorNode::prepare(RunState& state) {
  auto range = resolve_duration(matrix_->range, matrix_->range_expr.get(), false, state.query);
  if (!range) return range.error();
  range_ = to_ms(*range);
  return shift_.prepare(state.query);
}

void MatrixSelectorNode::extend() {
  set_rows(series_.extend());
}

void MatrixSelectorNode::windows(Timestamp at, std::uint32_t first, std::span<Window> out) {
  Timestamp through = shift_.apply(at);
  Timestamp after = through - range_;
  if (range_ == milliseconds::zero()) {
    std::fill(out.begin(), out.end(), Window());
    return;
  }
  const auto lookback = to_ms(lookback_);
  if (anchored_ || smoothed_) after -= lookback;
  if (smoothed_) through += lookback;
  hints_.resize(rows());
  series_.source().windows(series_.series(rows()).subspan(first, out.size()), after, through,
                           std::span(hints_).subspan(first, out.size()), out);
}

HistogramPtr histogram_statistics(const FloatHistogram& histogram, const FloatHistogram* before) {
  auto statistics = std::make_shared<FloatHistogram>();
  statistics->schema = histogram.schema;
  statistics->count = histogram.count;
  statistics->sum = histogram.sum;
  statistics->counter_reset = histogram.counter_reset;
  if (histogram.counter_reset == CounterReset::unknown && before != nullptr) {
    statistics->counter_reset =
        histogram.detect_reset(*before) ? CounterReset::reset : CounterReset::not_reset;
  }
  return statistics;
}

RangeSamples WindowSplitter::split(const Window& window, bool with_start_times, bool statistics_only) {
  const bool start_times = with_start_times && window.start_times != nullptr;
  RangeSamples samples;
  if (window.histograms == nullptr && !window.may_hold_markers) {
    samples.times = window.time_span();
    samples.values = window.value_span();
    if (start_times) samples.start_times = {window.start_times, window.count};
    return samples;
  }
  times_.clear();
  values_.clear();
  start_times_.clear();
  histogram_times_.clear();
  histograms_.clear();
  histogram_start_times_.clear();
  const FloatHistogram* before = nullptr;
  for (std::uint32_t i = 0; i < window.count; ++i) {
    if (window.histograms != nullptr && window.histograms[i] != nullptr) {
      if (window.histograms[i]->is_stale_marker()) continue;
      histogram_times_.push_back(window.times[i]);
      const HistogramPtr& histogram = window.histograms[i];
      histograms_.push_back(statistics_only ? histogram_statistics(*histogram, before) : histogram);
      before = histogram.get();
      if (start_times) histogram_start_times_.push_back(window.start_times[i]);
    } else if (!is_stale_nan(window.values[i])) {
      times_.push_back(window.times[i]);
      values_.push_back(window.values[i]);
      if (start_times) start_times_.push_back(window.start_times[i]);
    }
  }
  return {times_, values_, start_times_, histogram_times_, histograms_, histogram_start_times_};
}

}  // namespace tocsin::promql
