// Vector matching. Who matches whom is decided at bind time, by signature; whether a match is ambiguous
// depends on who is present, so it is decided at each step, with marks that a new step makes void.
#include <algorithm>
#include <utility>

#include "promql/format.hpp"
#include "promql/plan_binary.hpp"
#include "promql/plan_elementwise.hpp"

namespace tocsin::promql {

VectorMatchNode::VectorMatchNode(const BinaryExpr& binary, NodePtr left, NodePtr right, bool delayed)
    : Node(binary.position),
      matching_(&*binary.matching),
      op_(binary.op),
      return_bool_(binary.return_bool),
      delayed_(delayed),
      swapped_(binary.matching->cardinality == Cardinality::one_to_many),
      drops_metadata_(changes_metric(binary.op) || (binary.return_bool && !delayed)),
      on_numbers_(scalar_operator(binary.op)),
      names_(binary.matching->labels),
      table_(*binary.matching) {
  std::sort(names_.begin(), names_.end());
  adopt(std::move(left));
  adopt(std::move(right));
}

Labels VectorMatchNode::result_labels(const Labels& many, const Labels& one) const {
  Labels scratch;
  Labels labels = drops_metadata_ ? drop_metadata(many, scratch) : many;
  if (one_to_one()) {
    labels = matching_->on ? labels.only(names_) : labels.without(std::span<const std::string>(names_));
  }
  if (matching_->include.empty()) return labels;
  LabelsBuilder builder(labels);
  for (const std::string& name : matching_->include) builder.set(name, one.get(name));
  return builder.build();
}

const Labels& VectorMatchNode::labels(std::uint32_t row, Labels& scratch) const {
  const Pair pair = pairs_[row];
  Labels many_scratch;
  Labels one_scratch;
  if (pair.many == kFill) {
    const Labels& one_labels = one().labels(pair.one, one_scratch);
    scratch = result_labels(table_.signature(one_labels), one_labels);
    return scratch;
  }
  const Labels& many_labels = many().labels(pair.many, many_scratch);
  if (pair.one == kFill) {
    scratch = result_labels(many_labels, table_.signature(many_labels));
  } else if (pair.one == kAny) {
    scratch = result_labels(many_labels, Labels());
  } else {
    scratch = result_labels(many_labels, one().labels(pair.one, one_scratch));
  }
  return scratch;
}

bool VectorMatchNode::drops_name(std::uint32_t) const {
  return delayed_ && return_bool_;
}

void VectorMatchNode::forget_rows() {
  Node::forget_rows();
  table_.forget();
  pairs_.clear();
  met_.clear();
  row_of_pair_.clear();
  classes_.clear();
  class_of_row_.clear();
}

void VectorMatchNode::extend() {
  table_.extend(child(0), child(1));
  one_rows_.resize(table_.groups());
  matched_.resize(table_.groups());
  const auto known = static_cast<std::uint32_t>(met_.size());
  met_.resize(many().rows());
  if (!matching_->include.empty()) return;
  for (std::uint32_t row = known; row < many().rows(); ++row) met_[row] = {kAny, make_row({row, kAny})};
}

std::uint32_t VectorMatchNode::make_row(Pair pair) {
  const auto row = static_cast<std::uint32_t>(pairs_.size());
  pairs_.push_back(pair);
  set_rows(row + 1);
  if (!one_to_one()) {
    Labels scratch;
    class_of_row_.push_back(classes_.number_of(labels(row, scratch)).number);
    matched_classes_.resize(classes_.size());
    kept_classes_.resize(classes_.size());
  }
  return row;
}

std::uint32_t VectorMatchNode::result_row(std::uint32_t many_row, std::uint32_t one_row) {
  if (many_row != kFill) {
    if (matching_->include.empty()) return met_[many_row].row;
    if (met_[many_row].row != kFill && met_[many_row].one == one_row) return met_[many_row].row;
  }
  const Pair pair{many_row, one_row};
  const auto found = row_of_pair_.find(pair);
  const std::uint32_t row = found != row_of_pair_.end() ? found->second : make_row(pair);
  if (found == row_of_pair_.end()) row_of_pair_.emplace(pair, row);
  if (many_row != kFill) met_[many_row] = {one_row, row};
  return row;
}

EvalError VectorMatchNode::duplicate_error(std::uint32_t row, std::uint32_t earlier) const {
  Labels scratch;
  Labels earlier_scratch;
  const Labels& labels = one().labels(row, scratch);
  std::string first = labels.to_string();
  std::string second = one().labels(earlier, earlier_scratch).to_string();
  if (second < first) std::swap(first, second);
  return execution_error(
      format("found duplicate series for the match group {} on the {} hand-side of the operation: [{}, {}];"
             "many-to-many matching not allowed: matching labels must be unique on one side",
             table_.signature(labels).to_string(), swapped_ ? "left" : "right", first, second));
}

EvalStatus VectorMatchNode::index_one_side() {
  EvalStatus status;
  for_each_present(one(), [&](std::uint32_t row) {
    const std::uint32_t group = one_groups()[row];
    if (one_rows_.has(group) && status) status = duplicate_error(row, one_rows_.row(group));
    one_rows_.set(group, row);
  });
  return status;
}

EvalStatus VectorMatchNode::evaluate(RunState& state, const Frame& frame, Timestamp at) {
  if (auto status = step_children(state, frame, at); !status) return status;
  column_.clear();
  order_.clear();
  last_note_.reset();
  one_rows_.clear();
  matched_.clear();
  matched_classes_.clear();
  kept_classes_.clear();
  const bool fills = matching_->fill_left.has_value() || matching_->fill_right.has_value();
  if (!fills && !(child(0).column().any_present() && child(1).column().any_present())) return {};
  if (auto status = index_one_side(); !status) return status;

  EvalStatus status;
  for_each_present(many(), [&](std::uint32_t row) {
    const std::uint32_t group = many_groups()[row];
    const bool matched = one_rows_.has(group);
    if (!status || (!matched && !matching_->fill_right)) return;
    status = match_pair(row, matched ? one_rows_.row(group) : kFill, group);
  });
  if (!status) return status;
  if (matching_->fill_left) {
    for_each_present(one(), [&](std::uint32_t row) {
      const std::uint32_t group = one_groups()[row];
      if (status && !matched_.has(group)) status = match_pair(kFill, row, group);
    });
  }
  if (last_note_) state.annotations.add(std::move(*last_note_));
  return status;
}

EvalStatus VectorMatchNode::match_pair(std::uint32_t many_row, std::uint32_t one_row, std::uint32_t group) {
  const auto operand = [](const Node& node, std::uint32_t row, const std::optional<double>& fill) {
    if (row == kFill) return Operand{*fill, nullptr};
    const Column& column = node.column();
    return Operand{column.values[row],
                   column.present[row] == kHistogram ? column.histograms[row].get() : nullptr};
  };
  const Operand many_value = operand(many(), many_row, matching_->fill_left);
  const Operand one_value = operand(one(), one_row, matching_->fill_right);
  if (many_value.histogram == nullptr && one_value.histogram == nullptr && on_numbers_ != nullptr) {
    const std::uint32_t row = result_row(many_row, one_row);
    return swapped_ ? match_numbers(row, group, one_value.value, many_value.value)
                    : match_numbers(row, group, many_value.value, one_value.value);
  }
  BinaryResult result = swapped_ ? binary_values(op_, one_value, many_value, position())
                                 : binary_values(op_, many_value, one_value, position());
  if (result.annotation) last_note_ = std::move(result.annotation);
  if (result.outcome == BinaryResult::Outcome::impossible) return {};
  const std::uint32_t row = result_row(many_row, one_row);
  if (auto status = mark_matched(row, group); !status) return status;
  const std::uint32_t left_row = swapped_ ? one_row : many_row;
  return keep(row, std::move(result), child(0).column(), left_row);
}

EvalStatus VectorMatchNode::mark_matched(std::uint32_t row, std::uint32_t group) {
  if (one_to_one()) {
    if (matched_.has(group)) {
      return execution_error(
          "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)");
    }
  } else {
    const std::uint32_t equal = class_of_row_[row];
    if (matched_classes_.has(equal) && matched_classes_.row(equal) == group) {
      return execution_error("multiple matches for labels: grouping labels must ensure unique matches");
    }
    matched_classes_.set(equal, group);
  }
  matched_.set(group, row);
  return {};
}

// The same for two numbers, which most matches are of.
EvalStatus VectorMatchNode::match_numbers(std::uint32_t row, std::uint32_t group, double left, double right) {
  if (auto status = mark_matched(row, group); !status) return status;
  const double value = on_numbers_(left, right);
  const bool compares = is_comparison(op_);
  if (compares && value == 0 && !return_bool_) return {};
  if (auto status = check_unique(row); !status) return status;
  column_.set(row, compares && !return_bool_ ? left : value);
  order_.push_back(row);
  return {};
}

EvalStatus VectorMatchNode::check_unique(std::uint32_t row) {
  if (one_to_one() || delayed_) return {};
  if (kept_classes_.has(class_of_row_[row])) return same_labelset_error();
  kept_classes_.set(class_of_row_[row], row);
  return {};
}

EvalStatus VectorMatchNode::keep(std::uint32_t row, BinaryResult result, const Column& left,
                                 std::uint32_t left_row) {
  const bool holds = result.outcome == BinaryResult::Outcome::value;
  if (!holds && !return_bool_) return {};
  if (auto status = check_unique(row); !status) return status;
  if (return_bool_) {
    column_.set(row, holds ? 1 : 0);
  } else if (result.is_left_histogram) {
    column_.copy_row(row, left, left_row);
  } else if (result.histogram) {
    column_.set_histogram(row, std::make_shared<const FloatHistogram>(std::move(*result.histogram)));
  } else {
    column_.set(row, result.value);
  }
  order_.push_back(row);
  return {};
}

}  // namespace tocsin::promql
