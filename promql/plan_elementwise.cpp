#include "promql/plan_elementwise.hpp"

#include <algorithm>

#include "promql/binary_values.hpp"
#include "promql/go_math.hpp"

namespace tocsin::promql {
namespace {

// Presence of a number stays, that of a histogram goes.
void keep_numbers(const Column& from, Column& to) {
  if (!from.holds_histograms) {
    to.present = from.present;
    return;
  }
  for (std::size_t row = 0; row < from.present.size(); ++row) {
    to.present[row] = from.present[row] == kNumber ? kNumber : kAbsent;
  }
}

}  // namespace

EvalStatus ConstantNode::evaluate(RunState&, const Frame&, Timestamp) {
  extend();
  column_.set(0, value_);
  return {};
}

EvalStatus QueryTimeNode::evaluate(RunState& state, const Frame&, Timestamp at) {
  extend();
  const auto seconds = [](Timestamp time) { return static_cast<double>(ms_of(time)) / 1000; };
  const TimeRange& query = state.query;
  switch (what_) {
    case QueryTime::time:
      column_.set(0, seconds(at));
      break;
    case QueryTime::start:
      column_.set(0, seconds(query.start));
      break;
    case QueryTime::end:
      column_.set(0, seconds(query.end));
      break;
    case QueryTime::range:
      column_.set(0, std::chrono::duration<double>(query.length()).count());
      break;
    case QueryTime::step:
      column_.set(0, query.start == query.end ? 0 : std::chrono::duration<double>(query.step).count());
      break;
  }
  return {};
}

ScalarPairNode::ScalarPairNode(PositionRange position, Function function, NodePtr left, NodePtr right)
    : ScalarNode(position), function_(function) {
  adopt(std::move(left));
  adopt(std::move(right));
}

EvalStatus ScalarPairNode::evaluate(RunState& state, const Frame& frame, Timestamp at) {
  if (auto status = step_children(state, frame, at); !status) return status;
  column_.set(0, function_(scalar_value(child(0)), scalar_value(child(1))));
  return {};
}

ScalarOfVectorNode::ScalarOfVectorNode(PositionRange position, NodePtr vector) : ScalarNode(position) {
  adopt(std::move(vector));
}

EvalStatus ScalarOfVectorNode::evaluate(RunState& state, const Frame& frame, Timestamp at) {
  if (auto status = step_children(state, frame, at); !status) return status;
  const Column& from = child(0).column();
  const auto found = std::find(from.present.begin(), from.present.end(), kNumber);
  const bool only =
      found != from.present.end() && std::find(found + 1, from.present.end(), kNumber) == from.present.end();
  column_.set(0, only ? from.values[static_cast<std::size_t>(found - from.present.begin())] : kNaN);
  return {};
}

VectorOfScalarNode::VectorOfScalarNode(PositionRange position, NodePtr scalar, bool negate)
    : ScalarNode(position), negate_(negate) {
  adopt(std::move(scalar));
}

EvalStatus VectorOfScalarNode::evaluate(RunState& state, const Frame& frame, Timestamp at) {
  if (auto status = step_children(state, frame, at); !status) return status;
  column_.set(0, negate_ ? -scalar_value(child(0)) : scalar_value(child(0)));
  return {};
}

NegateNode::NegateNode(PositionRange position, NodePtr vector, bool delayed)
    : NameDroppingNode(position, delayed) {
  adopt(std::move(vector));
}

EvalStatus NegateNode::evaluate(RunState& state, const Frame& frame, Timestamp at) {
  if (auto status = step_children(state, frame, at); !status) return status;
  column_.clear();
  const Column& from = child(0).column();
  column_.present = from.present;
  std::transform(from.values.begin(), from.values.end(), column_.values.begin(), [](double v) { return -v; });
  for (std::uint32_t row = 0; from.holds_histograms && row < rows(); ++row) {
    if (from.present[row] != kHistogram) continue;
    auto negated = std::make_shared<FloatHistogram>(*from.histograms[row]);
    negated->multiply(-1);
    column_.set_histogram(row, std::move(negated));
  }
  return check_collisions();
}

NumberFunctionNode::NumberFunctionNode(PositionRange position, const NumberFunction& function, NodePtr vector,
                                       bool delayed)
    : NameDroppingNode(position, delayed), function_(&function) {
  adopt(std::move(vector));
}

EvalStatus NumberFunctionNode::evaluate(RunState& state, const Frame& frame, Timestamp at) {
  if (auto status = step_children(state, frame, at); !status) return status;
  const Column& from = child(0).column();
  keep_numbers(from, column_);
  const auto function = function_->function;
  for (std::uint32_t row = 0; row < rows(); ++row) {
    if (column_.present[row] != kAbsent) column_.values[row] = function(from.values[row]);
  }
  return check_collisions();
}

BoundedFunctionNode::BoundedFunctionNode(PositionRange position, BoundedFunction function,
                                         std::vector<NodePtr> arguments, bool delayed)
    : NameDroppingNode(position, delayed), function_(function) {
  for (NodePtr& argument : arguments) adopt(std::move(argument));
}

EvalStatus BoundedFunctionNode::evaluate(RunState& state, const Frame& frame, Timestamp at) {
  if (auto status = step_children(state, frame, at); !status) return status;
  const Column& from = child(0).column();
  keep_numbers(from, column_);
  if (function_ == BoundedFunction::round) {
    // Inverted first: that is what upstream rounds with, and gives rounder results.
    const double inverse = 1.0 / (child_count() > 1 ? scalar_value(child(1)) : 1.0);
    std::transform(from.values.begin(), from.values.end(), column_.values.begin(),
                   [inverse](double v) { return std::floor(v * inverse + 0.5) / inverse; });
    return check_collisions();
  }
  double lower = -kInfinity;
  double upper = kInfinity;
  if (function_ != BoundedFunction::clamp_max) lower = scalar_value(child(1));
  if (function_ == BoundedFunction::clamp_max) upper = scalar_value(child(1));
  if (function_ == BoundedFunction::clamp) upper = scalar_value(child(2));
  if (upper < lower) {
    column_.clear();
    return {};
  }
  std::transform(from.values.begin(), from.values.end(), column_.values.begin(),
                 [lower, upper](double v) { return go_max(lower, go_min(upper, v)); });
  return check_collisions();
}

DateFunctionNode::DateFunctionNode(PositionRange position, const DateFunction& function, NodePtr vector,
                                   bool delayed)
    : NameDroppingNode(position, delayed), function_(&function) {
  adopt(std::move(vector));
}

EvalStatus DateFunctionNode::evaluate(RunState& state, const Frame& frame, Timestamp at) {
  if (auto status = step_children(state, frame, at); !status) return status;
  const Column& from = child(0).column();
  keep_numbers(from, column_);
  for (std::uint32_t row = 0; row < rows(); ++row) {
    if (column_.present[row] != kAbsent)
      column_.values[row] = function_->function(to_int64(from.values[row]));
  }
  return check_collisions();
}

EvalStatus DateOfTimeNode::evaluate(RunState&, const Frame&, Timestamp at) {
  extend();
  column_.set(0, function_->function(ms_of(at) / 1000));
  return {};
}

HistogramFunctionNode::HistogramFunctionNode(PositionRange position, const HistogramFunction& function,
                                             NodePtr vector, bool delayed)
    : NameDroppingNode(position, delayed), function_(&function) {
  adopt(std::move(vector));
}

EvalStatus HistogramFunctionNode::evaluate(RunState& state, const Frame& frame, Timestamp at) {
  if (auto status = step_children(state, frame, at); !status) return status;
  column_.clear();
  const Column& from = child(0).column();
  for (std::uint32_t row = 0; from.holds_histograms && row < rows(); ++row) {
    if (from.present[row] == kHistogram) column_.set(row, function_->function(*from.histograms[row]));
  }
  return check_collisions();
}

EvaluationTimeNode::EvaluationTimeNode(PositionRange position, NodePtr vector, bool delayed,
                                       bool gives_nothing)
    : NameDroppingNode(position, delayed), gives_nothing_(gives_nothing) {
  adopt(std::move(vector));
}

EvalStatus EvaluationTimeNode::evaluate(RunState& state, const Frame& frame, Timestamp at) {
  if (auto status = step_children(state, frame, at); !status) return status;
  column_.clear();
  if (gives_nothing_) return {};
  const Column& from = child(0).column();
  const double seconds = static_cast<double>(ms_of(at)) / 1000;
  for (std::uint32_t row = 0; row < rows(); ++row) {
    if (from.present[row] != kAbsent) column_.set(row, seconds);
  }
  return check_collisions();
}

}  // namespace tocsin::promql
