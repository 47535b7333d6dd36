// Scalars, functions from one vector to one vector, row by row, and binary operators with a scalar side.
// Internal to the evaluator.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "promql/plan_node.hpp"

namespace tocsin::promql {

// One row without labels, always present.
class ScalarNode : public Node {
 public:
  using Node::Node;
  [[nodiscard]] const Labels& labels(std::uint32_t, Labels&) const override { return no_labels_; }
  [[nodiscard]] bool unique_without_name() const override { return true; }

 protected:
  void extend() override { set_rows(1); }

 private:
  Labels no_labels_;
};

class ConstantNode final : public ScalarNode {
 public:
  ConstantNode(PositionRange position, double value) : ScalarNode(position), value_(value) {
    set_step_invariant(true);
  }

 protected:
  [[nodiscard]] EvalStatus evaluate(RunState& state, const Frame& frame, Timestamp at) override;

 private:
  double value_;
};

// time(), and what is constant within a query: start(), end(), range(), step().
enum class QueryTime { time, start, end, range, step };
class QueryTimeNode final : public ScalarNode {
 public:
  QueryTimeNode(PositionRange position, QueryTime what) : ScalarNode(position), what_(what) {
    set_step_invariant(what != QueryTime::time);
  }

 protected:
  [[nodiscard]] EvalStatus evaluate(RunState& state, const Frame& frame, Timestamp at) override;

 private:
  QueryTime what_;
};

// An operator or a function on two scalars.
class ScalarPairNode final : public ScalarNode {
 public:
  using Function = double (*)(double, double);
  ScalarPairNode(PositionRange position, Function function, NodePtr left, NodePtr right);

 protected:
  [[nodiscard]] EvalStatus evaluate(RunState& state, const Frame& frame, Timestamp at) override;

 private:
  Function function_;
};
// A comparison gives 1 or 0. Null for the operators that are not defined on numbers.
// Null for the operators that only histograms have, and for those of sets.
[[nodiscard]] ScalarPairNode::Function scalar_operator(BinaryOp op);

// What the parser lets through and evaluation refuses.
class RefusedScalarNode final : public ScalarNode {
 public:
  RefusedScalarNode(PositionRange position, std::string error)
      : ScalarNode(position), error_(std::move(error)) {}

 protected:
  [[nodiscard]] EvalStatus evaluate(RunState&, const Frame&, Timestamp) override {
    return execution_error(error_);
  }

 private:
  std::string error_;
};

// scalar(v)
class ScalarOfVectorNode final : public ScalarNode {
 public:
  ScalarOfVectorNode(PositionRange position, NodePtr vector);

 protected:
  [[nodiscard]] EvalStatus evaluate(RunState& state, const Frame& frame, Timestamp at) override;
};

// vector(s), and unary plus or minus on a scalar.
class VectorOfScalarNode final : public ScalarNode {
 public:
  VectorOfScalarNode(PositionRange position, NodePtr scalar, bool negate);

 protected:
  [[nodiscard]] EvalStatus evaluate(RunState& state, const Frame& frame, Timestamp at) override;

 private:
  bool negate_;
};

// -v
class NegateNode final : public NameDroppingNode {
 public:
  NegateNode(PositionRange position, NodePtr vector, bool delayed);

 protected:
  [[nodiscard]] EvalStatus evaluate(RunState& state, const Frame& frame, Timestamp at) override;
};

// A function on each number of a vector; histograms are left out.
struct NumberFunction {
  std::string_view name;
  double (*function)(double) = nullptr;
};
[[nodiscard]] const NumberFunction* find_number_function(std::string_view name);

class NumberFunctionNode final : public NameDroppingNode {
 public:
  NumberFunctionNode(PositionRange position, const NumberFunction& function, NodePtr vector, bool delayed);

 protected:
  [[nodiscard]] EvalStatus evaluate(RunState& state, const Frame& frame, Timestamp at) override;

 private:
  const NumberFunction* function_;
};

// clamp, clamp_min, clamp_max and round: numbers and scalar arguments.
enum class BoundedFunction { clamp, clamp_min, clamp_max, round };
class BoundedFunctionNode final : public NameDroppingNode {
 public:
  BoundedFunctionNode(PositionRange position, BoundedFunction function, std::vector<NodePtr> arguments,
                      bool delayed);

 protected:
  [[nodiscard]] EvalStatus evaluate(RunState& state, const Frame& frame, Timestamp at) override;

 private:
  BoundedFunction function_;
};

// The parts of a date: of a vector's values, or of the evaluation time.
struct DateFunction {
  std::string_view name;
  double (*function)(std::int64_t unix_seconds) = nullptr;
};
[[nodiscard]] const DateFunction* find_date_function(std::string_view name);

class DateFunctionNode final : public NameDroppingNode {
 public:
  DateFunctionNode(PositionRange position, const DateFunction& function, NodePtr vector, bool delayed);

 protected:
  [[nodiscard]] EvalStatus evaluate(RunState& state, const Frame& frame, Timestamp at) override;

 private:
  const DateFunction* function_;
};

class DateOfTimeNode final : public ScalarNode {
 public:
  DateOfTimeNode(PositionRange position, const DateFunction& function)
      : ScalarNode(position), function_(&function) {}

 protected:
  [[nodiscard]] EvalStatus evaluate(RunState& state, const Frame& frame, Timestamp at) override;

 private:
  const DateFunction* function_;
};

// A function on each histogram of a vector; numbers are left out.
struct HistogramFunction {
  std::string_view name;
  double (*function)(const FloatHistogram&) = nullptr;
};
[[nodiscard]] const HistogramFunction* find_histogram_function(std::string_view name);

class HistogramFunctionNode final : public NameDroppingNode {
 public:
  HistogramFunctionNode(PositionRange position, const HistogramFunction& function, NodePtr vector,
                        bool delayed);

 protected:
  [[nodiscard]] EvalStatus evaluate(RunState& state, const Frame& frame, Timestamp at) override;

 private:
  const HistogramFunction* function_;
};

// timestamp(v) of anything but a selector: the evaluation time. start_timestamp(v) then gives nothing.
class EvaluationTimeNode final : public NameDroppingNode {
 public:
  EvaluationTimeNode(PositionRange position, NodePtr vector, bool delayed, bool gives_nothing);

 protected:
  [[nodiscard]] EvalStatus evaluate(RunState& state, const Frame& frame, Timestamp at) override;

 private:
  bool gives_nothing_;
};

}  // namespace tocsin::promql
