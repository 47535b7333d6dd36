// The aggregations that fold each group into one row.
#include "promql/plan_aggregate.hpp"

#include <algorithm>
#include <cmath>

#include "promql/go_math.hpp"
#include "promql/range_functions.hpp"

namespace tocsin::promql {

GroupTable::GroupTable(const std::vector<std::string>& grouping, bool without)
    : without_(without), names_(grouping) {
  if (without_) names_.emplace_back(kMetricName);
  std::sort(names_.begin(), names_.end());
}

void GroupTable::forget() {
  groups_.clear();
  labels_.clear();
  group_of_row_.clear();
}

Labels GroupTable::group_labels(const Labels& labels) const {
  return without_ ? labels.without(std::span<const std::string>(names_)) : labels.only(names_);
}

void GroupTable::extend(const Node& input) {
  Labels scratch;
  for (auto row = static_cast<std::uint32_t>(group_of_row_.size()); row < input.rows(); ++row) {
    const Labels& labels = input.labels(row, scratch);
    const auto part = without_ ? LabelIndex::Part::unlisted : LabelIndex::Part::listed;
    const auto [group, is_new] = groups_.number_of(labels, part, names_);
    if (is_new) labels_.push_back(group_labels(labels));
    group_of_row_.push_back(group);
  }
}

GroupingNode::GroupingNode(const AggregateExpr& aggregate, NodePtr input, NodePtr param, bool delayed)
    : Node(aggregate.position),
      table_(aggregate.grouping, aggregate.without),
      input_position_(without_parens(*aggregate.expr).position),
      delayed_(delayed) {
  adopt(std::move(input));
  if (param) adopt(std::move(param));
}

bool GroupingNode::drops_name(std::uint32_t row) const {
  return delayed_ && row < dropped_.size() && dropped_[row] != 0;
}

void GroupingNode::forget_rows() {
  Node::forget_rows();
  table_.forget();
}

void GroupingNode::extend() {
  table_.extend(child(0));
  set_rows(table_.groups());
}

// A group that has no row in this step keeps what its last step said.
void GroupingNode::update_dropped_names() {
  if (!delayed_) return;
  dropped_.resize(rows());
  const auto each = [this](auto visit) {
    for_each_present(child(0), [&](std::uint32_t row) { visit(row, dropped_[group_of_row()[row]]); });
  };
  each([](std::uint32_t, std::uint8_t& dropped) { dropped = 0; });
  each([this](std::uint32_t row, std::uint8_t& dropped) {
    if (child(0).drops_name(row)) dropped = 1;
  });
}

FoldNode::FoldNode(const AggregateExpr& aggregate, NodePtr input, bool delayed)
    : GroupingNode(aggregate, std::move(input), nullptr, delayed), op_(aggregate.op) {}

EvalStatus FoldNode::evaluate(RunState& state, const Frame& frame, Timestamp at) {
  if (auto status = step_children(state, frame, at); !status) return status;
  column_.clear();
  switch (op_) {
    case AggregateOp::min:
    case AggregateOp::max:
      fold_extreme(state);
      break;
    case AggregateOp::stddev:
    case AggregateOp::stdvar:
      fold_variance(state);
      break;
    default:
      fold_count();
  }
  update_dropped_names();
  return {};
}

void FoldNode::note_histograms(RunState& state) const {
  if (!input().holds_histograms) return;
  if (std::find(input().present.begin(), input().present.end(), kHistogram) == input().present.end()) return;
  state.annotations.add(note::histogram_ignored_in_aggregation(to_string(op_), input_position()));
}

void FoldNode::fold_extreme(RunState& state) {
  note_histograms(state);
  const bool maximum = op_ == AggregateOp::max;
  const Column& from = input();
  for (std::uint32_t row = 0; row < from.present.size(); ++row) {
    if (from.present[row] != kNumber) continue;
    const std::uint32_t group = group_of_row()[row];
    const double value = from.values[row];
    double& best = column_.values[group];
    const bool replaces = column_.present[group] == kAbsent || (maximum ? best < value : best > value);
    if (replaces || std::isnan(best)) column_.set(group, value);
  }
}

void FoldNode::fold_count() {
  const Column& from = input();
  const bool counts = op_ == AggregateOp::count;
  std::fill(column_.values.begin(), column_.values.end(), counts ? 0.0 : 1.0);
  for (std::uint32_t row = 0; row < from.present.size(); ++row) {
    if (from.present[row] == kAbsent) continue;
    const std::uint32_t group = group_of_row()[row];
    column_.present[group] = kNumber;
    if (counts) ++column_.values[group];
  }
}

// Welford's method. A group whose first value is not finite has no variance.
void FoldNode::fold_variance(RunState& state) {
  note_histograms(state);
  mean_.assign(rows(), 0);
  count_.assign(rows(), 0);
  const Column& from = input();
  for (std::uint32_t row = 0; row < from.present.size(); ++row) {
    if (from.present[row] != kNumber) continue;
    const std::uint32_t group = group_of_row()[row];
    const double value = from.values[row];
    double& squares = column_.values[group];
    ++count_[group];
    if (column_.present[group] == kAbsent) {
      column_.present[group] = kNumber;
      mean_[group] = value;
      squares = std::isfinite(value) ? 0 : kNaN;
      continue;
    }
    const double delta = value - mean_[group];
    mean_[group] += delta / count_[group];
    squares += delta * (value - mean_[group]);
  }
  for (std::uint32_t group = 0; group < rows(); ++group) {
    if (column_.present[group] == kAbsent) continue;
    double& value = column_.values[group];
    value = op_ == AggregateOp::stdvar ? value / count_[group] : std::sqrt(value / count_[group]);
  }
}

SumNode::SumNode(const AggregateExpr& aggregate, NodePtr input, bool delayed)
    : GroupingNode(aggregate, std::move(input), nullptr, delayed),
      average_(aggregate.op == AggregateOp::avg) {}

void SumNode::forget_rows() {
  GroupingNode::forget_rows();
  groups_.clear();
  histogram_groups_.clear();
}

void SumNode::Group::add(double value, bool average) {
  ++count;
  if (!has_number && !has_histogram) {
    sum = {value, 0};
    has_number = true;
    return;
  }
  has_number = true;
  if (!average) {
    sum.add(value);
    return;
  }
  if (!incremental) {
    KahanSum next = sum;
    next.add(value);
    if (!std::isinf(next.sum)) {
      sum = next;
      return;
    }
    incremental = true;
    sum = {sum.sum / (count - 1), sum.compensation / (count - 1)};
  }
  const double weight = (count - 1) / count;
  sum = {weight * sum.sum, weight * sum.compensation};
  sum.add(value / count);
}

EvalStatus SumNode::evaluate(RunState& state, const Frame& frame, Timestamp at) {
  if (auto status = step_children(state, frame, at); !status) return status;
  column_.clear();
  groups_.assign(rows(), Group());
  const Column& from = input();
  if (from.holds_histograms) {
    histogram_groups_.clear();
    histogram_groups_.resize(rows());
  }
  for (std::uint32_t row = 0; row < from.present.size(); ++row) {
    if (from.present[row] == kAbsent) continue;
    const std::uint32_t index = group_of_row()[row];
    if (from.present[row] == kNumber) {
      if (from.holds_histograms && histogram_groups_[index].incompatible) continue;
      groups_[index].add(from.values[row], average_);
    } else {
      add_histogram(state, row, groups_[index], histogram_groups_[index]);
    }
  }
  for (std::uint32_t group = 0; group < rows(); ++group) finish_group(state, group);
  update_dropped_names();
  return {};
}

void SumNode::add_histogram(RunState& state, std::uint32_t row, Group& group, HistogramGroup& histograms) {
  if (histograms.incompatible) return;
  const FloatHistogram& histogram = *input().histograms[row];
  const bool first = !group.has_number && !group.has_histogram;
  group.has_histogram = true;
  ++group.count;
  if (!first && !histograms.started()) return;  // numbers came before: there will be no result
  histograms.reset = histograms.reset || histogram.counter_reset == CounterReset::reset;
  histograms.not_reset = histograms.not_reset || histogram.counter_reset == CounterReset::not_reset;
  if (first) {
    if (average_) {
      histograms.mean.emplace(histogram);
    } else {
      histograms.sum = histogram;
    }
    return;
  }
  const auto merged = average_ ? histograms.mean->add(histogram)
                               : histograms.sum->kahan_add(histogram, histograms.compensation);
  if (!merged) {
    state.annotations.add(note::mixed_exponential_custom(metric_name_of(child(0), row), input_position()));
    histograms.incompatible = true;
  } else if (merged->bounds_reconciled) {
    state.annotations.add(note::bounds_reconciled(note::Operation::aggregation, input_position()));
  }
}

void SumNode::finish_group(RunState& state, std::uint32_t row) {
  const Group& group = groups_[row];
  if (group.has_number && group.has_histogram) {
    state.annotations.add(note::mixed_floats_histograms_in_aggregation(input_position()));
    return;
  }
  if (group.has_number) {
    const bool divides = average_ && !group.incremental;
    column_.set(row, divides ? group.sum.sum / group.count + group.sum.compensation / group.count
                             : group.sum.total());
    return;
  }
  if (!group.has_histogram || histogram_groups_[row].incompatible) return;
  HistogramGroup& histograms = histogram_groups_[row];
  finish_histogram(row, histograms);
  if (histograms.reset && histograms.not_reset) {
    state.annotations.add(note::counter_reset_collision(note::Operation::aggregation, input_position()));
  }
}

void SumNode::finish_histogram(std::uint32_t row, HistogramGroup& histograms) {
  FloatHistogram result;
  if (average_) {
    result = histograms.mean->take();
  } else {
    result = std::move(*histograms.sum);
    // Both are of one layout, so the addition cannot fail.
    if (histograms.compensation) (void)result.add(*histograms.compensation);
  }
  result.compact(0);
  column_.set_histogram(row, std::make_shared<const FloatHistogram>(std::move(result)));
}

QuantileNode::QuantileNode(const AggregateExpr& aggregate, NodePtr input, NodePtr quantile, bool delayed)
    : GroupingNode(aggregate, std::move(input), std::move(quantile), delayed),
      param_position_(without_parens(*aggregate.param).position) {}

EvalStatus QuantileNode::evaluate(RunState& state, const Frame& frame, Timestamp at) {
  if (auto status = step_children(state, frame, at); !status) return status;
  column_.clear();
  const double quantile = scalar_value(child(1));
  if (std::isnan(quantile) || quantile < 0 || quantile > 1) {
    state.annotations.add(note::invalid_quantile_parameter(quantile, param_position_));
  }
  values_.resize(rows());
  for (std::vector<double>& values : values_) values.clear();
  const Column& from = input();
  bool ignored = false;
  for (std::uint32_t row = 0; row < from.present.size(); ++row) {
    if (from.present[row] == kNumber) values_[group_of_row()[row]].push_back(from.values[row]);
    ignored = ignored || from.present[row] == kHistogram;
  }
  if (ignored) state.annotations.add(note::histogram_ignored_in_aggregation("quantile", input_position()));
  for (std::uint32_t group = 0; group < rows(); ++group) {
    if (!values_[group].empty()) column_.set(group, quantile_of(quantile, values_[group]));
  }
  update_dropped_names();
  return {};
}

}  // namespace tocsin::promql
