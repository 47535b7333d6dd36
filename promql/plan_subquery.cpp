#include <algorithm>

#include "promql/plan_selector.hpp"

namespace tocsin::promql {
namespace {

using std::chrono::milliseconds;

// A subquery may repeat or leave out samples, so what a hint says of the sample before no longer holds.
HistogramPtr without_reset_hint(const HistogramPtr& histogram) {
  const CounterReset hint = histogram->counter_reset;
  if (hint != CounterReset::reset && hint != CounterReset::not_reset) return histogram;
  auto copy = std::make_shared<FloatHistogram>(*histogram);
  copy->counter_reset = CounterReset::unknown;
  return copy;
}

// The first multiple of `step` after `after`. Division rounds towards zero as upstream's does.
std::int64_t first_multiple_after(std::int64_t after, std::int64_t step) {
  const std::int64_t multiple = step * (after / step);
  return multiple <= after ? multiple + step : multiple;
}

}  // namespace

SubqueryNode::SubqueryNode(const SubqueryExpr& subquery, NodePtr inner, Duration default_step)
    : RangeNode(subquery.position, subquery.time), subquery_(&subquery), default_step_(default_step) {
  adopt(std::move(inner));
  set_step_invariant(shift_.is_fixed());
}

const Labels& SubqueryNode::labels(std::uint32_t row, Labels& scratch) const {
  return child(0).labels(source_row_[row], scratch);
}

void SubqueryNode::forget_rows() {
  RangeNode::forget_rows();
  row_of_labels_.clear();
  row_of_child_.clear();
  source_row_.clear();
  points_.clear();
}

void SubqueryNode::extend() {
  Labels scratch;
  for (auto row = static_cast<std::uint32_t>(row_of_child_.size()); row < child(0).rows(); ++row) {
    const auto [number, is_new] = row_of_labels_.number_of(child(0).labels(row, scratch));
    if (is_new) source_row_.push_back(row);
    row_of_child_.push_back(number);
  }
  points_.resize(source_row_.size());
  set_rows(static_cast<std::uint32_t>(source_row_.size()));
}

EvalStatus SubqueryNode::prepare(RunState& state) {
  held_ = 0;  // what a run that failed had held is gone with it
  if (auto status = RangeNode::prepare(state); !status) return status;
  auto range = resolve_duration(subquery_->range, subquery_->range_expr.get(), false, state.query);
  if (!range) return range.error();
  auto step = resolve_duration(subquery_->step, subquery_->step_expr.get(), false, state.query);
  if (!step) return step.error();
  range_ = std::chrono::duration_cast<milliseconds>(*range);
  step_ = std::chrono::duration_cast<milliseconds>(*step != Duration::zero() ? *step : default_step_);
  // A step below a millisecond. Upstream divides by it all the same, and answers with what Go then says.
  if (step_ == milliseconds::zero()) {
    return execution_error("unexpected error: runtime error: integer divide by zero");
  }
  return shift_.prepare(state.query);
}

void SubqueryNode::collect_selections(const TimeRange& query, Timestamp from, Timestamp to,
                                      std::vector<SelectionRequest>& requests) {
  auto range = resolve_duration(subquery_->range, subquery_->range_expr.get(), false, query);
  if (!range || !shift_.prepare(query)) return;
  const Timestamp start = shift_.apply(from) - std::chrono::duration_cast<milliseconds>(*range);
  child(0).collect_selections(query, start, shift_.apply(to), requests);
}

Frame SubqueryNode::inner_frame(RunState& state, const Frame& outer) const {
  const Timestamp last = outer.time_of(outer.steps() - 1);
  const Timestamp after = shift_.apply(outer.start) - range_;
  const Timestamp start = timestamp_from_ms(first_multiple_after(ms_of(after), step_.count()));
  return state.make_frame(start, shift_.apply(last), step_.count());
}

EvalStatus SubqueryNode::begin(RunState& state, const Frame& frame) {
  forget_points(state);
  const Frame inner = inner_frame(state, frame);
  const std::uint64_t steps = inner.steps();
  if (steps == 0) return {};
  if (auto status = child(0).begin(state, inner); !status) return status;
  for (std::uint64_t i = 0; i < steps; ++i) {
    const Timestamp at = inner.time_of(i);
    if (auto status = state.check_abort(); !status) return status;
    if (auto status = child(0).step(state, inner, at); !status) return status;
    extend();
    if (auto status = collect(state, at); !status) return status;
  }
  return {};
}

EvalStatus SubqueryNode::collect(RunState& state, Timestamp at) {
  const Column& from = child(0).column();
  std::size_t collected = 0;
  for (std::uint32_t row = 0; row < row_of_child_.size(); ++row) {
    if (from.present[row] == kAbsent) continue;
    Points& points = points_[row_of_child_[row]];
    points.times.push_back(at);
    points.values.push_back(from.values[row]);
    if (from.present[row] == kHistogram) {
      points.histograms.resize(points.times.size());
      points.histograms.back() = without_reset_hint(from.histograms[row]);
      collected += points.histograms.back()->sample_weight();
    } else {
      if (!points.histograms.empty()) points.histograms.emplace_back();
      ++collected;
    }
  }
  held_ += collected;
  return state.hold(collected);
}

void SubqueryNode::forget_points(RunState& state) {
  for (Points& points : points_) {
    points.times.clear();
    points.values.clear();
    points.histograms.clear();
  }
  state.release(held_);
  held_ = 0;
}

void SubqueryNode::finish(RunState& state) {
  RangeNode::finish(state);
  forget_points(state);
}

Window SubqueryNode::points(std::uint32_t row) const {
  const Points& points = points_[row];
  return {points.times.data(),
          points.values.data(),
          points.histograms.empty() ? nullptr : points.histograms.data(),
          nullptr,
          static_cast<std::uint32_t>(points.times.size()),
          false};
}

void SubqueryNode::windows(Timestamp at, std::uint32_t first, std::span<Window> out) {
  const Timestamp through = shift_.apply(at);
  const Timestamp after = through - range_;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const Points& points = points_[first + i];
    const auto begin = std::upper_bound(points.times.begin(), points.times.end(), after);
    const auto end = std::upper_bound(begin, points.times.end(), through);
    const auto skip = static_cast<std::size_t>(begin - points.times.begin());
    Window window = this->points(first + static_cast<std::uint32_t>(i));
    window.times += skip;
    window.values += skip;
    if (window.histograms != nullptr) window.histograms += skip;
    window.count = static_cast<std::uint32_t>(end - begin);
    out[i] = window;
  }
}

}  // namespace tocsin::promql
