// The aggregations that choose rows of each group, and count_values.
#include <algorithm>
#include <cmath>
#include <limits>

#include <xxhash.h>

#include "promql/format.hpp"
#include "promql/go_math.hpp"
#include "promql/go_sort.hpp"
#include "promql/plan_aggregate.hpp"
#include "promql/value.hpp"

namespace tocsin::promql {
namespace {

void append_go_string(std::string& out, std::string_view text) {
  if (text.size() < 255) {
    out.push_back(static_cast<char>(text.size()));
  } else {
    out.push_back(static_cast<char>(255));
    for (int shift = 0; shift < 24; shift += 8) out.push_back(static_cast<char>(text.size() >> shift));
  }
  out.append(text);
}

// limit_ratio samples by the hash of a label set in upstream's encoding, so that it takes the same series.
double sample_offset(const Labels& labels) {
  std::string encoded;
  for (const LabelView label : labels) {
    append_go_string(encoded, label.name);
    append_go_string(encoded, label.value);
  }
  return static_cast<double>(XXH64(encoded.data(), encoded.size(), 0)) / 18446744073709551616.0;
}

}  // namespace

ChooseNode::ChooseNode(const AggregateExpr& aggregate, NodePtr input, NodePtr param)
    : RowwiseNode(aggregate.position),
      op_(aggregate.op),
      table_(aggregate.grouping, aggregate.without),
      param_position_(without_parens(*aggregate.param).position) {
  adopt(std::move(input));
  adopt(std::move(param));
}

void ChooseNode::forget_rows() {
  RowwiseNode::forget_rows();
  table_.forget();
  sample_offsets_.clear();
  chosen_.clear();
}

void ChooseNode::extend() {
  RowwiseNode::extend();
  table_.extend(child(0));
  chosen_.resize(table_.groups());
  if (op_ != AggregateOp::limit_ratio) return;
  Labels scratch;
  for (auto row = static_cast<std::uint32_t>(sample_offsets_.size()); row < rows(); ++row) {
    sample_offsets_.push_back(sample_offset(child(0).labels(row, scratch)));
  }
}

EvalResult<std::size_t> ChooseNode::count_param(double param) const {
  if (param < 1) return std::size_t{0};
  if (std::isnan(param)) return execution_error("Parameter value is NaN");
  constexpr double kLargest = 9223372036854774784.0;
  if (param >= kLargest)
    return execution_error(format("Scalar value {} overflows int64", format_float_go(param)));
  return std::min(static_cast<std::size_t>(param), static_cast<std::size_t>(rows()));
}

EvalStatus ChooseNode::evaluate(RunState& state, const Frame& frame, Timestamp at) {
  if (auto status = step_children(state, frame, at); !status) return status;
  column_.clear();
  order_.clear();
  seen_groups_.clear();
  for (auto& rows_of_group : chosen_) rows_of_group.clear();
  const double param = scalar_value(child(1));
  if (op_ == AggregateOp::limit_ratio) return choose_ratio(state, param);
  const auto count = count_param(param);
  if (!count) return count.error();
  if (*count == 0) return {};
  if (op_ == AggregateOp::limitk) {
    choose_first(*count);
  } else {
    choose_extreme(state, *count);
  }
  return {};
}

void ChooseNode::take(std::uint32_t row) {
  column_.copy_row(row, child(0).column(), row);
  order_.push_back(row);
}

// A heap of the best so far for each group, the worst of them on top.
void ChooseNode::choose_extreme(RunState& state, std::size_t count) {
  const Column& from = child(0).column();
  const bool top = op_ == AggregateOp::topk;
  const auto worse = [&](std::uint32_t a, std::uint32_t b) {
    const double left = from.values[a];
    return std::isnan(left) || (top ? left < from.values[b] : left > from.values[b]);
  };
  bool ignored = false;
  for_each_present(child(0), [&](std::uint32_t row) {
    if (from.present[row] == kHistogram) {
      ignored = true;
      return;
    }
    std::vector<std::uint32_t>& heap = chosen_[table_.group_of_row()[row]];
    if (heap.empty()) seen_groups_.push_back(table_.group_of_row()[row]);
    if (heap.size() < count) {
      go_heap_push(heap, row, worse);
      return;
    }
    const double worst = from.values[heap[0]];
    const double value = from.values[row];
    if ((top ? worst < value : worst > value) || (std::isnan(worst) && !std::isnan(value))) {
      heap[0] = row;
      go_heap_fix_first(heap, worse);
    }
  });
  if (ignored) state.annotations.add(note::histogram_ignored_in_aggregation(to_string(op_), position()));
  const auto better = [&](std::uint32_t a, std::uint32_t b) { return worse(b, a); };
  for (const std::uint32_t group : seen_groups_) {
    go_sort(chosen_[group], better);
    for (const std::uint32_t row : chosen_[group]) take(row);
  }
}

void ChooseNode::choose_first(std::size_t count) {
  for_each_present(child(0), [&](std::uint32_t row) {
    std::vector<std::uint32_t>& taken = chosen_[table_.group_of_row()[row]];
    if (taken.size() >= count) return;
    taken.push_back(row);
    take(row);
  });
}

EvalStatus ChooseNode::choose_ratio(RunState& state, double ratio) {
  if (ratio == 0) return {};
  if (std::isnan(ratio)) return execution_error("Ratio value is NaN");
  if (ratio > 1) state.annotations.add(note::invalid_ratio(ratio, 1, param_position_));
  if (ratio < -1) state.annotations.add(note::invalid_ratio(ratio, -1, param_position_));
  const double limit = std::clamp(ratio, -1.0, 1.0);
  for_each_present(child(0), [&](std::uint32_t row) {
    const double offset = sample_offsets_[row];
    // A negative ratio takes the complement of what the positive rest would.
    if (limit >= 0 ? offset < limit : offset >= 1.0 + limit) take(row);
  });
  return {};
}

CountValuesNode::CountValuesNode(const AggregateExpr& aggregate, NodePtr input, std::string label)
    : Node(aggregate.position),
      table_(
          [&] {
            std::vector<std::string> grouping = aggregate.grouping;
            if (!aggregate.without) grouping.push_back(label);
            return grouping;
          }(),
          aggregate.without),
      label_(std::move(label)),
      valid_label_(!label_.empty() && is_valid_utf8(label_)) {
  adopt(std::move(input));
}

void CountValuesNode::forget_rows() {
  Node::forget_rows();
  row_of_labels_.clear();
  labels_.clear();
}

EvalStatus CountValuesNode::evaluate(RunState& state, const Frame& frame, Timestamp at) {
  if (!valid_label_) return execution_error(format("invalid label name {}", go_quote(label_)));
  order_.clear();
  if (auto status = step_children(state, frame, at); !status) return status;
  column_.clear();
  const Column& from = child(0).column();
  Labels scratch;
  for_each_present(child(0), [&](std::uint32_t input_row) {
    LabelsBuilder builder(child(0).labels(input_row, scratch));
    builder.set(label_, from.present[input_row] == kHistogram ? from.histograms[input_row]->to_string()
                                                              : format_float(from.values[input_row]));
    const auto next = static_cast<std::uint32_t>(labels_.size());
    const auto [entry, is_new] = row_of_labels_.try_emplace(table_.group_labels(builder.build()), next);
    if (is_new) {
      labels_.push_back(&entry->first);
      set_rows(next + 1);
    }
    const std::uint32_t row = entry->second;
    if (column_.present[row] == kAbsent) order_.push_back(row);
    column_.set(row, column_.present[row] == kAbsent ? 1 : column_.values[row] + 1);
  });
  return {};
}

}  // namespace tocsin::promql
