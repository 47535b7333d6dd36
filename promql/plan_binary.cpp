// A vector and a scalar; set operators; and the signatures by which two vectors are matched.
#include "promql/plan_binary.hpp"

#include <algorithm>

namespace tocsin::promql {

VectorScalarNode::VectorScalarNode(const BinaryExpr& binary, NodePtr vector, NodePtr scalar,
                                   bool scalar_is_left, bool delayed)
    : NameDroppingNode(binary.position, delayed),
      op_(binary.op),
      return_bool_(binary.return_bool),
      scalar_is_left_(scalar_is_left) {
  adopt(std::move(vector));
  adopt(std::move(scalar));
}

const Labels& VectorScalarNode::labels(std::uint32_t row, Labels& scratch) const {
  return drops() ? NameDroppingNode::labels(row, scratch) : child(0).labels(row, scratch);
}

bool VectorScalarNode::drops_name(std::uint32_t row) const {
  return (drops() && delayed()) || child(0).drops_name(row);
}

bool VectorScalarNode::unique_without_name() const {
  return drops() ? NameDroppingNode::unique_without_name() : child(0).unique_without_name();
}

void VectorScalarNode::extend() {
  if (drops()) {
    NameDroppingNode::extend();
  } else {
    set_rows(child(0).rows());
  }
}

EvalStatus VectorScalarNode::evaluate(RunState& state, const Frame& frame, Timestamp at) {
  if (auto status = step_children(state, frame, at); !status) return status;
  const double scalar = scalar_value(child(1));
  const bool trims = op_ == BinaryOp::trim_upper || op_ == BinaryOp::trim_lower;
  if (child(0).column().holds_histograms || trims) {
    evaluate_mixed(state, scalar);
  } else {
    evaluate_numbers(scalar);
  }
  return drops() ? check_collisions() : EvalStatus();
}

void VectorScalarNode::evaluate_numbers(double scalar) {
  const Column& from = child(0).column();
  const std::size_t count = from.values.size();
  const double* in = from.values.data();
  double* out = column_.values.data();
  const std::uint8_t* present = from.present.data();
  std::uint8_t* keep = column_.present.data();
  visit_arithmetic(op_, [&](auto f) {
    for (std::size_t i = 0; i < count; ++i) out[i] = scalar_is_left_ ? f(scalar, in[i]) : f(in[i], scalar);
    std::copy_n(present, count, keep);
  });
  visit_comparison(op_, [&](auto f) {
    const auto holds = [&](std::size_t i) { return scalar_is_left_ ? f(scalar, in[i]) : f(in[i], scalar); };
    if (return_bool_) {
      for (std::size_t i = 0; i < count; ++i) out[i] = holds(i) ? 1 : 0;
      std::copy_n(present, count, keep);
    } else {
      for (std::size_t i = 0; i < count; ++i)
        keep[i] = static_cast<std::uint8_t>(present[i] & (holds(i) ? 1U : 0U));
      std::copy_n(in, count, out);
    }
  });
}

void VectorScalarNode::evaluate_mixed(RunState& state, double scalar) {
  const Column& from = child(0).column();
  column_.clear();
  std::optional<Annotation> last_note;
  for (std::uint32_t row = 0; row < rows(); ++row) {
    if (from.present[row] == kAbsent) continue;
    const HistogramPtr none;
    const HistogramPtr& histogram = from.present[row] == kHistogram ? from.histograms[row] : none;
    const Operand vector{from.values[row], histogram.get()};
    const Operand constant{scalar, nullptr};
    BinaryResult result = scalar_is_left_ ? binary_values(op_, constant, vector, position())
                                          : binary_values(op_, vector, constant, position());
    if (result.annotation) last_note = std::move(result.annotation);
    if (result.outcome == BinaryResult::Outcome::impossible) continue;
    const bool holds = result.outcome == BinaryResult::Outcome::value;
    if (return_bool_) {
      column_.set(row, holds ? 1 : 0);
    } else if (holds && is_comparison(op_)) {
      column_.set(row, vector.value);
    } else if (holds && result.histogram) {
      column_.set_histogram(row, std::make_shared<const FloatHistogram>(std::move(*result.histogram)));
    } else if (holds) {
      column_.set(row, result.value);
    }
  }
  if (last_note) state.annotations.add(std::move(*last_note));
}

MatchTable::MatchTable(const VectorMatching& matching) : on_(matching.on), names_(matching.labels) {
  if (!on_) names_.emplace_back(kMetricName);
  std::sort(names_.begin(), names_.end());
}

Labels MatchTable::signature(const Labels& labels) const {
  return on_ ? labels.only(names_) : labels.without(std::span<const std::string>(names_));
}

void MatchTable::forget() {
  signatures_.clear();
  left_.clear();
  right_.clear();
}

void MatchTable::extend(const Node& left, const Node& right) {
  extend_side(left, left_);
  extend_side(right, right_);
}

void MatchTable::extend_side(const Node& side, std::vector<std::uint32_t>& groups_of_rows) {
  Labels scratch;
  for (auto row = static_cast<std::uint32_t>(groups_of_rows.size()); row < side.rows(); ++row) {
    const auto part = on_ ? LabelIndex::Part::listed : LabelIndex::Part::unlisted;
    groups_of_rows.push_back(signatures_.number_of(side.labels(row, scratch), part, names_).number);
  }
}

MaskNode::MaskNode(const BinaryExpr& binary, SetOperator op, NodePtr left, NodePtr right)
    : RowwiseNode(binary.position), op_(op), table_(*binary.matching) {
  adopt(std::move(left));
  adopt(std::move(right));
}

void MaskNode::forget_rows() {
  RowwiseNode::forget_rows();
  table_.forget();
}

void MaskNode::extend() {
  RowwiseNode::extend();
  table_.extend(child(0), child(1));
  present_.resize(table_.groups());
}

EvalStatus MaskNode::evaluate(RunState& state, const Frame& frame, Timestamp at) {
  if (auto status = step_children(state, frame, at); !status) return status;
  column_.clear();
  present_.clear();
  const Column& left = child(0).column();
  const Column& right = child(1).column();
  for (std::uint32_t row = 0; row < child(1).rows(); ++row) {
    if (right.present[row] != kAbsent) present_.set(table_.right()[row], row);
  }
  const bool keep_matched = op_ == SetOperator::and_;
  for (std::uint32_t row = 0; row < rows(); ++row) {
    if (left.present[row] == kAbsent || present_.has(table_.left()[row]) != keep_matched) continue;
    column_.copy_row(row, left, row);
  }
  return {};
}

OrNode::OrNode(const BinaryExpr& binary, NodePtr left, NodePtr right)
    : Node(binary.position), table_(*binary.matching) {
  adopt(std::move(left));
  adopt(std::move(right));
}

const Labels& OrNode::labels(std::uint32_t row, Labels& scratch) const {
  return child(origins_[row].right ? 1 : 0).labels(origins_[row].row, scratch);
}

bool OrNode::drops_name(std::uint32_t row) const {
  return child(origins_[row].right ? 1 : 0).drops_name(origins_[row].row);
}

void OrNode::forget_rows() {
  Node::forget_rows();
  table_.forget();
  origins_.clear();
  left_rows_.clear();
  right_rows_.clear();
}

void OrNode::extend() {
  table_.extend(child(0), child(1));
  present_.resize(table_.groups());
  const auto add = [this](std::vector<std::uint32_t>& rows_of_side, bool right) {
    const std::uint32_t count = child(right ? 1 : 0).rows();
    for (auto row = static_cast<std::uint32_t>(rows_of_side.size()); row < count; ++row) {
      rows_of_side.push_back(static_cast<std::uint32_t>(origins_.size()));
      origins_.push_back({right, row});
    }
  };
  add(left_rows_, false);
  add(right_rows_, true);
  set_rows(static_cast<std::uint32_t>(origins_.size()));
}

EvalStatus OrNode::evaluate(RunState& state, const Frame& frame, Timestamp at) {
  if (auto status = step_children(state, frame, at); !status) return status;
  column_.clear();
  present_.clear();
  order_.clear();
  const Column& left = child(0).column();
  const Column& right = child(1).column();
  for_each_present(child(0), [&](std::uint32_t row) {
    present_.set(table_.left()[row], row);
    column_.copy_row(left_rows_[row], left, row);
    order_.push_back(left_rows_[row]);
  });
  for_each_present(child(1), [&](std::uint32_t row) {
    if (present_.has(table_.right()[row])) return;
    column_.copy_row(right_rows_[row], right, row);
    order_.push_back(right_rows_[row]);
  });
  return {};
}

}  // namespace tocsin::promql
